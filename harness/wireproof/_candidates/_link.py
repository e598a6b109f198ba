"""The process of a driver, and lines of JSON to and from it.

Nothing here waits without also reading everything that the driver says: a driver that floods its standard error, or
answers while it is written to, is never held up. What it says is not trusted: what is no message is a ``DriverFault``
that shows the line. ``kill`` may be called from another thread.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wireproof._isolation import end_tree, kill, spawn

_LONGEST = 64 * 1024 * 1024
_TAIL = 4000
_READ = 1 << 18
_PATIENCE = 0.5
_SHOWN = 200


class DriverFault(Exception):
    """The driver did what the protocol does not allow; the text says what, and shows what it sent."""


class Stale(DriverFault):
    """A driver that had answered before has ended before it called the client: that may be what an earlier call has
    left behind, and a fresh driver is to be asked the same.
    """


class Gone(Exception):
    """The driver's process has ended, or closed its standard output; the text says how."""


class Late(Exception):
    """Nothing has come in time."""


class Link:
    """A running driver.

    Args:
        command: the program and its arguments.
        environment: variables beside those of every process of ours.
        folder: its working directory, and the one for its temporary files.

    Raises:
        DriverFault: the program cannot be started.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
        self.command = command
        try:
            self.process = spawn(command, folder, environment)
        except OSError as error:
            raise DriverFault(f"{command[0]} cannot be started: {error.strerror}") from None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._into, self._from, self._errors = (
            stream.fileno() for stream in (self.process.stdin, self.process.stdout, self.process.stderr)
        )
        self._poll = select.poll()
        for descriptor in (self._into, self._from, self._errors):
            os.set_blocking(descriptor, False)
        self._poll.register(self._from, select.POLLIN)
        self._poll.register(self._errors, select.POLLIN)
        # what it has started may keep its pipes open longer than it lives
        self._life = os.pidfd_open(self.process.pid)
        self._poll.register(self._life, select.POLLIN)
        self._unsent: deque[memoryview] = deque()
        self._lines: deque[bytes] = deque()
        self._rest: list[bytes] = []
        self._held = 0
        self._said = b""
        self._has_ended = self._is_mute = False
        self._sending = threading.RLock()

    def send(self, *messages: bytes, whole: bool = False) -> None:
        """Hand over lines; they are written now, or, unless ``whole``, while an answer is waited for.

        Where another thread may be waiting for an answer it has to be now: that one does not know of them.
        """
        with self._sending:
            self._unsent.append(memoryview(b"".join(messages)))
            self._write()
            while whole and self._unsent:
                select.select([], [self._into], [])
                self._write()

    def receive(
        self,
        until: float | None = None,
        attend: Callable[[], tuple[float, Sequence[int]]] | None = None,
    ) -> dict[str, Any]:
        """Return the next message of the driver.

        Args:
            until: the time by ``time.monotonic`` after which it is late.
            attend: called whenever something happens: does what has to be done meanwhile, and returns after how many
                seconds it wants to be called again, and the descriptors at which it waits for something.

        Raises:
            DriverFault: it is no message.
            Gone: there will be none.
            Late: there was none in time.
        """
        while not self._lines:
            if self._has_ended:
                raise Gone(self._ending())
            wait, others = (None, ()) if attend is None else attend()
            if until is not None:
                left = until - time.monotonic()
                if left <= 0:
                    raise Late
                wait = left if wait is None else min(wait, left)
            self._turn(wait, others)
        return _message(self._lines.popleft())

    def _turn(self, wait: float | None, others: Sequence[int]) -> None:
        writes = bool(self._unsent)
        if writes:
            self._poll.register(self._into, select.POLLOUT)
        for descriptor in others:
            self._poll.register(descriptor, select.POLLIN)
        try:
            ready = self._poll.poll(None if wait is None else wait * 1000)
        finally:
            for descriptor in others:
                self._poll.unregister(descriptor)
            if writes:
                self._poll.unregister(self._into)
        for descriptor, _ in ready:
            if descriptor == self._into:
                self._write()
            elif descriptor == self._from:
                self._read()
            elif descriptor == self._errors:
                self._listen()
        if any(descriptor == self._life for descriptor, _ in ready):
            self._poll.unregister(self._life)
            while not self._has_ended and self._read():
                pass
            self._end()

    def _write(self) -> None:
        with self._sending:
            try:
                while self._unsent:
                    rest = self._unsent[0][os.write(self._into, self._unsent[0]) :]
                    self._unsent.popleft()
                    if rest:
                        self._unsent.appendleft(rest)
            except BlockingIOError:
                pass
            except OSError:  # it does not read any more: its end is seen where it is read from
                self._unsent.clear()

    def _end(self) -> None:
        """Note that nothing more comes."""
        if not self._has_ended:
            self._has_ended = True
            self._poll.unregister(self._from)

    def _read(self) -> bool:
        """Take what there is; say whether there was anything."""
        try:
            piece = os.read(self._from, _READ)
        except BlockingIOError:
            return False
        if not piece:
            self._end()
            return False
        first, *others = piece.split(b"\n")
        self._rest.append(first)
        self._held += len(first)
        if self._held > _LONGEST:
            raise DriverFault(f"it wrote a line of more than {_LONGEST >> 20} MiB: {shown(b''.join(self._rest))}")
        if others:
            self._lines.append(b"".join(self._rest))
            self._lines.extend(others[:-1])
            self._rest, self._held = [others[-1]], len(others[-1])
        return True

    def _listen(self) -> bool:
        try:
            piece = os.read(self._errors, _READ)
        except BlockingIOError:
            return False
        if not piece and not self._is_mute:
            self._is_mute = True
            self._poll.unregister(self._errors)
        self._said = (self._said + piece)[-_TAIL:]
        return bool(piece)

    @property
    def last_words(self) -> str:
        """The last lines of its standard error, in one that any terminal can show."""
        while not self._is_mute and select.select([self._errors], [], [], 0)[0] and self._listen():
            pass
        lines = [line.strip() for line in self._said.decode("utf-8", "replace").splitlines() if line.strip()]
        return shown(" / ".join(lines[-3:]).encode("utf-8", "replace"), 400)

    def _ending(self) -> str:
        until = time.monotonic() + _PATIENCE
        while self.process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        status = self.process.poll()
        if status is None:
            return "it closed its standard output and lived on"
        if status >= 0:
            return f"exit status {status}"
        with contextlib.suppress(ValueError):
            return signal.Signals(-status).name
        return f"signal {-status}"

    def kill(self) -> None:
        """Kill the process with its group; what waits for it sees its end."""
        if self.process.returncode is None:
            kill(self.process)

    def close(self, patience: float = 0.0) -> None:
        """Close its standard input, give it so many seconds to end by itself, then end it with all that it started."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        end_tree(self.process)
        os.close(self._life)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def shown(line: bytes, most: int = _SHOWN) -> str:
    """Return the beginning of what a driver wrote, so that any terminal can show it."""
    text = line[:most].decode("utf-8", "backslashreplace")
    safe = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return safe + ("…" if len(line) > most else "")


def _message(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise DriverFault(f"it wrote a line that is no JSON: {shown(line)}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise DriverFault(f"it wrote a line that is no object with a type: {shown(line)}")
    return message
