"""Bytes to an annotated request, for judging and for showing.

Rules of this file:

1. Total: `parse` never raises, whatever the bytes; what is wrong becomes a `Problem`.
2. Linear: the rest of the data is never sliced or searched twice, so many chunks cost what many bytes cost.
3. Pure: no I/O, no state, and nothing of ours is imported.
4. Every offset is absolute in the data that was given, and nothing is normalised away: the bytes of a part
   are `data[start:end]`.

Theory of operation: a head is a run of lines. Lines are grouped into fields (a line that starts with white
space belongs to the one before it), fields decide the framing as a server decides it (RFC 9112 section 6.3),
and the framing selects the function that reads the body. The parser is lenient where a server may be (a lone
LF ends a line of the head) and stops at the first thing after which nobody could tell where the message goes
on; there, `end` is the end of the data. Whether a message is *valid* is another question, and `_judge._rfc`
asks it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Body",
    "Chunk",
    "FieldLine",
    "Framing",
    "Line",
    "Message",
    "Part",
    "Problem",
    "annotate",
    "chunk_line",
    "data_problem",
    "head_end",
    "length_problem",
    "parse",
    "parse_all",
    "parse_chunked",
    "split_list",
    "visible",
]

Framing = Literal["none", "length", "chunked", "invalid"]

_OWS = b" \t"
_CRLF = b"\r\n"
# Digits of a length or size that are still read as a number. No server holds more, and Python shows a number
# of so many hexadecimal digits in decimal under its strictest limit (640 digits).
_DIGITS = 500
_SHORT = 40  # bytes of the message that are repeated in a sentence about it
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]+)([ \t]*+;.*)?", re.DOTALL)
_QUOTED_OR_COMMA = re.compile(rb'"(?:[^"\\]|\\.)*+"?|,', re.DOTALL)
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")


# The parsed request


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a head: `text` without its ending, which is empty if it was cut off; `end` is behind it."""

    text: bytes
    start: int
    end: int
    ending: bytes


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field of the head or of the trailers, with the lines that continue it.

    Attributes:
        name: What stands before the first colon; the whole text when there is no colon.
        value: The value without surrounding white space; folded lines are joined by one space.
        raw: All its lines as they came, without the last line ending.
        start: Where its first line begins.
        end: Behind the ending of its last line.
        folded: Whether it goes on over further lines (obs-fold, RFC 9112 section 5.2).
        colon: Whether the first line has a colon.
    """

    name: bytes
    value: bytes
    raw: bytes
    start: int
    end: int
    folded: bool
    colon: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of a chunked body (RFC 9112 section 7.1), as far as it came.

    `size` is None where the size line is cut off or no size; `complete` says that size line, data and the
    CRLF behind them are all there and right.
    """

    size_text: bytes
    extension: bytes
    size: int | None
    data: bytes
    start: int
    data_start: int
    data_end: int
    end: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the parser stumbled over: a code for programs, a sentence for people."""

    code: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Body:
    """What stands behind a head, read by one framing; the last chunk is `last` and not among `chunks`."""

    content: bytes
    end: int
    complete: bool
    chunks: tuple[Chunk, ...] = ()
    last: Chunk | None = None
    trailers: tuple[FieldLine, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One request, as a server reads it.

    Attributes:
        data: All the data that was given, also what stands before and behind this message.
        start: Where this message starts in `data`.
        request_line: The first line that is not empty, if there is one.
        method: What stands before the first space of the request line.
        target: What stands between its first and its last space; it may hold spaces.
        version: What stands behind its last space; empty if there are less than two spaces.
        fields: The fields of the head, in order, repeats included.
        head_end: Behind the empty line that ends the head; None if that line never came.
        framing: How a server finds the end of the body (RFC 9112 section 6.3); "none" in a cut head.
        declared: The Content-Length, if it is valid; also when Transfer-Encoding wins over it.
        chunks: The chunks with data, without the last chunk; the last of them may be incomplete.
        last: The last chunk (size 0), if its line came.
        trailers: The fields behind the last chunk.
        body_start: Where the body starts.
        body_end: Where it ends as framed, or as far as it came; the end of the data if its framing is broken.
        content: The decoded content, up to the first syntax error.
        complete: Whether head and body are all there, and the body's framing is right.
        end: Where this message stops; `data[end:]` is what follows.
        problems: What the parser stumbled over, by offset.
        unseen: How many bytes came that are not in `data`, because they were too many to hold.
    """

    data: bytes
    start: int
    request_line: Line | None
    method: bytes
    target: bytes
    version: bytes
    fields: tuple[FieldLine, ...]
    head_end: int | None
    framing: Framing
    declared: int | None
    chunks: tuple[Chunk, ...]
    last: Chunk | None
    trailers: tuple[FieldLine, ...]
    body_start: int
    body_end: int
    content: bytes
    complete: bool
    end: int
    problems: tuple[Problem, ...]
    unseen: int = 0

    @property
    def last_chunk(self) -> bool:
        """Whether the line of the last chunk came."""
        return self.last is not None

    @property
    def raw_body(self) -> bytes:
        """The body as it is on the wire, chunk sizes and trailers included."""
        return self.data[self.body_start : self.body_end]

    def values(self, name: bytes) -> tuple[bytes, ...]:
        """Return the values of the head's fields of that name, in any case, in order."""
        return tuple(field.value for field in _named(self.fields, name))


