"""The signature of a task's function: its parameters and its return type."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from inspect import Parameter
from typing import Any

from graflow.core.task.argument_types import misfit
from graflow.core.task.hint import Hint, read_hint, resolved
from graflow.exceptions import WorkflowTypeError
from graflow.system.annotations import signature_of

__all__ = ["TaskSignature"]

VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


class TaskSignature:
    """The parameters of a task's function, without the context, and its return annotation.

    Annotations are resolved when they are first needed, so that they may name what is defined
    further down. Those of a function inside a function are resolved at once, if possible, since
    its variables may be gone later.

    Attributes:
        injects: Whether the first parameter is the context.
        is_coroutine: Whether the function is an `async def` function, which runs when awaited.
    """

    injects: bool
    is_coroutine: bool

    _hints: dict[str, Hint] | None = None
    _result: Hint | None = None

    def __init__(
        self, function: Callable[..., Any], *, inject_context: bool, names: Mapping[str, Any]
    ) -> None:
        """Read the signature of `function`.

        Args:
            function: Any callable.
            inject_context: Whether its first parameter is the context.
            names: What was local where the function was defined, for its annotations.

        Raises:
            WorkflowTypeError: The function can't be that of a task.
        """
        self.injects = inject_context
        self.is_coroutine = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - of an object that is called
        )
        self._function = function
        self._names = names
        self._types: dict[str, Any] = {}
        try:
            whole = signature_of(function)
        except (TypeError, ValueError) as error:
            raise WorkflowTypeError(
                f"{function!r} does not reveal its parameters; wrap it in a function that does"
            ) from error
        self._signature = _without_context(whole) if inject_context else whole
        if "task_id" in self._signature.parameters:
            raise WorkflowTypeError(
                "a task's function can't have a parameter called 'task_id', as calling the task "
                "with task_id=... names a new task; rename the parameter"
            )

        if "<locals>" in getattr(function, "__qualname__", ""):
            self._resolve_early()

    def of_stub(self, stub: Callable[..., Any], *, takes_arguments: bool) -> TaskSignature:
        """Return the signature of a function that is called in place of this one, in a test.

        Args:
            stub: It is an `async def` function if this one is.
            takes_arguments: Whether it is called as this one would be, or without arguments.
        """
        other = copy(self)
        other._hints, other._result = self.hints, self.result
        other._function = stub
        if not takes_arguments:
            other.injects = False
            other._signature, other._hints = inspect.Signature(), {}
        return other

    def _resolve_early(self) -> None:
        if any(hint.problem for hint in (*self.hints.values(), self.result)):
            self._hints = self._result = None

    def __getstate__(self) -> dict[str, Any]:
        """Include the resolved annotations, as their text may mean nothing elsewhere."""
        hints: dict[str, Any] = {"_hints": self.hints, "_result": self.result}
        return {**vars(self), **hints, "_names": {}, "_types": {}}

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by parameter; some may be missing.

        Raises:
            TypeError: They don't fit the parameters.
        """
        return self._signature.bind_partial(*args, **kwargs).arguments

    def check(self, bound: Mapping[str, Any]) -> None:
        """Check that values can be of the types that their parameters are annotated with.

        An annotation that can't be resolved allows anything, and so does an unknown one. Those of a
        wrapped function are not about what its wrapper takes.

        Args:
            bound: As `bind` returns it.

        Raises:
            TypeError: One of them can't; the message names the parameter and its type.
        """
        if hasattr(self._function, "__wrapped__"):
            return
        for name, value in bound.items():
            parameter = self._signature.parameters[name]
            if parameter.default is value:
                continue  # as in `rows: int = None`
            for part, path in _parts(parameter, value):
                found = misfit(part, self._type(parameter))
                if found is not None:
                    raise TypeError(f"{path}{found.path} must be {found.wanted}, not {found.found}")

    def _type(self, parameter: Parameter) -> Any:
        """Return the type of a parameter; `Any` if its annotation can't be resolved."""
        name = parameter.name
        if name not in self._types:
            try:
                self._types[name] = resolved(parameter.annotation, self._function, self._names)
            except Exception:  # noqa: BLE001 - an annotation may be any expression
                self._types[name] = Any
        return self._types[name]

    def unbound(self, bound: Mapping[str, Any]) -> tuple[Parameter, ...]:
        """Return the parameters that need a value in addition to those that are `bound`."""
        return tuple(
            parameter
            for name, parameter in self._signature.parameters.items()
            if name not in bound and parameter.kind not in VARIADIC
        )

    def call(self, context: Sequence[object], arguments: Mapping[str, Any]) -> Any:
        """Call the function, and return what it returns.

        Args:
            context: Holds the context if the function takes it; empty otherwise.
            arguments: Values by parameter.
        """
        if not arguments:
            return self._function(*context)
        bound = inspect.BoundArguments(self._signature, dict(arguments))
        return self._function(*context, *bound.args, **bound.kwargs)

    # Not a `cached_property`: on Python 3.11 that has a lock, which a fork may leave taken.

    @property
    def hints(self) -> dict[str, Hint]:
        """The hint of each parameter's annotation."""
        if self._hints is None:
            self._hints = {
                name: read_hint(parameter.annotation, self._function, self._names)
                for name, parameter in self._signature.parameters.items()
            }
        return self._hints

    @property
    def result(self) -> Hint:
        """The hint of the return annotation."""
        if self._result is None:
            self._result = read_hint(self._signature.return_annotation, self._function, self._names)
        return self._result


def _parts(parameter: Parameter, value: Any) -> Iterator[tuple[Any, str]]:
    """Yield what a parameter's annotation is about, and what messages call it."""
    name = parameter.name
    if parameter.kind is Parameter.VAR_POSITIONAL:
        yield from ((item, f"{name}[{number}]") for number, item in enumerate(value))
    elif parameter.kind is Parameter.VAR_KEYWORD:
        yield from ((item, key) for key, item in value.items())
    else:
        yield value, name


def _without_context(signature: inspect.Signature) -> inspect.Signature:
    parameters = list(signature.parameters.values())
    if parameters and parameters[0].kind is Parameter.VAR_POSITIONAL:
        return signature
    if not parameters or parameters[0].kind in (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD):
        raise WorkflowTypeError(
            "with inject_context=True a function needs a first parameter for the context, as in "
            "def fetch(ctx: TaskExecutionContext)"
        )
    return signature.replace(parameters=parameters[1:])
