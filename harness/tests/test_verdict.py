"""Tests of the verdict: layers, blame, defects, probes, evidence, fingerprints, and the bugs of cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from wireproof._cases import bundled_root, load_clauses
from wireproof._cases._format import CaseShape
from wireproof._cases._nodes import parse
from wireproof._judge import errored, examine, fatal, judge
from wireproof._model import Capture, Case, Grown, Outcome, Raised, StepRecord, Stream, Verdict

CLAUSES = load_clauses(bundled_root() / "clauses.yaml")
ADDRESS = {"a": ("127.0.0.1", 8080)}
HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept-Encoding: identity\r\n"
LINES = '["GET / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"'


def case(text: str) -> Case:
    """Return a case from what would stand below its name in a case file."""
    head = 'name: c\nabout: "It is a case."\nclauses: [request.sent]\n'
    return CaseShape("folder/file", CLAUSES).read(parse(head + text, "test.yaml"))


def get(extra: str = "", expect: str = "") -> Case:
    """Return a case with one GET and what must come of it."""
    return case(f'request: {{method: "GET", url: "/"{extra}}}\nexpect: {{head: {LINES}]{expect}}}')


def seen(data: bytes, outcome: Outcome | None = None, ended: str = "eof", **more: object) -> Capture:
    """Return the capture of a call that put ``data`` on one connection."""
    streams = (Stream("a", data, len(data), ended),) if data else ()  # type: ignore[arg-type]
    grown = (Grown(0, 0, len(data)),) if data else ()
    return Capture((StepRecord(outcome or Outcome(), grown),), streams, ADDRESS, **more)  # type: ignore[arg-type]


def raised(name: str, message: str = "") -> Outcome:
    """Return the outcome of a call that raised an exception of the class ``name``."""
    return Outcome(raised=Raised((name, "Exception"), message, "request"))


def summary(verdict: Verdict) -> tuple[str, Mapping[str, str]]:
    """Return what most tests look at."""
    return verdict.verdict, verdict.layers


PASS = {"bytes": "pass", "contract": "pass", "rfc": "pass"}


def test_pass() -> None:
    """The expected bytes pass at every layer, without reason, blame or evidence."""
    verdict = judge(get(), seen(HEAD + b"\r\n"), {})
    assert verdict == Verdict("folder/file/c", get().hash, "pass", PASS, ("request.sent",))


def test_nonstrict() -> None:
    """Other bytes that keep the contract are non-strict: the layer bytes alone fails."""
    verdict = judge(get(), seen(HEAD + b"User-Agent: x\r\n\r\n"), {})
    assert (summary(verdict), verdict.blame, verdict.reason is not None) == (
        ("nonstrict", {"bytes": "fail", "contract": "pass", "rfc": "pass"}),
        "candidate",
        True,
    )


def test_fail() -> None:
    """A broken clause is a failure, and the clause and its words are among the differences."""
    verdict = judge(get(), seen(HEAD.replace(b"GET", b"get") + b"\r\n"), {})
    clauses = [difference.clause for difference in verdict.differences if difference.code == "contract"]
    assert (summary(verdict), clauses) == (
        ("fail", {"bytes": "fail", "contract": "fail", "rfc": "pass"}),
        ["request.method"],
    )


def test_rfc_layer_is_its_own() -> None:
    """A capture that keeps the contract and is no valid message fails the layer rfc, with a note."""
    verdict = judge(get(), seen(HEAD + b"X : y\r\n\r\n"), {})
    assert (verdict.layers["contract"], verdict.layers["rfc"], verdict.notes) == (
        "pass",
        "fail",
        ("not valid HTTP/1.1: rfc.field-name",),
    )


def test_what_the_caller_asked_for() -> None:
    """What is invalid because the caller asked for it passes the layer rfc, with a note."""
    asked = case(
        'asked: [rfc.field-name]\nrequest: {method: "GET", url: "/", headers: [["X ", "y"]]}\n'
        f'expect: {{head: {LINES}, "X : y"]}}'
    )
    exact = judge(asked, seen(HEAD + b"X : y\r\n\r\n"), {})
    other = judge(asked, seen(HEAD + b"X : y\r\nZ: 1\r\n\r\n"), {})
    assert (exact.verdict, exact.notes, "the caller asked for it: rfc.field-name" in other.notes) == (
        "pass",
        ("the caller asked for it: rfc.field-name",),
        True,
    )


def test_evidence_has_placeholders() -> None:
    """Evidence shows the address as its placeholders and addresses of objects not at all."""
    outcome = raised("OSError", "no route to 127.0.0.1:8080 for <object at 0x7f0011223344>")
    verdict = judge(get(), seen(HEAD, outcome), {})
    (evidence,) = verdict.evidence
    assert (evidence.received, evidence.raised) == (
        HEAD.replace(b"127.0.0.1:8080", b"<host>:<port>"),
        "OSError: no route to <host>:<port> for <object at 0x…>",
    )


def test_evidence_without_an_address() -> None:
    """A capture that knows no address is shown as it is."""
    capture = replace(seen(b"X"), addresses={})
    assert judge(get(), capture, {}).evidence[0].received == b"X"


PROBED = f"""request: {{method: "GET", url: "/"}}
expect: {{head: {LINES}]}}
alternatives:
- {{probe: ipv6-zone, is: kept, expect: {{head: {LINES}, "Old: 1"]}}}}
"""


@pytest.mark.parametrize(
    ("probes", "data", "verdict"),
    [
        ({"ipv6-zone": "cut"}, HEAD + b"\r\n", "pass"),
        ({"ipv6-zone": "kept"}, HEAD + b"Old: 1\r\n\r\n", "pass"),
        ({"ipv6-zone": "kept"}, HEAD + b"\r\n", "pass"),
        ({"ipv6-zone": "cut"}, HEAD + b"Old: 1\r\n\r\n", "nonstrict"),
    ],
)
def test_probes(probes: dict[str, str], data: bytes, verdict: str) -> None:
    """An older release's way passes in an interpreter that goes that way; the newest way passes everywhere."""
    assert judge(case(PROBED), seen(data), probes).verdict == verdict


