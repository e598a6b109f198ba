"""``wireproof coverage``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from wireproof._candidates import spelled
from wireproof._cases import CaseSet, bundled_root, load, load_clauses
from wireproof._cases._load import CLAUSES
from wireproof._model import Clause
from wireproof._proof._document import Report
from wireproof._proof._document import text as json_text
from wireproof._proof._exercised import all_exercised, subjects
from wireproof._proof._kills import Kills, bundled_kills, read_kills
from wireproof._proof._page import page
from wireproof._proof._standing import SENTENCES, matching, standings
from wireproof._selection import plan
from wireproof.cli._options import cases_option, chosen_strength, full_option, select_option, strength_option
from wireproof.cli._progress import progress
from wireproof.errors import UsageError
from wireproof.report._output import put

_FORMATS: dict[str, Callable[[Report], str]] = {"json": json_text, "html": page}


@click.command("coverage")
@click.argument("candidate", required=False)
@click.option(
    "--interactions",
    is_flag=True,
    help="Run matrices against CANDIDATE (default: reference): what share of the pairs and triples of values ran?",
)
@select_option
@click.option(
    "--clause",
    "-c",
    "clauses",
    multiple=True,
    metavar="GLOB",
    help="Only these clauses, each with the cases, rules and mutants; repeatable.",
)
@cases_option
@click.option(
    "--kills",
    "kills_path",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Results of mutants (default: those that come with wireproof; tox -e mutation writes them).",
)
@click.option("--report", "targets", multiple=True, metavar="FORMAT=PATH", help="Write a report; formats: json, html.")
@full_option
@strength_option
def command(
    candidate: str | None,
    interactions: bool,
    globs: tuple[str, ...],
    clauses: tuple[str, ...],
    cases_path: Path | None,
    kills_path: Path | None,
    targets: tuple[str, ...],
    full: bool,
    strength: int | None,
) -> int:
    """Say of each clause which cases and rules of matrices exercise it, which killed mutants it has, and where each
    sentence of the contract stands.

    A case counts for a clause that it cites if its verdict depends on it: the right capture fails once the clause's
    predicate is inverted, or a wrong capture is rejected for that clause. A rule of a matrix counts as one case if a
    combination depends on the clause. Rules of the RFCs need not be cited. Exit code 1: a clause has fewer than two
    cases or no killed mutant, and is not excluded with a reason.

    With --select, and with --cases without a clauses.yaml of its own, only clauses that are cited there are looked at.
    With --cases a killed mutant is required only of clauses that the bundled set has, too.

    --full and --strength go with --interactions. A pair or triple counts there only in a combination that was really
    judged, and in which no other value raises first; the exit code says nothing of the candidate.
    """
    if interactions:
        _refuse("--clause, --kills and --report do not go with --interactions", clauses, kills_path, targets)
        return _interactions(candidate or "reference", globs, cases_path, chosen_strength(strength, full=full))
    _refuse("CANDIDATE, --full and --strength go with --interactions", candidate, strength, full)
    writers = [_writer(target) for target in targets]
    found = load(cases_path, () if cases_path else globs)
    asked = _Asked(found, globs, clauses, cases_path)
    kills = read_kills(kills_path or bundled_kills()) if any(map(asked.needs_kill, asked.possible)) else Kills()
    report = asked.report(kills)
    for make, path in writers:
        put(path, iter((make(report),)))
    _show(report, ids=bool(clauses))
    return 1 if report.standings.short else 0


def _refuse(wanted: str, *given: object) -> None:
    """Complain about options that do not go together.

    Raises:
        UsageError: one of them was given.
    """
    for one in given:
        if one:
            raise UsageError("coverage", " ".join(one) if isinstance(one, tuple) else str(one), wanted)


def _writer(target: str) -> tuple[Callable[[Report], str], Path]:
    """Return what makes a report, and where it is written.

    Raises:
        UsageError: the format is unknown, or the path cannot be that of a file.
    """
    name, equals, path = target.partition("=")
    if not equals or name not in _FORMATS or not path:
        raise UsageError("--report", target, f"FORMAT=PATH with a format of: {', '.join(_FORMATS)}")
    if Path(path).is_dir() or not Path(path).parent.is_dir():
        raise UsageError("--report", target, "the path of a file in a folder that exists")
    return _FORMATS[name], Path(path)


# clauses -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """The cases that are looked at, and which clauses."""

    found: CaseSet
    globs: Sequence[str]
    clauses: Sequence[str]
    path: Path | None

    @property
    def possible(self) -> list[Clause]:
        """The clauses that match the globs.

        Raises:
            UsageError: one of the globs matches none.
        """
        every = list(self.found.clauses.values())
        for glob in self.clauses:
            if not any(matching(clause, (glob,)) for clause in every):
                wanted = "a glob on clauses that matches at least one (see wireproof list --clauses)"
                raise UsageError("--clause", glob, wanted)
        return [clause for clause in every if matching(clause, self.clauses)]

    def needs_kill(self, clause: Clause) -> bool:
        """Say whether a clause must have a killed mutant: those of somebody's own have none in our results."""
        return self.path is None or clause.id in load_clauses(bundled_root() / CLAUSES)

    def report(self, kills: Kills) -> Report:
        """Look at the cases, and return where everything stands."""
        planned = plan(self.found.cases, self.found.matrices, self.globs, (), None)
        looked_at = list(subjects(planned, self.possible))
        with progress("cases and rules", len(looked_at)) as advance:
            exercised = all_exercised(looked_at, advance)
        ids = {clause.id for clause in self.possible}
        if self._is_part and not self.clauses:
            ids &= {clause for subject in looked_at for clause in subject.cites}
        where = standings(
            self.found.clauses.values(),
            exercised,
            kills.by_clause(kills.cites()),
            needs_kill=self.needs_kill,
            wanted=lambda clause: clause.id in ids,
            sentences=SENTENCES if self.path is None and not self.globs and not self.clauses else (),
        )
        return Report(where, kills, self.globs, self.clauses)

    @property
    def _is_part(self) -> bool:
        """Whether only some of the cases are looked at that the clauses are for."""
        return bool(self.globs) or not (self.found.root / CLAUSES).is_file()


def _show(report: Report, *, ids: bool) -> None:
    from rich.console import Console

    from wireproof._proof._text import show

    class Plain(Console):
        def on_broken_pipe(self) -> None:  # rich would exit, with the code of clauses that fall short
            raise BrokenPipeError

    show(Plain(file=sys.stdout, emoji=False), report, ids=ids)


# interactions ------------------------------------------------------------------------------------------------------


def _interactions(candidate: str, globs: Sequence[str], cases_path: Path | None, strength: int | None) -> int:
    """Run the matrices and print the table; the exit code is 0."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from wireproof._proof._interactions import interactions

    spelled(candidate)
    found = load(cases_path, globs or ("matrix/*",))
    planned = plan((), found.matrices, globs, (), strength)
    title = f"Combinations of values that ran against {candidate}"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("matrix", "ran", "", "covered", "share"):
        table.add_column(name, justify="left" if name == "matrix" else "right", no_wrap=True)
    for row in interactions(candidate, planned):
        table.add_row(*row)
    Console(emoji=False).print(table)
    return 0
