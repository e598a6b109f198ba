"""The values that the fuzzer draws from, the simplest first: that is what it shrinks to.

Rules of this file: what matters more stands here more often; each value stands for a way to go wrong, not for a case.
The lists are kept as they are written, several values on a line. Of inputs of which releases of CPython make different
things, or nobody knows what should come of them (views with gaps or without dimensions, addresses in brackets, sets of
several elements), there are none.
"""

from __future__ import annotations

from wireproof._model import Connection, Recipe

Pool = tuple[Recipe, ...]
Pair = tuple[Recipe, Recipe]


def text(value: str) -> Recipe:
    """Return the recipe of a str."""
    return Recipe("str", {"text": value})


def data(value: bytes) -> Recipe:
    """Return the recipe of bytes."""
    return Recipe("bytes", {"data": value})


def number(value: int) -> Recipe:
    """Return the recipe of an int."""
    return Recipe("int", {"value": value})


def _texts(*values: str) -> Pool:
    return tuple(map(text, values))


NONE, TRUE, FALSE = Recipe("none"), Recipe("bool", {"value": True}), Recipe("bool", {"value": False})

# fmt: off
# methods and urls ----------------------------------------------------------------------------------------------

METHODS: Pool = (
    *_texts(
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE",
        "CONNECT", "post", "Put", "pAtCh", "get", "delete", "M-SEARCH!", "GE T", "X", "PROPFIND", "QUERY",
    ),
    Recipe("str-subclass", {"text": "PUT"}), Recipe("str-subclass", {"text": "GET"}),
)
WRONG_METHODS: Pool = (
    *_texts("GE\nT", "G\rET", "\x00", "G\xc9T", "\u20ac", "GET\x1f"), data(b"GET"), number(7),
)
URLS: Pool = (
    *_texts(
        "/", "/x", "/a/b.html", "/a?b=c&d=%20e", "/a?b=http://c.test/d", "/a#part", "/a/../b/./c", "/%7e%zz%2F%2f",
        "/a//b", "/a/", "/./", "/?", "/#", "/a;b=c", "/a?b#c", "/~user", "/a+b", "/a|b", "/<a>", '/"', "/{a}", "/a\\b",
        "/^`", "/[a]", "*", "a/b", "?a=b", "#a", "", "//example.test/x", "http/index.html", "httpx", "example.test:443",
        "/" + "u" * 8192, "http://example.test/a", "https://Example.test:8443/a?b", "http://[2001:db8::1]:81/",
        "http://example.test", "http://me@example.test/", "http://example.test:80/", "https://example.test:443/",
        "http://EXAMPLE.test/%41", "HTTP://example.test/", "ftp://example.test/f", "ws://example.test/", "http:///x",
        "http://example.test?a", "http:/a",
    ),
    Recipe("str-subclass", {"text": "/sub"}), NONE,
)
WRONG_URLS: Pool = (
    *_texts(
        "/a b", " /", "/a ", "/ HTTP/1.1\r\nX-Injected: 1", "/\n", "/a\x7f", "/\x00", "/\t", "/caf\xe9", "/\u20ac",
        "/a\r", "http://example.test/a b", "http://[::1/",
    ),
    data(b"/a"), number(7),
)

# contents ------------------------------------------------------------------------------------------------------

_UNIT = b"0123456789abcdefg"
_SIZES = (
    9, 10, 15, 16, 17, 255, 256, 257, 1000, 1001, 4095, 4096, 4097, 8191, 8192, 8193, 16384, 16385, 65535, 65536, 65537,
)
_BLOCKED = (8192, 8193, 16385)


