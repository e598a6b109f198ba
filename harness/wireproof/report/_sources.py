"""Where the case of a result was written, as a path that means something to whoever reads the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wireproof._cases import CaseSet
from wireproof._cases._load import bundled_root
from wireproof._findings import group_of
from wireproof._model import Source, Verdict
from wireproof._selection import Planned


def sources(found: CaseSet, planned: Planned) -> Callable[[Verdict], Source | None]:
    """Return what says where a verdict's case is: its line, or, of a combination, that of the rule that decided it.

    Paths are relative to the working directory. Where the cases are the bundled ones they begin with "cases", as in
    wireproof's own repository; those of a folder that is elsewhere are relative to that folder.
    """
    folder = _folder(found.root)
    cases = {case.id: case.source for case in planned.cases}
    rules = {
        (matrix.id, rule.name): rule.source
        for matrix in found.matrices
        for table in matrix.tables.values()
        for rule in table
    }
    matrices = {matrix.id: matrix.source for matrix in found.matrices}

    def source_of(verdict: Verdict) -> Source | None:
        place = cases.get(verdict.id)
        if place is None:
            group, rule = group_of(verdict.id), verdict.rules[0].partition(":")[0] if verdict.rules else ""
            place = rules.get((group, rule)) or matrices.get(group)
        return place and Source((folder / place.file).as_posix(), place.line)

    return source_of


def _folder(root: Path) -> Path:
    if root == bundled_root():
        return Path("cases")
    try:
        return root.resolve().relative_to(Path.cwd())
    except (ValueError, OSError):
        return Path()
