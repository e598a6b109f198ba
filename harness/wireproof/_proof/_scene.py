"""One call of a right capture, ready to be damaged, and the capture that comes of it.

Rules of the modules ``_damage_*``:

1. A damage is a function from a ``Scene`` to the ``Hurt``s that one can do to it; the tables say what each is called.
2. A damage does what a faulty client would do, and names the codes by which one can tell. It never asks the judge.
3. What it says of the layers ``contract`` and ``rfc`` is derived from the request; where that does not tell, it says
   nothing (None).
4. Whether a hurt is really wrong is not its business: ``_accepted`` drops those that are right in another way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from wireproof._judge._meaning import Meaning, meaning
from wireproof._model import (
    Blocks,
    Capture,
    Case,
    Expect,
    Grown,
    Outcome,
    Raised,
    Recipe,
    Request,
    Step,
    StepRecord,
    Stream,
)
from wireproof._wire import Body, FieldLine, Message, parse, parse_chunked

LENGTH, CODING, HOST, ACCEPT = b"content-length", b"transfer-encoding", b"host", b"accept-encoding"
_MAPPINGS = ("dict", "message", "mapping", "mapping-proxy")
_TEXT = ("str", "str-subclass")
_VALUES = (*_TEXT, "bytes", "bytes-subclass", "int")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\0-\x08\x0a-\x1f\x7f]")
_TOKEN = re.compile(r"[!#$%&\'*+.^_`|~0-9A-Za-z-]+")
_BREAK = re.compile(rb"[\r\n]")
_LARGE = 40_000
"""Bytes of a call from which on a few damages must do: the judge looks for an explanation in all of them."""


@dataclass(frozen=True, slots=True)
class Hurt:
    """A change of what was seen of one call.

    ``what``: in a few words. ``fits``: the codes of reasons that name it, each with "/subject" where that matters.
    ``sent``: the bytes of the call, one item for each connection; None: as they were. ``outcome``, ``ended``: the same
    of what the call did and of how its connection ended. ``apart``: whether the first bytes are on another connection
    than the right ones; ``behind``: whether they stand behind those of the call before it. ``clauses``: clauses that
    it breaks and that no reason can name. ``contract``, ``rfc``: whether these layers must fail (True) or pass
    (False); None: not said. ``fatal``: why the exchange could not be finished.
    """

    what: str
    fits: tuple[str, ...]
    sent: tuple[bytes, ...] | None = None
    outcome: Outcome | None = None
    ended: Literal["open", "reset"] | None = None
    apart: bool = False
    behind: bool = False
    clauses: tuple[str, ...] = ()
    contract: bool | None = None
    rfc: bool | None = None
    fatal: tuple[str, str] | None = None


Damage = Callable[["Scene"], Iterable[Hurt]]


@dataclass(frozen=True)
class Scene:
    """One call of a right capture."""

    case: Case
    capture: Capture
    number: int

    @property
    def step(self) -> Step:
        """The step of the case."""
        return self.case.steps[self.number]

    @cached_property
    def request(self) -> Request:
        """The arguments."""
        assert self.step.request is not None
        return self.step.request

    @cached_property
    def expect(self) -> Expect:
        """What is expected."""
        assert self.step.expect is not None
        return self.step.expect

    @cached_property
    def record(self) -> StepRecord:
        """What was seen of the call."""
        record = self.capture.records[self.number]
        assert record is not None
        return record

    @property
    def outcome(self) -> Outcome:
        """What the call did, apart from its bytes."""
        return self.record.outcome

    @cached_property
    def data(self) -> bytes:
        """The bytes that it put on the wire, as far as they are held."""
        return b"".join(self.capture.streams[part.stream].data[part.start : part.end] for part in self.record.grown)

    @cached_property
    def message(self) -> Message:
        """These bytes as a request."""
        return parse(self.data)

    @cached_property
    def head(self) -> bytes:
        """The head, its empty line included."""
        return self.data[: self.message.head_end]

    @cached_property
    def body(self) -> bytes:
        """What follows the head."""
        return self.data[len(self.head) :]

    @cached_property
    def meaning(self) -> Meaning:
        """What the contract says the body means."""
        return meaning(self.request.get("body"))

    @cached_property
    def chunks(self) -> Body | None:
        """The chunks of the body; None where it is sent as it is."""
        if CODING not in self.names or (self.body and self.body == self.meaning.content):
            return None
        found = parse_chunked(self.body)
        return found if self.body and (found.complete or found.chunks) else None

    @cached_property
    def names(self) -> tuple[bytes, ...]:
        """The names of the fields, in lower case."""
        return tuple(field.name.lower() for field in self.message.fields)

    @cached_property
    def given(self) -> frozenset[bytes]:
        """The names of the caller's fields, in lower case."""
        headers = self.request.get("headers")
        pairs = headers.get("items") if headers is not None else None
        found = (pair[0] for pair in (pairs if isinstance(pairs, tuple) else ()))
        return frozenset(_characters(name).lower() for name in found)

    @property
    def is_whole(self) -> bool:
        """Whether the call sends one whole request and returns."""
        return bool(self.data) and self.expect.raises is None and self.expect.at_least is None and not self.is_long

    @property
    def is_long(self) -> bool:
        """Whether the body is too long to be held."""
        return isinstance(self.expect.body, Blocks) and any(stream.compared for stream in self.capture.streams)

    @property
    def is_large(self) -> bool:
        """Whether a few damages must do."""
        return self.is_long or len(self.data) > _LARGE

    @property
    def is_first(self) -> bool:
        """Whether no earlier step is a call."""
        return all(step.expect is None for step in self.case.steps[: self.number])

    @cached_property
    def is_refusable(self) -> bool:
        """Whether the contract lets a client refuse the call: for control characters, or what should be a token."""
        method = self.request.get("method")
        text = str(method.get("text", "")) if method is not None else ""
        is_odd = not self.is_readable or not _TOKEN.fullmatch(text)
        return is_odd or any(_CONTROL.search(text) for text in (self.url, *self._values))

    @cached_property
    def _values(self) -> list[str]:
        headers = self.request.get("headers")
        pairs = headers.get("items") if headers is not None else ()
        assert isinstance(pairs, tuple)
        return [_characters(value).decode("latin-1") for _, value in pairs]

    @property
    def is_last(self) -> bool:
        """Whether no later step uses its client connection."""
        return all(step.on != self.step.on for step in self.case.steps[self.number + 1 :])

    @property
    def is_asked(self) -> bool:
        """Whether the caller asks for a message that is not valid."""
        return bool(self.case.asked)

    @cached_property
    def url(self) -> str:
        """The argument url, at the address of the case; empty where it is no text."""
        recipe = self.request.get("url")
        host, port = self.capture.addresses[self.step.on]
        text = str(recipe.get("text", "")) if recipe is not None else ""
        return text.replace("<host>", host).replace("<port>", str(port))

    @cached_property
    def is_readable(self) -> bool:
        """Whether all of the caller's fields are text that can be found again: plain names, values without breaks."""
        headers = self.request.get("headers")
        pairs = headers.get("items") if headers is not None else ()
        if not isinstance(pairs, tuple) or (headers is not None and headers.kind not in _MAPPINGS):
            return False
        return all(
            name.kind in _TEXT
            and value.kind in _VALUES
            and _NAME.fullmatch(_characters(name))
            and not _BREAK.search(_characters(value))
            for name, value in pairs
        )

    @cached_property
    def is_spoken_of(self) -> bool:
        """Whether the contract says what the call means: of its fields, of its body, and of its flag."""
        flag = self.request.get("encode_chunked")
        is_plain = flag is None or flag.kind == "bool" or CODING not in self.given
        return self.is_readable and is_plain and self.meaning.role != "other" and not self.meaning.fails

    def invalid(self) -> bool | None:
        """Return what is said of the layer rfc of a message that is no valid one any more."""
        return None if self.is_asked or self.expect.raises is not None else True

    def breaks(self) -> bool | None:
        """Return what is said of the layer contract where a documented clause is broken: of calls that return."""
        return True if self.is_whole else None

    def holds(self) -> bool | None:
        """Return what is said of the layer contract where no documented clause is broken."""
        return False if self.is_whole else None

    def value(self, name: bytes) -> bytes | None:
        """Return the value of the one field of that name."""
        values = self.message.values(name)
        return values[0] if len(values) == 1 else None