# Lines and fields


def _line(data: bytes, start: int) -> Line:
    """Read one line; LF alone ends a line too (RFC 9112 section 2.2), CR alone does not."""
    lf = data.find(b"\n", start)
    if lf < 0:
        return Line(data[start:], start, len(data), b"")
    if lf > start and data[lf - 1] == 0x0D:
        return Line(data[start : lf - 1], start, lf + 1, _CRLF)
    return Line(data[start:lf], start, lf + 1, b"\n")


def _line_problems(line: Line) -> Iterator[Problem]:
    if line.ending == b"\n":
        yield Problem("line.bare-lf", line.end - 1, line.end, "A line ends in LF alone.")
    cr = line.text.find(b"\r")
    if 0 <= cr < len(line.text) - (not line.ending):  # behind a line that is cut off, CR is half an ending
        yield Problem("line.bare-cr", line.start + cr, line.start + cr + 1, "A line holds a CR without LF.")


def _is_end(line: Line) -> bool:
    return not line.text and bool(line.ending)


def _block(data: bytes, start: int) -> tuple[list[Line], bool]:
    """Read the lines up to the empty one, which is included; False: the data ends before it."""
    lines: list[Line] = []
    while True:
        line = _line(data, start)
        lines.append(line)
        if not line.ending or not line.text:
            return lines, bool(line.ending)
        start = line.end


def _fields(lines: list[Line]) -> tuple[FieldLine, ...]:
    groups: list[list[Line]] = []
    for line in lines:
        if _is_end(line) or (not line.ending and line.text in (b"", b"\r")):
            continue
        if groups and line.text.startswith((b" ", b"\t")):
            groups[-1].append(line)
        else:
            groups.append([line])
    return tuple(map(_field, groups))


def _field(lines: list[Line]) -> FieldLine:
    """Make a field of its first line and the lines that continue it (RFC 9112 section 5)."""
    first, last, folded = lines[0], lines[-1], len(lines) > 1
    raw = b"".join([line.text + line.ending for line in lines[:-1]] + [last.text]) if folded else first.text
    name, colon, value = first.text.partition(b":")
    if not colon:
        return FieldLine(raw, b"", raw, first.start, last.end, folded, False)
    value = b" ".join([value.strip(_OWS), *(line.text.strip(_OWS) for line in lines[1:])]).strip(_OWS)
    return FieldLine(name, value, raw, first.start, last.end, folded, True)


