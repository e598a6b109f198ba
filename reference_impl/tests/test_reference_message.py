"""The sans-I/O core: what a request becomes, written out."""

from __future__ import annotations

import array
import io
from collections.abc import Iterator
from typing import Any

import pytest

import wireproof_reference
from wireproof_reference._head import field_names
from wireproof_reference._message import message

CODING = {"Transfer-Encoding": "chunked"}
LENGTH = {"Content-Length": "4"}
BARE = {"Host": "h", "Accept-Encoding": ""}


def pieces(
    method: Any = "GET",
    url: Any = "/",
    body: Any = None,
    headers: Any = None,
    *,
    encode_chunked: object = False,
    host: str = "example",
    port: int | str = 80,
    blocksize: int = 8192,
) -> Iterator[Any]:
    """Return a message, with defaults for everything."""
    fields = {} if headers is None else headers
    return message(
        method,
        url,
        body,
        fields,
        encode_chunked=encode_chunked,
        given=field_names(fields),
        host=host,
        port=port,
        blocksize=blocksize,
    )


def lines(*arguments: Any, **options: Any) -> list[str]:
    """Return the lines of a head."""
    head = bytes(next(pieces(*arguments, **options)))
    *all_lines, empty, nothing = head.decode("latin-1").split("\r\n")
    assert (empty, nothing) == ("", "")
    return all_lines


def tail(body: Any, headers: Any = None, **options: Any) -> tuple[list[str], list[bytes]]:
    """Return what was added to the head for a body, and the pieces that follow it."""
    head, *rest = (bytes(piece) for piece in pieces("GET", "/", body, {**BARE, **(headers or {})}, **options))
    added = head.decode().split("\r\n")[1:-2]
    return [line for line in added if line not in {"Host: h", "Accept-Encoding: "}], rest


def test_head_has_its_lines_in_order() -> None:
    """Request line, Host, Accept-Encoding, framing, then the caller's fields in their order."""
    assert lines("PUT", "/a", b"abc", {"Z": 1, "A": "\xe9", b"m": b"\xff", "T": True}, port=81) == [
        "PUT /a HTTP/1.1",
        "Host: example:81",
        "Accept-Encoding: identity",
        "Content-Length: 3",
        "Z: 1",
        "A: \xe9",
        "m: \xff",
        "T: True",
    ]


def test_names_given_as_bytes_never_match() -> None:
    """A field named in bytes does not suppress the automatic one, and is never compared with text."""
    headers = {b"Host": "h", b"accept-encoding": "a", b"content-length": 9, b"transfer-encoding": "t", "host": "i"}
    assert lines("PUT", "/", b"abc", headers) == [
        "PUT / HTTP/1.1",
        "Accept-Encoding: identity",
        "Content-Length: 3",
        "Host: h",
        "accept-encoding: a",
        "content-length: 9",
        "transfer-encoding: t",
        "host: i",
    ]


@pytest.mark.parametrize(
    ("body", "headers", "flag", "added", "rest"),
    [
        (None, {}, True, [], []),
        (None, CODING, True, ["Transfer-Encoding: chunked"], []),
        ("caf\xe9", {}, True, ["Content-Length: 4"], [b"caf\xe9"]),
        ("", {}, False, ["Content-Length: 0"], []),
        (array.array("H", [0x4141] * 2), {}, False, ["Content-Length: 4"], [b"AAAA"]),
        (io.BytesIO(b"abcd"), {}, False, ["Transfer-Encoding: chunked"], [b"4\r\nabcd\r\n", b"0\r\n\r\n"]),
        (io.BytesIO(b"abcde"), LENGTH, True, ["Content-Length: 4"], [b"abcde"]),
        ([b"a" * 26, b"", b"b"], {}, False, ["Transfer-Encoding: chunked"], None),
        ([], {}, False, ["Transfer-Encoding: chunked"], [b"0\r\n\r\n"]),
        ([b"a", b"b"], CODING, False, ["Transfer-Encoding: chunked"], [b"a", b"b"]),
        (b"", CODING, "yes", ["Transfer-Encoding: chunked"], [b"0\r\n\r\n"]),
        (b"ab", {**CODING, **LENGTH}, True, None, [b"2\r\nab\r\n", b"0\r\n\r\n"]),
        (b"ab", {**CODING, **LENGTH}, False, None, [b"ab"]),
        (array.array("H", [0x4141] * 2), CODING, True, None, [b"4\r\nAAAA\r\n", b"0\r\n\r\n"]),
    ],
)
def test_body_is_framed_by_the_first_rule_that_applies(
    body: Any, headers: Any, flag: object, added: list[str] | None, rest: list[bytes] | None
) -> None:
    """The framing field and the pieces follow from the caller's fields, the body and the flag."""
    given = [f"{name}: {value}" for name, value in headers.items()]
    wanted = [b"1A\r\n" + b"a" * 26 + b"\r\n", b"1\r\nb\r\n", b"0\r\n\r\n"] if rest is None else rest
    assert tail(body, headers, encode_chunked=flag) == (given if added is None else added, wanted)


