"""Matrices under pytest, as they are run: pytest in a process of its own, and what its JUnit file says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from wireproof import pytest_plugin
from wireproof._cases import load
from wireproof._codec import SLICE
from wireproof._matrix import Expansion
from wireproof._selection import DEFAULT, plan

METHODS = """
about: "Methods."
of: method
values:
- {id: get, about: "GET.", value: "GET"}
- {id: post, about: "POST.", value: "POST"}
- {id: as-bytes, about: "No text.", value: {bytes: "GET"}}
"""
BODIES = """
about: "Bodies."
of: body
values:
- {id: absent, about: "No body."}
- {id: bytes, about: "Bytes.", value: {bytes: "abc"}, sends: ["abc"]}
- id: wide
  about: "Two items of four bytes."
  value: {memoryview: {data: "abcdefgh", format: "I"}}
  sends: ["abcdefgh"]
  counts: [2]
"""
HEADERS = """
about: "Headers."
of: headers
values:
- {id: absent, about: "No headers."}
- id: coding
  about: "A coding."
  value: [["Transfer-Encoding", "chunked"]]
  asks: [rfc.chunk-last, rfc.content-long]
"""
CONNECTIONS = """
about: "Ways to make the connection object."
of: connection
values:
- {id: address, about: "An address.", connection: {host: ipv4, port: int}, shows: "<host>:<port>"}
- {id: name, about: "A name.", connection: {host: name, name: "a.test", port: int}, shows: "a.test:<port>"}
"""
TABLES = """
errors:
- {rule: method-type, when: {method.is: not-text}, raises: TypeError, sent: nothing, clauses: [method.type]}
- {rule: none, raises: nothing, clauses: [request.sent]}
host:
- {rule: automatic, sends: connection, clauses: [auto.host]}
accept-encoding:
- {rule: automatic, sends: identity, clauses: [auto.accept-encoding]}
"""
SMALL = f"""
about: "Every method with every body and the headers."
axes: {{method: methods, body: bodies, headers: headers}}
given: {{url: "/x", encode_chunked: true}}
{TABLES}
framing:
- rule: no-body-coding
  when: {{body.is: none, headers.framing: coding}}
  adds: nothing
  body: nothing
  clauses: [body.none]
- rule: no-body-post
  when: {{body.is: none, method.name: POST}}
  adds: zero
  body: nothing
  clauses: [length.zero-post]
- {{rule: no-body, when: {{body.is: none}}, adds: nothing, body: nothing, clauses: [length.zero-only]}}
- {{rule: coding, when: {{headers.framing: coding}}, adds: nothing, body: chunked, clauses: [framing.caller-coding]}}
- {{rule: buffer, adds: length, body: raw, clauses: [length.buffer]}}
defects:
- {{rule: counted, when: {{framing.body: chunked, body.items: wide}}, name: item-count, body: counted}}
- {{rule: none, name: none}}
"""
NAMES = f"""
about: "Every method at an address and at a name."
axes: {{method: methods, connection: connections}}
given: {{url: "/x"}}
{TABLES}
framing:
- {{rule: name, when: {{connection.host: name, method.name: GET}}, adds: nothing, body: nothing, clauses: [body.none]}}
- {{rule: post, when: {{method.name: POST}}, adds: zero, body: nothing, clauses: [length.zero-post]}}
- {{rule: other, adds: nothing, body: nothing, clauses: [body.none]}}
defects:
- {{rule: none, name: none}}
"""
CLIENTS = """
import http.client, os, socket, sys, time


class Client(http.client.HTTPConnection):
    def request(self, method, url, body=None, headers={}, *, encode_chunked=False):
        self.harm(method)
        super().request(method, url, body, headers, encode_chunked=encode_chunked)

    def harm(self, method):
        pass


class Silent(Client):
    def putheader(self, name, *values):
        if name != "Content-Length" or values != ("0",):
            super().putheader(name, *values)


class Extra(Client):
    def endheaders(self, *arguments, **more):
        self.putheader("X-Extra", "1")
        super().endheaders(*arguments, **more)


class Narrow(Client):
    def request(self, method, url, body=None, headers={}, *, encode_chunked=False):
        body = bytes(body) if method == "GET" and isinstance(body, memoryview) else body
        super().request(method, url, body, headers, encode_chunked=encode_chunked)


class Aloof(Client):
    def connect(self):
        if self.host == "a.test":
            raise socket.gaierror("unknown")
        super().connect()


