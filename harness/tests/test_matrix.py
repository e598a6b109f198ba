"""Tests of matrices: what tables decide, how combinations are numbered, what they expect, and covering arrays."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wireproof._cases import load
from wireproof._judge import examine
from wireproof._judge._verdict import examined
from wireproof._matrix import (
    Axis,
    Coverage,
    Decisions,
    Expansion,
    Matrix,
    Rule,
    Value,
    covering,
    taken_apart,
    unreached,
)
from wireproof._model import Alternative, Expect, Source

HERE = Source("f", 1)
BUNDLED = {matrix.id.removeprefix("matrix/"): Expansion(matrix) for matrix in load(None, ["matrix/*"]).matrices}
POST, GET = "POST /x HTTP/1.1", "GET /x HTTP/1.1"
HOST, ACCEPT = "Host: <host>:<port>", "Accept-Encoding: identity"
CHUNKED = "Transfer-Encoding: chunked"


# small matrices -----------------------------------------------------------------------------------------------------


def rule(table: str, id_: str, when: Mapping[str, str | tuple[str, ...]], **outcome: str) -> Rule:
    """Make a rule."""
    asked = tuple((key, (words,) if isinstance(words, str) else words) for key, words in when.items())
    return Rule(table, id_, asked, outcome, (), HERE)


def matrix(words: Mapping[str, list[str]], errors: list[Rule]) -> Matrix:
    """Make a matrix of single requests: for each axis the words of its values, of which rules can ask as AXIS.is."""
    axes = tuple(
        Axis(name, "c", tuple(Value(f"v{at}", "", HERE, "", attributes={"is": word}) for at, word in enumerate(each)))
        for name, each in words.items()
    )
    names = ("method", "url", "body", "headers", "encode_chunked", "connection")
    others = {name: Value("given", "", HERE, "") for name in names if name not in words}
    tables = {
        "errors": tuple(errors),
        "host": (rule("host", "any", {}, sends="connection"),),
        "accept-encoding": (rule("accept-encoding", "any", {}, sends="identity"),),
        "framing": (rule("framing", "any", {}, adds="nothing", body="raw"),),
        "defects": (rule("defects", "none", {}, name="none"),),
    }
    return Matrix("matrix/m", "", axes, others, tables, HERE, "")


NO_ERROR = rule("errors", "none", {}, raises="nothing")
AXES = ("method", "body", "headers", "encode_chunked", "url")


@st.composite
def matrices(draw: st.DrawFn) -> Expansion:
    """Make small matrices, of which some values raise, alone or beside one of another axis; one of each axis never."""
    names = AXES[: draw(st.integers(2, 4))]
    others = st.lists(st.sampled_from(["good", "odd", "bad"]), max_size=4)
    words = {name: draw(st.permutations(["good", *draw(others)])) for name in names}
    errors = []
    for at, name in enumerate(draw(st.permutations(names))):
        if draw(st.booleans()):
            beside = draw(st.sampled_from([{}, {f"{other}.is": "odd" for other in names if other != name}]))
            errors.append(
                rule("errors", f"e{at}", {f"{name}.is": "bad", **beside}, raises="ValueError", sent="nothing")
            )
    return Expansion(matrix(words, [*errors, NO_ERROR]))


def unmasked(expansion: Expansion, strength: int, numbers: list[int]) -> set[tuple[tuple[str, int], ...]]:
    """Return the tuples of values that show in combinations: what another value raises hides them."""
    names = [axis.name for axis in expansion.axes]
    found = set()
    for number in numbers:
        rules = expansion.decision(number).rules
        guilty = rules[0].when[0][0].split(".")[0] if rules[0].table == "errors" and rules[0].when else ""
        chosen = tuple(zip(names, expansion.indices(number), strict=True))
        for group in itertools.combinations(chosen, strength):
            if not guilty or guilty in dict(group):
                found.add(group)
    return found


@settings(deadline=None, max_examples=150)
@given(matrices(), st.integers(1, 3))
def test_covering_arrays(expansion: Expansion, strength: int) -> None:
    """Every tuple of values occurs where no other value hides it, and nothing but the matrix decides in which rows."""
    numbers = list(covering(expansion, strength))
    least = min(strength, len(expansion.axes))
    pairs = [[(axis.name, at) for at in range(len(axis.values))] for axis in expansion.axes]
    every = {each for group in itertools.combinations(pairs, least) for each in itertools.product(*group)}
    assert numbers == sorted(set(numbers))
    assert set(numbers) <= set(range(expansion.matrix.size))
    assert unmasked(expansion, least, numbers) == every
    assert list(covering(Expansion(expansion.matrix), strength)) == numbers


@settings(deadline=None, max_examples=60)
@given(matrices(), st.integers(1, 3))
def test_coverage(expansion: Expansion, strength: int) -> None:
    """Coverage counts the tuples that show, and those that there are."""
    least = min(strength, len(expansion.axes))
    half = list(range(0, expansion.matrix.size, 2))
    counted = Coverage(expansion, strength)
    counted.add(half)
    assert counted.covered == len(unmasked(expansion, least, half))
    assert counted.total - counted.covered == len(list(counted.missing()))


def test_the_whole_product() -> None:
    """With as many values as there are axes, the covering array is every combination."""
    expansion = Expansion(matrix({"method": ["good"] * 3, "body": ["good"] * 2}, [NO_ERROR]))
    assert list(covering(expansion, 2)) == list(range(6))
    assert list(covering(expansion, 1)) == [0, 3, 4]


@pytest.mark.parametrize(
    ("name", "strength", "largest", "more"),
    [
        ("framing", 2, 68 * 47, 481),
        ("framing", 3, 68 * 47 * 16, 0),
        ("target", 2, 31 * 16, 65),
        ("address", 2, 31 * 12, 62),
        ("after-success", 2, 12 * 12, 0),
        ("after-failure", 2, 12 * 9, 0),
    ],
)
def test_sizes_of_the_bundled_ones(name: str, strength: int, largest: int, more: int) -> None:
    """A covering array has the product of the largest axes, and what takes the tuples that errors would hide."""
    numbers = covering(BUNDLED[name], strength)
    assert len(numbers) == largest + more
    assert numbers == covering(Expansion(BUNDLED[name].matrix), strength)


# decisions -----------------------------------------------------------------------------------------------------------


def test_the_first_rule_counts() -> None:
    """Of two rules that hold, the first decides; one whose conditions do not all hold is passed over."""
    errors = [
        rule("errors", "both", {"method.is": "bad", "body.is": "bad"}, raises="KeyError", sent="nothing"),
        rule("errors", "method", {"method.is": ("bad", "odd")}, raises="ValueError", sent="head"),
        rule("errors", "body", {"body.is": "bad"}, raises="TypeError", sent="nothing"),
        NO_ERROR,
    ]
    words = ["good", "bad", "odd"]
    expansion = Expansion(matrix({"method": words, "body": words}, errors))
    decided = [[expansion.decision(3 * one + two).raises for two in range(3)] for one in range(3)]
    assert decided == [
        ["nothing", "TypeError", "nothing"],
        ["ValueError", "KeyError", "ValueError"],
        ["ValueError", "ValueError", "ValueError"],
    ]
    assert [expansion.decision(number).guilty for number in (0, 1, 4, 8)] == ["", "body", "method", "method"]


def test_exercises_decide_nothing_and_all_count() -> None:
    """Every rule of exercises that holds adds its clauses, where the call returns; what is expected stays the same."""
    words = {"method": ["a", "b", "c"], "body": ["x", "y"]}
    fails = rule("errors", "c", {"method.is": "c"}, raises="TypeError", sent="head")
    plain = matrix(words, [fails, NO_ERROR])
    extra = (
        replace(rule("exercises", "a", {"method.is": "a"}), clauses=("one",)),
        replace(rule("exercises", "a-x", {"method.is": ("a", "c"), "body.is": "x"}), clauses=("two",)),
        replace(rule("exercises", "raw", {"framing.body": "raw", "body.is": "y"}), clauses=("three",)),
    )
    rich = Expansion(replace(plain, tables={**plain.tables, "exercises": extra}))
    found = [rich.decisions.clauses(number) for number in range(6)]
    assert found == [("one", "two"), ("one", "three"), (), ("three",), (), ()]
    for number in range(6):
        decided, same = rich.decision(number), Expansion(plain).decision(number)
        assert decided == same
    never = replace(rule("exercises", "never", {"method.is": "c"}), clauses=("four",))
    whole = Decisions(replace(plain, tables={**plain.tables, "exercises": (*extra, never)}))
    assert [(one.id, earlier) for one, earlier in unreached(whole)] == [("never", None)]


def test_classes() -> None:
    """Values that no rule can tell apart are one class, and decided once."""
    errors = [rule("errors", "bad", {"method.is": "bad"}, raises="ValueError", sent="nothing"), NO_ERROR]
    decisions = Decisions(matrix({"method": ["good", "odd", "bad", "bad"], "body": ["good", "bad"]}, errors))
    assert decisions.classes == [[0, 0, 1, 1], [0, 0]]
    assert len(decisions.by_class) == 2


def test_undecided_and_unreached() -> None:
    """A combination that no rule takes is known, and so is a rule that takes none."""
    errors = [
        rule("errors", "one", {"method.is": ("good", "odd")}, raises="nothing"),
        rule("errors", "two", {"method.is": "good", "body.is": "good"}, raises="nothing"),
    ]
    decisions = Decisions(matrix({"method": ["good", "bad"], "body": ["good"]}, errors))
    assert decisions.undecided == [((1, 0), "errors")]
    assert [each.id for each in decisions.shadowed] == ["two"]


# ids -----------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_ids(data: st.DataObject) -> None:
    """An id names the matrix and the values, and leads back to its combination; so do the indices."""
    expansion = BUNDLED[data.draw(st.sampled_from(sorted(BUNDLED)))]
    number = data.draw(st.integers(0, expansion.matrix.size - 1))
    parts = taken_apart(expansion.id(number))
    assert parts is not None
    assert parts[0] == expansion.matrix.id
    assert list(parts[1]) == [axis.name for axis in expansion.axes]
    assert expansion.named(parts[1]) == number
    assert expansion.number(expansion.indices(number)) == number
    assert expansion.case(number).id == expansion.id(number)


def test_wrong_ids() -> None:
    """What is no list of axis=value is refused, and other ids are none of a matrix."""
    assert taken_apart("body-str/latin-1/e-acute") is None
    assert taken_apart("matrix/framing") is None
    assert taken_apart("matrix/framing[]") == ("matrix/framing", {})
    with pytest.raises(ValueError, match=r"^'method' is not axis=value$"):
        taken_apart("matrix/framing[method]")
    with pytest.raises(ValueError, match=r"^the axis 'body' is named twice$"):
        taken_apart("matrix/framing[body=a,body=b]")
    with pytest.raises(LookupError):
        BUNDLED["target"].named({"method": "get", "url": "root"})
    with pytest.raises(LookupError):
        BUNDLED["target"].named({"method": "gett", "url": "root", "headers": "absent"})


def test_hashes() -> None:
    """Every combination has a hash of its own, which stays where nothing of it changes."""
    address = BUNDLED["address"]
    hashes = [address.hash(number) for number in range(0, address.matrix.size, 7)]
    assert len(set(hashes)) == len(hashes)
    again = Expansion(pickle.loads(pickle.dumps(address.matrix)))
    assert [again.hash(number) for number in range(0, address.matrix.size, 7)] == hashes


# what is expected ----------------------------------------------------------------------------------------------------


def case_of(name: str, words: str) -> tuple[Expect | None, tuple[Alternative, ...]]:
    """Return what is expected of the last request of a combination, and what else."""
    parts = taken_apart(f"matrix/{name}[{words}]")
    assert parts is not None
    step = BUNDLED[name].case(BUNDLED[name].named(parts[1])).steps[-1]
    return step.expect, step.alternatives


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        (
            "framing",
            "method=get,body=absent,headers=absent,encode_chunked=absent",
            Expect((GET, HOST, ACCEPT)),
        ),
        (
            "framing",
            "method=lower-post,body=none,headers=two-fields,encode_chunked=true",
            Expect(("post /x HTTP/1.1", HOST, ACCEPT, "Content-Length: 0", "X-B: 1", "X-A: 2")),
        ),
        (
            "framing",
            "method=post,body=text-latin-1,headers=accept-encoding,encode_chunked=one",
            Expect((POST, HOST, "Content-Length: 5", "accept-encoding: br;q=1"), b"caf\xe9\xff"),
        ),
        (
            "framing",
            "method=get,body=memoryview-wide,headers=host,encode_chunked=false",
            Expect((GET, ACCEPT, "Content-Length: 8", "X-A: 1", "Host: example.test"), b"abcdefgh"),
        ),
        (
            "framing",
            "method=post,body=bytesio-blocks,headers=empty,encode_chunked=false",
            Expect((POST, HOST, ACCEPT, CHUNKED), b"2000\r\n" + b"b" * 8192 + b"\r\n1\r\nb\r\n0\r\n\r\n"),
        ),
        (
            "framing",
            "method=post,body=generator-sizes,headers=length-3,encode_chunked=true",
            Expect((POST, HOST, ACCEPT, "Content-Length: 3"), b"x1234567890123451234567890123456"),
        ),
        (
            "framing",
            "method=post,body=generator-sizes,headers=coding-lower-case,encode_chunked=true",
            Expect(
                (POST, HOST, ACCEPT, "transfer-encoding: chunked"),
                b"1\r\nx\r\nF\r\n123456789012345\r\n10\r\n1234567890123456\r\n0\r\n\r\n",
            ),
        ),
        (
            "framing",
            "method=get,body=none,headers=coding,encode_chunked=true",
            Expect((GET, HOST, ACCEPT, CHUNKED)),
        ),
        (
            "framing",
            "method=post,body=list-empty,headers=length-name-bytes,encode_chunked=absent",
            Expect((POST, HOST, ACCEPT, CHUNKED, "Content-Length: 3"), b"0\r\n\r\n"),
        ),
        (
            "framing",
            "method=post,body=list-with-str,headers=absent,encode_chunked=absent",
            Expect((POST, HOST, ACCEPT, CHUNKED), b"3\r\nabc\r\n", raises="TypeError"),
        ),
        (
            "framing",
            "method=post,body=reader-raises,headers=length-too-long,encode_chunked=absent",
            Expect((POST, HOST, ACCEPT, "Content-Length: 70000"), b"abc", raises="OSError"),
        ),
        (
            "framing",
            "method=get,body=int,headers=absent,encode_chunked=absent",
            Expect((GET, HOST, ACCEPT, CHUNKED), raises="TypeError"),
        ),
        (
            "framing",
            "method=control,body=text-not-encodable,headers=value-injection,encode_chunked=absent",
            Expect(None, raises="ValueError"),
        ),
        (
            "framing",
            "method=control,body=text,headers=name-int,encode_chunked=absent",
            Expect(None, raises="AttributeError"),
        ),
        (
            "target",
            "url=none,method=patch,headers=host-twice",
            Expect(("PATCH / HTTP/1.1", ACCEPT, "Content-Length: 0", "Host: a.test", "Host: b.test")),
        ),
        (
            "target",
            "url=absolute-port,method=options,headers=other-field",
            Expect(
                (
                    "OPTIONS https://Example.test:8443/a?b HTTP/1.1",
                    "Host: Example.test:8443",
                    ACCEPT,
                    "X-Host: example.test",
                )
            ),
        ),
        ("target", "url=crlf,method=not-ascii,headers=absent", Expect(None, raises="InvalidURL")),
        (
            "address",
            "connection=ipv6-80,url=other-scheme,headers=absent",
            Expect(("GET ftp://example.test/f HTTP/1.1", "Host: [::1]", ACCEPT)),
        ),
        (
            "address",
            "connection=name-80-str,url=empty,headers=accept-encoding",
            Expect(("GET / HTTP/1.1", "Host: example.test:80", "ACCEPT-ENCODING: ")),
        ),
        (
            "after-success",
            "first=get,between=nothing,second=bytes",
            Expect(None, raises="CannotSendRequest"),
        ),
        (
            "after-success",
            "first=generator,between=reply-close,second=absolute-url",
            Expect(("HEAD http://example.test/absolute HTTP/1.1", "Host: example.test", ACCEPT), reconnects=True),
        ),
        (
            "after-success",
            "first=generator,between=reply-then-close,second=get",
            Expect(("GET /get HTTP/1.1", HOST, ACCEPT)),
        ),
    ],
)
def test_expectations(name: str, words: str, expected: Expect) -> None:
    """What a combination expects is what one would write by hand."""
    assert case_of(name, words) == (expected, ())


@pytest.mark.parametrize(
    ("name", "words", "expected", "defect", "other"),
    [
        (
            "framing",
            "method=post,body=text,headers=length-and-coding,encode_chunked=true",
            Expect((POST, HOST, ACCEPT, "Content-Length: 3", CHUNKED), b"3\r\nabc\r\n0\r\n\r\n"),
            "length-wins-over-flag",
            Expect((POST, HOST, ACCEPT, "Content-Length: 3", CHUNKED), b"abc"),
        ),
        (
            "framing",
            "method=post,body=array-wide,headers=coding,encode_chunked=one",
            Expect((POST, HOST, ACCEPT, CHUNKED), b"6\r\nabcdef\r\n0\r\n\r\n"),
            "item-count",
            Expect((POST, HOST, ACCEPT, CHUNKED), b"3\r\nabcdef\r\n0\r\n\r\n"),
        ),
        (
            "framing",
            "method=post,body=buffer,headers=coding,encode_chunked=true",
            Expect((POST, HOST, ACCEPT, CHUNKED), b"3\r\nabc\r\n0\r\n\r\n"),
            "unsized-buffer",
            Expect((POST, HOST, ACCEPT, CHUNKED), raises="TypeError"),
        ),
        (
            "after-failure",
            "first=value-injection,between=close,second=text",
            Expect(("PUT /text HTTP/1.1", HOST, ACCEPT, "Content-Length: 4"), b"caf\xe9"),
            "stale-head",
            Expect(
                (
                    *("GET /f HTTP/1.1", HOST, ACCEPT, "X-F: 1"),
                    *("PUT /text HTTP/1.1", HOST, ACCEPT, "Content-Length: 4"),
                ),
                b"caf\xe9",
            ),
        ),
    ],
)
def test_defects(name: str, words: str, expected: Expect, defect: str, other: Expect) -> None:
    """Where CPython is known to do something else, that is expected as well, by its name."""
    assert case_of(name, words) == (expected, (Alternative("defect", defect, "", other),))


# the other oracles ---------------------------------------------------------------------------------------------------


def test_sample_is_examined() -> None:
    """The other oracles have nothing to say against every hundredth combination of each matrix."""
    bugs = [
        str(bug)
        for expansion in BUNDLED.values()
        for number in range(0, expansion.matrix.size, 101)
        for bug in examine(expansion.case(number))
    ]
    assert bugs == []


def test_violated() -> None:
    """Of a combination it is known which rules of the RFCs its bytes break, of those that its values may ask for."""
    framing = BUNDLED["framing"]
    found = {}
    for body in ("text", "bytes-10", "bytes-empty"):
        parts = taken_apart(f"matrix/framing[method=get,body={body},headers=length-3,encode_chunked=absent]")
        assert parts is not None
        seen = examined(framing.case(framing.named(parts[1])))
        assert seen.bugs == ()
        found[body] = seen.violated
    assert found == {
        "text": frozenset(),
        "bytes-10": frozenset({"rfc.content-long"}),
        "bytes-empty": frozenset({"rfc.content-short"}),
    }


def test_documented_clauses() -> None:
    """The rules of the bundled matrices cite these documented clauses, among others."""
    cited = {
        clause
        for each in BUNDLED.values()
        for table in each.matrix.tables.values()
        for one in table
        for clause in one.clauses
    }
    assert cited >= {
        *("request.sent", "request.method", "request.target", "headers.sent", "headers.extra", "body.none"),
        *("body.after-head", "body.str.latin-1", "body.buffer.as-is", "body.file.contents", "body.iterable.as-is"),
        *("framing.automatic", "framing.one-only", "framing.caller-length", "framing.caller-coding"),
        *("length.zero-put", "length.zero-post", "length.zero-patch", "length.zero-only", "length.str"),
        *("length.buffer", "length.empty", "length.any-method", "chunked.file", "chunked.iterable", "chunked.field"),
        *("chunked.body", "chunked.empty", "chunked.any-method", "file.no-length", "flag.without-coding"),
        *("flag.with-length", "flag.false-raw", "flag.true-chunked"),
    }
