"""Comparing runs: what has happened to each case, whose doing it is, and how it is said."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from wireproof import cli
from wireproof._cases import load
from wireproof._gates import _told
from wireproof._gates._compare import Comparison, One, Side, compare, paired
from wireproof._gates._hold import Looked
from wireproof._gates._told import LARGEST, code, document, markdown, text

A, B = "a" * 16, "b" * 16
NOTHING = dict.fromkeys(("passed", "nonstrict", "failed", "unsupported", "errored", "not_run"), 0)
PASS, FAIL, OTHER = ("pass", ""), ("fail", A), ("fail", B)
LACKS, LOST = ("unsupported", ""), ("not_run", "")


def one(id_: str, answer: tuple[str, str], hash_: str = "00", text: str = "") -> One:
    """Return a result: the verdict, which is the answer of each layer, and the fingerprint."""
    return One(Looked(id_, answer[0], answer[0], answer[1], text), hash_)


def side(
    results: Mapping[str, tuple[str, str]],
    *,
    name: str = "lib:Client",
    suite: str = "0.1.0",
    hashes: Mapping[str, str] | None = None,
    plan: str = "all",
    **matrix: Any,
) -> Side:
    """Return a run; ``matrix``: what is told of matrix/m, of which 10 combinations were planned."""
    matrices = {"matrix/m": {"hash": "01", "planned": 10, **NOTHING, **matrix}} if matrix else {}
    every = {id_: one(id_, answer, (hashes or {}).get(id_, "00")) for id_, answer in results.items()}
    return Side(name, "1.0", suite, plan, matrices, every, len(every))


def kinds(found: Comparison) -> dict[str, str]:
    """Return what has happened, by case."""
    return {change.id: change.kind for change in found.changes}


@pytest.mark.parametrize(
    ("old", "new", "kind", "worse"),
    [
        (PASS, PASS, None, False),
        (FAIL, FAIL, None, False),
        (LACKS, LACKS, None, False),
        (LACKS, LOST, None, False),
        (PASS, FAIL, "failing", True),
        (FAIL, OTHER, "changed", True),
        (PASS, LACKS, "lost", True),
        (FAIL, LOST, "lost", True),
        (FAIL, PASS, "passing", False),
        (LACKS, PASS, "gained", False),
        (LACKS, FAIL, "gained", False),
        (None, FAIL, "added", False),
        (None, PASS, "added", False),
        (FAIL, None, "removed", True),
        (PASS, None, "removed", True),
    ],
)
def test_what_can_happen_to_a_case(
    old: tuple[str, str] | None, new: tuple[str, str] | None, kind: str | None, worse: bool
) -> None:
    """Each pair of answers has one name, and is a regression or not."""
    found = compare(side({"f/a": old} if old else {}), side({"f/a": new} if new else {}))
    assert kinds(found) == ({} if kind is None else {"f/a": kind})
    assert found.is_worse is worse


def test_a_case_that_another_version_of_the_suite_has_not_is_no_regression() -> None:
    """Across versions what is gone, or asks something else, is told, and held against nobody."""
    old = side({"f/a": PASS, "f/b": PASS, "f/c": PASS, "f/d": PASS})
    new = side({"f/a": PASS, "f/b": FAIL, "f/c": PASS}, suite="0.2.0", hashes={"f/b": "01", "f/c": "01"})
    found = compare(old, new)
    assert kinds(found) == {"f/b": "suite", "f/d": "removed"}
    assert not found.is_worse
    assert found.notes == [
        "the suite was that of wireproof 0.1.0, and is that of 0.2.0",
        "2 of the cases ask or expect something else now, such as f/b",
    ]
    assert compare(old, side({**new_results(new), "f/a": FAIL}, suite="0.2.0", hashes={"f/b": "01"})).is_worse


def new_results(side_: Side) -> dict[str, tuple[str, str]]:
    """Return the results that a side was made of."""
    return {id_: (each.looked.verdict, each.looked.fingerprint) for id_, each in side_.results.items()}


X, Y = "matrix/m[a=x]", "matrix/m[a=y]"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (side({}, passed=10), side({X: FAIL}, failed=1, passed=9), {X: "failing"}),
        (side({X: FAIL}, failed=1, passed=9), side({}, passed=10), {X: "passing"}),
        (side({X: FAIL}, failed=1, passed=9), side({X: OTHER}, failed=1, passed=9), {X: "changed"}),
        (side({}, passed=10), side({X: LACKS}, unsupported=1, passed=9), {X: "lost"}),
        (side({}, passed=10), side({X: FAIL}, failed=1, passed=9, hash="02"), {X: "unknown"}),
        (side({}, passed=10), side({X: FAIL}, failed=1, passed=9, plan="other"), {X: "unknown"}),
        (side({X: FAIL}, failed=1, passed=9), side({}, passed=11, planned=11), {X: "unknown"}),
        (side({X: FAIL}, failed=1, passed=9), side({}), {X: "removed"}),
        (side({}), side({X: FAIL}, failed=1, passed=9), {X: "added"}),
        (side({X: PASS}, planned=1, passed=1), side({X: FAIL}, planned=1, failed=1, hash="02"), {X: "failing"}),
        (side({X: FAIL}, planned=1, failed=1), side({Y: FAIL}, planned=1, failed=1), {Y: "added", X: "removed"}),
        (side({X: FAIL}, failed=1, passed=9), side({}, passed=8, not_run=2), {X: "unknown"}),
    ],
)
def test_combinations_that_are_not_listed(old: Side, new: Side, found: dict[str, str]) -> None:
    """What is not listed has passed where both planned the same, and is not known to have elsewhere."""
    assert kinds(compare(old, new)) == found


def test_combinations_without_a_verdict_that_nobody_lists_are_lost() -> None:
    """Only their number is known."""
    found = compare(side({}, passed=10), side({}, passed=7, errored=1, not_run=2))
    assert (found.counts["lost"], found.is_worse, found.changes) == (3, True, [])


def test_candidates_are_compared_by_name() -> None:
    """Two alone are compared whatever they are called; one that is gone is a regression, a new one is none."""
    a, b, c = (side({}, name=name) for name in "abc")
    assert paired([a], [b]) == [(a, b)]
    assert compare(a, b).notes == ["a is compared with b: each is the only candidate of its results"]
    assert paired([a, b], [c, b]) == [(a, None), (b, b), (None, c)]
    assert (compare(a, None).is_worse, compare(None, c).is_worse) == (True, False)


# how it is said ----------------------------------------------------------------------------------------------------

MARKUP = "@all #1 http://example.test <script>a()</script> `` ``` | \u202e ![x](y)"
HOSTILE = bytes(range(256)).decode("latin-1") + MARKUP


@pytest.mark.parametrize("text", ["a", "`", "a``b", "", " ", "\n", "<b>", HOSTILE])
def test_hostile_text_stays_in_its_code_span(text: str) -> None:
    """The fence is longer than any run of backticks in it, and there is no line end and no control character."""
    span = code(text)
    match = re.fullmatch(r"(`+) (.*) \1", span)
    assert match is not None or span == "` `"
    assert match is None or match[1] not in re.findall("`+", match[2])
    assert span.isprintable()


def test_a_comment_is_never_too_long() -> None:
    """However much has changed, and however long it is, fewer characters are written than a comment may have."""
    names = {f"f/{number}-{'`' * 150}": FAIL for number in range(3000)}
    pairs = [(side(dict.fromkeys(names, PASS), name=f"c{at}"), side(names, name=f"c{at}")) for at in range(3)]
    whole = "".join(markdown([compare(*pair) for pair in pairs], "bytes"))
    assert len(whole) < LARGEST
    assert whole.count("Newly failing: 3,000") == 3
    many = [compare(side({}, name=f"{at}{'x' * 300}"), None) for at in range(1000)]
    assert LARGEST - 1000 < len("".join(markdown(many, "bytes"))) < LARGEST


def test_the_reason_of_another_layer_is_not_told() -> None:
    """A case that holds at the layer is said to pass, whatever differs at another."""
    new = Side("c", "", "", "", {}, {"f/a": One(Looked("f/a", "nonstrict", "pass", A, "bytes differ"), "00")}, 1)
    assert "bytes differ" not in "".join(text([compare(side({}), new)], "contract"))


def test_every_format_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text and Markdown list what JSON has, and say how much more there is."""
    monkeypatch.setattr(_told, "_LISTED", 1)
    found = [compare(side({"f/a": PASS, "f/b": PASS, "f/c": FAIL}), side({"f/a": FAIL, "f/b": FAIL, "f/c": OTHER}))]
    assert "".join(text(found, "bytes")).splitlines() == [
        "lib:Client, layer bytes: worse than before",
        "",
        "  newly failing: 2",
        "    f/a",
        "      fail",
        "    and 1 more",
        "",
        "  failing in another way: 1",
        "    f/c",
        "      before: fail",
        "      now: fail",
        "",
    ]
    assert "".join(markdown(found, "bytes")).splitlines() == [
        "### wireproof compare, layer bytes",
        "",
        "**` lib:Client `: worse than before**",
        "",
        "Newly failing: 2",
        "",
        "- ` f/a `: ` fail `",
        "- and 1 more",
        "",
        "Failing in another way: 1",
        "",
        "- ` f/c `: before ` fail `; now ` fail `",
    ]
    whole = json.loads("".join(document(found, "bytes")))
    assert [each["id"] for each in whole["candidates"][0]["changes"]] == ["f/a", "f/b", "f/c"]
    assert "".join(text([compare(side({}), side({}))], "rfc")) == "lib:Client, layer rfc: nothing has changed\n\n"


