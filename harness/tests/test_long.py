"""Long bodies: compared while they arrive, judged exactly, and never held."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest

from wireproof._candidates._inprocess import InProcess
from wireproof._cases._format import FileShape
from wireproof._cases._nodes import Refused
from wireproof._cases._nodes import parse as parse_yaml
from wireproof._judge import examine, judge
from wireproof._long import HELD, READ, Comparison, Pattern, chunks, message, read
from wireproof._model import Blocks, Case, Clause, Expect, Recipe, Request, Source, Step, Verdict
from wireproof._plan import limit, wire
from wireproof._show import python_call, script
from wireproof._wire import parse, parse_chunked

BLOCK = bytes(range(256)) * 63 + b"the end of a block"  # 16,146 bytes, in which nothing comes again at once
COUNT = 1000
AUTO = ("PUT / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity")


def text(value: str) -> Recipe:
    """Return the recipe of a str."""
    return Recipe("str", {"text": value})


def case(*, chunked: bool = False, block: bytes = BLOCK, count: int = COUNT) -> Case:
    """Return a case with a body of blocks, with Content-Length or chunk-encoded."""
    blocks, length = Blocks(block, count), str(len(block) * count)
    arguments = [
        ("method", text("PUT")),
        ("url", text("/")),
        ("body", Recipe("blocks", {"data": block, "count": count})),
    ]
    field = "Transfer-Encoding: chunked"
    if chunked:
        blocks = Blocks(b"%X\r\n%b\r\n" % (len(block), block), count, b"0\r\n\r\n")
    else:
        arguments.append(("headers", Recipe("dict", {"items": ((text("Content-Length"), text(length)),)})))
        field = f"Content-Length: {length}"
    step = Step("request", request=Request(tuple(arguments)), expect=Expect((*AUTO, field), blocks))
    return Case("long/case", "Asks.", (), (step,), Source("long.yaml", 1), "0")


Change = Callable[[list[bytes]], Iterable[bytes]]


def client(change: Change, *, extra: bytes = b"", fields: dict[str, str] | None = None) -> Any:
    """Return a class of clients that sends other blocks, and something behind them."""

    class Changed(HTTPConnection):
        def request(self, method: str, url: str, body: Any = None, headers: Any = {}, **more: Any) -> None:  # noqa: B006
            taken = list(body)
            super().request(method, url, iter(change(taken)), {**headers, **(fields or {})}, **more)
            if extra:
                self.send(extra)

    return Changed


def verdict(factory: Any, asked: Case) -> Verdict:
    """Return the verdict on a client."""
    with closing(InProcess(factory, timeout=30, overdue=lambda *_: None)) as candidate:
        return judge(asked, candidate.perform(asked), {})


def at(index: int, new: Callable[[bytes], list[bytes]]) -> Change:
    """Return what puts others in the place of one block."""
    return lambda blocks: [*blocks[:index], *new(blocks[index]), *blocks[index + 1 :]]


def changed(offset: int, byte: bytes = b"!") -> Callable[[bytes], list[bytes]]:
    """Return what changes one byte of a block."""
    return lambda block: [block[:offset] + byte + block[offset + 1 :]]


def swapped(blocks: list[bytes]) -> list[bytes]:
    """Exchange two different bytes between two blocks."""
    return list(at(700, changed(5, b"\x09"))(list(at(300, changed(9, b"\x05"))(blocks))))


FAULTS: dict[str, tuple[Change, bytes, str, str]] = {
    "one byte in block 700": (
        at(699, changed(5)),
        b"",
        "body.changed",
        f"byte {699 * len(BLOCK) + 5}, which is byte 5 of block 700 of 1000, is 21 instead of 05",
    ),
    "one block missing": (at(500, lambda block: []), b"", "body.element-missing", "1 block of 1000 is missing"),
    "one block doubled": (at(500, lambda block: [block] * 2), b"", "body.element-repeated", "1 block too many"),
    "bytes swapped": (swapped, b"", "body.changed", "byte 9 of block 301 of 1000, is 05 instead of 09"),
    "half a block missing": (
        at(500, lambda block: [block[:8000]]),
        b"",
        "body.changed",
        "byte 8000 of block 501 of 1000, is 00 instead of 40",
    ),
}


@pytest.mark.parametrize("chunked", [False, True])
def test_the_right_client_passes_and_little_is_kept(chunked: bool) -> None:
    """Every byte is compared, and of all of them only the first ones are kept."""
    asked = case(chunked=chunked)
    with closing(InProcess(HTTPConnection, timeout=30, overdue=lambda *_: None)) as candidate:
        capture = candidate.perform(asked)
    (stream,) = capture.streams
    assert stream.total == len(wire(asked.steps[0].expect, *capture.addresses["a"]))  # type: ignore[arg-type]
    assert len(stream.data) < HELD / 16
    assert judge(asked, capture, {}).verdict == "pass"
    assert list(examine(asked)) == []


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_wherever_it_is(name: str, chunked: bool) -> None:
    """What differs from the expected body fails at both layers, with its place, and with little evidence."""
    change, extra, code, sentence = FAULTS[name]
    found = verdict(client(change, extra=extra), case(chunked=chunked))
    assert found.reason is not None
    assert (found.verdict, found.reason.code, found.layers["contract"]) == ("fail", code, "fail")
    assert sentence in found.reason.text
    assert sum(len(each.received) + len(each.expected or b"") for each in found.evidence) < 200_000
    assert len(repr(found.differences)) < 4000


def test_a_body_that_stops_too_early_is_truncated() -> None:
    """A body with the end of its last block missing says how much came, and is invalid as a message."""
    found = verdict(client(at(999, lambda block: [block[:-1]])), case())
    assert found.reason is not None
    assert (found.reason.code, found.layers["rfc"]) == ("body.truncated", "fail")
    assert found.reason.text == "The body stops after 16145999 of 16146000 bytes: 1 byte missing."


@pytest.mark.parametrize(("chunked", "code"), [(False, "body.extended"), (True, "body.stray")])
def test_bytes_behind_the_end_are_seen(chunked: bool, code: str) -> None:
    """Bytes behind the last one fail at the gate and at the layer of the RFC."""
    found = verdict(client(lambda blocks: blocks, extra=b"stray"), case(chunked=chunked))
    assert found.reason is not None
    assert (found.reason.code, found.layers["rfc"]) == (code, "fail")
    assert "'stray'" in found.reason.text


def test_other_chunks_with_the_same_content_keep_the_contract() -> None:
    """Other boundaries of chunks are a matter of bytes alone, however many chunks there are."""
    halves: Change = lambda blocks: (half for block in blocks for half in (block[:999], block[999:]))  # noqa: E731
    found = verdict(client(halves), case(chunked=True))
    assert [each.code for each in found.differences] == ["chunk.boundaries"]
    assert (found.verdict, dict(found.layers)) == ("nonstrict", {"bytes": "fail", "contract": "pass", "rfc": "pass"})
    assert found.differences[0].text == (
        "The body is sent in 2000 chunks, the first one of 999 bytes, expected 1000 chunks of 16146 bytes."
    )


@pytest.mark.parametrize("chunked", [False, True])
def test_another_head_does_not_hide_the_body(chunked: bool) -> None:
    """With a field too many in the head the body is read all the same: right, or with its own fault."""
    right = verdict(client(lambda blocks: blocks, fields={"X": "1"}), case(chunked=chunked))
    wrong = verdict(client(at(700, changed(5)), fields={"X": "1"}), case(chunked=chunked))
    assert (right.verdict, [each.code for each in right.differences]) == ("nonstrict", ["field.extra"])
    assert [each.code for each in wrong.differences][:2] == ["body.changed", "field.extra"]


class LowerCase(HTTPConnection):
    """Writes chunk sizes in lower case, and forgets the last chunk if told to."""

    last = b"0\r\n\r\n"

    def request(self, method: str, url: str, body: Any = None, headers: Any = {}, **more: Any) -> None:  # noqa: B006
        """Send the chunks, and what ends them."""
        self.putrequest(method, url)
        self.putheader("Transfer-Encoding", "chunked")
        self.endheaders()
        for block in body:
            self.send(b"%x\r\n%b\r\n" % (len(block), block))
        self.send(self.last)


class NoLast(LowerCase):
    """Forgets the last chunk."""

    last = b""


class Raw(LowerCase):
    """Sends no chunks although it says so."""

    def request(self, method: str, url: str, body: Any = None, headers: Any = {}, **more: Any) -> None:  # noqa: B006
        """Send the blocks as they are."""
        super().request(method, url, (), headers)
        for block in body:
            self.send(block)

    last = b""


class Broken(LowerCase):
    """Puts a chunk too few bytes long in the middle."""

    def send(self, data: Any) -> None:
        """Send the data, and of one chunk a byte less."""
        self.sent = getattr(self, "sent", 0) + 1
        super().send(data if self.sent != 150 else data[:-3] + b"\r\n")


@pytest.mark.parametrize(
    ("factory", "codes", "layers"),
    [
        (LowerCase, ["chunk.lower-case"], ("pass", "pass")),
        (NoLast, ["chunk.last-missing", "chunk.lower-case"], ("fail", "fail")),
        (Raw, ["body.not-chunked"], ("fail", "fail")),
        (Broken, ["chunk.invalid"], ("fail", "fail")),
    ],
)
def test_faults_of_the_chunk_encoding(factory: Any, codes: list[str], layers: tuple[str, str]) -> None:
    """How chunks are written is told apart from what they hold, without holding them."""
    found = verdict(factory, case(chunked=True, block=BLOCK * 4, count=200))
    assert [each.code for each in found.differences if each.code != "contract"] == codes
    assert (found.layers["contract"], found.layers["rfc"]) == layers


def test_a_body_framed_otherwise_is_told_by_its_framing() -> None:
    """Where a length is sent instead of chunks, and the content is right, only the framing is wrong."""
    found = verdict(
        client(lambda blocks: blocks, fields={"Content-Length": str(len(BLOCK) * COUNT)}), case(chunked=True)
    )
    assert [each.code for each in found.differences if each.code != "contract"] == ["framing.length-instead-of-chunked"]
    assert found.layers["contract"] == "fail"


# the parts ----------------------------------------------------------------------------------------------------------


def pieces(data: bytes, size: int) -> Iterator[memoryview]:
    """Cut data into pieces."""
    for start in range(0, len(data), size):
        yield memoryview(data)[start : start + size]


@pytest.mark.parametrize(
    "blocks", [Blocks(b"ab", 7, b"!"), Blocks(b"abc", 200_000), Blocks(b"x" * READ + b"y", 3, b"z")]
)
def test_a_pattern_is_the_bytes_it_stands_for(blocks: Blocks) -> None:
    """At any offset, and with a byte changed anywhere, a pattern knows how many bytes are the expected ones."""
    pattern, data = Pattern(blocks, b"head"), b"head" + blocks.data * blocks.count + blocks.end
    assert b"".join(pattern.pieces(len(data))) == data
    for start in (0, 3, 5, len(data) // 2, len(data) - 1):
        assert pattern.same(memoryview(data)[start : start + READ], start) == len(data[start : start + READ])
    wrong = bytearray(data)
    wrong[len(data) // 2] ^= 255
    assert pattern.same(memoryview(wrong), 0) == len(data) // 2
    assert pattern.same(memoryview(data + b"more"), 0) == len(data)


TAILS = [
    b"",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"3\r\nabc\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\nstray",
    b"3\r\nabc\r\n3\r\nab",
    b"3\r\nabc\r\n3\r\nabc\r",
    b"3\r\nabc\r\n3\r\nabcX\r\n",
    b"3\r\nabc\r\n3\r\nabc\r\n",
    b"3\r\nabc\r\n3",
    b"3\r\nabc\r\nzz\r\nabc\r\n",
    b"3\r\nabc\r\n3\nabc\r\n",
    b"3\r\nabc\r\n0\r\n",
    b"abcabc",
]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
@pytest.mark.parametrize("tail", TAILS)
def test_a_reading_is_what_the_parser_reads(tail: bytes, size: int) -> None:
    """Read piece by piece, chunks end, break and stop as they do where they are held."""
    reading, parsed = read(pieces(tail, size), Blocks(b"abc", 9), Blocks(b"abc", 9)), parse_chunked(tail)
    body = chunks(reading)
    assert (body.end, body.complete, body.problems) == (parsed.end, parsed.complete, parsed.problems)
    assert [each.raw for each in body.trailers] == [each.raw for each in parsed.trailers]
    assert (body.last is None, reading.decoded.length) == (parsed.last is None, len(parsed.content))
    assert reading.raw.length == len(tail)


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize(
    "field", [b"Content-Length: 12", b"Transfer-Encoding: chunked", b"X: 1", b"Transfer-Encoding: x"]
)
def test_a_comparison_reads_the_message_that_the_parser_reads(field: bytes, tail: bytes, size: int) -> None:
    """Whatever head comes, what is made of a reading is the message that all the bytes are."""
    data = b"PUT / HTTP/1.1\r\nHost: a\r\n" + field + b"\r\n\r\n" + tail
    comparison = Comparison(b"PUT / HTTP/1.1\r\nHost: a\r\n\r\n", Blocks(b"abc", 9), Blocks(b"abc", 9))
    for piece in pieces(data, size):
        comparison.add(piece)
    reading, parsed = comparison.result().reading, parse(data)
    assert reading is not None
    made = message(bytes(comparison.kept), comparison.total, reading)
    same = ("method", "fields", "framing", "declared", "head_end", "body_end", "complete", "end", "problems")
    assert [getattr(made, name) for name in same] == [getattr(parsed, name) for name in same]


def test_a_head_without_an_end_has_no_reading() -> None:
    """Where the head never ends there is no body to be read."""
    comparison = Comparison(b"PUT / HTTP/1.1\r\n\r\n", Blocks(b"abc", 9), Blocks(b"abc", 9))
    comparison.add(memoryview(b"GET / HTTP/1.1\r\n"))
    assert comparison.result().reading is None


def test_a_long_body_may_take_its_time() -> None:
    """The limit counts the bytes of blocks that are never built."""
    assert limit(case(block=b"x" * 1000, count=10**6), 5) == pytest.approx(5 + 10**9 * 100e-6, rel=1e-3)


MEMORY = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from test_long import HTTPConnection, case, verdict
assert verdict(HTTPConnection, case(block=b"0123456789abcdef" * 65536, count=int(sys.argv[1]))).verdict == "pass"
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_body() -> None:
    """A body of 512 MiB takes as much memory as one of 64 MiB."""
    folder = __file__.rpartition("/")[0]
    needed = [
        int(subprocess.run([sys.executable, "-c", MEMORY, count, folder], capture_output=True, check=True).stdout)
        for count in ("64", "512")
    ]
    assert abs(needed[1] - needed[0]) < 10 * 1024


# the format ---------------------------------------------------------------------------------------------------------

CASE = """
about: "x"
cases:
- name: a
  about: "x"
  clauses: [request.sent]
  {steps}
