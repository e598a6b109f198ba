"""The report as JSON Lines: a header, a line for each result, a footer with the accounts.

The same that the JSON report holds, each line alone. Each fits results.schema.json#/$defs/line. While a run goes on its
results are in such a file, too, as they come, without a footer (``_spool``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from wireproof.report._json import FORMAT, opening
from wireproof.report._stored import Frame, Report

Json = dict[str, Any]


def header(frame: Frame, names: Sequence[str], planned: int) -> Json:
    """Return the first line: what a document says before it comes to results, and how many each candidate will have."""
    return {
        "kind": "header",
        "wireproof": frame.wireproof,
        "format": FORMAT,
        "gate": frame.gate,
        "selection": frame.selection,
        "candidates": list(names),
        "planned": planned,
    }


def line(candidate: str, position: int | None, record: Json) -> Json:
    """Return the line of a result; ``position``: in everything that was chosen."""
    at = {} if position is None else {"position": position}
    return {"kind": "result", "candidate": candidate, **at, "result": record}


def text(report: Report) -> Iterator[str]:
    """Yield the report line by line.

    Raises:
        UsageError: it would be that of different runs.
    """
    opening(report)
    names = [str(entry.head["name"]) for entry in report.entries]
    planned = report.entries[0].summary["planned"] if report.entries else report.frames[0].selection["planned"]
    yield _written(header(report.frames[0], names, planned))
    for entry, name in zip(report.entries, names, strict=True):
        positions = entry.head.get("positions")
        for at, record in enumerate(entry.records):
            yield _written(line(name, positions[at] if positions is not None else None, record))
    heads = [{name: value for name, value in entry.head.items() if name != "positions"} for entry in report.entries]
    yield _written({"kind": "footer", "candidates": heads})


def _written(data: Json) -> str:
    return json.dumps(data) + "\n"
