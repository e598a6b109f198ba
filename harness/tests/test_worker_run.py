"""Workers and the runner: whatever a candidate does, every case gets its verdict, and nothing is left behind."""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof import _process, _run, _worker
from wireproof._candidates import named
from wireproof._candidates._inprocess import InProcess
from wireproof._codec import LENGTH, SLICE, decode, encode
from wireproof._isolation import TOKEN, environment
from wireproof._model import (
    LAYERS,
    VERDICTS,
    Case,
    Difference,
    Evidence,
    Expect,
    Recipe,
    Request,
    Source,
    Step,
    Verdict,
)
from wireproof._process import Ending, Worker, unbroken
from wireproof._run import Judged, Options, Session, Started, Starting, Tally, falls_short, not_run, run
from wireproof.errors import CandidateError, HarnessError

CLIENTS = '''
import ctypes, http.client, json, os, subprocess, sys, threading, time

CHANNEL = int(sys.argv[1])
HERE = os.path.dirname(__file__)


class Client(http.client.HTTPConnection):
    """Does its harm at /3 only."""

    def request(self, method, url, *arguments, **more):
        if url == "/3":
            self.harm()
        super().request(method, url, *arguments, **more)

    def harm(self):
        pass


def client(harm):
    return type("Harmful", (Client,), {"harm": lambda self: harm()})


def hang():
    while True:
        time.sleep(3600)


def grow_old():
    os.close(CHANNEL)
    hang()


def leave_a_child():
    if os.fork() == 0:
        hang()
    os._exit(3)


Killed = client(lambda: os.kill(os.getpid(), 9))
RealTime = client(lambda: os.kill(os.getpid(), 40))
Exits = client(lambda: os._exit(7))
Raises = client(lambda: sys.exit("no"))
Hangs = client(hang)
Blocks = client(lambda: ctypes.PyDLL(None).sleep(3600))
Garbage = client(lambda: os.write(CHANNEL, b"garbage \\xff\\n"))
NoLine = client(lambda: os.write(CHANNEL, b"garbage"))
Numbers = client(lambda: os.write(CHANNEL, b"5\\n"))
Deep = client(lambda: os.write(CHANNEL, b"[" * 100000 + b"\\n"))
ReadyAgain = client(lambda: os.write(CHANNEL, b'["ready", {"version": "2"}]\\n'))
BrokenNow = client(lambda: os.write(CHANNEL, b'["broken", {"why": "a", "hint": "b"}]\\n'))
OtherKind = client(lambda: os.write(CHANNEL, b'["other", {}]\\n'))
HalfVerdict = client(lambda: os.write(CHANNEL, b'["verdict", {"id": "a/b/3", "verdict": "pass"}]\\n'))
OldVerdict = client(lambda: os.write(CHANNEL, json.dumps(["verdict", FORGED]).encode() + b"\\n"))
GrowsOld = client(grow_old)
Forks = client(leave_a_child)
Deaf = client(lambda: os.close(CHANNEL))
Flood = client(lambda: [os.write(1, b"x" * 65536) for _ in range(160)])
Mute = client(lambda: (os.close(1), os.close(2)))
Orphan = client(lambda: (open(HERE + "/orphan", "w").write(str(subprocess.Popen(["sleep", "3600"]).pid)), os._exit(7)))
FORGED = {"id": "a/b/none", "hash": "0", "since": "", "verdict": "pass", "clauses": [], "blame": None,
          "layers": {"bytes": "pass", "contract": "pass", "rfc": "pass"}, "fingerprint": ""}


class AlwaysHangs(http.client.HTTPConnection):
    def request(self, method, url):
        super().request(method, url)
        hang()


class Tells(http.client.HTTPConnection):
    def request(self, method, url):
        with open(HERE + "/told.json", "w") as file:
            json.dump({"environ": dict(os.environ), "path": sys.path, "flags": list(sys.flags)}, file)
        super().request(method, url)


class Empty:
    def __init__(self, host, port):
        pass


class Refuses(http.client.HTTPConnection):
    def __init__(self, host, port):
        raise ValueError("not\\nhere \\x1b[0m")


class Mischief(Exception):
    def __str__(self):
        raise ValueError


def mischief(host, port):
    raise Mischief


nothing = 5
'''


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the module ``clients``, and a folder for temporary files of the test's own."""
    (tmp_path / "clients.py").write_text(CLIENTS)
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path


def children() -> list[str]:
    """Return the processes that this one has started and that are still there, dead ones included."""
    found: list[str] = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread may end while it is looked at
            found += (task / "children").read_text().split()
    return found


@pytest.fixture(autouse=True)
def tidy(here: Path) -> Iterator[None]:
    """After each test: no process, no descriptor and no temporary file more than before."""
    before = (children(), len(os.listdir("/proc/self/fd")))
    yield
    assert (children(), len(os.listdir("/proc/self/fd"))) == before
    assert list((here / "temporary").iterdir()) == []


def case(name: object = 1, *steps: Step) -> Case:
    """Return a case that asks for the url of its name."""
    return Case(f"a/b/{name}", "A case.", ("c",), steps or (ask(f"/{name}"),), Source("a/b.yaml", 1), "0")


