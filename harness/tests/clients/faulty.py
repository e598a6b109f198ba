"""Clients with one fault each; ``test_detection`` says of every one what its explanation must name.

They are what people really write: a method replaced in a subclass, a shortcut, a check that forgets a case. The parts
that a client leaves alone are faithful (see ``faithful``), so that whatever is found is its fault.
"""

# ruff: noqa: B006, D102 - {} is the default of request itself, and the docstring of a class says what its methods do

from __future__ import annotations

import http.client
import io
import os
import posixpath
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

from faithful import Client, Hooked, Scratch

import wireproof_reference


def _is_streamed(body: Any) -> bool:
    """Say whether a body is an iterable and nothing else."""
    if body is None or isinstance(body, str) or hasattr(body, "read"):
        return False
    try:
        memoryview(body)
    except TypeError:
        return hasattr(body, "__iter__") or hasattr(body, "__getitem__")
    return False


# text bodies -------------------------------------------------------------------------------------------------------


class TextAsUtf8(Client):
    """Encodes str bodies as UTF-8."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(body, str):
            body = body.encode("utf-8")
        super()._send_request(method, url, body, headers, encode_chunked)


class TextCountedInCharacters(Hooked):
    """Sends str bodies as UTF-8 and writes the number of characters into Content-Length."""

    def encode_text(self, text: str) -> bytes:
        return text.encode("utf-8")


class TextReplaced(Hooked):
    """Puts question marks in place of what ISO-8859-1 lacks."""

    def encode_text(self, text: str) -> bytes:
        return text.encode("latin-1", "replace")


class TextAsAscii(Hooked):
    """Encodes str bodies as ASCII."""

    def encode_text(self, text: str) -> bytes:
        return text.encode("ascii")


class TextAsWindows1252(Hooked):
    """Takes Windows-1252 for ISO-8859-1."""

    def encode_text(self, text: str) -> bytes:
        return text.encode("cp1252")


class TextNewlines(Client):
    """Turns the line feeds of str bodies into CRLF."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(body, str):
            body = re.sub("(?<!\r)\n", "\r\n", body)
        super()._send_request(method, url, body, headers, encode_chunked)


class TextStripped(Client):
    """Strips white space around str bodies."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(body, str):
            body = body.strip()
        super()._send_request(method, url, body, headers, encode_chunked)


class TextSubclassRefused(Client):
    """Asks whether the type of the body is str, so that a subclass of str passes for an iterable."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(body, str) and type(body) is not str and not hasattr(body, "read"):
            body = iter(body)
        super()._send_request(method, url, body, headers, encode_chunked)


# buffers -----------------------------------------------------------------------------------------------------------


class ItemsAsLength(Client):
    """Writes the item count of a memoryview, or of an array, into Content-Length."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        length = Client._get_content_length(body, method)
        return length if length is None or body is None else len(body)


class StridesIgnored(Hooked):
    """Sends as many bytes of the memory as a memoryview has, whatever its strides are."""

    def pieces(self, body: Any) -> Any:
        if isinstance(body, memoryview) and not body.c_contiguous:
            return (bytes(body.obj)[: body.nbytes],)
        return super().pieces(body)


class OnlyBytes(Hooked):
    """Takes bytes, bytearray and memoryview for buffers, and iterates over all others."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        if body is None or isinstance(body, str | bytes | bytearray | memoryview):
            return Client._get_content_length(body, method)
        return None

    def pieces(self, body: Any) -> Any:
        if hasattr(body, "read") or isinstance(body, bytes | bytearray | memoryview):
            return super().pieces(body)
        return iter(body)


class BufferClipped(Hooked):
    """Loses what a bytes-like body has beyond 64 KiB less one."""

    def pieces(self, body: Any) -> Any:
        if isinstance(body, bytes | bytearray) and not hasattr(body, "read"):
            return (body[:65535],)
        return super().pieces(body)


class BufferConsumed(Hooked):
    """Empties the caller's bytearray while it sends it."""

    def send_body(self, body: Any, chunked: Any) -> None:
        super().send_body(body, chunked)
        if isinstance(body, bytearray):
            body.clear()


class BufferBeforeFile(Hooked):
    """Prefers the buffer of an object that can be read, too: an mmap is sent from its start."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        try:
            return memoryview(body).nbytes
        except TypeError:
            return Client._get_content_length(body, method)

    def pieces(self, body: Any) -> Any:
        try:
            memoryview(body)
        except TypeError:
            return super().pieces(body)
        return (body,)


# files -------------------------------------------------------------------------------------------------------------


class FileRewound(Hooked):
    """Rewinds the file before it reads it."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        if hasattr(readable, "seek"):
            with suppress(OSError):
                readable.seek(0)
        return super()._read_readable(readable)


