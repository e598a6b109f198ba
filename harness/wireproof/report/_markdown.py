"""The report as Markdown, for the summary of a CI job: a table, and for each candidate in which ways it falls short.
Where there is a baseline, the news comes first, and what is known is counted apart.

Rules of this file: what somebody else wrote stands in code only, where it is neither markup nor a link nor a mention:
in a span between runs of backticks that are as long as none in it, or in an indented block, which nothing in it can
end. A vertical bar, which would end the cell of a table even in code, is shown as an escape.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from wireproof.report._known import why
from wireproof.report._results import COUNTS
from wireproof.report._safe import explained, one_line, reason
from wireproof.report._stored import Entry, Report
from wireproof.report._ways import Way, falls_short, ways

LIMIT = 900_000
"""So many bytes at most; GitHub refuses a summary of more than 1 MiB."""
_WAYS = 20
_NEWS = 40
_EXPLAINED = 3
_RUN = re.compile("`+")


def text(report: Report) -> Iterator[str]:
    """Yield the report in pieces."""
    size = 0
    for entry, piece in _pieces(report):
        size += len(piece.encode("utf-8"))
        if size > LIMIT:
            yield f"\nMore does not fit into the summary of a job; left out from {_code(entry)} on.\n"
            return
        yield piece


def _pieces(report: Report) -> Iterator[tuple[str, str]]:
    """Yield what belongs together, with what it is about."""
    short = [falls_short(entry) for entry in report.entries]
    many = f"{len(short)} candidate{'s' * (len(short) != 1)}"
    heading = f"{sum(short)} of {many} {'falls' if sum(short) == 1 else 'fall'} short" if any(short) else f"{many} pass"
    some_known = any(entry.known is not None for entry in report.entries)
    names = ["planned", *(name.replace("_", " ") for name in COUNTS), *["of these known"] * some_known]
    yield "the table", f"## wireproof: {heading}\n\n| candidate | gate | {' | '.join(names)} |\n"
    yield "the table", f"|---|---|{'--:|' * len(names)}\n"
    for entry in report.entries:
        counts = [f"{entry.summary[name]:,}" for name in ("planned", *COUNTS)]
        counts += [f"{entry.known['count']:,}" if entry.known is not None else "–"] * some_known
        yield entry.title, f"| {_code(entry.title)} | {entry.gate} | {' | '.join(counts)} |\n"
    for entry in report.entries:
        yield from ((entry.title, piece) for piece in _candidate(report, entry))


def _candidate(report: Report, entry: Entry) -> Iterator[str]:
    found = ways(entry)
    if not found and not entry.missing and entry.known is None:
        return
    yield f"\n### {_code(entry.title)}\n\n{_code(entry.version or 'version unknown')}\n\n"
    if entry.missing:
        yield f"The run did not come to its end: {entry.missing:,} verdicts are missing.\n\n"
    yield from _news(entry)
    # news has a sentence for each failure that is none of those which are known
    listed = found if entry.known is None else [way for way in found if way.outcome == "error"]
    for way in listed[:_WAYS]:
        yield f"- {_way(way)}\n"
    if len(listed) > _WAYS:
        yield f"- … and {len(listed) - _WAYS:,} more ways\n"
    for number, way in enumerate(found[:_EXPLAINED], 1):
        yield _details(report, entry, way, number)
    yield from _known(entry)


def _news(entry: Entry) -> Iterator[str]:
    """Yield what a baseline does not know."""
    if entry.known is None:
        return
    for each in entry.news[:_NEWS]:
        yield f"- {_code(each['text'])}\n"
    if len(entry.news) > _NEWS:
        yield f"- … and {len(entry.news) - _NEWS:,} more\n"
    if not entry.news:
        yield "All is as the baseline says.\n"


def _known(entry: Entry) -> Iterator[str]:
    """Yield what a baseline knows, by entry."""
    if entry.known is not None and entry.known["count"]:
        entries = [each for each in entry.known["entries"] if each["count"]]
        yield f"\n<details><summary>{entry.known['count']:,} known failures</summary>\n\n"
        yield from (f"- {each['count']:,}: {_code(why(each))}\n" for each in entries[:_NEWS])
        yield f"- … and {len(entries) - _NEWS:,} more entries\n" * (len(entries) > _NEWS)
        yield "\n</details>\n"


def _way(way: Way) -> str:
    harness = "the harness failed: " if way.outcome == "error" else ""
    where = f"{way.count:,} cases, such as " if way.count > 1 else ""
    return f"{harness}{_code(reason(way.record))} ({where}{_code(way.record['id'])})"


def _details(report: Report, entry: Entry, way: Way, number: int) -> str:
    lines = "\n".join(f"    {line}" for line in explained(report, entry, way.record))
    return f"\n<details><summary>An example of way {number}</summary>\n\n{lines}\n\n</details>\n"


def _code(text: str) -> str:
    """Return a code span, which is the same in a table and elsewhere."""
    shown = one_line(text).replace("|", "\\x7c")
    runs = {len(run) for run in _RUN.findall(shown)}
    fence = "`" * next(length for length in itertools.count(1) if length not in runs)
    # blanks inside are taken off again; they keep backticks of the text from those of the fence
    return f"{fence} {shown} {fence}" if shown.strip() else "` (empty) `"
