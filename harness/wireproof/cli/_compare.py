"""``wireproof compare``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wireproof._gates._compare import One, Side, compare, paired
from wireproof._gates._told import document, markdown, text
from wireproof._model import LAYERS, LayerName
from wireproof.errors import UsageError
from wireproof.report._known import looked
from wireproof.report._output import put
from wireproof.report._read import reading
from wireproof.report._stored import NO_SUITE, Entry

_FORMATS = {"text": text, "markdown": markdown, "json": document}


@click.command("compare")
@click.argument("old", type=click.Path(path_type=Path), metavar="OLD")
@click.argument("new", type=click.Path(path_type=Path), metavar="NEW")
@click.option("--gate", type=click.Choice(LAYERS), help="The layer that must hold (default: that of the new run).")
@click.option("--format", "-f", "format_", type=click.Choice(list(_FORMATS)), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="PATH", help="Default: the standard output.")
def command(old: Path, new: Path, gate: LayerName | None, format_: str, output: Path | None) -> int:
    """Say what has changed between two runs: OLD and NEW are what --report json=PATH (or jsonl=PATH) wrote.

    Candidates are compared with those of the same name; where there is one in each, with that. What may have changed
    with the suite is told apart: cases that are new, gone, or not what they were.

    Exit codes: 0 nothing is worse; 1 a case fails newly, fails in another way or is not judged any more, one has gone
    from the same version of the suite, or a candidate is missing; 2 wrong usage, or no results.
    """
    layer, before = _sides(old, gate, new)
    _, after = _sides(new, layer, new)
    pairs = paired(before, after)
    if all(one is None or other is None for one, other in pairs):
        raise UsageError("NEW", f"{new}, without any candidate of {old}", "results of at least one of them")
    found = [compare(one, other) for one, other in pairs]
    put(output, _FORMATS[format_](found, layer))
    return int(any(each.is_worse for each in found))


def _sides(path: Path, gate: LayerName | None, new: Path) -> tuple[LayerName, list[Side]]:
    """Return the layer that has to hold, and what is known of each candidate.

    Raises:
        UsageError: these are no results, or those of a shard.
    """
    if gate is None:
        with reading([new], NO_SUITE) as report:
            gate = report.frames[0].gate
    with reading([path], NO_SUITE, gate) as report:
        if report.frames[0].selection["shard"] is not None:
            raise UsageError("report", f"{path}, of a shard", "results of a whole run (see wireproof merge)")
        return gate, [_side(entry) for entry in report.entries]


def _side(entry: Entry) -> Side:
    selection, summary = entry.frame.selection, entry.summary
    results = {
        record["id"]: One(
            looked(record, entry.gate),
            record["hash"],
        )
        for record in entry.records
    }
    return Side(
        name=str(entry.head["name"]),
        version=entry.version,
        suite=entry.frame.wireproof,
        plan=json.dumps([selection[key] for key in ("select", "clause", "strength")]),
        matrices={matrix["id"]: matrix for matrix in entry.head["matrices"]},
        results=results,
        judged=sum(summary[kind] for kind in ("passed", "nonstrict", "failed")),
    )
