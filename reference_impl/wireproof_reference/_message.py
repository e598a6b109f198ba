"""All arguments of a request → the head, then the pieces of the body.

The order of the lines is the order in which mistakes are found: request line, Host, framing, the caller's
fields one by one, text that can't be encoded. All of these come before the first byte is handed out.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import chain
from typing import TYPE_CHECKING

from wireproof_reference._body import body_pieces
from wireproof_reference._framing import frame
from wireproof_reference._head import field_line, request_line
from wireproof_reference._host import host_value
from wireproof_reference._types import Headers

if TYPE_CHECKING:
    from typing_extensions import Buffer


def message(
    method: str,
    url: str,
    body: object,
    headers: Headers,
    *,
    encode_chunked: object,
    given: Set[str],
    host: str,
    port: int | str,
    blocksize: int,
) -> Iterator[Buffer]:
    """Return a request as an iterator of byte strings (request.sent).

    Args:
        method: Sent verbatim.
        url: Sent verbatim, or ``/`` if it is falsy.
        body: See ``body_pieces``; text is encoded as Latin-1.
        headers: Its ``items()`` are asked for once (headers.only-items), and nothing is changed
            (headers.unchanged).
        encode_chunked: See ``frame``.
        given: What ``field_names`` returned for ``headers``.
        host: The host that the connection was made for.
        port: The port that the connection was made for.
        blocksize: How much to ask of a file at a time.

    Returns:
        The head as one block, then the body (body.after-head), of which nothing was touched so far.

    Raises:
        Exception: The head can't be built; see ``request_line``, ``host_value``, ``field_line``.
        AttributeError: ``headers`` has no ``items`` (headers.list).
        UnicodeEncodeError: The body is text, but not Latin-1.
    """
    target = url or "/"  # target.empty
    lines = [request_line(method, target)]
    if "host" not in given:  # auto.host, auto.host-override
        lines.append(field_line("Host", host_value(target, host, port)))
    if "accept-encoding" not in given:  # auto.accept-encoding, auto.accept-encoding-override
        lines.append(field_line("Accept-Encoding", "identity"))
    framing = frame(given, method, body, encode_chunked)
    if framing.field:  # auto.order: after Host and Accept-Encoding, before the caller's
        lines.append(field_line(*framing.field))
    for name, value in headers.items():  # headers.accepted, headers.sent, headers.order
        lines.append(field_line(name, value))
    if isinstance(body, str):  # body.str.accepted, body.str.latin-1, body.str-read, body.early-encoding
        body = body.encode("latin-1")
    head = b"\r\n".join((*lines, b"", b""))
    return chain((head,), body_pieces(body, chunked=framing.chunked, blocksize=blocksize))
