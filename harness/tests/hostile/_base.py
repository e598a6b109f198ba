"""What the hostile clients are made from: the standard library's client, and two places to do harm in."""

from __future__ import annotations

import http.client
import time
from typing import Any, NoReturn

HIT = "/hit"
"""The url of the request in which harm is done."""


class Hostile(http.client.HTTPConnection):
    """Does ``before`` and ``after`` around a request for ``HIT``; anything else is the standard library's."""

    is_hit = False

    def request(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> None:
        """Make a request."""
        self.is_hit = url == HIT
        if self.is_hit:
            self.before()
        super().request(method, url, *arguments, **keywords)
        if self.is_hit:
            self.after()

    def before(self) -> None:
        """Do what the class is for before anything is sent."""

    def after(self) -> None:
        """Do what the class is for after everything was sent."""


def forever() -> NoReturn:
    """Never come back, and use no processor time."""
    sleep = time.sleep
    while True:
        sleep(3600)


def broken(*arguments: Any, **keywords: Any) -> NoReturn:
    """Stand in the place of something that works."""
    raise RuntimeError("replaced")
