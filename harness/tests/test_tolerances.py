"""Tests of tolerances: each widens only what it names, and the strict verdict stands beside the tolerant one."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import wireproof
from wireproof._cases import bundled_root, load_clauses
from wireproof._cases._format import CaseShape
from wireproof._cases._nodes import parse as read_nodes
from wireproof._codec import decode, encode
from wireproof._judge import judge
from wireproof._judge._sight import Sight
from wireproof._judge._tolerate import put_right
from wireproof._long import Comparison
from wireproof._model import (
    Alternative,
    Blocks,
    Capture,
    Case,
    Expect,
    Grown,
    Outcome,
    Raised,
    Recipe,
    Request,
    Source,
    Step,
    StepRecord,
    Stream,
    Tolerances,
    Verdict,
)
from wireproof._plan import wire
from wireproof._wire import parse
from wireproof.errors import HarnessError
from wireproof.report._json import document, write
from wireproof.report._merge import merge
from wireproof.report._results import Result, Selection
from wireproof.report._terminal import show, tolerated

SCHEMA = json.loads((Path(wireproof.__file__).parent / "report" / "results.schema.json").read_text())
CLAUSES = load_clauses(bundled_root() / "clauses.yaml")
ADDRESS = {"a": ("127.0.0.1", 8080)}
HOST, ACCEPT = b"Host: 127.0.0.1:8080\r\n", b"Accept-Encoding: identity\r\n"
LENGTH, AGENT = b"Content-Length: 3\r\n", b"User-Agent: agent/1.2\r\n"
A, B, C = b"X-A: 1\r\n", b"X-B: 2\r\n", b"x-a: 3\r\n"

AMBIENT = Tolerances(ambient=(("user-agent", r"agent/\d\.\d"), ("Accept", r"\*/\*")))
OMITS = Tolerances(omits=("Accept-Encoding", "Content-Length", "Host", "Transfer-Encoding"))
ORDER = Tolerances(order=True)
NAMES = Tolerances(names=True)
ALL = replace(AMBIENT, omits=OMITS.omits, order=True, names=True)


def case(text: str) -> Case:
    """Return a case from what would stand below its name in a case file."""
    head = 'name: c\nabout: "It is a case."\nclauses: [request.sent]\n'
    return CaseShape("folder/file", CLAUSES).read(read_nodes(head + text, "test.yaml"))


LINES = '"Host: <host>:<port>", "Accept-Encoding: identity"'
PUT = case(
    'request: {method: "PUT", url: "/", body: "abc", '
    'headers: {message: [["X-A", "1"], ["X-B", "2"], ["x-a", "3"]]}}\n'
    f'expect: {{head: ["PUT / HTTP/1.1", {LINES}, "Content-Length: 3", "X-A: 1", "X-B: 2", "x-a: 3"], body: "abc"}}'
)
OWN = case(
    'request: {method: "PUT", url: "/", body: "abc", headers: [["User-Agent", "mine"], ["Accept-Encoding", "br"]]}\n'
    'expect: {head: ["PUT / HTTP/1.1", "Host: <host>:<port>", "Content-Length: 3", "User-Agent: mine", '
    '"Accept-Encoding: br"], body: "abc"}'
)
CODED = case(
    'request: {method: "PUT", url: "/", body: {generator: ["abc"]}}\n'
    f'expect: {{head: ["PUT / HTTP/1.1", {LINES}, "Transfer-Encoding: chunked"], '
    'body: "3\\r\\nabc\\r\\n0\\r\\n\\r\\n"}'
)
DROPPED = case(
    'request: {method: "PUT", url: "/", body: "abc", headers: [["User-Agent", "agent/1.2"]]}\n'
    f'expect: {{head: ["PUT / HTTP/1.1", {LINES}, "Content-Length: 3"], body: "abc"}}'
)
SPACED = case(
    'asked: [rfc.field-name]\nrequest: {method: "PUT", url: "/", body: "abc", headers: [["X A", "1"]]}\n'
    f'expect: {{head: ["PUT / HTTP/1.1", {LINES}, "Content-Length: 3", "X A: 1"], body: "abc"}}'
)
RAISES = case('request: {method: "PUT", url: "/\\n"}\nexpect: {raises: ValueError, head: nothing}')
CHUNKS = b"3\r\nabc\r\n0\r\n\r\n"
MINE, BR = b"User-Agent: mine\r\n", b"Accept-Encoding: br\r\n"


def put(*lines: bytes, body: bytes = b"abc", line: bytes = b"PUT / HTTP/1.1\r\n") -> bytes:
    """Return a request of these lines."""
    return b"".join((line, *lines, b"\r\n", body))


def seen(data: bytes, outcome: Outcome | None = None, ended: Any = "eof", **more: Any) -> Capture:
    """Return the capture of a call that put ``data`` on one connection."""
    streams = (Stream("a", data, len(data), ended),) if data else ()
    grown = (Grown(0, 0, len(data)),) if data else ()
    return Capture((StepRecord(outcome or Outcome(), grown),), streams, ADDRESS, **more)


def looked(asked: Case, data: bytes, tolerances: Tolerances, **more: Any) -> Verdict:
    """Return the tolerant verdict, which says of the strict one what that says of itself."""
    capture = seen(data, **more)
    strict, verdict = judge(asked, capture, {}), judge(asked, capture, {}, tolerances=tolerances)
    if verdict.strict is None:
        assert (verdict, verdict.tolerated) == (strict, ())
    else:
        beside = verdict.strict
        assert (beside.verdict, beside.layers, beside.differences, beside.fingerprint, beside.reason) == (
            strict.verdict,
            strict.layers,
            strict.differences,
            strict.fingerprint,
            strict.reason,
        )
    return verdict


USUAL = (HOST, ACCEPT, LENGTH)
FIELDS = (*USUAL, A, B, C)
LOWER = (b"host: 127.0.0.1:8080\r\n", b"accept-encoding: identity\r\n", b"content-length: 3\r\n", b"x-a: 1\r\n")

PASSES: dict[str, tuple[Case, Tolerances, bytes, tuple[str, ...]]] = {
    "an ambient field at the end": (PUT, AMBIENT, put(*FIELDS, AGENT), ("ambient user-agent",)),
    "an ambient field in front, in other letters": (
        PUT,
        AMBIENT,
        put(AGENT.lower(), *FIELDS),
        ("ambient user-agent",),
    ),
    "an ambient field without a space": (
        PUT,
        AMBIENT,
        put(HOST, b"User-Agent:agent/1.2\r\n", ACCEPT, LENGTH, A, B, C),
        ("ambient user-agent",),
    ),
    "two ambient fields": (
        PUT,
        AMBIENT,
        put(HOST, b"Accept: */*\r\n", *FIELDS[1:], AGENT),
        ("ambient Accept", "ambient user-agent"),
    ),
    "an omitted field": (PUT, OMITS, put(HOST, LENGTH, A, B, C), ("omits Accept-Encoding",)),
    "another order": (PUT, ORDER, put(A, B, C, ACCEPT, LENGTH, HOST), ("order",)),
    "one moved": (PUT, ORDER, put(HOST, ACCEPT, A, B, LENGTH, C), ("order",)),
    "names in lower case": (PUT, NAMES, put(*LOWER, b"x-b: 2\r\n", C), ("names",)),
    "names in upper case": (PUT, NAMES, put(*FIELDS[:4], b"X-B: 2\r\n", b"X-A: 3\r\n"), ("names",)),
    "all at once": (
        PUT,
        ALL,
        put(b"x-b: 2\r\n", AGENT, A, C, LENGTH, HOST),
        ("ambient user-agent", "omits Accept-Encoding", "order", "names"),
    ),
    "beside the caller's own": (OWN, ALL, put(MINE, HOST, LENGTH, b"Accept: */*\r\n", BR), ("ambient Accept", "order")),
    "in front of chunks": (CODED, AMBIENT, put(*USUAL[:2], b"Transfer-Encoding: chunked\r\n", AGENT, body=CHUNKS),
                           ("ambient user-agent",)),
}  # fmt: skip


@pytest.mark.parametrize("name", PASSES)
def test_what_a_tolerance_names_is_let_pass(name: str) -> None:
    """It passes at every layer, and strictly it does not."""
    asked, tolerances, data, names = PASSES[name]
    verdict = looked(asked, data, tolerances)
    assert (verdict.verdict, set(verdict.layers.values()), verdict.tolerated) == ("pass", {"pass"}, names)
    assert (verdict.reason, verdict.blame, verdict.fingerprint, verdict.evidence) == (None, None, "", ())
    assert verdict.strict is not None
    assert (verdict.strict.layers["bytes"], verdict.strict.verdict in ("nonstrict", "fail")) == ("fail", True)


@pytest.mark.parametrize("name", PASSES)
def test_without_any_one_of_them_it_does_not_pass(name: str) -> None:
    """Each tolerance that was used was needed."""
    asked, tolerances, data, names = PASSES[name]
    for used in names:
        kind, _, field = used.partition(" ")
        less: Any = {"order": False, "names": False, "omits": ()}.get(kind)
        if kind == "ambient":
            less = tuple(each for each in tolerances.ambient if each[0] != field)
        assert judge(asked, seen(data), {}, tolerances=replace(tolerances, **{kind: less})).verdict != "pass"


FAULTS: dict[str, tuple[Case, Tolerances, bytes]] = {
    "an ambient field with another value": (PUT, AMBIENT, put(*FIELDS, b"User-Agent: agent/x\r\n")),
    "an ambient field with a longer value": (PUT, AMBIENT, put(*FIELDS, b"User-Agent: agent/1.2 more\r\n")),
    "an ambient field twice": (PUT, AMBIENT, put(*FIELDS, AGENT, AGENT)),
    "an ambient field twice, in other letters": (PUT, AMBIENT, put(AGENT.lower(), *FIELDS, AGENT)),
    "an ambient field with a space before its colon": (PUT, AMBIENT, put(*FIELDS, b"User-Agent : agent/1.2\r\n")),
    "an ambient field that is folded": (PUT, AMBIENT, put(*FIELDS, b"User-Agent:\r\n agent/1.2\r\n")),
    "an ambient field that ends in LF": (PUT, AMBIENT, put(*FIELDS, b"User-Agent: agent/1.2\n")),
    "an ambient field with a control character": (
        PUT,
        Tolerances(ambient=(("User-Agent", "(?s:.*)"),)),
        put(*FIELDS, b"User-Agent: a\rb\r\n"),
    ),
    "a field that is not ambient": (PUT, ALL, put(*FIELDS, b"Connection: close\r\n")),
    "an ambient field behind the head": (PUT, AMBIENT, put(*FIELDS) + AGENT),
    "the caller's field changed to the ambient one": (OWN, ALL, put(HOST, LENGTH, AGENT, BR)),
    "an ambient field beside the caller's own": (OWN, ALL, put(HOST, LENGTH, MINE, AGENT, BR)),
    "a field that the caller passes and that must not be sent": (DROPPED, ALL, put(*USUAL, AGENT)),
    "an automatic field twice that is ambient": (
        PUT,
        Tolerances(ambient=(("Accept-Encoding", ".*"),)),
        put(HOST, b"Accept-Encoding: gzip\r\n", *FIELDS[1:]),
    ),
    "an ambient Content-Length": (
        CODED,
        Tolerances(ambient=(("Content-Length", ".*"),)),
        put(HOST, ACCEPT, b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", body=CHUNKS),
    ),
    "an ambient Transfer-Encoding": (
        PUT,
        Tolerances(ambient=(("Transfer-Encoding", ".*"),)),
        put(*FIELDS, b"Transfer-Encoding: chunked\r\n"),
    ),
    "an ambient Host": (PUT, Tolerances(ambient=(("Host", ".*"),)), put(HOST, *FIELDS)),
    "Content-Length missing": (PUT, ALL, put(HOST, ACCEPT, A, B, C)),
    "Content-Length twice": (PUT, ALL, put(LENGTH, *FIELDS)),
    "another Content-Length": (PUT, ALL, put(HOST, ACCEPT, b"Content-Length: 4\r\n", A, B, C)),
    "Transfer-Encoding missing": (CODED, ALL, put(HOST, ACCEPT, body=CHUNKS)),
    "Host missing": (PUT, ALL, put(ACCEPT, LENGTH, A, B, C)),
    "the caller's Accept-Encoding missing": (OWN, ALL, put(HOST, LENGTH, MINE)),
    "the caller's field missing": (PUT, replace(ALL, omits=("X-B",)), put(*USUAL, A, C)),
    "an automatic field missing that is not named": (PUT, replace(ALL, omits=()), put(HOST, LENGTH, A, B, C)),
    "an omitted field with another value": (PUT, ALL, put(HOST, b"Accept-Encoding: gzip\r\n", LENGTH, A, B, C)),
    "lines of one name swapped": (PUT, ALL, put(*USUAL, C, B, A)),
    "values of one name swapped": (PUT, ALL, put(*USUAL, b"X-A: 3\r\n", B, b"x-a: 1\r\n")),
    "another order where only names are free": (PUT, NAMES, put(A, *USUAL, B, C)),
    "names in lower case where only the order is free": (PUT, ORDER, put(*LOWER, b"x-b: 2\r\n", C)),
    "another order where only the ambient is named": (PUT, AMBIENT, put(ACCEPT, HOST, LENGTH, A, B, C, AGENT)),
    "a space before a colon": (PUT, ALL, put(*USUAL, b"X-A : 1\r\n", B, C)),
    "a space missing behind a colon": (PUT, ALL, put(*USUAL, b"X-A:1\r\n", B, C)),
    "a space too many behind a colon": (PUT, ALL, put(*USUAL, b"X-A:  1\r\n", B, C)),
    "a line that ends in LF": (PUT, ALL, put(*USUAL, b"X-A: 1\n", B, C)),
    "a name with an underscore": (PUT, ALL, put(*USUAL, b"X_A: 1\r\n", B, C)),
    "a malformed name in lower case": (SPACED, ALL, put(*USUAL, b"x a: 1\r\n")),
    "no field line at all": (PUT, ALL, put()),
    "a value in other letters": (PUT, ALL, put(HOST, b"Accept-Encoding: Identity\r\n", LENGTH, A, B, C)),
    "a line that is no field": (PUT, ALL, put(*FIELDS, b"nothing\r\n")),
    "another method": (PUT, ALL, put(*FIELDS, AGENT, line=b"put / HTTP/1.1\r\n")),
    "another request-target": (PUT, ALL, put(*FIELDS, line=b"PUT // HTTP/1.1\r\n")),
    "another version": (PUT, ALL, put(*FIELDS, line=b"PUT / HTTP/1.0\r\n")),
    "an empty line in front": (PUT, ALL, b"\r\n" + put(*FIELDS, AGENT)),
    "another body": (PUT, ALL, put(*FIELDS, AGENT, body=b"abd")),
    "a byte too many": (PUT, ALL, put(*FIELDS, AGENT, body=b"abc\n")),
    "the head cut": (PUT, ALL, b"PUT / HTTP/1.1\r\n" + b"".join((*FIELDS, AGENT))),
    "the request twice": (PUT, ALL, put(*FIELDS, AGENT) * 2),
    "chunks in other letters": (
        CODED,
        ALL,
        put(HOST, ACCEPT, b"Transfer-Encoding: chunked\r\n", AGENT, body=b"03" + CHUNKS[1:]),
    ),
    "a request where none is expected": (RAISES, ALL, put(HOST, ACCEPT, AGENT, line=b"PUT /\n HTTP/1.1\r\n")),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_a_tolerance_does_not_name_is_not_let_pass(name: str) -> None:
    """Neither by a tolerance that is near it, nor by all of them together."""
    asked, tolerances, data = FAULTS[name]
    verdict = looked(asked, data, tolerances)
    assert (verdict.verdict in ("nonstrict", "fail"), verdict.layers["bytes"]) == (True, "fail")
    assert verdict.differences


def test_an_exact_request_passes_strictly_whatever_is_tolerated() -> None:
    """Then there is nothing to say."""
    for asked, data in ((PUT, put(*FIELDS)), (OWN, put(HOST, LENGTH, MINE, BR))):
        verdict = looked(asked, data, ALL)
        assert (verdict.verdict, verdict.strict, verdict.tolerated) == ("pass", None, ())


def test_exceptions_and_endings_stay_failures() -> None:
    """An exception, a connection that is left open, a timeout, and what is unsupported are what they are strictly."""
    data = put(*FIELDS, AGENT)
    raised = Outcome(raised=Raised(("OSError", "Exception"), "", "request"))
    assert looked(PUT, data, ALL, outcome=raised).verdict == "fail"
    assert looked(PUT, data, ALL, ended="open").verdict == "nonstrict"
    assert looked(PUT, data, ALL, fatal=("timeout", "no end")).strict is None
    assert looked(PUT, b"", ALL, outcome=Outcome(unsupported="no such thing")).verdict == "unsupported"
    changed = Outcome(effects={"headers": "changed"})
    assert [each.code for each in looked(PUT, data, ALL, outcome=changed).differences][:1] == ["effect.headers"]


HALF_WAY = case(
    'request: {method: "PUT", url: "/", body: {generator: ["abc", {raise: OSError}]}}\n'
    f'expect: {{raises: OSError, head: ["PUT / HTTP/1.1", {LINES}, "Transfer-Encoding: chunked"], '
    'body: "3\\r\\nabc\\r\\n"}'
)


def test_what_is_out_at_an_exception_is_tolerated_too() -> None:
    """Of a body that fails half-way, as much as is out by then, were it not the whole head."""
    raised = Outcome(raised=Raised(("OSError", "Exception"), "", "request"))
    for data, verdict in (
        (put(HOST, ACCEPT, AGENT, b"Transfer-Encoding: chunked\r\n", body=CHUNKS[:4]), "pass"),
        (b"PUT / HTTP/1.1\r\n" + HOST + AGENT + ACCEPT, "pass"),
        (b"PUT / HTTP/1.1\r\n" + HOST + AGENT[:-1], "nonstrict"),
    ):
        assert looked(HALF_WAY, data, ALL, outcome=raised).verdict == verdict


def test_a_fault_is_not_hidden_behind_an_ambient_field() -> None:
    """The tolerant verdict tells what remains, with the bytes and their offsets as they came."""
    data = put(AGENT, *FIELDS, body=b"aXc")
    verdict = looked(PUT, data, AMBIENT)
    assert verdict.strict is not None
    assert "field.extra" in [each.code for each in verdict.strict.differences]
    assert [each.code for each in verdict.differences] == ["body.changed", "contract"]
    assert (verdict.verdict, verdict.tolerated) == ("fail", ("ambient user-agent",))
    assert verdict.differences[0].at == data.index(b"aXc") + 1
    assert verdict.evidence[0].received == data.replace(b"127.0.0.1:8080", b"<host>:<port>")


@pytest.mark.parametrize(
    ("line", "at"),
    [
        (b"X-C: 1\r\n", lambda data: data.index(b"X-C")),
        (b"X-B: 3\r\n", lambda data: data.index(b"X-B")),
    ],
)
def test_an_offset_is_that_in_the_bytes_as_they_came(line: bytes, at: Any) -> None:
    """Of a line that was moved, too."""
    data = put(line, AGENT, *(each for each in FIELDS[::-1] if line[:3] != each[:3] and each != C and each != A), A, C)
    verdict = looked(PUT, data, ALL)
    assert (verdict.tolerated, verdict.differences[0].at) == (("ambient user-agent", "order"), at(data))


# other outcomes and sequences -------------------------------------------------------------------------------------


STALE_LINES = '"GET /1 HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"'
SECOND_LINES = f'"GET /2 HTTP/1.1", {LINES}'
STALE = case(
    f'request: {{method: "GET", url: "/2"}}\nexpect: {{head: [{SECOND_LINES}]}}\n'
    f"alternatives:\n- {{defect: stale-head, expect: {{head: [{STALE_LINES}, {SECOND_LINES}]}}}}"
)
FIRST, SECOND = b"GET /1 HTTP/1.1\r\n", b"GET /2 HTTP/1.1\r\n"


def test_other_outcomes_are_tolerated_too() -> None:
    """CPython's known way with an ambient field on each side of the second request line."""
    for lines in ((HOST, ACCEPT, SECOND, HOST, ACCEPT, AGENT), (HOST, ACCEPT, AGENT, SECOND, AGENT, ACCEPT, HOST)):
        verdict = looked(STALE, put(*lines, body=b"", line=FIRST), ALL)
        assert (verdict.verdict, verdict.defects) == ("pass", (("stale-head", "present"),))
    assert looked(STALE, put(HOST, ACCEPT, AGENT, body=b"", line=SECOND), ALL).defects == (("stale-head", "absent"),)


