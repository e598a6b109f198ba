"""The reference implementation against the standard library's client, over real sockets.

Both clients get the same arguments, built anew; what arrives at a server, what is raised (by the names
of all its ancestors) and what happened to the arguments must be the same. Exempt are, by name, CPython's
three defects (``Defect``), and what the newest CPython does otherwise than the interpreter that
runs the test, as found by asking it (``Drift``).

Everything runs in one thread: the bodies fit into socket buffers, and a connection that was made waits
in the listener's queue until the test looks.
"""

from __future__ import annotations

import array
import codecs
import http.client
import io
import itertools
import mmap
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from email.message import Message
from enum import Enum
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wireproof_reference

STDLIB: Any = http.client.HTTPConnection
REFERENCE: Any = wireproof_reference.HTTPConnection
ABSENT = object()


class Defect(Enum):
    """Where CPython is wrong, and the reference is not."""

    STALE_HEAD = "a head that failed to build is sent in front of the next one"
    ITEM_COUNT = "the size of a chunk counts the items of a buffer, not its bytes"
    BOTH_FIELDS = "Transfer-Encoding beside Content-Length: a true encode_chunked is not honoured"


class Drift(Enum):
    """Where this interpreter's client may differ from the newest one."""

    ZERO_DIMENSIONS = "a 0-dimensional memoryview is sent"
    BRACKETS = "a host given in brackets with a port keeps them"
    ZONE = "an IPv6 zone is shown in Host"
    BYTES_WARNING = "bytes names are compared with text, an error under python -bb"


class Outcome(NamedTuple):
    """What is to be compared."""

    wire: tuple[bytes, ...]
    raised: tuple[str, ...]
    effects: object


class Specimen(NamedTuple):
    """A body, and how to see afterwards what was done to it."""

    body: object
    effects: Callable[[], object] = lambda: None


class Server:
    """A listener that tells what arrived on each connection."""

    def __init__(self) -> None:
        """Listen on a port of loopback."""
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.socket.setblocking(False)
        self.address: tuple[str, int] = self.socket.getsockname()
        self.accepted: list[socket.socket] = []
        self.early: dict[socket.socket, bytes] = {}

    def accept(self) -> None:
        """Accept the connections that wait."""
        with suppress(BlockingIOError):
            while True:
                accepted, _ = self.socket.accept()
                accepted.settimeout(10)
                self.accepted.append(accepted)

    def received(self) -> tuple[bytes, ...]:
        """Return what each connection brought, after the client closed all of them."""
        self.accept()
        connections, self.accepted = self.accepted, []
        early, self.early = self.early, {}
        return tuple(early.get(connection, b"") + drain(connection) for connection in connections)

    def reply(self, data: bytes) -> None:
        """Reply on the newest connection, if something came since the last reply and the client is there."""
        self.accept()
        for connection in self.accepted[-1:]:
            connection.setblocking(False)
            received, ended = b"", False
            with suppress(BlockingIOError):
                while not ended:
                    block = connection.recv(1 << 20)
                    received, ended = received + block, not block
            connection.settimeout(10)
            self.early[connection] = self.early.get(connection, b"") + received
            if received and not ended:
                connection.sendall(data)


def drain(connection: socket.socket) -> bytes:
    """Read a connection to its end and close it."""
    with connection:
        received = b""
        while data := connection.recv(1 << 20):
            received += data
        return received


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server for all tests of this module."""
    server = Server()
    with server.socket:
        yield server


def names(error: BaseException | None) -> tuple[str, ...]:
    """Return the names of an exception's class and its ancestors."""
    return tuple(cls.__name__ for cls in type(error).__mro__) if error else ()


def look(headers: Any) -> str:
    """Return what can be seen of headers afterwards: what was asked of them, or what they hold."""
    return repr(headers.items() if isinstance(headers, Message) else getattr(headers, "log", headers))


def perform(
    client: Any,
    server: Server,
    method: object,
    url: object,
    make_body: Callable[[ExitStack], Specimen],
    make_headers: Callable[[], Any],
    flag: object,
    **options: object,
) -> Outcome:
    """Send one request and return what came of it."""
    connection = client(*server.address, **options)
    with ExitStack() as stack:
        specimen = make_body(stack)
        headers = make_headers()
        arguments = {"body": specimen.body, "headers": headers, "encode_chunked": flag}
        given_arguments = {name: value for name, value in arguments.items() if value is not ABSENT}
        raised: BaseException | None = None
        try:
            returned = connection.request(method, url, **given_arguments)
        except Exception as error:
            raised, returned = error, None
        finally:
            connection.close()
        seen = (returned, specimen.effects(), look(headers))
    return Outcome(server.received(), names(raised), seen)


