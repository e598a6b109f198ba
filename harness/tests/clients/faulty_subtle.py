"""Clients whose one fault shows in one combination of arguments only. See ``faulty``."""

# ruff: noqa: D102 - the docstring of a class says what its methods do

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from faithful import Call, Changed, Client, Hooked

# three conditions at once --------------------------------------------------------------------------------------------


class PatchStreamLowerLength(Hooked):
    """Loses the caller's length for PATCH with an iterator when the name is in lower case."""

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        return found - {"content-length"} if "content-length" in (*headers,) and self.is_patched else found

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        self.is_patched = method == "PATCH" and isinstance(body, Iterator)
        super()._send_request(method, url, body, headers, encode_chunked)


class DeleteTextLengthInBytes(Hooked):
    """Adds a Content-Length for DELETE with a str body when the caller's is given as bytes."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        if self.is_in_bytes and method == "DELETE" and isinstance(body, str):
            given -= {"content-length"}
        return super().frame(method, body, given, flag)

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        values = headers.items() if isinstance(headers, dict) else ()
        self.is_in_bytes = any(isinstance(value, bytes) for _, value in values)
        super()._send_request(method, url, body, headers, encode_chunked)


class GetTextFileWithCoding(Hooked):
    """Forgets the last chunk for a text file under the caller's lower-case transfer-encoding."""

    def send_body(self, body: Any, chunked: Any) -> None:
        self.is_hit = isinstance(body, io.TextIOBase) and self.is_lower
        super().send_body(body, chunked)

    def last_chunk(self) -> bytes:
        return b"" if self.is_hit else super().last_chunk()

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        self.is_lower = any(isinstance(name, str) and name == "transfer-encoding" for name in headers)
        return found


# arguments -----------------------------------------------------------------------------------------------------------


class HeadNotChunked(Changed):
    """Does not chunk-encode for encode_chunked with HEAD."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        return super().frame(method, body, given, flag and (method != "HEAD" or "transfer-encoding" not in given))


class OptionsIteratorJoined(Changed):
    """Sends an iterator with its length for OPTIONS, whose body is short."""

    def change(self, call: Call) -> None:
        is_free = not call.gives("content-length") and not call.gives("transfer-encoding")
        if call.method == "OPTIONS" and isinstance(call.body, Iterator) and not hasattr(call.body, "read") and is_free:
            call.body = b"".join(call.body)


class ZeroForUnknown(Client):
    """Sends Content-Length: 0 with a method that it does not know."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        if body is None and method.upper() not in ("GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"):
            return 0
        return Client._get_content_length(body, method)


class PatchByItsName(Client):
    """Knows PUT and POST in any case, and PATCH in upper case only."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        if body is None and method != "PATCH" and method.upper() == "PATCH":
            return None
        return Client._get_content_length(body, method)


class EmptyTextNotEnded(Changed):
    """Forgets the last chunk of an empty str or bytes body under encode_chunked."""

    def last_chunk(self) -> bytes:
        is_empty = isinstance(self.call.body, str | bytes) and not self.call.body
        return b"" if is_empty and self.call.gives("transfer-encoding") else super().last_chunk()


class FlagNoneIsTrue(Changed):
    """Takes an encode_chunked of None for one that nobody gave, and decides itself."""

    def change(self, call: Call) -> None:
        call.flag = True if call.flag is None else call.flag


class FlagEqualsTrue(Changed):
    """Asks whether encode_chunked equals True, so that 1 counts and 2 does not."""

    def change(self, call: Call) -> None:
        call.flag = call.flag == True  # noqa: E712 - that is the fault


class FlagInWords(Changed):
    """Takes an encode_chunked of "no" or "0" for false, as in a configuration."""

    def change(self, call: Call) -> None:
        call.flag = call.flag not in ("no", "0", "false", "False") and call.flag


class PutWithFlagRewound(Changed):
    """Rewinds a file before it chunk-encodes it for PUT, to be able to send it again."""

    def change(self, call: Call) -> None:
        if call.method == "PUT" and call.flag and call.gives("transfer-encoding") and hasattr(call.body, "seek"):
            with suppress(OSError):
                call.body.seek(0)


class LowerCodingTwice(Hooked):
    """Does not know the caller's Transfer-Encoding in lower case alone."""

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        return found - {"transfer-encoding"} if "transfer-encoding" in (*headers,) else found


class NamesStrippedFirst(Hooked):
    """Strips the names of headers before it compares them."""

    def given(self, headers: Any) -> frozenset[str]:
        return frozenset(name.lower().strip() for name in headers)


class TeIsCoding(Hooked):
    """Takes TE for Transfer-Encoding."""

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        return found | {"transfer-encoding"} if "te" in found else found


