"""A body → its kind, and the byte strings that it becomes on the wire.

A body is opened into *elements* according to its kind. Falsy elements are dropped; each of the others is
coded: into one chunk, or raw, as what it stands for. Everything is a generator, so nothing is
pulled from the body before what came earlier was handed out, and an exception of the body's own
passes through with that much sent, and no more.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from wireproof_reference._types import Readable

if TYPE_CHECKING:
    from typing_extensions import Buffer

_CRLF = b"\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


class Kind(Enum):
    """What a body is taken for; the first of these that fits."""

    FILE = auto()
    BUFFER = auto()
    TEXT = auto()
    OTHER = auto()


def kind_of(body: object) -> Kind:
    """Return the kind of a body, or of an element of one.

    Raises:
        ValueError: It is a memoryview that was released.
    """
    if hasattr(body, "read"):  # length.file-wins: even if it is a buffer, a str or iterable as well
        return Kind.FILE
    try:
        memoryview(body).release()  # type: ignore[arg-type]  # asking is the only way to know
    except TypeError:
        return Kind.TEXT if isinstance(body, str) else Kind.OTHER
    return Kind.BUFFER


def body_pieces(body: object, *, chunked: bool, blocksize: int) -> Iterator[Buffer]:
    """Yield what follows the head, piece by piece.

    Args:
        body: None, a file, a buffer or an iterable; text was encoded before.
        chunked: Whether each element becomes a chunk (RFC 9112 section 7.1), or goes as it is.
        blocksize: How much to ask of a file at a time.

    Yields:
        Contiguous buffers, to be sent as they are.

    Raises:
        TypeError: The body, or an element, is of no kind that can be sent (body.other-type,
            iterable.wrong-items, file.text-not-textio), or a 0-dimensional memoryview.
        BufferError: A buffer is not contiguous and goes raw (body.non-contiguous).
        UnicodeEncodeError: A text file holds what Latin-1 does not (body.late-encoding).
    """
    if body is None:  # body.none, coding.no-body: not even a last chunk
        return
    # iterable.lazy, iterable.once, body.iterable.exhausted; chunked.whole: a buffer is its own only element
    for element in _open(body, blocksize):
        if _is_empty(element):  # chunked.empty-skipped: a chunk of size 0 would end the body
            continue
        if chunked:
            yield _chunk(element)
        else:
            yield from _raw(element, blocksize)
    if chunked:  # chunked.body, chunked.empty; body.propagates: not after an exception
        yield _LAST_CHUNK


def _read_blocks(file: Readable, blocksize: int) -> Iterator[Any]:
    """Yield what ``file.read`` returns until it is falsy; the file stays open (file.left-open)."""
    is_text = isinstance(file, io.TextIOBase)  # file.text-not-textio: other readers of text fail later
    while block := file.read(blocksize):  # file.position, file.read-to-end, file.block-size, file.short-reads
        yield block.encode("iso-8859-1") if is_text else block  # body.file.text-latin-1, body.file.binary-as-is


def _alone(buffer: Buffer, blocksize: int) -> Iterator[Buffer]:
    """Yield a buffer as the only element of itself (body.buffer.as-is)."""
    yield buffer


def _elements(iterable: Iterable[Any], blocksize: int) -> Iterator[Any]:
    """Iterate over anything that ``iter`` takes."""
    return iter(iterable)


_OPENERS: dict[Kind, Callable[[Any, int], Iterator[Any]]] = {
    Kind.FILE: _read_blocks,  # body.file.accepted, body.file.read-only, body.file.contents
    Kind.BUFFER: _alone,  # body.buffer.accepted
    Kind.TEXT: _elements,  # met only as an element; its characters are refused as no bytes
    Kind.OTHER: _elements,  # body.iterable.accepted; body.other-type: TypeError
}


def _open(body: object, blocksize: int) -> Iterator[Any]:
    """Open a body, or an element, according to its kind."""
    return _OPENERS[kind_of(body)](body, blocksize)


def _is_empty(element: object) -> bool:
    """Tell whether an element counts as empty; a 0-dimensional memoryview has no truth, hence TypeError."""
    if isinstance(element, memoryview) and element.ndim == 0:
        raise TypeError("a 0-dimensional memoryview has no length, so it can't be a body or part of one")
    return not element


def _chunk(element: Any) -> bytes:
    """Return an element as one chunk (chunked.per-piece); TypeError unless it is a contiguous buffer."""
    with memoryview(element) as view:
        size = b"%X" % view.nbytes  # chunked.hex-upper; in bytes, not items
    return b"".join((size, _CRLF, element, _CRLF))


def _raw(element: object, blocksize: int) -> Iterator[Buffer]:
    """Yield an element as is (body.iterable.as-is): a buffer, or the contents of a file or iterable.

    A memoryview is held no longer than it takes to look, for the caller may resize the buffer meanwhile.
    """
    if kind_of(element) is Kind.OTHER and not isinstance(element, Iterable):
        raise TypeError(f"a body may hold bytes-like objects, not {type(element).__name__}")
    for part in _open(element, blocksize):
        with memoryview(part) as view:  # iterable.wrong-items: TypeError
            if not view.c_contiguous:  # body.non-contiguous
                raise BufferError("a body must be contiguous; pass bytes(view) to send a copy")
        yield part
