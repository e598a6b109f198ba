"""Recipes become the objects that they describe, and what a call did to these can be seen."""

from __future__ import annotations

import collections
import ctypes
import io
import itertools
import os
import pickle
import socket
import tempfile
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from wireproof._model import Recipe
from wireproof._recipes import KINDS, MAY_RAISE
from wireproof.drivers import python_driver as _objects
from wireproof.drivers.python_driver import Built, CannotBuild, Site, build, prepare, redirected


def text(value: str) -> Recipe:
    """Return the recipe of a str."""
    return Recipe("str", {"text": value})


def data(value: bytes) -> Recipe:
    """Return the recipe of bytes."""
    return Recipe("bytes", {"data": value})


AB = (data(b"ab"), data(b"c"))
PAIRS = ((text("A"), text("1")), (text("B"), data(b"2")))
EFFECTS = Mapping[str, object]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Real files are made below tmp_path."""
    monkeypatch.setattr(_objects, "_folder", lambda: str(tmp_path))
    return tmp_path


def use(value: Any) -> object:
    """Take what there is to take out of a value, as a client would."""
    if isinstance(value, io.TextIOBase):
        return value.read()
    if hasattr(value, "read"):
        pieces = []
        while piece := value.read(2):
            pieces.append(piece)
        return pieces
    if isinstance(value, str):
        return str(value)
    try:
        return memoryview(value).tobytes()
    except TypeError:
        return sorted(value) if isinstance(value, set | frozenset) else list(value)


ON_DISK = ("binary-file", "text-file")
FILE = {"data": b"abc", "position": 1}
OPEN: EFFECTS = {"closed": False}
AT_1: EFFECTS = {"closed": False, "position": 1}
AT_3: EFFECTS = {"closed": False, "position": 3}
UNCHANGED: EFFECTS = {"content": "unchanged"}
READS: dict[str, object] = {"reads": AB}
NO_READS: EFFECTS = {"reads": ()}
THREE_READS: EFFECTS = {"reads": (2, 2, 2)}

# kind, fields, class, what it gives, effects before, effects after that
BODIES: list[tuple[str, dict[str, object], str, object, EFFECTS, EFFECTS]] = [
    ("str", {"text": "a\xe9"}, "str", "a\xe9", {}, {}),
    ("str-subclass", {"text": "a"}, "_Str", "a", {}, {}),
    ("bytes", {"data": b"ab"}, "bytes", b"ab", {}, {}),
    ("bytes-subclass", {"data": b"ab"}, "_Bytes", b"ab", {}, {}),
    ("bytearray", {"data": b"ab"}, "bytearray", b"ab", UNCHANGED, UNCHANGED),
    ("memoryview", {"data": b"abcd"}, "memoryview", b"abcd", {}, {}),
    ("array", {"data": b"abcd", "typecode": "H"}, "array", b"abcd", UNCHANGED, UNCHANGED),
    ("array", {"data": b"ab"}, "array", b"ab", UNCHANGED, UNCHANGED),
    ("ctypes", {"data": b"abcd", "size": 2}, "c_ushort_Array_2", b"abcd", {}, {}),
    ("ctypes", {"data": b"ab"}, "c_ubyte_Array_2", b"ab", {}, {}),
    ("buffer", {"data": b"ab"}, "Exporter", b"ab", {}, {}),
    ("pickle-buffer", {"data": b"ab"}, "PickleBuffer", b"ab", {}, {}),
    ("bytes-with-iter", {"data": b"xyz", "items": AB}, "BytesWithIter", b"xyz", {"iterated": 0}, {"iterated": 0}),
    ("bytesio", FILE, "BytesIO", [b"bc"], AT_1, AT_3),
    ("bytesio", {"data": b"abc"}, "BytesIO", [b"ab", b"c"], {"closed": False, "position": 0}, AT_3),
    ("binary-file", FILE, "BufferedReader", [b"bc"], AT_1, AT_3),
    ("binary-file", {**FILE, "buffering": 0}, "FileIO", [b"bc"], AT_1, AT_3),
    ("text-file", {"data": b"a\xc3\xa9\nb", "position": 1}, "TextIOWrapper", "\xe9\nb", OPEN, OPEN),
    ("text-file", {"data": b"\xe9\r\n", "encoding": "latin-1", "newline": ""}, "TextIOWrapper", "\xe9\r\n", OPEN, OPEN),
    ("stringio", {"text": "a\r\nb", "position": 1}, "StringIO", "\r\nb", AT_1, {"closed": False, "position": 4}),
    ("text-reader", {"reads": (text("ab"), text("c"))}, "TextReader", "ab", {"reads": (), "closed": False},
     {"reads": (None,), "closed": False}),
    ("raw-reader", READS, "RawReader", [b"ab", b"c"], {"reads": (), "closed": False},
     {"reads": (2, 2, 2), "closed": False}),
    ("reader", READS, "Reader", [b"ab", b"c"], NO_READS, THREE_READS),
    ("pipe", {"data": b"abc"}, "BufferedReader", [b"ab", b"c"], OPEN, OPEN),
    ("socket-file", {"data": b"abc"}, "BufferedReader", [b"ab", b"c"], OPEN, OPEN),
    ("spooled", {**FILE, "rolled": False}, "SpooledTemporaryFile", [b"bc"], AT_1, AT_3),
    ("spooled", {**FILE, "rolled": True}, "SpooledTemporaryFile", [b"bc"], AT_1, AT_3),
    ("temporary-file", FILE, "_TemporaryFileWrapper", [b"bc"], AT_1, AT_3),
    ("temporary-text-file", {"text": "abc"}, "_TemporaryFileWrapper", ["ab", "c"], OPEN, OPEN),
    ("gzip", FILE, "GzipFile", [b"bc"], AT_1, AT_3),
    ("codecs-reader", {"data": b"\xc3\xa9b"}, "StreamReader", ["\xe9b"], {}, {}),
    ("codecs-reader", {"data": b"\xe9b", "encoding": "latin-1"}, "StreamReader", ["\xe9b"], {}, {}),
    ("mmap", FILE, "mmap", [b"bc"], AT_1, AT_3),
    ("bytes-with-read", {"data": b"xyz", **READS}, "BytesWithRead", [b"ab", b"c"], NO_READS, THREE_READS),
    ("str-with-read", {"text": "xyz", **READS}, "StrWithRead", [b"ab", b"c"], NO_READS, THREE_READS),
    ("array-with-read", {"data": b"xyz", **READS}, "ArrayWithRead", [b"ab", b"c"], NO_READS, THREE_READS),
    ("list-with-read", {"items": AB, **READS}, "ListWithRead", [b"ab", b"c"], {"reads": (), "iterated": 0},
     {"reads": (2, 2, 2), "iterated": 0}),
    ("iterable-with-read", {"items": AB, **READS}, "IterableWithRead", [b"ab", b"c"], {"reads": (), "iterated": 0},
     {"reads": (2, 2, 2), "iterated": 0}),
    ("list", {"items": AB}, "list", [b"ab", b"c"], UNCHANGED, UNCHANGED),
    ("tuple", {"items": AB}, "tuple", [b"ab", b"c"], {}, {}),
    ("set", {"items": AB}, "set", [b"ab", b"c"], UNCHANGED, UNCHANGED),
    ("frozenset", {"items": AB}, "frozenset", [b"ab", b"c"], {}, {}),
    ("deque", {"items": AB}, "deque", [b"ab", b"c"], UNCHANGED, UNCHANGED),
    ("dict-of", {"items": AB}, "dict", [b"ab", b"c"], UNCHANGED, UNCHANGED),
    ("dict-keys", {"items": AB}, "dict_keys", [b"ab", b"c"], {}, {}),
    ("dict-values", {"items": AB}, "dict_values", [b"ab", b"c"], {}, {}),
    ("generator", {"items": AB}, "generator", [b"ab", b"c"], {"pulled": 0}, {"pulled": 2}),
    ("iterator", {"items": AB}, "Iterating", [b"ab", b"c"], {"pulled": 0}, {"pulled": 2}),
    ("map", {"items": AB}, "map", [b"ab", b"c"], {"pulled": 0}, {"pulled": 2}),
    ("chain", {"items": AB}, "chain", [b"ab", b"c"], {"pulled": 0}, {"pulled": 2}),
    ("getitem", {"items": AB}, "OnlyGetitem", [b"ab", b"c"], {"pulled": 0}, {"pulled": 2}),
    ("iterable", {"items": AB}, "Iterable_", [b"ab", b"c"], {"pulled": 0, "iterated": 0}, {"pulled": 2, "iterated": 1}),
    ("sequence", {"items": AB}, "Sequence_", [b"ab", b"c"], {"pulled": 0, "iterated": 0}, {"pulled": 2, "iterated": 1}),
    ("range", {"bounds": (1, 3)}, "range", [1, 2], {}, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "fields", "class_", "gives", "before", "after"),
    BODIES,
    ids=[f"{row[0]}-{i}" for i, row in enumerate(BODIES)],
)
def test_a_body_is_what_its_recipe_describes(
    kind: str, fields: dict[str, object], class_: str, gives: object, before: EFFECTS, after: EFFECTS, folder: Path
) -> None:
    """Type, content, and the effects before and after the content was taken; what was opened is closed again."""
    built = build(Recipe(kind, fields), Site())
    assert (type(built.value).__name__, built.effects()) == (class_, before)
    assert (use(built.value), built.effects()) == (gives, after)
    built.close()
    assert len(list(folder.iterdir())) == (kind in ON_DISK)


def test_every_kind_has_a_builder() -> None:
    """Each kind of the format can be built, except for raise, which is no value."""
    assert set(_objects._BUILDERS) == set(KINDS) - {"raise"}
    assert set(_objects._RAISED) == set(MAY_RAISE)


@pytest.mark.parametrize(
    ("recipe", "wanted"),
    [
        (Recipe("none"), None),
        (Recipe("int", {"value": 5}), 5),
        (Recipe("bool", {"value": True}), True),
        (Recipe("float", {"text": "1.5"}), 1.5),
        (Recipe("class"), _objects._Str),
    ],
)
def test_plain_values_are_themselves(recipe: Recipe, wanted: object) -> None:
    """None, numbers and classes are built as they are."""
    built = build(recipe, Site())
    assert (built.value, type(built.value), built.effects()) == (wanted, type(wanted), {})


def test_an_object_and_a_function_are_nothing_more() -> None:
    """The kinds object and function give a bare object and something to call."""
    assert type(build(Recipe("object"), Site()).value) is object
    function = build(Recipe("function"), Site()).value
    assert (type(function), function()) == (types.FunctionType, b"called")


@pytest.mark.parametrize(
    ("fields", "format_", "shape", "strides", "readonly"),
    [
        ({}, "B", (4,), (1,), True),
        ({"writable": True}, "B", (4,), (1,), False),
        ({"format": "H"}, "H", (2,), (2,), True),
        ({"shape": (2, 2)}, "B", (2, 2), (2, 1), True),
        ({"format": "H", "shape": (2, 1)}, "H", (2, 1), (2, 2), True),
        ({"data": b"a", "shape": ()}, "B", (), (), True),
        ({"slice": (None, None, 2)}, "B", (2,), (2,), True),
        ({"slice": (1, 3)}, "B", (2,), (1,), True),
    ],
)
def test_a_memoryview_is_cast_and_sliced(
    fields: dict[str, object], format_: str, shape: tuple[int, ...], strides: tuple[int, ...], readonly: bool
) -> None:
    """Format, shape and slice are applied in this order; a writable view is one."""
    view = build(Recipe("memoryview", {"data": b"abcd", **fields}), Site()).value
    assert (view.format, view.shape, view.strides, view.readonly) == (format_, shape, strides, readonly)


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        (Recipe("mmap", {"data": b""}), "mmap: an empty one cannot be made"),
        (Recipe("pipe", {"data": b"x" * 65537}), "pipe: more than a pipe's buffer holds (64 KiB)"),
        (Recipe("socket-file", {"data": b"x" * 65537}), "socket-file: more than a socket's buffer holds (64 KiB)"),
        (Recipe("array", {"data": b"x", "typecode": "Y"}),
         "array: bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)"),
    ],
)  # fmt: skip
def test_what_this_interpreter_cannot_make_is_said(recipe: Recipe, why: str) -> None:
    """An object that cannot be built is no fault of a client."""
    with pytest.raises(CannotBuild) as caught:
        build(recipe, Site())
    assert str(caught.value).partition(", w")[0] == why.partition(", w")[0]


def test_a_pipe_and_a_socket_hold_up_to_64_kib() -> None:
    """The largest body that fits is built without a second thread."""
    for kind in ("pipe", "socket-file"):
        built = build(Recipe(kind, {"data": b"x" * 65536}), Site())
        assert len(built.value.read()) == 65536
        built.close()


@pytest.mark.parametrize("kind", ["generator", "iterator", "map", "chain", "getitem", "iterable", "sequence"])
@pytest.mark.parametrize("name", MAY_RAISE)
def test_an_element_raises_when_its_turn_comes(kind: str, name: str) -> None:
    """The elements before are given, the exception is of the class named, and only what was taken counts."""
    items = (data(b"ab"), Recipe("raise", {"name": name}), data(b"c"))
    built = build(Recipe(kind, {"items": items}), Site())
    taken: list[object] = []
    if (kind, name) == ("getitem", "IndexError"):  # which is how that one ends
        assert list(built.value) == [b"ab"]
        return
    with pytest.raises(Exception, match="raised by the body") as caught:
        taken.extend(built.value)
    assert (type(caught.value).__name__, taken, built.effects()["pulled"]) == (name, [b"ab"], 1)


def test_a_read_raises_when_its_turn_comes() -> None:
    """A scripted read() raises, and the sizes asked for are kept."""
    built = build(Recipe("reader", {"reads": (data(b"ab"), Recipe("raise", {"name": "OSError"}))}), Site())
    assert built.value.read(8) == b"ab"
    with pytest.raises(OSError, match="raised by the body"):
        built.value.read()
    assert (built.value.read(8), built.effects()) == (b"", {"reads": (8, None, 8)})


def test_two_things_at_once_can_be_iterated_too() -> None:
    """What can be read and iterated gives its items, and counts the iterations."""
    for kind, fields in (
        ("bytes-with-iter", {"data": b"xyz"}),
        ("list-with-read", {"reads": ()}),
        ("iterable-with-read", {"reads": ()}),
    ):
        built = build(Recipe(kind, {**fields, "items": AB}), Site())
        assert ([*built.value], [*built.value], built.effects()["iterated"]) == ([b"ab", b"c"], [b"ab", b"c"], 2)


def test_a_sequence_has_a_length_and_elements() -> None:
    """A sequence of its own answers len() and [] as a list does."""
    value = build(Recipe("sequence", {"items": AB}), Site()).value
    assert (len(value), value[0], value[1]) == (2, b"ab", b"c")
    with pytest.raises(IndexError):
        value[2]


def test_a_raw_reader_is_readable() -> None:
    """A RawIOBase of ours says that it can be read."""
    built = build(Recipe("raw-reader", READS), Site())
    assert (built.value.readable(), built.value.read()) == (True, b"ab")


def test_the_read_of_a_text_reader_ends_with_an_empty_str() -> None:
    """After its pieces a text reader gives ''."""
    built = build(Recipe("text-reader", {"reads": (text("ab"),)}), Site())
    assert [built.value.read(1), built.value.read(1)] == ["ab", ""]


def test_an_endless_body_ends_after_8_mib() -> None:
    """Should nobody hang up, an endless body gives up; every piece is counted."""
    piece = b"x" * 65536
    built = build(Recipe("endless", {"data": piece}), Site())
    assert next(built.value) == piece
    assert (built.effects(), sum(len(each) for each in built.value) + len(piece)) == ({"pulled": 1}, 8 * 1024 * 1024)
    assert built.effects() == {"pulled": 128}


def test_each_piece_is_announced() -> None:
    """Whoever watches is told of each piece just before it is given."""
    told: list[int] = []
    built = build(Recipe("generator", {"items": AB}), Site(on_piece=told.append))
    next(built.value)
    assert told == [0]
    next(built.value)
    assert told == [0, 1]


# effects -----------------------------------------------------------------------------------------------------------


def _append(value: Any) -> None:
    value.append(b"x")


@pytest.mark.parametrize(
    ("kind", "fields", "change"),
    [
        ("bytearray", {"data": b"ab"}, lambda value: value.append(1)),
        ("array", {"data": b"ab"}, lambda value: value.append(1)),
        ("list", {"items": AB}, _append),
        ("deque", {"items": AB}, _append),
        ("set", {"items": AB}, lambda value: value.add(b"x")),
        ("dict-of", {"items": AB}, lambda value: value.clear()),
    ],
)
def test_a_changed_container_is_seen(kind: str, fields: dict[str, object], change: Callable[[Any], None]) -> None:
    """A call that changes its argument is found out."""
    built = build(Recipe(kind, fields), Site())
    change(built.value)
    assert built.effects() == {"content": "changed"}


def test_of_a_closed_file_only_that_is_known() -> None:
    """Where a file is closed its position is left out, rather than guessed."""
    for kind in ("bytesio", "binary-file", "spooled", "temporary-file", "gzip", "mmap"):
        built = build(Recipe(kind, FILE), Site())
        built.value.close()
        assert built.effects() == {"closed": True}
        built.close()


def test_what_cannot_be_closed_is_left_open() -> None:
    """An object that is still in use, or whose file is gone, is no reason to stop."""
    built = build(Recipe("mmap", {"data": b"abc"}), Site())
    with memoryview(built.value):
        built.close()
        assert built.effects()["closed"] is False
    built.close()
    file = build(Recipe("temporary-file", FILE), Site())
    os.unlink(file.value.name)
    file.close()
    assert file.value.closed


# headers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "class_"),
    [("dict", "dict"), ("message", "Message"), ("mapping", "OnlyItems"), ("mapping-proxy", "mappingproxy")],
)
def test_a_header_mapping_has_its_items(kind: str, class_: str) -> None:
    """The mapping is of the kind asked for, has these items, and counts as unchanged."""
    pairs = PAIRS if kind != "message" else ((text("A"), text("1")), (text("A"), text("2")))
    wanted = [("A", "1"), ("B", b"2")] if kind != "message" else [("A", "1"), ("A", "2")]
    built = build(Recipe(kind, {"items": pairs}), Site())
    assert type(built.value).__name__ == class_
    assert (list(built.value.items()), list(built.value)) == (wanted, [name for name, _ in wanted])
    assert built.effects() == UNCHANGED


def test_a_list_of_pairs_is_no_mapping() -> None:
    """Pairs are tuples in a list."""
    built = build(Recipe("pairs-list", {"items": PAIRS}), Site())
    assert (built.value, built.effects()) == ([("A", "1"), ("B", b"2")], UNCHANGED)
    built.value.append(("C", "3"))
    assert built.effects() == {"content": "changed"}


@pytest.mark.parametrize("kind", ["dict", "message"])
def test_a_changed_mapping_is_seen(kind: str) -> None:
    """A header that is added or taken away is found out."""
    built = build(Recipe(kind, {"items": ((text("A"), text("1")),)}), Site())
    built.value["Content-Length"] = "3"
    assert built.effects() == {"content": "changed"}


def test_the_address_is_filled_in() -> None:
    """<host> and <port> in text stand for the server's address, in subclasses of str and in headers, too."""
    site = Site("127.0.0.1", 8080)
    assert build(text("http://<host>:<port>/"), site).value == "http://127.0.0.1:8080/"
    assert build(Recipe("str-subclass", {"text": "<port>"}), site).value == "8080"
    assert build(Recipe("dict", {"items": ((text("Host"), text("<host>")),)}), site).value == {"Host": "127.0.0.1"}


