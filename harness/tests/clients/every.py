"""Plays faulty clients, each on one case, all in this one process: a worker for each would cost a minute.

A JSON object comes in on the standard input, case by client; a JSON object goes out, verdict by client.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import faulty

from wireproof._candidates._inprocess import InProcess
from wireproof._cases import load
from wireproof._codec import encode
from wireproof._judge import judge
from wireproof._model import Capture, Case
from wireproof.drivers.python_driver import answers

_TIMEOUT = 60.0


def played(asked: Mapping[str, str], slot: int) -> dict[str, Any]:
    """Return the verdict on each client, as JSON."""
    cases = {case.id: case for case in load().cases}
    probes, found = answers(), {}
    for name, id_ in asked.items():
        with closing(InProcess(getattr(faulty, name), slot=slot, timeout=_TIMEOUT, overdue=_overdue)) as client:
            found[name] = encode(judge(cases[id_], client.perform(cases[id_]), probes))
    return found


def _overdue(case: Case, capture: Capture) -> None:
    sys.stderr.write(f"{case.id} has no end: {capture.fatal}\n")
    os._exit(1)


if __name__ == "__main__":
    json.dump(played(json.load(sys.stdin), int(sys.argv[1])), sys.stdout)
