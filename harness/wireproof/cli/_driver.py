"""``wireproof driver``."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from wireproof._candidates import driven
from wireproof._candidates._link import shown
from wireproof._kit import Result, Unstartable, check
from wireproof.errors import CandidateError, UsageError

_MARKS = {"passed": "✓", "failed": "✗", "skipped": "–"}
_PAGE = "docs/driver-protocol.md"
_NOT_CLAIMED = " not claimed"


@click.group("driver")
def command() -> None:
    """What is for those who write drivers."""


@command.command("check")
@click.option("--exec", "program", required=True, metavar="COMMAND", help="The driver: its program and arguments.")
@click.option(
    "--timeout",
    default=5.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="Seconds that an answer may take; the start may take five times as long.",
)
@click.option(
    "--select", "globs", multiple=True, metavar="GLOB", help="Only these checks: body/*, turns/last; repeatable."
)
@click.option("--json", "path", type=click.Path(path_type=Path), metavar="PATH", help="Write the results there, too.")
@click.argument("target", required=False, metavar="[CANDIDATE]")
def check_command(program: str, timeout: float, globs: tuple[str, ...], path: Path | None, target: str | None) -> int:
    """Check whether a driver keeps to the protocol (docs/driver-protocol.md), check by check.

    ✓ it does; ✗ it does not, and who is to blame; – it does not claim that. CANDIDATE says which client it drives,
    where it drives several. Exit codes: 0 every check that applies passed; 1 one failed; 2 the driver cannot be
    started, or cannot drive that client; 3 wireproof failed.
    """
    candidate = driven(program, target)
    about: dict[str, Any] = {}
    results: list[Result] = []

    def told() -> Iterator[Result]:
        for result in check(candidate, [os.getcwd()], timeout, globs, about.update):
            results.append(result)
            if len(results) == 1 and about:
                click.echo(_named(about))
            yield result

    try:
        for line in _lines(told()):
            click.echo(line)
    except Unstartable as error:
        raise CandidateError(candidate.name, str(error), "give the path of a program that can be run") from None
    counts = Counter(result.standing for result in results)
    click.echo(f"\n{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} do not apply")
    if path is not None:
        _write(path, about, results)
    return 1 if counts["failed"] else 0


def _named(hello: dict[str, Any]) -> str:
    driver, client = hello["driver"], hello["client"]
    text = f"{driver['name']} {driver['version']} ({driver['language']}) drives {client['name']} {client['version']}"
    return _safe(text.strip())


def _lines(results: Iterable[Result]) -> Iterator[str]:
    """Return the lines for people, one by one; neighbours of a group that are not claimed share one."""
    for (group, is_unclaimed), members in groupby(results, _grouping):
        if is_unclaimed:
            names = [result.text.removesuffix(_NOT_CLAIMED) for result in members]
            yield f"– {group:<22}  not claimed: {', '.join(names)}"
            continue
        for result in members:
            yield from _one(result)


def _grouping(result: Result) -> tuple[str, bool]:
    is_unclaimed = result.standing == "skipped" and result.text.endswith(_NOT_CLAIMED)
    return result.check.partition("/")[0], is_unclaimed


def _one(result: Result) -> Iterator[str]:
    note = f" ({result.note})" if result.note else ""
    yield _safe(f"{_MARKS[result.standing]} {result.check:<22}  {result.text}{note}")
    if result.standing == "failed":
        yield _safe(f"    wanted {result.wanted}; came {result.came}")
        yield f"    blame: {result.blame}; see {_PAGE}#{result.section}"


def _safe(text: str) -> str:
    return shown(text.encode("utf-8", "backslashreplace"), 4000)


def _write(path: Path, about: dict[str, Any], results: list[Result]) -> None:
    said = {name: about.get(name) for name in ("driver", "client", "can")}
    document = {"page": _PAGE, **said, "checks": [asdict(result) for result in results]}
    try:
        path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise UsageError("--json", str(path), f"a file that can be written ({error.strerror})") from None
