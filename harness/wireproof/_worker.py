"""A worker process: the capturing server, a candidate in process, and the judge.

Run as ``python -P -m wireproof._worker FD``. Frames come in over the socket FD: a length of four bytes and a pickle
(the runner is trusted); answers go out as lines of JSON (the candidate, which shares this process, is not). The first
frame is the order: candidate, slot, timeout. The answer is a line ``ready`` or ``broken``; then each frame is a
case, and is answered by one line with its verdict. A last line ``overdue`` means that the process ends with it.
"""

from __future__ import annotations

import _socket
import _thread
import json
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from wireproof._candidates import resolve, version
from wireproof._candidates._inprocess import InProcess
from wireproof._candidates._probes import answers
from wireproof._codec import LENGTH, encode
from wireproof._judge import errored, judge
from wireproof._model import Capture, Case, Verdict
from wireproof.errors import CandidateError

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


def serve(descriptor: int) -> None:
    """Answer the runner until it closes the connection."""
    with closing(Channel(descriptor)) as channel:
        _converse(channel)


def _converse(channel: Channel) -> None:
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
            channel.send("overdue", encode(_checked(case, lambda case: judged(case, capture))))
        finally:
            _EXIT(0)

    candidate = InProcess(factory, slot=order["slot"], timeout=order["timeout"], overdue=overdue)
    channel.send("ready", {"version": version(order["candidate"]), "probes": probes})
    for case in frames:
        channel.send("verdict", encode(_checked(case, lambda case: judged(case, candidate.perform(case)))))
    candidate.close()


def _checked(case: Case, verdict: Callable[[Case], Verdict]) -> Verdict:
    """Return the verdict; where we fail to find it, one that says so and blames nobody else."""
    try:
        return verdict(case)
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"
        return errored(case, f"the harness failed with {type(error).__name__}: {error} ({where})")


if __name__ == "__main__":
    serve(int(sys.argv[1]))
