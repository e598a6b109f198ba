"""The summary that ``run`` and ``merge`` print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from wireproof import __version__
from wireproof._model import Case, Clause, LayerName
from wireproof.report._results import Result, Selection


def summarise(
    results: Sequence[Result],
    case_of: Callable[[str], Case | None],
    clauses: Mapping[str, Clause],
    gate: LayerName,
    explain: int,
    *,
    cases: int,
    combinations: int,
    selection: Selection,
) -> None:
    """Print the summary of a run; nothing where no candidate could be used."""
    if not results:
        return
    from rich.console import Console

    from wireproof.report._terminal import show

    class Plain(Console):
        def on_broken_pipe(self) -> None:  # rich would exit, with the code of a candidate that fell short
            raise BrokenPipeError

    console = Plain(file=sys.stdout, emoji=False)
    index, count = selection.shard
    part = f", shard {index} of {count}" if count > 1 else ""
    what = [f"{cases:,} case{'s' * (cases != 1)}"] if cases or not combinations else []
    if combinations:
        strength = "full" if selection.strength is None else f"strength {selection.strength}"
        what.append(f"{combinations:,} combination{'s' * (combinations != 1)} of matrices ({strength})")
    console.print(f"wireproof {__version__}: {' and '.join(what)}{part}, gate {gate}", highlight=False)
    for result in results:
        console.print(f"  {result.candidate}: {result.version}", markup=False, highlight=False)
    show(console, results, case_of, clauses, gate, explain)
