"""Interpreters: which there are, and what is seen of each case with one of them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from wireproof._candidates import interpreted
from wireproof._candidates._inprocess import CANNOT_LISTEN
from wireproof._candidates._link import DriverFault
from wireproof._candidates._remote import Driven, Hello, Remote
from wireproof._judge import judge
from wireproof._model import Candidate, Capture, Case, Difference
from wireproof._selection import Planned
from wireproof.errors import HarnessError

from .seen import Json, digest, seen, unsupported

TIMEOUT = 60.0
STDLIB = "http.client:HTTPConnection"
_NAME = re.compile(r"python3\.\d+|pypy3")


@dataclass(frozen=True, slots=True, order=True)
class Interpreter:
    """An interpreter as its driver names it; releases of CPython come first, the oldest first."""

    is_other: bool
    release: tuple[int, ...]
    name: str
    target: str = STDLIB

    @property
    def short(self) -> str:
        """The head of its column."""
        return self.name.partition(" (")[0] if self.is_other else self.name.partition(" ")[2]


@dataclass(frozen=True, slots=True)
class Way:
    """What was seen of one case, and where that is not what the case expects of the newest release."""

    steps: tuple[Json, ...]
    differences: tuple[Difference, ...]


def found_here() -> list[str]:
    """Return the paths of the interpreters on PATH and of pyenv."""
    folders = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if "shims" not in folder]
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    folders += sorted(root.glob("*/bin"))
    paths = [path for folder in folders if folder.is_dir() for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    return list(dict.fromkeys(str(path) for path in sorted(paths) if os.access(path, os.X_OK)))


def found(pythons: Iterable[str], target: str = STDLIB) -> dict[Interpreter, Candidate]:
    """Return the interpreters behind these commands in the order of their releases, each once."""
    every: dict[Interpreter, Candidate] = {}
    for python in pythons:
        candidate = interpreted(target, shutil.which(python) or python)
        with asked(candidate, 0) as (_, hello):
            name = hello.version.replace("cpython", "CPython").replace("pypy", "PyPy")
            if hello.probes.get("blocksize") == "absent":
                candidate = replace(candidate, lacks=("blocksize",))
        name = name.rpartition(", ")[2]
        release = tuple(int(number) for number in re.findall(r"\d+", name.partition(" (")[0]))
        every.setdefault(Interpreter(not name.startswith("CPython"), release, name, target), candidate)
    return dict(sorted(every.items()))


@contextmanager
def asked(candidate: Candidate, slot: int) -> Iterator[tuple[Driven, Hello]]:
    """Start the driver of a candidate, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        remote = Remote(candidate, [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))], TIMEOUT, folder)
        hello = remote.start()
        driven = Driven(remote, slot=slot, timeout=TIMEOUT)
        try:
            yield driven, hello
        finally:
            driven.close()


def every(planned: Planned) -> Iterator[Case]:
    """Yield all cases and combinations that are planned, in their order."""
    yield from planned.cases
    for chosen in planned.chosen:
        yield from map(chosen.expansion.case, chosen.numbers)


def digests(candidate: Candidate, planned: Planned, slot: int) -> list[str]:
    """Return for each case a digest of what was seen, or, after a blank, why it could not be played."""
    with asked(candidate, slot) as (driven, _):
        return [_digest(case, _perform(driven, candidate, case)) for case in every(planned)]


def _digest(case: Case, capture: Capture) -> str:
    why = unsupported(capture)
    return digest(seen(case, capture)) if why is None else f" {why}"


def ways(candidate: Candidate, cases: Iterable[Case], slot: int) -> list[Way | None]:
    """Return what is seen of each case, None where it cannot be played."""
    with asked(candidate, slot) as (driven, _):
        return [_way(case, _perform(driven, candidate, case)) for case in cases]


def _way(case: Case, capture: Capture) -> Way | None:
    if unsupported(capture) is not None:
        return None
    newest = replace(case, steps=tuple(replace(step, alternatives=()) for step in case.steps))
    return Way(tuple(seen(case, capture)), judge(newest, capture, {}).differences)


def _perform(driven: Driven, candidate: Candidate, case: Case) -> Capture:
    """Play a case.

    Raises:
        HarnessError: the driver failed, or something of ours did.
    """
    try:
        capture = driven.perform(case)
    except DriverFault as error:
        raise HarnessError(f"{candidate.name}: {case.id}: {error}") from None
    why = unsupported(capture)
    if why is not None and why.startswith(CANNOT_LISTEN):
        raise HarnessError(f"{candidate.name}: {case.id}: {why}; end what holds port 80 there, and run again")
    return capture
