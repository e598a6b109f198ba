"""Results as JSON and as a table, and what is wrong with them. Pure but for the one file that is written."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mutant_job import Entry

OUTCOMES = ("killed", "equivalent", "survived", "unusable")
MOST_EQUIVALENT = 0.05
"""Of the mutants of a subject that can be used fewer than this share may be declared equivalent."""
AGAIN = "run tox -e mutation"


def document(
    version: str,
    python: str,
    files: Mapping[str, Mapping[str, str]],
    excluded: Mapping[str, int],
    entries: Iterable[Entry],
) -> dict[str, Any]:
    """Return what is stored.

    Args:
        version: that of wireproof.
        python: that of the interpreter.
        files: of each subject its files, with their hashes.
        excluded: of each subject how many mutants were left out beforehand.
        entries: all mutants.
    """
    every = list(entries)
    subjects = {}
    for name in files:
        counts = Counter(entry.outcome for entry in every if entry.subject == name)
        subjects[name] = {
            "files": dict(files[name]),
            "mutants": counts.total(),
            **{outcome: counts[outcome] for outcome in OUTCOMES},
            "excluded": excluded.get(name, 0),
        }
    return {
        "format": 1,
        "wireproof": version,
        "python": python,
        "subjects": subjects,
        "mutants": [_shown(entry) for entry in every],
    }


def _shown(entry: Entry) -> dict[str, Any]:
    result = entry.result
    return {
        "id": entry.id,
        "subject": entry.subject,
        "operator": entry.operator,
        "file": entry.file,
        "line": entry.line,
        "change": entry.change,
        "outcome": result.outcome,
        "case": result.case,
        "layer": result.layer,
        "clause": result.clause,
        "clauses": list(result.clauses),
        "reason": entry.reason,
    }


def text(found: Mapping[str, Any]) -> str:
    """Return the file: one mutant a line."""
    head = {key: value for key, value in found.items() if key != "mutants"}
    lines = ",\n".join(json.dumps(each, ensure_ascii=True) for each in found["mutants"])
    return json.dumps(head, indent=1)[:-2] + f',\n "mutants": [\n{lines}\n]\n}}\n'


def write(found: Mapping[str, Any], path: Path) -> None:
    """Write the file, as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text(found), "utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def by_clause(found: Mapping[str, Any], clauses: Sequence[str]) -> dict[str, int]:
    """Return how many killed mutants name each clause."""
    counts = Counter(clause for each in found["mutants"] if each["outcome"] == "killed" for clause in each["clauses"])
    return {clause: counts[clause] for clause in clauses}


def score(subject: Mapping[str, int]) -> float:
    """Return the share of mutants that were found, of those that can be."""
    judged = subject["killed"] + subject["survived"]
    return subject["killed"] / judged if judged else 1.0


def table(found: Mapping[str, Any], clauses: Sequence[str]) -> str:
    """Return what people see: the subjects, then the clauses."""
    columns = ("mutants", *OUTCOMES, "excluded")
    lines = [f"{'subject':<12}" + "".join(f"{name:>11}" for name in columns) + f"{'score':>9}"]
    for name, subject in found["subjects"].items():
        numbers = "".join(f"{subject[column]:>11}" for column in columns)
        lines.append(f"{name:<12}{numbers}{score(subject):>9.2%}")
    counts = by_clause(found, clauses)
    lines += ["", "killed mutants that name a clause"]
    lines += [f"{count:>7}  {clause}" for clause, count in counts.items() if count]
    lines += ["", "clauses that no killed mutant names"]
    lines += [f"         {clause}" for clause, count in counts.items() if not count] or ["         none"]
    return "\n".join(lines)


def complaints(found: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each thing that fails the job."""
    sentences = [
        f"{each['id']} (line {each['line']}) survived, and nothing says why: {each['change']}"
        for each in found["mutants"]
        if each["outcome"] == "survived"
    ]
    for name, subject in found["subjects"].items():
        usable = subject["mutants"] - subject["unusable"]
        if usable and subject["equivalent"] >= MOST_EQUIVALENT * usable:
            share = f"{subject['equivalent']} of {usable}"
            sentences.append(
                f"{name}: {share} mutants are declared equivalent; fewer than {MOST_EQUIVALENT:.0%} may be"
            )
    return sentences


def outdated(found: Mapping[str, Any], files: Mapping[str, Mapping[str, str]], python: str) -> list[str]:
    """Return a sentence for each file that has changed since the results were made.

    http/client.py belongs to the interpreter: it is looked at only where that is of the same release.
    """
    return [
        f"reports/proof/mutation.json: {name}: {file} has changed since it was made; {AGAIN}"
        for name, hashes in files.items()
        if name != "stdlib" or found["python"] == python
        for file in sorted({*hashes, *found["subjects"][name]["files"]})
        if hashes.get(file) != found["subjects"][name]["files"].get(file)
    ]


def differing(stored: Mapping[str, Any], now: Iterable[Entry]) -> list[str]:
    """Return a sentence for each mutant of which something else has come than what is stored."""
    before = {each["id"]: each for each in stored["mutants"]}
    sentences = []
    for entry in now:
        was, seen = before.get(entry.id), _shown(entry)
        if was is None:
            sentences.append(f"{entry.id} is not in the stored results; {AGAIN}")
            continue
        wrong = [name for name in ("change", "outcome", "case", "layer", "clauses") if was[name] != seen[name]]
        sentences += [f"{entry.id}: {name} is {seen[name]}, and was {was[name]}; {AGAIN}" for name in wrong]
    return sentences
