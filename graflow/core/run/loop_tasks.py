"""Coroutines that threads have started on an event loop, and wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from contextvars import Context
from typing import Any, TypeAlias, TypeVar

__all__ = ["LoopTasks"]

T = TypeVar("T")

_Ending: TypeAlias = tuple[BaseException | None, tuple[Any, ...]]
"""What a coroutine raised, or a tuple with what it returned."""


class LoopTasks:
    """Coroutines on a loop, by the futures of those who wait for them.

    Only the loop calls the methods.

    Attributes:
        loop: The loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin without any."""
        self.loop = loop
        self._tasks: dict[Future[Any], asyncio.Task[_Ending]] = {}

    def launch(
        self, coroutine: Coroutine[Any, Any, T], variables: Context, name: str, ended: Future[T]
    ) -> None:
        """Start a coroutine, and settle a future once it is over."""
        task = self.loop.create_task(_settle(coroutine), name=name, context=variables)
        self._tasks[ended] = task
        task.add_done_callback(lambda _: self._finish(coroutine, ended))

    def _finish(self, coroutine: Coroutine[Any, Any, T], ended: Future[T]) -> None:
        """Pass on how a coroutine ended; by now it has left its `ContextVar`s."""
        task = self._tasks.pop(ended)
        if task.cancelled():  # before it began
            coroutine.close()
            ended.set_exception(asyncio.CancelledError())
            return
        error, values = task.result()
        if error is not None:
            ended.set_exception(error)
        else:
            ended.set_result(*values)

    def cancel(self, ended: Future[Any]) -> None:
        """Cancel a coroutine, unless it is over."""
        if ended in self._tasks:
            self._tasks[ended].cancel()

    def cancel_all(self) -> None:
        """Cancel all coroutines that are not over."""
        for task in self._tasks.values():
            task.cancel()


async def _settle(coroutine: Coroutine[Any, Any, T]) -> _Ending:
    """Return what a coroutine raises or returns, so that nothing escapes into the loop."""
    try:
        return None, (await coroutine,)
    except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
        return error, ()
