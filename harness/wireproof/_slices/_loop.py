"""Slices of a matrix: many combinations in a row, each played and judged at the speed of the wire.

Theory of operation. When the bytes, the outcome and the effects are the expected ones, the verdict is a pass: that the
expectation itself keeps the clauses and the RFC's rules is checked once, by ``wireproof check``. So the expected bytes
are put together from parts that are made once for each value, and compared; only what differs becomes a case and goes
to the judge, with what was seen of it. Nothing is played twice.

For each combination one byte is written where the runner sees it, too: what has not got one when a worker dies is what
it died of.
"""

from __future__ import annotations

import gc
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from wireproof._candidates._inprocess import NOT_RESOLVED
from wireproof._candidates._lanes import Called, Endpoint, Lane, is_placed, outcome, unresolved
from wireproof._codec import ABSENT, PASSED, PRESENT
from wireproof._judge import expected_effects
from wireproof._matrix import (
    ARGUMENTS,
    Decision,
    Value,
    automatic_lines,
    body_bytes,
    framing_lines,
    raised_name,
    request_line,
)
from wireproof._model import Expect, Request, Verdict
from wireproof.drivers.python_driver import Site

if TYPE_CHECKING:
    from wireproof._slices._player import Player

Report = Callable[[int, Verdict], object]


class Codes(Protocol):
    """Where a code is written for each combination."""

    def __getitem__(self, index: int, /) -> int: ...

    def __setitem__(self, index: int, code: int, /) -> None: ...


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

Played = tuple[int, int, "Station", Indices, Called, Mapping[str, object], Mapping[str, object]]
"""A request that was made: the index of its code, its number, where, its values, what came of it, and what can be seen
of body and headers.
"""


class Station:
    """A lane with all that its address decides: the field lines, the beginnings of heads, and, in subclasses, the
    arguments.

    Args:
        lane: the lane.
        axes: the values of each axis.
        like: another station, where no argument has the address in it.
    """

    __slots__ = ("fields", "lane", "prefixes", "watched")

    def __init__(self, lane: Lane, axes: Mapping[str, Sequence[Value]], like: Station | None = None) -> None:
        self.lane, self.watched = lane, lane.watched
        self.prefixes: dict[int, bytes] = {}
        self.fields: list[bytes] = (
            like.fields if like else [_filled(value.sends, lane.site) + b"\r\n" for value in axes["headers"]]
        )


def _filled(lines: tuple[bytes, ...], site: Site) -> bytes:
    """Return the lines with the server's address in its places, each with the CRLF that ends it."""
    return site.fill(b"".join(line + b"\r\n" for line in lines).decode("latin-1")).encode("latin-1")


S = TypeVar("S", bound=Station)


class Loop(ABC, Generic[S]):
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
        self.stations: list[S] = []
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

    @abstractmethod
    def _station(self, lane: Lane) -> S:
        """Return a station at a lane."""

    @abstractmethod
    def _play(self, numbers: Sequence[int], first: int, codes: Codes, report: Report) -> Sequence[Played]:
        """Make requests, each on a lane of its own; ``first`` is the index of the first one's code."""

    def redirected(self) -> AbstractContextManager[list[str] | None]:
        """Make names lead to the lanes; gives the names that were asked for, or None where nobody can tell."""
        return self.endpoint.redirected()

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

    def _prefix(self, station: Station, plan: _Plan, method: int, url: int) -> bytes:
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
        with self.redirected() as asked:
            for start in range(0, len(numbers), count):
                batch = numbers[start : start + count]
                played = self._play(batch, first + start, codes, report)
                self._judge(played, asked, codes, report)
                if self.player.is_worn():
                    return

    def _judge(self, played: Sequence[Played], asked: list[str] | None, codes: Codes, report: Report) -> None:
        """Read what has arrived, and compare it with what is expected."""
        waiting = self.endpoint.waiting()
        # what a slow call has brought was accepted meanwhile, and does not wait any more
        arrived = [
            lane.recorder.take() if lane.descriptor in waiting or lane.recorder.connections else b""
            for lane in [one[2].lane for one in played]
        ]
        more = self.endpoint.waiting()
        odd: list[tuple[Played, bytes | None]] = []
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
        for (index, number, station, at, called, body, headers), data in odd:
            player = self.player
            player.number, player.lane = number, station.lane
            if unresolved(called[1], asked):
                player.refuse(index, NOT_RESOLVED, codes, report)
            else:
                wanted = self.length(station, at)
                player.explain(index, station.lane.capture(outcome(called, body, headers), data, wanted), codes, report)
        if odd or more:
            self._freshen()

    def _code(self, played: Played, data: bytes | None) -> int:
        """Return the code of what is exactly as expected, else 0."""
        _, _, station, (at, method, url, body, headers, _), (_, raised, returned), body_seen, headers_seen = played
        plan = self.plans[self.base + at] or self._plan(self.base + at)
        suffix = self.suffixes.get(plan.suffix + body) or self._suffix(plan, body)
        is_refused = False
        if raised is None:
            if suffix.raises is not None or returned != "NoneType":
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
        head = self._head(station, plan, suffix, method, url, headers)
        if data == head + suffix.content and not is_refused:
            return ABSENT if suffix.has_defect else PASSED
        if suffix.defect is not None and data == head + suffix.defect and not self.player.strict_defects:
            return PRESENT
        return 0

    def _head(self, station: Station, plan: _Plan, suffix: _Suffix, method: int, url: int, headers: int) -> bytes:
        """Return the head that is expected of a request."""
        prefix = station.prefixes.get(plan.prefix + method * self.urls + url) or self._prefix(
            station, plan, method, url
        )
        return prefix + suffix.framing + station.fields[headers]

    def length(self, station: Station, indices: Indices) -> int:
        """Return how many bytes are expected of a request; 0: none."""
        at, method, url, body, headers, _ = indices
        plan = self.plans[self.base + at] or self._plan(self.base + at)
        if plan.is_silent:
            return 0
        suffix = self.suffixes.get(plan.suffix + body) or self._suffix(plan, body)
        return len(self._head(station, plan, suffix, method, url, headers)) + len(suffix.content)

    def _freshen(self) -> None:
        """Replace each lane on which something is left that could turn up later."""
        for index, station in enumerate(self.stations):
            lane = self.endpoint.fresh(index)
            if lane is not station.lane:
                self.stations[index] = self._station(lane)


_UNCHANGED = {"content": "unchanged"}


def _fits(seen: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    """Say whether what can be seen of an argument is what is wanted of it, as far as anything is."""
    return all(seen[name] == wanted[name] for name in seen if name in wanted)