def test_no_line_moves_past_a_request_line() -> None:
    """What stands on the wrong side of a second request line is a fault."""
    assert looked(STALE, put(HOST, SECOND, HOST, ACCEPT, ACCEPT, body=b"", line=FIRST), ALL).verdict != "pass"


MOVED_LINES = '"GET /2 HTTP/1.1", "Old: 1", "Accept-Encoding: identity", "Host: <host>:<port>"'
MOVED = (
    '\n    method: "GET"\n    url: "/2"\n    headers: [["Old", "1"]]\n'
    f'  expect: {{head: [{SECOND_LINES}, "Old: 1"]}}\n'
    f"  alternatives:\n  - {{defect: item-count, expect: {{head: [{MOVED_LINES}]}}}}"
)
OLD = b"Old: 1\r\n"


def test_a_step_that_passes_strictly_stays_what_it_is() -> None:
    """CPython's known way is told as that, though a tolerance would make the right way of it."""
    asked = case(f'steps:\n- request: {MOVED}\n- reply: "ok"\n- request: {MOVED}\n')
    first = put(OLD, ACCEPT, HOST, body=b"", line=SECOND)
    second = put(AGENT, HOST, ACCEPT, OLD, body=b"", line=SECOND)
    data = first + second
    records = (
        StepRecord(Outcome(), (Grown(0, 0, len(first)),)),
        None,
        StepRecord(Outcome(), (Grown(0, len(first), len(data)),)),
    )
    capture = Capture(records, (Stream("a", data, len(data), "eof"),), ADDRESS)
    verdict = judge(asked, capture, {}, tolerances=ALL)
    assert (verdict.verdict, verdict.tolerated, verdict.defects) == (
        "pass",
        ("ambient user-agent",),
        (("item-count", "present"), ("item-count", "absent")),
    )