def ask(url: str, body: bytes | None = None) -> Step:
    """Return a request step."""
    head = (f"POST {url} HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity")
    arguments = [("method", Recipe("str", {"text": "POST"})), ("url", Recipe("str", {"text": url}))]
    if body is not None:
        arguments.append(("body", Recipe("bytes", {"data": body})))
    expect = Expect((*head, f"Content-Length: {len(body or b'')}"), body or b"")
    return Step("request", "a", Request(tuple(arguments)), expect)


def ran(candidate: str, count: int = 5, **options: Any) -> dict[str, str]:
    """Run so many cases; return the verdicts by the names of the cases, with the reason where there is one."""
    events = list(run([candidate], [case(number) for number in range(1, count + 1)], Options(**{"jobs": 1, **options})))
    verdicts = [event.verdict for event in events if isinstance(event, Judged)]
    assert len(verdicts) == count
    return {
        verdict.id.removeprefix("a/b/"): f"{verdict.verdict}: {verdict.reason.text}" if verdict.reason else "pass"
        for verdict in verdicts
    }


def passed(*without: str, count: int = 5) -> dict[str, str]:
    """Return what is wanted where every case passes but those named."""
    return {str(name): "pass" for name in range(1, count + 1) if str(name) not in without}


# what goes well ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_case_is_judged_once(jobs: int) -> None:
    """A run says that it starts, that the candidate answers, and gives a verdict for each case."""
    cases = [case(number) for number in range(40)]
    starting, started, *judged = list(run(["stdlib"], cases, Options(jobs=jobs)))
    assert starting == Starting("stdlib")
    assert isinstance(started, Started)
    assert (started.candidate, started.planned, started.version[:8]) == ("stdlib", 40, "cpython ")
    found = [event.verdict for event in judged if isinstance(event, Judged)]
    assert sorted(verdict.id for verdict in found) == sorted(each.id for each in cases)
    assert {verdict.verdict for verdict in found} == {"pass"}


def test_large_cases_reach_the_worker() -> None:
    """Cases that do not fit into the connection to the worker are sent as it takes them."""
    cases = [case(number, ask("/", b"x" * (6 * 1024 * 1024))) for number in range(3)]
    verdicts = [
        event.verdict.verdict for event in run(["stdlib"], cases, Options(timeout=60)) if isinstance(event, Judged)
    ]
    assert verdicts == ["pass"] * 3


def test_candidates_run_one_after_the_other() -> None:
    """Several candidates are run in the order given."""
    events = list(run(["reference", "stdlib"], [case()], Options()))
    assert [(type(event), event.candidate) for event in events] == [
        (kind, name) for name in ("reference", "stdlib") for kind in (Starting, Started, Judged)
    ]


# what candidates do ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        ("Killed", "fail: The interpreter ended during the call: SIGKILL."),
        ("RealTime", "fail: The interpreter ended during the call: signal 40."),
        ("Exits", "fail: The interpreter ended during the call: exit status 7."),
        ("Orphan", "fail: The interpreter ended during the call: exit status 7."),
        ("Deaf", "fail: The interpreter ended during the call: exit status 1."),
        (
            "GrowsOld",
            "fail: The interpreter ended during the call: its connection to wireproof closed, although it lived on.",
        ),
    ],
)
def test_a_crash_costs_one_case(candidate: str, reason: str) -> None:
    """The case that killed the worker is blamed, and all the others are judged."""
    assert ran(f"clients:{candidate}") == {"3": reason, **passed("3")}


@pytest.mark.parametrize("candidate", ["Flood", "Mute"])
def test_what_a_candidate_does_to_its_output_is_its_own_business(candidate: str) -> None:
    """Megabytes of output, or none because it is closed, disturb nobody."""
    assert ran(f"clients:{candidate}") == passed()


def test_an_output_that_is_closed_is_not_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner does not turn in circles where there is nothing to hear any more."""
    heard: list[bool] = []
    listen = Worker.listen

    def counting(worker: Worker) -> bool:
        more = listen(worker)
        if worker.channel.fileno() >= 0:  # it is not being ended
            heard.append(more)
        return more

    monkeypatch.setattr(Worker, "listen", counting)
    ran("clients:Mute", 40)
    assert heard == [False]


def test_what_a_candidate_has_started_ends_with_it(here: Path) -> None:
    """A process that outlives its parent is in the parent's group, and gone with the worker."""
    ran("clients:Orphan")
    orphan = Path("/proc") / (here / "orphan").read_text() / "stat"
    state = orphan.read_text().rpartition(") ")[2][0] if orphan.exists() else "gone"
    assert state in ("gone", "Z", "X")


def test_a_candidate_that_exits_raises() -> None:
    """SystemExit is an exception like any other."""
    (reason,) = {name: text for name, text in ran("clients:Raises").items() if name == "3"}.values()
    assert reason.startswith("fail: ")
    assert "SystemExit" in reason


@pytest.mark.parametrize(
    ("candidate", "what"),
    [
        ("Garbage", "'garbage \\xff'"),
        ("NoLine", "'garbage["),
        ("Numbers", "'5'"),
        ("Deep", "'[[[["),
        ("ReadyAgain", "an answer of the kind ready out of turn"),
        ("BrokenNow", "an answer of the kind broken out of turn"),
        ("OtherKind", "'["),
        ("HalfVerdict", "'["),
        ("OldVerdict", "an answer of the kind verdict out of turn"),
    ],
)
def test_whoever_writes_into_the_channel_costs_one_case(candidate: str, what: str) -> None:
    """What is no answer of the worker is held against the candidate in one case; the others are judged."""
    found = ran(f"clients:{candidate}")
    assert found.pop("3").startswith(f"fail: the connection to the worker brought something that is no answer: {what}")
    assert found == passed("3")


