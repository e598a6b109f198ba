"""What is known of candidates, as values: entries that say which cases fail, and how.

An entry says of every case that one of its patterns matches: it fails at the layer, with one of these fingerprints. So
what is known can be held against any part of a run, and never depends on how many cases fail.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from wireproof._gates._pattern import Pattern
from wireproof._model import LayerName

PLACEHOLDER = "not looked at yet"
"""The reason of an entry that nobody has given one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Known failures: which cases fail, and how. ``line``: where it stands; ``lines``: where its patterns do."""

    patterns: tuple[Pattern, ...]
    fingerprints: frozenset[str]
    reason: str
    line: int
    lines: tuple[int, ...]
    issue: str | None = None
    expires: datetime.date | None = None
    about: str | None = None

    def has_expired(self, today: datetime.date) -> bool:
        """Say whether it counts no more; on the day itself it does."""
        return self.expires is not None and self.expires < today


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a run was about, as far as that decides how many verdicts it has."""

    select: tuple[str, ...] = ()
    clause: tuple[str, ...] = ()
    strength: int | str = 3


@dataclass(frozen=True, slots=True)
class Group:
    """What is known of one candidate at one layer.

    ``judged``: how many verdicts there were when it was written, by the suite ``suite`` with the selection ``chosen``;
    None where nothing of this was written down.
    """

    candidate: str
    layer: LayerName
    known: tuple[Entry, ...]
    line: int
    suite: str | None = None
    judged: int | None = None
    chosen: Chosen | None = None
