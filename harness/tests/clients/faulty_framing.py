"""Clients with one fault each in how they frame a body, and in what encode_chunked means to them. See ``faulty``."""

# ruff: noqa: B006, D102 - {} is the default of request itself, and the docstring of a class says what its methods do

from __future__ import annotations

from typing import Any, ClassVar

from faithful import Call, Changed, Client, Hooked

# framing -------------------------------------------------------------------------------------------------------------


class NoZeroForPatch(Client):
    """Forgets Content-Length: 0 for PATCH."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        if body is None and method.upper() == "PATCH":
            return None
        return Client._get_content_length(body, method)


class ZeroForGet(Client):
    """Sends Content-Length: 0 with every method that has no body."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        return 0 if body is None else Client._get_content_length(body, method)


class ZeroInUpperCase(Client):
    """Compares the method as it is given, so that post gets no Content-Length: 0."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        if body is None and method not in ("PUT", "POST", "PATCH"):
            return None
        return Client._get_content_length(body, method)


class EmptyIsNone(Client):
    """Takes an empty str or bytes body for none."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        if isinstance(body, str | bytes) and not body and not hasattr(body, "read"):
            body = None
        super()._send_request(method, url, body, headers, encode_chunked)


class Unframed(Hooked):
    """Announces Transfer-Encoding: chunked and sends the body as it is."""

    def send_body(self, body: Any, chunked: Any) -> None:
        super().send_body(body, False)


class TextChunked(Hooked):
    """Chunk-encodes text, whose length is known."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        return None if isinstance(body, str) else Client._get_content_length(body, method)


class NeitherField(Hooked):
    """Sends a file without Content-Length and without Transfer-Encoding."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        if hasattr(body, "read") and not given & {"content-length", "transfer-encoding"}:
            return False
        return super().frame(method, body, given, flag)


class BothFields(Hooked):
    """Adds Content-Length and Transfer-Encoding to a list."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        if isinstance(body, list) and not given & {"content-length", "transfer-encoding"}:
            self.putheader("Content-Length", str(sum(map(len, body))))
        return super().frame(method, body, given, flag)


class LengthTwice(Hooked):
    """Adds a Content-Length to the caller's."""

    def given(self, headers: Any) -> frozenset[str]:
        return super().given(headers) - {"content-length"}


class LengthCorrected(Client):
    """Puts the right number in place of a wrong Content-Length of the caller's."""

    def putheader(self, header: Any, *values: Any) -> None:
        name = header.decode("latin-1") if isinstance(header, bytes) else header
        if isinstance(name, str) and name.lower() == "content-length" and self.length is not None:
            values = (str(self.length),)
        super().putheader(header, *values)

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        is_known = isinstance(body, str | bytes) and not hasattr(body, "read")
        self.length = len(body) if is_known else None
        super()._send_request(method, url, body, headers, encode_chunked)


class CodingDropped(Hooked):
    """Takes the caller's Transfer-Encoding away and frames the body itself."""

    def given(self, headers: Any) -> frozenset[str]:
        return super().given(headers) - {"transfer-encoding"}

    def putheader(self, header: Any, *values: Any) -> None:
        if isinstance(header, str) and header.lower() == "transfer-encoding" and self.is_framed:
            return
        self.is_framed |= isinstance(header, str) and header.lower() in ("transfer-encoding", "content-length")
        super().putheader(header, *values)

    def putrequest(self, *arguments: Any, **keywords: Any) -> None:
        self.is_framed = False
        super().putrequest(*arguments, **keywords)


class _CaseSensitive(Hooked):
    """Knows a header of the caller's only if it is written in the usual way."""

    watched: ClassVar[str]

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        is_usual = any(isinstance(name, str) and name == self.watched for name in headers)
        return found if is_usual else found - {self.watched.lower()}


class LengthCaseSensitive(_CaseSensitive):
    """Knows the caller's Content-Length only if it is written so."""

    watched = "Content-Length"


class CodingCaseSensitive(_CaseSensitive):
    """Knows the caller's Transfer-Encoding only if it is written so."""

    watched = "Transfer-Encoding"


class HostCaseSensitive(_CaseSensitive):
    """Knows the caller's Host only if it is written so."""

    watched = "Host"


