"""The driver of curl and wget: command lines, the bytes that they send, and what exit codes mean."""

import ast
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import wireproof.drivers

DRIVER = Path(wireproof.drivers.__file__).parent / "curl_driver.py"

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
needs_wget = pytest.mark.skipif(shutil.which("wget") is None, reason="there is no wget")


@pytest.fixture
def curl(drive: Any) -> Any:
    """Return a session with curl."""
    session = drive(sys.executable, DRIVER)
    assert session.start()["client"]["name"] == "curl"
    return session


@pytest.fixture
def wget(drive: Any) -> Any:
    """Return a session with wget."""
    session = drive(sys.executable, DRIVER)
    assert session.start("wget")["client"]["name"] == "wget"
    return session


def own(request: bytes) -> bytes:
    """Return a request without the fields that are the tool's own."""
    mine = (b"User-Agent: ", b"Accept: ", b"Accept-Encoding: ", b"Connection: ")
    head, blank, content = request.partition(b"\r\n\r\n")
    return b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(mine)) + blank + content


def data(kind: str, text: str, **members: object) -> dict[str, object]:
    """Return a recipe whose data is ``text``."""
    return {"kind": kind, "data": text, **members}


def pieces(kind: str, *texts: str) -> dict[str, object]:
    """Return a recipe of pieces of bytes."""
    name = "reads" if kind.endswith("reader") else "items"
    return {"kind": kind, name: [{"kind": "bytes", "data": text} for text in texts]}


FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
STREAM = b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"

SENT: dict[str, tuple[list[Any], bytes, bytes]] = {
    "get": (["GET", "/a?b=c"], b"GET /a?b=c", b"\r\n"),
    "no-path": (["GET", ""], b"GET /", b"\r\n"),
    "dots": (["GET", "/a/../b/./c"], b"GET /a/../b/./c", b"\r\n"),
    "brackets": (["GET", "/[1-3]{a,b}"], b"GET /[1-3]{a,b}", b"\r\n"),
    "asterisk": (["OPTIONS", "*"], b"OPTIONS *", b"\r\n"),
    "relative": (["GET", "-a"], b"GET -a", b"\r\n"),
    "head": (["HEAD", "/"], b"HEAD /", b"\r\n"),
    "method": (["-x", "/"], b"-x /", b"\r\n"),
    "bytes": (["POST", "/", data("bytes", "a\0\xff\r\n")], b"POST /", b"Content-Length: 5\r\n%b\r\na\0\xff\r\n" % FORM),
    "empty": (["POST", "/", data("bytes", "")], b"POST /", b"Content-Length: 0\r\n%b\r\n" % FORM),
    "none": (["POST", "/", {"kind": "none"}], b"POST /", b"\r\n"),
    "text": (
        ["PUT", "/", {"kind": "str", "text": "\u20ac"}],
        b"PUT /",
        b"Content-Length: 3\r\n%b\r\n\xe2\x82\xac" % FORM,
    ),
    "fields": (
        ["GET", "/", None, [["X-B", "-1"], ["x-a", ""], ["X-B", "caf\u00e9"]]],
        b"GET /",
        b"X-B: -1\r\nx-a:\r\nX-B: caf\xc3\xa9\r\n\r\n",
    ),
    "coding": (
        ["POST", "/", data("bytes", "abc"), [["Transfer-Encoding", "chunked"]]],
        b"POST /",
        b"Transfer-Encoding: chunked\r\n%b\r\n3\r\nabc\r\n0\r\n\r\n" % FORM,
    ),
    "generator": (["PUT", "/", pieces("generator", "ab", "", "c")], b"PUT /", STREAM + b"3\r\nabc\r\n0\r\n\r\n"),
    "reader": (["GET", "/", pieces("reader", "ab", "c")], b"GET /", STREAM + b"3\r\nabc\r\n0\r\n\r\n"),
    "empty-read": (["GET", "/", pieces("reader", "ab", "", "c")], b"GET /", STREAM + b"2\r\nab\r\n0\r\n\r\n"),
    "blocks": (
        ["PUT", "/", {"kind": "blocks", "data": "ab", "count": 2}],
        b"PUT /",
        STREAM + b"4\r\nabab\r\n0\r\n\r\n",
    ),
    "no-pieces": (["POST", "/", pieces("iterator")], b"POST /", STREAM + b"0\r\n\r\n"),
    "file": (
        ["PUT", "/", data("binary-file", "abcd", position=1)],
        b"PUT /",
        STREAM + b"3\r\nbcd\r\n0\r\n\r\n",
    ),
    "pipe": (["PUT", "/", data("pipe", "ab")], b"PUT /", STREAM + b"2\r\nab\r\n0\r\n\r\n"),
}


