"""Tests of the documentation: what it shows is what happens."""

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


def test_every_command_and_exit_code_is_documented() -> None:
    """The README speaks of every command of the command line, and of every exit code."""
    from wireproof.cli import _COMMANDS

    text = README.read_text("utf-8")
    assert [name for name in _COMMANDS if f"wireproof {name}" not in text] == []
    assert [code for code in range(4) if f"| {code} |" not in text] == []


if __name__ == "__main__":  # python harness/tests/test_docs.py: write the real output into the README
    import tempfile

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
