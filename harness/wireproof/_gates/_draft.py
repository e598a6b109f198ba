"""What a baseline should say, given results: each entry as it is kept, and the entries that are to come.

An entry that says what is so is left alone. Of one that does not, those patterns are replaced that match a case which
they should not: by patterns on the cases that still fail so. A failure that nothing knows goes to the entry that has
its fingerprint, and otherwise to a new one, with the reason of what it was known as before, if it was.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from wireproof._gates._boxes import patterns as boxed
from wireproof._gates._hold import Looked, Scope, concerns, plain
from wireproof._gates._known import PLACEHOLDER, Entry, Group
from wireproof._gates._pattern import Index, bits
from wireproof._selection import Chosen, Planned

Key = tuple[int, int]
"""A case: which list it is in (0: hand-written cases; else a matrix, from 1), and its number there."""

_LONGEST = 160


@dataclass(frozen=True)
class Facts:
    """What came of everything that was planned, at one layer.

    ``looked`` has the hand-written cases, and the combinations that did not pass; ``planned`` has what there is of
    combinations. Everything was judged.
    """

    planned: Planned
    looked: Sequence[Looked]

    def keys(self) -> Iterator[tuple[Key, Looked]]:
        """Yield every case and every combination, in order."""
        by_id = {looked.id: looked for looked in self.looked}
        for number, case in enumerate(self.planned.cases):
            yield (0, number), by_id[case.id]
        for at, chosen in enumerate(self.planned.chosen, 1):
            for number in chosen.numbers:
                id_ = chosen.expansion.id(number)
                yield (at, number), by_id.get(id_) or Looked(id_, "pass", "pass")

    def masks(self, index: Index) -> Iterator[int]:
        """Yield which patterns match each of them, in the same order."""
        for case in self.planned.cases:
            yield index.of(case.id)
        for chosen in self.planned.chosen:
            yield from index.of_combinations(chosen.expansion, chosen.numbers)

    def patterns(self, keys: Iterable[Key]) -> list[str]:
        """Return patterns that match these, and nothing else that was planned."""
        by_list: dict[int, list[int]] = defaultdict(list)
        for at, number in keys:
            by_list[at].append(number)
        found = [self.planned.cases[number].id for number in by_list.pop(0, ())]
        for at, numbers in sorted(by_list.items()):
            chosen = self.planned.chosen[at - 1]
            found += boxed(chosen.expansion, numbers, _others(chosen, numbers))
        return found


def _others(chosen: Chosen, numbers: Iterable[int]) -> set[int]:
    return set(chosen.numbers).difference(numbers)


@dataclass(slots=True)
class Draft:
    """An entry as it should be.

    ``entry``: what there is of it. ``kept``: for each of its patterns what stands in its place: None for the pattern
    itself. ``more``: patterns that are added. ``fingerprint`` and ``about``: new ones, where they change.
    """

    entry: Entry | None
    kept: list[list[str] | None] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    fingerprint: str = ""
    about: str = ""
    reason: str = PLACEHOLDER
    issue: str | None = None
    expires: datetime.date | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing any more."""
        return not self.more and all(each == [] for each in self.kept)

    @property
    def is_unchanged(self) -> bool:
        """Whether the entry stays as it is."""
        return (
            self.entry is not None and not (self.more or self.fingerprint) and all(each is None for each in self.kept)
        )


@dataclass(slots=True)
class _Matched:
    """What a pattern matches: what it is right about; what passes, or is not supported; and what fails otherwise."""

    right: list[Key] = field(default_factory=list)
    gone: list[Key] = field(default_factory=list)
    other: list[Key] = field(default_factory=list)


def draft(group: Group | None, facts: Facts, scope: Scope, today: datetime.date, *, only_prune: bool) -> list[Draft]:
    """Return what a baseline should say of a candidate.

    Args:
        group: what it says.
        facts: what is so.
        scope: what was planned.
        today: the date: what fails newly is not added to an entry that has expired.
        only_prune: nothing is added; what passes, or matches nothing, goes.
    """
    entries = group.known if group else ()
    owners = [at for at, entry in enumerate(entries) for _ in entry.patterns]
    index = Index([pattern for entry in entries for pattern in entry.patterns])
    matched = [_Matched() for _ in owners]
    fresh: dict[tuple[str, int | None], list[Key]] = {}
    texts: dict[str, str] = {}
    for (key, looked), mask in zip(facts.keys(), facts.masks(index), strict=True):
        found = list(bits(mask))
        fails = looked.answer == "fail"
        knows = fails and any(looked.fingerprint in entries[owners[at]].fingerprints for at in found)
        for at in found:
            place = matched[at].right if knows else matched[at].other if fails else matched[at].gone
            place.append(key)
        if fails and not knows:
            fresh.setdefault((looked.fingerprint, owners[found[0]] if found else None), []).append(key)
            texts.setdefault(looked.fingerprint, looked.text)
    drafts = [Draft(entry, [None] * len(entry.patterns)) for entry in entries]
    seen = iter(zip(matched, index.patterns, strict=True))
    for one in drafts:
        for at in range(len(one.kept)):
            each, pattern = next(seen)
            if each.gone or (each.other and not only_prune):
                one.kept[at] = facts.patterns(sorted(each.right + each.other * only_prune))
            elif not (each.right or each.other) and concerns(pattern, scope, group.chosen if group else None):
                one.kept[at] = []
    if not only_prune:
        _add(drafts, fresh, texts, facts, today)
    return drafts


def _add(
    drafts: list[Draft],
    fresh: dict[tuple[str, int | None], list[Key]],
    texts: dict[str, str],
    facts: Facts,
    today: datetime.date,
) -> None:
    """Find a place for every failure that nothing knows."""
    olds = list(drafts)
    homes = {
        fingerprint: one
        for one in reversed(olds)
        if one.entry and not one.entry.has_expired(today) and not one.is_empty
        for fingerprint in one.entry.fingerprints
    }
    places: dict[int, tuple[Draft, list[Key]]] = {}
    for (fingerprint, owner), keys in fresh.items():
        home = homes.get(fingerprint)
        if home is None:
            home = homes[fingerprint] = _home(olds[owner] if owner is not None else None, drafts)
            home.fingerprint, home.about = fingerprint, plain(texts[fingerprint])[:_LONGEST]
        places.setdefault(id(home), (home, []))[1].extend(keys)
    for home, keys in places.values():
        home.more = facts.patterns(sorted(keys))
        if home.entry is not None and home.fingerprint and home.more == [each.text for each in home.entry.patterns]:
            home.kept, home.more = [None] * len(home.kept), []


def _home(old: Draft | None, drafts: list[Draft]) -> Draft:
    """Return the entry for failures of another kind: the one that has nothing left of its own, or a new one."""
    if old is not None and old.is_empty and not old.fingerprint:
        return old
    new = Draft(None)
    if old is not None and old.entry is not None:
        new.reason, new.issue, new.expires = old.entry.reason, old.entry.issue, old.entry.expires
    drafts.append(new)
    return new