# many objects of one recipe ------------------------------------------------------------------------------------------

CONSTANTS = [
    Recipe("none"),
    Recipe("int", {"value": 5}),
    Recipe("bool", {"value": True}),
    Recipe("float", {"text": "1.5"}),
    Recipe("object"),
    Recipe("class"),
    Recipe("function"),
    text("http://<host>:<port>/"),
    Recipe("str-subclass", {"text": "a"}),
    data(b"ab"),
    Recipe("bytes-subclass", {"data": b"ab"}),
    Recipe("range", {"bounds": (1, 3)}),
    *(Recipe(kind, {"items": AB}) for kind in ("tuple", "frozenset", "dict-keys", "dict-values")),
]
_SOFT = (Recipe("bytearray", {"data": b"ab"}), Recipe("list", {"items": AB}))
CHANGEABLE = [
    *(Recipe(kind, fields) for kind, fields, *_rest in BODIES if kind not in {each.kind for each in CONSTANTS}),
    Recipe("memoryview", {"data": b"abcd", "format": "H", "shape": (2, 1)}),
    Recipe("memoryview", {"data": b"abcd", "writable": True, "slice": (1, 3)}),
    Recipe("endless", {"data": b"x" * 65536}),
    Recipe("blocks", {"data": b"ab", "count": 3}),
    *(Recipe(kind, {"items": PAIRS}) for kind in ("dict", "message", "mapping", "mapping-proxy", "pairs-list")),
    *(Recipe(kind, {"items": _SOFT}) for kind in ("list", "tuple", "deque", "dict-values", "generator", "sequence")),
    Recipe("reader", {"reads": _SOFT}),
    Recipe("dict", {"items": ((text("A"), _SOFT[0]), (text("B"), text("1")))}),
]
_HARM: tuple[Callable[[Any], object], ...] = (
    lambda value: value.append(1),
    lambda value: value.append(b"x"),
    lambda value: value.add(b"x"),
    lambda value: value.__setitem__(0, value[0] - 1),
    lambda value: value.__setitem__("C", "3"),
    lambda value: value.raw.__setitem__(0, 1),
    lambda value: value.write(b"x"),
    lambda value: value.write("x"),
    lambda value: value.clear(),
    lambda value: value.close(),
    lambda value: value.release(),
    lambda value: value.__dict__.update(read=None),
)


