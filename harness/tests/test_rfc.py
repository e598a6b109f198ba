"""Tests of the rules of the RFCs: each with messages that keep it and messages that break it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wireproof._judge import _rfc
from wireproof._judge._rfc import CODES, Violation, violations
from wireproof._wire import parse


def message(*fields: bytes, line: bytes = b"GET / HTTP/1.1", host: bytes = b"Host: a", body: bytes = b"") -> bytes:
    """Put a message together; it is valid unless something says otherwise."""
    return b"".join(part + b"\r\n" for part in (line, host, *fields, b"")) + body


def target(target: bytes, method: bytes = b"GET") -> bytes:
    """Put a message with this target together."""
    return message(line=method + b" " + target + b" HTTP/1.1")


def chunked(body: bytes, value: bytes = b"chunked") -> bytes:
    """Put a chunked message with this body together."""
    return message(b"Transfer-Encoding: " + value, body=body)


def codes(data: bytes, *, ended: bool = True) -> list[str]:
    """Return the codes of the violations."""
    return [violation.code for violation in violations(data, ended=ended)]


VALID = [
    message(),
    message(b"X:", b"Y:a", b"Z: \t a\tb \t"),
    message(b"X: \x80\xe9\xff"),
    message(b"!#$%&'*+-.^_`|~09aZ: x"),
    message(line=b"!#$%&'*+-.^_`|~09aZ / HTTP/1.1"),
    message(b"Connection: upgrade", b"Upgrade: x"),
    message(b"Expect: 100-continue", b"Content-Length: 2", body=b"ab"),
    message(b"Content-Length: 0"),
    message(b"content-LENGTH: 003", body=b"\r\n\0"),
    message(b"Content-Length: " + b"0" * 30 + b"3", body=b"abc"),
    *(
        message(host=b"Host:" + host)
        for host in (b"", b" a:80", b"a:", b" :80", b" a-b.c_d~%4a!$&'()*+,;=", b" 1.2.3.4")
    ),
    *(message(host=b"Host: " + host) for host in (b"[::1]", b"[::ffff:1.2.3.4]:80", b"[v1.a:b]", b"[2001:DB8::]:")),
    *(target(path) for path in (b"/", b"//a//b", b"/a;b=c,d:e@f!$&'()*+~", b"/%41?a=/?:@", b"/?")),
    *(
        target(uri)
        for uri in (b"http://a", b"HTTP://a/b?c", b"https://[::1]:8/?", b"ftp://u:p@a:1/b", b"urn:a:b", b"x:/a")
    ),
    target(b"*", b"OPTIONS"),
    target(b"/", b"OPTIONS"),
    target(b"http://a/", b"OPTIONS"),
    target(b"a:80", b"CONNECT"),
    target(b"[::1]:80", b"CONNECT"),
    chunked(b"0\r\n\r\n"),
    chunked(b"3\r\nabc\r\n0a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n"),
    chunked(b'1;a;b=c;d="e;\\" \xe9"\r\nx\r\n0;last\r\n\r\n'),
    chunked(b"0" * 30 + b"1\r\nx\r\n" + b"0" * 30 + b"\r\n\r\n"),
    chunked(b"0\r\nT: a\r\nU:\r\n\r\n"),
    chunked(b"0\r\n\r\n", b"CHUNKED"),
    chunked(b"0\r\n\r\n", b'gzip, a;q="1,\\"2" ; r=s , chunked'),
    message(b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
]

BROKEN: list[tuple[list[str], list[bytes]]] = [
    (["rfc.empty"], [b""]),
    (["rfc.head-incomplete"], [b"G", b"\r\n", b"\0\0", message()[:-1], message()[:-2], message()[:-3]]),
    (
        ["rfc.request-line"],
        [
            b"\r\n" + message(),
            b"\n" + message(),
            message(line=b"GET  / HTTP/1.1"),
            message(line=b"GET /  HTTP/1.1"),
            message(line=b" / HTTP/1.1"),
            message(line=b"G\xe9T / HTTP/1.1"),
            message(line=b"G(T / HTTP/1.1"),
            message(line=b"GET / HTTP/1.0"),
            message(line=b"GET / http/1.1"),
            message(line=b"GET / HTTP/1.10"),
            message(line=b"GET /"),
        ],
    ),
    (["rfc.request-line", "rfc.request-line"], [message(line=b"GET"), message(line=b"GET  ")]),
    (
        ["rfc.target-form"],
        [
            *(
                target(bad)
                for bad in (b"/a b", b"/\0", b"/\x7f", b"/\t", b"/\xe9", b"/#a", b'/"', b"/|", b"/\\", b"/{}")
            ),
            *(target(bad) for bad in (b"/%", b"/%4", b"/%zz", b"/a[1]", b"?a", b"index.html", b"a/b", b"..", b"*")),
            *(target(bad) for bad in (b"a:80", b"localhost:80", b"[::1]:80", b"127.0.0.1:80", b"1:2:3", b"**")),
            *(target(bad) for bad in (b"http:", b"http:/a", b"http://", b"http:///a", b"http://:80/", b"http://u@a/")),
            *(target(bad) for bad in (b"http://a:b/", b"https://[::1/", b"http://[::1]x/", b"http://[1]/", b"1x:y")),
            target(b"*", b"options"),
            target(b"a:80", b"OPTIONS"),
            *(target(bad, b"CONNECT") for bad in (b"/", b"http://a/", b"*", b"a", b"a:", b":80", b"a:x", b"a:1/")),
        ],
    ),
    (
        ["rfc.request-line", "rfc.target-form"],
        [message(line=b"GET  /a b HTTP/1.1")],
    ),
    (
        ["rfc.line-ending"],
        [message().replace(b"\r\n", b"\n"), message()[:-2] + b"\n", chunked(b"0\r\nT: a\n\r\n"), chunked(b"0\r\n\n")],
    ),
    (["rfc.field-value", "rfc.line-ending"], [message(b"X: a\rb"), message(b"X: a\r")]),
    (["rfc.request-line", "rfc.line-ending"], [message(line=b"GET / HTTP/1.1\r")]),
    (["rfc.target-form", "rfc.request-line"], [message(line=b"GET /\xe9 HTTP/2.0")]),
    (["rfc.line-ending", "rfc.field-name"], [message(b"\r")]),
    (
        ["rfc.field-name"],
        [
            *(
                message(field)
                for field in (b"X : a", b"X\t: a", b": a", b"X", b"X Y: a", b"X\xe9: a", b"X\0: a", b"(: a")
            ),
            message(b"X"),
            chunked(b"0\r\nT : a\r\n\r\n"),
            b"GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n",
        ],
    ),
    (["rfc.field-value"], [message(b"X: a" + bytes([bad]) + b"b") for bad in b"\0\x01\x08\x0b\x0c\x0e\x1f\x7f"]),
    (["rfc.field-value", "rfc.field-value"], [message(b"X: \0", b"Y: \0", b"X: \0")]),
    (["rfc.obs-fold"], [message(b"X: a\r\n b"), message(b"X:\r\n\t"), chunked(b"0\r\nT: a\r\n b\r\n\r\n")]),
    (
        ["rfc.trailer-field"],
        [
            chunked(b"0\r\n" + field + b"\r\n\r\n")
            for field in (b"Content-Length: 1", b"TRANSFER-encoding: x", b"Host:")
        ],
    ),
    (["rfc.host-once"], [message(host=b"X: a"), message(b"HOST: a"), message(b"Host: b", b"Host: c")]),
    (
        ["rfc.host-syntax"],
        [
            *(
                message(host=b"Host: " + bad)
                for bad in (b"a b", b"a/b", b"u@a", b"a:b", b"a:1:2", b"\xe9", b"%4", b"::1")
            ),
            *(
                message(host=b"Host: " + bad)
                for bad in (b"[::1", b"[v1.a", b"[]", b"[::1]x", b"[[::1]]", b"[fe80::1%25e]")
            ),
            *(message(host=b"Host: " + bad) for bad in (b"[1.2.3.4]", b"[:::]", b"[12345::]", b"a, b", b"[v.a]")),
        ],
    ),
    (
        ["rfc.length-syntax"],
        [
            *(message(b"Content-Length: " + bad, body=b"hello") for bad in (b"", b"+5", b"-5", b"0x5", b"5.0", b"5 5")),
            message(b"Content-Length: 5, 5", body=b"hello"),
        ],
    ),
    (
        ["rfc.length-repeated"],
        [
            message(b"Content-Length: 1", b"content-length: 1", body=b"a"),
            message(b"Content-Length: 1", b"Content-Length: 2", body=b"a"),
        ],
    ),
    (["rfc.length-and-coding"], [message(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n")]),
    (
        ["rfc.coding-final"],
        [
            *(chunked(b"x", bad) for bad in (b"gzip", b"chunked, gzip", b"", b"chunked;a=b")),
            chunked(b"0\r\n\r\n", b"chunked, chunked"),
            message(b"Transfer-Encoding: chunked", b"Transfer-Encoding: Chunked", body=b"0\r\n\r\n"),
        ],
    ),
    (["rfc.coding-final", "rfc.coding-final"], [chunked(b"", b"chunked, chunked, gzip")]),
    (
        ["rfc.coding-syntax"],
        [
            chunked(b"0\r\n\r\n", bad)
            for bad in (b"chunked,", b", chunked", b"a,,chunked", b"a b, chunked", b"a;b,chunked")
        ],
    ),
    (
        ["rfc.chunk-syntax"],
        [
            *(
                chunked(b"5" + bad + b"\r\nhello\r\n0\r\n\r\n")
                for bad in (b" ", b"_", b" ;a", b";", b"; a", b";a=", b";\0")
            ),
            *(
                chunked(bad)
                for bad in (b"\r\n\r\n", b"hello", b"0x5\r\nhello\r\n0\r\n\r\n", b"-1\r\n", b"5\nhello\r\n0\r\n\r\n")
            ),
            chunked(b"2\r\nabcdefgh\r\n0\r\n\r\n"),
            chunked(b"9\r\nabcdefgh\r\n0\r\n\r\n"),
            chunked(b"0;a=\r\n\r\n"),
        ],
    ),
    (
        ["rfc.chunk-last"],
        [
            *(
                chunked(body)
                for body in (b"", b"1\r\na\r\n", b"1\r\na\r\n0", b"0\r\n", b"0\r\n\r", b"0\r\nT: a\r\n", b"0\r\nT")
            ),
            *(chunked(body) for body in (b"1\r\na", b"1\r\na\r", b"3\r\na", b"f" * 501 + b"\r\n")),
        ],
    ),
    (
        ["rfc.content-short"],
        [message(b"Content-Length: 5", body=b"hell"), message(b"Content-Length: " + b"9" * 501, body=b"x")],
    ),
    (
        ["rfc.content-long"],
        [message(b"Content-Length: 4", body=b"hello"), chunked(b"0\r\n\r\n\r\n"), chunked(b"0\r\n\r\n0\r\n")],
    ),
    (["rfc.unframed-body"], [message(body=b"hello"), message() + message()]),
]


@pytest.mark.parametrize("data", VALID)
def test_valid_messages_have_no_violations(data: bytes) -> None:
    """What the RFCs allow is not reported, also where h11 would refuse it."""
    assert violations(data) == ()


@pytest.mark.parametrize(("expected", "data"), [(expected, data) for expected, some in BROKEN for data in some])
def test_broken_messages(expected: list[str], data: bytes) -> None:
    """A message is reported for exactly the clauses that it breaks."""
    assert codes(data) == expected


def test_every_clause_is_broken_once() -> None:
    """The table of broken messages has all clauses but the one of h11, which takes what no rule finds."""
    assert {code for expected, _ in BROKEN for code in expected} == CODES.keys() - {"rfc.h11"}


def test_codes_say_clause_and_section() -> None:
    """Every code comes with a sentence and the section it is from."""
    assert CODES["rfc.host-once"] == "There is exactly one Host. (RFC 9112 section 3.2)"
    for code, text in CODES.items():
        assert code.startswith("rfc.")
        sentence, section = text.removesuffix(")").split(" (RFC ")
        assert sentence.endswith(".")
        assert section.split(" section ")[0] in ("9110", "9112")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            message(b"X : a", b"Y\0:\0", body=b"x"),
            (
                Violation(
                    "rfc.field-name",
                    "RFC 9112 section 5.1",
                    'White space stands between the field name "X" and the colon.',
                    25,
                    30,
                ),
                Violation("rfc.field-name", "RFC 9112 section 5.1", 'The field name "Y\\x00" is no token.', 32, 36),
                Violation(
                    "rfc.field-value", "RFC 9110 section 5.5", 'The value of the field "Y\\x00" holds "\\x00".', 32, 36
                ),
                Violation(
                    "rfc.unframed-body",
                    "RFC 9112 section 6",
                    "More bytes stand behind the end of the message: 1.",
                    40,
                    41,
                ),
            ),
        ),
        (
            target(b" /a b c"),
            (
                Violation(
                    "rfc.request-line",
                    "RFC 9112 section 3",
                    "The request line is not three parts with one space between them.",
                    0,
                    20,
                ),
                Violation("rfc.target-form", "RFC 9112 section 3.2", 'The target holds " ".', 7, 8),
            ),
        ),
        (
            message(b"Content-Length: 1", b"Content-Length: 1", b"Content-Length: 2", body=b"a"),
            (
                Violation(
                    "rfc.length-repeated",
                    "RFC 9110 section 5.3",
                    "There is more than one Content-Length, and they differ.",
                    44,
                    61,
                ),
            ),
        ),
        (
            message().replace(b"\r\n", b"\n"),
            (Violation("rfc.line-ending", "RFC 9112 section 2.2", "A line ends in LF alone.", 14, 15),),
        ),
    ],
)
def test_violations_say_where_and_what(data: bytes, expected: tuple[Violation, ...]) -> None:
    """Violations come by offset, with the section and a sentence, and the same fault comes once."""
    assert violations(data) == expected


@pytest.mark.parametrize("data", VALID)
def test_prefixes_are_no_violation_while_more_may_come(data: bytes) -> None:
    """A valid message that stops too early is reported only when nothing more will come."""
    prefixes = [data[:end] for end in range(len(data))]
    assert [prefix for prefix in prefixes if codes(prefix, ended=False)] == []
    assert [prefix for prefix in prefixes if len(codes(prefix)) != 1] == []


def test_faults_count_while_more_may_come() -> None:
    """What is wrong in a whole head is reported although more may come."""
    assert codes(message(b"X: a\r\n b", b"Content-Length: 5"), ended=False) == ["rfc.obs-fold"]


# h11


def test_h11_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """What all rules accept and h11 refuses is reported with its message."""
    data = chunked(b"0\r\n\r\n", b"gzip, chunked")
    monkeypatch.setattr(_rfc, "_H11_EDGES", ())
    assert violations(data) == (
        Violation(
            "rfc.h11",
            "RFC 9112 section 2.2",
            "h11 refuses the message: Only Transfer-Encoding: chunked is supported.",
            0,
            len(data),
        ),
    )


def test_h11_is_not_asked_about_broken_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that breaks a rule, or that may go on, is not put before h11."""
    monkeypatch.setattr(_rfc, "_h11_refusal", lambda data: "asked")
    assert [codes(message()), codes(message(b"X")), codes(b"G", ended=False)] == [["rfc.h11"], ["rfc.field-name"], []]


