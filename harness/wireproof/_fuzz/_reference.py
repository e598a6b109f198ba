"""What the reference implementation does with a question: played in memory, without a socket.

It is trusted, and called in this process. Its arguments are built as those of any candidate are; what it sends is kept
connection by connection. The address that it is told stands nowhere else, so that ``<host>`` and ``<port>`` can be put
in its place.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass, field
from typing import Any

from wireproof._candidates._servers import REPLIES, address, constructor
from wireproof._fuzz._question import Ask, Question
from wireproof._model import Capture, Connection, Grown, Outcome, Raised, Request, StepRecord, Stream
from wireproof.drivers import python_driver
from wireproof.drivers.python_driver import Engine, Site
from wireproof_reference import HTTPConnection

_HOSTS = {"ipv6": "::1", "ipv6-bracketed": "::1", "ipv6-zone": "::1"}
_HOST, _PORT = "127.91.82.73", 48_271
SLACK = 4096
"""So many bytes more than the server takes go out before the client hears that it has hung up."""


@dataclass(slots=True)
class _Wire:
    """What one connection object has sent: a stream for each time that it connected."""

    limit: int | None = None
    streams: list[bytearray] = field(default_factory=list)
    reply: bytes = b""

    def totals(self) -> tuple[int, ...]:
        return tuple(map(len, self.streams))


class _Socket:
    """What the reference needs of a socket."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        wire.streams.append(bytearray())

    def sendall(self, piece: Any) -> None:
        view, stream = memoryview(piece), self._wire.streams[-1]
        if not view.c_contiguous:
            raise BufferError("the buffer is not contiguous")
        stream += view.tobytes()
        limit = self._wire.limit
        if limit is not None and len(stream) > limit + SLACK:
            del stream[limit + SLACK :]
            raise ConnectionResetError("the server has hung up")

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._wire.reply)

    def close(self) -> None:
        """Nothing is open."""


class _InMemory(HTTPConnection):
    """The reference, whose sockets are stand-ins."""

    wire: _Wire

    def connect(self) -> None:
        stand_in: Any = _Socket(self.wire)
        self.sock = stand_in


def _made(wire: _Wire, *arguments: Any, **named: Any) -> HTTPConnection:
    made = _InMemory(*arguments, **named)
    made.wire = wire
    return made


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the server would listen."""

    host: str
    port: int


def _place(connection: Connection) -> _Place:
    return _Place(_HOSTS.get(connection.host, _HOST), 80 if connection.port.startswith("default") else _PORT)


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a question.

    ``asks``: the steps that were played, up to the first one that makes no sense (a response where none is due).
    ``capture``: what a server would have seen.
    """

    asks: tuple[Ask, ...]
    capture: Capture

    def data(self, step: int) -> bytes:
        """Return the bytes that a step sent."""
        record = self.capture.records[step]
        streams = self.capture.streams
        grown = record.grown if record else ()
        return b"".join(streams[part.stream].data[part.start : part.end] for part in grown)


def play(question: Question) -> Played:
    """Play the exchange with the reference implementation."""
    place = _place(question.connection)
    wires = {ask.on: _Wire(question.server.hangs_up_after) for ask in question.asks}
    site = Site(*address(question.connection, _recorder(place)))
    engines = {name: Engine(functools.partial(_made, wire)) for name, wire in wires.items()}
    done: list[Ask] = []
    records: list[tuple[str, Outcome, tuple[Grown, ...]] | None] = []
    try:
        for name, engine in engines.items():
            engine.open(name, constructor(question.connection, _recorder(place)), question.connection.arguments, site)
        for ask in question.asks:
            engine, wire = engines[ask.on], wires[ask.on]
            if ask.request is not None:
                before = wire.totals()
                outcome = _requested(engine, ask.on, ask.request, site)
                records.append((ask.on, outcome, _grown(before, wire.totals())))
            elif ask.reply:
                wire.reply = REPLIES[ask.reply][0]
                if engine.respond(ask.on) is not None:
                    break
                records.append(None)
            else:
                engine.close(ask.on)
                records.append(None)
            done.append(ask)
    finally:
        for engine in engines.values():
            engine.hang_up()
            engine.release()
    return Played(tuple(done), _capture(wires, records, site))


def _recorder(place: _Place) -> Any:
    return place


def _requested(engine: Engine, on: str, request: Request, site: Site) -> Outcome:
    made = engine.make(request.arguments, site)
    returned, raised, effects = engine.request(on, made, request.passed)
    return Outcome(returned, _let_out(raised), effects)


def _let_out(raised: python_driver.Raised | None) -> Raised | None:
    return None if raised is None else Raised(*raised)


def _grown(before: tuple[int, ...], after: tuple[int, ...]) -> tuple[Grown, ...]:
    padded = before + (0,) * (len(after) - len(before))
    return tuple(
        Grown(index, start, end) for index, (start, end) in enumerate(zip(padded, after, strict=True)) if end > start
    )


def _capture(
    wires: dict[str, _Wire], records: list[tuple[str, Outcome, tuple[Grown, ...]] | None], site: Site
) -> Capture:
    streams: list[Stream] = []
    offsets: dict[str, int] = {}
    for name, wire in wires.items():
        offsets[name] = len(streams)
        streams += [Stream(name, bytes(data), len(data), "eof") for data in wire.streams]
    settled = tuple(
        record
        and StepRecord(
            record[1], tuple(Grown(part.stream + offsets[record[0]], part.start, part.end) for part in record[2])
        )
        for record in records
    )
    return Capture(settled, tuple(streams), dict.fromkeys(wires, (site.host, site.port)))


def placed(text: str, capture: Capture) -> str:
    """Return the text with placeholders for the address that the reference was told."""
    _, port = next(iter(capture.addresses.values()))
    text = text.replace(_HOST, "<host>")
    return text.replace(f":{port}", ":<port>") if port == _PORT else text
