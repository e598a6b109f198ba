"""What decides about a run beside its verdicts: a baseline, the least number of verdicts, a version of the suite."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wireproof import __version__
from wireproof._gates._frozen import freeze
from wireproof._gates._frozen import read as read_manifest
from wireproof._gates._hold import FAILING, Held, Looked, Scope, plain
from wireproof._gates._known import Chosen
from wireproof._model import LayerName, Verdict
from wireproof._run import Judged, Lost, Passed, Tally
from wireproof.errors import HarnessError, UsageError
from wireproof.report._results import Result, Selection

if TYPE_CHECKING:
    from wireproof._cases import CaseSet
    from wireproof._gates._baseline import Baseline

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
Keep = Callable[[str, Judged | Passed | Lost, int], object]

baseline_option: Decorator = click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Known failures (wireproof baseline): what is as it says is quiet, and everything else exits 1.",
)
min_verdicts_option: Decorator = click.option(
    "--min-verdicts",
    type=click.IntRange(1),
    metavar="N",
    help="Exit 3 where fewer than N cases of a candidate were judged.",
)
suite_version_option: Decorator = click.option(
    "--suite-version",
    metavar="VERSION",
    help="Leave out what is newer, or has changed, since this version of the suite.",
)


def today() -> datetime.date:
    """Return the date that decides what has expired."""
    return datetime.datetime.now(tz=datetime.UTC).date()


def scope_of(selection: Selection, suite: str | None) -> Scope:
    """Return what a run is about, as a baseline writes it down."""
    strength = "full" if selection.strength is None else selection.strength
    chosen = Chosen(tuple(selection.globs), tuple(selection.clauses), strength)
    return Scope(chosen, suite or __version__, selection.shard != (1, 1))


def frozen(found: CaseSet, version: str | None, *, is_whole: bool = True) -> CaseSet:
    """Return the suite as it was in a version; say on the standard error what is left out for it.

    Raises:
        UsageError: there is no such version.
    """
    manifest = read_manifest(found.root, version, __version__) if version else None
    if manifest is None:
        return found
    left = freeze(found.cases, found.matrices, manifest, is_whole=is_whole)
    parts = [f"{left.newer:,} newer cases and values"] if left.newer else []
    for ids, what in ((left.changed, "changed since"), (left.gone, "not there any more")):
        if ids:
            parts.append(f"{', '.join(ids[:3])}{f' and {len(ids) - 3:,} more' if len(ids) > 3 else ''} ({what})")
    if parts:
        click.echo(f"wireproof: suite {version}: left out: {'; '.join(parts)}", err=True)
    return replace(found, cases=left.cases, matrices=left.matrices)


@dataclass(slots=True)
class Gate:
    """Says whether a run is good enough, beyond what its verdicts say.

    ``baseline``: what is known, if a baseline was given; ``minimum``: the least number of verdicts.
    """

    layer: LayerName
    baseline: Baseline | None = None
    minimum: int | None = None
    held: dict[str, Held] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path | None, layer: LayerName, minimum: int | None, *, fail_fast: bool) -> Gate:
        """Return the gate that options ask for.

        Raises:
            UsageError: they do not go together, or there is no such file.
            CaseFileError: the baseline is broken.
        """
        if path is not None and fail_fast:
            raise UsageError("--fail-fast", "beside --baseline", "one of the two: a baseline is about whole runs")
        if path is None:
            return cls(layer, None, minimum)
        from wireproof._gates._baseline import read  # it takes the reader of YAML along

        return cls(layer, read(path), minimum)

    def watching(self, keep: Keep) -> Keep:
        """Return what is called with everything that comes in: it is held against the baseline, and kept."""
        if self.baseline is None:
            return keep

        def take(candidate: str, event: Judged | Passed | Lost, position: int) -> None:
            self._take(self._held(candidate), event, position)
            keep(candidate, event, position)

        return take

    def _held(self, candidate: str) -> Held:
        if candidate not in self.held:
            assert self.baseline is not None
            self.held[candidate] = Held(self.baseline.of(candidate, self.layer), self.layer, today())
        return self.held[candidate]

    def _take(self, held: Held, event: Judged | Passed | Lost, position: int) -> None:
        if isinstance(event, Judged):
            held.take(Looked.at(event.verdict, self.layer), position)
        elif isinstance(event, Passed):
            held.passed(event.slice.expansion, event.slice.numbers, event.slice.positions)
        else:
            held.lost(event.slice.expansion, event.slice.numbers)

    def exit_code(self, tally: Tally, scope: Scope) -> int:
        """Return what the run of a candidate comes to."""
        if self.baseline is None or tally.counts["error"]:
            return tally.exit_code(self.layer)
        return int(bool(tally.counts["not_run"] or self._held(tally.name).sentences(scope, self.baseline.file)))

    def complaints(self, tallies: Sequence[Tally]) -> list[HarnessError]:
        """Return a complaint about each candidate of which too few cases were judged."""
        judged = {tally.name: sum(tally.counts[kind] for kind in ("pass", "nonstrict", "fail")) for tally in tallies}
        return [
            HarnessError(f"{plain(name)}: {count:,} cases were judged, and --min-verdicts wants {self.minimum:,}")
            for name, count in judged.items()
            if self.minimum is not None and count < self.minimum
        ]

    def applied(self, result: Result, scope: Scope) -> Result:
        """Return the result of a candidate with what the baseline says of it, where one was given."""
        if self.baseline is None:
            return result
        from wireproof.report._known import Marked, account  # what makes reports takes long to be imported

        held = self._held(result.candidate)
        return replace(result, records=Marked(result.records, held), known=account(held, scope, self.baseline.file))

    def examples(self, name: str, count: int) -> list[Verdict]:
        """Return verdicts that are news, to be explained: so many at the most."""
        news = self._held(name).news if self.baseline is not None else []
        wholes = [each.looked.whole for each in news if each.kind in FAILING]
        return [each for each in wholes if each is not None][:count]
