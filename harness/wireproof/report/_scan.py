"""JSON read in pieces, so that a document of any size needs no more memory than its largest value.

The text is kept with one character a byte, so that places in it are places in the file. What is no ASCII in a value is
decoded when the value is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from json.decoder import JSONDecoder
from typing import Any, BinaryIO

_PIECE = 1 << 18
_BLANK = " \t\r\n"
_AFTER = (*_BLANK, ",", ":", "]", "}")


class Scanner:
    """Reads one document from its start to its end. All of its methods raise ValueError where it is no JSON.

    ``at`` is the place in the file.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._text = ""
        self._start = 0
        self._next = 0
        self._decoder = JSONDecoder()

    @property
    def at(self) -> int:
        """The place in the file of the next character."""
        return self._start + self._next

    def members(self) -> Iterator[str]:
        """Yield the names of an object's members; whoever is told one has to read its value before the next."""
        for _ in self._elements("{", "}"):
            if self.peek() != '"':
                raise ValueError("no name")
            name = self.value()
            self._take(":")
            yield name

    def items(self) -> Iterator[None]:
        """Yield for each element of an array, which has to be read before the next."""
        yield from self._elements("[", "]")

    def _elements(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if self.peek() != closing:
            yield
            while self.peek() == ",":
                self._take(",")
                yield
        self._take(closing)

    def value(self) -> Any:
        """Return the next value."""
        self.peek()
        more = _PIECE
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._next)
                # a number may go on in what was not read yet
                if self._text[end : end + 1] in _AFTER or not self._fill(more):
                    break
            except ValueError:
                if not self._fill(more):
                    raise
            more *= 2
        text, self._next = self._text[self._next : end], end
        return found if text.isascii() else json.loads(text.encode("latin-1"))

    def end(self) -> None:
        """Insist on the end of the document."""
        if self.peek():
            raise ValueError("more than one document")

    def _take(self, char: str) -> None:
        if self.peek() != char:
            raise ValueError(f"no {char}")
        self._next += 1

    def peek(self) -> str:
        """Return the next character that is no blank, "" at the end of the file."""
        while True:
            while self._next < len(self._text) and self._text[self._next] in _BLANK:
                self._next += 1
            if self._next < len(self._text):
                return self._text[self._next]
            if not self._fill(_PIECE):
                return ""

    def _fill(self, size: int) -> bool:
        """Read on; what was read before is forgotten. Say whether there was anything."""
        data = self._file.read(size)
        if self._next:
            self._text, self._start, self._next = self._text[self._next :], self._start + self._next, 0
        self._text += data.decode("latin-1")
        return bool(data)
