"""Differences in the field lines: which are sent and how often, what they say, and in which order they stand.

The framing fields are looked at in ``_diff_framing`` where the client makes them, and here where the caller gives
them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from wireproof._judge._diff_framing import explained, is_automatic
from wireproof._judge._diff_view import CODING, LENGTH, SHORT, View, hexed, plain
from wireproof._model import Difference
from wireproof._wire import FieldLine, visible

CODES: Mapping[str, str] = {
    "field.missing": "A field line is missing.",
    "field.extra": "A field line is sent that nobody asked for.",
    "field.repeated": "A field is sent more often than asked for.",
    "field.joined": "Several field lines of one name were joined into one.",
    "field.name-case": "The case of a field name was changed.",
    "field.spacing": "The white space between name and value is another one.",
    "field.value-utf-8": "A value is sent as UTF-8 instead of ISO-8859-1.",
    "field.value-replaced": "Characters of a value were replaced by question marks.",
    "field.value-repr": "The Python notation of a value is sent in place of the value.",
    "field.value-stripped": "White space around a value was taken away.",
    "field.value-fold": "The folding of a value was changed.",
    "field.value-case": "The case of a value was changed.",
    "field.value": "A value is another one.",
    "host.port-missing": "Host lacks the port.",
    "host.port-added": "Host has a port that it must not show.",
    "host.brackets": "The brackets of an IPv6 address in Host are wrong.",
    "host.zone": "Host shows the zone of an IPv6 address, or lacks it.",
    "host.idna": "The host name in Host is not IDNA-encoded.",
    "order.sorted": "The caller's field lines are sorted.",
    "order.reversed": "The caller's field lines are in reverse order.",
    "order.caller": "The caller's field lines are in another order.",
    "order.repeats": "The caller's field lines of one name are in another order.",
    "order.override": "A field of the caller's that replaces an automatic one was moved.",
    "order.automatic": "The automatic field lines are in another order.",
    "order.behind": "Automatic field lines stand behind the caller's.",
    "order.mixed": "The caller's and the automatic field lines are mixed in another way.",
}


# field lines: which, and how often --------------------------------------------------------------------------------


def fields(view: View) -> Iterator[Difference]:
    """Clauses headers.sent, auto.host, auto.accept-encoding, auto.nothing-else, and those of values and names."""
    want, got, skipped = view.want.fields, view.got.fields, explained(view)
    wanted, came = _by_name(want), _by_name(got)
    found = [
        each
        for name in {**wanted, **came}
        if name not in skipped
        for each in _named(view, name, wanted.get(name, []), came.get(name, []))
    ]
    for code in _SPELLED:
        alike = [difference for difference in found if difference.code == code]
        if len(alike) > 1:
            found[found.index(alike[0])] = replace(
                alike[0], text=f"{alike[0].text} So it is with {len(alike)} field lines."
            )
            found = [difference for difference in found if difference not in alike[1:]]
    yield from found


_SPELLED = ("field.name-case", "field.spacing")  # one fault, however many field lines it touches


def _by_name(fields: tuple[FieldLine, ...]) -> dict[bytes, list[FieldLine]]:
    found: dict[bytes, list[FieldLine]] = {}
    for field in fields:
        found.setdefault(field.name.lower(), []).append(field)
    return found


def _named(view: View, name: bytes, want: list[FieldLine], got: list[FieldLine]) -> Iterator[Difference]:
    if not want:
        yield _extra(view, name, got)
    elif not got:
        if view.got.head_end is not None:
            yield _missing(view, name, want[0])
    elif len(got) > len(want):
        yield _repeated(view, name, want, got)
    elif len(got) < len(want):
        yield _joined(view, name, want, got) if len(got) == 1 else _missing(view, name, _first_missing(want, got))
    elif Counter(map(_key, want)) != Counter(map(_key, got)):
        pairs = zip(want, got, strict=True)
        yield from (_changed(view, one, other) for one, other in pairs if one.raw != other.raw)


def _key(field: FieldLine) -> bytes:
    return field.raw


def _line(view: View, field: FieldLine) -> str:
    return view.show(field.raw)


def _extra(view: View, name: bytes, got: list[FieldLine]) -> Difference:
    line = got[0]
    if not line.colon:
        text = f"A line that is no field stands in the head: {_line(view, line)}"
        return view.found("field.extra", "no-colon", text, "auto.nothing-else", line.start)
    text = f"The field line {_line(view, line)} is sent although nobody asked for it."
    return view.found("field.extra", plain(name), text, "auto.nothing-else", line.start)


_AUTOMATIC = {b"host": "auto.host", b"accept-encoding": "auto.accept-encoding"}
_GIVEN = {LENGTH: "framing.caller-length", CODING: "framing.caller-coding"}


def _clause(view: View, name: bytes) -> str:
    return (_GIVEN if view.gives(name) else _AUTOMATIC).get(name, "headers.sent")


def _first_missing(want: list[FieldLine], got: list[FieldLine]) -> FieldLine:
    raws = [field.raw for field in got]
    return next((field for field in want if field.raw not in raws), want[-1])


def _missing(view: View, name: bytes, line: FieldLine) -> Difference:
    whose = "The caller's field line" if view.gives(name) else "The automatic field line"
    text = f"{whose} {_line(view, line)} is missing."
    return view.found("field.missing", plain(name), text, _clause(view, name))


def _joined(view: View, name: bytes, want: list[FieldLine], got: list[FieldLine]) -> Difference:
    values = [field.value for field in want]
    if _named_in_bytes(view, name):
        text = f"The field line {_line(view, want[0])} is missing beside the caller's, whose name is bytes."
        return view.found("field.missing", plain(name), text, "headers.bytes-name", got[0].start)
    if got[0].value not in (b", ".join(values), b",".join(values), b"; ".join(values)):
        only = f"only {_line(view, got[0])} is sent of {len(want)} field lines of this name"
        text = f"The field line {_line(view, _first_missing(want, got))} is missing: {only}."
        headers = view.sight.request.get("headers")
        is_dict = headers is None or headers.kind == "dict"
        clause = _clause(view, name) if is_dict or name in _GIVEN else "headers.only-items"
        return view.found("field.missing", plain(name), text, clause, got[0].start, "fields are kept in a dict by name")
    text = f"{len(want)} field lines {visible(want[0].name, SHORT)} were joined into one: {_line(view, got[0])}"
    return view.found("field.joined", plain(name), text, "headers.sent", got[0].start, "', '.join() over repeats")


def _named_in_bytes(view: View, name: bytes) -> bool:
    return view.gives(name) and not view.sight.gives(name)


def _repeated(view: View, name: bytes, want: list[FieldLine], got: list[FieldLine]) -> Difference:
    raws = [field.raw for field in want]
    more = next((field for field in reversed(got) if field.raw not in raws), got[-1])
    text = (
        f"The field {visible(want[0].name, SHORT)} is sent {len(got)} times instead of {len(want)}: "
        f"{_line(view, more)} is one too many."
    )
    clause = "headers.sent"
    if name in _AUTOMATIC:
        clause = f"{_AUTOMATIC[name]}-override" if view.gives(name) else _AUTOMATIC[name]
    elif is_automatic(name):
        clause = "framing.one-only"
    other_case = clause != "headers.sent" and view.gives(name) and len({field.name for field in got}) > 1
    cause = "names are compared with regard to case" if other_case else ""
    return view.found("field.repeated", plain(name), text, clause, more.start, cause)


# field lines: what they say ---------------------------------------------------------------------------------------


def _changed(view: View, want: FieldLine, got: FieldLine) -> Difference:
    name = want.name.lower()
    want_value, got_value = want.raw[len(want.name) + 1 :], got.raw[len(got.name) + 1 :]
    if want_value == got_value:
        clause = "headers.name-case" if view.gives(name) else "auto.name-case"
        text = f"The field name {view.show(want.name)} is written {view.show(got.name)}."
        return view.found("field.name-case", plain(name), text, clause, got.start, _case_cause(want.name, got.name))
    code, how, clause, cause = _value(view, name, want_value, got_value)
    if code == "field.value":
        clause = _OF_KIND.get(_kind(view, name), clause)
    if want_value.strip() != got_value.strip():
        want_value, got_value = want_value.strip(b" "), got_value.strip(b" ")
    text = f"The value of {visible(want.name, SHORT)} {how}: {view.show(got_value)}, expected {view.show(want_value)}."
    return view.found(code, plain(name), text, clause or _clause(view, name), got.start, cause)


_OF_KIND = {"int": "headers.value-int", "bool": "headers.value-int", "bytes": "headers.value-bytes"}


def _kind(view: View, name: bytes) -> str:
    """Return the kind of the caller's value of a field, "" where it is not the caller's."""
    headers = view.sight.request.get("headers")
    pairs = headers.get("items") if headers is not None and view.sight.given else None
    kinds = zip(view.sight.given or (), pairs if isinstance(pairs, tuple) else (), strict=False)
    return next((pair[1].kind for (key, _), pair in kinds if (key or b"").lower() == name), "")


def _case_cause(want: bytes, got: bytes) -> str:
    changes: Mapping[str, Callable[[bytes], bytes]] = {
        "name.lower()": bytes.lower,
        "name.upper()": bytes.upper,
        "name.title()": bytes.title,
        "name.capitalize()": bytes.capitalize,
    }
    return next((cause for cause, change in changes.items() if change(want) == got), "")


_Value = tuple[str, str, str, str]  # code, how, clause, cause


def _value(view: View, name: bytes, want: bytes, got: bytes) -> _Value:
    if name == b"host" and want.strip() != got.strip():
        host = _host(view, want.strip(), got.strip())
        if host is not None:
            return host
    return next(
        ((code, how(want, got), clause, cause) for code, how, clause, cause, test in _VALUES if test(want, got))
    )


def _unfolded(value: bytes) -> bytes:
    return re.sub(rb"[ \t\r\n]+", b" ", value).strip()


def _breaks(value: bytes) -> list[bytes]:
    return re.findall(rb"[\r\n]+", value)


def _is_kept(want: bytes, got: bytes) -> bool:
    return got != b" " + want.strip()


def _utf_8(value: bytes) -> bytes:
    return value.decode("latin-1").encode()


def _repr(value: bytes) -> tuple[bytes, ...]:
    text = value.strip()
    return repr(text).encode(), repr(text.decode("latin-1")).encode()


def _says(text: str) -> Callable[[bytes, bytes], str]:
    return lambda want, got: text


def _as_utf_8(want: bytes, got: bytes) -> str:
    high = re.search(rb"[\x80-\xff]", want)
    byte = high[0] if high else b""
    char = byte.decode("latin-1")
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return f"is sent as UTF-8 instead of ISO-8859-1 ({shown} went out as {hexed(_utf_8(byte))}, expected {hexed(byte)})"


_VALUES: tuple[tuple[str, Callable[[bytes, bytes], str], str, str, Callable[[bytes, bytes], bool]], ...] = (
    (
        "field.spacing",
        _says("has other white space before it"),
        "",
        "",
        lambda want, got: want.lstrip(b" \t") == got.lstrip(b" \t"),
    ),
    (
        "field.value-fold",
        _says("is folded in another way"),
        "headers.value-folding",
        "line breaks are taken out, or put in",
        lambda want, got: _unfolded(want) == _unfolded(got) and _breaks(want) != _breaks(got) and _is_kept(want, got),
    ),
    (
        "field.value-stripped",
        _says("lost the white space around it"),
        "headers.sent",
        "value.strip()",
        lambda want, got: want.strip() == got.strip() and len(got) < len(want),
    ),
    (
        "field.value-utf-8",
        _as_utf_8,
        "headers.value-latin-1",
        "str.encode() without an encoding argument gives UTF-8",
        lambda want, got: _utf_8(want) == got,
    ),
    (
        "field.value-replaced",
        _says("has ? in place of characters"),
        "headers.value-latin-1",
        "encode('ascii', 'replace')",
        lambda want, got: re.sub(rb"[\x80-\xff]", b"?", want) == got,
    ),
    (
        "field.value-repr",
        _says("is sent in Python's notation"),
        "headers.value-bytes",
        "str() or an f-string of bytes",
        lambda want, got: got.strip() in _repr(want),
    ),
    (
        "field.value-fold",
        _says("is folded in another way"),
        "headers.value-folding",
        "line breaks are taken out, or put in",
        lambda want, got: _unfolded(want) == _unfolded(got) and want.strip() != got.strip(),
    ),
    ("field.value-case", _says("was changed in case"), "", "", lambda want, got: want.lower() == got.lower()),
    ("field.value", _says("is another one"), "", "", lambda want, got: True),
)


def _host(view: View, want: bytes, got: bytes) -> _Value | None:
    """Clauses host.*, unless the caller gives Host."""
    if view.gives(b"host"):
        return None
    for code, how, clause, cause, test in _HOSTS:
        if test(want, got):
            return code, how, clause, cause
    url = view.sight.url or ""
    clause = "host.absolute-url" if re.match("https?://", url) else "auto.host"
    clause = "host.other-scheme" if clause == "auto.host" and re.match("([A-Za-z][A-Za-z0-9+.-]*:)?//", url) else clause
    return "field.value", "is another one", clause, ""


def _bare(host: bytes) -> bytes:
    return host.replace(b"[", b"").replace(b"]", b"")


def _without_zone(host: bytes) -> bytes:
    return re.sub(rb"%[^\]:]*", b"", host)


def _with_port(host: bytes, other: bytes) -> bool:
    return re.fullmatch(re.escape(host) + rb":[0-9]*", other) is not None


_HOSTS: tuple[tuple[str, str, str, str, Callable[[bytes, bytes], bool]], ...] = (
    ("host.port-missing", "lacks the port", "auto.host", "", lambda want, got: _with_port(got, want)),
    (
        "host.port-added",
        "shows a port that it must leave out",
        "host.default-port",
        "",
        lambda want, got: _with_port(want, got),
    ),
    ("host.brackets", "has wrong brackets", "host.ipv6-brackets", "", lambda want, got: _bare(want) == _bare(got)),
    (
        "field.value-case",
        "was changed in case",
        "auto.host",
        "",
        lambda want, got: want.lower() == got.lower(),
    ),
    (
        "host.zone",
        "differs in the zone of the address",
        "host.ipv6-zone",
        "",
        lambda want, got: _without_zone(want) == _without_zone(got),
    ),
    (
        "host.idna",
        "is not IDNA-encoded",
        "host.idna",
        "the host is encoded as it is",
        lambda want, got: b"xn--" in want and not got.isascii(),
    ),
)


# field lines: their order -----------------------------------------------------------------------------------------

_Place = tuple[bytes, bytes]  # the lower-case name, and the line where it tells repeats apart
_OVERRIDES = (b"host", b"accept-encoding")


def order(view: View) -> Iterator[Difference]:
    """Clauses headers.order, auto.order, and the place of the caller's Host and Accept-Encoding."""
    want, got = _places(view.want.fields, view.got.fields), _places(view.got.fields, view.want.fields)
    if want == got:
        return
    common = _common(view.got.fields, view.want.fields)
    at = next(field.start for field, one, other in zip(common, want, got, strict=True) if one != other)
    moved = _only(want, view.caller & {*_OVERRIDES})
    if moved and _in_automatic_place(view) and _without(want, moved) == _without(got, moved):
        yield _moved(view, moved, at)
        return
    caller, got_caller = _only(want, view.caller), _only(got, view.caller)
    if caller != got_caller:
        yield _caller_order(view, caller, got_caller, at)
    else:
        yield _automatic_order(view, want, got, at)


