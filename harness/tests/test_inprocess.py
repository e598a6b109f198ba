"""Exchanges with a candidate in this process: how it is called, and what is seen of it."""

from __future__ import annotations

import _thread
import gc
import http.client
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import pytest

from wireproof._candidates import _servers
from wireproof._candidates._inprocess import InProcess
from wireproof._candidates._servers import REPLIES
from wireproof._capture import CannotBind, Recorder
from wireproof._cases import REPLIES as NAMED_REPLIES
from wireproof._model import (
    Alternative,
    Capture,
    Case,
    Connection,
    Expect,
    Grown,
    Outcome,
    Raised,
    Recipe,
    Request,
    ServerPlan,
    Source,
    Step,
    StepRecord,
)

Stdlib = http.client.HTTPConnection


def text(value: str) -> Recipe:
    """Return the recipe of a str."""
    return Recipe("str", {"text": value})


def data(value: bytes) -> Recipe:
    """Return the recipe of bytes."""
    return Recipe("bytes", {"data": value})


def ask(
    url: str = "/",
    on: str = "a",
    method: str = "GET",
    *,
    expect: Expect | None = None,
    passed: Any = "usual",
    **more: Recipe,
) -> Step:
    """Return a request step; it expects the head of a GET unless told otherwise."""
    arguments = {"method": text(method), "url": text(url), **more}
    head = (f"{method} {url} HTTP/1.1", "Host: <host>:<port>", "Accept-Encoding: identity")
    return Step("request", on, Request(tuple(arguments.items()), passed), expect or Expect(head))


def exchange(*steps: Step, **more: Any) -> Case:
    """Return a case with these steps."""
    return Case("a/b/c", "A case.", (), steps, Source("a/b.yaml", 1), "0", **more)


def raised(classes: str, message: str, phase: str) -> Outcome:
    """Return the outcome of a call that let an exception out; the classes are those of its MRO."""
    return Outcome(raised=Raised((*classes.split(), "Exception", "BaseException", "object"), message, phase))


