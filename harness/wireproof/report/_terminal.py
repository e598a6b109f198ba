"""What a person reads at the end of a run: a table by folder, one by layer, the defects, the ways in which a candidate
differs, and the most telling failures explained. Readable at 80 columns and without colour.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from wireproof._model import LAYERS, VERDICTS, Case, Clause, LayerName, Verdict
from wireproof._show import explanation
from wireproof._show._bytes import clean
from wireproof.report._known import lines as told
from wireproof.report._results import Result
from wireproof.report._safe import brief, one_line

_SHORT = {"pass": "passed", "nonstrict": "non-strict", "fail": "failed", "error": "errors", "not_run": "not run"}
_COLOURS = {"pass": "green", "nonstrict": "yellow", "fail": "red", "error": "magenta", "unsupported": "cyan"}
_WAYS = 40
_REASONS = 8
_PARAGRAPH = 5_000


def _counts(found: Mapping[str, int]) -> str:
    parts = [
        f"[{_COLOURS.get(name, 'white')}]{found[name]} {_SHORT.get(name, name)}[/]"
        for name in VERDICTS
        if found.get(name)
    ]
    return ", ".join(parts)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)


def by_folder(results: Sequence[Result]) -> Table:
    """Return the table of verdicts: a row for each folder of cases, a column for each candidate.

    Last rows have the verdicts without tolerances, where these are others, and how many failures a baseline knows.
    """
    table = _table("Verdicts by folder")
    table.add_column("folder")
    for result in results:
        table.add_column(_inert(result.candidate), overflow="fold")
    groups = dict.fromkeys(sorted({group for result in results for group in result.findings.groups}, key=_order))
    for group in groups:
        table.add_row(_inert(group), *(_counts(result.findings.groups.get(group, {})) for result in results))
    table.add_section()
    every = [(result.findings.all, result.findings.all_strict) for result in results]
    table.add_row("all", *(_counts(tolerant) for tolerant, _ in every))
    if any(tolerant != strict for tolerant, strict in every):
        table.add_row("all, strictly", *(_counts(strict) for _, strict in every))
    if any(result.known and result.known["count"] for result in results):
        table.add_row("known failures", *(str(result.known["count"]) if result.known else "" for result in results))
    return table


def _inert(text: str) -> str:
    """Return a text of somebody else's that is neither markup of rich nor controls a terminal."""
    return escape(clean(text))


def _order(group: str) -> tuple[bool, str]:
    """Return what groups are sorted by: the folders, then the matrices."""
    return group.startswith("matrix/"), group


def by_layer(results: Sequence[Result], gate: LayerName) -> Table:
    """Return the table of layers: how many cases hold at each, and how many do without tolerances."""
    table = _table("Cases that hold, by layer")
    table.add_column("layer")
    for result in results:
        table.add_column(_inert(result.candidate), overflow="fold")
    for layer in LAYERS:
        cells = []
        for result in results:
            answers, strict = result.findings.layers[layer], result.findings.strict_layers[layer]
            strictly = "" if answers == strict else f", strictly {strict['pass']}"
            cells.append(f"{answers['pass']} of {answers['pass'] + answers['fail']}{strictly}")
        table.add_row(f"{layer} (the gate)" if layer == gate else layer, *cells)
    return table


def defects(result: Result) -> Iterator[str]:
    """Yield a line for each known defect of CPython: seen, or absent."""
    for name, (present, absent) in result.findings.defects.items():
        cases = f"{present + absent} case{'s' if present + absent > 1 else ''}"
        if present and absent:
            yield f"  {clean(name)}: seen in {present} of {cases}, absent in {absent}"
        else:
            yield f"  {clean(name)}: {'seen' if present else 'absent'} in {cases}"


def show(
    console: Console,
    results: Sequence[Result],
    case_of: Callable[[str], Case | None],
    clauses: Mapping[str, Clause],
    gate: LayerName,
    explain: int,
) -> None:
    """Print the whole summary, but for what ``tell`` prints: that of which a baseline says what is so."""
    for result in results:
        if result.known is None:
            _explain(console, result, result.findings.examples[:explain], case_of, clauses)
    console.print()
    console.print(by_folder(results))
    console.print()
    console.print(by_layer(results, gate))
    for result in results:
        _closing(console, result, clauses)


