"""Method, url and header items → lines, without their line ends.

What is refused here is refused before anything was sent: names and values that would let a caller's
data start a line of its own (request smuggling), and text that the protocol has no bytes for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from wireproof_reference._errors import InvalidURL

_METHOD_CONTROL = re.compile("[\x00-\x1f]")
_TARGET_CONTROL = re.compile("[\x00-\x20\x7f]")
_FIELD_NAME = re.compile(rb"[^:\s][^:\r\n]*")
_LINE_BREAK = re.compile(rb"\n(?![ \t])|\r(?![ \t\n])")  # one that no space or tab follows


def field_names(headers: Iterable[Any]) -> frozenset[str]:
    """Return the names of the caller's fields in lower case, those given as text.

    Args:
        headers: Iterated over, nothing more.

    Raises:
        TypeError: ``headers`` can't be iterated over (headers.none), or a name can't be hashed.
        AttributeError: A name has no ``lower`` method (headers.name-type).
    """
    # headers.bytes-name: bytes never match; a flag keeps them from being compared with text (python -bb).
    lowered = {(isinstance(low, str), low) for low in (name.lower() for name in headers)}
    return frozenset(low for is_text, low in lowered if is_text)


def request_line(method: str, target: str) -> bytes:
    """Return the request line (request.method, request.target: both verbatim).

    Raises:
        ValueError: The method has a control character.
        InvalidURL: The target has a control character or a space.
        TypeError: Method or target is no str (method.type, target.type).
        UnicodeEncodeError: Method or target is not ASCII.
    """
    if _METHOD_CONTROL.search(method):  # method.control
        raise ValueError(f"a method can't hold control characters: {method!r}")
    if _TARGET_CONTROL.search(target):  # target.control
        raise InvalidURL(f"a url can't hold control characters or spaces: {target!r}")
    return f"{method!s} {target!s} HTTP/1.1".encode("ascii")  # request.version, method.non-ascii, target.non-ascii


def field_line(name: Any, value: Any) -> bytes:
    """Return one header field as a line.

    Args:
        name: Text, which must be ASCII, or bytes.
        value: Text, which must be Latin-1, an int, or bytes.

    Raises:
        ValueError: The name is empty, starts with white space, or has a colon or a line break in it; or
            the value has a line break that is no folding.
        UnicodeEncodeError: The name is not ASCII, or the value not Latin-1.
        TypeError: The name or value is of another type (headers.value-type).
    """
    if hasattr(name, "encode"):
        name = name.encode("ascii")  # headers.name-ascii
    if not _FIELD_NAME.fullmatch(name):  # headers.name-illegal, headers.name-lenient
        raise ValueError(f"a header name can't be {name!r}")
    value = _value_bytes(value)
    if _LINE_BREAK.search(value):  # headers.value-injection; headers.value-folding passes
        raise ValueError(f"a header value can't have line breaks: {value!r}")
    return b"".join((name, b": ", value))


def _value_bytes(value: Any) -> Any:
    """Return a header value as bytes; what is neither text nor int is left to be found out."""
    if hasattr(value, "encode"):
        return value.encode("latin-1")  # headers.value-latin-1
    if isinstance(value, int):
        return str(value).encode("ascii")  # headers.value-int: decimal, and True for a bool
    return value  # headers.value-bytes
