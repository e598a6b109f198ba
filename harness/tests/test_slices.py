"""Slices of matrices: every way to differ is seen, and harm costs the combinations that it is done in."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wireproof import _run, _surroundings
from wireproof._candidates._inprocess import InProcess
from wireproof._cases import load
from wireproof._codec import ABSENT, PASSED, PRESENT, REPORTED
from wireproof._judge import judge
from wireproof._matrix import Expansion, covering
from wireproof._model import Verdict
from wireproof._plan import wire
from wireproof._run import Judged, Lost, Options, Passed, Tally, run
from wireproof._selection import Planned, plan
from wireproof._slices import Player, _local, _player
from wireproof._surroundings import Surroundings

CLIENTS = '''
import http.client, itertools, os, socket, sys, threading, time

kept = []


class Client(http.client.HTTPConnection):
    """Does harm where TRACE asks for /a/b.html and headers are not passed, and nowhere else."""

    def request(self, method, url, *arguments, **more):
        self.hit = method == "TRACE" and url == "/a/b.html" and "headers" not in more
        if self.hit:
            self.harm()
        super().request(method, url, *arguments, **more)

    def harm(self):
        pass


class Dies(Client):
    def harm(self):
        os._exit(7)


class DiesLater(Client):
    def close(self):
        super().close()
        if self.hit:
            os._exit(8)


class Hangs(Client):
    def harm(self):
        time.sleep(3600)


class HangsLater(Client):
    def close(self):
        super().close()
        if getattr(self, "hit", False):
            time.sleep(3600)


class Blocks(Client):
    def harm(self):
        sum(itertools.repeat(0))


class Exits(Client):
    def harm(self):
        sys.exit(3)


class Scribbles(Client):
    def harm(self):
        os.write(int(sys.argv[1]), b"hello\\n")
        time.sleep(3600)


class AlwaysHangs(http.client.HTTPConnection):
    def request(self, method, url, *arguments, **more):
        time.sleep(3600)


class LeavesDescriptors(http.client.HTTPConnection):
    def request(self, *arguments, **more):
        kept.append(os.open(os.devnull, os.O_RDONLY))
        super().request(*arguments, **more)


class ForksAndReturns(Client):
    def request(self, *arguments, **more):
        super().request(*arguments, **more)
        if self.hit and os.fork():
            os.wait()


class LeavesThreads(http.client.HTTPConnection):
    def request(self, *arguments, **more):
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        super().request(*arguments, **more)


class NoBody(http.client.HTTPConnection):
    """Cannot be asked for a body."""

    def request(self, method, url, *, headers={}, encode_chunked=False):
        super().request(method, url, headers=headers, encode_chunked=encode_chunked)
'''

AROUND = ("matrix/target[url=path]", "matrix/target[url=root]")
HIT = "matrix/target[url=path,method=trace,headers=absent]"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the module ``clients``."""
    (tmp_path / "clients.py").write_text(CLIENTS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(*globs: str, strength: int | None = 2) -> Planned:
    """Return what these globs choose of the bundled matrices."""
    return plan((), load(None, globs).matrices, globs, strength=strength)


def ran(candidate: str, what: Planned, **options: Any) -> tuple[dict[str, int], dict[str, Verdict]]:
    """Run what is planned; return the counts that are not 0, and the verdicts that are no pass by their ids."""
    tally, verdicts = Tally(candidate, len(what)), {}
    for event in run([candidate], what, Options(**{"jobs": 1, **options})):
        if isinstance(event, Judged | Passed | Lost):
            tally.take(event)
        if isinstance(event, Judged):
            verdicts[event.verdict.id] = event.verdict
    return {name: count for name, count in tally.summary().items() if count}, verdicts


# what a candidate does to its process --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        ("Dies", "crash: The interpreter ended during the call: exit status 7."),
        ("DiesLater", "crash: The interpreter ended during the call: exit status 8."),
        ("Hangs", "timeout: no end within 0.3 s"),
        ("HangsLater", "timeout: no end within 0.3 s"),
        ("Blocks", "timeout: no end within 0.3 s, and the interpreter was blocked"),
        ("Exits", "call.raised: request() raised SystemExit although the request is to be sent: 3"),
        ("Scribbles", "crash: the connection to the worker brought something that is no answer: 'hello'"),
    ],
)
def test_harm_costs_one_combination(monkeypatch: pytest.MonkeyPatch, candidate: str, reason: str) -> None:
    """The combination in which it happens has the verdict, all others pass, and the accounts balance."""
    monkeypatch.setattr(_run, "MERCY", 0.2)
    what = planned(*AROUND)
    counts, verdicts = ran(f"clients:{candidate}", what, timeout=0.3)
    assert counts == {"planned": len(what), "passed": len(what) - 1, "failed": 1}
    assert {id_: f"{v.reason.code}: {v.reason.text}" for id_, v in verdicts.items() if v.reason} == {HIT: reason}


