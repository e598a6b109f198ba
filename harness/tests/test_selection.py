"""What is chosen to be run: globs with brackets, strengths, shards; reports of shards put together; coverage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from wireproof._cases import CaseSet, load
from wireproof._model import Case
from wireproof._selection import Planned, Slice, plan
from wireproof.cli import _merge, group
from wireproof.errors import UsageError, WireproofError
from wireproof.report._merge import merge

ONE = "matrix/framing[method=get,body=text,headers=absent,encode_chunked=absent]"
SMALL = (
    "--select",
    "matrix/framing[method=p*,body=text-latin-1]",
    "--select",
    "matrix/framing[method=p*,body=b*]",
    "--select",
    "framing/no-body/*",
)


@pytest.fixture(scope="module")
def bundled() -> CaseSet:
    """Return the bundled cases and matrices."""
    return load()


def chosen(found: CaseSet, *globs: str, **more: Any) -> Planned:
    """Return what these globs choose."""
    return plan(found.cases, found.matrices, globs, **more)


def ids(planned: Planned) -> list[tuple[int, str]]:
    """Return the positions and the ids of all that is planned."""
    found = list(zip(planned.positions, [case.id for case in planned.cases], strict=True))
    for one in planned.work(100):
        if isinstance(one, Slice):
            found += zip(one.positions, map(one.expansion.id, one.numbers), strict=True)
    return found


# selection ---------------------------------------------------------------------------------------------------------


def test_an_id_chooses_one_combination(bundled: CaseSet) -> None:
    """Whatever the strength is, what is named is chosen."""
    for strength in (1, 2, 3, None):
        assert ids(chosen(bundled, ONE, strength=strength)) == [(0, ONE)]


def test_brackets_choose_among_all_combinations(bundled: CaseSet) -> None:
    """A star stands for anything, an axis that is not named has all its values, and globs add up."""
    (framing,) = (matrix for matrix in bundled.matrices if matrix.id == "matrix/framing")
    methods, bodies, headers, flags = framing.axes
    count = len([value for value in bodies.values if value.id.startswith("text")])
    assert len(chosen(bundled, "matrix/framing[method=get,body=text*,headers=absent]")) == count * len(flags.values)
    assert len(chosen(bundled, "matrix/framing[body=text]")) == len(methods.values) * len(headers.values) * len(
        flags.values
    )
    assert len(chosen(bundled, ONE, ONE.replace("get", "put"), ONE)) == 2


@pytest.mark.parametrize(
    ("glob", "sentence"),
    [
        (
            "matrix/framing[body=txt]",
            "--select: got 'matrix/framing[body=txt]'; wanted a value of body in catalog/bodies.yaml"
            " (did you mean 'text'?)",
        ),
        (
            "matrix/framing[url=root]",
            "--select: got 'matrix/framing[url=root]'; wanted an axis of matrix/framing: method, body, headers,"
            " encode_chunked",
        ),
        (
            "matrix/framing[body=text,body=list]",
            "--select: got 'matrix/framing[body=text,body=list]'; wanted matrix/NAME[axis=value,…]"
            " (the axis 'body' is named twice)",
        ),
        (
            "matrix/framing[body]",
            "--select: got 'matrix/framing[body]'; wanted matrix/NAME[axis=value,…] ('body' is not axis=value)",
        ),
        (
            "matrix/none[body=text]",
            "--select: got 'matrix/none[body=text]'; wanted a glob on case ids that matches at least one"
            " (see wireproof list)",
        ),
    ],
)
def test_what_does_not_exist_is_one_sentence(bundled: CaseSet, glob: str, sentence: str) -> None:
    """Matrices, axes and values that do not exist are named, with what was meant."""
    with pytest.raises(UsageError) as caught:
        chosen(bundled, glob)
    assert str(caught.value) == sentence


def test_clauses_choose_combinations(bundled: CaseSet) -> None:
    """--clause leaves the combinations whose rules cite the clause."""
    planned = plan(bundled.cases, bundled.matrices, (), ("length.zero-put",))
    assert {"length.zero-put" in case.clauses for case in planned.cases} == {True}
    for matrix in planned.chosen:
        for number in matrix.numbers:
            assert "length.zero-put" in matrix.expansion.case(number).clauses
            assert matrix.expansion.values(number)["method"].id == "put"


def test_strengths_are_ordered(bundled: CaseSet) -> None:
    """More strength is more combinations, and the whole product is the product."""
    sizes = [len(plan((), bundled.matrices, strength=strength)) for strength in (1, 2, 3, None)]
    assert sizes == sorted(sizes)
    assert sizes[-1] == sum(matrix.size for matrix in bundled.matrices) >= 120_000


# shards ------------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(count=st.integers(1, 40))
def test_shards_are_even_and_lose_nothing(bundled: CaseSet, count: int) -> None:
    """Each position is in one shard, and no shard has two more than another."""
    globs = ("matrix/target[url=*o*]", "framing/*", "matrix/framing[method=put,body=text]")
    whole = chosen(bundled, *globs)
    shards = [chosen(bundled, *globs, shard=(index + 1, count)) for index in range(count)]
    assert sorted(pair for shard in shards for pair in ids(shard)) == ids(whole)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
    assert {(shard.digest, shard.total) for shard in shards} == {(whole.digest, len(whole))}


def test_a_shard_of_nothing_is_refused(bundled: CaseSet) -> None:
    """There cannot be more shards than cases."""
    with pytest.raises(UsageError) as caught:
        chosen(bundled, ONE, shard=(2, 2))
    assert str(caught.value) == "--shard: got '2/2'; wanted at most as many shards as there are cases (1)"


def test_equal_choices_have_equal_digests(bundled: CaseSet) -> None:
    """The digest changes with what is chosen, and with nothing else."""
    globs = ("matrix/target", "framing/*")
    assert chosen(bundled, *globs).digest == chosen(load(None, globs), *globs).digest
    assert len({chosen(bundled, *globs, strength=strength).digest for strength in (1, 2, 3)}) == 3


# the command line ------------------------------------------------------------------------------------------------


def wireproof(*arguments: str) -> Result:
    """Call the command line."""
    return CliRunner().invoke(group, arguments)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reports of a whole run and of its three shards."""
    folder = tmp_path_factory.mktemp("reports")
    shared = ("run", "faulty:TextAsUtf8", "stdlib", *SMALL, "--explain", "0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "clients"))
        wireproof(*shared, "--report", f"json={folder / 'whole.json'}")
        for index in (1, 2, 3):
            wireproof(*shared, "--shard", f"{index}/3", "--report", f"json={folder / str(index)}.json")
    return folder


def test_shards_merged_equal_the_whole_run(reports: Path) -> None:
    """Result for result, byte for byte, in whatever order the shards are given; the exit code is that of the run."""
    target = reports / "merged.json"
    done = wireproof("merge", *(str(reports / f"{index}.json") for index in (3, 1, 2)), "--report", f"json={target}")
    whole = json.loads((reports / "whole.json").read_text())
    assert done.exit_code == 0
    assert merge_code([str(reports / f"{index}.json") for index in (1, 2, 3)]) == 1
    assert target.read_bytes() == (reports / "whole.json").read_bytes()
    assert [each["summary"]["failed"] > 0 for each in whole["candidates"]] == [True, False]
    assert (
        f"3 shards, {whole['selection']['planned']:,} verdicts for each candidate: the accounts balance" in done.output
    )


def merge_code(paths: list[str]) -> int:
    """Return the exit code of a merge, as the command itself gives it."""
    code: int = _merge.command.main(paths, standalone_mode=False)
    return code


def changed(reports: Path, tmp_path: Path, change: Any) -> list[Path]:
    """Return the reports of the shards, the second of them changed."""
    report = json.loads((reports / "2.json").read_text())
    change(report)
    (tmp_path / "2.json").write_text(json.dumps(report))
    return [reports / "1.json", tmp_path / "2.json", reports / "3.json"]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda r: r.update(wireproof="9.9"), "of wireproof 9.9'; wanted one of wireproof"),
        (lambda r: r.update(format=1), "which is none of format 2'"),
        (lambda r: r.update(gate="rfc"), "wanted reports of runs with the same --gate"),
        (lambda r: r["selection"].update(cases="00"), "wanted reports about the same cases"),
        (lambda r: r["selection"].update(strength=2), "wanted reports of runs with the same --strength"),
        (lambda r: r["selection"].update(shard=None), "of a whole run'"),
        (lambda r: r["selection"].update(shard={"index": 2, "of": 4}), "wanted reports of as many shards"),
        (lambda r: r["selection"].update(shard={"index": 3, "of": 3}), "wanted each shard once"),
        (lambda r: r["candidates"].pop(), "wanted reports about the same candidates, in the same order"),
        (
            lambda r: r["candidates"][0].update(version="2"),
            "wanted reports about the same candidates, in the same order",
        ),
        (lambda r: r.pop("selection"), "in which something is missing'"),
        (lambda r: r["candidates"][0]["summary"].update(passed=0), "the accounts do not balance"),
        (lambda r: r["candidates"][0]["summary"].update(planned=0), "the accounts do not balance"),
    ],
)
def test_reports_that_do_not_belong_together_are_refused(reports: Path, tmp_path: Path, change: Any, part: str) -> None:
    """Another version, other cases, another selection, a part twice or accounts that do not balance: one sentence."""
    with pytest.raises(WireproofError) as caught:
        merge(changed(reports, tmp_path, change))
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_shard_is_named(reports: Path) -> None:
    """Two of three are not enough."""
    with pytest.raises(UsageError) as caught:
        merge([reports / "1.json", reports / "3.json"])
    assert str(caught.value) == "shards: got '2 of 3'; wanted shard 2, too"


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    """No JSON, or other JSON."""
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UsageError) as caught:
        merge([tmp_path / "x.json"])
    assert str(caught.value).startswith("report: got ")


