"""Steps of an operation, and what carries them out.

An operation is a generator: it yields what it asks of the backend, gets the answer, and returns
its result. It does no I/O itself, so it runs on any kind of channel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from graflow.channels.backend import (
    Add,
    Backend,
    Commit,
    Delete,
    Expire,
    Pop,
    Push,
    Put,
)
from graflow.channels.locks.fences import acquire
from graflow.channels.locks.lease import free_later

__all__ = [
    "Acquire",
    "Call",
    "Clear",
    "Exist",
    "FreeLater",
    "Get",
    "Head",
    "Keys",
    "LineUp",
    "Read",
    "Release",
    "Sleep",
    "Steps",
    "carry_out",
]

R = TypeVar("R")

Steps: TypeAlias = Generator[Any, Any, R]
"""An operation: what it yields are changes, a `Commit`, or one of the requests here."""


class Get(NamedTuple):
    """Ask for the record of a key."""

    key: str


class Read(NamedTuple):
    """Ask what keys hold at one moment."""

    keys: Sequence[str]


class Head(NamedTuple):
    """Ask for the first items of a list."""

    key: str
    most: int


class Exist(NamedTuple):
    """Ask which keys exist."""

    keys: Sequence[str]


class Keys(NamedTuple):
    """Ask for the keys."""

    kept: bool = False


class Clear(NamedTuple):
    """Ask to remove all keys."""

    kept: bool = False


class Acquire(NamedTuple):
    """Ask for a lock."""

    lock: str
    owner: str
    lease: int


class LineUp(NamedTuple):
    """Ask for a place in the queue for a lock."""

    lock: str
    owner: str
    patience: int


class Release(NamedTuple):
    """Ask to free a lock."""

    lock: str
    owner: str


class FreeLater(NamedTuple):
    """Ask to free a lock in the background, as its server is away."""

    lock: str
    owner: str
    lease: int


class Sleep(NamedTuple):
    """Ask to wait."""

    seconds: float


class Call(NamedTuple):
    """Ask for a function of the user's to be called, which may use the channel itself."""

    function: Callable[[], Any]


def _apply(backend: Backend, change: Any) -> Any:
    return backend.apply(change)


_WAYS: dict[type, Callable[[Backend, Any], Any]] = {
    Get: lambda backend, step: backend.get(step.key),
    Read: lambda backend, step: backend.read(step.keys),
    Head: lambda backend, step: backend.head(step.key, step.most),
    Exist: lambda backend, step: backend.exist(step.keys),
    Keys: lambda backend, step: backend.keys(kept=step.kept),
    Clear: lambda backend, step: backend.clear(kept=step.kept),
    Commit: lambda backend, step: backend.commit(step.checks, step.changes),
    Acquire: lambda backend, step: acquire(backend, step.lock, step.owner, step.lease),
    LineUp: lambda backend, step: backend.line_up(step.lock, step.owner, step.patience),
    Release: lambda backend, step: backend.release(step.lock, step.owner),
    FreeLater: lambda backend, step: free_later(backend, step.lock, step.owner, step.lease),
    Sleep: lambda backend, step: time.sleep(step.seconds),
    Call: lambda backend, step: step.function(),
    **dict.fromkeys((Put, Push, Pop, Delete, Add, Expire), _apply),
}


def carry_out(steps: Steps[R], backend: Backend) -> R:
    """Carry out an operation on a backend, and return its result."""
    try:
        step = next(steps)
        while True:
            try:
                answer = _WAYS[type(step)](backend, step)
            except BaseException as error:  # noqa: BLE001 - the operation may have to undo something
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        result: R = end.value
        return result
