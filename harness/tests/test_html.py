"""The HTML page: what is in it, read by a strict parser, and how it behaves in a real browser.

The browser is Chromium, driven by Playwright; where one of them is not installed, those tests are skipped.
"""

from __future__ import annotations

import base64
import copy
import json
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import html5lib
import pytest

from wireproof._show import aligned

CLIENTS = Path(__file__).parent / "clients"
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e" + "".join(map(chr, range(256)))
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync")  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of three candidates on a few cases and combinations, one of which falls short in both."""
    path = tmp_path_factory.mktemp("results") / "results.json"
    selected = ["body-iterable/*", "body-str/*", "matrix/target"]
    command = [sys.executable, "-m", "wireproof", "run", "reference", "faulty:FirstLost", "faulty:MethodUpperCased"]
    for glob in selected:
        command += ["--select", glob]
    done = subprocess.run(
        [*command, "--strength", "1", "--report", f"json={path}"],
        cwd=CLIENTS, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def made(folder: Path, *documents: dict[str, Any]) -> Path:
    """Return the page made of results."""
    paths = []
    for number, document in enumerate(documents):
        paths.append(folder / f"results-{number}.json")
        paths[-1].write_text(json.dumps(document))
    page = folder / "page.html"
    command = [sys.executable, "-m", "wireproof", "report", *map(str, paths), "--format", "html", "--output", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return page


def unpacked(page: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the index of the page, and the details of all cases."""

    def load(text: str) -> Any:
        return json.loads(zlib.decompress(base64.b64decode(text)))

    index = re.search(r'id="index"[^>]*>(.*?)</script>', page, re.DOTALL)
    packed = re.search(r'id="packed">(.*?)</script>', page, re.DOTALL)
    assert index is not None
    assert packed is not None
    return load(json.loads(index[1])), [each for chunk in json.loads(packed[1]) for each in load(chunk)]


def hostile(results: dict[str, Any]) -> dict[str, Any]:
    """Return the same results with hostile text wherever a candidate can put some."""
    found = copy.deepcopy(results)
    found["wireproof"] = HOSTILE
    for number, candidate in enumerate(found["candidates"]):
        candidate["name"] = f"{HOSTILE}{number}"
        candidate["version"] = HOSTILE
        for record in candidate["results"]:
            if record["reason"]:
                record["reason"]["text"] = HOSTILE * 2000
                record["notes"] = [HOSTILE]
                for difference in record["differences"]:
                    difference["text"] = difference["cause"] = HOSTILE
                record["known"] = {"reason": HOSTILE, "issue": HOSTILE}
                for evidence in record["evidence"]:
                    evidence["raised"] = HOSTILE
                    evidence["received"] = "".join(map(chr, range(256))) * 20
    found["candidates"][2]["known"] = known(HOSTILE)
    return found


def known(text: str) -> dict[str, Any]:
    """Return what a baseline says of a candidate, with a text in all of it."""
    entries = [{"line": 3, "reason": text, "issue": text, "count": 1}]
    news = [{"kind": "new", "text": text, "count": 1, "case": text}]
    return {"file": text, "layer": "bytes", "count": 1, "entries": entries, "news": news}


def test_known_failures_are_marked(tmp_path: Path, results: dict[str, Any]) -> None:
    """With a mark of their own, the reason and the link; news stands beside the candidate, which holds without any."""
    found = copy.deepcopy(results)
    for candidate in found["candidates"]:
        candidate["known"] = {**known("It was so."), "news": []}
        for record in candidate["results"]:
            if record["id"] != "body-iterable/collections/list" and record["layers"]["bytes"] == "fail":
                record["known"] = {"reason": "We live with it.", "issue": "https://issues.example/1"}
    found["candidates"][2]["known"] = known("Something is news.")
    page = made(tmp_path, found).read_text()
    index, details = unpacked(page)
    failing = [record["id"] for record in found["candidates"][1]["results"] if record["layers"]["bytes"] == "fail"]
    marks = {id_: mark for id_, mark in zip(index["ids"], index["marks"][1], strict=True) if mark in "fk"}
    assert marks == {id_: "f" if id_ == "body-iterable/collections/list" else "k" for id_ in failing}
    at = index["ids"].index(next(id_ for id_ in failing if marks[id_] == "k"))
    assert details[at]["cells"]["1"]["known"] == "We live with it. (https://issues.example/1)"
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    told = ["".join(row.itertext()) for row in tree.find(".//tbody").findall("tr")]
    assert [("✓ holds" in text, "All is as" in text, "Something is news." in text) for text in told] == [
        (True, True, False), (False, True, False), (False, False, True)
    ]  # fmt: skip


def test_every_case_has_a_row_and_every_failure_its_bytes(tmp_path: Path, results: dict[str, Any]) -> None:
    """Marks, clauses, the request as Python, the bytes side by side, and the script."""
    index, details = unpacked(made(tmp_path, results).read_text())
    assert index["titles"] == ["reference", "faulty:FirstLost", "faulty:MethodUpperCased"]
    assert len(details) == len(index["ids"]) == len(index["marks"][0])
    at = index["ids"].index("body-iterable/collections/list")
    assert [marks[at] for marks in index["marks"]] == ["p", "f", "p"]
    assert details[at]["python"].startswith("import http.client")
    cell = details[at]["cells"]["1"]
    assert cell["code"] == "body.element-missing"
    assert "body.iterable.exhausted" in cell["clauses"]
    assert "def compare(" in cell["script"]
    assert "from faulty import FirstLost" in cell["script"]
    changed = [row for row in cell["steps"][0]["rows"] if row[0] == "changed"]
    assert changed
    assert any(segment[1:] for _, left, _ in changed if left for segment in left["text"])
    failing = {record["id"] for record in results["candidates"][1]["results"] if record["layers"]["bytes"] == "fail"}
    assert {id_ for id_, mark in zip(index["ids"], index["marks"][1], strict=True) if mark == "f"} == failing


def test_a_combination_that_is_not_listed_has_passed(tmp_path: Path, results: dict[str, Any]) -> None:
    """Of a matrix only what did not pass is listed; with another selection nothing is known of it."""
    index, _ = unpacked(made(tmp_path, results).read_text())
    combined = [at for at, id_ in enumerate(index["ids"]) if id_.startswith("matrix/")]
    assert combined
    assert {index["marks"][0][at] for at in combined} == {"p"}
    assert {index["marks"][2][at] for at in combined} == {"f"}
    assert {index["marks"][1][at] for at in combined} == {"p"}
    other = copy.deepcopy(results)
    other["selection"]["cases"] = "0" * 16
    other["candidates"] = other["candidates"][:1]
    index, _ = unpacked(made(tmp_path, results, other).read_text())
    assert {index["marks"][3][at] for at, id_ in enumerate(index["ids"]) if id_.startswith("matrix/")} == {"-"}


def test_markup_is_valid_and_nothing_hostile_is_in_it(tmp_path: Path, results: dict[str, Any]) -> None:
    """A strict parser takes the page; hostile text is text."""
    text = made(tmp_path, hostile(results)).read_text()
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree = parser.parse(text)
    assert len(tree.findall(".//script")) == 3
    assert "<script>alert" not in text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert not re.search(r'(?:src|href)="(?!data:,|#)', text)


def test_the_same_results_give_the_same_page(tmp_path: Path, results: dict[str, Any]) -> None:
    """Byte for byte."""
    (tmp_path / "again").mkdir()
    assert made(tmp_path, results).read_bytes() == made(tmp_path / "again", results).read_bytes()


def test_lines_are_aligned_and_what_differs_is_marked() -> None:
    """A line that is missing stands against nothing; of a line that differs only the difference is marked."""
    rows = aligned(b"GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n", b"GET / HTTP/1.1\r\nB: 3\r\n\r\n")
    assert [row.kind for row in rows] == ["equal", "changed", "changed", "equal"]
    assert rows[2].received is None or rows[1].received is None
    (marked,) = [row for row in rows if row.kind == "changed" and row.expected and row.received]
    assert marked.received is not None
    assert ("3", True) in marked.received.segments or ("B: 3", True) in marked.received.segments
    assert rows[0].expected is not None
    assert "method GET" in rows[0].expected.about
    assert [row.kind for row in aligned(None, b"x\n" * 300)][-1] == "left"


# in a browser -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("chromium is not installed")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield found
        found.close()


def opened(browser: Any, path: Path, said: list[str], scheme: str = "light") -> Any:
    """Return the page once it is ready; whatever the console says is kept."""
    page = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900}).new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]")
    return page


def violations(page: Any) -> list[str]:
    """Return what axe-core finds."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    return [violation["id"] for violation in axe.Axe().run(page).response["violations"]]


def test_filters_keys_and_details(browser: Any, tmp_path: Path, results: dict[str, Any]) -> None:
    """Find a failure, open it with the keyboard, read it, copy the script, close it, and be where one was."""
    said: list[str] = []
    page = opened(browser, made(tmp_path, results), said)
    total = len(unpacked((tmp_path / "page.html").read_text())[0]["ids"])
    assert page.inner_text("#case-count") == f"{total} of {total}"
    page.fill("#case-text", "collections list")
    page.select_option("#case-entry", label="faulty:FirstLost")
    page.select_option("#case-mark", "f")
    shown = page.locator("#rows .name").all_inner_texts()
    assert "body-iterable/collections/list" in shown
    assert all("list" in name for name in shown)
    page.focus('#rows [tabindex="0"]')
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector("#details[open] .wire mark")
    told = page.inner_text("#details")
    assert "faulty:FirstLost: ✗ fails the gate" in told
    assert "The first piece of the body is missing" in told
    assert "reference:" not in told  # the column that was opened is that of one candidate
    assert page.locator("#details .end").first.inner_text() == "CR"
    page.locator("#details h3 button").last.click()
    page.wait_for_function("[...document.querySelectorAll('.copied')].some((one) => one.textContent === 'copied')")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.wait_for_selector("#details", state="hidden")
    assert page.evaluate("document.activeElement.dataset.column") == "2"
    page.select_option("#case-mark", "k")
    assert page.locator("#rows .row").count() == 0
    page.click("text=Clear")
    page.wait_for_function(f"document.getElementById('case-count').textContent === '{total} of {total}'")
    assert said == []


def test_a_title_and_what_it_is_about_change_together(browser: Any, tmp_path: Path, results: dict[str, Any]) -> None:
    """While the details of another case are on their way, those of the first stay; the last one asked for wins."""
    said: list[str] = []
    page = opened(browser, made(tmp_path, results), said)
    names = page.locator("#rows .name").all_inner_texts()
    page.locator("#rows .name").nth(0).click()
    page.wait_for_selector("#details[open]")
    click = "(row) => document.querySelectorAll('#rows .name')[row].click()"
    title = "document.getElementById('details-title').textContent"
    meanwhile = page.evaluate(f"() => {{ ({click})(1); ({click})(2); return {title}; }}")
    page.wait_for_function(f"{title} === {json.dumps(names[2])}")
    assert meanwhile == names[0]
    assert said == []


def test_a_broken_clause_leads_to_its_cases(browser: Any, tmp_path: Path, results: dict[str, Any]) -> None:
    """The number of a clause is a button; the clauses have filters of their own."""
    said: list[str] = []
    page = opened(browser, made(tmp_path, results), said)
    page.check("#clause-broken")
    page.fill("#clause-text", "request.method")
    button = page.locator("#clauses tr:not([hidden]) button")
    assert button.count() == 1
    button.click()
    shown = page.locator("#rows .name").all_inner_texts()
    assert shown
    assert all(name.startswith(("matrix/target", "body-")) for name in shown)
    assert page.input_value("#case-clause") != ""
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_results_do_nothing_and_everybody_can_read_the_page(
    browser: Any, tmp_path: Path, results: dict[str, Any], scheme: str
) -> None:
    """No script of theirs runs, the console is silent, nothing is fetched, and axe-core has nothing to say."""
    said: list[str] = []
    page = opened(browser, made(tmp_path, hostile(results)), said, scheme)
    page.select_option("#case-mark", "f")
    page.locator("#rows .mark.f").first.click()
    page.wait_for_selector("#details[open]")
    assert "<script>alert(1)</script>" in page.inner_text("#details")
    assert page.locator("#details script").count() == 0
    page.keyboard.press("Escape")
    page.wait_for_selector("#details", state="hidden")
    page.select_option("#case-mark", "k")
    page.locator("#rows .mark.k").first.click()
    page.wait_for_selector("#details[open]")
    assert "known: <script>alert(1)</script>" in page.inner_text("#details")
    page.keyboard.press("Escape")
    assert violations(page) == []
    assert said == []
