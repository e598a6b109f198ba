"""The hostile collection: each client gets its verdict, the cases around it pass, and nothing is left behind."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wireproof import _isolation, _run
from wireproof._candidates import isolated
from wireproof._cases import load
from wireproof._isolation import TOKEN, carries
from wireproof._run import Judged, Options, Tally, run

HOSTILE = Path(__file__).parent / "hostile"
MODULES = ("hangs", "ends", "resources", "surroundings")

Reason = tuple[str, str]
HANGS: Reason = ("timeout", "no end within")
BLOCKED: Reason = ("timeout", "the interpreter was blocked")
PASSES: Reason = ("", "")
ENDED = "The interpreter ended during the call: "
UNFIT: Reason = ("crash", "which could not go on")


def died(how: str = "") -> Reason:
    """Return the reason of a case in which the process ended."""
    return "crash", ENDED + how


def raised(name: str, phase: str = "request") -> Reason:
    """Return the reason of a case in which an exception was let out."""
    return "call.raised", f"{phase}() raised {name}"


TABLE: dict[str, tuple[Reason, ...]] = {
    "hangs:Before": (HANGS,),
    "hangs:Amid": (HANGS,),
    "hangs:After": (HANGS,),
    "hangs:InConstructor": (HANGS,),
    "hangs:InClose": (HANGS,),
    "hangs:InDestructor": (HANGS,),
    "hangs:SleepsInDestructor": (PASSES,),
    "hangs:InMessage": (HANGS,),
    "hangs:ForResponse": (HANGS,),
    "hangs:Spins": (HANGS,),
    "hangs:HoldsInterpreter": (BLOCKED,),
    "hangs:Trickles": (HANGS,),
    "hangs:Streams": (HANGS,),
    "hangs:Connects": (HANGS,),
    "hangs:IgnoresTermination": (HANGS,),
    "hangs:Stops": (BLOCKED,),
    "hangs:InThread": (HANGS,),
    "hangs:WithChildren": (HANGS,),
    "ends:Exits": (died("exit status 0"),),
    "ends:ExitsLate": (died("exit status 7"),),
    "ends:Segfaults": (died("SIGSEGV"),),
    "ends:Aborts": (died("SIGABRT"),),
    "ends:KillsItself": (died("SIGKILL"),),
    "ends:KillsItsGroup": (died("SIGKILL"),),
    "ends:Alarms": (died("SIGALRM"),),
    "ends:RaisesSystemExit": (raised("SystemExit"),),
    "ends:RaisesKeyboardInterrupt": (raised("KeyboardInterrupt"),),
    "ends:Interrupts": (raised("KeyboardInterrupt"),),
    "ends:RaisesGeneratorExit": (raised("GeneratorExit"),),
    "ends:RaisesMemoryError": (raised("MemoryError"),),
    "ends:Recurses": (raised("RecursionError"),),
    "ends:RaisesEscapes": (raised("RuntimeError"),),
    "ends:RaisesBytes": (raised("RuntimeError"),),
    "ends:Raises100MB": (raised("RuntimeError"),),
    "ends:RaisesUntold": (raised("_Untold"),),
    "ends:RaisesToldByExit": (raised("_ToldByExit"),),
    "ends:RaisesNameless": (raised("_Nameless"),),
    "ends:RaisesOddName": (raised(""),),
    "ends:RaisesLiar": (raised("Liar"),),
    "ends:ReturnsLiar": (("call.returned", "Odd"),),
    "ends:ExitsInThread": (PASSES,),
    "ends:HangsAtExit": (PASSES,),
    "ends:ExitsAtExit": (PASSES,),
    "resources:MemoryBomb": (raised("MemoryError"),),
    "resources:MemoryHog": (UNFIT, died(), raised("MemoryError")),
    "resources:StoresMemory": (PASSES,),
    "resources:ForkBomb": (("connection.left-open", "never closed"),),
    "resources:ForksAndReturns": (PASSES, ("connection.left-open", "")),
    "resources:Orphan": (died("exit status 0"),),
    "resources:Daemon": (PASSES,),
    "resources:KeepsChannels": (died("exit status 3"),),
    "resources:FloodsOutput": (PASSES,),
    "resources:FloodsErrors": (PASSES,),
    "resources:FillsFolder": (PASSES,),
    "resources:LeaksThreads": (PASSES,),
    "resources:LeaksWaitingThread": (PASSES,),
    "resources:LeaksDescriptors": (PASSES,),
    "resources:IdleConnections": (PASSES,),
    "resources:TakesAllDescriptors": (PASSES, UNFIT),
    "resources:Connections": (PASSES,),
    "resources:OpenConnections": (PASSES,),
    "resources:Resets": (PASSES,),
    "resources:Elsewhere": (("request.not-sent", "nothing was sent"),),
    "resources:Twice": (("connection.split", "2 connections"),),
    "resources:NeverCloses": (("connection.left-open", "never closed"),),
    "resources:Appends50MB": (("body.extended", "bytes too many at the end of the body"),),
    "surroundings:ClosesStandard": (PASSES,),
    "surroundings:ReplacesStandard": (PASSES,),
    "surroundings:ClosesAll": (died(),),
    "surroundings:ReplacesAll": (died(),),
    "surroundings:Scribbles": (("crash", "something that is no answer"),),
    "surroundings:ChangesDirectory": (PASSES,),
    "surroundings:ChangesUmask": (PASSES,),
    "surroundings:ChangesLocale": (PASSES,),
    "surroundings:ChangesSignals": (PASSES,),
    "surroundings:BlocksSignals": (PASSES,),
    "surroundings:LowersRecursion": (PASSES, UNFIT),
    "surroundings:RaisesRecursion": (PASSES,),
    "surroundings:LowersLimits": (UNFIT, died()),
    "surroundings:PatchesSocket": (PASSES,),
    "surroundings:PatchesClock": (PASSES,),
    "surroundings:PatchesExits": (HANGS,),
    "surroundings:PatchesJson": (died(), UNFIT),
    "surroundings:PatchesBuiltins": (died(), UNFIT),
    "surroundings:RemovesBuiltins": (died(), UNFIT),
    "surroundings:StopsCollecting": (PASSES,),
    "surroundings:Traces": (raised("RuntimeError"),),
    "surroundings:Hooks": (PASSES,),
    "surroundings:LocksUp": (PASSES,),
    "surroundings:MutatesArguments": (("effect.content", "the content of the caller's body"),),
    "surroundings:ForgesDescriptors": (died(),),
}
"""The reason of the case that is hit, its code and words of it; several where that depends on the machine's speed."""

