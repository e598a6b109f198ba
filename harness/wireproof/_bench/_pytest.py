"""The suite as tests of pytest, and the same requests checked in the way that is usual without it."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from wireproof._bench._figures import (
    EXTRA,
    CannotMeasure,
    Figure,
    Settings,
    alternating,
    child,
    count,
    in_pieces,
    rate,
    ratio,
    steady,
)
from wireproof._bench._work import in_process, judging, reaching, spread, usual
from wireproof._cases import bundled_root
from wireproof._matrix import NOT_RAISED, framing_lines
from wireproof._wire import parse

_FOLDER, _FILE = "body-file", "request-line/arguments.yaml"
_MATRICES, _MATRIX = ("matrix", "matrix/*"), ("matrix/address.yaml", "matrix/address")
_RAN = re.compile(r"(\d+) (?:passed|failed|skipped|xfailed|error)")
_REQUESTS, _FEW = 1_000, 40


def _require(*modules: str) -> None:
    """Make sure that modules are there.

    Raises:
        CannotMeasure: one is not.
    """
    for name in modules:
        if importlib.util.find_spec(name) is None:
            raise CannotMeasure(f"{name} is not installed: {EXTRA}")


@contextmanager
def _folder() -> Iterator[Path]:
    """Have a folder with a configuration of pytest that says nothing."""
    with tempfile.TemporaryDirectory(prefix="wireproof-") as name:
        (Path(name) / "pytest.ini").write_text("[pytest]\n")
        yield Path(name)


class _Ran(NamedTuple):
    seconds: float
    items: int
    passed: int


def _pytest(*arguments: str) -> _Ran:
    """Run pytest in a fresh process; return how long it took, and how many items there were."""
    with _folder() as folder:
        fixed = ["-q", "-p", "no:cacheprovider", "--noconftest", "-c", f"{folder}/pytest.ini", f"--rootdir={folder}"]
        seconds, output = child(["-m", "pytest", *fixed, *arguments], (0, 1), folder)
    last = output.strip().splitlines()[-1]
    if not _RAN.search(last):
        raise CannotMeasure(f"pytest has run nothing: {last[:200]}")
    passed = re.search(r"(\d+) passed", last)
    return _Ran(seconds, sum(map(int, _RAN.findall(last))), int(passed[1]) if passed else 0)


def plugin(settings: Settings) -> Iterator[Figure]:
    """Measure hand-written cases as items of pytest, from the start of its process to its end."""
    _require("pytest", "xdist")
    ran: dict[str, list[_Ran]] = {_FILE: [], **({} if settings.quick else {_FOLDER: []})}
    workers = settings.size(2, 0)
    arguments = ("-n", str(workers), "--candidate", settings.candidate)

    def run(chosen: str) -> None:
        ran[chosen].append(_pytest(*arguments, str(bundled_root() / chosen)))

    rounds = settings.size(settings.rounds, 1)
    taken = alternating(rounds, {chosen: functools.partial(run, chosen) for chosen in ran})
    few, many = ran[_FILE][0].items, ran[list(ran)[-1]][0].items
    yield Figure("start", f"pytest -n {workers}, {few} items: little but its start", "s", taken[_FILE])
    yield count("items", f"items, from {list(ran)[-1]}", many)
    yield rate("rate", f"items with -n {workers}, start included", taken[list(ran)[-1]], many)


def matrices(settings: Settings) -> Iterator[Figure]:
    """Measure whole matrices under pytest and in a run, from the start of the process to its end."""
    _require("pytest", "xdist")
    file, glob = _MATRIX if settings.quick else _MATRICES
    workers = settings.size(2, 0)
    under = ("-n", str(workers), "--candidate", settings.candidate, "--matrix-strength", "full")
    run = ("-m", "wireproof", "run", settings.candidate, "--select", glob, "--full")
    rounds = settings.size(min(settings.rounds, 3), 1)
    taken = alternating(
        rounds, {"run": lambda: child(run, (0, 1)), "pytest": lambda: _pytest(*under, str(bundled_root() / file))}
    )
    yield Figure("run", f"run --select '{glob}' --full", "s", taken["run"])
    yield Figure("pytest", f"pytest -n {workers}, the same of {file}", "s", taken["pytest"])
    yield ratio("ratio", "seconds under pytest / seconds in a run", taken["pytest"], taken["run"])


# the usual way ---------------------------------------------------------------------------------------------------

_TESTS = """
import http.client, json, pathlib, time
import pytest

