"""What the server does for clients that wait for the response before their call returns: it answers.

A request is answered once it is complete, or once nothing has come for a while although it never will be; one with
``Expect: 100-continue`` is told to go on as soon as its head is there. What comes after the answer is read like
everything else.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from wireproof._capture import Recorder
from wireproof._wire import head_end, parse

MOMENT = 0.01
"""Seconds of silence after which a request is parsed, to see whether it is complete."""

SHORT = 0.15
"""Seconds of silence after which a request that has all the expected bytes, or more, is answered, whatever its framing
says: an expected one may be framed wrongly because its caller wants it so.
"""

LONG = 0.75
"""Seconds of silence after which anything is answered."""

KNOWN = 0.25
"""The same for a client of which it is known, after twenty times, that it leaves requests incomplete."""

_TIMES = 20

_EXPECTS = re.compile(rb"\r\nexpect[ \t]*:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
_CONTENT = re.compile(rb"(?:Content-Length: 2|Transfer-Encoding: chunked)\r\n\r\n.+\Z", re.DOTALL)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOW = time.monotonic


class Waits:
    """How long a client is waited for whose request is not complete; shared by all its calls."""

    def __init__(self) -> None:
        self.in_vain = 0

    @property
    def seconds(self) -> float:
        """Seconds of silence after which anything is answered."""
        return LONG if self.in_vain < _TIMES else KNOWN


class Answers:
    """Answers what comes at one recorder, in the course of one call.

    Args:
        recorder: where.
        reply: the bytes of the response.
        close: whether the server closes after it.
        lengths: how many bytes the call may bring.
        waits: how long its client is waited for.
    """

    def __init__(
        self, recorder: Recorder, reply: bytes, close: bool, lengths: Sequence[int], waits: Waits | None = None
    ) -> None:
        self.waits = waits or Waits()
        self.recorder, self.reply, self.close, self.lengths = recorder, reply, close, lengths
        self._before = recorder.totals()
        self._seen: dict[int, tuple[int, float]] = {}
        self._answered: dict[int, int] = {}
        self._continued: set[int] = set()

    def attend(self) -> float:
        """Read what has come, answer what is due, and return after how many seconds to look again."""
        self.recorder.pump()
        now, next_look = _NOW(), LONG
        for index, total in enumerate(self.recorder.totals()):
            start = self._answered.get(index, self._before[index] if index < len(self._before) else 0)
            if total <= start:
                continue
            known = self._seen.get(index)
            if known is None or known[0] != total:
                self._seen[index] = known = (total, now)
            next_look = min(next_look, self._look(index, start, total, now - known[1]))
        return next_look

    def _look(self, index: int, start: int, total: int, silent: float) -> float:
        came = total - start
        if (came in self.lengths or silent >= MOMENT) and self._is_over(index, start, came, silent):
            self._answered[index] = total
            self.recorder.reply(self._reply(index, start), close=self.close, on=index)
            return LONG
        if index not in self._continued and self._expects_continue(index, start):
            self._continued.add(index)
            self.recorder.reply(_CONTINUE, close=False, on=index)
        return MOMENT

    def _reply(self, index: int, start: int) -> bytes:
        """Return the response; one to HEAD has no content (RFC 9110, section 9.3.2), and says that there is none, for
        clients to which it is a method like others.
        """
        if self.recorder.beginning(index, start, 5) != b"HEAD ":
            return self.reply
        return _CONTENT.sub(b"Content-Length: 0\r\n\r\n", self.reply)

    def _expects_continue(self, index: int, start: int) -> bool:
        data = self.recorder.beginning(index, start, 65536)
        end = head_end(data)
        return end is not None and _EXPECTS.search(data, 0, end) is not None

    def _is_over(self, index: int, start: int, came: int, silent: float) -> bool:
        """Say whether nothing more is to be waited for."""
        if silent >= self.waits.seconds:
            self.waits.in_vain += 1
            return True
        if silent >= SHORT and bool(self.lengths) and came >= self.lengths[0]:
            return True
        return parse(self.recorder.beginning(index, start, None)).complete