def _common(fields: tuple[FieldLine, ...], others: tuple[FieldLine, ...]) -> list[FieldLine]:
    """Return the fields that both sides have equally often."""
    here, there = (Counter(field.name.lower() for field in side) for side in (fields, others))
    return [field for field in fields if here[field.name.lower()] == there[field.name.lower()]]


def _places(fields: tuple[FieldLine, ...], others: tuple[FieldLine, ...]) -> list[_Place]:
    values, same = ({(field.name.lower(), field.raw) for field in side} for side in (fields, others))
    return [(field.name.lower(), field.raw if values == same else b"") for field in _common(fields, others)]


def _only(places: list[_Place], names: frozenset[bytes]) -> list[_Place]:
    return [place for place in places if place[0] in names]


def _without(places: list[_Place], others: list[_Place]) -> list[_Place]:
    return [place for place in places if place not in others]


def _names(places: list[_Place]) -> str:
    return ", ".join(visible(name, 30) for name, _ in places[:8]) + (", …" if len(places) > 8 else "")


def _in_automatic_place(view: View) -> bool:
    """Say whether Host and Accept-Encoding stand where the automatic ones would."""
    names = [field.name.lower() for field in view.got.fields]
    first = [name for name in _OVERRIDES if name in names]
    return names[: len(first)] == first


