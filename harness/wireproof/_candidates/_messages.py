"""What is said to drivers, as JSON values: recipes, and how connection objects are made (docs/driver-protocol.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from wireproof._candidates._servers import constructor, is_redirected
from wireproof._capture import Recorder
from wireproof._model import Candidate, Connection, Recipe
from wireproof.drivers.python_driver import PROTOCOL, Site

Json = dict[str, Any]


def line(message: Mapping[str, Any]) -> bytes:
    """Return a message as it is sent."""
    return json.dumps(message).encode("ascii") + b"\n"


def start_message(candidate: Candidate, path: Sequence[str]) -> Json:
    """Return the first message: who is driven, and the folders where a Python driver looks for it."""
    return {
        "type": "start",
        "protocol": PROTOCOL,
        "candidate": candidate.target,
        "path": list(path),
        "options": dict(candidate.options),
    }


def recipe_message(recipe: Recipe, site: Site | None) -> Json:
    """Return a recipe as a message has it, with the server's address filled in unless ``site`` is None."""
    return {"kind": recipe.kind, **{name: _value(value, site) for name, value in recipe.fields.items()}}


def _value(value: object, site: Site | None) -> object:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return site.fill(value) if site else value
    if isinstance(value, Recipe):
        return recipe_message(value, site)
    if isinstance(value, tuple):
        return [_value(each, site) for each in value]
    return value


def new_message(connection: Connection, recorder: Recorder, site: Site) -> Json:
    """Return how a connection object is made."""
    host, *port = constructor(connection, recorder)
    return {
        "host": host,
        "port": port[0] if port else None,
        "named": {name: recipe_message(recipe, site) for name, recipe in connection.arguments},
        "address": [recorder.host, recorder.port],
        "resolve": is_redirected(connection),
    }


def seen_effects(value: Mapping[str, Any]) -> dict[str, object]:
    """Return the effects that a driver has seen, with tuples where it has lists."""
    return {name: tuple(seen) if isinstance(seen, list) else seen for name, seen in value.items()}
