"""Candidates behind drivers: other interpreters, what goes wrong and who is to blame, and that the run goes on."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from wireproof import _run
from wireproof._candidates import driven, interpreted, isolated, named
from wireproof._cases import load
from wireproof._model import Candidate, Verdict
from wireproof._run import Judged, Lost, Options, Passed, Tally, run
from wireproof._selection import Planned, plan
from wireproof.cli import group
from wireproof.cli._asked import asked
from wireproof.errors import CandidateError, UsageError

CLIENTS = '''
import ctypes, http.client, os, sys, time


class Client(http.client.HTTPConnection):
    """Does its harm in two cases only."""

    def request(self, method, url, *arguments, **more):
        if method == "TRACE" and url.startswith("/a/b"):
            self.harm()
        super().request(method, url, *arguments, **more)


def client(harm):
    return type("Harmful", (Client,), {"harm": lambda self: harm()})


def hang():
    while True:
        time.sleep(3600)


def leave_a_child():
    if os.fork() == 0:
        os.setsid()
        hang()
    os._exit(3)


def close_everything():
    os.closerange(0, 1024)


Segfault = client(lambda: ctypes.string_at(0))
Exits = client(lambda: os._exit(7))
Raises = client(lambda: sys.exit("no"))
Interrupts = client(lambda: (_ for _ in ()).throw(KeyboardInterrupt))
Hangs = client(hang)
Forks = client(leave_a_child)
Deaf = client(close_everything)
Prints = client(lambda: os.write(1, b"{}\\n" * 100000))
Floods = client(lambda: os.write(2, b"x" * 1000000))
Says = client(lambda: (os.write(2, b"a last \\x1b[31mword\\n"), os._exit(7)))


class AlwaysHangs(http.client.HTTPConnection):
    def request(self, method, url, *arguments, **more):
        super().request(method, url, *arguments, **more)
        hang()


def broken(host, port=None):
    raise RuntimeError("it \\x1b[31mcannot")
'''

DRIVER = """
import json, os, sys

sys.path.insert(0, {drivers!r})
import python_driver
from python_driver import Driver, Wire

wire = Wire(0, 1)
raw = lambda text: os.write(1, text)


class Broken(Driver):
    {broken}


if __name__ == "__main__":
    Broken(wire.send, wire.receive).serve()
"""

DRIVERS = Path(_run.__file__).parent / "drivers"
HIT = "matrix/target[url=path,method=trace,headers=absent]"
AROUND = ("matrix/target[url=path,method=get]", HIT, "matrix/target[url=root]")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the module ``clients``, and a folder for temporary files."""
    (tmp_path / "clients.py").write_text(CLIENTS)
    (tmp_path / "tmp").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def planned(*globs: str, strength: int | None = 2) -> Planned:
    """Plan what these globs choose."""
    found = load(None, globs)
    return plan(found.cases, found.matrices, globs, (), strength)


def ran(candidate: Candidate, what: Planned, **options: Any) -> tuple[dict[str, int], dict[str, Verdict]]:
    """Run what is planned; return the counts that are not 0, and the verdicts that are no pass by their ids."""
    tally, verdicts = Tally(candidate.name, len(what)), {}
    for event in run([candidate], what, Options(**{"jobs": 1, **options})):
        if isinstance(event, Judged | Passed | Lost):
            tally.take(event)
        if isinstance(event, Judged) and (event.verdict.verdict != "pass" or event.verdict.strict):
            verdicts[event.verdict.id] = event.verdict
    return {name: count for name, count in tally.summary().items() if count}, verdicts


