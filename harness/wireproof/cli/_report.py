"""``wireproof report``."""

from __future__ import annotations

from pathlib import Path

import click

from wireproof._codec import decode
from wireproof._gates._hold import FAILING
from wireproof._model import LAYERS, Case, LayerName, Verdict
from wireproof.cli._options import Target, cases_option, report_option, suite_of, targets_of, write_all
from wireproof.errors import UsageError
from wireproof.report._formats import FORMATS
from wireproof.report._output import STDOUT
from wireproof.report._read import reading
from wireproof.report._stored import Entry, Report, Suite


@click.command("report")
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS...")
@click.option("--format", "-f", "format_", metavar="FORMAT", help=f"Write this format: {', '.join(FORMATS)}.")
@click.option("--output", "-o", metavar="PATH", help="Where to (default: the standard output).")
@report_option
@click.option("--gate", type=click.Choice(LAYERS), help="The layer that must hold (default: that of the run).")
@cases_option
@click.option("--explain", type=click.IntRange(0), default=3, show_default=True, help="Failures to explain in full.")
def command(
    results: tuple[Path, ...],
    format_: str | None,
    output: str | None,
    reports: tuple[str, ...],
    gate: LayerName | None,
    cases_path: Path | None,
    explain: int,
) -> int:
    """Make reports from stored RESULTS, which wireproof run --report json=PATH (or jsonl=PATH) wrote; - reads them from
    the standard input. The candidates of several files stand side by side.

    --format FORMAT --output PATH is short for --report FORMAT=PATH. Without either the summary is printed.

    Exit codes: 0 it is done, whatever the results say; 2 wrong usage, or no results; 3 a report cannot be written, or
    a run did not come to its end, so that verdicts are missing.
    """
    targets = _targets(format_, output, reports)
    suite = suite_of(cases_path)
    with reading(results, suite, gate) as report:
        if targets:
            complaints = write_all(targets, report)
        else:
            complaints = []
            _print(report, suite, explain)
        for complaint in complaints:
            click.echo(f"wireproof: {complaint}", err=True)
        missing = [_missing(report)] if any(entry.missing for entry in report.entries) else []
        for sentence in missing:
            click.echo(f"wireproof: {sentence}", err=True)
    return max([*(complaint.exit_code for complaint in complaints), *(3 for _ in missing)], default=0)


def _targets(format_: str | None, output: str | None, reports: tuple[str, ...]) -> list[Target]:
    """Return what is to be written where.

    Raises:
        UsageError: it cannot be.
    """
    if output is not None and format_ is None:
        raise UsageError("--output", output, "--format, too")
    if format_ is not None and format_ not in FORMATS:
        raise UsageError("--format", format_, f"one of {', '.join(FORMATS)}")
    short = [] if format_ is None else [f"{format_}={output or STDOUT}"]
    return targets_of([*short, *reports])


def _missing(report: Report) -> str:
    """Return the sentence about runs that did not come to their end."""
    from wireproof.report._safe import one_line

    listed = ", ".join(
        f"{entry.missing:,} of {entry.summary['planned']:,} verdicts of {one_line(entry.title, 100)}"
        for entry in report.entries
        if entry.missing
    )
    return f"a run did not come to its end: {listed} are missing and count as not run"


def _print(report: Report, suite: Suite, explain: int) -> None:
    """Print what a run prints; where gates differ, one summary for each."""
    from wireproof.cli._summary import summary_console, versions
    from wireproof.report._again import result_of
    from wireproof.report._terminal import show, tell

    console = summary_console()
    found = [(entry.gate, result_of(entry)) for entry in report.entries]
    news = [_examples(entry, explain) for entry in report.entries]
    shown = [*news, *(result.findings.examples[:explain] for _, result in found)]
    hashes = {verdict.id: verdict.hash for verdicts in shown for verdict in verdicts}

    def case_of(id_: str) -> Case | None:
        return suite.case({"id": id_, "hash": hashes[id_]})

    for gate in dict.fromkeys(gate for gate, _ in found):
        results = [result for each, result in found if each == gate]
        console.print(f"stored results, gate {gate}", highlight=False)
        versions(console, results)
        show(console, results, case_of, suite.clauses, gate, explain)
    for (_, result), verdicts in zip(found, news, strict=True):
        tell(console, result, verdicts, case_of, suite.clauses)


def _examples(entry: Entry, count: int) -> list[Verdict]:
    """Return a verdict for each failure that is news, in their order: so many at the most."""
    cases = [news["case"] for news in entry.news if news["kind"] in FAILING and "case" in news][:count]
    found = {record["id"]: record for record in entry.records if record["id"] in cases}
    return [decode(found[case]) for case in cases if case in found]
