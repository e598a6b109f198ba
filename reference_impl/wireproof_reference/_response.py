"""The little of a response that a client needs to go on (RFC 9112 sections 4 to 7)."""

from __future__ import annotations

import re
from email.message import Message
from email.parser import Parser
from socket import socket
from typing import BinaryIO

from wireproof_reference._errors import BadStatusLine, IncompleteRead, RemoteDisconnected

_STATUS_LINE = re.compile(r"HTTP/(\d\.\d) (\d{3})(?: (.*))?")
_SWITCHING_PROTOCOLS = 101
_NO_CONTENT = {_SWITCHING_PROTOCOLS, 204, 304}


class HTTPResponse:
    """A response whose head was read, and whose body can be.

    Attributes:
        status: The status code.
        reason: The reason phrase, without the white space around it.
        headers: The header fields, to be looked up without regard to case.
        will_close: Whether the connection ends with this response.
        closed: Whether the body was read to its end, or given up.
    """

    def __init__(self, sock: socket, method: str) -> None:
        """Read the head of the final response; interim ones (1xx) are skipped.

        Args:
            sock: Where to read; its owner may close it, the response keeps what it needs.
            method: What was asked, since the response to HEAD has no body.

        Raises:
            RemoteDisconnected: There was nothing to read.
            BadStatusLine: There was something else than a status line.
            OSError: The socket failed.
        """
        self._stream: BinaryIO = sock.makefile("rb")
        try:
            version = self._read_head()
            while 100 <= self.status < 200 and self.status != _SWITCHING_PROTOCOLS:
                version = self._read_head()
        except BaseException:
            self.close()
            raise
        self._empty = method == "HEAD" or self.status in _NO_CONTENT
        self._chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        length = self.headers.get("Content-Length", "")
        self._length = int(length) if re.fullmatch("[0-9]+", length) else None
        self.will_close = not (self._is_persistent(version) and self._is_delimited())

    @property
    def closed(self) -> bool:
        """Whether the body was read to its end, or given up."""
        return self._stream.closed

    def read(self) -> bytes:
        """Return what is left of the body, and close the response.

        Raises:
            IncompleteRead: The connection ended before the body.
            OSError: The socket failed.
        """
        if self.closed:
            return b""
        try:
            if self._empty:
                return b""
            if self._chunked:
                return self._read_chunks()
            if self._length is not None:
                return self._read_exactly(self._length)
            return self._stream.read()
        finally:
            self.close()

    def close(self) -> None:
        """Give up what is left of the body."""
        self._stream.close()

    def _read_head(self) -> str:
        """Read one status line and header section; return the version."""
        line = self._stream.readline().decode("latin-1").rstrip()
        if not line:
            raise RemoteDisconnected("the server closed the connection without a response")
        match = _STATUS_LINE.fullmatch(line)
        if match is None:
            raise BadStatusLine(line)
        version, status, reason = match.groups(default="")
        self.status = int(status)
        self.reason = reason
        self.headers = self._read_fields()
        return version

    def _read_fields(self) -> Message:
        """Read header or trailer fields up to the empty line."""
        lines = iter(self._stream.readline, b"\r\n")
        section: list[bytes] = []
        for line in lines:
            if line in (b"\n", b""):
                break
            section.append(line)
        return Parser().parsestr(b"".join(section).decode("latin-1"), headersonly=True)

    def _is_persistent(self, version: str) -> bool:
        """Tell whether both sides mean to go on (RFC 9112 section 9.3)."""
        options = self.headers.get("Connection", "").lower()
        return "keep-alive" in options if version == "1.0" else "close" not in options

    def _is_delimited(self) -> bool:
        """Tell whether the end of the body can be known without the end of the connection."""
        return self._empty or self._chunked or self._length is not None

    def _read_exactly(self, size: int) -> bytes:
        """Read ``size`` bytes, no fewer."""
        data = self._stream.read(size)
        if len(data) < size:
            raise IncompleteRead(f"{len(data)} of {size} bytes")
        return data

    def _read_chunks(self) -> bytes:
        """Read chunks up to the last one and the trailer."""
        chunks: list[bytes] = []
        while size := self._read_chunk_size():
            chunks.append(self._read_exactly(size))
            self._read_exactly(len(b"\r\n"))
        self._read_fields()
        return b"".join(chunks)

    def _read_chunk_size(self) -> int:
        """Read the line before a chunk; extensions are ignored."""
        line = self._stream.readline()
        try:
            return int(line.partition(b";")[0], 16)
        except ValueError:
            raise IncompleteRead(f"no chunk size: {line!r}") from None
