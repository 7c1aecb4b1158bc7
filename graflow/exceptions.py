"""Exceptions: every error that graflow raises, under one root.

Each is also the built-in exception that a Python programmer would catch, so `except KeyError`
around a typed `get` works without importing anything from here. Exceptions of redis-py, pydantic
and the codec never escape a channel; they become the `__cause__` of one of these. All of them can
be pickled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graflow.system.packed_errors import PackedError, pack_error, unpack_error

__all__ = [
    "ChannelConflictError",
    "ChannelConnectionError",
    "ChannelDataError",
    "ChannelError",
    "ChannelKeyError",
    "ChannelOverflowError",
    "ChannelPermissionError",
    "ChannelServerError",
    "ChannelTimeoutError",
    "ChannelTypeError",
    "ChannelUnavailableError",
    "ChannelValidationError",
    "ChannelValueError",
    "CheckpointDamagedError",
    "CheckpointError",
    "CheckpointFileError",
    "CheckpointInUseError",
    "CheckpointIsADirectoryError",
    "CheckpointMismatchError",
    "CheckpointNotFoundError",
    "CheckpointPermissionError",
    "CheckpointVersionError",
    "CycleError",
    "DuplicateTaskError",
    "EvictionError",
    "ExtraMissingError",
    "FieldError",
    "GraflowError",
    "LockDeadlockError",
    "LockLostError",
    "LockReentryError",
    "MissingParameterError",
    "OutcomeUnknownError",
    "ResultNotFoundError",
    "ResultTypeError",
    "SchemaError",
    "TaskError",
    "TaskFailedError",
    "TaskNotFoundError",
    "UnpicklableError",
    "WorkerLostError",
    "WorkflowError",
    "WorkflowStateError",
    "WorkflowTypeError",
    "WorkflowValueError",
]


class GraflowError(Exception):
    """The root of every error that graflow raises."""

    def __str__(self) -> str:
        """Show the message as written (`KeyError` alone would show its `repr`)."""
        return str(self.args[0]) if len(self.args) == 1 else super().__str__()


class ChannelError(GraflowError):
    """An operation on a channel failed.

    Attributes:
        channel: The channel's name, or `None` if no channel is involved yet.
        key: The key, or `None` if the operation is not about a single key.
    """

    channel: str | None
    key: str | None

    def __init__(
        self, message: str = "", *, channel: str | None = None, key: str | None = None
    ) -> None:
        super().__init__(message)
        self.channel = channel
        self.key = key


class ChannelKeyError(ChannelError, KeyError):
    """The channel holds nothing under the key, or what it held has expired."""


class ChannelTypeError(ChannelError, TypeError):
    """A value, or what a key holds, is of a type that the operation can't handle."""


class ChannelValueError(ChannelError, ValueError):
    """An argument is of the right type but has an invalid value."""


class ChannelOverflowError(ChannelError, OverflowError):
    """A sum is too large for a float; the stored number is unchanged."""


class ChannelTimeoutError(ChannelError, TimeoutError):
    """A lock did not become free within the time that the caller was willing to wait."""


class ChannelConflictError(ChannelError, TimeoutError):
    """Others kept changing the value to be replaced until time ran out; nothing changed."""


class ChannelDataError(ChannelError, ValueError):
    """The data stored under the key was not written by graflow."""


class ChannelConnectionError(ChannelError, ConnectionError):
    """The server could not be reached, or the connection to it broke."""


class ChannelUnavailableError(ChannelConnectionError):
    """The server could not be reached; the operation was not executed."""


class OutcomeUnknownError(ChannelConnectionError):
    """The connection broke after the operation was sent; it may or may not have happened."""


class ChannelPermissionError(ChannelError, PermissionError):
    """The server knows the user but does not let it run the operation."""


class ChannelServerError(ChannelError, RuntimeError):
    """The server answered by refusing the operation (out of memory, read-only, ...)."""


class EvictionError(ChannelServerError):
    """The server deletes keys on its own when its memory is full; nothing was done."""


class LockLostError(ChannelError, RuntimeError):
    """A lock's lease ended before its body did; someone else may have held it in the meantime."""


class LockReentryError(ChannelError, RuntimeError):
    """A thread or a task asked for a lock that it already holds; waiting would never end."""


class LockDeadlockError(ChannelError, RuntimeError):
    """A task would block its thread waiting for a lock held by another task of that thread."""


