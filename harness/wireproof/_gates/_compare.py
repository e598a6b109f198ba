"""Two runs of the same candidate, case by case: what has changed, and whether the suite or the candidate has.

Of a matrix, results list what did not pass, and count the rest. So a combination that is not listed has passed where it
is known to have been planned: where both runs planned the same, or where everything was listed. Where that is not
known, a combination that only one of them lists is not compared, and this is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wireproof._findings import group_of
from wireproof._gates._hold import Looked
from wireproof._model import VERDICTS

Json = dict[str, Any]

_COUNTED = {"pass": "passed", "fail": "failed", "error": "errored"}

KINDS: Mapping[str, str] = {
    "failing": "newly failing",
    "changed": "failing in another way",
    "lost": "judged before, and not now",
    "removed": "not there any more",
    "passing": "newly passing",
    "gained": "judged now, and not before",
    "added": "new",
    "suite": "changed in the suite, so that the candidate is not to blame",
    "unknown": "in one of the two only, of a matrix of which other combinations were planned",
}
"""What can have happened to a case, the worst first."""

REGRESSIONS = ("failing", "changed", "lost")
"""What is a regression; ``removed`` is one where the suite is the same."""


@dataclass(frozen=True, slots=True)
class One:
    """What is looked at of a result, and the hash of its case."""

    looked: Looked
    hash: str


@dataclass(frozen=True)
class Side:
    """One candidate in one run.

    ``suite``: the version of wireproof; ``plan``: what says that two runs planned the same; ``matrices``: the counts of
    each matrix; ``results``: by id, all cases, and the combinations that are listed.
    """

    name: str
    version: str
    suite: str
    plan: str
    matrices: Mapping[str, Json]
    results: Mapping[str, One]
    judged: int

    def listed(self) -> Counter[str]:
        """Return how many combinations of each matrix are listed."""
        return Counter(group_of(id_) for id_ in self.results if id_.startswith("matrix/"))

    def unlisted(self) -> dict[str, int]:
        """Return how many combinations of each matrix did not pass, and are not listed: only their number is known."""
        kinds = Counter((group_of(id_), one.looked.verdict) for id_, one in self.results.items())
        found = {}
        for id_, matrix in self.matrices.items():
            counted = {kind: matrix[_COUNTED.get(kind, kind)] for kind in VERDICTS if kind != "pass"}
            found[id_] = sum(number - kinds[id_, kind] for kind, number in counted.items())
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """What has happened to one case; a side on which it is not has None."""

    id: str
    kind: str
    old: Looked | None
    new: Looked | None


@dataclass(slots=True)
class Comparison:
    """All that has changed of one candidate. ``notes`` are sentences; ``lost``: combinations that have no verdict any
    more, and of which only the number is known.
    """

    old: Side | None
    new: Side | None
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lost: int = 0

    @property
    def name(self) -> str:
        """What the candidate is called."""
        side = self.new or self.old
        assert side is not None
        return side.name

    @property
    def counts(self) -> dict[str, int]:
        """How many cases something has happened to, by kind."""
        found = Counter(change.kind for change in self.changes)
        found["lost"] += self.lost
        return {kind: found[kind] for kind in KINDS}

    @property
    def is_worse(self) -> bool:
        """Whether something is a regression."""
        is_same_suite = self.old is not None and self.new is not None and self.old.suite == self.new.suite
        kinds = (*REGRESSIONS, "removed") if is_same_suite else REGRESSIONS
        return self.new is None or any(self.counts[kind] for kind in kinds)


def paired(old: Sequence[Side], new: Sequence[Side]) -> list[tuple[Side | None, Side | None]]:
    """Return which candidates are compared: those with the same name; and two alone, whatever they are called."""
    if len(old) == len(new) == 1:
        return [(old[0], new[0])]
    names = {side.name: side for side in new}
    pairs: list[tuple[Side | None, Side | None]] = [(side, names.pop(side.name, None)) for side in old]
    return [*pairs, *((None, side) for side in names.values())]


def compare(old: Side | None, new: Side | None) -> Comparison:
    """Compare a candidate in two runs."""
    found = Comparison(old, new)
    if old is None or new is None:
        found.notes.append(f"the candidate is in the {'old' if new is None else 'new'} results only")
        return found
    if old.name != new.name:
        found.notes.append(f"{old.name} is compared with {new.name}: each is the only candidate of its results")
    if old.version != new.version:
        found.notes.append(f"the candidate was {old.version or 'unknown'}, and is {new.version or 'unknown'}")
    if old.suite != new.suite:
        found.notes.append(f"the suite was that of wireproof {old.suite}, and is that of {new.suite}")
    rewritten = [id_ for id_, one in new.results.items() if id_ in old.results and old.results[id_].hash != one.hash]
    if rewritten:
        found.notes.append(f"{len(rewritten):,} of the cases ask or expect something else now, such as {rewritten[0]}")
    found.notes += _matrices(old, new)
    before, after = old.unlisted(), new.unlisted()
    found.lost = sum(max(0, count - before.get(id_, 0)) for id_, count in after.items())
    same = _Same(old, new, before, after)
    found.changes = [change for id_ in _ids(old, new) if (change := same.change(id_))]
    found.changes.sort(key=lambda change: list(KINDS).index(change.kind))
    return found


def _ids(old: Side, new: Side) -> Iterator[str]:
    """Yield every id in the order of the new results, and then those that are in the old ones only."""
    yield from new.results
    yield from (id_ for id_ in old.results if id_ not in new.results)


def _matrices(old: Side, new: Side) -> Iterator[str]:
    """Yield a sentence about each matrix of which something else was planned."""
    for id_ in sorted({*old.matrices, *new.matrices}):
        sides = [side.matrices.get(id_) for side in (old, new)]
        before, after = (matrix["planned"] if matrix else 0 for matrix in sides)
        changed = ", and the matrix has changed" * (all(sides) and sides[0]["hash"] != sides[1]["hash"])  # type: ignore[index]
        if before != after or changed:
            yield f"{id_}: {before:,} combinations were planned, and {after:,} are{changed}"


class _Same:
    """Two sides, and what is known of combinations that only one of them lists."""

    def __init__(self, old: Side, new: Side, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        self.old, self.new = old, new
        self._listed = old.listed(), new.listed()
        self._hidden = before, after

    def change(self, id_: str) -> Change | None:
        """Return what has happened to a case, if anything."""
        old, new = self.old.results.get(id_), self.new.results.get(id_)
        if old and new:
            kind = _kind(old.looked, new.looked)
            if old.hash != new.hash:
                return Change(id_, "suite", old.looked, new.looked) if kind else None
            return Change(id_, kind, old.looked, new.looked) if kind else None
        is_old, one = (True, old) if old else (False, new)
        assert one is not None
        absent = self._absent(id_, 1 if is_old else 0)
        if absent == "passed":
            passed = Looked(id_, "pass", "pass")
            sides = (one.looked, passed) if is_old else (passed, one.looked)
            kind = _kind(*sides)
            return Change(id_, kind, *sides) if kind else None
        kind = "unknown" if absent else "removed" if is_old else "added"
        return Change(id_, kind, one.looked if is_old else None, None if is_old else one.looked)

    def _absent(self, id_: str, side: int) -> str:
        """Return what is known of a case that a side (0: the old) does not list: passed, unknown, or "" (no such)."""
        if not id_.startswith("matrix/"):
            return ""
        group = group_of(id_)
        own, other = ((self.old, self.new), (self.new, self.old))[side]
        mine, its = own.matrices.get(group), other.matrices.get(group)
        if mine is None or self._listed[side][group] == mine["planned"]:
            return ""
        if self._hidden[side].get(group):
            return "unknown"
        if its is None or (mine["hash"], mine["planned"], own.plan) != (its["hash"], its["planned"], other.plan):
            return "unknown"
        return "passed"


_FATES: Mapping[tuple[str, str], str] = {
    ("pass", "fail"): "failing",
    ("fail", "pass"): "passing",
    ("pass", "none"): "lost",
    ("fail", "none"): "lost",
    ("none", "pass"): "gained",
    ("none", "fail"): "gained",
}


def _kind(old: Looked, new: Looked) -> str:
    """Return what has happened between two results of a case, "" for nothing."""
    if old.answer == new.answer == "fail":
        return "changed" if old.fingerprint != new.fingerprint else ""
    before, after = (each.answer if each.answer in ("pass", "fail") else "none" for each in (old, new))
    return _FATES.get((before, after), "")
