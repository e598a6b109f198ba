"""The JSON report: one document, the same for the same results, described by results.schema.json beside this file."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from wireproof._model import LayerName
from wireproof.errors import UsageError
from wireproof.report._output import put
from wireproof.report._results import Result, Selection
from wireproof.report._stored import NO_SUITE, Frame, Report, of_run

FORMAT = 2
"""The version of the document's shape."""

_PLACE = '"results": []'


def document(results: Sequence[Result], gate: LayerName, selection: Selection | None = None) -> dict[str, Any]:
    """Return the report as JSON values, with the results in it."""
    whole: dict[str, Any] = json.loads("".join(text(of_run(results, gate, selection or Selection(), NO_SUITE))))
    return whole


def write(path: Path, results: Sequence[Result], gate: LayerName, selection: Selection | None = None) -> None:
    """Write the report of a run.

    Raises:
        HarnessError: it cannot be written there.
    """
    put(path, text(of_run(results, gate, selection or Selection(), NO_SUITE)))


def text(report: Report) -> Iterator[str]:
    """Yield the report in pieces; no more than one result is in memory at a time.

    Raises:
        UsageError: it would be that of different runs.
    """
    whole = {**opening(report), "candidates": [{**entry.head, "results": []} for entry in report.entries]}
    pieces = json.dumps(whole, indent=1).split(_PLACE)
    yield pieces[0]
    for entry, rest in zip(report.entries, pieces[1:], strict=True):
        yield '"results": ['
        separator = "\n"
        for record in entry.records:
            yield separator + textwrap.indent(json.dumps(record, indent=1), "    ")
            separator = ",\n"
        yield ("\n   ]" if separator == ",\n" else "]") + rest
    yield "\n"


def opening(report: Report) -> dict[str, Any]:
    """Return what a document says of the run before it comes to the candidates.

    Raises:
        UsageError: there are several runs, which differ, or have a candidate in common.
    """
    first, *others = report.frames
    wanted = "results of one run, or of runs with the same selection and gate (convert each alone)"
    for other in others:
        if other != first:
            raise UsageError("json and jsonl", f"results with {_odd(first, other)}", wanted)
    names = [entry.head["name"] for entry in report.entries]
    if others and len(set(names)) != len(names):
        raise UsageError("json and jsonl", "a candidate twice", "each candidate once (convert each file alone)")
    return {"wireproof": first.wireproof, "format": FORMAT, "gate": first.gate, "selection": first.selection}


def _odd(one: Frame, other: Frame) -> str:
    """Return in what two runs differ."""
    pairs = {
        "wireproof": (one.wireproof, other.wireproof),
        "gate": (one.gate, other.gate),
        **{name: (one.selection[name], other.selection[name]) for name in one.selection},
    }
    name, (here, there) = next((name, pair) for name, pair in pairs.items() if pair[0] != pair[1])
    return f"{name} {json.dumps(here)[:60]} and {json.dumps(there)[:60]}"
