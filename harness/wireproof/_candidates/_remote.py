"""A candidate behind a driver: says what is to be called, in the messages of docs/driver-protocol.md, and reads what
came of it.

Who is to blame. Until a driver has written ``calling`` for a message, whatever goes wrong is its own fault
(``DriverFault``); from then on until the answer it is the candidate's (``Fatal``). A driver that has failed, or whose
candidate has, is started anew for the next exchange.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wireproof._candidates._answers import LONG, Answers, Waits
from wireproof._candidates._can import Can, read_can
from wireproof._candidates._exchange import Call
from wireproof._candidates._inprocess import Fatal, Performer
from wireproof._candidates._link import DriverFault, Gone, Late, Link, Stale, shown
from wireproof._candidates._messages import Json, line, new_message, recipe_message, seen_effects, start_message
from wireproof._candidates._servers import REPLIES
from wireproof._capture import Recorder
from wireproof._model import Candidate, Case, Outcome, Raised
from wireproof.drivers.python_driver import MESSAGE, PROTOCOL, CannotExpress, Site, shown_name
from wireproof.errors import CandidateError

STARTING = 25.0
"""Seconds that a driver may take for its hello."""

STRIKES = 10
"""After so many faults in a row a driver is not asked any more."""

_PHASES = ("construct", "request", "getresponse", "close")


@dataclass(frozen=True, slots=True)
class Hello:
    """What a driver has said of itself."""

    version: str
    can: Can
    probes: Mapping[str, str]


Attend = Callable[[], tuple[float, Sequence[int]]]


class Remote:
    """Calls a candidate through its driver.

    Args:
        candidate: who is asked.
        path: folders where a Python driver looks for it.
        timeout: seconds that one exchange may take.
        folder: the driver's working directory, and the one for its temporary files.
    """

    def __init__(self, candidate: Candidate, path: Sequence[str], timeout: float, folder: str) -> None:
        self.candidate, self.path, self.timeout, self.folder = candidate, path, timeout, folder
        self.hello: Hello
        self._link: Link | None = None
        self._number = 0
        self._strikes = 0
        self._trouble = ""
        self._called: set[int] = set()
        self._boxes: dict[int, deque[Json]] = {}
        self._reading, self._telling = threading.Lock(), threading.Lock()
        self._asked = self._expired = 0
        self._loss: Exception | None = None
        self._waits = Waits()
        self._answered = 0
        self._begun = False
        self._new: dict[str, Json] = {}
        self._threads = False
        self._is_over = True
        self._recorders: dict[str, Recorder] = {}

    # the process

    def start(self) -> Hello:
        """Start the driver and hear what it says of itself.

        Raises:
            CandidateError: it cannot be used.
        """
        name, command = self.candidate.name, self.candidate.command
        try:
            self._start()
        except _Broken as error:
            raise CandidateError(name, error.why, error.hint) from None
        except DriverFault as error:
            said = f"its last words: {self._last_words}" if self._last_words else "its standard error is empty"
            hint = f"{said}; wireproof driver check says more"
            raise CandidateError(name, f"its driver {' '.join(command)}: {error}", hint) from None
        return self.hello

    def _start(self) -> None:
        self._last_words = ""
        self._expired = 0
        self._answered = 0
        link = self._link = Link(self.candidate.command, self.candidate.environment, self.folder)
        link.send(line(start_message(self.candidate, self.path)))
        try:
            hello = link.receive(time.monotonic() + STARTING)
            self.hello = _hello(hello, self.candidate)
        except BaseException as error:
            self._last_words = link.last_words
            self._drop()
            if isinstance(error, Gone):
                raise DriverFault(f"it ended before it said anything: {error}") from None
            if isinstance(error, Late):
                raise DriverFault(f"it said nothing within {STARTING:g} s") from None
            raise

    def ready(self) -> None:
        """Make sure that there is a driver that can be asked for something new.

        Raises:
            DriverFault: there is none any more.
        """
        self._threads, self._begun, self._loss = False, False, None
        if self._strikes >= STRIKES:
            raise DriverFault(f"it failed {self._strikes} times in a row, the last time so: {self._trouble}")
        if self._link is not None:
            return
        try:
            self._start()
        except _Broken as error:
            raise self.fault(f"it was started again, and says: {error.why}; {error.hint}") from None
        except DriverFault as error:
            raise self.fault(f"it was started again: {error} (its last words: {self._last_words})") from None

    def fault(self, text: str) -> DriverFault:
        """Note a fault of the driver, end its process, and return the exception that says so."""
        self._strikes += 1
        self._trouble = text
        self._drop()
        return DriverFault(text)

    def _drop(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()
        self._called.clear()
        self._boxes.clear()
        self._is_over = True

    def expire(self) -> None:
        """End the driver because the exchange takes too long; called in another thread."""
        link = self._link
        if link is not None:
            self._expired = self._asked
            link.kill()

    def stop(self) -> None:
        """End the driver."""
        link, self._link = self._link, None
        if link is not None:
            link.close(0.5)

    # messages

    def tell(self, bodies: Sequence[str]) -> list[int]:
        """Send messages, each written as JSON without its first brace and its id; return their ids."""
        link = self._link
        assert link is not None
        with self._telling:
            ids = range(self._number + 1, self._number + 1 + len(bodies))
            self._number += len(bodies)
            for id_ in ids:
                self._boxes[id_] = deque()
        lines = [f'{{"id":{id_},{body}\n' for id_, body in zip(ids, bodies, strict=True)]
        link.send("".join(lines).encode("ascii"), whole=self._threads)
        return list(ids)

    def answer(self, id_: int, attend: Attend | None = None, on_piece: Callable[[], object] | None = None) -> Json:
        """Return the ``done`` that answers a message.

        Raises:
            CannotExpress: it is "unsupported".
            Fatal: the candidate did not survive it, or took too long.
            DriverFault: the driver did something else.
        """
        self._asked = id_
        try:
            while True:
                message = self._next(id_, attend)
                kind = message["type"]
                if kind == "calling" and id_ not in self._called:
                    self._called.add(id_)
                elif kind == "piece" and on_piece is not None and id_ in self._called:
                    on_piece()
                    assert self._link is not None
                    self._link.send(line({"type": "go", "id": id_}))
                elif kind == "done" and id_ in self._called:
                    self._forget(id_)
                    self._answered += 1
                    return message
                elif kind == "unsupported":
                    self._forget(id_)
                    self._strikes = 0
                    raise CannotExpress(str(message.get("why"))[:MESSAGE])
                else:
                    raise self.fault(_out_of_turn(message, kind))
        except Gone as error:
            raise self._lost(id_, str(error)) from None

    def _forget(self, id_: int) -> None:
        self._called.discard(id_)
        del self._boxes[id_]

    def _lost(self, id_: int, how: str) -> Exception:
        """Return what the end of the driver's process means, the same for each thread that waits for an answer."""
        with self._telling:
            if not self._threads or self._loss is None:
                self._loss = self._meaning(id_, how)
            return self._loss

    def _meaning(self, id_: int, how: str) -> Exception:
        was_called = bool(self._called) if self._threads else id_ in self._called
        # it may have been ended for a message that it had just answered
        expired = bool(self._expired) if self._threads else self._expired == id_
        words = self._link.last_words if self._link is not None else ""
        said = f"; its last words: {words}" if words else ""
        if expired and was_called:
            self._drop()
            return Fatal("timeout", f"no end within {self.timeout:g} s")
        if expired:
            return self.fault(f"it did not answer within {self.timeout:g} s, and had not called the client")
        if was_called:
            self._drop()
            return Fatal("crash", f"The client's process ended during the call: {how}{said}.")
        text = f"it ended before it called the client: {how}{said}"
        if not self._answered or self._begun:
            return self.fault(text)
        self._drop()
        return Stale(text)

    def _next(self, id_: int, attend: Attend | None) -> Json:
        """Return the next message about an id; in threads, what is about another one is put by for that."""
        box = self._boxes.get(id_)
        while True:
            with self._reading:
                if box:
                    return box.popleft()
                link = self._link
                if link is None:
                    raise Gone("another thread's call ended it")
                try:
                    message = link.receive(None, attend)
                except DriverFault as error:
                    raise self.fault(str(error)) from None
                about = message.get("id")
                if about == id_:
                    return message
                # ahead of its turn: an answer to a message that waits behind this one
                known = self._boxes.get(about) if isinstance(about, int) else None
                if known is None or not self._threads:
                    raise self.fault(f"it answered message {about!r} where {id_} was asked: {_shown(message)}")
                known.append(message)

    # the caller

    @property
    def waits(self) -> bool:
        """Whether the client waits for responses."""
        return "waits" in self.hello.can.features

    def begin(self, case: Case, recorders: Sequence[Recorder]) -> str | None:
        """Have a driver ready; return why it cannot play the case, or None."""
        self.ready()
        why = self.hello.can.case(case)
        if why is None:
            self._threads, self._is_over = case.threads, False
            self._new.clear()
            self._recorders.clear()
        return why

    def open(self, name: str, case: Case, recorder: Recorder, site: Site) -> Raised | None:
        """Note how a connection object is made; the first message that names it says so."""
        self._new[name] = new_message(case.connection, recorder, site)
        self._recorders[name] = recorder
        return None

    def request(self, call: Call) -> Outcome:
        """Have the client make a request."""
        arguments = {name: recipe_message(recipe, call.site) for name, recipe in call.request.arguments}
        message: Json = {"type": "request", "arguments": arguments, "passed": call.request.passed}
        if call.last:
            message["last"] = True
        on_piece = None
        if call.on_piece is not None and "streaming" in self.hello.can.features:
            message["observe"] = True
            tell, last = call.on_piece, _last_piece(arguments.get("body"))

            def on_piece() -> None:
                tell(last)

        attend = self.attending(call.recorder, call.reply, call.lengths) if self.waits else None
        answer = self._say(call.step.on, message, attend, on_piece)
        self._is_over = self._is_over or call.last
        return self.outcome(answer)

    @property
    def grace(self) -> float:
        """Seconds that the server itself may wait in a call, before it answers one that is not complete."""
        return LONG if self.waits else 0.0

    def attending(self, recorder: Recorder, reply: str, lengths: Sequence[int]) -> Attend:
        """Return what answers at a recorder while its client waits."""
        answers = Answers(recorder, *REPLIES[reply], lengths, self._waits)
        return lambda: (answers.attend(), recorder.descriptors())

    def respond(self, name: str, reply: tuple[bytes, bool]) -> Raised | None:
        """Have the client read the response."""
        message: Json = {"type": "response"}
        if "captures" in self.hello.can.features:
            message |= {"reply": reply[0].decode("latin-1"), "closes": reply[1]}
        return self.outcome(self._say(name, message)).raised

    def close(self, name: str) -> Raised | None:
        """Have the client close a connection object."""
        return self.outcome(self._say(name, {"type": "close"})).raised

    def hang_up(self) -> None:
        """End the exchange; the driver closes everything that belongs to it."""
        if self._link is not None and not self._is_over:
            self._is_over = True
            self._threads = False
            self._attend_to({"type": "end"})

    def collect(self) -> None:
        """Have garbage looked for."""
        if self._link is not None and "collect" in self.hello.can.features:
            self._attend_to({"type": "collect"})

    def _attend_to(self, message: Json) -> None:
        try:
            self.keep(self._ask(message), self._recorders)
        except CannotExpress as error:
            raise self.fault(f"it answered unsupported to {message['type']}: {shown(str(error).encode())}") from None

    def release(self) -> None:
        """All has been released at the end of the exchange."""

    def _say(
        self,
        on: str,
        message: Json,
        attend: Attend | None = None,
        on_piece: Callable[[], object] | None = None,
    ) -> Json:
        message["on"] = on
        new = self._new.pop(on, None)
        if new is not None:
            message["new"] = new
        if self._threads:
            message["thread"] = on
        answer = self._ask(message, attend, on_piece)
        self._begun = True
        self.keep(answer, self._recorders)
        return answer

    def _ask(self, message: Json, attend: Attend | None = None, on_piece: Callable[[], object] | None = None) -> Json:
        if self._link is None:
            raise DriverFault(f"it has ended: {self._trouble}")
        (id_,) = self.tell([json.dumps(message)[1:]])
        return self.answer(id_, attend, on_piece)

    def keep(self, answer: Json, recorders: Mapping[str, Recorder]) -> None:
        """Record what a driver has captured itself, where the connection objects of these names would have sent it."""
        try:
            for part in answer.get("captured") or ():
                recorder = recorders[part.get("on", next(iter(recorders)))]
                recorder.put(part["connection"], part["data"].encode("latin-1"), ended=part["ended"] == "eof")
        except (LookupError, TypeError, AttributeError, ValueError):
            raise self.fault(f"what it has captured does not keep to the schema: {_shown(answer)}") from None

    def outcome(self, answer: Json) -> Outcome:
        """Return what came of a call, out of its ``done``.

        Raises:
            DriverFault: it does not keep to the schema.
        """
        returned, raised, effects = answer.get("returned", "NoneType"), answer.get("raised"), answer.get("effects", {})
        if not isinstance(returned, str) or not isinstance(effects, dict):
            raise self.fault(f"it wrote a done that does not keep to the schema: {_shown(answer)}")
        seen = {name: value for name, value in effects.items() if name in self.hello.can.effects}
        outcome = Outcome(returned, None if raised is None else self._raised(raised, answer), seen_effects(seen))
        self._strikes = 0
        return outcome

    def _raised(self, raised: Any, answer: Json) -> Raised:
        try:
            classes, message, phase = tuple(raised["classes"]), raised["message"], raised["phase"]
            if classes and all(isinstance(each, str) for each in classes) and phase in _PHASES:
                return Raised(tuple(map(shown_name, classes)), str(message)[:MESSAGE], phase)
        except (LookupError, TypeError):
            pass
        raise self.fault(f"it wrote an exception that does not keep to the schema: {_shown(answer)}")


