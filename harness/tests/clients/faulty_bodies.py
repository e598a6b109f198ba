"""Clients with one fault each in what they make of text, buffers and files. See ``faulty``."""

# ruff: noqa: D102 - the docstring of a class says what its methods do

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from faithful import Call, Changed, Client, Hooked

# text bodies ---------------------------------------------------------------------------------------------------------


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


class NumbersAsText(Changed):
    """Sends a number as text."""

    def change(self, call: Call) -> None:
        if isinstance(call.body, int | float):
            call.body = str(call.body)


class StrReadAsFile(Hooked):
    """Reads a str that has read(), too, instead of sending its characters."""

    def encode_text(self, text: str) -> Any:
        return text if hasattr(text, "read") else super().encode_text(text)


# buffers -------------------------------------------------------------------------------------------------------------


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


# files ---------------------------------------------------------------------------------------------------------------


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


class FileNeedsDescriptor(Hooked):
    """Asks the operating system for the kind of a file, which not every file is known to."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        os.fstat(readable.fileno())
        return super()._read_readable(readable)


class BinaryFileNewlines(Hooked):
    """Turns the line feeds of binary files into CRLF."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        for block in super()._read_readable(readable):
            yield block.replace(b"\n", b"\r\n") if isinstance(readable, io.BufferedIOBase) else block


class TextFileReplaced(Hooked):
    """Puts question marks in place of what ISO-8859-1 lacks in a text file."""

    def encode_block(self, readable: Any, block: str) -> bytes:
        return block.encode("latin-1", "replace")


class FileFromItsStart(Hooked):
    """Reads a real file through its descriptor, with an offset of its own."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        if not isinstance(readable, io.FileIO | io.BufferedReader):
            yield from super()._read_readable(readable)
            return
        offset = 0
        while block := self.block(readable, offset):
            yield block
            offset += len(block)

    def block(self, readable: Any, offset: int) -> bytes:
        try:
            return os.pread(readable.fileno(), self.blocksize, offset)
        except OSError:  # a pipe
            return bytes(readable.read(self.blocksize))