@pytest.fixture(autouse=True)
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own thread is started through threading, so that coverage can follow it."""

    def start(work: Any, arguments: tuple[Any, ...]) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    monkeypatch.setattr(_thread, "start_new_thread", start)


Play = Callable[..., Capture]


@pytest.fixture
def play() -> Play:
    """A function that plays a case with a factory and returns the capture."""

    def perform(case: Case, factory: Any = Stdlib, **more: Any) -> Capture:
        candidate = InProcess(factory, overdue=lambda *seen: pytest.fail(f"overdue: {seen}"), timeout=60, **more)
        with closing(candidate):
            return candidate.perform(case)

    return perform


def sent(capture: Capture) -> list[bytes]:
    """Return what arrived on each stream, with the address put back to its placeholder."""
    ports = [port for _, port in capture.addresses.values()]
    found = []
    for stream in capture.streams:
        shown = stream.data
        for port in ports:
            shown = shown.replace(b":%d" % port, b":P")
        found.append(shown)
    return found


GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:P\r\nAccept-Encoding: identity\r\n\r\n"


# connections -------------------------------------------------------------------------------------------------------


def _can_bind(host: str, port: int) -> bool:
    try:
        Recorder("a", host, port).close()
    except CannotBind:
        return False
    return True


ipv6 = pytest.mark.skipif(not _can_bind("::1", 0), reason="this machine has no IPv6")
port_80 = pytest.mark.skipif(not _can_bind("127.0.0.5", 80), reason="port 80 cannot be bound here")


@pytest.mark.parametrize(
    ("connection", "arguments", "host"),
    [
        pytest.param(Connection(), ("127.0.0.1", "P"), "127.0.0.1:P", id="ipv4-int"),
        pytest.param(Connection(port="str"), ("127.0.0.1", "'P'"), "127.0.0.1:P", id="ipv4-str"),
        pytest.param(Connection(port="in-host"), ("127.0.0.1:P",), "127.0.0.1:P", id="ipv4-in-host"),
        pytest.param(Connection(port="default"), ("127.0.0.5",), "127.0.0.5", marks=port_80, id="ipv4-default"),
        pytest.param(
            Connection(port="default-given"), ("127.0.0.5", 80), "127.0.0.5", marks=port_80, id="ipv4-default-given"
        ),
        pytest.param(Connection("ipv6"), ("::1", "P"), "[::1]:P", marks=ipv6, id="ipv6-int"),
        pytest.param(Connection("ipv6", port="in-host"), ("[::1]:P",), "[::1]:P", marks=ipv6, id="ipv6-in-host"),
        pytest.param(Connection("ipv6-bracketed"), ("[::1]", "P"), None, marks=ipv6, id="ipv6-bracketed"),
        pytest.param(
            Connection("ipv6-bracketed", port="in-host"), ("[::1]:P",), None, marks=ipv6, id="bracketed-in-host"
        ),
        pytest.param(Connection("ipv6-zone"), ("::1%lo", "P"), None, marks=ipv6, id="ipv6-zone"),
        pytest.param(Connection("localhost"), ("localhost", "P"), "localhost:P", id="localhost"),
        pytest.param(Connection("name", "a.test"), ("a.test", "P"), "a.test:P", id="name"),
        pytest.param(Connection("name", "a.test", "in-host"), ("a.test:P",), "a.test:P", id="name-in-host"),
        pytest.param(Connection("name", "a.test", "default"), ("a.test",), "a.test", id="name-default"),
    ],
)
def test_every_form_of_address_reaches_the_server(
    play: Play, connection: Connection, arguments: tuple[object, ...], host: str | None
) -> None:
    """The connection object is made with exactly the arguments of the form, and what it sends arrives."""
    made: list[tuple[object, ...]] = []

    def factory(*given: object) -> Stdlib:
        made.append(given)
        return Stdlib(*given)  # type: ignore[arg-type]

    capture = play(exchange(ask(), connection=connection), factory, slot=4)
    ((_, port),) = capture.addresses.values()
    shown = [
        value.replace(str(port), "P") if isinstance(value, str) else "P" if value == port != 80 else value
        for value in made[0]
    ]
    if connection.port == "str":
        assert made[0][1] == str(port)
        shown[1] = "'P'"
    assert (tuple(shown), len(made)) == (arguments, 1)
    (stream,) = sent(capture)
    assert stream.startswith(b"GET / HTTP/1.1\r\nHost: ")
    if host is not None:
        assert stream.split(b"\r\n")[1] == b"Host: " + host.encode()


def test_names_are_redirected_for_the_exchange_only(play: Play) -> None:
    """socket.getaddrinfo is what it was before, whatever happens."""
    before = socket.getaddrinfo
    play(exchange(ask(), connection=Connection("name", "a.test")))
    with pytest.raises(KeyError):
        play(exchange(Step("reply", reply="none such"), connection=Connection("name", "a.test")))
    assert socket.getaddrinfo is before


def test_two_clients_of_one_name_reach_their_own_servers(play: Play) -> None:
    """The port tells which server a redirected name stands for."""
    capture = play(exchange(ask("/a"), ask("/b", "b"), connection=Connection("name", "a.test")))
    assert [(stream.client, stream.data[:6]) for stream in capture.streams] == [("a", b"GET /a"), ("b", b"GET /b")]


@pytest.mark.parametrize("port", ["no number", None, "\xb2"])
def test_a_service_name_is_redirected_too(play: Play, port: object) -> None:
    """A client that asks for a name with something else than a port number gets the server of the case."""

    class Odd(Stdlib):
        def connect(self) -> None:
            found: Any = socket.getaddrinfo(self.host, port, type=socket.SOCK_STREAM)  # type: ignore[arg-type]
            address = found[0][4]
            self.sock = socket.create_connection(address[:2])

    capture = play(exchange(ask(), connection=Connection("name", "a.test")), Odd)
    assert sent(capture) == [GET.replace(b"127.0.0.1", b"a.test")]


class OwnResolver(Stdlib):
    """Does not resolve names through socket.getaddrinfo."""

    def connect(self) -> None:
        """Fail as an own resolver does."""
        raise socket.gaierror(-2, "Name or service not known")


def test_a_client_with_a_resolver_of_its_own_does_not_support_names(play: Play) -> None:
    """A name that was never asked for here cannot be redirected: unsupported."""
    capture = play(exchange(ask(), Step("close"), connection=Connection("name", "a.test")), OwnResolver)
    why = "the client does not resolve names through socket.getaddrinfo"
    assert capture == Capture((StepRecord(Outcome(unsupported=why)), None), (), {})


@pytest.mark.parametrize(
    ("error", "is_lacking"),
    [(ConnectionRefusedError(111, "refused"), True), (OSError(5, "of its own"), False), (TimeoutError("slow"), False)],
)
def test_only_who_looks_elsewhere_cannot_be_led_to_the_server(play: Play, error: OSError, is_lacking: bool) -> None:
    """A client that raises something else before it asks for the name has failed."""

    class Elsewhere(Stdlib):
        def connect(self) -> None:
            raise error

    capture = play(exchange(ask(), connection=Connection("name", "a.test")), Elsewhere)
    (record,) = [each for each in capture.records if each is not None]
    assert (record.outcome.unsupported is not None) == is_lacking


def test_a_resolver_that_fails_where_no_name_is_needed_is_the_clients_fault(play: Play) -> None:
    """With an address there is nothing to resolve, and the exception is the outcome."""
    capture = play(exchange(ask()), OwnResolver)
    wanted = raised("gaierror OSError", "[Errno -2] Name or service not known", "request")
    assert capture.records == (StepRecord(wanted),)


def test_an_address_that_cannot_be_bound_is_unsupported(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the server cannot listen, every request is unsupported, the reason is given, and nothing stays open."""
    opened: list[Recorder] = []

    def recorder(name: str, *arguments: Any, **more: Any) -> Recorder:
        if name == "b":
            raise CannotBind("127.0.0.1 port 80: EACCES")
        opened.append(Recorder(name, *arguments, **more))
        return opened[0]

    monkeypatch.setattr(_servers, "Recorder", recorder)
    capture = play(exchange(ask(), Step("close"), ask(on="b")))
    record = StepRecord(Outcome(unsupported="the server cannot listen there: 127.0.0.1 port 80: EACCES"))
    assert capture == Capture((record, None, record), (), {})
    assert opened[0]._listener.fileno() == -1


