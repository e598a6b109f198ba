"""Finding and reading case files and clauses; everything that is wrong is complained about at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Sequence as Sequence_
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wireproof._cases._format import FILE_KEYS, CaseShape
from wireproof._cases._nodes import Mapping, Node, Sequence, parse
from wireproof._cases._shapes import Integer, ListOf, Record, Text, Word
from wireproof._model import Case, Clause
from wireproof.errors import BrokenCases, CaseFileError, UsageError

_NAME = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
_CLAUSE = Record(
    "a clause",
    {
        "id": Word("a clause id", pattern="[a-z0-9]+(?:[.-][a-z0-9]+)*"),
        "level": Word("a level", choices=("documented", "de-facto", "rfc")),
        "source": Text("where it comes from", sentence=True),
        "text": Text("the clause in our own words", sentence=True),
        "sentences": ListOf(Integer(1, 22)),
        "excluded": Text("why there is nothing to test", sentence=True),
    },
    ("id", "level", "source", "text"),
)


@dataclass(frozen=True, slots=True)
class CaseSet:
    """All cases of a case root, in the order of their ids' files, and its clauses by id."""

    root: Path
    cases: tuple[Case, ...]
    clauses: dict[str, Clause]


def bundled_root() -> Path:
    """Return the folder of the cases that come with wireproof: in the wheel, or in the checkout of an editable
    install."""
    package = Path(__file__).resolve().parent.parent
    wheel = package / "_cases_data"
    return wheel if wheel.is_dir() else package.parent.parent / "cases"


def load(path: Path | None = None, globs: Sequence_[str] = ()) -> CaseSet:
    """Read the case files below ``path`` (a folder or one file; default: the bundled ones).

    Ids are relative to the nearest folder at or above ``path`` that holds a clauses.yaml; a folder of cases without
    one uses the bundled clauses. With ``globs`` only files are read that could hold a case with a matching id.

    Raises:
        UsageError: there is nothing there.
        BrokenCases: some files are broken; every complaint is listed.
    """
    path = bundled_root() if path is None else path
    if not path.exists():
        raise UsageError("case path", str(path), "a folder of case files, or one case file")
    start = path if path.is_dir() else path.parent
    root = next(
        (folder for folder in (start.resolve(), *start.resolve().parents) if (folder / "clauses.yaml").is_file()),
        None,
    )
    clauses = load_clauses((root or bundled_root()) / "clauses.yaml")
    root = root or start.resolve()
    files = [path.resolve()] if path.is_file() else list(case_files(path.resolve(), root))
    if not files:
        raise UsageError("case path", str(path), "a folder with at least one case file (*.yaml)")
    files = [file for file in files if not globs or any(_may_hold(_prefix(file, root), glob) for glob in globs)]
    cases: list[Case] = []
    complaints: list[CaseFileError] = []
    for file in files:
        cases += load_file(file, root, clauses, complaints)
    if complaints:
        raise BrokenCases(tuple(complaints))
    return CaseSet(root, tuple(cases), clauses)


def _prefix(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix().rsplit(".", 1)[0]


def _may_hold(prefix: str, glob: str) -> bool:
    """Say whether an id below ``prefix`` could match the glob: its characters before the first wildcard decide."""
    literal = re.split(r"[*?\[]", glob, maxsplit=1)[0]
    return f"{prefix}/".startswith(literal) or literal.startswith(f"{prefix}/")


def case_files(path: Path, root: Path) -> Iterable[Path]:
    """Yield the case files below ``path``, sorted: every *.yaml and *.yml in a folder of behaviour of ``root``."""
    reserved = {root / "clauses.yaml", root / "catalog", root / "matrix"}
    for file in sorted(path.rglob("*")):
        if file.suffix in (".yaml", ".yml") and file.is_file() and not reserved & {file, *file.parents}:
            yield file


def load_file(
    file: Path, root: Path, clauses: dict[str, Clause], complaints: list[CaseFileError]
) -> list[Case]:
    """Read one file; what is wrong with it is appended to ``complaints``."""
    name = file.relative_to(root).as_posix()
    prefix = _prefix(file, root)
    try:
        if not all(_NAME.fullmatch(part) for part in prefix.split("/")):
            raise CaseFileError(name, 1, 1, f"the file name {name!r}", "lower-case words joined by hyphens")
        node = _read(file, name)
        items = _case_nodes(node)
    except CaseFileError as error:
        complaints.append(error)
        return []
    cases: dict[str, Case] = {}
    for item in items:
        try:
            case = CaseShape().read(item, prefix)
            if case.id in cases:
                first = cases[case.id].source.line
                raise item.place.complain(f"the id {case.id!r} twice (first in line {first})", "each id once")
            _known_clauses(case, item, clauses)
        except CaseFileError as error:
            complaints.append(error)
        else:
            cases[case.id] = case
    return list(cases.values())


def load_clauses(file: Path) -> dict[str, Clause]:
    """Read clauses.yaml: a list of clauses with unique ids."""
    node = _read(file, file.name)
    clauses: dict[str, Clause] = {}
    if not isinstance(node, Sequence):
        raise node.place.complain(str(node), "a list of clauses")
    for item in node.items:
        fields: dict[str, Any] = _CLAUSE.read(item)
        if fields["id"] in clauses:
            raise item.place.complain(f"the clause {fields['id']!r} twice", "each id once")
        clauses[fields["id"]] = Clause(**fields)
    return clauses


def _read(file: Path, name: str) -> Node:
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        raise CaseFileError(name, 1, 1, f"a file that cannot be read ({error.strerror})", "a readable file") from None
    except UnicodeDecodeError as error:
        raise CaseFileError(name, 1, 1, f"a byte that is not UTF-8 at offset {error.start}", "ASCII") from None
    return parse(text, name)


def _case_nodes(node: Node) -> tuple[Node, ...]:
    if not isinstance(node, Mapping):
        raise node.place.complain(str(node), "a mapping with about and cases")
    for key, _ in node.pairs:
        Word("a key of a case file", choices=FILE_KEYS).read(key)
    fields = {key.value: value for key, value in node.pairs}
    for wanted in FILE_KEYS:
        if wanted not in fields:
            raise node.place.complain(f"{node}, without {wanted!r}", "a mapping with about and cases")
    Text("one sentence about the file", sentence=True).read(fields["about"])
    cases = fields["cases"]
    if not isinstance(cases, Sequence) or not cases.items:
        raise cases.place.complain(str(cases), "a list of at least one case")
    return cases.items


def _known_clauses(case: Case, node: Node, clauses: dict[str, Clause]) -> None:
    known = tuple(clauses)
    for key, value in node.pairs if isinstance(node, Mapping) else ():
        if key.value in ("clauses", "asked") and isinstance(value, Sequence):
            for item in value.items:
                Word("a clause of clauses.yaml", choices=known).read(item)
    for clause in case.clauses:
        if clauses[clause].excluded:
            raise node.place.complain(f"the clause {clause!r}, which is excluded", "a clause that can be tested")
