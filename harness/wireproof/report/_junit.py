"""The report as JUnit XML: a test suite for each candidate; failures are what the gate does not let pass.

What a baseline knows is skipped, with the reason that it gives. What is not as it says fails, as a case of its own.

Every case is a test case; of the matrices every rule is one, and every combination that fails, up to a limit.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from wireproof.report._checks import Check, checks
from wireproof.report._safe import explained, one_line
from wireproof.report._stored import Entry, Report

_RESULTS = {"fail": Failure, "error": Error}
_SKIPPED = ("known", "unsupported", "not_run")
_DECLARATION = re.compile(r"^<\?xml[^>]*>\n?")
"""How XML begins, each of the two libraries with which junitparser may write it has its own way."""


def text(report: Report) -> Iterator[str]:
    """Yield the report."""
    document = JUnitXml("wireproof")
    for entry in report.entries:
        document.add_testsuite(_suite(report, entry))
    written = io.BytesIO()
    document.write(written)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield _DECLARATION.sub("", written.getvalue().decode("utf-8")).rstrip("\n") + "\n"


def _suite(report: Report, entry: Entry) -> TestSuite:
    suite = TestSuite(one_line(entry.title))
    suite.add_property("version", one_line(entry.version))
    suite.add_property("wireproof", one_line(entry.frame.wireproof))
    suite.add_property("gate", entry.gate)
    suite.add_testcases([_case(report, entry, check) for check in checks(entry)])
    return suite


def _case(report: Report, entry: Entry, check: Check) -> TestCase:
    case = TestCase(check.name, check.group.replace("/", "."), 0.0)
    if check.outcome in _RESULTS:
        result = _RESULTS[check.outcome](check.text, check.outcome)
        if check.record is not None:
            result.text = "\n" + "\n".join(explained(report, entry, check.record)) + "\n"
        case.result = [result]
    elif check.outcome in _SKIPPED:
        skipped = Skipped()
        # the older of the schemas that are about allow no attribute here
        skipped.text = check.text
        case.result = [skipped]
    return case
