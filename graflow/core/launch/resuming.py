"""Resumption: a checkpoint matched against a workflow, and its channel restored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NoReturn

from graflow.channels.contents.tracking import refill
from graflow.channels.hidden_keys import belongs_to
from graflow.core.checkpoint.checkpoint import ChannelAddress, Checkpoint, address_of
from graflow.core.graph.graph import RunPlan
from graflow.core.state.run_state import RunState
from graflow.core.task.result_key import result_key
from graflow.exceptions import CheckpointMismatchError, TaskNotFoundError, WorkflowValueError

__all__ = [
    "check_values",
    "match_channel",
    "match_plan",
    "match_start",
    "match_workflow",
    "refuse",
    "restore",
]

_NAMED = 10
"""The most results that a message names."""


def match_workflow(checkpoint: Checkpoint, workflow: str) -> None:
    """Check that a checkpoint is of a run of the workflow with this name.

    Raises:
        CheckpointMismatchError: It is of another one's.
    """
    if checkpoint.workflow != workflow:
        refuse(workflow, f"it is of workflow {checkpoint.workflow!r}")


def match_start(checkpoint: Checkpoint, workflow: str, start: str | None) -> None:
    """Check that the run of a checkpoint started at the task with this id; `None` if at none.

    Raises:
        CheckpointMismatchError: It started elsewhere.
    """
    if checkpoint.start != start:
        where = "runs everything" if start is None else f"starts at task {start!r}"
        before = checkpoint.start
        state = "has finished" if checkpoint.is_finished else "has not finished"
        refuse(
            workflow,
            f"this call {where}, but the run {checkpoint.run_id!r} in it, which {state}, "
            + ("runs everything" if before is None else f"started at task {before!r}"),
        )


def check_values(values: object, finished: Collection[str], state: RunState) -> None:
    """Check that the values for a run that is resumed leave the results of finished tasks alone.

    Raises:
        WorkflowValueError: There is a result among them.
    """
    keys = values if isinstance(values, Mapping) else ()
    for task_id in finished:
        key = result_key(task_id)
        if key in keys:
            raise WorkflowValueError(
                f"initial_channel can't set {key!r} here: task {task_id!r} has finished, and a run "
                "that is resumed keeps its result",
                workflow=state.workflow_name,
            )


def match_plan(
    checkpoint: Checkpoint, workflow: str, plan: Callable[[str | None], RunPlan]
) -> RunPlan:
    """Return the plan of the run that the checkpoint belongs to.

    Args:
        checkpoint: The checkpoint.
        workflow: The workflow's name.
        plan: Returns the workflow's plan, from a given task on or as a whole.

    Raises:
        CheckpointMismatchError: The run belongs to another workflow or another graph.
    """
    match_workflow(checkpoint, workflow)
    try:
        found = plan(checkpoint.start)
    except TaskNotFoundError:
        found = None
    if found is None or found.fingerprint() != checkpoint.graph:
        refuse(workflow, "the tasks or their order have changed since it was saved")
    return found


def match_channel(checkpoint: Checkpoint, state: RunState) -> None:
    """Check that the channel is the one that the checkpoint belongs to.

    Raises:
        CheckpointMismatchError: It is a different channel, or does not hold what it held.
    """
    channel = state.channel
    before, now = checkpoint.channel, address_of(channel)
    same = {"kind", "name", "server"} if channel.shared else {"kind"}
    if any(before[part] != now[part] for part in same):  # type: ignore[literal-required]
        refuse(
            state.workflow_name,
            f"it belongs to a run on {_told(before)}, but the workflow uses {_told(now)}"
            + _advice(before),
        )
    if not channel.shared:
        return
    lost, altered = [], []
    digests = state.results.digests(checkpoint.finished)
    for task_id, digest in zip(checkpoint.finished, digests, strict=True):
        if digest is None:
            lost.append(task_id)
        elif checkpoint.digests.get(task_id, digest) != digest:
            altered.append(task_id)
    told = []
    if lost:
        told.append(f"has lost results of finished tasks: {_named(lost)}")
    if altered:
        told.append(f"holds other results of finished tasks than it did: {_named(altered)}")
    if told:
        refuse(state.workflow_name, f"{_told(now)} {', and '.join(told)}")


def restore(checkpoint: Checkpoint, state: RunState, plan: RunPlan) -> None:
    """Restore the channel to the checkpoint, without the results of tasks that will run.

    The results of other runs stay.
    """
    channel, results = state.channel, state.results
    if not channel.shared:
        contents = results.adopt(checkpoint.contents, checkpoint.finished)
        refill(channel.backend, contents, belongs_to(state.run_id))
    # What an atomic task has done it has done, even if the checkpoint does not know yet.
    finished = {*checkpoint.finished, *(each for each in plan.tasks if plan.tasks[each].atomic)}
    to_do = plan.tasks.keys() - finished
    for task_id in to_do.intersection(results.tasks()):
        results.forget(task_id)


def _named(task_ids: list[str]) -> str:
    more = f" and {len(task_ids) - _NAMED:,} more" if len(task_ids) > _NAMED else ""
    return f"{', '.join(map(repr, task_ids[:_NAMED]))}{more}"


def _told(address: ChannelAddress) -> str:
    where = f" on {address['server']}" if address["server"] else ""
    return f"the channel {address['name']!r} of kind {address['kind']}{where}"


def _advice(before: ChannelAddress) -> str:
    kind, _, home = before["server"].partition("://")
    if kind != "embedded" or Path(home).exists():
        return ""
    return (
        "; the embedded server of that run kept nothing: give it a directory for its data, "
        "RedisChannel.embedded(path=...), if runs are to be resumed"
    )


def refuse(workflow: str, why: str) -> NoReturn:
    """Refuse a checkpoint.

    Raises:
        CheckpointMismatchError: Always.
    """
    raise CheckpointMismatchError(
        f"the checkpoint does not fit workflow {workflow!r}: {why}", workflow=workflow
    )
