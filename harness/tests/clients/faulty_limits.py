"""Clients whose one fault shows beyond a size, or in a sequence of calls only. See ``faulty``."""

# ruff: noqa: D102 - the docstring of a class says what its methods do

from __future__ import annotations

import http.client
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, ClassVar

from faithful import Call, Changed, Client, Hooked, is_streamed

# sizes ---------------------------------------------------------------------------------------------------------------


class ChunkOf64KiBCut(Hooked):
    """Loses the last byte of a chunk of 65,536 bytes, a size that does not fit into two bytes."""

    def chunk(self, piece: Any) -> Any:
        return super().chunk(piece if len(piece) != 65536 else bytes(piece)[:-1])


class SixthDigitLost(Hooked):
    """Has room for five digits of a chunk-size."""

    def chunk(self, piece: Any) -> Any:
        size = b"%X" % len(piece)
        return size[:5] + b"\r\n" + piece + b"\r\n"


class LargeChunksSplit(Hooked):
    """Splits chunks of more than 64 KiB."""

    def chunk(self, piece: Any) -> Any:
        if len(piece) <= 65536 or not isinstance(piece, bytes):
            return super().chunk(piece)
        parts = (piece[at : at + 65536] for at in range(0, len(piece), 65536))
        return b"".join(map(super().chunk, parts))


class LongTextInBlocks(Changed):
    """Cuts text that it chunk-encodes for encode_chunked into blocks."""

    def pieces(self, body: Any) -> Any:
        if isinstance(self.call.body, str) and self.call.flag and isinstance(body, bytes):
            return (body[at : at + self.blocksize] for at in range(0, len(body), self.blocksize))
        return super().pieces(body)


class ThirdBlockLost(Hooked):
    """Loses the third block of a file, where two buffers take turns."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        blocks = super()._read_readable(readable)
        return chain(islice(blocks, 2), islice(blocks, 1, None))


class ReadsCounted(Hooked):
    """Reads a file 256 times at most."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        return islice(super()._read_readable(readable), 256)


class ElementsCounted(Hooked):
    """Sends 256 elements of an iterable at most."""

    def pieces(self, body: Any) -> Any:
        return islice(super().pieces(body), 256) if is_streamed(body) else super().pieces(body)


class HeadersCounted(Changed):
    """Sends a hundred headers at most, as servers accept them."""

    def change(self, call: Call) -> None:
        if isinstance(call.headers, dict):
            call.headers = dict(islice(call.headers.items(), 100))


class LongHeadCut(Hooked):
    """Has room for a head of 128 KiB."""

    def send_head(self, lines: list[bytes]) -> None:
        self.send(b"\r\n".join(lines)[:131072])


class HeadSentOnce(Hooked):
    """Calls send() once for the head, and sendall() for the body: where the server reads late, the head is cut."""

    def send_head(self, lines: list[bytes]) -> None:
        if self.sock is None:
            self.connect()
        self.sock.settimeout(30)
        self.sock.send(b"\r\n".join(lines))


class LongUrlRefused(Changed):
    """Refuses a url of more than 64 KiB."""

    def change(self, call: Call) -> None:
        if isinstance(call.url, str) and len(call.url) > 65536:
            raise http.client.InvalidURL("too long")


# sequences -----------------------------------------------------------------------------------------------------------


class ThirdNotEnded(Changed):
    """Forgets the last chunk from the third request on."""

    count = 0

    def change(self, call: Call) -> None:
        self.count += 1

    def last_chunk(self) -> bytes:
        return b"" if self.count > 2 else super().last_chunk()


class TenOnEach(Client):
    """Opens a new connection after ten requests, as some servers want it."""

    count = 0

    def request(self, *arguments: Any, **keywords: Any) -> None:
        self.count += 1
        if self.count > 10 and self.is_answered:
            self.count = 1
            self.close()
        super().request(*arguments, **keywords)


class MarkedAfterFailure(Changed):
    """Marks a request as a retry when the one before failed."""

    is_failed = False

    def _send_request(self, *arguments: Any) -> None:
        self.is_retry, self.is_failed = self.is_failed, True
        super()._send_request(*arguments)
        self.is_failed = False

    def change(self, call: Call) -> None:
        if self.is_retry and isinstance(call.headers, dict):
            call.headers = {**call.headers, "X-Retry": "1"}


class HostCached(Hooked):
    """Computes the value of Host once for each host, for all ports."""

    cache: ClassVar[dict[Any, Any]] = {}

    def putheader(self, header: Any, *values: Any) -> None:
        if header == "Host" and self.is_automatic:
            values = (self.cache.setdefault(self.host, values[0]),)
        super().putheader(header, *values)

    def putrequest(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> None:
        self.is_automatic = isinstance(url, str) and not url.startswith("http")
        super().putrequest(method, url, *arguments, **keywords)
        self.is_automatic = False


class NoContentCloses(Client):
    """Closes the connection after a response without content."""

    def getresponse(self) -> http.client.HTTPResponse:
        response = super().getresponse()
        if response.status == 204:
            self.close()
        return response


class OldServerGivenUp(Client):
    """Does not connect again to a server that answered with HTTP/1.0."""

    def getresponse(self) -> http.client.HTTPResponse:
        response = super().getresponse()
        self.auto_open = int(response.version > 10)
        return response


class BusyButForGet(Client):
    """Sends a GET although the response to the one before is still due."""

    def request(self, method: Any, *arguments: Any, **keywords: Any) -> None:
        if method == "GET":
            self.forget()
        super().request(method, *arguments, **keywords)


class OsErrorForgiven(Client):
    """Closes the connection when the body raises an OSError, so that the next request goes through."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        try:
            super().request(*arguments, **keywords)
        except OSError:
            self.close()
            raise


class BodyOfAnother(Changed):
    """Keeps the last bytes that any connection sent with PUT for a POST without a body."""

    last: ClassVar[list[bytes]] = []

    def change(self, call: Call) -> None:
        if call.method == "PUT" and isinstance(call.body, bytes) and not hasattr(call.body, "read"):
            self.last[:] = [call.body]
        elif call.method == "POST" and call.body is None and self.last:
            call.body = self.last.pop()
