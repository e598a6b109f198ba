"""Tests of the parser: what it reads, that nothing makes it raise, and that showing loses no byte."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wireproof._wire import (
    Body,
    Chunk,
    FieldLine,
    Framing,
    Line,
    Message,
    Part,
    Problem,
    annotate,
    parse,
    parse_all,
    parse_chunked,
    split_list,
    visible,
)

CHUNKED = b"P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


def codes(problems: Iterable[Problem]) -> list[str]:
    """Return the codes of the problems, in order."""
    return [problem.code for problem in problems]


def kinds(data: bytes) -> list[tuple[str, bytes]]:
    """Return the kind and the bytes of every part."""
    return [(part.kind, data[part.start : part.end]) for part in annotate(parse(data))]


# Whole messages


def test_message_without_body() -> None:
    """A head without a length or a coding is a whole message."""
    data = b"GET /x HTTP/1.1\r\nHost: a\r\nX:\t b \r\n\r\n"
    assert parse(data) == Message(
        data=data,
        start=0,
        request_line=Line(b"GET /x HTTP/1.1", 0, 17, b"\r\n"),
        method=b"GET",
        target=b"/x",
        version=b"HTTP/1.1",
        fields=(
            FieldLine(b"Host", b"a", b"Host: a", 17, 26, folded=False, colon=True),
            FieldLine(b"X", b"b", b"X:\t b ", 26, 34, folded=False, colon=True),
        ),
        head_end=36,
        framing="none",
        declared=None,
        chunks=(),
        last=None,
        trailers=(),
        body_start=36,
        body_end=36,
        content=b"",
        complete=True,
        end=36,
        problems=(),
    )


def test_message_with_chunks() -> None:
    """A chunked message keeps its chunks, their offsets, the last chunk and the trailers."""
    body = b"2;x\r\nab\r\n00\r\nT: v\r\n\r\n"
    message = parse(CHUNKED + body + b"stray")
    at = len(CHUNKED)
    assert (message.framing, message.complete, message.last_chunk, message.problems) == ("chunked", True, True, ())
    assert message.chunks == (Chunk(b"2", b";x", 2, b"ab", at, at + 5, at + 7, at + 9, complete=True),)
    assert message.last == Chunk(b"00", b"", 0, b"", at + 9, at + 13, at + 13, at + 13, complete=True)
    assert message.trailers == (FieldLine(b"T", b"v", b"T: v", at + 13, at + 19, folded=False, colon=True),)
    assert (message.content, message.raw_body, message.data[message.end :]) == (b"ab", body, b"stray")


def test_message_starts_anywhere() -> None:
    """Offsets are absolute in the data also where the message starts later."""
    data = b"..GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab!"
    message = parse(data, 2)
    assert message.start == 2
    assert message.request_line == Line(b"GET / HTTP/1.1", 2, 18, b"\r\n")
    assert (message.body_start, message.body_end, message.end, message.content) == (39, 41, 41, b"ab")


def test_values_ignore_case() -> None:
    """Values are found whatever the case of the name, repeats in order."""
    message = parse(b"GET / HTTP/1.1\r\nX-a: 1\r\nB: 2\r\nx-A: 3\r\n\r\n")
    assert (message.values(b"X-A"), message.values(b"c")) == ((b"1", b"3"), ())


# The request line


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (b"GET / HTTP/1.1", (b"GET", b"/", b"HTTP/1.1")),
        (b"GET /a b c HTTP/1.1", (b"GET", b"/a b c", b"HTTP/1.1")),
        (b"GET  HTTP/1.1", (b"GET", b"", b"HTTP/1.1")),
        (b" / HTTP/1.1", (b"", b"/", b"HTTP/1.1")),
        (b"GET /", (b"GET", b"/", b"")),
        (b"GET", (b"GET", b"", b"")),
    ],
)
def test_request_line_is_split_at_first_and_last_space(line: bytes, parts: tuple[bytes, bytes, bytes]) -> None:
    """Method and version have no spaces; the target may have some."""
    message = parse(line + b"\r\n\r\n")
    assert (message.method, message.target, message.version) == parts


# What the parser stumbles over

HEAD_PROBLEMS: list[tuple[bytes, list[str]]] = [
    (b"", ["request-line.missing", "head.cut"]),
    (b"\r\n\n", ["request-line.preceded", "request-line.missing", "head.cut"]),
    (b"\r\nG / HTTP/1.1\r\n\r\n", ["request-line.preceded"]),
    (b"\nG / HTTP/1.1\r\n\r\n", ["request-line.preceded"]),
    (b"G / HTTP/1.1\r\n\r\n", []),
    (b"G / HTTP/1.1\n\n", ["line.bare-lf", "line.bare-lf"]),
    (b"G / HTTP/1.1\r\r\n\r\n", ["request-line.malformed", "line.bare-cr"]),
    (b"G / HTTP/1\r\n\r\n", ["request-line.malformed"]),
    (b"G /\r\n\r\n", ["request-line.malformed"]),
    (b"G / HT", ["head.cut"]),
    (b"\r", ["head.cut"]),
    (b"G / HTTP/1.1\r\n\r", ["head.cut"]),
    (b"G / HTTP/1.1\r\nX", ["head.cut"]),
    (b"G / HTTP/1.1\r\nX: a\r", ["head.cut"]),
    (b"G / HTTP/1.1\r\nX: a\rb\r", ["line.bare-cr", "head.cut"]),
    (b"G / HTTP/1.1\r\nX\r\n\r\n", ["field.no-colon"]),
    (b"G / HTTP/1.1\r\n X: a\r\n b\r\n\r\n", ["field.leading-space"]),
]


@pytest.mark.parametrize(("data", "expected"), HEAD_PROBLEMS)
def test_problems_of_a_head(data: bytes, expected: list[str]) -> None:
    """What is wrong in a head is named, by offset, and a head that is cut off has no end."""
    message = parse(data)
    assert codes(message.problems) == expected
    assert (message.head_end is None) == (not message.complete) == ("head.cut" in expected)
    assert [problem.start for problem in message.problems] == sorted(problem.start for problem in message.problems)


def test_problem_says_where_and_what() -> None:
    """A problem has the offsets of what it is about, and a sentence."""
    assert parse(b"G / HTTP/1.1\r\nX: a\rb\r\n\r\n").problems == (
        Problem("line.bare-cr", 18, 19, "A line holds a CR without LF."),
    )


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"X: a", (b"X", b"a", False, True)),
        (b"X:", (b"X", b"", False, True)),
        (b"X : a: b", (b"X ", b"a: b", False, True)),
        (b": a", (b"", b"a", False, True)),
        (b"X a", (b"X a", b"", False, False)),
        (b" X: a", (b" X", b"a", False, True)),
        (b"X: a \r\n\t b\r\n c ", (b"X", b"a b c", True, True)),
        (b"X:\n a", (b"X", b"a", True, True)),
        (b"X: a\r\n ", (b"X", b"a", True, True)),
        (b"X\r\n a: b", (b"X\r\n a: b", b"", True, False)),
        (b"X: \xff\0\x7f", (b"X", b"\xff\0\x7f", False, True)),
    ],
)
def test_field_lines(raw: bytes, field: tuple[bytes, bytes, bool, bool]) -> None:
    """A field keeps its bytes; its value has no surrounding white space, and its fold counts as one space."""
    name, value, folded, colon = field
    message = parse(b"G / HTTP/1.1\r\n" + raw + b"\r\n\r\n")
    assert message.fields == (FieldLine(name, value, raw, 14, 16 + len(raw), folded, colon),)


# Framing

FRAMING: list[tuple[list[bytes], Framing, int | None, list[str]]] = [
    ([], "none", None, []),
    ([b"Content-Length: 3"], "length", 3, []),
    ([b"content-length: 003"], "length", 3, []),
    ([b"Content-Length: 3, 3", b"CONTENT-LENGTH: 03"], "length", 3, []),
    ([b"Content-Length: 3, 4"], "invalid", None, ["length.conflict"]),
    ([b"Content-Length: 3", b"Content-Length: 4"], "invalid", None, ["length.conflict"]),
    ([b"Content-Length:"], "invalid", None, ["length.invalid"]),
    ([b"Content-Length: 3,"], "invalid", None, ["length.invalid"]),
    ([b"Content-Length: +3"], "invalid", None, ["length.invalid"]),
    ([b"Content-Length: 1_0"], "invalid", None, ["length.invalid"]),
    ([b"Content-Length: \xb2"], "invalid", None, ["length.invalid"]),
    ([b"Content-Length: " + b"9" * 501], "invalid", None, ["length.too-large"]),
    ([b"Content-Length: " + b"0" * 5000 + b"3"], "length", 3, []),
    ([b"Content-Length : 3"], "none", None, []),
    ([b"Transfer-Encoding: Chunked"], "chunked", None, ["chunk.size-not-hex"]),
    ([b"Transfer-Encoding: gzip, chunked"], "chunked", None, ["chunk.size-not-hex"]),
    ([b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked,"], "chunked", None, ["chunk.size-not-hex"]),
    ([b"Transfer-Encoding: chunked", b"Content-Length: 3"], "chunked", 3, ["chunk.size-not-hex"]),
    ([b"Transfer-Encoding: chunked", b"Content-Length: x"], "chunked", None, ["length.invalid", "chunk.size-not-hex"]),
    ([b"Transfer-Encoding: gzip"], "invalid", None, ["coding.not-chunked"]),
    ([b"Transfer-Encoding:", b"Content-Length: 3"], "invalid", 3, ["coding.not-chunked"]),
    ([b"Transfer-Encoding: chunked, gzip"], "invalid", None, ["coding.not-chunked"]),
    ([b"Transfer-Encoding: chunked;a=b"], "invalid", None, ["coding.not-chunked"]),
    ([b'Transfer-Encoding: a;b=", chunked'], "invalid", None, ["coding.not-chunked"]),
    ([b'Transfer-Encoding: a;b=",\\"", chunked'], "chunked", None, ["chunk.size-not-hex"]),
]


@pytest.mark.parametrize(("lines", "framing", "declared", "problems"), FRAMING)
def test_framing(lines: list[bytes], framing: Framing, declared: int | None, problems: list[str]) -> None:
    """A message is framed as a server frames it: a final chunked wins, any doubt makes it invalid."""
    message = parse(b"\r\n".join([b"G / HTTP/1.1", *lines, b"", b"xyz"]))
    assert (message.framing, message.declared, codes(message.problems)) == (framing, declared, problems)


@pytest.mark.parametrize(
    ("value", "elements"),
    [
        (b"", []),
        (b" , ,", []),
        (b"a,b ,\tc", [b"a", b"b", b"c"]),
        (b'a="x,y",b', [b'a="x,y"', b"b"]),
        (b'a="x\\",y",b', [b'a="x\\",y"', b"b"]),
        (b'a="x,b', [b'a="x,b']),
        (b'a="x\\', [b'a="x\\']),
    ],
)
def test_split_list(value: bytes, elements: list[bytes]) -> None:
    """Commas split a list unless they stand in a quoted string, and empty elements do not count."""
    assert split_list(value) == elements


# Bodies


@pytest.mark.parametrize(
    ("head", "rest", "content", "complete", "behind", "problems"),
    [
        (b"", b"abc", b"", True, b"abc", []),
        (b"Content-Length: 3\r\n", b"abcd", b"abc", True, b"d", []),
        (b"Content-Length: 0\r\n", b"", b"", True, b"", []),
        (b"Content-Length: 3\r\n", b"ab", b"ab", False, b"", ["length.short"]),
        (b"Content-Length: x\r\n", b"ab", b"ab", False, b"", ["length.invalid"]),
        (b"Transfer-Encoding: chunked\r\n", b"1\r\na\r\n0\r\n\r\nz", b"a", True, b"z", []),
    ],
)
def test_body(head: bytes, rest: bytes, content: bytes, complete: bool, behind: bytes, problems: list[str]) -> None:
    """The framing says what is content and what follows; with invalid framing all the rest is the body."""
    message = parse(b"G / HTTP/1.1\r\n" + head + b"\r\n" + rest)
    assert (message.content, message.complete, message.data[message.end :]) == (content, complete, behind)
    assert message.raw_body == rest[: len(rest) - len(behind)]
    assert codes(message.problems) == problems


def test_length_problem_counts() -> None:
    """A body that is too short is told with both numbers."""
    message = parse(b"G / HTTP/1.1\r\nContent-Length: 3\r\n\r\na")
    assert message.problems == (Problem("length.short", 35, 36, "The body has 1 byte, the Content-Length says 3."),)


BROKEN_CHUNKS: list[tuple[bytes, list[str], bytes, list[int | None]]] = [
    (b"", ["chunk.no-last"], b"", []),
    (b"1\r\na\r\n", ["chunk.no-last"], b"a", [1]),
    (b"1", ["chunk.size-cut"], b"", [None]),
    (b"0", ["chunk.size-cut"], b"", [None]),
    (b"1;x\r", ["chunk.size-cut"], b"", [None]),
    (b"\r", ["chunk.size-not-hex"], b"", [None]),
    (b"\r\n", ["chunk.size-not-hex"], b"", [None]),
    (b"hello", ["chunk.size-not-hex"], b"", [None]),
    (b"1_0\r\n", ["chunk.size-not-hex"], b"", [None]),
    (b"0x1\r\na\r\n", ["chunk.size-not-hex"], b"", [None]),
    (b"1 \r\na\r\n", ["chunk.size-not-hex"], b"", [None]),
    (b"g;x\r\n", ["chunk.size-not-hex"], b"", [None]),
    (b"1\na\r\n", ["chunk.line-ending"], b"", [None]),
    (b"f" * 501 + b"\r\na\r\n", ["chunk.size-too-large"], b"", [None]),
    (b"f" * 500 + b"\r\na", ["chunk.data-short"], b"a", [16**500 - 1]),
    (b"3\r\nab", ["chunk.data-short"], b"ab", [3]),
    (b"2\r\nab", ["chunk.end-cut"], b"ab", [2]),
    (b"2\r\nab\r", ["chunk.end-cut"], b"ab", [2]),
    (b"2\r\nabc", ["chunk.data-end"], b"ab", [2]),
    (b"2\r\nabcdefgh\r\n0\r\n\r\n", ["chunk.data-end"], b"ab", [2]),
    (b"1\r\na\r\n2\r\nb\r\n", ["chunk.data-end"], b"ab\r", [1, 2]),
]


@pytest.mark.parametrize(("data", "problems", "content", "sizes"), BROKEN_CHUNKS)
def test_broken_chunks(data: bytes, problems: list[str], content: bytes, sizes: list[int | None]) -> None:
    """The first syntax error ends the reading: what was decoded stays, and the rest of the data is the body."""
    body = parse_chunked(data)
    assert (codes(body.problems), body.content, [chunk.size for chunk in body.chunks]) == (problems, content, sizes)
    assert (body.complete, body.end, body.last, body.trailers) == (False, len(data), None, ())
    assert [chunk.complete for chunk in body.chunks[:-1]] == [True] * (len(sizes) - 1)


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"0\r\n\r\nz", Body(b"", 5, True, (), Chunk(b"0", b"", 0, b"", 0, 3, 3, 3, True))),
        (
            b"A ;x=y\r\n0123456789\r\n0;e\r\n\r\n",
            Body(
                b"0123456789",
                27,
                True,
                (Chunk(b"A", b" ;x=y", 10, b"0123456789", 0, 8, 18, 20, True),),
                Chunk(b"0", b";e", 0, b"", 20, 25, 25, 25, True),
            ),
        ),
        (
            b"0\r\nT\n\n",
            Body(
                b"",
                6,
                True,
                (),
                Chunk(b"0", b"", 0, b"", 0, 3, 3, 3, True),
                (FieldLine(b"T", b"", b"T", 3, 5, False, False),),
                (
                    Problem("line.bare-lf", 4, 5, "A line ends in LF alone."),
                    Problem("line.bare-lf", 5, 6, "A line ends in LF alone."),
                    Problem("field.no-colon", 3, 4, "A field line has no colon."),
                ),
            ),
        ),
        (
            b"0\r\nT: a",
            Body(
                b"",
                7,
                False,
                (),
                Chunk(b"0", b"", 0, b"", 0, 3, 3, 3, True),
                (FieldLine(b"T", b"a", b"T: a", 3, 7, False, True),),
                (Problem("trailer.cut", 7, 7, "The empty line behind the last chunk never came."),),
            ),
        ),
    ],
)
def test_end_of_chunked_body(data: bytes, body: Body) -> None:
    """The last chunk and its trailers end a chunked body; without the empty line it is not complete."""
    assert parse_chunked(data) == body


# Several messages


@pytest.mark.parametrize(
    ("pieces", "left"),
    [
        ([], b""),
        ([b"G / HTTP/1.1\r\n\r\n"], b""),
        ([b"G / HTTP/1.1\r\nContent-Length: 1\r\n\r\na", CHUNKED + b"0\r\n\r\n", b"\r\nH / HTTP/1.1\r\n\r\n"], b""),
        ([b"G / HTTP/1.1\r\n\r\n", b"G / HT"], b""),
        ([b"G / HTTP/1.1\r\n\r\n", b"G / HTTP/1.1\r\nContent-Length: x\r\n\r\nG / HTTP/1.1\r\n\r\n"], b""),
        ([b"G / HTTP/1.1\r\n\r\n", b"abc\r\n\r\n"], b"G / HTTP/1.1\r\n\r\n"),
    ],
)
def test_parse_all(pieces: list[bytes], left: bytes) -> None:
    """Pipelined messages follow each other until one of them can't be followed."""
    data = b"".join(pieces) + left
    messages = parse_all(data)
    assert [data[message.start : message.end] for message in messages] == pieces


