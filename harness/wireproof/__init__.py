"""A conformance suite for what ``http.client.HTTPConnection.request`` puts on the wire."""

__version__ = "0.1.0"
