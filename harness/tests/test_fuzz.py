"""The fuzzer: what it asks is sound, what it finds is real, shrunken, explained, and can be run again as a case."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from wireproof._candidates import named
from wireproof._cases import load
from wireproof._cases._write import write
from wireproof._fuzz._derive import derive
from wireproof._fuzz._question import Ask, Question
from wireproof._fuzz._reference import play
from wireproof._fuzz._search import BugInSuite, Finding, Limits, Search
from wireproof._fuzz._strategies import BATCHES, questions
from wireproof._judge import judge
from wireproof._judge._verdict import examined
from wireproof._model import Case, Digest, Expect, Recipe, Request, Source, Step
from wireproof._run import Options

CLIENTS = Path(__file__).parent / "clients"
FEW = settings(max_examples=25, deadline=None, database=None, derandomize=True, phases=[Phase.generate])


@pytest.fixture(autouse=True)
def python_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers find the clients."""
    path = os.pathsep.join([str(CLIENTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)


def text(value: str) -> Recipe:
    """Return the recipe of a str."""
    return Recipe("str", {"text": value})


def asking(method: str = "POST", **arguments: Recipe) -> Ask:
    """Return a step that makes a request."""
    return Ask(request=Request((("method", text(method)), ("url", text("/")), *arguments.items())))


def derived(*asks: Ask) -> Case:
    """Return the case that is made of steps."""
    question = Question(asks)
    return derive(question, play(question))


def fields(*pairs: tuple[str, str]) -> Recipe:
    """Return the recipe of a dict of fields."""
    return Recipe("dict", {"items": tuple((text(name), text(value)) for name, value in pairs)})


def search(
    name: str, examples: int = 400, seed: int = 1, most: int = 1, *, strict: bool = False, shrinking: int = 0
) -> list[Finding]:
    """Search a client, and return what is found; shrinking costs most, and is left out unless it is the matter."""
    options = Options(jobs=1, strict_defects=strict)
    with closing(Search(named(name), options, Limits(examples, None, most, shrinking), seed)) as one:
        return list(one.findings())


# writing cases -------------------------------------------------------------------------------------------------


def written_and_read(folder: Path, about: str, cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return cases, of one file, as they are after they were written and read."""
    file = folder / f"{cases[0].id.rpartition('/')[0]}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(write(about, cases), encoding="ascii")
    return load(file).cases


def bare(case: Case) -> Case:
    """Return the case without what depends on where and how it is written."""
    return replace(case, hash="", source=Source("", 0), id=case.id.rpartition("/")[2])


def test_bundled_cases_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    """Every bundled case is the same after it has been written and read."""
    files: dict[str, list[Case]] = {}
    for case in load().cases:
        files.setdefault(case.id.rpartition("/")[0], []).append(case)
    for name, cases in files.items():
        file = tmp_path / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(write("A file.", cases), encoding="ascii")
    again = {case.id: bare(case) for case in load(tmp_path).cases}
    assert again == {case.id: bare(case) for cases in files.values() for case in cases}


@given(
    st.text(st.characters(codec=None), max_size=40),
    st.binary(max_size=40),
    st.sampled_from((1, 8, 70, 5000)),
    st.integers(-(10**12), 10**12),
)
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
def test_any_text_and_bytes_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, characters: str, data: bytes, times: int, number: int
) -> None:
    """Text with lone surrogates, bytes, repeats and numbers of any kind survive being written and read."""
    pieces = (text(characters), Recipe("bytes", {"data": data * times}), Recipe("int", {"value": number}))
    body = Recipe("list", {"items": (*pieces, Recipe("bytearray", {"data": data}))})
    request = Request((("method", text(characters * times)), ("url", Recipe("none")), ("body", body)))
    expect = Expect(("GET / HTTP/1.1",), Digest(3, "0" * 64) if number % 2 else data * times, effects={})
    step = Step("request", "a", request, expect)
    case = Case("a/b/c", "About it.", ("request.sent",), (step,), Source("", 0), "")
    (again,) = written_and_read(tmp_path_factory.mktemp("case"), "A file.", [case])
    assert bare(again) == bare(case)


# what is asked -------------------------------------------------------------------------------------------------


def drawn(batch: bytes) -> Iterator[Question]:
    """Yield the questions of a batch."""
    for _, make in questions(batch):
        question = make()
        if question is not None:
            yield question


@given(BATCHES)
@FEW
def test_the_oracles_agree_on_what_is_drawn(batch: bytes) -> None:
    """What the reference does passes its own expectation, and neither contract nor RFCs have anything against it."""
    for question in drawn(batch):
        played = play(question)
        case = derive(question, played)
        assert (judge(case, played.capture, {}).verdict, examined(case).bugs) == ("pass", ())


@given(BATCHES)
@FEW
def test_what_is_drawn_can_be_written_as_cases(tmp_path_factory: pytest.TempPathFactory, batch: bytes) -> None:
    """Every example can be written into a case file, and read from it."""
    cases = []
    for number, question in enumerate(drawn(batch)):
        case = derive(question, play(question))
        asked = tuple(sorted(examined(case).violated))
        cases.append(replace(case, id=f"fuzz/all/example-{number}", asked=asked, rules=()))
    again = written_and_read(tmp_path_factory.mktemp("case"), "A file.", cases)
    assert [bare(case) for case in again] == [bare(case) for case in cases]


def test_zeros_are_the_simplest_question() -> None:
    """What shrinking ends at is GET / and nothing else."""
    found = list(drawn(bytes(385)))
    assert found == [Question((asking("GET"),))] * 8


def test_a_key_is_that_of_one_question() -> None:
    """Blocks that are the same are the same question; others have another key."""
    keys = [key for key, _ in questions(bytes(1) + bytes(48 * 7) + b"\x80" * 48)]
    assert (len(set(keys[:7])), keys[7] in keys[:7]) == (1, False)


# what must come of it ------------------------------------------------------------------------------------------


def test_an_expectation_is_what_the_reference_sends() -> None:
    """The address is a placeholder, and effects that go without saying are not said."""
    (step,) = derived(asking(body=Recipe("generator", {"items": (Recipe("bytes", {"data": b"abc"}),)}))).steps
    head = ("POST / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity", "Transfer-Encoding: chunked")
    assert step.expect == Expect(head, b"3\r\nabc\r\n0\r\n\r\n")
    assert step.alternatives == ()


WIDE = Recipe("array", {"data": b"abcdef", "typecode": "H"})
BOTH = fields(("Content-Length", "3"), ("Transfer-Encoding", "chunked"))
DEFECTS = {
    "item-count": (asking(body=Recipe("list", {"items": (WIDE,)})), b"3\r\nabcdef\r\n0\r\n\r\n", None),
    "length-wins-over-flag": (
        asking(body=text("abc"), headers=BOTH, encode_chunked=Recipe("bool", {"value": True})),
        b"abc",
        None,
    ),
    "unsized-buffer": (
        asking(body=Recipe("list", {"items": (WIDE, Recipe("buffer", {"data": b"abc"}))})),
        b"3\r\nabcdef\r\n",
        "TypeError",
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_known_defects_of_bodies_are_other_ways(name: str) -> None:
    """What CPython is known to do with a body is an alternative, with the bytes that CPython sends."""
    ask, body, raises = DEFECTS[name]
    (found,) = derived(ask).steps[0].alternatives
    assert (found.kind, found.name, found.expect.body, found.expect.raises) == ("defect", name, body, raises)


@pytest.mark.parametrize(
    ("first", "lines"),
    [
        (asking(headers=fields(("X-A", "1"), ("X-B", "a\nb"), ("X-C", "3"))), ("Content-Length: 0", "X-A: 1")),
        (asking(body=text("\u20ac"), headers=fields(("X-A", "a\r\n b"))), ("Content-Length: 1", "X-A: a", " b")),
        (asking("GE\nT"), None),
        (asking(headers=Recipe("none")), None),
        (
            asking(
                headers=Recipe("dict", {"items": ((text("X"), text("1")), (Recipe("int", {"value": 1}), text("2")))})
            ),
            None,
        ),
    ],
    ids=["field", "text", "method", "headers", "name"],
)
def test_a_stale_head_is_another_way(first: Ask, lines: tuple[str, ...] | None) -> None:
    """After a head that failed and close(), CPython sends the lines that it has kept; of others it keeps none."""
    *_, last = derived(first, Ask(), asking("GET")).steps
    kept = ("POST / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity")
    heads = [each.expect.head for each in last.alternatives]
    assert last.expect is not None
    assert last.expect.head is not None
    assert heads == ([] if lines is None else [(*kept, *lines, *last.expect.head)])


def test_where_the_oracles_disagree_the_suite_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule of the RFCs that the reference breaks and nobody asked for is no finding about the candidate."""
    monkeypatch.setattr("wireproof._fuzz._derive.may_break", lambda request, connection: frozenset())
    with closing(Search(named("reference"), Options(jobs=1), Limits(100, None), 1, thorough=True)) as one:  # noqa: SIM117
        with pytest.raises(BugInSuite, match=r"^BUG IN SUITE: the expected bytes break rfc\."):
            list(one.findings())


# what is found -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reference", "stdlib", "faithful:Scratch"])
def test_nothing_is_found_on_sound_clients(name: str) -> None:
    """The reference, the standard library and a client from scratch answer everything as they should."""
    assert [(found.verdict.reason, found.case.steps) for found in search(name, 250)] == []


FOUND = {
    "TextAsUtf8": "call.not-raised",
    "DecimalSizes": "chunk.decimal",
    "FileRewound": "body.rewound",
    "NoZeroForPatch": "framing.zero-missing",
    "NeverBusy": "call.not-raised",
    "HeadersSorted": "order.sorted",
}


@pytest.mark.parametrize("name", FOUND)
def test_a_fault_is_found(name: str) -> None:
    """A faulty client is found from a cold start, for a reason that fits."""
    (found,) = search(f"faulty:{name}", 2000)
    assert found.verdict.reason is not None
    assert found.verdict.reason.code == FOUND[name]


def test_a_finding_is_as_simple_as_can_be() -> None:
    """What is left of an example is what the fault needs."""
    (found,) = search("faulty:NoZeroForPatch", 2000, shrinking=1000)
    (step,) = found.case.steps
    assert step.request is not None
    method, url = step.request.arguments
    assert (str(method[1].get("text")).upper(), url) == ("PATCH", ("url", text("/")))


def test_the_same_seed_finds_the_same() -> None:
    """Two searches with one seed are the same, and one with another seed is not."""
    first, again, other = (search("faulty:NoZeroForPatch", 2000, seed, shrinking=100) for seed in (1, 1, 2))
    assert [(each.case, each.examples) for each in first] == [(each.case, each.examples) for each in again]
    assert [each.examples for each in first] != [each.examples for each in other]


def test_further_findings_are_others() -> None:
    """What was found once is not found again."""
    found = search("faulty:TextAsUtf8", 300, most=2)
    assert len({each.key for each in found}) == len(found) == 2


def test_known_defects_are_findings_where_they_are_asked_for() -> None:
    """With strict defects the standard library is found to have one."""
    (found,) = search("stdlib", 400, strict=True)
    assert found.verdict.reason is not None
    assert found.verdict.reason.code == "defect"


def test_a_crash_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate that ends its process is found, and the search goes on to its end."""
    (tmp_path / "gone.py").write_text(
        "import http.client, os\n\nclass Client(http.client.HTTPConnection):\n"
        "    def request(self, method, *rest, **more):\n"
        "        if method == 'PATCH':\n            os._exit(3)\n"
        "        super().request(method, *rest, **more)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (found,) = search("gone:Client", 200, most=2)
    assert found.verdict.reason is not None
    assert found.verdict.reason.code == "crash"


# the command line ----------------------------------------------------------------------------------------------


def wireproof(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    command = [sys.executable, "-m", "wireproof", *arguments]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, cwd=cwd)


def test_what_is_saved_runs_as_a_case_and_fails(tmp_path: Path) -> None:
    """A finding is written to a case file that wireproof run takes: the faulty client fails it, others pass."""
    done = wireproof("fuzz", "faulty:HeadersSorted", "--examples=600", "--seed=1", "--findings=1", f"--save={tmp_path}")
    (file,) = tmp_path.rglob("*.yaml")
    assert (done.returncode, done.stderr, str(file) in done.stdout) == (1, "", True), done.stdout
    assert wireproof("run", "faulty:HeadersSorted", "--cases", str(tmp_path)).returncode == 1
    assert wireproof("run", "reference", "stdlib", "--cases", str(tmp_path)).returncode == 0


def test_a_finding_is_explained_with_a_script(tmp_path: Path) -> None:
    """What is found is explained, and a script reproduces it without wireproof."""
    done = wireproof("fuzz", "faulty:NamesLowered", "--examples=400", "--seed=1", "--findings=1")
    assert done.stdout.startswith("faulty:NamesLowered: seed 1, gate bytes\n")
    assert "Expected (-) and received (+):" in done.stdout
    _, _, script = done.stdout.partition("A script that does it without wireproof:\n\n")
    (tmp_path / "script.py").write_text(script.partition("\n\nfaulty:")[0], encoding="utf-8")
    ran = subprocess.run([sys.executable, str(tmp_path / "script.py")], capture_output=True, check=False)
    assert (done.returncode, ran.returncode, ran.stderr) == (1, 1, b"")


def test_nothing_found_exits_0() -> None:
    """Where nothing is found the exit code is 0, and the last line says how much was tried."""
    done = wireproof("fuzz", "reference", "--examples=50", "--seed=3")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\nreference: nothing found in 50 examples\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "CANDIDATE: got 'nothing'; wanted who is asked"),
        (("no.such:Client",), "no.such:Client"),
        (("stdlib", "--examples=0"), "--examples"),
        (("stdlib", "--time=0"), "--time"),
        (("stdlib", "--seed=x"), "--seed"),
        (("stdlib", "--gate=none"), "--gate"),
        (("stdlib", f"--save={__file__}"), "--save"),
        (("stdlib", "--python=python3", "--isolate"), "--isolate"),
    ],
)
def test_bad_options_are_said_in_one_sentence(arguments: tuple[str, ...], words: str) -> None:
    """What cannot be done is exit code 2 and one sentence."""
    done = wireproof("fuzz", *arguments)
    assert (done.returncode, done.stderr.count("\n"), words in done.stderr) == (2, 1, True), done.stderr


def test_an_interruption_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    """After Ctrl-C there is one line, and no worker is left."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "wireproof", "fuzz", "stdlib", "--time=600"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.send_signal(2)
        # the pipe comes to its end when the last process that has it does
        _, errors = running.communicate(timeout=60)
    assert (running.returncode, errors.strip()) == (3, "wireproof: interrupted")
    assert list(tmp_path.iterdir()) == []
