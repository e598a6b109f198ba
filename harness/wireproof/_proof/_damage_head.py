"""What can be wrong with a head as a whole: its request line, its line ends, where it stops, what stands before it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_to_bytes

from wireproof._proof._scene import Damage, Hurt, Scene

# the request line -------------------------------------------------------------------------------------------------


def _parts(scene: Scene) -> tuple[bytes, bytes, bytes] | None:
    """Return method, target and version of the request line, or None where it has no three parts."""
    line = scene.message.request_line
    if line is None or scene.head[: line.end].count(b" ") != 2:
        return None
    return scene.message.method, scene.message.target, scene.message.version


def _with(scene: Scene, method: bytes, target: bytes, version: bytes) -> tuple[bytes, ...]:
    line = scene.message.request_line
    assert line is not None
    return (b" ".join((method, target, version)) + scene.data[line.start + len(line.text) :],)


def method_changed(scene: Scene) -> Iterator[Hurt]:
    """Another method is sent: a well-known one, and one with a letter too many."""
    parts = _parts(scene)
    if parts is None:
        return
    for other in (b"POST" if parts[0] != b"POST" else b"PUT", parts[0] + b"X"):
        if other.lower() != parts[0].lower():
            contract, rfc = scene.breaks(), None if parts[1] == b"*" or parts[0] == b"CONNECT" else False
            yield Hurt(other.decode(), ("method.changed",), _with(scene, other, *parts[1:]), contract=contract, rfc=rfc)


def method_case(scene: Scene) -> Iterator[Hurt]:
    """The method is put into lower case, or into upper case."""
    parts = _parts(scene)
    for code, other in (("lower", bytes.lower), ("upper", bytes.upper)) if parts else ():
        assert parts is not None
        if other(parts[0]) != parts[0]:
            sent = _with(scene, other(parts[0]), *parts[1:])
            yield Hurt(f"in {code} case", (f"method.{code}-cased",), sent, contract=scene.breaks())


def _origin(target: bytes) -> bytes:
    return re.sub(rb"^https?://[^/?#]*", b"", target) or b"/"


_TARGETS: tuple[tuple[str, tuple[str, ...], object], ...] = (
    ("a letter more", ("target.changed",), lambda target: target + b"x"),
    ("a slash more", ("target.slash-added",), lambda target: target + b"/"),
    ("without its fragment", ("target.fragment-dropped",), lambda target: target.partition(b"#")[0]),
    (
        "without its query",
        ("target.query-dropped", "target.fragment-dropped"),
        lambda target: target.partition(b"?")[0],
    ),
    (
        "percent-encoded",
        ("target.percent-encoded", "target.changed"),
        lambda target: target[:-1] + b"%%%02X" % target[-1] if target[-1:].isalnum() else target,
    ),
    (
        "percent-decoded",
        ("target.percent-decoded", "target.percent-case"),
        lambda target: (
            decoded if b" " not in (decoded := unquote_to_bytes(target)) and b"%25" not in target else target
        ),
    ),
    ("in the other case", ("target.case", "target.percent-case"), bytes.swapcase),
    ("cut down to the path", ("target.origin-form",), _origin),
    ("dots taken out", ("target.dots-removed",), lambda target: re.sub(rb"/\.(?=/)|/[^/]+/\.\.(?=/)", b"", target)),
)


def target_changed(scene: Scene) -> Iterator[Hurt]:
    """Another target is sent."""
    parts = _parts(scene)
    if parts is None or not parts[1]:
        return
    for what, fits, change in _TARGETS:
        assert callable(change)
        other = change(parts[1])
        if other and other != parts[1]:
            contract = scene.breaks() if parts[1].decode("latin-1") == scene.url else None
            yield Hurt(what, fits, _with(scene, parts[0], other, parts[2]), contract=contract)


def target_absolute(scene: Scene) -> Iterator[Hurt]:
    """The target is made absolute."""
    parts = _parts(scene)
    if parts is not None and parts[1].startswith(b"/") and not parts[1].startswith(b"//"):
        sent = _with(scene, parts[0], b"http://example.test" + parts[1], parts[2])
        contract = scene.breaks() if parts[1].decode("latin-1") == scene.url else None
        yield Hurt("http://…", ("target.absolute-form",), sent, contract=contract)


def target_spoilt(scene: Scene) -> Iterator[Hurt]:
    """The target holds what no target may hold."""
    parts = _parts(scene)
    for what, more in (("a control byte", b"\x01"), ("a byte outside ASCII", b"\xe9"), ("a quote", b'"')):
        if parts is not None and parts[1]:
            sent = _with(scene, parts[0], parts[1] + more, parts[2])
            yield Hurt(what, ("target.changed",), sent, rfc=scene.invalid())


def target_to_asterisk(scene: Scene) -> Iterator[Hurt]:
    """The target is an asterisk, which goes with OPTIONS alone."""
    parts = _parts(scene)
    if parts is not None and parts[1] != b"*":
        rfc = scene.invalid() if parts[0] != b"OPTIONS" else None
        yield Hurt("*", ("target.changed",), _with(scene, parts[0], b"*", parts[2]), rfc=rfc)


def version_changed(scene: Scene) -> Iterator[Hurt]:
    """The version is another one."""
    parts = _parts(scene)
    for other in (b"HTTP/1.0", b"HTTP/2.0", b"http/1.1") if parts else ():
        assert parts is not None
        sent = _with(scene, *parts[:2], other)
        yield Hurt(other.decode(), ("version.changed",), sent, contract=scene.holds(), rfc=scene.invalid())


def space_doubled(scene: Scene) -> Iterator[Hurt]:
    """Two spaces stand before the target, or behind it."""
    parts = _parts(scene)
    if parts is not None:
        for what, sent in (
            ("before", _with(scene, parts[0] + b" ", *parts[1:])),
            ("behind", _with(scene, parts[0], parts[1] + b" ", parts[2])),
        ):
            yield Hurt(what, ("target.changed",), sent, rfc=scene.invalid())


# lines ------------------------------------------------------------------------------------------------------------


def _ends(scene: Scene) -> list[tuple[str, int]]:
    """Return where lines of the head end: the request line, the first and the last field, and the empty line."""
    line, fields = scene.message.request_line, scene.message.fields
    if line is None or scene.message.head_end is None or b"\n" in scene.head.replace(b"\r\n", b""):
        return []
    ends = [("the request line", line.end)]
    ends += [(f"field line {index + 1}", fields[index].end) for index in sorted({0, len(fields) - 1}) if fields]
    return [*ends, ("the empty line", len(scene.head))]


def crlf_to_lf(scene: Scene) -> Iterator[Hurt]:
    """One line of the head, or each, ends in LF alone."""
    for what, end in _ends(scene):
        sent = (scene.data[: end - 2] + scene.data[end - 1 :],)
        yield Hurt(what, ("head.line-ending",), sent, contract=scene.holds(), rfc=scene.invalid())
    if _ends(scene):
        sent = (scene.head.replace(b"\r\n", b"\n") + scene.body,)
        is_folded = any(field.folded for field in scene.message.fields)
        fits: tuple[str, ...] = ("head.line-ending", "field.value-fold*") if is_folded else ("head.line-ending",)
        yield Hurt("all lines", fits, sent, contract=scene.holds(), rfc=scene.invalid())


_RUN_ON = ("field.value*", "head.cut", "host.*", "framing.*", "length.*", "field.missing*")
"""What two lines are taken for that have become one."""


def _joined(scene: Scene, more: tuple[str, ...]) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Yield each line that can run on into the next: what it is, where it ends, and what fits."""
    for what, end in _ends(scene)[:-1]:
        is_first = what == "the request line"
        yield what, end, ("version.changed", "target.changed") if is_first else (*_RUN_ON, *more)


