"""Slices of a candidate in this process: the requests of a batch are made, looked at and closed one step after the
other, which keeps the processor's caches warm.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wireproof._candidates._inprocess import CANNOT_BUILD, InProcess
from wireproof._candidates._lanes import Called, Lane, Maker, call, close, makers
from wireproof._codec import CLOSING, PLAYED
from wireproof._matrix import ARGUMENTS, Value
from wireproof._slices._loop import Codes, Indices, Loop, Played, Report, Station
from wireproof.drivers.python_driver import Built, CannotBuild

if TYPE_CHECKING:
    from wireproof._slices._player import Player

_Call = tuple[int, int, "LocalStation", Indices, tuple[Built, ...], Called]
"""A request that was made: the index of its code, its number, where, its values, its arguments, and what came of it."""

_NOTHING: Mapping[str, object] = {}


class LocalStation(Station):
    """A station with what makes the connection objects and the arguments."""

    __slots__ = ("connect", "makers")

    def __init__(
        self,
        lane: Lane,
        connect: Callable[[], Any],
        axes: Mapping[str, Sequence[Value]],
        like: LocalStation | None = None,
    ) -> None:
        super().__init__(lane, axes, like)
        self.connect = connect
        self.makers: tuple[list[Maker], ...] = (
            like.makers
            if like
            else tuple(makers([value.recipe for value in axes[name]], lane.site) for name in ARGUMENTS)
        )

    def make(self, at: Indices) -> tuple[Built, ...]:
        """Make the arguments of a request.

        Raises:
            CannotBuild: one of them cannot be made here.
        """
        _, method, url, body, headers, flag = at
        of_method, of_url, of_body, of_headers, of_flag = self.makers
        return of_method[method](), of_url[url](), of_body[body](), of_headers[headers](), of_flag[flag]()


class LocalLoop(Loop[LocalStation]):
    """Plays requests of a candidate in this process."""

    def __init__(self, player: Player, connection: int) -> None:
        assert isinstance(player.candidate, InProcess)
        self.candidate = player.candidate
        super().__init__(player, connection)

    def _station(self, lane: Lane) -> LocalStation:
        like = self.stations[0] if self.stations and not self.is_placed else None
        connect = functools.partial(self.candidate.factory, *lane.arguments, **self.endpoint.arguments())
        return LocalStation(lane, connect, self.axes, like)

    def _play(self, numbers: Sequence[int], first: int, codes: Codes, report: Report) -> Sequence[Played]:
        """Make the requests, each on a lane of its own; then look at what they did to their arguments, and close."""
        player, watch, indices_of = self.player, self.player.candidate.watch, self.indices_of
        begin, timeout, came_back = watch.begin, player.candidate.timeout, self.candidate.engine.came_back
        calls: list[_Call] = []
        for index, (number, station) in enumerate(zip(numbers, self.stations, strict=False), first):
            player.number, player.lane = number, station.lane
            at = indices_of(number)
            try:
                made = station.make(at)
            except CannotBuild as error:
                player.refuse(index, f"{CANNOT_BUILD}: {error}", codes, report)
                continue
            begin(station.watched, timeout, timeout)
            called = call(station.connect, made)
            came_back()
            codes[index] = PLAYED
            calls.append((index, number, station, at, made, called))
        watch.end()
        played = [
            (
                index,
                number,
                station,
                at,
                called,
                made[2].effects() if made[2].looks else _NOTHING,
                made[3].effects() if made[3].looks else _NOTHING,
            )
            for index, number, station, at, made, called in calls
        ]
        begin([call[2].lane.recorder for call in calls], timeout, timeout)
        for index, number, station, _, made, (connection, _, _) in calls:
            player.number, player.lane = number, station.lane
            codes[index] = CLOSING
            close(connection)
            came_back()
            if made[2].is_open:
                made[2].close()
        watch.end()
        return played
