"""Options of a run, as `Workflow.execute` and `Workflow.resume` take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from os import PathLike
from typing import TypedDict

from graflow.channels.arguments import Seconds, milliseconds
from graflow.core.run.observers import AnyObserver
from graflow.core.task.task import check_text
from graflow.core.travel.executors import ExecutorSource
from graflow.exceptions import (
    ChannelTypeError,
    ChannelValueError,
    WorkflowTypeError,
    WorkflowValueError,
)

__all__ = [
    "BUFFER",
    "KEEP_RESULTS",
    "MAX_WORKERS",
    "ContinueKeywords",
    "ExecuteKeywords",
    "Options",
    "ResumeKeywords",
    "RunKeywords",
    "lasting",
]

KEEP_RESULTS = timedelta(days=7)
"""How long what a run keeps in its channel lasts after its end, unless `execute` is told otherwise.
"""

BUFFER = 256
"""How many events may wait for the consumer of a stream, unless it is told otherwise."""

MAX_WORKERS = 32
"""How many tasks may run at the same time, unless `execute` is told otherwise."""


class RunKeywords(TypedDict, total=False):
    """Keywords that all runs take; `Workflow.execute` explains them."""

    executor: ExecutorSource | None
    progress: bool
    observers: Sequence[AnyObserver]


class ExecuteKeywords(RunKeywords, total=False):
    """Keywords of `Workflow.execute`."""

    checkpoint: str | PathLike[str] | None
    run_id: str | None
    keep: Seconds | None


class ResumeKeywords(RunKeywords, total=False):
    """Keywords of `Workflow.resume`."""

    max_workers: int | None
    keep: Seconds | None


class ContinueKeywords(ResumeKeywords, total=False):
    """Keywords of `Workflow.run`."""

    run_id: str | None


@dataclass(frozen=True)
class Options:
    """The options of a run; `Workflow.execute` explains them.

    Beside those, `notes` says whether to note what happens to tasks even if no channel is to know.
    """

    executor: ExecutorSource | None
    max_workers: int | None
    progress: bool
    observers: Sequence[AnyObserver]
    checkpoint: str | PathLike[str] | None
    run_id: str | None
    keep: int | None
    notes: bool = False

    def check(self, workflow: str) -> None:
        """Check the options.

        Args:
            workflow: The workflow's name, for messages.

        Raises:
            WorkflowTypeError, WorkflowValueError: One of them is invalid.
        """
        if self.run_id is not None:
            check_text(self.run_id, "run id")
        number = self.max_workers
        if number is None:
            return
        if isinstance(number, bool) or not isinstance(number, int):
            raise WorkflowTypeError(
                f"max_workers must be an int, not {type(number).__name__}", workflow=workflow
            )
        if number < 1:
            raise WorkflowValueError(
                f"max_workers must be at least 1, not {number}", workflow=workflow
            )


def lasting(keep: Seconds | None, workflow: str) -> int | None:
    """Return `keep` in ms; `None` for ever.

    Raises:
        WorkflowTypeError, WorkflowValueError: It is not a time.
    """
    try:
        return None if keep is None else milliseconds(keep, "keep", or_zero=True)
    except ChannelTypeError as error:
        raise WorkflowTypeError(str(error), workflow=workflow) from error
    except ChannelValueError as error:
        raise WorkflowValueError(str(error), workflow=workflow) from error