class FilePutBack(Hooked):
    """Puts the file back to where it stood."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        try:
            position = readable.tell()
        except (AttributeError, OSError):
            position = None
        yield from super()._read_readable(readable)
        if position is not None:
            readable.seek(position)


class FileClosed(Hooked):
    """Closes the file when it has been sent."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        yield from super()._read_readable(readable)
        if hasattr(readable, "close"):
            readable.close()


class FileSizeFromFstat(Client):
    """Gives a real file a Content-Length, that of the whole file, as http.client did before 3.6."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        length = Client._get_content_length(body, method)
        if length is None and hasattr(body, "fileno"):
            try:
                return os.fstat(body.fileno()).st_size
            except (OSError, io.UnsupportedOperation):
                pass
        return length


class FileSizeFromSeek(Client):
    """Gives a file that can seek a Content-Length, and the right one."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        length = Client._get_content_length(body, method)
        if length is None and hasattr(body, "seek") and not isinstance(body, io.TextIOBase):
            try:
                position = body.tell()
                body.seek(0, os.SEEK_END)
                end = body.tell()
                body.seek(position)
            except OSError:
                return None
            return max(0, end - position)
        return length


class LargerBlocks(Hooked):
    """Reads files in blocks of 16 KiB, whatever blocksize says."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        self.blocksize = 16384
        return super()._read_readable(readable)


class WholeFile(Hooked):
    """Reads a file with a single read() of everything."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        block = readable.read(-1)
        if block:
            yield self.encode_block(readable, block) if isinstance(readable, io.TextIOBase) else block


class FileByLines(Hooked):
    """Sends a file line by line."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        if isinstance(readable, io.BufferedIOBase):
            return iter(readable)
        return super()._read_readable(readable)


class ShortReadEnds(Hooked):
    """Takes a read that is shorter than asked for as the end of the file."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        for block in super()._read_readable(readable):
            yield block
            if len(block) < self.blocksize:
                break


class TextFileAsUtf8(Hooked):
    """Encodes text files as UTF-8."""

    def encode_block(self, readable: Any, block: str) -> bytes:
        return block.encode("utf-8")


class TextFileInItsEncoding(Hooked):
    """Encodes text files in the encoding that they have on disk."""

    def encode_block(self, readable: Any, block: str) -> bytes:
        return block.encode(getattr(readable, "encoding", None) or "latin-1")


class AnyTextReader(Hooked):
    """Encodes whatever str a read() returns, also where the file is no io.TextIOBase."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        while block := readable.read(self.blocksize):
            yield block.encode("latin-1") if isinstance(block, str) else block


class FileNeedsSeek(Hooked):
    """Insists on files that can seek."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        readable.seek(readable.tell())
        return super()._read_readable(readable)


class FileCutToLength(Hooked):
    """Reads no more of a file than the caller's Content-Length says."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        left = self.limit
        for block in super()._read_readable(readable):
            yield block[:left]
            left = None if left is None else max(0, left - len(block))

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        lengths = [
            str(value)
            for name, value in headers.items()
            if name.lower() == "content-length" and not isinstance(value, bytes)
        ]
        self.limit = int(lengths[0]) if lengths and lengths[0].isdecimal() else None
        return found


# iterables ---------------------------------------------------------------------------------------------------------


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
        if _is_streamed(body):
            next(pieces, None)
        return pieces


class LastLost(Hooked):
    """Sends each element when the next one is there, so that the last one stays behind."""

    def pieces(self, body: Any) -> Any:
        pieces = iter(super().pieces(body))
        if not _is_streamed(body):
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
        if _is_streamed(body):
            first = next(pieces, b"")
            yield first
            yield first
        yield from pieces


class LengthPassFirst(Hooked):
    """Goes through an iterable a first time to see that all elements have a length."""

    def send_body(self, body: Any, chunked: Any) -> None:
        if _is_streamed(body):
            for piece in body:
                len(piece)
        super().send_body(body, chunked)


class Collected(Hooked):
    """Takes all elements of an iterable before it sends the first one."""

    def pieces(self, body: Any) -> Any:
        pieces = super().pieces(body)
        return list(pieces) if _is_streamed(body) else pieces


class Joined(Hooked):
    """Joins the elements of an iterable into one chunk."""

    def pieces(self, body: Any) -> Any:
        pieces = super().pieces(body)
        return (b"".join(pieces),) if _is_streamed(body) else pieces


class JoinedWithLength(Client):
    """Joins the elements of an iterable and sends them with a Content-Length."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if _is_streamed(body):
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
        if method == "GET" and (_is_streamed(body) or hasattr(body, "read")):
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


