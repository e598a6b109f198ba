"""``wireproof init``: what it writes, what it refuses, and that what it writes works."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from wireproof import __version__
from wireproof._gates._baseline import read
from wireproof._init import CI, Project, files
from wireproof.cli import group
from wireproof.errors import WireproofError

DOCS = Path(__file__).resolve().parents[2] / "docs" / "ci"
SHOWN = {ci: files(Project("my_client.connection:Connection", "my-client", ci))[file] for ci, (_, file) in CI.items()}
CLIENT = """
import http.client


class Connection(http.client.HTTPConnection):
    pass
"""


def init(*arguments: str) -> tuple[int, str]:
    """Call the command in this process; return the exit code, and what it printed or complained of."""
    done = CliRunner().invoke(group, ["init", *arguments], standalone_mode=False)
    if isinstance(done.exception, WireproofError):
        assert "\n" not in str(done.exception)
        return done.exception.exit_code, str(done.exception)
    assert done.exception is None, done.exception
    return 0, done.stdout


def tree(folder: Path) -> dict[str, str]:
    """Return all files below a folder, with their texts."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def lines_of(ci: str, text: str) -> list[str]:
    """Return the lines of a shell that a job has."""
    job = yaml.safe_load(text)
    if ci == "gitlab":
        return list(job["wireproof"]["script"])
    return [step["run"] for step in job["jobs"]["wireproof"]["steps"] if "run" in step]


def test_it_writes_three_files_and_says_what_to_do(tmp_path: Path) -> None:
    """A job, a description and an empty baseline; and each of them is one."""
    code, output = init(str(tmp_path), "--candidate", "My_Lib.http:Connection.Plain")
    assert code == 0
    written = [".github/workflows/wireproof.yml", "wireproof/my_lib.yaml", "wireproof/baseline.yaml"]
    assert output.splitlines()[:4] == [*(f"wrote {tmp_path / each}" for each in written), ""]
    assert sorted(tree(tmp_path)) == sorted(written)
    assert "wireproof run my_lib --candidates wireproof --report json=wireproof.json" in output
    assert "wireproof baseline update wireproof.json wireproof/baseline.yaml" in output
    assert read(tmp_path / "wireproof" / "baseline.yaml").groups == ()


def test_without_a_candidate_it_says_where_to_put_one(tmp_path: Path) -> None:
    """The description has the standard library's client, so that everything can be tried out."""
    output = init(str(tmp_path), "--ci", "none")[1]
    assert "Put your client into wireproof/client.yaml, where now http.client:HTTPConnection stands." in output
    assert yaml.safe_load(tree(tmp_path)["wireproof/client.yaml"])["class"] == "http.client:HTTPConnection"
    assert len(tree(tmp_path)) == 2


def test_what_pip_can_install_is_installed(tmp_path: Path) -> None:
    """The project itself, where it is one; a module in src is found there."""
    for at, (name, text, installs) in enumerate([
        ("setup.py", "", True), ("pyproject.toml", "[project]\nname = 'x'", True),
        ("pyproject.toml", "[tool.x]", False), ("pyproject.toml", "[[", False), ("other", "", False),
    ]):  # fmt: skip
        folder = tmp_path / str(at)
        (folder / "src").mkdir(parents=True)
        (folder / name).write_text(text)
        init(str(folder), "--candidate", "a:B")
        found = tree(folder)
        (install, _) = lines_of("github", found[".github/workflows/wireproof.yml"])
        assert install == f'python -m pip install "wireproof=={__version__}"{" ." * installs}'
        assert yaml.safe_load(found["wireproof/a.yaml"])["path"] == ["..", "../src"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--candidate", "nonsense"), "--candidate: got 'nonsense'; wanted package.module:Class"),
        (("--candidate", "a:B\n"), "--candidate: got 'a:B\\n'; wanted package.module:Class"),
        (("--candidate", "a:B; rm -rf ."), "--candidate: got 'a:B; rm -rf .'; wanted package.module:Class"),
        (("--candidate", "_a:B"), "--name: got '_a'; wanted lower-case words and digits"),
        (("--name", "../x"), "--name: got '../x'; wanted lower-case words and digits"),
        (("--name", "a $(b)"), "--name: got 'a $(b)'; wanted lower-case words and digits"),
        (("--name", "x\n"), "--name: got 'x\\n'; wanted lower-case words and digits"),
        (("--name", ""), "--name: got ''; wanted lower-case words and digits"),
        *((("--name", name), f"--name: got '{name}'; wanted") for name in ("stdlib", "reference", "baseline")),
    ],
)
def test_bad_names_are_refused(tmp_path: Path, arguments: tuple[str, ...], complaint: str) -> None:
    """One sentence, exit code 2, and nothing is written."""
    code, said = init(str(tmp_path), *arguments)
    assert (code, said[: len(complaint)]) == (2, complaint)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    """It makes no repository."""
    assert init(str(tmp_path / "absent")) == (
        2,
        f"FOLDER: got {str(tmp_path / 'absent')!r}; wanted a folder that exists",
    )


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """Whichever file is there already; with --force all but the baseline is written anew."""
    paths = list(files(Project("a:B", "a", "gitlab")))
    for path in paths:
        folder = tmp_path / path.replace("/", "-")
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text("mine")
        arguments = (str(folder), "--candidate", "a:B", "--ci", "gitlab")
        assert init(*arguments) == (
            2,
            f"FOLDER: got {str(folder / path) + ', which is there'!r}; wanted a folder without it, or --force",
        )
        assert tree(folder) == {path: "mine"}
        assert init(*arguments, "--force")[0] == 0
        assert set(tree(folder)) == set(paths)
        assert (tree(folder)[path] == "mine") == (path == "wireproof/baseline.yaml")
    dangling = tmp_path / "dangling"
    (dangling / "wireproof").mkdir(parents=True)
    (dangling / "wireproof" / "a.yaml").symlink_to(tmp_path / "elsewhere")
    assert init(str(dangling), "--candidate", "a:B")[0] == 2


