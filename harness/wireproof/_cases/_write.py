"""Cases → the text of a case file, which ``load`` reads back as equal cases.

Rules of this file: one notation for each value, the shortest that the format has; what repeats itself is written as a
repeat; what fits a line stands on one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wireproof._model import (
    Alternative,
    Blocks,
    Case,
    Connection,
    Digest,
    Expect,
    Recipe,
    Request,
    ServerPlan,
    Step,
)
from wireproof._recipes import KINDS, FieldType

_WIDTH = 140
_REPEATED = re.compile(r"(.{1,64}?)\1{7,}", re.DOTALL)
_LONG = 64
_MANY = 12
_SURROGATE = re.compile("([\ud800-\udfff])")
_ESCAPES = {"\r": "\\r", "\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


class _Word(str):
    """A word that is written bare."""


_Written = str | int | bool | None | list["_Written"] | dict[str, "_Written"]
"""What is written: text, words, numbers, lists and mappings."""


def write(about: str, cases: Sequence[Case]) -> str:
    """Return the text of a case file.

    Args:
        about: a sentence about the file.
        cases: its cases; of an id only what stands behind the last slash is written.
    """
    lines = [f"about: {_text(about)}", "cases:"]
    for case in cases:
        lines += _block(_case(case), "  ", "- ")
    return "\n".join(lines) + "\n"


# values → what is written --------------------------------------------------------------------------------------


def _case(case: Case) -> dict[str, _Written]:
    written: dict[str, _Written] = {
        "name": _Word(case.id.rpartition("/")[2]),
        "about": case.about,
        "clauses": [*map(_Word, case.clauses)],
        "connection": _connection(case.connection),
        "server": _server(case.server),
        "threads": case.threads or {},
        "observes": [*map(_Word, case.observes)],
        "asked": [*map(_Word, case.asked)],
    }
    written = {key: value for key, value in written.items() if value not in ([], {})}
    (first, *others) = case.steps
    written |= _step(first) if not others and first.on == "a" else {"steps": [_step(step) for step in case.steps]}
    return written | ({} if case.since == "0.1.0" else {"since": case.since})


def _connection(connection: Connection) -> dict[str, _Written]:
    arguments: _Written = {name: _recipe(recipe) for name, recipe in connection.arguments}
    written: dict[str, _Written] = {"host": _Word(connection.host), "name": connection.name}
    written |= {"port": _Word(connection.port), "arguments": arguments}
    unsaid: tuple[_Written, ...] = ("ipv4", "", "int", {})
    return {key: value for (key, value), none in zip(written.items(), unsaid, strict=True) if value != none}


def _server(server: ServerPlan) -> dict[str, _Written]:
    late: dict[str, _Written] = {"late": True} if server.late else {}
    return late if server.hangs_up_after is None else {**late, "hangs-up-after": server.hangs_up_after}


def _step(step: Step) -> dict[str, _Written]:
    if step.action == "close":
        return {"close": _Word(step.on)}
    on: dict[str, _Written] = {} if step.on == "a" else {"on": _Word(step.on)}
    if step.action == "reply":
        return {"reply": _Word(step.reply), **on}
    assert step.request is not None
    assert step.expect is not None
    written: dict[str, _Written] = {**on, "request": _request(step.request), "expect": _expect(step.expect)}
    if step.alternatives:
        written["alternatives"] = [_alternative(each) for each in step.alternatives]
    return written


def _request(request: Request) -> dict[str, _Written]:
    written = {name: _headers(recipe) if name == "headers" else _recipe(recipe) for name, recipe in request.arguments}
    return written if request.passed == "usual" else {**written, "passed": _Word(request.passed)}


def _alternative(alternative: Alternative) -> dict[str, _Written]:
    name = alternative.name if alternative.kind == "odd" else _Word(alternative.name)
    value: dict[str, _Written] = {"is": _Word(alternative.value)} if alternative.kind == "probe" else {}
    return {alternative.kind: name, **value, "expect": _expect(alternative.expect)}


def _expect(expect: Expect) -> dict[str, _Written]:
    head: _Written = _Word("nothing") if expect.head is None else [_run(line) for line in expect.head]
    written: dict[str, _Written] = {"head": head}
    if expect.body:
        written["body"] = _body(expect.body)
    if expect.at_least is not None:
        written["at-least"] = expect.at_least
    if expect.raises is not None:
        written["raises"] = _Word(expect.raises)
    if expect.effects:
        written["effects"] = {name: _effect(value) for name, value in expect.effects.items()}
    return {**written, "reconnects": True} if expect.reconnects else written


def _effect(value: object) -> _Written:
    if isinstance(value, tuple | list):
        return [_effect(each) for each in value]
    assert value is None or isinstance(value, str | int)
    return _Word(value) if isinstance(value, str) else value


def _body(body: bytes | Digest | Blocks) -> _Written:
    if isinstance(body, bytes):
        return _data(body)
    if isinstance(body, Digest):
        return {"sha256": body.sha256, "length": body.length}
    end: dict[str, _Written] = {"end": _data(body.end)} if body.end else {}
    return {"blocks": {"data": _data(body.data), "count": body.count, **end}}


# recipes -------------------------------------------------------------------------------------------------------


def _headers(recipe: Recipe) -> _Written:
    return _field("pairs", recipe.fields["items"]) if recipe.kind == "dict" else _recipe(recipe)


def _recipe(recipe: Recipe, bare: str = "str") -> _Written:
    """Return how a recipe is written where bare text is of the kind ``bare``."""
    kind = KINDS[recipe.kind]
    fields = {name: _field(type_, recipe.fields[name]) for name, type_ in kind.fields if name in recipe.fields}
    if recipe.kind == "none":
        return None
    if recipe.kind == "bool":
        return fields["value"]
    main = fields.get(kind.main or "")
    if recipe.kind == bare and not isinstance(main, list):
        return main
    return {recipe.kind: main if len(fields) == 1 and not isinstance(main, type(None)) else fields}


def _field(type_: FieldType, value: object) -> _Written:
    if type_ in ("data", "text"):
        assert isinstance(value, str | bytes)
        return _data(value) if isinstance(value, bytes) else _run(value)
    if isinstance(value, tuple):
        if type_ == "pairs":
            return [[_recipe(name), _recipe(item)] for name, item in value]
        if type_ == "ints":
            return [*value]
        return [_recipe(piece, "str" if type_ == "chars" else "bytes") for piece in value]
    assert isinstance(value, str | int)
    return _Word(value) if isinstance(value, str) else value


def _data(data: bytes) -> _Written:
    return _run(data.decode("latin-1"))


def _run(text: str) -> _Written:
    """Return text in parts, where some of it repeats itself or cannot be held by YAML."""
    parts = [*_parts(text)]
    return parts[0] if len(parts) == 1 else parts or ""


def _parts(text: str) -> Iterator[_Written]:
    position = 0
    for found in _REPEATED.finditer(text) if len(text) > _LONG else ():
        if found.end() - found.start() > _LONG:
            yield from _characters(text[position : found.start()])
            unit = [*_characters(found[1])]
            yield {"repeat": [unit[0] if len(unit) == 1 else unit, len(found[0]) // len(found[1])]}
            position = found.end()
    yield from _characters(text[position:])


def _characters(text: str) -> Iterator[_Written]:
    for part in _SURROGATE.split(text):
        if _SURROGATE.fullmatch(part):
            yield {"surrogate": f"{ord(part):04X}"}
        elif part:
            yield part


# what is written → YAML ------------------------------------------------------------------------------------------


def _block(value: dict[str, _Written], indent: str, first: str = "") -> Iterator[str]:
    """Yield the lines of a mapping; what is too long for a line stands below its key."""
    for number, (key, item) in enumerate(value.items()):
        start = f"{indent[: len(indent) - len(first)]}{first}" if number == 0 else indent
        line = f"{start}{key}: {_flow(item)}"
        if len(line) <= _WIDTH or not isinstance(item, list | dict) or not item:
            yield line
        elif isinstance(item, dict):
            yield f"{start}{key}:"
            yield from _block(item, f"{indent}  ")
        elif len(item) > _MANY and not any(isinstance(each, list | dict) for each in item):
            yield f"{start}{key}:"
            yield from _wrapped(item, f"{indent}  ")
        else:
            yield f"{start}{key}:"
            for each in item:
                yield from _item(each, f"{indent}  ")


def _wrapped(items: list[_Written], indent: str) -> Iterator[str]:
    """Yield the lines of a long list of scalars, as many on a line as fit."""
    line = f"{indent}["
    for number, item in enumerate(items):
        word = f"{_flow(item)}{']' if number == len(items) - 1 else ','}"
        if len(line) + len(word) > _WIDTH and not line.endswith("["):
            yield line.rstrip()
            line = f"{indent} "
        line += f"{word} "
    yield line.rstrip()


def _item(value: _Written, indent: str) -> Iterator[str]:
    line = f"{indent[:-2]}- {_flow(value)}"
    if len(line) <= _WIDTH or not isinstance(value, dict) or not value:
        yield line
    else:
        yield from _block(value, indent, "- ")


def _flow(value: _Written) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int):
        return "null" if value is None else str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(item)}' for key, item in value.items())}}}"
    return str(value) if isinstance(value, _Word) else _text(value)


def _text(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if " " <= char <= "~":
        return char
    number = ord(char)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
