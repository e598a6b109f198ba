"""The stored results of mutation fit what they are about, and the job that makes them can fail."""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wireproof._model import Difference, Verdict

HERE = Path(__file__).parent
MUTATION = HERE / "mutation"
STORED = HERE.parent.parent / "reports" / "proof" / "mutation.json"

pytest.importorskip("cosmic_ray", reason="the operators are cosmic-ray's, which only the environment mutation has")
sys.path.append(str(MUTATION))
reasons = importlib.import_module("mutant_reasons")
report = importlib.import_module("mutant_report")
source = importlib.import_module("mutant_source")
subjects = importlib.import_module("mutant_subjects")
job = importlib.import_module("mutant_job")
trial = importlib.import_module("mutant_trial")
operators = importlib.import_module("mutant_operators")
cosmic = importlib.import_module("mutant_cosmic")

OPERATORS = {**cosmic.COSMIC, **operators.OWN}


def changes(text: str, *names: str) -> list[str]:
    """Return what operators make of a text, all of them or some."""
    chosen = {name: edits for name, edits in OPERATORS.items() if not names or name in names}
    of = source.Source("x.py", text)
    return [of.mutated(each.edit).splitlines()[each.line - 1].strip() for each in source.mutants("s", of, chosen)]


# operators ----------------------------------------------------------------------------------------------------------

TABLE: list[tuple[str, str, list[str]]] = [
    ("comparison", "x = a < b", ["x = a <= b", "x = a > b"]),
    ("comparison", "x = a is b", ["x = a is not b"]),
    ("boolean", "x = a and True", ["x = a or True", "x = a and False"]),
    ("number", "x = 9", ["x = 10", "x = 8"]),
    ("statement-deleted", "def f():\n    return a", ["pass"]),
    ("condition-forced", "if a: pass", ["if True: pass", "if False: pass"]),
    ("condition-forced", "while a: pass", ["while False: pass"]),
    ("term-dropped", "x = a and b and c", ["x = (b and c)", "x = (a and c)", "x = (a and b)"]),
    ("membership-inverted", "x = a in b", ["x = (a not in b)"]),
    ("argument-dropped", "f(a, b=c)", ["f(b=c)", "f(a)"]),
    ("argument-dropped", "f(a)", []),
    ("default-changed", "def f(a=None, b={}): pass", ["def f(a=0, b={}): pass", "def f(a=None, b=None): pass"]),
    ("return-none", "def f():\n    return a", ["return None"]),
    ("slice-bound-dropped", "x = a[1:2]", ["x = a[:2]", "x = a[1:]"]),
    ("method-swapped", "x = a.lower()", ["x = a.upper()"]),
    ("method-dropped", "x = a.lower() + str(b)", ["x = a + str(b)", "x = a.lower() + b"]),
    ("encoding-swapped", "a.encode('ascii')", ["a.encode('latin-1')"]),
    ("errors-ignored", "a.encode('ascii')", ["a.encode('ascii', 'replace')"]),
    ("exception-swapped", "raise A(b)", ["raise RuntimeError(b)"]),
    ("element-dropped", "x = {a, b}", ["x = {b}", "x = {a}"]),
    ("operand-dropped", "x += a", ["x = a"]),
    ("pattern-changed", r"re.compile('[a\x00-\x1f]')", [r"re.compile('[\x00-\x1f]')", r"re.compile('[a\x00-\x1e]')"]),
    ("constant-changed", "x = 'Ab'", ["x = ''", "x = 'b'", "x = 'A'", "x = 'aB'"]),
    ("format-changed", "x = f'{a:X}'", ["x = f'{a:}'", "x = f'{a:x}'"]),
]


@pytest.mark.parametrize(("name", "text", "expected"), TABLE)
def test_an_operator_makes_the_changes_that_it_is_for(name: str, text: str, expected: list[str]) -> None:
    """Each operator changes one thing at a time, and all that it is about."""
    found = changes(text, name)
    assert [each for each in expected if each not in found] == []
    assert name == "pattern-changed" or len(found) == len(expected), found


def test_no_two_mutants_are_the_same_program() -> None:
    """What two operators make alike is one mutant, and what changes nothing is none."""
    assert changes("x = 'a'") == ["x = ''", "x = 'A'"]
    assert changes("def f():\n    return None") == []
    found = changes("if not a: pass")
    assert len(found) == len(set(found))


def test_every_operator_has_a_line_in_the_table_or_is_the_library_s() -> None:
    """None of our operators is without a test."""
    assert set(operators.OWN) <= {name for name, _, _ in TABLE}


# reasons ------------------------------------------------------------------------------------------------------------

