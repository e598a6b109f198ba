"""What reports are made of: the candidates' results, in the order of the command line and of the case files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wireproof._codec import encode
from wireproof._findings import Findings
from wireproof._model import VERDICTS, Verdict

Json = dict[str, Any]

_COUNTED = {"pass": "passed", "fail": "failed", "error": "errored"}
COUNTS = tuple(_COUNTED.get(name, name) for name in VERDICTS)
"""What reports call the numbers of verdicts."""


def counts(found: Mapping[str, int]) -> dict[str, int]:
    """Return numbers of verdicts by the names that reports have for them."""
    return {counted: found.get(name, 0) for name, counted in zip(VERDICTS, COUNTS, strict=True)}


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen to be run, as reports say it.

    ``strength``: of the covering arrays of matrices; None: their whole products. ``shard``: which of how many parts.
    ``digest``: of everything that was chosen, all shards together: equal for equal cases.
    """

    globs: Sequence[str] = ()
    clauses: Sequence[str] = ()
    strength: int | None = 3
    shard: tuple[int, int] = (1, 1)
    digest: str = ""
    total: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """All that was found about one candidate.

    ``summary`` has the published counts. ``records`` are verdicts in the shape of the report: all of them for cases,
    and for matrices those that are no pass, in order; ``positions`` has the position of each. ``matrices`` has the
    counts of each matrix. ``known``: what a baseline says of them, where there is one (``_known``).
    """

    candidate: str
    version: str
    summary: Mapping[str, int]
    findings: Findings
    records: Iterable[Json] = ()
    positions: Sequence[int] = ()
    matrices: Sequence[Json] = field(default_factory=tuple)
    known: Json | None = None

    @classmethod
    def of(cls, candidate: str, version: str, summary: Mapping[str, int], verdicts: Sequence[Verdict]) -> Result:
        """Return the result that these verdicts make."""
        findings = Findings()
        for position, verdict in enumerate(verdicts):
            findings.add(verdict, position)
        records = [encode(verdict) for verdict in verdicts]
        return cls(candidate, version, summary, findings, records, range(len(records)))