def test_a_copy_of_the_process_that_comes_back_plays_nothing() -> None:
    """A client that forks and returns twice is judged once, and what comes behind it is played once."""
    what = planned(*AROUND)
    assert ran("clients:ForksAndReturns", what)[0] == {"planned": len(what), "passed": len(what)}


def test_after_many_time_outs_the_rest_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate that always hangs does not take for ever; what was not run is counted."""
    monkeypatch.setattr(_run, "TIMEOUTS", 3)
    what = planned("matrix/target")
    counts, _ = ran("clients:AlwaysHangs", what, timeout=0.05)
    assert counts == {"planned": len(what), "failed": 3, "not_run": len(what) - 3}


@pytest.mark.parametrize("candidate", ["LeavesDescriptors", "LeavesThreads"])
def test_what_a_candidate_leaves_behind_does_not_end_the_run(candidate: str) -> None:
    """A worker in which too much is left open, or running, is replaced by a fresh one."""
    counts, verdicts = ran(f"clients:{candidate}", planned("matrix/framing", strength=2))
    assert (counts["passed"], verdicts) == (counts["planned"], {})


def test_a_worn_worker_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open files and threads are counted."""
    assert not Surroundings().is_worn()
    monkeypatch.setattr(_surroundings, "LEFT_OPEN", 2)
    assert Surroundings().is_worn()
    monkeypatch.setattr(_surroundings, "LEFT_OPEN", 10**6)
    monkeypatch.setattr(_surroundings, "LEFT_RUNNING", 0)
    assert Surroundings().is_worn()


def test_a_failure_of_the_harness_is_no_fault_of_the_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the judge fails, the verdict says that the harness did."""
    player, _ = played_by("Extra", "matrix/target[url=root,method=get,headers=absent]", play=False)

    def fail(*arguments: object, **more: object) -> None:
        raise ZeroDivisionError("broken")

    monkeypatch.setattr(_player, "judge", fail)
    codes, verdicts = play(player, "matrix/target[url=root,method=get,headers=absent]")
    assert codes == [REPORTED]
    assert (verdicts[0].verdict, verdicts[0].blame) == ("error", "harness")


def test_a_failure_between_two_requests_is_no_fault_of_the_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not judged by then gets a verdict that says so; what was keeps its own."""
    glob = "matrix/target[url=root,method=get]"
    player = played_by("Extra", glob)[0]
    (chosen,) = planned(glob).chosen
    codes, verdicts = bytearray(len(chosen)), dict[int, Verdict]()

    def fail(*arguments: object) -> None:
        raise OSError(24, "Too many open files")

    player.loop(0)
    codes[0] = PASSED
    monkeypatch.setattr(_local, "call", fail)
    player.play(chosen.numbers, codes, verdicts.__setitem__)
    player.candidate.close()
    assert list(codes) == [PASSED, *[REPORTED] * (len(chosen) - 1)]
    assert {verdict.blame for verdict in verdicts.values()} == {"harness"}


