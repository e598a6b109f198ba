"""The driver of Perl's HTTP::Tiny: what it is called with, what it sends, and what its errors mean."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import wireproof.drivers

DRIVER = Path(wireproof.drivers.__file__).parent / "perl_driver.pl"


def has_perl() -> bool:
    """Say whether there is a Perl with the modules of its core."""
    if shutil.which("perl") is None:
        return False
    return subprocess.run(["perl", "-MHTTP::Tiny", "-MJSON::PP", "-e", "1"], stderr=subprocess.DEVNULL).returncode == 0


pytestmark = pytest.mark.skipif(not has_perl(), reason="there is no perl with HTTP::Tiny and JSON::PP")


@pytest.fixture
def perl(drive: Any) -> Any:
    """Return a session with HTTP::Tiny."""
    session = drive("perl", DRIVER)
    assert session.start("HTTP::Tiny")["client"]["name"] == "HTTP::Tiny"
    return session


def data(kind: str, text: str, **members: object) -> dict[str, object]:
    """Return a recipe whose data is ``text``."""
    return {"kind": kind, "data": text, **members}


def pieces(kind: str, *texts: str) -> dict[str, object]:
    """Return a recipe of pieces of bytes."""
    name = "reads" if kind.endswith("reader") else "items"
    return {"kind": kind, name: [{"kind": "bytes", "data": text} for text in texts]}


def parts(request: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Return the request-line, the fields in alphabetical order but for the User-Agent, and the rest."""
    head, _, content = request.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    return line, sorted(field for field in fields if not field.startswith(b"User-Agent: ")), content


LENGTH, TYPE = b"Content-Length: %d", b"Content-Type: application/octet-stream"
CODING = b"Transfer-Encoding: chunked"

SENT: dict[str, tuple[list[Any], bytes, list[bytes], bytes]] = {
    "get": (["GET", "/a?b=c"], b"GET /a?b=c", [], b""),
    "no-path": (["GET", ""], b"GET /", [], b""),
    "fragment": (["GET", "/a/../b#part"], b"GET /a/../b", [], b""),
    "head": (["HEAD", "/"], b"HEAD /", [], b""),
    "method": (["x-y", "/"], b"x-y /", [], b""),
    "post": (["POST", "/"], b"POST /", [LENGTH % 0], b""),
    "bytes": (["GET", "/", data("bytes", "a\0\xff\r\n")], b"GET /", [LENGTH % 5, TYPE], b"a\0\xff\r\n"),
    "text": (["PUT", "/", {"kind": "str", "text": "caf\u00e9"}], b"PUT /", [LENGTH % 4, TYPE], b"caf\xe9"),
    "empty": (["GET", "/", data("bytes", "")], b"GET /", [], b""),
    "fields": (
        ["GET", "/", None, [["x-lower", "1"], ["X-B", ""], ["x-lower", "caf\u00e9"]]],
        b"GET /",
        [b"X-B: ", b"x-lower: 1", b"x-lower: caf\xe9"],
        b"",
    ),
    "generator": (
        ["PUT", "/", pieces("generator", "ab", "c")],
        b"PUT /",
        [TYPE, CODING],
        b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    ),
    "reader": (
        ["GET", "/", pieces("reader", "ab", "", "c")],
        b"GET /",
        [TYPE, CODING],
        b"2\r\nab\r\n0\r\n\r\n",
    ),
    "blocks": (
        ["GET", "/", {"kind": "blocks", "data": "ab", "count": 2}],
        b"GET /",
        [TYPE, CODING],
        b"2\r\nab\r\n2\r\nab\r\n0\r\n\r\n",
    ),
}


@pytest.mark.parametrize("name", SENT)
def test_it_sends_what_the_recipe_says(perl: Any, serve: Any, name: str) -> None:
    """The bytes are those of HTTP::Tiny, in one request; nothing is raised."""
    arguments, line, fields, content = SENT[name]
    server = serve()
    answer = perl.ask(server, *arguments)
    assert (answer["type"], answer["raised"]) == ("done", None)
    host = b"Host: 127.0.0.1:%d" % server.port
    assert list(map(parts, server.requests)) == [(line + b" HTTP/1.1", sorted([host, *fields]), content)]


def test_fields_have_one_order(drive: Any, serve: Any) -> None:
    """A Perl hash has another order in each process; the driver's has one, so that results can be compared."""
    server = serve()
    headers = [[f"X-{letter}", "1"] for letter in "ABCDEFGH"]
    for _ in range(3):
        session = drive("perl", DRIVER)
        session.start()
        session.ask(server, "GET", "/", None, headers)
    assert len(set(server.requests)) == 1


