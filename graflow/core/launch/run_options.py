"""Options of a run, as `Workflow.execute` and `Workflow.resume` take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TypedDict

from graflow.core.run.observers import RunObserver
from graflow.core.travel.executors import ExecutorSource
from graflow.exceptions import WorkflowTypeError, WorkflowValueError

__all__ = ["MAX_WORKERS", "ExecuteKeywords", "Options", "ResumeKeywords", "RunKeywords"]

MAX_WORKERS = 32
"""How many tasks may run at the same time, unless `execute` is told otherwise."""


class RunKeywords(TypedDict, total=False):
    """Keywords that all runs take; `Workflow.execute` explains them."""

    executor: ExecutorSource | None
    progress: bool
    observers: Sequence[RunObserver]


class ExecuteKeywords(RunKeywords, total=False):
    """Keywords of `Workflow.execute`."""

    checkpoint: str | PathLike[str] | None


class ResumeKeywords(RunKeywords, total=False):
    """Keywords of `Workflow.resume`."""

    max_workers: int | None


@dataclass(frozen=True)
class Options:
    """The options of a run; `Workflow.execute` explains them."""

    executor: ExecutorSource | None
    max_workers: int | None
    progress: bool
    observers: Sequence[RunObserver]
    checkpoint: str | PathLike[str] | None

    def check(self, workflow: str) -> None:
        """Check the options.

        Args:
            workflow: The workflow's name, for messages.

        Raises:
            WorkflowTypeError, WorkflowValueError: One of them is invalid.
        """
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