# Bodies


class ReadOnly:
    """An object with nothing but ``read``, which returns what it was given, or raises it."""

    def __init__(self, *results: Any) -> None:
        """Keep the results to return, or to raise, in order."""
        self.results = list(results)
        self.asked: list[object] = []

    def read(self, *size: object) -> Any:
        """Return the next result."""
        self.asked.append(size)
        result = self.results.pop(0) if self.results else b""
        if isinstance(result, Exception):
            raise result
        return result


class Producer:
    """An iterable that counts how often it was iterated over and pulled from."""

    def __init__(self, *elements: Any) -> None:
        """Keep the elements to yield, or to raise, in order."""
        self.elements = elements
        self.log: list[str] = []

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the elements."""
        self.log.append("iter")
        for element in self.elements:
            self.log.append("pull")
            if isinstance(element, Exception):
                raise element
            yield element


class Indexed:
    """A sequence of the old kind, with ``__getitem__`` only."""

    def __getitem__(self, index: int) -> bytes:
        """Return an element, or end the iteration."""
        return (b"old", b"", b"style")[index]


class ReadableText(str):
    """A str that has ``read`` as well."""

    def read(self, size: int) -> bytes:
        """Return something that must not be sent."""
        return b"no"


class ReadableIterableBuffer(bytearray):
    """A buffer that is a file and an iterable too."""

    def __init__(self) -> None:
        """Hold one content as a buffer, and another as a file."""
        super().__init__(b"buffer")
        self.blocks = [b"fi", b"le"]

    def read(self, size: int) -> bytes:
        """Return the next block."""
        return self.blocks.pop(0) if self.blocks else b""


class RaisingRead:
    """An object whose ``read`` can't even be looked up."""

    @property
    def read(self) -> object:
        """Raise."""
        raise RuntimeError("read")


def resizing(buffer: bytearray) -> Iterator[bytearray]:
    """Yield the same buffer again and again, resized in between."""
    for size in (3, 300, 2):
        buffer[:] = b"r" * size
        yield buffer


def plain(value: object) -> Callable[[ExitStack], Specimen]:
    """Make a body that needs no watching."""
    return lambda stack: Specimen(value)


def fresh(make: Callable[[], Any]) -> Callable[[ExitStack], Specimen]:
    """Make a body anew each time."""
    return lambda stack: Specimen(make())


def watched(make: Callable[[], Any], attribute: str) -> Callable[[ExitStack], Specimen]:
    """Make a body that keeps a log."""

    def specimen(stack: ExitStack) -> Specimen:
        body = make()
        return Specimen(body, lambda: list(getattr(body, attribute)))

    return specimen


def opened(make: Callable[[], Any], position: int = 0) -> Callable[[ExitStack], Specimen]:
    """Make an open file, positioned; it is closed afterwards."""

    def specimen(stack: ExitStack) -> Specimen:
        file = make()
        stack.callback(file.close)
        file.seek(position)
        return Specimen(file, lambda: (file.closed, file.tell()))

    return specimen


def disk_file(data: bytes, mode: str, **options: Any) -> Any:
    """Return a temporary file with some content."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(data)
    file.seek(0)
    return file if mode == "rb" else io.TextIOWrapper(file, **options)


def mapped(stack: ExitStack) -> Specimen:
    """Make an mmap that was read from."""
    body = mmap.mmap(-1, 16)
    stack.callback(body.close)
    body.write(b"0123456789abcdef")
    body.seek(3)
    return Specimen(body, lambda: (body.closed, body.tell()))


def released() -> memoryview:
    """Return a memoryview that can't be used any more."""
    view = memoryview(b"abc")
    view.release()
    return view


def closed_file() -> io.BytesIO:
    """Return a file that can't be read any more."""
    file = io.BytesIO(b"abc")
    file.close()
    return file


def codec_reader() -> codecs.StreamReader:
    """Return a reader of text that is no ``io.TextIOBase``."""
    return codecs.getreader("utf-8")(io.BytesIO(b"text"))


def pipe(stack: ExitStack) -> Specimen:
    """Make an unbuffered pipe with something in it."""
    reader, writer = os.pipe()
    os.write(writer, b"piped")
    os.close(writer)
    file = open(reader, "rb", buffering=0)  # noqa: SIM115 - the stack closes it
    stack.callback(file.close)
    return Specimen(file, lambda: file.closed)


