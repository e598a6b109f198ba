"""The loop: worker processes, time limits, accounting. Yields events, judges nothing.

Each candidate's cases are dealt in batches to workers. A worker that dies, or that does not answer in time, costs the
case it was busy with; the rest goes to a fresh one. Every process is started in a group of its own and ended with it.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import pickle
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wireproof._candidates import spelled
from wireproof._codec import decode
from wireproof._judge import fatal
from wireproof._model import VERDICTS, Case, Difference, LayerName, Verdict
from wireproof._worker import LENGTH
from wireproof.errors import CandidateError, HarnessError

BATCH = 16
STARTING = 30.0
"""Seconds that importing a candidate may take."""
MERCY = 2.0
"""Seconds beyond a case's limit after which a worker that says nothing is killed."""
TIMEOUTS = 20
"""After so many time-outs the rest of a candidate is not run."""
_TAIL = 4000

_KEPT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONWARNINGS", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is done. ``timeout``: seconds for a case. ``jobs``: worker processes. ``fail_fast``: stop a candidate
    at its first verdict that fails ``gate``."""

    timeout: float = 5.0
    jobs: int = 0
    strict_defects: bool = False
    fail_fast: bool = False
    gate: LayerName = "bytes"


@dataclass(frozen=True, slots=True)
class Started:
    """A candidate answers: its name and its version."""

    candidate: str
    version: str
    planned: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict has come in."""

    candidate: str
    verdict: Verdict


Event = Started | Judged


@dataclass(slots=True)
class Tally:
    """The results of one candidate, with the accounting identity."""

    name: str
    planned: int
    version: str = ""
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    def add(self, verdict: Verdict) -> None:
        """Count a verdict; a second one for the same case is a fault of the harness."""
        if verdict.id in self.verdicts:
            raise HarnessError(f"{self.name}: two verdicts for {verdict.id}")
        self.verdicts[verdict.id] = verdict

    def summary(self) -> dict[str, int]:
        """Return the counts that reports publish; their sum is ``planned``."""
        names = {"pass": "passed", "fail": "failed", "error": "errored"}
        counts = Counter(verdict.verdict for verdict in self.verdicts.values())
        summary = {"planned": self.planned, **{names.get(name, name): counts[name] for name in VERDICTS}}
        if sum(summary.values()) != 2 * self.planned or not self.planned:
            raise HarnessError(f"{self.name}: the accounts do not balance: {summary}")
        return summary

    def exit_code(self, gate: LayerName) -> int:
        """Return 0 as expected, 1 where the candidate fell short at the gate, 3 where the harness did."""
        if any(verdict.verdict == "error" for verdict in self.verdicts.values()):
            return 3
        return int(any(falls_short(verdict, gate) for verdict in self.verdicts.values()))


def falls_short(verdict: Verdict, gate: LayerName) -> bool:
    """Say whether the verdict is held against the candidate at this gate."""
    return verdict.verdict == "not_run" or verdict.layers.get(gate) == "fail"


