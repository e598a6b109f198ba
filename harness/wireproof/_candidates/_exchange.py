"""One exchange in progress: its steps, one after the other or in threads, and what is seen of each. It never judges.

Who calls the candidate, in this process or through a driver, is a ``Caller``; what is the same for all of them is here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from wireproof._candidates._servers import address
from wireproof._capture import GRACE, Recorder
from wireproof._long import content_of
from wireproof._model import (
    Alternative,
    Blocks,
    Capture,
    Case,
    Expect,
    Grown,
    Outcome,
    Raised,
    Request,
    Step,
    StepRecord,
    Stream,
)
from wireproof._plan import wire
from wireproof._wire import parse
from wireproof.drivers.python_driver import UNREACHED, CannotBuild, CannotExpress, Site

_STREAMED = 0.25
CANNOT_BUILD = "this interpreter cannot build the body"


class Call:
    """What a caller needs to know of one call.

    Attributes:
        step: the step.
        recorder: where its bytes come in.
        site: the server's address.
        on_piece: called for each piece that is taken of the body, where streaming is observed.
        lengths: how many bytes it may bring, the expected number first.
        reply: the name of the reply to it that the case scripts.
        last: whether nothing comes after it.
    """

    __slots__ = ("last", "lengths", "on_piece", "recorder", "reply", "request", "site", "step")

    def __init__(self, step: Step, recorder: Recorder, site: Site, reply: str, *, last: bool) -> None:
        assert step.request is not None
        assert step.expect is not None
        self.step, self.request, self.recorder, self.site = step, step.request, recorder, site
        self.on_piece: Callable[[int], None] | None = None
        self.lengths = _lengths(step.expect, step.alternatives, site)
        self.reply, self.last = reply, last


class Caller(Protocol):
    """Calls the candidate's connection objects, each of which has a name. What the candidate lets out is returned."""

    @property
    def waits(self) -> bool:
        """Whether a call waits for the response: the server has answered when it returns."""

    @property
    def grace(self) -> float:
        """Seconds that the server itself may wait in a call."""

    def begin(self, case: Case, recorders: Sequence[Recorder]) -> str | None:
        """Get ready for the exchange of a case; return why it cannot be played, or None."""

    def open(self, name: str, case: Case, recorder: Recorder, site: Site) -> Raised | None:
        """Make a connection object; CannotExpress where its arguments cannot be given."""

    def request(self, call: Call) -> Outcome:
        """Call ``request``; CannotBuild or CannotExpress where that cannot be done."""

    def respond(self, name: str, reply: tuple[bytes, bool]) -> Raised | None:
        """Read the response to its end, which is ``reply``, and whether the server closes after it."""

    def close(self, name: str) -> Raised | None:
        """Close a connection object."""

    def hang_up(self) -> None:
        """Close all connection objects, and forget them."""

    def collect(self) -> None:
        """Release what nothing refers to any more."""

    def release(self) -> None:
        """Close files and everything else that was built."""


