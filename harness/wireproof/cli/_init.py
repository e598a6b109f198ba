"""``wireproof init``."""

from __future__ import annotations

import contextlib
import re
import tomllib
from pathlib import Path

import click

from wireproof._descriptions._find import NAMES_OF_OURS
from wireproof._descriptions._shape import NAME
from wireproof._init import CI, Project, files
from wireproof.errors import HarnessError, UsageError
from wireproof.report._output import put

_DEFAULT = "http.client:HTTPConnection"
_WORD = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_CLASS = re.compile(f"{_WORD}:{_WORD}")


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option(
    "--candidate",
    metavar="package.module:Class",
    help=f"The client (default: {_DEFAULT}, until you name your own).",
)
@click.option("--name", metavar="NAME", help="What it is to be called (default: its package, in lower case).")
@click.option("--ci", type=click.Choice([*CI, "none"]), default="github", show_default=True, help="Write a job for it.")
@click.option("--force", is_flag=True, help="Write over what is there, but for a baseline.")
def command(folder: Path, candidate: str | None, name: str | None, ci: str, force: bool) -> None:
    """Write what a gate in CI needs into the repository in FOLDER: a job, the description of a candidate, and an empty
    baseline, which is to hold known failures.

    Nothing is written over without --force, and a baseline not even then.
    """
    project = _project(folder, candidate, name, ci)
    made = files(project)
    there = [path for path in made if (folder / path).exists() or (folder / path).is_symlink()]
    if there and not force:
        raise UsageError("FOLDER", f"{folder / there[0]}, which is there", "a folder without it, or --force")
    _write(folder, {path: text for path, text in made.items() if path not in there or path != project.baseline})
    for path in made:
        kept = path in there and path == project.baseline
        click.echo(f"{'kept' if kept else 'wrote'} {folder / path}")
    click.echo("\n" + "\n".join(_next(project, given=candidate is not None)))


def _project(folder: Path, candidate: str | None, name: str | None, ci: str) -> Project:
    """Return what is to be written about.

    Raises:
        UsageError: it cannot be.
    """
    if not folder.is_dir():
        raise UsageError("FOLDER", str(folder), "a folder that exists")
    if candidate is not None and not _CLASS.fullmatch(candidate):
        raise UsageError("--candidate", candidate, "package.module:Class")
    called = name if name is not None else "client" if candidate is None else re.split("[.:]", candidate)[0].lower()
    if not NAME.fullmatch(called) or called in (*NAMES_OF_OURS, "baseline"):
        wanted = "lower-case words and digits, joined by hyphens, full stops or underscores, and none of "
        raise UsageError("--name", called, f"{wanted}{', '.join((*NAMES_OF_OURS, 'baseline'))}")
    path = ("..", "../src") if (folder / "src").is_dir() else ("..",)
    return Project(candidate or _DEFAULT, called, ci, path, _installs(folder))


def _installs(folder: Path) -> bool:
    """Say whether pip can install the project."""
    try:
        table = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError):
        table = {}
    return "project" in table or "build-system" in table or (folder / "setup.py").is_file()


def _write(folder: Path, made: dict[str, str]) -> None:
    """Write all files, or, where one cannot be written, none that was not there before.

    Raises:
        HarnessError: one cannot.
    """
    fresh: list[Path] = []
    try:
        for path, text in made.items():
            file = folder / path
            above = [parent for parent in (file.parent, *file.parent.parents) if not parent.exists()]
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise HarnessError(f"the folder {str(file.parent)!r} cannot be made: {error.strerror}") from None
            fresh += [*reversed(above), *([] if file.exists() else [file])]
            put(file, iter([text]))
    except HarnessError:
        for each in reversed(fresh):
            with contextlib.suppress(OSError):
                each.rmdir() if each.is_dir() else each.unlink()
        raise


def _next(project: Project, *, given: bool) -> list[str]:
    """Return what to do now."""
    run = f"wireproof run {project.name} --candidates {Path(project.description).parent}"
    mine = [f"Put your client into {project.description}, where now {project.candidate} stands."] * (not given)
    include = ["Take the job in: include: [{local: .gitlab-ci-wireproof.yml}] in .gitlab-ci.yml."] * (
        project.ci == "gitlab"
    )
    update = f"wireproof baseline update wireproof.json {project.baseline}"
    steps = [
        *mine,
        f"See how it does: {run} --report json=wireproof.json",
        f"Write down what fails: {update}; then give each entry its reason.",
        *include,
        "Commit these files.",
    ]
    return ["Now:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]
