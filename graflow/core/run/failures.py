"""The end of a run: the results of its tasks, or the failures that stopped it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from graflow.exceptions import TaskFailedError
from graflow.system.packed_errors import describe

__all__ = ["is_failure", "raise_failures"]

_FAILURES = (Exception, SystemExit, asyncio.CancelledError, GeneratorExit)


def is_failure(error: BaseException) -> bool:
    """Tell whether an exception from a task is a failure of that task.

    `sys.exit()` in a task ends the task and not the program, which has other tasks to do. An
    exception for whoever runs the program, such as a `KeyboardInterrupt` or the outcome of a test,
    ends the run unchanged.
    """
    left = [error]
    while left:
        each = left.pop()
        if isinstance(each, BaseExceptionGroup):
            left += each.exceptions
        elif not isinstance(each, _FAILURES):
            return False
    return True


def raise_failures(failures: Mapping[str, BaseException], workflow: str) -> None:
    """Raise an error if there are tasks that failed.

    Args:
        failures: What each of them raised, by id.
        workflow: The workflow's name.

    Raises:
        TaskFailedError: Tasks failed; it names them all.
    """
    if failures:
        raise _failed(failures, workflow) from _cause(failures)


def _failed(failures: Mapping[str, BaseException], workflow: str) -> TaskFailedError:
    told = [f"{task_id!r}: {describe(error)}" for task_id, error in failures.items()]
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
