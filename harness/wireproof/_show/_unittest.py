"""Cases as one file of tests for unittest, which needs nothing of ours: to be committed where a client is developed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from wireproof._model import Case, Connection, Digest, Step
from wireproof._show._arguments import Code
from wireproof._show._calls import (
    Candidate,
    bound_host,
    call,
    clients,
    code_for,
    constructed,
    is_default,
    is_redirected,
    reply,
    steps_of,
    suffix,
)
from wireproof._show._expected import bytes_of, counts, head_length, named, opened, others_of
from wireproof._show._literals import WIDTH, bracket, indent, quote

_ALWAYS = ("contextlib", "hashlib", "select", "socket", "struct", "threading", "time", "unittest")

_HELPERS = '''\
SECONDS = 5  # that bytes may take to arrive


class Server:
    """Listens on loopback and keeps what arrives. It begins to read late, or hangs up after some bytes."""

    def __init__(self, host, late=False, hangs_up_after=None):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.create_server((host, 0), family=family)
        if late:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.late, self.limit = late, hangs_up_after
        self.address = self.socket.getsockname()[:2]
        self.port = self.address[1]
        self.clients, self.reading, self.data, self.taken = [], [], bytearray(), 0
        self.last, self.is_last, self.is_done, self.changed = None, False, False, threading.Condition()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while not self.is_done:
            for ready in select.select([self.socket, *self.reading], [], [])[0]:
                with self.changed:
                    if ready is self.socket:
                        self.accept()
                    else:
                        self.read(ready)
                    self.is_done = self.is_last and not self.reading
                    self.changed.notify_all()
        for each in (self.socket, *self.clients):
            each.close()

    def accept(self):
        client, peer = self.socket.accept()
        if peer[:2] == self.last:  # connections are accepted in their order: nobody else comes
            client.close()
            self.is_last = True
            return
        self.clients.append(client)
        self.reading.append(client)
        if self.late:
            time.sleep(0.5)

    def read(self, client):
        room = 65536 if self.limit is None else min(65536, self.limit - len(self.data))
        try:
            piece = client.recv(room)
        except OSError:
            piece = b""
        self.data += piece
        if piece and len(self.data) == self.limit:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            piece = b""
        if not piece:
            self.reading.remove(client)

    def come(self):
        return bytes(self.data[self.taken :])

    def take(self, count, others):
        """Return what has come since the last time, once it is `count` bytes, or one of the others."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.data) - self.taken >= count or self.come() in others, SECONDS)
            came = self.come()
            self.taken += len(came)
            return came

    def rest(self):
        """Return what nobody has taken, once every client has closed its connection."""
        with socket.socket(self.socket.family) as last:
            last.bind((self.address[0], 0))
            self.last = last.getsockname()[:2]
            last.connect(self.address)
            with self.changed:
                if not self.changed.wait_for(lambda: self.is_done, SECONDS):
                    raise AssertionError("the connection was left open")
        return self.come()


class Asked:
    """One request: what was raised, and how many connections there were before."""

    def __init__(self, server):
        self.server, self.error, self.before = server, None, len(server.clients)

    def outcome(self):
        return [cls.__name__ for cls in type(self.error).__mro__] if self.error else [None]


class WireTest(unittest.TestCase):
    """What the tests have in common."""

    maxDiff = None

    def setUp(self):
        self.pairs = []

    def served(self, host, **behaviour):
        """Return a server; what nobody has asked for must not arrive there."""
        server = Server(host, **behaviour)
        self.pairs.append([server])
        return server

    def made(self, connection):
        """Take note of the connection object of the server made last."""
        self.pairs[-1].append(connection)
        return connection

    def finish(self):
        for server, *connections in self.pairs:
            for connection in connections:
                connection.close()
            self.assertEqual(server.rest(), b"", "bytes that nobody asked for")

    def redirect(self, host, port):
        """Lead every name to the server."""
        resolve = socket.getaddrinfo
        self.addCleanup(setattr, socket, "getaddrinfo", resolve)
        socket.getaddrinfo = lambda name, number, *rest, **more: resolve(host, port or number, *rest, **more)

    def together(self, *functions):
        """Run functions, each in a thread of its own."""
        failures = []

        def attempt(function):
            try:
                function()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=attempt, args=[function]) for function in functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for failure in failures:
            raise failure

    @contextlib.contextmanager
    def asking(self, server):
        asked = Asked(server)
        try:
            yield asked
        except Exception as error:
            asked.error = error

    def check(self, asked, expected, raises=None, *, size=None, at_least=None, sha256=None, others=(), new=None):
        """Compare what came with what was expected. `others`: names, bytes and exceptions that are as right."""
        outcome = asked.outcome()
        fitting = [data for _, data, exception in others if exception in outcome]
        if raises not in outcome and not fitting:
            self.assertIn(raises, outcome, repr(asked.error))
        if size is None:
            size = max(map(len, [*fitting, *[expected] * (raises in outcome)]))
            fitting.append(expected)
        received = asked.server.take(size, fitting)
        if new is not None and received:
            self.assertEqual(len(asked.server.clients) - asked.before, new, "connections opened")
        if any(received == data and exception in outcome for _, data, exception in others):
            return
        if sha256 is not None:
            body = received[len(expected) :]
            self.assertEqual(hashlib.sha256(body).hexdigest(), sha256, "the SHA-256 of the body")
            received = received[: len(expected)]
        if at_least is not None and len(received) >= at_least:
            expected = expected[: len(received)]
        if received != expected:
            self.assertEqual(received.splitlines(True), expected.splitlines(True))
        self.assertIn(raises, outcome, repr(asked.error))
