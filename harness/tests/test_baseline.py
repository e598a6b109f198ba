"""Baselines: the file, what is known by it, what is news, and how it is kept up to date."""

from __future__ import annotations

import datetime
import functools
import json
import random
from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml

import wireproof._gates
from wireproof._cases import CaseSet, load
from wireproof._gates._baseline import Baseline, read, read_text, schema
from wireproof._gates._boxes import patterns
from wireproof._gates._draft import Facts, draft
from wireproof._gates._frozen import freeze, manifest
from wireproof._gates._hold import Held, Looked, Scope
from wireproof._gates._known import Chosen
from wireproof._gates._pattern import Index, Pattern, bits
from wireproof._gates._rewrite import EMPTY, quoted, rewritten
from wireproof._matrix import Expansion
from wireproof._model import Case, Source
from wireproof._selection import Chosen as Combinations
from wireproof._selection import Planned, plan
from wireproof.errors import CaseFileError, UsageError

A, B, C = "a" * 16, "b" * 16, "c" * 16
TODAY = datetime.date(2026, 6, 1)
LACKS = Looked("f/two", "unsupported", "unsupported")
WHOLE = Scope(Chosen(), "0.1.0")
FILE = f"""\
# Our client.
candidates:
- candidate: "lib:Client"
  layer: bytes
  suite: "0.1.0"
  selection: {{select: [], clause: [], strength: 3}}
  judged: 6   # all of them
  known:

  # The header that we need.
  - about: "X-A is sent."
    cases:
    # the first
    - "f/one"
    - "f/two"   # the second
    fingerprints: ["{A}"]
    reason: "we need it"
    issue: "https://example.test/1"
    expires: "2026-06-01"
  # What nobody understands.
  - cases: ["g/*"]
    fingerprints: ["{B}"]
    reason: "not looked at yet"
# The end.
"""


@functools.cache
def suite() -> CaseSet:
    """A small part of the suite: two matrices."""
    return load(None, ("matrix/address", "matrix/after-success"))


def expansion(name: str) -> Expansion:
    """Return a matrix of it."""
    return Expansion(next(matrix for matrix in suite().matrices if matrix.id == f"matrix/{name}"))


def baseline(text: str = FILE) -> Baseline:
    """Return a baseline."""
    return read_text(text, "known.yaml")


def held(text: str = FILE, today: datetime.date = TODAY) -> Held:
    """Return what holds verdicts against a baseline."""
    return Held(baseline(text).of("lib:Client", "bytes"), "bytes", today)


def fails(id_: str, fingerprint: str = A, text: str = "") -> Looked:
    """Return a failure."""
    return Looked(id_, "fail", "fail", fingerprint, text)


def passes(id_: str) -> Looked:
    """Return a pass."""
    return Looked(id_, "pass", "pass")


def case(id_: str, hash_: str = "00") -> Case:
    """Return a case."""
    return Case(id_, "", (), (), Source("f.yaml", 1), hash_)


def facts(*looked: Looked, chosen: Sequence[Combinations] = ()) -> Facts:
    """Return what came of hand-written cases, and of combinations that did not pass."""
    cases = tuple(case(each.id) for each in looked if not each.id.startswith("matrix/"))
    return Facts(Planned(cases, tuple(range(len(cases))), tuple(chosen)), looked)


def change(text: str, seen: Facts, scope: Scope = WHOLE, *, only_prune: bool = False) -> str:
    """Return the text of a baseline after an update, or after pruning."""
    found = baseline(text)
    drafts = draft(found.of("lib:Client", "bytes"), seen, scope, TODAY, only_prune=only_prune)
    return rewritten(found, "lib:Client", "bytes", drafts, scope, len(seen.planned))


# the file ----------------------------------------------------------------------------------------------------------


