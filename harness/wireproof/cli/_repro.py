"""``wireproof repro``."""

from __future__ import annotations

from pathlib import Path

import click

from wireproof._candidates import spelled
from wireproof._descriptions import described, folders_of
from wireproof._show import script
from wireproof.cli._options import cases_option, one_case


@click.command("repro")
@click.argument("case")
@click.argument("candidate")
@cases_option
def command(case: str, candidate: str, cases_path: Path | None) -> None:
    """Print a script that performs CASE with CANDIDATE, without wireproof.

    Of a candidate that is no class of this Python the script shows what http.client does in its place.
    """
    is_driven = " " in candidate or candidate in {each.name for each in described(folders_of(Path.cwd()))}
    if not is_driven:
        spelled(candidate)
    click.echo(script(one_case(case, cases_path)[0], candidate), nl=False)
