"""The words of wireproof as frozen values; imports nothing of ours.

Rules of this file: no I/O, no behaviour beyond small derived properties, nothing mutable in a public
field. Everything that travels between modules, and between the worker processes and the runner, is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Level = Literal["documented", "de-facto", "rfc"]
LayerName = Literal["bytes", "contract", "rfc"]
VerdictName = Literal["pass", "nonstrict", "fail", "unsupported", "error", "not_run"]
Blame = Literal["candidate", "driver", "case", "harness"]

LAYERS: tuple[LayerName, ...] = ("bytes", "contract", "rfc")
VERDICTS: tuple[VerdictName, ...] = ("pass", "nonstrict", "fail", "unsupported", "error", "not_run")


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was written: a file (relative to the case root) and a line, counted from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Clause:
    """One normative statement in our own words.

    ``sentences`` are numbers of the contract's text (1 to 22); ``excluded`` holds the reason when there
    is nothing to test.
    """

    id: str
    level: Level
    source: str
    text: str
    sentences: tuple[int, ...] = ()
    excluded: str | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """A language-neutral description of one argument: a kind of ``_recipes.KINDS`` and its fields.

    Field values are str, bytes, int, bool, None, Recipe, or tuples of these.
    """

    kind: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def get(self, name: str, default: object = None) -> object:
        """Return the field ``name``, or ``default`` where the recipe does not give it."""
        return self.fields.get(name, default)


@dataclass(frozen=True, slots=True)
class Request:
    """The arguments of one call of ``request``, in the order of the signature.

    An argument that a case does not name is not passed. ``passed`` says how: method and url by position and
    the rest by name ("usual"), all by name ("keywords"), or all by position ("positional").
    """

    arguments: tuple[tuple[str, Recipe], ...]
    passed: Literal["usual", "keywords", "positional"] = "usual"

    def get(self, name: str) -> Recipe | None:
        """Return the recipe of the argument ``name``, or None where it is not passed."""
        return dict(self.arguments).get(name)


@dataclass(frozen=True, slots=True)
class Digest:
    """Bytes that are too long to write down: their number and the SHA-256, in hexadecimal."""

    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Blocks:
    """Bytes that are too many to hold at once: ``data``, ``count`` times, and ``end`` behind them."""

    data: bytes
    count: int
    end: bytes = b""

    @property
    def length(self) -> int:
        """How many bytes they are in all."""
        return len(self.data) * self.count + len(self.end)


@dataclass(frozen=True, slots=True)
class Expect:
    """What must be seen of one call.

    ``head``: the lines before the empty line, without CRLF, one character a byte; None: no byte at all.
    ``body``: every byte after the head, framing included. ``at_least``: where not None, any prefix with
    so many bytes of the body suffices. ``raises``: the name of an exception class that must be in the MRO.
    ``effects``: what is expected beside the defaults (see ``_judge``).
    ``reconnects``: the bytes arrive on a new connection although nothing closed the one before.
    """

    head: tuple[str, ...] | None
    body: bytes | Digest | Blocks = b""
    at_least: int | None = None
    raises: str | None = None
    effects: Mapping[str, object] = field(default_factory=dict)
    reconnects: bool = False


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another right outcome of a step.

    ``kind`` "probe": for interpreters whose probe ``name`` answers ``value``; "defect": CPython's known way
    ``name``, reported; "layer": enough for the layer ``name``; "odd": as right as ``expect``, for the reason ``name``.
    """

    kind: Literal["probe", "defect", "layer", "odd"]
    name: str
    value: str
    expect: Expect


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done in an exchange, on the client connection named ``on``."""

    action: Literal["request", "close", "reply"]
    on: str = "a"
    request: Request | None = None
    expect: Expect | None = None
    alternatives: tuple[Alternative, ...] = ()
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """How the client's connection object is made.

    ``host``: a kind of address ("ipv4", "ipv6", "ipv6-bracketed", "localhost") or, with ``name``, a name that is
    redirected to the server. ``port``: "int", "str", "in-host", or 80: "default" (not given), "default-given" or
    "default-as-str".
    """

    host: Literal["ipv4", "ipv6", "ipv6-bracketed", "ipv6-zone", "localhost", "name"] = "ipv4"
    name: str = ""
    port: Literal["int", "str", "in-host", "default", "default-given", "default-as-str"] = "int"
    arguments: tuple[tuple[str, Recipe], ...] = ()


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """How the server behaves: ``late`` starts to read only when the client is stuck or done;
    ``hangs_up_after``: closes the connection once so many bytes have come.
    """

    late: bool = False
    hangs_up_after: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One exchange, or a sequence of exchanges, as read from a case file. ``hash`` is that of its content.

    ``asked``: the codes of the RFC violations that the caller asked for. ``threads``: each client connection
    works in a thread of its own. ``since``: the version of the suite that brought the case. ``rules``: of a
    combination of a matrix the rules that decided it, each as a sentence; ``asked`` is then what its values *may* ask
    for.
    """

    id: str
    about: str
    clauses: tuple[str, ...]
    steps: tuple[Step, ...]
    source: Source
    hash: str
    connection: Connection = field(default_factory=Connection)
    server: ServerPlan = field(default_factory=ServerPlan)
    asked: tuple[str, ...] = ()
    threads: bool = False
    observes: tuple[str, ...] = ()
    since: str = "0.1.0"
    rules: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The behaviour that the case belongs to: the first part of its id."""
        return self.id.split("/", 1)[0]

    def continues(self, number: int) -> bool:
        """Say whether a step goes on on the connection of the steps before it: nothing has closed that one since."""
        step = self.steps[number]
        is_open = False
        for earlier in self.steps[:number]:
            if earlier.on == step.on and earlier.action == "close":
                is_open = False
            elif earlier.on == step.on and earlier.expect is not None and earlier.expect.head is not None:
                is_open = True
        return is_open and step.expect is not None and not step.expect.reconnects


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What a candidate is known to do in another way, and what a second, tolerant verdict lets pass for it.

    ``ambient``: names of header fields that it adds, with the regular expression that their whole values match.
    ``omits``: names of automatic header fields that it leaves out. ``order``: its header fields may come in any order.
    ``names``: the case of field names is free.
    """

    ambient: tuple[tuple[str, str], ...] = ()
    omits: tuple[str, ...] = ()
    order: bool = False
    names: bool = False

    def __bool__(self) -> bool:
        return self != STRICT


