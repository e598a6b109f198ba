"""Named questions to the interpreter's own http.client, where releases of CPython differ.

Backports and distributors' patches cut across version numbers, so the interpreter is asked, not its version. The
first answer of each probe in ``_cases.PROBES`` is the newest release's.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable


class _Sink:
    """A socket that keeps what is sent."""

    def __init__(self) -> None:
        self.data = b""

    def sendall(self, data: bytes) -> None:
        """Keep the bytes."""
        self.data += bytes(data)

    def close(self) -> None:
        """Do nothing."""


def _sent(host: str, port: int | None, url: str, body: object = None) -> bytes | None:
    """Return the bytes of a GET, or None where the call is refused."""
    connection = http.client.HTTPConnection(host, port)
    sink = _Sink()
    connection.sock = sink
    try:
        connection.request("GET", url, body)  # type: ignore[arg-type]
    except (ValueError, AssertionError, TypeError):
        return None
    return sink.data


def _blocksize() -> str:
    try:
        http.client.HTTPConnection("127.0.0.1", 1, blocksize=1)
    except TypeError:
        return "absent"
    return "given"


def _ipv6_zone() -> str:
    return "kept" if b"%lo" in (_sent("::1%lo", 1, "/") or b"") else "cut"


def _bracketed_authority() -> str:
    return "refused" if _sent("127.0.0.1", 1, "http://[abc]/") is None else "sent"


def _percent_authority() -> str:
    return "refused" if _sent("127.0.0.1", 1, "http://a%41/") is None else "sent"


def _bracketed_host() -> str:
    return "kept" if b"[[::1]]" in (_sent("[::1]", 1, "/") or b"") else "stripped"


def _zero_dimensional() -> str:
    view = memoryview(b"a").cast("B", [])
    return "refused" if _sent("127.0.0.1", 1, "/", view) is None else "sent"


_PROBES: dict[str, Callable[[], str]] = {
    "blocksize": _blocksize,
    "ipv6-zone": _ipv6_zone,
    "bracketed-authority": _bracketed_authority,
    "percent-authority": _percent_authority,
    "bracketed-host": _bracketed_host,
    "zero-dimensional": _zero_dimensional,
}


def answers() -> dict[str, str]:
    """Return each probe's answer in this interpreter."""
    return {name: probe() for name, probe in _PROBES.items()}
