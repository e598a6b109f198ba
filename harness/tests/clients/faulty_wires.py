"""Clients with one fault each in how they put head and body on the wire, some of them from scratch. See ``faulty``."""

# ruff: noqa: D102 - the docstring of a class says what its methods do

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

from faithful import Client, Hooked, Scratch

import wireproof_reference

# head and body on the wire -------------------------------------------------------------------------------------------


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


# from scratch, or from the reference implementation ------------------------------------------------------------------


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
