"""What the table of cases shows: a row for each case, a mark for each candidate, and which details are kept.

Of a matrix there is a row for each combination that is listed for at least one candidate. What another candidate makes
of it is known without being listed where that candidate had the same selection: it passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wireproof.report._stored import Entry, Report

Json = dict[str, Any]

MARKS = {"pass": "p", "fail": "f", "known": "k", "unsupported": "u", "error": "e", "not_run": "r", "nonstrict": "n"}
"""A letter for what a candidate makes of a case; ``nonstrict``: it passes the gate, but not every layer."""
UNKNOWN = "-"
"""It is not known."""

FULL, ALIKE = 1_000, 5
"""So many verdicts of a candidate on hand-written cases are told in full; of all others, so many with the same
fingerprint, and the rest names the first of these.
"""


@dataclass(slots=True)
class Cell:
    """What is told of one candidate's verdict: the record, and the clauses that its differences name. ``like``: the id
    of another one with the same fingerprint, which is told in full, while this record has lost its evidence.
    """

    record: Json
    clauses: tuple[str, ...]
    like: str | None = None


@dataclass(slots=True)
class Row:
    """One case: its id, the hash of its content, its clauses, and by the index of the entry the marks and details."""

    id: str
    record: Json
    marks: list[str]
    cells: dict[int, Cell] = field(default_factory=dict)


def rows(report: Report) -> list[Row]:
    """Return the rows: hand-written cases in their order, then combinations of matrices."""
    found: dict[str, Row] = {}
    complete = [_taken(found, index, entry, len(report.entries)) for index, entry in enumerate(report.entries)]
    ordered = [*_sorted(found, combinations=False), *_sorted(found, combinations=True)]
    for index in range(len(report.entries)):
        for row in ordered:
            if (
                row.marks[index] == UNKNOWN
                and row.id.partition("[")[0] in complete[index]
                and _alike(report, index, row)
            ):
                row.marks[index] = MARKS["pass"]
    return ordered


def _taken(found: dict[str, Row], index: int, entry: Entry, width: int) -> set[str]:
    """Put the records of an entry into the rows; return the matrices of which everything that is not listed passed."""
    seen: dict[str, list[str]] = {}
    listed = Counter[str]()
    for record in entry.records:
        row = found.setdefault(record["id"], Row(record["id"], record, [UNKNOWN] * width))
        row.marks[index] = MARKS[_outcome(entry, record)]
        if row.marks[index] != "p":
            row.cells[index] = _cell(record, seen)
        if record["verdict"] != "pass":
            listed[record["id"].partition("[")[0]] += 1
    return {each["id"] for each in entry.head["matrices"] if each["planned"] == each["passed"] + listed[each["id"]]}


def _sorted(found: dict[str, Row], *, combinations: bool) -> Iterator[Row]:
    return (row for row in found.values() if row.id.startswith("matrix/") == combinations)


def _outcome(entry: Entry, record: Json) -> str:
    outcome = entry.outcome(record)
    return "nonstrict" if outcome == "pass" and record["verdict"] in ("nonstrict", "fail") else outcome


def _cell(record: Json, seen: dict[str, list[str]]) -> Cell:
    """Return the details of a verdict; of many with the same fingerprint only the first ones keep their evidence."""
    clauses = tuple(dict.fromkeys(each["clause"] for each in record.get("differences", []) if each["clause"]))
    same = seen.setdefault(record["fingerprint"] or record["verdict"], [])
    if len(same) < ALIKE or (not record["id"].startswith("matrix/") and sum(map(len, seen.values())) < FULL):
        same.append(record["id"])
        return Cell(record, clauses)
    short = {key: value for key, value in record.items() if key not in ("evidence", "differences", "strict")}
    return Cell(short, clauses, same[0])


def _alike(report: Report, index: int, row: Row) -> bool:
    """Say whether the entry had the same selection as one that lists the combination."""
    digest = report.entries[index].frame.selection["cases"]
    return any(report.entries[other].frame.selection["cases"] == digest for other in row.cells)
