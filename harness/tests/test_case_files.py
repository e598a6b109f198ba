"""Guards over the bundled cases: what is written, that nothing is missing, and that the manual says the same."""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Iterator

import pytest

from wireproof._candidates import _servers
from wireproof._cases import PROBES, REPLIES, CaseSet, bundled_root, fill, load, schema
from wireproof._cases._format import FileShape
from wireproof._cases._manual import TABLES
from wireproof._cases._nodes import parse
from wireproof._cases._vocabulary import DEFECTS, EFFECTS, OBSERVABLE, QUESTIONS
from wireproof._judge import CODES, examine
from wireproof._model import Recipe
from wireproof._recipes import KINDS
from wireproof.drivers import python_driver

LEAST = 850
"""So many cases there are at least; to be raised with them, so that none can vanish unseen."""

LEAST_IN = {
    "automatic-headers": 65,
    "body-bytes-like": 70,
    "body-file": 115,
    "body-iterable": 70,
    "body-str": 40,
    "effects": 40,
    "encode-chunked": 70,
    "errors": 95,
    "framing": 100,
    "headers": 60,
    "request-line": 45,
    "sequences": 85,
}
"""So many there are in each folder."""


@pytest.fixture(scope="module")
def found() -> CaseSet:
    """Read the bundled cases, once."""
    return load()


def recipes(value: object) -> Iterator[Recipe]:
    """Yield the recipes in a value, those inside of others, too."""
    if isinstance(value, Recipe):
        yield value
        value = tuple(value.fields.values())
    if isinstance(value, tuple):
        for part in value:
            yield from recipes(part)


def test_number_of_cases(found: CaseSet) -> None:
    """No case vanishes unseen: there are as many as there were, in all and in each folder."""
    counts = collections.Counter(case.folder for case in found.cases)
    assert len(found.cases) >= LEAST
    assert {folder for folder, least in LEAST_IN.items() if counts[folder] < least} == set()
    assert set(counts) == set(LEAST_IN)


def test_ids(found: CaseSet) -> None:
    """No two cases have the same id."""
    counts = collections.Counter(case.id for case in found.cases)
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_clause_has_two_cases(found: CaseSet) -> None:
    """Every clause that can be tested is exercised by two cases at least."""
    counts = collections.Counter(clause for case in found.cases for clause in {*case.clauses, *case.asked})
    tested = [clause.id for clause in found.clauses.values() if clause.excluded is None]
    assert {clause: counts[clause] for clause in tested if counts[clause] < 2} == {}


def test_every_sentence_is_covered(found: CaseSet) -> None:
    """Each of the contract's 22 sentences has a clause, or the reason why there is nothing to test."""
    numbers = {number for clause in found.clauses.values() for number in clause.sentences}
    assert numbers == set(range(1, 23))


def test_clauses_of_each_level(found: CaseSet) -> None:
    """Documented clauses cite sentences and no others do; the RFC's are those that the judge knows."""
    cites = {clause.id for clause in found.clauses.values() if clause.sentences}
    assert cites == {clause.id for clause in found.clauses.values() if clause.level == "documented"}
    assert {clause.id for clause in found.clauses.values() if clause.level == "rfc"} == set(CODES)


def test_no_bug_in_a_case(found: CaseSet) -> None:
    """The contract's predicates and the RFC's rules have nothing to say against any expectation."""
    assert [str(bug) for case in found.cases for bug in examine(case)] == []


def test_every_kind_is_used(found: CaseSet) -> None:
    """Each kind of recipe occurs in a case."""
    requests = (step.request for case in found.cases for step in case.steps if step.request is not None)
    used = {recipe.kind for request in requests for recipe in recipes(request.arguments)}
    assert set(KINDS) - used == set()


def test_every_word_is_used(found: CaseSet) -> None:
    """Each reply, probe with each older answer, defect and effect occurs in a case; a defect at least in a matrix."""
    steps = [step for case in found.cases for step in case.steps]
    others = [alternative for step in steps for alternative in step.alternatives]
    expects = [step.expect for step in steps if step.expect] + [alternative.expect for alternative in others]
    assert set(REPLIES) - {step.reply for step in steps} == set()
    answers = {(name, answer) for name, (_, *older) in PROBES.items() for answer in older}
    assert answers - {(other.name, other.value) for other in others if other.kind == "probe"} == set()
    tables = [matrix.tables for matrix in found.matrices]
    rules = [rule for each in tables for rule in (*each.get("defects", ()), *each.get("second", ()))]
    decided = {rule.outcome.get("name", rule.outcome.get("defect")) for rule in rules}
    assert set(DEFECTS) - {other.name for other in others if other.kind == "defect"} - decided == set()
    assert set(EFFECTS) - {name for expect in expects for name in expect.effects} == set()


