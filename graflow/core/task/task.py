"""`Task`: a function with an id, ready to be put in order with others."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Coroutine, Mapping
from importlib import import_module
from inspect import Parameter
from operator import attrgetter
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from graflow.channels import arguments
from graflow.channels.keys.key import Key
from graflow.core.task.composition import Node, open_graphs
from graflow.core.task.later_id import LaterId
from graflow.core.task.pickling import is_found_elsewhere
from graflow.core.task.result_key import declared_result
from graflow.core.task.retries import Retries
from graflow.core.task.signature import TaskSignature
from graflow.exceptions import (
    ChannelTypeError,
    ChannelValueError,
    WorkflowStateError,
    WorkflowTypeError,
    WorkflowValueError,
)

__all__ = ["Task", "check_text"]

P = ParamSpec("P")
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)


class _Context(Protocol):
    """What tells the context of a task from its other parameters."""

    @property
    def run_id(self) -> str: ...
    @property
    def task_id(self) -> str: ...


Others = ParamSpec("Others")
C = TypeVar("C", bound=_Context)


def check_text(text: object, what: str) -> str:
    """Return `text` if it can be an id or a name, by the rules for a channel's keys.

    Raises:
        WorkflowTypeError: It is not a `str`.
        WorkflowValueError: It is empty, or UTF-8 can't encode it.
    """
    try:
        return arguments.check_text(text, what)
    except ChannelTypeError as error:
        raise WorkflowTypeError(str(error)) from error
    except ChannelValueError as error:
        raise WorkflowValueError(str(error)) from error


class _ResultOfTask:
    """The attribute of a task that is the key of what it returns."""

    @overload
    def __get__(self, task: None, owner: object) -> Self: ...
    @overload
    def __get__(self, task: Task[..., Coroutine[Any, Any, T]], owner: object) -> Key[T]: ...
    @overload
    def __get__(self, task: Task[..., T], owner: object) -> Key[T]: ...
    def __get__(self, task: Task[..., Any] | None, owner: object) -> Any:
        """Return the key, with the type of the return annotation."""
        return self if task is None else declared_result(task.task_id, task.signature.result)


class Task(Node, Generic[P, R_co]):
    """A function with an id, made by `@task`.

    Calling a task does not run it: `fetch(task_id="fetch_a", source="api")` inside
    `with workflow(...)` makes another task of the same function, with arguments bound to it.
    `fetch.run(...)` calls the function.

    Attributes:
        function: The function.
        signature: The parameters and the return type of the function.
        bound: Values of parameters.
        unbound: The parameters that a run has to find values for.
        retries: How often a run retries the task; `None` if it does not.
        atomic: Whether what the task writes happens together with its result.
        result: The key of what the task returns, for channels with declared keys.
    """

    result = _ResultOfTask()

    function: Callable[P, R_co]
    signature: TaskSignature
    bound: Mapping[str, Any]
    unbound: tuple[Parameter, ...]
    retries: Retries | None
    atomic: bool

    def __init__(
        self,
        function: Callable[P, R_co],
        task_id: str | LaterId,
        signature: TaskSignature,
        bound: Mapping[str, Any],
        retries: Retries | None = None,
        atomic: bool = False,
    ) -> None:
        functools.update_wrapper(self, function, updated=())
        self.function = function
        self.signature = signature
        self.bound = bound
        self.unbound = signature.unbound(bound)
        self.retries = retries
        self.atomic = atomic
        self._id = task_id

    @property
    def task_id(self) -> str:
        """The task's id, unique in its workflow.

        That of a task that was called without one is settled when its workflow's `with` block ends,
        or when it is first read.
        """
        return self._id if isinstance(self._id, str) else self._id.text()

    @property
    def _stem(self) -> str:
        return self._id if isinstance(self._id, str) else self._id.stem

    def __repr__(self) -> str:
        """Show the id, without settling it."""
        if isinstance(self._id, LaterId) and self._id.is_open:
            return f"<task {self._stem!r}, called, without an id yet>"
        return f"<task {self.task_id!r}>"

    def run(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function and return its result, without a workflow, for example in a test.

        A task with `inject_context=True` needs a `TaskExecutionContext` as its first argument. For
        an `async def` function, this returns a coroutine. Bound arguments need not be given again.
        """
        if not self.bound:
            return self.function(*args, **kwargs)
        context = args[:1] if self.signature.injects else ()
        given = self.signature.bind(args[len(context) :], kwargs)
        returned: R_co = self.signature.call(context, {**self.bound, **given})
        return returned

    # The first two show editors the parameters, less the context. All of them may be missing, which
    # a `ParamSpec` can't say, so whatever else is given passes; the mypy plugin checks it.
    @overload
    def __call__(
        self: Task[Concatenate[C, Others], T], /, *args: Others.args, **kwargs: Others.kwargs
    ) -> Task[..., T]: ...
    @overload
    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> Task[..., R_co]: ...
    @overload
    def __call__(
        self, /, *args: object, task_id: str | None = None, **kwargs: object
    ) -> Task[..., R_co]: ...
    def __call__(self, /, *args: Any, task_id: Any = None, **kwargs: Any) -> Task[..., Any]:
        """Make another task of the same function, inside the `with` block of a workflow.

        Args:
            args: Values for some or all of the function's parameters, except the context. Every
                run passes these very objects to the function.
            task_id: The new task's id; by default the id of this task, or the first of `fetch_2`,
                `fetch_3`, ... that is free if the workflow has another task of that id.
            kwargs: More values for parameters.

        Raises:
            WorkflowStateError: The call is not inside such a block.
            WorkflowTypeError: The values don't fit the function's parameters, or can't be of the
                types that these are annotated with. Nothing is converted.
            DuplicateTaskError: The workflow has another task with this id.
        """
        graphs = open_graphs.get()
        if not graphs:
            raise WorkflowStateError(
                f"task {self._stem!r} was called outside a workflow; call {self._stem}.run(...) to "
                "run its function, or call it inside `with workflow(...)` to bind arguments"
            )
        try:
            given = self.signature.bind(args, kwargs)
            self.signature.check(given)
        except TypeError as error:
            # `id` is not an alias here, as it is in @task: a function may have such a parameter.
            advice = "; to name the new task write task_id=..." if "id" in kwargs else ""
            raise WorkflowTypeError(
                f"can't bind these arguments to task {self._stem!r}: {error}{advice}"
            ) from error
        graph = graphs[-1]
        graph.make_template(self)
        bound = {**self.bound, **given}
        if task_id is None:
            later = LaterId(self._stem, graph.name_tasks)
            instance: Task[..., Any] = self.variant(later, bound)
            graph.add_called(instance, later)
        else:
            instance = self.variant(check_text(task_id, "task_id"), bound)
            graph.add(instance)
        return instance

    def variant(self, task_id: str | LaterId, bound: Mapping[str, Any]) -> Task[..., R_co]:
        """Return another task of the same function."""
        return Task(self.function, task_id, self.signature, bound, self.retries, self.atomic)

    def with_stub(self, stub: Callable[..., Any], *, takes_arguments: bool) -> Task[..., R_co]:
        """Return the task with another function; see `TaskSignature.of_stub`."""
        signature = self.signature.of_stub(stub, takes_arguments=takes_arguments)
        bound = self.bound if takes_arguments else {}
        return Task(stub, self._id, signature, bound, self.retries, self.atomic)

    def without_retries(self) -> Task[..., R_co]:
        """Return the task as one whose first failure is final."""
        return Task(self.function, self._id, self.signature, self.bound, None, self.atomic)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle a task defined in a module by name, as pickle does with functions; others whole.

        A name in `__main__` means something else in another process.
        """
        module, name = self.function.__module__, getattr(self.function, "__qualname__", "")
        original = _find(module, name)
        if original is not None and original.function is self.function:
            bound = None if original.bound is self.bound else dict(self.bound)
            return _variant_of, (module, name, self.task_id, bound)
        parts = (self.function, self.task_id, self.signature, self.bound, self.retries, self.atomic)
        return Task, parts


def _find(module: str, name: str) -> Task[..., Any] | None:
    """Return the task of this name in a module; `None` if there is none."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, Task) and is_found_elsewhere(module, name, found) else None


def _variant_of(
    module: str, name: str, task_id: str, bound: Mapping[str, Any] | None
) -> Task[..., Any]:
    """Return a task of the same function as the task of this name in a module."""
    original = attrgetter(name)(import_module(module))
    if not isinstance(original, Task):
        raise WorkflowTypeError(f"{module}.{name} is {original!r} here, not a task")
    if bound is None and task_id == original.task_id:
        return original
    return original.variant(task_id, original.bound if bound is None else bound)
