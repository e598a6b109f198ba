"""Tests of the diagnoses: each fault is named, with its values, and nothing that differs goes unreported."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wireproof._cases import bundled_root, load_clauses
from wireproof._judge._diff_view import first_difference
from wireproof._judge._differences import CODES, differences, expected_effects, is_spelling, matches
from wireproof._judge._sight import Sight
from wireproof._model import Digest, Expect, Outcome, Raised, Recipe, Request
from wireproof._plan import wire

HOST, PORT = "127.0.0.1", 51234
AUTO = ("Host: <host>:<port>", "Accept-Encoding: identity")
TE = "Transfer-Encoding: chunked"
LAST = "0\r\n\r\n"
CODED = {"Transfer-Encoding": "chunked"}
FILE_AT_3 = Recipe("bytesio", {"data": b"abcde", "position": 3})
INTS = Recipe("memoryview", {"data": b"abcdefgh", "format": "I"})


def text(value: str) -> Recipe:
    """Return the recipe of a str."""
    return Recipe("str", {"text": value})


def data(value: bytes) -> Recipe:
    """Return the recipe of bytes."""
    return Recipe("bytes", {"data": value})


def items(*pieces: bytes | Recipe, kind: str = "generator", name: str = "items") -> Recipe:
    """Return the recipe of an iterable, or of a file that is read in pieces."""
    recipes = tuple(data(piece) if isinstance(piece, bytes) else piece for piece in pieces)
    return Recipe(kind, {name: recipes})


def mapping(pairs: Mapping[str, str] | tuple[tuple[str, str], ...], kind: str = "dict") -> Recipe:
    """Return the recipe of header fields."""
    listed = tuple(pairs.items()) if isinstance(pairs, Mapping) else pairs
    return Recipe(kind, {"items": tuple((text(name), text(value)) for name, value in listed)})


def call(
    method: str = "POST", url: str = "/", body: Recipe | None = None, headers: Recipe | None = None, flag: bool = False
) -> Request:
    """Return the request; what is not given is not passed."""
    arguments = [("method", text(method)), ("url", text(url))]
    arguments += [("body", body)] if body is not None else []
    arguments += [("headers", headers)] if headers is not None else []
    arguments += [("encode_chunked", Recipe("bool", {"value": True}))] if flag else []
    return Request(tuple(arguments))


def seen(
    request: Request,
    expect: Expect,
    received: bytes | str | None = None,
    *,
    raised: Raised | None = None,
    effects: Mapping[str, object] | None = None,
    **more: Any,
) -> Sight:
    """Return what was seen; ``received`` is filled like an expectation, and None is just what is expected."""
    wanted = wire(expect, HOST, PORT)
    if isinstance(received, str):
        received = received.replace("<host>", HOST).replace("<port>", str(PORT)).encode("latin-1")
    got = (wanted.data or b"") if received is None else received
    sight = Sight(0, request, expect, wanted, got, Outcome(raised=raised, effects=effects or {}), host=HOST, port=PORT)
    return replace(sight, **more)


def head(*lines: str) -> str:
    """Return the text of a head."""
    return "\r\n".join((*lines, "", ""))


def error(*classes: str, message: str = "no", phase: str = "request") -> Raised:
    """Return an exception of these classes."""
    return Raised((*classes, "Exception", "BaseException", "object"), message, phase)


def post(body: Recipe, sent: bytes, framing: str) -> tuple[Request, Expect]:
    """Return a POST of this body, and what is expected of it."""
    return call(body=body), Expect(("POST / HTTP/1.1", *AUTO, framing), sent)


GET_ = (call("GET"), Expect(("GET / HTTP/1.1", *AUTO)))
POST_ABC = post(text("abc"), b"abc", "Content-Length: 3")
POST_E = post(text("abé"), b"ab\xe9", "Content-Length: 3")
POST_LIST = post(items(b"ab", b"c"), b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", TE)
POST_FILE = post(FILE_AT_3, b"2\r\nde\r\n0\r\n\r\n", TE)
THREE = post(items(b"ab", b"cd", b"ef"), b"2\r\nab\r\n2\r\ncd\r\n2\r\nef\r\n0\r\n\r\n", TE)
TEN = post(items(b"0123456789"), b"A\r\n0123456789\r\n0\r\n\r\n", TE)
SIXTEEN = post(items(b"0123456789abcdef"), b"10\r\n0123456789abcdef\r\n0\r\n\r\n", TE)
EMPTY_PIECE = post(items(b"ab", b"", b"c"), b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", TE)
LINES = post(text("a\r\nb\n"), b"a\r\nb\n", "Content-Length: 5")
LONG = post(data(b"x" * 100000), b"x" * 100000, "Content-Length: 100000")
DIGEST = (
    call(body=data(b"abcdef")),
    Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 6"), Digest(6, hashlib.sha256(b"abcdef").hexdigest())),
)
ENDLESS = (
    call("PUT", body=Recipe("endless", {"data": b"xx"})),
    Expect(("PUT / HTTP/1.1", *AUTO, TE), b"2\r\nxx\r\n" * 100, at_least=20, raises="OSError"),
)
FAILING = (
    call(body=items(b"ab", Recipe("raise", {"name": "RuntimeError"}))),
    Expect(("POST / HTTP/1.1", *AUTO, TE), b"2\r\nab\r\n", raises="RuntimeError"),
)
READS = (
    call(body=items(b"abc", kind="reader", name="reads")),
    Expect(("POST / HTTP/1.1", *AUTO, TE), b"3\r\nabc\r\n0\r\n\r\n", effects={"body.reads": (8192, 8192)}),
)
XY = (call("GET", headers=mapping({"X": "1", "Y": "2"})), Expect(("GET / HTTP/1.1", *AUTO, "X: 1", "Y: 2")))
REPEATS = (
    call("GET", headers=mapping((("X", "1"), ("X", "2")), "message")),
    Expect(("GET / HTTP/1.1", *AUTO, "X: 1", "X: 2")),
)
CODED_RAW = (
    call(body=text("abc"), headers=mapping(CODED)),
    Expect(("POST / HTTP/1.1", *AUTO, TE), b"abc"),
)
CHUNKED_BY_FLAG = (
    call(body=text("abc"), headers=mapping(CODED), flag=True),
    Expect(("POST / HTTP/1.1", *AUTO, TE), b"3\r\nabc\r\n0\r\n\r\n"),
)


def of(
    pair: tuple[Request, Expect], lines: tuple[str, ...] | str | None = None, body: str | None = None, **more: Any
) -> Sight:
    """Return what was seen of the call: these lines of the head and this body, or just these bytes (a str)."""
    received: str | None = None
    if isinstance(lines, tuple):
        received = head(*lines) + (body or "")
    elif lines is not None:
        received = lines
    elif body is not None:
        received = head(*(pair[1].head or ())) + body
    return seen(*pair, received, **more)


def line(method: str, url: str, got: str) -> Sight:
    """Return what was seen of a call where another request line came."""
    return of((call(method, url), Expect((f"{method} {url} HTTP/1.1", *AUTO))), (got, *AUTO))


def value(want: str, got: str) -> Sight:
    """Return what was seen of a call where a header value came otherwise."""
    lines = ("GET / HTTP/1.1", *AUTO)
    return of((call("GET", headers=mapping({"X": want})), Expect((*lines, f"X: {want}"))), (*lines, f"X: {got}"))


def host(got: str, want: str) -> Sight:
    """Return what was seen of a call where another Host came."""
    lines = ("GET / HTTP/1.1", AUTO[1])
    return of((call("GET"), Expect((*lines, f"Host: {want}"))), (*lines, f"Host: {got}"))


def order(want: tuple[str, ...], got: tuple[str, ...]) -> Sight:
    """Return what was seen of a call where the caller's fields came in another order."""
    lines = ("GET / HTTP/1.1", *AUTO)
    request = call("GET", headers=mapping(dict.fromkeys(want, "1")))
    return of((request, Expect((*lines, *(f"{name}: 1" for name in want)))), (*lines, *(f"{name}: 1" for name in got)))


def capped(sight: Sight, more: int) -> Sight:
    """Return the sight of a stream that was longer than what is kept of it."""
    return replace(sight, total=len(sight.data) + more, sha256="0" * 64)


