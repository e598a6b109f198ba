"""Covering arrays: few combinations in which all pairs, or triples, of values occur; and what others cover of them.

A tuple of values counts as covered only in a combination in which no other value raises first: what a refused method
hides was not tried. So a free place in a combination is filled with a *safe* value, one that never raises.

Theory of operation. With strength t, the product of the t largest axes is needed whatever one does, and it is the bulk.
Each further axis is dealt over these rows in turn, so that every tuple with its safe values occurs when the others are
large enough. What is missing then (tuples with values that raise, as a rule) is packed into further rows, each as full
as it can be. The result depends on nothing but the matrix.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from wireproof._matrix._expand import Expansion

Tuple = tuple[tuple[int, int], ...]
"""Some axes, each with the index of one of its values."""

_OPEN = 64
"""So many of the rows that are not full are tried for one more tuple."""


def covering(expansion: Expansion, strength: int) -> array[int]:
    """Return the numbers of combinations, in order, in which every ``strength``-tuple of values occurs.

    A strength that is not lower than the number of axes gives the whole product.
    """
    if strength >= len(expansion.axes):
        return array("L", range(expansion.matrix.size))
    safe = _safe(expansion)
    order = sorted(range(len(expansion.axes)), key=lambda axis: -len(expansion.axes[axis].values))
    numbers = set(_product(expansion, order[:strength], order[strength:], safe))
    counted = Coverage(expansion, strength)
    counted.add(numbers)
    numbers.update(_packed(expansion, counted.missing(), safe))
    return array("L", sorted(numbers))


def _safe(expansion: Expansion) -> list[list[int]]:
    """Return for each axis the indices of the values that never raise; all of them where there is none such."""
    decisions = expansion.decisions
    found = []
    for at, axis in enumerate(expansion.axes):
        stride, count = decisions.strides[at], len(decisions.examples[at])
        guilty = {
            number // stride % count
            for number, decision in enumerate(decisions.by_class)
            if decision is not None and decision.guilty == axis.name
        }
        every = range(len(axis.values))
        found.append([index for index in every if decisions.classes[at][index] not in guilty] or list(every))
    return found


def _product(
    expansion: Expansion, base: Sequence[int], rest: Sequence[int], safe: Sequence[Sequence[int]]
) -> Iterator[int]:
    """Yield the product of the axes ``base``, with the safe values of the others dealt in turn."""
    ranked = [[*safe[at], *(set(range(len(expansion.axes[at].values))) - set(safe[at]))] for at in base]
    strides = expansion.strides
    for ranks in itertools.product(*(range(len(values)) for values in ranked)):
        number = sum(strides[at] * values[rank] for at, values, rank in zip(base, ranked, ranks, strict=True))
        turn = sum(ranks)
        for place, at in enumerate(rest):
            dealt = safe[at][(turn + place * ranks[-1]) % len(safe[at])]
            number += strides[at] * dealt
        yield number


@dataclass(slots=True)
class _Row:
    """A combination in the making: what stands at each axis (None: nothing yet), and whose tuples it has to show."""

    at: list[int | None]
    axes: list[frozenset[str]]


def _packed(expansion: Expansion, missing: Iterable[Tuple], safe: Sequence[Sequence[int]]) -> Iterator[int]:
    """Yield combinations that show all the tuples that are missing."""
    rows: list[_Row] = []
    open_: list[_Row] = []
    for wanted in missing:
        names = frozenset(expansion.axes[axis].name for axis, _ in wanted)
        for row in open_:
            if _takes(expansion, row, wanted, names, safe):
                break
        else:
            row = _Row([None] * len(expansion.axes), [])
            _takes(expansion, row, wanted, names, safe)
            rows.append(row)
            open_ = [*open_[-_OPEN:], row]
        if None not in row.at:
            open_.remove(row)
    return (_number(expansion, row.at, safe) for row in rows)


def _takes(
    expansion: Expansion, row: _Row, wanted: Tuple, names: frozenset[str], safe: Sequence[Sequence[int]]
) -> bool:
    """Put a tuple into a row if it fits there and everything in the row still shows."""
    if any(row.at[axis] not in (None, index) for axis, index in wanted):
        return False
    at = [*row.at]
    for axis, index in wanted:
        at[axis] = index
    guilty = expansion.decision(_number(expansion, at, safe)).guilty
    if row.axes and guilty and not all(guilty in axes for axes in (*row.axes, names)):
        return False
    row.at, row.axes = at, [*row.axes, names]
    return True


def _number(expansion: Expansion, at: Sequence[int | None], safe: Sequence[Sequence[int]]) -> int:
    filled = (safe[axis][0] if index is None else index for axis, index in enumerate(at))
    return expansion.number(filled)


class Coverage:
    """Which tuples of values occur in some combinations.

    Args:
        expansion: the matrix.
        strength: how many values make a tuple.
    """

    def __init__(self, expansion: Expansion, strength: int) -> None:
        self.expansion = expansion
        self.groups = list(itertools.combinations(range(len(expansion.axes)), min(strength, len(expansion.axes))))
        self.seen: list[set[int]] = [set() for _ in self.groups]
        names = [axis.name for axis in expansion.axes]
        self._shown = {name: [name in {names[at] for at in group} for group in self.groups] for name in names}
        self._shown[""] = [True] * len(self.groups)

    @property
    def total(self) -> int:
        """How many tuples there are."""
        return sum(map(self._size, self.groups))

    @property
    def covered(self) -> int:
        """How many of them occur."""
        return sum(map(len, self.seen))

    def add(self, numbers: Iterable[int]) -> None:
        """Count what these combinations cover."""
        decisions = self.expansion.decisions
        places = [
            (stride, len(axis.values)) for stride, axis in zip(self.expansion.strides, self.expansion.axes, strict=True)
        ]
        weights = [decisions.weights(axis.name) for axis in self.expansion.axes]
        shown = [self._shown[decision.guilty] if decision else () for decision in decisions.by_class]
        groups = [
            ([(at, places[at][1]) for at in group], seen.add)
            for group, seen in zip(self.groups, self.seen, strict=True)
        ]
        for number in numbers:
            indices = [number // stride % count for stride, count in places]
            at_class = 0
            for weight, index in zip(weights, indices, strict=True):
                at_class += weight[index]
            for (group, add), is_shown in zip(groups, shown[at_class], strict=True):
                if is_shown:
                    key = 0
                    for at, count in group:
                        key = key * count + indices[at]
                    add(key)

    def missing(self) -> Iterator[Tuple]:
        """Yield the tuples that do not occur, in order."""
        for group, seen in zip(self.groups, self.seen, strict=True):
            if len(seen) < self._size(group):
                for key, indices in enumerate(itertools.product(*(self._range(at) for at in group))):
                    if key not in seen:
                        yield tuple(zip(group, indices, strict=True))

    def _range(self, at: int) -> range:
        return range(len(self.expansion.axes[at].values))

    def _size(self, group: Sequence[int]) -> int:
        size = 1
        for at in group:
            size *= len(self._range(at))
        return size
