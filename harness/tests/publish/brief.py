"""A document of results as it is published: small, one line for each result, and the same after every run. Pure.

Rules of this file. No verdict, no count, no reason, no fingerprint and no hash is touched. What is left out:

* ``source``: the line of a case moves whenever somebody edits the file above it, and the suite at hand knows it;
* the evidence of all but the first ``ALIKE`` results with the same fingerprint, that is, which fail in the same way;
* bytes beyond ``LONGEST`` on a side of the evidence: their beginning, what is around the first difference and their end
  are kept, and each gap says how many bytes were in it (where the run itself has cut it, their end is not known);
* of several differences in the same clause all but the one that weighs most;
* of what tolerances let pass, the differences but for the one that weighs most, and the sentences of all but the first
  ``ALIKE`` results with the same fingerprint; all of it where no answer depends on it;
* the address that a text of a difference may name: ``<host>:<port>`` stands in its place, as in the evidence;
* the offset of a difference, which hangs on how long the address was.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from wireproof._show._bytes import first_difference

Json = dict[str, Any]

ALIKE = 2
"""So many results with the same fingerprint have evidence."""
LONGEST = 1_000
"""So many bytes of a side of the evidence are published as they are."""
_CUT = 65_000
"""Evidence that is longer was cut by the run, at a place that hangs on the address."""
_HEAD, _BEFORE, _BEHIND, _TAIL = 480, 60, 300, 60
_ADDRESS = re.compile(r"\b127\.0\.0\.\d{1,3}:\d{1,5}\b|\[::1\]:\d{1,5}\b|(?<=localhost:)\d{1,5}\b")
_PLACE = '"results": []'


def published(document: Json) -> str:
    """Return the text of a document of ``wireproof run --report json=PATH`` as it is published."""
    heads = [{**candidate, "results": []} for candidate in document["candidates"]]
    pieces = json.dumps({**document, "candidates": heads}, indent=1).split(_PLACE)
    lines = [pieces[0]]
    for candidate, rest in zip(document["candidates"], pieces[1:], strict=True):
        alike: Counter[str] = Counter()
        results = ",\n".join(_line(record, alike) for record in candidate["results"])
        lines += [f'"results": [\n{results}\n   ]', rest]
    return "".join(lines) + "\n"


def _line(record: Json, alike: Counter[str]) -> str:
    """Return the line of a result. ``alike``: how often each fingerprint has occurred."""
    found = {key: value for key, value in record.items() if key not in ("source", "evidence", "strict")}
    alike[record["fingerprint"]] += 1
    if "differences" in record:
        by_clause: Json = {}
        for each in record["differences"]:
            by_clause.setdefault(each["clause"], each)
        found["differences"] = list(by_clause.values())
    if "strict" in record and any(record["strict"][key] != record[key] for key in ("verdict", "layers")):
        alike[_strictly(record)] += 1
        found["strict"] = _strict(record["strict"], is_told=alike[_strictly(record)] <= ALIKE)
    if "evidence" in record and alike[record["fingerprint"]] <= ALIKE:
        found["evidence"] = [_evidence(each) for each in record["evidence"]]
    return json.dumps(_settled(found), separators=(",", ":"))


def _strictly(record: Json) -> str:
    return f"strictly {record['strict']['fingerprint']}"


def _strict(strict: Json, *, is_told: bool) -> Json:
    """Return what is published of a verdict without tolerances."""
    first, reason = strict["differences"][0], strict["reason"]
    if not is_told:
        first, reason = {**first, "text": ""}, {**reason, "text": ""}
    return {**strict, "reason": reason, "differences": [first]}


def _evidence(evidence: Json) -> Json:
    expected, received = evidence["expected"], evidence["received"]
    sides = shortened(*(side for side in (expected, received) if side is not None))
    return {**evidence, "expected": None if expected is None else sides[0], "received": sides[-1]}


def _settled(value: Any) -> Any:
    """Return the value without the address that the server had in this run."""
    if isinstance(value, dict):
        return {key: None if key == "at" else _settled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_settled(inner) for inner in value]
    return _ADDRESS.sub("<host>:<port>", value) if isinstance(value, str) else value


def shortened(*sides: str) -> list[str]:
    """Return one or two texts, each cut where it is long: around the first difference, the same gap on both sides."""
    at = first_difference(*(side.encode("latin-1") for side in sides)) if len(sides) > 1 else 0
    return [_cut(side, at) if len(side) > LONGEST else side for side in sides]


def _cut(text: str, at: int) -> str:
    end = len(text) if len(text) <= _CUT else _CUT
    tail = [(end - _TAIL, end)] if end == len(text) else []
    kept = _joined([(0, _HEAD), (max(0, at - _BEFORE), at + _BEHIND), *tail], end)
    return "".join(_spelled(text, kept)) + "[... the rest is left out ...]" * (end < len(text))


def _joined(windows: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """Return the windows in their order, those that overlap or touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted((start, min(end, length)) for start, end in windows if start < length):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _spelled(text: str, kept: Sequence[tuple[int, int]]) -> Iterator[str]:
    last = 0
    for start, end in kept:
        if start > last:
            yield f"[... {start - last:,} bytes left out ...]"
        yield text[start:end]
        last = end
