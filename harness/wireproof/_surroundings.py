"""What a candidate in a worker shares with it: looked at before the first call, and put back after a case.

A candidate may change its process, its verdict does not depend on that; but the cases after it must not, either. What
can be put back is put back. What cannot (memory, descriptors, threads that it keeps) wears a process out, and the
worker leaves the rest to a fresh one. A worker that fails itself where either is the case was broken by the candidate.

Everything used here is taken from its module before a candidate can replace it.
"""

from __future__ import annotations

import _locale
import _signal  # type: ignore[import-not-found]
import builtins
import gc
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

LEFT_OPEN = 1_000
LEFT_RUNNING = 100
USED = 0.5
"""The share of its memory, or of its processor time, that a process may have used up."""

_LISTDIR, _GETRLIMIT, _CPU_TIME, _OPEN = os.listdir, resource.getrlimit, time.process_time, open
_GETHANDLER, _SETHANDLER, _GETTIMER, _SETTIMER = _signal.getsignal, _signal.signal, _signal.getitimer, _signal.setitimer
_SIGMASK, _UMASK, _GETCWD, _SETLOCALE = _signal.pthread_sigmask, os.umask, os.getcwd, _locale.setlocale
_BUILTINS, _MODULES = vars(builtins), sys.modules
_PAGE = os.sysconf("SC_PAGE_SIZE")
_NUMBERS = sorted(_signal.valid_signals() - {_signal.SIGKILL, _signal.SIGSTOP})
_TIMERS = (_signal.ITIMER_REAL, _signal.ITIMER_VIRTUAL, _signal.ITIMER_PROF)
_NO_TIMER = (0.0, 0.0)


def _put(kept: dict[Any, Any], into: dict[Any, Any]) -> None:
    into.clear()
    into.update(kept)


def _umask() -> int:
    now = _UMASK(0o077)
    _UMASK(now)
    return now


def _directory() -> str:
    try:
        return _GETCWD()
    except OSError:  # it is gone
        return ""


def _set_handlers(kept: tuple[Any, ...]) -> None:
    for number, handler in zip(_NUMBERS, kept, strict=True):
        if handler is not None:
            _SETHANDLER(number, handler)


def _set_timers(kept: tuple[Any, ...]) -> None:
    for timer, (delay, interval) in zip(_TIMERS, kept, strict=True):
        _SETTIMER(timer, delay, interval)


def _timers() -> tuple[Any, ...]:
    """Return what timers are set to; how much of it is left does not matter."""
    return tuple(_NO_TIMER if _GETTIMER(timer) == _NO_TIMER else (1.0, 1.0) for timer in _TIMERS)


def _set_environment(kept: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(kept)


_Part = tuple[str, Callable[[], Any], Callable[[Any], object]]

_PARTS: tuple[_Part, ...] = (
    ("the builtins", lambda: {**_BUILTINS}, lambda kept: _put(kept, _BUILTINS)),
    ("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    ("the trace function", sys.gettrace, sys.settrace),
    ("the profile function", sys.getprofile, sys.setprofile),
    ("the timers", _timers, _set_timers),
    ("the signal mask", lambda: _SIGMASK(_signal.SIG_BLOCK, ()), lambda kept: _SIGMASK(_signal.SIG_SETMASK, kept)),
    ("the signal handlers", lambda: tuple(map(_GETHANDLER, _NUMBERS)), _set_handlers),
    ("the umask", _umask, _UMASK),
    ("the working directory", _directory, os.chdir),
    ("the locale", lambda: _SETLOCALE(_locale.LC_ALL, None), lambda kept: _SETLOCALE(_locale.LC_ALL, kept)),
    ("the collector", gc.isenabled, lambda kept: gc.enable() if kept else gc.disable()),
    ("the environment", lambda: {**os.environ}, _set_environment),
    ("the path of modules", lambda: [*sys.path], lambda kept: sys.path.__setitem__(slice(None), kept)),
    ("the finders of modules", lambda: [*sys.meta_path], lambda kept: sys.meta_path.__setitem__(slice(None), kept)),
)


class Surroundings:
    """The process as it was when this was made."""

    def __init__(self) -> None:
        self._parts = tuple((name, look, put, look()) for name, look, put in _PARTS)
        self._modules = {**_MODULES}
        self._limit = _GETRLIMIT(resource.RLIMIT_NOFILE)

    def restore(self) -> tuple[str, ...]:
        """Put back what was changed; return the names of that."""
        changed = []
        for name, look, put, kept in self._parts:
            if look() != kept:
                changed.append(name)
                put(kept)
        if sys.modules is not _MODULES or not self._modules.keys() <= _MODULES.keys():
            changed.append("the modules")
            sys.modules = _MODULES
            _MODULES.update(self._modules)
        return tuple(changed)

    def is_worn(self) -> bool:
        """Say whether so much was left behind in this process that a fresh one is better."""
        if _GETRLIMIT(resource.RLIMIT_NOFILE) != self._limit:
            return True
        try:
            if len(_LISTDIR("/proc/self/fd")) > LEFT_OPEN or len(_LISTDIR("/proc/self/task")) > LEFT_RUNNING:
                return True
            with _OPEN("/proc/self/statm", "rb") as file:
                data = int(file.read().split()[5]) * _PAGE
        except (OSError, MemoryError):
            return True
        memory, seconds = _GETRLIMIT(resource.RLIMIT_DATA)[0], _GETRLIMIT(resource.RLIMIT_CPU)[0]
        return _exceeds(data, memory) or _exceeds(_CPU_TIME(), seconds)


def unfit(changed: tuple[str, ...]) -> str:
    """Return the sentence about a candidate that has made its process unfit."""
    what = f"changed {', '.join(changed)} of" if changed else "left too little memory, time, files or threads to"
    return f"The call {what} the process that it shares with wireproof, which could not go on."


def _exceeds(used: float, limit: int) -> bool:
    return limit != resource.RLIM_INFINITY and used > limit * USED
