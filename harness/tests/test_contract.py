"""Tests of the contract's predicates: each clause has a capture that keeps it and a twin that breaks it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from wireproof._cases import bundled_root, load_clauses
from wireproof._cases._format import _Request
from wireproof._cases._nodes import parse
from wireproof._judge import PREDICATES
from wireproof._judge._contract import applicable, breaches, refusable
from wireproof._judge._sight import Sight
from wireproof._model import Expect, Outcome, Raised
from wireproof._plan import Wire

HEAD = "POST / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: identity\r\n"
NOTHING = object()


def sight(
    request: str,
    data: str,
    *,
    raised: str = "",
    message: str = "",
    phase: str = "request",
    raises: str | None = None,
    head: tuple[str, ...] | None = ("x",),
    connections: int = 1,
) -> Sight:
    """Return what is seen of a call with these arguments (in the case format) that put ``data`` on the wire."""
    arguments = _Request().read(parse(request, "test.yaml"))
    expect = Expect(head, raises=raises)
    out = Raised((raised, "Exception"), message, phase) if raised else None
    wire = Wire(b"", b"")
    return Sight(0, arguments, expect, wire, data.encode("latin-1"), Outcome(raised=out), connections=connections)


@dataclass(frozen=True)
class Twin:
    """A request, a capture that keeps the contract, and a wrong one that breaks ``clause``."""

    clause: str
    request: str
    right: str
    wrong: str


POST = '{method: "POST", url: "/"'
LIST = '{method: "POST", url: "/", body: {list: ["ab", "cd"]}}'
FILE = '{method: "POST", url: "/", body: {bytesio: {data: "abcd", position: 1}}}'
CODED = "Transfer-Encoding: chunked\r\n\r\n"
TWINS = [
    Twin(
        "request.method",
        POST + "}",
        HEAD + "Content-Length: 0\r\n\r\n",
        "post" + HEAD[4:] + "Content-Length: 0\r\n\r\n",
    ),
    Twin(
        "request.target",
        POST + "}",
        HEAD + "Content-Length: 0\r\n\r\n",
        HEAD.replace(" / ", " /x ") + "Content-Length: 0\r\n\r\n",
    ),
    Twin(
        "body.after-head",
        POST + ', body: {bytes: "abcd"}}',
        HEAD + "Content-Length: 4\r\n\r\nabcd",
        "abcd" + HEAD + "Content-Length: 4\r\n\r\n",
    ),
    Twin("body.none", '{method: "GET", url: "/"}', "GET" + HEAD[4:] + "\r\n", "GET" + HEAD[4:] + "\r\nabc"),
    Twin(
        "body.str.latin-1",
        POST + ', body: "\\xe9"}',
        HEAD + "Content-Length: 1\r\n\r\n\xe9",
        HEAD + "Content-Length: 2\r\n\r\n\xc3\xa9",
    ),
    Twin(
        "body.str.latin-1",
        POST + ', body: "\\xe9"}',
        HEAD + "Content-Length: 1\r\n\r\n\xe9",
        HEAD + "Content-Length: 1\r\n\r\n?",
    ),
    Twin(
        "body.str.latin-1",
        POST + ', body: "abc"}',
        HEAD + "Content-Length: 3\r\n\r\nabc",
        HEAD + "Content-Length: 3\r\n\r\nab",
    ),
    Twin(
        "body.buffer.as-is",
        POST + ', body: {bytes: "ab"}}',
        HEAD + "Content-Length: 2\r\n\r\nab",
        HEAD + "Content-Length: 2\r\n\r\nba",
    ),
    Twin("body.file.contents", FILE, HEAD + CODED + "3\r\nbcd\r\n0\r\n\r\n", HEAD + CODED + "4\r\nabcd\r\n0\r\n\r\n"),
    Twin("body.file.contents", FILE, HEAD + CODED + "3\r\nbcd\r\n0\r\n\r\n", HEAD + CODED + "2\r\nbc\r\n0\r\n\r\n"),
    Twin(
        "body.file.binary-as-is", FILE, HEAD + CODED + "3\r\nbcd\r\n0\r\n\r\n", HEAD + CODED + "3\r\nBCD\r\n0\r\n\r\n"
    ),
    Twin(
        "body.file.text-latin-1",
        POST + ', body: {stringio: "\\xe9"}}',
        HEAD + CODED + "1\r\n\xe9\r\n0\r\n\r\n",
        HEAD + CODED + "2\r\n\xc3\xa9\r\n0\r\n\r\n",
    ),
    Twin("body.iterable.as-is", LIST, HEAD + CODED + "4\r\nabcd\r\n0\r\n\r\n", HEAD + CODED + "4\r\nABCD\r\n0\r\n\r\n"),
    Twin(
        "body.iterable.exhausted",
        LIST,
        HEAD + CODED + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
        HEAD + CODED + "2\r\nab\r\n0\r\n\r\n",
    ),
    Twin(
        "body.iterable.exhausted",
        LIST,
        HEAD + CODED + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
        HEAD + CODED + "2\r\ncd\r\n0\r\n\r\n",
    ),
    Twin(
        "body.iterable.exhausted",
        '{method: "POST", url: "/", body: {list: ["ab", "cd", "ef"]}}',
        HEAD + CODED + "6\r\nabcdef\r\n0\r\n\r\n",
        HEAD + CODED + "4\r\nabef\r\n0\r\n\r\n",
    ),
    Twin(
        "body.iterable.as-is",
        '{method: "POST", url: "/", body: {endless: "ab"}}',
        HEAD + CODED + "3\r\naba\r\n",
        HEAD + CODED + "3\r\nabb\r\n",
    ),
    Twin(
        "headers.sent",
        '{method: "GET", url: "/", headers: [["X", "a"], ["Y", "b"]]}',
        "GET" + HEAD[4:] + "y: b\r\nX:  a\r\n\r\n",
        "GET" + HEAD[4:] + "X: a\r\n\r\n",
    ),
    Twin(
        "headers.sent",
        '{method: "GET", url: "/", headers: [["X", "a"]]}',
        "GET" + HEAD[4:] + "X: a\r\n\r\n",
        "GET" + HEAD[4:] + "X: a\r\nX: a\r\n\r\n",
    ),
    Twin(
        "headers.extra",
        '{method: "GET", url: "/", headers: {mapping: [["X", "a"]]}}',
        "GET" + HEAD[4:] + "X: a\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\r\n\r\n",
    ),
    Twin("framing.automatic", POST + ', body: "ab"}', HEAD + "Content-Length: 2\r\n\r\nab", HEAD + "\r\nab"),
    Twin(
        "framing.one-only",
        POST + ', body: "ab"}',
        HEAD + "Content-Length: 2\r\n\r\nab",
        HEAD + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
    ),
    Twin(
        "framing.caller-length",
        POST + ', body: {list: ["ab"]}, headers: [["content-length", "2"]]}',
        HEAD + "content-length: 2\r\n\r\nab",
        HEAD + "Content-Length: 5\r\n\r\nab",
    ),
    Twin(
        "framing.caller-length",
        POST + ', body: {list: ["ab"]}, headers: [["content-length", "2"]]}',
        HEAD + "content-length: 2\r\n\r\nab",
        HEAD + "Transfer-Encoding: chunked\r\ncontent-length: 2\r\n\r\nab",
    ),
    Twin(
        "framing.caller-length",
        POST + ', body: {list: ["ab"]}, headers: [["content-length", "2"]]}',
        HEAD + "content-length: 2\r\n\r\nab",
        HEAD + "content-length: 2\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    ),
    Twin(
        "framing.caller-length",
        POST + ', body: {list: ["ab"]}, headers: [["content-length", "2"]]}',
        HEAD + "content-length: 2\r\n\r\nab",
        HEAD + "content-length: 2\r\nContent-Length: 2\r\n\r\nab",
    ),
    Twin(
        "framing.caller-coding",
        POST + ', body: "ab", headers: [["TRANSFER-ENCODING", "gzip"]]}',
        HEAD + "TRANSFER-ENCODING: gzip\r\n\r\nab",
        HEAD + "Content-Length: 2\r\nTRANSFER-ENCODING: gzip\r\n\r\nab",
    ),
    *(
        Twin(
            f"length.zero-{method.lower()}",
            f'{{method: "{method}", url: "/"}}',
            f"{method} / HTTP/1.1\r\nHost: h\r\ncontent-length: 00\r\n\r\n",
            f"{method} / HTTP/1.1\r\nHost: h\r\n\r\n",
        )
        for method in ("PUT", "POST", "PATCH")
    ),
    Twin(
        "length.zero-only",
        '{method: "DELETE", url: "/"}',
        "DELETE / HTTP/1.1\r\nHost: h\r\n\r\n",
        "DELETE / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
    ),
    Twin(
        "length.str",
        POST + ', body: "abc"}',
        HEAD + "Content-Length: 3\r\n\r\nabc",
        HEAD + "Content-Length: 4\r\n\r\nabc",
    ),
    Twin(
        "length.buffer",
        POST + ', body: {memoryview: {data: "abcdefgh", format: "I"}}}',
        HEAD + "Content-Length: 8\r\n\r\nabcdefgh",
        HEAD + "Content-Length: 2\r\n\r\nabcdefgh",
    ),
    Twin("length.empty", POST + ', body: ""}', HEAD + "Content-Length: 0\r\n\r\n", HEAD + "\r\n"),
    Twin(
        "length.any-method",
        '{method: "GET", url: "/", body: "ab"}',
        "GET" + HEAD[4:] + "Content-Length: 2\r\n\r\nab",
        "GET" + HEAD[4:] + CODED + "2\r\nab\r\n0\r\n\r\n",
    ),
    Twin(
        "length.file-wins",
        POST + ', body: {mmap: "ab"}}',
        HEAD + CODED + "2\r\nab\r\n0\r\n\r\n",
        HEAD + "Content-Length: 2\r\n\r\nab",
    ),
    Twin(
        "chunked.file",
        POST + ', body: {bytesio: "ab"}}',
        HEAD + CODED + "2\r\nab\r\n0\r\n\r\n",
        HEAD + "Content-Length: 2\r\n\r\nab",
    ),
    Twin("chunked.iterable", LIST, HEAD + CODED + "4\r\nabcd\r\n0\r\n\r\n", HEAD + CODED + "abcd"),
    Twin(
        "chunked.field",
        LIST,
        HEAD + CODED + "4\r\nabcd\r\n0\r\n\r\n",
        HEAD + "Transfer-Encoding: gzip, chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
    ),
    Twin("chunked.body", LIST, HEAD + CODED + "02\r\nab\r\n2;x\r\ncd\r\n0\r\n\r\n", HEAD + CODED + "4\r\nabcd\r\n"),
    Twin("chunked.body", LIST, HEAD + CODED + "4\r\nabcd\r\n0\r\n\r\n", HEAD + CODED + "4\r\nabcd\r\n0\r\n\r\n\r\n"),
    Twin("chunked.empty", POST + ", body: {list: []}}", HEAD + CODED + "0\r\n\r\n", HEAD + "\r\n"),
    Twin(
        "chunked.any-method",
        '{method: "GET", url: "/", body: {list: ["a"]}}',
        "GET" + HEAD[4:] + CODED + "1\r\na\r\n0\r\n\r\n",
        "GET" + HEAD[4:] + "\r\na",
    ),
    Twin(
        "file.no-length",
        POST + ', body: {bytesio: "ab"}}',
        HEAD + CODED + "2\r\nab\r\n0\r\n\r\n",
        HEAD + "Content-Length: 2\r\n\r\nab",
    ),
    Twin(
        "flag.without-coding",
        POST + ', body: "ab", encode_chunked: true}',
        HEAD + "Content-Length: 2\r\n\r\nab",
        HEAD + CODED + "2\r\nab\r\n0\r\n\r\n",
    ),
    Twin(
        "flag.without-coding",
        POST + ', body: {list: ["ab"]}, encode_chunked: false}',
        HEAD + CODED + "2\r\nab\r\n0\r\n\r\n",
        HEAD + "\r\nab",
    ),
    Twin(
        "flag.with-length",
        POST + ', body: "ab", headers: [["Content-Length", "2"]], encode_chunked: true}',
        HEAD + "Content-Length: 2\r\n\r\nab",
        HEAD + "Content-Length: 2\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    ),
    Twin(
        "flag.false-raw",
        POST + ', body: {list: ["ab"]}, headers: [["Transfer-Encoding", "chunked"]]}',
        HEAD + CODED + "ab",
        HEAD + CODED + "2\r\nab\r\n0\r\n\r\n",
    ),
    Twin(
        "flag.true-chunked",
        POST + ', body: "ab", headers: [["Transfer-Encoding", "gzip"]], encode_chunked: true}',
        HEAD + "Transfer-Encoding: gzip\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        HEAD + "Transfer-Encoding: gzip\r\n\r\nab",
    ),
    Twin("request.sent", '{method: "GET", url: "/"}', "GET" + HEAD[4:] + "\r\n", ""),
    Twin("request.sent", '{method: "GET", url: "/"}', "GET" + HEAD[4:] + "\r\n", "GET" + HEAD[4:]),
]


def _broken(seen: Sight) -> list[str]:
    return [breach.clause for breach in breaches(seen)]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.clause)
def test_twins(twin: Twin) -> None:
    """The right capture breaks nothing, and the wrong one breaks the clause."""
    assert (_broken(sight(twin.request, twin.right)), twin.clause in _broken(sight(twin.request, twin.wrong))) == (
        [],
        True,
    )


def test_every_predicate_has_a_twin() -> None:
    """No predicate is without a capture that it rejects."""
    assert {predicate.clause for predicate in PREDICATES} - {twin.clause for twin in TWINS} == set()


def test_every_documented_clause_is_decided() -> None:
    """Every documented clause that is not excluded has a predicate, or is decided when a call is refused."""
    refused = {
        "call.signature",
        "flag.keyword-only",
        "request.sent",
        "body.str.accepted",
        "body.buffer.accepted",
        "body.file.accepted",
        "body.file.read-only",
        "body.iterable.accepted",
        "headers.accepted",
    }
    clauses = load_clauses(bundled_root() / "clauses.yaml").values()
    documented = {clause.id for clause in clauses if clause.level == "documented" and not clause.excluded}
    assert documented == refused | {predicate.clause for predicate in PREDICATES}


REFUSALS = [
    ('{method: "GET", url: "/"}', "request.sent"),
    ('{method: "POST", url: "/", body: "a"}', "body.str.accepted"),
    ('{method: "POST", url: "/", body: {bytearray: "a"}}', "body.buffer.accepted"),
    ('{method: "POST", url: "/", body: {bytesio: "a"}}', "body.file.accepted"),
    ('{method: "POST", url: "/", body: {reader: {reads: ["a"]}}}', "body.file.read-only"),
    ('{method: "POST", url: "/", body: {generator: ["a"]}}', "body.iterable.accepted"),
    ('{method: "GET", url: "/", headers: {mapping: [["X", "a"]]}}', "headers.accepted"),
    ('{method: "GET", url: "/", passed: keywords}', "call.signature"),
]


@pytest.mark.parametrize(("request_", "clause"), REFUSALS, ids=lambda value: str(value)[:40])
def test_refusals(request_: str, clause: str) -> None:
    """A call that must be sent and is refused breaks the clause about what was not accepted."""
    assert _broken(sight(request_, "", raised="TypeError")) == [clause]


def test_flag_refused() -> None:
    """A client that does not know encode_chunked breaks the clause about its being accepted."""
    seen = sight(
        '{method: "GET", url: "/", encode_chunked: true}',
        "",
        raised="TypeError",
        message="got an unexpected keyword argument 'encode_chunked'",
    )
    assert _broken(seen) == ["flag.keyword-only"]


def test_flag_by_position() -> None:
    """A fifth positional argument that is accepted breaks the signature."""
    request = '{method: "GET", url: "/", body: null, headers: [], encode_chunked: true, passed: positional}'
    seen = sight(request, "GET" + HEAD[4:] + "\r\n", raises="TypeError", head=None)
    assert _broken(seen) == ["flag.keyword-only"]


def test_sent_twice() -> None:
    """The same request on two connections is not one request."""
    seen = sight('{method: "GET", url: "/"}', ("GET" + HEAD[4:] + "\r\n") * 2, connections=2)
    assert _broken(seen) == ["request.sent"]


@pytest.mark.parametrize(
    "request_",
    [
        '{method: "G\\nT", url: "/"}',
        '{method: "GET", url: "/\\x7f"}',
        '{method: "GET", url: "/", headers: [["X y", "a"]]}',
        '{method: "GET", url: "/", headers: [["X", "a\\r\\n b"]]}',
    ],
)
def test_allowed_refusals(request_: str) -> None:
    """Control characters, names that are no tokens and folded lines may be refused with any exception."""
    seen = sight(request_, "", raised="RuntimeError")
    assert (refusable(seen), breaches(seen)) == (True, ())


def test_expected_error_with_any_exception() -> None:
    """Where an error is expected, another exception and any prefix of the message keep the contract."""
    request = '{method: "POST", url: "/", body: {generator: ["ab", {raise: RuntimeError}]}}'
    out = HEAD + CODED + "2\r\nab\r\n"
    kept = [
        breaches(sight(request, out[:length], raised="OSError", raises="RuntimeError"))
        for length in (0, 10, len(out) - 3, len(out))
    ]
    assert kept == [()] * 4


def test_expected_error_with_wrong_bytes() -> None:
    """What is out by the time of an expected error must still be a prefix of the right message."""
    request = '{method: "POST", url: "/", body: {generator: ["ab", {raise: RuntimeError}]}}'
    seen = sight(request, HEAD + CODED + "2\r\nxy\r\n", raised="RuntimeError", raises="RuntimeError")
    assert _broken(seen) == ["body.iterable.as-is"]


def test_text_that_cannot_be_encoded_is_not_sent() -> None:
    """Text outside ISO-8859-1 that goes out in any encoding breaks the clause."""
    request = '{method: "POST", url: "/", body: "\\u20ac"}'
    seen = sight(request, HEAD + "Content-Length: 1\r\n\r\n?", raises="UnicodeEncodeError", head=None)
    assert _broken(seen) == ["body.str.latin-1"]


@pytest.mark.parametrize(
    "tail",
    [
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nab",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    ],
)
def test_both_fields_given(tail: str) -> None:
    """With both framing fields and a true flag the body may be raw or chunk-encoded."""
    headers = 'headers: [["Content-Length", "2"], ["Transfer-Encoding", "chunked"]]'
    request = f'{{method: "POST", url: "/", body: "ab", {headers}, encode_chunked: true}}'
    assert breaches(sight(request, HEAD + tail)) == ()


@pytest.mark.parametrize("tail", ["", "0\r\n\r\n"])
def test_no_body_with_coding_and_flag(tail: str) -> None:
    """No body, chunk-encoded, may be no byte or the last chunk."""
    request = '{method: "POST", url: "/", headers: [["Transfer-Encoding", "chunked"]], encode_chunked: true}'
    assert breaches(sight(request, HEAD + CODED + tail)) == ()


def test_names_given_as_bytes_are_free() -> None:
    """The documentation does not say what a field name given as bytes means for the framing."""
    request = '{method: "POST", url: "/", body: "ab", headers: [[{bytes: "Content-Length"}, "2"]]}'
    assert breaches(sight(request, HEAD + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab")) == ()


def test_applicable_names_only_what_speaks_of_the_call() -> None:
    """A GET without arguments is spoken of by the clauses about its line, its lack of a body, and its framing."""
    assert applicable(sight('{method: "GET", url: "/"}', "")) == (
        "request.sent",
        "request.method",
        "request.target",
        "body.none",
        "framing.one-only",
        "length.zero-only",
    )


def test_a_second_field_of_the_callers_with_an_odd_value() -> None:
    """A value that is no text has no bytes to compare, and is not compared."""
    request = '{method: "POST", url: "/", headers: [["Content-Length", {float: "1.5"}]]}'
    assert breaches(sight(request, HEAD + "Content-Length: 1.5\r\n\r\n")) == ()


def test_sights_are_values() -> None:
    """A sight with other bytes is another sight: nothing derived is carried over."""
    seen = sight('{method: "GET", url: "/"}', "GET / HTTP/1.1\r\n\r\n")
    assert (seen.message.method, replace(seen, data=b"PUT / HTTP/1.1\r\n\r\n").message.method) == (b"GET", b"PUT")
