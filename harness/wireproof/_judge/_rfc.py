"""Is this byte string exactly one valid HTTP/1.1 request message?

Rules of this file:

1. One rule, one row of `_RULES`: its clause id, the section, a sentence, and a small function that finds
   where a message breaks it. The table is the documentation; `CODES` is made of it.
2. A sender is judged, not a recipient: what a server must tolerate (a list in Content-Length, white space
   before a chunk extension) is still a violation.
3. Nothing here knows what the caller asked for.

Theory of operation: `_wire` parses leniently and says where it stumbled. The rules look at what it read. A head
that is not all there is judged by being incomplete only: a line that is cut off looks like many other faults.

Where no rule is broken, the server side of h11 is asked as well, as a parser that none of us wrote. It is the
weaker judge: it accepts lines that end in LF alone, obs-fold, control characters in values, any visible
characters as a target, any Host, `Content-Length: 5, 5` and equal repeats, Content-Length beside
Transfer-Encoding, white space behind a chunk-size, anything in a chunk extension, any version such as
HTTP/2.0, and bytes behind the message. What it refuses although it is valid stands in `_H11_EDGES`. The tests
pin both.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import h11

from wireproof._wire import Chunk, FieldLine, Line, Message, parse, split_list, visible

__all__ = ["CODES", "Violation", "violated", "violations"]


@dataclass(frozen=True, slots=True)
class Violation:
    """A clause of the RFCs that a message breaks, and a sentence: what is wrong from `start` to `end`."""

    code: str
    section: str
    text: str
    start: int
    end: int


_Found = tuple[int, int, str]  # start, end, a sentence about what is wrong there


@dataclass(frozen=True, slots=True)
class _Rule:
    code: str
    section: str
    sentence: str
    check: Callable[[Message], Iterator[_Found]]
    cut: bool = False  # about messages that stop too early: needs no whole head, but the end of the data


def violations(data: bytes, *, ended: bool = True) -> tuple[Violation, ...]:
    """Judge whether the bytes are exactly one valid HTTP/1.1 request message.

    Args:
        data: Everything that came.
        ended: Whether nothing more will come; if not, a message that stops too early is no violation.

    Returns:
        What is wrong, by offset. A fault that occurs many times is reported where it occurs first.
    """
    return violated(parse(data), ended=ended)


def violated(message: Message, *, ended: bool = True) -> tuple[Violation, ...]:
    """Judge the same of a message that was read already."""
    whole_head = message.head_end is not None
    found: dict[tuple[str, str], Violation] = {}
    for rule in _RULES:
        if ended if rule.cut else whole_head:
            for start, end, text in rule.check(message):
                found.setdefault((rule.code, text), Violation(rule.code, rule.section, text, start, end))
    if not found and message.complete:
        return tuple(Violation(_H11.code, _H11.section, text, *at) for *at, text in _H11.check(message))
    return tuple(sorted(found.values(), key=lambda violation: violation.start))


# Grammar: RFC 9110 sections 5 and 10, RFC 9112 sections 3 and 7, RFC 3986 sections 2 and 3

_OWS = rb"[ \t]*+"
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*+"'
_CODING = rb"%b(?:%b;%b%b=(?:%b|%b))*+" % (_TOKEN, _OWS, _OWS, _TOKEN, _TOKEN, _QUOTED)
_UNRESERVED_AND_SUB = rb"A-Za-z0-9._~!$&'()*+,;="
_REG_NAME = rb"(?:[%b-]|%%[0-9A-Fa-f]{2})" % _UNRESERVED_AND_SUB
_PATH = rb"(?:[%b:@/-]|%%[0-9A-Fa-f]{2})*+" % _UNRESERVED_AND_SUB
_QUERY = rb"(?:\?(?:[%b:@/?-]|%%[0-9A-Fa-f]{2})*+)?" % _UNRESERVED_AND_SUB
_AUTHORITY = rb"(?:[%b:@\[\]-]|%%[0-9A-Fa-f]{2})*+" % _UNRESERVED_AND_SUB

_IS_TOKEN = re.compile(_TOKEN)
_IS_CODING_LIST = re.compile(rb"(?:%b(?:%b,%b%b)*+)?" % (_CODING, _OWS, _OWS, _CODING))
_IS_CHUNK_EXTENSION = re.compile(rb"(?:;%b(?:=(?:%b|%b))?)*+" % (_TOKEN, _TOKEN, _QUOTED))
_IS_REG_NAME = re.compile(_REG_NAME + rb"*+")
_IS_IPV6_CHARACTERS = re.compile(rb"[0-9A-Fa-f:.]+")
_IS_IPV_FUTURE = re.compile(rb"[Vv][0-9A-Fa-f]+\.[%b:-]+" % _UNRESERVED_AND_SUB)
_HOST_AND_PORT = re.compile(rb"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?")
_HTTP_TARGET = re.compile(rb"(?i:https?)://([^/?]*)(%b)%b" % (_PATH, _QUERY))
_OTHER_TARGET = re.compile(rb"(?!(?i:https?):)[A-Za-z][A-Za-z0-9+.-]*:(?://%b)?%b%b" % (_AUTHORITY, _PATH, _QUERY))
_ORIGIN_TARGET = re.compile(rb"/%b%b" % (_PATH, _QUERY))
_NOT_IN_TARGET = re.compile(rb"[^%b:@/?%%\[\]-]" % _UNRESERVED_AND_SUB)
_NOT_IN_VALUE = re.compile(rb"[\x00-\x08\n-\x1f\x7f]")


def _is_host(host: bytes) -> bool:
    """Tell whether this is a uri-host, which may be empty (RFC 3986 section 3.2.2)."""
    if not (host.startswith(b"[") and host.endswith(b"]")):
        return _IS_REG_NAME.fullmatch(host) is not None
    literal = host[1:-1]
    if _IS_IPV_FUTURE.fullmatch(literal):
        return True
    return _IS_IPV6_CHARACTERS.fullmatch(literal) is not None and _is_ipv6(literal.decode("ascii"))


def _is_ipv6(address: str) -> bool:
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return True


def _host_and_port(text: bytes) -> tuple[bytes, bytes | None] | None:
    """Split `uri-host [ ":" port ]`; None if it is not of that form."""
    match = _HOST_AND_PORT.fullmatch(text)
    return (match[1], match[2]) if match and _is_host(match[1]) else None


# The request line, RFC 9112 section 3


def _line_of(message: Message) -> Line:
    assert message.request_line is not None, "a whole head has a request line"
    return message.request_line


def _request_line(message: Message) -> Iterator[_Found]:
    yield from _stumbled(message, "request-line.preceded")
    line = _line_of(message)
    start, end = line.start, line.start + len(line.text)
    if not _IS_TOKEN.fullmatch(message.method):
        yield start, start + len(message.method), f"The method {_quote(message.method)} is no token."
    if not message.target or message.target != message.target.strip(b" "):
        yield start, end, "The request line is not three parts with one space between them."
    if message.version != b"HTTP/1.1":
        yield end - len(message.version), end, f"The version is {_quote(message.version)} and not HTTP/1.1."


def _is_authority_form(target: bytes) -> bool:
    pair = _host_and_port(target)
    return pair is not None and bool(pair[0]) and bool(pair[1])


def _is_absolute_form(target: bytes) -> bool:
    """Tell whether this is an absolute URI; with http, it has a host and no userinfo (RFC 9110 section 4.2)."""
    match = _HTTP_TARGET.fullmatch(target)
    if match is None:
        return _OTHER_TARGET.fullmatch(target) is not None
    pair = _host_and_port(match[1])
    return pair is not None and bool(pair[0])


def _is_origin_form(target: bytes) -> bool:
    return _ORIGIN_TARGET.fullmatch(target) is not None


def _is_asterisk_form(target: bytes) -> bool:
    return target == b"*"


# The first form that fits counts: `localhost:80` would be a URI of the scheme "localhost" too.
_FORMS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("origin", _is_origin_form),
    ("asterisk", _is_asterisk_form),
    ("authority", _is_authority_form),
    ("absolute", _is_absolute_form),
)
_FORMS_OF_METHOD: Mapping[bytes, tuple[str, ...]] = {
    b"CONNECT": ("authority",),
    b"OPTIONS": ("origin", "absolute", "asterisk"),
}
_FORMS_OF_OTHER_METHODS = ("origin", "absolute")


def _target_form(message: Message) -> Iterator[_Found]:
    target = message.target.strip(b" ")
    if not target:
        return
    start = _line_of(message).start + len(message.method) + 1 + message.target.index(target)
    end = start + len(target)
    bad = _NOT_IN_TARGET.search(target)
    form = next((name for name, fits in _FORMS if fits(target)), None)
    if bad:
        yield start + bad.start(), start + bad.end(), f"The target holds {_quote(bad[0])}."
    elif form is None:
        yield (
            start,
            end,
            "The target is neither a path with an optional query nor an absolute URI, host:port or *.",
        )
    elif form not in _FORMS_OF_METHOD.get(message.method, _FORMS_OF_OTHER_METHODS):
        yield start, end, f"A target in {form}-form does not go with the method {_quote(message.method)}."


# Fields, RFC 9110 section 5 and RFC 9112 section 5


def _host_once(message: Message) -> Iterator[_Found]:
    hosts = _named(message, b"host")
    if not hosts:
        yield message.start, message.body_start, "There is no Host."
    for host in hosts[1:]:
        yield *_text_of(host), "There is more than one Host."


def _host_syntax(message: Message) -> Iterator[_Found]:
    for host in _named(message, b"host"):
        if _host_and_port(host.value) is None:
            yield *_text_of(host), f"Host is {_quote(host.value)}, not a host with an optional port."


def _field_name(message: Message) -> Iterator[_Found]:
    for field in _fields(message):
        if not field.colon:
            yield *_text_of(field), f"The field line {_quote(field.name)} has no colon."
        elif field.name != (name := field.name.rstrip(b" \t")) and _IS_TOKEN.fullmatch(name):
            yield *_text_of(field), f"White space stands between the field name {_quote(name)} and the colon."
        elif not _IS_TOKEN.fullmatch(field.name):
            yield *_text_of(field), f"The field name {_quote(field.name)} is no token."


def _field_value(message: Message) -> Iterator[_Found]:
    for field in _fields(message):
        if bad := _NOT_IN_VALUE.search(field.value):
            yield *_text_of(field), f"The value of the field {_quote(field.name)} holds {_quote(bad[0])}."


def _obs_fold(message: Message) -> Iterator[_Found]:
    for field in _fields(message):
        if field.folded:
            yield *_text_of(field), f"The field {_quote(field.name)} is folded over several lines."


def _line_ending(message: Message) -> Iterator[_Found]:
    return _stumbled(message, "line.bare-lf", "line.bare-cr")


def _trailer_field(message: Message) -> Iterator[_Found]:
    for field in message.trailers:
        if field.name.lower() in (b"content-length", b"transfer-encoding", b"host"):
            yield *_text_of(field), f"The field {_quote(field.name)} stands behind the body."


# Length and coding, RFC 9110 section 8.6 and RFC 9112 sections 6 and 7


def _length_syntax(message: Message) -> Iterator[_Found]:
    for field in _named(message, b"content-length"):
        if not field.value.isdigit():
            yield (
                *_text_of(field),
                f"Content-Length is {_quote(field.value)}, not a number in decimal digits.",
            )


def _length_repeated(message: Message) -> Iterator[_Found]:
    fields = _named(message, b"content-length")
    differ = ", and they differ" if len({field.value for field in fields}) > 1 else ""
    for field in fields[1:]:
        yield *_text_of(field), f"There is more than one Content-Length{differ}."


def _length_and_coding(message: Message) -> Iterator[_Found]:
    if _named(message, b"transfer-encoding"):
        for field in _named(message, b"content-length"):
            yield *_text_of(field), "Content-Length and Transfer-Encoding are both there."


def _coding_final(message: Message) -> Iterator[_Found]:
    fields = _named(message, b"transfer-encoding")
    codings = [coding.lower() for field in fields for coding in split_list(field.value)]
    if fields and codings[-1:] != [b"chunked"]:
        yield fields[0].start, fields[-1].end, "The final transfer coding is not chunked."
    if sum(coding.partition(b";")[0].strip() == b"chunked" for coding in codings) > 1:
        yield fields[0].start, fields[-1].end, "The transfer coding chunked is applied more than once."


def _coding_syntax(message: Message) -> Iterator[_Found]:
    for field in _named(message, b"transfer-encoding"):
        if not _IS_CODING_LIST.fullmatch(field.value):
            yield (
                *_text_of(field),
                f"Transfer-Encoding is {_quote(field.value)}, not a list of transfer codings.",
            )


# The body, RFC 9112 sections 6 to 8


def _chunk_syntax(message: Message) -> Iterator[_Found]:
    for chunk in _chunks(message):
        if chunk.size is not None and not _IS_CHUNK_EXTENSION.fullmatch(chunk.extension):
            start = chunk.start + len(chunk.size_text)
            text = f"Behind a chunk-size stands {_quote(chunk.extension)}, which is no chunk extension."
            yield start, start + len(chunk.extension), text
    yield from _stumbled(message, "chunk.size-not-hex", "chunk.line-ending", "chunk.data-end")


def _chunk_last(message: Message) -> Iterator[_Found]:
    return _stumbled(
        message,
        "chunk.no-last",
        "chunk.size-cut",
        "chunk.size-too-large",
        "chunk.data-short",
        "chunk.end-cut",
        "trailer.cut",
    )


def _content_short(message: Message) -> Iterator[_Found]:
    return _stumbled(message, "length.short", "length.too-large")


def _content_long(message: Message) -> Iterator[_Found]:
    if message.framing != "none":
        yield from _behind(message)


def _unframed_body(message: Message) -> Iterator[_Found]:
    if message.framing == "none":
        yield from _behind(message)


def _behind(message: Message) -> Iterator[_Found]:
    size = len(message.data) + message.unseen
    if message.end < size:
        count = size - message.end
        yield message.end, size, f"More bytes stand behind the end of the message: {count}."


def _head_incomplete(message: Message) -> Iterator[_Found]:
    if message.data:
        yield from _stumbled(message, "head.cut")


def _empty(message: Message) -> Iterator[_Found]:
    if not message.data:
        yield 0, 0, "Nothing came."


# h11


def _has_other_codings(message: Message) -> bool:
    return [value.lower() for value in message.values(b"transfer-encoding")] not in ([], [b"chunked"])


def _has_long_length(message: Message) -> bool:
    return any(len(value) > 20 for value in message.values(b"content-length"))


def _has_long_chunk_size(message: Message) -> bool:
    return any(len(chunk.size_text) > 20 for chunk in _chunks(message))


# What h11 refuses although it is valid: a message that is one of these is not put before it.
_H11_EDGES: tuple[tuple[str, Callable[[Message], bool]], ...] = (
    ("it knows no coding but chunked, and one Transfer-Encoding only", _has_other_codings),
    ("it reads a Content-Length of up to 20 digits, leading zeros included", _has_long_length),
    ("it reads a chunk-size of up to 20 digits, leading zeros included", _has_long_chunk_size),
)


def _h11(message: Message) -> Iterator[_Found]:
    if message.unseen or any(is_edge(message) for _, is_edge in _H11_EDGES):
        return
    refusal = _h11_refusal(message.data)
    if refusal is not None:
        yield message.start, message.end, f"h11 refuses the message: {refusal}."


def _h11_refusal(data: bytes) -> str | None:
    """Return why the server side of h11 does not read one whole request from the data, or None if it does."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=len(data) + 1)
    connection.receive_data(data)
    try:
        while isinstance(event := connection.next_event(), h11.Request | h11.Data):
            pass
    except h11.RemoteProtocolError as error:
        return str(error)
    return None if isinstance(event, h11.EndOfMessage) else "it waits for more"


