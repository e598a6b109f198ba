"""What can be wrong with Content-Length and Transfer-Encoding: which of them is sent, and what the length says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wireproof._proof._scene import CODING, LENGTH, Damage, Hurt, Scene, chunked
from wireproof._wire import parse_chunked

_CODED = b"Transfer-Encoding: chunked\r\n"


def _field(scene: Scene, name: bytes) -> tuple[int, int] | None:
    """Return where the one field of that name stands, unless it is the caller's."""
    found = [field for field in scene.message.fields if field.name.lower() == name]
    return (found[0].start, found[0].end) if len(found) == 1 and name not in scene.given else None


def _is_free(scene: Scene) -> bool:
    """Say whether the caller gives neither of the two, so that the framing is the client's."""
    is_known = scene.meaning.role != "none" or scene.message.method.isupper()
    return scene.is_spoken_of and is_known and not {LENGTH, CODING} & scene.given


def coding_for_length(scene: Scene) -> Iterator[Hurt]:
    """A body whose length is known is chunk-encoded."""
    place = _field(scene, LENGTH)
    if place is not None and scene.chunks is None and CODING not in scene.names:
        head = scene.data[: place[0]] + _CODED + scene.data[place[1] : len(scene.head)]
        contract = scene.breaks() if _is_free(scene) else None
        pieces = [scene.body] if scene.body else []
        fits: tuple[str, ...] = ("framing.chunked-instead-of-length", "body.digest")
        yield Hurt("and chunks", fits, (head + chunked(pieces),), contract=contract, rfc=False)
        rfc = None if parse_chunked(scene.body).complete else scene.invalid()
        yield Hurt("and no chunks", fits, (head + scene.body,), contract=contract, rfc=rfc)


def length_for_coding(scene: Scene) -> Iterator[Hurt]:
    """A body that is to be chunk-encoded is sent as it is, with its length."""
    place = _field(scene, CODING)
    if place is not None and scene.chunks is not None and LENGTH not in scene.names:
        content = scene.chunks.content
        line = b"Content-Length: %d\r\n" % len(content)
        head = scene.data[: place[0]] + line + scene.data[place[1] : len(scene.head)]
        contract = scene.breaks() if _is_free(scene) else None
        fits: tuple[str, ...] = ("framing.length-instead-of-chunked",)
        yield Hurt("", fits, (head + content,), contract=contract, rfc=False)
        line = b"Content-Length: %d\r\n" % len(scene.body)
        head = scene.data[: place[0]] + line + scene.data[place[1] : len(scene.head)]
        yield Hurt("with the chunks", fits, (head + scene.body,), contract=contract)


def both(scene: Scene) -> Iterator[Hurt]:
    """The other one of the two is sent as well."""
    kinds = {LENGTH, CODING} & set(scene.names)
    if len(kinds) != 1 or {LENGTH, CODING} & (scene.given - set(scene.names)):
        return
    line = _CODED if LENGTH in kinds else b"Content-Length: %d\r\n" % len(scene.body)
    sent = (scene.head[:-2] + line + b"\r\n" + scene.body,)
    contract = scene.breaks() if scene.is_spoken_of else None
    yield Hurt(line.partition(b":")[0].decode(), ("framing.both",), sent, contract=contract, rfc=scene.invalid())


def added(scene: Scene) -> Iterator[Hurt]:
    """One of the two is sent although there is no body."""
    if {LENGTH, CODING} & set(scene.names) or scene.body:
        return
    for line, code, more in (
        (b"Content-Length: 0\r\n", "framing.length-added", b""),
        (_CODED, "framing.coding-added", b"0\r\n\r\n"),
    ):
        sent = (scene.head[:-2] + line + b"\r\n" + more,)
        contract = scene.breaks() if _is_free(scene) else None
        yield Hurt(line.partition(b":")[0].decode(), (code,), sent, contract=contract, rfc=False)