def found(version: str) -> str | None:
    """Return the path of an interpreter, or None where it is not installed."""
    roots = (Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")), Path("/opt/pyenv"))
    for root in roots:
        for path in sorted(root.glob(f"versions/{version}.*/bin/python")):
            return str(path)
    return shutil.which(f"python{version}") if version[0].isdigit() else shutil.which(version)


# other interpreters ---------------------------------------------------------------------------------------------------

UNSUPPORTED = {"3.6": 14, "3.7": 2, "pypy3": 2}
"""How many cases an interpreter cannot express: PickleBuffer is new in 3.8, blocksize in 3.7, and PyPy slices
memoryviews wrong.
"""


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "pypy3"])
def test_each_interpreter_keeps_the_contract(version: str) -> None:
    """All cases pass, by the wording of that release where releases differ, and nothing is installed there."""
    path = found(version)
    if path is None:
        pytest.skip(f"there is no {version} here")
    what = planned("*", "matrix/*", strength=1)
    counts, verdicts = ran(interpreted("stdlib", path), what)
    expected = {"planned": len(what), "passed": len(what) - UNSUPPORTED.get(version, 0)}
    if version in UNSUPPORTED:
        expected["unsupported"] = UNSUPPORTED[version]
    assert counts == expected, Counter(verdict.reason and verdict.reason.text for verdict in verdicts.values())


def test_an_isolated_candidate_is_judged_like_one_in_process() -> None:
    """The reference passes everything, threads and streaming included."""
    what = planned("*", "matrix/*", strength=1)
    counts, _ = ran(isolated("reference"), what, jobs=2)
    assert counts == {"planned": len(what), "passed": len(what)}


def test_what_is_missing_is_said() -> None:
    """One sentence, before anything runs."""
    with pytest.raises(CandidateError, match="there is no interpreter 'python9'; give the path"):
        interpreted("stdlib", "python9")
    with pytest.raises(CandidateError, match="there is no such program; install it"):
        driven("no-such-program --x")
    with pytest.raises(CandidateError, match="the command cannot be read: No closing quotation"):
        driven("node 'x")


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("none.such:C", "the module none.such cannot be imported: ModuleNotFoundError: No module named 'none'"),
        ("clients:None_", "clients has no None_"),
        ("clients:broken", r"its constructor, called with a host and a port, raises RuntimeError: it \x1b[31mcannot"),
    ],
)
def test_what_cannot_be_a_candidate_is_refused(target: str, why: str) -> None:
    """The driver says why, once."""
    with pytest.raises(CandidateError) as caught:
        ran(isolated(target), planned("body-str/*"), jobs=2)
    assert caught.value.why == why


# what a candidate does to its process ---------------------------------------------------------------------------------


CRASH = "crash: The client's process ended during the call: "
RAISED = "call.raised: request() raised {} although the request is to be sent: {}"


@pytest.mark.parametrize(
    ("client", "reason"),
    [
        ("Segfault", CRASH + "SIGSEGV."),
        ("Exits", CRASH + "exit status 7."),
        ("Says", CRASH + r"exit status 7; its last words: a last \x1b[31mword."),
        ("Deaf", CRASH + "exit status 120."),
        ("Hangs", "timeout: no end within 0.4 s"),
        ("Forks", CRASH + "exit status 3."),
        ("Raises", RAISED.format("SystemExit", "no")),
        ("Interrupts", RAISED.format("KeyboardInterrupt", "(no message)")),
    ],
)  # fmt: skip
def test_harm_is_held_against_the_request_that_did_it(client: str, reason: str, here: Path) -> None:
    """The requests before and behind it in the same batch pass, and no file is left."""
    what = planned(*AROUND)
    counts, verdicts = ran(isolated(f"clients:{client}"), what, timeout=0.4)
    every = Counter(verdict.verdict for verdict in verdicts.values())
    assert counts == {
        "planned": len(what),
        "passed": len(what) - 1,
        "failed": every["fail"],
        **({"nonstrict": every["nonstrict"]} if every["nonstrict"] else {}),
    }
    assert {verdict.blame for verdict in verdicts.values()} == {"candidate"}
    assert all("method=trace" in id_ for id_ in verdicts)
    seen = verdicts[HIT].reason
    assert seen is not None
    assert f"{seen.code}: {seen.text}" == reason
    assert list((here / "tmp").iterdir()) == []


