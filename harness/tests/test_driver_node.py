"""The Node driver: what it says over its pipes, and what its two clients put on the wire."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import jsonschema
import pytest

import wireproof.drivers

NODE = shutil.which("node") or ""
FOLDER = Path(wireproof.drivers.__file__).parent
DRIVER = FOLDER / "node_driver.mjs"
SCHEMA = json.loads((FOLDER / "protocol.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
TIMEOUT = 60
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok"

pytestmark = pytest.mark.skipif(not NODE, reason="node is not installed")

Message = dict[str, Any]


class Server:
    """Keeps what each connection sends, answers each request once it is complete, and reads on to the end.

    A request of unknown length counts as complete with its head. ``close_after``: after so many bytes it hangs up, and
    says ``last_words`` before.
    """

    def __init__(self, host: str = "127.0.0.1", close_after: int | None = None, last_words: bytes = b"") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=128)
        self._close_after, self._last_words = close_after, last_words
        self._received: list[bytearray] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()
        self.host, self.port = host, int(self._listener.getsockname()[1])

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.received()

    def received(self) -> list[bytes]:
        """Wait until everybody who has connected has hung up; return what came, silent connections left out."""
        if self._accepting.is_alive():
            with socket.create_connection((self.host, self.port)) as last:
                last.sendall(b"stop")
            self._accepting.join(TIMEOUT)
            self._listener.close()
        for thread in self._threads:
            thread.join(TIMEOUT)
        return [bytes(each) for each in self._received if each]

    def _accept(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            with suppress(OSError):
                if peer.recv(4, socket.MSG_PEEK | socket.MSG_WAITALL) == b"stop":
                    peer.close()
                    return
            self._received.append(bytearray())
            thread = threading.Thread(target=self._serve, args=(peer, self._received[-1]))
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: socket.socket, into: bytearray) -> None:
        answered = 0
        with peer, suppress(OSError):
            while data := peer.recv(1 << 16):
                into += data
                if self._close_after is not None and len(into) >= self._close_after:
                    peer.sendall(self._last_words)
                    return
                while (end := request_end(into, answered)) is not None:
                    peer.sendall(RESPONSE)
                    answered = end


def request_end(data: bytearray, start: int) -> int | None:
    """Return where the request ends that starts there, or None while it is not complete."""
    head = data.find(b"\r\n\r\n", start)
    if head < 0 or not re.match(rb"[A-Z]+ ", data[start:head]):
        return None
    lines, body = bytes(data[start:head]).lower().split(b"\r\n"), head + 4
    if b"transfer-encoding: chunked" in lines:
        end = data.find(b"0\r\n\r\n", body)
        return None if end < 0 else end + 5
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
    return body + length if len(data) >= body + length else None


class Driver:
    """A driver's process; every message in both directions is held against the schema."""

    def __init__(self, folder: Path, candidate: str | None = None, preload: str | None = None) -> None:
        command = [NODE, str(DRIVER)]
        if preload is not None:
            (folder / "preload.cjs").write_text(preload)
            command[1:1] = ["--require", str(folder / "preload.cjs")]
        self.errors = folder / "stderr"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        self._timer = threading.Timer(TIMEOUT, self.process.kill)
        self._timer.start()
        self._count = 0
        self.candidate = candidate

    def __enter__(self) -> Driver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdout is not None
        self.end_of_input()
        self.process.stdout.close()
        self.process.wait(TIMEOUT)
        self._timer.cancel()

    def end_of_input(self) -> None:
        """Close the driver's standard input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def start(self, **changes: object) -> Message:
        """Send the first message, and return the answer."""
        order = {"type": "start", "protocol": 1, "candidate": self.candidate, "path": [], "options": {}}
        self.line(json.dumps({**order, **changes}))
        return self.receive()

    def line(self, text: str) -> None:
        """Send a line as it is."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode("ascii") + b"\n")
        self.process.stdin.flush()

    def post(self, message: Mapping[str, object]) -> int:
        """Send a message under the next id, which is returned."""
        self._count += 1
        numbered = {**message, "id": self._count}
        VALIDATOR.validate(numbered)
        self.line(json.dumps(numbered))
        return self._count

    def receive(self) -> Message:
        """Return the next message."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.endswith(b"\n"), f"the driver has ended: {self.errors.read_text()}"
        message: Message = json.loads(line)
        VALIDATOR.validate(message)
        return message

    def ask(self, message: Mapping[str, object]) -> Message:
        """Send a message and return its answer, which ``calling`` comes before if it is ``done``."""
        number = self.post(message)
        answer = self.receive()
        if answer["type"] == "calling":
            assert answer["id"] == number
            answer = self.receive()
            assert answer["type"] == "done"
        else:
            assert answer["type"] == "unsupported"
        assert answer.pop("id") == number
        return answer

    def request(self, server: Server, arguments: Mapping[str, object], **changes: object) -> Message:
        """Make one request on a connection object that is closed after it."""
        return self.ask(request(server, arguments, **changes))


def request(server: Server, arguments: Mapping[str, object], **changes: object) -> Message:
    """Return the message that makes one request on a connection object that is closed after it."""
    return {
        "type": "request",
        "on": "a",
        "new": new(server),
        "arguments": arguments,
        "passed": "usual",
        "last": True,
    } | changes


def new(server: Server, host: str | None = None, **changes: object) -> Message:
    """Return how a connection object is made that leads to the server; a host of another name is resolved."""
    address = [server.host, server.port]
    order = {"host": host or server.host, "port": server.port, "named": {}, "address": address}
    return {**order, "resolve": host is not None, **changes}


def text(value: str) -> Message:
    """Return the recipe of a str."""
    return {"kind": "str", "text": value}


def call(method: str, url: str = "/", body: object = None, headers: object = None) -> Message:
    """Return the recipes of a call's arguments; those that are None are not passed."""
    arguments = {"method": text(method), "url": text(url), "body": body, "headers": headers}
    return {name: recipe for name, recipe in arguments.items() if recipe is not None}


