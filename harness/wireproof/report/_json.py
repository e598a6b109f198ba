"""The JSON report: one document, the same for the same results, described by results.schema.json beside this file."""

from __future__ import annotations

import json
import os
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from wireproof import __version__
from wireproof._findings import Findings
from wireproof._model import LayerName
from wireproof.errors import HarnessError
from wireproof.report._results import Result, Selection, counts

FORMAT = 2
"""The version of the document's shape."""

_PLACE = '"results": []'


def document(results: Sequence[Result], gate: LayerName, selection: Selection | None = None) -> dict[str, Any]:
    """Return the report as JSON values, with the results in it."""
    whole = _frame(results, gate, selection or Selection())
    for candidate, result in zip(whole["candidates"], results, strict=True):
        candidate["results"] = list(result.records)
    return whole


def _frame(results: Sequence[Result], gate: LayerName, selection: Selection) -> dict[str, Any]:
    """Return the report without the results, of which there may be very many."""
    is_part = selection.shard != (1, 1)
    return {
        "wireproof": __version__,
        "format": FORMAT,
        "gate": gate,
        "selection": {
            "select": list(selection.globs),
            "clause": list(selection.clauses),
            "strength": "full" if selection.strength is None else selection.strength,
            "shard": {"index": selection.shard[0], "of": selection.shard[1]} if is_part else None,
            "cases": selection.digest,
            "planned": selection.total,
        },
        "candidates": [
            {
                "name": result.candidate,
                "version": result.version,
                "summary": {**result.summary, **_strict(result.findings.all, result.findings.all_strict)},
                "defects": {
                    name: {"present": present, "absent": absent}
                    for name, (present, absent) in result.findings.defects.items()
                },
                "matrices": [{**matrix, **_of_matrix(matrix["id"], result.findings)} for matrix in result.matrices],
                **({"positions": list(result.positions)} if is_part else {}),
                "results": [],
            }
            for result in results
        ],
    }


def _strict(tolerant: Counter[str], strict: Counter[str]) -> dict[str, Any]:
    """Return the counts without tolerances as one more key, where they are others."""
    return {} if tolerant == strict else {"strict": counts(strict)}


def _of_matrix(id_: str, findings: Findings) -> dict[str, Any]:
    return _strict(findings.groups.get(id_, Counter()), findings.strict_groups.get(id_, Counter()))


def text(results: Sequence[Result], gate: LayerName, selection: Selection | None = None) -> Iterator[str]:
    """Yield the report in pieces; no more than one result is in memory at a time."""
    frame = json.dumps(_frame(results, gate, selection or Selection()), indent=1)
    pieces = frame.split(_PLACE)
    yield pieces[0]
    for result, rest in zip(results, pieces[1:], strict=True):
        yield '"results": ['
        separator = "\n"
        for record in result.records:
            yield separator + textwrap.indent(json.dumps(record, indent=1), "    ")
            separator = ",\n"
        yield ("\n   ]" if separator == ",\n" else "]") + rest
    yield "\n"


def write(path: Path, results: Sequence[Result], gate: LayerName, selection: Selection | None = None) -> None:
    """Write the report; under its final name there is the whole of it or nothing. A device or a pipe is written to.

    Raises:
        HarnessError: it cannot be written there.
    """
    path = path.resolve()
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8") as file:
                file.writelines(text(results, gate, selection))
            return
        temporary = path.with_name(f".wireproof-{os.getpid()}.tmp")
        try:
            with temporary.open("w", encoding="utf-8") as file:
                file.writelines(text(results, gate, selection))
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise HarnessError(f"the report {str(path)!r} cannot be written: {error.strerror}") from None