def test_a_line_without_an_end_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never ends is not kept for ever."""
    monkeypatch.setattr(_process, "_LONGEST", 3)
    assert ran("clients:NoLine")["3"].startswith(
        "fail: the connection to the worker brought something that is no answer"
    )


def test_a_hang_costs_one_case_and_shows_what_was_sent() -> None:
    """A call that does not end is a time-out, with the bytes that had come by then as evidence."""
    cases = [case(1), case(3), case(4)]
    events = run(["clients:Hangs"], cases, Options(timeout=1.5, jobs=1))
    one, hung, four = [event.verdict for event in events if isinstance(event, Judged)]
    assert (one.verdict, four.verdict) == ("pass", "pass")
    reason = Difference("timeout", "process", "no end within 1.5 s", "request.sent")
    assert (hung.id, hung.verdict, hung.differences, hung.blame) == ("a/b/3", "fail", (reason,), "candidate")
    (verdict,) = [event.verdict for event in run(["clients:AlwaysHangs"], cases[1:2], Options(timeout=0.05))
                  if isinstance(event, Judged)]  # fmt: skip
    head = b"POST /3 HTTP/1.1\r\nHost: <host>:<port>\r\nAccept-Encoding: identity\r\nContent-Length: 0\r\n\r\n"
    assert verdict.evidence == (Evidence(0, head, head, None, None),)


def test_a_blocked_interpreter_is_killed_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that keeps the interpreter's lock is a time-out, too."""
    monkeypatch.setattr(_run, "MERCY", 1.0)
    assert ran("clients:Blocks", timeout=1.5) == {
        "3": "fail: no end within 1.5 s, and the interpreter was blocked",
        **passed("3"),
    }


def test_a_child_that_keeps_the_connection_open_does_not_hide_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the worker is dead and a process that it forked is not, it is a crash, and both are gone afterwards."""
    monkeypatch.setattr(_run, "MERCY", 1.0)
    assert ran("clients:Forks", timeout=1.5) == {
        "3": "fail: The interpreter ended during the call: exit status 3.",
        **passed("3"),
    }


@pytest.mark.parametrize("jobs", [1, 2])
def test_after_many_time_outs_the_rest_is_not_run(monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    """A candidate that always hangs does not take for ever, and what was not run is counted."""
    monkeypatch.setattr(_run, "TIMEOUTS", 3)
    tally, verdicts = Tally("clients:AlwaysHangs", 40), list[Verdict]()
    cases = [case(number) for number in range(40)]
    for event in run([tally.name], cases, Options(timeout=0.05, jobs=jobs)):
        if isinstance(event, Judged):
            tally.take(event)
            verdicts.append(event.verdict)
    counts = tally.summary()
    assert counts["failed"] + counts["not_run"] == counts["planned"] == 40
    assert 3 <= counts["failed"] <= 2 + jobs
    reasons = Counter(verdict.reason.text for verdict in verdicts if verdict.reason)
    text = f"not run: the candidate timed out {counts['failed']} times before"
    assert reasons == {"no end within 0.05 s": counts["failed"], text: counts["not_run"]}
    assert tally.exit_code("bytes") == 1


def test_twenty_time_outs_are_the_limit() -> None:
    """The number is part of the contract with those who run wireproof in CI."""
    assert _run.TIMEOUTS == 20


def test_fail_fast_stops_at_the_first_failure() -> None:
    """After a failure at the gate the rest is not run, and counted; verdicts that have come in are kept."""
    assert ran("clients:Exits", 40, fail_fast=True) == {
        "1": "pass",
        "2": "pass",
        "3": "fail: The interpreter ended during the call: exit status 7.",
        **{str(name): "not_run: not run: --fail-fast stopped at the first failure" for name in range(4, 41)},
    }


# candidates that cannot be used ------------------------------------------------------------------------------------


CANNOT = [
    ("none.such:Client", "the module none.such cannot be imported: ModuleNotFoundError: No module named 'none'",
     "install it, or set PYTHONPATH to where it lies"),
    ("clients:Absent", "clients has no Absent", "give reference, stdlib or package.module:Class"),
    ("clients:nothing", "nothing is not callable but of type int", "give reference, stdlib or package.module:Class"),
    ("clients:Empty", "its objects have no method request", "a candidate has the API of HTTPConnection"),
    ("clients:Refuses",
     "its constructor, called with a host and a port, raises ValueError: not here \\x1b[0m",
     "a candidate is made as Class(host, port)"),
    ("clients:mischief", "its constructor, called with a host and a port, raises Mischief",
     "a candidate is made as Class(host, port)"),
    ("leaves:Client", "the module leaves cannot be imported: SystemExit: bye",
     "install it, or set PYTHONPATH to where it lies"),
    ("dies:Client", "the process ended while it was imported: exit status 3", "its last words: goodbye"),
    ("dies_silently:Client", "the process ended while it was imported: exit status 3", "it said nothing"),
    ("scribbles:Client", "the connection to the worker brought something that is no answer: 'hello'",
     "a candidate must leave file descriptors alone that it has not opened"),
]  # fmt: skip


@pytest.mark.parametrize(("candidate", "why", "hint"), CANNOT, ids=[name for name, *_ in CANNOT])
def test_a_candidate_that_cannot_be_used_is_one_sentence(here: Path, candidate: str, why: str, hint: str) -> None:
    """Why it cannot be used, and what to do, in one sentence with exit code 2."""
    (here / "leaves.py").write_text("import sys\nsys.exit('bye')\n")
    (here / "dies.py").write_text("import os\nprint('well\\n' * 5000 + 'goodbye\\x07', flush=True)\nos._exit(3)\n")
    (here / "dies_silently.py").write_text("import os\nos._exit(3)\n")
    (here / "scribbles.py").write_text("import os, sys\nos.write(int(sys.argv[1]), b'hello\\n')\nos._exit(0)\n")
    with pytest.raises(CandidateError) as caught:
        list(run([candidate], [case()], Options()))
    assert str(caught.value) == f"candidate {candidate!r}: {why}; {hint}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["nothing", "module:", ":Class", "a b:C", "module:Class()", ""])
def test_what_is_no_name_of_a_candidate_is_refused_at_once(name: str) -> None:
    """A misspelled name is found before anything runs, also of a later candidate."""
    events = run(["stdlib", name], [case()], Options())
    with pytest.raises(CandidateError, match="it is no name of a candidate"):
        next(events)


def test_an_import_that_hangs_is_ended(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate whose import takes too long cannot be used."""
    monkeypatch.setattr(_run, "STARTING", 0.5)
    (here / "sleeps.py").write_text("import time\ntime.sleep(3600)\n")
    with pytest.raises(CandidateError, match=r"importing it takes more than 0.5 s; import it by hand to see why"):
        list(run(["sleeps:Client"], [case()], Options()))