SIZES = (1, 9, 10, 15, 16, 255, 256, 257, 4095, 4096, 4097, 8191, 8192, 8193, 65537)
ZERO_DIMENSIONS = memoryview(b"a").cast("B", shape=[])
STRIDED = memoryview(b"abcdef")[::2]
TABLE = memoryview(b"abcdef").cast("B", shape=[2, 3])
WIDE = array.array("I", [1, 2, 3])

BODIES: dict[str, Callable[[ExitStack], Specimen]] = {
    "absent": plain(ABSENT),
    "None": plain(None),
    "text, empty": plain(""),
    "text": plain("abc"),
    "text, Latin-1": plain("caf\xe9"),
    "text, beyond Latin-1": plain("\u20ac"),
    "text, surrogate": plain("\udc80"),
    "text that is readable": fresh(lambda: ReadableText("data\xe9")),
    "bytes, empty": plain(b""),
    "bytes": plain(b"a\r\n\x00\xff"),
    "bytes, long": plain(bytes(range(256)) * 257),
    "bytearray": fresh(lambda: bytearray(b"abc")),
    "memoryview": plain(memoryview(b"abc")),
    "memoryview, not contiguous": plain(STRIDED),
    "memoryview, no dimension": plain(ZERO_DIMENSIONS),
    "memoryview, released": fresh(released),
    "memoryview, two dimensions": plain(TABLE),
    "array of bytes": plain(array.array("B", [1, 2])),
    "array of ints": plain(WIDE),
    "array of ints, empty": plain(array.array("I")),
    "mmap": mapped,
    "buffer, file and iterable": watched(ReadableIterableBuffer, "blocks"),
    "bytes file": opened(lambda: io.BytesIO(b"0123456789")),
    "bytes file, position": opened(lambda: io.BytesIO(b"0123456789"), 4),
    "bytes file, at end": opened(lambda: io.BytesIO(b"0123456789"), 10),
    "bytes file, closed": fresh(closed_file),
    "text file": opened(lambda: io.StringIO("caf\xe9\n")),
    "text file, position": opened(lambda: io.StringIO("caf\xe9\n"), 2),
    "text file, empty": opened(io.StringIO),
    "text file, beyond Latin-1": opened(lambda: io.StringIO("x" * 8192 + "\u20ac")),
    "disk file": opened(lambda: disk_file(b"x" * 20000, "rb"), 5),
    "disk file, text": opened(lambda: disk_file("caf\xe9\r\n".encode(), "r", encoding="utf-8"), 1),
    "pipe": pipe,
    "codec reader": fresh(codec_reader),
    "reader": watched(lambda: ReadOnly(b"ab", b"c", b"", b"never"), "asked"),
    "reader, ends with None": watched(lambda: ReadOnly(b"ab", None), "asked"),
    "reader, ends with 0": watched(lambda: ReadOnly(b"ab", 0), "asked"),
    "reader, empty": watched(ReadOnly, "asked"),
    "reader of text": watched(lambda: ReadOnly("ab"), "asked"),
    "reader of lists": watched(lambda: ReadOnly([b"ab", b"cd"], [b"e"]), "asked"),
    "reader of ints": watched(lambda: ReadOnly(b"ab", 7), "asked"),
    "reader, fails": watched(lambda: ReadOnly(b"ab", KeyError("half-way"), b"cd"), "asked"),
    "reader, fails at once": watched(lambda: ReadOnly(TypeError("at once")), "asked"),
    "reader that can't be looked up": fresh(RaisingRead),
    "generator": fresh(lambda: (piece for piece in (b"ab", b"c"))),
    "generator, empty": fresh(lambda: (piece for piece in [b""][1:])),
    "generator, resizing": fresh(lambda: resizing(bytearray())),
    "producer": watched(lambda: Producer(b"ab", bytearray(b"c"), memoryview(b"d")), "log"),
    "producer, fails": watched(lambda: Producer(b"ab", RuntimeError("half-way"), b"c"), "log"),
    "producer, fails at once": watched(lambda: Producer(TypeError("at once")), "log"),
    "producer of empties": watched(lambda: Producer(b"", b"ab", "", None, 0, [], b"c", b""), "log"),
    "producer of text": watched(lambda: Producer(b"ab", "c", b"d"), "log"),
    "producer of ints": watched(lambda: Producer(b"ab", 3), "log"),
    "producer of objects": watched(lambda: Producer(b"ab", object()), "log"),
    "producer of lists": watched(lambda: Producer([b"ab", b"", b"c"], (b"d",)), "log"),
    "producer of lists of text": watched(lambda: Producer([b"ab", "c"], b"d"), "log"),
    "producer of lists of lists": watched(lambda: Producer([b"ab", [b"c"]], b"d"), "log"),
    "producer of old sequences": watched(lambda: Producer(b"ab", Indexed()), "log"),
    "producer of files": watched(lambda: Producer(io.BytesIO(b"x" * 9000), io.StringIO("\xe9")), "log"),
    "producer of broken files": watched(lambda: Producer(b"ab", io.StringIO("\u20ac")), "log"),
    "producer of readers of lists": watched(lambda: Producer(b"ab", ReadOnly([b"ab"])), "log"),
    "producer, not contiguous": watched(lambda: Producer(b"ab", STRIDED), "log"),
    "producer, no dimension": watched(lambda: Producer(b"ab", ZERO_DIMENSIONS), "log"),
    "producer, released": watched(lambda: Producer(b"ab", released()), "log"),
    "producer of arrays": watched(lambda: Producer(b"ab", WIDE), "log"),
    "producer of sizes": watched(lambda: Producer(*(b"x" * size for size in SIZES)), "log"),
    "producer of many": watched(lambda: Producer(*[b"x"] * 300), "log"),
    "list": plain([b"ab", b"c"]),
    "list, empty": plain([]),
    "tuple": plain((b"ab", b"c")),
    "set": plain({b"ab"}),
    "dict": plain({b"ab": 1, b"c": 2}),
    "dict values": plain({1: b"ab"}.values()),
    "old sequence": fresh(Indexed),
    "0": plain(0),
    "5": plain(5),
    "False": plain(False),
    "True": plain(True),
    "float": plain(1.5),
    "object": fresh(object),
    "class": plain(bytes),
}
MULTI_BYTE = {"array of ints", "memoryview, two dimensions"}


