"""tornado's simple HTTP client, in an event loop that runs while a request is made."""

import asyncio
from typing import Any, Dict, Union

import tornado
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from wireproof_adapter import BYTES, NOTHING, TEXT, base, can, no_path

__version__ = tornado.version


class Connection:
    """The address that requests go to; each has a TCP connection of its own.

    Args:
        host: the server.
        port: its port, or None for the default one.
        constructor: further arguments of each request.
    """

    wireproof_can = can(TEXT + BYTES, ["dict", *NOTHING], TEXT, ["collect", "names", "sequences", "threads", "waits"])
    wireproof_cannot = staticmethod(no_path)

    def __init__(self, host: str, port: Union[int, str, None] = None, **constructor: Any) -> None:
        self._base, self._constructor = base(host, port), constructor
        self._loop: Any = None

    async def _request(self, method: str, url: str, arguments: Dict[str, Any]) -> None:
        client = SimpleAsyncHTTPClient(force_instance=True)
        try:
            await client.fetch(url, method=method, **arguments, **self._constructor)
        finally:
            client.close()

    def request(self, method: str, url: str, **arguments: Any) -> None:
        """Make a request and read the response."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._request(method, self._base + url, arguments))

    def close(self) -> None:
        """Close the loop; the next request makes another one."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
