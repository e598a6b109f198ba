"""The addresses of the capturing server: where recorders listen for a case, and how a connection object is told."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from wireproof._capture import CannotBind, Patience, Recorder
from wireproof._model import Case, Connection, ServerPlan

REPLIES: dict[str, tuple[bytes, bool]] = {
    "ok": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", False),
    "no-content": (b"HTTP/1.1 204 No Content\r\n\r\n", False),
    "close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", True),
    "continue-then-ok": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", False),
    "http-1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", True),
    "chunked": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", False),
}
"""The scripted replies: their bytes, and whether the server closes after them."""


def recorders_for(case: Case, slot: int, patience: Patience) -> dict[str, Recorder]:
    """Open one recorder for each client connection of the case.

    Raises:
        CannotBind: the server cannot listen there.
    """
    names = dict.fromkeys(step.on for step in case.steps)
    opened: dict[str, Recorder] = {}
    try:
        for number, name in enumerate(names):
            opened[name] = open_recorder(name, case.connection, slot + 64 * number, patience, case.server)
    except CannotBind:
        for recorder in opened.values():
            recorder.close()
        raise
    return opened


def open_recorder(
    name: str, connection: Connection, slot: int, patience: Patience, plan: ServerPlan | None = None
) -> Recorder:
    """Open the recorder for the client connection ``name``.

    Raises:
        CannotBind: the server cannot listen there.
    """
    if connection.host.startswith("ipv6"):
        return Recorder(name, "::1", plan=plan, patience=patience)
    if connection.host == "ipv4" and connection.port.startswith("default"):
        return _on_port_80(name, plan, slot, patience)
    host = _unused() if plan is not None and plan.late else "127.0.0.1"
    return Recorder(name, host, plan=plan, patience=patience)


_COUNT = itertools.count()


def _unused() -> str:
    """Return a loopback address that nobody has connected to.

    Of one that has been used the kernel remembers what buffers were good for it, and gives a client so large ones that
    a server that reads late is not noticed.
    """
    process = os.getpid()
    return f"127.{64 + (process >> 8 & 63)}.{process & 255}.{1 + next(_COUNT) % 250}"


def _on_port_80(name: str, plan: ServerPlan | None, slot: int, patience: Patience) -> Recorder:
    """Bind port 80 of a loopback address of our own, so that workers and runs do not collide."""
    process = os.getpid()
    last = slot % 250 + 1
    with suppress(CannotBind):
        return Recorder(name, f"127.0.0.{last}", 80, plan, patience)
    return Recorder(name, f"127.{process >> 8 & 255}.{process & 255}.{last}", 80, plan, patience)


_RESOLVED_HERE = ("name", "localhost", "ipv6-zone", "ipv6-bracketed")


def is_redirected(connection: Connection) -> bool:
    """Say whether what the client is told as host and port leads to the server only if a name is resolved our way.

    That is the case's host name, an address with a zone or in brackets, port 80 of ::1.
    """
    is_default = connection.port.startswith("default")
    return connection.host in _RESOLVED_HERE or (connection.host.startswith("ipv6") and is_default)


def picked(recorders: Sequence[Recorder], port: object) -> tuple[str, int]:
    """Return the address of the recorder that a port means, or of the first."""
    meant = [recorder for recorder in recorders if str(recorder.port) == str(port)]
    target = meant[0] if meant else recorders[0]
    return target.host, target.port


def address(connection: Connection, recorder: Recorder) -> tuple[str, int]:
    """Return what <host> and <port> stand for."""
    if connection.host == "name":
        return connection.name, recorder.port
    return ("localhost" if connection.host == "localhost" else recorder.host), recorder.port


def constructor(connection: Connection, recorder: Recorder) -> tuple[Any, ...]:
    """Return the positional arguments for the connection object."""
    host, port = address(connection, recorder)
    shown = {"ipv6-bracketed": "[::1]", "ipv6-zone": "::1%lo"}.get(connection.host, host)
    if connection.port == "in-host":
        bracketed = f"[{shown}]" if ":" in shown and not shown.startswith("[") else shown
        return (f"{bracketed}:{port}",)
    return {
        "int": (shown, port),
        "str": (shown, str(port)),
        "default": (shown,),
        "default-given": (shown, 80),
        "default-as-str": (shown, "80"),
    }[connection.port]
