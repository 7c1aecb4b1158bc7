"""Layers: the columns of a picture, with bends where lines pass through them.

This is the first step of the method of Sugiyama, Tagawa and Toda ("Methods for Visual Understanding
of Hierarchical System Structures", 1981): layers by the longest way, and lines in parts that go
from one layer to the next. Lines with an end in common share their bends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Final, TypeAlias

__all__ = ["Layers", "layered"]

_MOST_BENDS: Final = 40_000  # beyond them, the longest lines go straight on, behind the boxes


@dataclass(frozen=True, slots=True)
class Layers:
    """Points in layers, and the lines between those of neighbouring ones.

    Points are the boxes and joints, by their numbers, and the bends, which come after them.

    Attributes:
        fixed: How many points are boxes or joints.
        layers: The points of each layer.
        before: For each point, those of the layer before that have a line to it.
        after: For each point, those of the layer after.
        straight: Pairs of points whose line has no bends though it skips layers.
    """

    fixed: int
    layers: list[list[int]]
    before: list[list[int]]
    after: list[list[int]]
    straight: list[tuple[int, int]]


def layered(before: Sequence[Sequence[int]], boxes: int) -> Layers:
    """Return the layers.

    Args:
        before: What is before each box, and before each joint.
        boxes: How many boxes there are; the joints come after them.

    Raises:
        graphlib.CycleError: They are before each other; this is a `ValueError`.
    """
    layer = _numbered(_ranks(before, boxes))
    lines = [(other, number) for number, others in enumerate(before) for other in others]
    long = [line for line in lines if layer[line[1]] - layer[line[0]] > 1]
    pairs: dict[tuple[_Point, _Point], None] = {
        line: None for line in lines if layer[line[1]] - layer[line[0]] == 1
    }
    straight: list[tuple[int, int]] = []
    bends = 0
    for trunk in _trunks(long, layer):
        if bends + trunk.length > _MOST_BENDS:
            straight += trunk.lines
            continue
        bends += trunk.length
        pairs.update(dict.fromkeys(trunk.pairs(layer)))
    return _built(layer, list(pairs), straight)


def _ranks(before: Sequence[Sequence[int]], boxes: int) -> list[int]:
    """Return how far each box and joint is from the beginning.

    That of a box is even, that of a joint odd where it can be, so that boxes stand below boxes.
    """
    found = [0] * len(before)
    for number in TopologicalSorter(dict(enumerate(before))).static_order():
        rank = max((found[other] + 1 for other in before[number]), default=0)
        found[number] = rank + rank % 2 if number < boxes else rank
    return found


def _numbered(ranks: Sequence[int]) -> list[int]:
    """Return the numbers of the layers, of which none is empty."""
    numbers = {rank: number for number, rank in enumerate(sorted(set(ranks)))}
    return [numbers[rank] for rank in ranks]


@dataclass(frozen=True, slots=True)
class _Trunk:
    """Long lines that share their bends, as they have one end in common.

    Attributes:
        root: That end.
        is_source: Whether the lines begin there.
        length: How many bends it has.
        lines: The lines.
    """

    root: int
    is_source: bool
    length: int
    lines: list[tuple[int, int]]

    def pairs(self, layer: Sequence[int]) -> list[tuple[_Point, _Point]]:
        """Return the parts of the lines, from one layer to the next."""
        root, here = self.root, layer[self.root]
        if self.is_source:
            way: list[_Point] = [root]
            way += [(root, here + step, True) for step in range(1, self.length + 1)]
            return [
                *pairwise(way),
                *(((root, layer[end] - 1, True), end) for _, end in self.lines),
            ]
        way = [(root, here - step, False) for step in range(self.length, 0, -1)]
        return [
            *pairwise([*way, root]),
            *((start, (root, layer[start] + 1, False)) for start, _ in self.lines),
        ]


_Bend: TypeAlias = tuple[int, int, bool]
"""A bend of the trunk of a point, in a layer, behind the point or before it."""

_Point: TypeAlias = int | _Bend


def _trunks(lines: Sequence[tuple[int, int]], layer: Sequence[int]) -> list[_Trunk]:
    """Return the trunks of long lines, the shortest first."""
    outgoing: dict[int, int] = defaultdict(int)
    incoming: dict[int, int] = defaultdict(int)
    for start, end in lines:
        outgoing[start] += 1
        incoming[end] += 1
    found: dict[tuple[int, bool], list[tuple[int, int]]] = {}
    for start, end in lines:
        is_source = outgoing[start] >= incoming[end]
        found.setdefault((start if is_source else end, is_source), []).append((start, end))
    trunks = [
        _Trunk(root, is_source, max(layer[end] - layer[start] for start, end in inside) - 1, inside)
        for (root, is_source), inside in found.items()
    ]
    return sorted(trunks, key=lambda trunk: trunk.length)


def _built(
    layer: Sequence[int], pairs: Sequence[tuple[_Point, _Point]], straight: list[tuple[int, int]]
) -> Layers:
    """Give numbers to the bends, and put everything into its layer."""
    numbers: dict[_Point, int] = {number: number for number in range(len(layer))}
    layers: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    for number, place in enumerate(layer):
        layers[place].append(number)
    for point in (point for pair in pairs for point in pair):
        if point not in numbers and isinstance(point, tuple):
            layers[point[1]].append(len(numbers))
            numbers[point] = len(numbers)
    before: list[list[int]] = [[] for _ in numbers]
    after: list[list[int]] = [[] for _ in numbers]
    for start, end in pairs:
        before[numbers[end]].append(numbers[start])
        after[numbers[start]].append(numbers[end])
    return Layers(len(layer), layers, before, after, straight)
