"""The driver of the command-line clients curl and wget: one file, standard library only, for Python from 3.6 on.

It speaks docs/driver-protocol.md. ``candidate`` is ``curl`` (also when it is null) or ``wget``; ``path`` are folders
in which the command is looked for first. Each request is a process of its own, so there is one request an exchange.

How a request becomes a command line is what somebody would type who wants that request:

* a url that begins with ``/`` is the end of the URL, unchanged (curl: ``--path-as-is``, ``--globoff``), with all that
  the tool makes of a URL: fragments are cut, what it takes for malformed is refused;
* an absolute http URL is asked of the server as of a proxy, which is where tools send that form;
* curl gets any other url through ``--request-target``, which it sends as it is;
* bytes and text are ``--data-binary`` (wget: ``--body-file``), which adds a Content-Type of the tool's own;
* streams and files are the standard input of ``curl --upload-file -``, which sends them chunked. The borders between
  pieces are lost in a pipe, so the chunks are curl's;
* text is written in UTF-8, as a command line is nowadays;
* wget keeps one field of a name, and tries again for minutes where a connection breaks off: that is its way.

The options that are always there keep the user's configuration and proxies out and the tool quiet; none of them
changes what is sent.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from typing import IO, Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

PROTOCOL = 1
VERSION = "1"

MESSAGE = 2000
"""So many characters of a tool's error message are kept."""

ARGUMENT = 128 * 1024 - 1
"""Linux takes no longer argument of a command."""

KEPT = 16 * 1024 * 1024
"""A body up to this length is kept in a file, so that curl finds it there and its chunks do not hang on timing."""

ENDLESS = 8 * 1024 * 1024
"""After so many bytes an endless body ends, should nobody hang up."""

Recipe = Mapping[str, Any]


class Unsupported(Exception):
    """The command line has no place for this; the text says why."""


class Broken(Exception):
    """The tool cannot be used: why, and what to do about it."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why, hint)
        self.why, self.hint = why, hint


# recipes → words of a command line, and bodies ------------------------------------------------------------------------


def text(recipe: Recipe) -> str:
    """Return the text of a ``str`` that can be a word of a command line."""
    if recipe["kind"] != "str":
        raise Unsupported("a word of a command line is text, not {}".format(recipe["kind"]))
    found = str(recipe["text"])
    if "\0" in found:
        raise Unsupported("no word of a command line holds NUL")
    encoded(found)
    return found


def encoded(found: str) -> bytes:
    """Return the bytes of a text."""
    try:
        return found.encode("utf-8")
    except UnicodeEncodeError:
        raise Unsupported("a lone surrogate cannot be written in UTF-8") from None


def fields(recipe: Recipe) -> List[Tuple[str, str]]:
    """Return the names and values of header fields."""
    if recipe["kind"] not in ("dict", "message"):
        raise Unsupported("fields are options, one by one; there is no {}".format(recipe["kind"]))
    pairs = [(text(name), text(value)) for name, value in recipe["items"]]
    for name, _ in pairs:
        if ":" in name:
            raise Unsupported("a colon ends the name of a field on the command line")
        if not name:
            raise Unsupported("a field has a name on the command line")
    return pairs


def items(recipe: Recipe) -> Iterator[bytes]:
    """Return the pieces of a body that is given in pieces; a read that gives nothing is the end."""
    for piece in recipe.get("items", recipe.get("reads", ())):
        if piece["kind"] != "bytes":
            raise Unsupported("a pipe carries bytes, not {}".format(piece["kind"]))
        data = piece["data"].encode("latin-1")
        if not data and "reads" in recipe:
            return
        yield data


def repeated(recipe: Recipe) -> Iterator[bytes]:
    """Return the pieces of ``blocks`` and ``endless``."""
    piece = recipe["data"].encode("latin-1")
    count = recipe["count"] if recipe["kind"] == "blocks" else ENDLESS // max(len(piece), 1)
    for _ in range(count):
        yield piece


def stored(data: bytes, position: int = 0) -> IO[bytes]:
    """Return a file without a name that holds ``data``, at ``position``."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(data)
    file.seek(position)
    return file


