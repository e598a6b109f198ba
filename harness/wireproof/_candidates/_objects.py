"""Recipes → real Python objects, and what can be seen of them afterwards.

Building is the harness's business: an object that cannot be built on this interpreter is "unsupported", never a fault
of the client. What the call did to an object is asked through ``Built.effects``, after the call; a question that the
object cannot answer any more (it was closed, say) is left out rather than guessed.
"""

from __future__ import annotations

import array
import codecs
import collections
import collections.abc
import ctypes
import email.message
import functools
import gzip
import io
import itertools
import mmap
import os
import pickle
import socket
import tempfile
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wireproof._model import Recipe

ENDLESS = 8 * 1024 * 1024
"""After so many bytes an endless body ends, should nobody hang up."""

_RAISED: dict[str, type[Exception]] = {
    error.__name__: error
    for error in (RuntimeError, ValueError, OSError, KeyError, TypeError, EOFError, ZeroDivisionError)
}


class CannotBuild(Exception):
    """This interpreter cannot make such an object; the text says why."""


@dataclass(slots=True)
class Built:
    """An object made from a recipe: its value, how to look at it, and how to clean up."""

    value: Any
    _looks: dict[str, Callable[[], object]] = field(default_factory=dict)
    _cleanups: list[Callable[[], object]] = field(default_factory=list)

    def effects(self) -> dict[str, object]:
        """Return what can be seen of the object now, by the names of effects (without "body.")."""
        seen: dict[str, object] = {}
        for name, look in self._looks.items():
            try:
                seen[name] = look()
            except (ValueError, OSError):
                continue
        return seen

    def close(self) -> None:
        """Release files and memory; what the call left open is closed here."""
        for cleanup in reversed(self._cleanups):
            try:
                cleanup()
            except (ValueError, OSError, BufferError):
                continue


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
    try:
        return _BUILDERS[recipe.kind](recipe.fields, site)
    except (NotImplementedError, ValueError) as error:
        raise CannotBuild(f"{recipe.kind}: {error}") from None


_Fields = Mapping[str, Any]


def _plain(value: Callable[[_Fields, Site], object]) -> Callable[[_Fields, Site], Built]:
    return lambda fields, site: Built(value(fields, site))


class _Pieces:
    """Elements or reads, taken one by one: counts them, and raises where a recipe says so."""

    def __init__(self, recipes: tuple[Recipe, ...], site: Site) -> None:
        self.recipes, self.site = recipes, site
        self.values = [None if piece.kind == "raise" else build(piece, site).value for piece in recipes]
        self.taken = 0
        self.begun = 0

    def __len__(self) -> int:
        return len(self.values)

    def take(self, index: int) -> Any:
        """Return the value at ``index``; IndexError past the end."""
        if index >= len(self.values):
            raise IndexError(index)
        if self.site.on_piece is not None:
            self.site.on_piece(index)
        if self.recipes[index].kind == "raise":
            raise _RAISED[str(self.recipes[index].get("name"))]("raised by the body")
        self.taken = max(self.taken, index + 1)
        return self.values[index]

    def __iter__(self) -> Iterator[Any]:
        for index in range(len(self.values)):
            yield self.take(index)

    def looks(self, *, iterated: bool = False) -> dict[str, Callable[[], object]]:
        looks: dict[str, Callable[[], object]] = {"pulled": lambda: self.taken}
        if iterated:
            looks["iterated"] = lambda: self.begun
        return looks


class _Reads:
    """The read() of scripted files: gives the pieces in turn, then ``end``; keeps the sizes asked for."""

    def __init__(self, recipes: tuple[Recipe, ...], site: Site, end: object = b"") -> None:
        self.pieces, self.end, self.sizes, self.next = _Pieces(recipes, site), end, list[int | None](), 0

    def read(self, size: int | None = None) -> Any:
        self.sizes.append(size)
        try:
            self.next += 1
            return self.pieces.take(self.next - 1)
        except IndexError:
            return self.end

    def looks(self) -> dict[str, Callable[[], object]]:
        return {"reads": lambda: tuple(self.sizes)}


