"""Reports: the JSON document with its schema, and what a person reads at the end."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

import wireproof
from wireproof import __version__
from wireproof._codec import encode
from wireproof._model import LAYERS, VERDICTS, Clause, Difference, Evidence, Strict, Verdict
from wireproof._run import Judged, Lost, Options, Passed, Tally, run
from wireproof._selection import plan
from wireproof.cli._run import _Kept, _result
from wireproof.errors import HarnessError
from wireproof.report import _json
from wireproof.report._json import document, write
from wireproof.report._results import Result, Selection
from wireproof.report._spool import Spool
from wireproof.report._terminal import defects, kept, show

SCHEMA = json.loads((Path(wireproof.__file__).parent / "report" / "results.schema.json").read_text())


def difference(code: str, text: str, subject: str = "", clause: str = "", step: int = 0) -> Difference:
    """Return a difference."""
    return Difference(code, subject, text, clause, step)


def verdict(
    name: str,
    kind: Any = "pass",
    *differences: Difference,
    layers: Sequence[str] = (),
    clauses: tuple[str, ...] = ("a.documented",),
    **more: Any,
) -> Verdict:
    """Return a verdict on a case."""
    every = (
        layers or (kind if kind in ("unsupported", "error", "not_run") else "pass" if kind == "pass" else "fail",) * 3
    )
    return Verdict(name, "00ff", kind, dict(zip(LAYERS, every, strict=True)), clauses, differences, **more)


def result(*verdicts: Verdict, candidate: str = "lib:Client") -> Result:
    """Return the result of a candidate."""
    tally = Tally(candidate, len(verdicts))
    for each in verdicts:
        tally.add(each)
    return Result.of(candidate, "lib 1.0, cpython 3.11.7", tally.summary(), verdicts)


UTF_8 = difference("content.encoding", "The text is sent as UTF-8.", "utf-8", "body.str.latin-1")
EXTRA = difference("field.extra", "A field too many.", "user-agent", "auto.nothing-else")
BROKEN = difference("contract", "The text was sent as UTF-8.", "a.documented", "a.documented")
MIXED = (
    verdict("body/one", "fail", UTF_8, BROKEN, blame="candidate", fingerprint="0123456789abcdef",
            rules=("framing/text: x",), evidence=(Evidence(0, b"A\xe9", b"A\xc3\xa9", None, None),
                      Evidence(1, None, b"", "ValueError", "KeyError: 1"))),
    verdict("body/two", "nonstrict", EXTRA, layers=("fail", "pass", "pass"), blame="candidate"),
    verdict("body/three", "fail", UTF_8, EXTRA, BROKEN, blame="candidate"),
    verdict("head/one", defects=(("stale-head", "present"), ("item-count", "absent")), notes=("a note",),
            observed={"streaming": True}),
    verdict("head/two", defects=(("stale-head", "absent"),)),
    verdict("head/three", "unsupported", difference("unsupported", "no IPv6 \x1b[0m here")),
    verdict("head/four", "error", difference("harness", "the harness failed"), blame="harness"),
    verdict("head/five", "not_run", difference("not-run", "not run: interrupted")),
)  # fmt: skip


def counts(**given: int) -> dict[str, int]:
    """Return a summary; what is not given is 0."""
    names = ("planned", "passed", "nonstrict", "failed", "unsupported", "errored", "not_run")
    return {name: given.get(name, 0) for name in names}


# JSON --------------------------------------------------------------------------------------------------------------


def test_the_document_has_every_result_in_order(tmp_path: Path) -> None:
    """Candidates in the order given, results in the order of the cases, counts and defects in sum."""
    selection = Selection(("*/*",), (), 2, (1, 1), "00ff", 9)
    write(tmp_path / "r.json", [result(*MIXED), result(verdict("a/b"), candidate="stdlib")], "contract", selection)
    assert json.loads((tmp_path / "r.json").read_text()) == {
        "wireproof": __version__,
        "format": 2,
        "gate": "contract",
        "selection": {"select": ["*/*"], "clause": [], "strength": 2, "shard": None, "cases": "00ff", "planned": 9},
        "candidates": [
            {
                "name": "lib:Client",
                "version": "lib 1.0, cpython 3.11.7",
                "summary": counts(planned=8, passed=2, nonstrict=1, failed=2, unsupported=1, errored=1, not_run=1),
                "defects": {"item-count": {"present": 0, "absent": 1}, "stale-head": {"present": 1, "absent": 1}},
                "clauses": {"a.documented": 2},
                "matrices": [],
                "results": [encode(each) for each in MIXED],
            },
            {
                "name": "stdlib",
                "version": "lib 1.0, cpython 3.11.7",
                "summary": counts(planned=1, passed=1),
                "defects": {},
                "clauses": {"a.documented": 0},
                "matrices": [],
                "results": [encode(verdict("a/b"))],
            },
        ],
    }


def test_a_result_has_the_fields_that_scripts_rely_on() -> None:
    """Id, hash, verdict, layers, clauses, reason, fingerprint, blame and since are always there."""
    assert document([result(verdict("a/b"))], "bytes")["candidates"][0]["results"] == [
        {
            "id": "a/b",
            "hash": "00ff",
            "since": "0.1.0",
            "verdict": "pass",
            "layers": {"bytes": "pass", "contract": "pass", "rfc": "pass"},
            "clauses": ["a.documented"],
            "reason": None,
            "fingerprint": "",
            "blame": None,
        }
    ]


def test_the_schema_is_one_and_describes_every_field() -> None:
    """The schema is valid, closed, and no field is without a description."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def undescribed(node: Any, path: str) -> list[str]:
        found = []
        if isinstance(node, dict):
            for name, field in node.get("properties", {}).items():
                if "description" not in field and "$ref" not in field:
                    found.append(f"{path}/{name}")
            for name, inner in node.items():
                found += undescribed(inner, f"{path}/{name}")
        elif isinstance(node, list):
            for inner in node:
                found += undescribed(inner, path)
        return found

    assert undescribed(SCHEMA, "") == []
    assert SCHEMA["$defs"]["verdict"]["enum"] == list(VERDICTS)