def test_everything_in_a_file_is_read() -> None:
    """An entry has its patterns, its fingerprints, its reason and its line."""
    (group,) = baseline().groups
    assert (group.candidate, group.layer, group.suite, group.judged) == ("lib:Client", "bytes", "0.1.0", 6)
    assert group.chosen == Chosen((), (), 3)
    first, second = group.known
    assert [pattern.text for pattern in first.patterns] == ["f/one", "f/two"]
    assert (first.line, first.lines) == (11, (14, 15))
    assert (set(first.fingerprints), first.reason, first.expires) == ({A}, "we need it", datetime.date(2026, 6, 1))
    assert (first.issue, first.about) == ("https://example.test/1", "X-A is sent.")
    assert (set(second.fingerprints), second.expires, second.issue) == ({B}, None, None)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (FILE, "[]", "known.yaml:1:1: found an empty list; wanted a baseline: a mapping with keys of candidates"),
        ("  layer: bytes\n", "", "known.yaml:3:3: found what is known of a candidate with the keys"),
        (
            "layer: bytes",
            "layer: byte",
            "known.yaml:4:10: found the bare word 'byte'; wanted the layer that has to hold",
        ),
        (A, "A", "known.yaml:16:20: found the text 'A'; wanted the fingerprint of a failure"),
        (f'["{A}"]', "[]", "known.yaml:16:19: found an empty list; wanted a list, […, …], of at least 1 item"),
        ('"2026-06-01"', '"2026-02-30"', "known.yaml:19:14: found the text '2026-02-30'; wanted the last day on which"),
        ('"2026-06-01"', "soon", "known.yaml:19:14: found the bare word 'soon'; wanted the last day on which"),
        (
            '"g/*"',
            '"matrix/x[a]"',
            "found the text 'matrix/x[a]', in which 'a' is not axis=value; wanted the id of a case",
        ),
        (
            '"g/*"',
            '"matrix/x[a=b"',
            "in which brackets that are not matrix/NAME[axis=value,…]; wanted the id of a case",
        ),
        ('"https://example.test/1"', '"#1"', "known.yaml:18:12: found the text '#1'; wanted a link, http://…"),
        ("judged: 6", "judged: many", "known.yaml:7:11: found the bare word 'many'; wanted a decimal integer"),
        ("issue: ", "isue: ", "known.yaml:18:5: found the unknown key 'isue'; wanted a key of a known failure"),
        ("# The end.", '- {candidate: "lib:Client", layer: bytes, known: []}', "twice (first in line 3); wanted"),
        ("# The end.", "# Das Ende: Übel", "known.yaml:24:13: found the character 'Ü'; wanted ASCII only"),
    ],
)
def test_a_broken_file_is_one_sentence(old: str, new: str, sentence: str) -> None:
    """What is wrong is said with file, line, what was found and what was wanted."""
    assert old in FILE
    with pytest.raises(CaseFileError) as caught:
        baseline(FILE.replace(old, new, 1))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """So is one that is no text."""
    with pytest.raises(UsageError, match="No such file"):
        read(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"a: \xff")
    with pytest.raises(CaseFileError, match="the byte FF, which is not UTF-8, at offset 3"):
        read(tmp_path / "bytes.yaml")


def test_the_schema_is_that_of_the_reader() -> None:
    """The file beside the code is generated from the shapes, and takes what they take."""
    file = Path(wireproof._gates.__file__).parent / "baseline.schema.json"
    assert json.loads(file.read_text()) == schema()
    for text in (FILE, EMPTY):
        jsonschema.validate(yaml.safe_load(text), schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(FILE.replace("reason", "raeson")), schema())


@pytest.mark.parametrize("text", ["a", "ä€", 'q"\\', "\U0001f600", "\x7f\x00", "\ud800x"])
def test_any_text_is_written_in_ascii(text: str) -> None:
    """YAML reads the same text again; a lone surrogate, which it cannot hold, is a replacement character."""
    assert quoted(text).isascii()
    assert yaml.safe_load(quoted(text)) == text.replace("\ud800", "\ufffd")


