"""Differences behind the head: whether the body is chunk-encoded, how its chunks are written, what it ends with.

What a body says, free of its framing, is compared in ``_diff_content``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping

from wireproof._judge._diff_content import explain
from wireproof._judge._diff_framing import is_changed
from wireproof._judge._diff_view import CODING, CUT, LENGTH, Told, View, count, first_difference
from wireproof._model import Difference, Digest
from wireproof._wire import Body, parse_chunked, visible

CODES: Mapping[str, str] = {
    "body.digest": "A long body has another length or another SHA-256.",
    "body.after-blank-line": "An empty line too many stands between head and body.",
    "body.not-chunked": "The body is sent as it is although it must be chunk-encoded.",
    "body.chunked": "The body is chunk-encoded although it must be sent as it is.",
    "body.chunked-twice": "The body is chunk-encoded twice.",
    "chunk.decimal": "Chunk sizes are written in decimal.",
    "chunk.prefix": "Chunk sizes are written with 0x.",
    "chunk.size-items": "A chunk-size counts items instead of bytes.",
    "chunk.size-characters": "A chunk-size counts characters, and more bytes follow.",
    "chunk.size-off-by-one": "A chunk-size is off by one.",
    "chunk.size-with-crlf": "A chunk-size counts the CRLF behind the data.",
    "chunk.size-wrong": "A chunk-size is not the number of bytes that follow.",
    "chunk.line-ending": "Chunks are written with LF instead of CRLF.",
    "chunk.no-crlf": "The CRLF behind the data of chunks is missing.",
    "chunk.lower-case": "Chunk sizes are written in lower-case hexadecimal.",
    "chunk.leading-zeros": "Chunk sizes are written with leading zeros.",
    "chunk.extension": "Chunks have extensions.",
    "chunk.boundaries": "The body is cut into other chunks.",
    "chunk.empty": "An empty piece is sent as a chunk of its own, which ends the body.",
    "chunk.last-missing": "The last chunk is missing.",
    "chunk.last-cut": "The CRLF behind the last chunk is missing.",
    "chunk.last-twice": "The last chunk is sent more than once.",
    "chunk.trailers": "Trailers follow the last chunk.",
    "chunk.data-lost": "Bytes of a chunk were lost.",
    "chunk.invalid": "The body is no valid sequence of chunks.",
    "body.stray": "Bytes follow the end of the body.",
}

_LAST = b"0\r\n\r\n"
_CRLF = b"\r\n"
_WAITS = "The last chunk is missing: the server waits for more."
_HUGE = 4 * 1024 * 1024


def body(view: View) -> Iterator[Difference]:
    """Yield what is wrong behind the head."""
    if view.got.head_end is None:
        return
    if isinstance(view.sight.wire.body, Digest):
        yield from _digest(view, view.sight.wire.body)
    elif view.tail != view.body:
        at = view.body_at
        least = view.sight.expect.at_least
        if view.tail == _CRLF + (view.body if least is None else view.body[: len(view.tail) - len(_CRLF)]):
            text = "An empty line too many stands between head and body."
            yield view.found("body.after-blank-line", "body", text, "body.after-head", at)
            return
        if least is not None and len(view.tail) < least and view.body.startswith(view.tail):
            text = f"{count(len(view.tail))} of the body came, and at least {least} must."
            yield view.found("body.truncated", "body", text, "send.complete", len(view.sight.data))
            return
        told = _reframed(view) if is_changed(view) else _chunked(view) if view.is_chunked else _raw(view)
        yield from (view.told(each, at) for each in told)


def _digest(view: View, wanted: Digest) -> Iterator[Difference]:
    length = view.total - view.body_at
    if length != wanted.length:
        text = f"The body has {count(length)} instead of {wanted.length}."
        yield view.found(
            "body.digest", "length", text, "send.complete", min(len(view.sight.data), view.body_at + wanted.length)
        )
    elif hashlib.sha256(view.tail).hexdigest() != wanted.sha256:
        text = f"The body has {count(length)}, as it should, and another SHA-256: its bytes were changed."
        yield view.found("body.digest", "sha256", text, "body.buffer.as-is", view.body_at)


# another framing than expected: only the content counts -----------------------------------------------------------


def _decodes(body: Body) -> bool:
    return body.complete and bool(body.chunks or body.last)


def _is_cut(view: View, body: Body) -> bool:
    """Say whether the body is the beginning of a chunk-encoded one, where an endless or failing body has no more."""
    if body.complete or not body.chunks or body.chunks[0].size is None:
        return False
    return body.problems[0].code in (CUT if view.endless is not None else ("chunk.no-last",))


def _reframed(view: View) -> Iterator[Told]:
    sent = view.got_chunks
    decoded = sent.content if _decodes(sent) or _is_cut(view, sent) else view.tail
    wanted = [view.content if view.endless is None else view.endless[: len(got)] for got in (view.tail, decoded)]
    if wanted == [view.tail, decoded] or view.tail == wanted[0]:
        return
    if decoded != wanted[1]:
        yield from explain(view, view.content, decoded)
    elif sent.complete and view.tail[sent.end :]:
        yield from _stray(view, sent.end)
    elif not sent.complete and view.endless is None and view.sight.raised is None:
        yield Told("chunk.last-missing", _WAITS, "chunked.body", "", sent.end)


# the body is to be sent as it is ----------------------------------------------------------------------------------


def _raw(view: View) -> Iterator[Told]:
    sent = view.got_chunks
    if sent.content == view.body and _is_only_chunks(view, sent):
        clause, why, cause = no_chunks(view)
        text = f"The body is chunk-encoded although {why}: {view.show(view.tail)}"
        yield Told("body.chunked", text, clause, cause)
        return
    yield from explain(view, view.body, view.tail)


def _is_only_chunks(view: View, sent: Body) -> bool:
    """Say whether nothing but chunks came; those of a body that fails may lack the last one."""
    if not sent.complete:
        return bool(sent.chunks) and sent.problems[0].code == "chunk.no-last"
    return sent.end == len(view.tail)


_WISH = "a Transfer-Encoding field is taken for a wish to chunk-encode"


def no_chunks(view: View) -> tuple[str, str, str]:
    """Return the clause that wants no chunks, the reason that it gives, and the likely cause."""
    cause = _WISH if view.gives(CODING) else ""
    flag = "encode_chunked alone is taken for a wish to chunk-encode" if view.sight.flag is True else cause
    if view.meaning.role == "none":
        return "body.none", "there is none", cause
    if view.gives(LENGTH) and view.sight.request.get("encode_chunked") is not None and not view.gives(CODING):
        return "flag.with-length", "the caller gave Content-Length", flag
    if view.gives(LENGTH):
        return "framing.caller-length", "the caller gave Content-Length", cause
    if view.gives(CODING) and not view.sight.gives(CODING):
        return "headers.bytes-name", "Transfer-Encoding is given under a name that is bytes, which does not count", flag
    if view.gives(CODING) and view.sight.flag is not False:
        return "chunked.flag-truthy", "encode_chunked counts as false", cause
    if view.gives(CODING):
        return "flag.false-raw", "encode_chunked is false", cause
    if view.sight.flag is True:
        return "flag.without-coding", "the caller gave no Transfer-Encoding, only encode_chunked", flag
    return "length.str" if view.meaning.role == "text" else "length.buffer", "Content-Length is sent", cause


# the body is to be chunk-encoded ----------------------------------------------------------------------------------


def _chunked(view: View) -> Iterator[Told]:
    sent = view.got_chunks
    is_valid = sent.complete and sent.end == len(view.tail)
    for rule in _WHOLE if is_valid else (*_WHOLE, *_BROKEN):
        told = rule(view)
        if told is not None:
            yield told
            return
    allowed = ("chunk.no-last",) if view.endless is None else CUT
    if any(problem.code.startswith("chunk.") and problem.code not in allowed for problem in sent.problems):
        yield from _invalid(view, sent)
        return
    yield from spelling(view, sent)
    yield from _ending(view, sent)
    changed = list(explain(view, view.content, sent.content, inside=sent))
    yield from changed or _boundaries(view, sent)


def clause_chunked(view: View) -> str:
    if view.gives(CODING):
        if view.sight.flag is not True:
            return "chunked.flag-truthy"
        return "flag.true-chunked" if _is_chunked_given(view) else "coding.value-free"
    return "chunked.iterable" if view.meaning.role == "iterable" else "chunked.file"


def _is_chunked_given(view: View) -> bool:
    return view.want.values(CODING) == (b"chunked",)


def _not_chunked(view: View) -> Told | None:
    """Clauses flag.true-chunked, chunked.file, chunked.iterable."""
    if view.tail != view.content or not view.content:
        return None
    why = "encode_chunked is true" if view.gives(CODING) else "Transfer-Encoding: chunked is sent"
    text = f"The body is sent as it is, without chunks, although {why}: {view.show(view.tail)}"
    return Told(
        "body.not-chunked", text, clause_chunked(view), "encode_chunked is ignored" if view.gives(CODING) else ""
    )


def _chunked_twice(view: View) -> Told | None:
    sent = view.got_chunks
    if not sent.content or not (_decodes(sent) or _is_cut(view, sent)):
        return None
    inner = parse_chunked(sent.content)
    wanted = view.content if view.endless is None else view.endless[: len(inner.content)]
    if not (_decodes(inner) or _is_cut(view, inner)) or inner.content != wanted:
        return None
    text = f"The body is chunk-encoded twice: the content of its chunks is {view.show(sent.content)}"
    return Told("body.chunked-twice", text, clause_chunked(view), "what frames the body already is framed again")


def _walk(view: View) -> list[tuple[bytes, int]] | None:
    """Return the size texts with the lengths that they stand for, where the expected chunks came under other sizes."""
    sizes: list[tuple[bytes, int]] = []
    at = 0
    for chunk in view.chunks.chunks:
        end = view.tail.find(_CRLF, at, at + 64)
        if view.endless is not None and (not chunk.complete or end < 0 or len(view.tail) < end + 4 + len(chunk.data)):
            break
        if end < 0 or not view.tail.startswith(chunk.data + _CRLF, end + 2):
            return None
        sizes.append((view.tail[at:end], len(chunk.data)))
        at = end + 4 + len(chunk.data)
    return sizes


def _hex(text: bytes) -> int | None:
    digits = text.partition(b";")[0].strip()
    return int(digits, 16) if digits and not digits.strip(b"0123456789abcdefABCDEF") else None


def _wrong_sizes(view: View) -> Told | None:
    """Clauses chunked.body, rfc.chunk-syntax: the right chunks under wrong sizes."""
    wrong = next((pair for pair in _walk(view) or () if _hex(pair[0]) != pair[1]), None)
    if wrong is None:
        return None
    size, length = wrong
    code, text, cause = next((code, text, cause) for code, text, cause, test in _SIZES if test(view, size, length))
    shown, at = visible(size, 20), first_difference(view.tail, view.body)
    filled = text.format(size=shown, bytes=count(length), expected=f"{length:X}")
    return Told(code, filled, "chunked.body", cause, at)


def _is_items(view: View, size: bytes, length: int) -> bool:
    items = _hex(size)
    return bool(items) and view.meaning.items is not None and length % (items or 1) == 0


def _off_by(*offsets: int) -> Callable[[View, bytes, int], bool]:
    return lambda view, size, length: (_hex(size) or 0) - length in offsets


_SIZES: tuple[tuple[str, str, str, Callable[[View, bytes, int], bool]], ...] = (
    (
        "chunk.decimal",
        "Chunk sizes are written in decimal: '{size}' for {bytes}, expected '{expected}'.",
        "str(n) or '%d'",
        lambda view, size, length: size == b"%d" % length,
    ),
    (
        "chunk.prefix",
        "Chunk sizes are written with 0x: '{size}' for {bytes}, expected '{expected}'.",
        "hex(n)",
        lambda view, size, length: size[:2].lower() == b"0x" and _hex(size[2:]) == length,
    ),
    (
        "chunk.size-items",
        "The chunk-size is {size}, the number of items, for {bytes}.",
        "len() of a memoryview or an array counts items",
        _is_items,
    ),
    (
        "chunk.size-off-by-one",
        "A chunk-size is off by one: '{size}' for {bytes}, expected '{expected}'.",
        "",
        _off_by(-1, 1),
    ),
    (
        "chunk.size-with-crlf",
        "A chunk-size counts the CRLF behind the data: '{size}' for {bytes}, expected '{expected}'.",
        "",
        _off_by(2),
    ),
    (
        "chunk.size-wrong",
        "A chunk-size is wrong: '{size}' for {bytes}, expected '{expected}'.",
        "",
        lambda view, size, length: True,
    ),
)


def _characters_counted(view: View) -> Told | None:
    """Clause chunked.body: one chunk of UTF-8, the size of which counts characters."""
    text, (size, _, rest) = view.meaning.text, view.tail.partition(_CRLF)
    if text is None or len(view.tail) > _HUGE:
        return None
    data = text.encode("utf-8", "surrogatepass")
    if _hex(size) != len(text) or len(text) == len(data) or rest != data + _CRLF + _LAST:
        return None
    sentence = f"The chunk-size is {visible(size)}, the number of characters, for {count(len(data))} of UTF-8."
    return Told("chunk.size-characters", sentence, "body.str.latin-1", "len() before encode(), which gives UTF-8")


_Encode = Callable[[bytes], bytes]
_ENDINGS: tuple[tuple[str, str, str, _Encode], ...] = (
    (
        "chunk.line-ending",
        "Chunks are written with LF instead of CRLF.",
        "'\\n' is written for '\\r\\n'",
        lambda data: b"%X\n%b\n" % (len(data), data),
    ),
    (
        "chunk.no-crlf",
        "The CRLF behind the data of chunks is missing.",
        "",
        lambda data: b"%X\r\n%b" % (len(data), data),
    ),
)


def _wrong_endings(view: View) -> Told | None:
    """Clauses chunked.body, rfc.chunk-syntax: the right chunks, with other line endings."""
    datas = [chunk.data for chunk in view.chunks.chunks]
    for code, text, cause, encode in _ENDINGS:
        written = b"".join(map(encode, datas))
        is_some = bool(datas) or view.tail == b"0\n\n"
        if is_some and view.tail.startswith(written) and view.tail[len(written) :] in (b"", b"0\n\n", b"0\r\n", _LAST):
            return Told(code, text, "chunked.body", cause, first_difference(view.tail, view.body))
    return None


def _empty_piece(view: View) -> Told | None:
    """Clauses chunked.empty-skipped, chunked.body."""
    sent = view.got_chunks
    rest = view.tail[sent.end :]
    if not sent.complete or not rest or not view.content.startswith(sent.content):
        return None
    if not rest.replace(_LAST, b"") and sent.content == view.content:
        if not _has_empty(view):
            text = f"The last chunk is sent {1 + len(rest) // len(_LAST)} times; {view.show(rest)} is stray."
            return Told("chunk.last-twice", text, "chunked.body", "the terminator is sent by two layers", sent.end)
    elif not _continues(view, rest, view.content[len(sent.content) :]):
        return None
    text = (
        f"An empty piece is sent as {view.show(_LAST)}, which ends the body after {count(len(sent.content))} of "
        f"{len(view.content)}: the {count(len(rest))} behind it are stray, {view.show(rest)}"
    )
    at = sent.end - len(_LAST)
    clause = "chunked.empty-skipped" if _has_empty(view) else "chunked.body"
    return Told("chunk.empty", text, clause, "a chunk is written for an element without asking whether it is empty", at)


def _has_empty(view: View) -> bool:
    for name in ("items", "reads"):
        pieces = view.recipe.get(name)
        if isinstance(pieces, tuple) and any(piece.get("data") == b"" for piece in pieces):
            return True
    return False


def _continues(view: View, rest: bytes, content: bytes) -> bool:
    """Say whether the rest is more chunks, empty ones among them, that hold the content."""
    got, start = bytearray(), 0
    while start < len(rest) and len(got) <= len(content):
        more = parse_chunked(rest, start)
        got += more.content
        start = more.end
    return bytes(got) == content and bool(content)


def _last_missing(view: View) -> Told | None:
    if view.chunks.last is None or view.tail != view.body[: -len(_LAST)]:
        return None
    text = f"The last chunk, {view.show(_LAST)}, is missing: the server waits for more."
    if not view.tail:
        text = f"The last chunk, {view.show(_LAST)}, is missing: nothing follows the head, and the server waits."
    return Told("chunk.last-missing", text, "chunked.body", "", len(view.tail))


def _last_cut(view: View) -> Told | None:
    if view.chunks.last is None or view.tail not in (view.body[:-2], view.body[:-4], view.body[:-1], view.body[:-3]):
        return None
    text = f"The last chunk is cut off: {view.show(view.tail[-3:])} ends the body, expected {view.show(_LAST)}."
    return Told("chunk.last-cut", text, "chunked.body", "'0\\r\\n' is written for '0\\r\\n\\r\\n'", len(view.tail))


def _data_lost(view: View) -> Told | None:
    """Clause send.complete: within the data of a chunk, what belongs behind it begins."""
    chunks, at = view.chunks.chunks, 0
    for index, chunk in enumerate(chunks):
        raw = view.body[chunk.start : chunk.end]
        if not view.tail.startswith(raw, at):
            behind = chunks[index + 1] if index + 1 < len(chunks) else view.chunks.last
            line = view.body[behind.start : behind.data_start] if behind is not None else b""
            start = at + chunk.data_start - chunk.start
            same = first_difference(view.tail[at : at + len(raw)], raw)
            end = view.tail.find(line, start, at + same + len(line)) if line else -1
            if not start < end < start + len(chunk.data):
                return None
            came = f"{end - start} of {count(len(chunk.data))} of a chunk came"
            cause = "one send() that is not repeated"
            return Told("chunk.data-lost", f"{came}, and then the next one began.", "send.complete", cause, end)
        at += len(raw)
    return None


_WHOLE: tuple[Callable[[View], Told | None], ...] = (
    _not_chunked,
    _chunked_twice,
)
_BROKEN: tuple[Callable[[View], Told | None], ...] = (
    _wrong_sizes,
    _wrong_endings,
    _characters_counted,
    _empty_piece,
    _last_missing,
    _last_cut,
    _data_lost,
)


def _invalid(view: View, sent: Body) -> Iterator[Told]:
    """Clauses chunked.body, rfc.chunk-syntax."""
    problem = next(problem for problem in sent.problems if problem.code.startswith("chunk."))
    text = f"The body is no valid sequence of chunks: {problem.text[:-1]}: {view.show(view.tail[problem.start :])}"
    yield Told("chunk.invalid", text, "chunked.body", "", problem.start)


def spelling(view: View, sent: Body) -> Iterator[Told]:
    """Clause chunked.hex-upper: valid sizes, written otherwise."""
    chunks = [*sent.chunks, *([sent.last] if sent.last is not None else [])]
    for code, how, cause, change in _WRITTEN:
        for chunk in chunks:
            want = change(chunk.size_text)
            if want != chunk.size_text:
                text = f"{how}: '{visible(chunk.size_text, 20)}' instead of '{visible(want, 20)}'."
                yield Told(code, text, "chunked.hex-upper", cause, chunk.start)
                break
    extended = next((chunk for chunk in chunks if chunk.extension), None)
    if extended is not None:
        text = f"A chunk has the extension {view.show(extended.extension)}."
        yield Told("chunk.extension", text, "chunked.hex-upper", "", extended.start)


_WRITTEN: tuple[tuple[str, str, str, _Encode], ...] = (
    ("chunk.lower-case", "Chunk sizes are written in lower-case hexadecimal", "hex(n) or '%x'", bytes.upper),
    (
        "chunk.leading-zeros",
        "Chunk sizes are written with leading zeros",
        "a fixed width for sizes, as in '%08x'",
        lambda size: size.lstrip(b"0") or b"0",
    ),
)


def _ending(view: View, sent: Body) -> Iterator[Told]:
    """Clauses chunked.body, rfc.content-long: what stands at the end of the chunks, or is missing there."""
    wants_last = view.chunks.last is not None
    if wants_last and sent.last is None and sent.content.startswith(view.content):
        yield Told("chunk.last-missing", _WAITS, "chunked.body", "", sent.end)
    if sent.trailers:
        text = f"A trailer follows the last chunk: {view.show(sent.trailers[0].raw)}"
        yield Told("chunk.trailers", text, "chunked.body", "", sent.trailers[0].start)
    elif sent.last is not None and not sent.complete and sent.content == view.content:
        yield Told("chunk.last-cut", "The empty line behind the last chunk is missing.", "chunked.body", "", sent.end)
    if sent.complete and view.tail[sent.end :]:
        yield from _stray(view, sent.end)


def _stray(view: View, end: int) -> Iterator[Told]:
    rest = view.tail[end:]
    text = f"{count(len(rest))} stray behind the end of the body: {view.show(rest)}"
    cause = "a line ending that does not belong to the body" if not rest.strip(_CRLF) else ""
    yield Told("body.stray", text, "rfc.content-long", cause, end)


def _boundaries(view: View, sent: Body) -> Iterator[Told]:
    """Clauses chunked.per-piece, chunked.whole, file.block-size: the same content, cut otherwise."""
    want, got = ([len(chunk.data) for chunk in body.chunks] for body in (view.chunks, sent))
    if want == got:
        return
    text = f"The body is sent in {_sizes(got)}, expected {_sizes(want)}."
    at = first_difference(view.tail, view.body)
    yield Told("chunk.boundaries", text, boundary_clause(view), boundary_cause(want, got), at)


def _sizes(sizes: list[int]) -> str:
    shown = ", ".join(map(str, sizes[:6])) + (", …" if len(sizes) > 6 else "")
    return f"{count(len(sizes), 'chunk')} ({shown} bytes)"


def boundary_clause(view: View) -> str:
    if view.meaning.role in ("text", "buffer"):
        return "chunked.whole"
    return "chunked.per-piece" if view.meaning.role == "iterable" or view.pieces else "file.block-size"


def boundary_cause(want: list[int], got: list[int]) -> str:
    if len(got) == 1:
        return "the body is joined before it is sent"
    if set(got) == {1}:
        return "bytes are iterated one by one"
    return "another block size" if len(set(got[:-1])) == 1 and len(set(want[:-1])) <= 1 else ""
