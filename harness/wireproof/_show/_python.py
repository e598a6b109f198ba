"""A case as Python: as a person would write it, and with a listener that shows what arrives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wireproof._model import Case, Connection, Step
from wireproof._show._arguments import Code
from wireproof._show._calls import (
    Candidate,
    bound_host,
    call,
    clients,
    code_for,
    constructed,
    is_large,
    is_simple,
    reply,
    resolve_lines,
    steps_of,
    suffix,
)
from wireproof._show._literals import indent, quote

_PORT = "8080"


def python_call(case: Case) -> str:
    """Return the requests of the case as Python, with the connection to an example of an address."""
    code = code_for(case.connection, _PORT)
    remarks = _remarks(case)
    if not case.threads:
        blocks = _calls(case, code, None)
    else:
        blocks = [f"def {name}():\n" + indent("\n".join(_calls(case, code, name))) for name in clients(case)]
        code.imports.add("threading")
        blocks.append(threads(clients(case)))
    return page(["import http.client"], code, [*remarks, *blocks])


def _remarks(case: Case) -> list[str]:
    remarks = []
    if case.connection.host in ("name", "localhost"):
        remarks.append(f"# {quote(case.connection.name or 'localhost')[1:-1]} leads to the server.")
    if case.server.late:
        remarks.append("# The server begins to read late.")
    if case.server.hangs_up_after is not None:
        remarks.append(f"# The server hangs up after {case.server.hangs_up_after:,} bytes.")
    return remarks


def _calls(case: Case, code: Code, only: str | None) -> list[str]:
    """Return the statements of one client, or of all."""
    names = [only] if only else list(clients(case))
    lines = []
    for name in names:
        made = constructed(code, case.connection, "http.client.HTTPConnection", _PORT)
        lines += [*code.taken(), f"connection{suffix(case, name)} = {made}"]
    for _, step in steps_of(case, only):
        lines += _call_step(case, code, step)
    last = case.steps[-1]
    closed = {last.on} if last.action == "close" else set()
    return [*lines, *(f"connection{suffix(case, name)}.close()" for name in names if name not in closed)]


def _call_step(case: Case, code: Code, step: Step) -> list[str]:
    connection = f"connection{suffix(case, step.on)}"
    if step.request is None:
        if step.action == "close":
            return [f"{connection}.close()"]
        return [f"# The server answers {_reply_shown(step.reply)}", f"{connection}.getresponse().read()"]
    statement = call(code, step.request, f"{connection}.request")
    raises = step.expect.raises if step.expect else None
    setup = code.taken()
    if raises is None:
        return [*setup, statement]
    if len(case.steps) == 1:
        return [*setup, f"# raises {raises}", statement]
    return [*setup, "try:", indent(statement), "except Exception as error:", f"    print(repr(error))  # {raises}"]


def _reply_shown(name: str) -> str:
    data, close = reply(name)
    return quote(data) + (", and closes" if close else "")


def threads(names: Sequence[str]) -> str:
    """Return the statements that run functions, each in a thread of its own."""
    listed = ", ".join(names) + ("," if len(names) == 1 else "")
    return (
        f"threads = [threading.Thread(target=work) for work in ({listed})]\n"
        "for thread in threads:\n    thread.start()\nfor thread in threads:\n    thread.join()"
    )


def page(imports: Iterable[str], code: Code, statements: Sequence[str]) -> str:
    """Put a program together: imports, helpers, statements."""
    plain = {f"import {module}" for module in code.imports} | {line for line in imports if line.startswith("import ")}
    chosen = [line for line in imports if not line.startswith("import ")]
    blocks = ["\n".join([*sorted(plain), *chosen])]
    blocks += [f"\n{source}" for source in code.helpers.values()]
    gap = "\n\n" if code.helpers else "\n"
    return "\n\n".join(blocks) + "\n" + gap + "\n".join(statements) + "\n"


# with a listener --------------------------------------------------------------------------------------------------


def short_script(case: Case, candidate: str) -> str:
    """Return a few lines of Python that perform the case and print what the server receives, as it arrives."""
    chosen = Candidate(candidate)
    code = code_for(case.connection, "port")
    code.imports |= {"socket", "threading"}
    statements = [] if chosen.known else ["# The candidate is no Python class: shown with http.client."]
    statements += _simple(case, code, chosen) if is_simple(case) else _sequence(case, code, chosen)
    return page([chosen.statement], code, statements)


def server_call(connection: Connection) -> str:
    """Return the expression that makes the listening socket."""
    host = bound_host(connection)
    family = ", family=socket.AF_INET6" if ":" in host else ""
    return f"socket.create_server(({quote(host)}, 0){family})"


def _reading(case: Case, code: Code) -> list[str]:
    """Return what is done with an accepted connection, ``client``."""
    if case.server.hangs_up_after is not None:
        code.imports.add("struct")
        return [
            f"print(client.recv({case.server.hangs_up_after}, socket.MSG_WAITALL)[:300])",
            'client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))',
            "client.close()",
        ]
    if is_simple(case):
        shown = "print(len(line), line[:60])" if is_large(case) else "print(line)"
        lines = ['for line in client.makefile("rb"):', f"    {shown}"]
    else:
        shown = "print(len(data), data[:60])" if is_large(case) else 'print(*data.splitlines(True), sep="\\n")'
        lines = ["while data := client.recv(65536):", f"    {shown}"]
    if case.server.late:
        code.imports.add("time")
        return ["time.sleep(0.5)  # it reads late", *lines]
    return lines


def _listening(case: Case, name: str) -> list[str]:
    lines = [f"server{name} = {server_call(case.connection)}", f"port{name} = server{name}.getsockname()[1]"]
    if case.server.late:
        lines.insert(1, f"server{name}.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)")
    return lines


def _simple(case: Case, code: Code, candidate: Candidate) -> list[str]:
    step = next(step for step in case.steps if step.request is not None)
    assert step.request is not None
    made = constructed(code, case.connection, candidate.factory, "port")
    setup = code.taken()
    statement = call(code, step.request, "connection.request")
    return [
        *_listening(case, ""),
        *resolve_lines(case.connection, "port"),
        "def listen():",
        indent("\n".join(["client = server.accept()[0]", *_reading(case, code)])),
        "thread = threading.Thread(target=listen, daemon=True)",
        "thread.start()",
        *setup,
        f"connection = {made}",
        *code.taken(),
        "try:",
        indent(statement),
        "finally:",
        "    connection.close()",
        f"    thread.join({5 if case.server.late else 1})",
    ]


def _sequence(case: Case, code: Code, candidate: Candidate) -> list[str]:
    code.imports.add("time")
    lines = [
        "def listen(server, clients):",
        "    while True:",
        "        clients.append(server.accept()[0])",
        "        threading.Thread(target=show, args=clients[-1:], daemon=True).start()",
        "def show(client):",
        indent("\n".join(_reading(case, code))),
        "def attempt(function, *arguments, **named):",
        "    try:",
        "        outcome = function(*arguments, **named)",
        "    except Exception as error:",
        "        outcome = error",
        "    time.sleep(0.1)  # until everything has arrived",
        '    print("->", repr(outcome))',
    ]
    for name in clients(case):
        end = suffix(case, name)
        made = constructed(code, case.connection, candidate.factory, f"port{end}")
        lines += [
            *_listening(case, end),
            f"clients{end} = []",
            f"threading.Thread(target=listen, args=(server{end}, clients{end}), daemon=True).start()",
            *(resolve_lines(case.connection, f"port{end}") if name == case.steps[0].on else []),
            *code.taken(),
            f"connection{end} = {made}",
        ]
    if not case.threads:
        return [*lines, *_performed(case, code, None), *_closed(case)]
    for name in clients(case):
        lines += [f"def work_{name}():", indent("\n".join(_performed(case, code, name)))]
    return [*lines, threads([f"work_{name}" for name in clients(case)]), *_closed(case)]


def _closed(case: Case) -> list[str]:
    return [*(f"connection{suffix(case, name)}.close()" for name in clients(case)), "time.sleep(0.1)"]


def _performed(case: Case, code: Code, only: str | None) -> list[str]:
    lines = []
    for _, step in steps_of(case, only):
        end = suffix(case, step.on)
        if step.request is not None:
            code.port = "80" if code.port == "80" else f"port{end}"
            statement = call(code, step.request, "attempt", f"connection{end}.request")
            lines += [*code.taken(), statement]
        elif step.action == "close":
            lines.append(f"connection{end}.close()")
        else:
            data, close = reply(step.reply)
            lines.append(f"clients{end}[-1].sendall({quote(data)})")
            if close:
                lines.append(f"clients{end}[-1].shutdown(socket.SHUT_WR)")
            lines.append(f"connection{end}.getresponse().read()")
    return lines
