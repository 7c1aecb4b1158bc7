"""State of a run: what its tasks, whoever runs them, and its checkpoints share."""

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
    """One run, whose contexts show it to the tasks.

    Attributes:
        run_id: The unique id of the run.
        workflow_name: The name of the workflow.
        channel: What the tasks share.
        tasks: The tasks by their ids.
        results: What the tasks returned, in the channel.
        metadata: What tasks that have not ended yet gave to `ctx.checkpoint`, encoded, by
            their ids.
    """

    run_id: str
    workflow_name: str
    channel: Channel
    tasks: Mapping[str, Task[..., Any]]
    results: Results
    metadata: dict[str, bytes | None] = field(default_factory=dict)
