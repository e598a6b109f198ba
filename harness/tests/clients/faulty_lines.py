"""Clients with one fault each in their arguments, the request line and Host. See ``faulty``."""

# ruff: noqa: B006, D102 - {} is the default of request itself, and the docstring of a class says what its methods do

from __future__ import annotations

import posixpath
import re
from typing import Any
from urllib.parse import quote

from faithful import Call, Changed, Client, Hooked

# request line and Host -----------------------------------------------------------------------------------------------


class MethodUpperCased(Client):
    """Puts the method into upper case."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method.upper() if isinstance(method, str) else method, url, body, headers, encode_chunked)


class MethodInjectable(Client):
    """Accepts line breaks in the method."""

    def _validate_method(self, method: str) -> None:
        """Accept whatever can be formatted."""


class UrlQuoted(Client):
    """Percent-encodes the url."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(url, str) and url.isascii() and url.isprintable() and " " not in url:
            url = quote(url, safe="/:@?=&%#[]*,;+$!'()~")
        super()._send_request(method, url, body, headers, encode_chunked)


class SpaceQuoted(Client):
    """Percent-encodes spaces of the url instead of refusing them."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        url = url.replace(" ", "%20") if isinstance(url, str) else url
        super()._send_request(method, url, body, headers, encode_chunked)


class UrlNormalised(Client):
    """Resolves dots and doubled slashes of the url."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(url, str) and url.startswith("/") and "?" not in url and "#" not in url:
            url = posixpath.normpath(url) + ("/" if url.endswith("/") and url != "/" else "")
        super()._send_request(method, url, body, headers, encode_chunked)


class FragmentDropped(Client):
    """Takes the fragment of the url away."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(
            method, url.partition("#")[0] if isinstance(url, str) else url, body, headers, encode_chunked
        )


class UrlToPath(Client):
    """Cuts an absolute url down to its path."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        self.is_absolute = isinstance(url, str) and url.startswith(("http://", "https://"))
        super()._send_request(method, url, body, headers, encode_chunked)

    def _encode_request(self, request: str) -> bytes:
        line = super()._encode_request(request)
        return re.sub(rb" https?://[^/? ]*/?", b" /", line, count=1) if self.is_absolute else line


class UrlAsUtf8(Client):
    """Encodes the request line as UTF-8."""

    def _encode_request(self, request: str) -> bytes:
        return request.encode("utf-8")


class UrlInjectable(Client):
    """Accepts line breaks in the url."""

    def _validate_path(self, url: str) -> None:
        """Accept whatever can be formatted."""


class EmptyUrlKept(Client):
    """Sends an empty url as it is."""

    def _encode_request(self, request: str) -> bytes:
        line = super()._encode_request(request)
        return line.replace(b" / ", b"  ", 1) if self.is_empty else line

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        self.is_empty = isinstance(url, str) and not url
        super()._send_request(method, url, body, headers, encode_chunked)


class OldVersion(Client):
    """Says HTTP/1.0."""

    _http_vsn_str = "HTTP/1.0"


class HostWithoutPort(Client):
    """Leaves the port out of Host."""

    def putheader(self, header: Any, *values: Any) -> None:
        suffix = f":{self.port}"
        if header == "Host" and isinstance(values[0], str) and values[0].endswith(suffix):
            values = (values[0].removesuffix(suffix),)
        super().putheader(header, *values)


class HostWithDefaultPort(Hooked):
    """Shows port 80 in Host."""

    def putheader(self, header: Any, *values: Any) -> None:
        if header == "Host" and isinstance(values[0], bytes) and self.port == 80 and self.is_automatic:
            values = (values[0] + b":80",)
        super().putheader(header, *values)

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        self.is_automatic = isinstance(url, str) and not url.startswith("http")
        super()._send_request(method, url, body, headers, encode_chunked)

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        self.is_automatic = False
        return super().frame(method, body, given, flag)


class HostOfConnection(Hooked):
    """Sends the connection's host also for an absolute url."""

    def send_head(self, lines: list[bytes]) -> None:
        if re.match(rb"\S+ http", lines[0]) and lines[1].startswith(b"Host: ") and self.is_automatic:
            lines[1] = f"Host: {self.host}:{self.port}".encode()
        super().send_head(lines)

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        self.is_automatic = "host" not in found
        return found