HERE = pathlib.Path(__file__).parent
REQUESTS = json.loads((HERE / "requests.json").read_text())

@pytest.fixture(scope="module", autouse=True)
def clock():
    began = time.perf_counter()
    yield
    (HERE / "seconds").write_text(repr(time.perf_counter() - began))

@pytest.mark.parametrize("method, uri, data, headers", REQUESTS)
def test_request(httpserver, method, uri, data, headers):
    data = data.encode("latin-1")
    httpserver.expect_request(uri, method=method, data=data, headers=headers).respond_with_data("ok")
    connection = http.client.HTTPConnection(httpserver.host, httpserver.port)
    connection.request(method, uri, data, headers)
    assert connection.getresponse().status == 200
    connection.close()
    httpserver.check()
"""


def _expressible(number: int) -> tuple[str, str, str, dict[str, str]] | None:
    """Return method, path, body and headers of a combination, or None where they cannot be expected in this way.

    They can where one well-formed request is sent, framed by a length that the client adds itself, with no name of a
    field twice and no folded one.
    """
    expansion = usual().expansion
    decision = expansion.decision(number)
    if decision.raises != NOT_RAISED or decision.adds not in ("zero", "length") or decision.defect != "none":
        return None
    expect = expansion.case(number).steps[0].expect
    assert expect is not None
    assert expect.head is not None
    assert isinstance(expect.body, bytes)
    message = parse("\r\n".join((*expect.head, "", "")).encode("latin-1") + expect.body)
    own = framing_lines(decision, expansion.values(number)["body"])
    pairs = [line.split(": ", 1) for line in expect.head[1:] if line.encode("latin-1") not in own]
    headers = {pair[0]: pair[-1] for pair in pairs if pair[0] not in ("Host", "Accept-Encoding")}
    is_plain = message.method.isalpha() and b" " not in message.target and "\n" not in "".join(headers.values())
    if message.problems or message.framing == "chunked" or not is_plain or len(headers) != len(pairs) - 2:
        return None
    return message.method.decode(), message.target.decode(), expect.body.decode("latin-1"), headers


def httpserver(settings: Settings) -> Iterator[Figure]:
    """Measure requests that are checked with pytest-httpserver, each in a test, and the same ones judged."""
    _require("pytest", "pytest_httpserver")
    pool = spread(reaching(), settings.size(len(usual()), 30 * _FEW))
    found = {number: asked for number in pool if (asked := _expressible(number)) is not None}
    numbers = spread(list(found), settings.size(_REQUESTS, _FEW))
    ran, seconds = _checked([found[number] for number in numbers])
    yield count("requests", f"requests, of {len(found):,} that it can express", ran.items)
    yield count("passed", "of these as expected", ran.passed)
    yield rate("rate", "checked with pytest-httpserver", (seconds,), ran.items)
    with in_process(settings.candidate) as candidate, judging(candidate, numbers) as judged, steady():
        taken = in_pieces(settings.rounds, {"judged": judged.pieces()})["judged"]
    yield rate("judged", "judged in one process", taken, len(numbers))
    yield ratio("ratio", "rate judged / rate checked", (seconds,) * len(taken), taken)


def _checked(requests: Sequence[tuple[str, str, str, dict[str, str]]]) -> tuple[_Ran, float]:
    with tempfile.TemporaryDirectory(prefix="wireproof-") as name:
        folder = Path(name)
        (folder / "requests.json").write_text(json.dumps(requests))
        (folder / "test_requests.py").write_text(_TESTS)
        ran = _pytest(str(folder / "test_requests.py"))
        return ran, float((folder / "seconds").read_text())
