"""Finding and reading case files and clauses; everything that is wrong is complained about at once."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from wireproof._cases._catalog import Catalog, CatalogShape
from wireproof._cases._format import FileShape
from wireproof._cases._matrix_file import MatrixShape
from wireproof._cases._nodes import Node, Refused, at, by_place, parse
from wireproof._cases._shapes import Integer, ListOf, Parts, Record, Sentence, Shape, Word
from wireproof._matrix import Matrix
from wireproof._model import Case, Clause
from wireproof.errors import BrokenCases, CaseFileError, UsageError

T = TypeVar("T")

CLAUSES, CATALOG, MATRIX = "clauses.yaml", "catalog", "matrix"
_NAME = re.compile("[a-z0-9]+(?:[-.][a-z0-9]+)*")
_CLAUSE = Record(
    "a clause",
    {
        "id": Word("lower-case words joined by full stops and hyphens", pattern=_NAME.pattern),
        "level": Word("a level", choices=("documented", "de-facto", "rfc")),
        "source": Sentence("where it comes from"),
        "text": Sentence("the clause in our own words"),
        "sentences": ListOf(Integer(1, 22), once=True),
        "excluded": Sentence("why there is nothing to test"),
    },
    ("id", "level", "source", "text"),
)


@dataclass(frozen=True, slots=True)
class CaseSet:
    """All cases of a case root, in the order of their ids' files, its matrices, and its clauses by id."""

    root: Path
    cases: tuple[Case, ...]
    clauses: dict[str, Clause]
    matrices: tuple[Matrix, ...] = ()


def bundled_root() -> Path:
    """Return the folder of the bundled cases: in the wheel, or in the checkout of an editable install."""
    package = Path(__file__).resolve().parent.parent
    wheel = package / "_cases_data"
    return wheel if wheel.is_dir() else package.parent.parent / "cases"


def load(path: Path | None = None, globs: Iterable[str] = ()) -> CaseSet:
    """Read the case files below ``path`` (a folder or one file; default: the bundled ones).

    Ids are relative to the nearest folder at or above ``path`` that holds a clauses.yaml; a folder of cases without
    one uses the bundled clauses. With ``globs`` only files are read that could hold a case with a matching id.

    Raises:
        UsageError: there is nothing there.
        BrokenCases: some files are broken; every complaint is listed, by file and line.
    """
    path = bundled_root() if path is None else path
    if not path.exists():
        raise UsageError("case path", str(path), "a folder of case files, or one case file")
    # a link is read under the name that it has here, whatever it leads to
    file = path.parent.resolve() / path.name if path.is_file() else None
    start = file.parent if file else path.resolve()
    root = next((folder for folder in (start, *start.parents) if (folder / CLAUSES).is_file()), None)
    clauses = load_clauses((root or bundled_root()) / CLAUSES)
    root = root or start
    if (root / CATALOG) in (start, *start.parents):
        # what stands in a catalog is part of every matrix that uses it: with it all is read that there is
        file, start = None, root
    files = [file] if file else list(case_files(start, root))
    tables = (
        [each for each in files if each.parent == root / MATRIX] if file else list(yaml_files(start, root / MATRIX))
    )
    files = [each for each in files if each not in tables]
    catalogs = list(yaml_files(root, root / CATALOG)) if tables or start == root else []
    if not (files or tables or catalogs) or file == root / CLAUSES:
        raise UsageError("case path", str(path), "a case file, or a folder with at least one (*.yaml)")
    patterns = tuple(globs)
    complaints: list[CaseFileError] = list(_same_ids((*files, *tables, *catalogs), root))
    complaints += _too_deep(root) if start == root and not patterns else ()
    cases: list[Case] = []
    for each in files:
        if not patterns or any(_may_hold(_prefix(each, root), glob) for glob in patterns):
            cases += load_file(each, root, clauses, complaints)
    tables = [each for each in tables if not patterns or any(_may_hold_any(each.stem, glob) for glob in patterns)]
    matrices = load_matrices(root, tables, clauses, complaints) if tables or (catalogs and not patterns) else ()
    if complaints:
        complaints.sort(key=by_place)
        raise BrokenCases(tuple(complaints))
    return CaseSet(root, tuple(cases), clauses, matrices)


def _prefix(file: Path, root: Path) -> str:
    return file.relative_to(root).with_suffix("").as_posix()


def _may_hold(prefix: str, glob: str) -> bool:
    """Say whether an id below ``prefix`` could match the glob: its characters before the first wildcard decide."""
    literal = re.split(r"[*?\[]", glob, maxsplit=1)[0]
    return f"{prefix}/".startswith(literal) or literal.startswith(f"{prefix}/")


def _may_hold_any(stem: str, glob: str) -> bool:
    """Say whether a combination of the matrix could match the glob."""
    name = glob.partition("[")[0]
    return fnmatch.fnmatchcase(f"matrix/{stem}", name) or _may_hold(f"matrix/{stem}", glob)


