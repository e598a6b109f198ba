"""Recipes: how a case file writes the arguments of a call, and which of them describe no object at all."""

from __future__ import annotations

import array
import codecs
import io
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from typing import Any, Literal

from wireproof._cases._nodes import Mapping, Node, Scalar, Sequence, join
from wireproof._cases._shapes import (
    LONGEST,
    Data,
    Flag,
    Integer,
    ListOf,
    OrNull,
    Record,
    Ref,
    Schema,
    Shape,
    Text,
    Word,
    one_of,
)
from wireproof._model import Recipe
from wireproof._recipes import KINDS, MAY_RAISE, FieldType

Fields = MappingType[str, Any]

_TEXT, _DATA = Text("text"), Data("bytes")
_NUMBER = Integer(-(10**12), 10**12)
_KIND = Word("a kind of value (cases/README.md lists them)", choices=tuple(KINDS))
_CONSTANTS = {
    "null": Recipe("none"),
    "true": Recipe("bool", {"value": True}),
    "false": Recipe("bool", {"value": False}),
}


class Value:
    """A recipe: ``{kind: field}``, ``{kind: {field: …}}``, or bare: text, null, true or false.

    ``bare`` says of which kind bare text is; ``piece``, that the value is an element or a read, which may be an
    exception instead.
    """

    def __init__(self, bare: Literal["str", "bytes"] = "str", *, piece: bool = False) -> None:
        self.bare, self.piece = bare, piece

    def read(self, node: Node) -> Recipe:
        """Return the recipe."""
        if isinstance(node, Scalar):
            if node.quoted:
                return self._bare(node)
            if node.value in _CONSTANTS:
                return _CONSTANTS[node.value]
            number = f", {{int: {node.value}}}" if node.value.isdigit() and len(node.value) <= 12 else ""
            raise node.complain(str(node), f"text in double quotes{number}, null, true, false or {{kind: …}}")
        if isinstance(node, Sequence) or len(node.pairs) != 1:
            raise node.complain(str(node), "one value: text in double quotes, null, true, false or {kind: …}")
        key, inner = node.pairs[0]
        if key.value in _NOTATIONS:
            return self._bare(node)
        kind = _KIND.read(key)
        if kind == "raise" and not self.piece:
            raise node.complain("an exception as a value", "raise only as an item of items or reads")
        fields = _fields(kind, inner)
        _check(kind, fields, node)
        return Recipe(kind, fields)

    def _bare(self, node: Node) -> Recipe:
        if self.bare == "bytes":
            return Recipe("bytes", {"data": _DATA.read(node)})
        return Recipe("str", {"text": _TEXT.read(node)})

    def schema(self) -> Schema:
        """Return the choice of all ways to write a value."""
        return {
            "anyOf": [
                (_DATA if self.bare == "bytes" else _TEXT).notation(),
                {"type": ["null", "boolean"]},
                {"$ref": "#/$defs/recipe"},
                *([{"$ref": "#/$defs/raise"}] if self.piece else []),
            ]
        }


_NOTATIONS = frozenset(("repeat", *Text.notations, *Data.notations))
VALUE = Value()


class _Pair:
    """One header field: [name, value]."""

    values = ListOf(VALUE)

    def read(self, node: Node) -> tuple[Recipe, Recipe]:
        if not isinstance(node, Sequence) or len(node.items) != 2:
            raise node.complain(str(node), 'a field: ["name", "value"]')
        name, value = self.values.read(node)
        return name, value

    def schema(self) -> Schema:
        value = {"$ref": "#/$defs/value"}
        return {"type": "array", "prefixItems": [value, value], "minItems": 2, "items": False}


PIECE, TEXT_PIECE = Value("bytes", piece=True), Value("str", piece=True)
PAIRS = ListOf(_Pair())
_SHAPES: dict[FieldType, Shape[Any]] = {
    "data": _DATA,
    "text": _TEXT,
    "int": _NUMBER,
    "bool": Flag(),
    "name": Word("the name of an exception", choices=MAY_RAISE),
    "ints": ListOf(OrNull(_NUMBER)),
    "items": ListOf(Ref("piece", lambda: PIECE)),
    "chars": ListOf(Ref("text-piece", lambda: TEXT_PIECE)),
    "pairs": PAIRS,
}
_RECORDS = {
    name: Record(
        f"the recipe {name!r}",
        {field: _SHAPES[type_] for field, type_ in kind.fields},
        tuple(field for field, _ in kind.fields)[: kind.required],
    )
    for name, kind in KINDS.items()
}


def _fields(name: str, node: Node) -> dict[str, Any]:
    kind, record = KINDS[name], _RECORDS[name]
    if kind.main is None:
        if isinstance(node, Mapping) and not node.pairs:
            return {}
        raise node.complain(str(node), f"{{{name}: {{}}}}: {kind.about} has no fields")
    if isinstance(node, Mapping) and not any(key.value in _NOTATIONS for key, _ in node.pairs):
        return record.read(node)
    if kind.required > 1:
        raise node.complain(str(node), f"a mapping with {join(list(record.keys), 'and')}: {kind.about}")
    return {kind.main: record.keys[kind.main].read(node)}


