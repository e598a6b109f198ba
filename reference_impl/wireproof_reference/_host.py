"""Where to connect, and what ``Host`` says about it (RFC 9110 section 7.2)."""

import re
from urllib.parse import urlsplit

from wireproof_reference._errors import InvalidURL

DEFAULT_PORT = 80
_CONTROL_OR_SPACE = re.compile("[\x00-\x20\x7f]")


def split_host(host: str, port: int | str | None) -> tuple[str, int | str]:
    """Return the address to connect to, from the arguments of a connection.

    Args:
        host: A name or address, in brackets or not; with ``:port`` only if ``port`` is None.
        port: Kept as it is, unless it is None.

    Raises:
        InvalidURL: The port is no number, or the host holds control characters or spaces.
    """
    if port is None:
        host, port = _cut_port(host)
    if _CONTROL_OR_SPACE.search(host):
        raise InvalidURL(f"a host can't hold control characters or spaces: {host!r}")
    if host.startswith("[") and host.endswith("]"):  # host.ipv6-brackets: the socket wants none
        host = host[1:-1]
    return host, port


def _cut_port(host: str) -> tuple[str, int]:
    """Split ``host:port``; a colon inside brackets is part of the address, an empty port is the default."""
    name, colon, digits = host.rpartition(":")
    if not colon or "]" in digits:
        return host, DEFAULT_PORT
    try:
        return name, int(digits or DEFAULT_PORT)
    except ValueError:
        raise InvalidURL(f"a port must be a number, not {digits!r}: {host!r}") from None


def host_value(target: str, host: str, port: int | str) -> str:
    """Return the value of the automatic ``Host`` field (auto.host).

    Args:
        target: The request target, known to be ASCII without spaces.
        host: The host that the connection was made for, without brackets.
        port: The port that the connection was made for.

    Raises:
        ValueError: The authority of an absolute url has broken brackets (target.authority).
        AssertionError: The authority of an absolute url has a ``%`` outside brackets.
        UnicodeError: The host has no IDNA form.
    """
    if target.startswith("http"):  # host.absolute-url; host.other-scheme: all others
        authority = urlsplit(target).netloc
        if authority:
            return _without_zone(authority)  # verbatim otherwise, user and port included
    name = host if host.isascii() else host.encode("idna").decode("ascii")  # host.idna
    if ":" in name and not name.startswith("["):  # host.ipv6-brackets
        name = f"[{name}]"
    if ":" in name:
        name = _without_zone(name)
    return name if port == DEFAULT_PORT else f"{name}:{port!s}"  # host.default-port, host.port-str


def _without_zone(authority: str) -> str:
    """Cut the zone off an IPv6 address in brackets (host.ipv6-zone), and all that follows it."""
    address, percent, _ = authority.partition("%")
    if not percent:
        return authority
    if not address.startswith("["):
        raise AssertionError(f"only an IPv6 address in brackets may have a zone: {authority!r}")
    return address + "]"