def test_differences_are_told_against_the_interpreters_own_way() -> None:
    """Where an interpreter's own way applies, that is what the capture is compared with."""
    verdict = judge(case(PROBED), seen(HEAD + b"Old: 2\r\n\r\n"), {"ipv6-zone": "kept"})
    assert b"Old: 1" in (verdict.evidence[0].expected or b"")


DEFECT = f"""request: {{method: "GET", url: "/"}}
expect: {{head: {LINES}]}}
alternatives:
- {{defect: stale-head, expect: {{head: {LINES}, "Stale: 1"]}}}}
"""


def test_defects_pass_and_are_named() -> None:
    """CPython's way and the right way both pass; the verdict says which it was."""
    right = judge(case(DEFECT), seen(HEAD + b"\r\n"), {})
    stale = judge(case(DEFECT), seen(HEAD + b"Stale: 1\r\n\r\n"), {})
    assert [(v.verdict, v.defects) for v in (right, stale)] == [
        ("pass", (("stale-head", "absent"),)),
        ("pass", (("stale-head", "present"),)),
    ]


def test_strict_defects() -> None:
    """With strict defects CPython's way fails every layer and is named."""
    verdict = judge(case(DEFECT), seen(HEAD + b"Stale: 1\r\n\r\n"), {}, strict_defects=True)
    assert (verdict.verdict, set(verdict.layers.values()), verdict.reason and verdict.reason.subject) == (
        "fail",
        {"fail"},
        "stale-head",
    )