def test_another_fault_is_told_against_the_known_way_that_it_is_like() -> None:
    """Whichever way is nearer once it is put in the order that is expected of that way."""
    asked = case(
        f'request: {{method: "GET", url: "/2"}}\nexpect: {{head: [{SECOND_LINES}]}}\n'
        f'alternatives:\n- {{defect: item-count, expect: {{head: [{SECOND_LINES}, "Old: 1"]}}}}'
    )
    verdict = looked(asked, put(OLD, ACCEPT, HOST, body=b"x", line=SECOND), ALL)
    assert (verdict.defects, verdict.tolerated) == ((("item-count", "present"),), ("order",))
    assert "field.extra" not in [each.code for each in verdict.differences]


def test_a_probe_and_an_odd_way_are_tolerated_too() -> None:
    """Each expectation is compared with what is normalised towards itself."""
    for alternative, probes in (
        ("{probe: ipv6-zone, is: kept, expect: {head: [%s]}}", {"ipv6-zone": "kept"}),
        ('{odd: "Nobody says what comes of it.", expect: {head: [%s]}}', {}),
    ):
        lines = f'"GET /2 HTTP/1.1", {LINES}, "Old: 1"'
        asked = case(
            f'request: {{method: "GET", url: "/2"}}\nexpect: {{head: [{SECOND_LINES}]}}\n'
            f"alternatives:\n- {alternative % lines}"
        )
        capture = seen(put(b"Old: 1\r\n", HOST, ACCEPT, AGENT, body=b"", line=SECOND))
        verdict = judge(asked, capture, probes, tolerances=ALL)
        assert (verdict.verdict, verdict.tolerated) == ("pass", ("ambient user-agent", "order"))
        assert len(verdict.notes) == 1


