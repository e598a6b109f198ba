"""Where each clause and each sentence of the contract stands, put together from what exercises and what kills. Pure.

A clause is *covered* by two cases (a rule of a matrix counts as one) whose verdicts depend on it, and one killed mutant
whose verdict names it; *excluded* with a reason; else it is *short*. A sentence is covered or excluded if all that can
be tested of it is, or nothing can; *partly* covered if some of its clauses are; else it is short, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from wireproof._model import Clause
from wireproof._proof._exercised import Exercised
from wireproof._proof._kills import Kill

CASES, KILLS = 2, 1
"""How many a clause needs."""

SENTENCES = range(1, 23)
"""The numbers of the contract's sentences."""

Status = Literal["covered", "partly", "short", "excluded"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is of one clause: the ids of the cases and rules that exercise it, and the kills that name it.

    ``idle``: cases and rules that cite it, and nothing shows that their verdicts depend on it. ``needs_kill``: whether
    a killed mutant is required.
    """

    clause: Clause
    cases: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    kills: tuple[Kill, ...] = ()
    idle: tuple[str, ...] = ()
    needs_kill: bool = True

    @property
    def status(self) -> Status:
        """Whether it is covered."""
        if self.clause.excluded is not None:
            return "excluded"
        return "short" if self.missing else "covered"

    @property
    def missing(self) -> tuple[str, ...]:
        """What it lacks, in words: nothing of one that is covered or excluded."""
        return () if self.clause.excluded is not None else tuple(self._missing())

    def _missing(self) -> Iterator[str]:
        count = len(self.cases) + len(self.rules)
        if count < CASES:
            yield "no case" if not count else f"{count} case of {CASES}"
        if self.needs_kill and len(self.kills) < KILLS:
            yield "no killed mutant"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the contract's text, by its number, and what there is of its clauses."""

    number: int
    standings: tuple[Standing, ...]

    @property
    def status(self) -> Status:
        """Whether it is covered."""
        found = {standing.status for standing in self.standings} - {"excluded"}
        if not found:
            return "excluded" if self.standings else "short"
        if len(found) > 1:
            return "partly"
        return "short" if "short" in found else "covered"


@dataclass(frozen=True, slots=True)
class Standings:
    """Where everything stands: the clauses in the order of their file, and the contract's sentences.

    ``left_out``: how many clauses are not looked at.
    """

    clauses: tuple[Standing, ...]
    sentences: tuple[Sentence, ...]
    left_out: int = 0

    def of(self, status: Status) -> tuple[Standing, ...]:
        """Return the clauses that stand so."""
        return tuple(standing for standing in self.clauses if standing.status == status)

    @property
    def short(self) -> tuple[str, ...]:
        """What falls short, in a sentence each: clauses, and sentences of the contract that have no clause."""
        found = [shortfall(standing) for standing in self.of("short")]
        return (*found, *(f"[{each.number}]: no clause" for each in self.sentences if not each.standings))

    @property
    def idle(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The cases and rules that cite clauses, and nothing shows that their verdicts depend on these."""
        found: dict[str, list[str]] = {}
        for standing in self.clauses:
            for name in standing.idle:
                found.setdefault(name, []).append(standing.clause.id)
        return tuple((name, tuple(clauses)) for name, clauses in found.items())


def standings(
    clauses: Iterable[Clause],
    found: Sequence[Exercised],
    kills: Mapping[str, Sequence[Kill]],
    *,
    needs_kill: Callable[[Clause], bool] = lambda clause: True,
    wanted: Callable[[Clause], bool] = lambda clause: True,
    sentences: Iterable[int] = (),
) -> Standings:
    """Put together where everything stands.

    Args:
        clauses: all of them.
        found: what came of the cases and rules.
        kills: by the clause that they name.
        needs_kill: says of which clauses a killed mutant is required.
        wanted: says which clauses are looked at.
        sentences: the sentences that must have a clause.
    """
    every = tuple(clauses)
    shown = tuple(_standing(clause, found, kills, needs_kill(clause)) for clause in every if wanted(clause))
    numbers = sorted({*sentences, *(number for standing in shown for number in standing.clause.sentences)})
    stated = (tuple(each for each in shown if number in each.clause.sentences) for number in numbers)
    return Standings(shown, tuple(map(Sentence, numbers, stated)), len(every) - len(shown))


def _standing(
    clause: Clause, found: Sequence[Exercised], kills: Mapping[str, Sequence[Kill]], needs_kill: bool
) -> Standing:
    depending = [each for each in found if clause.id in each.depends]
    return Standing(
        clause,
        cases=tuple(each.id for each in depending if not each.is_rule),
        rules=tuple(each.id for each in depending if each.is_rule),
        kills=tuple(kills.get(clause.id, ())),
        idle=tuple(each.id for each in found if clause.id in each.idle),
        needs_kill=needs_kill,
    )


def shortfall(standing: Standing) -> str:
    """Return the sentence that says what a clause lacks."""
    return f"{standing.clause.id}: {' and '.join(standing.missing)}"


def matching(clause: Clause, globs: Sequence[str]) -> bool:
    """Say whether a clause is asked for (no glob: every one is)."""
    return not globs or any(fnmatchcase(clause.id, glob) for glob in globs)
