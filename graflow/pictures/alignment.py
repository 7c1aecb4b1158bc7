"""Places across the layers, where what can be straight is straight.

This is the method of Brandes and Köpf ("Fast and Simple Horizontal Coordinate Assignment", 2002):
each point is lined up with the middle one of those before it, unless that would cut through the
bends of a long line; rows are packed; and of four ways to do so, from each side and from each end,
the two middle ones are averaged. Rows are packed along the longest ways among them, which does
without the classes of the paper (and their error, which an erratum of 2020 mends).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import TypeAlias

from graflow.pictures.layers import Layers

__all__ = ["aligned"]

Distance: TypeAlias = Callable[[int, int], float]
"""How far apart the middles of two neighbours are at least."""


def aligned(layers: Layers, distance: Distance) -> list[float]:
    """Return the place of each point across the layers; all are at least 0.

    Args:
        layers: The points, each layer in its order.
        distance: How far apart the middles of two neighbours of a layer are at least.
    """
    found = [
        _placed(layers, distance, is_forth=is_forth, is_down=is_down)
        for is_forth in (True, False)
        for is_down in (True, False)
    ]
    narrowest = min(found, key=lambda places: max(places) - min(places))
    shifted = []
    for places, is_down in zip(found, (True, False) * 2, strict=True):
        side = min if is_down else max
        shift = side(narrowest) - side(places)
        shifted.append([place + shift for place in places])
    middles = [sum(sorted(places)[1:3]) / 2 for places in zip(*shifted, strict=True)]
    first = min(middles)
    return [place - first for place in middles]


def _placed(layers: Layers, distance: Distance, *, is_forth: bool, is_down: bool) -> list[float]:
    """Return the places as one of the four ways has them."""
    order = layers.layers if is_forth else layers.layers[::-1]
    order = order if is_down else [layer[::-1] for layer in order]
    beside = layers.before if is_forth else layers.after
    roots = _rows(layers.fixed, order, beside)
    places = _packed(order, roots, distance)
    return places if is_down else [-place for place in places]


def _rows(fixed: int, order: list[list[int]], beside: list[list[int]]) -> list[int]:
    """Line points up; return for each the first point of its row."""
    roots = list(range(len(beside)))
    for first, second in pairwise(order):
        place = {point: number for number, point in enumerate(first)}
        wanted = {point: _wanted(fixed, point, beside[point], place) for point in second}
        cut = _cut(fixed, first, second, beside, place)
        last = -1
        for point in second:
            for other in wanted[point]:
                if place[other] > last and (other, point) not in cut:
                    roots[point] = roots[other]
                    last = place[other]
                    break
    return roots


def _wanted(fixed: int, point: int, others: Sequence[int], place: dict[int, int]) -> Sequence[int]:
    """Return what a point may be lined up with: the middle ones; for a bend, another one."""
    found = sorted(others, key=place.__getitem__)
    if point >= fixed:
        found = [other for other in found if other >= fixed] or found
    size = len(found)
    return found[(size - 1) // 2 : size // 2 + 1]


def _cut(
    fixed: int,
    first: Sequence[int],
    second: Sequence[int],
    beside: Sequence[Sequence[int]],
    place: dict[int, int],
) -> set[tuple[int, int]]:
    """Return the lines that cross the straight part of a long one, from bend to bend."""
    found: set[tuple[int, int]] = set()
    low = done = 0
    for number, point in enumerate(second):
        bends = [place[o] for o in beside[point] if o >= fixed] if point >= fixed else []
        if not bends and number < len(second) - 1:
            continue
        high = max(bends) if bends else len(first) - 1
        for other in second[done : number + 1]:
            found.update(
                (end, other)
                for end in beside[other]
                if not low <= place[end] <= high and (end < fixed or other < fixed)
            )
        done, low = number + 1, max(low, high)
    return found


def _packed(order: list[list[int]], roots: list[int], distance: Distance) -> list[float]:
    """Return places for the rows, as far on one side as can be, and then close together."""
    below: dict[int, dict[int, float]] = {root: {} for root in roots}
    above: dict[int, dict[int, float]] = {root: {} for root in roots}
    for layer in order:
        for first, second in pairwise(layer):
            one, other = roots[first], roots[second]
            far = max(distance(first, second), below[one].get(other, 0.0))
            below[one][other] = above[other][one] = far
    rows = list(TopologicalSorter(above).static_order())
    place: dict[int, float] = {}
    for row in rows:
        place[row] = max((place[one] + far for one, far in above[row].items()), default=0.0)
    for row in reversed(rows):
        room = min((place[one] - far for one, far in below[row].items()), default=place[row])
        place[row] = max(place[row], room)
    return [place[root] for root in roots]
