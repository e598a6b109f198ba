"""The capturing server: the only sockets of ours that a client under test ever meets.

Theory of operation. A ``Recorder`` listens on a loopback address and keeps every byte of every connection. Loopback
connections are accepted by the kernel and small requests fit into its buffers, so the thread that runs the client can
do the reading after the call: no hand-over, no race. Only when a call takes longer than a moment does the server's
own thread begin to read (or else client and server would wait for each other once the buffers are full), and only it
notices that an exchange is overdue.

The C level ``_socket`` module is used on purpose: a client that patches ``socket`` (as green-thread libraries do)
cannot reach it.
"""

from __future__ import annotations

import _socket
import _thread
import errno
import hashlib
import select
import struct
import time
from collections.abc import Callable, Sequence
from typing import Literal

from wireproof._model import ServerPlan, Stream
from wireproof.errors import HarnessError

STORED = 16 * 1024 * 1024
"""Bytes of a connection that are kept; beyond that there is only their digest."""

MOMENT = 0.02
"""Seconds after which a call is given a second thread that reads."""

LATE = 0.04
"""The same for a server that reads late."""

GRACE = 0.25
"""Seconds of silence after which nothing more is waited for: a connection is "open", a missing byte is missing."""

_SMALL_BUFFER = 65536
_READ = 262_144
_READS = 64
_NOW = time.monotonic
_SLEEP = time.sleep
_POLL = select.poll
_LINGER_NONE = struct.pack("ii", 1, 0)


class CannotBind(Exception):
    """The address cannot be listened on here; the text says why."""


class _Connection:
    """One accepted connection and what has arrived on it."""

    def __init__(self, sock: _socket.socket, client: str) -> None:
        self.sock = sock
        self.client = client
        self.pieces: list[bytes] = []
        self.stored = 0
        self.total = 0
        self.hash: hashlib._Hash | None = None
        self.ended: Literal["eof", "reset", "open", "hung-up"] = "open"

    def add(self, piece: bytes) -> None:
        """Keep a piece, or only its part in the digest once the cap is reached."""
        self.total += len(piece)
        if self.hash is None and self.total > STORED:
            self.hash = hashlib.sha256(b"".join(self.pieces))
        if self.hash is not None:
            self.hash.update(piece)
        kept = piece[: STORED - self.stored]
        if kept:
            self.pieces.append(kept)
            self.stored += len(kept)

    def end(self, how: Literal["eof", "reset", "hung-up"]) -> None:
        """Note how the connection ended, and close our side."""
        self.ended = how
        self.sock.close()

    def data(self) -> bytes:
        """Return what is stored."""
        if len(self.pieces) > 1:
            self.pieces = [b"".join(self.pieces)]
        return self.pieces[0] if self.pieces else b""

    def stream(self) -> Stream:
        """Return what is known of the connection as a value."""
        digest = self.hash.hexdigest() if self.hash is not None else None
        return Stream(self.client, self.data(), self.total, self.ended, digest)


