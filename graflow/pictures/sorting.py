"""Sorting of layers, so that few lines cross.

Layers are sorted by the barycentres of what is beside them, forth and back, as Sugiyama, Tagawa and
Toda do (1981); then neighbours change places where that helps, as in "A Technique for Drawing
Directed Graphs" by Gansner, Koutsofios, North and Vo (1993). The best that was seen is kept.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from graflow.pictures.layers import Layers

__all__ = ["sort_layers"]

_SWEEPS: Final = 24
_PATIENCE: Final = 4  # sweeps without gain before it is left at that
_WORK: Final = 1_500_000  # lines that are looked at, so that a big picture takes seconds
_SWAPS: Final = 1_000  # lines of a picture whose neighbours change places


def sort_layers(layers: Layers) -> None:
    """Sort the points of each layer in place."""
    lines = sum(map(len, layers.before)) or 1
    best, fewest = _copy(layers.layers), _crossings(layers)
    idle = 0
    for sweep in range(max(2, min(_SWEEPS, _WORK // lines))):
        _sweep(layers, is_forth=sweep % 2 == 0)
        if lines <= _SWAPS:
            _swap_neighbours(layers)
        now = _crossings(layers)
        idle = 0 if now < fewest else idle + 1
        if now < fewest or not sweep:
            best, fewest = _copy(layers.layers), now
        if not fewest or idle > _PATIENCE:
            break
    layers.layers[:] = best


def _copy(layers: Sequence[Sequence[int]]) -> list[list[int]]:
    return [list(layer) for layer in layers]


def _sweep(layers: Layers, *, is_forth: bool) -> None:
    """Sort each layer by the places of what is before it, or after it."""
    beside = layers.before if is_forth else layers.after
    order = layers.layers if is_forth else layers.layers[::-1]
    place: dict[int, int] = {}
    for layer in order:
        middle = {point: _middle(beside[point], place, n) for n, point in enumerate(layer)}
        layer.sort(key=middle.__getitem__)
        place = {point: number for number, point in enumerate(layer)}


def _middle(points: Sequence[int], place: dict[int, int], own: int) -> float:
    """Return the barycentre of points; where there are none, a point stays where it is."""
    return sum(place[point] for point in points) / len(points) if points else float(own)


def _crossings(layers: Layers) -> int:
    """Return how many pairs of lines cross, by the inversions among their ends."""
    found = 0
    for left, right in pairwise(layers.layers):
        place = {point: number for number, point in enumerate(right)}
        seen: list[int] = []
        for point in left:
            ends = sorted(place[other] for other in layers.after[point])
            found += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return found


def _swap_neighbours(layers: Layers) -> None:
    """Let neighbours change places for as long as that makes crossings fewer."""
    place = {point: number for layer in layers.layers for number, point in enumerate(layer)}
    for _ in range(_PATIENCE):
        gained = False
        for layer in layers.layers:
            for number in range(len(layer) - 1):
                first, second = layer[number : number + 2]
                if _gain(layers, place, first, second) > 0:
                    layer[number], layer[number + 1] = second, first
                    place[first], place[second] = number + 1, number
                    gained = True
        if not gained:
            return


def _gain(layers: Layers, place: dict[int, int], first: int, second: int) -> int:
    """Return how many crossings fewer there are if two neighbours change places."""
    gain = 0
    for beside in (layers.before, layers.after):
        ours = sorted(place[point] for point in beside[first])
        theirs = sorted(place[point] for point in beside[second])
        gain += _inversions(ours, theirs) - _inversions(theirs, ours)
    return gain


def _inversions(first: list[int], second: list[int]) -> int:
    """Return how many pairs there are of one of the first that is beyond one of the second."""
    return sum(len(first) - bisect_right(first, end) for end in second)