class Exchange:
    """One exchange.

    Args:
        case: what is asked.
        caller: who calls the candidate.
        recorders: the servers, by the names of the connection objects.
        replies: the bytes of each reply, and whether the server closes after it.
        extend: called with the seconds that the server is about to wait.
    """

    def __init__(
        self,
        case: Case,
        caller: Caller,
        recorders: dict[str, Recorder],
        replies: dict[str, tuple[bytes, bool]],
        extend: Callable[[float], None],
    ) -> None:
        self.case, self.caller, self.recorders, self.replies, self.extend = case, caller, recorders, replies, extend
        self.sites = {name: Site(*address(case.connection, recorder)) for name, recorder in recorders.items()}
        self.failed: dict[str, Outcome] = {}
        self.records: list[StepRecord | None] = [None] * len(case.steps)
        self.wanted = dict.fromkeys(recorders, 0)
        self.open_ended: dict[str, tuple[int, ...]] = {}
        self.observed: dict[str, object] = {}

    def play(self) -> None:
        """Perform every step, in order or in a thread for each connection object."""
        for name, recorder in self.recorders.items():
            try:
                raised = self.caller.open(name, self.case, recorder, self.sites[name])
            except CannotExpress as error:
                self.failed[name] = Outcome(unsupported=str(error))
            else:
                if raised is not None:
                    self.failed[name] = Outcome(raised=raised)
        if not self.case.threads:
            self._play(tuple(self.recorders))
            return
        failures: list[BaseException] = []

        def work(name: str) -> None:
            try:
                self._play((name,))
            except BaseException as error:  # ours: whatever the candidate lets out is in the records
                failures.append(error)

        threads = [threading.Thread(target=work, args=(name,), daemon=True) for name in self.recorders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def _play(self, names: Sequence[str]) -> None:
        for number, step in enumerate(self.case.steps):
            if step.on in names:
                self.records[number] = self._step(number, step)

    def _is_last(self, number: int) -> bool:
        on = self.case.steps[number].on
        return all(step.on != on for step in self.case.steps[number + 1 :])

    def _reply(self, number: int) -> str:
        """Return the name of the reply that the case scripts for a request."""
        on = self.case.steps[number].on
        following = next((step for step in self.case.steps[number + 1 :] if step.on == on), None)
        return following.reply if following is not None and following.action == "reply" else "ok"

    def _step(self, number: int, step: Step) -> StepRecord | None:
        failed = self.failed.get(step.on)
        if failed is not None:
            return StepRecord(failed) if step.action == "request" else None
        if step.action == "request":
            return self._request(number, step)
        if step.action == "reply" and self.caller.waits:
            return None
        try:
            raised = self.caller.close(step.on) if step.action == "close" else self._respond(step)
        except CannotExpress as error:
            return StepRecord(Outcome(unsupported=str(error)))
        return StepRecord(Outcome(raised=raised)) if raised else None

    def _respond(self, step: Step) -> Raised | None:
        data, close = reply = self.replies[step.reply]
        self.recorders[step.on].reply(data, close=close)
        return self.caller.respond(step.on, reply)

    def _request(self, number: int, step: Step) -> StepRecord:
        recorder, last = self.recorders[step.on], self._is_last(number)
        recorder.pump()
        before = recorder.totals()
        call = Call(step, recorder, self.sites[step.on], self._reply(number), last=last and len(self.recorders) == 1)
        call.on_piece = self._watcher(call)
        self._announce(call)
        self.extend(self.caller.grace)
        try:
            outcome = self.caller.request(call)
        except CannotBuild as error:
            return StepRecord(Outcome(unsupported=f"{CANNOT_BUILD}: {error}"))
        except CannotExpress as error:
            return StepRecord(Outcome(unsupported=str(error)))
        if outcome.raised is not None and outcome.raised.phase == "construct":
            self.failed[step.on] = outcome
        if outcome.raised is None:
            # a call that failed has sent what it could: nothing more is waited for
            self.wanted[step.on] += call.lengths[0]
        if last:
            self.open_ended[step.on] = before
        else:
            self.extend(GRACE)
            recorder.settle(lambda: outcome.raised is not None or _has_all(recorder, before, call.lengths))
        return StepRecord(outcome, _grown(before, recorder.totals()))

    def _announce(self, call: Call) -> None:
        """Tell the server what is expected, where that is too long to be kept and compared afterwards."""
        assert call.step.expect is not None
        placed, body = wire(call.step.expect, call.site.host, call.site.port), call.request.get("body")
        if isinstance(placed.body, Blocks) and placed.head is not None and body is not None:
            call.recorder.expect(placed.head, placed.body, content_of(body))

    def _watcher(self, call: Call) -> Callable[[int], None] | None:
        """Return what is to be called when the body is asked for a piece, where streaming is observed."""
        count, recorder = piece_count(call.request), call.recorder
        if "streaming" not in self.case.observes or count < 2:
            return None

        def has_body() -> bool:
            every = [stream.data for stream in recorder.streams()]
            return any(b"\r\n\r\n" in data and not data.endswith(b"\r\n\r\n") for data in every)

        def on_piece(index: int) -> None:
            if index == count - 1:
                recorder.pump()
                if not has_body() and recorder.wait(_STREAMED):
                    recorder.pump()
                self.observed["streaming"] = has_body()

        return on_piece

    def finish(self) -> None:
        """Close what is still open and read to the end."""
        self.caller.hang_up()
        try:
            for name, recorder in self.recorders.items():
                self.extend(2 * GRACE)
                recorder.finish(self.wanted[name], self.caller.collect)
        finally:
            self.caller.release()

    def is_unresolved(self) -> bool:
        """Say whether a call failed to reach anybody: a name, or an address that stands for the server's."""
        raised = (record.outcome.raised for record in self.records if record)
        return any(UNREACHED.intersection(each.classes) for each in raised if each)

    def capture(self, fatal: tuple[str, str] | None = None) -> Capture:
        """Return everything that was seen so far."""
        streams: list[Stream] = []
        offsets: dict[str, int] = {}
        for name, recorder in self.recorders.items():
            offsets[name] = len(streams)
            streams += recorder.streams()
        records = [
            self._settled(number, step, record, offsets[step.on]) if record else None
            for number, (step, record) in enumerate(zip(self.case.steps, self.records, strict=True))
        ]
        addresses = {name: (site.host, site.port) for name, site in self.sites.items()}
        return Capture(tuple(records), tuple(streams), addresses, dict(self.observed), fatal)

    def _settled(self, number: int, step: Step, record: StepRecord, offset: int) -> StepRecord:
        """Count streams over all connection objects, and give the last step all that came until the end."""
        grown = record.grown
        if step.on in self.open_ended and self._is_last(number):
            grown = _grown(self.open_ended[step.on], self.recorders[step.on].totals())
        return StepRecord(record.outcome, tuple(Grown(part.stream + offset, part.start, part.end) for part in grown))


def piece_count(request: Request) -> int:
    """Return how many pieces the body of a request has, or 0 where it has none."""
    body = request.get("body")
    pieces: Any = (body.get("items") or body.get("reads") or ()) if body else ()
    return len(pieces)


def _has_all(recorder: Recorder, before: tuple[int, ...], lengths: Sequence[int]) -> bool:
    """Say whether a call's bytes are all there: as many as expected, or a message that is complete in itself."""
    came = sum(recorder.totals()) - sum(before)
    if came in lengths or not came:
        return came in lengths
    data = recorder.streams()[-1].data
    return parse(data[before[-1] :] if len(before) == len(recorder.connections) else data).complete


def _grown(before: tuple[int, ...], after: tuple[int, ...]) -> tuple[Grown, ...]:
    padded = before + (0,) * (len(after) - len(before))
    return tuple(
        Grown(index, start, end) for index, (start, end) in enumerate(zip(padded, after, strict=True)) if end > start
    )


def _lengths(expect: Expect, alternatives: Sequence[Alternative], site: Site) -> tuple[int, ...]:
    """Return how many bytes the step may send, the expected number first."""
    every = (expect, *(alternative.expect for alternative in alternatives))
    return tuple(len(wire(one, site.host, site.port)) for one in every)
