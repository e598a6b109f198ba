"""A case as a complete script that performs it, compares, and needs nothing of ours: for reports of bugs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from wireproof._model import Case, Digest, Step
from wireproof._show._arguments import Code
from wireproof._show._calls import (
    Candidate,
    call,
    clients,
    code_for,
    constructed,
    reply,
    resolve_lines,
    steps_of,
    suffix,
)
from wireproof._show._expected import bytes_of, counts, expectations, head_length, named, opened, others_of
from wireproof._show._literals import WIDTH, bracket, indent, quote
from wireproof._show._python import page, server_call, threads

_SERVER = '''\
class Server:
    """Listens on loopback and keeps what arrives."""

    def __init__(self):
        self.socket = {socket}
{buffer}        self.port = self.socket.getsockname()[1]
        self.clients, self.data, self.taken = [], bytearray(), 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            self.clients.append(self.socket.accept()[0])
            threading.Thread(target=self.read, args=self.clients[-1:], daemon=True).start()

    def read(self, client):
{late}        while piece := client.recv({room}):
            self.data += piece
{hang_up}
    def take(self, wanted):
        """Return what came since the last time, when `wanted` bytes are there or nothing more comes."""
        end = time.monotonic() + 2
        while len(self.data) < self.taken + wanted and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.05)  # for what should not come
        came = bytes(self.data[self.taken :])
        self.taken += len(came)
        return came
'''
_BUFFER = "        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)\n"
_LATE = "        time.sleep(0.5)\n"
_HANG_UP = """\
            if len(self.data) >= {limit}:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return client.close()
"""
_SHOW = """\
def show(what, data, exception):
    print(f"{what}: {len(data):,} bytes, {exception or 'no exception'}")
    for line in re.findall(rb".*?\\r\\n|.+", data, re.DOTALL)[:60]:
        print("   ", line if len(line) < 200 else f"{line[:60]}... ({len(line):,} bytes)")
"""
_COMPARE = '''\
def classes(error):
    return [cls.__name__ for cls in type(error).__mro__] if error else [None]


def compare(received, error, expected, raises=None{parameters}):
    """Print what came and what was expected, and say whether they are the same."""
    show("received", received, error and repr(error))
    show("expected", expected, raises)
    same = received == expected and raises in classes(error)
{more}    print("same" if same else "different", end="\\n\\n")
    return same
'''
_OTHERS = """\
    for name, data, exception in others:
        if not same and received == data and exception in classes(error):
            print(f"It is as in: {name}")
            same = True
"""
_NEW = """\
    if received and new is not None and opened != new:
        print(f"{opened} connections were opened, {new} expected")
        same = False