ROWS: tuple[tuple[Any, ...], ...] = (
    (
        "construct",
        of(GET_, "", raised=error("TypeError", message="no port", phase="construct")),
        ("call.construct TypeError [request.sent] The connection object could not be made: TypeError: no port"),
    ),
    (
        "raised",
        of(GET_, "", raised=error("TypeError", message=f"bad \x1b{HOST}:{PORT} at 0x7f00deadbeef")),
        (
            "call.raised TypeError [request.sent] request() raised TypeError although the request is to be sent: "
            "bad \\x1b<host>:<port> at 0x…"
        ),
    ),
    (
        "raised-body-kind",
        of(POST_LIST, "", raised=error("TypeError", message="object of type 'list' has no len()")),
        (
            "call.raised TypeError [body.iterable.accepted] request() raised TypeError although the request is "
            "to be sent: object of type 'list' has no len() (len() of a body that has none)"
        ),
    ),
    (
        "raised-reader",
        of(
            (
                call(body=items(b"abc", kind="reader", name="reads")),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"3\r\nabc\r\n0\r\n\r\n"),
            ),
            "",
            raised=error("AttributeError", message="fileno"),
        ),
        (
            "call.raised AttributeError [body.file.read-only] request() raised AttributeError although the "
            "request is to be sent: fileno"
        ),
    ),
    (
        "raised-flag",
        of(
            (
                call(body=items(b"abc"), headers=mapping(CODED), flag=True),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"3\r\nabc\r\n0\r\n\r\n"),
            ),
            "",
            raised=error("TypeError", message="unexpected keyword argument 'encode_chunked'"),
        ),
        (
            "call.raised TypeError [flag.keyword-only] request() raised TypeError although the request is to be "
            "sent: unexpected keyword argument 'encode_chunked' (request() does not know encode_chunked)"
        ),
    ),
    (
        "raised-keywords",
        of(
            (replace(call(), passed="keywords"), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 0"))),
            "",
            raised=error("TypeError", message=""),
        ),
        (
            "call.raised TypeError [call.signature] request() raised TypeError although the request is to be "
            "sent: (no message)"
        ),
    ),
    (
        "raised-mapping",
        of(
            (call("GET", headers=mapping((("X", "1"),), "mapping")), Expect(("GET / HTTP/1.1", *AUTO, "X: 1"))),
            "",
            raised=error("TypeError", message="not a mapping"),
        ),
        (
            "call.raised TypeError [headers.accepted] request() raised TypeError although the request is to be "
            "sent: not a mapping"
        ),
    ),
    (
        "raised-headers",
        of(
            (call("GET", headers=mapping({"X": "\xe9"})), Expect(("GET / HTTP/1.1", *AUTO, "X: \xe9"))),
            "",
            raised=error("UnicodeEncodeError", message="'ascii' codec can't encode"),
        ),
        (
            "call.raised UnicodeEncodeError [headers.accepted] request() raised UnicodeEncodeError although the "
            "request is to be sent: 'ascii' codec can't encode (encode('ascii') where ISO-8859-1 is meant)"
        ),
    ),
    (
        "raised-half-way",
        of(POST_LIST, body="", raised=error("TypeError")),
        (
            "call.raised TypeError [body.iterable.accepted] request() raised TypeError although the request is "
            "to be sent: no (97 bytes had been sent)"
        ),
    ),
    (
        "raised-and-other-bytes",
        of(POST_LIST, ("POST / HTTP/1.1", *AUTO, "Content-Length: 3"), raised=error("TypeError")),
        (
            "call.raised TypeError [body.iterable.accepted] request() raised TypeError although the request is "
            "to be sent: no (88 bytes had been sent)"
        ),
        "framing.length-instead-of-chunked content-length",
    ),
    (
        "not-raised",
        of(
            (call("GET", headers=mapping({"X": "a\nb"})), Expect(None, raises="ValueError")),
            ("GET / HTTP/1.1", *AUTO, "X: a\nb"),
        ),
        (
            "call.not-raised ValueError [headers.value-injection] No exception was raised, ValueError expected; "
            "76 bytes were sent. (the line break goes out as it is: header injection)"
        ),
    ),
    (
        "not-raised-nothing-sent",
        of((call("GET\n"), Expect(None, raises="ValueError")), ""),
        ("call.not-raised ValueError [method.control] No exception was raised, ValueError expected; nothing was sent."),
    ),
    (
        "not-raised-utf-8",
        of(
            (call(body=text("€")), Expect(None, raises="UnicodeEncodeError")),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 3"),
            "\xe2\x82\xac",
        ),
        (
            "call.not-raised UnicodeEncodeError [body.early-encoding] No exception was raised, "
            "UnicodeEncodeError expected; 91 bytes were sent, the text as UTF-8. (str.encode() without an encoding "
            "argument gives UTF-8)"
        ),
    ),
    (
        "not-raised-question-mark",
        of(
            (call(body=text("€")), Expect(None, raises="UnicodeEncodeError")),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 1"),
            "?",
        ),
        (
            "call.not-raised UnicodeEncodeError [body.early-encoding] No exception was raised, "
            "UnicodeEncodeError expected; 89 bytes were sent, the text with ? in place of what cannot be encoded. "
            "(encode('latin-1', 'replace'))"
        ),
    ),
    (
        "not-raised-xml",
        of(
            (call(body=text("€")), Expect(None, raises="UnicodeEncodeError")),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 1"),
            "!",
        ),
        (
            "call.not-raised UnicodeEncodeError [body.early-encoding] No exception was raised, "
            "UnicodeEncodeError expected; 89 bytes were sent."
        ),
    ),
    (
        "not-raised-swallowed",
        of(FAILING, body="2\r\nab\r\n0\r\n\r\n"),
        (
            "call.not-raised RuntimeError [body.propagates] No exception was raised, RuntimeError expected; 109 "
            "bytes were sent."
        ),
    ),
    (
        "not-raised-other-framing",
        of(FAILING, ("POST / HTTP/1.1", *AUTO, "Content-Length: 2"), "ab"),
        (
            "call.not-raised RuntimeError [body.propagates] No exception was raised, RuntimeError expected; 90 "
            "bytes were sent."
        ),
        "framing.length-instead-of-chunked content-length",
    ),
    (
        "other-class",
        of(FAILING, raised=error("OSError", message="")),
        (
            "call.other-exception OSError [body.propagates] An exception of another class was raised: OSError "
            "instead of RuntimeError: (no message)"
        ),
    ),
    (
        "other-class-early",
        of(FAILING, "", raised=error("TypeError", message="bytes-like")),
        (
            "call.other-exception TypeError [body.propagates] An exception of another class was raised: "
            "TypeError instead of RuntimeError: bytes-like"
        ),
    ),
    (
        "other-class-other-bytes",
        of(FAILING, body="2\r\nxy\r\n", raised=error("TypeError", message="bytes-like")),
        (
            "call.other-exception TypeError [body.propagates] An exception of another class was raised: "
            "TypeError instead of RuntimeError: bytes-like"
        ),
        "body.changed body",
    ),
    (
        "returned",
        of(GET_, outcome=Outcome("HTTPResponse")),
        ("call.returned return [call.returns-none] The call returned HTTPResponse, expected None."),
    ),
    (
        "bytes-out",
        of(
            (call("GET", headers=mapping({"X": "a\nb"})), Expect(None, raises="ValueError")),
            "GET / HTTP/1.1\r\n",
            raised=error("ValueError"),
        ),
        (
            "error.bytes-out ValueError [headers.value-injection] 16 bytes came before the ValueError, and "
            "nothing may be sent: 'GET / HTTP/1.1␍␊' (the arguments are examined while they are sent)"
        ),
    ),
    (
        "nothing-out",
        of(ENDLESS, "", raised=error("OSError")),
        (
            "error.nothing-out OSError [send.stops] The OSError came before anything was sent; 116 bytes of the "
            "request must be out by then. (the body is taken before the head is sent)"
        ),
    ),
    (
        "more-out",
        of(FAILING, body="2\r\nab\r\n1\r\n", raised=error("RuntimeError")),
        ("error.more-out RuntimeError [body.propagates] When the RuntimeError came, 3 bytes too many were out: '1␍␊'"),
    ),
    (
        "last-chunk-although-failed",
        of(FAILING, body="2\r\nab\r\n0\r\n\r\n", raised=error("RuntimeError")),
        (
            "error.last-chunk RuntimeError [body.propagates] The last chunk was sent although the body failed "
            "with RuntimeError: what came passes for the whole body. (the last chunk is sent in a finally, or by "
            "close())"
        ),
    ),
    (
        "failing-other-head",
        of(FAILING, ("POST / HTTP/1.1", *AUTO, TE, "X-Y: 1"), "2\r\nab\r\n", raised=error("RuntimeError")),
        ("field.extra x-y [auto.nothing-else] The field line 'X-Y: 1' is sent although nobody asked for it."),
    ),
    (
        "failing-chunked-although-raw",
        of(
            (
                call(body=items(b"ab", Recipe("raise", {"name": "KeyError"})), headers=mapping(CODED)),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"ab", raises="KeyError"),
            ),
            body="2\r\nab\r\n",
            raised=error("KeyError"),
        ),
        (
            "body.chunked body [flag.false-raw] The body is chunk-encoded although encode_chunked is false: "
            "'2␍␊ab␍␊' (a Transfer-Encoding field is taken for a wish to chunk-encode)"
        ),
    ),
    (
        "never-connected",
        of(GET_, "", connections=0),
        (
            "request.not-sent request [request.sent] The call returned, and nothing was sent: no byte came on "
            "any connection."
        ),
    ),
    (
        "silent",
        of(GET_, "", connections=1),
        (
            "request.not-sent request [request.sent] The call returned, and nothing was sent: a connection was "
            "opened, and not a byte came on it."
        ),
    ),
    (
        "retried",
        of(GET_, 2 * head("GET / HTTP/1.1", *AUTO), connections=2),
        (
            "connection.retried connection [connection.one] The request was sent twice, on 2 connections: it was "
            "retried. (a retry after a dropped connection: the server may act on it twice)"
        ),
    ),
    (
        "retried-three-times",
        of(GET_, 3 * head("GET / HTTP/1.1", *AUTO), connections=3),
        (
            "connection.retried connection [connection.one] The request was sent 3 times, on 3 connections: it "
            "was retried. (a retry after a dropped connection: the server may act on it twice)"
        ),
    ),
    (
        "retried-after-a-part",
        of(GET_, "GET / HTT" + head("GET / HTTP/1.1", *AUTO), connections=2),
        (
            "connection.retried connection [connection.one] The request was sent twice, on 2 connections: it was "
            "retried. (a retry after a dropped connection: the server may act on it twice)"
        ),
    ),
    (
        "twice-on-one",
        of(GET_, 2 * head("GET / HTTP/1.1", *AUTO)),
        ("request.twice request [request.sent] The request was sent 2 times on one connection."),
    ),
    (
        "split",
        of(GET_, connections=2),
        ("connection.split connection [connection.one] The bytes of one request came on 2 connections."),
    ),
    (
        "not-reused",
        of(GET_, continues=True),
        (
            "connection.not-reused connection [state.reuse] A new connection was opened although the old one was "
            "to be used again."
        ),
    ),
    (
        "reused",
        of(GET_, continued=True, continues=False),
        (
            "connection.reused connection [state.close] The request went out on the old connection although a "
            "new one was to be opened."
        ),
    ),
    (
        "not-reconnected",
        of((call("GET"), Expect(("GET / HTTP/1.1", *AUTO), reconnects=True)), continued=True),
        (
            "connection.reused connection [state.reconnect] The request went out on the old connection although "
            "a new one was to be opened."
        ),
    ),
    (
        "left-open",
        of(GET_, ended="open"),
        ("connection.left-open connection [connection.closed] The connection was never closed, not even by close()."),
    ),
    (
        "reset",
        of(POST_ABC, body="a", ended="reset"),
        (
            "connection.reset connection [send.complete] The connection was reset after 89 of 91 bytes. (the "
            "socket was closed with unsent or unread bytes)"
        ),
    ),
    (
        "stale-head",
        of(GET_, "PUT /1 HTTP/1.1\r\nHost: x\r\n" + head("GET / HTTP/1.1", *AUTO), step=2),
        (
            "request.stale-head request [state.independent] In front of the request stands what an earlier one "
            "left behind: 'PUT /1 HTTP/1.1␍␊Host: x␍␊' (the buffer of a head that failed is not cleared by "
            "close())"
        ),
    ),
    (
        "stale-head-lf",
        of(
            GET_,
            head("PUT /1 HTTP/1.1", *AUTO).replace("\r\n", "\n")[:-1]
            + head("GET / HTTP/1.1", *AUTO).replace("\r\n", "\n"),
            step=2,
        ),
        (
            "request.stale-head request [state.independent] In front of the request stands what an earlier one "
            "left behind: 'PUT /1 HTTP/1.1␊Host: <host>:<port>␊Accept-Encoding: identit…' (64 bytes) (the buffer "
            "of a head that failed is not cleared by close())"
        ),
    ),
    (
        "preceded",
        of(GET_, "\r\n" + head("GET / HTTP/1.1", *AUTO)),
        ("request.preceded request [rfc.request-line] 2 bytes stand in front of the request: '␍␊'"),
    ),
    (
        "head-cut",
        of(GET_, "GET / HTTP/1.1\r\nHost: <host>"),
        (
            "head.cut head [rfc.head-incomplete] The head stops after 31 bytes; what is missing begins with "
            "':<port>␍␊Accept-Encoding: identity␍␊␍␊'"
        ),
    ),
    (
        "head-cut-and-changed",
        of(GET_, "PUT / HTTP/1.1\r\n"),
        ("method.changed method [request.method] The method was changed: 'PUT' instead of 'GET'."),
        "head.cut head",
    ),
    (
        "no-blank-line",
        of(POST_ABC, head("POST / HTTP/1.1", *AUTO, "Content-Length: 3")[:-2] + "abc"),
        (
            "head.no-blank-line head [rfc.head-incomplete] The empty line between head and body is missing: "
            "'abc' follows the last field line."
        ),
    ),
    (
        "after-blank-line",
        of(POST_ABC, body="\r\nabc"),
        ("body.after-blank-line body [body.after-head] An empty line too many stands between head and body."),
    ),
    (
        "line-ending",
        of(GET_, head("GET / HTTP/1.1", *AUTO).replace("\r\n", "\n")),
        (
            "head.line-ending lf [rfc.line-ending] 4 lines of the head end in LF alone instead of CRLF. ('\\n' is "
            "written for '\\r\\n')"
        ),
    ),
    (
        "no-request-line",
        of(GET_, "\r\n\r\n"),
        ("request.not-http request [rfc.request-line] What came is no HTTP request: '␍␊␍␊'"),
    ),
    (
        "not-http",
        of(GET_, "\x16\x03\x01\x02\x00"),
        ("request.not-http request [rfc.request-line] What came is no HTTP request: '\\x16\\x03\\x01\\x02\\x00'"),
    ),
    (
        "method-upper",
        line("get", "/", "GET / HTTP/1.1"),
        (
            "method.upper-cased method [request.method] The method was put into upper case: 'GET' instead of "
            "'get'. (method.upper())"
        ),
    ),
    (
        "method-lower",
        line("Get", "/", "get / HTTP/1.1"),
        (
            "method.lower-cased method [request.method] The method was put into lower case: 'get' instead of "
            "'Get'. (method.lower())"
        ),
    ),
    (
        "method-stripped",
        line("GET ", "/", "GET / HTTP/1.1"),
        ("method.stripped method [request.method] The method lost the white space around it: 'GET' instead of 'GET '."),
    ),
    (
        "method-space",
        line("G ET", "/", "GET / HTTP/1.1"),
        ("method.changed method [request.method] The method was changed: 'GET' instead of 'G ET'."),
    ),
    (
        "target-fragment",
        line("GET", "/a#b", "GET /a HTTP/1.1"),
        (
            "target.fragment-dropped target [request.target] The url lost its fragment: the request-target is "
            "'/a' instead of '/a#b'. (urlsplit() or a Url type)"
        ),
    ),
    (
        "target-query",
        line("GET", "/a?b", "GET /a HTTP/1.1"),
        (
            "target.query-dropped target [request.target] The url lost its query: the request-target is '/a' "
            "instead of '/a?b'."
        ),
    ),
    (
        "target-origin",
        line("GET", "http://h/a", "GET /a HTTP/1.1"),
        (
            "target.origin-form target [request.target] The url was cut down to its path: the request-target is "
            "'/a' instead of 'http://h/a'. (absolute urls are kept for proxies only)"
        ),
    ),
    (
        "target-absolute",
        line("GET", "/a", "GET http://<host>:<port>/a HTTP/1.1"),
        (
            "target.absolute-form target [request.target] The url was made absolute: the request-target is "
            "'http://<host>:<port>/a' instead of '/a'. (a proxy's form of the target)"
        ),
    ),
    (
        "target-encoded",
        line("GET", "/a|b", "GET /a%7Cb HTTP/1.1"),
        (
            "target.percent-encoded target [request.target] The url was percent-encoded: the request-target is "
            "'/a%7Cb' instead of '/a|b'. (quote() of a url that is to be sent as given)"
        ),
    ),
    (
        "target-encoded-again",
        line("GET", "/a%7cb", "GET /a%257Cb HTTP/1.1"),
        (
            "target.percent-encoded target [request.target] The url was percent-encoded: the request-target is "
            "'/a%257Cb' instead of '/a%7cb'. (quote() of a url that is to be sent as given)"
        ),
    ),
    (
        "target-decoded",
        line("GET", "/%41", "GET /A HTTP/1.1"),
        (
            "target.percent-decoded target [request.target] The url was percent-decoded: the request-target is "
            "'/A' instead of '/%41'. (unquote() of a url that is to be sent as given)"
        ),
    ),
    (
        "target-percent-case",
        line("GET", "/%c3", "GET /%C3 HTTP/1.1"),
        (
            "target.percent-case target [request.target] The url had its percent-encodings changed in case: the "
            "request-target is '/%C3' instead of '/%c3'."
        ),
    ),
    (
        "target-slash",
        line("GET", "a", "GET /a HTTP/1.1"),
        (
            "target.slash-added target [request.target] The url got a slash that is not in the url: the "
            "request-target is '/a' instead of 'a'."
        ),
    ),
    (
        "target-dots",
        line("GET", "/a/./../b", "GET /b HTTP/1.1"),
        (
            "target.dots-removed target [request.target] The url was normalised: the request-target is '/b' "
            "instead of '/a/./../b'. (urljoin() or normpath())"
        ),
    ),
    (
        "target-case",
        line("GET", "/A", "GET /a HTTP/1.1"),
        (
            "target.case target [request.target] The url was changed in case: the request-target is '/a' instead "
            "of '/A'."
        ),
    ),
    (
        "target-stripped",
        line("GET", "/a\x0b", "GET /a HTTP/1.1"),
        (
            "target.stripped target [request.target] The url lost the white space around it: the request-target "
            "is '/a' instead of '/a\\x0b'. (url.strip())"
        ),
    ),
    (
        "target-changed",
        line("GET", "/a", "GET /xyz HTTP/1.1"),
        ("target.changed target [request.target] The url was changed: the request-target is '/xyz' instead of '/a'."),
    ),
    (
        "version",
        line("GET", "/", "GET / HTTP/1.0"),
        (
            "version.changed version [request.version] The version of the request line is 'HTTP/1.0' instead of "
            "'HTTP/1.1'."
        ),
    ),
    (
        "version-missing",
        line("GET", "/", "GET /"),
        ("version.changed version [request.version] The version of the request line is '' instead of 'HTTP/1.1'."),
    ),
    (
        "user-agent",
        of(GET_, ("GET / HTTP/1.1", *AUTO, "User-Agent: python-urllib3/2.5.0")),
        (
            "field.extra user-agent [auto.nothing-else] The field line 'User-Agent: python-urllib3/2.5.0' is "
            "sent although nobody asked for it."
        ),
    ),
    (
        "no-colon",
        of(GET_, ("GET / HTTP/1.1", *AUTO, "nonsense")),
        ("field.extra no-colon [auto.nothing-else] A line that is no field stands in the head: 'nonsense'"),
    ),
    (
        "host-missing",
        of(GET_, ("GET / HTTP/1.1", "Accept-Encoding: identity")),
        ("field.missing host [auto.host] The automatic field line 'Host: <host>:<port>' is missing."),
    ),
    (
        "caller-missing",
        of(XY, ("GET / HTTP/1.1", *AUTO, "X: 1")),
        ("field.missing y [headers.sent] The caller's field line 'Y: 2' is missing."),
    ),
    (
        "accept-encoding-doubled",
        of(
            (
                call("GET", headers=mapping({"accept-encoding": "br"})),
                Expect(("GET / HTTP/1.1", AUTO[0], "accept-encoding: br")),
            ),
            ("GET / HTTP/1.1", *AUTO, "accept-encoding: br"),
        ),
        (
            "field.repeated accept-encoding [auto.accept-encoding-override] The field accept-encoding is sent 2 "
            "times instead of 1: 'Accept-Encoding: identity' is one too many. (names are compared with regard to "
            "case)"
        ),
    ),
    (
        "host-doubled",
        of(GET_, ("GET / HTTP/1.1", AUTO[0], *AUTO)),
        (
            "field.repeated host [auto.host] The field Host is sent 2 times instead of 1: 'Host: <host>:<port>' "
            "is one too many."
        ),
    ),
    (
        "length-doubled",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, "Content-Length: 3", "Content-Length: 3"), "abc"),
        (
            "field.repeated content-length [framing.one-only] The field Content-Length is sent 2 times instead "
            "of 1: 'Content-Length: 3' is one too many."
        ),
    ),
    (
        "caller-doubled",
        of(XY, ("GET / HTTP/1.1", *AUTO, "X: 1", "Y: 2", "X: 1")),
        ("field.repeated x [headers.sent] The field X is sent 2 times instead of 1: 'X: 1' is one too many."),
    ),
    (
        "joined",
        of(REPEATS, ("GET / HTTP/1.1", *AUTO, "X: 1, 2")),
        ("field.joined x [headers.sent] 2 field lines X were joined into one: 'X: 1, 2' (', '.join() over repeats)"),
    ),
    (
        "only-last",
        of(REPEATS, ("GET / HTTP/1.1", *AUTO, "X: 2")),
        (
            "field.missing x [headers.only-items] The field line 'X: 1' is missing: only 'X: 2' is sent of 2 field "
            "lines of this name. (fields are kept in a dict by name)"
        ),
    ),
    (
        "two-of-three",
        of(
            (
                call("GET", headers=mapping((("X", "1"), ("X", "2"), ("X", "3")), "message")),
                Expect(("GET / HTTP/1.1", *AUTO, "X: 1", "X: 2", "X: 3")),
            ),
            ("GET / HTTP/1.1", *AUTO, "X: 1", "X: 2"),
        ),
        ("field.missing x [headers.sent] The caller's field line 'X: 3' is missing."),
    ),
    (
        "repeats-swapped",
        of(REPEATS, ("GET / HTTP/1.1", *AUTO, "X: 2", "X: 1")),
        (
            "order.repeats caller [headers.order] The caller's field lines are in another order: those of one "
            "name are exchanged."
        ),
    ),
    (
        "bytes-name",
        of(
            (
                call(
                    "POST", body=text("abc"), headers=Recipe("dict", {"items": ((data(b"Content-Length"), text("3")),)})
                ),
                Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 3", "Content-Length: 3"), b"abc"),
            ),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 3"),
            "abc",
        ),
        (
            "field.missing content-length [headers.bytes-name] The field line 'Content-Length: 3' is missing "
            "beside the caller's, whose name is bytes."
        ),
    ),
    (
        "bytes-name-other",
        of(
            (
                call(
                    "POST",
                    body=text("abc"),
                    headers=Recipe("dict", {"items": ((data(b"Transfer-Encoding"), text("chunked")),)}),
                ),
                Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 3", TE), b"abc"),
            ),
            ("POST / HTTP/1.1", *AUTO, TE),
            "abc",
        ),
        (
            "framing.missing content-length [headers.bytes-name] Content-Length is missing beside "
            "Transfer-Encoding: chunked, whose name the caller gave as bytes."
        ),
    ),
    (
        "name-case",
        of(XY, ("GET / HTTP/1.1", *AUTO, "x: 1", "y: 2")),
        (
            "field.name-case x [headers.name-case] The field name 'X' is written 'x'. So it is with 2 field "
            "lines. (name.lower())"
        ),
    ),
    (
        "auto-name-case",
        of(GET_, ("GET / HTTP/1.1", "host: <host>:<port>", "ACCEPT-encoding: identity")),
        (
            "field.name-case host [auto.name-case] The field name 'Host' is written 'host'. So it is with 2 "
            "field lines. (name.lower())"
        ),
    ),
    (
        "spacing",
        of(XY, ("GET / HTTP/1.1", *AUTO, "X:1", "Y: 2")),
        ("field.spacing x [headers.sent] The value of X has other white space before it: '1', expected ' 1'."),
    ),
    (
        "value-stripped",
        value(" v ", " v"),
        (
            "field.value-stripped x [headers.sent] The value of X lost the white space around it: '  v', "
            "expected '  v '. (value.strip())"
        ),
    ),
    (
        "value-utf-8",
        value("\xe9", "\xc3\xa9"),
        (
            "field.value-utf-8 x [headers.value-latin-1] The value of X is sent as UTF-8 instead of ISO-8859-1 "
            "(é went out as C3 A9, expected E9): '\\xc3\\xa9', expected '\\xe9'. (str.encode() without an encoding "
            "argument gives UTF-8)"
        ),
    ),
    (
        "value-utf-8-control",
        value("\x85", "\xc2\x85"),
        (
            "field.value-utf-8 x [headers.value-latin-1] The value of X is sent as UTF-8 instead of ISO-8859-1 "
            "(U+0085 went out as C2 85, expected 85): '\\xc2\\x85', expected '\\x85'. (str.encode() without an "
            "encoding argument gives UTF-8)"
        ),
    ),
    (
        "value-replaced",
        value("a\xe9", "a?"),
        (
            "field.value-replaced x [headers.value-latin-1] The value of X has ? in place of characters: 'a?', "
            "expected 'a\\xe9'. (encode('ascii', 'replace'))"
        ),
    ),
    (
        "value-repr",
        value("v", "b'v'"),
        (
            "field.value-repr x [headers.value-bytes] The value of X is sent in Python's notation: 'b'v'', "
            "expected 'v'. (str() or an f-string of bytes)"
        ),
    ),
    (
        "value-fold",
        value("a\r\n b", "a b"),
        (
            "field.value-fold x [headers.value-folding] The value of X is folded in another way: 'a b', expected "
            "'a␍␊ b'. (line breaks are taken out, or put in)"
        ),
    ),
    (
        "value-case",
        value("Ab", "ab"),
        ("field.value-case x [headers.sent] The value of X was changed in case: 'ab', expected 'Ab'."),
    ),
    (
        "value-other",
        value("Ab", "zz"),
        ("field.value x [headers.sent] The value of X is another one: 'zz', expected 'Ab'."),
    ),
    (
        "given-length-value",
        of(
            (
                call(body=text("abc"), headers=mapping({"Content-Length": "7"})),
                Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 7"), b"abc"),
            ),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 3"),
            "abc",
        ),
        (
            "field.value content-length [framing.caller-length] The value of Content-Length is another one: '3', "
            "expected '7'."
        ),
    ),
    (
        "host-port-missing",
        host("<host>", "<host>:<port>"),
        ("host.port-missing host [auto.host] The value of Host lacks the port: '<host>', expected '<host>:<port>'."),
    ),
    (
        "host-port-added",
        host("<host>:80", "<host>"),
        (
            "host.port-added host [host.default-port] The value of Host shows a port that it must leave out: "
            "'<host>:80', expected '<host>'."
        ),
    ),
    (
        "host-brackets",
        host("[[::1]]:<port>", "[::1]:<port>"),
        (
            "host.brackets host [host.ipv6-brackets] The value of Host has wrong brackets: '[[::1]]:<port>', "
            "expected '[::1]:<port>'."
        ),
    ),
    (
        "host-zone",
        host("[::1%lo]:<port>", "[::1]:<port>"),
        (
            "host.zone host [host.ipv6-zone] The value of Host differs in the zone of the address: "
            "'[::1%lo]:<port>', expected '[::1]:<port>'."
        ),
    ),
    (
        "host-idna",
        host("b\xfccher", "xn--bcher-kva"),
        (
            "host.idna host [host.idna] The value of Host is not IDNA-encoded: 'b\\xfccher', expected "
            "'xn--bcher-kva'. (the host is encoded as it is)"
        ),
    ),
    (
        "host-case",
        host("Host.Test", "host.test"),
        ("field.value-case host [auto.host] The value of Host was changed in case: 'Host.Test', expected 'host.test'."),
    ),
    (
        "host-other",
        host("other", "host.test"),
        ("field.value host [auto.host] The value of Host is another one: 'other', expected 'host.test'."),
    ),
    (
        "host-other-than-the-caller's",
        of(
            (
                call("GET", headers=mapping({"Host": "a"})),
                Expect(("GET / HTTP/1.1", "Accept-Encoding: identity", "Host: a")),
            ),
            ("GET / HTTP/1.1", "Accept-Encoding: identity", "Host: b"),
        ),
        ("field.value host [headers.sent] The value of Host is another one: 'b', expected 'a'."),
    ),
    (
        "host-of-absolute",
        of(
            (call("GET", "http://h/"), Expect(("GET http://h/ HTTP/1.1", "Host: h", AUTO[1]))),
            ("GET http://h/ HTTP/1.1", *AUTO),
        ),
        ("field.value host [host.absolute-url] The value of Host is another one: '<host>:<port>', expected 'h'."),
    ),
    (
        "order-sorted",
        order(("B", "a", "C"), ("a", "B", "C")),
        (
            "order.sorted caller [headers.order] The caller's field lines are in another order: they are sorted "
            "by name. (sorted(headers.items()))"
        ),
    ),
    (
        "order-sorted-by-case",
        order(("b", "a", "C"), ("C", "a", "b")),
        (
            "order.sorted caller [headers.order] The caller's field lines are in another order: they are sorted "
            "by name. (sorted(headers.items()))"
        ),
    ),
    (
        "order-reversed",
        order(("b", "a", "c"), ("c", "a", "b")),
        (
            "order.reversed caller [headers.order] The caller's field lines are in another order: they are "
            "reversed. (reversed(), or each is put in front of the others)"
        ),
    ),
    (
        "order-other",
        order(("a", "c", "b", "d"), ("a", "d", "b", "c")),
        (
            "order.caller caller [headers.order] The caller's field lines are in another order: a, d, b, c "
            "instead of a, c, b, d. (the order of a set or of a hash table)"
        ),
    ),
    (
        "order-many",
        order(("i", "h", "g", "f", "e", "d", "c", "b", "a"), ("i", "h", "g", "f", "e", "d", "c", "a", "b")),
        (
            "order.caller caller [headers.order] The caller's field lines are in another order: i, h, g, f, e, "
            "d, c, a, … instead of i, h, g, f, e, d, c, b, …. (the order of a set or of a hash table)"
        ),
    ),
    (
        "order-automatic",
        of(GET_, ("GET / HTTP/1.1", *AUTO[::-1])),
        (
            "order.automatic automatic [auto.order] The automatic field lines are in another order: "
            "accept-encoding, host instead of host, accept-encoding."
        ),
    ),
    (
        "order-behind",
        of(XY, ("GET / HTTP/1.1", "X: 1", "Y: 2", *AUTO)),
        (
            "order.behind automatic [auto.order] The automatic field lines (host, accept-encoding) stand behind "
            "the caller's instead of before them. (defaults are put to the caller's mapping)"
        ),
    ),
    (
        "order-mixed",
        of(XY, ("GET / HTTP/1.1", AUTO[0], "X: 1", AUTO[1], "Y: 2")),
        (
            "order.mixed automatic [auto.order] The automatic and the caller's field lines are mixed: host, x, "
            "accept-encoding, y instead of host, accept-encoding, x, y."
        ),
    ),
    (
        "order-override",
        of(
            (
                call("GET", headers=mapping({"X": "1", "host": "a"})),
                Expect(("GET / HTTP/1.1", AUTO[1], "X: 1", "host: a")),
            ),
            ("GET / HTTP/1.1", "host: a", AUTO[1], "X: 1"),
        ),
        (
            "order.override host [auto.host-override] The caller's host does not keep its own place among the "
            "field lines. (it is sent in the place of the automatic one)"
        ),
    ),
    (
        "order-override-alone",
        of(
            (call("GET", headers=mapping({"host": "a"})), Expect(("GET / HTTP/1.1", AUTO[1], "host: a"))),
            ("GET / HTTP/1.1", "host: a", AUTO[1]),
        ),
        (
            "order.override host [auto.host-override] The caller's host does not keep its own place among the "
            "field lines. (it is sent in the place of the automatic one)"
        ),
    ),
    (
        "two-faults",
        of(XY, ("GET / HTTP/1.1", *AUTO, "User-Agent: x", "Y: 2", "X: 1")),
        (
            "field.extra user-agent [auto.nothing-else] The field line 'User-Agent: x' is sent although nobody "
            "asked for it."
        ),
        "order.reversed caller",
    ),
    (
        "length-instead-of-chunked",
        of(POST_LIST, ("POST / HTTP/1.1", *AUTO, "Content-Length: 3"), "abc"),
        (
            "framing.length-instead-of-chunked content-length [chunked.iterable] Content-Length: 3 is sent "
            "instead of Transfer-Encoding: chunked for an iterable. (the body is taken whole first, or its size "
            "is asked for)"
        ),
    ),
    (
        "length-instead-counts-items",
        of(POST_LIST, ("POST / HTTP/1.1", *AUTO, "Content-Length: 2"), "abc"),
        (
            "framing.length-instead-of-chunked content-length [chunked.iterable] Content-Length: 2 is sent "
            "instead of Transfer-Encoding: chunked for an iterable. (len() of the object counts its elements)"
        ),
    ),
    (
        "length-instead-no-number",
        of(POST_LIST, ("POST / HTTP/1.1", *AUTO, "Content-Length: many"), "abc"),
        (
            "framing.length-instead-of-chunked content-length [chunked.iterable] Content-Length: many is sent "
            "instead of Transfer-Encoding: chunked for an iterable."
        ),
    ),
    (
        "length-of-the-whole-file",
        of(POST_FILE, ("POST / HTTP/1.1", *AUTO, "Content-Length: 5"), "de"),
        (
            "framing.length-instead-of-chunked content-length [file.no-length] Content-Length: 5 is sent instead "
            "of Transfer-Encoding: chunked for a file. (os.fstat().st_size instead of reading from the current "
            "position; http.client before 3.6 did this)"
        ),
    ),
    (
        "length-of-other",
        of(
            (
                call(body=Recipe("str-with-read", {"text": "abc", "reads": ()})),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"3\r\nabc\r\n0\r\n\r\n"),
            ),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 9"),
            "abc",
        ),
        (
            "framing.length-instead-of-chunked content-length [chunked.field] Content-Length: 9 is sent instead "
            "of Transfer-Encoding: chunked for this body."
        ),
    ),
    (
        "chunked-instead-of-length",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, TE), "3\r\nabc\r\n0\r\n\r\n"),
        (
            "framing.chunked-instead-of-length transfer-encoding [length.str] Transfer-Encoding: chunked is sent "
            "instead of Content-Length: 3."
        ),
    ),
    (
        "chunked-instead-and-stray",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, TE), "3\r\nabc\r\n0\r\n\r\n\r\n"),
        (
            "body.stray body [rfc.content-long] 2 bytes stray behind the end of the body: '␍␊' (a line ending "
            "that does not belong to the body)"
        ),
        "framing.chunked-instead-of-length transfer-encoding",
    ),
    (
        "chunked-instead-of-zero",
        of(
            (call(body=text("")), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 0"))),
            ("POST / HTTP/1.1", *AUTO, TE),
            "0\r\n\r\n",
        ),
        (
            "framing.chunked-instead-of-length transfer-encoding [length.empty] Transfer-Encoding: chunked is "
            "sent instead of Content-Length: 0."
        ),
    ),
    (
        "both",
        of(POST_LIST, ("POST / HTTP/1.1", *AUTO, TE, "Content-Length: 3"), "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
        (
            "framing.both content-length [framing.one-only] Content-Length: 3 is sent although Transfer-Encoding "
            "is there already. (the body is taken whole first, or its size is asked for)"
        ),
    ),
    (
        "both-of-the-caller's",
        of(CODED_RAW, ("POST / HTTP/1.1", *AUTO, "Content-Length: 3", TE), "abc"),
        (
            "framing.both content-length [framing.caller-coding] Content-Length: 3 is sent although the caller's "
            "Transfer-Encoding is there already. (the body is taken whole first, or its size is asked for)"
        ),
    ),
    (
        "length-added",
        of(GET_, ("GET / HTTP/1.1", *AUTO, "Content-Length: 0")),
        (
            "framing.length-added content-length [length.zero-only] Content-Length: 0 is sent although there is "
            "no body, and GET expects none."
        ),
    ),
    (
        "coding-added",
        of(GET_, ("GET / HTTP/1.1", *AUTO, TE), "0\r\n\r\n"),
        (
            "framing.coding-added transfer-encoding [length.zero-only] Transfer-Encoding: chunked is sent "
            "although there is no body, and GET expects none."
        ),
    ),
    (
        "unframed",
        of(POST_LIST, ("POST / HTTP/1.1", *AUTO), "abc"),
        (
            "framing.missing transfer-encoding [framing.automatic] Transfer-Encoding is missing, and nothing "
            "else frames the body of 3 bytes."
        ),
    ),
    (
        "zero-missing",
        of((call("PATCH"), Expect(("PATCH / HTTP/1.1", *AUTO, "Content-Length: 0"))), ("PATCH / HTTP/1.1", *AUTO)),
        (
            "framing.zero-missing content-length [length.zero-patch] Content-Length: 0 is missing: PATCH without "
            "a body must have it. (http.client before 3.5 did this)"
        ),
    ),
    (
        "zero-missing-lower-case",
        of((call("put"), Expect(("put / HTTP/1.1", *AUTO, "Content-Length: 0"))), ("put / HTTP/1.1", *AUTO)),
        (
            "framing.zero-missing content-length [method.any-case] Content-Length: 0 is missing: put without a "
            "body must have it. (http.client before 3.5 did this)"
        ),
    ),
    (
        "zero-missing-empty-body",
        of((call(body=text("")), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 0"))), ("POST / HTTP/1.1", *AUTO)),
        (
            "framing.zero-missing content-length [length.empty] Content-Length: 0 is missing: an empty body is a "
            "body, and POST must frame it. ('if body:' instead of 'if body is not None:')"
        ),
    ),
    (
        "given-dropped",
        of(CODED_RAW, ("POST / HTTP/1.1", *AUTO, "Content-Length: 3"), "abc"),
        (
            "framing.given-dropped transfer-encoding [framing.caller-coding] The caller's Transfer-Encoding is "
            "not sent: Content-Length: 3 is sent in its place. (the client frames the body anew)"
        ),
    ),
    (
        "given-dropped-of-both",
        of(
            (
                call(body=text("abc"), headers=mapping({"Content-Length": "3", **CODED})),
                Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 3", TE), b"abc"),
            ),
            ("POST / HTTP/1.1", *AUTO, TE),
            "abc",
        ),
        (
            "framing.given-dropped content-length [coding.with-length] The caller's Content-Length is not sent: "
            "nothing is sent in its place. (the client frames the body anew)"
        ),
    ),
    (
        "length-items",
        of(
            (call(body=INTS), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 8"), b"abcdefgh")),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 2"),
            "abcdefgh",
        ),
        (
            "length.items content-length [length.buffer] Content-Length is 2, the number of items; the body has "
            "8 bytes. (len() counts items)"
        ),
    ),
    (
        "length-utf-8",
        of(POST_E, ("POST / HTTP/1.1", *AUTO, "Content-Length: 4"), "ab\xe9"),
        (
            "length.utf-8 content-length [length.str] Content-Length is 4, the length of the text in UTF-8; the "
            "body has 3 bytes. (len(body.encode()))"
        ),
    ),
    (
        "length-doubled-number",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, "Content-Length: 6"), "abc"),
        ("length.doubled content-length [length.str] Content-Length is 6, twice as much; the body has 3 bytes."),
    ),
    (
        "length-off-by-one",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, "Content-Length: 4"), "abc"),
        ("length.off-by-one content-length [length.str] Content-Length is 4, off by one; the body has 3 bytes."),
    ),
    (
        "length-zero",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, "Content-Length: 0"), "abc"),
        ("length.zero content-length [length.str] Content-Length is 0; the body has 3 bytes."),
    ),
    (
        "length-wrong",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, "Content-Length: 77"), "abc"),
        ("length.wrong content-length [length.str] Content-Length is 77; the body has 3 bytes."),
    ),
    (
        "length-no-number",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, "Content-Length: 3b"), "abc"),
        ("length.not-a-number content-length [length.str] Content-Length is '3b', no number; the body has 3 bytes."),
    ),
    (
        "length-spelling",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, "Content-Length: 03"), "abc"),
        ("length.spelling content-length [length.str] Content-Length is written '03' instead of '3'."),
    ),
    (
        "length-of-a-missing-body",
        of(
            (call("PUT"), Expect(("PUT / HTTP/1.1", *AUTO, "Content-Length: 0"))),
            ("PUT / HTTP/1.1", *AUTO, "Content-Length: 5"),
        ),
        ("length.wrong content-length [length.zero-only] Content-Length is 5; the body has 0 bytes."),
    ),
    (
        "length-of-a-view",
        of(
            (
                call(body=Recipe("memoryview", {"data": b"abcdefgh", "slice": (0, 8, 2)})),
                Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 4"), b"abcd"),
            ),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 9"),
            "abcd",
        ),
        ("length.wrong content-length [length.buffer] Content-Length is 9; the body has 4 bytes."),
    ),
    (
        "not-chunked",
        of(CHUNKED_BY_FLAG, body="abc"),
        (
            "body.not-chunked body [flag.true-chunked] The body is sent as it is, without chunks, although "
            "encode_chunked is true: 'abc' (encode_chunked is ignored)"
        ),
    ),
    (
        "not-chunked-automatically",
        of(POST_LIST, body="abc"),
        (
            "body.not-chunked body [chunked.iterable] The body is sent as it is, without chunks, although "
            "Transfer-Encoding: chunked is sent: 'abc'"
        ),
    ),
    (
        "not-chunked-file",
        of(POST_FILE, body="de"),
        (
            "body.not-chunked body [chunked.file] The body is sent as it is, without chunks, although "
            "Transfer-Encoding: chunked is sent: 'de'"
        ),
    ),
    (
        "chunked-without-flag",
        of(CODED_RAW, body="3\r\nabc\r\n0\r\n\r\n"),
        (
            "body.chunked body [flag.false-raw] The body is chunk-encoded although encode_chunked is false: "
            "'3␍␊abc␍␊0␍␊␍␊' (a Transfer-Encoding field is taken for a wish to chunk-encode)"
        ),
    ),
    (
        "chunked-with-length",
        of(
            (
                call(body=text("abc"), headers=mapping({"Content-Length": "3"})),
                Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 3"), b"abc"),
            ),
            body="3\r\nabc\r\n0\r\n\r\n",
        ),
        (
            "body.chunked body [framing.caller-length] The body is chunk-encoded although the caller gave "
            "Content-Length: '3␍␊abc␍␊0␍␊␍␊'"
        ),
    ),
    (
        "last-chunk-without-body",
        of((call(headers=mapping(CODED), flag=True), Expect(("POST / HTTP/1.1", *AUTO, TE))), body="0\r\n\r\n"),
        (
            "body.chunked body [body.none] The body is chunk-encoded although there is none: '0␍␊␍␊' (a "
            "Transfer-Encoding field is taken for a wish to chunk-encode)"
        ),
    ),
    (
        "last-chunk-of-no-body",
        of(GET_, body="0\r\n\r\n"),
        ("body.chunked body [body.none] The body is chunk-encoded although there is none: '0␍␊␍␊'"),
    ),
    (
        "chunked-twice",
        of(CHUNKED_BY_FLAG, body="D\r\n3\r\nabc\r\n0\r\n\r\n\r\n0\r\n\r\n"),
        (
            "body.chunked-twice body [flag.true-chunked] The body is chunk-encoded twice: the content of its "
            "chunks is '3␍␊abc␍␊0␍␊␍␊' (what frames the body already is framed again)"
        ),
    ),
    (
        "decimal",
        of(SIXTEEN, body="16\r\n0123456789abcdef\r\n0\r\n\r\n"),
        (
            "chunk.decimal body [chunked.body] Chunk sizes are written in decimal: '16' for 16 bytes, expected "
            "'10'. (str(n) or '%d')"
        ),
    ),
    (
        "prefix",
        of(SIXTEEN, body="0x10\r\n0123456789abcdef\r\n0x0\r\n\r\n"),
        (
            "chunk.prefix body [chunked.body] Chunk sizes are written with 0x: '0x10' for 16 bytes, expected "
            "'10'. (hex(n))"
        ),
    ),
    (
        "items-as-size",
        of(
            (call(body=items(INTS)), Expect(("POST / HTTP/1.1", *AUTO, TE), b"8\r\nabcdefgh\r\n0\r\n\r\n")),
            body="2\r\nabcdefgh\r\n0\r\n\r\n",
        ),
        (
            "chunk.size-items body [chunked.body] The chunk-size is 2, the number of items, for 8 bytes. (len() "
            "of a memoryview or an array counts items)"
        ),
    ),
    (
        "size-one-more",
        of(SIXTEEN, body="11\r\n0123456789abcdef\r\n0\r\n\r\n"),
        ("chunk.size-off-by-one body [chunked.body] A chunk-size is off by one: '11' for 16 bytes, expected '10'."),
    ),
    (
        "size-with-crlf",
        of(SIXTEEN, body="12\r\n0123456789abcdef\r\n0\r\n\r\n"),
        (
            "chunk.size-with-crlf body [chunked.body] A chunk-size counts the CRLF behind the data: '12' for 16 "
            "bytes, expected '10'."
        ),
    ),
    (
        "size-wrong",
        of(SIXTEEN, body="zz\r\n0123456789abcdef\r\n0\r\n\r\n"),
        ("chunk.size-wrong body [chunked.body] A chunk-size is wrong: 'zz' for 16 bytes, expected '10'."),
    ),
    (
        "lf-chunks",
        of(SIXTEEN, body="10\n0123456789abcdef\n0\n\n"),
        (
            "chunk.line-ending body [chunked.body] Chunks are written with LF instead of CRLF. ('\\n' is written "
            "for '\\r\\n')"
        ),
    ),
    (
        "no-crlf",
        of(SIXTEEN, body="10\r\n0123456789abcdef0\r\n\r\n"),
        ("chunk.no-crlf body [chunked.body] The CRLF behind the data of chunks is missing."),
    ),
    (
        "characters-as-size",
        of(
            (
                call(body=text("\xe9"), headers=mapping(CODED), flag=True),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"1\r\n\xe9\r\n0\r\n\r\n"),
            ),
            body="1\r\n\xc3\xa9\r\n0\r\n\r\n",
        ),
        (
            "chunk.size-characters body [body.str.latin-1] The chunk-size is 1, the number of characters, for 2 "
            "bytes of UTF-8. (len() before encode(), which gives UTF-8)"
        ),
    ),
    (
        "utf-8-in-a-chunk",
        of(
            (
                call(body=text("\xe9"), headers=mapping(CODED), flag=True),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"1\r\n\xe9\r\n0\r\n\r\n"),
            ),
            body="2\r\n\xc3\xa9\r\n0\r\n\r\n",
        ),
        (
            "body.utf-8 body [body.str.latin-1] The text is sent as UTF-8 instead of ISO-8859-1: é went out as "
            "C3 A9, expected E9. (str.encode() without an encoding argument gives UTF-8)"
        ),
    ),
    (
        "lower-case",
        of(TEN, body="a\r\n0123456789\r\n0\r\n\r\n"),
        (
            "chunk.lower-case body [chunked.hex-upper] Chunk sizes are written in lower-case hexadecimal: 'a' "
            "instead of 'A'. (hex(n) or '%x')"
        ),
    ),
    (
        "leading-zeros",
        of(TEN, body="0000000A\r\n0123456789\r\n00000000\r\n\r\n"),
        (
            "chunk.leading-zeros body [chunked.hex-upper] Chunk sizes are written with leading zeros: '0000000A' "
            "instead of 'A'. (a fixed width for sizes, as in '%08x')"
        ),
    ),
    (
        "extension",
        of(TEN, body="A;x=1\r\n0123456789\r\n0\r\n\r\n"),
        ("chunk.extension body [chunked.hex-upper] A chunk has the extension ';x=1'."),
    ),
    (
        "trailer",
        of(TEN, body="A\r\n0123456789\r\n0\r\nDigest: x\r\n\r\n"),
        ("chunk.trailers body [chunked.body] A trailer follows the last chunk: 'Digest: x'"),
    ),
    (
        "last-missing",
        of(TEN, body="A\r\n0123456789\r\n"),
        ("chunk.last-missing body [chunked.body] The last chunk, '0␍␊␍␊', is missing: the server waits for more."),
    ),
    (
        "last-missing-other-chunks",
        of(TEN, body="5\r\n01234\r\n5\r\n56789\r\n"),
        ("chunk.last-missing body [chunked.body] The last chunk is missing: the server waits for more."),
        "chunk.boundaries body",
    ),
    (
        "last-cut",
        of(TEN, body="A\r\n0123456789\r\n0\r\n"),
        (
            "chunk.last-cut body [chunked.body] The last chunk is cut off: '0␍␊' ends the body, expected "
            "'0␍␊␍␊'. ('0\\r\\n' is written for '0\\r\\n\\r\\n')"
        ),
    ),
    (
        "last-cut-lower",
        of(TEN, body="a\r\n0123456789\r\n0\r\n"),
        ("chunk.last-cut body [chunked.body] The empty line behind the last chunk is missing."),
        "chunk.lower-case body",
    ),
    (
        "last-twice",
        of(TEN, body="A\r\n0123456789\r\n0\r\n\r\n0\r\n\r\n"),
        (
            "chunk.last-twice body [chunked.body] The last chunk is sent 2 times; '0␍␊␍␊' is stray. (the "
            "terminator is sent by two layers)"
        ),
    ),
    (
        "stray-crlf",
        of(TEN, body="A\r\n0123456789\r\n0\r\n\r\n\r\n"),
        (
            "body.stray body [rfc.content-long] 2 bytes stray behind the end of the body: '␍␊' (a line ending "
            "that does not belong to the body)"
        ),
    ),
    (
        "boundaries",
        of(TEN, body="5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"),
        (
            "chunk.boundaries body [chunked.per-piece] The body is sent in 2 chunks (5, 5 bytes), expected 1 "
            "chunk (10 bytes). (another block size)"
        ),
    ),
    (
        "one-by-one",
        of(
            (call(body=items(b"abc", kind="list")), Expect(("POST / HTTP/1.1", *AUTO, TE), b"3\r\nabc\r\n0\r\n\r\n")),
            body="1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n",
        ),
        (
            "chunk.boundaries body [chunked.per-piece] The body is sent in 3 chunks (1, 1, 1 bytes), expected 1 "
            "chunk (3 bytes). (bytes are iterated one by one)"
        ),
    ),
    (
        "one-chunk",
        of(POST_LIST, body="3\r\nabc\r\n0\r\n\r\n"),
        (
            "chunk.boundaries body [chunked.per-piece] The body is sent in 1 chunk (3 bytes), expected 2 chunks "
            "(2, 1 bytes). (the body is joined before it is sent)"
        ),
    ),
    (
        "blocks",
        of(
            (
                call(body=Recipe("bytesio", {"data": b"0123456789"})),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"A\r\n0123456789\r\n0\r\n\r\n"),
            ),
            body="4\r\n0123\r\n4\r\n4567\r\n2\r\n89\r\n0\r\n\r\n",
        ),
        (
            "chunk.boundaries body [chunked.per-piece] The body is sent in 3 chunks (4, 4, 2 bytes), expected 1 "
            "chunk (10 bytes). (another block size)"
        ),
    ),
    (
        "odd-blocks",
        of(
            (
                call(body=Recipe("bytesio", {"data": b"0123456789"})),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"A\r\n0123456789\r\n0\r\n\r\n"),
            ),
            body="1\r\n0\r\n7\r\n1234567\r\n2\r\n89\r\n0\r\n\r\n",
        ),
        (
            "chunk.boundaries body [chunked.per-piece] The body is sent in 3 chunks (1, 7, 2 bytes), expected 1 "
            "chunk (10 bytes)."
        ),
    ),
    (
        "many-chunks",
        of(TEN, body="".join(f"1\r\n{digit}\r\n" for digit in "0123456789") + LAST),
        (
            "chunk.boundaries body [chunked.per-piece] The body is sent in 10 chunks (1, 1, 1, 1, 1, 1, … "
            "bytes), expected 1 chunk (10 bytes). (bytes are iterated one by one)"
        ),
    ),
    (
        "empty-piece",
        of(EMPTY_PIECE, body="2\r\nab\r\n0\r\n\r\n1\r\nc\r\n0\r\n\r\n"),
        (
            "chunk.empty body [chunked.empty-skipped] An empty piece is sent as '0␍␊␍␊', which ends the body after 2 "
            "bytes of 3: the 11 bytes behind it are stray, '1␍␊c␍␊0␍␊␍␊' (a chunk is written for an element "
            "without asking whether it is empty)"
        ),
    ),
    (
        "empty-piece-at-the-end",
        of(
            (call(body=items(b"ab", b"")), Expect(("POST / HTTP/1.1", *AUTO, TE), b"2\r\nab\r\n0\r\n\r\n")),
            body="2\r\nab\r\n0\r\n\r\n0\r\n\r\n",
        ),
        (
            "chunk.empty body [chunked.empty-skipped] An empty piece is sent as '0␍␊␍␊', which ends the body after 2 "
            "bytes of 2: the 5 bytes behind it are stray, '0␍␊␍␊' (a chunk is written for an element without "
            "asking whether it is empty)"
        ),
    ),
    (
        "ended-early-with-stray",
        of(EMPTY_PIECE, body="2\r\nab\r\n0\r\n\r\nxyz"),
        ("body.stray body [rfc.content-long] 3 bytes stray behind the end of the body: 'xyz'"),
        "body.element-missing body",
    ),
    (
        "invalid",
        of(TEN, body="what is this"),
        (
            "chunk.invalid body [chunked.body] The body is no valid sequence of chunks: A chunk does not start "
            "with a hexadecimal size: 'what is this'"
        ),
    ),
    (
        "invalid-size-cut",
        of(TEN, body="5\r\n01234\r\n5"),
        (
            "chunk.invalid body [chunked.body] The body is no valid sequence of chunks: The body stops within "
            "the size line of a chunk: '5'"
        ),
    ),
    (
        "utf-8",
        of(POST_E, ("POST / HTTP/1.1", *AUTO, "Content-Length: 4"), "ab\xc3\xa9"),
        (
            "body.utf-8 body [body.str.latin-1] The text is sent as UTF-8 instead of ISO-8859-1: é went out as "
            "C3 A9, expected E9. (str.encode() without an encoding argument gives UTF-8)"
        ),
    ),
    (
        "utf-8-characters-counted",
        of(POST_E, body="ab\xc3\xa9"),
        (
            "body.utf-8 body [body.str.latin-1] The text is sent as UTF-8 instead of ISO-8859-1: é went out as "
            "C3 A9, expected E9. Content-Length says 3, and 4 bytes follow. (str.encode() without an encoding "
            "argument gives UTF-8)"
        ),
    ),
    (
        "utf-8-of-bytes",
        of(
            (call(body=data(b"\xe9")), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 1"), b"\xe9")),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 2"),
            "\xc3\xa9",
        ),
        (
            "body.utf-8 body [body.buffer.as-is] The body, whose bytes were taken for text, is sent as UTF-8 "
            "instead of ISO-8859-1: é went out as C3 A9, expected E9. (bytes are decoded, and encoded again)"
        ),
    ),
    (
        "utf-8-of-control",
        of(
            (call(body=text("\x85")), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 1"), b"\x85")),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 2"),
            "\xc2\x85",
        ),
        (
            "body.utf-8 body [body.str.latin-1] The text is sent as UTF-8 instead of ISO-8859-1: U+0085 went out "
            "as C2 85, expected 85. (str.encode() without an encoding argument gives UTF-8)"
        ),
    ),
    (
        "utf-8-sig",
        of(POST_E, ("POST / HTTP/1.1", *AUTO, "Content-Length: 7"), "\xef\xbb\xbfab\xc3\xa9"),
        (
            "body.utf-8 body [body.str.latin-1] The text is sent as UTF-8 with a byte order mark instead of "
            "ISO-8859-1: a went out as EF BB BF 61, expected 61. (encode('utf-8-sig'))"
        ),
    ),
    (
        "utf-16",
        of(POST_E, ("POST / HTTP/1.1", *AUTO, "Content-Length: 8"), "\xff\xfea\x00b\x00\xe9\x00"),
        (
            "body.utf-16 body [body.str.latin-1] The text is sent as UTF-16 instead of ISO-8859-1: a went out as "
            "FF FE 61 00, expected 61."
        ),
    ),
    (
        "utf-16-be",
        of(POST_E, ("POST / HTTP/1.1", *AUTO, "Content-Length: 6"), "\x00a\x00b\x00\xe9"),
        (
            "body.utf-16 body [body.str.latin-1] The text is sent as UTF-16 (big endian) instead of ISO-8859-1: "
            "a went out as 00 61, expected 61."
        ),
    ),
    (
        "cp1252",
        of((call(body=text("\x93")), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 1"), b"\x93")), body="?"),
        (
            "body.code-page body [body.str.latin-1] The text is sent in Windows-1252 instead of ISO-8859-1: "
            "U+0093 went out as 3F, expected 93. (a locale's encoding)"
        ),
    ),
    (
        "cp437",
        of(POST_E, body="ab\x82"),
        (
            "body.code-page body [body.str.latin-1] The text is sent in code page 437 instead of ISO-8859-1: é "
            "went out as 82, expected E9. (a locale's encoding)"
        ),
    ),
    (
        "question-mark",
        of((call(body=text("ab\xff")), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 3"), b"ab\xff")), body="ab?"),
        (
            "body.replaced body [body.str.latin-1] The text has ? in place of characters outside ASCII: ÿ went "
            "out as 3F, expected FF. (encode('ascii', 'replace'))"
        ),
    ),
    (
        "xml",
        of(POST_E, ("POST / HTTP/1.1", *AUTO, "Content-Length: 8"), "ab&#233;"),
        (
            "body.replaced body [body.str.latin-1] The text has character references in place of characters "
            "outside ASCII: é went out as 26 23 32 33 33 3B, expected E9. (encode('ascii', 'xmlcharrefreplace'))"
        ),
    ),
    (
        "dropped",
        of(POST_E, ("POST / HTTP/1.1", *AUTO, "Content-Length: 2"), "ab"),
        (
            "body.dropped body [body.str.latin-1] The text lacks its characters outside ASCII: é went out as "
            "nothing, expected E9. (encode('ascii', 'ignore'))"
        ),
    ),
    (
        "rewound",
        of(POST_FILE, body="5\r\nabcde\r\n0\r\n\r\n"),
        (
            "body.rewound body [file.position] The file was sent from its start instead of from where it "
            "stood: 3 bytes too many at the beginning ('abc'). (body.seek(0), or the file is read anew or mapped)"
        ),
    ),
    (
        "rewound-and-cut",
        of(
            (
                call(body=FILE_AT_3, headers=mapping({"Content-Length": "2"})),
                Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 2"), b"de"),
            ),
            body="ab",
        ),
        (
            "body.rewound body [file.position] The file was sent from its start instead of from where it "
            "stood: 'ab' instead of 'de'. (body.seek(0), or the file is read anew or mapped)"
        ),
    ),
    (
        "rewound-from-the-end",
        of(
            (
                call(body=Recipe("bytesio", {"data": b"abc", "position": 3})),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"0\r\n\r\n"),
            ),
            body="3\r\nabc\r\n0\r\n\r\n",
        ),
        (
            "body.rewound body [file.position] The file was sent from its start instead of from where it "
            "stood: 3 bytes too many at the beginning ('abc'). (body.seek(0), or the file is read anew or mapped)"
        ),
    ),
    (
        "bytes-instead-of-read",
        of(
            (
                call(body=Recipe("bytes-with-read", {"data": b"buffer", "reads": (data(b"abc"),)})),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"3\r\nabc\r\n0\r\n\r\n"),
            ),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 6"),
            "buffer",
        ),
        (
            "body.other-side body [body.file.contents] The body was taken through another of its interfaces: the "
            "bytes of the object were sent, 'buffer' instead of 'abc'. (types are asked for in another order: "
            "read() first, then buffers, then iteration)"
        ),
    ),
    (
        "items-instead-of-read",
        of(
            (
                call(body=Recipe("iterable-with-read", {"items": (data(b"xy"), text("z")), "reads": (data(b"abc"),)})),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"3\r\nabc\r\n0\r\n\r\n"),
            ),
            body="3\r\nxyz\r\n0\r\n\r\n",
        ),
        (
            "body.other-side body [body.file.contents] The body was taken through another of its interfaces: the "
            "items of its iteration were sent, 'xyz' instead of 'abc'. (types are asked for in another order: "
            "read() first, then buffers, then iteration)"
        ),
    ),
    (
        "reads-instead-of-text",
        of(
            (
                call(body=Recipe("str-with-read", {"text": "abc", "reads": (data(b"x"),)})),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"1\r\nx\r\n0\r\n\r\n"),
            ),
            body="3\r\nabc\r\n0\r\n\r\n",
        ),
        (
            "body.other-side body [body.str-read] The body was taken through another of its interfaces: the "
            "characters of the object were sent, 'abc' instead of 'x'. (types are asked for in another order: "
            "read() first, then buffers, then iteration)"
        ),
    ),
    (
        "twice",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, "Content-Length: 6"), "abcabc"),
        ("body.twice body [body.str.latin-1] The body is sent twice: 6 bytes instead of 3."),
    ),
    (
        "first-missing",
        of(THREE, body="2\r\ncd\r\n2\r\nef\r\n0\r\n\r\n"),
        (
            "body.element-missing body [body.iterable.exhausted] The first piece of the body is missing: 'ab'. "
            "(next() takes the first element for a look at its type)"
        ),
    ),
    (
        "second-missing",
        of(THREE, body="2\r\nab\r\n2\r\nef\r\n0\r\n\r\n"),
        ("body.element-missing body [body.iterable.exhausted] The second piece of the body is missing: 'cd'."),
    ),
    (
        "last-element-missing",
        of(THREE, body="2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"),
        ("body.element-missing body [body.iterable.exhausted] The last piece of the body is missing: 'ef'."),
    ),
    (
        "first-repeated",
        of(THREE, body="2\r\nab\r\n2\r\nab\r\n2\r\ncd\r\n2\r\nef\r\n0\r\n\r\n"),
        (
            "body.element-repeated body [body.iterable.exhausted] The first piece of the body is sent twice: "
            "'ab'. (it is taken out for a look, and sent again)"
        ),
    ),
    (
        "elements-reversed",
        of(THREE, body="2\r\nef\r\n2\r\ncd\r\n2\r\nab\r\n0\r\n\r\n"),
        (
            "body.reversed body [body.iterable.as-is] The pieces of the body are sent in reverse order. (pop() "
            "from the end)"
        ),
    ),
    (
        "elements-sorted",
        of(
            (
                call(body=items(b"b", b"c", b"a", b"d")),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"1\r\nb\r\n1\r\nc\r\n1\r\na\r\n1\r\nd\r\n0\r\n\r\n"),
            ),
            body="4\r\nabcd\r\n0\r\n\r\n",
        ),
        ("body.sorted body [body.iterable.as-is] The pieces of the body are sorted. (sorted(), or a set of them)"),
    ),
    (
        "joined-with-newlines",
        of(THREE, body="8\r\nab\ncd\nef\r\n0\r\n\r\n"),
        (
            "body.joined body [body.iterable.as-is] The pieces of the body are joined with LF between them. "
            "(b'\\n'.join(body))"
        ),
    ),
    (
        "fourth-missing",
        of(
            (
                call(body=items(b"a", b"b", b"c", b"d", b"e")),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n1\r\nd\r\n1\r\ne\r\n0\r\n\r\n"),
            ),
            body="1\r\na\r\n1\r\nb\r\n1\r\nc\r\n1\r\ne\r\n0\r\n\r\n",
        ),
        ("body.element-missing body [body.iterable.exhausted] The 4th piece of the body is missing: 'd'."),
    ),
    (
        "repr-of-bytes",
        of(
            (call(body=data(b"abc")), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 3"), b"abc")),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 6"),
            "b'abc'",
        ),
        (
            "body.repr body [body.buffer.as-is] The Python notation of the body is sent instead of its content: "
            "'b'abc'' (str(body) or an f-string)"
        ),
    ),
    (
        "repr-of-generator",
        of(POST_LIST, ("POST / HTTP/1.1", *AUTO, "Content-Length: 40"), "<generator object f at 0x7fdeadbeef00>"),
        (
            "body.repr body [body.iterable.as-is] The Python notation of the body is sent instead of its "
            "content: '<generator object f at 0x...>' (str(body) or an f-string)"
        ),
    ),
    (
        "lf-to-crlf",
        of(LINES, body="a\r\r\nb\r\n"),
        (
            "body.newlines body [body.str.latin-1] Line endings of the body were translated: LF became CRLF, "
            "first at byte 2. (a file opened as text, or print())"
        ),
    ),
    (
        "crlf-to-lf",
        of(LINES, body="a\nb\n"),
        (
            "body.newlines body [body.str.latin-1] Line endings of the body were translated: CRLF became LF, "
            "first at byte 1. (universal newlines)"
        ),
    ),
    (
        "bare-lf-to-crlf",
        of(
            (call(body=text("a\r\nb\n")), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 5"), b"a\r\nb\n")),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 6"),
            "a\r\nb\r\n",
        ),
        (
            "body.newlines body [body.str.latin-1] Line endings of the body were translated: bare LF became "
            "CRLF, first at byte 4. (a file opened as text, or print())"
        ),
    ),
    (
        "newlines-removed",
        of(LINES, body="ab"),
        (
            "body.newlines body [body.str.latin-1] Line endings of the body were translated: line endings were "
            "taken out, first at byte 1. (splitlines())"
        ),
    ),
    (
        "stripped",
        of(
            (call(body=text(" a ")), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 3"), b" a ")),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 1"),
            "a",
        ),
        ("body.stripped body [body.str.latin-1] White space around the body was taken away, 2 bytes. (strip())"),
    ),
    (
        "missing",
        of(POST_ABC, body=""),
        ("body.missing body [body.str.latin-1] The body is missing altogether: no byte of 3 bytes follows the head."),
    ),
    (
        "missing-with-get",
        of((call("GET", body=text("abc")), Expect(("GET / HTTP/1.1", *AUTO, "Content-Length: 3"), b"abc")), body=""),
        (
            "body.missing body [body.str.latin-1] The body is missing altogether: no byte of 3 bytes follows the "
            "head. (a method that is thought to have no body)"
        ),
    ),
    (
        "missing-iterable",
        of(POST_LIST, body="0\r\n\r\n"),
        (
            "body.missing body [body.iterable.as-is] The body is missing altogether: no byte of 3 bytes follows "
            "the head. (an iterable that was used up before)"
        ),
    ),
    (
        "missing-file",
        of(POST_FILE, body="0\r\n\r\n"),
        (
            "body.missing body [body.file.contents] The body is missing altogether: no byte of 2 bytes follows "
            "the head. (a file that was read to its end before)"
        ),
    ),
    (
        "unexpected",
        of(GET_, body="left over"),
        ("body.unexpected body [body.none] 9 bytes follow the head where nothing may: 'left over'"),
    ),
    (
        "unexpected-in-a-sequence",
        of(GET_, body="left over", step=1),
        (
            "body.unexpected body [body.none] 9 bytes follow the head where nothing may: 'left over' (left over "
            "from another request)"
        ),
    ),
    (
        "truncated",
        of(POST_ABC, body="ab"),
        ("body.truncated body [send.complete] The body stops after 2 bytes of 3: 'c' is missing."),
    ),
    (
        "truncated-at-nul",
        of(
            (call(body=data(b"ab\x00c")), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 4"), b"ab\x00c")),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 2"),
            "ab",
        ),
        (
            "body.truncated body [body.buffer.as-is] The body stops after 2 bytes of 4, before a NUL: '\\x00c' is "
            "missing. (a C string)"
        ),
    ),
    (
        "truncated-to-items",
        of(
            (call(body=INTS), Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 8"), b"abcdefgh")),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 2"),
            "ab",
        ),
        (
            "body.truncated body [body.buffer.as-is] The body stops after 2 bytes of 8, the number of items: "
            "'cdefgh' is missing. (len() counts items: it serves as number of bytes)"
        ),
    ),
    (
        "truncated-to-length",
        of(
            (
                call(body=text("abc"), headers=mapping({"Content-Length": "2"})),
                Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 2"), b"abc"),
            ),
            body="ab",
        ),
        (
            "body.truncated body [framing.caller-length] The body stops after 2 bytes of 3, where the "
            "Content-Length ends: 'c' is missing. (the body is cut to the Content-Length)"
        ),
    ),
    (
        "truncated-at-a-short-read",
        of(
            (
                call(body=items(b"ab", b"cd", b"ef", kind="reader", name="reads")),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"2\r\nab\r\n2\r\ncd\r\n2\r\nef\r\n0\r\n\r\n"),
            ),
            body="2\r\nab\r\n0\r\n\r\n",
        ),
        (
            "body.truncated body [file.short-reads] The body stops after 2 bytes of 6, behind a piece: 'cdef' is "
            "missing. (a short read or an empty element is taken for the end)"
        ),
    ),
    (
        "truncated-at-a-piece",
        of(
            (
                call(body=items(b"ab", b"cd", b"ef")),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"2\r\nab\r\n2\r\ncd\r\n2\r\nef\r\n0\r\n\r\n"),
            ),
            body="2\r\nab\r\n0\r\n\r\n",
        ),
        (
            "body.truncated body [body.iterable.exhausted] The body stops after 2 bytes of 6, behind a piece: "
            "'cdef' is missing. (a short read or an empty element is taken for the end)"
        ),
    ),
    (
        "truncated-at-a-block",
        of(LONG, body="x" * 8192),
        (
            "body.truncated body [send.complete] The body stops after 8192 bytes of 100000, a multiple of 8192: "
            "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…' (91808 bytes) is missing. (one "
            "read(), or one send() that is not repeated)"
        ),
    ),
    (
        "truncated-send",
        of(LONG, body="x" * 99999),
        (
            "body.truncated body [send.complete] The body stops after 99999 bytes of 100000: 'x' is missing. "
            "(send() where sendall() is meant)"
        ),
    ),
    (
        "beginning-missing",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, "Content-Length: 2"), "bc"),
        (
            "body.beginning-missing body [body.str.latin-1] The beginning of the body is missing: 1 byte, 'a' (a "
            "part was taken for a look and not put back)"
        ),
    ),
    (
        "extended",
        of(POST_ABC, body="abcxy"),
        ("body.extended body [body.str.latin-1] 2 bytes too many at the end of the body: 'xy'"),
    ),
    (
        "extended-by-crlf",
        of(POST_ABC, body="abc\r\n"),
        (
            "body.extended body [body.str.latin-1] 2 bytes too many at the end of the body: '␍␊', a line "
            "ending that is no part of it. (a line ending that does not belong to the body)"
        ),
    ),
    (
        "body-preceded",
        of(POST_ABC, body="xyabc", step=1),
        (
            "body.preceded body [body.str.latin-1] 2 bytes too many before the body: 'xy' (left over from "
            "another request)"
        ),
    ),
    (
        "changed",
        of(POST_ABC, body="aXc"),
        (
            "body.changed body [body.str.latin-1] The content of the body was changed: byte 1 is 58 instead of "
            "62; 'Xc' instead of 'bc'."
        ),
    ),
    (
        "changed-in-the-second-chunk",
        of(THREE, body="2\r\nab\r\n2\r\ncX\r\n2\r\nef\r\n0\r\n\r\n"),
        (
            "body.changed body [body.iterable.as-is] The content of the body was changed: byte 3 is 58 instead "
            "of 64; 'Xef' instead of 'def'."
        ),
    ),
    (
        "digest-length",
        of(DIGEST, body="abc"),
        ("body.digest length [send.complete] The body has 3 bytes instead of 6."),
    ),
    (
        "digest-other",
        of(DIGEST, body="abcdeX"),
        (
            "body.digest sha256 [body.buffer.as-is] The body has 6 bytes, as it should, and another SHA-256: its "
            "bytes were changed."
        ),
    ),
    (
        "digest-head",
        of(DIGEST, ("POST / HTTP/1.0", *AUTO, "Content-Length: 6"), "abcdef"),
        (
            "version.changed version [request.version] The version of the request line is 'HTTP/1.0' instead of "
            "'HTTP/1.1'."
        ),
    ),
    (
        "digest-beyond-the-cap",
        capped(of(DIGEST, body="abc"), 3),
        (
            "body.digest sha256 [body.buffer.as-is] The body has 6 bytes, as it should, and another SHA-256: its "
            "bytes were changed."
        ),
    ),
    (
        "beyond-the-cap",
        capped(of(POST_ABC), 1),
        (
            "bytes.differ bytes [request.sent] The bytes differ from byte 91 on: '' instead of ''; 92 bytes "
            "came, 91 were expected."
        ),
    ),
    (
        "endless-too-short",
        of(ENDLESS, body="2\r\nxx\r\n2\r\nx", raised=error("OSError")),
        (
            "error.less-out OSError [send.stops] When the OSError came, 107 bytes were out instead of at least "
            "116: 'x␍␊2␍␊xx␍' is missing. (pieces are held back before they are sent)"
        ),
    ),
    (
        "endless-other",
        of(ENDLESS, body="2\r\nyy\r\n2\r\nyy\r\n2\r\nyy\r\n2\r\n", raised=error("OSError")),
        (
            "body.changed body [body.iterable.as-is] The content of the body was changed: byte 0 is 79 instead "
            "of 78; 'yyyyyy' instead of 'xxxxxx'."
        ),
    ),
    (
        "endless-framed-otherwise",
        of(ENDLESS, ("PUT / HTTP/1.1", *AUTO, "Content-Length: 99"), "xxxxxxxxxxx", raised=error("OSError")),
        (
            "framing.length-instead-of-chunked content-length [chunked.iterable] Content-Length: 99 is sent "
            "instead of Transfer-Encoding: chunked for an iterable."
        ),
    ),
    (
        "endless-not-raised",
        of(ENDLESS, body="2\r\nyy\r\n2\r\nyy\r\n2\r\nyy\r\n2\r\n"),
        ("call.not-raised OSError [send.stops] No exception was raised, OSError expected; 120 bytes were sent."),
    ),
    (
        "length-and-left-open",
        of(POST_ABC, body="abc", ended="open"),
        ("connection.left-open connection [connection.closed] The connection was never closed, not even by close()."),
    ),
    (
        "empty-bytes-instead-of-read",
        of(
            (
                call(body=Recipe("bytes-with-read", {"data": b"", "reads": (data(b"abc"),)})),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"3\r\nabc\r\n0\r\n\r\n"),
            ),
            ("POST / HTTP/1.1", *AUTO, "Content-Length: 0"),
        ),
        (
            "body.other-side body [body.file.contents] The body was taken through another of its interfaces: the "
            "bytes of the object were sent, '' instead of 'abc'. (types are asked for in another order: read() "
            "first, then buffers, then iteration)"
        ),
    ),
    (
        "endless-too-short-and-silent",
        of((ENDLESS[0], replace(ENDLESS[1], raises=None)), body="2\r\nxx\r\n2\r\nx"),
        ("body.truncated body [send.complete] 11 bytes of the body came, and at least 20 must."),
    ),
    (
        "chunked-with-automatic-length",
        of(POST_ABC, body="3\r\nabc\r\n0\r\n\r\n"),
        ("body.chunked body [length.str] The body is chunk-encoded although Content-Length is sent: '3␍␊abc␍␊0␍␊␍␊'"),
    ),
    (
        "chunked-bytes-with-automatic-length",
        of(post(data(b"abc"), b"abc", "Content-Length: 3"), body="3\r\nabc\r\n0\r\n\r\n"),
        (
            "body.chunked body [length.buffer] The body is chunk-encoded although Content-Length is sent: "
            "'3␍␊abc␍␊0␍␊␍␊'"
        ),
    ),
    (
        "boundaries-of-one-str",
        of(CHUNKED_BY_FLAG, body="1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
        (
            "chunk.boundaries body [chunked.whole] The body is sent in 2 chunks (1, 2 bytes), expected 1 chunk "
            "(3 bytes). (another block size)"
        ),
    ),
    (
        "endless-boundaries",
        of(ENDLESS, body="4\r\nxxxx\r\n4\r\nxxxx\r\n4\r\nxxxx\r\n", raised=error("OSError")),
        (
            "chunk.boundaries body [chunked.per-piece] The body is sent in 3 chunks (4, 4, 4 bytes), expected 4 "
            "chunks (2, 2, 2, 2 bytes). (another block size)"
        ),
    ),
    (
        "headers-changed",
        of(XY, effects={"headers": "changed"}),
        (
            "effect.headers headers [headers.unchanged] The call changed the caller's mapping of headers. "
            "(fields are put into the caller's mapping, not into a copy)"
        ),
    ),
    (
        "headers-not-changed",
        of((XY[0], replace(XY[1], effects={"headers": "changed"})), effects={"headers": "unchanged"}),
        (
            "effect.headers headers [headers.unchanged] The caller's headers are unchanged, expected changed. "
            "(fields are put into the caller's mapping, not into a copy)"
        ),
    ),
    (
        "content-changed",
        of(POST_LIST, effects={"body.content": "changed"}),
        (
            "effect.content body.content [body.unchanged] The call changed the content of the caller's body. "
            "(elements are taken out, or framing is put in, in place)"
        ),
    ),
    (
        "content-not-changed",
        of(
            (POST_LIST[0], replace(POST_LIST[1], effects={"body.content": "changed"})),
            effects={"body.content": "unchanged"},
        ),
        (
            "effect.content body.content [body.unchanged] The content of the caller's body is unchanged, "
            "expected changed. (elements are taken out, or framing is put in, in place)"
        ),
    ),
    (
        "closed",
        of(POST_FILE, effects={"body.closed": True}),
        (
            "effect.closed body.closed [file.left-open] The call closed the caller's file. (body.close(), or "
            "'with body:')"
        ),
    ),
    (
        "not-closed",
        of((POST_FILE[0], replace(POST_FILE[1], effects={"body.closed": True})), effects={"body.closed": False}),
        ("effect.closed body.closed [file.left-open] The call left the file open, and it was to be closed."),
    ),
    (
        "position",
        of(POST_FILE, effects={"body.position": 0}),
        ("effect.position body.position [file.read-to-end] The file stands at 0 after the call, expected 5."),
    ),
    (
        "position-restored",
        of(POST_FILE, effects={"body.position": 3}),
        (
            "effect.rewound body.position [file.read-to-end] The file stands at 3 after the call, expected 5: "
            "back where it stood before the call. (body.seek() after reading)"
        ),
    ),
    (
        "pulled",
        of(POST_LIST, effects={"body.pulled": 3}),
        (
            "effect.pulled body.pulled [iterable.lazy] Elements taken from the iterable: 3, expected 2. "
            "(elements are taken ahead, or not to the end)"
        ),
    ),
    (
        "iterated",
        of(
            (
                call(body=items(b"abc", kind="iterable")),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"3\r\nabc\r\n0\r\n\r\n"),
            ),
            effects={"body.iterated": 2, "body.pulled": 1},
        ),
        (
            "effect.iterated body.iterated [iterable.once] Iteration of the body began 2 times, expected 1 time. "
            "(the body is gone through beforehand, for its length or its type)"
        ),
    ),
    (
        "iterated-strange",
        of(
            (
                call(body=items(b"abc", kind="iterable")),
                Expect(("POST / HTTP/1.1", *AUTO, TE), b"3\r\nabc\r\n0\r\n\r\n"),
            ),
            effects={"body.iterated": "often"},
        ),
        (
            "effect.iterated body.iterated [iterable.once] Iteration of the body began often, expected 1 time. "
            "(the body is gone through beforehand, for its length or its type)"
        ),
    ),
    (
        "reads-sizes",
        of(READS, effects={"body.reads": [16384, 16384]}),
        (
            "effect.reads body.reads [file.block-size] read() was called with 16384, 16384 (2 calls); expected "
            "8192, 8192 (2 calls). (another block size)"
        ),
    ),
    (
        "reads-without-size",
        of(READS, effects={"body.reads": (-1,)}),
        (
            "effect.reads body.reads [file.block-size] read() was called with no size (1 call); expected 8192, "
            "8192 (2 calls). (read() without a size takes everything into memory)"
        ),
    ),
    (
        "reads-once-more",
        of(READS, effects={"body.reads": (8192,) * 9}),
        (
            "effect.reads body.reads [file.block-size] read() was called with 8192, 8192, 8192, 8192, 8192, "
            "8192, 8192, 8192, … (9 calls); expected 8192, 8192 (2 calls). (the end is asked for again)"
        ),
    ),
    (
        "reads-fewer",
        of(READS, effects={"body.reads": (8192,)}),
        (
            "effect.reads body.reads [file.block-size] read() was called with 8192 (1 call); expected 8192, 8192 "
            "(2 calls)."
        ),
    ),
    (
        "reads-strange",
        of(READS, effects={"body.reads": "\xe9"}),
        ("effect.reads body.reads [file.block-size] read() was called with \\xe9; expected 8192, 8192 (2 calls)."),
    ),
    (
        "other-effect",
        of((GET_[0], replace(GET_[1], effects={"body.mtime": 1})), effects={"body.mtime": 2}),
        ("effect.other body.mtime [] body.mtime is 2, expected 1."),
    ),
    (
        "effects-after-other-bytes",
        of(POST_FILE, body="1\r\nd\r\n0\r\n\r\n", effects={"body.position": 4, "body.closed": True}),
        ("body.truncated body [send.complete] The body stops after 1 byte of 2: 'e' is missing."),
        "effect.closed body.closed",
    ),
)


