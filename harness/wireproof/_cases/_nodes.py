"""YAML text → nodes that know where they stand. Nothing is resolved: a scalar is its characters.

PyYAML's events are read one at a time, so that `on`, `1_000` or `0x10` never become anything but what is written, and
so that anchors, aliases, tags, repeated keys and too many levels are refused where they stand, before they cost
anything.

Whatever is wrong raises ``Refused``, which holds one complaint or those of several places; ``_load`` gathers them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from wireproof.errors import CaseFileError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 32
_SHOWN = 60
_LISTED = 12
_NOT_PLAIN = re.compile(r"[^\t\n\r -~]")
_LINE_END = re.compile(r"\r\n?|\n")
_NO_CHARACTER = "an escape for no character", 'at most "\\U0010FFFF"; a lone surrogate is {surrogate: "D800"}'
_TOO_DEEP = "a document nested too deeply", f"at most {_DEEPEST} levels"
_SURROGATE = re.compile("[\ud800-\udfff]")


class Refused(Exception):
    """What is wrong with a node, or with several parts of it."""

    def __init__(self, complaints: tuple[CaseFileError, ...]) -> None:
        super().__init__(*complaints)
        self.complaints = complaints

    def in_order(self) -> tuple[CaseFileError, ...]:
        """Return the complaints by their places."""
        return tuple(sorted(self.complaints, key=by_place))


def by_place(complaint: CaseFileError) -> tuple[str, int, int]:
    """Return what complaints are sorted by."""
    return complaint.file, complaint.line, complaint.column


@dataclass(slots=True)
class _Placed:
    """What all nodes share: their file, and PyYAML's mark of where they begin (line and column from 0)."""

    file: str
    mark: Any

    @property
    def line(self) -> int:
        """The line, counted from 1."""
        return int(self.mark.line) + 1

    def complain(self, found: str, wanted: str) -> Refused:
        """Return (not raise) the complaint about what stands here."""
        return Refused((CaseFileError(self.file, self.line, self.mark.column + 1, found, wanted),))


@dataclass(slots=True)
class Scalar(_Placed):
    """A scalar: its characters, and whether it was written in double quotes."""

    value: str
    quoted: bool

    def __str__(self) -> str:
        return (
            f"the text {quote(self.value)}"
            if self.quoted
            else f"the bare word {quote(self.value)}" * bool(self.value) or "nothing"
        )


@dataclass(slots=True)
class Sequence(_Placed):
    """A list of nodes."""

    items: tuple[Node, ...]

    def __str__(self) -> str:
        return "an empty list" if not self.items else f"a list of {count(len(self.items), 'item')}"


@dataclass(slots=True)
class Mapping(_Placed):
    """A mapping; no key occurs twice."""

    pairs: tuple[tuple[Scalar, Node], ...]

    def get(self, key: str) -> Node | None:
        """Return what stands at ``key``, or None where it is not written."""
        return next((value for word, value in self.pairs if word.value == key), None)

    def without(self, key: str) -> Mapping:
        """Return the mapping without one of its keys."""
        return Mapping(self.file, self.mark, tuple(pair for pair in self.pairs if pair[0].value != key))

    def __str__(self) -> str:
        return f"a mapping {self.keyed()}"

    def keyed(self) -> str:
        """Return the words that name its keys."""
        keys = [key.value for key, _ in self.pairs]
        listed = join([quote(key) for key in keys[:_LISTED]] + ["…"] * (len(keys) > _LISTED), "and")
        return f"with the key{'s' * (len(keys) != 1)} {listed}" if keys else "without keys"


Node: TypeAlias = Scalar | Sequence | Mapping


def at(node: Node, *path: str | int) -> Node:
    """Return where a part of the node stands, by keys and indexes; where it is not written, what is around it."""
    for step in path:
        if isinstance(step, int):
            assert isinstance(node, Sequence)
            node = node.items[step]
        else:
            node = (node.get(step) if isinstance(node, Mapping) else None) or node
    return node