def _characters(name: object) -> bytes:
    assert isinstance(name, Recipe)
    found = name.get("text", name.get("data", b""))
    return found if isinstance(found, bytes) else str(found).encode("latin-1", "replace")


# putting it together ----------------------------------------------------------------------------------------------


def damaged(scene: Scene, hurt: Hurt) -> Capture:
    """Return the capture with the change."""
    capture, record = scene.capture, scene.record
    if hurt.fatal is not None:
        cut = (*capture.records[: scene.number], *(None for _ in capture.records[scene.number :]))
        return replace(capture, records=cut, fatal=hurt.fatal)
    if hurt.sent is not None:
        capture = _placed(scene, hurt.sent, hurt.apart, hurt.behind)
        grown = capture.records[scene.number]
        assert grown is not None
        record = grown
    if hurt.outcome is not None:
        record = replace(record, outcome=hurt.outcome)
    records = (*capture.records[: scene.number], record, *capture.records[scene.number + 1 :])
    streams = capture.streams
    if hurt.ended is not None and record.grown:
        index = record.grown[-1].stream
        streams = (*streams[:index], replace(streams[index], ended=hurt.ended), *streams[index + 1 :])
    return replace(capture, records=records, streams=streams)


def _placed(scene: Scene, sent: tuple[bytes, ...], apart: bool, behind: bool) -> Capture:
    """Return the capture in which these are the bytes of the call."""
    streams = list(scene.capture.streams)
    if behind:
        return _behind(scene, sent[0])
    old = scene.record.grown[0] if scene.record.grown else _where(scene)
    added: list[Grown] = []
    more = [data for data in sent if data]
    if not apart:
        first = sent[0] if sent else b""
        if old is not None:
            kept = streams[old.stream]
            data = kept.data[: old.start] + first + kept.data[old.end :]
            streams[old.stream] = replace(kept, data=data, total=len(data), compared=None)
            added += [Grown(old.stream, old.start, old.start + len(first))] if first else []
            more = [data for data in sent[1:] if data]
    elif old is not None:
        kept = streams[old.stream]
        data = kept.data[: old.start] + kept.data[old.end :]
        streams[old.stream] = replace(kept, data=data, total=len(data), compared=None)
    for each in more:
        added.append(Grown(len(streams), 0, len(each)))
        streams.append(Stream(scene.step.on, each, len(each), "eof"))
    records = [
        _shifted(record, old, sum(part.end - part.start for part in added if old and part.stream == old.stream))
        if record is not None and index > scene.number
        else record
        for index, record in enumerate(scene.capture.records)
    ]
    records[scene.number] = StepRecord(scene.outcome, tuple(added))
    return replace(scene.capture, records=tuple(records), streams=tuple(streams))


