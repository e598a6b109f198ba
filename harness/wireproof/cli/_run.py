"""``wireproof run``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from wireproof import __version__
from wireproof._cases import CaseSet, load
from wireproof._judge import examine
from wireproof._model import LAYERS, Case, LayerName
from wireproof._plan import select
from wireproof._run import Judged, Options, Started, Tally, falls_short, not_run, run
from wireproof.cli._options import cases_option, clause_option, select_option
from wireproof.errors import BrokenCases, CandidateError, UsageError
from wireproof.report._json import write as write_json
from wireproof.report._results import Result

_WRITERS: dict[str, Callable[[Path, Sequence[Result], LayerName], None]] = {"json": write_json}


@click.command("run")
@click.argument("candidates", nargs=-1, metavar="[CANDIDATE]...")
@select_option
@clause_option
@cases_option
@click.option("--gate", type=click.Choice(LAYERS), default="bytes", show_default=True, help="The layer that must hold.")
@click.option("--timeout", type=click.FloatRange(0.05), default=5.0, show_default=True, help="Seconds for a case.")
@click.option("--jobs", "-j", type=click.IntRange(0), default=0, help="Worker processes (default: one for each core).")
@click.option("--fail-fast", is_flag=True, help="Stop a candidate at its first failure.")
@click.option("--strict-defects", is_flag=True, help="CPython's known defects fail, too.")
@click.option("--explain", type=click.IntRange(0), default=3, show_default=True, help="Failures to explain in full.")
@click.option("--report", "reports", multiple=True, metavar="FORMAT=PATH", help="Write a report; formats: json.")
def command(
    candidates: tuple[str, ...],
    globs: tuple[str, ...],
    clauses: tuple[str, ...],
    cases_path: Path | None,
    gate: LayerName,
    timeout: float,
    jobs: int,
    fail_fast: bool,
    strict_defects: bool,
    explain: int,
    reports: tuple[str, ...],
) -> int:
    """Run the cases against each CANDIDATE: reference, stdlib, or package.module:Class (default: the first two).

    Exit codes: 0 as expected; 1 a candidate fell short; 2 wrong usage or a broken case file; 3 the harness could not do
    what it planned.
    """
    names = tuple(dict.fromkeys(candidates)) or ("reference", "stdlib")
    writers = [_writer(report) for report in reports]
    found = load(cases_path, () if cases_path else globs)
    cases = select(found.cases, globs, clauses)
    # the bundled cases are examined by wireproof check in our own CI, not again at every run
    bugs = tuple(bug for case in cases for bug in examine(case)) if cases_path else ()
    if bugs:
        raise BrokenCases(bugs)
    options = Options(timeout, jobs, strict_defects, fail_fast, gate)
    tallies, complaints, interrupted = _perform(names, cases, options)
    results = _results(tallies, cases, interrupted=interrupted)
    for write, path in writers:
        write(path, results, gate)
    _summarise(results, found, gate, explain)
    for complaint in complaints:
        click.echo(f"wireproof: {complaint}", err=True)
    if interrupted:
        click.echo("wireproof: interrupted; what was judged so far is reported", err=True)
        return 3
    return 2 if complaints else max((tally.exit_code(gate) for tally in tallies), default=2)


def _writer(report: str) -> tuple[Callable[[Path, Sequence[Result], LayerName], None], Path]:
    format_, equals, path = report.partition("=")
    if not equals or format_ not in _WRITERS or not path:
        raise UsageError("--report", report, f"FORMAT=PATH with a format of: {', '.join(_WRITERS)}")
    target = Path(path)
    if not target.parent.is_dir():
        raise UsageError("--report", report, f"a path in a folder that exists ({target.parent} does not)")
    return _WRITERS[format_], target


def _perform(
    names: Sequence[str], cases: Sequence[Case], options: Options
) -> tuple[list[Tally], list[CandidateError], bool]:
    """Run every candidate; one that cannot be used does not keep the others from running."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    tallies: list[Tally] = []
    complaints: list[CandidateError] = []
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    interrupted = False
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for name in names:
            tally = Tally(name, len(cases))
            task = progress.add_task(name, total=len(cases), markup=False)
            short = 0
            try:
                for event in run([name], cases, options):
                    if isinstance(event, Started):
                        tally.version = event.version
                    elif isinstance(event, Judged):
                        tally.add(event.verdict)
                        short += falls_short(event.verdict, options.gate)
                        progress.update(task, advance=1, description=f"{name}: {short} fell short" if short else name)
            except CandidateError as error:
                complaints.append(error)
                continue
            except KeyboardInterrupt:
                interrupted = True
            tallies.append(tally)
            if interrupted:
                break
    return tallies, complaints, interrupted


def _results(tallies: Sequence[Tally], cases: Sequence[Case], *, interrupted: bool) -> list[Result]:
    """Return the results in the order of the cases; after an interruption the rest is not run, and counted."""
    for tally in tallies:
        for case in cases if interrupted else ():
            if case.id not in tally.verdicts:
                tally.add(not_run(case, "not run: the run was interrupted"))
    return [
        Result(tally.name, tally.version, tally.summary(), [tally.verdicts[case.id] for case in cases])
        for tally in tallies
    ]


def _summarise(results: Sequence[Result], found: CaseSet, gate: LayerName, explain: int) -> None:
    if not results:
        return
    from rich.console import Console

    from wireproof.report._terminal import show

    console = Console(file=sys.stdout)
    planned = results[0].summary["planned"]
    console.print(f"wireproof {__version__}: {planned} cases, gate {gate}")
    for result in results:
        console.print(f"  {result.candidate}: {result.version}", markup=False, highlight=False)
    show(console, results, {case.id: case for case in found.cases}, found.clauses, gate, explain)
