"""What the kinds of Python have in common: the candidate, its connection object, the call, the server's address."""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from wireproof._candidates import NAMES
from wireproof._model import Case, Connection, Expect, Request, Step
from wireproof._plan import body_length
from wireproof._show._arguments import Code
from wireproof._show._literals import bracket, quote

_HOSTS = {"ipv6": "::1", "ipv6-bracketed": "[::1]", "ipv6-zone": "::1%lo", "localhost": "localhost"}


class Candidate:
    """How a candidate is imported and called; ``known`` is false for a name that is no ``module:Class``."""

    def __init__(self, name: str) -> None:
        module, _, path = NAMES.get(name, name).partition(":")
        parts = [*module.split("."), *path.split(".")]
        self.known = all(part.isidentifier() and part.isascii() and not keyword.iskeyword(part) for part in parts)
        if not self.known:
            module, path = "http.client", "HTTPConnection"
        first = path.partition(".")[0]
        self.statement, self.factory = f"from {module} import {first}", path


def clients(case: Case) -> tuple[str, ...]:
    """Return the names of the client connections, in the order in which they are first used."""
    return tuple(dict.fromkeys(step.on for step in case.steps))


def suffix(case: Case, client: str) -> str:
    """Return what is put behind the names of a client's variables: nothing where there is only one."""
    return f"_{client}" if len(clients(case)) > 1 else ""


def is_default(connection: Connection) -> bool:
    """Say whether the client takes port 80 for granted."""
    return connection.port.startswith("default")


def is_redirected(connection: Connection) -> bool:
    """Say whether the address that the client is told is not the server's."""
    return connection.host in ("name", "localhost", "ipv6-bracketed", "ipv6-zone") or is_default(connection)


def bound_host(connection: Connection) -> str:
    """Return the address that the server listens on."""
    return "::1" if connection.host.startswith("ipv6") else "127.0.0.1"


def host_text(connection: Connection) -> str:
    """Return what <host> stands for."""
    if connection.host == "name":
        return connection.name
    return "localhost" if connection.host == "localhost" else bound_host(connection)


def code_for(connection: Connection, port: str) -> Code:
    """Return an empty Code for a server whose port is the expression ``port``."""
    is_80 = connection.host == "ipv4" and is_default(connection)
    return Code(host_text(connection), "80" if is_80 else port)


def constructed(code: Code, connection: Connection, factory: str, port: str) -> str:
    """Return the expression that makes the connection object; ``port`` is a number or a variable."""
    host = connection.name if connection.host == "name" else _HOSTS.get(connection.host, "127.0.0.1")
    return bracket(f"{factory}(", [*_address(connection, host, port), *_further(code, connection)], ")")


def _address(connection: Connection, host: str, port: str) -> list[str]:
    is_number = port.isdigit()
    if connection.port == "in-host":
        shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return [quote(f"{shown}:{port}") if is_number else "f" + quote(f"{shown}:{{{port}}}")]
    as_str = quote(port) if is_number else f"str({port})"
    given = {"int": [port], "str": [as_str], "default": [], "default-given": ["80"], "default-as-str": [quote("80")]}
    return [quote(host), *given[connection.port]]


def _further(code: Code, connection: Connection) -> Iterator[str]:
    for name, recipe in connection.arguments:
        yield f"{name}={code.argument(recipe, name)}"


def call(code: Code, request: Request, *function: str) -> str:
    """Return the call of a function, and of what it is given first, with the arguments of ``request``.

    What must stand before it is in the code's set-up.
    """
    by_position = {
        "usual": ("method", "url"),
        "keywords": (),
        "positional": tuple(name for name, _ in request.arguments),
    }[request.passed]
    values = {name: code.argument(recipe, name) for name, recipe in request.arguments}
    positional = [values.pop(name) for name in by_position if name in values]
    named = [f"{name}={value}" for name, value in values.items()]
    return bracket(f"{function[0]}(", [*function[1:], *positional, *named], ")")


def length(expect: Expect) -> int:
    """Return about how many bytes an expectation has."""
    return sum(len(line) + 2 for line in expect.head or ()) + body_length(expect.body)


def reply(name: str) -> tuple[bytes, bool]:
    """Return the bytes of a scripted reply, and whether the server closes after them."""
    from wireproof._candidates._servers import REPLIES  # heavy, and needed for sequences only

    return REPLIES[name]


def is_large(case: Case) -> bool:
    """Say whether more arrives than one wants to see."""
    return any(step.expect is not None and length(step.expect) > 4000 for step in case.steps)


def is_simple(case: Case) -> bool:
    """Say whether the case is one request on one connection."""
    return [step.action for step in case.steps if step.action != "close"] == ["request"]


def steps_of(case: Case, client: str | None) -> list[tuple[int, Step]]:
    """Return the steps of one client, or all (None), with their numbers from 0."""
    return [(number, step) for number, step in enumerate(case.steps) if client is None or step.on == client]


def resolve_lines(connection: Connection, port: str) -> list[str]:
    """Return the statements that lead the client's name, or its port 80, to the server at ``port``."""
    if not is_redirected(connection):
        return []
    target = port if is_default(connection) else "number"
    host = quote(bound_host(connection))
    return [
        "resolve = socket.getaddrinfo",
        f"socket.getaddrinfo = lambda name, number, *rest, **more: resolve({host}, {target}, *rest, **more)",
    ]