def test_fail_fast_counts_what_was_done() -> None:
    """After the first failure the rest is not run, and what had passed by then has passed."""
    what = planned(*AROUND)
    counts, _ = ran("clients:Exits", what, fail_fast=True)
    assert sum(counts.values()) == 2 * len(what)
    assert counts["failed"] == 1


def test_an_interruption_loses_nothing_that_has_come_in() -> None:
    """What workers had got through when Ctrl-C came is counted."""
    codes = bytearray()

    def consume(patch: pytest.MonkeyPatch) -> None:
        for event in run(["reference"], planned("matrix/target", strength=3), Options(jobs=1)):
            if isinstance(event, Passed):
                codes.extend(event.codes)
                patch.setattr(_run.Pool, "_turn", interrupt)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        consume(patch)
    assert len(codes) > 512


def interrupt(pool: _run.Pool, *, wait: bool = True) -> None:
    """Interrupt once the worker has got through some more."""
    (worker,) = pool.workers.values()
    while worker.codes[100] == 0:
        time.sleep(0.001)
    raise KeyboardInterrupt


# every way to differ ---------------------------------------------------------------------------------------------


FAULTY = '''
kept = []
from http.client import HTTPConnection as Right


class Extra(Right):
    def endheaders(self, *arguments, **more):
        self.putheader("X-Extra", "1")
        super().endheaders(*arguments, **more)


class Short(Right):
    def send(self, data):
        super().send(data[:-1] if isinstance(data, bytes) and len(data) > 40 else data)


class Twice(Right):
    def request(self, *arguments, **more):
        super().request(*arguments, **more)
        other = Right(self.host, self.port)
        other.request("GET", "/")
        other.close()


class Returns(Right):
    def request(self, *arguments, **more):
        super().request(*arguments, **more)
        return 1


class Raises(Right):
    def request(self, *arguments, **more):
        super().request(*arguments, **more)
        raise ValueError("afterwards")


class NeverCloses(Right):
    def close(self):
        kept.append(self)


class Silent(Right):
    def request(self, *arguments, **more):
        pass


class ChangesHeaders(Right):
    def request(self, method, url, body=None, headers=None, **more):
        super().request(method, url, body, {} if headers is None else headers, **more)
        if isinstance(headers, dict):
            headers.clear()


class ClosesFile(Right):
    def request(self, method, url, body=None, headers={}, **more):
        super().request(method, url, body, headers, **more)
        if hasattr(body, "close"):
            body.close()


class SendsEarly(Right):
    def putheader(self, *arguments):
        try:
            super().putheader(*arguments)
        except (ValueError, TypeError):
            self.connect()
            self.sock.sendall(b"GET")
            self.sock.close()
            raise


class SendsEarlySlowly(SendsEarly):
    def putheader(self, *arguments):
        try:
            super().putheader(*arguments)
        except (ValueError, TypeError):
            import time
            time.sleep(0.1)
            raise


class OtherError(Right):
    def putheader(self, *arguments):
        try:
            super().putheader(*arguments)
        except ValueError:
            raise KeyError("other") from None


class Fails(Right):
    def __init__(self, *arguments):
        raise OSError("cannot be made")


class Resolves(Right):
    """Does not use getaddrinfo of the module socket."""

    def connect(self):
        import _socket
        from socket import socket
        addresses = _socket.getaddrinfo(self.host, self.port)
        self.sock = socket()
        self.sock.connect(addresses[0][4])
'''


