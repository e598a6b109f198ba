"""Verdict ↔ JSON, in the shape that reports publish; bytes are text with one character a byte.

What travels between the runner and its workers is written down here too, because it is all that they share.
"""

from __future__ import annotations

import struct
from typing import Any

from wireproof._model import LAYERS, VERDICTS, Difference, Evidence, Strict, Verdict

Json = dict[str, Any]

PASSED, ABSENT, PRESENT, REPORTED, PLAYED, CLOSING = 1, 2, 3, 4, 5, 6
"""What a worker writes for a combination: a pass; one without, or with, CPython's known defect; that a verdict was
sent; that its request was made; or that its connection object is being closed, or was, and it is still to be judged.
"""

SLICE = 512
"""So many combinations are played in a row: the room there is for their codes."""

LANES = 32
"""So many requests of a slice are made before the server looks at what has come and uses an address again."""

LENGTH = struct.Struct("!I")
"""The length that stands before each frame which the runner sends to a worker."""


def encode(verdict: Verdict) -> Json:
    """Return the verdict as JSON values. Keys without content are left out, apart from those that scripts rely on."""
    return {
        "id": verdict.id,
        "hash": verdict.hash,
        "since": verdict.since,
        "verdict": verdict.verdict,
        "layers": dict(verdict.layers),
        "clauses": list(verdict.clauses),
        "reason": _reason(verdict.reason),
        "fingerprint": verdict.fingerprint,
        "blame": verdict.blame,
        **({"rules": list(verdict.rules)} if verdict.rules else {}),
        **({"defects": [{"name": name, "seen": seen} for name, seen in verdict.defects]} if verdict.defects else {}),
        **({"defect": verdict.defects[0][0]} if verdict.defects and verdict.defects[0][1] == "present" else {}),
        **({"notes": list(verdict.notes)} if verdict.notes else {}),
        **({"observed": dict(verdict.observed)} if verdict.observed else {}),
        **({"differences": [_difference(each) for each in verdict.differences]} if verdict.differences else {}),
        **({"evidence": [_evidence(each) for each in verdict.evidence]} if verdict.evidence else {}),
        **({"strict": _strict(verdict.strict), "tolerated": list(verdict.tolerated)} if verdict.strict else {}),
    }


def decode(data: Json) -> Verdict:
    """Return the verdict that ``encode`` made JSON of.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: it did not.
    """
    strict = data.get("strict")
    for each in (data, strict) if strict is not None else (data,):
        if each["verdict"] not in VERDICTS or not set(LAYERS) <= set(each["layers"].keys()):
            raise ValueError(f"not a verdict: {each['verdict']!r}")
    return Verdict(
        id=data["id"],
        hash=data["hash"],
        since=data["since"],
        verdict=data["verdict"],
        layers=data["layers"],
        clauses=tuple(data["clauses"]),
        differences=_differences(data),
        blame=data["blame"],
        defects=tuple((each["name"], each["seen"]) for each in data.get("defects", ())),
        notes=tuple(data.get("notes", ())),
        observed=data.get("observed", {}),
        evidence=tuple(_undo(each) for each in data.get("evidence", ())),
        fingerprint=data["fingerprint"],
        rules=tuple(data.get("rules", ())),
        strict=None
        if strict is None
        else Strict(strict["verdict"], strict["layers"], _differences(strict), strict["fingerprint"]),
        tolerated=tuple(data.get("tolerated", ())),
    )


def _reason(reason: Difference | None) -> Json | None:
    return {"code": reason.code, "text": reason.text} if reason else None


def _strict(strict: Strict) -> Json:
    return {
        "verdict": strict.verdict,
        "layers": dict(strict.layers),
        "reason": _reason(strict.reason),
        "fingerprint": strict.fingerprint,
        "differences": [_difference(each) for each in strict.differences],
    }


def _differences(data: Json) -> tuple[Difference, ...]:
    return tuple(Difference(**each) for each in data.get("differences", ()))


def _difference(difference: Difference) -> Json:
    return {name: getattr(difference, name) for name in Difference.__slots__}


def _evidence(evidence: Evidence) -> Json:
    return {
        "step": evidence.step,
        "expected": None if evidence.expected is None else evidence.expected.decode("latin-1"),
        "received": evidence.received.decode("latin-1"),
        "expected_raises": evidence.expected_raises,
        "raised": evidence.raised,
    }


def _undo(data: Json) -> Evidence:
    expected = data["expected"]
    return Evidence(
        data["step"],
        None if expected is None else expected.encode("latin-1"),
        data["received"].encode("latin-1"),
        data["expected_raises"],
        data["raised"],
    )
