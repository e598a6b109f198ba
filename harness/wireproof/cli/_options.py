"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wireproof._model import Case
from wireproof._selection import DEFAULT, plan
from wireproof.errors import UsageError, WireproofError
from wireproof.report._formats import FORMATS, write
from wireproof.report._output import STDOUT
from wireproof.report._stored import Report, Suite

if TYPE_CHECKING:
    from wireproof._cases import CaseSet

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Target:
    """A report that is asked for: its format, and where it is to be written; None: to the standard output."""

    format: str
    path: Path | None


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
    "reports",
    multiple=True,
    metavar="FORMAT=PATH",
    help=f"Write a report, to the standard output where PATH is -; repeatable. Formats: {', '.join(FORMATS)}.",
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


def targets_of(reports: Sequence[str]) -> list[Target]:
    """Return the reports that are asked for.

    Raises:
        UsageError: a format is unknown, a path cannot be that of a file, or two reports would be in the same place.
    """
    found: list[Target] = []
    for report in reports:
        target = _target(report)
        if target.path in [each.path for each in found]:
            raise UsageError("--report", report, "another path for each report")
        found.append(target)
    return found


def _target(report: str) -> Target:
    format_, equals, path = report.partition("=")
    if not equals or format_ not in FORMATS or not path:
        raise UsageError("--report", report, f"FORMAT=PATH with a format of: {', '.join(FORMATS)}")
    if path == STDOUT:
        return Target(format_, None)
    target = Path(path).absolute()
    if target.is_dir():
        raise UsageError("--report", report, f"the path of a file ({path} is a folder)")
    if not target.parent.is_dir():
        raise UsageError("--report", report, f"a path in a folder that exists ({Path(path).parent} does not)")
    return Target(format_, target)


def suite_of(path: Path | None) -> Suite:
    """Return the cases below a path, or the bundled ones, which are read when they are needed."""

    def read() -> CaseSet:
        from wireproof._cases import load

        return load(path)

    return Suite(read)


def write_all(targets: Sequence[Target], report: Report) -> list[WireproofError]:
    """Write every report that can be written; return the complaints about the others.

    Raises:
        BrokenPipeError: whoever read the standard output has gone; the others are written.
    """
    complaints: list[WireproofError] = []
    # a reader of the standard output who goes keeps no file from being written
    for target in sorted(targets, key=lambda target: target.path is None):
        try:
            write(target.format, report, target.path)
        except WireproofError as error:
            complaints.append(error)
    return complaints


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
