"""Clients that change what they share with whoever calls them: descriptors, arguments, process, interpreter."""

# ruff: noqa: B006, D102 - {} is the default of request itself, and the docstring of a class says what its methods do

from __future__ import annotations

import builtins
import gc
import json
import locale
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from typing import Any

from ._base import HIT, Hostile, broken, forever


class ClosesStandard(Hostile):
    """Closes standard input, output and error."""

    def before(self) -> None:
        os.closerange(0, 3)


class ReplacesStandard(Hostile):
    """Puts something else in the place of standard input, output and error."""

    def before(self) -> None:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(nowhere, descriptor)
        sys.stdin = sys.stdout = sys.stderr = None


class ClosesAll(Hostile):
    """Closes every descriptor of its process."""

    def before(self) -> None:
        os.closerange(0, 256)


class ReplacesAll(Hostile):
    """Puts something else in the place of every descriptor of its process."""

    def before(self) -> None:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for name in os.listdir("/proc/self/fd"):
            if int(name) != nowhere and os.path.exists("/proc/self/fd/" + name):
                os.dup2(nowhere, int(name))


class Scribbles(Hostile):
    """Writes into every socket and pipe that it has not opened."""

    def before(self) -> None:
        for name in os.listdir("/proc/self/fd"):
            try:
                if os.readlink("/proc/self/fd/" + name).startswith(("socket:", "pipe:")):
                    os.write(int(name), b'{"type": "done", "id": 1}\n["verdict", {}]\n\xff\x00\n')
            except OSError:
                continue


class ChangesDirectory(Hostile):
    """Goes into a directory that is gone by now, and empties the environment and the path of modules."""

    def before(self) -> None:
        os.mkdir("gone")
        os.chdir("gone")
        os.rmdir("../gone")
        os.environ.clear()
        sys.path.clear()


class ChangesUmask(Hostile):
    """Lets nobody do anything with new files."""

    def before(self) -> None:
        os.umask(0o777)


class ChangesLocale(Hostile):
    """Goes to another language, character set and time zone."""

    def before(self) -> None:
        locale.setlocale(locale.LC_ALL, "C")
        os.environ["TZ"] = "Pacific/Auckland"
        time.tzset()


class ChangesSignals(Hostile):
    """Handles every signal in its own way, and has a timer bring one again and again."""

    def before(self) -> None:
        for number in signal.Signals:
            if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGALRM):
                signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, lambda number, frame: None)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)


class BlocksSignals(Hostile):
    """Blocks every signal."""

    def before(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.Signals)


class LowersRecursion(Hostile):
    """Leaves next to no room for calls."""

    def after(self) -> None:
        for limit in range(10, 1000):
            try:
                sys.setrecursionlimit(limit)
            except RecursionError:
                continue
            return


class RaisesRecursion(Hostile):
    """Leaves more room for calls than there is stack."""

    def after(self) -> None:
        sys.setrecursionlimit(1 << 30)


class LowersLimits(Hostile):
    """Lets its process open no more files, and write none."""

    def after(self) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


class _Socket(socket.socket):
    """A socket of another class."""


class PatchesSocket(Hostile):
    """Replaces sockets, as green-thread libraries do, and half of what is beside them."""

    def before(self) -> None:
        socket.socket = _Socket  # type: ignore[misc]
        for owner, names in (
            (socket, ("socketpair", "create_server", "fromfd", "gethostbyname")),
            (select, ("select", "poll", "epoll")),
            (threading, ("Lock", "Event", "Thread")),
        ):
            for name in names:
                setattr(owner, name, broken)


class PatchesClock(Hostile):
    """Stops all clocks, and lets nobody sleep."""

    def before(self) -> None:
        for name in ("monotonic", "time", "perf_counter", "sleep", "process_time"):
            setattr(time, name, broken)


class PatchesExits(Hostile):
    """Replaces what ends a process, and hangs."""

    def before(self) -> None:
        os._exit = os.kill = os.abort = sys.exit = broken
        forever()


class PatchesJson(Hostile):
    """Replaces what reads and writes JSON, and what reads and writes descriptors."""

    def before(self) -> None:
        json.dumps = json.loads = json.dump = json.load = broken
        json.JSONEncoder.encode = json.JSONDecoder.decode = broken  # type: ignore[method-assign]
        os.read = os.write = os.pipe = os.getpid = os.listdir = broken


class PatchesBuiltins(Hostile):
    """Replaces functions and exceptions that every program uses."""

    def after(self) -> None:
        for name in ("isinstance", "len", "getattr", "type", "print", "open", "repr", "str", "Exception", "ValueError"):
            setattr(builtins, name, broken)


class RemovesBuiltins(Hostile):
    """Removes every builtin function."""

    def after(self) -> None:
        vars(builtins).clear()


class StopsCollecting(Hostile):
    """Turns the collection of garbage off, and makes some that keeps a connection open."""

    def after(self) -> None:
        gc.disable()
        gc.collect = broken
        self.itself = self


class Traces(Hostile):
    """Has itself called for every line of Python, and raises there."""

    def after(self) -> None:
        sys.settrace(broken)
        threading.settrace(broken)
        sys.setprofile(broken)


class Hooks(Hostile):
    """Replaces what is called when nobody handles an exception, and when a module is imported."""

    def before(self) -> None:
        sys.excepthook = sys.unraisablehook = broken
        threading.excepthook = broken
        builtins.__import__ = broken
        sys.meta_path.clear()
        sys.modules.clear()


class LocksUp(Hostile):
    """Acquires the locks of modules, and never releases them."""

    def before(self) -> None:
        import logging

        logging._acquireLock() if hasattr(logging, "_acquireLock") else logging._lock.acquire()  # type: ignore[attr-defined]
        threading._active_limbo_lock.acquire()  # type: ignore[attr-defined]


class MutatesArguments(Hostile):
    """Changes every argument that can be changed."""

    def request(self, method: Any, url: Any, body: Any = None, headers: Any = {}, **keywords: Any) -> None:
        super().request(method, url, body, headers, **keywords)
        if url == HIT:
            if isinstance(body, bytearray):
                body += b"changed"
            if isinstance(headers, dict):
                headers["X"] = "changed"


class ForgesDescriptors(Hostile):
    """Moves every socket that it has not opened to another number."""

    def before(self) -> None:
        for name in os.listdir("/proc/self/fd"):
            try:
                if os.readlink("/proc/self/fd/" + name).startswith("socket:"):
                    os.dup(int(name))
                    os.close(int(name))
            except OSError:
                continue