NONSTRICT = ("connection.left-open", "effect.content", "call.returned")
"""What the contract leaves free."""

SILENT = {"resources:KeepsChannels"}
"""Nobody hears of the end of these before the time limit, because somebody keeps the connection open."""

CASES = """
about: "Cases of which the second meets the harm."
cases:
- name: before
  about: "What comes before the harm passes."
  clauses: [request.sent]
  request: {method: "GET", url: "/before"}
  expect: {head: ["GET /before HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
- name: hit
  about: "A client does harm here."
  clauses: [request.sent]
  connection: {arguments: {blocksize: {int: 17}}}
  request: {method: "PUT", url: "/hit", body: {bytearray: "abc"}, headers: [["X-A", "1"]]}
  expect:
    head: ["PUT /hit HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity", "Content-Length: 3", "X-A: 1"]
    body: "abc"
- name: after
  about: "What comes after the harm passes."
  clauses: [request.sent]
  request: {method: "GET", url: "/after"}
  expect: {head: ["GET /after HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
- name: sequence
  about: "A sequence passes, too."
  clauses: [state.reuse]
  steps:
  - request: {method: "GET", url: "/1"}
    expect: {head: ["GET /1 HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
  - reply: ok
  - request: {method: "GET", url: "/2"}
    expect: {head: ["GET /2 HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}
"""
MANY = """
about: "Cases that are all met by the harm."
cases:
""" + "".join(
    f"""
- name: number-{number}
  about: "A case among many."
  clauses: [request.sent]
  request: {{method: "GET", url: "/{number}"}}
  expect: {{head: ["GET /{number} HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity"]}}
"""
    for number in range(30)
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the cases, an empty folder for temporary files, and the clients on PYTHONPATH."""
    (tmp_path / "harm.yaml").write_text(CASES)
    (tmp_path / "many.yaml").write_text(MANY)
    (tmp_path / "temporary").mkdir()
    path = os.pathsep.join([str(tmp_path), str(HOSTILE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens of all children that are started from now on."""
    given: list[str] = []
    new_token = _isolation.new_token

    def recording() -> str:
        given.append(new_token())
        return given[-1]

    monkeypatch.setattr(_isolation, "new_token", recording)
    return given


def carriers(tokens: list[str]) -> list[str]:
    """Return the command lines of living processes that carry one of the tokens."""

    def found() -> Iterator[str]:
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and any(carries(int(entry.name), token) for token in tokens):
                try:
                    if (entry / "stat").read_text().rpartition(") ")[2][0] not in "ZX":
                        yield (entry / "cmdline").read_text().replace("\0", " ")
                except OSError:
                    continue

    return list(found())


def is_clean(here: Path, tokens: list[str]) -> bool:
    """Say whether no process and no file is left; there were some."""
    assert tokens
    return (carriers(tokens), list((here / "temporary").iterdir())) == ([], [])


def test_every_hostile_client_is_in_the_table() -> None:
    """No hostile client is forgotten, and none is expected that does not exist."""
    found = {
        f"{module}:{node.name}"
        for module in MODULES
        for node in ast.parse((HOSTILE / f"{module}.py").read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }
    assert found == {*TABLE, "hangs:Always"}
    assert len(found) > 80


@pytest.mark.parametrize("name", TABLE)
def test_harm_costs_one_case(name: str, here: Path, tokens: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The case that is hit gets its verdict, the others pass, and no process or file is left."""
    monkeypatch.setattr(_run, "MERCY", 1.0)
    monkeypatch.setattr(_isolation, "MEMORY", 512 << 20)
    wanted, tally = TABLE[name], Tally(name, 4)
    timeout = 0.5 if wanted[0][0] == "timeout" or name in SILENT else 20.0
    verdicts = {}
    for event in run([f"hostile.{name}"], load(here / "harm.yaml").cases, Options(timeout, jobs=1)):
        if isinstance(event, Judged):
            tally.take(event)
            verdicts[event.verdict.id] = event.verdict
    hit = verdicts.pop("harm/hit")
    code, text = (hit.reason.code, hit.reason.text) if hit.reason else PASSES
    assert [(code, words) for expected, words in wanted if code == expected and words in text] or (code, text) in wanted
    assert {id_: verdict.verdict for id_, verdict in verdicts.items()} == dict.fromkeys(
        ("harm/before", "harm/after", "harm/sequence"), "pass"
    )
    assert hit.verdict == ("pass" if not code else "nonstrict" if code in NONSTRICT else "fail")
    assert hit.blame == (None if hit.verdict == "pass" else "candidate")
    assert (tally.summary()["planned"], tally.exit_code("bytes")) == (4, 0 if hit.verdict == "pass" else 1)
    assert is_clean(here, tokens)


CRASH: Reason = ("crash", "The client's process ended during the call: ")
DRIVEN: dict[str, tuple[Reason, ...]] = {
    "resources:MemoryHog": (CRASH, raised("MemoryError")),
    "surroundings:ClosesAll": (PASSES, CRASH),
    "surroundings:Scribbles": (("driver", "it answered message"),),
    "surroundings:LowersRecursion": (PASSES,),
    "surroundings:LowersLimits": (PASSES,),
    "surroundings:PatchesJson": (PASSES,),
    "surroundings:PatchesBuiltins": (CRASH,),
    "surroundings:RemovesBuiltins": (CRASH,),
    "surroundings:ForgesDescriptors": (PASSES,),
}
"""What is different behind a driver: the judge is out of reach there."""


def behind_driver(name: str) -> tuple[Reason, ...]:
    """Return the reasons that are right behind a driver."""
    ways = {"crash": CRASH, "timeout": HANGS}
    return DRIVEN.get(name) or tuple(ways.get(reason[0], reason) for reason in TABLE[name])


@pytest.mark.parametrize("name", TABLE)
def test_harm_behind_a_driver_costs_one_case(
    name: str, here: Path, tokens: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same, where the client is in another process than the server and the judge."""
    monkeypatch.setattr(_isolation, "MEMORY", 512 << 20)
    wanted, verdicts = behind_driver(name), {}
    timeout = 0.5 if wanted[0][0] == "timeout" else 20.0
    for event in run([isolated(f"hostile.{name}")], load(here / "harm.yaml").cases, Options(timeout, jobs=1)):
        if isinstance(event, Judged):
            verdicts[event.verdict.id] = event.verdict
    hit = verdicts.pop("harm/hit")
    code, text = (hit.reason.code, hit.reason.text) if hit.reason else PASSES
    assert [code for expected, words in wanted if code == expected and words in text], (code, text)
    assert {id_: verdict.verdict for id_, verdict in verdicts.items()} == dict.fromkeys(
        ("harm/before", "harm/after", "harm/sequence"), "pass"
    )
    assert hit.blame == (None if hit.verdict == "pass" else "driver" if code == "driver" else "candidate")
    assert is_clean(here, tokens)


def test_after_twenty_time_outs_the_rest_is_not_run(here: Path, tokens: list[str]) -> None:
    """A client that always hangs costs twenty time limits, shared by the workers, and what is left is counted."""
    tally = Tally("hangs:Always", 30)
    began = time.monotonic()
    for event in run(["hostile.hangs:Always"], load(here / "many.yaml").cases, Options(0.1, jobs=2)):
        if isinstance(event, Judged):
            tally.take(event)
    counts = tally.summary()
    assert counts["failed"] + counts["not_run"] == 30
    assert counts["failed"] in (20, 21)  # one may be under way on the other worker
    assert tally.exit_code("bytes") == 1
    assert time.monotonic() - began < 60
    assert is_clean(here, tokens)


def wireproof(here: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the command line."""
    command = [sys.executable, "-m", "wireproof", "run", *arguments, "--cases", str(here / "harm.yaml"), "--jobs", "1"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("isolate", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_ignores_it(here: Path, number: signal.Signals, isolate: bool) -> None:
    """While a client hangs that ignores signals and has left a daemon: exit code 3, and nothing remains."""
    os.mkfifo(here / "ready")
    (here / "both.py").write_text(
        "import os\n"
        "from hostile.hangs import IgnoresTermination\n"
        "from hostile.resources import Daemon\n"
        "class Client(IgnoresTermination):\n"
        "    def before(self):\n"
        "        Daemon.after(self)\n"
        f"        with open({str(here / 'ready')!r}, 'w') as file:\n"
        "            file.write(str(os.getpid()))\n"
        "        super().before()\n"
    )
    with wireproof(here, "both:Client", "--timeout", "3600", *["--isolate"] * isolate) as process:
        worker = int((here / "ready").read_text())
        variables = Path(f"/proc/{worker}/environ").read_text().split("\0")
        token = dict(variable.partition("=")[::2] for variable in variables)[TOKEN]
        token = token.partition("/")[0]
        commands = carriers([token])
        process.send_signal(number)
        process.communicate()
    assert process.returncode == 3
    assert len(commands) == 2 + isolate
    assert is_clean(here, [token])


def test_what_a_client_says_is_shown_harmlessly(here: Path) -> None:
    """Escapes, NULs, surrogates and line breaks of messages and names reach no terminal, however long they are."""
    arguments = [f"hostile.ends:{name}" for name in ("RaisesEscapes", "RaisesBytes", "Raises100MB", "RaisesOddName")]
    with wireproof(here, *arguments, "--timeout", "20", "--explain", "9") as process:
        output, errors = process.communicate()
    assert (process.returncode, errors) == (1, "")
    assert [char for char in output if not (char.isprintable() or char == "\n")] == []
    assert "[red]markup[/]" in output
    assert len(output) < 50_000
