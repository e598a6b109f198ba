"""Checks of what is said of errors: connections that fail, and exceptions of the caller's own body."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

from wireproof._candidates._messages import Json
from wireproof._kit._results import Check, Ended, Failed, Lost, Skipped
from wireproof._kit._samples import piece
from wireproof._kit._server import Server
from wireproof._kit._session import LAZY, Kit, quoted
from wireproof._kit._talk import seen
from wireproof._model import Recipe, ServerPlan
from wireproof._recipes import KINDS, MAY_RAISE

_PARTIAL = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of"


def _refused(kit: Kit) -> str:
    if kit.captures:
        raise Skipped("captures: there is no connection")
    # bound and not listened on: nobody else can listen there meanwhile
    with socket.socket() as held, kit.server() as server:
        held.bind(("127.0.0.1", 0))
        host, port = held.getsockname()
        message = kit.message(server, kit.plain())
        message["new"] = {**message["new"], "host": host, "port": port, "address": [host, port]}
        answer = kit.ask(None, message)
        raised = answer.get("raised")
        wanted = "raised with OSError among its classes, in the phase construct or request, where nobody listens"
        if not raised or "OSError" not in raised["classes"] or raised["phase"] not in ("construct", "request"):
            raise Failed(wanted, seen(answer))
        kit.request(server, kit.plain())
    return ""


def _reset(kit: Kit) -> str:
    if kit.captures:
        raise Skipped("captures: there is no connection")
    with Server(kit.waits, plan=ServerPlan(hangs_up_after=1)) as server:
        note = _noted(kit, lambda: kit.request(server, kit.plain()), "a reset")
    kit.play(kit.plain())
    return note


def _half(kit: Kit) -> str:
    if kit.captures:
        raise Skipped("captures: there is no connection")
    if not kit.waits and "sequences" not in kit.claimed("features"):
        raise Skipped("no response is read")
    ask = _half_waiting if kit.waits else _half_read
    note = _noted(kit, lambda: ask(kit), "half a response")
    kit.play(kit.plain())
    return note


def _half_waiting(kit: Kit) -> Json:
    with Server(False) as server:

        def attend() -> tuple[float, Sequence[int]]:
            wait = server.watch()
            for index, stream in enumerate(server.streams):
                if stream.ended == "open" and b"\r\n\r\n" in stream.data:
                    server.recorder.reply(_PARTIAL, close=True, on=index)
            return wait

        return kit.ask(server, kit.message(server, kit.plain()), attend)


def _half_read(kit: Kit) -> Json:
    with kit.server() as server:
        kit.request(server, kit.plain(), last=False)
        answer = kit.respond(server, (_PARTIAL, True))
        kit.end(server)
        assert answer is not None
        return answer


def _noted(kit: Kit, ask: Callable[[], Json], of: str) -> str:
    """Return a note about what a client makes of a connection that fails: that it need not raise anything is its own.

    Neither need it end in time: it may try again and again.
    """
    try:
        answer = ask()
    except Lost as error:
        if error.blame != "candidate" or isinstance(error, Ended):
            raise
        kit.drop()
        return f"the client does not end at {of}"
    return "" if answer.get("raised") else f"the client raises nothing at {of}"


def _raise(kit: Kit) -> str:
    if "raise" not in kit.claimed("pieces"):
        raise Skipped("raise not claimed")
    plain, _ = piece(kit.piece, b"before")
    container = next((kind for kind in LAZY if kind in kit.kinds("body") and _is_taken(kit, kind, plain)), None)
    if container is None:
        raise Skipped("the client takes no body whose pieces are made one by one")
    wrapped: dict[str, str] = {}
    for name in MAY_RAISE:
        body = _holding(container, plain, Recipe("raise", {"name": name}))
        answer = kit.play(kit.plain(method="PUT", body=body)).answer
        raised = answer.get("raised")
        if not raised:
            raise Failed(f"{name} raised, because a piece of {container} raises it", seen(answer))
        if name not in raised["classes"]:
            wrapped[quoted(raised["classes"][0])] = name
    return "; ".join(f"the client lets out {own} for {name}" for own, name in wrapped.items())


def _holding(container: str, *pieces: Recipe) -> Recipe:
    members = [member for member, type_ in KINDS[container].fields if type_ == "items"]
    return Recipe(container, dict.fromkeys(members, pieces))


def _is_taken(kit: Kit, container: str, plain: Recipe) -> bool:
    """Say whether the client takes such a body at all."""
    return not kit.play(kit.plain(method="PUT", body=_holding(container, plain))).raised


CHECKS = (
    Check("errors/refused", "a refused connection is an OSError", "requests", _refused),
    Check("errors/reset", "a connection that is reset is no end of the driver", "requests", _reset),
    Check("errors/half", "half a response is no end of the driver", "requests", _half),
    Check("errors/raise", "what a piece of a body raises is what the client lets out", "recipes", _raise),
)