# chunks ------------------------------------------------------------------------------------------------------------


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


# framing -----------------------------------------------------------------------------------------------------------


class NoZeroForPatch(Client):
    """Forgets Content-Length: 0 for PATCH."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        if body is None and method.upper() == "PATCH":
            return None
        return Client._get_content_length(body, method)


class ZeroForGet(Client):
    """Sends Content-Length: 0 with every method that has no body."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        return 0 if body is None else Client._get_content_length(body, method)


class ZeroInUpperCase(Client):
    """Compares the method as it is given, so that post gets no Content-Length: 0."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        if body is None and method not in ("PUT", "POST", "PATCH"):
            return None
        return Client._get_content_length(body, method)


class EmptyIsNone(Client):
    """Takes an empty str or bytes body for none."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(body, str | bytes) and not body and not hasattr(body, "read"):
            body = None
        super()._send_request(method, url, body, headers, encode_chunked)


class Unframed(Hooked):
    """Announces Transfer-Encoding: chunked and sends the body as it is."""

    def send_body(self, body: Any, chunked: Any) -> None:
        super().send_body(body, False)


class TextChunked(Hooked):
    """Chunk-encodes text, whose length is known."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        return None if isinstance(body, str) else Client._get_content_length(body, method)


class NeitherField(Hooked):
    """Sends a file without Content-Length and without Transfer-Encoding."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        if hasattr(body, "read") and not given & {"content-length", "transfer-encoding"}:
            return False
        return super().frame(method, body, given, flag)


class BothFields(Hooked):
    """Adds Content-Length and Transfer-Encoding to a list."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        if isinstance(body, list) and not given & {"content-length", "transfer-encoding"}:
            self.putheader("Content-Length", str(sum(map(len, body))))
        return super().frame(method, body, given, flag)


class LengthTwice(Hooked):
    """Adds a Content-Length to the caller's."""

    def given(self, headers: Any) -> frozenset[str]:
        return super().given(headers) - {"content-length"}


class LengthCorrected(Client):
    """Puts the right number in place of a wrong Content-Length of the caller's."""

    def putheader(self, header: Any, *values: Any) -> None:
        name = header.decode("latin-1") if isinstance(header, bytes) else header
        if isinstance(name, str) and name.lower() == "content-length" and self.length is not None:
            values = (str(self.length),)
        super().putheader(header, *values)

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        is_known = isinstance(body, str | bytes) and not hasattr(body, "read")
        self.length = len(body) if is_known else None
        super()._send_request(method, url, body, headers, encode_chunked)


class CodingDropped(Hooked):
    """Takes the caller's Transfer-Encoding away and frames the body itself."""

    def given(self, headers: Any) -> frozenset[str]:
        return super().given(headers) - {"transfer-encoding"}

    def putheader(self, header: Any, *values: Any) -> None:
        if isinstance(header, str) and header.lower() == "transfer-encoding" and self.is_framed:
            return
        self.is_framed |= isinstance(header, str) and header.lower() in ("transfer-encoding", "content-length")
        super().putheader(header, *values)

    def putrequest(self, *arguments: Any, **keywords: Any) -> None:
        self.is_framed = False
        super().putrequest(*arguments, **keywords)


class _CaseSensitive(Hooked):
    """Knows a header of the caller's only if it is written in the usual way."""

    watched: ClassVar[str]

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        is_usual = any(isinstance(name, str) and name == self.watched for name in headers)
        return found if is_usual else found - {self.watched.lower()}


class LengthCaseSensitive(_CaseSensitive):
    """Knows the caller's Content-Length only if it is written so."""

    watched = "Content-Length"


class CodingCaseSensitive(_CaseSensitive):
    """Knows the caller's Transfer-Encoding only if it is written so."""

    watched = "Transfer-Encoding"


class HostCaseSensitive(_CaseSensitive):
    """Knows the caller's Host only if it is written so."""

    watched = "Host"


class AcceptEncodingCaseSensitive(_CaseSensitive):
    """Knows the caller's Accept-Encoding only if it is written so."""

    watched = "Accept-Encoding"


# encode_chunked ----------------------------------------------------------------------------------------------------


