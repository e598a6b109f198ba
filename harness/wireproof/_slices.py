"""Slices of a matrix: many combinations in a row, each played and judged at the speed of the wire.

Theory of operation. When the bytes, the outcome and the effects are the expected ones, the verdict is a pass: that the
expectation itself keeps the clauses and the RFC's rules is checked once, by ``wireproof check``. So the expected bytes
are put together from parts that are made once for each value, and compared; only what differs becomes a case and goes
to the judge, with what was seen of it. Nothing is played twice.

For each combination one byte is written where the runner sees it, too: what has not got one when a worker dies is what
it died of.
"""

from __future__ import annotations

import functools
import gc
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from wireproof._candidates._inprocess import CANNOT_BUILD, CANNOT_LISTEN, NOT_RESOLVED, InProcess, unsupported
from wireproof._candidates._lanes import (
    Called,
    Endpoint,
    Lane,
    Maker,
    call,
    close,
    is_placed,
    makers,
    outcome,
    unresolved,
)
from wireproof._candidates._objects import Built, CannotBuild, Site
from wireproof._capture import CannotBind
from wireproof._codec import ABSENT, CLOSING, PASSED, PLAYED, PRESENT, REPORTED
from wireproof._judge import errored, expected_effects, judge
from wireproof._matrix import (
    ARGUMENTS,
    Decision,
    Expansion,
    Value,
    automatic_lines,
    body_bytes,
    framing_lines,
    raised_name,
    request_line,
)
from wireproof._model import Capture, Case, Expect, Request, Verdict

Report = Callable[[int, Verdict], object]


class Codes(Protocol):
    """Where a code is written for each combination."""

    def __getitem__(self, index: int, /) -> int: ...

    def __setitem__(self, index: int, code: int, /) -> None: ...


