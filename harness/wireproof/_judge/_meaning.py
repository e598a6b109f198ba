"""What the contract says a body recipe means: its role and its content, computed from the recipe alone.

This is one of the three oracles: it builds no object and asks no implementation. The numbers in brackets are
sentences of the contract.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from wireproof._long import content_of, written_out
from wireproof._model import Blocks, Recipe
from wireproof._recipes import KINDS, Role

_ENDLESS = 2**62


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a body means.

    ``content``: the bytes to send, or, where ``fails``, those before the point at which no client can go on (a
    character outside ISO-8859-1, an element that is no bytes-like object, an exception of the body's own).
    ``blocks``: the content, where it is too long to be held; ``content`` is empty then.
    ``endless``: the piece that is repeated without end, else None.
    ``pieces``: the elements or reads that are not empty, where there are any to speak of.
    ``whole``: for a file that does not stand at its start, everything that is in it, else None.
    ``items``: the number of items, where it differs from the number of bytes, else None.
    ``text``: the characters, where the body is text, else None.
    """

    role: Role
    content: bytes
    fails: bool = False
    endless: bytes | None = None
    pieces: tuple[bytes, ...] | None = None
    whole: bytes | None = None
    items: int | None = None
    text: str | None = None
    blocks: Blocks | None = None

    @property
    def length(self) -> int:
        """How many bytes the content has."""
        return len(self.content) if self.blocks is None else self.blocks.length

    @property
    def pattern(self) -> Blocks:
        """The content, which is compared with what was sent; an endless one goes on for longer than anything sent."""
        if self.endless is not None:
            return Blocks(self.endless, _ENDLESS)
        return Blocks(self.content, 1) if self.blocks is None else self.blocks


def meaning(recipe: Recipe | None) -> Meaning:
    """Return what the body means; None and an absent body are "none" [2], [11]."""
    if recipe is None:
        return Meaning("none", b"")
    return _MEANINGS.get(recipe.kind, _unknown)(recipe)


def latin_1(text: str) -> tuple[bytes, bool]:
    """Return the text in ISO-8859-1 up to the first character that is not in it, and whether all of it is [4]."""
    try:
        return text.encode("latin-1"), True
    except UnicodeEncodeError as error:
        return text[: error.start].encode("latin-1"), False


def _unknown(recipe: Recipe) -> Meaning:
    return Meaning(KINDS[recipe.kind].role, b"")


def _text(recipe: Recipe) -> Meaning:
    text = str(recipe.get("text"))
    content, complete = latin_1(text)
    return Meaning("text", content, not complete, text=text)


def _bytes(recipe: Recipe) -> Meaning:
    return Meaning("buffer", _data(recipe))


def _data(recipe: Recipe) -> bytes:
    data = recipe.get("data")
    assert isinstance(data, bytes)
    return data


def _view(recipe: Recipe) -> Meaning:
    fields: Any = recipe.fields
    view = memoryview(fields["data"])
    shape = fields.get("shape")
    if "format" in fields or shape is not None:
        format_ = fields.get("format", "B")
        view = view.cast(format_, list(shape)) if shape is not None else view.cast(format_)
    if "slice" in fields:
        view = view[slice(*fields["slice"])]
    if not view.contiguous or view.ndim == 0:
        # bytes-like objects are those that can export a C-contiguous buffer; of no dimension nobody speaks
        return Meaning("other", b"")
    items = view.shape[0] if view.shape else 0
    return Meaning("buffer", view.tobytes(), items=items if items != view.nbytes else None)