def test_words_of_the_format() -> None:
    """What the format names is what the candidates know, and has a sentence in the manual."""
    assert set(REPLIES) == set(_servers.REPLIES)
    answers = python_driver.answers()
    assert set(PROBES) == set(QUESTIONS) == set(answers)
    assert {name: answer for name, answer in answers.items() if answer not in PROBES[name]} == {}
    assert {name for effects in OBSERVABLE.values() for name in effects} == set(EFFECTS) - {"headers"}
    assert set(OBSERVABLE) - set(KINDS) == set()


def test_schema_is_named() -> None:
    """Every case file, catalog and matrix names its schema in its first line, by its path from there."""
    wrong = []
    schemas = {"catalog": "catalog.schema.json", "matrix": "matrix.schema.json"}
    for file in bundled_root().glob("*/**/*.yaml"):
        folder, *inner = file.relative_to(bundled_root()).parts
        name = "../" * len(inner) + schemas.get(folder, "schema.json")
        if file.read_text().split("\n", 1)[0] != f"# yaml-language-server: $schema={name}":
            wrong.append(file.relative_to(bundled_root()).as_posix())
    assert wrong == []


# the manual


def manual() -> str:
    """Read the manual."""
    return (bundled_root() / "README.md").read_text(encoding="utf-8")


def test_tables_of_the_manual() -> None:
    """The manual has all tables, as ``wireproof check --write-docs`` writes them now."""
    assert [name for name in TABLES if f"<!-- {name}: begin -->" not in manual()] == []
    assert fill(manual()) == manual()


def test_fill() -> None:
    """What stands between the marks is replaced, and nothing else."""
    text = "a\n<!-- replies: begin -->\n| old \\1 |\n<!-- replies: end -->\nb\n<!-- kinds -->\n"
    lines = fill(text).splitlines()
    assert lines[:5] == [
        "a",
        "<!-- replies: begin -->",
        "| reply | what the server answers |",
        "| --- | --- |",
        "| `ok` | 200 with two bytes of content; the connection stays open. |",
    ]
    assert lines[-3:] == ["<!-- replies: end -->", "b", "<!-- kinds -->"]
    assert len(lines) == 4 + len(REPLIES) + 3


def test_rows_of_the_tables() -> None:
    """A row says what a kind is, which fields it has and which can be left out; Markdown takes nothing for its own."""
    kinds = {line.split("`")[1]: line for line in list(TABLES["kinds"]())[2:]}
    assert list(kinds) == list(KINDS)
    assert [kinds[name] for name in ("none", "bytesio", "bytes-with-iter", "iterable")] == [
        "| `none` | None | none: `{}` | none |",
        "| `bytesio` | an io.BytesIO at `position` | `data`: bytes; optional `position`: number | file |",
        "| `bytes-with-iter` | a bytes subclass whose `__iter__` gives other items "
        "| `data`: bytes, `items`: list of recipes | buffer |",
        "| `iterable` | an object with nothing but `__iter__` | `items`: list of recipes | iterable |",
    ]
    assert list(TABLES["effects"]())[2:4] == [
        "| `headers` | `unchanged` or `changed`: the mapping of headers | all mappings |",
        "| `body.content` | `unchanged` or `changed`: the body's own content "
        "| `bytearray`, `array`, `list`, `dict-of`, `deque`, `set` |",
    ]
    assert list(TABLES["probes"]())[2] == (
        "| `blocksize` | Does the constructor take blocksize? | `given` | `absent` |"
    )


def test_examples_of_the_manual(found: CaseSet) -> None:
    """The examples of the manual are cases without fault."""
    examples = re.findall(r"```yaml\n(.*?)```", manual(), re.DOTALL)
    examples = [text for text in examples if "catalog.schema" not in text and "matrix.schema" not in text]
    files = [text if "cases:" in text else f'about: "x"\ncases:\n{text}' for text in examples]
    cases = [case for text in files for case in FileShape("manual/x", found.clauses).read(parse(text, "README.md"))]
    assert [case.id for case in cases] == ["manual/x/e-acute", "manual/x/long", "manual/x/second-request-goes-on"]
    assert [str(bug) for case in cases for bug in examine(case)] == []


def test_schema_file() -> None:
    """The schema beside the cases is the one that ``wireproof check --write-docs`` writes now."""
    assert (bundled_root() / "schema.json").read_text(encoding="utf-8") == json.dumps(schema(), indent=1) + "\n"
