"""Calls of tasks: their arguments beside the parameters of the task's function.

A call binds some or all of the parameters, less the context. One that is missing is no error: a
run takes its value from the channel, or it has a default.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mypy.checker import TypeChecker
from mypy.checkexpr import has_uninhabited_component
from mypy.errorcodes import CALL_ARG
from mypy.nodes import ArgKind, CallExpr, Expression, MemberExpr, NameExpr
from mypy.plugin import MethodSigContext
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    Parameters,
    TupleType,
    Type,
    TypedDictType,
    TypeOfAny,
    get_proper_type,
    has_type_vars,
)

from graflow_mypy.messages import suggestion

__all__ = ["TASK_CALL", "call_signature"]

TASK_CALL = "graflow.core.task.task.Task.__call__"
"""The full name of the method."""

_CONTEXT = "graflow.core.context.TaskExecutionContext"
_ID = "task_id"
_ANY = AnyType(TypeOfAny.special_form)
_MAY_BE_MISSING = {
    ArgKind.ARG_POS: ArgKind.ARG_OPT,
    ArgKind.ARG_NAMED: ArgKind.ARG_NAMED_OPT,
}


class _Parameter(NamedTuple):
    """A parameter of a function; `None` in place of its name where a call can't use it."""

    type: Type
    kind: ArgKind
    name: str | None


class _Argument(NamedTuple):
    """An argument of a call; the name is that of a keyword."""

    node: Expression
    kind: ArgKind
    name: str | None


def call_signature(ctx: MethodSigContext) -> CallableType:
    """Report arguments that don't fit the parameters of a task, in mypy's own words.

    The method is overloaded, and mypy would only say that no variant fits. So it is told here to
    check a call of the function instead, and the call of the method itself may be anything.
    """
    signature, call = ctx.default_signature, ctx.context
    if _ID not in signature.arg_names or not isinstance(call, CallExpr):
        return signature  # one of the variants that are for editors
    parameters = _parameters(ctx)
    if parameters is None or not isinstance(ctx.api, TypeChecker):
        return signature
    at = signature.arg_names.index(_ID)
    task_id = _Parameter(signature.arg_types[at], signature.arg_kinds[at], _ID)
    _Call(call, signature, ctx.api).check(parameters, task_id)
    types = list(signature.arg_types)
    types[at] = _ANY
    return signature.copy_modified(arg_types=types)


class _Call:
    """The check of one call."""

    def __init__(self, call: CallExpr, signature: CallableType, api: TypeChecker) -> None:
        callee = call.callee
        self._call = call
        self._name = callee.name if isinstance(callee, NameExpr | MemberExpr) else "task"
        self._signature = signature
        self._api = api

    def check(self, parameters: list[_Parameter], task_id: _Parameter) -> None:
        """Report what is wrong with the arguments.

        Args:
            parameters: Those of the function.
            task_id: The one that names the new task.
        """
        arguments = list(_certain(self._call, self._api))
        # Apart, for mypy takes an argument too many for one that goes to the next parameter.
        self._check([task_id], [each for each in arguments if each.name == _ID])
        known = {each.name for each in parameters if not each.kind.is_star()}
        if all(each.kind != ArgKind.ARG_STAR2 for each in parameters):
            for each in arguments:
                if each.name not in {None, _ID, *known}:
                    self._refuse(each, known)
            arguments = [each for each in arguments if each.name in {None, *known}]
        self._check(parameters, [each for each in arguments if each.name != _ID])

    def _refuse(self, argument: _Argument, known: set[str | None]) -> None:
        """Report an argument for a parameter that there isn't.

        Mypy suggests a name only if it is longer or more like this one.
        """
        name = argument.name or ""
        advice = suggestion(name, filter(None, known))
        if name == "id":
            advice = f"; to name the new task write {_ID}="
        message = f'Unexpected keyword argument "{name}" for "{self._name}"{advice}'
        self._api.fail(message, argument.node, code=CALL_ARG)

    def _check(self, parameters: list[_Parameter], arguments: list[_Argument]) -> None:
        """Have mypy check arguments, as it checks those of a function whose name it knows."""
        function = self._signature.copy_modified(
            arg_types=[each.type for each in parameters],
            arg_kinds=[_MAY_BE_MISSING.get(each.kind, each.kind) for each in parameters],
            arg_names=[each.name for each in parameters],
            name=self._name,
            definition=None,
        )
        nodes = [each.node for each in arguments]
        kinds = [each.kind for each in arguments]
        names = [each.name for each in arguments]
        call = CallExpr(self._call.callee, nodes, kinds, names)  # messages look up names in it
        call.set_line(self._call)
        self._api.expr_checker.check_call(
            function, nodes, kinds, call, names, callable_name=self._name
        )


def _parameters(ctx: MethodSigContext) -> list[_Parameter] | None:
    """Return the parameters of a task, less the context; `None` if they are unknown."""
    found = get_proper_type(ctx.type.args[0]) if isinstance(ctx.type, Instance) else None
    if not isinstance(found, Parameters) or found.is_ellipsis_args:
        return None
    types = map(_known, found.arg_types)
    parameters = [*map(_Parameter, types, found.arg_kinds, found.arg_names)]
    if parameters and _is_context(parameters[0]):
        del parameters[0]
    if parameters and all(each.name is None for each in parameters):
        # Those of `Task[[str], int]` have names as well, which nobody knows.
        parameters.append(_Parameter(_ANY, ArgKind.ARG_STAR2, "kwargs"))
    return parameters


def _known(kind: Type) -> Type:
    """Return the type of a parameter; any, where a decorator has left a type variable in it."""
    return _ANY if has_type_vars(kind) or has_uninhabited_component(kind) else kind


def _is_context(parameter: _Parameter) -> bool:
    kind = get_proper_type(parameter.type)
    return isinstance(kind, Instance) and kind.type.fullname == _CONTEXT


def _certain(call: CallExpr, api: TypeChecker) -> Iterator[_Argument]:
    """Yield the arguments of which it is known which parameters they are for.

    Any number of parameters may be missing, so a list or a dict of arguments may be for any.
    """
    is_certain = True
    for argument in map(_Argument, call.args, call.arg_kinds, call.arg_names):
        if argument.kind.is_star():
            kind = get_proper_type(api.get_expression_type(argument.node))
            if isinstance(kind, TupleType | TypedDictType):
                yield argument
            elif argument.kind == ArgKind.ARG_STAR:
                is_certain = False
        elif is_certain or argument.kind != ArgKind.ARG_POS:
            yield argument
