"""The search: draws questions, has the candidate asked, shrinks what it answers wrongly, and goes on.

A first oracle is the reference implementation, of which the expectation is taken; the others are the predicates of the
contract and the rules of the RFCs. Before a candidate is blamed they are held against each other: where they disagree,
the suite is wrong.

What was found once is not looked for again: a finding is the code of its reason and the clause that is broken.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from hypothesis import HealthCheck, Phase, Verbosity, find, settings
from hypothesis.errors import HypothesisException

from wireproof._fuzz._derive import derive
from wireproof._fuzz._keep import kept
from wireproof._fuzz._question import Question
from wireproof._fuzz._reference import play
from wireproof._fuzz._strategies import BATCHES, questions
from wireproof._judge import judge
from wireproof._judge._verdict import examined
from wireproof._model import Candidate, Case, LayerName, Verdict
from wireproof._run import Judged, Options, Pool
from wireproof.errors import HarnessError

MOST = 5
"""So many different findings end a search."""
_FATAL = 75
_SAMPLE = 4
_SETTINGS = settings(
    max_examples=10**9,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
    verbosity=Verbosity.quiet,
)

Key = tuple[str, str]


class BugInSuite(HarnessError):
    """Two oracles disagree about what the fuzzer asked: nothing can be said of a candidate."""

    def __init__(self, text: str, case: Case) -> None:
        super().__init__(f"BUG IN SUITE: {text}")
        self.case = case


class _Enough(BaseException):
    """There is no time, or no example, left."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A question that the candidate answers wrongly, shrunken. ``examples``, ``seconds``: when it was found."""

    case: Case
    verdict: Verdict
    examples: int
    seconds: float

    @property
    def key(self) -> Key:
        """What makes it another finding than others."""
        return _key(self.verdict)


@dataclass(frozen=True, slots=True)
class Limits:
    """When to end. ``examples`` or ``seconds`` may be None: no limit. ``findings``: after so many.

    ``shrinking``: what shrinking one finding may cost; an example costs one, one that the candidate does not survive or
    end much more.
    """

    examples: int | None
    seconds: float | None
    findings: int = MOST
    shrinking: int = 1500


@dataclass(slots=True)
class Tally:
    """What has come of a search so far."""

    examples: int = 0
    unsupported: int = 0
    defects: Counter[tuple[str, str]] = field(default_factory=Counter)
    gave_up: bool = False


def _key(verdict: Verdict) -> Key:
    reason = verdict.reason
    return (reason.code, reason.clause) if reason else (verdict.verdict, "")


