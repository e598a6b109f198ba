"""What can be wrong where calls follow each other: what is left over, exchanged, or on the wrong connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wireproof._proof._scene import Damage, Hurt, Scene


def _others(scene: Scene) -> list[Scene]:
    """Return the other calls that send something, the nearest one first."""
    steps = [number for number, step in enumerate(scene.case.steps) if step.expect is not None]
    near = sorted(steps, key=lambda number: abs(number - scene.number))
    scenes = [Scene(scene.case, scene.capture, number) for number in near if number != scene.number]
    return [other for other in scenes if other.data and other.expect.head is not None and not other.is_long]


def other_request(scene: Scene) -> Iterator[Hurt]:
    """The bytes of another step come in the place of those of this one."""
    parts = ("method", "target", "field", "host", "order", "framing", "length", "head", "body", "chunk")
    fits: tuple[str, ...] = tuple(f"{part}.*" for part in parts)
    for other in _others(scene)[:1]:
        yield Hurt(f"step {other.number + 1}", fits, (other.data,), clauses=_separate(scene, other))


def _separate(scene: Scene, other: Scene) -> tuple[str, ...]:
    return ("state.separate",) if other.step.on != scene.step.on else ()


def stale_head(scene: Scene) -> Iterator[Hurt]:
    """The head of an earlier call stands in front of the request."""
    for other in _others(scene):
        if other.number < scene.number:
            yield Hurt(f"step {other.number + 1}", ("request.stale-head", "request.twice"), (other.head + scene.data,))
            return


def stale_body(scene: Scene) -> Iterator[Hurt]:
    """The body of an earlier call, or its end, stands in front of the request."""
    for other in _others(scene):
        if other.number < scene.number and other.body:
            fits: tuple[str, ...] = ("request.preceded", "request.not-http")
            fits = fits if b"\n" in other.body else (*fits, "method.changed")  # it cannot be told from a longer method
            yield Hurt(f"step {other.number + 1}", fits, (other.body + scene.data,))
            return


def stale_field(scene: Scene) -> Iterator[Hurt]:
    """A field of an earlier call is sent again."""
    for other in _others(scene):
        for field in other.message.fields if other.number < scene.number else ():
            if field.name.lower() not in scene.names and field.colon:
                line = other.data[field.start : field.end]
                name = field.name.lower().decode("latin-1")
                sent = (scene.head[:-2] + line + b"\r\n" + scene.body,)
                yield Hurt(name, (f"field.extra/{name}", "framing.*"), sent, clauses=_separate(scene, other))


def not_reused(scene: Scene) -> Iterator[Hurt]:
    """A new connection is opened where the old one is to be used."""
    if scene.case.continues(scene.number):
        fits: tuple[str, ...] = ("connection.not-reused",)
        yield Hurt("", fits, (scene.data,), apart=True, contract=scene.holds(), rfc=False)


def reused(scene: Scene) -> Iterator[Hurt]:
    """The old connection is used where a new one is to be opened."""
    if not scene.case.continues(scene.number):
        yield Hurt("", ("connection.reused",), (scene.data,), behind=True, contract=scene.holds(), rfc=False)


def _later(damage: Damage) -> Damage:
    def checked(scene: Scene) -> Iterator[Hurt]:
        if scene.data and len(scene.case.steps) > 1 and not scene.is_large:
            yield from damage(scene)

    return checked


KINDS: Mapping[str, Damage] = {
    name: _later(damage)
    for name, damage in {
        "steps-exchanged": other_request,
        "stale-head": stale_head,
        "stale-body": stale_body,
        "stale-field": stale_field,
        "connection-not-reused": not_reused,
        "connection-reused": reused,
    }.items()
}
"""The damages to sequences of calls."""
