"""What can be wrong with a call apart from its bytes: exceptions, the return value, connections, effects, no end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from wireproof._model import Outcome
from wireproof._proof._right import effects_of
from wireproof._proof._scene import Damage, Hurt, Scene, raised

_EARLY = b"GET / HTTP/1.1\r\nHost: x\r\n"


# exceptions -------------------------------------------------------------------------------------------------------


def _returned(scene: Scene) -> Outcome:
    return replace(scene.outcome, raised=None)


def refused(scene: Scene) -> Iterator[Hurt]:
    """The call raises although the request is to be sent: before a byte is out, after the head, or after all of it."""
    if not scene.data or scene.expect.raises is not None or scene.is_long:
        return
    outcome = replace(scene.outcome, raised=raised("ValueError"))
    contract = None if scene.is_refusable else True
    for what, sent in (("nothing out", ()), ("the head out", (scene.head,)), ("all out", (scene.data,))):
        said = contract if scene.is_spoken_of else None
        yield Hurt(what, ("call.raised/ValueError",), sent, outcome, contract=said)
    early = replace(scene.outcome, raised=raised("TypeError", message="request() got an unexpected argument"))
    yield Hurt("TypeError", ("call.raised/TypeError",), (), early)


def flag_refused(scene: Scene) -> Iterator[Hurt]:
    """The call does not know encode_chunked."""
    if scene.request.get("encode_chunked") is not None and scene.expect.raises is None and not scene.is_long:
        error = raised("TypeError", message="request() got an unexpected keyword argument 'encode_chunked'")
        outcome = replace(scene.outcome, raised=error)
        yield Hurt("", ("call.raised/TypeError",), (), outcome, contract=None if scene.is_refusable else True)


def not_constructed(scene: Scene) -> Iterator[Hurt]:
    """The connection object cannot be made."""
    if not scene.is_long:
        outcome = Outcome(raised=raised("TypeError", phase="construct"))
        yield Hurt("", ("call.construct/TypeError",), (), outcome)


def not_raised(scene: Scene) -> Iterator[Hurt]:
    """The exception that is expected does not come: what is out stays as it is, or something is sent."""
    name = scene.expect.raises
    if name is not None:
        fits: tuple[str, ...] = (f"call.not-raised/{name}",)
        yield Hurt("nothing more is sent", fits, outcome=_returned(scene))
        yield Hurt("a request is sent", fits, (scene.data + _EARLY + b"\r\n",), _returned(scene))


def other_exception(scene: Scene) -> Iterator[Hurt]:
    """An exception of another class comes."""
    if scene.expect.raises is not None:
        for name in ("KeyError", "AssertionError", "SystemExit"):
            fits: tuple[str, ...] = (f"call.other-exception/{name}",)
            yield Hurt(name, fits, outcome=replace(scene.outcome, raised=raised(name)))


def bytes_out(scene: Scene) -> Iterator[Hurt]:
    """Bytes are out before an exception that must come first."""
    name = scene.expect.raises
    if name is not None and scene.expect.head is None:
        for what, sent in (("a byte", b"G"), ("a part of the head", _EARLY), ("a whole head", _EARLY + b"\r\n")):
            yield Hurt(what, (f"error.bytes-out/{name}",), (sent,))


def more_out(scene: Scene) -> Iterator[Hurt]:
    """More is out than may be when the exception comes: the last chunk, or some bytes."""
    name = scene.expect.raises
    if name is not None and scene.data and scene.expect.at_least is None:
        last = (f"error.last-chunk/{name}",)
        yield Hurt("the last chunk", last, (scene.data + b"0\r\n\r\n",))
        yield Hurt("bytes", (f"error.more-out/{name}",), (scene.data + b"more",))


def returned(scene: Scene) -> Iterator[Hurt]:
    """The call returns something."""
    if scene.expect.raises is None:
        for name in ("int", "HTTPResponse"):
            outcome = replace(scene.outcome, returned=name)
            yield Hurt(name, ("call.returned",), outcome=outcome, contract=scene.holds(), rfc=False)


def no_end(scene: Scene) -> Iterator[Hurt]:
    """The call does not end, or takes the process with it."""
    for code in ("timeout", "crash"):
        if scene.is_first:
            yield Hurt(code, (code,), fatal=(code, "damaged"), contract=True, rfc=True)


# connections ------------------------------------------------------------------------------------------------------


def nothing_sent(scene: Scene) -> Iterator[Hurt]:
    """The call returns, and nothing is sent."""
    if scene.is_whole:
        yield Hurt("", ("request.not-sent",), (), contract=True, rfc=scene.invalid())


def sent_twice(scene: Scene) -> Iterator[Hurt]:
    """The request is sent twice on one connection."""
    if scene.is_whole and not scene.is_large:
        yield Hurt("", ("request.twice",), (scene.data * 2,), rfc=scene.invalid())


def retried(scene: Scene) -> Iterator[Hurt]:
    """The request is sent again on a second connection: after all of it, or after a part."""
    if scene.is_whole and not scene.is_large:
        for what, part in (("after all of it", len(scene.data)), ("after a part", len(scene.data) // 2)):
            sent = (scene.data[:part], scene.data)
            yield Hurt(what, ("connection.retried",), sent, contract=True, rfc=None)


def spread(scene: Scene) -> Iterator[Hurt]:
    """One request is spread over two connections."""
    if scene.is_whole and not scene.is_large:
        half = len(scene.head) // 2
        sent = (scene.data[:half], scene.data[half:])
        yield Hurt("", ("connection.split",), sent, contract=True)


def left_open(scene: Scene) -> Iterator[Hurt]:
    """The connection is never closed."""
    if scene.data and scene.is_last:
        contract = scene.holds() if not scene.is_long else None
        yield Hurt("", ("connection.left-open",), ended="open", contract=contract)


def reset(scene: Scene) -> Iterator[Hurt]:
    """The connection is reset before all bytes are there."""
    if scene.is_whole and scene.is_last:
        for what, size in (("in the head", len(scene.head) // 2), ("at the end", len(scene.data) - 1)):
            sent = (scene.data[:size],)
            fits: tuple[str, ...] = ("connection.reset", "body.digest")
            yield Hurt(what, fits, sent, ended="reset", rfc=scene.invalid())


# effects ----------------------------------------------------------------------------------------------------------


def _numbers(value: object) -> tuple[object, ...]:
    return (value + 1, value - 1) if isinstance(value, int) and not isinstance(value, bool) else ()


def _sizes(value: object) -> tuple[object, ...]:
    if not isinstance(value, tuple | list):
        return ()
    sizes = tuple(value)
    return (tuple(4096 for _ in sizes), (*sizes, 8192), sizes[:-1], tuple(None for _ in sizes))


_EFFECTS: Mapping[str, tuple[tuple[str, ...], object]] = {
    "headers": (("effect.headers",), lambda value: ("changed" if value == "unchanged" else "unchanged",)),
    "body.content": (("effect.content",), lambda value: ("changed" if value == "unchanged" else "unchanged",)),
    "body.closed": (("effect.closed",), lambda value: (not value,)),
    "body.position": (("effect.position", "effect.rewound"), _numbers),
    "body.pulled": (("effect.pulled",), _numbers),
    "body.iterated": (("effect.iterated",), _numbers),
    "body.reads": (("effect.reads",), _sizes),
}


def _effect(name: str) -> Damage:
    codes, others = _EFFECTS[name]

    def effect(scene: Scene) -> Iterator[Hurt]:
        wanted = effects_of(scene.request, scene.expect)
        assert callable(others)
        for value in others(wanted[name]) if name in wanted else ():
            outcome = replace(scene.outcome, effects={**scene.outcome.effects, name: value})
            contract, rfc = (scene.holds(), False) if scene.is_whole else (None, None)
            yield Hurt(f"{name}: {value}", codes, outcome=outcome, contract=contract, rfc=rfc)

    return effect


def file_rewound(scene: Scene) -> Iterator[Hurt]:
    """The file stands where it stood before the call."""
    wanted, body = effects_of(scene.request, scene.expect).get("body.position"), scene.request.get("body")
    before = body.get("position", 0) if body is not None else 0
    if wanted is not None and wanted != before:
        outcome = replace(scene.outcome, effects={**scene.outcome.effects, "body.position": before})
        yield Hurt("", ("effect.rewound",), outcome=outcome, contract=scene.holds(), rfc=False)


KINDS: Mapping[str, Damage] = {
    "refused": refused,
    "flag-refused": flag_refused,
    "not-constructed": not_constructed,
    "not-raised": not_raised,
    "other-exception": other_exception,
    "bytes-before-the-error": bytes_out,
    "more-out-at-the-error": more_out,
    "something-returned": returned,
    "no-end": no_end,
    "nothing-sent": nothing_sent,
    "sent-twice": sent_twice,
    "sent-again": retried,
    "connection-split": spread,
    "connection-left-open": left_open,
    "connection-reset": reset,
    "headers-changed": _effect("headers"),
    "content-changed": _effect("body.content"),
    "file-closed": _effect("body.closed"),
    "file-position-wrong": _effect("body.position"),
    "pulled-wrong": _effect("body.pulled"),
    "iterated-wrong": _effect("body.iterated"),
    "reads-wrong": _effect("body.reads"),
    "file-put-back": file_rewound,
}
"""The damages to what a call does apart from its bytes."""
