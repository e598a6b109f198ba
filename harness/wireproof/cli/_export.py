"""``wireproof export``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from wireproof._cases import load
from wireproof._model import Case
from wireproof._selection import Planned, plan
from wireproof.cli._options import cases_option, chosen_strength, clause_option, select_option, strength_option
from wireproof.report._output import put

_VECTORS, _UNITTEST = "vectors", "unittest"


@click.command("export")
@click.argument("form", type=click.Choice([_VECTORS, _UNITTEST]))
@click.argument("candidate", default="stdlib")
@select_option
@clause_option
@cases_option
@strength_option
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH", help="Default: standard output."
)
def command(
    form: str,
    candidate: str,
    globs: tuple[str, ...],
    clauses: tuple[str, ...],
    cases_path: Path | None,
    strength: int | None,
    output: Path | None,
) -> None:
    """Write cases for those who have no wireproof.

    vectors: JSON for any language (wireproof/_export/vectors.schema.json). unittest: a file of tests of CANDIDATE
    (default: stdlib) that needs Python 3.8 or later and nothing else.

    Combinations of matrices are written only where --select, --clause or --strength ask for them.
    """
    from wireproof._export import tests, vectors

    found = load(cases_path, () if cases_path else globs)
    matrices = found.matrices if globs or clauses or strength else ()
    planned = plan(found.cases, matrices, globs, clauses, chosen_strength(strength, full=False))
    cases = _cases(planned)
    put(output, vectors(cases, found.clauses) if form == _VECTORS else tests(tuple(cases), candidate))


def _cases(planned: Planned) -> Iterator[Case]:
    yield from planned.cases
    for chosen in planned.chosen:
        for number in chosen.numbers:
            yield chosen.expansion.case(number)
