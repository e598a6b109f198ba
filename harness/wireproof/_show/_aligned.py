"""Two messages side by side: lines that belong together, what differs within each, and what each part is."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wireproof._show._bytes import clean, first_difference, lines_of, messages_of, shortened
from wireproof._wire import Part, visible

_LINES = 400  # lines on each side that are aligned
_ROWS = 120  # rows that are returned
_FOLDED = 8  # equal lines in a row that are shown
_CONTEXT = 3
_ROOM = 160  # bytes of a line that are shown
_BEFORE = 48  # bytes before a difference that are shown where a line is cut
_SILENT = frozenset(("space", "colon"))
_PLAIN = frozenset(("end of the line", "end of the size line"))

Segment = tuple[str, bool]
"""A text that may be shown, and whether it differs from the other side."""


class Side(NamedTuple):
    """One line of one side: its segments, and what its parts are."""

    segments: tuple[Segment, ...]
    about: str


class Row(NamedTuple):
    """Lines that belong together; None: the side has none. ``kind``: equal, changed, or left (what was left out)."""

    kind: str
    expected: Side | None
    received: Side | None


class _Line(NamedTuple):
    data: bytes
    about: str


def aligned(expected: bytes | None, received: bytes) -> list[Row]:
    """Return the rows of a comparison; with ``expected`` None, only what was received."""
    new = _lines(received)
    if expected is None:
        rows = [Row("changed", None, _whole(line)) for line in new]
    else:
        rows = list(_compared(_lines(expected), new))
    if len(rows) <= _ROWS:
        return rows
    return [*rows[:_ROWS], _left(f"… {len(rows) - _ROWS:,} more lines")]


def _lines(data: bytes) -> list[_Line]:
    parts = [part for parts in messages_of(data) for part in parts]
    lines, start, at = [], 0, 0
    for line in lines_of(data):
        end = start + len(line)
        while at < len(parts) and parts[at].end <= start:
            at += 1
        lines.append(_Line(line, _about(parts, at, end)))
        start = end
    return lines


def _about(parts: Sequence[Part], at: int, end: int) -> str:
    """Return what the parts are that begin before ``end``, from the one at ``at`` on."""
    own: list[Part] = []
    while at < len(parts) and parts[at].start < end:
        own.append(parts[at])
        at += 1
    told = [part.about for part in own if part.kind not in _SILENT and (part.about not in _PLAIN or len(own) == 1)]
    return clean("; ".join(dict.fromkeys(told)))


def _compared(old: list[_Line], new: list[_Line]) -> Iterator[Row]:
    old_data, new_data = [line.data for line in old[:_LINES]], [line.data for line in new[:_LINES]]
    for tag, i, i_end, j, j_end in difflib.SequenceMatcher(None, old_data, new_data, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from _equal(old[i:i_end], new[j:j_end])
        else:
            yield from _changed(old[i:i_end], new[j:j_end])
    for name, side in (("expected", old), ("received", new)):
        if len(side) > _LINES:
            yield _left(f"… {len(side) - _LINES:,} further lines {name}, not compared")


def _equal(old: list[_Line], new: list[_Line]) -> Iterator[Row]:
    pairs = [Row("equal", _whole(left), _whole(right)) for left, right in zip(old, new, strict=True)]
    if len(pairs) <= _FOLDED:
        yield from pairs
        return
    yield from pairs[:_CONTEXT]
    yield _left(f"… {len(pairs) - 2 * _CONTEXT:,} equal lines")
    yield from pairs[-_CONTEXT:]


def _changed(old: list[_Line], new: list[_Line]) -> Iterator[Row]:
    both = min(len(old), len(new))
    for left, right in zip(old[:both], new[:both], strict=True):
        front = first_difference(left.data, right.data)
        back = min(first_difference(left.data[::-1], right.data[::-1]), len(left.data) - front, len(right.data) - front)
        yield Row("changed", _marked(left, front, back), _marked(right, front, back))
    for line in old[both:]:
        yield Row("changed", _marked(line, 0, 0), None)
    for line in new[both:]:
        yield Row("changed", None, _marked(line, 0, 0))


def _left(text: str) -> Row:
    side = Side(((text, False),), "")
    return Row("left", side, side)


def _whole(line: _Line) -> Side:
    return Side(((shortened(line.data, _ROOM), False),), line.about)


def _marked(line: _Line, front: int, back: int) -> Side:
    """Return the line with what stands between its first ``front`` and its last ``back`` bytes marked."""
    data, end = line.data, len(line.data) - back
    before, after = data[:front], data[end:]
    gap = f"… ({front - _BEFORE:,} bytes) " if front > _ROOM else ""
    segments = (
        (gap + visible(before[-_BEFORE:] if gap else before), False),
        (shortened(data[front:end], _ROOM), True),
        (shortened(after, _ROOM), False),
    )
    return Side(tuple(segment for segment in segments if segment[0]) or (("", True),), line.about)