class Hangs(Client):
    def harm(self, method):
        if method == "POST":
            time.sleep(3600)


class Sabotages(Client):
    def harm(self, method):
        if method == "POST":
            judging = sys.modules["wireproof._slices._player"]
            original = judging.judge

            def fail(*arguments, **more):
                judging.judge = original
                raise ZeroDivisionError("broken")

            judging.judge = fail
            super().request(method, "/other")
            raise ValueError
"""
GROUPS = {
    "errors/method-type": 6,
    "framing/no-body-coding": 2,
    "framing/no-body-post": 1,
    "framing/no-body": 1,
    "framing/coding": 4,
    "framing/buffer": 4,
}
SMALL_FILE = "own/matrix/small.yaml"


@dataclass
class Item:
    """What the JUnit file says of one item."""

    outcome: str
    text: str
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """How a pytest process ended, and its items by name."""

    code: int
    output: str
    items: dict[str, Item]

    @property
    def counts(self) -> Counter[str]:
        """How many items there are of each outcome."""
        return Counter(item.outcome for item in self.items.values())


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A project with a case folder of two matrices, and clients."""
    files = {
        "clients.py": CLIENTS,
        "pytest.ini": "[pytest]\nwireproof_cases = own\n",
        "own/catalog/methods.yaml": METHODS,
        "own/catalog/bodies.yaml": BODIES,
        "own/catalog/headers.yaml": HEADERS,
        "own/catalog/connections.yaml": CONNECTIONS,
        SMALL_FILE: SMALL,
        "own/matrix/names.yaml": NAMES,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def process(here: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a project, with no other plugins than are needed: they take their time."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONPATH"))}
    env |= {"COLUMNS": "120", "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    plugins = ("wireproof.pytest_plugin", "xdist.plugin", "no:cacheprovider")
    options = [word for plugin in plugins for word in ("-p", plugin)]
    command = [sys.executable, "-m", "pytest", *options, "--junitxml", "junit.xml", *arguments]
    return subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, check=False)


def run(here: Path, *arguments: str) -> Outcome:
    """Run pytest in a project, and read what came of it."""
    ended = process(here, *arguments)
    items = {}
    for case in ElementTree.parse(here / "junit.xml").getroot().iter("testcase"):
        properties = {each.get("name", ""): each.get("value", "") for each in case.iter("property")}
        told = [each for each in case if each.tag in ("failure", "error", "skipped")]
        outcome, text = (told[0].tag, told[0].text or "") if told else ("passed", "")
        items[case.get("name", "")] = Item(outcome, text, properties)
    return Outcome(ended.returncode, ended.stdout + ended.stderr, items)


def name_of(group: str, candidate: str) -> str:
    """Return the name of an item of the small matrix."""
    return f"matrix/small[{group}][{candidate}]"


# items ---------------------------------------------------------------------------------------------------------------


def test_there_is_an_item_for_each_rule_and_candidate(here: Path) -> None:
    """Items are named by the matrix, the rule that leads, and the candidate, in the order of the tables."""
    outcome = run(here, SMALL_FILE)
    wanted = [name_of(group, candidate) for candidate in ("reference", "stdlib") for group in GROUPS]
    assert (outcome.code, list(outcome.items), outcome.counts) == (0, wanted, {"passed": 12})


def test_an_item_counts_its_combinations(here: Path) -> None:
    """How many combinations there were, and what became of them, are properties of the item."""
    outcome = run(here, SMALL_FILE, "--candidate", "reference")
    for group, count in GROUPS.items():
        properties = dict(outcome.items[name_of(group, "reference")].properties)
        properties.pop("defect item-count", None)
        passed = {"combinations": str(count), "passed": str(count)}
        assert properties == {**passed, "nonstrict": "0", "failed": "0", "unsupported": "0"}


def test_a_rule_with_many_combinations_has_several_items(here: Path) -> None:
    """Items beyond the first are numbered, and each combination belongs to one; one can be asked for by its name."""
    (here / "conftest.py").write_text("import wireproof.pytest_plugin\nwireproof.pytest_plugin._GROUP = 4\n")
    outcome = run(here, SMALL_FILE, "--candidate", "reference")
    names = [name_of(group, "reference") for group in GROUPS]
    assert list(outcome.items) == [names[0], name_of("errors/method-type#2", "reference"), *names[1:]]
    assert [item.properties["combinations"] for item in outcome.items.values()] == ["4", "2", "2", "1", "1", "4", "4"]
    alone = run(here, f"{SMALL_FILE}::matrix/small[errors/method-type#2][reference]", "--candidate", "reference")
    assert list(alone.items) == [name_of("errors/method-type#2", "reference")]


