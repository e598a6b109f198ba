"""The capturing server on its own: ``CapturingServer`` for tests, and the pytest fixture ``capturing_server``."""

from __future__ import annotations

import math
from types import TracebackType

from wireproof._capture import Recorder, Watch
from wireproof._model import Stream
from wireproof._wire import Message, parse_all

__all__ = ["CapturingServer", "Message", "Stream"]


class CapturingServer:
    """Listens on a loopback address and keeps every byte that clients send there.

    Args:
        host: 127.x.y.z or ::1.
        port: the port, or 0 for any free one.

    Attributes:
        host: the address.
        port: the port that is really listened on.

    Raises:
        HarnessError: the address is no loopback address.
        CannotBind: it cannot be listened on.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._recorder = Recorder("client", host, port)
        self.host: str = self._recorder.host
        self.port: int = self._recorder.port
        self._watch = Watch(lambda: None)
        self._watch.begin((self._recorder,), math.inf)

    def reply(self, data: bytes, *, close: bool = False) -> None:
        """Send ``data`` to the newest client; with ``close`` end the stream after it."""
        self._recorder.settle(lambda: bool(self._recorder.connections))
        self._recorder.reply(data, close=close)

    def streams(self) -> tuple[Stream, ...]:
        """Return what arrived on each connection, in the order in which they were accepted.

        Waits until the clients have closed their connections, or are silent for a quarter of a second.
        """
        self._recorder.finish(1)
        return self._recorder.streams()

    def requests(self) -> tuple[Message, ...]:
        """Return the requests that arrived, parsed: method, target, fields, chunks, content, problems."""
        return tuple(message for stream in self.streams() for message in parse_all(stream.data))

    def close(self) -> None:
        """Stop listening and close every connection."""
        self._watch.end()
        self._watch.close()
        self._recorder.close()

    def __enter__(self) -> CapturingServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
