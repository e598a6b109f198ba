"""The case format: shapes for recipes, expectations, steps and cases; the manual is cases/README.md."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as MappingType
from typing import Any, Literal

from wireproof._cases._nodes import Mapping, Node, Scalar, Sequence, canonical
from wireproof._cases._shapes import Data, Flag, Integer, ListOf, Record, Ref, Schema, Shape, Text, Word
from wireproof._model import (
    Alternative,
    Case,
    Connection,
    Digest,
    Expect,
    Recipe,
    Request,
    ServerPlan,
    Source,
    Step,
)
from wireproof._recipes import KINDS, MAY_RAISE, FieldType, Kind

NAME = "[a-z0-9]+(?:[-.][a-z0-9]+)*"
CLASS_NAME = "[A-Z][A-Za-z0-9]*"
ARGUMENTS = ("method", "url", "body", "headers", "encode_chunked")
REPLIES = ("ok", "no-content", "close", "continue-then-ok", "http-1.0", "chunked")
PROBES: dict[str, tuple[str, ...]] = {
    "blocksize": ("given", "absent"),
    "ipv6-zone": ("cut", "kept"),
    "bracketed-authority": ("refused", "sent"),
    "percent-authority": ("refused", "sent"),
    "bracketed-host": ("stripped", "kept"),
    "zero-dimensional": ("refused", "sent"),
}
"""The probes and their answers, the newest release's first (see ``_candidates._probes``)."""
DEFECTS = ("stale-head", "item-count", "length-wins-over-flag")
EFFECTS: dict[str, tuple[str, str]] = {
    "headers": ("headers", "unchanged, or changed"),
    "body.content": ("body", "unchanged, or changed"),
    "body.position": ("body", "what tell() says afterwards"),
    "body.closed": ("body", "whether the file is closed afterwards"),
    "body.pulled": ("body", "how many elements were taken"),
    "body.iterated": ("body", "how many times iteration began"),
    "body.reads": ("body", "the sizes that read() was called with, in order"),
}


class Value:
    """A recipe: ``{kind: field}``, ``{kind: {field: …}}``, or bare: text (``bare`` says of which kind), null,
    true or false."""

    def __init__(self, bare: Literal["str", "bytes"]) -> None:
        self.bare = bare

    def read(self, node: Node) -> Recipe:
        """Return the recipe."""
        if isinstance(node, Scalar) and not node.quoted:
            if node.value == "null":
                return Recipe("none")
            if node.value in ("true", "false"):
                return Recipe("bool", {"value": node.value == "true"})
        if isinstance(node, Scalar) or (
            isinstance(node, Mapping) and len(node.pairs) == 1 and node.keys()[0] in Text.notation
        ):
            if self.bare == "str":
                return Recipe("str", {"text": Text("text").read(node)})
            return Recipe("bytes", {"data": Data("bytes").read(node)})
        if not isinstance(node, Mapping) or len(node.pairs) != 1:
            raise node.place.complain(str(node), "one value: text in double quotes, null, true, false or {kind: …}")
        key, inner = node.pairs[0]
        name = Word("a kind of value", choices=tuple(KINDS)).read(key)
        kind = KINDS[name]
        return Recipe(name, _fields(kind, inner))

    def schema(self) -> Schema:
        """Return the reference to the shared definition."""
        return {"$ref": "#/$defs/value"}


def _field_shape(type_: FieldType) -> Shape[Any]:
    return {
        "data": Data("bytes"),
        "text": Text("text"),
        "int": Integer(-(10**12), 10**12),
        "bool": Flag(),
        "name": Word("the name of an exception", choices=MAY_RAISE),
        "ints": ListOf(_MaybeInteger()),
        "items": ListOf(Value("bytes")),
        "chars": ListOf(Value("str")),
        "pairs": ListOf(_Pair()),
        "value": Value("str"),
    }[type_]


