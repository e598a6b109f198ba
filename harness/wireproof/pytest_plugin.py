"""The pytest plugin: items for cases and for groups of combinations, and the fixture ``capturing_server``.

It collects the bundled cases where pytest is pointed at them (``pytest --pyargs wireproof``), and the case folders that
the ini option ``wireproof_cases`` names. Everything heavy is imported when the first YAML file is met.

A case is an item for each candidate. The combinations of a matrix are too many for that: those that are filed under the
same rule of its tables are run by one item or, where they are many, by several.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from wireproof._matrix import Expansion, Matrix, Rule
    from wireproof._model import Case, Clause, LayerName, Verdict
    from wireproof._run import Event, Lost, Session
    from wireproof._selection import Slice
    from wireproof.errors import CaseFileError
    from wireproof.server import CapturingServer

_GROUP = 2048
"""So many combinations an item has at most: it costs little beside them, and processes that share them end together."""
_FURTHER = 10
"""So many more ids of what fell short are shown."""


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
    group.addoption(
        "--matrix-strength",
        choices=("1", "2", "3", "full"),
        default="3",
        help="run combinations of each matrix with all values, pairs or triples of values, or all (default: 3)",
    )
    parser.addini("wireproof_cases", "folders of cases to collect, beside the bundled ones", "paths", [])


def pytest_configure(config: pytest.Config) -> None:
    """Keep the state of this run."""
    config.stash[_STATE] = _State(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the workers."""
    state = config.stash.get(_STATE, None)
    for session in state.sessions.values() if state else ():
        session.close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | MatrixFile | None:
    """Collect a case file, or a matrix, of one of the case folders."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    file = file_path.resolve()
    root = parent.config.stash[_STATE].root_of(file)
    if root is None:
        return None
    kind = MatrixFile if file.parent == root / "matrix" else CaseFile
    collected: CaseFile | MatrixFile = kind.from_parent(parent, path=file_path)
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
        self._matrices: dict[Path, tuple[dict[str, Matrix], list[CaseFileError]]] = {}

    def root_of(self, file: Path) -> Path | None:
        """Return the case folder that the file belongs to; None for what is neither a case file nor a matrix."""
        if self._roots is None:
            from wireproof._cases import bundled_root

            self._roots = [bundled_root(), *(path.resolve() for path in self.config.getini("wireproof_cases"))]
        for root in self._roots:
            if root in file.parents:
                reserved = {root / "clauses.yaml", root / "catalog", root / "matrix"}
                is_matrix = file.parent == root / "matrix"
                return root if is_matrix or not reserved & {file, *file.parents} else None
        return None

    def clauses(self, root: Path) -> dict[str, Clause]:
        """Return the clauses of a case folder; the bundled ones where it has none."""
        if root not in self._clauses:
            from wireproof._cases import bundled_root, load_clauses

            own = root / "clauses.yaml"
            self._clauses[root] = load_clauses(own if own.is_file() else bundled_root() / "clauses.yaml")
        return self._clauses[root]

    def matrix(self, file: Path, root: Path) -> Matrix:
        """Return the matrix in a file. All matrices of a case folder are read with its catalogs, once.

        Raises:
            BrokenCases: the file is broken, or a catalog is.
        """
        from wireproof._cases._load import load_matrices, yaml_files
        from wireproof.errors import BrokenCases

        if root not in self._matrices:
            complaints: list[CaseFileError] = []
            found = load_matrices(root, yaml_files(root, root / "matrix"), self.clauses(root), complaints)
            self._matrices[root] = ({matrix.source.file: matrix for matrix in found}, complaints)
        matrices, complaints = self._matrices[root]
        name = file.relative_to(root).as_posix()
        own = tuple(each for each in complaints if each.file == name or each.file.startswith("catalog/"))
        if own:
            raise BrokenCases(own)
        return matrices[name]

    @property
    def strength(self) -> int | None:
        """The strength of the covering array of each matrix; None for all combinations."""
        chosen: str = self.config.getoption("--matrix-strength")
        return None if chosen == "full" else int(chosen)

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


class _File(pytest.File):
    """A file of a case folder."""

    case_root: Path

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what is wrong with the file in one sentence each."""
        from wireproof.errors import WireproofError

        if isinstance(excinfo.value, WireproofError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class CaseFile(_File):
    """A file of cases."""

    def collect(self) -> Iterator[CaseItem]:
        """Yield an item for each case and candidate."""
        from wireproof._cases import load_file
        from wireproof.errors import BrokenCases

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


class MatrixFile(_File):
    """A matrix."""

    def collect(self) -> Iterator[MatrixItem]:
        """Yield an item for each group of combinations and candidate."""
        from wireproof._selection import plan

        state = self.config.stash[_STATE]
        clauses = state.clauses(self.case_root)
        matrix = state.matrix(self.path.resolve(), self.case_root)
        (chosen,) = plan((), (matrix,), strength=state.strength).chosen
        groups = list(_groups(chosen.expansion, chosen.numbers))
        for candidate in state.candidates:
            for group in groups:
                item: MatrixItem = MatrixItem.from_parent(self, name=f"{matrix.id}[{group.name}][{candidate}]")
                item.group, item.candidate, item.clauses = group, candidate, clauses
                yield item


@dataclass(frozen=True, slots=True)
class _Group:
    """Combinations that are filed under the same rule: what one item runs."""

    name: str
    rule: Rule
    expansion: Expansion
    numbers: array[int]

    def slices(self) -> Iterator[Slice]:
        """Yield them as a worker takes them; the position of each is its number."""
        from wireproof._codec import SLICE
        from wireproof._selection import Slice

        for start in range(0, len(self.numbers), SLICE):
            numbers = self.numbers[start : start + SLICE]
            yield Slice(self.expansion, numbers, numbers)


def _groups(expansion: Expansion, numbers: Sequence[int]) -> Iterator[_Group]:
    """Group combinations by their rules, in the order of the tables, and cut what is too long for one item."""
    by_rule = _by_rule(expansion, numbers)
    for rule in (rule for table in expansion.matrix.tables.values() for rule in table):
        filed = by_rule.get(rule.name, array("L"))
        for part, start in enumerate(range(0, len(filed), _GROUP), 1):
            suffix = f"#{part}" if part > 1 else ""
            yield _Group(rule.name + suffix, rule, expansion, filed[start : start + _GROUP])


def _by_rule(expansion: Expansion, numbers: Sequence[int]) -> dict[str, array[int]]:
    """Return the combinations that are filed under each rule, by its name, in order.

    Each process collects, so this must be quick: the classes of all combinations are added up axis by axis.
    """
    decisions = expansion.decisions
    classes = [0]
    for axis in expansion.axes:
        weights = decisions.weights(axis.name)
        classes = [before + weight for before in classes for weight in weights]
    filed: dict[str, array[int]] = {}
    add = []
    for at in range(len(decisions.by_class)):
        add.append(filed.setdefault(decisions.at(at).leading.name, array("L")).append)
    for number in numbers:
        add[classes[number]](number)
    return filed


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


class _Findings:
    """What came of the combinations of an item: the counts and, of what has not passed, what is shown of it.

    ``numbers`` has those that fell short at the gate.
    """

    def __init__(self, candidate: str, group: _Group, gate: LayerName) -> None:
        from wireproof._run import Tally

        self.gate = gate
        self.tally = Tally(candidate, len(group.numbers))
        self.numbers: list[int] = []
        self.lost: list[Lost] = []
        self._first: dict[str, tuple[int, Verdict]] = {}

    def take(self, event: Event) -> None:
        """Take in what a worker says."""
        from wireproof._run import Judged, Lost, Passed

        if isinstance(event, Judged | Passed | Lost):
            self.tally.take(event)
        if isinstance(event, Lost):
            self.lost.append(event)
        if isinstance(event, Judged):
            assert event.position is not None
            self._keep(event.position, event.verdict)

    def _keep(self, number: int, verdict: Verdict) -> None:
        from wireproof._run import falls_short

        is_short = falls_short(verdict, self.gate)
        if is_short:
            self.numbers.append(number)
        kind = "short" if is_short else verdict.verdict
        self._first[kind] = min(self._first.get(kind, (number, verdict)), (number, verdict), key=lambda kept: kept[0])

    def first(self, kind: Literal["short", "error", "unsupported"]) -> Verdict | None:
        """Return the verdict on the first combination of a kind."""
        return self._first[kind][1] if kind in self._first else None

    @property
    def trouble(self) -> str:
        """What the harness could not do; "" where there is nothing."""
        verdict = self.first("error")
        if verdict is not None:
            return f"{verdict.id}: {verdict.reason.text if verdict.reason else 'no reason'}"
        return next((lost.text for lost in self.lost if lost.kind == "error"), "")

    @property
    def properties(self) -> Iterator[tuple[str, object]]:
        """The counts, and what became of CPython's known defects."""
        counts = self.tally.summary()
        yield "combinations", counts["planned"]
        for name in ("passed", "nonstrict", "failed", "unsupported"):
            yield name, counts[name]
        for name, (present, absent) in self.tally.findings.defects.items():
            seen = "present" if present else "absent"
            yield f"defect {name}", f"present in {present} of {present + absent}" if present and absent else seen


class _SomeFellShort(Exception):
    """Some combinations are held against the candidate."""

    def __init__(self, findings: _Findings) -> None:
        super().__init__(findings.tally.name)
        self.findings = findings


class MatrixItem(pytest.Item):
    """Combinations of a matrix that are filed under one rule, against one candidate."""

    group: _Group
    candidate: str
    clauses: dict[str, Clause]

    def runtest(self) -> None:
        """Run the combinations; where all are unsupported, the item is skipped with the first reason."""
        from wireproof.errors import HarnessError

        session = self.config.stash[_STATE].session(self.candidate)
        findings = _Findings(self.candidate, self.group, self.config.getoption("--gate"))
        for slice_ in self.group.slices():
            for event in session.results(slice_):
                findings.take(event)
        self.user_properties += findings.properties
        if findings.trouble:
            raise HarnessError(findings.trouble)
        if findings.tally.short(findings.gate):
            raise _SomeFellShort(findings)
        unsupported = findings.first("unsupported")
        if unsupported is not None and findings.tally.counts["unsupported"] == len(self.group.numbers):
            pytest.skip(unsupported.reason.text if unsupported.reason else "")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show how many fell short and explain the first, without a traceback of ours."""
        from wireproof.errors import WireproofError

        if isinstance(excinfo.value, _SomeFellShort):
            return "\n".join(self._shown(excinfo.value.findings))
        if isinstance(excinfo.value, WireproofError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def _shown(self, findings: _Findings) -> Iterator[str]:
        from wireproof._show import explanation

        short, gate, expansion = findings.tally.short(findings.gate), findings.gate, self.group.expansion
        yield f"{short} of {len(self.group.numbers)} combinations fell short at the gate {gate}: {self.group.rule}"
        not_run = Counter[str]()
        for lost in findings.lost:
            not_run[lost.text.removeprefix("not run: ")] += len(lost.slice.numbers)
        for text, count in not_run.items():
            yield f"not run: {count} of them; {text}"
        first, numbers = findings.first("short"), sorted(findings.numbers)
        if first is None:
            return
        yield ""
        yield from explanation(first, expansion.case(numbers[0]), self.clauses, self.candidate, 100)
        further = numbers[1 : _FURTHER + 1]
        if further:
            yield ""
            yield from (f"also: {expansion.id(number)}" for number in further)
        if len(numbers) > _FURTHER + 1:
            yield f"... and {len(numbers) - _FURTHER - 1} more"

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the rule is written."""
        return self.path, self.group.rule.source.line - 1, self.name
