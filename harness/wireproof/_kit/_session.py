"""What all checks work with: a driver that is started when it is needed, servers for it, and requests to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wireproof._candidates._messages import Json, recipe_message
from wireproof._candidates._servers import REPLIES
from wireproof._kit._results import Failed, Lost, Skipped
from wireproof._kit._server import IPV4, Server
from wireproof._kit._talk import Attend, Talk, seen
from wireproof._model import Candidate, Connection, Recipe, ServerPlan
from wireproof._wire import Message, visible

Arguments = Mapping[str, Recipe]

MOMENT = 0.02
"""Seconds after ``done`` in which the kernel may still hand over what was sent before it."""

_HELLO = 5
_LONG = 6
_SHOWN = 120
_WRITABLE = ("str", "str-subclass", "bytes")
_LONG_BODIES = ("bytes", "bytearray", "str")
_SIZE = 1 << 20

_PIECES = ("bytes", "bytearray", "str")
LAZY = (
    *("generator", "iterator", "map", "chain", "iterable", "sequence", "getitem"),
    *("reader", "raw-reader", "iterable-with-read"),
)
"""Kinds of bodies whose pieces are made one by one."""

WITH_PIECES = (*LAZY, "list", "tuple", "deque")


@dataclass(frozen=True, slots=True)
class Played:
    """One request: the answer to it, and what has come."""

    answer: Json
    message: Message

    @property
    def raised(self) -> str:
        """The class of what the client let out, or ""."""
        raised = self.answer.get("raised")
        return str(raised["classes"][0]) if raised else ""


class Kit:
    """A driver that is checked.

    Args:
        candidate: the driver, and what it drives.
        path: folders where it looks for that.
        folder: its working directory, and the one for its temporary files.
        patience: seconds that an answer may take.
    """

    def __init__(self, candidate: Candidate, path: Sequence[str], folder: str, patience: float) -> None:
        self.candidate, self.path, self.folder, self.patience = candidate, path, folder, patience
        self.hello: Json = {}
        self._talk: Talk | None = None

    # the driver

    def another(self) -> Talk:
        """Start a driver beside the one that is there; the caller closes it."""
        return Talk(self.candidate, self.path, self.folder, self.patience)

    @property
    def for_hello(self) -> float:
        """Seconds that the start may take."""
        return self.patience * _HELLO

    @property
    def for_long(self) -> float:
        """Seconds that an answer about a large body may take."""
        return self.patience * _LONG

    @property
    def talk(self) -> Talk:
        """The driver, started where it is not there."""
        if self._talk is None:
            self._talk = self.another()
            self.greeted(self._talk)
        return self._talk

    def greeted(self, talk: Talk) -> Talk:
        """Say start to a driver that has said hello before, and return it."""
        message = talk.start(self.for_hello)
        if message["type"] != "hello":
            raise Lost("hello, as at its first start", seen(message))
        return talk

    def drop(self) -> None:
        """End the driver; the next check has another one."""
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.close()

    # what it claims

    def claimed(self, member: str) -> frozenset[str]:
        """Return a member of ``can`` that is a list."""
        return frozenset(self.hello["can"][member])

    def kinds(self, argument: str) -> frozenset[str]:
        """Return the kinds that it can build for an argument."""
        return frozenset(self.hello["can"]["arguments"].get(argument, ()))

    def need(self, feature: str) -> None:
        """Skip the check where the driver does not claim a feature."""
        if feature not in self.claimed("features"):
            raise Skipped(f"{feature} not claimed")

    @property
    def waits(self) -> bool:
        """Whether the client waits for responses."""
        return "waits" in self.claimed("features")

    @property
    def captures(self) -> bool:
        """Whether the driver captures what is sent itself."""
        return "captures" in self.claimed("features")

    def first(self, kinds: Sequence[str], argument: str) -> str | None:
        """Return the first of these kinds that it can build for an argument."""
        return next((kind for kind in kinds if kind in self.kinds(argument)), None)

    @property
    def piece(self) -> str:
        """The plainest kind of a piece that it can build."""
        return next((kind for kind in _PIECES if kind in self.claimed("pieces")), "bytes")

    # requests

    def server(self, connection: Connection = IPV4, plan: ServerPlan | None = None) -> Server:
        """Return a server for the driver; it answers where the client waits for that."""
        return Server(self.waits and not self.captures, connection, plan)

    def word(self, argument: str, text: str) -> Recipe:
        """Return a method or a url in a kind that it can build."""
        kind = self.first(_WRITABLE, argument)
        if kind is None:
            raise Skipped(f"no kind of {argument} that holds a word is claimed")
        return Recipe(kind, {"data": text.encode()} if kind == "bytes" else {"text": text})

    def plain(self, url: str = "/kit", method: str = "GET", **others: Recipe) -> dict[str, Recipe]:
        """Return the arguments of a plain request."""
        return {"method": self.word("method", method), "url": self.word("url", url), **others}

    def long_body(self) -> Recipe | None:
        """Return a body that no buffer between client and server can hold, if it can build one."""
        kind = self.first(_LONG_BODIES, "body")
        if kind is None:
            return None
        return Recipe(kind, {"text": "0123456789abcdef" * (_SIZE // 16)} if kind == "str" else {"data": LONG})

    def message(self, server: Server, arguments: Arguments, **members: Any) -> Json:
        """Return the message of a request, but for its id."""
        given = {name: recipe_message(recipe, server.site) for name, recipe in arguments.items()}
        message = {"type": "request", "on": "a", "new": server.new, "arguments": given, "passed": "usual", "last": True}
        return {**message, **members}

    def ask(self, server: Server | None, message: Json, attend: Attend | None = None, **how: Any) -> Json:
        """Send a message and return its answer; what a driver has captured is recorded."""
        (id_,) = self.talk.send(message)
        answer = self.talk.answer(id_, attend or (server.attend if server is not None else None), **how)
        if server is not None:
            self.keep(server, answer)
        return answer

    def keep(self, server: Server, answer: Json) -> None:
        """Record what a driver has captured in its own process."""
        if self.captures and answer["type"] == "done" and "captured" not in answer:
            raise Lost("captured in done, because captures is claimed", seen(answer))
        try:
            server.keep(answer)
        except UnicodeEncodeError:
            raise Lost("captured data in which each character is one byte", seen(answer)) from None

    def request(self, server: Server, arguments: Arguments, **members: Any) -> Json:
        """Have a request made, and return its answer."""
        return self.ask(server, self.message(server, arguments, **members))

    def play(self, arguments: Arguments, connection: Connection = IPV4, **members: Any) -> Played:
        """Have a request made that is an exchange of its own."""
        with self.server(connection) as server:
            answer = self.ask(server, self.message(server, arguments, **members), seconds=self.for_long)
            return Played(answer, server.message)

    def end(self, *servers: Server) -> Json:
        """End the exchange."""
        answer = self.ask(None, {"type": "end"})
        for server in servers:
            server.attend()
        return answer

    def respond(self, server: Server, reply: tuple[bytes, bool] = REPLIES["ok"], on: str = "a") -> Json | None:
        """Have the client read a response; None where it has waited for it already."""
        if self.captures:
            members = {"reply": reply[0].decode("latin-1"), "closes": reply[1]}
            return self.ask(server, {"type": "response", "on": on, **members}, server.watch)
        if self.waits:
            return None
        server.attend()
        server.recorder.reply(reply[0], close=reply[1])
        return self.ask(server, {"type": "response", "on": on}, server.watch)


LONG = bytes(range(256)) * (_SIZE // 256)
"""A body of 1 MiB in which every byte is."""


def brought(played: Played, wanted: str, is_there: Callable[[Message], bool], came: Callable[[Message], str]) -> str:
    """Judge whether a request has brought what it should; return a note where the client has refused it.

    Args:
        played: what came of it.
        wanted: what it should bring, for people.
        is_there: says whether it does.
        came: says what it brought instead, for people.

    Raises:
        Failed: it has not.
    """
    answer, message = played.answer, played.message
    if answer["type"] == "unsupported":
        raise Failed(f"{wanted}, because the driver claims that it can build this", seen(answer))
    if message.request_line is not None and is_there(message):
        return ""
    if played.raised:
        return f"the client raises {quoted(played.raised)}"
    raise Failed(wanted, came(message) if message.data else "no byte at the server")


def lines(message: Message) -> str:
    """Return the head of a request for people."""
    return f"the head {bytes_shown(message.data[: message.head_end])}"


def bytes_shown(data: bytes) -> str:
    """Return bytes for people."""
    return f"“{visible(data, _SHOWN)}”" if data else "nothing"


def quoted(text: str) -> str:
    """Return a word of a driver so that any terminal can show it."""
    return ascii(text)[1:-1][:_SHOWN]
