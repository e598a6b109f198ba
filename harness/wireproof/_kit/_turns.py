"""Checks of who speaks when: calling before the call, done after the close, ids, order, and what has to be ignored."""

from __future__ import annotations

from wireproof._candidates._messages import Json
from wireproof._kit._results import Check, Ended, Failed, Lost, Skipped
from wireproof._kit._server import Server
from wireproof._kit._session import MOMENT, Kit, bytes_shown
from wireproof._kit._talk import Attend, seen
from wireproof._model import Connection, ServerPlan
from wireproof._wire import parse_all

_AHEAD = 64
_TIMES = 5
_JUNK = {
    "an empty line": b"\n",
    "a line that is no JSON": b"{]\n",
    "a line that is no object": b"[1, 2]\n",
    "an object without a type": b'{"id": 1000000}\n',
    "a line that is no UTF-8": b'{"type": "\xff"}\n',
}


def _calling(kit: Kit) -> str:
    """The request is one that the client cannot have finished when the server has not begun to read or to answer."""
    body = kit.long_body()
    if kit.captures or (body is None and not kit.waits):
        raise Skipped("it cannot be seen from outside when this client is called")
    arguments = kit.plain() if body is None else kit.plain(method="PUT", body=body)
    with Server(kit.waits, plan=ServerPlan(late=body is not None)) as server:
        (id_,) = kit.talk.send(kit.message(server, arguments))
        try:
            kit.talk.answer(id_, on_calling=lambda: server.attend, seconds=kit.for_long)
        except Lost as error:
            if any(stream.data for stream in server.streams) and error.wanted.startswith("calling"):
                came = f"{error.came}, with {bytes_shown(server.message.method)} at the server already"
                raise Lost(f"{error.wanted} before the client is called", came) from None
            raise
    return ""


def _last(kit: Kit) -> str:
    if kit.captures:
        raise Skipped("captures: there is no connection")
    for _ in range(_TIMES):
        with kit.server() as server:
            answer = kit.request(server, kit.plain())
            if not server.is_left(MOMENT):
                raise Failed(
                    "the connection closed before done, because of last", f"an open connection, and {seen(answer)}"
                )
            if not server.streams and not answer.get("raised"):
                raise Failed("a request at the server before done", seen(answer))
    return ""


def _ids(kit: Kit) -> str:
    with kit.server() as server:
        for number in range(_TIMES):
            kit.request(server, kit.plain(f"/{number}"))
    return ""


def _ahead(kit: Kit) -> str:
    with kit.server() as server:
        asked = [kit.message(server, kit.plain(f"/ahead/{number}")) for number in range(_AHEAD)]
        for id_ in kit.talk.send(*asked):
            kit.keep(server, kit.talk.answer(id_, server.attend))
        found = [message.target for stream in server.streams for message in parse_all(stream.data)]
    for number, target in enumerate(found):
        if not target.endswith(b"/ahead/%d" % number):
            raise Failed(f"/ahead/{number} as request number {number + 1} of those sent ahead", bytes_shown(target))
    return ""


def _ignored(kit: Kit) -> str:
    later: Json = {"wireproof-later": {"type": "start", "kind": ["str"]}}
    with kit.server() as server:
        message = kit.message(server, kit.plain(), **later)
        message["new"] = {**message["new"], **later}
        kit.talk.send({"type": "wireproof-later", "on": "a"})
        kit.ask(server, message)
    return ""


def _junk(kit: Kit) -> str:
    ends = []
    for what, junk in _JUNK.items():
        talk = kit.greeted(kit.another())
        try:
            with kit.server() as server:
                for before in (b"", junk):
                    talk.link.send(before)
                    (id_,) = talk.send(kit.message(server, kit.plain()))
                    talk.answer(id_, server.attend)
        except Ended as error:
            if not talk.link.last_words:
                raise Failed(f"an answer after {what}, or an end that says why on standard error", error.came) from None
            ends.append(what)
        except Lost as error:
            raise Lost(f"an answer after {what}, or its end: {error.wanted}", error.came, error.blame) from None
        finally:
            talk.close()
    return f"it ends at {', '.join(ends)}" if ends else ""


def _waits(kit: Kit) -> str:
    kit.need("waits")
    with Server(False) as server:
        (id_,) = kit.talk.send(kit.message(server, kit.plain()))

        def answered_late() -> Attend:
            """Answer once the request has stood for a while; a client that does not wait has gone by then."""
            server.watch()
            while not server.message.complete and server.recorder.wait(kit.patience):
                server.watch()
            server.recorder.wait(0.1)
            server.watch()
            gone.append(server.recorder.is_quiet)
            server.recorder.reply(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", close=False)
            return server.watch

        gone: list[bool] = []
        answer = kit.talk.answer(id_, on_calling=answered_late)
        if answer["type"] == "done" and gone and gone[0] and not answer.get("raised"):
            raise Failed("a call that waits for the response, because waits is claimed", f"no wait, and {seen(answer)}")
    return ""


def _on_port(kit: Kit) -> str:
    """Two exchanges one after the other go where their own ``new`` says."""
    with kit.server() as first, kit.server(Connection()) as second:
        for server in (first, second, first):
            kit.request(server, kit.plain())
        counts = [len([each for each in server.streams if each.data]) for server in (first, second)]
    if counts != [2, 1]:
        raise Failed("two requests at one server and one at another", f"{counts[0]} and {counts[1]}")
    return ""


CHECKS = (
    Check("turns/ids", "each message has one answer, with its id", "requests", _ids),
    Check("turns/calling", "calling comes before the client is called", "requests", _calling),
    Check("turns/last", "the connection is closed before done", "requests", _last),
    Check("turns/new", "each exchange goes where its own new says", "requests", _on_port),
    Check("turns/ahead", "64 messages ahead are answered in order", "requests", _ahead),
    Check("turns/unknown", "unknown messages and members are ignored", "lines", _ignored),
    Check("turns/junk", "what is no message is no reason for a wrong answer", "lines", _junk),
    Check("turns/waits", "the client waits for the response", "start", _waits),
)
