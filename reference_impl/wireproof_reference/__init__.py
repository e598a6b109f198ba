"""The contract of ``http.client.HTTPConnection.request``, as code to read.

Rules for this package:

- Every rule of the contract bears its clause id in a comment beside the line that enforces it.
- Everything that decides what goes on the wire is sans-I/O: arguments in, byte strings out. Sockets are
  met in ``_connection`` and ``_response`` only.
- Nothing is taken from ``http.client`` or from ``wireproof``: this is an implementation of its own.

Theory of operation, lowest first; a module imports only what stands above it:

=============  ====================================================================================
``_errors``    the exceptions, by the names of ``http.client``
``_types``     what the arguments may be
``_body``      a body → its kind, and the byte strings that it becomes
``_framing``   the caller's fields and the body → which framing field is added, and how the body goes
``_host``      host, port and url → the value of ``Host``
``_head``      method, url and header items → lines
``_message``   all arguments of a request → the head, then the pieces of the body, lazily
``_response``  the little of a response that a client needs to go on
``_connection``  when a request may be sent, and the socket that it is sent on
=============  ====================================================================================

Where CPython and its documentation part, this package does what the text says or the protocol needs:
a request whose head can't be built leaves nothing behind, a chunk's size counts bytes, and a
``Transfer-Encoding`` given with a true ``encode_chunked`` is applied even beside a ``Content-Length``.
"""

from wireproof_reference._connection import HTTPConnection
from wireproof_reference._errors import (
    BadStatusLine,
    CannotSendRequest,
    HTTPException,
    ImproperConnectionState,
    IncompleteRead,
    InvalidURL,
    RemoteDisconnected,
    ResponseNotReady,
)
from wireproof_reference._response import HTTPResponse

__version__ = "0.1.0"

__all__ = [
    "BadStatusLine",
    "CannotSendRequest",
    "HTTPConnection",
    "HTTPException",
    "HTTPResponse",
    "ImproperConnectionState",
    "IncompleteRead",
    "InvalidURL",
    "RemoteDisconnected",
    "ResponseNotReady",
    "__version__",
]