H11_REFUSES = {
    "it knows no coding but chunked, and one Transfer-Encoding only": [
        chunked(b"0\r\n\r\n", b"gzip, chunked"),
        message(b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    ],
    "it reads a Content-Length of up to 20 digits, leading zeros included": [
        message(b"Content-Length: " + b"0" * 20 + b"1", body=b"x"),
    ],
    "it reads a chunk-size of up to 20 digits, leading zeros included": [
        chunked(b"0" * 20 + b"1\r\nx\r\n0\r\n\r\n"),
        chunked(b"0" * 21 + b"\r\n\r\n"),
    ],
}
H11_ACCEPTS = [
    message().replace(b"\r\n", b"\n"),
    message(b"X: a\r\n b"),
    message(b"X: \x01\x7f"),
    message(line=b"GET / HTTP/2.0"),
    target(b"index.html"),
    target(b'/<>"|^`{}#%zz'),
    target(b"*"),
    target(b"/", b"CONNECT"),
    message(host=b"Host: a b/c"),
    message(b"Content-Length: 5, 5", body=b"hello"),
    message(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"),
    message(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    chunked(b"1 \r\nx\r\n0\r\n\r\n"),
    chunked(b"1;;\0\r\nx\r\n0\r\n\r\n"),
    chunked(b"0\r\nHost: a\r\n\r\n"),
    message(body=b"stray"),
]


def test_the_known_edges_of_h11_are_all_there() -> None:
    """Each row of the table of edges has messages that h11 refuses although no rule is broken."""
    assert [reason for reason, _ in _rfc._H11_EDGES] == list(H11_REFUSES)


@pytest.mark.parametrize(("reason", "data"), [(reason, data) for reason, some in H11_REFUSES.items() for data in some])
def test_h11_refuses_what_is_valid(reason: str, data: bytes) -> None:
    """h11 still refuses what the table says it refuses, for that reason alone."""
    assert _rfc._h11_refusal(data) is not None
    assert [name for name, is_edge in _rfc._H11_EDGES if is_edge(parse(data))] == [reason]


@pytest.mark.parametrize("data", H11_ACCEPTS)
def test_h11_accepts_what_is_not_valid(data: bytes) -> None:
    """h11 still accepts what the module says it accepts, so that the rules are needed."""
    assert _rfc._h11_refusal(data) is None
    assert codes(data) != []


def test_h11_that_waits_for_more_refuses() -> None:
    """A message that h11 does not see the end of is one that it refuses."""
    assert _rfc._h11_refusal(message(b"Content-Length: 5")) == "it waits for more"


# Whatever comes

TCHAR = b"!#$%&'*+-.^_`|~09azAZ"


def text(alphabet: bytes, least: int = 0) -> st.SearchStrategy[bytes]:
    """Make byte strings of these bytes."""
    return st.lists(st.sampled_from(list(alphabet)), min_size=least, max_size=12).map(bytes)


FIELDS = st.lists(st.tuples(text(TCHAR, 1).map(lambda name: b"X" + name), text(b' \tab,;:"\\!~\x80\xff')))
PIECES = st.lists(st.binary(min_size=1, max_size=40), max_size=5)


@settings(derandomize=True, deadline=None)
@given(text(TCHAR, 1), text(b"/ab;=@:~!", 0), FIELDS, PIECES, st.sampled_from(["none", "length", "chunked"]))
def test_written_by_the_grammar_is_valid(
    method: bytes, path: bytes, fields: list[tuple[bytes, bytes]], pieces: list[bytes], framing: str
) -> None:
    """Messages made from the grammar break no rule, and h11 agrees."""
    lines = [b"%b:%b" % field for field in fields]
    line = b"%b /%b HTTP/1.1" % (method, path)
    body = b"".join(pieces)
    if framing == "none":
        data = message(*lines, line=line)
    elif framing == "length":
        data = message(*lines, b"Content-Length: %d" % len(body), line=line, body=body)
    else:
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        data = message(*lines, b"Transfer-Encoding: chunked", line=line, body=body)
    assert violations(data) == ()


SPLICES = st.sampled_from([*(bytes([byte]) for byte in range(256)), b"\r\n", b"\r\n\r\n", b"\r\n ", b"0\r\n\r\n", b""])


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.sampled_from(VALID), st.data(), st.booleans())
def test_damaged_messages_are_judged(data: bytes, pick: st.DataObject, ended: bool) -> None:
    """Whatever is done to a message, it is judged without an error, and h11 never has to correct the rules."""
    for _ in range(pick.draw(st.integers(0, 3))):
        start = pick.draw(st.integers(0, len(data)))
        data = data[:start] + pick.draw(SPLICES) + data[start + pick.draw(st.integers(0, 2)) :]
    found = violations(data, ended=ended)
    assert [violation.start for violation in found] == sorted(violation.start for violation in found)
    assert all(0 <= violation.start <= violation.end <= len(data) for violation in found)
    assert {violation.code for violation in found} <= CODES.keys() - {"rfc.h11"}


@settings(derandomize=True, deadline=None)
@given(st.binary())
def test_garbage_is_judged(data: bytes) -> None:
    """No bytes make the judge raise, and bytes of no meaning are never a valid message."""
    assert violations(data) != ()
