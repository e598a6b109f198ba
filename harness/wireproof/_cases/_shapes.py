"""The types of the case format: each reads a node, complains with a place, and knows its JSON Schema.

A shape has two sides, ``read(node)`` and ``schema()``; a format is built from shapes, so that what is accepted and
what editors are told cannot drift apart. Recursive shapes refer to each other by name through ``Ref``. A shape of
several parts reads all of them before it complains, so that a person sees everything that is wrong at once.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import functools
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from typing import Any, AnyStr, Generic, Protocol, TypeVar

from wireproof._cases._nodes import Mapping, Node, Refused, Scalar, Sequence, count, join, quote
from wireproof.errors import CaseFileError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Schema = dict[str, Any]

_LISTED = 16
_WORD = 80
LONGEST = 16 * 1024 * 1024
"""The most characters that a text may have, with all repeats written out."""
_INTEGER = re.compile("0|-?[1-9][0-9]{0,15}")


class Shape(Protocol[T_co]):
    """One type of the format."""

    def read(self, node: Node) -> T_co:
        """Return the value that the node stands for, or raise Refused."""

    def schema(self) -> Schema:
        """Return the JSON Schema of what ``read`` accepts."""


class Parts:
    """Reads the parts of a value, and keeps what they complain about until all are read."""

    def __init__(self) -> None:
        self._complaints: list[CaseFileError] = []

    def read(self, shape: Shape[Any], node: Node) -> Any:
        """Return what the part stands for; None where it is refused."""
        try:
            return shape.read(node)
        except Refused as refused:
            self.refuse(refused)
            return None

    def refuse(self, refused: Refused) -> None:
        """Keep a complaint."""
        self._complaints += refused.complaints

    def done(self) -> None:
        """Raise what was kept, if anything."""
        if self._complaints:
            raise Refused(tuple(self._complaints))


def hint(word: str, known: tuple[str, ...]) -> str:
    """Return the question whether a known word was meant, where one is close."""
    close = difflib.get_close_matches(word, known, 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


class Word:
    """A bare or quoted word: one of ``choices``, or anything that matches ``pattern``; ``about`` says which."""

    def __init__(self, about: str, *, choices: tuple[str, ...] = (), pattern: str = "") -> None:
        self.about, self.choices, self.pattern = about, choices, pattern
        self._known, self._matches = frozenset(choices), re.compile(pattern).fullmatch

    def read(self, node: Node) -> str:
        """Return the word."""
        if isinstance(node, Scalar) and (node.value in self._known or (self.pattern and self._matches(node.value))):
            return node.value
        wanted = self.about
        if 0 < len(self.choices) <= _LISTED:
            wanted += f": {join(self.choices, 'or')}"
        raise node.complain(str(node), wanted + (hint(node.value, self.choices) if isinstance(node, Scalar) else ""))

    def schema(self) -> Schema:
        """Return an enumeration or a pattern."""
        rule: Schema = {"enum": list(self.choices)} if self.choices else {"pattern": f"^(?:{self.pattern})$"}
        return {"description": self.about, "type": "string", **rule}


class Integer:
    """A decimal integer, written bare; bounded, so that a slip of the pen costs nothing."""

    def __init__(self, low: int, high: int = LONGEST) -> None:
        self.low, self.high = low, high

    def read(self, node: Node) -> int:
        """Return the number."""
        if isinstance(node, Scalar) and not node.quoted and _INTEGER.fullmatch(node.value):
            number = int(node.value)
            if self.low <= number <= self.high:
                return number
        raise node.complain(str(node), f"a decimal integer from {self.low} to {self.high}")

    def schema(self) -> Schema:
        """Return an integer with its bounds."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


class Flag:
    """true or false, written bare."""

    def read(self, node: Node) -> bool:
        """Return the truth value."""
        if isinstance(node, Scalar) and not node.quoted and node.value in ("true", "false"):
            return node.value == "true"
        raise node.complain(str(node), "true or false, without quotes")

    def schema(self) -> Schema:
        """Return the boolean type."""
        return {"type": "boolean"}


class OrNull(Generic[T]):
    """A value of another shape, or null, written bare."""

    def __init__(self, shape: Shape[T]) -> None:
        self.shape = shape

    def read(self, node: Node) -> T | None:
        """Return the value or None."""
        if isinstance(node, Scalar) and not node.quoted and node.value == "null":
            return None
        return self.shape.read(node)

    def schema(self) -> Schema:
        """Return a choice of the two."""
        return {"anyOf": [self.shape.schema(), {"type": "null"}]}


