"""Worker processes as the runner sees them: start one, talk with it, end it.

Rules of this file. Nothing waits for a worker, except ``end``, and that for a bounded time. What a worker says is not
trusted, because the candidate shares its process: a line that is no answer becomes the answer "garbled". What a
worker is given, and how it ends with all that it started, is the business of ``_isolation``.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from wireproof._codec import CLOSING, LENGTH, PLAYED, SLICE, decode
from wireproof._isolation import Child, end_tree, kill, remove, spawn
from wireproof._model import Case
from wireproof._selection import Slice
from wireproof.errors import HarnessError

_TAIL = 4000
_LONGEST = 64 * 1024 * 1024
_READ = 1 << 16
_READS = 64
_PAUSE = 0.004


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended: its exit status (negative: the signal), and whether it ended by itself."""

    status: int
    alone: bool

    def __str__(self) -> str:
        if not self.alone:
            return "its connection to wireproof closed, although it lived on"
        if self.status >= 0:
            return f"exit status {self.status}"
        try:
            return signal.Signals(-self.status).name
        except ValueError:
            return f"signal {-self.status}"


def _flags() -> list[str]:
    """Return the interpreter options that workers inherit: what -bb, -W and -X dev look for, they look for there."""
    flags = ["-b"] * sys.flags.bytes_warning + ["-O"] * sys.flags.optimize
    flags += ["-B"] if sys.flags.dont_write_bytecode else []
    flags += ["-X", "dev"] if sys.flags.dev_mode else []
    return [*flags, *(f"-W{option}" for option in sys.warnoptions)]


