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
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from wireproof._candidates import isolated, resolve, version
from wireproof._candidates._inprocess import InProcess, Performer
from wireproof._candidates._remote import Driven, Remote
from wireproof._codec import LENGTH, SLICE, encode
from wireproof._judge import fatal, judge
from wireproof._matrix import Expansion
from wireproof._model import Candidate, Capture, Case, Verdict
from wireproof._slices import Player, checked
from wireproof._surroundings import Surroundings, unfit
from wireproof.drivers.python_driver import answers
from wireproof.errors import CandidateError

_EXIT, _GETPID = os._exit, os.getpid  # as they are before a candidate may replace it


class Channel:
    """The worker's end of the connection to the runner."""

    def __init__(self, descriptor: int) -> None:
        self._sock = _socket.socket(fileno=descriptor)
        self._lock = _thread.allocate_lock()
        self._process = _GETPID()

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
        if _GETPID() != self._process:
            _EXIT(0)  # a copy of the process that a candidate has made and comes back in
        with self._lock:
            self._sock.sendall(json.dumps([kind, value]).encode("ascii") + b"\n")


def serve(descriptor: int, shared: int) -> None:
    """Answer the runner until it closes the connection."""
    with closing(mmap.mmap(shared, SLICE)) as codes, closing(Channel(descriptor)) as channel:
        os.close(shared)
        _converse(channel, codes)


def _candidate(
    order: Mapping[str, Any], overdue: Callable[[Case, Capture], None]
) -> tuple[Performer, str, Mapping[str, str]]:
    """Return who is asked, ready to be; its version, and the answers of its interpreter.

    Raises:
        CandidateError: it cannot be used.
    """
    asked: Candidate = order["candidate"]
    if not asked.command:
        own = asked.environment.get("PYTHONPATH", "")
        sys.path[:0] = [*filter(None, own.split(os.pathsep)), *order["path"]]
        factory = resolve(asked)
        if not asked.lacks and not asked.options and not hasattr(factory, "wireproof_can"):
            played = InProcess(factory, slot=order["slot"], timeout=order["timeout"], overdue=overdue)
            return played, version(asked), answers()
        # it is called in a way of its own, cannot do everything, or waits for responses: drivers have words for that
        asked = replace(asked, command=isolated(f"{asked.target}").command)
    remote = Remote(asked, order["path"], order["timeout"], tempfile.gettempdir())
    hello = remote.start()
    return Driven(remote, slot=order["slot"], timeout=order["timeout"]), hello.version, hello.probes


def _converse(channel: Channel, codes: mmap.mmap) -> None:
    frames = channel.frames()
    order = next(frames, None)
    if order is None:
        return
    strict, tolerances = order["strict_defects"], order["candidate"].tolerances
    probes: Mapping[str, str] = {}

    def judged(case: Case, capture: Capture) -> Verdict:
        return judge(case, capture, probes, strict_defects=strict, tolerances=tolerances)

    def overdue(case: Case, capture: Capture) -> None:
        try:
            channel.send("overdue", encode(checked(case, lambda case: judged(case, capture))))
        finally:
            _EXIT(0)

    try:
        candidate, name, probes = _candidate(order, overdue)
    except CandidateError as error:
        channel.send("broken", {"why": error.why, "hint": error.hint})
        return
    channel.send("ready", {"version": name, "probes": probes})
    players: dict[str, Player] = {}

    def report(index: int, verdict: Verdict) -> None:
        channel.send("combination", [index, encode(verdict)])

    surroundings = Surroundings()

    def unfit_now() -> bool:
        return bool(surroundings.restore()) or surroundings.is_worn()

    gc.freeze()  # what is there now stays: there is no need to look through it again and again
    for frame in frames:
        if isinstance(frame, Case):
            verdict = checked(frame, lambda case: judged(case, candidate.perform(case)))
            changed, is_worn = surroundings.restore(), surroundings.is_worn()
            if verdict.verdict == "error" and (changed or is_worn):
                verdict = fatal(frame, "crash", unfit(changed))
            channel.send("verdict", encode(verdict))
            if is_worn:
                channel.send("worn", {})
        elif isinstance(frame, Expansion):
            players[frame.matrix.id] = Player(
                frame,
                candidate,
                probes,
                strict_defects=strict,
                tolerances=tolerances,
                is_unfit=unfit_now,
                is_worn=surroundings.is_worn,
            )
        else:
            matrix, numbers = frame
            for other in players.values():
                if other is not players[matrix]:
                    other.close()
            players[matrix].play(numbers, codes, report)
            surroundings.restore()
            channel.send("slice", {"worn": surroundings.is_worn()})
    for player in players.values():
        player.close()
    candidate.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
