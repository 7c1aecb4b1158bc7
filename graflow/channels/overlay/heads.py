"""KnownHead of a list, of which a transaction has read no more than it took."""

from __future__ import annotations

from collections.abc import Sequence

from graflow.channels.commits.commit import Change, Expire, Pop, Push

__all__ = ["KnownHead", "begins"]


class KnownHead:
    """The first items of a list, as they were read, and what became of them.

    Attributes:
        items: The items. The list may be longer.
        used: How many of them the transaction depends on.
    """

    __slots__ = ("_popped", "items", "used")

    def __init__(self, changes: Sequence[Change]) -> None:
        """Begin with no items, and the changes that were made before."""
        self.items: list[bytes] = []
        self.used = 0
        self._popped: int | None = 0
        self.begin_anew(changes)

    @property
    def popped(self) -> int | None:
        """How many items are gone; `None` if the list has another head now."""
        return self._popped

    def follow(self, change: Change) -> None:
        """Take account of a change of the list."""
        if self._popped is None or isinstance(change, Expire):
            return
        if isinstance(change, Pop):
            self._popped += 1
        elif not isinstance(change, Push) or change.at_head:
            self._popped = None

    def begin_anew(self, changes: Sequence[Change]) -> None:
        """Take account of these changes alone; what was read stays read."""
        self._popped = 0
        for change in changes:
            self.follow(change)

    def needed(self) -> list[bytes]:
        """Return the items that the transaction depends on."""
        return self.items[: self.used]


def begins(items: Sequence[bytes], head: Sequence[bytes]) -> bool:
    """Tell whether a list begins with these items."""
    return list(items[: len(head)]) == list(head)
