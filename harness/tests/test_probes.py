"""Probes ask the interpreter's own http.client; names of candidates become classes."""

from __future__ import annotations

import http.client
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from wireproof._candidates import NAMES, named, resolve, spelled, version
from wireproof._cases import PROBES
from wireproof.drivers import python_driver
from wireproof.drivers.python_driver import answers
from wireproof.errors import CandidateError


def test_every_probe_of_the_format_is_answered() -> None:
    """The probes are those that cases may name, and each answer is one that a case may ask for."""
    found = answers()
    assert list(found) == list(PROBES)
    assert {name: found[name] in PROBES[name] for name in found} == dict.fromkeys(PROBES, True)


class Interpreter:
    """A connection class of another release, as far as the probes look at it."""

    answer = "newest"

    def __init__(self, host: str, port: int | None = None, **more: object) -> None:
        if self.answer == "oldest" and more:
            raise TypeError("unexpected keyword argument")
        self.host, self.sock = host, None

    def request(self, method: str, url: str, body: object = None) -> None:
        """Send what the releases at both ends would send."""
        sink: Any = self.sock
        oldest = self.answer == "oldest"
        if not oldest and ("[abc]" in url or "%" in url or body is not None):
            raise ValueError("refused")
        host = "[::1%lo]" if oldest and "%" in self.host else "[[::1]]" if oldest and "[" in self.host else "[::1]"
        sink.sendall(b"GET / HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n")
        sink.close()


@pytest.mark.parametrize("answer", ["newest", "oldest"])
def test_probes_tell_releases_apart(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """The first answer is that of the newest release, the last one that of older ones."""
    monkeypatch.setattr(Interpreter, "answer", answer)
    monkeypatch.setattr(http.client, "HTTPConnection", Interpreter)
    index = 0 if answer == "newest" else -1
    assert answers() == {name: choices[index] for name, choices in PROBES.items()}


def test_probes_fit_this_release() -> None:
    """What is known of the releases that wireproof is tested with: they all take blocksize."""
    assert answers()["blocksize"] == "given"


# names -------------------------------------------------------------------------------------------------------------


def test_two_candidates_have_names() -> None:
    """The names reference and stdlib stand for classes, others are spelled out."""
    assert [spelled(name) for name in (*NAMES, "a.b:C.d")] == [
        ("wireproof_reference", "HTTPConnection"),
        ("http.client", "HTTPConnection"),
        ("a.b", "C.d"),
    ]


def test_a_name_becomes_its_class() -> None:
    """The class itself is returned, through attributes of attributes, too."""
    assert resolve(named("stdlib")) is http.client.HTTPConnection
    assert resolve(named("http:client.HTTPConnection")) is http.client.HTTPConnection


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("__version__ = '1.2'", "own 1.2, "),
        ("__version__ = 'x' * 100", f"own {'x' * 40}, "),
        ("__version__ = (1, 2)", ""),
        ("", ""),
        ("def __getattr__(name): raise RuntimeError", ""),
    ],
)
def test_the_version_is_the_modules_and_the_interpreters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, shown: str
) -> None:
    """A module's __version__ is shown where it is a str."""
    (tmp_path / "own.py").write_text(f"from http.client import HTTPConnection as Client\n{source}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        resolve(named("own:Client"))
        found = version(named("own:Client"))
    finally:
        del sys.modules["own"]
    assert found.startswith(shown)
    assert re.fullmatch(r"[a-z]+ \d+\.\d+\.\d+", found.removeprefix(shown))


class Unspeakable(Exception):
    """An exception that cannot be said."""

    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("two\nlines\tand \x1b[31mred\u2028"), r"ValueError: two lines and \x1b[31mred"),
        (ValueError("\ud800"), r"ValueError: \ud800"),
        (ValueError("x" * 1000), "ValueError: " + "x" * 288),
        (Unspeakable(), "Unspeakable"),
    ],
)
def test_what_is_said_of_an_exception_is_one_safe_line(error: Exception, said: str) -> None:
    """Messages are one line, short, and harmless to a terminal."""
    assert python_driver._said(error) == said


CALLED = "its constructor, called with a host and a port, raises"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("http.client", "it is no name of a candidate"),
        ("none.such:C", "the module none.such cannot be imported: ModuleNotFoundError: No module named 'none'"),
        ("http.client:none", "http.client has no none"),
        ("http.client:HTTP_PORT", "HTTP_PORT is not callable but of type int"),
        ("builtins:object", f"{CALLED} TypeError: object() takes no arguments"),
        ("builtins:format", f"{CALLED} TypeError: format() argument 2 must be str, not int"),
        ("builtins:print", "its objects have no method request"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_candidate_is_refused(name: str, why: str) -> None:
    """The reason is on the candidate's side, and said."""
    with pytest.raises(CandidateError) as caught:
        resolve(named(name))
    assert (caught.value.name, caught.value.why) == (name, why)
