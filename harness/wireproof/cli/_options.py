"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wireproof._model import Case, LayerName
from wireproof._selection import DEFAULT, plan
from wireproof.errors import UsageError
from wireproof.report._json import write as write_json
from wireproof.report._results import Result, Selection

if TYPE_CHECKING:
    from wireproof._cases import CaseSet

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
Writer = Callable[[Path, Sequence[Result], LayerName, Selection], None]

WRITERS: dict[str, Writer] = {"json": write_json}
"""What writes a report, by format."""

cases_option: Decorator = click.option(
    "--cases", "cases_path", type=click.Path(path_type=Path), metavar="PATH", help="Case files of your own."
)
select_option: Decorator = click.option(
    "--select", "-s", "globs", multiple=True, metavar="GLOB", help="Only cases whose id matches; repeatable."
)
clause_option: Decorator = click.option(
    "--clause", "-c", "clauses", multiple=True, metavar="GLOB", help="Only cases for these clauses; repeatable."
)


report_option: Decorator = click.option(
    "--report",
    "targets",
    multiple=True,
    metavar="FORMAT=PATH",
    help="Write a report; formats: json (wireproof/report/results.schema.json).",
)
full_option: Decorator = click.option("--full", is_flag=True, help="Run every combination of every matrix.")
strength_option: Decorator = click.option(
    "--strength",
    type=click.IntRange(1, 3),
    default=None,
    help="Run a covering array of each matrix of this strength: every pair (2) or triple (3) of values. Default: 3.",
)


def chosen_strength(strength: int | None, *, full: bool) -> int | None:
    """Return the strength of covering arrays, None for whole products.

    Raises:
        UsageError: both were given.
    """
    if full and strength is not None:
        raise UsageError("--strength", str(strength), "either --strength or --full")
    return None if full else DEFAULT if strength is None else strength


def reporter(report: str) -> tuple[Writer, Path]:
    """Return what writes a report, and where to.

    Raises:
        UsageError: the format is unknown, or the path cannot be that of a file.
    """
    format_, equals, path = report.partition("=")
    if not equals or format_ not in WRITERS or not path:
        raise UsageError("--report", report, f"FORMAT=PATH with a format of: {', '.join(WRITERS)}")
    target = Path(path)
    if target.is_dir():
        raise UsageError("--report", report, f"the path of a file ({target} is a folder)")
    if not target.parent.is_dir():
        raise UsageError("--report", report, f"a path in a folder that exists ({target.parent} does not)")
    return WRITERS[format_], target


def one_case(name: str, cases_path: Path | None) -> tuple[Case, CaseSet]:
    """Return the case, or the combination of a matrix, with the id ``name``.

    Raises:
        UsageError: there is no such case.
    """
    import difflib

    from wireproof._cases import load

    if name.startswith("matrix/"):
        found = load(cases_path, (name,))
        planned = plan((), found.matrices, (name,))
        if len(planned) == 1:
            (chosen,) = planned.chosen
            return chosen.expansion.case(chosen.numbers[0]), found
        wanted = f"the id of one combination, with a value for each axis ({len(planned):,} match; see wireproof show)"
        raise UsageError("case", name, wanted)
    found = load(cases_path, (name,))
    for case in found.cases:
        if case.id == name:
            return case, found
    found = load(cases_path)
    close = difflib.get_close_matches(name, [case.id for case in found.cases], 1, 0.4)
    hint = f", such as {close[0]}" if close else ""
    raise UsageError("case", name, f"the id of a case{hint} (see wireproof list)")
