"""The case format: expectations, steps and cases; the manual is cases/README.md.

What a shape can see to contradict itself is refused here. What takes an oracle to see is found by ``_judge.examine``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as MappingType
from typing import Any, ClassVar

from wireproof._cases._nodes import Mapping, Node, Scalar, Sequence, at, canonical, count, join
from wireproof._cases._shapes import (
    Data,
    Flag,
    Integer,
    ListOf,
    OrNull,
    Parts,
    Record,
    Ref,
    Schema,
    Sentence,
    Shape,
    Text,
    Word,
    hint,
)
from wireproof._cases._values import PAIRS, VALUE, definitions
from wireproof._cases._vocabulary import DEFECTS, OBSERVABLE, PROBES, REPLIES
from wireproof._model import (
    Alternative,
    Blocks,
    Case,
    Clause,
    Connection,
    Digest,
    Expect,
    Recipe,
    Request,
    ServerPlan,
    Source,
    Step,
)

_NAME = "[a-z0-9]+(?:[-.][a-z0-9]+)*"
_ARGUMENTS = ("method", "url", "body", "headers", "encode_chunked", "unknown")
_VALUE = Ref("value", lambda: VALUE)


class _Headers:
    """The headers argument: a list of [name, value] is short for a dict of them."""

    def read(self, node: Node) -> Recipe:
        if isinstance(node, Sequence):
            return Recipe("dict", {"items": PAIRS.read(node)})
        return VALUE.read(node)

    def schema(self) -> Schema:
        return {"anyOf": [PAIRS.schema(), _VALUE.schema()]}


class _Request:
    """The arguments of one call; one that is not named is not passed."""

    record = Record(
        "a request",
        {
            "method": _VALUE,
            "url": _VALUE,
            "body": _VALUE,
            "headers": _Headers(),
            "encode_chunked": _VALUE,
            "passed": Word("how the arguments are passed", choices=("usual", "keywords", "positional")),
            "unknown": _VALUE,
        },
    )

    def read(self, node: Node) -> Request:
        fields = self.record.read(node)
        ordered = tuple((name, fields[name]) for name in _ARGUMENTS if name in fields)
        return Request(ordered, fields.get("passed", "usual"))

    def schema(self) -> Schema:
        return self.record.schema()


class _HeadLine:
    """One line of the head, without the CRLF that ends it."""

    text = Data("a line of the head")

    def read(self, node: Node) -> str:
        line = self.text.read(node).decode("latin-1")
        if not line or line.endswith(("\r", "\n")) or "\r\n" in line:
            raise node.complain(str(node), "one line of the head, not empty and without its CRLF")
        return line

    def schema(self) -> Schema:
        return self.text.schema()


class _Head:
    """The head as a reader sees it: a list of lines, or the word nothing."""

    lines = ListOf(_HeadLine(), 1)
    nothing = Word("the lines of the head, as a list of texts, or the word", choices=("nothing",))

    def read(self, node: Node) -> tuple[str, ...] | None:
        if isinstance(node, Sequence):
            return self.lines.read(node)
        self.nothing.read(node)
        return None

    def schema(self) -> Schema:
        return {"anyOf": [self.nothing.schema(), self.lines.schema()]}


class _Body:
    """What follows the head: bytes, {sha256: …, length: …}, or {blocks: {data: …, count: …, end: …}}."""

    blocks = Record("blocks", {"data": Data("bytes"), "count": Integer(1), "end": Data("bytes")}, ("data", "count"))
    named = Record("blocks", {"blocks": blocks}, ("blocks",))

    digest = Record(
        "a digest",
        {"sha256": Word("64 lower-case hexadecimal digits", pattern="[0-9a-f]{64}"), "length": Integer(0, 2**40)},
        ("sha256", "length"),
    )
    data = Data("the bytes after the head")

    def read(self, node: Node) -> bytes | Digest | Blocks:
        if isinstance(node, Mapping) and any(key.value == "blocks" for key, _ in node.pairs):
            fields = self.named.read(node)["blocks"]
            if not fields["data"]:
                raise at(node, "blocks", "data").complain("blocks without a byte", "at least one byte")
            return Blocks(fields["data"], fields["count"], fields.get("end", b""))
        if isinstance(node, Mapping) and any(key.value in self.digest.keys for key, _ in node.pairs):
            fields = self.digest.read(node)
            return Digest(fields["length"], fields["sha256"])
        return self.data.read(node)

    def schema(self) -> Schema:
        return {"anyOf": [self.data.schema(), self.digest.schema(), self.named.schema()]}


_CHANGED = Word("what became of it", choices=("unchanged", "changed"))
_EFFECTS: dict[str, Shape[Any]] = {
    "headers": _CHANGED,
    "body.content": _CHANGED,
    "body.position": Integer(0),
    "body.closed": Flag(),
    "body.pulled": Integer(0),
    "body.iterated": Integer(0),
    "body.reads": ListOf(OrNull(Integer(-1))),
}


class _Expect:
    """What must be seen of one call."""

    record = Record(
        "an expectation",
        {
            "head": _Head(),
            "body": _Body(),
            "at-least": Integer(1),
            "raises": Word("the name of an exception class", pattern="[A-Z][A-Za-z0-9]*"),
            "effects": Record("effects", _EFFECTS),
            "reconnects": Flag(),
        },
        ("head",),
    )

    def read(self, node: Node) -> Expect:
        fields = self.record.read(node)
        head, body, raises = fields["head"], fields.get("body", b""), fields.get("raises")
        at_least, reconnects = fields.get("at-least"), fields.get("reconnects", False)
        if head is None and body:
            raise at(node, "body").complain("a body although head is nothing", "no body, or the head before it")
        if head is None and raises is None:
            raise at(node, "head").complain("neither bytes nor an exception", "the lines of a head, or raises")
        if head is None and reconnects:
            raise at(node, "reconnects").complain("reconnects although nothing is sent", "reconnects only with a head")
        if at_least is not None and isinstance(body, Digest):
            raise at(node, "at-least").complain("at-least beside a digest", "a body that is written out")
        beside = next((key for key in ("at-least", "raises") if key in fields), None)
        if beside is not None and isinstance(body, Blocks):
            raise at(node, beside).complain(f"{beside} beside blocks", "a body that is written out")
        if at_least is not None and len(body) < at_least:
            raise at(node, "at-least").complain(
                f"at-least {at_least} although body has {count(len(body), 'byte')}", "a body that has at least so many"
            )
        return Expect(head, body, at_least, raises, fields.get("effects", {}), reconnects)

    def schema(self) -> Schema:
        return self.record.schema()


_EXPECT = Ref("expect", _Expect)


class _Alternative:
    """Another right outcome, for a probe's answer, a defect or a layer, or of an input that nobody defines."""

    record = Record(
        "an alternative",
        {
            "probe": Word("a probe", choices=tuple(PROBES)),
            "is": Word("the probe's answer, a word", pattern=_NAME),
            "defect": Word("a defect of CPython", choices=tuple(DEFECTS)),
            "layer": Word("a layer", choices=("contract",)),
            "odd": Sentence("why another way is as right"),
            "expect": _EXPECT,
        },
        ("expect",),
    )

    def read(self, node: Node) -> Alternative:
        fields = self.record.read(node)
        named = [key for key in ("probe", "defect", "layer", "odd") if key in fields]
        if len(named) != 1 or ("is" in fields) != ("probe" in fields):
            raise node.complain(str(node), "exactly one of these beside expect: probe and is, defect, layer, or odd")
        if named == ["probe"]:
            newest, *older = PROBES[fields["probe"]]
            about = f"an answer of {fields['probe']} other than {newest}, which expect is for"
            Word(about, choices=tuple(older)).read(at(node, "is"))
        kind: Any = named[0]
        return Alternative(kind, fields[kind], fields.get("is", ""), fields["expect"])

    def schema(self) -> Schema:
        return self.record.schema()