class _MaybeInteger:
    """An integer or null."""

    def read(self, node: Node) -> int | None:
        if isinstance(node, Scalar) and not node.quoted and node.value == "null":
            return None
        return Integer(-(10**12), 10**12).read(node)

    def schema(self) -> Schema:
        return {"type": ["integer", "null"]}


class _Pair:
    """One header field: [name, value]."""

    def read(self, node: Node) -> tuple[Recipe, Recipe]:
        if not isinstance(node, Sequence) or len(node.items) != 2:
            raise node.place.complain(str(node), '["name", "value"]')
        name, value = (Value("str").read(item) for item in node.items)
        return name, value

    def schema(self) -> Schema:
        value = Value("str").schema()
        return {"type": "array", "prefixItems": [value, value], "minItems": 2, "items": False}


def _fields(kind: Kind, node: Node) -> dict[str, Any]:
    shapes = {name: _field_shape(type_) for name, type_ in kind.fields}
    if kind.main is None:
        if isinstance(node, Mapping) and not node.pairs:
            return {}
        raise node.place.complain(str(node), f"{{}}: {kind.about} has no fields")
    by_field = isinstance(node, Mapping) and not set(node.keys()) & set(Text.notation)
    if not by_field:
        if kind.required > 1:
            raise node.place.complain(str(node), f"a mapping with {' and '.join(shapes)}")
        return {kind.main: shapes[kind.main].read(node)}
    return Record(kind.about, shapes, tuple(shapes)[: kind.required]).read(node)


class _Headers:
    """The headers argument: a list of [name, value] is short for a dict of them."""

    def read(self, node: Node) -> Recipe:
        if isinstance(node, Sequence):
            return Recipe("dict", {"items": ListOf(_Pair()).read(node)})
        return Value("str").read(node)

    def schema(self) -> Schema:
        return {"oneOf": [ListOf(_Pair()).schema(), Value("str").schema()]}


_PASSED = Word("how the arguments are passed", choices=("usual", "keywords", "positional"))
_EXTRA = "unknown"


class _Request:
    """The arguments of one call."""

    record = Record(
        "the arguments of a request; one that is not named is not passed",
        {
            "method": Value("str"),
            "url": Value("str"),
            "body": Value("str"),
            "headers": _Headers(),
            "encode_chunked": Value("str"),
            "passed": _PASSED,
            _EXTRA: Value("str"),
        },
    )

    def read(self, node: Node) -> Request:
        fields = self.record.read(node)
        passed = fields.pop("passed", "usual")
        ordered = [(name, fields[name]) for name in (*ARGUMENTS, _EXTRA) if name in fields]
        return Request(tuple(ordered), passed)

    def schema(self) -> Schema:
        return self.record.schema()


class _HeadLine:
    """One line of the head, without the CRLF that ends it."""

    text = Text("a line of the head", latin=True)

    def read(self, node: Node) -> str:
        line = self.text.read(node)
        if "\r\n" in line or line.endswith(("\r", "\n")) or not line:
            raise node.place.complain(repr(line), "one line of the head without its CRLF (one item for each line)")
        return line

    def schema(self) -> Schema:
        return self.text.schema()


class _Head:
    """The head as a reader sees it: a list of lines, or the word nothing."""

    def read(self, node: Node) -> tuple[str, ...] | None:
        if isinstance(node, Scalar):
            Word("the lines of the head, or", choices=("nothing",)).read(node)
            return None
        return ListOf(_HeadLine(), 1).read(node)

    def schema(self) -> Schema:
        return {"oneOf": [{"const": "nothing"}, ListOf(_HeadLine(), 1).schema()]}


class _Body:
    """What follows the head: bytes, or {sha256: …, length: …}."""

    digest = Record(
        "a digest of the body",
        {"sha256": Word("64 hexadecimal digits", pattern="[0-9a-f]{64}"), "length": Integer(0, 2**40)},
        ("sha256", "length"),
    )

    def read(self, node: Node) -> bytes | Digest:
        if isinstance(node, Mapping) and "sha256" in node.keys():
            fields = self.digest.read(node)
            return Digest(fields["length"], fields["sha256"])
        return Data("the bytes after the head").read(node)

    def schema(self) -> Schema:
        return {"oneOf": [Data("").schema(), self.digest.schema()]}