"""


def script(case: Case, candidate: str) -> str:
    """Return a script that performs the case with the candidate and exits with 0 if all is as expected, or with 1."""
    chosen = Candidate(candidate)
    code = code_for(case.connection, "port")
    code.imports |= {"re", "socket", "sys", "threading", "time"}
    code.helpers |= {"Server": _server(case, code), "show": _SHOW.rstrip(), "compare": _compare(case, code)}
    body = list(_main(case, code, chosen))
    return _docstring(case, candidate, chosen) + "\n" + page([chosen.statement], code, body)


def _docstring(case: Case, candidate: str, chosen: Candidate) -> str:
    name = "".join(char if char.isascii() and char.isprintable() else "?" for char in candidate)
    paragraphs = [
        f"{case.id}: {case.about}",
        f"Performs the requests with {name} against a server on loopback and compares what arrives with what is "
        "expected: exits with 0 if it is the same, with 1 if it is different."
        + ("" if chosen.known else " The candidate is no Python class: http.client stands in its place."),
    ]
    if any(step.expect is not None and step.expect.effects for step in case.steps):
        paragraphs.append("What the call does to its arguments is not compared.")
    wrapped = "\n\n".join(textwrap.fill(paragraph, WIDTH) for paragraph in paragraphs)
    escaped = ascii(wrapped)[1:-1].replace("\\n", "\n").replace("\\'", "'").replace('"', "'")
    return f'"""{escaped}\n"""\n'


def _server(case: Case, code: Code) -> str:
    limit = case.server.hangs_up_after
    if limit is not None:
        code.imports.add("struct")
    return _SERVER.format(
        socket=server_call(case.connection),
        buffer=_BUFFER if case.server.late else "",
        late=_LATE if case.server.late else "",
        room="65536" if limit is None else f"min(65536, {limit} - len(self.data))",
        hang_up="" if limit is None else _HANG_UP.format(limit=limit),
    ).rstrip()


def _compare(case: Case, code: Code) -> str:
    """Return the function that compares; it has only the parameters that the case needs."""
    parameters, more = "", ""
    if any(expect.at_least is not None for expect in expectations(case)):
        parameters += ", at_least=None"
        more += (
            "    if at_least:  # a beginning of so many bytes is enough\n"
            "        enough = len(received) >= at_least and expected.startswith(received)\n"
            "        same = enough and raises in classes(error)\n"
        )
    if any(isinstance(expect.body, Digest) for expect in expectations(case)):
        code.imports.add("hashlib")
        parameters += ", sha256=None"
        more += (
            "    if sha256:  # of the body, of which there is too much to write it down\n"
            "        head, body = received[: len(expected)], received[len(expected) :]\n"
            "        is_whole = head == expected and hashlib.sha256(body).hexdigest() == sha256\n"
            "        same = is_whole and raises in classes(error)\n"
        )
    if any(others_of(step) for step in case.steps):
        parameters += ", others=()"
        more += _OTHERS
    if counts(case):
        parameters += ", opened=0, new=None"
        more += _NEW
    return _COMPARE.replace("{parameters}", parameters).replace("{more}", more).rstrip()


def _main(case: Case, code: Code, candidate: Candidate) -> Iterator[str]:
    for name in clients(case):
        end = suffix(case, name)
        yield f"server{end} = Server()"
        yield f"port{end} = server{end}.port"
    yield from resolve_lines(case.connection, f"port{suffix(case, clients(case)[0])}")
    yield "results = []"
    for name in clients(case):
        end = suffix(case, name)
        made = constructed(code, case.connection, candidate.factory, f"port{end}")
        yield from code.taken()
        yield f"connection{end} = {made}"
    if not case.threads:
        yield from _performed(case, code, None)
    else:
        for name in clients(case):
            yield f"\n\ndef work_{name}():\n" + indent("\n".join(_performed(case, code, name)).lstrip("\n"))
        yield "\n\n" + threads([f"work_{name}" for name in clients(case)])
    yield ""
    for name in clients(case):
        yield f"connection{suffix(case, name)}.close()"
    yield "sys.exit(0 if all(results) else 1)"


def _performed(case: Case, code: Code, only: str | None) -> Iterator[str]:
    for number, step in steps_of(case, only):
        end = suffix(case, step.on)
        if step.expect is not None:
            yield f"\n# request {number + 1}" if len(case.steps) > 1 else ""
            yield from _request(case, code, step, opened(case, number))
        elif step.action == "close":
            yield f"\nconnection{end}.close()"
        else:
            answer, closes = reply(step.reply)
            yield f"\n# the server answers\nserver{end}.clients[-1].sendall({quote(answer)})"
            if closes:
                yield f"server{end}.clients[-1].shutdown(socket.SHUT_WR)"
            yield f"connection{end}.getresponse().read()"


def _request(case: Case, code: Code, step: Step, new: int | None) -> Iterator[str]:
    request, expect, end = step.request, step.expect, suffix(case, step.on)
    assert request is not None
    assert expect is not None
    code.port = "80" if code.port == "80" else f"port{end}"
    statement = call(code, request, f"connection{end}.request")
    yield from code.taken()
    yield "error = None"
    if counts(case):
        yield f"before = len(server{end}.clients)"
    yield f"try:\n{indent(statement)}\nexcept Exception as raised:\n    error = raised"
    yield f"expected = {bytes_of(code, expect)}"
    wanted = "len(expected)"
    arguments = ["error", "expected", *([quote(expect.raises)] if expect.raises else [])]
    if expect.at_least is not None:
        wanted = str(expect.at_least + head_length(expect))
        arguments.append(f"at_least={wanted}")
    if isinstance(expect.body, Digest):
        wanted = f"len(expected) + {expect.body.length}"
        arguments.append(f"sha256={quote(expect.body.sha256)}")
    others = [
        bracket("(", [quote(named(each)), bytes_of(code, each.expect), repr(each.expect.raises)], ")")
        for each in others_of(step)
    ]
    if others:
        arguments.append(bracket("others=[", others, "]"))
    if counts(case):
        arguments += [f"opened=len(server{end}.clients) - before", f"new={new}"]
    yield f"received = server{end}.take({wanted})"
    yield bracket("results.append(", [bracket("compare(", ["received", *arguments], ")")], ")")
