"""Checks of what is built: every kind that is claimed, for every argument, arrives at the server with its value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wireproof._candidates._messages import Json
from wireproof._candidates._servers import is_redirected
from wireproof._cases._vocabulary import EFFECTS, OBSERVABLE
from wireproof._kit._results import Check, Failed, Lost, Skipped
from wireproof._kit._samples import ENDLESS, Sample, around, samples, written
from wireproof._kit._session import WITH_PIECES, Kit, Played, brought, bytes_shown, lines
from wireproof._kit._start import ARGUMENTS, HOSTS, PASSED, PORTS
from wireproof._kit._talk import seen
from wireproof._model import Connection, Recipe
from wireproof._recipes import KINDS
from wireproof._wire import Message

_MAPPINGS = ("dict", "message", "mapping", "mapping-proxy", "pairs-list")
_HOLDING_ANYTHING = ("mapping", "message", "dict", "mapping-proxy", "pairs-list")
_LISTED = 6
_FIELDS = (("X-Wireproof-One", "first value"), ("X-Wireproof-Two", "2"))
_REPEATED = (("X-Wireproof-One", "first"), ("X-Wireproof-One", "again"))
_ODD_TEXTS = ("\u00e9", "\u20ac", "\U0001f600", "\ud800", "\x00", "a\r\nb")


class _Notes:
    """What the client did otherwise, by what: one sentence in the end."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    def add(self, note: str, about: str) -> None:
        """Note something about a kind or a variant of it."""
        if note:
            self._found.setdefault(note, []).append(about)

    def __str__(self) -> str:
        return "; ".join(
            f"{note}: {', '.join(about) if len(about) <= _LISTED else f'{len(about)} kinds'}"
            for note, about in self._found.items()
        )


# method and url


def _word(argument: str, text: str) -> Check:
    def run(kit: Kit) -> str:
        notes = _Notes()
        for kind in sorted(kit.kinds(argument)):
            recipe, values = _valued(kind, text)
            played = kit.play({**kit.plain("/kit", "PUT"), argument: recipe})
            notes.add(_found(played, argument, kind, values), kind)
        for odd in _ODD_TEXTS if kit.first(("str",), argument) else ():
            kit.play({**kit.plain(), argument: Recipe("str", {"text": text + odd})})
        return str(notes)

    return Check(f"{argument}", f"{argument} arrives, in every kind that it claims", "recipes", run)


def _valued(kind: str, text: str) -> tuple[Recipe, tuple[bytes, ...]]:
    """Return a recipe of a kind that holds a word, and how that may be written; nothing where it cannot hold one."""
    fields = dict(KINDS[kind].fields)
    if KINDS[kind].role == "text":
        return Recipe(kind, {"text": text}), written(text)
    if KINDS[kind].role == "buffer" and set(fields) <= {
        "data",
        "typecode",
        "format",
        "size",
        "shape",
        "slice",
        "writable",
    }:
        return Recipe(kind, {"data": text.encode()}), (text.encode(),)
    if kind == "int":
        return Recipe(kind, {"value": 4711}), (b"4711",)
    return samples(kind, "bytes")[0].recipe, ()


def _found(played: Played, argument: str, kind: str, values: Sequence[bytes]) -> str:
    def is_there(message: Message) -> bool:
        if not values:
            return True
        part = message.method if argument == "method" else message.target
        return part in values or (argument == "url" and part.endswith(tuple(values)))

    wanted = f"a request line with {bytes_shown(values[0]) if values else 'any word'} as {argument}, given as {kind}"
    try:
        return brought(played, wanted, is_there, lines)
    except Failed:
        if kind in ("str", "str-subclass") or played.answer["type"] == "unsupported":
            raise
        return "the client makes something else of it"


# headers


def _headers(kit: Kit) -> str:
    notes = _Notes()
    for kind in sorted(kit.kinds("headers")):
        pairs = _FIELDS if kind in _MAPPINGS else ()
        recipe = _mapping(kind, pairs) if pairs else samples(kind, kit.piece)[0].recipe
        notes.add(_fields_found(kit, recipe, pairs, kind), kind)
        if kind == "message":
            notes.add(_repeat_found(kit, kind), kind)
    return str(notes)


def _text(text: str) -> Recipe:
    return Recipe("str", {"text": text})


