"""requests."""

import requests
from wireproof_adapter import Session

__version__ = requests.__version__


class Connection(Session):
    """A session of requests."""

    library = requests