class LengthTidied(Client):
    """Tidies the caller's Content-Length up: blanks and a plus sign go."""

    def putheader(self, header: Any, *values: Any) -> None:
        if isinstance(header, str) and header.lower() == "content-length" and isinstance(values[0], str):
            values = (values[0].strip().lstrip("+"),)
        super().putheader(header, *values)


class TabsStripped(Client):
    """Strips tabs around the values of headers."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(value.strip("\t") if isinstance(value, str) else value for value in values))


class UnicodeStripped(Client):
    """Strips around values what is white space to Unicode, and leaves spaces and tabs alone."""

    def putheader(self, header: Any, *values: Any) -> None:
        super().putheader(header, *(self.stripped(value) if isinstance(value, str) else value for value in values))

    def stripped(self, value: str) -> str:
        return value.strip("\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0")


class CodingValueLowered(Client):
    """Puts the value of the caller's Transfer-Encoding into lower case."""

    def putheader(self, header: Any, *values: Any) -> None:
        if isinstance(header, str) and header.lower() == "transfer-encoding" and isinstance(values[0], str):
            values = (values[0].lower(),)
        super().putheader(header, *values)


class HopByHopDropped(Changed):
    """Drops the fields that are for one connection alone, as a proxy does."""

    def change(self, call: Call) -> None:
        names = ("keep-alive", "proxy-connection", "proxy-authorization", "trailer", "upgrade")
        if type(call.headers) is dict:
            call.headers = {name: value for name, value in call.headers.items() if str(name).lower() not in names}


class ExpectHonoured(Changed):
    """Holds the body back for a 100 where the caller sends Expect."""

    def send_body(self, body: Any, chunked: Any) -> None:
        if not self.call.gives("expect"):
            super().send_body(body, chunked)


class CharsetHonoured(Changed):
    """Encodes text as the charset of Content-Type says."""

    def change(self, call: Call) -> None:
        kind = call.headers.get("Content-Type", "") if isinstance(call.headers, dict) else ""
        found = re.search("charset=([-a-zA-Z0-9]+)", kind) if isinstance(kind, str) else None
        if found and isinstance(call.body, str):
            call.body = call.body.encode(found[1])


class CredentialsKept(Changed):
    """Keeps Authorization back where the url names another host."""

    def change(self, call: Call) -> None:
        if isinstance(call.url, str) and call.url.startswith("http://") and type(call.headers) is dict:
            call.headers = {name: value for name, value in call.headers.items() if name != "Authorization"}


class QueryWithoutFragment(Changed):
    """Takes the fragment away where there is a query, too."""

    def change(self, call: Call) -> None:
        if isinstance(call.url, str) and re.match(r"[^#]*\?[^#]*#", call.url):
            call.url = call.url.partition("#")[0]


class SlashesCut(Changed):
    """Cuts slashes at the beginning of a url down to one."""

    def change(self, call: Call) -> None:
        if isinstance(call.url, str) and call.url.startswith("//"):
            call.url = "/" + call.url.lstrip("/")


class AbsoluteUrlEnded(Changed):
    """Puts a slash behind an absolute url without a path."""

    def change(self, call: Call) -> None:
        if isinstance(call.url, str) and re.fullmatch("https?://[^/?#]+", call.url):
            call.url += "/"


class BodyPadded(Changed):
    """Pads bytes up to the caller's Content-Length, so that the server does not wait."""

    def send_body(self, body: Any, chunked: Any) -> None:
        super().send_body(body, chunked)
        length = self.call.headers.get("Content-Length") if isinstance(self.call.headers, dict) else None
        if isinstance(body, bytes) and isinstance(length, str) and length.isdecimal() and len(length) < 4:
            self.send(bytes(max(0, int(length) - len(body))))


class EofErrorEnds(Hooked):
    """Takes an EOFError of read() for the end of the file."""

    def _read_readable(self, readable: Any) -> Iterator[Any]:
        with suppress(EOFError):
            yield from super()._read_readable(readable)


class FileClosedOnError(Hooked):
    """Closes a text file that cannot be sent."""

    def encode_block(self, readable: Any, block: str) -> bytes:
        try:
            return super().encode_block(readable, block)
        except UnicodeEncodeError:
            readable.close()
            raise


class HeadersClearedOnError(Client):
    """Empties the caller's dict when one of its values is refused."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        try:
            super()._send_request(method, url, body, headers, encode_chunked)
        except ValueError:
            if type(headers) is dict and headers:
                headers.clear()
            raise


class HostTakenOut(Client):
    """Takes the caller's Host out of its dict once it has been sent."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method, url, body, headers, encode_chunked)
        if type(headers) is dict:
            headers.pop("Host", None)
