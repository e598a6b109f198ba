"""The head of a request that a candidate is known to send in another way → the same head, as far as that goes.

Rules of this file:

1. Whole field lines are taken out, put back and moved, and names are spelled as expected. No other byte is touched:
   the request line, values, white space, line ends and all that follows the head stay as they came.
2. What is exactly as expected stays as it is.
3. Fields that say where a message goes, and where it ends, are never taken out and never put back.

Theory of operation. Received and expected head are read as field lines, each with the lines that continue it. Field
lines of one name, whatever its case, are the same field, and the first of them stays the first (RFC 9110, section
5.3). A line that is malformed is known by its bytes only. In the way of CPython's stale head a second request line
stands among the field lines: no line moves past it, and each side of it has its own ambient fields.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from wireproof._judge._diff_view import first_difference
from wireproof._judge._sight import Given, PutRight, Sight
from wireproof._model import Blocks, Compared, Tolerances
from wireproof._wire import FieldLine, Message

_FRAMING = frozenset((b"host", b"content-length", b"transfer-encoding"))
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_REQUEST_LINE = re.compile(rb"[^\n]* HTTP/[0-9]\.[0-9]\r?\n")


@dataclass(frozen=True, slots=True)
class _Rules:
    """Tolerances ready for use: names in lower case, each with its patterns, and as the description spells it."""

    ambient: Mapping[bytes, tuple[str, tuple[re.Pattern[str], ...]]]
    omits: Mapping[bytes, str]
    order: bool
    names: bool


class _Line(NamedTuple):
    """A field line with the lines that continue it: its bytes, and where they came (None: they were put back).

    ``key``: the name in lower case; of a malformed line all its bytes. ``name``: b"" in a malformed line.
    """

    key: bytes
    name: bytes
    data: bytes
    start: int | None
    field: FieldLine


_Place = tuple[bytes, int]  # a key, and how many lines of that key stand before


@lru_cache(maxsize=64)
def _rules(tolerances: Tolerances) -> _Rules:
    patterns: dict[bytes, tuple[str, tuple[re.Pattern[str], ...]]] = {}
    for name, pattern in tolerances.ambient:
        key = name.lower().encode("latin-1")
        spelled, others = patterns.get(key, (name, ()))
        patterns[key] = spelled, (*others, re.compile(pattern))
    omits = {name.lower().encode("latin-1"): name for name in tolerances.omits}
    return _Rules(
        {key: each for key, each in patterns.items() if key not in _FRAMING},
        {key: each for key, each in omits.items() if key not in _FRAMING},
        tolerances.order,
        tolerances.names,
    )


def put_right(sight: Sight, tolerances: Tolerances) -> Sight:
    """Return the sight, in which these tolerances hold: with its head as expected, as far as they go.

    A request of which neither all bytes nor a comparison were kept stays as it is.
    """
    is_known = sight.total <= len(sight.data) or sight.reading is not None
    if is_known and sight.message.fields:
        came = _lines(sight.message)
        lines, tolerated = _normalised(came, _lines(sight.wanted), sight.given, _rules(tolerances))
        if tolerated:
            return _replaced(sight, came, lines, tolerances, tuple(tolerated))
    return replace(sight, put_right=PutRight(sight, tolerances))


def _lines(message: Message) -> list[_Line]:
    """Return the field lines of a head, up to its empty line."""
    data, found = message.data, []
    for field in message.fields:
        line = data[field.start : field.end]
        is_well = field.colon and line.endswith(b"\r\n") and _TOKEN.fullmatch(field.name) is not None
        key, name = (field.name.lower(), field.name) if is_well else (line, b"")
        found.append(_Line(key, name, line, field.start, field))
    return found


def _replaced(
    sight: Sight, came: Sequence[_Line], lines: Sequence[_Line], tolerances: Tolerances, tolerated: tuple[str, ...]
) -> Sight:
    """Return the sight with these lines in the place of those that came, and where each of its bytes came."""
    data, end = sight.data, came[-1].field.end
    at = came[0].field.start
    places, pieces = [(0, 0)], [data[:at]]
    for line in lines:
        if line.start is not None:
            places.append((at, line.start))
        pieces.append(line.data)
        at += len(line.data)
    places.append((at, end))
    new = b"".join((*pieces, data[end:]))
    compared = sight.compared
    if sight.reading is not None:
        compared = Compared(_same(sight, new, len(new) - len(sight.tail)), sight.reading)
    return replace(
        sight,
        data=new,
        total=sight.total + len(new) - len(data),
        compared=compared,
        put_right=PutRight(sight, tolerances, tolerated, tuple(places)),
    )


def _same(sight: Sight, data: bytes, head_end: int) -> int:
    """Return how many bytes of a long request, whose head is another now, are the expected ones."""
    assert isinstance(sight.wire.body, Blocks)
    assert sight.reading is not None
    wanted = sight.wire.head or b""
    if data[:head_end] == wanted:
        return head_end + sight.reading.framed.same
    return first_difference(data[:head_end], wanted)


# field lines ------------------------------------------------------------------------------------------------------


def _normalised(
    came: list[_Line], wanted: list[_Line], given: Given | None, rules: _Rules
) -> tuple[list[_Line], dict[str, None]]:
    """Return the lines as expected, as far as the rules go, and what this let pass."""
    passed = None if given is None else frozenset(name.lower() for name, _ in given if name is not None)
    tolerated: dict[str, None] = {}
    blocks, others = _blocks(came), _blocks(wanted)
    if len(blocks) != len(others):
        return came, tolerated
    found: list[_Line] = []
    for block, other in zip(blocks, others, strict=True):
        lines = block
        if passed is not None and rules.ambient:
            lines = _without_ambient(lines, passed.union(line.key for line in other), rules, tolerated)
        if passed is not None and rules.omits:
            lines = _with_omitted(lines, other, passed, rules, tolerated)
        if rules.order:
            lines = _ordered(lines, other, tolerated)
        if rules.names:
            lines = _spelled(lines, other, tolerated)
        found += lines
    return found, tolerated


def _blocks(lines: Iterable[_Line]) -> list[list[_Line]]:
    """Return the lines, split before each that begins another request."""
    blocks: list[list[_Line]] = [[]]
    for line in lines:
        if not line.name and _REQUEST_LINE.fullmatch(line.data):
            blocks.append([])
        blocks[-1].append(line)
    return blocks


def _without_ambient(
    lines: Sequence[_Line], wanted: frozenset[bytes], rules: _Rules, tolerated: dict[str, None]
) -> list[_Line]:
    """Leave out one line of each ambient field that nobody asked for and whose whole value is as described."""
    kept: list[_Line] = []
    done: set[bytes] = set()
    for line in lines:
        name, patterns = rules.ambient.get(line.key, ("", ()))
        if patterns and line.name and line.key not in wanted and line.key not in done and _is_plain(line.field):
            value = line.field.value.decode("latin-1")
            if any(pattern.fullmatch(value) for pattern in patterns):
                done.add(line.key)
                tolerated[f"ambient {name}"] = None
                continue
        kept.append(line)
    return kept


def _is_plain(field: FieldLine) -> bool:
    return not field.folded and _CONTROL.search(field.value) is None


def _with_omitted(
    lines: list[_Line], wanted: Sequence[_Line], passed: frozenset[bytes], rules: _Rules, tolerated: dict[str, None]
) -> list[_Line]:
    """Put back the automatic fields that may be left out, each behind the line that it is expected behind."""
    keys = {line.key for line in lines}
    for at, line in enumerate(wanted):
        if line.name and line.key in rules.omits and line.key not in passed and line.key not in keys:
            places = {place: index for index, place in enumerate(_places(lines))}
            before = (places[place] for place in reversed(_places(wanted[:at])) if place in places)
            index = next(before, -1) + 1
            lines = [*lines[:index], line._replace(start=None), *lines[index:]]
            tolerated[f"omits {rules.omits[line.key]}"] = None
    return lines


def _places(lines: Iterable[_Line]) -> list[_Place]:
    seen: Counter[bytes] = Counter()
    found: list[_Place] = []
    for line in lines:
        found.append((line.key, seen[line.key]))
        seen[line.key] += 1
    return found


def _ordered(lines: list[_Line], wanted: Sequence[_Line], tolerated: dict[str, None]) -> list[_Line]:
    """Sort the lines that are expected among the places where such lines stand; all others keep theirs."""
    ranks = {place: rank for rank, place in enumerate(_places(wanted))}
    ranked = [ranks.get(place) for place in _places(lines)]
    known = [index for index, rank in enumerate(ranked) if rank is not None]
    ordered = sorted(known, key=lambda index: ranked[index] or 0)
    if ordered == known:
        return lines
    tolerated["order"] = None
    moved = list(lines)
    for index, source in zip(known, ordered, strict=True):
        moved[index] = lines[source]
    return moved


def _spelled(lines: Sequence[_Line], wanted: Sequence[_Line], tolerated: dict[str, None]) -> list[_Line]:
    """Spell names as expected where they are equal but for their case."""
    names = {place: line.name for place, line in zip(_places(wanted), wanted, strict=True)}
    found = []
    for place, line in zip(_places(lines), lines, strict=True):
        name = names.get(place, line.name)
        if name != line.name:
            tolerated["names"] = None
            line = line._replace(name=name, data=name + line.data[len(name) :])
        found.append(line)
    return found
