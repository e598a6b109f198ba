"""A candidate's name → who is asked, and the class or factory."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from wireproof._model import Candidate
from wireproof.errors import CandidateError

NAMES = {"reference": "wireproof_reference:HTTPConnection", "stdlib": "http.client:HTTPConnection"}
"""The candidates that have a name of their own."""

DRIVERS = Path(__file__).resolve().parent.parent / "drivers"
"""Where the drivers are that are shipped."""

_HINT = "give reference, stdlib or package.module:Class"


def spelled(name: str) -> tuple[str, str]:
    """Return the module and the attribute path of a candidate's name.

    Raises:
        CandidateError: the name is none.
    """
    module, colon, attribute = NAMES.get(name, name).partition(":")
    parts = [*module.split("."), *attribute.split(".")]
    if not colon or not all(part.isidentifier() for part in parts):
        raise CandidateError(name, "it is no name of a candidate", _HINT)
    return module, attribute


def named(name: str) -> Candidate:
    """Return the candidate that a name means, called in the worker's own process.

    Raises:
        CandidateError: the name is none.
    """
    return Candidate(name, ":".join(spelled(name)))


def isolated(name: str) -> Candidate:
    """Return the candidate that a name means, in a process of its own.

    Raises:
        CandidateError: the name is none.
    """
    return Candidate(name, ":".join(spelled(name)), (sys.executable, str(DRIVERS / "python_driver.py")))


def interpreted(name: str, python: str) -> Candidate:
    """Return the candidate that a name means, in another interpreter.

    Args:
        name: its name.
        python: the command of the interpreter, or its path.

    Raises:
        CandidateError: the name is none, or there is no such interpreter.
    """
    target = ":".join(spelled(name))
    found = shutil.which(python)
    if found is None:
        hint = "give the path of a Python from 3.6 on, or install it"
        raise CandidateError(name, f"there is no interpreter {python!a}", hint)
    # what our own interpreter may need to find its library would mislead another one
    variables = {"PYTHONHOME": ""}
    command = (os.path.abspath(found), str(DRIVERS / "python_driver.py"))
    return Candidate(f"{name} in {python}", target, command, environment=variables)


def driven(command: str, target: str | None = None) -> Candidate:
    """Return the candidate behind a driver.

    Args:
        command: the driver's program and its arguments, as one would type them.
        target: what the driver is told that it drives.

    Raises:
        CandidateError: it is no command, or there is no such program.
    """
    name = command if target is None else f"{target} by {command}"
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise CandidateError(name, f"the command cannot be read: {error}", "quote it as a shell wants it") from None
    found = shutil.which(words[0]) if words else None
    if found is None:
        raise CandidateError(name, "there is no such program", "install it, or give the path of the driver's program")
    # the driver runs in a folder of its own
    rest = [os.path.abspath(word) if os.path.exists(word) else word for word in words[1:]]
    return Candidate(name, target, (os.path.abspath(found), *rest))


def resolve(candidate: Candidate) -> Any:
    """Import the candidate and make sure that it can be used at all.

    Raises:
        CandidateError: it cannot be imported, is not callable, its constructor raises, or its objects have no request.
    """
    from wireproof.drivers import python_driver  # heavy, and for workers only

    assert candidate.target is not None
    constructor: Any = candidate.options.get("constructor")
    try:
        return python_driver.tried(python_driver.resolve(candidate.target), constructor)
    except python_driver.Unusable as error:
        raise CandidateError(candidate.name, error.why, error.hint) from None


def version(candidate: Candidate) -> str:
    """Return what is known of the candidate's version, for the report."""
    from wireproof.drivers import python_driver

    assert candidate.target is not None
    own = python_driver.own_version(candidate.target)
    top = candidate.target.partition(":")[0].partition(".")[0]
    return f"{top} {own}, {python_driver.interpreter()}" if own else python_driver.interpreter()
