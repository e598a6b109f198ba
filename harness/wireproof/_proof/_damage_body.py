"""What can be wrong with a body: its bytes, its pieces, its encoding, where it begins and where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wireproof._model import Digest, Recipe
from wireproof._proof._scene import CODING, LENGTH, Damage, Hurt, Scene, changed_byte, chunked

_SOMETHING = b"#"


def _content(scene: Scene) -> bytes:
    return scene.body if scene.chunks is None else scene.chunks.content


def _pieces(scene: Scene) -> list[bytes]:
    """Return the pieces of the body as they are sent."""
    if scene.chunks is None:
        return list(scene.meaning.pieces or ())
    return [chunk.data for chunk in scene.chunks.chunks]


def _framed(scene: Scene, pieces: list[bytes]) -> tuple[bytes, ...]:
    """Return the call with other pieces, framed like the right ones."""
    if scene.chunks is None:
        return (scene.head + b"".join(pieces),)
    return (scene.head + chunked([piece for piece in pieces if piece], last=scene.chunks.last is not None),)


def _codes(scene: Scene, content: bytes) -> tuple[str, ...]:
    """Return the codes that say how one content differs from another."""
    right = _content(scene)
    codes = {
        "body.missing": not content,
        "body.twice": content == right * 2,
        "body.truncated": right.startswith(content),
        "body.beginning-missing": right.endswith(content),
        "body.extended": content.startswith(right),
        "body.preceded": content.endswith(right),
        "body.stripped": content in (right.strip(), right.lstrip(), right.rstrip()),
        "body.dropped": content == right.decode("latin-1").encode("ascii", "ignore"),
        "body.other-side": content in _sides(scene),
        "body.not-chunked": scene.chunks is not None and chunked([content] if content else []) == right,
        "body.digest": isinstance(scene.expect.body, Digest),
        "body.rewound": content == (scene.meaning.whole or b"")[: max(len(right), len(content))],
    }
    return tuple(code for code, holds in codes.items() if holds) or ("body.changed",)


def _contract(scene: Scene) -> bool | None:
    """Return what is said of the layer contract where the content is another one."""
    is_said = scene.is_spoken_of and scene.meaning.role != "none"
    return scene.breaks() if is_said and _content(scene) == scene.meaning.content else None


def _rfc(scene: Scene, content: bytes) -> bool | None:
    """Return what is said of the layer rfc where the content is another one."""
    if scene.chunks is not None:
        return False
    if CODING in scene.names or LENGTH in scene.given:
        return None
    return False if len(content) == len(scene.body) else scene.invalid()


def _hurt(scene: Scene, what: str, pieces: list[bytes], *codes: str) -> Hurt:
    content = b"".join(pieces)
    found = (*codes, *_codes(scene, content))
    return Hurt(what, found, _framed(scene, pieces), contract=_contract(scene), rfc=_rfc(scene, content))


def _places(size: int) -> dict[str, int]:
    return {"first": 0, "middle": size // 2, "last": size - 1}


def _each_byte(scene: Scene) -> Iterator[tuple[str, list[bytes], int, int]]:
    """Yield the places in the body to damage: what they are called, the pieces, the piece, and the offset in that."""
    pieces = [piece for piece in (_pieces(scene) or [scene.body]) if piece]
    if b"".join(pieces) != _content(scene) or not pieces:
        pieces = [_content(scene)]
    for what, at in _places(sum(map(len, pieces))).items():
        for index, piece in enumerate(pieces):
            if at < len(piece):
                yield what, pieces, index, at
                break
            at -= len(piece)


_OTHER = ("body.changed", "body.newlines", "body.replaced", "body.code-page", "body.sorted", "body.reversed")


def byte_changed(scene: Scene) -> Iterator[Hurt]:
    """One byte of the content is another one."""
    for what, pieces, index, at in _each_byte(scene):
        other = changed_byte(pieces[index], at)
        codes: tuple[str, ...] = (
            "body.changed",
            "body.newlines",
            "body.replaced",
            "body.code-page",
            "body.sorted",
            "body.reversed",
        )
        yield _hurt(scene, what, [*pieces[:index], other, *pieces[index + 1 :]], *codes)


_ONE = ("body.element-missing", "body.newlines", "body.dropped", "body.changed")


def byte_lost(scene: Scene) -> Iterator[Hurt]:
    """One byte of the content is missing."""
    for what, pieces, index, at in _each_byte(scene):
        other = pieces[index][:at] + pieces[index][at + 1 :]
        yield _hurt(scene, what, [*pieces[:index], other, *pieces[index + 1 :]], *_ONE)


def byte_added(scene: Scene) -> Iterator[Hurt]:
    """The content has one byte more."""
    for what, pieces, index, at in _each_byte(scene):
        place = at + (what == "last")
        other = pieces[index][:place] + _SOMETHING + pieces[index][place:]
        yield _hurt(scene, what, [*pieces[:index], other, *pieces[index + 1 :]], "body.changed", "body.joined")


def truncated(scene: Scene) -> Iterator[Hurt]:
    """The second half of the content is missing, the framing is right."""
    content = _content(scene)
    if len(content) > 1:
        yield _hurt(scene, "half", [content[: len(content) // 2]], "body.element-missing", "body.newlines")


def missing(scene: Scene) -> Iterator[Hurt]:
    """The body is missing."""
    yield _hurt(scene, "", [])


def twice(scene: Scene) -> Iterator[Hurt]:
    """The content is sent twice."""
    pieces = [piece for piece in _pieces(scene) or [scene.body] if piece]
    yield _hurt(scene, "", pieces * 2, "body.element-repeated")


def line_end_added(scene: Scene) -> Iterator[Hurt]:
    """A line end stands behind the content."""
    pieces = _pieces(scene) or [scene.body]
    for what, end in (("CRLF", b"\r\n"), ("LF", b"\n")):
        yield _hurt(scene, what, [*pieces[:-1], pieces[-1] + end], "body.newlines", "body.joined")


def other_encoding(scene: Scene) -> Iterator[Hurt]:
    """The content is sent in another encoding."""
    text = _content(scene).decode("latin-1")
    for code, encoding, errors in (
        ("body.utf-8", "utf-8", "strict"),
        ("body.utf-8", "utf-8-sig", "strict"),
        ("body.utf-16", "utf-16-le", "strict"),
        ("body.replaced", "ascii", "replace"),
        ("body.dropped", "ascii", "ignore"),
    ):
        content = text.encode(encoding, errors)
        if content != _content(scene) and len(content) < 4096:
            yield _hurt(
                scene, f"{encoding}, {errors}", [content], code, "body.code-page", "body.newlines", "body.rewound"
            )


def newlines(scene: Scene) -> Iterator[Hurt]:
    """Line ends of the content are translated."""
    content = _content(scene)
    for what, other in (("to CRLF", content.replace(b"\n", b"\r\n")), ("to LF", content.replace(b"\r\n", b"\n"))):
        if other != content:
            yield _hurt(scene, what, [other], "body.newlines", "body.element-missing", "body.joined", "body.changed")


def notation(scene: Scene) -> Iterator[Hurt]:
    """Python's notation of the content is sent."""
    if not scene.is_large:
        yield _hurt(scene, "repr()", [repr(_content(scene)).encode()], "body.repr")


