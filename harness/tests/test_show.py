"""Tests of what people are shown: Python that is valid and does what it says, bytes that stay within their lines."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wireproof._cases import bundled_root, load_clauses, load_file
from wireproof._cases._load import case_files
from wireproof._model import (
    Alternative,
    Case,
    Clause,
    Connection,
    Difference,
    Digest,
    Evidence,
    Expect,
    Recipe,
    Request,
    ServerPlan,
    Source,
    Step,
    Verdict,
)
from wireproof._recipes import KINDS
from wireproof._show import annotated, explanation, python_call, script, short_script, side_by_side, wire_lines
from wireproof._show._bytes import clean, fit, place, shortened
from wireproof._show._literals import leading, listing, literal

BOTH = (b"PUT / HTTP/1.1\r\nHost: <host>:<port>\r\n", b"PUT / HTTP/1.1\r\nHost: <host>:<port>\r\nX: \x1b[31m\r\n")


@cache
def clauses() -> Mapping[str, Clause]:
    """Return the bundled clauses."""
    return load_clauses(bundled_root() / "clauses.yaml")


@cache
def bundled() -> tuple[Case, ...]:
    """Return all bundled cases."""
    root = bundled_root()
    return tuple(case for file in case_files(root, root) for case in load_file(file, root, dict(clauses()), []))


def text(value: str) -> Recipe:
    """Return the recipe of a str."""
    return Recipe("str", {"text": value})


def data(value: bytes) -> Recipe:
    """Return the recipe of bytes."""
    return Recipe("bytes", {"data": value})


RAISE = Recipe("raise", {"name": "KeyError"})


def request(**arguments: Recipe) -> Step:
    """Return a step with a POST and these arguments, of which nothing is expected."""
    passed = Request((("method", text("POST")), ("url", text("/")), *arguments.items()))
    return Step("request", request=passed, expect=Expect(None))


def made(*steps: Step, **more: object) -> Case:
    """Return a case of these steps."""
    case = Case("a/b/c", "About it.", (), steps, Source("a/b.yaml", 1), "")
    return replace(case, **more)  # type: ignore[arg-type]


def with_body(body: Recipe, head: str, wire: bytes, **more: object) -> Case:
    """Return a case that sends the body behind the usual lines and one more."""
    lines = ("POST / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity", head)
    return made(replace(request(body=body), expect=Expect(lines, wire)), **more)


def performed(case: Case, candidate: str = "stdlib") -> tuple[int, str]:
    """Run the script of the case; return its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", script(case, candidate)], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


# Python -----------------------------------------------------------------------------------------------------------


def test_every_case_becomes_python() -> None:
    """For every bundled case the three kinds of Python are valid, in ASCII, and end in one newline."""
    assert len(bundled()) > 200
    for case in bundled():
        for source in (python_call(case), script(case, "stdlib"), short_script(case, "reference")):
            ast.parse(source)
            assert source.isascii(), case.id
            assert source.endswith("\n"), case.id
            assert not source.endswith("\n\n"), case.id


def test_bundled_cases_use_every_kind() -> None:
    """What holds for every bundled case holds for every kind of recipe."""
    used: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, Recipe):
            used.add(value.kind)
            walk(tuple(value.fields.values()))
        elif isinstance(value, tuple):
            for item in value:
                walk(item)

    walk(tuple(step.request.arguments for case in bundled() for step in case.steps if step.request))
    assert used == set(KINDS)


def test_a_simple_call_reads_as_a_person_writes_it() -> None:
    """One request is an import, a connection, the call and close()."""
    assert python_call(
        made(request(body=text("\xe9"), headers=Recipe("dict", {"items": ((text("A"), text("b")),)})))
    ) == (
        "import http.client\n"
        "\n"
        'connection = http.client.HTTPConnection("127.0.0.1", 8080)\n'
        'connection.request("POST", "/", body="\\xe9", headers={"A": "b"})\n'
        "connection.close()\n"
    )