def test_workers_take_port_80_of_addresses_of_their_own(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker N binds 127.0.0.(N+1); where that is taken, an address made from the process id."""
    tried: list[tuple[str, int]] = []

    def recorder(name: str, host: str, port: int = 0, *more: object) -> Recorder:
        tried.append((host, port))
        raise CannotBind("taken")

    monkeypatch.setattr(_servers, "Recorder", recorder)
    play(exchange(ask(), connection=Connection(port="default")), slot=4)
    process = os.getpid()
    assert tried == [("127.0.0.5", 80), (f"127.{process >> 8 & 255}.{process & 255}.5", 80)]


# constructors ------------------------------------------------------------------------------------------------------


def test_constructor_arguments_are_built_and_passed(play: Play) -> None:
    """What a case lists for the constructor is passed by name."""
    seen: list[object] = []

    class Client(Stdlib):
        def __init__(self, host: str, port: int, *, blocksize: int) -> None:
            seen.append(blocksize)
            super().__init__(host, port)

    connection = Connection(arguments=(("blocksize", Recipe("int", {"value": 16})),))
    capture = play(exchange(ask(), connection=connection), Client)
    assert (seen, sent(capture)) == ([16], [GET])


def test_a_constructor_without_the_argument_is_unsupported(play: Play) -> None:
    """A TypeError with arguments of the case says that the constructor does not know them."""

    def factory(host: str, port: int) -> Stdlib:
        return Stdlib(host, port)

    connection = Connection(arguments=(("blocksize", Recipe("int", {"value": 16})),))
    capture = play(exchange(ask(), Step("close"), connection=connection), factory)
    (record, close) = capture.records
    assert record is not None
    assert close is None
    why = "the constructor does not take blocksize: "
    assert str(record.outcome.unsupported).startswith(why)
    assert capture.streams == ()


@pytest.mark.parametrize(
    ("error", "classes"),
    [(TypeError("no"), "TypeError"), (RuntimeError("no"), "RuntimeError"), (SystemExit("no"), None)],
)
def test_a_constructor_that_raises_is_an_outcome(play: Play, error: BaseException, classes: str | None) -> None:
    """Whatever a constructor lets out, SystemExit included, is recorded for every request."""

    def factory(host: str, port: int) -> None:
        raise error

    capture = play(exchange(ask(), Step("reply", reply="ok"), ask()), factory)
    names = (classes, "Exception") if classes else ("SystemExit",)
    record = StepRecord(Outcome(raised=Raised((*names, "BaseException", "object"), "no", "construct")))
    assert capture.records == (record, None, record)


# calls -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("passed", "by_position", "by_name"),
    [
        ("usual", ("GET", "/"), {"body": b"x", "headers": {}}),
        ("keywords", (), {"method": "GET", "url": "/", "body": b"x", "headers": {}}),
        ("positional", ("GET", "/", b"x", {}), {}),
    ],
)
def test_arguments_are_passed_as_the_case_says(
    play: Play, passed: str, by_position: tuple[object, ...], by_name: Mapping[str, object]
) -> None:
    """Method and url by position and the rest by name, or all in one way; nothing that is not named."""
    calls: list[tuple[tuple[object, ...], Mapping[str, object]]] = []

    class Client:
        def __init__(self, host: str, port: int) -> None:
            """Keep nothing."""

        def request(self, *arguments: object, **named: object) -> None:
            calls.append((arguments, named))

    step = ask(passed=passed, body=data(b"x"), headers=Recipe("dict", {"items": ()}), expect=Expect(None))
    play(exchange(step), Client)
    assert calls == [(by_position, by_name)]


def test_a_request_may_return_something(play: Play) -> None:
    """The name of the returned value's type is kept."""

    class Client(Stdlib):
        def request(self, *arguments: Any, **more: Any) -> str:  # type: ignore[override]
            super().request(*arguments, **more)
            return "sent"

    assert play(exchange(ask()), Client).records[0] == StepRecord(Outcome("str"), (Grown(0, 0, len(GET) + 4),))


class Unprintable(Exception):
    """An exception whose message cannot be shown."""

    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (ValueError("bad"), raised("ValueError", "bad", "request")),
        (ValueError("x" * 3000), raised("ValueError", "x" * 2000, "request")),
        (Unprintable(), raised("Unprintable", "(its message cannot be shown)", "request")),
        (KeyboardInterrupt(), Outcome(raised=Raised(("KeyboardInterrupt", "BaseException", "object"), "", "request"))),
    ],
)
def test_whatever_a_request_lets_out_is_recorded(play: Play, error: BaseException, wanted: Outcome) -> None:
    """Class names, message and phase are kept, of KeyboardInterrupt, too; long messages are cut."""

    class Client(Stdlib):
        def request(self, *arguments: Any, **more: Any) -> None:
            raise error

    assert play(exchange(ask()), Client).records == (StepRecord(wanted),)


