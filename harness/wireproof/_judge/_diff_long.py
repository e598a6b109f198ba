"""Differences behind the head where the body is too long to be held: what a ``Reading`` of it says.

The codes are those of bodies that are held (``_diff_body``, ``_diff_content``); what one cannot tell of a body without
holding it, such as an encoding that was applied to all of it, is reported as changed bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from wireproof._judge._diff_body import boundary_cause, boundary_clause, clause_chunked, no_chunks, spelling
from wireproof._judge._diff_framing import is_changed
from wireproof._judge._diff_view import CODING, Told, View, count, hexed
from wireproof._model import Blocks, Difference, Reading, Sent
from wireproof._wire import Body


def body(view: View) -> Iterator[Difference]:
    """Yield what is wrong behind the head."""
    reading = view.sight.reading
    if reading is None or _is_whole(reading.framed, view.body_length):
        return
    rule = _reframed if is_changed(view) else _raw if view.body_length == view.meaning.length else _chunked
    yield from (view.told(each, view.body_at) for each in rule(view, reading, view.sight.chunks))


def _is_whole(sent: Sent, length: int) -> bool:
    return sent.same == sent.length == length


def _reframed(view: View, reading: Reading, chunks: Body) -> Iterator[Told]:
    """Another framing than expected: only the content counts."""
    yield from _content(view, reading.decoded if chunks.complete else reading.raw)


def _raw(view: View, reading: Reading, chunks: Body) -> Iterator[Told]:
    """The body is to be sent as it is."""
    if chunks.complete and _is_whole(reading.decoded, view.meaning.length):
        clause, why, cause = no_chunks(view)
        text = f"The body is chunk-encoded although {why}: {view.show(view.tail)}"
        yield Told("body.chunked", text, clause, cause)
        return
    yield from _content(view, reading.raw)


def _chunked(view: View, reading: Reading, chunks: Body) -> Iterator[Told]:
    """The body is to be chunk-encoded."""
    if _is_whole(reading.raw, view.meaning.length):
        why = "encode_chunked is true" if view.gives(CODING) else "Transfer-Encoding: chunked is sent"
        text = f"The body is sent as it is, without chunks, although {why}: {view.show(view.tail)}"
        yield Told("body.not-chunked", text, clause_chunked(view))
        return
    at = reading.framed.same
    problem = next((each for each in chunks.problems if each.code.startswith("chunk.")), None)
    if problem is not None and problem.code != "chunk.no-last":
        text = f"The body is no valid sequence of chunks: {problem.text[:-1]}, after {count(reading.chunks, 'chunk')}."
        yield Told("chunk.invalid", text, "chunked.body", "", problem.start)
        return
    found = [told._replace(offset=at) for told in spelling(view, chunks)]
    found += _ending(view, reading, chunks)
    found += _content(view, reading.decoded)
    if not found or (_is_whole(reading.decoded, view.meaning.length) and reading.chunks != _blocks(view).count):
        found.append(_boundaries(view, reading, chunks))
    yield from found


def _ending(view: View, reading: Reading, chunks: Body) -> Iterator[Told]:
    """Clauses chunked.body, rfc.content-long: what stands at the end of the chunks, or is missing there."""
    length = view.sight.tail_length
    if chunks.last is None and reading.decoded.same >= view.meaning.length:
        yield Told(
            "chunk.last-missing", "The last chunk is missing: the server waits for more.", "chunked.body", "", length
        )
    elif chunks.trailers:
        text = f"A trailer follows the last chunk: {view.show(chunks.trailers[0].raw)}"
        yield Told("chunk.trailers", text, "chunked.body", "", chunks.trailers[0].start)
    elif chunks.last is not None and not chunks.complete:
        yield Told("chunk.last-cut", "The empty line behind the last chunk is missing.", "chunked.body", "", length)
    if chunks.complete and chunks.end < length:
        stray = view.show(reading.rest[chunks.end - reading.at :])
        text = f"{count(length - chunks.end)} stray behind the end of the body, which begin with {stray}"
        yield Told("body.stray", text, "rfc.content-long", "", chunks.end)


def _boundaries(view: View, reading: Reading, chunks: Body) -> Told:
    """Clause chunked.per-piece: the same content, cut otherwise."""
    blocks, size = _blocks(view), chunks.chunks[0].size or 0
    text = (
        f"The body is sent in {count(reading.chunks, 'chunk')}, the first one of {count(size)}, expected "
        f"{count(blocks.count, 'chunk')} of {count(len(blocks.data))}."
    )
    sizes = [len(blocks.data)], [size] * min(reading.chunks, 2)
    return Told("chunk.boundaries", text, boundary_clause(view), boundary_cause(*sizes), reading.framed.same)


# the content --------------------------------------------------------------------------------------------------------


def _blocks(view: View) -> Blocks:
    return view.meaning.pattern


def _content(view: View, sent: Sent) -> Iterator[Told]:
    """Clauses body.iterable.exhausted, body.iterable.as-is: what was sent is not what the blocks are in a row."""
    blocks = _blocks(view)
    if sent.same == sent.length < blocks.length:
        yield _short(view, blocks, sent)
    elif sent.same == blocks.length < sent.length:
        yield _long(view, blocks, sent)
    elif sent.same < sent.length:
        yield _changed(view, blocks, sent)


def _short(view: View, blocks: Blocks, sent: Sent) -> Told:
    missing, at = blocks.length - sent.length, _at(view, sent)
    if not sent.length:
        text = f"The body is missing altogether: no byte of {count(blocks.length)} follows the head."
        return Told("body.missing", text, "body.iterable.exhausted", "", at)
    if missing % len(blocks.data) == 0:
        number, are = missing // len(blocks.data), "is" if missing == len(blocks.data) else "are"
        text = f"{count(number, 'block')} of {blocks.count} {are} missing: the body has {_bytes(view, sent)}."
        cause = "next() takes the first element for a look at its type" if missing == len(blocks.data) else ""
        return Told("body.element-missing", text, "body.iterable.exhausted", cause, at)
    text = f"The body stops after {_bytes(view, sent)}: {count(missing)} missing."
    return Told("body.truncated", text, "send.complete", "send() where sendall() is meant", at)


def _long(view: View, blocks: Blocks, sent: Sent) -> Told:
    more, at = sent.length - blocks.length, _at(view, sent)
    if more % len(blocks.data) == 0 and blocks.data.startswith(sent.sample[: len(blocks.data)]):
        text = f"{count(more // len(blocks.data), 'block')} too many: the body has {_bytes(view, sent)}."
        return Told("body.element-repeated", text, "body.iterable.exhausted", "", at)
    text = f"{count(more)} too many at the end of the body: {view.show(sent.sample)}"
    return Told("body.extended", text, "body.iterable.as-is", "", at)


def _changed(view: View, blocks: Blocks, sent: Sent) -> Told:
    number, offset = divmod(sent.same, len(blocks.data))
    wanted = blocks.data[offset:]
    text = (
        f"The content of the body was changed: byte {sent.same}, which is byte {offset} of block {number + 1} of "
        f"{blocks.count}, is {hexed(sent.sample[:1])} instead of {hexed(wanted[:1])}; {view.show(sent.sample)} instead "
        f"of {view.show(wanted)}."
    )
    if sent.length != blocks.length:
        text += f" The body has {_bytes(view, sent)}."
    return Told("body.changed", text, "body.iterable.as-is", "", _at(view, sent))


def _bytes(view: View, sent: Sent) -> str:
    return f"{sent.length} of {count(view.meaning.length)}"


def _at(view: View, sent: Sent) -> int:
    """Return where on the wire the content first differs, as far as that can be told."""
    reading = view.sight.reading
    return sent.same if reading is None or sent is reading.raw else reading.framed.same
