"""Clients that end their process, or try to by way of an exception."""

# ruff: noqa: D102 - the docstring of a class says what its methods do

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import sys
import threading
from typing import Any, NoReturn

from ._base import Hostile, forever


class Exits(Hostile):
    """Ends the process with status 0."""

    def before(self) -> None:
        os._exit(0)


class ExitsLate(Hostile):
    """Sends everything, and ends the process with status 7."""

    def after(self) -> None:
        os._exit(7)


class Segfaults(Hostile):
    """Reads where there is no memory."""

    def before(self) -> None:
        ctypes.string_at(0)


class Aborts(Hostile):
    """Calls abort."""

    def before(self) -> None:
        os.abort()


class KillsItself(Hostile):
    """Kills its process."""

    def before(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class KillsItsGroup(Hostile):
    """Kills all processes of its group."""

    def before(self) -> None:
        os.killpg(0, signal.SIGKILL)


class Alarms(Hostile):
    """Is killed by a timer while it waits."""

    def before(self) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        forever()


class RaisesSystemExit(Hostile):
    """Calls sys.exit."""

    def before(self) -> None:
        sys.exit(0)


class RaisesKeyboardInterrupt(Hostile):
    """Raises KeyboardInterrupt."""

    def before(self) -> None:
        raise KeyboardInterrupt


class Interrupts(Hostile):
    """Sends itself the signal of Ctrl-C."""

    def before(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        forever()


class RaisesGeneratorExit(Hostile):
    """Raises GeneratorExit."""

    def after(self) -> None:
        raise GeneratorExit


class RaisesMemoryError(Hostile):
    """Raises MemoryError, although there is memory."""

    def after(self) -> None:
        raise MemoryError


class Recurses(Hostile):
    """Recurses without end."""

    def before(self) -> None:
        self.before()


class RaisesEscapes(Hostile):
    """Raises with a message that clears a terminal, renames it, and has NULs, surrogates and line breaks."""

    def before(self) -> None:
        raise RuntimeError("\x1b[2J\x1b]0;owned\x07 \x00 \ud800\udfff \x9b31m [red]markup[/] \u202e \r\nlines")


class RaisesBytes(Hostile):
    """Raises with bytes that are no text in any encoding."""

    def before(self) -> None:
        raise RuntimeError(bytes(range(256)))


class Raises100MB(Hostile):
    """Raises with a message of 100 MB."""

    def before(self) -> None:
        raise RuntimeError("x" * 100_000_000)


class _Untold(Exception):
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        raise ValueError("no message")

    __repr__ = __str__


class RaisesUntold(Hostile):
    """Raises an exception whose message cannot be had."""

    def before(self) -> None:
        raise _Untold


class _ToldByExit(Exception):
    """An exception whose message ends the program."""

    def __str__(self) -> str:
        raise SystemExit(0)


class RaisesToldByExit(Hostile):
    """Raises an exception whose message is SystemExit."""

    def before(self) -> None:
        raise _ToldByExit


class _Meta(type):
    """A metaclass whose classes have no name, no bases and no order."""

    def __getattribute__(cls, name: str) -> Any:
        if name in ("__name__", "__mro__", "__qualname__", "__module__", "__bases__"):
            raise RuntimeError(name)
        return super().__getattribute__(name)


class _Nameless(Exception, metaclass=_Meta):
    """An exception of a class that refuses to be known."""


class RaisesNameless(Hostile):
    """Raises an exception of a class that refuses to say its name."""

    def before(self) -> None:
        raise _Nameless


class RaisesOddName(Hostile):
    """Raises an exception of a class with terminal escapes and a line break in its name, which is long."""

    def before(self) -> None:
        raise type("\x1b[2J\r\n" + "x" * 100_000, (Exception,), {})


class RaisesLiar(Hostile):
    """Raises an exception of a class that says to be ValueError, and is none."""

    def before(self) -> None:
        class Liar(Exception):
            __class__ = ValueError  # type: ignore[assignment]

        raise Liar


class ReturnsLiar(Hostile):
    """Returns an object whose class cannot be asked for anything."""

    def request(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> Any:
        super().request(method, url, *arguments, **keywords)
        return _Meta("Odd", (), {})() if self.is_hit else None


class ExitsInThread(Hostile):
    """Calls sys.exit in a thread, and waits for it."""

    def before(self) -> None:
        thread = threading.Thread(target=sys.exit)
        thread.start()
        thread.join()


class HangsAtExit(Hostile):
    """Leaves a function that hangs for the end of the interpreter, and a thread that is waited for."""

    def after(self) -> None:
        atexit.register(forever)
        threading.Thread(target=forever).start()


def _leave() -> NoReturn:
    os._exit(9)


class ExitsAtExit(Hostile):
    """Ends the process with another status when the interpreter ends."""

    def after(self) -> None:
        atexit.register(_leave)