OPENED: list[list[Any]] = []
"""The connection objects that candidates did not close."""


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close after each test what candidates have left open."""
    yield
    while OPENED:
        for connection in OPENED.pop():
            connection.sock.close()


def candidate(name: str) -> InProcess:
    """Return a candidate of the module above in this process."""
    scope: dict[str, Any] = {}
    exec(FAULTY, scope)
    made = InProcess(scope[name], overdue=lambda case, capture: None)
    OPENED.append(scope["kept"])
    return made


def played_by(name: str, glob: str, *, play: bool = True) -> tuple[Player, None]:
    """Return a player for a candidate."""
    (chosen,) = planned(glob).chosen
    return Player(chosen.expansion, candidate(name), {}, strict_defects=False), None


def play(player: Player, glob: str) -> tuple[list[int], list[Verdict]]:
    """Play what a glob chooses; return the codes, and the verdicts that were reported."""
    (chosen,) = planned(glob).chosen
    codes, verdicts = bytearray(len(chosen)), dict[int, Verdict]()
    player.play(chosen.numbers, codes, verdicts.__setitem__)
    player.close()
    player.candidate.close()
    return list(codes), [verdicts[index] for index in sorted(verdicts)]


WAYS = [
    ("Extra", "matrix/framing[method=get,body=text,headers=absent,encode_chunked=absent]", "field.extra"),
    ("Short", "matrix/framing[method=get,body=text,headers=absent,encode_chunked=absent]", "head.cut"),
    ("Twice", "matrix/framing[method=get,body=text,headers=absent,encode_chunked=absent]", "connection.split"),
    ("Returns", "matrix/framing[method=get,body=text,headers=absent,encode_chunked=absent]", "call.returned"),
    ("Raises", "matrix/framing[method=get,body=text,headers=absent,encode_chunked=absent]", "call.raised"),
    (
        "NeverCloses",
        "matrix/framing[method=get,body=text,headers=absent,encode_chunked=absent]",
        "connection.left-open",
    ),
    ("Silent", "matrix/framing[method=get,body=text,headers=absent,encode_chunked=absent]", "request.not-sent"),
    ("ChangesHeaders", "matrix/framing[method=get,body=text,headers=one-field,encode_chunked=true]", "effect.headers"),
    ("ClosesFile", "matrix/framing[method=get,body=bytesio,headers=absent,encode_chunked=absent]", "effect.closed"),
    (
        "SendsEarly",
        "matrix/framing[method=get,body=text,headers=name-with-colon,encode_chunked=absent]",
        "error.bytes-out",
    ),
    (
        "SendsEarlySlowly",
        "matrix/framing[method=get,body=text,headers=name-with-colon,encode_chunked=absent]",
        "error.bytes-out",
    ),
    ("OtherError", "matrix/framing[method=get,body=text,headers=name-with-colon,encode_chunked=absent]", "call.other"),
    ("Fails", "matrix/framing[method=get,body=text,headers=absent,encode_chunked=absent]", "call.construct"),
    ("Resolves", "matrix/address[connection=name,url=root,headers=absent]", "unsupported"),
]


@pytest.mark.parametrize(("name", "glob", "code"), WAYS)
def test_every_way_to_differ_is_reported(name: str, glob: str, code: str) -> None:
    """What is not exactly as expected goes to the judge, with what was seen of it, and the rule is named."""
    codes, verdicts = play(played_by(name, glob)[0], glob)
    assert codes == [REPORTED]
    (verdict,) = verdicts
    assert verdict.reason is not None
    assert code in verdict.reason.code
    assert (verdict.id, verdict.blame) == (glob, None if code == "unsupported" else "candidate")
    assert bool(verdict.rules) == (code != "unsupported")


def test_a_fast_verdict_is_the_judges_verdict() -> None:
    """What is simply as expected would have passed before the judge as well, at every layer."""
    glob = "matrix/framing[method=p*,body=t*,headers=length*]"
    (chosen,) = planned(glob).chosen
    for name in ("Extra", "ChangesHeaders"):
        player = played_by(name, glob)[0]
        codes, _ = play(player, glob)
        for number, code in itertools.islice(zip(chosen.numbers, codes, strict=True), 40):
            case = chosen.expansion.case(number)
            single = candidate(name)
            verdict = judge(case, single.perform(case), {})
            single.close()
            assert (verdict.verdict == "pass") == (code in (PASSED, ABSENT, PRESENT)), case.id


def test_known_defects_have_codes_of_their_own() -> None:
    """CPython's way, and the right one, are told apart where both pass; --strict-defects reports CPython's."""
    glob = "matrix/framing[method=put,body=array-wide,headers=coding,encode_chunked=true]"
    (chosen,) = planned(glob).chosen
    from http.client import HTTPConnection

    from wireproof_reference import HTTPConnection as Reference

    found = []
    for factory, strict in ((HTTPConnection, False), (Reference, False), (HTTPConnection, True)):
        one = InProcess(factory, overdue=lambda case, capture: None)
        player = Player(chosen.expansion, one, {}, strict_defects=strict)
        codes = bytearray(1)
        player.play(chosen.numbers, codes, lambda index, verdict: None)
        player.close()
        one.close()
        found.append(codes[0])
    assert found == [PRESENT, ABSENT, REPORTED]


def test_a_body_that_cannot_be_passed_is_explained() -> None:
    """A candidate without the argument body fails those combinations alone that pass it."""
    glob = "matrix/framing[method=get,body=*e*t,headers=absent,encode_chunked=absent]"
    counts, verdicts = ran("clients:NoBody", planned(glob))
    names = {id_.partition("body=")[2].partition(",")[0] for id_ in verdicts}
    assert "absent" not in names
    assert names == {"reader-short", "set", "text"}
    assert counts["failed"] == 3


# runs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["stdlib", "reference"])
def test_every_pair_of_values_passes(name: str) -> None:
    """Decision tables and both implementations agree, but for CPython's known defects."""
    what = planned("matrix/*")
    tally = Tally(name, len(what))
    for event in run([name], what, Options(jobs=2)):
        if isinstance(event, Judged | Passed | Lost):
            tally.take(event)
    assert tally.summary()["passed"] == len(what) > 4000
    seen = {defect: bool(present) for defect, (present, absent) in tally.findings.defects.items()}
    names = ("item-count", "length-wins-over-flag", "stale-head", "unsized-buffer")
    assert seen == dict.fromkeys(names, name == "stdlib")


