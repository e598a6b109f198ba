"""The contract layer: one small predicate for each documented clause.

A predicate looks only at the recipe and at the parsed capture. It says to which calls it applies, and, of a capture
that breaks its clause, in one sentence how. What the documentation leaves free is free here: chunk boundaries, the
case of names and of hexadecimal digits, leading zeros, the order of fields, automatic fields, block sizes, and
everything about arguments that the documentation does not speak of.

Where an error is expected, any exception will do, with any prefix of what could have gone out; and a client may refuse
what no recipient should be made to read: control characters, folded lines, names that are no tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from wireproof._judge._meaning import Meaning
from wireproof._judge._sight import Sight
from wireproof._model import Sent
from wireproof._wire import visible

_EXPECT_BODY = ("PUT", "POST", "PATCH")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(rb"[^:\s\x00](?:[^:\r\n\x00]*[^:\s\x00])?")
_BREAK = re.compile(rb"\r(?!\n[ \t])|(?<!\r)\n|\n(?![ \t])")
_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")
_BUFFER_FILES = ("mmap", "bytes-with-read", "array-with-read")


@dataclass(frozen=True, slots=True)
class Breach:
    """A documented clause that a capture breaks, and how."""

    clause: str
    text: str


@dataclass(frozen=True, slots=True)
class _Predicate:
    clause: str
    applies: Callable[[Sight], bool]
    breach: Callable[[Sight], str | None]
    partial: bool = False


def breaches(sight: Sight, predicates: Sequence[_Predicate] | None = None) -> tuple[Breach, ...]:
    """Return every documented clause that was broken, in the order of the contract (of these predicates: all)."""
    predicates = PREDICATES if predicates is None else predicates
    if sight.raised is not None:
        if sight.after_leniency and not sight.data:
            return ()  # a request is under way that the caller did not count on
        if sight.expect.raises is None and not refusable(sight):
            return (_refusal(sight),)
        if sight.expect.head is None or sight.message.head_end is None:
            return ()
        return tuple(_broken(sight, [predicate for predicate in predicates if predicate.partial]))
    if sight.expect.raises is not None and _is_fifth_positional(sight):
        return (Breach("flag.keyword-only", "encode_chunked was accepted by position."),)
    if not sight.data:
        return (Breach("request.sent", "The call returned, and no request was sent."),)
    if sight.connections > 1:
        return (Breach("request.sent", f"The request was sent {sight.connections} times, on as many connections."),)
    if sight.message.head_end is None:
        return (Breach("request.sent", "The head was never ended by an empty line."),)
    return tuple(_broken(sight, predicates))


def _broken(sight: Sight, predicates: Sequence[_Predicate]) -> Iterator[Breach]:
    for predicate in predicates:
        if predicate.applies(sight):
            text = predicate.breach(sight)
            if text is not None:
                yield Breach(predicate.clause, text)


def applicable(sight: Sight) -> tuple[str, ...]:
    """Return the documented clauses that speak of this call."""
    accepted = [_ACCEPTED[sight.meaning.role]] if sight.meaning.role in _ACCEPTED else []
    return ("request.sent", *accepted, *(each.clause for each in PREDICATES if each.applies(sight)))


def refusable(sight: Sight) -> bool:
    """Say whether a client may refuse the call although CPython does not: decisions on obs-fold and the like."""
    if any(_CONTROL.search(text.encode("utf-8", "surrogatepass")) for text in (sight.method or "", sight.url or "")):
        return True
    if sight.method is not None and not _TOKEN.fullmatch(sight.method.encode("utf-8", "surrogatepass")):
        return True
    return sight.given is not None and any(
        (name is not None and not _TOKEN.fullmatch(name)) or (value is not None and _CONTROL.search(value))
        for name, value in sight.given
    )


# refusals -------------------------------------------------------------------------------------------------------

_ACCEPTED = {
    "text": "body.str.accepted",  # [3]
    "buffer": "body.buffer.accepted",  # [3]
    "file": "body.file.accepted",  # [3]
    "text-file": "body.file.accepted",  # [3]
    "iterable": "body.iterable.accepted",  # [3]
}


def _refusal(sight: Sight) -> Breach:
    raised = sight.raised
    assert raised is not None
    what = f"{raised.classes[0]} in phase {raised.phase}"
    flagged = sight.request.get("encode_chunked") is not None
    if raised.phase == "request" and "TypeError" in raised.classes and flagged and "encode_chunked" in raised.message:
        return Breach("flag.keyword-only", f"encode_chunked is not accepted: {what}.")
    if raised.phase == "request" and "TypeError" in raised.classes and sight.request.passed != "usual":
        return Breach("call.signature", f"The arguments passed {sight.request.passed} are not accepted: {what}.")
    role = sight.meaning.role
    body = sight.request.get("body")
    if raised.phase == "request" and body is not None and role in _ACCEPTED:
        if body.kind == "reader":
            return Breach("body.file.read-only", f"A file with nothing but read() is not accepted: {what}.")
        return Breach(_ACCEPTED[role], f"A body of the kind {body.kind} is not accepted: {what}.")
    headers = sight.request.get("headers")
    if raised.phase == "request" and headers is not None and headers.kind != "dict":
        return Breach("headers.accepted", f"A mapping of the kind {headers.kind} is not accepted: {what}.")
    return Breach("request.sent", f"The request is not sent: {what}.")


def _is_fifth_positional(sight: Sight) -> bool:
    return sight.request.passed == "positional" and sight.request.get("encode_chunked") is not None


# facts ----------------------------------------------------------------------------------------------------------


def _odd(sight: Sight) -> bool:
    """Headers of which the documentation does not say what they mean: no mapping, or names that are no text."""
    return sight.given is None or any(
        name is None or (name.lower() in _FRAMING and not sight.gives(name.lower())) for name, _ in sight.given
    )


_FRAMING = (b"content-length", b"transfer-encoding")


def _free(sight: Sight) -> bool:
    """Neither Content-Length nor Transfer-Encoding is given: the framing is the client's business [10]."""
    return not (_odd(sight) or sight.gives(b"content-length") or sight.gives(b"transfer-encoding"))


