"""What a judge looks at: one call, its expectation, and what was seen of it, with the derived facts at hand."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from wireproof._judge._meaning import Meaning, meaning
from wireproof._long import Pattern, chunks, message, read
from wireproof._model import Blocks, Compared, Expect, Outcome, Raised, Reading, Recipe, Request, Sent, Tolerances
from wireproof._plan import Wire
from wireproof._wire import Body, Message, parse, parse_chunked

Given = tuple[tuple[bytes | None, bytes | None], ...]


@dataclass(frozen=True)
class PutRight:
    """What was seen before its head was put right; what is let pass, and what of that there was; and where the bytes
    came: pairs of an offset in the new bytes and one in the old ones, in order.
    """

    seen: Sight
    tolerances: Tolerances
    tolerated: tuple[str, ...] = ()
    places: tuple[tuple[int, int], ...] = ((0, 0),)


@dataclass(frozen=True)
class Sight:
    """One call and what was seen of it.

    Args:
        step: the number of the step in its case, from 0.
        request: the arguments, as recipes.
        expect: what must be seen; ``wire`` holds its bytes for the real address.
        data: the bytes that this call put on the wire (of all connections, in order).
        outcome: what it raised, returned and did to its arguments.
        connections: on how many connections bytes of this call arrived.
        continued: whether they went on on a connection that had carried bytes before.
        continues: whether they have to; None where that is not known.
        ended: how the connection ended, or "" while later steps use it.
        host, port: what <host> and <port> stand for.
        total: how many bytes came; more than ``data`` has, where these were too many.
        sha256: the digest of all of them, then.
        compared: how they compare with a long request, of which ``data`` is only the beginning.
        after_failure: whether the call before it on its connection failed.
        after_leniency: whether a call before it on its connection, not closed or answered since, was accepted although
            it should have failed.
        put_right: what is let pass, and how it came; None where nothing is.
    """

    step: int
    request: Request
    expect: Expect
    wire: Wire
    data: bytes
    outcome: Outcome
    connections: int = 1
    continued: bool = False
    ended: str = ""
    host: str = ""
    port: int = 0
    total: int = 0
    sha256: str | None = None
    continues: bool | None = None
    compared: Compared | None = None
    after_failure: bool = False
    after_leniency: bool = False
    put_right: PutRight | None = None

    @property
    def seen(self) -> Sight:
        """What was seen, as it came."""
        return self if self.put_right is None else self.put_right.seen

    @property
    def tolerated(self) -> tuple[str, ...]:
        """What was let pass."""
        return () if self.put_right is None else self.put_right.tolerated

    def came_at(self, at: int) -> int:
        """Return where the byte at an offset in ``data`` came, in the bytes as they came."""
        if self.put_right is None:
            return at
        places = self.put_right.places
        new, old = places[bisect_right(places, at, key=lambda place: place[0]) - 1]
        return old + at - new

    @cached_property
    def message(self) -> Message:
        """The received bytes as a request message."""
        if self.reading is None or self.total <= len(self.data):
            return parse(self.data)
        return message(self.data, self.total, self.reading)

    @cached_property
    def same(self) -> int:
        """How many of the received bytes are those of a long request that is expected, from the first one on."""
        assert isinstance(self.wire.body, Blocks)
        if self.compared is not None:
            return self.compared.same
        return Pattern(self.wire.body, self.wire.head or b"").same(memoryview(self.data), 0)

    @cached_property
    def reading(self) -> Reading | None:
        """How the body reads, where it is a long one: None of others, and where the head has no end."""
        if not isinstance(self.wire.body, Blocks):
            return None
        if self.compared is not None:
            is_right = self.compared.same == self.total == len(self.wire)
            return self._read_right(self.wire.body) if is_right else self.compared.reading
        start = parse(self.data).head_end
        return None if start is None else read((memoryview(self.data)[start:],), self.wire.body, self.meaning.pattern)

    def _read_right(self, body: Blocks) -> Reading:
        """Return how the body reads that is as expected, which nobody has read while it arrived."""
        return read(Pattern(body).pieces(body.length), body, self.meaning.pattern)

    @cached_property
    def wanted(self) -> Message:
        """The expected head, read as a message."""
        return parse(self.wire.head or b"")

    @cached_property
    def expected(self) -> Message | None:
        """The expected bytes as a request message; None where nothing, or only a digest, is expected."""
        data = self.wire.data
        return parse(data) if data else None

    @property
    def raised(self) -> Raised | None:
        """What the call let out."""
        return self.outcome.raised

    @cached_property
    def meaning(self) -> Meaning:
        """What the contract says the body means."""
        return meaning(self.request.get("body"))

    @property
    def head(self) -> bytes:
        """The received head, its empty line included (as far as it came)."""
        end = self.message.head_end
        return self.data if end is None else self.data[:end]

    @property
    def tail(self) -> bytes:
        """All received bytes after the head, as far as they were kept."""
        end = self.message.head_end
        return b"" if end is None else self.data[end:]

    @property
    def tail_length(self) -> int:
        """How many bytes came after the head."""
        return len(self.tail) if self.reading is None else self.reading.raw.length

    @cached_property
    def chunks(self) -> Body:
        """What came after the head, read as chunks, whatever the head says."""
        return parse_chunked(self.tail) if self.reading is None else chunks(self.reading)

    @property
    def sent(self) -> Sent:
        """What came after the head, taken as the content."""
        return self._sent(self.tail) if self.reading is None else self.reading.raw

    @property
    def decoded(self) -> Sent:
        """What came after the head, taken as chunks that hold the content."""
        return self._sent(self.chunks.content) if self.reading is None else self.reading.decoded

    def _sent(self, content: bytes) -> Sent:
        same = Pattern(self.meaning.pattern).same(memoryview(content), 0)
        return Sent(len(content), same, content[same:], content)

    @cached_property
    def method(self) -> str | None:
        """The argument method, or None where it is no str."""
        return self._text("method")

    @cached_property
    def url(self) -> str | None:
        """The argument url, with <host> and <port> filled in, or None where it is no str."""
        return self._text("url")

    def _text(self, name: str) -> str | None:
        recipe = self.request.get(name)
        if recipe is None or recipe.kind not in ("str", "str-subclass"):
            return None
        return self._fill(str(recipe.get("text")))

    def _fill(self, text: str) -> str:
        return text.replace("<host>", self.host).replace("<port>", str(self.port))

    @cached_property
    def given(self) -> Given | None:
        """The caller's header fields as (name, value) in bytes, in order; None for a part that has no bytes.

        None as a whole where headers is no mapping at all.
        """
        recipe = self.request.get("headers")
        if recipe is None:
            return ()
        if recipe.kind not in ("dict", "message", "mapping", "mapping-proxy"):
            return None
        pairs = recipe.get("items")
        assert isinstance(pairs, tuple)
        if recipe.kind in ("dict", "mapping-proxy"):
            pairs = tuple({repr(name): (name, value) for name, value in pairs}.values())
        return tuple((self._bytes(name, "ascii"), self._bytes(value, "latin-1")) for name, value in pairs)

    def _bytes(self, recipe: Recipe, encoding: str) -> bytes | None:
        if recipe.kind in ("str", "str-subclass"):
            try:
                return self._fill(str(recipe.get("text"))).encode(encoding)
            except UnicodeEncodeError:
                return None
        if recipe.kind in ("bytes", "bytes-subclass"):
            data = recipe.get("data")
            assert isinstance(data, bytes)
            return data
        if recipe.kind == "int":
            return str(recipe.get("value")).encode("ascii")
        return None

    def gives(self, name: bytes) -> bool:
        """Say whether headers holds the field ``name`` (given in lower case), under a str, in any case."""
        return name in self._names

    @cached_property
    def _names(self) -> frozenset[bytes]:
        recipe = self.request.get("headers")
        pairs = recipe.get("items") if recipe is not None else None
        assert pairs is None or isinstance(pairs, tuple)
        return frozenset(
            str(key.get("text")).lower().encode("latin-1", "replace")
            for key, _ in pairs or ()
            if key.kind in ("str", "str-subclass")
        )

    @cached_property
    def flag(self) -> object:
        """The argument encode_chunked as a plain value: True, False, or the value of its recipe."""
        recipe = self.request.get("encode_chunked")
        if recipe is None:
            return False
        if recipe.kind == "none":
            return None
        return next(iter(recipe.fields.values()), True)
