"""Ids that tell this process, its threads and its writes from all others."""

from __future__ import annotations

import asyncio
import os
import threading
from asyncio.events import _get_running_loop
from collections import deque
from itertools import count
from uuid import uuid4
from weakref import ref

__all__ = ["Place", "Slot", "free_slots", "is_of_this_process", "new_owner"]


class _Process:
    """A name for this process that no other has."""

    def __init__(self) -> None:
        self.name = uuid4().hex


_process = _Process()
_acquisitions = count()


def new_owner() -> str:
    """Return a name for one acquisition of a lock; it begins with the process."""
    return f"{_process.name}:{next(_acquisitions)}"


def is_of_this_process(owner: str) -> bool:
    """Tell whether the acquisition was made here, and not by a process that was forked."""
    return owner.startswith(_process.name)


class Place:
    """Where code runs: in a thread, and there maybe in a task of asyncio.

    Attributes:
        thread: The thread, which unlike its `ident` is no other one later.
        task: Refers to the task.
    """

    __slots__ = ("task", "thread")

    def __init__(self) -> None:
        """Note the present place."""
        task = _current_task()
        self.thread = threading.current_thread()
        self.task = None if task is None else ref(task)

    @property
    def is_here(self) -> bool:
        """Whether this very code asks: the same task, or the same thread outside of tasks."""
        task = None if self.task is None else self.task()
        return self.is_in_this_thread and task is _current_task()

    @property
    def is_in_this_thread(self) -> bool:
        """Whether code of this thread asks."""
        return self.thread is threading.current_thread()


def _current_task() -> asyncio.Task[object] | None:
    # Without a loop `current_task` raises, which takes as long as all of the rest.
    return None if _get_running_loop() is None else asyncio.current_task()


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
