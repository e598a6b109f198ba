"""The caller's fields and the body → which framing field is added, and how the body goes out."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any, NamedTuple

from wireproof_reference._body import Kind, kind_of

_EXPECT_A_BODY = {"PUT", "POST", "PATCH"}  # length.zero-put, length.zero-post, length.zero-patch


class Framing(NamedTuple):
    """How a message ends: the field to add, if any, and whether the body is chunk-encoded."""

    field: tuple[str, str] | None
    chunked: bool


_LENGTHS: dict[Kind, Callable[[Any], int | None]] = {
    Kind.FILE: lambda file: None,  # file.no-length, chunked.file
    Kind.BUFFER: lambda buffer: memoryview(buffer).nbytes,  # length.buffer: bytes, not items
    Kind.TEXT: len,  # length.str: in Latin-1 a character is a byte
    Kind.OTHER: lambda iterable: None,  # chunked.iterable
}


def frame(given: Set[str], method: str, body: object, encode_chunked: object) -> Framing:
    """Decide how the end of the body is told; the first of five rules that applies.

    =================================  =====================================  =================
    what there is                      field added                            how the body goes
    =================================  =====================================  =================
    the caller's Transfer-Encoding     none                                   as the flag says
    the caller's Content-Length        none                                   raw
    no body                            Content-Length: 0 if PUT, POST, PATCH  there is none
    text, or a buffer that is no file  Content-Length: its bytes              raw
    any other body                     Transfer-Encoding: chunked             in chunks
    =================================  =====================================  =================

    Args:
        given: The names of the caller's fields, in lower case.
        method: As the caller gave it.
        body: As the caller gave it.
        encode_chunked: Anything; its truth counts (chunked.flag-truthy).
    """
    if "transfer-encoding" in given:  # framing.caller-coding, coding.value-free, coding.with-length
        return Framing(None, chunked=bool(encode_chunked))  # flag.false-raw, flag.true-chunked
    if "content-length" in given:  # framing.caller-length, flag.with-length: the flag is not looked at
        return Framing(None, chunked=False)
    if body is None:
        if method.upper() in _EXPECT_A_BODY:  # length.zero-only, method.any-case
            return Framing(("Content-Length", "0"), chunked=False)
        return Framing(None, chunked=False)
    length = _LENGTHS[kind_of(body)](body)
    if length is None:  # framing.automatic, framing.one-only, flag.without-coding
        return Framing(("Transfer-Encoding", "chunked"), chunked=True)  # chunked.field
    return Framing(("Content-Length", str(length)), chunked=False)
