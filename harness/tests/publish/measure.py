"""Measuring: a described client is installed and run, by the commands that anybody would use."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wireproof._descriptions import described
from wireproof.errors import CandidateError, UsageError
from wireproof.report._output import put

from .brief import published

ROOT = Path(__file__).resolve().parents[3]
CLIENTS = (
    *(f"cpython-3.{minor}" for minor in range(13, 7, -1)),
    "pypy3",
    "httplib2",
    "gevent",
    "geventhttpclient-httplib",
    "eventlet",
    "urllib3-2",
    "urllib3-1",
    "requests",
    "httpx",
    "aiohttp",
    "tornado",
    "pycurl",
    "curl",
    "node-http",
    "go-net-http",
    "java-httpclient",
    "perl-http-tiny",
)
"""What is published, in the order of the pages: http.client itself, what stands in for it, and other APIs."""

_REQUIRED = ("cpython-", "urllib3-")
_SELECTION = ("--strength", "1")
_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a client: ``why`` it was left out, or "" where its results were written.

    ``is_absent``: something that it needs is not on this machine, and nothing went wrong.
    """

    name: str
    why: str = ""
    is_absent: bool = False

    @property
    def is_wrong(self) -> bool:
        """Whether it is a client that must not be left out."""
        return bool(self.why) and not self.is_absent and self.name.startswith(_REQUIRED)


def check(names: Sequence[str]) -> None:
    """Look whether all of these are described.

    Raises:
        UsageError: one is not.
    """
    known = {each.name for each in described()}
    for name in names:
        if name not in known:
            raise UsageError("NAME", name, "the name of a described candidate (see wireproof candidates)")


def measured(names: Sequence[str], folder: Path, scratch: Path) -> Iterator[Outcome]:
    """Measure these clients, one after the other; yield what came of each.

    Args:
        names: of descriptions.
        folder: where the results are written, as NAME.json.
        scratch: a folder for what is thrown away.
    """
    for name in names:
        yield _measured(name, folder, scratch)


def _measured(name: str, folder: Path, scratch: Path) -> Outcome:
    code, said = _wireproof("install", name)
    if code:
        return Outcome(name, said, is_absent=code == CandidateError.exit_code)
    raw = scratch / f"{name}.json"
    options = (*_SELECTION, "--jobs", "1", "--explain", "0", "--report", f"json={raw}")
    code, said = _wireproof("run", name, *options)
    if code not in (0, 1):
        return Outcome(name, said)
    document = json.loads(raw.read_bytes())
    raw.unlink()
    (left,) = (each["summary"]["not_run"] for each in document["candidates"])
    if left:
        return Outcome(name, f"{left} cases were not run")
    put(folder / f"{name}.json", iter((published(document),)))
    return Outcome(name)


def _wireproof(*arguments: str) -> tuple[int, str]:
    """Return the exit code of a command, and the last line of what it complained of."""
    command = [sys.executable, "-m", "wireproof", *arguments]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return -1, f"wireproof {arguments[0]} did not end within {_SECONDS} s"
    lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return done.returncode, lines[-1].strip() if lines else f"exit code {done.returncode}"
