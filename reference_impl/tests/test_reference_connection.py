"""The connection: its states, its socket, and the responses that it reads."""

from __future__ import annotations

import http.client
import inspect
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import wireproof_reference
from wireproof_reference import HTTPConnection, HTTPResponse

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

INTERIM = b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A listening socket, whose queue holds the connections that are made."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


@contextmanager
def connected(listener: socket.socket, **options: Any) -> Iterator[HTTPConnection]:
    """A connection to the listener, closed at the end."""
    connection = HTTPConnection(*listener.getsockname(), **options)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def accepted(listener: socket.socket) -> Iterator[socket.socket]:
    """The server's side of the next connection."""
    server, _ = listener.accept()
    with server:
        server.settimeout(10)
        yield server


def read_response(data: bytes, method: str = "GET") -> HTTPResponse:
    """Read a response from a connection that brings some data and ends."""
    server, client = socket.socketpair()
    with server, client:
        server.sendall(data)
        server.shutdown(socket.SHUT_WR)
        return HTTPResponse(client, method)


@pytest.mark.parametrize(
    ("arguments", "address"),
    [
        (("example",), ("example", 80)),
        (("example:",), ("example", 80)),
        (("example:81",), ("example", 81)),
        (("example", "81"), ("example", "81")),
        (("example:81", 82), ("example:81", 82)),
        (("[::1]",), ("::1", 80)),
        (("[::1]:81",), ("::1", 81)),
        (("[::1]", 81), ("::1", 81)),
    ],
)
def test_host_and_port_are_told_apart(arguments: Any, address: tuple[str, object]) -> None:
    """The port is the one given, or what follows the last colon outside brackets, or 80."""
    connection = HTTPConnection(*arguments)
    assert (connection.host, connection.port) == address


@pytest.mark.parametrize("host", ["example:http", "a b", "a\n", "\x7f"])
def test_bad_host_is_refused(host: str) -> None:
    """A port that is no number, and control characters or spaces in a host, are refused at once."""
    with pytest.raises(wireproof_reference.InvalidURL):
        HTTPConnection(host)


def test_connection_is_made_when_there_is_something_to_send(listener: socket.socket) -> None:
    """There is no socket before the first request, nor after close, and Nagle's delay is off."""
    with connected(listener) as connection:
        sockets: list[object] = [connection.sock]
        connection.request("GET", "/")
        assert connection.sock is not None
        no_delay = connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        connection.close()
        sockets.append(connection.sock)
        with accepted(listener):
            pass
    assert (sockets, bool(no_delay)) == ([None, None], True)


@pytest.mark.parametrize(("options", "timeout"), [({}, 7.0), ({"timeout": 3}, 3.0), ({"timeout": None}, None)])
def test_timeout_is_the_sockets_default_unless_given(
    listener: socket.socket, options: Any, timeout: float | None
) -> None:
    """Without a timeout, the default of new sockets at the time of connecting is used."""
    default = socket.getdefaulttimeout()
    with connected(listener, **options) as connection:
        socket.setdefaulttimeout(7)
        try:
            connection.connect()
        finally:
            socket.setdefaulttimeout(default)
        assert connection.sock is not None
        assert connection.sock.gettimeout() == timeout


def test_source_address_is_connected_from(listener: socket.socket) -> None:
    """The connection comes from the address that it was told to come from."""
    with connected(listener, source_address=("127.0.0.2", 0)) as connection:
        connection.request("GET", "/")
        with accepted(listener) as server:
            assert server.getpeername()[0] == "127.0.0.2"


def test_connection_is_kept_and_replaced(listener: socket.socket) -> None:
    """Requests share a connection until a response ends it; then the next one connects again."""
    received: list[object] = []
    with connected(listener) as connection:
        connection.request("GET", "/1")
        with accepted(listener) as server:
            server.sendall(ANSWER)
            bodies = [connection.getresponse().read()]
            connection.request("GET", "/2")
            server.sendall(ANSWER.replace(b"1.1", b"1.0"))
            bodies.append(connection.getresponse().read())
            received.append(server.makefile("rb").read().count(b"GET"))
        connection.request("GET", "/3")
        with accepted(listener) as server:
            received.append(server.recv(5))
    assert (received, bodies) == ([2, b"GET /"], [b"ok", b"ok"])


