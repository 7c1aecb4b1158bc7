"""A run inside this process: its tasks on worker threads."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from concurrent.futures import Executor
from contextvars import Context
from threading import Event, Lock
from typing import Any

from graflow.core.context import ExecutionContext
from graflow.core.outcome import raise_failures
from graflow.core.pauses import Pauses
from graflow.core.schedule import Schedule
from graflow.core.supervisor import Supervisor
from graflow.core.task import Task

__all__ = ["Run"]


class Run:
    """One run whose workers share memory.

    Workers share a queue of the tasks that can start, in the order in which they could. A
    worker that is done with a task puts what became ready into the queue and takes the next,
    so a chain stays on one thread; it calls for more workers only when there is more to take.
    The thread that began the run puts back what failed and has waited for its next attempt.
    """

    def __init__(
        self,
        schedule: Schedule,
        context: ExecutionContext,
        supervisor: Supervisor,
        executor: Executor,
        max_workers: int,
        *,
        keep: Collection[Task[..., Any]],
        variables: Context,
    ) -> None:
        """Prepare the run.

        Args:
            schedule: Which tasks can start; used up by the run.
            context: What the tasks see.
            supervisor: Looks after the attempts.
            executor: Where the workers run. They share this object, so it is of this process.
            max_workers: How many tasks may run at the same time, >= 1.
            keep: The tasks whose results are returned.
            variables: The `ContextVar`s that the tasks see; each gets a copy.
        """
        self._schedule = schedule
        self._ready = schedule.ready
        self._keep = frozenset(keep)
        self._context = context
        self._supervisor = supervisor
        self._variables = variables
        self._executor = executor
        self._max_workers = max_workers
        self._lock = Lock()
        self._called = 0  # workers that have not begun yet
        self._at_work = 0
        self._pauses = Pauses()
        self._news = Event()  # a task waits for its next attempt, or nobody is at work
        self._crash: BaseException | None = None
        self._results: dict[str, Any] = {}
        self._failures: dict[str, BaseException] = {}

    def execute(self) -> dict[str, Any]:
        """Run the tasks, and return what those returned whose results are kept, by id.

        When this is interrupted it waits for the tasks that run, and starts no other one.

        Raises:
            TaskFailedError: Tasks raised.
            BaseException: A task raised what is no `Exception`, such as `SystemExit`.
        """
        try:
            self._resume()
            while not self._is_over():
                self._wait()
                self._resume()
        except BaseException:
            self._stop()
            while not self._is_over():
                self._wait()
            raise
        if self._crash is not None:
            raise self._crash
        raise_failures(self._failures, self._context.workflow_name)
        return self._results

    def _wait(self) -> None:
        """Wait until there may be something to do here."""
        with self._lock:
            seconds = self._pauses.sleep()
        self._news.wait(seconds)
        self._news.clear()

    def _resume(self) -> None:
        """Queue the tasks that have waited long enough, and call workers for what is queued."""
        with self._lock:
            self._ready.extend(self._pauses.over())
            more = self._wanted()
        self._call(more)

    def _is_over(self) -> bool:
        """Tell whether nothing will happen any more; a late worker finds nothing to do."""
        with self._lock:
            return not (self._at_work or self._pauses or (self._called and not self._stopped))

    def _work(self) -> None:
        """Run tasks until there are none to take."""
        with self._lock:
            self._called -= 1
            self._at_work += 1
        try:
            task = self._take()
            while task is not None:
                task = self._take(task if self._run(task) else None)
        except BaseException as error:  # noqa: BLE001 - raised where the run was started
            self._crash = error
            self._stop()
            with self._lock:
                self._leave()

    def _run(self, task: Task[..., Any]) -> bool:
        """Make an attempt at a task, and tell whether it is done."""
        error = self._attempt(task)
        if error is None:
            return True
        pause = self._supervisor.retry(task, error)
        with self._lock:
            again = pause is not None and not self._stopped
            if pause is not None and again:
                self._pauses.begin(task, error, pause)
                self._news.set()
        if not again:
            self._fail(task, error)
            self._stop()
        return False

    def _attempt(self, task: Task[..., Any]) -> BaseException | None:
        watched = not self._supervisor.idle
        if watched:
            self._supervisor.begins(task)
        try:
            result = self._variables.copy().run(task._perform, self._context)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - a task's own
            return error
        if watched:
            self._supervisor.ended((task,))
        if task in self._keep:
            self._results[task.task_id] = result
        return None

    def _take(self, done: Task[..., Any] | None = None) -> Task[..., Any] | None:
        """Queue what `done` was holding up, and return the next task."""
        with self._lock:
            if done is not None and not self._stopped:
                self._schedule.done(done)
            if not self._ready:
                self._leave()
                return None
            task = self._ready.popleft()
            more = self._wanted()
        self._call(more)
        return task

    def _leave(self) -> None:
        """Be no longer at work; whoever calls this has the lock."""
        self._at_work -= 1
        if not self._at_work:
            self._news.set()

    def _wanted(self) -> int:
        """Return for how many more workers there are tasks, and count them as called.

        Whoever calls this has the lock.
        """
        seats = min(len(self._ready), self._max_workers - self._at_work)
        more = max(0, seats - self._called)
        self._called += more
        return more

    def _call(self, workers: int) -> None:
        for _ in range(workers):
            self._executor.submit(self._work)

    def _fail(self, task: Task[..., Any], error: BaseException) -> None:
        self._supervisor.gave_up(task, error)
        with self._lock:
            self._failures[task.task_id] = error

    def _stop(self) -> None:
        """Let no more tasks start."""
        with self._lock:
            self._supervisor.stopped = True
            self._ready.clear()
            waiting = self._pauses.cut()
        for task, error in waiting:
            self._fail(task, error)

    @property
    def _stopped(self) -> bool:
        return self._supervisor.stopped
