"""Drivers that break the protocol, each in one way: ``python broken.py NAME``.

All of them are the Python driver, which keeps to it, but for what is said in the class of that name; and they claim
less, so that a check of all of it takes no time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from wireproof.drivers import python_driver
from wireproof.drivers.python_driver import Driver, Wire

Json = dict[str, Any]
RECIPES = {
    "arguments": {
        "method": ["str"],
        "url": ["str"],
        "body": ["none", "str", "bytes", "bytesio", "list", "generator"],
        "headers": ["dict"],
    },
    "pieces": ["bytes", "raise"],
    "fields": ["str"],
    "hosts": ["ipv4"],
    "ports": ["int"],
    "named": [],
    "effects": ["body.position"],
}


class Sound(Driver):
    """Keeps to the protocol."""

    claims: ClassVar[Mapping[str, object]] = {}

    def __init__(self, wire: Wire) -> None:
        super().__init__(self.say, wire.receive)
        self.wire = wire

    def say(self, message: Mapping[str, Any]) -> None:
        """Send a message."""
        for each in self.change(dict(message)):
            self.wire.send(each)

    def change(self, message: Json) -> list[Json]:
        """Return what is sent in the place of a message."""
        if message["type"] == "hello":
            message["can"] = {**message["can"], **RECIPES, **self.claims}
        return [message]

    def _request(self, message: Mapping[str, Any], on: str, new: Any) -> Any:
        known = RECIPES["arguments"]
        assert isinstance(known, dict)
        for name, recipe in message["arguments"].items():
            if recipe["kind"] not in known[name]:
                self.cannot(name, recipe["kind"])
        return super()._request(message, on, new)

    def cannot(self, name: str, kind: str) -> None:
        """Say that an argument cannot be built."""
        raise python_driver.CannotExpress(f"{name} cannot be {kind}")

    def raw(self, data: bytes) -> None:
        """Write something to standard output."""
        while data:
            data = data[os.write(1, data) :]


class WrongVersion(Sound):
    """Speaks a version that is not there yet."""

    def change(self, message: Json) -> list[Json]:
        """Change the version of the hello."""
        return [{**each, "protocol": 2} if each["type"] == "hello" else each for each in super().change(message)]


class EveryVersion(Sound):
    """Says that it speaks whatever version it is asked for."""

    def start(self, order: Mapping[str, Any]) -> bool:
        """Take every order for one of version 1."""
        self.version = order["protocol"]
        return super().start({**order, "protocol": 1})

    def change(self, message: Json) -> list[Json]:
        """Give the version back."""
        found = super().change(message)
        return [{**each, "protocol": self.version} if each["type"] == "hello" else each for each in found]


class SaysNothing(Sound):
    """Never says hello."""

    def start(self, order: Mapping[str, Any]) -> bool:
        """Say nothing."""
        return True


class ClaimsTheMoon(Sound):
    """Claims what wireproof does not know."""

    claims: ClassVar[Mapping[str, object]] = {"hosts": ["ipv4", "moon"], "features": ["threads"]}


class BreaksNameless(Sound):
    """Says broken without a word of why."""

    def change(self, message: Json) -> list[Json]:
        """Take the words away."""
        return [{**message, "why": "", "hint": ""}] if message["type"] == "broken" else super().change(message)


class DoneFirst(Sound):
    """Never says calling."""

    def change(self, message: Json) -> list[Json]:
        """Leave calling out."""
        return [] if message["type"] == "calling" else super().change(message)


class Twice(Sound):
    """Answers twice."""

    def change(self, message: Json) -> list[Json]:
        """Repeat each answer."""
        return super().change(message) * (2 if message["type"] == "done" else 1)


class CallsTwice(Sound):
    """Says calling twice."""

    def change(self, message: Json) -> list[Json]:
        """Repeat calling."""
        return super().change(message) * (2 if message["type"] == "calling" else 1)


class Never(Sound):
    """Does not answer."""

    def change(self, message: Json) -> list[Json]:
        """Say nothing but hello."""
        return super().change(message) if message["type"] in ("hello", "broken") else []


class CallsAndStays(Sound):
    """Says calling and no more."""

    def change(self, message: Json) -> list[Json]:
        """Leave the answer out."""
        return [] if message["type"] == "done" else super().change(message)


class WrongIds(Sound):
    """Answers messages that nobody has sent."""

    def change(self, message: Json) -> list[Json]:
        """Change each id."""
        return [{**each, "id": each["id"] + 1000} if "id" in each else each for each in super().change(message)]


class NoIds(Sound):
    """Answers without an id."""

    def change(self, message: Json) -> list[Json]:
        """Take each id away."""
        return [{name: each[name] for name in each if name != "id"} for each in super().change(message)]


class WrongDone(Sound):
    """Writes a done that does not keep to the schema."""

    def change(self, message: Json) -> list[Json]:
        """Make a list of the effects."""
        return [{**each, "effects": []} if each["type"] == "done" else each for each in super().change(message)]


class WrongRaised(Sound):
    """Gives a message that is too long."""

    def change(self, message: Json) -> list[Json]:
        """Make the message longer."""
        if message.get("raised"):
            message["raised"] = {**message["raised"], "message": "x" * 3000}
        return super().change(message)


class DiesAfterHello(Sound):
    """Ends at the first request."""

    def handle(self, message: Mapping[str, Any]) -> None:
        """End."""
        os.write(2, b"out of \x1b[31mmemory\n")
        os._exit(4)


class DiesInRequest(Sound):
    """Ends when it has said calling."""

    def change(self, message: Json) -> list[Json]:
        """End in the place of an answer."""
        if message["type"] == "done":
            os._exit(5)
        return super().change(message)


class CallsLate(Sound):
    """Says calling when the client has been called."""

    held: Json | None = None

    def change(self, message: Json) -> list[Json]:
        """Keep calling until the answer."""
        if message["type"] == "calling":
            self.held = message
            return []
        held, self.held = self.held, None
        return [*([held] if held else []), *super().change(message)]


class FloodsOutput(Sound):
    """Floods the standard output."""

    def handle(self, message: Mapping[str, Any]) -> None:
        """Write what is no message."""
        self.raw(b"{}\n" * 100000)
        super().handle(message)


class FloodsErrors(Sound):
    """Floods the standard error and does nothing else."""

    def handle(self, message: Mapping[str, Any]) -> None:
        """Write for ever."""
        while True:
            os.write(2, b"warning: " + b"y" * 4000 + b"\n")


class Chatty(Sound):
    """Says a lot on its standard error, which is free."""

    def handle(self, message: Mapping[str, Any]) -> None:
        """Write, and go on."""
        os.write(2, b"note: " + b"y" * 200000 + b"\n")
        super().handle(message)


class EndlessLine(Sound):
    """Writes a line that has no end."""

    def handle(self, message: Mapping[str, Any]) -> None:
        """Write for ever."""
        while True:
            self.raw(b"x" * 65536)


class Prints(Sound):
    """Prints what it does."""

    def handle(self, message: Mapping[str, Any]) -> None:
        """Print, and do it."""
        self.raw(b"DEBUG: making a request\n")
        super().handle(message)


class InvalidUtf8(Sound):
    """Writes bytes that are no UTF-8."""

    def handle(self, message: Mapping[str, Any]) -> None:
        """Write them, and go on."""
        self.raw(b'{"type": "done", "id": 1, "returned": "caf\xe9"}\n')
        super().handle(message)


class UnknownType(Sound):
    """Says what no driver says."""

    def handle(self, message: Mapping[str, Any]) -> None:
        """Say that it works, and go on."""
        self.raw(b'{"type": "progress", "id": 1}\n')
        super().handle(message)


class BackToFront(Sound):
    """Reads ahead, and works from the last message to the first."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.receive = self.last

    def last(self) -> Any:
        """Return the last message of those that are there."""
        lines = self.wire._lines
        return self.wire._decode(lines.pop().decode("ascii")) if lines else self.wire.receive()


