"""The page: the tables of candidates and clauses as HTML, that of cases and its details as packed data for the script.

Data is compressed and in base64, so that nothing in it can be markup; the script shows it as text only. A content
security policy allows the page's own style and script and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wireproof._model import Clause
from wireproof._show import clean
from wireproof.report._html._details import details
from wireproof.report._html._rows import Row, rows
from wireproof.report._safe import one_line
from wireproof.report._stored import Entry, Report
from wireproof.report._ways import falls_short

Json = dict[str, Any]

HERE = Path(__file__).parent
CHUNK = 50
"""Cases whose details are packed together."""
NEWS = 20
"""So many pieces of news of a candidate are listed."""

_COUNTS = ("planned", "passed", "nonstrict", "failed", "unsupported", "errored", "not_run")


def text(report: Report) -> Iterator[str]:
    """Yield the page in pieces; the details of few cases are in memory at a time."""
    found = rows(report)
    clauses = dict(report.suite.clauses)
    style, script = (HERE / "page.css").read_text("utf-8"), (HERE / "page.js").read_text("utf-8")
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("page.html.jinja").render(
        versions=list(dict.fromkeys(clean(frame.wireproof) for frame in report.frames)),
        gates=list(dict.fromkeys(entry.gate for entry in report.entries)),
        entries=[_entry(entry) for entry in report.entries],
        clauses=[_clause(name, clauses.get(name), report.entries) for name in _named(report, clauses)],
        style=style,
        script=script,
        style_hash=_digest(style),
        script_hash=_digest(script),
        index=_pack(_index(report, found, clauses)),
        chunk=CHUNK,
    )
    before, after = page.split("@DETAILS@")
    yield before
    separator = ""
    for start in range(0, len(found), CHUNK):
        yield f'{separator}"{_pack([details(report, row) for row in found[start : start + CHUNK]])}"'
        separator = ",\n"
    yield after


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _pack(value: object) -> str:
    data = json.dumps(value, separators=(",", ":")).encode("ascii")
    return base64.b64encode(zlib.compress(data, 9)).decode()


def _entry(entry: Entry) -> Json:
    summary, known = entry.summary, entry.known
    return {
        "title": clean(entry.title),
        "version": clean(entry.version),
        "gate": entry.gate,
        "counts": [f"{summary[name]:,}" for name in _COUNTS],
        "holds": not falls_short(entry),
        "known": None if known is None else f"{known['count']:,}",
        "news": [one_line(each["text"]) for each in entry.news[:NEWS]],
        "more_news": max(0, len(entry.news) - NEWS),
        "defects": [
            f"{clean(name)} {seen['present']:,}" for name, seen in entry.head["defects"].items() if seen["present"]
        ],
    }


def _named(report: Report, clauses: dict[str, Clause]) -> list[str]:
    """Return the clauses that any candidate was asked about, in the order of the contract."""
    asked = {name for entry in report.entries for name in entry.head.get("clauses", {})}
    return [name for name in clauses if name in asked] + sorted(asked - clauses.keys())


def _clause(name: str, clause: Clause | None, entries: Sequence[Entry]) -> Json:
    return {
        "id": clean(name),
        "level": clause.level if clause else "unknown",
        "text": clean(clause.text) if clause else "",
        "sentences": list(clause.sentences) if clause else [],
        "broken": [entry.head.get("clauses", {}).get(name) for entry in entries],
    }


def _index(report: Report, found: Sequence[Row], clauses: dict[str, Clause]) -> Json:
    """Return what the table of cases needs at once: ids, clauses, and of each candidate one letter for each case."""
    names = _named(report, clauses)
    numbers = {name: number for number, name in enumerate(names)}
    return {
        "titles": [clean(entry.title) for entry in report.entries],
        "names": [clean(str(entry.head["name"])) for entry in report.entries],
        "clauses": [[clean(name), clean(clauses[name].text) if name in clauses else ""] for name in names],
        "ids": [clean(row.id) for row in found],
        "abouts": [_about(report, row) for row in found],
        "of": [[numbers[name] for name in row.record["clauses"] if name in numbers] for row in found],
        "broken": [_broken(row, numbers) for row in found],
        "marks": ["".join(row.marks[index] for row in found) for index in range(len(report.entries))],
    }


def _about(report: Report, row: Row) -> str:
    """Return the sentence about a hand-written case; the id of a combination says all."""
    case = None if row.id.startswith("matrix/") else report.suite.case(row.record)
    return clean(case.about) if case else ""


def _broken(row: Row, numbers: dict[str, int]) -> dict[str, list[int]]:
    """Return by candidate the clauses that its verdict breaks."""
    broken = {
        str(index): [numbers[name] for name in cell.clauses if name in numbers] for index, cell in row.cells.items()
    }
    return {index: own for index, own in broken.items() if own}