def rewound(scene: Scene) -> Iterator[Hurt]:
    """A file is sent from its start."""
    whole = scene.meaning.whole
    if whole is not None and whole != _content(scene):
        yield _hurt(scene, "", [whole], "body.rewound", "body.other-side")


_SIDES = ("data", "text", "items", "reads")


def other_side(scene: Scene) -> Iterator[Hurt]:
    """A body that is two things is taken for the other one."""
    for content in _sides(scene):
        if content and content != _content(scene):
            yield _hurt(scene, "", [content])


def _sides(scene: Scene) -> list[bytes]:
    """Return what a body that is two things holds in each."""
    body = scene.request.get("body")
    sides = [body.get(name) for name in _SIDES] if body is not None else []
    found = [_side(side) for side in sides if side is not None]
    return found if len(found) > 1 else []


def _side(side: object) -> bytes:
    if isinstance(side, tuple):
        return b"".join(_side(each) for each in side)
    if isinstance(side, Recipe):
        return _side(side.get("data", side.get("text", b"")))
    return side if isinstance(side, bytes) else str(side).encode("latin-1", "replace")


# pieces -----------------------------------------------------------------------------------------------------------


def _several(scene: Scene) -> list[bytes]:
    pieces = _pieces(scene)
    return pieces if len(pieces) > 1 and b"".join(pieces) == _content(scene) else []