def test_everything_can_be_listed(reports: Path, tmp_path: Path) -> None:
    """With --all-results a report has every combination; without, the same but for those that passed."""
    target = tmp_path / "all.json"
    wireproof("run", "stdlib", *SMALL, "--explain", "0", "--all-results", "--report", f"json={target}")
    (whole,) = json.loads(target.read_text())["candidates"]
    (_, some) = json.loads((reports / "whole.json").read_text())["candidates"]
    assert len(whole["results"]) == whole["summary"]["planned"]
    assert [each for each in whole["results"] if "[" not in each["id"]] == some["results"]
    assert whole["summary"] == some["summary"]
    assert len({each["hash"] for each in whole["results"]}) == len(whole["results"])


def test_coverage_is_measured_from_what_ran() -> None:
    """A candidate that is judged in all that is planned covers every pair; one without bodies does not."""
    done = wireproof("coverage", "reference", "--interactions", "--strength", "2", "--select", "matrix/target")
    rows = [line.split() for line in done.output.splitlines() if line.strip().startswith("matrix/target")]
    assert rows[0][-2:] == ["100.00", "%"]
    assert float(rows[1][-2]) < 20


def test_coverage_wants_to_know_of_what() -> None:
    """A candidate has interactions of values, and nothing else that could be covered."""
    done = wireproof("coverage", "reference")
    wanted = "CANDIDATE, --full and --strength go with --interactions"
    assert str(done.exception) == f"coverage: got 'reference'; wanted {wanted}"


