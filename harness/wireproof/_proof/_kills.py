"""Which mutants were killed, and which clauses the verdicts named: the results that ``tox -e mutation`` writes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wireproof._cases import load
from wireproof._matrix import Expansion, taken_apart
from wireproof._proof._narrow import all_named
from wireproof.errors import UsageError

FORMAT = 1
"""The version of the file's shape."""

_COMMAND = "tox -e mutation"


@dataclass(frozen=True, slots=True)
class Kill:
    """A mutant that was killed: by which case, at which layer, and the clauses that the verdict named."""

    mutant: str
    subject: str
    change: str
    case: str
    layer: str
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kills:
    """All kills of the results, which were measured with one Python; ``mutants`` were made in all."""

    python: str = ""
    mutants: int = 0
    kills: tuple[Kill, ...] = ()

    def by_clause(self, cites: Mapping[str, Sequence[str]]) -> dict[str, list[Kill]]:
        """Return the kills by each clause that they break, in the order of the file.

        Args:
            cites: the clauses that the killing cases cite, by the ids of these (see ``all_named``).
        """
        found: dict[str, list[Kill]] = {}
        for kill in self.kills:
            for clause in all_named(kill.clauses, cites.get(kill.case, ())):
                found.setdefault(clause, []).append(kill)
        return found

    def cites(self) -> dict[str, tuple[str, ...]]:
        """Return the clauses that the killing cases cite, which are bundled ones; none of those that are no more."""
        ids = dict.fromkeys(kill.case for kill in self.kills)
        found = load(None, tuple(ids)) if ids else None
        if found is None:
            return {}
        cites = {case.id: case.clauses for case in found.cases if case.id in ids}
        expansions = {matrix.id: Expansion(matrix) for matrix in found.matrices}
        for id_ in ids:
            with contextlib.suppress(LookupError, ValueError):
                name, words = taken_apart(id_) or ("", {})
                expansion = expansions[name]
                cites[id_] = expansion.decisions.clauses(expansion.class_of(expansion.named(words)))
        return cites


def bundled_kills() -> Path:
    """Return where the results are: in the wheel, or in the checkout of an editable install."""
    package = Path(__file__).resolve().parent.parent
    wheel = package / "_proof_data"
    return (wheel if wheel.is_dir() else package.parent.parent / "reports" / "proof") / "mutation.json"


def read_kills(path: Path) -> Kills:
    """Read the results.

    Raises:
        UsageError: there are none, or they are broken.
    """
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise _wrong(path, f"a file that cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise _wrong(path, "a file that is no JSON") from None
    try:
        if found["format"] != FORMAT:
            raise _wrong(path, f"a file of the format {found['format']!r}, not {FORMAT}")
        mutants = found["mutants"]
        killed = tuple(_kill(mutant) for mutant in mutants if mutant["outcome"] == "killed")
        return Kills(_text(found["python"]), len(mutants), killed)
    except (KeyError, TypeError) as error:
        raise _wrong(path, f"a file of another shape ({type(error).__name__}: {error})") from None


def _kill(mutant: Mapping[str, Any]) -> Kill:
    named = [_text(clause) for clause in (mutant["clause"], *mutant["clauses"]) if clause]
    said = {name: _text(mutant[name]) for name in ("subject", "change", "case", "layer")}
    return Kill(_text(mutant["id"]), **said, clauses=tuple(dict.fromkeys(named)))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _wrong(path: Path, got: str) -> UsageError:
    return UsageError("results of mutants", f"{path}: {got}", f"the file that {_COMMAND} writes")
