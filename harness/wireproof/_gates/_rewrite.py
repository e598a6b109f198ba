"""A baseline's text with new content: only the lines change that have to, so that comments, order and reasons stay.

A comment belongs to what it stands directly above, and goes with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from wireproof._cases._nodes import Mapping, Node, Scalar, at
from wireproof._cases._nodes import Sequence as Items
from wireproof._gates._baseline import Baseline, read_text
from wireproof._gates._draft import Draft
from wireproof._gates._hold import Scope
from wireproof._gates._known import Group
from wireproof._model import LayerName
from wireproof.errors import UsageError

EMPTY = """\
# Known failures: wireproof run CANDIDATE --baseline FILE is quiet about them, and about nothing else.
# Each entry says of every case that it names: it fails at the layer, with this fingerprint.
# wireproof baseline update RESULTS FILE brings it up to date, and keeps reasons and comments.
candidates: []
"""

_VALUE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^"#]|(?<! )#)*')
_ESCAPES = {'"': '\\"', "\\": "\\\\"}


def rewritten(
    baseline: Baseline, candidate: str, layer: LayerName, drafts: Sequence[Draft], scope: Scope, judged: int | None
) -> str:
    """Return the text of a baseline that says of a candidate what the drafts say.

    Args:
        baseline: the file as it is.
        candidate: whose entries they are; where it has none, they are added.
        layer: the layer that has to hold.
        drafts: its entries; those that it has first, in their order.
        scope: the selection that is written down.
        judged: the number of verdicts that is written down; None: both stay as they are.
    """
    text = _Text(baseline)
    numbers = [group for group in baseline.groups if (group.candidate, group.layer) == (candidate, layer)]
    if not numbers:
        fresh = [each for each in drafts if not each.is_empty]
        text.add(
            baseline.node,
            "candidates",
            lambda indent: _group(candidate, layer, fresh, scope, judged, indent),
        )
        return text.done()
    node = at(baseline.node, "candidates", baseline.groups.index(numbers[0]))
    assert isinstance(node, Mapping)
    if judged is not None:
        for key, value in _accounts(scope, judged).items():
            text.put(node, key, value, behind="layer")
    _entries(text, node, numbers[0], drafts)
    return text.done()


def _entries(text: _Text, node: Mapping, group: Group, drafts: Sequence[Draft]) -> None:
    """Change the entries of a group."""
    known = node.get("known")
    assert isinstance(known, Items)
    olds, news = drafts[: len(group.known)], [each for each in drafts[len(group.known) :] if not each.is_empty]
    left = [each for each in olds if not each.is_empty]
    if not left and not news and olds:
        text.put(node, "known", "[]")
        return
    for number, one in enumerate(olds):
        if one.is_empty:
            text.remove(known, number)
        elif not one.is_unchanged:
            entry = known.items[number]
            assert isinstance(entry, Mapping)
            text.change_items(entry, "cases", one.kept, one.more)
            if one.fingerprint:
                text.put(entry, "fingerprints", f'["{one.fingerprint}"]')
                text.put(entry, "about", quoted(one.about), behind="fingerprints")
    if news:
        text.add(node, "known", lambda indent: [line for each in news for line in _entry(each, indent)])


def quoted(text: str) -> str:
    """Return a text in double quotes, with nothing but ASCII."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    number = ord(char)
    if " " <= char <= "~":
        return _ESCAPES.get(char, char)
    if 0xD800 <= number <= 0xDFFF:
        return "\\ufffd"
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _accounts(scope: Scope, judged: int) -> dict[str, str]:
    """Return what is written down of a run, by key."""
    select, clause = (f"[{', '.join(map(quoted, globs))}]" for globs in (scope.chosen.select, scope.chosen.clause))
    return {
        "suite": quoted(scope.suite),
        "selection": f"{{select: {select}, clause: {clause}, strength: {scope.chosen.strength}}}",
        "judged": str(judged),
    }


def _group(
    candidate: str, layer: LayerName, drafts: Sequence[Draft], scope: Scope, judged: int | None, indent: str
) -> Iterator[str]:
    yield f"{indent}- candidate: {quoted(candidate)}"
    yield f"{indent}  layer: {layer}"
    for key, value in _accounts(scope, judged).items() if judged is not None else ():
        yield f"{indent}  {key}: {value}"
    yield f"{indent}  known:{'' if drafts else ' []'}"
    for each in drafts:
        yield from _entry(each, f"{indent}  ")


def _entry(one: Draft, indent: str) -> Iterator[str]:
    yield f"{indent}- about: {quoted(one.about or 'no sentence')}"
    yield f"{indent}  cases:"
    yield from (f"{indent}  - {quoted(pattern)}" for pattern in one.more)
    yield f'{indent}  fingerprints: ["{one.fingerprint}"]'
    yield f"{indent}  reason: {quoted(one.reason)}"
    if one.issue:
        yield f"{indent}  issue: {quoted(one.issue)}"
    if one.expires:
        yield f'{indent}  expires: "{one.expires.isoformat()}"'


