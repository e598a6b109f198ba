"""``wireproof run``."""

from __future__ import annotations

import importlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wireproof._codec import SLICE
from wireproof._findings import Findings
from wireproof._gates._hold import Scope
from wireproof._matrix import covering
from wireproof._model import LAYERS, VERDICTS, Candidate, Case, LayerName
from wireproof._process import unbroken
from wireproof._run import Judged, Lost, Options, Passed, Pool, Started, Starting, Tally, not_run, passed, run
from wireproof._selection import Chosen, Planned, plan
from wireproof.cli._asked import asked, candidates_option, exec_option, isolate_option, python_option
from wireproof.cli._gate import (
    Gate,
    Keep,
    baseline_option,
    frozen,
    min_verdicts_option,
    scope_of,
    suite_version_option,
)
from wireproof.cli._options import (
    Target,
    cases_option,
    chosen_strength,
    clause_option,
    full_option,
    report_option,
    select_option,
    strength_option,
    targets_of,
    write_all,
)
from wireproof.cli._summary import summarise
from wireproof.errors import BrokenCases, CandidateError, UsageError, WireproofError
from wireproof.report._results import Result, Selection
from wireproof.report._spool import Spool, beside
from wireproof.report._stored import Suite, of_run

if TYPE_CHECKING:
    from wireproof._cases import CaseSet

_WILD = re.compile(r"[*?]|\[[^=\]]*\]")


@click.command("run")
@click.argument("candidates", nargs=-1, metavar="[CANDIDATE]...")
@python_option
@exec_option
@isolate_option
@candidates_option
@select_option
@clause_option
@cases_option
@click.option(
    "--gate",
    type=click.Choice(LAYERS),
    help="The layer that must hold (default: that of the candidate's description, or bytes).",
)
@click.option("--timeout", type=click.FloatRange(0.05), default=5.0, show_default=True, help="Seconds for a case.")
@click.option("--jobs", "-j", type=click.IntRange(0), default=0, help="Worker processes (default: one for each core).")
@click.option("--fail-fast", is_flag=True, help="Stop a candidate at its first failure.")
@click.option("--strict-defects", is_flag=True, help="CPython's known defects fail, too.")
@click.option("--explain", type=click.IntRange(0), default=3, show_default=True, help="Failures to explain in full.")
@full_option
@strength_option
@click.option(
    "--shard", metavar="I/N", help="Run only part I of N, counted from 1; wireproof merge puts them together."
)
@baseline_option
@min_verdicts_option
@suite_version_option
@report_option
@click.option("--all-results", is_flag=True, help="Reports list what passed in matrices, too, not only its number.")
def command(
    candidates: tuple[str, ...],
    pythons: tuple[str, ...],
    commands: tuple[str, ...],
    isolate: bool,
    folders: tuple[Path, ...],
    globs: tuple[str, ...],
    clauses: tuple[str, ...],
    cases_path: Path | None,
    gate: LayerName | None,
    timeout: float,
    jobs: int,
    fail_fast: bool,
    strict_defects: bool,
    explain: int,
    full: bool,
    strength: int | None,
    shard: str | None,
    baseline: Path | None,
    min_verdicts: int | None,
    suite_version: str | None,
    reports: tuple[str, ...],
    all_results: bool,
) -> int:
    """Run the cases against each CANDIDATE: reference, stdlib, or package.module:Class (default: the first two).

    That is all cases, and of each matrix a covering array in which every triple of its values occurs.

    Exit codes: 0 as expected; 1 a candidate fell short; 2 wrong usage or a broken case file; 3 the harness could not do
    what it planned.
    """
    everybody = asked(candidates, pythons, commands, folders, isolate=isolate)
    targets = targets_of(reports)
    strengths, part = chosen_strength(strength, full=full), _shard(shard)
    gate = gate or _common_gate(everybody)
    gated = Gate.of(baseline, gate, min_verdicts, fail_fast=fail_fast)
    options = Options(timeout, jobs, strict_defects, fail_fast, gate)
    with closing(Pool(everybody[0], options)) as first:
        # reading the cases takes about as long as workers need to start
        first.start(1 if globs and not any(_WILD.search(glob) for glob in globs) else None)
        found, planned = _planned(cases_path, globs, clauses, strengths, part, suite_version)
        selection = Selection(globs, clauses, strengths, part, planned.digest, planned.total)
        spool = _spool(targets, everybody, found, planned, gate, selection)
        with closing(_Kept(spool, all_results=all_results)) as kept:
            done = _perform(everybody, planned, options, gated.watching(kept.take), first)
            with unbroken():
                scope = scope_of(selection, suite_version)
                code = _report(done, planned, found, kept, targets, gated, scope, explain, selection)
    if done.interrupted:
        click.echo("wireproof: interrupted; what was judged so far is reported", err=True)
        return 3
    return code


