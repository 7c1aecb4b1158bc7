"""Whether a checkpoint belongs to a workflow, and its channel as it was then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from graflow.channels.contents.tracking import refill
from graflow.channels.hidden_keys import belongs_to
from graflow.core.checkpoint.checkpoint import Checkpoint, Place, place_of
from graflow.core.graph.graph import Plan
from graflow.core.run.state import RunState
from graflow.exceptions import CheckpointMismatchError, TaskNotFoundError

__all__ = ["match_channel", "match_plan", "restore"]

_NAMED = 10
"""How many of the results that are lost a message names."""


def match_plan(checkpoint: Checkpoint, workflow: str, plan: Callable[[str | None], Plan]) -> Plan:
    """Return the plan of the run that the checkpoint is of.

    Args:
        checkpoint: What was saved.
        workflow: The workflow's name.
        plan: Returns what the workflow does from a task on, or all of it.

    Raises:
        CheckpointMismatchError: The run was of another workflow, or of another graph.
    """
    if checkpoint.workflow != workflow:
        _refuse(workflow, f"it is of workflow {checkpoint.workflow!r}")
    try:
        found = plan(checkpoint.start)
    except TaskNotFoundError:
        found = None
    if found is None or found.fingerprint() != checkpoint.graph:
        _refuse(workflow, "the tasks or their order have changed since it was saved")
    return found


def match_channel(checkpoint: Checkpoint, state: RunState) -> None:
    """See whether the channel is the one that the checkpoint is of.

    Raises:
        CheckpointMismatchError: It is another one, or it has lost what was in it.
    """
    channel = state.channel
    before, now = checkpoint.channel, place_of(channel)
    same = {"kind", "name", "server"} if channel.shared else {"kind"}
    if any(before[part] != now[part] for part in same):  # type: ignore[literal-required]
        _refuse(
            state.workflow_name,
            f"it is of a run on {_told(before)}, and the workflow's channel is {_told(now)}"
            + _advice(before),
        )
    if not channel.shared:
        return
    lost = state.results.missing(checkpoint.finished)
    if lost:
        more = f" and {len(lost) - _NAMED:,} more" if len(lost) > _NAMED else ""
        _refuse(
            state.workflow_name,
            f"{_told(now)} has lost results of tasks that had ended: "
            f"{', '.join(map(repr, lost[:_NAMED]))}{more}",
        )


def restore(checkpoint: Checkpoint, state: RunState, plan: Plan) -> None:
    """Bring the channel to where the checkpoint was, with no results of tasks that will run.

    What other runs have stored as theirs stays.
    """
    channel, results = state.channel, state.results
    if not channel.shared:
        contents = results.adopt(checkpoint.contents, checkpoint.finished)
        refill(channel, contents, belongs_to(state.run_id))
    to_do = plan.tasks.keys() - set(checkpoint.finished)
    for task_id in to_do.intersection(results.tasks()):
        results.forget(task_id)


def _told(place: Place) -> str:
    where = f" on {place['server']}" if place["server"] else ""
    return f"the channel {place['name']!r} of kind {place['kind']}{where}"


def _advice(before: Place) -> str:
    kind, _, home = before["server"].partition("://")
    if kind != "embedded" or Path(home).exists():
        return ""
    return (
        "; the embedded server of that run kept nothing: let it keep its data in a directory, "
        "RedisChannel.embedded(path=...), where runs are to be resumed"
    )


def _refuse(workflow: str, why: str) -> NoReturn:
    raise CheckpointMismatchError(
        f"the checkpoint does not fit workflow {workflow!r}: {why}", workflow=workflow
    )