def refused(name: str, request: Request, *lines: str, sent: str = "") -> Sight:
    """Return what was seen of a call that sends these lines instead of raising that exception."""
    return of((request, Expect(None, raises=name)), lines, sent)


ENDLESS_SILENT = (ENDLESS[0], replace(ENDLESS[1], raises=None))
ENDLESS_RAW = (
    call("PUT", body=Recipe("endless", {"data": b"xx"}), headers=mapping({"Content-Length": "1000"})),
    Expect(("PUT / HTTP/1.1", *AUTO, "Content-Length: 1000"), b"0123456789abcdef" * 6, at_least=20, raises="OSError"),
)
HEX_RAW = ("PUT / HTTP/1.1", *AUTO, TE, "Content-Length: 1000")
LENGTH_FAILS = (
    call(body=items(b"abc", Recipe("raise", {"name": "OSError"})), headers=mapping({"Content-Length": "9"})),
    Expect(("POST / HTTP/1.1", *AUTO, "Content-Length: 9"), b"abc", raises="OSError"),
)
BOTH = ("POST / HTTP/1.1", *AUTO, TE, "Content-Length: 9")
EMPTY_LIST = post(items(kind="list"), b"0\r\n\r\n", TE)
BYTES_NAME = Recipe("dict", {"items": ((data(b"Transfer-Encoding"), text("chunked")),)})
INT_VALUE = Recipe("dict", {"items": ((text("X"), Recipe("int", {"value": 10})),)})
CRLF_BYTES = Recipe("dict", {"items": ((text("X"), data(b"1\r\n")),)})
FOLDED = (call("GET", headers=mapping({"X": "\r\n two"})), Expect(("GET / HTTP/1.1", *AUTO, "X: \r\n two")))
LENGTHS = ("POST / HTTP/1.1", *AUTO, "Content-Length: 3")
NEXT_LOST = "and then the next one began. (one send() that is not repeated)"

