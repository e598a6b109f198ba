"""Matrices: catalogs multiplied, decided by tables, and expanded one combination at a time. Pure: no I/O."""

from wireproof._matrix._attributes import WORDS, attributes, encoded, field_lines, of_connection, of_exchange, of_steps
from wireproof._matrix._cover import Coverage, covering
from wireproof._matrix._decide import NOT_RAISED, OUTCOMES, Decision, Decisions, unreached
from wireproof._matrix._expand import (
    Expansion,
    automatic_lines,
    body_bytes,
    framing_lines,
    raised_name,
    request_line,
    taken_apart,
)
from wireproof._matrix._table import ARGUMENTS, SEQUENCE, SINGLE, Axis, Matrix, Rule, Value

__all__ = [
    "ARGUMENTS",
    "NOT_RAISED",
    "OUTCOMES",
    "SEQUENCE",
    "SINGLE",
    "WORDS",
    "Axis",
    "Coverage",
    "Decision",
    "Decisions",
    "Expansion",
    "Matrix",
    "Rule",
    "Value",
    "attributes",
    "automatic_lines",
    "body_bytes",
    "covering",
    "encoded",
    "field_lines",
    "framing_lines",
    "of_connection",
    "of_exchange",
    "of_steps",
    "raised_name",
    "request_line",
    "taken_apart",
    "unreached",
]