def fields(*pairs: tuple[str, str | int], kind: str = "dict") -> Message:
    """Return the recipe of a mapping of header fields."""
    values = [
        [text(name), {"kind": "int", "value": value} if isinstance(value, int) else text(value)]
        for name, value in pairs
    ]
    return {"kind": kind, "items": values}


def of(kind: str, *items: object, **members: object) -> Message:
    """Return the recipe of a container; items that are str are bytes."""
    pieces = [{"kind": "bytes", "data": item} if isinstance(item, str) else item for item in items]
    return {"kind": kind, "items": pieces, **members}


def fails(name: str) -> Message:
    """Return the piece that raises."""
    return {"kind": "raise", "name": name}


RESET = ("ConnectionResetError", "OSError")


@pytest.fixture
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Driver]:
    """Return a driver that has started; the parameter says what it drives."""
    with Driver(tmp_path, getattr(request, "param", "node:http")) as started:
        assert started.start()["type"] == "hello"
        yield started


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server."""
    with Server() as listening:
        yield listening


both = pytest.mark.parametrize("driver", ["node:http", "fetch"], indirect=True)
fetch = pytest.mark.parametrize("driver", ["fetch"], indirect=True)

TAIL = "Host: <address>\r\nConnection: keep-alive\r\n"
"""What http.request adds of itself."""

CHUNKED = TAIL + "Transfer-Encoding: chunked\r\n\r\n"

ABC = {"data": "xyabc", "position": 2}

HTTP: dict[str, tuple[Message, str]] = {
    "no-body": (call("GET", "/a?b#c"), "GET /a?b#c HTTP/1.1\r\n" + TAIL + "\r\n"),
    "target-is-verbatim": (call("OPTIONS", "*"), "OPTIONS * HTTP/1.1\r\n" + TAIL + "\r\n"),
    "method-is-upper-cased": (call("get"), "GET / HTTP/1.1\r\n" + TAIL + "\r\n"),
    "absolute": (call("GET", "http://x/y"), "GET http://x/y HTTP/1.1\r\n" + TAIL + "\r\n"),
    "none-is-no-content": (
        call("POST", body={"kind": "none"}),
        "POST / HTTP/1.1\r\n" + TAIL + "Content-Length: 0\r\n\r\n",
    ),
    "str-is-utf-8": (call("PUT", body=text("é")), "PUT / HTTP/1.1\r\n" + TAIL + "Content-Length: 2\r\n\r\n\xc3\xa9"),
    "bytes-are-exact": (
        call("PUT", body={"kind": "bytes", "data": "\0\n\xff"}),
        "PUT / HTTP/1.1\r\n" + TAIL + "Content-Length: 3\r\n\r\n\0\n\xff",
    ),
    "get-is-not-framed": (call("GET", body=text("abc")), "GET / HTTP/1.1\r\n" + TAIL + "\r\nabc"),
    "memoryview": (
        call("PUT", body={"kind": "memoryview", "data": "abcd", "slice": [1, None, None]}),
        "PUT / HTTP/1.1\r\n" + TAIL + "Content-Length: 3\r\n\r\nbcd",
    ),
    "header-fields": (
        call("GET", headers=fields(("X-B", "é"), ("x-a", 7))),
        "GET / HTTP/1.1\r\nX-B: \xe9\r\nx-a: 7\r\n" + TAIL + "\r\n",
    ),
    "repeats": (
        call("GET", headers=fields(("X-A", "2"), ("X-A", "1"), ("X-A", "3"), kind="message")),
        "GET / HTTP/1.1\r\nX-A: 2\r\nX-A: 1\r\nX-A: 3\r\n" + TAIL + "\r\n",
    ),
    "own-framing": (
        call("PUT", headers=fields(("content-length", "3")), body=of("list", "ab", "c")),
        "PUT / HTTP/1.1\r\ncontent-length: 3\r\n" + TAIL + "\r\nabc",
    ),
    "expect": (
        call("PUT", headers=fields(("Expect", "100-continue")), body=text("abc")),
        "PUT / HTTP/1.1\r\nExpect: 100-continue\r\n" + CHUNKED + "3\r\nabc\r\n0\r\n\r\n",
    ),
    "list": (
        call("PUT", body=of("list", "ab", "", "c")),
        "PUT / HTTP/1.1\r\n" + CHUNKED + "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    ),
    "generator": (
        call("PUT", body=of("generator", "ab", "c")),
        "PUT / HTTP/1.1\r\n" + CHUNKED + "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    ),
    "blocks": (
        call("PUT", body={"kind": "blocks", "data": "ab", "count": 2}),
        "PUT / HTTP/1.1\r\n" + CHUNKED + "2\r\nab\r\n2\r\nab\r\n0\r\n\r\n",
    ),
    "bytesio": (call("PUT", body={"kind": "bytesio", **ABC}), "PUT / HTTP/1.1\r\n" + CHUNKED + "3\r\nabc\r\n0\r\n\r\n"),
    "binary-file": (
        call("PUT", body={"kind": "binary-file", **ABC}),
        "PUT / HTTP/1.1\r\n" + CHUNKED + "3\r\nabc\r\n0\r\n\r\n",
    ),
    "reader": (
        call(
            "PUT", body={"kind": "reader", "reads": [{"kind": "bytes", "data": "ab"}, {"kind": "bytes", "data": "c"}]}
        ),
        "PUT / HTTP/1.1\r\n" + CHUNKED + "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    ),
    "stringio": (
        call("PUT", body={"kind": "stringio", "text": "\U0001f600é", "position": 1}),
        "PUT / HTTP/1.1\r\n" + CHUNKED + "2\r\n\xc3\xa9\r\n0\r\n\r\n",
    ),
    "connect": (call("CONNECT", "a:1"), "CONNECT a:1 HTTP/1.1\r\n" + TAIL + "\r\n"),
}
"""Calls of http.request, and all that they send."""


@pytest.mark.parametrize("name", HTTP)
def test_http_sends_what_node_sends(driver: Driver, server: Server, name: str) -> None:
    """The bytes are those of http.request, with its own header fields and framing."""
    arguments, sent = HTTP[name]
    answer = driver.request(server, arguments)
    assert (answer["type"], answer["raised"], "returned" in answer) == ("done", None, False)
    assert server.received() == [sent.replace("<address>", f"127.0.0.1:{server.port}").encode("latin-1")]


FETCH: dict[str, tuple[Message, str, str, str]] = {
    "dots-are-resolved": (call("GET", "/a/../b#c"), "GET /b HTTP/1.1\r\n", "", "\r\n"),
    "repeats-are-joined": (
        call("get", headers=fields(("X-A", "1"), ("x-a", "2"), kind="message")),
        "GET / HTTP/1.1\r\n", "X-A: 1, 2\r\n", "\r\n",
    ),
    "str": (
        call("PUT", body=text("é")),
        "PUT / HTTP/1.1\r\n", "content-type: text/plain;charset=UTF-8\r\n", "content-length: 2\r\n\r\n\xc3\xa9",
    ),
    "bytes": (
        call("PUT", body={"kind": "bytes", "data": "\xff"}),
        "PUT / HTTP/1.1\r\n", "", "content-length: 1\r\n\r\n\xff",
    ),
    "generator": (
        call("PUT", body=of("generator", "ab", "c")),
        "PUT / HTTP/1.1\r\n", "", "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    ),
    "bytesio": (
        call("PUT", body={"kind": "bytesio", **ABC}),
        "PUT / HTTP/1.1\r\n", "", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ),
}  # fmt: skip
"""Calls of fetch: the request line, the lines for its own header fields, and what comes last."""


@fetch
@pytest.mark.parametrize("name", FETCH)
def test_fetch_sends_what_undici_sends(driver: Driver, server: Server, name: str) -> None:
    """The line, the caller's fields and the content are those of fetch, with its own fields around."""
    arguments, line, own, end = FETCH[name]
    assert driver.request(server, arguments)["raised"] is None
    (sent,) = server.received()
    received = sent.decode("latin-1")
    assert received.startswith(line + f"host: 127.0.0.1:{server.port}\r\nconnection: keep-alive\r\n")
    assert own.lower() in received.lower()
    assert received.endswith(end)


