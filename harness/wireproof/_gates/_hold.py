"""Verdicts held against what is known of a candidate: what is known stays quiet, and everything else is news.

Theory of operation. Each verdict is looked at once, in whatever order verdicts come; of what is the same news only
the number is kept, and the first case. The same verdicts give the same news.
"""

from __future__ import annotations

import datetime
import fnmatch
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wireproof._gates._known import Chosen, Entry, Group
from wireproof._gates._pattern import Index, Pattern, bits
from wireproof._matrix import Expansion
from wireproof._model import LayerName, Verdict

JUDGED = ("pass", "nonstrict", "fail")
"""The verdicts that say something of the candidate."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked at of a verdict: ``answer`` is that of the layer, ``text`` the sentence of its reason.

    ``whole``: the verdict itself, where it is at hand.
    """

    id: str
    verdict: str
    answer: str
    fingerprint: str = ""
    text: str = ""
    whole: Verdict | None = None

    @classmethod
    def at(cls, verdict: Verdict, layer: LayerName) -> Looked:
        """Return what is looked at of a verdict at a layer."""
        text = verdict.reason.text if verdict.reason else ""
        return cls(verdict.id, verdict.verdict, verdict.layers[layer], verdict.fingerprint, text, verdict)


@dataclass(slots=True)
class News:
    """Something that a baseline does not know: what ``kind`` of thing, in how many cases, and the first of them.

    ``entry``: the entry that it contradicts, where it does one.
    """

    kind: str
    count: int
    position: int
    looked: Looked
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A piece of news as a sentence.

    ``line``: the one of the baseline that it contradicts, if any. ``case``: the first case that it is about, or the
    pattern that matches nothing; "" where it is about none. ``count``: how many it is about.
    """

    kind: str
    text: str
    count: int
    case: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run was about: its selection, the version of the suite, and whether it was a shard."""

    chosen: Chosen
    suite: str
    is_part: bool = False


_TOLD = {
    "new": "fails, and is not known to",
    "other": "fails in another way than is known",
    "expired": "fails, and what was known of it has expired",
    "passes": "passes, and is known to fail",
    "unsupported": "is unsupported now, and is known to fail",
}
_ORDER = tuple(_TOLD)
FAILING = ("new", "other", "expired")
"""The kinds of news in which a case fails."""
NEWS = (*_ORDER, "stale", "gone")
"""The kinds of news: those of cases; a pattern that matches nothing; and verdicts that there were, and are not now."""


