"""Clients that keep the contract in a way of their own where it leaves one open: none may fail the gate contract, and
each must be seen at the gate bytes.
"""

# ruff: noqa: D102 - what a class does is said once, in its own docstring

from __future__ import annotations

import http.client
import io
import itertools
import re
from collections.abc import Iterator
from typing import Any

from faithful import Client, Hooked


class _Sized(Hooked):
    """Counts bytes in chunk sizes, where CPython counts items."""

    def chunk(self, piece: Any) -> Any:
        return self.coded(piece if isinstance(piece, bytes) else memoryview(piece).tobytes())

    def coded(self, piece: bytes) -> bytes:
        """Return bytes as a chunk."""
        return b"%X\r\n" % len(piece) + piece + b"\r\n"


class LowerHex(_Sized):
    """Writes chunk sizes in lower case."""

    def coded(self, piece: bytes) -> bytes:
        return b"%x\r\n" % len(piece) + piece + b"\r\n"


class LeadingZeros(_Sized):
    """Writes chunk sizes with leading zeros, the last one as well."""

    def coded(self, piece: bytes) -> bytes:
        return b"%08X\r\n" % len(piece) + piece + b"\r\n"

    def last_chunk(self) -> bytes:
        return b"000\r\n\r\n"


class Extended(_Sized):
    """Gives each chunk an extension."""

    def coded(self, piece: bytes) -> bytes:
        return b"%X;a=b\r\n" % len(piece) + piece + b"\r\n"


class SmallChunks(_Sized):
    """Makes chunks of 1,000 bytes at most."""

    def coded(self, piece: bytes) -> bytes:
        parts = (piece[at : at + 1000] for at in range(0, len(piece), 1000))
        return b"".join(super(SmallChunks, self).coded(part) for part in parts)


class OneChunk(_Sized):
    """Takes the whole body before anything is sent, and makes one chunk of it."""

    def _send_output(self, message_body: Any = None, encode_chunked: Any = False) -> None:
        if message_body is not None:
            try:
                pieces = [memoryview(piece).tobytes() for piece in self.pieces(message_body) if piece]
            except BaseException:
                self._buffer.clear()
                raise
            message_body = b"".join(pieces)
        super()._send_output(message_body, encode_chunked)


class FirstPieceFirst(Hooked):
    """Takes the first piece of the body before the head goes out."""

    taken: Any = None

    def _send_output(self, message_body: Any = None, encode_chunked: Any = False) -> None:
        if message_body is not None:
            try:
                pieces = iter(super().pieces(message_body))
                self.taken = itertools.chain([*itertools.islice(pieces, 1)], pieces)
            except BaseException:
                self._buffer.clear()
                raise
        super()._send_output(message_body, encode_chunked)

    def pieces(self, body: Any) -> Any:
        return self.taken


class LargeReads(Hooked):
    """Reads files 64 KiB at a time."""

    size = 65536

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        is_text = isinstance(readable, io.TextIOBase)
        while block := self.read(readable):
            yield block.encode("latin-1") if is_text else block

    def read(self, readable: Any) -> Any:
        """Read what is sent next."""
        return readable.read(self.size)


class SmallReads(LargeReads):
    """Reads files ten bytes, or characters, at a time."""

    size = 10


class ReadAll(LargeReads):
    """Reads files in one go."""

    def read(self, readable: Any) -> Any:
        return readable.read()


class _Rewritten(Hooked):
    def request(self, *arguments: Any, **keywords: Any) -> None:
        try:
            super().request(*arguments, **keywords)
        finally:
            self._buffer.clear()  # CPython keeps what there is of a head that failed

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        chunked = super().frame(method, body, given, flag)
        self.automatic = self._buffer[1:]
        self._buffer[1:] = []
        return chunked

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([lines[0], *self.rewritten(self.automatic, lines[1:-2]), b"", b""])

    def rewritten(self, automatic: list[bytes], own: list[bytes]) -> list[bytes]:
        """Return the field lines, out of the automatic and the caller's."""
        return automatic + own


class AutomaticLast(_Rewritten):
    """Sends the automatic field lines behind the caller's, and in another order."""

    def rewritten(self, automatic: list[bytes], own: list[bytes]) -> list[bytes]:
        return [*own, *reversed(automatic)]