def _length_given(sight: Sight) -> bool:
    return not _odd(sight) and sight.gives(b"content-length") and not sight.gives(b"transfer-encoding")


def _coding_given(sight: Sight) -> bool:
    return not _odd(sight) and sight.gives(b"transfer-encoding") and not sight.gives(b"content-length")


def _coded(sight: Sight) -> bool:
    return not _odd(sight) and sight.gives(b"transfer-encoding")


def _spoken_of(sight: Sight) -> bool:
    return sight.meaning.role == "none" or _has_body(sight)


def _framed(sight: Sight) -> bool:
    return sight.meaning.role in ("text", "buffer") and not sight.meaning.fails


def _streamed(sight: Sight) -> bool:
    return sight.meaning.role in ("file", "text-file", "iterable")


def _has_body(sight: Sight) -> bool:
    return _framed(sight) or _streamed(sight)


def _lengths(sight: Sight) -> tuple[bytes, ...]:
    return sight.message.values(b"content-length")


def _codings(sight: Sight) -> tuple[bytes, ...]:
    return sight.message.values(b"transfer-encoding")


def _number(value: bytes) -> int | None:
    return int(value) if value.isdigit() else None


def _is_whole(sight: Sight, sent: Sent) -> bool:
    return sent.same == sent.length == sight.meaning.length


def _is_chunk_encoded(sight: Sight) -> bool:
    """Say whether the tail is a chunk-encoding of the body, and not the body itself."""
    return sight.chunks.complete and _is_whole(sight, sight.decoded) and not _is_whole(sight, sight.sent)


def _expects_chunks(sight: Sight) -> bool:
    """Say whether the body has to be chunk-encoded: [13], or [16]."""
    if _free(sight):
        return _streamed(sight)
    return _coding_given(sight) and sight.flag is True and _has_body(sight)


def _given_values(sight: Sight, name: bytes) -> tuple[bytes | None, ...]:
    return tuple(
        _unfold(value) if value is not None else None
        for key, value in sight.given or ()
        if key is not None and key.lower() == name
    )


