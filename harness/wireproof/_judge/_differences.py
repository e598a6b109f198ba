"""Every way in which what was seen of one call differs from what was expected, said so that one knows what is wrong.

Theory of operation. ``matches`` gives the exact answer by comparing whole values. Only where it says no, the rules
are asked, group by group: outcome and connections, bytes out at the time of an exception, then head, framing and
body, then effects. Each group knows what the ones before it explained (see ``_diff_view``, rule 2). What no rule can
name is reported as ``bytes.differ``, with the first byte that differs: nothing that differs goes unreported.

At the end the differences are put in the order of their weight: what breaks the message before what is only spelled
differently, and effects on the arguments last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from wireproof._judge import (
    _diff_body,
    _diff_content,
    _diff_effects,
    _diff_fields,
    _diff_framing,
    _diff_head,
    _diff_long,
    _diff_outcome,
)
from wireproof._judge._diff_effects import expected_effects, wrong_effects
from wireproof._judge._diff_outcome import continues
from wireproof._judge._diff_view import View, count, first_difference
from wireproof._judge._sight import Sight
from wireproof._model import Blocks, Difference, Digest

__all__ = ["CODES", "differences", "expected_effects", "is_cut_short", "matches"]

_OWN = {"bytes.differ": "The bytes differ in a way that no rule has a name for."}

CODES: Mapping[str, str] = MappingProxyType(
    {
        **_diff_outcome.CODES,
        **_diff_head.CODES,
        **_diff_fields.CODES,
        **_diff_framing.CODES,
        **_diff_body.CODES,
        **_diff_content.CODES,
        **_diff_effects.CODES,
        **_OWN,
    }
)
"""Every code that a difference may have, and what it says."""

_SPELLING = (
    "chunk.lower-case",
    "chunk.leading-zeros",
    "chunk.extension",
    "chunk.boundaries",
    "order.",
    "field.name-case",
    "field.spacing",
    "field.extra",
)
_DEEPER = ("body.other-side", "body.repr")  # another framing follows from taking the body for something else
_EFFECT = ("effect.", "call.returned", "connection.left-open")


# the exact answer -------------------------------------------------------------------------------------------------


def matches(sight: Sight) -> bool:
    """Say whether everything that was seen is what was expected: bytes, outcome, connections and effects."""
    return _same_bytes(sight) and _same_outcome(sight) and _same_connections(sight) and not wrong_effects(sight)


def _same_bytes(sight: Sight) -> bool:
    wanted, data, least = sight.wire, sight.data, sight.expect.at_least
    head = wanted.head or b""
    if isinstance(wanted.body, Blocks):
        return sight.same == sight.total == len(wanted)
    if isinstance(wanted.body, Digest):
        return data.startswith(head) and _same_digest(sight, wanted.body, len(head))
    if least is not None:
        body = data[len(head) :]
        return data.startswith(head) and len(body) >= least and wanted.body.startswith(body)
    if sight.total > len(data) and sight.sha256 is not None:
        whole = head + wanted.body
        return sight.total == len(whole) and sight.sha256 == hashlib.sha256(whole).hexdigest()
    if is_cut_short(sight):
        return True
    return data == head + wanted.body and sight.total <= len(data)


def is_cut_short(sight: Sight) -> bool:
    """Say whether less was out than CPython would have sent by the time of an expected exception.

    When a body fails half-way, how much is out by then is a matter of streaming, which is reported and never judged: a
    client that sends everything in one piece sends nothing.
    """
    if sight.raised is None or sight.expect.raises not in sight.raised.classes:
        return False
    wanted = sight.wire.data
    if wanted is None:
        return False
    return len(sight.data) < len(wanted) and wanted.startswith(sight.data)


def _same_digest(sight: Sight, digest: Digest, start: int) -> bool:
    if max(sight.total, len(sight.data)) - start != digest.length:
        return False
    if sight.total > len(sight.data):
        return sight.sha256 == digest.sha256
    return hashlib.sha256(memoryview(sight.data)[start:]).hexdigest() == digest.sha256


def _same_outcome(sight: Sight) -> bool:
    raised, wanted = sight.raised, sight.expect.raises
    if raised is None:
        return wanted is None and sight.outcome.returned == "NoneType"
    return wanted in raised.classes and raised.phase != "construct"


def _same_connections(sight: Sight) -> bool:
    if sight.ended == "open":
        return False
    if not sight.data:
        return True
    wanted = continues(sight)
    return sight.connections <= 1 and (wanted is None or wanted == sight.continued)


# the explanation --------------------------------------------------------------------------------------------------


def differences(sight: Sight) -> tuple[Difference, ...]:
    """Return every difference, the most telling one first; none exactly where ``matches`` says yes."""
    if matches(sight):
        return ()
    view = View(sight)
    found = list(_diff_outcome.outcome(view))
    same_outcome, same_bytes = _same_outcome(sight), _same_bytes(sight)
    if not same_bytes and not _explained(view, found):
        in_bytes = list(_bytes(view))
        found += in_bytes or ([_fallback(view)] if same_outcome else [])
    found += _diff_effects.effects(view, progress=same_outcome and (same_bytes or sight.raised is not None))
    return tuple(sorted(dict.fromkeys(found), key=_weight))


def _explained(view: View, found: list[Difference]) -> bool:
    """Say whether the bytes differ only because of what was found: outcome or connections."""
    codes = {difference.code for difference in found}
    if codes & {"call.construct", "request.not-sent", "request.twice", "connection.retried", "connection.reset"}:
        return True
    if "call.not-raised" in codes:
        return view.sight.data.startswith(view.expected)
    return bool(codes & {"call.raised", "call.other-exception"}) and view.is_prefix


def _bytes(view: View) -> Iterator[Difference]:
    raised, wanted = view.sight.raised, view.sight.expect.raises
    if raised is not None and wanted is not None:
        early = _diff_outcome.at_exception(view)
        if early is not None:
            yield early
            return
    whole = _diff_head.whole(view)
    if whole:
        yield from whole
        return
    yield from _diff_head.head(view)
    framing = list(_diff_framing.framing(view))
    if (raised is None) == (wanted is None):
        body = list((_diff_long if view.is_long else _diff_body).body(view))
        yield from body
        framing = [] if any(difference.code in _DEEPER for difference in body) else framing
    yield from framing


def _weight(difference: Difference) -> int:
    if difference.code.startswith(_EFFECT):
        return 2
    return 1 if difference.code.startswith(_SPELLING) else 0


def is_spelling(found: tuple[Difference, ...]) -> bool:
    """Say whether all differences are of spelling or of effects: the message is what it should be."""
    return all(_weight(difference) > 0 for difference in found)


def _fallback(view: View) -> Difference:
    data, wanted = view.sight.data, view.expected
    at = view.sight.same if view.is_long else first_difference(data, wanted)
    shown = "" if view.is_long else f": {view.show(data[at:])} instead of {view.show(wanted[at:])}"
    start, lengths = view.sight.came_at(at), f"{count(view.total)} came, {view.expected_length} were expected"
    text = f"The bytes differ from byte {start} on{shown}; {lengths}."
    return view.found("bytes.differ", "bytes", text, "request.sent", at)