class ListOf(Generic[T]):
    """A list of values of one shape, at least ``least`` of them; with ``once`` no value twice."""

    def __init__(self, item: Shape[T], least: int = 0, *, once: bool = False) -> None:
        self.item, self.least, self.once = item, least, once

    def read(self, node: Node) -> tuple[T, ...]:
        """Return the values in order."""
        if not isinstance(node, Sequence) or len(node.items) < self.least:
            least = f", of at least {count(self.least, 'item')}" if self.least else ""
            raise node.complain(str(node), f"a list, […, …]{least}")
        parts = Parts()
        values = [parts.read(self.item, item) for item in node.items]
        parts.done()
        if self.once:
            for index, value in enumerate(values):
                if value in values[:index]:
                    raise node.items[index].complain(f"{node.items[index]} twice", "each one once")
        return tuple(values)

    def schema(self) -> Schema:
        """Return an array."""
        return {
            "type": "array",
            "items": self.item.schema(),
            **({"minItems": self.least} if self.least else {}),
            **({"uniqueItems": True} if self.once else {}),
        }


class Record:
    """A mapping with known keys; ``required`` ones must be there. ``about`` names it: "an expectation"."""

    def __init__(self, about: str, keys: MappingType[str, Shape[Any]], required: tuple[str, ...] = ()) -> None:
        self.about, self.keys, self.required = about, keys, required
        self._known = tuple(keys)
        self._listed = join(self._known, "and")

    def read(self, node: Node) -> dict[str, Any]:
        """Return the values by key; a key that is not written is not there."""
        if not isinstance(node, Mapping):
            raise node.complain(str(node), f"{self.about}: a mapping with keys of {self._listed}")
        parts = Parts()
        values: dict[str, Any] = {}
        for key, value in node.pairs:
            shape = self.keys.get(key.value)
            if shape is None:
                wanted = f"a key of {self.about}: {join(self._known, 'or')}{hint(key.value, self._known)}"
                parts.refuse(key.complain(f"the unknown key {quote(key.value)}", wanted))
            else:
                values[key.value] = parts.read(shape, value)
        missing = [name for name in self.required if name not in values]
        if missing:
            keys = f"the key{'s' * (len(missing) > 1)} {join([repr(name) for name in missing], 'and')}"
            parts.refuse(node.complain(f"{self.about} {node.keyed()}", f"{keys}, too"))
        parts.done()
        return values

    def schema(self) -> Schema:
        """Return a closed object."""
        return {
            "description": self.about,
            "type": "object",
            "additionalProperties": False,
            "properties": {name: shape.schema() for name, shape in self.keys.items()},
            **({"required": list(self.required)} if self.required else {}),
        }


class Ref(Generic[T]):
    """A shape that is referred to by name, so that shapes may be recursive."""

    def __init__(self, name: str, get: Callable[[], Shape[T]]) -> None:
        self.name, self.get = name, get

    def read(self, node: Node) -> T:
        """Read with the shape that the name stands for."""
        return self.get().read(node)

    def schema(self) -> Schema:
        """Return a reference into ``$defs``."""
        return {"$ref": f"#/$defs/{self.name}"}


class Sentence:
    """One line of plain text in double quotes, for people; not empty."""

    def __init__(self, about: str) -> None:
        self.about = about

    def read(self, node: Node) -> str:
        """Return the sentence."""
        if isinstance(node, Scalar) and node.quoted and node.value and node.value.isprintable():
            return node.value
        raise node.complain(str(node), f'{self.about}: one line of text in double quotes, "…"')

    def schema(self) -> Schema:
        """Return a string that is not empty."""
        return {"description": self.about, "type": "string", "minLength": 1}


