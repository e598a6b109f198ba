"""The whole job: the copies that are not changed, then every mutant, then what must be looked at again."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutant_pool import Answer, End, Tell, Work, perform
from mutant_reasons import Reasons
from mutant_source import Mutant
from mutant_subjects import CLIENTS, Factory, Subject, client
from mutant_trial import Result, Trial, killed, likely, lost

from wireproof._cases import CaseSet
from wireproof._model import Case
from wireproof._run import Judged, Options, run
from wireproof._selection import Planned
from wireproof.drivers.python_driver import answers

_ADDRESS = re.compile(r"0x[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """A faulty client of the catalogue, and the case that must find it."""

    name: str
    case: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One mutant and what came of it."""

    id: str
    subject: str
    operator: str
    file: str
    line: int
    change: str
    result: Result
    reason: str = ""

    @property
    def outcome(self) -> str:
        """Killed, survived, equivalent or unusable."""
        return self.result.outcome


class Job:
    """What is needed to try mutants.

    Args:
        cases: the bundled cases.
        planned: the selection that a mutant must survive.
        count: how many processes there are at a time.
    """

    def __init__(self, cases: CaseSet, planned: Planned, count: int) -> None:
        self.planned, self.count = planned, count
        self.by_id = {case.id: case for case in cases.cases}
        self.probes = answers()
        self.python_path = os.pathsep.join(filter(None, [str(CLIENTS), os.environ.get("PYTHONPATH", "")]))

    def unchanged(self, subjects: Iterable[Subject], clients: Iterable[str]) -> list[str]:
        """Try the subjects as they are, and clients of the module faithful; return a sentence for each that fails here
        and with the runner.
        """
        by_name = {subject.name: subject for subject in subjects}
        jobs = [(name, self._work(subject, None, ())) for name, subject in by_name.items()]
        jobs += [(f"faithful:{name}", self._client("faithful", name, ())) for name in clients]
        found = []
        for answer in perform(jobs, self.count):
            result = self._result(answer)
            if result.outcome != "survived":
                subject = by_name.get(answer.key)
                result = self.confirmed(subject, None) if subject else self.confirmed_client(answer.key)
            if result.outcome != "survived":
                found.append(f"{answer.key} fails although nothing is changed: {result.case}: {result.reason}")
        return sorted(found)

    def mutants(
        self, subjects: Mapping[str, Subject], chosen: Sequence[Mutant], first: Mapping[str, str] | None = None
    ) -> Iterator[tuple[str, Result]]:
        """Try mutants; yield the id and the result of each as they come.

        Args:
            subjects: by name.
            chosen: which.
            first: the id of the case to begin with, by the mutant's id.
        """
        begin = first or {}
        jobs = ((each.id, self._work(subjects[each.subject], each, (begin.get(each.id, ""),))) for each in chosen)
        for answer in perform(jobs, self.count):
            yield answer.key, self._result(answer)

    def faults(self, faults: Iterable[Fault]) -> Iterator[tuple[str, Result]]:
        """Try clients of the catalogue, each on its own case first; yield the name and the result of each."""
        jobs = ((fault.name, self._client("faulty", fault.name, (fault.case,))) for fault in faults)
        for answer in perform(jobs, self.count):
            yield answer.key, self._result(answer)

    def confirmed(self, subject: Subject, mutant: Mutant | None) -> Result:
        """Run a mutant that has survived with the runner that everybody has, at the default selection."""
        with tempfile.TemporaryDirectory() as folder:
            return self._run(subject.write(mutant, Path(folder)), folder)

    def confirmed_client(self, candidate: str) -> Result:
        """Do the same with a client of the catalogue, or one that it is made from."""
        return self._run(candidate, str(CLIENTS))

    def _run(self, candidate: str, folder: str) -> Result:
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join([folder, self.python_path])
        try:
            for event in run([candidate], self.planned, Options(jobs=self.count, fail_fast=True)):
                if isinstance(event, Judged) and event.verdict.verdict in ("fail", "nonstrict"):
                    return killed(event.verdict)
        finally:
            os.environ.pop("PYTHONPATH")
            if before is not None:
                os.environ["PYTHONPATH"] = before
        return Result("survived")

    # one job

    def _work(self, subject: Subject, mutant: Mutant | None, first: Sequence[str]) -> Work:
        def work(slot: int, tell: Tell, end: End) -> Result:
            try:
                factory = subject.factory(mutant)
            except Exception as error:
                return Result("unusable", reason=f"importing it raises {type(error).__name__}: {error}")
            cases = likely(self.planned.cases, mutant.file, mutant.place) if mutant else self.planned.cases
            return self._tried(factory, cases, first, slot, tell, end)

        return work

    def _client(self, module: str, name: str, first: Sequence[str]) -> Work:
        def work(slot: int, tell: Tell, end: End) -> Result:
            return self._tried(client(module, name), self.planned.cases, first, slot, tell, end)

        return work

    def _tried(
        self, factory: Factory, cases: Sequence[Case], first: Sequence[str], slot: int, tell: Tell, end: End
    ) -> Result:
        leading = [case for name in first if (case := self.planned.of(name) if name else None) is not None]
        names = {case.id for case in leading}
        ordered = [*leading, *(case for case in cases if case.id not in names)]
        return Trial(factory, self.planned, self.probes, slot, tell, end).run(ordered)

    def _result(self, answer: Answer) -> Result:
        result = answer.result
        if result is None:
            case = self.by_id.get(answer.last, self.planned.cases[0])
            result = lost(case, answer.lost, answer.how)
        return Result(
            result.outcome,
            result.case,
            result.layer,
            result.clause,
            result.clauses,
            _ADDRESS.sub("0x…", result.reason),
        )


def settled(mutant: Mutant, result: Result, reasons: Reasons) -> Entry:
    """Return what is stored of a mutant: one that has survived is equivalent where there is a reason for it."""
    why = reasons.equivalence(mutant)
    if why is not None and result.outcome == "survived":
        result = Result("equivalent", reason=why)
    return Entry(
        mutant.id, mutant.subject, mutant.operator, mutant.file, mutant.line, mutant.change, result, result.reason
    )


def contradictions(chosen: Iterable[Mutant], results: Mapping[str, Result], reasons: Reasons) -> list[str]:
    """Return a sentence for each mutant that is said to be equivalent, and is not."""
    return [
        f"equivalent.yaml: {each.file} {each.place}: {each.key}: it is {results[each.id].outcome}: "
        f"{results[each.id].case}: {results[each.id].reason}"
        for each in chosen
        if reasons.equivalence(each) is not None and results[each.id].outcome != "survived"
    ]
