"""Wakers: what lets a thread, or a coroutine, wait until any other thread wakes it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Final

__all__ = ["LoopWaker", "ThreadWaker"]


class ThreadWaker:
    """Lets one thread wait; any thread may wake it, before it waits or while it does."""

    is_gone: Final = False  # whoever waits leaves when its thread ends

    def __init__(self) -> None:
        """Be asleep."""
        self._event = threading.Event()

    def wake(self) -> None:
        """End the present wait, or else the next one."""
        self._event.set()

    def wait(self, seconds: float | None) -> bool:
        """Wait until it is woken, and be asleep again; tell whether that came in time.

        Args:
            seconds: How long to wait at most; `None` for as long as it takes.
        """
        woken = self._event.wait(seconds)
        self._event.clear()
        return woken


class LoopWaker:
    """Lets one coroutine wait; any thread may wake it, before it waits or while it does."""

    def __init__(self) -> None:
        """Be asleep, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()  # whoever waits is to look
        self._is_woken = False

    @property
    def is_gone(self) -> bool:
        """Whether the loop is closed, so that nobody waits any more."""
        return self._loop.is_closed()

    def wake(self) -> None:
        """End the present wait, or else the next one."""
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._is_woken = True
        self._event.set()

    async def wait(self, seconds: float | None) -> bool:
        """Wait until it is woken, and be asleep again; see `ThreadWaker.wait`."""
        if not self._is_woken:
            self._event.clear()  # the last wait may have been cancelled when its time was over
        # `asyncio.timeout` may set an alarm for a time that is over by then, which Pyodide refuses.
        alarm = None
        if seconds is not None:
            alarm = self._loop.call_later(max(0.0, seconds), self._event.set)
        try:
            await self._event.wait()
        finally:
            if alarm is not None:
                alarm.cancel()
        woken, self._is_woken = self._is_woken, False
        return woken
