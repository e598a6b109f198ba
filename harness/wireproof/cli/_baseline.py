"""``wireproof baseline``: known failures, made from stored results and kept up to date."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wireproof import __version__
from wireproof._gates._baseline import Baseline, read, read_text
from wireproof._gates._draft import Facts, draft
from wireproof._gates._frozen import FOLDER, freeze
from wireproof._gates._frozen import read as read_manifest
from wireproof._gates._hold import JUDGED, Held, Scope, plain
from wireproof._gates._known import Chosen
from wireproof._gates._rewrite import EMPTY, rewritten
from wireproof._model import LAYERS, LayerName
from wireproof._selection import Planned, plan
from wireproof.cli._gate import today
from wireproof.cli._options import cases_option, suite_of
from wireproof.errors import UsageError
from wireproof.report._known import looked
from wireproof.report._output import put
from wireproof.report._read import reading
from wireproof.report._stored import Entry, Frame

if TYPE_CHECKING:
    from wireproof._cases import CaseSet

_results = click.argument("results", type=click.Path(path_type=Path), metavar="RESULTS")
_file = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
_gate = click.option("--gate", type=click.Choice(LAYERS), help="The layer that must hold (default: that of the run).")


@click.group("baseline")
def command() -> None:
    """Write down known failures, and keep them up to date, from RESULTS that wireproof run --report json=RESULTS wrote.

    wireproof run --baseline FILE is quiet about them, and exits 1 about anything else.
    """


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What is known of one candidate from stored results."""

    name: str
    layer: LayerName
    facts: Facts
    scope: Scope

    @property
    def judged(self) -> int:
        """How many verdicts there are."""
        return len(self.facts.planned) - sum(looked.verdict not in JUDGED for looked in self.facts.looked)


@command.command("write")
@_results
@_file
@_gate
@cases_option
def write(results: Path, file: Path, gate: LayerName | None, cases_path: Path | None) -> int:
    """Write a new FILE with everything that fails; then give each entry its reason."""
    if file.exists():
        raise UsageError("FILE", str(file), "a new file (wireproof baseline update changes one that is there)")
    return _change(read_text(EMPTY, str(file)), results, gate, cases_path, only_prune=False)


@command.command("update")
@_results
@_file
@_gate
@cases_option
def update(results: Path, file: Path, gate: LayerName | None, cases_path: Path | None) -> int:
    """Bring FILE up to date: what is as it says stays as it stands there, with reasons, comments and order."""
    return _change(read(file), results, gate, cases_path, only_prune=False)


@command.command("prune")
@_results
@_file
@_gate
@cases_option
def prune(results: Path, file: Path, gate: LayerName | None, cases_path: Path | None) -> int:
    """Take out of FILE what passes now, is not supported any more, or matches nothing; add nothing."""
    return _change(read(file), results, gate, cases_path, only_prune=True)


