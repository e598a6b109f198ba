"""Slices of a matrix: many combinations in a row, each played and judged at the speed of the wire."""

from wireproof._slices._player import Player, checked

__all__ = ["Player", "checked"]
