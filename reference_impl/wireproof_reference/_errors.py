"""The exceptions of a connection, by the names and with the ancestry that ``http.client`` gives them."""


class HTTPException(Exception):
    """Any failure of this client that no builtin exception names."""


class InvalidURL(HTTPException):
    """A url, host or port that can't be sent (target.control)."""


class ImproperConnectionState(HTTPException):
    """A call that the connection is in no state to serve."""


class CannotSendRequest(ImproperConnectionState):
    """A request while an earlier one awaits its response, or failed half-way (state.busy)."""


class ResponseNotReady(ImproperConnectionState):
    """A response asked for when none is due, or before the previous one was read."""


class BadStatusLine(HTTPException):
    """A response that does not begin with a status line (RFC 9112 section 4)."""


class RemoteDisconnected(ConnectionResetError, BadStatusLine):
    """A connection that the server closed without a response."""


class IncompleteRead(HTTPException):
    """A response body that ended before its framing said so (RFC 9112 section 8)."""
