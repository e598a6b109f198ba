"""What a person reads at the end of a run: a table by folder, one by layer, the defects, the ways in which a candidate
differs, and the most telling failures explained. Readable at 80 columns and without colour.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from wireproof._model import LAYERS, Case, Clause, Difference, LayerName, Verdict
from wireproof._show import explanation
from wireproof._wire import visible
from wireproof.report._results import Result

_SHORT = {"pass": "passed", "nonstrict": "non-strict", "fail": "failed", "error": "errors", "not_run": "not run"}
_COLOURS = {"pass": "green", "nonstrict": "yellow", "fail": "red", "error": "magenta", "unsupported": "cyan"}
_WAYS = 40


def _counts(verdicts: Sequence[Verdict]) -> str:
    found: dict[str, int] = {}
    for verdict in verdicts:
        found[verdict.verdict] = found.get(verdict.verdict, 0) + 1
    parts = [
        f"[{_COLOURS.get(name, 'white')}]{found[name]} {_SHORT.get(name, name)}[/]"
        for name in ("pass", "nonstrict", "fail", "unsupported", "error", "not_run")
        if name in found
    ]
    return ", ".join(parts)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)


def by_folder(results: Sequence[Result]) -> Table:
    """Return the table of verdicts: a row for each folder of cases, a column for each candidate."""
    table = _table("Verdicts by folder")
    table.add_column("folder")
    for result in results:
        table.add_column(escape(result.candidate), overflow="fold")
    folders = dict.fromkeys(verdict.id.split("/", 1)[0] for result in results for verdict in result.verdicts)
    for folder in folders:
        table.add_row(
            folder, *(_counts([v for v in result.verdicts if v.id.split("/", 1)[0] == folder]) for result in results)
        )
    table.add_section()
    table.add_row("all", *(_counts(result.verdicts) for result in results))
    return table


def by_layer(results: Sequence[Result], gate: LayerName) -> Table:
    """Return the table of layers: how many cases hold at each."""
    table = _table("Cases that hold, by layer")
    table.add_column("layer")
    for result in results:
        table.add_column(escape(result.candidate), overflow="fold")
    for layer in LAYERS:
        cells = []
        for result in results:
            judged = [verdict.layers.get(layer) for verdict in result.verdicts]
            cells.append(f"{judged.count('pass')} of {judged.count('pass') + judged.count('fail')}")
        table.add_row(f"{layer} (the gate)" if layer == gate else layer, *cells)
    return table


def defects(result: Result) -> Iterator[str]:
    """Yield a line for each known defect of CPython: seen, or absent."""
    for name, (present, absent) in result.defects().items():
        cases = f"{present + absent} case{'s' if present + absent > 1 else ''}"
        if present and absent:
            yield f"  {name}: seen in {present} of {cases}, absent in {absent}"
        else:
            yield f"  {name}: {'seen' if present else 'absent'} in {cases}"


def ways(result: Result) -> dict[tuple[str, str], list[tuple[Verdict, Difference]]]:
    """Return the ways in which a candidate differs: by code and subject, the verdicts with their differences.

    The most frequent come first.
    """
    found: dict[tuple[str, str], list[tuple[Verdict, Difference]]] = {}
    for verdict in result.verdicts:
        for difference in {(d.code, d.subject): d for d in reversed(verdict.differences)}.values():
            if difference.code not in ("contract", "unsupported", "not-run"):
                found.setdefault((difference.code, difference.subject), []).append((verdict, difference))
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def examples(result: Result, count: int) -> list[Verdict]:
    """Return the verdicts to explain in full: one for each first reason, the most frequent reasons first."""
    first: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in result.verdicts:
        if verdict.reason is not None and verdict.verdict not in ("unsupported", "not_run"):
            first.setdefault((verdict.reason.code, verdict.reason.subject), []).append(verdict)
    ordered = sorted(first.values(), key=lambda group: -len(group))
    return [min(group, key=lambda verdict: len(verdict.differences)) for group in ordered][:count]


def show(
    console: Console,
    results: Sequence[Result],
    cases: Mapping[str, Case],
    clauses: Mapping[str, Clause],
    gate: LayerName,
    explain: int,
) -> None:
    """Print the whole summary."""
    for result in results:
        for verdict in examples(result, explain):
            console.print()
            console.rule(f"{escape(result.candidate)}: {verdict.id}: {verdict.verdict}", align="left", style="dim")
            lines = explanation(verdict, cases.get(verdict.id), clauses, result.candidate, console.width)
            for line in lines:
                console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print()
    console.print(by_folder(results))
    console.print()
    console.print(by_layer(results, gate))
    for result in results:
        _closing(console, result, clauses)


def kept(result: Result, clauses: Mapping[str, Clause]) -> str:
    """Return the sentence that says which of the documented clauses that were exercised hold."""
    judged = [verdict for verdict in result.verdicts if verdict.layers.get("contract") in ("pass", "fail")]
    documented = [name for name, clause in clauses.items() if clause.level == "documented"]
    exercised = {name for verdict in judged for name in verdict.clauses}
    broken: dict[str, int] = {}
    for verdict in judged:
        names = {each.subject for each in verdict.differences if each.code == "contract"}
        if not names and verdict.layers["contract"] == "fail":
            # it did not end, so that there are no bytes to ask the clauses about
            names = {verdict.reason.clause} if verdict.reason else set()
        for name in names.intersection(documented):
            broken[name] = broken.get(name, 0) + 1
    count = len([name for name in documented if name in exercised or name in broken])
    if not broken:
        return f"{result.candidate} keeps every documented clause that was exercised ({count})."
    listed = "; ".join(
        f"{name}{''.join(f' [{number}]' for number in clauses[name].sentences)} in {broken[name]}"
        for name in documented
        if name in broken
    )
    return f"{result.candidate} breaks {len(broken)} of {count} documented clauses (and in how many cases): {listed}."


def _closing(console: Console, result: Result, clauses: Mapping[str, Clause]) -> None:
    console.print()
    if any(verdict.layers.get("contract") in ("pass", "fail") for verdict in result.verdicts):
        _print(console, kept(result, clauses), first="")
    lines = list(defects(result))
    if lines:
        console.print(f"\nCPython's known defects, with {escape(result.candidate)}:")
        for line in lines:
            console.print(line, markup=False, highlight=False)
    found = ways(result)
    if found:
        console.print(f"\n{escape(result.candidate)} differs in {len(found)} way{'s' if len(found) > 1 else ''}:")
        for group in list(found.values())[:_WAYS]:
            verdict, difference = group[0]
            more = f"{len(group)} cases, such as {verdict.id}" if len(group) > 1 else verdict.id
            clause = f" [{difference.clause}]" if difference.clause else ""
            _print(console, f"{difference.text}{clause} ({more})", first="  - ")
        if len(found) > _WAYS:
            console.print(f"  … and {len(found) - _WAYS} more; --report json=PATH has all")
    unsupported = {v.reason.text for v in result.verdicts if v.verdict == "unsupported" and v.reason}
    for text in sorted(unsupported):
        _print(console, visible(text.encode("utf-8", "replace")), first="  unsupported: ")


def _print(console: Console, text: str, first: str) -> None:
    """Print a paragraph whose further lines are indented like its first."""
    indent = " " * len(first)
    for line in textwrap.wrap(
        text, console.width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
