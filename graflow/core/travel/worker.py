"""The worker's side of a run: one attempt at one task at a time."""

from __future__ import annotations

import pickle
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from functools import partial
from traceback import format_exception
from types import CoroutineType
from typing import Any, NamedTuple, TypeVar

from graflow.channels.codec.codec import Record
from graflow.core.run.attempt import keep, make_attempt
from graflow.core.run.failures import is_failure
from graflow.core.state.following import FOLLOWING, Luggage
from graflow.core.state.results import digest_of_result
from graflow.core.state.run_state import RunState
from graflow.core.task.pickling import dumps
from graflow.core.task.task import Task
from graflow.core.travel.known_runs import KNOWN_RUNS, KnownRun
from graflow.exceptions import UnpicklableError
from graflow.system.packed_errors import describe, pack_error, unpack_error

__all__ = ["Ending", "Reply", "perform", "raised"]

T = TypeVar("T")


class Ending:
    """How an attempt ended, in a `Reply`."""

    DONE = "done"
    FAILED = "failed"
    CRASHED = "crashed"
    REPEATED = "repeated"
    UNKNOWN = "unknown"


class Reply(NamedTuple):
    """The reply of a worker, which is small and can be unpickled anywhere.

    Attributes:
        ending: One of the `Ending`s: the task is done, it failed, it raised something that is not
            a failure, another worker has already begun this attempt, or the run is not known here.
        data: The metadata for a checkpoint, or the exception, pickled.
        digest: That of the result, if the task is done.
    """

    ending: str
    data: bytes | None = None
    digest: str | None = None


def perform(
    run: str,
    task_id: str,
    serial: int,
    packed: bytes | None,
    again: bool,
    luggage: Luggage | None = None,
) -> Reply:
    """Make one attempt at a task, and store its result in the channel.

    Args:
        run: The unique id of the run on this executor.
        task_id: The id of the task.
        serial: The number of this submission within the run.
        packed: The packed run, in case it is not known here yet.
        again: Whether an earlier attempt may have stored a result.
        luggage: What the attempt brings along, if the run is followed.
    """
    try:
        known = KNOWN_RUNS.enter(run, packed)
        if known is None:
            return Reply(Ending.UNKNOWN)
        try:
            return _attempt(known, task_id, serial, again, luggage)
        finally:
            KNOWN_RUNS.leave(run, known)
    except BaseException as error:  # noqa: BLE001 - passed on to where the run was started
        return Reply(Ending.FAILED if is_failure(error) else Ending.CRASHED, _pack_error(error))


def _attempt(
    known: KnownRun, task_id: str, serial: int, again: bool, luggage: Luggage | None
) -> Reply:
    state, marks = known.state, known.marks
    if not marks.take(serial):
        return Reply(Ending.REPEATED)
    try:
        task = state.tasks[task_id]
        with _received(luggage, task, state):
            record = _make(known, task, again)
        return Reply(Ending.DONE, state.metadata.get(task_id), digest_of_result(record))
    finally:
        state.metadata.pop(task_id, None)  # that of a failed attempt does not count
        marks.drop(serial)


def _received(
    luggage: Luggage | None, task: Task[..., Any], state: RunState
) -> AbstractContextManager[object]:
    receive = FOLLOWING.receive
    return nullcontext() if luggage is None or receive is None else receive(luggage, task, state)


def _make(known: KnownRun, task: Task[..., Any], again: bool) -> Record:
    wait_for = partial(_wait_for, known)
    made = make_attempt(task, known.state, wait_for, again=again)
    if isinstance(made, CoroutineType):
        return keep(task, known.state, wait_for(task, made))
    return made


def _wait_for(known: KnownRun, task: Task[..., Any], coroutine: Coroutine[Any, Any, T]) -> T:
    return known.loop.run(coroutine, copy_context(), task.task_id)


def _pack_error(error: BaseException) -> bytes:
    try:
        told = "".join(format_exception(error))
        _drop_tracebacks(error)
        return pickle.dumps((pack_error(error, dumps), told))
    except BaseException as problem:  # noqa: BLE001 - from the exception's own code
        told = "".join(format_exception(problem))
        kind = type(error)
        instead = UnpicklableError(
            f"{kind.__name__}, which can't be sent: {describe(problem)}",
            kind=f"{kind.__module__}.{kind.__qualname__}",
        )
        return pickle.dumps((pack_error(instead), told))


def _drop_tracebacks(error: BaseException) -> None:
    """Drop the tracebacks: where Dask is installed they can be pickled, and hold whole stacks."""
    left: list[BaseException | None] = [error]
    seen: set[int] = set()
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        BaseException.with_traceback(each, None)  # its class may forbid setting attributes
        left += each.__cause__, each.__context__
        if isinstance(each, BaseExceptionGroup):
            left += each.exceptions


def raised(data: bytes) -> BaseException:
    """Return the exception of a task elsewhere, with its traceback from there as a note."""
    packed, told = pickle.loads(data)
    error = unpack_error(packed, UnpicklableError)
    vars(error).setdefault("__notes__", []).append(f"\nIn the worker:\n{told}")
    return error
