"""The Pyodide driver: what its network inside captures, and that nothing but messages comes out of its process."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import wireproof.drivers
from wireproof.drivers import pyodide_capture
from wireproof.drivers.pyodide_capture import MOST, CapturedSocket, CapturingDriver, Network, install
from wireproof.drivers.python_driver import CAN

FOLDER = Path(wireproof.drivers.__file__).parent
DRIVER = FOLDER / "pyodide_driver.mjs"
VALIDATOR = jsonschema.Draft202012Validator(json.loads((FOLDER / "protocol.schema.json").read_text()))
NODE = shutil.which("node") or ""
TIMEOUT = 120
HEAD = "Accept-Encoding: identity\r\n"
REPLY = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"

Message = dict[str, Any]

needs_node = pytest.mark.skipif(not NODE, reason="node is not installed")


def start(**changes: object) -> Message:
    """Return the first message."""
    return {"type": "start", "protocol": 1, "candidate": None, "path": [], "options": {}, **changes}


def request(id_: int, *, on: str = "a", port: int | None = None, host: str = "127.0.0.1", **changes: Any) -> Message:
    """Return a GET; with a port, one on a connection object that is made for it."""
    arguments = {"method": {"kind": "str", "text": "GET"}, "url": {"kind": "str", "text": "/"}}
    message = {"type": "request", "id": id_, "on": on, "passed": "usual"}
    if port is not None:
        message["new"] = {"host": host, "port": port, "named": {}, "address": [host, port], "resolve": False}
    body = changes.pop("body", None)
    return {**message, "arguments": arguments if body is None else {**arguments, "body": body}, **changes}


def get(port: int, host: str = "127.0.0.1") -> str:
    """Return what a GET sends."""
    return f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\n{HEAD}\r\n"


def part(data: str, ended: str = "open", *, on: str = "a", connection: int = 0) -> Message:
    """Return what is told of one connection."""
    return {"on": on, "connection": connection, "data": data, "ended": ended}


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """Put the network inside into this process, as long as a test runs."""
    with monkeypatch.context() as patch:
        for name in ("socket", "socketpair", "getaddrinfo"):
            patch.setattr(socket, name, getattr(socket, name))
        yield Network()


def answers(network: Network, *messages: Message) -> list[Message]:
    """Return what the driver, in this process, says to messages, ``calling`` left out."""
    install(network)
    said: list[Message] = []
    waiting: list[Message | None] = [start(), *messages, None]
    CapturingDriver(
        lambda message: said.append(json.loads(json.dumps(message))), lambda: waiting.pop(0), network, "a test"
    ).serve()
    for message in said:
        VALIDATOR.validate(message)
    return [message for message in said if message["type"] != "calling"]


def captured(network: Network, *messages: Message) -> list[object]:
    """Return what is told of connections in each answer."""
    _, *others = answers(network, *messages)
    return [answer["captured"] for answer in others]


def test_its_hello_says_that_it_captures_and_has_no_threads(network: Network) -> None:
    """The features are those of the Python driver, but for what the network inside cannot do."""
    (hello,) = answers(network)
    assert hello["can"]["features"] == ["captures", "collect", "names", "sequences"]
    assert hello["driver"]["name"] == "wireproof-pyodide"
    assert hello["driver"]["language"].endswith(", a test")


def test_a_request_is_captured_with_the_end_of_its_connection(network: Network) -> None:
    """The last request of an exchange brings everything, and every exchange counts its connections from 0."""
    assert captured(network, request(1, port=1001, last=True), request(2, port=1001, last=True)) == [
        [part(get(1001), "eof")],
        [part(get(1001), "eof")],
    ]


def test_only_what_is_new_is_told(network: Network) -> None:
    """A connection that the server closes after its reply ends; the next request has one of its own."""
    reply = {"type": "response", "id": 2, "on": "a", "reply": REPLY, "closes": True}
    assert captured(
        network, request(1, port=1001), reply, request(3), {"type": "end", "id": 4}, {"type": "collect", "id": 5}
    ) == [
        [part(get(1001))],
        [part("", "eof")],
        [part(get(1001), connection=1)],
        [part("", "eof", connection=1)],
        [],
    ]


def test_a_connection_is_used_again_after_a_reply(network: Network) -> None:
    """Where the server keeps it open, further requests come on the same connection, until it is closed."""
    reply = {"type": "response", "id": 2, "on": "a", "reply": REPLY.replace("close", "keep-alive"), "closes": False}
    assert captured(network, request(1, port=1001), reply, request(3), {"type": "close", "id": 4, "on": "a"}) == [
        [part(get(1001))],
        [],
        [part(get(1001))],
        [part("", "eof")],
    ]


def test_connection_objects_are_told_apart_by_their_addresses(network: Network) -> None:
    """Each of several has a port of its own, and counts its own connections."""
    assert captured(network, request(1, port=1001), request(2, on="b", port=1002), {"type": "end", "id": 3}) == [
        [part(get(1001))],
        [part(get(1002), on="b")],
        [part("", "eof"), part("", "eof", on="b")],
    ]


def test_names_and_addresses_of_ipv6_lead_to_the_server(network: Network) -> None:
    """What is resolved goes to the address that is given with it."""
    named = {"host": "spam.test", "port": 1001, "named": {}, "address": ["::1", 1001], "resolve": True}
    assert captured(network, request(1, new=named, last=True), request(2, port=1002, host="::1", last=True)) == [
        [part(get(1001, "spam.test"), "eof")],
        [part(get(1002, "[::1]"), "eof")],
    ]


def test_other_addresses_refuse(network: Network) -> None:
    """Where no connection object of the exchange belongs, a client reaches nobody."""
    elsewhere = {"host": "127.0.0.1", "port": 1002, "named": {}, "address": ["127.0.0.1", 1001], "resolve": False}
    _, done = answers(network, request(1, new=elsewhere, last=True))
    assert done["raised"]["classes"][0] == "ConnectionRefusedError"
    assert done["captured"] == []


def test_what_cannot_be_told_at_once_is_unsupported(network: Network) -> None:
    """A driver that has captured too much for one line says so, and goes on."""
    body = {"kind": "blocks", "data": "x" * 1024, "count": MOST // 1024 + 1}
    _, first, second = answers(network, request(1, port=1001, body=body, last=True), request(2, port=1001, last=True))
    assert (first["type"], first["why"]) == (
        "unsupported",
        "more than 10 MiB were sent, which cannot be reported at once",
    )
    assert second["captured"] == [part(get(1001), "eof")]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"kind": "memoryview", "data": "abcd", "slice": [0, 4, 2]}, "BufferError"),
        ({"kind": "list", "items": [{"kind": "str", "text": "a"}]}, "TypeError"),
    ],
)
def test_what_a_real_socket_refuses_is_refused(network: Network, body: Message, error: str) -> None:
    """Neither text nor a buffer with holes can be sent."""
    _, done = answers(network, request(1, port=1001, body=body, last=True))
    assert done["raised"]["classes"][0] == error


def test_the_ends_of_a_socketpair_are_connected(network: Network) -> None:
    """A file that is made of one end gives what was sent on the other, and then ends."""
    near, far = pyodide_capture.socketpair()
    with near, far:
        far.sendall(b"spam")
        file = near.makefile("rb")
    assert file.read() == b"spam"


def test_a_read_waits_no_longer_than_the_time_out(network: Network) -> None:
    """Where no reply ever comes, a client with a time-out gets its exception."""
    install(network)
    network.addresses["127.0.0.1", 1001] = "a"
    with (
        socket.create_connection(("127.0.0.1", 1001), timeout=0.001) as sock,
        pytest.raises(TimeoutError, match=r"timed out"),
    ):
        sock.recv(1)


def test_a_reply_comes_on_the_newest_open_connection_of_its_object(network: Network) -> None:
    """It passes by those that the client has closed and those of others; where the server closes, nothing follows."""
    install(network)
    network.addresses.update({("127.0.0.1", 1001): "a", ("127.0.0.1", 1002): "b"})
    older, newer, other = (socket.create_connection(("127.0.0.1", port), timeout=0.001) for port in (1001, 1001, 1002))
    with older, other:
        newer.close()
        network.reply("a", b"spam", closes=True)
        assert [older.recv(9), older.recv(9)] == [b"spam", b""]


def test_names_are_not_made_up(network: Network) -> None:
    """An address stands for itself, and a name that nobody has redirected cannot be resolved."""
    install(network)
    place = (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("::1", 80, 0, 0))
    assert socket.getaddrinfo("::1", "80") == [place]
    with pytest.raises(socket.gaierror):
        socket.create_connection(("spam.test", 1001))


def test_a_client_that_outlives_its_exchange_reaches_nobody(network: Network) -> None:
    """What is sent after the next exchange has begun is in no capture."""
    network.addresses["127.0.0.1", 1001] = "a"
    install(network)
    with socket.create_connection(("127.0.0.1", 1001)) as sock:
        assert isinstance(sock, CapturedSocket)
        network.clear()
        with pytest.raises(BrokenPipeError):
            sock.sendall(b"late")


# in Pyodide -------------------------------------------------------------------------------------------------------


def run(folder: Path, *messages: Message, node_path: str = "") -> list[Message]:
    """Return everything that the driver writes to messages; each line is held against the schema."""
    variables = {name: value for name, value in os.environ.items() if name != "NODE_PATH"}
    process = subprocess.run(
        [NODE, str(DRIVER)],
        input="".join(json.dumps(message) + "\n" for message in messages).encode("ascii"),
        capture_output=True,
        timeout=TIMEOUT,
        cwd=folder,
        env={**variables, "NODE_PATH": node_path},
        check=False,
    )
    assert process.returncode == 0, process.stderr.decode("utf-8", "replace")
    said = [json.loads(line) for line in process.stdout.splitlines()]
    for message in said:
        VALIDATOR.validate(message)
    return said


@pytest.fixture(scope="module")
def package() -> str:
    """Return the folder of the npm package pyodide that Node finds from here or in NODE_PATH."""
    find = "try { console.log(require('path').dirname(require.resolve('pyodide/package.json'))) } catch {}"
    found = subprocess.run([NODE, "-e", find], capture_output=True, text=True, timeout=TIMEOUT, check=True)
    if not found.stdout.strip():
        pytest.skip("the npm package pyodide is not installed")
    return found.stdout.strip()


@needs_node
@pytest.mark.parametrize(("options", "named"), [({}, ""), ({"pyodide": "nowhere"}, ": nowhere")])
def test_without_the_package_it_says_what_to_install(tmp_path: Path, options: Message, named: str) -> None:
    """The candidate is broken, and the hint is the command."""
    assert run(tmp_path, start(options=options)) == [
        {"type": "broken", "why": f"the npm package pyodide is not there{named}", "hint": "npm install pyodide"}
    ]


LOUD = """
import http.client, os, sys
import js