NAMED: tuple[tuple[str, Sight, str], ...] = (
    (
        "host-spacing",
        of(GET_, ("GET / HTTP/1.1", "Host:<host>:<port>", "Accept-Encoding:identity")),
        "field.spacing [auto.host] The value of Host has other white space before it: '<host>:<port>', expected "
        "' <host>:<port>'. So it is with 2 field lines.",
    ),
    (
        "no-last-of-nothing",
        of(EMPTY_LIST, body=""),
        "chunk.last-missing [chunked.body] The last chunk, '0␍␊␍␊', is missing: nothing follows the head, and the "
        "server waits.",
    ),
    (
        "twice-piece-by-piece",
        of(POST_LIST, body="7\r\n2\r\nab\r\n\r\n6\r\n1\r\nc\r\n\r\n0\r\n\r\n"),
        "body.chunked-twice [chunked.iterable] The body is chunk-encoded twice: the content of its chunks is "
        "'2␍␊ab␍␊1␍␊c␍␊' (what frames the body already is framed again)",
    ),
    (
        "twice-endless",
        of(ENDLESS, body="7\r\n2\r\nxx\r\n\r\n" * 3, raised=error("OSError")),
        "body.chunked-twice [chunked.iterable] The body is chunk-encoded twice: the content of its chunks is "
        "'2␍␊xx␍␊2␍␊xx␍␊2␍␊xx␍␊' (what frames the body already is framed again)",
    ),
    (
        "prefix-endless",
        of(ENDLESS, body="0x2\r\nxx\r\n" * 3 + "0x2\r\nx", raised=error("OSError")),
        "chunk.prefix [chunked.body] Chunk sizes are written with 0x: '0x2' for 2 bytes, expected '2'. (hex(n))",
    ),
    (
        "crlf-counted-endless",
        of(ENDLESS, body="4\r\nxx\r\n" * 4 + "4", raised=error("OSError")),
        "chunk.size-with-crlf [chunked.body] A chunk-size counts the CRLF behind the data: '4' for 2 bytes, "
        "expected '2'.",
    ),
    (
        "both-and-chunked-where-it-fails",
        of(LENGTH_FAILS, BOTH, "3\r\nabc\r\n", raised=error("OSError")),
        "framing.both [framing.caller-length] Transfer-Encoding: chunked is sent although the caller's "
        "Content-Length is there already.",
    ),
    (
        "both-and-chunked-endless",
        of(ENDLESS_RAW, HEX_RAW, "10\r\n0123456789abcdef\r\n10\r\n01234567", raised=error("OSError")),
        "framing.both [framing.caller-length] Transfer-Encoding: chunked is sent although the caller's "
        "Content-Length is there already.",
    ),
    (
        "both-and-raw-endless",
        of(ENDLESS_RAW, HEX_RAW, "0123456789abcdef0123", raised=error("OSError")),
        "framing.both [framing.caller-length] Transfer-Encoding: chunked is sent although the caller's "
        "Content-Length is there already.",
    ),
    (
        "chunked-instead-and-not-ended",
        of(POST_ABC, ("POST / HTTP/1.1", *AUTO, TE), "3\r\nabc\r\n"),
        "chunk.last-missing [chunked.body] The last chunk is missing: the server waits for more.",
    ),
    (
        "length-twice",
        of(
            (call(body=text("abc"), headers=mapping({"Content-Length": "3"})), Expect(LENGTHS, b"abc")),
            (*LENGTHS, "Content-Length: 3"),
            "abc",
        ),
        "field.repeated [framing.one-only] The field Content-Length is sent 2 times instead of 1: "
        "'Content-Length: 3' is one too many.",
    ),
    (
        "data-lost",
        of(POST_LIST, body="2\r\na1\r\nc\r\n0\r\n\r\n"),
        f"chunk.data-lost [send.complete] 1 of 2 bytes of a chunk came, {NEXT_LOST}",
    ),
    (
        "data-lost-at-the-end",
        of(TEN, body="A\r\n0123450\r\n\r\n"),
        f"chunk.data-lost [send.complete] 6 of 10 bytes of a chunk came, {NEXT_LOST}",
    ),
    (
        "data-lost-later",
        of(THREE, body="2\r\nab\r\n2\r\nc2\r\nef\r\n0\r\n\r\n"),
        f"chunk.data-lost [send.complete] 1 of 2 bytes of a chunk came, {NEXT_LOST}",
    ),
    (
        "flag-alone",
        of((call(body=text("abc"), flag=True), POST_ABC[1]), body="3\r\nabc\r\n0\r\n\r\n"),
        "body.chunked [flag.without-coding] The body is chunk-encoded although the caller gave no "
        "Transfer-Encoding, only encode_chunked: '3␍␊abc␍␊0␍␊␍␊' (encode_chunked alone is taken for a wish to "
        "chunk-encode)",
    ),
    (
        "flag-with-a-name-in-bytes",
        of(
            (call(body=text("abc"), headers=BYTES_NAME, flag=True), Expect((*LENGTHS, TE), b"abc")),
            body="3\r\nabc\r\n0\r\n\r\n",
        ),
        "body.chunked [headers.bytes-name] The body is chunk-encoded although Transfer-Encoding is given under a "
        "name that is bytes, which does not count: '3␍␊abc␍␊0␍␊␍␊' (encode_chunked alone is taken for a wish to "
        "chunk-encode)",
    ),
    (
        "line-feeds-of-nothing",
        of(EMPTY_LIST, body="0\n\n"),
        "chunk.line-ending [chunked.body] Chunks are written with LF instead of CRLF. ('\\n' is written for '\\r\\n')",
    ),
    (
        "windows-1252",
        refused("UnicodeEncodeError", call(body=text("a€c")), *LENGTHS, sent="a\x80c"),
        "call.not-raised [body.early-encoding] No exception was raised, UnicodeEncodeError expected; 91 bytes were "
        "sent, the text in Windows-1252. (a locale's encoding)",
    ),
    (
        "not-encodable-anywhere",
        refused("UnicodeEncodeError", call(body=text("a\u4e00c")), *LENGTHS, sent="a?c"),
        "call.not-raised [body.early-encoding] No exception was raised, UnicodeEncodeError expected; 91 bytes were "
        "sent, the text with ? in place of what cannot be encoded. (encode('latin-1', 'replace'))",
    ),
    (
        "space-quoted",
        refused("InvalidURL", call("GET", url="/a b"), "GET /a%20b HTTP/1.1", *AUTO),
        "call.not-raised [target.control] No exception was raised, InvalidURL expected; 73 bytes were sent, the url "
        "percent-encoded. (urllib.parse.quote())",
    ),
    (
        "space-sent",
        refused("InvalidURL", call("GET", url="/a b"), "GET /a b HTTP/1.1", *AUTO),
        "call.not-raised [target.control] No exception was raised, InvalidURL expected; 71 bytes were sent. (the url "
        "goes out as it is: request injection)",
    ),
    (
        "space-dropped",
        refused("InvalidURL", call("GET", url="/a b"), "GET /ab HTTP/1.1", *AUTO),
        "call.not-raised [target.control] No exception was raised, InvalidURL expected; 70 bytes were sent.",
    ),
    (
        "url-utf-8",
        refused("UnicodeEncodeError", call("GET", url="/é"), "GET /\xc3\xa9 HTTP/1.1", *AUTO),
        "call.not-raised [target.non-ascii] No exception was raised, UnicodeEncodeError expected; 70 bytes were "
        "sent, the url as UTF-8. (encode() without an encoding argument gives UTF-8)",
    ),
    (
        "url-latin-1",
        refused("UnicodeEncodeError", call("GET", url="/é"), "GET /\xe9 HTTP/1.1", *AUTO),
        "call.not-raised [target.non-ascii] No exception was raised, UnicodeEncodeError expected; 69 bytes were "
        "sent, the url as ISO-8859-1. (encode('latin-1'))",
    ),
    (
        "stray-line-end",
        of(
            (call(body=items(b"ab", b"\r\n"), headers=mapping(CODED)), Expect(CODED_RAW[1].head, b"ab\r\n")),
            body="ab\r\n\r\n",
        ),
        "body.extended [body.iterable.as-is] 2 bytes too many at the end of the body: '␍␊', a line "
        "ending that is no part of it. (a line ending that does not belong to the body)",
    ),
    (
        "int-in-hexadecimal",
        of(
            (call("GET", headers=INT_VALUE), Expect(("GET / HTTP/1.1", *AUTO, "X: 10"))),
            ("GET / HTTP/1.1", *AUTO, "X: 0xa"),
        ),
        "field.value [headers.value-int] The value of X is another one: '0xa', expected '10'.",
    ),
    (
        "bytes-as-repr",
        refused("ValueError", call("GET", headers=CRLF_BYTES), "GET / HTTP/1.1", *AUTO, "X: b'1\\r\\n'"),
        "call.not-raised [headers.value-injection] No exception was raised, ValueError expected; 81 bytes were "
        "sent, the value in Python's notation. (str() or an f-string of bytes)",
    ),
    (
        "line-break-dropped",
        refused("ValueError", call("GET", headers=mapping({"X": "a\nb"})), "GET / HTTP/1.1", *AUTO, "X: ab"),
        "call.not-raised [headers.value-injection] No exception was raised, ValueError expected; 75 bytes were sent.",
    ),
    (
        "unfolded",
        of(FOLDED, ("GET / HTTP/1.1", *AUTO, "X:  two")),
        "field.value-fold [headers.value-folding] The value of X is folded in another way: '  two', expected "
        "' ␍␊ two'. (line breaks are taken out, or put in)",
    ),
    (
        "fold-stripped",
        of(FOLDED, ("GET / HTTP/1.1", *AUTO, "X: two")),
        "field.value-stripped [headers.sent] The value of X lost the white space around it: ' two', expected "
        "' ␍␊ two'. (value.strip())",
    ),
    (
        "stale-address",
        of(GET_, head("PUT / HTTP/1.1", "Host: 127.0.0.9:43210") + head("GET / HTTP/1.1", *AUTO)),
        "request.stale-head [state.independent] In front of the request stands what an earlier one left behind: "
        "'PUT / HTTP/1.1␍␊Host: <host>:<port>␍␊␍␊' (the buffer of a head that failed is not cleared by close())",
    ),
)
"""Faults that were once taken for others: what the first difference says of them."""