def _unchanged(value: Any, snapshot: Callable[[Any], object]) -> dict[str, Callable[[], object]]:
    before = snapshot(value)
    return {"content": lambda: "unchanged" if snapshot(value) == before else "changed"}


# plain values ---------------------------------------------------------------------------------------------------


class _Str(str):
    __slots__ = ()


class _Bytes(bytes):
    __slots__ = ()


def _function() -> bytes:
    """Serve as a body that is a function; a client that calls it sends what it returns."""
    return b"called"


# buffers --------------------------------------------------------------------------------------------------------


def _bytearray(fields: _Fields, site: Site) -> Built:
    value = bytearray(fields["data"])
    return Built(value, _unchanged(value, bytes))


def _memoryview(fields: _Fields, site: Site) -> object:
    data: bytes = fields["data"]
    view: Any = memoryview(bytearray(data) if fields.get("writable") else data)
    shape = fields.get("shape")
    if "format" in fields or shape is not None:
        format_ = fields.get("format", "B")
        view = view.cast(format_, list(shape)) if shape is not None else view.cast(format_)
    if "slice" in fields:
        view = view[slice(*fields["slice"])]
    return view


def _array(fields: _Fields, site: Site) -> Built:
    value = array.array(fields.get("typecode", "B"), fields["data"])
    return Built(value, _unchanged(value, lambda items: items.tobytes()))


def _ctypes(fields: _Fields, site: Site) -> object:
    size = fields.get("size", 1)
    item: Any = {1: ctypes.c_uint8, 2: ctypes.c_uint16, 4: ctypes.c_uint32, 8: ctypes.c_uint64}[size]
    data: bytes = fields["data"]
    return (item * (len(data) // size)).from_buffer_copy(data)


def _buffer(fields: _Fields, site: Site) -> object:
    data: bytes = fields["data"]
    fields_ = {"_fields_": [("raw", ctypes.c_uint8 * len(data))]}
    structure: Any = type("Exporter", (ctypes.Structure,), fields_)
    return structure.from_buffer_copy(data)


def _bytes_with_iter(fields: _Fields, site: Site) -> Built:
    pieces = _Pieces(fields["items"], site)

    class Subclass(bytes):
        def __iter__(self) -> Any:
            pieces.begun += 1
            return iter(pieces)

    return Built(Subclass(fields["data"]), {"iterated": lambda: pieces.begun})


# files ----------------------------------------------------------------------------------------------------------


def _file(file: Any, *, position: bool = True) -> Built:
    looks: dict[str, Callable[[], object]] = {"closed": lambda: bool(file.closed)}
    if position:
        looks["position"] = file.tell
    return Built(file, looks, [file.close])


def _positioned(file: Any, fields: _Fields) -> Built:
    file.seek(fields.get("position", 0))
    return _file(file)


@functools.cache
def _folder() -> str:
    """Return the folder for real files; it lives as long as the process."""
    folder = tempfile.TemporaryDirectory(prefix="wireproof-", ignore_cleanup_errors=True)
    _KEPT.append(folder)
    return folder.name


_KEPT: list[object] = []


def _on_disk(data: bytes) -> str:
    descriptor, path = tempfile.mkstemp(dir=_folder())
    with open(descriptor, "wb") as file:
        file.write(data)
    return path


def _binary_file(fields: _Fields, site: Site) -> Built:
    path = _on_disk(fields["data"])
    built = _positioned(open(path, "rb", fields.get("buffering", -1)), fields)  # noqa: SIM115
    built._cleanups.insert(0, lambda: os.unlink(path))
    return built


def _text_file(fields: _Fields, site: Site) -> Built:
    path = _on_disk(fields["data"])
    file = open(path, encoding=fields.get("encoding", "utf-8"), newline=fields.get("newline"))  # noqa: SIM115
    file.read(fields.get("position", 0))
    built = _file(file, position=False)
    built._cleanups.insert(0, lambda: os.unlink(path))
    return built


def _stringio(fields: _Fields, site: Site) -> Built:
    return _positioned(io.StringIO(fields["text"], newline=""), fields)


def _pipe(fields: _Fields, site: Site) -> Built:
    data: bytes = fields["data"]
    if len(data) > 65536:
        raise CannotBuild("pipe: more than a pipe's buffer holds (64 KiB)")
    reading, writing = os.pipe()
    with open(writing, "wb") as file:
        file.write(data)
    return _file(open(reading, "rb"), position=False)


def _socket_file(fields: _Fields, site: Site) -> Built:
    data: bytes = fields["data"]
    if len(data) > 65536:
        raise CannotBuild("socket-file: more than a socket's buffer holds (64 KiB)")
    near, far = socket.socketpair()
    with far:
        far.sendall(data)
    with near:
        return _file(near.makefile("rb"), position=False)


def _spooled(fields: _Fields, site: Site) -> Built:
    file: Any = tempfile.SpooledTemporaryFile(max_size=2**30, dir=_folder())  # noqa: SIM115
    file.write(fields["data"])
    if fields.get("rolled"):
        file.rollover()
    return _positioned(file, fields)


def _temporary_file(fields: _Fields, site: Site) -> Built:
    file = tempfile.NamedTemporaryFile(dir=_folder())  # noqa: SIM115
    file.write(fields["data"])
    file.flush()
    return _positioned(file, fields)


def _temporary_text_file(fields: _Fields, site: Site) -> Built:
    file = tempfile.NamedTemporaryFile("w+", dir=_folder(), encoding="utf-8", newline="")  # noqa: SIM115
    file.write(fields["text"])
    file.seek(0)
    return _file(file, position=False)


def _gzip(fields: _Fields, site: Site) -> Built:
    return _positioned(gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(fields["data"], mtime=0))), fields)


