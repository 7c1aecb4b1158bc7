"""A run: its tasks on worker threads, each as soon as what it waits for is done."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Executor
from contextvars import Context
from threading import Event, Lock
from typing import Any

from graflow.core.context import ExecutionContext
from graflow.core.graph import Joint, Plan
from graflow.core.task import Task
from graflow.exceptions import TaskFailedError

__all__ = ["Run"]


class Run:
    """One run of a plan.

    Workers share a queue of the tasks that can start, in the order in which they could. A
    worker that is done with a task puts what became ready into the queue and takes the next,
    so a chain stays on one thread; it calls for more workers only when there is more to take.
    """

    def __init__(
        self,
        plan: Plan,
        context: ExecutionContext,
        variables: Context,
        executor: Executor,
        max_workers: int,
    ) -> None:
        """Prepare the run.

        Args:
            plan: What is to be done; used up by the run.
            context: What the tasks see.
            variables: The `ContextVar`s that the tasks see; each gets a copy.
            executor: Where the workers run. They share this object, so it is of this process.
            max_workers: How many tasks may run at the same time, >= 1.
        """
        self._sorter = plan.sorter
        self._last = plan.last
        self._keep = frozenset(plan.last)
        self._context = context
        self._variables = variables
        self._executor = executor
        self._max_workers = max_workers
        self._lock = Lock()
        self._ready: deque[Task[..., Any]] = deque()
        self._workers = 0
        self._begun = False
        self._stopped = False
        self._ended = Event()
        self._crash: BaseException | None = None
        self._results: dict[str, Any] = {}
        self._failures: dict[str, BaseException] = {}

    def execute(self) -> dict[str, Any]:
        """Run the tasks, and return what the last ones returned, by id.

        When this is interrupted it waits for the tasks that run, and starts no other one.

        Raises:
            TaskFailedError: Tasks raised.
            BaseException: A task raised what is no `Exception`, such as `SystemExit`.
        """
        try:
            self._queue_ready()
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
        if self._failures:
            raise _failed(self._failures, self._context.workflow_name) from _cause(self._failures)
        return {task.task_id: self._results[task.task_id] for task in self._last}

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
        try:
            result = self._variables.copy().run(task._perform, self._context)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - a task's own
            with self._lock:
                self._failures[task.task_id] = error
            self._stop()
        else:
            if task in self._keep:
                self._results[task.task_id] = result

    def _take(self, done: Task[..., Any] | None = None) -> Task[..., Any] | None:
        """Queue what `done` was holding up, and return the next task."""
        with self._lock:
            self._begun = True
            if done is not None and not self._stopped:
                self._sorter.done(done)
                self._queue_ready()
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

    def _queue_ready(self) -> None:
        """Put what can start into the queue; joints are done as soon as they can."""
        while ready := self._sorter.get_ready():
            joints = [vertex for vertex in ready if isinstance(vertex, Joint)]
            self._ready.extend(vertex for vertex in ready if not isinstance(vertex, Joint))
            if not joints:
                return
            self._sorter.done(*joints)

    def _stop(self) -> None:
        """Let no more tasks start."""
        with self._lock:
            self._stopped = True
            self._ready.clear()


def _failed(failures: Mapping[str, BaseException], workflow: str) -> TaskFailedError:
    told = [f"{task_id!r}: {_describe(error)}" for task_id, error in failures.items()]
    what = f"task {told[0]}" if len(told) == 1 else f"{len(told)} tasks: {'; '.join(told)}"
    return TaskFailedError(
        f"workflow {workflow!r} failed in {what}",
        workflow=workflow,
        task=next(iter(failures)),
        failures=dict(failures),
    )


def _cause(failures: Mapping[str, BaseException]) -> BaseException:
    errors = list(failures.values())
    return errors[0] if len(errors) == 1 else BaseExceptionGroup("what the tasks raised", errors)


def _describe(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - the exception is a task's own, and so is its text
        return f"{type(error).__name__}, whose text can't be shown"