class _Reads:
    """The sizes that read() was called with; null for a call without a size."""

    def read(self, node: Node) -> tuple[int | None, ...]:
        return ListOf(_MaybeInteger()).read(node)

    def schema(self) -> Schema:
        return ListOf(_MaybeInteger()).schema()


_CHANGED = Word("unchanged or changed", choices=("unchanged", "changed"))
_EFFECT_SHAPES: dict[str, Shape[Any]] = {
    "headers": _CHANGED,
    "body.content": _CHANGED,
    "body.position": Integer(0),
    "body.closed": Flag(),
    "body.pulled": Integer(0),
    "body.iterated": Integer(0),
    "body.reads": _Reads(),
}


class _Expect:
    """What must be seen of one call."""

    record = Record(
        "what must arrive, or be raised",
        {
            "head": _Head(),
            "body": _Body(),
            "at-least": Integer(1),
            "raises": Word("the name of an exception class", pattern=CLASS_NAME),
            "effects": Record("effects on the arguments", _EFFECT_SHAPES),
            "reconnects": Flag(),
        },
        ("head",),
    )

    def read(self, node: Node) -> Expect:
        fields = self.record.read(node)
        head, body, raises = fields["head"], fields.get("body", b""), fields.get("raises")
        at_least = fields.get("at-least")
        if head is None and body:
            raise node.place.complain("a body although head is nothing", "no body, or the head before it")
        if head is None and raises is None:
            raise node.place.complain("neither bytes nor an exception", "a head, or raises")
        if head is None and fields.get("reconnects"):
            raise node.place.complain("reconnects although nothing is sent", "reconnects only with a head")
        if at_least is not None and (isinstance(body, Digest) or len(body) < at_least):
            raise node.place.complain(
                f"at-least {at_least} with a shorter body", "a body that has at least so many bytes written out"
            )
        return Expect(
            head, body, at_least, raises, fields.get("effects", {}), fields.get("reconnects", False)
        )

    def schema(self) -> Schema:
        return self.record.schema()


def node_pairs(node: Node) -> list[tuple[str, Node]]:
    """Return the pairs of a mapping by their keys' words."""
    return [(key.value, value) for key, value in node.pairs] if isinstance(node, Mapping) else []


class _Alternative:
    """Another right outcome, for a probe's answer, a defect or a layer."""

    record = Record(
        "another right outcome",
        {
            "probe": Word("a probe", choices=tuple(PROBES)),
            "is": Word("the probe's answer", pattern=NAME),
            "defect": Word("a defect of CPython", choices=DEFECTS),
            "layer": Word("a layer", choices=("contract",)),
            "expect": Ref("expect", _Expect),
        },
        ("expect",),
    )

    def read(self, node: Node) -> Alternative:
        fields = self.record.read(node)
        named = [key for key in ("probe", "defect", "layer") if key in fields]
        if len(named) != 1 or ("is" in fields) != ("probe" in fields):
            raise node.place.complain(str(node), "exactly one of: probe with is, defect, layer")
        if named == ["probe"]:
            answers = PROBES[fields["probe"]][1:]
            Word(f"an older answer of the probe {fields['probe']}", choices=answers).read(dict(node_pairs(node))["is"])
        kind: Any = named[0]
        return Alternative(kind, fields[kind], fields.get("is", ""), fields["expect"])

    def schema(self) -> Schema:
        return self.record.schema()


_ON = Word("the name of a client connection", pattern="[a-z]")
_STEP = {
    "request": _Request(),
    "expect": Ref("expect", _Expect),
    "alternatives": ListOf(_Alternative(), 1),
}


