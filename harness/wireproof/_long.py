"""Bodies that are too long to hold: compared with what is expected while they arrive, and let go.

Theory of operation. What is expected of such a body is a ``Pattern``: a few bytes that come again and again. While what
arrives is what is expected, each piece costs one comparison of memory, and nothing is kept but the first bytes
(``Comparison``). At the first byte that differs, what came so far is known without having been kept: it is gone through
once more from the pattern, and from there on everything is read in both ways in which a body can be read, as it is and
as chunks (``read``). That is enough to answer exactly what the contract and the RFC ask: a ``Reading`` says how much of
the content is the body's, and ``message`` makes of it the request that ``_wire.parse`` would make of all the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from wireproof._model import Blocks, Compared, Reading, Recipe, Sent
from wireproof._wire import (
    Body,
    Framing,
    Message,
    Problem,
    chunk_line,
    data_problem,
    head_end,
    length_problem,
    parse,
    parse_chunked,
)

HELD = 4 * 1024 * 1024
"""Blocks that have no more bytes than this in all are written out, and treated like any other bytes."""

READ = 256 * 1024
"""Bytes that are read and compared at once: few enough to stay in a cache of the processor."""

KEPT = 64 * 1024
"""Bytes of a long request that are kept, from the first one, or from one that cannot be read as a chunk."""

_SAMPLE = 96
_LINE = 16 * 1024
_LINES = 16
_CRLF = b"\r\n"


def written_out(blocks: Blocks) -> bytes | Blocks:
    """Return the bytes, or the blocks as they are where these are too many."""
    return blocks if blocks.length > HELD else blocks.data * blocks.count + blocks.end


def content_of(recipe: Recipe) -> Blocks:
    """Return the content of a body of the kind "blocks"."""
    data, count = recipe.get("data"), recipe.get("count")
    assert isinstance(data, bytes)
    assert isinstance(count, int)
    return Blocks(data, count)


class _Part(NamedTuple):
    """A stretch of a pattern: the bytes at an offset stand in ``source`` at the offset modulo ``period``."""

    start: int
    end: int
    source: bytes
    period: int


class Pattern:
    """A stream of bytes that is known although it is never held: a head, and blocks."""

    def __init__(self, blocks: Blocks, head: bytes = b"") -> None:
        self.length = len(head) + blocks.length
        times = min(blocks.count, max(1, READ // max(1, len(blocks.data))))
        unit = blocks.data * times
        # behind the unit its beginning stands once more, so that what is read at once is in one piece
        more = unit[:READ] if blocks.count > times else b""
        ends = len(head), self.length - len(blocks.end), self.length
        sources = (head, len(head)), (unit + more, len(unit)), (blocks.end, len(blocks.end))
        parts = zip((0, *ends), ends, sources, strict=False)
        self._parts = [_Part(start, end, *source) for start, end, source in parts if end > start]

    def same(self, piece: memoryview, at: int) -> int:
        """Return how many of the bytes that came at the offset ``at`` are those of the pattern, from the first on."""
        done = 0
        for source, offset, size in self._sources(at, len(piece)):
            if not source.startswith(piece[done : done + size], offset):
                return done + _same(piece[done : done + size], source, offset)
            done += size
        return done

    def pieces(self, end: int, start: int = 0) -> Iterator[memoryview]:
        """Yield the bytes from one offset to another, as far as there are any."""
        for source, offset, size in self._sources(start, end - start):
            yield memoryview(source)[offset : offset + size]

    def _sources(self, at: int, size: int) -> Iterator[tuple[bytes, int, int]]:
        """Yield where so many bytes from an offset on stand: source, offset there, and how many in a row."""
        stop = at + size
        for part in self._parts:
            while part.start <= at < min(stop, part.end):
                offset = (at - part.start) % part.period
                size = min(stop - at, part.end - at, len(part.source) - offset)
                yield part.source, offset, size
                at += size


def _same(piece: memoryview, source: bytes, offset: int) -> int:
    """Return how many bytes of the piece, from the first on, stand at the offset in the source."""
    low, high = 0, len(piece)
    while low < high:
        middle = (low + high + 1) // 2
        if source.startswith(piece[low:middle], offset + low):
            low = middle
        else:
            high = middle - 1
    return low


# reading a body ---------------------------------------------------------------------------------------------------


class _Content:
    """Content that passes, compared with the body's."""

    def __init__(self, content: Pattern) -> None:
        self._content, self.length, self.same, self._sample = content, 0, 0, bytearray()

    def feed(self, piece: memoryview) -> None:
        if self.same == self.length:
            self.same += self._content.same(piece, self.length)
        if self.same < self.length + len(piece) and len(self._sample) < _SAMPLE:
            fresh = piece[max(0, self.same - self.length) :]
            self._sample += fresh[: _SAMPLE - len(self._sample)]
        self.length += len(piece)

    def sent(self) -> Sent:
        return Sent(self.length, self.same, bytes(self._sample))


