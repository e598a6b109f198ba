"""The drift matrix: the committed one is whole and its page is made from it, and a client that differs shows."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

REPORTS = Path(__file__).resolve().parents[2] / "reports" / "proof"

CLIENT = '''
import http.client


class Newer(http.client.HTTPConnection):
    """Does three things otherwise."""

    def putheader(self, header, *values):
        super().putheader("HOST" if header == "Host" and self.host == "::1" else header, *values)

    def request(self, method, url, body=None, headers={}, **more):
        if url == "/a b":
            raise RuntimeError("otherwise")
        if type(body) is bytearray:
            body[:] = body.upper()
        super().request(method, url, body, headers, **more)
'''


@pytest.fixture
def drift(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package of the drift matrix, which is not shipped."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("drift.command")


def committed() -> dict[str, Any]:
    """Return the committed matrix."""
    made: dict[str, Any] = json.loads((REPORTS / "drift.json").read_text("utf-8"))
    return made


def test_the_committed_page_is_made_from_the_committed_matrix(drift: Any) -> None:
    """Nobody edits the page by hand, and nobody forgets it."""
    assert (REPORTS / "drift.md").read_text("utf-8") == drift.page(committed())


def test_the_committed_matrix_is_whole() -> None:
    """Every interpreter has an account that balances, full version numbers, and a cell in every row."""
    made = committed()
    names = [each["name"] for each in made["interpreters"]]
    count = made["suite"]["cases"] + made["suite"]["combinations"]
    assert all(re.fullmatch(r"(CPython|PyPy) \d+\.\d+\.\d+( \(Python \d+\.\d+\.\d+\))?", name) for name in names)
    assert made["newest"] in names
    for each in made["interpreters"]:
        assert each["alike"] + each["different"] + each["unsupported"] == each["cases"] == count
    for one in made["differences"]:
        assert list(one["cells"]) == names
        assert set(one["cells"].values()) - {"-"} == set(one["ways"])
        assert one["changed"]
        assert one["clause"]


def test_the_committed_matrix_has_what_is_known_of_releases() -> None:
    """Where releases are known to differ it says so, each with the first release of the new way."""
    first = {one["case"]: one["first"] for one in committed()["differences"]}
    assert {
        "automatic-headers/addresses/ipv6-zone": "3.11.7",
        "automatic-headers/addresses/ipv6-given-in-brackets": "3.13.0",
        "body-bytes-like/shape/no-dimension": "3.12.1",
        "errors/authority/percent-in-a-name": "3.11.7",
    }.items() <= first.items()


def test_one_interpreter_differs_from_nobody(drift: Any) -> None:
    """With one interpreter alone there is no difference, and everything is accounted for."""
    made = drift.drift(drift.ask.found([sys.executable]), ("errors/authority/*", "automatic-headers/addresses/*"), 1)
    (one,) = made["interpreters"]
    assert (made["differences"], made["clauses"]) == ([], [])
    assert one["alike"] == one["cases"] == made["suite"]["cases"] > 10
    assert drift.page(made).startswith("# The drift matrix\n")


def test_a_planted_difference_shows(drift: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a client that sends, raises and does something else each difference is a row, with both ways in words."""
    (tmp_path / "newer.py").write_text(CLIENT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    globs = ("automatic-headers/addresses/ipv6*", "errors/url/space", "effects/body/bytearray", "framing/both/*")
    older = drift.ask.found([sys.executable])
    ((here, candidate),) = drift.ask.found([sys.executable], "newer:Newer").items()
    newer = drift.ask.Interpreter(False, (99, 0, 0), "CPython 99.0.0", here.target)
    made = drift.drift({**older, newer: candidate}, globs, 1)
    rows = {one["case"]: one for one in made["differences"]}
    assert {one["first"] for one in rows.values()} == {"99.0.0"}
    assert {name: one["changed"] for name, one in rows.items() if not name.startswith("automatic")} == {
        "errors/url/space": ["exception"],
        "effects/body/bytearray": ["bytes", "effects"],
    }
    assert rows["errors/url/space"]["ways"] == {
        "=": "raises RuntimeError, sends nothing",
        "a": "raises InvalidURL, sends nothing",
    }
    assert rows["errors/url/space"]["clause"] == "target.control"
    zone = rows["automatic-headers/addresses/ipv6"]
    assert (zone["changed"], zone["ways"]["="][:19]) == (["bytes"], "returns, sends HOST")


def test_what_is_wrong_is_one_sentence(
    drift: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder or an interpreter that is not there is said in one line, and the exit code is 2."""
    for arguments in (["--out", str(tmp_path / "no")], ["--out", str(tmp_path), "no-such-python"]):
        monkeypatch.setattr("sys.argv", ["drift", *arguments])
        with pytest.raises(SystemExit) as caught:
            drift.main()
        assert caught.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_what_a_client_wrote_is_no_markup(drift: Any) -> None:
    """Whatever stands in a way or a reason, the page shows it as text."""
    made = committed()
    made["differences"][0]["ways"]["="] = "returns, sends `</code><script>|"
    made["unsupported"][0]["why"] = "<script>|`"
    text = drift.page(made)
    assert "<script>" not in text
