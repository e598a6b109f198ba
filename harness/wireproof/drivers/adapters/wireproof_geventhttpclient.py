"""geventhttpclient's own client, which takes request-targets."""

from typing import Any, Union

import geventhttpclient
from wireproof_adapter import BUFFERS, BYTES, FILES, ITERABLES, LISTS, NOTHING, TEXT, can

__version__ = geventhttpclient.__version__


class Connection:
    """A client.

    Args:
        host: the server.
        port: its port, or None for the default one.
        constructor: further arguments of the client.
    """

    wireproof_can = can(TEXT + BYTES + BUFFERS + FILES + ITERABLES + LISTS, ["dict", "pairs-list", *NOTHING], TEXT)

    def __init__(self, host: str, port: Union[int, str, None] = None, **constructor: Any) -> None:
        self._address, self._constructor = (host, port), constructor
        self._client: Any = None

    def request(self, method: str, url: str, **arguments: Any) -> None:
        """Make a request and read the response."""
        if self._client is None:
            self._client = geventhttpclient.HTTPClient(*self._address, **self._constructor)
        self._client.request(method, url, **arguments).read()

    def close(self) -> None:
        """Close the client; the next request makes another one."""
        if self._client is not None:
            self._client.close()
            self._client = None
