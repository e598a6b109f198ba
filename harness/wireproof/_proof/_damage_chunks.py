"""What can be wrong with chunks: sizes, data, line ends, boundaries, the last chunk, and whether there are any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wireproof._proof._scene import CODING, LENGTH, Damage, Hurt, Scene, chunked
from wireproof._wire import Chunk

_LAST = b"0\r\n\r\n"


def _chunks(scene: Scene) -> tuple[Chunk, ...]:
    return scene.chunks.chunks if scene.chunks is not None else ()


def _contract(scene: Scene) -> bool | None:
    """Return what is said of the layer contract where the chunks are no valid ones."""
    is_said = scene.is_spoken_of and LENGTH not in scene.names and scene.meaning.role != "none"
    return scene.breaks() if is_said else None


def _replaced(scene: Scene, chunk: Chunk, data: bytes) -> tuple[bytes, ...]:
    """Return the bytes with others in the place of a chunk."""
    return (scene.head + scene.body[: chunk.start] + data + scene.body[chunk.end :],)


def _picked(scene: Scene) -> list[Chunk]:
    """Return the first and the last chunk."""
    return list(dict.fromkeys((*_chunks(scene)[:1], *_chunks(scene)[-1:])))


def size_wrong(scene: Scene) -> Iterator[Hurt]:
    """The size of a chunk is another number than that of its bytes."""
    for chunk in _picked(scene):
        size = len(chunk.data)
        numbers = {"off-by-one": (size + 1, size - 1), "with-crlf": (size + 2,), "wrong": (size + 3,)}
        items = scene.meaning.items
        for number in dict.fromkeys(number for each in numbers.values() for number in each):
            codes: tuple[str, ...] = tuple(f"chunk.size-{code}" for code, each in numbers.items() if number in each)
            codes = (*codes, "chunk.size-items") if items and number and size % number == 0 else codes
            codes = (*codes, "chunk.empty", "chunk.last-twice", "chunk.trailers") if not number else codes
            codes = (*codes, "chunk.decimal") if b"%X" % number == b"%d" % size else codes
            sent = _replaced(scene, chunk, b"%X\r\n%b\r\n" % (number, chunk.data))
            yield Hurt(f"{number} for {size}", codes, sent, contract=_contract(scene), rfc=scene.invalid())


def size_decimal(scene: Scene) -> Iterator[Hurt]:
    """Chunk sizes are written in decimal, or with 0x."""
    for what, written in (("decimal", b"%d"), ("prefix", b"0x%X")):
        body = b"".join(written % len(chunk.data) + b"\r\n" + chunk.data + b"\r\n" for chunk in _chunks(scene))
        if _chunks(scene):
            codes: tuple[str, ...] = (f"chunk.{what}", "chunk.size-items")
            yield Hurt(what, codes, (scene.head + body + _LAST,), contract=_contract(scene), rfc=scene.invalid())


def size_misspelt(scene: Scene) -> Iterator[Hurt]:
    """Chunk sizes are valid and written otherwise: in lower case, with leading zeros, with an extension."""
    for code, change in (
        ("chunk.lower-case", bytes.lower),
        ("chunk.leading-zeros", lambda size: b"0" + size),
        ("chunk.extension", lambda size: size + b";a=b"),
    ):
        body = b"".join(change(b"%X" % len(chunk.data)) + b"\r\n" + chunk.data + b"\r\n" for chunk in _chunks(scene))
        yield Hurt(code, (code,), (scene.head + body + _LAST,), contract=scene.holds(), rfc=False)
    if scene.body.endswith(_LAST):
        zeros = (scene.data[: -len(_LAST)] + b"00\r\n\r\n",)
        yield Hurt("the last chunk", ("chunk.leading-zeros",), zeros, contract=scene.holds(), rfc=False)


def split(scene: Scene) -> Iterator[Hurt]:
    """A chunk is split into two."""
    for chunk in _picked(scene):
        if len(chunk.data) > 1:
            middle = len(chunk.data) // 2
            halves = chunked([chunk.data[:middle], chunk.data[middle:]], last=False)
            yield Hurt("", ("chunk.boundaries",), _replaced(scene, chunk, halves), contract=scene.holds(), rfc=False)


def merged(scene: Scene) -> Iterator[Hurt]:
    """All chunks are merged into one."""
    if len(_chunks(scene)) > 1 and scene.chunks is not None:
        sent = (scene.head + chunked([scene.chunks.content]),)
        yield Hurt("", ("chunk.boundaries",), sent, contract=scene.holds(), rfc=False)


def empty_chunk(scene: Scene) -> Iterator[Hurt]:
    """An empty chunk stands before the others, or among them."""
    for what, chunk in zip(("first", "before the last"), _picked(scene), strict=False):
        sent = (scene.head + scene.body[: chunk.start] + _LAST + scene.body[chunk.start :],)
        yield Hurt(what, ("chunk.empty",), sent, contract=_contract(scene), rfc=scene.invalid())


def last_missing(scene: Scene) -> Iterator[Hurt]:
    """The last chunk is missing."""
    if scene.body.endswith(_LAST):
        sent = (scene.data[: -len(_LAST)],)
        yield Hurt("", ("chunk.last-missing",), sent, contract=_contract(scene), rfc=scene.invalid())


def last_cut(scene: Scene) -> Iterator[Hurt]:
    """The last chunk is cut off."""
    for cut in range(1, 5) if scene.body.endswith(_LAST) else ():
        contract, rfc = _contract(scene), scene.invalid()
        yield Hurt(f"{cut} bytes missing", ("chunk.last-cut",), (scene.data[:-cut],), contract=contract, rfc=rfc)


def last_twice(scene: Scene) -> Iterator[Hurt]:
    """The last chunk is sent twice."""
    if scene.body.endswith(_LAST):
        fits: tuple[str, ...] = ("chunk.last-twice", "chunk.empty", "body.stray")
        yield Hurt("", fits, (scene.data + _LAST,), contract=_contract(scene), rfc=scene.invalid())


def stray(scene: Scene) -> Iterator[Hurt]:
    """Bytes follow the last chunk."""
    for what, more in (("a line end", b"\r\n"), ("text", b"stray")) if scene.body.endswith(_LAST) else ():
        contract, rfc = _contract(scene), scene.invalid()
        yield Hurt(what, ("body.stray",), (scene.data + more,), contract=contract, rfc=rfc)


def line_ends(scene: Scene) -> Iterator[Hurt]:
    """Chunks are written with LF, or without a line end behind their data."""
    parts = [(b"%X" % len(chunk.data), chunk.data) for chunk in _chunks(scene)]
    for what, code, pattern in (
        ("LF everywhere", "chunk.line-ending", b"%b\n%b\n"),
        ("none behind the data", "chunk.no-crlf", b"%b\r\n%b"),
    ):
        body = b"".join(pattern % part for part in parts)
        if parts:
            sent = (scene.head + body + _LAST,)
            yield Hurt(what, (code,), sent, contract=_contract(scene), rfc=scene.invalid())


def one_line_end(scene: Scene) -> Iterator[Hurt]:
    """One line end of a chunk is damaged: LF alone, CR alone, or missing."""
    codes: tuple[str, ...] = ("chunk.invalid", "chunk.line-ending", "chunk.no-crlf", "chunk.data-lost")
    for chunk in _picked(scene):
        line, data = scene.body[chunk.start : chunk.data_start], chunk.data
        for what, other in (
            ("LF behind the size", line[:-2] + b"\n" + data + b"\r\n"),
            ("CR behind the size", line[:-1] + data + b"\r\n"),
            ("LF behind the data", line + data + b"\n"),
            ("nothing behind the data", line + data),
        ):
            sent = _replaced(scene, chunk, other)
            yield Hurt(what, codes, sent, contract=_contract(scene), rfc=scene.invalid())


def data_lost(scene: Scene) -> Iterator[Hurt]:
    """Bytes of a chunk are missing, and its size is as before."""
    for chunk in _picked(scene):
        if len(chunk.data) > 1:
            other = b"%X\r\n%b" % (len(chunk.data), chunk.data[: len(chunk.data) // 2])
            codes: tuple[str, ...] = ("chunk.data-lost", "chunk.invalid", "chunk.no-crlf")
            for what, end in (("and its line end", b""), ("not its line end", b"\r\n")):
                more = ("body.changed",) if end else ()  # so much may be missing that what follows fits in
                sent = _replaced(scene, chunk, other + end)
                yield Hurt(what, (*codes, *more), sent, contract=_contract(scene), rfc=scene.invalid())


def trailer(scene: Scene) -> Iterator[Hurt]:
    """A trailer follows the last chunk, one that may stand there, and one that must not."""
    for line, rfc in ((b"X-A: 1\r\n", False), (b"Content-Length: 1\r\n", True)) if scene.body.endswith(_LAST) else ():
        sent = (scene.data[:-2] + line + b"\r\n",)
        yield Hurt(line.decode().strip(), ("chunk.trailers",), sent, rfc=scene.invalid() if rfc else False)


def not_chunked(scene: Scene) -> Iterator[Hurt]:
    """The body is sent as it is although the head says chunked."""
    if scene.chunks is not None and scene.chunks.content:
        sent = (scene.head + scene.chunks.content,)
        yield Hurt("", ("body.not-chunked",), sent, contract=_contract(scene))


def twice_chunked(scene: Scene) -> Iterator[Hurt]:
    """The chunks are put into a chunk."""
    if scene.chunks is not None and scene.chunks.content:
        sent = (scene.head + chunked([scene.body]),)
        yield Hurt("", ("body.chunked-twice",), sent, contract=_contract(scene), rfc=False)


def _is_coded(damage: Damage) -> Damage:
    def checked(scene: Scene) -> Iterator[Hurt]:
        if scene.is_whole and scene.chunks is not None and not scene.is_large:
            yield from damage(scene)

    return checked


def chunked_for_raw(scene: Scene) -> Iterator[Hurt]:
    """A body that is to be sent as it is is chunk-encoded; the head is as before."""
    if scene.is_whole and scene.body and scene.chunks is None and not scene.is_large:
        sent = (scene.head + chunked([scene.body]),)
        contract = scene.breaks() if scene.is_spoken_of and scene.meaning.role != "none" else None
        rfc = scene.invalid() if CODING not in scene.names and LENGTH not in scene.given else None
        yield Hurt("", ("body.chunked",), sent, contract=contract, rfc=rfc)


KINDS: Mapping[str, Damage] = {
    **{
        name: _is_coded(damage)
        for name, damage in {
            "chunk-size-wrong": size_wrong,
            "chunk-size-decimal": size_decimal,
            "chunk-size-misspelt": size_misspelt,
            "chunk-split": split,
            "chunks-merged": merged,
            "chunk-empty": empty_chunk,
            "last-chunk-missing": last_missing,
            "last-chunk-cut": last_cut,
            "last-chunk-twice": last_twice,
            "stray-bytes": stray,
            "chunk-line-ends": line_ends,
            "chunk-line-end": one_line_end,
            "chunk-data-lost": data_lost,
            "trailer-added": trailer,
            "chunks-missing": not_chunked,
            "chunked-twice": twice_chunked,
        }.items()
    },
    "chunked-for-raw": chunked_for_raw,
}
"""The damages to chunks."""
