"""Matrix files: axes, what is the same in all combinations, and the tables that decide.

Beside what a shape can see, a table is refused that is not whole: a rule that no combination reaches, or a combination
that no rule reaches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from typing import Any

from wireproof._cases._catalog import CATALOG_OF, DEFAULTS, ID, Catalog, Given, document
from wireproof._cases._format import ClauseId
from wireproof._cases._nodes import Mapping, Node, Refused, Scalar, Sequence, at, canonical, join
from wireproof._cases._shapes import ListOf, Parts, Record, Schema, Sentence, Shape, Word, hint
from wireproof._cases._vocabulary import DEFECTS
from wireproof._matrix import (
    ARGUMENTS,
    OUTCOMES,
    SEQUENCE,
    SINGLE,
    WORDS,
    Axis,
    Expansion,
    Matrix,
    Rule,
    Value,
    unreached,
)
from wireproof._model import Clause, Source

_WORD = Word("a word", pattern="[^\\x00-\\x20]+")
_OPTIONAL = {"errors": ("sent",), "defects": ("body",), "second": ("defect",)}
_NAMES: dict[str, Shape[str]] = {
    "raises": Word("the name of an exception class, as-body or nothing", pattern="[A-Z][A-Za-z0-9]*|as-body|nothing"),
    "name": Word("a defect of CPython, or none", choices=("none", *DEFECTS)),
}
_LARGEST = 2**31
_LISTED = 12


class _Rule:
    """One rule of a table."""

    def __init__(self, table: str, clauses: MappingType[str, Clause]) -> None:
        self.table = table
        outcome: dict[str, Shape[Any]] = {
            name: Word(f"{name} of a rule", choices=words) if words else _NAMES[name]
            for name, words in OUTCOMES[table].items()
        }
        keys: dict[str, Shape[Any]] = {
            "rule": Word("lower-case words joined by hyphens", pattern=ID),
            "when": _When(),
            **outcome,
            "clauses": ListOf(ClauseId(clauses), once=True),
        }
        required = [name for name in outcome if name not in _OPTIONAL.get(table, ())]
        self.record = Record(f"a rule of {table}", keys, ("rule", *required))
        self.outcome = tuple(outcome)

    def read(self, node: Node) -> Rule:
        fields = self.record.read(node)
        outcome = {name: fields[name] for name in self.outcome if name in fields}
        if self.table == "errors" and ("sent" in outcome) != (outcome["raises"] != "nothing"):
            raise node.complain(
                f"raises {outcome['raises']} {'with' if 'sent' in outcome else 'without'} sent",
                "sent beside every exception, and nowhere else",
            )
        if self.table == "defects" and ("body" in outcome) != (outcome["name"] != "none"):
            raise node.complain("only one of a defect's name and body", "both of them, or name: none alone")
        clauses = fields.get("clauses", ())
        source = Source(node.file, node.line)
        return Rule(self.table, fields["rule"], fields.get("when", ()), outcome, clauses, source)

    def schema(self) -> Schema:
        return self.record.schema()


class _When:
    """Conditions: attributes, each with a word or a list of words of which one must be its value."""

    words = ListOf(_WORD, 1, once=True)

    def read(self, node: Node) -> tuple[tuple[str, tuple[str, ...]], ...]:
        if not isinstance(node, Mapping):
            raise node.complain(str(node), "conditions: a mapping of attributes to words, {body.is: [text, buffer]}")
        return tuple(
            (key.value, self.words.read(value) if isinstance(value, Sequence) else (_WORD.read(value),))
            for key, value in node.pairs
        )

    def schema(self) -> Schema:
        names = [f"{axis}.{name}" for axis, known in WORDS.items() for name in known] + ["framing.body", "framing.adds"]
        either = {"anyOf": [_WORD.schema(), self.words.schema()]}
        return {"type": "object", "propertyNames": {"enum": names}, "additionalProperties": either}


class _Axes:
    """Which axes there are, in order, and the catalog of each."""

    def __init__(self, catalogs: MappingType[str, Catalog]) -> None:
        self.catalogs = catalogs

    def read(self, node: Node) -> tuple[Axis, ...]:
        if not isinstance(node, Mapping) or not node.pairs:
            raise node.complain(str(node), "axes, each with the name of a catalog: {method: methods, body: bodies}")
        parts, axes = Parts(), list[Axis]()
        for key, name in node.pairs:
            axis = parts.read(_Axis(key, self.catalogs), name)
            if axis is not None:
                axes.append(axis)
        parts.done()
        names = {axis.name for axis in axes}
        if names & set(SEQUENCE) and names != set(SEQUENCE):
            raise node.complain(f"the axes {join(sorted(names), 'and')}", f"all of {join(SEQUENCE, 'and')}, or none")
        return tuple(axes)

    def schema(self) -> Schema:
        names = (*SINGLE, *SEQUENCE)
        return {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": dict.fromkeys(names, Word("a catalog", pattern=ID).schema()),
        }


class _Axis:
    """One axis: ``key`` is its name, and what is read is the name of its catalog."""

    def __init__(self, key: Scalar, catalogs: MappingType[str, Catalog]) -> None:
        self.key, self.catalogs = key, catalogs

    def read(self, node: Node) -> Axis:
        name = Word("an axis", choices=(*SINGLE, *SEQUENCE)).read(self.key)
        about = "a file in catalog/, without .yaml" if self.catalogs else "a file in catalog/, where none is"
        catalog = Word(about, choices=tuple(self.catalogs)).read(node)
        found = self.catalogs[catalog]
        if found.of != CATALOG_OF[name]:
            raise node.complain(
                f"the catalog {catalog!r}, which is of {found.of}", f"one that is of {CATALOG_OF[name]}"
            )
        return Axis(name, catalog, found.values)

    def schema(self) -> Schema:
        return {}


class MatrixShape:
    """A matrix file. ``stem``: the name of the file; ``catalogs``: those that axes can name."""

    def __init__(self, stem: str, catalogs: MappingType[str, Catalog], clauses: MappingType[str, Clause]) -> None:
        self.stem, self.clauses = stem, clauses
        self.rules: dict[str, ListOf[Rule]] = {table: ListOf(_Rule(table, clauses), 1) for table in OUTCOMES}
        keys: dict[str, Shape[Any]] = {
            "about": Sentence("a sentence about the matrix"),
            "axes": _Axes(catalogs),
            "given": Record("what is given", {name: Given(name) for name in ARGUMENTS}),
            **self.rules,
        }
        self.record = Record("a matrix", keys, ("about", "axes"))

    def read(self, node: Node) -> Matrix:
        """Return the matrix, once its tables are known to be whole."""
        fields = self.record.read(node)
        axes: tuple[Axis, ...] = fields["axes"]
        names = {axis.name for axis in axes}
        is_sequence = bool(names & set(SEQUENCE))
        given = self._given(node, fields.get("given", {}), names, is_sequence=is_sequence)
        tables = {table: fields[table] for table in OUTCOMES if table in fields}
        _check_tables(node, tables, is_sequence=is_sequence)
        shown = {axis.name: axis.values for axis in axes} | {name: (value,) for name, value in given.items()}
        parts = Parts()
        for table, rules in tables.items():
            for complaint in _wrong_words(at(node, table), rules, shown):
                parts.refuse(complaint)
        parts.done()
        matrix = Matrix(
            f"matrix/{self.stem}", fields["about"], axes, given, tables, Source(node.file, node.line), _hash(node, axes)
        )
        if matrix.size > _LARGEST:
            raise at(node, "axes").complain(f"{matrix.size:,} combinations", f"at most {_LARGEST:,}")
        for complaint in _not_whole(node, matrix):
            parts.refuse(complaint)
        parts.done()
        return matrix

    def _given(
        self, node: Node, given: MappingType[str, Value], names: set[str], *, is_sequence: bool
    ) -> dict[str, Value]:
        if is_sequence:
            if given:
                raise at(node, "given").complain("given beside sequences", "the arguments in the catalogs of exchanges")
            return {}
        for name in given:
            if name in names:
                raise at(node, "given", name).complain(f"{name}, which is an axis", "what is no axis")
        found = {**DEFAULTS, **given}
        missing = [name for name in SINGLE if name not in names and name not in found]
        if missing:
            raise node.complain(f"a matrix without {join(missing, 'and')}", "an axis or a given value for each")
        return {name: found[name] for name in SINGLE if name not in names}

    def schema(self) -> Schema:
        """Return the schema of a matrix file."""
        return self.record.schema()


def _check_tables(node: Node, tables: MappingType[str, tuple[Rule, ...]], *, is_sequence: bool) -> None:
    """Complain about a table that is missing, or that does not belong to such a matrix."""
    wanted = [table for table in OUTCOMES if (table == "second") == is_sequence]
    what = "sequences" if is_sequence else "single requests"
    required = [table for table in wanted if OUTCOMES[table]]
    several = f"the table{'s' * (len(required) > 1)} {join(required, 'and')}"
    parts = Parts()
    for table in tables:
        if table not in wanted:
            parts.refuse(_key(node, table).complain(f"the table {table!r} of a matrix of {what}", several))
    for table in required:
        if table not in tables:
            parts.refuse(node.complain(f"a matrix of {what} without the table {table!r}", several))
    parts.done()


def _key(node: Node, name: str) -> Node:
    """Return where a key of a mapping stands."""
    assert isinstance(node, Mapping)
    return next(key for key, _ in node.pairs if key.value == name)


def schema() -> Schema:
    """Return the JSON Schema of a matrix file, generated from the shapes."""
    return document("wireproof matrix", MatrixShape("", {}, {}).schema())


def _hash(node: Node, axes: tuple[Axis, ...]) -> str:
    values = [(axis.name, [value.hash for value in axis.values]) for axis in axes]
    content = canonical(node.without("about") if isinstance(node, Mapping) else node)
    return hashlib.sha256(repr((content, values)).encode()).hexdigest()[:16]


def _wrong_words(node: Node, rules: tuple[Rule, ...], shown: MappingType[str, tuple[Value, ...]]) -> Iterator[Refused]:
    """Yield a complaint about each condition that asks for what no value has, and about ids that occur twice."""
    lines: dict[str, int] = {}
    for index, rule in enumerate(rules):
        if rule.id in lines:
            found = f"the rule {rule.id!r} twice (first in line {lines[rule.id]})"
            yield at(node, index, "rule").complain(found, "each id once in a table")
        lines.setdefault(rule.id, rule.source.line)
        for name, words in rule.when:
            place = at(node, index, "when", name)
            known = _known(rule.table, name, shown)
            if known is None:
                yield _key(at(node, index, "when"), name).complain(
                    f"the unknown attribute {name!r}", _attributes_of(shown, name)
                )
                continue
            for at_, word in enumerate(words):
                if word not in known:
                    listed = join([*known[:_LISTED], *(["…"] if len(known) > _LISTED else [])], "or")
                    wanted = f"a word that it can be: {listed}{hint(word, known)}"
                    part = at(place, at_) if isinstance(place, Sequence) else place
                    yield part.complain(f"the word {word!r} for {name}", wanted)


def _attributes_of(shown: MappingType[str, tuple[Value, ...]], name: str) -> str:
    """Return what is wanted instead of an attribute: those of its axis, or the axes."""
    axis = name.partition(".")[0]
    every = tuple(f"{each}.{word}" for each, values in shown.items() for word in values[0].attributes)
    own = [each for each in every if each.startswith(f"{axis}.")]
    if own:
        return f"an attribute of {axis}: {join(own, 'or')}{hint(name, every)}"
    return f"AXIS.ATTRIBUTE with an axis of this matrix: {join(list(shown), 'or')}{hint(name, every)}"


def _known(table: str, name: str, shown: MappingType[str, tuple[Value, ...]]) -> tuple[str, ...] | None:
    """Return the words that an attribute can be in this matrix; None where there is no such attribute."""
    axis, _, attribute = name.partition(".")
    if axis == "framing" and table in ("defects", "exercises"):
        return OUTCOMES["framing"].get(attribute)
    if axis not in shown or attribute not in WORDS.get(axis, {}):
        return None
    seen = (value.attributes[attribute] for value in shown[axis])
    return tuple(dict.fromkeys((*WORDS[axis][attribute], *seen)))


def _not_whole(node: Node, matrix: Matrix) -> Iterator[Refused]:
    """Yield a complaint about rules that no combination reaches, and tables that leave some undecided."""
    expansion = Expansion(matrix)
    decisions = expansion.decisions
    reported: set[str] = set()
    for indices, table in decisions.undecided:
        if table not in reported:
            reported.add(table)
            found = f"no rule of {table} for {expansion.id(expansion.number(indices))}"
            wanted = "a rule for every combination; one without when, at the end, takes all"
            yield at(node, table).complain(found, wanted)
    for rule, earlier in unreached(decisions) if not reported else ():
        index = next(at_ for at_, one in enumerate(matrix.tables[rule.table]) if one is rule)
        why = f", because {earlier.id!r} in line {earlier.source.line} takes them all" if earlier else ""
        place = at(node, rule.table, index)
        yield place.complain(
            f"the rule {rule.id!r}, which no combination reaches{why}", "rules that each decide something"
        )
