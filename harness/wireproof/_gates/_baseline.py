"""Baselines: what is known of candidates, read from YAML; baseline.schema.json beside this file says the same."""

from __future__ import annotations

import datetime
from collections.abc import Mapping as MappingType
from collections.abc import Sequence as SequenceType
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wireproof._cases._nodes import Mapping, Node, Refused, Scalar, Sequence, parse
from wireproof._cases._shapes import Integer, ListOf, Parts, Record, Schema, Sentence, Word
from wireproof._gates._known import Chosen, Entry, Group
from wireproof._gates._pattern import Pattern
from wireproof._model import LAYERS, LayerName
from wireproof.errors import CaseFileError, UsageError


@dataclass(frozen=True, slots=True)
class Baseline:
    """One file. ``text`` is all of it, and ``node`` says where everything stands."""

    file: str
    text: str
    node: Mapping
    groups: tuple[Group, ...]

    def of(self, candidate: str, layer: LayerName) -> Group | None:
        """Return what is known of a candidate at a layer, if anything."""
        return next((group for group in self.groups if (group.candidate, group.layer) == (candidate, layer)), None)


def read(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        UsageError: the file cannot be read.
        CaseFileError: it is broken; the first place is named.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError("--baseline", f"{path} ({error.strerror})", "a file of wireproof baseline write") from None
    except UnicodeDecodeError as error:
        found = f"the byte {error.object[error.start]:02X}, which is not UTF-8, at offset {error.start:,}"
        raise CaseFileError(str(path), 1, 1, found, "ASCII") from None
    return read_text(text, str(path))


def read_text(text: str, file: str) -> Baseline:
    """Read the text of a baseline; ``file`` is its name, for complaints.

    Raises:
        CaseFileError: it is broken; the first place is named.
    """
    try:
        node = parse(text, file)
        fields = _FILE.read(node)
        assert isinstance(node, Mapping)
        return Baseline(file, text, node, fields["candidates"])
    except Refused as refused:
        raise refused.in_order()[0] from None


class _Pattern:
    """A pattern on ids, and its line."""

    about = 'the id of a case, a glob, or "matrix/NAME[axis=value|value,…]"'

    def read(self, node: Node) -> tuple[Pattern, int]:
        text = Sentence(self.about).read(node)
        try:
            return Pattern.of(text), node.line
        except ValueError as error:
            raise node.complain(f"{node}, in which {error}", self.about) from None

    def schema(self) -> Schema:
        return Sentence(self.about).schema()


class _Date:
    """A date, year first, in double quotes."""

    about = 'the last day on which the entry counts, "YYYY-MM-DD"'

    def read(self, node: Node) -> datetime.date:
        try:
            if not isinstance(node, Scalar) or len(node.value) != len("YYYY-MM-DD"):
                raise ValueError
            return datetime.date.fromisoformat(node.value)
        except ValueError:
            raise node.complain(str(node), self.about) from None

    def schema(self) -> Schema:
        return {"description": self.about, "type": "string", "format": "date"}


_ENTRY = Record(
    "a known failure",
    {
        "about": Sentence("what is seen, for readers"),
        "cases": ListOf(_Pattern(), 1),
        "fingerprints": ListOf(
            Word('the fingerprint of a failure, as in JSON reports: "0123456789abcdef"', pattern="[0-9a-f]{16}"),
            1,
            once=True,
        ),
        "reason": Sentence("why the failure is lived with"),
        "issue": Word("a link, http://… or https://…", pattern=r"https?://[!-~]+"),
        "expires": _Date(),
    },
    ("cases", "fingerprints", "reason"),
)


class _Entry:
    def read(self, node: Node) -> Entry:
        fields = _ENTRY.read(node)
        return Entry(
            tuple(pattern for pattern, _ in fields["cases"]),
            frozenset(fields["fingerprints"]),
            fields["reason"],
            node.line,
            tuple(line for _, line in fields["cases"]),
            fields.get("issue"),
            fields.get("expires"),
            fields.get("about"),
        )

    def schema(self) -> Schema:
        return _ENTRY.schema()


class _Strength:
    """The strength of covering arrays, or full."""

    word = Word("the strength", choices=("1", "2", "3", "full"))

    def read(self, node: Node) -> int | str:
        word = self.word.read(node)
        return word if word == "full" else int(word)

    def schema(self) -> Schema:
        return {"description": "the strength", "enum": [1, 2, 3, "full"]}


_CHOSEN = Record(
    "a selection",
    {
        "select": ListOf(Sentence("a glob on ids")),
        "clause": ListOf(Sentence("a glob on clauses")),
        "strength": _Strength(),
    },
    ("select", "clause", "strength"),
)


class _Chosen:
    def read(self, node: Node) -> Chosen:
        return Chosen(**_CHOSEN.read(node))

    def schema(self) -> Schema:
        return _CHOSEN.schema()


_GROUP = Record(
    "what is known of a candidate",
    {
        "candidate": Sentence("the name of the candidate, as reports call it"),
        "layer": Word("the layer that has to hold", choices=LAYERS),
        "suite": Sentence("the version of the suite that it was written with"),
        "judged": Integer(0, 10**15),
        "selection": _Chosen(),
        "known": ListOf(_Entry()),
    },
    ("candidate", "layer", "known"),
)


class _Groups:
    list = ListOf(Record("", {}))

    def read(self, node: Node) -> tuple[Group, ...]:
        if not isinstance(node, Sequence):
            raise node.complain(str(node), "a list, […, …]")
        parts = Parts()
        every = [(item, parts.read(_GROUP, item)) for item in node.items]
        parts.done()
        groups = [_group(item, fields) for item, fields in every]
        _check_once(node.items, groups)
        return tuple(groups)

    def schema(self) -> Schema:
        return {"type": "array", "items": _GROUP.schema()}


def _group(node: Node, fields: MappingType[str, Any]) -> Group:
    return Group(
        fields["candidate"],
        fields["layer"],
        fields["known"],
        node.line,
        fields.get("suite"),
        fields.get("judged"),
        fields.get("selection"),
    )


def _check_once(nodes: SequenceType[Node], groups: SequenceType[Group]) -> None:
    """Complain about a candidate that occurs twice at a layer."""
    lines: dict[tuple[str, str], int] = {}
    for node, group in zip(nodes, groups, strict=True):
        key = group.candidate, group.layer
        if key in lines:
            found = f"the candidate {group.candidate!r} at the layer {group.layer} twice (first in line {lines[key]})"
            raise node.complain(found, "each one once")
        lines[key] = group.line


_FILE = Record("a baseline", {"candidates": _Groups()}, ("candidates",))


def schema() -> Schema:
    """Return the JSON Schema of a baseline."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wireproof baseline: known failures",
        **_FILE.schema(),
    }