def test_effects_on_body_and_headers_are_kept(play: Play) -> None:
    """What the call did to its arguments is in the outcome, under the names that cases use."""

    class Client(Stdlib):
        def request(self, method: str, url: str, body: Any = None, headers: Any = None) -> None:  # type: ignore[override]
            headers["X"] = "y"
            super().request(method, url, body)

    body = Recipe("bytesio", {"data": b"abc", "position": 1})
    expect = Expect((), b"x" * 300)
    step = ask(method="POST", body=body, headers=Recipe("dict", {"items": ()}), expect=expect)
    (record,) = play(exchange(step), Client).records
    assert record is not None
    assert record.outcome == Outcome(effects={"body.closed": False, "body.position": 3, "headers": "changed"})


def test_a_body_that_cannot_be_built_is_unsupported(play: Play) -> None:
    """What this interpreter cannot make is no fault of the client, and the rest of the case goes on."""
    capture = play(exchange(ask(body=Recipe("mmap", {"data": b""})), ask()))
    why = "this interpreter cannot build the body: mmap: an empty one cannot be made"
    assert capture.records[0] == StepRecord(Outcome(unsupported=why))
    assert sent(capture) == [GET]


def test_files_that_a_call_leaves_open_are_closed_afterwards(play: Play) -> None:
    """After the exchange no body is open any more."""
    bodies: list[Any] = []

    class Client(Stdlib):
        def request(self, method: str, url: str, body: Any = None) -> None:  # type: ignore[override]
            bodies.append(body)

    play(exchange(ask(body=Recipe("bytesio", {"data": b"abc"}), expect=Expect(None))), Client)
    assert [body.closed for body in bodies] == [True]


