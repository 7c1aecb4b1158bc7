"""A channel that changes values in two steps, as a careless backend might."""

from __future__ import annotations

import time
from typing import Any

from graflow.channels.redis_channel import RedisChannel

__all__ = ["RacyChannel"]


class RacyChannel(RedisChannel):
    """Loses what others write between its reading and its writing."""

    def append(self, key: str, value: object, ttl: Any = None) -> int:
        """Read the list, and write it with one more item."""
        items = [*self._look(key, []), value]
        self.set(key, items, ttl)
        return len(items)

    def atomic_add(self, key: str, amount: int | float = 1) -> int | float:
        """Read the number, and write the sum."""
        total: int | float = self._look(key, 0) + amount
        self.set(key, total)
        return total

    def _look(self, key: str, default: Any) -> Any:
        found = self.get(key, default)
        time.sleep(0.0005)
        return found