def test_an_exchange_does_not_hang_on_those_before_it(perl: Any, serve: Any) -> None:
    """HTTP::Tiny keeps the first spelling of a name as long as the process lives."""
    server = serve()
    for name in ("X-One", "x-one"):
        perl.ask(server, "GET", "/", None, [[name, "1"]])
    assert [b"X-One: 1" in request for request in server.requests] == [True, False]
    assert b"x-one: 1" in server.requests[1]


def test_proxies_of_the_environment_are_not_asked(drive: Any, serve: Any) -> None:
    """Neither for all schemes nor for http."""
    away = "http://127.0.0.1:9"
    session = drive("perl", DRIVER, http_proxy=away, HTTP_PROXY=away, all_proxy=away)
    session.start()
    assert session.ask(serve(), "GET", "/")["raised"] is None


def test_an_absolute_url_is_asked_of_the_server_as_of_a_proxy(perl: Any, serve: Any) -> None:
    """Its authority is Host."""
    server = serve()
    assert perl.ask(server, "GET", "http://example.test:81/a?b")["raised"] is None
    assert server.requests[0].startswith(b"GET http://example.test:81/a?b HTTP/1.1\r\nHost: example.test:81\r\n")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"host": "name.test", "resolve": True}, "name.test:<port>"),
        ({"host": "localhost", "resolve": True}, "localhost:<port>"),
        ({"host": "127.0.0.1:<port>", "port": None}, "127.0.0.1:<port>"),
        ({"port": "<port>"}, "127.0.0.1:<port>"),
    ],
)
def test_hosts_and_ports(perl: Any, serve: Any, changed: dict[str, Any], expected: str) -> None:
    """Names lead to the address that is given, and Host is made of what the URL says."""
    server = serve()
    port = str(server.port)
    made = {name: value.replace("<port>", port) if isinstance(value, str) else value for name, value in changed.items()}
    assert perl.ask(server, "GET", "/", new={**server.new(), **made})["raised"] is None
    assert b"\r\nHost: %b\r\n" % expected.replace("<port>", port).encode() in server.requests[0]


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_ipv6(perl: Any, serve: Any, host: str) -> None:
    """An IPv6 address stands in brackets in the URL."""
    try:
        server = serve("::1")
    except OSError:
        pytest.skip("there is no ::1 here")
    assert perl.ask(server, "GET", "/", new=server.new(host, resolve=False))["raised"] is None
    assert b"\r\nHost: [::1]:%d\r\n" % server.port in server.requests[0]


def test_what_is_taken_of_a_body_is_counted(perl: Any, serve: Any) -> None:
    """Of lazy bodies; a body that raises is asked no more, and what it raised comes out."""
    counted = perl.ask(serve(), "PUT", "/", pieces("generator", "a", "b"))
    assert counted["effects"] == {"body.pulled": 2}
    assert perl.ask(serve(), "PUT", "/", data("bytes", "a"))["effects"] == {}
    items = [{"kind": "bytes", "data": "a"}, {"kind": "raise", "name": "KeyError"}, {"kind": "bytes", "data": "b"}]
    server = serve(content=False)
    answer = perl.ask(server, "PUT", "/", {"kind": "iterator", "items": items})
    assert answer["effects"] == {"body.pulled": 1}
    assert (answer["raised"]["classes"][:2], answer["raised"]["phase"]) == (["HTTP::Tiny-599", "KeyError"], "request")


RAISED: dict[str, tuple[list[Any], list[str]]] = {
    "url": (["GET", "/\u20ac"], ["UnicodeEncodeError", "ValueError"]),
    "body": (["GET", "/", {"kind": "str", "text": "\u20ac"}], ["UnicodeEncodeError", "ValueError"]),
    "host": (["GET", "/", None, [["Host", "a"]]], ["ValueError"]),
    "name": (["GET", "/", None, [["X A", "1"]]], ["ValueError"]),
    "value": (["GET", "/", None, [["X-A", "1\r\nX-B: 2"]]], ["ValueError"]),
}


@pytest.mark.parametrize("name", RAISED)
def test_what_it_refuses_is_raised(perl: Any, serve: Any, name: str) -> None:
    """Its status 599 comes first, then what it is in terms of Python; nothing is sent."""
    arguments, classes = RAISED[name]
    server = serve(content=False)
    raised = perl.ask(server, *arguments)["raised"]
    assert (raised["classes"], raised["phase"]) == (["HTTP::Tiny-599", *classes], "request")
    assert (bool(raised["message"]), server.requests) == (True, [])


