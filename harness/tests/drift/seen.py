"""What was seen of one exchange, as JSON values that two runs of the same client have alike."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from wireproof._judge._verdict import placeholders
from wireproof._model import Capture, Case, StepRecord
from wireproof._plan import wire

Json = dict[str, Any]

SHOWN = 4096
"""Of longer text the beginning is kept, and a digest of all of it."""


def seen(case: Case, capture: Capture) -> list[Json]:
    """Return what was seen of each request; of other steps only that they raised."""
    steps = [
        _step(case, number, record, capture) for number, record in enumerate(capture.records) if record is not None
    ]
    return [*steps, {"fatal": capture.fatal[0]}] if capture.fatal else steps


def unsupported(capture: Capture) -> str | None:
    """Return why the exchange could not be played, or None."""
    whys = (record.outcome.unsupported for record in capture.records if record is not None)
    return next(filter(None, whys), None)


def digest(steps: list[Json]) -> str:
    """Return what tells one way of behaving from another."""
    return hashlib.sha256(json.dumps(steps, sort_keys=True).encode()).hexdigest()[:16]


def _step(case: Case, number: int, record: StepRecord, capture: Capture) -> Json:
    step, outcome = case.steps[number], record.outcome
    host, port = capture.addresses.get(step.on, ("", 0))
    parts = [(capture.streams[part.stream], part) for part in record.grown]
    data = b"".join(stream.data[part.start : part.end] for stream, part in parts)
    raised = [outcome.raised.classes[0], outcome.raised.phase] if outcome.raised else None
    effects = {name: outcome.effects[name] for name in sorted(outcome.effects)}
    left_out = sum(part.end - part.start for _, part in parts) - len(data)
    if case.server.hangs_up_after is not None or (step.expect is not None and step.expect.at_least is not None):
        # how far it gets before it notices that the server has gone, and how it does, is a matter of time
        assert step.expect is not None
        data = data[: len(wire(step.expect, host, port).head or b"") + (step.expect.at_least or 0)]
        left_out, effects = 0, {}
        if outcome.raised is not None and "ConnectionError" in outcome.raised.classes:
            raised = ["ConnectionError", outcome.raised.phase]
    text = placeholders(data.decode("latin-1"), host, port)
    return {
        "step": number,
        "action": step.action,
        "raised": raised,
        "returned": None if raised else outcome.returned,
        "effects": effects,
        "sent": text if len(text) <= SHOWN else text[:SHOWN] + hashlib.sha256(text.encode()).hexdigest(),
        "length": len(text) + left_out,  # the length of the port's number is no property of the client
        "as_announced": [stream.compared.same == stream.total for stream, _ in parts if stream.compared],
        "continued": [part.start > 0 for _, part in parts],
    }
