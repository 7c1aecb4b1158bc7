"""Keyed channels: the type of each key, from the `TypedDict` that the channel was given."""

from __future__ import annotations

from collections.abc import Sequence

from mypy.nodes import Expression, StrExpr
from mypy.plugin import CheckerPluginInterface, MethodContext, MethodSigContext
from mypy.types import (
    CallableType,
    FunctionLike,
    Instance,
    LiteralType,
    NoneType,
    Type,
    TypedDictType,
    get_proper_type,
)

from graflow_mypy.messages import CODES, KEY_SHAPE, KEY_UNKNOWN, suggestion
from graflow_mypy.mypy_types import with_default

__all__ = ["KEYED_CHANNEL", "METHODS", "keyed_signature", "keyed_value"]

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
            ctx.api.fail(message, ctx.context, code=CODES[code])
        return ctx.default_signature
    held = schema.items[key]
    item = _item(held) if method in _ON_LISTS else held
    if item is None:
        return ctx.default_signature
    return _with_value(ctx.default_signature, method, item)


def keyed_value(method: str, ctx: MethodContext) -> Type:
    """Return what `get`, `pop` or `update` returns for the key of a call."""
    schema, key = _schema(ctx.type), _key(ctx.args, ctx.api)
    if schema is None or key is None or key not in schema.items:
        return ctx.default_return_type
    held = schema.items[key]
    if method == "update":
        return held
    value = _item(held) if method == "pop" else held
    if value is None:
        return ctx.default_return_type
    if len(ctx.arg_types) > 1 and ctx.arg_types[1]:
        return with_default(value, ctx.arg_types[1][0])
    return with_default(value, NoneType()) if method == "pop" else value


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
    if method in _ON_LISTS and isinstance(held, Instance) and _item(held) is None:
        return KEY_SHAPE, f'Channel key "{key}" of "{name}" is no list'
    return None


def _item(held: Type) -> Type | None:
    kind = get_proper_type(held)
    if isinstance(kind, Instance) and kind.type.fullname == "builtins.list":
        return kind.args[0]
    return None


def _with_value(signature: FunctionLike, method: str, value: Type) -> FunctionLike:
    """Return a signature whose value, or whose function of a value, has a type."""
    if not isinstance(signature, CallableType) or method not in {
        "set",
        "append",
        "prepend",
        "update",
    }:
        return signature
    kinds = list(signature.arg_types)
    if method == "update":
        function = get_proper_type(kinds[1])
        if not isinstance(function, CallableType):
            return signature
        kinds[1] = function.copy_modified(arg_types=[value], ret_type=value)
        kinds[2] = value
    else:
        kinds[1] = value
    return signature.copy_modified(arg_types=kinds)