def _relations(scene: Scene) -> tuple[str, ...]:
    """Return what a change of pieces may be called where their number, or their content, tells no more."""
    return () if len(_several(scene)) <= 64 and len(set(_several(scene))) > 1 else ("body.changed", "body.element*")


def piece_lost(scene: Scene) -> Iterator[Hurt]:
    """A piece of the body is missing."""
    pieces = _several(scene)
    for what, at in _places(len(pieces)).items() if pieces else ():
        codes: tuple[str, ...] = ("body.element-missing", "body.newlines", *_relations(scene))
        yield _hurt(scene, what, pieces[:at] + pieces[at + 1 :], *codes)


def piece_doubled(scene: Scene) -> Iterator[Hurt]:
    """A piece of the body is sent twice."""
    pieces = _several(scene)
    for what, at in _places(len(pieces)).items() if pieces else ():
        codes: tuple[str, ...] = ("body.element-repeated", *_relations(scene))
        yield _hurt(scene, what, pieces[: at + 1] + pieces[at:], *codes)


def pieces_reversed(scene: Scene) -> Iterator[Hurt]:
    """The pieces of the body are sent in reverse order."""
    pieces = _several(scene)
    if pieces and b"".join(pieces[::-1]) != _content(scene):
        yield _hurt(scene, "", pieces[::-1], "body.reversed", "body.sorted", *_relations(scene))


def pieces_joined(scene: Scene) -> Iterator[Hurt]:
    """Something stands between the pieces of the body."""
    pieces = _several(scene)
    for what, between in (("LF", b"\n"), ("a comma", b",")) if pieces else ():
        yield _hurt(scene, what, [between.join(pieces)], "body.joined", "body.newlines", *_relations(scene))


def stray(scene: Scene) -> Iterator[Hurt]:
    """Bytes follow where no body belongs."""
    if not scene.body:
        codes: tuple[str, ...] = ("body.unexpected",)
        role = scene.meaning.role
        contract = scene.breaks() if scene.is_readable and role == "none" else None
        for what, more in (("a byte", b"x"), ("a line end", b"\r\n"), ("the last chunk", b"0\r\n\r\n")):
            said = contract if what != "the last chunk" or CODING not in scene.names else None
            fits: tuple[str, ...] = (
                (*codes, "body.after-blank-line") if what == "a line end" else (*codes, "body.chunked")
            )
            rfc = scene.invalid() if CODING not in scene.names else None
            yield Hurt(what, fits, (scene.data + more,), contract=said, rfc=rfc)


def _with_body(damage: Damage) -> Damage:
    def checked(scene: Scene) -> Iterator[Hurt]:
        if scene.is_whole and scene.message.head_end is not None and _content(scene):
            yield from damage(scene)

    return checked


def _small(damage: Damage) -> Damage:
    def checked(scene: Scene) -> Iterator[Hurt]:
        if not scene.is_large:
            yield from damage(scene)

    return checked


def _whole(damage: Damage) -> Damage:
    def checked(scene: Scene) -> Iterator[Hurt]:
        if scene.is_whole and scene.message.head_end is not None:
            yield from damage(scene)

    return checked


KINDS: Mapping[str, Damage] = {
    **{
        name: _with_body(damage)
        for name, damage in {
            "byte-changed": byte_changed,
            "byte-lost": byte_lost,
            "byte-added": byte_added,
            "body-truncated": truncated,
            "body-missing": missing,
        }.items()
    },
    **{
        name: _small(_with_body(damage))
        for name, damage in {
            "body-twice": twice,
            "line-end-added": line_end_added,
            "other-encoding": other_encoding,
            "newlines-translated": newlines,
            "notation-sent": notation,
            "file-rewound": rewound,
            "other-side-sent": other_side,
            "piece-lost": piece_lost,
            "piece-doubled": piece_doubled,
            "pieces-reversed": pieces_reversed,
            "pieces-joined": pieces_joined,
        }.items()
    },
    "bytes-without-body": _whole(stray),
}
"""The damages to the content of a body."""