# Showing


def test_annotate_chunked() -> None:
    """Every stretch of a chunked message gets its name, stray bytes included."""
    data = b"\r\nP /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\nT: v \r\n\r\nzz"
    assert kinds(data) == [
        ("stray", b"\r\n"),
        ("method", b"P"),
        ("space", b" "),
        ("target", b"/a"),
        ("space", b" "),
        ("version", b"HTTP/1.1"),
        ("end of line", b"\r\n"),
        ("field name", b"Transfer-Encoding"),
        ("colon", b": "),
        ("field value", b"chunked"),
        ("end of line", b"\r\n"),
        ("end of head", b"\r\n"),
        ("chunk-size", b"2"),
        ("chunk-ext", b";x"),
        ("end of line", b"\r\n"),
        ("chunk-data", b"ab"),
        ("end of chunk", b"\r\n"),
        ("last chunk", b"0\r\n"),
        ("trailer name", b"T"),
        ("colon", b": "),
        ("trailer value", b"v"),
        ("white space", b" "),
        ("end of line", b"\r\n"),
        ("end of body", b"\r\n"),
        ("stray", b"zz"),
    ]


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (b"Content-Length: 2\r\n\r\nabc", [("content", b"ab"), ("stray", b"c")]),
        (b"Content-Length: x\r\n\r\nabc", [("unreadable", b"abc")]),
        (b"Transfer-Encoding: chunked\r\n\r\n5", [("chunk-size", b"5")]),
        (
            b"Transfer-Encoding: chunked\r\n\r\nhello\n!",
            [("chunk-size", b"hello"), ("end of line", b"\n"), ("unreadable", b"!")],
        ),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r", [("last chunk", b"0\r\n"), ("unreadable", b"\r")]),
    ],
)
def test_annotate_bodies(body: bytes, parts: list[tuple[str, bytes]]) -> None:
    """A body is shown as it is framed, and what nobody can read is shown as unreadable."""
    found = kinds(b"P / HTTP/1.1\r\n" + body)
    assert found[[kind for kind, _ in found].index("end of head") + 1 :] == parts