def case_files(path: Path, root: Path) -> Iterator[Path]:
    """Yield the case files below ``path``, sorted: every *.yaml and *.yml in a folder of behaviour of ``root``."""
    reserved = {root / CLAUSES, root / CATALOG, root / MATRIX}
    for file in sorted(path.rglob("*.y*ml")):
        if file.suffix in (".yaml", ".yml") and file.is_file() and reserved.isdisjoint((file, *file.parents)):
            yield file


def yaml_files(start: Path, folder: Path) -> Iterator[Path]:
    """Yield the YAML files of a folder, sorted, as far as they lie below ``start``."""
    for file in sorted(folder.glob("*.y*ml")):
        if file.suffix in (".yaml", ".yml") and start in file.parents:
            yield file


def load_matrices(
    root: Path, files: Iterable[Path], clauses: dict[str, Clause], complaints: list[CaseFileError]
) -> tuple[Matrix, ...]:
    """Read all catalogs, and, where these are in order, matrix files; what is wrong is appended to ``complaints``."""
    known: dict[str, Catalog] = {}
    shape = CatalogShape(clauses)
    before = len(complaints)
    for file in yaml_files(root, root / CATALOG):
        catalog = _read_as(shape, file, root, complaints)
        if catalog is not None:
            known[file.stem] = catalog
    if len(complaints) > before:
        return ()
    matrices = (_read_as(MatrixShape(file.stem, known, clauses), file, root, complaints) for file in files)
    return tuple(matrix for matrix in matrices if matrix is not None)


def _read_as(shape: Shape[T], file: Path, root: Path, complaints: list[CaseFileError]) -> T | None:
    """Return what a file says, or None where it is broken; its name is a word that ids and axes can use."""
    name = file.relative_to(root).as_posix()
    if not _NAME.fullmatch(file.stem):
        complaints.append(
            CaseFileError(name, 1, 1, f"the file name {file.name!r}", "lower-case words joined by hyphens")
        )
    try:
        return shape.read(_read(file, name))
    except Refused as refused:
        complaints += refused.in_order()
        return None


def _too_deep(root: Path) -> Iterator[CaseFileError]:
    """Yield a complaint about each file that lies in a folder of catalogs or matrices, but not directly."""
    for folder in (CATALOG, MATRIX):
        for file in sorted((root / folder).glob("*/**/*.y*ml")):
            found, wanted = f"a file in a folder of {folder}", f"it in {folder} itself, where alone they are read"
            yield CaseFileError(file.relative_to(root).as_posix(), 1, 1, found, wanted)


def _same_ids(files: Iterable[Path], root: Path) -> Iterator[CaseFileError]:
    """Yield a complaint about each file whose ids are those of another one: x.yml beside x.yaml."""
    names: dict[str, str] = {}
    for file in files:
        name, prefix = file.relative_to(root).as_posix(), _prefix(file, root)
        first = names.setdefault(prefix, name)
        if first != name:
            yield CaseFileError(name, 1, 1, f"a second file for the ids {prefix}/… (beside {first})", "one of the two")


def load_file(file: Path, root: Path, clauses: dict[str, Clause], complaints: list[CaseFileError]) -> list[Case]:
    """Read one file; what is wrong with it is appended to ``complaints``."""
    name, prefix = file.relative_to(root).as_posix(), _prefix(file, root)
    if not all(_NAME.fullmatch(part) for part in prefix.split("/")):
        complaints.append(CaseFileError(name, 1, 1, f"the file name {name!r}", "lower-case words joined by hyphens"))
    try:
        return list(FileShape(prefix, clauses).read(_read(file, name)))
    except Refused as refused:
        complaints += refused.in_order()
        return []


def load_clauses(file: Path) -> dict[str, Clause]:
    """Read clauses.yaml: a list of clauses with unique ids.

    Raises:
        BrokenCases: it is broken; every complaint is listed.
    """
    try:
        return _Clauses().read(_read(file, file.name))
    except Refused as refused:
        raise BrokenCases(refused.in_order()) from None


class _Clauses:
    """All clauses, by id."""

    list = ListOf(_CLAUSE, 1)

    def read(self, node: Node) -> dict[str, Clause]:
        fields = self.list.read(node)
        clauses: dict[str, Clause] = {}
        parts = Parts()
        for index, one in enumerate(fields):
            if one["id"] in clauses:
                parts.refuse(at(node, index).complain(f"the clause {one['id']!r} twice", "each id once"))
            clauses[one["id"]] = Clause(**one)
        parts.done()
        return clauses


def _read(file: Path, name: str) -> Node:
    """Parse a file that may be unreadable, or no text."""
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        found, wanted = f"a file that cannot be read ({error.strerror})", "one that can"
    except UnicodeDecodeError as error:
        found, wanted = (
            f"the byte {error.object[error.start]:02X}, which is not UTF-8, at offset {error.start:,}",
            "ASCII",
        )
    else:
        return parse(text, name)
    raise Refused((CaseFileError(name, 1, 1, found, wanted),))
