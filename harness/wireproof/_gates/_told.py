"""A comparison as text, as Markdown for a comment, and as JSON. Whatever comes from results is escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from wireproof._gates._compare import KINDS, Change, Comparison, Side
from wireproof._gates._hold import Looked, plain

LARGEST = 65_536
"""A comment on GitHub has fewer characters."""

_LISTED = 20
_LONGEST = 240
_RUN = re.compile("`+")
_HEADINGS = {kind: heading[0].upper() + heading[1:] for kind, heading in KINDS.items()}
Json = dict[str, Any]


def code(text: str) -> str:
    """Return a text as a code span: nothing in it is Markdown, a mention or a link."""
    shown = _short(text)
    fence = "`" * (max(map(len, _RUN.findall(shown)), default=0) + 1)
    return f"{fence} {shown} {fence}" if shown.strip() else "` `"


def _short(text: str) -> str:
    shown = plain(text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _why(looked: Looked | None) -> str:
    """Return what is said of a result in one line."""
    return "" if looked is None else looked.answer if looked.answer == "pass" else looked.text or looked.answer


def _sides(change: Change) -> list[tuple[str, str]]:
    """Return what is said of a change: of the side that matters, or of both."""
    if change.kind in ("changed", "suite", "lost", "gained"):
        return [("before", _why(change.old)), ("now", _why(change.new))]
    looked = change.old if change.kind in ("passing", "removed") else change.new or change.old
    label = "before" if change.kind in ("passing", "removed") else ""
    return [(label, _why(looked))]


def text(comparisons: Sequence[Comparison], layer: str) -> Iterator[str]:
    """Yield the comparison for a terminal."""
    for found in comparisons:
        yield f"{plain(found.name)}, layer {layer}: {_verdict(found)}\n"
        for note in found.notes:
            yield f"  {plain(note)}\n"
        for kind, changes in _by_kind(found):
            yield f"\n  {KINDS[kind]}: {found.counts[kind]:,}\n"
            for change in changes[:_LISTED]:
                yield f"    {plain(change.id)}\n"
                for label, why in _sides(change):
                    yield f"      {label + ': ' if label else ''}{_short(why)}\n"
            if found.counts[kind] > len(changes[:_LISTED]):
                yield f"    and {found.counts[kind] - len(changes[:_LISTED]):,} more\n"
        yield "\n"


def _verdict(found: Comparison) -> str:
    """Return what the comparison comes to in a few words."""
    if found.is_worse:
        return "worse than before"
    return "changed, and not worse" if any(found.counts.values()) else "nothing has changed"


def _by_kind(found: Comparison) -> Iterator[tuple[str, list[Change]]]:
    for kind in KINDS:
        if found.counts[kind]:
            yield kind, [change for change in found.changes if change.kind == kind]


def markdown(comparisons: Sequence[Comparison], layer: str) -> Iterator[str]:
    """Yield the comparison as Markdown, of fewer than ``LARGEST`` characters: what is too much is only counted."""
    for most in (_LISTED, 5, 1, 0):
        whole = "".join(_markdown(comparisons, layer, most))
        if len(whole) < LARGEST:
            yield whole
            return
    short = whole[: LARGEST - 200]
    yield f"{short[: short.rfind(chr(10)) + 1]}\nand more, which wireproof compare prints\n"


def _markdown(comparisons: Sequence[Comparison], layer: str, most: int) -> Iterator[str]:
    yield f"### wireproof compare, layer {layer}\n"
    for found in comparisons:
        yield f"\n**{code(found.name)}: {_verdict(found)}**\n"
        if found.notes:
            yield "\n"
        for note in found.notes:
            yield f"- {code(note)}\n"
        for kind, changes in _by_kind(found):
            yield f"\n{_HEADINGS[kind]}: {found.counts[kind]:,}\n\n"
            for change in changes[:most]:
                said = "; ".join(f"{label} {code(why)}".strip() for label, why in _sides(change))
                yield f"- {code(change.id)}: {said}\n"
            if found.counts[kind] > len(changes[:most]) and most:
                yield f"- and {found.counts[kind] - len(changes[:most]):,} more\n"


def document(comparisons: Sequence[Comparison], layer: str) -> Iterator[str]:
    """Yield the comparison as JSON, with every change."""
    whole = {
        "layer": layer,
        "worse": any(found.is_worse for found in comparisons),
        "candidates": [
            {
                "name": found.name,
                "old": _side(found.old),
                "new": _side(found.new),
                "worse": found.is_worse,
                "notes": found.notes,
                "counts": found.counts,
                "changes": [
                    {"id": each.id, "kind": each.kind, "old": _looked(each.old), "new": _looked(each.new)}
                    for each in found.changes
                ],
            }
            for found in comparisons
        ],
    }
    yield json.dumps(whole, indent=1)
    yield "\n"


def _side(side: Side | None) -> Json | None:
    if side is None:
        return None
    return {"name": side.name, "version": side.version, "wireproof": side.suite, "judged": side.judged}


def _looked(looked: Looked | None) -> Json | None:
    if looked is None:
        return None
    answer = {"verdict": looked.verdict, "answer": looked.answer}
    return {**answer, "fingerprint": looked.fingerprint, "text": looked.text}
