"""``wireproof bench``."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from wireproof import __version__
from wireproof._bench._figures import Figure, Section, Settings
from wireproof._bench._sections import SECTIONS, measured
from wireproof._candidates import named, resolve
from wireproof.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

_QUICK_ROUNDS = 2


@click.command("bench")
@click.option("--candidate", default="stdlib", show_default=True, metavar="NAME", help="Who is asked.")
@click.option("--rounds", type=click.IntRange(1), help="Turns of each thing (default: 5; --quick: 2).")
@click.option("--gib", type=click.FloatRange(0), default=1.0, show_default=True, help="Size of the long body; 0: none.")
@click.option("--python", default=sys.executable, metavar="PYTHON", help="The other interpreter (default: this one).")
@click.option(
    "--quick", is_flag=True, help="Small samples: shows that everything can be measured, and measures little."
)
@click.option(
    "--json", "target", metavar="PATH", help="Write the figures as JSON; - for standard output, with no table."
)
def command(candidate: str, rounds: int | None, gib: float, python: str, quick: bool, target: str | None) -> None:
    """Measure what the suite costs, beside what it cannot do without.

    What is compared takes turns in the same process, and each figure is the median of its turns, with the lowest and
    the highest beside it. Nothing passes or fails. It takes some minutes, on loopback only, and wants an idle machine.
    """
    _check(target)
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    resolve(named(candidate))
    settings = Settings(candidate, rounds or (_QUICK_ROUNDS if quick else 5), gib, quick, python)
    about = _circumstances(settings)
    sections = list(_measured(settings))
    if target is not None:
        text = json.dumps({**about, "sections": {each.name: _plain(each) for each in sections}}, indent=1)
        if target == "-":
            click.echo(text)
            return
        Path(target).write_text(text + "\n", encoding="utf-8")
    click.echo(_shown(about, sections), nl=False)


def _check(target: str | None) -> None:
    """Complain now about what cannot be written in some minutes."""
    if target in (None, "-"):
        return
    path = Path(str(target))
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError("--json", str(target), "the path of a file in a folder that exists, or -")


def _measured(settings: Settings) -> Iterator[Section]:
    for name in SECTIONS:
        if sys.stderr.isatty():
            click.echo(f"\r\033[K{SECTIONS[name].title} …", err=True, nl=False)
        yield measured(name, settings)
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)


def _circumstances(settings: Settings) -> dict[str, object]:
    """Return under what circumstances the figures came to be."""
    return {
        "wireproof": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)),
        "load": [round(each, 2) for each in os.getloadavg()],
        "candidate": settings.candidate,
        "rounds": settings.rounds,
        "gib": settings.gib,
        "through": settings.python,
        "quick": settings.quick,
    }


def _plain(section: Section) -> dict[str, object]:
    figures = {
        figure.key: {"about": figure.about, "unit": figure.unit, "value": figure.value, "rounds": list(figure.rounds)}
        for figure in section.figures
    }
    return {"title": section.title, "not_measured": section.why, "figures": figures}


_DIGITS = {"": 0, "/s": 0, "x": 2, "s": 2, "µs": 1, "GB/s": 2, "MiB": 1}


def _number(figure: Figure, value: float) -> str:
    return f"{value:,.{_DIGITS[figure.unit]}f}"


def _range(figure: Figure) -> str:
    """Return the lowest and the highest, where there are several."""
    if len(figure.rounds) < 2:
        return ""
    return f"{_number(figure, min(figure.rounds))} to {_number(figure, max(figure.rounds))}"


def _shown(about: Mapping[str, object], sections: Sequence[Section]) -> str:
    from rich.console import Console

    load = about["load"]
    assert isinstance(load, list)
    console = Console(file=sys.stdout, emoji=False, highlight=False)
    with console.capture() as captured:
        names = ("candidate", "python", "system")
        console.print(f"wireproof {about['wireproof']}:", ", ".join(str(about[name]) for name in names), markup=False)
        console.print(f"{about['cores']} cores; load average at the start {load[0]:.2f}", markup=False)
        for section in sections:
            console.print()
            console.print(f"[bold]{section.title}[/]")
            console.print(_table(section))
            if section.why is not None:
                console.print(f"  not measured: {section.why}", markup=False)
        console.print()
        console.print(_QUICKLY if about["quick"] else _BUSY, markup=False)
    return captured.get()


def _table(section: Section) -> Table:
    """Return the table of one section; all are equally wide, so that they read as one."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    for width, justify in _COLUMNS:
        table.add_column(width=width, justify=justify, overflow="fold")
    for figure in section.figures:
        unit = "" if figure.unit == "x" else figure.unit
        table.add_row(f"  {escape(figure.about)}", _number(figure, figure.value), unit, _range(figure))
    return table


_COLUMNS: tuple[tuple[int, Literal["left", "right"]], ...] = ((44, "left"), (8, "right"), (4, "left"), (20, "right"))
_BUSY = "The numbers of a busy machine are worth little: compare those of the same table, and ratios first."
_QUICKLY = f"--quick: the samples are too small to compare anything. {_BUSY}"
