"""An attempt at a task: its arguments, the call of its function, and its result."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from functools import partial
from inspect import Parameter
from types import CoroutineType
from typing import Any, TypeAlias

from graflow.channels.codec.codec import Record
from graflow.channels.codec.stand_ins import without_stand_ins
from graflow.channels.operation.attempts import Limits
from graflow.channels.overlay.transacting import transact
from graflow.channels.transactions import Transaction
from graflow.core.context import TaskExecutionContext
from graflow.core.state.missing import missing
from graflow.core.state.results import mark_key
from graflow.core.state.run_state import RunState
from graflow.core.task.hint import Hint
from graflow.core.task.task import Task
from graflow.exceptions import (
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
    ResultTypeError,
    WorkflowTypeError,
)

__all__ = ["ATOMIC_ATTEMPTS", "RunCoroutine", "begin", "keep", "make_attempt"]

ATOMIC_ATTEMPTS = 20
"""How often an attempt at an atomic task calls its function, if others write in between."""

RunCoroutine: TypeAlias = Callable[[Task[..., Any], Coroutine[Any, Any, Any]], Any]
"""Runs the coroutine of an attempt at a task to its end, and returns what that returns."""

_NOTHING = object()


def make_attempt(
    task: Task[..., Any], state: RunState, run: RunCoroutine, *, again: bool
) -> Record | CoroutineType[Any, Any, Any]:
    """Make an attempt at a task, and return the record of its result.

    If the function returns a coroutine, and the task is not atomic, that is returned instead, and
    `keep` has to store its result.

    Args:
        task: The task.
        state: What all parts of the run share.
        run: Called if the task is atomic.
        again: Whether an earlier attempt may have stored a result, which is then removed.

    Raises:
        ChannelConflictError: Others kept changing what an atomic task had read.
        BaseException: As for `begin` and `keep`.
    """
    if task.atomic:
        return _perform_atomic(task, state, run)
    value = begin(task, state, again=again)
    return value if isinstance(value, CoroutineType) else keep(task, state, value)


def begin(task: Task[..., Any], state: RunState, *, again: bool) -> Any:
    """Call the function of a task in a run, and return what it returns.

    An `async def` function returns a coroutine, whose result is that of the task.

    Args:
        task: The task.
        state: What all parts of the run share.
        again: As for `make_attempt`.

    Raises:
        MissingParameterError: There is no value for a parameter.
        BaseException: What the function raises.
    """
    if again:
        state.results.forget(task.task_id)
    arguments = task.bound
    if task.unbound:
        found = {each.name: _look_up(each, task, state) for each in task.unbound}
        arguments = {**arguments, **found}
    if task.signature.injects:
        context = TaskExecutionContext.of_task(task.task_id, state)
        return task.signature.call((context,), arguments)
    return task.signature.call((), arguments)


def keep(task: Task[..., Any], state: RunState, value: object) -> Record:
    """Store what a task returned, and return the record that was stored.

    Raises:
        ResultTypeError: The value can't be stored, or does not fit the return annotation.
    """
    hint = task.signature.result
    try:
        return state.results.keep(task.task_id, value, hint)
    except (ChannelTypeError, ChannelValueError, ChannelValidationError) as error:
        raise ResultTypeError(
            f"the result of task {task.task_id!r} can't be stored: {error}{_advice(hint)}",
            task=task.task_id,
        ) from error


def _perform_atomic(task: Task[..., Any], state: RunState, run: RunCoroutine) -> Record:
    """Make an attempt at an atomic task: what it writes happens together with its result.

    With the result goes a mark. Whoever finds the mark does nothing but return the result: another
    attempt, when the news that this one was done got lost, or a worker that was thought dead.
    """
    backend = state.channel.backend
    mark = mark_key(state.run_id, task.task_id)

    def attempt(transaction: Transaction) -> Record:
        done = transaction.backend.get(mark)
        if done is not None:
            return done
        inside = state.on(transaction)
        value = begin(task, inside, again=False)
        if isinstance(value, CoroutineType):
            value = run(task, value)
        record = keep(task, inside, without_stand_ins(value))
        transaction.backend.put(mark, record, state.results.lifetime)
        return record

    limits = Limits(math.inf, ATOMIC_ATTEMPTS)
    steps = transact(partial(Transaction, backend), attempt, limits, backend.name)
    record: Record = backend.perform(steps)
    return record


def _look_up(parameter: Parameter, task: Task[..., Any], state: RunState) -> Any:
    """Return the value of a parameter from the channel, or its default."""
    name, task_id, channel = parameter.name, task.task_id, state.channel
    hint = task.signature.hints[name]
    if hint.problem and channel.exists(name):
        raise WorkflowTypeError(
            f"can't check the channel's {name!r}, which is a parameter of task {task_id!r}: "
            f"{hint.problem}; bind a value, or change the annotation"
        )
    try:
        value = hint.read(channel, name, _NOTHING)
    except ChannelValidationError as error:
        where = "takes its value from the channel key of its name, as none is bound"
        error.args = (f"parameter {name!r} of task {task_id!r} {where}: {error}",)
        raise
    if value is not _NOTHING:
        return value
    if parameter.default is not Parameter.empty:
        return parameter.default
    raise missing(name, task_id, state)


def _advice(hint: Hint) -> str:
    if hint.schema is not None:
        return "; return what the annotation says, or change the annotation"
    advice = (
        "; return plain data, or annotate the return type: a TypedDict, a dataclass, a pydantic "
        "model"
    )
    return f"{advice} ({hint.problem})" if hint.problem else advice
