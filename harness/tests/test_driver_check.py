"""The conformance kit for drivers: a driver that keeps to the protocol passes, and each that breaks it is found out."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from wireproof._candidates import DRIVERS
from wireproof._kit._lasting import session
from wireproof._kit._results import Result
from wireproof._kit._samples import samples
from wireproof._kit._session import Kit
from wireproof._kit._talk import Talk
from wireproof._recipes import KINDS
from wireproof.cli._driver import command
from wireproof.errors import CandidateError

HERE = Path(__file__).parent / "drivers"
OURS = f"{shlex.quote(sys.executable)} {shlex.quote(str(DRIVERS / 'python_driver.py'))}"
SHORT = "0.4"


def broken(name: str) -> str:
    """Return the command of a driver that is broken in the way of that name."""
    if name.endswith(".sh"):
        return f"sh {shlex.quote(str(HERE / name))}"
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(HERE / 'broken.py'))} {name}"


def checked(program: str, *options: str) -> tuple[int, list[str], dict[str, Result], list[Result]]:
    """Check a driver; return the exit code, the lines, and the results that are no pass by their names."""
    runner = CliRunner()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "results.json")
        arguments = ["check", "--exec", program, "--json", str(path), *options]
        outcome = runner.invoke(command, arguments, standalone_mode=False)
        if outcome.exception is not None:
            raise outcome.exception
        document = json.loads(path.read_text("utf-8"))
    results = [Result(**each) for each in document["checks"]]
    lines = outcome.output.splitlines()
    return outcome.return_value, lines, {each.check: each for each in results if each.standing != "passed"}, results


def test_a_driver_that_keeps_to_the_protocol_passes() -> None:
    """The Python driver passes every check that applies, and the same lines come each time."""
    code, lines, others, results = checked(OURS)
    assert {name: each.text for name, each in others.items()} == {
        "turns/waits": "waits not claimed",
        "unsupported": "it claims every kind",
    }
    assert code == 0
    assert lines[0].startswith("wireproof-python 1 (cpython ")
    assert lines[-1] == f"{len(results) - 2} passed, 0 failed, 2 do not apply"
    assert [line.split()[1] for line in lines[1:-2]] == [
        each.check if each.check != "turns/waits" else "turns" for each in results
    ]


def test_a_driver_that_claims_less_passes() -> None:
    """A driver is asked for nothing that it does not claim; what it says on standard error is free."""
    code, _, others, _ = checked(
        broken("Chatty"), "--select", "turns/*", "--select", "unsupported", "--select", "host/*"
    )
    assert code == 0
    assert {name: each.text for name, each in others.items()} == {
        "turns/waits": "waits not claimed",
        **{
            f"host/{host}": f"{host} not claimed"
            for host in ("ipv6", "localhost", "name", "ipv6-bracketed", "ipv6-zone")
        },
    }


# the driver, the checks that are made, the one that fails, what came, and the timeout
BROKEN = [
    ("says_no_json.sh", "start/hello", "a line that is no JSON: Welcome to sed! \\x1b[31mReady", ""),
    ("dies_at_start.sh", "start/hello", "exit status 3; its last words: cannot find module spam", ""),
    ("SaysNothing", "start/hello", "nothing within 2 s", SHORT),
    ("WrongVersion", "start/hello", 'the line {"type": "hello", "protocol": 2,', ""),
    ("EveryVersion", "start/version", 'the line {"type": "hello", "protocol": 999,', ""),
    ("ClaimsTheMoon", "start/can", "hosts: there is no moon; threads without sequences", ""),
    ("BreaksNameless", "start/candidate", 'the line {"type": "broken", "why": "", "hint": ""}', ""),
    ("DoneFirst", "turns/ids", 'the line {"type": "done", "id": 1,', ""),
    ("Twice", "turns/ids", 'the line {"type": "done", "id": 1,', ""),
    ("CallsTwice", "turns/ids", 'the line {"type": "calling", "id": 1}', ""),
    ("Never", "turns/ids", "nothing within 0.4 s", SHORT),
    ("WrongIds", "turns/ids", 'the line {"type": "calling", "id": 1001}', ""),
    ("NoIds", "turns/ids", 'the line {"type": "calling"}', ""),
    ("WrongDone", "turns/ids", '"returned": "NoneType", "effects": []}', ""),
    ("WrongRaised", "errors/refused", '"message": "xxx', ""),
    ("DiesAfterHello", "turns/ids", "exit status 4; its last words: out of \\x1b[31mmemory", ""),
    ("CallsLate", "turns/calling", "nothing within 2.4 s, with “PUT” at the server already", SHORT),
    ("FloodsOutput", "turns/ids", "a line that is no object with a type: {}", ""),
    ("FloodsErrors", "turns/ids", "nothing within 0.4 s", SHORT),
    ("EndlessLine", "turns/ids", "a line of more than 64 MiB: xxx", ""),
    ("Prints", "turns/ids", "a line that is no JSON: DEBUG: making a request", ""),
    ("InvalidUtf8", "turns/ids", '"returned": "caf\\xe9"}', ""),
    ("UnknownType", "turns/ids", 'the line {"type": "progress", "id": 1}', ""),
    ("BackToFront", "turns/ahead", 'the line {"type": "calling", "id": ', ""),
    ("AnswersUnknown", "turns/unknown", '"why": "unknown"}', ""),
    ("AnswersJunk", "turns/junk", 'the line {"type": "', ""),
    ("LeaksConnections", "turns/last", 'an open connection, and the line {"type": "done", "id": 1,', ""),
    ("OneAddress", "turns/new", "and", ""),
    ("WaitsInVain", "turns/waits", 'no wait, and the line {"type": "done", "id": 1,', ""),
    ("LowerCase", "url", "the head “PUT /kit/a;b HTTP/1.1␍␊", ""),
    ("DropsFields", "headers", "␍␊X-Wireproof-One: first value␍␊␍␊”", ""),
    ("FromTheStart", "body/bytesio", "256 bytes: “", ""),
    ("DropsPieces", "errors/raise", 'the line {"type": "done", "id": ', ""),
    ("DropsPieces", "body/list", "262 bytes: “first;", ""),
    ("CountsCharacters", "body/bytes", "384 bytes: “", ""),
    ("CannotAfterAll", "body/generator", '"why": "not yet"}', ""),
    ("CrashesAtOthers", "unsupported", "KeyError: 'str-subclass'", ""),
    ("WrongPosition", "effect/body.position", '"body.position": "256"}', ""),
    ("NoPosition", "effect/body.position", '"effects": {}}', ""),
    ("NoErrors", "errors/refused", 'the line {"type": "done", "id": 1,', ""),
    ("OwnErrors", "errors/refused", '"raised": {"classes": ["Boom", "Exception"]', ""),
    ("DoesNotClose", "sequences/close", "an open connection", ""),
    ("OneThread", "sequences/threads", "nothing within 2.4 s", SHORT),
    ("GoesOn", "sequences/streaming", "the last piece before go: “PUT /kit", ""),
    ("LeaksDescriptors", "lasting/many", " before, ", ""),
    ("Stays", "lasting/end", "it goes on", SHORT),
    ("EndsBadly", "lasting/end", "1; Traceback: it was closed", ""),
    ("LeavesAChild", "lasting/end", "1 of them", ""),
]


@pytest.mark.parametrize(("name", "check", "came", "timeout"), BROKEN, ids=[f"{each[0]}-{each[1]}" for each in BROKEN])
def test_a_broken_driver_fails_the_right_check(name: str, check: str, came: str, timeout: str) -> None:
    """What it did is shown, with where the protocol says otherwise; the driver is to blame, and the exit code is 1."""
    code, lines, others, _ = checked(broken(name), "--select", check, "--timeout", timeout or "20")
    assert code == 1
    assert list(others) == [check]
    failed = others[check]
    assert (failed.standing, failed.blame) == ("failed", "driver")
    assert came in failed.came
    assert f"docs/driver-protocol.md#{failed.section}" in lines[-3]
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("name", "came"),
    [("DiesInRequest", "exit status 5"), ("CallsAndStays", "a client that waits for the response has to claim waits")],
)
def test_what_happens_during_the_call_is_the_clients_fault(name: str, came: str) -> None:
    """From calling on until the answer the client is to blame, as the protocol says."""
    code, _, others, _ = checked(broken(name), "--select", "turns/ids", "--timeout", SHORT if "Stays" in name else "20")
    assert code == 1
    assert others["turns/ids"].blame == "candidate"
    assert came in others["turns/ids"].came


def test_a_driver_that_cannot_be_asked_is_left_alone() -> None:
    """After three failures in a row that needed a new start nothing more is asked."""
    _, _, others, results = checked(broken("DiesAfterHello"), "--select", "turns/*", "--select", "lasting/*")
    assert [each.standing for each in results] == ["passed", *["failed"] * 3, *["skipped"] * 10]
    assert others["lasting/two"].text == "not asked: it failed 3 times in a row before"


def test_no_program(tmp_path: Path) -> None:
    """What cannot be started is no driver that fails: the error says why, and its exit code is 2."""
    script = tmp_path / "driver"
    script.write_text("#!/nowhere/spam\n")
    script.chmod(0o755)
    for program, why in ((str(script), "cannot be started"), ("wireproof-has-no-such-program", "no such program")):
        with pytest.raises(CandidateError, match=why) as caught:
            checked(program)
        assert caught.value.exit_code == 2


def test_a_client_that_is_not_there() -> None:
    """A driver that says broken cannot be checked: what it says is shown."""
    with pytest.raises(CandidateError, match=r"the module spam cannot be imported: ModuleNotFoundError.*; install it"):
        checked(OURS, "spam:Eggs")


def test_every_kind_has_a_sample() -> None:
    """A sample of each kind has the fields that the kind needs, and no others."""
    for name, kind in KINDS.items():
        for sample in samples(name, "bytes") if name != "raise" else ():
            assert set(sample.recipe.fields) <= {field for field, _ in kind.fields}
            needed = {field for field, _ in kind.fields[: kind.required]}
            assert needed <= set(sample.recipe.fields)


def test_nothing_is_left() -> None:
    """The kit ends what a driver has started, and its folder goes with it."""
    started: list[int] = []
    original = Kit.another

    def another(self: Kit) -> Talk:
        talk = original(self)
        started.append(talk.link.process.pid)
        return talk

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Kit, "another", another)
        checked(broken("Stays"), "--select", "lasting/*", "--timeout", SHORT)
    assert len(started) > 3
    assert [session(leader) for leader in started] == [[]] * len(started)
