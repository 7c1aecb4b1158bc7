"""The return value of a run, read from its channel."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from graflow.channels.codec.codec import Record
from graflow.core.context import ExecutionContext
from graflow.core.graph.graph import RunPlan
from graflow.core.state.run_state import RunState
from graflow.exceptions import ResultNotFoundError

__all__ = ["results_of", "results_of_finished", "returned"]


def results_of(
    plan: RunPlan, state: RunState, records: Mapping[str, Record] = MappingProxyType({})
) -> dict[str, Any]:
    """Return what the last tasks of a run returned, by id.

    Args:
        plan: The tasks.
        state: The run.
        records: Results that need not be read again.
    """
    context = ExecutionContext.of_run(state)
    return {
        task.task_id: (
            task.signature.result.load(records[task.task_id])
            if task.task_id in records
            else context.get_result(task)
        )
        for task in plan.last
    }


def results_of_finished(plan: RunPlan, state: RunState) -> dict[str, Any]:
    """Return what the last tasks of a run returned that has finished before.

    Raises:
        ResultNotFoundError: The run has no such result, or none any more.
    """
    try:
        return results_of(plan, state)
    except ResultNotFoundError as error:
        raise ResultNotFoundError(
            f"run {state.run_id!r} of workflow {state.workflow_name!r} has finished before, and "
            f"nothing runs again; but it has no result of task {error.task!r}, as the channel was "
            "cleared since, or the run had other tasks. Give another run_id",
            workflow=state.workflow_name,
            task=error.task,
            available=error.available,
        ) from error


def returned(results: Mapping[str, Any], state: RunState, ret_context: bool) -> Any:
    """Return what `execute` returns, given what the last tasks have returned, by id."""
    result = next(iter(results.values())) if len(results) == 1 else results
    return (result, ExecutionContext.of_run(state)) if ret_context else result
