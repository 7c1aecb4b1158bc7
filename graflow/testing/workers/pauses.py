"""Pauses in the middle of operations, during which the other workers go on.

An operation that reads and then writes is open to others for a few microseconds, and chance rarely
hits these. So the worker stops inside the operation, where the interpreter calls or leaves a
function, until others have made some steps; at the next operation of this kind it stops somewhere
else, until all places have had their turn. Where the others have to wait for the one that pauses,
because it holds a mutex or a transaction, it goes on after a moment.

It sees the functions of the thread that asks for the operation. What a server does by itself, or
another thread, is not stopped.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from statistics import median
from types import FrameType
from typing import Any, Protocol, TypeVar

__all__ = ["InnerPauses"]

R = TypeVar("R")

_GOLDEN = (5**0.5 - 1) / 2  # its multiples, modulo 1, are spread evenly however many there are
_GUESS = 100  # places in an operation that was never seen
_MOST = 0.2  # seconds of a pause
_TIMES = 4  # as long as an operation, for others to make a step


class Others(Protocol):
    """The other workers, as one of them sees them."""

    def wait_for_others(self, steps: int, patience: float) -> None:
        """Wait until the others have made some steps, but not for more than `patience` seconds."""


class InnerPauses:
    """The pauses of one worker."""

    def __init__(self, others: Others, chance: random.Random, least: float) -> None:
        """Begin at a random place of each operation.

        Args:
            others: The other workers.
            chance: Draws where to begin, and how long to wait.
            least: For how many seconds a pause lasts if the others can't go on. It is longer if
                operations take long.
        """
        self._others = others
        self._chance = chance
        self._least = least
        self._took: list[float] = []
        self._places: dict[str, int] = {}
        self._turns: dict[str, float] = {}

    def inside(self, kind: str, perform: Callable[[], R]) -> R:
        """Perform an operation with a pause.

        Args:
            kind: Tells operations apart that call different functions.
            perform: Calls the operation, and returns what it gives.
        """
        turn = (self._turns.get(kind, self._chance.random()) + _GOLDEN) % 1
        self._turns[kind] = turn
        chosen = int(turn * self._places.get(kind, _GUESS))
        seen = 0

        def watch(frame: FrameType, event: str, argument: Any) -> None:
            nonlocal seen
            if seen == chosen:
                self._pause()
            seen += 1

        before = sys.getprofile()
        sys.setprofile(watch)
        try:
            return perform()
        finally:
            sys.setprofile(before)
            self._places[kind] = seen

    def without(self, perform: Callable[[], R]) -> R:
        """Perform an operation, and note how long it takes."""
        began = time.monotonic()
        try:
            return perform()
        finally:
            self._took.append(time.monotonic() - began)

    def _pause(self) -> None:
        usual = _TIMES * median(self._took) if self._took else 0.0
        patience = min(max(usual, self._least), _MOST)
        self._others.wait_for_others(self._chance.randint(1, 3), patience)
