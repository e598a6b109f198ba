"""Every error that a person can meet, with fields, and the sentence they read.

Each error knows its exit code (``wireproof run``: 2 wrong usage or a broken case file, 3 the harness could not do
what it planned). The command line prints ``str(error)``, never a traceback.
"""

from __future__ import annotations


class WireproofError(Exception):
    """The base of all errors that are reported as one sentence."""

    exit_code = 2


class UsageError(WireproofError):
    """An option or an argument is wrong: ``what`` was ``got``, ``wanted`` says what to give instead."""

    def __init__(self, what: str, got: str, wanted: str) -> None:
        super().__init__(f"{what}: got {got!r}; wanted {wanted}")
        self.what, self.got, self.wanted = what, got, wanted


class CaseFileError(WireproofError):
    """A case file is broken at ``file``:``line``:``column`` (both counted from 1)."""

    def __init__(self, file: str, line: int, column: int, found: str, wanted: str) -> None:
        super().__init__(f"{file}:{line}:{column}: found {found}; wanted {wanted}")
        self.file, self.line, self.column, self.found, self.wanted = file, line, column, found, wanted


class BrokenCases(WireproofError):
    """Several case files, or several places of one, are broken; all ``complaints`` are listed."""

    def __init__(self, complaints: tuple[WireproofError, ...]) -> None:
        count = "1 complaint" if len(complaints) == 1 else f"{len(complaints)} complaints"
        super().__init__("\n".join((f"{count} about case files", *map(str, complaints))))
        self.complaints = complaints


class BrokenDescriptions(WireproofError):
    """A description of a candidate is broken, in one place or several; all ``complaints`` are listed."""

    def __init__(self, complaints: tuple[WireproofError, ...]) -> None:
        heading = (f"{len(complaints)} complaints about descriptions of candidates",) * (len(complaints) > 1)
        super().__init__("\n".join((*heading, *map(str, complaints))))
        self.complaints = complaints


class BugInCase(WireproofError):
    """A case contradicts itself, or two oracles disagree about it: the suite is wrong, not a candidate."""

    def __init__(self, file: str, line: int, case: str, text: str) -> None:
        super().__init__(f"{file}:{line}: BUG IN CASE {case}: {text}")
        self.file, self.line, self.case, self.text = file, line, case, text


class CandidateError(WireproofError):
    """The candidate ``name`` cannot be used at all: ``why``; ``hint`` says what to do."""

    def __init__(self, name: str, why: str, hint: str) -> None:
        super().__init__(f"candidate {name!r}: {why}; {hint}")
        self.name, self.why, self.hint = name, why, hint


class InstallError(WireproofError):
    """The candidate ``name`` cannot be installed: ``why``; ``lines`` are the last that the command printed."""

    exit_code = 3

    def __init__(self, name: str, why: str, lines: tuple[str, ...]) -> None:
        said = "".join("\n    " + "".join(char if char.isprintable() else "?" for char in line) for line in lines)
        super().__init__(f"candidate {name!r} cannot be installed: {why}{said and '; it printed:'}{said}")
        self.name, self.why, self.lines = name, why, lines


class HarnessError(WireproofError):
    """The harness could not do what it planned; nothing is said about the candidate."""

    exit_code = 3