SEQUENCE = f"""steps:
- request: {{method: "GET", url: "/1"}}
  expect: {{head: ["GET /1 HTTP/1.1", {LINES}]}}
- reply: "ok"
- request: {{method: "GET", url: "/2", headers: [["User-Agent", "agent/1.2"]]}}
  expect: {{head: ["GET /2 HTTP/1.1", {LINES}, "User-Agent: agent/1.2"]}}
"""


@pytest.mark.parametrize(
    ("more", "verdict", "names"),
    [((AGENT,), "pass", ("ambient user-agent",)), ((), "fail", ("ambient user-agent",)), ((AGENT, AGENT), "fail", ())],
)
def test_each_step_is_looked_at_alone(more: tuple[bytes, ...], verdict: str, names: tuple[str, ...]) -> None:
    """What the caller passes in one step is no ambient field there, and one in the other step."""
    first = put(HOST, ACCEPT, AGENT, body=b"", line=FIRST)
    second = put(HOST, ACCEPT, *more, body=b"", line=SECOND)
    data = first + second
    stream = Stream("a", data, len(data), "eof")
    records = (
        StepRecord(Outcome(), (Grown(0, 0, len(first)),)),
        None,
        StepRecord(Outcome(), (Grown(0, len(first), len(data)),)),
    )
    answer = judge(case(SEQUENCE), Capture(records, (stream,), ADDRESS), {}, tolerances=AMBIENT)
    assert answer.verdict == verdict
    assert set(names) <= set(answer.tolerated)
    steps = {each.step for each in answer.differences}
    assert steps == (set() if verdict == "pass" else {2})


