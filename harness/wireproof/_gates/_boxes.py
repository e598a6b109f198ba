"""Combinations → patterns that take exactly these, and as few patterns as are easily found.

A *box* lets each axis have some of its values. One is found from a combination that is to be taken: axis by axis every
value is added with which the box holds no combination that must not be in it. Of combinations that are neither to be
taken nor forbidden, because nobody ran them, a box may have any. Theory of operation: a set of combinations is one long
number, in which the bit of each combination is its number; so a box is put together, and held against what it must not
hold, in a few operations on long numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from wireproof._matrix import Expansion

_ORDERS = 4
"""So many orders of the axes are tried for each box; the first and biggest is taken."""

Box = tuple[tuple[int, ...], ...]
"""For each axis the indices of the values that it may have."""


def patterns(expansion: Expansion, wanted: Iterable[int], forbidden: Iterable[int]) -> list[str]:
    """Return patterns that match each of the wanted combinations, and none of the forbidden."""
    return [_text(expansion, box) for box in boxes(expansion, _set(wanted), _set(forbidden))]


def boxes(expansion: Expansion, wanted: int, forbidden: int) -> Iterator[Box]:
    """Yield boxes that have all of a set of combinations between them, and none of another."""
    counts = [len(axis.values) for axis in expansion.axes]
    orders = _orders(len(counts))
    left = wanted
    while left:
        seed = expansion.indices((left & -left).bit_length() - 1)
        found = (_grown(expansion.strides, counts, seed, order, forbidden) for order in orders)
        best, filled = max(
            ((box, _filled(expansion.strides, box)) for box in dict.fromkeys(found)),
            key=lambda pair: (pair[1] & left).bit_count(),
        )
        left &= ~filled
        yield best


def _orders(count: int) -> list[tuple[int, ...]]:
    every = list(itertools.permutations(range(count)))
    return every[:: max(1, len(every) // _ORDERS)]


def _set(numbers: Iterable[int]) -> int:
    """Return combinations as one long number."""
    every = list(numbers)
    room = bytearray(max(every, default=0) // 8 + 1)
    for number in every:
        room[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(room, "little")


def _grown(
    strides: Sequence[int], counts: Sequence[int], seed: Sequence[int], order: Sequence[int], forbidden: int
) -> Box:
    """Return the box around a combination that grows in one order of the axes."""
    box: list[tuple[int, ...]] = [(index,) for index in seed]
    for axis in order:
        flat = _filled(strides, [indices if at != axis else (0,) for at, indices in enumerate(box)])
        stride = strides[axis]
        box[axis] = tuple(value for value in range(counts[axis]) if not forbidden >> value * stride & flat)
    return tuple(box)


def _filled(strides: Sequence[int], box: Sequence[Sequence[int]]) -> int:
    """Return the combinations of a box as one long number."""
    filled = 1
    for stride, indices in zip(reversed(strides), reversed(box), strict=True):
        one, filled = filled, 0
        for index in indices:
            filled |= one << index * stride
    return filled


def _text(expansion: Expansion, box: Box) -> str:
    """Return the pattern of a box; the shorter of what an axis may be, and what it may not."""
    words = []
    for axis, indices in zip(expansion.axes, box, strict=True):
        ids = [value.id for value in axis.values]
        if len(indices) == len(ids):
            continue
        listed, others = [ids[at] for at in indices], [id_ for at, id_ in enumerate(ids) if at not in indices]
        text, negated = "|".join(listed), "!" + "|".join(others)
        words.append(f"{axis.name}={min(text, negated, key=len)}")
    return f"{expansion.matrix.id}[{','.join(words)}]" if words else expansion.matrix.id