"""
CLAUSES = {"request.sent": Clause("request.sent", "documented", "x", "x")}
REQUEST = '{method: "PUT", url: "/", body: {blocks: {data: "ab", count: 2}}}'
BLOCKS = '{head: ["a"], body: {blocks: {data: "ab", count: 2}}}'


def complaints(steps: str) -> str:
    """Return what is said against a case."""
    with pytest.raises(Refused) as caught:
        FileShape("long", CLAUSES).read(parse_yaml(CASE.replace("{steps}", steps), "long.yaml"))
    return "; ".join(str(each) for each in caught.value.complaints)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("request: " + REQUEST + "\n  expect: " + BLOCKS.replace('"ab"', '""'), "blocks without a byte"),
        ("request: " + REQUEST.replace('"ab"', '""') + "\n  expect: " + BLOCKS, "fields that make no blocks"),
        ("request: " + REQUEST.replace("2", "0") + "\n  expect: " + BLOCKS, "fields that make no blocks"),
        ("request: " + REQUEST + "\n  expect: " + BLOCKS[:-1] + ", at-least: 1}", "at-least beside blocks"),
        ("request: " + REQUEST + "\n  expect: " + BLOCKS[:-1] + ", raises: E}", "raises beside blocks"),
        ('request: {method: "PUT", body: "abab"}\n  expect: ' + BLOCKS, "blocks of another body"),
        ("request: " + REQUEST + "\n  expect: " + BLOCKS
         + '\n  alternatives: [{odd: "x", expect: {head: ["b"]}}]', "beside alternatives"),
        ("steps: [{request: " + REQUEST + ", expect: " + BLOCKS + "}, {reply: ok}]", "a reply after blocks"),
    ],
)  # fmt: skip
def test_blocks_that_could_not_be_compared_are_refused(steps: str, words: str) -> None:
    """Where blocks are expected, it is the one outcome of the last request, with a body of blocks."""
    assert words in complaints(steps)


def test_the_repro_of_blocks_names_them_once() -> None:
    """A script and what is shown of a case hold the block once, however often it is sent."""
    asked = case(chunked=True)
    assert len(script(asked, "stdlib")) < 12_000
    assert "for _ in range(1000):" in python_call(asked)
