"""Results as a list of checks that a person can take in: each case, and of matrices each rule.

A matrix has tens of thousands of combinations. Those that fail are listed up to a limit for each rule; the rule says
how many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wireproof._findings import group_of
from wireproof.report._known import why
from wireproof.report._safe import one_line, reason
from wireproof.report._stored import Entry

Json = dict[str, Any]

MOST = 20
"""So many combinations that fail are listed for each rule."""
_BAD = ("error", "fail")
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Check:
    """A line of a report: ``outcome`` is that of ``Entry.outcome``; ``record``: the result, where it is one.

    What is not as a baseline says is a check, too, and fails.
    """

    group: str
    name: str
    outcome: str
    text: str = ""
    record: Json | None = None


def checks(entry: Entry) -> Iterator[Check]:
    """Yield the cases, the combinations that fail, the rules of the matrices, what was not run, and what is not as a
    baseline says.
    """
    seen: Counter[_Key] = Counter()
    examples: dict[_Key, Json] = {}
    listed: Counter[tuple[str, str]] = Counter()
    for record in entry.records:
        outcome, group = entry.outcome(record), group_of(record["id"])
        if not record["id"].startswith("matrix/"):
            yield _check(record, outcome)
            continue
        listed[group, record["verdict"]] += 1
        key = (group, rule_of(record), outcome)
        seen[key] += 1
        examples.setdefault(key, record)
        if outcome in _BAD and seen[key] <= MOST:
            yield _check(record, outcome)
    for matrix in entry.head["matrices"]:
        for rule, numbers in matrix["rules"].items():
            yield _rule(matrix["id"], rule, numbers["planned"], seen, examples)
        yield from _lost(matrix, listed)
    if entry.missing:
        text = f"{entry.missing:,} verdicts are missing: the run did not come to its end"
        yield Check("run", "the rest of the run", "not_run", text)
    for news in entry.news:
        if "line" in news:
            yield Check("baseline", _place(entry, news), "fail", one_line(news["text"]))


def rule_of(record: Json) -> str:
    """Return the rule that decided a combination, "table/rule"; "" where it is not known."""
    return str(record.get("rules", [""])[0]).partition(":")[0]


def _place(entry: Entry, news: Json) -> str:
    """Return where a baseline says what is not so."""
    assert entry.known is not None
    case = f" {one_line(news['case'])}" if "case" in news else ""
    return f"{one_line(entry.known['file'])}:{news['line']}{case}"


def _check(record: Json, outcome: str) -> Check:
    text = "" if outcome == "pass" else known_failure(record) if outcome == "known" else reason(record)
    return Check(one_line(group_of(record["id"])), one_line(record["id"]), outcome, text, record)


def known_failure(record: Json) -> str:
    """Return what is said of a known failure."""
    return f"known failure: {why(record['known'])}"


def _rule(matrix: str, rule: str, planned: int, seen: Counter[_Key], examples: dict[_Key, Json]) -> Check:
    """Return what came of the combinations that a rule decides: the worst that came of any."""
    counts = {outcome: seen[matrix, rule, outcome] for outcome in (*_BAD, "known", "unsupported")}
    bad = next((outcome for outcome in _BAD if counts[outcome]), None)
    group, name = one_line(matrix), one_line(f"{matrix} rule {rule}")
    if bad is not None:
        what = "fall short" if bad == "fail" else "could not be judged"
        example = one_line(examples[matrix, rule, bad]["id"])
        return Check(group, name, bad, f"{counts[bad]:,} of {planned:,} combinations {what}, such as {example}")
    if counts["known"]:
        first = examples[matrix, rule, "known"]
        which = f"{counts['known']:,} of {planned:,} combinations, such as {one_line(first['id'])}"
        return Check(group, name, "known", f"{known_failure(first)} ({which})")
    if planned and counts["unsupported"] >= planned:
        return Check(group, name, "unsupported", f"none of {planned:,} combinations can be expressed")
    return Check(group, name, "pass")


def _lost(matrix: Json, listed: Counter[tuple[str, str]]) -> Iterator[Check]:
    """Yield what is said of combinations that have no result of their own."""
    for count, verdict, text in (
        ("errored", "error", "could not be judged"),
        ("not_run", "not_run", "were not run"),
    ):
        left = matrix[count] - listed[matrix["id"], verdict]
        if left > 0:
            name = one_line(f"{matrix['id']} {text}")
            yield Check(one_line(matrix["id"]), name, verdict, f"{left:,} combinations {text}")
