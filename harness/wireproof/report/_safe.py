"""What every format shows of a result, with everything made harmless that somebody else wrote.

Rules of this file: no text leaves it with a control character, a bidirectional control or a lone surrogate in it, each
is one line, and each has an end. What else a format has to escape is the format's own business.
"""

from __future__ import annotations

from typing import Any

from wireproof._codec import decode, encode
from wireproof._model import Verdict
from wireproof._show import explanation
from wireproof._show._bytes import clean
from wireproof.report._stored import Entry, Report

Json = dict[str, Any]

LINE = 500
"""So many characters of a text are shown."""
_TEXT = 2_000
_LINES = 80
_BYTES = 65_536
_BYTE_FIELDS = ("expected", "received")


def one_line(text: str, limit: int = LINE) -> str:
    """Return the text with visible escapes; of a longer one the beginning, and how long it is."""
    shown = clean(text[:limit])
    if len(text) <= limit and len(shown) <= 2 * limit:
        return shown
    return f"{shown[: 2 * limit]}… ({len(text):,} characters in all)"


def reason(record: Json, limit: int = LINE) -> str:
    """Return the sentence that says why a result is no pass; without a reason, the verdict."""
    return one_line(record["reason"]["text"] if record["reason"] else record["verdict"], limit)


def explained(report: Report, entry: Entry, record: Json) -> list[str]:
    """Return the lines that explain a result: where, which clause, the bytes, how to see it again."""
    name = str(entry.head["name"])
    lines = explanation(brief(decode(record)), report.suite.case(record), report.suite.clauses, one_line(name), 100)
    more = [f"… {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
    return [one_line(line) for line in lines[:_LINES]] + more


def brief(verdict: Verdict) -> Verdict:
    """Return the verdict with every text in it that is too long to be laid out cut."""
    return decode(_cut(encode(verdict)))


def _cut(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _cut(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cut(inner) for inner in value]
    if not isinstance(value, str):
        return value
    if name in _BYTE_FIELDS:
        return value[:_BYTES]
    return value if len(value) <= _TEXT else f"{value[:_TEXT]}… ({len(value):,} characters in all)"
