"""Which cases an entry of a baseline is about: patterns on ids, and an index that finds those which match.

A pattern without brackets is a glob on ids; one on the id of a matrix takes all its combinations. One with brackets,
``matrix/framing[method=get|put,body=!none|str-*]``, says of some axes which values they may have: any of the listed,
or, behind an exclamation mark, any but these. An axis that is not named may have any value.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wireproof._matrix import Expansion, taken_apart

_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern: a glob on ids of cases or matrices, and what it says of axes, where it does."""

    text: str
    name: str
    axes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Pattern:
        """Read a pattern.

        Raises:
            ValueError: what stands in its brackets is no list of axis=value.
        """
        parts = taken_apart(text)
        if text.startswith("matrix/") and "[" in text and parts is None:
            raise ValueError("brackets that are not matrix/NAME[axis=value,…]")
        return cls(text, *parts) if parts else cls(text, text)

    @property
    def is_literal(self) -> bool:
        """Whether it is the id of a hand-written case, and can match no other."""
        return not self.axes and not self.name.startswith("matrix/") and _WILD.search(self.name) is None

    def takes(self, axis: str, value: str) -> bool:
        """Say whether an axis may have this value."""
        words = self.axes.get(axis, "*")
        alternatives = words.removeprefix("!").split("|")
        return any(fnmatch.fnmatchcase(value, word) for word in alternatives) != words.startswith("!")


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


class Index:
    """Patterns, and which of them match an id: a number of which each bit stands for one, in their order."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = tuple(patterns)
        self._literal: dict[str, int] = {}
        self._globs: list[tuple[int, Pattern]] = []
        for at, pattern in enumerate(self.patterns):
            if pattern.is_literal:
                self._literal[pattern.name] = self._literal.get(pattern.name, 0) | 1 << at
            else:
                self._globs.append((1 << at, pattern))
        self._bases: dict[tuple[str, tuple[str, ...]], int] = {}
        self._values: dict[tuple[str, str], int] = {}

    def of(self, id_: str) -> int:
        """Return the patterns that match an id."""
        parts = taken_apart(id_) if id_.startswith("matrix/") else None
        if parts is None:
            found = self._literal.get(id_, 0)
            for bit, pattern in self._globs:
                if not pattern.axes and fnmatch.fnmatchcase(id_, pattern.name):
                    found |= bit
            return found
        found = self._base(parts[0], tuple(parts[1]))
        for pair in parts[1].items():
            found &= self._value(pair)
        return found

    def of_combinations(self, expansion: Expansion, numbers: Sequence[int]) -> Iterator[int]:
        """Yield the patterns that match each of these combinations."""
        base = self._base(expansion.matrix.id, tuple(axis.name for axis in expansion.axes))
        if not base:
            yield from (0 for _ in numbers)
            return
        axes = [
            (stride, len(axis.values), [self._value((axis.name, value.id)) for value in axis.values])
            for stride, axis in zip(expansion.strides, expansion.axes, strict=True)
        ]
        for number in numbers:
            found = base
            for stride, count, masks in axes:
                found &= masks[number // stride % count]
            yield found

    def _base(self, matrix: str, axes: tuple[str, ...]) -> int:
        """Return the patterns on a matrix with these axes."""
        known = self._bases.get((matrix, axes))
        if known is None:
            known = sum(
                bit
                for bit, pattern in self._globs
                if fnmatch.fnmatchcase(matrix, pattern.name) and pattern.axes.keys() <= set(axes)
            )
            self._bases[matrix, axes] = known
        return known

    def _value(self, pair: tuple[str, str]) -> int:
        """Return the patterns that let an axis have a value."""
        known = self._values.get(pair)
        if known is None:
            known = self._values[pair] = sum(bit for bit, pattern in self._globs if pattern.takes(*pair))
        return known
