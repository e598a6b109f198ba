"""Published results are sound and those of the present suite; findings name what is there, and their scripts run."""

from __future__ import annotations

import functools
import importlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import html5lib
import jsonschema
import pytest

from wireproof._cases import CaseSet, load
from wireproof._descriptions import described
from wireproof._selection import Planned, plan
from wireproof.report._read import reading
from wireproof.report._stored import Suite

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "reports"
FILES = sorted((REPORTS / "published").glob("*.json"))
FINDINGS = (REPORTS / "findings.md").read_text("utf-8")
SCHEMA = json.loads((ROOT / "harness" / "wireproof" / "report" / "results.schema.json").read_text("utf-8"))
AGAIN = "tox -e publish makes them anew"

Json = dict[str, Any]


@functools.cache
def suite() -> CaseSet:
    """Return the present suite."""
    return load(None, ())


@functools.cache
def planned() -> Planned:
    """Return what a published run consists of."""
    return plan(suite().cases, suite().matrices, (), (), 1)


@functools.cache
def document(file: Path) -> Json:
    """Return a published document."""
    found: Json = json.loads(file.read_bytes())
    return found


def record(client: str, case: str) -> Json | None:
    """Return the published result of a client, or None where it is not published."""
    file = REPORTS / "published" / f"{client}.json"
    if not file.exists():
        return None
    results: list[Json] = document(file)["candidates"][0]["results"]
    return next(each for each in results if each["id"] == case)


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The program that publishes, which is not shipped."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))

    class Parts:
        def __getattr__(self, name: str) -> ModuleType:
            return importlib.import_module(f"publish.{name}")

    yield Parts()
    for name in [name for name in sys.modules if name.split(".")[0] == "publish"]:
        del sys.modules[name]


# what is committed


def test_enough_real_clients_are_published() -> None:
    """Every CPython from 3.8 to 3.13, both branches of urllib3 and clients of several languages are there."""
    found = {file.stem for file in FILES}
    assert found >= {f"cpython-3.{minor}" for minor in range(8, 14)} | {"urllib3-1", "urllib3-2"}
    assert found >= {"requests", "httpx", "aiohttp", "gevent", "curl", "node-http", "go-net-http", "java-httpclient"}


def test_all_of_them_together_are_small() -> None:
    """What is committed stays small enough for a repository."""
    assert sum(file.stat().st_size for file in FILES) < 13_500_000


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_published_file_is_sound(file: Path) -> None:
    """It is named after its candidate, its gate is that of the description, and its accounts balance."""
    gates = {each.name: each.gate for each in described()}
    with reading([file], Suite(suite)) as report:
        (entry,) = report.entries
        assert (entry.head["name"], entry.gate) == (file.stem, gates[file.stem])
        assert (entry.missing, entry.summary["errored"], entry.summary["not_run"]) == (0, 0, 0)
    text = file.read_text("ascii")
    assert not re.search(r"127\.0\.0\.\d+:\d", text)
    assert "/tmp/" not in text


def test_published_files_are_of_the_present_suite() -> None:
    """Files that were made with other cases are named, with some of the cases and the command that makes them anew."""
    stale = [text for file in FILES if (text := _stale(file))]
    if stale:
        pytest.fail("\n".join([f"{len(stale)} published files are stale; {AGAIN}", *stale]), pytrace=False)


def _stale(file: Path) -> str:
    """Say what has changed in the suite since a file was made, or ""."""
    found = document(file)
    if found["selection"]["cases"] == planned().digest:
        return ""
    (candidate,) = found["candidates"]
    hashes = {each["id"]: each["hash"] for each in candidate["results"] if not each["id"].startswith("matrix/")}
    hashes |= {each["id"]: each["hash"] for each in candidate["matrices"]}
    present = {each.id: each.hash for each in suite().cases}
    present |= {each.id: each.hash for each in suite().matrices}
    changed = sorted(id_ for id_ in hashes.keys() | present.keys() if hashes.get(id_) != present.get(id_))
    return f"{file.name}: {len(changed)} cases and matrices have changed, {', '.join(changed[:3])} among them"


