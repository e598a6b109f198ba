"""Correct clients raise nothing: however they send, connect, are made and raise, and whatever they do where the
contract leaves it open.

The clients lie in ``clients``: those of ``unusual`` are right to the byte, those of ``free`` by the contract.
"""

from __future__ import annotations

import ast
import functools
import os
from collections import Counter
from pathlib import Path

import pytest

from wireproof._cases import CaseSet, load
from wireproof._model import Verdict
from wireproof._run import Judged, Lost, Options, Passed, run
from wireproof._selection import plan

CLIENTS = Path(__file__).parent / "clients"

SENDING = ("sequences/*", "*/late-server/*", "*/raises/*", "body-iterable/many/*", "body-bytes-like/shape/*")
CONNECTING = ("sequences/*", "*/late-server/*", "automatic-headers/*", "matrix/address")
MADE = ("sequences/*", "errors/call/*", "effects/*", "body-iterable/*", "request-line/arguments/*")
RAISING = ("errors/*", "*/raises/*", "*/not-encodable/*", "body-file/errors/*", "sequences/after-failure/*")

UNUSUAL = {
    "EachWay": SENDING,
    "Forking": ("sequences/replies/*", "framing/both/*", "body-iterable/raises/*"),
    "InLoopThread": SENDING,
    "FlushedAtTheEnd": SENDING,
    "LineByLine": SENDING,
    "NonBlockingConnect": CONNECTING,
    "OwnSocket": CONNECTING,
    "Eager": CONNECTING,
    "OwnResolver": CONNECTING,
    "Lingering": CONNECTING[1:2],
    "Overriding": MADE,
    "Subclassed": MADE,
    "ByMetaclass": MADE,
    "New": MADE,
    "Builtins": (),
    "functions": MADE,
    "Frozen.make": MADE,
    "weak": MADE,
    "Pool": MADE,
    "Talkative": MADE,
    "Inquisitive": MADE,
    "SubclassedErrors": RAISING,
    "OwnErrors": RAISING,
    "OtherMessages": RAISING,
}
"""For each client the cases in which its way could show; (): everything that is run by default."""

REDIRECTED = ("OwnResolver",)
"""Clients that cannot be led to the server where a case gives it another address: unsupported, and no failure."""

FILES = ("body-file/*",)
CHUNKS = ("encode-chunked/*", "body-iterable/*", "body-file/*", "sequences/*")
HEADS = ("automatic-headers/order/*", "automatic-headers/host-override/*", "headers/*", "framing/*", "sequences/*")
DEFECTS = ("body-file/reads/*", "body-iterable/*", "encode-chunked/*", "sequences/*", "automatic-headers/*", "matrix/*")
CALLS = ("errors/*", "headers/*", "request-line/*", "sequences/*", "matrix/after-failure")

FREE = {
    "LowerHex": (CHUNKS, "chunk.lower-case"),
    "LeadingZeros": (CHUNKS, "chunk.leading-zeros"),
    "Extended": (CHUNKS, "chunk.extension"),
    "SmallChunks": (CHUNKS, "chunk.boundaries"),
    "OneChunk": (CHUNKS, "chunk.boundaries"),
    "FirstPieceFirst": (CHUNKS, ""),
    "LargeReads": (FILES, "effect.reads"),
    "SmallReads": (FILES, "chunk.boundaries"),
    "ReadAll": (FILES, "effect.reads"),
    "AutomaticLast": (HEADS, "order.automatic"),
    "LowerNames": (HEADS, "field.spacing"),
    "MoreFields": (HEADS, "field.extra"),
    "StrictNames": (CALLS, "call.raised"),
    "BodyFirst": (CALLS, "call.other-exception"),
    "OneError": (CALLS, "call.other-exception"),
    "NewConnections": (CALLS, "connection.not-reused"),
    "StartsOver": (CALLS, "call.not-raised"),
    "Pipelines": (CALLS, "call.not-raised"),
    "SendsFiles": (FILES, ""),
    "PlainMoreFields": (DEFECTS, "field.extra"),
    "PlainLowerNames": (DEFECTS, "field.name-case"),
    "PlainOtherCoding": (DEFECTS, "field.value"),
    "Accepting": (CALLS, "call.not-raised"),
    "StrictMethods": (CALLS, "call.raised"),
}
"""For each client the cases in which its way could show, and the reason that is given at the gate bytes ("": none)."""


@functools.cache
def bundled() -> CaseSet:
    """Return the bundled cases, read once."""
    return load()


def ran(candidate: str, globs: tuple[str, ...], strength: int) -> tuple[int, int, list[Verdict]]:
    """Run what is chosen; return how many verdicts were planned, how many came, and those that are no pass."""
    planned = plan(bundled().cases, bundled().matrices, globs, (), strength)
    count, left = 0, list[Verdict]()
    for event in run([candidate], planned, Options(60.0, jobs=1 if globs else 2)):
        if isinstance(event, Passed):
            count += len(event.codes)
        elif isinstance(event, Judged):
            count += 1
            left += [event.verdict] * (event.verdict.verdict != "pass")
        assert not isinstance(event, Lost), event
    return len(planned), count, left


def classes(module: str) -> set[str]:
    """Return the names of the public classes and of the undecorated functions of a module that make clients."""
    tree = ast.parse((CLIENTS / f"{module}.py").read_text())
    made = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    made |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.args.vararg is not None}
    return {name for name in made if not name.startswith("_")}


@pytest.fixture(autouse=True)
def python_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers find the clients."""
    path = os.pathsep.join([str(CLIENTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)


def test_every_client_is_tried() -> None:
    """No client of the two modules is forgotten."""
    assert {name.partition(".")[0] for name in UNUSUAL} == classes("unusual")
    assert set(FREE) == classes("free")


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_client_that_is_right_to_the_byte_raises_nothing(name: str) -> None:
    """However a client gets the right bytes onto the wire, everything passes."""
    globs = UNUSUAL[name]
    planned, count, left = ran(f"unusual:{name}", globs, 1 if globs else 3)
    lacks = {one.id for one in left if one.verdict == "unsupported"}
    assert [(one.id, one.verdict, one.reason) for one in left if one.id not in lacks] == []
    assert bool(lacks) == (name in REDIRECTED)
    assert count == planned


@pytest.mark.parametrize("name", FREE)
def test_a_client_that_is_right_by_the_contract_fails_no_gate_but_bytes(name: str) -> None:
    """What the contract leaves open is seen, told for what it is, and breaks no clause of it and no rule of HTTP."""
    globs, code = FREE[name]
    planned, count, left = ran(f"free:{name}", globs, 1)
    wrong = [(one.id, one.layers, one.reason) for one in left if _fails(one)]
    assert (wrong, count) == ([], planned)
    reasons = Counter(one.reason.code for one in left if one.reason is not None)
    assert code in reasons if code else not reasons


def _fails(verdict: Verdict) -> bool:
    return verdict.verdict != "nonstrict" or "fail" in (verdict.layers["contract"], verdict.layers["rfc"])