# request line and fields ----------------------------------------------------------------------------------------


def _request_method(sight: Sight) -> str | None:
    wanted = f"{sight.method} ".encode()
    if sight.data.startswith(wanted):
        return None
    return f"The method is {visible(sight.message.method, 40)}, asked for was {visible(wanted[:-1], 40)}."


def _request_target(sight: Sight) -> str | None:
    wanted, method = f"{sight.url} ".encode(), f"{sight.method or ''} ".encode()
    start = len(method) if sight.data.startswith(method) else sight.data.find(b" ") + 1
    if sight.data.startswith(wanted, start):
        return None
    return f"The request-target is {visible(sight.message.target, 60)}, asked for was {visible(wanted[:-1], 60)}."


def _is_ascii(text: str | None) -> bool:
    return text is not None and text.isascii()


def _is_readable(sight: Sight) -> bool:
    """Say whether fields with these names and values can be found again in what was sent."""
    return bool(sight.given) and not any(
        (name is not None and not _NAME.fullmatch(name)) or (value is not None and _BREAK.search(value))
        for name, value in sight.given or ()
    )


def _unfold(value: bytes) -> bytes:
    return _FOLD.sub(b" ", value).strip(b" \t")


def _headers_sent(sight: Sight) -> str | None:
    sent = [(field.name.lower(), _unfold(field.value)) for field in sight.message.fields]
    wanted = [(name.lower(), _unfold(value)) for name, value in sight.given or () if name and value is not None]
    for name, value in wanted:
        count = sent.count((name, value))
        shown = f"{visible(name, 40)}: {visible(value, 40)}"
        if not count:
            return f"The field {shown} of headers was not sent."
        if count != wanted.count((name, value)):
            return (
                f"The field {shown} of headers was sent {count} times, and given {wanted.count((name, value))} times."
            )
    return None


def _headers_extra(sight: Sight) -> str | None:
    if sight.message.values(b"host"):
        return None
    return "With headers given, the automatic Host is gone: they are sent in its place, not in addition."


# framing --------------------------------------------------------------------------------------------------------


def _framing_automatic(sight: Sight) -> str | None:
    if _lengths(sight) or _codings(sight):
        return None
    return "There is a body, and neither Content-Length nor Transfer-Encoding was added."


def _framing_one_only(sight: Sight) -> str | None:
    lengths, codings = len(_lengths(sight)), len(_codings(sight))
    if lengths + codings <= 1:
        return None
    return f"Content-Length is there {lengths} times and Transfer-Encoding {codings} times; only one field is added."


def _as_given(sight: Sight, name: bytes, other: bytes) -> str | None:
    label = {b"content-length": "Content-Length", b"transfer-encoding": "Transfer-Encoding"}
    sent, given = sight.message.values(name), _given_values(sight, name)
    if sight.message.values(other):
        return f"{label[other]} was added although the caller gave {label[name]}."
    if len(sent) != len(given):
        return f"{label[name]} is sent {len(sent)} times; the caller gave it {len(given)} times."
    if any(have != want for have, want in zip(sent, given, strict=True) if want is not None):
        return f"{label[name]} is {visible(b', '.join(sent), 60)}; the caller gave another value."
    return None


def _caller_length(sight: Sight) -> str | None:
    wrong = _as_given(sight, b"content-length", b"transfer-encoding")
    if wrong is None and _has_body(sight) and _is_chunk_encoded(sight):
        return "The body is chunk-encoded although the caller gave Content-Length."
    return wrong


def _caller_coding(sight: Sight) -> str | None:
    return _as_given(sight, b"transfer-encoding", b"content-length")


def _zero(method: str) -> _Predicate:
    def breach(sight: Sight) -> str | None:
        if [_number(value) for value in _lengths(sight)] == [0]:
            return None
        return f"{method} without a body has no Content-Length: 0."

    return _Predicate(
        f"length.zero-{method.lower()}",
        lambda sight: _free(sight) and sight.meaning.role == "none" and sight.method == method,
        breach,
    )


