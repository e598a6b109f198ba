"""What a driver says that it can express, and what a case asks for that it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from wireproof._candidates._servers import is_redirected
from wireproof._model import Case, Connection, Recipe, Request, ServerPlan

_EMPTY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Can:
    """The member ``can`` of a driver's hello; see docs/driver-protocol.md."""

    arguments: Mapping[str, frozenset[str]]
    pieces: frozenset[str] = _EMPTY
    fields: frozenset[str] = _EMPTY
    hosts: frozenset[str] = _EMPTY
    ports: frozenset[str] = _EMPTY
    named: frozenset[str] = _EMPTY
    passed: frozenset[str] = _EMPTY
    effects: frozenset[str] = _EMPTY
    features: frozenset[str] = _EMPTY

    def argument(self, name: str, recipe: Recipe) -> str | None:
        """Return why an argument of ``request`` cannot be expressed, or None."""
        kinds = self.arguments.get(name)
        if kinds is None:
            return f"the driver has no way to pass {name}"
        if recipe.kind not in kinds:
            return f"the driver cannot build {name} as {recipe.kind}"
        inside = self.fields if name == "headers" else self.pieces
        for kind in _inside(recipe):
            if kind not in inside:
                return f"the driver cannot build {kind} inside of {name}"
        return None

    def connection(self, connection: Connection) -> str | None:
        """Return why connection objects cannot be made in this way, or None."""
        if connection.host not in self.hosts:
            return f"the driver cannot give a host as {connection.host}"
        if connection.port not in self.ports:
            return f"the driver cannot give a port as {connection.port}"
        if is_redirected(connection) and connection.host != "localhost" and "names" not in self.features:
            return "the driver cannot have names resolved to the server"
        for name, _ in connection.arguments:
            if name not in self.named:
                return f"the driver cannot give the constructor {name}"
        return None

    def request(self, request: Request) -> str | None:
        """Return why a call cannot be expressed, or None."""
        if request.passed not in self.passed:
            return f"the driver cannot pass arguments in the way {request.passed}"
        return next(filter(None, (self.argument(name, recipe) for name, recipe in request.arguments)), None)

    def case(self, case: Case) -> str | None:
        """Return why a case cannot be played, or None."""
        why = self.connection(case.connection) or self._server(case.server) or self._sequence(case)
        return why or next(filter(None, (self.request(step.request) for step in case.steps if step.request)), None)

    def _server(self, plan: ServerPlan) -> str | None:
        if "captures" in self.features and plan != ServerPlan():
            return "the client meets no server that could be late or hang up"
        return None

    def _sequence(self, case: Case) -> str | None:
        if case.threads and "threads" not in self.features:
            return "the driver has no threads"
        waits = "waits" in self.features
        if waits:
            for on in {step.on for step in case.steps}:
                actions = [step.action for step in case.steps if step.on == on]
                if ("request", "request") in pairwise(actions):
                    return "the client waits for each response, so no request comes before one"
        played = [step for step in case.steps if not (waits and step.action == "reply")]
        if len(played) > 1 and "sequences" not in self.features:
            return "the driver makes one request an exchange"
        return None


def _inside(recipe: Recipe) -> list[str]:
    """Return the kinds of the recipes inside of a recipe."""
    found: list[str] = []
    for name in ("items", "reads"):
        pieces: Any = recipe.get(name) or ()
        for piece in pieces:
            for each in piece if isinstance(piece, tuple) else (piece,):
                if isinstance(each, Recipe):
                    found.append(each.kind)
    return found


def read_can(value: Mapping[str, Any], lacks: tuple[str, ...] = ()) -> Can:
    """Return what a driver can, but for what its candidate lacks.

    Args:
        value: the member ``can`` of its hello, which keeps to the schema.
        lacks: names of arguments, of the constructor's arguments, and of features, with the member that has them where
            that is not clear: ``ports.str``.
    """
    arguments = {name: frozenset(kinds) for name, kinds in value["arguments"].items() if name not in lacks}
    others = ("pieces", "fields", "hosts", "ports", "named", "passed", "effects", "features")
    left = ([word for word in value[name] if not {word, f"{name}.{word}"} & set(lacks)] for name in others)
    return Can(arguments, *map(frozenset, left))