class FlagIgnored(Client):
    """Ignores encode_chunked."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method, url, body, headers, False)


class FlagUnknown(Client):
    """Has no encode_chunked, as before Python 3.6."""

    def request(self, method: Any, url: Any, body: Any = None, headers: Any = {}) -> None:  # type: ignore[override]
        super().request(method, url, body, headers)


class FlagByPosition(Client):
    """Takes encode_chunked by position, too."""

    def request(
        self,
        method: Any,
        url: Any,
        body: Any = None,
        headers: Any = {},
        encode_chunked: Any = False,
    ) -> None:
        super().request(method, url, body, headers, encode_chunked=encode_chunked)


class FlagIsTrue(Client):
    """Asks whether encode_chunked is True, so that other true values do not count."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method, url, body, headers, encode_chunked is True)


class FlagByDefault(Client):
    """Chunk-encodes under the caller's Transfer-Encoding unless it is told not to."""

    def request(
        self,
        method: Any,
        url: Any,
        body: Any = None,
        headers: Any = {},
        *,
        encode_chunked: Any = True,
    ) -> None:
        super().request(method, url, body, headers, encode_chunked=encode_chunked)


class FlagAlone(Hooked):
    """Chunk-encodes for encode_chunked although there is no Transfer-Encoding."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        return super().frame(method, body, given, flag) or (flag and "content-length" not in given)


class FlagWithLength(Hooked):
    """Chunk-encodes for encode_chunked although the caller gave a Content-Length."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        return flag if "content-length" in given else super().frame(method, body, given, flag)


class CodingInspected(Hooked):
    """Chunk-encodes only if the value of the caller's Transfer-Encoding is chunked."""

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        codings = [value for name, value in headers.items() if name.lower() == "transfer-encoding"]
        self.is_other = bool(codings) and codings[0] not in ("chunked", b"chunked")
        return found

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        return super().frame(method, body, given, flag) and not self.is_other


# headers -----------------------------------------------------------------------------------------------------------


class HeadersSorted(Client):
    """Sorts the headers."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(headers, dict):
            headers = dict(sorted(headers.items(), key=lambda item: repr(item[0]).lower()))
        super()._send_request(method, url, body, headers, encode_chunked)


class AcceptEncodingFirst(Hooked):
    """Sends Accept-Encoding before Host, an order that the contract leaves free."""

    def send_head(self, lines: list[bytes]) -> None:
        if lines[1].startswith(b"Host:") and lines[2].startswith(b"Accept-Encoding:"):
            lines[1:3] = [lines[2], lines[1]]
        super().send_head(lines)


class FramingLast(Hooked):
    """Sends the field that frames the body behind the caller's, an order that the contract leaves free."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        before = len(self._buffer)
        chunked = super().frame(method, body, given, flag)
        self.late, self._buffer[before:] = self._buffer[before:], []
        return chunked

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([*lines[:-2], *self.late, *lines[-2:]])


class ValuesStripped(Client):
    """Strips white space around the values of headers."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(value.strip(" \t") if isinstance(value, str) else value for value in values))


class NamesTitled(Client):
    """Writes the names of headers in title case."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header.title() if isinstance(header, str | bytes) else header, *values)


class NamesLowered(Client):
    """Writes the names of headers in lower case, as for HTTP/2."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header.lower() if isinstance(header, str | bytes) else header, *values)


class RepeatsLost(Client):
    """Makes a dict of the headers, so that of a repeated one only the last is left."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if hasattr(headers, "get_all"):
            headers = dict(headers.items())
        super()._send_request(method, url, body, headers, encode_chunked)


class RepeatsJoined(Hooked):
    """Joins repeated headers with commas."""

    def send_head(self, lines: list[bytes]) -> None:
        fields: dict[bytes, bytes] = {}
        for line in lines[1:-2]:
            name, _, value = line.partition(b": ")
            fields[name] = fields[name] + b", " + value if name in fields else value
        super().send_head([lines[0], *(name + b": " + value for name, value in fields.items()), *lines[-2:]])


class ValuesAsUtf8(Client):
    """Encodes the values of headers as UTF-8."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(value.encode() if isinstance(value, str) else value for value in values))


class ValuesAsAscii(Client):
    """Encodes the values of headers as ASCII."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(value.encode("ascii") if isinstance(value, str) else value for value in values))


