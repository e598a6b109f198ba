"""Clients that keep the contract to the byte in ways that few would choose: how they send, how they are made, what they
raise. Each must pass every case.
"""

# ruff: noqa: D102 - what a class does is said once, in its own docstring

from __future__ import annotations

import asyncio
import ctypes
import errno
import functools
import http.client
import itertools
import operator
import os
import queue
import selectors
import socket
import sys
import threading
import time
import types
import warnings
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from correct import Buffered
from faithful import Client, Hooked, Scratch

# how they send ----------------------------------------------------------------------------------------------------


def delayed(sock: socket.socket, data: memoryview) -> None:
    """Wait a moment between two pieces."""
    sock.sendall(data[:1])
    time.sleep(0.0005)
    sock.sendall(data[1:])


def writev(sock: socket.socket, data: memoryview) -> None:
    """Write three buffers at a time to the descriptor."""
    sock.setblocking(True)
    while data:
        third = -(-len(data) // 3)
        data = data[os.writev(sock.fileno(), [data[:third], data[third : 2 * third], data[2 * third :]]) :]


def spliced(sock: socket.socket, data: memoryview) -> None:
    """Send through a pipe."""
    sock.setblocking(True)
    reading, writing = os.pipe()
    try:
        while data:
            count = os.write(writing, data[:4096])
            data = data[count:]
            while count:
                count -= os.splice(reading, sock.fileno(), count)
    finally:
        os.close(reading)
        os.close(writing)


def more(sock: socket.socket, data: memoryview) -> None:
    """Announce that more is to come, but for the last byte."""
    sock.sendall(data[:-1], socket.MSG_MORE)
    sock.sendall(data[-1:])


def with_nothing(sock: socket.socket, data: memoryview) -> None:
    """Send nothing, the data, and nothing."""
    sock.send(b"")
    sock.sendall(data)
    sock.send(b"")


def raw_file(sock: socket.socket, data: memoryview) -> None:
    """Write to a file without a buffer."""
    with sock.makefile("wb", buffering=0) as file:
        while data:
            data = data[file.write(data) :]


def event_loop(sock: socket.socket, data: memoryview) -> None:
    """Have an event loop of its own send."""
    timeout = sock.gettimeout()
    sock.setblocking(False)
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(loop.sock_sendall(sock, data))
    finally:
        loop.close()
        sock.settimeout(timeout)


_C = ctypes.CDLL(None, use_errno=True)


def in_c(sock: socket.socket, data: memoryview) -> None:
    """Call the C library's send."""
    sock.setblocking(True)
    rest = bytes(data)
    while rest:
        count = _C.send(sock.fileno(), rest, ctypes.c_size_t(len(rest)), socket.MSG_NOSIGNAL)
        if count < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        rest = rest[count:]


WAYS: tuple[Callable[[socket.socket, memoryview], None], ...] = (
    delayed,
    writev,
    spliced,
    more,
    with_nothing,
    raw_file,
    event_loop,
    in_c,
)


class EachWay(Buffered):
    """Sends each piece in another way, all of them in turn."""

    _turn = itertools.count()

    def deliver(self, data: memoryview) -> None:
        WAYS[next(self._turn) % len(WAYS)](self.sock, data)


class Forking(Buffered):
    """Has a child process send."""

    def deliver(self, data: memoryview) -> None:
        self.sock.setblocking(True)
        child = os.fork()
        if child == 0:
            try:
                self.sock.sendall(data)
            except BaseException:
                os._exit(1)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            raise BrokenPipeError(errno.EPIPE, "the child could not send")


class InLoopThread(Buffered):
    """Has an event loop in another thread send, and waits for that."""

    _loop: asyncio.AbstractEventLoop | None = None

    def deliver(self, data: memoryview) -> None:
        timeout = self.sock.gettimeout()
        self.sock.setblocking(False)
        loop = self.loop()
        try:
            asyncio.run_coroutine_threadsafe(loop.sock_sendall(self.sock, data), loop).result()
        finally:
            self.sock.settimeout(timeout)

    @classmethod
    def loop(cls) -> asyncio.AbstractEventLoop:
        """Return the loop that all have in common."""
        if cls._loop is None:
            cls._loop = asyncio.new_event_loop()
            threading.Thread(target=cls._loop.run_forever, daemon=True).start()
        return cls._loop


class FlushedAtTheEnd(Buffered):
    """Writes to one large buffer as long as the connection lasts, and flushes it when a request ends."""

    writer: Any = None

    def connect(self) -> None:
        super().connect()
        self.writer = self.sock.makefile("wb", 1 << 20)

    def deliver(self, data: memoryview) -> None:
        self.writer.write(data)

    def request(self, *arguments: Any, **keywords: Any) -> None:
        try:
            super().request(*arguments, **keywords)
        finally:
            if self.writer is not None:
                self.writer.flush()

    def close(self) -> None:
        writer, self.writer = self.writer, None
        if writer is not None:
            with suppress(OSError):
                writer.close()
        super().close()


class LineByLine(Hooked):
    """Sends each line of a head, and the size, the data and the end of each chunk, by itself."""

    def send_head(self, lines: list[bytes]) -> None:
        for line in lines[:-1]:
            self.send(line + b"\r\n")

    def send_body(self, body: Any, chunked: Any) -> None:
        for piece in self.pieces(body):
            if piece:
                for part in self.chunk(piece).partition(b"\r\n") if chunked else (piece,):
                    self.send(part)
        if chunked:
            self.send(b"0\r\n")
            self.send(b"\r\n")


# how they connect -------------------------------------------------------------------------------------------------


class NonBlockingConnect(Client):
    """Connects without blocking, and waits with a selector."""

    def connect(self) -> None:
        family, kind, number, _, address = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0]
        self.sock = socket.socket(family, kind, number)
        self.sock.setblocking(False)
        self.sock.connect_ex(address)
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, selectors.EVENT_WRITE)
            selector.select()
        error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
        self.sock.setblocking(True)


