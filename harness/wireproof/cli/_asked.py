"""Who is asked: names of candidates, and the options that say how they are reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from wireproof._candidates import NAMES, driven, interpreted, isolated, named
from wireproof._descriptions import find, folders_of
from wireproof._model import Candidate
from wireproof.errors import UsageError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

python_option: Decorator = click.option(
    "--python",
    "pythons",
    multiple=True,
    metavar="PYTHON",
    help="Call each CANDIDATE in this interpreter (CPython from 3.6 on, PyPy; nothing is installed there); repeatable.",
)
exec_option: Decorator = click.option(
    "--exec",
    "commands",
    multiple=True,
    metavar="COMMAND",
    help="Drive a client with this program (docs/driver-protocol.md); a CANDIDATE says which client; repeatable.",
)
isolate_option: Decorator = click.option(
    "--isolate", is_flag=True, help="Call each CANDIDATE in a process of its own, apart from the server's."
)
candidates_option: Decorator = click.option(
    "--candidates",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder with descriptions of candidates (docs/candidates.md); repeatable.",
)


def asked(
    names: Sequence[str],
    pythons: Sequence[str],
    commands: Sequence[str],
    folders: Sequence[Path],
    *,
    isolate: bool,
) -> tuple[Candidate, ...]:
    """Return who is asked.

    Args:
        names: the names of candidates; none: the reference and the standard library, where nothing says otherwise.
        pythons: interpreters.
        commands: drivers.
        folders: where descriptions of candidates are, beside the shipped ones.
        isolate: whether each is called in a process of its own.

    Raises:
        UsageError: options contradict each other.
        CandidateError: a candidate is none, or something that it needs is not there.
    """
    ways = [option for option, given in (("--python", pythons), ("--exec", commands), ("--isolate", isolate)) if given]
    if len(ways) > 1:
        raise UsageError(ways[1], "beside " + ways[0], "one of --python, --exec and --isolate")
    if commands:
        found = [driven(command, name) for command in commands for name in names or (None,)]
    elif pythons:
        found = [interpreted(name, python) for python in pythons for name in names or ("stdlib",)]
    elif isolate:
        found = [isolated(name) for name in names or ("reference", "stdlib")]
    else:
        found = [described_or_named(name, folders) for name in names or ("reference", "stdlib")]
    return tuple({candidate.name: candidate for candidate in found}.values())


def described_or_named(name: str, folders: Sequence[Path] = ()) -> Candidate:
    """Return the candidate that a description has, or a name spells out.

    Raises:
        CandidateError: the name is none, or something that it needs is not there.
    """
    if name in NAMES or ":" in name:
        return named(name)
    return find(name, [*folders, *folders_of(Path.cwd())]) or named(name)
