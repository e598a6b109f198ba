"""Verdicts on disk: written as they come, so that nothing that was judged is lost, and read again in their order."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from wireproof._codec import encode
from wireproof._model import Verdict
from wireproof.errors import HarnessError

Json = dict[str, Any]


class Spool:
    """A file of JSON Lines beside a report that is still to be written.

    One line holds the name of a candidate, a position and a result, in the order in which they came. It goes once the
    report is there; where the run is killed, it stays.

    Args:
        path: the report's.

    Raises:
        HarnessError: it cannot be written there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.partial")
        self._index: dict[str, array[int]] = {}
        self._end = 0
        try:
            self._file: BinaryIO = open(self.path, "w+b")  # noqa: SIM115  # closed by close()
        except OSError as error:
            raise HarnessError(f"{str(self.path)!r} cannot be written: {error.strerror}") from None

    def add(self, candidate: str, position: int, verdict: Verdict) -> None:
        """Write a verdict down.

        Raises:
            HarnessError: the disk is full, say.
        """
        line = json.dumps({"candidate": candidate, "position": position, "result": encode(verdict)}).encode("ascii")
        try:
            self._file.write(line + b"\n")
        except OSError as error:
            raise HarnessError(f"{str(self.path)!r} cannot be written: {error.strerror}") from None
        self._index.setdefault(candidate, array("Q")).extend((position, self._end))
        self._end += len(line) + 1

    def read(self, candidate: str) -> Records:
        """Return the results of a candidate, by position."""
        index = self._index.get(candidate, array("Q"))
        return Records(self._file, sorted(zip(index[::2], index[1::2], strict=True)))

    def close(self, *, keep: bool = False) -> None:
        """Close the file; remove it unless it is to be kept."""
        self._file.close()
        if not keep:
            self.path.unlink(missing_ok=True)


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