@pytest.mark.parametrize("row", NAMED, ids=lambda row: row[0])
def test_named(row: tuple[str, Sight, str]) -> None:
    """The fault is named, and nothing that only follows from it comes first."""
    _, sight, says = row
    first = differences(sight)[0]
    cause = f" ({first.cause})" if first.cause else ""
    assert f"{first.code} [{first.clause}] {first.text}{cause}" == says
    assert not matches(sight)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_fault(row: tuple[Any, ...]) -> None:
    """The fault is named: code, subject, clause, sentence and cause of the first difference, and what else differs."""
    _, sight, says, *others = row
    first, *rest = differences(sight)
    cause = f" ({first.cause})" if first.cause else ""
    assert f"{first.code} {first.subject} [{first.clause}] {first.text}{cause}" == says
    assert [f"{difference.code} {difference.subject}" for difference in rest] == others
    assert not matches(sight)


def test_every_code_is_documented_and_seen() -> None:
    """The table of codes holds exactly the codes that the rows bring about."""
    assert {difference.code for row in (*ROWS, *NAMED) for difference in differences(row[1])} == set(CODES)


def test_every_clause_is_known() -> None:
    """A difference refers to clauses that exist."""
    known = {*load_clauses(bundled_root() / "clauses.yaml")}
    assert {difference.clause for row in (*ROWS, *NAMED) for difference in differences(row[1])} - {""} <= known