def test_items_are_runs_of_slices_of_workers() -> None:
    """An item is no longer than its limit, a slice no longer than a worker takes, and nothing is lost or twice."""
    assert pytest_plugin._GROUP % SLICE == 0
    for matrix in load(None, ["matrix/framing[*"]).matrices:
        (chosen,) = plan((), (matrix,), strength=None).chosen
        groups = list(pytest_plugin._groups(chosen.expansion, chosen.numbers))
        assert max(len(group.numbers) for group in groups) == pytest_plugin._GROUP
        assert len({group.name for group in groups}) == len(groups)
        numbers = array("L")
        for group in groups:
            for slice_ in group.slices():
                assert len(slice_.numbers) <= SLICE
                numbers += slice_.numbers
        assert sorted(numbers) == list(range(matrix.size))


def test_combinations_are_filed_under_the_rule_that_leads() -> None:
    """All bundled matrices are grouped as the runner counts them, and each combination stands where it belongs."""
    for matrix in load(None, ["matrix/[at]*"]).matrices:
        expansion = Expansion(matrix)
        groups = list(pytest_plugin._groups(expansion, range(matrix.size)))
        for group in groups:
            assert {id(expansion.decision(number).leading) for number in group.numbers} == {id(group.rule)}
            assert list(group.numbers) == sorted(group.numbers)
        assert sum(len(group.numbers) for group in groups) == matrix.size


def test_the_strength_can_be_chosen(here: Path) -> None:
    """--matrix-strength says how much of a matrix is run; three is what the runner does, and nothing else is taken."""
    counted = {}
    for strength in ("1", "2", "full"):
        outcome = run(here, SMALL_FILE, "--candidate", "reference", "--matrix-strength", strength)
        counted[strength] = sum(int(item.properties["combinations"]) for item in outcome.items.values())
    (matrix,) = load(here / "own", ["matrix/small"]).matrices
    wanted = {str(strength): len(plan((), (matrix,), strength=strength)) for strength in (1, 2)}
    assert counted == {**wanted, "full": 18}
    assert counted["1"] < counted["2"] < 18
    assert DEFAULT == 3
    refused = process(here, "--matrix-strength", "4")
    assert (refused.returncode, "choose from" in refused.stderr, "Traceback" in refused.stderr) == (4, True, False)


def test_what_lies_beside_matrices_is_not_collected(here: Path) -> None:
    """Catalogs, clauses and what lies deeper are no items; cases of the same folder keep their names."""
    (here / "own" / "matrix" / "deep").mkdir()
    (here / "own" / "matrix" / "deep" / "x.yaml").write_text("not: a matrix\n")
    (here / "own" / "matrix" / "matrix.schema.json").write_text("{}\n")
    (here / "own" / "one.yaml").write_text(
        'about: "One."\ncases:\n- name: it\n  about: "It."\n  clauses: [body.none]\n'
        '  request: {method: "GET", url: "/"}\n'
        '  expect: {head: ["GET / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}\n'
    )
    outcome = run(here, "--candidate", "reference", ".")
    assert outcome.code == 0
    assert {name.partition("[")[0] for name in outcome.items} == {"matrix/small", "matrix/names", "one/it"}
    assert "one/it[reference]" in outcome.items


def test_two_processes_share_the_items(here: Path) -> None:
    """Under -n 2 the items, their outcomes and what is said of them are the same."""
    arguments = ("own", "--candidate", "clients:Silent", "--candidate", "clients:Aloof")
    alone, shared = run(here, *arguments), run(here, *arguments, "-n", "2")
    assert alone.code == shared.code == 1
    assert set(alone.counts) == {"passed", "failure", "skipped"}
    assert {name: (item.outcome, item.properties) for name, item in alone.items.items()} == {
        name: (item.outcome, item.properties) for name, item in shared.items.items()
    }


# what is found -------------------------------------------------------------------------------------------------------