# patterns ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "id_", "does"),
    [
        ("f/one", "f/one", True),
        ("f/one", "f/one-more", False),
        ("f/*", "f/one", True),
        ("f/[ot]*", "f/two", True),
        ("matrix/m", "matrix/m[a=x,b=y]", True),
        ("matrix/m", "matrix/mm[a=x,b=y]", False),
        ("matrix/*", "matrix/m[a=x,b=y]", True),
        ("*", "matrix/m[a=x,b=y]", True),
        ("matrix/m[a=x]", "matrix/m[a=x,b=y]", True),
        ("matrix/m[a=x]", "matrix/m[a=z,b=y]", False),
        ("matrix/m[a=z|x,b=y]", "matrix/m[a=x,b=y]", True),
        ("matrix/m[a=x*]", "matrix/m[a=xyz,b=y]", True),
        ("matrix/m[a=!x]", "matrix/m[a=x,b=y]", False),
        ("matrix/m[a=!z|v]", "matrix/m[a=x,b=y]", True),
        ("matrix/m[a=!z|x]", "matrix/m[a=x,b=y]", False),
        ("matrix/m[c=x]", "matrix/m[a=x,b=y]", False),
        ("matrix/m[a=x]", "f/one", False),
    ],
)
def test_patterns(pattern: str, id_: str, does: bool) -> None:
    """Brackets hold values of axes; an axis that is not named may have any."""
    assert bool(Index([Pattern.of(pattern)]).of(id_)) is does


def test_an_index_says_which_patterns_match() -> None:
    """A combination is found by its id and by its number, and each pattern is a bit."""
    matrix = expansion("address")
    texts = ["f/one", "matrix/address[url=!space]", "matrix/address", "f/*", "matrix/address[connection=ipv4]"]
    index = Index([Pattern.of(text) for text in texts])
    assert list(bits(index.of("f/one"))) == [0, 3]
    numbers = range(0, matrix.matrix.size, 37)
    found = list(index.of_combinations(matrix, numbers))
    assert found == [index.of(matrix.id(number)) for number in numbers]
    assert {0b00100, 0b00110, 0b10110} <= set(found) <= {0b00100, 0b00110, 0b10100, 0b10110}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["address", "after-success"])
def test_combinations_are_grouped_exactly(name: str, seed: int) -> None:
    """Patterns match every combination that fails so, and none that was run and does not; whatever these are."""
    matrix, chance = expansion(name), random.Random(seed)
    run = [number for number in range(matrix.matrix.size) if chance.random() < 0.8]
    regular = [number for number in run if matrix.indices(number)[seed % 3] % 3]
    wanted = [number for number in regular if seed < 2 or chance.random() < 0.9]
    found = patterns(matrix, wanted, set(run).difference(wanted))
    masks = Index([Pattern.of(text) for text in found]).of_combinations(matrix, run)
    assert [number for number, mask in zip(run, masks, strict=True) if mask] == wanted
    assert len(found) == 1 or seed >= 2


# what is news ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("looked", "sentence"),
    [
        (fails("f/one"), None),
        (passes("h/new"), None),
        (Looked("f/one", "error", "error"), None),
        (Looked("h/new", "unsupported", "unsupported"), None),
        (fails("h/new", A, "X\x1b[2J"), "h/new fails, and is not known to: X\\x1b[2J"),
        (fails("f/one", B, "Y"), "known.yaml:11: f/one fails in another way than is known: Y"),
        (passes("f/one"), "known.yaml:11: f/one passes, and is known to fail; remove it"),
        (passes("g/any"), "known.yaml:21: g/any passes, and is known to fail; remove it"),
        (
            Looked("f/two", "unsupported", "unsupported"),
            "known.yaml:11: f/two is unsupported now, and is known to fail",
        ),
    ],
)
def test_what_is_news(looked: Looked, sentence: str | None) -> None:
    """What fails as it is known to is quiet; what fails otherwise, newly or not at all is a sentence."""
    found = held()
    found.take(looked, 0)
    part = Scope(Chosen(), "0.1.0", is_part=True)
    assert found.sentences(part, "known.yaml") == ([] if sentence is None else [sentence])
    assert found.known == (looked == fails("f/one"))