def _zero_only(sight: Sight) -> str | None:
    found = [*_lengths(sight), *_codings(sight)]
    if not found:
        return None
    return f"{visible(sight.message.method, 40)} without a body got a framing field ({visible(found[0], 40)})."


def _length_right(sight: Sight) -> str | None:
    found = [_number(value) for value in _lengths(sight)]
    if len(found) == 1 and found[0] in (sight.meaning.length, sight.tail_length):
        return None
    sent = visible(b", ".join(_lengths(sight)), 40) or "missing"
    length, items = sight.meaning.length, sight.meaning.items
    if items is not None and found == [items]:
        return f"Content-Length is {sent}, the number of items; the body has {length} bytes."
    return f"Content-Length is {sent}; the body has {length} bytes."


def _length_there(sight: Sight) -> str | None:
    if _lengths(sight):
        return None
    return f"A body whose length is known got no Content-Length with {visible(sight.message.method, 40)}."


def _no_length(sight: Sight) -> str | None:
    if not _lengths(sight):
        return None
    return f"A file object got Content-Length: {visible(_lengths(sight)[0], 40)}."


def _is_coded(sight: Sight) -> bool:
    return bool(_codings(sight)) and _codings(sight)[-1].split(b",")[-1].strip().lower() == b"chunked"


def _chunk_encoded(sight: Sight) -> str | None:
    if _is_coded(sight) and not (_is_whole(sight, sight.sent) and sight.tail):
        return None
    return "The body is not chunk-encoded."


def _chunked_field(sight: Sight) -> str | None:
    if [value.lower() for value in _codings(sight)] == [b"chunked"] and not _lengths(sight):
        return None
    return "Transfer-Encoding: chunked is not the one framing field."


def _chunked_body(sight: Sight) -> str | None:
    body = sight.chunks
    if body.complete and not body.problems and body.end == sight.tail_length:
        return None
    if sight.meaning.fails or sight.meaning.endless is not None or sight.raised is not None:
        return None
    if body.problems:
        return f"The body is no valid chunk-encoding: {body.problems[0].text}"
    return "Bytes follow the last chunk."


def _chunked_empty(sight: Sight) -> str | None:
    if _is_coded(sight) and sight.chunks.complete and not sight.decoded.length:
        return None
    return "An empty body is not sent as the last chunk alone."


def _flag_given(sight: Sight) -> bool:
    return sight.request.get("encode_chunked") is not None


def _flag_ignored(sight: Sight) -> str | None:
    if _streamed(sight) and _free(sight):
        return None if _is_coded(sight) else "encode_chunked kept the body from being chunk-encoded."
    if _codings(sight) or _is_chunk_encoded(sight):
        return "encode_chunked made the body chunk-encoded although headers has no Transfer-Encoding."
    return None


def _flag_false(sight: Sight) -> str | None:
    if _is_chunk_encoded(sight):
        return "The body is chunk-encoded although encode_chunked is false."
    return None


def _flag_true(sight: Sight) -> str | None:
    is_raw = bool(sight.tail) and _is_whole(sight, sight.sent)
    if (sight.chunks.complete and not is_raw) or sight.meaning.fails or sight.raised is not None:
        return None
    if sight.gives(b"content-length") and is_raw:
        return None  # with both fields given the text can be read either way
    return "The body is not chunk-encoded although encode_chunked is true."


# body -----------------------------------------------------------------------------------------------------------


def _body_none(sight: Sight) -> str | None:
    if not sight.tail or (sight.tail == b"0\r\n\r\n" and _codings(sight)):
        return None
    return f"There is no body, and {sight.tail_length} bytes follow the head."


def _body_after_head(sight: Sight) -> str | None:
    content = sight.meaning.content
    if len(content) > 3 and content in sight.head and sight.data.startswith(content):
        return "The body was sent before the head."
    return None


