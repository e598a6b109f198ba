"""What the clients of this folder are made from: two faithful ones, cut into steps that a subclass can replace.

``Client`` is the standard library's, with its private methods declared. ``Hooked`` does the same work in smaller steps.
``Scratch`` knows nothing of http.client's request side but its exceptions. All three must pass every case: a class that
replaces one step has one fault. ``Changed`` is ``Hooked`` with a look at a call before anything is done.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit


def is_buffer(body: Any) -> bool:
    """Say whether a body is sent as a buffer."""
    if body is None or isinstance(body, str) or hasattr(body, "read"):
        return False
    try:
        memoryview(body)
    except TypeError:
        return False
    return True


def is_streamed(body: Any) -> bool:
    """Say whether a body is an iterable and nothing else."""
    if body is None or isinstance(body, str) or hasattr(body, "read") or is_buffer(body):
        return False
    return hasattr(body, "__iter__") or hasattr(body, "__getitem__")


class Client(http.client.HTTPConnection):
    """The standard library's client, its private methods declared for the type checker."""

    if TYPE_CHECKING:
        _buffer: list[bytes]
        _http_vsn: int
        _http_vsn_str: str

        def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None: ...
        def _send_output(self, message_body: Any = None, encode_chunked: Any = False) -> None: ...
        def _read_readable(self, readable: Any) -> Iterator[Any]: ...
        def _validate_method(self, method: str) -> None: ...
        def _validate_path(self, url: str) -> None: ...
        def _encode_request(self, request: str) -> bytes: ...
        def _output(self, s: bytes) -> None: ...
        @staticmethod
        def _get_content_length(body: Any, method: Any) -> Any: ...

    @property
    def is_answered(self) -> bool:
        """Whether the response to the request before was read to its end."""
        response = self.__dict__["_HTTPConnection__response"]
        return response is not None and bool(response.isclosed())

    def forget(self) -> None:
        """Become idle, whatever was under way."""
        self.__dict__["_HTTPConnection__state"] = "Idle"