def test_an_entry_that_has_expired_counts_no_more() -> None:
    """On its last day it counts; the day after, what it is about is news."""
    part = Scope(Chosen(), "0.1.0", is_part=True)
    found = held(today=TODAY)
    found.take(fails("f/one"), 0)
    assert found.sentences(part, "k") == []
    found = held(today=TODAY + datetime.timedelta(1))
    found.take(fails("f/one"), 0)
    assert found.sentences(part, "k") == ["k:11: f/one fails, and what was known of it has expired on 2026-06-01"]
    assert found.known == 0


def test_the_same_news_is_told_once_in_whatever_order_it_comes() -> None:
    """The first case stands for all, and the number is told."""
    told = []
    for order in ((0, 1, 2), (2, 0, 1)):
        found = held()
        for position in order:
            found.take(fails(f"h/{position}", C), position)
        told.append(found.sentences(Scope(Chosen(), "", is_part=True), "k"))
    assert told[0] == told[1] == ["h/0 (and 2 more) fails, and is not known to"]


def test_of_two_entries_the_one_that_is_right_counts() -> None:
    """A case that several patterns match is known where one of them has its fingerprint."""
    found = held(FILE.replace('"g/*"', '"f/*"'))
    for at, looked in enumerate((fails("f/one", A), fails("f/two", B))):
        found.take(looked, at)
    assert (found.known, found.news) == (2, [])


@pytest.mark.parametrize(
    ("chosen", "is_part", "lines"),
    [
        (Chosen(), False, [15, 21, 22]),
        (Chosen(strength=2), False, [15, 21]),
        (Chosen(strength="full"), False, [15, 21, 22]),
        (Chosen(select=("f/*",)), False, [15]),
        (Chosen(select=("f/one",)), False, []),
        (Chosen(select=("g/*",)), False, []),
        (Chosen(clause=("x",)), False, []),
        (Chosen(), True, []),
    ],
)
def test_a_pattern_that_matches_nothing_is_news_where_it_should_match(
    chosen: Chosen, is_part: bool, lines: list[int]
) -> None:
    """In a part of a run nothing is said of what may be in another part."""
    text = FILE.replace('  - cases: ["g/*"]\n', '  - cases:\n    - "matrix/m[a=x]"\n').replace(
        '    - "matrix', '    - "g/*"\n    - "matrix'
    )
    lines = [line + 1 if line > 15 else line for line in lines]
    found = held(text)
    found.take(fails("f/one"), 0)
    assert [line for _, _, line in found.stale(Scope(chosen, "0.1.0", is_part))] == lines


@pytest.mark.parametrize(
    ("scope", "lost"),
    [
        (WHOLE, 4),
        (Scope(Chosen(), "0.2.0"), 0),
        (Scope(Chosen(select=("f/*",)), "0.1.0"), 0),
        (Scope(Chosen(), "0.1.0", is_part=True), 0),
    ],
)
def test_verdicts_that_are_gone_are_news(scope: Scope, lost: int) -> None:
    """Only what was judged counts, and only the same selection from the same suite can have lost something."""
    found = held()
    for at, looked in enumerate((fails("f/one"), passes("h/a"), Looked("h/b", "unsupported", "unsupported"))):
        found.take(looked, at)
    assert found.lost_verdicts(scope) == lost


def test_combinations_that_pass_are_held_against_patterns() -> None:
    """What passes in a matrix comes in many at a time."""
    matrix = expansion("address")
    found = held(FILE.replace('"g/*"', '"matrix/address[connection=ipv4,url=space]"'))
    numbers = array("L", range(matrix.matrix.size))
    found.passed(matrix, numbers, range(len(numbers)))
    (news,) = found.news
    assert (news.kind, news.count, news.looked.id) == ("passes", 12, matrix.id(news.position))
    assert found.judged == matrix.matrix.size


# keeping it up to date ---------------------------------------------------------------------------------------------


