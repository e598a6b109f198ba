"""``wireproof check``."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import click

from wireproof._cases import CaseSet, bundled_root, fill, load, schema
from wireproof._cases._catalog import schema as catalog_schema
from wireproof._cases._load import MATRIX, yaml_files
from wireproof._cases._matrix_file import schema as matrix_schema
from wireproof._judge import examine
from wireproof._judge._verdict import examined
from wireproof._matrix import Expansion, Matrix, Value, covering
from wireproof.cli._progress import progress
from wireproof.errors import BrokenCases, BugInCase, HarnessError, UsageError

_STRENGTH = 2
_CHUNK = 1000
_SHOWN = 50
_SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "schema.json": schema,
    "catalog.schema.json": catalog_schema,
    "matrix.schema.json": matrix_schema,
}


@click.command("check")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--deep", is_flag=True, help="Examine every combination of every matrix, not only every pair of values.")
@click.option("--write-docs", is_flag=True, help="Write the schemas into the folder, and the tables of its README.md.")
def command(path: Path | None, deep: bool, write_docs: bool) -> None:
    """Check the case files below PATH (default: the bundled ones).

    Every file is read; then each expectation is held against the contract's predicates and the rules of RFC 9112.
    """
    if write_docs:
        _write_docs(path or bundled_root())
    found = load(path)
    bugs = [bug for case in found.cases for bug in examine(case)]
    expansions = [Expansion(matrix) for matrix in found.matrices]
    numbers = [range(each.matrix.size) if deep else covering(each, _STRENGTH) for each in expansions]
    held = _held(expansions, numbers)
    bugs += held.complaints()
    if deep and _are_all(found):
        bugs += _never_broken(found.matrices, held)
    if bugs:
        raise _complaint(bugs)
    if found.cases or not found.matrices:
        click.echo(f"{_counted(found)}: no complaint")
    if found.matrices:
        click.echo(f"{_combined(found.matrices, sum(map(len, numbers)))}: no complaint")


def _counted(found: CaseSet) -> str:
    cases, files = len(found.cases), len({case.source.file for case in found.cases})
    return f"{cases} case{'s' * (cases != 1)} in {files} file{'s' * (files != 1)}, {len(found.clauses)} clauses"


def _combined(matrices: Sequence[Matrix], held: int) -> str:
    size = sum(matrix.size for matrix in matrices)
    rules = sum(len(table) for matrix in matrices for table in matrix.tables.values())
    of = "" if held == size else f"of {size:,} "
    several = f"{len(matrices)} matri{'ces' if len(matrices) > 1 else 'x'}"
    return f"{held:,} {of}combinations of {several}, decided by {rules} rules"


def _complaint(bugs: Sequence[BugInCase]) -> BrokenCases:
    """Return the error with all complaints; only the first ones are written out."""
    error = BrokenCases(tuple(bugs))
    more = len(bugs) - _SHOWN
    if more > 0:
        error.args = ("\n".join((*str(error).split("\n")[: _SHOWN + 1], f"… and {more:,} more")),)
    return error


# combinations ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Held:
    """What came of holding combinations against the other oracles.

    ``bugs``: for each file, line and text the first combination that it is said of, and of how many it is said.
    ``broken``: by the id of the matrix, the axis, the value and the code, what was broken on one value's behalf alone.
    """

    bugs: dict[tuple[str, int, str], tuple[str, int]] = field(default_factory=dict)
    broken: set[tuple[str, str, str, str]] = field(default_factory=set)

    def add(self, place: tuple[str, int, str], case: str, count: int = 1) -> None:
        """Count a complaint beside those that say the same of other combinations."""
        first, before = self.bugs.get(place, (case, 0))
        self.bugs[place] = first, before + count

    def merge(self, other: _Held) -> None:
        """Add what came of further combinations."""
        for place, (case, count) in other.bugs.items():
            self.add(place, case, count)
        self.broken |= other.broken

    def complaints(self) -> Iterator[BugInCase]:
        """Yield one complaint for all combinations of which the same is said."""
        for (file, line, text), (case, count) in self.bugs.items():
            more = f" (and of {count - 1:,} more the same)" if count > 1 else ""
            yield BugInCase(file, line, case, text + more)


_Share = tuple[int, Sequence[int]]
"""Some combinations: the index of their matrix, and their numbers."""


def _held(expansions: Sequence[Expansion], numbers: Sequence[Sequence[int]]) -> _Held:
    """Examine these combinations of each matrix: in this process where they are few, else in one for each core."""
    chunks = [
        (at, chosen[start : start + _CHUNK])
        for at, chosen in enumerate(numbers)
        for start in range(0, len(chosen), _CHUNK)
    ]
    held = _Held()
    with progress("combinations", sum(map(len, numbers)), least=8 * _CHUNK) as advance:
        for (_, chosen), part in zip(chunks, _parts(expansions, chunks), strict=True):
            held.merge(part)
            advance(len(chosen))
    return held


def _parts(expansions: Sequence[Expansion], chunks: Sequence[_Share]) -> Iterator[_Held]:
    """Yield what came of each chunk, in order; the processes deal them among themselves."""
    cores = min(len(os.sched_getaffinity(0)), len(chunks) // 8)
    if cores < 2:
        yield from (_examine_chunk(expansions, chunk) for chunk in chunks)
        return
    bare = [Expansion(each.matrix) for each in expansions]
    workers: list[tuple[BaseProcess, Connection]] = []
    try:
        for at in range(cores):
            workers.append(_started(bare, chunks[at::cores]))
        for at in range(len(chunks)):
            yield workers[at % cores][1].recv()
    except EOFError:
        raise HarnessError("check --deep: a process that examines combinations ended before it was done") from None
    finally:
        for process, connection in workers:
            process.kill()
            process.join()
            connection.close()


def _started(expansions: Sequence[Expansion], chunks: Sequence[_Share]) -> tuple[BaseProcess, Connection]:
    """Start a process, which an interruption from the keyboard does not reach: its end is ours to see to."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, expansions, chunks), daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        theirs.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process, ours