@pytest.mark.parametrize(
    ("data", "about"),
    [
        (b"G", ["method G"]),
        (b"G\n", ["method G", "end of the line, LF alone"]),
        (b"\r", ["method ␍"]),
        (
            b"G / HTTP/1.1\r\n\r",
            [
                "method G",
                "space between method and target",
                "request target, 1 byte",
                "space between target and version",
                "version HTTP/1.1",
                "end of the line",
                "the data ends within the head",
            ],
        ),
        (b"M" * 50 + b" ", [f"method {'M' * 40}…", "space between method and target"]),
    ],
)
def test_annotate_heads_that_are_cut_off(data: bytes, about: list[str]) -> None:
    """A head that is cut off is shown as far as it came."""
    assert [part.about for part in annotate(parse(data))] == about


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (CHUNKED + b"10\r\n", Part(44, 46, "chunk-size", "chunk-size 0x10 = 16 bytes")),
        (CHUNKED + b"zz\r\n", Part(44, 46, "chunk-size", "no chunk-size")),
        (
            b"G / HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
            Part(17, 22, "field value", "value of X, 3 bytes, folded over several lines"),
        ),
        (b"G / HTTP/1.1\r\nX y\r\n\r\n", Part(14, 17, "field name", "field line without a colon")),
        (b"G / HTTP/1.1\r\n\r\nx", Part(16, 17, "stray", "1 byte behind the end of the message")),
    ],
)
def test_annotate_says_what_it_means(data: bytes, part: Part) -> None:
    """A part says in a few words what its bytes mean."""
    assert part in annotate(parse(data))


