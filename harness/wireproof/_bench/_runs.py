"""Whole runs: verdicts a second with one worker and with two, and how long it takes until there is one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

from wireproof._bench._figures import CannotMeasure, Figure, Settings, alternating, child, count, rate, ratio
from wireproof._bench._work import first, usual
from wireproof._run import Options, Started, Starting, Tally, run
from wireproof._selection import Planned

_QUICK = 1_000
_ONE = "request-line/arguments/two-by-name"


def verdicts(settings: Settings) -> Iterator[Figure]:
    """Measure whole runs with one worker and with two; starting the first worker is apart."""
    planned = first(_QUICK) if settings.quick else Planned((), (), (usual(),), len(usual()))
    taken: dict[int, list[float]] = {1: [], 2: []}
    parts = {str(jobs): lambda jobs=jobs: taken[jobs].append(_run(settings.candidate, planned, jobs)) for jobs in taken}
    alternating(settings.size(settings.rounds, 1), parts)
    done = len(planned)
    yield count("requests", "combinations in a run", done)
    yield rate("one", "verdicts with 1 worker", taken[1], done)
    yield rate("two", "verdicts with 2 workers", taken[2], done)
    yield ratio("ratio", "rate with 2 workers / rate with 1", taken[1], taken[2])


def _run(candidate: str, planned: Planned, jobs: int) -> float:
    """Run everything; return the seconds from the first worker's being ready to the last event."""
    tally = Tally(candidate, len(planned))
    began = ended = time.perf_counter()
    with closing(run([candidate], planned, Options(jobs=jobs))) as events:
        for event in events:
            if isinstance(event, Started):
                began = time.perf_counter()
            elif not isinstance(event, Starting):
                tally.take(event)
                ended = time.perf_counter()
    lost = tally.counts["error"] + tally.counts["not_run"]
    if lost or tally.judged != len(planned):
        raise CannotMeasure(f"{max(lost, len(planned) - tally.judged)} of {len(planned)} combinations got no verdict")
    return ended - began


def startup(settings: Settings) -> Iterator[Figure]:
    """Measure a fresh process that runs one case."""
    command = ("-m", "wireproof", "run", settings.candidate, "--select", _ONE)
    seconds = [child(command, (0, 1))[0] for _ in range(settings.size(settings.rounds, 1))]
    yield Figure("first", "wireproof run, one case, start to end", "s", tuple(seconds))