class Player:
    """Plays the combinations of one matrix.

    Args:
        expansion: the matrix.
        candidate: who is asked.
        probes: the answers of the candidate's interpreter.
        strict_defects: whether CPython's way in its known defects fails.
    """

    def __init__(
        self, expansion: Expansion, candidate: InProcess, probes: Mapping[str, str], *, strict_defects: bool
    ) -> None:
        self.expansion, self.candidate = expansion, candidate
        self.probes, self.strict_defects = probes, strict_defects
        self.number = 0
        self.lane: Lane | None = None
        self._loop: Loop | None = None

    @property
    def case(self) -> Case:
        """What is being asked."""
        return self.expansion.case(self.number)

    def capture(self, fatal: tuple[str, str] | None = None) -> Capture:
        """Return what has been seen so far of what is being asked."""
        if self.lane is None:
            return Capture((None,), (), {}, {}, fatal)
        return self.lane.seen(self.lane.recorder.streams(), None, fatal)

    def play(self, numbers: Sequence[int], codes: Codes, report: Report) -> None:
        """Play combinations; write a code for each, and report the verdicts that say more than a code.

        Where we fail ourselves, what has no verdict yet gets one that says so.
        """
        try:
            self._play(numbers, codes, report)
        except Exception as error:
            self.close()
            for index, self.number in enumerate(numbers):
                if codes[index] in (0, PLAYED, CLOSING):
                    self.settle(index, errored(self.case, failure(error)), codes, report)

    def _play(self, numbers: Sequence[int], codes: Codes, report: Report) -> None:
        if self.expansion.matrix.is_sequence:
            for index, self.number in enumerate(numbers):
                case = self.case
                self.settle(index, checked(case, self._performed), codes, report)
            return
        stride, count = self.expansion.place("connection")
        first = 0
        for connection, group in groupby(numbers, lambda number: number // stride % count):
            chosen = list(group)
            try:
                loop = self.loop(connection)
            except CannotBind as error:
                for index, self.number in enumerate(chosen, first):
                    self.refuse(index, f"{CANNOT_LISTEN}: {error}", codes, report)
            else:
                self.candidate.underway = self
                loop.run(chosen, first, codes, report)
            first += len(chosen)

    def loop(self, connection: int) -> Loop:
        """Return the loop for the requests whose connection objects are made in the way of this number.

        Raises:
            CannotBind: the server cannot listen there.
        """
        if self._loop is None or self._loop.connection != connection:
            self.close()
            self._loop = Loop(self, connection)
        return self._loop

    def refuse(self, index: int, why: str, codes: Codes, report: Report) -> None:
        """Settle what cannot be played here, or with this client."""
        case = self.case
        self.settle(index, self._judged(case, unsupported(case, why)), codes, report)

    def explain(self, index: int, capture: Capture, codes: Codes, report: Report) -> None:
        """Have the judge say what was seen of a combination that is not simply as expected."""
        self.settle(index, self._judged(self.case, capture), codes, report)

    def _performed(self, case: Case) -> Verdict:
        return judge(case, self.candidate.perform(case), self.probes, strict_defects=self.strict_defects)

    def _judged(self, case: Case, capture: Capture) -> Verdict:
        return checked(case, lambda case: judge(case, capture, self.probes, strict_defects=self.strict_defects))

    def settle(self, index: int, verdict: Verdict, codes: Codes, report: Report) -> None:
        """Write the code of a verdict, and report it where that does not say all."""
        if verdict.verdict == "pass":
            seen = {how for _, how in verdict.defects}
            codes[index] = PRESENT if "present" in seen else ABSENT if seen else PASSED
            return
        report(index, verdict)
        codes[index] = REPORTED

    def close(self) -> None:
        """Close what listens."""
        if self._loop is not None:
            self._loop.endpoint.close()
            self._loop = None


class _Plan(NamedTuple):
    """What one decision means for the loop.

    ``prefix`` and ``suffix`` number the decisions with the same request line and automatic fields, and with the same
    framing, each times the number of values that differ within. ``is_silent``: nothing is sent.
    """

    decision: Decision
    prefix: int
    suffix: int
    is_silent: bool


@dataclass(frozen=True, slots=True)
class _Suffix:
    """What one framing makes of one body: the field line that is added, what follows the head, and what does so where
    CPython's known defect shows (None: it shows otherwise, or not at all); the exception, and the effects on the body.
    """

    framing: bytes
    content: bytes
    defect: bytes | None
    has_defect: bool
    raises: str | None
    is_refused: bool
    effects: Mapping[str, object]


Indices = tuple[int, int, int, int, int, int]
"""The number of a combination's classes, and the index of each argument: method, url, body, headers, encode_chunked."""

_Call = tuple[int, int, "_Station", Indices, tuple[Built, ...], Called]
"""A request that was made: the index of its code, its number, where, its values, its arguments, and what came of it."""

_Played = tuple[int, int, "_Station", Indices, Called, Mapping[str, object], Mapping[str, object]]
"""The same with what can be seen of body and headers in the place of the arguments."""


class _Station:
    """A lane with all that its address decides: what makes the arguments, the field lines, the beginnings of heads."""

    __slots__ = ("connect", "fields", "lane", "makers", "prefixes", "watched")

    def __init__(
        self, lane: Lane, connect: Callable[[], Any], axes: Mapping[str, Sequence[Value]], like: _Station | None = None
    ) -> None:
        self.lane, self.watched, self.connect = lane, lane.watched, connect
        self.prefixes: dict[int, bytes] = {}
        self.makers: tuple[list[Maker], ...]
        self.fields: list[bytes]
        if like is not None:  # no argument has the address in it
            self.makers, self.fields = like.makers, like.fields
            return
        self.makers = tuple(makers([value.recipe for value in axes[name]], lane.site) for name in ARGUMENTS)
        self.fields = [_filled(value.sends, lane.site) + b"\r\n" for value in axes["headers"]]

    def make(self, at: Indices) -> tuple[Built, ...]:
        """Make the arguments of a request.

        Raises:
            CannotBuild: one of them cannot be made here.
        """
        _, method, url, body, headers, flag = at
        of_method, of_url, of_body, of_headers, of_flag = self.makers
        return of_method[method](), of_url[url](), of_body[body](), of_headers[headers](), of_flag[flag]()


def _filled(lines: tuple[bytes, ...], site: Site) -> bytes:
    """Return the lines with the server's address in its places, each with the CRLF that ends it."""
    return site.fill(b"".join(line + b"\r\n" for line in lines).decode("latin-1")).encode("latin-1")


class Loop:
    """Plays requests whose connection objects are all made in the same way.

    Args:
        player: for whom.
        connection: the number of that way.

    Raises:
        CannotBind: the server cannot listen there.
    """

    def __init__(self, player: Player, connection: int) -> None:
        self.player, self.connection = player, connection
        self.expansion = expansion = player.expansion
        given = {name: (value,) for name, value in expansion.matrix.given.items()}
        self.axes: dict[str, Sequence[Value]] = {**given, **{axis.name: axis.values for axis in expansion.axes}}
        self.value = self.axes["connection"][connection]
        assert self.value.connection is not None
        self.endpoint = Endpoint(self.value.connection, player.candidate.slot, player.candidate.patience)
        recipes = [value.recipe for name in ARGUMENTS for value in self.axes[name] if value.recipe is not None]
        self.is_placed = any(map(is_placed, recipes))
        self.extra = self.endpoint.arguments()
        self.stations: list[_Station] = []
        for lane in self.endpoint.lanes:
            self.stations.append(self._station(lane))
        self.plans: list[_Plan | None] = [None] * len(expansion.decisions.by_class)
        self.suffixes: dict[int, _Suffix] = {}
        self._numbered: dict[object, int] = {}
        self.places = [expansion.place(name) for name in ARGUMENTS]
        self.weights = [expansion.decisions.weights(name) for name in ARGUMENTS]
        self.base = expansion.decisions.weights("connection")[connection]
        self.urls = len(self.axes["url"])
        self._half = expansion.strides[len(expansion.axes) // 2 - 1]
        self._rows: dict[int, Indices] = {}

    def _station(self, lane: Lane) -> _Station:
        like = self.stations[0] if self.stations and not self.is_placed else None
        connect = functools.partial(self.player.candidate.factory, *lane.arguments, **self.extra)
        return _Station(lane, connect, self.axes, like)

    def indices_of(self, number: int) -> Indices:
        """Return the number of a combination's classes, and the index of each argument's value.

        They are looked up for the first axes and for the last ones, and added: where an axis is not among them, its
        index and its class count 0.
        """
        first, last = divmod(number, self._half)
        at, method, url, body, headers, flag = self._rows.get(-first) or self._row(-first, number - last)
        at_, method_, url_, body_, headers_, flag_ = self._rows.get(last + 1) or self._row(last + 1, last)
        return at + at_, method + method_, url + url_, body + body_, headers + headers_, flag + flag_

    def _row(self, key: int, number: int) -> Indices:
        indices = [number // stride % count for stride, count in self.places]
        weight = sum(weights[index] for weights, index in zip(self.weights, indices, strict=True))
        method, url, body, headers, flag = indices
        row = self._rows[key] = (weight, method, url, body, headers, flag)
        return row

    # what is expected

    def _plan(self, at: int) -> _Plan:
        decision = self.expansion.decisions.by_class[at]
        assert decision is not None
        framing = (decision.adds, decision.body, decision.sent, decision.raises, decision.defect, decision.defect_body)
        prefix = self._numbered.setdefault((decision.host, decision.accept), len(self._numbered))
        suffix = self._numbered.setdefault(framing, len(self._numbered))
        prefix, suffix = prefix * len(self.axes["method"]) * self.urls, suffix * len(self.axes["body"])
        plan = self.plans[at] = _Plan(decision, prefix, suffix, decision.sent == "nothing")
        return plan

    def _prefix(self, station: _Station, plan: _Plan, method: int, url: int) -> bytes:
        line = request_line(self.axes["method"][method], self.axes["url"][url])
        automatic = automatic_lines(plan.decision, self.value, self.axes["url"][url])
        prefix = station.prefixes[plan.prefix + method * self.urls + url] = _filled(
            (line, *automatic), station.lane.site
        )
        return prefix

    def _suffix(self, plan: _Plan, body: int) -> _Suffix:
        decision, value = plan.decision, self.axes["body"][body]
        content = body_bytes(decision, value, decision.body)
        is_refused = decision.defect_body == "refused"
        other: bytes | None = b"" if is_refused else None
        if decision.defect != "none" and not is_refused:
            other = body_bytes(decision, value, decision.defect_body)
        raises = raised_name(decision, value)
        request = Request((("body", value.recipe),) if value.recipe is not None else ())
        effects = expected_effects(request, Expect((), raises=raises))
        suffix = self.suffixes[plan.suffix + body] = _Suffix(
            b"".join(line + b"\r\n" for line in framing_lines(decision, value)),
            content,
            other,
            other is not None and (is_refused or other != content),
            raises,
            is_refused,
            {name.removeprefix("body."): seen for name, seen in effects.items() if name != "headers"},
        )
        return suffix

    # the loop

    def run(self, numbers: Sequence[int], first: int, codes: Codes, report: Report) -> None:
        """Play combinations, of which ``first`` is the index of the first code."""
        count = len(self.stations)
        with self.endpoint.redirected() as asked:
            for start in range(0, len(numbers), count):
                batch = numbers[start : start + count]
                played = self._play(batch, first + start, codes, report)
                self._judge(played, asked, codes, report)

    def _play(self, numbers: Sequence[int], first: int, codes: Codes, report: Report) -> list[_Played]:
        """Make the requests, each on a lane of its own; then look at what they did to their arguments, and close."""
        player, watch, indices_of = self.player, self.player.candidate.watch, self.indices_of
        begin, timeout = watch.begin, player.candidate.timeout
        calls: list[_Call] = []
        for index, (number, station) in enumerate(zip(numbers, self.stations, strict=False), first):
            player.number, player.lane = number, station.lane
            at = indices_of(number)
            try:
                made = station.make(at)
            except CannotBuild as error:
                player.refuse(index, f"{CANNOT_BUILD}: {error}", codes, report)
                continue
            begin(station.watched, timeout, timeout)
            called = call(station.connect, made)
            codes[index] = PLAYED
            calls.append((index, number, station, at, made, called))
        watch.end()
        played = [
            (
                index,
                number,
                station,
                at,
                called,
                made[2].effects() if made[2].looks else _NOTHING,
                made[3].effects() if made[3].looks else _NOTHING,
            )
            for index, number, station, at, made, called in calls
        ]
        begin([call[2].lane.recorder for call in calls], timeout, timeout)
        for index, number, station, _, made, (connection, _, _) in calls:
            player.number, player.lane = number, station.lane
            codes[index] = CLOSING
            close(connection)
            if made[2].is_open:
                made[2].close()
        watch.end()
        return played

    def _judge(self, played: list[_Played], asked: list[str] | None, codes: Codes, report: Report) -> None:
        """Read what has arrived, and compare it with what is expected."""
        waiting = self.endpoint.waiting()
        # what a slow call has brought was accepted meanwhile, and does not wait any more
        arrived = [
            lane.recorder.take() if lane.descriptor in waiting or lane.recorder.connections else b""
            for lane in [one[2].lane for one in played]
        ]
        more = self.endpoint.waiting()
        odd: list[tuple[_Played, bytes | None]] = []
        for one, data in zip(played, arrived, strict=True):
            if more and one[2].lane.descriptor in more:  # somebody came once more, or late
                if data:
                    one[2].lane.recorder.restore(data)
                data = None
            code = self._code(one, data)
            if code:
                codes[one[0]] = code
            else:
                odd.append((one, data))
        if any(data is None for _, data in odd):
            gc.collect()  # a connection that nothing refers to any more may close yet
        for (index, number, station, _, called, body, headers), data in odd:
            player = self.player
            player.number, player.lane = number, station.lane
            if unresolved(called[1], asked):
                player.refuse(index, NOT_RESOLVED, codes, report)
            else:
                wanted = self.expansion.length(number)
                player.explain(index, station.lane.capture(outcome(called, body, headers), data, wanted), codes, report)
        if odd or more:
            self._freshen()

    def _code(self, played: _Played, data: bytes | None) -> int:
        """Return the code of what is exactly as expected, else 0."""
        _, _, station, (at, method, url, body, headers, _), (_, raised, returned), body_seen, headers_seen = played
        plan = self.plans[self.base + at] or self._plan(self.base + at)
        suffix = self.suffixes.get(plan.suffix + body) or self._suffix(plan, body)
        is_refused = False
        if raised is None:
            if suffix.raises is not None or returned is not None:
                return 0
        elif suffix.raises not in raised.classes or raised.phase != "request":
            is_refused = suffix.is_refused and "TypeError" in raised.classes
            if not is_refused:
                return 0
        if (body_seen and body_seen != suffix.effects and not _fits(body_seen, suffix.effects)) or (
            headers_seen and headers_seen != _UNCHANGED
        ):
            return 0
        if plan.is_silent:
            return PASSED if data == b"" else 0
        prefix = station.prefixes.get(plan.prefix + method * self.urls + url) or self._prefix(
            station, plan, method, url
        )
        head = prefix + suffix.framing + station.fields[headers]
        if data == head + suffix.content and not is_refused:
            return ABSENT if suffix.has_defect else PASSED
        if suffix.defect is not None and data == head + suffix.defect and not self.player.strict_defects:
            return PRESENT
        return 0

    def _freshen(self) -> None:
        """Replace each lane on which something is left that could turn up later."""
        for index, station in enumerate(self.stations):
            lane = self.endpoint.fresh(index)
            if lane is not station.lane:
                self.stations[index] = self._station(lane)


_NOTHING: Mapping[str, object] = {}
_UNCHANGED = {"content": "unchanged"}


def _fits(seen: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    """Say whether what can be seen of an argument is what is wanted of it, as far as anything is."""
    return all(seen[name] == wanted[name] for name in seen if name in wanted)


def checked(case: Case, verdict: Callable[[Case], Verdict]) -> Verdict:
    """Return the verdict; where we fail to find it, one that says so and blames nobody else."""
    try:
        return verdict(case)
    except Exception as error:
        return errored(case, failure(error))


def failure(error: Exception) -> str:
    """Return the sentence about a failure of our own, and where it was."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"
    return f"the harness failed with {type(error).__name__}: {error} ({where})"