@pytest.mark.parametrize(
    ("data", "limit", "text"),
    [
        (b"aZ ~\"'", None, "aZ ~\"'"),
        (b"a\r\nb", None, "a␍␊b"),
        (b"\\x00", None, "\\\\x00"),
        (b"\x00\t\x1b[0m\x7f\x80\xff", None, "\\x00\\x09\\x1b[0m\\x7f\\x80\\xff"),
        (b"abc", 3, "abc"),
        (b"abcd", 3, "abc…"),
    ],
)
def test_visible(data: bytes, limit: int | None, text: str) -> None:
    """Bytes become printable text, cut behind the limit."""
    assert visible(data, limit) == text


@settings(derandomize=True, deadline=None)
@given(st.binary())
def test_visible_is_printable_and_reversible(data: bytes) -> None:
    """Whatever the bytes, their text has no control characters, and the bytes can be read back from it."""
    text = visible(data)
    assert text.isprintable()
    back = text.replace("␍", "\\x0d").replace("␊", "\\x0a")
    assert back.encode("ascii").decode("unicode_escape").encode("latin-1") == data


# Whatever comes

PIECES = [
    *(bytes([byte]) for byte in b'\r\n\t :;,"\\0159afgX\x00\x7f\xff'),
    *(b"\r\n", b"\r\n\r\n", b"GET / HTTP/1.1\r\n", b"Host: a\r\n", b"Content-Length: 5\r\n", b"hello", b"0\r\n\r\n"),
    *(b"Content-Length", b"Transfer-Encoding: chunked\r\n\r\n", b"Transfer-Encoding", b"chunked", b"5\r\nhello\r\n"),
]
ANYTHING = st.binary() | st.lists(st.sampled_from(PIECES)).map(b"".join)