class Driven(Performer):
    """Plays exchanges with a candidate behind a driver."""

    caller: Remote

    def __init__(self, remote: Remote, *, slot: int = 0, timeout: float = 5.0) -> None:
        super().__init__(remote, slot, timeout, remote.expire)
        self.remote = remote

    def close(self) -> None:
        """End the driver and the server's thread."""
        self.remote.stop()
        super().close()


class _Broken(Exception):
    """The driver says that its candidate cannot be used."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why, hint)
        self.why, self.hint = why, hint


def _hello(message: Json, candidate: Candidate) -> Hello:
    """Return what a driver says of itself.

    Raises:
        _Broken: its candidate cannot be used.
        DriverFault: it is no hello.
    """
    if message["type"] == "broken":
        why, hint = (str(message.get(name, "it does not say")).encode("utf-8", "replace") for name in ("why", "hint"))
        raise _Broken(shown(why, 400), shown(hint, 400))
    if message["type"] != "hello":
        raise DriverFault(f"it wrote {message['type']} where hello was due: {_shown(message)}")
    if message.get("protocol") != PROTOCOL:
        version = message.get("protocol")
        raise DriverFault(f"it speaks version {version!r} of the protocol, not {PROTOCOL}: {_shown(message)}")
    try:
        can = read_can(message["can"], candidate.lacks)
        client, driver = message["client"], message["driver"]
        own, language = str(client["version"]), str(driver["language"])
        top = str(client["name"]).partition(":")[0].partition(".")[0] if driver["name"] == _OURS else client["name"]
        version = f"{top} {own}, {language}" if own else language
        probes = {str(name): str(value) for name, value in message.get("probes", {}).items()}
    except (LookupError, TypeError, AttributeError):
        raise DriverFault(f"its hello does not keep to the schema: {_shown(message)}") from None
    return Hello(shown(version.encode("utf-8", "replace"), 120), can, probes)


_OURS = "wireproof-python"


def _shown(message: Json) -> str:
    return shown(json.dumps(message).encode("ascii"))


def _out_of_turn(message: Json, kind: str) -> str:
    if kind == "calling":
        return f"it wrote calling twice for one message: {_shown(message)}"
    if kind == "done":
        return f"it wrote done without calling before it: {_shown(message)}"
    return f"it wrote {shown(kind.encode('utf-8', 'replace'), 40)} out of turn: {_shown(message)}"


def _last_piece(body: Any) -> int:
    return len((body or {}).get("items") or (body or {}).get("reads") or ()) - 1
