"""Descriptions of candidates: YAML files that say how a client is got, and what is known of it.

``find`` makes the ``Candidate`` of a name, ``described`` lists what there is, ``install`` gets what it needs.
"""

from wireproof._descriptions._find import NAMES_OF_OURS, described, find, folders_of
from wireproof._descriptions._install import install, installed
from wireproof._descriptions._ready import candidate, needs_install
from wireproof._descriptions._shape import Description, load, schema

__all__ = [
    "NAMES_OF_OURS",
    "Description",
    "candidate",
    "described",
    "find",
    "folders_of",
    "install",
    "installed",
    "load",
    "needs_install",
    "schema",
]
