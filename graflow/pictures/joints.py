"""Joints: points between wide groups, so that m boxes before n others need m + n lines."""

from __future__ import annotations

from collections.abc import Sequence

from graflow.pictures.order import Order
from graflow.pictures.sheet import Sheet

__all__ = ["joined"]


def joined(sheet: Sheet) -> list[list[int]]:
    """Return what is before each item, and before each of the joints, which come after the items.

    Items after the same others get a joint, and then items before the same others.
    """
    order = Order([item.after for item in sheet])
    before: list[list[int]] = [[] for _ in sheet]
    for others, found in zip(order.groups, order.members(), strict=True):
        members = [number for number in found if not sheet[number].notes]
        joint = len(before)
        pays = _pays(len(others), len(members))
        for number in found:
            before[number] = [joint] if pays and not sheet[number].notes else list(others)
        if pays:
            before.append(list(others))
    _join_those_before(before, sheet)
    return before


def _pays(before: int, after: int) -> bool:
    """Tell whether there are fewer lines with a joint."""
    return before * after > before + after


def _join_those_before(before: list[list[int]], sheet: Sheet) -> None:
    """Add joints behind items that are before the same others."""
    noted = {number for number, item in enumerate(sheet) if item.notes}
    after: list[list[int]] = [[] for _ in sheet]
    for number, others in enumerate(before):
        for other in others:
            if other < len(sheet) and number not in noted:
                after[other].append(number)
    alike: dict[tuple[int, ...], list[int]] = {}
    for number, others in enumerate(after):
        alike.setdefault(tuple(others), []).append(number)
    for followers, members in alike.items():
        if _pays(len(members), len(followers)):
            _put_between(before, members, followers)


def _put_between(before: list[list[int]], members: Sequence[int], others: Sequence[int]) -> None:
    joint = len(before)
    gone = set(members)
    for number in others:
        before[number] = [*(n for n in before[number] if n not in gone), joint]
    before.append(list(members))
