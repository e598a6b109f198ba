"""Installs what a description needs: a virtual environment of its own, and what its build commands make.

A folder counts as installed once its marker is written, which is the last step. Whoever finds a folder without one
removes it and begins anew; a lock for each folder keeps two from doing so at once, and is let go with the process.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from wireproof._descriptions._places import (
    check_needs,
    filled,
    home,
    interpreter,
    is_installable,
    mark,
    marked,
    python_in,
    requirements,
)
from wireproof._descriptions._shape import Description
from wireproof.errors import CandidateError, InstallError

_TAIL = 12
_PIP = ("-I", "-m", "pip")
_QUIET = ("--disable-pip-version-check", "--no-input")


def install(
    description: Description, *, again: bool = False, tell: Callable[[str], object] = lambda text: None
) -> bool:
    """Install the candidate, unless it is; say whether anything was done.

    Args:
        description: the candidate.
        again: anew, also if it is installed.
        tell: is told what is done next.

    Raises:
        CandidateError: a program or the Python that it needs is not there.
        InstallError: a command failed; its last lines are there.
    """
    check_needs(description)
    if not is_installable(description):
        interpreter(description)
        return False
    folder = home(description)
    with _alone(folder, description):
        if marked(folder) is not None and not again:
            return False
        _remove(folder)
        try:
            folder.mkdir()
            known = _fill(folder, description, tell)
            mark(folder, known)
        except OSError as error:
            _remove(folder)
            raise InstallError(description.name, f"{error.strerror}: {error.filename}", ()) from None
        except BaseException:
            _remove(folder)
            raise
    return True


def installed(description: Description) -> Mapping[str, str] | None:
    """Return the packages in its virtual environment, each with its version; None where it is not installed."""
    known = marked(home(description)) if is_installable(description) else None
    packages = known.get("packages") if known else None
    return None if not isinstance(packages, dict) else {str(name): str(value) for name, value in packages.items()}


def _remove(folder: Path) -> None:
    """Remove an installation: first what says that it is whole."""
    if folder.exists():
        with contextlib.suppress(FileNotFoundError):
            (folder / "installed.json").unlink()
        shutil.rmtree(folder)


@contextlib.contextmanager
def _alone(folder: Path, description: Description) -> Iterator[None]:
    """Wait until nobody else installs into the folder."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise InstallError(description.name, f"{error.strerror}: {error.filename}", ()) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _fill(folder: Path, description: Description, tell: Callable[[str], object]) -> dict[str, object]:
    """Do all that there is to do; return what the marker says."""
    packages: dict[str, str] = {}
    if description.requirement:
        tell(f"{description.name}: a virtual environment of {interpreter(description)}")
        _environment(folder, description)
        tell(f"{description.name}: pip install {' '.join(description.requirement)}")
        python = python_in(folder)
        _call([python, *_PIP, "install", "--quiet", *_QUIET, *requirements(description)], description)
        listed = json.loads(_call([python, *_PIP, "list", "--format=json", *_QUIET], description, errors=False))
        packages = {each["name"]: each["version"] for each in listed}
    for step in description.build:
        words = [filled(word, description, folder) for word in step]
        tell(f"{description.name}: {' '.join(words)}")
        _call(words, description)
    return {"name": description.name, "requirement": list(description.requirement), "packages": packages}


def _environment(folder: Path, description: Description) -> None:
    """Make a virtual environment, with virtualenv where the interpreter cannot do so itself."""
    python = interpreter(description)
    try:
        _call([python, "-I", "-c", "import ensurepip, venv"], description)
    except InstallError:
        try:
            _call([sys.executable, "-I", "-c", "import virtualenv"], description)
        except InstallError:
            why = f"{python} has no venv with ensurepip, and there is no virtualenv"
            raise CandidateError(description.name, why, f"{sys.executable} -m pip install virtualenv") from None
        _call([sys.executable, "-I", "-m", "virtualenv", "--quiet", "--python", python, str(folder)], description)
    else:
        _call([python, "-I", "-m", "venv", str(folder)], description)


def _call(command: Sequence[str], description: Description, *, errors: bool = True) -> str:
    """Run a command to its end and return what it printed; nothing of it outlives an interruption."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as apart:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output if errors else apart,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise InstallError(description.name, f"{command[0]} cannot be started: {error.strerror}", ()) from None
        try:
            code = process.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        output.seek(0)
        printed = output.read().decode("utf-8", "replace")
    if code:
        lines = tuple(line.rstrip() for line in printed.splitlines() if line.strip())[-_TAIL:]
        raise InstallError(description.name, f"{_shown(command)} ended with {code}", lines)
    return printed


def _shown(command: Sequence[str]) -> str:
    """Return a command as a person would know it."""
    words = [os.path.basename(command[0]), *command[1:]]
    return " ".join(word for word in words if word not in ("-I", "--quiet", *_QUIET))[:300]
