"""Bytes and texts as a reader sees them: nothing that could control a terminal gets through, nothing is too wide.

Rules of this file:

1. What is shown of bytes goes through ``_wire.visible``, what is shown of a text through ``clean``.
2. Whatever is left out is replaced by an ellipsis and its length; bytes cannot imitate that, since an ellipsis in
   them would be escaped.
3. One character takes one cell: wide and combining characters are escaped too.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence

from wireproof._wire import Part, annotate, parse_all, visible

_LINE = 100  # characters of a line that are shown
_LINES = 40  # lines that are shown
_RUN = re.compile(rb"(.)\1{31,}", re.DOTALL)
_RUN_SHOWN = 8
_FOLDED = 6  # equal lines in a row that are shown
_CONTEXT = 2
_COMPARED = 200  # lines on each side that are aligned
_DIFF = 60  # lines of a diff that are shown
_BEFORE = 12  # characters before a difference that stay when the beginning of a line is left out


def clean(text: str) -> str:
    r"""Return the text in one line; what cannot be printed in one cell is shown as ``\xNN`` or ``\uNNNN``."""
    return "".join(
        char if (char.isascii() and char.isprintable()) or _is_plain(char) else ascii(char)[1:-1] for char in text
    )


def _is_plain(char: str) -> bool:
    is_narrow = unicodedata.east_asian_width(char) not in ("W", "F") and not unicodedata.combining(char)
    return char.isprintable() and is_narrow and not unicodedata.category(char).startswith("M")


def fit(text: str, width: int) -> str:
    """Return the text, cut if it is wider than ``width``."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"[: max(width, 0)]


def lines_of(data: bytes) -> list[bytes]:
    """Take the bytes apart behind each LF."""
    return [line + b"\n" for line in data.split(b"\n")[:-1]] + [rest for rest in [data.rpartition(b"\n")[2]] if rest]


