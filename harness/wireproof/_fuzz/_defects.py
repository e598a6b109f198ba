"""CPython's known defects: when a question runs into one, and what CPython sends then.

Computed from the recipes, and from what the reference does with a request that is changed a little: the way without the
flag, or the head up to the field that fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from wireproof._fuzz._asks import text_of
from wireproof._fuzz._question import Ask, Question
from wireproof._fuzz._reference import placed, play
from wireproof._judge._meaning import meaning
from wireproof._model import Connection, Expect, Recipe, Request

_UNSIZED = ("buffer", "pickle-buffer")
_NAMES = ("str", "str-subclass", "bytes")
_FALSY = ("none", "str", "int", "bool")


def given(request: Request) -> frozenset[str]:
    """Return the names of the caller's fields that are text, in lower case."""
    headers = request.get("headers")
    pairs = headers.get("items", ()) if headers is not None else ()
    assert isinstance(pairs, tuple)
    return frozenset((text_of(name) or "").lower() for name, _ in pairs if name.kind in ("str", "str-subclass"))


def is_truthy(recipe: Recipe | None) -> bool:
    """Say whether a flag counts as true."""
    if recipe is None or recipe.kind == "none":
        return False
    return recipe.kind not in ("bool", "int", "str", "bytes") or any(recipe.fields.values())


# the body ------------------------------------------------------------------------------------------------------


def of_body(request: Request, expect: Expect, connection: Connection) -> tuple[str, Expect] | None:
    """Return the defect that the body of a request runs into, by name, and what CPython does then."""
    body = request.get("body")
    if body is None or expect.head is None or not isinstance(expect.body, bytes) or expect.at_least is not None:
        return None
    names = given(request)
    if {"content-length", "transfer-encoding"} <= names:
        if not is_truthy(request.get("encode_chunked")):
            return None
        return _differs("length-wins-over-flag", _unflagged(request, expect, connection), expect)
    if not _is_chunked(request, names, body):
        return None
    name, counted = _counted(body, expect)
    return _differs(name, counted, expect)


def _differs(name: str, found: Expect, expect: Expect) -> tuple[str, Expect] | None:
    return None if (found.body, found.raises) == (expect.body, expect.raises) else (name, found)


def _is_chunked(request: Request, names: frozenset[str], body: Recipe) -> bool:
    if "content-length" in names or body.kind == "none":
        return False
    if "transfer-encoding" in names:
        return is_truthy(request.get("encode_chunked"))
    return meaning(body).role not in ("text", "buffer")


def _unflagged(request: Request, expect: Expect, connection: Connection) -> Expect:
    arguments = tuple(pair for pair in request.arguments if pair[0] != "encode_chunked")
    played = play(Question((Ask(request=replace(request, arguments=arguments, passed="keywords")),), connection))
    return replace(expect, body=played.data(0).partition(b"\r\n\r\n")[2])


def _counted(body: Recipe, expect: Expect) -> tuple[str, Expect]:
    """Return what CPython sends of chunks whose size is a number of items, and the defect's name.

    An element without a length is a TypeError.
    """
    pieces = body.get("reads", body.get("items"))
    reads = "reads" in body.fields
    if body.kind == "bytes-with-iter" or not isinstance(pieces, tuple):
        pieces = (body,) if meaning(body).role == "buffer" else ()
        reads = False
        if not pieces:
            return "item-count", expect
    sent = b""
    for piece in pieces:
        meant = meaning(piece)
        if _is_falsy(piece):
            if reads:
                break
            continue
        if piece.kind in _UNSIZED:
            return "unsized-buffer", replace(expect, body=sent, raises="TypeError", effects={})
        if meant.role == "text" and meaning(body).role == "text-file" and not meant.fails:
            size = len(meant.content)
        elif meant.role != "buffer":
            return "item-count", replace(expect, body=sent)
        else:
            size = meant.items if meant.items is not None else len(meant.content)
        if not size:
            if reads:
                break
            continue
        sent += b"%X\r\n%b\r\n" % (size, meant.content)
    return "item-count", replace(expect, body=sent + b"0\r\n\r\n")


def _is_falsy(piece: Recipe) -> bool:
    return piece.kind == "none" or (piece.kind in _FALSY and not any(piece.fields.values()))


# the head ------------------------------------------------------------------------------------------------------


