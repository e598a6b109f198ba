"""Clients that take more than their share: memory, processes, threads, descriptors, connections, output."""

# ruff: noqa: D102 - the docstring of a class says what its methods do

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from typing import Any

from ._base import Hostile, forever

KEPT: list[Any] = []


class MemoryBomb(Hostile):
    """Takes memory without end, and gives it back when there is no more."""

    def before(self) -> None:
        taken = []
        while True:
            taken.append(bytearray(64 << 20))


class MemoryHog(Hostile):
    """Takes all memory there is, in ever smaller pieces, and keeps it."""

    def before(self) -> None:
        size = 64 << 20
        while size > 512:
            try:
                KEPT.append(bytearray(size))
            except MemoryError:
                size //= 2
        raise MemoryError


class StoresMemory(Hostile):
    """Keeps 100 MB."""

    def before(self) -> None:
        KEPT.append(bytearray(100_000_000))


class ForkBomb(Hostile):
    """Starts processes that start processes: 127 in all, each in a session of its own, none of which ends."""

    def after(self) -> None:
        for _ in range(7):
            if os.fork() == 0:
                os.setsid()
                KEPT.append(None)
        if KEPT:
            forever()


class ForksAndReturns(Hostile):
    """Comes back from its request twice: in its process, and in a copy of it."""

    def after(self) -> None:
        os.fork()


class Orphan(Hostile):
    """Ends, and leaves a program running in a session of its own."""

    def before(self) -> None:
        subprocess.Popen(["sleep", "3600"], start_new_session=True)
        os._exit(0)


class Daemon(Hostile):
    """Leaves a daemon: forked twice, in a session of its own, elsewhere, with nothing inherited but what it must."""

    def after(self) -> None:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            return
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        os.closerange(0, 256)
        os.execve("/bin/sleep", ["sleep", "3600"], {})


class KeepsChannels(Hostile):
    """Ends, and leaves a process that has every descriptor of its own open."""

    def before(self) -> None:
        if os.fork() == 0:
            os.setsid()
            forever()
        os._exit(3)


class FloodsOutput(Hostile):
    """Prints 20 MB, with lines that look like answers."""

    def before(self) -> None:
        sys.stdout.write("flood\n" * 3_300_000)
        sys.stdout.write('["verdict", {"verdict": "pass"}]\n{"type": "done", "id": 1}\n')
        sys.stdout.flush()


class FloodsErrors(Hostile):
    """Writes 20 MB of bytes that are no text to its standard error, without a line break."""

    def before(self) -> None:
        for _ in range(20):
            os.write(2, b"\xff\x00\x1b[2J" * 170_000)


class FillsFolder(Hostile):
    """Leaves files and folders that cannot be opened, deeper than a path can be, where temporary files go."""

    def before(self) -> None:
        here = os.open(".", os.O_RDONLY)
        os.chdir(os.environ["TMPDIR"])
        for number in range(100):
            with open(f"file-{number}", "w", encoding="ascii") as file:
                file.write("x")
        for _ in range(1500):
            os.mkdir("deep")
            os.chdir("deep")
        os.fchdir(here)
        os.close(here)
        os.chmod(os.environ["TMPDIR"] + "/deep/deep", 0)


class LeaksThreads(Hostile):
    """Leaves 30 threads running."""

    def after(self) -> None:
        for _ in range(30):
            threading.Thread(target=forever, daemon=True).start()


class LeaksWaitingThread(Hostile):
    """Leaves a thread running that is waited for when the interpreter ends."""

    def after(self) -> None:
        threading.Thread(target=forever).start()


class LeaksDescriptors(Hostile):
    """Leaves 2,000 files open."""

    def after(self) -> None:
        KEPT.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(2000))


class TakesAllDescriptors(Hostile):
    """Opens files until it may not open any more, and keeps them."""

    def after(self) -> None:
        try:
            while True:
                KEPT.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            return


class Connections(Hostile):
    """Opens 10,000 connections one after the other, and closes each."""

    def after(self) -> None:
        for _ in range(10_000):
            with socket.create_connection((self.host, self.port)) as sock:
                # a reset leaves nothing behind that waits
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class IdleConnections(Hostile):
    """Opens 200 connections before it makes its request, and keeps them."""

    def before(self) -> None:
        self.idle = [socket.create_connection((self.host, self.port)) for _ in range(200)]


class OpenConnections(Hostile):
    """Opens 10,000 connections, and keeps those that it gets."""

    def after(self) -> None:
        for _ in range(10_000):
            KEPT.append(socket.create_connection((self.host, self.port)))


class Resets(Hostile):
    """Resets its connection in place of closing it."""

    def after(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Elsewhere(Hostile):
    """Connects to a server of its own."""

    def connect(self) -> None:
        if not self.is_hit:
            super().connect()
            return
        KEPT.append(socket.socket())
        KEPT[-1].bind(("127.0.0.1", 0))
        KEPT[-1].listen(1)
        self.sock = socket.create_connection(KEPT[-1].getsockname())


class Twice(Hostile):
    """Sends everything to another connection, too."""

    def after(self) -> None:
        with socket.create_connection((self.host, self.port)) as sock:
            sock.sendall(b"GET /twice HTTP/1.1\r\n\r\n")


class NeverCloses(Hostile):
    """Keeps its connection open for ever."""

    def after(self) -> None:
        KEPT.append(self.sock.dup())


class Appends50MB(Hostile):
    """Sends 50 MB after the request."""

    def after(self) -> None:
        for _ in range(50):
            self.sock.sendall(bytes(1_000_000))
