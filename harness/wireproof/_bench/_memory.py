"""Peak memory of a run: of the runner, and of its biggest worker.

Run as ``python -P -m wireproof._bench._memory CANDIDATE COUNT``: runs the first COUNT combinations (0: all) and prints
what it took. A process of its own is measured because a peak is never forgotten; and its own peak is asked of the
system, because what resource.getrusage says of a child begins with the peak of whoever started it.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from wireproof._bench._figures import CannotMeasure, Figure, Settings, child, count
from wireproof._bench._work import first
from wireproof._run import Options, Started, Starting, Tally, run

_USUAL, _QUICK = (1_000, 0), (300, 1_000)
_CLEAR_PEAK = "5"
_OFTEN = 0.002
"""Seconds between two looks: a process takes longer to end when its last work is done."""


def peak(process: int | str = "self") -> int:
    """Return the peak of a process' memory in use, in KiB.

    Raises:
        CannotMeasure: the system does not say.
    """
    return _status("VmHWM", process)


def resident() -> int:
    """Return how much memory this process has in use, in KiB."""
    return _status("VmRSS", "self")


def forget_peak() -> None:
    """Have the peak of this process begin with what is in use now."""
    try:
        Path("/proc/self/clear_refs").write_text(_CLEAR_PEAK)
    except OSError as error:
        raise CannotMeasure(f"the system does not let go of a peak of memory: {error}") from None


def _status(name: str, process: int | str) -> int:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    except OSError as error:
        raise CannotMeasure(f"the system does not say how much memory is in use: {error}") from None
    if found is None:
        raise CannotMeasure("the system does not say how much memory is in use")
    return int(found[1])


def memory(settings: Settings) -> Iterator[Figure]:
    """Measure the peak memory of a short run and of a long one."""
    few, many = _QUICK if settings.quick else _USUAL
    seen = [json.loads(child(("-m", "wireproof._bench._memory", settings.candidate, str(n)))[1]) for n in (few, many)]
    for name, each in zip(("few", "many"), seen, strict=True):
        yield count(f"{name}_requests", "combinations in the " + _LENGTHS[name], each["judged"])
        for who, about in _WHO.items():
            yield Figure(f"{name}_{who}", about, "MiB", (each[who] / 1024,))
    for who, about in _WHO.items():
        yield Figure(f"{who}_grown", f"{about}, grown by", "MiB", ((seen[1][who] - seen[0][who]) / 1024,))


_LENGTHS = {"few": "short run", "many": "long run"}
_WHO = {"runner": "the runner", "worker": "the biggest worker"}


def _children() -> Iterator[int]:
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread may end while it is looked at
            yield from map(int, (task / "children").read_text().split())


class _Watch(threading.Thread):
    """Looks at the peaks of this process' children again and again: they say nothing any more when they have ended."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.highest = 0
        self._done = threading.Event()

    def run(self) -> None:
        """Look until it is told to stop."""
        while not self._done.wait(_OFTEN):
            for process in _children():
                with suppress(CannotMeasure):
                    self.highest = max(self.highest, peak(process))

    def __enter__(self) -> _Watch:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self.join()


def main(candidate: str, number: int) -> None:
    """Run so many combinations, and print the peaks and how many verdicts there were."""
    planned = first(number or None)
    tally = Tally(candidate, len(planned))
    with _Watch() as watch, closing(run([candidate], planned, Options())) as events:
        for event in events:
            if not isinstance(event, Starting | Started):
                tally.take(event)
    print(json.dumps({"judged": tally.judged, "runner": peak(), "worker": watch.highest}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