def test_documents_of_every_kind_fit_the_schema() -> None:
    """Whatever verdicts there are, the document is valid; nothing that is not described gets in."""
    strict = Strict("nonstrict", {"bytes": "fail", "contract": "pass", "rfc": "pass"}, (EXTRA,), "0123456789abcdef")
    tolerant = verdict("a/c", strict=strict, tolerated=("ambient User-Agent",))
    made = document([result(*MIXED, tolerant), result(verdict("a/b"))], "bytes")
    jsonschema.validate(json.loads(json.dumps(made)), SCHEMA)
    keys = {key for candidate in made["candidates"] for each in candidate["results"] for key in each}
    assert keys | {"source", "known"} == set(SCHEMA["$defs"]["result"]["properties"])
    made["candidates"][0]["results"][0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(json.dumps(made)), SCHEMA)


def test_a_real_run_fits_the_schema(tmp_path: Path) -> None:
    """What wireproof run writes of the standard library, and of a client that differs, is valid."""
    from wireproof._cases import load

    found = load()
    globs = [
        "sequences/stale-head/*",
        "effects/lazy/*",
        "framing/no-body/*",
        "matrix/framing[method=p*,body=array-wide]",
    ]
    planned = plan(found.cases, found.matrices, globs)
    results, spools = [], []
    for strict in (False, True):
        kept_ = _Kept(Spool(tmp_path / f"{strict}.json"), all_results=strict)
        spools.append(kept_)
        positions = {case.id: at for case, at in zip(planned.cases, planned.positions, strict=True)}
        tally = Tally("stdlib", len(planned), positions, kept_.take)
        for event in run(["stdlib"], planned, Options(strict_defects=strict)):
            if isinstance(event, Judged | Passed | Lost):
                tally.take(event)
        results.append(_result(tally, planned, kept_))
    assert [each.summary["failed"] > 0 for each in results] == [False, True]
    jsonschema.validate(json.loads(json.dumps(document(results, "bytes"))), SCHEMA)
    for spool in spools:
        spool.close()
    assert list(tmp_path.iterdir()) == []


def test_the_report_respects_the_umask_and_leaves_nothing_else(tmp_path: Path) -> None:
    """The file has the permissions of any new file, and there is no other one."""
    before = os.umask(0o027)
    try:
        write(tmp_path / "r.json", [result(verdict("a/b"))], "bytes")
    finally:
        os.umask(before)
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
    assert stat.S_IMODE((tmp_path / "r.json").stat().st_mode) == 0o640


def test_an_old_report_stays_until_the_new_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing fails the old report is untouched, nothing else is left, and the reason is one sentence."""
    path = tmp_path / "r.json"
    path.write_text("old")

    def full(*arguments: object) -> Iterator[str]:
        yield "{"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_json, "text", full)
    with pytest.raises(HarnessError) as caught:
        write(path, [result(verdict("a/b"))], "bytes")
    assert str(caught.value) == f"the report {str(path)!r} cannot be written: No space left on device"
    assert ([each.name for each in tmp_path.iterdir()], path.read_text()) == (["r.json"], "old")


@pytest.mark.parametrize("path", ["folder", "absent/r.json"])
def test_a_path_that_cannot_be_written_is_one_sentence(tmp_path: Path, path: str) -> None:
    """A folder, or a folder that does not exist."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(HarnessError, match="cannot be written: "):
        write(tmp_path / path, [result(verdict("a/b"))], "bytes")


def test_devices_and_links_are_written_to_and_not_replaced(tmp_path: Path) -> None:
    """A device stays a device, and a link keeps pointing to its file."""
    write(Path("/dev/null"), [result(verdict("a/b"))], "bytes")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    (tmp_path / "target.json").write_text("old")
    (tmp_path / "link.json").symlink_to("target.json")
    write(tmp_path / "link.json", [result(verdict("a/b"))], "bytes")
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "target.json").read_text())["format"] == 2


