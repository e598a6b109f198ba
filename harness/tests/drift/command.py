"""The command: ask every interpreter, twice where they differ, and write the table."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import click

import wireproof
from wireproof._cases import load
from wireproof._findings import group_of
from wireproof._model import Candidate
from wireproof._selection import DEFAULT, Planned, plan
from wireproof.errors import HarnessError, UsageError, WireproofError

from . import ask
from .ask import Interpreter, Way
from .page import page
from .seen import Json, digest
from .table import differing, row, table

REPORTS = Path(__file__).resolve().parents[3] / "reports" / "proof"
_SLOT = 200
"""The slot of the first interpreter; runs have the low ones, and each its own address for port 80."""

Result = TypeVar("Result")


@click.command("drift")
@click.option("--out", type=click.Path(path_type=Path), default=REPORTS, help="The folder of drift.json and drift.md.")
@click.option("--select", "-s", "globs", multiple=True, metavar="GLOB", help="Only cases whose id matches.")
@click.option("--strength", type=click.IntRange(1, 3), default=DEFAULT, show_default=True)
@click.argument("pythons", nargs=-1, metavar="[PYTHON]...")
def command(out: Path, globs: tuple[str, ...], strength: int, pythons: tuple[str, ...]) -> None:
    """Make the drift matrix with each PYTHON (default: all that are on PATH and of pyenv)."""
    if not out.is_dir():
        raise UsageError("--out", str(out), "a folder that exists")
    candidates = ask.found(pythons or ask.found_here())
    if not candidates:
        raise UsageError("PYTHON", "none", "the path of a Python from 3.6 on: there is none on PATH")
    made = drift(candidates, globs, strength)
    _write(out / "drift.json", json.dumps(made, indent=1) + "\n")
    _write(out / "drift.md", page(made))
    for each in made["interpreters"]:
        counts = ", ".join(f"{each[key]:,} {key}" for key in ("alike", "different", "unsupported"))
        click.echo(f"{each['name']}: {counts}")


def drift(candidates: Mapping[Interpreter, Candidate], globs: Sequence[str] = (), strength: int = DEFAULT) -> Json:
    """Return the drift matrix of these interpreters.

    Raises:
        HarnessError: an interpreter does not do the same thing twice, or its driver fails.
    """
    found = load(None, tuple(globs))
    planned = plan(found.cases, found.matrices, globs, (), strength)
    digests: dict[Interpreter, list[str]] = _each(candidates, ask.digests, planned)
    positions = differing(digests)
    chosen = frozenset(positions)
    cases = [case for at, case in enumerate(ask.every(planned)) if at in chosen]
    ways: dict[Interpreter, list[Way | None]] = _each(candidates, ask.ways, cases)
    for interpreter, seen in ways.items():
        for at, case, way in zip(positions, cases, seen, strict=True):
            if way is not None and digest([*way.steps]) != digests[interpreter][at]:
                raise HarnessError(f"{interpreter.name}: {case.id}: two runs differ; what is seen there hangs on time")
    rows = [row(case, {one: ways[one][at] for one in candidates}) for at, case in enumerate(cases)]
    groups = _groups(planned)
    suite = {
        "version": wireproof.__version__,
        "cases": len(planned.cases),
        "combinations": len(planned) - len(planned.cases),
        "strength": strength,
        "digest": planned.digest,
    }
    return table(tuple(candidates), digests, groups, rows, suite)


def _groups(planned: Planned) -> list[str]:
    groups = [group_of(case.id) for case in planned.cases]
    for chosen in planned.chosen:
        groups += [chosen.expansion.matrix.id] * len(chosen)
    return groups


def _each(
    candidates: Mapping[Interpreter, Candidate], work: Callable[[Candidate, Any, int], Result], what: object
) -> dict[Interpreter, Result]:
    """Do the work for each interpreter, as many at a time as there are cores."""
    jobs = min(os.cpu_count() or 1, len(candidates))
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        tasks = [
            (interpreter, pool.submit(work, candidate, what, _SLOT + number))
            for number, (interpreter, candidate) in enumerate(candidates.items())
        ]
        return {interpreter: task.result() for interpreter, task in tasks}


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def main() -> None:
    """Run the command; what is wrong is one sentence."""
    try:
        command(prog_name="drift", standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"drift: {error.format_message()} (see --help)", err=True)
        sys.exit(error.exit_code)
    except WireproofError as error:
        click.echo(f"drift: {error}", err=True)
        sys.exit(error.exit_code)