def _field_problems(fields: tuple[FieldLine, ...]) -> Iterator[Problem]:
    for field in fields:
        text_end = field.start + len(field.raw)
        if field.name.startswith((b" ", b"\t")):
            yield Problem("field.leading-space", field.start, text_end, "The first field starts with white space.")
        if not field.colon and text_end < field.end:
            yield Problem("field.no-colon", field.start, text_end, "A field line has no colon.")


def _named(fields: tuple[FieldLine, ...], name: bytes) -> list[FieldLine]:
    wanted = name.lower()
    return [field for field in fields if field.name.lower() == wanted]


# Framing, RFC 9112 section 6.3


def _number(digits: bytes, base: int) -> int | None:
    """Return the number, or None if it has more digits than anybody could hold."""
    significant = digits.lstrip(b"0") or b"0"
    return int(significant, base) if len(significant) <= _DIGITS else None


def split_list(value: bytes) -> list[bytes]:
    """Split at commas outside quoted strings, leaving out empty elements (RFC 9110 section 5.6.1)."""
    cuts = [match.start() for match in _QUOTED_OR_COMMA.finditer(value) if match[0] == b","]
    starts, ends = [0, *(cut + 1 for cut in cuts)], [*cuts, len(value)]
    elements = (value[start:end].strip(_OWS) for start, end in zip(starts, ends, strict=True))
    return [element for element in elements if element]


def _declared(fields: list[FieldLine]) -> tuple[int | None, tuple[Problem, ...]]:
    """Read the Content-Length; a list of the same number repeated counts as that number."""
    if not fields:
        return None, ()
    start, end = fields[0].start, fields[-1].end
    members = [member.strip(_OWS) for field in fields for member in field.value.split(b",")]
    if not all(member.isdigit() for member in members):
        return None, (Problem("length.invalid", start, end, "The Content-Length is no number."),)
    numbers = {_number(member, 10) for member in members}
    if len(numbers) > 1:
        return None, (Problem("length.conflict", start, end, "The Content-Lengths contradict each other."),)
    declared = numbers.pop()
    if declared is None:
        return None, (Problem("length.too-large", start, end, "The Content-Length is larger than can be."),)
    return declared, ()


def _frame(fields: tuple[FieldLine, ...]) -> tuple[Framing, int | None, tuple[Problem, ...]]:
    """Decide how the body ends: a final chunked wins over a length, any other final coding is an error."""
    lengths, codings = _named(fields, b"Content-Length"), _named(fields, b"Transfer-Encoding")
    declared, problems = _declared(lengths)
    if codings:
        names = [coding.lower() for field in codings for coding in split_list(field.value)]
        if names[-1:] == [b"chunked"]:
            return "chunked", declared, problems
        problem = Problem(
            "coding.not-chunked",
            codings[0].start,
            codings[-1].end,
            "Transfer-Encoding does not end in chunked, so that nobody knows where the body ends.",
        )
        return "invalid", declared, (*problems, problem)
    if problems:
        return "invalid", None, problems
    return ("length" if lengths else "none"), declared, ()


# Bodies


def _no_body(data: bytes, start: int, declared: int | None) -> Body:
    return Body(b"", start, True)


def _unframed(data: bytes, start: int, declared: int | None) -> Body:
    return Body(data[start:], len(data), False)


def _length_body(data: bytes, start: int, declared: int | None) -> Body:
    wanted = declared or 0
    end = min(start + wanted, len(data))
    if end == start + wanted:
        return Body(data[start:end], end, True)
    return Body(data[start:end], end, False, problems=(length_problem(start, end, wanted),))


def length_problem(start: int, end: int, wanted: int) -> Problem:
    """Return what is wrong with a body from ``start`` to ``end`` that is shorter than its Content-Length."""
    text = f"The body has {_bytes(end - start)}, the Content-Length says {wanted}."
    return Problem("length.short", start, end, text)


def _chunked_body(data: bytes, start: int, declared: int | None) -> Body:
    return parse_chunked(data, start)


_BODIES: Mapping[Framing, Callable[[bytes, int, int | None], Body]] = {
    "none": _no_body,
    "length": _length_body,
    "chunked": _chunked_body,
    "invalid": _unframed,
}


