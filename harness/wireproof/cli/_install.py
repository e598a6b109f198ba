"""``wireproof install``."""

from __future__ import annotations

from pathlib import Path

import click

from wireproof._descriptions import described, folders_of, install
from wireproof.cli._asked import candidates_option
from wireproof.cli._candidates import chosen
from wireproof.errors import CandidateError, InstallError, UsageError


@click.command("install")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@candidates_option
@click.option("--all", "all_", is_flag=True, help="Install every candidate whose programs are there.")
@click.option("--again", is_flag=True, help="Install anew what is installed already.")
def command(names: tuple[str, ...], folders: tuple[Path, ...], all_: bool, again: bool) -> int:
    """Install described candidates, each in a virtual environment of its own below $XDG_CACHE_HOME/wireproof.

    Exit codes: 0 everything is installed; 2 there is no such candidate, or it needs a program that is not there;
    3 an installation failed.
    """
    if bool(names) == all_:
        raise UsageError("wireproof install", " ".join(names) or "nothing", "names of candidates, or --all")
    known = described([*folders, *folders_of(Path.cwd())])
    codes = [0]
    for each in known if all_ else chosen(known, names):
        try:
            done = install(each, again=again, tell=lambda text: click.echo(text, err=True))
        except (CandidateError, InstallError) as error:
            click.echo(f"wireproof: {error}", err=True)
            codes.append(error.exit_code)
        else:
            click.echo(f"{each.name}: {'installed' if done else 'is there'}")
    return max(codes)