STRICT = Tolerances()
"""No tolerance at all."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who is asked, and how it is reached.

    ``name``: what reports call it. ``target``: ``package.module:Class``, or what else a driver is told that it drives.
    ``command``: the driver's program and its arguments; empty: ``target`` is called in the worker's own process.
    ``options``: what a driver is told beside the target, JSON values (``constructor``: further arguments of the
    constructor by name; ``renames``: the candidate's names of arguments of ``request``). ``lacks``: arguments of
    ``request`` and of the constructor, and features of drivers, that it does not have. ``environment``: variables
    that its process gets beside the clean ones, "" for one that
    it does not get. ``gate``: the layer that suits it, where that is not the run's.
    """

    name: str
    target: str | None = None
    command: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    tolerances: Tolerances = STRICT
    environment: Mapping[str, str] = field(default_factory=dict)
    gate: LayerName | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception that the candidate let out: the class names of its MRO, its message, and the phase
    ("construct", "request", "getresponse", "close").
    """

    classes: tuple[str, ...]
    message: str
    phase: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call did, apart from its bytes. ``returned`` is the type name of the return value.

    ``effects``: everything that could be observed of the arguments after the call.
    ``unsupported``: why the step cannot be expressed with this candidate.
    """

    returned: str = "NoneType"
    raised: Raised | None = None
    effects: Mapping[str, object] = field(default_factory=dict)
    unsupported: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """Content as it was sent, beside the content that the body has.

    ``length`` bytes were sent, and the first ``same`` of them are the body's own; ``sample`` begins with what came in
    the place of the next ones. ``whole`` is all of it, or None where it was too long to be held.
    """

    length: int
    same: int
    sample: bytes = b""
    whole: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of the bytes after a head that were too many to hold.

    ``framed`` says how many are the expected ones, ``raw`` what they say as they are, ``decoded`` what they say as
    chunks. ``chunks`` of these came whole, and the
    next one begins at ``at``: ``rest`` is what there is of it, or, if it is the last chunk or no chunk, what there is
    from there on. Where ``size`` is a number, it is one with data: ``rest`` is its size line, ``came`` says how many
    bytes of its data came, and ``ending`` what stands behind them. ``lines`` holds the first of the size lines and
    those that are written otherwise than "1F CRLF".
    """

    framed: Sent
    raw: Sent
    decoded: Sent
    chunks: int
    at: int
    rest: bytes
    size: int | None
    came: int
    ending: bytes
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """How a long request compares with the expected one.

    ``same``: so many of its bytes, from the first on, are the expected ones. ``reading``: how its body reads, where
    anything differs and the head came to its end.
    """

    same: int
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """What arrived on one TCP connection.

    ``client``: the name of the client connection whose listener accepted it. ``data``: at most the stored cap;
    ``total`` bytes came in all, and beyond the cap ``sha256`` is the digest of everything.
    ``ended``: "eof", "half-closed" (the client sends no more, and can still receive), "reset", "open" (never closed by
    the client) or "hung-up" (closed by the server's plan).
    ``compared``: what the last request on it was compared with while it arrived, where it is a long one; of its bytes
    ``data`` has only the first ones then.
    """

    client: str
    data: bytes
    total: int
    ended: Literal["eof", "half-closed", "reset", "open", "hung-up"]
    sha256: str | None = None
    compared: Compared | None = None


@dataclass(frozen=True, slots=True)
class Grown:
    """What one step put on one stream: the stream's index, and the offsets [start, end)."""

    stream: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class StepRecord:
    """The outcome of one request step and what it put on the wire."""

    outcome: Outcome
    grown: tuple[Grown, ...] = ()


@dataclass(frozen=True, slots=True)
class Capture:
    """All that was seen of one exchange. ``records`` has one entry for each step that was performed.

    ``addresses``: for each client connection the host and the port that stand for <host> and <port>.
    ``fatal``: "timeout" or "crash" and what is known about it, where the exchange could not be finished.
    """

    records: tuple[StepRecord | None, ...]
    streams: tuple[Stream, ...]
    addresses: Mapping[str, tuple[str, int]]
    observed: Mapping[str, object] = field(default_factory=dict)
    fatal: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a capture differs from what was expected.

    ``code`` is stable and says what kind it is; ``subject`` what it is about (a field name, say), stable too;
    ``text`` is the sentence a person reads; ``clause`` the clause that it breaks or touches, "" if none;
    ``step`` counts from 0; ``at`` is the offset in the step's bytes, where there is one.
    """

    code: str
    subject: str
    text: str
    clause: str = ""
    step: int = 0
    at: int | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The bytes behind a verdict that is not a pass: for one step, what was expected and what came."""

    step: int
    expected: bytes | None
    received: bytes
    expected_raises: str | None
    raised: str | None


@dataclass(frozen=True, slots=True)
class Strict:
    """What a verdict is where nothing is let pass."""

    verdict: VerdictName
    layers: Mapping[str, str]
    differences: tuple[Difference, ...]
    fingerprint: str

    @property
    def reason(self) -> Difference | None:
        """The difference that weighs most."""
        return self.differences[0] if self.differences else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one case and one candidate. ``rules``: see ``Case``; only where it is not a pass.

    ``strict``: the verdict without the candidate's tolerances, where it is another one; ``tolerated``: what these let
    pass, then.
    """

    id: str
    hash: str
    verdict: VerdictName
    layers: Mapping[str, str]
    clauses: tuple[str, ...]
    differences: tuple[Difference, ...] = ()
    blame: Blame | None = None
    defects: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    observed: Mapping[str, object] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    fingerprint: str = ""
    since: str = "0.1.0"
    rules: tuple[str, ...] = ()
    strict: Strict | None = None
    tolerated: tuple[str, ...] = ()

    @property
    def reason(self) -> Difference | None:
        """The difference that weighs most, or None for a pass."""
        return self.differences[0] if self.differences else None