@command.command("diff")
@_results
@_file
@_gate
@cases_option
def diff(results: Path, file: Path, gate: LayerName | None, cases_path: Path | None) -> int:
    """Say what wireproof run --baseline FILE says of the same results, and show what update would change in FILE.

    Exit codes: 0 no news; 1 there is some.
    """
    baseline = read(file)
    told: list[str] = []
    text = baseline.text
    for candidate in _candidates(results, gate, cases_path):
        held = _held(baseline, candidate)
        told += [f"{plain(candidate.name)}: {each}" for each in held.sentences(candidate.scope, baseline.file)]
        text = _rewritten(read_text(text, baseline.file), candidate, only_prune=False)
    for line in told:
        click.echo(line)
    before, after = (each.splitlines() for each in (baseline.text, text))
    for line in difflib.unified_diff(before, after, str(file), f"{file} (updated)", n=1, lineterm=""):
        click.echo(plain(line))
    return int(bool(told))


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of baselines."""
    file = Path(__file__).parent.parent / "_gates" / "baseline.schema.json"
    click.echo(file.read_text(encoding="utf-8"), nl=False)


def _change(
    baseline: Baseline, results: Path, gate: LayerName | None, cases_path: Path | None, *, only_prune: bool
) -> int:
    """Write a baseline anew, and say what it has then."""
    path, text = Path(baseline.file), baseline.text
    for candidate in _candidates(results, gate, cases_path):
        text = _rewritten(read_text(text, baseline.file), candidate, only_prune=only_prune)
        group = read_text(text, baseline.file).of(candidate.name, candidate.layer)
        count = len(group.known) if group else 0
        held = _held(read_text(text, baseline.file), candidate)
        click.echo(f"{path}: {plain(candidate.name)}: {count:,} entries for {held.known:,} known failures")
    put(path, iter([text]))
    return 0


def _rewritten(baseline: Baseline, candidate: _Candidate, *, only_prune: bool) -> str:
    group = baseline.of(candidate.name, candidate.layer)
    if group is None and only_prune:
        return baseline.text
    drafts = draft(group, candidate.facts, candidate.scope, today(), only_prune=only_prune)
    judged = None if only_prune and group and group.judged is None else candidate.judged
    return rewritten(baseline, candidate.name, candidate.layer, drafts, candidate.scope, judged)


def _held(baseline: Baseline, candidate: _Candidate) -> Held:
    """Hold stored results against a baseline."""
    held = Held(baseline.of(candidate.name, candidate.layer), candidate.layer, today())
    for position, (_, each) in enumerate(candidate.facts.keys()):
        held.take(each, position)
    return held


# from stored results to facts


def _candidates(results: Path, gate: LayerName | None, cases_path: Path | None) -> list[_Candidate]:
    """Return what is known of every candidate.

    Raises:
        UsageError: the results are about other cases than there are here, or something was not judged.
    """
    with reading([results], suite_of(cases_path), gate) as report:
        if not report.entries:
            raise UsageError("RESULTS", str(results), "results of at least one candidate")
        planned, suite = _planned(report.frames[0], report.suite.found, results)
        return [_candidate(entry, planned, suite, results) for entry in report.entries]


def _candidate(entry: Entry, planned: Planned, suite: str, results: Path) -> _Candidate:
    summary = entry.summary
    if summary["errored"] or summary["not_run"]:
        count = summary["errored"] + summary["not_run"]
        got = plain(f"{results}, where {count:,} cases of {entry.title} were not judged")
        raise UsageError("RESULTS", got, "results in which all were: nobody knows how the others fail")
    found = [looked(record, entry.gate) for record in entry.records]
    chosen = entry.frame.selection
    scope = Scope(Chosen(tuple(chosen["select"]), tuple(chosen["clause"]), chosen["strength"]), suite)
    return _Candidate(str(entry.head["name"]), entry.gate, Facts(planned, found), scope)


def _planned(frame: Frame, found: CaseSet, results: Path) -> tuple[Planned, str]:
    """Return what was planned when results were stored, and the version of the suite; in whichever it was the same.

    Raises:
        UsageError: there is none.
    """
    chosen = frame.selection
    if chosen["shard"] is not None:
        raise UsageError("RESULTS", f"{results}, of a shard", "results of a whole run (see wireproof merge)")
    strength = None if chosen["strength"] == "full" else chosen["strength"]
    for version, suite in _suites(found):
        try:
            planned = plan(suite.cases, suite.matrices, chosen["select"], chosen["clause"], strength)
        except UsageError:
            continue
        if planned.digest == chosen["cases"]:
            return planned, version
    got = f"{results}, whose cases are not those of wireproof {__version__}"
    raise UsageError("RESULTS", got, "results of a run of this version, with the same --cases")


def _suites(found: CaseSet) -> Iterator[tuple[str, CaseSet]]:
    """Yield the suite as it is, and then as it was in each earlier version, with the version."""
    yield __version__, found
    for version in sorted(file.stem for file in (found.root / FOLDER).glob("*.json")):
        manifest = read_manifest(found.root, version, __version__)
        if manifest is not None:
            left = freeze(found.cases, found.matrices, manifest)
            yield version, replace(found, cases=left.cases, matrices=left.matrices)
