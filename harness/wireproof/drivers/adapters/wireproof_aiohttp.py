"""aiohttp, in an event loop that runs while a request is made."""

import asyncio
from typing import Any, Dict, Union

import aiohttp
from wireproof_adapter import BUFFERS, BYTES, FILES, MAPPINGS, NOTHING, TEXT, TEXT_FILES, base, can, no_path

__version__ = aiohttp.__version__


class Connection:
    """A session, and the address that its requests go to.

    Args:
        host: the server.
        port: its port, or None for the default one.
        constructor: further arguments of the session.
    """

    # what is iterable has to be so asynchronously there, and lists, tuples and dicts are the fields of a form
    wireproof_can = can(
        TEXT + BYTES + BUFFERS + FILES + TEXT_FILES,
        [*MAPPINGS, "message", "pairs-list", *NOTHING],
        TEXT,
        ["collect", "names", "sequences", "threads", "waits"],
    )
    wireproof_cannot = staticmethod(no_path)

    def __init__(self, host: str, port: Union[int, str, None] = None, **constructor: Any) -> None:
        self._base, self._constructor = base(host, port), constructor
        self._loop: Any = None
        self._session: Any = None

    async def _request(self, method: str, url: str, arguments: Dict[str, Any]) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(**self._constructor)
        async with self._session.request(method, url, **arguments) as response:
            await response.read()

    def request(self, method: str, url: str, **arguments: Any) -> None:
        """Make a request and read the response."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        if "body" in arguments:
            arguments["data"] = arguments.pop("body")
        self._loop.run_until_complete(self._request(method, self._base + url, arguments))

    def close(self) -> None:
        """Close the session and the loop; the next request makes others."""
        loop, session = self._loop, self._session
        self._loop = self._session = None
        if loop is not None:
            if session is not None:
                loop.run_until_complete(session.close())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
