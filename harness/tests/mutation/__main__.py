"""``python harness/tests/mutation``: mutate, try, and say what is found. Exit code 1: something is not."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import mutant_reasons
import mutant_report
from mutant_job import Entry, Fault, Job, contradictions, settled
from mutant_reasons import Reasons
from mutant_source import Mutant
from mutant_subjects import SUBJECTS, TESTS, Subject, catalogue_hashes
from mutant_trial import Result

from wireproof import __version__
from wireproof._cases import load
from wireproof._selection import plan
from wireproof.errors import UsageError, WireproofError

STORED = TESTS.parent.parent / "reports" / "proof" / "mutation.json"
CATALOGUE = "catalogue"


def _part(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    number, slash, count = value.partition("/")
    if not slash or not number.isdecimal() or not count.isdecimal() or not 1 <= int(number) <= int(count):
        raise click.BadParameter(f"got {value!r}; wanted N/M, as in 1/20")
    return int(number), int(count)


@click.command()
@click.option("--subject", "names", multiple=True, type=click.Choice([*SUBJECTS, CATALOGUE]), help="Only this one.")
@click.option("--sample", callback=_part, metavar="N/M", help="Every M-th mutant, held against the stored results.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes at a time.")
@click.option("--output", type=click.Path(path_type=Path), default=STORED, help="Where the results are stored.")
@click.option("--list", "is_listed", is_flag=True, help="Say what the mutants are, and try none.")
def main(names: Sequence[str], sample: tuple[int, int] | None, jobs: int, output: Path, is_listed: bool) -> None:
    """Try every mutant of the subjects, and store what came of each."""
    begun = time.monotonic()
    try:
        work = Whole(names or [*SUBJECTS, CATALOGUE], jobs)
        if is_listed:
            work.show()
            return
        with tempfile.TemporaryDirectory() as folder:
            tempfile.tempdir = folder
            found = work.sampled(*sample, output) if sample else work.done(output)
    except WireproofError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    for sentence in found:
        click.echo(sentence, err=True)
    click.echo(f"{time.monotonic() - begun:.0f} s, {len(found)} complaints")
    sys.exit(1 if found else 0)


class Whole:
    """The job, with everything read.

    Args:
        names: of the subjects.
        jobs: how many processes there are at a time.
    """

    def __init__(self, names: Sequence[str], jobs: int) -> None:
        self.names = names
        self.subjects: dict[str, Subject] = {name: make() for name, make in SUBJECTS.items() if name in names}
        self.reasons: Reasons = mutant_reasons.read()
        self.cases = load(None, ())
        self.job = Job(self.cases, plan(self.cases.cases, self.cases.matrices), jobs)
        self.excluded: Counter[str] = Counter()

    def mutants(self, *, everything: bool) -> list[Mutant]:
        """Return the mutants that are not left out, and count those that are."""
        chosen = []
        for name, subject in self.subjects.items():
            for mutant in subject.mutants(self.reasons, everything=everything):
                if self.reasons.exclusion(mutant, subject.sources[mutant.file]) is None:
                    chosen.append(mutant)
                else:
                    self.excluded[name] += 1
        return chosen

    def faults(self) -> list[Fault]:
        """Return the faulty clients of the catalogue, each with the case that must find it."""
        if CATALOGUE not in self.names:
            return []
        if str(TESTS) not in sys.path:
            sys.path.append(str(TESTS))
        table: Mapping[str, Any] = importlib.import_module("test_detection").FAULTS
        return [Fault(name, found.case) for name, found in sorted(table.items())]

    def files(self) -> dict[str, dict[str, str]]:
        """Return the hashes of the files of every subject."""
        files = {name: subject.hashes() for name, subject in self.subjects.items()}
        return {**files, CATALOGUE: catalogue_hashes()} if CATALOGUE in self.names else files

    def show(self) -> None:
        """Print all mutants."""
        for mutant in self.mutants(everything=False):
            click.echo(f"{mutant.id}\t{mutant.line}\t{mutant.change}")

    def unchanged(self) -> list[str]:
        """Return a sentence for each subject that fails as it is."""
        clients = ("Client", "Hooked", "Scratch") if CATALOGUE in self.names else ()
        return self.job.unchanged(self.subjects.values(), clients)

    def done(self, output: Path) -> list[str]:
        """Try everything and store it; return a sentence for each thing that is wrong."""
        wrong = self.unchanged()
        if wrong:
            return wrong
        chosen, faults = self.mutants(everything=True), self.faults()
        results = self._tried(chosen)
        for mutant in chosen:
            if results[mutant.id].outcome == "survived" and self.reasons.equivalence(mutant) is None:
                results[mutant.id] = self.job.confirmed(self.subjects[mutant.subject], mutant)
        entries = [settled(mutant, results[mutant.id], self.reasons) for mutant in chosen]
        entries += self._faults(faults)
        stale = self.reasons.stale(self._of_this_release(output))
        found = mutant_report.document(__version__, platform.python_version(), self.files(), self.excluded, entries)
        mutant_report.write(found, output)
        clauses = [clause.id for clause in self.cases.clauses.values() if not clause.excluded]
        click.echo(mutant_report.table(found, clauses))
        wrong = [*mutant_report.complaints(found), *contradictions(chosen, results, self.reasons)]
        return wrong + stale

    def _of_this_release(self, output: Path) -> list[str]:
        """Return the subjects that every entry must fit: not another http/client.py than the one of last time."""
        with contextlib.suppress(UsageError):
            if _stored(output)["python"] != platform.python_version():
                return [name for name in self.subjects if name != "stdlib"]
        return list(self.subjects)

    def sampled(self, number: int, count: int, output: Path) -> list[str]:
        """Try every so-many-th mutant, beginning with the case that killed it; compare with what is stored."""
        stored = _stored(output)
        outdated = mutant_report.outdated(stored, self.files(), platform.python_version())
        if outdated:
            return outdated
        if stored["python"] != platform.python_version():
            self.subjects.pop("stdlib", None)  # another http/client.py has other mutants
        chosen = self.mutants(everything=False)[number - 1 :: count]
        faults = self.faults()[number - 1 :: count]
        cases = {each["id"]: each["case"] for each in stored["mutants"]}
        results = self._tried(chosen, cases)
        entries = [settled(mutant, results[mutant.id], self.reasons) for mutant in chosen]
        click.echo(f"{len(chosen) + len(faults)} mutants tried")
        return mutant_report.differing(stored, [*entries, *self._faults(faults)])

    def _tried(self, chosen: Sequence[Mutant], first: Mapping[str, str] | None = None) -> dict[str, Result]:
        return dict(self.job.mutants(self.subjects, chosen, first))

    def _faults(self, faults: Sequence[Fault]) -> list[Entry]:
        """Return what came of the clients of the catalogue."""
        results = dict(self.job.faults(faults))
        entries = []
        for fault in faults:
            result = results[fault.name]
            if result.outcome == "survived":
                result = self.job.confirmed_client(f"faulty:{fault.name}")
            id_ = f"{CATALOGUE}:faulty.py:{fault.name}"
            entries.append(Entry(id_, CATALOGUE, "by-hand", "faulty.py", 0, fault.name, result, result.reason))
        return entries


def _stored(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError("mutation.json", str(error), f"the stored results; {mutant_report.AGAIN}") from None


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # as workers have it: sets are iterated over in the same order
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    main()
