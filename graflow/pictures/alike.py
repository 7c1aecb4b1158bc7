"""Boxes that are alike: those that no order tells apart, found by refining a partition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from graflow.pictures.order import Order

__all__ = ["kinds"]

_ROUNDS = 40  # each takes time; what is still not settled then is only compared directly


def kinds(order: Order, beside: int, most: int) -> list[int] | None:
    """Return a number for each thing, the same for things that can stand for each other.

    This is the refinement of colours by Weisfeiler and Leman ("The reduction of a graph to
    canonical form and the algebra which appears therein", 1968), with a change: a kind with few
    members is parted into them, since each of those is going to be drawn by itself. So the things
    of one kind have the same drawn neighbours, and of each kind as many neighbours as the others.

    Args:
        order: What is before what.
        beside: How many members a kind has at most that is parted.
        most: How many kinds there may be.

    Returns:
        The numbers; `None` if there are more kinds.
    """
    features = zip(order.depths(), order.heights(), map(len, order.after), strict=True)
    found = _parted(_numbered(list(features)), beside)
    members, uses = order.members(), order.uses()
    for _ in range(_ROUNDS):
        size = len(set(found))
        if size > most:
            return None
        found = _parted(_refined(order, members, uses, found), beside)
        if len(set(found)) == size:
            return found
    direct = [(order.group_of[number], *inside) for number, inside in enumerate(uses)]
    found = _parted(_numbered(direct), beside)
    return found if len(set(found)) <= most else None


def _refined(
    order: Order,
    members: Sequence[Sequence[int]],
    uses: Sequence[Sequence[int]],
    found: Sequence[int],
) -> list[int]:
    """Part each kind by the kinds that are before and after its members."""
    before = _counted(found, order.groups)
    after = _counted(found, members)
    groups = _numbered(list(zip(before, after, strict=True)))
    next_to = _counted(groups, uses)
    return _numbered(
        [
            (kind, groups[order.group_of[number]], next_to[number])
            for number, kind in enumerate(found)
        ]
    )


def _counted(
    found: Sequence[int], lists: Sequence[Sequence[int]]
) -> list[tuple[tuple[int, int], ...]]:
    """Return how many things of each kind each list has, in a form that can be compared."""
    return [tuple(sorted(Counter([found[n] for n in numbers]).items())) for numbers in lists]


def _numbered(features: Sequence[Hashable]) -> list[int]:
    """Return a number for each feature, the same for equal ones."""
    known: dict[Hashable, int] = {}
    return [known.setdefault(feature, len(known)) for feature in features]


def _parted(found: Sequence[int], beside: int) -> list[int]:
    """Return kinds of which those with few members are parted into them."""
    sizes = Counter(found)
    return _numbered([(kind, n if sizes[kind] <= beside else -1) for n, kind in enumerate(found)])
