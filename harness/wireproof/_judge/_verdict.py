"""(case, capture) → verdict: three layers, each with its own answer, and the reasons in the order of their weight.

``bytes`` asks ``_differences``, ``contract`` the predicates of ``_contract``, ``rfc`` the rules of ``_rfc``. Where the
bytes are the expected ones, the answers of the other layers are those of the expectation itself, which ``examine``
checks.

Where a candidate is allowed something (``Tolerances``), the strict verdict is found first, without a thought of that.
Only steps that do not pass are looked at once more, each head put right as far as it is allowed (``_tolerate``).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from wireproof._judge._contract import PREDICATES, Breach, applicable, breaches, inverted, refusable
from wireproof._judge._diff_view import distance, first_difference
from wireproof._judge._differences import differences, is_cut_short, is_spelling, matches
from wireproof._judge._rfc import violated
from wireproof._judge._sight import Sight
from wireproof._judge._tolerate import put_right
from wireproof._model import (
    STRICT,
    Alternative,
    Blocks,
    Capture,
    Case,
    Compared,
    Difference,
    Digest,
    Evidence,
    Expect,
    Outcome,
    Raised,
    Step,
    StepRecord,
    Strict,
    Tolerances,
    Verdict,
)
from wireproof._plan import applicable as applicable_alternatives
from wireproof._plan import wire
from wireproof.errors import BugInCase

_SHOWN = 65536
_CUT_SHORT = frozenset(("rfc.empty", "rfc.head-incomplete", "rfc.chunk-last", "rfc.content-short", "rfc.h11"))
"""What an exception half-way leaves behind is no fault of its own."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one step contributes to the verdict."""

    layers: Mapping[str, str]
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    defect: tuple[str, str] | None = None
    evidence: Evidence | None = None
    unsupported: str | None = None
    tolerated: tuple[str, ...] = ()


_WITH_PREDICATE = frozenset(predicate.clause for predicate in PREDICATES)
_OTHER_PORT = re.compile(r"\b127(?:\.\d{1,3}){3}:\d{5}\b")
_FRAMING_LINE = re.compile(rb"(?:content-length|transfer-encoding)[ \t]*:")
_ADDRESS = re.compile(r"\b0x[0-9A-Fa-f]{6,}")
_PASSED = {"bytes": "pass", "contract": "pass", "rfc": "pass"}
_FAILED = dict.fromkeys(_PASSED, "fail")


def judge(
    case: Case,
    capture: Capture,
    probes: Mapping[str, str],
    *,
    strict_defects: bool = False,
    tolerances: Tolerances = STRICT,
) -> Verdict:
    """Return the verdict on what was seen of one exchange.

    Args:
        case: what was asked.
        capture: what was seen.
        probes: the answers of the candidate's interpreter, for alternatives that hang on them.
        strict_defects: whether CPython's way in its known defects fails.
        tolerances: what is let pass. Where that makes a difference, the strict verdict stands beside the tolerant one.
    """
    if capture.fatal is not None:
        code, text = capture.fatal
        return fatal(case, code, text, tuple(_fatal_evidence(case, capture)))
    looks = list(_looks(case, capture, probes))
    judged = [_judge_step(case, look, strict_defects=strict_defects) for look in looks]
    strict = _verdict(case, capture, judged)
    if not tolerances or strict.verdict not in ("nonstrict", "fail"):
        return strict
    again = [
        finding
        if finding.layers["bytes"] == "pass"
        else _judge_step(case, _put_right(look, tolerances), strict_defects=strict_defects)
        for look, finding in zip(looks, judged, strict=True)
    ]
    tolerated = tuple(dict.fromkeys(name for finding in again for name in finding.tolerated))
    tolerant = _verdict(case, capture, again) if tolerated else strict
    if (tolerant.layers, tolerant.fingerprint) == (strict.layers, strict.fingerprint):
        return strict
    beside = Strict(strict.verdict, strict.layers, strict.differences, strict.fingerprint)
    return replace(tolerant, strict=beside, tolerated=tolerated)


