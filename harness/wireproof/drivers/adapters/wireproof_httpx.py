"""httpx."""

from typing import Any, Union

import httpx
from wireproof_adapter import (
    BUFFERS,
    BYTES,
    FILES,
    ITERABLES,
    LISTS,
    MAPPINGS,
    NOTHING,
    TEXT,
    TEXT_FILES,
    base,
    can,
    no_path,
)

__version__ = httpx.__version__


class Connection:
    """A client, and the address that its requests go to.

    Args:
        host: the server.
        port: its port, or None for the default one.
        constructor: further arguments of the client.
    """

    wireproof_can = can(
        TEXT + BYTES + BUFFERS + FILES + TEXT_FILES + ITERABLES + LISTS,
        [*MAPPINGS, "pairs-list", *NOTHING],
        TEXT + BYTES,
    )
    wireproof_cannot = staticmethod(no_path)

    def __init__(self, host: str, port: Union[int, str, None] = None, **constructor: Any) -> None:
        self._base, self._constructor = base(host, port), constructor
        self._client = httpx.Client(**constructor)

    def request(self, method: str, url: str, **arguments: Any) -> None:
        """Make a request and read the response."""
        if self._client.is_closed:
            self._client = httpx.Client(**self._constructor)
        if "body" in arguments:
            arguments["content"] = arguments.pop("body")
        self._client.request(method, self._base + url, **arguments)

    def close(self) -> None:
        """Close the client; the next request makes another one."""
        self._client.close()