TEXT = '''class C:
    """About it."""

    def f(self, a: "int") -> None:
        if debug > 0:
            print("said")
        raise ValueError("wrong")
'''


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        ({"kind": "docstring"}, "About it."),
        ({"kind": "annotation"}, "int"),
        ({"kind": "message"}, "wrong"),
        ({"place": "C.*", "at": "if debug"}, "said"),
        ({"place": "C"}, ""),
    ],
)
def test_what_is_excluded_is_left_out_by_place_and_text(entry: dict[str, str], left: str) -> None:
    """An entry leaves out what it names, and nothing else; it counts what it has left out."""
    of = source.Source("x.py", TEXT)
    every = list(source.mutants("s", of, OPERATORS))
    known = reasons.Reasons([reasons.Exclusion("because", **entry)], [])
    kept = [each for each in every if known.exclusion(each, of) is None]
    assert known.excluded[0].used == len(every) - len(kept) > 0
    assert bool(kept) == bool(left)
    low = TEXT.index(left) - 1
    high = low + len(left) + 2
    assert [each.change for each in kept if low <= each.edit.start and each.edit.end <= high] == []


def test_an_entry_about_nothing_is_a_complaint() -> None:
    """An exclusion, or an equivalent, that no mutant fits is said to be stale."""
    known = reasons.Reasons(
        [reasons.Exclusion("because", subject="s", place="gone")],
        [reasons.Equivalent("because", "s", "x.py", "f", ["number: 1 → 2"])],
    )
    assert known.stale(["s"]) == [
        "excluded.yaml: no mutant of s * is in gone: because",
        "equivalent.yaml: s x.py f has no mutant number: 1 → 2",
    ]
    assert known.stale(["other"]) == []


@pytest.mark.parametrize(
    "text", ["- {reason: ''}", "- {place: x}", "- {reason: x, kind: y}", "text", "- {reason: x, plac: y}"]
)
def test_a_bad_entry_is_one_sentence(text: str, tmp_path: Path) -> None:
    """What is no entry is told with the name of the file."""
    path = tmp_path / "excluded.yaml"
    path.write_text(text)
    with pytest.raises(reasons.UsageError, match=r"excluded\.yaml: got"):
        reasons.read(excluded=path)


def test_a_kill_names_all_clauses_of_its_verdict() -> None:
    """The reasons' clauses and the RFC's rules are named, and the layer is the one that weighs most."""
    differences = tuple(Difference("a", "b", "why", clause) for clause in ("x.y", "", "x.a"))
    notes = ("not valid HTTP/1.1: rfc.chunk-last", "the caller asked for it: rfc.obs-fold")
    for layers, layer in (("fail pass", "contract"), ("pass fail", "rfc"), ("pass pass", "bytes")):
        given = {"bytes": "fail", **dict(zip(("contract", "rfc"), layers.split(), strict=True))}
        found = trial.killed(Verdict("a/b/c", "0", "fail", given, (), differences, notes=notes))
        assert found == trial.Result("killed", "a/b/c", layer, "x.y", ("rfc.chunk-last", "x.a", "x.y"), "why")


# results ------------------------------------------------------------------------------------------------------------


def entry(name: str, outcome: str, subject: str = "s") -> Any:
    """Return the entry of a mutant."""
    result = trial.Result(outcome, "a/b/c", "contract", "x.y", ("x.y",), "why")
    return job.Entry(name, subject, "number", "x.py", 1, "1 → 2", result, "why")


def document(*entries: Any) -> Any:
    """Return what is stored of some mutants."""
    return report.document("0", "3", {"s": {"x.py": "0" * 64}}, {"s": 2}, entries)


def test_a_survivor_is_a_complaint() -> None:
    """A mutant that survives fails the job, and is named."""
    assert report.complaints(document(entry("m", "killed"))) == []
    (sentence,) = report.complaints(document(entry("m", "killed"), entry("n", "survived")))
    assert sentence == "n (line 1) survived, and nothing says why: 1 → 2"


def test_too_many_equivalents_are_a_complaint() -> None:
    """Of a hundred mutants four may be declared equivalent, and not five."""
    for count, complained in ((4, 0), (5, 1)):
        entries = [entry(str(at), "equivalent" if at < count else "killed") for at in range(100)]
        assert len(report.complaints(document(*entries))) == complained


def test_a_false_equivalent_is_a_complaint() -> None:
    """A mutant that is said to be equivalent, and is killed, fails the job."""
    of = source.Source("x.py", "def f():\n    return 1\n")
    (mutant, other) = source.mutants("s", of, {"number": OPERATORS["number"]})
    known = reasons.Reasons([], [reasons.Equivalent("because", "s", "x.py", "f", [mutant.key])])
    survived, killed = trial.Result("survived"), trial.Result("killed", "a/b/c", reason="why")
    right, wrong = {mutant.id: survived, other.id: killed}, {mutant.id: killed, other.id: killed}
    assert job.contradictions([mutant, other], right, known) == []
    (sentence,) = job.contradictions([mutant, other], wrong, known)
    assert sentence == "equivalent.yaml: x.py f: number: return 1 → return 2: it is killed: a/b/c: why"
    assert job.settled(mutant, survived, known).outcome == "equivalent"
    assert job.settled(other, survived, known).outcome == "survived"


