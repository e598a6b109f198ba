"""Is what was seen of one call right after all, in one of the ways that the case allows?

This is not the judge, and does not ask it: it only tells a damage from a change that the case leaves free.
"""

from __future__ import annotations

from wireproof._model import Capture, Case, Expect, Step
from wireproof._plan import wire
from wireproof._proof._right import effects_of

_FREE = ("odd", "defect")


def is_right(case: Case, capture: Capture) -> bool:
    """Say whether every step is as it is expected, or as one of its alternatives."""
    if capture.fatal is not None:
        return False
    return all(_is_right(case, capture, number, step) for number, step in enumerate(case.steps))


def _is_right(case: Case, capture: Capture, number: int, step: Step) -> bool:
    record = capture.records[number]
    if step.expect is None:
        return record is None
    others = [each.expect for each in step.alternatives if each.kind in _FREE]
    return any(_is_as(case, capture, number, expect) for expect in (step.expect, *others))


def _is_as(case: Case, capture: Capture, number: int, expect: Expect) -> bool:
    step, record = case.steps[number], capture.records[number]
    assert step.request is not None
    if record is None:
        return False
    outcome, parts = record.outcome, record.grown
    streams = [capture.streams[part.stream] for part in parts]
    classes = outcome.raised.classes if outcome.raised is not None else ()
    if (expect.raises in classes) if expect.raises is not None else (outcome.raised is None):
        wanted = effects_of(step.request, expect)
        is_same = all(outcome.effects.get(name, value) == value for name, value in wanted.items())
    else:
        return False
    is_last = all(later.on != step.on for later in case.steps[number + 1 :])
    if not is_same or outcome.returned != "NoneType" or (is_last and any(each.ended == "open" for each in streams)):
        return False
    if len(parts) > 1 or (parts and bool(parts[0].start) != case.continues(number)):
        return False
    if streams and streams[0].compared is not None:
        return streams[0].compared.same == streams[0].total == len(wire(expect, *capture.addresses[step.on]))
    data = b"".join(stream.data[part.start : part.end] for stream, part in zip(streams, parts, strict=True))
    return _are_bytes(expect, data, *capture.addresses[step.on])


def _are_bytes(expect: Expect, data: bytes, host: str, port: int) -> bool:
    """Say whether these are the bytes; of a call that fails, or has no end, the beginning is enough."""
    placed = wire(expect, host, port)
    wanted = placed.data
    if wanted is None:
        return len(data) == len(placed) and data.startswith(placed.head or b"")
    if expect.at_least is not None and len(data) >= len(placed.head or b"") + expect.at_least:
        return wanted.startswith(data)
    return data == wanted or (expect.raises is not None and wanted.startswith(data))