def _wrong_content(sight: Sight) -> Sent | None:
    """Return the content that was sent where it is not the body's, else None.

    Chunks that cannot be read are a matter of ``chunked.body`` alone.
    """
    chunks = sight.chunks
    if _expects_chunks(sight) and chunks.problems and not _fits(sight, sight.sent):
        return sight.decoded if not _fits(sight, sight.decoded, prefix=True) else None
    is_raw = _free(sight) and _framed(sight) and not _codings(sight)
    contents = (sight.sent, sight.decoded if (chunks.chunks or chunks.complete) and not is_raw else sight.sent)
    if any(_fits(sight, content) for content in contents):
        return None
    return contents[1] if _expects_chunks(sight) or _is_coded(sight) else contents[0]


def _fits(sight: Sight, content: Sent, *, prefix: bool = False) -> bool:
    meaning = sight.meaning
    if prefix or meaning.endless is not None or meaning.fails or sight.raised is not None:
        return content.same == content.length
    return _is_whole(sight, content)


def _latin_1(sight: Sight) -> str | None:
    meaning = sight.meaning
    if meaning.fails and sight.raised is None and meaning.role in ("text", "text-file"):
        return "Text that ISO-8859-1 does not hold was sent all the same."
    content = _wrong_content(sight)
    if content is None or (meaning.role == "text-file" and _is_part(meaning, content)):
        return None
    if meaning.text is not None and content.whole == meaning.text.encode("utf-8", "surrogatepass"):
        return "The text was sent as UTF-8, not as ISO-8859-1."
    return f"What was sent is not the text in ISO-8859-1: {_sizes(sight, content)}."


def _as_is(sight: Sight) -> str | None:
    content = _wrong_content(sight)
    if content is None or _is_part(sight.meaning, content):
        return None
    return f"The bytes of the body were changed: {_sizes(sight, content)}."


def _all_of_it(sight: Sight) -> str | None:
    content = _wrong_content(sight)
    if content is None or not _is_part(sight.meaning, content):
        return None
    if sight.meaning.whole is not None and sight.meaning.whole == content.whole:
        return "The whole file was sent, not what follows its position."
    return f"The body was not sent from its beginning to its end: {_sizes(sight, content)}."


def _buffer_as_is(sight: Sight) -> str | None:
    content = _wrong_content(sight)
    return None if content is None else f"The bytes of the body were changed: {_sizes(sight, content)}."


def _is_part(meaning: Meaning, sent: Sent) -> bool:
    """Say whether the content is some of the body's pieces, or more than them: what was left out or added."""
    whole, content = meaning.content, sent.whole
    if meaning.blocks is not None or content is None:
        return sent.same == min(sent.length, meaning.length)
    if content in whole or (whole and whole in content) or content == meaning.whole:
        return True
    pieces = meaning.pieces or ()
    return sorted(content) != sorted(whole) and any(
        content == b"".join(pieces[:index] + pieces[index + 1 :]) for index in range(min(len(pieces), 64))
    )


def _sizes(sight: Sight, content: Sent) -> str:
    return f"{content.length} bytes of content arrived, the body has {sight.meaning.length}"


def _role(*roles: str) -> Callable[[Sight], bool]:
    return lambda sight: sight.meaning.role in roles and not _odd(sight)


_always: Callable[[Sight], bool] = lambda sight: True  # noqa: E731