def pattern(size: int) -> bytes:
    """Return so many bytes, of which no two neighbouring ones are the same."""
    return (_UNIT * (size // len(_UNIT) + 1))[:size]


_SHORT = (
    b"abc", b"", b"a", b"caf\xe9\xff", b"0\r\n\r\n", b" a b ", b"a\nb\n", b"\r\na\r\n", b"\x00\x80\x9f\xff", b"\n",
    b"3\r\nabc\r\n", b"a\rb", b"\x85\xa0", b"a=b&c=%20", b'{"a": 1}', b"\xef\xbb\xbfabc", b"\t", b"0", b"x" * 70,
    b"abcd", b"abcdefgh", b"",
)
DATA = (*_SHORT, *_SHORT, *_SHORT, *map(pattern, _SIZES), *map(pattern, _BLOCKED))
SHORT_DATA = (*_SHORT, *map(pattern, (9, 10, 15, 16, 17, 255, 256, 257)))
LARGE = tuple(map(pattern, (98_311, 131_073)))
_BEYOND = ("\u20ac", "abc\u20ac", "\u20acabc", "\u0160\u2019", "a" * 20 + "\u0100", "\ud800", "\U0001f600")
TEXTS = (*(each.decode("latin-1") for each in DATA), *_BEYOND)
FILE_TEXTS = (*(each.decode("latin-1") for each in DATA), *_BEYOND[:5], "a" * 8192 + "\u20ac")

# pieces of bodies ----------------------------------------------------------------------------------------------

WIDE: Pool = (
    Recipe("array", {"data": b"abcdef", "typecode": "H"}),
    Recipe("memoryview", {"data": b"abcdefgh", "format": "I"}),
    Recipe("memoryview", {"data": b"abcdef", "shape": (2, 3)}),
    Recipe("ctypes", {"data": b"0123456789abcdef", "size": 8}),
    Recipe("array", {"data": pattern(4096), "typecode": "Q"}),
)
BUFFERS: Pool = (
    *(Recipe("bytearray", {"data": each}) for each in (b"abcd", b"", pattern(16), pattern(257), pattern(65537))),
    Recipe("memoryview", {"data": b"abc"}),
    Recipe("memoryview", {"data": b"0123456789", "slice": (2, 5)}),
    Recipe("memoryview", {"data": b""}),
    Recipe("memoryview", {"data": pattern(4097), "writable": True}),
    Recipe("array", {"data": b"abc"}),
    Recipe("array", {"data": b"", "typecode": "H"}),
    Recipe("ctypes", {"data": b"abcd"}),
    Recipe("buffer", {"data": b"abc"}),
    Recipe("pickle-buffer", {"data": b"abc"}),
    Recipe("bytes-subclass", {"data": b"abc"}),
    Recipe("bytes-with-iter", {"data": b"abc", "items": (data(b"x"), data(b"y"))}),
    Recipe("memoryview", {"data": b"abcdefghijklmnop", "format": "H", "shape": (2, 2, 2)}),
    Recipe("memoryview", {"data": b"abcdefghijkl", "format": "I", "slice": (1, 3)}),
    *WIDE,
)
ELEMENTS: Pool = (
    *(data(each) for each in (b"abc", b"", b"a", b"bc", b"0\r\n\r\n", b"\xe9\r\n", b"", *map(pattern, _SIZES[:12]))),
    *(data(each) for each in (b"x", b"xy", pattern(8193), pattern(65536))),
    Recipe("bytearray", {"data": b"abcd"}),
    Recipe("memoryview", {"data": b"abc"}),
    Recipe("array", {"data": b"abc"}),
    Recipe("bytes-subclass", {"data": b"abc"}),
    *WIDE[:3],
)
ONCE: Pool = tuple(each for each in ELEMENTS if each.kind == "bytes")
FAILING: Pool = tuple(
    Recipe("raise", {"name": name})
    for name in ("RuntimeError", "ValueError", "OSError", "KeyError", "TypeError", "EOFError", "ZeroDivisionError")
)
WRONG_ELEMENTS: Pool = (text("def"), text("d"), number(5))
CHARACTERS: Pool = _texts("ab", "\xe9\xff", "c", "0\r\n\r\n", "a\nb", "x" * 16, "y" * 8193)
OTHERS: Pool = (
    number(5), FALSE, Recipe("float", {"text": "1.5"}), Recipe("object"), Recipe("codecs-reader", {"data": b"abc"}),
    Recipe("temporary-text-file", {"text": "abc"}), TRUE, number(0), Recipe("function"),
    Recipe("str-with-read", {"text": "abc", "reads": (data(b"xyz"),)}),
)

# fields --------------------------------------------------------------------------------------------------------

LENGTH_NAMES: Pool = _texts(
    "Content-Length", "content-length", "CONTENT-LENGTH", "Content-length", "content-length", "cOnTeNt-LeNgTh",
)
LENGTHS = ("3", "0", "5", "1", "70000", "1000000000000", "003", "+3", "-1", "three", "", "3, 3")
CODING_NAMES: Pool = _texts(
    "Transfer-Encoding", "transfer-encoding", "TRANSFER-ENCODING", "TRANSFER-encoding", "transfer-encoding",
)
CODINGS: Pool = (
    *_texts("chunked", "chunked", "Chunked", "CHUNKED", "gzip, chunked", "identity", "gzip", "", " chunked"),
    data(b"chunked"),
)
HOST_NAMES: Pool = _texts("Host", "host", "HOST", "hOST")
HOSTS: Pool = (*_texts("example.test", "b.test:81", "", "a b", "EXAMPLE.test"), data(b"b.test"))
ACCEPT_NAMES: Pool = _texts("Accept-Encoding", "accept-encoding", "ACCEPT-ENCODING", "Accept-encoding")
ACCEPTS: Pool = (*_texts("gzip", "", "identity", "br;q=1"), data(b"gzip"))
NAMES: Pool = (
    *_texts(
        "X-A", "X-B", "x-lower", "X-A", "X-UPPER", "Accept", "Content-Type", "content-type", "User-Agent", "Connection",
        "Expect", "Cookie", "Date", "X-Content-Length", "Transfer-Encodings", "Content_Length", "X", "A-Z", "Z", "etag",
        "TE", "Trailer", "Content-MD5", "X Y", "X-A ", "x!#$%&'*+.^_`|~-", "Upgrade", "Content-Encoding", "Range",
        "Authorization", "Content-Length ", "Host ", "Transfer-Encoding\t", "Accept-Encodings", "Hosts",
    ),
    Recipe("str-subclass", {"text": "X-Sub"}),
)
BYTES_NAMES: Pool = (
    data(b"X-Bytes"), data(b"Content-Length"), data(b"Host"), data(b"Transfer-Encoding"), data(b"Accept-Encoding"),
)
VALUES: Pool = (
    *_texts(
        "1", "2", "", "caf\xe9", " padded ", "a, b", "\ta", "v" * 9000, "x" * 300, 'a "b"', "text/plain",
        "100-continue", "a:b", "one\r\n two", "a\n b", "a\r\n\tb\r\n c", "close", "keep-alive", "\xff", "a\x00b",
        "Upper", "\x80", "a  b", "\xa0a\x85", "\x1ca\x0b", "a\t ", "<a>", "a\\", "%41",
        "=?utf-8?q?a?=",
    ),
    *map(number, (7, -7, 0, 2**39, 12)),
    TRUE, FALSE, data(b"\xe2\x82\xac"), data(b"abc"), data(b""),
    Recipe("str-subclass", {"text": "sub"}), Recipe("bytes-subclass", {"data": b"sub"}),
)
KNOWN: tuple[Pair, ...] = tuple(
    (text(name), text(value))
    for name, value in (
        ("Content-Type", "text/plain; charset=utf-8"), ("Content-Type", "application/json"), ("Connection", "close"),
        ("Authorization", "Basic YTpi"), ("Expect", "100-continue"), ("TE", "trailers"), ("TE", "chunked"),
        ("Connection", "Upgrade"), ("Upgrade", "h2c"), ("Trailer", "X-A"), ("Content-Encoding", "gzip"),
        ("Cookie", "a=b"), ("Proxy-Authorization", "Basic YTpi"), ("Keep-Alive", "timeout=5"), ("Range", "bytes=0-1"),
        ("Proxy-Connection", "keep-alive"), ("User-Agent", "x"), ("X-HTTP-Method-Override", "PUT"),
        ("content-type", "text/plain; charset=utf-16"), ("Cookie", ""), ("Referer", "http://a.test/#b"),
    )
)
WRONG_FIELDS: tuple[Pair, ...] = (
    (text("X-A"), text("1\r\nX-Injected: 2")), (text("X-A"), text("1\nX-Injected: 2")), (text("X-A"), text("a\rb")),
    (text("X-A"), text("1\r\n")), (text("X-A"), text("1\n")), (text("X-A"), data(b"a\nb")), (text("X:B"), text("2")),
    (text(""), text("2")), (text(" X"), text("2")), (text("X\r\nY"), text("2")), (text("X\n"), text("2")),
    (text("X-\xc4"), text("1")), (text("X-\u20ac"), text("1")), (text("X-Euro"), text("\u20ac")),
    (text("X-None"), NONE),
    (text("X-Float"), Recipe("float", {"text": "1.5"})), (number(1), text("2")), (data(b"X:B"), text("1")),
    (text("Transfer-Encoding"), text("chunked\n")), (text("Content-Length"), text("3\r\nX: y")),
    (text("Host"), text("a\r\nX: y")),
)

# flags and connections -----------------------------------------------------------------------------------------

FLAGS: Pool = (
    TRUE, FALSE, TRUE, TRUE, TRUE, FALSE, number(1), text("yes"), number(0), NONE, text(""), number(2), text("no"),
    text("0"), Recipe("object"),
)
WITH_TIMEOUT = Connection(arguments=(("timeout", number(30)),))
CONNECTIONS = (
    Connection(), Connection(),
    *(Connection(arguments=(("blocksize", number(size)),)) for size in (16, 1, 3, 100, 255, 8191, 16384, 65536)),
    WITH_TIMEOUT,
    Connection(port="str"), Connection(port="in-host"), Connection(port="default"), Connection(port="default-given"),
    Connection(port="default-as-str"), Connection("localhost"), Connection("localhost", port="in-host"),
    Connection("ipv6"), Connection("ipv6-zone"), Connection("ipv6", port="str"),
    Connection("ipv6", port="default-given"),
    Connection("name", "example.test"), Connection("name", "Example.Test", "in-host"),
    Connection("name", "example.test", "default"), Connection("name", "example.test", "default-as-str"),
    Connection("name", "b\xfccher.test"),
)
REPLIES = ("ok", "ok", "ok", "no-content", "close", "chunked", "http-1.0", "continue-then-ok")
# fmt: on