def test_alternative_for_a_layer() -> None:
    """Bytes that a case accepts for the contract are non-strict, whatever the predicates say."""
    accepting = case(
        f'request: {{method: "GET", url: "/"}}\nexpect: {{head: {LINES}]}}\n'
        f'alternatives:\n- {{layer: contract, expect: {{head: {LINES}, "Content-Length: 0"]}}}}\n'
    )
    verdict = judge(accepting, seen(HEAD + b"Content-Length: 0\r\n\r\n"), {})
    assert (verdict.verdict, [d.code for d in verdict.differences if d.code == "contract"]) == ("nonstrict", [])


def test_allowed_refusal_is_noted() -> None:
    """Refusing a folded line keeps the contract, and the verdict says so."""
    folded = case(
        'asked: [rfc.obs-fold]\nrequest: {method: "GET", url: "/", headers: [["X", "a\\r\\n b"]]}\n'
        f'expect: {{head: {LINES}, "X: a", " b"]}}'
    )
    verdict = judge(folded, seen(b"", raised("ValueError")), {})
    assert (verdict.verdict, verdict.notes) == ("nonstrict", ("refusing such a request is allowed by the contract",))


def test_unsupported() -> None:
    """What cannot be expressed is unsupported at every layer, with its reason, and nobody is blamed."""
    verdict = judge(get(), seen(b"", Outcome(unsupported="no such thing here")), {})
    assert (verdict.verdict, set(verdict.layers.values()), verdict.reason and verdict.reason.text, verdict.blame) == (
        "unsupported",
        {"unsupported"},
        "no such thing here",
        None,
    )


SEQUENCE = f"""steps:
- request: {{method: "GET", url: "/"}}
  expect: {{head: {LINES}]}}
- reply: ok
- request: {{method: "GET", url: "/"}}
  expect: {{head: {LINES}]}}
"""


def test_sequences_are_judged_step_by_step() -> None:
    """Each step is judged on the bytes that it put on the shared connection."""
    one = HEAD + b"\r\n"
    two = HEAD + b"X: 1\r\n\r\n"
    stream = Stream("a", one + two, len(one + two), "eof")
    records = (
        StepRecord(Outcome(), (Grown(0, 0, len(one)),)),
        None,
        StepRecord(Outcome(), (Grown(0, len(one), len(one + two)),)),
    )
    verdict = judge(case(SEQUENCE), Capture(records, (stream,), ADDRESS), {})
    assert (verdict.verdict, [(d.code, d.step) for d in verdict.differences]) == ("nonstrict", [("field.extra", 2)])


def test_a_response_that_cannot_be_read() -> None:
    """getresponse() raising in the middle of a sequence fails the case, and says so."""
    one = HEAD + b"\r\n"
    stream = Stream("a", one + one, 2 * len(one), "eof")
    out = Raised(("BadStatusLine", "Exception"), "x", "getresponse")
    records = (
        StepRecord(Outcome(), (Grown(0, 0, len(one)),)),
        StepRecord(Outcome(raised=out)),
        StepRecord(Outcome(), (Grown(0, len(one), 2 * len(one)),)),
    )
    verdict = judge(case(SEQUENCE), Capture(records, (stream,), ADDRESS), {})
    assert (verdict.verdict, verdict.reason and verdict.reason.text) == (
        "fail",
        "getresponse() raised BadStatusLine: 'x'",
    )


def test_a_step_that_was_not_reached() -> None:
    """A request step without a record was not performed, and that is a failure."""
    verdict = judge(get(), Capture((None,), (), ADDRESS), {})
    assert verdict.verdict == "fail"


def test_fatal_capture() -> None:
    """An exchange that did not end fails every layer, with the bytes that had come as evidence."""
    data = HEAD[:20]
    capture = Capture((None,), (Stream("a", data, 20, "open"),), ADDRESS, fatal=("timeout", "no end within 5 s"))
    verdict = judge(get(), capture, {})
    assert (verdict.verdict, set(verdict.layers.values()), verdict.reason and verdict.reason.code) == (
        "fail",
        {"fail"},
        "timeout",
    )
    assert verdict.evidence[0].received == data