class BytesAsRepr(Client):
    """Writes a value that is bytes in Python's notation."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(headers, dict):
            headers = {name: repr(value) if isinstance(value, bytes) else value for name, value in headers.items()}
        super()._send_request(method, url, body, headers, encode_chunked)


class IntInHexadecimal(Client):
    """Writes a value that is an int in hexadecimal."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(hex(value) if isinstance(value, int) else value for value in values))


class BoolAsNumber(Client):
    """Writes True and False as numbers."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(int(value) if isinstance(value, bool) else value for value in values))


class IntRefused(Client):
    """Refuses values that are int."""

    def putheader(self, header: Any, *values: Any) -> None:
        if any(isinstance(value, int) for value in values):
            raise TypeError("values are str or bytes")
        super().putheader(header, *values)


class EmptyValuesDropped(Client):
    """Leaves out headers without a value."""

    def putheader(self, header: Any, *values: Any) -> None:
        if values != ("",) and (not isinstance(values[0], bytes) or values[0]):
            super().putheader(header, *values)


class ValuesUnfolded(Client):
    """Makes one line of a folded value."""

    def putheader(self, header: Any, *values: Any) -> None:
        folds = (re.sub(r"\r?\n[ \t]+|\r[ \t]+", " ", value) if isinstance(value, str) else value for value in values)
        super().putheader(header, *folds)


class ValuesInjectable(Client):
    """Accepts line breaks in the values of headers."""

    def putheader(self, header: Any, *values: Any) -> None:
        value = values[0]
        if isinstance(value, str) and re.search(r"[\r\n](?![ \t])", value) and header.isascii():
            super().putheader(header, "")
            self._buffer[-1] += value.encode("latin-1")
        else:
            super().putheader(header, *values)


class NamesInjectable(Client):
    """Accepts line breaks and colons in the names of headers."""

    def putheader(self, header: Any, *values: Any) -> None:
        if isinstance(header, str) and re.search(r"[:\r\n]", header) and header.isascii():
            super().putheader("X", *values)
            self._buffer[-1] = header.encode("ascii") + self._buffer[-1][1:]
        else:
            super().putheader(header, *values)


class HeadersNoneAccepted(Client):
    """Takes None for no headers."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method, url, body, {} if headers is None else headers, encode_chunked)


class HeadersListAccepted(Client):
    """Takes a list of pairs for headers."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(
            method, url, body, dict(headers) if isinstance(headers, list) else headers, encode_chunked
        )


class HeadersLookedUp(Client):
    """Looks headers up by name, which not every mapping can."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        headers.get("Host")
        super()._send_request(method, url, body, headers, encode_chunked)


class HeadersMutated(Client):
    """Writes the Content-Length that it computes into the caller's dict."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method, url, body, headers, encode_chunked)
        if isinstance(headers, dict) and headers and isinstance(body, str):
            headers.setdefault("Content-Length", str(len(body)))


class UserAgentAdded(Hooked):
    """Adds User-Agent."""

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([*lines[:-2], b"User-Agent: faulty/1.0", *lines[-2:]])


class ConnectionAdded(Hooked):
    """Adds Connection: keep-alive."""

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([*lines[:-2], b"Connection: keep-alive", *lines[-2:]])


class ContentTypeAdded(Hooked):
    """Adds a Content-Type to text."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        chunked = super().frame(method, body, given, flag)
        if isinstance(body, str) and "content-type" not in given:
            self.putheader("Content-Type", "text/plain")
        return chunked


class ExpectAdded(Hooked):
    """Adds Expect: 100-continue to bodies of more than a kilobyte, as curl did."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        chunked = super().frame(method, body, given, flag)
        if isinstance(body, str | bytes) and len(body) > 1024:
            self.putheader("Expect", "100-continue")
        return chunked


class NoSpaceAfterColon(Hooked):
    """Leaves out the space behind the colon."""

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([lines[0], *(line.replace(b": ", b":", 1) for line in lines[1:])])


# request line and Host ---------------------------------------------------------------------------------------------


class MethodUpperCased(Client):
    """Puts the method into upper case."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method.upper() if isinstance(method, str) else method, url, body, headers, encode_chunked)


class MethodInjectable(Client):
    """Accepts line breaks in the method."""

    def _validate_method(self, method: str) -> None:
        """Accept whatever can be formatted."""


class UrlQuoted(Client):
    """Percent-encodes the url."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(url, str) and url.isascii() and url.isprintable() and " " not in url:
            url = quote(url, safe="/:@?=&%#[]*,;+$!'()~")
        super()._send_request(method, url, body, headers, encode_chunked)


class SpaceQuoted(Client):
    """Percent-encodes spaces of the url instead of refusing them."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        url = url.replace(" ", "%20") if isinstance(url, str) else url
        super()._send_request(method, url, body, headers, encode_chunked)