def test_a_file_that_cannot_be_written_leaves_none(tmp_path: Path) -> None:
    """All or nothing: what was written before is taken away again, with its folders."""
    (tmp_path / "wireproof").write_text("a file, where a folder is needed")
    code, said = init(str(tmp_path), "--candidate", "a:B")
    assert (code, said) == (3, f"the folder {str(tmp_path / 'wireproof')!r} cannot be made: File exists")
    assert list(tree(tmp_path)) == ["wireproof"]
    assert [each.name for each in tmp_path.iterdir()] == ["wireproof"]


@pytest.mark.parametrize("ci", CI)
def test_the_documentation_shows_what_is_written(ci: str) -> None:
    """docs/ci has copies; ``python harness/tests/test_init.py`` writes them."""
    assert (DOCS / f"{ci}.yml").read_text() == SHOWN[ci]


def test_a_workflow_has_what_github_needs() -> None:
    """The keys, a runner, steps that use or run something, and expressions that mean something."""
    workflow: dict[Any, Any] = yaml.safe_load(SHOWN["github"])
    assert set(workflow) == {"name", True, "permissions", "jobs"}  # YAML 1.1 reads the key "on" as true
    assert workflow[True] == ["push", "pull_request"]
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert set(job) == {"runs-on", "timeout-minutes", "steps"}
    for step in job["steps"]:
        assert len({"uses", "run"} & set(step)) == 1
        assert set(step) <= {"name", "uses", "run", "with", "if"}
    last = job["steps"][-1]
    assert (last["if"], last["with"]["path"].split()) == (
        "always()", ["wireproof.json*", "wireproof.xml", "wireproof.html"]
    )  # fmt: skip


def test_a_job_of_gitlab_has_what_it_needs() -> None:
    """One job with an image, a script and artifacts, which are there when it fails, too."""
    (job,) = yaml.safe_load(SHOWN["gitlab"]).values()
    assert set(job) == {"image", "script", "artifacts"}
    assert (job["artifacts"]["when"], job["artifacts"]["reports"]) == ("always", {"junit": "wireproof.xml"})
    assert all(isinstance(line, str) for line in job["script"])


@pytest.mark.parametrize("ci", CI)
def test_the_job_runs(ci: str, tmp_path: Path) -> None:
    """The very line of the job, on few cases, with a client of the project's own: exit code 0, and all reports."""
    (tmp_path / "src" / "my_lib").mkdir(parents=True)
    (tmp_path / "src" / "my_lib" / "http.py").write_text(CLIENT)
    init(str(tmp_path), "--candidate", "my_lib.http:Connection", "--name", "mine", "--ci", ci)
    _, line = lines_of(ci, tree(tmp_path)[CI[ci][1]])
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "wireproof"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m wireproof "$@"\n')
    program.chmod(0o755)
    few = "--select 'body-str/latin-1/*' --min-verdicts 6 --jobs 1"
    environment = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "wireproof.md"),
    }
    done = subprocess.run(
        ["bash", "-e", "-c", f"{line} {few}"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout if ci == "github" else "") == (0, ""), done.stderr
    assert "mine: 0 known failures (wireproof/baseline.yaml), no news" in done.stdout + done.stderr
    summary = json.loads((tmp_path / "wireproof.json").read_text())["candidates"][0]["summary"]
    assert (summary["planned"], summary["passed"]) == (6, 6)
    assert (tmp_path / "wireproof.md").read_text().startswith("## wireproof: 1 candidate pass\n")
    assert all((tmp_path / f"wireproof.{kind}").exists() for kind in ("xml", "html"))


def test_a_job_asks_for_no_more_verdicts_than_there_are() -> None:
    """Nor for so few that a good part of them could vanish."""
    from wireproof._cases import load
    from wireproof._init._files import LEAST
    from wireproof._selection import plan

    found = load(None, ())
    assert 0.7 < LEAST / len(plan(found.cases, found.matrices)) < 0.95


if __name__ == "__main__":  # python harness/tests/test_init.py: write the copies
    for ci_, text_ in SHOWN.items():
        (DOCS / f"{ci_}.yml").write_text(text_)
