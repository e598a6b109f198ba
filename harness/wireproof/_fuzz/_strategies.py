"""Hypothesis strategies over recipes: single requests, and sequences on one connection and on two.

Theory of operation: Hypothesis draws bytes, of which each block makes a request or a step of a sequence. A block is
read choice by choice, one byte for each: of a pool the value that lies as far in as the byte is large. So drawing costs
next to nothing; a byte that is made smaller makes its choice simpler; and a block of zeros is the simplest request, or
no step at all. Shrinking works on what is meant, then, and needs to know nothing of it.

Rules of this file: in each pool the simplest comes first; and a request has at most one thing wrong with it, as a rule,
so that it gets as far as possible.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from wireproof._fuzz import _values as values
from wireproof._fuzz._choices import OFTEN, Choices
from wireproof._fuzz._question import Ask, Question
from wireproof._fuzz._requests import FAULTS, SOUND, request
from wireproof._fuzz._special import SIMPLE, SPECIAL
from wireproof._judge._meaning import meaning
from wireproof._model import Connection, Recipe, Request

# sequences: a machine whose rules say what may be done in which state ---------------------------------------------


@dataclass(slots=True)
class _State:
    """What is known of one connection object: whether a response is due, and whether something failed."""

    due: bool = False
    failed: bool = False
    began: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    """Something that can be done: when, how often, and how."""

    applies: Callable[[_State], bool]
    weight: int
    step: Callable[[Choices, str, _State], Ask | None]


_ANSWERED = tuple(each for each in values.METHODS if each.fields["text"] != "HEAD")
_REPLIES = values.REPLIES
_ONLY_WRONG = ("headers", "url", "method", "headers")


def _wrong(**arguments: Recipe) -> Request:
    return Request((("method", values.METHODS[1]), ("url", values.URLS[1]), *arguments.items()))


_FAILURES = (
    _wrong(body=values.text("\u20ac")),
    _wrong(body=Recipe("generator", {"items": (values.data(b"abc"), values.FAILING[0])})),
    _wrong(body=Recipe("generator", {"items": (values.FAILING[1],)})),
    _wrong(body=Recipe("list", {"items": (values.text("abc"),)})),
    *(_wrong(body=Recipe("reader", {"reads": (values.data(b"abc"), each)})) for each in values.FAILING[2:5]),
    _wrong(headers=Recipe("dict", {"items": (values.WRONG_FIELDS[0],)})),
    Request((("method", values.METHODS[0]), ("url", values.WRONG_URLS[0]))),
)


def _ask_request(draw: Choices, on: str, state: _State) -> Ask:
    state.due = state.began = True
    asked = draw(SIMPLE) if draw(OFTEN) else request(draw, SOUND, _ANSWERED)
    return Ask(on, asked)


def _ask_failing(draw: Choices, on: str, state: _State) -> Ask:
    state.due, state.failed, state.began = False, True, True
    asked = draw(_FAILURES) if draw(OFTEN) else request(draw, _ONLY_WRONG, _ANSWERED)
    return Ask(on, asked)


def _ask_reply(draw: Choices, on: str, state: _State) -> Ask:
    state.due = False
    return Ask(on, reply=draw(_REPLIES))


def _ask_close(draw: Choices, on: str, state: _State) -> Ask:
    state.due = state.failed = False
    return Ask(on)


def _ask_nothing(draw: Choices, on: str, state: _State) -> None:
    """Leave the step out."""


_RULES = (
    _Rule(lambda state: True, 1, _ask_nothing),
    _Rule(lambda state: state.due and not state.failed, 8, _ask_reply),
    _Rule(lambda state: not state.due and not state.failed, 8, _ask_request),
    _Rule(lambda state: state.failed, 6, _ask_close),
    _Rule(lambda state: not state.due and not state.failed, 3, _ask_failing),
    _Rule(lambda state: state.began and not state.failed, 1, _ask_close),
    _Rule(lambda state: state.due or state.failed, 1, _ask_request),
)


def _ready(state: _State) -> tuple[_Rule, ...]:
    return tuple(rule for rule in _RULES if rule.applies(state) for _ in range(rule.weight))


def _sequence(blocks: Sequence[bytes]) -> Question | None:
    """Return a sequence: at each step the machine goes on by a rule that applies."""
    states = {"a": _State(), "b": _State()}
    both = blocks[0][-1] >= _BOTH
    asks = []
    for block in blocks:
        draw = Choices(block)
        on = draw(("a", "b")) if both else "a"
        asks.append(draw(_ready(states[on])).step(draw, on, states[on]))
    performed = tuple(ask for ask in asks if ask is not None)
    return Question(performed) if any(ask.request for ask in performed) else None


# single requests -----------------------------------------------------------------------------------------------

_SHAPES = ("single",) * 78 + ("elsewhere",) * 24 + ("limits", "server", "limits", "server", "long")
_SMALL, _READS = 256, 64


def _single(block: bytes) -> Question:
    draw = Choices(block)
    shape = draw(_SHAPES)
    if shape in SPECIAL:
        return SPECIAL[shape](draw)
    connection = draw(values.CONNECTIONS) if shape == "elsewhere" else Connection()
    asked = request(draw, FAULTS, values.METHODS)
    return Question((Ask(request=asked),), Connection() if _takes_long(asked, connection) else connection)


def _takes_long(asked: Request, connection: Connection) -> bool:
    """Say whether a large body would be read in very small blocks."""
    sizes = [recipe.fields["value"] for name, recipe in connection.arguments if name == "blocksize"]
    size = sizes[0] if sizes else _SMALL
    assert isinstance(size, int)
    return size < _SMALL and meaning(asked.get("body")).length > size * _READS


# batches -------------------------------------------------------------------------------------------------------

_BLOCK, _BLOCKS, _BOTH = 48, 8, 224
_LAYOUTS = (((1,) * _BLOCKS,) * 2) + ((4, 4), (_BLOCKS,))
"""How many blocks each question of a batch has; more than one make a sequence."""

BATCHES: SearchStrategy[bytes] = st.binary(min_size=1 + _BLOCK * _BLOCKS, max_size=1 + _BLOCK * _BLOCKS)
"""Batches of questions, as they are drawn: what a batch costs is shared by the questions in it."""


def questions(batch: bytes) -> Iterator[tuple[bytes, Callable[[], Question | None]]]:
    """Yield what a batch asks: a key, which is the same for the same question, and what makes the question.

    There is none where all steps are left out.
    """
    blocks = [batch[start : start + _BLOCK] for start in range(1, len(batch), _BLOCK)]
    for size in Choices(batch)(_LAYOUTS):
        own, blocks = blocks[:size], blocks[size:]
        make = functools.partial(_single, own[0]) if size == 1 else functools.partial(_sequence, own)
        yield b"".join(own), make
