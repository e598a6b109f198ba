"""The capturing server: the only sockets of ours that a client under test ever meets.

Theory of operation. A ``Recorder`` listens on a loopback address and keeps every byte of every connection. Loopback
connections are accepted by the kernel and small requests fit into its buffers, so the thread that runs the client can
do the reading after the call: no hand-over, no race. Only when a call takes longer than a moment does the server's
own thread begin to read (or else client and server would wait for each other once the buffers are full), and only it
notices that an exchange is overdue. Both threads may read: whatever looks at connections holds the recorder's lock.

A request that is too long to be kept is compared while it arrives, with what ``Recorder.expect`` was told: ``_long``.

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

from wireproof._long import READ, Comparison
from wireproof._model import Blocks, ServerPlan, Stream
from wireproof.errors import HarnessError

STORED = 16 * 1024 * 1024
"""Bytes of a connection that are kept; beyond that there is only their digest."""

CONNECTIONS = 256
"""So many connections are recorded at one address. Those that come after them are closed at once: by then no request
has come in the way that it should.
"""

MOMENT = 0.02
"""Seconds after which a call is given a second thread that reads."""

GRACE = 0.25
"""Seconds of silence after which nothing more is waited for: a connection is "open", a missing byte is missing."""

_BACKLOG = 4096  # a client whose connection finds no room tries again after a second, and then after two
_SMALL_BUFFER = 4096
_SMALL_SEGMENT = 536
_PAUSE = 0.0005
_STALLED = 1.0
_TIMES_IN_VAIN = 20
_HASTY = 0.0
_LATEST = 0.5
_PIECE = 4096
_READS = 64
_NOW = time.monotonic
_SLEEP = time.sleep
_POLL = select.poll
_SOCKET, _STREAM, _DONTWAIT = _socket.socket, _socket.SOCK_STREAM, _socket.MSG_DONTWAIT
_LINGER_NONE = struct.pack("ii", 1, 0)


class CannotBind(Exception):
    """The address cannot be listened on here; the text says why."""


def is_loopback(host: str) -> bool:
    """Say whether ``host`` is written as a loopback address: ::1, or 127.x.y.z in full."""
    if host == "::1":
        return True
    try:
        return host.startswith("127.") and len(_socket.inet_pton(_socket.AF_INET, host)) == 4
    except OSError:
        return False


class Patience:
    """How long nothing may come before nothing more is waited for.

    A client that leaves its connections open, or does not send what it should, makes the server wait in vain. After
    some times it is known for that, and waited for no more than a moment: what it does is held against it either way.
    """

    def __init__(self) -> None:
        self._in_vain = 0

    @property
    def seconds(self) -> float:
        """How long to wait now."""
        return GRACE if self._in_vain < _TIMES_IN_VAIN else _HASTY

    def lost(self) -> None:
        """Note that it was waited in vain."""
        self._in_vain += 1


class _Connection:
    """One accepted connection and what has arrived on it."""

    def __init__(
        self,
        sock: _socket.socket,
        client: str,
        comparison: Callable[[], Comparison] | None,
        other: _socket.socket | None = None,
    ) -> None:
        self.sock = sock
        self.other = other
        self.client = client
        self.pieces: list[bytes] = []
        self.stored = 0
        self.total = 0
        self.comparison = comparison() if comparison is not None else None
        self.hash: hashlib._Hash | None = None
        self.ended: Literal["eof", "half-closed", "reset", "open", "hung-up"] = "open"

    def add(self, view: memoryview) -> None:
        """Compare what came with what is expected, where that is known, or keep it.

        Once the cap is reached it has only its part in the digest.
        """
        self.total += len(view)
        if self.comparison is not None:
            self.comparison.add(view)
            return
        piece = bytes(view)
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
        self.close()

    def close(self) -> None:
        """Close our side, and the other one where that is ours, too."""
        self.sock.close()
        if self.other is not None:
            self.other.close()

    def stream(self) -> Stream:
        """Return what is known of the connection as a value."""
        if len(self.pieces) > 1:
            self.pieces = [b"".join(self.pieces)]
        digest = self.hash.hexdigest() if self.hash is not None else None
        data = self.pieces[0] if self.pieces else b""
        if self.comparison is None:
            return Stream(self.client, data, self.total, self.ended, digest)
        compared = self.comparison.result()
        return Stream(self.client, data + self.comparison.kept, self.total, self.ended, digest, compared)


def _can_receive(sock: _socket.socket) -> bool:
    """Say whether a client that sends no more has kept its socket, and could still receive a response.

    A byte that is sent to a socket that is gone is answered by a reset, on loopback before the call returns. An urgent
    byte is no part of the stream that a client reads (RFC 9293, section 3.8.5).
    """
    try:
        sock.send(b"\0", _socket.MSG_OOB)
        return sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR) == 0
    except OSError:
        return False


def _is_full(connection: _Connection) -> bool:
    """Say whether so much waits to be read that the small buffer of a late server is full, or as good as."""
    try:
        waiting = connection.sock.recv(_SMALL_BUFFER, _socket.MSG_PEEK | _DONTWAIT)
    except OSError:
        return False
    return len(waiting) >= _SMALL_BUFFER // 2


class Recorder:
    """Listens on one loopback address and records everything that arrives there.

    Args:
        client: the name of the client connection that is told this address.
        host: the loopback address to bind: 127.x.y.z or ::1.
        port: the port, or 0 for any free one.
        plan: how the server behaves.
        patience: how long it waits; shared with the other recorders of the same client.

    Raises:
        CannotBind: the address cannot be bound.
        HarnessError: it is no loopback address.
    """

    def __init__(
        self,
        client: str,
        host: str,
        port: int = 0,
        plan: ServerPlan | None = None,
        patience: Patience | None = None,
    ) -> None:
        if not is_loopback(host):
            raise HarnessError(f"the capturing server listens on loopback only, not on {host}")
        self.client, self.plan, self._patience = client, plan or ServerPlan(), patience or Patience()
        self.connections: list[_Connection] = []
        self._lock = _thread.allocate_lock()
        self._buffer: memoryview | None = None
        self._comparison: Callable[[], Comparison] | None = None
        family = _socket.AF_INET6 if ":" in host else _socket.AF_INET
        try:
            self._listener = _socket.socket(family, _socket.SOCK_STREAM)
        except OSError as error:
            raise CannotBind(f"{host}: {errno.errorcode.get(error.errno or 0, '?')}") from None
        try:
            self._listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            if self.plan.late or self.plan.hangs_up_after is not None:
                # small segments keep the client's own buffer small, too: it is stuck after some 50 KB
                self._listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVBUF, _SMALL_BUFFER)
                self._listener.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_MAXSEG, _SMALL_SEGMENT)
            self._listener.bind((host, port))
            self._listener.listen(_BACKLOG)
        except OSError as error:
            self._listener.close()
            raise CannotBind(f"{host} port {port}: {errno.errorcode.get(error.errno or 0, '?')}") from None
        self._listener.setblocking(False)
        self.host, self.port = self._listener.getsockname()[:2]
        self._family = family

    def may_read(self, seconds: float) -> bool:
        """Say whether the server may begin to read, so many seconds after the call began.

        One that is late waits until so much has come that the client must have met a full buffer.
        """
        if not self.plan.late or seconds > _LATEST:
            return True
        with self._lock:
            self._accept()
            return any(map(_is_full, self.connections))

    def expect(self, head: bytes, body: Blocks, content: Blocks) -> None:
        """Compare what arrives from now on with a request that is too long to be kept.

        Args:
            head: its head.
            body: what follows the head.
            content: the content that its body has.
        """
        with self._lock:
            self._comparison = lambda: Comparison(head, body, content)
            for connection in self.connections[-1:]:
                connection.comparison = self._comparison()

    def pump(self) -> bool:
        """Accept and read whatever is there, without waiting; say whether anything was."""
        with self._lock:
            came = self._accept()
            for connection in self.connections:
                if connection.ended == "open":
                    came |= self._read(connection)
            return came

    def take(self) -> bytes | None:
        """Return what the one connection that is there has brought, which has come and gone.

        None where it is anything else: none is there, or it is still open, or was reset. What has come so far is kept
        then, and recorded like everything else.
        """
        with self._lock:
            if self.connections:
                return self._accepted()
            try:
                descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]
            except (BlockingIOError, ConnectionAbortedError):
                return None
            sock = _SOCKET(self._family, _STREAM, 0, descriptor)
            data = b""
            ended: Literal["reset", "open"] = "open"
            try:
                data = piece = sock.recv(_PIECE, _DONTWAIT)
                while piece:
                    piece = sock.recv(_PIECE if len(data) < _PIECE else READ, _DONTWAIT)
                    if piece:
                        data += piece
                sock.close()
                return data
            except BlockingIOError:
                pass
            except OSError:
                ended = "reset"
            sock.setblocking(False)
            connection = _Connection(sock, self.client, None)
            connection.add(memoryview(data))
            if ended == "reset":
                connection.end(ended)
            self.connections.append(connection)
            return None

    def _accepted(self) -> bytes | None:
        """Return what the one connection has brought that was accepted before, in the same way."""
        connection, *others = self.connections
        if connection.ended == "open":
            self._read(connection)
        if others or connection.ended != "eof" or connection.comparison is not None or connection.hash is not None:
            return None
        self.connections.clear()
        return b"".join(connection.pieces)

    def restore(self, data: bytes) -> None:
        """Record again what ``take`` has returned, because it turned out not to be all."""
        with self._lock:
            sock = _socket.socket(self._family, _socket.SOCK_STREAM)
            connection = _Connection(sock, self.client, None)
            connection.add(memoryview(data))
            connection.end("eof")
            self.connections.insert(0, connection)

    def fileno(self) -> int:
        """Return the descriptor at which connections wait."""
        return self._listener.fileno()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing more can come of what has come: every connection has ended."""
        return all(connection.ended != "open" for connection in self.connections)

    def _accept(self) -> bool:
        came = False
        for _ in range(_BACKLOG):
            try:
                descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]
            except (BlockingIOError, ConnectionAbortedError):
                return came
            sock = _socket.socket(self._listener.family, self._listener.type, 0, fileno=descriptor)
            came = True
            if len(self.connections) >= CONNECTIONS:
                sock.close()
                continue
            sock.setblocking(False)
            self.connections.append(_Connection(sock, self.client, self._comparison))
        return came

    def _read(self, connection: _Connection) -> bool:
        came = False
        if self._buffer is None:
            self._buffer = memoryview(bytearray(READ))
        buffer, limit = self._buffer, self.plan.hangs_up_after
        for _ in range(_READS):
            room = READ if limit is None else min(READ, limit - connection.total)
            try:
                count = connection.sock.recv_into(buffer[:room])
            except BlockingIOError:
                return came
            except OSError:
                connection.end("reset")
                return True
            came = True
            if count == 0:
                if _can_receive(connection.sock):
                    connection.ended = "half-closed"
                else:
                    connection.end("eof")
                return True
            connection.add(buffer[:count])
            if limit is not None and connection.total >= limit:
                connection.sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, _LINGER_NONE)
                connection.end("hung-up")
                return True
        return came

    def totals(self) -> tuple[int, ...]:
        """Return how many bytes each connection has brought so far."""
        return tuple(connection.total for connection in self.connections)

    def put(self, index: int, data: bytes, *, ended: bool) -> None:
        """Record what somebody else has captured: on connection number ``index``, whether it ended behind it."""
        with self._lock:
            while len(self.connections) <= index:
                ours, theirs = _socket.socketpair()
                ours.setblocking(False)
                self.connections.append(_Connection(ours, self.client, self._comparison, theirs))
            connection = self.connections[index]
            connection.add(memoryview(data))
            if ended:
                connection.end("eof")

    def beginning(self, index: int, start: int, size: int | None) -> bytes:
        """Return what connection number ``index`` has brought from the offset ``start`` on, ``size`` bytes at most."""
        with self._lock:
            data = self.connections[index].stream().data
        return data[start:] if size is None else data[start : start + size]

    def streams(self) -> tuple[Stream, ...]:
        """Return what has arrived so far on each connection, in the order in which they were accepted."""
        with self._lock:
            return tuple(connection.stream() for connection in self.connections)

    def wait(self, seconds: float) -> bool:
        """Wait until something can be accepted or read; say whether there is."""
        descriptors = self.descriptors()
        poll = _POLL()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        return bool(descriptors) and bool(poll.poll(seconds * 1000))

    def descriptors(self) -> list[int]:
        """Return those at which something can be accepted or read; none once it is closed."""
        with self._lock:
            if self._listener.fileno() < 0:
                return []
            opened = [connection.sock.fileno() for connection in self.connections if connection.ended == "open"]
            return [self._listener.fileno(), *opened]

    def settle(self, done: Callable[[], bool]) -> None:
        """Read until ``done()``, or until nothing has come for the time of grace, to this thread or to another one."""
        self.pump()
        while not done():
            before = self.totals()
            came = self.wait(self._patience.seconds) and self.pump()
            if not came and self.totals() == before and not done():
                self._patience.lost()
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
        with self._lock:
            for connection in self.connections:
                if connection.ended == "half-closed" and not _can_receive(connection.sock):
                    connection.end("eof")  # it was on its way

    def reply(self, data: bytes, *, close: bool, on: int | None = None) -> None:
        """Send a reply on connection number ``on`` (default: the newest that is open), then close our sending side if
        asked to.
        """
        with self._lock:
            chosen = self.connections[::-1] if on is None else [self.connections[on]]
            for connection in chosen:
                if connection.ended in ("open", "half-closed"):
                    try:
                        _send_all(connection.sock, data)
                        if close:
                            connection.sock.shutdown(_socket.SHUT_WR)
                    except OSError:
                        connection.end("reset")
                    return

    def clear(self) -> None:
        """Drop what has come; only where ``is_quiet``."""
        with self._lock:
            for connection in self.connections:
                connection.close()
            self.connections.clear()

    def forget(self) -> None:
        """Close the oldest connection on our side, and drop what came on it."""
        with self._lock:
            self.connections.pop(0).close()

    def close(self) -> None:
        """Close the listener and every connection."""
        with self._lock:
            self._listener.close()
            for connection in self.connections:
                connection.close()


