"""What the tests of drivers share: a server that answers, and a session that speaks the protocol with a driver."""

import contextlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import wireproof.drivers

DRIVERS = Path(wireproof.drivers.__file__).parent
PATIENCE = 60.0
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers each request on loopback once it is complete, and keeps what came, connection by connection.

    Args:
        host: the address to listen on.
        reply: what it answers; with nothing it hangs up instead.
        content: whether requests have the content that their head tells of; otherwise the head is complete alone.
    """

    def __init__(self, host: str, reply: bytes, content: bool) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.host, self.reply, self.content = host, reply, content
        self.connections: list[list[bytes]] = []
        self.ended = threading.Semaphore(0)
        self._listening = socket.create_server((host, 0), family=family)
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    @property
    def requests(self) -> list[bytes]:
        """Everything that came, one entry for each request."""
        return [request for connection in self.connections for request in connection]

    def new(self, host: str | None = None, **changed: object) -> dict[str, object]:
        """Return how a connection object is made for this server."""
        made = {"host": host or self.host, "port": self.port, "named": {}, "address": [self.host, self.port]}
        return {**made, "resolve": host is not None, **changed}

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(PATIENCE)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections.append([])
            with connection, contextlib.suppress(OSError):
                connection.settimeout(PATIENCE)
                while request := self._received(connection):
                    self.connections[-1].append(request)
                    if not self.reply:
                        break
                    head, blank, content = self.reply.partition(b"\r\n\r\n")
                    connection.sendall(head + blank + (b"" if request.startswith(b"HEAD ") else content))
            self.ended.release()

    def _received(self, connection: socket.socket) -> bytes:
        data = bytearray()
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return bytes(data)
            data += piece
        end = data.index(b"\r\n\r\n") + 4
        lines = bytes(data[:end]).lower().split(b"\r\n")[1:]
        fields = dict(line.split(b": ", 1) for line in lines if b": " in line)
        if self.content and b"expect" in fields:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while self.content and not self._is_complete(data, end, fields):
            piece = connection.recv(1 << 20)
            if not piece:
                break
            data += piece
        return bytes(data)

    def _is_complete(self, data: bytearray, end: int, fields: dict[bytes, bytes]) -> bool:
        if b"transfer-encoding" in fields:
            return data.endswith(b"\r\n0\r\n\r\n")  # the CRLF may be that of the head
        return len(data) - end >= int(fields.get(b"content-length", b"0"))


class Session:
    """Speaks docs/driver-protocol.md with a driver; every message that it receives is held against the schema."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        schema = json.loads((DRIVERS / "protocol.schema.json").read_text("utf-8"))
        self._validator = jsonschema.Draft202012Validator(schema)
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._watchdog = threading.Timer(PATIENCE, self.process.kill)
        self._watchdog.start()
        self._id = 0

    def send(self, *messages: dict[str, object]) -> None:
        """Send messages in one piece."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(json.dumps(message).encode() + b"\n" for message in messages))
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """Return the next message."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.endswith(b"\n"), self.error()
        message: dict[str, Any] = json.loads(line.decode("utf-8"))
        self._validator.validate(message)
        return message

    def start(self, candidate: str | None = None, **changed: object) -> dict[str, Any]:
        """Return the answer to the first message."""
        self.send({"type": "start", "protocol": 1, "candidate": candidate, "path": [], "options": {}, **changed})
        return self.receive()

    def message(
        self,
        server: Server | None,
        method: str,
        url: str,
        body: object = None,
        headers: object = None,
        **changed: object,
    ) -> dict[str, object]:
        """Return a request message with the next id; ``headers`` are pairs of texts."""
        self._id += 1
        arguments: dict[str, object] = {"method": {"kind": "str", "text": method}, "url": {"kind": "str", "text": url}}
        if body is not None:
            arguments["body"] = body
        if headers is not None:
            assert isinstance(headers, list)
            pairs = [[{"kind": "str", "text": text} for text in pair] for pair in headers]
            names = {name.lower() for name, _ in headers}
            arguments["headers"] = {"kind": "dict" if len(names) == len(pairs) else "message", "items": pairs}
        made = {"type": "request", "id": self._id, "on": "a", "new": server and server.new(), "arguments": arguments}
        return {**made, "passed": "usual", "last": True, **changed}

    def answer(self) -> dict[str, Any]:
        """Return the answer to a message that has been sent; ``calling`` must go before it."""
        first = self.receive()
        if first["type"] == "unsupported":
            return first
        assert first["type"] == "calling"
        second = self.receive()
        assert (second["type"], second["id"]) == ("done", first["id"])
        return second

    def ask(self, *arguments: Any, **changed: Any) -> dict[str, Any]:
        """Send a request, and return its answer."""
        message = self.message(*arguments, **changed)
        self.send(message)
        answer = self.answer()
        assert answer["id"] == message["id"]
        return answer

    def end(self) -> int:
        """End the driver's standard input; return its exit code. Nothing more may have been written."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        assert self.process.stdout.read() == b""
        return self.process.wait(PATIENCE)

    def error(self) -> str:
        """Return what is on the driver's standard error, once it has ended."""
        assert self.process.stderr is not None
        return self.process.stderr.read().decode("utf-8", "replace")

    def close(self) -> None:
        """End the driver, whatever it does."""
        self._watchdog.cancel()
        self.process.kill()
        with self.process:
            pass


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Return what starts servers; they are closed at the end."""
    with contextlib.ExitStack() as stack:

        def start(host: str = "127.0.0.1", reply: bytes = REPLY, content: bool = True) -> Server:
            server = Server(host, reply, content)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    """Return what starts drivers; they have a folder for temporary files that must be empty at the end."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    with contextlib.ExitStack() as stack:

        def start(*command: str | Path, **environment: str) -> Session:
            kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
            session = Session(list(map(str, command)), {**kept, "TMPDIR": str(folder), **environment})
            stack.callback(session.close)
            return session

        yield start
    assert list(folder.iterdir()) == []
