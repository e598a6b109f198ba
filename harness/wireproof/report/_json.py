"""The JSON report: one document, the same for the same results, described by results.schema.json beside this file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wireproof import __version__
from wireproof._codec import encode
from wireproof._model import LayerName
from wireproof.errors import HarnessError
from wireproof.report._results import Result


def document(results: Sequence[Result], gate: LayerName) -> dict[str, Any]:
    """Return the report as JSON values."""
    return {
        "wireproof": __version__,
        "format": 1,
        "gate": gate,
        "candidates": [
            {
                "name": result.candidate,
                "version": result.version,
                "summary": dict(result.summary),
                "defects": {
                    name: {"present": present, "absent": absent} for name, (present, absent) in result.defects().items()
                },
                "results": [encode(verdict) for verdict in result.verdicts],
            }
            for result in results
        ],
    }


def write(path: Path, results: Sequence[Result], gate: LayerName) -> None:
    """Write the report; under its final name there is the whole of it or nothing. A device or a pipe is written to.

    Raises:
        HarnessError: it cannot be written there.
    """
    text = json.dumps(document(results, gate), indent=1) + "\n"
    path = path.resolve()
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
            return
        temporary = path.with_name(f".wireproof-{os.getpid()}.tmp")
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise HarnessError(f"the report {str(path)!r} cannot be written: {error.strerror}") from None