class Recorder:
    """Listens on one loopback address and records everything that arrives there.

    Args:
        client: the name of the client connection that is told this address.
        host: the loopback address to bind: 127.x.y.z or ::1.
        port: the port, or 0 for any free one.
        plan: how the server behaves.

    Raises:
        CannotBind: the address cannot be bound; ``HarnessError`` where it is no loopback address.
    """

    def __init__(self, client: str, host: str, port: int = 0, plan: ServerPlan | None = None) -> None:
        if not (host == "::1" or host.startswith("127.")):
            raise HarnessError(f"the capturing server listens on loopback only, not on {host}")
        self.client, self.plan = client, plan or ServerPlan()
        self.connections: list[_Connection] = []
        self._lock = _thread.allocate_lock()
        self._buffer = memoryview(bytearray(_READ))
        family = _socket.AF_INET6 if ":" in host else _socket.AF_INET
        self._listener = _socket.socket(family, _socket.SOCK_STREAM)
        try:
            self._listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            if self.plan.late or self.plan.hangs_up_after is not None:
                self._listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVBUF, _SMALL_BUFFER)
            self._listener.bind((host, port))
            self._listener.listen(128)
        except OSError as error:
            self._listener.close()
            raise CannotBind(f"{host} port {port}: {errno.errorcode.get(error.errno or 0, '?')}") from None
        self._listener.setblocking(False)
        self.host, self.port = self._listener.getsockname()[:2]

    @property
    def moment(self) -> float:
        """Seconds for which a call may block before something reads."""
        return LATE if self.plan.late else MOMENT

    def pump(self) -> bool:
        """Accept and read whatever is there, without waiting; say whether anything was."""
        with self._lock:
            came = self._accept()
            for connection in self.connections:
                if connection.ended == "open":
                    came |= self._read(connection)
            return came

    def _accept(self) -> bool:
        came = False
        while True:
            try:
                descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]
            except (BlockingIOError, ConnectionAbortedError):
                return came
            sock = _socket.socket(self._listener.family, self._listener.type, 0, fileno=descriptor)
            sock.setblocking(False)
            self.connections.append(_Connection(sock, self.client))
            came = True

    def _read(self, connection: _Connection) -> bool:
        came = False
        limit = self.plan.hangs_up_after
        for _ in range(_READS):
            room = _READ if limit is None else min(_READ, limit - connection.total)
            try:
                count = connection.sock.recv_into(self._buffer[:room])
            except BlockingIOError:
                return came
            except OSError:
                connection.end("reset")
                return True
            came = True
            if count == 0:
                connection.end("eof")
                return True
            connection.add(bytes(self._buffer[:count]))
            if limit is not None and connection.total >= limit:
                connection.sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, _LINGER_NONE)
                connection.end("hung-up")
                return True
        return came

    def totals(self) -> tuple[int, ...]:
        """Return how many bytes each connection has brought so far."""
        return tuple(connection.total for connection in self.connections)

    def wait(self, seconds: float) -> bool:
        """Wait until something can be accepted or read; say whether there is."""
        poll = _POLL()
        poll.register(self._listener.fileno(), select.POLLIN)
        for connection in self.connections:
            if connection.ended == "open":
                poll.register(connection.sock.fileno(), select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def settle(self, done: Callable[[], bool]) -> None:
        """Read until ``done()``, or until nothing has come for the time of grace."""
        self.pump()
        while not done():
            if not self.wait(GRACE) or not self.pump():
                return

    def finish(self, wanted: int, on_silence: Callable[[], object] = lambda: None) -> None:
        """Read until every connection is closed by the client.

        Args:
            wanted: how many bytes are expected on all connections; 0: nothing, and nothing is waited for.
            on_silence: called once, when nothing has come for a while, before the wait goes on.
        """

        def done() -> bool:
            if any(connection.ended == "open" for connection in self.connections):
                return False
            return bool(self.connections) or not wanted

        self.settle(done)
        if not done():
            on_silence()
            self.settle(done)

    def reply(self, data: bytes, *, close: bool) -> None:
        """Send a reply on the newest connection that is open, and close our sending side if asked to."""
        for connection in reversed(self.connections):
            if connection.ended == "open":
                try:
                    connection.sock.send(data)
                    if close:
                        connection.sock.shutdown(_socket.SHUT_WR)
                except OSError:
                    connection.end("reset")
                return

    def close(self) -> None:
        """Close the listener and every connection."""
        with self._lock:
            self._listener.close()
            for connection in self.connections:
                connection.sock.close()


class Watch:
    """The second thread: reads when a call takes longer than a moment, and tells when an exchange is overdue.

    Args:
        overdue: called in the thread, once for each exchange that exceeds its time.
    """

    def __init__(self, overdue: Callable[[], object]) -> None:
        self._overdue = overdue
        self._recorders: Sequence[Recorder] = ()
        self._began = 0.0
        self._deadline = 0.0
        self._stop = False
        self._ended = _thread.allocate_lock()
        self._ended.acquire()
        _thread.start_new_thread(self._run, ())

    def begin(self, recorders: Sequence[Recorder], timeout: float) -> None:
        """An exchange begins that uses ``recorders`` and may take ``timeout`` seconds."""
        self._recorders = recorders
        now = _NOW()
        self._deadline = now + timeout
        self._began = now

    def end(self) -> None:
        """The exchange has ended."""
        self._began = 0.0

    def close(self) -> None:
        """Stop the thread and wait for its end."""
        self._stop = True
        self._ended.acquire()

    def _run(self) -> None:
        try:
            while not self._stop:
                _SLEEP(MOMENT)
                began = self._began
                if began and _NOW() - began > max((r.moment for r in self._recorders), default=MOMENT):
                    self._drain(began)
        finally:
            self._ended.release()

    def _drain(self, began: float) -> None:
        while self._began == began and not self._stop:
            if _NOW() > self._deadline:
                self._overdue()
                return
            for recorder in self._recorders:
                try:
                    recorder.pump()
                except OSError:
                    return
            if len(self._recorders) == 1:
                try:
                    self._recorders[0].wait(MOMENT)
                except OSError:
                    return
            else:
                _SLEEP(MOMENT / 10)
