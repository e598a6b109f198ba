"""What can be wrong with field lines: which are sent, how often, under which name, with which value, in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from wireproof._proof._scene import CODING, HOST, LENGTH, Damage, Hurt, Scene
from wireproof._wire import FieldLine, visible

_PORT = re.compile(rb"(.*?)(:[0-9]*)?", re.DOTALL)
_FRAMING = (LENGTH, CODING)
_MANY = 6


def _subject(field: FieldLine) -> str:
    return visible(field.name.lower(), 60)


def _fields(scene: Scene) -> list[FieldLine]:
    """Return the field lines that are looked at: all, or, of many, the first ones and the last."""
    fields = [field for field in scene.message.fields if field.colon]
    return fields if len(fields) <= _MANY else [*fields[: _MANY - 1], fields[-1]]


def _without(scene: Scene, field: FieldLine, line: bytes = b"") -> tuple[bytes, ...]:
    """Return the bytes with another line, or several, in the place of a field."""
    return (scene.data[: field.start] + line + scene.data[field.end :],)


def _line(scene: Scene, field: FieldLine) -> bytes:
    return scene.data[field.start : field.end]


def _is_given(scene: Scene, field: FieldLine) -> bool:
    return field.name.lower() in scene.given


def _contract(scene: Scene, field: FieldLine) -> bool | None:
    """Return what is said of the layer contract where a field is not sent as it should."""
    name = field.name.lower()
    if name in _FRAMING or not scene.is_readable:
        return None
    return scene.breaks() if _is_given(scene, field) else None if name == HOST else scene.holds()


def dropped(scene: Scene) -> Iterator[Hurt]:
    """A field line is left out."""
    for field in _fields(scene):
        name, subject = field.name.lower(), _subject(field)
        fits: tuple[str, ...] = (f"field.missing/{subject}",)
        if name in _FRAMING:
            fits = (*fits, "framing.given-dropped", "framing.missing", "framing.zero-missing")
        rfc = scene.invalid() if name == HOST else None
        yield Hurt(subject, fits, _without(scene, field), contract=_contract(scene, field), rfc=rfc)


def doubled(scene: Scene) -> Iterator[Hurt]:
    """A field line is sent twice: at once, or again behind all others."""
    for field in _fields(scene):
        subject, line = _subject(field), _line(scene, field)
        rfc = scene.invalid() if field.name.lower() in (HOST, LENGTH) else None
        contract = scene.breaks() if field.name.lower() in _FRAMING and scene.is_readable else _contract(scene, field)
        contract = None if field.name.lower() == HOST and not _is_given(scene, field) else contract
        fits: tuple[str, ...] = (f"field.repeated/{subject}",)
        yield Hurt(subject, fits, _without(scene, field, line * 2), contract=contract, rfc=rfc)
        sent = (scene.head[:-2] + line + b"\r\n" + scene.body,)
        yield Hurt(f"{subject}, at the end", fits, sent, contract=contract, rfc=rfc)


def added(scene: Scene) -> Iterator[Hurt]:
    """A field line is sent that nobody asked for: in front of the others, or behind them."""
    line, first = b"X-Wireproof-More: x\r\n", scene.message.fields[:1]
    fits: tuple[str, ...] = ("field.extra/x-wireproof-more",)
    yield Hurt("behind", fits, (scene.head[:-2] + line + b"\r\n" + scene.body,), contract=scene.holds(), rfc=False)
    for field in first:
        yield Hurt(
            "before", fits, _without(scene, field, line + _line(scene, field)), contract=scene.holds(), rfc=False
        )


def no_field(scene: Scene) -> Iterator[Hurt]:
    """A line that is no field stands in the head."""
    sent = (scene.head[:-2] + b"no field\r\n\r\n" + scene.body,)
    yield Hurt("", ("field.extra/no-colon",), sent, contract=scene.holds(), rfc=scene.invalid())


_CASES = {"lower case": bytes.lower, "upper case": bytes.upper, "title case": bytes.title}


def name_case(scene: Scene) -> Iterator[Hurt]:
    """The name of a field, or of all, is written in another case."""
    fields = _fields(scene)
    for field in fields:
        other = field.name.swapcase()
        if other != field.name and not field.folded:
            sent = _without(scene, field, other + _line(scene, field)[len(field.name) :])
            yield Hurt(
                _subject(field), ("field.name-case/" + _subject(field),), sent, contract=scene.holds(), rfc=False
            )
    for what, change in _CASES.items():
        spelled = b"".join(_spelled(scene, field, change) for field in scene.message.fields)
        start = scene.message.fields[0].start
        sent = (scene.data[:start] + spelled + scene.data[start + len(spelled) :],)
        yield Hurt(f"all in {what}", ("field.name-case",), sent, contract=scene.holds(), rfc=False)


def _spelled(scene: Scene, field: FieldLine, change: Callable[[bytes], bytes]) -> bytes:
    line = _line(scene, field)
    return change(field.name) + line[len(field.name) :] if field.colon else line


def name_changed(scene: Scene) -> Iterator[Hurt]:
    """The name of a field has a letter more."""
    for field in _fields(scene):
        name, subject = field.name.lower(), _subject(field)
        line = _line(scene, field)
        fits: tuple[str, ...] = (f"field.missing/{subject}", f"field.extra/x-{subject}")
        if name in _FRAMING:
            fits = (*fits, "framing.given-dropped", "framing.missing", "framing.zero-missing")
        rfc = scene.invalid() if name == HOST else None
        sent = _without(scene, field, b"X-" + line)
        yield Hurt(subject, fits, sent, contract=_contract(scene, field), rfc=rfc)


def name_spoilt(scene: Scene) -> Iterator[Hurt]:
    """A space stands between the name of a field and the colon."""
    for field in _fields(scene):
        name, subject = field.name.lower(), _subject(field)
        line = _line(scene, field)
        fits: tuple[str, ...] = (f"field.missing/{subject}", f"field.extra/{subject}*", f"field.repeated/{subject}*")
        if name in _FRAMING:
            fits = (*fits, "framing.given-dropped", "framing.missing", "framing.zero-missing")
        sent = _without(scene, field, field.name + b" " + line[len(field.name) :])
        yield Hurt(subject, fits, sent, rfc=scene.invalid())


def _value_codes(scene: Scene, field: FieldLine) -> tuple[str, ...]:
    name = field.name.lower()
    if name == LENGTH and not _is_given(scene, field):
        return ("length.*", "chunk.*")
    subject = _subject(field)
    more = (f"host.*/{subject}",) if name == HOST else ()
    return (f"field.value/{subject}", *more)


def value_changed(scene: Scene) -> Iterator[Hurt]:
    """The value of a field has a letter more, or its last one is another."""
    for field in _fields(scene):
        if field.folded or not field.value:
            continue
        start = field.end - 2 - len(scene.data[field.start + len(field.name) + 1 : field.end - 2].lstrip(b" \t"))
        value = scene.data[start : field.end - 2]
        for what, other in (
            ("longer", value + b"9"),
            ("last byte", value[:-1] + (b"8" if value[-1:] != b"8" else b"7")),
        ):
            sent = (scene.data[:start] + other + scene.data[field.end - 2 :],)
            contract = (
                _contract(scene, field) if field.name.lower() != HOST or _is_given(scene, field) else scene.holds()
            )
            yield Hurt(f"{_subject(field)}, {what}", _value_codes(scene, field), sent, contract=contract)


def value_case(scene: Scene) -> Iterator[Hurt]:
    """The value of a field is written in another case."""
    for field in _fields(scene):
        value = field.value.swapcase()
        if value != field.value and not field.folded and field.value.isascii():
            head, colon, rest = _line(scene, field).partition(b":")
            line = head + colon + rest.replace(field.value, value, 1)
            codes: tuple[str, ...] = (f"field.value-case/{_subject(field)}",)
            yield Hurt(_subject(field), codes, _without(scene, field, line))


def value_emptied(scene: Scene) -> Iterator[Hurt]:
    """The value of a field is missing."""
    for field in _fields(scene):
        if field.value:
            codes: tuple[str, ...] = (
                *_value_codes(scene, field),
                f"field.value-stripped/{_subject(field)}",
                f"field.value-fold/{_subject(field)}",
            )
            sent = _without(scene, field, field.name + b": \r\n")
            yield Hurt(_subject(field), codes, sent, contract=_contract(scene, field))


def value_spoilt(scene: Scene) -> Iterator[Hurt]:
    """A control byte stands behind the value of a field."""
    for field in _fields(scene):
        if field.value and not field.folded:
            line = _line(scene, field)[:-2] + b"\x01\r\n"
            sent = _without(scene, field, line)
            yield Hurt(_subject(field), _value_codes(scene, field), sent, rfc=scene.invalid())


def value_utf_8(scene: Scene) -> Iterator[Hurt]:
    """A value is sent as UTF-8."""
    for field in _fields(scene):
        if not field.value.isascii() and not field.folded:
            line = _line(scene, field).decode("latin-1").encode()
            yield Hurt(
                _subject(field),
                (f"field.value-utf-8/{_subject(field)}",),
                _without(scene, field, line),
                contract=_contract(scene, field),
                rfc=False,
            )


def value_folded(scene: Scene) -> Iterator[Hurt]:
    """A value is folded: its rest stands on a line of its own."""
    for field in _fields(scene):
        head, _, rest = _line(scene, field).partition(b":")
        value = rest[:-2].strip(b" ")
        if not field.folded and b" " in value:
            one, _, other = value.partition(b" ")
            line = head + b": " + one + b"\r\n " + other + b"\r\n"
            codes: tuple[str, ...] = (f"field.value-fold/{_subject(field)}",)
            yield Hurt(_subject(field), codes, _without(scene, field, line), rfc=scene.invalid())
        elif not field.folded and value:
            line = head + b":\r\n " + value + b"\r\n"
            codes = (
                f"field.value-fold/{_subject(field)}",
                f"field.spacing/{_subject(field)}",
                f"host.*/{_subject(field)}",
            )
            yield Hurt(_subject(field), codes, _without(scene, field, line), rfc=scene.invalid())


def value_unfolded(scene: Scene) -> Iterator[Hurt]:
    """A value that is folded is written on one line."""
    for field in _fields(scene):
        if field.folded:
            line = field.name + b": " + field.value + b"\r\n"
            codes: tuple[str, ...] = (f"field.value-fold/{_subject(field)}", f"field.value-stripped/{_subject(field)}")
            yield Hurt(_subject(field), codes, _without(scene, field, line))


def spacing(scene: Scene) -> Iterator[Hurt]:
    """The white space before a value is missing, or too much, or a TAB."""
    for field in _fields(scene):
        head, _, rest = _line(scene, field).partition(b":")
        if not field.value or field.folded:
            continue
        for what, space in (("none", b""), ("two", b"  "), ("TAB", b"\t")):
            sent = _without(scene, field, head + b":" + space + rest.lstrip(b" \t"))
            codes: tuple[str, ...] = (f"field.spacing/{_subject(field)}",)
            yield Hurt(f"{_subject(field)}, {what}", codes, sent, contract=scene.holds(), rfc=False)


def space_behind(scene: Scene) -> Iterator[Hurt]:
    """White space stands behind a value."""
    for field in _fields(scene):
        if field.value and not field.folded:
            sent = _without(scene, field, _line(scene, field)[:-2] + b" \r\n")
            codes: tuple[str, ...] = (
                f"field.value/{_subject(field)}",
                f"field.spacing/{_subject(field)}",
                "length.spelling",
            )
            yield Hurt(_subject(field), codes, sent, contract=scene.holds(), rfc=False)


def joined(scene: Scene) -> Iterator[Hurt]:
    """Several field lines of one name are joined into one."""
    fields = _fields(scene)
    for name in dict.fromkeys(scene.names):
        alike = [field for field in fields if field.name.lower() == name]
        if len(alike) > 1 and len(alike) == scene.names.count(name):
            value = b", ".join(field.value for field in alike)
            sent = scene.data
            for field in reversed(alike[1:]):
                sent = sent[: field.start] + sent[field.end :]
            first = alike[0]
            sent = sent[: first.start] + first.name + b": " + value + b"\r\n" + sent[first.end :]
            codes: tuple[str, ...] = (f"field.joined/{_subject(first)}", f"field.missing/{_subject(first)}")
            yield Hurt(_subject(first), codes, (sent,), contract=_contract(scene, first))


# order ------------------------------------------------------------------------------------------------------------


def _ordered(scene: Scene, fields: list[FieldLine]) -> tuple[bytes, ...]:
    all_fields = scene.message.fields
    start, end = all_fields[0].start, all_fields[-1].end
    return (scene.data[:start] + b"".join(_line(scene, field) for field in fields) + scene.data[end:],)


def swapped(scene: Scene) -> Iterator[Hurt]:
    """Two neighbouring field lines are exchanged."""
    fields = list(scene.message.fields)
    for index in range(min(len(fields) - 1, _MANY)):
        one, other = fields[index], fields[index + 1]
        if not (one.colon and other.colon):
            continue
        given = [_is_given(scene, one), _is_given(scene, other)]
        codes: tuple[str, ...] = ("order.caller", "order.sorted", "order.reversed", "order.repeats", "order.override")
        if not any(given):
            codes = ("order.automatic",)
        elif not all(given):
            codes = ("order.mixed", "order.behind", "order.override")
        sent = _ordered(scene, [*fields[:index], other, one, *fields[index + 2 :]])
        is_free = scene.is_readable and one.name.lower() != CODING
        what = f"{_subject(one)} and {_subject(other)}"
        said = (scene.holds(), False) if is_free else (None, None)
        yield Hurt(what, codes, sent, contract=said[0], rfc=said[1])


def reversed_(scene: Scene) -> Iterator[Hurt]:
    """The caller's field lines are sent in reverse order, or sorted."""
    fields = list(scene.message.fields)
    given = [field for field in fields if _is_given(scene, field)]
    orders = {
        "reversed": (given[::-1], ("order.reversed", "order.repeats", "order.override")),
        "sorted": (sorted(given, key=lambda field: field.name), ("order.sorted", "order.reversed", "order.override")),
    }
    for what, (others, codes) in orders.items():
        if len(given) > 1 and others != given:
            more = iter(others)
            sent = _ordered(scene, [next(more) if field in given else field for field in fields])
            said = (scene.holds(), False) if scene.is_readable and CODING not in scene.given else (None, None)
            yield Hurt(what, (*codes, "order.sorted"), sent, contract=said[0], rfc=said[1])


