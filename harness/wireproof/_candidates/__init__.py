"""Candidates: what plays an exchange and says what was seen.

Only names are imported here; what plays exchanges (``_inprocess``, ``_probes``) is heavy, and for workers only.
"""

from wireproof._candidates._import import NAMES, resolve, spelled, version

__all__ = ["NAMES", "resolve", "spelled", "version"]