def _mapping(kind: str, pairs: Sequence[tuple[str, str]]) -> Recipe:
    return Recipe(kind, {"items": tuple((_text(name), _text(value)) for name, value in pairs)})


def _fields_found(kit: Kit, recipe: Recipe, pairs: Sequence[tuple[str, str]], kind: str) -> str:
    def is_there(message: Message) -> bool:
        lines = [(field.name.lower(), part.strip()) for field in message.fields for part in field.value.split(b",")]
        return all((name.lower().encode(), value.encode()) in lines for name, value in pairs)

    fields = " and ".join(f"“{name}: {value}”" for name, value in pairs)
    wanted = f"a head with {fields or 'whatever a client makes of it'}, given as {kind}"
    return brought(kit.play(kit.plain(headers=recipe)), wanted, is_there, lines)


def _repeat_found(kit: Kit, kind: str) -> str:
    try:
        return _fields_found(kit, _mapping(kind, _REPEATED), _REPEATED, kind)
    except Lost:
        raise
    except Failed:
        return "not both fields of one name arrive"


def _field_kinds(kit: Kit) -> str:
    mapping = kit.first(_HOLDING_ANYTHING, "headers")
    if mapping is None:
        raise Skipped("headers not claimed")
    notes = _Notes()
    for kind in sorted(kit.claimed("fields")):
        recipe, values = _valued(kind, "X-Wireproof-Kind")
        refused = 0
        for place, pair in enumerate(((recipe, _text("v")), (_text("X-Wireproof-Kind"), recipe))):
            played = kit.play(kit.plain(headers=Recipe(mapping, {"items": (pair,)})))
            if played.answer["type"] == "unsupported" and not refused:
                refused += 1
                notes.add("unsupported", f"{kind} as {_PLACES[place]}")
                continue
            notes.add(_field_found(played, place, kind, values), f"{kind} as {_PLACES[place]}")
    return str(notes)


_PLACES = ("name", "value")


def _field_found(played: Played, place: int, kind: str, values: Sequence[bytes]) -> str:
    def is_there(message: Message) -> bool:
        found = {(field.name, field.value)[place].lower() for field in message.fields}
        return not values or any(value.lower() in found for value in values)

    what = f"a field whose {_PLACES[place]} is {bytes_shown(values[0]) if values else 'any'}, given as {kind}"
    try:
        return brought(played, what, is_there, lines)
    except Failed:
        if kind in ("str", "str-subclass") or played.answer["type"] == "unsupported":
            raise
        return "the client makes something else of it"


# bodies


def _body(kind: str) -> Check:
    def run(kit: Kit) -> str:
        notes = _Notes()
        for sample in samples(kind, kit.piece):
            played = kit.play(kit.plain(method="PUT", body=sample.recipe))
            name = f"{kind} ({sample.about})" if sample.about else kind
            if sample.about and played.answer["type"] == "unsupported":
                notes.add("unsupported", sample.about)
                continue
            notes.add(content_found(played, sample, name), sample.about or "plain")
        return str(notes)

    return Check(f"body/{kind}", KINDS[kind].about, "recipes", run)


def content_found(played: Played, sample: Sample, name: str) -> str:
    """Judge what a body has brought; return a note where the client has refused it."""

    def is_there(message: Message) -> bool:
        rest = message.data[message.body_start :]
        if sample.repeats:
            return _repeats(message.content, sample.repeats) or _repeats(rest, sample.repeats)
        return not sample.brings or message.content in sample.brings or rest in sample.brings

    def is_cut(message: Message) -> bool:
        """Say whether a client has counted a text file as it is on disk, and sent so much of what it wrote."""
        data = sample.recipe.get("data")
        if not isinstance(data, bytes) or KINDS[sample.recipe.kind].role != "text-file":
            return False
        return any(message.content == each[: len(data)] for each in sample.brings)

    def came(message: Message) -> str:
        content = message.content or message.data[message.body_start :]
        return f"{len(content)} bytes: {bytes_shown(_differing(content, sample.brings))}"

    first = sample.brings[0] if sample.brings else b""
    wanted = f"{len(first)} bytes of content out of {name}: {bytes_shown(first)}"
    if KINDS[sample.recipe.kind].role == "other":
        try:
            return brought(played, wanted, is_there, came)
        except Failed:
            if played.answer["type"] == "unsupported":
                raise
            return "the client makes something else of it"
    if is_cut(played.message) and not is_there(played.message):
        return "the client cuts it at the length of the file"
    return brought(played, wanted, is_there, came)