def test_a_sequence_reads_as_a_person_writes_it() -> None:
    """Helpers, set-up, exceptions, replies and close() all have their place."""
    body = Recipe("bytesio", {"data": b"x" * 8192, "position": 3})
    failing = request(body=Recipe("generator", {"items": (data(b"ab"), RAISE)}))
    case = made(
        request(body=body),
        Step("reply", reply="close"),
        replace(failing, expect=Expect(None, raises="KeyError")),
        Step("close"),
    )
    assert python_call(case) == (
        "import http.client\n"
        "import io\n"
        "\n"
        "\n"
        "def pieces():\n"
        '    yield b"ab"\n'
        '    raise KeyError("raised by the body")\n'
        "\n"
        "\n"
        'connection = http.client.HTTPConnection("127.0.0.1", 8080)\n'
        'body = io.BytesIO(b"x" * 8192)\n'
        "body.seek(3)\n"
        'connection.request("POST", "/", body=body)\n'
        '# The server answers b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n'
        'Content-Length: 2\\r\\n\\r\\nok", and closes\n'
        "connection.getresponse().read()\n"
        "try:\n"
        '    connection.request("POST", "/", body=pieces())\n'
        "except Exception as error:\n"
        "    print(repr(error))  # KeyError\n"
        "connection.close()\n"
    )


def test_short_script() -> None:
    """The short script is the call and a listener."""
    assert short_script(made(request(body=text("a"))), "a.b:C.D") == (
        "import socket\n"
        "import threading\n"
        "from a.b import C\n"
        "\n"
        'server = socket.create_server(("127.0.0.1", 0))\n'
        "port = server.getsockname()[1]\n"
        "def listen():\n"
        "    client = server.accept()[0]\n"
        '    for line in client.makefile("rb"):\n'
        "        print(line)\n"
        "thread = threading.Thread(target=listen, daemon=True)\n"
        "thread.start()\n"
        'connection = C.D("127.0.0.1", port)\n'
        "try:\n"
        '    connection.request("POST", "/", body="a")\n'
        "finally:\n"
        "    connection.close()\n"
        "    thread.join(1)\n"
    )


def test_short_scripts_run() -> None:
    """A short script of a sequence prints what arrives, and goes on after an exception."""
    first = request(body=text("abc"))
    steps = (first, Step("reply", reply="http-1.0"), request(body=Recipe("object")))
    source = short_script(made(*steps), "stdlib")
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=True)
    lines = done.stdout.splitlines()
    assert (lines[0], lines[5:7]) == (r"b'POST / HTTP/1.1\r\n'", ["b'abc'", "-> None"])
    assert lines[-1].startswith("-> TypeError")


@pytest.mark.parametrize("write", [script, short_script])
@pytest.mark.parametrize("name", ["./client --x", "a:b-c", "a:class", 'a:\x1b[31m\n"""\\', "a"])
def test_a_candidate_that_is_no_class(write: object, name: str) -> None:
    """For a candidate that cannot be imported, http.client stands in, and the script says so."""
    assert callable(write)
    source = write(made(request()), name)
    ast.parse(source)
    assert "from http.client import HTTPConnection" in source
    assert "no Python class" in " ".join(source.split())
    assert source.isascii()
    assert "\x1b" not in source


LITERALS = [
    (b"", 'b""'),
    ("a\"b'", "'a\"b\\''"),
    (b"x" * 8192, 'b"x" * 8192'),
    (b"2000\r\n" + b"z" * 8192 + b"\r\n", 'b"2000\\r\\n" + b"z" * 8192 + b"\\r\\n"'),
    ((b"400\r\n" + b"x" * 1024 + b"\r\n") * 9, '(b"400\\r\\n" + b"x" * 1024 + b"\\r\\n") * 9'),
    (bytes(range(256)), "bytes(range(256))"),
    (bytes(range(256)) * 3 + b"a", 'bytes(range(256)) * 3 + b"a"'),
    ("0123456789abcdef" * 70, '"0123456789abcdef" * 70'),
    (b"0123456789abcdef0123456789abcdef", 'b"0123456789abcdef0123456789abcdef"'),
    ("\ud800", '"\\ud800"'),
]


@pytest.mark.parametrize(("value", "code"), LITERALS)
def test_literals_are_short(value: str | bytes, code: str) -> None:
    """Repetitions are products, also within products."""
    assert literal(value) == code


@settings(derandomize=True, deadline=None)
@given(
    st.lists(
        st.tuples(st.binary(max_size=30) | st.sampled_from([b"(x)", b"\\", b"'\""]), st.integers(1, 90)), max_size=5
    ),
    st.booleans(),
)
def test_literals_mean_what_they_stand_for(parts: list[tuple[bytes, int]], as_text: bool) -> None:
    """A literal evaluates to its value, whatever its repetitions."""
    value = b"".join(part * count for part, count in parts)
    wanted = value.decode("latin-1") if as_text else value
    assert eval(literal(wanted)) == wanted


