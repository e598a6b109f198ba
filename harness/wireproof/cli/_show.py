"""``wireproof show``."""

from __future__ import annotations

from pathlib import Path

import click

from wireproof._cases import load
from wireproof._model import Blocks, Case, Clause, Expect
from wireproof._plan import Wire, wire
from wireproof._selection import Chosen, plan
from wireproof._show import annotated, python_call, shortened
from wireproof.cli._options import cases_option, one_case


@click.command("show")
@click.argument("case")
@cases_option
def command(case: str, cases_path: Path | None) -> None:
    """Show CASE: the request as Python and as bytes on the wire, its clauses, and the numbers of their sentences.

    Of a combination of a matrix, the rules that decided it, too. Of a matrix, or of several of its combinations
    (matrix/framing[body=text-*]), what each rule decides.
    """
    if case.startswith("matrix/"):
        several = plan((), load(cases_path, (case,)).matrices, (case,), strength=None)
        if len(several) > 1:
            for chosen in several.chosen:
                _overview(chosen)
            return
    found, all_cases = one_case(case, cases_path)
    click.echo(f"{found.id}  ({found.source.file}:{found.source.line})\n{found.about}\n")
    for rule in found.rules:
        click.echo(f"rule {rule}")
    for line in _clauses(found, all_cases.clauses):
        click.echo(line)
    click.echo(f"\nThe request\n\n{_indented(python_call(found))}")
    for number, step in enumerate(found.steps):
        if step.expect is None:
            continue
        title = "What must arrive" if len(found.steps) == 1 else f"What must arrive of step {number + 1}"
        _expectation(title, step.expect)
        for alternative in step.alternatives:
            is_ = f" is {alternative.value}" if alternative.value else ""
            _expectation(f"{title}, where the {alternative.kind} {alternative.name}{is_}", alternative.expect)
    if found.rules and found.asked:
        click.echo(f"\nWhat its values may ask for, though it is not valid HTTP/1.1: {', '.join(found.asked)}")
    elif found.asked:
        click.echo(f"\nNot valid HTTP/1.1, because the caller asks for it: {', '.join(found.asked)}")


def _overview(chosen: Chosen) -> None:
    """Say what the rules of a matrix decide, and how many of the combinations each."""
    matrix = chosen.expansion.matrix
    click.echo(f"{matrix.id}  ({matrix.source.file})\n{matrix.about}\n")
    for axis in matrix.axes:
        click.echo(f"{axis.name}: {len(axis.values)} values of catalog/{axis.catalog}.yaml")
    click.echo(f"\n{len(chosen):,} of {matrix.size:,} combinations, by the rule that decides:\n")
    first: dict[str, int] = {}
    for number in chosen.numbers:
        first.setdefault(chosen.expansion.decision(number).leading.name, number)
    for table in matrix.tables.values():
        for rule in table:
            if rule.name in first:
                click.echo(f"{rule}\n  {chosen.by_rule[rule.name]:,}, such as {chosen.expansion.id(first[rule.name])}")


def _clauses(case: Case, clauses: dict[str, Clause]) -> list[str]:
    lines = []
    for name in case.clauses:
        clause = clauses[name]
        numbers = "".join(f" [{number}]" for number in clause.sentences)
        lines.append(f"{name} ({clause.level}){numbers}: {clause.text}")
    return lines


def _expectation(title: str, expect: Expect) -> None:
    click.echo(f"\n{title}\n")
    if expect.raises:
        click.echo(f"  an exception of a class named {expect.raises}, after these bytes:")
    placed = wire(expect, "<host>", "<port>")
    if placed.head is None:
        click.echo("  nothing")
        return
    data = placed.data
    if data is None:
        click.echo(f"  a body of {len(placed) - len(placed.head):,} bytes, {_known(placed)}, after:")
        data = placed.head
    for shown, what in annotated(data):
        click.echo(f"  {shown:<60}  {what}")
    for name, value in expect.effects.items():
        click.echo(f"  effect {name}: {value}")


def _known(placed: Wire) -> str:
    """Return how a body that is not shown is known."""
    if not isinstance(placed.body, Blocks):
        return "known by its SHA-256"
    end = f", and {shortened(placed.body.end)} behind them" if placed.body.end else ""
    return f"{placed.body.count:,} times {shortened(placed.body.data)}{end}"


def _indented(text: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))
