"""The format of descriptions: a file → a ``Description``; docs/candidates.md says the same to people."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from wireproof._cases._nodes import Mapping, Node, Refused, Scalar, Sequence, at, parse, quote
from wireproof._cases._shapes import ListOf, Parts, Record, Schema, Sentence, Shape, Word
from wireproof._model import LAYERS, LayerName, Tolerances
from wireproof.errors import BrokenDescriptions, CaseFileError

T = TypeVar("T")

NAME = re.compile("[a-z0-9]+(?:[-._][a-z0-9]+)*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,15})?")
_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_DOTTED = rf"{_WORD}(?:\.{_WORD})*"
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PINNED = r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9._,-]+\])?==[A-Za-z0-9.!+_-]+"
_FOLDER = r"\.{0,2}/[!-~][ -~]*|\."
LACKS = (
    *("body", "headers", "encode_chunked"),
    *("blocksize", "source_address", "timeout"),
    *("captures", "collect", "names", "sequences", "streaming", "threads"),
    *("hosts.ipv6", "hosts.ipv6-bracketed", "hosts.ipv6-zone", "hosts.localhost", "hosts.name"),
    *("ports.default", "ports.default-as-str", "ports.default-given", "ports.in-host", "ports.str"),
    *("passed.keywords", "passed.positional", "pieces.raise"),
)
"""What a candidate may lack: arguments of request, then of the constructor, features, forms of address, ways to call,
and bodies that raise.
"""


@dataclass(frozen=True, slots=True)
class Description:
    """What one file says; paths in it are as written, and ``here`` is the folder that it lies in.

    ``known``: ids of clauses that the candidate breaks, each with a sentence that says how.
    """

    name: str
    file: Path
    about: str
    requirement: tuple[str, ...] = ()
    python: str | None = None
    class_: str | None = None
    path: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    target: str | None = None
    build: tuple[tuple[str, ...], ...] = ()
    needs: MappingType[str, str] = field(default_factory=dict)
    constructor: MappingType[str, object] = field(default_factory=dict)
    renames: MappingType[str, str] = field(default_factory=dict)
    options: MappingType[str, object] = field(default_factory=dict)
    environment: MappingType[str, str] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    tolerances: Tolerances = field(default_factory=Tolerances)
    gate: LayerName | None = None
    known: MappingType[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def here(self) -> Path:
        """The folder of the file."""
        return self.file.parent


class _Json:
    """Any JSON value: text in double quotes, the rest bare."""

    plain: MappingType[str, object] = {"true": True, "false": False, "null": None}

    def read(self, node: Node) -> object:
        parts = Parts()
        value: object
        if isinstance(node, Sequence):
            value = [parts.read(self, item) for item in node.items]
        elif isinstance(node, Mapping):
            value = {key.value: parts.read(self, each) for key, each in node.pairs}
        else:
            return self._scalar(node)
        parts.done()
        return value

    def _scalar(self, node: Scalar) -> object:
        if node.quoted:
            return node.value
        if node.value in self.plain:
            return self.plain[node.value]
        if _NUMBER.fullmatch(node.value):
            return float(node.value) if "." in node.value else int(node.value)
        raise node.complain(str(node), 'a number, true, false or null, or text in double quotes: "…"')

    def schema(self) -> Schema:
        return {}


class _Table(Generic[T]):
    """A mapping whose keys are free: each one matches ``key``, each value has one shape."""

    def __init__(self, about: str, key: Word, value: Shape[T]) -> None:
        self.about, self.key, self.value = about, key, value

    def read(self, node: Node) -> dict[str, T]:
        if not isinstance(node, Mapping):
            raise node.complain(str(node), f"{self.about}: a mapping, {{…: …}}")
        parts = Parts()
        table = {parts.read(self.key, key): parts.read(self.value, value) for key, value in node.pairs}
        parts.done()
        return table

    def schema(self) -> Schema:
        return {
            "description": self.about,
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.value.schema(),
        }


class _Pattern(Sentence):
    """A regular expression."""

    def read(self, node: Node) -> str:
        text = super().read(node)
        try:
            re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise node.complain(f"a regular expression that is none ({error})", self.about) from None
        return text


_FREE = Word("free", choices=("free",))
_FIELD = Word("the name of a header field", pattern=_TOKEN)
_TEXT = Sentence("text")
_COMMAND = ListOf(Sentence("a word of a command"), 1)
_RECORD = Record(
    "a description",
    {
        "about": Sentence("what the candidate is"),
        "requirement": ListOf(
            Word('a pinned requirement, "name==1.2", or a folder, "./name"', pattern=f"{_PINNED}|{_FOLDER}"),
            1,
            once=True,
        ),
        "python": Word("the command of a Python, such as python3.12 or pypy3", pattern=r"[A-Za-z0-9][A-Za-z0-9.+_-]*"),
        "class": Word("package.module:Class", pattern=f"{_DOTTED}:{_DOTTED}"),
        "path": ListOf(Sentence("a folder"), 1, once=True),
        "command": _COMMAND,
        "target": Sentence("what the driver is told that it drives"),
        "build": ListOf(_COMMAND, 1),
        "needs": _Table(
            "programs, each with the command that installs it",
            Word("the name of a program", pattern=r"[A-Za-z0-9][A-Za-z0-9.+_-]*"),
            Sentence("the command that installs it"),
        ),
        "constructor": _Table("arguments of the constructor by name", Word("a name", pattern=_WORD), _Json()),
        "renames": _Table(
            "arguments of request, each with the candidate's name of it",
            Word("an argument of request", choices=("method", "url", "body", "headers", "encode_chunked")),
            Word("the candidate's name of it", pattern=_WORD),
        ),
        "options": _Table("what the driver is told beside the target", Word("a name", pattern=_WORD), _Json()),
        "environment": _Table(
            "variables of the environment", Word("the name of a variable", pattern=r"[A-Za-z_][A-Za-z0-9_]*"), _TEXT
        ),
        "lacks": ListOf(
            Word(
                "an argument of request or of the constructor, or another thing that a candidate may lack",
                choices=LACKS,
            ),
            once=True,
        ),
        "ambient": _Table(
            "names of header fields, each with a pattern", _FIELD, _Pattern("the pattern of the field's whole value")
        ),
        "omits": ListOf(_FIELD, once=True),
        "order": _FREE,
        "names": _FREE,
        "gate": Word("a layer", choices=LAYERS),
        "known": _Table(
            "ids of clauses, each with a sentence",
            Word("the id of a clause", pattern=r"[a-z0-9]+(?:[-.][a-z0-9]+)*"),
            Sentence("in which way the clause is broken"),
        ),
        "notes": ListOf(Sentence("a note")),
    },
    ("about",),
)
_ONLY_WITH = {
    "path": "class",
    "constructor": "class",
    "renames": "class",
    "target": "command",
    "build": "command",
    "options": "command",
}
"""Keys that mean something only beside another one."""


def schema() -> Schema:
    """Return the JSON Schema of a description."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A candidate", **_RECORD.schema()}


