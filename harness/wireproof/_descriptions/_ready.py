"""A description → the ``Candidate``, if everything that it needs is there."""

from __future__ import annotations

import os

from wireproof._descriptions._places import DRIVERS, check_needs, filled, home, is_installable, marked, python_of
from wireproof._descriptions._shape import Description
from wireproof._model import Candidate
from wireproof.errors import CandidateError


def needs_install(description: Description) -> bool:
    """Say whether the candidate has to be installed, and is not.

    Raises:
        CandidateError: the Python that it is installed for is not there.
    """
    return is_installable(description) and marked(home(description)) is None


def candidate(description: Description) -> Candidate:
    """Return the candidate that is described.

    Raises:
        CandidateError: what it needs is not there; the hint is the command that installs it.
    """
    name = description.name
    check_needs(description)
    if needs_install(description):
        raise CandidateError(name, "it is not installed", f"wireproof install {name}")
    options = {"constructor": description.constructor, "renames": description.renames, **description.options}
    environment = {each: filled(value, description) for each, value in description.environment.items()}
    if description.path:
        folders = [str(description.here.resolve() / filled(each, description)) for each in description.path]
        environment["PYTHONPATH"] = os.pathsep.join(folders)
    return Candidate(
        name,
        description.class_ or description.target,
        _command(description),
        {key: value for key, value in options.items() if value},
        description.lacks,
        description.tolerances,
        environment,
        description.gate,
    )


def _command(description: Description) -> tuple[str, ...]:
    """Return the command of the driver; none for a class that is called in the worker's own process."""
    if description.command:
        return tuple(filled(word, description) for word in description.command)
    if description.requirement or description.python:
        return python_of(description), "-B", str(DRIVERS / "python_driver.py")
    return ()
