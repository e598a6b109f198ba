"""The site: a page that compares all clients, one for each, and an index that links them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wireproof import __version__
from wireproof._descriptions import described
from wireproof._show import clean
from wireproof.cli._options import suite_of
from wireproof.errors import UsageError
from wireproof.report import _html
from wireproof.report._formats import write
from wireproof.report._output import put
from wireproof.report._read import reading
from wireproof.report._stored import Entry

from .measure import CLIENTS

Json = dict[str, Any]

HERE = Path(__file__).parent
_SHORT = ("fail", "error", "not_run")
_COUNTS = ("planned", "passed", "nonstrict", "failed", "unsupported")


def make(results: Path, site: Path) -> list[str]:
    """Write all pages; return their names.

    Args:
        results: the folder of published results.
        site: the folder of the pages, which is made where there is none.

    Raises:
        UsageError: there are no results, or they cannot be read.
        HarnessError: a page cannot be written.
    """
    files = ordered(results.glob("*.json"))
    if not files:
        raise UsageError("reports/published", "no results", "at least one (python harness/tests/publish NAME)")
    site.mkdir(parents=True, exist_ok=True)
    suite = suite_of(None)
    with reading(files, suite) as report:
        write("html", report, site / "comparison.html")
        rows = [_row(file, entry) for file, entry in zip(files, report.entries, strict=True)]
    for file in files:
        with reading([file], suite) as report:
            write("html", report, site / f"{file.stem}.html")
    put(site / "index.html", iter((_index(rows),)))
    return ["index", "comparison", *(file.stem for file in files)]


def ordered(files: Iterable[Path]) -> list[Path]:
    """Return the files in the order of the pages; what is not in the list of clients comes last."""
    places = {name: place for place, name in enumerate(CLIENTS)}
    return sorted(files, key=lambda file: (places.get(file.stem, len(places)), file.stem))


def _row(file: Path, entry: Entry) -> Json:
    """Return what the index says of a client."""
    abouts = {each.name: each.about for each in described()}
    short = sum(entry.outcome(record) in _SHORT for record in entry.records)
    return {
        "page": f"{file.stem}.html",
        "title": clean(entry.title),
        "about": clean(abouts.get(file.stem, "")),
        "version": clean(entry.version),
        "gate": entry.gate,
        "short": f"{short:,}" if short else "",
        "counts": [f"{entry.summary[name]:,}" for name in _COUNTS],
    }


def _index(rows: Sequence[Json]) -> str:
    style = (Path(_html.__path__[0]) / "page.css").read_text("utf-8")
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("index.html.jinja").render(
        rows=rows,
        version=__version__,
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