def test_fatal_after_the_last_step() -> None:
    """Where every step has its record there is no evidence of one under way."""
    capture = Capture((StepRecord(Outcome()),), (), ADDRESS, fatal=("timeout", "no end within 5 s"))
    assert judge(get(), capture, {}).evidence == ()


def test_errored() -> None:
    """A failure of the harness blames the harness and says nothing about the candidate."""
    verdict = errored(get(), "it broke")
    assert (verdict.verdict, set(verdict.layers.values()), verdict.blame) == ("error", {"error"}, "harness")


def test_fingerprints_know_how_a_case_fails() -> None:
    """The same way of failing has the same fingerprint whatever its values are; another way has another."""
    one, same, other = (
        judge(get(), seen(HEAD + line + b"\r\n\r\n"), {}).fingerprint
        for line in (b"User-Agent: 1", b"User-Agent: 2", b"Via: 1")
    )
    crash = fatal(get(), "crash", "SIGSEGV").fingerprint
    assert (one == same, len({one, other, crash})) == (True, 3)


def test_a_cut_message_is_not_held_against_the_rfc_layer() -> None:
    """When the body raises, the message stops; that alone is no violation."""
    failing = case(
        'request: {method: "GET", url: "/", body: {generator: ["ab", {raise: OSError}]}}\n'
        f'expect: {{raises: OSError, head: {LINES}, "Transfer-Encoding: chunked"], body: "2\\r\\nab\\r\\n"}}'
    )
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n"
    verdict = judge(failing, seen(data, raised("OSError")), {})
    assert verdict.layers == {"bytes": "fail", "contract": "pass", "rfc": "pass"}


FAILING = (
    'request: {method: "GET", url: "/", body: {generator: ["ab", {raise: OSError}]}}\n'
    f'expect: {{raises: OSError, head: {LINES}, "Transfer-Encoding: chunked"], body: "2\\r\\nab\\r\\n"}}'
)