class Search:
    """One search.

    Args:
        candidate: who is asked.
        options: how; the gate says which layer has to fail.
        limits: when to end.
        seed: what is drawn.
        thorough: whether the oracles are held against each other in each example, not in some and in each finding.
    """

    def __init__(
        self, candidate: Candidate, options: Options, limits: Limits, seed: int, *, thorough: bool = False
    ) -> None:
        self.candidate, self.options, self.limits, self.seed = candidate, options, limits, seed
        self.tally = Tally()
        self._thorough = thorough
        self._pool = Pool(candidate, options, keep=True)
        self._known: set[Key] = set()
        self._passed: set[bytes] = set()
        self._best: tuple[bytes, Case, Verdict] | None = None
        self._trouble: Exception | None = None
        self._stopped = False
        self._spent = 0
        self._began = self._first = 0.0
        self._number = 0

    def findings(self) -> Iterator[Finding]:
        """Search, and yield what is found.

        Raises:
            BugInSuite: the oracles disagree.
            CandidateError: the candidate cannot be used.
            HarnessError: something went wrong that is nobody's fault but ours.
        """
        self._began = time.monotonic()
        for number in range(self.limits.findings):
            found = self._round(Random(f"{self.seed}/{number}"))
            if found is None:
                return
            self._known.add(found.key)
            yield found

    def stop(self) -> None:
        """End the search at the next example, as if it were interrupted there."""
        self._stopped = True

    def close(self) -> None:
        """End the worker."""
        self._pool.close()

    def _round(self, random: Random) -> Finding | None:
        self._best, self._spent = None, 0
        # hypothesis complains where a candidate does not always do the same
        with contextlib.suppress(_Enough, HypothesisException):
            find(BATCHES, self._answer, settings=_SETTINGS, random=random)
        if self._trouble is not None:
            raise self._trouble
        return None if self._best is None else self._finding(self._best[1])

    def _finding(self, example: Case) -> Finding:
        """Return what is made of the simplest example, told once more by itself."""
        examples, first = self.tally.examples, self._first
        assert self._best is not None
        verdict = self._best[2]
        case = kept(example, verdict, self.seed)
        (again,) = self._verdicts([case])
        return Finding(case, again if self._fell_short(again) else verdict, examples, first)

    def _answer(self, batch: bytes) -> bool:
        """Say whether a batch fails; what is no answer is not for Hypothesis, which would shrink it."""
        try:
            return self._fails(batch)
        except Exception as error:
            self._trouble = error
            raise _Enough from None

    def _fails(self, batch: bytes) -> bool:
        """Say whether the candidate answers one of the questions in a way that was not found before."""
        shrinking = self._best is not None
        self._check(shrinking=shrinking)
        cases = dict(self._cases(batch, shrinking=shrinking))
        for (key, case), verdict in zip(cases.items(), self._verdicts([*cases.values()]), strict=True):
            if not self._fell_short(verdict):
                self._passed.add(key)
            elif self._counts(verdict):
                self._doubt(case)
                if self._best is None:
                    self._first = time.monotonic() - self._began
                if self._best is None or batch <= self._best[0]:
                    self._best = batch, case, verdict
                self._spent += _FATAL * (verdict.reason is not None and verdict.reason.code in ("timeout", "crash"))
                return True
        return False

    def _check(self, *, shrinking: bool) -> None:
        if self._stopped:
            raise KeyboardInterrupt
        self._spent += shrinking
        limits = self.limits
        is_late = limits.seconds is not None and time.monotonic() - self._began >= limits.seconds
        is_done = limits.examples is not None and self.tally.examples >= limits.examples
        if self._spent > limits.shrinking or (not shrinking and (is_late or is_done or self.tally.gave_up)):
            raise _Enough

    def _cases(self, batch: bytes, *, shrinking: bool) -> Iterator[tuple[bytes, Case]]:
        """Yield the cases of a batch whose outcome is not known."""
        for key, make in questions(batch):
            limit = self.limits.examples
            if key in self._passed or (not shrinking and limit is not None and self.tally.examples >= limit):
                continue
            question = make()
            if question is None:
                self._passed.add(key)
                continue
            self.tally.examples += not shrinking
            yield key, self._case(question)

    def _case(self, question: Question) -> Case:
        self._number += 1
        played = play(question)
        case = derive(question, played, self._number)
        own = judge(case, played.capture, {})
        if own.verdict != "pass":
            raise BugInSuite(f"the reference is judged by its own expectation, and fails: {own.reason}", case)
        if self._thorough or self._number % _SAMPLE == 0:
            self._doubt(case)
        return case

    def _doubt(self, case: Case) -> None:
        """Hold the other oracles against what the reference does."""
        bugs = examined(case).bugs
        if bugs:
            raise BugInSuite(str(bugs[0]).partition(": BUG IN CASE ")[2].partition(": ")[2], case)

    def _verdicts(self, cases: Sequence[Case]) -> list[Verdict]:
        """Have the candidate asked, all at once."""
        if not cases:
            return []
        events = self._pool.results(*cases)
        found = {event.verdict.id: event.verdict for event in events if isinstance(event, Judged)}
        for verdict in found.values():
            self._count(verdict)
        return [found[case.id] for case in cases]

    def _count(self, verdict: Verdict) -> None:
        if verdict.verdict == "error":
            raise HarnessError(f"{self.candidate.name}: {verdict.reason.text if verdict.reason else 'no verdict'}")
        self.tally.gave_up |= verdict.verdict == "not_run"
        self.tally.unsupported += verdict.verdict == "unsupported"
        self.tally.defects.update(verdict.defects)

    def _fell_short(self, verdict: Verdict) -> bool:
        return verdict.layers.get(self.options.gate) == "fail"

    def _counts(self, verdict: Verdict) -> bool:
        """Say whether a verdict is a new finding; while one is shrunken, whether it is that one."""
        key = _key(verdict)
        return key == _key(self._best[2]) if self._best else key not in self._known


def gate_of(candidate: Candidate, asked: LayerName | None) -> LayerName:
    """Return the layer that has to fail: the one that was asked for, or that suits the candidate."""
    return asked or candidate.gate or "bytes"
