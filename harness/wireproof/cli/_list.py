"""``wireproof list``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from wireproof._cases import load
from wireproof._selection import Planned, plan
from wireproof.cli._options import (
    cases_option,
    chosen_strength,
    clause_option,
    full_option,
    select_option,
    strength_option,
)


@click.command("list")
@select_option
@clause_option
@cases_option
@full_option
@strength_option
@click.option("--clauses", "of_clauses", is_flag=True, help="List the clauses, each with the number of its cases.")
@click.option("--combinations", is_flag=True, help="List the combinations of matrices, too, one in a line.")
def command(
    globs: tuple[str, ...],
    clauses: tuple[str, ...],
    cases_path: Path | None,
    full: bool,
    strength: int | None,
    of_clauses: bool,
    combinations: bool,
) -> None:
    """List the cases and the matrices, each with the sentence about it.

    Of a matrix it says how many of its combinations wireproof run would run with the same options.
    """
    found = load(cases_path, () if cases_path else globs)
    planned = plan(found.cases, found.matrices, globs, clauses, chosen_strength(strength, full=full))
    if of_clauses:
        cases, combined = Counter(own for case in planned.cases for own in case.clauses), _combined(planned)
        for clause in found.clauses.values():
            standing = (
                "excluded" if clause.excluded else f"{cases[clause.id]} cases, {combined[clause.id]:,} combinations"
            )
            sentences = "".join(f" [{number}]" for number in clause.sentences)
            click.echo(f"{clause.id}  {clause.level}{sentences}  {standing}  {clause.excluded or clause.text}")
        return
    for case in planned.cases:
        click.echo(f"{case.id}  {case.about}")
    for chosen in planned.chosen:
        matrix = chosen.expansion.matrix
        if combinations:
            for number in chosen.numbers:
                click.echo(chosen.expansion.id(number))
        else:
            click.echo(f"{matrix.id}  {len(chosen):,} of {matrix.size:,} combinations  {matrix.about}")


def _combined(planned: Planned) -> Counter[str]:
    """Return how many combinations of matrices exercise each clause."""
    counts: Counter[str] = Counter()
    for chosen in planned.chosen:
        for at, count in chosen.by_class.items():
            counts.update(dict.fromkeys(chosen.expansion.decisions.clauses(at), count))
    return counts
