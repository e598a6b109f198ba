"""Results as they lie in reports → what was found, as if the run had just ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from wireproof._codec import decode
from wireproof._findings import Findings, group_of
from wireproof._model import VERDICTS, Verdict
from wireproof.report._results import COUNTS, Result
from wireproof.report._safe import brief, one_line
from wireproof.report._stored import Entry

Json = dict[str, Any]


def result_of(entry: Entry) -> Result:
    """Return the result of a candidate; no text in it is too long, or dangerous, to be printed."""
    placed = enumerate(brief(decode(record)) for record in entry.records)
    findings = findings_of(placed, entry.head["matrices"], [entry.head])
    if entry.missing:
        findings.add_many("(missing)", "not_run", entry.missing)
    return Result(one_line(entry.title), one_line(entry.version), entry.summary, findings, known=entry.known)


def findings_of(placed: Iterable[tuple[int, Verdict]], matrices: Sequence[Json], parts: Sequence[Json]) -> Findings:
    """Return what was found about a candidate.

    Args:
        placed: the verdicts, each with its position.
        matrices: the counts of the matrices.
        parts: what the reports of all shards say of the candidate.
    """
    findings = Findings()
    listed: Counter[tuple[str, str]] = Counter()
    for position, verdict in placed:
        findings.add(verdict, position)
        listed[group_of(verdict.id), verdict.verdict] += 1
    for matrix in matrices:
        for kind, counted in zip(VERDICTS, COUNTS, strict=True):
            if left := matrix[counted] - listed[matrix["id"], kind]:
                findings.add_many(matrix["id"], kind, left)
    findings.known = {}
    for part in parts:
        findings.exercised.update(part["clauses"])
        for name, seen in part["defects"].items():
            findings.add_defect(name, present=seen["present"], absent=seen["absent"])
    return findings
