"""The types of the case format: each reads a node, complains with a place, and knows its JSON Schema.

A shape has two sides, ``read(node)`` and ``schema()``; a format is built from shapes, so that what is accepted and
what editors are told cannot drift apart. Recursive shapes refer to each other by name through ``Ref``.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import re
from collections.abc import Callable, Mapping as MappingType
from typing import Any, Generic, Protocol, TypeVar

from wireproof._cases._nodes import Mapping, Node, Scalar, Sequence

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Schema = dict[str, Any]

_LISTED = 16
LONGEST = 64 * 1024 * 1024
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})")


class Shape(Protocol[T_co]):
    """One type of the format."""

    def read(self, node: Node) -> T_co:
        """Return the value that the node stands for, or raise CaseFileError."""

    def schema(self) -> Schema:
        """Return the JSON Schema of what ``read`` accepts."""


def _hint(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


class Word:
    """A bare or quoted word: one of ``choices``, or anything that matches ``pattern``."""

    def __init__(self, about: str, *, choices: tuple[str, ...] = (), pattern: str = "") -> None:
        self.about, self.choices, self.pattern = about, choices, pattern

    def read(self, node: Node) -> str:
        """Return the word."""
        if isinstance(node, Scalar):
            if node.value in self.choices or (self.pattern and re.fullmatch(self.pattern, node.value)):
                return node.value
            listed = ", ".join(self.choices) if len(self.choices) <= _LISTED else "" if self.choices else self.pattern
            wanted = f"{self.about}: {listed}" if listed else self.about
            raise node.place.complain(str(node), wanted + _hint(node.value, self.choices))
        raise node.place.complain(str(node), self.about)

    def schema(self) -> Schema:
        """Return an enumeration or a pattern."""
        rule: Schema = {"enum": list(self.choices)} if self.choices else {"pattern": f"^(?:{self.pattern})$"}
        return {"description": self.about, "type": "string", **rule}


class Integer:
    """A decimal integer, written bare."""

    def __init__(self, low: int, high: int = LONGEST) -> None:
        self.low, self.high = low, high

    def read(self, node: Node) -> int:
        """Return the number."""
        if isinstance(node, Scalar) and not node.quoted and _INTEGER.fullmatch(node.value):
            number = int(node.value)
            if self.low <= number <= self.high:
                return number
        raise node.place.complain(str(node), f"a decimal integer from {self.low} to {self.high}")

    def schema(self) -> Schema:
        """Return an integer with its bounds."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


class Flag:
    """true or false, written bare."""

    def read(self, node: Node) -> bool:
        """Return the truth value."""
        if isinstance(node, Scalar) and not node.quoted and node.value in ("true", "false"):
            return node.value == "true"
        raise node.place.complain(str(node), "true or false")

    def schema(self) -> Schema:
        """Return the boolean type."""
        return {"type": "boolean"}


class ListOf(Generic[T]):
    """A list of values of one shape, at least ``least`` of them."""

    def __init__(self, item: Shape[T], least: int = 0) -> None:
        self.item, self.least = item, least

    def read(self, node: Node) -> tuple[T, ...]:
        """Return the values in order."""
        if not isinstance(node, Sequence) or len(node.items) < self.least:
            raise node.place.complain(str(node), f"a list of at least {self.least}" if self.least else "a list")
        return tuple(self.item.read(item) for item in node.items)

    def schema(self) -> Schema:
        """Return an array."""
        return {"type": "array", "items": self.item.schema(), **({"minItems": self.least} if self.least else {})}


class Record:
    """A mapping with known keys; ``required`` ones must be there."""

    def __init__(self, about: str, keys: MappingType[str, Shape[Any]], required: tuple[str, ...] = ()) -> None:
        self.about, self.keys, self.required = about, keys, required

    def read(self, node: Node) -> dict[str, Any]:
        """Return the values by key; a key that is not written is not there."""
        if not isinstance(node, Mapping):
            raise node.place.complain(str(node), f"{self.about}: a mapping with keys of {', '.join(self.keys)}")
        known = tuple(self.keys)
        for key, _ in node.pairs:
            if key.value not in self.keys:
                raise key.place.complain(
                    f"the unknown key {key.value!r}",
                    f"{self.about}: keys of {', '.join(known)}{_hint(key.value, known)}",
                )
        for name in self.required:
            if name not in node.keys():
                raise node.place.complain(f"{node}, without {name!r}", f"{self.about}: the key {name!r}")
        return {key.value: self.keys[key.value].read(value) for key, value in node.pairs}

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