@needs_curl
@pytest.mark.parametrize("name", SENT)
def test_curl_sends_what_the_recipe_says(curl: Any, serve: Any, name: str) -> None:
    """The bytes are those that curl makes of the command line, in one request; nothing is raised."""
    arguments, line, rest = SENT[name]
    server = serve()
    answer = curl.ask(server, *arguments)
    assert (answer["type"], answer["raised"], answer["effects"]) == ("done", None, {})
    host = b" HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % server.port
    assert [own(request) for request in server.requests] == [line + host + rest]


@needs_curl
def test_curls_own_fields_are_sent(curl: Any, serve: Any) -> None:
    """The driver leaves nothing out of what curl adds, and adds nothing."""
    server = serve()
    curl.ask(server, "GET", "/")
    names = [line.partition(b":")[0] for line in server.requests[0].split(b"\r\n")[1:-2]]
    assert names == [b"Host", b"User-Agent", b"Accept"]


@needs_curl
def test_a_configuration_is_not_read(drive: Any, serve: Any, tmp_path: Path) -> None:
    """Neither a user's .curlrc nor a proxy of the environment changes what is sent."""
    (tmp_path / ".curlrc").write_text('header = "X-Config: 1"\n')
    server = serve()
    away = {"HOME": str(tmp_path), "CURL_HOME": str(tmp_path), "http_proxy": "http://127.0.0.1:9"}
    session = drive(sys.executable, DRIVER, **away)
    session.start()
    assert session.ask(server, "GET", "/")["raised"] is None
    assert b"X-Config" not in server.requests[0]


@needs_curl
def test_an_absolute_url_is_asked_of_the_server_as_of_a_proxy(curl: Any, serve: Any) -> None:
    """Its authority is Host, and the fields for proxies are curl's own."""
    server = serve()
    assert curl.ask(server, "GET", "http://example.test:81/a?b")["raised"] is None
    assert own(server.requests[0]) == (
        b"GET http://example.test:81/a?b HTTP/1.1\r\nHost: example.test:81\r\nProxy-Connection: Keep-Alive\r\n\r\n"
    )


@needs_curl
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"host": "name.test", "resolve": True}, "name.test:<port>"),
        ({"host": "localhost", "resolve": True}, "localhost:<port>"),
        ({"host": "name.test", "port": None, "resolve": True}, "name.test"),
        ({"host": "name.test", "port": "80", "resolve": True}, "name.test"),
        ({"host": "127.0.0.1:<port>", "port": None}, "127.0.0.1:<port>"),
        ({"port": "<port>"}, "127.0.0.1:<port>"),
    ],
)
def test_hosts_and_ports(curl: Any, serve: Any, changed: dict[str, Any], expected: str) -> None:
    """Names lead to the address that is given, and Host is made of what the URL says."""
    server = serve()
    port = str(server.port)
    made = {name: value.replace("<port>", port) if isinstance(value, str) else value for name, value in changed.items()}
    assert curl.ask(server, "GET", "/", new={**server.new(), **made})["raised"] is None
    assert b"\r\nHost: %b\r\n" % expected.replace("<port>", port).encode() in server.requests[0]


@needs_curl
@pytest.mark.parametrize("host", ["::1", "[::1]", "::1%lo"])
def test_ipv6(curl: Any, serve: Any, host: str) -> None:
    """An IPv6 address stands in brackets in the URL, with its zone escaped."""
    try:
        server = serve("::1")
    except OSError:
        pytest.skip("there is no ::1 here")
    assert curl.ask(server, "GET", "/", new=server.new(host, resolve=False))["raised"] is None
    assert b"\r\nHost: [::1]:%d\r\n" % server.port in server.requests[0]


@needs_curl
def test_a_long_body_is_written_while_it_is_read(curl: Any, serve: Any) -> None:
    """Blocks arrive in full, in chunks of curl's own."""
    server = serve()
    answer = curl.ask(server, "PUT", "/", {"kind": "blocks", "data": "x" * 65536, "count": 257})
    assert answer["raised"] is None
    assert server.requests[0].count(b"x") - server.requests[0].partition(b"\r\n\r\n")[0].count(b"x") == 257 * 65536


@needs_curl
def test_an_endless_body_ends_when_the_server_hangs_up(curl: Any, serve: Any) -> None:
    """Curl says that it could not send, or was reset; the driver lives on."""
    server = serve(reply=b"", content=False)
    answer = curl.ask(server, "PUT", "/", {"kind": "endless", "data": "x" * 4096})
    assert "OSError" in answer["raised"]["classes"]
    assert curl.ask(serve(), "GET", "/")["raised"] is None


