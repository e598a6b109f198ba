"""The loop: what each worker does next, time limits, accounting. Yields events, judges nothing.

Each candidate's cases are dealt in batches to workers. A worker that dies, or that does not answer in time, costs the
case it was busy with; the rest goes to a fresh one. What goes wrong on our side becomes a verdict "error" for each case
that it costs: only a candidate that cannot be used at all ends a run with an exception.
"""

from __future__ import annotations

import contextlib
import math
import os
import selectors
import time
from collections import Counter, deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wireproof._candidates import spelled
from wireproof._model import VERDICTS, Case, Difference, LayerName, Verdict
from wireproof._plan import limit
from wireproof._process import Ending, Worker, unbroken
from wireproof.errors import CandidateError, HarnessError

BATCH = 16
STARTING = 30.0
"""Seconds that importing a candidate may take."""
MERCY = 5.0
"""Seconds beyond a case's limit after which a worker that says nothing is killed."""
LEAVING = 1.0
"""Seconds that workers with nothing to do get to end by themselves."""
DYING = 0.5
"""Seconds that a process has to end once its connection is closed."""
TIMEOUTS = 20
"""After so many time-outs the rest of a candidate is not run."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is done. ``timeout``: seconds for a case. ``jobs``: worker processes. ``fail_fast``: stop a candidate
    at its first verdict that fails ``gate``.
    """

    timeout: float = 5.0
    jobs: int = 0
    strict_defects: bool = False
    fail_fast: bool = False
    gate: LayerName = "bytes"


@dataclass(frozen=True, slots=True)
class Starting:
    """The workers of a candidate are on their way, and there is time for something else."""

    candidate: str


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


Event = Starting | Started | Judged


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
        if sum(summary.values()) != 2 * self.planned or len(self.verdicts) != self.planned or not self.planned:
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