def behind(scene: Scene) -> Iterator[Hurt]:
    """The automatic field lines stand behind the caller's."""
    fields = scene.message.fields
    given = [field for field in fields if _is_given(scene, field)]
    automatic = [field for field in fields if not _is_given(scene, field)]
    if given and automatic:
        sent = _ordered(scene, [*given, *automatic])
        contract = scene.holds() if scene.is_readable else None
        yield Hurt("", ("order.behind", "order.override"), sent, contract=contract, rfc=False)


# Host -------------------------------------------------------------------------------------------------------------


_HOSTS: Mapping[str, tuple[tuple[str, ...], Callable[[bytes, bytes], bytes]]] = {
    "host-port-dropped": (("host.port-missing",), lambda host, port: host),
    "host-port-added": (("host.port-added",), lambda host, port: host + (port or b":80")),
    "host-brackets-dropped": (("host.brackets",), lambda host, port: host.strip(b"[]") + port),
    "host-brackets-added": (("host.brackets",), lambda host, port: b"[" + host + b"]" + port),
    "host-with-zone": (("host.zone",), lambda host, port: host.replace(b"]", b"%lo]") + port),
    "host-not-idna": (("host.idna",), lambda host, port: (b"b\xfccher" if b"xn--" in host else host) + port),
    "host-another": (("field.value/host",), lambda host, port: b"example.invalid" + port),
}