def test_published_files_fit_the_schema() -> None:
    """The validator passes every head, and a result of every form; it needs a second for a thousand results."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    forms: set[str] = set()
    for file in FILES:
        found = document(file)
        (candidate,) = found["candidates"]
        new = {form: each for each in candidate["results"] if (form := _form(each)) not in forms}
        forms |= new.keys()
        validator.validate({**found, "candidates": [{**candidate, "results": [*new.values()]}]})
    assert len(forms) > 20


def _form(value: Any, name: str = "") -> str:
    """Return what a schema looks at in a value: members, types, words; what of a hash does not belong into one."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_form(value[key], key)}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted({_form(each, name) for each in value})) + "]"
    if name in ("verdict", "bytes", "contract", "rfc", "blame", "seen"):
        return repr(value)
    if name in ("hash", "fingerprint"):
        return f"{len(value)}{re.sub('[0-9a-f]', '', value)}"
    return type(value).__name__ + str(bool(value))


# findings


def _sections() -> Iterator[str]:
    """Yield the text about each client of each finding, from its line "Client" on."""
    for part in re.split(r"^\* Clients?: ", FINDINGS, flags=re.M)[1:]:
        yield part.partition("\n## ")[0]


def _facts(section: str) -> tuple[list[str], list[str], dict[str, str]]:
    """Return the published clients, the cases, and the clauses with what is said of them."""
    clients, cases, clauses = section, "", ""
    head = section.partition("\n\n")[0].split("\n* ")
    clients = head[0]
    for line in head[1:]:
        name, _, text = line.partition(": ")
        cases = text if name in ("Case", "Cases") else cases
        clauses = text if name in ("Clause", "Clauses") else clauses
    names = re.findall(r"`([a-z0-9.-]+)`", clients)
    pairs = re.findall(r"`([a-z0-9.-]+)`(?: \(([^)]*)\))?", clauses)
    return names, re.findall(r"`([a-z0-9/-]+/[a-z0-9-]+)`", cases), dict(pairs)


def test_findings_name_cases_and_clauses_that_exist() -> None:
    """Whatever a finding cites is in the suite, in the words of the suite."""
    known = {case.id for case in suite().cases}
    sections = list(_sections())
    assert len(sections) >= 14
    for section in sections:
        _, cases, clauses = _facts(section)
        assert cases, section[:80]
        assert clauses, section[:80]
        assert set(cases) <= known
        for clause, text in clauses.items():
            assert not text or suite().clauses[clause].text == f"{text}."
    folders = {id_.partition("/")[0] for id_ in known}
    cited = {id_ for id_ in re.findall(r"`([a-z-]+/[a-z0-9/-]+)`", FINDINGS) if id_.partition("/")[0] in folders}
    assert cited <= known


def test_findings_are_what_was_measured() -> None:
    """A published client that a finding names does not pass its case, or shows CPython's defect in it."""
    seen = Counter[str]()
    for section in _sections():
        names, cases, _ = _facts(section)
        for name in names:
            found = record(name, cases[0])
            if found is not None:
                present = any(each["seen"] == "present" for each in found.get("defects", []))
                assert present or found["verdict"] in ("fail", "nonstrict"), (name, cases[0])
                seen[name] += 1
    assert len(seen) >= 12


def _blocks() -> Iterator[tuple[str, str, str]]:
    """Yield each block of code: its language, the code, and the block of text behind it."""
    fenced = r"```(\w+)\n(.*?)```\n(?:(?:\nIt (?:printed|sent).*?:\n)?\n```text\n(.*?)```)?"
    yield from re.findall(fenced, FINDINGS, flags=re.S)


