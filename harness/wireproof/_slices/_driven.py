"""Slices of a candidate behind a driver: a batch of messages is handed over at once, put together from JSON that is
made once for each value, and the answers are read one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from wireproof._candidates._inprocess import Fatal
from wireproof._candidates._lanes import Lane
from wireproof._candidates._link import DriverFault, Stale
from wireproof._candidates._messages import new_message, recipe_message
from wireproof._candidates._remote import Driven
from wireproof._codec import PLAYED
from wireproof._judge import errored
from wireproof._matrix import ARGUMENTS, Value
from wireproof._model import Connection, Outcome
from wireproof._slices._loop import Codes, Indices, Loop, Played, Report, Station
from wireproof.drivers.python_driver import CannotExpress

if TYPE_CHECKING:
    from wireproof._slices._player import Player


class DrivenStation(Station):
    """A station with the text of messages: how the connection object is made, and each argument (None: not passed)."""

    __slots__ = ("new", "texts")

    def __init__(
        self,
        lane: Lane,
        connection: Connection,
        axes: Mapping[str, Sequence[Value]],
        like: DrivenStation | None = None,
    ) -> None:
        super().__init__(lane, axes, like)
        self.new = json.dumps(new_message(connection, lane.recorder, lane.site))
        self.texts: tuple[list[str | None], ...] = (
            like.texts if like else tuple([_text(name, value, lane) for value in axes[name]] for name in ARGUMENTS)
        )

    def message(self, at: Indices) -> str:
        """Return the message of a request, without its first brace and its id."""
        _, *indices = at
        given = [text for texts, index in zip(self.texts, indices, strict=True) if (text := texts[index]) is not None]
        return (
            f'"type":"request","on":"a","new":{self.new},"arguments":{{{",".join(given)}}},'
            '"passed":"usual","last":true}'
        )


def _text(name: str, value: Value, lane: Lane) -> str | None:
    if value.recipe is None:
        return None
    return f'"{name}":{json.dumps(recipe_message(value.recipe, lane.site))}'


class _Asked(NamedTuple):
    """One request of a batch: the index of its code, its number, where, and its values."""

    code: int
    number: int
    station: DrivenStation
    at: Indices


class DrivenLoop(Loop[DrivenStation]):
    """Plays requests of a candidate behind a driver."""

    def __init__(self, player: Player, connection: int) -> None:
        assert isinstance(player.candidate, Driven)
        self.candidate = player.candidate
        super().__init__(player, connection)
        assert self.value.connection is not None
        can = self.candidate.remote.hello.can
        self._refused = can.connection(self.value.connection)
        self._lacking = [
            [can.argument(name, value.recipe) if value.recipe else None for value in self.axes[name]]
            for name in ARGUMENTS
        ]

    def _station(self, lane: Lane) -> DrivenStation:
        assert self.value.connection is not None
        like = self.stations[0] if self.stations and not self.is_placed else None
        return DrivenStation(lane, self.value.connection, self.axes, like)

    def redirected(self) -> AbstractContextManager[list[str] | None]:
        """Names are the driver's business."""
        return nullcontext()

    def _why_not(self, at: Indices) -> str | None:
        """Return why a combination cannot be expressed, or None."""
        _, *indices = at
        lacking = (whys[index] for whys, index in zip(self._lacking, indices, strict=True))
        return self._refused or next(filter(None, lacking), None)

    def _play(self, numbers: Sequence[int], first: int, codes: Codes, report: Report) -> Sequence[Played]:
        player = self.player
        asked: list[_Asked] = []
        for index, (number, station) in enumerate(zip(numbers, self.stations, strict=False), first):
            player.number, player.lane = number, station.lane
            at = self.indices_of(number)
            why = self._why_not(at)
            if why is None:
                asked.append(_Asked(index, number, station, at))
            else:
                player.refuse(index, why, codes, report)
        played: list[Played] = []
        while asked:
            asked = self._ask(asked, played, codes, report)
        self.candidate.watch.end()
        return played

    def _ask(self, asked: list[_Asked], played: list[Played], codes: Codes, report: Report) -> list[_Asked]:
        """Ask for requests, and add those that were made; return those that the end of the driver has left over."""
        remote = self.candidate.remote
        ids: list[int] = []
        for position, one in enumerate(asked):
            self.player.number, self.player.lane = one.number, one.station.lane
            try:
                if not ids:
                    remote.ready()
                    ids = remote.tell([each.station.message(each.at) for each in asked])
                outcome = self._answer(one, ids[position])
            except CannotExpress as error:
                self.player.refuse(one.code, str(error), codes, report)
            except Fatal as error:
                capture = self.player.capture((error.code, error.text))
                self.player.explain(one.code, capture, codes, report)
                return self._left(asked[position:])
            except Stale:
                return self._left(asked[position:], again=True)
            except DriverFault as error:
                self.player.settle(one.code, errored(self.player.case, str(error), "driver"), codes, report)
                return self._left(asked[position:])
            else:
                codes[one.code] = PLAYED
                body = {name[5:]: seen for name, seen in outcome.effects.items() if name.startswith("body.")}
                headers = {"content": outcome.effects["headers"]} if "headers" in outcome.effects else {}
                called = (None, outcome.raised, outcome.returned)
                played.append((one.code, one.number, one.station, one.at, called, body, headers))
        return []

    def _left(self, asked: list[_Asked], *, again: bool = False) -> list[_Asked]:
        """Return what is left to be asked behind the first of these, which may itself be asked again, on lanes on which
        nothing can come any more.

        A driver is ahead of its answers: it may have made requests already that are to be made again.
        """
        left: list[_Asked] = []
        for one in asked:
            at = self.stations.index(one.station)
            station = self.stations[at] = self._station(self.endpoint.another(at))
            left.append(one._replace(station=station))
        return left if again else left[1:]

    def _answer(self, one: _Asked, id_: int) -> Outcome:
        candidate, remote, recorder = self.candidate, self.candidate.remote, one.station.lane.recorder
        seconds = candidate.timeout + remote.grace
        candidate.watch.begin(one.station.watched, seconds, seconds)
        attend = None
        if remote.waits:
            attend = remote.attending(recorder, "ok", (self.length(one.station, one.at),))
        answer = remote.answer(id_, attend)
        remote.keep(answer, {"a": recorder})
        return remote.outcome(answer)
