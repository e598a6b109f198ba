"""Recipes → real Python objects, and what can be seen of them afterwards.

Building is the harness's business: an object that cannot be built on this interpreter is "unsupported", never a fault
of the client. What the call did to an object is asked through ``Built.effects``, after the call; a question that the
object cannot answer any more (it was closed, say) is left out rather than guessed.

Building is also done for every single call, so ``prepare`` does once what all objects of a recipe have in common. A
builder returns the one ``Built`` that every call may have, since nobody can change its value, or what makes a new one.
"""

from __future__ import annotations

import array
import codecs
import collections
import collections.abc
import contextlib
import ctypes
import email.message
import functools
import gzip
import io
import itertools
import mmap
import operator
import os
import pickle
import socket
import tempfile
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wireproof._candidates._classes import (
    ArrayWithRead,
    BytesWithIter,
    BytesWithRead,
    Endless,
    Iterable_,
    IterableWithRead,
    Iterating,
    ListWithRead,
    OnlyGetitem,
    OnlyItems,
    Pieces,
    Raise,
    RawReader,
    Reader,
    Reads,
    Repeated,
    Sequence_,
    StrWithRead,
    TextReader,
)
from wireproof._model import Recipe

_RAISED: dict[str, type[Exception]] = {
    error.__name__: error
    for error in (RuntimeError, ValueError, OSError, KeyError, TypeError, EOFError, ZeroDivisionError)
}


class CannotBuild(Exception):
    """This interpreter cannot make such an object; the text says why."""


_NOTHING: Mapping[str, object] = types.MappingProxyType({})


@dataclass(slots=True)
class Built:
    """An object made from a recipe: its value, how to look at it, and whether it has to be closed."""

    value: Any
    looks: _Looks = ()
    _subject: Any = None
    is_open: bool = False

    def effects(self) -> Mapping[str, object]:
        """Return what can be seen of the object now, by the names of effects (without "body.")."""
        if not self.looks:
            return _NOTHING
        seen: dict[str, object] = {}
        for name, look in self.looks:
            try:
                seen[name] = look(self._subject)
            except (ValueError, OSError):
                continue
        return seen

    def close(self) -> None:
        """Release files and memory; what the call left open is closed here."""
        if self.is_open:
            with contextlib.suppress(ValueError, OSError, BufferError):
                self.value.close()


@dataclass(slots=True)
class Site:
    """What recipes may refer to: the server's address, and whom to tell that the next piece is taken."""

    host: str = "127.0.0.1"
    port: int = 80
    on_piece: Callable[[int], None] | None = None

    def fill(self, text: str) -> str:
        """Return the text with <host> and <port> filled in."""
        if "<" not in text:
            return text
        return text.replace("<host>", self.host).replace("<port>", str(self.port))


def build(recipe: Recipe, site: Site) -> Built:
    """Make the object that ``recipe`` describes.

    Raises:
        CannotBuild: this interpreter cannot make it.
    """
    return prepare(recipe, site)()


def prepare(recipe: Recipe, site: Site) -> Callable[[], Built]:
    """Return what makes an object that ``recipe`` describes, as new each time that it is called.

    Nothing that was done to one of these objects is seen in another: only what nobody can change is the same in all.
    Whoever watches the pieces is looked up in ``site`` for each object, and may be another each time.

    Raises:
        CannotBuild: this interpreter cannot make it.
    """
    made = _made(recipe, site)
    return (lambda: made) if isinstance(made, Built) else made


_Look = Callable[[Any], object]
_Looks = tuple[tuple[str, _Look], ...]
_Fields = Mapping[str, Any]
_Maker = Callable[[], Built]
_Builder = Callable[[_Fields, Site], Built | _Maker]
_Values = Callable[[], tuple[Any, ...]]


def _made(recipe: Recipe, site: Site) -> Built | _Maker:
    try:
        made = _BUILDERS[recipe.kind](recipe.fields, site)
        if not isinstance(made, Built):
            made().close()  # so that what cannot be made is found out before the first call
    except (NotImplementedError, ValueError) as error:
        raise CannotBuild(f"{recipe.kind}: {error}") from None
    return made


