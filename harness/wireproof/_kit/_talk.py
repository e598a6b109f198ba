"""A talk with a driver: every line that it sends is held against the schema, and whatever it should not have said, or
not then, is a failure that shows the line.

Until it has written ``calling`` its silence and its end are the driver's fault, from then on the client's.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from wireproof._candidates import DRIVERS
from wireproof._candidates._link import DriverFault, Gone, Late, Link, shown
from wireproof._candidates._messages import Json, line, start_message
from wireproof._kit._results import Ended, Lost
from wireproof._model import Blame, Candidate

Attend = Callable[[], tuple[float, Sequence[int]]]

_FROM_DRIVERS = ("hello", "broken", "calling", "done", "unsupported", "piece")
_WHY = 100


class Unstartable(Exception):
    """The driver's program cannot be started; the text says why."""


@cache
def _validators() -> Mapping[str, Draft202012Validator]:
    schema = json.loads((DRIVERS / "protocol.schema.json").read_text("utf-8"))
    parts = schema["$defs"]
    return {
        type_: Draft202012Validator({"$schema": schema["$schema"], "$defs": parts, "$ref": f"#/$defs/{type_}"})
        for type_ in _FROM_DRIVERS
    }


def seen(message: Json) -> str:
    """Return the line that a driver has sent, for people."""
    return "the line " + shown(json.dumps(message).encode("ascii"))


class Talk:
    """One run of a driver.

    Args:
        candidate: the driver, and what it drives.
        path: folders where it looks for that.
        folder: its working directory, and the one for its temporary files.
        patience: seconds that an answer may take.

    Raises:
        Unstartable: there is no such program, or it is none.
    """

    def __init__(self, candidate: Candidate, path: Sequence[str], folder: str, patience: float) -> None:
        self.candidate, self.path, self.patience = candidate, path, patience
        try:
            self.link = Link(candidate.command, candidate.environment, folder)
        except DriverFault as error:
            raise Unstartable(str(error)) from None
        self._number = 0

    def start(self, seconds: float, **changed: object) -> Json:
        """Say ``start``, and return the answer: ``hello`` or ``broken``."""
        self.link.send(line({**start_message(self.candidate, self.path), **changed}))
        message = self.receive(f"hello within {seconds:g} s", seconds)
        if message["type"] not in ("hello", "broken"):
            raise Lost("hello or broken as the answer to start", seen(message))
        return message

    def send(self, *messages: Mapping[str, Any]) -> list[int]:
        """Send messages, each with the next id; return the ids."""
        first = self._number + 1
        self._number += len(messages)
        ids = list(range(first, self._number + 1))
        self.link.send(b"".join(line({"id": id_, **each}) for id_, each in zip(ids, messages, strict=True)))
        return ids

    def receive(
        self, wanted: str, seconds: float, attend: Attend | None = None, blame: Blame = "driver", hint: str = ""
    ) -> Json:
        """Return the next message.

        Args:
            wanted: what should come, for the sentence about what comes instead.
            seconds: how long it may take.
            attend: does what has to be done meanwhile (see ``Link.receive``).
            blame: whose fault it is where nothing comes.
            hint: what may be the cause of that.

        Raises:
            Ended: it has ended.
            Lost: nothing comes, or what comes is no message of a driver.
        """
        try:
            message = self.link.receive(time.monotonic() + seconds, attend)
        except DriverFault as error:
            raise Lost(wanted, str(error)) from None
        except Late:
            raise Lost(wanted, f"nothing within {seconds:g} s{hint}", blame) from None
        except Gone as error:
            words = self.link.last_words
            raise Ended(wanted, f"its end: {error}; its last words: {words or 'none'}", blame) from None
        validator = _validators().get(message["type"])
        if validator is None:
            raise Lost(wanted, seen(message))
        complaint = best_match(validator.iter_errors(message))
        if complaint is not None:
            why = shown(f"{complaint.json_path}: {complaint.message}".encode("utf-8", "backslashreplace"), _WHY)
            raise Lost(f"{wanted}, in keeping with the schema ({why})", seen(message))
        return message

    def answer(
        self,
        id_: int,
        attend: Attend | None = None,
        seconds: float | None = None,
        on_calling: Callable[[], Attend | None] | None = None,
        on_piece: Callable[[], object] | None = None,
    ) -> Json:
        """Return the ``done`` or ``unsupported`` that answers a message; nothing else may come, but ``calling``.

        Args:
            id_: the message's.
            attend: does what has to be done meanwhile.
            seconds: how long each part of the answer may take.
            on_calling: is called once it calls the client, and returns what has to be done from then on.
            on_piece: is called when the last piece is asked for; without it, it must not be told.
        """
        seconds = self.patience if seconds is None else seconds
        called = asked = False
        while True:
            wanted = f"{'done' if called else 'calling'} with id {id_}"
            hint = "; a client that waits for the response has to claim waits" if called else ""
            message = self.receive(wanted, seconds, attend, "candidate" if called else "driver", hint)
            kind = message["type"]
            if message.get("id") != id_:
                raise Lost(wanted, seen(message))
            if kind == "calling" and not called:
                called = True
                attend = on_calling() if on_calling is not None else attend
            elif kind == "piece" and called and not asked and on_piece is not None:
                asked = True
                on_piece()
                self.link.send(line({"type": "go", "id": id_}))
            elif kind == "unsupported" or (kind == "done" and called):
                return message
            else:
                raise Lost(wanted, seen(message))

    def leave(self, seconds: float) -> int | None:
        """Close its standard input and return its exit status, or None where it stays.

        Raises:
            Lost: it says something.
        """
        assert self.link.process.stdin is not None
        self.link.process.stdin.close()
        wanted = "its end at the end of its standard input, and nothing said"
        try:
            message = self.link.receive(time.monotonic() + seconds)
        except DriverFault as error:
            raise Lost(wanted, str(error)) from None
        except (Gone, Late):
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.link.process.wait(seconds)
            return None
        raise Lost(wanted, seen(message))

    def close(self) -> None:
        """End the driver with everything that it started."""
        self.link.close()