# Headers


class Recorded(Mapping[Any, Any]):
    """A mapping that records what is asked of it."""

    def __init__(self, *items: tuple[Any, Any]) -> None:
        """Keep the items, repeats included."""
        self.pairs = items
        self.log: list[str] = []

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the names."""
        self.log.append("iter")
        return iter([name for name, _ in self.pairs])

    def __len__(self) -> int:
        """Return the number of items."""
        self.log.append("len")
        return len(self.pairs)

    def __getitem__(self, name: object) -> object:
        """Look a name up."""
        self.log.append("getitem")
        return dict(self.pairs)[name]

    def items(self) -> Any:
        """Return the items."""
        self.log.append("items")
        return self.pairs


def repeated() -> Message:
    """Return a message with repeated fields."""
    message = Message()
    message["Cookie"] = "a"
    message["Host"] = "other"
    message["Cookie"] = "b"
    return message


FRAMINGS: dict[str, tuple[tuple[Any, Any], ...] | object] = {
    "absent": ABSENT,
    "none": (),
    "length": (("Content-Length", "3"),),
    "length as int": (("content-LENGTH", 3),),
    "coding": (("Transfer-Encoding", "chunked"),),
    "odd coding": (("transfer-encoding", "gzip"),),
    "both": (("Transfer-Encoding", "chunked"), ("Content-Length", "3")),
    "neither, but others": (("X-A", "1"), ("Trailer", "X-B")),
}


def pairs(*items: tuple[Any, Any]) -> Callable[[], Any]:
    """Make a recording mapping anew each time."""
    return lambda: Recorded(*items)


HEADERS: dict[str, Callable[[], Any]] = {
    "order": pairs(("Z", "1"), ("a", "2"), ("M", "3")),
    "repeats": pairs(("X", "1"), ("x", "2"), ("X", "1")),
    "message": repeated,
    "host": pairs(("A", "1"), ("hOST", "other:1")),
    "host, empty": pairs(("Host", "")),
    "host, spaces around": pairs(("Host ", "other")),
    "accept-encoding": pairs(("ACCEPT-encoding", "gzip"), ("B", "1")),
    "both automatic": pairs(("Accept-Encoding", ""), ("Host", "h")),
    "bytes name": pairs((b"X", b"1")),
    "bytes names that matter": pairs((b"Host", b"h"), (b"Content-Length", b"3"), (b"Accept-Encoding", b"")),
    "value, Latin-1": pairs(("X", "caf\xe9")),
    "value, beyond Latin-1": pairs(("X", "\u20ac")),
    "value, bytes": pairs(("X", b"\xff\x00\x80")),
    "value, bytearray": pairs(("X", bytearray(b"ab"))),
    "value, memoryview": pairs(("X", memoryview(b"ab"))),
    "value, strided": pairs(("X", STRIDED)),
    "value, array": pairs(("X", WIDE)),
    "value, int": pairs(("X", 10**30), ("Y", -1)),
    "value, bool": pairs(("X", True)),
    "value, empty": pairs(("X", "")),
    "value, spaces": pairs(("X", "  a\t ")),
    "value, LF": pairs(("X", "a\nb")),
    "value, CR": pairs(("X", "a\rb")),
    "value, CRLF": pairs(("X", "a\r\nb: c")),
    "value, bytes CRLF": pairs(("X", b"a\r\nb: c")),
    "value, LF at end": pairs(("X", "a\n")),
    "value, CR at end": pairs(("X", "a\r")),
    "value, CR CR LF SP": pairs(("X", "a\r\r\n b")),
    "value, CR LF LF SP": pairs(("X", "a\r\n\n b")),
    "value, folded": pairs(("X", "a\r\n b\n\tc\r d")),
    "value, None": pairs(("X", None)),
    "value, float": pairs(("X", 1.5)),
    "value, list": pairs(("X", ["a"])),
    "value, tuple": pairs(("X", ("a",))),
    "name, empty": pairs(("", "a")),
    "name, space first": pairs((" X", "a")),
    "name, space inside": pairs(("X y ", "a")),
    "name, NUL": pairs(("X\x00", "a")),
    "name, NBSP": pairs(("\xa0X", "a")),
    "name, vertical tab first": pairs(("\x0bX", "a")),
    "name, colon": pairs(("X:", "a")),
    "name, CR": pairs(("X\r", "a")),
    "name, LF": pairs(("X\ny", "a")),
    "name, bytes LF": pairs((b"X\ny", "a")),
    "name, non-ASCII": pairs(("caf\xe9", "a")),
    "name, None": pairs((None, "a")),
    "name, int": pairs((1, "a")),
    "name, bytearray": pairs((bytearray(b"X"), "a")),
    "good, then bad": pairs(("X", "1"), ("Y\n", "2"), ("Z", None)),
    "not pairs": lambda: type("NotPairs", (dict,), {"items": lambda self: [(1, 2, 3)]})(),
    "None": lambda: None,
    "list": list,
    "list of pairs": lambda: [("X", "1")],
    "list of names": lambda: ["X"],
    "text": lambda: "X: 1",
    "int": lambda: 3,
}

METHODS: tuple[object, ...] = (
    *("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "get", "pUt", "patch", "X-Y"),
    *("", "A B", "A\x7fB", "A\x1fB", "A\nB", "\x00", "caf\xe9", b"GET", bytearray(b"GET"), 7, None),
)
URLS: tuple[object, ...] = (
    *("/", "", "*", "a", "/a%20b?c=d#e", "/../a/./b//", "//x/y", "?q", "host:443"),
    *("http://other/", "http://other:80/", "http://u:p@Other:8080?q", "https://other/a", "httpx://other/a"),
    *("HTTP://other/", "ftp://other/", "http:/a", "http:", "http://", "http", "http:///a", "httpfoo"),
    *("http://[::1]/", "http://[::1]:8080/", "http://[abc]/", "http://[::1/", "http://::1]/"),
    *("http://[fe80::1%25eth0]:8080/", "http://[fe80::1%eth0]/", "http://a%20b/", "http://[v1.x]/"),
    *("/a b", "/a\nb", "/a\x00", "/a\x7f", "/a\tb", " /", "/caf\xe9", "http://caf\xe9/", "/\udc80"),
    *(None, 0, False, b"", b"/a", 5, ["/"], []),
)
FLAGS: tuple[object, ...] = (ABSENT, False, True, "no", "", 0, 2, None)
HOSTS: tuple[Any, ...] = (
    *("example", "EXAMPLE", "", "m\xfcnchen.example", "a" * 64 + "\xe9", "\xe9..a", "a b", "a\nb", "a%b"),
    *("::1", "[::1]", "[::1", "::1]", "[]", "[", "fe80::1%eth0", "[fe80::1%eth0]", None, b"a", 5, "a:b%c"),
    *("example:8080", "example:80", "example:", ":81", "a:b", "a: 81", "a:\u0668\u0661", "a:8\n"),
    *("[::1]:80", "[::1]:81", "[::1]:", "[fe80::1%eth0]:81", "[::1]x:82"),
)
PORTS: tuple[Any, ...] = (ABSENT, None, 80, 81, 0, "80", "81", "8\r\nX: y", "8\xe9", "\u20ac", 80.0)


# What this interpreter does otherwise


def first_bytes(server: Server, host: tuple[Any, ...], url: str, body: object = None) -> bytes:
    """Return what the standard library sends, or sent before it raised."""
    connection = STDLIB(*host)
    connection.sock = socket.create_connection(server.address)
    with suppress(Exception):
        connection.request("GET", url, body)
    connection.close()
    return server.received()[0]


@pytest.fixture(scope="module")
def drift(server: Server) -> set[Drift]:
    """The differences of this interpreter, as found by asking it."""
    asked = {
        Drift.ZERO_DIMENSIONS: first_bytes(server, ("h",), "/", ZERO_DIMENSIONS).endswith(b"\na"),
        Drift.BRACKETS: b"[[::1]]" in first_bytes(server, ("[::1]", 81), "/"),
        Drift.ZONE: b"%eth0" in first_bytes(server, ("fe80::1%eth0", 80), "/"),
        Drift.BYTES_WARNING: sys.flags.bytes_warning > 1,
    }
    return {difference for difference, found in asked.items() if found}


def exemption(body: str, headers: tuple[str, ...], flag: object, drift: set[Drift]) -> Defect | Drift | None:
    """Return why a combination may differ, if it may."""
    coding, length = "transfer-encoding" in headers, "content-length" in headers
    true_flag = bool(flag) and flag is not ABSENT
    if coding and length and true_flag:
        return Defect.BOTH_FIELDS
    if body in MULTI_BYTE and coding and true_flag:
        return Defect.ITEM_COUNT
    if body == "producer of arrays" and (true_flag if coding else not length):
        return Defect.ITEM_COUNT
    if body in {"memoryview, no dimension", "producer, no dimension"} and Drift.ZERO_DIMENSIONS in drift:
        return Drift.ZERO_DIMENSIONS
    return None


# The tests


@pytest.mark.parametrize("body", BODIES)
def test_bodies_are_sent_alike(body: str, server: Server, drift: set[Drift]) -> None:
    """Whatever the method, the framing fields and the flag, a body is sent as the standard library does."""
    differences: dict[object, object] = {}
    flags = FLAGS if body in {"None", "text", "bytes file", "producer"} else FLAGS[:4]
    for method, framing, flag in itertools.product(("GET", "POST", "patch"), FRAMINGS, flags):
        given_pairs: Any = FRAMINGS[framing]
        items = () if given_pairs is ABSENT else given_pairs
        if exemption(body, tuple(name.lower() for name, _ in items), flag, drift):
            continue
        make = pairs(*items) if given_pairs is not ABSENT else lambda: ABSENT
        theirs, ours = (
            perform(client, server, method, "/", BODIES[body], make, flag) for client in (STDLIB, REFERENCE)
        )
        if ours != theirs:
            differences[method, framing, "absent" if flag is ABSENT else flag] = (theirs, ours)
    assert differences == {}


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_request_lines_are_sent_alike(method: object, server: Server) -> None:
    """Any method, with any url, with and without a Host of the caller's, is sent or refused alike."""
    differences: dict[object, object] = {}
    for url, headers in itertools.product(URLS, ("host", "order", "name, empty", "value, None")):
        theirs, ours = (
            perform(client, server, method, url, plain(None), HEADERS[headers], False) for client in (STDLIB, REFERENCE)
        )
        if ours != theirs:
            differences[repr(url), headers] = (theirs, ours)
    assert differences == {}