def whole(recipe: Recipe) -> bytes:
    """Return the bytes of a body that is one piece."""
    return encoded(recipe["text"]) if recipe["kind"] == "str" else bytes(recipe["data"].encode("latin-1"))


def piped(recipe: Recipe) -> IO[bytes]:
    """Return the reading end of a pipe that holds the data already, so that it is all there when it is read."""
    data = recipe["data"].encode("latin-1")
    if len(data) > 65536:
        raise Unsupported("more than a pipe's buffer holds (64 KiB)")
    reading, writing = os.pipe()
    with open(writing, "wb") as end:
        end.write(data)
    return open(reading, "rb")


def positioned(recipe: Recipe) -> IO[bytes]:
    """Return a file at its position."""
    return stored(recipe["data"].encode("latin-1"), recipe.get("position", 0))


def collected(recipe: Recipe) -> IO[bytes]:
    """Return a file that holds all pieces: what a pipe would carry, whatever the timing."""
    return stored(b"".join(repeated(recipe) if "data" in recipe else items(recipe)))


def is_short(recipe: Recipe) -> bool:
    """Say whether a body that is repeated can be kept."""
    length: int = len(recipe["data"]) * recipe.get("count", ENDLESS)
    return length <= KEPT


WHOLE = ("bytes", "str")
FILES: Mapping[str, Callable[[Recipe], IO[bytes]]] = {
    "binary-file": positioned,
    "blocks": collected,
    "bytesio": positioned,
    "generator": collected,
    "iterator": collected,
    "pipe": piped,
    "raw-reader": collected,
    "reader": collected,
}
PUMPED = ("blocks", "endless")
"""Too long to be kept: they are written while the tool reads."""


# a request → a command line -------------------------------------------------------------------------------------------


