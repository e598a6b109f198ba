"""The command line: every command, every option, bad input, signals and closed pipes."""

from __future__ import annotations

import functools
import http.client
import json
import os
import pty
import queue
import re
import signal
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest

import wireproof
from wireproof import _cases, cli
from wireproof._capture import Recorder
from wireproof._cases import load
from wireproof._selection import plan
from wireproof.cli import _options, _serve
from wireproof.errors import HarnessError

CLIENTS = """
import http.client, os, sys, time


class Client(http.client.HTTPConnection):
    def request(self, method, url, *arguments, **more):
        if url == "/2":
            self.harm()
        super().request(method, url, *arguments, **more)


class Dies(Client):
    def harm(self):
        os._exit(7)


class Sabotages(Client):
    def harm(self):
        judging = sys.modules["__main__"]
        original = judging.judge

        def fail(*arguments, **more):
            judging.judge = original
            raise ZeroDivisionError("broken")

        judging.judge = fail


class Hangs(http.client.HTTPConnection):
    def request(self, method, url, *arguments, **more):
        with open(os.path.dirname(__file__) + "/ready", "w") as file:
            file.write(str(os.getpid()))
        while True:
            time.sleep(3600)


class ImportHangs(Client):
    pass


class Mute(http.client.HTTPConnection):
    def request(self, *arguments, **more):
        time.sleep(3600)


class Extra(http.client.HTTPConnection):
    def endheaders(self, *arguments, **more):
        self.putheader("X-Extra", "1")
        super().endheaders(*arguments, **more)
"""

CASES = """
about: "Three."
cases:
- name: one
  about: "The first."
  clauses: [line.format]
  request: {method: "GET", url: "/1"}
  expect: {head: ["GET /1 HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
- name: two
  about: "The second."
  clauses: [line.format]
  request: {method: "GET", url: "/2"}
  expect: {head: ["GET /2 HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
- name: three
  about: "The third."
  clauses: [line.format]
  request: {method: "GET", url: "/3"}
  expect: {head: ["GET /3 HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
"""