ERRORS: list[tuple[str, Message, Sequence[str]]] = [
    ("node:http", call("GET", "/a b"), ("ERR_UNESCAPED_CHARACTERS", "TypeError", "InvalidURL", "ValueError")),
    ("node:http", call("GET", "/\ud800"), ("ERR_UNESCAPED_CHARACTERS", "UnicodeEncodeError")),
    ("node:http", call("G T"), ("ERR_INVALID_HTTP_TOKEN", "TypeError", "ValueError")),
    ("node:http", call("GET", headers=fields(("X", "a\r\nb"))), ("ERR_INVALID_CHAR", "TypeError", "ValueError")),
    ("node:http", call("GET", headers=fields(("X Y", "a"))), ("ERR_INVALID_HTTP_TOKEN", "ValueError", "Exception")),
    ("node:http", call("PUT", body={"kind": "int", "value": 5}), ("ERR_INVALID_ARG_TYPE", "TypeError")),
    ("node:http", call("PUT", body={"kind": "object"}), ("ERR_INVALID_ARG_TYPE", "TypeError")),
    ("fetch", call("GET", body=text("a")), ("TypeError", "ValueError")),
    ("fetch", call("TRACE"), ("TypeError", "ValueError")),
    ("fetch", call("GET", headers=fields(("X", "\u20ac"))), ("TypeError", "ValueError")),
    ("fetch", call("GET", headers=fields(("Expect", "100-continue"))), ("UND_ERR_NOT_SUPPORTED", "ValueError")),
]


