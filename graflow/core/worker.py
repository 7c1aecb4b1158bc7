"""What runs where the tasks of a run have travelled to: one attempt at one task at a time."""

from __future__ import annotations

import asyncio
import pickle
import zlib
from collections import OrderedDict
from threading import Lock
from traceback import format_exception
from typing import Any, NamedTuple

from graflow.core.context import ExecutionContext
from graflow.core.extras import require
from graflow.core.marks import Marks
from graflow.core.portable_types import dumps
from graflow.core.task import Task
from graflow.exceptions import ExtraMissingError, WorkflowTypeError, portable

__all__ = ["Outcome", "Parcel", "Reply", "pack_run", "perform", "raised"]

_KEPT_RUNS = 4


class Outcome:
    """How an attempt ended, in a `Reply`."""

    DONE = "done"
    FAILED = "failed"
    CRASHED = "crashed"
    REPEATED = "repeated"
    UNKNOWN = "unknown"


class Reply(NamedTuple):
    """What a worker answers; it is small and can be unpickled anywhere.

    Attributes:
        outcome: One of the `Outcome`s: the task is done, it raised an `Exception` or something
            else, an earlier worker began with this attempt, or the run is not known here.
        data: The metadata of a checkpoint, or the exception, pickled.
    """

    outcome: str
    data: bytes | None = None


class Parcel(NamedTuple):
    """A run, as workers get to know it.

    Attributes:
        run: Tells it from all others.
        packed: The tasks, the channel and the marks, pickled.
        marks: Tell which submissions have begun.
    """

    run: str
    packed: bytes
    marks: Marks


class _Runs:
    """The runs that this process knows: the last few."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[ExecutionContext, Marks]] = OrderedDict()

    def find(self, run: str, packed: bytes | None) -> tuple[ExecutionContext, Marks] | None:
        with self._lock:
            found = self._known.get(run)
            if found is None:
                if packed is None:
                    return None
                found = self._known[run] = _unpack_run(packed)
            self._known.move_to_end(run)
            if len(self._known) > _KEPT_RUNS:
                self._known.popitem(last=False)
            return found


_runs = _Runs()


def pack_run(context: ExecutionContext, marks: Marks) -> bytes:
    """Return all that a worker has to know of a run.

    Raises:
        ExtraMissingError: cloudpickle is not installed.
        WorkflowTypeError: A task can't be pickled; the message names it.
    """
    tasks, workflow = dict(context._tasks), context.workflow_name
    whole = (tasks, context.get_channel(), context.run_id, workflow, marks)
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
        raise WorkflowTypeError(
            f"task {task.task_id!r} can't be sent to another process: {error}; let it make what "
            "it needs while it runs",
            workflow=workflow,
        ) from error


def _unpack_run(packed: bytes) -> tuple[ExecutionContext, Marks]:
    tasks, channel, run_id, workflow, marks = pickle.loads(zlib.decompress(packed))
    context = ExecutionContext(channel, run_id=run_id, workflow_name=workflow, tasks=tasks)
    marks.attend()
    return context, marks


def perform(run: str, task_id: str, serial: int, packed: bytes | None) -> Reply:
    """Make one attempt at a task, whose result goes into the channel.

    Args:
        run: Tells the run from all others.
        task_id: The id of the task.
        serial: The number of this submission among those of the run.
        packed: All there is to know of the run, if it may not be known here.
    """
    try:
        found = _runs.find(run, packed)
        if found is None:
            return Reply(Outcome.UNKNOWN)
        context, marks = found
        if not marks.take(serial):
            return Reply(Outcome.REPEATED)
        try:
            context._tasks[task_id]._perform(context)
            return Reply(Outcome.DONE, context._wishes.pop(task_id, None))
        finally:
            marks.drop(serial)
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - a task's own
        return Reply(Outcome.FAILED, _pack_error(error))
    except BaseException as error:  # noqa: BLE001 - raised where the run was started
        return Reply(Outcome.CRASHED, _pack_error(error))


def _pack_error(error: BaseException) -> bytes:
    cloudpickle = require("cloudpickle", "processes", "an executor outside this process")
    told = "".join(format_exception(error))
    _drop_tracebacks(error)
    try:
        sent = cloudpickle.dumps(error)
        pickle.loads(sent)
    except Exception:  # noqa: BLE001 - whatever the exception's own code raises
        sent = pickle.dumps(portable(error))
    return pickle.dumps((sent, told))


def _drop_tracebacks(error: BaseException | None) -> None:
    """Let no traceback travel, as they do where Dask is, and then hold on to whole stacks."""
    while error is not None and error.__traceback__ is not None:
        error.__traceback__ = None
        if isinstance(error, BaseExceptionGroup):
            for part in error.exceptions:
                _drop_tracebacks(part)
        _drop_tracebacks(error.__cause__)
        error = error.__context__


def raised(data: bytes) -> BaseException:
    """Return what a task raised elsewhere, with the traceback from there as a note."""
    sent, told = pickle.loads(data)
    try:
        error: BaseException = pickle.loads(sent)
        if isinstance(error, SystemExit) and error.args:
            error.code = error.args[0]  # it gets lost where Dask has changed how pickle does it
        error.add_note(f"\nIn the worker:\n{told}")
    except Exception:  # noqa: BLE001 - its class may not be known here
        return RuntimeError(told)
    return error
