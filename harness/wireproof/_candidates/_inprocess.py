"""A candidate in this process: a class with the API of ``http.client.HTTPConnection``, or a factory of such objects.

``perform`` plays one exchange: it makes the connection objects, calls them step by step, and has the capturing server
record what arrives. It never judges. Everything that the candidate lets out is caught here, ``SystemExit`` and
``KeyboardInterrupt`` included.
"""

from __future__ import annotations

import functools
import gc
import itertools
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol, cast

from wireproof._candidates._objects import Built, CannotBuild, Site, build
from wireproof._capture import GRACE, CannotBind, Patience, Recorder, Watch
from wireproof._long import content_of
from wireproof._model import (
    Alternative,
    Blocks,
    Capture,
    Case,
    Connection,
    Expect,
    Grown,
    Outcome,
    Raised,
    Request,
    ServerPlan,
    Step,
    StepRecord,
    Stream,
)
from wireproof._plan import limit, wire
from wireproof._wire import parse

Factory = Callable[..., Any]

REPLIES: dict[str, tuple[bytes, bool]] = {
    "ok": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", False),
    "no-content": (b"HTTP/1.1 204 No Content\r\n\r\n", False),
    "close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", True),
    "continue-then-ok": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", False),
    "http-1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", True),
    "chunked": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", False),
}
"""The scripted replies: their bytes, and whether the server closes after them."""

_MESSAGE = 2000
_STREAMED = 0.25


class InProcess:
    """A candidate that is called in this process.

    Args:
        factory: the class, or a callable that makes connection objects.
        slot: the number of this worker, from 0: decides the address for port 80.
        timeout: seconds that one exchange may take.
        overdue: called, in another thread, with what was captured of an exchange that takes longer.
    """

    def __init__(
        self, factory: Factory, *, slot: int = 0, timeout: float = 5.0, overdue: Callable[[Case, Capture], object]
    ) -> None:
        self.factory, self.slot, self.timeout = factory, slot, timeout
        self.underway: Underway | None = None
        self.patience = Patience()
        self._on_overdue = overdue
        self.watch = Watch(self._overdue)

    def perform(self, case: Case) -> Capture:
        """Play the exchange of ``case`` and return all that was seen."""
        try:
            recorders = _recorders(case, self.slot, self.patience)
        except CannotBind as error:
            return unsupported(case, f"{CANNOT_LISTEN}: {error}")
        self.underway = exchange = _Exchange(case, self.factory, recorders, self.watch.extend)
        self.watch.begin(tuple(recorders.values()), self.timeout, limit(case, self.timeout))
        try:
            try:
                with redirected(case.connection, list(recorders.values())) as asked:
                    exchange.play()
            finally:
                exchange.finish()
        finally:
            self.watch.end()
            for recorder in recorders.values():
                recorder.close()
        if asked == [] and exchange.is_unresolved():
            return unsupported(case, NOT_RESOLVED)
        return exchange.capture()

    def close(self) -> None:
        """End the server's thread."""
        self.watch.close()

    def _overdue(self) -> None:
        if self.underway is not None:
            capture = self.underway.capture(("timeout", f"no end within {self.timeout:g} s"))
            self._on_overdue(self.underway.case, capture)


class Underway(Protocol):
    """What is being played, for whoever has to tell that it does not end."""

    @property
    def case(self) -> Case:
        """What was asked."""

    def capture(self, fatal: tuple[str, str] | None = None) -> Capture:
        """Return everything that was seen so far."""


CANNOT_LISTEN = "the server cannot listen there"
CANNOT_BUILD = "this interpreter cannot build the body"
NOT_RESOLVED = "the client does not resolve names through socket.getaddrinfo"
"""Why an exchange cannot be played here, or with this client."""


def unsupported(case: Case, why: str) -> Capture:
    """Return the capture of an exchange that cannot be played."""
    record = StepRecord(Outcome(unsupported=why))
    return Capture(tuple(record if step.action == "request" else None for step in case.steps), (), {})


def _recorders(case: Case, slot: int, patience: Patience) -> dict[str, Recorder]:
    """Open one recorder for each client connection of the case."""
    names = dict.fromkeys(step.on for step in case.steps)
    opened: dict[str, Recorder] = {}
    try:
        for number, name in enumerate(names):
            opened[name] = open_recorder(name, case.connection, slot + 64 * number, patience, case.server)
    except CannotBind:
        for recorder in opened.values():
            recorder.close()
        raise
    return opened


