"""The kit's own server: where a driver's client connects to, and what it gets as an answer there."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from wireproof._candidates._answers import Answers
from wireproof._candidates._messages import Json, new_message
from wireproof._candidates._servers import REPLIES, address, open_recorder
from wireproof._capture import CannotBind, Patience
from wireproof._kit._results import Skipped
from wireproof._model import Connection, ServerPlan, Stream
from wireproof._wire import Message, parse
from wireproof.drivers.python_driver import Site

_PAUSE = 0.25
IPV4 = Connection()


class Server:
    """Listens on loopback, records what comes, and answers it where the client waits for that.

    Args:
        waits: whether requests are answered while their call goes on.
        connection: how the client's connection object is made.
        plan: how the server behaves.

    Raises:
        Skipped: the address cannot be listened on here.
    """

    def __init__(self, waits: bool, connection: Connection = IPV4, plan: ServerPlan | None = None) -> None:
        try:
            self.recorder = open_recorder("a", connection, 0, Patience(), plan)
        except CannotBind as error:
            raise Skipped(f"this machine cannot listen there: {error}") from None
        self.site = Site(*address(connection, self.recorder))
        self._new: Json = new_message(connection, self.recorder, self.site)
        self._before = 0
        self._answers = Answers(self.recorder, *REPLIES["ok"], ()) if waits else None

    @property
    def new(self) -> Json:
        """How a connection object is made in a new exchange, whose connections are counted anew."""
        self._before = len(self.recorder.connections)
        return self._new

    def attend(self) -> tuple[float, Sequence[int]]:
        """Read what has come, and answer what is due."""
        if self._answers is not None:
            return self._answers.attend(), self.recorder.descriptors()
        return self.watch()

    def watch(self) -> tuple[float, Sequence[int]]:
        """Read what has come, and answer nothing."""
        self.recorder.pump()
        return _PAUSE, self.recorder.descriptors()

    def keep(self, answer: Json) -> None:
        """Record what a driver has captured in its own process."""
        part: dict[str, Any]
        for part in answer.get("captured") or ():
            self.recorder.put(
                self._before + part["connection"], part["data"].encode("latin-1"), ended=part["ended"] == "eof"
            )

    def is_left(self, seconds: float = 0.0) -> bool:
        """Say whether every connection has ended; wait for that for so many seconds."""
        self.recorder.pump()
        while not self.recorder.is_quiet and self.recorder.wait(seconds):
            self.recorder.pump()
        return self.recorder.is_quiet

    @property
    def streams(self) -> tuple[Stream, ...]:
        """What has come, connection by connection."""
        self.recorder.pump()
        return self.recorder.streams()

    @property
    def message(self) -> Message:
        """The request that has come, on the first connection that brought any."""
        return parse(next((stream.data for stream in self.streams if stream.data), b""))

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.recorder.close()
