"""Errors of workflows: how they are built, and what they need in order to run."""

from __future__ import annotations

from graflow.exceptions.root import GraflowError

__all__ = [
    "BlockingCallWarning",
    "CycleError",
    "DuplicateTaskError",
    "ExtraMissingError",
    "NeverRunWarning",
    "PrecedenceWarning",
    "RunError",
    "RunInProgressError",
    "RunNotFoundError",
    "RunSupersededError",
    "TaskNotFoundError",
    "WorkflowError",
    "WorkflowStateError",
    "WorkflowTypeError",
    "WorkflowValueError",
]


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


class RunError(WorkflowError, RuntimeError):
    """A run can't begin, or can't go on, because of what another process does or did.

    Attributes:
        run_id: The id of the run.
    """

    run_id: str

    def __init__(self, message: str = "", *, workflow: str | None = None, run_id: str = "") -> None:
        super().__init__(message, workflow=workflow)
        self.run_id = run_id


class RunSupersededError(RunError):
    """The run was taken over by whoever resumed it; this process can't write for it any more."""


class RunInProgressError(RunError):
    """A run with this id has begun and has not finished: it is under way, has failed, or died."""


class RunNotFoundError(RunError, LookupError):
    """The channel knows of no run with this id, or no more."""


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


class BlockingCallWarning(RuntimeWarning):
    """A thread whose event loop is running was about to wait, and so were all of its coroutines."""


class NeverRunWarning(UserWarning):
    """Tasks were put in order where nothing will ever run them."""


class PrecedenceWarning(UserWarning):
    """`>>` and `|` stand beside each other without the parentheses that say what is meant."""