class AnswersUnknown(Sound):
    """Answers messages that it does not know."""

    def handle(self, message: Mapping[str, Any]) -> None:
        """Answer."""
        if message["type"] == "wireproof-later":
            self.send({"type": "unsupported", "id": message["id"], "why": "unknown"})
        super().handle(message)


class AnswersJunk(Sound):
    """Takes what is no message for an empty one."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.receive = self.something

    def something(self) -> Any:
        """Return the next message, or one of its own where there is none."""
        try:
            return self.wire.receive()
        except ValueError:
            return {"type": "end", "id": 1}


class FromTheStart(Sound):
    """Builds a file without its position."""

    def _request(self, message: Mapping[str, Any], on: str, new: Any) -> Any:
        message["arguments"].get("body", {}).pop("position", None)
        return super()._request(message, on, new)


class DropsPieces(Sound):
    """Builds all pieces but the last."""

    def _request(self, message: Mapping[str, Any], on: str, new: Any) -> Any:
        items = message["arguments"].get("body", {}).get("items")
        if items and not message.get("observe"):
            items.pop()
        return super()._request(message, on, new)


class CountsCharacters(Sound):
    """Takes bytes for text."""

    def _request(self, message: Mapping[str, Any], on: str, new: Any) -> Any:
        body = message["arguments"].get("body", {})
        if body.get("kind") == "bytes":
            body["data"] = body["data"].encode().decode("latin-1")
        return super()._request(message, on, new)


class DropsFields(Sound):
    """Builds no headers but the first."""

    def _request(self, message: Mapping[str, Any], on: str, new: Any) -> Any:
        items = message["arguments"].get("headers", {}).get("items")
        if items:
            del items[1:]
        return super()._request(message, on, new)


class LowerCase(Sound):
    """Changes the url."""

    def _request(self, message: Mapping[str, Any], on: str, new: Any) -> Any:
        message["arguments"]["url"]["text"] = message["arguments"]["url"]["text"].partition("?")[0]
        return super()._request(message, on, new)


class CannotAfterAll(Sound):
    """Claims a kind and then cannot build it."""

    def _request(self, message: Mapping[str, Any], on: str, new: Any) -> Any:
        if message["arguments"].get("body", {}).get("kind") == "generator":
            raise python_driver.CannotExpress("not yet")
        return super()._request(message, on, new)


class CrashesAtOthers(Sound):
    """Does not expect what it does not claim."""

    def cannot(self, name: str, kind: str) -> None:
        """Fail."""
        raise KeyError(kind)


class WrongPosition(Sound):
    """Tells an effect as text."""

    def change(self, message: Json) -> list[Json]:
        """Make text of numbers."""
        message["effects"] = {name: str(value) for name, value in message.get("effects", {}).items()}
        return super().change(message)


class NoPosition(Sound):
    """Claims an effect and never tells it."""

    def change(self, message: Json) -> list[Json]:
        """Leave the effects out."""
        return [{**each, "effects": {}} if each["type"] == "done" else each for each in super().change(message)]


class NoErrors(Sound):
    """Never says that anything was raised."""

    def change(self, message: Json) -> list[Json]:
        """Leave it out."""
        return super().change({name: message[name] for name in message if name != "raised"})


class OwnErrors(Sound):
    """Has one name for all errors."""

    def change(self, message: Json) -> list[Json]:
        """Rename each."""
        raised = message.get("raised")
        if raised:
            message["raised"] = {**raised, "classes": ["Boom", "Exception"]}
        return super().change(message)


class LeaksConnections(Sound):
    """Closes nothing."""

    leaked: ClassVar[list[object]] = []

    def _end(self) -> None:
        self.leaked.extend(getattr(each, "sock", None) for each in self.engine.connections.values())
        self.engine.connections.clear()
        super()._end()


class LeaksDescriptors(Sound):
    """Opens something for each request."""

    def _request(self, message: Mapping[str, Any], on: str, new: Any) -> Any:
        os.open(os.devnull, os.O_RDONLY)
        return super()._request(message, on, new)


class OneAddress(Sound):
    """Goes to where the first request went."""

    first: Any = None

    def _request(self, message: Mapping[str, Any], on: str, new: Any) -> Any:
        self.first = self.first or new
        return super()._request(message, on, self.first)


class WaitsInVain(Sound):
    """Says that the client waits for the response."""

    claims: ClassVar[Mapping[str, object]] = {"features": ["waits"]}


class DoesNotClose(Sound):
    """Says that it has closed a connection."""

    def _close(self, message: Mapping[str, Any], on: str, new: Any) -> Any:
        self._calling(message)
        return (None,)


class OneThread(Sound):
    """Works on the messages of all threads one after the other."""

    def _in_thread(self, message: Mapping[str, Any]) -> None:
        self.handle(message)


class GoesOn(Sound):
    """Does not wait for go."""

    def _watcher(self, message: Mapping[str, Any], body: Any) -> Any:
        return lambda index: self.send({"type": "piece", "id": message["id"]}) if index == 1 else None


class Stays(Sound):
    """Does not end at the end of its standard input."""

    def serve(self) -> None:
        """Serve, and stay."""
        super().serve()
        while True:
            time.sleep(3600)


class EndsBadly(Sound):
    """Ends with an error."""

    def serve(self) -> None:
        """Serve, and fail."""
        super().serve()
        os.write(2, b"Traceback: it was closed\n")
        os._exit(1)


class LeavesAChild(Sound):
    """Leaves a process behind."""

    def serve(self) -> None:
        """Serve, and start something."""
        super().serve()
        silent = subprocess.DEVNULL
        subprocess.Popen(["sleep", "3600"], stdin=silent, stdout=silent, stderr=silent)
        os._exit(0)


def main() -> None:
    """Serve as the driver that the command line names."""
    found: type[Sound] = globals()[sys.argv[1]]
    found(Wire(0, 1)).serve()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