@pytest.mark.parametrize("text", ["0/3", "4/3", "x", "1", "/", "1/0", "-1/2", "1/2/3"])
def test_shards_out_of_range_are_refused(text: str) -> None:
    """A shard is a part of so many, counted from 1."""
    done = wireproof("run", "stdlib", "--shard", text)
    assert str(done.exception) == f"--shard: got {text!r}; wanted I/N, a part from 1 to N: 2/3"


def test_full_and_strength_exclude_each_other() -> None:
    """One of them is enough."""
    done = wireproof("run", "stdlib", "--full", "--strength", "2")
    assert str(done.exception) == "--strength: got '2'; wanted either --strength or --full"


def test_combinations_are_listed_and_counted() -> None:
    """List says how many there are, and with --combinations which."""
    done = wireproof("list", "--select", ONE, "--combinations")
    assert done.output == f"{ONE}\n"
    done = wireproof("list", "--select", "matrix/after-failure")
    assert done.output.startswith("matrix/after-failure  216 of 216 combinations  What follows a request that failed")


def test_a_combination_has_to_be_whole_to_be_repeated() -> None:
    """Repro wants one combination, and says how many match."""
    done = wireproof("repro", "matrix/framing[body=text,method=get,headers=absent]", "stdlib")
    assert "wanted the id of one combination, with a value for each axis (4 match; see wireproof show)" in str(
        done.exception
    )
    assert "HTTPConnection" in wireproof("repro", ONE, "stdlib").output


def test_planned_things_are_found_by_their_ids(bundled: CaseSet) -> None:
    """A case and a combination that are planned; nothing else."""
    planned = chosen(bundled, ONE, "framing/no-body/*")
    (first,) = (case for case in planned.cases[:1])
    assert planned.of(first.id) is first
    found = planned.of(ONE)
    assert isinstance(found, Case)
    assert found.id == ONE
    assert planned.of("none/such") is None