# sequences ---------------------------------------------------------------------------------------------------------


def test_each_step_has_its_own_bytes(play: Play) -> None:
    """Of a sequence on one connection it is known which step sent what."""
    capture = play(exchange(ask("/1"), Step("reply", reply="ok"), ask("/22"), Step("close"), ask("/333")))
    head = len(GET) + 4
    assert [record and record.grown for record in capture.records] == [
        (Grown(0, 0, head + 1),),
        None,
        (Grown(0, head + 1, 2 * head + 3),),
        None,
        (Grown(1, 0, head + 3),),
    ]
    assert [(stream.client, stream.ended) for stream in capture.streams] == [("a", "eof"), ("a", "eof")]


def test_two_clients_have_servers_of_their_own(play: Play) -> None:
    """Streams are counted over all clients, and each client has an address."""
    capture = play(exchange(ask("/1"), ask("/2", "b"), Step("reply", "b", reply="ok"), ask("/3", "b")))
    assert [stream.client for stream in capture.streams] == ["a", "b"]
    assert [record and [part.stream for part in record.grown] for record in capture.records] == [[0], [1], None, [1]]
    assert [host for host, _ in capture.addresses.values()] == ["127.0.0.1", "127.0.0.1"]
    assert len({port for _, port in capture.addresses.values()}) == 2


