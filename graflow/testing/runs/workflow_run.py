"""`WorkflowRun`: what a test sees of a run that is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Coroutine, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, overload

from graflow.channels.base import Channel
from graflow.core.context import ExecutionContext
from graflow.core.history.run_history import RunHistory
from graflow.core.run.events import TaskEvent
from graflow.core.run.observers import RunObserver
from graflow.core.task.task import Task
from graflow.exceptions import TaskFailedError

__all__ = ["RunRecorder", "WorkflowRun"]

T = TypeVar("T")

_NOTHING = object()


class RunRecorder(RunObserver):
    """An observer that notes what happens in a run, but for tasks that are no real ones."""

    def __init__(self, given: Set[str]) -> None:
        """Note what happens to all tasks, except those with these ids."""
        self._given = given
        self.order: list[str] = []
        self.attempts: dict[str, int] = {}
        self.errors: defaultdict[str, list[BaseException]] = defaultdict(list)
        self.emitted_values: defaultdict[str, list[Any]] = defaultdict(list)

    def task_started(self, event: TaskEvent) -> None:
        """Count the attempt."""
        if event.task_id not in self._given:
            self.attempts[event.task_id] = event.attempt

    def task_finished(self, event: TaskEvent) -> None:
        """Note that it was the next one."""
        if event.task_id not in self._given:
            self.order.append(event.task_id)

    def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
        """Note the error."""
        self.errors[event.task_id].append(error)

    def task_failed(self, event: TaskEvent, error: BaseException) -> None:
        """Note the error, unless it is that of the last attempt, before a pause that was cut."""
        if error not in self.errors[event.task_id]:
            self.errors[event.task_id].append(error)

    def emitted(self, event: TaskEvent, value: Any) -> None:
        """Note the value."""
        self.emitted_values[event.task_id].append(value)


@dataclass(frozen=True)
class WorkflowRun:
    """A run that is over; `run_workflow` returns it.

    Attributes:
        context: The context of the run, as `execute(ret_context=True)` returns it.
        order: The ids of the tasks that ran and finished, in that order.
        attempts: How many attempts each task has had that began.
        errors: What the attempts at each task have raised, in their order.
        emitted: What each task has passed to `ctx.emit`, in that order.
        error: What `execute` raised because tasks failed; `None` if none did.
    """

    context: ExecutionContext
    order: tuple[str, ...]
    attempts: Mapping[str, int]
    errors: Mapping[str, tuple[BaseException, ...]]
    emitted: Mapping[str, tuple[Any, ...]]
    error: TaskFailedError | None
    _returned: object = field(repr=False)
    _task_ids: tuple[str, ...] = field(repr=False)

    @property
    def value(self) -> Any:
        """What `execute` returns: the result of the last task, or a dict of several.

        Raises:
            TaskFailedError: Tasks failed.
        """
        if self.error is not None:
            raise self.error
        return self._returned

    @property
    def failures(self) -> dict[str, BaseException]:
        """What tasks raised that failed for good, by id; empty if none did."""
        return {} if self.error is None else dict(self.error.failures)

    @property
    def channel(self) -> Channel:
        """The channel of the run."""
        return self.context.get_channel()

    @property
    def history(self) -> RunHistory:
        """What has happened to the tasks of the run, and when."""
        return self.context.history()

    @cached_property
    def results(self) -> dict[str, Any]:
        """What the tasks of the run returned, by id; without those that did not finish."""
        found = {each: self.context.get_result(each, _NOTHING) for each in self._task_ids}
        return {each: value for each, value in found.items() if value is not _NOTHING}

    @overload
    def result(self, task: Task[..., Coroutine[Any, Any, T]]) -> T: ...
    @overload
    def result(self, task: Task[..., T]) -> T: ...
    @overload
    def result(self, task: str) -> Any: ...
    def result(self, task: Task[..., Any] | str) -> Any:
        """Return what a task returned.

        Args:
            task: The task, which also gives the result its static type, or the task's id.

        Raises:
            TaskFailedError: It failed, or others did before it could run.
            ResultNotFoundError: There is no such task in the run.
        """
        value: Any = self.context.get_result(task, _NOTHING)
        if value is not _NOTHING:
            return value
        if self.error is not None:
            raise self.error
        return self.context.get_result(task)
