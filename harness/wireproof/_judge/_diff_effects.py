"""Differences in what the call did to its arguments, and which effects are expected where nothing is said.

An effect that cannot be seen (of a file that is closed, say) is no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from wireproof._judge._diff_view import View, count
from wireproof._judge._sight import Sight
from wireproof._model import Difference, Expect, Recipe, Request

CODES: Mapping[str, str] = {
    "effect.headers": "The caller's mapping of headers was changed.",
    "effect.content": "The caller's body was changed.",
    "effect.closed": "The caller's file was closed, or left open.",
    "effect.rewound": "The caller's file stands where it stood before the call.",
    "effect.position": "The caller's file stands elsewhere than expected.",
    "effect.pulled": "More or fewer elements were taken than expected.",
    "effect.iterated": "The iterable was gone through more or less often than expected.",
    "effect.reads": "read() was called with other sizes, or more or less often, than expected.",
    "effect.other": "Another effect on the arguments differs.",
}

_POSITIONED = ("bytesio", "binary-file", "spooled", "temporary-file", "gzip", "mmap", "stringio")
_PULLED = ("generator", "iterator", "map", "chain", "iterable", "sequence", "getitem")
_ITERATED = ("iterator", "iterable", "sequence")


def pieces_of(body: Recipe | None) -> tuple[Recipe, ...]:
    """Return the elements and reads of a body, in order."""
    found: list[Recipe] = []
    for name in ("items", "reads"):
        pieces = body.get(name) if body is not None else None
        found += pieces if isinstance(pieces, tuple) else ()
    return tuple(found)


def expected_effects(request: Request, expect: Expect) -> dict[str, object]:
    """Return the effects that must be seen where they can be: the defaults, and what the expectation says.

    A call that returns has read a file to its end and taken all elements of an iterable, once.
    """
    effects: dict[str, object] = {"headers": "unchanged", "body.content": "unchanged", "body.closed": False}
    body = request.get("body")
    if expect.raises is None and body is not None:
        effects.update(_finished(body))
    effects.update(expect.effects)
    return effects


def _finished(body: Recipe) -> Iterator[tuple[str, object]]:
    if body.kind in _POSITIONED:
        content, position = body.get("data", body.get("text")), body.get("position", 0)
        assert isinstance(content, bytes | str)
        assert isinstance(position, int)
        yield "body.position", max(len(content), position)
    if body.kind in _PULLED:
        yield "body.pulled", len(pieces_of(body))
    if body.kind == "blocks":
        yield "body.pulled", body.get("count")
    if body.kind in _ITERATED:
        yield "body.iterated", 1


def wrong_effects(sight: Sight) -> dict[str, tuple[object, object]]:
    """Return the effects that are seen and differ, by name: what is expected, and what is seen."""
    seen = sight.outcome.effects
    if not seen:
        return {}
    expected = expected_effects(sight.request, sight.expect)
    pairs = {name: (_value(wanted), _value(seen[name])) for name, wanted in expected.items() if name in seen}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _value(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def effects(view: View, *, progress: bool) -> Iterator[Difference]:
    """Yield the effects that differ; without ``progress`` not those that say how far the body was taken."""
    for name, (wanted, seen) in sorted(wrong_effects(view.sight).items()):
        if progress or name not in _PROGRESS:
            yield _EFFECTS.get(name, _other)(view, name, wanted, seen)


_PROGRESS = ("body.position", "body.pulled", "body.reads")


def _headers(view: View, name: str, wanted: object, seen: object) -> Difference:
    text = "The call changed the caller's mapping of headers."
    if wanted != "unchanged":
        text = f"The caller's headers are {_say(seen)}, expected {_say(wanted)}."
    return view.found(
        "effect.headers",
        name,
        text,
        "headers.unchanged",
        None,
        "fields are put into the caller's mapping, not into a copy",
    )


def _content(view: View, name: str, wanted: object, seen: object) -> Difference:
    text = "The call changed the content of the caller's body."
    if wanted != "unchanged":
        text = f"The content of the caller's body is {_say(seen)}, expected {_say(wanted)}."
    return view.found(
        "effect.content", name, text, "body.unchanged", None, "elements are taken out, or framing is put in, in place"
    )


def _closed(view: View, name: str, wanted: object, seen: object) -> Difference:
    text = "The call closed the caller's file." if seen else "The call left the file open, and it was to be closed."
    return view.found(
        "effect.closed", name, text, "file.left-open", None, "body.close(), or 'with body:'" if seen else ""
    )


def _position(view: View, name: str, wanted: object, seen: object) -> Difference:
    text = f"The file stands at {_say(seen)} after the call, expected {_say(wanted)}"
    if seen == view.recipe.get("position", 0):
        return view.found(
            "effect.rewound",
            name,
            f"{text}: back where it stood before the call.",
            "file.read-to-end",
            None,
            "body.seek() after reading",
        )
    return view.found("effect.position", name, f"{text}.", "file.read-to-end")


def _pulled(view: View, name: str, wanted: object, seen: object) -> Difference:
    text = f"Elements taken from the iterable: {_say(seen)}, expected {_say(wanted)}."
    return view.found("effect.pulled", name, text, "iterable.lazy", None, "elements are taken ahead, or not to the end")


def _iterated(view: View, name: str, wanted: object, seen: object) -> Difference:
    text = f"Iteration of the body began {_times(seen)}, expected {_times(wanted)}."
    cause = "the body is gone through beforehand, for its length or its type"
    return view.found("effect.iterated", name, text, "iterable.once", None, cause if seen else "")


def _reads(view: View, name: str, wanted: object, seen: object) -> Difference:
    text = f"read() was called with {_sizes(seen)}; expected {_sizes(wanted)}."
    return view.found("effect.reads", name, text, "file.block-size", None, _reads_cause(wanted, seen))


def _reads_cause(wanted: object, seen: object) -> str:
    if not isinstance(seen, tuple) or not isinstance(wanted, tuple) or not seen:
        return ""
    if seen[0] in (None, -1):
        return "read() without a size takes everything into memory"
    if seen[: len(wanted)] == wanted:
        return "the end is asked for again"
    return "another block size" if seen[0] != (wanted or seen)[0] else ""


def _sizes(value: object) -> str:
    if not isinstance(value, tuple):
        return _say(value)
    sizes = ["no size" if size in (None, -1) else _say(size) for size in value[:8]]
    return f"{', '.join(sizes) or 'nothing'}{', …' if len(value) > 8 else ''} ({count(len(value), 'call')})"


def _other(view: View, name: str, wanted: object, seen: object) -> Difference:
    return view.found("effect.other", name, f"{name} is {_say(seen)}, expected {_say(wanted)}.")


def _times(value: object) -> str:
    return count(value, "time") if isinstance(value, int) else _say(value)


def _say(value: object) -> str:
    return str(value)[:60].encode("ascii", "backslashreplace").decode("ascii")


_EFFECTS: Mapping[str, Callable[[View, str, object, object], Difference]] = {
    "headers": _headers,
    "body.content": _content,
    "body.closed": _closed,
    "body.position": _position,
    "body.pulled": _pulled,
    "body.iterated": _iterated,
    "body.reads": _reads,
}
