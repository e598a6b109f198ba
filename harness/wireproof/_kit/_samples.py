"""For each kind of recipe: samples of it, and the content that a body of each must bring.

A client may write text in any of ``TEXTS``; where a value is several things at once, it may take it for any of them.
A sample without ``brings`` is one of which nobody can say what a client makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from wireproof._model import Recipe

RAW = bytes(range(256))
TEXT = "caf\u00e9 \u00df"
REPEATED = b"0123456789abcdef" * 4096
ENDLESS = 8 * 1024 * 1024
TEXTS = ("latin-1", "utf-8")
_EDGES = (b"first;", b";last")


@dataclass(frozen=True, slots=True)
class Sample:
    """A recipe, and what a body that is made from it may bring; ``about`` says what is special of it."""

    recipe: Recipe
    brings: tuple[bytes, ...] = ()
    about: str = ""
    repeats: bytes = b""


@dataclass(frozen=True, slots=True)
class Inside:
    """The pieces of a sample: recipes, and what each may bring."""

    recipes: tuple[Recipe, ...]
    brings: tuple[tuple[bytes, ...], ...] = field(default=())

    def joined(self, order: Sequence[int] | None = None) -> tuple[bytes, ...]:
        """Return what they may bring one behind the other; text is written in one way in all of them."""
        chosen = self.brings if order is None else [self.brings[index] for index in order]
        most = max(map(len, chosen))
        ways = [b"".join(each[min(way, len(each) - 1)] for each in chosen) for way in range(most)]
        return tuple(dict.fromkeys(ways))


def written(text: str) -> tuple[bytes, ...]:
    """Return the ways in which a client may write a text."""
    return tuple(dict.fromkeys(text.encode(name) for name in TEXTS))


def piece(kind: str, data: bytes) -> tuple[Recipe, tuple[bytes, ...]]:
    """Return a piece of a kind that holds bytes or text, and what it may bring."""
    if kind in ("str", "str-subclass"):
        text = data.decode("latin-1")
        return Recipe(kind, {"text": text}), written(text)
    return Recipe(kind, {"data": data}), (data,)


def pieces(plain: str) -> Inside:
    """Return three pieces of a kind, in an order that is seen; the one in the middle has every byte."""
    made = [piece(plain, data) for data in (_EDGES[0], RAW, _EDGES[1])]
    return Inside(tuple(recipe for recipe, _ in made), tuple(brings for _, brings in made))


def around(plain: str, sample: Sample) -> Inside:
    """Return a sample between two pieces of a plain kind."""
    (first, before), (last, behind) = (piece(plain, data) for data in _EDGES)
    brings = (before, sample.brings, behind) if sample.brings else ()
    return Inside((first, sample.recipe, last), brings)


Plain = str
"""The kind that the pieces inside of a sample have."""


def samples(kind: str, plain: Plain) -> list[Sample]:
    """Return the samples of a kind, the plainest first."""
    maker = _MAKERS.get(kind)
    return maker(kind, plain) if maker is not None else [Sample(Recipe(kind, _ODD.get(kind, {})))]


_ODD: Mapping[str, Mapping[str, object]] = {
    "int": {"value": 7},
    "bool": {"value": True},
    "float": {"text": "1.5"},
    "range": {"bounds": (0, 3)},
    **{
        kind: {"items": ((Recipe("str", {"text": "X-Kit"}), Recipe("str", {"text": "1"})),)}
        for kind in ("dict", "message", "mapping", "mapping-proxy", "pairs-list")
    },
}

_Maker = Callable[[str, Plain], list[Sample]]


def _buffer(*variants: Mapping[str, object]) -> _Maker:
    def maker(kind: str, plain: Plain) -> list[Sample]:
        return [_varied(kind, variant) for variant in ({}, *variants)]

    return maker


def _varied(kind: str, variant: Mapping[str, object]) -> Sample:
    brings = RAW
    if "slice" in variant:
        bounds = variant["slice"]
        assert isinstance(bounds, tuple)
        brings = RAW[slice(*bounds)]
    elif "position" in variant:
        position = variant["position"]
        assert isinstance(position, int)
        brings = RAW[position:]
    about = ", ".join(f"{name} {value}" for name, value in variant.items())
    return Sample(Recipe(kind, {"data": RAW, **variant}), (brings,), about)


_file = _buffer({"position": 3})


def _text(kind: str, plain: Plain) -> list[Sample]:
    return [Sample(Recipe(kind, {"text": TEXT}), written(TEXT))]


def _stringio(kind: str, plain: Plain) -> list[Sample]:
    later = Sample(Recipe(kind, {"text": TEXT, "position": 2}), written(TEXT[2:]), "position 2")
    return [*_text(kind, plain), later]


def _text_file(kind: str, plain: Plain) -> list[Sample]:
    found = [Sample(Recipe(kind, {"data": b"plain text"}), (b"plain text",))]
    for encoding in TEXTS:
        fields: dict[str, object] = {"data": TEXT.encode(encoding), "encoding": encoding}
        found.append(Sample(Recipe(kind, fields), written(TEXT), f"encoding {encoding}"))
    if kind == "text-file":
        moved = {**fields, "newline": "", "position": 4}
        found.append(Sample(Recipe(kind, moved), written(TEXT[4:]), "position 4"))
    return found


def _text_reader(kind: str, plain: Plain) -> list[Sample]:
    inside = pieces("str")
    return [Sample(Recipe(kind, {"reads": inside.recipes}), inside.joined())]


def _reader(kind: str, plain: Plain) -> list[Sample]:
    inside = pieces(plain)
    return [Sample(Recipe(kind, {"reads": inside.recipes}), inside.joined())]


def _iterable(kind: str, plain: Plain) -> list[Sample]:
    inside = pieces(plain)
    return [Sample(Recipe(kind, {"items": inside.recipes}), inside.joined())]


def _unordered(kind: str, plain: Plain) -> list[Sample]:
    inside = pieces(plain)
    orders = [inside.joined(order) for order in permutations(range(3))]
    return [Sample(Recipe(kind, {"items": inside.recipes}), tuple(each for order in orders for each in order))]


def _both(first: str, second: str) -> _Maker:
    """Return a maker of what can be taken in two ways: as its first member says, or as its second one does."""
    main: dict[str, tuple[object, tuple[bytes, ...]]] = {
        "data": (b"the bytes", (b"the bytes",)),
        "text": ("the text", (b"the text",)),
    }

    def maker(kind: str, plain: Plain) -> list[Sample]:
        inside, other = pieces(plain), piece(plain, b"an item")
        value, brings = main.get(first, ((other[0],), other[1]))
        return [Sample(Recipe(kind, {first: value, second: inside.recipes}), (*inside.joined(), *brings))]

    return maker


def _endless(kind: str, plain: Plain) -> list[Sample]:
    return [Sample(Recipe(kind, {"data": REPEATED}), (REPEATED,), repeats=REPEATED)]


def _blocks(kind: str, plain: Plain) -> list[Sample]:
    return [Sample(Recipe(kind, {"data": RAW, "count": 40}), (RAW * 40,))]


def _none(kind: str, plain: Plain) -> list[Sample]:
    return [Sample(Recipe(kind), (b"",))]


def _each(kinds: Collection[str], maker: _Maker) -> dict[str, _Maker]:
    return dict.fromkeys(kinds, maker)


_MAKERS: Mapping[str, _Maker] = {
    "none": _none,
    **_each(("str", "str-subclass", "temporary-text-file"), _text),
    **_each(("bytes", "bytes-subclass", "bytearray", "buffer", "pickle-buffer", "pipe", "socket-file"), _buffer()),
    "memoryview": _buffer({"format": "I"}, {"shape": (16, 16)}, {"slice": (2, 250, 1)}, {"writable": True}),
    "array": _buffer({"typecode": "I"}),
    "ctypes": _buffer({"size": 4}),
    **_each(("bytesio", "temporary-file", "gzip", "mmap"), _file),
    "binary-file": _buffer({"position": 3}, {"buffering": 0}),
    "spooled": _buffer({"position": 3}, {"rolled": True}),
    "stringio": _stringio,
    **_each(("text-file", "codecs-reader"), _text_file),
    "text-reader": _text_reader,
    **_each(("reader", "raw-reader"), _reader),
    **_each(
        (
            *("list", "tuple", "deque", "dict-of", "dict-keys", "dict-values", "generator", "iterator", "map"),
            *("chain", "iterable", "sequence", "getitem"),
        ),
        _iterable,
    ),
    **_each(("set", "frozenset"), _unordered),
    "bytes-with-iter": _both("data", "items"),
    **_each(("bytes-with-read", "array-with-read"), _both("data", "reads")),
    "str-with-read": _both("text", "reads"),
    **_each(("list-with-read", "iterable-with-read"), _both("items", "reads")),
    "endless": _endless,
    "blocks": _blocks,
}
