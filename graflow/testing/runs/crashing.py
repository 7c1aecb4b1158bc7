"""`crash_after` and `crash_before`: crashes of a process at a chosen moment of a run."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from difflib import get_close_matches
from types import TracebackType
from typing import Any

from typing_extensions import override

from graflow.core.task.task import Task, check_text
from graflow.exceptions import WorkflowStateError, WorkflowTypeError, WorkflowValueError
from graflow.system.crashes import Crash, PlannedCrash, planning

__all__ = ["crash_after", "crash_before"]


def crash_after(
    task: Task[..., Any] | str, *, saved: bool = True
) -> AbstractContextManager[None, bool]:
    """Let the process crash when a task is done, for all runs that begin inside a `with` block.

    The moment: the result of the task is stored, it is saved to any checkpoint, and nothing that
    comes after the task has started. From then on the runs are dead, as if the process had been
    killed: they store nothing in their channels and checkpoints any more, not even that they have
    failed, and their locks stay until the leases end. Their next step raises `Crash`, up to
    whoever runs the workflow; this block catches it there. After the block the workflow can be
    resumed.

    Tasks that run on other threads at that moment can't be stopped. They are waited for, and what
    they ask of the run's channel raises `Crash` in them. Coroutines are cancelled.

    Args:
        task: A task of any workflow that runs in the block, or its id.
        saved: `False` for a moment earlier: the result is stored, but the checkpoint does not know
            yet, so that a run which is resumed does the task again.

    Raises:
        AssertionError: The block ended, and the task had not come to that moment.
        WorkflowStateError: Another crash is planned already; a process dies once.
        WorkflowTypeError: The task is none; or the tasks of a run would be in other processes,
            which nothing here can kill.
    """
    return _Crashing(PlannedCrash(_id_of(task), "saved" if saved else "stored"), "after")


def crash_before(
    task: Task[..., Any] | str, *, attempt: int = 1
) -> AbstractContextManager[None, bool]:
    """Let the process crash when a task begins, for all runs that begin inside a `with` block.

    The moment: whatever comes before the task is done and saved, and the function of the task has
    not been called. Everything else is as for `crash_after`.

    Args:
        task: A task of any workflow that runs in the block, or its id.
        attempt: The number of the attempt that does not begin any more, from 1. With 2, the first
            one has failed.

    Raises:
        AssertionError: The block ended, and the task had not come to that moment.
        WorkflowStateError, WorkflowTypeError: As for `crash_after`.
        WorkflowValueError: There is no attempt of that number.
    """
    if isinstance(attempt, bool) or not isinstance(attempt, int):
        raise WorkflowTypeError(f"attempt must be an int, not {type(attempt).__name__}")
    if attempt < 1:
        raise WorkflowValueError(f"attempt must be at least 1, not {attempt}")
    return _Crashing(PlannedCrash(_id_of(task), "begins", attempt), "before")


def _id_of(task: Task[..., Any] | str) -> str:
    if not isinstance(task, Task | str):
        raise WorkflowTypeError(f"a crash needs a task or its id, not {type(task).__name__}")
    return check_text(task if isinstance(task, str) else task.task_id, "task id")


class _Crashing(AbstractContextManager[None, bool]):
    """A `with` block in which a crash is planned, and which catches it."""

    def __init__(self, crash: PlannedCrash, how: str) -> None:
        self._crash, self._how = crash, how
        self._stack = ExitStack()

    @override
    def __enter__(self) -> None:
        with ExitStack() as stack:
            if not stack.enter_context(planning(self._crash)):
                raise WorkflowStateError(
                    "a crash is planned already, and a process dies once; plan the next one when "
                    "it has happened, in a block after this one"
                )
            self._stack = stack.pop_all()

    @override
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._stack.close()
        if self._crash.has_happened:
            return _is_crash(error)
        if error is None:
            raise AssertionError(_never(self._crash, self._how))
        return False


def _is_crash(error: BaseException | None) -> bool:
    """Tell whether an error is a crash, or a group of nothing else."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(Crash)[1] is None
    return isinstance(error, Crash)


def _never(crash: PlannedCrash, how: str) -> str:
    """Say why there was no crash."""
    reached = list(dict.fromkeys(crash.reached))
    what = "began" if how == "before" else "were done"
    near = get_close_matches(crash.task_id, reached, n=1)
    told = f"; did you mean {near[0]!r}?" if near and near[0] != crash.task_id else ""
    return (
        f"the process did not crash {how} task {crash.task_id!r}, which did not come to that "
        f"moment inside the block; tasks that {what} there: "
        f"{', '.join(map(repr, reached)) or 'none'}{told}"
    )
