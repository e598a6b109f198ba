"""Tests of the selection of cases, and of the bytes that an expectation stands for."""

from __future__ import annotations

import pytest

from wireproof._model import Alternative, Case, Digest, Expect, Request, Source, Step
from wireproof._plan import _PER_BYTE, Wire, applicable, limit, wire
from wireproof._selection import select
from wireproof.errors import UsageError


def make(name: str, *clauses: str, expects: tuple[Expect, ...] = (Expect(("a",)),)) -> Case:
    """Make a case with an id, clauses and one step for each expectation."""
    steps = tuple(Step("request", request=Request(()), expect=expect) for expect in expects)
    return Case(name, "One.", clauses, (*steps, Step("close")), Source("x.yaml", 1), "hash")


CASES = (
    make("a/x/one", "c.first", "c.second"),
    make("a/x/two", "c.second"),
    make("b/y/one", "d"),
    make("b/Y/[odd]", "d", "c.first"),
)
DIGEST = Digest(7, "0" * 64)


@pytest.mark.parametrize(
    ("globs", "clauses", "expected"),
    [
        ((), (), ["a/x/one", "a/x/two", "b/y/one", "b/Y/[odd]"]),
        (("a/x/one",), (), ["a/x/one"]),
        (("a/*",), (), ["a/x/one", "a/x/two"]),
        (("*/one",), (), ["a/x/one", "b/y/one"]),
        (("b/*", "a/x/two"), (), ["a/x/two", "b/y/one", "b/Y/[odd]"]),
        (("?/[xy]/one",), (), ["a/x/one", "b/y/one"]),
        (("b/Y/*",), (), ["b/Y/[odd]"]),
        ((), ("d",), ["b/y/one", "b/Y/[odd]"]),
        ((), ("c.*",), ["a/x/one", "a/x/two", "b/Y/[odd]"]),
        ((), ("d", "c.second"), ["a/x/one", "a/x/two", "b/y/one", "b/Y/[odd]"]),
        (("b/*",), ("c.*",), ["b/Y/[odd]"]),
    ],
)
def test_select(globs: tuple[str, ...], clauses: tuple[str, ...], expected: list[str]) -> None:
    """Cases are selected by any of the globs on ids and any of those on clauses; their order stays."""
    assert [case.id for case in select(iter(CASES), iter(globs), iter(clauses))] == expected


@pytest.mark.parametrize(
    ("globs", "clauses", "sentence"),
    [
        (
            ("a/*", "nowhere/*"),
            (),
            "--select: got 'nowhere/*'; wanted a glob on case ids that matches at least one (see wireproof list)",
        ),
        (
            ("A/*",),
            (),
            "--select: got 'A/*'; wanted a glob on case ids that matches at least one (see wireproof list)",
        ),
        (
            (),
            ("d", "e"),
            "--clause: got 'e'; wanted a clause that at least one case exercises (see wireproof list)",
        ),
        (
            ("a/x/two",),
            ("d",),
            "selection: got 'a/x/two d'; wanted one that leaves at least one case",
        ),
    ],
)
def test_select_nothing(globs: tuple[str, ...], clauses: tuple[str, ...], sentence: str) -> None:
    """A glob that matches nothing is wrong usage, and so are those that leave nothing together."""
    with pytest.raises(UsageError) as caught:
        select(CASES, globs, clauses)
    assert str(caught.value) == sentence


def test_select_of_nothing() -> None:
    """Where there are no cases at all, nothing can be selected."""
    with pytest.raises(UsageError) as caught:
        select(())
    assert str(caught.value) == "selection: got 'nothing'; wanted one that leaves at least one case"


@pytest.mark.parametrize(
    ("expect", "expected", "data", "length"),
    [
        (Expect(None, raises="ValueError"), Wire(None, b""), b"", 0),
        (Expect(("GET / HTTP/1.1",)), Wire(b"GET / HTTP/1.1\r\n\r\n", b""), b"GET / HTTP/1.1\r\n\r\n", 18),
        (
            Expect(("A <port> <host>", "Host: <host>:<port>", " \xe9"), b"<host>\n"),
            Wire(b"A 80 [::1]\r\nHost: [::1]:80\r\n \xe9\r\n\r\n", b"<host>\n"),
            b"A 80 [::1]\r\nHost: [::1]:80\r\n \xe9\r\n\r\n<host>\n",
            41,
        ),
        (Expect(("a",), DIGEST), Wire(b"a\r\n\r\n", DIGEST), None, 12),
    ],
)
def test_wire(expect: Expect, expected: Wire, data: bytes | None, length: int) -> None:
    """Head lines end with CRLF and know the address, the body stays as it is; a digest has a length and no bytes."""
    assert wire(expect, "[::1]", 80) == wire(expect, "[::1]", "80") == expected
    assert (wire(expect, "[::1]", 80).data, len(wire(expect, "[::1]", 80))) == (data, length)


def test_applicable() -> None:
    """An alternative for a probe holds where the interpreter answers so, every other one always."""
    old = Alternative("probe", "blocksize", "absent", Expect(("a",)))
    zone = Alternative("probe", "ipv6-zone", "kept", Expect(("b",)))
    defect = Alternative("defect", "stale-head", "", Expect(("c",)))
    layer = Alternative("layer", "contract", "", Expect(("d",)))
    odd = Alternative("odd", "who knows", "", Expect(("e",)))
    every = (old, defect, zone, layer, odd)
    assert applicable(iter(every), {"blocksize": "absent", "ipv6-zone": "kept"}) == every
    assert applicable(every, {"blocksize": "given", "ipv6-zone": "kept"}) == (defect, zone, layer, odd)
    assert applicable(every, {}) == (defect, layer, odd)


@pytest.mark.parametrize(
    ("expects", "size"),
    [
        ((Expect(("a",)),), 0),
        ((Expect(("a",), b"x" * 1_000_000),), 1_000_000),
        ((Expect(("a",), Digest(500_000, "")), Expect(("a",), b"x" * 25_000)), 525_000),
    ],
)
def test_limit(expects: tuple[Expect, ...], size: int) -> None:
    """An exchange has more time by the size of all its bodies."""
    assert limit(make("a/b", expects=expects), 5.0) == pytest.approx(5.0 + size * _PER_BYTE)
