"""A worker process: the capturing server, a candidate in process, and the judge.

Run as ``python -P -m wireproof._worker FD SHARED``. Frames come in over the socket FD: a length of four bytes and a
pickle (the runner is trusted); answers go out as lines of JSON (the candidate, which shares this process, is not).
The first frame is the order: candidate, slot, timeout. The answer is a line ``ready`` or ``broken``. Then each frame
is one of

* a case, which is answered by one line with its verdict;
* a matrix with its decisions, which is kept, and not answered;
* a slice, the id of a matrix and numbers of combinations. For each of them a code is written into the memory SHARED,
  and a line ``combination`` is sent where that does not say all; a line ``slice`` ends it.

A last line ``overdue`` means that the process ends with it.
"""

from __future__ import annotations

import _socket
import _thread
import gc
import json
import mmap
import os
import pickle
import resource
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from wireproof._candidates import resolve, version
from wireproof._candidates._inprocess import InProcess
from wireproof._candidates._probes import answers
from wireproof._codec import LENGTH, SLICE, encode
from wireproof._judge import judge
from wireproof._matrix import Expansion
from wireproof._model import Capture, Case, Verdict
from wireproof._slices import Player, checked
from wireproof.errors import CandidateError

_DESCRIPTORS = 16_384
_LEFT_OPEN = 1_000
_LEFT_RUNNING = 100
_EXIT = os._exit  # as it is before a candidate may replace it


class Channel:
    """The worker's end of the connection to the runner."""

    def __init__(self, descriptor: int) -> None:
        self._sock = _socket.socket(fileno=descriptor)
        self._lock = _thread.allocate_lock()

    def frames(self) -> Iterator[Any]:
        """Yield what the runner sends, until it closes."""
        while (head := self._exactly(LENGTH.size)) is not None:
            data = self._exactly(LENGTH.unpack(head)[0])
            if data is None:
                return
            yield pickle.loads(data)

    def _exactly(self, count: int) -> bytes | None:
        pieces = bytearray()
        while len(pieces) < count:
            piece = self._sock.recv(count - len(pieces))
            if not piece:
                return None
            pieces += piece
        return bytes(pieces)

    def close(self) -> None:
        """Close our end."""
        self._sock.close()

    def send(self, kind: str, value: object) -> None:
        """Send one line; kinds are ready, broken, verdict, overdue."""
        with self._lock:
            self._sock.sendall(json.dumps([kind, value]).encode("ascii") + b"\n")


def serve(descriptor: int, shared: int) -> None:
    """Answer the runner until it closes the connection."""
    _more_descriptors()
    with closing(mmap.mmap(shared, SLICE)) as codes, closing(Channel(descriptor)) as channel:
        os.close(shared)
        _converse(channel, codes)


def _more_descriptors() -> None:
    """Allow as many open files as the machine does: a candidate may leave some behind."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def is_worn() -> bool:
    """Say whether a candidate has left so much behind in this process that a fresh one is better."""
    return len(os.listdir("/proc/self/fd")) > _LEFT_OPEN or len(os.listdir("/proc/self/task")) > _LEFT_RUNNING


def _converse(channel: Channel, codes: mmap.mmap) -> None:
    frames = channel.frames()
    order = next(frames, None)
    if order is None:
        return
    sys.path[:0] = order["path"]
    try:
        factory = resolve(order["candidate"])
    except CandidateError as error:
        channel.send("broken", {"why": error.why, "hint": error.hint})
        return
    probes, strict = answers(), order["strict_defects"]

    def judged(case: Case, capture: Capture) -> Verdict:
        return judge(case, capture, probes, strict_defects=strict)

    def overdue(case: Case, capture: Capture) -> None:
        try:
            channel.send("overdue", encode(checked(case, lambda case: judged(case, capture))))
        finally:
            _EXIT(0)

    candidate = InProcess(factory, slot=order["slot"], timeout=order["timeout"], overdue=overdue)
    channel.send("ready", {"version": version(order["candidate"]), "probes": probes})
    players: dict[str, Player] = {}

    def report(index: int, verdict: Verdict) -> None:
        channel.send("combination", [index, encode(verdict)])

    gc.freeze()  # what is there now stays: there is no need to look through it again and again
    for frame in frames:
        if isinstance(frame, Case):
            channel.send("verdict", encode(checked(frame, lambda case: judged(case, candidate.perform(case)))))
        elif isinstance(frame, Expansion):
            players[frame.matrix.id] = Player(frame, candidate, probes, strict_defects=strict)
        else:
            matrix, numbers = frame
            for other in players.values():
                if other is not players[matrix]:
                    other.close()
            players[matrix].play(numbers, codes, report)
            channel.send("slice", {"worn": is_worn()})
    for player in players.values():
        player.close()
    candidate.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