def _repeats(content: bytes, piece: bytes) -> bool:
    times, rest = divmod(len(content), len(piece))
    return len(content) >= ENDLESS and rest == 0 and content == piece * times


def _differing(content: bytes, brings: Sequence[bytes]) -> bytes:
    """Return what came, from shortly before the first difference on where it is far from the beginning."""
    if not brings or len(content) < 160:
        return content
    same = next((at for at, (one, two) in enumerate(zip(content, brings[0], strict=False)) if one != two), 0)
    return content[max(0, same - 16) :]


def _others(kit: Kit) -> str:
    missing = [kind for kind in KINDS if kind not in kit.kinds("body") and kind != "raise"]
    if missing:
        raise Skipped(f"not claimed: {', '.join(missing)}")
    return ""


def _pieces(kit: Kit) -> str:
    container = kit.first(WITH_PIECES, "body")
    kinds = sorted(kit.claimed("pieces") - {"raise"})
    if container is None or not kinds:
        raise Skipped("no body with pieces is claimed")
    name = "reads" if "reads" in dict(KINDS[container].fields) else "items"
    notes = _Notes()
    for kind in kinds:
        sample = samples(kind, kit.piece)[0]
        whole = sample if KINDS[kind].role in ("text", "buffer") else Sample(sample.recipe)
        inside = around(kit.piece, whole)
        fields: dict[str, object] = {name: inside.recipes}
        if container == "iterable-with-read":
            fields["items"] = inside.recipes
        between = Sample(Recipe(container, fields), inside.joined() if inside.brings else ())
        played = kit.play(kit.plain(method="PUT", body=between.recipe))
        if not inside.brings and played.answer["type"] == "unsupported":
            notes.add("unsupported", kind)
            continue
        notes.add(content_found(played, between, f"{container} with {kind} in the middle"), kind)
    return str(notes)


# the rest


def _answered(argument: str) -> Check:
    """Return the check of an argument of which nothing has to be seen."""

    def run(kit: Kit) -> str:
        kinds = sorted(kit.kinds(argument))
        if not kinds:
            raise Skipped(f"{argument} not claimed")
        notes = _Notes()
        for kind in kinds:
            played = kit.play({**kit.plain(), argument: samples(kind, kit.piece)[0].recipe})
            notes.add(brought(played, f"a request, with {argument} as {kind}", _is_any, lines), kind)
        return str(notes)

    return Check(argument, f"{argument} is passed, in every kind that it claims", "recipes", run)


def _is_any(message: Message) -> bool:
    return True


def _passed(kit: Kit) -> str:
    notes = _Notes()
    for way in PASSED:
        if way in kit.claimed("passed"):
            played = kit.play(kit.plain("/way", "PUT"), passed=way)
            notes.add(brought(played, "PUT /way", _is_way, lines), way)
    return str(notes)


def _is_way(message: Message) -> bool:
    return (message.method, message.target[-4:]) == (b"PUT", b"/way")


def _address(host: str) -> Check:
    def run(kit: Kit) -> str:
        if host not in kit.claimed("hosts"):
            raise Skipped(f"{host} not claimed")
        notes = _Notes()
        ports = [port for port in PORTS if port in kit.claimed("ports")]
        for port in ports if host == "ipv4" else ports[:1]:
            connection = Connection(host, "wireproof.test" if host == "name" else "", port)  # type: ignore[arg-type]
            if is_redirected(connection) and host != "localhost" and "names" not in kit.claimed("features"):
                raise Skipped("names not claimed")
            try:
                played = kit.play(kit.plain(), connection)
            except Skipped as error:
                notes.add(str(error), port)
                continue
            if played.answer["type"] == "unsupported":
                notes.add("unsupported", port)
                continue
            wanted = f"a request at the server that host {host} and port {port} mean"
            notes.add(brought(played, wanted, _is_any, lines), port)
        return str(notes)

    return Check(f"host/{host}", f"it connects to a host given as {host}", "requests", run)


_NAMED = {
    "blocksize": Recipe("int", {"value": 8192}),
    "source_address": Recipe("tuple", {"items": (Recipe("str", {"text": "127.0.0.1"}), Recipe("int", {"value": 0}))}),
}


