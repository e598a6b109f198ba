"""Cases as test vectors that any language can read: JSON, described by vectors.schema.json beside this file.

Bytes are text with one character a byte. <host> and <port> stand for the address that the client connects to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wireproof import __version__
from wireproof._candidates._messages import recipe_message
from wireproof._candidates._servers import REPLIES
from wireproof._model import Blocks, Case, Clause, Connection, Digest, Expect, Recipe, Step

FORMAT = 1
"""The version of the document's shape."""

Json = dict[str, Any]


def vectors(cases: Iterable[Case], clauses: Mapping[str, Clause]) -> Iterator[str]:
    """Yield the document in pieces; no more than one case is in memory as JSON at a time."""
    frame = {
        "wireproof": __version__,
        "format": FORMAT,
        "clauses": {
            clause.id: {"level": clause.level, "sentences": list(clause.sentences), "text": clause.text}
            for clause in clauses.values()
        },
    }
    yield json.dumps(frame, indent=1)[:-2] + ',\n "vectors": ['
    separator = "\n"
    for case in cases:
        yield separator + json.dumps(_vector(case))
        separator = ",\n"
    yield "\n]}\n"


def _vector(case: Case) -> Json:
    return {
        "id": case.id,
        "about": case.about,
        "since": case.since,
        "hash": case.hash,
        "clauses": list(case.clauses),
        "connection": _connection(case.connection),
        **({"server": _server(case)} if case.server.late or case.server.hangs_up_after is not None else {}),
        **({"threads": True} if case.threads else {}),
        "steps": [_step(step) for step in case.steps],
    }


def _connection(connection: Connection) -> Json:
    return {
        "host": connection.host,
        **({"name": connection.name} if connection.name else {}),
        "port": connection.port,
        "arguments": _recipes(connection.arguments),
    }


def _recipes(arguments: Iterable[tuple[str, Recipe]]) -> Json:
    return {name: recipe_message(recipe, None) for name, recipe in arguments}


def _server(case: Case) -> Json:
    limit = case.server.hangs_up_after
    return {"late": case.server.late, **({} if limit is None else {"hangs_up_after": limit})}


def _step(step: Step) -> Json:
    common: Json = {"action": step.action, "on": step.on}
    if step.action == "reply":
        data, closes = REPLIES[step.reply]
        return {**common, "sent": data.decode("latin-1"), "closes": closes}
    if step.request is None or step.expect is None:
        return common
    return {
        **common,
        "passed": step.request.passed,
        "arguments": _recipes(step.request.arguments),
        "expect": _expect(step.expect),
        "alternatives": [
            {"kind": each.kind, "name": each.name, "value": each.value, "expect": _expect(each.expect)}
            for each in step.alternatives
        ],
    }


def _expect(expect: Expect) -> Json:
    return {
        "head": None if expect.head is None else "".join(f"{line}\r\n" for line in (*expect.head, "")),
        "body": _body(expect.body),
        **({} if expect.at_least is None else {"at_least": expect.at_least}),
        "raises": expect.raises,
        **({"effects": dict(expect.effects)} if expect.effects else {}),
        **({"reconnects": True} if expect.reconnects else {}),
    }


def _body(body: bytes | Digest | Blocks) -> str | Json:
    if isinstance(body, Digest):
        return {"length": body.length, "sha256": body.sha256}
    if isinstance(body, Blocks):
        return {"data": body.data.decode("latin-1"), "count": body.count, "end": body.end.decode("latin-1")}
    return body.decode("latin-1")
