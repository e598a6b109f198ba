"""Wrong captures made from a right one, each with one damage: what no client may do, and what one must be told of it.

``KINDS`` names the damages. Each is a small function of one of the modules ``_damage_*``; ``_scene`` holds their rules.
A twin knows the codes of the reasons that name its damage, so that a test of the judge over all cases can ask for the
reason that fits, and not only for a failure.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from wireproof._judge import judge
from wireproof._model import Capture, Case, Difference, Verdict
from wireproof._proof import (
    _damage_body,
    _damage_chunks,
    _damage_fields,
    _damage_framing,
    _damage_head,
    _damage_outcome,
    _damage_sequence,
)
from wireproof._proof._accepted import is_right
from wireproof._proof._right import right
from wireproof._proof._scene import Damage, Scene, damaged

__all__ = ["KINDS", "Twin", "clauses_by_twins", "fits", "named", "of_kind", "twins"]

_Item = TypeVar("_Item")
_LARGE = 16_000

KINDS: Mapping[str, Damage] = MappingProxyType(
    {
        **_damage_head.KINDS,
        **_damage_fields.KINDS,
        **_damage_framing.KINDS,
        **_damage_body.KINDS,
        **_damage_chunks.KINDS,
        **_damage_outcome.KINDS,
        **_damage_sequence.KINDS,
    }
)
"""Every kind of damage."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A wrong capture.

    ``kind``: that of the damage; ``what``: the rest of it in a few words; ``step``: the step that it was done to.
    ``fits``: the codes of the reasons that name it, some with a subject ("code/subject"), or with an open end
    ("code*"). ``clauses``: clauses that it breaks beside those that a reason names. ``contract`` and ``rfc``: whether
    the layer must fail, or must pass; None: that is not known.
    """

    kind: str
    what: str
    step: int
    capture: Capture
    fits: tuple[str, ...]
    clauses: tuple[str, ...] = ()
    contract: bool | None = None
    rfc: bool | None = None


def twins(case: Case, capture: Capture, *, every: bool = False) -> Iterator[Twin]:
    """Yield twins of a right capture of the case.

    There is one of each kind that the case has, another one in each case, and of large ones a third of that; with
    ``every`` there are all.
    """
    for number, kind in enumerate(KINDS):
        found = of_kind(kind, case, capture)
        if every:
            yield from found
        elif not _is_large(capture) or (number + _mark(case)) % 3 == 0:
            yield from itertools.islice(found, 1)


def of_kind(kind: str, case: Case, capture: Capture) -> Iterator[Twin]:
    """Yield the twins with one kind of damage, the first of them at a place that differs from case to case."""
    mark = _mark(case)
    steps = [number for number, step in enumerate(case.steps) if step.expect is not None]
    for number in _from(steps, mark):
        scene = Scene(case, capture, number)
        for hurt in _from(tuple(KINDS[kind](scene)), mark):
            twin = damaged(scene, hurt)
            if not is_right(case, twin):
                yield Twin(kind, hurt.what, number, twin, hurt.fits, hurt.clauses, hurt.contract, hurt.rfc)


def _mark(case: Case) -> int:
    return zlib.crc32(case.id.encode())


def _is_large(capture: Capture) -> bool:
    return sum(len(stream.data) for stream in capture.streams) > _LARGE


def _from(items: Sequence[_Item], mark: int) -> Iterator[_Item]:
    start = mark % len(items) if items else 0
    return itertools.chain(items[start:], items[:start])


def fits(twin: Twin, difference: Difference | None) -> bool:
    """Say whether a difference names the damage of a twin."""
    if difference is None or (difference.step != twin.step and twin.capture.fatal is None):
        return False
    return any(_is_meant(fit, difference) for fit in twin.fits)


def _is_meant(fit: str, difference: Difference) -> bool:
    code, _, subject = fit.partition("/")
    return all(
        name.startswith(wanted[:-1]) if wanted.endswith("*") else not wanted or name == wanted
        for wanted, name in ((code, difference.code), (subject, difference.subject))
    )


def clauses_by_twins(case: Case) -> frozenset[str]:
    """Return the clauses that the verdict on some twin of the case names as the one that is broken.

    That is the clause of the first reason, and the documented clause, or the rule of the RFC, that is broken alone.
    """
    found: set[str] = set()
    for twin in twins(case, right(case)):
        verdict = judge(case, twin.capture, {})
        if fits(twin, verdict.reason):
            found.update((*named(verdict), *twin.clauses))
    return frozenset(found)


_INVALID = "not valid HTTP/1.1: "


def named(verdict: Verdict) -> Iterator[str]:
    """Yield the clauses that a verdict names as broken: that of its reason, and one that is broken alone."""
    if verdict.reason is not None and verdict.reason.clause:
        yield verdict.reason.clause
    broken = {each.clause for each in verdict.differences if each.code == "contract"}
    invalid = {note.removeprefix(_INVALID) for note in verdict.notes if note.startswith(_INVALID)}
    yield from broken if len(broken) == 1 else ()
    yield from invalid if len(invalid) == 1 else ()