def test_a_connection_that_fails_is_raised(perl: Any, serve: Any) -> None:
    """Nobody listens; nobody answers, asked twice where that does no harm."""
    server = serve()
    server.close()
    assert perl.ask(server, "GET", "/")["raised"]["classes"][1:] == ["ConnectionError", "OSError"]
    silent = serve(reply=b"")
    raised = perl.ask(silent, "GET", "/")["raised"]
    assert (raised["classes"][1:], raised["phase"]) == (
        ["RemoteDisconnected", "ConnectionError", "OSError"],
        "request",
    )
    assert len(silent.requests) == 2


def test_several_requests_on_one_connection(perl: Any, serve: Any) -> None:
    """It stays open until the exchange ends; then it is closed before the answer."""
    server = serve()
    first = perl.message(server, "GET", "/1", last=False)
    second = perl.message(server, "GET", "/2", last=False)
    del second["new"]
    perl.send(first, second)
    assert [perl.answer()["raised"] for _ in range(2)] == [None, None]
    assert not server.ended.acquire(blocking=False)
    perl.send({"type": "end", "id": 3})
    assert perl.answer()["type"] == "done"
    assert server.ended.acquire(timeout=60)
    assert [[request.split(b" ")[1] for request in each] for each in server.connections] == [[b"/1", b"/2"]]


def test_the_connection_is_closed_behind_the_last_request(perl: Any, serve: Any) -> None:
    """Without another message."""
    server = serve()
    perl.ask(server, "GET", "/")
    assert server.ended.acquire(timeout=60)


UNSUPPORTED: dict[str, list[Any]] = {
    "target": ["OPTIONS", "*"],
    "empty-piece": ["PUT", "/", pieces("generator", "a", "", "b")],
    "surrogate": ["GET", "/", {"kind": "str", "text": "\ud800"}],
    "list": ["PUT", "/", pieces("list", "a")],
    "text-piece": ["PUT", "/", {"kind": "generator", "items": [{"kind": "str", "text": "a"}]}],
    "two-spellings": ["GET", "/", None, [["X-A", "1"], ["x-a", "2"]]],
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_it_has_no_place_for_is_unsupported(perl: Any, serve: Any, name: str) -> None:
    """It is never sent in another way; the answer says why."""
    server = serve()
    answer = perl.ask(server, *UNSUPPORTED[name])
    assert (answer["type"], bool(answer["why"]), server.connections) == ("unsupported", True, [])


def test_close_closes_before_the_answer(perl: Any, serve: Any) -> None:
    """The next request has a connection of its own; an object that has none yet can be closed."""
    server = serve()
    for number in (1, 2):
        message = perl.message(server, "GET", f"/{number}", last=False)
        if number == 2:
            del message["new"]
        perl.send(message, {"type": "close", "id": 10 + number, "on": "a"})
        assert [perl.answer()["raised"], perl.answer()["type"]] == [None, "done"]
        assert server.ended.acquire(timeout=60)
    assert [[request.split(b" ")[1] for request in each] for each in server.connections] == [[b"/1"], [b"/2"]]
    perl.send({"type": "close", "id": 13, "on": "b", "new": server.new()})
    assert perl.answer()["type"] == "done"


def test_the_response_has_been_read(perl: Any) -> None:
    """HTTP::Tiny returns it, so there is nothing to ask for."""
    perl.send({"type": "response", "id": 2, "on": "a"})
    assert perl.answer()["type"] == "unsupported"


def test_64_messages_ahead_are_answered_in_order(perl: Any, serve: Any) -> None:
    """Each has one answer, and what is unknown or unsupported in between has its own, or none."""
    server = serve()
    messages = [perl.message(server, "GET", f"/{number}") for number in range(64)]
    messages[7] = {**messages[7], "passed": "keywords"}
    perl.send(*messages[:20], {"type": "news", "id": 1}, *messages[20:])
    answers = [perl.answer() for _ in messages]
    assert [(answer["id"], answer["type"]) for answer in answers] == [
        (number + 1, "unsupported" if number == 7 else "done") for number in range(64)
    ]
    targets = [request.split(b" ")[1] for request in server.requests]
    assert targets == [b"/%d" % number for number in range(64) if number != 7]
    assert perl.end() == 0


@pytest.mark.parametrize("changed", [{"candidate": "spam"}, {"protocol": 2}])
def test_a_start_that_it_does_not_know_is_broken(drive: Any, changed: dict[str, object]) -> None:
    """Another candidate, another version of the protocol."""
    session = drive("perl", DRIVER)
    assert session.start(**changed)["type"] == "broken"
    assert session.end() == 0


def test_it_ends_with_its_input(drive: Any) -> None:
    """Nothing was said: nothing is answered."""
    assert drive("perl", DRIVER).end() == 0
