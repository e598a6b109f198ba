"""Annotations for GitHub Actions: one for each way in which a candidate falls short, at the case file and its line.
Where there is a baseline: one for each piece of news, at the line of the baseline that it is not like, if there is one.

GitHub shows ten annotations of a kind for each step, so that more would only hide one another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wireproof.report._safe import one_line, reason
from wireproof.report._stored import Entry, Report
from wireproof.report._ways import Way, ways

MOST = 10
_WHAT = {"fail": "falls short", "error": "the harness failed"}
Json = dict[str, Any]


def text(report: Report) -> Iterator[str]:
    """Yield a line for each annotation."""
    found = [_annotations(entry) for entry in report.entries]
    # of each candidate the first, then of each the second, so that none is crowded out
    turns = [each[turn] for turn in range(max(map(len, found), default=0)) for each in found if turn < len(each)]
    yield from turns[:MOST]
    if len(turns) > MOST:
        yield _command("notice", {"title": "wireproof"}, f"{len(turns) - MOST:,} more ways to fall short; see a report")
    for entry in report.entries:
        if lost := entry.summary["not_run"]:
            message = f"{lost:,} of {entry.summary['planned']:,} verdicts are missing: not run"
            yield _command("warning", {"title": f"wireproof: {one_line(entry.title)}"}, message)


def _annotations(entry: Entry) -> list[str]:
    """Return all annotations for a candidate."""
    if entry.known is None:
        return [_of_way(entry, way) for way in ways(entry)]
    first = {news["case"] for news in entry.news if "case" in news}
    places = {record["id"]: record.get("source") for record in entry.records if record["id"] in first}
    return [
        *(_of_way(entry, way) for way in ways(entry) if way.outcome == "error"),
        *(_of_news(entry, news, entry.known["file"], places) for news in entry.news),
    ]


def _of_way(entry: Entry, way: Way) -> str:
    more = f"{way.count:,} cases, such as " if way.count > 1 else ""
    message = f"{reason(way.record)} ({more}{one_line(way.record['id'])})"
    return _error(entry, way.record.get("source"), _WHAT[way.outcome], message)


def _of_news(entry: Entry, news: Json, file: str, places: dict[str, Json | None]) -> str:
    place = {"file": file, "line": news["line"]} if "line" in news else places.get(news.get("case", ""))
    return _error(entry, place, "news", one_line(news["text"]))


def _error(entry: Entry, place: Json | None, what: str, message: str) -> str:
    where = {"file": one_line(place["file"]), "line": str(place["line"])} if place else {}
    return _command("error", {**where, "title": f"wireproof: {one_line(entry.title, 100)}: {what}"}, message)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