# Helpers of the rules


def _stumbled(message: Message, *codes: str) -> Iterator[_Found]:
    """Yield the parser's own problems of these codes."""
    return ((found.start, found.end, found.text) for found in message.problems if found.code in codes)


def _fields(message: Message) -> Iterator[FieldLine]:
    """Yield the fields of head and trailers whose lines are not cut off."""
    for field in (*message.fields, *message.trailers):
        if field.start + len(field.raw) < field.end:
            yield field


def _named(message: Message, name: bytes) -> list[FieldLine]:
    return [field for field in message.fields if field.name.lower() == name]


def _chunks(message: Message) -> tuple[Chunk, ...]:
    return message.chunks if message.last is None else (*message.chunks, message.last)


def _text_of(field: FieldLine) -> tuple[int, int]:
    return field.start, field.start + len(field.raw)


def _quote(data: bytes) -> str:
    return f'"{visible(data, 40)}"'


# The table


_RULES: tuple[_Rule, ...] = (
    _Rule(
        "rfc.empty",
        "RFC 9112 section 2.1",
        "A request is not nothing.",
        _empty,
        cut=True,
    ),
    _Rule(
        "rfc.head-incomplete",
        "RFC 9112 section 2.1",
        "An empty line ends the head.",
        _head_incomplete,
        cut=True,
    ),
    _Rule(
        "rfc.request-line",
        "RFC 9112 section 3",
        "The message starts with its request line: a token as the method, the target and HTTP/1.1, with one "
        "space between them.",
        _request_line,
    ),
    _Rule(
        "rfc.target-form",
        "RFC 9112 section 3.2",
        "The target is a path with an optional query or an absolute URI, without spaces, control or "
        "non-ASCII bytes; host:port goes with CONNECT only, * with OPTIONS only.",
        _target_form,
    ),
    _Rule(
        "rfc.line-ending",
        "RFC 9112 section 2.2",
        "CRLF ends every line of the head and of the trailers, and neither CR nor LF stands alone there.",
        _line_ending,
    ),
    _Rule(
        "rfc.field-name",
        "RFC 9112 section 5.1",
        "A field name is a token, and the colon follows it without white space.",
        _field_name,
    ),
    _Rule(
        "rfc.field-value",
        "RFC 9110 section 5.5",
        "A field value holds no CR, LF, NUL or other control characters except tabs.",
        _field_value,
    ),
    _Rule(
        "rfc.obs-fold",
        "RFC 9112 section 5.2",
        "No field is folded over several lines.",
        _obs_fold,
    ),
    _Rule(
        "rfc.trailer-field",
        "RFC 9110 section 6.5.1",
        "Content-Length, Transfer-Encoding and Host do not stand in the trailers.",
        _trailer_field,
    ),
    _Rule(
        "rfc.host-once",
        "RFC 9112 section 3.2",
        "There is exactly one Host.",
        _host_once,
    ),
    _Rule(
        "rfc.host-syntax",
        "RFC 9110 section 7.2",
        "Host is a host, which may be empty, with an optional port.",
        _host_syntax,
    ),
    _Rule(
        "rfc.length-syntax",
        "RFC 9110 section 8.6",
        "Content-Length is a number in decimal digits, not a list.",
        _length_syntax,
    ),
    _Rule(
        "rfc.length-repeated",
        "RFC 9110 section 5.3",
        "There is at most one Content-Length.",
        _length_repeated,
    ),
    _Rule(
        "rfc.length-and-coding",
        "RFC 9112 section 6.2",
        "A message with Transfer-Encoding has no Content-Length.",
        _length_and_coding,
    ),
    _Rule(
        "rfc.coding-final",
        "RFC 9112 section 6.1",
        "If there is a Transfer-Encoding, its final coding is chunked, applied once.",
        _coding_final,
    ),
    _Rule(
        "rfc.coding-syntax",
        "RFC 9112 section 7",
        "Transfer-Encoding is a list of transfer codings without empty elements.",
        _coding_syntax,
    ),
    _Rule(
        "rfc.chunk-syntax",
        "RFC 9112 section 7.1",
        "A chunk is its size in hexadecimal digits, extensions, CRLF, as many bytes as the size says, CRLF.",
        _chunk_syntax,
    ),
    _Rule(
        "rfc.chunk-last",
        "RFC 9112 section 7.1",
        "A chunked body ends in a last chunk and an empty line.",
        _chunk_last,
        cut=True,
    ),
    _Rule(
        "rfc.content-short",
        "RFC 9112 section 8",
        "The content has no fewer bytes than Content-Length says.",
        _content_short,
        cut=True,
    ),
    _Rule(
        "rfc.content-long",
        "RFC 9112 section 6.3",
        "No bytes follow the end of the message that its framing gives.",
        _content_long,
    ),
    _Rule(
        "rfc.unframed-body",
        "RFC 9112 section 6",
        "No body follows a head that has neither Content-Length nor Transfer-Encoding.",
        _unframed_body,
    ),
)
_H11 = _Rule("rfc.h11", "RFC 9112 section 2.2", "An independent parser, h11, reads the message as a server.", _h11)

CODES: Mapping[str, str] = MappingProxyType(
    {rule.code: f"{rule.sentence} ({rule.section})" for rule in (*_RULES, _H11)}
)
