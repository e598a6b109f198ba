"""The Python half of the Pyodide driver: a network inside of the process, since WebAssembly has no TCP.

``pyodide_driver.mjs`` loads this file into Pyodide beside python_driver.py, whose ``Driver`` does all the rest. What a
client does through ``socket`` stays as it is, down to ``makefile`` and reference counts: only the methods that would
reach the kernel are replaced. Each connection is a pair of pipes; what is in the outgoing one is what ``done`` reports
as captured, what is in the incoming one is the reply that ``response`` brings.

A connection belongs to the connection object (``on``) whose address it was made to; to any other it is refused.
"""

from __future__ import annotations

import errno
import io
import json
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, NoReturn

from wireproof.drivers.python_driver import CannotExpress, Driver

NAME = "wireproof-pyodide"
LACKS = ("streaming", "threads")
"""Features of the Python driver: ``piece`` cannot say what was captured, and WebAssembly has no threads."""

MOST = 10 * 1024 * 1024
"""So many bytes can be reported at once: as JSON they take up to six times as much, and a line has at most 64 MiB."""

_FOREVER = 60.0
_Send = Callable[[Mapping[str, Any]], object]


class Pipe:
    """Bytes on their way in one direction."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.came = 0
        self.has_ended = False

    def write(self, data: Any) -> int:
        """Take what ``sendall`` takes, and refuse what it refuses; return the number of bytes."""
        exact = io.BytesIO()
        count = exact.write(data)  # asks for a contiguous buffer, as the C socket does
        self.came += count
        self.data += exact.getbuffer()[: max(0, MOST - len(self.data))]
        return count

    def take(self, size: int) -> bytes:
        """Remove so many bytes at most, and return them."""
        taken = bytes(self.data[:size])
        del self.data[:size]
        return taken


class Connection:
    """One end of a connection.

    Args:
        on: the connection object that it belongs to.
        number: its number among the connections of that one.
    """

    def __init__(self, on: str = "", number: int = 0) -> None:
        self.on, self.number = on, number
        self.outgoing, self.incoming = Pipe(), Pipe()
        self.is_gone = False
        self._told: bool | None = None

    def news(self) -> dict[str, Any] | None:
        """Return what has happened since it was asked last, as ``done`` says it; None: nothing.

        Raises:
            CannotExpress: it is too much.
        """
        pipe = self.outgoing
        if not pipe.came and self._told == pipe.has_ended:
            return None
        came, data = pipe.came, pipe.take(MOST)
        pipe.came, self._told = 0, pipe.has_ended
        if came > len(data):
            raise CannotExpress(f"more than {MOST >> 20} MiB were sent, which cannot be reported at once")
        ended = "eof" if pipe.has_ended else "open"
        return {"on": self.on, "connection": self.number, "data": data.decode("latin-1"), "ended": ended}


class Network:
    """Who listens where in this exchange, and the connections that were made."""

    def __init__(self) -> None:
        self.addresses: dict[tuple[str, int], str] = {}
        self.connections: list[Connection] = []

    def connect(self, address: Any) -> Connection:
        """Return our end of a new connection to the address.

        Raises:
            ConnectionRefusedError: nobody listens there.
        """
        host, port = address[:2]
        on = self.addresses.get((host, port))
        if on is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        made = Connection(on, sum(each.on == on for each in self.connections))
        self.connections.append(made)
        return made

    def reply(self, on: str, data: bytes, *, closes: bool) -> None:
        """Let a reply arrive on the newest connection of ``on`` that the client has not closed."""
        for connection in reversed(self.connections):
            if connection.on == on and not connection.outgoing.has_ended:
                connection.incoming.write(data)
                connection.incoming.has_ended |= closes
                return

    def captured(self) -> list[dict[str, Any]]:
        """Return what has happened since it was asked last, oldest connection first."""
        news = [connection.news() for connection in self.connections]
        return [each for each in news if each is not None]

    def clear(self) -> None:
        """Forget the exchange; what a client still holds of it leads nowhere."""
        for connection in self.connections:
            connection.is_gone = True
        self.connections.clear()
        self.addresses.clear()


def _failure(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class CapturedSocket(socket.socket):
    """A socket of the network inside; it has no descriptor.

    ``network`` is where it connects.
    """

    network: Network

    def __init__(
        self,
        family: int = -1,
        type: int = -1,
        proto: int = -1,
        fileno: int | None = None,
    ) -> None:
        # what the class in socket.py sets, without the descriptor that the one in C would open
        self._io_refs, self._closed = 0, False
        self._kinds = socket.AF_INET if family == -1 else family, socket.SOCK_STREAM if type == -1 else type
        self._connection: Connection | None = None
        self._bound: Any = ("0.0.0.0", 0)
        self._peer: Any = None

    @property
    def family(self) -> socket.AddressFamily:
        """The address family."""
        return socket.AddressFamily(self._kinds[0])

    @property
    def type(self) -> socket.SocketKind:
        """The type of socket."""
        return socket.SocketKind(self._kinds[1])

    def settimeout(self, value: float | None) -> None:
        """Keep the time-out, which is checked and kept before the missing descriptor is noticed."""
        try:
            super().settimeout(value)
        except OSError as error:
            if error.errno != errno.EBADF or self._closed:
                raise

    def setblocking(self, flag: bool) -> None:
        """Set no time-out, or one of nothing."""
        self.settimeout(None if flag else 0.0)

    def setsockopt(self, *args: Any) -> None:
        """Do nothing: no option shows in what is captured."""

    def getsockopt(self, *args: Any) -> Any:
        """Return what an option has that was never set."""
        return bytes(args[2]) if len(args) > 2 else 0

    def bind(self, address: Any) -> None:
        """Note the address."""
        self._bound = address

    def getsockname(self) -> Any:
        """Return the own address."""
        return self._bound

    def getpeername(self) -> Any:
        """Return the address that it is connected to."""
        self._ready()
        return self._peer

    def connect(self, address: Any) -> None:
        """Connect to one of the addresses of this exchange."""
        if self._closed:
            raise _failure(errno.EBADF)
        if self._connection is not None:
            raise _failure(errno.EISCONN)
        self._connection, self._peer = self.network.connect(address), address

    def connect_ex(self, address: Any) -> int:
        """Connect, and return the number of the error."""
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or errno.EIO
        return 0

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Have everything captured."""
        connection = self._ready()
        if connection.is_gone or connection.outgoing.has_ended:
            raise _failure(errno.EPIPE)
        connection.outgoing.write(data)

    def send(self, data: Any, flags: int = 0) -> int:
        """Have everything captured, and return how much it was."""
        self.sendall(data)
        return memoryview(data).nbytes

    def sendmsg(self, buffers: Any, *args: Any) -> int:
        """Have every buffer captured, and return how much it was."""
        return sum(self.send(each) for each in buffers)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Return what has arrived, at most so much."""
        incoming = self._ready().incoming
        if bufsize and not incoming.data and not incoming.has_ended:
            self._wait()
        return incoming.take(bufsize)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Put what has arrived into a buffer."""
        view = memoryview(buffer).cast("B")
        data = self.recv(nbytes or len(view))
        view[: len(data)] = data
        return len(data)

    def shutdown(self, how: int) -> None:
        """End one direction, or both."""
        connection = self._ready()
        connection.outgoing.has_ended |= how != socket.SHUT_RD
        connection.incoming.has_ended |= how != socket.SHUT_WR

    def _ready(self) -> Connection:
        if self._closed and self._io_refs <= 0:
            raise _failure(errno.EBADF)
        if self._connection is None:
            raise _failure(errno.ENOTCONN)
        return self._connection

    def _wait(self) -> NoReturn:
        """Wait for what never comes, as long as the client would, or until somebody ends the process."""
        timeout = self.gettimeout()
        if timeout == 0:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if timeout is not None:
            time.sleep(timeout)
            raise TimeoutError("timed out")
        while True:
            time.sleep(_FOREVER)

    def _real_close(self, *args: Any) -> None:
        """Hang up; called once the socket and all files made of it are closed."""
        self._hang_up()
        super()._real_close()  # type: ignore[misc]

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.outgoing.has_ended = True

    def __del__(self) -> None:
        self._hang_up()


