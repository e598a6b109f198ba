"""The JSON report of coverage: one document, the same for the same results, described by coverage.schema.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wireproof import __version__
from wireproof._proof._kills import Kill, Kills
from wireproof._proof._standing import CASES, KILLS, Sentence, Standing, Standings

FORMAT = 1
"""The version of the document's shape."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """What a report of coverage is made of: where everything stands, and what was looked at.

    ``globs`` and ``clauses`` are the globs on cases and on clauses; ``kills`` the results of mutants.
    """

    standings: Standings
    kills: Kills
    globs: Sequence[str] = ()
    clauses: Sequence[str] = ()


def text(report: Report) -> str:
    """Return the report as text."""
    return json.dumps(document(report), indent=1) + "\n"


def document(report: Report) -> Json:
    """Return the report as JSON values."""
    found = report.standings
    return {
        "wireproof": __version__,
        "format": FORMAT,
        "selection": {"select": list(report.globs), "clause": list(report.clauses)},
        "required": {"cases": CASES, "kills": KILLS},
        "mutants": {
            "python": report.kills.python,
            "made": report.kills.mutants,
            "killed": len(report.kills.kills),
        },
        "summary": {
            "clauses": len(found.clauses),
            **{status: len(found.of(status)) for status in ("covered", "short", "excluded")},
            "left_out": found.left_out,
        },
        "short": list(found.short),
        "clauses": [_clause(standing) for standing in found.clauses],
        "sentences": [_sentence(sentence) for sentence in found.sentences],
    }


def _clause(standing: Standing) -> Json:
    clause = standing.clause
    return {
        "id": clause.id,
        "level": clause.level,
        "source": clause.source,
        "text": clause.text,
        "sentences": list(clause.sentences),
        "excluded": clause.excluded,
        "standing": standing.status,
        "missing": list(standing.missing),
        "cases": list(standing.cases),
        "rules": list(standing.rules),
        "kills": [_kill(kill) for kill in standing.kills],
        "kill_required": standing.needs_kill,
        "idle": list(standing.idle),
    }


def _kill(kill: Kill) -> Json:
    return {"mutant": kill.mutant, "subject": kill.subject, "case": kill.case, "layer": kill.layer}


def _sentence(sentence: Sentence) -> Json:
    return {
        "number": sentence.number,
        "standing": sentence.status,
        "clauses": [standing.clause.id for standing in sentence.standings],
    }
