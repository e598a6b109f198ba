"""The report in the Test Anything Protocol, version 13: a line for each case, and for each rule of a matrix.

What a baseline knows is TODO, which readers hold against nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from wireproof.report._checks import Check, checks
from wireproof.report._safe import one_line
from wireproof.report._stored import Report

_NOT_OK = ("fail", "error", "known")
_DIRECTIVES = {"unsupported": "SKIP", "not_run": "SKIP", "known": "TODO"}


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
    directive = _DIRECTIVES.get(check.outcome)
    more = f" # {directive} {_inert(check.text)}" if directive else ""
    yield f"{answer} {number} - {_inert(title)}: {_inert(check.name)}{more}\n"
    if answer == "not ok" and not directive:
        # a JSON text is a YAML text, too
        yield "  ---\n"
        yield f"  message: {json.dumps(check.text)}\n"
        yield f"  severity: {check.outcome}\n"
        yield "  ...\n"


def _inert(text: str) -> str:
    """Return the text without the sign that begins a directive; not all readers know how it is escaped."""
    return text.replace("#", "\\x23")