# on the command line -----------------------------------------------------------------------------------------------

CLIENT = """
import http.client, pathlib

MODE = pathlib.Path(__file__).with_name("mode")


class Client(http.client.HTTPConnection):
    def endheaders(self, *arguments, **more):
        what = dict(line.split() for line in MODE.read_text().splitlines())
        method, url = self._buffer[0].decode().split()[:2]
        if what.get(url, "fine") != "fine":
            self.putheader(f"X-{what[url]}", "1")
        super().endheaders(*arguments, **more)
"""
OLD = {"/same": "extra", "/fixed": "extra", "/other": "extra", "/rewritten": "fine", "/broken": "fine", "/gone": "fine"}
NEW = {"/same": "extra", "/fixed": "fine", "/other": "more", "/rewritten": "extra", "/broken": "extra", "/new": "extra"}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def wireproof_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """A function that calls the command line in a folder of its own."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["wireproof", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capfd.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, output.out, output.err

    yield call
    for number, handler in handlers.items():
        signal.signal(number, handler)


def suite(folder: Path, urls: Mapping[str, str], query: str = "") -> None:
    """Write a case for each url, and let the client do this at each."""
    clause = next(iter(load(None, ("nothing/*",)).clauses))
    cases = "".join(
        f"""
- name: {url[1:]}
  about: "One."
  clauses: [{clause}]
  request: {{method: "GET", url: "{url}", headers: [["A", "{query if url == "/rewritten" else ""}"]]}}
  expect: {{head: ["GET {url} HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity", "A: {
            query if url == "/rewritten" else ""
        }"]}}"""
        for url in urls
    )
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / "all.yaml").write_text(f'about: "Own."\ncases:{cases}\n')
    (folder / "mode").write_text("".join(f"{url} {what}\n" for url, what in urls.items()))
    (folder / "planted.py").write_text(CLIENT)