class _Counting(socket.socket):
    """Sends 7,777 bytes at most at a time, and counts."""

    sent = 0

    def sendall(self, data: Any, flags: int = 0) -> None:
        with memoryview(data) as view, view.cast("B") as rest:
            start = 0
            while start < len(rest):
                start += self.send(rest[start : start + 7777], flags)
            self.sent += start


class OwnSocket(Client):
    """Has a socket of a class of its own, bound before it connects."""

    def connect(self) -> None:
        family, kind, number, _, address = socket.getaddrinfo(
            host=self.host, port=str(self.port), family=socket.AF_UNSPEC, type=socket.SOCK_STREAM
        )[0]
        self.sock = _Counting(family, kind, number)
        self.sock.bind(("", 0))
        self.sock.connect(address)


class Eager(Client):
    """Connects when it is made."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Connect."""
        super().__init__(*arguments, **keywords)
        self.connect()


class OwnResolver(Client):
    """Takes an address for what it is, and asks nobody about it."""

    def connect(self) -> None:
        host = self.host.strip("[]")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            socket.inet_pton(family, host.partition("%")[0])
        except OSError:
            super().connect()
            return
        self.sock = socket.socket(family)
        self.sock.connect((host, int(self.port)))


class Lingering(Client):
    """Waits in close() until everything has arrived."""

    def connect(self) -> None:
        super().connect()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\5\0\0\0")


# how they are made ------------------------------------------------------------------------------------------------


class Overriding(http.client.HTTPConnection):
    """Overrides every public method, and does what it does."""

    def putrequest(self, *arguments: Any, **keywords: Any) -> None:
        super().putrequest(*arguments, **keywords)

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *values)

    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:
        super().endheaders(message_body, encode_chunked=encode_chunked)

    def send(self, data: Any) -> None:
        super().send(data)

    def connect(self) -> None:
        super().connect()

    def close(self) -> None:
        super().close()


