"""Which of the RFCs' rules a caller may break: computed from the arguments alone, and asked of no implementation.

What the reference sends may break these and no others. A rule that is broken although nobody asked for it is a fault of
the suite, or of the reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wireproof._model import Connection, Recipe, Request

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLAIN_URL = re.compile(r"/(?:[A-Za-z0-9._~/?=&-]|%[0-9A-Fa-f]{2})*")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = ("rfc.content-short", "rfc.content-long", "rfc.length-syntax", "rfc.length-repeated")
_CODING = ("rfc.chunk-syntax", "rfc.chunk-last", "rfc.coding-final", "rfc.coding-syntax", "rfc.content-long")
_OF_FIELDS = {
    "content-length": _LENGTH,
    "transfer-encoding": _CODING,
    "host": ("rfc.host-syntax", "rfc.host-once"),
}


def may_break(request: Request, connection: Connection) -> frozenset[str]:
    """Return the codes of the rules that the request may ask to break."""
    codes = {*_of_method(request.get("method")), *_of_url(request.get("url"))}
    headers = request.get("headers")
    if headers is not None:
        codes.update(_of_headers(headers))
    return frozenset(codes)


def text_of(recipe: Recipe | None) -> str | None:
    """Return the characters of text or bytes, None of anything else."""
    if recipe is None:
        return None
    text = recipe.get("text", recipe.get("data"))
    return text.decode("latin-1") if isinstance(text, bytes) else text if isinstance(text, str) else None


def _of_method(recipe: Recipe | None) -> Iterator[str]:
    text = text_of(recipe) or ""
    if not _TOKEN.fullmatch(text):
        yield from ("rfc.request-line", "rfc.target-form")
    if text == "CONNECT":
        yield "rfc.target-form"


def _of_url(recipe: Recipe | None) -> Iterator[str]:
    text = text_of(recipe) or "/"
    if not _PLAIN_URL.fullmatch(text):
        yield "rfc.target-form"
    if text.startswith("http"):
        yield "rfc.host-syntax"


def _of_headers(headers: Recipe) -> Iterator[str]:
    pairs = headers.get("items", ())
    assert isinstance(pairs, tuple)
    framing = set()
    for name, value in pairs:
        word, said = (text_of(name) or "").lower(), text_of(value) or ""
        yield from _OF_FIELDS.get(word, ())
        if word in ("content-length", "transfer-encoding"):
            framing.add(word)
            if name.kind == "bytes":
                # nobody recognises it, and what frames the body is added all the same
                yield from ("rfc.length-and-coding", *_LENGTH, *_CODING)
        if not _TOKEN.fullmatch(word):
            yield "rfc.field-name"
        if _CONTROL.search(said):
            yield from ("rfc.field-value", "rfc.obs-fold", "rfc.line-ending")
    if len(framing) == 2:
        yield "rfc.length-and-coding"
