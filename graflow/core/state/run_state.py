"""The state of a run, shared by its tasks, whatever runs them, and its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graflow.channels.backend import Fence
from graflow.channels.base import Channel
from graflow.core.history.trail import Trail
from graflow.core.state.emitter import Emitter
from graflow.core.state.results import Results
from graflow.core.task.task import Task
from graflow.system.crashes import PlannedCrash

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
        is_registered: Whether the channel is to know of the run, as others may use it too.
        metadata: What unfinished tasks have passed to `ctx.checkpoint`, encoded, by task id.
        emitter: Where values go that tasks emit; `None` if nobody watches.
        trail: What happens to the tasks, in the process that runs the workflow; `None` elsewhere,
            and in a run that nobody has noted.
        crash: The crash that a test has planned for the run; `None` outside such tests.
    """

    run_id: str
    workflow_name: str
    channel: Channel
    tasks: Mapping[str, Task[..., Any]]
    results: Results
    is_registered: bool = False
    metadata: dict[str, bytes | None] = field(default_factory=dict)
    emitter: Emitter | None = None
    trail: Trail | None = None
    crash: PlannedCrash | None = None

    def under(self, fence: Fence, lifetime: int | None) -> RunState:
        """Return the run with a channel that writes nothing once a fence is passed.

        Args:
            fence: The fence.
            lifetime: ms that the run's own results last; `None` for ever.
        """
        return self.on(self.channel.on(self.channel.backend.fenced(fence)), lifetime)

    def on(self, channel: Channel, lifetime: int | None = None) -> RunState:
        """Return the run on another handle on its channel."""
        return replace(self, channel=channel, results=self.results.on(channel, lifetime))

    def with_emitter(self, emitter: Emitter) -> RunState:
        """Return the run with another place where values go that tasks emit."""
        other = object.__new__(RunState)  # in a third of the time that `replace` takes
        vars(other).update(vars(self), emitter=emitter)
        return other