def open_recorder(
    name: str, connection: Connection, slot: int, patience: Patience, plan: ServerPlan | None = None
) -> Recorder:
    """Open the recorder for the client connection ``name``.

    Raises:
        CannotBind: the server cannot listen there.
    """
    if connection.host.startswith("ipv6"):
        return Recorder(name, "::1", plan=plan, patience=patience)
    if connection.host == "ipv4" and connection.port.startswith("default"):
        return _on_port_80(name, plan, slot, patience)
    host = _unused() if plan is not None and plan.late else "127.0.0.1"
    return Recorder(name, host, plan=plan, patience=patience)


_COUNT = itertools.count()


def _unused() -> str:
    """Return a loopback address that nobody has connected to.

    Of one that has been used the kernel remembers what buffers were good for it, and gives a client so large ones that
    a server that reads late is not noticed.
    """
    process = os.getpid()
    return f"127.{64 + (process >> 8 & 63)}.{process & 255}.{1 + next(_COUNT) % 250}"


def _on_port_80(name: str, plan: ServerPlan | None, slot: int, patience: Patience) -> Recorder:
    """Bind port 80 of a loopback address of our own, so that workers and runs do not collide."""
    process = os.getpid()
    last = slot % 250 + 1
    with suppress(CannotBind):
        return Recorder(name, f"127.0.0.{last}", 80, plan, patience)
    return Recorder(name, f"127.{process >> 8 & 255}.{process & 255}.{last}", 80, plan, patience)


_RESOLVED_HERE = ("name", "localhost", "ipv6-zone", "ipv6-bracketed")


