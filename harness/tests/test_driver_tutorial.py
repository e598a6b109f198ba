"""docs/writing-a-driver.md: its pieces are the example, its output is real, and what it builds is a driver."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples"
DRIVER = EXAMPLES / "tcl_driver.tcl"

needs_tclsh = pytest.mark.skipif(shutil.which("tclsh") is None, reason="there is no tclsh")


def blocks() -> list[tuple[str, str, str]]:
    """Return the text before each block of the tutorial, its language, and its content."""
    text = (DOCS / "writing-a-driver.md").read_text("utf-8")
    return re.findall(r"(.*?)^```([a-z ]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def assembled(upto: int) -> str:
    """Return the driver as the reader has it after so many blocks."""
    code = [(language, content) for _, language, content in blocks()[:upto] if language.startswith("tcl")]
    return "\n".join(content for _, content in sorted(code, key=lambda each: each[0]))


def test_the_pieces_are_the_example() -> None:
    """Put together as the tutorial says they are the file, byte by byte."""
    assert assembled(len(blocks())) == DRIVER.read_text("utf-8")


def commands(content: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a console and the output of each."""
    for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


@needs_tclsh
def test_the_output_in_the_tutorial_is_real(serve: Any, tmp_path: Path) -> None:
    """Each command prints what stands behind it, at its place in the tutorial."""
    server = serve()
    for example in EXAMPLES.iterdir():
        shutil.copy(example, tmp_path)
    run = 0
    for number, (before, language, content) in enumerate(blocks(), start=1):
        if language == "json":
            *_, name = re.findall(r"`(\w+\.jsonl)`", before)
            (tmp_path / name).write_text(content.replace("8000", str(server.port)))
        if language != "console":
            continue
        (tmp_path / "tcl_driver.tcl").write_text(assembled(number))
        for command, output in commands(content):
            if command.endswith("&"):
                continue
            own = re.sub("^wireproof ", f"{sys.executable} -m wireproof ", command)
            said = subprocess.run(["sh", "-c", own], cwd=tmp_path, capture_output=True, text=True, timeout=300)
            assert (counts_left_out(said.stdout), said.stderr) == (counts_left_out(output), ""), command
            run += 1
    assert (run, [request.split(b"\r\n")[0] for request in server.requests]) == (4, [b"GET / HTTP/1.1"])


def counts_left_out(output: str) -> str:
    """Return output without the numbers of checks that pass or do not apply, which grow with wireproof."""
    return re.sub(r"\d+ (passed|do not apply)", r"N \1", output)


@pytest.fixture
def spoon(drive: Any) -> Any:
    """Return a session with the example."""
    session = drive("tclsh", DRIVER)
    assert session.start()["client"]["name"] == "spoon"
    return session


def fields(*pairs: tuple[str, str]) -> dict[str, object]:
    """Return a recipe of header fields."""
    return {"kind": "dict", "items": [[{"kind": "str", "text": text} for text in pair] for pair in pairs]}


TEXT = '/%7e?\u00e9{$x}[exit]\\"]}:,;'

SENT: dict[str, tuple[dict[str, Any], bytes, bytes]] = {
    "get": ({}, b"GET /", b"\r\n"),
    "text": ({"url": {"kind": "str", "text": TEXT}}, b"GET " + TEXT.encode("latin-1"), b"\r\n"),
    "bytes": (
        {"body": {"kind": "bytes", "data": "".join(map(chr, range(256)))}},
        b"GET /",
        b"Content-Length: 256\r\n\r\n" + bytes(range(256)),
    ),
    "number": ({"body": {"kind": "str", "text": "0x10"}}, b"GET /", b"Content-Length: 4\r\n\r\n0x10"),
    "none": ({"body": {"kind": "none"}}, b"GET /", b"\r\n"),
    "empty": ({"body": {"kind": "str", "text": ""}, "headers": fields()}, b"GET /", b"\r\n"),
    "fields": ({"headers": fields(("X-B", "null"), ("x-a", ""))}, b"GET /", b"X-B: null\r\nx-a: \r\n\r\n"),
    "head": ({"method": {"kind": "str", "text": "HEAD"}}, b"HEAD /", b"\r\n"),
}


@needs_tclsh
@pytest.mark.parametrize("name", SENT)
def test_the_example_sends_what_the_recipe_says(spoon: Any, serve: Any, name: str) -> None:
    """Whatever the characters are; one request, nothing raised."""
    changed, line, rest = SENT[name]
    server = serve()
    message = spoon.message(server, "GET", "/")
    spoon.send({**message, "arguments": {**message["arguments"], **changed}})
    assert spoon.answer() == {"type": "done", "id": 1, "raised": None}
    assert server.requests == [line + b" HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % server.port + rest]


@needs_tclsh
def test_the_example_says_what_was_raised(spoon: Any, serve: Any) -> None:
    """A refused url, nobody who listens, a server that hangs up, and any other error of Tcl."""
    server = serve()
    server.close()
    raised = [
        spoon.ask(server, "GET", "/a b")["raised"]["classes"],
        spoon.ask(server, "GET", "/")["raised"]["classes"],
        spoon.ask(serve(reply=b""), "GET", "/")["raised"]["classes"],
        spoon.ask(server, "GET", "/", new=server.new(port="spam", resolve=False))["raised"]["classes"],
    ]
    assert raised == [
        ["SpoonError", "InvalidURL", "ValueError"],
        ["OSError"],
        ["SpoonError", "ConnectionError", "OSError"],
        ["Exception"],
    ]


@needs_tclsh
def test_what_the_example_cannot_build_is_unsupported(spoon: Any, serve: Any) -> None:
    """Whatever its kind is called; nothing is sent."""
    server = serve()
    for kind in ("generator", '\ud800"\\\n\x7f'):
        answer = spoon.ask(server, "GET", "/", {"kind": kind})
        assert (answer["type"], answer["why"]) == ("unsupported", f"Tcl has no {kind}")
    assert server.connections == []


@needs_tclsh
def test_64_messages_ahead_are_answered_in_order(spoon: Any, serve: Any) -> None:
    """Also where something in between is unknown or unsupported."""
    server = serve()
    messages = [spoon.message(server, "GET", f"/{number}") for number in range(64)]
    messages[7]["arguments"]["body"] = {"kind": "generator", "items": []}
    spoon.send(*messages[:20], {"type": "news", "id": 1}, *messages[20:], {"type": "end", "id": 65})
    answers = [spoon.answer() for _ in range(65)]
    assert [(answer["id"], answer["type"]) for answer in answers] == [
        (number + 1, "unsupported" if number == 7 else "done") for number in range(65)
    ]
    assert len(server.requests) == 63
    assert spoon.end() == 0


@needs_tclsh
def test_the_example_knows_one_version_of_the_protocol(drive: Any) -> None:
    """Another one is answered, and it ends."""
    session = drive("tclsh", DRIVER)
    assert session.start(protocol=2)["type"] == "broken"
    assert session.end() == 0
