"""Operators of our own, for what cosmic-ray has none for. Each is one function: node → the texts that replace nodes."""

from __future__ import annotations

import ast
import copy
import re
import string
from collections.abc import Callable, Iterable, Iterator

from mutant_source import Edit, Operators, Source, Unit

Change = tuple[ast.AST | tuple[ast.AST, ast.AST], str]
"""A node, or what stands between the ends of two nodes, and the text that takes its place."""

_ATOMS = ast.Name | ast.Call | ast.Constant | ast.Attribute | ast.Subscript


def _written(node: ast.expr) -> str:
    """Return an expression as text that can stand anywhere."""
    text = ast.unparse(node)
    return text if isinstance(node, _ATOMS) else f"({text})"


def _without(node: ast.AST, field: str, index: int) -> ast.expr:
    changed = copy.deepcopy(node)
    del getattr(changed, field)[index]
    assert isinstance(changed, ast.expr)
    return changed


_SIMPLE = ast.Expr | ast.Assign | ast.AugAssign | ast.Return | ast.Raise | ast.Delete | ast.Continue


def statement_deleted(node: ast.AST) -> Iterator[Change]:
    """A simple statement does nothing; at the end of a function "return None" does nothing anyway."""
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return
    for child in (*body, *getattr(node, "orelse", ()), *getattr(node, "finalbody", ())):
        is_last = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and child is body[-1]
        if isinstance(child, _SIMPLE) and not (is_last and ast.unparse(child) in ("return", "return None")):
            yield child, "pass"


def condition_forced(node: ast.AST) -> Iterator[Change]:
    """A condition is always met, or never; but a loop is not made endless."""
    if isinstance(node, ast.If | ast.IfExp | ast.Assert):
        yield node.test, "True"
        yield node.test, "False"
    elif isinstance(node, ast.While):
        yield node.test, "False"
    elif isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield test, "True"


def term_dropped(node: ast.AST) -> Iterator[Change]:
    """One of the terms of "and", or of "or", is not there."""
    if isinstance(node, ast.BoolOp):
        for index in range(len(node.values)):
            rest = [value for at, value in enumerate(node.values) if at != index]
            yield node, _written(rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))


def membership_inverted(node: ast.AST) -> Iterator[Change]:
    """What was to be in something must not be in it, and the other way round."""
    inverse: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.In: ast.NotIn, ast.NotIn: ast.In}
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in inverse:
        yield node, _written(ast.Compare(node.left, [inverse[type(node.ops[0])]()], node.comparators))


def argument_dropped(node: ast.AST) -> Iterator[Change]:
    """A call lacks one of several arguments; without its only one it would hardly ever work at all."""
    if isinstance(node, ast.Call) and len(node.args) + len(node.keywords) > 1:
        for field in ("args", "keywords"):
            for index in range(len(getattr(node, field))):
                rest = _without(node, field, index)
                assert isinstance(rest, ast.Call)
                rest.func = ast.Name("_")
                yield (node.func, node), ast.unparse(rest)[1:]


def default_changed(node: ast.AST) -> Iterator[Change]:
    """A parameter has another default."""
    if isinstance(node, ast.arguments):
        for default in (*node.defaults, *node.kw_defaults):
            if isinstance(default, ast.Constant) and default.value is None:
                yield default, "0"
            elif isinstance(default, ast.Dict | ast.Attribute):
                yield default, "None"


def return_none(node: ast.AST) -> Iterator[Change]:
    """A function returns None, or yields it."""
    if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
        yield node.value, "None"


def slice_bound_dropped(node: ast.AST) -> Iterator[Change]:
    """A slice has no lower, or no upper bound."""
    if isinstance(node, ast.Slice):
        for field in ("lower", "upper"):
            if getattr(node, field) is not None:
                changed = copy.deepcopy(node)
                setattr(changed, field, None)
                yield node, ast.unparse(changed)


_OTHER_METHODS = {
    "lower": "upper",
    "upper": "lower",
    "startswith": "endswith",
    "endswith": "startswith",
    "rfind": "find",
    "find": "rfind",
    "partition": "rpartition",
    "rpartition": "partition",
    "fullmatch": "match",
    "match": "search",
    "search": "match",
    "rstrip": "lstrip",
    "nbytes": "itemsize",
    "netloc": "hostname",
    "c_contiguous": "f_contiguous",
    "sendall": "send",
    "extend": "append",
}


def method_swapped(node: ast.AST) -> Iterator[Change]:
    """Another method, or attribute, of much the same name."""
    if isinstance(node, ast.Attribute) and node.attr in _OTHER_METHODS:
        yield node, ast.unparse(ast.Attribute(node.value, _OTHER_METHODS[node.attr], node.ctx))


_TEXT_METHODS = {"lower", "upper", "strip", "rstrip", "title", "encode", "decode"}
_CONVERSIONS = {"str", "bool", "int", "list", "iter", "frozenset", "bytes", "repr", "memoryview"}


def method_dropped(node: ast.AST) -> Iterator[Change]:
    """A method that changes text is not called, nor a function that converts its argument."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in _TEXT_METHODS:
            yield node, _written(value)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _CONVERSIONS:
            yield node, _written(argument)


_ENCODINGS = {
    "ascii": ("latin-1",),
    "latin-1": ("ascii", "utf-8", "cp1252"),
    "iso-8859-1": ("ascii", "utf-8", "cp1252", "iso-8859-15"),
    "idna": ("utf-8", "punycode"),
}


def encoding_swapped(node: ast.AST) -> Iterator[Change]:
    """Text is encoded in another way."""
    if isinstance(node, ast.Call):
        for argument in node.args:
            if isinstance(argument, ast.Constant) and argument.value in _ENCODINGS:
                for other in _ENCODINGS[argument.value]:
                    yield argument, repr(other)


def errors_ignored(node: ast.AST) -> Iterator[Change]:
    """What cannot be encoded is replaced."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "encode":
        changed = copy.deepcopy(node)
        changed.args = [*(changed.args or [ast.Constant("utf-8")]), ast.Constant("replace")]
        yield node, ast.unparse(changed)


