"""The Python driver of wireproof, and what its own workers call candidates with: one file, standard library only.

Run by path in any CPython from 3.6 on, and in PyPy: ``PYTHON python_driver.py``. It speaks docs/driver-protocol.md.
Nothing has to be installed there; the file imports nothing of wireproof, and is written for the oldest of them.

In four parts: recipes → real objects and what can be seen of them afterwards; the engine, which makes connection
objects and calls them; the probes, questions to the interpreter's own http.client; and the protocol.

Building is the harness's business: an object that cannot be built in this interpreter is "unsupported", never a fault
of the client. What the call did to an object is asked through ``Built.effects``, after the call; a question that the
object cannot answer any more (it was closed, say) is left out rather than guessed.

Building is also done for every single call, so ``prepare`` does once what all objects of a recipe have in common. A
builder returns the one ``Built`` that every call may have, since nobody can change its value, or what makes a new one.
"""

import _thread
import array
import codecs
import collections
import collections.abc
import contextlib
import ctypes
import email.message
import functools
import gc
import gzip
import http.client
import importlib
import io
import itertools
import json
import mmap
import operator
import os
import pickle
import socket
import sys
import tempfile
import types
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Type, Union

try:
    import resource
except ImportError:  # it is not there in Pyodide
    resource = None  # type: ignore[assignment]

PROTOCOL = 1
VERSION = "1"

ENDLESS = 8 * 1024 * 1024
"""After so many bytes an endless body ends, should nobody hang up."""


class Raise:
    """Stands where an exception is raised instead of a piece being given."""

    __slots__ = ("error",)

    def __init__(self, error: Type[Exception]) -> None:
        self.error = error


class Pieces:
    """Elements or reads, taken one by one: counts them, and raises where a recipe says so."""

    __slots__ = ("begun", "on_piece", "taken", "values")

    def __init__(self, values: Tuple[Any, ...], on_piece: Optional[Callable[[int], None]]) -> None:
        self.values, self.on_piece, self.taken, self.begun = values, on_piece, 0, 0

    def __len__(self) -> int:
        return len(self.values)

    def take(self, index: int) -> Any:
        """Return the value at ``index``; IndexError past the end."""
        if index >= len(self.values):
            raise IndexError(index)
        if self.on_piece is not None:
            self.on_piece(index)
        value = self.values[index]
        if isinstance(value, Raise):
            raise value.error("raised by the body")
        self.taken = max(self.taken, index + 1)
        return value

    def __iter__(self) -> Iterator[Any]:
        for index in range(len(self.values)):
            yield self.take(index)


def _no_sizes() -> List[Optional[int]]:
    return []


class Reads:
    """The read() of scripted files: gives the pieces in turn, then ``end``; keeps the sizes asked for."""

    __slots__ = ("end", "pieces", "sizes")

    def __init__(self, values: Tuple[Any, ...], on_piece: Optional[Callable[[int], None]], end: object) -> None:
        self.pieces, self.end, self.sizes = Pieces(values, on_piece), end, _no_sizes()

    def read(self, size: Optional[int]) -> Any:
        """Return the next piece."""
        index = len(self.sizes)
        self.sizes.append(size)
        return self.pieces.take(index) if index < len(self.pieces) else self.end


class Endless:
    """Repeats a piece, and counts."""

    def __init__(self, piece: bytes) -> None:
        self.piece, self.taken = piece, 0

    def __iter__(self) -> Iterator[bytes]:
        while self.taken * len(self.piece) < ENDLESS:
            self.taken += 1
            yield self.piece


class Repeated:
    """Gives a piece so many times, and counts."""

    def __init__(self, piece: bytes, times: int) -> None:
        self.piece, self.times, self.taken = piece, times, 0

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.times):
            self.taken += 1
            yield self.piece


class Reader:
    """Has nothing but read()."""

    _reads: Reads

    def read(self, size: Optional[int] = None) -> Any:
        """Return the next piece."""
        return self._reads.read(size)


class TextReader(Reader, io.TextIOBase):
    """A text file that is one by its class."""


class RawReader(io.RawIOBase):
    """A raw file; its read() has the default size of one."""

    _reads: Reads

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> Any:
        """Return the next piece."""
        return self._reads.read(size)


class Iterated:
    """Counts how often it is iterated over."""

    _pieces: Pieces

    def __iter__(self) -> Any:
        self._pieces.begun += 1
        return iter(self._pieces)


class Iterable_(Iterated):
    """Has nothing but __iter__."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces


class Sequence_(Iterable_, collections.abc.Sequence):  # type: ignore[type-arg]
    """A sequence of its own."""

    def __len__(self) -> int:
        return len(self._pieces)

    def __getitem__(self, index: Any) -> Any:
        return self._pieces.take(index)


class OnlyGetitem:
    """Has nothing but __getitem__."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    def __getitem__(self, index: int) -> Any:
        return self._pieces.take(index)