class _Pool:
    """The workers of one candidate, and what is still to be done."""

    def __init__(
        self, candidate: str, cases: Sequence[Case], options: Options, *, keep: bool = False, first: int = 0
    ) -> None:
        self.candidate, self.options, self.keep, self.first = candidate, options, keep, first
        self.todo = deque(cases)
        self.open = {case.id: case for case in cases}
        self.events: deque[Event] = deque()
        self.workers: dict[int, Worker] = {}
        self.leaving: list[Worker] = []
        self.selector = selectors.DefaultSelector()
        self.timeouts = 0
        self.trouble = "its worker was lost"
        self.started = False

    def run(self) -> Generator[Event, None, None]:
        """Run every case; yield what happens."""
        jobs = self.options.jobs or os.cpu_count() or 1
        try:
            for slot in range(min(jobs, -(-len(self.open) // BATCH))):
                self._start(slot)
            yield Starting(self.candidate)
            while self.open and self.workers:
                self._turn()
                while self.events:
                    yield self.events.popleft()
            for case in list(self.open.values()):
                self._settle(case.id, self._left(case))
            self._leave()
        finally:
            self.close()
        while self.events:
            yield self.events.popleft()

    def verdict(self, case: Case) -> Verdict:
        """Run one more case, on the worker that is kept or on a fresh one, and return its verdict."""
        self.open[case.id] = case
        if self.workers:
            self._turn(wait=False)
        self.todo.append(case)
        for worker in list(self.workers.values()):
            self._deal(worker)
        if not self.workers and self.timeouts < TIMEOUTS:
            self._start(self.first)
        while case.id in self.open:
            if self.workers:
                self._turn()
            else:
                self._settle(case.id, self._left(case))
        self.todo.clear()
        verdicts = [event.verdict for event in self.events if isinstance(event, Judged)]
        self.events.clear()
        return verdicts[-1]

    def close(self) -> None:
        """End every worker at once."""
        with unbroken():
            every = [*self.workers.values(), *self.leaving]
            for worker in every:
                worker.kill()
            for worker in every:
                worker.end()
            self.workers.clear()
            self.leaving.clear()
            self.selector.close()

    # workers

    def _start(self, slot: int) -> None:
        try:
            path = [os.getcwd()]
        except OSError:
            path = []
        order = {
            "candidate": self.candidate,
            "slot": self.first + slot,
            "timeout": self.options.timeout,
            "strict_defects": self.options.strict_defects,
            "path": path,
        }
        with unbroken():
            try:
                worker = Worker(slot, order)
            except HarnessError as error:
                self.trouble = str(error)
                return
            self.workers[slot] = worker
            worker.deadline = time.monotonic() + STARTING
            self.selector.register(worker.channel, selectors.EVENT_READ, worker)
            self.selector.register(worker.output, selectors.EVENT_READ, worker)

    def _forget(self, worker: Worker) -> None:
        del self.workers[worker.slot]
        for listened in (worker.channel, worker.output):
            with contextlib.suppress(KeyError):
                self.selector.unregister(listened)

    def _has(self, worker: Worker) -> bool:
        return self.workers.get(worker.slot) is worker

    def _leave(self) -> None:
        """Wait, but not for long, for the workers that have nothing to do."""
        until = time.monotonic() + LEAVING
        while self.leaving:
            with unbroken():
                self.leaving.pop().end(max(0.0, until - time.monotonic()))

    def _again(self, worker: Worker) -> None:
        """Hand what a lost worker had not begun to a fresh one, unless the candidate has timed out too often."""
        self.todo.extendleft(reversed(worker.busy))
        if self.timeouts >= TIMEOUTS:
            for other in list(self.workers.values()):
                self._forget(other)
                other.end()
        elif self.todo:
            self._start(worker.slot)

    # turns

    def _turn(self, *, wait: bool = True) -> None:
        """Wait for something to happen, and deal with it."""
        nearest = min(worker.deadline for worker in self.workers.values())
        timeout = None if nearest == math.inf else max(0.0, nearest - time.monotonic())
        for key, mask in self.selector.select(timeout if wait else 0):
            worker: Worker = key.data
            if not self._has(worker):
                continue
            if key.fd == worker.output:
                if not worker.listen():
                    self.selector.unregister(worker.output)
                continue
            if mask & selectors.EVENT_WRITE:
                worker.flush()
                self._await(worker)
            if mask & selectors.EVENT_READ:
                self._hear(worker)
        now = time.monotonic()
        for worker in list(self.workers.values()):
            if self._has(worker) and now > worker.deadline:
                self._silent(worker)

    def _await(self, worker: Worker) -> None:
        """Listen to the worker, and write to it as long as there is something to write."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.has_unsent else 0)
        self.selector.modify(worker.channel, events, worker)

    def _hear(self, worker: Worker) -> None:
        answers = worker.receive()
        if answers is None:
            self._ended(worker)
            return
        for kind, value in answers:
            self._answer(worker, kind, value)
            if not self._has(worker):
                return
        if worker.version and not worker.busy:
            self._deal(worker)

    def _answer(self, worker: Worker, kind: str, value: Any) -> None:
        if kind == "broken" and not worker.version:
            self._unusable(worker, *value)
        elif kind == "ready" and not worker.version:
            worker.version = value
            if not self.started:
                self.started = True
                self.events.append(Started(self.candidate, value, len(self.open)))
        elif kind in ("verdict", "overdue") and worker.busy and worker.busy[0].id == value.id:
            worker.busy.popleft()
            self._grant(worker)
            self._settle(value.id, value)
            if kind == "overdue":
                self.timeouts += 1
                self._end(worker)
                self._again(worker)
        else:
            self._garbled(worker, value if kind == "garbled" else f"an answer of the kind {kind} out of turn")

    def _grant(self, worker: Worker) -> None:
        """Give the worker time for the case that is next; it ends slow ones itself, and is killed only beyond that."""
        if worker.busy:
            worker.deadline = time.monotonic() + limit(worker.busy[0], self.options.timeout) + MERCY

    def _deal(self, worker: Worker) -> None:
        batch = [self.todo.popleft() for _ in range(min(BATCH, len(self.todo)))]
        if batch:
            worker.give(batch)
            self._grant(worker)
            self._await(worker)
        elif self.keep:
            worker.deadline = math.inf
        else:
            self._forget(worker)
            self.leaving.append(worker)
            worker.stop()

    def _settle(self, id_: str, verdict: Verdict) -> None:
        del self.open[id_]
        self.events.append(Judged(self.candidate, verdict))

    # what goes wrong

    def _end(self, worker: Worker, patience: float = 0.0) -> Ending:
        with unbroken():
            self._forget(worker)
            return worker.end(patience)

    def _ended(self, worker: Worker) -> None:
        """A worker closed its connection: the case that it was busy with killed it."""
        how = self._end(worker, DYING)
        if not worker.version:
            said = f"its last words: {worker.last_words}" if worker.last_words else "it said nothing"
            self._unusable(worker, f"the process ended while it was imported: {how}", said)
            return
        if worker.busy:
            case = worker.busy.popleft()
            self._settle(case.id, _fatal(case, "crash", f"The interpreter ended during the call: {how}."))
        self._again(worker)

    def _silent(self, worker: Worker) -> None:
        """A worker says nothing beyond its limit: not even its second thread runs any more."""
        if not worker.version:
            self._unusable(worker, f"importing it takes more than {STARTING:g} s", "import it by hand to see why")
            return
        ending = self._end(worker)
        case = worker.busy.popleft()
        if ending.alone:  # and somebody else has kept the connection open
            self._settle(case.id, _fatal(case, "crash", f"The interpreter ended during the call: {ending}."))
        else:
            self.timeouts += 1
            text = f"no end within {self.options.timeout:g} s, and the interpreter was blocked"
            self._settle(case.id, _fatal(case, "timeout", text))
        self._again(worker)

    def _garbled(self, worker: Worker, what: str) -> None:
        """Something else than the worker has written into its connection."""
        text = f"the connection to the worker brought something that is no answer: {what}"
        if not worker.version:
            self._unusable(worker, text, "a candidate must leave file descriptors alone that it has not opened")
            return
        self._end(worker)
        if worker.busy:
            case = worker.busy.popleft()
            self._settle(case.id, _errored(case, text))
        self._again(worker)

    def _unusable(self, worker: Worker, why: str, hint: str) -> None:
        """The candidate cannot be imported; once it could be, that is no fault of a case, and others may go on."""
        if self._has(worker):
            self._end(worker)
        if not self.started:
            raise CandidateError(self.candidate, why, hint)
        self.trouble = f"a fresh worker could not be had: {why}; {hint}"

    def _left(self, case: Case) -> Verdict:
        """Return the verdict on a case that no worker is left for."""
        if self.timeouts >= TIMEOUTS:
            return not_run(case, f"not run: the candidate timed out {self.timeouts} times before")
        return _errored(case, self.trouble)


# The judge is heavy, and workers have it: here it is asked only about what no worker could judge.


def _fatal(case: Case, code: str, text: str) -> Verdict:
    from wireproof._judge import fatal

    return fatal(case, code, text)


def _errored(case: Case, text: str) -> Verdict:
    from wireproof._judge import errored

    return errored(case, text)


def not_run(case: Case, text: str) -> Verdict:
    """Return the verdict on a case that was planned and not run."""
    reason = Difference("not-run", "process", text)
    layers: Mapping[str, str] = {"bytes": "not_run", "contract": "not_run", "rfc": "not_run"}
    return Verdict(case.id, case.hash, "not_run", layers, case.clauses, (reason,), since=case.since)


def run(candidates: Sequence[str], cases: Sequence[Case], options: Options) -> Generator[Event, None, None]:
    """Run every case against every candidate; yield what happens.

    Raises:
        CandidateError: a candidate cannot be used at all.
    """
    for candidate in candidates:
        spelled(candidate)
    for candidate in candidates:
        pool = _Pool(candidate, cases, options)
        with contextlib.closing(pool.run()) as events:
            for event in events:
                yield event
                if options.fail_fast and isinstance(event, Judged) and falls_short(event.verdict, options.gate):
                    break
        yield from pool.events
        for case in pool.open.values():
            yield Judged(candidate, not_run(case, "not run: --fail-fast stopped at the first failure"))


class Session:
    """One candidate whose worker is kept, one case at a time: for pytest."""

    def __init__(self, candidate: str, options: Options, slot: int = 0) -> None:
        self._pool = _Pool(candidate, (), options, keep=True, first=slot)
        self._unusable: CandidateError | None = None

    def verdict(self, case: Case) -> Verdict:
        """Run one case and return its verdict.

        Raises:
            CandidateError: the candidate cannot be used at all.
        """
        if self._unusable is not None:
            raise self._unusable
        try:
            return self._pool.verdict(case)
        except CandidateError as error:
            self._unusable = error
            raise

    def close(self) -> None:
        """End the worker."""
        self._pool.close()
