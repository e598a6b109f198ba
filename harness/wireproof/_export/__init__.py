"""Cases for those who have no wireproof: as vectors for any language, and as a file of tests."""

from wireproof._export._vectors import vectors
from wireproof._show._unittest import tests

__all__ = ["tests", "vectors"]
