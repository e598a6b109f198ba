"""Catalogs: the named values of one axis each. ``of`` says what the values are for, and what is written of each.

What a value puts on the wire stands in the catalog itself, next to the recipe: a body's pieces, say. It is one oracle;
the predicates of the judge, which compute it from the recipe, are another, and ``wireproof check`` compares the two.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from typing import Any

from wireproof._cases._format import (
    _CONNECTION,
    _EXPECT,
    ClauseId,
    _Headers,
    _HeadLine,
    _Request,
    _Step,
    connection_of,
)
from wireproof._cases._nodes import Mapping, Node, Sequence, at, canonical, count
from wireproof._cases._shapes import Data, Integer, ListOf, Parts, Record, Ref, Schema, Sentence, Shape, Word
from wireproof._cases._values import VALUE, definitions
from wireproof._cases._vocabulary import CLOSING
from wireproof._matrix import Value, attributes, field_lines, of_connection, of_exchange, of_steps
from wireproof._model import Clause, Connection, Expect, Recipe, Request, Source, Step

Fields = MappingType[str, Any]

_REFERENCE = re.compile(r"'\$ref': '#/\$defs/([^']*)'")
ID = "[a-z0-9]+(?:[-.][a-z0-9]+)*"
_VALUE: Shape[Recipe] = Ref("value", lambda: VALUE)
_ARGUMENT: dict[str, Shape[Any]] = {"value": _VALUE}
_KEYS: dict[str, dict[str, Shape[Any]]] = {
    "method": _ARGUMENT,
    "url": {**_ARGUMENT, "sends": Data("the request-target"), "authority": Data("the authority of the url")},
    "body": {
        **_ARGUMENT,
        "sends": ListOf(Data("a piece")),
        "counts": ListOf(Integer(0), 1),
        "then": Word("the name of an exception class", pattern="[A-Z][A-Za-z0-9]*"),
    },
    "headers": {"value": _Headers()},
    "encode_chunked": _ARGUMENT,
    "connection": {"connection": _CONNECTION, "shows": Data("what Host shows")},
    "exchange": {"request": _Request(), "expect": _EXPECT, "leaves": ListOf(_HeadLine(), 1)},
    "between": {"steps": ListOf(_Step())},
}
_REQUIRED: dict[str, tuple[str, ...]] = {
    "method": ("value",),
    "url": ("value",),
    "connection": ("connection", "shows"),
    "exchange": ("request", "expect"),
    "between": ("steps",),
}
KINDS_OF_CATALOGS = tuple(_KEYS)

CATALOG_OF = {name: name for name in _KEYS} | {"first": "exchange", "second": "exchange"}
"""What a catalog has to be of, by the axis that uses it."""


class Catalog:
    """The values of one catalog file: what they are for, and each value as its axis sees it."""

    def __init__(self, of: str, values: tuple[Value, ...]) -> None:
        self.of, self.values = of, values


class CatalogShape:
    """A catalog file."""

    def __init__(self, clauses: MappingType[str, Clause]) -> None:
        self.asks = ListOf(ClauseId(clauses, asks=True), 1, once=True)
        self.of = Word("what the values are for", choices=KINDS_OF_CATALOGS)
        self.about = Sentence("a sentence about the catalog")

    def read(self, node: Node) -> Catalog:
        """Return the catalog."""
        every: dict[str, Shape[Any]] = {"about": self.about, "of": self.of, "values": ListOf(_Any(), 1)}
        of = Record("a catalog", every, tuple(every)).read(node)["of"]
        parts, values, lines = Parts(), list[Value](), dict[str, int]()
        shape = _ValueShape(of, self.asks)
        listed = at(node, "values")
        assert isinstance(listed, Sequence)
        for item in listed.items:
            value = parts.read(shape, item)
            if value is None:
                continue
            if value.id in lines:
                found = f"the id {value.id!r} twice (first in line {lines[value.id]})"
                parts.refuse(at(item, "id").complain(found, "each id once in a catalog"))
            lines.setdefault(value.id, value.source.line)
            values.append(value)
        parts.done()
        return Catalog(of, tuple(values))

    def schema(self) -> Schema:
        """Return the schema of a catalog file: one form for each thing that values are for."""
        about = {"about": self.about.schema()}
        return {
            "description": "a catalog",
            "anyOf": [
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        **about,
                        "of": {"const": of},
                        "values": {"type": "array", "minItems": 1, "items": _ValueShape(of, self.asks).schema()},
                    },
                    "required": ["about", "of", "values"],
                }
                for of in KINDS_OF_CATALOGS
            ],
        }


class _Any:
    """Anything: what it is read as depends on what stands beside it."""

    def read(self, node: Node) -> Node:
        return node

    def schema(self) -> Schema:
        return {}


class _ValueShape:
    """One value of a catalog."""

    def __init__(self, of: str, asks: ListOf[str]) -> None:
        keys: dict[str, Shape[Any]] = {
            "id": Word("lower-case words joined by hyphens", pattern=ID),
            "about": Sentence("the value in a sentence"),
            **_KEYS[of],
            "asks": asks,
        }
        self.of = of
        self.record = Record(f"a value for {of}", keys, ("id", "about", *_REQUIRED.get(of, ())))

    def read(self, node: Node) -> Value:
        fields = self.record.read(node)
        content = canonical(node.without("about") if isinstance(node, Mapping) else node)
        return Value(
            id=fields["id"],
            about=fields["about"],
            source=Source(node.file, node.line),
            hash=hashlib.sha256(content.encode()).hexdigest()[:16],
            asks=fields.get("asks", ()),
            recipe=fields.get("value"),
            **_READ[self.of](node, fields),
        )

    def schema(self) -> Schema:
        return self.record.schema()


def _method(node: Node, fields: Fields) -> dict[str, Any]:
    found = attributes("method", fields["value"])
    return {"attributes": found, "sends": (found["name"].encode("ascii"),) if found["is"] == "text" else ()}


def _url(node: Node, fields: Fields) -> dict[str, Any]:
    shows = fields.get("authority", b"").decode("latin-1")
    found = attributes("url", fields["value"], shows=shows)
    if found["is"] != "text" and ("sends" in fields or shows):
        raise node.complain("a url that is refused, and what it sends", "neither sends nor authority")
    text = str(fields["value"].get("text", ""))
    sends = fields.get("sends", text.encode("latin-1", "replace"))
    if found["is"] == "text" and not sends:
        raise node.complain("an empty url without sends", "sends: the request-target that it becomes")
    return {"attributes": found, "shows": shows, "sends": (sends,) if found["is"] == "text" else ()}


def _body(node: Node, fields: Fields) -> dict[str, Any]:
    sends, counts, then = fields.get("sends", ()), fields.get("counts", ()), fields.get("then", "")
    found = attributes("body", fields.get("value"), then=then, sends=sends)
    if sends and (found["is"] == "none" or found["encodable"] == "no"):
        raise at(node, "sends").complain("sends of a body that sends nothing", "no sends")
    if len(sends) > 1 and found["is"] in ("text", "buffer"):
        what = "text" if found["is"] == "text" else "a buffer"
        raise at(node, "sends").complain(f"{count(len(sends), 'piece')} of {what}", "one piece: it is sent as a whole")
    if found["items"] == "wide" and not counts:
        wanted = f"counts, too: the number of items of each piece, {count(len(sends), 'number')}"
        raise node.complain("items of more than one byte without counts", wanted)
    if counts and found["items"] != "wide":
        raise at(node, "counts").complain("counts of items of one byte each", "no counts")
    if len(counts) not in (0, len(sends)):
        found_ = f"{count(len(counts), 'number')} for {count(len(sends), 'piece')}"
        raise at(node, "counts").complain(found_, "the number of items of each piece")
    return {"attributes": found, "sends": sends, "counts": counts, "then": then}


def _headers(node: Node, fields: Fields) -> dict[str, Any]:
    recipe = fields.get("value")
    found = attributes("headers", recipe)
    return {"attributes": found, "sends": field_lines(recipe) if found["refused"] == "nothing" else ()}


def _flag(node: Node, fields: Fields) -> dict[str, Any]:
    return {"attributes": attributes("encode_chunked", fields.get("value"))}


def _connection(node: Node, fields: Fields) -> dict[str, Any]:
    connection: Connection = connection_of(at(node, "connection"), fields["connection"])
    shows = fields["shows"].decode("latin-1")
    return {"attributes": of_connection(connection), "connection": connection, "shows": shows}


def _exchange(node: Node, fields: Fields) -> dict[str, Any]:
    request: Request = fields["request"]
    expect: Expect = fields["expect"]
    leaves = fields.get("leaves", ())
    if leaves and (expect.raises is None or expect.head is not None):
        raise at(node, "leaves").complain("lines left behind by a head that was sent", "leaves only where nothing is")
    found = of_exchange(request, expect, leaves)
    return {"attributes": found, "request": request, "expect": expect, "leaves": leaves}


def _between(node: Node, fields: Fields) -> dict[str, Any]:
    steps: tuple[Step, ...] = fields["steps"]
    for index, step in enumerate(steps):
        if step.action == "request" or step.on != "a":
            raise at(node, "steps", index).complain("a request, or another connection", "close or {reply: NAME}")
    return {"attributes": of_steps(steps, CLOSING), "steps": steps}


_READ: dict[str, Callable[[Node, Fields], dict[str, Any]]] = {
    "method": _method,
    "url": _url,
    "body": _body,
    "headers": _headers,
    "encode_chunked": _flag,
    "connection": _connection,
    "exchange": _exchange,
    "between": _between,
}

DEFAULTS: dict[str, Value] = {
    name: Value(id="default", about="", source=Source("", 0), hash="", attributes=attributes(name, None))
    for name in ("body", "headers", "encode_chunked")
} | {
    "connection": Value(
        id="default",
        about="",
        source=Source("", 0),
        hash="",
        attributes=of_connection(Connection()),
        shows="<host>:<port>",
        connection=Connection(),
    )
}
"""What a matrix of single requests has where it says nothing: arguments that are not passed, an address and a port."""


def document(title: str, content: Schema) -> Schema:
    """Return the JSON Schema of a file, with everything that it refers to."""
    every = {"expect": _EXPECT.get().schema(), **definitions()}
    needed: dict[str, Schema] = {}
    asked = [content]
    while asked:
        for name in _REFERENCE.findall(repr(asked.pop())):
            if name not in needed:
                needed[name] = every[name]
                asked.append(every[name])
    ordered = {name: needed[name] for name in every if name in needed}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **content, "$defs": ordered}


def schema() -> Schema:
    """Return the JSON Schema of a catalog file, generated from the shapes."""
    return document("wireproof catalog", CatalogShape({}).schema())


class Given:
    """An argument that is the same in all combinations of a matrix: a recipe, read as the catalog's values are."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, node: Node) -> Value:
        """Return the value."""
        shape = _KEYS[self.name]["value"]
        recipe = shape.read(node)
        content = canonical(node)
        return Value(
            id="given",
            about="",
            source=Source(node.file, node.line),
            hash=hashlib.sha256(content.encode()).hexdigest()[:16],
            recipe=recipe,
            **_READ[self.name](node, {"value": recipe}),
        )

    def schema(self) -> Schema:
        """Return the schema of the recipe."""
        return _KEYS[self.name]["value"].schema()
