"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from wireproof._cases import CaseSet, load
from wireproof._model import Case
from wireproof.errors import UsageError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

cases_option: Decorator = click.option(
    "--cases", "cases_path", type=click.Path(path_type=Path), metavar="PATH", help="Case files of your own."
)
select_option: Decorator = click.option(
    "--select", "-s", "globs", multiple=True, metavar="GLOB", help="Only cases whose id matches; repeatable."
)
clause_option: Decorator = click.option(
    "--clause", "-c", "clauses", multiple=True, metavar="GLOB", help="Only cases for these clauses; repeatable."
)


def one_case(name: str, cases_path: Path | None) -> tuple[Case, CaseSet]:
    """Return the case with the id ``name``.

    Raises:
        UsageError: there is no such case.
    """
    import difflib

    found = load(cases_path, (name,))
    for case in found.cases:
        if case.id == name:
            return case, found
    found = load(cases_path)
    close = difflib.get_close_matches(name, [case.id for case in found.cases], 1, 0.4)
    hint = f", such as {close[0]}" if close else ""
    raise UsageError("case", name, f"the id of a case{hint} (see wireproof list)")
