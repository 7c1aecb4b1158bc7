"""The state of a run, shared by its tasks, whatever runs them, and its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graflow.channels.base import Channel
from graflow.core.state.results import Results
from graflow.core.task.task import Task

__all__ = ["RunState"]


@dataclass(frozen=True)
class RunState:
    """One run; contexts show it to the tasks.

    Attributes:
        run_id: The unique id of the run.
        workflow_name: The name of the workflow.
        channel: The channel that the tasks share.
        tasks: The tasks by their ids.
        results: The results of the tasks, in the channel.
        metadata: What unfinished tasks have passed to `ctx.checkpoint`, encoded, by task id.
    """

    run_id: str
    workflow_name: str
    channel: Channel
    tasks: Mapping[str, Task[..., Any]]
    results: Results
    metadata: dict[str, bytes | None] = field(default_factory=dict)