def test_nothing_of_the_run_in_codes_and_subjects() -> None:
    """Code and subject hold no address, and the sentence neither, nor anything that a terminal acts on."""
    for row in (*ROWS, *NAMED):
        for difference in differences(row[1]):
            for said in (difference.code, difference.subject, difference.text, difference.cause):
                assert str(PORT) not in said
                assert f"{HOST}:" not in said
                assert said.isprintable() or "'\\n'" in said


@pytest.mark.parametrize(
    ("row", "at"),
    [
        ("field.extra", 95),
        ("chunk.lower-case", 97),
        ("body.rewound", 100),
        ("body.truncated", 90),
        ("error.more-out", 104),
        ("method.upper-cased", 0),
        ("version.changed", 6),
    ],
)
def test_offset(row: str, at: int) -> None:
    """A difference says where in the received bytes it lies."""
    found = (difference for each in ROWS for difference in differences(each[1]) if difference.code == row)
    assert next(found).at == at


def test_spelling() -> None:
    """What only concerns spelling is told apart from what breaks the message."""
    found = {row[0]: differences(row[1]) for row in (*ROWS, *NAMED)}
    assert is_spelling(found["host-spacing"])
    assert not is_spelling(found["data-lost"])


def test_step() -> None:
    """A difference carries the number of its step."""
    assert [difference.step for difference in differences(of(GET_, "", connections=0, step=3))] == [3]