def test_what_differs_from_the_stored_results_is_a_complaint() -> None:
    """Another outcome, another clause and a mutant that is new are told; the same is not."""
    stored = document(entry("m", "killed"), entry("n", "killed"))
    assert report.differing(stored, [entry("m", "killed")]) == []
    assert report.differing(stored, [entry("n", "survived"), entry("o", "killed")]) == [
        "n: outcome is survived, and was killed; run tox -e mutation",
        "o is not in the stored results; run tox -e mutation",
    ]


def test_the_file_is_json_with_one_mutant_a_line(tmp_path: Path) -> None:
    """What is written is read back as it was, and a change of one mutant is a change of one line."""
    stored = document(entry("m", "killed"), entry("n", "killed"))
    report.write(stored, tmp_path / "new" / "x.json")
    (path,) = (tmp_path / "new").iterdir()
    assert json.loads(path.read_text()) == stored
    assert [line[:11] for line in path.read_text().splitlines()].count('{"id": "n",') == 1


def test_the_table_names_clauses_without_a_killed_mutant() -> None:
    """The table has the subjects with their scores, and the clauses with their numbers."""
    lines = report.table(document(entry("m", "killed"), entry("n", "survived")), ["x.y", "x.z"]).splitlines()
    assert lines[1].split() == ["s", "2", "1", "0", "1", "0", "2", "50.00%"]
    assert lines[-4:] == ["      1  x.y", "", "clauses that no killed mutant names", "         x.z"]


# the stored results -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored() -> Any:
    """Return the stored results."""
    return json.loads(STORED.read_text("utf-8"))


def test_the_stored_results_are_of_the_present_sources(stored: Any) -> None:
    """The reference implementation and the faulty clients are those that were mutated and tried."""
    files = {name: make().hashes() for name, make in subjects.SUBJECTS.items()}
    files["catalogue"] = subjects.catalogue_hashes()
    assert report.outdated(stored, files, platform.python_version()) == []
    changed = {**files, "reference": {**files["reference"], "_body.py": "0" * 64}}
    assert report.outdated(stored, changed, "") == [
        "reports/proof/mutation.json: reference: _body.py has changed since it was made; run tox -e mutation"
    ]


def test_the_stored_results_have_no_survivor(stored: Any) -> None:
    """Every mutant is killed, or there is a reason why it cannot be."""
    assert report.complaints(stored) == []
    assert {report.score(subject) for subject in stored["subjects"].values()} == {1.0}


# the job ------------------------------------------------------------------------------------------------------------

SMALL = """
import sys
sys.path.insert(0, sys.argv[1])
import mutant_reasons, mutant_subjects
from mutant_job import Job, settled
from mutant_source import Edit, Mutant
from wireproof._cases import load
from wireproof._selection import plan

cases = load(None, ())
job = Job(cases, plan(cases.cases, (), sys.argv[4:]), 2)
subject = mutant_subjects.reference()
source = subject.sources["_body.py"]
start = source.text.index(sys.argv[2])
edit = Edit(start, start + len(sys.argv[2]), sys.argv[3])
mutant = Mutant("reference", "_body.py", "x", "y", 1, 1, "z", edit)
print(*job.unchanged([subject], ()))
for _, result in job.mutants({"reference": subject}, [mutant]):
    print(result.outcome, result.case, result.layer, result.clause, "|", result.reason)
    is_clear = result.outcome == "unusable" or "no end" in result.reason
    print("" if is_clear else job.confirmed(subject, mutant).outcome)
"""


@pytest.mark.parametrize(
    ("old", "new", "outcome", "reason"),
    [
        ('"%X"', '"%x"', "killed body-iterable/sizes/15-and-16 bytes", "lower-case"),
        ('"%X"', '"%00X"', "survived", ""),
        ("_CRLF = ", "_CRLF = missing or ", "unusable", "importing it raises NameError"),
        ("    if body is None:", "    while True: pass\n    if body is None:", "killed", "no end within"),
        ("    if body is None:", "    __import__('os').abort()\n    if body is None:", "killed", "SIGABRT"),
    ],
)
def test_a_mutant_is_killed_or_survives_or_cannot_be_used(old: str, new: str, outcome: str, reason: str) -> None:
    """What comes of a mutant is what the runner says of it, and what cannot be imported is no kill."""
    arguments = [str(MUTATION), old, new, "body-iterable/sizes/15-and-16"]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [sys.executable, "-c", SMALL, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    unchanged, found, confirmed = done.stdout.splitlines() or [done.stderr, "", ""]
    assert unchanged == ""
    assert found.startswith(outcome)
    assert reason in found
    assert confirmed == ("" if outcome == "unusable" or "no end" in reason else found.partition(" ")[0])


def test_some_of_the_mutants_are_tried_again(stored: Any) -> None:
    """What comes of them is what is stored."""
    count = 1 + sum(subject["mutants"] for subject in stored["subjects"].values()) // 12
    done = subprocess.run(
        [sys.executable, str(MUTATION), "--sample", f"2/{count}", "--jobs", "2"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
