"""Extents: how much keys hold, without what they hold."""

from __future__ import annotations

from typing import NamedTuple

from graflow.channels.commits.commit import Held

__all__ = ["Extent", "extent_of"]


class Extent(NamedTuple):
    """How much a key holds.

    Attributes:
        size: The bytes of what is stored for its value; of a long list an estimate.
        items: The number of items; `None` if it holds no list.
        left: The ms that it has left; `None` if it never expires.
    """

    size: int
    items: int | None
    left: int | None


def extent_of(held: Held | None) -> Extent | None:
    """Return how much was read; `None` if it was nothing."""
    if held is None:
        return None
    record, left = held
    if isinstance(record, bytes):
        return Extent(len(record), None, left)
    return Extent(sum(map(len, record)), len(record), left)