@pytest.mark.parametrize(("driver", "arguments", "classes"), ERRORS, indirect=["driver"])
def test_what_the_client_refuses_is_raised(
    driver: Driver, server: Server, arguments: Message, classes: Sequence[str]
) -> None:
    """A refused argument is raised by its code and in terms of Python, nothing is sent, and the driver goes on."""
    raised = driver.request(server, arguments)["raised"]
    assert raised["phase"] == "request"
    assert [each for each in raised["classes"] if each in classes] == list(classes)
    assert driver.request(server, call("GET", "/next"))["raised"] is None
    (sent,) = server.received()
    assert sent.startswith(b"GET /next ")


@both
def test_a_body_that_raises_is_raised(driver: Driver, server: Server) -> None:
    """The error of a piece comes out as itself, and no end of the content is sent."""
    raised = driver.request(server, call("PUT", body=of("generator", "abc", fails("KeyError"))))["raised"]
    assert raised["classes"][-3:] == ["KeyError", "LookupError", "Exception"]
    assert all(b"0\r\n\r\n" not in sent for sent in server.received())


@both
def test_a_read_that_raises_is_raised(driver: Driver, server: Server) -> None:
    """The error of a read comes out as itself."""
    body = {"kind": "reader", "reads": [{"kind": "bytes", "data": "abc"}, fails("EOFError")]}
    assert "EOFError" in driver.request(server, call("PUT", body=body))["raised"]["classes"]


