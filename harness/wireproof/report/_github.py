"""Annotations for GitHub Actions: one for each way in which a candidate falls short, at the case file and its line.

GitHub shows ten annotations of a kind for each step, so that more would only hide one another.
"""

from __future__ import annotations

from collections.abc import Iterator

from wireproof.report._safe import one_line, reason
from wireproof.report._stored import Entry, Report
from wireproof.report._ways import Way, ways

MOST = 10
_WHAT = {"fail": "falls short", "error": "the harness failed"}


def text(report: Report) -> Iterator[str]:
    """Yield a line for each annotation."""
    found = [(entry, ways(entry)) for entry in report.entries]
    # of each candidate the first, then of each the second, so that none is crowded out
    turns = [
        (entry, each[turn])
        for turn in range(max((len(each) for _, each in found), default=0))
        for entry, each in found
        if turn < len(each)
    ]
    yield from (_annotation(entry, way) for entry, way in turns[:MOST])
    if len(turns) > MOST:
        yield _command("notice", {"title": "wireproof"}, f"{len(turns) - MOST:,} more ways to fall short; see a report")
    for entry in report.entries:
        if lost := entry.summary["not_run"]:
            message = f"{lost:,} of {entry.summary['planned']:,} verdicts are missing: not run"
            yield _command("warning", {"title": f"wireproof: {one_line(entry.title)}"}, message)


def _annotation(entry: Entry, way: Way) -> str:
    place = way.record.get("source")
    where = {"file": one_line(place["file"]), "line": str(place["line"])} if place else {}
    more = f"{way.count:,} cases, such as " if way.count > 1 else ""
    message = f"{reason(way.record)} ({more}{one_line(way.record['id'])})"
    title = f"wireproof: {one_line(entry.title, 100)}: {_WHAT[way.outcome]}"
    return _command("error", {**where, "title": title}, message)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