class Iterating:
    """An iterator of its own."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces, self._position = pieces, 0

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        if self._position >= len(self._pieces):
            raise StopIteration
        value = self._pieces.take(self._position)
        self._position += 1
        return value


class BytesWithIter(Iterated, bytes):
    """Bytes whose __iter__ gives other items."""


class BytesWithRead(Reader, bytes):
    """Bytes that are a file, too."""


class StrWithRead(Reader, str):
    """A str that is a file, too."""


class ArrayWithRead(Reader, array.array):  # type: ignore[type-arg]
    """An array that is a file, too."""


class IterableWithRead(Reader, Iterated):
    """An iterable that is a file, too."""


class ListWithRead(Reader, list):  # type: ignore[type-arg]
    """A list that is a file, too."""

    _pieces: Pieces

    def __iter__(self) -> Any:
        self._pieces.begun += 1
        return super().__iter__()


class OnlyItems:
    """Has nothing but __iter__ and items()."""

    def __init__(self, pairs: Tuple[Tuple[Any, Any], ...]) -> None:
        self._pairs = pairs

    def __iter__(self) -> Any:
        return iter([name for name, _ in self._pairs])

    def items(self) -> Any:
        """Return the pairs."""
        return list(self._pairs)


_RAISED: Dict[str, Type[Exception]] = {
    error.__name__: error
    for error in (
        RuntimeError,
        ValueError,
        OSError,
        KeyError,
        IndexError,
        AttributeError,
        TypeError,
        EOFError,
        ZeroDivisionError,
    )
}


class CannotBuild(Exception):
    """This interpreter cannot make such an object; the text says why."""


_NOTHING: Mapping[str, object] = types.MappingProxyType({})


class Built:
    """An object made from a recipe: its value, how to look at it, and whether it has to be closed."""

    __slots__ = ("_subject", "is_open", "looks", "value")

    def __init__(self, value: Any, looks: "_Looks" = (), subject: Any = None, is_open: bool = False) -> None:
        self.value, self.looks, self._subject, self.is_open = value, looks, subject, is_open

    def effects(self) -> Mapping[str, object]:
        """Return what can be seen of the object now, by the names of effects (without "body.")."""
        if not self.looks:
            return _NOTHING
        seen: Dict[str, object] = {}
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


class Site:
    """What recipes may refer to: the server's address, and whom to tell that the next piece is taken."""

    __slots__ = ("host", "on_piece", "port")

    def __init__(
        self, host: str = "127.0.0.1", port: int = 80, on_piece: Optional[Callable[[int], None]] = None
    ) -> None:
        self.host, self.port, self.on_piece = host, port, on_piece

    def fill(self, text: str) -> str:
        """Return the text with <host> and <port> filled in."""
        if "<" not in text:
            return text
        return text.replace("<host>", self.host).replace("<port>", str(self.port))


def build(recipe: Any, site: Site) -> Built:
    """Make the object that ``recipe`` describes.

    Raises:
        CannotBuild: this interpreter cannot make it.
    """
    try:
        made = _made(recipe, site)
        return made if isinstance(made, Built) else made()
    except KeyError:
        raise CannotBuild("{}: this driver has no such kind".format(recipe.kind)) from None
    except (NotImplementedError, TypeError, ValueError) as error:
        raise CannotBuild("{}: {}".format(recipe.kind, error)) from None


def prepare(recipe: Any, site: Site) -> Callable[[], Built]:
    """Return what makes an object that ``recipe`` describes, as new each time that it is called.

    Nothing that was done to one of these objects is seen in another: only what nobody can change is the same in all.
    Whoever watches the pieces is looked up in ``site`` for each object, and may be another each time.

    Raises:
        CannotBuild: this interpreter cannot make it.
    """
    build(recipe, site).close()  # so that what cannot be made is found out before the first call
    made = _made(recipe, site)
    return (lambda: made) if isinstance(made, Built) else made


_Look = Callable[[Any], object]
_Looks = Tuple[Tuple[str, _Look], ...]
_Fields = Mapping[str, Any]
_Maker = Callable[[], Built]
_Builder = Callable[[_Fields, Site], Union[Built, _Maker]]
_Values = Callable[[], Tuple[Any, ...]]


def _made(recipe: Any, site: Site) -> Union[Built, _Maker]:
    return _BUILDERS[recipe.kind](recipe.fields, site)


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


def _piece(recipe: Any, site: Site) -> Union[Built, _Maker]:
    if recipe.kind == "raise":
        return Built(Raise(_RAISED[str(recipe.get("name"))]))
    return _made(recipe, site)


def _values(recipes: Iterable[Any], site: Site) -> Tuple[_Values, bool]:
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


