"""Candidates: what plays an exchange and says what was seen.

Only names are imported here; what plays exchanges (``_inprocess``, ``_remote``) is heavy, and for workers only.
"""

from wireproof._candidates._import import (
    DRIVERS,
    NAMES,
    driven,
    interpreted,
    isolated,
    named,
    resolve,
    spelled,
    version,
)

__all__ = ["DRIVERS", "NAMES", "driven", "interpreted", "isolated", "named", "resolve", "spelled", "version"]
