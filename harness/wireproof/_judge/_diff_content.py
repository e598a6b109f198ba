"""Differences in the content of a body: what it says, free of its framing.

One table, asked in order; the first row whose guess reproduces exactly what came names the fault. What no row
reproduces is a generic difference with its first byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from wireproof._judge._diff_view import CODING, LENGTH, Told, View, count, first_difference, hexed, number
from wireproof._model import Recipe
from wireproof._wire import Body

CODES: Mapping[str, str] = {
    "body.missing": "The body is missing altogether.",
    "body.unexpected": "A body is sent where none belongs.",
    "body.utf-8": "Text is sent as UTF-8 instead of ISO-8859-1.",
    "body.utf-16": "Text is sent as UTF-16 or UTF-32 instead of ISO-8859-1.",
    "body.code-page": "Text is sent in another encoding instead of ISO-8859-1.",
    "body.replaced": "Characters outside ASCII are replaced.",
    "body.dropped": "Characters outside ASCII are left out.",
    "body.rewound": "A file was sent from its start instead of from where it stood.",
    "body.other-side": "The body was taken through another of its interfaces.",
    "body.twice": "The body is sent twice.",
    "body.element-missing": "An element of the body is missing.",
    "body.element-repeated": "An element of the body is sent twice.",
    "body.reversed": "The elements of the body are sent in reverse order.",
    "body.sorted": "The elements of the body are sorted.",
    "body.joined": "The elements of the body are joined with something between them.",
    "body.repr": "The Python notation of the body is sent instead of its content.",
    "body.newlines": "Line endings of the body were translated.",
    "body.stripped": "White space around the body was taken away.",
    "body.truncated": "The end of the body is missing.",
    "body.beginning-missing": "The beginning of the body is missing.",
    "body.extended": "Bytes too many stand at the end of the body.",
    "body.preceded": "Bytes too many stand before the body.",
    "body.changed": "The content of the body was changed.",
}

_MANY = 64
_SIZE, _SMALL = 32 * 1024 * 1024, 4 * 1024 * 1024
_CLAUSES = {
    "text": "body.str.latin-1",
    "buffer": "body.buffer.as-is",
    "file": "body.file.contents",
    "text-file": "body.file.text-latin-1",
    "iterable": "body.iterable.as-is",
    "none": "body.none",
}
_OF_KIND = {"str-with-read": "body.str-read"}
_NOUNS = {"text": "The text", "text-file": "The text of the file", "file": "The file", "iterable": "The iterable"}


def explain(view: View, want: bytes, got: bytes, inside: Body | None = None) -> Iterator[Told]:
    """Yield why ``got`` was sent as content instead of ``want``: one diagnosis, or none where they are equal.

    Args:
        view: what was seen.
        want: the expected content.
        got: the received content.
        inside: the chunks that hold ``got``, for offsets on the wire.
    """
    if view.endless is not None:
        want = view.endless[: len(got)]
    if want == got:
        return
    told = next(found for found in (row(view, want, got) for row in _ROWS) if found is not None)
    at = told.offset if inside is None else _on_the_wire(inside, told.offset)
    own = _OF_KIND.get(view.recipe.kind) or _CLAUSES.get(view.meaning.role, "request.sent")
    yield told._replace(clause=told.clause or own, offset=at)


def _on_the_wire(body: Body, offset: int) -> int:
    for chunk in body.chunks:
        if offset < len(chunk.data):
            return chunk.data_start + offset
        offset -= len(chunk.data)
    return body.chunks[-1].data_end if body.chunks else 0


def _noun(view: View) -> str:
    return _NOUNS.get(view.meaning.role, "The body")


# there or not -----------------------------------------------------------------------------------------------------


def _missing(view: View, want: bytes, got: bytes) -> Told | None:
    if got or not want:
        return None
    text = f"The body is missing altogether: no byte of {count(len(want))} follows the head."
    cause = "an iterable that was used up before" if view.meaning.role == "iterable" else ""
    cause = "a file that was read to its end before" if view.meaning.role in ("file", "text-file") else cause
    if view.meaning.role in ("text", "buffer") and view.want.method in (b"GET", b"HEAD", b"DELETE", b"OPTIONS"):
        cause = "a method that is thought to have no body"
    return Told("body.missing", text, "", cause)


def _unexpected(view: View, want: bytes, got: bytes) -> Told | None:
    if want:
        return None
    text = f"{count(len(got))} follow the head where nothing may: {view.show(got)}"
    clause = ("coding.no-body" if view.gives(CODING) else "body.none") if view.meaning.role == "none" else ""
    return Told("body.unexpected", text, clause, "left over from another request" if view.sight.step else "")


# encodings: what ISO-8859-1 would have been -----------------------------------------------------------------------

_ENCODINGS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "utf-8",
        "strict",
        "body.utf-8",
        "is sent as UTF-8 instead of ISO-8859-1",
        "str.encode() without an encoding argument gives UTF-8",
    ),
    (
        "utf-8-sig",
        "strict",
        "body.utf-8",
        "is sent as UTF-8 with a byte order mark instead of ISO-8859-1",
        "encode('utf-8-sig')",
    ),
    ("utf-16", "strict", "body.utf-16", "is sent as UTF-16 instead of ISO-8859-1", ""),
    (
        "utf-16-le",
        "strict",
        "body.utf-16",
        "is sent as UTF-16 (little endian) instead of ISO-8859-1",
        "the memory of a string, as it is",
    ),
    ("utf-16-be", "strict", "body.utf-16", "is sent as UTF-16 (big endian) instead of ISO-8859-1", ""),
    ("utf-32", "strict", "body.utf-16", "is sent as UTF-32 instead of ISO-8859-1", ""),
    (
        "utf-32-le",
        "strict",
        "body.utf-16",
        "is sent as UTF-32 (little endian) instead of ISO-8859-1",
        "the memory of a string, as it is",
    ),
    ("cp1252", "replace", "body.code-page", "is sent in Windows-1252 instead of ISO-8859-1", "a locale's encoding"),
    ("cp437", "replace", "body.code-page", "is sent in code page 437 instead of ISO-8859-1", "a locale's encoding"),
    ("iso8859-15", "replace", "body.code-page", "is sent as ISO-8859-15 instead of ISO-8859-1", "a locale's encoding"),
    ("ascii", "replace", "body.replaced", "has ? in place of characters outside ASCII", "encode('ascii', 'replace')"),
    (
        "ascii",
        "xmlcharrefreplace",
        "body.replaced",
        "has character references in place of characters outside ASCII",
        "encode('ascii', 'xmlcharrefreplace')",
    ),
    (
        "ascii",
        "backslashreplace",
        "body.replaced",
        "has escapes in place of characters outside ASCII",
        "encode('ascii', 'backslashreplace')",
    ),
    ("ascii", "ignore", "body.dropped", "lacks its characters outside ASCII", "encode('ascii', 'ignore')"),
)


def _encoded(view: View, want: bytes, got: bytes) -> Told | None:
    """Clauses body.str.latin-1, body.file.text-latin-1, and bytes that were taken for text."""
    text = want.decode("latin-1")
    if not 0 < len(want) <= _SIZE or len(got) > 4 * len(want) + 4:
        return None
    for encoding, errors, code, how, cause in _ENCODINGS:
        if text.encode(encoding, errors) == got:
            at = first_difference(want, got)
            subject = (
                _noun(view) if view.meaning.text is not None else f"{_noun(view)}, whose bytes were taken for text,"
            )
            sentence = f"{subject} {how}: {_character(text, encoding, errors, at)}{_length_stays(view, want, got)}"
            cause = cause if view.meaning.text is not None else "bytes are decoded, and encoded again"
            return Told(code, sentence, "", cause, at)
    return None


def _character(text: str, encoding: str, errors: str, at: int) -> str:
    char = text[at : at + 1] or text[:1]
    if (encoding.startswith("utf-") and not char.isascii()) or encoding[:2] in ("cp", "is"):
        sent = char.encode(encoding.removesuffix("-sig"), errors)
    else:
        sent = text[:1].encode(encoding, errors) if encoding.startswith("utf-") else char.encode(encoding, errors)
        char = text[:1] if encoding.startswith("utf-") else char
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return f"{shown} went out as {hexed(sent) or 'nothing'}, expected {hexed(char.encode('latin-1'))}."


def _length_stays(view: View, want: bytes, got: bytes) -> str:
    """Say that Content-Length counts the characters, where it does not fit what was sent."""
    length = next((number(value) for value in view.got.values(LENGTH)), None)
    if view.gives(LENGTH) or length != len(want) or length == len(got):
        return ""
    return f" Content-Length says {length}, and {count(len(got))} follow."


# files and other interfaces ---------------------------------------------------------------------------------------


def _rewound(view: View, want: bytes, got: bytes) -> Told | None:
    """Clauses file.position, body.file.contents."""
    whole = view.meaning.whole
    if whole is None or whole == want or got not in (whole, whole[: len(want)]) or not got:
        return None
    before = whole[: len(whole) - len(want)]
    more = f"{count(len(before))} too many at the beginning ({view.show(before)})"
    if got != whole:
        more = f"{view.show(got)} instead of {view.show(want)}"
    text = f"The file was sent from its start instead of from where it stood: {more}."
    return Told("body.rewound", text, "file.position", "body.seek(0), or the file is read anew or mapped")


def _joined_pieces(pieces: object) -> bytes | None:
    if not isinstance(pieces, tuple):
        return None
    datas = [piece.get("data", piece.get("text", "")) for piece in pieces if isinstance(piece, Recipe)]
    return b"".join(data if isinstance(data, bytes) else str(data).encode("latin-1", "replace") for data in datas)


_SIDES = {
    "data": "the bytes of the object were sent",
    "text": "the characters of the object were sent",
    "items": "the items of its iteration were sent",
    "reads": "what its read() gives was sent",
}


def _other_side(view: View, want: bytes, got: bytes) -> Told | None:
    """Clauses body.file.contents, length.file-wins, body.buffer.as-is."""
    fields = view.recipe.fields
    for name, how in _SIDES.items():
        side = fields.get(name)
        content = side if isinstance(side, bytes) else _joined_pieces(side) if name in ("items", "reads") else None
        if isinstance(side, str):
            content = side.encode("latin-1", "replace")
        if content == got and len({"data", "text", "items", "reads"} & set(fields)) > 1:
            what = f"{view.show(got)} instead of {view.show(want)}"
            text = f"The body was taken through another of its interfaces: {how}, {what}."
            return Told(
                "body.other-side",
                text,
                "",
                "types are asked for in another order: read() first, then buffers, then iteration",
            )
    return None


# pieces -----------------------------------------------------------------------------------------------------------


def _guesses(view: View, want: bytes) -> Iterable[tuple[str, str, str, bytes]]:
    """Yield (code, sentence, cause, content) for what can happen to the pieces of a body."""
    pieces = view.pieces
    if not 1 < len(pieces) <= _MANY or len(want) > _SMALL:
        return
    for index, piece in enumerate(pieces[:-1] if view.meaning.role.endswith("file") else pieces):
        which = _which(index, len(pieces))
        rest, shown = pieces[:index] + pieces[index + 1 :], view.show(piece)
        yield "body.element-missing", f"The {which} piece of the body is missing: {shown}", _lost(index), b"".join(rest)
        doubled = pieces[: index + 1] + pieces[index:]
        yield (
            "body.element-repeated",
            f"The {which} piece of the body is sent twice: {shown}",
            "it is taken out for a look, and sent again",
            b"".join(doubled),
        )
    yield (
        "body.reversed",
        "The pieces of the body are sent in reverse order",
        "pop() from the end",
        b"".join(pieces[::-1]),
    )
    yield "body.sorted", "The pieces of the body are sorted", "sorted(), or a set of them", b"".join(sorted(pieces))
    for separator, name in _SEPARATORS.items():
        for more in (b"", separator):
            yield (
                "body.joined",
                f"The pieces of the body are joined with {name} between them",
                f"{separator!r}.join(body)",
                separator.join(pieces) + more,
            )


_SEPARATORS = {b"\n": "LF", b"\r\n": "CRLF", b", ": "commas", b",": "commas", b" ": "spaces", b"&": "&", b"\0": "NUL"}


def _which(index: int, length: int) -> str:
    if index == length - 1:
        return "last"
    return {0: "first", 1: "second", 2: "third"}.get(index, f"{index + 1}th")


def _lost(index: int) -> str:
    return "next() takes the first element for a look at its type" if index == 0 else ""


def _pieces(view: View, want: bytes, got: bytes) -> Told | None:
    """Clauses body.iterable.exhausted, body.iterable.as-is."""
    for code, sentence, cause, content in _guesses(view, want):
        if content == got:
            clause = "body.iterable.exhausted" if view.meaning.role == "iterable" and ".element-" in code else ""
            return Told(code, f"{sentence}.", clause, cause, first_difference(want, got))
    return None


def _twice(view: View, want: bytes, got: bytes) -> Told | None:
    if got != want + want:
        return None
    return Told("body.twice", f"The body is sent twice: {count(len(got))} instead of {len(want)}.", "", "", len(want))


def _line_end(view: View, want: bytes, got: bytes) -> Told | None:
    return _extended(view, want, got) if want and got in (want + b"\r\n", want + b"\n") else None


# notation, newlines, white space ----------------------------------------------------------------------------------

_OBJECT = re.compile(rb"<.*(object|generator|file|memory|StringIO|BytesIO|iterator|at 0x).*>", re.DOTALL)


def _repr(view: View, want: bytes, got: bytes) -> Told | None:
    if len(want) > _SMALL:
        return None
    pieces = list(view.pieces)
    notations = (want, bytearray(want), want.decode("latin-1"), pieces, tuple(pieces))
    if got not in [repr(each).encode() for each in notations] and not _OBJECT.fullmatch(
        got[:200] if len(got) <= 200 else b""
    ):
        return None
    shown = re.sub(rb"0x[0-9a-fA-F]{6,}", b"0x...", got)
    text = f"The Python notation of the body is sent instead of its content: {view.show(shown)}"
    return Told("body.repr", text, "", "str(body) or an f-string")


_NEWLINES: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
    ("LF became CRLF", "", lambda data: data.replace(b"\n", b"\r\n")),
    ("bare LF became CRLF", "", lambda data: re.sub(rb"\r\n|\n", b"\r\n", data)),
    ("CRLF became LF", "universal newlines", lambda data: data.replace(b"\r\n", b"\n")),
    ("CRLF and CR became LF", "universal newlines", lambda data: data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")),
    ("line endings were taken out", "splitlines()", lambda data: data.replace(b"\r", b"").replace(b"\n", b"")),
)


def _newlines(view: View, want: bytes, got: bytes) -> Told | None:
    for how, cause, change in _NEWLINES:
        if change(want) == got:
            at = first_difference(want, got)
            cause = cause or "a file opened as text, or print()"
            return Told(
                "body.newlines", f"Line endings of the body were translated: {how}, first at byte {at}.", "", cause, at
            )
    return None


def _stripped(view: View, want: bytes, got: bytes) -> Told | None:
    if got not in (want.strip(), want.lstrip(), want.rstrip()):
        return None
    lost = count(len(want) - len(got))
    return Told(
        "body.stripped",
        f"White space around the body was taken away, {lost}.",
        "",
        "strip()",
        first_difference(want, got),
    )


# too short, too long, or otherwise --------------------------------------------------------------------------------


def _truncated(view: View, want: bytes, got: bytes) -> Told | None:
    if not want.startswith(got):
        return None
    reason, clause, cause = _cut(view, want, len(got))
    rest = want[len(got) :]
    text = f"The body stops after {count(len(got))} of {len(want)}{reason}: {view.show(rest)} is missing."
    return Told("body.truncated", text, clause, cause, len(got))


def _cut(view: View, want: bytes, length: int) -> tuple[str, str, str]:
    ends, at = [], 0
    for piece in view.pieces:
        at += len(piece)
        ends.append(at)
    if any(number(value) == length for value in view.want.values(LENGTH)):
        return ", where the Content-Length ends", "framing.caller-length", "the body is cut to the Content-Length"
    if length == view.meaning.items:
        return ", the number of items", "", "len() counts items: it serves as number of bytes"
    if want[length] == 0:
        return ", before a NUL", "", "a C string"
    if length in ends:
        clause = "file.short-reads" if view.meaning.role in ("file", "text-file") else "body.iterable.exhausted"
        return ", behind a piece", clause, "a short read or an empty element is taken for the end"
    block = next((size for size in (65536, 16384, 8192, 4096, 1024) if length % size == 0), None)
    if block is not None:
        return f", a multiple of {block}", "send.complete", "one read(), or one send() that is not repeated"
    return "", "send.complete", "send() where sendall() is meant" if length > 65536 else ""


def _beginning(view: View, want: bytes, got: bytes) -> Told | None:
    if not want.endswith(got):
        return None
    lost = want[: len(want) - len(got)]
    text = f"The beginning of the body is missing: {count(len(lost))}, {view.show(lost)}"
    return Told("body.beginning-missing", text, "", "a part was taken for a look and not put back")


def _extended(view: View, want: bytes, got: bytes) -> Told | None:
    if not got.startswith(want):
        return None
    more = got[len(want) :]
    text = f"{count(len(more))} too many at the end of the body: {view.show(more)}"
    if more in (b"\r\n", b"\n"):
        text += ", a line ending that is no part of it."
    cause = "a line ending that does not belong to the body" if not more.strip(b"\r\n") else ""
    return Told("body.extended", text, "", cause, len(want))


def _preceded(view: View, want: bytes, got: bytes) -> Told | None:
    if not got.endswith(want):
        return None
    more = got[: len(got) - len(want)]
    cause = "left over from another request" if view.sight.step else ""
    return Told("body.preceded", f"{count(len(more))} too many before the body: {view.show(more)}", "", cause)


def _changed(view: View, want: bytes, got: bytes) -> Told:
    at = first_difference(want, got)
    text = (
        f"The content of the body was changed: byte {at} is {hexed(got[at : at + 1])} instead of "
        f"{hexed(want[at : at + 1])}; {view.show(got[at:])} instead of {view.show(want[at:])}."
    )
    return Told("body.changed", text, "", "", at)


_ROWS: tuple[Callable[[View, bytes, bytes], Told | None], ...] = (
    _other_side,
    _missing,
    _rewound,
    _unexpected,
    _encoded,
    _twice,
    _line_end,
    _pieces,
    _repr,
    _newlines,
    _stripped,
    _truncated,
    _beginning,
    _extended,
    _preceded,
    _changed,
)
