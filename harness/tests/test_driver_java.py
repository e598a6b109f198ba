"""The Java driver: what its two clients are called with and send, what their errors mean, and when they hang up."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wireproof.drivers

DRIVER = Path(wireproof.drivers.__file__).parent / "JavaDriver.java"
MODERN, CLASSIC = "java.net.http.HttpClient", "java.net.HttpURLConnection"
COMMAND = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", DRIVER)  # these start faster
PATIENCE = 20


def has_java() -> bool:
    """Say whether there is a JDK that runs single files: a Java without its compiler cannot."""
    java = shutil.which("java")
    if java is None:
        return False
    modules = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=False).stdout
    return "jdk.compiler@" in modules and "java.net.http@" in modules


pytestmark = pytest.mark.skipif(not has_java(), reason="there is no JDK from 11 on")


@pytest.fixture
def java(drive: Any) -> Callable[[str], Any]:
    """Return what starts a session with a client."""

    def start(client: str) -> Any:
        session = drive(*COMMAND)
        assert session.start(client)["client"]["name"] == client
        return session

    return start


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
    """Return the request-line, the fields that a caller or the framing asks for, in alphabetical order, and the rest.

    Java 19 and later do not send the Content-Length of a GET without content any more.
    """
    head, _, content = request.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    own = (b"user-agent:", b"accept:", b"connection: keep-alive", b"content-type:", b"content-length: 0")
    return line, sorted(field for field in fields if not field.lower().startswith((*own, b"host: 127.0.0.1:"))), content


Row = tuple[list[Any], bytes, list[bytes], bytes]

LENGTH, CODING = b"Content-Length: %d", b"Transfer-Encoding: chunked"
CHUNKED = b"Transfer-encoding: chunked"

BOTH: dict[str, Row] = {
    "get": (["GET", "/a?b=c"], b"GET /a?b=c", [], b""),
    "no-path": (["GET", ""], b"GET /", [], b""),
    "query": (["GET", "?a"], b"GET /?a", [], b""),
    "post": (["POST", "/"], b"POST /", [], b""),
    "none": (["POST", "/", {"kind": "none"}], b"POST /", [], b""),
    "bytes": (["PUT", "/", data("bytes", "a\0\xff\r\n")], b"PUT /", [LENGTH % 5], b"a\0\xff\r\n"),
    "bytearray": (["PUT", "/", data("bytearray", "ab")], b"PUT /", [LENGTH % 2], b"ab"),
    "view": (["PUT", "/", data("memoryview", "abcdef", slice=[1, -2])], b"PUT /", [LENGTH % 3], b"bcd"),
    "fields": (
        ["GET", "/", None, [["x-lower", "1"], ["X-B", ""], ["x-lower", "2"]]],
        b"GET /",
        [b"X-B: ", b"x-lower: 1", b"x-lower: 2"],
        b"",
    ),
}

SENT: dict[str, dict[str, Row]] = {
    MODERN: {
        **BOTH,
        "method": (["x!y", "/"], b"x!y /", [], b""),
        "text": (["PUT", "/", {"kind": "str", "text": "\u20ac\U0001f600"}], b"PUT /", [LENGTH % 7], "€😀".encode()),
        "surrogate": (["PUT", "/", {"kind": "str", "text": "a\ud800"}], b"PUT /", [LENGTH % 2], b"a?"),
        "bytesio": (["PUT", "/", data("bytesio", "abc", position=1)], b"PUT /", [CHUNKED], b"2\r\nbc\r\n0\r\n\r\n"),
        "file": (["PUT", "/", data("binary-file", "abc", position=2)], b"PUT /", [CHUNKED], b"1\r\nc\r\n0\r\n\r\n"),
        "gzip": (["PUT", "/", data("gzip", "abc", position=1)], b"PUT /", [CHUNKED], b"2\r\nbc\r\n0\r\n\r\n"),
        "reader": (
            ["PUT", "/", pieces("reader", "ab", "c", None, "d")],
            b"PUT /",
            [CHUNKED],
            b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        ),
        "reader-empty": (
            ["PUT", "/", pieces("raw-reader", "abc", "", "d")],
            b"PUT /",
            [CHUNKED],
            b"3\r\nabc\r\n0\r\n\r\n",
        ),
        "list": (["PUT", "/", pieces("list", "ab", "c")], b"PUT /", [CHUNKED], b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
        "generator": (["PUT", "/", pieces("generator", "ab")], b"PUT /", [CHUNKED], b"2\r\nab\r\n0\r\n\r\n"),
        "blocks": (["PUT", "/", data("blocks", "a", count=2)], b"PUT /", [CHUNKED], b"1\r\na\r\n1\r\na\r\n0\r\n\r\n"),
    },
    CLASSIC: {
        **BOTH,
        "space": (["GET", "/a b"], b"GET /a b", [], b""),
        "converted": (["GET", "/", data("bytes", "abc")], b"POST /", [LENGTH % 3], b"abc"),
        "dropped": (["GET", "/", None, [["Host", "a.test"], ["X-A", "1"]]], b"GET /", [b"X-A: 1"], b""),
        "bytesio": (["PUT", "/", data("bytesio", "abc", position=1)], b"PUT /", [CODING], b"2\r\nbc\r\n0\r\n\r\n"),
        "list": (["PUT", "/", pieces("list", "ab", "c")], b"PUT /", [CODING], b"3\r\nabc\r\n0\r\n\r\n"),
    },
}


@pytest.mark.parametrize("client", SENT)
def test_it_sends_what_the_recipe_says(java: Any, serve: Any, client: str) -> None:
    """The bytes are those of the client, in one request on a connection of its own; nothing is raised."""
    session = java(client)
    sent = {}
    for name, (arguments, _, _, _) in SENT[client].items():
        server = serve()
        answer = session.ask(server, *arguments)
        assert (name, answer["type"], answer["raised"]) == (name, "done", None)
        sent[name] = list(map(parts, server.requests))
    assert sent == {
        name: [(line + b" HTTP/1.1", fields, content)] for name, (_, line, fields, content) in SENT[client].items()
    }
    assert session.end() == 0


REFUSED: dict[str, dict[str, list[Any]]] = {
    MODERN: {
        "space": ["GET", "/a b"],
        "escape": ["GET", "/%zz"],
        "method": ["GE T", "/"],
        "connect": ["CONNECT", "/"],
        "host": ["GET", "/", None, [["Host", "a.test"]]],
        "length": ["PUT", "/", data("bytes", "abc"), [["content-length", "3"]]],
        "line-end": ["GET", "/", None, [["X-A", "1\r\nX-B: 2"]]],
        "name": ["GET", "/", None, [["X:A", "1"]]],
    },
    CLASSIC: {
        "method": ["patch", "/"],
        "output": ["TRACE", "/", data("bytes", "abc")],
        "line-end": ["GET", "/", None, [["X-A", "1\r\nX-B: 2"]]],
        "name": ["GET", "/", None, [["X:A", "1"]]],
    },
}


@pytest.mark.parametrize("client", REFUSED)
def test_what_the_client_refuses_is_raised(java: Any, serve: Any, client: str) -> None:
    """A refused argument is a ValueError of the phase request, and nothing is sent."""
    session, server = java(client), serve()
    for name, arguments in REFUSED[client].items():
        raised = session.ask(server, *arguments)["raised"]
        assert (name, raised["classes"][-1], raised["phase"]) == (name, "ValueError", "request")
        assert name == "line-end" or raised["classes"][0] in ("IllegalArgumentException", "ProtocolException")
    assert server.requests == []


def test_what_java_has_no_place_for_is_unsupported(java: Any, serve: Any) -> None:
    """Other targets than paths, and recipes that are not announced, are neither called nor refused."""
    session, server = java(MODERN), serve()
    odd: list[list[Any]] = [
        *(["GET", url] for url in ("*", "a/b", "example.test:443", "http://example.test/")),
        ["PUT", "/", data("ctypes", "abc")],
        ["PUT", "/", data("memoryview", "abcdef", slice=[0, 6, 2])],
        ["PUT", "/", {"kind": "list", "items": [{"kind": "str", "text": "a"}]}],
        ["PUT", "/", pieces("list", "ValueError")],
    ]
    answers = [session.ask(server, *arguments) for arguments in odd]
    assert [(each["type"], bool(each.get("why"))) for each in answers] == [("unsupported", True)] * len(odd)
    headers = {"kind": "dict", "items": [[data("bytes", "X-A"), {"kind": "str", "text": "1"}]]}
    changed = session.message(server, "GET", "/")
    changed["arguments"]["headers"] = headers
    session.send(changed, {"type": "response", "id": 90, "on": "a"}, {"type": "collect", "id": 91})
    assert [session.answer()["type"] for _ in range(3)] == ["unsupported"] * 3
    assert session.ask(server, "GET", "/")["raised"] is None


def test_text_is_no_body_of_the_older_client(java: Any, serve: Any) -> None:
    """HttpURLConnection takes bytes only: the driver does not choose an encoding for it."""
    session = java(CLASSIC)
    assert session.ask(serve(), "PUT", "/", {"kind": "str", "text": "abc"})["type"] == "unsupported"


RAISING = {
    "RuntimeError": pieces("generator", "ab", "RuntimeError", "c"),
    "KeyError": pieces("iterable", "ab", "KeyError"),
    "OSError": pieces("reader", "ab", "OSError"),
}


@pytest.mark.parametrize("client", [MODERN, CLASSIC])
def test_what_a_body_raises_has_its_name_in_python(java: Any, serve: Any, client: str) -> None:
    """However often the client wraps it, the name of the exception is there; the body is not ended.

    The connection is closed, and the next request of the object goes over another.
    """
    session = java(client)
    for name, body in RAISING.items():
        server = serve()
        raised = session.ask(server, "PUT", "/", body, last=False)["raised"]
        assert name in raised["classes"]
        assert "raised by the body" in raised["message"]
        assert server.ended.acquire(timeout=PATIENCE)
        assert not any(request.endswith(b"0\r\n\r\n") for request in server.requests)
        message = session.message(None, "GET", "/")
        del message["new"]
        session.send(message)
        assert session.answer()["raised"] is None
        assert len(server.connections[1]) == 1


EFFECTS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "bytearray": (data("bytearray", "ab"), {"body.content": "unchanged"}),
    "list": (pieces("list", "ab"), {"body.content": "unchanged"}),
    "bytesio": (data("bytesio", "ab"), {"body.closed": True}),
    "generator": (pieces("generator", "ab", "", "c"), {"body.pulled": 3}),
    "stopped": (pieces("iterator", "ab", "ValueError", "c"), {"body.pulled": 1}),
    "iterable": (pieces("iterable", "ab"), {"body.pulled": 1, "body.iterated": 1}),
    "bytes": (data("bytes", "ab"), {}),
}


def test_effects_are_what_the_client_does(java: Any, serve: Any) -> None:
    """Effects are told of HttpClient, and none of the older client, for which the driver does the reading."""
    modern, classic = java(MODERN), java(CLASSIC)
    told = {name: modern.ask(serve(), "PUT", "/", body)["effects"] for name, (body, _) in EFFECTS.items()}
    assert told == {name: effects for name, (_, effects) in EFFECTS.items()}
    refused = modern.message(serve(), "GE T", "/", data("bytesio", "abcd", position=3))
    modern.send(refused)
    assert modern.answer()["effects"] == {"body.closed": False, "body.position": 3}
    assert classic.ask(serve(), "PUT", "/", pieces("generator", "ab"))["effects"] == {}


CLOSED = [(client, reply) for client in SENT for reply in ("200 OK\r\nContent-Length: 2\r\n\r\nok", "204 No\r\n\r\n")]


@pytest.mark.parametrize(("client", "reply"), CLOSED)
def test_the_last_message_closes_the_connection(java: Any, serve: Any, client: str, reply: str) -> None:
    """After the last message there is no connection that the next exchange could go over, with content or without."""
    session, server = java(client), serve(reply=b"HTTP/1.1 " + reply.encode())
    for count in range(1, 4):
        session.ask(server, "GET", "/")
        assert server.ended.acquire(timeout=4)  # the older client closes idle ones after five seconds
        assert list(map(len, server.connections)) == [1] * count


@pytest.mark.parametrize("client", [MODERN, CLASSIC])
def test_a_sequence_keeps_its_connections(java: Any, serve: Any, client: str) -> None:
    """Requests on one object share a connection, those on two do not; after close() there is another one."""
    session, one, two = java(client), serve(), serve()
    for on, server, new in (("a", one, True), ("b", two, True), ("a", one, False), ("b", two, False)):
        message = session.message(server, "POST", "/", data("bytes", on), on=on, last=False)
        session.send(message if new else {name: value for name, value in message.items() if name != "new"})
        assert session.answer()["raised"] is None
    session.send({"type": "close", "id": 50, "on": "a"})
    assert session.answer()["raised"] is None
    message = session.message(None, "GET", "/", last=False)
    del message["new"]
    session.send(message)
    assert session.answer()["raised"] is None
    assert [list(map(len, server.connections)) for server in (one, two)] == [[2, 1], [2]]
    session.send({"type": "end", "id": 60})
    session.answer()
    assert [server.ended.acquire(timeout=4) for server in (one, one, two)] == [True] * 3
    session.send({**message, "id": 61})
    assert session.answer()["type"] == "unsupported"


def test_addresses_are_given_as_they_are(java: Any, serve: Any) -> None:
    """Host shows what the address says; a name that leads elsewhere is unsupported."""
    session, server, sixth = java(MODERN), serve(), serve("::1")
    port = server.port
    ways: list[tuple[Any, dict[str, object], bytes]] = [
        (server, server.new(port=str(port)), b"127.0.0.1:%d" % port),
        (server, {**server.new(port=None), "host": f"127.0.0.1:{port}"}, b"127.0.0.1:%d" % port),
        (server, server.new(host="localhost"), b"localhost:%d" % port),
        (sixth, sixth.new(), b"[::1]:%d" % sixth.port),
        (sixth, sixth.new(host="[::1]"), b"[::1]:%d" % sixth.port),
    ]
    for index, (target, new, host) in enumerate(ways):
        assert session.ask(target, "GET", "/", new=new)["raised"] is None, index
        assert b"\r\nHost: " + host + b"\r\n" in target.requests[-1]
    elsewhere = (server.new(host="example.test"), server.new(host="localhost", port=80))
    answers = [session.ask(server, "GET", "/", new=new)["type"] for new in elsewhere]
    assert answers == ["unsupported"] * 2


@pytest.mark.parametrize("client", [MODERN, CLASSIC])
def test_a_connection_that_fails_is_an_oserror(java: Any, serve: Any, client: str) -> None:
    """A server that is not there and one that hangs up are told apart by the classes."""
    session, mute, gone = java(client), serve(reply=b""), serve()
    gone.close()
    refused = session.ask(gone, "GET", "/")["raised"]["classes"]
    assert refused[0] == "ConnectException"
    assert {"ConnectionRefusedError", "OSError"} <= set(refused)
    assert {"RemoteDisconnected", "OSError"} <= set(session.ask(mute, "GET", "/")["raised"]["classes"])


def test_64_messages_may_come_ahead(java: Any, serve: Any) -> None:
    """Messages that nobody knows are passed over; each request is announced and answered, in order."""
    session, server = java(MODERN), serve()
    messages = [session.message(server, "POST", f"/{index}", data("bytes", "ab")) for index in range(64)]
    session.send({"type": "news", "id": 7}, *messages, {"type": "go", "id": 1})
    assert [session.answer()["id"] for _ in messages] == [message["id"] for message in messages]
    assert [request.split(b" ")[1] for request in server.requests] == [b"/%d" % index for index in range(64)]
    assert session.end() == 0


def test_a_line_may_be_long(java: Any, serve: Any) -> None:
    """Eight million bytes, most of them escaped, arrive as they are."""
    session, server = java(MODERN), serve()
    body = "\xff\0\r\n" * 2_000_000
    assert session.ask(server, "PUT", "/", data("bytes", body))["raised"] is None
    assert server.requests[0].partition(b"\r\n\r\n")[2] == body.encode("latin-1")


def test_what_it_cannot_drive_is_broken(drive: Any) -> None:
    """Another client and another version of the protocol are told of, and the driver ends; as it does without input."""
    for changed, why in (({"candidate": "spam"}, "spam"), ({"protocol": 2}, "version 2")):
        session = drive(*COMMAND)
        answer = session.start(**changed)
        assert (answer["type"], why in answer["why"]) == ("broken", True)
        assert session.end() == 0
    assert drive(*COMMAND).end() == 0


def test_it_says_what_it_is(drive: Any) -> None:
    """Without a candidate it drives HttpClient; what it announces are kinds that wireproof knows."""
    hello = drive(*COMMAND).start()
    assert (hello["driver"]["name"], hello["client"]["name"]) == ("wireproof-java", MODERN)
    assert hello["driver"]["language"] == f"Java {hello['client']['version']}"
    assert hello["can"]["features"] == ["sequences", "waits"]
    assert {"none", "str", "bytes", "bytesio", "generator"} <= set(hello["can"]["arguments"]["body"])
