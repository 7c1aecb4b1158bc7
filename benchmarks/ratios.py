"""Ratios: how much longer some work takes than other work in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from graflow import Channel

__all__ = ["ROUNDS", "Row", "Work", "growth", "ratio", "seconds"]

ROUNDS = 15

Work = Callable[[], object]

Row = tuple[str, float, float]
"""What was measured, the ratio, and its bound; NaN if it has none."""


def seconds(work: Work, times: int) -> float:
    """Return how long it takes to do the work so many times."""
    started = time.perf_counter()
    for _ in range(times):
        work()
    return time.perf_counter() - started


def ratio(work: Work, floor: Work, times: int) -> float:
    """Return the median of the ratios of several rounds, the two in turn."""
    seconds(work, times // 5 + 1)
    seconds(floor, times // 5 + 1)
    return median(seconds(work, times) / seconds(floor, times) for _ in range(ROUNDS))


def growth(channel: Channel) -> float:
    """Return how much longer an append to a list of 1,000,000 takes than to one of 1,000."""
    channel.set("short", [1] * 1_000)
    channel.set("long", [1] * 999_000)
    found = ratio(lambda: channel.append("long", 1), lambda: channel.append("short", 1), 200)
    channel.clear()
    return found
