"""Clients that do not end: in request() and around it, idle and busy, silent and talking."""

# ruff: noqa: D102 - the docstring of a class says what its methods do

from __future__ import annotations

import ctypes
import os
import signal
import socket
import threading
import time
from typing import Any, NoReturn

from ._base import Hostile, forever


class Before(Hostile):
    """Hangs before it sends anything."""

    def before(self) -> None:
        forever()


class Amid(Hostile):
    """Hangs in the middle of the head."""

    def send(self, data: Any) -> None:
        if self.is_hit and isinstance(data, bytes) and len(data) > 10:
            super().send(data[:10])
            forever()
        super().send(data)


class After(Hostile):
    """Hangs when everything was sent."""

    def after(self) -> None:
        forever()


class InConstructor(Hostile):
    """Hangs when it is made with a block size of 17."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Hang, or not."""
        if keywords.get("blocksize") == 17:
            forever()
        super().__init__(*arguments, **keywords)


class InClose(Hostile):
    """Hangs when it is closed."""

    def close(self) -> None:
        if self.is_hit:
            forever()
        super().close()


class InDestructor(Hostile):
    """Hangs when nothing refers to it any more."""

    def __del__(self) -> None:
        if self.is_hit:
            forever()


class SleepsInDestructor(Hostile):
    """Needs a moment to be destroyed."""

    def __del__(self) -> None:
        if self.is_hit:
            time.sleep(0.1)


class _SlowMessage(Exception):
    """An exception that takes for ever to say what it is."""

    def __str__(self) -> str:
        forever()


class InMessage(Hostile):
    """Raises an exception whose message never comes."""

    def before(self) -> None:
        raise _SlowMessage


class ForResponse(Hostile):
    """Waits for a response before the server gives one."""

    def after(self) -> None:
        self.getresponse()


class Spins(Hostile):
    """Keeps the processor busy."""

    def before(self) -> None:
        while True:
            pass


class HoldsInterpreter(Hostile):
    """Sleeps in C and lets no other thread run."""

    def before(self) -> None:
        ctypes.PyDLL(None).sleep(3600)


class Trickles(Hostile):
    """Sends a byte now and then, without end."""

    def after(self) -> None:
        while True:
            self.sock.sendall(b"x")
            time.sleep(0.01)


class Streams(Hostile):
    """Sends as fast as it can, without end."""

    def after(self) -> None:
        piece = bytes(1 << 20)
        while True:
            self.sock.sendall(piece)


class Connects(Hostile):
    """Opens connections without end, and closes each."""

    def after(self) -> None:
        while True:
            socket.create_connection((self.host, self.port)).close()


class IgnoresTermination(Hostile):
    """Hangs, and ignores every signal that can be ignored."""

    def before(self) -> None:
        for number in signal.Signals:
            if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_IGN)
        forever()


class Stops(Hostile):
    """Stops its own process, as Ctrl-Z does."""

    def before(self) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)


class InThread(Hostile):
    """Waits for a thread that never ends."""

    def before(self) -> None:
        thread = threading.Thread(target=forever)
        thread.start()
        thread.join()


class WithChildren(Hostile):
    """Hangs, and so do three processes that it has started."""

    def before(self) -> None:
        for _ in range(3):
            if os.fork() == 0:
                forever()
        forever()


class Always(Hostile):
    """Hangs in every request, when everything was sent."""

    def request(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> NoReturn:
        super().request(method, url, *arguments, **keywords)
        forever()
