"""Lanes: where thousands of single requests are played one after the other, each on a connection object of its own.

Theory of operation. What ``_inprocess`` sets up for every exchange, an ``Endpoint`` sets up once for all requests that
make their connection objects in the same way: a few recorders, the constructor's arguments, and what makes the other
arguments. The requests take turns on its lanes, so that no address is used by two requests in a row. A lane on which
anything stays that could turn up later (a connection left open, say) is replaced by a fresh one.
"""

from __future__ import annotations

import functools
import select
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from wireproof._candidates._inprocess import raised_by, redirected
from wireproof._candidates._servers import address, constructor, open_recorder
from wireproof._capture import Patience, Recorder
from wireproof._codec import LANES
from wireproof._model import Capture, Connection, Grown, Outcome, Raised, Recipe, StepRecord, Stream
from wireproof.drivers.python_driver import UNREACHED, Built, CannotBuild, Site, build, prepare

_NAME = type.__dict__["__name__"].__get__
"""The name of a class as it is, whatever its metaclass says."""

Maker = Callable[[], Built]

_POLL = select.poll

ABSENT = Built(None)
"""What stands for an argument that is not passed."""


class Lane:
    """One recorder that is used again and again, and the address that stands for it."""

    __slots__ = ("arguments", "descriptor", "recorder", "site", "watched")

    def __init__(self, connection: Connection, slot: int, patience: Patience) -> None:
        self.recorder: Recorder = open_recorder("a", connection, slot, patience)
        self.site = Site(*address(connection, self.recorder))
        self.arguments = constructor(connection, self.recorder)
        self.descriptor = self.recorder.fileno()
        self.watched = (self.recorder,)

    def capture(self, outcome: Outcome, data: bytes | None, wanted: int) -> Capture:
        """Return what was seen of a request, as ``InProcess.perform`` does.

        Args:
            outcome: what came of the call.
            data: all that came, where that is known; None: more may come.
            wanted: how many bytes are expected; nothing is waited for where a call failed.
        """
        if data:
            streams: tuple[Stream, ...] = (Stream("a", data, len(data), "eof"),)
        else:
            self.recorder.finish(0 if outcome.raised is not None else wanted)
            streams = self.recorder.streams()
        return self.seen(streams, StepRecord(outcome, tuple(_whole(streams))))

    def seen(
        self, streams: tuple[Stream, ...], record: StepRecord | None, fatal: tuple[str, str] | None = None
    ) -> Capture:
        """Return a capture of one request on this lane."""
        return Capture((record,), streams, {"a": (self.site.host, self.site.port)}, {}, fatal)


def _whole(streams: Sequence[Stream]) -> Iterator[Grown]:
    for index, stream in enumerate(streams):
        if stream.total:
            yield Grown(index, 0, stream.total)


class Endpoint:
    """The lanes for all requests whose connection objects are made in the same way.

    Args:
        connection: how they are made.
        slot: the number of this worker, from 0: decides the address for port 80.
        patience: how long its recorders wait.

    Raises:
        CannotBind: the server cannot listen there.
    """

    def __init__(self, connection: Connection, slot: int, patience: Patience) -> None:
        self.connection, self.slot, self.patience = connection, slot, patience
        # where the port is 80, it does not say which lane is meant
        count = 1 if connection.port.startswith("default") else LANES
        self.lanes: list[Lane] = []
        self._poll = _POLL()
        try:
            for index in range(count):
                self._open(index)
        except BaseException:
            self.close()
            raise

    def arguments(self) -> dict[str, Any]:
        """Return further arguments of the constructor, made anew."""
        return {name: build(recipe, self.lanes[0].site).value for name, recipe in self.connection.arguments}

    @contextmanager
    def redirected(self) -> Iterator[list[str] | None]:
        """Make names lead to the lanes; yields the names that were asked for, or None where nothing needs it."""
        with redirected(self.connection, [lane.recorder for lane in self.lanes]) as asked:
            yield asked

    def waiting(self) -> set[int]:
        """Return the descriptors of the recorders at which a connection waits."""
        return {descriptor for descriptor, _ in self._poll.poll(0)}

    def fresh(self, index: int) -> Lane:
        """Return a lane on which nothing is left: the same, cleaned, or another one where more could still come."""
        lane = self.lanes[index]
        if lane.recorder.is_quiet:
            lane.recorder.clear()
            return lane
        return self.another(index)

    def another(self, index: int) -> Lane:
        """Return another lane in the place of one at which anything may still come."""
        recorder = self.lanes[index].recorder
        self._poll.unregister(recorder.fileno())
        recorder.close()
        return self._open(index)

    def _open(self, index: int) -> Lane:
        lane = Lane(self.connection, self.slot, self.patience)
        self.lanes[index : index + 1] = [lane]
        self._poll.register(lane.recorder.fileno(), select.POLLIN)
        return lane

    def close(self) -> None:
        """Close all lanes."""
        for lane in self.lanes:
            lane.recorder.close()


def maker(recipe: Recipe | None, site: Site) -> Maker:
    """Return what makes an argument (``ABSENT``: it is not passed); it raises CannotBuild where that cannot be done."""
    if recipe is None:
        return lambda: ABSENT
    try:
        return prepare(recipe, site)
    except CannotBuild as error:
        return _unbuildable(str(error))


def makers(recipes: Sequence[Recipe | None], site: Site) -> list[Maker]:
    """Return what makes the values of an axis; each is prepared when it is needed first."""
    made: list[Maker] = []

    def first(index: int) -> Built:
        made[index] = maker(recipes[index], site)
        return made[index]()

    made.extend(functools.partial(first, index) for index in range(len(recipes)))
    return made


def _unbuildable(why: str) -> Maker:
    def refuse() -> Built:
        raise CannotBuild(why)

    return refuse


def is_placed(recipe: Recipe) -> bool:
    """Say whether the address of the server stands in an argument."""
    return "<host>" in repr(recipe) or "<port>" in repr(recipe)


def unresolved(raised: Raised | None, asked: list[str] | None) -> bool:
    """Say whether a call failed because its client resolves names in another way than the one that is redirected."""
    return asked == [] and raised is not None and not UNREACHED.isdisjoint(raised.classes)


Called = tuple[Any, "Raised | None", str]
"""What came of a call: the connection object (None: it could not be made), what was let out, and the name of the type
of what was returned.
"""


def call(connect: Callable[[], Any], made: Sequence[Built]) -> Called:
    """Make a connection object and the request; whatever the candidate lets out is caught.

    Args:
        connect: what makes the connection object.
        made: the arguments in the order of ``ARGUMENTS``.
    """
    method, url, body, headers, flag = made
    named = {}
    if body is not ABSENT:
        named["body"] = body.value
    if headers is not ABSENT:
        named["headers"] = headers.value
    if flag is not ABSENT:
        named["encode_chunked"] = flag.value
    connection = None
    try:
        connection = connect()
        return connection, None, _NAME(type(connection.request(method.value, url.value, **named)))
    except BaseException as error:
        return connection, raised_by(error, "construct" if connection is None else "request"), "NoneType"


def close(connection: Any) -> None:
    """Close a connection object; what that lets out after a single request is not judged."""
    try:
        connection.close()
    except BaseException:
        return


def outcome(called: Called, body: Mapping[str, object], headers: Mapping[str, object]) -> Outcome:
    """Return what came of a call, and what can be seen of body and headers, as ``InProcess.perform`` does."""
    _, raised, returned = called
    effects: dict[str, object] = {f"body.{name}": value for name, value in body.items()}
    effects.update(("headers", value) for value in headers.values())
    return Outcome(returned, raised, effects)