def _view(fields: _Fields, exporter: Union[bytes, bytearray]) -> Any:
    view: Any = memoryview(exporter)
    shape = fields.get("shape")
    if "format" in fields or shape is not None:
        format_ = fields.get("format", "B")
        view = view.cast(format_, list(shape)) if shape is not None else view.cast(format_)
    if "slice" in fields:
        chosen, size = slice(*fields["slice"]), len(exporter) // max(1, len(view))
        rows = [bytes(exporter[at : at + size]) for at in range(0, len(exporter), size or 1)]
        view = view[chosen]
        # PyPy gets slices of several dimensions wrong
        if view.nbytes != len(view.tobytes()) or view.tobytes() != b"".join(rows[chosen]):
            raise NotImplementedError("this interpreter's memoryview gives other bytes when it is sliced")
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


def _pickle_buffer(fields: _Fields) -> Callable[[], object]:
    class_ = getattr(pickle, "PickleBuffer", None)
    if class_ is None:
        raise CannotBuild("pickle-buffer: this interpreter has no pickle.PickleBuffer")
    return functools.partial(class_, fields["data"])


@functools.lru_cache(None)
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


@functools.lru_cache(None)
def _folder() -> str:
    """Return the folder for real files; it lives as long as the process."""
    folder = tempfile.TemporaryDirectory(prefix="wireproof-")
    _KEPT.append(folder)
    return folder.name


_KEPT: List[object] = []


@functools.lru_cache(None)
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


def _compressed(data: bytes) -> bytes:
    into = io.BytesIO()
    with gzip.GzipFile(fileobj=into, mode="wb", mtime=0) as file:
        file.write(data)
    return into.getvalue()


def _gzip(fields: _Fields, site: Site) -> _Maker:
    compressed = _compressed(fields["data"])
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


def _iterated(fields: _Fields, site: Site, make: Callable[[Tuple[Any, ...]], Any]) -> Callable[[], Any]:
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


def _items(fields: _Fields, site: Site) -> Tuple[_Values, bool]:
    return _values(fields["items"], site)


def _pairs(fields: _Fields, site: Site) -> Tuple[_Values, bool]:
    flat, is_constant = _values(itertools.chain.from_iterable(fields["items"]), site)

    def pairs() -> Tuple[Any, ...]:
        values = flat()
        return tuple(zip(values[::2], values[1::2]))

    always = pairs()
    return (lambda: always) if is_constant else pairs, is_constant


def _container(make: Callable[[Any], Any], snapshot: Optional[_Look] = None, elements: Any = _items) -> _Builder:
    """Return a builder of what ``make`` makes of elements; with a snapshot it is seen whether it was changed."""

    def builder(fields: _Fields, site: Site) -> Union[Built, _Maker]:
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


def _message(pairs: Iterable[Tuple[Any, Any]]) -> email.message.Message:
    value = email.message.Message()
    for name, content in pairs:
        value[name] = content
    return value


def _mapping(make: Callable[[Any], Any]) -> _Builder:
    return _container(make, lambda mapping: list(mapping.items()), _pairs)


