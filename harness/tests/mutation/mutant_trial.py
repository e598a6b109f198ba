"""One mutant, tried: the cases in their order, then the combinations, up to the first verdict that is no pass.

The likeliest cases come first: those of the behaviour that the mutated place is about. Then all others follow in the
order of their files, and then the combinations of the default selection.

What crashes everything is *unusable*, not killed: it cannot be imported, or the first call of every case of a sample
that has all kinds of arguments raises, and everywhere an exception of the same class. Whoever uses such a client knows
without a conformance suite.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wireproof._candidates._inprocess import InProcess
from wireproof._codec import SLICE
from wireproof._judge import fatal, judge
from wireproof._model import Capture, Case, Verdict
from wireproof._selection import Planned, Slice
from wireproof._slices import Player

TIMEOUT = 5.0
"""Seconds for a case, as ``wireproof run`` has it."""

SAMPLE = (
    "request-line/arguments/returns-none",
    "body-str/latin-1/ascii",
    "body-bytes-like/kinds/bytearray",
    "body-file/kinds/bytesio",
    "body-file/text/stringio",
    "body-iterable/one-shot/generator",
    "framing/no-body/put",
    "framing/no-body/get",
    "encode-chunked/true/list",
    "automatic-headers/addresses/ipv6",
    "automatic-headers/absolute-urls/http",
    "headers/values/int",
    "sequences/replies/ok",
)
"""Cases in which a right client raises nothing, with all kinds of arguments."""

_BROKEN = "not valid HTTP/1.1: "
"""How a verdict's note about a rule of the RFC begins that is broken."""

_PLACES: tuple[tuple[str, str], ...] = (
    ("*host*", "automatic-headers/* errors/authority/* request-line/*"),
    ("*_without_zone*", "automatic-headers/*"),
    ("*_strip_ipv6_iface*", "automatic-headers/*"),
    ("*_cut_port*", "automatic-headers/*"),
    ("*frame*", "framing/* encode-chunked/* body-str/* body-file/empty/*"),
    ("*content_length*", "framing/* body-str/* body-bytes-like/*"),
    ("*_send_request*", "framing/* encode-chunked/* automatic-headers/* headers/*"),
    ("*header*", "headers/* errors/header-*"),
    ("*field*", "headers/* errors/header-* errors/mapping/*"),
    ("*_value_bytes*", "headers/* errors/header-values/*"),
    ("*request_line*", "request-line/* errors/method/* errors/url/*"),
    ("*validate*", "errors/* request-line/*"),
    ("*putrequest*", "request-line/* errors/method/* errors/url/* automatic-headers/* sequences/*"),
    ("*message*", "automatic-headers/* headers/* body-str/*"),
    ("*read*", "body-file/*"),
    ("*text*", "body-file/*"),
    ("*_encode*", "body-str/* errors/body-early/*"),
    ("*_chunk*", "body-iterable/* encode-chunked/*"),
    ("*_raw*", "encode-chunked/* body-bytes-like/* body-iterable/*"),
    ("*kind*", "body-bytes-like/* body-file/* framing/other-types/*"),
    ("*send*", "body-iterable/* body-file/* body-bytes-like/* sequences/*"),
    ("*close*", "sequences/*"),
    ("*response*", "sequences/*"),
    ("*_begin*", "sequences/*"),
    ("*persistent*", "sequences/replies/*"),
    ("*delimited*", "sequences/replies/*"),
    ("*connect*", "request-line/* automatic-headers/* sequences/*"),
    ("*", "request-line/* errors/* headers/*"),
)
"""Where a mutant is (file and place, in lower case), and the cases that are likely to show it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one mutant. ``outcome``: killed, survived or unusable; the others say by what."""

    outcome: str
    case: str = ""
    layer: str = ""
    clause: str = ""
    clauses: tuple[str, ...] = ()
    reason: str = ""


