"""The Go driver: what net/http is called with and sends, what its errors mean, and when it hangs up."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import wireproof.drivers

DRIVER = Path(wireproof.drivers.__file__).parent / "go_driver.go"
PATIENCE = 20

pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="there is no go")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the driver, built."""
    folder = tmp_path_factory.mktemp("go")
    environment = {**os.environ, "GO111MODULE": "off", "GOFLAGS": ""}
    if "HOME" not in environment:
        environment.setdefault("GOCACHE", str(folder / "cache"))
    made = folder / "go_driver"
    command = ["go", "build", "-o", str(made), str(DRIVER)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stderr
    return made


@pytest.fixture
def go(drive: Any, built: Path) -> Any:
    """Return a session with net/http."""
    session = drive(built)
    assert session.start("net/http")["client"]["name"] == "net/http"
    return session


def data(kind: str, text: str, **members: object) -> dict[str, object]:
    """Return a recipe whose data is ``text``."""
    return {"kind": kind, "data": text, **members}


def pieces(kind: str, *texts: str | None) -> dict[str, object]:
    """Return a recipe of pieces of bytes; a name in capitals is raised, None is none."""
    made = [
        {"kind": "none"}
        if text is None
        else {"kind": "raise", "name": text}
        if text[:1].isupper()
        else data("bytes", text)
        for text in texts
    ]
    return {"kind": kind, "reads" if kind.endswith("reader") else "items": made}


def parts(request: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Return the request-line, the fields but for those that net/http always sends, and the rest."""
    head, _, content = request.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    own = (b"User-Agent: Go-http-client/", b"Accept-Encoding: gzip", b"Host: 127.0.0.1:")
    return line, [field for field in fields if not field.startswith(own)], content


LENGTH, CODING = b"Content-Length: %d", b"Transfer-Encoding: chunked"
CHUNKS = b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"

SENT: dict[str, tuple[list[Any], bytes, list[bytes], bytes]] = {
    "get": (["GET", "/a?b=c"], b"GET /a?b=c", [], b""),
    "no-path": (["GET", ""], b"GET /", [], b""),
    "fragment": (["GET", "/a/../b#part"], b"GET /a/../b", [], b""),
    "asterisk": (["OPTIONS", "*"], b"OPTIONS *", [], b""),
    "space": (["GET", "/a b"], b"GET /a%20b", [], b""),
    "pair": (["GET", "/\U0001f600"], b"GET /%F0%9F%98%80", [], b""),
    "method": (["x!y", "/"], b"x!y /", [], b""),
    "post": (["POST", "/"], b"POST /", [LENGTH % 0], b""),
    "none": (["POST", "/", {"kind": "none"}], b"POST /", [LENGTH % 0], b""),
    "bytes": (["PUT", "/", data("bytes", "a\0\xff\r\n")], b"PUT /", [LENGTH % 5], b"a\0\xff\r\n"),
    "bytearray": (["PUT", "/", data("bytearray", "ab")], b"PUT /", [LENGTH % 2], b"ab"),
    "view": (["PUT", "/", data("memoryview", "abcdef", slice=[1, -2])], b"PUT /", [LENGTH % 3], b"bcd"),
    "text": (["PUT", "/", {"kind": "str", "text": "\u20ac\U0001f600"}], b"PUT /", [LENGTH % 7], "€😀".encode()),
    "bytesio": (["PUT", "/", data("bytesio", "abc", position=1)], b"PUT /", [LENGTH % 2], b"bc"),
    "file": (["PUT", "/", data("binary-file", "abc", position=2)], b"PUT /", [CODING], b"1\r\nc\r\n0\r\n\r\n"),
    "pipe": (["PUT", "/", data("pipe", "abc")], b"PUT /", [CODING], b"3\r\nabc\r\n0\r\n\r\n"),
    "gzip": (["PUT", "/", data("gzip", "abc", position=1)], b"PUT /", [CODING], b"2\r\nbc\r\n0\r\n\r\n"),
    "reader": (["PUT", "/", pieces("reader", "ab", "c", None, "d")], b"PUT /", [CODING], CHUNKS),
    "reader-empty": (["PUT", "/", pieces("raw-reader", "ab", "c", "", "d")], b"PUT /", [CODING], CHUNKS),
    "list": (["PUT", "/", pieces("list", "ab", "", "c")], b"PUT /", [CODING], CHUNKS),
    "generator": (["PUT", "/", pieces("generator", "ab", "", "c")], b"PUT /", [CODING], CHUNKS),
    "blocks": (["PUT", "/", data("blocks", "a", count=2)], b"PUT /", [CODING], b"1\r\na\r\n1\r\na\r\n0\r\n\r\n"),
    "fields": (
        ["GET", "/", None, [["x-lower", "1"], ["X-B", "caf\u00e9"], ["x-lower", "2"]]],
        b"GET /",
        ["X-B: café".encode(), b"X-Lower: 1", b"X-Lower: 2"],
        b"",
    ),
    "ignored": (
        ["PUT", "/", data("bytes", "abc"), [["Host", "a.test"], ["Content-Length", "5"]]],
        b"PUT /",
        [LENGTH % 3],
        b"abc",
    ),
}


def test_it_sends_what_the_recipe_says(go: Any, serve: Any) -> None:
    """The bytes are those of net/http, in one request on a connection of its own; nothing is raised."""
    sent = {}
    for name, (arguments, _, _, _) in SENT.items():
        server = serve()
        answer = go.ask(server, *arguments)
        assert (name, answer["type"], answer.get("raised")) == (name, "done", None)
        sent[name] = list(map(parts, server.requests))
    assert sent == {name: [(line + b" HTTP/1.1", fields, content)] for name, (_, line, fields, content) in SENT.items()}
    assert go.end() == 0


REFUSED: dict[str, list[Any]] = {
    "errors.errorString": ["GE T", "/"],
    "url.Error": ["GET", "/a\r\nb"],
    "url.EscapeError": ["GET", "/%zz"],
}


def test_what_the_client_refuses_is_raised(go: Any, serve: Any) -> None:
    """A refused argument is a ValueError of the phase request, and nothing is sent."""
    server = serve()
    fields: list[list[list[str]]] = [[["X-A", "1\r\nX-B: 2"]], [["X:A", "1"]]]
    for name, arguments in [*REFUSED.items(), *(("url.Error", ["GET", "/", None, each]) for each in fields)]:
        raised = go.ask(server, *arguments)["raised"]
        assert (name in raised["classes"], raised["classes"][-1], raised["phase"]) == (True, "ValueError", "request")
    assert server.connections == []


def test_what_go_has_no_place_for_is_unsupported(go: Any, serve: Any) -> None:
    """Other targets than paths, and recipes that are not announced, are neither called nor refused."""
    server = serve()
    odd: list[list[Any]] = [
        *(["GET", url] for url in ("a/b", "example.test:443", "http://example.test/")),
        ["GET", "/", {"kind": "str", "text": "a\ud800"}],
        ["PUT", "/", data("ctypes", "abc")],
        ["PUT", "/", data("memoryview", "abcdef", slice=[0, 6, 2])],
        ["PUT", "/", {"kind": "list", "items": [{"kind": "str", "text": "a"}]}],
        ["PUT", "/", pieces("list", "ValueError")],
    ]
    answers = [go.ask(server, *arguments) for arguments in odd]
    assert [(each["type"], bool(each.get("why"))) for each in answers] == [("unsupported", True)] * len(odd)
    changed = go.message(server, "GET", "/")
    changed["arguments"]["headers"] = {"kind": "dict", "items": [[data("bytes", "X-A"), data("bytes", "1")]]}
    go.send(changed, {"type": "response", "id": 90, "on": "a"}, {"type": "collect", "id": 91})
    assert [go.answer()["type"] for _ in range(3)] == ["unsupported"] * 3
    assert go.ask(server, "GET", "/")["raised"] is None


@pytest.mark.parametrize("kind", ["generator", "reader"])
def test_what_a_body_returns_has_its_name_in_python(go: Any, serve: Any, kind: str) -> None:
    """The name of the error is there, and nothing that it is not; what came before it is sent, and no end."""
    expected = {"RuntimeError": [], "OSError": [], "EOFError": [], "KeyError": ["LookupError"]}
    for name, more in expected.items():
        server = serve()
        raised = go.ask(server, "PUT", "/", pieces(kind, "ab", name))["raised"]
        assert raised["classes"] == ["url.Error", "main.bodyError", name, *more]
        assert server.ended.acquire(timeout=PATIENCE)
        assert [content for _, _, content in map(parts, server.requests)] == [b"2\r\nab\r\n"]


EFFECTS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "bytearray": (data("bytearray", "ab"), {"body.content": "unchanged"}),
    "bytesio": (data("bytesio", "abc", position=1), {"body.closed": False, "body.position": 3}),
    "file": (data("binary-file", "ab"), {"body.closed": True}),
    "pipe": (data("pipe", "ab"), {"body.closed": True}),
    "generator": (pieces("generator", "ab", "", "c"), {"body.pulled": 3}),
    "stopped": (pieces("iterator", "ab", "ValueError", "c"), {"body.pulled": 1}),
    "bytes": (data("bytes", "ab"), {}),
}


def test_effects_are_what_the_client_does(go: Any, serve: Any) -> None:
    """What was read, closed and pulled is told; the header is a map that stays as it is."""
    told = {name: go.ask(serve(), "PUT", "/", body)["effects"] for name, (body, _) in EFFECTS.items()}
    assert told == {name: {"headers": "unchanged", **effects} for name, (_, effects) in EFFECTS.items()}
    refused = go.ask(serve(), "GE T", "/", data("binary-file", "abcd", position=3))["effects"]
    assert refused == {"headers": "unchanged", "body.closed": False, "body.position": 3}


@pytest.mark.parametrize("reply", [b"200 OK\r\nContent-Length: 2\r\n\r\nok", b"204 No Content\r\n\r\n"])
def test_the_last_message_closes_the_connection(go: Any, serve: Any, reply: bytes) -> None:
    """After the last message there is no connection that the next exchange could go over, with content or without."""
    server = serve(reply=b"HTTP/1.1 " + reply)
    for count in range(1, 4):
        go.ask(server, "GET", "/")
        assert server.ended.acquire(timeout=PATIENCE)
        assert list(map(len, server.connections)) == [1] * count


def test_a_sequence_keeps_its_connections(go: Any, serve: Any) -> None:
    """Requests on one object share a connection, those on two do not; after close() there is another one."""
    one, two = serve(), serve()
    for on, server, new in (("a", one, True), ("b", two, True), ("a", one, False), ("b", two, False)):
        message = go.message(server, "POST", "/", data("bytes", on), on=on, last=False)
        go.send(message if new else {name: value for name, value in message.items() if name != "new"})
        assert go.answer()["raised"] is None
    go.send({"type": "close", "id": 50, "on": "a"})
    assert go.answer()["raised"] is None
    message = go.message(None, "GET", "/", last=False)
    del message["new"]
    go.send(message)
    assert go.answer()["raised"] is None
    assert [list(map(len, server.connections)) for server in (one, two)] == [[2, 1], [2]]
    go.send({"type": "end", "id": 60})
    go.answer()
    assert [server.ended.acquire(timeout=PATIENCE) for server in (one, one, two)] == [True] * 3
    go.send({**message, "id": 61})
    assert go.answer()["type"] == "unsupported"


def test_addresses_are_given_as_they_are(go: Any, serve: Any) -> None:
    """Host shows what the address says, wherever it leads to."""
    server, sixth = serve(), serve("::1")
    port = server.port
    ways: list[tuple[Any, dict[str, object], bytes]] = [
        (server, server.new(port=str(port)), b"127.0.0.1:%d" % port),
        (server, {**server.new(port=None), "host": f"127.0.0.1:{port}"}, b"127.0.0.1:%d" % port),
        (server, server.new(host="localhost"), b"localhost:%d" % port),
        (server, server.new(host="example.test", port=None), b"example.test"),
        (server, server.new(host="example.test", port="80"), b"example.test:80"),
        (sixth, sixth.new(), b"[::1]:%d" % sixth.port),
        (sixth, sixth.new(host="[::1]", port=None), b"[::1]"),
        (sixth, sixth.new(host="::1%lo"), b"[::1]:%d" % sixth.port),
    ]
    for index, (target, new, host) in enumerate(ways):
        assert go.ask(target, "GET", "/", new=new)["raised"] is None, index
        assert b"\r\nHost: " + host + b"\r\n" in target.requests[-1]
    named = server.new(named={"timeout": {"kind": "int", "value": 1}})
    assert go.ask(server, "GET", "/", new=named)["type"] == "unsupported"


def test_a_connection_that_fails_is_an_oserror(go: Any, serve: Any) -> None:
    """A server that is not there and one that hangs up are told apart by the classes."""
    mute, gone = serve(reply=b""), serve()
    gone.close()
    assert {"net.OpError", "ConnectionRefusedError", "OSError"} <= set(go.ask(gone, "GET", "/")["raised"]["classes"])
    assert {"RemoteDisconnected", "OSError"} <= set(go.ask(mute, "GET", "/")["raised"]["classes"])


def test_64_messages_may_come_ahead(go: Any, serve: Any) -> None:
    """Messages that nobody knows are passed over; each request is announced and answered, in order."""
    server = serve()
    messages = [go.message(server, "POST", f"/{index}", data("bytes", "ab")) for index in range(64)]
    go.send({"type": "news", "id": 7}, *messages, {"type": "go", "id": 1})
    assert [go.answer()["id"] for _ in messages] == [message["id"] for message in messages]
    assert [request.split(b" ")[1] for request in server.requests] == [b"/%d" % index for index in range(64)]
    assert go.end() == 0


def test_a_line_may_be_long(go: Any, serve: Any) -> None:
    """Eight million bytes, most of them escaped, arrive as they are."""
    server = serve()
    body = "\xff\0\r\n" * 2_000_000
    assert go.ask(server, "PUT", "/", data("bytes", body))["raised"] is None
    assert server.requests[0].partition(b"\r\n\r\n")[2] == body.encode("latin-1")


def test_what_it_cannot_drive_is_broken(drive: Any, built: Path) -> None:
    """Another client and another version of the protocol are told of, and the driver ends; as it does without input."""
    for changed, why in (({"candidate": "spam"}, "spam"), ({"protocol": 2}, "version 2")):
        session = drive(built)
        answer = session.start(**changed)
        assert (answer["type"], why in answer["why"]) == ("broken", True)
        assert session.end() == 0
    assert drive(built).end() == 0


def test_what_is_no_message_ends_it(go: Any) -> None:
    """A line that is no JSON is told of on standard error, and the exit code says so."""
    assert go.process.stdin is not None
    go.process.stdin.write(b"{nonsense\n")
    assert go.end() == 1
    assert "wireproof-go" in go.error()


def test_it_says_what_it_is(drive: Any, built: Path) -> None:
    """Without a candidate it drives net/http; what it announces are kinds that wireproof knows."""
    hello = drive(built).start()
    assert (hello["driver"]["name"], hello["client"]["name"]) == ("wireproof-go", "net/http")
    assert hello["driver"]["language"] == hello["client"]["version"]
    assert hello["can"]["features"] == ["names", "sequences", "waits"]
    assert {"none", "str", "bytes", "bytesio", "generator"} <= set(hello["can"]["arguments"]["body"])