def socketpair(*args: Any) -> tuple[CapturedSocket, CapturedSocket]:
    """Return two sockets that are connected with each other."""
    near, far = CapturedSocket(), CapturedSocket()
    near._connection, far._connection = here, there = Connection(), Connection()
    there.outgoing, there.incoming = here.incoming, here.outgoing
    return near, far


def getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, *args: Any, **kwargs: Any) -> Any:
    """Return what an address is written for; no name is known here but localhost.

    Emscripten's own invents an address for each name, and returns those of IPv6 as they lie in memory.
    """
    text = host.decode("ascii") if isinstance(host, bytes) else host
    try:
        address = ip_address("127.0.0.1" if text in (None, "localhost") else text)
    except ValueError:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
    is_new = address.version == 6
    place = (str(address), int(port or 0)) + ((0, 0) if is_new else ())
    found = socket.AF_INET6 if is_new else socket.AF_INET
    return [(found, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)]


def install(network: Network) -> None:
    """Have everything that is connected from now on connected to ``network``."""
    stand_ins: dict[str, object] = {
        "socket": type("socket", (CapturedSocket,), {"network": network, "__module__": "socket"}),
        "socketpair": socketpair,
        "getaddrinfo": getaddrinfo,
    }
    for name, stand_in in stand_ins.items():
        setattr(socket, name, stand_in)


