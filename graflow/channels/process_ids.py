"""Ids that tell this process, its threads and its writes from all others."""

from __future__ import annotations

import asyncio
import os
import threading
from asyncio.events import _get_running_loop
from collections import deque
from itertools import count
from uuid import uuid4
from weakref import WeakSet, ref

__all__ = ["Caller", "Slot", "free_slots", "is_of_this_process", "new_owner"]


class _Process:
    """A unique name for this process."""

    def __init__(self) -> None:
        self.name = uuid4().hex


_process = _Process()
_acquisitions = count()


def new_owner() -> str:
    """Return a name for one acquisition of a lock; it begins with the process."""
    return f"{_process.name}:{next(_acquisitions)}"


def is_of_this_process(owner: str) -> bool:
    """Tell whether this process made the acquisition, and not the one it was forked from."""
    return owner.startswith(_process.name)


class Caller:
    """The code that makes a call: its thread and, if it has one, its asyncio task.

    Attributes:
        thread: The thread itself, since its `ident` may be reused later.
        task: A weak reference to the task, or `None` outside of tasks.
    """

    __slots__ = ("task", "thread")

    def __init__(self) -> None:
        """Note the thread and the task of the caller."""
        task = _current_task()
        self.thread = threading.current_thread()
        self.task = None if task is None else ref(task)

    @property
    def is_here(self) -> bool:
        """Whether the caller is the same task, or the same thread outside of tasks."""
        task = None if self.task is None else self.task()
        return self.is_in_this_thread and task is _current_task()

    @property
    def is_in_this_thread(self) -> bool:
        """Whether the caller runs in the same thread."""
        return self.thread is threading.current_thread()


def _current_task() -> asyncio.Task[object] | None:
    # Without a loop `current_task` raises, which takes as long as everything else here.
    return None if _get_running_loop() is None else asyncio.current_task()


class Slot:
    """A slot in which a server remembers the answer to the last write that named it.

    One write at a time uses a slot, so a process needs only as many slots as it has writes in
    flight. A slot returns to `free_slots` only after a write whose first attempt was answered;
    otherwise a late copy of the write may still arrive.

    Attributes:
        name: The slot's name, unique among all processes.
    """

    __slots__ = ("__weakref__", "_writes", "name")

    _numbers = count()

    def __init__(self) -> None:
        """Make a new slot."""
        self._writes = 0
        self.rename()
        _slots.add(self)

    def rename(self) -> None:
        """Take a name of this process."""
        self.name = f"{_process.name}:{next(self._numbers)}".encode()

    def next_token(self) -> bytes:
        """Return a token that is new to this slot."""
        self._writes += 1
        return b"%d:" % self._writes


_slots: WeakSet[Slot] = WeakSet()

free_slots: deque[Slot] = deque()
"""The slots of this process that no write is using."""


def _start_anew() -> None:
    """Give a forked process its own identity, lest the server take it for its parent."""
    _process.name = uuid4().hex
    free_slots.clear()
    for slot in list(_slots):  # of a write in the middle of which a signal handler forked
        slot.rename()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
