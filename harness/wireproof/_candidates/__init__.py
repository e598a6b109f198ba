"""Candidates: what plays an exchange and says what was seen."""

from wireproof._candidates._import import NAMES, resolve, spelled, version
from wireproof._candidates._inprocess import InProcess
from wireproof._candidates._probes import answers

__all__ = ["NAMES", "InProcess", "answers", "resolve", "spelled", "version"]
