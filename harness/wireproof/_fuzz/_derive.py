"""A question, and what the reference did with it → a case, with exact expectations and CPython's known other ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wireproof._fuzz._asks import may_break
from wireproof._fuzz._defects import Stale, of_body
from wireproof._fuzz._question import Ask, Question
from wireproof._fuzz._reference import SLACK, Played, placed
from wireproof._judge._diff_effects import expected_effects
from wireproof._model import Alternative, Case, Expect, Outcome, Request, Source, Step

_OWN = "what is expected is what the reference implementation does"
_STREAMED = ("body.position", "body.reads")
_ZONED = "Host: [::1]"
_MARGIN = 600
"""Of what a server takes before it hangs up so many bytes may be missing, the head apart."""


def derive(question: Question, played: Played, number: int = 0) -> Case:
    """Return the case that asks the question, with a number for its name.

    It may break those rules of the RFCs that its arguments ask to break.
    """
    asked = sorted({code for ask in played.asks if ask.request for code in may_break(ask.request, question.connection)})
    return Case(
        id=f"fuzz/example/{number}",
        about="What the fuzzer asked, and what the reference implementation does.",
        clauses=("request.sent",),
        steps=tuple(_steps(question, played)),
        source=Source("fuzz", 1),
        hash="",
        connection=question.connection,
        server=question.server,
        asked=tuple(asked),
        rules=(_OWN,),
    )


def _steps(question: Question, played: Played) -> Iterator[Step]:
    stale = Stale({})
    is_open: dict[str, bool] = {}
    for number, ask in enumerate(played.asks):
        if ask.request is None:
            if not ask.reply:
                is_open[ask.on] = False
            yield Step("reply" if ask.reply else "close", ask.on, reply=ask.reply)
            continue
        record = played.capture.records[number]
        assert record is not None
        fresh = any(part.start == 0 for part in record.grown)
        expect = _expect(ask.request, played, number, record.outcome, reconnects=fresh and is_open.get(ask.on, False))
        is_open[ask.on] = is_open.get(ask.on, False) or expect.head is not None
        yield Step("request", ask.on, ask.request, expect, tuple(_alternatives(question, ask, expect, stale)))
        if expect.head is None and expect.raises not in (None, "CannotSendRequest"):
            stale.failed(ask.on, ask.request, question.connection)


def _expect(request: Request, played: Played, number: int, outcome: Outcome, *, reconnects: bool) -> Expect:
    head, _, body = played.data(number).partition(b"\r\n\r\n")
    raises = outcome.raised.classes[0] if outcome.raised else None
    lines = tuple(placed(head.decode("latin-1"), played.capture).split("\r\n")) if head else None
    least = None
    if raises == "ConnectionResetError":
        raises, least = "OSError", max(1, len(body) - SLACK - len(head) - _MARGIN)
    expect = Expect(lines, body, least, raises, {}, reconnects)
    seen = {} if least else _effects(request, expect, outcome)
    return Expect(lines, body, least, raises, seen, reconnects)


def _effects(request: Request, expect: Expect, outcome: Outcome) -> dict[str, object]:
    """Return the effects that a case has to name: those that are seen, and are not what is expected anyway.

    How far a file was read that failed half-way is left to the client, unless it raised by itself.
    """
    usual = expected_effects(request, expect)
    free: tuple[str, ...] = ()
    if expect.raises is not None and expect.head is not None and not _raises(request):
        free = _STREAMED
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in outcome.effects.items()
        if name not in free and usual.get(name, _OWN) != value
    }


def _raises(request: Request) -> bool:
    body = request.get("body")
    pieces = body.get("items", body.get("reads")) if body is not None else None
    return isinstance(pieces, tuple) and any(piece.kind == "raise" for piece in pieces)


def _alternatives(question: Question, ask: Ask, expect: Expect, stale: Stale) -> Iterator[Alternative]:
    """Yield CPython's other ways; where lines are left of a head before, they are in front of all that it sends."""
    assert ask.request is not None
    found = of_body(ask.request, expect, question.connection)
    if found is not None:
        yield Alternative("defect", found[0], "", found[1])
    if expect.head is None:
        return
    if question.connection.host == "ipv6-zone" and any(line.startswith(_ZONED) for line in expect.head):
        head = tuple(line.replace("[::1]", "[::1%lo]") if line.startswith(_ZONED) else line for line in expect.head)
        yield Alternative("probe", "ipv6-zone", "kept", replace(expect, head=head))
    lines = stale.taken(ask.on)
    if lines:
        own = found[1] if found is not None else expect
        assert own.head is not None
        way = Expect((*lines, *own.head), own.body, own.at_least, own.raises, own.effects, own.reconnects)
        yield Alternative("defect", "stale-head", "", way)
