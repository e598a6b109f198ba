"""urllib.request."""

import platform
import urllib.request
from typing import Any, Union

from wireproof_adapter import BUFFERS, BYTES, FILES, ITERABLES, LISTS, TEXT, base, can, no_path

__version__ = platform.python_version()


class Connection:
    """An opener, and the address that its requests go to; each has a TCP connection of its own.

    Args:
        host: the server.
        port: its port, or None for the default one.
        constructor: further arguments of each request.
    """

    wireproof_can = can(
        BYTES + BUFFERS + FILES + ITERABLES + LISTS, ["dict", "mapping", "mapping-proxy", "message"], TEXT
    )
    wireproof_cannot = staticmethod(no_path)

    def __init__(self, host: str, port: Union[int, str, None] = None, **constructor: Any) -> None:
        self._base, self._constructor = base(host, port), constructor
        self._opener = urllib.request.build_opener()

    def request(self, method: str, url: str, **arguments: Any) -> None:
        """Make a request and read the response."""
        if "body" in arguments:
            arguments["data"] = arguments.pop("body")
        order = urllib.request.Request(self._base + url, method=method, **arguments)
        with self._opener.open(order, **self._constructor) as response:
            response.read()

    def close(self) -> None:
        """Close the opener; it may be used again."""
        self._opener.close()
