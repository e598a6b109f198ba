"""Tests of the documentation: what it shows is what happens.

The README's commands run each in a folder of its own. A page of docs is a session: its markers are followed from the
first to the last, in one folder, and the exit code that a marker names (0 where it names none) has to be the right one.
A marker is a comment; what it is about stands in the block below it, where it is about one::

    <!-- file: NAME -->                    write the block into this file
    <!-- change: NAME: OLD => NEW -->      change the file
    <!-- run 1: wireproof … -->            run the command; exit code 1
    <!-- output: wireproof … -->           run it: it prints the block
    <!-- end: wireproof … -->              run it: what it prints ends with the block
    <!-- shows: NAME -->                   the block is what the file has
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"
OUTPUT = re.compile(r"<!-- output: (?P<command>[^\n]+) -->\n```console\n(?P<output>.*?)```\n", re.DOTALL)
FILE = re.compile(r"<!-- file: (?P<name>\S+) -->\n```python\n(?P<text>.*?)```\n", re.DOTALL)
TEST = re.compile(r"<!-- test -->\n```python\n(?P<text>.*?)```\n", re.DOTALL)
STEP = re.compile(
    r"<!-- (?P<kind>file|change|run|output|end|shows)(?: (?P<code>[0-3]))?: (?P<what>[^\n]+) -->\n"
    r"(?P<block>```\w+\n(?P<text>.*?)```\n)?",
    re.DOTALL,
)
PAGES = [page for page in sorted((README.parent / "docs").glob("*.md")) if STEP.search(page.read_text("utf-8"))]
ENVIRONMENT = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1"}


def neutral(text: str) -> str:
    """Return the output without what depends on the interpreter, and without trailing white space."""
    text = re.sub(r"cpython 3\.\d+\.\d+\w*", "cpython 3.x", text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def run(command: str, folder: Path) -> str:
    """Run a command of the README in ``folder`` and return what it prints."""
    program, *arguments = shlex.split(command)
    assert program == "wireproof"
    done = subprocess.run(
        [sys.executable, "-m", "wireproof", *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stderr == "", done.stderr
    return done.stdout


class Session:
    """The commands of a page, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def shown(self, match: re.Match[str]) -> str:
        """Do what a marker says; return what the block below it has to be."""
        text, what = match["text"] or "", match["what"]
        if match["kind"] == "file":
            (self.folder / what).write_text(text, "utf-8")
            return text
        if match["kind"] == "change":
            name, _, change = what.partition(": ")
            old, _, new = change.partition(" => ")
            before = (self.folder / name).read_text("utf-8")
            assert before.count(old) == 1, f"{old!r} is {before.count(old)} times in {name}"
            (self.folder / name).write_text(before.replace(old, new), "utf-8")
            return text
        if match["kind"] == "shows":
            return (self.folder / what).read_text("utf-8")
        printed = neutral(self._run(what, int(match["code"] or 0))).splitlines()
        if match["kind"] == "run":
            return text
        assert text, f"nothing is shown of {what}"
        wanted = len(text.splitlines()) if match["kind"] == "end" else len(printed)
        return "".join(f"{line}\n" for line in printed[len(printed) - wanted :])

    def rewritten(self, match: re.Match[str]) -> str:
        """Return a marker and its block, as it has to be."""
        shown = self.shown(match)
        if match["block"] is None:
            return match[0]
        start, end = (match.start("text") - match.start(), match.end("text") - match.start())
        return f"{match[0][:start]}{shown}{match[0][end:]}"

    def _run(self, command: str, code: int) -> str:
        program, *arguments = shlex.split(command)
        assert program == "wireproof"
        done = subprocess.run(
            [sys.executable, "-m", "wireproof", *arguments],
            cwd=self.folder,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout


def write_files(folder: Path) -> None:
    """Write the files that the README shows."""
    for match in FILE.finditer(README.read_text("utf-8")):
        (folder / match["name"]).write_text(match["text"], "utf-8")


def commands() -> list[tuple[str, str]]:
    """Return the commands of the README with the output that it shows."""
    return [(match["command"], match["output"]) for match in OUTPUT.finditer(README.read_text("utf-8"))]


@pytest.mark.parametrize(("command", "output"), commands(), ids=[command for command, _ in commands()])
def test_shown_output_is_the_real_one(command: str, output: str, tmp_path: Path) -> None:
    """Each command of the README prints what the README says."""
    write_files(tmp_path)
    assert neutral(run(command, tmp_path)) == neutral(output)


def test_shown_tests_pass(tmp_path: Path) -> None:
    """The test that the README shows passes with the plugin."""
    (text,) = (match["text"] for match in TEST.finditer(README.read_text("utf-8")))
    (tmp_path / "test_shown.py").write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_shown.py"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_is_what_happens(page: Path, tmp_path: Path) -> None:
    """Its commands print what it says, exit as it says, and leave the files that it shows."""
    session = Session(tmp_path)
    steps = list(STEP.finditer(page.read_text("utf-8")))
    assert steps
    for step in steps:
        assert session.shown(step) == (step["text"] or ""), step["what"]


def test_every_command_and_exit_code_is_documented() -> None:
    """The README speaks of every command of the command line, and of every exit code."""
    from wireproof.cli import _COMMANDS

    text = README.read_text("utf-8")
    assert [name for name in _COMMANDS if f"wireproof {name}" not in text] == []
    assert [code for code in range(4) if f"| {code} |" not in text] == []


if __name__ == "__main__":  # python harness/tests/test_docs.py: write the real output into the pages and the README
    import tempfile

    for each in PAGES:
        with tempfile.TemporaryDirectory() as name:
            each.write_text(STEP.sub(Session(Path(name)).rewritten, each.read_text("utf-8")), "utf-8")
    if "--pages" in sys.argv:  # and not into the README
        sys.exit()
    with tempfile.TemporaryDirectory() as name:
        write_files(Path(name))
        shown = OUTPUT.sub(
            lambda match: (
                f"<!-- output: {match['command']} -->\n```console\n"
                + "\n".join(line.rstrip() for line in run(match["command"], Path(name)).strip("\n").splitlines())
                + "\n```\n"
            ),
            README.read_text("utf-8"),
        )
    README.write_text(shown, "utf-8")