@settings(derandomize=True, deadline=None, max_examples=500)
@given(ANYTHING, st.sampled_from([b"", CHUNKED, b"G / HTTP/1.1\r\n"]), st.integers(0, 9))
def test_anything_is_parsed_and_covered(rest: bytes, head: bytes, start: int) -> None:
    """No bytes make the parser raise, and the parts cover every byte once, in order."""
    data = head + rest
    message = parse(data, min(start, len(data)))
    assert message.start <= message.body_start <= message.body_end == message.end <= len(data)
    position = message.start
    for part in annotate(message):
        assert part.start == position < part.end
        assert part.kind
        assert visible(part.about.encode()).isascii()
        position = part.end
    assert position == len(data)
    assert b"".join(data[one.start : one.end] for one in parse_all(data)) == data[: sum(map(size, parse_all(data)))]


def size(message: Message) -> int:
    """Return how many bytes of its data a message takes."""
    return message.end - message.start


@dataclass(frozen=True)
class Plain:
    """A message to render: request line, fields, and one body per framing."""

    method: bytes
    target: bytes
    fields: list[tuple[bytes, bytes]]
    pieces: list[bytes]
    framing: Framing

    def render(self) -> bytes:
        """Write the message as a client would."""
        adds: list[tuple[bytes, bytes]] = []
        body = b""
        if self.framing == "length":
            body = b"".join(self.pieces)
            adds = [(b"Content-Length", b"%d" % len(body))]
        elif self.framing == "chunked":
            body = b"".join(b"%X\r\n%b\r\n" % (len(piece), piece) for piece in self.pieces) + b"0\r\n\r\n"
            adds = [(b"Transfer-Encoding", b"chunked")]
        lines = [b"%b %b HTTP/1.1" % (self.method, self.target), *(b"%b: %b" % field for field in self.fields + adds)]
        return b"\r\n".join([*lines, b"", body])


