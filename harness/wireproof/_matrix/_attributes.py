"""What rules may ask of a value: words that are computed from its recipe, so that no catalog can claim them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from wireproof._model import Connection, Expect, Recipe, Request, Step
from wireproof._recipes import KINDS

YES, NO = "yes", "no"
_TEXT = ("str", "str-subclass")
_BYTES = ("bytes", "bytes-subclass")
_MAPPINGS = ("dict", "message", "mapping", "mapping-proxy")
_EXPECTS = ("PUT", "POST", "PATCH")
_METHOD_CONTROL = re.compile("[\x00-\x1f]")
_URL_CONTROL = re.compile("[\x00-\x20\x7f]")
_NAME = re.compile(rb"[^:\s][^:\r\n]*")
_BREAK = re.compile(rb"\n(?![ \t])|\r(?![ \t\n])")

Attributes = dict[str, str]

WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "method": {
        "is": ("text", "control", "not-ascii", "not-text"),
        "name": (),
        "expects-body": (YES, NO),
    },
    "url": {
        "is": ("text", "control", "not-ascii", "not-text"),
        "empty": (YES, NO),
        "authority": ("given", "absent"),
    },
    "body": {
        "is": ("none", "text", "buffer", "file", "text-file", "iterable", "other"),
        "encodable": (YES, NO),
        "then": (),
        "items": ("bytes", "wide"),
        "sized": (YES, NO),
        "length": (),
        "pieces": (),
    },
    "headers": {
        "is": ("mapping", "list", "none"),
        "fields": ("some", "none"),
        "framing": ("none", "length", "coding", "both"),
        "unread": (YES, NO),
        "host": ("given", "absent"),
        "accept-encoding": ("given", "absent"),
        "refused": (
            "nothing",
            "name-type",
            "name-encoding",
            "name-illegal",
            "value-encoding",
            "value-type",
            "value-injection",
        ),
    },
    "encode_chunked": {"is": ("truthy", "falsy"), "value": ("absent", "false", "true", "other")},
    "connection": {"host": (), "port": ()},
    "first": {"ends": ("sent", "failed", "untouched"), "leaves": ("nothing", "lines")},
    "between": {"is": ("nothing", "close", "reply", "last-reply")},
    "second": {"ends": ("sent", "failed", "untouched"), "leaves": ("nothing", "lines")},
}
"""The attributes of each axis and the words that each can be; () where it can be any."""


def attributes(
    axis: str, recipe: Recipe | None, *, then: str = "", shows: str = "", sends: tuple[bytes, ...] = ()
) -> Attributes:
    """Return the attributes of an argument's value.

    Args:
        axis: one of ``ARGUMENTS``.
        recipe: the argument, or None where it is not passed.
        then: the exception that the catalog says it ends in.
        shows: what Host shows of it.
        sends: what the catalog says that it sends.
    """
    found = _OF[axis](recipe)
    if axis == "url":
        found["authority"] = "given" if shows else "absent"
    if axis == "body":
        found |= {"then": then or "nothing", "length": str(sum(map(len, sends))), "pieces": str(len(sends))}
    return found


def of_connection(connection: Connection) -> Attributes:
    """Return the attributes of a way to make the connection object."""
    return {"host": connection.host, "port": connection.port}


def of_exchange(request: Request, expect: Expect, leaves: tuple[str, ...]) -> Attributes:
    """Return the attributes of a request in a sequence: how it ends, and whether a part of its head is left behind.

    One whose field names cannot even be looked at leaves the connection object untouched.
    """
    found = _headers(request.get("headers"))
    is_untouched = found["is"] == "none" or found["refused"] == "name-type"
    ends = "sent" if expect.raises is None else "untouched" if is_untouched else "failed"
    return {"ends": ends, "leaves": "lines" if leaves else "nothing"}


def of_steps(steps: tuple[Step, ...], closing: Collection[str]) -> Attributes:
    """Return the attributes of what is done between two requests; after the replies ``closing`` the server closes."""
    if not steps:
        return {"is": "nothing"}
    last = steps[-1]
    if last.action == "close":
        return {"is": "close"}
    return {"is": "last-reply" if last.reply in closing else "reply"}


def _text(recipe: Recipe) -> str:
    return str(recipe.get("text"))


def _argument(recipe: Recipe | None, control: re.Pattern[str]) -> str:
    if recipe is None or recipe.kind not in _TEXT:
        return "not-text"
    if control.search(_text(recipe)):
        return "control"
    return "text" if _text(recipe).isascii() else "not-ascii"


def _method(recipe: Recipe | None) -> Attributes:
    name = _text(recipe) if recipe is not None and recipe.kind in _TEXT else ""
    expects = YES if name.upper() in _EXPECTS else NO
    return {"is": _argument(recipe, _METHOD_CONTROL), "name": name, "expects-body": expects}


def _url(recipe: Recipe | None) -> Attributes:
    is_empty = recipe is not None and (recipe.kind == "none" or not any(recipe.fields.values()))
    return {"is": "text" if is_empty else _argument(recipe, _URL_CONTROL), "empty": YES if is_empty else NO}


def _body(recipe: Recipe | None) -> Attributes:
    if recipe is None:
        return {"is": "none", "encodable": YES, "items": "bytes", "sized": NO}
    role = KINDS[recipe.kind].role
    if recipe.kind == "range" and not range(*_bounds(recipe)):
        role = "iterable"
    is_sized = role in ("text", "buffer") and recipe.kind not in ("buffer", "pickle-buffer")
    return {
        "is": role,
        "encodable": YES if role != "text" or _encodes(_text(recipe), "latin-1") else NO,
        "items": "wide" if _is_wide(recipe) else "bytes",
        "sized": YES if is_sized else NO,
    }


def _bounds(recipe: Recipe) -> Any:
    return recipe.get("bounds")


def _is_wide(recipe: Recipe) -> bool:
    """Say whether a buffer, or an element, has items of more than one byte or more than one dimension."""
    fields: Mapping[str, Any] = recipe.fields
    pieces = (*fields.get("items", ()), *fields.get("reads", ()))
    wide = {
        "memoryview": fields.get("format", "B") not in ("b", "B", "c") or len(fields.get("shape", ())) > 1,
        "array": fields.get("typecode", "B") not in ("b", "B"),
        "ctypes": fields.get("size", 1) > 1 if isinstance(fields.get("size", 1), int) else False,
    }
    return wide.get(recipe.kind, False) or any(_is_wide(piece) for piece in pieces)


def _encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _headers(recipe: Recipe | None) -> Attributes:
    pairs: Any = recipe.get("items", ()) if recipe is not None else ()
    names = {_text(name).lower() for name, _ in pairs if name.kind in _TEXT}
    given = ("content-length" in names, "transfer-encoding" in names)
    framing = {(False, False): "none", (True, False): "length", (False, True): "coding", (True, True): "both"}
    return {
        "is": "mapping"
        if recipe is None or recipe.kind in _MAPPINGS
        else "list"
        if recipe.kind == "pairs-list"
        else "none",
        "fields": "some" if pairs else "none",
        "framing": framing[given],
        "unread": YES if _is_unread(pairs, names) else NO,
        "host": "given" if "host" in names else "absent",
        "accept-encoding": "given" if "accept-encoding" in names else "absent",
        "refused": _refused(pairs),
    }


def _is_unread(pairs: Any, names: Collection[str]) -> bool:
    """Say whether a field would frame the body if its name were text, and not bytes."""
    others = {name.fields["data"].decode("latin-1").lower() for name, _ in pairs if name.kind in _BYTES}
    return bool(others.difference(names) & {"content-length", "transfer-encoding"})


def _refused(pairs: Any) -> str:
    """Return what is wrong with the first field that is: all names are looked at first, then field after field."""
    if any(name.kind not in (*_TEXT, *_BYTES) for name, _ in pairs):
        return "name-type"
    wrong = (_wrong(name, value) for name, value in pairs)
    return next(filter(None, wrong), "nothing")


def _wrong(name: Recipe, value: Recipe) -> str:
    if name.kind in _TEXT and not _encodes(_text(name), "ascii"):
        return "name-encoding"
    if not _NAME.fullmatch(encoded(name)):
        return "name-illegal"
    if value.kind in _TEXT and not _encodes(_text(value), "latin-1"):
        return "value-encoding"
    if value.kind not in (*_TEXT, *_BYTES, "int", "bool"):
        return "value-type"
    return "value-injection" if _BREAK.search(encoded(value)) else ""


def encoded(recipe: Recipe) -> bytes:
    """Return the bytes of a field name or value of a kind that has some."""
    if recipe.kind in _TEXT:
        return _text(recipe).encode("latin-1")
    if recipe.kind in _BYTES:
        data = recipe.get("data")
        assert isinstance(data, bytes)
        return data
    return str(recipe.get("value")).encode("ascii")


def field_lines(recipe: Recipe | None) -> tuple[bytes, ...]:
    """Return the field lines of headers, without CRLF; of a dict the last of several equal names counts.

    Only for headers of which nothing is refused.
    """
    if recipe is None or recipe.kind not in _MAPPINGS:
        return ()
    pairs: Any = recipe.get("items", ())
    if recipe.kind in ("dict", "mapping-proxy"):
        pairs = {repr(name): (name, value) for name, value in pairs}.values()
    return tuple(encoded(name) + b": " + encoded(value) for name, value in pairs)


def _flag(recipe: Recipe | None) -> Attributes:
    is_truthy = recipe is not None and recipe.kind != "none" and any((*recipe.fields.values(), not recipe.fields))
    value = "absent" if recipe is None else str(recipe.get("value")).lower() if recipe.kind == "bool" else "other"
    return {"is": "truthy" if is_truthy else "falsy", "value": value}


_OF: Mapping[str, Callable[[Recipe | None], Attributes]] = {
    "method": _method,
    "url": _url,
    "body": _body,
    "headers": _headers,
    "encode_chunked": _flag,
}
