"""A run inside this process: its tasks on worker threads, its coroutines on an event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Coroutine
from concurrent.futures import Executor, Future
from contextlib import closing
from contextvars import Context, copy_context
from threading import Event
from types import CoroutineType
from typing import Any, NamedTuple, TypeVar

from typing_extensions import override

from graflow.channels.codec.codec import Record
from graflow.core.graph.schedule import Schedule
from graflow.core.run.attempt import keep, make_attempt
from graflow.core.run.base_run import BlockingRun
from graflow.core.run.event_loop import EventLoop
from graflow.core.run.failures import is_failure
from graflow.core.run.supervisor import Supervisor
from graflow.core.state.run_state import RunState
from graflow.core.task.task import Task

__all__ = ["Run"]

T = TypeVar("T")


class _Suspended(NamedTuple):
    """An attempt whose function returned a coroutine, which continues on the event loop.

    Attributes:
        task: The task.
        variables: The `ContextVar`s of the attempt.
        ended: The future of the coroutine.
    """

    task: Task[..., Any]
    variables: Context
    ended: Future[Any]


class Run(BlockingRun):
    """One run whose workers share memory.

    Workers share a queue of the tasks that can start, in the order in which they became ready. A
    worker that is done with a task queues what became ready and takes the next task, so a chain
    stays on one thread. It calls for more workers only if there is more to take. The thread that
    began the run queues failed tasks again when it is time for their next attempt.

    A coroutine does not occupy a worker: when it is over, any worker stores its result. Until then
    it counts as a running task.

    Attributes:
        results: The stored results of the tasks in `keep`, by id.
    """

    def __init__(
        self,
        schedule: Schedule,
        state: RunState,
        supervisor: Supervisor,
        executor: Executor,
        max_workers: int,
        *,
        keep: Collection[Task[..., Any]],
        variables: Context,
    ) -> None:
        """Prepare the run.

        Args:
            schedule: Which tasks can start; the run uses it up.
            state: What all parts of the run share.
            supervisor: Keeps track of the attempts.
            executor: Runs the workers. They share this object, so it must not leave this process.
            max_workers: How many tasks may run at the same time, >= 1.
            keep: The tasks whose results are returned.
            variables: The `ContextVar`s that the tasks see; each gets a copy.
        """
        super().__init__(schedule, state, supervisor)
        self.results: dict[str, Record] = {}
        self._keep = frozenset(keep)
        self._variables = variables
        self._executor = executor
        self._max_workers = max_workers
        self._called = 0  # workers that were called and have not begun yet
        self._at_work = 0
        self._loop = EventLoop(f"graflow-{state.workflow_name}-loop")
        self._suspended = 0  # coroutines whose results no worker has stored yet
        self._over: deque[_Suspended] = deque()  # those of them that have ended
        self._news = Event()  # a task waits for its next attempt, or all workers are idle

    def execute(self) -> None:
        """Run the tasks.

        If this is interrupted, it starts no more tasks and waits for those that are running. If
        that wait is interrupted too, coroutines are cancelled; after a third interrupt it stops
        waiting.

        Raises:
            TaskFailedError: Tasks raised.
            BaseException: A task raised something other than a failure, see `is_failure`.
        """
        with closing(self._loop):
            super().execute()

    def _go_on(self) -> None:
        self._resume()
        while not self._is_over():
            self._wait()
            self._mind_loss()
            self._resume()

    def _wind_up(self) -> None:
        """Wait for running tasks; if that is interrupted, cancel coroutines and wait again."""
        try:
            self._drain()
        except BaseException:
            self._loop.close()
            self._drain()
            raise

    @override
    def _cancel_coroutines(self) -> None:
        self._loop.close()

    def _drain(self) -> None:
        self._stop()
        while not self._is_over():
            self._wait()

    def _wait(self) -> None:
        """Wait until there may be something to do here."""
        with self._lock:
            seconds = self._pauses.sleep()
        self._news.wait(seconds)
        self._news.clear()

    def _resume(self) -> None:
        """Queue the tasks that have waited long enough, and call workers for the queue."""
        with self._lock:
            is_idle = not (self._at_work or self._suspended or self._called or self._ready)
            self._ready.extend(self._pauses.over(idle=is_idle))
            more = self._wanted()
        self._call(more)

    def _is_over(self) -> bool:
        """Tell whether nothing more will happen; a late worker finds nothing to do."""
        with self._lock:
            busy = self._at_work or self._suspended or self._pauses
            return not (busy or (self._called and not self._stopped))

    def _work(self) -> None:
        """Run tasks until there are none left to take."""
        with self._lock:
            self._called -= 1
            self._at_work += 1
        try:
            step = self._take()
            while step is not None:
                step = self._take(self._make(step))
        except BaseException as error:  # noqa: BLE001 - raised where the run was started
            self._collapse(error)
            with self._lock:
                self._leave()

    def _make(self, step: Task[..., Any] | _Suspended) -> Task[..., Any] | None:
        """Make an attempt at a task, or finish one; return the task if it is done."""
        task = step.task if isinstance(step, _Suspended) else step
        try:
            record = self._end(step) if isinstance(step, _Suspended) else self._begin(step)
        except BaseException as error:
            if not is_failure(error):
                raise
            self._fail(task, error)
            return None
        if record is None:
            return None
        if not self._supervisor.idle:
            self._supervisor.ended_with(task, record)
        if task in self._keep:
            self.results[task.task_id] = record
        return task

    def _begin(self, task: Task[..., Any]) -> Record | None:
        """Begin an attempt, and return what it stored; `None` if it continues on the loop."""
        variables = self._variables.copy()
        if not self._supervisor.idle:
            self._supervisor.begins(task, variables)
        again = self._supervisor.is_again(task)
        made = variables.run(make_attempt, task, self._state, self._wait_for, again=again)
        if not isinstance(made, CoroutineType):
            return made
        ended = self._loop.start(made, variables, task.task_id)
        with self._lock:
            self._suspended += 1
        suspended = _Suspended(task, variables, ended)
        ended.add_done_callback(lambda _: self._come_back(suspended))
        return None

    def _wait_for(self, task: Task[..., Any], coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of an atomic task on the loop, while its worker waits."""
        return self._loop.run(coroutine, copy_context(), task.task_id)

    def _end(self, suspended: _Suspended) -> Record:
        """Store what a coroutine returned, or raise what it raised."""
        task, variables, ended = suspended
        return variables.run(keep, task, self._state, ended.result())

    def _come_back(self, suspended: _Suspended) -> None:
        """Have a worker finish an attempt, as the loop must not wait for a channel."""
        with self._lock:
            self._over.append(suspended)
            more = self._wanted()
        try:
            self._call(more)
        except BaseException as error:  # noqa: BLE001 - the executor's own
            self._collapse(error)
            with self._lock:
                self._suspended -= len(self._over)
                self._over.clear()
                self._news.set()

    def _fail(self, task: Task[..., Any], error: BaseException, *, retry: bool = True) -> None:
        super()._fail(task, error, retry=retry)
        self._news.set()

    def _take(self, done: Task[..., Any] | None = None) -> Task[..., Any] | _Suspended | None:
        """Queue what can start now that `done` is, and return what to do next."""
        with self._lock:
            if done is not None and not self._supervisor.stopped:
                self._schedule.done(done)
            if self._over:
                self._suspended -= 1
                step: Task[..., Any] | _Suspended = self._over.popleft()
            elif self._ready and self._at_work + self._suspended <= self._max_workers:
                step = self._ready.popleft()
            else:
                self._leave()
                return None
            more = self._wanted() if self._ready or self._over else 0
        if more:
            self._call(more)
        return step

    def _leave(self) -> None:
        """Count this worker as idle; the caller holds the lock."""
        self._at_work -= 1
        if not self._at_work:
            self._news.set()

    def _wanted(self) -> int:
        """Return how many more workers there is work for, and count them as called.

        The caller holds the lock.
        """
        free = max(0, self._max_workers - self._at_work - self._suspended)
        more = max(0, len(self._over) + min(len(self._ready), free) - self._called)
        self._called += more
        return more

    def _call(self, workers: int) -> None:
        for _ in range(workers):
            self._executor.submit(self._work)
