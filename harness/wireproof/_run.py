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
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from wireproof._candidates import named
from wireproof._codec import ABSENT, LANES, PASSED, PRESENT, SLICE
from wireproof._findings import Findings
from wireproof._matrix import Expansion
from wireproof._model import LAYERS, VERDICTS, Candidate, Case, Difference, LayerName, Verdict
from wireproof._plan import limit
from wireproof._process import Ending, Worker, unbroken
from wireproof._selection import Planned, Slice
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
    """A verdict has come in; of a combination ``position`` says which it is, of a case its id does."""

    candidate: str
    verdict: Verdict
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """Combinations have passed: ``slice`` has them alone, and ``codes`` says of each what became of known defects."""

    candidate: str
    slice: Slice
    codes: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """Combinations got no verdict of their own: they were not run, or the harness could not do it."""

    candidate: str
    slice: Slice
    kind: Literal["error", "not_run"]
    text: str


Event = Starting | Started | Judged | Passed | Lost


class Tally:
    """The results of one candidate, with the accounting identity.

    Args:
        name: the candidate.
        planned: how many verdicts there have to be.
        positions: of each case, by its id; where it is not given, cases are numbered as they come.
        keep: called with the name, and with all that comes in and its position: verdicts are kept nowhere else, but for
            what ``findings`` have.
    """

    def __init__(
        self,
        name: str,
        planned: int,
        positions: Mapping[str, int] | None = None,
        keep: Callable[[str, Judged | Passed | Lost, int], object] | None = None,
    ) -> None:
        self.name, self.planned, self.version = name, planned, ""
        self.findings = Findings()
        self.counts: Counter[str] = Counter()
        self._positions = dict(positions or {})
        self._keep = keep
        self._seen = bytearray()

    @property
    def judged(self) -> int:
        """How many verdicts there are."""
        return self.counts.total()

    def short(self, gate: LayerName) -> int:
        """Return how many of them are held against the candidate at this gate."""
        return self.findings.layers[gate]["fail"] + self.counts["not_run"]

    def has(self, case: Case) -> bool:
        """Say whether there is a verdict for a case."""
        position = self._positions.get(case.id)
        return position is not None and position < len(self._seen) and bool(self._seen[position])

    def unseen(self, slice_: Slice) -> list[int]:
        """Return the indexes of the combinations that there is no verdict for."""
        seen = self._seen
        return [at for at, position in enumerate(slice_.positions) if position >= len(seen) or not seen[position]]

    def take(self, event: Judged | Passed | Lost) -> None:
        """Count what has come in."""
        if isinstance(event, Judged):
            self.add(event.verdict, event.position)
            return
        if self._keep is not None:
            self._keep(self.name, event, event.slice.positions[0])
        if isinstance(event, Passed):
            self._pass(event.slice, event.codes)
        else:
            self._mark(event.slice)
            self.counts[event.kind] += len(event.slice.numbers)
            self.findings.add_many(event.slice.expansion.matrix.id, event.kind, len(event.slice.numbers))

    def add(self, verdict: Verdict, position: int | None = None) -> None:
        """Count a verdict; a second one for the same case is a fault of the harness."""
        if position is None:
            position = self._positions.setdefault(verdict.id, len(self._positions))
        self._see(position, verdict.id)
        self.counts[verdict.verdict] += 1
        self.findings.add(verdict, position)
        if self._keep is not None:
            self._keep(self.name, Judged(self.name, verdict, position), position)

    def _pass(self, slice_: Slice, codes: bytes) -> None:
        self._mark(slice_)
        self.counts["pass"] += len(codes)
        expansion = slice_.expansion
        self.findings.add_many(expansion.matrix.id, "pass", len(codes))
        if codes.count(PASSED) == len(codes):
            return
        seen = Counter(
            (expansion.decision(number).known_defect, code)
            for number, code in zip(slice_.numbers, codes, strict=True)
            if code != PASSED
        )
        for name in {name for name, _ in seen}:
            self.findings.add_defect(name, present=seen[name, PRESENT], absent=seen[name, ABSENT])

    def _mark(self, slice_: Slice) -> None:
        for number, position in zip(slice_.numbers, slice_.positions, strict=True):
            self._see(position, slice_.expansion, number)

    def _see(self, position: int, what: str | Expansion, number: int = 0) -> None:
        if position >= len(self._seen):
            self._seen.extend(bytes(position + 1 - len(self._seen)))
        if self._seen[position]:
            id_ = what if isinstance(what, str) else what.id(number)
            raise HarnessError(f"{self.name}: two verdicts for {id_}")
        self._seen[position] = 1

    def summary(self) -> dict[str, int]:
        """Return the counts that reports publish; their sum is ``planned``."""
        names = {"pass": "passed", "fail": "failed", "error": "errored"}
        summary = {"planned": self.planned, **{names.get(name, name): self.counts[name] for name in VERDICTS}}
        if sum(summary.values()) != 2 * self.planned or self.judged != self.planned or not self.planned:
            raise HarnessError(f"{self.name}: the accounts do not balance: {summary}")
        return summary

    def exit_code(self, gate: LayerName) -> int:
        """Return 0 as expected, 1 where the candidate fell short at the gate, 3 where the harness did."""
        if self.counts["error"]:
            return 3
        return int(self.short(gate) > 0)