def test_what_is_right_stays_byte_for_byte() -> None:
    """Reasons, comments, blank lines and order are the person's."""
    seen = facts(fails("f/one"), fails("f/two"), fails("g/a", B), passes("h/a"), passes("h/b"), passes("h/c"))
    assert change(FILE, seen) == change(FILE, seen, only_prune=True) == FILE


def test_an_update_changes_only_what_is_wrong() -> None:
    """What passes goes with its comment; what is new goes to the entry with its fingerprint, or to one of its own."""
    seen = facts(passes("f/one"), fails("f/two"), fails("f/x"), fails("g/a", B), fails("h/a", C, "Z"), passes("h/c"))
    expected = FILE.replace('    # the first\n    - "f/one"\n', "").replace(
        "   # the second\n", '   # the second\n    - "f/x"\n'
    )
    new = f'  - about: "Z"\n    cases:\n    - "h/a"\n    fingerprints: ["{C}"]\n    reason: "not looked at yet"\n'
    assert change(FILE, seen) == expected.replace("# The end.", f"{new}# The end.")


def test_pruning_adds_nothing() -> None:
    """An entry that says nothing any more goes with its comment; what fails otherwise stays as it is, and is news."""
    seen = facts(fails("f/one", C), fails("f/two", C), passes("g/a"), fails("h/a", C), passes("h/b"), passes("h/c"))
    start, end = FILE.index("  # What nobody"), FILE.index("# The end.")
    assert change(FILE, seen, only_prune=True) == FILE[:start] + FILE[end:]


def test_pruning_keeps_what_fails_in_another_way() -> None:
    """A glob that is about a pass, too, becomes the ids of all that fails."""
    seen = facts(fails("f/one"), fails("f/two"), passes("g/a"), fails("g/b", C), fails("g/c", B), passes("h/c"))
    assert change(FILE, seen, only_prune=True) == FILE.replace('["g/*"]', '["g/b", "g/c"]')


def test_nothing_is_added_to_an_entry_that_has_expired() -> None:
    """It would be news at once; a new entry asks to be looked at."""
    text = FILE.replace('expires: "2026-06-01"', 'expires: "2026-05-31"')
    seen = facts(fails("f/one"), fails("f/two"), fails("g/a", B), fails("h/a"), passes("h/b"), passes("h/c"))
    first, *_, last = baseline(change(text, seen)).groups[0].known
    assert [[pattern.text for pattern in each.patterns] for each in (first, last)] == [["f/one", "f/two"], ["h/a"]]


def test_an_entry_keeps_its_reason_when_all_of_it_fails_in_another_way() -> None:
    """The fingerprint and the sentence change in their places."""
    seen = facts(
        fails("f/one", C, "New."), fails("f/two", C), fails("g/a", B), passes("h/a"), passes("h/b"), passes("h/c")
    )
    assert change(FILE, seen) == FILE.replace("X-A is sent.", "New.").replace(A, C)


def test_a_part_that_fails_in_another_way_takes_its_reason_along() -> None:
    """Reason, link and date go to the new entry, too."""
    seen = facts(
        fails("f/one", A), fails("f/two", C, "New."), fails("g/a", B), passes("h/a"), passes("h/b"), passes("h/c")
    )
    *_, last = baseline(change(FILE, seen)).groups[0].known
    assert ([each.text for each in last.patterns], set(last.fingerprints), last.about) == (["f/two"], {C}, "New.")
    assert (last.reason, last.issue) == ("we need it", "https://example.test/1")
    assert last.expires == datetime.date(2026, 6, 1)


def test_a_list_in_one_line_stays_in_one() -> None:
    """A glob that is not right any more becomes the ids of those that are."""
    seen = facts(fails("f/one"), fails("f/two"), passes("g/a"), fails("g/b", B), passes("h/a"), passes("h/b"))
    assert change(FILE, seen) == FILE.replace('["g/*"]', '["g/b"]')