class Call:
    """A command line, and what the command finds on its standard input."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = list(words)
        self.stdin: Optional[IO[bytes]] = None
        self.pieces: Optional[Iterator[bytes]] = None
        self.path: Optional[str] = None

    def argv(self) -> List[bytes]:
        """Return the words as bytes."""
        words = [encoded(word) for word in self.words]
        if max(map(len, words)) > ARGUMENT:
            raise Unsupported("no word of a command line is longer than {} bytes".format(ARGUMENT))
        return words

    def forget(self) -> None:
        """Release the files of the call."""
        if self.stdin is not None:
            self.stdin.close()
        if self.path is not None:
            os.unlink(self.path)


def bracketed(host: str) -> str:
    """Return a host as it stands in a URL."""
    return "[{}]".format(host.replace("%", "%25")) if host.count(":") > 1 and not host.startswith("[") else host


def authority(new: Mapping[str, Any]) -> str:
    """Return host and port as they stand in a URL."""
    host = bracketed(new["host"])
    return host if new["port"] is None else "{}:{}".format(host, new["port"])


def url_of(arguments: Mapping[str, Recipe]) -> str:
    """Return the url, "" where it is None."""
    recipe = arguments["url"]
    return "" if recipe["kind"] == "none" else text(recipe)


def scheme_of(url: str) -> str:
    """Return the scheme of an absolute URL, or ""."""
    scheme, colon, rest = url.partition(":")
    return scheme.lower() if colon and rest.startswith("//") and scheme.isalnum() else ""


def body_of(arguments: Mapping[str, Recipe]) -> Optional[Recipe]:
    """Return the recipe of the body where there is one."""
    body = arguments.get("body")
    return None if body is None or body["kind"] == "none" else body


def curl(command: str, new: Mapping[str, Any], arguments: Mapping[str, Recipe]) -> Call:
    """Return the command line of curl for a request."""
    method, url, body = text(arguments["method"]), url_of(arguments), body_of(arguments)
    server, scheme = "http://" + authority(new), scheme_of(url)
    call = Call([command, "--disable", "--silent", "--show-error", "--globoff", "--path-as-is"])
    if scheme == "https":
        raise Unsupported("curl asks a proxy for a tunnel to an https URL")
    # a proxy that is named is used whatever the environment says
    call.words += ["--noproxy", "", "--proxy", server] if scheme == "http" else ["--noproxy", "*"]
    if new["resolve"]:
        host, port = new["address"]
        call.words += ["--connect-to", "::{}:{}".format(bracketed(host), port)]
    # curl waits for the content of a response to a HEAD that it knows only as a word
    call.words += ["--head"] if method == "HEAD" and body is None else ["--request", method]
    for name, value in fields(arguments["headers"]) if "headers" in arguments else ():
        call.words += ["--header", curl_field(name, value)]
    if body is not None:
        kind = body["kind"]
        if kind in WHOLE:
            call.words += ["--data-binary", "@-"]
            call.stdin = stored(whole(body))
        else:
            call.words += ["--upload-file", "-"]
            if kind in PUMPED and not is_short(body):
                call.pieces = repeated(body)
            else:
                call.stdin = FILES[kind](body)
    if scheme == "http":
        server = url
    elif url.startswith("/"):
        server += url
    elif url:
        call.words += ["--request-target", url]
    call.words += ["--url", server]
    return call


def curl_field(name: str, value: str) -> str:
    """Return a header field as curl wants it; ``Name:`` would be its order to leave a field of its own out."""
    if not value:
        return name + ";"
    if not value.strip():
        raise Unsupported("curl takes a field with a blank value for the wish to leave it out")
    if name.startswith("@"):
        raise Unsupported("curl takes what begins with @ for the name of a file of fields")
    return "{}: {}".format(name, value)


def wget(command: str, new: Mapping[str, Any], arguments: Mapping[str, Recipe]) -> Call:
    """Return the command line of wget for a request."""
    method, url, body = text(arguments["method"]), url_of(arguments), body_of(arguments)
    server, scheme = "http://" + authority(new), scheme_of(url)
    if new["resolve"]:
        raise Unsupported("wget has no way to name the address of a host")
    if scheme not in ("", "http") or (url and not scheme and not url.startswith("/")):
        raise Unsupported("wget takes URLs and makes the request-target itself")
    call = Call([command, "--no-config", "--no-hsts", "--no-verbose", "--output-document=-", "--method=" + method])
    proxy = ("use_proxy=on", "no_proxy=", "http_proxy=" + server)
    call.words += ["--execute=" + setting for setting in proxy] if scheme else ["--no-proxy"]
    for name, value in fields(arguments["headers"]) if "headers" in arguments else ():
        call.words.append("--header={}: {}".format(name, value))
    if body is not None:
        if body.get("position"):
            raise Unsupported("wget reads a file from its beginning")
        descriptor, call.path = tempfile.mkstemp()
        with open(descriptor, "wb") as file:
            file.write(whole(body))
        call.words.append("--body-file=" + call.path)
    call.words.append(url if scheme else server + url)
    return call


class Tool:
    """What is known of a tool: how it is called, what it can express, and what its exit codes mean in Python."""

    def __init__(
        self,
        call: Callable[[str, Mapping[str, Any], Mapping[str, Recipe]], Call],
        can: Mapping[str, Any],
        codes: Mapping[int, Tuple[str, ...]],
    ) -> None:
        self.call, self.can, self.codes = call, can, codes


NETWORK = ("ConnectionError", "OSError")
ABSENT = ("RemoteDisconnected", "ConnectionResetError", "ConnectionError", "OSError")

CURL_CODES: Mapping[int, Tuple[str, ...]] = {
    1: ("ValueError",),  # a scheme that it does not know
    2: ("ValueError",),  # an option that it does not take
    3: ("InvalidURL", "ValueError"),
    5: ("gaierror", "OSError"),
    6: ("gaierror", "OSError"),
    7: ("ConnectionRefusedError", *NETWORK),
    8: ("BadStatusLine", "HTTPException"),
    18: ("IncompleteRead", "HTTPException"),
    26: ("OSError",),  # the body cannot be read
    28: ("TimeoutError", "OSError"),
    43: ("ValueError",),
    52: ABSENT,
    55: NETWORK,
    56: NETWORK,
    65: ("OSError",),  # the body cannot be read a second time
}

WGET_CODES: Mapping[int, Tuple[str, ...]] = {
    1: ("ValueError",),  # among others a URL that it cannot read
    2: ("ValueError",),  # an option that it does not take
    3: ("OSError",),
    4: NETWORK,
    7: ("HTTPException",),
    8: ("HTTPException",),
}

COMMON: Mapping[str, Any] = {
    "fields": ["str"],
    "ports": ["default", "default-as-str", "default-given", "in-host", "int", "str"],
    "named": [],
    "passed": ["usual"],
    "effects": [],
}

TOOLS: Mapping[str, Tool] = {
    "curl": Tool(
        curl,
        dict(
            COMMON,
            arguments={
                "method": ["str"],
                "url": ["none", "str"],
                "body": sorted(["none", *WHOLE, *FILES, "endless"]),
                "headers": ["dict", "message"],
            },
            pieces=["bytes"],
            hosts=["ipv4", "ipv6", "ipv6-bracketed", "ipv6-zone", "localhost", "name"],
            features=["names", "waits"],
        ),
        CURL_CODES,
    ),
    "wget": Tool(
        wget,
        dict(
            COMMON,
            arguments={
                "method": ["str"],
                "url": ["none", "str"],
                "body": ["binary-file", "bytes", "none", "str"],
                "headers": ["dict"],
            },
            pieces=[],
            hosts=["ipv4", "ipv6", "ipv6-bracketed"],
            features=["waits"],
        ),
        WGET_CODES,
    ),
}


# a command line → what came of it -------------------------------------------------------------------------------------


def pump(pieces: Iterator[bytes], into: IO[bytes]) -> None:
    """Write a body while the tool reads it, until it hangs up."""
    try:
        for piece in pieces:
            into.write(piece)
        into.close()
    except BrokenPipeError:
        with contextlib.suppress(BrokenPipeError):
            into.close()  # what is still in its buffer has nobody to go to


def run(argv: Sequence[bytes], call: Call) -> Tuple[int, str]:
    """Run a command, and return its exit code and what it said on standard error."""
    stdin: Any = call.stdin if call.stdin is not None else subprocess.DEVNULL
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if call.pieces is not None else stdin,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        if call.pieces is not None and process.stdin is not None:
            pump(call.pieces, process.stdin)
        code = process.wait()
        said.seek(0)
        return code, said.read(4 * MESSAGE).decode("utf-8", "replace")


def raised(name: str, tool: Tool, code: int, said: str) -> Optional[Dict[str, Any]]:
    """Return what an exit code says in terms of Python, None where all went well."""
    if code == 0:
        return None
    classes = tool.codes.get(code, ("Exception",))
    own = "{}-{}".format(name, code) if code > 0 else "{}-signal-{}".format(name, -code)
    return {"classes": [own, *classes], "message": said.strip()[:MESSAGE], "phase": "request"}


# the protocol ---------------------------------------------------------------------------------------------------------


class Driver:
    """Does what messages ask for, and sends the answers through ``send``."""

    def __init__(self, send: Callable[[Mapping[str, Any]], None]) -> None:
        self.send = send
        self.name, self.command = "", ""

    def start(self, order: Mapping[str, Any]) -> bool:
        """Answer the first message; say whether the tool can be used."""
        try:
            version = self._find(order)
        except Broken as error:
            self.send({"type": "broken", "why": error.why, "hint": error.hint})
            return False
        self.tool = TOOLS[self.name]
        language = "Python {}.{}.{}".format(*sys.version_info[:3])
        self.send(
            {
                "type": "hello",
                "protocol": PROTOCOL,
                "driver": {"name": "wireproof-curl", "version": VERSION, "language": language},
                "client": {"name": self.name, "version": version},
                "can": self.tool.can,
                "probes": {},
            }
        )
        return True

    def _find(self, order: Mapping[str, Any]) -> str:
        """Find the command of the candidate, and return its version."""
        if order.get("protocol") != PROTOCOL:
            raise Broken("version {} of the protocol is not known".format(order.get("protocol")), "use 1")
        self.name = order.get("candidate") or "curl"
        if self.name not in TOOLS:
            raise Broken("it drives no {!a}".format(self.name), "give curl or wget")
        folders = os.pathsep.join([*order.get("path", ()), os.environ.get("PATH", os.defpath)])
        command = shutil.which(self.name, path=folders)
        if command is None:
            raise Broken("there is no command {}".format(self.name), "install it: apt-get install " + self.name)
        self.command = os.path.abspath(command)
        try:
            said = subprocess.check_output([self.command, "--version"], stdin=subprocess.DEVNULL, stderr=sys.stderr)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Broken("{} --version fails: {}".format(self.name, error), "see what it says") from None
        words = said.decode("utf-8", "replace").split()
        return next((word for word in words if word[0].isdigit()), "")

    def handle(self, message: Mapping[str, Any]) -> None:
        """Do what one message asks for, and answer it; unknown ones are ignored."""
        type_ = message.get("type")
        if type_ == "request":
            self._request(message)
        elif type_ in ("close", "response"):
            self._unsupported(message, "each request is a process of its own")
        elif type_ in ("collect", "end"):
            self.send({"type": "calling", "id": message["id"]})
            self.send({"type": "done", "id": message["id"]})

    def _request(self, message: Mapping[str, Any]) -> None:
        call = Call([])
        try:
            self._refuse(message)
            call = self.tool.call(self.command, message["new"], message["arguments"])
            argv = call.argv()
        except Unsupported as error:
            call.forget()
            self._unsupported(message, str(error))
            return
        self.send({"type": "calling", "id": message["id"]})
        try:
            code, said = run(argv, call)
        finally:
            call.forget()
        self.send(
            {
                "type": "done",
                "id": message["id"],
                "raised": raised(self.name, self.tool, code, said),
                "effects": {},
            }
        )

    def _refuse(self, message: Mapping[str, Any]) -> None:
        """Raise where something is asked for that ``can`` does not name."""
        if message.get("new") is None:
            raise Unsupported("each request is a process of its own")
        if message["new"]["named"]:
            raise Unsupported("there are no further arguments")
        if message["passed"] != "usual":
            raise Unsupported("a command line has one way to pass arguments")
        kinds = self.tool.can["arguments"]
        for name in ("method", "url"):
            if name not in message["arguments"]:
                raise Unsupported("a request without {} cannot be written".format(name))
        for name, recipe in message["arguments"].items():
            if recipe["kind"] not in kinds.get(name, ()):
                raise Unsupported("{} has no way to pass {} as {}".format(self.name, name, recipe["kind"]))

    def _unsupported(self, message: Mapping[str, Any], why: str) -> None:
        self.send({"type": "unsupported", "id": message["id"], "why": why})


def main() -> None:
    """Serve the protocol until the end of standard input. The commands get neither end of it."""
    output = sys.stdout.buffer

    def send(message: Mapping[str, Any]) -> None:
        output.write(json.dumps(message).encode("ascii") + b"\n")
        output.flush()

    driver = Driver(send)
    lines = sys.stdin.buffer
    order = lines.readline()
    if order and driver.start(json.loads(order.decode("utf-8"))):
        for line in lines:
            driver.handle(json.loads(line.decode("utf-8")))


if __name__ == "__main__":
    main()