def test_a_candidate_that_can_be_imported_only_once_is_an_error_of_the_run(here: Path) -> None:
    """Where no fresh worker can be had after a crash, what is left is an error, and what was judged is kept."""
    (here / "once.py").write_text(
        "import os\nos.mkdir(os.path.dirname(__file__) + '/marker')\nfrom clients import Exits as Client\n",
    )
    found = ran("once:Client", 5)
    trouble = "error: a fresh worker could not be had: the module once cannot be imported: FileExistsError: "
    assert {name: text[: len(trouble)] for name, text in found.items()} == {
        "1": "pass",
        "2": "pass",
        "3": "fail: The interpreter ended during the call: exit status 7."[: len(trouble)],
        "4": trouble,
        "5": trouble,
    }


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ("time.sleep(3600)", "importing it takes more than 0.2 s; import it by hand to see why"),
        ("os.write(int(sys.argv[1]), b'hello\\n')",
         "the connection to the worker brought something that is no answer: 'hello'; "
         "a candidate must leave file descriptors alone that it has not opened"),
        ("os._exit(5)", "the process ended while it was imported: exit status 5; it said nothing"),
    ],
)  # fmt: skip
def test_whatever_a_second_import_does_costs_only_what_is_left(
    here: Path, monkeypatch: pytest.MonkeyPatch, second: str, why: str
) -> None:
    """Once a candidate has been imported, a later import that fails is no fault of a case."""
    (here / "once.py").write_text(
        "import os, sys, time\n"
        f"if os.path.exists(os.path.dirname(__file__) + '/marker'):\n    {second}\n    time.sleep(3600)\n"
        "os.mkdir(os.path.dirname(__file__) + '/marker')\nfrom clients import Exits as Client\n"
    )
    events = run(["once:Client"], [case(number) for number in range(2, 6)], Options(jobs=1))
    next(events)
    assert isinstance(next(events), Started)
    monkeypatch.setattr(_run, "STARTING", 0.2 if "sleep" in second else 30.0)
    verdicts = [event.verdict for event in events if isinstance(event, Judged)]
    assert [verdict.verdict for verdict in verdicts] == ["pass", "fail", "error", "error"]
    assert {verdict.reason.text for verdict in verdicts[2:] if verdict.reason} == {
        f"a fresh worker could not be had: {why}"
    }


def test_a_second_worker_that_cannot_start_leaves_the_work_to_the_first(here: Path) -> None:
    """Where only one worker can have the candidate, that one does everything."""
    (here / "exclusive.py").write_text(
        "import os, socket, sys\nlock = socket.socket(socket.AF_UNIX)\nlock.bind('\\0wireproof-' + __file__)\n"
        "from http.client import HTTPConnection as Client\n"
    )
    assert ran("exclusive:Client", 40, jobs=2) == passed(count=40)