def test_long_literals_are_given_up_on() -> None:
    """In data without repetitions they are not looked for without end."""
    value = b"".join(hashlib.sha256(bytes((number,))).digest() for number in range(200))
    assert eval(literal(value)) == value
    similar = b"".join(b"0123456789abcdef%d" % number for number in range(20))
    assert " * " not in literal(similar)
    assert eval(literal(similar)) == similar


def test_lists() -> None:
    """Equal elements in a row are a product, and few of them are not."""
    assert listing([]) == "[]"
    assert listing(["1", "2", "2"]) == "[1, 2, 2]"
    assert listing(["1", *["2"] * 300, "3"]) == "[1] + [2] * 300 + [3]"


def test_series() -> None:
    """Numbered texts are found, with their zeros, up to the first that does not fit."""
    assert leading([(f"X-{n}", "a") for n in range(7)]) is None
    assert leading([("a",)] * 9) is None
    assert leading([(f"X-{n}", "a") for n in range(2, 12)] + [("X", "a")]) == (('f"X-{n}"', '"a"'), range(2, 12))
    assert leading([(f"{{{n:02}}}",) for n in range(8)]) == (('f"{{{n:02}}}"',), range(8))
    assert leading([("1",)] * 8) is None


# scripts ----------------------------------------------------------------------------------------------------------


def sample() -> list[Case]:
    """Return few bundled cases that have, together, every kind, step, reply, connection and server that there is."""
    chosen: list[Case] = []
    seen: set[object] = set()

    def features(value: object) -> set[object]:
        if isinstance(value, Recipe):
            return {value.kind} | features(tuple(value.fields.values()))
        return set().union(*map(features, value)) if isinstance(value, tuple) else set()

    for case in sorted(bundled(), key=lambda case: -len(case.steps)):
        if any(step.alternatives for step in case.steps) or (case.server.late and len(case.steps) > 1):
            continue
        expects = [step.expect for step in case.steps if step.expect is not None]
        own: set[object] = {
            case.server,
            case.threads,
            (case.connection.host, case.connection.port),
            *((step.action, step.reply) for step in case.steps),
            *(expect.reconnects for expect in expects),
            *((isinstance(expect.body, Digest), expect.at_least is None) for expect in expects),
            *(step.request.passed for step in case.steps if step.request),
        }
        own |= features(tuple(step.request.arguments for step in case.steps if step.request))
        if own - seen:
            seen |= own
            chosen.append(case)
    return chosen


SEVERAL = """
import contextlib, io, json, socket, sys
resolve = socket.getaddrinfo
for name, source in json.load(sys.stdin).items():
    socket.getaddrinfo = resolve
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            exec(compile(source, name, "exec"), {"__name__": "__main__"})
            code = None
        except SystemExit as end:
            code = end.code
    print(json.dumps([name, code, printed.getvalue()]))
"""


def several(cases: list[Case]) -> list[tuple[str, int | None, str]]:
    """Run the scripts of the cases in one process; return for each its name, exit code and what it printed."""
    scripts = json.dumps({case.id: script(case, "stdlib") for case in cases})
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL], input=scripts, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def test_scripts_agree_with_the_standard_library() -> None:
    """Run against the standard library, the scripts of cases of every kind say "same"."""
    cases = sample()
    assert len(cases) > 30
    with ThreadPoolExecutor(4) as pool:
        done = [each for batch in pool.map(several, [cases[start::4] for start in range(4)]) for each in batch]
    assert {name for name, _, _ in done} == {case.id for case in cases}
    assert [each for each in done if each[1] != 0 or "same" not in each[2] or "different" in each[2]] == []


LENGTH = "Content-Length: 3"


def test_a_script_notices_other_bytes() -> None:
    """A script says "different" and exits with 1 if other bytes arrive, or another exception comes."""
    right = with_body(text("abc"), LENGTH, b"abc")
    step = right.steps[0]
    assert step.expect is not None
    not_raised = replace(right, steps=(replace(step, expect=replace(step.expect, raises="ValueError")),))
    other = made(replace(step, expect=Expect(None, raises="TypeError"), request=Request((("method", text("A\n")),))))
    right_code, right_text = performed(right, "reference")
    assert (right_code, right_text.splitlines()[-2:]) == (0, ["same", ""])
    for case in (with_body(text("abd"), LENGTH, b"abc"), not_raised):
        code, printed = performed(case)
        assert (code, printed.splitlines()[-2:]) == (1, ["different", ""])
    assert performed(other)[0] == 0