def taken_from(value: Any) -> object:
    """Return all that can be had of a value; of what gives nothing, its class."""
    try:
        return list(value.items()) if hasattr(value, "items") else use(value)
    except TypeError:
        return type(value)


def harm(value: Any) -> None:
    """Do to a value, and to what it gives, everything that a client should not."""
    had = taken_from(value)
    pieces = had if isinstance(had, list) else []
    inner = [each[-1] for each in pieces if isinstance(each, tuple)]
    for each in (*pieces, *inner, value):
        for act in _HARM:
            with suppress(Exception):
                act(each)


@pytest.mark.parametrize(
    "recipe", [*CONSTANTS, *CHANGEABLE], ids=[f"{each.kind}-{i}" for i, each in enumerate([*CONSTANTS, *CHANGEABLE])]
)
def test_what_is_done_to_an_object_is_not_seen_in_the_next(recipe: Recipe) -> None:
    """One is used up, changed and closed: another, made before or afterwards, is as new, and so are its effects."""

    def all_of(built: Built) -> list[object]:
        seen = [type(built.value), built.effects(), taken_from(built.value), built.effects()]
        built.close()
        return seen

    make = prepare(recipe, Site())
    wanted = all_of(build(recipe, Site()))
    harmed, before = make(), make()
    harm(harmed.value)
    harmed.close()
    assert (all_of(before), all_of(make())) == (wanted, wanted)


