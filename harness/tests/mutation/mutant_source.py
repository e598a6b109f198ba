"""A source file, its places and its mutants. Pure: text in, text out.

A *place* is a qualified name: ``HTTPConnection.send``, or ``<module>`` for what is in no function or class. An *edit*
replaces one stretch of the text; operators yield edits, whatever they are made with. A mutant is an edit that gives
another program than the original and than every mutant before it.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

MODULE = "<module>"
_AROUND = 24
"""So many characters are shown on each side of what an edit replaces."""
_SHOWN = 96
_Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Edit:
    """``text`` takes the place of the characters [start, end)."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one subject. ``change`` is for people, ``id`` and ``key`` tell it from all others: ``key`` without
    the numbers that change with every line that is added.
    """

    subject: str
    file: str
    place: str
    operator: str
    number: int
    line: int
    change: str
    edit: Edit

    @property
    def id(self) -> str:
        """What names the mutant in the results."""
        return f"{self.subject}:{self.file}:{self.place}:{self.operator}:{self.number}"

    @property
    def key(self) -> str:
        """What names the mutant in the file of equivalents."""
        return f"{self.operator}: {self.change}"


@dataclass(frozen=True, slots=True)
class Unit:
    """Some lines that can be parsed alone: a function, or a statement in no function. ``shift`` is the offset of the
    source that the first character of ``code`` would have.
    """

    code: str
    start: int
    end: int
    shift: int

    def without(self, edit: Edit) -> str:
        """Return the code with an edit of the source in it."""
        return self.code[: edit.start - self.shift] + edit.text + self.code[edit.end - self.shift :]


@dataclass(frozen=True, slots=True)
class _Scope:
    start: int
    end: int
    name: str


class Source:
    """A file of Python.

    Args:
        file: its name, for reports.
        text: what is in it.
    """

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.tree = ast.parse(text)
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._lines = text.splitlines(keepends=True)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends, decorators included."""
        first: ast.AST = node
        if isinstance(node, _Named) and node.decorator_list:
            first = node.decorator_list[0]
            return self._offset(first.lineno, first.col_offset) - 1, self._end(node)
        return self._offset(first.lineno, first.col_offset), self._end(node)  # type: ignore[attr-defined]

    def _end(self, node: ast.AST) -> int:
        return self._offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def _offset(self, line: int, column: int) -> int:
        """Return the offset of a place that ``ast`` names, whose columns are bytes of UTF-8."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def line(self, offset: int) -> int:
        """Return the number of the line at an offset, counted from 1."""
        return self.text.count("\n", 0, offset) + 1

    def of(self, node: ast.AST) -> str:
        """Return the text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    @cached_property
    def scopes(self) -> list[_Scope]:
        """The functions and classes, outermost first, with qualified names."""
        return list(self._scopes(self.tree, ""))

    def _scopes(self, node: ast.AST, prefix: str) -> Iterator[_Scope]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _Named):
                yield _Scope(*self.span(child), prefix + child.name)
                yield from self._scopes(child, f"{prefix}{child.name}.")
            else:
                yield from self._scopes(child, prefix)

    def place(self, edit: Edit) -> str:
        """Return the qualified name of the innermost function or class that an edit is in."""
        names = [scope.name for scope in self.scopes if scope.start <= edit.start and edit.end <= scope.end]
        return names[-1] if names else MODULE

    @cached_property
    def statements(self) -> list[tuple[int, int, str]]:
        """Each statement: where it begins and ends, and its first line without what is around it."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.stmt | ast.ExceptHandler):
                start, end = self.span(node)
                found.append((start, end, self.text[start:].split("\n", 1)[0].strip()))
        return found

    def around(self, edit: Edit) -> list[str]:
        """Return the first lines of all statements that an edit is in."""
        return [first for start, end, first in self.statements if start <= edit.start and edit.end <= end]

    @cached_property
    def units(self) -> list[Unit]:
        """All units, in order: together they are the whole file but for comments and the heads of classes."""
        return list(self._units(self.tree.body))

    def _units(self, body: Iterable[ast.stmt]) -> Iterator[Unit]:
        for node in body:
            if isinstance(node, ast.ClassDef):
                yield from self._units(node.body)
                continue
            start, end = self.span(node)
            begin = self.text.rfind("\n", 0, start) + 1
            wrap = "with _:\n" if self.text[begin:start] else ""
            if self.text[begin:start].strip() == "":
                yield Unit(wrap + self.text[begin:end] + "\n", start, end, begin - len(wrap))

    @cached_property
    def marked(self) -> dict[str, list[tuple[int, int]]]:
        """Stretches of the text that are of a kind which no request can reach, by the kind."""
        found: dict[str, list[tuple[int, int]]] = {"docstring": [], "annotation": [], "message": []}
        for node in ast.walk(self.tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and not isinstance(node, ast.If):
                found["docstring"] += [self.span(each) for each in body if _is_text(each)]
            for name in ("annotation", "returns"):
                if isinstance(note := getattr(node, name, None), ast.expr):
                    found["annotation"].append(self.span(note))
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                found["message"].append((self.span(node.exc.func)[1], self.span(node)[1]))
            if isinstance(node, ast.Assert) and node.msg is not None:
                found["message"].append(self.span(node.msg))
        return found

    def kinds(self, edit: Edit) -> set[str]:
        """Return the kinds of stretches that an edit is in."""
        return {
            kind
            for kind, spans in self.marked.items()
            if any(start <= edit.start and edit.end <= end for start, end in spans)
        }

    def mutated(self, edit: Edit) -> str:
        """Return the whole text with an edit in it."""
        return self.text[: edit.start] + edit.text + self.text[edit.end :]

    def change(self, edit: Edit) -> str:
        """Return what an edit changes, with a little of what is around it, in one line of ASCII."""
        stmts = [(start, end) for start, end, _ in self.statements if start <= edit.start and edit.end <= end]
        low, high = max(stmts, default=(edit.start, edit.end), key=lambda span: (span[0], -span[1]))
        low, high = max(low, edit.start - _AROUND), min(high, edit.end + _AROUND)
        before, after = self.text[low : edit.start], self.text[edit.end : high]
        return " → ".join(_line(before + old + after) for old in (self.text[edit.start : edit.end], edit.text))


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _line(text: str) -> str:
    one = re.sub(r"\s+", " ", text).strip()
    one = ascii(one)[1:-1].replace("\\\\", "\\").replace("\\'", "'")
    return one if len(one) <= _SHOWN else one[: _SHOWN - 1] + "…"


Operators = dict[str, Callable[[Source, Unit], Iterable[Edit]]]
"""What makes edits of a unit, by name."""


def mutants(
    subject: str, source: Source, operators: Operators, skip: Callable[[str], bool] = lambda place: False
) -> Iterator[Mutant]:
    """Yield every mutant of a file: those that are the same program as one before are left out.

    Args:
        subject: the name of the subject.
        source: the file.
        operators: those to apply, in this order.
        skip: says of which places nobody wants the mutants.
    """
    counts: Counter[tuple[str, str]] = Counter()
    changes: Counter[tuple[str, str, str]] = Counter()
    for unit in source.units:
        if skip(source.place(Edit(unit.start, unit.end, ""))):
            continue
        seen = {ast.dump(ast.parse(unit.code))}
        for operator, edits in operators.items():
            for edit in sorted(edits(source, unit), key=lambda each: (each.start, each.end)):
                if edit.start < unit.start:
                    continue
                try:
                    program = ast.dump(ast.parse(unit.without(edit)))
                except (SyntaxError, ValueError):
                    continue
                if program in seen:
                    continue
                seen.add(program)
                place = source.place(edit)
                change = source.change(edit)
                counts[place, operator] += 1
                changes[place, operator, change] += 1
                if (again := changes[place, operator, change]) > 1:
                    change += f" ({again})"
                line = source.line(edit.start)
                yield Mutant(subject, source.file, place, operator, counts[place, operator], line, change, edit)
