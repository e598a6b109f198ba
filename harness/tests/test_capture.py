"""The capturing server: what it records, how it answers, and its second thread."""

from __future__ import annotations

import _socket
import _thread
import errno
import hashlib
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from wireproof import _capture
from wireproof._capture import CannotBind, Recorder, Watch
from wireproof._model import ServerPlan, Stream
from wireproof.errors import HarnessError


def connect(recorder: Recorder) -> socket.socket:
    """Return a client connected to the recorder; it gives up after a while, so that a broken server fails the test."""
    return socket.create_connection((recorder.host, recorder.port), timeout=20)


def reset(client: socket.socket) -> None:
    """Close the client's connection with a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.fixture(autouse=True)
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own thread is started through threading, so that coverage can follow it."""

    def start(work: Any, arguments: tuple[Any, ...]) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    monkeypatch.setattr(_thread, "start_new_thread", start)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A recorder on a free port."""
    with closing(Recorder("a", "127.0.0.1")) as opened:
        yield opened


def has_ipv6() -> bool:
    """Say whether this machine has the address ::1."""
    try:
        Recorder("a", "::1").close()
    except CannotBind:
        return False
    return True


# where it listens --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "localhost", "127.evil.test", "127.1", ""])
def test_other_addresses_than_loopback_are_refused(host: str) -> None:
    """Whatever is not written as a loopback address is refused before anything is bound."""
    with pytest.raises(HarnessError) as caught:
        Recorder("a", host)
    assert str(caught.value) == f"the capturing server listens on loopback only, not on {host}"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.8.7", "::1"])
def test_a_connection_is_recorded_to_its_end(host: str) -> None:
    """Every byte of a connection is kept, with the name of the client and how it ended."""
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with closing(Recorder("a", host)) as recorder:
        assert recorder.host == host
        with connect(recorder) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        recorder.finish(18)
        assert recorder.streams() == (Stream("a", b"GET / HTTP/1.1\r\n\r\n", 18, "eof"),)


def test_a_port_in_use_cannot_be_bound(recorder: Recorder) -> None:
    """A second listener on the same port is refused, and the reason named."""
    with pytest.raises(CannotBind) as caught:
        Recorder("b", "127.0.0.1", recorder.port)
    assert str(caught.value) == f"127.0.0.1 port {recorder.port}: EADDRINUSE"


def test_a_family_that_the_machine_lacks_cannot_be_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without IPv6 in the kernel the address cannot be bound, and nothing else goes wrong."""

    def no_socket(*arguments: object) -> None:
        raise OSError(errno.EAFNOSUPPORT, "not supported")

    monkeypatch.setattr(_socket, "socket", no_socket)
    with pytest.raises(CannotBind) as caught:
        Recorder("a", "::1")
    assert str(caught.value) == "::1: EAFNOSUPPORT"


# what it records ---------------------------------------------------------------------------------------------------


def test_a_reset_is_recorded(recorder: Recorder) -> None:
    """A client that resets the connection keeps what it sent before."""
    client = connect(recorder)
    client.sendall(b"abc")
    recorder.settle(lambda: recorder.totals() == (3,))
    reset(client)
    recorder.finish(3)
    assert recorder.streams() == (Stream("a", b"abc", 3, "reset"),)


def test_a_connection_left_open_ends_the_wait_after_silence(recorder: Recorder) -> None:
    """A client that never closes is "open", after one attempt to make it close."""
    silences: list[str] = []
    with connect(recorder) as client:
        client.sendall(b"abc")
        recorder.finish(3, lambda: silences.append("asked"))
        assert (recorder.streams(), silences) == ((Stream("a", b"abc", 3, "open"),), ["asked"])


def test_a_connection_that_closes_when_asked_is_read_to_its_end(recorder: Recorder) -> None:
    """What on_silence closes is recorded as ended."""
    client = connect(recorder)
    client.sendall(b"abc")
    recorder.finish(3, client.close)
    assert recorder.streams() == (Stream("a", b"abc", 3, "eof"),)