def _is_plain(code: str) -> bool:
    """Say whether a script needs nothing but the standard library."""
    modules = {name.partition(".")[0] for name in re.findall(r"^(?:import|from) ([\w.]+)", code, flags=re.M)}
    return modules <= set(sys.stdlib_module_names)


SCRIPTS = [(code, output) for language, code, output in _blocks() if language == "python"]


@pytest.mark.parametrize(
    ("code", "output"), [pair for pair in SCRIPTS if _is_plain(pair[0])], ids=("stale", "items", "both", "unsized")
)
def test_a_script_about_http_client_prints_what_it_is_said_to_print(code: str, output: str) -> None:
    """The scripts about CPython's own client are run by the CPython at hand."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert (done.stdout.decode(), done.stderr.decode()) == (output, "")


def test_every_other_script_is_python() -> None:
    """What cannot be run here at least compiles, and there are scripts of both kinds."""
    for code, _ in SCRIPTS:
        compile(code, "findings.md", "exec")
    assert sum(_is_plain(code) for code, _ in SCRIPTS) == 4
    assert len(SCRIPTS) >= 12


def test_the_table_of_findings_links_to_them() -> None:
    """Every finding has a row, and every row goes to a heading."""
    headings = re.findall(r"^## (\d+\. .*)$", FINDINGS, flags=re.M)
    anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert re.findall(r"^\| \[\d+\]\(#([^)]*)\)", FINDINGS, flags=re.M) == anchors


# the program


RAW: Json = {
    "gate": "contract",
    "candidates": [
        {
            "name": "spam",
            "results": [
                {
                    "id": "a/b/c",
                    "verdict": "fail",
                    "layers": {"bytes": "fail", "contract": "fail", "rfc": "pass"},
                    "fingerprint": "0123456789abcdef",
                    "reason": {"code": "x", "text": "sent to 127.0.0.1:40123"},
                    "source": {"file": "cases/a/b.yaml", "line": 3},
                    "differences": [
                        {"code": "x", "clause": "one", "text": "weighs most"},
                        {"code": "contract", "clause": "one", "text": "the same"},
                        {"code": "y", "clause": "two", "text": "another", "at": 93},
                    ],
                    "evidence": [{"step": 0, "expected": None, "received": "x" * 2_000, "raised": None}],
                    "strict": {
                        "verdict": "fail",
                        "layers": {"bytes": "fail", "contract": "fail", "rfc": "fail"},
                        "fingerprint": "fedcba9876543210",
                        "reason": {"code": "z", "text": "strictly"},
                        "differences": [{"code": "z", "text": "strictly"}, {"code": "x", "text": "weighs most"}],
                    },
                }
            ]
            * 3,
        }
    ],
}


def test_a_document_is_published_without_what_is_not_said_twice(publish: Any) -> None:
    """Counts and verdicts stay; places, addresses, more evidence of the same and long bytes go."""
    lines = publish.brief.published(RAW).splitlines()
    results = json.loads("\n".join(lines))["candidates"][0]["results"]
    one = {
        "id": "a/b/c",
        "verdict": "fail",
        "layers": {"bytes": "fail", "contract": "fail", "rfc": "pass"},
        "fingerprint": "0123456789abcdef",
        "reason": {"code": "x", "text": "sent to <host>:<port>"},
        "differences": [
            {"code": "x", "clause": "one", "text": "weighs most"},
            {"code": "y", "clause": "two", "text": "another", "at": None},
        ],
        "strict": {
            "verdict": "fail",
            "layers": {"bytes": "fail", "contract": "fail", "rfc": "fail"},
            "fingerprint": "fedcba9876543210",
            "reason": {"code": "z", "text": "strictly"},
            "differences": [{"code": "z", "text": "strictly"}],
        },
    }
    received = "x" * 480 + "[... 1,460 bytes left out ...]" + "x" * 60
    full = {**one, "evidence": [{"step": 0, "expected": None, "received": received, "raised": None}]}
    brief = {**one["strict"], "reason": {"code": "z", "text": ""}, "differences": [{"code": "z", "text": ""}]}  # type: ignore[dict-item]
    assert results == [full, full, {**one, "strict": brief}]
    assert sum(line.startswith('{"id":') for line in lines) == 3


def test_both_sides_are_cut_around_their_first_difference(publish: Any) -> None:
    """The same gap stands on both sides in front of the difference; a short side stays as it is."""
    left, right = publish.brief.shortened("a" * 2_000 + "b" * 3_000, "a" * 2_000 + "c" * 10)
    assert left == (
        "a" * 480
        + "[... 1,460 bytes left out ...]"
        + "a" * 60
        + "b" * 300
        + "[... 2,640 bytes left out ...]"
        + "b" * 60
    )
    assert right == "a" * 480 + "[... 1,460 bytes left out ...]" + "a" * 60 + "c" * 10
    assert publish.brief.shortened("a" * 1_000, "b") == ["a" * 1_000, "b"]
    assert publish.brief.shortened("a" * 65_530, "a" * 65_520) == ["a" * 480 + "[... the rest is left out ...]"] * 2
    assert publish.brief.shortened("a" * 65_530) == ["a" * 480 + "[... the rest is left out ...]"]


@pytest.mark.parametrize(
    ("name", "codes", "outcome"),
    [
        ("cpython-3.8", {"install": 2}, ("no: said by install", True, False)),
        ("cpython-3.8", {"run": 3}, ("no: said by run", False, True)),
        ("urllib3-2", {"install": 3}, ("no: said by install", False, True)),
        ("aiohttp", {"install": 3}, ("no: said by install", False, False)),
    ],
)
def test_a_client_that_cannot_be_measured_is_said(
    publish: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    codes: dict[str, int],
    outcome: tuple[str, bool, bool],
) -> None:
    """What is not on the machine is left out; CPython or urllib3 that fails is wrong, anything else is not."""
    monkeypatch.setattr(
        publish.measure, "_wireproof", lambda command, *_: (codes.get(command, 0), f"no: said by {command}")
    )
    (found,) = publish.measure.measured([name], tmp_path, tmp_path)
    assert (found.why, found.is_absent, found.is_wrong) == outcome
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_nobody_has_is_one_sentence(
    publish: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program complains in one sentence, with exit code 2."""
    monkeypatch.setattr(sys, "argv", ["publish", "spam"])
    with pytest.raises(SystemExit) as caught:
        publish.command.main()
    wanted = "the name of a described candidate (see wireproof candidates)"
    assert (caught.value.code, capsys.readouterr().err) == (2, f"publish: NAME: got 'spam'; wanted {wanted}\n")


def test_the_index_links_a_page_for_each_client(publish: Any, tmp_path: Path) -> None:
    """The site is an index without a script, a comparison, and a page for each client."""
    results, site = tmp_path / "results", tmp_path / "site"
    results.mkdir()
    for name in ("gevent", "cpython-3.13"):
        (results / f"{name}.json").write_bytes((REPORTS / "published" / f"{name}.json").read_bytes())
    pages = publish.site.make(results, site)
    assert pages == ["index", "comparison", "cpython-3.13", "gevent"]
    text = (site / "index.html").read_text("utf-8")
    html5lib.HTMLParser(strict=True).parse(text)
    assert "<script" not in text
    links = re.findall(r'href="([^":]*)"', text)
    assert links == ["comparison.html", "cpython-3.13.html", "gevent.html"]
    assert all((site / link).is_file() for link in links)
    assert re.findall(r'<th scope="row">.*?about">(.*?)<.*?class="mark .">(.*?)<', text) == [
        ("http.client of CPython 3.13", "✓ holds"),
        ("http.client with everything monkey-patched by gevent", "✗ 3 fall short"),
    ]
