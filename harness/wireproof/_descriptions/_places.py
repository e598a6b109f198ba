"""Where things are on this machine: programs, interpreters, and what was installed for descriptions."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from wireproof._descriptions._shape import Description
from wireproof.errors import CandidateError

DRIVERS = Path(__file__).resolve().parent.parent / "drivers"
_MARKER = "installed.json"
_SHIM = "shims"


def cache() -> Path:
    """Return the folder of everything that is installed; a relative $XDG_CACHE_HOME counts for nothing."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
    return base / "wireproof" / "candidates"


def program(name: str) -> str | None:
    """Return the path of a program that is on PATH; what pyenv puts there only stands for programs."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return shutil.which(name, path=os.pathsep.join(folder for folder in folders if Path(folder).name != _SHIM))


def interpreter(described: Description) -> str:
    """Return the path of the Python that the description names: on PATH, or of pyenv; without one, our own.

    Raises:
        CandidateError: there is none.
    """
    if described.python is None:
        return sys.executable
    found = program(described.python) or _of_pyenv(described.python)
    if found is None:
        hint = described.needs.get(described.python) or f"install {described.python} so that it is on PATH"
        raise CandidateError(described.name, f"there is no {described.python} here", hint)
    return found


def _of_pyenv(name: str) -> str | None:
    """Return the newest of pyenv's interpreters of that name."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [path for path in root.glob(f"*/bin/{name}") if os.access(path, os.X_OK)]
    return str(max(found, key=_version)) if found else None


def _version(path: Path) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", path.parent.parent.name)]


def check_needs(described: Description) -> None:
    """Make sure that the programs are there.

    Raises:
        CandidateError: one is not.
    """
    for name, how in described.needs.items():
        if name != described.python and program(name) is None:
            raise CandidateError(described.name, f"there is no {name} on PATH", how)


def is_installable(described: Description) -> bool:
    """Say whether the candidate has to be installed before it is run."""
    return bool(described.requirement or described.build)


def home(described: Description) -> Path:
    """Return the folder of its own that the candidate is installed in; what goes into it decides its name.

    Raises:
        CandidateError: its Python is not there.
    """
    parts = [*requirements(described), os.path.realpath(interpreter(described))]
    for step in described.build:
        words = [filled(word, described, Path("installed")) for word in step]
        parts += words
        parts += [hashlib.sha256(Path(word).read_bytes()).hexdigest() for word in words if os.path.isfile(word)]
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return cache() / f"{described.name}-{digest[:12]}"


def requirements(described: Description) -> list[str]:
    """Return the requirements as pip gets them: folders are below the description's own."""
    return [
        str((described.here / each).resolve()) if each.startswith((".", "/")) else each
        for each in described.requirement
    ]


def marked(folder: Path) -> Mapping[str, object] | None:
    """Return what is known of the installation in the folder, or None where there is no whole one."""
    try:
        known = json.loads((folder / _MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return known if isinstance(known, dict) else None


def mark(folder: Path, known: Mapping[str, object]) -> None:
    """Say that the installation in the folder is whole; this is the last thing that is done there."""
    beside = folder / f"{_MARKER}.part"
    with beside.open("w", encoding="utf-8") as file:
        json.dump(known, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / _MARKER)


def python_in(folder: Path) -> str:
    """Return the interpreter of a virtual environment."""
    return str(folder / "bin" / "python")


def python_of(described: Description, folder: Path | None = None) -> str:
    """Return the interpreter that the candidate runs in; ``folder`` is where it is installed.

    Raises:
        CandidateError: it is not there.
    """
    return python_in(folder or home(described)) if described.requirement else interpreter(described)


def filled(word: str, described: Description, folder: Path | None = None) -> str:
    """Return the word with the names of places filled in; ``folder`` is where the candidate is installed.

    Raises:
        CandidateError: the Python that it needs is not there.
    """
    places: dict[str, Callable[[], object]] = {
        "<here>": described.here.resolve,
        "<drivers>": lambda: DRIVERS,
        "<python>": lambda: python_of(described, folder),
        "<built>": lambda: folder or home(described),
    }
    for place, where in places.items():
        if place in word:
            word = word.replace(place, str(where()))
    return word
