"""An event loop for all coroutines of a run, on its own thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context
from threading import Lock, Thread
from typing import Any, TypeVar

from graflow.core.run.delays import ALERT, wait_until_done
from graflow.core.run.loop_tasks import LoopTasks

__all__ = ["EventLoop"]

T = TypeVar("T")


class EventLoop:
    """One event loop, so that coroutines can share what belongs to a loop: locks, clients, pools.

    Its thread starts with the first coroutine. `close` ends both as `asyncio.run` does: it cancels
    whatever is still running, and shuts down async generators and the loop's own executor.
    """

    def __init__(self, name: str) -> None:
        """Prepare a loop whose thread will be called `name`."""
        self._name = name
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._closed = False
        self._tasks: LoopTasks | None = None

    def start(self, coroutine: Coroutine[Any, Any, T], variables: Context, name: str) -> Future[T]:
        """Start a coroutine, and return at once.

        Args:
            coroutine: The coroutine.
            variables: The `ContextVar`s that it sees and sets.
            name: The name of its `asyncio.Task`.

        Returns:
            A future for the coroutine's result, or for what it raises. Its callbacks are called on
            the thread of the loop, and must not block.

        Raises:
            RuntimeError: The loop is closed, or its thread can't be started.
            OSError: The loop can't be made.
        """
        ended: Future[T] = Future()
        try:
            with self._lock:
                tasks = self._opened()
                tasks.loop.call_soon_threadsafe(tasks.launch, coroutine, variables, name, ended)
        except BaseException:
            coroutine.close()
            raise
        return ended

    def run(self, coroutine: Coroutine[Any, Any, T], variables: Context, name: str) -> T:
        """Run a coroutine to its end; if this thread is interrupted, the coroutine is cancelled.

        Raises:
            BaseException: What the coroutine raises.
        """
        ended = self.start(coroutine, variables, name)
        try:
            wait_until_done([ended])
        except BaseException:
            self._cancel(ended)
            wait_until_done([ended])
            raise
        return ended.result()

    def close(self) -> None:
        """End the loop and its thread; call this from another thread."""
        with self._lock:
            self._closed = True
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._loop.stop)
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(ALERT)

    def _opened(self) -> LoopTasks:
        """Return the tasks of the loop, which is started if it is not running yet."""
        if self._closed:
            raise RuntimeError(f"the event loop {self._name!r} is closed")
        if self._tasks is None:
            opened: Future[asyncio.AbstractEventLoop] = Future()
            self._thread = Thread(target=self._serve, args=(opened,), name=self._name, daemon=True)
            self._thread.start()
            self._loop = opened.result()
            self._tasks = LoopTasks(self._loop)
        return self._tasks

    def _serve(self, opened: Future[asyncio.AbstractEventLoop]) -> None:
        """Run the loop until it is closed."""
        runner = asyncio.Runner()
        try:
            loop = runner.get_loop()
        except BaseException as error:  # noqa: BLE001 - whoever starts the first coroutine gets it
            opened.set_exception(error)
            return
        with suppress(SystemExit, KeyboardInterrupt), runner:
            opened.set_result(loop)
            while not self._closed:
                # If a task of the loop raises one of these, whoever awaits the task gets it. But
                # asyncio raises it out of the loop as well, where other tasks have to go on.
                with suppress(SystemExit, KeyboardInterrupt):
                    loop.run_forever()

    def _cancel(self, ended: Future[Any]) -> None:
        with self._lock:
            if self._tasks is not None and not self._tasks.loop.is_closed():
                self._tasks.loop.call_soon_threadsafe(self._tasks.cancel, ended)
