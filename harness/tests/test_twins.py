"""The judge rejects every wrong capture that can be made of a right one, for the reason that fits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wireproof._cases import load
from wireproof._judge import _differences, judge
from wireproof._matrix import Expansion, Matrix
from wireproof._model import LAYERS, Capture, Case, Verdict
from wireproof._proof._accepted import is_right
from wireproof._proof._right import right
from wireproof._proof._scene import Hurt, Scene, damaged
from wireproof._proof._twins import KINDS, clauses_by_twins, fits, of_kind, twins

_SET = load(None, ())
_CASES = {case.id: case for case in _SET.cases}
_FOLDERS = sorted({case.folder for case in _SET.cases})
_PASS: dict[str, str] = dict.fromkeys(LAYERS, "pass")
_LEAST = 4
_PARTS = [(folder, part) for folder in _FOLDERS for part in range(2)]
_SIMPLE = tuple(
    case
    for case in _SET.cases
    if len(case.steps) == 1 and case.steps[0].expect is not None and case.steps[0].expect.at_least is None
)

Judge = Callable[[Case, Capture], Verdict]


def asked(case: Case, capture: Capture) -> Verdict:
    """Return what the judge says."""
    return judge(case, capture, {})


def complaints(case: Case, judge_: Judge) -> Iterator[str]:
    """Yield the twins of a case that a judge lets pass, or rejects for a reason that does not fit."""
    for twin in twins(case, right(case)):
        verdict = judge_(case, twin.capture)
        name = f"{case.id}, {twin.kind} ({twin.what}), step {twin.step + 1}"
        if verdict.layers["bytes"] != "fail":
            yield f"{name}: passes"
        elif not fits(twin, verdict.reason):
            yield f"{name}: {verdict.reason}"
        for layer, must_fail in (("contract", twin.contract), ("rfc", twin.rfc)):
            if must_fail is not None and (verdict.layers[layer] == "fail") != must_fail:
                yield f"{name}: {layer} is {verdict.layers[layer]}"


@pytest.mark.parametrize("folder", _FOLDERS)
def test_right_passes(folder: str) -> None:
    """What a case expects passes at every layer."""
    cases = [case for case in _SET.cases if case.folder == folder]
    assert {case.id: asked(case, right(case)).layers for case in cases} == dict.fromkeys(
        (case.id for case in cases), _PASS
    )


@pytest.mark.parametrize("matrix", _SET.matrices, ids=lambda matrix: matrix.id)
def test_right_passes_of_a_matrix(matrix: Matrix) -> None:
    """What a combination expects passes, and its twins do not."""
    expansion, size = Expansion(matrix), math.prod(len(axis.values) for axis in matrix.axes)
    cases = [expansion.case(number) for number in range(0, size, max(1, size // 12))]
    assert [asked(case, right(case)).layers for case in cases] == [_PASS] * len(cases)
    passed = [
        (case.id, twin.kind)
        for case in cases
        for twin in twins(case, right(case))
        if asked(case, twin.capture).layers["bytes"] == "pass"
    ]
    assert passed == []


@pytest.mark.parametrize(("folder", "part"), _PARTS)
def test_twins_are_rejected(folder: str, part: int) -> None:
    """Every twin is rejected, for the reason that fits, and at the layers that its damage concerns and no others."""
    cases = [case for case in _SET.cases if case.folder == folder][part::2]
    assert [complaint for case in cases for complaint in complaints(case, asked)] == []


@cache
def _captures() -> tuple[tuple[Case, Capture], ...]:
    return tuple((case, right(case)) for case in _SET.cases)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_occurs(kind: str) -> None:
    """No kind of damage is one that no case has."""
    found = 0
    for case, capture in _captures():
        found += any(True for _ in of_kind(kind, case, capture))
        if found == _LEAST:
            return
    assert found >= _LEAST


def test_kinds_are_many() -> None:
    """There are more than a hundred kinds of damage."""
    assert len(KINDS) > 100


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_any_byte(data: st.DataObject) -> None:
    """A capture with any one byte changed, lost or added does not pass."""
    case = data.draw(st.sampled_from(_SIMPLE))
    scene = Scene(case, right(case), 0)
    size = len(scene.data)
    at = data.draw(st.integers(0, max(0, size - 1)))
    byte = bytes([data.draw(st.integers(0, 255))])
    rest = data.draw(st.sampled_from([0, 1]))
    kept = data.draw(st.booleans())
    sent = scene.data[:at] + (byte if kept else b"") + scene.data[at + rest :]
    twin = damaged(scene, Hurt("a byte", (), (sent,)))
    if sent != scene.data and not scene.is_long:
        assert (asked(case, twin).layers["bytes"] == "pass") == is_right(case, twin)


# the test can fail ------------------------------------------------------------------------------------------------


def _passes(case: Case, capture: Capture) -> Verdict:
    return replace(asked(case, capture), layers={**_PASS})


def _is_vague(case: Case, capture: Capture) -> Verdict:
    verdict = asked(case, capture)
    return replace(verdict, differences=tuple(replace(each, code="bytes.differ") for each in verdict.differences))


def _forgets_rfc(case: Case, capture: Capture) -> Verdict:
    verdict = asked(case, capture)
    return replace(verdict, layers={**verdict.layers, "rfc": "pass"})


def _forgets_contract(case: Case, capture: Capture) -> Verdict:
    verdict = asked(case, capture)
    return replace(verdict, layers={**verdict.layers, "contract": "pass"})


def _is_too_strict(case: Case, capture: Capture) -> Verdict:
    verdict = asked(case, capture)
    return replace(verdict, layers={**verdict.layers, "contract": "fail"})


_EXAMPLE = "body-str/latin-1/e-acute"


@pytest.mark.parametrize("broken", [_passes, _is_vague, _forgets_rfc, _forgets_contract, _is_too_strict])
def test_a_broken_judge_is_found(broken: Judge) -> None:
    """A judge that lets everything pass, gives one reason for all, or takes two layers for one is noticed."""
    assert list(complaints(_CASES[_EXAMPLE], asked)) == []
    assert list(complaints(_CASES[_EXAMPLE], broken))


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("_same_bytes", _EXAMPLE),
        ("_same_outcome", "errors/url/space"),
        ("_same_connections", _EXAMPLE),
    ],
)
def test_a_judge_that_lacks_a_question_is_found(name: str, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that does not look at bytes, at exceptions, or at connections is noticed."""
    monkeypatch.setattr(_differences, name, lambda sight: True)
    assert any(complaint.endswith("passes") for complaint in complaints(_CASES[case], asked))


def test_a_judge_without_effects_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that does not look at effects is noticed."""
    monkeypatch.setattr(_differences, "wrong_effects", lambda sight: {})
    found = (complaint for case in _SET.cases if case.folder == "effects" for complaint in complaints(case, asked))
    assert any(complaint.endswith("passes") for complaint in found)


# clauses ----------------------------------------------------------------------------------------------------------


def test_clauses_by_twins() -> None:
    """The clauses of a case are found in the verdicts on its twins, and those of others are not."""
    found = clauses_by_twins(_CASES[_EXAMPLE])
    assert {"body.str.latin-1", "length.str", "auto.host", "rfc.host-once", "request.method"} <= found
    assert not {"chunked.file", "state.reuse", "headers.sent"} & found
