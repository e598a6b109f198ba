"""What stored results have to look like, so far as reports rely on it; results.schema.json says the same at length.

A schema validator needs a second for a thousand results, and there may be a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wireproof._gates._hold import NEWS
from wireproof._model import LAYERS, VERDICTS
from wireproof.report._results import COUNTS

Shape = Any
"""A type; None; a set of the allowed values; a tuple of shapes of which one must fit; [a shape] for a list of such; a
function that says whether a value fits; or an object's members by name ("name?": may be missing; "*": all others).
"""


def fits(value: Any, shape: Shape) -> bool:
    """Say whether a JSON value has a shape. Members that the shape does not name may be there."""
    for kind, check in _CHECKS:
        if isinstance(shape, kind):
            return check(value, shape)
    return value is None if shape is None else bool(shape(value))


def _is_object(value: Any, shape: dict[str, Shape]) -> bool:
    if not isinstance(value, dict):
        return False
    for name, inner in shape.items():
        if name == "*":
            if not all(fits(each, inner) for each in value.values()):
                return False
        elif name.rstrip("?") in value:
            if not fits(value[name.rstrip("?")], inner):
                return False
        elif not name.endswith("?"):
            return False
    return True


_CHECKS: tuple[tuple[Any, Callable[[Any, Any], bool]], ...] = (
    (type, lambda value, shape: type(value) is shape),
    (dict, _is_object),
    (list, lambda value, shape: isinstance(value, list) and all(fits(each, shape[0]) for each in value)),
    (frozenset, lambda value, shape: isinstance(value, str) and value in shape),
    (tuple, lambda value, shape: any(fits(value, each) for each in shape)),
)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_bytes(value: Any) -> bool:
    return isinstance(value, str) and (value.isascii() or max(value) < "\u0100")


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and value != ""


_LAYERS = dict.fromkeys(LAYERS, frozenset(("pass", "fail", "unsupported", "error", "not_run")))
_REASON = (None, {"code": str, "text": str})
_DIFFERENCES = [
    {
        "code": str,
        "subject": str,
        "text": str,
        "clause": str,
        "step": _is_count,
        "at": (None, _is_count),
        "cause": str,
    }
]
_STRICT = {
    "verdict": frozenset(VERDICTS),
    "layers": _LAYERS,
    "reason": _REASON,
    "fingerprint": str,
    "differences": _DIFFERENCES,
}
_WHY = {"reason": str, "issue?": str, "expires?": str}
RECORD = {
    **_STRICT,
    "differences?": _DIFFERENCES,
    "id": _is_id,
    "hash": str,
    "since": str,
    "clauses": [str],
    "blame": (None, str),
    "source?": {"file": str, "line": _is_count},
    "rules?": [str],
    "defect?": str,
    "defects?": [{"name": str, "seen": frozenset(("present", "absent"))}],
    "notes?": [str],
    "observed?": {"*": (bool, int, str, None)},
    "evidence?": [
        {
            "step": _is_count,
            "expected": (None, _is_bytes),
            "received": _is_bytes,
            "expected_raises": (None, str),
            "raised": (None, str),
        }
    ],
    "strict?": _STRICT,
    "tolerated?": [str],
    "known?": _WHY,
}
del RECORD["differences"]

_COUNTED = dict.fromkeys(COUNTS, _is_count)
HEAD = {
    "name": _is_id,
    "version": str,
    "summary": {"planned": _is_count, **_COUNTED, "strict?": _COUNTED},
    "defects": {"*": {"present": _is_count, "absent": _is_count}},
    "clauses": {"*": _is_count},
    "matrices": [
        {
            "id": _is_id,
            "hash": str,
            "combinations": _is_count,
            "planned": _is_count,
            **_COUNTED,
            "strict?": _COUNTED,
            "rules": {"*": {"planned": _is_count, "not_passed": _is_count}},
        }
    ],
    "known?": {
        "file": str,
        "layer": frozenset(LAYERS),
        "count": _is_count,
        "entries": [{"line": _is_count, **_WHY, "count": _is_count}],
        "news": [{"kind": frozenset(NEWS), "text": str, "count": _is_count, "case?": str, "line?": _is_count}],
    },
    "positions?": [_is_count],
}
FRAME = {
    "wireproof": _is_id,
    "gate": frozenset(LAYERS),
    "selection": {
        "select": [str],
        "clause": [str],
        "strength": (int, str),
        "shard": (None, {"index": _is_count, "of": _is_count}),
        "cases": str,
        "planned": _is_count,
    },
}
