"""Clients with one fault each in the caller's headers and in those that they add. See ``faulty``."""

# ruff: noqa: D102 - the docstring of a class says what its methods do

from __future__ import annotations

import re
from typing import Any

from faithful import Client, Hooked

# headers -------------------------------------------------------------------------------------------------------------


class HeadersSorted(Client):
    """Sorts the headers."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(headers, dict):
            headers = dict(sorted(headers.items(), key=lambda item: repr(item[0]).lower()))
        super()._send_request(method, url, body, headers, encode_chunked)


class AcceptEncodingFirst(Hooked):
    """Sends Accept-Encoding before Host, an order that the contract leaves free."""

    def send_head(self, lines: list[bytes]) -> None:
        if lines[1].startswith(b"Host:") and lines[2].startswith(b"Accept-Encoding:"):
            lines[1:3] = [lines[2], lines[1]]
        super().send_head(lines)


class FramingLast(Hooked):
    """Sends the field that frames the body behind the caller's, an order that the contract leaves free."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        before = len(self._buffer)
        chunked = super().frame(method, body, given, flag)
        self.late, self._buffer[before:] = self._buffer[before:], []
        return chunked

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([*lines[:-2], *self.late, *lines[-2:]])


class ValuesStripped(Client):
    """Strips white space around the values of headers."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(value.strip(" \t") if isinstance(value, str) else value for value in values))


class NamesTitled(Client):
    """Writes the names of headers in title case."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header.title() if isinstance(header, str | bytes) else header, *values)


class NamesLowered(Client):
    """Writes the names of headers in lower case, as for HTTP/2."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header.lower() if isinstance(header, str | bytes) else header, *values)


class RepeatsLost(Client):
    """Makes a dict of the headers, so that of a repeated one only the last is left."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if hasattr(headers, "get_all"):
            headers = dict(headers.items())
        super()._send_request(method, url, body, headers, encode_chunked)


class RepeatsJoined(Hooked):
    """Joins repeated headers with commas."""

    def send_head(self, lines: list[bytes]) -> None:
        fields: dict[bytes, bytes] = {}
        for line in lines[1:-2]:
            name, _, value = line.partition(b": ")
            fields[name] = fields[name] + b", " + value if name in fields else value
        super().send_head([lines[0], *(name + b": " + value for name, value in fields.items()), *lines[-2:]])


class ValuesAsUtf8(Client):
    """Encodes the values of headers as UTF-8."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(value.encode() if isinstance(value, str) else value for value in values))


class ValuesAsAscii(Client):
    """Encodes the values of headers as ASCII."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(value.encode("ascii") if isinstance(value, str) else value for value in values))


class BytesAsRepr(Client):
    """Writes a value that is bytes in Python's notation."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(headers, dict):
            headers = {name: repr(value) if isinstance(value, bytes) else value for name, value in headers.items()}
        super()._send_request(method, url, body, headers, encode_chunked)


class IntInHexadecimal(Client):
    """Writes a value that is an int in hexadecimal."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(hex(value) if isinstance(value, int) else value for value in values))


class BoolAsNumber(Client):
    """Writes True and False as numbers."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(int(value) if isinstance(value, bool) else value for value in values))


class IntRefused(Client):
    """Refuses values that are int."""

    def putheader(self, header: Any, *values: Any) -> None:
        if any(isinstance(value, int) for value in values):
            raise TypeError("values are str or bytes")
        super().putheader(header, *values)


class EmptyValuesDropped(Client):
    """Leaves out headers without a value."""

    def putheader(self, header: Any, *values: Any) -> None:
        if values != ("",) and (not isinstance(values[0], bytes) or values[0]):
            super().putheader(header, *values)


class ValuesUnfolded(Client):
    """Makes one line of a folded value."""

    def putheader(self, header: Any, *values: Any) -> None:
        folds = (re.sub(r"\r?\n[ \t]+|\r[ \t]+", " ", value) if isinstance(value, str) else value for value in values)
        super().putheader(header, *folds)


class ValuesInjectable(Client):
    """Accepts line breaks in the values of headers."""

    def putheader(self, header: Any, *values: Any) -> None:
        value = values[0]
        if isinstance(value, str) and re.search(r"[\r\n](?![ \t])", value) and header.isascii():
            super().putheader(header, "")
            self._buffer[-1] += value.encode("latin-1")
        else:
            super().putheader(header, *values)


class NamesInjectable(Client):
    """Accepts line breaks and colons in the names of headers."""

    def putheader(self, header: Any, *values: Any) -> None:
        if isinstance(header, str) and re.search(r"[:\r\n]", header) and header.isascii():
            super().putheader("X", *values)
            self._buffer[-1] = header.encode("ascii") + self._buffer[-1][1:]
        else:
            super().putheader(header, *values)


class HeadersNoneAccepted(Client):
    """Takes None for no headers."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method, url, body, {} if headers is None else headers, encode_chunked)