def test_a_script_names_an_alternative() -> None:
    """Bytes that are those of an alternative are the same, and the script says of which."""
    case = with_body(text("abc"), LENGTH, b"abd")
    step = case.steps[0]
    assert step.expect is not None
    right = replace(step.expect, body=b"abc")
    shown = {}
    kinds: list[tuple[str, str]] = [("probe", "new"), ("defect", ""), ("layer", ""), ("odd", "")]
    for kind, value in kinds:
        alternative = Alternative(kind, "some", value, right)  # type: ignore[arg-type]
        code, printed = performed(replace(case, steps=(replace(step, alternatives=(alternative,)),)))
        assert code == 0
        shown[kind] = printed.splitlines()[-3]
    assert shown == {
        "probe": "It is as in: an older release of CPython (some: new)",
        "defect": "It is as in: CPython's known defect some",
        "layer": "It is as in: what the some allows",
        "odd": "It is as in: another sensible way: some",
    }


def test_a_script_compares_a_digest() -> None:
    """A body that is known by its digest is compared by it."""
    body = b"0123456789" * 7000
    right = Digest(len(body), hashlib.sha256(body).hexdigest())
    wrong = replace(right, sha256="00" * 32)
    codes = [
        performed(with_body(data(body), "Content-Length: 70000", digest))[0]  # type: ignore[arg-type]
        for digest in (right, wrong)
    ]
    assert codes == [0, 1]


def test_a_script_notices_a_new_connection() -> None:
    """The same bytes on a connection that should not be are different."""
    first = with_body(text("abc"), LENGTH, b"abc").steps[0]
    assert first.expect is not None
    again = replace(first, expect=replace(first.expect, reconnects=True))
    code, printed = performed(made(first, Step("reply", reply="ok"), again))
    assert (code, "0 connections were opened, 1 expected" in printed) == (1, True)


def test_texts_with_the_address() -> None:
    """In urls and values the placeholders become the address, as a variable where it is not known before."""
    url = Request((("method", text("GET")), ("url", text("http://<host>:<port>/{x}"))))
    case = made(Step("request", request=url, expect=Expect(("GET http://<host>:<port>/{x} HTTP/1.1",))))
    assert 'request("GET", "http://127.0.0.1:8080/{x}")' in python_call(case)
    assert 'request("GET", f"http://127.0.0.1:{port}/{{x}}")' in short_script(case, "stdlib")
    for port in ("default", "in-host"):
        connection = Connection(host="ipv6-bracketed", port=port)
        assert 'f"http://[::1]' not in python_call(replace(case, connection=connection))
    assert "http://127.0.0.1:80/{x}" in short_script(replace(case, connection=Connection(port="default")), "stdlib")


ODD: list[tuple[Recipe, str]] = [
    (Recipe("generator", {"items": ()}), "yield from ()"),
    (Recipe("generator", {"items": (RAISE,)}), "yield from ()"),
    (Recipe("generator", {"items": (data(b"x"),) * 9}), "for _ in range(9):"),
    (Recipe("generator", {"items": tuple(data(b"%d" % n) for n in range(9))}), "for n in range(9)]"),
    (Recipe("list", {"items": tuple(data(b"%d" % n) for n in range(3, 12))}), "for n in range(3, 12)]"),
    (Recipe("list", {"items": (RAISE,)}), "[None]"),
    (Recipe("tuple", {"items": (data(b"a"),)}), '(b"a",)'),
    (Recipe("tuple", {"items": (data(b"a"), data(b"b"))}), '(b"a", b"b")'),
    (Recipe("tuple", {"items": (data(b"a"), data(b"a"))}), 'tuple([b"a", b"a"])'),
    (Recipe("getitem", {"items": (data(b"a"), RAISE)}), "if index == 1:"),
    (Recipe("reader", {"reads": (data(b"a"), RAISE)}), "Reader(pieces())"),
    (Recipe("endless", {"data": b""}), "endless()"),
    (Recipe("float", {"text": "nan"}), 'float("nan")'),
    (Recipe("float", {"text": "1.5"}), "1.5"),
    (Recipe("memoryview", {"data": b"abcd", "slice": (None, None, 2)}), 'memoryview(b"abcd")[::2]'),
    (Recipe("memoryview", {"data": b"abcd", "slice": (1, 3)}), 'memoryview(b"abcd")[1:3]'),
    (Recipe("memoryview", {"data": b"ab", "writable": True, "shape": (2,)}), '(bytearray(b"ab")).cast("B", [2])'),
    (Recipe("binary-file", {"data": b"a", "position": 1, "buffering": 0}), "body.seek(1)"),
    (Recipe("text-file", {"data": b"a", "newline": "", "position": 1}), "body.read(1)"),
    (Recipe("text-file", {"data": b"a"}), 'path.open(encoding="utf-8")'),
    (Recipe("spooled", {"data": b"a"}), "body.seek(0)"),
    (Recipe("spooled", {"data": b"a", "rolled": True}), "body.rollover()"),
    (
        Recipe("list", {"items": (Recipe("binary-file", {"data": b"1"}), Recipe("binary-file", {"data": b"2"}))}),
        "path_",
    ),
    (Recipe("list", {"items": (Recipe("buffer", {"data": b"1"}), Recipe("buffer", {"data": b"22"}))}), "Exporter2"),
    (Recipe("set", {"items": tuple(data(b"a long one %d, really" % n) for n in (1, 5, 7, 8))}), "set([\n"),
    (RAISE, "body=KeyError"),
]


