"""Keyed channels: the type of each key, from the `TypedDict` that the channel was given."""

from __future__ import annotations

from collections.abc import Sequence

from mypy.nodes import Expression, StrExpr
from mypy.plugin import CheckerPluginInterface, MethodSigContext
from mypy.typeops import make_simplified_union
from mypy.types import (
    CallableType,
    FunctionLike,
    Instance,
    LiteralType,
    NoneType,
    TupleType,
    Type,
    TypedDictType,
    UnionType,
    get_proper_type,
)

from graflow_mypy.hooks.mypy_types import with_result
from graflow_mypy.messages import CODES, KEY_SHAPE, KEY_UNKNOWN, printable, suggestion

__all__ = ["KEYED_CHANNEL", "METHODS", "keyed_signature"]

KEYED_CHANNEL = "graflow.channels.keyed.KeyedChannel"
METHODS = frozenset({"append", "delete", "exists", "get", "pop", "prepend", "set", "ttl", "update"})
"""The methods whose first argument is a key."""

_ON_LISTS = {"append", "pop", "prepend"}
_CHANGING = {"append", "delete", "pop", "prepend", "set", "update"}


def keyed_signature(method: str, ctx: MethodSigContext, off: frozenset[str]) -> FunctionLike:
    """Report a key that can't be used like that, and return what the method takes for this one.

    Args:
        method: The name of the method.
        ctx: The call.
        off: Codes that are not reported.
    """
    schema, key = _schema(ctx.type), _key(ctx.args, ctx.api)
    if schema is None or key is None:
        return ctx.default_signature
    problem = _problem(method, schema, key)
    if problem is not None:
        code, message = problem
        if code not in off:
            ctx.api.fail(printable(message), ctx.context, code=CODES[code])
        return ctx.default_signature
    held = schema.items[key]
    item = _item(held) if method in _ON_LISTS else held
    if item is None:
        return ctx.default_signature
    return _of_key(ctx, method, held, item)


def _schema(kind: Type) -> TypedDictType | None:
    channel = get_proper_type(kind)
    if not isinstance(channel, Instance) or not channel.args:
        return None
    schema = get_proper_type(channel.args[0])
    return schema if isinstance(schema, TypedDictType) else None


def _key(args: Sequence[Sequence[Expression]], api: CheckerPluginInterface) -> str | None:
    if not args or not args[0]:
        return None
    given = args[0][0]
    if isinstance(given, StrExpr):
        return given.value
    kind = get_proper_type(api.get_expression_type(given))
    if isinstance(kind, Instance) and kind.last_known_value is not None:
        kind = kind.last_known_value
    is_text = isinstance(kind, LiteralType) and isinstance(kind.value, str)
    return str(kind.value) if isinstance(kind, LiteralType) and is_text else None


def _problem(method: str, schema: TypedDictType, key: str) -> tuple[str, str] | None:
    name = schema.fallback.type.name
    if key not in schema.items:
        return KEY_UNKNOWN, f'"{name}" has no channel key "{key}"{suggestion(key, schema.items)}'
    if method in _CHANGING and key in schema.readonly_keys:
        return KEY_SHAPE, f'Channel key "{key}" of "{name}" is read-only'
    held = get_proper_type(schema.items[key])
    is_known = isinstance(held, Instance | TypedDictType | UnionType | LiteralType | TupleType)
    if method in _ON_LISTS and is_known and _item(held) is None:
        return KEY_SHAPE, f'Channel key "{key}" of "{name}" is not a list'
    return None


def _item(held: Type) -> Type | None:
    kind = get_proper_type(held)
    if isinstance(kind, Instance) and kind.type.fullname == "builtins.list":
        return kind.args[0]
    return None


def _of_key(ctx: MethodSigContext, method: str, held: Type, item: Type) -> FunctionLike:
    """Return the signature of a method for one key."""
    signature = ctx.default_signature
    has_default = len(ctx.args) > 1 and bool(ctx.args[1])
    takes = list(signature.arg_types)
    if method == "get":
        return with_result(signature, held, ctx.api, has_default=has_default)
    if method == "pop":
        kind = item if has_default else make_simplified_union([item, NoneType()])
        return with_result(signature, kind, ctx.api, has_default=has_default)
    if method == "update":
        function = get_proper_type(takes[1])
        if not isinstance(function, CallableType):
            return signature
        takes[1] = function.copy_modified(arg_types=[held], ret_type=held)
        takes[2] = held
        return signature.copy_modified(arg_types=takes, ret_type=held)
    if method in {"set", "append", "prepend"}:
        takes[1] = item
    return signature.copy_modified(arg_types=takes)