@pytest.mark.parametrize("headers", HEADERS)
def test_headers_are_sent_alike(headers: str, server: Server, drift: set[Drift]) -> None:
    """Any headers, with good and bad methods, urls and bodies, are sent or refused alike."""
    if headers == "bytes names that matter" and Drift.BYTES_WARNING in drift:
        pytest.skip(Drift.BYTES_WARNING.value)
    differences: dict[object, object] = {}
    bodies = ("None", "text", "text, beyond Latin-1", "memoryview, released", "producer", "object")
    for method, url, body in itertools.product(("GET", "PUT", "A\n"), ("/a", "/ ", "http://[abc]/"), bodies):
        theirs, ours = (
            perform(client, server, method, url, BODIES[body], HEADERS[headers], ABSENT)
            for client in (STDLIB, REFERENCE)
        )
        if ours != theirs:
            differences[method, url, body] = (theirs, ours)
    assert differences == {}


@pytest.mark.parametrize("size", [1, 2, 8191, 8193, 100_000, -1])
def test_block_sizes_are_asked_for_alike(size: int, server: Server) -> None:
    """Files of several kinds are read in the blocks that the connection was told to use."""
    for body, framing in itertools.product(
        ("reader", "disk file", "text file", "producer of files"), ("length", "none")
    ):
        items: Any = FRAMINGS[framing]
        theirs, ours = (
            perform(client, server, "PUT", "/", BODIES[body], pairs(*items), False, blocksize=size)
            for client in (STDLIB, REFERENCE)
        )
        assert ours == theirs


