"""Plays combinations of one matrix, and has those judged that are not simply as expected."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from wireproof._candidates._inprocess import CANNOT_LISTEN, Performer, unsupported
from wireproof._candidates._lanes import Lane
from wireproof._candidates._link import DriverFault
from wireproof._candidates._remote import Driven
from wireproof._capture import CannotBind
from wireproof._codec import ABSENT, CLOSING, PASSED, PLAYED, PRESENT, REPORTED
from wireproof._judge import errored, judge
from wireproof._matrix import Expansion
from wireproof._model import STRICT, Capture, Case, Tolerances, Verdict
from wireproof._slices._driven import DrivenLoop
from wireproof._slices._local import LocalLoop
from wireproof._slices._loop import Codes, Loop, Report


class Player:
    """Plays the combinations of one matrix.

    Args:
        expansion: the matrix.
        candidate: who is asked.
        probes: the answers of the candidate's interpreter.
        strict_defects: whether CPython's way in its known defects fails.
        tolerances: what the candidate is known to do in another way.
        is_unfit: says whether the candidate has made this process one that cannot go on.
        is_worn: says whether it has left so much behind that the rest is better left to another one.
    """

    def __init__(
        self,
        expansion: Expansion,
        candidate: Performer,
        probes: Mapping[str, str],
        *,
        strict_defects: bool,
        tolerances: Tolerances = STRICT,
        is_unfit: Callable[[], bool] = lambda: False,
        is_worn: Callable[[], bool] = lambda: False,
    ) -> None:
        self.is_unfit, self.is_worn = is_unfit, is_worn
        self.expansion, self.candidate = expansion, candidate
        self.probes, self.strict_defects, self.tolerances = probes, strict_defects, tolerances
        self.number = 0
        self.lane: Lane | None = None
        self._loop: Loop[Any] | None = None

    @property
    def case(self) -> Case:
        """What is being asked."""
        return self.expansion.case(self.number)

    def capture(self, fatal: tuple[str, str] | None = None) -> Capture:
        """Return what has been seen so far of what is being asked."""
        if self.lane is None:
            return Capture((None,), (), {}, {}, fatal)
        return self.lane.seen(self.lane.recorder.streams(), None, fatal)

    def play(self, numbers: Sequence[int], codes: Codes, report: Report) -> None:
        """Play combinations; write a code for each, and report the verdicts that say more than a code.

        Some of the last ones are left out where the process is worn.

        Where we fail ourselves, what has no verdict yet gets one that says so; where that is because of the candidate,
        the exception goes on and ends the process, and the request that it was busy with is what it died of.
        """
        try:
            self._play(numbers, codes, report)
        except Exception as error:
            if self.is_unfit():
                raise
            self.close()
            for index, self.number in enumerate(numbers):
                if codes[index] in (0, PLAYED, CLOSING):
                    self.settle(index, errored(self.case, failure(error)), codes, report)

    def _play(self, numbers: Sequence[int], codes: Codes, report: Report) -> None:
        if self.expansion.matrix.is_sequence:
            for index, self.number in enumerate(numbers):
                case = self.case
                self.settle(index, checked(case, self._performed), codes, report)
                if self.is_worn():
                    return
            return
        stride, count = self.expansion.place("connection")
        first = 0
        for connection, group in groupby(numbers, lambda number: number // stride % count):
            chosen = list(group)
            try:
                loop = self.loop(connection)
            except CannotBind as error:
                for index, self.number in enumerate(chosen, first):
                    self.refuse(index, f"{CANNOT_LISTEN}: {error}", codes, report)
            else:
                self.candidate.underway = self
                loop.run(chosen, first, codes, report)
                if self.is_worn():
                    return
            first += len(chosen)

    def loop(self, connection: int) -> Loop[Any]:
        """Return the loop for the requests whose connection objects are made in the way of this number.

        Raises:
            CannotBind: the server cannot listen there.
        """
        if self._loop is None or self._loop.connection != connection:
            self.close()
            self._loop = (DrivenLoop if isinstance(self.candidate, Driven) else LocalLoop)(self, connection)
        return self._loop

    def refuse(self, index: int, why: str, codes: Codes, report: Report) -> None:
        """Settle what cannot be played here, or with this client."""
        case = self.case
        self.settle(index, self._judged(case, unsupported(case, why)), codes, report)

    def explain(self, index: int, capture: Capture, codes: Codes, report: Report) -> None:
        """Have the judge say what was seen of a combination that is not simply as expected."""
        self.settle(index, self._judged(self.case, capture), codes, report)

    def _performed(self, case: Case) -> Verdict:
        return self._verdict(case, self.candidate.perform(case))

    def _judged(self, case: Case, capture: Capture) -> Verdict:
        return checked(case, lambda case: self._verdict(case, capture))

    def _verdict(self, case: Case, capture: Capture) -> Verdict:
        return judge(case, capture, self.probes, strict_defects=self.strict_defects, tolerances=self.tolerances)

    def settle(self, index: int, verdict: Verdict, codes: Codes, report: Report) -> None:
        """Write the code of a verdict, and report it where that does not say all."""
        if verdict.verdict == "pass" and verdict.strict is None:
            seen = {how for _, how in verdict.defects}
            codes[index] = PRESENT if "present" in seen else ABSENT if seen else PASSED
            return
        report(index, verdict)
        codes[index] = REPORTED

    def close(self) -> None:
        """Close what listens."""
        if self._loop is not None:
            self._loop.endpoint.close()
            self._loop = None


def checked(case: Case, verdict: Callable[[Case], Verdict]) -> Verdict:
    """Return the verdict; where we fail to find it, one that says so and blames nobody else."""
    try:
        return verdict(case)
    except DriverFault as error:
        return errored(case, str(error), "driver")
    except Exception as error:
        return errored(case, failure(error))


def failure(error: Exception) -> str:
    """Return the sentence about a failure of our own, and where it was."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"
    return f"the harness failed with {type(error).__name__}: {error} ({where})"
