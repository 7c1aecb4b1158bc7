"""What tells this process, its threads and its writes from all others."""

from __future__ import annotations

import os
import threading
from collections import deque
from itertools import count
from uuid import uuid4

__all__ = ["Slot", "free_slots", "new_owner", "same_thread"]


class _Thread(threading.local):
    """A number for each thread that, unlike its `ident`, is never used again."""

    numbers = count()

    def __init__(self) -> None:
        self.number = next(self.numbers)


class _Process:
    """A name for this process that no other has."""

    def __init__(self) -> None:
        self.name = uuid4().hex


_process = _Process()
_thread = _Thread()
_acquisitions = count()


def new_owner() -> str:
    """Return a name for one acquisition of a lock; it begins with the process and the thread."""
    return f"{_process.name}:{_thread.number}:{next(_acquisitions)}"


def same_thread(owner: str, other: str) -> bool:
    """Tell whether two owners are acquisitions of one thread."""
    return owner.rpartition(":")[0] == other.rpartition(":")[0]


class Slot:
    """Where a server remembers the last write that named this slot.

    One write at a time uses a slot, so a process needs no more slots than it has writes under
    way. A slot goes back to `free_slots` only after a write whose first attempt was answered:
    of any other a late copy may still be on its way.

    Attributes:
        name: The slot's name, unique among all processes.
    """

    __slots__ = ("_writes", "name")

    _numbers = count()

    def __init__(self) -> None:
        """Make a slot that no one has used."""
        self.name = f"{_process.name}:{next(self._numbers)}".encode()
        self._writes = 0

    def next_token(self) -> bytes:
        """Return a token that no write has used in this slot."""
        self._writes += 1
        return b"%d:" % self._writes


free_slots: deque[Slot] = deque()
"""Slots of this process that no write uses at present."""


def _start_anew() -> None:
    """Give a forked process an identity of its own, lest the server takes it for its parent."""
    _process.name = uuid4().hex
    free_slots.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