def _spool(
    targets: Sequence[Target],
    everybody: Sequence[Candidate],
    found: CaseSet,
    planned: Planned,
    gate: LayerName,
    selection: Selection,
) -> Spool | None:
    """Return where results are kept while they come in, if a report is asked for."""
    if not targets:
        return None
    from wireproof.report._jsonl import header
    from wireproof.report._sources import sources

    opening = of_run([], gate, selection, Suite(lambda: found)).frames[0]
    first = header(opening, [candidate.name for candidate in everybody], len(planned))
    return Spool(beside(target.path for target in targets), first, sources(found, planned))


def _common_gate(everybody: Sequence[Candidate]) -> LayerName:
    """Return the gate that suits all of them: that of their descriptions, where these agree."""
    gates = {candidate.gate or "bytes" for candidate in everybody}
    return gates.pop() if len(gates) == 1 else "bytes"


def _planned(
    path: Path | None,
    globs: Sequence[str],
    clauses: Sequence[str],
    strength: int | None,
    shard: tuple[int, int],
    version: str | None,
) -> tuple[CaseSet, Planned]:
    """Read the cases, and choose what is run."""
    # heavy, and needed once the workers are on their way; Python takes an interruption of a class definition for one
    # that nobody handles
    with unbroken():
        from wireproof._cases import load

    found = frozen(load(path, () if path else globs), version, is_whole=not globs)
    planned = plan(found.cases, found.matrices, globs, clauses, strength, shard)
    if path:
        _examine(planned)
    return found, planned


def _report(
    done: _Done,
    planned: Planned,
    found: CaseSet,
    kept: _Kept,
    targets: Sequence[Target],
    gated: Gate,
    scope: Scope,
    explain: int,
    selection: Selection,
) -> int:
    """Write the reports, print the summary, and return the exit code."""
    results = [gated.applied(_result(tally, planned, kept), scope) for tally in done.tallies]
    gate = gated.layer
    codes = [gated.exit_code(tally, scope) for tally in done.tallies]
    complaints: list[WireproofError] = [*done.complaints, *gated.complaints(done.tallies)]
    complaints += write_all(targets, of_run(results, gate, selection, Suite(lambda: found)))
    counts = {"cases": len(planned.cases), "combinations": sum(map(len, planned.chosen))}
    to_stderr = any(target.path is None for target in targets)
    news = {result.candidate: gated.examples(result.candidate, explain) for result in results}
    summarise(
        results, planned.of, found.clauses, gate, explain, news, **counts, selection=selection, to_stderr=to_stderr
    )
    for complaint in complaints:
        click.echo(f"wireproof: {complaint}", err=True)
    return max([*codes, *(complaint.exit_code for complaint in complaints)])


def _shard(text: str | None) -> tuple[int, int]:
    """Return which part of how many.

    Raises:
        UsageError: it is none.
    """
    if text is None:
        return 1, 1
    index, slash, count = text.partition("/")
    if slash and index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count):
        return int(index), int(count)
    raise UsageError("--shard", text, "I/N, a part from 1 to N: 2/3")


def _examine(planned: Planned) -> None:
    """Hold cases of somebody's own against the other oracles; of a matrix some combinations in which each value occurs.

    The bundled ones are examined by wireproof check in our own CI.
    """
    from wireproof._judge import examine

    sample = [chosen.expansion.case(number) for chosen in planned.chosen for number in covering(chosen.expansion, 1)]
    bugs = tuple(bug for case in (*planned.cases, *sample) for bug in examine(case))
    if bugs:
        raise BrokenCases(bugs)


