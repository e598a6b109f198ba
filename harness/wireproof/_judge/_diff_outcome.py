"""Differences in what the call did apart from its bytes: exceptions, return value, connections.

Also here: too many or too few bytes for the moment at which an exception came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import unquote_to_bytes

from wireproof._judge._diff_effects import pieces_of
from wireproof._judge._diff_view import Rule, View, count
from wireproof._judge._sight import Sight
from wireproof._model import Difference, Recipe

CODES: Mapping[str, str] = {
    "call.construct": "The connection object could not be made.",
    "call.raised": "The call raised an exception although the request is to be sent.",
    "call.not-raised": "The call did not raise the exception that is expected.",
    "call.other-exception": "The call raised an exception of another class.",
    "call.returned": "The call returned something else than None.",
    "error.bytes-out": "Bytes were sent before an exception that must come first.",
    "error.nothing-out": "The exception came before anything was sent, and part of the request must be out by then.",
    "error.less-out": "When the exception came, less was out than must be.",
    "error.more-out": "When the exception came, more was out than may be.",
    "error.last-chunk": "The last chunk was sent although the body failed.",
    "request.not-sent": "Nothing was sent.",
    "request.twice": "The request was sent more than once on one connection.",
    "connection.retried": "The request was sent again on a further connection.",
    "connection.split": "One request is spread over several connections.",
    "connection.not-reused": "A new connection was opened where the old one was to be used.",
    "connection.reused": "The old connection was used where a new one was to be opened.",
    "connection.left-open": "The connection was never closed.",
    "connection.reset": "The connection was reset before everything had been sent.",
}


# exceptions and the return value ----------------------------------------------------------------------------------

_ACCEPTED = {
    "text": "body.str.accepted",
    "buffer": "body.buffer.accepted",
    "file": "body.file.accepted",
    "text-file": "body.file.accepted",
    "iterable": "body.iterable.accepted",
}
_TEXT = ("str", "str-subclass")
_PLAIN = ("none", "str", "bytes")
_NAMES = (*_TEXT, "bytes", "bytes-subclass")
_VALUES = (*_NAMES, "int", "bool")


def construct(view: View) -> Iterator[Difference]:
    """The constructor let out an exception."""
    raised = view.sight.raised
    if raised is not None and raised.phase == "construct":
        text = f"The connection object could not be made: {raised.classes[0]}: {view.show_text(raised.message)}"
        yield view.found("call.construct", raised.classes[0], text, "request.sent")


def unexpected(view: View) -> Iterator[Difference]:
    """The request is to be sent, and was refused."""
    raised = view.sight.raised
    if raised is None or raised.phase == "construct" or view.sight.expect.raises is not None:
        return
    text = (
        f"{raised.phase}() raised {raised.classes[0]} although the request is to be sent: "
        f"{view.show_text(raised.message) or '(no message)'}"
    )
    if view.sight.data:
        text += f" ({count(view.total)} had been sent)"
    cause = _refusal_cause(view, raised.classes, raised.message)
    yield view.found("call.raised", raised.classes[0], text, _refusal(view, raised.message), None, cause)


def _refusal(view: View, message: str) -> str:
    request = view.sight.request
    if request.get("encode_chunked") is not None and "encode_chunked" in message:
        return "flag.keyword-only"
    if request.passed != "usual":
        return "call.signature"
    headers = request.get("headers")
    if headers is not None and headers.kind != "dict" and view.recipe.kind in _PLAIN:
        return "headers.accepted"
    if any(re.search(rb"[ \0]", name or b"") for name, _ in view.sight.given or ()):
        return "headers.name-lenient"
    if any(re.search(rb"[\r\n]", value or b"") for _, value in view.sight.given or ()):
        return "headers.value-folding"
    if request.get("body") is not None and view.meaning.role in _ACCEPTED:
        return "body.file.read-only" if view.recipe.kind == "reader" else _ACCEPTED[view.meaning.role]
    return "headers.accepted" if headers is not None else "request.sent"


def _refusal_cause(view: View, classes: tuple[str, ...], message: str) -> str:
    if "encode_chunked" in message and "TypeError" in classes:
        return "request() does not know encode_chunked"
    if "UnicodeEncodeError" in classes and "ascii" in message:
        return "encode('ascii') where ISO-8859-1 is meant"
    if "has no len()" in message or "__len__" in message:
        return "len() of a body that has none"
    return ""


def not_raised(view: View) -> Iterator[Difference]:
    """An exception is expected, and the call returned."""
    expect = view.sight.expect
    if expect.raises is None or view.sight.raised is not None:
        return
    clause, cause = _why(view.sight)
    sent = f"{count(view.total)} were sent" if view.total != 1 else "1 byte was sent"
    instead = ""
    if view.total:
        instead, cause = _encoded(view) or _target(view, clause) or _value(view, clause) or ("", cause)
    text = f"No exception was raised, {expect.raises} expected; {sent if view.total else 'nothing was sent'}{instead}"
    yield view.found("call.not-raised", expect.raises, f"{text}.", clause, None, cause if view.total else "")


_ENCODINGS = (
    ("utf-8", "surrogatepass", "as UTF-8", "str.encode() without an encoding argument gives UTF-8"),
    ("cp1252", "strict", "in Windows-1252", "a locale's encoding"),
    ("latin-1", "replace", "with ? in place of what cannot be encoded", "encode('latin-1', 'replace')"),
    ("latin-1", "ignore", "without what cannot be encoded", "encode('latin-1', 'ignore')"),
)


def _encoded(view: View) -> tuple[str, str] | None:
    """Return what was sent of a text that cannot be sent, and why."""
    text = view.meaning.text
    if text is None or not view.meaning.fails:
        return None
    for encoding, errors, how, cause in _ENCODINGS:
        try:
            data = text.encode(encoding, errors)
        except UnicodeEncodeError:
            continue
        if data and data in view.tail:
            return f", the text {how}", cause
    return None


def _target(view: View, clause: str) -> tuple[str, str] | None:
    """Return how a url that cannot be sent was sent."""
    url = view.sight.url
    if url is None or clause not in ("target.control", "target.non-ascii"):
        return None
    line = view.sight.data.partition(b" HTTP/")[0]
    raw = url.encode("utf-8", "surrogatepass")
    if line.endswith(b" " + raw):
        return None if url.isascii() else (", the url as UTF-8", "encode() without an encoding argument gives UTF-8")
    if line.endswith(b" " + url.encode("latin-1", "replace")):
        return ", the url as ISO-8859-1", "encode('latin-1')"
    if unquote_to_bytes(line.partition(b" ")[2]) in (raw, url.encode("latin-1", "replace")):
        return ", the url percent-encoded", "urllib.parse.quote()"
    return "", ""


def _value(view: View, clause: str) -> tuple[str, str] | None:
    """Return how a value with a line break was sent, where it did not go out as it is."""
    values = [value for _, value in view.sight.given or () if value is not None and re.search(rb"[\r\n]", value)]
    if clause != "headers.value-injection" or any(b": " + value in view.sight.data for value in values):
        return None
    if any(repr(value).encode() in view.sight.data for value in values):
        return ", the value in Python's notation", "str() or an f-string of bytes"
    return "", ""


def other_class(view: View) -> Iterator[Difference]:
    """An exception came, and none of its classes is the expected one."""
    raised, wanted = view.sight.raised, view.sight.expect.raises
    if raised is None or wanted is None or raised.phase == "construct" or wanted in raised.classes:
        return
    text = (
        f"An exception of another class was raised: {raised.classes[0]} instead of {wanted}: "
        f"{view.show_text(raised.message) or '(no message)'}"
    )
    yield view.found("call.other-exception", raised.classes[0], text, _why(view.sight)[0])


def returned(view: View) -> Iterator[Difference]:
    """Clause call.returns-none."""
    sight = view.sight
    if sight.raised is None and sight.expect.raises is None and sight.outcome.returned != "NoneType":
        what = view.show_text(sight.outcome.returned, 60)
        yield view.found("call.returned", "return", f"The call returned {what}, expected None.", "call.returns-none")


# why an exception is expected: the clause, in the order of examination, and what goes wrong without it -------------

_INJECTED = "the line break goes out as it is: header injection"
_REQUIRED = ("method", "url")
_ARGUMENTS = ("method", "url", "body", "headers", "encode_chunked")
_NAME_ILLEGAL = re.compile(r"|[ \t\r\n\v\f].*|.*[:\r\n].*", re.DOTALL)
_VALUE_ILLEGAL = re.compile(r"[\r\n](?![ \t])")
_TEXT_READERS = ("temporary-text-file", "codecs-reader")


def _text(recipe: Recipe | None) -> str | None:
    return str(recipe.get("text")) if recipe is not None and recipe.kind in _TEXT else None


def _characters(recipe: Recipe) -> str | None:
    data = recipe.get("data") if recipe.kind in ("bytes", "bytes-subclass") else None
    return data.decode("latin-1") if isinstance(data, bytes) else _text(recipe)


def _argument(name: str, test: Callable[[str], object]) -> Callable[[Sight], object]:
    def applies(sight: Sight) -> object:
        text = _text(sight.request.get(name))
        return text is not None and test(text)

    return applies


def _no_text(name: str) -> Callable[[Sight], object]:
    return lambda sight: (recipe := sight.request.get(name)) is not None and recipe.kind not in _TEXT


def _pair(index: int, test: Callable[[Recipe], object]) -> Callable[[Sight], object]:
    def applies(sight: Sight) -> object:
        headers = sight.request.get("headers")
        pairs = headers.get("items") if headers is not None else None
        pairs = pairs if isinstance(pairs, tuple) else ()
        return any(isinstance(pair, tuple) and test(pair[index]) for pair in pairs)

    return applies


def _text_is(test: Callable[[str], object]) -> Callable[[Recipe], object]:
    return lambda recipe: (text := _text(recipe)) is not None and test(text)


def _kind(argument: str, *kinds: str) -> Callable[[Sight], object]:
    return lambda sight: (recipe := sight.request.get(argument)) is not None and recipe.kind in kinds


def _not_in_latin_1(text: str) -> bool:
    return any(ord(char) > 255 for char in text)


_WHY: tuple[tuple[str, str, Callable[[Sight], object]], ...] = (
    ("state.after-failure", "", lambda sight: sight.expect.raises == "CannotSendRequest" and sight.after_failure),
    ("state.busy", "", lambda sight: sight.expect.raises == "CannotSendRequest"),
    (
        "call.wrong-arguments",
        "",
        lambda sight: (
            {name for name, _ in sight.request.arguments} - {*_ARGUMENTS}
            or {*_REQUIRED} - {name for name, _ in sight.request.arguments}
        ),
    ),
    (
        "flag.keyword-only",
        "",
        lambda sight: sight.request.passed == "positional" and sight.request.get("encode_chunked"),
    ),
    ("headers.none", "", _kind("headers", "none")),
    ("headers.list", "", _kind("headers", "pairs-list", "list")),
    ("method.type", "", _no_text("method")),
    (
        "method.control",
        "the method goes out as it is: request injection",
        _argument("method", re.compile(r"[\0-\x1f]").search),
    ),
    ("method.non-ascii", "", _argument("method", lambda text: not text.isascii())),
    ("target.type", "", _no_text("url")),
    (
        "target.control",
        "the url goes out as it is: request injection",
        _argument("url", re.compile(r"[\0-\x20\x7f]").search),
    ),
    ("target.non-ascii", "", _argument("url", lambda text: not text.isascii())),
    ("target.authority", "", _argument("url", re.compile(r"http[^/]*//[^/]*[\[\]%]").match)),
    ("headers.name-type", "", _pair(0, lambda recipe: recipe.kind not in _NAMES)),
    ("headers.name-ascii", "", _pair(0, _text_is(lambda text: not text.isascii()))),
    ("headers.name-illegal", _INJECTED, _pair(0, _text_is(_NAME_ILLEGAL.fullmatch))),
    ("headers.value-type", "", _pair(1, lambda recipe: recipe.kind not in _VALUES)),
    (
        "headers.value-latin-1",
        "str.encode() without an encoding argument gives UTF-8",
        _pair(1, _text_is(_not_in_latin_1)),
    ),
    (
        "headers.value-injection",
        _INJECTED,
        _pair(1, lambda recipe: (text := _characters(recipe)) is not None and _VALUE_ILLEGAL.search(text)),
    ),
    ("body.early-encoding", "", lambda sight: sight.meaning.role == "text" and sight.meaning.fails),
    ("send.stops", "", lambda sight: sight.meaning.endless is not None),
    ("file.text-not-textio", "", _kind("body", *_TEXT_READERS)),
    ("body.non-contiguous", "", _kind("body", "memoryview")),
    ("body.propagates", "", lambda sight: any(piece.kind == "raise" for piece in pieces_of(sight.request.get("body")))),
    ("body.late-encoding", "", lambda sight: sight.meaning.role == "text-file" and sight.meaning.fails),
    ("iterable.wrong-items", "", lambda sight: sight.meaning.fails),
    ("body.other-type", "", lambda sight: sight.meaning.role == "other"),
)


def _why(sight: Sight) -> tuple[str, str]:
    """Return the clause that wants the expected exception, as far as the request tells, and what a lack of it does."""
    return next(((clause, cause) for clause, cause, applies in _WHY if applies(sight)), ("", ""))


# connections ------------------------------------------------------------------------------------------------------


def not_sent(view: View) -> Iterator[Difference]:
    """Clause request.sent: not a byte came, and no exception says why."""
    sight = view.sight
    if sight.data or sight.raised is not None or sight.expect.raises is not None or not sight.wire.head:
        return
    how = (
        "a connection was opened, and not a byte came on it" if sight.connections else "no byte came on any connection"
    )
    yield view.found("request.not-sent", "request", f"The call returned, and nothing was sent: {how}.", "request.sent")


def is_repeated(view: View) -> bool:
    """Say whether the expected bytes came more than once, or once again after a part of them."""
    data, wanted = view.sight.data, view.expected
    if not wanted or len(data) <= len(wanted) or not data.endswith(wanted):
        return False
    if view.sight.connections > 1:
        return wanted.startswith(data[: -len(wanted)][: len(wanted)])
    return data == wanted * (len(data) // len(wanted))


def retried(view: View) -> Iterator[Difference]:
    """Clause connection.one: a request is not sent again behind the caller's back."""
    connections = view.sight.connections
    if not is_repeated(view):
        if connections > 1 and view.sight.data:
            text = f"The bytes of one request came on {connections} connections."
            yield view.found("connection.split", "connection", text, "connection.one")
        return
    if connections > 1:
        times = "twice" if connections == 2 else f"{connections} times"
        text = f"The request was sent {times}, on {connections} connections: it was retried."
        cause = "a retry after a dropped connection: the server may act on it twice"
        yield view.found("connection.retried", "connection", text, "connection.one", None, cause)
    else:
        text = f"The request was sent {len(view.sight.data) // len(view.expected)} times on one connection."
        yield view.found("request.twice", "request", text, "request.sent", len(view.expected))