@pytest.mark.parametrize("pieces", [[b"abcdefgh"], [b"abc", b"de", b"f"]])
def test_the_plan_hangs_up_after_so_many_bytes(pieces: list[bytes]) -> None:
    """The server reads exactly as many bytes as planned and then resets the connection."""
    with (
        closing(Recorder("a", "127.0.0.1", plan=ServerPlan(hangs_up_after=5))) as recorder,
        connect(recorder) as client,
    ):
        for piece in pieces:
            client.sendall(piece)
        recorder.settle(lambda: any(stream.ended == "hung-up" for stream in recorder.streams()))
        assert recorder.streams() == (Stream("a", b"abcde", 5, "hung-up"),)
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_nothing_is_waited_for_where_nothing_is_expected(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no byte is wanted and nobody connects, there is no wait at all."""
    monkeypatch.setattr(Recorder, "wait", lambda *arguments: pytest.fail("it waited"))
    recorder.finish(0)
    assert recorder.streams() == ()


def test_a_client_that_never_connects_ends_the_wait_after_silence(recorder: Recorder) -> None:
    """Where bytes are wanted and nobody connects, there is a wait, and an end to it."""
    silences: list[str] = []
    recorder.finish(1, lambda: silences.append("asked"))
    assert (recorder.streams(), silences) == ((), ["asked"])


def test_two_connections_are_kept_apart(recorder: Recorder) -> None:
    """Each connection is a stream of its own, in the order in which they were accepted."""
    with connect(recorder) as first, connect(recorder) as second:
        second.sendall(b"second")
        first.sendall(b"first")
    recorder.finish(11)
    assert recorder.streams() == (Stream("a", b"first", 5, "eof"), Stream("a", b"second", 6, "eof"))


@pytest.mark.parametrize("pieces", [[b"abcdefghijklm"], [b"abcdefgh", b"ijklm"], [b"abcdefghij", b"klm"]])
def test_beyond_the_cap_there_is_only_a_digest(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]
) -> None:
    """What comes beyond the stored bytes is counted and goes into the digest of everything."""
    monkeypatch.setattr(_capture, "STORED", 10)
    with connect(recorder) as client:
        sent = 0
        for piece in pieces:
            sent += len(piece)
            client.sendall(piece)
            recorder.settle(lambda: sum(recorder.totals()) == sent)  # noqa: B023
    recorder.finish(13)
    digest = hashlib.sha256(b"abcdefghijklm").hexdigest()
    assert recorder.streams() == (Stream("a", b"abcdefghij", 13, "eof", digest),)


def test_at_the_cap_there_is_no_digest(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that just fits is kept whole."""
    monkeypatch.setattr(_capture, "STORED", 10)
    with connect(recorder) as client:
        client.sendall(b"abcdefghij")
    recorder.finish(10)
    assert recorder.streams() == (Stream("a", b"abcdefghij", 10, "eof"),)


def test_a_client_that_gave_up_before_it_was_accepted_is_no_connection(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An aborted connection in the queue does not disturb the server."""

    class Aborting:
        def _accept(self) -> None:
            raise ConnectionAbortedError

        def close(self) -> None:
            """Do nothing."""

    with closing(recorder._listener):
        monkeypatch.setattr(recorder, "_listener", Aborting())
        assert (recorder.pump(), recorder.streams()) == (False, ())


def test_the_oldest_connection_can_be_forgotten(recorder: Recorder) -> None:
    """A forgotten connection is closed on our side and its bytes are dropped."""
    with connect(recorder) as first, connect(recorder) as second:
        second.sendall(b"kept")
        recorder.settle(lambda: recorder.totals() == (0, 4))
        recorder.forget()
        assert (first.recv(1), recorder.streams()) == (b"", (Stream("a", b"kept", 4, "open"),))


def test_looking_and_reading_in_two_threads_loses_nothing(recorder: Recorder) -> None:
    """Streams can be looked at while another thread reads, and no byte gets lost."""
    data = bytes(range(256)) * 16384
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            recorder.pump()

    reader = threading.Thread(target=read)
    reader.start()
    with connect(recorder) as client:
        for start in range(0, len(data), 4096):
            client.sendall(data[start : start + 4096])
            recorder.streams()
    recorder.finish(len(data))
    done.set()
    reader.join()
    (stream,) = recorder.streams()
    assert (stream.data == data, stream.total, stream.ended) == (True, len(data), "eof")


def test_a_closed_recorder_has_nothing_to_wait_for(recorder: Recorder) -> None:
    """Waiting on a recorder that another thread has closed ends at once."""
    recorder.close()
    assert recorder.wait(3600) is False


# replies -----------------------------------------------------------------------------------------------------------


def test_a_reply_goes_to_the_newest_open_connection(recorder: Recorder) -> None:
    """Of several connections the newest that is open is answered, and the others are not."""
    with connect(recorder) as first, connect(recorder) as second, connect(recorder) as third:
        third.close()
        recorder.settle(lambda: [stream.ended for stream in recorder.streams()] == ["open", "open", "eof"])
        recorder.reply(b"ok", close=True)
        assert second.makefile("rb").read() == b"ok"
        recorder.reply(b"for the first", close=True, on=0)
        assert first.makefile("rb").read() == b"for the first"


def test_a_reply_may_leave_the_connection_open(recorder: Recorder) -> None:
    """Without close the client can go on after the reply."""
    with connect(recorder) as client:
        recorder.settle(lambda: recorder.totals() == (0,))
        recorder.reply(b"ok", close=False)
        assert client.recv(2) == b"ok"
        client.sendall(b"more")
    recorder.finish(4)
    assert recorder.streams() == (Stream("a", b"more", 4, "eof"),)


def test_a_reply_to_nobody_is_dropped(recorder: Recorder) -> None:
    """Where no connection is open, a reply does nothing."""
    recorder.reply(b"ok", close=False)
    assert recorder.streams() == ()


def test_a_reply_to_a_client_that_has_reset_is_recorded_as_a_reset(recorder: Recorder) -> None:
    """Sending to a connection that is gone ends it."""
    client = connect(recorder)
    recorder.settle(lambda: recorder.totals() == (0,))
    reset(client)
    recorder.reply(b"ok", close=True)
    assert recorder.streams() == (Stream("a", b"", 0, "reset"),)


def test_a_long_reply_is_sent_to_its_end(recorder: Recorder) -> None:
    """A reply that does not fit into the buffers is sent as the client takes it."""
    data = b"x" * (32 * 1024 * 1024)
    with connect(recorder) as client:
        recorder.settle(lambda: recorder.totals() == (0,))
        received: list[bytes] = []
        thread = threading.Thread(target=lambda: received.append(client.makefile("rb").read()))
        thread.start()
        recorder.reply(data, close=True)
        thread.join()
    assert received[0] == data


def test_a_client_that_takes_no_reply_does_not_block_the_server(recorder: Recorder) -> None:
    """A reply that nobody reads is given up after the time of grace."""
    with connect(recorder):
        recorder.settle(lambda: recorder.totals() == (0,))
        recorder.reply(b"x" * (32 * 1024 * 1024), close=True)
        assert recorder.streams() == (Stream("a", b"", 0, "reset"),)


# the second thread -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("others", [0, 1])
def test_the_second_thread_reads_when_a_call_blocks(late: bool, others: int) -> None:
    """A client in the server's own thread can send more than the buffers hold."""
    data = b"x" * (8 * 1024 * 1024)
    with ExitStack() as stack:
        plan = ServerPlan(late=late)
        recorders = [stack.enter_context(closing(Recorder("a", "127.0.0.1", plan=plan))) for _ in range(1 + others)]
        watch = stack.enter_context(closing(Watch(lambda: None)))
        watch.begin(recorders, 3600.0)
        with connect(recorders[-1]) as client:
            client.sendall(data)
        recorders[-1].finish(len(data))
        watch.end()
        (stream,) = recorders[-1].streams()
        assert (stream.data == data, stream.ended) == (True, "eof")


def test_an_overdue_exchange_is_told_once(recorder: Recorder) -> None:
    """An exchange beyond its time is told exactly once, and the next one anew."""
    calls: list[int] = []
    told = threading.Event()

    def overdue() -> None:
        calls.append(len(calls))
        told.set()

    with closing(Watch(overdue)) as watch:
        for count in (1, 2):
            watch.begin((recorder,), 0.0)
            assert told.wait(20)
            told.clear()
            watch.end()
            assert len(calls) == count


def began(watch: Watch) -> float:
    """Return when the exchange that is watched began."""
    assert watch._current is not None
    return watch._current[1]


def test_an_exchange_that_ended_is_never_told() -> None:
    """Where an exchange ends just before it would be told as overdue, nothing is told, of the next one neither."""
    calls: list[str] = []
    with closing(Watch(lambda: calls.append("overdue"))) as watch:
        watch.begin((), 3600.0)
        watch._late(began(watch) - 1)
        watch.end()
    assert calls == []


def test_an_exchange_cannot_end_while_it_is_told_as_overdue(recorder: Recorder) -> None:
    """What overdue() sees is the exchange that is overdue: its end waits."""
    order: list[str] = []
    telling, go_on = threading.Event(), threading.Event()

    def overdue() -> None:
        telling.set()
        assert go_on.wait(20)
        order.append("told")

    with closing(Watch(overdue)) as watch:
        watch.begin((recorder,), 0.0)
        assert telling.wait(20)

        def end() -> None:
            watch.end()
            order.append("ended")

        ender = threading.Thread(target=end)
        ender.start()
        go_on.set()
        ender.join()
    assert order == ["told", "ended"]


class _Idle(Watch):
    """A watch whose thread does nothing, so that a test can take its turns."""

    def _run(self) -> None:
        self._ended.release()


class _Trickle:
    """A recorder on which one byte arrives at each of so many looks; each look takes a while."""

    moment = 0.0

    def __init__(self, clock: list[float], bytes_: int, step: float) -> None:
        self.clock, self.left, self.step, self.total = clock, bytes_, step, 0

    def pump(self) -> None:
        """Let time pass."""
        self.clock[0] += self.step
        if self.left:
            self.left -= 1
            self.total += 1

    def totals(self) -> tuple[int, ...]:
        """Return what has come."""
        return (self.total,)

    def wait(self, seconds: float) -> None:
        """Wait for nothing."""


@pytest.mark.parametrize(
    ("timeout", "limit", "arriving", "told_at"),
    [
        (5.0, 0.0, 0, 5.5),
        (5.0, 0.0, 1000, 5.5),
        (5.0, 20.0, 1000, 20.5),
        (5.0, 20.0, 20, 11.0),
    ],
    ids=["nothing comes", "no limit", "bytes until the limit", "bytes for a while"],
)
def test_an_exchange_may_take_longer_while_bytes_keep_coming(
    monkeypatch: pytest.MonkeyPatch, timeout: float, limit: float, arriving: int, told_at: float
) -> None:
    """Beyond its time an exchange goes on up to the limit, unless nothing has come for a second."""
    clock = [100.0]
    told: list[float] = []
    recorder: Any = _Trickle(clock, arriving, 0.5)
    monkeypatch.setattr(_capture, "_NOW", lambda: clock[0])
    monkeypatch.setattr(_capture, "_SLEEP", lambda seconds: None)
    with closing(_Idle(lambda: told.append(clock[0] - 100))) as watch:
        watch.begin((recorder,), timeout, limit)
        watch._drain(began(watch))
    assert told == [told_at]


def test_a_closed_recorder_ends_a_drain(recorder: Recorder) -> None:
    """A recorder that is closed under the second thread's hands does it no harm."""
    with closing(_Idle(lambda: pytest.fail("overdue"))) as watch:
        watch.begin((recorder,), 3600.0)
        recorder.close()
        watch._drain(began(watch))
        assert began(watch) > 0


# leaks -------------------------------------------------------------------------------------------------------------


def test_a_thousand_exchanges_leave_no_descriptor() -> None:
    """Recorders give back what they take."""
    before = len(os.listdir("/proc/self/fd"))
    with closing(Watch(lambda: None)) as watch:
        for _ in range(1000):
            with closing(Recorder("a", "127.0.0.1")) as recorder:
                watch.begin((recorder,), 3600.0)
                with connect(recorder) as client:
                    client.sendall(b"abc")
                recorder.finish(3)
                watch.end()
                assert recorder.totals() == (3,)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_closed_watch_has_no_thread(recorder: Recorder) -> None:
    """close() ends the thread, in the middle of an exchange, too."""
    threads: list[threading.Thread] = []
    for busy in (False, True):
        before = set(threading.enumerate())
        with closing(Watch(lambda: None)) as watch:
            threads += set(threading.enumerate()) - before
            if busy:
                watch.begin((recorder,), 3600.0)
    assert len(threads) == 2
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_a_late_server_waits_until_the_client_has_met_a_full_buffer() -> None:
    """It reads when much has come, whenever that is, and after half a second in any case; others may read at once."""
    with closing(Recorder("a", "127.0.0.1", plan=ServerPlan(late=True))) as recorder, connect(recorder) as client:
        client.sendall(b"x" * 100)
        recorder.wait(5)
        assert [recorder.may_read(seconds) for seconds in (0.1, 0.4, 0.6)] == [False, False, True]
        client.sendall(b"x" * 4000)
        while not recorder.may_read(0.1):
            recorder.wait(5)
        assert recorder.totals() == (0,)
    with closing(Recorder("a", "127.0.0.1")) as recorder:
        assert recorder.may_read(0.0)


@pytest.mark.parametrize(
    ("leave", "ended"),
    [
        (socket.socket.close, "eof"),
        (lambda sock: sock.shutdown(socket.SHUT_RDWR), "eof"),
        (lambda sock: sock.shutdown(socket.SHUT_WR), "half-closed"),
        (lambda sock: (sock.shutdown(socket.SHUT_WR), sock.close()), "eof"),
    ],
)
def test_who_could_still_receive_has_half_closed(leave: Callable[[socket.socket], object], ended: str) -> None:
    """What is sent to it still arrives, and nothing else does."""
    recorder = Recorder("a", "127.0.0.1")
    with closing(recorder), socket.create_connection((recorder.host, recorder.port)) as sock:
        sock.sendall(b"abc")
        leave(sock)
        recorder.finish(3)
        assert [(stream.data, stream.ended) for stream in recorder.streams()] == [(b"abc", ended)]
        if ended == "half-closed":
            recorder.reply(b"reply", close=True)
            assert sock.makefile("rb").read() == b"reply"


def test_more_connections_than_are_recorded_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that connects without end costs a bounded number of them."""
    monkeypatch.setattr(_capture, "CONNECTIONS", 2)
    recorder = Recorder("a", "127.0.0.1")
    with closing(recorder), ExitStack() as stack:
        address = (recorder.host, recorder.port)
        every = [stack.enter_context(socket.create_connection(address)) for _ in range(4)]
        while recorder.pump():
            """Take them."""
        assert len(recorder.streams()) == 2
        assert [every[number].recv(1) for number in (2, 3)] == [b"", b""]
