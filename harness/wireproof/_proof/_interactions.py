"""What share of the pairs and triples of values of a matrix really ran against a candidate."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing

from wireproof._codec import SLICE
from wireproof._matrix import Coverage, Expansion
from wireproof._run import Judged, Options, Passed, run
from wireproof._selection import Planned, Slice

_WAYS = (2, 3)


def interactions(candidate: str, planned: Planned) -> Iterator[tuple[str, ...]]:
    """Run what is planned; yield a row for each matrix and strength: the matrix, how many combinations ran, the
    strength, how many tuples of values these cover, and the share.
    """
    ran = _ran(candidate, planned)
    for chosen in planned.chosen:
        yield from _rows(chosen.expansion, ran[chosen.expansion.matrix.id])


def _ran(candidate: str, planned: Planned) -> dict[str, array[int]]:
    """Run what is planned; return of each matrix the numbers of the combinations that were judged."""
    ran: dict[str, array[int]] = {chosen.expansion.matrix.id: array("L") for chosen in planned.chosen}
    places = {slice_.positions[0]: slice_ for slice_ in planned.work(SLICE) if isinstance(slice_, Slice)}
    starts = sorted(places)
    with closing(run([candidate], planned, Options())) as events:
        for event in events:
            if isinstance(event, Passed):
                ran[event.slice.expansion.matrix.id].extend(event.slice.numbers)
            elif isinstance(event, Judged) and event.verdict.verdict in ("nonstrict", "fail"):
                assert event.position is not None
                slice_ = places[max(start for start in starts if start <= event.position)]
                number = slice_.numbers[slice_.positions.index(event.position)]
                ran[slice_.expansion.matrix.id].append(number)
    return ran


def _rows(expansion: Expansion, numbers: Sequence[int]) -> Iterator[tuple[str, ...]]:
    for strength in _WAYS:
        if strength > len(expansion.axes):
            continue
        coverage = Coverage(expansion, strength)
        coverage.add(numbers)
        share = f"{100 * coverage.covered / coverage.total:.2f} %"
        covered = f"{coverage.covered:,} of {coverage.total:,}"
        yield expansion.matrix.id, f"{len(numbers):,}", f"{strength}-way", covered, share
