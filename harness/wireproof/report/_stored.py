"""What every report is made of, whether a run has just ended or its results were stored long ago.

How a format is made (``_formats.FORMATS`` has them all by name)::

    def text(report: Report) -> Iterator[str]:
        for entry in report.entries:          # a column of a table: one candidate of one run
            entry.title                       # what to call it; no two entries have the same; escape it
            entry.version, entry.gate         # of the candidate; the layer that has to hold
            entry.summary["planned"]          # planned, passed, nonstrict, failed, unsupported, errored, not_run
            entry.head["clauses"]             # by clause that was exercised: in how many cases it was broken
            entry.head["matrices"]            # by matrix and rule: how many were planned, how many are no pass
            entry.head["defects"]             # CPython's known defects
            entry.known                       # what a baseline says (``_known``); None: nothing, at this gate
            entry.news                        # what is not as it says: of each the sentence, under "text", and more
            for record in entry.records:      # read again from the disk at each iteration, so that memory stays small
                record["verdict"], record["evidence"]
                entry.outcome(record)         # "pass", "fail" (of the gate), "known" (it fails so as is known),
                                              # "unsupported", "error", "not_run"
                case = report.suite.case(record)     # its Case; None where the suite at hand has no such case
        report.suite.clauses["method.token"].text    # the clauses by id
        yield "text, in pieces of any size"

``head`` and ``record`` have the shapes ``candidate`` and ``result`` of results.schema.json beside this file. Records of
matrices are there for what did not pass (or only with a tolerance, or with ``--all-results``); their passes are counts.
What comes from ``read`` has these shapes, but every text in it is whatever somebody wrote into a file: escape it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wireproof import __version__
from wireproof._findings import Findings
from wireproof._matrix import Expansion, taken_apart
from wireproof._model import Case, Clause, LayerName
from wireproof.report._results import Result, Selection, counts

if TYPE_CHECKING:
    from wireproof._cases import CaseSet

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """What is true of a whole run: the version of wireproof, the gate, and the selection in the shape of the schema."""

    wireproof: str
    gate: LayerName
    selection: Json


@dataclass(frozen=True, slots=True)
class Entry:
    """One candidate of one run. ``title`` tells it from all others in the report; ``missing`` verdicts were lost with a
    run that did not come to its end, and are counted as not run.
    """

    title: str
    frame: Frame
    head: Json
    records: Iterable[Json]
    missing: int = 0

    @property
    def version(self) -> str:
        """What the candidate says of its version."""
        return str(self.head["version"])

    @property
    def gate(self) -> LayerName:
        """The layer that has to hold."""
        return self.frame.gate

    @property
    def summary(self) -> dict[str, Any]:
        """The published counts."""
        summary: dict[str, Any] = self.head["summary"]
        return summary

    def outcome(self, record: Json) -> str:
        """Return what a result means at the gate: pass, fail, known, unsupported, error or not_run."""
        answer = str(record["layers"][self.gate])
        return "known" if answer == "fail" and "known" in record and self.known is not None else answer

    @property
    def known(self) -> Json | None:
        """What a baseline says of the candidate; None without one, and where another layer has to hold than its own."""
        known: Json | None = self.head.get("known")
        return known if known is not None and known["layer"] == self.gate else None

    @property
    def news(self) -> Sequence[Json]:
        """What the baseline does not know."""
        return self.known["news"] if self.known is not None else ()


class Suite:
    """The cases and the clauses, read when they are first asked for.

    Args:
        load: reads them.
    """

    def __init__(self, load: Callable[[], CaseSet]) -> None:
        self._load = load
        self._expansions: dict[str, Expansion] = {}

    @cached_property
    def found(self) -> CaseSet:
        """All that was read."""
        return self._load()

    @cached_property
    def _cases(self) -> dict[str, Case]:
        return {case.id: case for case in self.found.cases}

    @property
    def clauses(self) -> Mapping[str, Clause]:
        """The clauses by id."""
        return self.found.clauses

    def case(self, record: Json) -> Case | None:
        """Return the case of a result, or None where there is none with this id and this content."""
        case = self._cases.get(record["id"]) or self._combination(record["id"])
        return case if case is not None and case.hash == record["hash"] else None

    def _combination(self, id_: str) -> Case | None:
        try:
            parts = taken_apart(id_)
            expansion = self._expansion(parts[0]) if parts else None
            return expansion.case(expansion.named(parts[1])) if parts and expansion else None
        except (ValueError, LookupError):
            return None

    def _expansion(self, name: str) -> Expansion | None:
        if name not in self._expansions:
            matrix = next((matrix for matrix in self.found.matrices if matrix.id == name), None)
            if matrix is None:
                return None
            self._expansions[name] = Expansion(matrix)
        return self._expansions[name]


@dataclass(frozen=True, slots=True)
class Report:
    """All that reports are made of. ``frames``: of the runs, in the order of their files."""

    entries: Sequence[Entry]
    frames: Sequence[Frame]
    suite: Suite = field(repr=False)


def of_run(results: Sequence[Result], gate: LayerName, selection: Selection, suite: Suite) -> Report:
    """Return the report of a run that has just ended."""
    is_part = selection.shard != (1, 1)
    frame = Frame(__version__, gate, _chosen(selection))
    names = titles([(result.candidate, result.version, "") for result in results])
    entries = [
        Entry(title, frame, head(result, is_part=is_part), result.records)
        for title, result in zip(names, results, strict=True)
    ]
    return Report(entries, [frame], suite)


def titles(candidates: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return what to call candidates: the name; with the version, the file or a number where it occurs again.

    Args:
        candidates: of each the name, the version, and the file in which its results are.
    """
    found = [name for name, _, _ in candidates]
    for more in (1, 2):
        again = Counter(found)
        found = [
            f"{title} ({candidates[at][more]})" if again[title] > 1 and candidates[at][more] else title
            for at, title in enumerate(found)
        ]
    seen: Counter[str] = Counter()
    for at, title in enumerate(found):
        seen[title] += 1
        if seen[title] > 1:
            found[at] = f"{title} ({seen[title]})"
    return found


