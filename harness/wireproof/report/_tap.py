"""The report in the Test Anything Protocol, version 13: a line for each case, and for each rule of a matrix."""

from __future__ import annotations

import json
from collections.abc import Iterator

from wireproof.report._checks import Check, checks
from wireproof.report._safe import one_line
from wireproof.report._stored import Report

_NOT_OK = ("fail", "error")


def text(report: Report) -> Iterator[str]:
    """Yield the report line by line."""
    yield "TAP version 13\n"
    count = 0
    for entry in report.entries:
        for check in checks(entry):
            count += 1
            yield from _lines(count, one_line(entry.title), check)
    yield f"1..{count}\n"


def _lines(number: int, title: str, check: Check) -> Iterator[str]:
    answer = "not ok" if check.outcome in _NOT_OK else "ok"
    skipped = f" # SKIP {_inert(check.text)}" if check.outcome in ("unsupported", "not_run") else ""
    yield f"{answer} {number} - {_inert(title)}: {_inert(check.name)}{skipped}\n"
    if answer == "not ok":
        # a JSON text is a YAML text, too
        yield "  ---\n"
        yield f"  message: {json.dumps(check.text)}\n"
        yield f"  severity: {check.outcome}\n"
        yield "  ...\n"


def _inert(text: str) -> str:
    """Return the text without the sign that begins a directive; not all readers know how it is escaped."""
    return text.replace("#", "\\x23")
