"""What reports are made of: the candidates' results, in the order of the command line and of the case files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wireproof._model import Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """All that was found about one candidate; ``summary`` has the published counts."""

    candidate: str
    version: str
    summary: Mapping[str, int]
    verdicts: Sequence[Verdict]

    def defects(self) -> dict[str, tuple[int, int]]:
        """Return for each known defect of CPython in how many cases it was seen, and in how many it was absent."""
        found: dict[str, tuple[int, int]] = {}
        for verdict in self.verdicts:
            for name, seen in verdict.defects:
                present, absent = found.get(name, (0, 0))
                found[name] = (present + (seen == "present"), absent + (seen == "absent"))
        return dict(sorted(found.items()))