PREDICATES: list[_Predicate] = [
    _Predicate("request.method", lambda s: _is_ascii(s.method), _request_method, partial=True),  # [1]
    _Predicate("request.target", lambda s: bool(s.url) and _is_ascii(s.url), _request_target, partial=True),  # [1]
    _Predicate("body.after-head", _has_body, _body_after_head, partial=True),  # [2]
    _Predicate("body.none", lambda s: s.meaning.role == "none" and not _odd(s), _body_none),  # [2]
    _Predicate("body.str.latin-1", _role("text"), _latin_1, partial=True),  # [4]
    _Predicate("body.buffer.as-is", _role("buffer"), _buffer_as_is, partial=True),  # [5]
    _Predicate("body.file.contents", _role("file", "text-file"), _all_of_it, partial=True),  # [6]
    _Predicate("body.file.text-latin-1", _role("text-file"), _latin_1, partial=True),  # [7]
    _Predicate("body.file.binary-as-is", _role("file"), _as_is, partial=True),  # [7]
    _Predicate("body.iterable.as-is", _role("iterable"), _as_is, partial=True),  # [8]
    _Predicate("body.iterable.exhausted", _role("iterable"), _all_of_it, partial=True),  # [8]
    _Predicate("headers.sent", lambda s: _is_readable(s) and not _odd(s), _headers_sent, partial=True),  # [9]
    _Predicate(
        "headers.extra", lambda s: bool(s.given) and not _odd(s) and not s.gives(b"host"), _headers_extra, partial=True
    ),  # [9]
    _Predicate("framing.automatic", lambda s: _free(s) and _has_body(s), _framing_automatic, partial=True),  # [10]
    _Predicate("framing.one-only", _free, _framing_one_only, partial=True),  # [10]
    _Predicate("framing.caller-length", _length_given, _caller_length, partial=True),  # [10], [18]
    _Predicate("framing.caller-coding", _coding_given, _caller_coding, partial=True),  # [10], [14]
    *(_zero(method) for method in _EXPECT_BODY),  # [11]
    _Predicate(
        "length.zero-only",
        lambda s: (
            _free(s) and s.meaning.role == "none" and s.method is not None and s.method.upper() not in _EXPECT_BODY
        ),
        _zero_only,
    ),  # [10], [11]
    _Predicate("length.str", lambda s: _free(s) and _framed(s) and s.meaning.role == "text", _length_right),  # [12]
    _Predicate("length.buffer", lambda s: _free(s) and s.meaning.role == "buffer", _length_right),  # [12]
    _Predicate("length.empty", lambda s: _free(s) and _framed(s) and not s.meaning.content, _length_right),  # [12]
    _Predicate("length.any-method", lambda s: _free(s) and _framed(s), _length_there),  # [10], [12]
    _Predicate(
        "length.file-wins",
        lambda s: _free(s) and (body := s.request.get("body")) is not None and body.kind in _BUFFER_FILES,
        _no_length,
        partial=True,
    ),  # [12], [13]
    _Predicate(
        "chunked.file", lambda s: _free(s) and s.meaning.role in ("file", "text-file"), _chunk_encoded, partial=True
    ),  # [13], [20]
    _Predicate("chunked.iterable", lambda s: _free(s) and s.meaning.role == "iterable", _chunk_encoded, partial=True),
    _Predicate("chunked.field", lambda s: _free(s) and _streamed(s), _chunked_field, partial=True),  # [13]
    _Predicate("chunked.body", _expects_chunks, _chunked_body),  # [13], [17]
    _Predicate(
        "chunked.empty",
        lambda s: _free(s) and _streamed(s) and not s.meaning.length and not s.meaning.fails and not s.meaning.endless,
        _chunked_empty,
    ),  # [13]
    _Predicate("chunked.any-method", lambda s: _free(s) and _streamed(s), _chunk_encoded, partial=True),  # [10], [13]
    _Predicate(
        "file.no-length", lambda s: _free(s) and s.meaning.role in ("file", "text-file"), _no_length, partial=True
    ),  # [22]
    _Predicate("flag.without-coding", lambda s: _free(s) and _spoken_of(s) and _flag_given(s), _flag_ignored),  # [14]
    _Predicate("flag.with-length", lambda s: _length_given(s) and _spoken_of(s) and _flag_given(s), _flag_ignored),
    _Predicate("flag.false-raw", lambda s: _coded(s) and _has_body(s) and s.flag is False, _flag_false),  # [15]
    _Predicate("flag.true-chunked", lambda s: _coded(s) and _has_body(s) and s.flag is True, _flag_true),  # [16]
]
"""The predicates in the order of the contract; ``partial`` ones hold of a request that stopped half-way, too."""


def inverted(clause: str) -> tuple[_Predicate, ...]:
    """Return the predicates with that of one clause inverted: a breach where it saw none, and none where it did."""
    return tuple(_inverted(each) if each.clause == clause else each for each in PREDICATES)


def _inverted(predicate: _Predicate) -> _Predicate:
    def breach(sight: Sight) -> str | None:
        return None if predicate.breach(sight) else "The clause is kept, and its predicate is inverted."

    return replace(predicate, breach=breach)