def falls_short(verdict: Verdict, gate: LayerName) -> bool:
    """Say whether the verdict is held against the candidate at this gate."""
    return verdict.verdict == "not_run" or verdict.layers.get(gate) == "fail"


class Pool:
    """The workers of one candidate, and what is still to be done. Workers may be started before that is known."""

    def __init__(self, candidate: Candidate | str, options: Options, *, keep: bool = False, first: int = 0) -> None:
        self.asked = _candidate(candidate)
        self.candidate, self.options, self.keep, self.first = self.asked.name, options, keep, first
        self.todo: deque[Case | Slice] = deque()
        self.open: dict[str, Case | Slice] = {}
        self.planned = 0
        self.events: deque[Event] = deque()
        self.workers: dict[int, Worker] = {}
        self.leaving: list[Worker] = []
        self.selector = selectors.DefaultSelector()
        self.timeouts = 0
        self.trouble = "its worker was lost"
        self.complaint: CandidateError | None = None
        self.started = False

    def start(self, most: int | None = None) -> None:
        """Start the workers that are wanted and not there yet, ``most`` of them where that is given."""
        jobs = self.options.jobs or os.cpu_count() or 1
        for slot in range(len(self.workers), jobs if most is None else min(jobs, most)):
            self._start(slot)

    def run(self, work: Iterable[Case | Slice], planned: int) -> Generator[Event, None, None]:
        """Run everything; yield what happens. ``planned`` is how many verdicts there will be."""
        self.todo.extend(work)
        self.open = {one.id: one for one in self.todo}
        self.planned = planned
        try:
            self.start(self._batches())
            yield Starting(self.candidate)
            while self.open and self.workers:
                self._turn()
                while self.events:
                    yield self.events.popleft()
            for one in list(self.open.values()):
                self._give_up(one)
            for worker in list(self.workers.values()):
                self._deal(worker)
            self._leave()
        finally:
            self.close()
        while self.events:
            yield self.events.popleft()

    def _batches(self) -> int:
        """Return how many workers there is work for."""
        slices = sum(isinstance(one, Slice) for one in self.open.values())
        return slices - (slices - len(self.open)) // BATCH

    def results(self, *work: Case | Slice) -> list[Judged | Passed | Lost]:
        """Do some things more, on the worker that is kept or on a fresh one; return what came of them."""
        self.open.update((one.id, one) for one in work)
        if self.workers:
            self._turn(wait=False)
        self.todo.extend(work)
        for worker in list(self.workers.values()):
            self._deal(worker)
        if not self.workers and self.timeouts < TIMEOUTS:
            self._start(self.first)
        while self.open:
            if self.workers:
                self._turn()
            else:
                for one in list(self.open.values()):
                    self._give_up(one)
        self.todo.clear()
        events = [event for event in self.events if not isinstance(event, Starting | Started)]
        self.events.clear()
        return events

    def close(self) -> None:
        """End every worker at once."""
        with unbroken():
            every = [*self.workers.values(), *self.leaving]
            for worker in every:
                worker.kill()
            for worker in every:
                worker.end()
                if worker.busy and isinstance(worker.busy[0], Slice) and worker.busy[0].id in self.open:
                    # what it has got through counts
                    left = self._close_slice(worker, worker.busy[0])
                    if left:
                        self._reopen(worker.busy[0], left)
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
            "candidate": self.asked,
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
                self.events.append(Started(self.candidate, value, self.planned))
        elif kind == "worn" and worker.version:
            self._end(worker)
            self._again(worker)
        elif kind in ("combination", "slice", "overdue") and worker.busy and isinstance(worker.busy[0], Slice):
            self._hear_slice(worker, worker.busy[0], kind, value)
        elif kind in ("verdict", "overdue") and worker.busy and worker.busy[0].id == value.id:
            worker.busy.popleft()
            self._grant(worker)
            self._settle(value.id, value)
            if kind == "overdue":
                self._overdue(worker)
            else:
                self._count(value)
        else:
            self._garbled(worker, value if kind == "garbled" else f"an answer of the kind {kind} out of turn")

    def _count(self, verdict: Verdict) -> None:
        """Count a time-out that a worker has survived: its driver has been started again."""
        reason = verdict.reason
        if verdict.verdict == "fail" and reason is not None and reason.code == "timeout":
            self.timeouts += 1
            if self.timeouts >= TIMEOUTS:
                for worker in list(self.workers.values()):
                    self._leave_off(worker)

    def _leave_off(self, worker: Worker) -> None:
        """End a worker; what it has not got through stays open."""
        self._end(worker)
        if worker.busy and isinstance(worker.busy[0], Slice):
            slice_ = worker.busy.popleft()
            assert isinstance(slice_, Slice)
            left = self._close_slice(worker, slice_)
            if left:
                self._reopen(slice_, left)

    def _overdue(self, worker: Worker) -> None:
        self.timeouts += 1
        self._end(worker)
        self._again(worker)

    def _grant(self, worker: Worker) -> None:
        """Give the worker time for what is next; it ends slow cases itself, and is killed only beyond that."""
        if worker.busy:
            one = worker.busy[0]
            seconds = limit(one, self.options.timeout) if isinstance(one, Case) else self.options.timeout
            worker.deadline = time.monotonic() + seconds + (STARTING if self.asked.command else MERCY)

    def _deal(self, worker: Worker) -> None:
        batch: list[Case | Slice] = []
        while self.todo and len(batch) < BATCH and not (batch and isinstance(self.todo[0], Slice)):
            batch.append(self.todo.popleft())
            if isinstance(batch[-1], Slice):
                break
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

    # slices

    def _hear_slice(self, worker: Worker, slice_: Slice, kind: str, value: Any) -> None:
        """Take in what a worker says while it plays a slice."""
        if kind == "combination":
            index, verdict = value
            number = slice_.numbers[index] if 0 <= index < len(slice_.numbers) else None
            if number is None or index in worker.reported or slice_.expansion.id(number) != verdict.id:
                self._garbled(worker, f"a verdict on {ascii(verdict.id)[:60]} out of turn")
                return
            worker.reported.add(index)
            self.events.append(Judged(self.candidate, verdict, slice_.positions[index]))
            self._count(verdict)
        elif kind == "slice":
            worker.busy.popleft()
            left = self._close_slice(worker, slice_)
            if left:
                self._reopen(slice_, left)
            if value["worn"]:
                self._end(worker)
                self._again(worker)
            elif left:
                self._garbled(worker, "the end of a slice that is not done")
        else:
            self._break_slice(worker, slice_, slice_.index(value.id), value)
            self._overdue(worker)

    def _close_slice(self, worker: Worker, slice_: Slice, culprit: int | None = None) -> list[int]:
        """Take in what the worker has written, but for the culprit; return the indexes of what is not settled."""
        del self.open[slice_.id]
        codes = worker.codes[: len(slice_.numbers)]
        done = (PASSED, ABSENT, PRESENT)
        passed = [index for index, code in enumerate(codes) if code in done and index != culprit]
        if passed:
            self.events.append(Passed(self.candidate, slice_.of(passed), bytes(codes[index] for index in passed)))
        settled = {*passed, *worker.reported}
        worker.reported.clear()
        return [index for index in range(len(codes)) if index not in settled]

    def _break_slice(self, worker: Worker, slice_: Slice, culprit: int | None, verdict: Verdict) -> None:
        """Settle the combination that a worker has not survived; what it has not got through is open again."""
        worker.busy.popleft()
        left = self._close_slice(worker, slice_, culprit)
        if culprit is not None and culprit in left:
            left.remove(culprit)
            self.events.append(Judged(self.candidate, verdict, slice_.positions[culprit]))
        if left:
            self._reopen(slice_, left)

    def _reopen(self, slice_: Slice, left: Sequence[int]) -> None:
        rest = slice_.of(left)
        self.open[rest.id] = rest
        self.todo.appendleft(rest)

    def _lost(self, worker: Worker, verdict: Callable[[Case], Verdict]) -> None:
        """Settle what a worker was busy with when it was lost."""
        if not worker.busy:
            return
        one = worker.busy[0]
        if isinstance(one, Case):
            worker.busy.popleft()
            self._settle(one.id, verdict(one))
            return
        if self.asked.command and len(one.numbers) > 1:
            # a driver is ahead of what the worker was busy with: who asks for one at a time sees which it was
            worker.busy.popleft()
            left = self._close_slice(worker, one)
            if left[LANES:]:
                self._reopen(one, left[LANES:])
            for index in reversed(left[:LANES]):
                self._reopen(one, [index])
            return
        culprit = worker.culprit(len(one.numbers))
        self._break_slice(worker, one, culprit, verdict(one.expansion.case(one.numbers[culprit])))

    # what goes wrong

    def _fate(self, code: str, text: str) -> Callable[[Case], Verdict]:
        """Return what makes the verdict on the case that a worker did not survive: a candidate that is in it is to
        blame, and one behind a driver, whose end the worker sees, is not.
        """
        if self.asked.command:
            return lambda case: _errored(case, f"the worker was lost, in which the client is not: {text}")
        return lambda case: _fatal(case, code, text)

    def _end(self, worker: Worker, patience: float = 0.0) -> Ending:
        with unbroken():
            self._forget(worker)
            return worker.end(patience)

    def _ended(self, worker: Worker) -> None:
        """A worker closed its connection: what it was busy with killed it."""
        how = self._end(worker, DYING)
        if not worker.version:
            said = f"its last words: {worker.last_words}" if worker.last_words else "it said nothing"
            self._unusable(worker, f"the process ended while it was imported: {how}", said)
            return
        self._lost(worker, self._fate("crash", f"The interpreter ended during the call: {how}."))
        self._again(worker)

    def _silent(self, worker: Worker) -> None:
        """A worker says nothing beyond its limit: not even its second thread runs any more."""
        if not worker.version:
            self._unusable(worker, f"importing it takes more than {STARTING:g} s", "import it by hand to see why")
            return
        if worker.busy and isinstance(worker.busy[0], Slice) and worker.moved():
            self._grant(worker)
            return
        ending = self._end(worker)
        if ending.alone:  # and somebody else has kept the connection open
            self._lost(worker, self._fate("crash", f"The interpreter ended during the call: {ending}."))
        else:
            self.timeouts += 1
            text = f"no end within {self.options.timeout:g} s, and the interpreter was blocked"
            self._lost(worker, self._fate("timeout", text))
        self._again(worker)

    def _garbled(self, worker: Worker, what: str) -> None:
        """Something else than the worker has written into its connection."""
        text = f"the connection to the worker brought something that is no answer: {what}"
        if not worker.version:
            self._unusable(worker, text, "a candidate must leave file descriptors alone that it has not opened")
            return
        self._end(worker)
        self._lost(worker, self._fate("crash", text))
        self._again(worker)

    def _unusable(self, worker: Worker, why: str, hint: str) -> None:
        """The candidate cannot be imported; where another worker can have it, that is no fault of a case."""
        if self._has(worker):
            self._end(worker)
        self.complaint = self.complaint or CandidateError(self.candidate, why, hint)
        if not self.started and not self.workers:
            raise self.complaint
        self.trouble = f"a fresh worker could not be had: {why}; {hint}"

    def _give_up(self, work: Case | Slice) -> None:
        """Settle what no worker is left for."""
        has_timed_out = self.timeouts >= TIMEOUTS
        text = f"not run: the candidate timed out {self.timeouts} times before" if has_timed_out else self.trouble
        if isinstance(work, Case):
            self._settle(work.id, not_run(work, text) if has_timed_out else _errored(work, text))
            return
        del self.open[work.id]
        self.events.append(Lost(self.candidate, work, "not_run" if has_timed_out else "error", text))


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