class HeadersListAccepted(Client):
    """Takes a list of pairs for headers."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(
            method, url, body, dict(headers) if isinstance(headers, list) else headers, encode_chunked
        )


class HeadersLookedUp(Client):
    """Looks headers up by name, which not every mapping can."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        headers.get("Host")
        super()._send_request(method, url, body, headers, encode_chunked)


class HeadersMutated(Client):
    """Writes the Content-Length that it computes into the caller's dict."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method, url, body, headers, encode_chunked)
        if isinstance(headers, dict) and headers and isinstance(body, str):
            headers.setdefault("Content-Length", str(len(body)))


class UserAgentAdded(Hooked):
    """Adds User-Agent."""

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([*lines[:-2], b"User-Agent: faulty/1.0", *lines[-2:]])


class ConnectionAdded(Hooked):
    """Adds Connection: keep-alive."""

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([*lines[:-2], b"Connection: keep-alive", *lines[-2:]])


class ContentTypeAdded(Hooked):
    """Adds a Content-Type to text."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        chunked = super().frame(method, body, given, flag)
        if isinstance(body, str) and "content-type" not in given:
            self.putheader("Content-Type", "text/plain")
        return chunked


class ExpectAdded(Hooked):
    """Adds Expect: 100-continue to bodies of more than a kilobyte, as curl did."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        chunked = super().frame(method, body, given, flag)
        if isinstance(body, str | bytes) and len(body) > 1024:
            self.putheader("Expect", "100-continue")
        return chunked


class NoSpaceAfterColon(Hooked):
    """Leaves out the space behind the colon."""

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([lines[0], *(line.replace(b": ", b":", 1) for line in lines[1:])])


class HostGoneWithHeaders(Hooked):
    """Leaves Host to the caller as soon as there are headers."""

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        return found | {"host"} if found else found


class AcceptEncodingForgotten(Hooked):
    """Sends no Accept-Encoding of its own."""

    def given(self, headers: Any) -> frozenset[str]:
        return super().given(headers) | {"accept-encoding"}


class NamesAsLatin1(Client):
    """Encodes the names of headers as ISO-8859-1, too."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header.encode("latin-1") if isinstance(header, str) else header, *values)


class NamesAreTokens(Client):
    """Refuses names of headers that are no tokens."""

    def putheader(self, header: Any, *values: Any) -> None:
        if isinstance(header, str) and header.isascii() and re.search(r"[\0 ]", header):
            raise ValueError("no token")
        super().putheader(header, *values)


class NamesAsText(Client):
    """Makes text of names of headers that are something else."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(headers, dict):
            headers = {name if isinstance(name, str | bytes) else str(name): value for name, value in headers.items()}
        super()._send_request(method, url, body, headers, encode_chunked)


class ValuesAsText(Client):
    """Makes text of values that are something else."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(value if isinstance(value, str | bytes) else str(value) for value in values))


class BytesNamesKnown(Hooked):
    """Knows a header of the caller's also where its name is bytes."""

    def given(self, headers: Any) -> frozenset[str]:
        found: frozenset[Any] = super().given(headers)
        return found | {name.decode("latin-1") for name in found if isinstance(name, bytes)}


class IntAsBytes(Client):
    """Makes bytes(3) of the value 3, which are three NUL."""

    def putheader(self, header: Any, *values: Any) -> None:
        values = tuple(bytes(abs(value) % 9) if type(value) is int else value for value in values)
        super().putheader(header, *values)


class LongValuesFolded(Hooked):
    """Folds lines of more than 998 characters, as in mail."""

    def send_head(self, lines: list[bytes]) -> None:
        super().send_head([lines[0], *(self.folded(line) if len(line) > 998 else line for line in lines[1:])])

    def folded(self, line: bytes) -> bytes:
        return b"\r\n ".join(line[at : at + 998] for at in range(0, len(line), 998))
