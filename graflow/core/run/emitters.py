"""Emitters of tasks in this process: to observers, from threads and on an event loop."""

from __future__ import annotations

import asyncio

from typing_extensions import override

from graflow.core.run.observers import QueuedObservers
from graflow.core.run.supervisor import Supervisor
from graflow.core.state.emitter import Emitter

__all__ = ["DirectEmitter", "LoopEmitter"]


class DirectEmitter(Emitter):
    """A way to observers that whoever emits calls."""

    def __init__(self, supervisor: Supervisor) -> None:
        """Emit values of the tasks that `supervisor` keeps track of."""
        self._supervisor = supervisor

    @override
    def emit(self, task_id: str, record: bytes) -> None:
        self._supervisor.emitted(task_id, record)


class LoopEmitter(DirectEmitter):
    """A way to observers that are notified on the event loop of a run."""

    def __init__(self, supervisor: Supervisor, observers: QueuedObservers) -> None:
        """Emit values on the running loop; see `DirectEmitter`."""
        super().__init__(supervisor)
        self._observers = observers
        self._loop = asyncio.get_running_loop()

    @override
    def emit(self, task_id: str, record: bytes) -> None:
        if not self._observers:
            return
        super().emit(task_id, record)
        if _running_loop() is self._loop:  # it must not wait
            self._observers.begin()
        else:
            self._observers.wait()

    @override
    async def aemit(self, task_id: str, record: bytes) -> None:
        if not self._observers:
            return
        if _running_loop() is not self._loop:
            await super().aemit(task_id, record)
            return
        self._supervisor.emitted(task_id, record)
        await self._observers.settle()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
