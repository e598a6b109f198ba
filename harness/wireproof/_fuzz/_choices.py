"""Choices: bytes, read one by one, each of which picks from a pool the value that lies as far in as the byte is large.

What is left out is zero, and zero picks the first, which is the simplest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def chance(percent: int) -> tuple[bool, ...]:
    """Return the pool of something that is so in so many of a hundred cases; the simplest is that it is not."""
    return (False,) * (100 - percent) + (True,) * percent


SELDOM, SOMETIMES, OFTEN = chance(8), chance(25), chance(50)


class Choices:
    """Picks from pools.

    Args:
        data: what is read.
    """

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data, self._position = data, 0

    def __call__(self, pool: Sequence[T]) -> T:
        """Return one value of the pool, which has at most 256."""
        byte = self._data[self._position] if self._position < len(self._data) else 0
        self._position += 1
        return pool[byte * len(pool) >> 8]


Maker = Callable[[Choices], T]
