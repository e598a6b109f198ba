"""When a request may be sent, and the socket that it is sent on.

A connection is idle until a request begins, begun while the head is built, and awaits a response from
then on. Only ``getresponse`` and ``close`` bring it back to idle, so a request that failed on its way
blocks the next one until the caller decides. Nothing of a failed request is kept.
"""

from __future__ import annotations

import socket
from enum import Enum, auto
from typing import TYPE_CHECKING

from wireproof_reference._errors import CannotSendRequest, ResponseNotReady
from wireproof_reference._head import field_names
from wireproof_reference._host import split_host
from wireproof_reference._message import message
from wireproof_reference._response import HTTPResponse
from wireproof_reference._types import Body, Headers

if TYPE_CHECKING:
    from typing_extensions import Buffer


class _State(Enum):
    """How far the current request has come."""

    IDLE = auto()
    BEGUN = auto()
    SENT = auto()


class _SocketDefault(Enum):
    """The timeout of a connection that was given none: whatever sockets have by default."""

    TIMEOUT = auto()


class HTTPConnection:
    """A client's side of HTTP/1.1 with one server; it connects when there is something to send.

    Attributes:
        host: The host to connect to, without brackets.
        port: The port to connect to, as it was given.
        sock: The connected socket, or None.
    """

    def __init__(
        self,
        host: str,
        port: int | str | None = None,
        timeout: float | _SocketDefault | None = _SocketDefault.TIMEOUT,
        source_address: tuple[str, int] | None = None,
        blocksize: int = 8192,
    ) -> None:
        """Prepare a connection; nothing is connected.

        Args:
            host: A name or address; with ``:port`` if ``port`` is not given.
            port: The port; 80 if neither tells it.
            timeout: In seconds, None for never.
            source_address: Host and port to connect from.
            blocksize: How much to ask of a file at a time (file.block-size).

        Raises:
            InvalidURL: The port is no number, or the host holds control characters or spaces.
        """
        self.host, self.port = split_host(host, port)
        self.timeout = timeout
        self.source_address = source_address
        self.blocksize = blocksize
        self.sock: socket.socket | None = None
        self._state = _State.IDLE
        self._method = ""
        self._response: HTTPResponse | None = None

    def connect(self) -> None:
        """Connect to the server, without Nagle's delay.

        Raises:
            OSError: It can't be reached.
        """
        timeout = socket.getdefaulttimeout() if isinstance(self.timeout, _SocketDefault) else self.timeout
        self.sock = socket.create_connection((self.host, self.port), timeout, self.source_address)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Close the socket and an unread response; the next request connects again (state.close)."""
        self._state = _State.IDLE
        if self.sock is not None:
            self.sock.close()
            self.sock = None
        if self._response is not None:
            self._response.close()
            self._response = None

    def request(
        self,
        method: str,
        url: str,
        body: Body = None,
        headers: Headers = {},  # noqa: B006 - the signature of the contract, and never changed
        *,
        encode_chunked: object = False,
    ) -> None:
        """Send a request (request.sent, call.signature, flag.keyword-only, call.returns-none).

        Args:
            method: Sent verbatim.
            url: Sent verbatim; ``/`` if it is empty.
            body: Sent after the head: text as Latin-1; a buffer as is; an open file from where it stands,
                text files as Latin-1; the elements of any other iterable. None is no body.
            headers: Fields to send besides ``Host``, ``Accept-Encoding`` and what frames the body, each of
                which is left out if it is given here.
            encode_chunked: With a ``Transfer-Encoding`` in ``headers``, whether to chunk-encode the body;
                otherwise ignored.

        Raises:
            CannotSendRequest: The previous request has no response yet, or failed and was not closed.
            ValueError: A method, header name or header value would break the head.
            InvalidURL: The url holds control characters or spaces.
            UnicodeEncodeError: Method, url or a header name is not ASCII; a header value or text in the body
                not Latin-1.
            TypeError: An argument is of a type that can't be sent.
            AttributeError: ``headers`` is no mapping from text or bytes.
            BufferError: The body is a buffer that is not contiguous.
            OSError: The server can't be reached, or the socket failed.
        """
        given = field_names(headers)  # first of all: after a mistake found here, nothing has begun
        self._begin()
        pieces = message(
            method,
            url,
            body,
            headers,
            encode_chunked=encode_chunked,
            given=given,
            host=self.host,
            port=self.port,
            blocksize=self.blocksize,
        )
        self._method = method
        self._state = _State.SENT  # state.after-failure: from here on bytes may be out
        for piece in pieces:
            self._send(piece)

    def getresponse(self) -> HTTPResponse:
        """Return the response to the request that was sent, its body yet to be read.

        Raises:
            ResponseNotReady: No request was sent, or the previous response is not read.
            BadStatusLine: The server sent something else, or nothing (RemoteDisconnected).
            OSError: The socket failed.
        """
        self._forget_finished_response()
        if self._state is not _State.SENT or self._response is not None or self.sock is None:
            raise ResponseNotReady(f"no response is due: {self._state.name.lower()}")
        try:
            response = HTTPResponse(self.sock, self._method)
        except ConnectionError:
            self.close()
            raise
        self._state = _State.IDLE
        if response.will_close:
            self.close()  # state.reconnect: the response lives on, by itself
        else:
            self._response = response
        return response

    def _begin(self) -> None:
        """Begin a request, if none is under way (state.busy, state.independent)."""
        self._forget_finished_response()
        if self._state is not _State.IDLE:
            raise CannotSendRequest(f"the previous request is not done: {self._state.name.lower()}")
        self._state = _State.BEGUN

    def _forget_finished_response(self) -> None:
        """Let go of a response that was read to its end."""
        if self._response is not None and self._response.closed:
            self._response = None

    def _send(self, piece: Buffer) -> None:
        """Send all of a piece, connecting first if there is no connection."""
        if self.sock is None:
            self.connect()
        assert self.sock is not None  # connect() raises otherwise
        self.sock.sendall(piece)
