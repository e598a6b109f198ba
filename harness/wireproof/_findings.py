"""What is kept of verdicts while they come in: counts, and one example of each kind. Their number does not matter.

The same verdicts give the same findings in whatever order they come: of two examples the one is kept that is simpler
or, of two as simple ones, the first in the order of the cases.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from wireproof._model import LAYERS, Difference, Verdict

_NOT_A_WAY = ("contract", "unsupported", "not-run")
Key = tuple[str, str]


@dataclass(slots=True)
class Way:
    """One way in which a candidate differs: in how many cases, and the first of them."""

    count: int
    position: int
    verdict: Verdict
    difference: Difference


@dataclass(slots=True)
class Example:
    """The verdicts with the same first reason: how many, where they begin, and the one that is explained best."""

    count: int
    first: int
    rank: tuple[int, int]
    verdict: Verdict


def group_of(id_: str) -> str:
    """Return what a case is counted under: the folder of its file, or its matrix."""
    return id_.partition("[")[0] if id_.startswith("matrix/") else id_.partition("/")[0]


@dataclass(slots=True)
class Findings:
    """All that was found about one candidate.

    ``groups``: by folder or matrix, how many verdicts of which kind. ``layers``: by layer, how many pass and fail.
    ``known``: by defect of CPython, in how many cases it was seen and in how many not. ``exercised``: the clauses of
    the cases that were judged. ``broken``: by clause, in how many cases it was. ``strict_groups`` and
    ``strict_layers``: the counts without the candidate's tolerances. ``tolerated``: of the passes, how many are ones
    only with them; by what was let pass, in how many.
    """

    groups: dict[str, Counter[str]] = field(default_factory=dict)
    layers: dict[str, Counter[str]] = field(default_factory=lambda: {layer: Counter() for layer in LAYERS})
    known: dict[str, list[int]] = field(default_factory=dict)
    exercised: set[str] = field(default_factory=set)
    broken: Counter[str] = field(default_factory=Counter)
    unsupported: set[str] = field(default_factory=set)
    rules: dict[str, Counter[str]] = field(default_factory=dict)
    strict_groups: dict[str, Counter[str]] = field(default_factory=dict)
    strict_layers: dict[str, Counter[str]] = field(default_factory=lambda: {layer: Counter() for layer in LAYERS})
    tolerated: Counter[str] = field(default_factory=Counter)
    only_tolerated: int = 0
    _ways: dict[Key, Way] = field(default_factory=dict)
    _examples: dict[Key, Example] = field(default_factory=dict)

    def add(self, verdict: Verdict, position: int) -> None:
        """Take a verdict in."""
        group, strict = group_of(verdict.id), verdict.strict or verdict
        self.groups.setdefault(group, Counter())[verdict.verdict] += 1
        self.strict_groups.setdefault(group, Counter())[strict.verdict] += 1
        for layer, answer in verdict.layers.items():
            self.layers[layer][answer] += 1
        for layer, answer in strict.layers.items():
            self.strict_layers[layer][answer] += 1
        if verdict.strict is not None and verdict.verdict == "pass":
            self.only_tolerated += 1
            self.tolerated.update(verdict.tolerated)
        for name, seen in verdict.defects:
            self.known.setdefault(name, [0, 0])[seen == "absent"] += 1
        if verdict.rules:
            rule = verdict.rules[0].partition(":")[0]
            self.rules.setdefault(group, Counter())[rule] += 1
        if verdict.layers.get("contract") in ("pass", "fail"):
            self.exercised.update(verdict.clauses)
            self.broken.update(_broken(verdict))
        if verdict.verdict == "unsupported" and verdict.reason is not None:
            self.unsupported.add(verdict.reason.text)
        self._explain(verdict, position)

    def _explain(self, verdict: Verdict, position: int) -> None:
        for key, difference in {(each.code, each.subject): each for each in reversed(verdict.differences)}.items():
            if difference.code in _NOT_A_WAY:
                continue
            way = self._ways.get(key)
            if way is None:
                self._ways[key] = Way(1, position, verdict, difference)
                continue
            way.count += 1
            if position < way.position:
                way.position, way.verdict, way.difference = position, verdict, difference
        if verdict.reason is None or verdict.verdict in ("unsupported", "not_run"):
            return
        key, rank = (verdict.reason.code, verdict.reason.subject), (len(verdict.differences), position)
        example = self._examples.get(key)
        if example is None:
            self._examples[key] = Example(1, position, rank, verdict)
            return
        example.count += 1
        example.first = min(example.first, position)
        if rank < example.rank:
            example.rank, example.verdict = rank, verdict

    def add_many(self, group: str, kind: str, count: int) -> None:
        """Take in combinations of a matrix of which nothing is to be said but what became of them."""
        for groups, layers in ((self.groups, self.layers), (self.strict_groups, self.strict_layers)):
            groups.setdefault(group, Counter())[kind] += count
            for layer in LAYERS:
                layers[layer][kind] += count

    def add_defect(self, name: str, *, present: int, absent: int) -> None:
        """Count in how many combinations a known defect was seen, and in how many not."""
        if present or absent:
            counts = self.known.setdefault(name, [0, 0])
            counts[0] += present
            counts[1] += absent

    @property
    def all(self) -> Counter[str]:
        """How many verdicts of which kind there are."""
        return sum(self.groups.values(), Counter())

    @property
    def all_strict(self) -> Counter[str]:
        """The same without the candidate's tolerances."""
        return sum(self.strict_groups.values(), Counter())

    @property
    def defects(self) -> dict[str, tuple[int, int]]:
        """For each known defect of CPython in how many cases it was seen, and in how many it was absent."""
        return {name: (present, absent) for name, (present, absent) in sorted(self.known.items())}

    @property
    def ways(self) -> dict[Key, Way]:
        """The ways in which the candidate differs, by code and subject, the most frequent first."""
        return dict(sorted(self._ways.items(), key=lambda item: (-item[1].count, item[0])))

    @property
    def examples(self) -> list[Verdict]:
        """One verdict for each first reason, the most frequent reasons first."""
        ordered = sorted(self._examples.values(), key=lambda example: (-example.count, example.first))
        return [example.verdict for example in ordered]


def _broken(verdict: Verdict) -> set[str]:
    names = {each.subject for each in verdict.differences if each.code == "contract"}
    if not names and verdict.layers["contract"] == "fail" and verdict.reason is not None:
        # it did not end, so that there are no bytes to ask the clauses about
        names = {verdict.reason.clause}
    return names
