"""The drift matrix as Markdown: pure, from its JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .seen import Json


def page(table: Json) -> str:
    """Return the page."""
    return "\n".join(_lines(table)) + "\n"


def _lines(table: Json) -> Iterator[str]:
    suite = table["suite"]
    yield "# The drift matrix"
    yield ""
    yield (
        f"What `http.client` of each interpreter does in {suite['cases']:,} hand-written cases and "
        f"{suite['combinations']:,} combinations "
        f"(strength {suite['strength']}, wireproof {suite['version']}), held against {table['newest']}: "
        "the bytes, the class of the exception, what becomes of the arguments, and whether a connection is used again. "
        "Messages of exceptions are left out."
    )
    yield ""
    yield "`tox -e drift` makes this page and `drift.json` anew."
    yield ""
    yield from _grid(
        ("interpreter", "cases", "alike", "different", "unsupported"),
        [
            [each["name"], *(f"{each[key]:,}" for key in ("cases", "alike", "different", "unsupported"))]
            for each in table["interpreters"]
        ],
    )
    yield "## Clauses"
    yield ""
    yield (
        "In which clauses releases of CPython differ, in how many cases and combinations, and the first release here "
        "that does it as the newest does. Backports cut across minor versions, and distributors patch: what holds for "
        "a release here need not hold for another one with the same first two numbers."
    )
    yield ""
    yield from _grid(
        ("clause", "cases", "combinations", "first release with the newest way"),
        [
            [f"`{each['clause']}`", f"{each['cases']:,}", f"{each['combinations']:,}", ", ".join(each["first"])]
            for each in table["clauses"]
        ],
    )
    yield "## Cases"
    yield ""
    yield (
        "`=` is the way of the newest release, a letter is another way, explained below, and `-` cannot be expressed "
        "there. Of a matrix the combinations that differ in the same way are one row."
    )
    yield ""
    heads = [each["short"] for each in table["interpreters"]]
    yield from _grid(
        ("case", "clause", "first", *heads),
        [
            [_name(one), f"`{one['clause']}`", _first(one), *(f"`{cell}`" for cell in one["cells"].values())]
            for one in table["differences"]
        ],
    )
    for one in table["differences"]:
        yield f"- {_name(one)} ({' and '.join(one['changed'])})"
        for letter, way in one["ways"].items():
            yield f"  - `{letter}` {_code(way)}"
    yield ""
    yield "## Unsupported"
    yield ""
    yield "What an interpreter has no way to express is neither alike nor different."
    yield ""
    yield from _grid(
        ("interpreter", "why", "cases"),
        [
            [name, _escaped(one["why"]), ", ".join(f"{count} in {group}" for group, count in counts.items())]
            for one in table["unsupported"]
            for name, counts in one["where"].items()
        ],
    )


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        yield "None."
    else:
        yield f"| {' | '.join(heads)} |"
        yield f"|{' --- |' * len(heads)}"
        for row in rows:
            yield f"| {' | '.join(row)} |"
    yield ""


def _name(one: Json) -> str:
    more = f" and {one['count'] - 1:,} more" if one["count"] > 1 else ""
    return f"`{one['case']}`{more}"


def _first(one: Json) -> str:
    if not one["first"]:
        return "not in CPython"
    back = f" (but not {', '.join(one['back'])})" if one["back"] else ""
    return f"{one['first']}{back}"


def _code(text: str) -> str:
    """Return text that a candidate may have written as inline code that nothing in it can end."""
    return _escaped(text) if "`" in text else f"`` {text} ``"


def _escaped(text: str) -> str:
    """Return text in which nothing is markup."""
    return "".join(f"&#{ord(char)};" if char in "\\`*_[]<>|&~$#" else char for char in text)
