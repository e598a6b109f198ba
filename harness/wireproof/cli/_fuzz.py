"""``wireproof fuzz``: what it is told, and what it says. What it does is in ``_fuzz``."""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

from wireproof._cases import bundled_root, load_clauses
from wireproof._fuzz._keep import known, save
from wireproof._fuzz._search import MOST, BugInSuite, Finding, Limits, Search, Tally, gate_of
from wireproof._model import LAYERS, Candidate, Clause
from wireproof._run import Options
from wireproof._show import explanation, script
from wireproof.cli._asked import asked, candidates_option, exec_option, isolate_option, python_option
from wireproof.errors import HarnessError, UsageError

_EXAMPLES, _SECONDS = 2_000, 60.0
_WIDTH = 100


@click.command("fuzz")
@click.argument("candidate", required=False)
@click.option("--examples", type=click.IntRange(min=1), metavar="N", help=f"Examples to try. Default: {_EXAMPLES:,}.")
@click.option("--seed", type=click.IntRange(min=0), metavar="S", help="What is drawn: with the same seed the same.")
@click.option(
    "--time",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="T",
    help=f"Seconds to search; without --examples as many as fit. Default, without both: {_SECONDS:g}.",
)
@click.option(
    "--save",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write each finding to a case file there.",
)
@click.option("--findings", type=click.IntRange(min=1), default=MOST, help=f"End after so many. Default: {MOST}.")
@click.option("--gate", type=click.Choice(LAYERS), default=None, help="The layer that must fail. Default: bytes.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=5.0, help="Seconds for one example.")
@click.option("--strict-defects", is_flag=True, help="Known defects of CPython are findings, too.")
@python_option
@exec_option
@isolate_option
@candidates_option
def command(candidate: str | None, **told: Any) -> int:
    """Search for requests that CANDIDATE gets wrong, shrink them, and explain them.

    What is asked is drawn at random from everything that request() takes, and does not come from the case files. What
    must come of it is what the reference implementation does; the contract and the RFCs are asked, too. Exits with 1
    where something was found.
    """
    ways = told["pythons"], told["commands"], told["folders"]
    if candidate is None and not told["commands"] and not told["pythons"]:
        raise UsageError(
            "CANDIDATE", "nothing", "who is asked: reference, stdlib, package.module:Class or a description"
        )
    everybody = asked((candidate,) if candidate else (), *ways, isolate=told["isolate"])
    folder: Path | None = told["folder"]
    if folder is not None and folder.exists() and not folder.is_dir():
        raise UsageError("--save", str(folder), "the path of a folder")
    seed = random.SystemRandom().randrange(2**32) if told["seed"] is None else told["seed"]
    limits = _limits(told["examples"], told["seconds"], told["findings"])
    clauses = load_clauses(bundled_root() / "clauses.yaml")
    codes = []
    for one in everybody:
        options = Options(told["timeout"], 1, told["strict_defects"], gate=gate_of(one, told["gate"]))
        codes.append(_search(one, options, limits, seed, clauses, folder))
    return max(codes)


def _limits(examples: int | None, seconds: float | None, findings: int) -> Limits:
    """Return when to end: with a number of examples alone, time does not matter, so that a result can be had again."""
    if examples is None and seconds is None:
        return Limits(_EXAMPLES, _SECONDS, findings)
    return Limits(examples, seconds, findings)


def _search(
    candidate: Candidate,
    options: Options,
    limits: Limits,
    seed: int,
    clauses: Mapping[str, Clause],
    folder: Path | None,
) -> int:
    """Search one candidate, say what is found as it is found, and return the exit code."""
    is_reference = candidate.name == "reference"
    found = 0
    with closing(Search(candidate, options, limits, seed, thorough=is_reference)) as search, _interruptible(search):
        _say([f"{candidate.name}: seed {seed}, gate {options.gate}"])
        try:
            for finding in search.findings():
                found += 1
                _say(_told(finding, candidate, clauses, folder))
        except BugInSuite as bug:
            if folder is not None:
                click.echo(f"kept in {save(known(bug.case, clauses), folder)}")
            raise
        _say(_closing(candidate, search.tally, found))
        if not search.tally.examples or search.tally.unsupported == search.tally.examples:
            raise HarnessError(f"{candidate.name}: nothing could be asked")
    return int(found > 0 or search.tally.gave_up)


@contextmanager
def _interruptible(search: Search) -> Iterator[None]:
    """Let an interruption end the search between two examples: Hypothesis loses one that comes in its own time.

    A second one ends it at once.
    """
    every = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    before = {number: handler for number, handler in every.items() if handler not in (None, signal.SIG_IGN)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(number: int, frame: FrameType | None) -> None:
        search.stop()
        restore()

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        restore()


def _say(lines: Iterator[str] | Sequence[str]) -> None:
    for line in lines:
        click.echo(line)
    sys.stdout.flush()


def _told(finding: Finding, candidate: Candidate, clauses: Mapping[str, Clause], folder: Path | None) -> Iterator[str]:
    """Yield the lines about one finding: why it is one, and how to see it again."""
    case = known(finding.case, clauses)
    *lines, _ = explanation(finding.verdict, case, clauses, candidate.name, _WIDTH)
    yield ""
    yield f"-- {case.id.split('/')[1]}, found with example {finding.examples:,}, shrunken:"
    yield from lines
    if folder is None:
        yield "A script that does it without wireproof:"
        yield ""
        yield from script(case, candidate.name).rstrip("\n").split("\n")
        return
    file = save(case, folder)
    yield f"written to {file}; to see it again:"
    yield f"wireproof run {candidate.name} --cases {folder} --select {case.id}"
    yield f"wireproof repro {case.id} {candidate.name} --cases {folder}"


def _closing(candidate: Candidate, tally: Tally, found: int) -> Iterator[str]:
    yield ""
    for (name, state), count in sorted(tally.defects.items()):
        seen = "seen" if state == "present" else "absent"
        yield f"CPython's known defect {name}: {seen} in {count:,} example{'s' * (count != 1)}"
    if tally.unsupported:
        yield f"{tally.unsupported:,} of the examples cannot be asked of this candidate."
    if tally.gave_up:
        yield "It timed out too often: the search was ended."
    what = f"{found} way{'s' * (found != 1)} in which it differs" if found else "nothing"
    yield f"{candidate.name}: {what} found in {tally.examples:,} examples"
