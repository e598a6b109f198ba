"""What a person reads at the terminal of coverage: clauses, sentences, and what falls short. Readable at 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from wireproof._proof._document import Report
from wireproof._proof._standing import CASES, Sentence, Standing

_COLOURS = {"covered": "green", "partly": "yellow", "short": "red", "excluded": "cyan"}
_SHOWN = 40


def show(console: Console, report: Report, *, ids: bool) -> None:
    """Print the whole; ``ids``: with the names of all that exercises each clause."""
    found = report.standings
    console.print(_clauses(found.clauses))
    for standing in found.clauses if ids else ():
        _details(console, standing)
    if found.sentences:
        console.print(_sentences(found.sentences))
    _listed(
        console,
        "Cited, and nothing shows that the verdict depends on it (these do not count):",
        [f"{name}: {', '.join(clauses)}" for name, clauses in found.idle],
    )
    _listed(console, f"Falls short ({CASES} cases or rules and a killed mutant are needed):", found.short)
    counts = ", ".join(f"{len(found.of(status))} {status}" for status in ("covered", "excluded", "short"))
    left = f"; {found.left_out} more were not looked at" if found.left_out else ""
    one = len(found.clauses) == 1
    _print(console, f"{len(found.clauses)} clause{'' if one else 's'}: {counts}{left}.")


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)


def _status(status: str) -> str:
    return f"[{_COLOURS[status]}]{status}[/]"


def _clauses(standings: Sequence[Standing]) -> Table:
    table = _table("What each clause is exercised by")
    table.add_column("clause", overflow="fold")
    table.add_column("level", no_wrap=True)
    for name in ("cases", "rules", "kills"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("standing", no_wrap=True)
    for each in standings:
        counts = (len(each.cases), len(each.rules), len(each.kills))
        shown = ("-",) * 3 if each.status == "excluded" else tuple(map(str, counts))
        table.add_row(escape(each.clause.id), each.clause.level, *shown, _status(each.status))
    return table


def _sentences(sentences: Sequence[Sentence]) -> Table:
    table = _table("Where each sentence of the contract stands")
    table.add_column("sentence", no_wrap=True, justify="right")
    table.add_column("standing", no_wrap=True)
    table.add_column("clauses", overflow="fold")
    for each in sentences:
        names = ", ".join(standing.clause.id for standing in each.standings) or "none"
        table.add_row(escape(f"[{each.number}]"), _status(each.status), escape(names))
    return table


def _details(console: Console, standing: Standing) -> None:
    """Print a clause with the names of what exercises it."""
    clause = standing.clause
    _print(console, f"{clause.id}: {clause.text}")
    if clause.excluded is not None:
        _print(console, f"excluded: {clause.excluded}", "  ")
    kills = [f"{kill.mutant} (by {kill.case}, {kill.layer})" for kill in standing.kills]
    for name, found in (("cases", standing.cases), ("rules", standing.rules), ("kills", kills)):
        if found:
            _print(console, f"{name}: {', '.join(found)}", "  ")
    console.print()


def _listed(console: Console, heading: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    _print(console, heading)
    for line in lines[:_SHOWN]:
        _print(console, f"- {line}", "  ")
    if len(lines) > _SHOWN:
        _print(console, f"  … and {len(lines) - _SHOWN} more; --report json=PATH has all")
    console.print()


def _print(console: Console, text: str, indent: str = "") -> None:
    """Print a paragraph; what comes from files is neither markup nor a control sequence."""
    shown = "".join(char if char.isprintable() else "?" for char in text)
    further = f"{indent}  "
    for line in textwrap.wrap(
        shown,
        console.width,
        initial_indent=indent,
        subsequent_indent=further,
        break_on_hyphens=False,
        break_long_words=False,
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