@pytest.mark.parametrize(("body", "shown"), ODD)
def test_odd_recipes(body: Recipe, shown: str) -> None:
    """Recipes with rare fields become valid Python too."""
    source = python_call(made(request(body=body)))
    ast.parse(source)
    assert shown in source


@pytest.mark.parametrize("kind", ["dict", "pairs-list", "mapping"])
def test_numbered_headers(kind: str) -> None:
    """Many numbered headers are a comprehension."""
    numbered = tuple((text(f"X-{n}"), text(str(n))) for n in range(300))
    source = python_call(made(request(headers=Recipe(kind, {"items": numbered}))))
    ast.parse(source)
    assert "for n in range(300)" in source


def test_heads_of_scripts() -> None:
    """Numbered and repeated head lines are short in a script, wherever they stand."""
    numbered = tuple(f"X-{n}: a" for n in range(9))
    heads = [numbered, ("A: b", *numbered, "C: d"), ("A: " + "x" * 99, "B: c"), ("A: b", "A: " + "xy" * 99), ()]
    for head in heads:
        source = script(made(replace(request(), expect=Expect(head))), "stdlib")
        value = source.partition("expected = ")[2].partition('.encode("latin-1")')[0]
        assert eval(value) == "".join(f"{line}\r\n" for line in (*head, ""))


def test_threads_and_servers() -> None:
    """Threads, late servers and servers that hang up are in all kinds of Python, with two clients as well."""
    steps = (request(), replace(request(), on="b"), Step("close", on="b"), Step("reply", reply="ok"))
    one = made(request(), threads=True)
    for case in (
        made(*steps),
        made(*steps, threads=True),
        one,
        replace(one, steps=(*one.steps, Step("reply", reply="ok"))),
    ):
        for plan in (ServerPlan(), ServerPlan(late=True), ServerPlan(hangs_up_after=9)):
            for source in (
                python_call(replace(case, server=plan)),
                short_script(replace(case, server=plan), "stdlib"),
                script(replace(case, server=plan), "stdlib"),
            ):
                ast.parse(source)
                assert ("threading.Thread(target=work" in source) == case.threads or "listen" in source


# bytes ------------------------------------------------------------------------------------------------------------


def test_wire_lines() -> None:
    """A line for each line of the wire, ends of lines visible, runs and long lines shortened."""
    lines = wire_lines(b"GET / HTTP/1.1\r\nX: " + b"ab" * 100 + b"\r\n\r\n\x1b\n" + b"x" * 8192)
    assert lines == [
        "GET / HTTP/1.1␍␊",
        f"X: {'ab' * 23}a … (131 bytes left out) … {'ab' * 11}␍␊",
        "␍␊",
        "\\x1b␊",
        "xxxxxxxx… (8,192 bytes)",
    ]
    assert wire_lines(b"") == []


def test_many_wire_lines() -> None:
    """Of many lines the first and the last are shown, and how many were left out."""
    lines = wire_lines(b"".join(b"%d\n" % number for number in range(100)))
    assert len(lines) == 40
    assert (lines[0], lines[19:22], lines[-1]) == ("0␊", ["19␊", "… 61 lines left out (183 bytes)", "81␊"], "99␊")


