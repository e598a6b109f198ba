"""What is expected of a request, as Python: for scripts and for files of tests."""

from __future__ import annotations

from wireproof._model import Alternative, Blocks, Case, Digest, Expect, Step
from wireproof._show._arguments import Code
from wireproof._show._calls import clients
from wireproof._show._literals import filled, indent, leading, literal, quote, span


def expectations(case: Case) -> list[Expect]:
    """Return what is expected of each request."""
    return [step.expect for step in case.steps if step.expect is not None]


def others_of(step: Step) -> list[Alternative]:
    """Return the alternatives that a script can compare."""
    return [each for each in step.alternatives if isinstance(each.expect.body, bytes) and each.expect.at_least is None]


def counts(case: Case) -> bool:
    """Say whether it matters which connection a request uses."""
    return len(expectations(case)) > len(clients(case))


def opened(case: Case, number: int) -> int | None:
    """Return how many connections the request of a step opens; None where it sends nothing."""
    expect = case.steps[number].expect
    return None if expect is None or expect.head is None else int(not case.continues(number))


def head_length(expect: Expect) -> int:
    """Return a number of bytes that the head has at least."""
    assert expect.head is not None
    return sum(len(line.replace("<host>:<port>", "")) + 2 for line in expect.head) + 2


def named(alternative: Alternative) -> str:
    """Return what a script calls another right outcome."""
    return {
        "probe": f"an older release of CPython ({alternative.name}: {alternative.value})",
        "defect": f"CPython's known defect {alternative.name}",
        "layer": f"what the {alternative.name} allows",
        "odd": f"another sensible way: {alternative.name}",
    }[alternative.kind]


def bytes_of(code: Code, expect: Expect) -> str:
    """Return an expression for the bytes, or for those of the head where the body is known by its digest."""
    if expect.head is None:
        return 'b""'
    head = _head(code, expect.head)
    body = expect.body
    if isinstance(body, Blocks):
        end = f" + {literal(body.end)}" if body.end else ""
        return f"{head} + ({literal(body.data)}) * {body.count}{end}"
    return head if isinstance(body, Digest) or not body else f"{head} + {literal(body)}"


def _head(code: Code, lines: tuple[str, ...]) -> str:
    parts: list[str] = []
    rest, plus = [f"{line}\r\n" for line in lines], ""
    while rest:
        found = None if "<" in rest[0] else leading([(line,) for line in rest])
        if found is None:
            part = filled(rest[0], code.host, code.port)
            is_product = part.startswith("(") or " * " in part
            parts.append(("+ " if is_product and parts else plus) + part)
            rest, plus = rest[1:], "+ " if is_product else ""
            continue
        (template,), numbers = found
        parts.append(f'{"+ " if parts else ""}"".join({template} for n in {span(numbers)})')
        rest, plus = rest[len(numbers) :], "+ "
    parts.append(plus + quote("\r\n"))
    return "(\n" + indent("\n".join(parts)) + '\n).encode("latin-1")'