class Held:
    """The verdicts on one candidate, held against what is known of it.

    Args:
        group: what is known; None: nothing.
        layer: the layer that has to hold.
        today: the date, which decides what has expired.
    """

    def __init__(self, group: Group | None, layer: LayerName, today: datetime.date) -> None:
        self.layer, self.today, self.group = layer, today, group
        entries = group.known if group else ()
        flat = self._flat = [
            (entry, pattern, line)
            for entry in entries
            for pattern, line in zip(entry.patterns, entry.lines, strict=True)
        ]
        self._index = Index([pattern for _, pattern, _ in flat])
        self._expired = sum(1 << at for at, (entry, _, _) in enumerate(flat) if entry.has_expired(today))
        self._met = 0
        self._news: dict[tuple[str, int, str], News] = {}
        self.known = self.judged = 0
        self.counts: Counter[int] = Counter()

    def take(self, looked: Looked, position: int) -> None:
        """Look at a verdict."""
        self.judged += looked.verdict in JUDGED
        found = self._index.of(looked.id)
        self._met |= found
        kind, entry = self._kind(looked, found)
        if kind == "known":
            assert entry is not None
            self.known += 1
            self.counts[entry.line] += 1
        elif kind:
            self._add(kind, looked, position, entry)

    def knows(self, looked: Looked) -> Entry | None:
        """Return the entry that says of a verdict what is so, if one does; nothing is counted."""
        kind, entry = self._kind(looked, self._index.of(looked.id)) if looked.answer == "fail" else ("", None)
        return entry if kind == "known" else None

    def passed(self, expansion: Expansion, numbers: Sequence[int], positions: Sequence[int]) -> None:
        """Look at combinations that have passed."""
        self.judged += len(numbers)
        if not self._flat:
            return
        for at, found in enumerate(self._index.of_combinations(expansion, numbers)):
            if found:
                self._met |= found
                kind, entry = self._kind(Looked("", "pass", "pass"), found)
                if kind:
                    self._add(kind, Looked(expansion.id(numbers[at]), "pass", "pass"), positions[at], entry)

    def lost(self, expansion: Expansion, numbers: Sequence[int]) -> None:
        """Look at combinations that have no verdict: what is known of them is not stale for that."""
        if self._flat:
            for found in self._index.of_combinations(expansion, numbers):
                self._met |= found

    def _kind(self, looked: Looked, found: int) -> tuple[str, Entry | None]:
        """Return what a verdict means, "" for nothing, and the entry that knows it, or that it contradicts."""
        live = found & ~self._expired
        if looked.answer == "fail":
            for at in bits(live):
                if looked.fingerprint in self._entry(at).fingerprints:
                    return "known", self._entry(at)
            return ("other", self._first(live)) if live else ("expired", self._first(found)) if found else ("new", None)
        if looked.answer in ("pass", "unsupported") and found:
            return {"pass": "passes"}.get(looked.answer, "unsupported"), self._first(found)
        return "", None

    def _entry(self, at: int) -> Entry:
        return self._flat[at][0]

    def _first(self, mask: int) -> Entry:
        return self._entry(next(bits(mask)))

    def _add(self, kind: str, looked: Looked, position: int, entry: Entry | None) -> None:
        key = kind, entry.line if entry else 0, looked.fingerprint
        news = self._news.get(key)
        if news is None:
            self._news[key] = News(kind, 1, position, looked, entry)
            return
        news.count += 1
        if position < news.position:
            news.position, news.looked = position, looked

    @property
    def news(self) -> list[News]:
        """The news, the most serious kinds first, and then in the order of the cases."""
        return sorted(self._news.values(), key=lambda each: (_ORDER.index(each.kind), each.position))

    def stale(self, scope: Scope) -> Iterator[tuple[Entry, Pattern, int]]:
        """Yield each pattern that matches nothing, although it should in a run of this scope; and its line."""
        assert self.group is not None or not self._flat
        for at, (entry, pattern, line) in enumerate(self._flat):
            if not self._met >> at & 1 and self.group and concerns(pattern, scope, self.group.chosen):
                yield entry, pattern, line

    def lost_verdicts(self, scope: Scope) -> int:
        """Return how many verdicts fewer there are than when the baseline was written about the same selection."""
        group = self.group
        if group is None or group.judged is None or scope.is_part:
            return 0
        is_same = (group.chosen, group.suite) == (scope.chosen, scope.suite)
        return max(0, group.judged - self.judged) if is_same else 0

    def told(self, scope: Scope, file: str) -> list[Told]:
        """Return all that is news; without any, all is as the baseline says."""
        told = [
            Told(each.kind, _sentence(each, file), each.count, each.looked.id, each.entry.line if each.entry else None)
            for each in self.news
        ]
        for _, pattern, line in self.stale(scope):
            text = f"{file}:{line}: {plain(pattern.text)} matches nothing that was planned; remove it"
            told.append(Told("stale", text, 1, pattern.text, line))
        if self.group and (fewer := self.lost_verdicts(scope)):
            line = self.group.line
            text = f"{file}:{line}: {fewer:,} of the {self.group.judged:,} verdicts that there were are gone"
            told.append(Told("gone", text, fewer, "", line))
        return told

    def sentences(self, scope: Scope, file: str) -> list[str]:
        """Return all that is news, as sentences."""
        return [each.text for each in self.told(scope, file)]


def concerns(pattern: Pattern, scope: Scope, chosen: Chosen | None) -> bool:
    """Say whether something that a pattern matches would have been planned in a run of this scope, if it were there."""
    if scope.is_part or scope.chosen.clause:
        return False
    if scope.chosen.select:
        return pattern.is_literal and any(fnmatch.fnmatchcase(pattern.name, glob) for glob in scope.chosen.select)
    is_same = scope.chosen.strength in ("full", chosen.strength if chosen else 3)
    return is_same or not pattern.name.startswith("matrix/")


def _sentence(news: News, file: str) -> str:
    """Return one piece of news as a sentence."""
    more = f" (and {news.count - 1:,} more)" if news.count > 1 else ""
    entry, looked = news.entry, news.looked
    where = f"{file}:{entry.line}: " if entry else ""
    text = f": {plain(looked.text)}" if looked.text else ""
    since = f" on {entry.expires}" if news.kind == "expired" and entry else ""
    remove = "; remove it" if news.kind == "passes" else ""
    return f"{where}{plain(looked.id)}{more} {_TOLD[news.kind]}{since}{text}{remove}"


def plain(text: str) -> str:
    """Return a text in one line, without anything that a terminal could take for a command."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