_ON = Word("the name of a client connection, one letter", pattern="[a-z]")
_EXCHANGE: dict[str, Shape[Any]] = {
    "request": _Request(),
    "expect": _EXPECT,
    "alternatives": ListOf(_Alternative(), 1),
}


class _Step:
    """One step of a sequence."""

    record = Record(
        "a step",
        {**_EXCHANGE, "close": _ON, "reply": Word("a scripted reply", choices=tuple(REPLIES)), "on": _ON},
    )
    word = Word("a step: a mapping, or the word", choices=("close",))
    beside: ClassVar = {"close": ("close",), "reply": ("reply", "on"), "request": (*_EXCHANGE, "on")}

    def read(self, node: Node) -> Step:
        if isinstance(node, Scalar):
            self.word.read(node)
            return Step("close")
        fields = self.record.read(node)
        actions = [key for key in self.beside if key in fields]
        if len(actions) != 1:
            raise node.complain(f"a step {_keyed(node)}", "exactly one of close, reply and request")
        allowed = self.beside[actions[0]]
        if set(fields) - set(allowed):
            others = join([key for key in allowed if key != actions[0]], "and")
            wanted = f"nothing but {others} beside {actions[0]}" if others else f"{actions[0]} alone"
            raise node.complain(f"a step {_keyed(node)}", wanted)
        if actions == ["close"]:
            return Step("close", fields["close"])
        if actions == ["reply"]:
            return Step("reply", fields.get("on", "a"), reply=fields["reply"])
        return _exchange(node, fields)

    def schema(self) -> Schema:
        return {"anyOf": [self.word.schema(), self.record.schema()]}