bundled = functools.cache(load)
Run = Callable[..., tuple[int, str, str]]
SCHEMA = json.loads((Path(wireproof.__file__).parent / "report" / "results.schema.json").read_text())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with candidates and a folder ``own`` of three cases."""
    clause = next(iter(bundled().clauses))
    (tmp_path / "clients.py").write_text(CLIENTS)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "all.yaml").write_text(CASES.replace("line.format", clause))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def wireproof_(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """A function that calls the command line and returns exit code, output and errors."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    handlers = {number: signal.getsignal(number) for number in numbers}

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["wireproof", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capfd.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, output.out, output.err

    yield call
    for number, handler in handlers.items():
        signal.signal(number, handler)


def start(*arguments: str, **more: Any) -> subprocess.Popen[str]:
    """Start the command line as a process."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **more}
    return subprocess.Popen([sys.executable, "-m", "wireproof", *arguments], text=True, **options)


def summary(path: Path) -> list[dict[str, int]]:
    """Return the counts of each candidate in a report, which must fit the schema."""
    document = json.loads(path.read_text())
    jsonschema.validate(document, SCHEMA)
    return [{name: count for name, count in each["summary"].items() if count} for each in document["candidates"]]


# help and wrong usage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], *([name, "--help"] for name in cli._COMMANDS)])
def test_every_command_has_help(wireproof_: Run, arguments: list[str]) -> None:
    """--help says how a command is used, with exit code 0."""
    code, output, errors = wireproof_(*arguments)
    assert (code, output.startswith("Usage: wireproof"), errors) == (0, True, "")


def test_the_commands_are_listed_without_importing_them(wireproof_: Run) -> None:
    """The list of commands has a line for each."""
    code, output, _ = wireproof_("--help")
    listed = re.findall(r"^  ([a-z]+)  ", output.partition("Commands:")[2], re.MULTILINE)
    assert (code, listed) == (0, list(cli._COMMANDS))


def test_the_commands_are_known_to_completion() -> None:
    """Shells complete what the group lists."""
    assert cli.group.list_commands(click.Context(cli.group)) == list(cli._COMMANDS)


def test_a_bug_of_ours_is_said_to_be_one(wireproof_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not pass for a candidate that fell short: exit code 3, one sentence with the place."""

    def fail(*arguments: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(_cases, "load", fail)
    code, output, errors = wireproof_("run")
    assert (code, output) == (3, "")
    assert re.fullmatch(r"wireproof: this is a bug of wireproof: ZeroDivisionError: oh \(test_cli\.py:\d+\)\n", errors)


def test_the_version_is_shown(wireproof_: Run) -> None:
    """--version shows the version."""
    assert wireproof_("--version") == (0, f"wireproof, version {wireproof.__version__}\n", "")


def test_the_package_can_be_run_as_a_module() -> None:
    """``python -m wireproof`` is the command line."""
    with start("--version") as process:
        assert process.communicate() == (f"wireproof, version {wireproof.__version__}\n", "")


def test_without_a_command_there_is_help(wireproof_: Run) -> None:
    """Nothing to do is wrong usage."""
    code, output, errors = wireproof_()
    assert (code, output, errors.startswith("Usage: wireproof")) == (2, "", True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["walk"], r"No such command 'walk'\. \(see wireproof --help\)"),
        (["run", "--walk"], r"No such option[: ]+'?--walk'?\.? .*\(see wireproof run --help\)"),
        (["run", "--gate", "x"], r"Invalid value for '--gate': 'x' is not one of .* \(see wireproof run --help\)"),
        (["run", "--timeout", "0"], r"Invalid value for '--timeout': 0\.0 is not in the range .*"),
        (["run", "--timeout", "x"], r"Invalid value for '--timeout': 'x' is not a valid float.*"),
        (["run", "--jobs", "-1"], r"Invalid value for '--jobs' / '-j': -1 is not in the range .*"),
        (["show"], r"Missing argument 'CASE'\. \(see wireproof show --help\)"),
        (["serve", "--port", "65536"], r"Invalid value for '--port': 65536 is not in the range .*"),
        (["run", "-s", "none/*"], r"--select: got 'none/\*'; wanted a glob on case ids .*"),
        (["run", "-c", "none.*"], r"--clause: got 'none\.\*'; wanted a clause that at least one case exercises .*"),
        (["run", "nocolon"], r"candidate 'nocolon': it is no name of a candidate; give reference, stdlib or .*"),
        (["run", "--cases", "absent"], r"case path: got 'absent'; wanted a folder of case files, or one case file"),
        (["run", "--report", "json"], r"--report: got 'json'; wanted FORMAT=PATH with a format of: json, .*"),
        (["run", "--report", "json="], r"--report: got 'json='; wanted FORMAT=PATH .*"),
        (["run", "--report", "xml=x"], r"--report: got 'xml=x'; wanted FORMAT=PATH .*"),
        (["run", "--report", "json=own"], r"--report: got 'json=own'; wanted the path of a file \(own is a folder\)"),
        (["run", "--report", "json=a/b"], r"--report: got 'json=a/b'; wanted a path in a folder that exists \(a .*\)"),
        (["show", "none"], r"case: got 'none'; wanted the id of a case.* \(see wireproof list\)"),
        (["show", "own/all/once"], r"case: got 'own/all/once'; wanted the id of a case.* \(see wireproof list\)"),
        (["show", "--cases", "own", "all/onn"], r"case: got 'all/onn'; wanted the id of a case, such as all/one .*"),
        (["show", "--cases", "own", "Q"], r"case: got 'Q'; wanted the id of a case \(see wireproof list\)"),
        (["repro", "x/y/z", "nocolon"], r"candidate 'nocolon': it is no name of a candidate; .*"),
        (["serve", "--host", "0.0.0.0"], r"--host: got '0\.0\.0\.0'; wanted a loopback address: 127\.x\.y\.z or ::1"),
        (["serve", "--host", "127.0.0.1.x"], r"--host: got '127\.0\.0\.1\.x'; wanted a loopback address: .*"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_usage_is_one_sentence(wireproof_: Run, arguments: list[str], sentence: str) -> None:
    """What was wrong and what is wanted, in one sentence on stderr, with exit code 2; nothing runs."""
    code, output, errors = wireproof_(*arguments)
    assert (code, output) == (2, "")
    assert re.fullmatch(f"wireproof: {sentence}\n", errors), errors


# run ---------------------------------------------------------------------------------------------------------------


def test_a_run_that_is_as_expected_exits_0(wireproof_: Run, here: Path) -> None:
    """Reference and standard library are the candidates where none is named; the summary shows both."""
    code, output, errors = wireproof_("run", "-s", "body-str/latin-1/*", "--report", "json=r.json")
    lines = output.splitlines()
    assert (code, errors) == (0, "")
    assert re.fullmatch(rf"wireproof {re.escape(wireproof.__version__)}: \d+ cases, gate bytes", lines[0])
    assert [line.split(":")[0] for line in lines[1:3]] == ["  reference", "  stdlib"]
    found = json.loads((here / "r.json").read_text())
    assert [each["name"] for each in found["candidates"]] == ["reference", "stdlib"]
    assert [list(each) for each in summary(here / "r.json")] == [["planned", "passed"]] * 2


def test_a_candidate_that_falls_short_exits_1(wireproof_: Run, here: Path) -> None:
    """A crash costs one case, is explained, and the rest is judged."""
    code, output, errors = wireproof_("run", "clients:Dies", "--cases", "own", "--report", "json=r.json")
    assert (code, errors) == (1, "")
    assert summary(here / "r.json") == [{"planned": 3, "passed": 2, "failed": 1}]
    assert "clients:Dies: all/two: fail" in output
    assert "The interpreter ended during the call: exit status 7." in output


def test_a_candidate_named_twice_runs_once(wireproof_: Run, here: Path) -> None:
    """Candidates are run in the order of the command line, each once."""
    assert wireproof_("run", "stdlib", "reference", "stdlib", "--cases", "own", "--report", "json=r.json")[0] == 0
    assert [each["name"] for each in json.loads((here / "r.json").read_text())["candidates"]] == ["stdlib", "reference"]


def test_a_candidate_that_cannot_be_used_exits_2_and_others_run(wireproof_: Run, here: Path) -> None:
    """The complaint is one sentence; what the others did is reported."""
    code, output, errors = wireproof_("run", "clients:Absent", "stdlib", "--cases", "own", "--report", "json=r.json")
    assert (code, summary(here / "r.json")) == (2, [{"planned": 3, "passed": 3}])
    hint = "give reference, stdlib or package.module:Class"
    assert errors == f"wireproof: candidate 'clients:Absent': clients has no Absent; {hint}\n"
    assert "3 passed" in output


def test_without_any_candidate_there_is_no_summary(wireproof_: Run, here: Path) -> None:
    """Where no candidate can be used, there is the complaint, and an empty report."""
    code, output, errors = wireproof_("run", "clients:Absent", "--cases", "own", "--report", "json=r.json")
    assert (code, output, len(errors.splitlines()), summary(here / "r.json")) == (2, "", 1, [])


def test_an_error_of_the_harness_exits_3(wireproof_: Run, here: Path) -> None:
    """A verdict that could not be found wins over failures."""
    arguments = ("clients:Sabotages", "clients:Dies", "--cases", "own", "--report", "json=r.json")
    assert wireproof_("run", *arguments)[0] == 3
    assert summary(here / "r.json") == [
        {"planned": 3, "passed": 2, "errored": 1},
        {"planned": 3, "passed": 2, "failed": 1},
    ]


def test_a_report_that_cannot_be_written_exits_3_with_a_summary(
    wireproof_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was measured is shown, although it cannot be written."""

    def fail(*arguments: object) -> None:
        raise HarnessError("the report 'r.json' cannot be written: No space left on device")

    monkeypatch.setattr(_options, "write", fail)
    code, output, errors = wireproof_("run", "stdlib", "--cases", "own", "--report", "json=r.json")
    assert (code, errors) == (3, "wireproof: the report 'r.json' cannot be written: No space left on device\n")
    assert "3 passed" in output


def test_the_gate_decides(wireproof_: Run) -> None:
    """A header too many misses the gate bytes, and passes the gate contract where the contract allows it."""
    case = ("-s", "body-str/latin-1/e-acute")
    codes = [wireproof_("run", "clients:Extra", *case, "--gate", gate)[0] for gate in ("bytes", "rfc")]
    assert codes == [1, 0]


def test_known_defects_fail_when_asked_to(wireproof_: Run) -> None:
    """--strict-defects fails CPython's way, and nobody else."""
    arguments = ("-s", "sequences/stale-head/*", "--strict-defects")
    assert [wireproof_("run", name, *arguments)[0] for name in ("stdlib", "reference")] == [1, 0]


def test_fail_fast_stops_a_candidate(wireproof_: Run, here: Path) -> None:
    """The rest of that candidate is not run, and counted."""
    arguments = ("--cases", "own", "--fail-fast", "--report", "json=r.json", "-j", "1")
    assert wireproof_("run", "clients:Dies", "stdlib", *arguments)[0] == 1
    assert summary(here / "r.json") == [
        {"planned": 3, "passed": 1, "failed": 1, "not_run": 1},
        {"planned": 3, "passed": 3},
    ]


def test_a_time_limit_can_be_given(wireproof_: Run, here: Path) -> None:
    """--timeout is in seconds for each case."""
    code, output, _ = wireproof_("run", "clients:Mute", "--cases", "own", "--timeout", "0.1", "--report", "json=r.json")
    assert (code, summary(here / "r.json")) == (1, [{"planned": 3, "failed": 3}])
    assert "no end within 0.1 s" in output


@pytest.mark.parametrize("explain", [0, 1])
def test_as_many_failures_are_explained_as_asked_for(wireproof_: Run, explain: int) -> None:
    """--explain limits the explanations; 0 shows none."""
    _, output, _ = wireproof_("run", "clients:Dies", "clients:Extra", "--cases", "own", "--explain", str(explain))
    assert len(re.findall(r"^clients:\w+: all/\w+: \w+ ", output, re.MULTILINE)) == 2 * explain


def test_cases_can_be_chosen_by_clause(wireproof_: Run, here: Path) -> None:
    """--clause takes globs on clauses, and both kinds of selection must hold."""
    wireproof_("run", "stdlib", "-c", "body.str.*", "-s", "body-str/*", "--report", "json=r.json")
    found = json.loads((here / "r.json").read_text())["candidates"][0]["results"]
    assert found
    assert all(each["id"].startswith("body-str/") for each in found)
    assert all(any(clause.startswith("body.str.") for clause in each["clauses"]) for each in found)


def test_a_case_of_ones_own_that_contradicts_itself_does_not_run(wireproof_: Run, here: Path) -> None:
    """BUG IN CASE, with file and line, exit code 2."""
    path = here / "own" / "all.yaml"
    path.write_text(path.read_text().replace('"Host: <host>:<port>", ', "", 1))
    code, output, errors = wireproof_("run", "stdlib", "--cases", "own")
    assert (code, output) == (2, "")
    assert re.match(r"wireproof: 1 complaint about case files\nall\.yaml:4: BUG IN CASE all/one: ", errors)


def test_a_broken_case_file_is_one_sentence_and_nothing_runs(wireproof_: Run, here: Path) -> None:
    """File, line and column, what was found, what was wanted, exit code 2."""
    (here / "own" / "broken.yaml").write_text('about: "x"\ncases:\n- nmae: one\n')
    code, output, errors = wireproof_("run", "stdlib", "--cases", "own")
    assert (code, output) == (2, "")
    assert errors.startswith("wireproof: ")
    assert next(line.partition(" found ")[0] for line in errors.splitlines()[1:]) == "broken.yaml:3:3:"


def test_runs_give_the_same_report_byte_for_byte(wireproof_: Run, here: Path) -> None:
    """Three runs of a folder, in two workers, write identical documents."""
    reports = set()
    for number in range(3):
        wireproof_("run", "-s", "sequences/*", "-s", "effects/*", "--report", f"json={number}.json", "-j", "2")
        reports.add((here / f"{number}.json").read_bytes())
    assert len(reports) == 1


# interruption ------------------------------------------------------------------------------------------------------


def is_there(process: int) -> bool:
    """Say whether a process exists."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_reports_what_it_has_and_leaves_no_process(here: Path, number: signal.Signals) -> None:
    """While a candidate hangs: exit code 3, everything planned is counted, the hung worker is gone."""
    os.mkfifo(here / "ready")
    arguments = (
        "stdlib",
        "clients:Hangs",
        "reference",
        "--cases",
        "own",
        "--timeout",
        "3600",
        "--report",
        "json=r.json",
    )
    with start("run", *arguments) as process:
        worker = int((here / "ready").read_text())
        assert is_there(worker)
        process.send_signal(number)
        output, errors = process.communicate()
    assert (process.returncode, is_there(worker)) == (3, False)
    assert errors == "wireproof: interrupted; what was judged so far is reported\n"
    assert summary(here / "r.json") == [{"planned": 3, "passed": 3}, *([{"planned": 3, "not_run": 3}] * 2)]
    assert "3 not run" in output


def test_a_worker_that_hangs_while_importing_is_not_waited_for(here: Path) -> None:
    """Ctrl-C works while a candidate is imported, too."""
    (here / "slow.py").write_text(
        "import os, time\nopen(os.path.dirname(__file__) + '/ready', 'w').write(str(os.getpid()))\ntime.sleep(3600)\n"
    )
    os.mkfifo(here / "ready")
    with start("run", "slow:Client", "--cases", "own", "--jobs", "1") as process:
        worker = int((here / "ready").read_text())
        process.send_signal(signal.SIGINT)
        assert process.wait() == 3
    assert not is_there(worker)


def test_an_interruption_elsewhere_is_one_sentence(wireproof_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while cases are read."""

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_cases, "load", interrupt)
    assert wireproof_("run") == (3, "", "\nwireproof: interrupted\n")


def test_a_hang_up_that_is_ignored_stays_ignored(wireproof_: Run) -> None:
    """Under nohup a run goes on."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    wireproof_("--version")
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


# where output goes -------------------------------------------------------------------------------------------------


def test_a_reader_that_stops_reading_is_no_traceback() -> None:
    """``wireproof list | head -1`` ends without a word."""
    with start("list") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == ("", 3)


@pytest.mark.parametrize("arguments", [["run", "stdlib", "--cases", "own"], ["show", "--cases", "own", "all/one"]])
def test_a_reader_that_has_gone_before_is_no_traceback(arguments: list[str]) -> None:
    """Nor does a short output that nobody reads make noise."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with start(*arguments, stdout=writing) as process:
            assert process.communicate()[1] == ""
            assert process.returncode == 3
    finally:
        os.close(writing)


def test_an_output_that_cannot_show_a_character_gets_an_escape() -> None:
    """In a locale without Unicode nothing fails."""
    with start("show", "--cases", "own", "all/one", env={**os.environ, "PYTHONIOENCODING": "latin-1"}) as process:
        output, errors = process.communicate()
    assert (process.returncode, errors, "\\u240d\\u240a" in output) == (0, "", True)


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """Run the command line on a terminal of 80 columns; return what it shows."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    env.update({"TERM": "xterm", **environment})
    pieces = []
    with start(*arguments, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        try:
            while piece := os.read(ours, 65536):
                pieces.append(piece)
        except OSError:
            """The other end is closed."""
        process.wait()
    os.close(ours)
    return b"".join(pieces).decode()


def test_a_terminal_shows_progress_and_then_only_the_summary() -> None:
    """The bar is gone when the summary is printed, and no line is wider than the terminal."""
    shown = on_a_terminal("run", "clients:Dies", "--cases", "own", "--explain", "0")
    assert "clients:Dies" in shown
    assert "3/3" in shown
    after = shown[shown.index("wireproof ") :]
    assert "3/3" not in after
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", after)
    assert [line for line in plain.split("\r\n") if len(line.rstrip()) > 80] == []
    assert "\x1b[31m1 failed" in after


def test_no_color_is_honoured() -> None:
    """With NO_COLOR there is no colour."""
    shown = on_a_terminal("run", "stdlib", "--cases", "own", NO_COLOR="1")
    assert "3 passed" in shown
    assert re.findall(r"\x1b\[(?:3[0-7]|9[0-7]|38;[0-9;]+)m", shown) == []


# list, show, repro -------------------------------------------------------------------------------------------------


def test_cases_are_listed_with_their_sentences(wireproof_: Run) -> None:
    """One line for each case."""
    assert wireproof_("list", "--cases", "own") == (
        0,
        "all/one  The first.\nall/two  The second.\nall/three  The third.\n",
        "",
    )


def test_clauses_are_listed_with_the_number_of_their_cases(wireproof_: Run) -> None:
    """Id, level, sentences, the number of cases or the reason why there is none."""
    found = bundled()
    chosen = plan((), found.matrices).chosen
    code, output, _ = wireproof_("list", "--clauses")
    assert code == 0
    wanted = []
    for clause in found.clauses.values():
        count = sum(clause.id in case.clauses for case in found.cases)
        combined = sum(
            number
            for each in chosen
            for at, number in each.by_class.items()
            if clause.id in each.expansion.decisions.clauses(at)
        )
        numbers = "".join(f" [{number}]" for number in clause.sentences)
        standing = "excluded" if clause.excluded else f"{count} cases, {combined:,} combinations"
        wanted.append(f"{clause.id}  {clause.level}{numbers}  {standing}  {clause.excluded or clause.text}")
    assert output.splitlines() == wanted


def test_a_case_is_shown_with_everything_that_it_says(wireproof_: Run) -> None:
    """The id and place, the sentence, the clauses with their sentences, the request as Python and the bytes."""
    code, output, _ = wireproof_("show", "body-str/latin-1/e-acute")
    lines = output.splitlines()
    assert code == 0
    assert re.fullmatch(r"body-str/latin-1/e-acute  \(body-str/latin-1\.yaml:\d+\)", lines[0])
    assert [line for line in lines if line.startswith("body.str.latin-1 (documented) [4]: ")]
    assert "The request" in lines
    assert "What must arrive" in lines
    assert [line.split("  ")[1] for line in lines if line.startswith("  POST / HTTP/1.1")] == ["POST / HTTP/1.1␍␊"]


def test_every_kind_of_case_can_be_shown(wireproof_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps, alternatives, digests, exceptions, effects and what was asked for: nothing fails, and all are shown."""
    wanted = {
        "sequences/stale-head": ("What must arrive of step 1", ", where the defect stale-head"),
        "errors/method": ("an exception of a class named ValueError, after these bytes:", "  nothing"),
        "framing/caller-length-values": ("Not valid HTTP/1.1, because the caller asks for it: ",),
        "effects/body": ("  effect body.",),
    }
    monkeypatch.setattr(_cases, "load", lambda *arguments: bundled())
    for folder, parts in wanted.items():
        shown = "".join(wireproof_("show", case.id)[1] for case in bundled().cases if case.id.startswith(f"{folder}/"))
        assert [part for part in parts if part not in shown] == []


def test_a_long_body_is_shown_by_its_length(wireproof_: Run, here: Path) -> None:
    """A body that is known by its digest is not made up."""
    path = here / "own" / "long.yaml"
    path.write_text(
        CASES.partition("- name: two")[0]
        .replace("line.format", "body.str.latin-1")
        .replace("/1", "/")
        .replace('url: "/"', 'url: "/", body: {repeat: ["x", 10]}')
        .replace('method: "GET"', 'method: "POST"')
        .replace("GET /", "POST /")
        .replace(
            '"Accept-Encoding: identity"]}',
            '"Accept-Encoding: identity", "Content-Length: 10"], body: {sha256: "%s", length: 10}}' % ("ab" * 32),
        )
        .replace("POST / HTTP.1", "POST / HTTP/1.1")
        .replace("HTTP.1", "HTTP/1.1")
    )
    code, output, errors = wireproof_("show", "--cases", "own", "long/one")
    assert (code, errors) == (0, "")
    assert "  a body of 10 bytes, known by its SHA-256, after:\n" in output


def test_a_script_can_be_printed(wireproof_: Run) -> None:
    """It is Python, does not need wireproof, and names the candidate."""
    code, output, errors = wireproof_("repro", "body-str/latin-1/e-acute", "urllib3.connection:HTTPConnection")
    assert (code, errors) == (0, "")
    compile(output, "repro", "exec")
    assert "from urllib3.connection import HTTPConnection" in output
    assert "import wireproof" not in output


# serve -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> queue.Queue[Recorder]:
    """The recorders that serve opens; there is less patience with clients than in real life."""
    opened: queue.Queue[Recorder] = queue.Queue()

    def recorder(*arguments: Any) -> Recorder:
        opened.put(Recorder(*arguments))
        newest: Recorder = opened.queue[-1]
        return newest

    monkeypatch.setattr(_serve, "Recorder", recorder)
    monkeypatch.setattr(_serve, "_SILENCES", 2)
    return opened


def while_serving(
    wireproof_: Run, served: queue.Queue[Recorder], client: Callable[[Recorder], None], *arguments: str
) -> str:
    """Serve, with a client in another thread; return what was printed."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            client(served.get(timeout=20))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    code, output, errors = wireproof_("serve", *arguments)
    thread.join()
    assert (code, errors, failures) == (0, "", [])
    return output


def test_serve_prints_each_request_and_answers_it(wireproof_: Run, served: queue.Queue[Recorder]) -> None:
    """Line by line, with what each part is; after the number of connections asked for it ends."""

    def client(recorder: Recorder) -> None:
        for number in (1, 2):
            connection = http.client.HTTPConnection(recorder.host, recorder.port, timeout=20)
            connection.request("POST", f"/{number}", "abc")
            with connection.getresponse() as response:
                assert (response.status, response.read()) == (200, b"")
            connection.close()

    lines = while_serving(wireproof_, served, client, "-n", "2").splitlines()
    assert re.fullmatch(r"listening on 127\.0\.0\.1:\d+", lines[0])
    assert [line for line in lines if line.startswith("connection ")] == [
        f"connection {number}: {87 + len(lines[0].partition(':')[2])} bytes, then eof" for number in (1, 2)
    ]
    assert [line.split()[0] for line in lines if "/1 HTTP" in line] == ["POST"]
    assert [line.split("  ")[1] for line in lines if line.startswith("  Content-Length")] == ["Content-Length: 3␍␊"] * 2


def test_serve_waits_for_a_request_to_be_whole(wireproof_: Run, served: queue.Queue[Recorder]) -> None:
    """A client that pauses in the middle is not answered before its request is whole, one that stops is answered."""
    answers: list[bytes] = []

    def client(recorder: Recorder) -> None:
        with socket.create_connection((recorder.host, recorder.port), timeout=20) as slow:
            slow.sendall(b"POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc")
            answers.append(slow.recv(100))

    output = while_serving(wireproof_, served, client, "-n", "1")
    assert answers == [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"]
    assert "connection 1: 41 bytes, then eof" in output


def test_serve_answers_each_of_two_clients_at_once(wireproof_: Run, served: queue.Queue[Recorder]) -> None:
    """The oldest is answered first, although a newer one is there."""

    def client(recorder: Recorder) -> None:
        address = (recorder.host, recorder.port)
        with (
            socket.create_connection(address, timeout=20) as first,
            socket.create_connection(address, timeout=20) as second,
        ):
            second.sendall(b"GET /2 HTTP/1.1\r\n\r\n")
            first.sendall(b"GET /1 HTTP/1.1\r\n\r\n")
            for each in (first, second):
                assert each.makefile("rb").read().startswith(b"HTTP/1.1 200 OK")

    output = while_serving(wireproof_, served, client, "-n", "2")
    assert re.findall(r"connection (\d).*\n  GET (/\d)", output) == [("1", "/1"), ("2", "/2")]


def test_serve_shows_what_is_no_request(wireproof_: Run, served: queue.Queue[Recorder]) -> None:
    """Garbage, and a connection without a byte, are shown, too."""

    def client(recorder: Recorder) -> None:
        for data in (b"\x16\x03\x01", b""):
            with socket.create_connection((recorder.host, recorder.port), timeout=20) as sock:
                sock.sendall(data)

    output = while_serving(wireproof_, served, client, "-n", "2")
    assert "connection 1: 3 bytes, then eof\n  \\x16\\x03\\x01" in output
    assert "connection 2: 0 bytes, then eof\n" in output


def test_serve_listens_where_it_is_told_to(wireproof_: Run, served: queue.Queue[Recorder]) -> None:
    """Host and port can be given; IPv6 addresses are shown in brackets."""

    def client(recorder: Recorder) -> None:
        socket.create_connection((recorder.host, recorder.port), timeout=20).close()

    try:
        Recorder("a", "::1").close()
    except Exception:
        pytest.skip("this machine has no IPv6")
    assert while_serving(wireproof_, served, client, "-n", "1", "--host", "::1").startswith("listening on [::1]:")


def test_serve_says_that_a_port_is_taken(wireproof_: Run) -> None:
    """One sentence, exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = f"--port: got '{port}'; wanted one that can be listened on (127.0.0.1 port {port}: EADDRINUSE)"
        assert wireproof_("serve", "--port", str(port)) == (2, "", f"wireproof: {sentence}\n")


def test_serve_ends_with_ctrl_c() -> None:
    """Ctrl-C is how a server without a number of connections ends."""
    with start("serve") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
        assert [process.stdout.readline(), process.stdout.readline()] == ["\n", "connection 1: 0 bytes, then eof\n"]
        process.send_signal(signal.SIGINT)
        assert (process.stderr.read(), process.wait()) == ("stopped after 1 connections\n", 0)