class _Run(ABC, Generic[AnyStr]):
    """What ``Text`` and ``Data`` share: "…", {repeat: ["…", n]}, other notations, or a list of these in a row.

    Repeats are counted before they are written out: what is too long is never built.
    """

    name: str
    empty: AnyStr
    string: MappingType[str, str]
    notations: MappingType[str, Shape[AnyStr]]

    def __init__(self, about: str) -> None:
        self.about = about

    def read(self, node: Node) -> AnyStr:
        """Return the characters, or the bytes."""
        return self._scalar(node) if isinstance(node, Scalar) else self._read(node, LONGEST)

    def _read(self, node: Node, room: int) -> AnyStr:
        """Return at most ``room`` of them."""
        if isinstance(node, Scalar):
            run = self._scalar(node)
        elif isinstance(node, Sequence):
            runs: list[AnyStr] = []
            left = room
            for item in node.items:
                runs.append(self._read(item, left))
                left -= len(runs[-1])
            run = self.empty.join(runs)
        else:
            run = self._notation(node, room)
        if len(run) > room:
            raise node.complain("too long a text", f"at most {LONGEST:,} characters in all, every repeat written out")
        return run

    def _scalar(self, node: Scalar) -> AnyStr:
        if not node.quoted:
            instead = f': "{node.value}"' if node.value and len(node.value) < _WORD else ': "…"'
            raise node.complain(str(node), f"{self.about} in double quotes{instead}")
        return self._characters(node)

    @abstractmethod
    def _characters(self, node: Scalar) -> AnyStr:
        """Return what stands between the quotes."""

    def _notation(self, node: Mapping, room: int) -> AnyStr:
        word = node.pairs[0][0].value if len(node.pairs) == 1 else ""
        if word == "repeat":
            return self._repeat(node.pairs[0][1], room)
        if word in self.notations:
            return self.notations[word].read(node.pairs[0][1])
        known = join([f"{{{name}: …}}" for name in ("repeat", *self.notations)], "or")
        raise node.complain(str(node), f'{self.about}: "…", a list of texts, {known}')

    def _repeat(self, node: Node, room: int) -> AnyStr:
        if not isinstance(node, Sequence) or len(node.items) != 2:
            raise node.complain(str(node), 'a text and a number: {repeat: ["x", 8192]}')
        times = Integer(1).read(node.items[1])
        run: AnyStr = _repeated(self._read(node.items[0], room // times), times)
        return run

    def schema(self) -> Schema:
        """Return the reference to every way to write it."""
        return {"$ref": f"#/$defs/{self.name}"}

    def notation(self) -> Schema:
        """Return the reference to the ways to write it that are no list."""
        return {"$ref": f"#/$defs/one-{self.name}"}

    def definitions(self) -> dict[str, Schema]:
        """Return what the two references stand for."""
        pair = {"prefixItems": [self.schema(), Integer(1).schema()], "minItems": 2, "items": False}
        properties: dict[str, Schema] = {"repeat": {"type": "array", **pair}}
        properties.update({name: shape.schema() for name, shape in self.notations.items()})
        return {
            self.name: {"anyOf": [self.notation(), {"type": "array", "items": self.schema()}]},
            f"one-{self.name}": {"anyOf": [dict(self.string), one_of(properties)]},
        }


@functools.lru_cache(maxsize=16, typed=True)
def _repeated(run: AnyStr, times: int) -> AnyStr:
    """Return the run so many times; a request and its expectation share a long one."""
    return run * times


def one_of(properties: dict[str, Schema]) -> Schema:
    """Return the schema of a mapping with exactly one of these keys."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "minProperties": 1,
        "maxProperties": 1,
    }


class _Surrogate:
    word = Word('the number of a surrogate, such as "D800"', pattern="[Dd][89A-Fa-f][0-9A-Fa-f]{2}")

    def read(self, node: Node) -> str:
        return chr(int(self.word.read(node), 16))

    def schema(self) -> Schema:
        return self.word.schema()


class _Hex:
    word = Word('pairs of hexadecimal digits: "00 FF"', pattern="(?:[0-9A-Fa-f]{2} ?)*")

    def read(self, node: Node) -> bytes:
        return bytes.fromhex(self.word.read(node))

    def schema(self) -> Schema:
        return self.word.schema()


class _Base64:
    word = Word("base64", pattern="[0-9A-Za-z+/=]*")

    def read(self, node: Node) -> bytes:
        try:
            return base64.b64decode(self.word.read(node), validate=True)
        except binascii.Error:
            raise node.complain(str(node), "base64 with its padding") from None

    def schema(self) -> Schema:
        return self.word.schema()


class Text(_Run[str]):
    """Characters; {surrogate: "D800"} is one that YAML cannot hold."""

    name, empty = "text", ""
    string: MappingType[str, str] = {"type": "string"}
    notations: MappingType[str, Shape[str]] = {"surrogate": _Surrogate()}

    def _characters(self, node: Scalar) -> str:
        return node.value


class Data(_Run[bytes]):
    """Bytes, of which each is written as one character; {hex: "…"} and {base64: "…"} stand for some, too."""

    name, empty = "data", b""
    string: MappingType[str, str] = {"type": "string", "pattern": "^[\\u0000-\\u00ff]*$"}
    notations: MappingType[str, Shape[bytes]] = {"hex": _Hex(), "base64": _Base64()}

    def _characters(self, node: Scalar) -> bytes:
        try:
            return node.value.encode("latin-1")
        except UnicodeEncodeError:
            raise node.complain(str(node), f"{self.about}: one character a byte, \\x00 to \\xff") from None