def try_host(client: Any, server: Server, host: tuple[Any, ...], url: str) -> Outcome:
    """Make a connection to a host, but send its request to the server of the test."""
    raised: BaseException | None = None
    known: object = None
    try:
        connection = client(*host)
    except Exception as error:
        return Outcome((), names(error), "constructor")
    connection.sock = socket.create_connection(server.address)
    try:
        connection.request("GET", url)
        known = (connection.host, connection.port)
    except Exception as error:
        raised = error
    finally:
        connection.close()
    return Outcome(server.received(), names(raised), known)


@pytest.mark.parametrize("host", HOSTS, ids=repr)
def test_hosts_are_shown_alike(host: Any, server: Server, drift: set[Drift]) -> None:
    """Any host and port is refused, or shown in Host, as the newest standard library does."""
    differences: dict[object, object] = {}
    if isinstance(host, str):
        if "%" in host and Drift.ZONE in drift:
            pytest.skip(Drift.ZONE.value)
        if host.startswith("[") and Drift.BRACKETS in drift:
            pytest.skip(Drift.BRACKETS.value)
    for port, url in itertools.product(PORTS, ("/", "http://other:1/", "http:///", "HTTP://other/")):
        given_host = (host,) if port is ABSENT else (host, port)
        theirs, ours = (try_host(client, server, given_host, url) for client in (STDLIB, REFERENCE))
        if ours != theirs:
            differences[port, url] = (theirs, ours)
    assert differences == {}


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((), {}),
        (("GET",), {}),
        (("GET", "/", None, {}, True), {}),
        (("GET", "/"), {"unknown": 1}),
        (("GET",), {"url": "/k", "method": "PUT"}),
        ((), {"url": "/k", "method": "PUT", "headers": {"A": "b"}, "body": "c", "encode_chunked": 1}),
        (("PUT", "/p", b"body", {"A": "b"}), {"encode_chunked": True}),
    ],
)
def test_calls_are_taken_alike(arguments: Any, options: Any, server: Server) -> None:
    """Positional and keyword arguments are accepted and refused alike."""
    outcomes = []
    for client in (STDLIB, REFERENCE):
        connection = client(*server.address)
        raised: BaseException | None = None
        try:
            connection.request(*arguments, **options)
        except TypeError as error:
            raised = error
        finally:
            connection.close()
        outcomes.append((server.received(), names(raised)))
    assert outcomes[1] == outcomes[0]