def _together(node: Mapping) -> None:
    """Complain about keys that do not go together."""
    parts = Parts()
    ways = [way for way in ("class", "command") if node.get(way) is not None]
    if not ways:
        wanted = "the key 'class' (a Python class) or 'command' (a driver), too"
        parts.refuse(node.complain(f"a description {node.keyed()}", wanted))
    if len(ways) == 2:
        parts.refuse(at(node, "command").complain("a command beside a class", "one of the two"))
    for key, other in _ONLY_WITH.items():
        written = next((word for word, _ in node.pairs if word.value == key), None)
        if written is not None and len(ways) == 1 and other not in ways:
            parts.refuse(
                written.complain(f"the key {quote(key)} beside {quote(ways[0])}", f"it beside {quote(other)} only")
            )
    parts.done()


class _Shape:
    """A file: its keys, then what goes together."""

    def read(self, node: Node) -> dict[str, Any]:
        fields = _RECORD.read(node)
        assert isinstance(node, Mapping)
        _together(node)
        return fields


def read(text: str, file: Path, shown: str) -> Description:
    """Read the text of a description.

    Args:
        text: the whole file.
        file: where it lies; its name without the suffix is the candidate's.
        shown: what complaints call it.

    Raises:
        Refused: it is none.
    """
    if not NAME.fullmatch(file.stem):
        found, wanted = (
            f"the file name {file.name!r}",
            "lower-case words and digits, joined by hyphens, full stops or _",
        )
        raise Refused((CaseFileError(shown, 1, 1, found, wanted),))
    fields = _Shape().read(parse(text, shown))
    tolerances = Tolerances(
        tuple(fields.pop("ambient", {}).items()),
        fields.pop("omits", ()),
        fields.pop("order", None) == "free",
        fields.pop("names", None) == "free",
    )
    fields["class_"] = fields.pop("class", None)
    return Description(file.stem, file, tolerances=tolerances, **fields)


def load(file: Path) -> Description:
    """Read a file.

    Raises:
        BrokenDescriptions: it cannot be read, or is no description; every complaint is there.
    """
    shown = str(file)
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        complaint = CaseFileError(shown, 1, 1, f"a file that cannot be read ({error.strerror})", "one that can")
    except UnicodeDecodeError as error:
        found = f"the byte {error.object[error.start]:02X}, which is not UTF-8, at offset {error.start:,}"
        complaint = CaseFileError(shown, 1, 1, found, "ASCII")
    else:
        try:
            return read(text, file, shown)
        except Refused as refused:
            raise BrokenDescriptions(refused.in_order()) from None
    raise BrokenDescriptions((complaint,))