def parse_chunked(data: bytes, start: int = 0) -> Body:
    """Read a chunked body (RFC 9112 section 7.1), whatever a head says about it.

    Args:
        data: Any bytes.
        start: Where the first chunk starts.

    Returns:
        The body. Behind a syntax error its `end` is the end of the data: nobody can tell what stands there.
    """
    chunks: list[Chunk] = []
    while start < len(data):
        chunk, problem = _chunk(data, start)
        if chunk.size == 0:
            return _with_trailers(data, chunks, chunk)
        chunks.append(chunk)
        if problem:
            return _broken(data, chunks, problem)
        start = chunk.end
    return _broken(data, chunks, Problem("chunk.no-last", start, start, "The body stops before its last chunk."))


def _content(chunks: list[Chunk]) -> bytes:
    return b"".join([chunk.data for chunk in chunks])


def _broken(data: bytes, chunks: list[Chunk], problem: Problem) -> Body:
    return Body(_content(chunks), len(data), False, tuple(chunks), problems=(problem,))


def _with_trailers(data: bytes, chunks: list[Chunk], last: Chunk) -> Body:
    lines, ended = _block(data, last.end)
    trailers = _fields(lines)
    problems = [problem for line in lines for problem in _line_problems(line)]
    problems += _field_problems(trailers)
    end = lines[-1].end
    if not ended:
        problems.append(Problem("trailer.cut", end, end, "The empty line behind the last chunk never came."))
    return Body(_content(chunks), end, ended, tuple(chunks), last, trailers, tuple(problems))


def _chunk(data: bytes, start: int) -> tuple[Chunk, Problem | None]:
    """Read one chunk, or the line of the last chunk; with a problem, nothing behind it can be read."""
    line = _line(data, start)
    text = line.text if line.ending else line.text.removesuffix(b"\r")
    match = _SIZE_LINE.fullmatch(text)
    size_text, extension = (match[1], match[2] or b"") if match else _halves(text)
    size = _number(size_text, 16) if match else None
    code, sentence = _size_problem(match is not None, line.ending, size)
    if size is None or code:
        chunk = Chunk(size_text, extension, None, b"", start, line.end, line.end, line.end, False)
        return chunk, Problem(code, line.start, line.end, sentence)
    if size == 0:
        return Chunk(size_text, extension, 0, b"", start, line.end, line.end, line.end, True), None
    data_end = min(line.end + size, len(data))
    code, sentence = data_problem(data_end - line.end, size, data[data_end : data_end + 2])
    end = data_end if code else data_end + 2
    chunk = Chunk(size_text, extension, size, data[line.end : data_end], start, line.end, data_end, end, not code)
    return chunk, Problem(code, start, data_end, sentence) if code else None


def chunk_line(line: bytes) -> Chunk:
    """Read a size line alone; its size is None where nothing behind it can be read."""
    return _chunk(line, 0)[0]


def _halves(text: bytes) -> tuple[bytes, bytes]:
    size_text = text.partition(b";")[0]
    return size_text, text[len(size_text) :]


def _size_problem(is_size: bool, ending: bytes, size: int | None) -> tuple[str, str]:
    if not is_size:
        return "chunk.size-not-hex", "A chunk does not start with a hexadecimal size."
    if not ending:
        return "chunk.size-cut", "The body stops within the size line of a chunk."
    if ending != _CRLF:
        return "chunk.line-ending", "The size line of a chunk ends in LF alone."
    if size is None:
        return "chunk.size-too-large", "A chunk-size is larger than can be."
    return "", ""


def data_problem(came: int, size: int, ending: bytes) -> tuple[str, str]:
    """Return code and sentence of what is wrong with the data of a chunk, and with the ``ending`` behind it; or ""."""
    if came < size:
        return "chunk.data-short", f"A chunk has {_bytes(came)}, its size line says {size}."
    if ending == _CRLF:
        return "", ""
    if _CRLF.startswith(ending):
        return "chunk.end-cut", "The body stops before the CRLF behind the data of a chunk."
    return "chunk.data-end", f"Behind the {_bytes(size)} that its size line announces, a chunk has no CRLF."


