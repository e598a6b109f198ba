"""The kinds of recipes: one table that the case format, its schema, its manual, the builders and the judge read.

A recipe describes an argument without being one: ``{bytesio: {data: "abc", position: 1}}``. Each kind has named,
typed fields, the first of which is the *main* one and may be given alone: ``{bytesio: "abc"}``.

``role`` is what the contract sees in a value of the kind when it is passed as body (sentences [3] to [8], [12], [13]):

* "none": None, no body;
* "text": a str;
* "buffer": a bytes-like object that is not also a file;
* "file": an object with ``read`` that gives bytes;
* "text-file": an ``io.TextIOBase``;
* "iterable": an iterable that is none of these;
* "other": what the contract does not speak of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["none", "text", "buffer", "file", "text-file", "iterable", "other"]
FieldType = Literal["data", "text", "int", "bool", "name", "ints", "items", "chars", "pairs"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of recipe: what it is, the role it plays as a body, its fields, the main one first."""

    about: str
    role: Role
    fields: tuple[tuple[str, FieldType], ...] = ()
    required: int = 1

    @property
    def main(self) -> str | None:
        """The field that may be given alone."""
        return self.fields[0][0] if self.fields else None


_DATA: tuple[tuple[str, FieldType], ...] = (("data", "data"),)
_FILE: tuple[tuple[str, FieldType], ...] = (("data", "data"), ("position", "int"))
_ITEMS: tuple[tuple[str, FieldType], ...] = (("items", "items"),)
_PAIRS: tuple[tuple[str, FieldType], ...] = (("items", "pairs"),)

