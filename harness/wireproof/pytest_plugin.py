"""The pytest plugin: one item for each case and candidate, and the fixture ``capturing_server``.

It collects the bundled cases where pytest is pointed at them (``pytest --pyargs wireproof``), and the case folders that
the ini option ``wireproof_cases`` names. Everything heavy is imported when the first YAML file is met.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from wireproof._model import Case, Clause, Verdict
    from wireproof._run import Session
    from wireproof.server import CapturingServer


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run."""
    group = parser.getgroup("wireproof", "conformance of HTTP clients with the API of http.client")
    group.addoption(
        "--candidate",
        action="append",
        default=[],
        metavar="NAME",
        help="reference, stdlib or package.module:Class; repeatable (default: the first two)",
    )
    group.addoption("--gate", choices=("bytes", "contract", "rfc"), default="bytes", help="the layer that must hold")
    group.addoption("--case-timeout", type=float, default=5.0, metavar="S", help="seconds for one case (default: 5)")
    group.addoption("--strict-defects", action="store_true", help="CPython's known defects fail, too")
    parser.addini("wireproof_cases", "folders of cases to collect, beside the bundled ones", "paths", [])


def pytest_configure(config: pytest.Config) -> None:
    """Keep the state of this run."""
    config.stash[_STATE] = _State(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the workers."""
    state = config.stash.get(_STATE, None)
    for session in state.sessions.values() if state else ():
        session.close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    """Collect a case file of one of the case folders."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    root = parent.config.stash[_STATE].root_of(file_path.resolve())
    if root is None:
        return None
    collected: CaseFile = CaseFile.from_parent(parent, path=file_path)
    collected.case_root = root
    return collected


@pytest.fixture
def capturing_server() -> Iterator[CapturingServer]:
    """A server on a free port of 127.0.0.1 that keeps every byte it is sent; see wireproof.server."""
    from wireproof.server import CapturingServer

    with CapturingServer() as server:
        yield server


class _State:
    """What is shared by the items of one pytest process."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.candidates: list[str] = config.getoption("--candidate") or ["reference", "stdlib"]
        self.sessions: dict[str, Session] = {}
        self._roots: list[Path] | None = None
        self._clauses: dict[Path, dict[str, Clause]] = {}

    def root_of(self, file: Path) -> Path | None:
        """Return the case folder that the file belongs to; None for what is no case file."""
        if self._roots is None:
            from wireproof._cases import bundled_root

            self._roots = [bundled_root(), *(path.resolve() for path in self.config.getini("wireproof_cases"))]
        for root in self._roots:
            if root in file.parents:
                reserved = {root / "clauses.yaml", root / "catalog", root / "matrix"}
                return None if reserved & {file, *file.parents} else root
        return None

    def clauses(self, root: Path) -> dict[str, Clause]:
        """Return the clauses of a case folder; the bundled ones where it has none."""
        if root not in self._clauses:
            from wireproof._cases import bundled_root, load_clauses

            own = root / "clauses.yaml"
            self._clauses[root] = load_clauses(own if own.is_file() else bundled_root() / "clauses.yaml")
        return self._clauses[root]

    def session(self, candidate: str) -> Session:
        """Return the worker for a candidate, started when it is first needed."""
        if candidate not in self.sessions:
            from wireproof._run import Options, Session

            options = Options(
                timeout=self.config.getoption("--case-timeout"),
                strict_defects=self.config.getoption("--strict-defects"),
            )
            worker: dict[str, Any] = getattr(self.config, "workerinput", {})
            number = int(str(worker.get("workerid", "gw0")).removeprefix("gw"))
            self.sessions[candidate] = Session(candidate, options, number * 8 + len(self.sessions))
        return self.sessions[candidate]


_STATE = pytest.StashKey[_State]()


class CaseFile(pytest.File):
    """A file of cases."""

    case_root: Path

    def collect(self) -> Iterator[CaseItem]:
        """Yield an item for each case and candidate."""
        from wireproof._cases import load_file
        from wireproof.errors import BrokenCases, CaseFileError

        complaints: list[CaseFileError] = []
        state = self.config.stash[_STATE]
        clauses = state.clauses(self.case_root)
        cases = load_file(self.path.resolve(), self.case_root, clauses, complaints)
        if complaints:
            raise BrokenCases(tuple(complaints))
        for candidate in state.candidates:
            for case in cases:
                item: CaseItem = CaseItem.from_parent(self, name=f"{case.id}[{candidate}]")
                item.case, item.candidate, item.clauses = case, candidate, clauses
                yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what is wrong with the file in one sentence each."""
        from wireproof.errors import WireproofError

        if isinstance(excinfo.value, WireproofError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class _FellShort(Exception):
    """The verdict is held against the candidate."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.id)
        self.verdict = verdict


class CaseItem(pytest.Item):
    """One case against one candidate."""

    case: Case
    candidate: str
    clauses: dict[str, Clause]

    def runtest(self) -> None:
        """Run the case; unsupported is skipped with its reason."""
        from wireproof._run import falls_short
        from wireproof.errors import HarnessError

        verdict = self.config.stash[_STATE].session(self.candidate).verdict(self.case)
        reason = verdict.reason.text if verdict.reason else ""
        for name, seen in verdict.defects:
            self.user_properties.append((f"defect {name}", seen))
        if verdict.verdict == "unsupported":
            pytest.skip(reason)
        if verdict.verdict == "error":
            raise HarnessError(reason)
        if falls_short(verdict, self.config.getoption("--gate")):
            raise _FellShort(verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the explanation, not a traceback of ours."""
        from wireproof._show import explanation
        from wireproof.errors import WireproofError

        if isinstance(excinfo.value, _FellShort):
            return "\n".join(explanation(excinfo.value.verdict, self.case, self.clauses, self.candidate, 100))
        if isinstance(excinfo.value, WireproofError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the case is written."""
        return self.path, self.case.source.line - 1, self.name
