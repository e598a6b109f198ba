"""Finds, reads and validates case files; complaints carry file, line, what was found and what was wanted."""

from wireproof._cases._format import schema
from wireproof._cases._load import CaseSet, bundled_root, load, load_clauses, load_file
from wireproof._cases._manual import fill
from wireproof._cases._vocabulary import OBSERVABLE, PROBES, REPLIES

__all__ = [
    "OBSERVABLE",
    "PROBES",
    "REPLIES",
    "CaseSet",
    "bundled_root",
    "fill",
    "load",
    "load_clauses",
    "load_file",
    "schema",
]