def exception_swapped(node: ast.AST) -> Iterator[Change]:
    """Another exception is raised."""
    if isinstance(node, ast.Raise) and node.exc is not None:
        yield node.exc.func if isinstance(node.exc, ast.Call) else node.exc, "RuntimeError"


def element_dropped(node: ast.AST) -> Iterator[Change]:
    """A tuple, list or set lacks one of its elements."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        for index in range(len(node.elts)):
            changed = _without(node, "elts", index)
            yield node, ast.unparse(changed) if changed.elts else "set()"  # type: ignore[attr-defined]


def operand_dropped(node: ast.AST) -> Iterator[Change]:
    """A sum lacks one of its terms; what is added takes the place of what was there."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield node, _written(node.left)
        yield node, _written(node.right)
    elif isinstance(node, ast.AugAssign):
        yield node, ast.unparse(ast.Assign([node.target], node.value, lineno=0))


def constant_changed(node: ast.AST) -> Iterator[Change]:
    """Text or bytes are empty, lack their first or their last character, or have letters of the other case.

    Regular expressions have an operator of their own.
    """
    if _is_pattern(node) or isinstance(node, ast.JoinedStr):
        return
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Constant(value=str() | bytes() as text) if text not in _ENCODINGS:  # another operator swaps them
                for value in _changed(text):
                    yield child, repr(value)


def _is_pattern(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "compile"


def _changed(value: str | bytes) -> Iterable[str | bytes]:
    return [other for other in (value[:0], value[1:], value[:-1], value.swapcase()) if other != value] or ["x"]


def format_changed(node: ast.AST) -> Iterator[Change]:
    """A constant part of a formatted text is changed, or a format."""
    if not isinstance(node, ast.JoinedStr):
        return
    for index, part in enumerate(node.values):
        if isinstance(part, ast.Constant):
            for value in _changed(str(part.value)):
                yield node, _formatted(node, index, ast.Constant(value))
        elif isinstance(part, ast.FormattedValue) and isinstance(part.format_spec, ast.JoinedStr):
            (spec,) = part.format_spec.values
            assert isinstance(spec, ast.Constant)
            for value in _changed(str(spec.value)):
                other = ast.FormattedValue(part.value, part.conversion, ast.JoinedStr([ast.Constant(value)]))
                yield node, _formatted(node, index, other)


def _formatted(node: ast.JoinedStr, index: int, part: ast.expr) -> str:
    return ast.unparse(ast.JoinedStr([part if at == index else each for at, each in enumerate(node.values)]))


_TOKEN = re.compile(r"\\x[0-9a-f]{2}|\\.|.", re.DOTALL)


def pattern_changed(node: ast.AST) -> Iterator[Change]:
    """A regular expression lacks one character, or the end of a range is one further or nearer."""
    if not isinstance(node, ast.Call) or not _is_pattern(node):
        return
    for argument in node.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str | bytes):
            for value in dict.fromkeys(_patterns(argument.value)):
                try:
                    re.compile(value)
                except re.error:
                    continue
                yield argument, repr(value)


def _patterns(value: str | bytes) -> Iterator[str | bytes]:
    text = value if isinstance(value, str) else value.decode("latin-1")
    tokens = _TOKEN.findall(text)
    for index, token in enumerate(tokens):
        others = [""]
        if len(token) == 1 and (token not in string.printable or token == " ") and token != "\0":
            others += [chr(ord(token) - 1), chr(ord(token) + 1)]
        for other in others:
            changed = "".join((*tokens[:index], other, *tokens[index + 1 :]))
            yield changed if isinstance(value, str) else changed.encode("latin-1")


_OWN: tuple[Callable[[ast.AST], Iterator[Change]], ...] = (
    statement_deleted,
    condition_forced,
    term_dropped,
    membership_inverted,
    argument_dropped,
    default_changed,
    return_none,
    slice_bound_dropped,
    method_swapped,
    method_dropped,
    encoding_swapped,
    errors_ignored,
    exception_swapped,
    element_dropped,
    operand_dropped,
    pattern_changed,
    constant_changed,
    format_changed,
)


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes whose place is known: those within a formatted text have none of their own in Python 3.11."""
    yield node
    if not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _nodes(child)


def _edits(operator: Callable[[ast.AST], Iterator[Change]]) -> Callable[[Source, Unit], Iterator[Edit]]:
    def edits(source: Source, unit: Unit) -> Iterator[Edit]:
        for node in _nodes(_node_of(source, unit)):
            for changed, text in operator(node):
                first, last = changed if isinstance(changed, tuple) else (changed, changed)
                start, end = source.span(first)[changed is not first], source.span(last)[1]
                yield Edit(start, end, text)

    return edits


def _node_of(source: Source, unit: Unit) -> ast.AST:
    return next(
        node for node in ast.walk(source.tree) if isinstance(node, ast.stmt) and source.span(node)[0] == unit.start
    )


OWN: Operators = {operator.__name__.replace("_", "-"): _edits(operator) for operator in _OWN}
"""Our operators, by name."""