class _Text:
    """The lines of a baseline, and what is to be changed in them. Numbers of lines count from 0 here."""

    def __init__(self, baseline: Baseline) -> None:
        self.file, self.root = baseline.file, baseline.node
        self.lines = baseline.text.splitlines()
        self._edits: list[tuple[int, int, list[str]]] = []
        self._ends: dict[int, int] = {}
        self._measure(baseline.node, self._above(len(self.lines)))

    def _measure(self, node: Node, end: int) -> None:
        """Find out where every node ends: where the next one begins, with the comments above it."""
        while end > node.line and not self.lines[end - 1].strip():
            end -= 1
        self._ends[id(node)] = end
        pairs: Sequence[tuple[Node, Node]] = node.pairs if isinstance(node, Mapping) else ()
        if isinstance(node, Items):
            pairs = [(item, item) for item in node.items]
        for number, (start, part) in enumerate(pairs):
            following = self._above(pairs[number + 1][0].line - 1) if number + 1 < len(pairs) else end
            self._measure(part, max(following, start.line))

    def _above(self, line: int) -> int:
        """Return the first of the comment lines that stand directly above a line, or the line itself."""
        while line and self.lines[line - 1].lstrip().startswith("#"):
            line -= 1
        return line

    def _refuse(self, node: Node, wanted: str) -> UsageError:
        return UsageError("baseline", f"{self.file}:{node.line}", f"{wanted}, to be changed by wireproof")

    def put(self, node: Mapping, name: str, value: str, behind: str = "") -> None:
        """Give a key another value, in one line; where the key is missing, it comes behind another one."""
        pair = next((pair for pair in node.pairs if pair[0].value == name), None)
        if pair is None:
            key, old = next(pair for pair in node.pairs if pair[0].value == behind)
            end = self._ends[id(old)]
            self._edits.append((end, end, [f"{' ' * key.mark.column}{name}: {value}"]))
            return
        key, old = pair
        start, end = key.line - 1, self._ends[id(old)]
        if sum(each.line == key.line for each, _ in node.pairs) > 1:
            raise self._refuse(node, "each key on a line of its own")
        line = f"{self.lines[start][: key.mark.column]}{name}: {value}{self._rest(old) if end == start + 1 else ''}"
        if self.lines[start:end] != [line]:
            self._edits.append((start, end, [line]))

    def _rest(self, node: Node) -> str:
        """Return what stands behind a value in its line: a comment, and the spaces before it."""
        text = self.lines[node.line - 1][node.mark.column :]
        found = _VALUE.match(text)
        return text[len(found.group().rstrip()) :] if found else ""

    def add(self, node: Mapping, name: str, items: Callable[[str], Iterable[str]]) -> None:
        """Put items at the end of a list."""
        key, old = next(pair for pair in node.pairs if pair[0].value == name)
        assert isinstance(old, Items)
        end = self._ends[id(old)]
        if old.items:
            self._edits.append((end, end, list(items(self._indent(old.items[-1])))))
            return
        line = self.lines[key.line - 1][: key.mark.column]
        self._edits.append((key.line - 1, end, [f"{line}{name}:", *items(" " * key.mark.column)]))

    def _indent(self, item: Node) -> str:
        """Return what stands before the hyphen of an item of a list."""
        before = self.lines[item.line - 1][: item.mark.column].rstrip()
        if not before.endswith("-") or before[:-1].strip():
            raise self._refuse(item, "each item of a list on a line of its own")
        return before[:-1]

    def remove(self, node: Items, number: int) -> None:
        """Take an item out of a list, with the comments above it."""
        item = node.items[number]
        self._indent(item)
        self._edits.append((self._above(item.line - 1), self._ends[id(item)], []))

    def change_items(self, node: Mapping, name: str, kept: Sequence[list[str] | None], more: Sequence[str]) -> None:
        """Replace items of a list of texts, and put others at its end."""
        key, old = next(pair for pair in node.pairs if pair[0].value == name)
        assert isinstance(old, Items)
        if len({key.line, *(item.line for item in old.items)}) <= len(old.items):
            words = [quoted(word) for word in _kept(old, kept, more)]
            self.put(node, name, f"[{', '.join(words)}]")
            return
        indent = self._indent(old.items[-1])
        for number, instead in enumerate(kept):
            if instead is not None:
                item = old.items[number]
                start = self._above(item.line - 1) if not instead else item.line - 1
                self._edits.append((start, self._ends[id(item)], [f"{indent}- {quoted(word)}" for word in instead]))
        end = self._ends[id(old)]
        self._edits.append((end, end, [f"{indent}- {quoted(word)}" for word in more]))

    def done(self) -> str:
        """Return the text with all changes, which is a baseline again."""
        lines = list(self.lines)
        order = sorted(range(len(self._edits)), key=lambda at: (self._edits[at][0], self._edits[at][1], at))
        for at_ in reversed(order):
            start, end, instead = self._edits[at_]
            lines[start:end] = instead
        text = "\n".join((*lines, ""))
        read_text(text, self.file)
        return text


def _kept(old: Items, kept: Sequence[list[str] | None], more: Sequence[str]) -> Iterator[str]:
    for item, instead in zip(old.items, kept, strict=True):
        assert isinstance(item, Scalar)
        yield from [item.value] if instead is None else instead
    yield from more
