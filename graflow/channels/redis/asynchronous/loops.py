"""Event loops: what each of them has connections for, closed when it ends."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any
from weakref import WeakSet, WeakValueDictionary

from graflow.channels.redis.asynchronous.pipeline import Pipeline

__all__ = ["close_at_the_end", "made_on"]


class _OfLoop:
    """What a loop has.

    Attributes:
        made: What its users share, as long as one of them lives.
        pipelines: The connections.
        ending: Closes them when the loop shuts its asynchronous generators down, as
            `asyncio.run` has it do after all tasks have ended. There is no other sign of that.
    """

    def __init__(self) -> None:
        self.made: WeakValueDictionary[tuple[object, ...], Any] = WeakValueDictionary()
        self.pipelines: WeakSet[Pipeline] = WeakSet()
        self.ending = _close_all(self.pipelines)
        with suppress(StopIteration):  # it has come to its `yield`
            self.ending.asend(None).send(None)


async def _close_all(pipelines: WeakSet[Pipeline]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        with _lock:
            _loops.pop(asyncio.get_running_loop(), None)
        for pipeline in list(pipelines):
            pipeline.end(ConnectionError("the event loop has ended"))
        for _ in range(2):  # the loop closes the sockets
            await asyncio.sleep(0)


def _of(loop: asyncio.AbstractEventLoop) -> _OfLoop:
    with _lock:
        found = _loops.get(loop)
        if found is None:
            for closed in [each for each in _loops if each.is_closed()]:
                del _loops[closed]  # which was closed without a sign
            found = _loops[loop] = _OfLoop()
        return found


def made_on(
    loop: asyncio.AbstractEventLoop, name: tuple[object, ...], make: Callable[[], Any]
) -> Any:
    """Return what was made on the running loop under a name; it lives as long as it has users."""
    made = _of(loop).made
    found = made.get(name)
    if found is None:
        found = made[name] = make()
    return found


def close_at_the_end(loop: asyncio.AbstractEventLoop, pipeline: Pipeline) -> None:
    """Have a connection of the running loop closed with the loop, at the latest."""
    _of(loop).pipelines.add(pipeline)


_loops: dict[asyncio.AbstractEventLoop, _OfLoop] = {}
_lock = threading.Lock()
_left: list[object] = []  # of a parent process: closing it here would disturb the loop there


def _start_anew() -> None:
    """Leave the loops of a forked process's parent without a touch."""
    global _lock, _loops  # noqa: PLW0603
    _lock = threading.Lock()
    _left.extend((each, [*each.made.values()], [*each.pipelines]) for each in _loops.values())
    _loops = {}


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