# what a person reads -----------------------------------------------------------------------------------------------


CLAUSES = {
    "a.documented": Clause("a.documented", "documented", "s", "A clause.", (4, 5)),
    "b.documented": Clause("b.documented", "documented", "s", "Another.", (6,)),
    "de.facto": Clause("de.facto", "de-facto", "s", "A habit."),
}


def shown(*results: Result, explain: int = 3, width: int = 80) -> list[str]:
    """Return the lines of the whole summary, without blanks at their ends."""
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None)
    show(console, results, lambda id_: None, CLAUSES, "bytes", explain)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_the_summary_has_both_tables() -> None:
    """Verdicts by folder and cases by layer, a column for each candidate, and the gate is marked."""
    lines = shown(result(*MIXED), result(*(verdict(each.id) for each in MIXED), candidate="[bold]x"), explain=0)
    start, end = lines.index("Verdicts by folder"), lines.index("Cases that hold, by layer")
    table = [" ".join(line.split()) for line in lines[start + 1 : end] if line.strip(" ─━")]
    assert table == [
        "folder lib:Client [bold]x",
        "body 1 non-strict, 2 failed 3 passed",
        "head 2 passed, 1 unsupported, 1 errors, 1 not run 5 passed",
        "all 2 passed, 1 non-strict, 2 failed, 1 unsupported, 1 errors, 8 passed",
        "1 not run",
    ]
    layers = [" ".join(line.split()) for line in lines[end + 1 : end + 8] if line.strip(" ─━")]
    assert layers == [
        "layer lib:Client [bold]x",
        "bytes (the gate) 2 of 5 8 of 8",
        "contract 3 of 5 8 of 8",
        "rfc 3 of 5 8 of 8",
    ]


def test_no_line_is_wider_than_the_terminal() -> None:
    """At 80 columns everything but code fits."""
    lines = shown(result(*MIXED, *(verdict(f"long/{n}", "fail", difference(f"c{n}", "words " * 40)) for n in range(3))))
    assert [line for line in lines if len(line) > 80] == []


def test_known_defects_are_listed_by_name() -> None:
    """Seen, absent, or both, with the number of cases."""
    both = result(
        *MIXED, verdict("x/1", defects=(("once", "present"),)), verdict("x/2", defects=(("item-count", "absent"),))
    )
    assert list(defects(both)) == [
        "  item-count: absent in 2 cases",
        "  once: seen in 1 case",
        "  stale-head: seen in 1 of 2 cases, absent in 1",
    ]
    assert "CPython's known defects, with lib:Client:" in shown(both)
    assert not [line for line in shown(result(verdict("a/b"))) if "defects" in line]


def test_the_ways_in_which_a_candidate_differs_are_counted() -> None:
    """Each kind of difference once, the most frequent first; what is no difference of its own is left out."""
    found = result(*MIXED).findings.ways
    assert {key: (way.count, way.verdict.id) for key, way in found.items()} == {
        ("content.encoding", "utf-8"): (2, "body/one"),
        ("field.extra", "user-agent"): (2, "body/two"),
        ("harness", ""): (1, "head/four"),
    }
    lines = shown(result(*MIXED))
    assert "lib:Client differs in 3 ways:" in lines
    assert "  - The text is sent as UTF-8. [body.str.latin-1] (2 cases, such as body/one)" in lines
    assert "  - the harness failed (head/four)" in lines
    assert "  unsupported: no IPv6 \\x1b[0m here" in lines
    assert "lib:Client differs in 1 way:" in shown(result(MIXED[1]))


def test_many_ways_are_cut() -> None:
    """After forty ways the reader is sent to the JSON report."""
    lines = shown(
        result(*(verdict(f"a/{n}", "fail", difference(f"c{n:02}", f"way {n}")) for n in range(43))), explain=0
    )
    assert len([line for line in lines if line.startswith("  - way")]) == 40
    assert "  … and 3 more; --report json=PATH has all" in lines


def test_examples_are_one_for_each_reason() -> None:
    """The most frequent reasons first, and of each the plainest case; what was not run is no example."""
    assert [each.id for each in result(*MIXED).findings.examples] == ["body/one", "body/two", "head/four"]
    headings = [line for line in shown(result(*MIXED), explain=2) if line.startswith("lib:Client: ")]
    assert [heading.strip(" ─") for heading in headings] == [
        "lib:Client: body/one: fail",
        "lib:Client: body/two: nonstrict",
    ]


def test_clauses_that_hold_and_break_are_counted() -> None:
    """All documented clauses hold, or these break in so many cases, with the numbers of their sentences."""
    assert kept(result(verdict("a/b")), CLAUSES) == "lib:Client keeps every documented clause that was exercised (1)."
    assert kept(result(*MIXED), CLAUSES) == (
        "lib:Client breaks 1 of 1 documented clauses (and in how many cases): a.documented [4] [5] in 2."
    )
    assert [line for line in shown(result(MIXED[5])) if "clause" in line] == []