def lines_left(request: Request, connection: Connection) -> tuple[str, ...]:
    """Return the lines that CPython keeps of a head that failed; of one that failed before anything, none.

    The reference is asked for the same head with harmless fields in the place of the one that fails, and of those
    behind it; so many of its lines are left as stand before that one.
    """
    if any(name.kind not in _NAMES for name, _ in _pairs(request)):
        return ()  # the names are all looked at before the request line is made
    line = _line_of_bad_authority(request)
    if line is not None:
        return (line,)
    mended, count = _mended(request)
    if mended is None:
        return ()
    played = play(Question((Ask(request=mended),), connection))
    head, end, _ = played.data(0).partition(b"\r\n\r\n")
    if not end:
        return ()
    lines = placed(head.decode("latin-1"), played.capture).split("\r\n")
    fields = sum(1 + _folds(value) for _, value in _pairs(mended))
    return tuple(lines[: len(lines) - fields + count])


def _line_of_bad_authority(request: Request) -> str | None:
    """Return the request line, where what fails is Host, which is made of the authority of an absolute url."""
    method, url = text_of(request.get("method")), text_of(request.get("url"))
    if url is None or not url.startswith("http") or "host" in given(request):
        return None
    plain = {"method": request.get("method"), "url": request.get("url"), "headers": _HOST}
    arguments = tuple((name, recipe) for name, recipe in plain.items() if recipe is not None)
    is_sent_with_host = play(Question((Ask(request=Request(arguments)),))).data(0)
    if not is_sent_with_host or play(Question((Ask(request=Request(arguments[:2])),))).data(0):
        return None
    return f"{method} {url} HTTP/1.1"


_HOST = Recipe("dict", {"items": ((Recipe("str", {"text": "Host"}), Recipe("str", {"text": "a.test"})),)})


def _folds(value: Recipe) -> int:
    return (text_of(value) or "").count("\r\n")


def _pairs(request: Request) -> tuple[tuple[Recipe, Recipe], ...]:
    headers = request.get("headers")
    pairs = headers.get("items", ()) if headers is not None else ()
    assert isinstance(pairs, tuple)
    return pairs


def _mended(request: Request) -> tuple[Request | None, int]:
    """Return the request with nothing in its fields and its body that fails, and the lines of good fields.

    None where it does not fail there at all.
    """
    pairs, kept, good = _pairs(request), 0, True
    mended: list[tuple[Recipe, Recipe]] = []
    harmless = Recipe("str", {"text": "v"})
    for number, (name, value) in enumerate(pairs):
        good = good and _sends(((name, value),))
        if good:
            kept += 1 + _folds(value)
            mended.append((name, value))
        elif _sends(((name, harmless),)):
            mended.append((name, harmless))
        else:
            mended.append((Recipe("str", {"text": f"X-Harmless-{number}"}), harmless))
    body = request.get("body")
    changed: Mapping[str, Recipe] = {}
    headers = request.get("headers")
    if headers is not None and headers.kind == "pairs-list" and not pairs:
        changed = {"headers": Recipe("dict", {"items": ()})}  # what it lacks is noticed when its fields are due
    elif headers is not None and not good:
        changed = {"headers": Recipe("message" if headers.kind == "message" else headers.kind, {"items": (*mended,)})}
    if body is not None and meaning(body).role == "text" and meaning(body).fails:
        changed = {**changed, "body": Recipe("str", {"text": "x" * len(text_of(body) or "")})}
    if not changed:
        return None, 0
    arguments = tuple((name, changed.get(name, recipe)) for name, recipe in request.arguments)
    return replace(request, arguments=arguments), kept


def _sends(pairs: tuple[tuple[Recipe, Recipe], ...]) -> bool:
    """Say whether a request with these fields alone is sent."""
    text = {"method": "GET", "url": "/"}
    arguments = (
        *((name, Recipe("str", {"text": value})) for name, value in text.items()),
        ("headers", Recipe("mapping", {"items": pairs})),
    )
    return bool(play(Question((Ask(request=Request(arguments)),))).data(0))


@dataclass(slots=True)
class Stale:
    """The lines that CPython holds back on each connection object."""

    lines: dict[str, tuple[str, ...]]

    def failed(self, on: str, request: Request, connection: Connection) -> None:
        """Note that a request failed before anything was sent."""
        self.lines[on] = self.lines.get(on, ()) + lines_left(request, connection)

    def taken(self, on: str) -> tuple[str, ...]:
        """Return what goes out before the next head, and forget it."""
        return self.lines.pop(on, ())
