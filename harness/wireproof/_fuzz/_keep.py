"""Findings as cases that stand by themselves: named, with the clauses that they exercise, ready for a case file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from wireproof._cases._write import write
from wireproof._judge._verdict import examined
from wireproof._model import Case, Clause, Verdict
from wireproof.errors import UsageError

_SENTENCE = 200


def kept(case: Case, verdict: Verdict, seed: int) -> Case:
    """Return the example as a case like those that are written by hand, but for the clauses that nobody has checked."""
    content = repr((case.steps, case.connection, case.server)).encode("utf-8", "surrogatepass")
    hash_ = hashlib.sha256(content).hexdigest()[:16]
    reason = verdict.reason
    slug = re.sub("[^a-z0-9]+", "-", reason.code.lower()).strip("-") if reason else verdict.verdict
    named = {difference.clause: None for difference in verdict.differences if difference.clause}
    about = f"Found by wireproof fuzz with the seed {seed}: {reason.text if reason else verdict.verdict}"
    asked = tuple(sorted(examined(case).violated))
    return replace(
        case,
        id=f"fuzz/{slug}-{hash_[:8]}/example",
        about="".join(char if " " <= char <= "~" else "?" for char in about)[:_SENTENCE],
        clauses=tuple(_speaking(replace(case, asked=asked, rules=()), (*named, "request.sent"))),
        hash=hash_,
        asked=asked,
        rules=(),
    )


def _speaking(case: Case, clauses: tuple[str, ...]) -> Iterator[str]:
    """Yield the clauses that the case may name; where none is left, none that has a predicate says a word."""
    for clause in clauses:
        if not examined(replace(case, clauses=(clause,))).bugs:
            yield clause


def known(case: Case, clauses: Mapping[str, Clause]) -> Case:
    """Return the case with those clauses alone that there are and that can be tested."""
    found = [clauses[name] for name in case.clauses if name in clauses]
    return replace(case, clauses=tuple(clause.id for clause in found if not clause.excluded) or ("request.sent",))


def save(case: Case, folder: Path) -> Path:
    """Write the case into a file of its own below the folder; return the file.

    Raises:
        UsageError: it cannot be written.
    """
    file = folder / f"{case.id.rpartition('/')[0]}.yaml"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(write("What wireproof fuzz has found, shrunken.", [case]), encoding="ascii")
    except OSError as error:
        raise UsageError("--save", str(folder), f"a folder that can be written to ({error.strerror})") from None
    return file
