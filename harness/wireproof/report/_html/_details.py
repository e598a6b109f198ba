"""What is told of a case, and of each candidate's verdict on it, as JSON values that the page shows as text only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wireproof._model import Case
from wireproof._show import aligned, clean, python_call, script
from wireproof.report._html._rows import Cell, Row
from wireproof.report._known import why
from wireproof.report._stored import Report

Json = dict[str, Any]

_TEXT = 4_000
"""Characters of a sentence or a message that are shown."""
_SCRIPT = 60_000
"""Characters of a script that is shown."""
_STEPS = 6
_FURTHER = 10


def details(report: Report, row: Row) -> Json:
    """Return what the page tells of a case."""
    full = [cell for cell in row.cells.values() if cell.like is None]
    case = report.suite.case(row.record) if full or not row.id.startswith("matrix/") else None
    found: Json = {
        "rules": [_text(rule) for rule in row.record.get("rules", [])],
        "cells": {str(index): _cell(report, index, cell, case) for index, cell in row.cells.items()},
    }
    if case is not None:
        found["python"] = _long(python_call(case))
        found["source"] = f"{clean(case.source.file)}:{case.source.line}"
    return found


def _cell(report: Report, index: int, cell: Cell, case: Case | None) -> Json:
    record, name = cell.record, str(report.entries[index].head["name"])
    reason = record["reason"]
    told: Json = {
        "verdict": record["verdict"],
        "layers": record["layers"],
        "blame": record["blame"],
        "fingerprint": record["fingerprint"],
        "code": reason["code"] if reason else None,
        "text": _text(reason["text"]) if reason else "",
        "notes": [_text(note) for note in record.get("notes", [])],
        "clauses": list(cell.clauses),
        "known": _text(why(record["known"])) if report.entries[index].outcome(record) == "known" else "",
    }
    if cell.like is not None:
        return {**told, "like": cell.like}
    differences = record.get("differences", [])
    further = dict.fromkeys(_text(each["text"]) for each in differences if not reason or each["text"] != reason["text"])
    told["also"] = list(further)[:_FURTHER]
    told["causes"] = list(dict.fromkeys(_text(each["cause"]) for each in differences if each["cause"]))
    told["steps"] = [_step(each) for each in record.get("evidence", [])[:_STEPS]]
    if case is not None and record["verdict"] in ("fail", "nonstrict"):
        told["script"] = _long(script(case, name))
    return told


def _step(evidence: Json) -> Json:
    """Return one step: exceptions, and the bytes side by side as rows of [kind, expected, received]."""
    expected = evidence["expected"]
    compared = aligned(
        None if expected is None else expected.encode("latin-1", "replace"),
        evidence["received"].encode("latin-1", "replace"),
    )
    return {
        "step": evidence["step"],
        "raises": _text(evidence["expected_raises"] or ""),
        "raised": _text(evidence["raised"] or ""),
        "rows": [[row.kind, _side(row.expected), _side(row.received)] for row in compared],
    }


def _side(side: tuple[Sequence[tuple[str, bool]], str] | None) -> Json | None:
    if side is None:
        return None
    segments, about = side
    return {"about": about, "text": [[text, 1] if is_marked else [text] for text, is_marked in segments]}


def _text(text: str) -> str:
    shown = clean(text[:_TEXT])
    return shown if len(text) <= _TEXT else f"{shown}… ({len(text):,} characters in all)"


def _long(text: str) -> str:
    return text if len(text) <= _SCRIPT else f"{text[:_SCRIPT]}\n# … {len(text) - _SCRIPT:,} characters left out\n"
