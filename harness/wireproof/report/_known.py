"""What a baseline says of a run, as reports publish it: how much is known, by entry, and what is news.

A known failure is a result that has a member ``known``; the accounts of its candidate say the rest. Both have the shape
that results.schema.json describes, and are read back like everything else. They count at the layer that the baseline
is about; at another one (``wireproof report --gate``) nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from wireproof._gates._hold import Held, Looked, Scope, Told
from wireproof._gates._known import PLACEHOLDER, Entry
from wireproof._model import LayerName
from wireproof.report._safe import one_line

Json = dict[str, Any]

_LISTED = 40
_LONGEST = 2_000


def looked(record: Json, layer: LayerName) -> Looked:
    """Return what a baseline looks at of a result."""
    text = record["reason"]["text"] if record["reason"] else ""
    return Looked(record["id"], record["verdict"], record["layers"][layer], record["fingerprint"], text)


def account(held: Held, scope: Scope, file: str) -> Json:
    """Return what is said of a candidate whose verdicts were held against a baseline."""
    entries = held.group.known if held.group else ()
    return {
        "file": file,
        "layer": held.layer,
        "count": held.known,
        "entries": [{"line": each.line, **_why(each), "count": held.counts[each.line]} for each in entries],
        "news": [_news(each) for each in held.told(scope, file)],
    }


def _news(told: Told) -> Json:
    return {
        "kind": told.kind,
        "text": told.text,
        "count": told.count,
        **({"case": told.case} if told.case else {}),
        **({"line": told.line} if told.line is not None else {}),
    }


def _why(entry: Entry) -> Json:
    """Return why a failure is lived with."""
    expires = {"expires": entry.expires.isoformat()} if entry.expires else {}
    return {"reason": entry.reason, **({"issue": entry.issue} if entry.issue else {}), **expires}


class Marked:
    """Results, of which those are marked that a baseline knows."""

    def __init__(self, records: Iterable[Json], held: Held) -> None:
        self._records, self._held = records, held

    def __iter__(self) -> Iterator[Json]:
        for record in self._records:
            entry = self._held.knows(looked(record, self._held.layer))
            yield record if entry is None else {**record, "known": _why(entry)}


def why(known: Json) -> str:
    """Return why a failure, or all failures of an entry, are lived with: the reason, and the link."""
    link = f" ({one_line(known['issue'])})" if "issue" in known else ""
    return f"{one_line(known['reason'])}{link}"


def lines(title: str, known: Json) -> Iterator[str]:
    """Yield what is printed of a candidate: how much is known, and what is news."""
    news = known["news"]
    found = f"news: {len(news):,}" if news else "no news"
    yield f"{one_line(title)}: {known['count']:,} known failures ({one_line(known['file'])}), {found}"
    yield from (f"  {one_line(each['text'], _LONGEST)}" for each in news[:_LISTED])
    if len(news) > _LISTED:
        yield f"  and {len(news) - _LISTED:,} more"
    if without := sum(entry["reason"] == PLACEHOLDER for entry in known["entries"]):
        yield f"  {without:,} entries have the reason {PLACEHOLDER!r}: look at them"
