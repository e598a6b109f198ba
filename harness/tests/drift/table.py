"""The drift matrix as JSON values: pure, from what was seen in each interpreter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wireproof._findings import group_of
from wireproof._model import Case, Difference

from .ask import Interpreter, Way
from .seen import Json, digest

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
NEWEST, NOT_PLAYED = "=", "-"
"""Cells: as in the newest release of CPython; not to be expressed there. A letter is another way."""

_SHOWN = 100
Digests = Mapping[Interpreter, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One case of which interpreters differ: its cell and, by letter, what is seen, in the same interpreter."""

    case: Case
    cells: tuple[str, ...]
    ways: Mapping[str, Way]


def newest(interpreters: Sequence[Interpreter]) -> Interpreter:
    """Return the newest release of CPython, or, where there is none, the last one."""
    return max((each for each in interpreters if not each.is_other), default=interpreters[-1])


def differing(digests: Digests) -> list[int]:
    """Return the positions of the cases that not all interpreters do alike."""
    columns = zip(*digests.values(), strict=True)
    return [at for at, column in enumerate(columns) if len({each for each in column if not each.startswith(" ")}) > 1]


def row(case: Case, seen: Mapping[Interpreter, Way | None]) -> Row:
    """Return the row of a case; letters are given in the order of the interpreters."""
    names = {interpreter: digest([*way.steps]) for interpreter, way in seen.items() if way is not None}
    last = newest([*names])
    cells: dict[str, str] = {names[last]: NEWEST}
    ways: dict[str, Way] = {}
    for interpreter, name in names.items():
        letter = cells.setdefault(name, _LETTERS[len(cells) - 1])
        way = seen[interpreter]
        assert way is not None
        ways.setdefault(letter, way)
    return Row(case, tuple(cells[names[each]] if each in names else NOT_PLAYED for each in seen), ways)


def table(
    interpreters: Sequence[Interpreter], digests: Digests, groups: Sequence[str], rows: Sequence[Row], suite: Json
) -> Json:
    """Return the whole matrix.

    Args:
        interpreters: the columns.
        digests: what was seen, or why nothing was, by interpreter and position.
        groups: of each position the folder or the matrix.
        rows: the cases of which interpreters differ.
        suite: what was asked: version, and number of cases.
    """
    differences = _differences(interpreters, rows)
    return {
        "suite": suite,
        "newest": newest(interpreters).name,
        "interpreters": [_column(each, interpreters, digests) for each in interpreters],
        "clauses": _clauses(differences),
        "differences": differences,
        "unsupported": _unsupported(interpreters, digests, groups),
    }


def _column(interpreter: Interpreter, interpreters: Sequence[Interpreter], digests: Digests) -> Json:
    own, other = digests[interpreter], digests[newest(interpreters)]
    pairs = Counter(
        "unsupported" if ours.startswith(" ") else "alone" if theirs.startswith(" ") else ours == theirs
        for ours, theirs in zip(own, other, strict=True)
    )
    counts = {"alike": pairs[True], "different": pairs[False], "unsupported": pairs["unsupported"]}
    return {"name": interpreter.name, "short": interpreter.short, "cases": len(own), **counts}


def _differences(interpreters: Sequence[Interpreter], rows: Sequence[Row]) -> list[Json]:
    """Return a row for each case, and one for all combinations of a matrix that differ in the same way."""
    found: dict[object, Json] = {}
    for each in rows:
        told = _told(each, interpreters)
        is_combination = each.case.id.startswith("matrix/")
        key = (group_of(each.case.id), repr(told)) if is_combination else each.case.id
        one = found.setdefault(key, {"case": each.case.id, "matrix": is_combination, "count": 0, **told})
        one["count"] += 1
    return list(found.values())


def _told(each: Row, interpreters: Sequence[Interpreter]) -> Json:
    difference, clause = _reason(each)
    own = [
        (interpreter.short, cell)
        for interpreter, cell in zip(interpreters, each.cells, strict=True)
        if not interpreter.is_other and cell != NOT_PLAYED
    ]
    first = next((short for short, cell in own if cell == NEWEST), "")
    later = [short for short, _ in own]
    later = later[later.index(first) :] if first else []
    is_drift = any(cell != NEWEST for _, cell in own)
    return {
        "clause": clause,
        "reason": difference.code if difference else "",
        "changed": sorted({kind for letter in each.ways for kind in _kinds(each.ways[letter], each.ways[NEWEST])}),
        "cells": dict(zip((interpreter.name for interpreter in interpreters), each.cells, strict=True)),
        "ways": {letter: _way(each, letter) for letter in sorted(each.ways)},
        "first": first if is_drift else "",
        "back": [short for short, cell in own if short in later and cell != NEWEST],
    }