@contextlib.contextmanager
def unbroken() -> Iterator[None]:
    """Put SIGINT and SIGTERM off until the block is done, so that no process is left between two statements."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    changed = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in changed:
        signal.signal(number, lambda number, frame: came.append((number, frame)))
    try:
        yield
    finally:
        for number, handler in changed.items():
            signal.signal(number, handler)
        for caught, frame in came[:1]:
            changed[signal.Signals(caught)](caught, frame)


class Worker:
    """One worker process.

    Args:
        slot: the number of the worker among those of its candidate.
        order: what it is told first.

    Attributes:
        busy: the cases that it was given and has not answered, in order, or one slice of a matrix.
        codes: what it writes for each combination of its slice (see ``_codec``).
        reported: the indexes of those that it has sent a verdict on.
        version: what it says of the candidate; "" until it is ready.
        deadline: when it must have said something.

    Raises:
        HarnessError: the process cannot be started.
    """

    def __init__(self, slot: int, order: Mapping[str, object]) -> None:
        self.slot = slot
        self.busy: deque[Case | Slice] = deque()
        self.codes: mmap.mmap | bytes = b""
        self.reported: set[int] = set()
        self._matrices: set[str] = set()
        self._moved = b""
        self.version = ""
        self.deadline = 0.0
        self._rest = b""
        self._said = b""
        self._unsent: deque[memoryview] = deque()
        with contextlib.ExitStack() as undo:
            try:
                self.folder = tempfile.mkdtemp(prefix="wireproof-")
                undo.callback(remove, self.folder)
                self._shared, shared = _shared()
                undo.callback(self._shared.close)
                undo.callback(os.close, shared)
                self.channel, theirs = socket.socketpair()
                undo.callback(self.channel.close)
                with theirs:
                    self.output, into = os.pipe()
                    undo.callback(os.close, self.output)
                    try:
                        self.process = self._spawn(theirs.fileno(), into, shared)
                    finally:
                        os.close(into)
                    os.close(shared)
            except OSError as error:
                raise HarnessError(f"a worker process cannot be started: {error}") from None
            undo.pop_all()
        self.codes = self._shared
        self.channel.setblocking(False)
        os.set_blocking(self.output, False)
        self.send(order)

    def _spawn(self, channel: int, output: int, shared: int) -> Child:
        command = [sys.executable, "-P", *_flags(), "-m", "wireproof._worker", str(channel), str(shared)]
        return spawn(
            command, self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=(channel, shared)
        )

    @property
    def has_unsent(self) -> bool:
        """Whether ``flush`` has something to do."""
        return bool(self._unsent)

    def send(self, value: object) -> None:
        """Hand a frame over, as much of it as the connection takes; ``flush`` sends the rest."""
        data = pickle.dumps(value)
        self._unsent += (memoryview(LENGTH.pack(len(data))), memoryview(data))
        self.flush()

    def flush(self) -> None:
        """Send what the connection takes. A worker that has gone takes everything: reading tells of its end."""
        try:
            while self._unsent:
                rest = self._unsent[0][self.channel.send(self._unsent[0]) :]
                self._unsent.popleft()
                if rest:
                    self._unsent.appendleft(rest)
        except BlockingIOError:
            pass
        except OSError:
            self._unsent.clear()

    def give(self, work: Sequence[Case | Slice]) -> None:
        """Hand over some cases, or one slice. The worker begins with the first case while others are on their way."""
        self.busy.extend(work)
        for one in work:
            if isinstance(one, Case):
                self.send(one)
                continue
            matrix = one.expansion.matrix
            if matrix.id not in self._matrices:
                self._matrices.add(matrix.id)
                self.send(one.expansion)
            self._shared[:] = bytes(SLICE)
            self.send((matrix.id, one.numbers))

    def culprit(self, count: int) -> int:
        """Return the index of the combination of its slice that the worker was busy with last."""
        codes = self.codes[:count]
        closing = codes.rfind(CLOSING)
        if closing >= 0:
            return closing
        at = codes.find(0)
        return at if at >= 0 else codes.rfind(PLAYED) % count

    def moved(self) -> bool:
        """Say whether the worker has gone on with its slice since this was asked last."""
        before, self._moved = self._moved, self.codes[:]
        return before != self._moved

    def receive(self) -> list[tuple[str, Any]] | None:
        """Return the answers that have come, or None at the end of the connection."""
        try:
            data = self.channel.recv(1 << 20)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        answers = [_answer(line) for line in lines]
        return [*answers, ("garbled", "a line without an end")] if len(self._rest) > _LONGEST else answers

    def listen(self) -> bool:
        """Take what the process prints, of which only the end is kept; say whether more may come."""
        try:
            piece = os.read(self.output, _READ)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._said = (self._said + piece)[-_TAIL:]
        return bool(piece)

    @property
    def last_words(self) -> str:
        """The last line that the process printed."""
        lines = self._said.decode("utf-8", "replace").strip().splitlines()
        return "".join(char for char in lines[-1] if char.isprintable())[:200] if lines else ""

    def stop(self) -> None:
        """Tell the process that there is no more to do: it ends by itself."""
        self.channel.close()

    def kill(self) -> None:
        """Kill the process with its whole group."""
        kill(self.process)

    def end(self, patience: float = 0.0) -> Ending:
        """Give the process so many seconds to end by itself, then end all that it started, and clean up after it."""
        self.channel.close()
        until = time.monotonic() + patience
        while not (alone := self._has_ended()) and time.monotonic() < until:
            self._attend(_PAUSE)
        status = end_tree(self.process)
        self._attend(0.0)
        os.close(self.output)
        remove(self.folder)
        self.codes = self._shared[:]
        self._shared.close()
        return Ending(status, alone)

    def _has_ended(self) -> bool:
        """Say whether the process has ended; it stays to be waited for, so that its number is not given away."""
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _attend(self, seconds: float) -> None:
        """Wait for so many seconds at most for the process to print something, and take all that it has printed."""
        poll = select.poll()
        poll.register(self.output, select.POLLIN)
        poll.poll(seconds * 1000)
        for _ in range(_READS):
            if not poll.poll(0):
                return
            if not self.listen():
                time.sleep(seconds / 8)
                return


def _shared() -> tuple[mmap.mmap, int]:
    """Return memory that is shared with a worker, and the descriptor by which the worker has it."""
    descriptor = os.memfd_create("wireproof")
    try:
        os.ftruncate(descriptor, SLICE)
        return mmap.mmap(descriptor, SLICE), descriptor
    except BaseException:
        os.close(descriptor)
        raise


def _answer(line: bytes) -> tuple[str, Any]:
    """Return the kind and the content of one line."""
    try:
        kind, value = json.loads(line)
        if kind in ("verdict", "overdue"):
            return kind, decode(value)
        if kind == "combination":
            return kind, (int(value[0]), decode(value[1]))
        if kind == "slice":
            return kind, {"worn": bool(value["worn"])}
        if kind == "ready":
            return kind, str(value["version"])
        if kind == "worn":
            return kind, None
        if kind == "broken":
            return kind, (str(value["why"]), str(value["hint"]))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    return "garbled", ascii(line[:60].decode("latin-1"))
