"""The HTML page: one file that needs nothing else, with a matrix of candidates × clauses and × cases."""

from wireproof.report._html._page import text

__all__ = ["text"]
