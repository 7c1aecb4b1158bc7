"""Folding: many boxes that are alike become one, so that a big picture can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from graflow.pictures.alike import kinds
from graflow.pictures.box import Box
from graflow.pictures.order import Order
from graflow.pictures.sheet import DrawnItem, Sheet, item_of, plain_sheet, positions

__all__ = ["sheet_of"]

_BESIDE = 12  # alike boxes that are drawn each by itself
_LEGIBLE = 300  # items of a picture that somebody still finds a way through
_BANDS = 24  # items of a picture in which they would not


def sheet_of(boxes: Sequence[Box], *, fold: bool) -> Sheet:
    """Return what a picture of these boxes shows.

    Args:
        boxes: The boxes.
        fold: Whether more than a dozen boxes with the same before and after them become one; and,
            where there still are hundreds, those at the same and at neighbouring depths.

    Raises:
        ValueError: Two boxes have one name, or boxes are after each other.
    """
    if not fold or len(boxes) <= _BESIDE:
        return plain_sheet(boxes)
    order = Order(positions(boxes))
    found = kinds(order, _BESIDE, _LEGIBLE)
    return _banded(boxes, order.depths()) if found is None else _folded(boxes, order, found)


def _folded(boxes: Sequence[Box], order: Order, found: list[int]) -> Sheet:
    """Return an item for each kind of boxes, in the order of their first ones."""
    members: dict[int, list[int]] = {}
    for number, kind in enumerate(found):
        members.setdefault(kind, []).append(number)
    place = {kind: number for number, kind in enumerate(members)}
    sizes = Counter(found)
    shared: dict[tuple[int, ...], tuple[int, ...]] = {}  # items after a wide group share it
    items: list[DrawnItem] = []
    for kind, inside in members.items():
        before = Counter(found[other] for other in order.after[inside[0]])
        after = tuple(place[other] for other in before)
        after = shared.setdefault(after, after)
        notes = {
            place[other]: _note(times, times * sizes[kind] // sizes[other])
            for other, times in before.items()
            if times < sizes[other]
        }
        items.append(item_of([boxes[number] for number in inside], after, notes))
    return tuple(items)


def _note(before: int, after: int) -> str:
    """Say how many of one kind are before how many of another."""
    if before == 1:
        return "each" if after == 1 else f"{after} each"
    return f"{before} to {after}"


def _banded(boxes: Sequence[Box], depths: Sequence[int]) -> Sheet:
    """Return a few items in a row, each with all boxes of one depth or of several."""
    deepest = max(depths) + 1
    bands = min(deepest, _BANDS)
    members: list[list[int]] = [[] for _ in range(bands)]
    for number, depth in enumerate(depths):
        members[depth * bands // deepest].append(number)
    items = []
    for band, inside in enumerate(members):
        stages = len({depths[number] for number in inside})
        more = f" in {stages} stages" if stages > 1 else ""
        after = (band - 1,) if band else ()
        items.append(item_of([boxes[number] for number in inside], after, {}, more))
    return tuple(items)
