"""A long body: captured and judged, thrown away, and as a stream of ready-made blocks."""

from __future__ import annotations

import functools
import socket
from collections.abc import Iterator

from wireproof._bench._discard import beside
from wireproof._bench._figures import CannotMeasure, Figure, Settings, alternating, count, ratio
from wireproof._bench._memory import forget_peak, peak, resident
from wireproof._bench._work import in_process
from wireproof._candidates._inprocess import InProcess
from wireproof._candidates._lanes import call, close, maker
from wireproof._judge import judge
from wireproof._long import content_of
from wireproof._matrix import ARGUMENTS
from wireproof._model import Case, Connection, Expect, Recipe, Request, Source, Step
from wireproof.drivers.python_driver import Site, answers

_MIB = 1024 * 1024
_QUICK = 16
_BLOCK = bytes(range(256)) * (_MIB // 256)


def _case(blocks: int) -> Case:
    """Return the case of a request whose body is so many blocks, with their length."""
    length = str(blocks * _MIB)
    text = functools.partial(Recipe, "str")
    headers = Recipe("dict", {"items": ((text({"text": "Content-Length"}), text({"text": length})),)})
    body = Recipe("blocks", {"data": _BLOCK, "count": blocks})
    arguments = {"method": text({"text": "PUT"}), "url": text({"text": "/"}), "body": body, "headers": headers}
    head = ("PUT / HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity", f"Content-Length: {length}")
    step = Step("request", request=Request(tuple(arguments.items())), expect=Expect(head, content_of(body)))
    return Case("bench/body", "A long body.", (), (step,), Source("bench.yaml", 1), "0", Connection())


def bodies(settings: Settings) -> Iterator[Figure]:
    """Measure how fast a long body is captured and judged."""
    blocks = min(round(settings.gib * 1024), _QUICK if settings.quick else _MIB)
    if not blocks:
        raise CannotMeasure("it was not asked for: --gib 0")
    case = _case(blocks)
    grown: list[float] = []
    with in_process(settings.candidate) as candidate:
        parts = {
            "judged": lambda: grown.append(_judged(case, candidate)),
            "discarded": lambda: _discarded(case, candidate),
            "raw": lambda: _raw(case, blocks),
        }
        taken = alternating(min(settings.rounds, 5), parts)
    size = blocks * _MIB
    yield count("mib", "MiB in the body", blocks)
    for name, about in _PARTS.items():
        yield Figure(name, about, "GB/s", tuple(size / seconds / 1e9 for seconds in taken[name]))
    yield ratio("ratio", "rate judged / rate thrown away", taken["discarded"], taken["judged"])
    yield Figure("memory", "peak memory above what was in use before", "MiB", tuple(grown))


_PARTS = {
    "judged": "captured and judged",
    "discarded": "the same client, thrown away in a thread",
    "raw": "raw stream, thrown away in a thread",
}


def _judged(case: Case, candidate: InProcess) -> float:
    """Capture and judge the body; return by how many MiB the memory in use grew meanwhile, at its peak."""
    forget_peak()
    before = resident()
    verdict = judge(case, candidate.perform(case), answers(), strict_defects=False)
    if verdict.verdict != "pass":
        raise CannotMeasure(
            f"the verdict on the long body is {verdict.verdict}: {verdict.reason and verdict.reason.text}"
        )
    return (peak() - before) / 1024


def _discarded(case: Case, candidate: InProcess) -> None:
    request = case.steps[0].request
    assert request is not None
    with beside() as address:
        made = [maker(request.get(name), Site(*address))() for name in ARGUMENTS]
        connection, raised, _ = call(functools.partial(candidate.factory, *address), made)
        close(connection)
        made[2].close()
        if raised is not None:
            raise CannotMeasure(f"the client raises {raised.classes[0]} for the long body: {raised.message}")


def _raw(case: Case, blocks: int) -> None:
    with beside() as address, socket.create_connection(address) as sock:
        for _ in range(blocks):
            sock.sendall(_BLOCK)