def test_an_alternative_length_ends_the_wait_for_bytes(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another length is right too, nothing is waited for once it has come."""
    monkeypatch.setattr(Recorder, "wait", lambda *arguments: pytest.fail("it waited"))
    first = ask("/1", expect=Expect(("something", "much longer"), b"x" * 1000))
    step = Step(
        "request", "a", first.request, first.expect, (Alternative("defect", "d", "", ask("/1").expect or Expect(None)),)
    )
    capture = play(exchange(step, Step("close"), ask("/2", expect=Expect(None))))
    assert [record and len(record.grown) for record in capture.records] == [1, None, 1]


def test_a_message_that_is_whole_ends_the_wait_for_bytes(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a client sends another message than expected, nothing more is waited for once it is complete."""
    monkeypatch.setattr(Recorder, "wait", lambda *arguments: pytest.fail("it waited"))
    long = Expect(("something", "much longer"), b"x" * 1000)
    steps = (ask("/1", expect=long), Step("reply", reply="ok"), ask("/2", expect=long), ask("/3", expect=Expect(None)))
    capture = play(exchange(*steps))
    assert [record and len(record.grown) for record in capture.records] == [1, None, 1, 0]


@pytest.mark.parametrize(
    ("name", "status", "content"),
    [
        ("ok", 200, b"ok"),
        ("no-content", 204, b""),
        ("close", 200, b"ok"),
        ("continue-then-ok", 200, b"ok"),
        ("http-1.0", 200, b"ok"),
        ("chunked", 200, b"ok"),
    ],
)
def test_every_scripted_reply_is_one(play: Play, name: str, status: int, content: bytes) -> None:
    """Each reply that the format names is a valid response, read to its end."""
    seen: list[tuple[int, bytes]] = []

    class Client(Stdlib):
        def getresponse(self) -> http.client.HTTPResponse:
            response = super().getresponse()
            read = response.read

            def remembering(amount: int | None = None) -> bytes:
                seen.append((response.status, read(amount)))
                return seen[-1][1]

            response.read = remembering  # type: ignore[assignment,method-assign]
            return response

    capture = play(exchange(ask(), Step("reply", reply=name)), Client)
    assert (seen, capture.records[1], set(REPLIES)) == ([(status, content)], None, set(NAMED_REPLIES))


def test_close_and_getresponse_may_raise(play: Play) -> None:
    """Exceptions of the other methods are recorded in the step that called them."""

    class Client(Stdlib):
        def getresponse(self) -> http.client.HTTPResponse:
            raise RuntimeError("no response")

        def close(self) -> None:
            super().close()
            raise RuntimeError("not closed")

    capture = play(exchange(ask(), Step("reply", reply="ok"), Step("close")), Client)
    assert capture.records[1:] == (
        StepRecord(raised("RuntimeError", "no response", "getresponse")),
        StepRecord(raised("RuntimeError", "not closed", "close")),
    )


def test_a_client_without_close_is_dropped(play: Play) -> None:
    """Objects without close() are left to the garbage collector, reference cycles too."""

    class Client:
        def __init__(self, host: str, port: int) -> None:
            self.me = self
            with socket.create_connection((host, port)) as sock:
                self.descriptor = os.dup(sock.fileno())

        def request(self, method: str, url: str) -> None:
            os.write(self.descriptor, b"abc")

        def __del__(self) -> None:
            os.close(self.descriptor)

    gc.collect()
    gc.disable()
    try:
        capture = play(exchange(ask(expect=Expect(("abc",)))), Client)
    finally:
        gc.enable()
    assert [(stream.data, stream.ended) for stream in capture.streams] == [(b"abc", "eof")]


# threads -----------------------------------------------------------------------------------------------------------


def test_clients_work_in_threads_of_their_own(play: Play) -> None:
    """With threads the connections are used at the same time."""
    barrier = threading.Barrier(2, timeout=20)

    class Client(Stdlib):
        def request(self, *arguments: Any, **more: Any) -> None:
            barrier.wait()
            super().request(*arguments, **more)

    last = (ask("/3", expect=Expect(None)), Step("close", "b"), ask("/4", "b"))
    capture = play(exchange(ask("/1"), ask("/2", "b"), *last, threads=True), Client)
    assert [stream.data[:6] for stream in capture.streams] == [b"GET /1", b"GET /2", b"GET /4"]
    third = capture.records[2]
    assert third is not None
    assert third.outcome == raised("CannotSendRequest ImproperConnectionState HTTPException", "Request-sent", "request")


def test_a_failure_of_ours_in_a_thread_is_not_the_clients(play: Play) -> None:
    """An exception of the harness in a thread comes out of perform()."""
    with pytest.raises(KeyError, match="none such"):
        play(exchange(ask(), ask(on="b"), Step("reply", "b", reply="none such"), threads=True))


# streaming ---------------------------------------------------------------------------------------------------------


class AllAtOnce(Stdlib):
    """Takes the whole body before it sends anything."""

    def request(self, method: str, url: str, body: Any = None) -> None:  # type: ignore[override]
        """Join the pieces."""
        super().request(method, url, b"".join(body))


@pytest.mark.parametrize(
    ("factory", "kind", "observes", "wanted"),
    [
        (Stdlib, "generator", ("streaming",), {"streaming": True}),
        (AllAtOnce, "generator", ("streaming",), {"streaming": False}),
        (Stdlib, "generator", (), {}),
        (Stdlib, "str", ("streaming",), {}),
    ],
)
def test_streaming_is_observed_where_a_case_asks_for_it(
    play: Play, factory: Any, kind: str, observes: tuple[str, ...], wanted: Mapping[str, object]
) -> None:
    """Whether the first piece is on the wire before the last is produced is seen, and only where it is asked for."""
    body = Recipe("generator", {"items": (data(b"ab"), data(b"c"))}) if kind == "generator" else text("abc")
    step = ask(method="POST", body=body, expect=Expect((), b"x" * 400))
    assert play(exchange(step, observes=observes), factory).observed == wanted


def test_streaming_of_a_file_is_observed_at_its_reads(play: Play) -> None:
    """The pieces of a scripted file count as pieces."""
    step = ask(
        method="POST", body=Recipe("reader", {"reads": (data(b"ab"), data(b"c"))}), expect=Expect((), b"x" * 400)
    )
    assert play(exchange(step, observes=("streaming",))).observed == {"streaming": True}


def test_a_single_piece_cannot_be_streamed(play: Play) -> None:
    """With one piece there is nothing to observe."""
    step = ask(method="POST", body=Recipe("generator", {"items": (data(b"ab"),)}), expect=Expect((), b"x" * 400))
    assert play(exchange(step, observes=("streaming",))).observed == {}


# time --------------------------------------------------------------------------------------------------------------


def test_an_overdue_exchange_is_told_with_what_was_seen() -> None:
    """A call that hangs is told with the bytes that it had sent, while it hangs."""
    told: list[tuple[Case, Capture]] = []
    go_on = threading.Event()

    def overdue(case: Case, capture: Capture) -> None:
        told.append((case, capture))
        go_on.set()

    class Client(Stdlib):
        def request(self, method: str, url: str) -> None:  # type: ignore[override]
            super().request(method, url)
            assert go_on.wait(20)

    case = exchange(ask(), ask("/2", expect=Expect(None)))
    with closing(InProcess(Client, timeout=0.1, overdue=overdue)) as candidate:
        candidate.perform(case)
    ((seen, capture),) = told
    assert seen is case
    assert capture.fatal == ("timeout", "no end within 0.1 s")
    assert (capture.records, sent(capture)) == ((None, None), [GET])


def test_without_an_exchange_nothing_is_overdue() -> None:
    """Between exchanges there is nothing to tell."""
    with closing(InProcess(Stdlib, overdue=lambda *seen: pytest.fail(f"overdue: {seen}"))) as candidate:
        candidate._overdue()


def test_a_body_that_fills_the_buffers_does_not_block(play: Play) -> None:
    """Client and server share a thread, and yet a large body arrives whole."""
    size = 8 * 1024 * 1024
    step = ask(method="POST", body=Recipe("bytes", {"data": b"x" * size}), expect=Expect((), b"x" * size))
    for late in (False, True):
        (stream,) = play(exchange(step, server=ServerPlan(late=late))).streams
        assert (stream.data[-size:] == b"x" * size, stream.ended) == (True, "eof")


# leaks -------------------------------------------------------------------------------------------------------------


def test_a_thousand_exchanges_leave_nothing_behind() -> None:
    """Descriptors, threads and objects are as many after a thousand exchanges as after ten."""
    body = Recipe("generator", {"items": (data(b"ab"), data(b"c"))})
    post = ask("/", "b", method="POST", body=body, expect=Expect((), b"x" * 112))
    case = exchange(ask("/1"), Step("reply", reply="ok"), ask("/2"), post)
    seen = []
    with closing(InProcess(Stdlib, overdue=lambda *seen: pytest.fail(f"overdue: {seen}"), timeout=60)) as candidate:
        for count in (10, 990):
            for _ in range(count):
                candidate.perform(case)
            gc.collect()
            seen.append((len(os.listdir("/proc/self/fd")), threading.active_count(), len(gc.get_objects())))
    assert seen[0][:2] == seen[1][:2]
    assert abs(seen[0][2] - seen[1][2]) < 100
