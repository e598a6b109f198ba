"""YAML text → nodes that know where they stand. Nothing is resolved: a scalar is its characters.

PyYAML's event stream is read directly, so that `on`, `1_000` or `0x10` never become anything but what is written, and
so that anchors, aliases, tags and repeated keys are refused where they stand, before they can cost anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from wireproof.errors import CaseFileError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file; line and column are counted from 1."""

    file: str
    line: int
    column: int

    def complain(self, found: str, wanted: str) -> CaseFileError:
        """Return (not raise) the complaint about what stands here."""
        return CaseFileError(self.file, self.line, self.column, found, wanted)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar: its characters, and whether it was written in double quotes."""

    place: Place
    value: str
    quoted: bool

    def __str__(self) -> str:
        return f"the text {self.value!r}" if self.quoted else f"the bare word {self.value!r}"


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    place: Place
    items: tuple[Node, ...]

    def __str__(self) -> str:
        return f"a list of {len(self.items)}"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping; no key occurs twice."""

    place: Place
    pairs: tuple[tuple[Scalar, Node], ...]

    def keys(self) -> tuple[str, ...]:
        """Return the keys as they are written, in order."""
        return tuple(key.value for key, _ in self.pairs)

    def __str__(self) -> str:
        return "an empty mapping" if not self.pairs else f"a mapping with the keys {', '.join(self.keys())}"


Node: TypeAlias = Scalar | Sequence | Mapping


def parse(text: str, file: str) -> Node:
    """Read one YAML document.

    Args:
        text: the whole file; ASCII only, so that a reader sees every byte.
        file: its name, for complaints.

    Raises:
        CaseFileError: the text is no YAML, holds more or less than one document, or uses what is not allowed.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if not line.isascii():
            column = next(index for index, char in enumerate(line, 1) if not char.isascii())
            raise CaseFileError(
                file,
                number,
                column,
                f"the character {line[column - 1]!r}",
                'ASCII only: write "\\xNN" or "\\uNNNN" in double quotes',
            )
    try:
        events = iter(list(yaml.parse(text, Loader=_LOADER)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = getattr(error, "problem", None) or str(error)
        raise CaseFileError(file, line, column, f"what is not YAML ({problem})", "a YAML document") from None
    except RecursionError:
        raise CaseFileError(file, 1, 1, "a document nested too deeply", f"at most {_DEEPEST} levels") from None
    next(events)
    start = next(events)
    if isinstance(start, yaml.StreamEndEvent):
        raise CaseFileError(file, 1, 1, "an empty file", "one YAML document")
    node = _node(next(events), events, file, 0)
    next(events)
    after = next(events)
    if not isinstance(after, yaml.StreamEndEvent):
        raise _place(after, file).complain("a second document", "one YAML document a file")
    return node


def _place(event: yaml.Event, file: str) -> Place:
    return Place(file, event.start_mark.line + 1, event.start_mark.column + 1)


def _node(event: yaml.Event, events: Iterator[yaml.Event], file: str, depth: int) -> Node:
    place = _place(event, file)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise place.complain("an anchor or an alias", "the value itself, written out")
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise place.complain(f"the tag {tag!r}", "no tags: the format says what each value is")
    if depth > _DEEPEST:
        raise place.complain("a document nested too deeply", f"at most {_DEEPEST} levels")
    if isinstance(event, yaml.ScalarEvent):
        if event.style and event.style != '"':
            raise place.complain("a scalar that is neither bare nor in double quotes", 'text in double quotes: "…"')
        return Scalar(place, event.value, event.style == '"')
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_node(event, events, file, depth + 1))
        return Sequence(place, tuple(items))
    pairs: dict[str, tuple[Scalar, Node]] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _node(event, events, file, depth + 1)
        if not isinstance(key, Scalar):
            raise key.place.complain(f"{key} as a key", "a word as a key")
        if key.value in pairs:
            raise key.place.complain(
                f"the key {key.value!r} twice (first in line {pairs[key.value][0].place.line})", "each key once"
            )
        pairs[key.value] = (key, _node(next(events), events, file, depth + 1))
    return Mapping(place, tuple(pairs.values()))


def canonical(node: Node) -> object:
    """Return the node as plain lists and strings, without places: equal content gives equal values."""
    if isinstance(node, Scalar):
        return [node.value, node.quoted]
    if isinstance(node, Sequence):
        return ["list", *(canonical(item) for item in node.items)]
    return ["mapping", *sorted([key.value, canonical(value)] for key, value in node.pairs)]