def test_shortened_keeps_what_is_beside_a_run() -> None:
    """A run is shortened where it stands."""
    assert shortened(b"ab" + b"\0" * 100 + b"c") == "ab" + "\\x00" * 8 + "… (100 bytes)c"


def test_annotated() -> None:
    """Each line has what its parts are; a second request is a message of its own."""
    wire = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\nX"
    assert annotated(wire) == [
        ("PUT / HTTP/1.1␍␊", "method PUT; request target, 1 byte; version HTTP/1.1"),
        ("Transfer-Encoding: chunked␍␊", "field name Transfer-Encoding; value of Transfer-Encoding, 7 bytes"),
        ("␍␊", "empty line: the head ends"),
        ("2␍␊", "chunk-size 0x2 = 2 bytes"),
        ("a␊␍␊", "2 bytes of chunk data; CRLF behind the chunk data"),
        ("0␍␊", "last chunk: no more data"),
        ("␍␊", "empty line: the chunked body ends"),
        ("GET / HTTP/1.1␍␊", "method GET; request target, 1 byte; version HTTP/1.1"),
        ("␍␊", "empty line: the head ends"),
        ("X", "method X"),
    ]
    assert annotated(b"") == []


def test_annotated_many_lines() -> None:
    """Of a message with many lines the first and the last are annotated."""
    rows = annotated(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100 + b"\r\n")
    assert len(rows) == 40
    assert rows[20] == ("… 63 lines left out", "")


def test_place() -> None:
    """An offset has a place in its message."""
    wire = b"GET / HTTP/1.1\r\n\r\nPUT / HTTP/1.1\r\n\r\n"
    assert [place(wire, at) for at in (0, 18, 99)] == ["method GET", "method PUT", "the end"]
    assert place(b"", 0) == ""


def test_side_by_side() -> None:
    """Equal lines are folded, differing ones aligned and marked."""
    same = b"".join(b"%c: 1\r\n" % letter for letter in b"ABCDEFGH")
    old = b"PUT / HTTP/1.1\r\n" + same + b"Content-Length: 1\r\n\r\n\xe9"
    new = b"PUT / HTTP/1.1\r\n" + same + b"Content-Length: 2\r\nX: \x1b\r\n\r\n\xc3\xa9"
    assert side_by_side(old, new) == [
        "  PUT / HTTP/1.1␍␊",
        "  A: 1␍␊",
        "  … 5 equal lines",
        "  G: 1␍␊",
        "  H: 1␍␊",
        "- Content-Length: 1␍␊",
        "+ Content-Length: 2␍␊",
        "                  ^",
        "+ X: \\x1b␍␊",
        "  ␍␊",
        "- \\xe9",
        "+ \\xc3\\xa9",
    ]


def test_side_by_side_of_nothing() -> None:
    """Where no byte came, was expected, or can be known, the diff says so."""
    assert side_by_side(b"", b"a") == ["+ a", "- … no byte"]
    assert side_by_side(b"a", b"") == ["- a", "+ … no byte"]
    assert side_by_side(None, b"a\r\nb") == ["+ a␍␊", "+ b"]
    assert side_by_side(None, b"") == ["+ … no byte"]


def test_side_by_side_of_long_lines() -> None:
    """Long lines are shown from a little before the first difference, with its mark below it."""
    assert side_by_side(b"x" * 5000 + b"abc" + b"x" * 100, b"x" * 5000 + b"acc" + b"x" * 100, 60) == [
        "- … (4,998 bytes) xxabcxxxxxxxxxxxxxxxxx… (83 bytes more)",
        "+ … (4,998 bytes) xxaccxxxxxxxxxxxxxxxxx… (83 bytes more)",
        "                     ^",
    ]


def test_side_by_side_of_many_lines() -> None:
    """A long diff is cut; what is in the middle of equal lines is found all the same."""
    old = b"".join(b"%d\n" % number for number in range(1000))
    new = b"".join(b"%d\n" % -number for number in range(1000))
    lines = side_by_side(old, new)
    assert (len(lines), lines[-1]) == (61, "… 36 lines more")
    few = side_by_side(b"a\n" + b"1\n" * 300, b"a\n" + b"2\n" * 10)
    assert few[-2:] == ["- … 170 lines more", "- … 100 further lines, not compared"]
    assert side_by_side(b"a\nb\nc\nd\n", b"b\nc\nx\nd\n") == ["- a␊", "  b␊", "  c␊", "+ x␊", "  d␊"]