def _keyed(node: Node) -> str:
    return node.keyed() if isinstance(node, Mapping) else ""


def _exchange(node: Node, fields: MappingType[str, Any]) -> Step:
    """Return the step of a request, once its outcomes are known to be different and to be observable."""
    if "expect" not in fields:
        raise node.complain("a request without expect", "expect: what must arrive, or be raised")
    alternatives: tuple[Alternative, ...] = fields.get("alternatives", ())
    request: Request = fields["request"]
    step = Step("request", fields.get("on", "a"), request, fields["expect"], alternatives)
    body = request.get("body")
    _check_effects(at(node, "expect", "effects"), fields["expect"], body)
    outcomes = fields["expect"], *(alternative.expect for alternative in alternatives)
    has_blocks = any(isinstance(each.body, Blocks) for each in outcomes)
    if has_blocks and (body is None or body.kind != "blocks" or alternatives):
        raise at(node, "expect", "body").complain(
            "blocks of another body, or beside alternatives", "blocks of a body of the kind blocks, as the one outcome"
        )
    for index, alternative in enumerate(alternatives):
        place = at(node, "alternatives", index)
        if alternative.expect == step.expect:
            raise place.complain("an alternative that says the same as expect", "one that differs")
        named = alternative.kind, alternative.name, alternative.value
        if alternative.kind in ("probe", "defect") and named in (
            (one.kind, one.name, one.value) for one in alternatives[:index]
        ):
            what = " ".join(filter(None, named))
            raise place.complain(f"a second alternative for the {what}", "one alternative for each")
        _check_effects(at(place, "expect", "effects"), alternative.expect, body)
    return step


def _check_effects(node: Node, expect: Expect, body: Recipe | None) -> None:
    seen = ("headers", *OBSERVABLE.get(body.kind, ())) if body else ("headers",)
    for name in expect.effects:
        if name not in seen:
            on = f"a body of the kind {body.kind}" if body else "a call without a body"
            raise at(node, name).complain(f"the effect {name} of {on}", f"what can be seen of it: {join(seen, 'and')}")


