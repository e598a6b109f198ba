"""Stored results: the files that ``--report json=PATH`` and ``--report jsonl=PATH`` write, read again.

Each file is read once to its end, which finds out whether it is sound and where its results are. These are read again
when a report asks for them, so that memory does not grow with their number.

A file of JSON Lines without a footer is that of a run which was killed (its ``PATH.partial``, say). What is in it is
used; every verdict that is not in it counts as not run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from wireproof._codec import decode
from wireproof._findings import Findings
from wireproof._model import VERDICTS, LayerName
from wireproof.errors import HarnessError, UsageError
from wireproof.report._json import FORMAT
from wireproof.report._output import STDOUT
from wireproof.report._results import COUNTS, Result
from wireproof.report._scan import Scanner
from wireproof.report._shape import FRAME, HEAD, RECORD, fits
from wireproof.report._stored import Entry, Frame, Report, Suite, head, titles

Json = dict[str, Any]

WANTED = "a report of wireproof run (--report json=PATH or --report jsonl=PATH)"
_LINES = re.compile(rb'\s*\{\s*"kind"\s*:\s*"header"')


class Records:
    """Results that lie in a file; ``member``: what each is called in its line, "" where there is nothing around it."""

    def __init__(self, file: BinaryIO, name: str, member: str) -> None:
        self._file, self._name, self._member = file, name, member
        self._places: array[int] = array("Q")

    def __len__(self) -> int:
        return len(self._places) // 2

    def add(self, start: int, end: int) -> None:
        """Say where the next one is."""
        self._places.extend((start, end - start))

    def order(self, order: Sequence[int]) -> None:
        """Put them into another order."""
        old = self._places
        self._places = array("Q", (old[2 * at + part] for at in order for part in (0, 1)))

    def __iter__(self) -> Iterator[Json]:
        pairs = iter(self._places)
        for start, length in zip(pairs, pairs, strict=True):
            try:
                found = json.loads(os.pread(self._file.fileno(), length, start))
                yield found[self._member] if self._member else found
            except (ValueError, LookupError, TypeError):
                raise HarnessError(f"{self._name} was changed while it was read") from None


@dataclass(slots=True)
class _Candidate:
    """What is read of one candidate."""

    head: Json
    records: Records
    positions: list[int] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    missing: int = 0


@dataclass(slots=True)
class _Stored:
    """What is read of one file."""

    name: str
    frame: Frame
    candidates: list[_Candidate]


@contextmanager
def reading(paths: Sequence[Path], suite: Suite, gate: LayerName | None = None) -> Iterator[Report]:
    """Read stored results; the report can be used as long as the context lasts.

    Args:
        paths: files of any of both formats; "-" is the standard input.
        suite: the cases, for what results do not say of themselves.
        gate: the layer that has to hold, where it is not the one of the run.

    Raises:
        UsageError: one of them cannot be read, or holds no results.
    """
    with ExitStack() as stack:
        found = [_read(str(path), stack.enter_context(_opened(path))) for path in paths]
        frames = [replace(stored.frame, gate=gate or stored.frame.gate) for stored in found]
        every = [
            (candidate, frame, stored.name)
            for stored, frame in zip(found, frames, strict=True)
            for candidate in stored.candidates
        ]
        names = titles(
            [(candidate.head["name"], candidate.head["version"], Path(name).name) for candidate, _, name in every]
        )
        entries = [
            Entry(title, frame, candidate.head, candidate.records, candidate.missing)
            for title, (candidate, frame, _) in zip(names, every, strict=True)
        ]
        yield Report(entries, frames, suite)


def refused(name: str, what: str, wanted: str = WANTED) -> UsageError:
    """Return the complaint about a file: ``what`` continues its name."""
    return UsageError("report", f"{name}{what}", wanted)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file. What cannot be read twice is copied first."""
    try:
        with ExitStack() as stack:
            if str(path) == STDOUT:
                file: BinaryIO = sys.stdin.buffer
            else:
                file = stack.enter_context(path.open("rb"))
            if str(path) == STDOUT or not path.is_file():
                copy = stack.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(file, copy)
                copy.seek(0)
                file = copy
            opened = stack.pop_all()
    except OSError as error:
        raise refused(str(path), f" ({error.strerror})") from None
    with opened:
        yield file


def _read(name: str, file: BinaryIO) -> _Stored:
    read: Callable[[str, BinaryIO], _Stored] = _lines if _LINES.match(file.read(1024)) else _document
    file.seek(0)
    try:
        stored = read(name, file)
    except (ValueError, RecursionError):
        raise refused(name, ", which is no JSON") from None
    except OSError as error:
        raise refused(name, f" ({error.strerror})") from None
    names = [candidate.head["name"] for candidate in stored.candidates]
    if len(set(names)) != len(names):
        raise refused(name, ", which has a candidate twice")
    for candidate in stored.candidates:
        _balance(name, candidate)
    return stored


def _frame(name: str, data: Json) -> Frame:
    if data.get("format") != FORMAT:
        raise refused(name, f", which is none of format {FORMAT}")
    if not fits(data, FRAME):
        raise refused(name, ", in which something is missing")
    return Frame(data["wireproof"], data["gate"], data["selection"])


