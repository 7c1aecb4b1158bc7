"""`Box`: what a picture is made of, and the looks that it can have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = ["Box", "Look", "worst"]

Look: TypeAlias = Literal["plain", "waiting", "running", "retrying", "finished", "failed"]

_WORST_FIRST: Final[tuple[Look, ...]] = (
    "failed",
    "retrying",
    "running",
    "waiting",
    "finished",
    "plain",
)


@dataclass(frozen=True, slots=True)
class Box:
    """A box of a picture, with arrows to it from those before it.

    Attributes:
        name: What it is called, unlike all others; any text.
        after: The names of the boxes before it. Boxes of a wide group should share one tuple.
            Names that no box has are left out.
        lines: What stands below the name, in small letters.
        look: Its colours.
        hint: What is shown when somebody points at it, besides the whole name.
    """

    name: str
    after: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    look: Look = "plain"
    hint: str = ""


def worst(looks: Iterable[Look]) -> Look:
    """Return the look among these that somebody should see first."""
    return min(looks, key=_WORST_FIRST.index, default="plain")