def _verdict(case: Case, capture: Capture, findings: Sequence[_Finding]) -> Verdict:
    """Return what the findings of all steps come to."""
    unsupported = next((finding.unsupported for finding in findings if finding.unsupported), None)
    if unsupported is not None:
        reason = Difference("unsupported", "", unsupported)
        layers = dict.fromkeys(_PASSED, "unsupported")
        return Verdict(case.id, case.hash, "unsupported", layers, case.clauses, (reason,), since=case.since)
    layers = {
        layer: "fail" if any(finding.layers[layer] == "fail" for finding in findings) else "pass" for layer in _PASSED
    }
    found = tuple(difference for finding in findings for difference in finding.differences)
    is_pass = layers["bytes"] == "pass"
    return Verdict(
        id=case.id,
        hash=case.hash,
        verdict="pass" if is_pass else "nonstrict" if layers["contract"] == "pass" else "fail",
        layers=layers,
        clauses=case.clauses,
        differences=found,
        blame=None if is_pass else "candidate",
        defects=tuple(dict.fromkeys(finding.defect for finding in findings if finding.defect)),
        notes=tuple(dict.fromkeys((*(note for finding in findings for note in finding.notes), *_endings(capture)))),
        observed=capture.observed,
        evidence=tuple(finding.evidence for finding in findings if finding.evidence),
        fingerprint="" if is_pass else fingerprint(layers, found),
        since=case.since,
        rules=() if is_pass else case.rules,
    )


def _endings(capture: Capture) -> Iterator[str]:
    """Yield what is worth knowing of how connections ended, and held against nobody."""
    if any(stream.ended == "half-closed" for stream in capture.streams):
        yield "the client shut down its sending side only, and could still receive"


def fatal(case: Case, code: str, text: str, evidence: tuple[Evidence, ...] = ()) -> Verdict:
    """Return the verdict on an exchange that the candidate did not survive, or did not end ("timeout", "crash")."""
    reason = Difference(code, "process", text, "request.sent")
    return Verdict(
        case.id,
        case.hash,
        "fail",
        _FAILED,
        case.clauses,
        (reason,),
        blame="candidate",
        evidence=evidence,
        fingerprint=fingerprint(_FAILED, (reason,)),
        since=case.since,
        rules=case.rules,
    )


def errored(case: Case, text: str, blame: Literal["harness", "driver"] = "harness") -> Verdict:
    """Return the verdict on an exchange that the harness, or a driver, could not finish; nothing is said of the
    candidate.
    """
    reason = Difference(blame, "process", text)
    layers = dict.fromkeys(_PASSED, "error")
    return Verdict(case.id, case.hash, "error", layers, case.clauses, (reason,), blame=blame, since=case.since)


def fingerprint(layers: Mapping[str, str], found: tuple[Difference, ...]) -> str:
    """Return what stays the same as long as a case fails in the same way: no values, no times, no addresses."""
    parts = sorted({(difference.step, difference.code, difference.subject) for difference in found})
    return hashlib.sha256(json.dumps([sorted(layers.items()), parts]).encode()).hexdigest()[:16]


_Look = tuple[Sight, tuple[Alternative, ...]] | _Finding
"""What a judge looks at of a step, and the other outcomes that are right here; or what is known of it already."""


def _looks(case: Case, capture: Capture, probes: Mapping[str, str]) -> Iterator[_Look]:
    for number, (step, record) in enumerate(zip(case.steps, capture.records, strict=True)):
        if record is not None and record.outcome.unsupported is not None:
            yield _Finding(_PASSED, unsupported=record.outcome.unsupported)
            continue
        if step.action != "request":
            if record is not None:
                yield _side_step(number, record)
            continue
        if record is None:
            record = StepRecord(Outcome(raised=Raised(("NotPerformed",), "the step was not reached", "request")))
        yield _sight(case, capture, number, record), applicable_alternatives(step.alternatives, probes)


def _put_right(look: _Look, tolerances: Tolerances) -> _Look:
    if isinstance(look, _Finding):
        return look
    sight, alternatives = look
    return put_right(sight, tolerances), alternatives


def _side_step(number: int, record: StepRecord) -> _Finding:
    """close() or getresponse() let an exception out: the sequence cannot be judged as it was meant."""
    raised = record.outcome.raised
    assert raised is not None
    text = f"{raised.phase}() raised {raised.classes[0]}: {raised.message[:200]!r}"
    difference = Difference("raised", raised.phase, text, "request.sent", number)
    evidence = Evidence(number, None, b"", None, raised.classes[0])
    return _Finding(_FAILED | {"rfc": "pass"}, (difference,), evidence=evidence)


