"""``wireproof list``."""

from __future__ import annotations

from pathlib import Path

import click

from wireproof._cases import load
from wireproof._selection import select
from wireproof.cli._options import cases_option, clause_option, select_option


@click.command("list")
@select_option
@clause_option
@cases_option
@click.option("--clauses", "of_clauses", is_flag=True, help="List the clauses, each with the number of its cases.")
def command(globs: tuple[str, ...], clauses: tuple[str, ...], cases_path: Path | None, of_clauses: bool) -> None:
    """List the cases, each with the sentence about it."""
    found = load(cases_path)
    cases = select(found.cases, globs, clauses)
    if not of_clauses:
        for case in cases:
            click.echo(f"{case.id}  {case.about}")
        return
    for clause in found.clauses.values():
        count = sum(clause.id in case.clauses for case in cases)
        standing = "excluded" if clause.excluded else f"{count} cases"
        sentences = "".join(f" [{number}]" for number in clause.sentences)
        click.echo(f"{clause.id}  {clause.level}{sentences}  {standing}  {clause.excluded or clause.text}")