class _Chunks:
    """Chunks that pass. What is read next is a method, which takes a piece and says how much of it is read."""

    def __init__(self, content: Pattern) -> None:
        self.content = _Content(content)
        self.chunks = self.at = self.came = 0
        self.size: int | None = None
        self.rest, self.ending = bytearray(), bytearray()
        self.lines: dict[bytes, None] = {}
        self._next: Callable[[memoryview], int] = self._line

    def feed(self, piece: memoryview) -> None:
        while piece:
            piece = piece[self._next(piece) :]

    def _line(self, piece: memoryview) -> int:
        window = bytes(piece[:_LINE])
        end = window.find(b"\n") + 1
        self.rest += window[: end or _LINE]
        if end:
            self._begin(bytes(self.rest))
        elif len(self.rest) >= _LINE:
            self._next = self._anything
        return end or len(window)

    def _begin(self, line: bytes) -> None:
        """Go on behind a size line: with data, or, behind that of the last chunk or of none, with anything."""
        size = chunk_line(line).size
        self._next = self._data if size else self._anything
        if size:
            self.size, self.came = size, 0
        if len(self.lines) < _LINES and (not self.lines or line != b"%X\r\n" % (size or 0)):
            self.lines[line] = None

    def _data(self, piece: memoryview) -> int:
        size = self.size or 0
        data = piece[: size - self.came]
        self.content.feed(data)
        self.came += len(data)
        if self.came == size:
            self._next = self._end
        return len(data)

    def _end(self, piece: memoryview) -> int:
        came = piece[: len(_CRLF) - len(self.ending)]
        self.ending += came
        if self.ending == _CRLF:
            self.chunks += 1
            self.at += len(self.rest) + self.came + len(_CRLF)
            self.rest.clear()
            self.ending.clear()
            self.size, self._next = None, self._line
        elif len(self.ending) == len(_CRLF):
            self._next = self._nothing
        return len(came)

    def _anything(self, piece: memoryview) -> int:
        self.rest += piece[: max(0, KEPT - len(self.rest))]
        return len(piece)

    def _nothing(self, piece: memoryview) -> int:
        return len(piece)


class _Reader:
    """Reads the bytes after a head in both ways, and compares them with the expected ones."""

    def __init__(self, expected: Blocks, content: Blocks) -> None:
        meant = Pattern(content)
        self._framed, self._raw, self._chunks = _Content(Pattern(expected)), _Content(meant), _Chunks(meant)

    def feed(self, pieces: Iterable[memoryview]) -> None:
        for piece in pieces:
            self._framed.feed(piece)
            self._raw.feed(piece)
            self._chunks.feed(piece)

    def reading(self) -> Reading:
        chunks = self._chunks
        return Reading(
            framed=self._framed.sent(),
            raw=self._raw.sent(),
            decoded=chunks.content.sent(),
            chunks=chunks.chunks,
            at=chunks.at,
            rest=bytes(chunks.rest),
            size=chunks.size,
            came=chunks.came,
            ending=bytes(chunks.ending),
            lines=tuple(chunks.lines),
        )


def read(pieces: Iterable[memoryview], expected: Blocks, content: Blocks) -> Reading:
    """Return how the bytes after a head read, beside the expected ones and the content that the body has."""
    reader = _Reader(expected, content)
    reader.feed(pieces)
    return reader.reading()


# comparing a request ----------------------------------------------------------------------------------------------