class LowerNames(_Rewritten):
    """Sends the names of all field lines in lower case, and no space behind the colon."""

    def rewritten(self, automatic: list[bytes], own: list[bytes]) -> list[bytes]:
        return [name.lower() + b":" + value.removeprefix(b" ") for name, _, value in map(_parted, automatic + own)]


def _parted(line: bytes) -> tuple[bytes, bytes, bytes]:
    return line.partition(b":")


class MoreFields(_Rewritten):
    """Adds automatic fields of its own, where the caller does not give them."""

    def rewritten(self, automatic: list[bytes], own: list[bytes]) -> list[bytes]:
        given = {line.partition(b":")[0].lower() for line in own}
        added = [b"User-Agent: unusual/1", b"Accept: */*"]
        return automatic + own + [line for line in added if line.partition(b":")[0].lower() not in given]


class StrictNames(Client):
    """Refuses names that are no tokens, and control characters in values."""

    def request(self, method: Any, url: Any, body: Any = None, headers: Any = {}, **more: Any) -> None:  # noqa: B006
        for name, value in headers.items():
            if isinstance(name, str) and not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                raise ValueError("the name is no token")
            if isinstance(value, str) and re.search(r"[\0-\x08\n-\x1f\x7f]", value):
                raise ValueError("a control character")
        super().request(method, url, body, headers, **more)


class BodyFirst(Client):
    """Looks at the body before anything else, and refuses what is of no use."""

    def request(self, method: Any, url: Any, body: Any = None, headers: Any = {}, **more: Any) -> None:  # noqa: B006
        if isinstance(body, str):
            body.encode("latin-1")
        if isinstance(body, (int, float)) or type(body) is object:
            raise TypeError("not a body")
        super().request(method, url, body, headers, **more)


class OneError(Client):
    """Raises one class for everything that it does not like."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        try:
            super().request(*arguments, **keywords)
        except (ValueError, AssertionError, AttributeError) as error:
            raise RuntimeError("a bad request") from error


class NewConnections(Client):
    """Makes a connection for each request, and closes the one before when its response has been read."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        if self.is_answered:
            self.close()
        super().request(*arguments, **keywords)


class StartsOver(Client):
    """Gives up the request before when another one comes."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        if self.__dict__["_HTTPConnection__state"] != "Idle":
            self.close()
            self._buffer.clear()
        super().request(*arguments, **keywords)


class Pipelines(Client):
    """Sends the next request without waiting for a response."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        self.forget()
        self._buffer.clear()
        super().request(*arguments, **keywords)


class SendsFiles(Hooked):
    """Has the kernel send real files where they are not chunk-encoded."""

    def send_body(self, body: Any, chunked: Any) -> None:
        if not chunked and isinstance(body, (io.BufferedReader, io.FileIO)) and body.seekable():
            self.sock.sendfile(body, body.tell())
        else:
            super().send_body(body, chunked)


# with CPython's own defects -----------------------------------------------------------------------------------------


class PlainMoreFields(http.client.HTTPConnection):
    """Adds a field of its own, and has CPython's defects."""

    def endheaders(self, *arguments: Any, **keywords: Any) -> None:
        self.putheader("User-Agent", "unusual/1")
        super().endheaders(*arguments, **keywords)


class PlainLowerNames(http.client.HTTPConnection):
    """Sends the names of field lines in lower case, and has CPython's defects."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header.lower(), *values)


class PlainOtherCoding(http.client.HTTPConnection):
    """Accepts a coding, and has CPython's defects."""

    def putheader(self, header: Any, *values: Any) -> None:
        values = ("gzip",) if (header, values) == ("Accept-Encoding", ("identity",)) else values
        super().putheader(header, *values)


class Accepting(Client):
    """Takes no mapping, and pairs, for headers."""

    def request(self, method: Any, url: Any, body: Any = None, headers: Any = {}, **more: Any) -> None:  # noqa: B006
        taken = headers if hasattr(headers, "items") else dict(headers or {})
        super().request(method, url, body, taken, **more)


class StrictMethods(Client):
    """Refuses methods that are no tokens."""

    def request(self, method: Any, url: Any, *arguments: Any, **more: Any) -> None:
        if isinstance(method, str) and not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", method):
            raise ValueError("the method is no token")
        super().request(method, url, *arguments, **more)