class HostWithoutBrackets(Client):
    """Forgets the brackets around an IPv6 address in Host."""

    def putheader(self, header: Any, *values: Any) -> None:
        if header == "Host" and ":" in self.host and isinstance(values[0], str | bytes):
            value = values[0] if isinstance(values[0], bytes) else values[0].encode()
            values = (value.replace(b"[", b"").replace(b"]", b""),)
        super().putheader(header, *values)


class UrlOptional(Client):
    """Takes / where no url is given."""

    def request(self, method: Any, url: Any = "/", *arguments: Any, **keywords: Any) -> None:
        super().request(method, url, *arguments, **keywords)


class HeadersByNameOnly(Client):
    """Takes headers by name only."""

    def request(  # type: ignore[override]
        self, method: Any, url: Any, body: Any = None, *, headers: Any = {}, encode_chunked: Any = False
    ) -> None:
        super().request(method, url, body, headers, encode_chunked=encode_chunked)


class MethodAsLatin1(Client):
    """Encodes the method as ISO-8859-1."""

    def _encode_request(self, request: str) -> bytes:
        method, space, rest = request.partition(" ")
        return method.encode("latin-1") + (space + rest).encode("ascii")


class BytesMethodDecoded(Changed):
    """Accepts a method that is bytes."""

    def change(self, call: Call) -> None:
        if isinstance(call.method, bytes):
            call.method = call.method.decode("ascii")


class BytesUrlDecoded(Changed):
    """Accepts a url that is bytes."""

    def change(self, call: Call) -> None:
        if isinstance(call.url, bytes):
            call.url = call.url.decode("ascii")


class NoneUrlAsText(Changed):
    """Formats a url that is None."""

    def change(self, call: Call) -> None:
        if call.url is None:
            call.url = "None"


class AuthorityNotParsed(Changed):
    """Takes the authority of an absolute url as it is, without a look at its brackets."""

    def change(self, call: Call) -> None:
        url = call.url
        found = re.match("https?://([^/?#]+)", url) if isinstance(url, str) and url.isascii() else None
        self.authority = found[1] if found and ("[" in found[1]) != ("]" in found[1]) else ""

    def putrequest(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> None:
        if not self.authority:
            super().putrequest(method, url, *arguments, **keywords)
            return
        super().putrequest(method, "/", *arguments, **keywords)
        self._buffer[0] = self._encode_request(f"{method} {url} HTTP/1.1")
        if self._buffer[1].startswith(b"Host: "):
            self._buffer[1] = f"Host: {self.authority}".encode()


class HostOfAnyScheme(Hooked):
    """Takes Host from the authority of every url that has one."""

    authority = ""

    def putheader(self, header: Any, *values: Any) -> None:
        if header == "Host" and isinstance(values[0], str) and self.authority:
            values, self.authority = (self.authority,), ""
        super().putheader(header, *values)

    def putrequest(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> None:
        found = re.match("(?!http)[a-zA-Z]+://([^/?#]+)", url) if isinstance(url, str) else None
        self.authority = found[1] if found else ""
        super().putrequest(method, url, *arguments, **keywords)

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        self.authority = ""
        return super().frame(method, body, given, flag)


class PortFromStr(Client):
    """Makes a number of a port that is a str, so that '80' is left out of Host."""

    def __init__(self, host: Any, port: Any = None, *arguments: Any, **keywords: Any) -> None:
        super().__init__(host, int(port) if isinstance(port, str) else port, *arguments, **keywords)


class ZoneQuoted(Client):
    """Writes the zone of an IPv6 address into Host, as in a url."""

    def putheader(self, header: Any, *values: Any) -> None:
        if header == "Host" and "%" in self.host and isinstance(values[0], str | bytes):
            value = values[0] if isinstance(values[0], bytes) else values[0].encode()
            zone = self.host.partition("%")[2].encode()
            values = (re.sub(rb"(%[^]]*)?\]", rb"%25" + zone + rb"]", value),)
        super().putheader(header, *values)


class HostAsUtf8(Client):
    """Sends a host outside ASCII as UTF-8."""

    def putheader(self, header: Any, *values: Any) -> None:
        if header == "Host" and not self.host.isascii() and isinstance(values[0], str | bytes):
            value = values[0] if isinstance(values[0], bytes) else values[0].encode()
            values = (self.host.encode() + re.sub(rb"^[^:]*", b"", value),)
        super().putheader(header, *values)