def continues(sight: Sight) -> bool | None:
    """Return whether the call has to go on on the connection of an earlier one; None: the sight does not know.

    ``Sight.continues`` says so, where the runner knows it from the steps before.
    """
    return False if sight.expect.reconnects else sight.continues


def reused(view: View) -> Iterator[Difference]:
    """Clauses state.reuse, state.reconnect, state.close."""
    wanted, sight = continues(view.sight), view.sight
    if wanted is None or not sight.data or sight.continued == wanted:
        return
    if wanted:
        text = "A new connection was opened although the old one was to be used again."
        yield view.found("connection.not-reused", "connection", text, "state.reuse")
    else:
        text = "The request went out on the old connection although a new one was to be opened."
        clause = "state.reconnect" if sight.expect.reconnects else "state.close"
        yield view.found("connection.reused", "connection", text, clause)


def left_open(view: View) -> Iterator[Difference]:
    """Clause connection.closed."""
    if view.sight.ended == "open":
        text = "The connection was never closed, not even by close()."
        yield view.found("connection.left-open", "connection", text, "connection.closed")


def is_reset(view: View) -> bool:
    """Say whether bytes are missing because the connection was reset."""
    return view.sight.ended == "reset" and view.is_prefix and view.total != view.expected_length


def reset(view: View) -> Iterator[Difference]:
    """Clause send.complete: bytes are missing, and a reset says why."""
    if is_reset(view):
        text = f"The connection was reset after {view.total} of {count(view.expected_length)}."
        cause = "the socket was closed with unsent or unread bytes"
        yield view.found("connection.reset", "connection", text, "send.complete", view.total, cause)