class _Told(http.client.HTTPConnection):
    flavour = ""

    def __init_subclass__(cls, flavour: str = "", **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.flavour = flavour


class _Meta(type):
    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        made = super().__call__(*arguments, **keywords)
        made.by = cls
        return made


class Subclassed(_Told, flavour="plain"):
    """Has __init_subclass__ above it, and makes its methods partial ones."""

    request = functools.partialmethod(http.client.HTTPConnection.request)


class ByMetaclass(http.client.HTTPConnection, metaclass=_Meta):
    """Is made by a metaclass's __call__."""


class New:
    """Makes something else."""

    def __new__(cls, *arguments: Any, **keywords: Any) -> Any:
        """Return a connection that is none of this class."""
        return http.client.HTTPConnection(*arguments, **keywords)


class Builtins:
    """Has attributes that are written in C instead of methods."""

    __slots__ = ("__weakref__", "close", "getresponse", "request")

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Bind them."""
        inner = http.client.HTTPConnection(*arguments, **keywords)
        request: Any = inner.request
        self.request = functools.partial(operator.call, request)
        self.getresponse = operator.attrgetter("getresponse")(inner)
        self.close = functools.partial(inner.close)


def functions(*arguments: Any, **keywords: Any) -> types.SimpleNamespace:
    """Return an object that has functions."""
    inner = Scratch(*arguments, **keywords)
    return types.SimpleNamespace(
        request=lambda *given, **named: inner.request(*given, **named),
        getresponse=lambda: inner.getresponse(),
        close=lambda: inner.close(),
    )


class Frozen(NamedTuple):
    """Is a tuple with a connection in it."""

    inner: Any

    @classmethod
    def make(cls, *arguments: Any, **keywords: Any) -> Frozen:
        """Return one."""
        return cls(http.client.HTTPConnection(*arguments, **keywords))

    @property
    def request(self) -> Any:
        """The connection's method."""
        return self.inner.request

    def getresponse(self) -> Any:
        return self.inner.getresponse()

    def close(self) -> None:
        self.inner.close()


_ALIVE: list[Any] = []


def weak(*arguments: Any, **keywords: Any) -> Any:
    """Return a weak proxy of a connection that somebody else keeps."""
    _ALIVE[:] = [*_ALIVE[-9:], http.client.HTTPConnection(*arguments, **keywords)]
    return weakref.proxy(_ALIVE[-1])


class Pool:
    """Borrows its connection from a pool for each call."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Fill the pool."""
        self.pool: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()
        self.pool.put(http.client.HTTPConnection(*arguments, **keywords))

    def __getattr__(self, name: str) -> Any:
        def borrowed(*arguments: Any, **keywords: Any) -> Any:
            inner = self.pool.get()
            try:
                return getattr(inner, name)(*arguments, **keywords)
            finally:
                self.pool.put(inner)

        return borrowed


class Talkative(http.client.HTTPConnection):
    """Warns, prints and writes to the standard streams, keeps a cycle and a thread."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Start the thread."""
        warnings.warn("an old way", DeprecationWarning, stacklevel=2)
        super().__init__(*arguments, **keywords)
        self.me = [self]
        self.is_over = threading.Event()
        threading.Thread(target=self.is_over.wait, daemon=True).start()

    def request(self, *arguments: Any, **keywords: Any) -> None:
        print("request", arguments, keywords.keys())
        sys.stderr.write("x" * 100)
        os.write(1, b'["verdict", {}]\n')
        super().request(*arguments, **keywords)

    def close(self) -> None:
        super().close()
        self.is_over.set()


class Inquisitive(http.client.HTTPConnection):
    """Looks at its arguments without using them up."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        for each in (*arguments, *keywords.values()):
            for name in ("read", "seek", "fileno", "__iter__", "__len__", "encode", "items"):
                hasattr(each, name)
            with suppress(Exception):
                len(each)
            if hasattr(each, "tell"):
                with suppress(Exception):
                    each.tell()
        super().request(*arguments, **keywords)


# what they raise --------------------------------------------------------------------------------------------------


class SubclassedErrors(http.client.HTTPConnection):
    """Raises subclasses of what is expected, each with a note."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        try:
            super().request(*arguments, **keywords)
        except Exception as error:
            made = type(f"My{type(error).__name__}", (type(error),), {})(*error.args)
            made.add_note("see the manual")
            raise made from error


class OwnErrors(http.client.HTTPConnection):
    """Raises exceptions of its own, which have only their names, and their bases' names, in common with others."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        try:
            super().request(*arguments, **keywords)
        except OSError:
            raise
        except Exception as error:
            kind: Any = type(error)
            raise _own(kind)("said otherwise") from error


@functools.cache
def _own(kind: type) -> Any:
    bases = tuple(_own(base) for base in kind.__bases__ if base not in (Exception, object))
    return type(kind.__name__, bases or (Exception,), {})


class OtherMessages(http.client.HTTPConnection):
    """Says something else, which no report should show as it is."""

    def request(self, *arguments: Any, **keywords: Any) -> None:
        try:
            super().request(*arguments, **keywords)
        except UnicodeEncodeError as error:
            error.reason = "\x1b[31m<script>\r\n"
            raise
        except Exception as error:
            error.args = ("\x1b[31m\0<script>", *error.args)
            raise
