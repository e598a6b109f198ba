"""Many short jobs, each in a process of its own that is forked from this one, which has everything loaded.

A job says what it is about to do. One that says nothing new for too long is ended, with its group; what it had said
last is what it did not end. One that ends without an answer died of what it had said last.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from mutant_trial import Result

from wireproof._isolation import confine, new_token

PATIENCE = 20.0
"""Seconds without news after which a job is ended; a case that takes longer than its own limit says so before."""
_SLOT = 32
"""The first of the slots for port 80: those of runs that go on beside this one are lower."""

Tell = Callable[[str], object]
End = Callable[[Result], object]
Work = Callable[[int, Tell, End], Result]
"""What a job does, told its slot, how to say what it is about to do, and how to end at once with a result."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a job: its result, or how it was lost ("crash" or "timeout") and what it had said last."""

    key: str
    result: Result | None
    last: str = ""
    lost: str = ""
    how: str = ""


@dataclass(slots=True)
class _Job:
    key: str
    slot: int
    pid: int
    pipe: int
    heard: float
    data: bytearray = field(default_factory=bytearray)

    @property
    def lines(self) -> list[Any]:
        """The whole lines that have come."""
        return [json.loads(line) for line in self.data.split(b"\n")[:-1]]


def perform(jobs: Iterable[tuple[str, Work]], count: int) -> Iterator[Answer]:
    """Do jobs, ``count`` at a time; yield the answers as they come.

    Args:
        jobs: each with a key.
        count: how many processes there are at a time.
    """
    gc.collect()
    gc.freeze()  # what is there now is not looked through again, and so stays shared with the children
    waiting, running = iter(jobs), dict[int, _Job]()
    with selectors.DefaultSelector() as selector:
        try:
            while True:
                while len(running) < count and (next_ := next(waiting, None)) is not None:
                    slot = min(set(range(count)) - running.keys())
                    running[slot] = job = _begin(*next_, slot, [each.pipe for each in running.values()])
                    selector.register(job.pipe, selectors.EVENT_READ, job)
                if not running:
                    return
                for key, _ in selector.select(1.0):
                    _hear(key.data)
                for job in list(running.values()):
                    if (answer := _answer(job)) is not None:
                        selector.unregister(job.pipe)
                        os.close(job.pipe)
                        del running[job.slot]
                        yield answer
        finally:
            for job in running.values():
                _end(job)


def _hear(job: _Job) -> None:
    data = os.read(job.pipe, 1 << 16)
    if data:
        job.data += data
        job.heard = time.monotonic()
    else:
        job.heard = 0.0  # it has ended


def _answer(job: _Job) -> Answer | None:
    """Return the answer of a job that has ended, or that has to."""
    has_ended = not job.heard
    if not has_ended and time.monotonic() - job.heard < PATIENCE:
        return None
    status = _end(job)
    lines = job.lines
    last = next((line for line in reversed(lines) if isinstance(line, str)), "")
    if lines and isinstance(lines[-1], dict):
        result = Result(**{**lines[-1], "clauses": tuple(lines[-1]["clauses"])})
        return Answer(job.key, result, last)
    if not has_ended:
        return Answer(job.key, None, last, "timeout", f"no news for {PATIENCE:g} s")
    code = os.waitstatus_to_exitcode(status)
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return Answer(job.key, None, last, "crash", f"The interpreter ended during the call: {how}.")


def _end(job: _Job) -> int:
    """End a job with its group; return its status."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(job.pid, signal.SIGKILL)
    return os.waitpid(job.pid, 0)[1]


def _begin(key: str, work: Work, slot: int, others: list[int]) -> _Job:
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        try:
            os.setpgid(0, 0)
            for descriptor in (reading, *others):
                os.close(descriptor)
            _live(work, slot, writing)
        finally:
            os._exit(70)
    with contextlib.suppress(OSError):  # whoever comes first
        os.setpgid(pid, pid)
    os.close(writing)
    return _Job(key, slot, pid, reading, time.monotonic())


def _live(work: Work, slot: int, pipe: int) -> None:
    """Be the child: do the work, say what came of it, and end."""
    os.close(0)
    null = os.open(os.devnull, os.O_RDWR)  # the first that is free: 0
    for descriptor in (1, 2):
        os.dup2(null, descriptor)
    confine(os.getpid(), new_token())

    def say(value: object) -> None:
        line = json.dumps(value).encode() + b"\n"
        while line:
            line = line[os.write(pipe, line) :]

    def end(result: Result) -> None:
        say(asdict(result))
        os._exit(0)

    try:
        end(work(slot + _SLOT, say, end))
    except MemoryError:
        os._exit(71)
