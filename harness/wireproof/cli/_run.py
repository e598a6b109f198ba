"""``wireproof run``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from wireproof import __version__
from wireproof._candidates import spelled
from wireproof._cases import CaseSet, load
from wireproof._model import LAYERS, Case, LayerName
from wireproof._selection import select
from wireproof._process import unbroken
from wireproof._run import Options, Started, Starting, Tally, falls_short, not_run, run
from wireproof.cli._options import cases_option, clause_option, select_option
from wireproof.errors import BrokenCases, CandidateError, UsageError, WireproofError
from wireproof.report._json import write as write_json
from wireproof.report._results import Result

_Writer = Callable[[Path, Sequence[Result], LayerName], None]
_WRITERS: dict[str, _Writer] = {"json": write_json}


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
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=PATH",
    help="Write a report; formats: json (wireproof/report/results.schema.json).",
)
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
    for name in names:
        spelled(name)
    writers = [_writer(report) for report in reports]
    found = load(cases_path, () if cases_path else globs)
    cases = select(found.cases, globs, clauses)
    if cases_path:
        _examine(cases)
    done = _perform(names, cases, Options(timeout, jobs, strict_defects, fail_fast, gate))
    with unbroken():
        results = [_result(tally, cases) for tally in done.tallies]
        codes = [tally.exit_code(gate) for tally in done.tallies]
        complaints: list[WireproofError] = [*done.complaints]
        for write, path in writers:
            try:
                write(path, results, gate)
            except WireproofError as error:
                complaints.append(error)
        _summarise(results, found, gate, explain)
        for complaint in complaints:
            click.echo(f"wireproof: {complaint}", err=True)
    if done.interrupted:
        click.echo("wireproof: interrupted; what was judged so far is reported", err=True)
        return 3
    return max([*codes, *(complaint.exit_code for complaint in complaints)])


def _examine(cases: Sequence[Case]) -> None:
    """Hold the cases against the other oracles; the bundled ones are examined by wireproof check in our own CI."""
    from wireproof._judge import examine

    bugs = tuple(bug for case in cases for bug in examine(case))
    if bugs:
        raise BrokenCases(bugs)


def _writer(report: str) -> tuple[_Writer, Path]:
    format_, equals, path = report.partition("=")
    if not equals or format_ not in _WRITERS or not path:
        raise UsageError("--report", report, f"FORMAT=PATH with a format of: {', '.join(_WRITERS)}")
    target = Path(path)
    if target.is_dir():
        raise UsageError("--report", report, f"the path of a file ({target} is a folder)")
    if not target.parent.is_dir():
        raise UsageError("--report", report, f"a path in a folder that exists ({target.parent} does not)")
    return _WRITERS[format_], target


@dataclass(slots=True)
class _Done:
    """What came of the candidates; one that cannot be used has a complaint and no tally."""

    tallies: list[Tally] = field(default_factory=list)
    complaints: list[CandidateError] = field(default_factory=list)
    interrupted: bool = False


def _perform(names: Sequence[str], cases: Sequence[Case], options: Options) -> _Done:
    """Run every candidate. One that cannot be used does not keep the others from running.

    After an interruption everything that was planned and has no verdict is not run, and counted.
    """
    done = _Done()
    with _progress(len(cases)) as progress:
        for name in names:
            tally = Tally(name, len(cases))
            try:
                if not done.interrupted:
                    _run_one(tally, cases, options, progress)
            except CandidateError as error:
                done.complaints.append(error)
                continue
            except KeyboardInterrupt:
                done.interrupted = True
            for case in cases if done.interrupted else ():
                if case.id not in tally.verdicts:
                    tally.add(not_run(case, "not run: the run was interrupted"))
            done.tallies.append(tally)
    return done


def _run_one(
    tally: Tally, cases: Sequence[Case], options: Options, progress: Callable[[str, int, int], object]
) -> None:
    """Run one candidate and count what comes of it."""
    short = 0
    with closing(run([tally.name], cases, options)) as events:
        for event in events:
            if isinstance(event, Starting):
                # the workers need a moment, in which what is needed afterwards is made ready
                importlib.import_module("wireproof.report._terminal")
            elif isinstance(event, Started):
                tally.version = event.version
            else:
                tally.add(event.verdict)
                short += falls_short(event.verdict, options.gate)
            progress(tally.name, len(tally.verdicts), short)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str, int, int], object]]:
    """Show on a terminal how far the run is; elsewhere show nothing."""
    if not sys.stderr.isatty():
        yield lambda name, count, short: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True, emoji=False), transient=True) as shown:

        def show(name: str, count: int, short: int) -> None:
            if name not in tasks:
                tasks[name] = shown.add_task(name, total=total)
            shown.update(tasks[name], completed=count, description=f"{name}: {short} fell short" if short else name)

        yield show


def _result(tally: Tally, cases: Sequence[Case]) -> Result:
    """Return the results of one candidate in the order of the cases."""
    return Result(tally.name, tally.version, tally.summary(), [tally.verdicts[case.id] for case in cases])


def _summarise(results: Sequence[Result], found: CaseSet, gate: LayerName, explain: int) -> None:
    if not results:
        return
    from rich.console import Console

    from wireproof.report._terminal import show

    class Plain(Console):
        def on_broken_pipe(self) -> None:  # rich would exit, with the code of a candidate that fell short
            raise BrokenPipeError

    console = Plain(file=sys.stdout, emoji=False)
    planned = results[0].summary["planned"]
    console.print(f"wireproof {__version__}: {planned} cases, gate {gate}")
    for result in results:
        console.print(f"  {result.candidate}: {result.version}", markup=False, highlight=False)
    show(console, results, {case.id: case for case in found.cases}, found.clauses, gate, explain)