_BUILDERS: Dict[str, _Builder] = {
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
    "pickle-buffer": _unseen(_pickle_buffer),
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


# the engine: calls the candidate ------------------------------------------------------------------------------------

MESSAGE = 2000
"""So many characters of an exception's message are kept."""

Raised = Tuple[Tuple[str, ...], str, str]
"""What the candidate let out: the names of its classes, its message, and the phase."""

Result = Tuple[str, Optional[Raised], Dict[str, object]]
"""What came of a call: the type name of what it returned, what it let out, and what can be seen of the arguments."""

Arguments = Sequence[Tuple[str, Any]]
"""Names and recipes, in the order of the signature."""


class CannotExpress(Exception):
    """This candidate has no way to do that; the text says why."""


NOT_RESOLVED = "the client does not resolve names through socket.getaddrinfo"
UNREACHED = frozenset(("gaierror", "ConnectionRefusedError"))
"""What a client raises that looks for the server where its name or address says, and nobody is."""


_EXIT, _GETPID = os._exit, os.getpid
_MRO, _NAME = type.__dict__["__mro__"].__get__, type.__dict__["__name__"].__get__
"""A class as it is, whatever its metaclass says."""


def raised_by(error: BaseException, phase: str) -> Raised:
    """Return what is kept of an exception that the candidate let out."""
    try:
        message = str(error)[:MESSAGE]
    except BaseException:
        message = "(its message cannot be shown)"
    return tuple(shown_name(_NAME(each)) for each in _MRO(type(error))), message, phase


def shown_name(name: str) -> str:
    """Return the name of a class; one that is no name is escaped and cut."""
    return name if name.isidentifier() and len(name) <= 100 else ascii(name)[1:-1][:100]


def positional_names(passed: str, names: Iterable[str]) -> Tuple[str, ...]:
    """Return the arguments that are passed by position."""
    return {"usual": ("method", "url"), "keywords": (), "positional": tuple(names)}[passed]


class Engine:
    """The connection objects of one exchange, and what was built for them.

    Args:
        factory: the candidate.
        constructor: further arguments that every connection object is made with, by name.
        renames: the candidate's own names of arguments of ``request``.
    """

    def __init__(
        self,
        factory: Callable[..., Any],
        constructor: Optional[Mapping[str, Any]] = None,
        renames: Optional[Mapping[str, str]] = None,
    ) -> None:
        self.factory, self.constructor, self.renames = factory, dict(constructor or {}), dict(renames or {})
        self.connections: Dict[str, Any] = {}
        self.built: List[Built] = []
        self._process = _GETPID()

    def came_back(self) -> None:
        """End a copy of the process that the candidate has made, and in which it has come back."""
        if _GETPID() != self._process:
            _EXIT(0)

    def open(self, on: str, address: Sequence[Any], named: Arguments, site: Site) -> Optional[Raised]:
        """Make the connection object ``on``; return what that let out.

        Args:
            on: its name.
            address: the positional arguments of the constructor.
            named: recipes of further ones.
            site: the server's address.

        Raises:
            CannotExpress: the constructor has no such argument.
        """
        try:
            extra = dict(self.constructor)
            extra.update((name, build(recipe, site).value) for name, recipe in named)
            self.connections[on] = self.factory(*address, **extra)
        except TypeError as error:
            if named:
                names = ", ".join(name for name, _ in named)
                raise CannotExpress("the constructor does not take {}: {}".format(names, error)[:MESSAGE]) from None
            return raised_by(error, "construct")
        except BaseException as error:
            return raised_by(error, "construct")
        return None

    def make(
        self, arguments: Arguments, site: Site, on_piece: Optional[Callable[[int], None]] = None
    ) -> Dict[str, Built]:
        """Return the arguments of a call, made from recipes; ``on_piece`` is told of each piece of the body.

        Raises:
            CannotBuild: one of them cannot be made here.
        """
        watched = Site(site.host, site.port, on_piece)
        made: Dict[str, Built] = {}
        for name, recipe in arguments:
            made[name] = build(recipe, watched if name == "body" else site)
            self.built.append(made[name])
        return made

    def request(self, on: str, made: Mapping[str, Built], passed: str) -> Result:
        """Call ``request`` with arguments that ``make`` has made, and return what came of it."""
        values = {self.renames.get(name, name): each.value for name, each in made.items()}
        positional = [values.pop(name) for name in positional_names(passed, values) if name in values]
        raised: Optional[Raised] = None
        returned = "NoneType"
        connection = self.connections[on]
        try:
            returned = _NAME(type(connection.request(*positional, **values)))
        except BaseException as error:
            raised = raised_by(error, "request")
        self.came_back()
        effects: Dict[str, object] = {}
        for name, each in made.items():
            if name == "body":
                effects.update(("body." + effect, value) for effect, value in each.effects().items())
            elif name == "headers":
                effects.update(("headers", value) for value in each.effects().values())
        return returned, raised, effects

    def respond(self, on: str) -> Optional[Raised]:
        """Read the response to its end; return what that let out."""
        try:
            self.connections[on].getresponse().read()
        except BaseException as error:
            return raised_by(error, "getresponse")
        finally:
            self.came_back()
        return None

    def close(self, on: str) -> Optional[Raised]:
        """Close a connection object; return what that let out."""
        try:
            close = getattr(self.connections.get(on), "close", None)
            if close is not None:
                close()
        except BaseException as error:
            return raised_by(error, "close")
        finally:
            self.came_back()
        return None

    def hang_up(self) -> None:
        """Close all connection objects, whatever that lets out, and forget them."""
        for on in list(self.connections):
            self.close(on)
        with contextlib.suppress(BaseException):  # what a destructor of the candidate lets out
            self.connections.clear()

    def release(self) -> None:
        """Close files and everything else that was built."""
        while self.built:
            self.built.pop().close()


def _is_no_name(host: Any) -> bool:
    """Say whether nobody could resolve this: a port or white space stands in it.

    Brackets may: some releases of CPython leave them on an address, and Host is of interest there, too.
    """
    text = host.decode("latin-1") if isinstance(host, bytes) else str(host)
    if "]:" in text or any(char in text for char in "/@ \t\r\n"):
        return True
    return text.count(":") == 1  # an address of version 6 has two at least


@contextlib.contextmanager
def redirected(pick: Callable[[object], Tuple[str, int]]) -> Iterator[List[str]]:
    """Make ``socket.getaddrinfo`` lead to the address that ``pick`` returns for a port; yield the names asked for."""
    asked: List[str] = []
    original = socket.getaddrinfo

    def redirect(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(str(host))
        if _is_no_name(host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        target = pick(port)
        return original(target[0], target[1], *args, **kwargs)

    socket.getaddrinfo = redirect
    try:
        yield asked
    finally:
        socket.getaddrinfo = original


# the candidate's name → the class or factory ------------------------------------------------------------------------

HINT = "give reference, stdlib or package.module:Class"


class Unusable(Exception):
    """The candidate cannot be used: why, and what to do about it."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why, hint)
        self.why, self.hint = why, hint


def spelled(name: str) -> Tuple[str, str]:
    """Return the module and the attribute path of ``package.module:Class``.

    Raises:
        Unusable: the name is none.
    """
    module, colon, attribute = name.partition(":")
    if not colon or not all(part.isidentifier() for part in module.split(".") + attribute.split(".")):
        raise Unusable("it is no name of a candidate", HINT)
    return module, attribute


def resolve(name: str) -> Any:
    """Import the candidate and make sure that it can be used at all.

    Raises:
        Unusable: it cannot be imported, is not callable, its constructor raises, or its objects have no request.
    """
    module_name, path = spelled(name)
    try:
        found: Any = importlib.import_module(module_name)
    except BaseException as error:
        why = "the module {} cannot be imported: {}".format(module_name, _said(error))
        raise Unusable(why, "install it, or set PYTHONPATH to where it lies") from None
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise Unusable("{} has no {}".format(module_name, path), HINT) from None
    if not callable(found):
        raise Unusable("{} is not callable but of type {}".format(path, type(found).__name__), HINT)
    return found


def tried(found: Any, constructor: Optional[Mapping[str, Any]] = None) -> Any:
    """Make one connection object, look whether it can be used, and return the candidate.

    Raises:
        Unusable: its constructor raises, or its objects have no request.
    """
    listening = _listening()  # a client may connect at once
    try:
        connection = found("127.0.0.1", listening.getsockname()[1] if listening else 9, **(constructor or {}))
    except BaseException as error:
        why = "its constructor, called with a host and a port, raises {}".format(_said(error))
        raise Unusable(why, "a candidate is made as Class(host, port)") from None
    finally:
        if listening:
            listening.close()
    if not callable(getattr(connection, "request", None)):
        raise Unusable("its objects have no method request", "a candidate has the API of HTTPConnection")
    return found


def _listening() -> Optional[socket.socket]:
    """Return a socket that somebody can connect to, or None where there is no network."""
    listening = socket.socket()
    try:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
    except OSError:
        listening.close()
        return None
    return listening


def own_version(name: str) -> str:
    """Return what the candidate's package says of its version, or ""."""
    top = spelled(name)[0].partition(".")[0]
    try:
        own = getattr(sys.modules.get(top), "__version__", None)
    except Exception:  # a module's own __getattr__ may raise anything, a warning made an error, say
        own = None
    return own[:40] if isinstance(own, str) else ""


def interpreter() -> str:
    """Return the name and the version of this interpreter."""
    info = getattr(sys, "pypy_version_info", sys.version_info)
    language = "" if info is sys.version_info else " (Python {}.{}.{})".format(*sys.version_info[:3])
    return "{} {}.{}.{}{}".format(sys.implementation.name, info[0], info[1], info[2], language)


def _said(error: BaseException) -> str:
    """Return the class and the message in one line that any terminal can show."""
    try:
        message = " ".join(str(error).split())
    except Exception:
        return type(error).__name__
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in message)
    return "{}: {}".format(type(error).__name__, shown)[:300]


# the probes -----------------------------------------------------------------------------------------------------------
#
# Named questions to the interpreter's own http.client, where releases of CPython differ. Backports and distributors'
# patches cut across version numbers, so the interpreter is asked, not its version.


class _Sink:
    """A socket that keeps what is sent."""

    def __init__(self) -> None:
        self.data = b""

    def sendall(self, data: bytes) -> None:
        """Keep the bytes."""
        self.data += bytes(data)

    def close(self) -> None:
        """Do nothing."""


def _sent(host: str, port: Optional[int], url: str, body: object = None) -> Optional[bytes]:
    """Return the bytes of a GET, or None where the call is refused."""
    connection = http.client.HTTPConnection(host, port)
    sink = _Sink()
    connection.sock = sink
    try:
        connection.request("GET", url, body)  # type: ignore[arg-type]
    except (ValueError, AssertionError, TypeError):
        return None
    return sink.data


def _blocksize() -> str:
    try:
        http.client.HTTPConnection("127.0.0.1", 1, blocksize=1)
    except TypeError:
        return "absent"
    return "given"


def _ipv6_zone() -> str:
    return "kept" if b"%lo" in (_sent("::1%lo", 1, "/") or b"") else "cut"


def _bracketed_authority() -> str:
    return "refused" if _sent("127.0.0.1", 1, "http://[abc]/") is None else "sent"


def _percent_authority() -> str:
    return "refused" if _sent("127.0.0.1", 1, "http://a%41/") is None else "sent"


def _bracketed_host() -> str:
    return "kept" if b"[[::1]]" in (_sent("[::1]", 1, "/") or b"") else "stripped"


def _zero_dimensional() -> str:
    view = memoryview(b"a").cast("B", [])
    return "refused" if _sent("127.0.0.1", 1, "/", view) is None else "sent"


_PROBES: Dict[str, Callable[[], str]] = {
    "blocksize": _blocksize,
    "ipv6-zone": _ipv6_zone,
    "bracketed-authority": _bracketed_authority,
    "percent-authority": _percent_authority,
    "bracketed-host": _bracketed_host,
    "zero-dimensional": _zero_dimensional,
}


def answers() -> Dict[str, str]:
    """Return each probe's answer in this interpreter."""
    return {name: probe() for name, probe in _PROBES.items()}


# the protocol ---------------------------------------------------------------------------------------------------------

_ARGUMENTS = ("method", "url", "body", "headers", "encode_chunked", "unknown")
_MISSING = () if hasattr(pickle, "PickleBuffer") else ("pickle-buffer",)
_KINDS = sorted(set(_BUILDERS).difference(_MISSING))

CAN: Dict[str, Any] = {
    "arguments": dict.fromkeys(_ARGUMENTS, _KINDS),
    "pieces": sorted([*_KINDS, "raise"]),
    "fields": _KINDS,
    "hosts": ["ipv4", "ipv6", "ipv6-bracketed", "ipv6-zone", "localhost", "name"],
    "ports": ["int", "str", "in-host", "default", "default-given", "default-as-str"],
    "named": ["blocksize", "source_address", "timeout"],
    "passed": ["keywords", "positional", "usual"],
    "effects": [
        "body.closed",
        "body.content",
        "body.iterated",
        "body.position",
        "body.pulled",
        "body.reads",
        "headers",
    ],
    "features": ["collect", "names", "sequences", "streaming", "threads"],
}
"""What this driver can express with a class that has the API of HTTPConnection; see docs/driver-protocol.md.

A class that is another client in the clothes of one says in its attribute ``wireproof_can`` which members differ, and
its ``wireproof_cannot(method, url)`` returns why its API has no place for these, or "".
"""


class Recipe:
    """A recipe as it comes over the wire."""

    __slots__ = ("fields", "kind")

    def __init__(self, kind: str, fields: Mapping[str, Any]) -> None:
        self.kind, self.fields = kind, fields

    def get(self, name: str, default: object = None) -> object:
        """Return the field ``name``, or ``default`` where the recipe does not give it."""
        return self.fields.get(name, default)


def decoded(value: Any) -> Any:
    """Return the recipe of a JSON object; a pair of the recipes of a list of two, a str of one."""
    if isinstance(value, str):
        return Recipe("str", {"text": value})
    if isinstance(value, list):
        return [decoded(each) for each in value]
    fields = {}
    for name, content in value.items():
        if name == "data":
            fields[name] = content.encode("latin-1")
        elif name in ("items", "reads"):
            fields[name] = [decoded(each) for each in content]
        elif name != "kind":
            fields[name] = content
    return Recipe(value["kind"], fields)


class Mailbox:
    """What one thread has to do. It works with threads of the system, whatever a candidate makes of ``threading``."""

    def __init__(self) -> None:
        self._items: "collections.deque[Any]" = collections.deque()
        self._ready = _thread.allocate_lock()
        self._ready.acquire()

    def put(self, item: Any) -> None:
        """Add something."""
        self._items.append(item)
        with contextlib.suppress(RuntimeError):  # it is known already that something is there
            self._ready.release()

    def get(self) -> Any:
        """Return what was added first, once there is something."""
        while not self._items:
            self._ready.acquire()
        return self._items.popleft()


class Wire:
    """Lines over two descriptors that nobody else knows of."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing, self._rest = reading, writing, b""
        self._lines: "collections.deque[bytes]" = collections.deque()
        self._lock = _thread.allocate_lock()
        # as they are before a candidate may replace them
        self._read, self._write = os.read, os.write
        self._encode, self._decode = json.JSONEncoder(default=repr).encode, json.JSONDecoder().decode

    def receive(self) -> Any:
        """Return the next message, or None at the end."""
        while not self._lines:
            piece = self._read(self._reading, 1 << 18)
            if not piece:
                return None
            lines = (self._rest + piece).split(b"\n") if b"\n" in piece else None
            if lines is None:
                self._rest += piece
                continue
            self._rest = lines.pop()
            self._lines.extend(lines)
        return self._decode(self._lines.popleft().decode("ascii"))

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message."""
        data = memoryview((self._encode(message) + "\n").encode("ascii"))
        with self._lock:
            while data:
                data = data[self._write(self._writing, data) :]


class Surroundings:
    """What a candidate may change of its process so that later calls fail; it is put back after each exchange."""

    def __init__(self) -> None:
        self._limit, self._folder, self._mask = sys.getrecursionlimit(), os.getcwd(), os.umask(0o077)
        os.umask(self._mask)
        self._limits: Dict[int, Tuple[int, int]] = {}
        if resource is not None:
            self._get, self._set = resource.getrlimit, resource.setrlimit
            which = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
            self._limits = {each: self._get(each) for each in which}

    def restore(self) -> bool:
        """Put it back; say whether that could be done."""
        try:
            sys.setrecursionlimit(self._limit)
            os.umask(self._mask)
            os.chdir(self._folder)
            for which, limits in self._limits.items():
                if self._get(which) != limits:
                    self._set(which, limits)
        except (OSError, ValueError):
            return False
        return True


class Driver:
    """Does what messages ask for.

    Args:
        send: sends a message.
        receive: returns the next message, or None at the end.
    """

    def __init__(self, send: Callable[[Mapping[str, Any]], object], receive: Callable[[], Any]) -> None:
        self.send, self.receive = send, receive
        self.engine: Engine
        self.surroundings: Surroundings
        self.is_fit = True
        self.sites: Dict[str, Site] = {}
        self.resolved: Dict[str, Tuple[str, int]] = {}
        self.failed: Dict[str, Raised] = {}
        self._boxes: Dict[str, Mailbox] = {}
        self._does = {"request": self._request, "response": self._response, "close": self._close}

    def start(self, order: Mapping[str, Any]) -> bool:
        """Answer the first message; say whether the candidate can be used."""
        sys.path[:0] = order.get("path", [])
        name, options = order.get("candidate") or "http.client:HTTPConnection", order.get("options") or {}
        try:
            if order.get("protocol") != PROTOCOL:
                raise Unusable("version {} of the protocol is not known".format(order.get("protocol")), "use 1")
            factory = tried(resolve(name), options.get("constructor"))
        except Unusable as error:
            self.send({"type": "broken", "why": error.why, "hint": error.hint})
            return False
        self.surroundings = Surroundings()
        self.engine = Engine(factory, options.get("constructor"), options.get("renames"))
        can = dict(CAN)
        can.update(getattr(factory, "wireproof_can", {}))
        self.send(
            {
                "type": "hello",
                "protocol": PROTOCOL,
                "driver": {"name": "wireproof-python", "version": VERSION, "language": interpreter()},
                "client": {"name": name, "version": own_version(name)},
                "can": can,
                "probes": answers(),
            }
        )
        return True

    def serve(self) -> None:
        """Answer every message until the end; a process that the candidate has made unfit ends, and is started anew."""
        order = self.receive()
        if order is None or not self.start(order):
            return
        while self.is_fit:
            message = self.receive()
            if message is None:
                return
            if "thread" in message:
                self._in_thread(message)
            else:
                self.handle(message)

    def handle(self, message: Mapping[str, Any]) -> None:
        """Do what one message asks for, and answer it; unknown ones are ignored."""
        type_ = message.get("type")
        if type_ in self._does:
            try:
                answer = self._on(message, self._does[type_])
            except (CannotBuild, CannotExpress) as error:
                text = str(error)
                if message.get("last"):
                    self._end()
                self.send({"type": "unsupported", "id": message["id"], "why": text})
                return
            if message.get("last"):
                self._end()
            self._done(message, *answer)
        elif type_ in ("end", "collect"):
            self._calling(message)
            if type_ == "end":
                self._end()
            else:
                gc.collect()
            self._done(message)

    def _in_thread(self, message: Mapping[str, Any]) -> None:
        box = self._boxes.get(message["thread"])
        if box is None:
            box = self._boxes[message["thread"]] = Mailbox()
            _thread.start_new_thread(self._work, (box,))
        box.put(message)

    def _work(self, box: Mailbox) -> None:
        while True:
            message = box.get()
            if message is None:
                return
            self.handle(message)

    def _calling(self, message: Mapping[str, Any]) -> None:
        self.send({"type": "calling", "id": message["id"]})

    def _done(
        self,
        message: Mapping[str, Any],
        raised: Optional[Raised] = None,
        returned: str = "NoneType",
        effects: Optional[Mapping[str, object]] = None,
    ) -> None:
        answer: Dict[str, Any] = {"type": "done", "id": message["id"]}
        if message["type"] == "request":
            answer["returned"], answer["effects"] = returned, effects or {}
        if raised is not None:
            answer["raised"] = dict(zip(("classes", "message", "phase"), raised))
        captured = self.captured()
        if captured is not None:
            answer["captured"] = captured
        self.send(answer)

    def captured(self) -> Optional[List[Dict[str, Any]]]:
        """Return what was captured in this process since it was asked last, or None where that is not done here."""
        return None

    def _on(self, message: Mapping[str, Any], do: Callable[..., Any]) -> Any:
        """Make the connection object, if it is new, and do what the message asks for with it."""
        on, new = message["on"], message.get("new")
        target = self.resolved.get(on)
        if new is not None:
            host, port = new["address"]
            named = new["host"] if new["resolve"] else host
            self.sites[on] = Site(named, port)
            target = (host, port) if new["resolve"] else None
            if target is not None:
                self.resolved[on] = target
        if target is None:
            return do(message, on, new)
        fallback, pointed = target, {str(address[1]): address for address in self.resolved.values()}
        with redirected(lambda port: pointed.get(str(port), fallback)) as asked:
            answer = do(message, on, new)
        raised = answer[0]
        if raised is not None and not asked and UNREACHED.intersection(raised[0]):
            raise CannotExpress(NOT_RESOLVED)
        return answer

    def _open(self, on: str, new: Optional[Mapping[str, Any]]) -> Optional[Raised]:
        """Make the connection object where it is new; return what that let out, now or before."""
        if new is not None:
            address = [new["host"]] if new["port"] is None else [new["host"], new["port"]]
            named = [(name, decoded(recipe)) for name, recipe in new["named"].items()]
            raised = self.engine.open(on, address, named, self.sites[on])
            if raised is not None:
                self.failed[on] = raised
        elif on not in self.failed and on not in self.engine.connections:
            raise CannotExpress("the request that makes the connection object cannot be expressed")
        return self.failed.get(on)

    def _request(self, message: Mapping[str, Any], on: str, new: Optional[Mapping[str, Any]]) -> Any:
        given = message["arguments"]
        on_piece = self._watcher(message, given.get("body")) if message.get("observe") else None
        arguments = [(name, decoded(recipe)) for name, recipe in given.items()]
        made = self.engine.make(arguments, self.sites[on], on_piece)
        cannot = getattr(self.engine.factory, "wireproof_cannot", None)
        why = cannot(made["method"].value, made["url"].value) if cannot and {"method", "url"} <= set(made) else ""
        if why:
            raise CannotExpress(why)
        self._calling(message)
        raised = self._open(on, new)
        if raised is not None:
            return (raised,)
        returned, raised, effects = self.engine.request(on, made, message["passed"])
        return raised, returned, effects

    def _watcher(self, message: Mapping[str, Any], body: Any) -> Callable[[int], None]:
        """Return what is called for each piece of the body; it tells of the last one, and waits for leave to go on."""
        last = len((body or {}).get("items") or (body or {}).get("reads") or ()) - 1

        def on_piece(index: int) -> None:
            if index == last:
                self.send({"type": "piece", "id": message["id"]})
                while True:
                    leave = self.receive()
                    if leave is None or leave.get("type") == "go":
                        return

        return on_piece

    def _response(self, message: Mapping[str, Any], on: str, new: Optional[Mapping[str, Any]]) -> Any:
        self._calling(message)
        raised = self._open(on, new)
        return (raised or self.engine.respond(on),)

    def _close(self, message: Mapping[str, Any], on: str, new: Optional[Mapping[str, Any]]) -> Any:
        self._calling(message)
        raised = self._open(on, new)
        return (raised or self.engine.close(on),)

    def _end(self) -> None:
        """Close and forget everything that belongs to the exchange."""
        for box in self._boxes.values():
            box.put(None)
        self._boxes.clear()
        self.is_fit = self.surroundings.restore() and self.is_fit
        self.engine.hang_up()
        self.engine.release()
        self.sites.clear()
        self.resolved.clear()
        self.failed.clear()


_FAR = 500


def main() -> None:
    """Move the protocol off the descriptors that everybody shares, and serve it."""
    import fcntl  # not there in Pyodide, where nobody comes here

    # far from what a candidate opens next, should it close what is not its own
    reading, writing = (fcntl.fcntl(descriptor, fcntl.F_DUPFD, _FAR) for descriptor in (0, 1))
    os.set_inheritable(reading, False)
    os.set_inheritable(writing, False)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    os.dup2(2, 1)
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") != here]
    sys.path.append(os.path.join(here, "adapters"))
    wire, leave = Wire(reading, writing), os._exit
    driver = Driver(wire.send, wire.receive)
    driver.serve()
    # threads that a candidate has left behind, and what it does at exit, are not waited for
    leave(0)


if __name__ == "__main__":
    main()