class UrlNormalised(Client):
    """Resolves dots and doubled slashes of the url."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(url, str) and url.startswith("/") and "?" not in url and "#" not in url:
            url = posixpath.normpath(url) + ("/" if url.endswith("/") and url != "/" else "")
        super()._send_request(method, url, body, headers, encode_chunked)


class FragmentDropped(Client):
    """Takes the fragment of the url away."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(
            method, url.partition("#")[0] if isinstance(url, str) else url, body, headers, encode_chunked
        )


class UrlToPath(Client):
    """Cuts an absolute url down to its path."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        self.is_absolute = isinstance(url, str) and url.startswith(("http://", "https://"))
        super()._send_request(method, url, body, headers, encode_chunked)

    def _encode_request(self, request: str) -> bytes:
        line = super()._encode_request(request)
        return re.sub(rb" https?://[^/? ]*/?", b" /", line, count=1) if self.is_absolute else line


class UrlAsUtf8(Client):
    """Encodes the request line as UTF-8."""

    def _encode_request(self, request: str) -> bytes:
        return request.encode("utf-8")


class UrlInjectable(Client):
    """Accepts line breaks in the url."""

    def _validate_path(self, url: str) -> None:
        """Accept whatever can be formatted."""


class EmptyUrlKept(Client):
    """Sends an empty url as it is."""

    def _encode_request(self, request: str) -> bytes:
        line = super()._encode_request(request)
        return line.replace(b" / ", b"  ", 1) if self.is_empty else line

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        self.is_empty = isinstance(url, str) and not url
        super()._send_request(method, url, body, headers, encode_chunked)


class OldVersion(Client):
    """Says HTTP/1.0."""

    _http_vsn_str = "HTTP/1.0"


class HostWithoutPort(Client):
    """Leaves the port out of Host."""

    def putheader(self, header: Any, *values: Any) -> None:
        suffix = f":{self.port}"
        if header == "Host" and isinstance(values[0], str) and values[0].endswith(suffix):
            values = (values[0].removesuffix(suffix),)
        super().putheader(header, *values)


class HostWithDefaultPort(Hooked):
    """Shows port 80 in Host."""

    def putheader(self, header: Any, *values: Any) -> None:
        if header == "Host" and isinstance(values[0], bytes) and self.port == 80 and self.is_automatic:
            values = (values[0] + b":80",)
        super().putheader(header, *values)

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        self.is_automatic = isinstance(url, str) and not url.startswith("http")
        super()._send_request(method, url, body, headers, encode_chunked)

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        self.is_automatic = False
        return super().frame(method, body, given, flag)


class HostOfConnection(Hooked):
    """Sends the connection's host also for an absolute url."""

    def send_head(self, lines: list[bytes]) -> None:
        if re.match(rb"\S+ http", lines[0]) and lines[1].startswith(b"Host: ") and self.is_automatic:
            lines[1] = f"Host: {self.host}:{self.port}".encode()
        super().send_head(lines)

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        self.is_automatic = "host" not in found
        return found


class HostWithoutBrackets(Client):
    """Forgets the brackets around an IPv6 address in Host."""

    def putheader(self, header: Any, *values: Any) -> None:
        if header == "Host" and ":" in self.host and isinstance(values[0], str | bytes):
            value = values[0] if isinstance(values[0], bytes) else values[0].encode()
            values = (value.replace(b"[", b"").replace(b"]", b""),)
        super().putheader(header, *values)


# head and body on the wire -----------------------------------------------------------------------------------------


class LineFeeds(wireproof_reference.HTTPConnection):
    """Ends the lines of the head with a line feed alone."""

    is_head = False

    def _send(self, piece: Any) -> None:
        if self.is_head:
            head = bytes(piece)
            piece, self.is_head = head.replace(b"\r\n", b"\n"), False
        super()._send(piece)

    def request(self, *arguments: Any, **keywords: Any) -> None:
        self.is_head = True
        super().request(*arguments, **keywords)


class NoBlankLine(Hooked):
    """Forgets the empty line between head and body."""

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head(lines[:-1])


class TwoBlankLines(Hooked):
    """Sends an empty line too many between head and body."""

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([*lines, b""])


class LeadingLineEnd(Hooked):
    """Sends a line end before the request."""

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([b"", *lines])


