"""What is measured and how: settings, figures, and turns that alternate."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wireproof.errors import WireproofError

PATIENCE = 900.0
"""Seconds that a child process may take."""

EXTRA = "pip install 'wireproof[bench]'"
"""What installs everything that is measured."""


class CannotMeasure(WireproofError):
    """Something cannot be measured here; the text says why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked for. ``rounds``: turns of each of the things that are compared. ``gib``: the size of the long body.
    ``python``: the other interpreter. ``quick``: samples so small that they only show that everything can be measured.
    """

    candidate: str = "stdlib"
    rounds: int = 5
    gib: float = 1.0
    quick: bool = False
    python: str = sys.executable

    def size(self, usual: int, quick: int) -> int:
        """Return how many, of the two numbers."""
        return quick if self.quick else usual


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, in each round, or counted. What counts is the median."""

    key: str
    about: str
    unit: str
    rounds: tuple[float, ...]

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that belong together. ``why``: why there are no more of them, or None where all are there."""

    name: str
    title: str
    figures: tuple[Figure, ...]
    why: str | None = None


def count(key: str, about: str, number: int) -> Figure:
    """Return a figure that was counted."""
    return Figure(key, about, "", (number,))


def rate(key: str, about: str, seconds: Sequence[float], done: int) -> Figure:
    """Return how many were done in a second."""
    return Figure(key, about, "/s", tuple(done / each for each in seconds))


def each(key: str, about: str, seconds: Sequence[float], done: int) -> Figure:
    """Return what one of them took, in microseconds."""
    return Figure(key, about, "µs", tuple(spent / done * 1e6 for spent in seconds))


def ratio(key: str, about: str, above: Sequence[float], below: Sequence[float]) -> Figure:
    """Return the ratio of two things that were measured in the same rounds."""
    return Figure(key, about, "x", tuple(one / other for one, other in zip(above, below, strict=True)))


def alternating(rounds: int, parts: Mapping[str, Callable[[], object]]) -> dict[str, tuple[float, ...]]:
    """Return the seconds that each part took in each round.

    In each round every part has its turn, so that what slows the machine down for a while slows all of them down; every
    other round goes backwards, so that none of them always comes behind the same one.
    """
    return in_pieces(rounds, {name: (part,) for name, part in parts.items()})


def in_pieces(rounds: int, parts: Mapping[str, Sequence[Callable[[], object]]]) -> dict[str, tuple[float, ...]]:
    """Return the seconds that each part took in each round; its pieces take turns with those of the other parts."""
    taken: dict[str, list[float]] = {name: [] for name in parts}
    for number in range(rounds):
        spent = dict.fromkeys(parts, 0.0)
        for turn, pieces in enumerate(zip(*parts.values(), strict=True)):
            turns = list(zip(parts, pieces, strict=True))
            for name, piece in turns[:: -1 if (number + turn) % 2 else 1]:
                began = time.perf_counter()
                piece()
                spent[name] += time.perf_counter() - began
        for name, seconds in spent.items():
            taken[name].append(seconds)
    return {name: tuple(seconds) for name, seconds in taken.items()}


@contextmanager
def steady() -> Iterator[None]:
    """Keep the garbage collector from looking through what is there already, as a worker does."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def child(arguments: Sequence[str], codes: Sequence[int] = (0,), cwd: Path | None = None) -> tuple[float, str]:
    """Run Python with these arguments to its end; return the seconds that it took, and its output.

    Raises:
        CannotMeasure: it ended with another exit code, or not in time.
    """
    command = [sys.executable, "-P", *arguments]
    # what a pytest around us has told its own workers is not meant for the one that is measured
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    began = time.perf_counter()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE, cwd=cwd, env=environment
        )
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"{_named(arguments)} does not end within {PATIENCE:g} s") from None
    seconds = time.perf_counter() - began
    if done.returncode not in codes:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise CannotMeasure(f"{_named(arguments)} ended with exit code {done.returncode}: {said[:200]}")
    return seconds, done.stdout


def _named(arguments: Sequence[str]) -> str:
    return " ".join(arguments[arguments.index("-m") + 1 :][:2])