def killed(verdict: Verdict) -> Result:
    """Return the result of a mutant that fails a case, from the verdict that says so."""
    layer = next((name for name in ("contract", "rfc") if verdict.layers[name] == "fail"), "bytes")
    reason = verdict.reason
    rules = {note.removeprefix(_BROKEN) for note in verdict.notes if note.startswith(_BROKEN)}
    clauses = tuple(sorted({each.clause for each in verdict.differences if each.clause} | rules))
    text = reason.text if reason else ""
    return Result("killed", verdict.id, layer, reason.clause if reason else "", clauses, text)


def likely(cases: Sequence[Case], file: str, place: str) -> list[Case]:
    """Return all cases, the likeliest ones for a place first."""
    where = f"{file}:{place}".lower()
    globs = [glob for pattern, globs in _PLACES if fnmatch.fnmatchcase(where, pattern) for glob in globs.split()]
    ranks = {
        case.id: next((rank for rank, glob in enumerate(globs) if fnmatch.fnmatchcase(case.id, glob)), len(globs))
        for case in cases
    }
    return sorted(cases, key=lambda case: ranks[case.id])


class Trial:
    """Tries one client in this process.

    Args:
        factory: makes its connection objects.
        planned: what a run of the default selection is about.
        probes: the answers of the interpreter's own http.client.
        slot: decides the address for port 80; another one for each process at a time.
        tell: called with what is being asked, before it is.
        end: called from another thread with the result of a mutant that does not end; it must not return.
    """

    def __init__(
        self,
        factory: Callable[..., Any],
        planned: Planned,
        probes: Mapping[str, str],
        slot: int,
        tell: Callable[[str], object],
        end: Callable[[Result], object],
    ) -> None:
        self._planned, self._probes, self._tell, self._end = planned, probes, tell, end
        self._found: Result | None = None
        self._client = InProcess(factory, slot=slot, timeout=TIMEOUT, overdue=self._overdue)

    def _overdue(self, case: Case, capture: Capture) -> None:
        self._end(self._found or killed(judge(case, capture, self._probes)))

    def run(self, cases: Sequence[Case]) -> Result:
        """Return what kills it, if anything does."""
        for verdict, capture in self._verdicts(cases):
            if verdict.verdict in ("fail", "nonstrict"):
                self._found = killed(verdict)
                return self._unusable() if capture is not None and _raised(capture) else self._found
        return Result("survived")

    def _verdicts(self, cases: Sequence[Case]) -> Iterator[tuple[Verdict, Capture | None]]:
        for case in cases:
            self._tell(case.id)
            capture = self._client.perform(case)
            yield judge(case, capture, self._probes), capture
        for chosen in sorted(self._planned.chosen, key=len):
            player = Player(chosen.expansion, self._client, self._probes, strict_defects=False)
            for slice_ in chosen.slices(SLICE):
                self._tell(slice_.id)
                for verdict in _played(player, slice_):
                    yield verdict, None
            player.close()

    def _unusable(self) -> Result:
        """Return the result of a mutant that has raised: it may do so whatever it is asked."""
        assert self._found is not None
        raised = {_raised(self._client.perform(case)) for case in self._planned.cases if case.id in SAMPLE}
        if len(raised) == 1 and raised != {""}:
            return Result("unusable", reason=f"every call raises {raised.pop()}")
        return self._found


def _played(player: Player, slice_: Slice) -> list[Verdict]:
    found: list[tuple[int, Verdict]] = []
    player.play(slice_.numbers, bytearray(SLICE), lambda index, verdict: found.append((index, verdict)))
    return [verdict for _, verdict in sorted(found, key=lambda each: each[0])]


def _raised(capture: Capture) -> str:
    """Return the class of what the first call of a case raised, "" if it raised nothing."""
    record = next((record for record in capture.records if record is not None), None)
    return record.outcome.raised.classes[0] if record is not None and record.outcome.raised is not None else ""


def lost(case: Case, code: str, text: str) -> Result:
    """Return the result of a mutant that did not survive a case, or did not end it."""
    return killed(fatal(case, code, text))
