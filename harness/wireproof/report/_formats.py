"""The formats of reports: a table, and the one way in which they are written."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

from wireproof.report._output import put
from wireproof.report._stored import Report

FORMATS = {
    "json": "one document (results.schema.json)",
    "jsonl": "the same, one JSON document a line",
    "junit": "JUnit XML, for CI",
    "markdown": "for the summary of a CI job",
    "tap": "Test Anything Protocol, version 13",
    "html": "one page to look at",
    "github": "annotations for GitHub Actions",
    "badge": "JSON for a badge of shields.io",
}
"""What each is for; the module ``_NAME`` beside this one has ``text(report)``, which yields it in pieces."""


def text(name: str, report: Report) -> Iterator[str]:
    """Yield a report in a format; its module is imported when it is asked for."""
    make: Callable[[Report], Iterator[str]] = importlib.import_module(f"wireproof.report._{name}").text
    return make(report)


def write(name: str, report: Report, path: Path | None) -> None:
    """Write a report; ``path`` None: to the standard output.

    Raises:
        HarnessError: it cannot be written there.
    """
    put(path, text(name, report))
