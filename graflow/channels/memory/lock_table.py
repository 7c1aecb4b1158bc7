"""The locks of a memory channel, and the queues of those waiting for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from graflow.channels.locks.fences import next_fence

__all__ = ["LockTable"]


class _Held(NamedTuple):
    owner: str
    fence: int
    ends: float


class LockTable:
    """Who holds which lock, until when, and who waits for it. A caller has the channel's lock.

    Attributes:
        held: The locks that are held, and some whose lease has ended.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Make an empty table; `clock` gives the time in seconds."""
        self._clock = clock
        self.held: dict[str, _Held] = {}
        self._lines: dict[str, dict[str, float]] = {}  # until when each one keeps its place
        self._fence = 0

    def go_by(self, clock: Callable[[], float], ahead: float) -> None:
        """Go by another clock from now on, which is so many seconds ahead."""
        self._clock = clock
        self.held = {key: held._replace(ends=held.ends + ahead) for key, held in self.held.items()}
        for line in self._lines.values():
            line.update({owner: until + ahead for owner, until in line.items()})

    def holder(self, key: str) -> str | None:
        """Return the owner of a lock; `None` if it is free."""
        held = self._holder(key)
        return None if held is None else held.owner

    def acquire(self, key: str, owner: str, lease: int, least: int) -> int | str:
        """Take a lock, as `Backend.acquire` does."""
        held = self._holder(key)
        if held is not None:
            if held.owner != owner:
                return held.owner
            fence = max(held.fence, least)
        else:
            first = self._first_in_line(key) if key in self._lines else None
            if first is not None and first != owner:
                return first
            self._leave(key, owner)
            fence = next_fence(self._fence, least)
        self._fence = max(self._fence, fence)
        self.held[key] = _Held(owner, fence, self._clock() + lease / 1000)
        return fence

    def line_up(self, key: str, owner: str, patience: int) -> int:
        """Keep a place in the line, or leave it, as `Backend.line_up` does."""
        if not patience:
            self._leave(key, owner)
            return 0
        line = self._lines.setdefault(key, {})
        line[owner] = self._clock() + patience / 1000
        self._first_in_line(key)
        return list(line).index(owner)

    def renew(self, key: str, owner: str, lease: int) -> bool:
        """Lengthen a lease, as `Backend.renew` does."""
        held = self._holder(key)
        if held is None or held.owner != owner:
            return False
        self.held[key] = _Held(owner, held.fence, self._clock() + lease / 1000)
        return True

    def release(self, key: str, owner: str) -> bool:
        """Free a lock, as `Backend.release` does."""
        held = self._holder(key)
        if held is None or held.owner != owner:
            return False
        del self.held[key]
        return True

    def forget_holders(self) -> None:
        """Free all locks: their holders are in another process."""
        self.held.clear()
        self._lines.clear()

    def _holder(self, key: str) -> _Held | None:
        held = self.held.get(key)
        if held is not None and held.ends <= self._clock():
            del self.held[key]
            return None
        return held

    def _first_in_line(self, key: str) -> str | None:
        line, now = self._lines[key], self._clock()
        for owner in [owner for owner, until in line.items() if until <= now]:
            del line[owner]
        return next(iter(line), None)

    def _leave(self, key: str, owner: str) -> None:
        line = self._lines.get(key)
        if line is not None:
            line.pop(owner, None)
            if not line:
                del self._lines[key]
