"""The tables of cases/README.md, from those that the reader itself uses; they stand between marks in that file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from wireproof._cases._vocabulary import DEFECTS, EFFECTS, OBSERVABLE, PROBES, QUESTIONS, REPLIES
from wireproof._recipes import KINDS, FieldType, Kind

_TYPES: dict[FieldType, str] = {
    "data": "bytes",
    "text": "text",
    "int": "number",
    "bool": "true or false",
    "name": "word",
    "ints": "list of numbers",
    "items": "list of recipes",
    "chars": "list of recipes",
    "pairs": "list of fields",
}


def fill(manual: str) -> str:
    """Return the manual with up-to-date tables between its marks, ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``.

    A mark that is not there is left out.
    """
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        text = begin + "".join(f"{line}\n" for line in table()) + end
        manual = re.sub(f"{begin}.*?{end}", lambda _, text=text: text, manual, flags=re.DOTALL)  # type: ignore[misc]
    return manual


def _table(titles: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for row in (titles, ("---",) * len(titles), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _kinds() -> Iterator[str]:
    rows = ((f"`{name}`", _code(kind.about), _fields(kind), kind.role) for name, kind in KINDS.items())
    return _table(("kind", "what it is", "fields, the main one first", "as a body"), rows)


def _code(text: str) -> str:
    """Return the text with Python's double underscores marked as code, which Markdown would take for emphasis."""
    return re.sub(r"__\w+__", r"`\g<0>`", text)


def _fields(kind: Kind) -> str:
    named = [f"`{name}`: {_TYPES[type_]}" for name, type_ in kind.fields]
    needed, free = named[: kind.required], named[kind.required :]
    return ", ".join(needed) + (f"; optional {', '.join(free)}" if free else "") or "none: `{}`"


def _effects() -> Iterator[str]:
    rows = ((f"`{name}`", about, _of(name)) for name, about in EFFECTS.items())
    return _table(("effect", "what is seen", "of which kinds"), rows)


def _of(effect: str) -> str:
    kinds = [f"`{kind}`" for kind, effects in OBSERVABLE.items() if effect in effects]
    return ", ".join(kinds) or "all mappings"


def _probes() -> Iterator[str]:
    rows = (
        (f"`{name}`", QUESTIONS[name], f"`{newest}`", ", ".join(f"`{answer}`" for answer in older))
        for name, (newest, *older) in PROBES.items()
    )
    return _table(("probe", "what it asks of http.client", "newest release", "`is`"), rows)


def _defects() -> Iterator[str]:
    return _table(("defect", "what CPython does"), ((f"`{name}`", about) for name, about in DEFECTS.items()))


def _replies() -> Iterator[str]:
    return _table(("reply", "what the server answers"), ((f"`{name}`", about) for name, about in REPLIES.items()))


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "kinds": _kinds,
    "effects": _effects,
    "probes": _probes,
    "defects": _defects,
    "replies": _replies,
}
"""The tables by the names of their marks."""