def _sight(case: Case, capture: Capture, number: int, record: StepRecord) -> Sight:
    step = case.steps[number]
    assert step.request is not None
    assert step.expect is not None
    host, port = capture.addresses.get(step.on, ("", 0))
    streams = [capture.streams[part.stream] for part in record.grown]
    pieces = [stream.data[part.start : part.end] for stream, part in zip(streams, record.grown, strict=True)]
    is_last = all(later.on != step.on for later in case.steps[number + 1 :])
    total = sum(part.end - part.start for part in record.grown)
    only = streams[0] if len(streams) == 1 and streams[0].total == total else None
    return Sight(
        step=number,
        request=step.request,
        expect=step.expect,
        wire=wire(step.expect, host, port),
        data=b"".join(pieces),
        outcome=record.outcome,
        connections=len(streams),
        continued=any(part.start for part in record.grown),
        continues=case.continues(number),
        after_failure=_is_after_failure(case, number),
        after_leniency=_is_after_leniency(case, capture, number),
        ended=streams[-1].ended if is_last and streams else "",
        host=host,
        port=port,
        total=total,
        sha256=only.sha256 if only else None,
        compared=streams[0].compared if len(streams) == 1 else None,
    )


def _is_after_failure(case: Case, number: int) -> bool:
    """Say whether an exception was expected of the call before a step, on its connection."""
    on = case.steps[number].on
    before = [step.expect for step in case.steps[:number] if step.on == on and step.expect is not None]
    return any(expect.raises not in (None, "CannotSendRequest") for expect in before)


def _is_after_leniency(case: Case, capture: Capture, number: int) -> bool:
    """Say whether a call before a step, on its connection and since that was closed or answered last, was accepted
    although an exception was expected.
    """
    on, is_busy = case.steps[number].on, False
    for step, record in zip(case.steps[:number], capture.records[:number], strict=True):
        if step.on == on and step.expect is None:
            is_busy = False
        elif step.on == on and step.expect is not None and step.expect.raises is not None:
            is_busy |= record is not None and record.outcome.raised is None
    return is_busy


def _with(sight: Sight, expect: Expect) -> Sight:
    """Return the sight with another expectation; what is let pass is let pass of that one, then."""
    other = replace(sight.seen, expect=expect, wire=wire(expect, sight.host, sight.port))
    return put_right(other, sight.put_right.tolerances) if sight.put_right else other


def _judge_step(case: Case, look: _Look, *, strict_defects: bool) -> _Finding:
    if isinstance(look, _Finding):
        return look
    sight, alternatives = look
    # of a combination it takes work to say what was asked for, and of a pass nobody asks
    asked = () if case.rules else tuple(f"the caller asked for it: {code}" for code in case.asked)
    if is_cut_short(sight):
        asked += (f"{len(sight.data)} of {len(sight.wire)} bytes were out when the exception came",)
    if matches(sight):
        defects = [each.name for each in case.steps[sight.step].alternatives if each.kind == "defect"]
        absent = (min(defects), "absent") if defects else None
        return _Finding(_PASSED, notes=asked, defect=absent, tolerated=sight.tolerated)
    for alternative in alternatives:
        if alternative.kind != "layer" and matches(other := _with(sight, alternative.expect)):
            if alternative.kind == "defect":
                if strict_defects:
                    return _strict_defect(sight, alternative)
                return _Finding(_PASSED, notes=asked, defect=(alternative.name, "present"), tolerated=other.tolerated)
            note = f"odd input, and another sensible way: {alternative.name}"
            if alternative.kind == "probe":
                note = f"as releases do whose {alternative.name} is {alternative.value}"
            return _Finding(_PASSED, notes=(*asked, note), tolerated=other.tolerated)
    if not strict_defects:
        for alternative in alternatives:
            if alternative.kind == "defect" and _is_like(sight, _with(sight, alternative.expect)):
                return _judge_defect(case, alternative, _with(sight, alternative.expect))
    return _judge_difference(case, alternatives, sight)


def _is_like(sight: Sight, known: Sight) -> bool:
    """Say whether what came is CPython's known way with another difference on top, not the right way with one.

    It is so where it begins like CPython's way for longer, whatever the case of letters, and less of it differs; or
    where it differs from that in spelling only. A valid message is none of CPython's that is not.
    """
    fields = frozenset(_fields(known.wire.data or b"")) ^ frozenset(_fields(sight.wire.data or b""))
    alike, right = ((_telling(each.data, fields), _telling(each.wire.data or b"", fields)) for each in (known, sight))
    is_nearer = first_difference(*alike) > first_difference(*right) and distance(*alike) < distance(*right)
    if alike[0] != alike[1] and not is_nearer:
        return is_spelling(differences(known))
    return bool(_violated(sight)) or not _violated(_as_known(known))


def _fields(data: bytes) -> list[bytes]:
    """Return the lines of the head, in lower case."""
    return data.lower().partition(b"\r\n\r\n")[0].split(b"\r\n")