# what is right ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sight",
    [
        of(GET_),
        of(POST_ABC),
        of(POST_FILE, effects={"headers": "unchanged", "body.position": 5, "body.closed": False}),
        of(POST_LIST, effects={"body.pulled": 2, "body.content": "unchanged"}),
        of(READS, effects={"body.reads": [8192, 8192]}),
        of(READS, effects={}),
        of(FAILING, raised=error("Special", "RuntimeError"), effects={"body.pulled": 1}),
        of(FAILING, "", raised=error("RuntimeError"), connections=0),
        of(FAILING, body="2\r\na", raised=error("RuntimeError")),
        of((call("GET\n"), Expect(None, raises="ValueError")), raised=error("ValueError"), connections=0),
        of(DIGEST, ("POST / HTTP/1.1", *AUTO, "Content-Length: 6"), "abcdef"),
        of(ENDLESS, body="2\r\nxx\r\n" * 3, raised=error("BrokenPipeError", "OSError"), ended="hung-up"),
        of(GET_, ended="eof", continued=True, continues=True),
        of((call("GET"), Expect(("GET / HTTP/1.1", *AUTO), reconnects=True)), ended="reset"),
        of(GET_, connections=1, total=68),
        replace(
            of(POST_ABC),
            data=of(POST_ABC).data[:-1],
            total=len(of(POST_ABC).data),
            sha256=hashlib.sha256(of(POST_ABC).data).hexdigest(),
        ),
        replace(
            of(DIGEST, ("POST / HTTP/1.1", *AUTO, "Content-Length: 6"), "abc"),
            total=len(of(POST_ABC).data) + 3,
            sha256=hashlib.sha256(b"abcdef").hexdigest(),
        ),
    ],
)
def test_right(sight: Sight) -> None:
    """What is as expected has no difference."""
    assert differences(sight) == ()
    assert matches(sight)