class Loud(http.client.HTTPConnection):
    def request(self, *args, **kwargs):
        print("spam" * 100_000)
        print("eggs", file=sys.stderr)
        os.write(1, b"{}\\n")
        js.console.log("{}")
        js.process.stdout.write("{}\\n")
        assert sys.stdin.read() == ""
        super().request(*args, **kwargs)
"""


@needs_node
def test_a_line_that_is_no_message_ends_it(tmp_path: Path, package: str) -> None:
    """An empty line is not the end of the input: it is shown, on standard error, what it was taken for."""
    lines = json.dumps(start(options={"pyodide": package})) + "\n\n"
    process = subprocess.run(
        [NODE, str(DRIVER)], input=lines, capture_output=True, text=True, timeout=TIMEOUT, cwd=tmp_path, check=False
    )
    assert process.returncode == 1
    assert "JSONDecodeError" in process.stderr


@needs_node
def test_a_client_of_ones_own_prints_what_it_likes(tmp_path: Path, package: str) -> None:
    """It is found in a folder of the machine, and what it prints does not get between the messages."""
    (tmp_path / "loud.py").write_text(LOUD)
    order = start(candidate="loud:Loud", path=[str(tmp_path)], options={"pyodide": package})
    body = {"kind": "socket-file", "data": "\u00ff"}
    hello, calling, done, *others = run(tmp_path, order, request(1, port=1001, body=body, last=True))
    chunked = get(1001).removesuffix("\r\n") + "Transfer-Encoding: chunked\r\n\r\n1\r\n\u00ff\r\n0\r\n\r\n"
    assert hello["client"] == {"name": "loud:Loud", "version": ""}
    assert ", Pyodide " in hello["driver"]["language"]
    assert hello["probes"].keys() == {
        "blocksize",
        "bracketed-authority",
        "bracketed-host",
        "ipv6-zone",
        "percent-authority",
        "zero-dimensional",
    }
    assert calling == {"type": "calling", "id": 1}
    assert done.get("raised") is None
    assert (done["captured"], others) == ([part(chunked, "eof")], [])


@needs_node
def test_the_package_is_found_in_node_path(tmp_path: Path, package: str) -> None:
    """NODE_PATH leads to it; a candidate that cannot be imported is told by the interpreter inside."""
    (broken,) = run(tmp_path, start(candidate="spam:Spam"), node_path=str(Path(package).parent))
    assert broken["why"] == "the module spam cannot be imported: ModuleNotFoundError: No module named 'spam'"


def built(kinds: Sequence[str]) -> Iterator[tuple[str, Message]]:
    """Yield a recipe of each kind, with all the members that any of them may need."""
    item = {"kind": "bytes", "data": "ab"}
    members = {"text": "1", "value": 1, "data": "abcdefgh", "items": [item], "reads": [item], "count": 1}
    for kind in kinds:
        if kind not in ("dict", "message", "mapping", "mapping-proxy", "pairs-list", "raise"):
            yield kind, {"kind": kind, **members, "bounds": [1, 2]}


@needs_node
def test_every_kind_of_body_can_be_built(tmp_path: Path, package: str) -> None:
    """Files, pipes, maps and socket pairs are there in WebAssembly, too; only what is endless cannot be told."""
    recipes = dict(built(CAN["pieces"]))
    asked = [request(number, port=1001, body=body, last=True) for number, body in enumerate(recipes.values(), 1)]
    said = run(tmp_path, start(options={"pyodide": package}), *asked)
    found = {message["id"]: message["type"] for message in said if "id" in message}
    wanted = ["unsupported" if kind == "endless" else "done" for kind in recipes]
    assert found == dict(enumerate(wanted, 1))
