"""Cases and verdicts as text for people: Python, scripts, annotated bytes, diffs, explanations.

Everything here is pure: values in, text out. Whatever came from a candidate is escaped (see ``_bytes``).
"""

from wireproof._show._aligned import aligned
from wireproof._show._bytes import annotated, clean, shortened, side_by_side, wire_lines
from wireproof._show._explain import explanation
from wireproof._show._python import python_call, short_script
from wireproof._show._script import script

__all__ = [
    "aligned",
    "annotated",
    "clean",
    "explanation",
    "python_call",
    "script",
    "short_script",
    "shortened",
    "side_by_side",
    "wire_lines",
]
