"""A run, packed for other processes."""

from __future__ import annotations

import pickle
import zlib
from dataclasses import replace
from typing import Any, NamedTuple

from graflow.core.state.run_state import RunState
from graflow.core.task.pickling import dumps
from graflow.core.task.task import Task
from graflow.core.travel.blame import blame
from graflow.core.travel.mailbox import Mailbox
from graflow.core.travel.marks import Marks
from graflow.exceptions import ExtraMissingError, WorkflowTypeError

__all__ = ["Parcel", "pack_run", "unpack_run"]


class Parcel(NamedTuple):
    """A run, as it is sent to workers.

    Attributes:
        run: The unique id of the run on this executor.
        packed: The tasks, the channel and the marks, pickled.
        marks: Show which submissions have begun.
        mailbox: Where its tasks put the values that they emit; `None` if nobody watches.
    """

    run: str
    packed: bytes
    marks: Marks
    mailbox: Mailbox | None = None


def pack_run(state: RunState, marks: Marks) -> bytes:
    """Return everything that a worker has to know about a run.

    Raises:
        ExtraMissingError: cloudpickle is not installed.
        WorkflowTypeError: A task can't be pickled; the message names it.
    """
    tasks, workflow = dict(state.tasks), state.workflow_name
    whole = (replace(state, tasks=tasks, metadata={}, trail=None), marks)
    try:
        packed = dumps(whole)
    except ExtraMissingError:
        raise
    except Exception as error:
        for task in tasks.values():
            _check_travels(task, workflow)
        raise WorkflowTypeError(
            f"workflow {workflow!r} can't be sent to another process: {error}", workflow=workflow
        ) from error
    return zlib.compress(packed, 1)


def _check_travels(task: Task[..., Any], workflow: str) -> None:
    try:
        dumps(task)
    except Exception as error:
        what = blame(task.function) or blame(dict(task.bound))
        what = f" because of {what}" if what else ""
        raise WorkflowTypeError(
            f"task {task.task_id!r} can't be sent to another process{what}: {error}; have the task "
            "make what it needs while it runs",
            workflow=workflow,
        ) from error


def unpack_run(packed: bytes) -> tuple[RunState, Marks]:
    """Return a packed run's state and marks."""
    unpacked: tuple[RunState, Marks] = pickle.loads(zlib.decompress(packed))
    return unpacked