def _chosen(selection: Selection) -> Json:
    is_part = selection.shard != (1, 1)
    return {
        "select": list(selection.globs),
        "clause": list(selection.clauses),
        "strength": "full" if selection.strength is None else selection.strength,
        "shard": {"index": selection.shard[0], "of": selection.shard[1]} if is_part else None,
        "cases": selection.digest,
        "planned": selection.total,
    }


def head(result: Result, *, is_part: bool) -> Json:
    """Return what the document says of a candidate, without the results, of which there may be very many."""
    findings = result.findings
    return {
        "name": result.candidate,
        "version": result.version,
        "summary": {**result.summary, **_strict(findings.all, findings.all_strict)},
        "defects": {
            name: {"present": present, "absent": absent} for name, (present, absent) in findings.defects.items()
        },
        "clauses": {name: findings.broken[name] for name in sorted(findings.exercised | set(findings.broken))},
        "matrices": [{**matrix, **_of_matrix(matrix["id"], findings)} for matrix in result.matrices],
        **({"known": result.known} if result.known is not None else {}),
        **({"positions": list(result.positions)} if is_part else {}),
    }


def _strict(tolerant: Counter[str], strict: Counter[str]) -> dict[str, Any]:
    """Return the counts without tolerances as one more key, where they are others."""
    return {} if tolerant == strict else {"strict": counts(strict)}


def _of_matrix(id_: str, findings: Findings) -> dict[str, Any]:
    return _strict(findings.groups.get(id_, Counter()), findings.strict_groups.get(id_, Counter()))


def _nothing() -> CaseSet:
    from wireproof._cases import CaseSet

    return CaseSet(Path(), (), {})


NO_SUITE = Suite(_nothing)
"""No case and no clause."""
