"""What adapters share: kinds of recipes by what they are, and the URL of a connection.

An adapter is a class like HTTPConnection around a client with another API. It passes on what it is given as it is,
and adds nothing: what such a client makes of it is what is tested. Its attribute ``wireproof_can`` says which members
of ``can`` (docs/driver-protocol.md) differ from what the Python driver can do otherwise, and ``wireproof_cannot`` why a
request has no equal in the client's API, or "".
"""

from typing import Any, Dict, List, Union

NOTHING = ["none"]
TEXT = ["str", "str-subclass"]
BYTES = ["bytes", "bytes-subclass"]
BUFFERS = ["array", "buffer", "bytearray", "bytes-with-iter", "ctypes", "memoryview", "pickle-buffer"]
FILES = [
    "array-with-read",
    "binary-file",
    "bytes-with-read",
    "bytesio",
    "gzip",
    "iterable-with-read",
    "list-with-read",
    "mmap",
    "pipe",
    "raw-reader",
    "reader",
    "socket-file",
    "spooled",
    "temporary-file",
]
TEXT_FILES = ["stringio", "text-file", "text-reader"]
LISTS = ["dict-of", "list", "tuple"]
ITERABLES = [
    "blocks",
    "chain",
    "deque",
    "dict-keys",
    "dict-values",
    "endless",
    "frozenset",
    "generator",
    "iterable",
    "iterator",
    "map",
    "sequence",
    "set",
]
MAPPINGS = ["dict", "mapping-proxy"]

FEATURES = ["collect", "names", "sequences", "streaming", "threads", "waits"]
HOSTS = ["ipv4", "ipv6", "ipv6-bracketed", "localhost", "name"]


def can(
    body: List[str],
    headers: List[str],
    fields: List[str],
    features: List[str] = FEATURES,
    hosts: List[str] = HOSTS,
    method: List[str] = TEXT,
) -> Dict[str, Any]:
    """Return what an adapter can express: the kinds of each argument, and of names and values of header fields."""
    return {
        "arguments": {"method": method, "url": TEXT, "body": NOTHING + body, "headers": headers},
        "fields": fields,
        "hosts": hosts,
        "ports": ["default", "default-as-str", "default-given", "in-host", "int", "str"],
        "named": [],
        "passed": ["usual"],
        "features": features,
    }


def base(host: str, port: Union[int, str, None]) -> str:
    """Return the URL of an address, up to its path."""
    name = "[{}]".format(host) if host.count(":") > 1 and host[0] != "[" else host
    return "http://{}".format(name) if port is None else "http://{}:{}".format(name, port)


def no_path(method: Any, url: Any) -> str:
    """Say why a client that takes whole URLs cannot be asked for this request-target, or ""."""
    if not url or url[0] in "/?#":
        return ""
    return "the client takes whole URLs, and this is no path that could be put behind that of the server"


class Session:
    """A session of requests, or of a library with its API, and the address that its requests go to.

    Args:
        host: the server.
        port: its port, or None for the default one.
        constructor: further arguments of each request.
    """

    # lists, tuples and dicts are the fields of a form
    wireproof_can = can(TEXT + BYTES + BUFFERS + FILES + TEXT_FILES + ITERABLES, MAPPINGS + NOTHING, TEXT + BYTES)
    library: Any

    def __init__(self, host: str, port: Union[int, str, None] = None, **constructor: Any) -> None:
        self._base, self._constructor = base(host, port), constructor
        self._session = self.library.Session()

    @staticmethod
    def wireproof_cannot(method: Any, url: Any) -> str:
        """Say why there is no such request, or ""."""
        return no_path(method, url)

    def request(self, method: str, url: str, **arguments: Any) -> None:
        """Make a request and read the response."""
        if "body" in arguments:
            arguments["data"] = arguments.pop("body")
        self._session.request(method, self._base + url, **arguments, **self._constructor)

    def close(self) -> None:
        """Close the session's connections; it may be used again."""
        self._session.close()
