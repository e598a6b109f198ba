"""Tests of the JSON Schemas: they accept what the readers accept, and refuse wrong keys and types."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from wireproof._cases import bundled_root, load_clauses, schema
from wireproof._cases._catalog import Catalog, CatalogShape
from wireproof._cases._catalog import schema as catalog_schema
from wireproof._cases._format import FileShape
from wireproof._cases._matrix_file import MatrixShape
from wireproof._cases._matrix_file import schema as matrix_schema
from wireproof._cases._nodes import Node, Refused, Scalar, Sequence, parse

FILES = sorted(path.relative_to(bundled_root()).as_posix() for path in bundled_root().glob("*/**/*.yaml"))
SCHEMAS = {"case": schema(), "catalog": catalog_schema(), "matrix": matrix_schema()}
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


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_valid(name: str) -> None:
    """Each schema is one of draft 2020-12, and every reference in it leads somewhere."""
    generated = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(generated)
    assert generated["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    references = set(re.findall(r"'\$ref': '#/\$defs/([^']*)'", str(generated)))
    assert references == set(generated["$defs"])


@pytest.mark.parametrize("name", FILES)
def test_bundled_files(name: str) -> None:
    """Its schema accepts every bundled file of cases, every catalog and every matrix."""
    node = parse((bundled_root() / name).read_text(encoding="utf-8"), Path(name).name)
    validator = jsonschema.Draft202012Validator(SCHEMAS.get(name.split("/", 1)[0], SCHEMAS["case"]))
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


# catalogs and matrices ---------------------------------------------------------------------------------------------


def catalog(of: str, value: str) -> str:
    """Write a catalog with one value."""
    return f'about: "x"\nof: {of}\nvalues:\n- {{id: a, about: "b"{value and ", "}{value}}}\n'


def matrix(**changes: str) -> str:
    """Write a matrix of which some keys are changed or added, or, where they are empty, left out."""
    keys = {
        "about": '"x"',
        "axes": "{body: bodies}",
        "given": '{method: "GET", url: "/"}',
        "errors": "[{rule: a, raises: nothing}]",
        "host": "[{rule: a, sends: connection}]",
        "accept-encoding": "[{rule: a, sends: identity}]",
        "framing": "[{rule: a, adds: nothing, body: raw, clauses: [body.none]}]",
        "defects": "[{rule: a, name: none}]",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return "".join(f"{name}: {value}\n" for name, value in keys.items() if value)


def agree(text: str) -> tuple[bool, bool]:
    """Say whether the reader and the schema accept a catalog, or else a matrix over a catalog of one body."""
    is_catalog = "of:" in text or "values:" in text
    node = parse(text, "f")
    validator = jsonschema.Draft202012Validator(SCHEMAS["catalog" if is_catalog else "matrix"])
    bodies = CatalogShape(CLAUSES).read(parse(catalog("body", ""), "g"))
    known: dict[str, Catalog] = {"bodies": bodies}
    try:
        _ = CatalogShape(CLAUSES).read(node) if is_catalog else MatrixShape("m", known, CLAUSES).read(node)
    except Refused:
        return False, validator.is_valid(plain(node))
    return True, validator.is_valid(plain(node))


@pytest.mark.parametrize(
    "text",
    [
        catalog("method", 'value: "GET"'),
        catalog("url", 'value: "", sends: "/", asks: [rfc.target-form]'),
        catalog("url", 'value: "http://a/", authority: ["a", {hex: "62"}]'),
        catalog("body", ""),
        catalog("body", 'value: {generator: ["a", {raise: OSError}]}, sends: ["a"], then: OSError'),
        catalog("body", 'value: {ctypes: {data: "ab", size: 2}}, sends: ["ab"], counts: [1]'),
        catalog("headers", 'value: [["a", {int: 1}]]'),
        catalog("headers", "value: null"),
        catalog("encode_chunked", "value: true"),
        catalog("connection", 'connection: {host: ipv6}, shows: "[::1]"'),
        catalog("exchange", 'request: {method: "GET"}, expect: {head: nothing, raises: ValueError}, leaves: ["a"]'),
        catalog("between", "steps: []"),
        catalog("between", "steps: [{reply: ok}, close]"),
        matrix(),
        matrix(host="[{rule: a, when: {headers.host: [given, absent], body.then: nothing}, sends: caller}]"),
        matrix(given='{method: "GET", url: "/", headers: [["a", "b"]], encode_chunked: false}'),
        matrix(errors="[{rule: a, raises: ValueError, sent: head}]"),
        matrix(defects="[{rule: a, when: {framing.body: raw}, name: item-count, body: counted}]"),
    ],
)
def test_accepted_catalogs(text: str) -> None:
    """What the readers of catalogs and matrices accept, the schemas accept."""
    assert agree(text) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        catalog("methods", 'value: "GET"'),
        catalog("method", ""),
        catalog("method", "value: 5"),
        catalog("method", 'value: "GET", sends: ["a"]'),
        catalog("method", 'value: "GET"').replace("id: a", "id: A"),
        catalog("method", 'value: "GET"').replace('about: "b", ', ""),
        catalog("method", 'value: "GET"').replace('about: "x"', 'about: ""'),
        catalog("method", 'value: "GET", asks: []'),
        catalog("method", 'value: "GET", asks: [rfc.h11, rfc.h11]'),
        'about: "x"\nof: method\nvalues: []\n',
        'about: "x"\nvalues: [{id: a, about: "b"}]\n',
        catalog("url", 'value: "/", sends: ["a", 1]'),
        catalog("url", 'value: "/", authority: "\\u20ac"'),
        catalog("body", 'value: "a", sends: "a"'),
        catalog("body", 'value: "a", sends: ["a"], counts: []'),
        catalog("body", 'value: "a", sends: ["a"], counts: ["1"]'),
        catalog("body", 'value: "a", then: error'),
        catalog("headers", 'value: [["a"]]'),
        catalog("connection", "connection: {host: ipv6}"),
        catalog("connection", 'connection: {host: ipv5}, shows: "a"'),
        catalog("exchange", 'request: {method: "GET"}'),
        catalog("exchange", 'request: {method: "GET"}, expect: {head: ["a"]}, leaves: []'),
        catalog("between", "steps: close"),
        catalog("between", "steps: [open]"),
        matrix(about=""),
        matrix(axes="{}"),
        matrix(axes="[body]"),
        matrix(axes="{bdy: bodies}"),
        matrix(given='{method: "GET", url: "/", connection: {}}'),
        matrix(framing="[]"),
        matrix(framing="[{rule: a, adds: nothing}]"),
        matrix(framing="[{rule: a, adds: lenght, body: raw}]"),
        matrix(framing="[{rule: a, adds: nothing, body: raw, when: {bdy.is: none}}]"),
        matrix(framing="[{rule: a, adds: nothing, body: raw, when: {body.is: []}}]"),
        matrix(framing="[{rule: a, adds: nothing, body: raw, when: body.is}]"),
        matrix(framing="[{rule: A, adds: nothing, body: raw}]"),
        matrix(framing="[{rule: a, adds: nothing, body: raw, clauses: [body.none, body.none]}]"),
        matrix(errors="[{rule: a, raises: value-error, sent: head}]"),
        matrix(defects="[{rule: a, name: item-cont, body: raw}]"),
        matrix(third="[{rule: a, name: none}]"),
    ],
)
def test_refused_catalogs(text: str) -> None:
    """Keys that are unknown or missing and values of a wrong type are refused by reader and schema."""
    assert agree(text) == (False, False)


def test_schemas_are_written() -> None:
    """The schemas beside the bundled cases are those that the readers' own shapes give."""
    for name, generated in (("catalog", SCHEMAS["catalog"]), ("matrix", SCHEMAS["matrix"])):
        assert json.loads((bundled_root() / f"{name}.schema.json").read_text(encoding="utf-8")) == generated
