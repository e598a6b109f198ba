"""Checks of how a driver lasts and how it ends: large bodies, many requests, its end, and starting it again."""

from __future__ import annotations

import os
from contextlib import closing, suppress

from wireproof._kit._building import content_found
from wireproof._kit._results import Check, Failed, Skipped
from wireproof._kit._samples import Sample, written
from wireproof._kit._session import LONG, Kit

_WARMING = 20
_MANY = 300
_ALLOWED = 60


def _large(kit: Kit) -> str:
    body = kit.long_body()
    if body is None:
        raise Skipped("no body is claimed that is whole")
    text = body.get("text")
    sample = Sample(body, written(text) if isinstance(text, str) else (LONG,))
    played = kit.play(kit.plain(method="PUT", body=sample.recipe))
    return content_found(played, sample, f"{body.kind} of 1 MiB")


def _many(kit: Kit) -> str:
    with kit.server() as server:
        counts = []
        for times in (_WARMING, _MANY):
            for _ in range(times):
                kit.request(server, kit.plain())
                server.is_left()
            counts.append(held(kit.talk.link.process.pid))
    for what, before, after in zip(("descriptors", "processes"), *counts, strict=True):
        if after > before + _ALLOWED:
            wanted = f"as many {what} after {_MANY} requests as before"
            raise Failed(wanted, f"{before} before, {after} after")
    return ""


def session(leader: int) -> list[int]:
    """Return the processes of a session, those that have ended and were not waited for included."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
            # the name of the program, in brackets, may hold anything
            if int(file.read().rpartition(b")")[2].split()[3]) == leader:
                found.append(int(name))
    return found


def held(leader: int) -> tuple[int, int]:
    """Return how many descriptors the processes of a session hold, and how many of these processes there are."""
    processes = session(leader)
    descriptors = 0
    for process in processes:
        with suppress(OSError):
            descriptors += len(os.listdir(f"/proc/{process}/fd"))
    return descriptors, len(processes)


def _ending(kit: Kit) -> None:
    kit.play(kit.plain())
    talk = kit.talk
    leader = talk.link.process.pid
    status = talk.leave(kit.patience)
    if status is None:
        raise Failed(f"its end within {kit.patience:g} s of the end of its standard input", "it goes on")
    if status != 0:
        raise Failed(
            "exit status 0 at the end of its standard input", f"{status}; {talk.link.last_words or 'no words'}"
        )
    left = session(leader)
    if left:
        raise Failed("no process of its own left behind it", f"{len(left)} of them")


def _ends(kit: Kit) -> str:
    try:
        _ending(kit)
    finally:
        kit.drop()
    return ""


def _again(kit: Kit) -> str:
    kit.drop()
    kit.play(kit.plain())
    return ""


def _beside(kit: Kit) -> str:
    with closing(kit.another()) as one, closing(kit.another()) as two:
        for talk in (kit.greeted(one), kit.greeted(two), one, two):
            with kit.server() as server:
                (id_,) = talk.send(kit.message(server, kit.plain()))
                kit.keep(server, talk.answer(id_, server.attend))
    return ""


CHECKS = (
    Check("lasting/large", "a body of 1 MiB arrives, in a line of several", "lines", _large),
    Check("lasting/many", "300 requests in a row leave nothing open", "requests", _many),
    Check("lasting/end", "it ends at the end of its standard input", "lines", _ends),
    Check("lasting/again", "it can be started again", "start", _again),
    Check("lasting/two", "two of it can run at the same time", "start", _beside),
)
