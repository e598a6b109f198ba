"""Servers that throw away what they are sent: in this thread, in a thread of their own, in another process.

The last one is run as ``python -P -m wireproof._bench._discard``: it prints its port, and ends when its input does.
"""

from __future__ import annotations

import _socket
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from wireproof._bench._figures import CannotMeasure
from wireproof._long import READ

HOST = "127.0.0.1"
_BACKLOG = 4096
_FAMILY, _TYPE = _socket.AF_INET, _socket.SOCK_STREAM


class Discard:
    """Listens on a loopback address, and reads whatever comes into one buffer."""

    def __init__(self) -> None:
        self._buffer = bytearray(READ)
        self._listener = _socket.socket(_FAMILY, _TYPE)
        self._listener.bind((HOST, 0))
        # where it reads elsewhere, a client may be far ahead of it; and who finds no room waits for a whole second
        self._listener.listen(_BACKLOG)
        self.address: tuple[str, int] = self._listener.getsockname()

    def take(self) -> None:
        """Accept the connection that is there, read what has come, and close it; nothing is waited for."""
        try:
            descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]
        except BlockingIOError:
            return
        sock = _socket.socket(_FAMILY, _TYPE, 0, descriptor)
        receive, buffer = sock.recv_into, self._buffer
        try:
            while receive(buffer, 0, _socket.MSG_DONTWAIT):
                pass
        except OSError:  # it is still open, or was reset: what came is thrown away all the same
            pass
        sock.close()

    def wait(self) -> None:
        """Wait for a connection, and read it to its end."""
        descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]
        sock = _socket.socket(_FAMILY, _TYPE, 0, descriptor)
        try:
            while sock.recv_into(self._buffer):
                pass
        except OSError:
            pass
        finally:
            sock.close()

    def nonblocking(self) -> None:
        """Never wait for a connection."""
        self._listener.setblocking(False)

    def close(self) -> None:
        """Close the listener."""
        self._listener.close()


@contextmanager
def here() -> Iterator[Discard]:
    """Have a server whose ``take`` is called in the client's own thread."""
    server = Discard()
    server.nonblocking()
    try:
        yield server
    finally:
        server.close()


@contextmanager
def beside() -> Iterator[tuple[str, int]]:
    """Have a thread that reads one connection; yields the address, and ends when all is read."""
    server = Discard()
    thread = threading.Thread(target=server.wait, daemon=True)
    thread.start()
    try:
        yield server.address
    except BaseException:
        # it may never have been called: this call ends it
        socket.create_connection(server.address).close()
        raise
    finally:
        thread.join()
        server.close()


@contextmanager
def elsewhere() -> Iterator[tuple[str, int]]:
    """Have a server in another process; yields its address.

    Raises:
        CannotMeasure: it cannot be started.
    """
    command = [sys.executable, "-P", "-m", "wireproof._bench._discard"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.strip().isdigit():
            raise CannotMeasure("the server that throws away cannot be started in another process")
        try:
            yield HOST, int(line)
        finally:
            process.stdin.close()
            process.wait()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def serve() -> None:
    """Throw away whatever comes, until the input ends."""
    server = Discard()
    print(server.address[1], flush=True)
    threading.Thread(target=_end_with_input, daemon=True).start()
    while True:
        server.wait()


if __name__ == "__main__":
    serve()