def quote(text: str) -> str:
    """Return the text as Python writes it; of a long one the beginning."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}… ({len(text):,} characters)"


def count(number: int, noun: str) -> str:
    """Return the number and the noun, in the plural where it is due."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def join(words: list[str] | tuple[str, ...], last: str) -> str:
    """Return the words with commas, and ``last`` before the last one."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def parse(text: str, file: str) -> Node:
    """Read one YAML document.

    Args:
        text: the whole file; printable ASCII only, so that a reader sees every byte.
        file: its name, for complaints.

    Raises:
        Refused: the text is no YAML, holds more or less than one document, or uses what is not allowed.
    """
    _check_characters(text, file)
    loader = _LOADER(text)
    try:
        return _document(loader.get_event, file)
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, text, file) from None
    except (ValueError, OverflowError):
        # PyYAML's Python reader hands the number of an escape to chr() unchecked
        mark = loader.get_mark()
        raise _Placed(file, mark).complain(*_NO_CHARACTER) from None
    finally:
        loader.dispose()


def _check_characters(text: str, file: str) -> None:
    bad = _NOT_PLAIN.search(text)
    if bad is None:
        return
    before = text[: bad.start()]
    starts = [0, *(end.end() for end in _LINE_END.finditer(before))]
    found = "a byte order mark" if bad.group() == "\ufeff" else f"the character {bad.group()!r}"
    wanted = (
        "a file without it" if bad.group() == "\ufeff" else 'ASCII only: write "\\xNN" or "\\uNNNN" in double quotes'
    )
    raise Refused((CaseFileError(file, len(starts), bad.start() - starts[-1] + 1, found, wanted),))


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Refused:
    """Return the complaint about what YAML's grammar does not allow."""
    mark: Any = error.problem_mark
    place = _Placed(file, mark)
    line = _LINE_END.split(text)[mark.line : mark.line + 1]
    if line and line[0][mark.column : mark.column + 1] == "\t":
        return place.complain("a tab where YAML allows none", "spaces")
    where = f"{error.context} that begins in line {error.context_mark.line + 1}: " if error.context_mark else ""
    if "invalid Unicode" in str(error.problem):
        return place.complain(*_NO_CHARACTER)
    if "nesting depth" in str(error.problem):  # libyaml looks ahead, and newer ones have a limit of their own
        return place.complain(*_TOO_DEEP)
    return place.complain(
        f"what is not YAML ({where}{error.problem})", "a YAML document, with all text in double quotes"
    )


def _document(get: Callable[[], Any], file: str) -> Node:
    get()
    start = get()
    if isinstance(start, yaml.StreamEndEvent):
        raise Refused((CaseFileError(file, 1, 1, "an empty file", "one YAML document"),))
    node = _node(get(), get, file, 0)
    get()
    after = get()
    if not isinstance(after, yaml.StreamEndEvent):
        raise _Placed(file, after.start_mark).complain("a second document", "one YAML document a file")
    return node


def _node(event: Any, get: Callable[[], Any], file: str, depth: int) -> Node:
    mark = event.start_mark
    if event.anchor is not None:
        raise _Placed(file, mark).complain("an anchor or an alias", "the value itself, written out")
    if event.tag is not None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        raise _Placed(file, mark).complain(f"the tag {quote(tag)}", "no tag: the format says what a value is")
    kind = type(event)
    if kind is yaml.ScalarEvent:
        return _scalar(event, file)
    if depth == _DEEPEST:
        raise _Placed(file, mark).complain(*_TOO_DEEP)
    if kind is yaml.SequenceStartEvent:
        items = []
        while type(event := get()) is not yaml.SequenceEndEvent:
            items.append(_node(event, get, file, depth + 1))
        return Sequence(file, mark, tuple(items))
    pairs: dict[str, tuple[Scalar, Node]] = {}
    while type(event := get()) is not yaml.MappingEndEvent:
        key = _node(event, get, file, depth + 1)
        if type(key) is not Scalar:
            raise key.complain(f"{key} as a key", "a word as a key")
        if key.value in pairs:
            first = pairs[key.value][0].line
            raise key.complain(f"the key {quote(key.value)} twice (first in line {first})", "each key once")
        pairs[key.value] = key, _node(get(), get, file, depth + 1)
    return Mapping(file, mark, tuple(pairs.values()))


def _scalar(event: Any, file: str) -> Scalar:
    node = Scalar(file, event.start_mark, event.value, event.style == '"')
    if event.style and not node.quoted:
        raise node.complain("a scalar that is neither bare nor in double quotes", 'text in double quotes: "…"')
    if event.end_mark.line != event.start_mark.line:
        raise node.complain("a scalar over several lines", 'one line, or a list of texts: ["…", "…"]')
    if not node.value.isascii() and _SURROGATE.search(node.value):
        raise node.complain(*_NO_CHARACTER)
    return node


def canonical(node: Node) -> str:
    """Return the content of the node without its places: equal content gives equal text, and no other does."""
    if isinstance(node, Scalar):
        return repr(node.value) if node.quoted else f"={node.value!r}"
    if isinstance(node, Sequence):
        return f"[{','.join([canonical(item) for item in node.items])}]"
    return f"{{{','.join(sorted([f'{key.value!r}:{canonical(value)}' for key, value in node.pairs]))}}}"