def test_where_no_process_can_be_started_everything_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without room for a process costs verdicts, and no traceback."""

    def full(*arguments: object, **more: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess.Popen, "__init__", full)
    text = "error: a worker process cannot be started: [Errno 11] Resource temporarily unavailable"
    assert ran("stdlib", 2) == {"1": text, "2": text}


def test_a_module_whose_version_raises_has_none(here: Path) -> None:
    """A module that refuses to tell its version can be a candidate."""
    (here / "shy.py").write_text(
        "from http.client import HTTPConnection as Client\ndef __getattr__(name):\n    raise RuntimeError(name)\n"
    )
    started = list(run(["shy:Client"], [case()], Options()))[1]
    assert isinstance(started, Started)
    assert started.version.startswith("cpython ")


# where candidates live ---------------------------------------------------------------------------------------------


def test_the_environment_of_workers_is_clean(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and the like do not reach a candidate, PYTHONPATH does, and TMPDIR is a folder of its own."""
    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "PYTHONSTARTUP", "WIREPROOF_SECRET"):
        monkeypatch.setenv(name, "http://192.0.2.1/")
    monkeypatch.setenv("PYTHONPATH", str(here / "lib"))
    assert ran("clients:Tells", 1) == passed(count=1)
    told = json.loads((here / "told.json").read_text())
    environ = {name: value for name, value in told["environ"].items() if not name.startswith("COVERAGE_")}
    kept = {
        "PATH",
        "HOME",
        "LD_LIBRARY_PATH",
        "VIRTUAL_ENV",
        "PYTHONHOME",
        "PYTHONWARNINGS",
        "PYTHON_GIL",
        "SSL_CERT_FILE",
    }
    assert {name: value for name, value in environ.items() if name not in kept} == {
        "PYTHONPATH": str(here / "lib"),
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "TMPDIR": environ["TMPDIR"],
        TOKEN: environ[TOKEN],
    }
    assert Path(environ["TMPDIR"]).parent == here / "temporary"
    assert told["path"][:2] == [str(here), str(here / "lib")]
    ours = environment(environ["TMPDIR"], environ[TOKEN])
    assert environ == {name: value for name, value in ours.items() if not name.startswith("COVERAGE_")}