@pytest.mark.parametrize(
    ("method", "added"),
    [(name, ["Content-Length: 0"]) for name in ("PUT", "POST", "PATCH", "put", "Post")]
    + [(name, []) for name in ("GET", "HEAD", "DELETE", "OPTIONS", "CONNECT", "X")],
)
def test_length_is_zero_for_methods_that_expect_a_body(method: str, added: list[str]) -> None:
    """Without a body, only PUT, POST and PATCH get a length, in any case of letters."""
    assert lines(method, headers=BARE)[1:-2] == added


@pytest.mark.parametrize(
    ("url", "host", "port", "value"),
    [
        ("/", "example", 80, "example"),
        ("/", "example", "80", "example:80"),
        ("/", "m\xfcnchen", 81, "xn--mnchen-3ya:81"),
        ("/", "::1", 80, "[::1]"),
        ("/", "fe80::1%eth0", 81, "[fe80::1]:81"),
        ("/", "[::1", 80, "[::1"),
        ("http://u@Other:80/x", "example", 81, "u@Other:80"),
        ("http://[fe80::1%25a]:8/", "example", 81, "[fe80::1]"),
        ("HTTP://other/", "example", 80, "example"),
        ("http:/x", "example", 80, "example"),
    ],
)
def test_host_is_shown(url: str, host: str, port: int | str, value: str) -> None:
    """Host is the authority of an absolute url, otherwise the connection's host, and port unless 80."""
    assert lines("GET", url, host=host, port=port)[1] == f"Host: {value}"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"method": "A\n", "url": "/ "}, ValueError),
        ({"method": "\xe9", "url": "/ "}, wireproof_reference.InvalidURL),
        ({"method": "\xe9", "url": "http://[abc]/"}, UnicodeEncodeError),
        ({"url": "http://a%b/", "headers": {"": ""}}, AssertionError),
        ({"url": "http://[abc]/", "headers": {"": ""}}, ValueError),
        ({"headers": {"": ""}}, ValueError),
        ({"headers": {"X": None, "": ""}}, TypeError),
        ({"headers": {"X": "a\nb"}, "body": "\u20ac"}, ValueError),
        ({"headers": ["X"]}, AttributeError),
        ({"body": "\u20ac"}, UnicodeEncodeError),
        ({"headers": [1]}, AttributeError),
        ({"headers": 1}, TypeError),
    ],
)
def test_mistakes_are_found_before_anything_is_handed_out(arguments: dict[str, Any], error: type[Exception]) -> None:
    """The first mistake in the order of the lines is the one that is raised, by the call itself."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the exact class is compared
        pieces(**arguments)
    assert caught.type is error


@pytest.mark.parametrize(
    ("body", "headers", "before", "error"),
    [
        (5, {}, [], TypeError),
        ([b"ab", "c"], {}, [b"2\r\nab\r\n"], TypeError),
        ([b"ab", "c"], LENGTH, [b"ab"], TypeError),
        ([b"ab", 5], LENGTH, [b"ab"], TypeError),
        ([[b"ab", "c"]], LENGTH, [b"ab"], TypeError),
        (memoryview(b"abcd")[::2], {}, [], BufferError),
        (memoryview(b"abcd")[::2], CODING, [], TypeError),
        (memoryview(b"a").cast("B", shape=[]), {}, [], TypeError),
        (io.StringIO("a\u20ac"), {}, [b"1\r\na\r\n"], UnicodeEncodeError),
    ],
)
def test_mistakes_in_a_body_are_found_as_it_is_sent(
    body: Any, headers: Any, before: list[bytes], error: type[Exception]
) -> None:
    """What precedes the mistake is handed out, and no terminator."""
    flag = headers is CODING
    iterator = pieces("GET", "/", body, headers, encode_chunked=flag, blocksize=1)
    next(iterator)
    handed_out: list[bytes] = []
    with pytest.raises(Exception) as caught:  # noqa: PT011, PT012 - the exact class is compared
        for piece in iterator:
            handed_out.append(bytes(piece))
    assert (handed_out, caught.type) == (before, error)


def test_body_is_pulled_lazily() -> None:
    """Nothing is pulled before the head is out, nor a piece before the previous one was taken."""
    log: list[str] = []

    def body() -> Iterator[bytes]:
        for name in ("a", "b"):
            log.append(f"pulled {name}")
            yield name.encode()

    for piece in pieces("GET", "/", body()):
        log.append(f"sent {bytes(piece)[:3]!r}")
    assert log == [
        "sent b'GET'",
        "pulled a",
        "sent b'1\\r\\n'",
        "pulled b",
        "sent b'1\\r\\n'",
        "sent b'0\\r\\n'",
    ]


def test_raw_elements_are_handed_out_as_they_are() -> None:
    """A buffer is passed on without a copy, and without an export that would forbid resizing it."""
    buffer = bytearray(b"ab")
    iterator = pieces("GET", "/", iter([buffer, buffer]), LENGTH)
    next(iterator)
    assert next(iterator) is buffer
    buffer.extend(b"c" * 1000)
    assert next(iterator) is buffer
