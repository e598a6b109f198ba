"""Values → Python literals, in the short form that a person would write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

WIDTH = 88
"""Code is broken where a line would be longer, if it can be."""

_KEY = 16  # bytes that must come again before a repetition is looked for
_WORTH = 48  # characters that a repetition must stand for
_TRIES = 8  # places at which it comes again that are looked at
_SEARCHED = 4096  # characters without a repetition after which none is looked for any more
_PIECE = 72  # characters of a long literal in one line
_RUN = 4  # equal elements that are written as a repetition
_SERIES = 8  # numbered elements that are written as a comprehension
_ALL = bytes(range(256))
_DIGITS = re.compile(r"(?<![0-9])[0-9]{1,9}(?![0-9])")


def quote(value: str | bytes) -> str:
    """Return one literal, in ASCII, with double quotes where that needs no escape."""
    text = ascii(value)
    prefix, body = ("b", text[2:-1]) if isinstance(value, bytes) else ("", text[1:-1])
    return text if '"' in body or "'" in body else f'{prefix}"{body}"'


def filled(value: str, host: str, port: str) -> str:
    """Return a literal of the text in which <host> is ``host`` and <port> is ``port``, an expression.

    It is an f-string where <port> stands in it and is no number.
    """
    value = value.replace("<host>", host)
    if "<port>" not in value or port.isdigit():
        return literal(value.replace("<port>", port))
    braced = value.replace("{", "{{").replace("}", "}}")
    return "f" + quote(braced.replace("<port>", f"{{{port}}}"))


def literal(value: str | bytes) -> str:
    """Return an expression for the value in which repetitions are products: ``b"2000" + b"x" * 8192``."""
    terms = [term for part, count in _terms(value) for term in [_term(part, count)]]
    line = " + ".join(terms)
    if len(line) <= WIDTH and "\n" not in line:
        return line
    return "(\n" + indent("\n+ ".join(terms)) + "\n)"


def _term(part: str | bytes, count: int) -> str:
    if isinstance(part, bytes) and part == _ALL:
        return "bytes(range(256))" if count == 1 else f"bytes(range(256)) * {count}"
    if count == 1:
        pieces = [part[start : start + _PIECE] for start in range(0, len(part), _PIECE)] or [part]
        return "\n".join(quote(piece) for piece in pieces)
    unit = literal(part)
    return f"{unit} * {count}" if " + " not in unit and " * " not in unit else f"({unit}) * {count}"


def _terms(value: str | bytes) -> Iterable[tuple[str | bytes, int]]:
    """Take the value apart into units and how many times they come."""
    start = pos = 0
    while pos + _WORTH <= len(value) and pos - start < _SEARCHED:
        unit, count = _repeated(value, pos)
        if not count:
            pos += 1
            continue
        if pos > start:
            yield value[start:pos], 1
        yield unit, count
        start = pos = pos + len(unit) * count
    if start < len(value) or not value:
        yield value[start:], 1


def _repeated(value: str | bytes, pos: int) -> tuple[str | bytes, int]:
    """Return the unit that is repeated from ``pos`` on and how many times; 0 times if that is not worth a product."""
    if isinstance(value, bytes) and value.startswith(_ALL, pos):
        count = 1
        while value.startswith(_ALL, pos + count * len(_ALL)):
            count += 1
        return _ALL, count
    key = value[pos : pos + _KEY]
    best, times = key, 0
    again = pos
    for _ in range(_TRIES):
        again = value.find(key, again + 1)  # type: ignore[arg-type]
        period = again - pos
        if again < 0 or pos + 2 * period > len(value):
            break
        same = _same(value, pos, period)
        count = 1 + same // period
        if count > 1 and period * count >= _WORTH and period * count > len(best) * times:
            best, times = value[pos : pos + period], count
        again += same
    return best, times


def _same(value: str | bytes, pos: int, period: int) -> int:
    """Return how many characters from ``pos`` on equal those that stand ``period`` later."""
    low, high = 0, len(value) - pos - period
    while low < high:
        middle = (low + high + 1) // 2
        if value[pos + low : pos + middle] == value[pos + period + low : pos + period + middle]:
            low = middle
        else:
            high = middle - 1
    return low


def indent(code: str) -> str:
    """Return the code with every line moved by one level."""
    return "\n".join(f"    {line}" if line else line for line in code.split("\n"))


def bracket(opening: str, parts: Sequence[str], closing: str) -> str:
    """Return the parts between brackets, in one line if there is room, or one below the other."""
    line = opening + ", ".join(parts) + closing
    if (len(line) <= WIDTH and "\n" not in line) or not parts:
        return line
    if len(parts) == 1 and "\n" in parts[0] and parts[0].startswith(("{", "[", "(")):
        return line
    return opening + "\n" + "".join(indent(part) + ",\n" for part in parts) + closing


def listing(parts: Sequence[str]) -> str:
    """Return a list of expressions; equal ones in a row are a product."""
    groups: list[str] = []
    plain: list[str] = []
    for part, count in runs(parts):
        if count < _RUN:
            plain += [part] * count
            continue
        if plain:
            groups.append(bracket("[", plain, "]"))
            plain = []
        groups.append(f"[{part}] * {count}")
    if plain or not groups:
        groups.append(bracket("[", plain, "]"))
    return " + ".join(groups)


def runs(parts: Iterable[str]) -> list[tuple[str, int]]:
    """Return the parts with how many times each comes in a row."""
    found: list[tuple[str, int]] = []
    for part in parts:
        if found and found[-1][0] == part:
            found[-1] = (part, found[-1][1] + 1)
        else:
            found.append((part, 1))
    return found


def series(values: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], range] | None:
    """Return f-strings in ``n`` and the range of n that give all the tuples of texts one by one, if such there are."""
    found = leading(values)
    return found if found is not None and len(found[1]) == len(values) else None


def leading(values: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], range] | None:
    """Return the same for as many of the first tuples as are numbered; None for less than a few.

    The number in the first of the texts counts; where others hold the same number, they count with it.
    """
    found = _DIGITS.search(values[0][0]) if len(values) >= _SERIES else None
    if found is None:
        return None
    digits = found[0]
    width = f"0{len(digits)}" if digits.startswith("0") and len(digits) > 1 else ""
    templates = [re.split(rf"(?<![0-9]){digits}(?![0-9])", part) for part in values[0]]
    first = number = int(digits)
    for value in values:
        if tuple(format(number, width).join(template) for template in templates) != value:
            break
        number += 1
    if number - first < _SERIES:
        return None
    return tuple(_with_n(template, width) for template in templates), range(first, number)


def _with_n(template: list[str], width: str) -> str:
    if len(template) == 1:
        return literal(template[0])
    hole = f"{{n:{width}}}" if width else "{n}"
    return "f" + quote(hole.join(part.replace("{", "{{").replace("}", "}}") for part in template))


def span(numbers: range) -> str:
    """Return the range as a person writes it."""
    return f"range({numbers.stop})" if numbers.start == 0 else f"range({numbers.start}, {numbers.stop})"