class SchemaError(ChannelError, TypeError):
    """A type can't be the schema of a typed channel; the message gives the field's path."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that does not fit its schema.

    Attributes:
        path: The path of the field, as in `address.lines[2]`; empty for the value itself.
        message: What the schema expects.
        found: A short `repr` of what was found.
    """

    path: str
    message: str
    found: str

    def __str__(self) -> str:
        """Show the path, what was expected and what was found, on one line."""
        return f"{self.path or '(the value itself)'}: {self.message}, found {self.found}"


class ChannelValidationError(ChannelError, ValueError):
    """A value does not fit the schema of a typed channel, on its way in or out.

    Attributes:
        schema: The schema's name.
        errors: Every field that does not fit, in the order of the schema.
    """

    schema: str
    errors: tuple[FieldError, ...]

    def __init__(
        self,
        message: str = "",
        *,
        channel: str | None = None,
        key: str | None = None,
        schema: str = "",
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        super().__init__(message, channel=channel, key=key)
        self.schema = schema
        self.errors = errors


class WorkflowError(GraflowError):
    """A workflow can't be built, or can't run.

    Attributes:
        workflow: The workflow's name, or `None` if none is involved yet.
    """

    workflow: str | None

    def __init__(self, message: str = "", *, workflow: str | None = None) -> None:
        super().__init__(message)
        self.workflow = workflow


class WorkflowTypeError(WorkflowError, TypeError):
    """An argument is of a type that tasks and workflows can't handle."""


class WorkflowValueError(WorkflowError, ValueError):
    """An argument is of the right type but has an invalid value."""


class WorkflowStateError(WorkflowError, RuntimeError):
    """The request makes no sense here, such as calling a task outside a workflow."""


class ExtraMissingError(WorkflowError, ImportError):
    """A feature needs a library that is not installed; the message says how to install it."""


class DuplicateTaskError(WorkflowError, ValueError):
    """Two different tasks of one workflow have the same id."""


class CycleError(WorkflowError, ValueError):
    """Tasks wait for each other in a cycle, so none of them could ever start.

    Attributes:
        cycle: The ids of the tasks in order; the first one is repeated at the end.
    """

    cycle: tuple[str, ...]

    def __init__(
        self, message: str = "", *, workflow: str | None = None, cycle: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, workflow=workflow)
        self.cycle = cycle


class TaskNotFoundError(WorkflowError, KeyError):
    """The workflow does not contain such a task."""


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


class CheckpointError(WorkflowError):
    """A run can't be resumed from, or saved to, a checkpoint file.

    Nothing has changed and nothing has run, unless writing the file failed only later on.

    Attributes:
        path: The file.
    """

    path: str

    def __init__(self, message: str = "", *, workflow: str | None = None, path: str = "") -> None:
        super().__init__(message, workflow=workflow)
        self.path = path


class CheckpointDamagedError(CheckpointError, ValueError):
    """The file is not a checkpoint, or was altered since it was written."""


class CheckpointFileError(CheckpointError, OSError):
    """The system can't read or write the file: the disk is full, it is not a regular file, ...

    Attributes:
        errno: The system's number for the reason.
        filename: The file.
    """

    def __init__(
        self,
        message: str = "",
        *,
        workflow: str | None = None,
        path: str = "",
        errno: int | None = None,
    ) -> None:
        super().__init__(message, workflow=workflow, path=path)
        self.errno = errno
        self.filename = path

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the attributes that an `OSError` would lose."""
        kept = {"errno": self.errno, "filename": self.filename}
        return type(self), self.args, {**vars(self), **kept}


class CheckpointNotFoundError(CheckpointFileError, FileNotFoundError):
    """The file, or the folder it should be in, does not exist."""


class CheckpointIsADirectoryError(CheckpointFileError, IsADirectoryError):
    """The path is a folder."""


class CheckpointPermissionError(CheckpointFileError, PermissionError):
    """The user is not allowed to read, write or create the file."""


class CheckpointInUseError(CheckpointError, BlockingIOError):
    """Another run, in this process or another one, is saving to the file."""


class CheckpointVersionError(CheckpointError, ValueError):
    """The file was written by a newer version of graflow."""


class CheckpointMismatchError(CheckpointError, ValueError):
    """The file belongs to another workflow, another graph or another channel."""
