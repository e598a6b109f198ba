"""A candidate's name → the class or factory."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from wireproof.errors import CandidateError

NAMES = {"reference": "wireproof_reference:HTTPConnection", "stdlib": "http.client:HTTPConnection"}
"""The candidates that have a name of their own."""

_HINT = "give reference, stdlib or package.module:Class"


def spelled(name: str) -> tuple[str, str]:
    """Return the module and the attribute path of a candidate's name.

    Raises:
        CandidateError: the name is none.
    """
    module, colon, attribute = NAMES.get(name, name).partition(":")
    parts = [*module.split("."), *attribute.split(".")]
    if not colon or not all(part.isidentifier() for part in parts):
        raise CandidateError(name, "it is no name of a candidate", _HINT)
    return module, attribute


def resolve(name: str) -> Any:
    """Import the candidate and make sure that it can be used at all.

    Raises:
        CandidateError: it cannot be imported, is not callable, its constructor raises, or its objects have no request.
    """
    module_name, path = spelled(name)
    try:
        found: Any = importlib.import_module(module_name)
    except BaseException as error:
        raise CandidateError(
            name,
            f"the module {module_name} cannot be imported: {_said(error)}",
            "install it, or set PYTHONPATH to where it lies",
        ) from None
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise CandidateError(name, f"{module_name} has no {path}", _HINT) from None
    if not callable(found):
        raise CandidateError(name, f"{path} is not callable but of type {type(found).__name__}", _HINT)
    try:
        connection = found("127.0.0.1", 9)
    except BaseException as error:
        why = f"its constructor, called with a host and a port, raises {_said(error)}"
        raise CandidateError(name, why, "a candidate is made as Class(host, port)") from None
    if not callable(getattr(connection, "request", None)):
        raise CandidateError(name, "its objects have no method request", "a candidate has the API of HTTPConnection")
    return found


def version(name: str) -> str:
    """Return what is known of the candidate's version, for the report."""
    top = spelled(name)[0].partition(".")[0]
    try:
        own = getattr(sys.modules.get(top), "__version__", None)
    except Exception:  # a module's own __getattr__ may raise anything, a warning made an error, say
        own = None
    python = f"{sys.implementation.name} {'.'.join(map(str, sys.version_info[:3]))}"
    return f"{top} {own[:40]}, {python}" if isinstance(own, str) else python


def _said(error: BaseException) -> str:
    """Return the class and the message in one line that any terminal can show."""
    try:
        message = " ".join(str(error).split())
    except Exception:
        return type(error).__name__
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in message)
    return f"{type(error).__name__}: {shown}"[:300]
