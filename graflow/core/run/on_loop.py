"""A run on the event loop of whoever awaits it; functions that are no coroutines run in threads."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Executor, Future
from contextvars import Context, copy_context
from functools import partial
from types import CoroutineType
from typing import Any, NamedTuple, TypeAlias, TypeVar

from typing_extensions import override

from graflow.channels.codec.codec import Record
from graflow.core.graph.schedule import Schedule
from graflow.core.run.attempt import begin, keep, make_attempt
from graflow.core.run.base_run import BaseRun
from graflow.core.run.failures import is_failure
from graflow.core.run.loop_tasks import LoopTasks
from graflow.core.run.observers import QueuedObservers
from graflow.core.run.supervisor import Supervisor
from graflow.core.state.run_state import RunState
from graflow.core.task.task import Task
from graflow.system.calls_in_threads import in_thread
from graflow.system.wakers import LoopWaker
from graflow.system.without_threads import has_threads, run_alone

__all__ = ["LoopRun"]

T = TypeVar("T")


class _RaisedInThread(NamedTuple):
    """What a call in a thread has raised; coroutines can't raise every exception."""

    error: BaseException


_Make: TypeAlias = Callable[[Task[..., Any]], Coroutine[Any, Any, Record | _RaisedInThread]]
"""A way to make an attempt."""


