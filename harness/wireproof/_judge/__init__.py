"""(expectation, capture, outcome) → verdict. Pure: no I/O, and no implementation is ever asked."""

from wireproof._judge._contract import PREDICATES
from wireproof._judge._diff_effects import expected_effects
from wireproof._judge._rfc import CODES
from wireproof._judge._verdict import errored, examine, fatal, judge

__all__ = ["CODES", "PREDICATES", "errored", "examine", "expected_effects", "fatal", "judge"]