# what the length says ---------------------------------------------------------------------------------------------


def _numbers(scene: Scene, length: int) -> dict[str, tuple[int, ...]]:
    """Return the wrong numbers that have a code of their own."""
    items, text = scene.meaning.items, scene.meaning.text
    return {
        "length.off-by-one": (length + 1, max(0, length - 1)),
        "length.zero": (0,),
        "length.doubled": (2 * length,),
        "length.items": () if items is None else (items,),
        "length.utf-8": () if text is None else (len(text.encode("utf-8", "surrogatepass")),),
        "length.wrong": (length + 17,),
    }


def length_wrong(scene: Scene) -> Iterator[Hurt]:
    """Content-Length is another number than that of the bytes."""
    place = _field(scene, LENGTH)
    if place is None:
        return
    numbers = _numbers(scene, len(scene.body))
    for number in dict.fromkeys(number for each in numbers.values() for number in each):
        if number != len(scene.body):
            fits: tuple[str, ...] = tuple(code for code, each in numbers.items() if number in each)
            sent = (scene.data[: place[0]] + b"Content-Length: %d\r\n" % number + scene.data[place[1] :],)
            contract = scene.breaks() if _is_free(scene) else None
            yield Hurt(f"{number} for {len(scene.body)}", fits, sent, contract=contract, rfc=scene.invalid())


def length_spelling(scene: Scene) -> Iterator[Hurt]:
    """Content-Length is written otherwise: with a leading zero, or as no number at all."""
    place = _field(scene, LENGTH)
    if place is None:
        return
    length = b"%d" % len(scene.body)
    for what, code, value, rfc in (
        ("a leading zero", "length.spelling", b"0" + length, False),
        ("a sign", "length.not-a-number", b"+" + length, True),
        ("hexadecimal", "length.not-a-number", b"0x%X" % len(scene.body), True),
        ("twice", "length.not-a-number", length + b", " + length, True),
    ):
        sent = (scene.data[: place[0]] + b"Content-Length: " + value + b"\r\n" + scene.data[place[1] :],)
        yield Hurt(what, (code,), sent, rfc=scene.invalid() if rfc else False)


def coding_wrong(scene: Scene) -> Iterator[Hurt]:
    """Transfer-Encoding says something else: not chunked, chunked twice, or no list of codings."""
    place = _field(scene, CODING)
    if place is None:
        return
    for what in ("identity", "chunked, chunked", "chunked;", "chunked gzip"):
        sent = (scene.data[: place[0]] + b"Transfer-Encoding: " + what.encode() + b"\r\n" + scene.data[place[1] :],)
        contract = scene.breaks() if _is_free(scene) else None
        yield Hurt(what, ("field.value/transfer-encoding",), sent, contract=contract, rfc=scene.invalid())


def coding_misspelt(scene: Scene) -> Iterator[Hurt]:
    """Transfer-Encoding ends in chunked, and before that stands something that is no coding."""
    place = _field(scene, CODING)
    if place is not None:
        sent = (scene.data[: place[0]] + b"Transfer-Encoding: gzip;, chunked\r\n" + scene.data[place[1] :],)
        yield Hurt("gzip;, chunked", ("field.value/transfer-encoding",), sent, rfc=scene.invalid())


def _only_whole(damage: Damage) -> Damage:
    def checked(scene: Scene) -> Iterator[Hurt]:
        if scene.is_whole and scene.message.head_end is not None:
            yield from damage(scene)

    return checked


KINDS: Mapping[str, Damage] = {
    name: _only_whole(damage)
    for name, damage in {
        "coding-for-length": coding_for_length,
        "length-for-coding": length_for_coding,
        "length-and-coding": both,
        "framing-added": added,
        "length-wrong": length_wrong,
        "length-misspelt": length_spelling,
        "coding-wrong": coding_wrong,
        "coding-misspelt": coding_misspelt,
    }.items()
}
"""The damages to framing fields."""