@both
def test_a_text_that_raises_is_raised(driver: Driver, server: Server) -> None:
    """Among the texts of a text reader, too, an error stands in the place of a piece."""
    body = {"kind": "text-reader", "reads": ["abc", "d", fails("ZeroDivisionError")]}
    raised = driver.request(server, call("PUT", body=body))["raised"]
    assert raised["classes"] == ["ZeroDivisionError", "ArithmeticError", "Exception"]


@both
def test_a_server_that_hangs_up_is_a_reset(driver: Driver) -> None:
    """A connection that ends without a response is one of Python's connection errors."""
    with Server(close_after=1) as server:
        raised = driver.request(server, call("POST", body=text("abc")))["raised"]
    assert [each for each in raised["classes"] if each in RESET] == list(RESET)


@both
def test_a_response_that_is_cut_off_is_a_reset(driver: Driver) -> None:
    """The response is read to its end, which never comes: that is an error of the connection, too."""
    with Server(close_after=1, last_words=HALF) as server:
        raised = driver.request(server, call("GET"))["raised"]
    assert [each for each in raised["classes"] if each in RESET] == list(RESET)


@both
def test_a_body_that_is_cut_off_is_pulled_no_more(driver: Driver) -> None:
    """A body without end, whose connection fails, does not keep the driver from what comes next."""
    with Server(close_after=300) as server:
        body = {"kind": "blocks", "data": "x", "count": 10**9}
        assert driver.request(server, call("PUT", body=body))["raised"]["phase"] == "request"
    with Server() as server:
        assert driver.request(server, call("GET"))["raised"] is None


@both
def test_a_server_that_is_not_there_refuses(driver: Driver) -> None:
    """A refused connection is Python's ConnectionRefusedError."""
    with Server() as server:
        server.received()
        raised = driver.request(server, call("GET"))["raised"]
    assert [each for each in raised["classes"] if "Refused" in each or each == "OSError"] == [
        "ConnectionRefusedError",
        "OSError",
    ]


@both
def test_a_sequence_stays_on_its_connection(driver: Driver, server: Server) -> None:
    """Requests on one object share a connection until it is closed; another object has one of its own."""
    first = request(server, call("GET", "/1"), last=False)
    again = {name: content for name, content in first.items() if name not in ("new", "last")}
    for message in (
        first,
        {**again, "arguments": call("PUT", "/2", text("abc"))},
        {**first, "on": "b", "arguments": call("GET", "/3")},
        {"type": "close", "on": "a"},
        {**again, "arguments": call("GET", "/4")},
        {"type": "end"},
    ):
        assert driver.ask(message)["raised"] is None
    sent = [re.findall(rb"(/\d) HTTP", each) for each in server.received()]
    assert sent == [[b"/1", b"/2"], [b"/3"], [b"/4"]]
    assert driver.ask(again)["type"] == "unsupported"


