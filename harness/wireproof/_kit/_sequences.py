"""Checks of exchanges with several messages: connection objects that stay, close, end, threads, and streaming."""

from __future__ import annotations

from wireproof._candidates._messages import Json
from wireproof._kit._results import Check, Failed, Lost, Skipped
from wireproof._kit._samples import piece
from wireproof._kit._server import Server
from wireproof._kit._session import LAZY, MOMENT, Kit, bytes_shown
from wireproof._kit._talk import seen
from wireproof._model import Recipe, ServerPlan
from wireproof._recipes import KINDS
from wireproof._wire import parse_all

_REFUSED = "the client raises something"


def _again(kit: Kit) -> str:
    kit.need("sequences")
    with kit.server() as server:
        answers = [kit.request(server, kit.plain("/one"), last=False), kit.respond(server)]
        answers += [_more(kit, server, "/two"), kit.respond(server)]
        kit.end(server)
        if _let_out(answers):
            return _REFUSED
        _want(server, [b"/one", b"/two"], answers[-2])
        _all_closed(kit, server, "end")
    return ""


def _close(kit: Kit) -> str:
    kit.need("sequences")
    with kit.server() as server:
        answers = [kit.request(server, kit.plain("/one"), last=False), kit.respond(server)]
        closed = kit.ask(server, {"type": "close", "on": "a"})
        _all_closed(kit, server, "close")
        answers += [closed, _more(kit, server, "/two"), kit.respond(server)]
        kit.end(server)
        if _let_out(answers):
            return _REFUSED
        _want(server, [b"/one", b"/two"], answers[-2])
        _all_closed(kit, server, "end")
    return ""


def _two(kit: Kit) -> str:
    kit.need("sequences")
    with kit.server() as one, kit.server() as two:
        answers: list[Json | None] = [kit.request(one, kit.plain("/one"), last=False)]
        answers.append(kit.request(two, kit.plain("/two"), last=False, on="b"))
        kit.end(one, two)
        if _let_out(answers):
            return _REFUSED
        for server, target in ((one, b"/one"), (two, b"/two")):
            _want(server, [target], answers[-1])
            _all_closed(kit, server, "end")
    return ""


def _end(kit: Kit) -> str:
    """After an end a name means what the next message says; an end of nothing is an end, too."""
    kit.need("sequences")
    with kit.server() as one, kit.server() as two:
        kit.request(one, kit.plain("/one"), last=False)
        kit.end(one)
        kit.end()
        answer = kit.request(two, kit.plain("/two"), last=False)
        kit.end(two)
        if not _let_out([answer]):
            _want(two, [b"/two"], answer)
    return ""


def _more(kit: Kit, server: Server, url: str) -> Json:
    message = kit.message(server, kit.plain(url), last=False)
    del message["new"]
    return kit.ask(server, message)


def _let_out(answers: list[Json | None]) -> bool:
    return any(answer is not None and answer.get("raised") for answer in answers)


def _want(server: Server, targets: list[bytes], answer: Json | None) -> None:
    found = [message.target for stream in server.streams for message in parse_all(stream.data)]
    if len(found) != len(targets) or not all(map(bytes.endswith, found, targets)):
        wanted = " and ".join(target.decode() for target in targets)
        came = " and ".join(map(bytes_shown, found)) or "nothing"
        raise Failed(f"requests for {wanted} at the server", f"{came}; {seen(answer or {})}")


def _all_closed(kit: Kit, server: Server, what: str) -> None:
    if not kit.captures and not server.is_left(MOMENT):
        raise Failed(f"every connection closed before done of {what}", "an open connection")


def _collect(kit: Kit) -> str:
    kit.need("collect")
    kit.ask(None, {"type": "collect"})
    return ""


def _threads(kit: Kit) -> str:
    """One thread is held up by a server that does not read or answer; the other one must be done all the same."""
    kit.need("threads")
    body = kit.long_body()
    if kit.captures or (body is None and not kit.waits):
        raise Skipped("nothing holds up a call of this client")
    held = kit.plain() if body is None else kit.plain(method="PUT", body=body)
    with Server(kit.waits, plan=ServerPlan(late=body is not None)) as slow, kit.server() as quick:
        talk = kit.talk
        first, second = talk.send(
            kit.message(slow, held, last=False, thread="a"),
            kit.message(quick, kit.plain(), last=False, on="b", thread="b"),
        )
        done: list[int] = []
        attend = quick.attend
        while len(done) < 2:
            wanted = "done of one thread while another is held up" if not done else "done of the other thread"
            message = talk.receive(wanted, kit.for_long, attend)
            if message["type"] == "calling" and message["id"] in (first, second):
                continue
            if message["type"] != "done" or message["id"] != (second, first)[len(done)]:
                raise Lost(wanted, seen(message))
            done.append(message["id"])
            attend = slow.attend
        kit.end(slow, quick)
    return ""


def _streaming(kit: Kit) -> str:
    kit.need("streaming")
    container = kit.first(LAZY, "body")
    if container is None:
        raise Skipped("no body is claimed whose pieces are made one by one")
    (first, _), (last, brings) = piece(kit.piece, b"first;"), piece(kit.piece, b"the last")
    members = [member for member, type_ in KINDS[container].fields if type_ == "items"]
    body = Recipe(container, dict.fromkeys(members, (first, last)))
    told: list[bytes] = []
    with kit.server() as server:

        def on_piece() -> None:
            # a driver that does not wait sends the last piece while nobody has told it to
            server.recorder.settle(lambda: brings[0] in server.message.data)
            told.append(server.message.data)

        message = kit.message(server, kit.plain(method="PUT", body=body), observe=True)
        answer = kit.ask(server, message, on_piece=on_piece)
        if answer.get("raised"):
            return _REFUSED
        wanted = f"piece when the last piece of {container} is asked for, and that piece after go"
        if not told:
            raise Failed(wanted, seen(answer))
        if brings[0] in told[0]:
            raise Failed(wanted, f"the last piece before go: {bytes_shown(told[0])}")
    return "" if b"first;" in told[0] else "nothing is sent before the last piece is there"


CHECKS = (
    Check("sequences/again", "a connection object makes several requests", "sequences", _again),
    Check("sequences/close", "close closes, and the object can be used again", "sequences", _close),
    Check("sequences/two", "two connection objects do not mix", "sequences", _two),
    Check("sequences/end", "after end nothing is left of the exchange", "sequences", _end),
    Check("sequences/collect", "collect is answered", "sequences", _collect),
    Check("sequences/threads", "threads work at the same time", "sequences", _threads),
    Check("sequences/streaming", "the last piece waits for go", "sequences", _streaming),
)