BLOCK = bytes(range(256)) * 64
BODY = Blocks(BLOCK, 400)


def long_case() -> Case:
    """Return a case with a body that is too long to be held."""
    length = str(BODY.length)
    arguments = (
        ("method", Recipe("str", {"text": "PUT"})),
        ("url", Recipe("str", {"text": "/"})),
        ("body", Recipe("blocks", {"data": BLOCK, "count": BODY.count})),
        ("headers", Recipe("dict", {"items": ((_text("Content-Length"), _text(length)),)})),
    )
    head = ("PUT / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity", f"Content-Length: {length}")
    step = Step("request", request=Request(arguments), expect=Expect(head, BODY))
    return Case("long/case", "It is long.", (), (step,), Source("long.yaml", 1), "0")


def _text(text: str) -> Recipe:
    return Recipe("str", {"text": text})


def long_verdict(head: bytes, body: bytes) -> Verdict:
    """Return the tolerant verdict on a long request that is compared while it arrives."""
    asked = long_case()
    expect = asked.steps[0].expect
    assert expect is not None
    comparison = Comparison(wire(expect, *ADDRESS["a"]).head or b"", BODY, BODY)
    data = head + body
    for at in range(0, len(data), 100_000):
        comparison.add(memoryview(data)[at : at + 100_000])
    stream = Stream("a", bytes(comparison.kept), len(data), "eof", None, comparison.result())
    capture = Capture((StepRecord(Outcome(), (Grown(0, 0, len(data)),)),), (stream,), ADDRESS)
    return judge(asked, capture, {}, tolerances=ALL)