# Messages


def head_end(data: bytes) -> int | None:
    """Return where the head ends, behind its empty line; None if that line never came."""
    start = 0
    while _is_end(line := _line(data, start)):
        start = line.end
    lines, ended = _block(data, start)
    return lines[-1].end if ended else None


def parse(data: bytes, start: int = 0) -> Message:
    """Read one request.

    Args:
        data: Any bytes.
        start: Where the request starts, from 0 to `len(data)`.

    Returns:
        What a server would make of it.
    """
    problems: list[Problem] = []
    pos = start
    while _is_end(line := _line(data, pos)):
        pos = line.end
    if pos > start:
        problems.append(Problem("request-line.preceded", start, pos, "Empty lines stand before the request line."))
    lines, ended = _block(data, pos)
    request_line = lines[0] if lines[0].text else None
    method, target, version = _split_request_line(lines[0].text)
    if request_line is None:
        problems.append(Problem("request-line.missing", pos, pos, "There is no request line."))
    elif request_line.ending and not _VERSION.fullmatch(version):
        text = "The request line does not end in a version such as HTTP/1.1."
        problems.append(Problem("request-line.malformed", pos, pos + len(request_line.text), text))
    fields = _fields(lines[1:])
    problems += [problem for line in lines for problem in _line_problems(line)]
    problems += _field_problems(fields)
    framing: Framing = "none"
    declared: int | None = None
    head_stop = lines[-1].end
    if ended:
        framing, declared, found = _frame(fields)
        problems += found
        body = _BODIES[framing](data, head_stop, declared)
        problems += body.problems
    else:
        problems.append(Problem("head.cut", head_stop, head_stop, "The empty line that ends the head never came."))
        body = Body(b"", head_stop, False)
    return Message(
        data=data,
        start=start,
        request_line=request_line,
        method=method,
        target=target,
        version=version,
        fields=fields,
        head_end=head_stop if ended else None,
        framing=framing,
        declared=declared,
        chunks=body.chunks,
        last=body.last,
        trailers=body.trailers,
        body_start=head_stop,
        body_end=body.end,
        content=body.content,
        complete=body.complete,
        end=body.end,
        problems=tuple(sorted(problems, key=lambda problem: problem.start)),
    )


def _split_request_line(text: bytes) -> tuple[bytes, bytes, bytes]:
    """Split at the first and at the last space, so that a target keeps the spaces a client let through."""
    method, _, rest = text.partition(b" ")
    target, space, version = rest.rpartition(b" ")
    return (method, target, version) if space else (method, rest, b"")


def parse_all(data: bytes) -> tuple[Message, ...]:
    """Read pipelined requests, until the data ends or a server could not go on.

    It cannot go on behind a message that is incomplete, whose framing is invalid, or that does not start with
    a request line; such a message is the last one.
    """
    messages: list[Message] = []
    pos = 0
    while pos < len(data):
        message = parse(data, pos)
        messages.append(message)
        if not message.complete or not _VERSION.fullmatch(message.version):
            break
        pos = message.end
    return tuple(messages)


