"""Observers: callbacks that a run notifies of its progress."""

from __future__ import annotations

import asyncio
import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from threading import Lock
from types import CoroutineType
from typing import Any, Protocol, TypeAlias

from typing_extensions import override

from graflow.core.run.events import TaskEvent
from graflow.exceptions import WorkflowTypeError
from graflow.system.logs import RUN

__all__ = [
    "AnyObserver",
    "AsyncRunObserver",
    "HandedObservers",
    "Observers",
    "QueuedObservers",
    "RunObserver",
]


class RunObserver(Protocol):
    """An observer of a run: `execute(observers=[...])` calls these methods.

    Derived classes override only the methods that they need. Calls come one at a time, but not
    always from the same thread (with `aexecute`, always on its event loop), and tasks wait for
    them, so return soon. An observer that raises is not called again; the run continues, and ends
    with a `RuntimeWarning` that says so.

    An observer may also have a method `emitted(self, event: TaskEvent, value: Any) -> None`, which
    is called with what tasks pass to `ctx.emit`.
    """

    def task_started(self, event: TaskEvent) -> None:
        """An attempt at a task begins, or was handed to an executor outside the process."""
        return

    def task_finished(self, event: TaskEvent) -> None:
        """A task is done; its result has been stored, and saved to any checkpoint."""
        return

    def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
        """An attempt failed with `error`; there will be another in `pause` seconds."""
        return

    def task_failed(self, event: TaskEvent, error: BaseException) -> None:
        """A task failed with `error`, and will not be retried in this run."""
        return


class AsyncRunObserver(Protocol):
    """An observer whose methods are awaited, and mean what those of `RunObserver` mean.

    With `aexecute` they are awaited on its event loop, otherwise on a loop of their own. One call
    ends before the next begins, and the task that it is about waits meanwhile.
    """

    async def task_started(self, event: TaskEvent) -> None:
        """An attempt at a task begins, or was handed to an executor outside the process."""
        return

    async def task_finished(self, event: TaskEvent) -> None:
        """A task is done; its result has been stored, and saved to any checkpoint."""
        return

    async def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
        """An attempt failed with `error`; there will be another in `pause` seconds."""
        return

    async def task_failed(self, event: TaskEvent, error: BaseException) -> None:
        """A task failed with `error`, and will not be retried in this run."""
        return


AnyObserver: TypeAlias = RunObserver | AsyncRunObserver

_Notice: TypeAlias = Callable[[Any], Awaitable[None] | None]
"""The call of one method of an observer."""


class Observers:
    """The observers of a run, of which any thread may notify them."""

    def __init__(
        self,
        observers: Iterable[AnyObserver],
        workflow: str,
        run_id: str,
        wait: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """Let `observers` watch the run.

        Args:
            observers: The observers.
            workflow: The workflow's name.
            run_id: The id of the run.
            wait: Runs a coroutine of an observer to its end.

        Raises:
            WorkflowTypeError: One of them lacks a method.
        """
        self._workflow = workflow
        self._run_id = run_id
        self._wait = wait
        self._lock = Lock()
        self._observers = list(observers)
        self._problems: list[str] = []
        for observer in self._observers:
            for name in ("task_started", "task_finished", "task_retried", "task_failed"):
                if not callable(getattr(observer, name, None)):
                    raise WorkflowTypeError(
                        f"{observer!r} can't observe a run: it lacks the method {name}; derive "
                        "its class from RunObserver",
                        workflow=workflow,
                    )

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._observers)

    def started(self, task_id: str, attempt: int) -> None:
        """Report that an attempt begins."""
        event = self._event(task_id, attempt)
        self._tell(lambda observer: observer.task_started(event))

    def finished(self, task_id: str, attempt: int) -> None:
        """Report that a task is done."""
        event = self._event(task_id, attempt)
        self._tell(lambda observer: observer.task_finished(event))

    def retried(self, task_id: str, attempt: int, error: BaseException, pause: float) -> None:
        """Report that an attempt failed and another will follow."""
        event = self._event(task_id, attempt)
        self._tell(lambda observer: observer.task_retried(event, error, pause))

    def failed(self, task_id: str, attempt: int, error: BaseException) -> None:
        """Report that a task failed."""
        event = self._event(task_id, attempt)
        self._tell(lambda observer: observer.task_failed(event, error))

    def emitted(self, task_id: str, attempt: int, value: object) -> None:
        """Report that a task has emitted a value."""
        event = self._event(task_id, attempt)
        self._tell(
            lambda observer: (
                observer.emitted(event, value) if hasattr(observer, "emitted") else None
            )
        )

    def warn(self) -> None:
        """Warn about the observers that raised."""
        problems, self._problems = self._problems, []
        for problem in problems:
            warnings.warn(problem, RuntimeWarning, stacklevel=2)

    def _event(self, task_id: str, attempt: int) -> TaskEvent:
        return TaskEvent(self._workflow, self._run_id, task_id, attempt)

    def _tell(self, notice: _Notice) -> None:
        with self._lock:
            for observer in list(self._observers):
                try:
                    answer = notice(observer)
                    if isinstance(answer, CoroutineType):
                        self._wait(answer)
                except Exception as error:  # noqa: BLE001 - an observer's own
                    self._dismiss(observer, error)

    def _dismiss(self, observer: AnyObserver, error: Exception) -> None:
        """Send no more events to an observer that raised."""
        self._observers.remove(observer)
        RUN.warning(
            "An observer (%s) raised %s and will not be sent any more events",
            type(observer).__name__,
            type(error).__name__,
            extra={"run_id": self._run_id},
        )
        self._problems.append(
            f"{observer!r} raised {error!r}, so the run of workflow "
            f"{self._workflow!r} did not send it any more events"
        )


