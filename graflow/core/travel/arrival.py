"""A probe sent to an executor before a run, to check that its tasks can be used there."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from concurrent.futures import BrokenExecutor, CancelledError
from typing import Any, TypeAlias

from graflow.core.run.delays import wait_until_done
from graflow.core.state.run_state import RunState
from graflow.core.task.hint import Hint
from graflow.core.task.pickling import dumps
from graflow.core.task.task import Task
from graflow.core.travel.executors import Pool
from graflow.core.travel.known_runs import KNOWN_RUNS
from graflow.core.travel.parcel import Parcel
from graflow.exceptions import WorkflowTypeError
from graflow.system.packed_errors import describe

__all__ = ["check_arrival"]

_Problems: TypeAlias = list[tuple[str, str, str]]
"""Annotations that can't be resolved there: the task's id, the parameter, and why."""


def check_arrival(pool: Pool, parcel: Parcel, state: RunState) -> None:
    """Check that the tasks of a run can be used where the executor runs them.

    On this machine, this also starts the executor's processes.

    Raises:
        WorkflowTypeError: They can't; the message names a task, and what is missing there.
    """
    tasks, workflow = state.tasks, state.workflow_name
    asked = min(pool.size(), len(tasks)) if pool.is_near() else 1
    try:
        futures = [
            pool.submit(_arrive, parcel.run, parcel.packed, not number) for number in range(asked)
        ]
        wait_until_done(futures[:1])
        problems: str | _Problems = futures[0].result()
    except (BrokenExecutor, CancelledError):
        return  # as the run will find out
    except Exception as error:
        raise WorkflowTypeError(
            f"the tasks of workflow {workflow!r} can't be sent to the executor's processes: "
            f"{describe(error)}",
            workflow=workflow,
        ) from error
    if isinstance(problems, str):
        told = _told_of_task(pool, tasks.values()) or f"the tasks can't be used there: {problems}"
        raise WorkflowTypeError(_message(told, workflow), workflow=workflow)
    for task_id, name, problem in problems:
        if not _hint(tasks[task_id], name).problem:
            told = (
                f"the annotation of {name!r} of task {task_id!r} can't be resolved there: {problem}"
            )
            raise WorkflowTypeError(_message(told, workflow), workflow=workflow)


def _message(told: str, workflow: str) -> str:
    return (
        f"workflow {workflow!r} can't run on this executor, as {told}; put what is missing into a "
        "module that its processes can import"
    )


def _told_of_task(pool: Pool, tasks: Iterable[Task[..., Any]]) -> str:
    """Return which task can't be used there, and why; empty if each can be on its own."""
    alone = [(task.task_id, dumps(task)) for task in tasks]
    answer = pool.submit(_arrive_alone, alone)
    wait_until_done([answer])
    return str(answer.result())


def _arrive(run: str, packed: bytes, thorough: bool) -> str | _Problems:
    """Return why a run can't be unpacked here, or which annotations can't be resolved here."""
    try:
        known = KNOWN_RUNS.enter(run, packed)
    except Exception as error:  # noqa: BLE001 - whatever the tasks' own code raises
        return describe(error)
    if known is None:
        return []
    try:
        return _problems(known.state.tasks) if thorough else []
    finally:
        KNOWN_RUNS.leave(run, known)


def _problems(tasks: Mapping[str, Task[..., Any]]) -> _Problems:
    found: _Problems = []
    seen: set[int] = set()
    for task in tasks.values():
        signature = task.signature
        if id(signature) not in seen:  # tasks of one function share it
            seen.add(id(signature))
            for name in (*signature.hints, "return"):
                problem = _hint(task, name).problem
                if problem:
                    found.append((task.task_id, name, problem))
    return found


def _hint(task: Task[..., Any], name: str) -> Hint:
    signature = task.signature
    return signature.result if name == "return" else signature.hints[name]


def _arrive_alone(tasks: list[tuple[str, bytes]]) -> str:
    """Return which task can't be unpacked in this process, and why; empty if all can."""
    for task_id, packed in tasks:
        try:
            pickle.loads(packed)
        except Exception as error:  # noqa: BLE001 - whatever the task's own code raises
            return f"task {task_id!r} can't be used there: {describe(error)}"
    return ""
