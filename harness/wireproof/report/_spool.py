"""Verdicts on disk: written as they come, so that nothing that was judged is lost, and read again in their order."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

from wireproof._codec import encode
from wireproof._model import Source, Verdict
from wireproof.report._jsonl import line
from wireproof.report._output import said

Json = dict[str, Any]


def beside(paths: Iterable[Path | None]) -> Path | None:
    """Return the first of these that is, or will be, a file: beside a device or a pipe nothing is written."""
    real = (Path(os.path.realpath(path)) for path in paths if path is not None)
    return next((path for path in real if path.is_file() or not path.exists()), None)


class Spool:
    """A report in JSON Lines that is not finished, beside the one that is still to be written.

    Its first line is a header, and each other one a result with its position, in the order in which they came. It goes
    once the report is there. Where the run is killed it stays, and can be read as what it is (``_read``).

    Args:
        path: the report's; None: that is no file, and nothing of the spool is to be seen.
        header: its first line.
        source_of: where the case of a verdict was written, if it is known.

    Raises:
        HarnessError: it cannot be written there.
    """

    def __init__(
        self,
        path: Path | None,
        header: Json | None = None,
        source_of: Callable[[Verdict], Source | None] = lambda verdict: None,
    ) -> None:
        self.path = path and path.with_name(f"{path.name}.partial")
        self._source_of = source_of
        self._index: dict[str, array[int]] = {}
        with self._said():
            self._file: BinaryIO = open(self.path, "w+b") if self.path else tempfile.TemporaryFile()  # noqa: SIM115
            self._end = self._file.write(_line(header)) if header is not None else 0
            self._file.flush()

    def _said(self) -> AbstractContextManager[None]:
        return said(self.path or Path(tempfile.gettempdir()))

    def add(self, candidate: str, position: int, verdict: Verdict) -> None:
        """Write a verdict down.

        Raises:
            HarnessError: the disk is full, say.
        """
        source = self._source_of(verdict)
        record = encode(verdict) if source is None else {**encode(verdict), "source": _place(source)}
        data = _line(line(candidate, position, record))
        with self._said():
            self._file.write(data)
            self._file.flush()
        self._index.setdefault(candidate, array("Q")).extend((position, self._end))
        self._end += len(data)

    def read(self, candidate: str) -> Records:
        """Return the results of a candidate, by position."""
        index = self._index.get(candidate, array("Q"))
        return Records(self._file, sorted(zip(index[::2], index[1::2], strict=True)))

    def close(self, *, keep: bool = False) -> None:
        """Close the file; remove it unless it is to be kept."""
        # what could not be written is tried again here, and has been complained about
        with contextlib.suppress(OSError):
            self._file.close()
        if self.path and not keep:
            self.path.unlink(missing_ok=True)


def _line(data: Json) -> bytes:
    return json.dumps(data).encode("ascii") + b"\n"


def _place(source: Source) -> Json:
    return {"file": source.file, "line": source.line}


class Records:
    """Results that lie in a file."""

    def __init__(self, file: BinaryIO, places: list[tuple[int, int]]) -> None:
        self._file, self._places = file, places

    @property
    def positions(self) -> list[int]:
        """The position of each, in order."""
        return [position for position, _ in self._places]

    def __iter__(self) -> Iterator[Json]:
        self._file.flush()
        for _, place in self._places:
            self._file.seek(place)
            yield json.loads(self._file.readline())["result"]
        self._file.seek(0, 2)
