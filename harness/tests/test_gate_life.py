"""A gate through its whole life, on the real command line: what it lets through, what it stops, and why."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wireproof import cli
from wireproof._cases import load
from wireproof.report._formats import FORMATS

CLIENT = """
import http.client, os, pathlib, signal

HERE = pathlib.Path(__file__).parent


class Client(http.client.HTTPConnection):
    def request(self, method, url, *arguments, **more):
        self.mode = (HERE / "mode").read_text()
        if self.mode == "kills" and url == "/2":
            os.kill(os.getppid(), signal.SIGKILL)
        super().request(method, url, *arguments, **more)

    def endheaders(self, *arguments, **more):
        if self.mode in ("extra", "other"):
            self.putheader(f"X-{self.mode}", "1")
        super().endheaders(*arguments, **more)
"""
CASE = """
- name: {name}
  about: "One of three."
  clauses: [{clause}]
  request: {{method: "GET", url: "/{number}"}}
  expect: {{head: ["GET /{number} HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}}
"""
NAMES = ("one", "two", "three")


class Life:
    """A project with a client, cases of its own, and a gate: ``wireproof run`` with a baseline."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self._monkeypatch, self._capfd = folder, monkeypatch, capfd
        self.clause = next(iter(load(None, ("nothing/*",)).clauses))
        (folder / "own").mkdir()
        (folder / "life.py").write_text(CLIENT)
        (folder / "baseline.yaml").write_text("candidates: []\n")
        self.suite(*NAMES)
        self.mode("fine")

    def suite(self, *names: str) -> None:
        """Let the cases be these."""
        cases = [CASE.format(name=name, clause=self.clause, number=NAMES.index(name)) for name in names]
        (self.folder / "own" / "all.yaml").write_text(f'about: "Own."\ncases:{"".join(cases)}')

    def mode(self, mode: str) -> None:
        """Let the client do this."""
        (self.folder / "mode").write_text(mode)

    def call(self, *arguments: str) -> tuple[int, str]:
        """Call the command line; return the exit code and all that was printed."""
        self._monkeypatch.setattr(sys, "argv", ["wireproof", *arguments])
        self._capfd.readouterr()
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = self._capfd.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, output.out + output.err

    def gate(self, *more: str) -> tuple[int, list[str]]:
        """Run the gate; return the exit code and what it says that is news."""
        run = ("run", "life:Client", "--cases", "own", "--jobs", "1", "--baseline", "baseline.yaml")
        code, output = self.call(*run, "--report", "json=results.json", *more)
        lines = output.splitlines()
        start = next(at for at, line in enumerate(lines) if "known failures (baseline.yaml)" in line)
        return code, lines[start:]

    def baseline(self, what: str) -> tuple[int, str]:
        """Call ``wireproof baseline`` with the last results."""
        return self.call("baseline", what, "results.json", "baseline.yaml", "--cases", "own")

    def reports(self) -> dict[str, str]:
        """Run the gate with every report; return them, without what is printed."""
        files = {name: self.folder / f"report.{name}" for name in FORMATS}
        targets = [word for name, file in files.items() for word in ("--report", f"{name}={file.name}")]
        self.call("run", "life:Client", "--cases", "own", "--jobs", "1", "--baseline", "baseline.yaml", *targets)
        return {name: file.read_text() for name, file in files.items()}

    @property
    def known(self) -> str:
        """The text of the baseline."""
        return (self.folder / "baseline.yaml").read_text()

    def results(self) -> dict[str, Any]:
        """Return the last results."""
        found: dict[str, Any] = json.loads((self.folder / "results.json").read_text())
        return found


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Life]:
    """A project in a folder of its own."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    handlers = {number: signal.getsignal(number) for number in numbers}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    yield Life(tmp_path, monkeypatch, capfd)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_the_life_of_a_gate(life: Life) -> None:
    """Green; a new failure; known; failing otherwise; fixed; pruned; a case vanishes; the worker dies."""
    assert life.gate() == (0, ["life:Client: 0 known failures (baseline.yaml), no news"])

    life.mode("extra")
    code, lines = life.gate()
    assert (code, lines[0]) == (1, "life:Client: 0 known failures (baseline.yaml), news: 1")
    assert lines[1].startswith("  all/one (and 2 more) fails, and is not known to: ")

    assert life.baseline("update")[0] == 0
    assert life.known.count("not looked at yet") == 1
    (life.folder / "baseline.yaml").write_text(life.known.replace("not looked at yet", "we need it"))
    assert life.gate() == (0, ["life:Client: 3 known failures (baseline.yaml), no news"])

    life.mode("other")
    code, lines = life.gate()
    assert (code, lines[0]) == (1, "life:Client: 0 known failures (baseline.yaml), news: 1")
    assert lines[1].startswith("  baseline.yaml:8: all/one (and 2 more) fails in another way than is known: ")

    life.mode("fine")
    assert life.gate() == (
        1,
        [
            "life:Client: 0 known failures (baseline.yaml), news: 1",
            "  baseline.yaml:8: all/one (and 2 more) passes, and is known to fail; remove it",
        ],
    )
    assert life.baseline("prune")[0] == 0
    assert "we need it" not in life.known
    assert life.gate() == (0, ["life:Client: 0 known failures (baseline.yaml), no news"])

    life.suite("one", "three")
    assert life.gate("--min-verdicts", "2") == (
        1,
        [
            "life:Client: 0 known failures (baseline.yaml), news: 1",
            "  baseline.yaml:2: 1 of the 3 verdicts that there were are gone",
        ],
    )
    code, lines = life.gate("--min-verdicts", "3")
    assert code == 3
    assert lines[-1] == "wireproof: life:Client: 2 cases were judged, and --min-verdicts wants 3"
    assert life.baseline("update")[0] == 0
    assert life.gate()[0] == 0

    life.suite(*NAMES)
    life.mode("kills")
    assert life.gate("--isolate")[0] == 3
    assert life.results()["candidates"][0]["summary"]["errored"] >= 1
    code, output = life.baseline("update")
    assert code == 2
    assert "were not judged" in output


def test_reports_agree_with_the_gate(life: Life) -> None:
    """What is quiet fails in no report, what is news fails in each; and stored results say the same again."""
    life.mode("extra")
    life.gate()
    life.baseline("update")
    (life.folder / "baseline.yaml").write_text(life.known.replace("not looked at yet", "we need it"))
    quiet = life.reports()
    assert {name: quiet["junit"].count(f"<{name}") for name in ("failure", "error", "skipped")} == {
        "failure": 0, "error": 0, "skipped": 3
    }  # fmt: skip
    assert "<skipped>known failure: we need it</skipped>" in quiet["junit"]
    assert quiet["tap"].count(" # TODO known failure: we need it\n") == quiet["tap"].count("\nnot ok") == 3
    assert quiet["github"] == ""
    assert "1 candidate pass" in quiet["markdown"]
    assert "All is as the baseline says." in quiet["markdown"]
    assert json.loads(quiet["badge"]) == {
        "schemaVersion": 1, "label": "life:Client", "message": "0 of 3, 3 known", "color": "brightgreen"
    }  # fmt: skip
    assert "✓ holds" in quiet["html"]
    known = json.loads(quiet["json"])["candidates"][0]["known"]
    assert (known["count"], known["news"]) == (3, [])

    life.suite("one", "two")
    life.mode("other")
    loud = life.reports()
    code, lines = life.gate()
    assert (code, len(lines)) == (1, 4)
    known = json.loads(loud["json"])["candidates"][0]["known"]
    assert [f"  {news['text']}" for news in known["news"]] == lines[1:]
    assert [news["kind"] for news in known["news"]] == ["other", "stale", "gone"]
    assert loud["junit"].count("<failure") == 2 + 3
    assert loud["github"].count("::error file=baseline.yaml,line=") == 3
    for name in ("markdown", "html"):
        assert "all/three matches nothing that was planned; remove it" in loud[name]

    for name in FORMATS:
        life.call("report", "report.json", "--format", name, "--output", "again", "--cases", "own")
        assert (life.folder / "again").read_text() == loud[name]
    run = ("run", "life:Client", "--cases", "own", "--jobs", "1", "--baseline", "baseline.yaml")
    _, printed = life.call(*run)
    code, again = life.call("report", "report.json", "--cases", "own")
    assert (code, again.splitlines()[1:]) == (0, printed.splitlines()[1:])
    assert again.splitlines()[-len(lines) :] == lines
    assert again.count("Expected (-) and received (+):") == 1
