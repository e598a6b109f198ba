"""The summary that ``run`` and ``report`` print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from wireproof import __version__
from wireproof._model import Case, Clause, LayerName, Verdict
from wireproof.report._results import Result, Selection

if TYPE_CHECKING:
    from rich.console import Console


def summarise(
    results: Sequence[Result],
    case_of: Callable[[str], Case | None],
    clauses: Mapping[str, Clause],
    gate: LayerName,
    explain: int,
    news: Mapping[str, Sequence[Verdict]],
    *,
    cases: int,
    combinations: int,
    selection: Selection,
    to_stderr: bool = False,
) -> None:
    """Print the summary of a run; nothing where no candidate could be used. The standard output may be a report's.

    ``news``: of each candidate what is explained where there is a baseline.
    """
    if not results:
        return
    from wireproof.report._terminal import show, tell

    console = summary_console(to_stderr=to_stderr)
    index, count = selection.shard
    part = f", shard {index} of {count}" if count > 1 else ""
    what = [f"{cases:,} case{'s' * (cases != 1)}"] if cases or not combinations else []
    if combinations:
        strength = "full" if selection.strength is None else f"strength {selection.strength}"
        what.append(f"{combinations:,} combination{'s' * (combinations != 1)} of matrices ({strength})")
    console.print(f"wireproof {__version__}: {' and '.join(what)}{part}, gate {gate}", highlight=False)
    versions(console, results)
    show(console, results, case_of, clauses, gate, explain)
    for result in results:
        tell(console, result, news[result.candidate], case_of, clauses)


def summary_console(*, to_stderr: bool = False) -> Console:
    """Return what a summary is printed with."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:  # rich would exit, with the code of a candidate that fell short
            raise BrokenPipeError

    return Plain(file=sys.stderr if to_stderr else sys.stdout, emoji=False)


def versions(console: Console, results: Sequence[Result]) -> None:
    """Print the candidates and what they say of their versions."""
    from wireproof.report._safe import one_line

    for result in results:
        console.print(f"  {one_line(result.candidate)}: {one_line(result.version)}", markup=False, highlight=False)