KINDS: dict[str, Kind] = {
    # plain values
    "none": Kind("None", "none"),
    "str": Kind("a str", "text", (("text", "text"),)),
    "str-subclass": Kind("an instance of a subclass of str", "text", (("text", "text"),)),
    "int": Kind("an int", "other", (("value", "int"),)),
    "bool": Kind("True or False", "other", (("value", "bool"),)),
    "float": Kind("a float, written as text", "other", (("text", "text"),)),
    "object": Kind("a plain object()", "other"),
    "class": Kind("a class, not an instance", "other"),
    "function": Kind("a function", "other"),
    # bytes-like objects
    "bytes": Kind("bytes", "buffer", _DATA),
    "bytes-subclass": Kind("an instance of a subclass of bytes", "buffer", _DATA),
    "bytearray": Kind("a bytearray", "buffer", _DATA),
    "memoryview": Kind(
        "a memoryview of bytes: cast to `format` (and `shape`), then sliced [start, stop, step]",
        "buffer",
        (("data", "data"), ("format", "text"), ("shape", "ints"), ("slice", "ints"), ("writable", "bool")),
    ),
    "array": Kind(
        "an array.array of `typecode`, filled from bytes", "buffer", (("data", "data"), ("typecode", "text"))
    ),
    "ctypes": Kind(
        "a ctypes array of unsigned integers of `size` bytes (1, 2, 4 or 8)",
        "buffer",
        (("data", "data"), ("size", "int")),
    ),
    "buffer": Kind("an object with the buffer protocol and nothing else (a ctypes Structure)", "buffer", _DATA),
    "pickle-buffer": Kind("a pickle.PickleBuffer", "buffer", _DATA),
    "bytes-with-iter": Kind(
        "a bytes subclass whose __iter__ gives other items", "buffer", (("data", "data"), ("items", "items")), 2
    ),
    # files
    "bytesio": Kind("an io.BytesIO at `position`", "file", _FILE),
    "binary-file": Kind(
        "a real file opened with 'rb' at `position`; `buffering` as in open()",
        "file",
        (("data", "data"), ("position", "int"), ("buffering", "int")),
    ),
    "text-file": Kind(
        "a real file opened as text; `position` counts characters already read",
        "text-file",
        (("data", "data"), ("encoding", "text"), ("newline", "text"), ("position", "int")),
    ),
    "stringio": Kind("an io.StringIO at `position`", "text-file", (("text", "text"), ("position", "int"))),
    "text-reader": Kind(
        "a subclass of io.TextIOBase whose read() gives these pieces in turn, then ''",
        "text-file",
        (("reads", "chars"),),
    ),
    "raw-reader": Kind(
        "a subclass of io.RawIOBase whose reads give these pieces in turn, then b''", "file", (("reads", "items"),)
    ),
    "reader": Kind(
        "an object with nothing but read(), which gives these in turn, then b''", "file", (("reads", "items"),)
    ),
    "pipe": Kind("the reading end of an os.pipe that holds the data", "file", _DATA),
    "socket-file": Kind("socket.makefile('rb') of a socketpair that holds the data", "file", _DATA),
    "spooled": Kind(
        "a tempfile.SpooledTemporaryFile; `rolled` says whether it is on disk",
        "file",
        (("data", "data"), ("position", "int"), ("rolled", "bool")),
    ),
    "temporary-file": Kind("a tempfile.NamedTemporaryFile in binary mode", "file", _FILE),
    "temporary-text-file": Kind(
        "a tempfile.NamedTemporaryFile('w+'): a text file that is no io.TextIOBase", "other", (("text", "text"),)
    ),
    "gzip": Kind("a gzip.GzipFile over the compressed data, reading", "file", _FILE),
    "codecs-reader": Kind(
        "a codecs StreamReader: text, but no io.TextIOBase", "other", (("data", "data"), ("encoding", "text"))
    ),
    "mmap": Kind("an mmap at `position`: a file and a buffer at once", "file", _FILE),
    "bytes-with-read": Kind("a bytes subclass that also has read()", "file", (("data", "data"), ("reads", "items")), 2),
    "str-with-read": Kind("a str subclass that also has read()", "other", (("text", "text"), ("reads", "items")), 2),
    "array-with-read": Kind(
        "an array.array('B') subclass that also has read()", "file", (("data", "data"), ("reads", "items")), 2
    ),
    "list-with-read": Kind("a list subclass that also has read()", "file", (("items", "items"), ("reads", "items")), 2),
    "iterable-with-read": Kind(
        "an object with __iter__ and read()", "file", (("items", "items"), ("reads", "items")), 2
    ),
    # iterables
    "list": Kind("a list", "iterable", _ITEMS),
    "tuple": Kind("a tuple", "iterable", _ITEMS),
    "set": Kind("a set", "iterable", _ITEMS),
    "frozenset": Kind("a frozenset", "iterable", _ITEMS),
    "deque": Kind("a collections.deque", "iterable", _ITEMS),
    "dict-of": Kind("a dict with these keys; its values are None", "iterable", _ITEMS),
    "dict-keys": Kind("the keys view of such a dict", "iterable", _ITEMS),
    "dict-values": Kind("the values view of a dict with these values", "iterable", _ITEMS),
    "generator": Kind("a generator", "iterable", _ITEMS),
    "iterator": Kind("an object with __next__ and __iter__", "iterable", _ITEMS),
    "map": Kind("a map object", "iterable", _ITEMS),
    "chain": Kind("an itertools.chain of one-element lists", "iterable", _ITEMS),
    "iterable": Kind("an object with nothing but __iter__", "iterable", _ITEMS),
    "sequence": Kind("a collections.abc.Sequence of its own: __len__, __getitem__, like range", "iterable", _ITEMS),
    "getitem": Kind("an object with nothing but __getitem__", "iterable", _ITEMS),
    "endless": Kind(
        "a generator that repeats `data`; it gives up after 8 MiB, should nobody hang up", "iterable", _DATA
    ),
    "blocks": Kind(
        "a generator that gives the same bytes `count` times", "iterable", (("data", "data"), ("count", "int")), 2
    ),
    "range": Kind("a range(start, stop): its elements are ints", "other", (("bounds", "ints"),)),
    # mappings for headers
    "dict": Kind("a dict of header fields", "other", _PAIRS),
    "message": Kind("an email.message.Message: keeps repeats", "other", _PAIRS),
    "mapping": Kind("an object with nothing but __iter__ and items()", "other", _PAIRS),
    "mapping-proxy": Kind("a types.MappingProxyType", "other", _PAIRS),
    "pairs-list": Kind("a list of (name, value) tuples: no mapping", "other", _PAIRS),
    # inside of reads and items only
    "raise": Kind(
        "not a value: an exception of this class is raised when its turn comes", "other", (("name", "name"),)
    ),
}

MAY_RAISE = (
    "RuntimeError",
    "ValueError",
    "OSError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "TypeError",
    "EOFError",
    "ZeroDivisionError",
)
"""The exceptions that ``{raise: …}`` may name."""