class CapturingDriver(Driver):
    """The Python driver, with the network inside.

    Args:
        send: sends a message.
        receive: returns the next message, or None at the end.
        network: where the client connects.
        about: what is said of the interpreter beside its own version.
    """

    def __init__(self, send: _Send, receive: Callable[[], Any], network: Network, about: str) -> None:
        super().__init__(lambda message: send(self._introduced(message)), receive)
        self.network, self.about = network, about
        self._is_over = False

    def _introduced(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a message; of a hello, one that says what this driver is and can."""
        if message["type"] != "hello":
            return message
        can, driver = message["can"], message["driver"]
        features = sorted({*can["features"], "captures"}.difference(LACKS))
        language = f"{driver['language']}, {self.about}"
        return {
            **message,
            "driver": {**driver, "name": NAME, "language": language},
            "can": {**can, "features": features},
        }

    def handle(self, message: Mapping[str, Any]) -> None:
        """Do what one message asks for; what cannot be reported of it is unsupported."""
        new = message.get("new")
        if new is not None:
            self._listen(message["on"], new["address"])
        if message.get("type") == "response":
            reply = message.get("reply", "").encode("latin-1")
            self.network.reply(message["on"], reply, closes=message.get("closes", False))
        try:
            super().handle(message)
        except CannotExpress as error:
            self.send({"type": "unsupported", "id": message["id"], "why": str(error)})

    def _listen(self, on: str, address: Sequence[Any]) -> None:
        if self._is_over:
            self._is_over = False
            self.network.clear()
        host, port = address
        self.network.addresses[host, port] = on

    def captured(self) -> list[dict[str, Any]]:
        """Return what the client has done on its connections since it was asked last."""
        return self.network.captured()

    def _end(self) -> None:
        """Close everything. What is still open may close yet, so that nothing is forgotten before the next exchange."""
        super()._end()
        self._is_over = True


def serve(send: Callable[[str], object], receive: Callable[[], str | None], about: str) -> None:
    """Answer every message until the end.

    Args:
        send: writes a line.
        receive: returns the next line, or None at the end.
        about: what is said of the interpreter beside its own version.
    """
    # as they are before a candidate may replace them
    encode, decode = json.JSONEncoder(default=repr).encode, json.JSONDecoder().decode

    def received() -> Any:
        line = receive()
        return None if line is None else decode(line)

    network = Network()
    install(network)
    CapturingDriver(lambda message: send(encode(message) + "\n"), received, network, about).serve()
