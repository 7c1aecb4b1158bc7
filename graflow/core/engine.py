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
from graflow.core.schedule import Schedule
from graflow.core.supervisor import Supervisor
from graflow.core.task import Task

__all__ = ["Run"]


class Run:
    """One run whose workers share memory.

    Workers share a queue of the tasks that can start, in the order in which they could. A
    worker that is done with a task puts what became ready into the queue and takes the next,
    so a chain stays on one thread; it calls for more workers only when there is more to take.
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
        self._workers = 0
        self._begun = False
        self._stopped = False
        self._ended = Event()
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
            self._workers = 1
            self._executor.submit(self._work)
            self._ended.wait()
        except BaseException:
            self._stop()
            if self._begun:  # the executor may not know of a thread that it was just starting
                self._ended.wait()
            raise
        if self._crash is not None:
            raise self._crash
        raise_failures(self._failures, self._context.workflow_name)
        return self._results

    def _work(self) -> None:
        """Run tasks until there are none to take."""
        try:
            task = self._take()
            while task is not None:
                self._run(task)
                task = self._take(task)
        except BaseException as error:  # noqa: BLE001 - raised where the run was started
            self._stop()
            self._crash = error
            self._ended.set()

    def _run(self, task: Task[..., Any]) -> None:
        """Run a task, again and again if it fails and may be retried."""
        supervisor = self._supervisor
        while (error := self._attempt(task)) is not None:
            pause = supervisor.retry(task, error)
            if pause is None or supervisor.stopped.wait(pause):
                supervisor.gave_up(task, error)
                with self._lock:
                    self._failures[task.task_id] = error
                self._stop()
                return

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
            self._begun = True
            if done is not None and not self._stopped:
                self._schedule.done(done)
            if not self._ready:
                self._workers -= 1
                if not self._workers:
                    self._ended.set()
                return None
            task = self._ready.popleft()
            more = min(len(self._ready), self._max_workers - self._workers)
            self._workers += more
        for _ in range(more):
            self._executor.submit(self._work)
        return task

    def _stop(self) -> None:
        """Let no more tasks start."""
        with self._lock:
            self._stopped = True
            self._ready.clear()
        self._supervisor.stopped.set()
