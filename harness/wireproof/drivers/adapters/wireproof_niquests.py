"""niquests, which has the API of requests."""

import niquests
from wireproof_adapter import Session

__version__ = niquests.__version__


class Connection(Session):
    """A session of niquests."""

    library = niquests
