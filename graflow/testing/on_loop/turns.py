"""Coroutines on a loop of this process's own, called from threads that wait for them."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["await_here", "call_in_thread"]

R = TypeVar("R")

_Job = tuple[Coroutine[Any, Any, Any], Future[Any]]


class _LoopThread:
    """A loop on a thread of its own; a process that is forked makes another one."""

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._inner: _LoopThread | None = None
        self.loop = asyncio.new_event_loop()
        self.tasks = threading.local()

    def reached(self) -> _LoopThread:
        """Return the loop, or another one to a coroutine of it that itself uses `await_here`."""
        with self._lock:
            if self._thread is threading.current_thread():
                self._inner = self._inner or _LoopThread()
                return self._inner.reached()
            if self._thread is None:
                self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
                self._thread.start()
            return self


class _Task:
    """A task of the loop that awaits what one thread asks for, so that locks know it again."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._jobs: asyncio.Queue[_Job | None] = asyncio.Queue()
        _serving.add(serving := asyncio.run_coroutine_threadsafe(_serve(self._jobs), loop))
        serving.add_done_callback(_serving.discard)

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        ended: Future[R] = Future()
        self._loop.call_soon_threadsafe(self._jobs.put_nowait, (coroutine, ended))
        return ended.result()

    def __del__(self) -> None:
        """End with the thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._jobs.put_nowait, None)


async def _serve(jobs: asyncio.Queue[_Job | None]) -> None:
    while (job := await jobs.get()) is not None:
        coroutine, ended = job
        try:
            ended.set_result(await coroutine)
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            ended.set_exception(error)
        del job, coroutine, ended


_serving: set[Future[None]] = set()
_loop = _LoopThread()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_loop.start_anew)


def await_here(coroutine: Coroutine[Any, Any, R]) -> R:
    """Await a coroutine on the loop, in the task of this thread, and return what it returns."""
    reached = _loop.reached()
    if not hasattr(reached.tasks, "mine"):
        reached.tasks.mine = _Task(reached.loop)
    mine: _Task = reached.tasks.mine
    return mine.run(coroutine)


async def call_in_thread(function: Callable[..., R], *args: Any) -> R:
    """Call a function that may itself use `await_here`."""
    return await asyncio.to_thread(function, *args)
