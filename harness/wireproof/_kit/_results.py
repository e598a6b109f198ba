"""What a check says, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from wireproof._model import Blame

Standing = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one check.

    ``text``: what was asked; of a check that was skipped, why. ``note``: what the client under test did otherwise than
    most, which is no fault of the driver. Of one that failed: what was ``wanted``, what ``came``, who is to ``blame``.
    ``section``: where on the page of the protocol it stands.
    """

    check: str
    standing: Standing
    text: str
    section: str
    note: str = ""
    wanted: str = ""
    came: str = ""
    blame: Blame | None = None


class Failed(Exception):
    """A check has failed: what was wanted, what came instead, and whose fault that is."""

    def __init__(self, wanted: str, came: str, blame: Blame = "driver") -> None:
        super().__init__(wanted, came, blame)
        self.wanted, self.came, self.blame = wanted, came, blame


class Lost(Failed):
    """A check has failed so that the driver cannot be asked any further: it has to be started again."""


class Ended(Lost):
    """A check has failed because the driver has ended."""


class Skipped(Exception):
    """A check cannot be made with this driver, or here; the text says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """A question to a driver: ``run`` is given the kit, and returns a note or "".

    ``section`` is the heading of docs/driver-protocol.md under which the answer stands.
    """

    name: str
    text: str
    section: str
    run: Callable[[Any], str]
