"""Where descriptions lie: a user's own folders, and the one that is shipped."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from wireproof._descriptions._ready import candidate
from wireproof._descriptions._shape import NAME, Description, load
from wireproof._model import Candidate
from wireproof.errors import BrokenDescriptions, CaseFileError, UsageError, WireproofError

_BASELINE = "baseline.yaml"

SHIPPED = Path(__file__).resolve().parent.parent / "candidates"
NAMES_OF_OURS = ("reference", "stdlib")
"""Names that no description can have, since they mean something already."""
_SUFFIX = ".yaml"
_KEYS = ("candidates",)


def folders_of(start: Path) -> list[Path]:
    """Return the folders that the nearest pyproject.toml, at ``start`` or above, names in ``[tool.wireproof]``.

    Raises:
        UsageError: it is broken, or names what is no folder.
    """
    start = start.resolve()
    file = next((file for folder in (start, *start.parents) if (file := folder / "pyproject.toml").is_file()), None)
    if file is None:
        return []
    try:
        table = tomllib.loads(file.read_text("utf-8")).get("tool", {})
    except (OSError, ValueError) as error:
        raise UsageError(str(file), " ".join(str(error).split()), "a TOML file that can be read") from None
    own = table.get("wireproof", {}) if isinstance(table, dict) else {}
    where = f"[tool.wireproof] in {file}"
    if not isinstance(own, dict) or not set(own) <= set(_KEYS):
        got = ", ".join(sorted(set(own) - set(_KEYS))) if isinstance(own, dict) else str(own)
        raise UsageError(where, got, f"only the key {', '.join(_KEYS)}")
    names = own.get("candidates", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError(f"{where}: candidates", str(names), 'a list of folders: ["candidates"]')
    return [_folder(file.parent / name, f"{where}: candidates", name) for name in names]


def _folder(path: Path, what: str, got: str) -> Path:
    if not path.is_dir():
        raise UsageError(what, got, "a folder that exists")
    return path


def described(folders: Sequence[Path] = ()) -> list[Description]:
    """Return all descriptions by name: those of ``folders``, and the shipped ones.

    Of several with one name the first folder's counts, and a shipped one last.

    Raises:
        UsageError: a folder is none.
        BrokenDescriptions: some are broken; every complaint is there.
    """
    found: dict[str, Description] = {}
    complaints: list[WireproofError] = []
    for folder in (*folders, SHIPPED):
        for file in _files(folder):
            try:
                if file.stem not in found:
                    found[file.stem] = _load(file)
            except BrokenDescriptions as broken:
                complaints += broken.complaints
    if complaints:
        raise BrokenDescriptions(tuple(complaints))
    return [found[name] for name in sorted(found)]


def find(name: str, folders: Sequence[Path] = ()) -> Candidate | None:
    """Return the candidate that is described under ``name``, or None where there is none.

    Raises:
        UsageError: a folder is none.
        BrokenDescriptions: its description is broken.
        CandidateError: what it needs is not there; the hint is the command that installs it.
    """
    found = lookup(name, folders)
    return None if found is None else candidate(found)


def lookup(name: str, folders: Sequence[Path] = ()) -> Description | None:
    """Return the description of that name, or None where there is none.

    Raises:
        UsageError: a folder is none.
        BrokenDescriptions: it is broken.
    """
    if not NAME.fullmatch(name) or name in NAMES_OF_OURS:
        return None
    for folder in (*folders, SHIPPED):
        for file in _files(folder):
            if file.stem == name:
                return _load(file)
    return None


def _files(folder: Path) -> Iterable[Path]:
    """Return the descriptions of a folder, sorted; x.yml is taken for a slip of the pen, and complained about.

    A baseline may lie beside them (wireproof init puts it there) and is none.
    """
    _folder(folder, "folder of candidates", str(folder))
    found = (file for file in folder.iterdir() if file.suffix in (_SUFFIX, ".yml") and file.is_file())
    return sorted(file for file in found if file.name != _BASELINE)


def _load(file: Path) -> Description:
    if file.suffix != _SUFFIX:
        found, wanted = f"the file name {file.name!r}", f"{file.stem + _SUFFIX!r}"
        raise BrokenDescriptions((CaseFileError(str(file), 1, 1, found, wanted),))
    if file.stem in NAMES_OF_OURS:
        found, wanted = f"the file name {file.name!r}", f"another one: {file.stem} is a candidate without a description"
        raise BrokenDescriptions((CaseFileError(str(file), 1, 1, found, wanted),))
    return load(file)
