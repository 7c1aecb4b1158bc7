"""Emitters: where the values go that tasks pass to `ctx.emit`."""

from __future__ import annotations

from abc import ABC, abstractmethod

from graflow.system.calls_in_threads import in_thread

__all__ = ["Emitter"]


class Emitter(ABC):
    """A way to whoever watches a run, from wherever a task runs."""

    @abstractmethod
    def emit(self, task_id: str, record: bytes) -> None:
        """Pass an encoded value on; wait while whoever watches has no room for it."""

    async def aemit(self, task_id: str, record: bytes) -> None:
        """Pass an encoded value on, and let other coroutines go on while there is no room."""
        await in_thread(self.emit, task_id, record)