class StrayLineEnd(Hooked):
    """Sends a line end behind the body, as browsers did once."""

    def send_body(self, body: Any, chunked: Any) -> None:
        super().send_body(body, chunked)
        if not chunked:
            self.send(b"\r\n")


class BodyForgotten(Hooked):
    """Sends the head and no body."""

    def send_body(self, body: Any, chunked: Any) -> None:
        """Send nothing."""


class BodyTwice(Hooked):
    """Sends bytes and str bodies twice."""

    def send_body(self, body: Any, chunked: Any) -> None:
        super().send_body(body, chunked)
        if isinstance(body, bytes) and not chunked:
            super().send_body(body, chunked)


class SendOnce(Client):
    """Calls send() once where sendall() is needed: with a timeout, the rest is lost when the server reads late."""

    def send(self, data: Any) -> None:
        if isinstance(data, bytes | bytearray):
            if self.sock is None:
                self.connect()
            self.sock.send(data)
        else:
            super().send(data)


class NeverSends(Client):
    """Does everything but send."""

    def send(self, data: Any) -> None:
        """Throw it away."""


class HeadOnly(Scratch):
    """Connects, and sends nothing at all for PUT."""

    def write(self, data: Any) -> None:
        if self.socket is None:
            self.connect()
        if self.method != "PUT":
            super().write(data)


class RaisesForPatch(Client):
    """Raises for PATCH, which it does not know."""

    def request(self, method: Any, *arguments: Any, **keywords: Any) -> None:
        if method == "PATCH":
            raise NotImplementedError("no PATCH here")
        super().request(method, *arguments, **keywords)


class BrokenPipeSwallowed(Client):
    """Goes on when the server hangs up, as if everything had been sent."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            super().request(*arguments, **keywords)


# state -------------------------------------------------------------------------------------------------------------

_DEFAULT: dict[str, str] = {}


class DefaultMutated(Client):
    """Writes into its own default for headers, which every later call gets."""

    def request(
        self, method: Any, url: Any, body: Any = None, headers: Any = _DEFAULT, *, encode_chunked: Any = False
    ) -> None:
        if headers is _DEFAULT and isinstance(body, str) and body.isascii() and not hasattr(body, "read"):
            headers["Content-Length"] = str(len(body))
        super().request(method, url, body, headers, encode_chunked=encode_chunked)


class HeadersKept(Client):
    """Sends the headers of the request before once more."""

    kept: Any = None

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(headers, dict):
            headers = {**(self.kept or {}), **headers}
            self.kept = headers
        super()._send_request(method, url, body, headers, encode_chunked)


class HostKept(Client):
    """Keeps the authority of an absolute url for the requests that follow."""

    kept = ""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(url, str) and self.kept and not url.startswith("http") and isinstance(headers, dict):
            headers = {"Host": self.kept, **headers}
        super()._send_request(method, url, body, headers, encode_chunked)
        if isinstance(url, str) and url.startswith("http"):
            self.kept = urlsplit(url).netloc


class FlagSticks(Client):
    """Keeps encode_chunked once it was true."""

    kept: Any = False

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        self.kept = self.kept or encode_chunked
        super()._send_request(method, url, body, headers, self.kept)


class BodyKept(Client):
    """Sends the body of the request before where there is none."""

    kept: Any = None

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if body is None:
            body = self.kept
        elif isinstance(body, str | bytes):
            self.kept = body
        super()._send_request(method, url, body, headers, encode_chunked)


class BufferShared(Client):
    """Shares the lines of an unfinished head between all connections."""

    shared: ClassVar[list[bytes]] = []

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Take the shared list."""
        super().__init__(*arguments, **keywords)
        self._buffer = self.shared


class NeverReconnects(Client):
    """Connects once, and never again."""

    def connect(self) -> None:
        super().connect()
        self.auto_open = 0


class AlwaysReconnects(Client):
    """Opens a new connection for every request."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        if self.is_answered:
            self.close()
        super().request(*arguments, **keywords)


class IgnoresConnectionClose(Client):
    """Goes on on the old connection although the server said that it closes."""

    def getresponse(self) -> http.client.HTTPResponse:
        sock = self.sock
        kept = socket.socket(fileno=os.dup(sock.fileno()))
        response = super().getresponse()
        if self.sock is None:
            self.sock = kept
        else:
            kept.close()
        return response


class SentTwice(Hooked):
    """Sends every request twice."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        self.sent = b""
        super().request(*arguments, **keywords)
        self.sock.sendall(self.sent)

    def send(self, data: Any) -> None:
        super().send(data)
        self.sent += bytes(data)