def wire_lines(data: bytes) -> list[str]:
    """Return the bytes line by line, CR and LF visible, long runs and lines shortened, at most about forty lines."""
    lines = lines_of(data)
    shown = [shortened(line) for line in _ends(lines)]
    if len(lines) > _LINES:
        left_out = sum(map(len, lines[_LINES // 2 : -(_LINES // 2) + 1]))
        shown.insert(_LINES // 2, f"… {_count(len(lines) - _LINES + 1, 'line')} left out ({_count(left_out, 'byte')})")
    return shown


def _ends(lines: list[bytes]) -> list[bytes]:
    half = _LINES // 2
    return lines if len(lines) <= _LINES else lines[:half] + lines[-half + 1 :]


def shortened(line: bytes, limit: int = _LINE) -> str:
    """Return one line: runs of a byte as ``xxxxxxxx… (8,192 bytes)``, its middle left out if still too long."""
    text = _with_runs(line, limit)
    if text is not None and len(text) <= limit:
        return text
    room = limit - len(f" … ({_count(len(line), 'byte')} left out) … ")
    head, tail = _front(line, room - room // 3), _back(line, room // 3)
    left_out = len(line) - head - tail
    end = visible(line[len(line) - tail :])
    return fit(f"{visible(line[:head])} … ({_count(left_out, 'byte')} left out) … {end}", limit)


def _with_runs(line: bytes, limit: int) -> str | None:
    """Return the line with its runs shortened; None where it is too long all the same."""
    runs = list(_RUN.finditer(line))
    if len(line) - sum(len(run[0]) for run in runs) > limit:
        return None
    text, pos = "", 0
    for run in runs:
        shown = visible(run[0][:_RUN_SHOWN])
        text += f"{visible(line[pos : run.start()])}{shown}… ({_count(len(run[0]), 'byte')})"
        pos = run.end()
    return text + visible(line[pos:])


def _front(data: bytes, room: int) -> int:
    """Return how many bytes from the front take at most ``room`` characters."""
    used = number = 0
    while number < len(data) and used + len(visible(data[number : number + 1])) <= room:
        used += len(visible(data[number : number + 1]))
        number += 1
    return number


def _back(data: bytes, room: int) -> int:
    return _front(data[::-1] if len(data) <= room else data[: -room - 2 : -1], room)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


# annotated --------------------------------------------------------------------------------------------------------

_SILENT = frozenset(("space", "colon"))


def annotated(data: bytes) -> list[tuple[str, str]]:
    """Return each line as it is shown, with what its parts are; at most about forty lines of each message."""
    rows: list[tuple[str, str]] = []
    for parts in messages_of(data):
        own = list(_rows(data, parts))
        if len(own) > _LINES:
            half = _LINES // 2
            own[half : 1 - half] = [(f"… {_count(len(own) - _LINES + 1, 'line')} left out", "")]
        rows += own
    return rows


def messages_of(data: bytes) -> Iterator[list[Part]]:
    """Yield the parts of each message; what follows the last one belongs to it."""
    messages = parse_all(data)
    for message in messages:
        yield [part for part in annotate(message) if message is messages[-1] or part.start < message.end]


def _rows(data: bytes, parts: Sequence[Part]) -> Iterator[tuple[str, str]]:
    line: list[Part] = []
    for part in parts:
        line.append(part)
        if part.kind != "chunk-data" and (data[part.end - 1] == 0x0A or part.kind == "content"):
            yield _row(data, line)
            line = []
    if line:
        yield _row(data, line)


def _row(data: bytes, parts: Sequence[Part]) -> tuple[str, str]:
    about = [
        part.about
        for part in parts
        if part.kind not in _SILENT
        and (part.about not in ("end of the line", "end of the size line") or len(parts) == 1)
    ]
    return shortened(data[parts[0].start : parts[-1].end]), clean("; ".join(about))


def place(data: bytes, at: int) -> str:
    """Return what stands at an offset: "value of Host, 9 bytes"."""
    parts = [part for parts in messages_of(data) for part in parts]
    return next((clean(part.about) for part in parts if part.start <= at < part.end), "the end" if data else "")


# side by side -----------------------------------------------------------------------------------------------------


def side_by_side(expected: bytes | None, received: bytes, width: int = 80) -> list[str]:
    """Return an aligned diff: "- " expected only, "+ " received only, a line of ^ below what differs within a line.

    Equal stretches are folded. Where nothing is known but what was received, only that is shown.
    """
    room = max(width - 2, 1)
    if expected is None:
        lines = [f"+ {line}" for line in wire_lines(received)] or ["+ … no byte"]
    else:
        lines = list(_diff(expected, received, room))
    if len(lines) > _DIFF:
        lines[_DIFF:] = [f"… {_count(len(lines) - _DIFF, 'line')} more"]
    return [fit(line, width) for line in lines]


def _diff(expected: bytes, received: bytes, room: int) -> Iterator[str]:
    old, new = lines_of(expected), lines_of(received)
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    middle = old[start : len(old) - end], new[start : len(new) - end]
    yield from _equal(old[:start], room)
    cut_old, cut_new = middle[0][:_COMPARED], middle[1][:_COMPARED]
    matcher = difflib.SequenceMatcher(None, cut_old, cut_new, autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield from _equal(cut_old[old_start:old_end], room)
        else:
            yield from _changed(cut_old[old_start:old_end], cut_new[new_start:new_end], room)
    for sign, whole, side in (("-", old, middle[0]), ("+", new, middle[1])):
        if not whole:
            yield f"{sign} … no byte"
        if len(side) > _COMPARED:
            yield f"{sign} … {_count(len(side) - _COMPARED, 'further line')}, not compared"
    yield from _equal(old[len(old) - end :], room)


def _common(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    pairs = zip(one, other, strict=False)
    return next((number for number, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _equal(lines: list[bytes], room: int) -> Iterator[str]:
    shown = [f"  {shortened(line, room)}" for line in _folded(lines)]
    if len(lines) > _FOLDED:
        shown.insert(_CONTEXT, f"  … {len(lines) - 2 * _CONTEXT:,} equal lines")
    yield from shown


def _folded(lines: list[bytes]) -> list[bytes]:
    return lines if len(lines) <= _FOLDED else lines[:_CONTEXT] + lines[-_CONTEXT:]


def _changed(old: list[bytes], new: list[bytes], room: int) -> Iterator[str]:
    pairs = min(len(old), len(new), _LINES // 2)
    for left, right in zip(old[:pairs], new[:pairs], strict=True):
        yield from _pair(left, right, room)
    for sign, rest in (("-", old[pairs:]), ("+", new[pairs:])):
        for line in rest[: _LINES // 2]:
            yield f"{sign} {shortened(line, room)}"
        if len(rest) > _LINES // 2:
            yield f"{sign} … {_count(len(rest) - _LINES // 2, 'line')} more"


def _pair(old: bytes, new: bytes, room: int) -> Iterator[str]:
    """Show two lines, from a little before the first byte that differs if they are long."""
    front = first_difference(old, new)
    back = min(first_difference(old[::-1], new[::-1]), len(old) - front, len(new) - front)
    skipped = 0
    if max(len(visible(old)), len(visible(new))) > room and front > _BEFORE:
        skipped = front - _BEFORE // 4
    gap = f"… ({_count(skipped, 'byte')}) " if skipped else ""
    marked = len(gap) + len(visible(old[skipped:front]))
    length = max(len(visible(side[front : len(side) - back])) for side in (old, new))
    for sign, side in (("-", old), ("+", new)):
        yield f"{sign} {_window(gap, side, skipped, room)}"
    if marked < room and (front > 1 or back > len(b"\r\n")):
        yield "  " + (" " * marked + "^" * max(length, 1))[:room]


def _window(gap: str, line: bytes, skipped: int, room: int) -> str:
    text = gap + visible(line[skipped : skipped + room + 1])
    if len(text) <= room:
        return text
    taken = skipped + _front(line[skipped:], max(room - len(gap) - 20, 0))
    return f"{gap}{visible(line[skipped:taken])}… ({_count(len(line) - taken, 'byte')} more)"


def first_difference(one: bytes, other: bytes) -> int:
    """Return the first offset at which the two differ; the length of the shorter if it begins the longer."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