@contextmanager
def redirected(connection: Connection, recorders: list[Recorder]) -> Iterator[list[str] | None]:
    """Make ``socket.getaddrinfo`` send what it cannot resolve here to the server.

    That is the case's host name, an address with a zone or in brackets, port 80 of ::1. Yields the list of the names
    that were asked for, or None where nothing needs it.
    """
    is_default = connection.port.startswith("default")
    if connection.host not in _RESOLVED_HERE and not (connection.host.startswith("ipv6") and is_default):
        yield None
        return
    asked: list[str] = []
    original = socket.getaddrinfo

    def redirect(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(str(host))
        named = [recorder for recorder in recorders if str(recorder.port) == str(port)]
        target = named[0] if named else recorders[0]
        return original(target.host, target.port, *args, **kwargs)

    socket.getaddrinfo = redirect
    try:
        yield asked
    finally:
        socket.getaddrinfo = original


def address(connection: Connection, recorder: Recorder) -> tuple[str, int]:
    """Return what <host> and <port> stand for."""
    if connection.host == "name":
        return connection.name, recorder.port
    return ("localhost" if connection.host == "localhost" else recorder.host), recorder.port


def constructor(connection: Connection, recorder: Recorder) -> tuple[Any, ...]:
    """Return the positional arguments for the connection object."""
    host, port = address(connection, recorder)
    shown = {"ipv6-bracketed": "[::1]", "ipv6-zone": "::1%lo"}.get(connection.host, host)
    if connection.port == "in-host":
        bracketed = f"[{shown}]" if ":" in shown and not shown.startswith("[") else shown
        return (f"{bracketed}:{port}",)
    return {
        "int": (shown, port),
        "str": (shown, str(port)),
        "default": (shown,),
        "default-given": (shown, 80),
        "default-as-str": (shown, "80"),
    }[connection.port]


@functools.lru_cache(256)
def _names(class_: type) -> tuple[str, ...]:
    return tuple(cls.__name__ for cls in class_.__mro__)


def raised_by(error: BaseException, phase: str) -> Raised:
    """Return what is kept of an exception that the candidate let out."""
    try:
        message = str(error)
    except BaseException:
        message = "(its message cannot be shown)"
    return Raised(_names(cast(Any, type(error))), message[:_MESSAGE], phase)


class _Client:
    """One connection object of the candidate, with the arguments that it was made with."""

    def __init__(self, name: str, case: Case, factory: Factory, recorder: Recorder) -> None:
        self.recorder = recorder
        host, port = address(case.connection, recorder)
        self.site = Site(host, port)
        self.failed: Outcome | None = None
        self.connection: Any = None
        try:
            extra = {key: build(recipe, self.site).value for key, recipe in case.connection.arguments}
            self.connection = factory(*constructor(case.connection, recorder), **extra)
        except TypeError as error:
            if not case.connection.arguments:
                self.failed = Outcome(raised=raised_by(error, "construct"))
            else:
                names = ", ".join(key for key, _ in case.connection.arguments)
                self.failed = Outcome(unsupported=f"the constructor does not take {names}: {error}"[:_MESSAGE])
        except BaseException as error:
            self.failed = Outcome(raised=raised_by(error, "construct"))

    def has_all(self, before: tuple[int, ...], lengths: Sequence[int]) -> bool:
        """Say whether a call's bytes are all there: as many as expected, or a message that is complete in itself."""
        came = sum(self.recorder.totals()) - sum(before)
        if came in lengths or not came:
            return came in lengths
        data = self.recorder.streams()[-1].data
        return parse(data[before[-1] :] if len(before) == len(self.recorder.connections) else data).complete

    def close(self) -> Raised | None:
        """Close the connection object; return what that let out."""
        close = getattr(self.connection, "close", None)
        try:
            if close is not None:
                close()
        except BaseException as error:
            return raised_by(error, "close")
        return None


class _Exchange:
    """One exchange in progress."""

    def __init__(
        self, case: Case, factory: Factory, recorders: dict[str, Recorder], extend: Callable[[float], None]
    ) -> None:
        self.extend = extend
        self.case, self.factory, self.recorders = case, factory, recorders
        self.clients: dict[str, _Client] = {}
        self.records: list[StepRecord | None] = [None] * len(case.steps)
        self.wanted = dict.fromkeys(recorders, 0)
        self.open_ended: dict[str, tuple[int, ...]] = {}
        self.observed: dict[str, object] = {}
        self.built: list[Built] = []

    def play(self) -> None:
        """Perform every step, in order or in a thread for each client connection."""
        for name, recorder in self.recorders.items():
            self.clients[name] = _Client(name, self.case, self.factory, recorder)
        if not self.case.threads:
            self._play(tuple(self.recorders))
            return
        failures: list[BaseException] = []

        def work(name: str) -> None:
            try:
                self._play((name,))
            except BaseException as error:  # ours: whatever the candidate lets out is in the records
                failures.append(error)

        threads = [threading.Thread(target=work, args=(name,), daemon=True) for name in self.recorders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def _play(self, names: Sequence[str]) -> None:
        for number, step in enumerate(self.case.steps):
            if step.on in names:
                self.records[number] = self._step(step, self.clients[step.on], last=self._is_last(number))

    def _is_last(self, number: int) -> bool:
        on = self.case.steps[number].on
        return all(step.on != on for step in self.case.steps[number + 1 :])

    def _step(self, step: Step, client: _Client, *, last: bool) -> StepRecord | None:
        if client.failed is not None:
            return StepRecord(client.failed) if step.action == "request" else None
        if step.action == "close":
            raised = client.close()
            return StepRecord(Outcome(raised=raised)) if raised else None
        if step.action == "reply":
            raised = _respond(client, step.reply)
            return StepRecord(Outcome(raised=raised)) if raised else None
        return self._request(step, client, last=last)

    def _request(self, step: Step, client: _Client, *, last: bool) -> StepRecord:
        request, expect = step.request, step.expect
        assert request is not None
        assert expect is not None
        client.recorder.pump()
        before = client.recorder.totals()
        try:
            arguments = _Arguments(request, client.site, self._watcher(request, client))
        except CannotBuild as error:
            return StepRecord(Outcome(unsupported=f"{CANNOT_BUILD}: {error}"))
        self.built += arguments.built.values()
        self._announce(expect, request, client)
        outcome = arguments.call(client.connection)
        lengths = _lengths(expect, step.alternatives, client.site)
        if outcome.raised is None:
            # a call that failed has sent what it could: nothing more is waited for
            self.wanted[step.on] += lengths[0]
        if last:
            self.open_ended[step.on] = before
        else:
            self.extend(GRACE)
            client.recorder.settle(lambda: outcome.raised is not None or client.has_all(before, lengths))
        return StepRecord(outcome, _grown(before, client.recorder.totals()))

    def _announce(self, expect: Expect, request: Request, client: _Client) -> None:
        """Tell the server what is expected, where that is too long to be kept and compared afterwards."""
        placed, body = wire(expect, client.site.host, client.site.port), request.get("body")
        if isinstance(placed.body, Blocks) and placed.head is not None and body is not None:
            client.recorder.expect(placed.head, placed.body, content_of(body))

    def _watcher(self, request: Request, client: _Client) -> Callable[[int], None] | None:
        """Return what is to be called when the body is asked for a piece, where streaming is observed."""
        body = request.get("body")
        pieces: Any = (body.get("items") or body.get("reads") or ()) if body else ()
        if "streaming" not in self.case.observes or len(pieces) < 2:
            return None

        def has_body() -> bool:
            every = [stream.data for stream in client.recorder.streams()]
            return any(b"\r\n\r\n" in data and not data.endswith(b"\r\n\r\n") for data in every)

        def on_piece(index: int) -> None:
            if index == len(pieces) - 1:
                client.recorder.pump()
                if not has_body() and client.recorder.wait(_STREAMED):
                    client.recorder.pump()
                self.observed["streaming"] = has_body()

        return on_piece

    def finish(self) -> None:
        """Close what is still open and read to the end."""
        for client in self.clients.values():
            if client.failed is None:
                client.close()
            client.connection = None
        try:
            for name, recorder in self.recorders.items():
                self.extend(2 * GRACE)
                recorder.finish(self.wanted[name], gc.collect)
        finally:
            for built in self.built:
                built.close()

    def is_unresolved(self) -> bool:
        """Say whether a call failed because a name could not be resolved."""
        raised = (record.outcome.raised for record in self.records if record)
        return any("gaierror" in each.classes for each in raised if each)

    def capture(self, fatal: tuple[str, str] | None = None) -> Capture:
        """Return everything that was seen so far."""
        streams: list[Stream] = []
        offsets: dict[str, int] = {}
        for name, recorder in self.recorders.items():
            offsets[name] = len(streams)
            streams += recorder.streams()
        records = [
            self._settled(number, step, record, offsets[step.on]) if record else None
            for number, (step, record) in enumerate(zip(self.case.steps, self.records, strict=True))
        ]
        addresses = {name: (client.site.host, client.site.port) for name, client in list(self.clients.items())}
        return Capture(tuple(records), tuple(streams), addresses, dict(self.observed), fatal)

    def _settled(self, number: int, step: Step, record: StepRecord, offset: int) -> StepRecord:
        """Count streams over all clients, and give the last step all that came until the end."""
        grown = record.grown
        if step.on in self.open_ended and self._is_last(number):
            grown = _grown(self.open_ended[step.on], self.recorders[step.on].totals())
        return StepRecord(record.outcome, tuple(Grown(part.stream + offset, part.start, part.end) for part in grown))


def _grown(before: tuple[int, ...], after: tuple[int, ...]) -> tuple[Grown, ...]:
    padded = before + (0,) * (len(after) - len(before))
    return tuple(
        Grown(index, start, end) for index, (start, end) in enumerate(zip(padded, after, strict=True)) if end > start
    )


def _lengths(expect: Expect, alternatives: Sequence[Alternative], site: Site) -> tuple[int, ...]:
    """Return how many bytes the step may send, the expected number first."""
    every = (expect, *(alternative.expect for alternative in alternatives))
    return tuple(len(wire(one, site.host, site.port)) for one in every)


def _respond(client: _Client, name: str) -> Raised | None:
    data, close = REPLIES[name]
    client.recorder.reply(data, close=close)
    try:
        client.connection.getresponse().read()
    except BaseException as error:
        return raised_by(error, "getresponse")
    return None


class _Arguments:
    """The built arguments of one call."""

    def __init__(self, request: Request, site: Site, on_piece: Callable[[int], None] | None) -> None:
        watched = Site(site.host, site.port, on_piece)
        self.passed = request.passed
        self.built: dict[str, Built] = {}
        for name, recipe in request.arguments:
            self.built[name] = build(recipe, watched if name == "body" else site)

    def call(self, connection: Any) -> Outcome:
        """Call ``request`` and return what came of it."""
        values = {name: built.value for name, built in self.built.items()}
        by_position = {"usual": ("method", "url"), "keywords": (), "positional": tuple(values)}[self.passed]
        positional = [values.pop(name) for name in by_position if name in values]
        raised: Raised | None = None
        returned = "NoneType"
        try:
            returned = type(connection.request(*positional, **values)).__name__
        except BaseException as error:
            raised = raised_by(error, "request")
        return Outcome(returned, raised, self._effects())

    def _effects(self) -> dict[str, object]:
        effects: dict[str, object] = {}
        for name, built in self.built.items():
            if name == "body":
                effects.update({f"body.{effect}": value for effect, value in built.effects().items()})
            elif name == "headers":
                effects.update(("headers", value) for value in built.effects().values())
        return effects
