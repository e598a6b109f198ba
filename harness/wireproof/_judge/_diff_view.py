"""What the rules about differences look at, and the words that they use.

Rules of the modules ``_diff_*``:

1. A rule is a function from a ``View`` to the differences it sees; the tables of rules say in which order they are
   asked. A rule never raises, whatever the bytes.
2. One fault, one difference: what follows from a fault that is reported is not reported again.
3. ``code`` and ``subject`` hold nothing that changes between runs. Bytes in ``text`` are escaped, cut, and free of
   the address that was connected to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from wireproof._judge._meaning import Meaning
from wireproof._judge._sight import Sight
from wireproof._model import Blocks, Difference, Digest, Recipe
from wireproof._plan import body_length
from wireproof._wire import Body, FieldLine, Message, parse_chunked, visible

SHORT = 60
"""Bytes that are repeated in a sentence about them."""

LENGTH, CODING = b"content-length", b"transfer-encoding"
_LOOPBACK = re.compile(rb"(?<![0-9.])127(?:\.[0-9]{1,3}){3}:[0-9]{5}(?![0-9])")
_ADDRESS = re.compile(r"\b0x[0-9A-Fa-f]{6,}")
CUT = ("chunk.no-last", "chunk.data-short", "chunk.end-cut", "chunk.size-cut")

Rule = Callable[["View"], Iterable[Difference]]


class Told(NamedTuple):
    """A diagnosis without its place: code, sentence, clause, cause, and the offset in what was looked at."""

    code: str
    text: str
    clause: str = ""
    cause: str = ""
    offset: int = 0


@dataclass(frozen=True)
class View:
    """A sight, with expected and received bytes side by side."""

    sight: Sight

    @property
    def want(self) -> Message:
        """The expected head, read as a message."""
        return self.sight.wanted

    @property
    def got(self) -> Message:
        """The received message."""
        return self.sight.message

    @property
    def meaning(self) -> Meaning:
        """What the contract says the body means."""
        return self.sight.meaning

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe of the body; an absent body is None."""
        return self.sight.request.get("body") or Recipe("none")

    @cached_property
    def total(self) -> int:
        """How many bytes came, those beyond the stored cap included."""
        return max(self.sight.total, len(self.sight.data))

    @cached_property
    def tail(self) -> bytes:
        """The received bytes after the head."""
        return self.sight.tail

    @property
    def body_at(self) -> int:
        """Where the received body starts."""
        return len(self.sight.data) - len(self.tail)

    @cached_property
    def body(self) -> bytes:
        """The expected bytes after the head; empty where only a digest is known, or where they are too many.

        Where a prefix is enough, as much of it as came.
        """
        body, least = self.sight.wire.body, self.sight.expect.at_least
        if isinstance(body, Digest | Blocks):
            return b""
        return body if least is None else body[: max(least, len(self.tail))]

    @property
    def is_long(self) -> bool:
        """Whether the expected body is too long to be held."""
        return isinstance(self.sight.wire.body, Blocks)

    @property
    def body_length(self) -> int:
        """How many bytes are expected after the head."""
        return body_length(self.sight.wire.body) if self.is_long else len(self.body)

    @property
    def content_length(self) -> int:
        """How many bytes the expected content has."""
        return self.meaning.length if self.is_long else len(self.content)

    @property
    def expected_length(self) -> int:
        """How many bytes are expected, as far as they are known."""
        return len(self.sight.wire) if self.is_long else len(self.expected)

    @cached_property
    def expected(self) -> bytes:
        """All expected bytes, as far as they are known."""
        return (self.sight.wire.head or b"") + self.body

    @property
    def is_prefix(self) -> bool:
        """Whether what came is the beginning of what was expected."""
        return self.sight.same == self.total if self.is_long else self.expected.startswith(self.sight.data)

    @cached_property
    def chunks(self) -> Body:
        """The expected body, read as chunks."""
        return parse_chunked(self.body)

    @cached_property
    def got_chunks(self) -> Body:
        """The received body, read as chunks."""
        return parse_chunked(self.tail)

    @cached_property
    def is_chunked(self) -> bool:
        """Whether the expected body is the chunk-encoding of the body, and not bytes that look like one."""
        if not self.body or (self.meaning.content and self.body == self.meaning.content):
            return False
        whole = self.chunks.complete and self.chunks.end == len(self.body)
        begun = bool(self.chunks.chunks) and self.chunks.chunks[0].size is not None
        return whole or (begun and self.chunks.problems[0].code in CUT)

    @cached_property
    def content(self) -> bytes:
        """The expected body without its chunk framing."""
        return self.chunks.content if self.is_chunked else self.body

    @cached_property
    def endless(self) -> bytes | None:
        """The whole expected content, where a prefix of it is enough."""
        body = self.sight.wire.body
        if self.sight.expect.at_least is None or isinstance(body, Digest | Blocks):
            return None
        return parse_chunked(body).content if self.is_chunked else body

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The parts that the expected content is made of, in order, where they are known."""
        pieces = self.meaning.pieces
        if pieces is not None and b"".join(pieces) == self.content:
            return pieces
        return tuple(chunk.data for chunk in self.chunks.chunks) if self.is_chunked else ()

    def hide(self, data: bytes) -> bytes:
        """Return the bytes with <host> and <port> in the place of the address."""
        host, port = self.sight.host.encode("utf-8", "replace"), str(self.sight.port).encode()
        if self.sight.port:
            if host:
                data = data.replace(host + b":" + port, b"<host>:<port>")
            data = re.sub(b":" + port + rb"(?![0-9])", b":<port>", data)
        data = _LOOPBACK.sub(b"<host>:<port>", data)  # of an earlier exchange
        if host.startswith(b"127."):
            data = re.sub(rb"(?<![0-9.])" + re.escape(host) + rb"(?![0-9.])", b"<host>", data)
        return data

    def show(self, data: bytes, limit: int = SHORT) -> str:
        """Return the bytes as one may print them, shortened: a ' around them, and their number if they are cut."""
        hidden = self.hide(data[: limit + 64])
        if len(data) <= limit + 64 and len(hidden) <= limit:
            return f"'{visible(hidden)}'"
        return f"'{visible(hidden[:limit])}…' ({count(len(data))})"

    def show_text(self, text: str, limit: int = 200) -> str:
        """Return a message of the candidate's as one may print it."""
        plain = _ADDRESS.sub("0x…", text[: limit + 64]).encode("utf-8", "backslashreplace")
        hidden = self.hide(plain).decode("utf-8", "replace")
        safe = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in hidden[:limit])
        return safe + "…" if len(hidden) > limit else safe

    def found(
        self, code: str, subject: str, text: str, clause: str = "", at: int | None = None, cause: str = ""
    ) -> Difference:
        """Return the difference for this step; its offset is that in the bytes as they came."""
        at = None if at is None else self.sight.came_at(at)
        return Difference(code, subject, text, clause, self.sight.step, at, cause)

    def told(self, told: Told, at: int, subject: str = "body") -> Difference:
        """Return the difference that a diagnosis of bytes from ``at`` on stands for."""
        return self.found(told.code, subject, told.text, told.clause, at + told.offset, told.cause)

    def gives(self, name: bytes) -> bool:
        """Say whether the caller gave the field, under a name of any type."""
        return name in self.caller

    @cached_property
    def caller(self) -> frozenset[bytes]:
        """The names of the caller's fields, in lower case."""
        return frozenset(name.lower() for name, _ in self.sight.given or () if name is not None)


def count(number: int, what: str = "byte") -> str:
    """Return the number with its noun."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def hexed(data: bytes, limit: int = 8) -> str:
    """Return the bytes as pairs of hexadecimal digits."""
    return data[:limit].hex(" ").upper() + (" …" if len(data) > limit else "")


def plain(name: bytes) -> str:
    """Return a field name as a subject: lower case, escaped."""
    return visible(name.lower(), SHORT)


def first_difference(one: bytes, other: bytes) -> int:
    """Return the first offset at which the two differ; the length of the shorter if it begins the longer."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def distance(one: bytes, other: bytes) -> int:
    """Return how many bytes differ between what both begin with and what both end with; of the longer one."""
    start, shorter = first_difference(one, other), min(len(one), len(other))
    rests = (each[len(each) - shorter + start :][::-1] for each in (one, other))
    return max(len(one), len(other)) - start - first_difference(*rests)


def named(fields: Iterable[FieldLine], name: bytes) -> list[FieldLine]:
    """Return the fields of that name, given in lower case."""
    return [field for field in fields if field.name.lower() == name]


def number(value: bytes) -> int | None:
    """Return a decimal number of sane length, or None."""
    return int(value) if value.isdigit() and len(value) <= 30 else None
