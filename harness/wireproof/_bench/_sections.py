"""All that is measured, in order, each part for itself: what cannot be measured says why and hinders nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from wireproof._bench._bodies import bodies
from wireproof._bench._figures import CannotMeasure, Figure, Section, Settings
from wireproof._bench._memory import memory
from wireproof._bench._pytest import httpserver, matrices, plugin
from wireproof._bench._requests import floor, raw
from wireproof._bench._runs import startup, through_driver, verdicts
from wireproof.errors import WireproofError


class _Part(NamedTuple):
    title: str
    measure: Callable[[Settings], Iterator[Figure]]


SECTIONS: Mapping[str, _Part] = {
    "verdicts": _Part("Whole runs, from the first worker's being ready on", verdicts),
    "driven": _Part("Whole runs with 2 workers, through a driver", through_driver),
    "floor": _Part("One process: the same requests, judged and thrown away", floor),
    "raw": _Part("The same bytes, ready-made, through a raw socket", raw),
    "bodies": _Part("A body of many blocks, judged and thrown away", bodies),
    "startup": _Part("Start-up to first verdict", startup),
    "memory": _Part("Peak memory of a run, by its length", memory),
    "pytest": _Part("Hand-written cases under pytest", plugin),
    "matrices": _Part("Whole matrices under pytest and in a run", matrices),
    "httpserver": _Part("The same requests with pytest-httpserver", httpserver),
}
"""What is measured: a title, and what yields the figures."""


def measured(name: str, settings: Settings) -> Section:
    """Measure one section; whatever goes wrong is its reason for not being complete."""
    title, measure = SECTIONS[name]
    figures: list[Figure] = []
    try:
        for figure in measure(settings):
            figures.append(figure)
    except CannotMeasure as error:
        return Section(name, title, tuple(figures), str(error))
    except WireproofError as error:
        return Section(name, title, tuple(figures), f"wireproof says: {error}")
    except Exception as error:
        return Section(name, title, tuple(figures), f"{type(error).__name__}: {error}")
    return Section(name, title, tuple(figures))
