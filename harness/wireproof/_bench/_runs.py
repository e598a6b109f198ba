"""Whole runs: verdicts a second with one worker and with two, and how long it takes until there is one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

from wireproof._bench._figures import CannotMeasure, Figure, Settings, alternating, child, count, rate, ratio
from wireproof._bench._work import first, usual
from wireproof._candidates import interpreted, named
from wireproof._model import Candidate
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


def through_driver(settings: Settings) -> Iterator[Figure]:
    """Measure whole runs with two workers, of the candidate in their processes and in those of another interpreter."""
    planned = first(_QUICK) if settings.quick else Planned((), (), (usual(),), len(usual()))
    asked = {"in-process": named(settings.candidate), "driven": interpreted(settings.candidate, settings.python)}
    taken: dict[str, list[float]] = {name: [] for name in asked}
    parts = {name: lambda name=name: taken[name].append(_run(asked[name], planned, 2)) for name in asked}
    alternating(settings.size(settings.rounds, 1), parts)
    done = len(planned)
    yield count("requests", "combinations in a run", done)
    yield rate("in-process", "verdicts, called in the worker", taken["in-process"], done)
    yield rate("driven", "verdicts, called through a driver", taken["driven"], done)
    yield ratio("ratio", "time through a driver / time in process", taken["driven"], taken["in-process"])


def _run(candidate: Candidate | str, planned: Planned, jobs: int) -> float:
    """Run everything; return the seconds from the first worker's being ready to the last event."""
    tally = Tally("measured", len(planned))
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
