"""``wireproof coverage``."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click

from wireproof._candidates import spelled
from wireproof._cases import load
from wireproof._codec import SLICE
from wireproof._matrix import Coverage, Expansion
from wireproof._run import Judged, Options, Passed, run
from wireproof._selection import Planned, Slice, plan
from wireproof.cli._options import cases_option, chosen_strength, full_option, select_option, strength_option
from wireproof.errors import UsageError

_WAYS = (2, 3)


@click.command("coverage")
@click.argument("candidate", default="reference")
@click.option("--interactions", is_flag=True, help="Of matrices: pairs and triples of values.")
@select_option
@cases_option
@full_option
@strength_option
def command(
    candidate: str,
    interactions: bool,
    globs: tuple[str, ...],
    cases_path: Path | None,
    full: bool,
    strength: int | None,
) -> int:
    """Run the matrices against CANDIDATE (default: reference) and say what share of the pairs and triples of values
    ran.

    A pair or triple counts only in a combination that was really judged, and in which no other value raises first:
    what a refused method hides was not tried. The exit code says nothing of the candidate.
    """
    if not interactions:
        raise UsageError("coverage", "nothing to be told", "--interactions")
    spelled(candidate)
    found = load(cases_path, globs or ("matrix/*",))
    planned = plan((), found.matrices, globs, (), chosen_strength(strength, full=full))
    ran = _ran(candidate, planned)
    rows = [row for chosen in planned.chosen for row in _rows(chosen.expansion, ran[chosen.expansion.matrix.id])]
    _print(candidate, rows)
    return 0


def _ran(candidate: str, planned: Planned) -> dict[str, array[int]]:
    """Run what is planned; return of each matrix the numbers of the combinations that were judged."""
    ran: dict[str, array[int]] = {chosen.expansion.matrix.id: array("L") for chosen in planned.chosen}
    places = {slice_.positions[0]: slice_ for slice_ in planned.work(SLICE) if isinstance(slice_, Slice)}
    starts = sorted(places)
    with closing(run([candidate], planned, Options())) as events:
        for event in events:
            if isinstance(event, Passed):
                ran[event.slice.expansion.matrix.id].extend(event.slice.numbers)
            elif isinstance(event, Judged) and event.verdict.verdict in ("nonstrict", "fail"):
                assert event.position is not None
                slice_ = places[max(start for start in starts if start <= event.position)]
                number = slice_.numbers[slice_.positions.index(event.position)]
                ran[slice_.expansion.matrix.id].append(number)
    return ran


def _rows(expansion: Expansion, numbers: Sequence[int]) -> list[tuple[str, ...]]:
    """Return a row for each strength: covered, in all, the share."""
    rows: list[tuple[str, ...]] = []
    for strength in _WAYS:
        if strength > len(expansion.axes):
            continue
        coverage = Coverage(expansion, strength)
        coverage.add(numbers)
        share = f"{100 * coverage.covered / coverage.total:.2f} %"
        row = (expansion.matrix.id, f"{len(numbers):,}", f"{strength}-way")
        rows.append((*row, f"{coverage.covered:,} of {coverage.total:,}", share))
    return rows


def _print(candidate: str, rows: Sequence[tuple[str, ...]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    title = f"Combinations of values that ran against {candidate}"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("matrix", "ran", "", "covered", "share"):
        table.add_column(name, justify="left" if name == "matrix" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    Console(emoji=False).print(table)