def _send_all(sock: _socket.socket, data: bytes) -> None:
    """Send everything; TimeoutError where the client takes nothing for the time of grace."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[sock.send(rest) :]
        except BlockingIOError:
            poll = _POLL()
            poll.register(sock.fileno(), select.POLLOUT)
            if not poll.poll(GRACE * 1000):
                raise TimeoutError from None


_Term = tuple[Sequence[Recorder], float, float, float]
"""An exchange in progress: its recorders, when it began, when it must end, and when even if bytes keep coming."""


class Watch:
    """The second thread: reads when a call takes longer than a moment, and tells when an exchange is overdue.

    Args:
        overdue: called in the thread, once for each exchange that exceeds its time. The exchange cannot end meanwhile.
    """

    def __init__(self, overdue: Callable[[], object]) -> None:
        self._overdue = overdue
        self._current: _Term | None = None
        self._lock = _thread.allocate_lock()
        self._stop = _thread.allocate_lock()
        self._stop.acquire()
        self._ended = _thread.allocate_lock()
        self._ended.acquire()
        _thread.start_new_thread(self._run, ())

    def begin(self, recorders: Sequence[Recorder], timeout: float, limit: float = 0.0) -> None:
        """Note that an exchange begins that uses ``recorders``, and that the one before has ended.

        It may take ``timeout`` seconds, or ``limit`` seconds as long as bytes keep coming.
        """
        now = _NOW()
        self._current = (recorders, now, now + timeout, now + limit)

    def extend(self, seconds: float) -> None:
        """What the server itself is about to wait is not held against the client."""
        with self._lock:
            if self._current is not None:
                recorders, began, deadline, limit = self._current
                self._current = (recorders, began, deadline + seconds, limit + seconds)

    def end(self) -> None:
        """The exchange has ended."""
        with self._lock:
            self._current = None

    def close(self) -> None:
        """Stop the thread and wait for its end."""
        self._stop.release()
        self._ended.acquire()

    def _run(self) -> None:
        try:
            while not self._stop.acquire(timeout=MOMENT):
                current = self._current
                if current is None:
                    continue
                recorders, began, _, _ = current
                seconds = _NOW() - began
                try:
                    if seconds > MOMENT and any(recorder.may_read(seconds) for recorder in recorders):
                        self._drain(began)
                except OSError:  # the exchange has just ended, and its servers are closed
                    continue
        finally:
            self._ended.release()

    def _drain(self, began: float) -> None:
        total, grew = 0, began
        while (current := self._current) is not None and current[1] == began and self._stop.locked():
            recorders, _, deadline, limit = current
            now = _NOW()
            if now > deadline and (now > limit or now - grew > _STALLED):
                self._late(began)
                return
            try:
                for recorder in recorders:
                    recorder.pump()
                came = sum(sum(recorder.totals()) for recorder in recorders) - total
                if came:
                    total, grew = total + came, now
                if came < READ:
                    # a client that sends byte by byte is not woken for each, and one that is fast is not held up: its
                    # buffer holds more than comes meanwhile
                    _SLEEP(_PAUSE)
                if not came and len(recorders) == 1:
                    recorders[0].wait(MOMENT)
            except OSError:
                return

    def _late(self, began: float) -> None:
        """Tell that the exchange is overdue, unless it has just ended."""
        with self._lock:
            if self._current is not None and self._current[1] == began:
                self._current = None
                self._overdue()