def environment() -> dict[str, str]:
    """Return the clean environment of workers: no proxies, a fixed locale and hash seed."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("COVERAGE_")}
    return {**kept, "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}


def _flags() -> list[str]:
    """Return the interpreter options that workers inherit: what -bb, -W and -X dev look for, they look for there."""
    flags = ["-b"] * sys.flags.bytes_warning + ["-O"] * sys.flags.optimize
    flags += ["-X", "dev"] if sys.flags.dev_mode else []
    return [*flags, *(f"-W{option}" for option in sys.warnoptions)]


class Worker:
    """One worker process for one candidate.

    Raises:
        HarnessError: the process cannot be started.
    """

    def __init__(self, candidate: str, slot: int, options: Options) -> None:
        self.candidate, self.options = candidate, options
        self.busy: deque[Case] = deque()
        self.fatal_sent = False
        self.version = ""
        self._lines = b""
        self._said = b""
        ours, theirs = socket.socketpair()
        output, into = os.pipe()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", *_flags(), "-m", "wireproof._worker", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=into,
                stderr=into,
                env=environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise HarnessError(f"a worker process cannot be started: {error}") from None
        finally:
            theirs.close()
            os.close(into)
        os.set_blocking(output, False)
        self.channel, self.output = ours, output
        self.deadline = time.monotonic() + STARTING
        path = [os.getcwd()]
        self._send(
            {
                "candidate": candidate,
                "slot": slot,
                "timeout": options.timeout,
                "strict_defects": options.strict_defects,
                "path": path,
            }
        )

    def _send(self, value: object) -> None:
        data = pickle.dumps(value)
        with contextlib.suppress(OSError):
            self.channel.sendall(LENGTH.pack(len(data)) + data)

    def give(self, cases: Sequence[Case]) -> None:
        """Hand over a batch."""
        self.busy.extend(cases)
        self.deadline = time.monotonic() + self.options.timeout + MERCY
        self._send(list(cases))

    def lines(self) -> list[Any] | None:
        """Return the lines that have come, or None at the end of the stream."""
        try:
            data = self.channel.recv(1 << 20)
        except OSError:
            data = b""
        if not data:
            return None
        *lines, self._lines = (self._lines + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def listen(self) -> None:
        """Take what the process prints; only the end of it is kept."""
        with contextlib.suppress(OSError):
            self._said = (self._said + os.read(self.output, 1 << 16))[-_TAIL:]

    @property
    def said(self) -> str:
        """The end of what the process printed."""
        return self._said.decode("utf-8", "replace")

    def end(self) -> int:
        """End the process with its whole group, and return its exit status."""
        self.channel.close()
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0 if self.busy else 1.0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        status = self.process.wait()
        self.listen()
        os.close(self.output)
        return status


class _Pool:
    """The workers of one candidate, and what is still to be done."""

    def __init__(
        self, candidate: str, cases: Sequence[Case], options: Options, *, keep: bool = False, first: int = 0
    ) -> None:
        self.candidate, self.options, self.keep, self.first = candidate, options, keep, first
        self.todo = deque(cases)
        self.open = dict.fromkeys(case.id for case in cases)
        self.cases = {case.id: case for case in cases}
        self.workers: dict[int, Worker] = {}
        self.selector = selectors.DefaultSelector()
        self.timeouts = 0
        jobs = options.jobs or os.cpu_count() or 1
        self.slots = min(jobs, -(-len(cases) // BATCH))
        self.started = False

    def run(self) -> Iterator[Event]:
        try:
            for slot in range(self.slots):
                self._start(slot)
            while self.open and self.workers:
                yield from self._turn()
            if self.open and self.timeouts < TIMEOUTS:
                raise HarnessError(f"{self.candidate}: {len(self.open)} cases were lost")
            for id_ in list(self.open):
                text = f"not run: the candidate timed out {self.timeouts} times before"
                yield self._judged(not_run(self.cases[id_], text))
        finally:
            self.close()

    def more(self, case: Case) -> Iterator[Event]:
        """Run one more case on the worker that is kept, or on a fresh one."""
        self.todo.append(case)
        self.open[case.id] = None
        self.cases[case.id] = case
        if self.workers:
            for slot, worker in list(self.workers.items()):
                self._deal(slot, worker)
        else:
            self._start(self.first)
        while case.id in self.open:
            yield from self._turn()

    def close(self) -> None:
        """End every worker."""
        for slot in list(self.workers):
            self._end(slot)
        self.selector.close()

    def _start(self, slot: int) -> None:
        worker = Worker(self.candidate, slot, self.options)
        self.workers[slot] = worker
        self.selector.register(worker.channel, selectors.EVENT_READ, (slot, worker.lines))
        self.selector.register(worker.output, selectors.EVENT_READ, (slot, None))

    def _end(self, slot: int) -> tuple[Worker, int]:
        worker = self.workers.pop(slot)
        self.selector.unregister(worker.channel)
        self.selector.unregister(worker.output)
        return worker, worker.end()

    def _turn(self) -> Iterator[Event]:
        nearest = min(worker.deadline for worker in self.workers.values())
        wait = None if nearest == math.inf else max(0.0, nearest - time.monotonic())
        for key, _ in self.selector.select(wait):
            slot, lines = key.data
            worker = self.workers.get(slot)
            if worker is None:
                continue
            if lines is None:
                worker.listen()
                continue
            came = worker.lines()
            if came is None:
                yield from self._ended(slot)
                continue
            for kind, value in came:
                yield from self._line(slot, worker, kind, value)
        now = time.monotonic()
        for slot, worker in list(self.workers.items()):
            if now > worker.deadline:
                yield from self._silent(slot, worker)

    def _line(self, slot: int, worker: Worker, kind: str, value: Any) -> Iterator[Event]:
        if kind == "broken":
            raise CandidateError(self.candidate, value["why"], value["hint"])
        if kind == "ready":
            worker.version = value["version"]
            if not self.started:
                self.started = True
                yield Started(self.candidate, value["version"], len(self.open))
        else:
            worker.deadline = time.monotonic() + self.options.timeout + MERCY
            yield from self._verdict(worker, decode(value), is_last=kind == "overdue")
        if not worker.busy and slot in self.workers:
            self._deal(slot, worker)

    def _deal(self, slot: int, worker: Worker) -> None:
        batch = [self.todo.popleft() for _ in range(min(BATCH, len(self.todo)))]
        if batch:
            worker.give(batch)
        elif self.keep:
            worker.deadline = math.inf
        else:
            self._end(slot)

    def _verdict(self, worker: Worker, verdict: Verdict, *, is_last: bool) -> Iterator[Event]:
        worker.fatal_sent = is_last
        if is_last and not (worker.busy and worker.busy[0].id == verdict.id):
            return
        worker.busy.popleft()
        if is_last:
            self.timeouts += 1
        yield self._judged(verdict)

    def _judged(self, verdict: Verdict) -> Judged:
        del self.open[verdict.id]
        return Judged(self.candidate, verdict)

    def _ended(self, slot: int) -> Iterator[Event]:
        """A worker closed its connection: the case that it was busy with killed it, or was overdue."""
        worker, status = self._end(slot)
        if not worker.version:
            yield from self._unstartable(worker, f"the process ended with {_status(status)} while it was imported")
        if worker.busy and not worker.fatal_sent:
            case = worker.busy.popleft()
            yield self._judged(fatal(case, "crash", f"The interpreter ended with {_status(status)} during the call."))
        yield from self._again(slot, worker)

    def _silent(self, slot: int, worker: Worker) -> Iterator[Event]:
        """A worker says nothing beyond its limit: not even its second thread runs any more."""
        self._end(slot)
        if not worker.version:
            yield from self._unstartable(worker, f"importing it takes more than {STARTING:g} s")
        self.timeouts += 1
        case = worker.busy.popleft()
        text = f"no end within {self.options.timeout:g} s, and the interpreter was blocked"
        yield self._judged(fatal(case, "timeout", text))
        yield from self._again(slot, worker)

    def _unstartable(self, worker: Worker, why: str) -> Iterator[Event]:
        said = worker.said.strip().splitlines()
        hint = f"its last words: {said[-1][:200]}" if said else "it said nothing"
        raise CandidateError(self.candidate, why, hint)
        yield

    def _again(self, slot: int, worker: Worker) -> Iterator[Event]:
        self.todo.extendleft(reversed(worker.busy))
        if self.timeouts >= TIMEOUTS:
            for other in list(self.workers):
                self._end(other)
        elif self.todo:
            self._start(slot)
        return iter(())


def _status(status: int) -> str:
    if status < 0:
        return signal.Signals(-status).name
    return f"exit status {status}"


def not_run(case: Case, text: str) -> Verdict:
    """Return the verdict on a case that was planned and not run."""
    reason = Difference("not-run", "process", text)
    layers: Mapping[str, str] = {"bytes": "not_run", "contract": "not_run", "rfc": "not_run"}
    return Verdict(case.id, case.hash, "not_run", layers, case.clauses, (reason,), since=case.since)


def run(candidates: Sequence[str], cases: Sequence[Case], options: Options) -> Iterator[Event]:
    """Run every case against every candidate; yield what happens.

    Raises:
        CandidateError: a candidate cannot be used at all.
        HarnessError: the harness could not do what it planned.
    """
    for candidate in candidates:
        spelled(candidate)
    for candidate in candidates:
        pool = _Pool(candidate, cases, options)
        events = pool.run()
        for event in events:
            yield event
            if options.fail_fast and isinstance(event, Judged) and falls_short(event.verdict, options.gate):
                events.close()
                for id_ in list(pool.open):
                    text = "not run: --fail-fast stopped at the first failure"
                    yield Judged(candidate, not_run(pool.cases[id_], text))
                break


class Session:
    """One candidate whose worker is kept, one case at a time: for pytest."""

    def __init__(self, candidate: str, options: Options, slot: int = 0) -> None:
        self._pool = _Pool(candidate, (), options, keep=True, first=slot)

    def verdict(self, case: Case) -> Verdict:
        """Run one case and return its verdict.

        Raises:
            CandidateError: the candidate cannot be used at all.
        """
        for event in self._pool.more(case):
            if isinstance(event, Judged):
                return event.verdict
        raise HarnessError(f"{self._pool.candidate}: no verdict for {case.id}")

    def close(self) -> None:
        """End the worker."""
        self._pool.close()