def _balance(name: str, candidate: _Candidate) -> None:
    """Insist on the accounting identity, and on counts that are those of the results."""
    summary = candidate.head["summary"]
    counted = {kind: summary[count] for kind, count in zip(VERDICTS, COUNTS, strict=True)}
    alone = sum(matrix["planned"] for matrix in candidate.head["matrices"])
    is_more = any(candidate.kinds[kind] > count for kind, count in counted.items())
    too_few = len(candidate.records) + summary["not_run"] < summary["planned"] - alone
    if not summary["planned"] or sum(counted.values()) != summary["planned"] or is_more or too_few:
        raise refused(name, f", in which the accounts do not balance for {candidate.head['name']}")
    places = candidate.head.get("positions")
    if places is not None and len(places) != len(candidate.records):
        raise refused(name, f", in which results and positions of {candidate.head['name']} are not as many")


def _take(name: str, candidate: _Candidate, record: Any, start: int, end: int) -> None:
    """Take in a result that lies in the file from ``start`` to ``end``."""
    if not fits(record, RECORD):
        raise refused(name, f", in which result {len(candidate.records) + 1} of a candidate is none")
    candidate.kinds[record["verdict"]] += 1
    candidate.records.add(start, end)


# JSON


def _document(name: str, file: BinaryIO) -> _Stored:
    scanner, whole, candidates = Scanner(file), Json(), list[_Candidate]()
    for member in scanner.members():
        if member == "candidates":
            candidates = [_candidate(name, file, scanner) for _ in scanner.items()]
        else:
            whole[member] = scanner.value()
    scanner.end()
    return _Stored(name, _frame(name, whole), candidates)


def _candidate(name: str, file: BinaryIO, scanner: Scanner) -> _Candidate:
    candidate = _Candidate({}, Records(file, name, ""))
    for member in scanner.members():
        if member != "results":
            candidate.head[member] = scanner.value()
            continue
        for _ in scanner.items():
            scanner.peek()
            start = scanner.at
            record = scanner.value()
            _take(name, candidate, record, start, scanner.at)
    if not fits(candidate.head, HEAD):
        raise refused(name, ", in which something is missing")
    return candidate


# JSON Lines


def _lines(name: str, file: BinaryIO) -> _Stored:
    header = json.loads(file.readline())
    frame = _frame(name, header)
    if not fits(header, {"candidates": [str], "planned": int}):
        raise refused(name, ", in which something is missing")
    found = {each: _Candidate({"name": each}, Records(file, name, "result")) for each in header["candidates"]}
    footer = _results(name, file, found)
    candidates = list(found.values())
    for candidate in candidates:
        order = sorted(range(len(candidate.positions)), key=candidate.positions.__getitem__)
        if order:
            candidate.records.order(order)
            candidate.positions.sort()
    if footer is None:
        for candidate in candidates:
            _make_up(candidate, frame, header["planned"])
        return _Stored(name, frame, candidates)
    if not fits(footer, {"candidates": [HEAD]}) or not {each["name"] for each in footer["candidates"]} <= set(found):
        raise refused(name, ", in which something is missing")
    for account in footer["candidates"]:
        found[account["name"]].head = account
    chosen = [found[account["name"]] for account in footer["candidates"]]
    _place(chosen, frame)
    return _Stored(name, frame, chosen)


def _results(name: str, file: BinaryIO, found: dict[str, _Candidate]) -> Json | None:
    """Take the results in; return the footer, or None where there is none."""
    start, number = file.tell(), 1
    for line in file:
        number += 1
        end = start + len(line)
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            if line.endswith(b"\n") or file.read(1):
                raise refused(name, f", in which line {number} is no JSON") from None
            return None  # it was being written when the run was killed
        if fits(data, {"kind": frozenset(("footer",))}):
            if file.read(1):
                raise refused(name, f", which goes on after its footer in line {number}")
            return dict(data)
        if not fits(data, {"candidate": frozenset(found), "position?": int, "result": dict}):
            raise refused(name, f", in which line {number} is no result")
        candidate = found[data["candidate"]]
        _take(name, candidate, data["result"], start, end)
        if "position" in data:
            candidate.positions.append(data["position"])
        if len(candidate.positions) not in (0, len(candidate.records)):
            raise refused(name, f", in which some results have a position and some have none (line {number})")
        start = end
    return None


def _place(candidates: Sequence[_Candidate], frame: Frame) -> None:
    """Give the results of a shard their positions."""
    if frame.selection["shard"] is not None:
        for candidate in candidates:
            candidate.head = {**candidate.head, "positions": candidate.positions}


def _make_up(candidate: _Candidate, frame: Frame, planned: int) -> None:
    """Find the accounts of a candidate from its results; what has none was not run."""
    findings = Findings()
    for position, record in enumerate(candidate.records):
        findings.add(decode(record), position)
    candidate.missing = planned - len(candidate.records)
    summary = {name: candidate.kinds[kind] for kind, name in zip(VERDICTS, COUNTS, strict=True)}
    summary["not_run"] += candidate.missing
    name = candidate.head["name"]
    result = Result(name, "", {"planned": planned, **summary}, findings, positions=candidate.positions)
    candidate.head = head(result, is_part=frame.selection["shard"] is not None)
