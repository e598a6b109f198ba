"""Which clauses the verdict on a case really depends on: of the clauses that it cites, and of the RFCs' rules.

A case depends on a documented clause if the right capture fails once the clause's predicate is inverted. It depends on
any clause if a wrong capture, made from the right one, is rejected for that clause (see ``_twins``; of clauses that no
verdict names see ``_narrow``). The RFCs' rules are held against every message, so that a case depends on those as well
that it does not cite.

A rule of a matrix is looked at through a few of the combinations that it decides; it depends on what any of them
depends on.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

from wireproof._judge._verdict import hangs_on
from wireproof._model import Case, Clause
from wireproof._proof._narrow import NARROW, rejections
from wireproof._proof._right import right
from wireproof._proof._twins import clauses_by_twins
from wireproof._selection import Chosen, Planned
from wireproof.errors import HarnessError

_SAMPLES = 4
_CHUNK = 20
_FEW = 3 * _CHUNK


@dataclass(frozen=True, slots=True)
class Subject:
    """What may exercise clauses: a case, or a rule of a matrix with some of the combinations that it decides.

    ``cites``: the clauses that it says it exercises. ``beside``: those that it need not cite.
    """

    id: str
    is_rule: bool
    cites: frozenset[str]
    beside: frozenset[str]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Exercised:
    """What came of a subject: the clauses on which a verdict depends, and those that it cites all the same."""

    id: str
    is_rule: bool
    depends: frozenset[str]
    idle: frozenset[str]


def depends(case: Case, wanted: frozenset[str]) -> frozenset[str]:
    """Return which of the ``wanted`` clauses the verdict on the case depends on."""
    capture = right(case)
    found = frozenset(clause for clause in wanted if hangs_on(case, capture, clause))
    found |= {clause for clause, _ in rejections(case, NARROW.keys() & wanted)}
    return found if found == wanted else found | (clauses_by_twins(case) & wanted)


def exercised(subject: Subject) -> Exercised:
    """Look at the cases of a subject, until one is found for each clause."""
    wanted, found = subject.cites | subject.beside, frozenset[str]()
    for case in subject.cases:
        found |= depends(case, wanted - found)
        if found >= subject.cites:
            break
    return Exercised(subject.id, subject.is_rule, found, subject.cites - found)


def subjects(planned: Planned, clauses: Iterable[Clause]) -> Iterator[Subject]:
    """Yield the cases and the rules of matrices that may exercise one of the clauses."""
    wanted = {clause.id: clause.level for clause in clauses}
    rfc = frozenset(name for name, level in wanted.items() if level == "rfc")
    for case in planned.cases:
        cites = frozenset(case.clauses) & wanted.keys()
        if cites or rfc:
            yield Subject(case.id, False, cites, rfc, (case,))
    for chosen in planned.chosen:
        yield from _rules(chosen, wanted.keys())


def _rules(chosen: Chosen, wanted: Collection[str]) -> Iterator[Subject]:
    """Yield the rules of a matrix in the order of its tables, each with some combinations from all that it decides."""
    expansion, decisions = chosen.expansion, chosen.expansion.decisions
    first: dict[int, int] = {}
    for number in chosen.numbers:
        first.setdefault(expansion.class_of(number), number)
    decided: dict[int, list[int]] = {}
    for at, number in first.items():
        for rule in (*decisions.at(at).rules, *decisions.exercised(at)):
            decided.setdefault(id(rule), []).append(number)
    for rule in (rule for table in expansion.matrix.tables.values() for rule in table):
        cites, numbers = frozenset(rule.clauses).intersection(wanted), decided.get(id(rule), [])
        step = max(1, len(numbers) // _SAMPLES)
        if cites and numbers:
            sample = tuple(expansion.case(number) for number in numbers[step // 2 :: step][:_SAMPLES])
            yield Subject(f"{expansion.matrix.id} {rule.name}", True, cites, frozenset(), sample)


# many of them ------------------------------------------------------------------------------------------------------


def all_exercised(found: Sequence[Subject], advance: Callable[[int], object] = lambda count: None) -> list[Exercised]:
    """Look at every subject, in this process where they are few, else in one for each core; the order is kept.

    Raises:
        HarnessError: a process ended before it was done.
    """
    chunks = [found[start : start + _CHUNK] for start in range(0, len(found), _CHUNK)]
    cores = len(os.sched_getaffinity(0))
    results: list[Exercised] = []
    for part in map(_chunk, chunks) if cores < 2 or len(found) < _FEW else _in_processes(chunks, cores):
        results += part
        advance(len(part))
    return results


def _in_processes(chunks: Sequence[Sequence[Subject]], cores: int) -> Iterator[list[Exercised]]:
    """Yield what comes of the chunks. An interruption from the keyboard does not reach the processes: they are ours."""
    with ProcessPoolExecutor(min(cores, len(chunks)), get_context("spawn")) as pool:
        try:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                waiting = pool.map(_chunk, chunks)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            yield from waiting
        except BrokenProcessPool:
            raise HarnessError("coverage: a process that looks at cases ended before it was done") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _chunk(found: Sequence[Subject]) -> list[Exercised]:
    return [exercised(subject) for subject in found]
