"""Tests of the JSON Schema of case files: it accepts what the reader accepts, and refuses wrong keys and types."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from wireproof._cases import bundled_root, load_clauses, schema
from wireproof._cases._format import FileShape
from wireproof._cases._nodes import Node, Refused, Scalar, Sequence, parse

FILES = sorted(path.relative_to(bundled_root()).as_posix() for path in bundled_root().glob("*/**/*.yaml"))
CLAUSES = load_clauses(bundled_root() / "clauses.yaml")
_CONSTANTS = {"null": None, "true": True, "false": False, "": None}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """Make a validator of the generated schema."""
    return jsonschema.Draft202012Validator(schema())


def plain(node: Node) -> Any:
    """Return the node as an editor sees it, with the types of YAML 1.2."""
    if isinstance(node, Scalar):
        if not node.quoted and node.value in _CONSTANTS:
            return _CONSTANTS[node.value]
        return int(node.value) if not node.quoted and re.fullmatch("-?[0-9]+", node.value) else node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key.value: plain(value) for key, value in node.pairs}


def case(**changes: str) -> str:
    """Write a file with one case of which some keys are changed or added."""
    keys = {
        "name": "a",
        "about": '"b"',
        "clauses": "[body.none]",
        "request": '{method: "GET", url: "/"}',
        "expect": '{head: ["GET / HTTP/1.1"]}',
        **changes,
    }
    return f'about: "x"\ncases:\n- {{{", ".join(f"{name}: {value}" for name, value in keys.items())}}}\n'


def body(text: str) -> str:
    """Write a case with a body."""
    return case(request=f'{{method: "GET", url: "/", body: {text}}}')


def is_accepted(text: str, validator: jsonschema.Draft202012Validator) -> tuple[bool, bool]:
    """Say whether the reader and the schema accept a file."""
    node = parse(text, "f")
    try:
        FileShape("p", CLAUSES).read(node)
    except Refused:
        return False, validator.is_valid(plain(node))
    return True, validator.is_valid(plain(node))


def test_schema_is_valid() -> None:
    """The schema is one of draft 2020-12, and every reference in it leads somewhere."""
    generated = schema()
    jsonschema.Draft202012Validator.check_schema(generated)
    assert generated["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    references = set(re.findall(r"'\$ref': '#/\$defs/([^']*)'", str(generated)))
    assert references == set(generated["$defs"])


@pytest.mark.parametrize("name", FILES)
def test_bundled_files(name: str, validator: jsonschema.Draft202012Validator) -> None:
    """The schema accepts every bundled file of cases."""
    node = parse((bundled_root() / name).read_text(encoding="utf-8"), Path(name).name)
    assert [error.message for error in validator.iter_errors(plain(node))] == []


@pytest.mark.parametrize(
    "text",
    [
        case(),
        case(name="a.b-1", since='"0.2.0"', threads="true", observes="[streaming]", asked="[rfc.empty]"),
        case(connection='{host: name, name: "a", port: str, arguments: {blocksize: {int: 16}}}', server="{late: true}"),
        case(request="{headers: [], body: {dict: []}, passed: keywords, unknown: false}"),
        case(request='{headers: [["a", {int: 1}]], encode_chunked: "yes"}'),
        case(request='{headers: {message: [["a", null]]}}'),
        case(request="{headers: {list: []}}"),
        case(expect="{head: nothing, raises: ValueError}"),
        case(expect='{head: [["a", {hex: "00"}]], body: ["a", {repeat: [["a", {base64: "AA=="}], 2]}], at-least: 1}'),
        case(expect=f'{{head: ["a"], body: {{sha256: "{"0" * 64}", length: 1}}}}'),
        case(alternatives='[{layer: contract, expect: {head: ["b"]}}, {odd: "c", expect: {head: ["d"]}}]'),
        case(alternatives='[{probe: blocksize, is: absent, expect: {head: ["b"], effects: {headers: changed}}}]'),
        body("null"),
        body('"\\u20ac"'),
        body('{surrogate: "D800"}'),
        body('{str: ["a", {surrogate: "D800"}]}'),
        body('{bytes: {data: {hex: "00"}}}'),
        body('{generator: ["a", null, {raise: OSError}, {bytes: "b"}, {list: ["c"]}, {repeat: ["d", 2]}]}'),
        body('{text-reader: {reads: ["\\u20ac", {surrogate: "D800"}, {raise: OSError}]}}'),
        body('{memoryview: {data: "ab", slice: [null, 1]}}'),
        body("{object: {}}"),
    ],
)
def test_accepted(text: str, validator: jsonschema.Draft202012Validator) -> None:
    """What the reader accepts, the schema accepts."""
    assert is_accepted(text, validator) == (True, True)


def test_accepted_steps(validator: jsonschema.Draft202012Validator) -> None:
    """The schema accepts steps of every kind."""
    text = """\