def _array(recipe: Recipe) -> Meaning:
    data = _data(recipe)
    size = memoryview(b"").itemsize
    size = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "f": 4, "l": 8, "L": 8, "q": 8, "Q": 8, "d": 8}.get(
        str(recipe.get("typecode", "B")), size
    )
    return Meaning("buffer", data, items=len(data) // size if size > 1 else None)


def _ctypes(recipe: Recipe) -> Meaning:
    data, size = _data(recipe), recipe.get("size", 1)
    assert isinstance(size, int)
    return Meaning("buffer", data, items=len(data) // size if size > 1 else None)


def _binary_file(recipe: Recipe) -> Meaning:
    data, position = _data(recipe), recipe.get("position", 0)
    assert isinstance(position, int)
    return Meaning("file", data[position:], whole=data if position else None)


def _characters(text: str, position: int) -> Meaning:
    rest = text[position:]
    content, complete = latin_1(rest)
    return Meaning("text-file", content, not complete, whole=latin_1(text)[0] if position else None, text=rest)


def _text_file(recipe: Recipe) -> Meaning:
    newline, position = recipe.get("newline"), recipe.get("position", 0)
    assert newline is None or isinstance(newline, str)
    assert isinstance(position, int)
    decoded = io.TextIOWrapper(
        io.BytesIO(_data(recipe)), encoding=str(recipe.get("encoding", "utf-8")), newline=newline
    ).read()
    return _characters(decoded, position)


def _stringio(recipe: Recipe) -> Meaning:
    position = recipe.get("position", 0)
    assert isinstance(position, int)
    return _characters(str(recipe.get("text")), position)


def _pieces(recipes: Any, role: Role, *, ends_at_falsy: bool) -> Meaning:
    """Return the meaning of elements or reads: bytes-like ones in a row, until one that is none."""
    pieces: list[bytes] = []
    items = 0
    counted = True
    texts: list[str] | None = [] if role == "text-file" else None
    fails = False
    for recipe in recipes:
        if recipe.kind == "none" and ends_at_falsy:
            break
        if not ends_at_falsy and _is_falsy(recipe):
            # no bytes-like object, and nothing to send either: the contract does not speak of it
            return Meaning("other", b"")
        if texts is not None and recipe.kind == "str":
            texts.append(str(recipe.get("text")))
            piece, complete = latin_1(texts[-1])
            pieces.append(piece)
            fails = not complete
        else:
            inner = meaning(recipe)
            fails = inner.role != "buffer"
            if not fails:
                pieces.append(inner.content)
                items += inner.items or len(inner.content)
                counted &= inner.items is None
        if fails or (ends_at_falsy and not pieces[-1]):
            break
    content = b"".join(pieces)
    return Meaning(
        role,
        content,
        fails,
        pieces=tuple(piece for piece in pieces if piece),
        items=None if counted else items,
        text="".join(texts) if texts is not None else None,
    )


def _is_falsy(recipe: Recipe) -> bool:
    is_empty = recipe.kind in ("str", "int", "bool") and not any(recipe.fields.values())
    return recipe.kind == "none" or is_empty


def _range(recipe: Recipe) -> Meaning:
    bounds = recipe.get("bounds")
    assert isinstance(bounds, tuple)
    return Meaning("other" if range(*bounds) else "iterable", b"")


def _items(recipe: Recipe) -> Meaning:
    return _pieces(recipe.get("items"), "iterable", ends_at_falsy=False)


def _reads(recipe: Recipe) -> Meaning:
    return _pieces(recipe.get("reads"), KINDS[recipe.kind].role, ends_at_falsy=True)


def _endless(recipe: Recipe) -> Meaning:
    return Meaning("iterable", b"", endless=_data(recipe))


def _blocks(recipe: Recipe) -> Meaning:
    blocks = content_of(recipe)
    content = written_out(blocks)
    if isinstance(content, Blocks):
        return Meaning("iterable", b"", blocks=blocks)
    return Meaning("iterable", content, pieces=(blocks.data,) * blocks.count)


_MEANINGS = {
    "none": lambda recipe: Meaning("none", b""),
    **dict.fromkeys(("str", "str-subclass"), _text),
    **dict.fromkeys(("bytes", "bytes-subclass", "bytearray", "buffer", "pickle-buffer", "bytes-with-iter"), _bytes),
    "memoryview": _view,
    "array": _array,
    "ctypes": _ctypes,
    **dict.fromkeys(
        ("bytesio", "binary-file", "pipe", "socket-file", "spooled", "temporary-file", "gzip", "mmap"), _binary_file
    ),
    "text-file": _text_file,
    "stringio": _stringio,
    **dict.fromkeys(
        (
            "reader",
            "text-reader",
            "raw-reader",
            "bytes-with-read",
            "array-with-read",
            "list-with-read",
            "iterable-with-read",
        ),
        _reads,
    ),
    **dict.fromkeys(
        (
            "list",
            "tuple",
            "set",
            "frozenset",
            "deque",
            "dict-of",
            "dict-keys",
            "dict-values",
            "generator",
            "iterator",
            "map",
            "chain",
            "iterable",
            "sequence",
            "getitem",
        ),
        _items,
    ),
    "range": _range,
    "endless": _endless,
    "blocks": _blocks,
}
