"""The capturing server on its own, as tests of clients use it."""

from __future__ import annotations

import http.client
import os
import threading

import pytest

from wireproof._capture import CannotBind
from wireproof.errors import HarnessError
from wireproof.server import CapturingServer, Stream


def test_the_fixture_keeps_what_a_client_sends(capturing_server: CapturingServer) -> None:
    """The documented use: send with a client, ask for the requests."""
    connection = http.client.HTTPConnection(capturing_server.host, capturing_server.port)
    connection.request("POST", "/path", "abc")
    connection.close()
    (request,) = capturing_server.requests()
    assert (request.method, request.target, request.content, request.problems) == (b"POST", b"/path", b"abc", ())
    head = b"POST /path HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc"
    data = head % capturing_server.port
    assert capturing_server.streams() == (Stream("client", data, len(data), "eof"),)


def test_a_client_can_be_answered(capturing_server: CapturingServer) -> None:
    """A reply reaches the newest client, and the connection can go on or end."""
    connection = http.client.HTTPConnection(capturing_server.host, capturing_server.port)
    connection.request("GET", "/1")
    capturing_server.reply(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert connection.getresponse().read() == b""
    connection.request("GET", "/2")
    capturing_server.reply(b"HTTP/1.0 200 OK\r\n\r\nto the end", close=True)
    assert connection.getresponse().read() == b"to the end"
    connection.close()
    assert [request.target for request in capturing_server.requests()] == [b"/1", b"/2"]


def test_a_large_request_does_not_block_its_thread(capturing_server: CapturingServer) -> None:
    """Client and test share a thread: the server reads in one of its own."""
    connection = http.client.HTTPConnection(capturing_server.host, capturing_server.port, timeout=20)
    connection.request("PUT", "/", b"x" * (8 * 1024 * 1024))
    connection.close()
    (request,) = capturing_server.requests()
    assert len(request.content) == 8 * 1024 * 1024


def test_a_port_may_be_chosen_and_is_free_afterwards() -> None:
    """The port that is asked for is listened on, a second server cannot have it, and close() gives it back."""
    with CapturingServer() as first:
        with pytest.raises(CannotBind):
            CapturingServer(port=first.port)
        port = first.port
    with CapturingServer("127.0.0.1", port) as second:
        assert (second.host, second.port) == ("127.0.0.1", port)


def test_only_loopback_is_listened_on() -> None:
    """The server is for tests, and nobody else can reach it."""
    with pytest.raises(HarnessError, match=r"listens on loopback only, not on 0\.0\.0\.0"):
        CapturingServer("0.0.0.0")


def test_nothing_is_left_when_it_is_closed() -> None:
    """Threads and descriptors are given back."""
    before = (threading.active_count(), len(os.listdir("/proc/self/fd")))
    for _ in range(20):
        with CapturingServer() as server:
            connection = http.client.HTTPConnection(server.host, server.port)
            connection.request("GET", "/")
            connection.close()
            assert len(server.requests()) == 1
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == before