def test_pythonpath_is_honoured(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate is found on PYTHONPATH."""
    (here / "lib").mkdir()
    (here / "lib" / "elsewhere.py").write_text("from http.client import HTTPConnection as Client\n")
    monkeypatch.setenv("PYTHONPATH", str(here / "lib"))
    assert ran("elsewhere:Client") == passed()


def test_files_of_the_working_directory_do_not_hide_what_the_worker_needs(here: Path) -> None:
    """A socket.py or yaml.py beside the candidate is the candidate's business."""
    for name in ("socket", "yaml", "h11", "json", "select", "typing", "tempfile", "gc", "wireproof"):
        (here / f"{name}.py").write_text("raise RuntimeError('the wrong module')\n")
    assert ran("stdlib") == passed()
    assert ran("reference") == passed()


def test_a_working_directory_that_is_gone_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a working directory installed candidates can still be run."""

    def gone() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(os, "getcwd", gone)
    assert ran("stdlib") == passed()


def test_a_candidate_may_replace_half_of_the_standard_library(here: Path) -> None:
    """Patched modules do not reach the server and the clock of the worker."""
    (here / "patches.py").write_text(
        "import http.client, json, os, select, socket, threading, time\n"
        "real = socket.create_connection\n"
        "def refuse(*arguments, **more):\n    raise RuntimeError('patched')\n"
        "class Client(http.client.HTTPConnection):\n"
        "    def __init__(self, host, port):\n"
        "        super().__init__(host, port)\n"
        "        self._create_connection = real\n"
        "    def request(self, method, url, *arguments, **more):\n"
        "        if url == '/3':\n"
        "            threading.Event().wait()\n"
        "        super().request(method, url, *arguments, **more)\n"
        "time.monotonic = time.time = time.sleep = select.poll = select.select = refuse\n"
        "os._exit = os.read = os.write = socket.create_connection = socket.socketpair = refuse\n"
        "threading.Thread.start = refuse\n"
        "socket.setdefaulttimeout(0.001)\n"
    )
    assert ran("patches:Client", timeout=1.5) == {"3": "fail: no end within 1.5 s", **passed("3")}


def test_workers_inherit_the_modes_of_the_interpreter(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    """-bb, -O, -B, -X dev and -W of the caller hold in the workers, too."""

    class Flags:
        bytes_warning, optimize, dont_write_bytecode, dev_mode = 2, 1, 1, True

    monkeypatch.setattr(sys, "flags", Flags)
    monkeypatch.setattr(sys, "warnoptions", ["error"])
    assert _process._flags() == ["-b", "-b", "-O", "-B", "-X", "dev", "-Werror"]

    class Plain:
        bytes_warning, optimize, dont_write_bytecode, dev_mode = 0, 0, 0, False

    monkeypatch.setattr(sys, "flags", Plain)
    monkeypatch.setattr(sys, "warnoptions", [])
    assert _process._flags() == []


# one case at a time ------------------------------------------------------------------------------------------------


@pytest.fixture
def session() -> Iterator[Any]:
    """A function that opens a session and closes it after the test."""
    with contextlib.ExitStack() as stack:

        def open_(candidate: str, **options: Any) -> Session:
            opened = Session(candidate, Options(**options))
            stack.callback(opened.close)
            return opened

        yield open_


def test_a_session_keeps_its_worker(session: Any) -> None:
    """Case after case goes to one process."""
    kept = session("stdlib")
    first = kept.verdict(case(1))
    (worker,) = kept._pool.workers.values()
    assert (first.verdict, kept.verdict(case(2)).id) == ("pass", "a/b/2")
    assert list(kept._pool.workers.values()) == [worker]


def test_a_session_goes_on_after_a_crash(session: Any) -> None:
    """The case that killed the worker is lost, the next one gets another."""
    kept = session("clients:Exits")
    assert [kept.verdict(case(name)).verdict for name in (1, 3, 4)] == ["pass", "fail", "pass"]


def test_a_worker_that_dies_between_two_cases_costs_none(session: Any) -> None:
    """The next case is not blamed for what happened before it began."""
    kept = session("stdlib")
    assert kept.verdict(case(1)).verdict == "pass"
    (worker,) = kept._pool.workers.values()
    worker.kill()
    os.waitid(os.P_PID, worker.process.pid, os.WEXITED | os.WNOWAIT)
    assert kept.verdict(case(2)).verdict == "pass"


def test_a_worker_that_chatters_between_two_cases_costs_none(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something that is no answer, while none is awaited, is blamed on no case."""
    kept = session("stdlib")
    assert kept.verdict(case(1)).verdict == "pass"
    (worker,) = kept._pool.workers.values()
    monkeypatch.setattr(worker, "receive", lambda: [("garbled", "x")])
    kept._pool._hear(worker)
    assert kept.verdict(case(2)).verdict == "pass"


def test_a_session_says_again_that_its_candidate_cannot_be_used(session: Any) -> None:
    """The error is kept: nothing is started a second time."""
    kept = session("clients:Absent")
    errors = []
    for _ in range(2):
        with pytest.raises(CandidateError) as caught:
            kept.verdict(case())
        errors.append(caught.value)
    assert errors[0] is errors[1]


def test_a_session_stops_after_many_time_outs(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a run, the rest is not run."""
    monkeypatch.setattr(_run, "TIMEOUTS", 2)
    kept = session("clients:AlwaysHangs", timeout=0.05)
    found = [kept.verdict(case(name)) for name in range(4)]
    assert [verdict.verdict for verdict in found] == ["fail", "fail", "not_run", "not_run"]
    assert found[3].reason.text == "not run: the candidate timed out 2 times before"


def test_a_session_without_a_process_gives_errors(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no worker can be started each case is an error, until one can."""
    kept = session("stdlib")
    with monkeypatch.context() as patch:
        patch.setattr(_run, "Worker", lambda *arguments: (_ for _ in ()).throw(HarnessError("no process")))
        verdict = kept.verdict(case())
    assert (verdict.verdict, verdict.reason.text) == ("error", "no process")
    assert kept.verdict(case(2)).verdict == "pass"


# accounts ----------------------------------------------------------------------------------------------------------


def verdict_of(name: str, verdict: Any, layers: dict[str, str] | None = None) -> Verdict:
    """Return a verdict."""
    return Verdict(name, "0", verdict, layers or dict.fromkeys(LAYERS, verdict), ())


def test_the_summary_counts_every_verdict() -> None:
    """The counts are those of the verdicts, and their sum is what was planned."""
    tally = Tally("x", 7)
    for number, name in enumerate((*VERDICTS, "pass")):
        tally.add(verdict_of(str(number), name))
    assert tally.summary() == {
        "planned": 7, "passed": 2, "nonstrict": 1, "failed": 1, "unsupported": 1, "errored": 1, "not_run": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("planned", "verdicts"), [(0, []), (2, ["pass"]), (1, ["pass", "fail"]), (1, ["odd"])])
def test_accounts_that_do_not_balance_are_a_fault_of_the_harness(planned: int, verdicts: list[str]) -> None:
    """Too many, too few, unknown ones, or nothing at all."""
    tally = Tally("x", planned)
    for number, name in enumerate(verdicts):
        tally.add(verdict_of(str(number), name))
    with pytest.raises(HarnessError, match="x: the accounts do not balance"):
        tally.summary()


def test_a_case_cannot_be_judged_twice() -> None:
    """A second verdict for the same case is a fault of the harness."""
    tally = Tally("x", 1)
    tally.add(verdict_of("a", "pass"))
    with pytest.raises(HarnessError, match="x: two verdicts for a"):
        tally.add(verdict_of("a", "fail"))


@pytest.mark.parametrize(
    ("verdict", "layers", "codes"),
    [
        ("pass", None, (0, 0, 0)),
        ("nonstrict", {"bytes": "fail", "contract": "pass", "rfc": "pass"}, (1, 0, 0)),
        ("fail", {"bytes": "fail", "contract": "fail", "rfc": "pass"}, (1, 1, 0)),
        ("unsupported", None, (0, 0, 0)),
        ("error", None, (3, 3, 3)),
        ("not_run", None, (1, 1, 1)),
    ],
)
def test_exit_codes_follow_the_gate(verdict: str, layers: dict[str, str] | None, codes: tuple[int, ...]) -> None:
    """0 as expected, 1 where the gate is missed or something was not run, 3 where the harness failed."""
    tally = Tally("x", 2)
    tally.add(verdict_of("a", "pass"))
    tally.add(verdict_of("b", verdict, layers))
    assert tuple(tally.exit_code(layer) for layer in LAYERS) == codes


def test_an_error_weighs_more_than_a_failure() -> None:
    """Exit code 3 wins over 1."""
    tally = Tally("x", 2)
    tally.add(verdict_of("a", "fail", dict.fromkeys(LAYERS, "fail")))
    tally.add(verdict_of("b", "error"))
    assert tally.exit_code("bytes") == 3


def test_not_run_falls_short_of_every_gate() -> None:
    """What was planned and not run is held against nobody's bytes, and yet no success."""
    verdict = not_run(case(), "not run: because")
    assert [falls_short(verdict, layer) for layer in LAYERS] == [True, True, True]
    assert (verdict.verdict, verdict.blame, verdict.reason) == (
        "not_run", None, Difference("not-run", "process", "not run: because"),
    )  # fmt: skip


# signals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_put_off_to_the_end_of_the_block(number: signal.Signals) -> None:
    """Inside of the block nothing happens; after it the handler is called once, however often the signal came."""
    came: list[int] = []
    before = signal.signal(number, lambda caught, frame: came.append(caught))
    try:
        with unbroken():
            signal.raise_signal(number)
            signal.raise_signal(number)
            assert came == []
        assert came == [number]
    finally:
        signal.signal(number, before)


def test_an_ignored_signal_stays_ignored() -> None:
    """A handler that is none of Python's is left alone."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with unbroken():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_have_no_signals_to_put_off() -> None:
    """Only the main thread may touch handlers."""
    seen: list[bool] = []
    before = signal.getsignal(signal.SIGINT)

    def look() -> None:
        with unbroken():
            seen.append(signal.getsignal(signal.SIGINT) is before)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [True]


def test_an_interrupted_run_leaves_no_process() -> None:
    """KeyboardInterrupt in the loop ends all workers, busy ones and those that are still importing."""
    before = children()
    events = run(["clients:AlwaysHangs"], [case(number) for number in range(40)], Options(timeout=3600, jobs=2))
    with contextlib.closing(events):
        next(events)
        next(events)
        assert len(children()) >= len(before) + 2
    assert children() == before


# the process -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (Ending(0, True), "exit status 0"),
        (Ending(-11, True), "SIGSEGV"),
        (Ending(-40, True), "signal 40"),
        (Ending(-9, False), "its connection to wireproof closed, although it lived on"),
    ],
)
def test_an_ending_is_said_in_words(ending: Ending, text: str) -> None:
    """Signals have names, where they have one."""
    assert str(ending) == text


def test_a_worker_that_has_gone_takes_everything() -> None:
    """Sending to a dead worker does not fail: reading tells of its end."""
    worker = Worker(0, {})
    worker.kill()
    os.waitid(os.P_PID, worker.process.pid, os.WEXITED | os.WNOWAIT)
    worker.send("x" * 10_000_000)
    assert worker.has_unsent is False
    while worker.receive() is not None:
        pass
    assert worker.receive() is None
    assert worker.end() == Ending(-9, True)


def test_a_worker_with_nothing_to_say_is_not_waited_for() -> None:
    """Reading from a worker never blocks."""
    worker = Worker(0, {"candidate": named("stdlib")})
    assert (worker.listen(), worker.last_words, worker.receive() in ([], None)) == (True, "", True)
    worker.kill()
    while worker.listen():
        pass
    os.close(worker.output)
    assert worker.listen() is False
    worker.output = os.open(os.devnull, os.O_RDONLY)
    worker.end()


def test_a_worker_ends_by_itself_when_it_is_told_to() -> None:
    """A worker without work ends with status 0, long before its time is over."""
    worker = Worker(0, {"candidate": named("stdlib"), "path": [], "slot": 0, "timeout": 5.0, "strict_defects": False})
    while not worker.receive():
        """It is on its way."""
    worker.stop()
    assert worker.end(60.0) == Ending(0, True)


# the worker's side -------------------------------------------------------------------------------------------------


def shared() -> int:
    """Return the descriptor of memory for codes."""
    descriptor = os.memfd_create("codes")
    os.ftruncate(descriptor, SLICE)
    return descriptor


class Conversation:
    """Talks with ``serve`` in a thread of this process."""

    def __init__(self) -> None:
        self.ours, theirs = socket.socketpair()
        self.file = self.ours.makefile("rb")
        self.thread = threading.Thread(target=_worker.serve, args=(theirs.detach(), shared()))
        self.thread.start()

    def send(self, value: object) -> None:
        """Send a frame."""
        frame = pickle.dumps(value)
        self.ours.sendall(LENGTH.pack(len(frame)) + frame)

    def order(self, candidate: str, timeout: float = 60.0, *, strict: bool = False) -> None:
        """Send the order."""
        self.send({"candidate": named(candidate), "slot": 0, "timeout": timeout, "strict_defects": strict, "path": []})

    def hear(self) -> Any:
        """Return the next answer, or None at the end."""
        line = self.file.readline()
        return json.loads(line) if line else None

    def end(self) -> Any:
        """Close our sending side; return what else is said."""
        self.ours.shutdown(socket.SHUT_WR)
        self.thread.join()
        rest = self.hear()
        self.file.close()
        self.ours.close()
        return rest


@pytest.fixture
def talk() -> Conversation:
    """A conversation with a worker."""
    return Conversation()


def test_a_worker_answers_each_case(talk: Conversation) -> None:
    """Ready, a verdict for each case, and the end when the runner has no more."""
    talk.order("stdlib")
    kind, value = talk.hear()
    assert (kind, sorted(value)) == ("ready", ["probes", "version"])
    for name in (1, 2):
        talk.send(case(name))
        kind, value = talk.hear()
        assert (kind, value["id"], value["verdict"]) == ("verdict", f"a/b/{name}", "pass")
    assert talk.end() is None


def test_a_worker_without_an_order_ends(talk: Conversation) -> None:
    """A runner that goes away before it says anything leaves no worker behind."""
    assert talk.end() is None


def test_half_a_frame_is_no_frame(talk: Conversation) -> None:
    """A runner that goes away in the middle leaves no worker behind."""
    talk.order("stdlib")
    talk.hear()
    talk.ours.sendall(LENGTH.pack(1000) + b"half")
    assert talk.end() is None


def test_a_worker_says_why_a_candidate_cannot_be_used(talk: Conversation) -> None:
    """Broken, with the reason and what to do, and no more."""
    talk.order("http.client:Absent")
    assert talk.hear() == [
        "broken",
        {"why": "http.client has no Absent", "hint": "give reference, stdlib or package.module:Class"},
    ]
    assert talk.end() is None


def test_a_failure_of_the_harness_is_an_error_of_one_case(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong in the harness is said with its place, and blamed on nobody else; the worker goes on."""
    talk.order("stdlib")
    talk.hear()
    with monkeypatch.context() as patch:
        patch.setattr(InProcess, "perform", lambda self, case: 1 // 0)
        talk.send(case(1))
        kind, value = talk.hear()
    assert (kind, value["verdict"], value["blame"]) == ("verdict", "error", "harness")
    text = "the harness failed with ZeroDivisionError: integer division or modulo by zero (test_worker_run.py:"
    assert value["reason"]["text"].startswith(text)
    talk.send(case(2))
    assert talk.hear()[1]["verdict"] == "pass"
    assert talk.end() is None


def test_an_overdue_case_ends_the_worker_with_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last answer is the verdict on the case that hung, and the process ends with status 0."""

    def start(work: Any, arguments: tuple[Any, ...]) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    monkeypatch.setattr(_thread, "start_new_thread", start)  # so that coverage can follow the server's thread
    go_on = threading.Event()
    exits: list[int] = []

    def leave(status: int) -> None:
        exits.append(status)
        go_on.set()

    class Client:
        def __init__(self, host: str, port: int) -> None:
            """Keep nothing."""

        def request(self, method: str, url: str) -> None:
            assert go_on.wait(20)

    monkeypatch.setattr(_worker, "_EXIT", leave)
    monkeypatch.setattr(_worker, "resolve", lambda name: Client)
    talk = Conversation()
    talk.order("stdlib", 0.05)
    talk.hear()
    talk.send(case())
    kind, value = talk.hear()
    assert (kind, value["reason"]) == ("overdue", {"code": "timeout", "text": "no end within 0.05 s"})
    talk.end()
    assert exits == [0]


# the codec ---------------------------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
_MAYBE = st.none() | _TEXT
_DIFFERENCES = st.builds(
    Difference, _TEXT, _TEXT, _TEXT, _TEXT, st.integers(0, 9), st.none() | st.integers(0, 99), _TEXT
)
_EVIDENCE = st.builds(Evidence, st.integers(0, 9), st.none() | st.binary(), st.binary(), _MAYBE, _MAYBE)
_WORDS = st.lists(_TEXT, max_size=3).map(tuple)
_VERDICTS = st.builds(
    Verdict,
    id=_TEXT,
    hash=_TEXT,
    verdict=st.sampled_from(VERDICTS),
    layers=st.fixed_dictionaries({layer: st.sampled_from(["pass", "fail", "error"]) for layer in LAYERS}),
    clauses=_WORDS,
    differences=st.lists(_DIFFERENCES, max_size=3).map(tuple),
    blame=st.sampled_from([None, "candidate", "driver", "case", "harness"]),
    defects=st.lists(st.tuples(_TEXT, st.sampled_from(["present", "absent"])), max_size=2).map(tuple),
    notes=_WORDS,
    observed=st.dictionaries(_TEXT, st.booleans(), max_size=2),
    evidence=st.lists(_EVIDENCE, max_size=2).map(tuple),
    fingerprint=_TEXT,
    since=_TEXT,
)


@given(_VERDICTS)
def test_a_verdict_survives_the_journey(verdict: Verdict) -> None:
    """Every verdict comes out of JSON as it went in, lone surrogates and all bytes included."""
    assert decode(json.loads(json.dumps(encode(verdict)))) == verdict


@given(st.recursive(st.none() | st.booleans() | st.integers() | _TEXT, lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["id", "verdict", "layers"]) | _TEXT, inner)))  # fmt: skip
def test_whatever_comes_from_a_worker_is_an_answer_or_garbled(value: object) -> None:
    """No line that a worker could send raises anything."""
    for line in (json.dumps(value), json.dumps(["verdict", value]), json.dumps(["broken", value]), f"{value!r}"):
        kind, what = _process._answer(line.encode("utf-8", "replace"))
        assert kind == "garbled"
        assert what.isascii()


def test_what_is_no_verdict_is_refused() -> None:
    """An unknown verdict, or one without its layers, is none."""
    good = encode(verdict_of("a", "pass"))
    assert decode(good) == verdict_of("a", "pass")
    for bad in ({**good, "verdict": "odd"}, {**good, "layers": {"bytes": "pass"}}):
        with pytest.raises(ValueError, match="not a verdict"):
            decode(bad)


def test_the_defect_that_was_seen_has_a_field_of_its_own() -> None:
    """Scripts find the defect that was seen under one key."""
    seen = Verdict("a", "0", "pass", dict.fromkeys(LAYERS, "pass"), (), defects=(("stale-head", "present"),))
    absent = Verdict("a", "0", "pass", dict.fromkeys(LAYERS, "pass"), (), defects=(("stale-head", "absent"),))
    assert encode(seen)["defect"] == "stale-head"
    assert "defect" not in encode(absent)