def text(alphabet: bytes, least: int = 0) -> st.SearchStrategy[bytes]:
    """Make byte strings of these bytes."""
    return st.lists(st.sampled_from(list(alphabet)), min_size=least, max_size=20).map(bytes)


PLAIN = st.builds(
    Plain,
    method=text(b"GETx-", 1),
    target=text(b"/a %?\xe9", 1),
    fields=st.lists(st.tuples(text(b"Xy-1", 1), text(b"ab: ,\t\xff\0").map(lambda value: value.strip(b" \t")))),
    pieces=st.lists(st.binary(min_size=1)),
    framing=st.sampled_from(["none", "length", "chunked"]),
)


@settings(derandomize=True, deadline=None)
@given(PLAIN)
def test_rendered_messages_come_back(plain: Plain) -> None:
    """What is written as a message is read as that message."""
    data = plain.render()
    message = parse(data)
    assert (message.method, message.target, message.framing) == (plain.method, plain.target, plain.framing)
    assert [(field.name, field.value) for field in message.fields][: len(plain.fields)] == plain.fields
    assert message.content == (b"" if plain.framing == "none" else b"".join(plain.pieces))
    if plain.framing == "chunked":
        assert [chunk.data for chunk in message.chunks] == plain.pieces
    assert (message.complete, message.end, message.problems) == (True, len(data), ())