@both
def test_what_is_closed_is_closed_before_the_answer(driver: Driver, server: Server) -> None:
    """Once the last message is answered, the driver holds no socket and no file any more."""

    def held() -> list[str]:
        links = []
        for name in os.listdir(f"/proc/{driver.process.pid}/fd"):
            with suppress(OSError):
                links.append(os.readlink(f"/proc/{driver.process.pid}/fd/{name}"))
        return [link for link in links if link.startswith("socket:") or "wireproof-" in link]

    body = {"kind": "binary-file", "data": "abc"}
    driver.request(server, call("PUT", body=body), last=False)
    assert held()
    driver.ask({"type": "end"})
    assert held() == []
    for method in ("PUT", "refused before the body is read"):
        driver.request(server, call(method, body=body))
        assert held() == []


@both
def test_sixty_four_messages_are_answered_in_order(driver: Driver, server: Server) -> None:
    """Messages that come ahead wait for their turn, and each is announced and answered once."""
    numbers = [driver.post(request(server, call("GET", f"/{index}"))) for index in range(64)]
    answers = [driver.receive() for _ in range(128)]
    assert [(each["type"], each["id"]) for each in answers] == [
        (type_, number) for number in numbers for type_ in ("calling", "done")
    ]
    targets = [re.findall(rb"GET /(\d+)", sent) for sent in server.received()]
    assert targets == [[str(index).encode()] for index in range(64)]


EFFECTS: list[tuple[Message, Message]] = [
    (call("PUT", body=of("generator", "a", "b", "c")), {"body.pulled": 3}),
    (call("PUT", body=of("iterator", "a", "b")), {"body.pulled": 2}),
    (call("PUT", body=of("iterable", "a", "b")), {"body.pulled": 2, "body.iterated": 1}),
    (call("PUT", body=of("generator", "a", fails("OSError"))), {"body.pulled": 1}),
    (call("PUT", "/a b", body=of("generator", "a")), {"body.pulled": 0}),
    (call("PUT", body={"kind": "bytearray", "data": "abc"}), {"body.content": "unchanged"}),
    (
        call("PUT", body=of("list", "abc"), headers=fields(("A", "b"))),
        {"body.content": "unchanged", "headers": "unchanged"},
    ),
    (call("PUT", body=text("abc")), {}),
]


@pytest.mark.parametrize(("arguments", "effects"), EFFECTS)
def test_what_became_of_the_arguments_is_seen(
    driver: Driver, server: Server, arguments: Message, effects: Message
) -> None:
    """How much of a body was taken, and whether containers have changed."""
    assert driver.request(server, arguments)["effects"] == effects


CHANGES = """
const http = require("node:http");
const original = http.request;
http.request = (...given) => {
  given[0].headers.A = "changed";
  return original(...given);
};
"""


def test_a_client_that_changes_headers_is_seen(tmp_path: Path, server: Server) -> None:
    """The mapping is compared after the call, and not only said to be the same."""
    with Driver(tmp_path, preload=CHANGES) as driver:
        driver.start()
        answer = driver.request(server, call("GET", headers=fields(("A", "b"))))
    assert answer["effects"] == {"headers": "changed"}


UNSUPPORTED: list[tuple[str, Message]] = [
    ("node:http", {**call("GET"), "encode_chunked": {"kind": "bool", "value": True}}),
    ("node:http", call("PUT", body={"kind": "mmap", "data": "a"})),
    ("node:http", call("PUT", body={"kind": "memoryview", "data": "abcd", "slice": [None, None, 2]})),
    ("node:http", call("PUT", body={"kind": "memoryview", "data": "abcd", "shape": [2, 2]})),
    ("node:http", call("PUT", body={"kind": "array", "data": "abc", "typecode": "H"})),
    ("node:http", call("PUT", body=of("set", fails("OSError")))),
    ("node:http", call("PUT", body={"kind": "reader", "reads": [{"kind": "bytes", "data": ""}]})),
    ("node:http", call("GET", headers=fields(("A", "1"), ("B", "2"), ("A", "3"), kind="message"))),
    ("node:http", call("GET", headers=fields(("A", "1"), ("a", "3"), kind="message"))),
    ("node:http", call("GET", headers=fields(("a", "1"), ("1", "2")))),
    ("node:http", call("GET", headers={"kind": "dict", "items": [[{"kind": "bytes", "data": "A"}, text("1")]]})),
    ("fetch", call("OPTIONS", "*")),
    ("fetch", call("GET", "http://127.0.0.1/")),
]