@dataclass(slots=True)
class _Done:
    """What came of the candidates; one that cannot be used has a complaint and no tally."""

    tallies: list[Tally] = field(default_factory=list)
    complaints: list[CandidateError] = field(default_factory=list)
    interrupted: bool = False


class _Kept:
    """Where verdicts are kept for reports; without a report, nowhere.

    ``all_results``: what passes in a matrix is kept, too.
    """

    def __init__(self, spool: Spool | None, *, all_results: bool) -> None:
        self.spool, self.all_results = spool, all_results

    def take(self, candidate: str, event: Judged | Passed | Lost, position: int) -> None:
        """Keep what has come in."""
        if self.spool is None:
            return
        if isinstance(event, Judged):
            self.spool.add(candidate, position, event.verdict)
        elif isinstance(event, Passed) and self.all_results:
            for verdict, at in passed(event):
                self.spool.add(candidate, at, verdict)

    def close(self) -> None:
        """Remove the file."""
        if self.spool is not None:
            self.spool.close()


def _perform(everybody: Sequence[Candidate], planned: Planned, options: Options, keep: Keep, first: Pool) -> _Done:
    """Run every candidate. One that cannot be used does not keep the others from running.

    After an interruption everything that was planned and has no verdict is not run, and counted.
    """
    done = _Done()
    positions = {case.id: position for case, position in zip(planned.cases, planned.positions, strict=True)}
    with _progress(len(planned)) as progress:
        for candidate in everybody:
            tally = Tally(candidate.name, len(planned), positions, keep)
            try:
                if not done.interrupted:
                    _run_one(candidate, tally, planned, options, progress, first)
            except CandidateError as error:
                done.complaints.append(error)
                continue
            except KeyboardInterrupt:
                done.interrupted = True
            if done.interrupted:
                _leave_out(tally, planned, "not run: the run was interrupted")
            done.tallies.append(tally)
    return done


def _leave_out(tally: Tally, planned: Planned, text: str) -> None:
    """Count what has no verdict as not run."""
    for one in planned.work(SLICE):
        if isinstance(one, Case):
            if not tally.has(one):
                tally.take(Judged(tally.name, not_run(one, text)))
        elif left := tally.unseen(one):
            tally.take(Lost(tally.name, one.of(left), "not_run", text))


def _run_one(
    candidate: Candidate,
    tally: Tally,
    planned: Planned,
    options: Options,
    progress: Callable[[str, int, int], object],
    first: Pool,
) -> None:
    """Run one candidate and count what comes of it."""
    with closing(run([candidate], planned, options, {first.candidate: first})) as events:
        for event in events:
            if isinstance(event, Starting):
                # the workers need a moment, in which what is needed afterwards is made ready
                with unbroken():
                    importlib.import_module("wireproof.report._terminal")
            elif isinstance(event, Started):
                tally.version = event.version
            else:
                tally.take(event)
            progress(tally.name, tally.judged, tally.short(options.gate))


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


def _result(tally: Tally, planned: Planned, kept: _Kept) -> Result:
    """Return the results of one candidate."""
    findings = tally.findings
    for chosen in planned.chosen:
        if findings.groups.get(chosen.expansion.matrix.id):
            findings.exercised |= chosen.clauses
    summary = tally.summary()
    if kept.spool is None:
        return Result(tally.name, tally.version, summary, findings)
    records = kept.spool.read(tally.name)
    matrices = [_matrix(chosen, findings) for chosen in planned.chosen]
    return Result(tally.name, tally.version, summary, findings, records, records.positions, matrices)


def _matrix(chosen: Chosen, findings: Findings) -> dict[str, object]:
    """Return the counts of a matrix: in all, and by rule how many there are and how many are no pass."""
    matrix = chosen.expansion.matrix
    counts = findings.groups.get(matrix.id, Counter())
    names = {"pass": "passed", "fail": "failed", "error": "errored"}
    not_passed = findings.rules.get(matrix.id, Counter())
    return {
        "id": matrix.id,
        "hash": matrix.hash,
        "combinations": matrix.size,
        "planned": len(chosen),
        **{names.get(name, name): counts[name] for name in VERDICTS},
        "rules": {name: {"planned": count, "not_passed": not_passed[name]} for name, count in chosen.by_rule.items()},
    }