# Showing


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the data: what it is, and a short sentence about it."""

    start: int
    end: int
    kind: str
    about: str


_Mark = tuple[int, str, str]  # where a part ends, its kind, and about it


def annotate(message: Message) -> tuple[Part, ...]:
    """Name every byte from the start of the message to the end of its data: in order, no gap, no overlap."""
    parts: list[Part] = []
    pos = message.start
    for end, kind, about in _marks(message):
        if end > pos:
            parts.append(Part(pos, end, kind, about))
            pos = end
    return tuple(parts)


def _marks(message: Message) -> Iterator[_Mark]:
    line = message.request_line
    if line is not None:
        yield line.start, "stray", "empty line before the request line"
        yield from _request_line_marks(message, line)
    for field in message.fields:
        yield from _field_marks(field, "field")
    if message.head_end is None:
        yield message.end, "cut off", "the data ends within the head"
    else:
        yield message.head_end, "end of head", "empty line: the head ends"
        yield from _body_marks(message)
    rest = len(message.data) - message.end
    yield len(message.data), "stray", f"{_bytes(rest)} behind the end of the message"


def _request_line_marks(message: Message, line: Line) -> Iterator[_Mark]:
    end = line.start + len(message.method)
    yield end, "method", f"method {visible(message.method, _SHORT)}"
    text_end = line.start + len(line.text)
    target_end = end + 1 + len(message.target)
    yield min(end + 1, text_end), "space", "space between method and target"
    yield min(target_end, text_end), "target", f"request target, {_bytes(len(message.target))}"
    yield text_end - len(message.version), "space", "space between target and version"
    yield text_end, "version", f"version {visible(message.version, _SHORT)}"
    yield line.end, "end of line", _ending(line.ending)


def _field_marks(field: FieldLine, what: str) -> Iterator[_Mark]:
    name_end = field.start + len(field.name)
    text_end = field.start + len(field.raw)
    name = visible(field.name, _SHORT)
    yield name_end, f"{what} name", f"{what} name {name}" if field.colon else f"{what} line without a colon"
    value = field.raw[len(field.name) + 1 :]
    yield text_end - len(value.lstrip(_OWS)), "colon", "colon between name and value"
    folded = ", folded over several lines" if field.folded else ""
    value_end = field.start + len(field.raw.rstrip(_OWS))
    yield value_end, f"{what} value", f"value of {name}, {_bytes(len(field.value))}{folded}"
    yield text_end, "white space", "white space behind the value"
    yield field.end, "end of line", "end of the line"


def _body_marks(message: Message) -> Iterator[_Mark]:
    if message.framing == "length":
        yield message.body_end, "content", f"{_bytes(len(message.content))} of content"
    elif message.framing == "invalid":
        yield message.body_end, "unreadable", "nobody knows where the body ends"
    for chunk in message.chunks:
        yield from _chunk_marks(chunk)
    if message.last is not None:
        yield message.last.end, "last chunk", "last chunk: no more data"
        for trailer in message.trailers:
            yield from _field_marks(trailer, "trailer")
        if message.complete:
            yield message.end, "end of body", "empty line: the chunked body ends"
    yield message.end, "unreadable", "the chunked body is broken or cut off here"


def _chunk_marks(chunk: Chunk) -> Iterator[_Mark]:
    size_end = chunk.start + len(chunk.size_text)
    size_text = visible(chunk.size_text, _SHORT)
    about = "no chunk-size" if chunk.size is None else f"chunk-size 0x{size_text} = {_bytes(chunk.size)}"
    yield size_end, "chunk-size", about
    yield size_end + len(chunk.extension), "chunk-ext", "chunk extension"
    yield chunk.data_start, "end of line", "end of the size line"
    yield chunk.data_end, "chunk-data", f"{_bytes(len(chunk.data))} of chunk data"
    yield chunk.end, "end of chunk", "CRLF behind the chunk data"


def _bytes(count: int) -> str:
    return f"{count} byte" if count == 1 else f"{count} bytes"


def _ending(ending: bytes) -> str:
    return "end of the line" if ending == _CRLF else "end of the line, LF alone"


_VISIBLE = [chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in range(256)]
_VISIBLE[0x0D], _VISIBLE[0x0A], _VISIBLE[0x5C] = "␍", "␊", "\\\\"


def visible(data: bytes, limit: int | None = None) -> str:
    r"""Show bytes so that no control character and no terminal escape gets through.

    Printable ASCII stays as it is, CR and LF become ␍ and ␊, a backslash becomes two, other bytes become
    `\xNN`. What is longer than `limit` bytes is cut there and ends in an ellipsis.
    """
    text = "".join([_VISIBLE[byte] for byte in data[:limit]])
    return text if limit is None or len(data) <= limit else f"{text}…"
