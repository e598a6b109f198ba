"""vcrpy's stub of HTTPConnection with an empty cassette, which is in memory, records everything and replays nothing."""

import os
from typing import Any, ClassVar, Dict

import vcr
from vcr.cassette import Cassette
from vcr.record_mode import RecordMode
from vcr.stubs import VCRHTTPConnection
from wireproof_adapter import FEATURES

__version__ = vcr.__version__


class Connection(VCRHTTPConnection):  # type: ignore[misc]
    """The stub, which sends a request once the response is asked for: so it is asked for at once."""

    wireproof_can: ClassVar[Dict[str, Any]] = {"features": FEATURES}

    def __init__(self, *address: Any, **constructor: Any) -> None:
        self.cassette = Cassette(os.devnull, record_mode=RecordMode.ALL)
        super().__init__(*address, **constructor)

    def request(self, *positional: Any, **arguments: Any) -> None:
        """Make a request and read the response."""
        super().request(*positional, **arguments)
        self.getresponse().read()
