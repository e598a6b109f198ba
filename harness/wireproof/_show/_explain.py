"""A verdict that is no pass → what a person needs to understand it and to see it with their own eyes."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator, Mapping

from wireproof._model import LAYERS, Case, Clause, Difference, Evidence, Verdict
from wireproof._show._bytes import clean, first_difference, fit, place, side_by_side
from wireproof._show._calls import host_text
from wireproof._show._python import short_script

_FURTHER = 10
_STEPS = 3
_PAIR = b"<host>:<port>"


def explanation(
    verdict: Verdict, case: Case | None, clauses: Mapping[str, Clause], candidate: str, width: int = 80
) -> list[str]:
    """Return the lines that explain a verdict: the reason, where, which clause, the cause, the bytes, how to repeat it.

    Prose and diffs fit the ``width``; code is never broken, so that it can be copied. Nothing in the lines controls a
    terminal.

    Args:
        verdict: a verdict that is no pass.
        case: its case, for the script; None where it is not at hand.
        clauses: the clauses by id.
        candidate: the candidate's name, as on the command line.
        width: the number of columns.
    """
    width = max(width, 20)
    reason = verdict.reason
    lines = _wrapped(reason.text if reason else f"{verdict.id}: {verdict.verdict}", width)
    if reason is not None:
        lines += _about(verdict, case, reason, clauses, width)
    lines += _layers(verdict, width)
    for evidence in verdict.evidence[:_STEPS]:
        lines += ["", *_compared(evidence, case, width)]
    if case is not None:
        lines += ["", "The same by hand:", ""]
        lines += [f"    {line}" if line else "" for line in short_script(case, candidate).rstrip("\n").split("\n")]
    return [*lines, "", f"wireproof repro {clean(shlex.quote(verdict.id))} {clean(shlex.quote(candidate))}"]


def _wrapped(text: str, width: int, later: str = "  ") -> list[str]:
    return textwrap.wrap(clean(text), width, subsequent_indent=later, break_on_hyphens=False) or [""]


def _about(
    verdict: Verdict, case: Case | None, reason: Difference, clauses: Mapping[str, Clause], width: int
) -> Iterator[str]:
    where = _where(verdict, case, reason)
    if where:
        yield from _wrapped(f"where: {where}", width)
    if reason.clause:
        yield from _wrapped(f"clause: {_clause(reason.clause, clauses)}", width)
    for rule in verdict.rules:
        yield from _wrapped(f"rule: {rule}", width)
    if reason.cause:
        yield from _wrapped(f"likely cause: {reason.cause}", width)
    further = [text for text in dict.fromkeys(each.text for each in verdict.differences) if text != reason.text]
    for text in further[:_FURTHER]:
        yield fit(clean(f"also: {text}"), width)
    if len(further) > _FURTHER:
        yield fit(f"also: {len(further) - _FURTHER} more", width)


def _where(verdict: Verdict, case: Case | None, reason: Difference) -> str:
    """Return which request it is, and the part of its message."""
    parts = []
    if case is not None and len(case.steps) > 1:
        parts.append(f"step {reason.step + 1} of {len(case.steps)}")
    if reason.at is not None:
        evidence = next((each for each in verdict.evidence if each.step == reason.step), None)
        part = _part(evidence, case, reason.at) if evidence else ""
        parts.append(f"byte {reason.at:,}" + (f" ({part})" if part else ""))
    return ", ".join(parts)


def _part(evidence: Evidence, case: Case | None, at: int) -> str:
    """Return the part of the message at an offset of the real bytes.

    In the evidence the address is a placeholder, so that the offset is known to a byte only, by the usual length
    of a port. Where the first difference is so near, it is meant.
    """
    host = host_text(case.connection) if case is not None else "127.0.0.1"
    shorter = len(f"{host}:50000") - len(_PAIR)
    data, passed = evidence.received, 0
    found = data.find(_PAIR)
    while found >= 0 and found + passed < at:
        passed += shorter
        found = data.find(_PAIR, found + 1)
    place_ = at - passed
    if evidence.expected is not None:
        first = first_difference(evidence.expected, data)
        place_ = first if abs(first - place_) <= 1 else place_
    return place(data, place_)


def _clause(name: str, clauses: Mapping[str, Clause]) -> str:
    clause = clauses.get(name)
    if clause is None:
        return name
    sentences = "".join(f" [{number}]" for number in clause.sentences)
    return f"{clause.id} ({clause.level}){sentences}: {clause.text}"


def _layers(verdict: Verdict, width: int) -> Iterator[str]:
    layers = [f"{layer}: {verdict.layers[layer]}" for layer in LAYERS if layer in verdict.layers]
    if layers:
        yield from _wrapped("layers: " + ", ".join(layers), width)
    for note in verdict.notes:
        yield from _wrapped(f"note: {note}", width)


def _compared(evidence: Evidence, case: Case | None, width: int) -> Iterator[str]:
    step = f" in step {evidence.step + 1}" if case is not None and len(case.steps) > 1 else ""
    is_same = evidence.expected == evidence.received
    if is_same:
        yield from _wrapped(f"The bytes that are kept of it{step} are as expected.", width)
    else:
        yield from _wrapped(f"Expected (-) and received (+){step}:", width)
        if evidence.expected is not None or evidence.received:
            yield from side_by_side(evidence.expected, evidence.received, width)
    if evidence.expected_raises != evidence.raised:
        yield fit(f"- {_raised(evidence.expected_raises)}", width)
        yield from textwrap.wrap(f"+ {_raised(evidence.raised)}", width, subsequent_indent="  ")


def _raised(what: str | None) -> str:
    return f"raises {clean(what)}" if what else "no exception"
