"""`TaskNode`: a task in the graph of a workflow, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TaskNode", "counted"]


@dataclass(frozen=True, slots=True)
class TaskNode:
    """A task in the graph of a workflow.

    Attributes:
        task_id: The task's id.
        after: The ids of the tasks that it waits for, in the order of their definition.
        stage: How many tasks the longest way to it has, >= 0: those of stage 0 wait for nothing,
            and those of one stage never wait for each other.
        max_retries: How often it is retried, >= 0.
        retry_delay: Seconds before the first retry; each pause is twice as long as the last.
        atomic: Whether what it writes happens together with its result.
        bound: The names of the parameters that were given values.
        doc: The first line of the function's docstring, at most 1,000 characters of it; empty if
            there is none.
    """

    task_id: str
    after: tuple[str, ...]
    stage: int
    max_retries: int
    retry_delay: float
    atomic: bool
    bound: tuple[str, ...]
    doc: str


def counted(tasks: int) -> str:
    """Say how many tasks there are."""
    return f"{tasks or 'no'} task{'' if tasks == 1 else 's'}"