class Hooked(Client):
    """A faithful client whose request is cut into small steps."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        given = self.given(headers)
        self.putrequest(method, url, "host" in given, "accept-encoding" in given)
        chunked = self.frame(method, body, given, encode_chunked)
        for name, value in headers.items():
            self.putheader(name, value)
        if isinstance(body, str):
            body = self.encode_text(body)
        self.endheaders(body, encode_chunked=bool(chunked))

    def given(self, headers: Any) -> frozenset[str]:
        """Return the names that the caller gives, in lower case."""
        return frozenset(name.lower() for name in headers)

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        """Add the field that frames the body; return whether the body is chunk-encoded."""
        if "content-length" in given:
            return False
        if "transfer-encoding" in given:
            return flag
        length = self._get_content_length(body, method)
        if length is not None:
            self.putheader("Content-Length", str(length))
            return False
        if body is None:
            return False
        self.putheader("Transfer-Encoding", "chunked")
        return True

    def encode_text(self, text: str) -> Any:
        """Return a str body as it is sent."""
        return text.encode("latin-1")

    def _send_output(self, message_body: Any = None, encode_chunked: Any = False) -> None:
        lines, self._buffer[:] = [*self._buffer, b"", b""], []
        self.send_head(lines)
        if message_body is not None:
            self.send_body(message_body, encode_chunked)

    def send_head(self, lines: list[bytes]) -> None:
        """Send the head."""
        self.send(b"\r\n".join(lines))

    def send_body(self, body: Any, chunked: Any) -> None:
        """Send the body."""
        for piece in self.pieces(body):
            if piece:
                self.send(self.chunk(piece) if chunked else piece)
        if chunked:
            self.send(self.last_chunk())

    def pieces(self, body: Any) -> Any:
        """Return what the body is sent as, one after the other."""
        if hasattr(body, "read"):
            return self._read_readable(body)
        try:
            memoryview(body)
        except TypeError:
            return iter(body)
        return (body,)

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        is_text = isinstance(readable, io.TextIOBase)
        while block := readable.read(self.blocksize):
            yield self.encode_block(readable, block) if is_text else block

    def encode_block(self, readable: Any, block: str) -> bytes:
        """Return what was read of a text file as it is sent."""
        return block.encode("latin-1")

    def chunk(self, piece: Any) -> Any:
        """Return a piece as a chunk."""
        return b"%X\r\n" % len(piece) + piece + b"\r\n"

    def last_chunk(self) -> bytes:
        """Return what ends a chunk-encoded body."""
        return b"0\r\n\r\n"


@dataclass
class Call:
    """The arguments of one call."""

    method: Any
    url: Any
    body: Any
    headers: Any
    flag: Any

    def gives(self, name: str) -> bool:
        """Say whether the caller gives a field, under a name that is text, in any case."""
        names = self.headers if isinstance(self.headers, dict) else ()
        return any(isinstance(each, str) and each.lower() == name for each in names)


class Changed(Hooked):
    """A faithful client that looks at the arguments first, and remembers them as ``call``."""

    call: Call

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        self.call = call = Call(method, url, body, headers, encode_chunked)
        self.change(call)
        super()._send_request(call.method, call.url, call.body, call.headers, call.flag)

    def change(self, call: Call) -> None:
        """Do to the arguments what a faithful client does: nothing."""


_NAME = re.compile(rb"[^:\s][^:\r\n]*")
_BREAK = re.compile(rb"\n(?![ \t])|\r(?![ \t\n])")
_EXPECTING = ("PUT", "POST", "PATCH")


class Scratch:
    """A client from scratch, on a socket: a plain function for every step."""

    def __init__(
        self,
        host: str,
        port: Any = None,
        timeout: float | None = None,
        source_address: Any = None,
        blocksize: int = 8192,
    ) -> None:
        """Split the host as HTTPConnection does."""
        if port is None:
            port = 80
            if re.fullmatch(r".*:\d*", host) and not host.endswith("]"):
                host, _, given = host.rpartition(":")
                port = int(given or 80)
        self.host, self.port = host.removeprefix("[").removesuffix("]"), port
        self.timeout, self.blocksize = timeout, blocksize
        self.socket: socket.socket | None = None
        self.response: http.client.HTTPResponse | None = None
        self.is_idle = True
        self.method = ""

    def connect(self) -> None:
        """Open the connection."""
        self.socket = socket.create_connection((self.host, self.port), self.timeout)

    def write(self, data: Any) -> None:
        """Send all of ``data``, on a new connection where there is none."""
        if self.socket is None:
            self.connect()
        assert self.socket is not None
        self.socket.sendall(data)

    def request(
        self,
        method: Any,
        url: Any,
        body: Any = None,
        headers: Any = {},  # noqa: B006 - as in the standard library
        *,
        encode_chunked: Any = False,
    ) -> None:
        """Send a request."""
        given = {name.lower() for name in headers}
        if self.response is not None and self.response.isclosed():
            self.response = None
        if not self.is_idle:
            raise http.client.CannotSendRequest
        self.is_idle = False
        self.method = method
        head, chunked = self.head(method, url or "/", body, headers, given, encode_chunked)
        if isinstance(body, str):
            body = body.encode("latin-1")
        self.write(head)
        if body is not None:
            self.write_body(body, chunked)

    def head(self, method: Any, url: Any, body: Any, headers: Any, given: set[Any], flag: Any) -> tuple[bytes, bool]:
        """Return the head, and whether the body is chunk-encoded."""
        if re.search(r"[\0-\x1f]", method):
            raise ValueError("control characters in the method")
        if re.search(r"[\0-\x20\x7f]", url):
            raise http.client.InvalidURL("control characters or spaces in the url")
        lines = [f"{method} {url} HTTP/1.1".encode("ascii")]
        if "host" not in given:
            lines.append(b"Host: " + self.authority(url))
        if "accept-encoding" not in given:
            lines.append(b"Accept-Encoding: identity")
        chunked = bool(flag)
        if "content-length" in given:
            chunked = chunked and "transfer-encoding" in given
        elif "transfer-encoding" not in given:
            field = self.framing(method, body)
            chunked = field == b"Transfer-Encoding: chunked"
            lines += [field] if field else []
        for name, value in headers.items():
            lines.append(self.field(name, value))
        return b"\r\n".join((*lines, b"", b"")), chunked

    def authority(self, url: str) -> bytes:
        """Return the value of Host."""
        netloc = urlsplit(url).netloc if url.startswith("http") else ""
        if netloc:
            return self.without_zone(netloc.encode("ascii" if netloc.isascii() else "idna"))
        host = self.host.encode("ascii" if self.host.isascii() else "idna")
        if b":" in host:
            host = self.without_zone(b"[" + host + b"]")
        return host if self.port == 80 else b"%b:%b" % (host, str(self.port).encode("ascii"))

    def without_zone(self, host: bytes) -> bytes:
        """Return an address in brackets without its zone."""
        start, percent, _ = host.partition(b"%")
        if percent and not start.startswith(b"["):
            raise AssertionError("a percent sign outside of brackets")
        return start + b"]" if percent else host

    def framing(self, method: str, body: Any) -> bytes | None:
        """Return the line that frames the body."""
        if body is None:
            return b"Content-Length: 0" if method.upper() in _EXPECTING else None
        if not hasattr(body, "read"):
            if isinstance(body, str):
                return b"Content-Length: %d" % len(body)
            try:
                return b"Content-Length: %d" % memoryview(body).nbytes
            except TypeError:
                pass
        return b"Transfer-Encoding: chunked"

    def field(self, name: Any, value: Any) -> bytes:
        """Return a line of the caller's."""
        name = name if isinstance(name, bytes) else name.encode("ascii")
        if not _NAME.fullmatch(name):
            raise ValueError("an illegal name")
        if isinstance(value, int):
            value = str(value)
        if isinstance(value, str):
            value = value.encode("latin-1")
        if _BREAK.search(value):
            raise ValueError("a line break in a value")
        return bytes(b"%b: %b" % (name, value))

    def write_body(self, body: Any, chunked: bool) -> None:
        """Send the body."""
        for piece in self.pieces(body):
            if not piece:
                continue
            if chunked:
                with memoryview(piece) as view:
                    piece = b"%X\r\n%b\r\n" % (view.nbytes, bytes(view))
            self.write(piece)
        if chunked:
            self.write(b"0\r\n\r\n")

    def pieces(self, body: Any) -> Iterator[Any]:
        """Yield what the body is sent as."""
        if hasattr(body, "read"):
            while piece := body.read(self.blocksize):
                yield piece.encode("latin-1") if isinstance(body, io.TextIOBase) else piece
            return
        try:
            memoryview(body)
        except TypeError:
            yield from body
        else:
            yield body

    def getresponse(self) -> http.client.HTTPResponse:
        """Read the head of the response."""
        assert self.socket is not None
        response = http.client.HTTPResponse(self.socket, method=self.method)
        response.begin()
        self.is_idle = True
        if response.will_close:
            self.close()
        else:
            self.response = response
        return response

    def close(self) -> None:
        """Close the connection."""
        self.is_idle = True
        if self.socket is not None:
            self.socket.close()
            self.socket = None
        if self.response is not None:
            self.response.close()
            self.response = None