def test_the_objects_of_every_kind_are_told_apart() -> None:
    """The lists above leave no kind out, and only what nobody can change is the same object each time."""
    assert {each.kind for each in (*CONSTANTS, *CHANGEABLE)} == set(KINDS) - {"raise"}
    for recipe in (*CONSTANTS, *CHANGEABLE):
        make = prepare(recipe, Site())
        first, second = make(), make()
        assert (first is second, first.value is second.value) == (recipe in CONSTANTS, recipe in CONSTANTS), recipe
        first.close()
        second.close()


def test_elements_that_equal_only_themselves_are_no_change() -> None:
    """A list is compared with what it was made of, not with another's elements."""
    item = Recipe("ctypes", {"data": b"ab"})
    make = prepare(Recipe("list", {"items": (item, item)}), Site())
    first, second = make(), make()
    second.value.reverse()
    assert (first.effects(), second.effects()) == (UNCHANGED, {"content": "changed"})


@pytest.mark.parametrize("kind", ON_DISK)
def test_the_file_on_disk_is_written_once(kind: str, folder: Path) -> None:
    """All objects of a content read the same file, each at a place of its own."""
    make = prepare(Recipe(kind, {"data": b"abc"}), Site())
    (path,) = folder.iterdir()
    written = path.stat()
    first, second = make(), make()
    assert [first.value.read(1), second.value.read(), first.value.read()] == (
        ["a", "abc", "bc"] if kind == "text-file" else [b"a", b"abc", b"bc"]
    )
    for built in (first, second, build(Recipe(kind, {"data": b"abc"}), Site())):
        built.close()
    assert [(each, each.stat().st_mtime_ns) for each in folder.iterdir()] == [(path, written.st_mtime_ns)]


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe("mmap", {"data": b""}),
        Recipe("array", {"data": b"x", "typecode": "H"}),
        Recipe("memoryview", {"data": b"abc", "format": "Y", "writable": True}),
        Recipe("generator", {"items": (Recipe("array", {"data": b"x", "typecode": "H"}),)}),
    ],
)
def test_what_cannot_be_made_is_said_before_the_first_call(recipe: Recipe) -> None:
    """Preparing finds out what would fail each time."""
    with pytest.raises(CannotBuild):
        prepare(recipe, Site())