@pytest.mark.parametrize(
    ("body", "expect", "effects"),
    [
        (None, Expect(()), {}),
        (FILE_AT_3, Expect(()), {"body.position": 5}),
        (Recipe("bytesio", {"data": b"abc", "position": 7}), Expect(()), {"body.position": 7}),
        (Recipe("stringio", {"text": "éé"}), Expect(()), {"body.position": 2}),
        (FILE_AT_3, Expect((), raises="ValueError"), {}),
        (FILE_AT_3, Expect((), raises="ValueError", effects={"body.position": 3}), {"body.position": 3}),
        (items(b"a", b""), Expect(()), {"body.pulled": 2}),
        (items(b"a", kind="sequence"), Expect(()), {"body.pulled": 1, "body.iterated": 1}),
        (items(b"a", kind="list"), Expect(()), {}),
        (Recipe("endless", {"data": b"x"}), Expect((), at_least=1), {}),
        (text("abc"), Expect((), effects={"headers": "changed"}), {"headers": "changed"}),
    ],
)
def test_expected_effects(body: Recipe | None, expect: Expect, effects: dict[str, object]) -> None:
    """The defaults follow from the kind of the body, and the expectation overrides them."""
    always = {"headers": "unchanged", "body.content": "unchanged", "body.closed": False}
    assert expected_effects(call(body=body), expect) == always | effects


# facts that the rows do not show ----------------------------------------------------------------------------------


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40))
def test_first_difference(common: bytes, one: bytes, other: bytes) -> None:
    """It is the length of the longest common beginning."""
    left, right = common + one, common + other
    at = first_difference(left, right)
    assert left[:at] == right[:at]
    assert at == min(len(left), len(right)) or left[at] != right[at]


REFUSED = (
    (Request((("method", text("GET")),)), "call.wrong-arguments"),
    (Request((("method", text("GET")), ("url", text("/")), ("timeout", text("1")))), "call.wrong-arguments"),
    (replace(call(body=text("x"), headers=mapping({}), flag=True), passed="positional"), "flag.keyword-only"),
    (call(headers=Recipe("none")), "headers.none"),
    (call(headers=Recipe("pairs-list", {"items": ()})), "headers.list"),
    (call(headers=Recipe("list", {"items": (text("X"),)})), "headers.list"),
    (Request((("method", Recipe("int", {"value": 1})), ("url", text("/")))), "method.type"),
    (call("G\n"), "method.control"),
    (call("é"), "method.non-ascii"),
    (Request((("method", text("GET")), ("url", Recipe("none")))), "target.type"),
    (call(url="/ "), "target.control"),
    (call(url="/é"), "target.non-ascii"),
    (call(url="http://[::1/"), "target.authority"),
    (call(headers=Recipe("dict", {"items": ((Recipe("int", {"value": 1}), text("x")),)})), "headers.name-type"),
    (call(headers=mapping({"é": "x"})), "headers.name-ascii"),
    (call(headers=mapping({"a:b": "x"})), "headers.name-illegal"),
    (call(headers=Recipe("dict", {"items": ((text("X"), Recipe("none")),)})), "headers.value-type"),
    (call(headers=mapping({"X": "€"})), "headers.value-latin-1"),
    (call(headers=mapping({"X": "a\n"})), "headers.value-injection"),
    (call(body=text("€")), "body.early-encoding"),
    (call(body=Recipe("endless", {"data": b"x"})), "send.stops"),
    (call(body=Recipe("codecs-reader", {"data": b"x"})), "file.text-not-textio"),
    (call(body=Recipe("memoryview", {"data": b"abcd", "slice": (0, 4, 2)})), "body.non-contiguous"),
    (call(body=items(b"a", Recipe("raise", {"name": "KeyError"}))), "body.propagates"),
    (call(body=Recipe("stringio", {"text": "€"})), "body.late-encoding"),
    (call(body=items(text("a"))), "iterable.wrong-items"),
    (call(body=Recipe("int", {"value": 1})), "body.other-type"),
    (call(), ""),
)


@pytest.mark.parametrize(("request_", "clause"), REFUSED, ids=[clause or "none" for _, clause in REFUSED])
def test_why_refused(request_: Request, clause: str) -> None:
    """An exception that does not come is put down to the clause that wants it, as far as the request tells."""
    found = differences(seen(request_, Expect(None, raises="ValueError"), b""))
    assert [(difference.code, difference.clause) for difference in found] == [("call.not-raised", clause)]


def test_busy() -> None:
    """CannotSendRequest is a matter of the state, whatever the arguments."""
    found = differences(seen(call("G\n"), Expect(None, raises="CannotSendRequest"), b""))
    assert [(difference.code, difference.clause) for difference in found] == [("call.not-raised", "state.busy")]


def test_long_bodies_are_fast_and_exact() -> None:
    """A fault at the end of a long body is found, and its sentence stays short."""
    body = b"x" * (33 * 1024 * 1024)
    pair = post(data(body), body, f"Content-Length: {len(body)}")
    sight = of(pair)
    (found,) = differences(replace(sight, data=sight.data[:-1] + b"y"))
    assert (found.code, found.at, len(found.text) < 200) == ("body.changed", len(sight.data) - 1, True)


@pytest.mark.parametrize("shown", ["a" * 59, "a" * 60, "a" * 61])
def test_shortened(shown: str) -> None:
    """What is longer than 60 bytes is cut, and the number of its bytes is said."""
    (found,) = differences(of(GET_, ("GET / HTTP/1.1", *AUTO), shown))
    more = "" if len(shown) <= 60 else f"… ({len(shown)} bytes)"
    assert found.text.endswith(f"'{shown[:60]}{more}".replace("… (", "…' (") if more else f"'{shown}'")


def test_long_messages_are_cut() -> None:
    """A message of the candidate's is cut, too."""
    (found,) = differences(of(GET_, "", raised=error("TypeError", message="m" * 999)))
    assert found.text.endswith("m" * 200 + "…")


def test_addresses_that_are_no_address() -> None:
    """Only the whole host and the whole port are replaced."""
    (found,) = differences(of(GET_, ("GET / HTTP/1.1", *AUTO), f"{HOST}1 1{HOST} :{PORT}1 x:{PORT} {HOST}"))
    assert found.text.endswith(f"'{HOST}1 1{HOST} :{PORT}1 x:<port> <host>'")


def test_no_host() -> None:
    """Where the host is not known, the port is replaced all the same."""
    (found,) = differences(of(GET_, ("GET / HTTP/1.1", *AUTO), f"x:{PORT}", host=""))
    assert found.text.endswith("'x:<port>'")


def test_no_address() -> None:
    """Without an address nothing is replaced."""
    (found,) = differences(of(GET_, head("GET / HTTP/1.1", *AUTO) + ":0", host="", port=0))
    assert found.text.endswith("':0'")


# whatever comes ---------------------------------------------------------------------------------------------------

SIGHTS = [row[1] for row in (*ROWS, *NAMED) if len(row[1].data) < 5000]
FRAGMENTS = st.sampled_from(
    [
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b":",
        b"0\r\n\r\n",
        b"3\r\nabc\r\n",
        b"HTTP/1.1",
        b"Content-Length: 3\r\n",
        b"Host",
        b"\xe9",
    ]
)


@st.composite
def mangled(draw: st.DrawFn) -> Sight:
    """Return one of the sights with other bytes, or with bytes cut out, put in, or exchanged."""
    sight: Sight = draw(st.sampled_from(SIGHTS))
    received = draw(st.sampled_from([sight.data, sight.wire.data or b"", b""]))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(received)))
        end = draw(st.integers(at, min(len(received), at + 40)))
        received = received[:at] + draw(st.one_of(st.binary(max_size=6), FRAGMENTS)) + received[end:]
    return replace(
        sight,
        data=received,
        total=draw(st.sampled_from([0, len(received)])),
        ended=draw(st.sampled_from(["", "eof", "reset", "open"])),
        connections=draw(st.integers(0, 2)),
        outcome=draw(st.sampled_from([sight.outcome, Outcome(), Outcome(raised=error("OSError"))])),
    )


@settings(max_examples=600, deadline=None)
@given(mangled())
def test_total(sight: Sight) -> None:
    """Whatever the bytes, it does not raise, and finds something exactly where something differs."""
    found = differences(sight)
    assert bool(found) != matches(sight)
    assert found == differences(sight)
    assert {difference.code for difference in found} <= set(CODES)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SIGHTS), st.binary(max_size=80))
def test_other_bytes(sight: Sight, received: bytes) -> None:
    """Bytes that are not the expected ones are never passed over, except where an exception cut them short."""
    wanted = sight.wire.data
    if wanted is not None and not wanted.startswith(received):
        assert differences(replace(sight, data=received, total=0))