def test_no_mark_where_there_is_no_room() -> None:
    """A mark that would stand outside is left out."""
    assert side_by_side(b"\0\0\0\0\0a", b"\0\0\0\0\0b", 20)[-1].startswith("+ ")


lines_strategy = st.lists(
    st.binary(max_size=12) | st.sampled_from([b"A: b", b"x" * 300, b"\x1b[0m", b"\r"]), max_size=30
).map(b"\r\n".join)


def is_plain(line: str) -> bool:
    """Say whether a line may be printed: no control characters, no other invisible ones."""
    return all(char.isprintable() for char in line)


@settings(derandomize=True, deadline=None)
@given(st.none() | lines_strategy, lines_strategy, st.integers(1, 140))
def test_a_diff_fits_and_is_plain(old: bytes | None, new: bytes, width: int) -> None:
    """No line of a diff is wider than asked for, and none holds a control character."""
    for line in side_by_side(old, new, width):
        assert len(line) <= width
        assert is_plain(line)


@settings(derandomize=True, deadline=None)
@given(lines_strategy | st.binary(max_size=400))
def test_shown_bytes_are_plain(wire: bytes) -> None:
    """No control character of the bytes is in what is shown of them."""
    assert all(is_plain(line) and len(line) <= 100 for line in wire_lines(wire))
    assert all(is_plain(line) and is_plain(about) for line, about in annotated(wire))


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=40), st.text(max_size=20), st.binary(max_size=60), st.integers(0, 70), st.integers(20, 120))
def test_an_explanation_is_plain_and_fits(message: str, name: str, wire: bytes, at: int, width: int) -> None:
    """Whatever a candidate says or sends, an explanation has no control character, and prose fits the width."""
    differences = (
        Difference("a", "b", message, "some.clause", at=at, cause=message),
        Difference("c", "d", message + name, at=None),
    )
    evidence = (Evidence(0, BOTH[0], BOTH[0] + wire, name, message), Evidence(0, None, wire, None, message))
    verdict = Verdict(
        "a/b", "", "fail", {"bytes": "fail"}, (), differences, "candidate", notes=(message,), evidence=evidence
    )
    lines = explanation(verdict, None, {}, name, width)
    assert all(is_plain(line) for line in lines)
    assert all(len(line) <= width for line in lines[:-1])


def test_clean_keeps_what_can_be_read() -> None:
    """Letters and signs stay, wide and combining and invisible ones do not."""
    assert clean("é … ␍\\\x1b\u4f8b\u0301\u202e\ud800\n") == "é … ␍\\\\x1b\\u4f8b\\u0301\\u202e\\ud800\\n"


def test_fit() -> None:
    """What is too wide is cut, with an ellipsis."""
    assert [fit("abc", width) for width in (3, 2, 1, 0)] == ["abc", "a…", "…", ""]


# explanations -----------------------------------------------------------------------------------------------------

CLAUSES = {"body.str": Clause("body.str", "documented", "somewhere", "A str is encoded as ISO-8859-1.", (4, 7))}


def test_an_explanation() -> None:
    """An explanation says what, where, why, and what else, and shows the bytes and how to repeat it."""
    case = with_body(text("\xe9"), "Content-Length: 1", b"\xe9")
    head = b"POST / HTTP/1.1\r\nHost: <host>:<port>\r\nContent-Length: %d\r\n\r\n"
    verdict = Verdict(
        "a/b/c",
        "",
        "fail",
        {"bytes": "fail", "contract": "fail", "rfc": "pass"},
        (),
        (
            Difference(
                "body", "body", "The text is sent as UTF-8.", "body.str", at=62, cause="str.encode() gives UTF-8"
            ),
            Difference("length", "length", "Content-Length is 2, expected 1."),
            Difference("length", "length", "Content-Length is 2, expected 1."),
        ),
        "candidate",
        notes=("the caller asked for it: x",),
        evidence=(Evidence(0, head % 1 + b"\xe9", head % 2 + b"\xc3\xa9", None, "OSError: \x1b"),),
    )
    lines = explanation(verdict, case, CLAUSES, "a:B", 60)
    assert lines[:17] == [
        "The text is sent as UTF-8.",
        "where: byte 62 (2 bytes of content)",
        "clause: body.str (documented) [4] [7]: A str is encoded as",
        "  ISO-8859-1.",
        "likely cause: str.encode() gives UTF-8",
        "also: Content-Length is 2, expected 1.",
        "layers: bytes: fail, contract: fail, rfc: pass",
        "note: the caller asked for it: x",
        "",
        "Expected (-) and received (+):",
        "  POST / HTTP/1.1␍␊",
        "  Host: <host>:<port>␍␊",
        "- Content-Length: 1␍␊",
        "+ Content-Length: 2␍␊",
        "                  ^",
        "  ␍␊",
        "- \\xe9",
    ]
    assert lines[17:23] == [
        "+ \\xc3\\xa9",
        "- no exception",
        "+ raises OSError: \\x1b",
        "",
        "The same by hand:",
        "",
    ]
    code = short_script(case, "a:B").rstrip("\n").split("\n")
    assert lines[23:] == [*(f"    {line}" if line else "" for line in code), "", "wireproof repro a/b/c a:B"]


