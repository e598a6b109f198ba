"""The described candidates that are installed here: each differs in what its description says, and no driver fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from wireproof._cases import load
from wireproof._descriptions import Description, candidate, described
from wireproof._model import Verdict
from wireproof._run import Judged, Lost, Options, Passed, Tally, run
from wireproof._selection import plan
from wireproof.errors import CandidateError

GATED = ("httplib2", "cpython-3.6", "cpython-3.9", "cpython-3.13", "pypy3")
"""Those that pass the gate ``bytes`` with everything that they can express."""

DESCRIBED = {each.name: each for each in described(())}


def ran(description: Description) -> Iterator[Verdict | int]:
    """Run the hand-written cases, and of each matrix a covering array of every value; yield what is no strict pass."""
    try:
        asked = candidate(description)
    except CandidateError as error:
        pytest.skip(str(error))
    found = load(None, ())
    planned = plan(found.cases, found.matrices, (), (), 1)
    tally = Tally(asked.name, len(planned))
    for event in run([asked], planned, Options(timeout=2.0, jobs=1)):
        if isinstance(event, Judged | Passed | Lost):
            tally.take(event)
        if isinstance(event, Judged) and (event.verdict.verdict != "pass" or event.verdict.strict is not None):
            yield event.verdict
    assert tally.counts["error"] == 0
    assert tally.counts["pass"] + tally.counts["nonstrict"] > 0
    tally.summary()


@pytest.mark.parametrize("name", sorted(DESCRIBED))
def test_a_described_candidate_differs_as_it_is_described(name: str) -> None:
    """Every clause that is known to fail does, and nobody else is blamed."""
    description = DESCRIBED[name]
    verdicts = [verdict for verdict in ran(description) if isinstance(verdict, Verdict)]
    assert {verdict.blame for verdict in verdicts} <= {"candidate", None}
    clauses = Counter(
        difference.clause
        for verdict in verdicts
        for difference in (*verdict.differences, *(verdict.strict.differences if verdict.strict else ()))
    )
    assert set(description.known) <= set(clauses), clauses
    if name in GATED:
        assert [verdict.id for verdict in verdicts if verdict.verdict != "unsupported"] == []
