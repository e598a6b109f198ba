"""Matrices as values: axes, their values, and the rules that decide.

A matrix multiplies its axes. What is expected of a combination is decided by ordered tables: in each table the first
rule whose conditions hold is the one that counts. Conditions are asked of *attributes*, plain words that are computed
from one value (see ``_attributes``), so that a rule never sees more of a combination than its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wireproof._model import Connection, Expect, Recipe, Request, Source, Step

ARGUMENTS = ("method", "url", "body", "headers", "encode_chunked")
"""The axes that are arguments of the call."""

SINGLE = (*ARGUMENTS, "connection")
"""The axes that a matrix of single requests can have."""

SEQUENCE = ("first", "between", "second")
"""The axes of a matrix of sequences: all of them."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an axis, with what the catalog says it puts on the wire.

    Args:
        id: unique in its catalog.
        recipe: the argument; None where the argument is not passed.
        attributes: what rules may ask, by name (without the axis).
        sends: of a body, its pieces; of a method or a url, the one text; of headers, the field lines without CRLF.
        counts: of a body with items of several bytes, the number of items of each piece; else ().
        then: the exception that a body ends in once its pieces are out, or "".
        shows: what Host shows: of a connection, its address; of an absolute url, its authority; else "".
        asks: the RFC's rules that the value may break on the caller's behalf.
        connection: of the axis connection, how the connection object is made.
        request, expect, leaves: of the axes first and second, one exchange, and the lines of a head that failed.
        steps: of the axis between, what is done.
    """

    id: str
    about: str
    source: Source
    hash: str
    recipe: Recipe | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    sends: tuple[bytes, ...] = ()
    counts: tuple[int, ...] = ()
    then: str = ""
    shows: str = ""
    asks: tuple[str, ...] = ()
    connection: Connection | None = None
    request: Request | None = None
    expect: Expect | None = None
    leaves: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its name, the catalog that its values come from, and the values in order."""

    name: str
    catalog: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table: an id, the conditions that must all hold, what follows, and the clauses that say so.

    ``when`` has pairs of an attribute ("body.is") and the words of which one must be its value.
    """

    table: str
    id: str
    when: tuple[tuple[str, tuple[str, ...]], ...]
    outcome: Mapping[str, str]
    clauses: tuple[str, ...]
    source: Source

    @property
    def name(self) -> str:
        """The table and the rule."""
        return f"{self.table}/{self.id}"

    def __str__(self) -> str:
        asked = ", ".join(f"{name} is {' or '.join(words)}" for name, words in self.when) or "anything else"
        given = ", ".join(f"{name}: {word}" for name, word in self.outcome.items())
        return f"{self.name}: {asked} → {given} ({self.source.file}:{self.source.line})"


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix: its axes in the order of its file, what is the same in all combinations, and its tables.

    ``id`` is "matrix/" and the name of the file. ``given`` holds one value for each axis of ``SINGLE`` that is none
    here.
    """

    id: str
    about: str
    axes: tuple[Axis, ...]
    given: Mapping[str, Value]
    tables: Mapping[str, tuple[Rule, ...]]
    source: Source
    hash: str

    @property
    def size(self) -> int:
        """How many combinations there are."""
        size = 1
        for axis in self.axes:
            size *= len(axis.values)
        return size

    @property
    def is_sequence(self) -> bool:
        """Whether its combinations are sequences of requests on one connection."""
        return self.axes[0].name in SEQUENCE
