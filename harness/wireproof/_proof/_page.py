"""The page of coverage: the contract sentence by sentence, to be read beside the documentation.

One file without scripts and without anything from a network. Everything that comes from files is escaped by jinja2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wireproof import __version__
from wireproof._proof._document import Report
from wireproof._proof._standing import CASES, Standing

_TEMPLATE = "coverage.html.jinja"
_WORDS: Mapping[str, str] = {
    "covered": "covered",
    "partly": "partly covered",
    "short": "falls short",
    "excluded": "excluded",
}
_LEVELS: Mapping[str, str] = {
    "documented": "Documented, without a sentence's number",
    "de-facto": "What CPython does and no sentence says",
    "rfc": "What RFC 9110 and RFC 9112 ask of every message",
}
_FREE = re.compile("[^A-Za-z0-9.-]")


def page(report: Report) -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found = report.standings
    return environment.get_template(_TEMPLATE).render(
        version=__version__,
        found=found,
        sentences=found.sentences,
        levels=list(_levels(found.clauses)),
        figures=[
            ("clauses", len(found.clauses)),
            *((_WORDS[status], len(found.of(status))) for status in ("covered", "excluded", "short")),
        ],
        words=_WORDS,
        anchor=anchor,
        cases_needed=CASES,
        selection=" ".join((*report.globs, *report.clauses)),
        mutants=_mutants(report),
    )


def anchor(id_: str) -> str:
    """Return the name of the place of a clause in the page, one for each id."""
    return "clause-" + _FREE.sub(lambda match: f"_{ord(match[0]):x}_", id_)


def _levels(standings: tuple[Standing, ...]) -> Iterator[tuple[str, str, list[Standing]]]:
    """Yield the clauses that no sentence states, by level."""
    for level, title in _LEVELS.items():
        yield level, title, [each for each in standings if each.clause.level == level and not each.clause.sentences]


def _mutants(report: Report) -> str:
    kills = report.kills
    killed = f"{len(kills.kills):,} of {kills.mutants:,} mutants"
    return f"Mutants: {killed} were killed by a case, measured with Python {kills.python}." if kills.mutants else ""