'''


def tests(cases: Sequence[Case], candidate: str) -> Iterator[str]:
    """Yield the file in pieces: a class for each folder, a method for each case, in their order."""
    chosen = Candidate(candidate)
    classes, imports = [], set(_ALWAYS)
    for folder, group in groupby(cases, lambda case: case.folder):
        names: set[str] = set()
        methods = [_method(case, chosen, imports, names) for case in group]
        name = "".join(part.capitalize() for part in folder.replace("/", "-").split("-"))
        classes.append(f"class {name}Test(WireTest):\n" + indent("\n\n".join(methods)))
    yield _docstring(cases, candidate, chosen)
    yield "\n" + "\n".join([*(f"import {name}" for name in sorted(imports)), chosen.statement]) + "\n\n"
    yield _HELPERS
    for each in classes:
        yield "\n\n" + each + "\n"
    yield '\n\nif __name__ == "__main__":\n    unittest.main()\n'


def _docstring(cases: Sequence[Case], candidate: str, chosen: Candidate) -> str:
    paragraphs = [
        f"What {_plain(candidate)} puts on the wire: {len(cases)} cases of wireproof.",
        "Written by wireproof export; needs nothing but the standard library. What the calls do to their arguments is "
        "not compared."
        + ("" if chosen.known else " The candidate is no Python class: http.client stands in its place."),
    ]
    return '"""' + "\n\n".join(textwrap.fill(paragraph, WIDTH) for paragraph in paragraphs) + '\n"""\n'


def _plain(text: str) -> str:
    """Return text that may stand in a docstring."""
    return ascii(text)[1:-1].replace("\\'", "'").replace('"', "'")


def _method(case: Case, candidate: Candidate, imports: set[str], names: set[str]) -> str:
    """Return the test of a case, under a name that no other has."""
    code = code_for(case.connection, "port")
    body = list(_body(case, code, candidate))
    imports |= code.imports
    helpers = [f"{source.strip()}\n" for source in code.helpers.values()]
    name = chosen = "".join(char if char.isascii() and char.isalnum() else "_" for char in case.id.partition("/")[2])
    while name in names:
        name = f"{chosen}_{len(names)}"
    names.add(name)
    about = textwrap.fill(_plain(f"{case.id}: {case.about}"), WIDTH)
    lines = [f'"""{about}"""', *helpers, *body]
    return f"def test_{name}(self):\n" + indent("\n".join(lines))


def _body(case: Case, code: Code, candidate: Candidate) -> Iterator[str]:
    for name in clients(case):
        end = suffix(case, name)
        yield f"server{end} = self.served({', '.join([quote(bound_host(case.connection)), *_behaviour(case)])})"
        yield f"port{end} = server{end}.port"
        if name == clients(case)[0]:
            yield from _redirected(case.connection, f"port{end}")
        made = constructed(code, case.connection, candidate.factory, f"port{end}")
        yield from code.taken()
        yield bracket(f"connection{end} = self.made(", [made], ")")
    if not case.threads:
        yield from _performed(case, code, None)
    else:
        for name in clients(case):
            yield f"\ndef work_{name}():\n" + indent("\n".join(_performed(case, code, name)).lstrip("\n")) + "\n"
        yield f"self.together({', '.join(f'work_{name}' for name in clients(case))})"
    yield "self.finish()"


def _behaviour(case: Case) -> Iterator[str]:
    if case.server.late:
        yield "late=True"
    if case.server.hangs_up_after is not None:
        yield f"hangs_up_after={case.server.hangs_up_after}"


def _redirected(connection: Connection, port: str) -> Iterator[str]:
    if is_redirected(connection):
        yield f"self.redirect({quote(bound_host(connection))}, {port if is_default(connection) else None})"


def _performed(case: Case, code: Code, only: str | None) -> Iterator[str]:
    for number, step in steps_of(case, only):
        end = suffix(case, step.on)
        if step.expect is not None:
            yield from _request(case, code, step, opened(case, number))
        elif step.action == "close":
            yield f"connection{end}.close()"
        else:
            answer, closes = reply(step.reply)
            yield f"server{end}.clients[-1].sendall({quote(answer)})"
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
    yield f"with self.asking(server{end}) as asked:\n{indent(statement)}"
    arguments = ["asked", bytes_of(code, expect), *([quote(expect.raises)] if expect.raises else [])]
    if expect.at_least is not None:
        least = expect.at_least + head_length(expect)
        arguments += [f"size={least}", f"at_least={least}"]
    elif isinstance(expect.body, Digest):
        yield f"head = {arguments[1]}"
        arguments[1] = "head"
        arguments += [f"size=len(head) + {expect.body.length}", f"sha256={quote(expect.body.sha256)}"]
    others = [
        bracket("(", [quote(named(each)), bytes_of(code, each.expect), repr(each.expect.raises)], ")")
        for each in others_of(step)
    ]
    if others:
        arguments.append(bracket("others=[", others, "]"))
    if counts(case) and new is not None:
        arguments.append(f"new={new}")
    yield bracket("self.check(", arguments, ")")
