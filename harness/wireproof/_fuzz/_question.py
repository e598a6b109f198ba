"""What the fuzzer asks: an exchange as in a case, before anybody has said what must come of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from wireproof._model import Connection, Request, ServerPlan


@dataclass(frozen=True, slots=True)
class Ask:
    """One step: ``request`` where there is one; otherwise the name of a reply, or "" for close()."""

    on: str = "a"
    request: Request | None = None
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """The steps, how connection objects are made, and how the server behaves."""

    asks: tuple[Ask, ...]
    connection: Connection = field(default_factory=Connection)
    server: ServerPlan = field(default_factory=ServerPlan)
