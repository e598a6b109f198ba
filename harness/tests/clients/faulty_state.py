"""Clients with one fault each in what they remember, and in which connection they use. See ``faulty``."""

# ruff: noqa: D102 - the docstring of a class says what its methods do

from __future__ import annotations

import http.client
import os
import socket
from typing import Any, ClassVar
from urllib.parse import urlsplit

from faithful import Client, Hooked

# state ---------------------------------------------------------------------------------------------------------------


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


class CloseKeepsSocket(Client):
    """Becomes idle on close(), and goes on with the same connection."""

    def close(self) -> None:
        kept, self.sock = self.sock, None
        super().close()
        self.sock = kept
