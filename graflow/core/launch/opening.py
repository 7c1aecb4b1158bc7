"""The opening of a run: its channel, and the values that it begins with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graflow.channels.backend.until_crash import BackendUntilCrash
from graflow.channels.base import Channel
from graflow.channels.keyed import KeyedChannel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.per_run import PerRun
from graflow.channels.typed import TypedChannel
from graflow.core.state.results import Results
from graflow.core.state.run_state import RunState
from graflow.core.task.task import Task
from graflow.exceptions import WorkflowTypeError
from graflow.system.crashes import planned

__all__ = ["ChannelSource", "check_source", "fill", "open_run"]

ChannelSource: TypeAlias = Channel | Callable[[str], Channel]
"""A channel, or a function from a run's id to that run's channel."""


def check_source(source: ChannelSource | None, workflow: str) -> None:
    """Check what a workflow named `workflow` was given as the source of its channels.

    Raises:
        WorkflowTypeError: It is none.
    """
    if source is not None and not isinstance(source, Channel) and not callable(source):
        raise WorkflowTypeError(
            "channel must be a Channel, or a function that gets a run's id and returns "
            f"one, not {_told(source)}",
            workflow=workflow,
        )


def open_run(
    workflow: str, source: ChannelSource | None, tasks: Mapping[str, Task[..., Any]], run_id: str
) -> RunState:
    """Return a run on the channel that its workflow has for it.

    Args:
        workflow: The workflow's name.
        source: Where the channel is from; `None` for a new one in memory.
        tasks: The tasks by their ids.
        run_id: The unique id of the run.

    Raises:
        WorkflowTypeError: The source returned something other than a channel.
        Crash: A test has let this process crash.
    """
    crash = planned()
    if crash is not None:
        crash.check()
    made = MemoryChannel(workflow) if source is None else source
    channel = made if isinstance(made, Channel) else made(run_id)
    if not isinstance(channel, Channel):
        raise WorkflowTypeError(
            "the function that makes the channel of a run must return a Channel, not "
            f"{_told(channel)}",
            workflow=workflow,
        )
    if crash is not None:
        mortal = BackendUntilCrash(channel.backend, crash)
        mortal.wake_when_it_happens()
        channel = channel.on(mortal)
    alone = source is None or isinstance(source, PerRun)
    results = Results(channel, None if alone else run_id)
    return RunState(
        run_id,
        workflow,
        channel,
        tasks,
        results,
        is_registered=source is not None,
        crash=crash,
    )


def fill(state: RunState, values: object) -> None:
    """Put the values that a run begins with into its channel, results among them.

    Raises:
        WorkflowTypeError: They are not in a mapping.
        ChannelError: One of them can't be stored; nothing was.
    """
    if not isinstance(values, Mapping):
        raise WorkflowTypeError(
            f"initial_channel takes a mapping of keys to values, not a "
            f'{type(values).__name__}; to choose the channel write workflow("name", '
            "channel=...)",
            workflow=state.workflow_name,
        )
    state.channel.set_many(state.results.given(values))


def _told(channel: object) -> str:
    """Return the type given in place of a channel and, if possible, what to give instead."""
    if isinstance(channel, TypedChannel | KeyedChannel):
        kind = "typed" if isinstance(channel, TypedChannel) else "keyed"
        return (
            f"{type(channel).__name__}; pass its `channel`, and name the schema in the task: "
            f"ctx.get_{kind}_channel(...)"
        )
    if isinstance(channel, str):
        return "str; `ChannelFactory.from_url` opens the channel that a URL names"
    return type(channel).__name__
