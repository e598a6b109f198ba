"""JSON for a badge of shields.io (its "endpoint" badge)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from wireproof.report._safe import one_line
from wireproof.report._stored import Report
from wireproof.report._ways import falls_short

_WIDTH = 60


def text(report: Report) -> Iterator[str]:
    """Yield the badge: how many verdicts of the one candidate, or how many of several candidates, are as wanted."""
    short = [falls_short(entry) for entry in report.entries]
    label, message = "wireproof", f"{short.count(False)} of {len(short)} pass"
    if len(short) == 1:
        (entry,) = report.entries
        label = one_line(entry.title, _WIDTH)
        held = sum(entry.summary[name] for name in ("passed", "nonstrict", "failed", "unsupported"))
        missed = sum(entry.outcome(record) in ("fail", "known", "unsupported") for record in entry.records)
        known = f", {entry.known['count']:,} known" if entry.known and entry.known["count"] else ""
        message = f"{held - missed:,} of {entry.summary['planned']:,}{known}"
    colour = "lightgrey" if not short else "red" if any(short) else "brightgreen"
    yield json.dumps({"schemaVersion": 1, "label": label, "message": message, "color": colour}) + "\n"
