"""`TaskResult`: the key of what a task returns, as `task.result`."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, overload

from graflow.channels.keys.key import Key, ResultKey

if TYPE_CHECKING:
    from graflow.core.task.task import Task

__all__ = ["SUFFIX", "TaskResult", "result_key"]

T = TypeVar("T")

SUFFIX: Final = ".__result__"
"""What the keys of results end with."""


def result_key(task_id: str) -> str:
    """Return the channel key under which users find the latest result of a task."""
    return f"{task_id}{SUFFIX}"


class TaskResult:
    """The attribute of a task that is the key of what it returns."""

    @overload
    def __get__(self, task: None, owner: object) -> Self: ...
    @overload
    def __get__(self, task: Task[..., Coroutine[Any, Any, T]], owner: object) -> Key[T]: ...
    @overload
    def __get__(self, task: Task[..., T], owner: object) -> Key[T]: ...
    def __get__(self, task: Task[..., Any] | None, owner: object) -> Any:
        """Return the key, with the type of the return annotation."""
        if task is None:
            return self
        schema = task.signature.result.schema
        return ResultKey(Any if schema is None else schema, name=result_key(task.task_id))