class QueuedObservers(Observers):
    """Observers that are notified on an event loop, in order, whenever `settle` is awaited.

    A task of the loop makes the calls, so that they go on when somebody who awaits them is
    cancelled, and none is lost or made twice.

    Attributes:
        crash: What an observer has raised that is no `Exception`, and that the run is to end with.
    """

    def __init__(self, observers: Iterable[AnyObserver], workflow: str, run_id: str) -> None:
        """Let `observers` watch a run on the running loop; see `Observers`."""
        super().__init__(observers, workflow, run_id, _never)
        self.crash: BaseException | None = None
        self._notices: deque[_Notice] = deque()
        self._calls: asyncio.Task[None] | None = None
        self._call: asyncio.Future[None] | None = None  # that is awaited now

    def interrupt(self) -> None:
        """Cancel the call of an observer that is under way; the loop calls this."""
        if self._call is not None:
            self._call.cancel()

    async def settle(self) -> None:
        """Notify the observers of all that has been reported."""
        while self._notices or self._calls is not None:
            if self._calls is None:
                self._calls = asyncio.ensure_future(self._notify_all())
            await asyncio.wait([self._calls])

    async def _notify_all(self) -> None:
        try:
            while self._notices:
                await self._notify(self._notices.popleft())
        except BaseException as error:  # noqa: BLE001 - the run ends with it
            self.crash = error
        finally:
            self._calls = None

    async def _notify(self, notice: _Notice) -> None:
        for observer in list(self._observers):
            try:
                answer = notice(observer)
                if isinstance(answer, CoroutineType):
                    self._call = asyncio.ensure_future(answer)
                    await asyncio.wait([self._call])
                    if not self._call.cancelled():
                        self._call.result()
            except Exception as error:  # noqa: BLE001 - an observer's own
                self._dismiss(observer, error)

    @override
    def _tell(self, notice: _Notice) -> None:
        self._notices.append(notice)


class HandedObservers(QueuedObservers):
    """Observers that are notified on an event loop, and told of by another thread."""

    def __init__(
        self,
        observers: Iterable[AnyObserver],
        workflow: str,
        run_id: str,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Let `observers` watch a run that a thread drives while `loop` waits for it."""
        super().__init__(observers, workflow, run_id)
        self._loop = loop

    @override
    def _tell(self, notice: _Notice) -> None:
        super()._tell(notice)
        asyncio.run_coroutine_threadsafe(self.settle(), self._loop).result()
        if self.crash is not None:
            raise self.crash


def _never(coroutine: Coroutine[Any, Any, None]) -> None:
    """Stand in for what only threads do."""
    raise AssertionError(coroutine)