def closed_port(serve: Any) -> Any:
    """Return a server that does not listen any more."""
    server = serve()
    server.close()
    return server


@needs_curl
def test_what_curl_refuses_is_raised(curl: Any, serve: Any) -> None:
    """A malformed URL is a ValueError; its own name comes first, and its message is kept; nothing is sent."""
    server = serve()
    raised = curl.ask(server, "GET", "/a b")["raised"]
    assert (raised["classes"], raised["phase"]) == (["curl-3", "InvalidURL", "ValueError"], "request")
    assert raised["message"].startswith("curl: (3)")
    assert server.connections == []


@needs_curl
def test_a_connection_that_fails_is_raised(curl: Any, serve: Any) -> None:
    """Nobody listens: a kind of OSError. Nobody answers: the same, when the response is read."""
    assert curl.ask(closed_port(serve), "GET", "/")["raised"]["classes"][::3] == ["curl-7", "OSError"]
    raised = curl.ask(serve(reply=b""), "GET", "/")["raised"]
    assert (raised["classes"][:2], raised["phase"]) == (["curl-52", "RemoteDisconnected"], "request")
    assert "OSError" in raised["classes"]


UNSUPPORTED: dict[str, list[Any]] = {
    "NUL": ["GET", "/\0"],
    "surrogate": ["GET", "/", None, [["X-A", "\ud800"]]],
    "surrogate-body": ["GET", "/", {"kind": "str", "text": "\ud800"}],
    "long": ["GET", "/" + "u" * 131072],
    "colon": ["GET", "/", None, [["X:A", "1"]]],
    "blank": ["GET", "/", None, [["X-A", " "]]],
    "file-of-fields": ["GET", "/", None, [["@X", "1"]]],
    "https": ["GET", "https://example.test/"],
    "list": ["GET", "/", pieces("list", "a")],
    "text-piece": ["PUT", "/", {"kind": "generator", "items": [{"kind": "str", "text": "a"}]}],
    "raise": ["PUT", "/", {"kind": "reader", "reads": [{"kind": "raise", "name": "OSError"}]}],
}


@needs_curl
@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_a_command_line_has_no_place_for_is_unsupported(curl: Any, serve: Any, name: str) -> None:
    """It is never sent in another way; the answer says why."""
    server = serve()
    answer = curl.ask(server, *UNSUPPORTED[name])
    assert (answer["type"], bool(answer["why"]), server.connections) == ("unsupported", True, [])


@needs_curl
def test_64_messages_ahead_are_answered_in_order(curl: Any, serve: Any) -> None:
    """Each has one answer, and what is unknown or unsupported in between has its own, or none."""
    server = serve()
    messages = [curl.message(server, "GET", f"/{number}") for number in range(64)]
    messages[7] = {**messages[7], "passed": "keywords"}
    curl.send(*messages[:20], {"type": "news", "id": 1}, *messages[20:])
    answers = [curl.answer() for _ in messages]
    assert [(answer["id"], answer["type"]) for answer in answers] == [
        (number + 1, "unsupported" if number == 7 else "done") for number in range(64)
    ]
    targets = [request.split(b" ")[1] for request in server.requests]
    assert targets == [b"/%d" % number for number in range(64) if number != 7]
    assert curl.end() == 0


@needs_curl
def test_messages_of_sequences(curl: Any, serve: Any) -> None:
    """There is nothing to close and nothing to read; an exchange can be ended."""
    curl.send({"type": "close", "id": 1, "on": "a", "new": serve().new()}, {"type": "response", "id": 2, "on": "a"})
    assert [curl.answer()["type"] for _ in range(2)] == ["unsupported"] * 2
    curl.send({"type": "end", "id": 3})
    assert curl.answer()["type"] == "done"


@needs_curl
def test_the_folders_of_path_come_first(drive: Any, tmp_path: Path) -> None:
    """A curl that lies in one of them is the one that is driven."""
    command = tmp_path / "curl"
    command.write_text("#!/bin/sh\necho curl 99.1 here\n")
    command.chmod(0o755)
    hello = drive(sys.executable, DRIVER).start(path=[str(tmp_path)])
    assert hello["client"] == {"name": "curl", "version": "99.1"}