about: "x"
cases:
- name: a
  about: "b"
  clauses: [body.none]
  steps:
  - request: {}
    on: b
    expect: {head: ["a"], effects: {headers: unchanged}}
  - {reply: ok, on: b}
  - close: b
  - close
"""
    assert is_accepted(text, validator) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        '"x"',
        "[]",
        "{}",
        'about: "x"\ncases: []',
        'about: "x"\ncases: {}',
        'about: ""\ncases: [{}]',
        case().replace("cases:", "caes:"),
        case(nmae="a"),
        case(name="A"),
        case(name="[a]"),
        case(about="[]"),
        case(clauses="body.none"),
        case(clauses="[]"),
        case(clauses="[body.none, body.none]"),
        case(clauses='["a b"]'),
        case(threads="yes"),
        case(observes="[all]"),
        case(connection="{hots: ipv4}"),
        case(connection="{host: ipv5}"),
        case(connection="{arguments: {blksize: null}}"),
        case(server="{late: 1}"),
        case(server="{hangs-up-after: 0}"),
        case(steps="close"),
        case(steps="[close]"),
        case(steps="[close, open]"),
        case(steps="[close, {clsoe: a}]"),
        case(steps="[close, {reply: yes}]"),
        case(request='{methd: "GET"}'),
        case(request="{passed: by-name}"),
        case(request='{headers: [["a"]]}'),
        case(request='{headers: [["a", "b", "c"]]}'),
        case(request='{headers: ["a"]}'),
        case(expect="{}"),
        case(expect="{head: none}"),
        case(expect="{head: []}"),
        case(expect="{head: [1]}"),
        case(expect='{head: ["\\u20ac"]}'),
        case(expect='{head: ["a"], body: 1}'),
        case(expect='{head: ["a"], body: {length: 1}}'),
        case(expect='{head: ["a"], body: {sha256: "0", length: 1}}'),
        case(expect='{head: ["a"], at-least: 0}'),
        case(expect='{head: ["a"], raises: value}'),
        case(expect='{head: ["a"], effects: {body.pos: 1}}'),
        case(expect='{head: ["a"], effects: {headers: true}}'),
        case(expect='{head: ["a"], effects: {body.reads: ["1"]}}'),
        case(alternatives="[]"),
        case(alternatives="[{layer: contract}]"),
        case(alternatives='[{layer: rfc, expect: {head: ["b"]}}]'),
        case(alternatives='[{probe: nothing, is: absent, expect: {head: ["b"]}}]'),
        case(alternatives='[{defect: nothing, expect: {head: ["b"]}}]'),
        body("5"),
        body('["a"]'),
        body("{}"),
        body('{bytes: "a", str: "a"}'),
        body('{strr: "a"}'),
        body('{hex: "00"}'),
        body('{bytes: {hex: "0"}}'),
        body('{bytes: {hex: "00", repeat: ["a", 1]}}'),
        body('{bytes: {base64: "*"}}'),
        body('{bytes: {surrogate: "D800"}}'),
        body('{bytes: "\\u20ac"}'),
        body('{surrogate: "0041"}'),
        body('{repeat: ["a", 0]}'),
        body('{repeat: ["a", 1, 2]}'),
        body('{repeat: "a"}'),
        body('{int: "5"}'),
        body("{int: 10000000000000}"),
        body("{bool: 1}"),
        body('{none: "x"}'),
        body('{bytes-with-read: "a"}'),
        body('{bytes-with-read: {data: "a"}}'),
        body('{bytesio: {data: "a", pos: 1}}'),
        body("{raise: OSError}"),
        body("{generator: [{raise: Foo}]}"),
        body("{generator: [1]}"),
        body('{dict: [["a", {raise: OSError}]]}'),
        body('{text-reader: [{hex: "00"}]}'),
    ],
)
def test_refused(text: str, validator: jsonschema.Draft202012Validator) -> None:
    """Keys that are unknown or missing and values of a wrong type are refused by the reader and by the schema."""
    assert is_accepted(text, validator) == (False, False)


def test_descriptions() -> None:
    """An editor can say what each kind of value is."""
    kinds = schema()["$defs"]["recipe"]["properties"]
    assert kinds["bytesio"]["description"] == "an io.BytesIO at `position`"
    assert "raise" not in kinds