def _work(connection: Connection, expansions: Sequence[Expansion], chunks: Sequence[_Share]) -> None:
    """Examine chunks and hand over what came of each, as long as somebody listens."""
    with suppress(BrokenPipeError):
        for chunk in chunks:
            connection.send(_examine_chunk(expansions, chunk))


def _examine_chunk(expansions: Sequence[Expansion], chunk: _Share) -> _Held:
    """Examine some combinations of one matrix."""
    expansion, held = expansions[chunk[0]], _Held()
    for number in chunk[1]:
        seen = examined(expansion.case(number))
        for bug in seen.bugs:
            held.add((bug.file, bug.line, bug.text), bug.case)
        if seen.violated:
            held.broken.update(_on_behalf(expansion, number, seen.violated))
    return held


def _on_behalf(expansion: Expansion, number: int, violated: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield what a combination breaks because one of its values asks for it, and no other."""
    values = expansion.values(number)
    for code in violated:
        asking = [name for name, value in values.items() if code in value.asks]
        if len(asking) == 1:
            yield expansion.matrix.id, asking[0], values[asking[0]].id, code


def _are_all(found: CaseSet) -> bool:
    """Say whether all matrices were read: a value may break in one what it never does in another."""
    return len(found.matrices) == len(list(yaml_files(found.root, found.root / MATRIX)))


def _never_broken(matrices: Sequence[Matrix], held: _Held) -> Iterator[BugInCase]:
    """Yield a complaint about each code that a value asks for and that is not broken on its behalf anywhere."""
    asked: dict[tuple[str, str, str], Value] = {}
    broken: set[tuple[str, str, str]] = set()
    for matrix in matrices:
        for axis in matrix.axes:
            for value in axis.values:
                for code in value.asks:
                    asked.setdefault((axis.catalog, value.id, code), value)
                    if (matrix.id, axis.name, value.id, code) in held.broken:
                        broken.add((axis.catalog, value.id, code))
    for key, value in asked.items():
        if key not in broken:
            catalog, name, code = key
            text = f"it asks for {code}, and no combination breaks that on its behalf"
            yield BugInCase(value.source.file, value.source.line, f"catalog/{catalog}[{name}]", text)


# documentation -----------------------------------------------------------------------------------------------------


def _write_docs(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError("case path", str(folder), "a folder, with --write-docs")
    for name, generate in _SCHEMAS.items():
        (folder / name).write_text(json.dumps(generate(), indent=1) + "\n", encoding="utf-8")
        click.echo(f"{folder / name}: written")
    for manual in (folder / "README.md", folder.parent / "docs" / "driver-protocol.md"):
        if manual.is_file():
            manual.write_text(fill(manual.read_text(encoding="utf-8")), encoding="utf-8")
            click.echo(f"{manual}: written")
