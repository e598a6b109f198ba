"""Single requests: judged, thrown away, and as ready-made bytes. Judging costs what lies between the first two."""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from wireproof._bench._discard import Discard, elsewhere, here
from wireproof._bench._figures import Figure, Settings, count, each, in_pieces, rate, ratio, steady
from wireproof._bench._work import Judged, in_process, judging, raising, reaching, spread
from wireproof._candidates._lanes import call, close
from wireproof._plan import wire
from wireproof._slices._local import LocalLoop

_USUAL, _QUICK = 10_000, 300


def _nothing() -> None:
    """Leave it to another process."""


_Piece = Callable[[], None]


def _floors(judged: Judged, address: tuple[str, int], take: Callable[[], object]) -> list[_Piece]:
    """Return, for each slice, what makes the requests and has them thrown away; that has been done once."""
    pieces = [functools.partial(_floor, judged, numbers, address, take) for numbers in judged.slices]
    for piece in pieces:
        piece()
    return [*pieces]


def _floor(judged: Judged, numbers: Sequence[int], address: tuple[str, int], take: Callable[[], object]) -> None:
    """Make the requests as they are made where they are judged, one after the other, and have them thrown away."""
    loop = judged.player.loop(0)
    assert isinstance(loop, LocalLoop)
    connect: Callable[[], Any] = functools.partial(judged.candidate.factory, *address, **loop.endpoint.arguments())
    make, indices_of = loop.stations[0].make, loop.indices_of
    for number in numbers:
        made = make(indices_of(number))
        connection, _, _ = call(connect, made)
        close(connection)
        made[2].close()
        take()


def floor(settings: Settings) -> Iterator[Figure]:
    """Measure what a request costs that is judged, and what it costs to make it and to throw it away."""
    numbers = spread(reaching(), settings.size(_USUAL, _QUICK))
    done = len(numbers)
    with in_process(settings.candidate) as candidate:
        with judging(candidate, numbers) as judged, here() as server:
            pieces = _floors(judged, server.address, server.take)
            yield count("requests", "requests that send something", done)
            yield count("reported", "of these, not simply as expected", judged.reported)
            with steady():
                taken = in_pieces(settings.rounds, {"floor": pieces, "judged": judged.pieces()})
            yield each("floor", "made, and thrown away in the same thread", taken["floor"], done)
            yield each("judged", "made, and judged as a worker does it", taken["judged"], done)
            yield ratio("ratio", "rate judged / rate thrown away", taken["floor"], taken["judged"])
            with elsewhere() as address, steady():
                taken = in_pieces(settings.rounds, {"floor": _floors(judged, address, _nothing)})
            yield each("elsewhere", "made, and thrown away in another process", taken["floor"], done)
        yield from _raising(settings, raising())


def _raising(settings: Settings, numbers: Sequence[int]) -> Iterator[Figure]:
    numbers = spread(numbers, settings.size(_USUAL, _QUICK))
    with in_process(settings.candidate) as candidate, judging(candidate, numbers) as judged:
        with steady():
            taken = in_pieces(settings.rounds, {"judged": judged.pieces()})
        yield rate("raising", "judged, where the request raises first", taken["judged"], len(numbers))


def _send(messages: Sequence[bytes], server: Discard) -> None:
    for data in messages:
        sock = socket.create_connection(server.address)
        sock.sendall(data)
        sock.close()
        server.take()


def raw(settings: Settings) -> Iterator[Figure]:
    """Measure what it costs to send the expected bytes of the same requests, and nothing else."""
    numbers = spread(reaching(), settings.size(_USUAL, _QUICK))
    done = len(numbers)
    with in_process(settings.candidate) as candidate, judging(candidate, numbers) as judged, here() as server:
        messages = [list(_expected(judged, numbers, server.address)) for numbers in judged.slices]
        pieces = [functools.partial(_send, each, server) for each in messages]
        for piece in pieces:
            piece()
        with steady():
            taken = in_pieces(settings.rounds, {"raw": pieces, "judged": judged.pieces()})
    yield each("raw", "connect, send, close, and thrown away", taken["raw"], done)
    yield ratio("ratio", "rate judged / rate raw", taken["raw"], taken["judged"])


def _expected(judged: Judged, numbers: Sequence[int], address: tuple[str, int]) -> Iterator[bytes]:
    for number in numbers:
        expect = judged.player.expansion.case(number).steps[0].expect
        assert expect is not None
        data = wire(expect, *address).data
        assert data is not None
        yield data