def _codecs_reader(fields: _Fields, site: Site) -> object:
    return codecs.getreader(fields.get("encoding", "utf-8"))(io.BytesIO(fields["data"]))


def _mmap(fields: _Fields, site: Site) -> Built:
    data: bytes = fields["data"]
    if not data:
        raise CannotBuild("mmap: an empty one cannot be made")
    file = mmap.mmap(-1, len(data))
    file.write(data)
    return _positioned(file, fields)


def _reader(fields: _Fields, site: Site) -> Built:
    reads = _Reads(fields["reads"], site)

    class Reader:
        def read(self, size: int | None = None) -> Any:
            return reads.read(size)

    return Built(Reader(), reads.looks())


def _text_reader(fields: _Fields, site: Site) -> Built:
    reads = _Reads(fields["reads"], site, "")

    class TextReader(io.TextIOBase):
        def read(self, size: int | None = None) -> Any:
            return reads.read(size)

    value = TextReader()
    return Built(value, {**reads.looks(), "closed": lambda: value.closed})


def _raw_reader(fields: _Fields, site: Site) -> Built:
    reads = _Reads(fields["reads"], site)

    class RawReader(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> Any:
            return reads.read(size)

    value = RawReader()
    return Built(value, {**reads.looks(), "closed": lambda: value.closed})


def _with_read(base: Callable[[_Fields, Site, type], object]) -> Callable[[_Fields, Site], Built]:
    """Return a builder of what ``base`` makes from a mixin class that has a scripted read()."""

    def builder(fields: _Fields, site: Site) -> Built:
        reads = _Reads(fields["reads"], site)

        class Mixin:
            def read(self, size: int | None = None) -> Any:
                return reads.read(size)

        return Built(base(fields, site, Mixin), reads.looks())

    return builder


def _items(fields: _Fields, site: Site) -> list[Any]:
    return _Pieces(fields["items"], site).values


def _iterable_with_read(fields: _Fields, site: Site) -> Built:
    reads, pieces = _Reads(fields["reads"], site), _Pieces(fields["items"], site)

    class Both:
        def read(self, size: int | None = None) -> Any:
            return reads.read(size)

        def __iter__(self) -> Any:
            pieces.begun += 1
            return iter(pieces)

    return Built(Both(), {**reads.looks(), "iterated": lambda: pieces.begun})


def _list_with_read(fields: _Fields, site: Site) -> Built:
    reads, pieces = _Reads(fields["reads"], site), _Pieces(fields["items"], site)

    class Both(list):  # type: ignore[type-arg]
        def read(self, size: int | None = None) -> Any:
            return reads.read(size)

        def __iter__(self) -> Any:
            pieces.begun += 1
            return super().__iter__()

    return Built(Both(pieces.values), {**reads.looks(), "iterated": lambda: pieces.begun})


# iterables ------------------------------------------------------------------------------------------------------


def _container(make: Callable[[list[Any]], Any], snapshot: Callable[[Any], object] | None = None) -> Any:
    def builder(fields: _Fields, site: Site) -> Built:
        value = make(_items(fields, site))
        return Built(value, _unchanged(value, snapshot) if snapshot else {})

    return builder


def _lazy(make: Callable[[_Pieces], Any]) -> Callable[[_Fields, Site], Built]:
    def builder(fields: _Fields, site: Site) -> Built:
        pieces = _Pieces(fields["items"], site)
        return Built(make(pieces), pieces.looks())

    return builder


def _generator(pieces: _Pieces) -> Iterator[Any]:
    yield from pieces


def _chain(pieces: _Pieces) -> Iterable[Any]:
    return itertools.chain.from_iterable([pieces.take(index)] for index in range(len(pieces)))


def _counted(make: Callable[[_Pieces], Any]) -> Callable[[_Fields, Site], Built]:
    def builder(fields: _Fields, site: Site) -> Built:
        pieces = _Pieces(fields["items"], site)
        return Built(make(pieces), pieces.looks(iterated=True))

    return builder


def _iterator(pieces: _Pieces) -> object:
    class Iterating:
        position = 0

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            try:
                value = pieces.take(self.position)
            except IndexError:
                raise StopIteration from None
            self.position += 1
            return value

    return Iterating()


def _iterable(pieces: _Pieces) -> object:
    class Iterable_:
        def __iter__(self) -> Any:
            pieces.begun += 1
            return iter(pieces)

    return Iterable_()


def _sequence(pieces: _Pieces) -> object:
    class Sequence_(collections.abc.Sequence):  # type: ignore[type-arg]
        def __len__(self) -> int:
            return len(pieces)

        def __getitem__(self, index: Any) -> Any:
            return pieces.take(index)

        def __iter__(self) -> Any:
            pieces.begun += 1
            return iter(pieces)

    return Sequence_()


def _getitem(pieces: _Pieces) -> object:
    class OnlyGetitem:
        def __getitem__(self, index: int) -> Any:
            return pieces.take(index)

    return OnlyGetitem()


def _endless(fields: _Fields, site: Site) -> Built:
    piece: bytes = fields["data"]
    taken = 0

    def generator() -> Iterator[bytes]:
        nonlocal taken
        while taken * len(piece) < ENDLESS:
            taken += 1
            yield piece

    return Built(generator(), {"pulled": lambda: taken})


# header mappings ------------------------------------------------------------------------------------------------


def _pairs(fields: _Fields, site: Site) -> list[tuple[Any, Any]]:
    return [(build(name, site).value, build(value, site).value) for name, value in fields["items"]]


def _mapping_effects(value: Any) -> dict[str, Callable[[], object]]:
    return _unchanged(value, lambda mapping: list(mapping.items()))


def _dict(fields: _Fields, site: Site) -> Built:
    value = dict(_pairs(fields, site))
    return Built(value, _mapping_effects(value))


def _message(fields: _Fields, site: Site) -> Built:
    value = email.message.Message()
    for name, content in _pairs(fields, site):
        value[name] = content
    return Built(value, _mapping_effects(value))


def _mapping(fields: _Fields, site: Site) -> Built:
    pairs = _pairs(fields, site)

    class OnlyItems:
        def __iter__(self) -> Any:
            return iter([name for name, _ in pairs])

        def items(self) -> Any:
            return list(pairs)

    value = OnlyItems()
    return Built(value, _mapping_effects(value))


def _mapping_proxy(fields: _Fields, site: Site) -> Built:
    value = types.MappingProxyType(dict(_pairs(fields, site)))
    return Built(value, _mapping_effects(value))


def _pairs_list(fields: _Fields, site: Site) -> Built:
    value = _pairs(fields, site)
    return Built(value, _unchanged(value, list))


_BUILDERS: dict[str, Callable[[_Fields, Site], Built]] = {
    "none": _plain(lambda fields, site: None),
    "str": _plain(lambda fields, site: site.fill(fields["text"])),
    "str-subclass": _plain(lambda fields, site: _Str(site.fill(fields["text"]))),
    "int": _plain(lambda fields, site: fields["value"]),
    "bool": _plain(lambda fields, site: fields["value"]),
    "float": _plain(lambda fields, site: float(fields["text"])),
    "object": _plain(lambda fields, site: object()),
    "class": _plain(lambda fields, site: _Str),
    "function": _plain(lambda fields, site: _function),
    "bytes": _plain(lambda fields, site: fields["data"]),
    "bytes-subclass": _plain(lambda fields, site: _Bytes(fields["data"])),
    "bytearray": _bytearray,
    "memoryview": _plain(_memoryview),
    "array": _array,
    "ctypes": _plain(_ctypes),
    "buffer": _plain(_buffer),
    "pickle-buffer": _plain(lambda fields, site: pickle.PickleBuffer(fields["data"])),
    "bytes-with-iter": _bytes_with_iter,
    "bytesio": lambda fields, site: _positioned(io.BytesIO(fields["data"]), fields),
    "binary-file": _binary_file,
    "text-file": _text_file,
    "stringio": _stringio,
    "text-reader": _text_reader,
    "raw-reader": _raw_reader,
    "reader": _reader,
    "pipe": _pipe,
    "socket-file": _socket_file,
    "spooled": _spooled,
    "temporary-file": _temporary_file,
    "temporary-text-file": _temporary_text_file,
    "gzip": _gzip,
    "codecs-reader": _plain(_codecs_reader),
    "mmap": _mmap,
    "bytes-with-read": _with_read(lambda fields, site, mixin: type("B", (mixin, bytes), {})(fields["data"])),
    "str-with-read": _with_read(lambda fields, site, mixin: type("S", (mixin, str), {})(fields["text"])),
    "array-with-read": _with_read(lambda fields, site, mixin: type("A", (mixin, array.array), {})("B", fields["data"])),
    "list-with-read": _list_with_read,
    "iterable-with-read": _iterable_with_read,
    "list": _container(list, list),
    "tuple": _container(tuple),
    "set": _container(set, set),
    "frozenset": _container(frozenset),
    "deque": _container(collections.deque, list),
    "dict-of": _container(dict.fromkeys, list),
    "dict-keys": _container(lambda items: dict.fromkeys(items).keys()),
    "dict-values": _container(lambda items: dict(enumerate(items)).values()),
    "generator": _lazy(_generator),
    "map": _lazy(lambda pieces: map(pieces.take, range(len(pieces)))),
    "chain": _lazy(_chain),
    "getitem": _lazy(_getitem),
    "iterator": _lazy(_iterator),
    "iterable": _counted(_iterable),
    "sequence": _counted(_sequence),
    "endless": _endless,
    "range": _plain(lambda fields, site: range(*fields["bounds"])),
    "dict": _dict,
    "message": _message,
    "mapping": _mapping,
    "mapping-proxy": _mapping_proxy,
    "pairs-list": _pairs_list,
}
