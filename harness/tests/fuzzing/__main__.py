"""Fuzzes every faulty client from a cold start, and the reference implementation and http.client for longer.

What comes of it is written to reports/proof/fuzz.json. Exits with 1 where too few faults are found, where anything is
found on the reference implementation, where anything but known defects is found on http.client, and where the suite
disagrees with itself.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wireproof._candidates import named
from wireproof._fuzz._search import BugInSuite, Limits, Search
from wireproof._run import Options

CLIENTS = Path(__file__).resolve().parent.parent / "clients"
REPORT = Path(__file__).resolve().parents[3] / "reports" / "proof" / "fuzz.json"
ENOUGH = 0.9
"""So many of the faults have to be found."""


@dataclass(frozen=True, slots=True)
class Hunt:
    """What came of one search: the reason of what was found first, "" for nothing."""

    name: str
    reason: str
    text: str
    examples: int
    seconds: float
    defects: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return what the report has of it."""
        return {
            "name": self.name,
            "found": self.reason not in ("", "bug-in-suite"),
            "reason": self.reason,
            "examples": self.examples,
            "seconds": round(self.seconds, 1),
        }


def faulty() -> list[str]:
    """Return the names of the faulty clients, sorted."""
    modules = [ast.parse(file.read_text(encoding="utf-8")) for file in CLIENTS.glob("faulty*.py")]
    names = {node.name for module in modules for node in module.body if isinstance(node, ast.ClassDef)}
    return sorted(f"faulty:{name}" for name in names if not name.startswith("_"))


def hunt(name: str, seconds: float, seed: int, thorough: bool = False) -> Hunt:
    """Search until something is found, or for so long."""
    limits, began = Limits(None, seconds, 1, 0), time.monotonic()
    with closing(Search(named(name), Options(jobs=1), limits, seed, thorough=thorough)) as search:
        try:
            found = next(search.findings(), None)
        except BugInSuite as bug:
            return Hunt(name, "bug-in-suite", str(bug), search.tally.examples, time.monotonic() - began)
        tally = search.tally
    defects = tuple(sorted(defect for defect, state in tally.defects if state == "present"))
    if found is None or found.verdict.reason is None:
        return Hunt(name, "", "", tally.examples, time.monotonic() - began, defects)
    reason = found.verdict.reason
    return Hunt(name, reason.code, reason.text, found.examples, found.seconds, defects)


def table(hunts: Sequence[Hunt]) -> None:
    """Print what came of the searches."""
    width = max(len(each.name) for each in hunts)
    for each in hunts:
        what = f"{each.reason}: {each.text[:60]}" if each.reason else "NOTHING FOUND"
        print(f"{each.name:{width}} {each.seconds:6.1f} s {each.examples:7,} examples  {ascii(what)[1:-1]}")


def report(clients: Sequence[Hunt], sound: Sequence[Hunt], seconds: float, seed: int) -> dict[str, Any]:
    """Return the report: the summary first."""
    found = [each for each in clients if each.reason not in ("", "bug-in-suite")]
    return {
        "command": "tox -e fuzzing",
        "seed": seed,
        "seconds_each": seconds,
        "summary": {
            "clients": len(clients),
            "found": len(found),
            "share": round(len(found) / len(clients), 4) if clients else None,
            "median_seconds": round(statistics.median(each.seconds for each in found), 1) if found else None,
            "median_examples": round(statistics.median(each.examples for each in found)) if found else None,
            "not_found": sorted(each.name for each in clients if each not in found),
        },
        "sound": [{**each.record(), "defects": list(each.defects)} for each in sound],
        "clients": [each.record() for each in sorted(clients, key=lambda each: each.name)],
    }


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="fuzzing", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="clients of clients/faulty.py; none: all of them")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each faulty client")
    parser.add_argument("--reference", type=float, default=600.0, help="seconds for the reference implementation")
    parser.add_argument("--stdlib", type=float, default=120.0, help="seconds for http.client")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="searches at a time")
    parser.add_argument("--report", type=Path, default=None, help=f"default: {REPORT.name}, where all are searched")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Search everybody, write the report, and return the exit code."""
    told = options(arguments)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(CLIENTS), os.environ.get("PYTHONPATH", "")]))
    names = [f"faulty:{name}" for name in told.names] or faulty()
    sound = [(name, seconds) for name, seconds in (("reference", told.reference), ("stdlib", told.stdlib)) if seconds]
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(told.jobs) as pool:
        tempfile.tempdir = folder  # processes of a pool end without tidying up
        waiting = [pool.submit(hunt, name, seconds, told.seed, name == "reference") for name, seconds in sound]
        hunts = [each.result() for each in [pool.submit(hunt, name, told.seconds, told.seed) for name in names]]
        proven = [each.result() for each in waiting]
    table([*proven, *hunts])
    written = report(hunts, proven, told.seconds, told.seed)
    summary = written["summary"]
    print(f"found {summary['found']} of {summary['clients']}; median {summary['median_seconds']} s")
    target = told.report or (None if told.names else REPORT)
    if target is not None:
        target.write_text(json.dumps(written, indent=2) + "\n", encoding="ascii")
    is_wrong = any(each.reason == "bug-in-suite" for each in hunts)
    return int(is_wrong or summary["share"] < ENOUGH or any(each.reason for each in proven))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