def crlf_to_cr(scene: Scene) -> Iterator[Hurt]:
    """One line of the head ends in CR alone: it is one line with the next."""
    more = ("field.extra*", "head.line-ending", "body.missing", "body.beginning-missing")
    for what, end, fits in _joined(scene, more):
        yield Hurt(what, fits, (scene.data[: end - 1] + scene.data[end:],), rfc=scene.invalid())


def crlf_lost(scene: Scene) -> Iterator[Hurt]:
    """A line end of the head is missing."""
    for what, end, fits in _joined(scene, ("head.no-blank-line", "field.extra/no-colon")):
        yield Hurt(what, fits, (scene.data[: end - 2] + scene.data[end:],))


def blank_line_lost(scene: Scene) -> Iterator[Hurt]:
    """The empty line between head and body is missing."""
    if scene.message.head_end is not None:
        fits: tuple[str, ...] = ("head.no-blank-line", "head.cut") if scene.body else ("head.cut",)
        fits = (*fits, "field.extra/no-colon") if b"\r\n\r\n" in scene.body else fits
        yield Hurt("", fits, (scene.head[:-2] + scene.body,))


def blank_line_doubled(scene: Scene) -> Iterator[Hurt]:
    """The empty line comes twice."""
    if scene.message.head_end is not None:
        fits: tuple[str, ...] = ("body.after-blank-line", "body.digest" if scene.body else "body.unexpected")
        fits = ("error.more-out", "body.after-blank-line") if scene.expect.raises is not None else fits
        yield Hurt("", fits, (scene.head + b"\r\n" + scene.body,), rfc=scene.invalid())


def head_truncated(scene: Scene) -> Iterator[Hurt]:
    """The bytes stop within the head: half-way, before its empty line, within the first line."""
    size = len(scene.head)
    for what, end in (
        ("half-way", size // 2),
        ("before the empty line", size - 2),
        ("at the last byte", size - 1),
        ("after 3", 3),
    ):
        yield Hurt(what, ("head.cut",), (scene.data[:end],), contract=scene.breaks(), rfc=scene.invalid())


def preceded(scene: Scene) -> Iterator[Hurt]:
    """Bytes stand before the request."""
    for what, more in (("an empty line", b"\r\n"), ("a line of text", b"hello\r\n"), ("a chunk", b"1\r\nx\r\n")):
        yield Hurt(what, ("request.preceded",), (more + scene.data,), rfc=scene.invalid())


def _only_whole(damage: Damage) -> Damage:
    def checked(scene: Scene) -> Iterator[Hurt]:
        if scene.data and scene.message.head_end is not None and not scene.is_long:
            yield from damage(scene)

    return checked


KINDS: Mapping[str, Damage] = {
    name: _only_whole(damage)
    for name, damage in {
        "method-changed": method_changed,
        "method-case-changed": method_case,
        "target-changed": target_changed,
        "target-made-absolute": target_absolute,
        "target-spoilt": target_spoilt,
        "target-asterisk": target_to_asterisk,
        "version-changed": version_changed,
        "space-doubled": space_doubled,
        "crlf-to-lf": crlf_to_lf,
        "crlf-to-cr": crlf_to_cr,
        "crlf-lost": crlf_lost,
        "blank-line-lost": blank_line_lost,
        "blank-line-doubled": blank_line_doubled,
        "head-truncated": head_truncated,
        "request-preceded": preceded,
    }.items()
}
"""The damages to a head as a whole."""
