"""Checks of the start: what the driver says of itself, and that it refuses what it cannot do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wireproof._candidates._link import shown
from wireproof._candidates._messages import Json
from wireproof._cases._vocabulary import EFFECTS
from wireproof._kit._results import Check, Ended, Failed, Skipped
from wireproof._kit._session import Kit, quoted
from wireproof._kit._talk import seen
from wireproof._recipes import KINDS
from wireproof.drivers.python_driver import PROTOCOL
from wireproof.errors import CandidateError

HOSTS = ("ipv4", "ipv6", "localhost", "name", "ipv6-bracketed", "ipv6-zone")
PORTS = ("int", "str", "in-host", "default", "default-given", "default-as-str")
PASSED = ("usual", "keywords", "positional")
ARGUMENTS = ("method", "url", "body", "headers", "encode_chunked", "unknown")
_FEATURES = ("sequences", "threads", "names", "streaming", "collect", "waits", "captures")

_VALUES = [kind for kind in KINDS if kind != "raise"]
_LISTS: Mapping[str, Sequence[str]] = {
    "pieces": list(KINDS),
    "fields": _VALUES,
    "hosts": HOSTS,
    "ports": PORTS,
    "passed": PASSED,
    "effects": list(EFFECTS),
    "features": _FEATURES,
}
_NO_CANDIDATE = "wireproof_has_no_such_module:Nothing"


def hello(kit: Kit) -> str:
    """Start the driver for the first time."""
    talk = kit.another()
    try:
        message = talk.start(kit.for_hello)
    finally:
        talk.close()
    if message["type"] == "broken":
        why, hint = (shown(message[name].encode("utf-8", "backslashreplace"), 400) for name in ("why", "hint"))
        raise CandidateError(kit.candidate.name, why, hint)
    kit.hello = message
    return ""


def _can(kit: Kit) -> str:
    can = kit.hello["can"]
    complaints = [*_unknown(can), *_contradictions(can)]
    if complaints:
        raise Failed("claims that wireproof knows and that agree with each other", "; ".join(complaints))
    return ""


def _unknown(can: Json) -> Iterator[str]:
    for argument, kinds in can["arguments"].items():
        if argument not in ARGUMENTS:
            yield f"arguments: there is no {quoted(argument)}"
        yield from (f"{quoted(argument)}: no kind is {quoted(kind)}" for kind in kinds if kind not in _VALUES)
    for member, known in _LISTS.items():
        yield from (f"{member}: there is no {quoted(name)}" for name in can[member] if name not in known)


def _contradictions(can: Json) -> Iterator[str]:
    arguments, features = can["arguments"], can["features"]
    for argument in ("method", "url"):
        if not arguments[argument]:
            yield f"no kind of {argument}, without which there is no request"
    for member in ("hosts", "ports", "passed"):
        if not can[member]:
            yield f"{member}: none, without which there is no request"
    if "threads" in features and "sequences" not in features:
        yield "threads without sequences"
    if "name" in can["hosts"] and "names" not in features:
        yield "the host name without the feature names"
    inside = {name for kind in arguments.get("body", ()) if kind in KINDS for name, _ in KINDS[kind].fields}
    if can["pieces"] and not inside & {"items", "reads"}:
        yield "pieces without a kind of body that has pieces"


def _version(kit: Kit) -> str:
    talk = kit.another()
    try:
        message = talk.start(kit.for_hello, protocol=PROTOCOL + 998)
    except Ended:
        return ""
    finally:
        talk.close()
    return "it offers its own version instead" if message["type"] == "hello" else ""


def _candidate(kit: Kit) -> str:
    talk = kit.another()
    try:
        message = talk.start(kit.for_hello, candidate=_NO_CANDIDATE)
    finally:
        talk.close()
    if message["type"] == "hello":
        raise Skipped("it drives one client, whatever candidate says")
    if not message["why"].strip() or not message["hint"].strip():
        raise Failed("broken with why and hint", seen(message))
    return ""


HELLO = Check("start/hello", "it answers start with hello", "start", hello)
CHECKS = (
    Check("start/can", "what it claims exists and agrees", "start", _can),
    Check("start/version", "it refuses another version of the protocol", "start", _version),
    Check("start/candidate", "it refuses a candidate that is not there, and says why", "start", _candidate),
)