def test_where_is_known_to_a_byte() -> None:
    """Where the port's length moves the offset, the first difference is meant."""
    old = b"GET / HTTP/1.1\r\nHost: <host>:<port>\r\nA: 1\r\n\r\n"
    evidence = Evidence(1, old, old.replace(b"A: 1", b"B: 1"), None, None)
    reason = Difference("a", "b", "It differs.", step=1, at=38)
    verdict = Verdict("a/b/c", "", "fail", {}, (), (reason,), evidence=(evidence,))
    assert (
        explanation(verdict, made(request(), request()), {}, "a:B")[1] == "where: step 2 of 2, byte 38 (field name B)"
    )
    unknown = replace(verdict, evidence=(replace(evidence, expected=None),))
    assert explanation(unknown, made(request(), request()), {}, "a:B")[1].endswith("byte 38 (end of the line)")
    no_evidence = replace(verdict, evidence=())
    assert explanation(no_evidence, None, {}, "a:B")[1] == "where: byte 38"


def test_an_explanation_without_evidence() -> None:
    """A timeout or a crash has a reason and a command all the same."""
    reason = Difference("timeout", "process", "no end within 5 s", "request.sent")
    verdict = Verdict("a/b", "", "fail", {"bytes": "fail"}, (), (reason,), "candidate")
    assert explanation(verdict, None, {}, "a b:C") == [
        "no end within 5 s",
        "clause: request.sent",
        "layers: bytes: fail",
        "",
        "wireproof repro a/b 'a b:C'",
    ]


def test_an_explanation_of_the_same_bytes() -> None:
    """Where the bytes are as expected, they are not shown; many further differences are counted."""
    found = tuple(Difference("e", "f", f"Number {number}.") for number in range(13))
    verdict = Verdict("a/b", "", "fail", {}, (), found, evidence=(Evidence(0, b"a", b"a", "OSError", None),))
    assert explanation(verdict, None, {}, "a:C") == [
        "Number 0.",
        *(f"also: Number {number}." for number in range(1, 11)),
        "also: 2 more",
        "",
        "The bytes that are kept of it are as expected.",
        "- raises OSError",
        "+ no exception",
        "",
        "wireproof repro a/b a:C",
    ]


def test_an_explanation_of_close() -> None:
    """Where close() or getresponse() failed there are no bytes, and none are shown as missing."""
    evidence = Evidence(1, None, b"", None, "ResponseNotReady")
    reason = Difference("raised", "getresponse", "getresponse() raised ResponseNotReady: 'Idle'", step=1)
    verdict = Verdict("a/b", "", "fail", {}, (), (reason,), evidence=(evidence,))
    assert explanation(verdict, None, {}, "a:C") == [
        "getresponse() raised ResponseNotReady: 'Idle'",
        "",
        "Expected (-) and received (+):",
        "- no exception",
        "+ raises ResponseNotReady",
        "",
        "wireproof repro a/b a:C",
    ]


def test_importing_is_light() -> None:
    """What performs exchanges is not imported until a sequence is shown."""
    code = "import sys, wireproof._show; print('wireproof._candidates._inprocess' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"


def test_a_verdict_without_a_reason() -> None:
    """A verdict without a reason is named."""
    assert explanation(Verdict("a/b", "", "pass", {}, ()), None, {}, "a:C")[0] == "a/b: pass"
