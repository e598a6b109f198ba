"""Results of real clients that are kept in the repository, and pages that are made from them.

Theory of operation. ``measure`` installs each described client and runs the cases against it as anybody would, by
``wireproof install`` and ``wireproof run``, one client after the other. ``brief`` makes the document that comes of it
fit for a repository: one line for each result, long bytes cut around their first difference, and nothing in it that two
runs do not have in common. ``site`` makes pages from the documents, as ``wireproof report`` does, and an index of them.
``command`` puts these together.
"""
