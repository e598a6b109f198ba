"""Requests, made of choices: the fields, and how a call is made."""

from __future__ import annotations

from wireproof._fuzz import _values as values
from wireproof._fuzz._bodies import BODIES
from wireproof._fuzz._choices import OFTEN, SOMETIMES, Choices
from wireproof._fuzz._values import Pool
from wireproof._judge._meaning import meaning
from wireproof._model import Recipe, Request

# fields --------------------------------------------------------------------------------------------------------

_FRAMING = ("none",) * 9 + ("length",) * 5 + ("coding",) * 6 + ("both",) * 2
_FIELD_COUNTS = (0, 0, 1, 1, 2, 3, 2, 5)
_MAPPINGS = ("dict",) * 12 + ("message",) * 3 + ("mapping",) * 3 + ("mapping-proxy",) * 2
_LENGTH_KINDS = ("right", "wrong", "right", "int", "bytes", "wrong")
_LENGTHS = values.LENGTHS
_FIELD_KINDS = ("plain",) * 11 + ("known",) * 4 + ("host",) * 3 + ("accept",) * 3 + ("bytes",) + ("again",)
_WRONG_FIELDS = values.WRONG_FIELDS
_Pair = tuple[Recipe, Recipe]


def _length(draw: Choices, body: Recipe | None) -> _Pair:
    kind, right = draw(_LENGTH_KINDS), meaning(body).length
    value = draw(_LENGTHS) if kind == "wrong" else str(right)
    name = draw(values.LENGTH_NAMES)
    if kind == "int":
        return name, Recipe("int", {"value": right})
    return name, values.data(value.encode()) if kind == "bytes" else values.text(value)


def _coding(draw: Choices) -> _Pair:
    return draw(values.CODING_NAMES), draw(values.CODINGS)


def _plain(draw: Choices, before: list[_Pair]) -> _Pair:
    kind = draw(_FIELD_KINDS)
    if kind == "host":
        return draw(values.HOST_NAMES), draw(values.HOSTS)
    if kind == "accept":
        return draw(values.ACCEPT_NAMES), draw(values.ACCEPTS)
    if kind == "known":
        return draw(values.KNOWN)
    if kind == "bytes":
        return draw(values.BYTES_NAMES), draw(values.VALUES)
    name = before[-1][0] if kind == "again" and before else draw(values.NAMES)
    return name, draw(values.VALUES)


def _headers(draw: Choices, body: Recipe | None, wrong: str) -> Recipe | None:
    """Choices the headers; with ``wrong`` as "headers" there is something wrong with them."""
    framing, count = draw(_FRAMING), draw(_FIELD_COUNTS)
    pairs: list[_Pair] = []
    for _ in range(count):
        pairs.append(_plain(draw, pairs))
    if wrong == "headers":
        if draw(SOMETIMES):
            return draw((values.NONE, Recipe("pairs-list", {"items": tuple(pairs)})))
        pairs.insert(draw((0, 1, 2)), draw(_WRONG_FIELDS))
    if framing in ("length", "both"):
        pairs.insert(draw((0, 1)), _length(draw, body))
    if framing in ("coding", "both"):
        pairs.insert(draw((0, 1)), _coding(draw))
    if not pairs and not draw(SOMETIMES):
        return None
    kind = draw(_MAPPINGS)
    if kind == "message" and any(name.kind != "str" for name, _ in pairs):
        kind = "mapping"
    if kind == "message":
        pairs = [(name, value if value.kind == "str" else values.text("m")) for name, value in pairs]
    if kind in ("dict", "mapping-proxy"):
        pairs = [*_keyed(pairs)]
    return Recipe(kind, {"items": tuple(pairs)})


def _keyed(pairs: list[_Pair]) -> list[_Pair]:
    """Return the fields with each name once, as in a dict."""
    return [*{repr(pair[0].fields): pair for pair in pairs}.values()]


# requests ------------------------------------------------------------------------------------------------------

FAULTS = ("",) * 18 + ("headers", "headers", "method", "url", "call")
SOUND = ("",)
"""Nothing is wrong."""
_PASSED = ("usual",) * 18 + ("keywords", "positional")
_CALLS = ("unknown", "flag", "no-url")


def request(draw: Choices, faults: tuple[str, ...], methods: Pool) -> Request:
    """Choices the arguments of one call."""
    wrong = draw(faults)
    arguments: dict[str, Recipe] = {"method": draw(values.WRONG_METHODS if wrong == "method" else methods)}
    plain_url = draw(OFTEN)
    urls = values.WRONG_URLS if wrong == "url" else values.URLS
    arguments["url"] = values.URLS[0] if plain_url and wrong != "url" else draw(urls)
    make = draw(BODIES)
    body = make(draw) if make is not None else None
    if body is not None:
        arguments["body"] = body
    headers = _headers(draw, body, wrong)
    if headers is not None:
        arguments["headers"] = headers
    if draw(OFTEN if _is_coded(headers) else SOMETIMES):
        arguments["encode_chunked"] = draw(values.FLAGS)
    return _called(draw, arguments, wrong)


def _is_coded(headers: Recipe | None) -> bool:
    pairs = headers.get("items", ()) if headers is not None else ()
    assert isinstance(pairs, tuple)
    return any(str(name.get("text")).lower() == "transfer-encoding" for name, _ in pairs)


def _called(draw: Choices, arguments: dict[str, Recipe], wrong: str) -> Request:
    """Choices how the arguments are passed; by position only those that the signature has at their places."""
    passed = draw(_PASSED)
    if wrong == "call":
        way = draw(_CALLS)
        if way == "unknown":
            arguments["unknown"] = values.NONE
            return Request(tuple(arguments.items()))
        if way == "no-url":
            return Request((("method", arguments["method"]),))
        arguments = {name: arguments.get(name, default) for name, default in _WHOLE.items()}
        return Request(tuple(arguments.items()), "positional")
    places = ("method", "url", "body", "headers")[: len(arguments)]
    if passed == "positional" and tuple(arguments) == places:
        return Request(tuple(arguments.items()), "positional")
    return Request(tuple(arguments.items()), "keywords" if passed == "keywords" else "usual")


_WHOLE = {
    "method": values.METHODS[0],
    "url": values.URLS[0],
    "body": values.NONE,
    "headers": Recipe("dict", {"items": ()}),
    "encode_chunked": values.TRUE,
}
