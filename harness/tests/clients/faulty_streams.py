"""Clients with one fault each in what they make of iterables, and in how they write chunks. See ``faulty``."""

# ruff: noqa: D102 - the docstring of a class says what its methods do

from __future__ import annotations

import http.client
from contextlib import suppress
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from faithful import Changed, Client, Hooked, is_streamed

# iterables -----------------------------------------------------------------------------------------------------------


class EmptyPieceSent(Hooked):
    """Sends an empty element as a chunk of size 0, in mid-body."""

    def send_body(self, body: Any, chunked: Any) -> None:
        for piece in self.pieces(body):
            if chunked:
                self.send(self.chunk(piece))
            elif piece:
                self.send(piece)
        if chunked:
            self.send(self.last_chunk())


class FirstLost(Hooked):
    """Peeks at the first element of an iterable and forgets to send it."""

    def pieces(self, body: Any) -> Any:
        pieces = iter(super().pieces(body))
        if is_streamed(body):
            next(pieces, None)
        return pieces


class LastLost(Hooked):
    """Sends each element when the next one is there, so that the last one stays behind."""

    def pieces(self, body: Any) -> Any:
        pieces = iter(super().pieces(body))
        if not is_streamed(body):
            yield from pieces
            return
        held = next(pieces, None)
        for piece in pieces:
            yield held
            held = piece


class FirstTwice(Hooked):
    """Peeks at the first element of an iterable and sends it once more."""

    def pieces(self, body: Any) -> Any:
        pieces = iter(super().pieces(body))
        if is_streamed(body):
            first = next(pieces, b"")
            yield first
            yield first
        yield from pieces


class LengthPassFirst(Hooked):
    """Goes through an iterable a first time to see that all elements have a length."""

    def send_body(self, body: Any, chunked: Any) -> None:
        if is_streamed(body):
            for piece in body:
                len(piece)
        super().send_body(body, chunked)


class Collected(Hooked):
    """Takes all elements of an iterable before it sends the first one."""

    def pieces(self, body: Any) -> Any:
        pieces = super().pieces(body)
        return list(pieces) if is_streamed(body) else pieces


class Joined(Hooked):
    """Joins the elements of an iterable into one chunk."""

    def pieces(self, body: Any) -> Any:
        pieces = super().pieces(body)
        return (b"".join(pieces),) if is_streamed(body) else pieces


class JoinedWithLength(Client):
    """Joins the elements of an iterable and sends them with a Content-Length."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if is_streamed(body):
            body = b"".join(body)
        super()._send_request(method, url, body, headers, encode_chunked)


class StrElements(Hooked):
    """Encodes elements that are str instead of refusing them."""

    def pieces(self, body: Any) -> Any:
        for piece in super().pieces(body):
            yield piece.encode("latin-1") if isinstance(piece, str) and not hasattr(body, "read") else piece


class DictAsForm(Client):
    """Sends a dict as an HTML form."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(body, dict):
            body = urlencode(body)
        super()._send_request(method, url, body, headers, encode_chunked)


class StreamOfGetLost(Client):
    """Loses the streamed body of a GET."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if method == "GET" and (is_streamed(body) or hasattr(body, "read")):
            body = None
        super()._send_request(method, url, body, headers, encode_chunked)


class BodyOfDeleteLost(Client):
    """Sends no body with DELETE."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method, url, None if method == "DELETE" else body, headers, encode_chunked)


class FailureSwallowed(Hooked):
    """Swallows the exception of a generator and ends the body as if it were complete."""

    def pieces(self, body: Any) -> Any:
        with suppress(RuntimeError, ValueError, KeyError, OSError):
            yield from super().pieces(body)


class FailureEnded(Hooked):
    """Sends the last chunk in a finally, after a body that failed, too."""

    def send_body(self, body: Any, chunked: Any) -> None:
        try:
            super().send_body(body, False) if not chunked else self.send_chunks(body)
        finally:
            if chunked:
                self.send(self.last_chunk())

    def send_chunks(self, body: Any) -> None:
        for piece in self.pieces(body):
            if piece:
                self.send(self.chunk(piece))


class FailureWrapped(Hooked):
    """Turns what a body raises into an exception of its own."""

    def pieces(self, body: Any) -> Any:
        try:
            yield from super().pieces(body)
        except (RuntimeError, ValueError, KeyError) as error:
            raise http.client.HTTPException(str(error)) from error