@settings(derandomize=True, deadline=None)
@given(PLAIN, st.data())
def test_prefixes_of_messages_are_incomplete(plain: Plain, pick: st.DataObject) -> None:
    """Every proper prefix of a message is one that stops too early, and nothing in it is a syntax error."""
    data = plain.render()
    message = parse(data[: pick.draw(st.integers(0, len(data) - 1))])
    cuts = {"head.cut", "length.short", "chunk.no-last", "chunk.size-cut", "chunk.data-short", "chunk.end-cut"}
    assert not message.complete
    assert set(codes(message.problems)) <= {*cuts, "trailer.cut", "request-line.missing"}


class Counting(bytes):
    """Bytes that count how many of them are copied or searched."""

    touched = 0

    def __getitem__(self, key: Any) -> Any:
        """Copy, and count what is copied."""
        result = super().__getitem__(key)
        self.touched += len(result) if isinstance(result, bytes) else 1
        return result

    def find(self, *args: Any) -> int:
        """Search, and count what is searched."""
        at = super().find(*args)
        self.touched += (len(self) if at < 0 else at + 1) - args[1]
        return at


def test_many_chunks_cost_linear_time() -> None:
    """A megabyte in a hundred thousand chunks is copied and searched a few times, not once per chunk."""
    data = Counting(CHUNKED + b"5\r\nhello\r\n" * 100_000 + b"0\r\n\r\n")
    message = parse(data)
    assert (message.complete, len(message.chunks)) == (True, 100_000)
    assert data.touched < 4 * len(data)


@pytest.mark.parametrize("fill", [b"G / HTTP/1.1\r\n\r\n", CHUNKED + b"0\r\n\r\n"])
def test_many_messages_cost_linear_time(fill: bytes) -> None:
    """Ten thousand pipelined messages are copied and searched a few times, not once per message."""
    data = Counting(fill * 10_000)
    assert len(parse_all(data)) == 10_000
    assert data.touched < 4 * len(data)
