"""Questions that are rare because they take long: servers that read late or hang up, large things, long sequences."""

from __future__ import annotations

from wireproof._fuzz import _values as values
from wireproof._fuzz._choices import OFTEN, Choices, Maker
from wireproof._fuzz._question import Ask, Question
from wireproof._model import Connection, Recipe, Request, ServerPlan

SIMPLE: tuple[Request, ...] = tuple(
    Request(tuple({"method": values.text(method), "url": values.text(url), **more}.items()))
    for method, url, more in (
        ("GET", "/", {}),
        ("PUT", "/", {}),
        ("POST", "/x", {"body": values.text("abc")}),
        ("GET", "http://example.test/a", {}),
        ("GET", "/x", {"headers": Recipe("dict", {"items": ((values.text("X-A"), values.text("1")),)})}),
        ("POST", "/", {"body": Recipe("generator", {"items": (values.data(b"abc"),)})}),
        ("POST", "/", {"body": Recipe("bytesio", {"data": b"abc"})}),
    )
)
"""Requests for sequences."""

_URL = values.URLS[0]
_UNITS = (values.pattern(1024), b"0123456789abcdef")
_HANGS = (20_000, 65_536)
_LARGE_KINDS = ("bytes", "str", "bytearray", "generator", "headers")
_MANY = 12
_FIELDS = tuple((values.text(f"X-{number}"), values.text(str(number))) for number in range(150))
_LONG_FIELDS = ((values.text("X-Long"), values.text("v" * 140_000)),)
_LIMITS: tuple[dict[str, Recipe], ...] = (
    {"headers": Recipe("dict", {"items": _FIELDS})},
    {"url": values.text("/" + "u" * 70_000)},
    {"headers": Recipe("dict", {"items": _LONG_FIELDS})},
    {"body": Recipe("list", {"items": (values.data(values.pattern(2**20 + 1)),)})},
    {"body": Recipe("generator", {"items": (values.data(b"x"),) * 1100})},
    {"body": Recipe("bytesio", {"data": values.pattern(8192 * 20 + 1)})},
    {"body": Recipe("reader", {"reads": (values.data(b"ab"),) * 600})},
    {"body": values.data(values.pattern(2**20 + 1))},
)


def _request(method: Recipe, arguments: dict[str, Recipe]) -> Request:
    return Request((("method", method), ("url", arguments.pop("url", _URL)), *arguments.items()))


def _limits(draw: Choices) -> Question:
    """Return a request that is larger than some buffer or counter somewhere."""
    return Question((Ask(request=_request(draw(values.METHODS), {**draw(_LIMITS)})),))


def _server(draw: Choices) -> Question:
    """Return a request to a server that reads late, or that hangs up."""
    method = draw(values.METHODS)
    if draw(OFTEN):
        body = Recipe("endless", {"data": draw(_UNITS)})
        asked = _request(method, {"body": body})
        return Question((Ask(request=asked),), Connection(), ServerPlan(hangs_up_after=draw(_HANGS)))
    content, kind = draw(values.LARGE), draw(_LARGE_KINDS)
    if kind == "headers":
        arguments = {"headers": Recipe("dict", {"items": _LONG_FIELDS})}
    elif kind == "str":
        arguments = {"body": values.text(content.decode("latin-1"))}
    elif kind == "generator":
        arguments = {"body": Recipe(kind, {"items": (values.data(content), values.data(b"end"))})}
    else:
        arguments = {"body": Recipe(kind, {"data": content})}
    return Question((Ask(request=_request(method, arguments)),), values.WITH_TIMEOUT, ServerPlan(late=True))


def _long(draw: Choices) -> Question:
    """Return a sequence of many requests on one connection, each of which is answered."""
    asked = draw(SIMPLE)
    return Question((Ask(request=asked), Ask(reply="ok")) * _MANY)


SPECIAL: dict[str, Maker[Question]] = {"limits": _limits, "server": _server, "long": _long}
"""What makes them, by the shape of the question."""
