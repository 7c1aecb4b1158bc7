"""Errors of single tasks, and the failure of a run because of them."""

from __future__ import annotations

from typing import Any

from graflow.exceptions.root import GraflowError
from graflow.exceptions.workflow_errors import WorkflowError
from graflow.system.packed_errors import PackedError, pack_error, unpack_error

__all__ = [
    "MissingParameterError",
    "ResultNotFoundError",
    "ResultTypeError",
    "TaskError",
    "TaskFailedError",
    "UnpicklableError",
    "WorkerLostError",
]


class TaskError(WorkflowError):
    """Something is wrong with one task.

    Attributes:
        task: The task's id.
    """

    task: str

    def __init__(self, message: str = "", *, workflow: str | None = None, task: str = "") -> None:
        super().__init__(message, workflow=workflow)
        self.task = task


class MissingParameterError(TaskError, TypeError):
    """A parameter of a task has nothing to take its value from.

    Attributes:
        parameter: The parameter's name.
    """

    parameter: str

    def __init__(
        self,
        message: str = "",
        *,
        workflow: str | None = None,
        task: str = "",
        parameter: str = "",
    ) -> None:
        super().__init__(message, workflow=workflow, task=task)
        self.parameter = parameter


class ResultTypeError(TaskError, TypeError):
    """The value that a task returned can't be stored as its result."""


class ResultNotFoundError(TaskError, KeyError):
    """The channel does not hold a result of the task.

    Attributes:
        available: The ids of the tasks that have results there.
    """

    available: tuple[str, ...]

    def __init__(
        self,
        message: str = "",
        *,
        workflow: str | None = None,
        task: str = "",
        available: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, workflow=workflow, task=task)
        self.available = available


class WorkerLostError(TaskError, RuntimeError):
    """The worker running a task died or vanished before it reported how the task ended."""


class TaskFailedError(TaskError, RuntimeError):
    """Tasks of a run raised; those already running finished, and no others were started.

    Its `__cause__` is the exception that the task raised, or an `ExceptionGroup` if several
    tasks failed.

    Attributes:
        task: The id of the task that failed first.
        failures: The exception that each failed task raised, by task id, in the order in which
            they failed. Exceptions from another process keep their notes, causes and contexts;
            one that can't be pickled is replaced by an `UnpicklableError`.
    """

    failures: dict[str, BaseException]

    def __init__(
        self,
        message: str = "",
        *,
        workflow: str | None = None,
        task: str = "",
        failures: dict[str, BaseException] | None = None,
    ) -> None:
        super().__init__(message, workflow=workflow, task=task)
        self.failures = {} if failures is None else failures

    def __reduce__(self) -> tuple[Any, ...]:
        """Pack the failures: they come from other code, and some can't be pickled."""
        packed = {task: pack_error(error) for task, error in self.failures.items()}
        attributes = {name: value for name, value in vars(self).items() if name != "failures"}
        return _failed_again, (type(self), self.args, attributes, packed)


class UnpicklableError(GraflowError, RuntimeError):
    """A stand-in for an exception that can't be sent to another process.

    Its message contains the class name and the text of the original; its notes, cause and context
    are those of the original.

    Attributes:
        kind: The full name of the original's class, as in `package.module.Class`.
    """

    kind: str

    def __init__(self, message: str = "", *, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


def _failed_again(
    kind: type[TaskFailedError],
    args: tuple[Any, ...],
    attributes: dict[str, Any],
    packed: dict[str, PackedError],
) -> TaskFailedError:
    """Return a pickled `TaskFailedError` with its failures unpacked."""
    error = kind(*args)
    vars(error).update(attributes)
    error.failures = {task: unpack_error(each, UnpicklableError) for task, each in packed.items()}
    return error