def test_a_failure_names_the_rule_and_explains_the_first(here: Path) -> None:
    """The item of the rule that a client breaks fails, and no other; its report has no traceback."""
    outcome = run(here, SMALL_FILE, "--candidate", "clients:Silent")
    failed = {name for name, item in outcome.items.items() if item.outcome == "failure"}
    assert failed == {name_of("framing/no-body-post", "clients:Silent")}
    (item,) = (outcome.items[name] for name in failed)
    line = 1 + next(n for n, text in enumerate(SMALL.splitlines()) if "no-body-post" in text)
    lines = item.text.splitlines()
    assert lines[0] == (
        "1 of 1 combinations fell short at the gate bytes: framing/no-body-post: body.is is none, method.name is POST"
        f" → adds: zero, body: nothing (matrix/small.yaml:{line})"
    )
    id_ = "matrix/small[method=post,body=absent,headers=absent]"
    assert re.fullmatch(rf"wireproof repro '?{re.escape(id_)}'? clients:Silent", lines[-1])
    assert "- Content-Length: 0" in item.text
    assert not re.search(r"Traceback|pytest_plugin\.py", outcome.output)
    assert (item.properties["failed"], item.properties["passed"]) == ("1", "0")


def test_of_many_failures_the_others_are_listed(here: Path) -> None:
    """The first is explained, some more are named, and the rest are counted."""
    (here / "conftest.py").write_text("import wireproof.pytest_plugin\nwireproof.pytest_plugin._FURTHER = 2\n")
    outcome = run(here, SMALL_FILE, "--candidate", "clients:Extra")
    assert outcome.counts == {"passed": 1, "failure": 5}
    ids = [
        f"matrix/small[method={method},body={body},headers=absent]"
        for method in ("get", "post")
        for body in ("bytes", "wide")
    ]
    lines = outcome.items[name_of("framing/buffer", "clients:Extra")].text.splitlines()
    assert lines[0].startswith("4 of 4 combinations fell short at the gate bytes: framing/buffer: anything else → ")
    assert lines[-4:] == ["", f"also: {ids[1]}", f"also: {ids[2]}", "... and 1 more"]
    assert any(line.startswith("wireproof repro ") and ids[0] in line for line in lines)
    lines = outcome.items[name_of("framing/no-body-coding", "clients:Extra")].text.splitlines()
    assert lines[-1] == "also: matrix/small[method=post,body=absent,headers=coding]"


def test_the_gate_holds_for_combinations(here: Path) -> None:
    """What is a difference of bytes alone passes a later gate."""
    outcome = run(here, SMALL_FILE, "--candidate", "clients:Extra", "--gate", "rfc")
    assert (outcome.code, outcome.counts) == (0, {"passed": 6})
    properties = outcome.items[name_of("framing/buffer", "clients:Extra")].properties
    assert int(properties["passed"]) + int(properties["nonstrict"]) + int(properties["failed"]) == 4


def test_known_defects_are_properties_and_fail_when_asked_to(here: Path) -> None:
    """Whether a defect was seen is told as of single cases; where both was, in how many it was."""
    candidates = ("reference", "stdlib", "clients:Narrow")
    options = [word for candidate in candidates for word in ("--candidate", candidate)]
    outcome = run(here, SMALL_FILE, *options)
    items = [outcome.items[name_of("framing/coding", candidate)] for candidate in candidates]
    assert [item.properties["defect item-count"] for item in items] == ["absent", "present", "present in 1 of 2"]
    assert outcome.counts == {"passed": 18}
    assert [name for name in outcome.items["matrix/small[framing/buffer][stdlib]"].properties if "defect" in name] == []
    strict = run(here, SMALL_FILE, *options, "--strict-defects")
    failed = [name for name, item in strict.items.items() if item.outcome == "failure"]
    assert failed == [name_of("framing/coding", candidate) for candidate in candidates[1:]]


def test_what_is_unsupported_is_skipped_or_counted(here: Path) -> None:
    """An item is skipped where nothing could be tried; where something could, it passes and tells how much not."""
    outcome = run(here, "own/matrix/names.yaml", "--candidate", "clients:Aloof", "-rs")
    name, post = (outcome.items[f"matrix/names[framing/{rule}][clients:Aloof]"] for rule in ("name", "post"))
    assert (name.outcome, name.properties["unsupported"]) == ("skipped", "1")
    (line,) = (line for line in outcome.output.splitlines() if line.startswith("SKIPPED"))
    assert line.endswith(": the client does not resolve names through socket.getaddrinfo")
    assert (post.outcome, post.properties["unsupported"], post.properties["passed"]) == ("passed", "1", "1")
    assert outcome.counts == {"passed": 3, "skipped": 1}