def test_second_response_waits_for_the_first(listener: socket.socket) -> None:
    """A request may follow an unread response, but its own response may not."""
    with connected(listener) as connection:
        connection.request("GET", "/1")
        with accepted(listener) as server:
            server.sendall(ANSWER)
            first = connection.getresponse()
            connection.request("GET", "/2")
            with pytest.raises(wireproof_reference.ResponseNotReady):
                connection.getresponse()
            body = first.read()
            server.sendall(ANSWER)
            second = connection.getresponse()
            connection.close()
    assert (body, second.closed, second.read()) == (b"ok", True, b"")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"", wireproof_reference.RemoteDisconnected),
        (b"SSH-2.0\r\n", wireproof_reference.BadStatusLine),
    ],
)
def test_bad_response_is_refused(listener: socket.socket, reply: bytes, error: type[Exception]) -> None:
    """A server that sends nothing, or something else, is told apart; a lost connection is closed."""
    with connected(listener, timeout=10) as connection:
        connection.request("GET", "/")
        with accepted(listener) as server:
            server.sendall(reply)
            server.shutdown(socket.SHUT_WR)
            with pytest.raises(error) as caught:
                connection.getresponse()
        assert caught.type is error
        assert (connection.sock is None) is issubclass(error, ConnectionError)


def test_failed_connect_leaves_the_request_sent() -> None:
    """When the server can't be reached, the next request is refused until close."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = unused.getsockname()
    connection = HTTPConnection(*address)
    with pytest.raises(ConnectionRefusedError):
        connection.request("GET", "/")
    with pytest.raises(wireproof_reference.CannotSendRequest):
        connection.request("GET", "/")
    with pytest.raises(wireproof_reference.ResponseNotReady):
        connection.getresponse()
    connection.close()


@pytest.mark.parametrize(
    ("data", "method", "wanted"),
    [
        (ANSWER, "GET", (200, "OK", b"ok", False)),
        (ANSWER, "HEAD", (200, "OK", b"", False)),
        (
            INTERIM + ANSWER,
            "GET",
            (200, "OK", b"ok", False),
        ),
        (b"HTTP/1.1 101 Switch\r\n\r\nraw", "GET", (101, "Switch", b"", False)),
        (b"HTTP/1.1 204\r\n\r\n", "GET", (204, "", b"", False)),
        (b"HTTP/1.1 200 OK\n\nrest", "GET", (200, "OK", b"rest", True)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nrest", "GET", (200, "OK", b"rest", True)),
        (
            b"HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 2\r\n\r\nok",
            "GET",
            (200, "OK", b"ok", True),
        ),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "GET", (200, "OK", b"ok", True)),
        (
            b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
            "GET",
            (200, "OK", b"ok", False),
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nA;x\r\n0123456789\r\n1\r\na\r\n0\r\nT: t\r\n\r\n",
            "GET",
            (200, "OK", b"0123456789a", False),
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b", "GET", (200, "OK", b"", False)),
    ],
)
def test_response_is_read_by_its_framing(data: bytes, method: str, wanted: tuple[object, ...]) -> None:
    """Status, reason, body and persistence follow from the head of the final response."""
    response = read_response(data, method)
    assert (response.status, response.reason, response.read(), response.will_close) == wanted


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 3\r\n\r\nok",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nok",
        b"Transfer-Encoding: chunked\r\n\r\nnone\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_incomplete_response_is_refused(rest: bytes) -> None:
    """A body that ends too early is an error, and closes the response."""
    response = read_response(b"HTTP/1.1 200 OK\r\n" + rest)
    with pytest.raises(wireproof_reference.IncompleteRead):
        response.read()
    assert response.closed


def test_headers_of_a_response_are_found_in_any_case() -> None:
    """Header fields are looked up without regard to case, and keep their repeats."""
    response = read_response(b"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n")
    response.close()
    assert response.headers.get_all("SET-COOKIE") == ["a", "b"]


def test_exceptions_are_those_of_the_standard_library() -> None:
    """Every exception has the name and ancestry that http.client gives it."""
    ours = {
        name: [ancestor.__name__ for ancestor in thing.__mro__]
        for name in wireproof_reference.__all__
        if isinstance(thing := getattr(wireproof_reference, name), type) and issubclass(thing, Exception)
    }
    theirs = {name: [ancestor.__name__ for ancestor in getattr(http.client, name).__mro__] for name in ours}
    assert ours == theirs


def test_signature_of_request_is_that_of_the_standard_library() -> None:
    """The parameters of request have the names, kinds and defaults of the contract."""
    ours, theirs = (
        [
            (parameter.name, parameter.kind, parameter.default)
            for parameter in inspect.signature(client.request).parameters.values()
        ]
        for client in (HTTPConnection, http.client.HTTPConnection)
    )
    assert ours == theirs


def test_http_client_is_never_imported() -> None:
    """Importing the package imports neither http.client nor the harness."""
    code = "import sys, wireproof_reference; print(sorted({'http.client', 'wireproof'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == "[]\n"
