"""The suite as it was in an earlier version: what is newer, or has changed since, is left out.

A manifest, ``versions/VERSION.json`` in the folder of the cases, has the hash of every hand-written case of that
version, and of every matrix the hashes of its values and of what its tables decide. A matrix is cut down to the values
that it had, so that the same combinations are planned; one of which something else has changed is left out as a whole.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wireproof._matrix import Axis, Expansion, Matrix
from wireproof._model import Case
from wireproof.errors import HarnessError, UsageError

Json = dict[str, Any]

FOLDER = "versions"


@dataclass(frozen=True, slots=True)
class Frozen:
    """What is left of a suite. ``newer``: how many cases and values are left out because they came later; ``changed``:
    the ids of cases and matrices that are left out because they are not what they were; ``gone``: of those that are not
    there any more.
    """

    cases: tuple[Case, ...]
    matrices: tuple[Matrix, ...]
    newer: int = 0
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def manifest(version: str, cases: Sequence[Case], matrices: Sequence[Matrix]) -> Json:
    """Return what is written down of a version of the suite."""
    return {
        "version": version,
        "cases": {case.id: case.hash for case in cases},
        "matrices": {
            matrix.id: {
                "axes": {axis.name: {value.id: value.hash for value in axis.values} for axis in matrix.axes},
                "decided": decided(matrix),
            }
            for matrix in matrices
        },
    }


def decided(matrix: Matrix) -> str:
    """Return the hash of what the tables decide of every combination, and of what is the same in all of them."""
    expansion = Expansion(matrix)
    decisions = expansion.decisions
    short: dict[int, bytes] = {}
    digest = hashlib.sha256(repr([(name, value.hash) for name, value in matrix.given.items()]).encode())
    weights = [decisions.weights(axis.name) for axis in matrix.axes]
    for classes in map(sum, itertools.product(*weights)):
        if classes not in short:
            outcomes = [sorted(rule.outcome.items()) for rule in decisions.at(classes).rules]
            short[classes] = hashlib.sha256(repr(outcomes).encode()).digest()[:8]
        digest.update(short[classes])
    return digest.hexdigest()[:16]


def known(root: Path, current: str) -> list[str]:
    """Return the versions that there are."""
    return sorted({current, *(file.stem for file in (root / FOLDER).glob("*.json"))})


def read(root: Path, version: str, current: str) -> Json | None:
    """Return the manifest of a version; None for the current one, which is the suite as it is.

    Raises:
        UsageError: there is no such version.
        HarnessError: the manifest is broken.
    """
    if version == current:
        return None
    versions = known(root, current)
    if version not in versions:
        wanted = f"a version of the suite that this wireproof has: {', '.join(versions)}"
        raise UsageError("--suite-version", version, wanted)
    file = root / FOLDER / f"{version}.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        found["cases"].items()
        if not all(matrix["axes"] and matrix["decided"] for matrix in found["matrices"].values()):
            raise ValueError
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise HarnessError(f"{file} is no manifest of a version; install wireproof again") from None
    return dict(found)


def freeze(cases: Sequence[Case], matrices: Sequence[Matrix], kept: Json, *, is_whole: bool = True) -> Frozen:
    """Return the suite as a manifest has it.

    Args:
        cases: the cases that there are now.
        matrices: the matrices that there are now.
        kept: the manifest.
        is_whole: whether these are all; otherwise nothing is said of what is gone.
    """
    hashes: Mapping[str, str] = kept["cases"]
    newer = sum(case.id not in hashes for case in cases)
    changed = [case.id for case in cases if hashes.get(case.id, case.hash) != case.hash]
    left = [_cut(matrix, kept["matrices"][matrix.id]) for matrix in matrices if matrix.id in kept["matrices"]]
    changed += [matrix.id for matrix in matrices if matrix.id in kept["matrices"] and matrix.id not in _ids(left)]
    newer += sum(matrix.id not in kept["matrices"] for matrix in matrices)
    newer += sum(count for _, count in filter(None, left))
    ids = {case.id for case in cases} | {matrix.id for matrix in matrices}
    gone = [id_ for id_ in (*hashes, *kept["matrices"]) if id_ not in ids] if is_whole else []
    return Frozen(
        tuple(case for case in cases if hashes.get(case.id) == case.hash),
        tuple(matrix for matrix, _ in filter(None, left)),
        newer,
        tuple(changed),
        tuple(gone),
    )


def _ids(left: Sequence[tuple[Matrix, int] | None]) -> set[str]:
    return {matrix.id for matrix, _ in filter(None, left)}


def _cut(matrix: Matrix, kept: Json) -> tuple[Matrix, int] | None:
    """Return a matrix with the values that it had, and how many it has beside them; None where it was another one."""
    if list(kept["axes"]) != [axis.name for axis in matrix.axes]:
        return None
    axes = [
        Axis(axis.name, axis.catalog, tuple(value for value in axis.values if value.id in kept["axes"][axis.name]))
        for axis in matrix.axes
    ]
    if any([(each.id, each.hash) for each in axis.values] != [*kept["axes"][axis.name].items()] for axis in axes):
        return None
    newer = sum(len(axis.values) for axis in matrix.axes) - sum(len(axis.values) for axis in axes)
    cut = replace(matrix, axes=tuple(axes)) if newer else matrix
    return (cut, newer) if decided(cut) == kept["decided"] else None
