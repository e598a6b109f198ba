"""Writing a report: under its final name there is the whole of it or nothing, and no other file remains."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from wireproof.errors import HarnessError

STDOUT = "-"
"""What stands for the standard output where a path is asked for."""


def put(path: Path | None, pieces: Iterator[str]) -> None:
    """Write the pieces to a file, or, where there is a device or a pipe under that name, into it.

    Args:
        path: the file; None: the standard output.
        pieces: the text; what is no Unicode text in it is written as an escape sequence.

    Raises:
        HarnessError: it cannot be written there.
        BrokenPipeError: whoever read the standard output has gone.
    """
    if path is None:
        _to_stdout(pieces)
        return
    with said(path):
        final = Path(os.path.realpath(path))
        if final.exists() and not final.is_file():
            with _opened(final) as file:
                file.writelines(pieces)
            return
        with tempfile.TemporaryDirectory(prefix=".wireproof-", dir=final.parent) as folder:
            # a folder keeps the name from being guessed; in it the file gets the permissions that any new file gets
            with _opened(Path(folder, "report")) as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            Path(folder, "report").replace(final)


@contextlib.contextmanager
def said(path: Path) -> Iterator[None]:
    """Say in one sentence why a file cannot be written.

    Raises:
        HarnessError: it cannot.
    """
    try:
        yield
    except OSError as error:
        raise HarnessError(f"the report {str(path)!r} cannot be written: {error.strerror or error}") from None


def _opened(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n")


def _to_stdout(pieces: Iterator[str]) -> None:
    """Write the pieces past the buffer of ``sys.stdout``, which would complain once more at the exit."""
    sys.stdout.flush()
    try:
        for piece in pieces:
            rest = memoryview(piece.encode("utf-8", "backslashreplace"))
            while rest:
                rest = rest[os.write(sys.stdout.fileno(), rest) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise HarnessError(f"the report cannot be written to the standard output: {error.strerror}") from None