class IterableNeedsLength(Hooked):
    """Asks an iterable for its length, which a generator does not have."""

    def pieces(self, body: Any) -> Any:
        return iter(super().pieces(body)) if not is_streamed(body) or len(body) >= 0 else ()


class NoneElementRefused(Hooked):
    """Leaves out empty elements by their length, so that None is refused where others skip it."""

    def send_body(self, body: Any, chunked: Any) -> None:
        for piece in self.pieces(body):
            if len(piece):
                self.send(self.chunk(piece) if chunked else piece)
        if chunked:
            self.send(self.last_chunk())


# chunks --------------------------------------------------------------------------------------------------------------


class DecimalSizes(Hooked):
    """Writes chunk sizes in decimal."""

    def chunk(self, piece: Any) -> Any:
        return b"%d\r\n" % len(piece) + piece + b"\r\n"


class LowerCaseSizes(Hooked):
    """Writes chunk sizes in lower-case hexadecimal, which the contract leaves free."""

    def chunk(self, piece: Any) -> Any:
        return b"%x\r\n" % len(piece) + piece + b"\r\n"


class PaddedSizes(Hooked):
    """Writes chunk sizes with four digits, which the contract leaves free."""

    def chunk(self, piece: Any) -> Any:
        return b"%04X\r\n" % len(piece) + piece + b"\r\n"


class PrefixedSizes(Hooked):
    """Writes chunk sizes as Python's hex() does."""

    def chunk(self, piece: Any) -> Any:
        return hex(len(piece)).encode() + b"\r\n" + piece + b"\r\n"


class SizeWithLineEnd(Hooked):
    """Counts the line end of a chunk as part of its data."""

    def chunk(self, piece: Any) -> Any:
        return b"%X\r\n" % (len(piece) + 2) + piece + b"\r\n"


class ChunkExtension(Hooked):
    """Adds an extension to each chunk, which the contract leaves free."""

    def chunk(self, piece: Any) -> Any:
        return b"%X;part=1\r\n" % len(piece) + piece + b"\r\n"


class ChunkUnended(Hooked):
    """Forgets the line end behind the data of a chunk."""

    def chunk(self, piece: Any) -> Any:
        return b"%X\r\n" % len(piece) + piece


class ChunksWithLineFeeds(Hooked):
    """Ends the lines of chunks with a line feed alone."""

    def chunk(self, piece: Any) -> Any:
        return b"%X\n" % len(piece) + piece + b"\n"

    def last_chunk(self) -> bytes:
        return b"0\n\n"


class NoLastChunk(Hooked):
    """Forgets the last chunk."""

    def last_chunk(self) -> bytes:
        return b""


class TwoLastChunks(Hooked):
    """Sends the last chunk twice."""

    def last_chunk(self) -> bytes:
        return b"0\r\n\r\n0\r\n\r\n"


class LastChunkCut(Hooked):
    """Forgets the empty line behind the last chunk."""

    def last_chunk(self) -> bytes:
        return b"0\r\n"


class Trailer(Hooked):
    """Sends a trailer field behind the last chunk."""

    def last_chunk(self) -> bytes:
        return b"0\r\nX-Checksum: 0\r\n\r\n"


class ChunkedTwice(Hooked):
    """Chunk-encodes what it has chunk-encoded before."""

    def chunk(self, piece: Any) -> Any:
        return super().chunk(super().chunk(piece))


class EmptyNotEnded(Hooked):
    """Sends the last chunk only if there were other ones."""

    def send_body(self, body: Any, chunked: Any) -> None:
        pieces = iter(self.pieces(body))
        first = next((piece for piece in pieces if piece), None)
        if first is not None:
            super().send_body(chain((first,), pieces), chunked)


class TrailerLength(Hooked):
    """Says behind the last chunk how long the body was."""

    length = 0

    def chunk(self, piece: Any) -> Any:
        self.length += len(piece)
        return super().chunk(piece)

    def last_chunk(self) -> bytes:
        return b"0\r\nContent-Length: %d\r\n\r\n" % self.length


class WholeInBlocks(Changed):
    """Cuts bytes that it chunk-encodes for encode_chunked into blocks."""

    def pieces(self, body: Any) -> Any:
        if isinstance(body, bytes) and not hasattr(body, "read") and self.call.flag and len(body) > self.blocksize:
            return (body[at : at + self.blocksize] for at in range(0, len(body), self.blocksize))
        return super().pieces(body)
