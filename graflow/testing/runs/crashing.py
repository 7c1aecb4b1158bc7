"""`crash_after` and `crash_before`: crashes of a process at a chosen moment of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from graflow.core.task.task import Task, check_text
from graflow.exceptions import WorkflowStateError, WorkflowTypeError, WorkflowValueError
from graflow.system.crashes import Crash, PlannedCrash, planning

__all__ = ["crash_after", "crash_before"]


@contextmanager
def crash_after(task: Task[..., Any] | str, *, saved: bool = True) -> Iterator[None]:
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
    with _crashing(PlannedCrash(_id_of(task), "saved" if saved else "stored"), "after"):
        yield


@contextmanager
def crash_before(task: Task[..., Any] | str, *, attempt: int = 1) -> Iterator[None]:
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
    with _crashing(PlannedCrash(_id_of(task), "begins", attempt), "before"):
        yield


def _id_of(task: Task[..., Any] | str) -> str:
    if not isinstance(task, Task | str):
        raise WorkflowTypeError(f"a crash needs a task or its id, not {type(task).__name__}")
    return check_text(task if isinstance(task, str) else task.task_id, "task id")


@contextmanager
def _crashing(crash: PlannedCrash, how: str) -> Iterator[None]:
    with planning(crash) as is_first:
        if not is_first:
            raise WorkflowStateError(
                "a crash is planned already, and a process dies once; plan the next one when it "
                "has happened, in a block after this one"
            )
        try:
            yield
        except Crash:
            if not crash.has_happened:
                raise
        except BaseExceptionGroup as group:
            if not crash.has_happened or group.split(Crash)[1] is not None:
                raise
    if not crash.has_happened:
        raise AssertionError(_never(crash, how))


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