def test_a_long_body_is_compared_all_the_same() -> None:
    """Every byte of a body that is not kept counts behind a head that is put right."""
    head = put(AGENT, b"Content-Length: %d\r\n" % BODY.length, HOST, body=b"")
    body = BLOCK * BODY.count
    names = ("ambient user-agent", "omits Accept-Encoding", "order")
    right = long_verdict(head, body)
    assert (right.verdict, right.tolerated) == ("pass", names)
    at = 5_000_001
    for wrong in (body[:at] + b"!" + body[at + 1 :], body[:-1], body + b"!"):
        verdict = long_verdict(head, wrong)
        assert (verdict.layers["bytes"], verdict.tolerated) == ("fail", names)
    changed = long_verdict(head, body[:at] + b"!" + body[at + 1 :])
    assert [each.code for each in changed.differences if each.code != "contract"] == ["body.changed"]
    for line in (b"", b"X-Length: %d\r\n" % BODY.length, b"Content-Length: %d\r\n" % (BODY.length + 1)):
        assert long_verdict(put(AGENT, line, HOST, body=b""), body).layers["bytes"] == "fail"


def test_bytes_that_were_not_kept_cannot_be_put_right() -> None:
    """Of a stream beyond the cap only a digest is known, which is that of the bytes as they came."""
    capture = seen(put(*FIELDS, AGENT))
    (stream,) = capture.streams
    longer = replace(capture, streams=(replace(stream, total=stream.total + 1, sha256="00"),))
    longer = replace(longer, records=(StepRecord(Outcome(), (Grown(0, 0, stream.total + 1),)),))
    assert judge(PUT, longer, {}, tolerances=ALL).strict is None


# reports ----------------------------------------------------------------------------------------------------------


def verdicts() -> list[Verdict]:
    """Return a pass, two passes with tolerances, and a failure, on cases and combinations."""
    found = [
        looked(PUT, put(*FIELDS), ALL),
        looked(PUT, put(*FIELDS, AGENT), ALL),
        looked(PUT, put(AGENT, *FIELDS[::-1][1:], C), ALL),
        looked(PUT, put(*FIELDS, AGENT, body=b"abd"), ALL),
    ]
    names = ("a/1", "a/2", "matrix/m[x=1]", "matrix/m[x=2]")
    return [replace(verdict, id=name) for verdict, name in zip(found, names, strict=True)]


def test_both_verdicts_survive_json() -> None:
    """A verdict is the same on the other side; without a difference JSON has neither key."""
    for verdict in verdicts():
        assert decode(json.loads(json.dumps(encode(verdict)))) == verdict
    assert not {"strict", "tolerated"} & encode(verdicts()[0]).keys()
    beside = encode(verdicts()[1])
    assert beside["tolerated"] == ["ambient user-agent"]
    assert {key: beside["strict"][key] for key in ("verdict", "layers")} == {
        "verdict": "nonstrict",
        "layers": {"bytes": "fail", "contract": "pass", "rfc": "pass"},
    }
    assert beside["strict"]["reason"]["code"] == "field.extra"
    beside["strict"]["verdict"] = "splendid"
    with pytest.raises(ValueError, match="splendid"):
        decode(beside)


SUMMARY = {"planned": 5, "passed": 4, "nonstrict": 0, "failed": 1, "unsupported": 0, "errored": 0, "not_run": 0}
STRICT = {"passed": 2, "nonstrict": 2, "failed": 1, "unsupported": 0, "errored": 0, "not_run": 0}


def result() -> Result:
    """Return the result of a candidate; one more combination, that passes, is only counted."""
    made = Result.of("lib:Client", "lib 1.0", SUMMARY, verdicts())
    made.findings.add_many("matrix/m", "pass", 1)
    counts = {"planned": 3, "passed": 2, "nonstrict": 0, "failed": 1, "unsupported": 0, "errored": 0, "not_run": 0}
    matrix = {"id": "matrix/m", "hash": "00", "combinations": 3, **counts, "rules": {}}
    return replace(made, matrices=[matrix])


def test_the_report_has_both_counts() -> None:
    """In the summary and in each matrix; they add up to what was planned; and the document fits its schema."""
    made = json.loads(json.dumps(document([result()], "bytes")))
    jsonschema.validate(made, SCHEMA)
    (candidate,) = made["candidates"]
    assert candidate["summary"] == {**SUMMARY, "strict": STRICT}
    assert candidate["matrices"][0]["strict"] == {**STRICT, "passed": 1, "nonstrict": 1}
    assert sum(STRICT.values()) == SUMMARY["planned"]
    assert [each.get("tolerated") for each in candidate["results"]] == [
        None,
        ["ambient user-agent"],
        ["ambient user-agent", "order"],
        ["ambient user-agent"],
    ]
    alike = document([Result.of("x", "", {"planned": 1}, verdicts()[:1])], "bytes")["candidates"][0]
    assert "strict" not in alike["summary"]


