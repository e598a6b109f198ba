"""What the tables of a matrix say of each combination.

Rules ask attributes only, so that all values of an axis with the same answers are alike to them: a *class*. Decisions
are made once for each combination of classes, a few thousand where there are a hundred thousand combinations.

The tables of single requests, in the order in which they are asked:

* ``errors``: what is raised, and what is out by then; the order of its rules is the order of examination;
* ``host``, ``accept-encoding``: which automatic field is sent, or that the caller's own is;
* ``framing``: which field is added, and how the body is sent;
* ``defects``: what CPython does instead, where it is known to;
* ``exercises``, which may be missing, decides nothing: every rule of it that holds adds clauses that the combination
  exercises, where the call returns.

Only ``errors`` is asked where nothing is sent. Sequences have one table, ``second``: what becomes of the second
request.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from wireproof._matrix._table import Matrix, Rule, Value

OUTCOMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "errors": {"raises": (), "sent": ("nothing", "head", "pieces")},
    "host": {"sends": ("caller", "authority", "connection")},
    "accept-encoding": {"sends": ("caller", "identity")},
    "framing": {"adds": ("nothing", "zero", "length", "coding"), "body": ("nothing", "raw", "chunked")},
    "defects": {"name": (), "body": ("raw", "counted", "refused")},
    "exercises": {},
    "second": {"outcome": ("alone", "busy"), "connection": ("same", "new", "none"), "defect": ("none", "stale-head")},
}
"""What a rule of each table may decide; () where it is a name."""

NOT_RAISED = "nothing"
"""The word of the table ``errors`` for a call that returns."""

_NO_FRAMING: Mapping[str, str] = {}

AS_BODY = "as-body"
"""The word of the table ``errors`` for the body's own exception."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the tables say of all combinations of some classes.

    ``rules``: those that fired, the telling one first. ``raises``: a class name, "as-body" or "nothing". ``guilty``:
    the axis whose value raises, or "".
    """

    rules: tuple[Rule, ...]
    raises: str = NOT_RAISED
    sent: str = "pieces"
    host: str = "caller"
    accept: str = "caller"
    adds: str = "nothing"
    body: str = "nothing"
    defect: str = "none"
    defect_body: str = ""
    guilty: str = ""
    second: Mapping[str, str] | None = None

    @property
    def known_defect(self) -> str:
        """The name of CPython's defect that may show, or "none"."""
        return self.defect if self.second is None else self.second.get("defect", "none")

    @property
    def leading(self) -> Rule:
        """The rule that a combination is filed under: the error, else how the body is framed."""
        return self.rules[0]