def _check_order(places: list[Node], steps: tuple[Step, ...]) -> None:
    """Complain about steps that make no sense after those before them on the same connection."""
    before: dict[str, str] = {}
    for place, step in zip(places, steps, strict=True):
        last = before.get(step.on, "close")
        if last == "blocks" and step.action != "close":
            raise place.complain(f"a {step.action} after blocks", "blocks in the last request of its connection")
        if step.action == "reply" and last != "request":
            raise place.complain("a reply without a request before it", "reply only after a request on its connection")
        if step.expect is not None and step.expect.reconnects and last == "close":
            raise at(place, "expect", "reconnects").complain(
                "reconnects although no connection is open", "reconnects only after another request and no close"
            )
        before[step.on] = _kind(step)


def _kind(step: Step) -> str:
    """Return the step's action; a request of blocks is one of its own."""
    is_long = step.expect is not None and isinstance(step.expect.body, Blocks)
    return "blocks" if is_long and step.action == "request" else step.action


_CONNECTION = Record(
    "a connection",
    {
        "host": Word(
            "a kind of host",
            choices=("ipv4", "ipv6", "ipv6-bracketed", "ipv6-zone", "localhost", "name"),
        ),
        "name": Text("a host name, redirected to the server"),
        "port": Word(
            "how the port is given", choices=("int", "str", "in-host", "default", "default-given", "default-as-str")
        ),
        "arguments": Record(
            "further arguments of the constructor", {"blocksize": _VALUE, "timeout": _VALUE, "source_address": _VALUE}
        ),
    },
)


def connection_of(node: Node, fields: MappingType[str, Any]) -> Connection:
    """Return the connection that these fields describe."""
    if ("name" in fields) != (fields.get("host") == "name"):
        raise node.complain("only one of host: name and name: …", "both of them, or neither")
    return Connection(
        fields.get("host", "ipv4"),
        fields.get("name", ""),
        fields.get("port", "int"),
        tuple(fields.get("arguments", {}).items()),
    )


_SERVER = Record("a server", {"late": Flag(), "hangs-up-after": Integer(1)})


class ClauseId:
    """The id of a clause that a case may exercise; of one that is not known or is excluded a case can't be.

    ``asks`` is for ``asked``, which names rules of the RFCs only.
    """

    def __init__(self, clauses: MappingType[str, Clause], *, asks: bool = False) -> None:
        self.about = "the id of an RFC clause in clauses.yaml" if asks else "the id of a clause in clauses.yaml"
        self.clauses, self.asks = clauses, asks

    def read(self, node: Node) -> str:
        """Return the id."""
        if not isinstance(node, Scalar):
            raise node.complain(str(node), self.about)
        clause = self.clauses.get(node.value)
        if clause is None or (self.asks and clause.level != "rfc"):
            known = (name for name, clause in self.clauses.items() if clause.level == "rfc" or not self.asks)
            raise node.complain(str(node), self.about + hint(node.value, tuple(known)))
        if clause.excluded:
            raise node.complain(f"the clause {clause.id!r}, which is excluded", "a clause that can be tested")
        return clause.id

    def schema(self) -> Schema:
        """Return the pattern of all ids."""
        return {"description": self.about, "type": "string", "pattern": f"^{_NAME}$"}


