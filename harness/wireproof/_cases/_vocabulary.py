"""The words of the case format that are lists: what each means, in a sentence that the manual prints."""

from __future__ import annotations

REPLIES: dict[str, str] = {
    "ok": "200 with two bytes of content; the connection stays open.",
    "no-content": "204 without content; the connection stays open.",
    "close": "200 with Connection: close, after which the server closes.",
    "continue-then-ok": "100, and a 200 after it; the connection stays open.",
    "http-1.0": "200 of HTTP/1.0, after which the server closes.",
    "chunked": "200 with chunked content; the connection stays open.",
}
"""The scripted replies (their bytes are in ``_candidates._inprocess``)."""

CLOSING = ("close", "http-1.0")
"""The replies after which the server closes."""

PROBES: dict[str, tuple[str, ...]] = {
    "blocksize": ("given", "absent"),
    "ipv6-zone": ("cut", "kept"),
    "bracketed-authority": ("refused", "sent"),
    "percent-authority": ("refused", "sent"),
    "bracketed-host": ("stripped", "kept"),
    "zero-dimensional": ("refused", "sent"),
}
"""The probes and their answers, the newest release's first (see ``_candidates._probes``)."""

QUESTIONS: dict[str, str] = {
    "blocksize": "Does the constructor take blocksize?",
    "ipv6-zone": "Is the zone of an IPv6 address kept in Host?",
    "bracketed-authority": "Is an absolute url refused whose host is in brackets and no IPv6 address?",
    "percent-authority": "Is an absolute url refused whose host has a percent sign?",
    "bracketed-host": "Are the brackets of a host that was given in brackets doubled in Host?",
    "zero-dimensional": "Is a body refused that is a memoryview without dimensions?",
}
"""What each probe asks of the interpreter's own http.client."""

DEFECTS: dict[str, str] = {
    "stale-head": "After a failed head and close(), the next request begins with the lines of that head.",
    "item-count": "The size of a chunk is the number of a buffer's items where it should be that of its bytes.",
    "length-wins-over-flag": "With Content-Length and Transfer-Encoding given, encode_chunked=True does not encode.",
    "unsized-buffer": "A buffer without len() that is to be chunk-encoded is a TypeError once the head is out.",
}
"""CPython's known defects."""

EFFECTS: dict[str, str] = {
    "headers": "`unchanged` or `changed`: the mapping of headers",
    "body.content": "`unchanged` or `changed`: the body's own content",
    "body.position": "what `tell()` says",
    "body.closed": "whether the file is closed",
    "body.pulled": "how many elements were taken",
    "body.iterated": "how many times iteration began",
    "body.reads": "the sizes that `read()` was called with, in order; `null` for a call without one",
}
"""What can be seen of the arguments after the call."""

_POSITIONED = ("body.position", "body.closed")
_COUNTED = ("body.pulled", "body.iterated")
_READ = ("body.reads", "body.closed")

OBSERVABLE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("bytesio", "binary-file", "spooled", "temporary-file", "gzip", "stringio", "mmap"), _POSITIONED),
    **dict.fromkeys(("text-file", "pipe", "socket-file", "temporary-text-file"), ("body.closed",)),
    **dict.fromkeys(("text-reader", "raw-reader"), _READ),
    **dict.fromkeys(("reader", "bytes-with-read", "str-with-read", "array-with-read"), ("body.reads",)),
    **dict.fromkeys(("list-with-read", "iterable-with-read"), ("body.reads", "body.iterated")),
    "bytes-with-iter": ("body.iterated",),
    **dict.fromkeys(("generator", "iterator", "map", "chain", "getitem", "endless", "blocks"), ("body.pulled",)),
    **dict.fromkeys(("iterable", "sequence"), _COUNTED),
    **dict.fromkeys(("bytearray", "array", "list", "dict-of", "deque", "set"), ("body.content",)),
}
"""What can be seen of a body of each kind after the call; of the others, nothing."""