def _telling(data: bytes, fields: Container[bytes]) -> bytes:
    """Return what tells a defect from the right way: of the head only the request lines, what is said of the body, and
    these lines.
    """
    _, blank, body = data.lower().partition(b"\r\n\r\n")
    told = (
        line for line in _fields(data) if line in fields or line.endswith(b" http/1.1") or _FRAMING_LINE.match(line)
    )
    return b"\r\n".join(told) + blank + body


def _as_known(sight: Sight) -> Sight:
    """Return the sight of what is exactly CPython's known way."""
    return replace(sight, data=sight.wire.data or b"", total=len(sight.wire))


def _judge_defect(case: Case, alternative: Alternative, sight: Sight) -> _Finding:
    """Judge what differs from CPython's known way in spelling only: what the defect itself breaks is forgiven."""
    known = _as_known(sight)
    forgiven = {breach.clause for breach in breaches(known)}
    broken = tuple(breach for breach in breaches(sight) if breach.clause not in forgiven)
    wrong = tuple(code for code in _violated(sight) if code not in (*_asked(case, sight), *_violated(known)))
    layers = {"bytes": "fail", "contract": "fail" if broken else "pass", "rfc": "fail" if wrong else "pass"}
    found = (*differences(sight), *_as_differences(broken, sight))
    notes = tuple(f"not valid HTTP/1.1: {code}" for code in wrong)
    return _Finding(layers, found, notes, (alternative.name, "present"), _evidence(sight), tolerated=sight.tolerated)


def _strict_defect(sight: Sight, alternative: Alternative) -> _Finding:
    found = differences(sight)
    text = f"CPython's defect {alternative.name}: {found[0].text}"
    named = replace(found[0], code="defect", subject=alternative.name, text=text)
    layers = {"bytes": "fail", "contract": "fail", "rfc": "fail"}
    return _Finding(layers, (named,), (), (alternative.name, "present"), _evidence(sight), tolerated=sight.tolerated)


def _judge_difference(case: Case, alternatives: tuple[Alternative, ...], sight: Sight) -> _Finding:
    own = next((each.expect for each in alternatives if each.kind == "probe"), sight.expect)
    sight = _with(sight, own)
    accepted = any(each.kind == "layer" and matches(_with(sight, each.expect)) for each in alternatives)
    broken = () if accepted else breaches(sight)
    violated_ = _violated(sight)
    asked = _asked(case, sight) if violated_ else ()
    if own is not case.steps[sight.step].expect:
        asked += _violated(_as_known(sight))  # a release's own way may break a rule
    wrong = tuple(code for code in violated_ if code not in asked)
    layers = {"bytes": "fail", "contract": "fail" if broken else "pass", "rfc": "fail" if wrong else "pass"}
    notes = [f"the caller asked for it: {code}" for code in violated_ if code in asked]
    notes += [f"not valid HTTP/1.1: {code}" for code in wrong]
    if sight.raised is not None and not broken and sight.expect.raises is None and refusable(sight):
        notes.append("refusing such a request is allowed by the contract")
    found = (*differences(sight), *_as_differences(broken, sight))
    return _Finding(layers, found, tuple(notes), evidence=_evidence(sight), tolerated=sight.tolerated)


def _asked(case: Case, sight: Sight) -> tuple[str, ...]:
    """Return the codes of the RFC's violations that the caller asked for in this step.

    The values of a combination say only what they may ask for; what they do ask for is in the expected bytes.
    """
    if not case.rules:
        return case.asked
    violated = _violated(_perfect(sight.step, case.steps[sight.step], sight.expect))
    return tuple(code for code in case.asked if code in violated)


def _as_differences(broken: tuple[Breach, ...], sight: Sight) -> Iterator[Difference]:
    for breach in broken:
        text = placeholders(breach.text, sight.host, sight.port)
        yield Difference("contract", breach.clause, text, breach.clause, sight.step)


def _violated(sight: Sight) -> tuple[str, ...]:
    """Return the codes of the RFC's rules that the bytes of the call break."""
    if sight.raised is not None and not sight.data:
        return ()
    codes = dict.fromkeys(violation.code for violation in violated(sight.message))
    is_cut = sight.raised is not None or sight.expect.at_least is not None
    return tuple(code for code in codes if not (is_cut and code in _CUT_SHORT))


def _evidence(sight: Sight) -> Evidence:
    """Return the bytes on both sides, as they came, with placeholders for the address: two runs compare equal."""
    text = sight.seen.data[:_SHOWN].decode("latin-1")
    raised = f"{sight.raised.classes[0]}: {sight.raised.message[:500]}" if sight.raised else None
    return Evidence(
        sight.step,
        wire(sight.expect, "<host>", "<port>").beginning(_SHOWN),
        placeholders(text, sight.host, sight.port).encode("latin-1"),
        sight.expect.raises,
        None if raised is None else _ADDRESS.sub("0x…", placeholders(raised, sight.host, sight.port)),
    )