def test_planted_differences_are_found_exactly(wireproof_: Run, tmp_path: Path) -> None:
    """Two runs through the command line, with one difference of each kind, and nothing else is told."""
    run = ("run", "planted:Client", "--cases", "own", "--jobs", "1", "--report")
    suite(tmp_path, OLD)
    assert wireproof_(*run, "json=old.json")[0] == 1
    suite(tmp_path, NEW, "2")
    assert wireproof_(*run, "jsonl=new.jsonl")[0] == 1
    code_, output, errors = wireproof_("compare", "old.json", "new.jsonl", "--format", "json")
    (found,) = json.loads(output)["candidates"]
    assert {change["id"]: change["kind"] for change in found["changes"]} == {
        "all/broken": "failing",
        "all/other": "changed",
        "all/gone": "removed",
        "all/fixed": "passing",
        "all/new": "added",
        "all/rewritten": "suite",
    }
    assert (code_, errors, found["worse"]) == (1, "", True)
    assert wireproof_("compare", "old.json", "old.json")[:2] == (
        0,
        "planted:Client, layer bytes: nothing has changed\n\n",
    )
    assert wireproof_("compare", "old.json", "new.jsonl", "--gate", "contract")[0] == 1
    assert wireproof_("compare", "old.json", "new.jsonl", "-f", "markdown", "-o", "comment.md")[:2] == (1, "")
    assert (tmp_path / "comment.md").read_text().startswith("### wireproof compare, layer bytes\n")

    # an older version of the suite, which the last run is not about
    assert wireproof_("freeze", "--cases", "own")[0] == 0
    code_, _, errors = wireproof_("freeze", "--cases", "own")
    assert (code_, "a version that is not released yet" in errors) == (2, True)
    (kept,) = (tmp_path / "own" / "versions").glob("*.json")
    kept.rename(kept.with_name("0.0.9.json"))
    suite(tmp_path, {**NEW, "/later": "extra"}, "3")
    gate = (*run, "json=frozen.json", "--suite-version")
    code_, output, errors = wireproof_(*gate, "0.0.9")
    assert code_ == 1
    assert "suite 0.0.9: left out: 1 newer cases and values; all/rewritten (changed since)" in errors
    ids = [each["id"] for each in json.loads((tmp_path / "frozen.json").read_text())["candidates"][0]["results"]]
    assert ids == ["all/same", "all/fixed", "all/other", "all/broken", "all/new"]
    code_, _, errors = wireproof_(*gate, "7.0")
    assert code_ == 2
    assert "--suite-version: got '7.0'; wanted a version of the suite that this wireproof has: 0.0.9, " in errors

    # what was stored of it is understood again
    assert wireproof_("baseline", "write", "frozen.json", "known.yaml", "--cases", "own")[0] == 0
    assert 'suite: "0.0.9"' in (tmp_path / "known.yaml").read_text()
    assert wireproof_("baseline", "diff", "frozen.json", "known.yaml", "--cases", "own") == (0, "", "")
    code_, output, _ = wireproof_("baseline", "diff", "frozen.json", "known.yaml", "--cases", "own", "--gate", "rfc")
    assert code_ == 0
    assert wireproof_("baseline", "write", "frozen.json", "known.yaml", "--cases", "own")[0] == 2
    assert wireproof_("baseline", "update", "old.json", "known.yaml", "--cases", "own")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["compare", "none.json", "none.json"], "No such file"),
        (["compare", "text.json", "text.json"], "which is no JSON"),
        (["compare", "text.json", "text.json", "--gate", "byte"], "'byte' is not one of"),
        (["baseline", "write", "text.json", "new.yaml"], "which is no JSON"),
        (["baseline", "update", "text.json", "none.yaml"], "No such file"),
        (["run", "stdlib", "--baseline", "none.yaml"], "--baseline: got 'none.yaml (No such file or directory)'"),
        (["run", "stdlib", "--baseline", "text.json", "--fail-fast"], "--fail-fast: got 'beside --baseline'"),
        (["run", "stdlib", "--baseline", "text.json"], "text.json:1:1: found the bare word 'text'; wanted a baseline"),
        (["run", "stdlib", "--suite-version", "7"], "--suite-version: got '7'"),
    ],
)
def test_bad_input_is_one_sentence(wireproof_: Run, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    """The exit code is 2, and nothing is written."""
    (tmp_path / "text.json").write_text("text")
    code_, output, errors = wireproof_(*arguments)
    assert (code_, output, errors.count("\n")) == (2, "", 1)
    assert sentence in errors
    assert [file.name for file in tmp_path.iterdir()] == ["text.json"]
