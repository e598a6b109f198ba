"""Bodies of all kinds, made of choices."""

from __future__ import annotations

from wireproof._fuzz import _values as values
from wireproof._fuzz._choices import OFTEN, SELDOM, SOMETIMES, Choices, Maker
from wireproof._fuzz._values import Pool
from wireproof._judge._meaning import meaning
from wireproof._model import Recipe

_COUNTS = (1, 2, 0, 3, 2, 4, 1, 300)
_POSITIONS = (0, 0, 1, 3, 2, 100_000)
_ENCODINGS = ("utf-8", "latin-1", "utf-8", "utf-16", "cp1252")
_NEWLINES = (None, "", "\n", None)
_FILES = ("bytesio", "binary-file", "spooled", "gzip", "mmap", "temporary-file", "bytesio", "binary-file")
_STREAMS = ("pipe", "socket-file")
_READERS = ("reader", "raw-reader", "bytes-with-read", "array-with-read", "iterable-with-read", "list-with-read")
_LAZY = ("generator", "iterator", "iterable", "map", "chain", "sequence", "getitem", "generator", "iterator")
_COLLECTIONS = ("list", "tuple", "deque", "dict-of", "dict-keys", "dict-values", "set", "frozenset", "list")
_FEW = 32
_HASHED = ("set", "frozenset", "dict-of", "dict-keys")


def _text(draw: Choices) -> Recipe:
    return Recipe("str-subclass" if draw(SELDOM) else "str", {"text": draw(values.TEXTS)})


def _bytes(draw: Choices) -> Recipe:
    return Recipe("bytes", {"data": draw(values.DATA)})


def _buffer(draw: Choices) -> Recipe:
    return draw(values.BUFFERS)


def _file(draw: Choices) -> Recipe:
    kind, content = draw(_FILES), draw(values.DATA)
    position = draw(_POSITIONS)
    if kind == "mmap":
        content = content or b"abcd"
        position = min(position, len(content))
    fields: dict[str, object] = {"data": content}
    if position:
        fields["position"] = position
    if kind == "binary-file" and draw(SOMETIMES):
        fields["buffering"] = 0
    if kind == "spooled" and draw(SOMETIMES):
        fields["rolled"] = True
    return Recipe(kind, fields)


def _stream(draw: Choices) -> Recipe:
    return Recipe(draw(_STREAMS), {"data": draw(values.SHORT_DATA)})


def _text_file(draw: Choices) -> Recipe:
    content, position = draw(values.FILE_TEXTS), draw(_POSITIONS)
    where: dict[str, object] = {"position": min(position, len(content))} if position else {}
    if draw(OFTEN):
        return Recipe("stringio", {"text": content, **where})
    encoding, newline = draw(_ENCODINGS), draw(_NEWLINES)
    fields: dict[str, object] = {"data": content.encode(encoding, "ignore"), "encoding": encoding, **where}
    return Recipe("text-file", fields if newline is None else {**fields, "newline": newline})


def _text_reader(draw: Choices) -> Recipe:
    return Recipe("text-reader", {"reads": _pieces(draw, values.CHARACTERS, fails=values.FAILING[:1])})


def _reader(draw: Choices) -> Recipe:
    kind = draw(_READERS)
    reads = _pieces(draw, values.ELEMENTS, fails=values.FAILING)
    beside: dict[str, object] = {}
    if kind in ("bytes-with-read", "array-with-read"):
        beside = {"data": b"xyz!"}
    elif kind in ("list-with-read", "iterable-with-read"):
        beside = {"items": (values.data(b"x"),)}
    return Recipe(kind, {**beside, "reads": reads})


def _lazy(draw: Choices) -> Recipe:
    kind = draw(_LAZY)
    return Recipe(kind, {"items": _pieces(draw, values.ELEMENTS, (*values.FAILING, *values.WRONG_ELEMENTS))})


def _collection(draw: Choices) -> Recipe:
    kind = draw(_COLLECTIONS)
    if kind in _HASHED:
        pieces = _pieces(draw, values.ONCE)
        # in which order a set is gone through is another each time
        return Recipe(kind, {"items": _unlike(pieces)[:1] if kind in ("set", "frozenset") else _unlike(pieces)})
    return Recipe(kind, {"items": _pieces(draw, values.ELEMENTS, fails=values.WRONG_ELEMENTS)})


def _unlike(pieces: tuple[Recipe, ...]) -> tuple[Recipe, ...]:
    return tuple({piece.fields["data"]: piece for piece in reversed(pieces)}.values())[::-1]


def _pieces(draw: Choices, pool: Pool, fails: Pool = ()) -> tuple[Recipe, ...]:
    """Return elements or reads; one of ``fails`` may be among them."""
    count = draw(_COUNTS)
    if count > _FEW:
        # of many only short ones, so that they cost nothing
        piece = draw(pool)
        short = piece if len(meaning(piece).content) < _FEW else values.data(b"x")
        return (short,) * count if piece.kind != "str" else (piece,)
    pieces = [draw(pool) for _ in range(count)]
    if draw(SELDOM) and fails:
        pieces.insert(draw((0, 1, 2)), draw(fails))
    return tuple(pieces)


def _other(draw: Choices) -> Recipe:
    return draw(values.OTHERS)


def _none(draw: Choices) -> Recipe:
    return values.NONE


_BODIES: tuple[tuple[Maker[Recipe] | None, int], ...] = (
    (None, 14),
    (_none, 2),
    (_text, 15),
    (_bytes, 12),
    (_buffer, 12),
    (_file, 12),
    (_text_file, 8),
    (_lazy, 14),
    (_collection, 9),
    (_reader, 8),
    (_text_reader, 2),
    (_stream, 2),
    (_other, 2),
)
BODIES = tuple(body for body, weight in _BODIES for _ in range(weight))
"""What makes a body, or None where none is passed."""