_PASSED: Mapping[str, str] = dict.fromkeys(LAYERS, "pass")


def passed(event: Passed) -> Iterator[tuple[Verdict, int]]:
    """Yield the verdicts on combinations that have passed, each with its position."""
    expansion = event.slice.expansion
    for number, position, code in zip(event.slice.numbers, event.slice.positions, event.codes, strict=True):
        decision = expansion.decision(number)
        known = {ABSENT: "absent", PRESENT: "present"}.get(code)
        defects = ((decision.known_defect, known),) if known else ()
        id_, hash_ = expansion.id(number), expansion.hash(number)
        clauses = expansion.decisions.clauses(expansion.class_of(number))
        yield Verdict(id_, hash_, "pass", _PASSED, clauses, defects=defects), position


def _candidate(asked: Candidate | str) -> Candidate:
    return asked if isinstance(asked, Candidate) else named(asked)


def run(
    candidates: Sequence[Candidate | str],
    planned: Planned | Sequence[Case],
    options: Options,
    begun: Mapping[str, Pool] | None = None,
) -> Generator[Event, None, None]:
    """Run everything that is planned against every candidate; yield what happens.

    Args:
        candidates: who, or their names.
        planned: what to run.
        options: how.
        begun: pools whose workers have been started already, by the candidate's name.

    Raises:
        CandidateError: a candidate cannot be used at all.
    """
    for asked in [_candidate(each) for each in candidates]:
        candidate = asked.name
        work = planned.work(SLICE) if isinstance(planned, Planned) else planned
        pool = (begun or {}).get(candidate) or Pool(asked, options)
        short = 0
        try:
            with contextlib.closing(pool.run(work, len(planned))) as events:
                for event in events:
                    yield event
                    short += isinstance(event, Judged) and falls_short(event.verdict, options.gate)
                    if options.fail_fast and short:
                        break
        except KeyboardInterrupt:
            yield from pool.events  # an interruption loses nothing that has come in
            raise
        yield from pool.events
        for one in pool.open.values():
            text = "not run: --fail-fast stopped at the first failure"
            if isinstance(one, Case):
                yield Judged(candidate, not_run(one, text))
            else:
                yield Lost(candidate, one, "not_run", text)


class Session:
    """One candidate whose worker is kept, one thing at a time: for pytest."""

    def __init__(self, candidate: Candidate | str, options: Options, slot: int = 0) -> None:
        self._pool = Pool(candidate, options, keep=True, first=slot)
        self._unusable: CandidateError | None = None

    def results(self, work: Case | Slice) -> list[Judged | Passed | Lost]:
        """Run one case, or one slice, and return what came of it.

        Raises:
            CandidateError: the candidate cannot be used at all.
        """
        if self._unusable is not None:
            raise self._unusable
        try:
            return self._pool.results(work)
        except CandidateError as error:
            self._unusable = error
            raise

    def verdict(self, case: Case) -> Verdict:
        """Run one case and return its verdict.

        Raises:
            CandidateError: the candidate cannot be used at all.
        """
        return next(event.verdict for event in self.results(case) if isinstance(event, Judged))

    def close(self) -> None:
        """End the worker."""
        self._pool.close()
