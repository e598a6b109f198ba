"""The conformance kit for drivers: plays exchanges of its own with a driver and its own server, and says of each check
whether the driver keeps to docs/driver-protocol.md.

Theory of operation. A driver and the client behind it are one black box, and the client may do what it likes: it may
refuse a body, write text in its own way, add header fields. So a check fails only where no client could be the cause,
or where the protocol lays the blame: what cannot be built, what is said out of turn, a value that arrives as another
one. What a client does otherwise is a note. After every failure the driver is started anew, so that no check depends
on what went wrong in another; a driver that fails ``STRIKES`` times in a row so that it cannot be asked any further is
left alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from wireproof._candidates._messages import Json
from wireproof._kit import _building, _errors, _lasting, _sequences, _start, _turns
from wireproof._kit._results import Check, Failed, Lost, Result, Skipped
from wireproof._kit._session import Kit
from wireproof._kit._talk import Unstartable
from wireproof._model import Candidate

__all__ = ["STRIKES", "Result", "Unstartable", "check"]

STRIKES = 3
"""After so many failures in a row after which it had to be started anew, a driver is asked no further."""


def check(
    candidate: Candidate,
    path: Sequence[str],
    patience: float,
    globs: Sequence[str] = (),
    on_hello: Callable[[Json], object] = lambda hello: None,
) -> Iterator[Result]:
    """Check a driver; yield the results in an order that is always the same.

    Args:
        candidate: the driver's command, and what it is told to drive.
        path: folders where it looks for that.
        patience: seconds that an answer may take.
        globs: which checks are made beside the first; none: all.
        on_hello: is told what it says of itself, before the second result.

    Raises:
        Unstartable: the driver's program cannot be started.
        CandidateError: the driver says that what it drives cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="wireproof-", ignore_cleanup_errors=True) as folder:
        kit = Kit(candidate, path, folder, patience)
        try:
            first = _asked(kit, _start.HELLO)[0]
            if kit.hello:
                on_hello(kit.hello)
            yield first
            if kit.hello:
                yield from _results(kit, globs)
        finally:
            kit.drop()


def _results(kit: Kit, globs: Sequence[str]) -> Iterator[Result]:
    known = (
        *_start.CHECKS,
        *_turns.CHECKS,
        *_building.checks(kit.hello),
        *_errors.CHECKS,
        *_sequences.CHECKS,
        *_lasting.CHECKS,
    )
    strikes = 0
    for each in known:
        if globs and not any(fnmatchcase(each.name, glob) for glob in globs):
            continue
        if strikes >= STRIKES:
            yield Result(each.name, "skipped", f"not asked: it failed {STRIKES} times in a row before", each.section)
            continue
        result, is_lost = _asked(kit, each)
        strikes = strikes + 1 if is_lost else 0 if result.standing == "passed" else strikes
        yield result


def _asked(kit: Kit, asked: Check) -> tuple[Result, bool]:
    """Return the result of a check, and whether the driver could not be asked any further."""
    try:
        note = asked.run(kit)
    except Skipped as error:
        return Result(asked.name, "skipped", str(error), asked.section), False
    except Failed as error:
        kit.drop()
        failed = Result(
            asked.name,
            "failed",
            asked.text,
            asked.section,
            wanted=error.wanted,
            came=error.came,
            blame=error.blame,
        )
        return failed, isinstance(error, Lost)
    return Result(asked.name, "passed", asked.text, asked.section, note=note), False