@pytest.mark.parametrize("client", ["Prints", "Floods"])
def test_what_is_printed_harms_nobody(client: str) -> None:
    """The protocol is on descriptors of its own, and standard error is always read."""
    what = planned(*AROUND)
    assert ran(isolated(f"clients:{client}"), what)[0] == {"planned": len(what), "passed": len(what)}


def test_after_many_time_outs_the_rest_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate that always hangs does not take for ever; what was not run is counted."""
    monkeypatch.setattr(_run, "TIMEOUTS", 3)
    what = planned("matrix/target")
    counts, _ = ran(isolated("clients:AlwaysHangs"), what, timeout=0.1)
    assert counts == {"planned": len(what), "failed": 3, "not_run": len(what) - 3}


# what a driver does ---------------------------------------------------------------------------------------------------

ONE = ("body-str/*",)


def broken(here: Path, code: str) -> Candidate:
    """Return a candidate behind a driver that is broken in one way."""
    text = DRIVER.format(drivers=str(DRIVERS), broken=code.replace("\n", "\n    "))
    (here / "driver.py").write_text(text)
    return driven(f"{sys.executable} driver.py", "http.client:HTTPConnection")


HELLO = """def start(self, order): raw(b'{{"type": "hello", "protocol": {}}}\\n')"""


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def start(self, order): raw(b'hello\\x1b\\n'); return True", r"it wrote a line that is no JSON: hello\x1b"),
        ("def start(self, order): raw(b'[1]\\n'); return True", "it wrote a line that is no object with a type: [1]"),
        ("def start(self, order): raw(b'{\"type\": \"done\"}\\n'); return True", "it wrote done where hello was due"),
        (HELLO.format(2), "it speaks version 2 of the protocol, not 1"),
        (HELLO.format(1), "its hello does not keep to the schema"),
        ("def start(self, order): os._exit(3)", "it ended before it said anything: exit status 3"),
    ],
)  # fmt: skip
def test_a_driver_that_cannot_begin_is_named_once(here: Path, code: str, why: str) -> None:
    """With the line that it sent."""
    with pytest.raises(CandidateError) as caught:
        ran(broken(here, code), planned(*ONE), jobs=2)
    assert why in caught.value.why


HANDLE = "def handle(self, message): "
SENDS = HANDLE + "self.send({{'type': '{}', 'id': {}}})"
DONE = "def _done(self, message, *rest): "
DONE_WITH = DONE + "self.send({{'type': 'done', 'id': message['id'], {}}})"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (HANDLE + "raw(b'nonsense\\n')", "it wrote a line that is no JSON: nonsense"),
        (HANDLE + "os._exit(4)", "it ended before it called the client: exit status 4"),
        (HANDLE + "pass", "it did not answer within 0.3 s, and had not called the client"),
        (SENDS.format("done", "message['id']"), "it wrote done without calling before it"),
        (SENDS.format("calling", "99999"), "it answered message 99999 where"),
        (SENDS.format("jump", "message['id']"), "it wrote jump out of turn"),
        ("def _calling(self, message): [Driver._calling(self, message) for _ in 'ab']", "it wrote calling twice"),
        (DONE_WITH.format("'effects': 3"), "it wrote a done that does not keep to the schema"),
        (DONE_WITH.format("'raised': {'classes': []}"), "it wrote an exception that does not keep to the schema"),
        (DONE + "[Driver._done(self, message, *rest) for _ in 'ab']", "it answered message"),
    ],
)  # fmt: skip
def test_a_drivers_fault_is_no_fault_of_the_candidate(here: Path, code: str, text: str) -> None:
    """Each case is an error that blames the driver, with what it sent; after some in a row it is left alone."""
    what = planned("body-str/*", "matrix/target[url=root,method=get]", strength=1)
    counts, verdicts = ran(broken(here, code), what, timeout=0.3)
    assert set(counts) <= {"planned", "passed", "errored"}, Counter(
        verdict.reason and verdict.reason.code for verdict in verdicts.values()
    )
    assert counts["errored"] >= 10
    assert {verdict.blame for verdict in verdicts.values()} == {"driver"}
    texts = [verdict.reason.text for verdict in verdicts.values() if verdict.reason]
    assert text in texts[0]
    if "passed" not in counts:
        assert any("it failed 10 times in a row, the last time so" in each for each in texts)


def test_a_driver_that_has_ended_between_exchanges_is_no_fault(here: Path) -> None:
    """Nothing had been called, so a fresh one is asked the same, with all connection objects of the exchange."""
    code = (
        "served = 0\n"
        "def handle(self, message):\n"
        "    is_first = 'new' in message and message['on'] == 'a' and not {'last', 'thread'} & set(message)\n"
        "    if self.served and is_first: os._exit(0)\n"
        "    self.served += 1\n"
        "    Driver.handle(self, message)"
    )
    what = planned("sequences/*")
    assert ran(broken(here, code), what)[0] == {"planned": len(what), "passed": len(what)}


def test_a_driver_that_ends_within_an_exchange_is_at_fault(here: Path) -> None:
    """What was called before cannot be called again."""
    code = "def _close(self, *rest): os._exit(0)"
    counts, verdicts = ran(broken(here, code), planned("sequences/*"))
    assert set(counts) <= {"planned", "passed", "errored"}
    assert {verdict.blame for verdict in verdicts.values()} == {"driver"}


@pytest.mark.parametrize("glob", ["framing/automatic/*", "matrix/framing[method=put,body=text,headers=absent]"])
def test_what_the_server_waits_is_not_held_against_the_client(here: Path, glob: str) -> None:
    """A client that waits for the response to a request that it leaves incomplete is no client that hangs."""
    with (here / "clients.py").open("a") as file:
        file.write(
            "\n\nclass Waits(http.client.HTTPConnection):\n"
            "    wireproof_can = {'features': ['sequences', 'waits']}\n"
            "    def request(self, *arguments, **more):\n"
            "        super().request(*arguments, **more)\n"
            "        self.getresponse().read()\n"
            "    def endheaders(self, message_body=None, **more):\n"
            "        cut = message_body[:-1] if isinstance(message_body, bytes) else message_body\n"
            "        super().endheaders(cut, **more)\n"
        )
    what = planned(glob)
    counts, verdicts = ran(named("clients:Waits"), what, timeout=0.3)
    assert counts["failed"] >= 2
    assert not [id_ for id_, each in verdicts.items() if each.reason and each.reason.code == "timeout"]


def test_a_driver_that_fails_once_is_started_again(here: Path) -> None:
    """One fault costs one case."""
    code = (
        "def _request(self, message, *rest):\n"
        "    if 'é' in str(message['arguments']): raw(b'oops\\n')\n"
        "    return Driver._request(self, message, *rest)"
    )
    counts, verdicts = ran(broken(here, code), planned("body-str/*"))
    assert counts["errored"] >= 1
    assert counts["passed"] + counts["errored"] == counts["planned"]
    assert all(verdict.reason and "no JSON: oops" in verdict.reason.text for verdict in verdicts.values())


def test_what_a_driven_candidate_did_can_be_reproduced(capsys: pytest.CaptureFixture[str]) -> None:
    """The command that stands below an explanation works, and says whom the script shows instead."""

    for name in ("curl", "stdlib in pypy3", "node driver.mjs"):
        group.main(["repro", "body-str/latin-1/e-acute", name], standalone_mode=False)
        assert "The candidate is no Python class" in " ".join(capsys.readouterr().out.split())


# who is asked ---------------------------------------------------------------------------------------------------------


def everybody(
    *names: str, pythons: tuple[str, ...] = (), commands: tuple[str, ...] = (), isolate: bool = False
) -> list[str]:
    """Return the names of who is asked."""
    return [each.name for each in asked(names, pythons, commands, (), isolate=isolate)]


def test_options_say_how_candidates_are_reached() -> None:
    """Each candidate in each interpreter, or by each driver; the same twice is asked once."""
    python, shell = sys.executable, "sh x"
    assert everybody() == ["reference", "stdlib"]
    assert everybody("stdlib", "stdlib") == ["stdlib"]
    assert everybody(pythons=(python,)) == [f"stdlib in {python}"]
    assert everybody("stdlib", "a:B", pythons=(python,)) == [f"stdlib in {python}", f"a:B in {python}"]
    assert everybody(commands=(shell,)) == [shell]
    assert everybody("x", "y", commands=(shell,)) == [f"x by {shell}", f"y by {shell}"]
    assert everybody("stdlib", isolate=True) == ["stdlib"]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"pythons": ("python3",), "isolate": True}, "--isolate"),
        ({"pythons": ("python3",), "commands": ("sh",)}, "--exec"),
    ],
)
def test_a_candidate_is_reached_in_one_way(more: dict[str, Any], wanted: str) -> None:
    """Options that contradict each other are refused."""
    with pytest.raises(UsageError, match=f"{wanted}: got .*; wanted one of --python, --exec and --isolate"):
        everybody("stdlib", **more)


def test_a_description_of_ones_own_is_found(here: Path) -> None:
    """In a folder of the option, or of pyproject.toml, and its tolerances, lacks and gate count."""
    (here / "mine").mkdir()
    (here / "mine" / "extra.yaml").write_text(
        'about: "adds a field"\nclass: clients:Extra\npath: [".."]\nambient: {X-Extra: "[0-9]+"}\ngate: contract\n'
        "lacks: [body]\n"
    )
    with (here / "clients.py").open("a") as file:
        file.write(
            "\n\nclass Extra(http.client.HTTPConnection):\n"
            "    def endheaders(self, *arguments, **more):\n"
            "        self.putheader('X-Extra', '1')\n"
            "        super().endheaders(*arguments, **more)\n"
        )
    (found_,) = asked(["extra"], (), (), [here / "mine"], isolate=False)
    (here / "pyproject.toml").write_text('[tool.wireproof]\ncandidates = ["mine"]\n')
    assert asked(["extra"], (), (), (), isolate=False) == (found_,)
    assert found_.gate == "contract"
    what = planned("errors/url*", "body-str/latin-1/*", "matrix/target[url=root,method=get,headers=absent]")
    counts, verdicts = ran(found_, what)
    tolerated = [each for each in verdicts.values() if each.tolerated == ("ambient X-Extra",)]
    lacking = [each for each in verdicts.values() if each.verdict == "unsupported"]
    assert {each.verdict for each in tolerated} == {"pass"}
    assert tolerated
    assert lacking
    assert len(tolerated) + len(lacking) == len(verdicts)
    assert counts["passed"] + counts["unsupported"] == len(what)


def test_what_follows_a_request_that_cannot_be_asked_is_no_fault(here: Path) -> None:
    """A client that refuses the first request of a sequence has no connection object for the rest of it."""
    with (here / "clients.py").open("a") as file:
        file.write(
            "\n\nclass Picky(http.client.HTTPConnection):\n"
            "    wireproof_cannot = staticmethod(lambda method, url: 'no' if '[' in url or ':' in url else '')\n"
        )
    what = planned("sequences/stale-head/*", "sequences/leaks/*", "sequences/busy/*")
    counts, verdicts = ran(isolated("clients:Picky"), what)
    assert {verdict.verdict for verdict in verdicts.values()} == {"unsupported"}
    assert counts["passed"] + counts["unsupported"] == len(what)


def test_a_worker_that_is_lost_is_no_fault_of_a_client_that_is_not_in_it(here: Path) -> None:
    """What ends the worker is an error; the rest goes to another one, also what the driver was ahead with."""
    with (here / "clients.py").open("a") as file:
        file.write("\n\nOrphaned = client(lambda: (os.kill(os.getppid(), 9), hang()))\n")
    what = planned(*AROUND)
    counts, verdicts = ran(isolated("clients:Orphaned"), what)
    assert counts == {"planned": len(what), "passed": len(what) - 1, "errored": 1}
    assert verdicts[HIT].blame == "harness"
    reason = verdicts[HIT].reason
    assert reason is not None
    assert "the worker was lost, in which the client is not" in reason.text
