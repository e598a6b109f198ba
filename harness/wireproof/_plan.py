"""What an expectation means once the server's address is known, and in which interpreter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wireproof._long import Pattern, written_out
from wireproof._model import Alternative, Blocks, Case, Digest, Expect

_PER_BYTE = 100e-6


@dataclass(frozen=True, slots=True)
class Wire:
    """The bytes that an expectation stands for: the head (None: nothing at all) and what follows it."""

    head: bytes | None
    body: bytes | Digest | Blocks

    @property
    def data(self) -> bytes | None:
        """All bytes in one, or None where the body is known by its digest only, or is too long to be held."""
        if self.head is None:
            return b""
        return self.head + self.body if isinstance(self.body, bytes) else None

    def __len__(self) -> int:
        return len(self.head or b"") + body_length(self.body)

    def beginning(self, size: int) -> bytes | None:
        """Return the first ``size`` bytes, or None where the body is known by its digest only."""
        if isinstance(self.body, Blocks):
            return b"".join(Pattern(self.body, self.head or b"").pieces(size))
        return None if self.data is None else self.data[:size]


def body_length(body: bytes | Digest | Blocks) -> int:
    """Return how many bytes an expected body has."""
    return len(body) if isinstance(body, bytes) else body.length


def wire(expect: Expect, host: str, port: int | str) -> Wire:
    """Return the bytes of ``expect`` for a server at ``host`` and ``port``.

    Each line of the head is ended by CRLF, and the head by an empty line (RFC 9112, section 2.1).
    """
    if expect.head is None:
        return Wire(None, b"")
    text = "\r\n".join((*expect.head, "", ""))
    filled = text.replace("<host>", host).replace("<port>", str(port))
    body = written_out(expect.body) if isinstance(expect.body, Blocks) else expect.body
    return Wire(filled.encode("latin-1"), body)


def limit(case: Case, timeout: float) -> float:
    """Return the seconds that an exchange may take as long as bytes keep coming: more for large bodies, so that a
    client that sends them byte by byte is not taken for one that hangs.
    """
    bodies = (step.expect.body for step in case.steps if step.expect is not None)
    return timeout + sum(map(body_length, bodies)) * _PER_BYTE


def applicable(alternatives: Iterable[Alternative], probes: Mapping[str, str]) -> tuple[Alternative, ...]:
    """Return the alternatives that hold for an interpreter with these answers to the probes."""
    return tuple(
        alternative
        for alternative in alternatives
        if alternative.kind != "probe" or probes.get(alternative.name) == alternative.value
    )
