"""The classes of objects that recipes describe and that the standard library has none for; what they do, no recipes."""

from __future__ import annotations

import array
import collections.abc
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

ENDLESS = 8 * 1024 * 1024
"""After so many bytes an endless body ends, should nobody hang up."""


@dataclass(slots=True)
class Raise:
    """Stands where an exception is raised instead of a piece being given."""

    error: type[Exception]


class Pieces:
    """Elements or reads, taken one by one: counts them, and raises where a recipe says so."""

    __slots__ = ("begun", "on_piece", "taken", "values")

    def __init__(self, values: tuple[Any, ...], on_piece: Callable[[int], None] | None) -> None:
        self.values, self.on_piece, self.taken, self.begun = values, on_piece, 0, 0

    def __len__(self) -> int:
        return len(self.values)

    def take(self, index: int) -> Any:
        """Return the value at ``index``; IndexError past the end."""
        if index >= len(self.values):
            raise IndexError(index)
        if self.on_piece is not None:
            self.on_piece(index)
        value = self.values[index]
        if isinstance(value, Raise):
            raise value.error("raised by the body")
        self.taken = max(self.taken, index + 1)
        return value

    def __iter__(self) -> Iterator[Any]:
        for index in range(len(self.values)):
            yield self.take(index)


class Reads:
    """The read() of scripted files: gives the pieces in turn, then ``end``; keeps the sizes asked for."""

    __slots__ = ("end", "pieces", "sizes")

    def __init__(self, values: tuple[Any, ...], on_piece: Callable[[int], None] | None, end: object) -> None:
        self.pieces, self.end, self.sizes = Pieces(values, on_piece), end, list[int | None]()

    def read(self, size: int | None) -> Any:
        self.sizes.append(size)
        try:
            return self.pieces.take(len(self.sizes) - 1)
        except IndexError:
            return self.end


class Endless:
    """Repeats a piece, and counts."""

    def __init__(self, piece: bytes) -> None:
        self.piece, self.taken = piece, 0

    def __iter__(self) -> Iterator[bytes]:
        while self.taken * len(self.piece) < ENDLESS:
            self.taken += 1
            yield self.piece


class Repeated:
    """Gives a piece so many times, and counts."""

    def __init__(self, piece: bytes, times: int) -> None:
        self.piece, self.times, self.taken = piece, times, 0

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.times):
            self.taken += 1
            yield self.piece


class Reader:
    """Has nothing but read()."""

    _reads: Reads

    def read(self, size: int | None = None) -> Any:
        """Return the next piece."""
        return self._reads.read(size)


class TextReader(Reader, io.TextIOBase):
    """A text file that is one by its class."""


class RawReader(io.RawIOBase):
    """A raw file; its read() has the default size of one."""

    _reads: Reads

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> Any:
        """Return the next piece."""
        return self._reads.read(size)


class Iterated:
    """Counts how often it is iterated over."""

    _pieces: Pieces

    def __iter__(self) -> Any:
        self._pieces.begun += 1
        return iter(self._pieces)


class Iterable_(Iterated):
    """Has nothing but __iter__."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces


class Sequence_(Iterable_, collections.abc.Sequence):  # type: ignore[type-arg]
    """A sequence of its own."""

    def __len__(self) -> int:
        return len(self._pieces)

    def __getitem__(self, index: Any) -> Any:
        return self._pieces.take(index)


class OnlyGetitem:
    """Has nothing but __getitem__."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    def __getitem__(self, index: int) -> Any:
        return self._pieces.take(index)


class Iterating:
    """An iterator of its own."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces, self._position = pieces, 0

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        try:
            value = self._pieces.take(self._position)
        except IndexError:
            raise StopIteration from None
        self._position += 1
        return value


class BytesWithIter(Iterated, bytes):
    """Bytes whose __iter__ gives other items."""


class BytesWithRead(Reader, bytes):
    """Bytes that are a file, too."""


class StrWithRead(Reader, str):
    """A str that is a file, too."""


class ArrayWithRead(Reader, array.array):  # type: ignore[type-arg]
    """An array that is a file, too."""


class IterableWithRead(Reader, Iterated):
    """An iterable that is a file, too."""


class ListWithRead(Reader, list):  # type: ignore[type-arg]
    """A list that is a file, too."""

    _pieces: Pieces

    def __iter__(self) -> Any:
        self._pieces.begun += 1
        return super().__iter__()


class OnlyItems:
    """Has nothing but __iter__ and items()."""

    def __init__(self, pairs: tuple[tuple[Any, Any], ...]) -> None:
        self._pairs = pairs

    def __iter__(self) -> Any:
        return iter([name for name, _ in self._pairs])

    def items(self) -> Any:
        """Return the pairs."""
        return list(self._pairs)