def _host(name: str) -> Damage:
    codes, change = _HOSTS[name]

    def host_changed(scene: Scene) -> Iterator[Hurt]:
        hosts = [field for field in scene.message.fields if field.name.lower() == HOST]
        if len(hosts) != 1 or HOST in scene.given:
            return
        field, found = hosts[0], _PORT.fullmatch(hosts[0].value)
        host, port = (found[1], found[2] or b"") if found is not None else (field.value, b"")
        other = change(host, port)
        if other != field.value:
            clauses = ("host.port-str",) if scene.case.connection.port in ("str", "default-as-str") else ()
            sent = _without(scene, field, field.name + b": " + other + b"\r\n")
            yield Hurt("", codes, sent, contract=scene.holds(), clauses=clauses)

    return host_changed


def _only_whole(damage: Damage) -> Damage:
    def checked(scene: Scene) -> Iterator[Hurt]:
        if scene.data and scene.message.fields and scene.message.head_end is not None and not scene.is_long:
            yield from damage(scene)

    return checked


KINDS: Mapping[str, Damage] = {
    name: _only_whole(damage)
    for name, damage in {
        "field-dropped": dropped,
        "field-doubled": doubled,
        "field-added": added,
        "line-without-colon": no_field,
        "name-case-changed": name_case,
        "name-changed": name_changed,
        "name-spoilt": name_spoilt,
        "value-changed": value_changed,
        "value-case-changed": value_case,
        "value-emptied": value_emptied,
        "value-spoilt": value_spoilt,
        "value-as-utf-8": value_utf_8,
        "value-folded": value_folded,
        "value-unfolded": value_unfolded,
        "spacing-changed": spacing,
        "space-behind-value": space_behind,
        "fields-joined": joined,
        "fields-swapped": swapped,
        "fields-reordered": reversed_,
        "automatic-fields-behind": behind,
        **{name: _host(name) for name in _HOSTS},
    }.items()
}
"""The damages to field lines."""
