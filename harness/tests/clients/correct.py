"""Clients that are built oddly and keep the contract to the byte: each must pass every case."""

# ruff: noqa: D102 - {} is the default of request itself, and the docstring of a class says what its methods do

from __future__ import annotations

import functools
import http.client
import os
import queue
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from faithful import Client, Hooked, Scratch

import wireproof_reference


class Buffered(Client):
    """Hands whatever is to be sent to ``write``, as bytes."""

    def send(self, data: Any) -> None:
        """Cut ``data`` up as the standard library does."""
        if self.sock is None:
            self.connect()
        try:
            view = memoryview(data)
        except TypeError:
            if isinstance(data, str):
                raise
            for piece in data:
                self.write(memoryview(piece))
        else:
            self.write(view)

    def write(self, view: memoryview) -> None:
        """Send all of ``view``."""
        if not view.c_contiguous:
            raise BufferError("not contiguous")
        self.deliver(view.cast("B") if view.nbytes else memoryview(b""))

    def deliver(self, data: memoryview) -> None:
        """Send bytes, none or more."""
        self.sock.sendall(data)


class ByteByByte(Buffered):
    """Sends one byte at a time."""

    def deliver(self, data: memoryview) -> None:
        sendall = self.sock.sendall
        for index in range(len(data)):
            sendall(data[index : index + 1])


class OnePiece(Buffered):
    """Collects the whole request and sends it with one sendall, also what there is of one whose body fails."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        self.held: list[bytes] = []
        try:
            super().request(*arguments, **keywords)
        finally:
            if self.held and self.sock is not None:
                self.sock.sendall(b"".join(self.held))

    def deliver(self, data: memoryview) -> None:
        self.held.append(bytes(data))


class StridesCopied(Hooked):
    """Sends a memoryview with strides through a copy, which is as right as refusing it."""

    def pieces(self, body: Any) -> Any:
        if isinstance(body, memoryview) and not body.c_contiguous:
            return (body.tobytes(),)
        return super().pieces(body)


class HeadWithFirstPiece(Buffered):
    """Keeps the head back until there is something to send with it."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        self.head: bytes | None = b""
        try:
            super().request(*arguments, **keywords)
        finally:
            if self.head and self.sock is not None:
                self.sock.sendall(self.head)

    def deliver(self, data: memoryview) -> None:
        if self.head == b"":
            self.head = bytes(data)
        elif self.head:
            head, self.head = self.head, None
            self.sock.sendall(head + data)
        else:
            self.sock.sendall(data)


class Vectored(Buffered):
    """Sends with sendmsg, halves of a piece as two buffers, and goes on where it stopped short."""

    def deliver(self, data: memoryview) -> None:
        while data:
            half = len(data) // 2
            data = data[self.sock.sendmsg([data[:half], data[half:]]) :]


class SmallSteps(Buffered):
    """Sends 1,000 bytes at most at a time, and looks at how many went out."""

    def deliver(self, data: memoryview) -> None:
        while data:
            data = data[self.sock.send(data[:1000]) :]


class ThroughFile(Buffered):
    """Writes to a buffered file made from the socket."""

    def deliver(self, data: memoryview) -> None:
        with self.sock.makefile("wb") as file:
            file.write(data)


class ThroughDescriptor(Buffered):
    """Writes to the socket's descriptor with os.write."""

    def deliver(self, data: memoryview) -> None:
        self.sock.settimeout(None)
        while data:
            data = data[os.write(self.sock.fileno(), data) :]


class NonBlocking(Buffered):
    """Sends on a socket that does not block, and waits with select."""

    def deliver(self, data: memoryview) -> None:
        timeout = self.sock.gettimeout()
        self.sock.setblocking(False)
        try:
            while data:
                select.select([], [self.sock], [])
                data = data[self.sock.send(data) :]
        finally:
            self.sock.settimeout(timeout)


class FromThread(Buffered):
    """Sends each piece from a thread of its own, and waits for it."""

    def deliver(self, data: memoryview) -> None:
        in_thread(functools.partial(self.sock.sendall, data))


class WholeRequestInThread(Client):
    """Makes the whole request in another thread, and waits for it."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        in_thread(functools.partial(super().request, *arguments, **keywords))


def in_thread(call: Callable[[], object]) -> None:
    """Call in a thread of its own; an exception comes out here."""
    failure: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            call()
        except BaseException as error:
            failure.put(error)
        else:
            failure.put(None)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    error = failure.get()
    if error is not None:
        raise error


class NagleOn(Client):
    """Leaves TCP_NODELAY off."""

    def connect(self) -> None:
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)


class Corked(Client):
    """Corks the connection while a request goes out."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        try:
            super().request(*arguments, **keywords)
        finally:
            if self.sock is not None:
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    def connect(self) -> None:
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)


class SmallSendBuffer(Client):
    """Gives the socket the smallest send buffer."""

    def connect(self) -> None:
        super().connect()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)


class WithTimeout(Client):
    """Sets a timeout on the socket, so that the socket does not block inside."""

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(60)


class PoliteClose(Client):
    """Ends its sending side before it closes."""

    def close(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_WR)
        super().close()


class InheritedReference(wireproof_reference.HTTPConnection):
    """Inherits everything from the reference implementation and sends its pieces one by one."""

    def _send(self, piece: Any) -> None:
        """Send a copy."""
        super()._send(bytes(piece))


class Composed:
    """Has a connection instead of being one."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Make the connection."""
        self.inner = http.client.HTTPConnection(*arguments, **keywords)

    def request(self, *arguments: Any, **keywords: Any) -> None:
        """Have the connection send a request."""
        self.inner.request(*arguments, **keywords)

    def getresponse(self) -> http.client.HTTPResponse:
        """Have the connection read the response."""
        return self.inner.getresponse()

    def close(self) -> None:
        """Have the connection closed."""
        self.inner.close()


class Delegating:
    """Has slots, and looks up everything in another object."""

    __slots__ = ("_target",)

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Make the other object."""
        object.__setattr__(self, "_target", Hooked(*arguments, **keywords))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._target, name, value)


def factory(host: str, port: Any = None, **keywords: Any) -> http.client.HTTPConnection:
    """Return a connection, made by a function."""
    return http.client.HTTPConnection(host, port, **keywords)


partial = functools.partial(http.client.HTTPConnection, source_address=None)


class Scope:
    """Holds a class, which is found by a dotted path, and a method that makes connections."""

    class Inner(Scratch):
        """A client from scratch, inside another class."""

    @classmethod
    def make(cls, *arguments: Any, **keywords: Any) -> Inner:
        """Return a connection."""
        return cls.Inner(*arguments, **keywords)
