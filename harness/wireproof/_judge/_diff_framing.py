"""Differences in Content-Length and Transfer-Encoding: which of them is sent, and what the length says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from wireproof._judge._diff_view import CODING, LENGTH, View, count, named, number
from wireproof._model import Difference
from wireproof._wire import FieldLine, Message, visible

CODES: Mapping[str, str] = {
    "framing.length-instead-of-chunked": "A body that must be chunk-encoded got a Content-Length.",
    "framing.chunked-instead-of-length": "A body whose length is known was chunk-encoded.",
    "framing.both": "Content-Length and Transfer-Encoding are both sent, and one of them is too many.",
    "framing.length-added": "A Content-Length is sent where none belongs.",
    "framing.coding-added": "A Transfer-Encoding is sent where none belongs.",
    "framing.missing": "A body is sent without Content-Length and Transfer-Encoding.",
    "framing.zero-missing": "Content-Length: 0 is missing.",
    "framing.given-dropped": "The caller's Content-Length or Transfer-Encoding is not sent.",
    "length.items": "Content-Length counts items instead of bytes.",
    "length.utf-8": "Content-Length is that of the text in UTF-8.",
    "length.doubled": "Content-Length is twice what it must be.",
    "length.off-by-one": "Content-Length is off by one.",
    "length.zero": "Content-Length is 0 although there is a body.",
    "length.not-a-number": "Content-Length is no number.",
    "length.spelling": "Content-Length is written in another way.",
    "length.wrong": "Content-Length does not fit the body.",
}

_LABELS = {LENGTH: "Content-Length", CODING: "Transfer-Encoding"}
_EXPECT_BODY = ("PUT", "POST", "PATCH")
_STREAMED = ("file", "text-file", "iterable")
_KNOWN = {"text": "length.str", "buffer": "length.buffer"}


def is_automatic(name: bytes) -> bool:
    """Say whether the name, in lower case, is that of a framing field."""
    return name in _LABELS


def _kinds(message: Message) -> frozenset[bytes]:
    return frozenset(field.name.lower() for field in message.fields if field.name.lower() in _LABELS)


def _changed(view: View) -> frozenset[bytes]:
    """Return the framing fields that are there on one side only."""
    return _kinds(view.want) ^ _kinds(view.got) if view.got.head_end is not None else frozenset()


def is_changed(view: View) -> bool:
    """Say whether the framing is another one, so that the body cannot be framed as expected."""
    return bool(_changed(view))


def explained(view: View) -> frozenset[bytes]:
    """Return the names of the framing fields that are judged here, and not as field lines like others."""
    return _changed(view) | (frozenset((LENGTH,)) if _is_another_length(view) else frozenset())


def _is_another_length(view: View) -> bool:
    """Say whether the client made one Content-Length, as it should, and with another value."""
    want, got = named(view.want.fields, LENGTH), named(view.got.fields, LENGTH)
    return not view.gives(LENGTH) and len(want) == len(got) == 1 and want[0].value != got[0].value


def framing(view: View) -> Iterator[Difference]:
    """Yield what is wrong with the framing fields that the client makes."""
    if is_changed(view):
        yield _instead(view, _kinds(view.want), _kinds(view.got))
    elif LENGTH in explained(view) and view.got.head_end is not None:
        yield from _length(view, named(view.want.fields, LENGTH)[0], named(view.got.fields, LENGTH)[0])


# which of the two -------------------------------------------------------------------------------------------------


def _instead(view: View, want: frozenset[bytes], got: frozenset[bytes]) -> Difference:
    lost = next((name for name in (CODING, LENGTH) if name in want - got and view.gives(name)), None)
    if lost is not None:
        return _given_dropped(view, lost, got - want)
    if got > want:
        return _added(view, want, got)
    if want > got or not got:
        return _dropped(view, want, got)
    return _exchanged(view, want)


def _values(view: View, name: bytes) -> str:
    return visible(view.hide(b", ".join(view.got.values(name))), 60)


def _shown(view: View, names: frozenset[bytes]) -> str:
    return " and ".join(f"{_LABELS[name]}: {_values(view, name)}" for name in sorted(names))


def _at(view: View, names: frozenset[bytes]) -> int | None:
    return next((field.start for field in view.got.fields if field.name.lower() in names), None)


def _given_dropped(view: View, lost: bytes, instead: frozenset[bytes]) -> Difference:
    clause = "framing.caller-coding" if lost == CODING else "framing.caller-length"
    if view.gives(CODING) and view.gives(LENGTH):
        clause = "coding.with-length"
    how = f"{_shown(view, instead)} is sent in its place" if instead else "nothing is sent in its place"
    text = f"The caller's {_LABELS[lost]} is not sent: {how}."
    subject = _LABELS[lost].lower()
    return view.found(
        "framing.given-dropped", subject, text, clause, _at(view, instead), "the client frames the body anew"
    )


def _added(view: View, want: frozenset[bytes], got: frozenset[bytes]) -> Difference:
    more = got - want
    name = min(more)
    if want:
        whose = "the caller's " if view.gives(min(want)) else ""
        text = f"{_shown(view, more)} is sent although {whose}{_LABELS[min(want)]} is there already."
        clause = {LENGTH: "framing.caller-length", CODING: "framing.caller-coding"}[min(want)]
        clause = clause if view.gives(min(want)) else "framing.one-only"
        return view.found("framing.both", _LABELS[name].lower(), text, clause, _at(view, more), _cause(view))
    text = f"{_shown(view, more)} is sent although there is no body, and {_method(view)} expects none."
    code = "framing.length-added" if name == LENGTH else "framing.coding-added"
    return view.found(code, _LABELS[name].lower(), text, "length.zero-only", _at(view, more))


def _method(view: View) -> str:
    return visible(view.want.method, 30)


def _dropped(view: View, want: frozenset[bytes], got: frozenset[bytes]) -> Difference:
    name = min(want - got)
    subject = _LABELS[name].lower()
    if got:
        text = f"{_LABELS[name]} is missing beside {_shown(view, got)}, whose name the caller gave as bytes."
        return view.found("framing.missing", subject, text, "headers.bytes-name")
    if view.meaning.role == "none":
        is_exact = _method(view) in _EXPECT_BODY
        clause = f"length.zero-{_method(view).lower()}" if is_exact else "method.any-case"
        text = f"Content-Length: 0 is missing: {_method(view)} without a body must have it."
        return view.found("framing.zero-missing", subject, text, clause, None, "http.client before 3.5 did this")
    if name == LENGTH and not view.body_length:
        text = f"Content-Length: 0 is missing: an empty body is a body, and {_method(view)} must frame it."
        return view.found(
            "framing.zero-missing", subject, text, "length.empty", None, "'if body:' instead of 'if body is not None:'"
        )
    text = f"{_LABELS[name]} is missing, and nothing else frames the body of {count(view.content_length)}."
    return view.found("framing.missing", subject, text, "framing.automatic")


def _exchanged(view: View, want: frozenset[bytes]) -> Difference:
    if LENGTH in want:
        text = f"Transfer-Encoding: {_values(view, CODING)} is sent instead of Content-Length: {view.body_length}."
        clause = _KNOWN.get(view.meaning.role, "framing.one-only") if view.body_length else "length.empty"
        clause = "length.any-method" if clause in _KNOWN.values() and _method(view) not in _EXPECT_BODY else clause
        return view.found(
            "framing.chunked-instead-of-length", "transfer-encoding", text, clause, _at(view, frozenset((CODING,)))
        )
    what = _WHAT.get(view.meaning.role, "this body")
    text = f"Content-Length: {_values(view, LENGTH)} is sent instead of Transfer-Encoding: chunked for {what}."
    return view.found(
        "framing.length-instead-of-chunked",
        "content-length",
        text,
        _chunked_clause(view),
        _at(view, frozenset((LENGTH,))),
        _cause(view),
    )


def _chunked_clause(view: View) -> str:
    """Return the clause that wants chunks, the one that says most of this call."""
    if view.meaning.role not in _STREAMED:
        return "chunked.field"
    if view.recipe.kind in _BUFFER_FILES:
        return "length.file-wins"
    if not view.content_length:
        return "chunked.empty"
    if _method(view) not in _EXPECT_BODY:
        return "chunked.any-method"
    return "chunked.iterable" if view.meaning.role == "iterable" else "file.no-length"


_BUFFER_FILES = ("mmap", "bytes-with-read", "array-with-read")
_WHAT = {"file": "a file", "text-file": "a text file", "iterable": "an iterable"}


def _cause(view: View) -> str:
    """Say where a length that nobody asked for comes from."""
    lengths = view.got.values(LENGTH)
    found = number(lengths[0]) if len(lengths) == 1 else None
    if found is None:
        return ""
    if view.meaning.whole is not None and found == len(view.meaning.whole):
        return "os.fstat().st_size instead of reading from the current position; http.client before 3.6 did this"
    if found == len(view.pieces) != view.content_length and not view.is_long:
        return "len() of the object counts its elements"
    if found == view.content_length:
        return "the body is taken whole first, or its size is asked for"
    return ""


# what the length says ---------------------------------------------------------------------------------------------

_Reason = tuple[str, str, str]  # code, reason, cause


def _length(view: View, want: FieldLine, got: FieldLine) -> Iterator[Difference]:
    length, found = number(want.value) or 0, number(got.value)
    if found == length:
        text = f"Content-Length is written {view.show(got.value)} instead of {view.show(want.value)}."
        yield view.found("length.spelling", "content-length", text, _clause(view), got.start)
        return
    if found == view.sight.tail_length != view.body_length and view.sight.raised is None:
        return  # it fits a body that is wrong itself
    code, reason, cause = _reason(view, length, found)
    text = (
        f"Content-Length is {view.show(got.value) if found is None else found}{reason}; the body has {count(length)}."
    )
    yield view.found(code, "content-length", text, _clause(view), got.start, cause)


def _clause(view: View) -> str:
    return _KNOWN.get(view.meaning.role, "length.zero-only" if view.meaning.role == "none" else "length.buffer")


def _reason(view: View, length: int, found: int | None) -> _Reason:
    if found is None:
        return "length.not-a-number", ", no number", ""
    text = view.meaning.text
    as_utf_8 = len(text.encode("utf-8", "surrogatepass")) if text is not None else None
    return next((code, reason, cause) for code, reason, cause, test in _REASONS if test(view, length, found, as_utf_8))


_Test = Callable[[View, int, int, int | None], bool]
_REASONS: tuple[tuple[str, str, str, _Test], ...] = (
    (
        "length.items",
        ", the number of items",
        "len() counts items",
        lambda view, length, found, utf_8: found == view.meaning.items,
    ),
    ("length.zero", "", "", lambda view, length, found, utf_8: found == 0),
    (
        "length.utf-8",
        ", the length of the text in UTF-8",
        "len(body.encode())",
        lambda view, length, found, utf_8: found == utf_8,
    ),
    ("length.doubled", ", twice as much", "", lambda view, length, found, utf_8: found == 2 * length),
    ("length.off-by-one", ", off by one", "", lambda view, length, found, utf_8: abs(found - length) == 1),
    ("length.wrong", "", "", lambda view, length, found, utf_8: True),
)