class LoopRun(BaseRun):
    """One run on the running event loop, which it never blocks.

    Each attempt is an `asyncio.Task`. That of a coroutine is run by it, in a copy of the caller's
    `ContextVar`s; that of another function waits for a thread of the executor. When an attempt
    ends, the loop starts what can start now. Whoever awaits the run is only woken when there is
    nothing left to start, when a pause begins, or when the run is lost.

    What waits for a server or a file is called in threads.

    Attributes:
        results: The stored results of the tasks in `keep`, by id.
        used_threads: Whether any task was handed to the executor.
    """

    def __init__(
        self,
        schedule: Schedule,
        state: RunState,
        supervisor: Supervisor,
        observers: QueuedObservers,
        executor: Executor,
        *,
        max_workers: int | None,
        seats: int,
        keep: Collection[Task[..., Any]],
        variables: Context,
    ) -> None:
        """Prepare the run.

        Args:
            schedule: Which tasks can start; the run uses it up.
            state: What all parts of the run share.
            supervisor: Keeps track of the attempts.
            observers: Whom the supervisor notifies.
            executor: Runs what is no coroutine. It must not leave this process.
            max_workers: How many tasks may run at the same time; `None` for any number.
            seats: How many of them may be in threads, >= 1.
            keep: The tasks whose results are returned.
            variables: The `ContextVar`s that the tasks see; each gets a copy.
        """
        super().__init__(schedule, state, supervisor)
        self.results: dict[str, Record] = {}
        self._observers = observers
        self._executor = executor
        self._most = max_workers
        self._seats = seats
        self._keep = frozenset(keep)
        self._variables = variables
        self._is_prompt = state.channel.backend.prompt
        self._loop = asyncio.get_running_loop()
        self._waker = LoopWaker()
        self._attempts: dict[asyncio.Task[None], Task[..., Any]] = {}
        self._awaiting: set[asyncio.Task[Any]] = set()  # those whose coroutines may be cancelled
        self._others = LoopTasks(self._loop)  # coroutines that are not in an attempt's own task
        self._for_threads: deque[Task[..., Any]] = deque()  # what can start once a seat is free
        self._seated = 0
        self.used_threads = False
        self._is_cancelled = False

    async def execute(self) -> None:
        """Run the tasks.

        If this is cancelled, it starts no more tasks, cancels coroutines, and waits for them and
        for the threads.

        Raises:
            TaskFailedError: Tasks raised.
            BaseException: A task raised something other than a failure, see `is_failure`.
        """
        try:
            await self._go_on()
        except BaseException:
            await self._wind_up()
            raise
        self._conclude()

    @override
    def lose(self, error: BaseException) -> None:
        super().lose(error)
        self._waker.wake()

    async def _go_on(self) -> None:
        self._launch()
        while self._attempts or self._pauses:
            await self._waker.wait(self._pauses.sleep_of_loop(idle=not self._attempts))
            self._mind_loss()
            self._ready.extend(self._pauses.over(idle=not self._attempts))
            self._launch()
        self._observers.close()
        await self._observers.settle()

    async def _wind_up(self) -> None:
        """Cancel coroutines, and wait for all attempts, however often this is cancelled."""
        self._stop()
        self._cancel_coroutines()
        self._observers.interrupt()
        settled = False
        while self._attempts or not settled:
            try:
                if self._attempts:
                    await self._waker.wait(None)
                else:
                    self._observers.close()
                    await self._observers.settle()
                    settled = True
            except asyncio.CancelledError:
                self._observers.interrupt()

    @override
    def _cancel_coroutines(self) -> None:
        if not self._is_cancelled:
            self._is_cancelled = True
            for each in self._awaiting:
                each.cancel()
            self._others.cancel_all()

    @override
    def _stop(self) -> None:
        super()._stop()
        self._for_threads.clear()

    def _launch(self) -> None:
        """Start what can start, in the order in which it became ready."""
        while self._for_threads and self._has_seat():
            self._start(self._for_threads.popleft(), self._in_thread)
        while self._ready and not self._is_full():
            task = self._ready.popleft()
            if task.signature.is_coroutine and not task.atomic:
                self._start(task, self._on_loop)
            elif self._has_seat():
                self._start(task, self._in_thread)
            else:
                self._for_threads.append(task)

    def _is_full(self) -> bool:
        return self._most is not None and len(self._attempts) >= self._most

    def _has_seat(self) -> bool:
        return self._seated < self._seats and not self._is_full()

    def _start(self, task: Task[..., Any], make: _Make) -> None:
        """Start an attempt; nothing of it has happened yet."""
        seated = make == self._in_thread
        self._seated += seated
        self.used_threads |= seated
        attempt = self._loop.create_task(
            self._attempt(task, make), name=task.task_id, context=self._variables.copy()
        )
        self._attempts[attempt] = task
        attempt.add_done_callback(self._free if seated else self._left)

    def _free(self, attempt: asyncio.Task[None]) -> None:
        self._seated -= 1
        self._left(attempt)

    def _left(self, attempt: asyncio.Task[None]) -> None:
        """Start what can start now that an attempt is over."""
        task = self._attempts.pop(attempt)
        if attempt.cancelled():  # by somebody else, before it began or after it was done
            self._fail(task, asyncio.CancelledError())
        elif error := attempt.exception():
            self._collapse(error)
        self._launch()
        if not self._attempts or self._pauses:
            self._waker.wake()

    async def _attempt(self, task: Task[..., Any], make: _Make) -> None:
        """Make an attempt at a task, and note how it ended."""
        if self._stopped:
            return
        try:
            if not self._supervisor.idle:
                self._supervisor.begins(task)
                await self._observers.settle()
            made = await make(task)
        except BaseException as error:  # noqa: BLE001 - what is no failure is raised by the run
            made = _RaisedInThread(error)
        if not isinstance(made, _RaisedInThread):
            await self._note(task, made)
        elif is_failure(made.error):
            self._fail(task, made.error)
        else:
            self._collapse(made.error)
        if not self._supervisor.idle:
            await self._observers.settle()
            if self._observers.crash is not None:
                self._collapse(self._observers.crash)

    async def _note(self, task: Task[..., Any], record: Record) -> None:
        """Save that a task is done, report it, and queue what can start now."""
        if self._supervisor.saves:
            await in_thread(self._supervisor.ended_with, task, record)
        elif not self._supervisor.idle:
            self._supervisor.ended_with(task, record)
        if task in self._keep:
            self.results[task.task_id] = record
        if not self._stopped:
            self._schedule.done(task)

    async def _on_loop(self, task: Task[..., Any]) -> Record:
        """Run a coroutine as a part of its attempt, and store what it returns."""
        again = self._supervisor.is_again(task)
        if self._is_prompt or not (task.unbound or again):
            coroutine = begin(task, self._state, again=again)
        else:
            coroutine = await in_thread(begin, task, self._state, again=again)
        if self._is_cancelled:
            coroutine.close()
            raise asyncio.CancelledError
        this: Any = asyncio.current_task()
        self._awaiting.add(this)
        try:
            value = await coroutine
        finally:
            self._awaiting.discard(this)
        if self._is_prompt:
            return keep(task, self._state, value)
        return await in_thread(keep, task, self._state, value)

    async def _in_thread(self, task: Task[..., Any]) -> Record | _RaisedInThread:
        """Call a function in a thread; if that returns a coroutine, run it here."""
        variables = copy_context()
        made = await self._called(variables, self._work, task)
        if not isinstance(made, CoroutineType):
            return made
        ended: Future[Any] = Future()
        self._run_other(made, variables, task.task_id, ended)
        await asyncio.wait([asyncio.wrap_future(ended)])
        return await self._called(variables, keep, task, self._state, ended.result())

    async def _called(
        self, variables: Context, function: Callable[..., T], *args: Any
    ) -> T | _RaisedInThread:
        """Call a function in a thread of the executor, and wait for it in any case."""
        call = partial(_caught, variables, partial(function, *args))
        try:
            waiting = asyncio.wrap_future(self._executor.submit(call))
        except BaseException as error:
            self._collapse(error)  # the executor's own, and no failure of the task
            raise
        while not waiting.done():
            try:
                await asyncio.wait([waiting])
            except asyncio.CancelledError:
                continue  # a thread can't be stopped, and its result counts
        return waiting.result()

    def _work(self, task: Task[..., Any]) -> Record | CoroutineType[Any, Any, Any]:
        """Make an attempt in this thread; return the record, or a coroutine that goes on."""
        again = self._supervisor.is_again(task)
        return make_attempt(task, self._state, self._wait_for, again=again)

    def _wait_for(self, task: Task[..., Any], coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of an atomic task on the loop, while its thread waits."""
        if not has_threads():
            return run_alone(coroutine)
        ended: Future[T] = Future()
        self._loop.call_soon_threadsafe(
            self._run_other, coroutine, copy_context(), task.task_id, ended
        )
        return ended.result()

    def _run_other(
        self, coroutine: Coroutine[Any, Any, T], variables: Context, name: str, ended: Future[T]
    ) -> None:
        if self._is_cancelled:
            coroutine.close()
            ended.set_exception(asyncio.CancelledError())
        else:
            self._others.launch(coroutine, variables, name, ended)


def _caught(variables: Context, call: Callable[[], T]) -> T | _RaisedInThread:
    """Make a call with these `ContextVar`s; return what it raises, too."""
    try:
        return variables.run(call)
    except BaseException as error:  # noqa: BLE001 - the attempt decides what it means
        return _RaisedInThread(error)