def test_another_may_watch_each_object() -> None:
    """Who is told of the pieces is settled when an object is made."""
    site = Site()
    make = prepare(Recipe("generator", {"items": AB}), site)
    list(make().value)
    told: list[int] = []
    site.on_piece = told.append
    watched = make()
    site.on_piece = None
    assert (list(watched.value), told) == ([b"ab", b"c"], [0, 1])


# where files lie ---------------------------------------------------------------------------------------------------


def test_real_files_lie_in_one_folder_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder for files is made once, below TMPDIR, and kept."""
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(_objects, "_KEPT", [])
    _objects._folder.cache_clear()
    first, second = _objects._folder(), _objects._folder()
    assert (first == second, Path(first).parent, len(_objects._KEPT)) == (True, tmp_path, 1)
    kept: Any = _objects._KEPT[0]
    kept.cleanup()
    _objects._folder.cache_clear()


def test_building_everything_leaves_no_descriptor(folder: Path) -> None:
    """What is opened for a body is closed with it; of files that are only read one stays for each content."""
    before = len(os.listdir("/proc/self/fd"))
    contents = {fields["data"] for kind, fields, *_rest in BODIES if kind in ON_DISK}
    for _ in range(20):
        for kind, fields, *_rest in BODIES:
            built: Built = build(Recipe(kind, fields), Site())
            built.close()
    assert (len(os.listdir("/proc/self/fd")), len(list(folder.iterdir()))) == (before, len(contents))


def test_the_classes_are_those_of_the_standard_library() -> None:
    """What looks like a class of the standard library is one: duck typing would hide mistakes."""
    site = Site()
    for kind, fields, class_ in (
        ("pickle-buffer", {"data": b""}, pickle.PickleBuffer),
        ("deque", {"items": ()}, collections.deque),
        ("chain", {"items": ()}, itertools.chain),
        ("buffer", {"data": b"a"}, ctypes.Structure),
        ("stringio", {"text": ""}, io.StringIO),
        ("text-reader", {"reads": ()}, io.TextIOBase),
        ("raw-reader", {"reads": ()}, io.RawIOBase),
    ):
        assert isinstance(build(Recipe(kind, fields), site).value, class_)


@pytest.mark.parametrize(
    "host", ["[::1]:8080", "example.test:80", b"example.test:80", "example .test", "http://a.test"]
)
def test_what_is_no_name_leads_nowhere(host: object) -> None:
    """A client that asks for a name with a port in it would find nobody, and finds nobody here."""
    with redirected(lambda port: ("127.0.0.1", 80)) as asked, pytest.raises(socket.gaierror):
        socket.getaddrinfo(host, 80)  # type: ignore[arg-type]
    assert asked == [str(host)]


@pytest.mark.parametrize("host", ["example.test", "::1", "[::1]", "::1%lo", b"xn--bcher-kva.test"])
def test_every_name_leads_to_the_server(host: object) -> None:
    """In whatever form it is asked for."""
    with redirected(lambda port: ("127.0.0.1", 81)):
        assert socket.getaddrinfo(host, 80)[0][4] == ("127.0.0.1", 81)  # type: ignore[arg-type]