def _constant(value: Callable[[_Fields, Site], object]) -> _Builder:
    return lambda fields, site: Built(value(fields, site))


def _unseen(prepare: Callable[[_Fields], Callable[[], object]]) -> _Builder:
    """Return a builder of objects that can be changed, but not so that it could be seen."""

    def builder(fields: _Fields, site: Site) -> _Maker:
        make = prepare(fields)
        return lambda: Built(make())

    return builder


def _seen(make: Callable[[], Any], looks: _Looks, *, is_open: bool = False) -> _Maker:
    def maker() -> Built:
        value = make()
        return Built(value, looks, value, is_open)

    return maker


def _content(snapshot: _Look, before: object) -> _Looks:
    return (("content", lambda value: "unchanged" if snapshot(value) == before else "changed"),)


def _compared(make: Callable[[], Any], snapshot: _Look) -> _Maker:
    """Return a maker of objects that must stay as they are; all of them begin with the same content."""
    return _seen(make, _content(snapshot, snapshot(make())))


# pieces ---------------------------------------------------------------------------------------------------------


def _piece(recipe: Recipe, site: Site) -> Built | _Maker:
    if recipe.kind == "raise":
        return Built(Raise(_RAISED[str(recipe.get("name"))]))
    return _made(recipe, site)


def _values(recipes: Iterable[Recipe], site: Site) -> tuple[_Values, bool]:
    """Return what gives the values of pieces, and whether nobody can change these; those that can be are made anew."""
    made = [_piece(recipe, site) for recipe in recipes]
    constants = tuple(each.value for each in made if isinstance(each, Built))
    if len(constants) == len(made):
        return lambda: constants, True
    return lambda: tuple((each if isinstance(each, Built) else each()).value for each in made), False


_PULLED: _Looks = (("pulled", operator.attrgetter("taken")),)
_COUNTED: _Looks = (*_PULLED, ("iterated", operator.attrgetter("begun")))
_CLOSED: _Looks = (("closed", lambda file: bool(file.closed)),)
_FILE: _Looks = (*_CLOSED, ("position", operator.methodcaller("tell")))
_READS: _Looks = (("reads", lambda file: tuple(file._reads.sizes)),)
_ITERATED: _Looks = (("iterated", operator.attrgetter("_pieces.begun")),)


# plain values ---------------------------------------------------------------------------------------------------


class _Str(str):
    __slots__ = ()


class _Bytes(bytes):
    __slots__ = ()


def _function() -> bytes:
    """Serve as a body that is a function; a client that calls it sends what it returns."""
    return b"called"


# buffers --------------------------------------------------------------------------------------------------------


def _bytearray(fields: _Fields, site: Site) -> _Maker:
    return _compared(functools.partial(bytearray, fields["data"]), bytes)


def _memoryview(fields: _Fields) -> Callable[[], object]:
    data: bytes = fields["data"]
    if fields.get("writable"):
        return lambda: _view(fields, bytearray(data))
    view = _view(fields, data)
    return lambda: memoryview(view)  # of the same shape, and released for itself


def _view(fields: _Fields, exporter: bytes | bytearray) -> Any:
    view: Any = memoryview(exporter)
    shape = fields.get("shape")
    if "format" in fields or shape is not None:
        format_ = fields.get("format", "B")
        view = view.cast(format_, list(shape)) if shape is not None else view.cast(format_)
    if "slice" in fields:
        view = view[slice(*fields["slice"])]
    return view


def _array(fields: _Fields, site: Site) -> _Maker:
    first = array.array(fields.get("typecode", "B"), fields["data"])
    return _compared(lambda: first[:], lambda items: items.tobytes())