class _Step:
    """One step of a sequence."""

    record = Record(
        "a step",
        {**_STEP, "close": _ON, "reply": Word("a scripted reply", choices=REPLIES), "on": _ON},
    )

    def read(self, node: Node) -> Step:
        if isinstance(node, Scalar):
            Word("a step: a mapping, or the word", choices=("close",)).read(node)
            return Step("close")
        fields = self.record.read(node)
        actions = [key for key in ("request", "close", "reply") if key in fields]
        if len(actions) != 1:
            raise node.place.complain(str(node), "a step that is exactly one of: request, close, reply")
        if actions[0] == "close":
            _only(node, fields, ("close",))
            return Step("close", fields["close"])
        if actions[0] == "reply":
            _only(node, fields, ("reply", "on"))
            return Step("reply", fields.get("on", "a"), reply=fields["reply"])
        return _request_step(node, fields)

    def schema(self) -> Schema:
        return {"oneOf": [{"const": "close"}, self.record.schema()]}


def _only(node: Node, fields: MappingType[str, Any], allowed: tuple[str, ...]) -> None:
    if set(fields) - set(allowed):
        raise node.place.complain(str(node), f"only {' and '.join(allowed)} here")


def _request_step(node: Node, fields: MappingType[str, Any]) -> Step:
    if "expect" not in fields:
        raise node.place.complain("a request without expect", "expect: what must arrive, or be raised")
    step = Step(
        "request", fields.get("on", "a"), fields["request"], fields["expect"], fields.get("alternatives", ())
    )
    for alternative in step.alternatives:
        if alternative.expect == step.expect:
            raise node.place.complain("an alternative that says the same as expect", "one that differs")
    body = step.request.get("body") if step.request else None
    for expect in (step.expect, *(alternative.expect for alternative in step.alternatives)):
        _effects_fit(node, expect, body)
    return step


def _effects_fit(node: Node, expect: Expect | None, body: Recipe | None) -> None:
    effects = expect.effects if expect else {}
    observable = {"headers", *OBSERVABLE.get(body.kind, ())} if body else {"headers"}
    for name in effects:
        if name not in observable:
            kind = body.kind if body else "no body"
            raise node.place.complain(
                f"the effect {name!r} on {kind}", f"what can be observed there: {', '.join(sorted(observable))}"
            )


_POSITIONED = ("body.position", "body.closed")
_COUNTED = ("body.pulled", "body.iterated")
OBSERVABLE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("bytesio", "binary-file", "spooled", "temporary-file", "gzip"), _POSITIONED),
    **dict.fromkeys(("stringio", "text-file", "pipe", "socket-file", "mmap", "temporary-text-file"), ("body.closed",)),
    "stringio": _POSITIONED,
    "mmap": _POSITIONED,
    **dict.fromkeys(("reader", "text-reader", "raw-reader"), ("body.reads", "body.closed")),
    "reader": ("body.reads",),
    **dict.fromkeys(("bytes-with-read", "str-with-read", "array-with-read"), ("body.reads",)),
    "bytes-with-iter": ("body.iterated",),
    **dict.fromkeys(("list-with-read", "iterable-with-read"), ("body.reads", "body.iterated")),
    **dict.fromkeys(("generator", "iterator", "map", "chain", "getitem", "endless"), ("body.pulled",)),
    **dict.fromkeys(("iterable", "sequence"), _COUNTED),
    **dict.fromkeys(("bytearray", "array", "list", "dict-of", "deque", "set"), ("body.content",)),
}
"""What can be observed of a body of each kind after the call, beside nothing at all."""