def _named(kit: Kit) -> str:
    names = sorted(kit.claimed("named"))
    if not names:
        raise Skipped("named not claimed")
    notes = _Notes()
    for name in names:
        recipe = _NAMED.get(name, Recipe("int", {"value": 5}))
        played = kit.play(kit.plain(), Connection(arguments=((name, recipe),)))
        if played.answer["type"] == "unsupported":
            notes.add("unsupported", name)
            continue
        notes.add(brought(played, f"a request, with {name} given to the constructor", _is_any, lines), name)
    return str(notes)


# effects


def _effect(effect: str) -> Check:
    def run(kit: Kit) -> str:
        if effect not in kit.claimed("effects"):
            raise Skipped(f"{effect} not claimed")
        notes, told, plays = _Notes(), False, list(_observed(kit, effect))
        if not plays:
            raise Skipped(f"no kind is claimed of which {effect} is seen")
        for kind, arguments in plays:
            answer = kit.play(arguments).answer
            if effect not in (answer.get("effects") or {}):
                # what is closed has no position any more
                is_closed = (answer.get("effects") or {}).get("body.closed") is True and effect == "body.position"
                notes.add("closed" if is_closed else "not told", kind)
                told = told or is_closed
                continue
            told = True
            if not _is_right(effect, answer["effects"][effect]):
                raise Failed(f"{effect} of {kind}: {_VALUES[effect]}", seen(answer))
        if not told:
            raise Failed(f"{effect} in done, because it is claimed", seen(answer))
        return str(notes)

    return Check(f"effect/{effect}", EFFECTS[effect].replace("`", ""), "effects", run)


def _observed(kit: Kit, effect: str) -> Iterator[tuple[str, dict[str, Recipe]]]:
    if effect == "headers":
        for kind in _MAPPINGS:
            if kind in kit.kinds("headers"):
                yield kind, kit.plain(headers=_mapping(kind, _FIELDS))
        return
    for kind, seen_of in OBSERVABLE.items():
        if kind in kit.kinds("body") and effect in seen_of and kind != "endless":
            yield kind, kit.plain(method="PUT", body=samples(kind, kit.piece)[0].recipe)


def _is_right(effect: str, value: object) -> bool:
    if effect in ("headers", "body.content"):
        return value in ("unchanged", "changed")
    if effect == "body.closed":
        return isinstance(value, bool)
    if effect == "body.reads":
        return isinstance(value, list) and all(each is None or _is_number(each, -1) for each in value)
    return _is_number(value, 0)


def _is_number(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


_CHANGED = "unchanged or changed"
_VALUES = {
    "headers": _CHANGED,
    "body.content": _CHANGED,
    "body.closed": "true or false",
    "body.reads": "a list of numbers and null",
    "body.position": "a number",
    "body.pulled": "a number",
    "body.iterated": "a number",
}


def _unsupported(kit: Kit) -> str:
    for argument in ("body", "headers", "url", "method"):
        for kind in KINDS:
            if kind in kit.kinds(argument) or kind == "raise":
                continue
            played = kit.play({**kit.plain(), argument: samples(kind, "bytes")[0].recipe})
            # nobody asks for that: doing it all the same does no harm
            return "" if played.answer["type"] == "unsupported" else f"it passes {argument} as {kind} all the same"
    raise Skipped("it claims every kind")


def checks(hello: Json) -> list[Check]:
    """Return the checks of what a driver builds that has said this hello."""
    claimed = hello["can"]["arguments"].get("body", ())
    return [
        _word("method", "PUT"),
        _word("url", "/kit/a;b?c=d%20e"),
        Check("headers", "header fields arrive, in every mapping that it claims", "recipes", _headers),
        Check("fields", "names and values of fields arrive, in every kind that it claims", "recipes", _field_kinds),
        *(_answered(argument) for argument in ARGUMENTS[4:]),
        Check("passed", "arguments are passed in every way that it claims", "requests", _passed),
        *(_body(kind) for kind in KINDS if kind in claimed and kind != "raise"),
        Check("body", "bodies of every kind", "recipes", _others),
        Check("pieces", "pieces of bodies arrive in order, in every kind that it claims", "recipes", _pieces),
        Check("unsupported", "a kind that it does not claim is no end of the driver", "requests", _unsupported),
        *(_address(host) for host in HOSTS),
        Check("named", "further arguments of the constructor are given", "requests", _named),
        *(_effect(effect) for effect in EFFECTS),
    ]