class Decisions:
    """The decisions of a matrix.

    Attributes:
        classes: for each axis and each of its values the number of its class.
        by_class: for each combination of classes (as one number, see ``strides``) its decision, or None.
        strides: for each axis by how much its class counts in that number.
    """

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        asked: dict[str, set[str]] = {}
        for rule in itertools.chain.from_iterable(matrix.tables.values()):
            for name, words in rule.when:
                asked.setdefault(name, set()).update(words)
        self.classes: list[list[int]] = []
        self.examples: list[list[int]] = []
        for axis in matrix.axes:
            known: dict[tuple[str, ...], int] = {}
            keys = [_class(axis.name, value, asked) for value in axis.values]
            self.classes.append([known.setdefault(key, len(known)) for key in keys])
            self.examples.append([self.classes[-1].index(number) for number in range(len(known))])
        self.strides: list[int] = []
        stride = 1
        for examples in reversed(self.examples):
            self.strides.insert(0, stride)
            stride *= len(examples)
        self.undecided: list[tuple[tuple[int, ...], str]] = []
        self._known: dict[tuple[int, ...], Decision] = {}
        self.by_class = [self._decide(classes) for classes in itertools.product(*map(range, map(len, self.examples)))]

    @cached_property
    def _conditions(self) -> dict[str, list[tuple[Rule, _Allowed | None, _Framed | None]]]:
        tables = self.matrix.tables.items()
        return {table: [(rule, *self._condition(rule)) for rule in rules] for table, rules in tables}

    def clauses(self, number: int) -> tuple[str, ...]:
        """Return the clauses that a combination of these classes exercises."""
        decision = self.at(number)
        rules = (*decision.rules, *self.exercised(number))
        return tuple(dict.fromkeys(clause for rule in rules for clause in rule.clauses))

    def exercised(self, number: int) -> tuple[Rule, ...]:
        """Return the rules of the table ``exercises`` that hold of a combination of these classes."""
        decision = self.at(number)
        if decision.raises != NOT_RAISED or decision.second is not None:
            return ()
        counts = zip(self.strides, self.examples, strict=True)
        classes = tuple(number // stride % len(examples) for stride, examples in counts)
        return tuple(self._holding("exercises", classes, {"adds": decision.adds, "body": decision.body}))

    def at(self, number: int) -> Decision:
        """Return the decision on a combination of classes."""
        decision = self.by_class[number]
        assert decision is not None
        return decision

    def weights(self, name: str) -> list[int]:
        """Return for each value of an axis what its class counts in the number of a combination of classes."""
        for axis, classes, stride in zip(self.matrix.axes, self.classes, self.strides, strict=True):
            if axis.name == name:
                return [number * stride for number in classes]
        return [0]

    @cached_property
    def shadowed(self) -> tuple[Rule, ...]:
        """The rules that no combination reaches."""
        return tuple(rule for table in self.matrix.tables.values() for rule in table if id(rule) not in self._reached)

    @cached_property
    def _reached(self) -> set[int]:
        found = {id(rule) for decision in self._known.values() for rule in decision.rules}
        missing = len(self.matrix.tables.get("exercises", ()))
        for number, decision in enumerate(self.by_class) if missing else ():
            new = {id(rule) for rule in self.exercised(number)} - found if decision is not None else set()
            found |= new
            missing -= len(new)
            if not missing:
                break
        return found

    def _condition(self, rule: Rule) -> tuple[_Allowed, _Framed] | tuple[None, None]:
        """Return what a rule asks: by axis, the classes that it takes, and what it asks of the framing.

        (None, None) where what is given in all combinations is not what it asks for.
        """
        allowed: list[tuple[int, frozenset[int]]] = []
        framed: list[tuple[str, tuple[str, ...]]] = []
        names = [axis.name for axis in self.matrix.axes]
        for name, words in rule.when:
            owner, _, attribute = name.partition(".")
            if owner in names:
                at = names.index(owner)
                values = self.matrix.axes[at].values
                fits = (
                    number for number, index in enumerate(self.examples[at]) if _word(values[index], attribute) in words
                )
                allowed.append((at, frozenset(fits)))
            elif owner == "framing":
                framed.append((attribute, words))
            elif owner not in self.matrix.given or _word(self.matrix.given[owner], attribute) not in words:
                return None, None
        return allowed, framed

    def _decide(self, classes: tuple[int, ...]) -> Decision | None:
        try:
            return self._sequence(classes) if self.matrix.is_sequence else self._single(classes)
        except LookupError as error:
            indices = tuple(examples[number] for examples, number in zip(self.examples, classes, strict=True))
            self.undecided.append((indices, str(error.args[0])))
            return None

    def _holding(self, table: str, classes: tuple[int, ...], framing: Mapping[str, str]) -> Iterator[Rule]:
        """Yield the rules of a table whose conditions hold."""
        for rule, allowed, framed in self._conditions.get(table, ()):
            if allowed is None:
                continue
            for at, fits in allowed:
                if classes[at] not in fits:
                    break
            else:
                if not framed or all(framing.get(name) in words for name, words in framed):
                    yield rule

    def _first(self, table: str, classes: tuple[int, ...], framing: Mapping[str, str] = _NO_FRAMING) -> Rule:
        for rule in self._holding(table, classes, framing):
            return rule
        raise LookupError(table)

    def _sequence(self, classes: tuple[int, ...]) -> Decision:
        rule = self._first("second", classes)
        return self._made((rule,), lambda: Decision((rule,), second=rule.outcome))

    def _made(self, rules: tuple[Rule, ...], make: Callable[[], Decision]) -> Decision:
        """Return the decision of these rules, made once: there are far fewer of them than combinations of classes."""
        key = tuple(map(id, rules))
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def _single(self, classes: tuple[int, ...]) -> Decision:
        error = self._first("errors", classes)
        raises, sent = error.outcome["raises"], error.outcome.get("sent", "pieces")
        is_raised = raises != NOT_RAISED
        guilty = error.when[0][0].partition(".")[0] if is_raised and error.when else ""
        if sent == "nothing":
            return self._made((error,), lambda: Decision((error,), raises, sent, guilty=guilty))
        host, accept, framing = (self._first(table, classes) for table in ("host", "accept-encoding", "framing"))
        defect = self._first("defects", classes, framing.outcome)
        rules: tuple[Rule, ...] = (error, framing) if is_raised else (framing, error)
        rules += (host, accept, defect)
        return self._made(
            rules,
            lambda: Decision(
                rules,
                raises,
                sent,
                host.outcome["sends"],
                accept.outcome["sends"],
                framing.outcome["adds"],
                framing.outcome["body"],
                defect.outcome["name"],
                defect.outcome.get("body", ""),
                guilty,
            ),
        )


_Allowed = list[tuple[int, frozenset[int]]]
_Framed = list[tuple[str, tuple[str, ...]]]


def _word(value: Value, attribute: str) -> str | None:
    return value.attributes.get(attribute)


def _class(axis: str, value: Value, asked: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return what rules can tell of a value: its words, as far as any rule asks for them."""
    words = ((asked.get(f"{axis}.{name}", ()), word) for name, word in value.attributes.items())
    return tuple(word if word in wanted else "" for wanted, word in words)


def unreached(decisions: Decisions) -> Iterator[tuple[Rule, Rule | None]]:
    """Yield each rule that no combination reaches, with the earlier rule that takes what it would, if one does."""
    for rule in decisions.shadowed:
        table = decisions.matrix.tables[rule.table]
        earlier = table[: next(index for index, one in enumerate(table) if one is rule)] if rule.outcome else ()
        yield rule, next((one for one in reversed(earlier) if _covers(one, rule)), None)


def _covers(wide: Rule, narrow: Rule) -> bool:
    """Say whether everything that ``narrow`` asks for is what ``wide`` asks for, too."""
    asked = dict(narrow.when)
    return all(name in asked and set(asked[name]) <= set(words) for name, words in wide.when)
