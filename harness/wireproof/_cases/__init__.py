"""Finds, reads and validates case files; complaints carry file, line, what was found and what was wanted."""

from wireproof._cases._format import OBSERVABLE, PROBES, REPLIES, schema
from wireproof._cases._load import CaseSet, bundled_root, load, load_clauses, load_file

__all__ = ["OBSERVABLE", "PROBES", "REPLIES", "CaseSet", "bundled_root", "load", "load_clauses", "load_file", "schema"]
