"""Plays exchanges with a candidate: one in this process, a class with the API of ``http.client.HTTPConnection`` or a
factory of such objects, or one behind a driver.

``perform`` plays one exchange: it has a caller make the connection objects and call them step by step, and the
capturing server record what arrives. It never judges. Everything that the candidate lets out is caught,
``SystemExit`` and ``KeyboardInterrupt`` included.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from wireproof._candidates._exchange import CANNOT_BUILD, Call, Caller, Exchange
from wireproof._candidates._link import Stale
from wireproof._candidates._servers import (
    REPLIES,
    constructor,
    is_redirected,
    picked,
    recorders_for,
)
from wireproof._capture import CannotBind, Patience, Recorder, Watch
from wireproof._model import Capture, Case, Connection, Outcome, Raised, StepRecord
from wireproof._plan import limit
from wireproof.drivers import python_driver
from wireproof.drivers.python_driver import NOT_RESOLVED, Engine, Site

__all__ = ["CANNOT_BUILD", "CANNOT_LISTEN", "NOT_RESOLVED", "Fatal", "InProcess", "Local", "Performer", "unsupported"]

Factory = Callable[..., Any]

CANNOT_LISTEN = "the server cannot listen there"
"""Why an exchange cannot be played here."""


class Fatal(Exception):
    """The candidate did not survive the exchange, or did not end it: "timeout" or "crash", and what is known of it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


class Underway(Protocol):
    """What is being played, for whoever has to tell that it does not end."""

    @property
    def case(self) -> Case:
        """What was asked."""

    def capture(self, fatal: tuple[str, str] | None = None) -> Capture:
        """Return everything that was seen so far."""


class Performer:
    """Plays exchanges.

    Args:
        caller: who calls the candidate.
        slot: the number of this worker, from 0: decides the address for port 80.
        timeout: seconds that one exchange may take.
        overdue: called, in another thread, when an exchange takes longer.
    """

    def __init__(self, caller: Caller, slot: int, timeout: float, overdue: Callable[[], object]) -> None:
        self.caller, self.slot, self.timeout = caller, slot, timeout
        self.underway: Underway | None = None
        self.patience = Patience()
        self.watch = Watch(overdue)

    def perform(self, case: Case) -> Capture:
        """Play the exchange of ``case`` and return all that was seen."""
        try:
            return self._perform(case)
        except Stale:  # nothing of it has been called
            return self._perform(case)

    def _perform(self, case: Case) -> Capture:
        try:
            recorders = recorders_for(case, self.slot, self.patience)
        except CannotBind as error:
            return unsupported(case, f"{CANNOT_LISTEN}: {error}")
        with ExitStack() as stack:
            for recorder in recorders.values():
                stack.callback(recorder.close)
            why = self.caller.begin(case, tuple(recorders.values()))
            if why is not None:
                return unsupported(case, why)
            self.underway = exchange = Exchange(case, self.caller, recorders, REPLIES, self.watch.extend)
            self.watch.begin(tuple(recorders.values()), self.timeout, limit(case, self.timeout))
            stack.callback(self.watch.end)
            return self._played(exchange)

    def _played(self, exchange: Exchange) -> Capture:
        recorders = tuple(exchange.recorders.values())
        try:
            with redirected(exchange.case.connection, recorders) as asked:
                try:
                    exchange.play()
                finally:
                    exchange.finish()
        except Fatal as error:
            return exchange.capture((error.code, error.text))
        if asked == [] and exchange.is_unresolved():
            return unsupported(exchange.case, NOT_RESOLVED)
        return exchange.capture()

    def close(self) -> None:
        """End the server's thread."""
        self.watch.close()


class InProcess(Performer):
    """A candidate that is called in this process.

    Args:
        factory: the class, or a callable that makes connection objects.
        slot: the number of this worker, from 0: decides the address for port 80.
        timeout: seconds that one exchange may take.
        overdue: called, in another thread, with what was captured of an exchange that takes longer.
    """

    def __init__(
        self,
        factory: Factory,
        *,
        slot: int = 0,
        timeout: float = 5.0,
        overdue: Callable[[Case, Capture], object],
    ) -> None:
        self.factory, self._on_overdue = factory, overdue
        self.engine = Engine(factory)
        super().__init__(Local(self.engine), slot, timeout, self._overdue)

    def _overdue(self) -> None:
        if self.underway is not None:
            capture = self.underway.capture(("timeout", f"no end within {self.timeout:g} s"))
            self._on_overdue(self.underway.case, capture)


class Local:
    """Calls a candidate in this process."""

    waits, grace = False, 0.0

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def begin(self, case: Case, recorders: Sequence[Recorder]) -> str | None:
        """Everything can be played."""
        return None

    def open(self, name: str, case: Case, recorder: Recorder, site: Site) -> Raised | None:
        """Make a connection object."""
        place = constructor(case.connection, recorder)
        return _let_out(self.engine.open(name, place, case.connection.arguments, site))

    def request(self, call: Call) -> Outcome:
        """Build the arguments and call ``request``."""
        made = self.engine.make(call.request.arguments, call.site, call.on_piece)
        returned, raised, effects = self.engine.request(call.step.on, made, call.request.passed)
        return Outcome(returned, _let_out(raised), effects)

    def respond(self, name: str, reply: tuple[bytes, bool]) -> Raised | None:
        """Read the response."""
        return _let_out(self.engine.respond(name))

    def close(self, name: str) -> Raised | None:
        """Close a connection object."""
        return _let_out(self.engine.close(name))

    def hang_up(self) -> None:
        """Close all connection objects."""
        self.engine.hang_up()

    def collect(self) -> None:
        """Look for garbage."""
        gc.collect()

    def release(self) -> None:
        """Close what was built."""
        self.engine.release()


def _let_out(raised: python_driver.Raised | None) -> Raised | None:
    return None if raised is None else Raised(*raised)


def raised_by(error: BaseException, phase: str) -> Raised:
    """Return what is kept of an exception that the candidate let out."""
    return Raised(*python_driver.raised_by(error, phase))


def unsupported(case: Case, why: str) -> Capture:
    """Return the capture of an exchange that cannot be played."""
    record = StepRecord(Outcome(unsupported=why))
    return Capture(tuple(record if step.action == "request" else None for step in case.steps), (), {})


@contextmanager
def redirected(connection: Connection, recorders: Sequence[Recorder]) -> Iterator[list[str] | None]:
    """Make ``socket.getaddrinfo`` send what it cannot resolve here to the server.

    Yields the list of the names that were asked for, or None where nothing needs it.
    """
    if not is_redirected(connection):
        yield None
        return
    with python_driver.redirected(lambda port: picked(recorders, port)) as asked:
        yield asked
