"""What is run: cases, and combinations of matrices, in one order in which each has its position.

The positions do not depend on shards: shard I of N has those that leave I - 1 when divided by N. So shards are even,
and what they find can be put together again.
"""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import itertools
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from wireproof._matrix import Expansion, Matrix, covering, taken_apart
from wireproof._model import Case
from wireproof.errors import UsageError

DEFAULT = 3
"""The strength of covering arrays, where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Some combinations of a matrix, and the position of each among all that is planned."""

    expansion: Expansion
    numbers: array[int]
    positions: Sequence[int]

    @property
    def id(self) -> str:
        """What tells the slice from all others that are planned."""
        return f"{self.expansion.matrix.id}#{self.positions[0]}"

    def of(self, indexes: Sequence[int]) -> Slice:
        """Return the slice of the combinations with these indexes."""
        numbers = array("L", (self.numbers[index] for index in indexes))
        return Slice(self.expansion, numbers, [self.positions[index] for index in indexes])

    def index(self, id_: str) -> int | None:
        """Return the index of the combination with this id, or None where it is not among these."""
        return next((index for index, number in enumerate(self.numbers) if self.expansion.id(number) == id_), None)


@dataclass(frozen=True)
class Chosen:
    """The combinations of one matrix that are planned: their numbers, in order; the first has the position ``first``,
    and each the one before it plus ``step``.
    """

    expansion: Expansion
    numbers: array[int]
    first: int
    step: int = 1

    def __len__(self) -> int:
        return len(self.numbers)

    def slices(self, size: int) -> Iterator[Slice]:
        """Yield them in slices of at most ``size``."""
        for start in range(0, len(self.numbers), size):
            numbers = self.numbers[start : start + size]
            first = self.first + start * self.step
            yield Slice(self.expansion, numbers, range(first, first + len(numbers) * self.step, self.step))

    @cached_property
    def by_class(self) -> Counter[int]:
        """How many of them are in each combination of classes, which is all that a decision depends on."""
        return Counter(map(self.expansion.class_of, self.numbers))

    @cached_property
    def by_rule(self) -> Counter[str]:
        """How many of them are decided by each rule, by "table/rule"."""
        found: Counter[str] = Counter()
        for at, count in self.by_class.items():
            found[self.expansion.decisions.at(at).leading.name] += count
        return Counter({name: found[name] for name in sorted(found)})

    @cached_property
    def clauses(self) -> frozenset[str]:
        """The clauses that they exercise."""
        return frozenset(clause for at in self.by_class for clause in self.expansion.decisions.clauses(at))


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run is about: cases, each with its position, and combinations.

    ``total``: how many there are in all shards together; ``digest`` is equal for equal cases and combinations.
    """

    cases: tuple[Case, ...] = ()
    positions: tuple[int, ...] = ()
    chosen: tuple[Chosen, ...] = ()
    total: int = 0
    digest: str = ""

    def __len__(self) -> int:
        return len(self.cases) + sum(map(len, self.chosen))

    def of(self, id_: str) -> Case | None:
        """Return the case, or the combination of a matrix, with this id; None where it is not planned."""
        for case in self.cases:
            if case.id == id_:
                return case
        parts = taken_apart(id_)
        for chosen in self.chosen:
            if parts is not None and parts[0] == chosen.expansion.matrix.id:
                return chosen.expansion.case(chosen.expansion.named(parts[1]))
        return None

    def work(self, size: int) -> Iterator[Case | Slice]:
        """Yield the cases, then the combinations in slices of at most ``size``."""
        yield from self.cases
        for chosen in self.chosen:
            yield from chosen.slices(size)


def plan(
    cases: Sequence[Case],
    matrices: Sequence[Matrix],
    globs: Sequence[str] = (),
    clauses: Sequence[str] = (),
    strength: int | None = DEFAULT,
    shard: tuple[int, int] = (1, 1),
) -> Planned:
    """Choose what is run.

    Args:
        cases: all cases.
        matrices: all matrices.
        globs: on ids; one with brackets chooses among all combinations of a matrix, whatever ``strength`` is.
        clauses: globs on clauses that must be exercised.
        strength: that of the covering array of each matrix; None: the whole product.
        shard: (I, N): only the I-th of N parts, counted from 1; each position belongs to one.

    Raises:
        UsageError: a glob or a clause matches nothing, or they leave nothing.
    """
    globs, clauses = tuple(globs), tuple(clauses)
    single = select(cases, globs, clauses, required=False)
    every = [_choose(matrix, globs, clauses, strength) for matrix in matrices]
    chosen = [(expansion, numbers) for expansion, numbers in every if numbers]
    _check_used(cases, matrices, globs, clauses)
    total = len(single) + sum(len(numbers) for _, numbers in chosen)
    if not total:
        raise UsageError("selection", " ".join((*globs, *clauses)) or "nothing", "one that leaves at least one case")
    index, count = shard
    positions = tuple(range(index - 1, len(single), count))
    base, parts = len(single), list[Chosen]()
    for expansion, numbers in chosen:
        skip = (index - 1 - base) % count
        if len(numbers) > skip:
            parts.append(Chosen(expansion, numbers[skip::count], base + skip, count))
        base += len(numbers)
    if not positions and not parts:
        raise UsageError("--shard", f"{index}/{count}", f"at most as many shards as there are cases ({total})")
    return Planned(tuple(single[at] for at in positions), positions, tuple(parts), total, _digest(single, chosen))


def _digest(cases: Sequence[Case], chosen: Sequence[tuple[Expansion, array[int]]]) -> str:
    digest = hashlib.sha256(repr([(case.id, case.hash) for case in cases]).encode())
    for expansion, numbers in chosen:
        digest.update(f"{expansion.matrix.id} {expansion.matrix.hash} {len(numbers)}\n".encode())
        digest.update(numbers.tobytes())
    return digest.hexdigest()[:16]


def _choose(
    matrix: Matrix, globs: Sequence[str], clauses: Sequence[str], strength: int | None
) -> tuple[Expansion, array[int]]:
    """Return the combinations of a matrix that globs and clauses leave."""
    expansion = Expansion(matrix)
    numbers: array[int] = array("L")
    if not globs or any(fnmatch.fnmatchcase(matrix.id, glob) for glob in globs if "[" not in glob):
        whole = range(matrix.size)
        numbers = array("L", whole) if strength is None else covering(expansion, strength)
    picked = [number for glob in globs if "[" in glob for number in _bracketed(expansion, glob)]
    if picked:
        numbers = array("L", sorted({*numbers, *picked}))
    if clauses and numbers:
        wanted = {
            at
            for at, decision in enumerate(expansion.decisions.by_class)
            if decision is not None
            and any(fnmatch.fnmatchcase(own, clause) for own in expansion.decisions.clauses(at) for clause in clauses)
        }
        numbers = array("L", (number for number in numbers if expansion.class_of(number) in wanted))
    return expansion, numbers


def _bracketed(expansion: Expansion, glob: str) -> Iterator[int]:
    """Yield the combinations that match a glob with brackets; an axis that it does not name may have any value.

    Raises:
        UsageError: it names an axis or a value that this matrix does not have.
    """
    try:
        parts = taken_apart(glob)
    except ValueError as error:
        raise UsageError("--select", glob, f"matrix/NAME[axis=value,…] ({error})") from None
    if parts is None or not fnmatch.fnmatchcase(expansion.matrix.id, parts[0]):
        return
    words = parts[1]
    names = [axis.name for axis in expansion.axes]
    for name in words:
        if name not in names:
            wanted = f"an axis of {expansion.matrix.id}: {', '.join(names)}{_meant(name, names)}"
            raise UsageError("--select", glob, wanted)
    allowed = []
    for axis in expansion.axes:
        word = words.get(axis.name, "*")
        allowed.append([at for at, value in enumerate(axis.values) if fnmatch.fnmatchcase(value.id, word)])
        if not allowed[-1]:
            ids = [value.id for value in axis.values]
            wanted = f"a value of {axis.name} in catalog/{axis.catalog}.yaml{_meant(word, ids)}"
            raise UsageError("--select", glob, wanted)
    for indices in itertools.product(*allowed):
        yield expansion.number(indices)


def _meant(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _check_used(
    cases: Sequence[Case], matrices: Sequence[Matrix], globs: Sequence[str], clauses: Sequence[str]
) -> None:
    """Complain about a glob or a clause that matches nothing at all."""
    for glob in globs:
        name = glob.partition("[")[0] if glob.startswith("matrix/") else glob
        ids = [matrix.id for matrix in matrices]
        if not (any(fnmatch.fnmatchcase(id_, name) for id_ in ids) or any(_matches(case, glob) for case in cases)):
            wanted = "a glob on case ids that matches at least one (see wireproof list)"
            raise UsageError("--select", glob, wanted)
    known = {own for case in cases for own in case.clauses}
    known |= {own for matrix in matrices for table in matrix.tables.values() for rule in table for own in rule.clauses}
    for clause in clauses:
        if not any(fnmatch.fnmatchcase(own, clause) for own in known):
            raise UsageError("--clause", clause, "a clause that at least one case exercises (see wireproof list)")


def select(
    cases: Iterable[Case], globs: Iterable[str] = (), clauses: Iterable[str] = (), *, required: bool = True
) -> tuple[Case, ...]:
    """Return the cases whose id matches one of ``globs`` and that exercise one of ``clauses`` (none given: all).

    Raises:
        UsageError: a glob or a clause matches no case, or the two together leave none.
    """
    every = tuple(cases)
    globs, clauses = tuple(globs), tuple(clauses)
    if required:
        _check_used(every, (), globs, clauses)
    selected = tuple(
        case
        for case in every
        if (not globs or any(_matches(case, glob) for glob in globs))
        and (not clauses or any(fnmatch.fnmatchcase(own, clause) for own in case.clauses for clause in clauses))
    )
    if required and not selected:
        raise UsageError("selection", " ".join((*globs, *clauses)) or "nothing", "one that leaves at least one case")
    return selected


def _matches(case: Case, glob: str) -> bool:
    return fnmatch.fnmatchcase(case.id, glob)
