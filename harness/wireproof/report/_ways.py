"""The ways in which a candidate falls short, each once: what a summary has room for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wireproof.report._stored import Entry

Json = dict[str, Any]

BAD = ("error", "fail")


@dataclass(slots=True)
class Way:
    """One first reason: in how many results, and the first of these; with a place in a case file, if any has one."""

    outcome: str
    count: int
    record: Json


def ways(entry: Entry) -> list[Way]:
    """Return them, errors of the harness first, then the most frequent; none that a baseline knows."""
    found: dict[tuple[str, str, str], Way] = {}
    for record in entry.records:
        outcome = entry.outcome(record)
        if outcome not in BAD:
            continue
        way = found.setdefault((outcome, *_key(record)), Way(outcome, 0, record))
        way.count += 1
        if "source" in record and "source" not in way.record:
            way.record = record
    return sorted(found.values(), key=lambda way: (BAD.index(way.outcome), -way.count))


def _key(record: Json) -> tuple[str, str]:
    code = record["reason"]["code"] if record["reason"] else ""
    subject = next((each["subject"] for each in record.get("differences", ())), "")
    return code, subject


def falls_short(entry: Entry) -> bool:
    """Say whether anything is held against the candidate, was not found out, or is not what a baseline says."""
    lacking = bool(entry.summary["not_run"] or entry.summary["errored"] or entry.news)
    return lacking or next(_bad(entry), None) is not None


def _bad(entry: Entry) -> Iterator[Json]:
    return (record for record in entry.records if entry.outcome(record) in BAD)
