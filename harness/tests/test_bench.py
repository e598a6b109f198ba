"""``wireproof bench``: everything can be measured, what cannot be says why, and the figures hang together."""

from __future__ import annotations

import functools
import importlib.util
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wireproof import cli
from wireproof._bench import _memory, _pytest, _requests, _runs, _sections
from wireproof._bench._figures import CannotMeasure, Figure, Section, Settings, alternating, child, ratio
from wireproof._bench._sections import SECTIONS, measured
from wireproof.cli import _bench

QUICK = Settings(rounds=2, gib=1 / 1024, quick=True)


def bench(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[object, str, str]:
    """Call the command; return its exit code, its output and its errors."""
    monkeypatch.setattr(sys, "argv", ["wireproof", "bench", *arguments])
    monkeypatch.setenv("COLUMNS", "80")
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        cli.main()
    output = capsys.readouterr()
    return caught.value.code, output.out, output.err


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Leave the signals of this process as they were."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


# the whole command ---------------------------------------------------------------------------------------------------

KEYS = {
    "verdicts": {"requests", "one", "two", "ratio"},
    "driven": {"requests", "in-process", "driven", "ratio"},
    "floor": {"requests", "floor", "judged", "reported", "ratio", "elsewhere", "raising"},
    "raw": {"raw", "ratio"},
    "bodies": {"mib", "judged", "discarded", "raw", "ratio", "memory"},
    "startup": {"first"},
    "memory": {
        *("few_requests", "few_runner", "few_worker", "many_requests", "many_runner", "many_worker"),
        *("runner_grown", "worker_grown"),
    },
    "pytest": {"start", "items", "rate"},
    "matrices": {"run", "pytest", "ratio"},
    "httpserver": {"requests", "passed", "rate", "judged", "ratio"},
}


def test_a_quick_bench_has_every_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything can be measured here, as much of it as was asked for, and the table says the same as the JSON."""
    target = tmp_path / "bench.json"
    code, output, _ = bench(capsys, monkeypatch, "--quick", "--json", str(target))
    assert code == 0
    found: dict[str, Any] = json.loads(target.read_text())
    assert {"wireproof", "python", "system", "cores", "load", "candidate", "rounds", "gib", "quick"} <= found.keys()
    assert (found["candidate"], found["rounds"], found["quick"]) == ("stdlib", 2, True)
    sections = found["sections"]
    assert {name: section["not_measured"] for name, section in sections.items()} == dict.fromkeys(KEYS)
    assert {name: set(section["figures"]) for name, section in sections.items()} == KEYS
    values = {
        name: {key: figure["value"] for key, figure in section["figures"].items()} for name, section in sections.items()
    }
    assert values["verdicts"]["requests"] == _runs._QUICK
    assert values["floor"]["requests"] == _requests._QUICK
    assert (values["memory"]["few_requests"], values["memory"]["many_requests"]) == _memory._QUICK
    assert values["httpserver"]["requests"] == values["httpserver"]["passed"] == _pytest._FEW
    assert values["bodies"]["mib"] == 16
    counted = {"reported", "memory", "runner_grown", "worker_grown"}
    assert all(value > 0 for each in values.values() for key, value in each.items() if key not in counted)
    assert values["floor"]["reported"] == 0 or sys.flags.bytes_warning  # with -bb, http.client itself raises
    assert values["raw"]["raw"] < values["floor"]["floor"]
    assert values["floor"]["ratio"] == pytest.approx(values["floor"]["floor"] / values["floor"]["judged"], rel=0.3)
    assert len(sections["floor"]["figures"]["floor"]["rounds"]) == 2
    assert f"{values['floor']['floor']:.1f} µs" in output
    assert all(section["title"] in output for section in sections.values())
    assert max(map(len, output.splitlines())) <= 80
    assert "busy" in output


# what cannot be measured ---------------------------------------------------------------------------------------------


def test_what_is_not_installed_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pytest's plugins the sections that need them say how to install them."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name in ("pytest", "matrices", "httpserver"):
        section = measured(name, QUICK)
        assert section.figures == ()
        assert section.why is not None
        assert section.why.endswith("is not installed: pip install 'wireproof[bench]'")


def test_no_long_body_is_asked_for() -> None:
    """With no size there is no long body, and that is the reason."""
    section = measured("bodies", Settings(gib=0))
    assert (section.figures, section.why) == ((), "it was not asked for: --gib 0")


def test_a_broken_measurement_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong is the reason, and the figures before it stay."""
    figure = Figure("one", "one", "s", (1.0,))

    def breaks(settings: Settings) -> Iterator[Figure]:
        yield figure
        raise ZeroDivisionError("no such number")

    monkeypatch.setattr(_sections, "SECTIONS", {"raw": _sections._Part("Raw", breaks)})
    assert measured("raw", QUICK) == Section("raw", "Raw", (figure,), "ZeroDivisionError: no such number")


def test_a_candidate_that_is_lost_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a candidate cannot be had, the error of the run is the reason."""
    monkeypatch.chdir(tmp_path)
    section = measured("verdicts", Settings(candidate="nowhere:Client", rounds=1, quick=True))
    assert section.why is not None
    assert section.why.startswith("wireproof says: candidate 'nowhere:Client'")


def test_a_body_that_fails_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that sends no long body has no speed, and the verdict on it is the reason."""
    (tmp_path / "lazy_client.py").write_text(
        "import http.client\n\nclass Client(http.client.HTTPConnection):\n"
        "    def request(self, method, url, body=None, headers={}, **more):\n"
        "        super().request(method, url, None, {}, **more)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    section = measured("bodies", Settings(candidate="lazy_client:Client", rounds=1, gib=5 / 1024))
    assert section.why is not None
    assert section.why.startswith("the verdict on the long body is fail: ")


def test_a_child_that_fails_says_so() -> None:
    """A process that ends with another exit code than is wanted is the reason, with its last words."""
    with pytest.raises(CannotMeasure, match=r"^wireproof show ended with exit code 2: wireproof: case: got 'a'"):
        child(("-m", "wireproof", "show", "a"))


def test_reasons_are_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The table says what could not be measured, and the exit code is 0 all the same."""

    def refuses(settings: Settings) -> Iterator[Figure]:
        raise CannotMeasure("there is [nothing] to measure")
        yield

    for module in (_sections, _bench):
        monkeypatch.setattr(module, "SECTIONS", {"raw": _sections._Part("Raw", refuses)})
    code, output, _ = bench(capsys, monkeypatch, "--rounds", "1")
    assert code == 0
    assert "  not measured: there is [nothing] to measure\n" in output
    code, output, _ = bench(capsys, monkeypatch, "--rounds", "1", "--json", "-")
    assert code == 0
    section = {"title": "Raw", "not_measured": "there is [nothing] to measure", "figures": {}}
    assert json.loads(output)["sections"] == {"raw": section}


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("--candidate", "nowhere:Client"), "candidate 'nowhere:Client': the module nowhere cannot be imported"),
        (("--json", "."), "--json: got '.'; wanted the path of a file in a folder that exists, or -"),
        (("--json", "no/such/folder/file"), "--json: got 'no/such/folder/file'; wanted the path of a file"),
        (("--rounds", "0"), "Invalid value for '--rounds'"),
    ],
)
def test_bad_input_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], wanted: str
) -> None:
    """What cannot be done is said before anything is measured."""
    code, output, errors = bench(capsys, monkeypatch, *arguments)
    assert (code, output) == (2, "")
    assert errors.startswith(f"wireproof: {wanted}")


# how it is measured --------------------------------------------------------------------------------------------------


def test_turns_alternate() -> None:
    """Every other round goes backwards, and each part has a time for each round."""
    order: list[str] = []
    taken = alternating(3, {name: functools.partial(order.append, name) for name in ("a", "b")})
    assert "".join(order) == "abbaab"
    assert {name: len(seconds) for name, seconds in taken.items()} == {"a": 3, "b": 3}


def test_what_counts_is_the_median() -> None:
    """A ratio is taken in each round, and its value is the median of these."""
    figure = ratio("r", "a ratio", (1.0, 2.0, 9.0), (1.0, 4.0, 3.0))
    assert figure.rounds == (1.0, 0.5, 3.0)
    assert figure.value == 1.0


def test_every_section_is_tested() -> None:
    """The keys above name every section."""
    assert SECTIONS.keys() == KEYS.keys()