@pytest.mark.parametrize("length", [0, 20, 90])
def test_less_may_be_out_when_the_body_fails(length: int) -> None:
    """How much is out by the time of a body's exception is noted, not judged: a client need not stream."""
    data = (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")[:length]
    verdict = judge(case(FAILING), seen(data, raised("OSError")), {})
    assert (verdict.verdict, verdict.notes) == (
        "pass",
        (f"{length} of 102 bytes were out when the exception came",),
    )


def test_the_exception_must_still_be_the_bodys_own() -> None:
    """Less on the wire is fine with the right exception only."""
    assert judge(case(FAILING), seen(b"", raised("TypeError")), {}).verdict == "nonstrict"


def test_odd_inputs_have_more_than_one_right_way() -> None:
    """Where nobody says what should come of an input, another sensible way passes with a note."""
    odd = case(
        f'request: {{method: "GET", url: "/"}}\nexpect: {{head: {LINES}]}}\n'
        f'alternatives:\n- {{odd: "nobody says", expect: {{head: {LINES}, "X: 1"]}}}}\n'
    )
    verdict = judge(odd, seen(HEAD + b"X: 1\r\n\r\n"), {})
    assert (verdict.verdict, verdict.notes) == ("pass", ("odd input, and another sensible way: nobody says",))


def test_a_lost_connection_is_noticed() -> None:
    """A step that has to go on on the connection of the one before, and opens another, differs."""
    one = HEAD + b"\r\n"
    streams = (Stream("a", one, len(one), "eof"), Stream("a", one, len(one), "eof"))
    records = (
        StepRecord(Outcome(), (Grown(0, 0, len(one)),)),
        None,
        StepRecord(Outcome(), (Grown(1, 0, len(one)),)),
    )
    verdict = judge(case(SEQUENCE), Capture(records, streams, ADDRESS), {})
    assert (verdict.verdict, verdict.reason and verdict.reason.code) == ("nonstrict", "connection.not-reused")


def test_a_closed_connection_is_not_gone_on_with() -> None:
    """After close() the next request belongs on a new connection."""
    closing = case(SEQUENCE.replace("reply: ok", "close: a"))
    one = HEAD + b"\r\n"
    streams = (Stream("a", one, len(one), "eof"), Stream("a", one, len(one), "eof"))
    records = (
        StepRecord(Outcome(), (Grown(0, 0, len(one)),)),
        None,
        StepRecord(Outcome(), (Grown(1, 0, len(one)),)),
    )
    assert judge(closing, Capture(records, streams, ADDRESS), {}).verdict == "pass"


BUGS = [
    (
        f'request: {{method: "POST", url: "/"}}\nexpect: {{head: {LINES.replace("GET", "POST")}]}}',
        "the expected bytes of step 1 break length.zero-post: POST without a body has no Content-Length: 0.",
    ),
    (
        f'request: {{method: "GET", url: "/", headers: [["X ", "y"]]}}\nexpect: {{head: {LINES}, "X : y"]}}',
        "the expected bytes break rfc.field-name, and asked does not say so",
    ),
    (
        f'asked: [rfc.obs-fold]\nrequest: {{method: "GET", url: "/"}}\nexpect: {{head: {LINES}]}}',
        "asked says rfc.obs-fold, and the expected bytes do not break it",
    ),
]


@pytest.mark.parametrize(("text", "complaint"), BUGS, ids=["contract", "rfc", "asked"])
def test_bugs_in_cases(text: str, complaint: str) -> None:
    """A case that another oracle contradicts is called a bug, with its file and line."""
    first = next(iter(examine(case(text))))
    assert str(first) == f"test.yaml:1: BUG IN CASE folder/file/c: {complaint}"


def test_a_clause_that_does_not_speak_of_the_case() -> None:
    """A case that lists a clause which says nothing of its calls is a bug."""
    wrong = replace(get(), clauses=("chunked.file",))
    assert [bug.text for bug in examine(wrong)] == ["the clause chunked.file does not speak of any of its calls"]


def test_digests_are_taken_on_trust() -> None:
    """A body that is known by its digest cannot be held against the other oracles."""
    digest = (
        'request: {method: "POST", url: "/", body: {bytes: "abc"}}\n'
        f'expect: {{head: {LINES}], body: {{sha256: "{"0" * 64}", length: 3}}}}'
    )
    assert list(examine(case(digest))) == []


@pytest.mark.parametrize(
    ("between", "contract"),
    [("", "pass"), ("- close\n", "fail"), ('- reply: "ok"\n', "fail"), (None, "fail")],
    ids=["nothing", "close", "reply", "another connection"],
)
def test_a_connection_that_is_busy_by_leniency(between: str | None, contract: str) -> None:
    """Who accepts what should fail is busy afterwards, which is no further breach; but only until the connection is
    closed or answered, and not on another one.
    """
    request = 'request: {method: "GET", url: "/"}'
    head = '["GET / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]'
    other = "  on: b\n" if between is None else ""
    asked = case(
        'steps:\n- request: {method: "GET", url: "/", headers: {none: {}}}\n'
        f"  expect: {{head: nothing, raises: TypeError}}\n{between or ''}"
        f"- {request}\n{other}  expect: {{head: {head}}}\n"
    )
    data = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept-Encoding: identity\r\n\r\n"
    first = StepRecord(Outcome(), (Grown(0, 0, len(data)),))
    records = [first, *[None] * bool(between), StepRecord(raised("CannotSendRequest"))]
    capture = Capture(tuple(records), (Stream("a", data, len(data), "eof"),), {**ADDRESS, "b": ("127.0.0.1", 8081)})
    verdict = judge(asked, capture, {})
    assert verdict.layers["bytes"] == "fail"
    assert verdict.layers["contract"] == contract