def test_the_summary_shows_both() -> None:
    """The strict verdicts in a row of their own, the strict layers, and how many pass only with which tolerance."""
    file = io.StringIO()
    show(Console(file=file, width=100, color_system=None), [result()], lambda id_: None, CLAUSES, "bytes", 0)
    lines = [" ".join(line.split()) for line in file.getvalue().splitlines()]
    assert "all 4 passed, 1 failed" in lines
    assert "all, strictly 2 passed, 2 non-strict, 1 failed" in lines
    assert "bytes (the gate) 4 of 5, strictly 2" in lines
    assert "contract 4 of 5" in lines
    assert tolerated(result()) == (
        "lib:Client: 4 passed (of these 2 only with the tolerances of its description: ambient user-agent 2, order 1)."
    )
    assert tolerated(result()) in " ".join(lines)
    assert not [line for line in lines if line.startswith("- The field line 'User-Agent")]


def test_without_tolerances_nothing_is_said_of_them() -> None:
    """No row, no sentence."""
    file = io.StringIO()
    plain = Result.of("x", "", {"planned": 1}, verdicts()[:1])
    show(Console(file=file, width=100, color_system=None), [plain], lambda id_: None, CLAUSES, "bytes", 0)
    assert (tolerated(plain), "strictly" in file.getvalue(), "toleran" in file.getvalue()) == ("", False, False)


def shards(tmp_path: Path) -> list[Path]:
    """Write the reports of two shards, each with a case and a combination."""
    every = verdicts()
    paths = []
    for index in (1, 2):
        part = Result.of("lib:Client", "lib 1.0", {}, every[index - 1 :: 2])
        kinds = [verdict.verdict for verdict in every[index - 1 :: 2]]
        more = int(index == 2)
        part.findings.add_many("matrix/m", "pass", more)
        counts = {**dict.fromkeys(SUMMARY, 0), "planned": 2 + more, "failed": kinds.count("fail")}
        counts["passed"] = kinds.count("pass") + more
        matrix: dict[str, Any] = {"id": "matrix/m", "hash": "00", "combinations": 3, **dict.fromkeys(SUMMARY, 0)}
        matrix |= {"planned": 1 + more, "passed": 1, "failed": more, "rules": {}}
        part = replace(part, summary=counts, positions=[index - 1, index + 1], matrices=[matrix])
        path = tmp_path / f"{index}.json"
        write(path, [part], "bytes", Selection(shard=(index, 2), digest="00", total=5))
        paths.append(path)
    return paths


def test_shards_merge_to_the_same(tmp_path: Path) -> None:
    """The merged report is that of the whole run, strict counts included."""
    results, gate, selection = merge(shards(tmp_path))
    whole = document([result()], "bytes", Selection(digest="00", total=5))
    assert document(results, gate, selection)["candidates"] == whole["candidates"]


def test_strict_accounts_that_do_not_balance_are_refused(tmp_path: Path) -> None:
    """Neither counts that do not add up, nor such as are not those of the results."""
    paths = shards(tmp_path)
    report = json.loads(paths[1].read_text())
    strict = report["candidates"][0]["summary"]["strict"]
    for change, part in (
        ({"passed": 7}, "do not balance"),
        ({"passed": 2, "nonstrict": 0}, "not those of the accounts"),
    ):
        report["candidates"][0]["summary"]["strict"] = {**strict, **change}
        paths[1].write_text(json.dumps(report))
        with pytest.raises(HarnessError, match=part):
            merge(paths)


# properties -------------------------------------------------------------------------------------------------------


NAMES_ = st.sampled_from(["X-A", "x-a", "X-B", "User-Agent", "Accept", "Accept-Encoding", "Host", "accept-ENCODING"])
VALUES = st.sampled_from(["1", "2", "agent/1.2", "identity", "*/*", ""])
GIVEN = st.lists(st.tuples(NAMES_, VALUES), max_size=4)
SOME = st.builds(
    Tolerances,
    ambient=st.sampled_from([(), AMBIENT.ambient, (("X-A", ".*"), ("User-Agent", ".*"), ("Content-Length", ".*"))]),
    omits=st.sampled_from([(), OMITS.omits, ("X-A", "Accept-Encoding")]),
    order=st.booleans(),
    names=st.booleans(),
)


def made(given_: list[tuple[str, str]]) -> Case:
    """Return a case with these fields of the caller's."""
    names = {name.lower() for name, _ in given_}
    automatic = [("Host", "<host>:<port>"), ("Accept-Encoding", "identity")]
    lines = [*(each for each in automatic if each[0].lower() not in names), ("Content-Length", "3"), *given_]
    pairs = tuple((_text(name), _text(value)) for name, value in given_)
    arguments = (
        ("method", _text("PUT")),
        ("url", _text("/")),
        ("body", _text("abc")),
        ("headers", Recipe("message", {"items": pairs})),
    )
    expect = Expect(("PUT / HTTP/1.1", *(f"{name}: {value}" for name, value in lines)), b"abc")
    odd = Alternative("odd", "another", "", replace(expect, head=(*(expect.head or ()), "Z: 1")))
    step = Step("request", request=Request(arguments), expect=expect, alternatives=(odd,))
    return Case("p/c", "It is made.", (), (step,), Source("p.yaml", 1), "0")