@pytest.mark.parametrize(("driver", "arguments"), UNSUPPORTED, indirect=["driver"])
def test_what_cannot_be_said_is_unsupported(driver: Driver, server: Server, arguments: Message) -> None:
    """It is said with a reason, nothing is called or sent, and the driver goes on."""
    answer = driver.request(server, arguments)
    assert answer["type"] == "unsupported"
    assert answer["why"]
    assert server.received() == []


@both
@pytest.mark.parametrize("message", [{"type": "response", "on": "a"}, {"type": "collect"}])
def test_features_that_it_lacks_are_unsupported(driver: Driver, message: Message) -> None:
    """Who asks all the same gets an answer."""
    assert driver.ask(message)["type"] == "unsupported"


HOSTS: list[tuple[str, str, Message, str]] = [
    ("node:http", "127.0.0.1", {}, "127.0.0.1:<port>"),
    ("node:http", "127.0.0.1", {"port": "<port>"}, "127.0.0.1:<port>"),
    ("node:http", "127.0.0.1", {"host": "127.0.0.1:<port>", "port": None}, "127.0.0.1:<port>"),
    ("node:http", "127.0.0.1", {"host": "spam.example", "resolve": True}, "spam.example:<port>"),
    ("node:http", "127.0.0.1", {"host": "localhost", "port": None, "resolve": True}, "localhost"),
    ("node:http", "127.0.0.1", {"host": "spam.example", "port": "80", "resolve": True}, "spam.example"),
    ("node:http", "::1", {}, "[::1]:<port>"),
    ("node:http", "::1", {"host": "[::1]:<port>", "port": None}, "[::1]:<port>"),
    ("node:http", "::1", {"port": 80, "resolve": True}, "[::1]"),
    ("node:http", "::1", {"host": "::1%lo", "resolve": True}, "[::1%lo]:<port>"),
    ("fetch", "127.0.0.1", {}, "127.0.0.1:<port>"),
    ("fetch", "127.0.0.1", {"host": "spam.example:<port>", "port": None, "resolve": True}, "spam.example:<port>"),
    ("fetch", "127.0.0.1", {"host": "localhost", "port": "<port>", "resolve": True}, "localhost:<port>"),
    ("fetch", "::1", {}, "[::1]:<port>"),
]


@pytest.mark.parametrize(("driver", "address", "order", "host"), HOSTS, indirect=["driver"])
def test_addresses_lead_to_the_server(driver: Driver, address: str, order: Message, host: str) -> None:
    """However the address is given, the connection is made to the server, and Host is the client's own."""
    with Server(address) as server:
        filled = {
            name: value.replace("<port>", str(server.port)) if isinstance(value, str) else value
            for name, value in order.items()
        }
        answer = driver.request(server, call("GET"), new={**new(server), **filled})
        assert answer["raised"] is None
        (sent,) = server.received()
    assert re.findall(rb"(?i)\r\nhost: (.*)\r\n", sent) == [host.replace("<port>", str(server.port)).encode()]


@fetch
def test_fetch_cannot_be_led_to_another_port(driver: Driver, server: Server) -> None:
    """Port 80 of a name stays port 80."""
    answer = driver.request(server, call("GET"), new=new(server, "spam.example", port=None))
    assert answer["type"] == "unsupported"


LATE = """
const http = require("node:http");
const original = http.request;
http.request = (options, ...rest) => {
  process.stdout.write("a client prints\\n");
  console.log("and logs");
  if (options.path === "/rejects") Promise.reject(new RangeError("late"));
  if (options.path === "/odd") setImmediate(() => { throw "no error"; });
  if (options.path !== "/never") return original(options, ...rest);
  setImmediate(() => { throw new RangeError("late"); });
  return original({ ...options, agent: { addRequest() {} } }, ...rest);
};
"""


