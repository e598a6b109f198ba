"""What is measured with: combinations of one matrix, and a candidate in this process that is asked for them."""

from __future__ import annotations

import functools
import os
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from wireproof._candidates import named, resolve
from wireproof._candidates._inprocess import InProcess
from wireproof._cases import load
from wireproof._codec import SLICE
from wireproof._matrix import Expansion, Matrix
from wireproof._model import Capture, Case, Verdict
from wireproof._selection import Chosen, Planned, plan
from wireproof._slices import Player
from wireproof.drivers.python_driver import answers

MATRIX = "matrix/framing"
"""The matrix whose combinations are measured."""

_TIMEOUT = 30.0
_PIECE = 4 * SLICE
"""So many combinations are played until another part has its turn: enough to fill the processor's caches anew."""
_EXIT = os._exit


@functools.cache
def matrix() -> Matrix:
    """Return the matrix."""
    return next(each for each in load(None, (MATRIX,)).matrices if each.id == MATRIX)


@functools.cache
def usual() -> Chosen:
    """Return the combinations that a run has where nothing else is asked for."""
    return plan((), (matrix(),), (MATRIX,)).chosen[0]


def first(count: int | None) -> Planned:
    """Return the first combinations of the whole product; None: all of them."""
    numbers = array("L", range(min(matrix().size, count or matrix().size)))
    return Planned((), (), (Chosen(Expansion(matrix()), numbers, 0),), len(numbers))


def spread(numbers: Sequence[int], count: int) -> list[int]:
    """Return so many of the numbers, evenly spread, in order; all of them where there are no more."""
    count = min(count, len(numbers))
    return [numbers[at * len(numbers) // count] for at in range(count)]


@functools.cache
def reaching() -> list[int]:
    """Return the usual combinations of which something is sent."""
    return [number for number in usual().numbers if usual().expansion.decision(number).sent != "nothing"]


@functools.cache
def raising() -> list[int]:
    """Return the usual combinations whose request raises before anything is sent."""
    return [number for number in usual().numbers if usual().expansion.decision(number).sent == "nothing"]


def factory(candidate: str) -> Callable[..., Any]:
    """Return what makes the candidate's connection objects.

    Raises:
        CandidateError: it cannot be used at all.
    """
    here = os.getcwd()
    if here not in sys.path:  # as a worker has it
        sys.path.insert(0, here)
    made: Callable[..., Any] = resolve(named(candidate))
    return made


@contextmanager
def in_process(candidate: str) -> Iterator[InProcess]:
    """Have a candidate in this process. A call of it that does not end cannot be ended here: it ends the process."""

    def overdue(case: Case, capture: Capture) -> None:
        print(f"wireproof: {candidate} does not end within {_TIMEOUT:g} s, asked for {case.id}", file=sys.stderr)
        _EXIT(3)

    played = InProcess(factory(candidate), timeout=_TIMEOUT, overdue=overdue)
    try:
        yield played
    finally:
        played.close()


class Judged:
    """Combinations that are played and judged as a worker does it, some slices in a row.

    Args:
        candidate: who is asked.
        numbers: for what.

    Attributes:
        slices: the numbers that are played in a row.
        reported: how many verdicts say more than that it passes.
    """

    def __init__(self, candidate: InProcess, numbers: Sequence[int]) -> None:
        self.candidate = candidate
        self.player = Player(usual().expansion, candidate, answers(), strict_defects=False)
        self.slices = [numbers[start : start + _PIECE] for start in range(0, len(numbers), _PIECE)]
        self.reported = 0

    def pieces(self) -> list[Callable[[], None]]:
        """Return what plays and judges each of them."""
        return [functools.partial(self.play, numbers) for numbers in self.slices]

    def play(self, numbers: Sequence[int]) -> None:
        """Play and judge some in a row."""
        codes = bytearray(len(numbers))
        self.player.play(numbers, codes, self._report)
        assert all(codes)

    def _report(self, index: int, verdict: Verdict) -> None:
        self.reported += 1


@contextmanager
def judging(candidate: InProcess, numbers: Sequence[int]) -> Iterator[Judged]:
    """Have combinations judged; whatever is made once is made already."""
    judged = Judged(candidate, numbers)
    try:
        for play in judged.pieces():
            play()
        yield judged
    finally:
        judged.player.close()
