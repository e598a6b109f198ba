"""Tests of the oracle that says what a body recipe means, without building or asking anything."""

from __future__ import annotations

import pytest

from wireproof._cases import load
from wireproof._cases._nodes import parse
from wireproof._cases._values import Value
from wireproof._judge._meaning import Meaning, meaning
from wireproof._model import Recipe
from wireproof._recipes import KINDS
from wireproof.drivers.python_driver import Site, build


def recipe(text: str) -> Recipe:
    """Return the recipe that is written so in a case file."""
    return Value("str").read(parse(text, "test.yaml"))


TABLE: list[tuple[str, Meaning]] = [
    ("null", Meaning("none", b"")),
    ('"ab"', Meaning("text", b"ab", text="ab")),
    ('"a\\u20acb"', Meaning("text", b"a", fails=True, text="a\u20acb")),
    ("{object: {}}", Meaning("other", b"")),
    ('{bytes: "ab"}', Meaning("buffer", b"ab")),
    ('{memoryview: {data: "abcdefgh", format: "H"}}', Meaning("buffer", b"abcdefgh", items=4)),
    ('{memoryview: {data: "abcdefgh", format: "H", shape: [2, 2]}}', Meaning("buffer", b"abcdefgh", items=2)),
    ('{memoryview: {data: "abcdef", shape: [2, 3]}}', Meaning("buffer", b"abcdef", items=2)),
    ('{memoryview: {data: "abcdef", slice: [1, 4, null]}}', Meaning("buffer", b"bcd")),
    ('{memoryview: {data: "abcdef", slice: [null, null, 2]}}', Meaning("other", b"")),
    ('{memoryview: {data: "a", shape: []}}', Meaning("other", b"")),
    ('{array: {data: "abcdefgh", typecode: "I"}}', Meaning("buffer", b"abcdefgh", items=2)),
    ('{array: "ab"}', Meaning("buffer", b"ab")),
    ('{ctypes: {data: "abcdefgh", size: 4}}', Meaning("buffer", b"abcdefgh", items=2)),
    ('{bytesio: "abc"}', Meaning("file", b"abc")),
    ('{bytesio: {data: "abc", position: 1}}', Meaning("file", b"bc", whole=b"abc")),
    ('{stringio: {text: "abc", position: 1}}', Meaning("text-file", b"bc", whole=b"abc", text="bc")),
    ('{text-file: "a\\r\\nb"}', Meaning("text-file", b"a\nb", text="a\nb")),
    ('{text-file: {data: "a\\r\\nb", newline: ""}}', Meaning("text-file", b"a\r\nb", text="a\r\nb")),
    ('{text-file: {data: "\\xc3\\xa9"}}', Meaning("text-file", b"\xe9", text="\xe9")),
    ('{reader: {reads: ["ab", "", "c"]}}', Meaning("file", b"ab", pieces=(b"ab",))),
    ('{reader: {reads: ["ab", null, "c"]}}', Meaning("file", b"ab", pieces=(b"ab",))),
    ('{reader: {reads: ["ab", {str: "c"}]}}', Meaning("file", b"ab", fails=True, pieces=(b"ab",))),
    ('{text-reader: {reads: ["ab", "c"]}}', Meaning("text-file", b"abc", pieces=(b"ab", b"c"), text="abc")),
    (
        '{text-reader: {reads: ["ab", "\\u20ac", "c"]}}',
        Meaning("text-file", b"ab", fails=True, pieces=(b"ab",), text="ab\u20ac"),
    ),
    ('{list: ["ab", "", "c"]}', Meaning("iterable", b"abc", pieces=(b"ab", b"c"))),
    ('{list: ["ab", {int: 1}, "c"]}', Meaning("iterable", b"ab", fails=True, pieces=(b"ab",))),
    ('{list: ["ab", {str: "c"}]}', Meaning("iterable", b"ab", fails=True, pieces=(b"ab",))),
    ('{list: ["ab", null]}', Meaning("other", b"")),
    ('{list: ["ab", {str: ""}]}', Meaning("other", b"")),
    (
        '{list: ["x", {memoryview: {data: "abcd", format: "H"}}]}',
        Meaning("iterable", b"xabcd", pieces=(b"x", b"abcd"), items=3),
    ),
    ('{endless: "ab"}', Meaning("iterable", b"", endless=b"ab")),
    ("{range: {bounds: [0, 3]}}", Meaning("other", b"")),
    ("{range: {bounds: [0, 0]}}", Meaning("iterable", b"")),
    ('{str-with-read: {text: "a", reads: ["b"]}}', Meaning("other", b"")),
]


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=lambda value: value if isinstance(value, str) else "")
def test_meanings(text: str, expected: Meaning) -> None:
    """A recipe means a role and a content, and what cannot be sent ends it."""
    assert meaning(recipe(text)) == expected


def test_absent_body() -> None:
    """A body that is not passed is no body."""
    assert meaning(None) == Meaning("none", b"")


def _bodies() -> list[tuple[str, Recipe]]:
    found = [(case.id, step.request.get("body")) for case in load().cases for step in case.steps if step.request]
    return [(id_, body) for id_, body in found if body is not None]


def test_roles_are_those_of_the_table_of_kinds() -> None:
    """Every body of the bundled cases has the role of its kind, or "other" where its content is odd."""
    wrong = {
        (id_, body.kind)
        for id_, body in _bodies()
        if meaning(body).role not in (KINDS[body.kind].role, "other") and body.kind != "range"
    }
    assert wrong == set()


def test_meaning_agrees_with_the_objects_themselves() -> None:
    """Reading the real file, or joining the real buffer or elements, gives the content that the oracle computes."""
    wrong = []
    for id_, body in _bodies():
        expected = meaning(body)
        if expected.fails or expected.endless or expected.role in ("none", "other"):
            continue
        built = build(body, Site())
        try:
            content = expected.content or expected.pattern.data * expected.pattern.count
            if content_of(built.value, expected.role) != content:
                wrong.append(id_)
        finally:
            built.close()
    assert wrong == []


def content_of(value: object, role: str) -> bytes:
    """Return what is in a body, asked as its role says."""
    if role == "text":
        return str(value).encode("latin-1")
    if role == "buffer":
        return memoryview(value).tobytes()  # type: ignore[arg-type]
    if role == "iterable":
        return b"".join(memoryview(item).tobytes() for item in value)  # type: ignore[attr-defined]
    pieces = iter(lambda: value.read(8192) or b"", b"")  # type: ignore[attr-defined]
    return b"".join(piece.encode("latin-1") if isinstance(piece, str) else piece for piece in pieces)