class Text:
    """Characters: "…" in double quotes, {repeat: [text, n]}, {surrogate: "D800"}, or a list of these in a row.

    With ``latin`` every character stands for one byte, and ``read`` refuses others; {hex: "…"} and
    {base64: "…"} are allowed too. ``sentence`` asks for one line of plain text that is not empty.
    """

    notation = ("repeat", "surrogate", "hex", "base64")

    def __init__(self, about: str, *, latin: bool = False, sentence: bool = False) -> None:
        self.about, self.latin, self.sentence = about, latin, sentence

    def read(self, node: Node) -> str:
        """Return the characters."""
        text = self._text(node)
        if len(text) > LONGEST:
            raise node.place.complain(f"{len(text):,} characters", f"at most {LONGEST:,}")
        return text

    def _text(self, node: Node) -> str:
        if isinstance(node, Scalar):
            if not node.quoted:
                raise node.place.complain(str(node), f'{self.about} in double quotes: "{node.value}"')
            if self.latin and any(char > "\xff" for char in node.value):
                raise node.place.complain(str(node), f"{self.about}: one character a byte, \\x00 to \\xff")
            if self.sentence and (not node.value or not node.value.isprintable()):
                raise node.place.complain(str(node), f"{self.about}: one line that is not empty")
            return node.value
        if self.sentence:
            raise node.place.complain(str(node), f'{self.about} in double quotes: "…"')
        if isinstance(node, Sequence):
            return "".join(self._text(item) for item in node.items)
        if len(node.pairs) != 1 or node.pairs[0][0].value not in self._notations():
            raise node.place.complain(str(node), f'{self.about}: "…", or one of {", ".join(self._notations())}')
        key, value = node.pairs[0]
        return {"repeat": self._repeat, "surrogate": self._surrogate, "hex": self._hex, "base64": self._base64}[
            key.value
        ](value)

    def _notations(self) -> tuple[str, ...]:
        return ("repeat", "hex", "base64") if self.latin else ("repeat", "surrogate")

    def _repeat(self, node: Node) -> str:
        if not isinstance(node, Sequence) or len(node.items) != 2:
            raise node.place.complain(str(node), '{repeat: ["what", times]}')
        piece, times = self._text(node.items[0]), Integer(0).read(node.items[1])
        if len(piece) * times > LONGEST:
            raise node.place.complain(f"{len(piece) * times:,} characters", f"at most {LONGEST:,}")
        return piece * times

    def _surrogate(self, node: Node) -> str:
        return chr(int(Word("a surrogate code point", pattern="[Dd][89A-Fa-f][0-9A-Fa-f]{2}").read(node), 16))

    def _hex(self, node: Node) -> str:
        return bytes.fromhex(Word("pairs of hexadecimal digits", pattern="(?:[0-9A-Fa-f]{2} ?)*").read(node)).decode("latin-1")

    def _base64(self, node: Node) -> str:
        word = Word("base64", pattern="[0-9A-Za-z+/=]*").read(node)
        try:
            return base64.b64decode(word, validate=True).decode("latin-1")
        except binascii.Error as error:
            raise node.place.complain(f"{word!r} ({error})", "base64 with its padding") from None

    def schema(self) -> Schema:
        """Return a string, or a reference to the notations of ``text`` and ``data``."""
        if self.sentence:
            return {"description": self.about, "type": "string", "minLength": 1}
        return {"$ref": "#/$defs/data" if self.latin else "#/$defs/text"}

    @classmethod
    def definitions(cls) -> dict[str, Schema]:
        """Return the ``$defs`` of the two notations."""

        def one(name: str, extra: dict[str, Schema]) -> Schema:
            ref = {"$ref": f"#/$defs/{name}"}
            repeat: Schema = {
                "type": "array",
                "prefixItems": [ref, {"type": "integer", "minimum": 0}],
                "minItems": 2,
                "items": False,
            }
            mappings = {"repeat": repeat, **extra}
            return {
                "oneOf": [
                    {"type": "string"},
                    {"type": "array", "items": ref},
                    *(
                        {"type": "object", "properties": {key: rule}, "required": [key], "additionalProperties": False}
                        for key, rule in mappings.items()
                    ),
                ]
            }

        string: Schema = {"type": "string"}
        return {
            "text": one("text", {"surrogate": {"type": "string", "pattern": "^[Dd][89A-Fa-f][0-9A-Fa-f]{2}$"}}),
            "data": one("data", {"hex": string, "base64": string}),
        }


class Data:
    """Bytes, written as ``Text`` with one character a byte."""

    def __init__(self, about: str) -> None:
        self.text = Text(about, latin=True)

    def read(self, node: Node) -> bytes:
        """Return the bytes."""
        return self.text.read(node).encode("latin-1")

    def schema(self) -> Schema:
        """Return the reference to ``data``."""
        return self.text.schema()
