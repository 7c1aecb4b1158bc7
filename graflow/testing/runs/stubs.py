"""Stubs: functions and values that stand for tasks in a test."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, NamedTuple

from graflow.core.task.task import Task
from graflow.core.workflow import Workflow
from graflow.exceptions import WorkflowTypeError, WorkflowValueError

__all__ = ["Stubbed", "stubbed"]


class Stubbed(NamedTuple):
    """What stands for tasks.

    Attributes:
        tasks: What runs in their place, by id.
        results: What those return that do not really run, by id.
    """

    tasks: dict[str, Task[..., Any]]
    results: dict[str, object]


def stubbed(
    wf: Workflow,
    results: Mapping[Task[..., Any] | str, object],
    stubs: Mapping[Task[..., Any] | str, Callable[..., object]],
) -> Stubbed:
    """Return what stands for tasks of a workflow.

    Args:
        wf: The workflow.
        results: What tasks return, by task or id.
        stubs: Functions to call in place of theirs.

    Raises:
        TaskNotFoundError: There is no such task.
        WorkflowTypeError: A stub can't be called, or these are no mappings.
        WorkflowValueError: A task has a stub and a result.
    """
    for given, what in ((results, "results"), (stubs, "stubs")):
        if not isinstance(given, Mapping):
            raise WorkflowTypeError(f"{what} must be a dict, by task, not {type(given).__name__}")
    tasks: dict[str, Task[..., Any]] = {}
    values: dict[str, object] = {}
    for named, value in results.items():
        task = wf.task(named)
        values[task.task_id] = value
        tasks[task.task_id] = _with_result(task, value)
    for named, stub in stubs.items():
        task = wf.task(named)
        if task.task_id in tasks:
            raise WorkflowValueError(
                f"task {task.task_id!r} has two stubs, or a stub and a result", workflow=wf.name
            )
        tasks[task.task_id] = _with_stub(task, stub)
    return Stubbed(tasks, values)


def _with_stub(task: Task[..., Any], stub: Callable[..., Any]) -> Task[..., Any]:
    if not callable(stub):
        raise WorkflowTypeError(
            f"the stub of task {task.task_id!r} must be a function, not {type(stub).__name__}; "
            "results={...} takes values"
        )
    called = _awaited(stub) if task.signature.is_coroutine and not task.atomic else stub
    return task.with_stub(called, takes_arguments=_takes_arguments(stub))


def _with_result(task: Task[..., Any], value: object) -> Task[..., Any]:
    return _with_stub(task, lambda: value)


def _takes_arguments(stub: Callable[..., Any]) -> bool:
    try:
        return bool(inspect.signature(stub).parameters)
    except (TypeError, ValueError):
        return True  # it does not say


def _awaited(stub: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Return a function that is awaited, as a coroutine has to be."""

    @wraps(stub)
    async def call(*args: Any, **kwargs: Any) -> Any:
        returned = stub(*args, **kwargs)
        return await returned if inspect.isawaitable(returned) else returned

    return call
