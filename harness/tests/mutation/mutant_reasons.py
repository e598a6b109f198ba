"""What is known of mutants beforehand: which are left out, and which no request can tell from the original.

Both files are lists of entries, each with a reason. An entry that is about nothing is a mistake.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from mutant_source import Mutant, Source

from wireproof.errors import UsageError

HERE = Path(__file__).resolve().parent
KINDS = ("docstring", "annotation", "message")


@dataclass(slots=True)
class Exclusion:
    """Mutants that are left out: those in ``place`` (a glob) and in what it contains; where ``at`` is given, only those
    in a statement that begins so; where ``kind`` is given, only those in a stretch of that kind; where ``change`` is
    given (a glob), only those whose operator and change look so.
    """

    reason: str
    subject: str = "*"
    file: str = "*"
    place: str = "*"
    at: str = ""
    kind: str = ""
    change: str = ""
    used: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether everything in a place is left out."""
        return not self.at and not self.kind and not self.change

    def names(self, subject: str, file: str, place: str) -> bool:
        """Say whether it is about a place."""
        is_there = fnmatch.fnmatchcase(subject, self.subject) and fnmatch.fnmatchcase(file, self.file)
        return is_there and (fnmatch.fnmatchcase(place, self.place) or fnmatch.fnmatchcase(place, f"{self.place}.*"))

    def covers(self, mutant: Mutant, source: Source) -> bool:
        """Say whether a mutant is left out."""
        if not self.names(mutant.subject, mutant.file, mutant.place):
            return False
        if self.kind and self.kind not in source.kinds(mutant.edit):
            return False
        if self.change and not fnmatch.fnmatchcase(mutant.key, self.change):
            return False
        return not self.at or any(first.startswith(self.at) for first in source.around(mutant.edit))


@dataclass(slots=True)
class Equivalent:
    """Mutants of one place that no request can tell from the original, for one reason."""

    reason: str
    subject: str
    file: str
    place: str
    mutants: Sequence[str]
    used: set[str] = field(default_factory=set)


class Reasons:
    """Both files, read.

    Args:
        excluded: the entries of what is left out.
        equivalent: the entries of what is equivalent.
    """

    def __init__(self, excluded: Sequence[Exclusion], equivalent: Sequence[Equivalent]) -> None:
        self.excluded, self.equivalent = excluded, equivalent
        self._reasons = {
            (entry.subject, entry.file, entry.place, key): entry for entry in equivalent for key in entry.mutants
        }

    def skips(self, subject: str, file: str, place: str) -> bool:
        """Say whether everything in a place is left out."""
        return any(entry.is_whole and entry.names(subject, file, place) for entry in self.excluded)

    def exclusion(self, mutant: Mutant, source: Source) -> Exclusion | None:
        """Return why a mutant is left out, if it is; what has been asked about counts as used."""
        found = [entry for entry in self.excluded if entry.covers(mutant, source)]
        for entry in found:
            entry.used += 1
        return found[0] if found else None

    def equivalence(self, mutant: Mutant) -> str | None:
        """Return why a mutant is the same as the original, if it is said to be; what has been asked about is used."""
        entry = self._reasons.get((mutant.subject, mutant.file, mutant.place, mutant.key))
        if entry is None:
            return None
        entry.used.add(mutant.key)
        return entry.reason

    def stale(self, subjects: Iterable[str]) -> list[str]:
        """Return a sentence for each entry about these subjects that was about no mutant."""
        names = set(subjects)
        lost = [
            f"excluded.yaml: no mutant of {entry.subject} {entry.file} is in {entry.place}: {entry.reason}"
            for entry in self.excluded
            if not entry.used and names & {entry.subject, "*" if len(names) > 1 else ""}
        ]
        for each in self.equivalent:
            if each.subject in names:
                missing = [key for key in each.mutants if key not in each.used]
                lost += [
                    f"equivalent.yaml: {each.subject} {each.file} {each.place} has no mutant {key}" for key in missing
                ]
        return lost


def read(excluded: Path = HERE / "excluded.yaml", equivalent: Path = HERE / "equivalent.yaml") -> Reasons:
    """Return what the two files say.

    Raises:
        UsageError: an entry is none.
    """
    return Reasons(
        [_entry(Exclusion, entry, excluded) for entry in _entries(excluded)],
        [_entry(Equivalent, entry, equivalent) for entry in _entries(equivalent)],
    )


def _entries(path: Path) -> list[Any]:
    found = yaml.safe_load(path.read_text("utf-8")) or []
    if not isinstance(found, list):
        raise UsageError(path.name, type(found).__name__, "a list of entries")
    return found


def _entry(kind: Any, entry: Any, path: Path) -> Any:
    try:
        made = kind(**entry)
    except TypeError as error:
        raise UsageError(path.name, str(entry)[:80], f"an entry with the keys of {kind.__name__}: {error}") from None
    if not made.reason or getattr(made, "kind", "") not in ("", *KINDS):
        raise UsageError(path.name, str(entry)[:80], f"a reason, and a kind among {', '.join(KINDS)}")
    return made