class Retried(Client):
    """Sends a request without a body again on a new connection."""

    def request(self, method: Any, url: Any, body: Any = None, *arguments: Any, **keywords: Any) -> None:
        super().request(method, url, body, *arguments, **keywords)
        if body is None:
            self.close()
            super().request(method, url, body, *arguments, **keywords)


class RetriedOnError(Client):
    """Sends a request again when the connection breaks in the middle of it."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        try:
            super().request(*arguments, **keywords)
        except OSError:
            self.close()
            super().request(*arguments, **keywords)


class NeverBusy(Client):
    """Sends the next request although the response to the one before is still due."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        self.forget()
        super().request(*arguments, **keywords)


class FailureForgiven(Client):
    """Closes the connection after a failure by itself, so that the next request goes through."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        try:
            super().request(*arguments, **keywords)
        except (RuntimeError, TypeError, ValueError):
            self.close()
            raise


class LeftOpen(Client):
    """Leaves the connection open on close()."""

    left: ClassVar[list[Any]] = []

    def close(self) -> None:
        self.left.append(self.sock)
        self.sock = None
        super().close()


class ReturnsItself(Client):
    """Returns itself, to be chained."""

    def request(self, *arguments: Any, **keywords: Any) -> Client:  # type: ignore[override]
        super().request(*arguments, **keywords)
        return self


class ReturnsResponse(Client):
    """Returns a response instead of None."""

    def request(self, *arguments: Any, **keywords: Any) -> http.client.HTTPResponse:  # type: ignore[override]
        super().request(*arguments, **keywords)
        return http.client.HTTPResponse(self.sock)


# three conditions at once ------------------------------------------------------------------------------------------


class PatchStreamLowerLength(Hooked):
    """Loses the caller's length for PATCH with an iterator when the name is in lower case."""

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        return found - {"content-length"} if "content-length" in (*headers,) and self.is_patched else found

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        self.is_patched = method == "PATCH" and isinstance(body, Iterator)
        super()._send_request(method, url, body, headers, encode_chunked)


class DeleteTextLengthInBytes(Hooked):
    """Adds a Content-Length for DELETE with a str body when the caller's is given as bytes."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        if self.is_in_bytes and method == "DELETE" and isinstance(body, str):
            given -= {"content-length"}
        return super().frame(method, body, given, flag)

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        values = headers.items() if isinstance(headers, dict) else ()
        self.is_in_bytes = any(isinstance(value, bytes) for _, value in values)
        super()._send_request(method, url, body, headers, encode_chunked)


class GetTextFileWithCoding(Hooked):
    """Forgets the last chunk for a text file under the caller's lower-case transfer-encoding."""

    def send_body(self, body: Any, chunked: Any) -> None:
        self.is_hit = isinstance(body, io.TextIOBase) and self.is_lower
        super().send_body(body, chunked)

    def last_chunk(self) -> bytes:
        return b"" if self.is_hit else super().last_chunk()

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        self.is_lower = any(isinstance(name, str) and name == "transfer-encoding" for name in headers)
        return found


# from scratch, or from the reference implementation ---------------------------------------------------------------


class ScratchWithoutChunks(Scratch):
    """Frames iterables and files with neither field, as before HTTP/1.1."""

    def framing(self, method: str, body: Any) -> bytes | None:
        line = super().framing(method, body)
        return None if line == b"Transfer-Encoding: chunked" else line


class ScratchSizeInItems(Scratch):
    """Counts the items of a buffer in Content-Length."""

    def framing(self, method: str, body: Any) -> bytes | None:
        if not hasattr(body, "read") and isinstance(body, memoryview) and body.ndim:
            return b"Content-Length: %d" % len(body)
        return super().framing(method, body)


class ScratchInjectable(Scratch):
    """Formats values into the head without a look at them."""

    def field(self, name: Any, value: Any) -> bytes:
        return (
            f"{name}: {value}".encode("latin-1")
            if isinstance(value, str) and isinstance(name, str)
            else super().field(name, value)
        )


class ReferenceRechunked(wireproof_reference.HTTPConnection):
    """Cuts every block after 1,000 bytes, in the middle of chunks, and forgets the rest."""

    def _send(self, piece: Any) -> None:
        super()._send(bytes(piece)[:1000])


class ReferenceFlushed(wireproof_reference.HTTPConnection):
    """Closes its side of the connection as soon as the request is out."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        super().request(*arguments, **keywords)
        if self.sock is not None:
            self.sock.shutdown(socket.SHUT_WR)
