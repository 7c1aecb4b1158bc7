"""`@task`: functions made into tasks."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, Concatenate, Literal, NamedTuple, ParamSpec, Protocol, TypeVar, overload

from graflow.channels.arguments import MISSING, Seconds
from graflow.channels.schema import variables_around
from graflow.core.context import TaskExecutionContext
from graflow.core.task.composition import open_graphs
from graflow.core.task.retries import Retries, check_retries
from graflow.core.task.signature import TaskSignature
from graflow.core.task.task import Task, check_text
from graflow.exceptions import WorkflowTypeError, WorkflowValueError
from graflow.system.annotations import annotations_of, names_in, signature_of

__all__ = ["ContextTaskDecorator", "TaskDecorator", "task"]

P = ParamSpec("P")
R = TypeVar("R")


class TaskDecorator(Protocol):
    """The type of `@task(...)`: a decorator of functions with any parameters."""

    def __call__(self, function: Callable[P, R], /) -> Task[P, R]:
        """Make a task of `function`."""


class ContextTaskDecorator(Protocol):
    """The type of `@task(inject_context=True)`: the first parameter is the context."""

    def __call__(
        self, function: Callable[Concatenate[TaskExecutionContext, P], R], /
    ) -> Task[Concatenate[TaskExecutionContext, P], R]:
        """Make a task of `function`."""


@overload
def task(function: Callable[P, R], /) -> Task[P, R]: ...
@overload
def task(
    task_id: str | None = ...,
    *,
    inject_context: Literal[False] = ...,
    max_retries: int = ...,
    retry_delay: Seconds = ...,
    atomic: bool = ...,
) -> TaskDecorator: ...
@overload
def task(
    task_id: str | None = ...,
    *,
    inject_context: Literal[True],
    max_retries: int = ...,
    retry_delay: Seconds = ...,
    atomic: bool = ...,
) -> ContextTaskDecorator: ...
@overload
def task(
    *,
    id: str | None,
    inject_context: Literal[False] = ...,
    max_retries: int = ...,
    retry_delay: Seconds = ...,
    atomic: bool = ...,
) -> TaskDecorator: ...
@overload
def task(
    *,
    id: str | None,
    inject_context: Literal[True],
    max_retries: int = ...,
    retry_delay: Seconds = ...,
    atomic: bool = ...,
) -> ContextTaskDecorator: ...
def task(
    target: Any = MISSING,
    /,
    *,
    task_id: str | None = None,
    id: str | None = None,
    inject_context: bool = False,
    max_retries: int = 0,
    retry_delay: Seconds = 1.0,
    atomic: bool = False,
) -> Task[..., Any] | Callable[[Callable[..., Any]], Task[..., Any]]:
    """Make a task of a function: `@task`, `@task("id")`, `@task(task_id="id", ...)`.

    The function may be sync or `async def`. Its parameters take their values from the arguments
    bound when the task is called, then from the channel key of the same name, then from their
    defaults. The return value is stored under `{id}.__result__`; it is checked against the
    return annotation if that can be the schema of a typed channel.

    A function decorated inside `with workflow(...)` joins that workflow, unless it is only
    called there to make other tasks.

    Args:
        target: The function, or the task's id.
        task_id: The task's id; by default the function's name.
        id: The same as `task_id`.
        inject_context: Whether the function gets the `TaskExecutionContext` as its first
            argument.
        max_retries: How often a run retries the task if it raises an `Exception` or its worker
            dies. A result stored by an earlier attempt is removed when the next one begins.
            Values above 0 need `graflow[retries]`.
        retry_delay: Seconds or `timedelta` before the second attempt, >= 0. The delay doubles
            with every further attempt, up to a minute. A random extra of up to `retry_delay` is
            added each time.
        atomic: Whether what the task writes through its context happens together with its result:
            all of it, or none, and once in each run, also through retries and kills. If others
            change what it has read, its parameters included, the function is called again, up to
            20 times in each attempt. A lock can't be taken in such a task. See
            docs/transactions.md.

    Raises:
        ExtraMissingError: Retries are requested, but tenacity is not installed.
        WorkflowTypeError: The target can't be a task (the message says what can), or the id was
            given twice.
        WorkflowValueError: The id is empty or missing.
        DuplicateTaskError: The enclosing workflow has another task with this id.
    """
    options = _Options(inject_context, check_retries(max_retries, retry_delay), bool(atomic))
    if target is MISSING or isinstance(target, str):
        chosen = _choose_id({"": target, "task_id=": task_id, "id=": id})

        def decorate(function: Callable[..., Any]) -> Task[..., Any]:
            return _make_task(function, chosen, options, sys._getframe(1))

        return decorate
    if task_id is not None or id is not None or any(options):
        raise WorkflowTypeError(
            "write only the options, as in @task(task_id=..., inject_context=True)"
        )
    return _make_task(target, None, options, sys._getframe(1))


class _Options(NamedTuple):
    """How a function becomes a task; `task` explains them."""

    inject_context: bool
    retries: Retries | None
    atomic: bool


def _choose_id(ways: Mapping[str, Any]) -> str | None:
    """Return the id, in whichever way it was given; `None` if it was not.

    Args:
        ways: The given values, by how a user writes them.
    """
    given = {how: text for how, text in ways.items() if text is not MISSING and text is not None}
    if len(given) > 1:
        shown = " and ".join(f"{how}{text!r}" for how, text in given.items())
        raise WorkflowTypeError(f"the task has two ids: {shown}")
    return next((check_text(text, "task id") for text in given.values()), None)


def _make_task(
    function: Callable[..., Any],
    task_id: str | None,
    options: _Options,
    frame: FrameType,
) -> Task[..., Any]:
    _check_function(function)
    if task_id is None:
        task_id = _name(function)
    if not options.inject_context:
        _check_no_context(function)
    signature = TaskSignature(
        function, inject_context=options.inject_context, names=_local_names(function, frame)
    )
    made: Task[..., Any] = Task(function, task_id, signature, {}, options.retries, options.atomic)
    graphs = open_graphs.get()
    if graphs:
        graphs[-1].define(made)
    return made


def _check_function(function: object) -> None:
    if isinstance(function, Task):
        raise WorkflowTypeError(f"{function!r} is already a task; decorate it only once")
    if isinstance(function, type) or not callable(function):
        kind = "the class" if isinstance(function, type) else type(function).__name__
        name = getattr(function, "__name__", "")
        raise WorkflowTypeError(
            f"@task goes above a function, not above {f'{kind} {name}'.strip()}; "
            'to name a task write @task("name")'
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise WorkflowTypeError(
            f"{_name(function)!r} is a generator function, and what it yields can't be stored; "
            "return a list, or append to the channel"
        )
    if _is_method(function):
        raise WorkflowTypeError(
            f"{_name(function)!r} is a method without an object to call it on; make a task of "
            'the bound method, as in task("name")(object.method)'
        )


def _check_no_context(function: Callable[..., Any]) -> None:
    for name, annotation in annotations_of(function).items():
        if annotation is TaskExecutionContext or annotation == TaskExecutionContext.__name__:
            raise WorkflowTypeError(
                f"{_name(function)!r} would not get its {name!r}: to get the context, write "
                "@task(inject_context=True)"
            )


def _is_method(function: Callable[..., Any]) -> bool:
    """Tell whether a function is being defined in the body of a class, to get its `self`."""
    if not inspect.isfunction(function):
        return False
    owner = function.__qualname__.rpartition(".")[0]
    parameters = list(signature_of(function).parameters)
    return bool(owner) and not owner.endswith("<locals>") and parameters[:1] == ["self"]


def _name(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", "")
    if not isinstance(name, str) or not name.isidentifier():
        raise WorkflowValueError(
            f'{function!r} does not have a name; give the task an id: task("id")(...)'
        )
    return name


def _local_names(function: Callable[..., Any], frame: FrameType) -> dict[str, Any]:
    """Return those variables around the function's `def` that its string annotations name.

    Args:
        function: Any callable.
        frame: Where it is made a task, which may be anywhere.
    """
    function = inspect.unwrap(function)
    named = set().union(*map(names_in, annotations_of(function).values()))
    if not named:
        return {}
    found = variables_around(function)
    if frame.f_code.co_qualname == getattr(function, "__qualname__", "").rpartition(".")[0]:
        found |= frame.f_locals  # of the class that it is defined in
    return {name: found[name] for name in named if name in found}
