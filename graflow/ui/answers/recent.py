"""`Recent`: what readers have asked for of late, kept for the next time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final, Generic, TypeVar

__all__ = ["Recent"]

T = TypeVar("T")

_MOST: Final = 16


class Recent(Generic[T]):
    """What readers have asked for of late, by a name; what nobody asks for any more goes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: OrderedDict[str, T] = OrderedDict()

    def get_or_make(self, name: str, make: Callable[[], T]) -> T:
        """Return what is kept, or make it."""
        with self._lock:
            if name not in self._held:
                self._held[name] = make()
            self._held.move_to_end(name)
            if len(self._held) > _MOST:
                self._held.popitem(last=False)
            return self._held[name]
