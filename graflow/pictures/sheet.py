"""Sheets: what a picture shows, after boxes that are alike were folded into one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from graflow.pictures.box import Box, Look, worst

__all__ = ["DrawnItem", "Sheet", "item_of", "plain_sheet", "positions"]

_NAMED = 8  # boxes that a hint names


@dataclass(frozen=True, slots=True)
class DrawnItem:
    """What is drawn as one box: a box, or several that are folded.

    Attributes:
        title: Its name.
        after: The numbers of the items before it.
        lines: What stands below.
        look: Its colours.
        hint: What a tooltip says.
        held: How many boxes it stands for.
        notes: What is written beside the arrows from items of these numbers.
    """

    title: str
    after: tuple[int, ...]
    lines: tuple[str, ...] = ()
    look: Look = "plain"
    hint: str = ""
    held: int = 1
    notes: Mapping[int, str] = field(default_factory=dict[int, str])


Sheet: TypeAlias = tuple[DrawnItem, ...]
"""All items of a picture; they are called by their numbers in it, from 0."""


def positions(boxes: Sequence[Box]) -> list[tuple[int, ...]]:
    """Return the numbers of the boxes before each box; equal tuples are one object.

    Raises:
        ValueError: Two boxes have one name.
    """
    numbers = {box.name: number for number, box in enumerate(boxes)}
    if len(numbers) < len(boxes):
        twice = [name for name, times in Counter(box.name for box in boxes).items() if times > 1]
        raise ValueError(f"two boxes of a picture are called {twice[0]!r}")
    known: dict[int, tuple[int, ...]] = {}  # by the identity of what the boxes hold
    equal: dict[tuple[int, ...], tuple[int, ...]] = {}
    for box in boxes:
        if id(box.after) not in known:
            found = dict.fromkeys(numbers[name] for name in box.after if name in numbers)
            after = tuple(found)
            known[id(box.after)] = equal.setdefault(after, after)
    return [known[id(box.after)] for box in boxes]


def plain_sheet(boxes: Sequence[Box]) -> Sheet:
    """Return a sheet with each box by itself."""
    return tuple(
        DrawnItem(box.name, after, box.lines, box.look, box.hint)
        for box, after in zip(boxes, positions(boxes), strict=True)
    )


def item_of(
    members: Sequence[Box], after: tuple[int, ...], notes: Mapping[int, str], more: str = ""
) -> DrawnItem:
    """Return the item that stands for some boxes, or for the only one.

    Args:
        members: The boxes.
        after: The numbers of the items before it.
        notes: What is said of the arrows.
        more: What else is said after their number.
    """
    if len(members) == 1:
        box = members[0]
        return DrawnItem(box.name, after, box.lines, box.look, box.hint, notes=notes)
    counts = Counter(box.look for box in members if box.look != "plain")
    said = ", ".join(f"{times:,} {look}" for look, times in counts.items())
    shared = [line for line in members[0].lines if all(line in box.lines for box in members)]
    lines = (f"{len(members):,} tasks{more}", *([said] if said else []), *shared)
    look = worst(counts)
    title = f"{members[0].name} \u2026 {members[-1].name}"
    return DrawnItem(title, after, lines, look, _hint(members, look), len(members), notes)


def _hint(members: Sequence[Box], look: Look) -> str:
    """Name what is inside; if something has failed, that."""
    failed = look == "failed"
    found = [box for box in members if box.look == "failed"] if failed else list(members)
    lines = [f"{box.name}: {box.hint}" if failed and box.hint else box.name for box in found]
    more = [f"and {len(lines) - _NAMED} more"] if len(lines) > _NAMED else []
    return "\n".join(["failed:" if failed else "", *lines[:_NAMED], *more]).strip()