REPLIES = {
    "keep": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "close": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    "old": b"HTTP/1.0 404 Not Found\r\nContent-Length: 2\r\n\r\nok",
    "interim": b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 201 \r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2;x=y\r\nok\r\n0\r\nT: t\r\n\r\n",
}
REQUESTS: dict[str, Callable[[Any], object]] = {
    "good": lambda connection: connection.request("POST", "/good", [b"piece"]),
    "bad head": lambda connection: connection.request("GET", "/bad", headers={"X": "a\nb"}),
    "bad scan": lambda connection: connection.request("GET", "/scan", headers=None),
    "bad method": lambda connection: connection.request("A\n", "/method"),
    "bad body": lambda connection: connection.request("PUT", "/body", [b"piece", "text"]),
}


def act(connection: Any, server: Server, step: str) -> object:
    """Take one step of a sequence."""
    try:
        if step == "close":
            return connection.close()
        if step in REQUESTS:
            return REQUESTS[step](connection)
        server.reply(REPLIES[step])
        response = connection.getresponse()
        return (response.status, response.reason, response.headers.items(), response.read())
    except Exception as error:
        return names(error)


@pytest.mark.parametrize("first", [*REQUESTS, *REPLIES, "close"])
def test_sequences_go_alike(first: str, server: Server) -> None:
    """Any four steps on a connection go as with the standard library, but for the stale head."""
    host = ":".join(map(str, server.address)).encode()
    stale = b"GET /bad HTTP/1.1\r\nHost: " + host + b"\r\nAccept-Encoding: identity\r\n"
    differences: dict[object, object] = {}
    for steps in itertools.product([first], *[[*REQUESTS, *REPLIES, "close"]] * 2, ["good"]):
        outcomes = []
        for client in (STDLIB, REFERENCE):
            connection = client(*server.address, timeout=10)
            results = [act(connection, server, step) for step in steps]
            connection.close()
            outcomes.append((results, server.received()))
        (theirs, stale_wire), ours = outcomes
        wire = tuple(received.replace(stale, b"") for received in stale_wire)  # Defect.STALE_HEAD
        if ours != (theirs, wire):
            differences[steps] = ((theirs, wire), ours)
    assert differences == {}


