"""The JSON report: one document, the same for the same results, described by results.schema.json."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wireproof import __version__
from wireproof._codec import encode
from wireproof._model import LayerName
from wireproof.errors import UsageError
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
                    name: {"present": present, "absent": absent}
                    for name, (present, absent) in result.defects().items()
                },
                "results": [encode(verdict) for verdict in result.verdicts],
            }
            for result in results
        ],
    }


def write(path: Path, results: Sequence[Result], gate: LayerName) -> None:
    """Write the report; under its final name there is the whole of it or nothing.

    Raises:
        UsageError: it cannot be written there.
    """
    text = json.dumps(document(results, gate), indent=1) + "\n"
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise UsageError("--report", str(path), f"a path that can be written ({error.strerror})") from None
