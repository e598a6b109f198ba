"""Combinations of a matrix: their numbers, their ids, and each as a case like any other.

A combination is a number from 0 to ``size`` - 1: the last axis counts fastest. Its id names the values:
``matrix/framing[method=put,body=list,headers=absent,encode_chunked=true]``. Nothing is kept of a combination; what is
expected is put together from the decision of its classes and from what its values send.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from wireproof._matrix._decide import AS_BODY, NOT_RAISED, Decision, Decisions
from wireproof._matrix._table import ARGUMENTS, Matrix, Value
from wireproof._model import Alternative, Case, Connection, Expect, Request, Step

_ID = re.compile(r"(?P<matrix>[^\[\]]+)\[(?P<values>[^\[\]]*)\]")
_VERSION = "HTTP/1.1"
_NO_CONNECTION = Connection()


_MADE: dict[int, tuple[Matrix, Decisions]] = {}
_KEPT = 16


def decisions_of(matrix: Matrix) -> Decisions:
    """Return the decisions of a matrix, made once."""
    known = _MADE.get(id(matrix))
    if known is None:
        while len(_MADE) >= _KEPT:
            del _MADE[next(iter(_MADE))]
        known = _MADE[id(matrix)] = (matrix, Decisions(matrix))  # as long as it is here, nothing else has its id
    return known[1]


class Expansion:
    """A matrix with everything that is asked of its combinations."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.axes = matrix.axes
        self.strides: list[int] = []
        stride = 1
        for axis in reversed(matrix.axes):
            self.strides.insert(0, stride)
            stride *= len(axis.values)

    @cached_property
    def decisions(self) -> Decisions:
        """What the tables say."""
        return decisions_of(self.matrix)

    def __getstate__(self) -> dict[str, object]:
        """Take the decisions along: who is sent a matrix need not make them again."""
        return {**self.__dict__, "decisions": self.decisions}

    def place(self, name: str) -> tuple[int, int]:
        """Return by how much the index of an axis counts in a number, and how many values it has."""
        for axis, stride in zip(self.axes, self.strides, strict=True):
            if axis.name == name:
                return stride, len(axis.values)
        return 1, 1

    def indices(self, number: int) -> tuple[int, ...]:
        """Return the index of each axis' value in combination ``number``."""
        return tuple(number // stride % len(axis.values) for stride, axis in zip(self.strides, self.axes, strict=True))

    def number(self, indices: Iterable[int]) -> int:
        """Return the number of the combination of the values with these indices."""
        return sum(stride * index for stride, index in zip(self.strides, indices, strict=True))

    def class_of(self, number: int) -> int:
        """Return the number of the classes of combination ``number``."""
        indices = zip(self.decisions.strides, self.decisions.classes, self.indices(number), strict=True)
        return sum(stride * classes[index] for stride, classes, index in indices)

    def decision(self, number: int) -> Decision:
        """Return what the tables say of combination ``number``."""
        return self.decisions.at(self.class_of(number))

    def id(self, number: int) -> str:
        """Return the id of combination ``number``."""
        pairs = zip(self.axes, self.indices(number), strict=True)
        return f"{self.matrix.id}[{','.join(f'{axis.name}={axis.values[index].id}' for axis, index in pairs)}]"

    def named(self, words: Mapping[str, str]) -> int:
        """Return the number of the combination of the values with these ids, by axis.

        Raises:
            LookupError: an axis is not named, or a value does not exist.
        """
        ids = ([value.id for value in axis.values] for axis in self.axes)
        try:
            return self.number([each.index(words[axis.name]) for axis, each in zip(self.axes, ids, strict=True)])
        except ValueError as error:
            raise LookupError(str(error)) from None

    def values(self, number: int) -> dict[str, Value]:
        """Return the values of combination ``number`` by the names of their axes, the given ones included."""
        chosen = {axis.name: axis.values[at] for axis, at in zip(self.axes, self.indices(number), strict=True)}
        return {**self.matrix.given, **chosen}

    def hash(self, number: int) -> str:
        """Return the hash of what combination ``number`` asks and expects."""
        parts = [f"{name}={value.hash}" for name, value in self.values(number).items()]
        decided = [sorted(rule.outcome.items()) for rule in self.decision(number).rules]
        return hashlib.sha256(repr((parts, decided)).encode()).hexdigest()[:16]

    def case(self, number: int) -> Case:
        """Return combination ``number`` as a case."""
        decision, values = self.decision(number), self.values(number)
        steps = _sequence(decision, values) if self.matrix.is_sequence else (_step(decision, values),)
        connection = values["connection"].connection if "connection" in values else None
        rule = decision.leading
        return Case(
            id=self.id(number),
            about=" ".join(value.about for name, value in values.items() if name not in self.matrix.given),
            clauses=self.decisions.clauses(self.class_of(number)),
            steps=steps,
            source=rule.source,
            hash=self.hash(number),
            connection=connection or _NO_CONNECTION,
            asked=tuple(dict.fromkeys(code for value in values.values() for code in value.asks)),
            rules=tuple(str(each) for each in decision.rules if each is rule or (each.when and each.outcome)),
        )


def taken_apart(id_: str) -> tuple[str, dict[str, str]] | None:
    """Return the matrix and the words for its axes of an id or a glob with brackets; None for another id.

    Raises:
        ValueError: what stands in the brackets is no list of axis=value, or names an axis twice.
    """
    match = _ID.fullmatch(id_)
    if match is None or not id_.startswith("matrix/"):
        return None
    words: dict[str, str] = {}
    for pair in filter(None, match["values"].split(",")):
        name, equals, word = pair.partition("=")
        if not equals or not word:
            raise ValueError(f"{pair!r} is not axis=value")
        if name in words:
            raise ValueError(f"the axis {name!r} is named twice")
        words[name] = word
    return match["matrix"], words


# single requests ---------------------------------------------------------------------------------------------------


def request_of(values: Mapping[str, Value]) -> Request:
    """Return the arguments of a combination."""
    named = ((name, values[name].recipe) for name in ARGUMENTS)
    return Request(tuple((name, recipe) for name, recipe in named if recipe is not None))


def request_line(method: Value, url: Value) -> bytes:
    """Return the request line, without CRLF (RFC 9112, section 3)."""
    return b"%b %b %b" % (b"".join(method.sends), b"".join(url.sends), _VERSION.encode("ascii"))


def automatic_lines(decision: Decision, connection: Value, url: Value) -> tuple[bytes, ...]:
    """Return the field lines that the client adds before those that frame the body; <host> and <port> stand in them."""
    shown = {"connection": connection.shows, "authority": url.shows}.get(decision.host)
    host = (b"Host: " + shown.encode("latin-1"),) if shown is not None else ()
    return host + ((b"Accept-Encoding: identity",) if decision.accept == "identity" else ())


def framing_lines(decision: Decision, body: Value) -> tuple[bytes, ...]:
    """Return the field line that is added to frame the body, if one is."""
    length = sum(map(len, body.sends))
    lines = {"zero": b"Content-Length: 0", "length": b"Content-Length: %d" % length}
    lines["coding"] = b"Transfer-Encoding: chunked"
    return (lines[decision.adds],) if decision.adds in lines else ()


def body_bytes(decision: Decision, body: Value, how: str) -> bytes:
    """Return what follows the head; ``how``: "nothing", "raw", "chunked" or "counted" (RFC 9112, section 7.1)."""
    if how == "nothing" or decision.sent == "head":
        return b""
    if how == "raw":
        return b"".join(body.sends)
    sizes = body.counts if how == "counted" else tuple(map(len, body.sends))
    chunks = (b"%X\r\n%b\r\n" % (size, piece) for size, piece in zip(sizes, body.sends, strict=True) if piece)
    return b"".join(chunks) + (b"0\r\n\r\n" if decision.raises == NOT_RAISED else b"")


def raised_name(decision: Decision, body: Value) -> str | None:
    """Return the name of the exception that is expected, or None."""
    if decision.raises == NOT_RAISED:
        return None
    return body.then if decision.raises == AS_BODY else decision.raises


def _step(decision: Decision, values: Mapping[str, Value]) -> Step:
    body = values["body"]
    if decision.sent == "nothing":
        expect = Expect(None, raises=raised_name(decision, body))
        return Step("request", request=request_of(values), expect=expect)
    lines = (
        request_line(values["method"], values["url"]),
        *automatic_lines(decision, values["connection"], values["url"]),
        *framing_lines(decision, body),
        *values["headers"].sends,
    )
    head = tuple(line.decode("latin-1") for line in lines)
    raises = raised_name(decision, body)
    expect = Expect(head, body_bytes(decision, body, decision.body), raises=raises)
    alternatives: tuple[Alternative, ...] = ()
    if decision.defect != "none":
        other = Expect(head, raises="TypeError") if decision.defect_body == "refused" else None
        other = other or Expect(head, body_bytes(decision, body, decision.defect_body), raises=raises)
        alternatives = (Alternative("defect", decision.defect, "", other),) if other != expect else ()
    return Step("request", request=request_of(values), expect=expect, alternatives=alternatives)


# sequences -----------------------------------------------------------------------------------------------------------


def _sequence(decision: Decision, values: Mapping[str, Value]) -> tuple[Step, ...]:
    first, between, second = values["first"], values["between"], values["second"]
    assert decision.second is not None
    assert second.expect is not None
    expect, alternatives = second.expect, tuple[Alternative, ...]()
    if decision.second["outcome"] == "busy":
        expect = Expect(None, raises="CannotSendRequest")
    elif (
        decision.second["connection"] == "new" and between.attributes["is"] == "last-reply" and expect.head is not None
    ):
        expect = Expect(expect.head, expect.body, None, expect.raises, expect.effects, reconnects=True)
    if decision.second.get("defect", "none") != "none" and expect.head is not None:
        stale = Expect((*first.leaves, *expect.head), expect.body, None, expect.raises, expect.effects)
        alternatives = (Alternative("defect", decision.second["defect"], "", stale),)
    return (
        Step("request", request=first.request, expect=first.expect),
        *between.steps,
        Step("request", request=second.request, expect=expect, alternatives=alternatives),
    )
