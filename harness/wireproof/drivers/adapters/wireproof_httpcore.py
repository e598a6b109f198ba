"""httpcore, the layer below httpx."""

from typing import Any, Union

import httpcore
from wireproof_adapter import BYTES, ITERABLES, LISTS, NOTHING, TEXT, base, can, no_path

__version__ = httpcore.__version__


class Connection:
    """A pool, and the address that its requests go to.

    Args:
        host: the server.
        port: its port, or None for the default one.
        constructor: further arguments of the pool.
    """

    wireproof_can = can(BYTES + ITERABLES + LISTS, ["dict", "pairs-list", *NOTHING], TEXT + BYTES, method=TEXT + BYTES)
    wireproof_cannot = staticmethod(no_path)

    def __init__(self, host: str, port: Union[int, str, None] = None, **constructor: Any) -> None:
        self._base, self._constructor = base(host, port), constructor
        self._pool = httpcore.ConnectionPool(**constructor)

    def request(self, method: str, url: str, **arguments: Any) -> None:
        """Make a request and read the response."""
        if "body" in arguments:
            arguments["content"] = arguments.pop("body")
        self._pool.request(method, self._base + url, **arguments)

    def close(self) -> None:
        """Close the pool's connections; it may be used again."""
        self._pool.close()