# bytes at the time of an exception --------------------------------------------------------------------------------


def at_exception(view: View) -> Difference | None:
    """Return what is wrong with the amount of bytes that were out when the expected exception came.

    None: as many as expected, or other ones altogether.
    """
    data, wanted, clause = view.sight.data, view.expected, _why(view.sight)[0]
    name = view.sight.expect.raises or ""
    if not wanted:
        text = f"{count(view.total)} came before the {name}, and nothing may be sent: {view.show(data)}"
        return view.found("error.bytes-out", name, text, clause, 0, "the arguments are examined while they are sent")
    if not data:
        text = f"The {name} came before anything was sent; {count(len(wanted))} of the request must be out by then."
        return view.found("error.nothing-out", name, text, clause, 0, "the body is taken before the head is sent")
    if wanted.startswith(data):
        least = "at least " if view.endless is not None else ""
        less, rest = f"{count(len(data))} were out instead of {least}{len(wanted)}", view.show(wanted[len(data) :])
        text = f"When the {name} came, {less}: {rest} is missing."
        return view.found("error.less-out", name, text, clause, len(data), "pieces are held back before they are sent")
    if not data.startswith(wanted):
        return None
    extra = data[len(wanted) :]
    if extra == b"0\r\n\r\n":
        text = f"The last chunk was sent although the body failed with {name}: what came passes for the whole body."
        return view.found(
            "error.last-chunk", name, text, clause, len(wanted), "the last chunk is sent in a finally, or by close()"
        )
    text = f"When the {name} came, {count(len(extra))} too many were out: {view.show(extra)}"
    return view.found("error.more-out", name, text, clause, len(wanted))


RULES: tuple[Rule, ...] = (
    construct,
    unexpected,
    not_raised,
    other_class,
    returned,
    not_sent,
    retried,
    reused,
    reset,
    left_open,
)


def outcome(view: View) -> Iterable[Difference]:
    """Yield what is wrong with exception, return value and connections."""
    for rule in RULES:
        yield from rule(view)
