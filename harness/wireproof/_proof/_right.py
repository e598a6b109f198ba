"""The capture that a case expects: what would be seen of a client that does exactly what is written there.

Nothing is asked but the expectation: its bytes at a chosen address, its exception, its effects, and the connections
that its steps use. Where several outcomes are right it is that of the newest release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

from wireproof._cases._vocabulary import OBSERVABLE
from wireproof._judge._differences import expected_effects
from wireproof._judge._meaning import meaning
from wireproof._long import KEPT
from wireproof._model import (
    Blocks,
    Capture,
    Case,
    Compared,
    Connection,
    Digest,
    Expect,
    Grown,
    Outcome,
    Raised,
    Request,
    Step,
    StepRecord,
    Stream,
)
from wireproof._plan import Wire, wire

__all__ = ["address", "effects_of", "right"]

_PORT = 8080
_MAPPINGS = ("dict", "message", "mapping", "mapping-proxy")
_HOSTS: Mapping[str, str] = MappingProxyType(
    {
        "ipv4": "127.0.0.1",
        "ipv6": "::1",
        "ipv6-bracketed": "::1",
        "ipv6-zone": "::1",
        "localhost": "localhost",
    }
)


def right(case: Case) -> Capture:
    """Return the capture that the case expects, at an address that is always the same."""
    host, port = address(case.connection)
    names = tuple(dict.fromkeys(step.on for step in case.steps))
    streams = {name: _streams(case, name, host, port + number) for number, name in enumerate(names)}
    first = {name: sum(len(streams[each]) for each in names[:number]) for number, name in enumerate(names)}
    addresses = {name: (host, port + number) for number, name in enumerate(names)}
    counted = dict.fromkeys(names, -1)
    lengths = dict.fromkeys(names, 0)
    records: list[StepRecord | None] = []
    for number, step in enumerate(case.steps):
        if step.request is None or step.expect is None:
            records.append(None)
            continue
        data = _sent(step.request, step.expect, *addresses[step.on])
        grown: tuple[Grown, ...] = ()
        if len(data):
            if not case.continues(number):
                counted[step.on], lengths[step.on] = counted[step.on] + 1, 0
            start = lengths[step.on]
            lengths[step.on] += len(data)
            grown = (Grown(first[step.on] + counted[step.on], start, lengths[step.on]),)
        records.append(StepRecord(_outcome(step), grown))
    return Capture(tuple(records), tuple(stream for name in names for stream in streams[name]), addresses)


def address(connection: Connection) -> tuple[str, int]:
    """Return the address that stands for <host> and <port>."""
    port = 80 if connection.port.startswith("default") else _PORT
    return (connection.name if connection.host == "name" else _HOSTS[connection.host]), port


def effects_of(request: Request, expect: Expect) -> dict[str, object]:
    """Return what must be seen of the arguments after the call, of all that can be seen of them."""
    body, headers = request.get("body"), request.get("headers")
    seen = OBSERVABLE.get(body.kind, ()) if body is not None else ()
    if headers is not None and headers.kind in _MAPPINGS:
        seen = ("headers", *seen)
    return {name: value for name, value in expected_effects(request, expect).items() if name in seen}


def _outcome(step: Step) -> Outcome:
    assert step.request is not None
    assert step.expect is not None
    name = step.expect.raises
    raised = Raised((name, "Exception"), "as expected", "request") if name is not None else None
    return Outcome(raised=raised, effects=effects_of(step.request, step.expect))


def _sent(request: Request, expect: Expect, host: str, port: int) -> Wire:
    """Return the bytes of a call; of endless ones as many as must come."""
    placed = wire(expect, host, port)
    if expect.at_least is not None and isinstance(placed.body, bytes):
        return Wire(placed.head, placed.body[: expect.at_least])
    if isinstance(placed.body, Digest):
        return Wire(placed.head, _written_out(request, placed.body))
    return placed


def _written_out(request: Request, digest: Digest) -> bytes:
    """Return the bytes that a digest stands for, which are those of the body."""
    content = meaning(request.get("body")).content
    assert hashlib.sha256(content).hexdigest() == digest.sha256, "a digest is that of a body which is sent as it is"
    return content


def _streams(case: Case, name: str, host: str, port: int) -> list[Stream]:
    """Return what arrives on the connections of one client, one after the other."""
    steps: list[list[Step]] = []
    for number, step in enumerate(case.steps):
        if step.on == name and step.expect is not None and step.expect.head is not None:
            if not case.continues(number):
                steps.append([])
            steps[-1].append(step)
    ended: Literal["eof", "hung-up"] = "eof" if case.server.hangs_up_after is None else "hung-up"
    return [_stream(name, list(_placed(group, host, port)), ended) for group in steps]


def _placed(steps: list[Step], host: str, port: int) -> Iterator[Wire]:
    for step in steps:
        assert step.request is not None
        assert step.expect is not None
        yield _sent(step.request, step.expect, host, port)


def _stream(name: str, wires: list[Wire], ended: Literal["eof", "hung-up"]) -> Stream:
    whole = b"".join(each.data for each in wires if each.data is not None)
    final = wires[-1]
    if not isinstance(final.body, Blocks):
        return Stream(name, whole, len(whole), ended)
    kept = final.beginning(len(final.head or b"") + KEPT) or b""
    return Stream(name, whole + kept, len(whole) + len(final), ended, compared=Compared(len(final)))