def tell(
    console: Console,
    result: Result,
    news: Sequence[Verdict],
    case_of: Callable[[str], Case | None],
    clauses: Mapping[str, Clause],
) -> None:
    """Print what a baseline says of a candidate: how much is known, and what is news; ``news`` is explained in full."""
    if result.known is None:
        return
    _explain(console, result, news, case_of, clauses)
    for line in ("", *told(result.candidate, result.known)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _explain(
    console: Console,
    result: Result,
    verdicts: Sequence[Verdict],
    case_of: Callable[[str], Case | None],
    clauses: Mapping[str, Clause],
) -> None:
    for verdict in verdicts:
        console.print()
        console.rule(_inert(f"{result.candidate}: {verdict.id}: {verdict.verdict}"), align="left", style="dim")
        for line in explanation(brief(verdict), case_of(verdict.id), clauses, result.candidate, console.width):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def kept(result: Result, clauses: Mapping[str, Clause]) -> str:
    """Return the sentence that says which of the documented clauses that were exercised hold."""
    documented = [name for name, clause in clauses.items() if clause.level == "documented"]
    exercised, broken = result.findings.exercised, result.findings.broken
    broken = Counter({name: broken[name] for name in documented if broken[name]})
    count = len([name for name in documented if name in exercised or name in broken])
    if not broken:
        return f"{result.candidate} keeps every documented clause that was exercised ({count})."
    listed = "; ".join(
        f"{name}{''.join(f' [{number}]' for number in clauses[name].sentences)} in {broken[name]}"
        for name in documented
        if name in broken
    )
    return f"{result.candidate} breaks {len(broken)} of {count} documented clauses (and in how many cases): {listed}."


def tolerated(result: Result) -> str:
    """Return the sentence that says how many cases pass only with the candidate's tolerances; "" where none does."""
    findings = result.findings
    if not findings.only_tolerated:
        return ""
    ways = sorted(findings.tolerated.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{name} {number:,}" for name, number in ways)
    return (
        f"{result.candidate}: {findings.all['pass']:,} passed (of these {findings.only_tolerated:,} only with the "
        f"tolerances of its description: {listed})."
    )


def _closing(console: Console, result: Result, clauses: Mapping[str, Clause]) -> None:
    console.print()
    if let := tolerated(result):
        _print(console, let, first="")
    answers = result.findings.layers["contract"]
    if answers["pass"] or answers["fail"]:
        _print(console, kept(result, clauses), first="")
    lines = list(defects(result))
    if lines:
        console.print(f"\nCPython's known defects, with {_inert(result.candidate)}:")
        for line in lines:
            console.print(line, markup=False, highlight=False)
    found = result.findings.ways
    if found:
        known = ", those that are known included" if result.known and result.known["count"] else ""
        ways = f"{len(found)} way{'s' if len(found) > 1 else ''}"
        console.print(f"\n{_inert(result.candidate)} differs in {ways}{known}:")
        for way in list(found.values())[:_WAYS]:
            more = f"{way.count} cases, such as {way.verdict.id}" if way.count > 1 else way.verdict.id
            clause = f" [{way.difference.clause}]" if way.difference.clause else ""
            _print(console, f"{way.difference.text}{clause} ({more})", first="  - ")
        if len(found) > _WAYS:
            console.print(f"  … and {len(found) - _WAYS} more; --report json=PATH has all")
    reasons = sorted(result.findings.unsupported)
    for text in reasons[:_REASONS]:
        _print(console, text, first="  unsupported: ")
    if len(reasons) > _REASONS:
        _print(console, f"for {len(reasons) - _REASONS} more reasons, which a report lists", first="  unsupported: ")


def _print(console: Console, text: str, first: str) -> None:
    """Print a paragraph whose further lines are indented like its first."""
    indent = " " * len(first)
    for line in textwrap.wrap(
        one_line(text, _PARAGRAPH),
        console.width,
        initial_indent=first,
        subsequent_indent=indent,
        break_on_hyphens=False,
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