class Comparison:
    """Compares one request with the expected one while it arrives.

    Args:
        head: the expected head.
        body: the bytes that are expected behind it.
        content: the content that the body has.
    """

    def __init__(self, head: bytes, body: Blocks, content: Blocks) -> None:
        self.total, self.same, self.kept = 0, 0, bytearray()
        self._head, self._body, self._content = head, body, content
        self._expected = Pattern(body, head)
        self._reader: _Reader | None = None

    def add(self, piece: memoryview) -> None:
        """Compare what arrived next; of what is no more than expected only the first bytes are kept."""
        start = self.total
        self.total += len(piece)
        self.kept += piece[: max(0, len(self._head) + KEPT - len(self.kept))]
        if self.same == start:
            self.same += self._expected.same(piece, start)
        if self._reader is not None:
            self._reader.feed((piece,))
        elif self.same < self.total:
            self._reader = self._begun(piece, start)

    def _begun(self, piece: memoryview, start: int) -> _Reader | None:
        """Return a reader that has read everything, ``piece`` included; None while the head has no end."""
        body = head_end(self._head if self.same >= len(self._head) else bytes(self.kept))
        if body is None:
            return None
        reader = _Reader(self._body, self._content)
        # before this piece everything was as expected, or no body had begun
        reader.feed(self._expected.pieces(start, body))
        reader.feed((piece[max(0, body - start) :],))
        return reader

    def result(self) -> Compared:
        """Return how it compares, as far as it has come."""
        if self.same == self.total == self._expected.length:
            return Compared(self.same)
        reader = self._reader or self._begun(memoryview(b""), self.total)
        return Compared(self.same, reader.reading() if reader is not None else None)


# a reading as a request -------------------------------------------------------------------------------------------


def message(kept: bytes, total: int, reading: Reading) -> Message:
    """Return the request that a server would make of all the bytes, of which the first ones were kept."""
    start = head_end(kept)
    assert start is not None, "what has a reading has a head"
    head = parse(kept[:start])
    body = _BODIES[head.framing](start, total, reading, head.declared)
    problems = [problem for problem in head.problems if problem.start < start]
    return replace(
        head,
        data=kept,
        unseen=total - len(kept),
        chunks=body.chunks,
        last=body.last,
        trailers=body.trailers,
        body_end=body.end,
        complete=body.complete,
        end=body.end,
        problems=(*problems, *body.problems),
    )


def _no_body(start: int, total: int, reading: Reading, declared: int | None) -> Body:
    return Body(b"", start, True)


def _length_body(start: int, total: int, reading: Reading, declared: int | None) -> Body:
    end = min(start + (declared or 0), total)
    if end - start == declared:
        return Body(b"", end, True)
    return Body(b"", end, False, problems=(length_problem(start, end, declared or 0),))


def _chunked_body(start: int, total: int, reading: Reading, declared: int | None) -> Body:
    return chunks(reading, start)


def _unframed(start: int, total: int, reading: Reading, declared: int | None) -> Body:
    return Body(b"", total, False)


_BODIES: Mapping[Framing, Callable[[int, int, Reading, int | None], Body]] = {
    "none": _no_body,
    "length": _length_body,
    "chunked": _chunked_body,
    "invalid": _unframed,
}


def chunks(reading: Reading, start: int = 0) -> Body:
    """Return the chunks that begin at ``start``, as ``_wire.parse_chunked`` reads them, without their data.

    Of the chunks with data there are only those whose size line was kept.
    """
    lines = tuple(chunk_line(line) for line in reading.lines)
    found = tuple(chunk for chunk in lines if chunk.size)
    at, total = start + reading.at, start + reading.raw.length
    if reading.size is not None:
        code, text = data_problem(reading.came, reading.size, reading.ending)
        problem = Problem(code, at, at + len(reading.rest) + reading.came, text)
        return Body(b"", total, False, found, problems=(problem,))
    body = parse_chunked(reading.rest)
    return Body(
        b"",
        at + body.end if body.complete else total,
        body.complete,
        found + tuple(chunk for chunk in body.chunks if chunk.size is None),
        body.last and replace(body.last, start=at + body.last.start, end=at + body.last.end),
        tuple(replace(each, start=at + each.start, end=at + each.end) for each in body.trailers),
        tuple(replace(each, start=at + each.start, end=at + each.end) for each in body.problems),
    )