def _moved(view: View, moved: list[_Place], at: int) -> Difference:
    name = moved[0][0]
    text = f"The caller's {_names(moved)} does not keep its own place among the field lines."
    clause = f"{_AUTOMATIC[name]}-override"
    return view.found("order.override", plain(name), text, clause, at, "it is sent in the place of the automatic one")


def _caller_order(view: View, want: list[_Place], got: list[_Place], at: int) -> Difference:
    names = [field.name for field in view.got.fields if field.name.lower() in view.caller]
    if [name for name, _ in got] == [name for name, _ in want]:
        code, how, cause = "order.repeats", "those of one name are exchanged", ""
    elif names in (sorted(names), sorted(names, key=bytes.lower)):
        code, how, cause = "order.sorted", "they are sorted by name", "sorted(headers.items())"
    elif got == want[::-1]:
        code, how, cause = "order.reversed", "they are reversed", "reversed(), or each is put in front of the others"
    else:
        how = f"{_names(got)} instead of {_names(want)}"
        code, cause = "order.caller", "the order of a set or of a hash table"
    text = f"The caller's field lines are in another order: {how}."
    return view.found(code, "caller", text, "headers.order", at, cause)


def _automatic_order(view: View, want: list[_Place], got: list[_Place], at: int) -> Difference:
    caller = _only(want, view.caller)
    automatic, got_automatic = _without(want, caller), _without(got, caller)
    code, cause = "order.mixed", ""
    text = f"The automatic and the caller's field lines are mixed: {_names(got)} instead of {_names(want)}."
    if automatic != got_automatic:
        code, how = "order.automatic", f"{_names(got_automatic)} instead of {_names(automatic)}"
        text = f"The automatic field lines are in another order: {how}."
    elif got == caller + automatic:
        code, cause = "order.behind", "defaults are put to the caller's mapping"
        text = f"The automatic field lines ({_names(automatic)}) stand behind the caller's instead of before them."
    return view.found(code, "automatic", text, "auto.order", at, cause)