def _reason(each: Row) -> tuple[Difference | None, str]:
    """Return in what another way is not the newest one, and the clause: the judge's first difference that the two do
    not have in common.
    """
    last = each.ways[NEWEST].differences
    for letter in sorted(each.ways, reverse=True):  # letters come before "="
        own = each.ways[letter].differences
        known = {(one.step, one.code, one.subject) for one in last}
        ours = {(one.step, one.code, one.subject) for one in own}
        found = [one for one in own if (one.step, one.code, one.subject) not in known]
        found += [one for one in last if (one.step, one.code, one.subject) not in ours]
        if letter != NEWEST and found:
            with_clause = next((one for one in found if one.clause), found[0])
            return with_clause, with_clause.clause or each.case.clauses[0]
    return None, each.case.clauses[0]


def _kinds(way: Way, other: Way) -> Iterator[str]:
    """Yield in what kinds of things two ways differ."""
    for kind, keys in (
        ("bytes", ("sent", "length", "as_announced", "fatal")),
        ("exception", ("raised", "returned")),
        ("effects", ("effects",)),
    ):
        ours, theirs = ([[step.get(key) for key in keys] for step in each.steps] for each in (way, other))
        if ours != theirs:
            yield kind
    if any(_is_elsewhere(ours, theirs) for ours, theirs in zip(way.steps, other.steps, strict=False)):
        yield "connections"


def _is_elsewhere(step: Json, other: Json) -> bool:
    """Say whether what both send comes on another connection."""
    return bool(step.get("continued") and other.get("continued")) and step["continued"] != other["continued"]


def _way(each: Row, letter: str) -> str:
    """Return in words what one way does in the first step in which any other differs from it."""
    ways = [way.steps for way in each.ways.values()]
    count = max(map(len, ways))
    own = each.ways[letter].steps
    for at in range(count):
        steps = [steps[at] if at < len(steps) else None for steps in ways]
        if any(step != steps[0] for step in steps):
            return _step(own[at], [step for step in steps if step is not None]) if at < len(own) else "nothing more"
    return "the same"


def _step(step: Json, others: Sequence[Json]) -> str:
    if "fatal" in step:
        return f"does not survive the call ({step['fatal']})"
    words = [f"raises {step['raised'][0]}" if step["raised"] else "returns"]
    if not step["sent"]:
        words.append("sends nothing")
    elif any(other.get("sent") != step["sent"] for other in others):
        words.append(f"sends {_line(step, others)}")
    if any(other.get("effects") != step["effects"] for other in others):
        words.append(f"effects {step['effects']}")
    if any(_is_elsewhere(step, other) for other in others):
        words.append("a new connection" if step["continued"] == [False] else "the same connection")
    return ", ".join(words)


def _line(step: Json, others: Sequence[Json]) -> str:
    """Return the first line in which what is sent differs from that of another way, or what is there beyond it."""
    own = step["sent"].split("\r\n")
    lines = [other["sent"].split("\r\n") for other in others if other.get("sent") and other["sent"] != step["sent"]]
    at = min((_common(own, other) for other in lines), default=0)
    if own[at:] == [""]:
        return "the head only" if own[-2:] == ["", ""] else "no more than the others"
    return ascii(own[at] if at < len(own) else own[0])[1:-1][:_SHOWN] or "an empty line"


def _common(own: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(own, other, strict=False)
    return next((at for at, (ours, theirs) in enumerate(pairs) if ours != theirs), min(len(own), len(other)))


def _clauses(differences: Sequence[Json]) -> list[Json]:
    """Return for each clause in how many cases releases of CPython differ, and the first with the newest way."""
    found: dict[str, Json] = {}
    for one in differences:
        if one["first"]:
            counts = found.setdefault(
                one["clause"], {"clause": one["clause"], "cases": 0, "combinations": 0, "first": []}
            )
            counts["combinations" if one["matrix"] else "cases"] += one["count"]
            if one["first"] not in counts["first"]:
                counts["first"].append(one["first"])
    return [found[clause] for clause in sorted(found)]


def _unsupported(interpreters: Sequence[Interpreter], digests: Digests, groups: Sequence[str]) -> list[Json]:
    """Return what cannot be expressed with an interpreter: why, where, and in how many cases of which folder."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for interpreter in interpreters:
        for at, own in enumerate(digests[interpreter]):
            if own.startswith(" "):
                found.setdefault(own[1:], {}).setdefault(interpreter.name, Counter())[groups[at]] += 1
    return [
        {"why": why, "where": {name: dict(sorted(counts.items())) for name, counts in where.items()}}
        for why, where in sorted(found.items())
    ]
