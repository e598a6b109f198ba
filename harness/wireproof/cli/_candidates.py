"""``wireproof candidates``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from wireproof._descriptions import Description, candidate, described, folders_of, installed
from wireproof.cli._asked import candidates_option
from wireproof.errors import CandidateError


@click.command("candidates")
@candidates_option
@click.argument("names", nargs=-1, metavar="[NAME]...")
def command(folders: tuple[Path, ...], names: tuple[str, ...]) -> None:
    """List the described candidates: what each is, how it is called, and whether it is there.

    With a NAME it says everything that is known of that one.
    """
    known = described([*folders, *folders_of(Path.cwd())])
    if names:
        for each in chosen(known, names):
            _show(each)
        return
    width = max((len(each.name) for each in known), default=0)
    for each in known:
        click.echo(f"{each.name:<{width}}  {_how(each):<11}  {_standing(each)}")
        click.echo(f"{'':<{width}}  {each.about}")


def chosen(known: Sequence[Description], names: Sequence[str]) -> list[Description]:
    """Return the descriptions of these names.

    Raises:
        CandidateError: there is none of that name.
    """
    import difflib

    by_name = {each.name: each for each in known}
    for name in names:
        if name not in by_name:
            close = difflib.get_close_matches(name, by_name, 1)
            hint = f"did you mean {close[0]}?" if close else "see wireproof candidates"
            raise CandidateError(name, "no description has this name", hint)
    return [by_name[name] for name in dict.fromkeys(names)]


def _how(description: Description) -> str:
    """Return in a word or two how a candidate is called."""
    if description.command:
        return "command"
    if description.requirement:
        return "environment"
    return description.python or "in process"


def _standing(description: Description) -> str:
    """Return whether a candidate can be run, and if not, why and what to do."""
    try:
        candidate(description)
    except CandidateError as error:
        return f"no: {error.why}; {error.hint}"
    versions = installed(description) or {}
    pinned = [name.partition("==")[0].partition("[")[0] for name in description.requirement]
    found = [f"{name} {versions[name]}" for name in pinned if name in versions]
    return f"yes{': ' * bool(found)}{', '.join(found)}"


def _show(description: Description) -> None:
    """Print everything that is known of one candidate."""
    tolerances = description.tolerances
    rows = {
        "about": [description.about],
        "file": [str(description.file)],
        "how": [_how(description)],
        "there": [_standing(description)],
        "requirement": description.requirement,
        "class": [description.class_ or ""],
        "command": [" ".join(description.command)],
        "lacks": [", ".join(description.lacks)],
        "adds": [f"{name}: {pattern}" for name, pattern in tolerances.ambient],
        "omits": [", ".join(tolerances.omits)],
        "free": [word for word, is_free in (("order", tolerances.order), ("names", tolerances.names)) if is_free],
        "gate": [description.gate or ""],
        "known": [f"{clause}: {text}" for clause, text in description.known.items()],
        "notes": description.notes,
    }
    click.echo(description.name)
    for title, lines in rows.items():
        for line in filter(None, lines):
            click.echo(f"  {title:<11}  {line}")
            title = ""
