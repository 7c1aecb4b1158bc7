"""Mypy's own types, made from the functions of tasks and from forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.nodes import Decorator, FuncDef, SymbolTableNode, TypeAlias, TypeInfo
from mypy.plugin import CheckerPluginInterface
from mypy.typeops import make_simplified_union
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    NoneType,
    Type,
    TypeOfAny,
    TypeVarId,
    TypeVarType,
    get_proper_type,
    has_type_vars,
)

from graflow_mypy.program.resolved import ProgramClass
from graflow_mypy.program.types.forms import (
    ArrayForm,
    Form,
    MapForm,
    ScalarForm,
    UnionForm,
    parts_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    LookUp = Callable[[str], SymbolTableNode | None]

__all__ = ["returned", "type_of", "with_result"]

_SCALARS = {"int", "float", "str", "bool", "bytes"}
_CONTAINERS = {
    "list": "builtins.list",
    "set": "builtins.set",
    "frozenset": "builtins.frozenset",
    "dict": "builtins.dict",
    "Sequence": "typing.Sequence",
    "MutableSequence": "typing.MutableSequence",
    "Mapping": "typing.Mapping",
    "MutableMapping": "typing.MutableMapping",
}


def returned(found: SymbolTableNode | None) -> Type | None:
    """Return what a function returns that was looked up, when it was awaited if it is async.

    Only what is annotated counts, for that is known in whatever order modules are checked.
    """
    node = found.node if found else None
    function = node.func if isinstance(node, Decorator) else node
    if not isinstance(function, FuncDef) or not isinstance(function.type, CallableType):
        return None
    if has_type_vars(function.type.ret_type):
        return None
    kind = get_proper_type(function.type.ret_type)
    if isinstance(kind, Instance) and kind.type.fullname in {
        "typing.Coroutine",
        "types.CoroutineType",
    }:
        return kind.args[-1]
    return function.type.ret_type


def type_of(form: Form, look_up: LookUp, api: CheckerPluginInterface) -> Type | None:
    """Return the type that a form is, `None` where mypy can't be told."""
    match form:
        case ScalarForm("None"):
            return NoneType()
        case ScalarForm(name):
            return _instance(look_up(f"builtins.{name}" if name in _SCALARS else name))
        case ProgramClass(module, name):
            return _instance(look_up(f"{module}.{name}"))
        case UnionForm(parts):
            found = [type_of(each, look_up, api) for each in parts]
            known = [each for each in found if each is not None]
            return make_simplified_union(known) if len(known) == len(found) else None
        case ArrayForm() | MapForm() if form.name in _CONTAINERS:
            arguments = [type_of(each, look_up, api) for each in parts_of(form)]
            filled = [each or AnyType(TypeOfAny.special_form) for each in arguments]
            return api.named_generic_type(_CONTAINERS[form.name], filled)
        case _:
            return None


def _instance(found: SymbolTableNode | None) -> Type | None:
    node = found.node if found else None
    if isinstance(node, TypeAlias):
        return None
    if not isinstance(node, TypeInfo) or node.type_vars:
        return None
    instance = Instance(node, [])
    if node.typeddict_type is not None:
        return node.typeddict_type.copy_modified(fallback=instance)
    return instance


def with_result(
    signature: CallableType, kind: Type, api: CheckerPluginInterface, *, has_default: bool
) -> CallableType:
    """Return a signature that returns one type, or that or its second argument, a default.

    The default is a type variable, as it is in `TypedChannel.get`: so `[]` can be a `list[str]`.
    """
    if not has_default:
        return signature.copy_modified(ret_type=kind)
    default = TypeVarType(
        "D",
        "graflow_mypy.D",
        TypeVarId(-1, namespace="graflow_mypy"),
        [],
        api.named_generic_type("builtins.object", []),
        AnyType(TypeOfAny.from_omitted_generics),
    )
    takes = [*signature.arg_types]
    takes[1] = default
    returns = make_simplified_union([kind, default])
    return signature.copy_modified(arg_types=takes, variables=[default], ret_type=returns)
