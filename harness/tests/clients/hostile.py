"""Clients that do harm, each to one url only, so that the cases around it show whether the harm spreads.

``HIT`` is that url: a case of ``test_detection`` asks for it. All else is the standard library's.
"""

# ruff: noqa: B006, D102 - {} is the default of request itself, and the docstring of a class says what its methods do

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import struct
import sys
import threading
import time
from typing import Any, ClassVar, NoReturn

from faithful import Client, Hooked

HIT = "/hit"


class _Hostile(Client):
    """Does ``harm`` in place of a request for ``HIT``."""

    def request(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> None:
        if url == HIT:
            self.harm()
        super().request(method, url, *arguments, **keywords)

    def harm(self) -> None:
        """Do what the class is for."""


def forever() -> NoReturn:
    """Never come back."""
    while True:
        time.sleep(3600)


# hangs -------------------------------------------------------------------------------------------------------------


class HangsInRequest(_Hostile):
    """Never comes back from request()."""

    def harm(self) -> None:
        forever()


class HangsAfterSending(Client):
    """Sends everything and never comes back."""

    def request(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> None:
        super().request(method, url, *arguments, **keywords)
        if url == HIT:
            forever()


class HangsInConstructor(Client):
    """Never gets made where the block size is 17."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Hang, or not."""
        if keywords.get("blocksize") == 17:
            forever()
        super().__init__(*arguments, **keywords)


class HangsInClose(_Hostile):
    """Never comes back from close()."""

    is_hit = False

    def harm(self) -> None:
        self.is_hit = True

    def close(self) -> None:
        if self.is_hit:
            forever()
        super().close()


class SpinsInRequest(_Hostile):
    """Never comes back from request(), and keeps the processor busy."""

    def harm(self) -> None:
        while True:
            pass


class HoldsTheInterpreter(_Hostile):
    """Sleeps in C without giving the interpreter to any other thread."""

    def harm(self) -> None:
        ctypes.PyDLL(None).sleep(3600)


class IgnoresTermination(_Hostile):
    """Ignores the signals that end a process, and hangs."""

    def harm(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        forever()


class LeavesChild(_Hostile):
    """Starts a process that outlives it, and hangs."""

    def harm(self) -> None:
        if os.fork() == 0:
            forever()
        forever()


# ends --------------------------------------------------------------------------------------------------------------


class Exits(_Hostile):
    """Ends the process at once."""

    def harm(self) -> None:
        os._exit(0)


class Segfaults(_Hostile):
    """Reads where there is no memory."""

    def harm(self) -> None:
        ctypes.string_at(0)


class Aborts(_Hostile):
    """Kills itself."""

    def harm(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Recurses(_Hostile):
    """Recurses without end."""

    def harm(self) -> None:
        self.harm()


# exceptions --------------------------------------------------------------------------------------------------------


class RaisesSystemExit(_Hostile):
    """Calls sys.exit."""

    def harm(self) -> None:
        sys.exit(0)


class RaisesKeyboardInterrupt(_Hostile):
    """Raises KeyboardInterrupt."""

    def harm(self) -> None:
        raise KeyboardInterrupt


class RaisesGeneratorExit(_Hostile):
    """Raises GeneratorExit."""

    def harm(self) -> None:
        raise GeneratorExit


class RaisesEscapes(_Hostile):
    """Raises with a message that would clear a terminal."""

    def harm(self) -> None:
        raise RuntimeError("\x1b[2J\x1b]0;owned\x07 \x00 \ud800 [red]markup[/] \r\nlines")


class RaisesMegabyte(_Hostile):
    """Raises with a message of a megabyte."""

    def harm(self) -> None:
        raise RuntimeError("x" * 1_000_000)


class _Unprintable(Exception):
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        raise ValueError("no message")

    __repr__ = __str__


class _UnprintableExit(Exception):
    """An exception whose message ends the program."""

    def __str__(self) -> str:
        raise SystemExit(0)


class RaisesUnprintable(_Hostile):
    """Raises an exception whose message cannot be had."""

    def harm(self) -> None:
        raise _Unprintable


class RaisesUnprintableExit(_Hostile):
    """Raises an exception whose message is another exception, SystemExit."""

    def harm(self) -> None:
        raise _UnprintableExit


# the process -------------------------------------------------------------------------------------------------------


class Floods(_Hostile):
    """Prints five megabytes, and then a verdict of its own."""

    def harm(self) -> None:
        for file in (sys.stdout, sys.stderr):
            file.write("flood\n" * 500_000)
            file.write('["verdict", {"verdict": "pass"}]\n')
            file.flush()


class ClosesDescriptors(_Hostile):
    """Closes standard input, output and error."""

    def harm(self) -> None:
        for descriptor in range(3):
            os.close(descriptor)


class ChangesDirectory(_Hostile):
    """Goes to another directory, with another umask and environment."""

    def harm(self) -> None:
        os.chdir("/")
        os.environ.clear()
        os.umask(0o777)
        sys.path.clear()


class _PatchedSocket(socket.socket):
    """A socket that is none of the standard library's."""


class Patches(_Hostile):
    """Replaces sockets, sleep, clocks, locks and collection, as green-thread libraries do, for good."""

    def harm(self) -> None:
        def broken(*arguments: Any, **keywords: Any) -> NoReturn:
            raise RuntimeError("patched")

        socket.socket = _PatchedSocket  # type: ignore[misc]
        for owner, names in (
            (time, ("sleep", "monotonic", "time", "perf_counter")),
            (threading, ("Lock", "Event", "Thread")),
            (gc, ("collect",)),
        ):
            for name in names:
                setattr(owner, name, broken)


class LeaksThreads(_Hostile):
    """Leaves a hundred threads running."""

    def harm(self) -> None:
        for _ in range(100):
            threading.Thread(target=forever, daemon=True).start()


class LeaksWaitingThread(_Hostile):
    """Leaves a thread running that is waited for when the interpreter ends."""

    def harm(self) -> None:
        threading.Thread(target=forever).start()


class StoresMemory(_Hostile):
    """Keeps 100 MB."""

    stored: ClassVar[bytearray]

    def harm(self) -> None:
        type(self).stored = bytearray(100_000_000)


# connections -------------------------------------------------------------------------------------------------------


class Sends50MB(Hooked):
    """Sends 50 MB after the request."""

    def request(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> None:
        super().request(method, url, *arguments, **keywords)
        if url == HIT:
            for _ in range(50):
                self.sock.sendall(bytes(1_000_000))


class Resets(Client):
    """Resets the connection in place of closing it."""

    def request(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> None:
        super().request(method, url, *arguments, **keywords)
        if url == HIT:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class ManyConnections(_Hostile):
    """Opens 200 connections and keeps them."""

    def harm(self) -> None:
        self.kept = [socket.create_connection((self.host, self.port)) for _ in range(200)]


class Elsewhere(_Hostile):
    """Connects to a server of its own."""

    def harm(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.sock = socket.create_connection(self.listener.getsockname())


class NeverCloses(Client):
    """Keeps every connection for HIT open for ever."""

    def request(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> None:
        super().request(method, url, *arguments, **keywords)
        if url == HIT:
            KEPT.append(self.sock.dup())


KEPT: list[socket.socket] = []


class ClosesEveryDescriptor(_Hostile):
    """Closes every descriptor of the process, the harness's own too."""

    def harm(self) -> None:
        os.closerange(0, 256)


# arguments ---------------------------------------------------------------------------------------------------------


class MutatesArguments(Client):
    """Changes every argument that can be changed."""

    def request(self, method: Any, url: Any, body: Any = None, headers: Any = {}, **keywords: Any) -> None:
        super().request(method, url, body, headers, **keywords)
        if url == HIT:
            if isinstance(body, bytearray):
                body += b"changed"
            if isinstance(headers, dict):
                headers["X"] = "changed"


class ReadsOn(Client):
    """Waits for a response that never comes."""

    def request(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> None:
        super().request(method, url, *arguments, **keywords)
        if url == HIT:
            self.getresponse()
