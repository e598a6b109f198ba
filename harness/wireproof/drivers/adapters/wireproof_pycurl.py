"""libcurl by pycurl: text and bytes are POSTFIELDS, files are uploads; the method is CUSTOMREQUEST."""

from typing import Any, Union

import pycurl
from wireproof_adapter import BYTES, FILES, MAPPINGS, NOTHING, TEXT, base, can, no_path

__version__ = pycurl.version_info()[1]


class Connection:
    """An easy handle, and the address that its requests go to.

    Args:
        host: the server.
        port: its port, or None for the default one.
        constructor: further options, by their names without CURLOPT_.
    """

    wireproof_can = can(
        TEXT + BYTES + FILES,
        MAPPINGS + NOTHING,
        TEXT,
        ["collect", "sequences", "streaming", "threads", "waits"],
        ["ipv4", "ipv6", "ipv6-bracketed"],
    )
    wireproof_cannot = staticmethod(no_path)

    def __init__(self, host: str, port: Union[int, str, None] = None, **constructor: Any) -> None:
        self._base, self._constructor = base(host, port), constructor
        self._handle: Any = None

    def request(self, method: str, url: str, body: Any = None, headers: Any = None) -> None:
        """Make a request and read the response."""
        if self._handle is None:
            self._handle = pycurl.Curl()
        handle = self._handle
        handle.reset()  # options only: the connection stays
        handle.setopt(pycurl.URL, self._base + url)
        handle.setopt(pycurl.CUSTOMREQUEST, method)
        handle.setopt(pycurl.NOBODY, method == "HEAD" and body is None)  # the response has no content
        handle.setopt(pycurl.WRITEFUNCTION, len)
        for name, value in self._constructor.items():
            handle.setopt(getattr(pycurl, name), value)
        if headers is not None:
            # a field without a value is written with a semicolon there
            handle.setopt(
                pycurl.HTTPHEADER, [f"{name}: {value}" if value else f"{name};" for name, value in headers.items()]
            )
        if hasattr(body, "read"):
            handle.setopt(pycurl.UPLOAD, True)
            handle.setopt(pycurl.READFUNCTION, body.read)
        elif body is not None:
            handle.setopt(pycurl.POSTFIELDS, body)
        handle.perform()

    def close(self) -> None:
        """Close the handle with its connection; the next request makes another one."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None
