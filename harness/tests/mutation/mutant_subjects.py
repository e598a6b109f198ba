"""What is mutated: the reference implementation, the standard library's http/client.py, and faulty clients by hand.

The mutants of a subject are modules made from text, in a process of their own: nothing is written.
"""

from __future__ import annotations

import hashlib
import http.client
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType
from typing import Any

from mutant_cosmic import COSMIC
from mutant_operators import OWN
from mutant_reasons import Reasons
from mutant_source import Mutant, Source, mutants

import wireproof_reference

TESTS = Path(__file__).resolve().parent.parent
CLIENTS = TESTS / "clients"
CATALOGUE = ("faithful.py", "faulty.py")
"""The files that the catalogue of faulty clients is made of."""

Factory = Callable[..., Any]


class _Memory(MetaPathFinder, InspectLoader):
    """Finds modules whose code is given."""

    def __init__(self, codes: Mapping[str, CodeType], packages: frozenset[str]) -> None:
        self._codes, self._packages = codes, packages

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return the spec of a module that is given."""
        return spec_from_loader(name, self) if name in self._codes else None

    def is_package(self, name: str) -> bool:
        """Say whether a module is a package."""
        return name in self._packages

    def get_code(self, name: str) -> CodeType:
        """Return the code of a module."""
        return self._codes[name]

    def get_source(self, name: str) -> str | None:
        """There is none to be shown."""
        return None


@dataclass(frozen=True)
class Subject:
    """Source files that together are a client.

    ``sources``: by the file's name. ``modules``: the module that each is imported as; ``entry``: the one that has
    ``HTTPConnection``.
    """

    name: str
    sources: Mapping[str, Source]
    modules: Mapping[str, str]
    entry: str

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of each file."""
        return {file: digest(source.text.encode()) for file, source in self.sources.items()}

    def mutants(self, reasons: Reasons, *, everything: bool) -> Iterator[Mutant]:
        """Yield the mutants, those that are excluded among them: ``everything`` says whether also those of places that
        are excluded as a whole.
        """
        for file, source in self.sources.items():

            def skip(place: str, file: str = file) -> bool:
                return not everything and reasons.skips(self.name, file, place)

            yield from mutants(self.name, source, {**COSMIC, **OWN}, skip)

    def texts(self, mutant: Mutant | None) -> dict[str, str]:
        """Return the text of every module; None: nothing is changed."""
        return {
            module: self.sources[file].mutated(mutant.edit)
            if mutant is not None and mutant.file == file
            else self.sources[file].text
            for file, module in self.modules.items()
        }

    def factory(self, mutant: Mutant | None) -> Factory:
        """Import it, changed, into this process; whatever importing raises goes through."""
        codes = {name: _compiled(text, name) for name, text in self.texts(mutant).items()}
        for name in codes:
            sys.modules.pop(name, None)
        sys.meta_path.insert(0, _Memory(codes, frozenset({self.entry}) if len(codes) > 1 else frozenset()))
        found: Factory = importlib.import_module(self.entry).HTTPConnection
        return found

    def write(self, mutant: Mutant | None, folder: Path) -> str:
        """Write it, changed, into a folder that PYTHONPATH will name; return the candidate's name."""
        for module, text in self.texts(mutant).items():
            parts = module.split(".")
            path = folder.joinpath(*parts).with_suffix(".py")
            if module == self.entry and len(self.modules) > 1:
                path = folder / module / "__init__.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return f"{self.entry}:HTTPConnection"


_CODES: dict[str, CodeType] = {}


def _compiled(text: str, name: str) -> CodeType:
    """Compile text; what was compiled before is kept."""
    if text not in _CODES:
        _CODES[text] = compile(text, f"<{name}>", "exec", dont_inherit=True)
    return _CODES[text]


def digest(data: bytes) -> str:
    """Return the SHA-256 of data, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def reference() -> Subject:
    """Return the reference implementation."""
    folder = Path(wireproof_reference.__file__).parent
    sources = {path.name: Source(path.name, path.read_text("utf-8")) for path in sorted(folder.glob("*.py"))}
    name = wireproof_reference.__name__
    modules = {file: name if file == "__init__.py" else f"{name}.{file.removesuffix('.py')}" for file in sources}
    return Subject("reference", sources, modules, name)


def stdlib() -> Subject:
    """Return http/client.py of this interpreter, as a module of another name."""
    source = Source("client.py", Path(http.client.__file__).read_text("utf-8"))
    return Subject("stdlib", {"client.py": source}, {"client.py": "http_client_mutant"}, "http_client_mutant")


SUBJECTS: dict[str, Callable[[], Subject]] = {"reference": reference, "stdlib": stdlib}
"""The subjects whose source is mutated."""


def client(module: str, name: str) -> Factory:
    """Return a client of the catalogue, or one that it is made from."""
    if str(CLIENTS) not in sys.path:
        sys.path.append(str(CLIENTS))
    found: Factory = getattr(importlib.import_module(module), name)
    return found


def catalogue_hashes() -> dict[str, str]:
    """Return the SHA-256 of each file of the catalogue."""
    return {file: digest((CLIENTS / file).read_bytes()) for file in CATALOGUE}