# what describes no object ------------------------------------------------------------------------------------------

_BUFFER = 65536
_NO_ORDER = frozenset(("list", "tuple", "set", "frozenset", "deque", "dict-of", "dict-keys", "dict-values"))
_HASHED = frozenset(("set", "frozenset", "dict-of", "dict-keys"))
_NOT_HASHABLE = frozenset(("bytearray", "array", "list", "set", "deque", "dict", "dict-of", "array-with-read"))


def _check(kind: str, fields: Fields, node: Node) -> None:
    """Complain about fields of which nobody could make an object."""
    try:
        _TRIED.get(kind, _untried)(fields)
    except (ValueError, TypeError, LookupError) as error:
        found = f"fields that make no {kind} ({str(error)[:120]})"
        raise node.complain(found, f"fields that fit together: {KINDS[kind].about}") from None
    for piece in fields.get("items", ()) if kind in _NO_ORDER | {"list-with-read"} else ():
        if piece.kind == "raise":
            raise node.complain(f"an exception in a {kind}", "raise only where elements are made one at a time")
        if kind in _HASHED and piece.kind in _NOT_HASHABLE:
            raise node.complain(f"a {piece.kind} in a {kind}", "elements that can be hashed")


def _untried(fields: Fields) -> None:
    """Accept what the shapes accept."""
    if fields.get("position", 0) < 0:
        raise ValueError("position is negative")


def _memoryview(fields: Fields) -> None:
    view: Any = memoryview(fields["data"])
    shape = fields.get("shape")
    if shape is not None:
        view = view.cast(fields.get("format", "B"), list(shape))
    elif "format" in fields:
        view = view.cast(fields["format"])
    if "slice" in fields:
        view[slice(*fields["slice"])]


def _ctypes(fields: Fields) -> None:
    size = fields.get("size", 1)
    if size not in (1, 2, 4, 8):
        raise ValueError("size is none of 1, 2, 4, 8")
    if len(fields["data"]) % size:
        raise ValueError("data is no multiple of size")


def _binary_file(fields: Fields) -> None:
    _untried(fields)
    if fields.get("buffering", 0) not in range(LONGEST) or fields.get("buffering") == 1:
        raise ValueError("buffering is neither 0 nor the size of a buffer, above 1")


def _text_file(fields: Fields) -> None:
    _untried(fields)
    encoding, newline = fields.get("encoding", "utf-8"), fields.get("newline")
    io.TextIOWrapper(io.BytesIO(fields["data"]), encoding=encoding, newline=newline).read()


def _short(fields: Fields) -> None:
    if len(fields["data"]) > _BUFFER:
        raise ValueError(f"data is longer than {_BUFFER:,} bytes")


def _mmap(fields: Fields) -> None:
    _untried(fields)
    if not 0 <= fields.get("position", 0) <= len(fields["data"]) or not fields["data"]:
        raise ValueError("data is empty, or ends before position")


def _endless(fields: Fields) -> None:
    if not fields["data"]:
        raise ValueError("data is empty")


def _blocks(fields: Fields) -> None:
    if not fields["data"] or not 0 < fields["count"] <= LONGEST:
        raise ValueError(f"data is empty, or count is not from 1 to {LONGEST:,}")


_TRIED: dict[str, Callable[[Fields], object]] = {
    "float": lambda fields: float(fields["text"]),
    "memoryview": _memoryview,
    "array": lambda fields: array.array(fields.get("typecode", "B"), fields["data"]),
    "ctypes": _ctypes,
    "binary-file": _binary_file,
    "text-file": _text_file,
    "codecs-reader": lambda fields: codecs.getreader(fields.get("encoding", "utf-8")),
    "pipe": _short,
    "socket-file": _short,
    "mmap": _mmap,
    "endless": _endless,
    "blocks": _blocks,
    "range": lambda fields: range(*fields["bounds"]),
}


def definitions() -> dict[str, Schema]:
    """Return the ``$defs`` of values."""
    kinds = {name: _kind_schema(name) for name in KINDS}
    raised = kinds.pop("raise")
    return {
        "value": VALUE.schema(),
        "piece": PIECE.schema(),
        "text-piece": TEXT_PIECE.schema(),
        "recipe": one_of(kinds),
        "raise": one_of({"raise": raised}),
        **_TEXT.definitions(),
        **_DATA.definitions(),
    }


def _kind_schema(name: str) -> Schema:
    kind, record = KINDS[name], _RECORDS[name]
    alone = [record.keys[kind.main].schema()] if kind.main and kind.required == 1 else []
    return {"description": kind.about, "anyOf": [record.schema(), *alone]}