class AcceptEncodingCaseSensitive(_CaseSensitive):
    """Knows the caller's Accept-Encoding only if it is written so."""

    watched = "Accept-Encoding"


class NoZeroForPut(Client):
    """Forgets Content-Length: 0 for PUT, for which it expects a body."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        return None if body is None and method == "PUT" else Client._get_content_length(body, method)


class NoZeroForPost(Client):
    """Forgets Content-Length: 0 for POST, for which it expects a body."""

    @staticmethod
    def _get_content_length(body: Any, method: Any) -> Any:
        return None if body is None and method == "POST" else Client._get_content_length(body, method)


class LengthWithSeparators(Hooked):
    """Writes a long Content-Length with separators, as for people."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        chunked = super().frame(method, body, given, flag)
        name, _, value = self._buffer[-1].partition(b": ")
        if name == b"Content-Length" and len(value) > 3:
            self._buffer[-1] = f"Content-Length: {int(value):,}".encode()
        return chunked


class CodingUnfinished(Hooked):
    """Writes the automatic Transfer-Encoding as a coding with a parameter, and forgets the parameter."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        chunked = super().frame(method, body, given, flag)
        if chunked and not given & {"content-length", "transfer-encoding"}:
            self._buffer[-1] += b";"
        return chunked


class CodingDroppedBesideLength(Changed):
    """Takes the caller's Transfer-Encoding away where a Content-Length is given, too."""

    def change(self, call: Call) -> None:
        if call.gives("content-length") and call.gives("transfer-encoding"):
            call.headers = {
                name: value for name, value in call.headers.items() if str(name).lower() != "transfer-encoding"
            }


class NoBodyEnded(Changed):
    """Sends the last chunk for encode_chunked also where there is no body."""

    def _send_output(self, message_body: Any = None, encode_chunked: Any = False) -> None:
        super()._send_output(message_body, encode_chunked)
        if message_body is None and encode_chunked and self.call.gives("transfer-encoding"):
            self.send(self.last_chunk())


# encode_chunked ------------------------------------------------------------------------------------------------------


class FlagIgnored(Client):
    """Ignores encode_chunked."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method, url, body, headers, False)


class FlagUnknown(Client):
    """Has no encode_chunked, as before Python 3.6."""

    def request(self, method: Any, url: Any, body: Any = None, headers: Any = {}) -> None:  # type: ignore[override]
        super().request(method, url, body, headers)


class FlagByPosition(Client):
    """Takes encode_chunked by position, too."""

    def request(
        self,
        method: Any,
        url: Any,
        body: Any = None,
        headers: Any = {},
        encode_chunked: Any = False,
    ) -> None:
        super().request(method, url, body, headers, encode_chunked=encode_chunked)


class FlagIsTrue(Client):
    """Asks whether encode_chunked is True, so that other true values do not count."""

    def _send_request(self, method: Any, url: Any, body: Any, headers: Any, encode_chunked: Any) -> None:
        super()._send_request(method, url, body, headers, encode_chunked is True)


class FlagByDefault(Client):
    """Chunk-encodes under the caller's Transfer-Encoding unless it is told not to."""

    def request(
        self,
        method: Any,
        url: Any,
        body: Any = None,
        headers: Any = {},
        *,
        encode_chunked: Any = True,
    ) -> None:
        super().request(method, url, body, headers, encode_chunked=encode_chunked)


class FlagAlone(Hooked):
    """Chunk-encodes for encode_chunked although there is no Transfer-Encoding."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        return super().frame(method, body, given, flag) or (flag and "content-length" not in given)


class FlagWithLength(Hooked):
    """Chunk-encodes for encode_chunked although the caller gave a Content-Length."""

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        return flag if "content-length" in given else super().frame(method, body, given, flag)


class CodingInspected(Hooked):
    """Chunk-encodes only if the value of the caller's Transfer-Encoding is chunked."""

    def given(self, headers: Any) -> frozenset[str]:
        found = super().given(headers)
        codings = [value for name, value in headers.items() if name.lower() == "transfer-encoding"]
        self.is_other = bool(codings) and codings[0] not in ("chunked", b"chunked")
        return found

    def frame(self, method: Any, body: Any, given: frozenset[str], flag: Any) -> Any:
        return super().frame(method, body, given, flag) and not self.is_other
