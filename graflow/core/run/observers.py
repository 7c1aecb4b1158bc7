"""Observers: callbacks that a run notifies of its progress."""

from __future__ import annotations

import asyncio
import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Future, wait
from contextlib import suppress
from threading import Lock
from types import CoroutineType
from typing import Any, Protocol, TypeAlias

from typing_extensions import override

from graflow.core.run.delays import ALERT
from graflow.core.run.events import TaskEvent
from graflow.exceptions import WorkflowTypeError
from graflow.system.logs import RUN
from graflow.system.without_threads import has_threads

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

_Mark: TypeAlias = "asyncio.Future[None] | Future[None]"
"""What is done once all calls before it have been made."""

_OWN = (Exception, asyncio.CancelledError)
"""What an observer may raise without harm to the run."""


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
        self._is_closed = False
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

    def close(self) -> None:
        """Take no more reports: the run is over, and only threads that it left behind emit."""
        with self._lock:
            self._is_closed = True

    def warn(self) -> None:
        """Warn about the observers that raised."""
        problems, self._problems = self._problems, []
        for problem in problems:
            warnings.warn(problem, RuntimeWarning, stacklevel=2)

    def _event(self, task_id: str, attempt: int) -> TaskEvent:
        return TaskEvent(self._workflow, self._run_id, task_id, attempt)

    def _tell(self, notice: _Notice) -> None:
        with self._lock:
            for observer in [] if self._is_closed else list(self._observers):
                try:
                    answer = notice(observer)
                    if isinstance(answer, CoroutineType):
                        self._wait(answer)
                except _OWN as error:
                    self._dismiss(observer, error)

    def _dismiss(self, observer: AnyObserver, error: BaseException) -> None:
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
    """Observers that are notified on an event loop, in the order of what is reported.

    A task of the loop makes the calls, so that they go on when somebody who waits for them is
    cancelled, and none is lost or made twice. Whoever waits puts a mark into the queue, behind what
    it has reported itself: what others report later doesn't keep it waiting.

    Attributes:
        crash: What an observer has raised that is no `Exception`, and that the run is to end with.
    """

    def __init__(
        self,
        observers: Iterable[AnyObserver],
        workflow: str,
        run_id: str,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Let `observers` watch a run on `loop`; see `Observers`."""
        super().__init__(observers, workflow, run_id, _never)
        self.crash: BaseException | None = None
        self._loop = loop
        self._queue: deque[_Notice | _Mark] = deque()
        self._is_busy = False
        self._calls: asyncio.Task[None] | None = None  # as the loop itself keeps no task alive
        self._call: asyncio.Task[BaseException | None] | None = None  # that is awaited now
        self._is_interrupted = False

    def begin(self) -> None:
        """Begin to notify the observers of what has been reported; the loop calls this."""
        if self._queue and not self._is_busy:
            self._is_busy = True  # first, as an eager task is over when it has been made
            self._calls = self._loop.create_task(self._notify_all())
            self._calls.add_done_callback(self._pause)

    async def settle(self) -> None:
        """Notify the observers of all that has been reported until now."""
        if self._queue or self._is_busy:
            told: asyncio.Future[None] = self._loop.create_future()
            self._queue.append(told)
            self.begin()
            await asyncio.wait([told])  # lets others go on even if it is done

    def wait(self) -> None:
        """Wait in another thread as `settle` does, unless the run is over.

        Where there is no other thread, nothing can wait for the loop.
        """
        if not has_threads():
            self.begin()
            return
        told: Future[None] = Future()
        with self._lock:
            if self._is_closed:
                return
            self._queue.append(told)
        with suppress(RuntimeError):  # the loop is closed, and nobody watches any more
            self._loop.call_soon_threadsafe(self.begin)
        while not told.done() and not self._loop.is_closed():
            wait([told], ALERT)

    def interrupt(self) -> None:
        """Cancel the call of an observer that is under way, and all to come; the loop calls this.

        Each call still begins, and is cancelled where it first waits for something.
        """
        self._is_interrupted = True
        if self._call is not None:
            self._call.cancel()

    def _pause(self, _: asyncio.Task[None]) -> None:
        self._is_busy = False
        self.begin()

    async def _notify_all(self) -> None:
        while self._queue:
            first = self._queue.popleft()
            if not isinstance(first, asyncio.Future | Future):
                await self._notify(first)
            elif not first.done():
                first.set_result(None)

    async def _notify(self, notice: _Notice) -> None:
        for observer in list(self._observers):
            error: BaseException | None = None
            try:
                answer = notice(observer)
            except BaseException as raised:  # noqa: BLE001 - an observer's own
                error = raised
            else:
                if isinstance(answer, CoroutineType):
                    error = await self._ended(answer)
            if isinstance(error, _OWN):
                self._dismiss(observer, error)
            elif error is not None:
                self.crash = error

    async def _ended(self, answer: CoroutineType[Any, Any, None]) -> BaseException | None:
        """Wait for a call; return what it raises, unless it was interrupted."""
        call = self._call = self._loop.create_task(_raised(answer))
        if self._is_interrupted:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
            call.cancel()
        while not call.done():
            try:
                await asyncio.wait([call])
            except asyncio.CancelledError:  # the loop ends
                self.interrupt()
        answer.close()  # it may have been cancelled before it began
        error = asyncio.CancelledError() if call.cancelled() else call.result()
        if self._is_interrupted and isinstance(error, asyncio.CancelledError):
            return None
        return error

    @override
    def _tell(self, notice: _Notice) -> None:
        with self._lock:
            if not self._is_closed:
                self._queue.append(notice)


class HandedObservers(QueuedObservers):
    """Observers of a run that a thread drives while an event loop waits for it."""

    @override
    def _tell(self, notice: _Notice) -> None:
        super()._tell(notice)
        self.wait()
        if self.crash is not None:
            raise self.crash


async def _raised(answer: CoroutineType[Any, Any, None]) -> BaseException | None:
    """Return what a coroutine raises, so that nothing escapes into the loop."""
    try:
        await answer
    except BaseException as error:  # noqa: BLE001 - an observer's own
        return error
    return None


def _never(coroutine: Coroutine[Any, Any, None]) -> None:
    """Stand in for what only threads do."""
    raise AssertionError(coroutine)