class CaseShape:
    """One case of a file: ``prefix`` is what its id begins with, ``clauses`` are those that it may name."""

    def __init__(self, prefix: str, clauses: MappingType[str, Clause]) -> None:
        self.prefix = prefix
        self.record = Record(
            "a case",
            {
                "name": Word("lower-case words joined by hyphens", pattern=_NAME),
                "about": Sentence("what is asked and what must come of it"),
                "clauses": ListOf(ClauseId(clauses), 1, once=True),
                "connection": _CONNECTION,
                "server": _SERVER,
                "threads": Flag(),
                "observes": ListOf(Word("what is observed, and never judged", choices=("streaming",)), 1, once=True),
                "asked": ListOf(ClauseId(clauses, asks=True), 1, once=True),
                **_EXCHANGE,
                "steps": ListOf(_Step(), 2),
                "since": Sentence("the version of the suite that brought the case"),
            },
            ("name", "about", "clauses"),
        )

    def read(self, node: Node) -> Case:
        """Return the case."""
        fields = self.record.read(node)
        steps = self._steps(node, fields)
        server = fields.get("server", {})
        content = canonical(node.without("about") if isinstance(node, Mapping) else node)
        return Case(
            id=f"{self.prefix}/{fields['name']}",
            about=fields["about"],
            clauses=fields["clauses"],
            steps=steps,
            source=Source(node.file, node.line),
            hash=hashlib.sha256(content.encode()).hexdigest()[:16],
            connection=connection_of(at(node, "connection"), fields.get("connection", {})),
            server=ServerPlan(server.get("late", False), server.get("hangs-up-after")),
            asked=fields.get("asked", ()),
            threads=fields.get("threads", False),
            observes=fields.get("observes", ()),
            since=fields.get("since", "0.1.0"),
        )

    def _steps(self, node: Node, fields: MappingType[str, Any]) -> tuple[Step, ...]:
        if "steps" in fields:
            beside = [key for key in _EXCHANGE if key in fields]
            if beside:
                raise at(node, beside[0]).complain(f"{beside[0]} beside steps", "either steps, or request and expect")
            steps: tuple[Step, ...] = fields["steps"]
            if not any(step.action == "request" for step in steps):
                raise at(node, "steps").complain("steps without a request", "at least one request")
        elif "request" in fields:
            steps = (_exchange(node, fields),)
        else:
            raise node.complain("a case without a request", "request and expect, or steps")
        _check_order([at(node, "steps", index) for index in range(len(steps))] if "steps" in fields else [node], steps)
        return steps

    def schema(self) -> Schema:
        """Return the schema of a case."""
        return self.record.schema()


class _Cases:
    """The cases of a file: at least one, and no two with the same id."""

    def __init__(self, case: CaseShape) -> None:
        self.case, self.list = case, ListOf(Ref("case", lambda: case), 1)

    def read(self, node: Node) -> tuple[Case, ...]:
        if not isinstance(node, Sequence) or not node.items:
            return self.list.read(node)
        parts = Parts()
        lines: dict[str, int] = {}
        cases = []
        for item in node.items:
            case = parts.read(self.case, item)
            if case is None:
                continue
            if case.id in lines:
                found = f"the id {case.id!r} twice (first in line {lines[case.id]})"
                parts.refuse(at(item, "name").complain(found, "each id once"))
            lines.setdefault(case.id, case.source.line)
            cases.append(case)
        parts.done()
        return tuple(cases)

    def schema(self) -> Schema:
        return self.list.schema()


class FileShape:
    """A case file: a sentence about it, and its cases."""

    def __init__(self, prefix: str, clauses: MappingType[str, Clause]) -> None:
        self.case = CaseShape(prefix, clauses)
        keys: dict[str, Shape[Any]] = {"about": Sentence("a sentence about the file"), "cases": _Cases(self.case)}
        self.record = Record("a case file", keys, tuple(keys))

    def read(self, node: Node) -> tuple[Case, ...]:
        """Return the cases."""
        cases: tuple[Case, ...] = self.record.read(node)["cases"]
        return cases

    def schema(self) -> Schema:
        """Return the JSON Schema of a case file, with everything that it refers to."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "wireproof case file",
            **self.record.schema(),
            "$defs": {"case": self.case.schema(), "expect": _Expect().schema(), **definitions()},
        }


def schema() -> Schema:
    """Return the JSON Schema of a case file, generated from the shapes."""
    return FileShape("", {}).schema()