def test_a_tool_that_is_not_there_is_broken(drive: Any, tmp_path: Path) -> None:
    """The answer says what is missing, and what to do; the driver ends."""
    session = drive(sys.executable, DRIVER, PATH=str(tmp_path))
    assert session.start("wget") == {
        "type": "broken",
        "why": "there is no command wget",
        "hint": "install it: apt-get install wget",
    }
    assert session.end() == 0


@pytest.mark.parametrize("changed", [{"candidate": "spam"}, {"protocol": 2}])
def test_a_start_that_it_does_not_know_is_broken(drive: Any, changed: dict[str, object]) -> None:
    """Another candidate, another version of the protocol."""
    session = drive(sys.executable, DRIVER)
    assert session.start(**changed)["type"] == "broken"
    assert session.end() == 0


def test_it_ends_with_its_input(drive: Any) -> None:
    """Nothing was said: nothing is answered."""
    assert drive(sys.executable, DRIVER).end() == 0


def test_it_is_written_for_python_3_6() -> None:
    """The grammar of 3.6 takes it."""
    ast.parse(DRIVER.read_text("utf-8"), feature_version=(3, 6))


WGET_SENT: dict[str, tuple[list[Any], bytes, bytes]] = {
    "get": (["GET", "/a?b=c"], b"GET /a?b=c", b"\r\n"),
    "dots": (["GET", "/a/../b"], b"GET /b", b"\r\n"),
    "method": (["-x y", "/"], b"-X Y /", b"\r\n"),
    "field": (["GET", "/", None, [["X-A", "1"]]], b"GET /", b"X-A: 1\r\n\r\n"),
    "bytes": (["POST", "/", data("bytes", "a\0\xff")], b"POST /", FORM + b"Content-Length: 3\r\n\r\na\0\xff"),
    "file": (["PUT", "/", data("binary-file", "ab")], b"PUT /", FORM + b"Content-Length: 2\r\n\r\nab"),
}


@needs_wget
@pytest.mark.parametrize("name", WGET_SENT)
def test_wget_sends_what_the_recipe_says(wget: Any, serve: Any, name: str) -> None:
    """The bytes are those that wget makes of the command line, in one request; nothing is raised."""
    arguments, line, rest = WGET_SENT[name]
    server = serve()
    answer = wget.ask(server, *arguments)
    assert (answer["type"], answer["raised"]) == ("done", None)
    host = b" HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % server.port
    assert [own(request) for request in server.requests] == [line + host + rest]


@needs_wget
def test_wget_asks_a_proxy_for_absolute_urls(wget: Any, serve: Any) -> None:
    """The server is its proxy."""
    server = serve()
    assert wget.ask(server, "GET", "http://example.test/a")["raised"] is None
    assert server.requests[0].startswith(b"GET http://example.test/a HTTP/1.1\r\nHost: example.test\r\n")


@needs_wget
def test_what_wget_refuses_is_raised_and_what_it_cannot_say_is_unsupported(wget: Any, serve: Any) -> None:
    """Its exit codes are told in terms of Python."""
    server = serve()
    assert wget.ask(server, "GET", "/", None, [["X A", "1"]])["raised"]["classes"] == ["wget-2", "ValueError"]
    assert wget.ask(server, "GET", "/", data("binary-file", "ab", position=1))["type"] == "unsupported"
    assert wget.ask(server, "GET", "*")["type"] == "unsupported"
    assert wget.ask(server, "GET", "/", new=server.new("name.test"))["type"] == "unsupported"
    assert wget.ask(closed_port(serve), "GET", "/")["raised"]["classes"][::2] == ["wget-4", "OSError"]
    assert server.connections == []


@needs_curl
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="there is no /proc")
def test_commands_belong_to_the_drivers_group_and_have_no_end_of_the_protocol(drive: Any, tmp_path: Path) -> None:
    """They end with the driver, and cannot write into its answers."""
    command = tmp_path / "curl"
    told = tmp_path / "told"
    script = f"""#!/bin/sh
exec 3>&1
if [ "$1" != --version ]
then
    ps -o pgid= -p $$ > {told}
    readlink /proc/$$/fd/0 /proc/$$/fd/3 >> {told}
fi
echo curl 1.0
"""
    command.write_text(script)
    command.chmod(0o755)
    session = drive(sys.executable, DRIVER)
    session.start(path=[str(tmp_path)])
    new = {"host": "127.0.0.1", "port": 9, "named": {}, "address": ["127.0.0.1", 9], "resolve": False}
    assert session.ask(None, "GET", "/", new=new)["raised"] is None
    group, *descriptors = told.read_text().split()
    assert (int(group), descriptors) == (os.getpgid(session.process.pid), ["/dev/null", "/dev/null"])