@pytest.mark.parametrize(
    ("url", "classes", "text"),
    [
        ("/never", ["RangeError", "Error", "ValueError", "Exception"], "late"),
        ("/rejects", ["RangeError", "Error", "ValueError", "Exception"], "late"),
        ("/odd", ["Exception"], "no error"),
    ],
)
def test_an_error_that_nobody_catches_is_raised(
    tmp_path: Path, server: Server, url: str, classes: Sequence[str], text: str
) -> None:
    """It belongs to the message in progress; what a client prints never gets between the messages."""
    with Driver(tmp_path, preload=LATE) as driver:
        driver.start()
        raised = driver.request(server, call("GET", url))["raised"]
        assert raised == {"classes": classes, "message": text, "phase": "request"}
        assert driver.request(server, call("GET", "/next"))["raised"] is None
    assert driver.errors.read_text().count("and logs") == 2


@both
def test_junk_is_skipped(driver: Driver, server: Server) -> None:
    """Lines that are no message, and messages of unknown types, get no answer."""
    for line in (
        "",
        "no JSON",
        "[]",
        "3",
        "null",
        '{"type": 1}',
        '{"type": "spam", "id": 1}',
        '{"type": "go", "id": 1}',
    ):
        driver.line(line)
    assert driver.request(server, call("GET"), unknown=1)["raised"] is None


def test_a_long_line_arrives_whole(driver: Driver, server: Server) -> None:
    """A body of some MiB, escaped, is one line."""
    data = "\xff" * (2 << 20)
    assert driver.request(server, call("PUT", body={"kind": "bytes", "data": data}))["raised"] is None
    (sent,) = server.received()
    assert sent.partition(b"\r\n\r\n")[2] == data.encode("latin-1")


def test_the_last_message_of_the_input_is_answered(driver: Driver, server: Server) -> None:
    """At the end of its input the driver ends, with what came before it done."""
    driver.post(request(server, call("GET", "/1")))
    driver.post(request(server, call("GET", "/2")))
    driver.end_of_input()
    assert [driver.receive()["type"] for _ in range(4)] == ["calling", "done"] * 2
    assert driver.process.wait(TIMEOUT) == 0


def test_it_ends_when_nothing_was_asked(tmp_path: Path) -> None:
    """An end of the input before the first message ends it, too."""
    with Driver(tmp_path) as driver:
        driver.end_of_input()
        assert driver.process.wait(TIMEOUT) == 0


@pytest.mark.parametrize("order", [{"candidate": "spam"}, {"protocol": 2}])
def test_what_cannot_be_driven_is_broken(tmp_path: Path, order: Message) -> None:
    """An unknown client or version is told in a sentence, and the driver ends."""
    with Driver(tmp_path) as driver:
        answer = driver.start(**order)
        assert answer["type"] == "broken"
        assert str(next(iter(order.values()))) in answer["why"]
        assert driver.process.wait(TIMEOUT) == 0


@pytest.mark.parametrize(("candidate", "client"), [(None, "node:http"), ("node:http", "node:http"), ("fetch", "fetch")])
def test_it_says_what_it_drives(tmp_path: Path, candidate: str | None, client: str) -> None:
    """The client and its version are named, and what is offered can be built."""
    with Driver(tmp_path, candidate) as driver:
        hello = driver.start()
    assert hello["client"]["name"] == client
    assert hello["client"]["version"]
    assert "encode_chunked" not in hello["can"]["arguments"]
    assert hello["can"]["features"] == ["sequences", "names", "waits"]
    assert kinds() >= {kind for offered in hello["can"]["arguments"].values() for kind in offered}
    assert kinds() >= {*hello["can"]["pieces"], *hello["can"]["fields"]}


@functools.cache
def kinds() -> set[str]:
    """Return the kinds that there are."""
    from wireproof._recipes import KINDS

    return set(KINDS)