def test_the_last_entry_leaves_an_empty_list() -> None:
    """A candidate without known failures is still one whose verdicts are counted."""
    seen = facts(passes("f/one"), passes("f/two"), passes("g/a"))
    (group,) = baseline(change(FILE, seen)).groups
    assert (group.known, group.judged) == ((), 3)
    again = facts(fails("f/one"), passes("f/two"), passes("g/a"))
    (group,) = baseline(change(change(FILE, seen), again)).groups
    assert [entry.patterns[0].text for entry in group.known] == ["f/one"]


def test_a_part_of_a_run_prunes_nothing_else() -> None:
    """What was not selected is not stale."""
    seen, scope = facts(fails("f/one"), passes("f/two")), Scope(Chosen(select=("f/*",)), "0.1.0")
    found = baseline(change(FILE, seen, scope, only_prune=True)).groups[0]
    assert [[pattern.text for pattern in entry.patterns] for entry in found.known] == [["f/one"], ["g/*"]]


def test_a_new_file_is_exact_about_matrices() -> None:
    """What it says of a run that has failures all over makes no news of the same run, and news of any other."""
    matrix = expansion("after-success")
    combinations = Combinations(matrix, array("L", range(matrix.matrix.size)), 1)
    bad = {number for number in combinations.numbers if matrix.indices(number)[0] in (1, 4) or number % 97 == 5}
    looked = [fails("f/one"), *(fails(matrix.id(number), A if number % 2 else B) for number in sorted(bad))]
    text = change(EMPTY, facts(*looked, chosen=[combinations]))
    assert 'reason: "not looked at yet"' in text
    scope = Scope(Chosen(), "0.1.0")

    def told(bad: set[int]) -> list[str]:
        found = held(text)
        found.take(fails("f/one"), 0)
        for number in combinations.numbers:
            looked = fails(matrix.id(number), A if number % 2 else B) if number in bad else passes(matrix.id(number))
            found.take(looked, number + 1)
        return found.sentences(scope, "k")

    assert told(bad) == []
    first = min(set(combinations.numbers) - bad)
    assert told({*bad, first}) == [f"{matrix.id(first)} fails, and is not known to"]
    (sentence,) = told(bad - {max(bad)})
    assert f"{matrix.id(max(bad))} passes, and is known to fail" in sentence


# versions of the suite ---------------------------------------------------------------------------------------------


def test_a_suite_is_frozen_case_by_case() -> None:
    """Newer cases are left out, and so are those that ask something else now."""
    old = manifest("0.0.9", [case("a/a"), case("a/b"), case("a/c")], ())
    found = freeze([case("a/a"), case("a/b", "01"), case("a/d")], (), old)
    assert [each.id for each in found.cases] == ["a/a"]
    assert (found.newer, found.changed, found.gone) == (1, ("a/b",), ("a/c",))


def test_a_matrix_is_frozen_to_the_same_combinations() -> None:
    """A value that came later leaves no trace in what is planned; another decision leaves the matrix out."""
    (matrix,) = (each for each in suite().matrices if each.id == "matrix/address")
    fewer = Pattern.of("matrix/address[url=space]")
    axes = tuple(
        type(axis)(
            axis.name, axis.catalog, tuple(value for value in axis.values if not _is(fewer, axis.name, value.id))
        )
        for axis in matrix.axes
    )
    earlier = replace(matrix, axes=axes, hash="another hash")
    found = freeze((), (matrix,), manifest("0.0.9", (), (earlier,)))
    then, now = plan((), (earlier,), strength=2), plan((), found.matrices, strength=2)
    assert [one.numbers for one in then.chosen] == [one.numbers for one in now.chosen]
    assert (found.newer, found.changed) == (1, ())
    kept = manifest("0.0.9", (), (earlier,))
    kept["matrices"]["matrix/address"]["decided"] = "0" * 16
    assert freeze((), (matrix,), kept).changed == ("matrix/address",)


def _is(pattern: Pattern, axis: str, value: str) -> bool:
    return axis in pattern.axes and pattern.takes(axis, value)