def _behind(scene: Scene, sent: bytes) -> Capture:
    """Return the capture in which the bytes of the call stand behind those of the call before it."""
    before = [
        record.grown[-1]
        for step, record in zip(scene.case.steps[: scene.number], scene.capture.records, strict=False)
        if step.on == scene.step.on and record is not None and record.grown
    ]
    if not before:
        return scene.capture
    streams, old = list(scene.capture.streams), before[-1]
    kept = streams[old.stream]
    streams[old.stream] = replace(kept, data=kept.data + sent, total=kept.total + len(sent))
    records = list(scene.capture.records)
    records[scene.number] = StepRecord(scene.outcome, (Grown(old.stream, kept.total, kept.total + len(sent)),))
    return replace(scene.capture, records=tuple(records), streams=tuple(streams))


def _where(scene: Scene) -> Grown | None:
    """Return where the bytes of a call come that sends none: behind those of the steps before it, if there are any."""
    if not scene.case.continues(scene.number):
        return None
    before = [
        record.grown[-1]
        for step, record in zip(scene.case.steps[: scene.number], scene.capture.records, strict=False)
        if step.on == scene.step.on and record is not None and record.grown
    ]
    return Grown(before[-1].stream, before[-1].end, before[-1].end) if before else None


def _shifted(record: StepRecord, old: Grown | None, length: int) -> StepRecord:
    if old is None:
        return record
    by = length - (old.end - old.start)
    grown = tuple(
        Grown(part.stream, part.start + by, part.end + by)
        if part.stream == old.stream and part.start >= old.end
        else part
        for part in record.grown
    )
    return replace(record, grown=grown)


# what damages are made of -----------------------------------------------------------------------------------------


def raised(name: str, *others: str, message: str = "damaged", phase: str = "request") -> Raised:
    """Return an exception that the call let out."""
    return Raised((name, *others, "Exception", "BaseException", "object"), message, phase)


def changed_byte(data: bytes, at: int) -> bytes:
    """Return the bytes with another one at an offset: one that stays what it is, a letter, a digit or anything else."""
    old = data[at]
    new = old + 1 if chr(old + 1).isalnum() == chr(old).isalnum() and old not in (0x0C, 0x09) else old ^ 1
    return data[:at] + bytes([new & 0xFF]) + data[at + 1 :]


def lines(fields: Iterable[FieldLine], data: bytes) -> list[bytes]:
    """Return the field lines as they are on the wire."""
    return [data[field.start : field.end] for field in fields]


def chunked(pieces: Iterable[bytes], *, last: bool = True) -> bytes:
    """Return the pieces as chunks, with the last chunk."""
    return b"".join(b"%X\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + (b"0\r\n\r\n" if last else b"")