_CONNECTION = Record(
    "how the client's connection object is made",
    {
        "host": Word(
            "a kind of host",
            choices=("ipv4", "ipv6", "ipv6-bracketed", "ipv6-zone", "localhost", "name"),
        ),
        "name": Text("a host name, redirected to the server", sentence=False),
        "port": Word("how the port is given", choices=("int", "str", "in-host", "default", "default-given")),
        "arguments": Record(
            "further arguments of the constructor",
            {"blocksize": Value("str"), "timeout": Value("str"), "source_address": Value("str")},
        ),
    },
)
_SERVER = Record(
    "how the server behaves",
    {"late": Flag(), "hangs-up-after": Integer(1)},
)
_CASE = Record(
    "a case",
    {
        "name": Word("the case's name, unique in its file", pattern=NAME),
        "about": Text("one sentence", sentence=True),
        "clauses": ListOf(Word("a clause id", pattern="[a-z0-9.-]+"), 1),
        "connection": _CONNECTION,
        "server": _SERVER,
        "threads": Flag(),
        "observes": ListOf(Word("what is observed and reported, never judged", choices=("streaming",)), 1),
        "asked": ListOf(Word("an RFC violation that the caller asks for", pattern="rfc[.][a-z0-9-]+"), 1),
        **_STEP,
        "steps": ListOf(_Step(), 2),
        "since": Text("the version of the suite that brought the case", sentence=True),
    },
    ("name", "about", "clauses"),
)


class CaseShape:
    """One case; needs the id prefix and the file, which the node does not know."""

    def read(self, node: Node, prefix: str) -> Case:
        """Return the case; its id is ``prefix``/name."""
        fields = _CASE.read(node)
        if "steps" in fields:
            for key in _STEP:
                if key in fields:
                    raise node.place.complain(f"steps beside {key}", "either steps, or request and expect")
            steps = fields["steps"]
            if not any(step.action == "request" for step in steps):
                raise node.place.complain("steps without a request", "at least one request")
        elif "request" in fields:
            steps = (_request_step(node, fields),)
        else:
            raise node.place.complain("a case without a request", "request and expect, or steps")
        connection = fields.get("connection", {})
        if ("name" in connection) != (connection.get("host") == "name"):
            raise node.place.complain("a connection with only one of host: name and name", "both")
        server = fields.get("server", {})
        digest = hashlib.sha256(json.dumps(canonical(_without(node, "about"))).encode()).hexdigest()
        return Case(
            id=f"{prefix}/{fields['name']}",
            about=fields["about"],
            clauses=fields["clauses"],
            steps=steps,
            source=Source(node.place.file, node.place.line),
            hash=digest[:16],
            connection=Connection(
                connection.get("host", "ipv4"),
                connection.get("name", ""),
                connection.get("port", "int"),
                tuple(connection.get("arguments", {}).items()),
            ),
            server=ServerPlan(server.get("late", False), server.get("hangs-up-after")),
            asked=fields.get("asked", ()),
            threads=fields.get("threads", False),
            observes=fields.get("observes", ()),
            since=fields.get("since", "0.1.0"),
        )


def _without(node: Node, key: str) -> Node:
    if not isinstance(node, Mapping):
        return node
    return Mapping(node.place, tuple(pair for pair in node.pairs if pair[0].value != key))


FILE_KEYS = ("about", "cases")


def schema() -> Schema:
    """Return the JSON Schema of a case file, generated from the shapes."""
    kinds = {}
    for name, kind in KINDS.items():
        shapes = {field: _field_shape(type_) for field, type_ in kind.fields}
        record: Schema = Record(kind.about, shapes, tuple(shapes)[: kind.required]).schema()
        forms = [shapes[kind.main].schema()] if kind.main and kind.required == 1 else []
        kinds[name] = {"description": kind.about, "anyOf": [record, *forms]}
    value: Schema = {
        "anyOf": [
            {"$ref": "#/$defs/text"},
            {"$ref": "#/$defs/data"},
            {"type": ["null", "boolean"]},
            {"type": "object", "properties": kinds, "additionalProperties": False, "minProperties": 1, "maxProperties": 1},
        ]
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wireproof case file",
        "type": "object",
        "additionalProperties": False,
        "required": list(FILE_KEYS),
        "properties": {
            "about": Text("one sentence about the file", sentence=True).schema(),
            "cases": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/case"}},
        },
        "$defs": {
            "case": _CASE.schema(),
            "expect": _Expect().schema(),
            "value": value,
            **Text.definitions(),
        },
    }