def _ctypes(fields: _Fields) -> Callable[[], object]:
    size = fields.get("size", 1)
    item: Any = {1: ctypes.c_uint8, 2: ctypes.c_uint16, 4: ctypes.c_uint32, 8: ctypes.c_uint64}[size]
    data: bytes = fields["data"]
    return functools.partial((item * (len(data) // size)).from_buffer_copy, data)


def _buffer(fields: _Fields) -> Callable[[], object]:
    data: bytes = fields["data"]
    return functools.partial(_exporter(len(data)).from_buffer_copy, data)


@functools.cache
def _exporter(length: int) -> Any:
    return type("Exporter", (ctypes.Structure,), {"_fields_": [("raw", ctypes.c_uint8 * length)]})


# files ----------------------------------------------------------------------------------------------------------


def _file(make: Callable[[], Any], looks: _Looks = _CLOSED) -> _Maker:
    return _seen(make, looks, is_open=True)


def _positioned(make: Callable[[], Any], fields: _Fields) -> _Maker:
    position = fields.get("position", 0)

    def opened() -> Any:
        file = make()
        file.seek(position)
        return file

    return _file(opened, _FILE)


@functools.cache
def _folder() -> str:
    """Return the folder for real files; it lives as long as the process."""
    folder = tempfile.TemporaryDirectory(prefix="wireproof-", ignore_cleanup_errors=True)
    _KEPT.append(folder)
    return folder.name


_KEPT: list[object] = []


@functools.cache
def _on_disk(data: bytes, folder: str) -> str:
    """Return the path of a file with this content; it is only read, and stays for the next object."""
    descriptor, path = tempfile.mkstemp(dir=folder)
    with open(descriptor, "wb") as file:
        file.write(data)
    return path


def _binary_file(fields: _Fields, site: Site) -> _Maker:
    path = _on_disk(fields["data"], _folder())
    return _positioned(functools.partial(open, path, "rb", fields.get("buffering", -1)), fields)


def _text_file(fields: _Fields, site: Site) -> _Maker:
    path = _on_disk(fields["data"], _folder())
    encoding, newline, position = fields.get("encoding", "utf-8"), fields.get("newline"), fields.get("position", 0)

    def opened() -> Any:
        file = open(path, encoding=encoding, newline=newline)  # noqa: SIM115
        file.read(position)
        return file

    return _file(opened)


def _bytesio(fields: _Fields, site: Site) -> _Maker:
    return _positioned(functools.partial(io.BytesIO, fields["data"]), fields)


def _stringio(fields: _Fields, site: Site) -> _Maker:
    return _positioned(functools.partial(io.StringIO, fields["text"], newline=""), fields)


def _pipe(fields: _Fields, site: Site) -> _Maker:
    data: bytes = fields["data"]
    if len(data) > 65536:
        raise CannotBuild("pipe: more than a pipe's buffer holds (64 KiB)")

    def opened() -> Any:
        reading, writing = os.pipe()
        os.write(writing, data)
        os.close(writing)
        return open(reading, "rb")

    return _file(opened)


def _socket_file(fields: _Fields, site: Site) -> _Maker:
    data: bytes = fields["data"]
    if len(data) > 65536:
        raise CannotBuild("socket-file: more than a socket's buffer holds (64 KiB)")

    def opened() -> Any:
        near, far = socket.socketpair()
        with near, far:
            far.sendall(data)
            return near.makefile("rb")

    return _file(opened)


def _spooled(fields: _Fields, site: Site) -> _Maker:
    data, folder, rolled = fields["data"], _folder(), fields.get("rolled")

    def opened() -> Any:
        file: Any = tempfile.SpooledTemporaryFile(max_size=2**30, dir=folder)  # noqa: SIM115
        file.write(data)
        if rolled:
            file.rollover()
        return file

    return _positioned(opened, fields)


def _temporary_file(fields: _Fields, site: Site) -> _Maker:
    data, folder = fields["data"], _folder()

    def opened() -> Any:
        file = tempfile.NamedTemporaryFile(dir=folder)  # noqa: SIM115
        file.write(data)
        file.flush()
        return file

    return _positioned(opened, fields)


def _temporary_text_file(fields: _Fields, site: Site) -> _Maker:
    text, folder = fields["text"], _folder()

    def opened() -> Any:
        file = tempfile.NamedTemporaryFile("w+", dir=folder, encoding="utf-8", newline="")  # noqa: SIM115
        file.write(text)
        file.seek(0)
        return file

    return _file(opened)


def _gzip(fields: _Fields, site: Site) -> _Maker:
    compressed = gzip.compress(fields["data"], mtime=0)
    return _positioned(lambda: gzip.GzipFile(fileobj=io.BytesIO(compressed)), fields)


def _codecs_reader(fields: _Fields) -> Callable[[], object]:
    data, class_ = fields["data"], codecs.getreader(fields.get("encoding", "utf-8"))
    return lambda: class_(io.BytesIO(data))


def _mmap(fields: _Fields, site: Site) -> _Maker:
    data: bytes = fields["data"]
    if not data:
        raise CannotBuild("mmap: an empty one cannot be made")

    def opened() -> Any:
        file = mmap.mmap(-1, len(data))
        file.write(data)
        return file

    return _positioned(opened, fields)


def _scripted(
    bare: Callable[[_Fields, Site], Callable[[], Any]], looks: _Looks = _READS, end: object = b""
) -> _Builder:
    """Return a builder of what ``bare`` makes, with pieces for its read()."""

    def builder(fields: _Fields, site: Site) -> _Maker:
        make, (reads, _) = bare(fields, site), _values(fields["reads"], site)

        def scripted() -> Any:
            value = make()
            value._reads = Reads(reads(), site.on_piece, end)
            return value

        return _seen(scripted, looks)

    return builder


def _iterated(fields: _Fields, site: Site, make: Callable[[tuple[Any, ...]], Any]) -> Callable[[], Any]:
    items, _ = _values(fields["items"], site)

    def iterated() -> Any:
        values = items()
        value = make(values)
        value._pieces = Pieces(values, site.on_piece)
        return value

    return iterated


def _bytes_with_iter(fields: _Fields, site: Site) -> _Maker:
    return _seen(_iterated(fields, site, lambda values: BytesWithIter(fields["data"])), _ITERATED)


# iterables and mappings -----------------------------------------------------------------------------------------


def _lazy(make: Callable[[Pieces], Any], looks: _Looks = _PULLED) -> _Builder:
    def builder(fields: _Fields, site: Site) -> _Maker:
        items, _ = _values(fields["items"], site)

        def maker() -> Built:
            pieces = Pieces(items(), site.on_piece)
            return Built(make(pieces), looks, pieces)

        return maker

    return builder


def _chain(pieces: Pieces) -> Iterable[Any]:
    return itertools.chain.from_iterable([pieces.take(index)] for index in range(len(pieces)))


def _endless(fields: _Fields, site: Site) -> _Maker:
    def maker() -> Built:
        pieces = Endless(fields["data"])
        return Built(iter(pieces), _PULLED, pieces)

    return maker


def _blocks(fields: _Fields, site: Site) -> _Maker:
    def maker() -> Built:
        pieces = Repeated(fields["data"], fields["count"])
        return Built(iter(pieces), _PULLED, pieces)

    return maker


def _items(fields: _Fields, site: Site) -> tuple[_Values, bool]:
    return _values(fields["items"], site)


def _pairs(fields: _Fields, site: Site) -> tuple[_Values, bool]:
    flat, is_constant = _values(itertools.chain.from_iterable(fields["items"]), site)

    def pairs() -> tuple[Any, ...]:
        values = flat()
        return tuple(zip(values[::2], values[1::2], strict=True))

    always = pairs()
    return (lambda: always) if is_constant else pairs, is_constant


def _container(make: Callable[[Any], Any], snapshot: _Look | None = None, elements: Any = _items) -> _Builder:
    """Return a builder of what ``make`` makes of elements; with a snapshot it is seen whether it was changed."""

    def builder(fields: _Fields, site: Site) -> Built | _Maker:
        values, is_constant = elements(fields, site)
        if snapshot is None:
            return Built(make(values())) if is_constant else lambda: Built(make(values()))
        if is_constant:
            return _compared(lambda: make(values()), snapshot)

        def maker() -> Built:
            value = make(values())
            return Built(value, _content(snapshot, snapshot(value)), value)

        return maker

    return builder


def _message(pairs: Iterable[tuple[Any, Any]]) -> email.message.Message:
    value = email.message.Message()
    for name, content in pairs:
        value[name] = content
    return value


def _mapping(make: Callable[[Any], Any]) -> _Builder:
    return _container(make, lambda mapping: list(mapping.items()), _pairs)


_BUILDERS: dict[str, _Builder] = {
    "none": _constant(lambda fields, site: None),
    "str": _constant(lambda fields, site: site.fill(fields["text"])),
    "str-subclass": _constant(lambda fields, site: _Str(site.fill(fields["text"]))),
    "int": _constant(lambda fields, site: fields["value"]),
    "bool": _constant(lambda fields, site: fields["value"]),
    "float": _constant(lambda fields, site: float(fields["text"])),
    "object": _constant(lambda fields, site: object()),
    "class": _constant(lambda fields, site: _Str),
    "function": _constant(lambda fields, site: _function),
    "bytes": _constant(lambda fields, site: fields["data"]),
    "bytes-subclass": _constant(lambda fields, site: _Bytes(fields["data"])),
    "bytearray": _bytearray,
    "memoryview": _unseen(_memoryview),
    "array": _array,
    "ctypes": _unseen(_ctypes),
    "buffer": _unseen(_buffer),
    "pickle-buffer": _unseen(lambda fields: functools.partial(pickle.PickleBuffer, fields["data"])),
    "bytes-with-iter": _bytes_with_iter,
    "bytesio": _bytesio,
    "binary-file": _binary_file,
    "text-file": _text_file,
    "stringio": _stringio,
    "text-reader": _scripted(lambda fields, site: TextReader, (*_READS, *_CLOSED), ""),
    "raw-reader": _scripted(lambda fields, site: RawReader, (*_READS, *_CLOSED)),
    "reader": _scripted(lambda fields, site: Reader),
    "pipe": _pipe,
    "socket-file": _socket_file,
    "spooled": _spooled,
    "temporary-file": _temporary_file,
    "temporary-text-file": _temporary_text_file,
    "gzip": _gzip,
    "codecs-reader": _unseen(_codecs_reader),
    "mmap": _mmap,
    "bytes-with-read": _scripted(lambda fields, site: functools.partial(BytesWithRead, fields["data"])),
    "str-with-read": _scripted(lambda fields, site: functools.partial(StrWithRead, fields["text"])),
    "array-with-read": _scripted(lambda fields, site: functools.partial(ArrayWithRead, "B", fields["data"])),
    "list-with-read": _scripted(lambda fields, site: _iterated(fields, site, ListWithRead), (*_READS, *_ITERATED)),
    "iterable-with-read": _scripted(
        lambda fields, site: _iterated(fields, site, lambda values: IterableWithRead()), (*_READS, *_ITERATED)
    ),
    "list": _container(list, list),
    "tuple": _container(tuple),
    "set": _container(set, set),
    "frozenset": _container(frozenset),
    "deque": _container(collections.deque, list),
    "dict-of": _container(dict.fromkeys, list),
    "dict-keys": _container(lambda items: dict.fromkeys(items).keys()),
    "dict-values": _container(lambda items: dict(enumerate(items)).values()),
    "generator": _lazy(iter),
    "map": _lazy(lambda pieces: map(pieces.take, range(len(pieces)))),
    "chain": _lazy(_chain),
    "getitem": _lazy(OnlyGetitem),
    "iterator": _lazy(Iterating),
    "iterable": _lazy(Iterable_, _COUNTED),
    "sequence": _lazy(Sequence_, _COUNTED),
    "endless": _endless,
    "blocks": _blocks,
    "range": _constant(lambda fields, site: range(*fields["bounds"])),
    "dict": _mapping(dict),
    "message": _mapping(_message),
    "mapping": _mapping(OnlyItems),
    "mapping-proxy": _mapping(lambda pairs: types.MappingProxyType(dict(pairs))),
    "pairs-list": _container(list, list, _pairs),
}
