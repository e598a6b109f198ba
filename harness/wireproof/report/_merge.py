"""Reports of shards → the report of the whole run, the same that one run without shards writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wireproof import __version__
from wireproof._codec import decode
from wireproof._model import LayerName
from wireproof.errors import HarnessError, UsageError
from wireproof.report._again import findings_of
from wireproof.report._json import opening
from wireproof.report._read import reading, refused
from wireproof.report._results import COUNTS, Result, Selection, counts
from wireproof.report._stored import NO_SUITE

Json = dict[str, Any]

_SAME = {
    "wireproof": "written by the same version of wireproof",
    "gate": "of runs with the same --gate",
    "select": "of runs with the same --select",
    "clause": "of runs with the same --clause",
    "strength": "of runs with the same --strength",
    "cases": "about the same cases",
    "planned": "about the same number of cases",
    "of": "of as many shards",
    "candidates": "about the same candidates, in the same order",
}
_WANTED = "a report of wireproof run --shard I/N (--report json=PATH or --report jsonl=PATH)"
_SUMMED = ("planned", *COUNTS)


def merge(paths: Sequence[Path]) -> tuple[list[Result], LayerName, Selection]:
    """Return the results of all shards together, the gate and the selection.

    Raises:
        UsageError: the reports are none, do not belong together, or are not all of them.
        HarnessError: the accounts do not balance.
    """
    reports = [_read(path) for path in paths]
    first = _identity(reports[0])
    for path, report in zip(paths[1:], reports[1:], strict=True):
        for key, value in _identity(report).items():
            if value != first[key]:
                got = f"{path} with {_shown(value)}, {paths[0]} with {_shown(first[key])}"
                raise UsageError("shards", got, f"reports {_SAME[key]}")
    indexes = [report["selection"]["shard"]["index"] for report in reports]
    for at, index in enumerate(indexes):
        if index in indexes[:at]:
            both = f"shard {index} in {paths[indexes.index(index)]} and in {paths[at]}"
            raise UsageError("shards", both, "each shard once")
    missing = [str(index) for index in range(1, first["of"] + 1) if index not in indexes]
    if missing:
        raise UsageError("shards", f"{len(reports)} of {first['of']}", f"shard {', '.join(missing)}, too")
    reports.sort(key=lambda report: int(report["selection"]["shard"]["index"]))
    chosen = reports[0]["selection"]
    strength = None if chosen["strength"] == "full" else chosen["strength"]
    selection = Selection(chosen["select"], chosen["clause"], strength, (1, 1), chosen["cases"], chosen["planned"])
    every = [[report["candidates"][at] for report in reports] for at in range(len(reports[0]["candidates"]))]
    return [_result(parts, selection.total) for parts in every], reports[0]["gate"], selection


def _shown(value: object) -> str:
    return json.dumps(value)[:80]


def _read(path: Path) -> Json:
    """Return one report, with everything that is in it.

    Raises:
        UsageError: it cannot be read, or is no report of a shard.
    """
    with reading([path], NO_SUITE) as report:
        (frame,) = report.frames
        if frame.selection["shard"] is None:
            raise refused(str(path), ", of a whole run", _WANTED)
        if frame.wireproof != __version__:
            raise refused(str(path), f" of wireproof {frame.wireproof}", f"one of wireproof {__version__}")
        if any(entry.missing for entry in report.entries):
            raise refused(str(path), ", of a run that did not come to its end", _WANTED)
        # a baseline is about whole runs: what is known of a shard does not say what is known of all
        candidates = [
            {**_without_known(entry.head), "results": [_without_known(record) for record in entry.records]}
            for entry in report.entries
        ]
        return {**opening(report), "candidates": candidates}


def _without_known(data: Json) -> Json:
    return {name: value for name, value in data.items() if name != "known"}


def _identity(report: Json) -> Json:
    """Return what has to be the same in all reports that are put together."""
    selection = report["selection"]
    return {
        "wireproof": report["wireproof"],
        "gate": report["gate"],
        "candidates": [[each["name"], each["version"]] for each in report["candidates"]],
        "of": selection["shard"]["of"],
        **{key: selection[key] for key in ("select", "clause", "strength", "cases", "planned")},
    }


def _result(parts: Sequence[Json], total: int) -> Result:
    """Return the result of one candidate from its parts."""
    name = parts[0]["name"]
    summary = {key: sum(part["summary"][key] for part in parts) for key in _SUMMED}
    placed = sorted(
        (
            (position, record)
            for part in parts
            for position, record in zip(part["positions"], part["results"], strict=True)
        ),
        key=lambda pair: int(pair[0]),
    )
    positions = [position for position, _ in placed]
    if len(set(positions)) != len(positions):
        twice = next(record["id"] for at, (_, record) in enumerate(placed) if positions[at] == positions[at - 1])
        raise HarnessError(f"{name}: two verdicts for {twice}")
    strict = {key: sum(part["summary"].get("strict", part["summary"])[key] for part in parts) for key in COUNTS}
    if summary["planned"] != total or sum(summary.values()) != 2 * total or sum(strict.values()) != total:
        raise HarnessError(f"{name}: the accounts do not balance: {summary}, strictly {strict}, {total} were planned")
    matrices = _matrices([matrix for part in parts for matrix in part["matrices"]])
    findings = findings_of(((position, decode(record)) for position, record in placed), matrices, parts)
    if counts(findings.all_strict) != strict:
        raise HarnessError(f"{name}: the results are not those of the accounts, which are strictly {strict}")
    records = [record for _, record in placed]
    return Result(name, parts[0]["version"], summary, findings, records, positions, matrices)


def _matrices(parts: Sequence[Json]) -> list[Json]:
    """Return the counts of each matrix, added up."""
    found: dict[str, Json] = {}
    for part in parts:
        whole = found.setdefault(part["id"], {**part, **dict.fromkeys(_SUMMED, 0), "rules": {}})
        for key in _SUMMED:
            whole[key] += part[key]
        for rule, numbers in part["rules"].items():
            known = whole["rules"].setdefault(rule, {"planned": 0, "not_passed": 0})
            for key in known:
                known[key] += numbers[key]
    for whole in found.values():
        whole["rules"] = {name: whole["rules"][name] for name in sorted(whole["rules"])}
    return [found[name] for name in sorted(found)]