def placeholders(text: str, host: str, port: int) -> str:
    """Return the text with the server's address replaced by <host> and <port>."""
    if not host:
        return text
    text = text.replace(f"{host}:{port}", "<host>:<port>").replace(f":{port}", ":<port>")
    # what an earlier exchange left behind may name the port of that one
    text = _OTHER_PORT.sub("<host>:<port>", text)
    return text.replace(host, "<host>") if host.startswith("127.") else text


def _fatal_evidence(case: Case, capture: Capture) -> Iterator[Evidence]:
    """Yield what had come of the step that was under way."""
    for number, step in enumerate(case.steps):
        if step.expect is not None and capture.records[number] is None:
            host, port = capture.addresses.get(step.on, ("", 0))
            data = b"".join(stream.data for stream in capture.streams if stream.client == step.on)
            expected = wire(step.expect, "<host>", "<port>").beginning(_SHOWN)
            text = placeholders(data[:_SHOWN].decode("latin-1"), host, port)
            yield Evidence(number, expected, text.encode("latin-1"), step.expect.raises, None)
            return


@dataclass(frozen=True, slots=True)
class Examined:
    """What the other two oracles say of a case: its bugs, and the RFC's rules that the expected bytes break."""

    bugs: tuple[BugInCase, ...]
    violated: frozenset[str]


def examine(case: Case) -> tuple[BugInCase, ...]:
    """Hold a case against the other two oracles: return what they say against its expectations.

    A perfect client, that sends exactly what is expected, must break no documented clause, and exactly the RFC's
    rules that the caller asks for; and every documented clause that the case claims must speak of one of its calls.
    The values of a combination say only what they may ask for: it must break no others.
    """
    return examined(case).bugs


def examined(case: Case) -> Examined:
    """Return the same, and what the expected bytes break (see ``examine``)."""
    bugs: list[str] = []
    speaking: set[str] = set()
    violated: set[str] = set()
    for number, step in enumerate(case.steps):
        if step.action != "request":
            continue
        assert step.expect is not None
        options = [step.expect, *(each.expect for each in step.alternatives if each.kind != "defect")]
        for option, expect in enumerate(options):
            sight = _perfect(number, step, expect)
            is_known = not isinstance(sight.wire.body, Digest)
            speaking.update(applicable(sight))
            if option == 0:
                violated |= set(_violated(sight)) if is_known else set(case.asked)
            for breach in breaches(sight) if is_known and option == 0 else ():
                bugs.append(f"the expected bytes of step {number + 1} break {breach.clause}: {breach.text}")
    for code in sorted(violated - set(case.asked)):
        who = "none of its values asks for that" if case.rules else "asked does not say so"
        bugs.append(f"the expected bytes break {code}, and {who}")
    for code in sorted(set(case.asked) - violated) if not case.rules else ():
        bugs.append(f"asked says {code}, and the expected bytes do not break it")
    for clause in case.clauses:
        if clause in _WITH_PREDICATE and clause not in speaking:
            bugs.append(f"the clause {clause} does not speak of any of its calls")
    return Examined(tuple(_bug(case, text) for text in bugs), frozenset(violated))


def _bug(case: Case, text: str) -> BugInCase:
    return BugInCase(case.source.file, case.source.line, case.id, text)


def _perfect(number: int, step: Step, expect: Expect) -> Sight:
    assert step.request is not None
    raised = Raised((expect.raises, "Exception"), "", "request") if expect.raises else None
    placed = wire(expect, "127.0.0.1", 8080)
    return Sight(
        step=number,
        request=step.request,
        expect=expect,
        wire=placed,
        data=placed.data or placed.beginning(_SHOWN) or b"",
        outcome=Outcome(raised=raised),
        host="127.0.0.1",
        port=8080,
        total=len(placed),
        compared=Compared(len(placed)) if isinstance(placed.body, Blocks) else None,
    )


def hangs_on(case: Case, capture: Capture, clause: str) -> bool:
    """Say whether the verdict on a right capture hangs on the predicate of a documented clause.

    It does where the contract layer, with that predicate inverted, finds a breach of the clause. Clauses without a
    predicate (see ``PREDICATES``) are none that this can be said of.
    """
    if clause not in _WITH_PREDICATE:
        return False
    predicates = inverted(clause)
    sights = (look[0] for look in _looks(case, capture, {}) if not isinstance(look, _Finding))
    return any(breach.clause == clause for sight in sights for breach in breaches(sight, predicates))