def expected(asked: Case) -> bytes:
    """Return the bytes that are expected of the first step."""
    expect = asked.steps[0].expect
    assert expect is not None
    data = wire(expect, *ADDRESS["a"]).data
    assert data is not None
    return data


@given(GIVEN, SOME)
@settings(max_examples=150, deadline=None)
def test_what_is_as_expected_stays_as_it_is(given_: list[tuple[str, str]], tolerances: Tolerances) -> None:
    """Normalising an exact request is the identity, and the verdict a plain pass."""
    asked = made(given_)
    data, step = expected(asked), asked.steps[0]
    assert step.request is not None
    assert step.expect is not None
    place = wire(step.expect, *ADDRESS["a"])
    sight = Sight(0, step.request, step.expect, place, data, Outcome(), host="127.0.0.1", port=8080, total=len(data))
    right = put_right(sight, tolerances)
    assert (right.data, right.total, right.tolerated) == (data, len(data), ())
    assert looked(asked, data, tolerances).strict is None
    assert judge(asked, seen(data), {}, tolerances=tolerances).verdict == "pass"


LINE = st.one_of(
    st.sampled_from([AGENT, AGENT.lower(), b"User-Agent : agent/1.2\r\n", A, B, C, HOST, ACCEPT, LENGTH, b"odd\r\n"]),
    st.sampled_from([b"accept-encoding: identity\r\n", b"X-A:1\r\n", b"X-A: 1\n", b" folded\r\n", b"Accept: */*\r\n"]),
)


@st.composite
def changes(draw: st.DrawFn, lines: list[bytes]) -> list[bytes]:
    """Return field lines of which some are moved, taken out, put in, or spelled otherwise."""
    found = list(draw(st.permutations(lines))) if draw(st.booleans()) else list(lines)
    for line in draw(st.lists(LINE, max_size=2)):
        found.insert(draw(st.integers(0, len(found))), line)
    if draw(st.booleans()) and found:
        del found[draw(st.integers(0, len(found) - 1))]
    if draw(st.booleans()) and found:
        at = draw(st.integers(0, len(found) - 1))
        name, colon, value = found[at].partition(b":")
        found[at] = draw(st.sampled_from([name.lower(), name.upper(), name])) + colon + value
    return found


def split(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes]], bytes]:
    """Return the request line, names and values (all that stands behind the colon) and all that follows the head."""
    head, _, rest = data.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    pairs = [each.partition(b":") for each in lines]
    return line, [(name, value) for name, _, value in pairs], rest


@given(st.data(), GIVEN, SOME)
@settings(max_examples=400, deadline=None)
def test_only_what_is_named_is_let_pass(data: st.DataObject, given_: list[tuple[str, str]], some: Tolerances) -> None:
    """A pass with tolerances is one by a simple account of them, and no layer that holds strictly breaks."""
    asked = made(given_)
    want_line, want, want_body = split(expected(asked))
    lines = data.draw(changes([b"%b:%b\r\n" % pair for pair in want]))
    came = b"".join((want_line + b"\r\n", *lines, b"\r\n", want_body))
    verdict = looked(asked, came, some)
    if verdict.strict is not None:
        held = {layer for layer, answer in verdict.strict.layers.items() if answer == "pass"}
        assert held <= {layer for layer, answer in verdict.layers.items() if answer == "pass"}
    if verdict.verdict != "pass" or verdict.strict is None or verdict.notes:
        return
    _, got, _ = split(came)
    passed = {name.lower().encode() for name, _ in given_}
    free = {name.lower().encode() for name, _ in some.ambient} - {name.lower() for name, _ in want}
    gone = ({name.lower().encode() for name in some.omits} & {b"accept-encoding"}) - passed
    extra = [pair for pair in got if pair[0].lower() in free]
    assert len(extra) == len({name.lower() for name, _ in extra})
    rest = [pair for pair in got if pair not in extra]
    if b"accept-encoding" in gone and b"accept-encoding" not in {name.lower() for name, _ in rest}:
        want = [pair for pair in want if pair[0].lower() != b"accept-encoding"]
    if some.names:
        want, rest = ([(name.lower(), value) for name, value in side] for side in (want, rest))
    if some.order:
        want, rest = (sorted(side, key=lambda pair: pair[0].lower()) for side in (want, rest))
    assert rest == want


@given(st.data(), GIVEN, SOME, st.sampled_from([b"PUT / HTTP/1.0", b"put / HTTP/1.1", b"PUT /x HTTP/1.1"]), st.binary())
@settings(max_examples=200, deadline=None)
def test_another_request_line_or_body_never_passes(
    data: st.DataObject, given_: list[tuple[str, str]], some: Tolerances, line: bytes, body: bytes
) -> None:
    """Whatever the field lines are, and whatever is tolerated."""
    asked = made(given_)
    want_line, want, want_body = split(expected(asked))
    lines = data.draw(changes([b"%b:%b\r\n" % pair for pair in want]))
    for first, rest in ((line, want_body), (want_line, body if body != want_body else b"")):
        came = b"".join((first + b"\r\n", *lines, b"\r\n", rest))
        assert parse(came).fields is not None
        assert judge(asked, seen(came), {}, tolerances=some).verdict != "pass"