def test_defects_are_cpythons_and_not_ours(server: Server) -> None:
    """Each of the three exempted defects is absent here; with the standard library each is seen to differ."""
    host = ":".join(map(str, server.address)).encode()
    automatic = b"\r\nHost: " + host + b"\r\nAccept-Encoding: identity\r\n"
    coding = {"Transfer-Encoding": "chunked"}
    seen: dict[Defect, list[bytes]] = {defect: [] for defect in Defect}
    for client in (STDLIB, REFERENCE):
        connection = client(*server.address)
        with pytest.raises(ValueError, match="header value"):
            connection.request("GET", "/1", headers={"X": "a\nb"})
        connection.close()
        connection.request("GET", "/2")
        connection.close()
        seen[Defect.STALE_HEAD] += server.received()
        connection.request("GET", "/", array.array("H", [0x4141] * 3), coding, encode_chunked=True)
        connection.close()
        seen[Defect.ITEM_COUNT] += server.received()
        connection.request("GET", "/", b"abc", {**coding, "Content-Length": "3"}, encode_chunked=True)
        connection.close()
        seen[Defect.BOTH_FIELDS] += server.received()
    assert {defect: wires[1] for defect, wires in seen.items()} == {
        Defect.STALE_HEAD: b"GET /2 HTTP/1.1" + automatic + b"\r\n",
        Defect.ITEM_COUNT: b"GET / HTTP/1.1"
        + automatic
        + b"Transfer-Encoding: chunked\r\n\r\n6\r\nAAAAAA\r\n0\r\n\r\n",
        Defect.BOTH_FIELDS: b"GET / HTTP/1.1"
        + automatic
        + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    }


def binary(max_size: int) -> st.SearchStrategy[bytes]:
    """Draw bytes by way of text, for hypothesis compares all it draws: an error under python -bb."""
    return st.text(st.characters(max_codepoint=255), max_size=max_size).map(lambda text: text.encode("latin-1"))


def view(data: bytes) -> Any:
    """Return a memoryview."""
    return memoryview(data)


def bytes_file(data: bytes) -> Callable[[ExitStack], Specimen]:
    """Make a file in memory."""
    return opened(lambda: io.BytesIO(data))


def text_file(text: str) -> Callable[[ExitStack], Specimen]:
    """Make a text file in memory."""
    return opened(lambda: io.StringIO(text))


ODD_TEXT = st.text(st.sampled_from("aZ0/:%[]@?#. \t\r\n\x00\x7f\xe9\u20ac"), max_size=8)
PIECES = st.one_of(
    binary(20),
    st.text(st.sampled_from("a\xe9\u20ac"), max_size=3),
    st.lists(binary(3), max_size=3),
    binary(5).map(view),
    st.integers(0, 1),
)
ANY_BODY = st.one_of(
    st.none().map(plain),
    st.text(st.sampled_from("a\xe9\u20ac"), max_size=5).map(plain),
    binary(40).map(plain),
    binary(40).map(bytes_file),
    st.text(st.sampled_from("a\xe9\u20ac\n"), max_size=20).map(text_file),
    st.lists(PIECES, max_size=4).map(lambda parts: watched(lambda: Producer(*parts), "log")),
    st.lists(PIECES, max_size=4).map(lambda parts: watched(lambda: ReadOnly(*parts), "asked")),
)
ANY_NAME = st.one_of(st.sampled_from(["Host", "accept-encoding", "CONTENT-LENGTH", "Transfer-Encoding", "X"]), ODD_TEXT)
ANY_VALUE = st.one_of(ODD_TEXT, binary(4), st.integers(), st.none(), st.booleans())


@settings(max_examples=400, derandomize=True, deadline=None, database=None)
@given(
    method=st.one_of(st.sampled_from(["GET", "POST", "put", "PATCH"]), ODD_TEXT),
    url=st.one_of(st.sampled_from(["/", "", "http://h/"]), ODD_TEXT, ODD_TEXT.map(lambda text: "http://" + text)),
    items=st.lists(st.tuples(ANY_NAME, ANY_VALUE), max_size=4),
    body=ANY_BODY,
    flag=st.sampled_from(FLAGS),
    size=st.integers(1, 12),
)
def test_anything_is_sent_alike(
    server: Server, method: str, url: str, items: Any, body: Any, flag: object, size: int
) -> None:
    """Whatever is drawn is sent, refused and left as the standard library does, but for BOTH_FIELDS."""
    lowered = tuple(name.lower() for name, _ in items)
    if exemption("", lowered, flag, set()) is Defect.BOTH_FIELDS:
        return
    theirs, ours = (
        perform(client, server, method, url, body, pairs(*items), flag, blocksize=size)
        for client in (STDLIB, REFERENCE)
    )
    assert ours == theirs
