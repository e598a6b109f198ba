"""Adapters: Python clients with another API, driven like HTTPConnection. What is not installed is skipped."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

import wireproof.drivers
from wireproof._descriptions import candidate, load
from wireproof._descriptions._find import SHIPPED
from wireproof._model import Candidate
from wireproof._recipes import KINDS
from wireproof.errors import CandidateError

DRIVER = Path(wireproof.drivers.__file__).parent / "python_driver.py"
FOLDER = DRIVER.parent / "adapters"
WAITING = (
    "aiohttp",
    "geventhttpclient",
    "httpcore",
    "httpx",
    "niquests",
    "pycurl",
    "requests",
    "tornado",
    "urllib-request",
    "vcrpy",
)
ALL = (*WAITING, "aws-xray-sdk", "gevent", "sentry-sdk")
ONE_EACH = ("tornado", "urllib-request")
"""Clients that have a TCP connection for each request."""
TARGETS = ("geventhttpclient", "vcrpy")
"""Clients that are given request-targets, not URLs."""

BYTES = {"kind": "bytes", "data": "abc"}


def described(name: str) -> Candidate:
    """Return a shipped candidate, or skip the test where it is not installed."""
    try:
        return candidate(load(SHIPPED / f"{name}.yaml"))
    except CandidateError as error:
        pytest.skip(str(error))


def started(name: str, drive: Any) -> tuple[Any, dict[str, Any]]:
    """Return a session with the candidate's driver, and what it said of itself."""
    found = described(name)
    session = drive(*found.command, **found.environment)
    return session, session.start(found.target, options=dict(found.options))


def adapter() -> Any:
    """Return the module that adapters share."""
    spec = importlib.util.spec_from_file_location("wireproof_adapter", FOLDER / "wireproof_adapter.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ALL)
def test_an_adapter_says_what_it_is(name: str, drive: Any) -> None:
    """Its version is the library's, and the kinds that it names are kinds."""
    session, hello = started(name, drive)
    assert hello["type"] == "hello", hello
    assert re.match(r"[0-9]+\.[0-9]+", hello["client"]["version"])
    can = hello["can"]
    named = {kind for kinds in can["arguments"].values() for kind in kinds} | set(can["fields"])
    assert named <= {*KINDS, "unknown"}
    assert ("waits" in can["features"]) == (name in WAITING)
    assert ("encode_chunked" in can["arguments"]) == (name not in set(WAITING) - {"vcrpy"})
    assert session.end() == 0


@pytest.mark.parametrize("name", ALL)
def test_an_adapter_passes_on_what_it_is_given(name: str, serve: Any, drive: Any) -> None:
    """Method, path, fields and body arrive; what its description says of further fields is all that is added."""
    session, _ = started(name, drive)
    tolerances = load(SHIPPED / f"{name}.yaml").tolerances
    server = serve()
    headers = {"kind": "dict", "items": [[{"kind": "str", "text": "X-One"}, {"kind": "str", "text": "1"}]]}
    message = session.message(server, "PUT", "/a/b?c=d", BYTES)
    message["arguments"]["headers"] = headers
    session.send(message)
    answer = session.answer()
    assert answer.get("raised") is None, answer
    assert server.ended.acquire(timeout=60)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    fields = {key.lower(): value for key, value in (each.split(": ", 1) for each in lines)}
    assert (line, body) == ("PUT /a/b?c=d HTTP/1.1", b"abc")
    own = {"host": f"127.0.0.1:{server.port}", "content-length": "3", "x-one": "1", "accept-encoding": "identity"}
    ambient = {key.lower(): pattern for key, pattern in tolerances.ambient}
    for key, value in fields.items():
        assert value == own.get(key) or re.fullmatch(ambient.get(key, "(?!)"), value), (key, value)
    assert {each for each in own if each not in fields} <= {each.lower() for each in tolerances.omits}


@pytest.mark.parametrize("name", ALL)
def test_an_argument_that_is_not_given_is_not_passed(name: str, serve: Any, drive: Any) -> None:
    """Without headers and body the client's own defaults hold."""
    session, _ = started(name, drive)
    server = serve()
    answer = session.ask(server, "GET", "/")
    assert (answer.get("raised"), answer["returned"]) == (None, "NoneType")
    assert server.ended.acquire(timeout=60)
    assert server.requests[0].startswith(b"GET / HTTP/1.1\r\n")
    assert server.requests[0].endswith(b"\r\n\r\n")


@pytest.mark.parametrize("name", WAITING)
def test_what_the_client_raises_is_let_out(name: str, serve: Any, drive: Any) -> None:
    """Nobody listens, so that it cannot connect; a connection object is as good afterwards as before."""
    session, _ = started(name, drive)
    server = serve()
    server.close()
    answer = session.ask(server, "GET", "/")
    assert answer["raised"]["phase"] == "request"
    assert answer["raised"]["classes"][-2:] == ["BaseException", "object"]
    other = serve()
    assert session.ask(other, "GET", "/").get("raised") is None
    assert len(other.requests) == 1


@pytest.mark.parametrize("name", WAITING)
def test_connections_are_kept_until_close(name: str, serve: Any, drive: Any) -> None:
    """Two requests have one connection where the client keeps any; after close() there is another one."""
    session, _ = started(name, drive)
    server = serve()
    first = session.message(server, "GET", "/1", last=False)
    second = session.message(None, "GET", "/2", last=False)
    third = session.message(None, "GET", "/3", last=True)
    del second["new"], third["new"]
    close = {"type": "close", "id": 90, "on": "a"}
    for message in (first, second, close, third):
        session.send(message)
        assert session.answer().get("raised") is None
    assert session.end() == 0
    shape = [len(connection) for connection in server.connections]
    assert shape == ([1, 1, 1] if name in ONE_EACH else [2, 1])


def test_a_url_is_that_of_the_server() -> None:
    """An IPv6 address has brackets there, once; a port may stand in the host."""
    base = adapter().base
    assert [base(*address) for address in [("1.2.3.4", 80), ("1.2.3.4", None), ("::1", 8080), ("[::1]", 8080)]] == [
        "http://1.2.3.4:80",
        "http://1.2.3.4",
        "http://[::1]:8080",
        "http://[::1]:8080",
    ]
    assert [base("1.2.3.4:81", None), base("a", "82")] == ["http://1.2.3.4:81", "http://a:82"]


def test_what_is_no_path_cannot_be_asked_for() -> None:
    """A whole URL would lead elsewhere, and nothing but a path can stand behind the server's."""
    no_path = adapter().no_path
    assert [no_path("GET", url) for url in ("", "/", "/a b", "?q", "#f", "//x")] == [""] * 6
    assert all(no_path("GET", url) for url in ("http://a/", "*", "a", "a:80"))


@pytest.mark.skipif("wireproof_cannot" not in DRIVER.read_text("utf-8"), reason="the Python driver does not ask for it")
@pytest.mark.parametrize("name", sorted(set(WAITING) - set(TARGETS)))
def test_a_whole_url_is_unsupported(name: str, serve: Any, drive: Any) -> None:
    """The client is not even called; the next request is as good as any."""
    session, _ = started(name, drive)
    server = serve()
    answer = session.ask(server, "GET", f"http://127.0.0.1:{server.port}/")
    assert (answer["type"], server.requests) == ("unsupported", [])
    assert session.ask(server, "GET", "/").get("raised") is None


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda file: file.stem)
def test_an_adapter_has_the_syntax_of_the_oldest_python(file: Path) -> None:
    """A description may give a client an interpreter as old as the driver's."""
    ast.parse(file.read_text(), feature_version=(3, 6))
