"""Order: what is before what, by numbers, with wide groups held once."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import TopologicalSorter

__all__ = ["Order"]


class Order:
    """What is before each of several things, which are called by their numbers.

    Attributes:
        after: For each thing, the numbers of those before it.
        groups: The different ones of these, each as an equal tuple.
        group_of: For each thing, the number of its group.
    """

    def __init__(self, after: Sequence[tuple[int, ...]]) -> None:
        """Find the groups; tuples that are one object are looked at once."""
        self.after = after
        self.groups: list[tuple[int, ...]] = []
        known: dict[int, int] = {}  # by identity
        equal: dict[tuple[int, ...], int] = {}
        for others in after:
            if id(others) not in known:
                known[id(others)] = equal.setdefault(others, len(equal))
                if len(equal) > len(self.groups):
                    self.groups.append(others)
        self.group_of = [known[id(others)] for others in after]

    def members(self) -> list[list[int]]:
        """Return for each group those that are after it."""
        found: list[list[int]] = [[] for _ in self.groups]
        for number, group in enumerate(self.group_of):
            found[group].append(number)
        return found

    def uses(self) -> list[list[int]]:
        """Return for each thing the groups that it is in."""
        found: list[list[int]] = [[] for _ in self.after]
        for group, others in enumerate(self.groups):
            for number in others:
                found[number].append(group)
        return found

    def depths(self) -> list[int]:
        """Return how many others the longest way to each thing has.

        Raises:
            graphlib.CycleError: They are after each other; this is a `ValueError`.
        """
        size = len(self.after)
        before: dict[int, Sequence[int]] = {
            number: (size + group,) for number, group in enumerate(self.group_of)
        }
        before.update({size + group: others for group, others in enumerate(self.groups)})
        found = [0] * (size + len(self.groups))
        for vertex in TopologicalSorter(before).static_order():
            if vertex < size:
                found[vertex] = found[size + self.group_of[vertex]]
            else:
                found[vertex] = max((found[n] + 1 for n in self.groups[vertex - size]), default=0)
        return found[:size]

    def heights(self) -> list[int]:
        """Return how many others the longest way from each thing has."""
        size = len(self.after)
        found = [0] * size
        tallest = [0] * len(self.groups)  # of those after each group, and itself
        depth = self.depths()
        uses = self.uses()
        for number in sorted(range(size), key=depth.__getitem__, reverse=True):
            found[number] = max((tallest[group] for group in uses[number]), default=0)
            group = self.group_of[number]
            tallest[group] = max(tallest[group], found[number] + 1)
        return found
