"""Coverage of clauses: what counts for a clause, what falls short, and the three ways in which it is told."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import html5lib
import jsonschema
import pytest
from click.testing import CliRunner, Result

from wireproof._cases import CaseSet, load
from wireproof._judge import PREDICATES, _verdict, judge
from wireproof._judge._contract import inverted
from wireproof._model import Clause
from wireproof._proof import _exercised, _kills, _narrow
from wireproof._proof._document import Report
from wireproof._proof._exercised import Exercised, Subject, all_exercised, depends, subjects
from wireproof._proof._kills import Kill, Kills, read_kills
from wireproof._proof._narrow import NARROW, rejections
from wireproof._proof._page import page
from wireproof._proof._right import right
from wireproof._proof._standing import SENTENCES, Sentence, Standing, standings
from wireproof._selection import plan
from wireproof.cli import group
from wireproof.errors import HarnessError, UsageError

SCHEMA = json.loads((Path(_kills.__file__).parent / "coverage.schema.json").read_text())

CLAUSES = """\
- {id: request.method, level: documented, sentences: [1], source: "here", text: "The method is sent."}
- {id: body.none, level: documented, sentences: [1, 2], source: "here", text: "Nothing follows the head."}
- {id: note.old, level: documented, sentences: [2], source: "here", text: "A note.", excluded: "It says nothing."}
"""

CASES = """\
about: "Requests without a body."
cases:
- name: get
  about: "GET without a body."
  clauses: [request.method, body.none]
  request: {method: "GET", url: "/"}
  expect: {head: ["GET / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
- name: head
  about: "HEAD without a body."
  clauses: [request.method, body.none]
  request: {method: "HEAD", url: "/"}
  expect: {head: ["HEAD / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
"""

REFUSED = """\
about: "What is refused has no head."
cases:
- name: refused
  about: "The call raises before anything is sent, and says nothing of what follows a head."
  clauses: [body.none]
  request: {method: "GET\\n", url: "/"}
  expect: {raises: ValueError, head: nothing}
"""


def mutant(clause: str, outcome: str = "killed", number: int = 1, **more: object) -> dict[str, object]:
    """Return the record of a mutant whose verdict names a clause."""
    record: dict[str, object] = {"id": f"m{number}", "subject": "reference", "operator": "x", "file": "x.py", "line": 1}
    record |= {"change": "a to b", "outcome": outcome, "case": "plain/get", "layer": "bytes", "reason": ""}
    return {**record, "clause": clause, "clauses": [clause], **more}


def kills_file(folder: Path, mutants: Sequence[object]) -> Path:
    """Write results of mutants."""
    path = folder / "kills.json"
    found = {"format": 1, "wireproof": "0.1.0", "python": "3.11.7", "subjects": {}, "mutants": mutants}
    path.write_text(json.dumps(found))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two cases, three clauses of its own and a kill for each clause that can be tested."""
    root = tmp_path / "cases"
    (root / "plain").mkdir(parents=True)
    (root / "clauses.yaml").write_text(CLAUSES)
    (root / "plain" / "none.yaml").write_text(CASES)
    kills_file(tmp_path, [mutant("request.method"), mutant("body.none", number=2)])
    return tmp_path


def coverage(folder: Path, *arguments: str) -> Result:
    """Call ``wireproof coverage`` on the cases in the folder, with the kills there."""
    paths = ("--cases", str(folder / "cases"), "--kills", str(folder / "kills.json"))
    return CliRunner().invoke(group, ("coverage", *paths, *arguments), standalone_mode=False)


def told(done: Result, heading: str) -> list[str]:
    """Return the lines of a list under a heading in what was printed."""
    lines = done.output.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith(heading)), len(lines))
    listed = itertools.takewhile(lambda line: line.startswith("  - "), lines[start + 1 :])
    return [line.removeprefix("  - ") for line in listed]


# what counts -------------------------------------------------------------------------------------------------------


def test_two_cases_and_a_kill_are_enough(folder: Path) -> None:
    """Every clause has two cases that depend on it and a kill, or a reason: the exit code is 0."""
    done = coverage(folder)
    assert done.return_value == 0
    rows = [line.split() for line in done.output.splitlines() if "documented" in line]
    assert rows == [
        ["request.method", "documented", "2", "0", "1", "covered"],
        ["body.none", "documented", "2", "0", "1", "covered"],
        ["note.old", "documented", "-", "-", "-", "excluded"],
    ]
    assert done.output.splitlines()[-1] == "3 clauses: 2 covered, 1 excluded, 0 short."


def test_one_case_is_too_few(folder: Path) -> None:
    """The clause falls short, and says by how much."""
    file = folder / "cases" / "plain" / "none.yaml"
    file.write_text(file.read_text().replace("[request.method, body.none]", "[request.method]", 1))
    done = coverage(folder)
    assert (done.return_value, told(done, "Falls short")) == (1, ["body.none: 1 case of 2"])


def test_a_clause_without_cases(folder: Path) -> None:
    """A clause that nothing cites falls short."""
    with (folder / "cases" / "clauses.yaml").open("a") as file:
        file.write('- {id: x.new, level: de-facto, source: "here", text: "Something new."}\n')
    done = coverage(folder)
    assert (done.return_value, told(done, "Falls short")) == (1, ["x.new: no case"])


def test_a_clause_without_kills(folder: Path) -> None:
    """What survived, or is equivalent, is no kill."""
    survived = [mutant("body.none", outcome, number) for number, outcome in enumerate(("survived", "equivalent"))]
    kills_file(folder, [mutant("request.method", number=9), *survived])
    done = coverage(folder)
    assert (done.return_value, told(done, "Falls short")) == (1, ["body.none: no killed mutant"])


def test_a_kill_counts_for_each_clause_that_the_verdict_names(folder: Path) -> None:
    """The reason's clause, and those of the other reasons."""
    kills_file(folder, [mutant("body.none", clauses=["request.method"])])
    assert coverage(folder).return_value == 0


def test_citing_alone_does_not_count(folder: Path) -> None:
    """A case that raises before a head is out says nothing of what follows the head, whatever it cites."""
    (folder / "cases" / "plain" / "refused.yaml").write_text(REFUSED)
    done = coverage(folder)
    assert done.return_value == 0
    assert told(done, "Cited, and") == ["plain/refused/refused: body.none"]
    assert ["body.none", "documented", "2", "0", "1", "covered"] in [line.split() for line in done.output.splitlines()]


def test_a_predicate_whose_inversion_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A predicate that says the same when it is inverted is one on which no verdict depends."""

    def one_unchanged(clause: str) -> object:
        return tuple(PREDICATES) if clause == "body.none" else inverted(clause)

    monkeypatch.setattr(_verdict, "inverted", one_unchanged)
    monkeypatch.setattr(_exercised, "clauses_by_twins", lambda case: frozenset())
    done = coverage(folder)
    assert (done.return_value, told(done, "Falls short")) == (1, ["body.none: no case"])
    assert told(done, "Cited, and") == ["plain/none/get: body.none", "plain/none/head: body.none"]


def test_a_clause_without_predicate_needs_a_wrong_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts where a twin is rejected for it, and not where none is."""
    cases = {case.id: case for case in load(None, ("request-line/arguments/*",)).cases}
    case, wanted = cases["request-line/arguments/two-by-name"], frozenset(("request.sent", "body.none", "state.busy"))
    assert depends(case, wanted) == {"request.sent", "body.none"}
    monkeypatch.setattr(_exercised, "clauses_by_twins", lambda case: frozenset(("request.sent", "state.busy", "x")))
    assert depends(case, wanted) == wanted
    monkeypatch.setattr(_exercised, "clauses_by_twins", lambda case: frozenset())
    assert depends(case, wanted) == {"body.none"}


@pytest.fixture(scope="module")
def bundled() -> CaseSet:
    """Return the bundled cases and matrices."""
    return load()


@pytest.mark.parametrize("clause", NARROW)
def test_narrow_clauses_can_be_broken_alone(bundled: CaseSet, clause: str) -> None:
    """Of two cases at least that cite such a clause a capture is rejected that breaks it."""
    citing = [case for case in bundled.cases if clause in case.clauses]
    assert sum(any(rejections(case, (clause,))) for case in citing) >= 2


def test_narrow_damages_are_rejected_for_what_they_are(bundled: CaseSet) -> None:
    """Host without the port, and nothing else, is wrong; of clauses that the case is not about nothing is broken."""
    (case,) = [case for case in bundled.cases if case.id == "automatic-headers/addresses/name-port-80-as-str"]
    ((clause, verdict),) = rejections(case, ("host.port-str", "host.idna", "no.such"))
    assert (clause, verdict.verdict) == ("host.port-str", "nonstrict")
    assert verdict.evidence[0].received.startswith(b"GET / HTTP/1.1\r\nHost: example.test\r\n")


def test_what_the_judge_lets_pass_is_no_rejection(bundled: CaseSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that does not mind the damage leaves the clause without a case."""
    (case,) = [case for case in bundled.cases if case.id == "automatic-headers/addresses/name-port-80-as-str"]
    passing = judge(case, right(case), {})
    monkeypatch.setattr(_narrow, "judge", lambda *arguments: passing)
    monkeypatch.setattr(_exercised, "clauses_by_twins", lambda case: frozenset())
    assert (passing.verdict, depends(case, frozenset(("host.port-str",)))) == ("pass", frozenset())


def test_rules_of_the_rfcs_need_not_be_cited() -> None:
    """They are held against every message."""
    found = load(None, ("request-line/arguments/*",))
    clauses = [found.clauses["rfc.line-ending"]]
    (subject,) = [each for each in subjects(plan(found.cases, ()), clauses) if each.id.endswith("two-by-name")]
    assert not subject.cites
    assert subject.beside == {"rfc.line-ending"}
    assert all_exercised([subject]) == [Exercised(subject.id, False, frozenset(("rfc.line-ending",)), frozenset())]


# matrices ----------------------------------------------------------------------------------------------------------


def test_a_rule_counts_if_a_combination_depends_on_its_clause() -> None:
    """Each rule that cites the clause is looked at, and no other."""
    found = load(None, ("matrix/target",))
    clauses = [found.clauses[name] for name in ("length.zero-put", "request.method")]
    looked_at = list(subjects(plan((), found.matrices, strength=None), clauses))
    assert {each.id: each.cites for each in looked_at} == {
        "matrix/target errors/empty-url": {"request.method"},
        "matrix/target errors/none": {"request.method"},
        "matrix/target framing/put": {"length.zero-put"},
    }
    assert all(1 <= len(each.cases) <= 4 for each in looked_at)
    assert [each.idle for each in all_exercised(looked_at)] == [frozenset()] * 3


def test_combinations_are_looked_at_until_one_depends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second combination settles what the first one does not, and the third is not looked at."""
    first, second, third = load(None, ("framing/no-body/*",)).cases[:3]
    answers = {first.id: frozenset(("a",)), second.id: frozenset(("b",))}
    monkeypatch.setattr(_exercised, "depends", lambda case, wanted: answers[case.id] & wanted)
    rule = Subject("matrix/x y/z", True, frozenset("ab"), frozenset(), (first, second, third))
    assert all_exercised([rule]) == [Exercised("matrix/x y/z", True, frozenset("ab"), frozenset())]


def test_processes_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are many, processes share them; what they find comes in the same order, and progress is told."""
    found = load(None, ("framing/*", "matrix/address"))
    clauses = [found.clauses[name] for name in ("request.method", "body.none", "length.zero-only", "length.empty")]
    looked_at = list(subjects(plan(found.cases[:80], found.matrices, strength=1), clauses))
    here = all_exercised(looked_at)
    counts: list[int] = []
    monkeypatch.setattr(_exercised, "_FEW", 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    assert all_exercised(looked_at, counts.append) == here
    assert sum(counts) == len(looked_at)


def test_a_process_that_ends_early_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the harness that could not do it."""

    class Broken(ProcessPoolExecutor):
        def map(self, *arguments: Any, **more: Any) -> Any:
            raise BrokenProcessPool

    monkeypatch.setattr(_exercised, "ProcessPoolExecutor", Broken)
    monkeypatch.setattr(_exercised, "_FEW", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    with pytest.raises(HarnessError, match="a process that looks at cases ended before it was done"):
        all_exercised([Subject("x", False, frozenset(), frozenset(), ())])


# standings ---------------------------------------------------------------------------------------------------------


def clause(name: str, *sentences: int, excluded: str | None = None) -> Clause:
    """Return a clause."""
    return Clause(name, "documented" if sentences else "de-facto", "here", "It is so.", sentences, excluded)


def kill(*clauses: str) -> Kill:
    """Return a kill that names clauses."""
    return Kill("m", "reference", "a to b", "plain/get", "bytes", clauses)


GOOD, BAD = Standing(clause("a", 1), ("c", "d"), (), (kill("a"),)), Standing(clause("b", 1))
OUT = Standing(clause("n", 1, excluded="a note"))


@pytest.mark.parametrize(
    ("of", "status"),
    [
        ((GOOD, GOOD), "covered"),
        ((GOOD, OUT), "covered"),
        ((GOOD, BAD), "partly"),
        ((BAD, OUT), "short"),
        ((OUT, OUT), "excluded"),
        ((), "short"),
    ],
)
def test_sentences(of: tuple[Standing, ...], status: str) -> None:
    """A sentence stands as those of its clauses that can be tested."""
    assert Sentence(1, of).status == status


def test_a_rule_counts_as_a_case() -> None:
    """One case and one rule are two."""
    assert replace(GOOD, cases=("c",), rules=("matrix/x y/z",)).missing == ()
    assert replace(GOOD, cases=(), rules=("matrix/x y/z",)).missing == ("1 case of 2",)


def test_every_sentence_needs_a_clause() -> None:
    """Of the 22 sentences those are named that no clause states, where they must have one."""
    found = standings([clause("a", *range(1, 22), excluded="a note")], [], {}, sentences=SENTENCES)
    assert (len(found.sentences), found.short) == (22, ("[22]: no clause",))
    some = standings([clause("a", 1, excluded="a note"), clause("b", 2)], [], {}, wanted=lambda each: each.id == "a")
    assert ([each.number for each in some.sentences], some.short, some.left_out) == ([1], (), 1)
    assert standings([clause("b", excluded="a note")], [], {}).sentences == ()


# what is looked at -------------------------------------------------------------------------------------------------


def test_only_some_clauses(folder: Path) -> None:
    """--clause leaves the others out, and names what exercises each."""
    done = coverage(folder, "--clause", "body.*")
    lines = done.output.splitlines()
    assert lines[-1] == "1 clause: 1 covered, 0 excluded, 0 short; 2 more were not looked at."
    assert "  cases: plain/none/get, plain/none/head" in lines
    assert "  kills: m2 (by plain/get, bytes)" in lines


def test_only_some_cases(folder: Path) -> None:
    """With --select the clauses that these cases cite are held against them alone."""
    done = coverage(folder, "--select", "plain/none/get")
    assert told(done, "Falls short") == ["request.method: 1 case of 2", "body.none: 1 case of 2"]
    assert done.output.splitlines()[-1].endswith("; 1 more were not looked at.")


def test_cases_for_the_bundled_clauses(folder: Path) -> None:
    """A folder without clauses of its own is held to those that it cites."""
    (folder / "cases" / "clauses.yaml").unlink()
    done = coverage(folder)
    assert done.return_value == 0
    assert done.output.splitlines()[-1].startswith("2 clauses: 2 covered, 0 excluded, 0 short; ")


def test_kills_of_clauses_of_somebodys_own(folder: Path) -> None:
    """Our mutants say nothing of clauses that the bundled set does not have; where none is needed, none is read."""
    root = folder / "cases"
    for file in (root / "clauses.yaml", root / "plain" / "none.yaml"):
        file.write_text(file.read_text().replace("body.none", "x.body"))
    kills_file(folder, [])
    done = coverage(folder)
    assert told(done, "Falls short") == ["request.method: no killed mutant", "x.body: no case"]
    (folder / "kills.json").unlink()
    assert told(coverage(folder, "--clause", "x.*"), "Falls short") == ["x.body: no case"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--clause", "nope.*"), "--clause: got 'nope.*'; wanted a glob on clauses that matches at least one"),
        (("stdlib",), "coverage: got 'stdlib'; wanted CANDIDATE, --full and --strength go with --interactions"),
        (("--strength", "2"), "coverage: got '2'; wanted CANDIDATE, --full and --strength go with --interactions"),
        (("--interactions",), "coverage: got "),
        (("--report", "xml=x"), "--report: got 'xml=x'; wanted FORMAT=PATH with a format of: json, html"),
        (("--report", "json="), "--report: got 'json='; wanted FORMAT=PATH with a format of: json, html"),
        (("--report", "json=/nope/x"), "--report: got 'json=/nope/x'; wanted the path of a file in a folder"),
    ],
)
def test_wrong_usage(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    """One sentence says what is wrong, and nothing is looked at."""
    done = coverage(folder, *arguments)
    assert isinstance(done.exception, UsageError)
    assert str(done.exception).startswith(message)


# kills -------------------------------------------------------------------------------------------------------------


def test_a_kill_of_a_narrower_clause() -> None:
    """Where the killing case cites a corner of what the verdict names, that corner is broken, too."""
    ids = [
        "automatic-headers/addresses/name-port-as-str",
        "automatic-headers/addresses/ipv6",
        "matrix/address[connection=name-80-str,url=path,headers=absent]",
        "matrix/address[connection=nope,url=path,headers=absent]",
        "matrix/nope[x=y]",
        "no/such/case",
    ]
    kills = Kills("", 9, tuple(Kill(f"m{at}", "x", "", id_, "bytes", ("auto.host",)) for at, id_ in enumerate(ids)))
    cites = kills.cites()
    assert set(cites) == set(ids[:3])
    found = {name: [kill.mutant for kill in each] for name, each in kills.by_clause(cites).items()}
    assert found == {"auto.host": ["m0", "m1", "m2", "m3", "m4", "m5"], "host.port-str": ["m0", "m2"]}
    assert Kills().cites() == {}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "a file that is no JSON"),
        ("[" * 100_000, "a file that is no JSON"),
        ("[]", "a file of another shape (TypeError"),
        ('{"format": 2}', "a file of the format 2, not 1"),
        ('{"format": 1, "python": "x"}', "a file of another shape (KeyError: 'mutants')"),
        ('{"format": 1, "python": 3, "mutants": []}', "a file of another shape (TypeError: 3 is no text)"),
        (json.dumps({"format": 1, "python": "x", "mutants": [mutant("a", clauses=[7])]}), "a file of another shape"),
        (json.dumps({"format": 1, "python": "x", "mutants": [{"outcome": "killed"}]}), "a file of another shape"),
        (json.dumps({"format": 1, "python": "x", "mutants": [mutant("a", clauses=None)]}), "a file of another shape"),
    ],
)
def test_broken_results_of_mutants(tmp_path: Path, text: str, what: str) -> None:
    """A sentence says what is wrong with the file, and which command writes it."""
    path = tmp_path / "kills.json"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_kills(path)
    assert what in caught.value.got
    assert str(caught.value).endswith("; wanted the file that tox -e mutation writes")


def test_missing_results_of_mutants(folder: Path) -> None:
    """They are missed before anything is looked at."""
    (folder / "kills.json").unlink()
    done = coverage(folder)
    assert "a file that cannot be read (No such file or directory)" in str(done.exception)
    assert "tox -e mutation" in str(done.exception)


def test_bundled_results_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the wheel they lie in the package, in a checkout in reports/proof."""
    assert _kills.bundled_kills().name == "mutation.json"
    package = tmp_path / "src" / "wireproof"
    monkeypatch.setattr(_kills, "__file__", str(package / "_proof" / "_kills.py"))
    assert _kills.bundled_kills() == tmp_path / "reports" / "proof" / "mutation.json"
    (package / "_proof_data").mkdir(parents=True)
    assert _kills.bundled_kills() == package / "_proof_data" / "mutation.json"


# reports -----------------------------------------------------------------------------------------------------------


def test_json(folder: Path) -> None:
    """The document fits its schema, and says of each clause and sentence what the text says."""
    (folder / "cases" / "plain" / "refused.yaml").write_text(REFUSED)
    kills_file(folder, [mutant("body.none")])
    path = folder / "coverage.json"
    done = coverage(folder, "--report", f"json={path}")
    document = json.loads(path.read_text())
    jsonschema.validate(document, SCHEMA)
    assert (done.return_value, document["short"]) == (1, told(done, "Falls short"))
    assert document["summary"] == {"clauses": 3, "covered": 1, "short": 1, "excluded": 1, "left_out": 0}
    assert document["clauses"][1] == {
        "id": "body.none",
        "level": "documented",
        "source": "here",
        "text": "Nothing follows the head.",
        "sentences": [1, 2],
        "excluded": None,
        "standing": "covered",
        "missing": [],
        "cases": ["plain/none/get", "plain/none/head"],
        "rules": [],
        "kills": [{"mutant": "m1", "subject": "reference", "case": "plain/get", "layer": "bytes"}],
        "kill_required": True,
        "idle": ["plain/refused/refused"],
    }
    assert document["sentences"] == [
        {"number": 1, "standing": "partly", "clauses": ["request.method", "body.none"]},
        {"number": 2, "standing": "covered", "clauses": ["body.none", "note.old"]},
    ]


HOSTILE = "</code><script>alert(1)</script>&\"'\x1b[31m{{ 7 * 7 }}"


def test_page_is_valid_and_escaped() -> None:
    """Whatever the texts hold, a strict parser accepts the page, and there is no script and nothing to load in it."""
    evil = [replace(clause("x.<&\"'> y", 1), text=HOSTILE, source=HOSTILE), clause("x.é", 2, 1)]
    evil += [clause("n.1", 1, excluded=HOSTILE), replace(clause("r.1"), level="rfc", text=HOSTILE), clause("d.1")]
    found = [Exercised(HOSTILE, rule, frozenset((evil[0].id,)), frozenset(("x.é",))) for rule in (False, True)]
    kills = {evil[0].id: [Kill(*(HOSTILE,) * 5, (evil[0].id,))]}
    where = standings(evil, found, kills, needs_kill=lambda each: each.id != "d.1")
    made = page(Report(where, Kills(HOSTILE, 3, tuple(kills[evil[0].id])), (HOSTILE,), (HOSTILE,)))
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(made.replace("\x1b", ""))
    names = [each.get("id") for each in tree.iter() if each.get("id")]
    assert len(names) == len(set(names))
    targets = [each.get("href") for each in tree.iter("a")]
    assert [name for name in targets if name.startswith("#") and name[1:] not in names] == []
    assert [each for each in tree.iter() if each.tag in ("script", "img", "link", "iframe", "object")] == []
    assert "url(" not in made
    assert "@import" not in made
    texts = ["".join(each.itertext()) for each in tree.iter("p")]
    assert HOSTILE.replace("\x1b", "") in texts


def test_page_of_the_command(folder: Path) -> None:
    """The page lists the sentences in order, each with its clauses, and says what falls short."""
    kills_file(folder, [])
    path = folder / "coverage.html"
    assert coverage(folder, "--report", f"html={path}").return_value == 1
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(path.read_text())
    titles = ["".join(each.itertext()) for each in tree.iter("h3")]
    assert titles == ["Sentence [1] falls short", "Sentence [2] falls short"]
    assert [each.get("id") for each in tree.iter("article")] == [
        "clause-request.method",
        "clause-body.none",
        "clause-note.old",
    ]
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_text_is_readable_at_80_columns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is longer, also with long names, and nothing is coloured where it is not shown on a terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    done = CliRunner().invoke(
        group, ("coverage", "--clause", "auto.accept*", "--select", "headers/*", "--kills", str(folder / "kills.json"))
    )
    assert done.exception is None
    assert max(map(len, done.output.splitlines())) <= 80
    assert "\x1b" not in done.output
