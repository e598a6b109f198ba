"""Wrong captures made for one clause each: for clauses that no verdict names, and for corners of those that one does.

A client that sends an empty request-target breaks ``target.empty``, and is told that its target is wrong. For each of
these clauses the table ``NARROW`` has a damage that breaks it alone. The verdict on a case that cites the clause
depends on it if the judge rejects what comes of that, for whatever reason; and a mutant whose verdict names the wider
clause in such a case breaks the narrower one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wireproof._judge import judge
from wireproof._model import Case, Outcome, Raised, Verdict
from wireproof._proof._right import right
from wireproof._proof._scene import CODING, HOST, LENGTH, Damage, Hurt, Scene, damaged
from wireproof._proof._twins import named
from wireproof._wire import FieldLine

_LAST = b"0\r\n\r\n"


def rejections(case: Case, clauses: Collection[str]) -> Iterator[tuple[str, Verdict]]:
    """Yield each of these clauses that is broken alone in a step of the case, with the verdict that rejects it."""
    capture = right(case)
    for clause in clauses:
        narrow = NARROW.get(clause)
        for number, step in enumerate(case.steps):
            if narrow is None or step.expect is None:
                continue
            scene = Scene(case, capture, number)
            for hurt in narrow.damage(scene) if not scene.is_long else ():
                verdict = judge(case, damaged(scene, hurt), {})
                if verdict.verdict in ("fail", "nonstrict") and (clause[:4] != "rfc." or clause in named(verdict)):
                    yield clause, verdict


# what is changed ----------------------------------------------------------------------------------------------------


def _fields(scene: Scene, name: bytes) -> list[FieldLine]:
    return [field for field in scene.message.fields if field.name.lower() == name]


def _valued(scene: Scene, field: FieldLine, value: bytes) -> Iterator[Hurt]:
    """Another value stands in a field."""
    if value != field.value:
        line = b"%b: %b\r\n" % (field.name, value)
        yield Hurt("value", (), (scene.data[: field.start] + line + scene.data[field.end :],))


def _bodied(scene: Scene, body: bytes) -> Iterator[Hurt]:
    """Another body follows the head."""
    if scene.is_whole and body != scene.body:
        yield Hurt("body", (), (scene.head + body,))


def _refused(name: str, message: str = "not accepted") -> Hurt:
    """The call raises, and nothing is sent."""
    raised = Raised((name, "Exception"), message, "request")
    return Hurt("refused", (), (), Outcome(raised=raised, effects={}))


def _accepted(scene: Scene, method: str, body: bytes = b"") -> Hurt:
    """The call returns, and a plain request is out."""
    host, port = scene.capture.addresses[scene.step.on]
    lines = [f"{method} {scene.url} HTTP/1.1", f"Host: {host}:{port}", "Accept-Encoding: identity"]
    lines += [f"Content-Length: {len(body)}"] if body else []
    head = "\r\n".join((*lines, "", "")).encode("latin-1", "replace")
    return Hurt("accepted", (), (head + body,), Outcome(effects=scene.outcome.effects))


def _chunk(data: bytes) -> bytes:
    return b"%X\r\n%b\r\n" % (len(data), data) if data else b""


# Host and the request-target ----------------------------------------------------------------------------------------


def _port_str(scene: Scene) -> Iterator[Hurt]:
    """The port is left out."""
    if scene.case.connection.port in ("str", "default-as-str"):
        for field in _fields(scene, HOST):
            yield from _valued(scene, field, field.value.rpartition(b":")[0])


def _idna(scene: Scene) -> Iterator[Hurt]:
    """The name is shown as UTF-8."""
    name = scene.case.connection.name
    for field in _fields(scene, HOST) if not name.isascii() else ():
        _, colon, port = field.value.partition(b":")
        yield from _valued(scene, field, name.encode("utf-8") + colon + port)


def _zone(scene: Scene) -> Iterator[Hurt]:
    """The zone is shown."""
    if scene.case.connection.host == "ipv6-zone" or "%" in scene.url:
        for field in _fields(scene, HOST):
            yield from _valued(scene, field, field.value.replace(b"]", b"%lo]"))


def _any_case(scene: Scene) -> Iterator[Hurt]:
    """A method in lower case is taken for one that expects no body."""
    for field in _fields(scene, LENGTH):
        if field.value == b"0" and LENGTH not in scene.given and scene.message.method != scene.message.method.upper():
            yield Hurt("zero", (), (scene.data[: field.start] + scene.data[field.end :],))


def _other_scheme(scene: Scene) -> Iterator[Hurt]:
    """Host is the authority of the url."""
    authority = scene.url.partition("//")[2].partition("/")[0].encode("latin-1", "replace")
    for field in _fields(scene, HOST) if authority else ():
        yield from _valued(scene, field, authority)


def _empty_target(scene: Scene) -> Iterator[Hurt]:
    """The request-target is empty."""
    url = scene.request.get("url")
    method, space, rest = scene.data.partition(b" / ")
    if space and url is not None and not any(url.fields.values()):
        yield Hurt("target", (), (method + b"  " + rest,))


# headers -----------------------------------------------------------------------------------------------------------


def _only_items(scene: Scene) -> Iterator[Hurt]:
    """Of fields with the same name one is sent; or the mapping is asked for something that it does not have."""
    headers = scene.request.get("headers")
    if headers is None or headers.kind not in ("message", "mapping"):
        return
    names = Counter(scene.names)
    for field in scene.message.fields:
        if names[field.name.lower()] > 1:
            yield Hurt("repeat", (), (scene.data[: field.start] + scene.data[field.end :],))
    if headers.kind == "mapping":
        yield _refused("AttributeError")


def _lenient_name(scene: Scene) -> Iterator[Hurt]:
    """The name is refused."""
    if scene.is_whole and any(set(name) & set(b" \t\x0b\x0c\0") for name in scene.given):
        yield _refused("ValueError")


def _only_text(scene: Scene) -> Iterator[Hurt]:
    """A value that is no str is refused."""
    if scene.is_whole:
        yield _refused("TypeError")


def _empty_coding(scene: Scene) -> Iterator[Hurt]:
    """An element of the list of codings is empty."""
    for field in _fields(scene, CODING):
        yield from _valued(scene, field, b", " + field.value)


# errors ---------------------------------------------------------------------------------------------------------------


def _error(name: str) -> Damage:
    """Return the damage of an exception: another one is raised; or one is, of a call that is just right."""

    def damage(scene: Scene) -> Iterator[Hurt]:
        is_alone = len(scene.case.steps) == 1
        if is_alone and scene.is_whole:
            yield _refused(name)
        elif scene.expect.head is None and scene.expect.raises is not None:
            yield _refused("LookupError" if scene.expect.raises != "LookupError" else "OSError")

    return damage


def _no_flag(scene: Scene) -> Iterator[Hurt]:
    """The flag is not known."""
    if scene.is_whole and scene.request.get("encode_chunked") is not None:
        yield _refused("TypeError", "request() got an unexpected keyword argument 'encode_chunked'")


def _as_utf_8(scene: Scene) -> Iterator[Hurt]:
    """Text that ISO-8859-1 does not hold is sent as UTF-8."""
    body = scene.request.get("body")
    if scene.expect.raises == "UnicodeEncodeError" and body is not None and scene.meaning.role == "text":
        yield _accepted(scene, "POST", str(body.get("text")).encode("utf-8", "replace"))


# bodies -------------------------------------------------------------------------------------------------------------


def _empty_chunk(scene: Scene) -> Iterator[Hurt]:
    """An empty element is sent as an empty chunk, which is the last one."""
    if scene.chunks is not None:
        yield from _bodied(scene, _LAST + scene.body)


def _truthy_flag(scene: Scene) -> Iterator[Hurt]:
    """The flag is taken for the other side."""
    if scene.request.get("encode_chunked") is not None and CODING in scene.given:
        content = scene.meaning.content
        yield from _bodied(scene, content if scene.chunks is not None else _chunk(content) + _LAST)


def _coding_value(scene: Scene) -> Iterator[Hurt]:
    """The value is corrected."""
    for field in _fields(scene, CODING) if CODING in scene.given else ():
        yield from _valued(scene, field, b"chunked" if field.value != b"chunked" else b"identity")


def _coding_without_body(scene: Scene) -> Iterator[Hurt]:
    """The last chunk is sent."""
    if scene.meaning.role == "none" and CODING in scene.given:
        yield from _bodied(scene, _LAST)


def _other_blocks(scene: Scene) -> Iterator[Hurt]:
    """The file is read in blocks of another size."""
    content = scene.meaning.content
    if scene.chunks is not None and content:
        half = len(content) // 2 + 1
        yield from _bodied(scene, _chunk(content) + _LAST)
        yield from _bodied(scene, _chunk(content[:half]) + _chunk(content[half:]) + _LAST)


def _position(scene: Scene) -> Iterator[Hurt]:
    """The file is sent from its beginning."""
    whole, is_chunked = scene.meaning.whole, scene.chunks is not None or scene.body == _LAST
    if whole is not None and whole != scene.meaning.content:
        yield from _bodied(scene, _chunk(whole) + _LAST if is_chunked else whole)


def _str_read(scene: Scene) -> Iterator[Hurt]:
    """It is framed as a str; or what read() returns is sent."""
    body = scene.request.get("body")
    if body is None or body.kind != "str-with-read":
        return
    content = str(body.get("text")).encode("latin-1", "replace")
    for field in _fields(scene, CODING):
        line = b"Content-Length: %d\r\n" % len(content)
        yield Hurt("framing", (), (scene.head[: field.start] + line + scene.head[field.end :] + content,))
    yield from _bodied(scene, _chunk(content[::-1] + b"x") + _LAST)


# sequences ----------------------------------------------------------------------------------------------------------


def _not_busy(scene: Scene) -> Iterator[Hurt]:
    """The call after the failure goes out all the same."""
    if scene.expect.raises == "CannotSendRequest":
        yield _accepted(scene, "GET")


def _not_separate(scene: Scene) -> Iterator[Hurt]:
    """A connection is taken for busy because another one is."""
    before = {step.on for step in scene.case.steps[: scene.number]}
    if scene.is_whole and before and scene.step.on not in before:
        yield _refused("CannotSendRequest")


@dataclass(frozen=True, slots=True)
class Narrow:
    """The damage that breaks a clause alone, and the wider clauses that a verdict names then."""

    damage: Damage
    wider: tuple[str, ...] = ()


_ERRORS: Mapping[str, str] = {
    "target.control": "InvalidURL",
    "target.non-ascii": "UnicodeEncodeError",
    "target.type": "TypeError",
    "target.authority": "ValueError",
    "method.control": "ValueError",
    "method.non-ascii": "UnicodeEncodeError",
    "method.type": "TypeError",
    "headers.name-ascii": "UnicodeEncodeError",
    "headers.name-illegal": "ValueError",
    "headers.name-type": "AttributeError",
    "headers.value-injection": "ValueError",
    "headers.value-type": "TypeError",
    "headers.none": "TypeError",
    "headers.list": "AttributeError",
    "body.early-encoding": "UnicodeEncodeError",
}
_ELSEWHERE = ("auto.host", "headers.sent", "request.sent", "state.busy", "state.independent")


def _goes_on(scene: Scene) -> Iterator[Hurt]:
    """The call returns as if everything had been sent."""
    if scene.expect.raises is not None:
        yield Hurt("returns", (), outcome=Outcome(effects=scene.outcome.effects))


NARROW: Mapping[str, Narrow] = MappingProxyType(
    {
        "host.port-str": Narrow(_port_str, ("auto.host",)),
        "host.idna": Narrow(_idna, ("auto.host",)),
        "host.ipv6-zone": Narrow(_zone, ("auto.host",)),
        "host.other-scheme": Narrow(_other_scheme, ("auto.host",)),
        "method.any-case": Narrow(_any_case, ("length.zero-put", "length.zero-post", "length.zero-patch")),
        "target.empty": Narrow(_empty_target, ("request.target",)),
        "headers.only-items": Narrow(_only_items, ("headers.sent", "headers.accepted")),
        "headers.name-lenient": Narrow(_lenient_name, ("headers.accepted",)),
        "headers.value-bytes": Narrow(_only_text),
        "headers.value-int": Narrow(_only_text),
        "flag.keyword-only": Narrow(_no_flag),
        "body.str.latin-1": Narrow(_as_utf_8),
        "rfc.coding-syntax": Narrow(_empty_coding),
        **{clause: Narrow(_error(name)) for clause, name in _ERRORS.items()},
        "chunked.empty-skipped": Narrow(_empty_chunk, ("chunked.body",)),
        "chunked.flag-truthy": Narrow(_truthy_flag, ("flag.false-raw", "flag.true-chunked")),
        "coding.value-free": Narrow(_coding_value, ("framing.caller-coding",)),
        "coding.no-body": Narrow(_coding_without_body, ("body.none",)),
        "file.block-size": Narrow(_other_blocks, ("chunked.per-piece",)),
        "file.position": Narrow(_position, ("body.file.contents",)),
        "body.str-read": Narrow(_str_read, ("chunked.field",)),
        "state.after-failure": Narrow(_not_busy, ("state.busy",)),
        "state.separate": Narrow(_not_separate, _ELSEWHERE),
        "send.stops": Narrow(_goes_on),
    }
)
"""Those clauses."""


def all_named(named: Collection[str], cites: Collection[str]) -> list[str]:
    """Return the clauses that a verdict names, and the narrower ones that its case cites."""
    narrower = (name for name in cites if name in NARROW and not set(named).isdisjoint(NARROW[name].wider))
    return list(dict.fromkeys((*named, *narrower)))
