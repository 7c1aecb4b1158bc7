"""Measures of a channel: how many keys, how large, found step by step in little memory."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from graflow.channels.base import Channel
from graflow.channels.hidden_keys import is_visible, shown_key
from graflow.core.registry.run_records import run_ids

__all__ = ["Measures", "measured"]

_LARGEST = 5


@dataclass
class Measures:
    """What there is to say of a channel.

    Attributes:
        keys: The number of keys.
        bytes: The bytes of what they hold, about.
        expiring: How many of the keys expire.
        lists: How many hold a list that grew by `append` or was stored as one.
        items: The items of these lists together.
        results: The number of hidden keys, such as results that runs keep.
        result_bytes: The bytes of what these hold, about.
        runs: The number of runs that the channel knows of.
        largest: The largest keys with their bytes, the largest first.
    """

    keys: int = 0
    bytes: int = 0
    expiring: int = 0
    lists: int = 0
    items: int = 0
    results: int = 0
    result_bytes: int = 0
    runs: int = 0
    largest: list[tuple[str, int]] = field(default_factory=list)


def measured(channel: Channel) -> Measures:
    """Go through all keys of a channel, and measure them."""
    found = Measures(runs=len(run_ids(channel)))
    largest: list[tuple[int, str]] = []
    for some in channel.backend.scan():
        for key, extent in zip(some, channel.backend.measure(some), strict=True):
            if extent is None:
                continue
            if not is_visible(key):
                found.results += 1
                found.result_bytes += extent.size
                continue
            found.keys += 1
            found.bytes += extent.size
            found.expiring += extent.left is not None
            found.lists += extent.items is not None
            found.items += extent.items or 0
            largest = heapq.nlargest(_LARGEST, [*largest, (extent.size, shown_key(key))])
    found.largest = [(key, size) for size, key in largest]
    return found