@pytest.fixture
def events() -> list[Any]:
    """Return what comes of a run of two workers over one matrix."""
    return list(run(["reference"], planned("matrix/target", strength=3), Options(jobs=2)))


@pytest.mark.parametrize("glob", ["matrix/framing", "matrix/target", "matrix/address"])
def test_the_length_of_what_is_expected_is_that_of_its_bytes(glob: str) -> None:
    """As many bytes as the case expects at the lane's address, which an answer waits for; 0 where nothing is."""
    player, _ = played_by("Extra", glob)
    (chosen,) = planned(glob, strength=1).chosen
    stride, count = chosen.expansion.place("connection")
    for number in chosen.numbers:
        loop = player.loop(number // stride % count)
        expect, station = chosen.expansion.case(number).steps[0].expect, loop.stations[0]
        assert expect is not None
        site = station.lane.site
        assert loop.length(station, loop.indices_of(number)) == len(wire(expect, site.host, site.port))
    player.close()
    player.candidate.close()


def test_each_position_is_settled_once(events: list[Any]) -> None:
    """Whichever worker does it, each combination has one result, under its position."""
    positions = Counter(position for event in events if isinstance(event, Passed) for position in event.slice.positions)
    assert positions == Counter(range(len(planned("matrix/target", strength=3))))


def children() -> set[str]:
    """Return the processes that this one has started and that are still there."""
    found: set[str] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread may end while it is looked at
            found.update(file.read_text().split())
    return found


def test_workers_end_without_leaving_anything() -> None:
    """No process stays."""
    before = children()
    list(run(["reference"], planned("matrix/after-failure"), Options(jobs=2)))
    assert children() <= before


def test_nothing_is_asked_of_the_reference_by_the_tables() -> None:
    """Expansion, decisions and covering arrays come from the catalogs alone."""
    for matrix in load(None, ["matrix/*"]).matrices:
        expansion = Expansion(matrix)
        assert {expansion.case(number).rules != () for number in covering(expansion, 1)} == {True}
