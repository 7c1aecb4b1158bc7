"""`Task`: a function with an id, ready to be put in order with others."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import Parameter
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from graflow.channels import arguments
from graflow.channels.codec.codec import Record
from graflow.core.graph.composition import Node, open_graphs
from graflow.core.run.retries import Retries
from graflow.core.task.signature import Signature
from graflow.core.travel.types import is_found_elsewhere
from graflow.exceptions import (
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
    MissingParameterError,
    ResultTypeError,
    WorkflowStateError,
    WorkflowTypeError,
    WorkflowValueError,
)

if TYPE_CHECKING:
    from graflow.core.context import ExecutionContext

__all__ = ["Task", "check_text"]

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)

_NOTHING = object()


def check_text(text: object, what: str) -> str:
    """Return `text` if it can be an id or a name: the rules are those of a channel's keys.

    Raises:
        WorkflowTypeError: It is no `str`.
        WorkflowValueError: It is empty, or UTF-8 can't encode it.
    """
    try:
        return arguments.check_text(text, what)
    except ChannelTypeError as error:
        raise WorkflowTypeError(str(error)) from error
    except ChannelValueError as error:
        raise WorkflowValueError(str(error)) from error


class Task(Node, Generic[P, R_co]):
    """A function with an id, made by `@task`.

    A task does not run when it is called: `fetch(task_id="fetch_a", source="api")` inside
    `with workflow(...)` makes another task of the same function, with arguments bound to it.
    `fetch.run(...)` calls the function.
    """

    def __init__(
        self,
        function: Callable[P, R_co],
        task_id: str,
        signature: Signature,
        bound: Mapping[str, Any],
        retries: Retries | None = None,
    ) -> None:
        functools.update_wrapper(self, function, updated=())
        self._function = function
        self._id = task_id
        self._signature = signature
        self._bound = bound
        self._unbound = signature.unbound(bound)
        self._retries = retries

    @property
    def task_id(self) -> str:
        """What tells the task from the others of a workflow."""
        return self._id

    def _heads(self) -> tuple[Task[..., Any], ...]:
        return (self,)

    def _tails(self) -> tuple[Task[..., Any], ...]:
        return (self,)

    def __repr__(self) -> str:
        """Show the id."""
        return f"<task {self._id!r}>"

    def run(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function and return what it returns, outside any workflow, as in a test.

        A task with `inject_context=True` needs the context as its first argument: make a
        `TaskExecutionContext`. That of an `async def` function returns a coroutine. Bound
        arguments need not be given again.
        """
        if not self._bound:
            return self._function(*args, **kwargs)
        context = args[:1] if self._signature.injects else ()
        given = self._signature.bind(args[len(context) :], kwargs)
        return self._invoke(context, {**self._bound, **given})

    def __call__(
        self, /, *args: object, task_id: str | None = None, **kwargs: object
    ) -> Task[..., R_co]:
        """Make a task of the same function in the workflow whose `with` block this is.

        Args:
            args: Values of the function's parameters, of some or all of them; the context is
                none of them. Each run gets these very objects.
            task_id: The new task's id; by default the first of `fetch_1`, `fetch_2`, ... that
                is free in the workflow.
            kwargs: More values of parameters.

        Raises:
            WorkflowStateError: There is no such block around.
            WorkflowTypeError: The function has no such parameters.
            DuplicateTaskError: The workflow has another task with this id.
        """
        graphs = open_graphs.get()
        if not graphs:
            raise WorkflowStateError(
                f"task {self._id!r} was called outside a workflow; call {self._id}.run(...) to "
                "run its function, or call it inside `with workflow(...)` to bind arguments"
            )
        try:
            bound = {**self._bound, **self._signature.bind(args, kwargs)}
        except TypeError as error:
            # Not an alias, as it is of @task: a function may well have a parameter called id.
            advice = "; to name the new task write task_id=..." if "id" in kwargs else ""
            raise WorkflowTypeError(
                f"can't bind these to task {self._id!r}: {error}{advice}"
            ) from error
        graph = graphs[-1]
        graph.make_template(self)
        new_id = graph.free_id(self._id) if task_id is None else check_text(task_id, "task_id")
        instance: Task[..., R_co] = self._variant(new_id, bound)
        graph.add(instance)
        return instance

    def _variant(self, task_id: str, bound: Mapping[str, Any]) -> Task[..., R_co]:
        """Return another task of the same function."""
        return Task(self._function, task_id, self._signature, bound, self._retries)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle a task of a module by its name, as pickle does with functions, or else whole.

        A name of `__main__` means something else in another process.
        """
        module, name = self._function.__module__, getattr(self._function, "__qualname__", "")
        original = _find(module, name)
        if original is not None and original._function is self._function:
            bound = None if original._bound is self._bound else dict(self._bound)
            return _variant_of, (module, name, self._id, bound)
        parts = (self._function, self._id, self._signature, self._bound, self._retries)
        return Task, parts

    def _begin(self, context: ExecutionContext, *, again: bool) -> R_co:
        """Call the function as part of the run of `context`, and return what it returns.

        That of an `async def` function is a coroutine, whose result is the task's.

        Args:
            context: What the task sees.
            again: Whether an earlier attempt may have stored a result, which is removed.
        """
        if again:
            context._results.forget(self._id)
        found = {parameter.name: self._look_up(parameter, context) for parameter in self._unbound}
        injected = (context._for_task(self._id),) if self._signature.injects else ()
        return self._invoke(injected, {**self._bound, **found})

    def _invoke(self, first: tuple[Any, ...], arguments: Mapping[str, Any]) -> R_co:
        args, kwargs = self._signature.call(arguments) if arguments else ((), {})
        return self._function(*first, *args, **kwargs)

    def _look_up(self, parameter: Parameter, context: ExecutionContext) -> Any:
        name, channel = parameter.name, context.get_channel()
        hint = self._signature.hints[name]
        if hint.problem and channel.exists(name):
            raise WorkflowTypeError(
                f"can't check the channel's {name!r} for the parameter of task {self._id!r}: "
                f"{hint.problem}; bind a value, or change the annotation"
            )
        value = hint.read(channel, name, _NOTHING)
        if value is not _NOTHING:
            return value
        if parameter.default is not Parameter.empty:
            return parameter.default
        raise MissingParameterError(
            f"nothing gives parameter {name!r} of task {self._id!r} a value; bind one, as in "
            f"{self._id}({name}=...), store one under the channel key {name!r} before the "
            f"task starts, as execute(initial_channel=...) does, or give it a default",
            task=self._id,
            parameter=name,
        )

    def _keep(self, context: ExecutionContext, value: object) -> Record:
        """Store the result, and return it as it is stored, for `_restore`."""
        try:
            return context._results.keep(self._id, value, self._signature.result)
        except (ChannelTypeError, ChannelValueError, ChannelValidationError) as error:
            raise ResultTypeError(
                f"what task {self._id!r} returned can't be stored: {error}{self._advice()}",
                task=self._id,
            ) from error

    def _restore(self, record: Record) -> Any:
        """Return the result as `_load` would find it."""
        return self._signature.result.load(record)

    def _advice(self) -> str:
        hint = self._signature.result
        if hint.schema is not None:
            return "; return what the annotation says, or change the annotation"
        advice = (
            "; return plain data, or annotate what the function returns: a TypedDict, a "
            "dataclass, a pydantic model"
        )
        return f"{advice} ({hint.problem})" if hint.problem else advice


def _find(module: str, name: str) -> Task[..., Any] | None:
    """Return the task that a module has under a name; `None` if there is none."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, Task) and is_found_elsewhere(module, name, found) else None


def _variant_of(
    module: str, name: str, task_id: str, bound: Mapping[str, Any] | None
) -> Task[..., Any]:
    """Return a task of the function that a module defines under a name."""
    original = attrgetter(name)(import_module(module))
    if not isinstance(original, Task):
        raise WorkflowTypeError(f"{module}.{name} is no task here, but {original!r}")
    if bound is None and task_id == original._id:
        return original
    return original._variant(task_id, original._bound if bound is None else bound)