def test_what_is_not_run_fails_and_says_so(here: Path) -> None:
    """A client that times out again and again is given up, and what it was not asked is no pass."""
    (here / "conftest.py").write_text("import wireproof._run\nwireproof._run.TIMEOUTS = 1\n")
    outcome = run(here, SMALL_FILE, "--candidate", "clients:Hangs", "--case-timeout", "0.5")
    items = {group: outcome.items[name_of(group, "clients:Hangs")] for group in GROUPS}
    assert items["errors/method-type"].outcome == "passed"
    first = items["framing/no-body-coding"].text.splitlines()
    assert first[0].startswith("2 of 2 combinations fell short at the gate bytes: framing/no-body-coding: ")
    assert first[1:4] == ["not run: 1 of them; the candidate timed out 1 times before", "", "no end within 0.5 s"]
    later = items["framing/buffer"].text.splitlines()
    assert later[0].startswith("4 of 4 combinations fell short at the gate bytes: framing/buffer: ")
    assert later[1:] == ["not run: 4 of them; the candidate timed out 1 times before"]


def test_an_error_of_the_harness_is_one_sentence(here: Path) -> None:
    """Nothing is said about the candidate, and no traceback is shown; other rules are not affected."""
    outcome = run(here, SMALL_FILE, "--candidate", "clients:Sabotages")
    item = outcome.items[name_of("framing/no-body-post", "clients:Sabotages")]
    assert item.text.startswith(
        "matrix/small[method=post,body=absent,headers=absent]: "
        "the harness failed with ZeroDivisionError: broken (clients.py:"
    )
    assert outcome.items[name_of("framing/no-body", "clients:Sabotages")].outcome == "passed"


def test_a_candidate_that_cannot_be_used_is_one_sentence(here: Path) -> None:
    """Each item says why."""
    outcome = run(here, SMALL_FILE, "--candidate", "clients:Absent")
    hint = "give reference, stdlib or package.module:Class"
    assert {item.text for item in outcome.items.values()} == {
        f"candidate 'clients:Absent': clients has no Absent; {hint}"
    }


# what is broken ------------------------------------------------------------------------------------------------------


def complaints(outcome: Outcome, name: str) -> Sequence[str]:
    """Return the lines that a collection error of a file shows."""
    return next(item.text for id_, item in outcome.items.items() if id_.endswith(name)).splitlines()


def test_a_broken_table_is_a_collection_error_in_words(here: Path) -> None:
    """File, line, what was found and what was wanted; other matrices are none the worse."""
    (here / SMALL_FILE).write_text(SMALL.replace("rule: no-body,", "rule: no-body-post,"))
    outcome = run(here, "own", "--candidate", "reference", "--continue-on-collection-errors")
    line = 1 + next(n for n, text in enumerate(SMALL.splitlines()) if "rule: no-body," in text)
    lines = complaints(outcome, "small.yaml")
    assert lines[0] == "1 complaint about case files"
    assert lines[1].startswith(f"matrix/small.yaml:{line}:10: found the rule 'no-body-post' twice ")
    assert len(lines) == 2
    assert outcome.items["matrix/names[framing/other][reference]"].outcome == "passed"


def test_a_broken_catalog_is_a_collection_error_in_words(here: Path) -> None:
    """Every matrix says what is wrong with a catalog, since none can be read without."""
    (here / "own" / "catalog" / "bodies.yaml").write_text(BODIES.replace("of: body", "of: bodies"))
    outcome = run(here, "own", "--candidate", "reference")
    assert outcome.code == 2
    for name in ("small.yaml", "names.yaml"):
        lines = complaints(outcome, name)
        assert (lines[0], len(lines)) == ("1 complaint about case files", 2)
        assert lines[1].startswith("catalog/bodies.yaml:3:5: found ")
    assert not re.search(r"Traceback|pytest_plugin\.py", outcome.output)


def test_failures_that_are_not_ours_look_as_usual(here: Path) -> None:
    """An exception that is none of wireproof's is shown with its traceback: it is a bug."""
    (here / "conftest.py").write_text(
        "import wireproof._run\n"
        "def fail(*arguments):\n    raise ZeroDivisionError('a bug')\n"
        "wireproof._run.Session.results = fail\n"
    )
    outcome = run(here, SMALL_FILE, "--candidate", "stdlib", "-x")
    assert "ZeroDivisionError: a bug" in outcome.output
