"""Keyed channels: the type of each key, taken from the channel's `TypedDict`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from mypy.nodes import DictExpr, Expression, ListExpr, SetExpr, StrExpr, TupleExpr
from mypy.plugin import CheckerPluginInterface, MethodSigContext
from mypy.subtypes import is_same_type
from mypy.typeops import make_simplified_union
from mypy.types import (
    CallableType,
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
from graflow_mypy.hooks.reports import report_error
from graflow_mypy.messages import KEY_SHAPE, KEY_UNKNOWN, suggestion

__all__ = ["KEYED_CHANNELS", "METHODS", "ON_SEVERAL", "keyed_signature", "several_signature"]

KEYED_CHANNELS = {
    "graflow.channels.aio.async_keyed_channel.AsyncKeyedChannel",
    "graflow.channels.keyed.KeyedChannel",
}
METHODS = frozenset(
    {
        *("__contains__", "add", "append", "delete", "entry", "exists", "get", "lock"),
        *("persist", "pop", "prepend", "set", "touch", "ttl", "update", "wait_for", "watch"),
    }
)
"""The methods whose first argument is a key."""

ON_SEVERAL = frozenset({"get_many", "set_many"})
"""The methods whose first argument has several keys."""

_COROUTINES = {"Coroutine", "CoroutineType"}
_ON_LISTS = {"append", "pop", "prepend"}
_CHANGING = {
    *("add", "append", "delete", "persist", "pop", "prepend", "set", "set_many", "touch", "update")
}


def keyed_signature(method: str, ctx: MethodSigContext, off: frozenset[str]) -> CallableType:
    """Report a key that can't be used like that, and return what the method takes for this one.

    Args:
        method: The name of the method.
        ctx: The call.
        off: Codes that are not reported.
    """
    return _awaited(partial(_keyed_signature, method), ctx, off)


def _keyed_signature(method: str, ctx: MethodSigContext, off: frozenset[str]) -> CallableType:
    schema, key = _schema(ctx.type), _key(ctx.args, ctx.api)
    if schema is not None and key is None and method == "get":
        return _of_one_of_keys(schema, ctx, off)
    if schema is None or key is None:
        return ctx.default_signature
    if not _fits(method, schema, key, ctx, off):
        return ctx.default_signature
    held = schema.items[key]
    item = _item(held) if method in _ON_LISTS else held
    if item is None:
        return ctx.default_signature
    return _of_key(ctx, method, held, item)


def _of_one_of_keys(
    schema: TypedDictType, ctx: MethodSigContext, off: frozenset[str]
) -> CallableType:
    """Return what `get` returns for a key that is one of some literals."""
    given = ctx.args[0][0] if ctx.args and ctx.args[0] else None
    kind = get_proper_type(ctx.api.get_expression_type(given)) if given is not None else None
    parts = map(get_proper_type, kind.items) if isinstance(kind, UnionType) else ()
    keys = [each.value if isinstance(each, LiteralType) else None for each in parts]
    texts = [each for each in keys if isinstance(each, str)]
    if not texts or len(texts) < len(keys):
        return ctx.default_signature
    fitting = [key for key in texts if _fits("get", schema, key, ctx, off)]
    if len(fitting) < len(texts):
        return ctx.default_signature
    held = make_simplified_union([schema.items[key] for key in texts])
    return _of_key(ctx, "get", held, held)


def several_signature(method: str, ctx: MethodSigContext, off: frozenset[str]) -> CallableType:
    """Report keys that can't be used like that, and return what the method takes for these.

    What `get_many` returns has the keys it was asked for, none of them required; keys of one type
    make a plain dict, of which one can go through the values.

    Args:
        method: `get_many` or `set_many`.
        ctx: The call.
        off: Codes that are not reported.
    """
    return _awaited(partial(_several_signature, method), ctx, off)


def _several_signature(method: str, ctx: MethodSigContext, off: frozenset[str]) -> CallableType:
    schema, keys = _schema(ctx.type), _keys(ctx.args, ctx.api)
    signature = ctx.default_signature
    if schema is None or not keys:
        return signature
    fitting = [key for key in keys if _fits(method, schema, key, ctx, off)]
    if len(fitting) < len(keys):
        return signature
    part = _part(schema, keys, ctx.api)
    if method == "get_many":
        return signature.copy_modified(ret_type=_plain_dict(part, ctx.api) or part)
    return signature.copy_modified(arg_types=[part, *signature.arg_types[1:]])


def _awaited(
    find: Callable[[MethodSigContext, frozenset[str]], CallableType],
    ctx: MethodSigContext,
    off: frozenset[str],
) -> CallableType:
    """Return a signature, that of a coroutine function with what its coroutine returns changed."""
    coroutine = get_proper_type(ctx.default_signature.ret_type)
    if not isinstance(coroutine, Instance) or coroutine.type.name not in _COROUTINES:
        return find(ctx, off)
    inner = ctx.default_signature.copy_modified(ret_type=coroutine.args[-1])
    signature = find(ctx._replace(default_signature=inner), off)
    arguments = [*coroutine.args[:-1], signature.ret_type]
    return signature.copy_modified(ret_type=coroutine.copy_modified(args=arguments))


def _part(schema: TypedDictType, keys: list[str], api: CheckerPluginInterface) -> TypedDictType:
    """Return a type of some keys of a schema, none of them required."""
    items = {key: schema.items[key] for key in keys}
    return TypedDictType(items, set(), set(), api.named_generic_type("typing._TypedDict", []))


def _plain_dict(part: TypedDictType, api: CheckerPluginInterface) -> Type | None:
    first, *others = part.items.values()
    if not all(is_same_type(first, other) for other in others):
        return None
    return api.named_generic_type(
        "builtins.dict", [api.named_generic_type("builtins.str", []), first]
    )


def _fits(
    method: str, schema: TypedDictType, key: str, ctx: MethodSigContext, off: frozenset[str]
) -> bool:
    """Tell whether a key can be used like that, and report it if it can't."""
    problem = _problem(method, schema, key)
    if problem is None:
        return True
    code, message = problem
    if code not in off:
        report_error(ctx.api, ctx.context, code, message)
    return False


def _schema(kind: Type) -> TypedDictType | None:
    channel = get_proper_type(kind)
    if not isinstance(channel, Instance) or not channel.args:
        return None
    schema = get_proper_type(channel.args[0])
    return schema if isinstance(schema, TypedDictType) else None


def _key(args: Sequence[Sequence[Expression]], api: CheckerPluginInterface) -> str | None:
    return _text(args[0][0], api) if args and args[0] else None


def _keys(args: Sequence[Sequence[Expression]], api: CheckerPluginInterface) -> list[str]:
    """Return the keys of a display of keys, or of keys and values, if all of them are known."""
    given = args[0][0] if args and args[0] else None
    parts: Sequence[Expression | None] = ()
    if isinstance(given, DictExpr):
        parts = [key for key, _ in given.items]
    elif isinstance(given, ListExpr | TupleExpr | SetExpr):
        parts = given.items
    texts = [None if part is None else _text(part, api) for part in parts]
    known = [text for text in texts if text is not None]
    return known if len(known) == len(texts) else []


def _text(given: Expression, api: CheckerPluginInterface) -> str | None:
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


def _of_key(ctx: MethodSigContext, method: str, held: Type, item: Type) -> CallableType:
    """Return the signature of a method for one key."""
    signature = ctx.default_signature
    has_default = len(ctx.args) > 1 and bool(ctx.args[1])
    takes = list(signature.arg_types)
    if method == "get":
        return with_result(signature, held, ctx.api, has_default=has_default)
    if method == "pop":
        kind = item if has_default else make_simplified_union([item, NoneType()])
        return with_result(signature, kind, ctx.api, has_default=has_default)
    if method == "entry":
        return _with_argument(signature, held)
    if method == "update":
        function = get_proper_type(takes[1])
        if not isinstance(function, CallableType):
            return signature
        returns = _in_place_of_any(function.ret_type, held)
        takes[1] = function.copy_modified(arg_types=[held], ret_type=returns)
        takes[2] = held
        return signature.copy_modified(arg_types=takes, ret_type=held)
    if method == "wait_for":
        takes[1] = _predicate_of(takes[1], held)
        return signature.copy_modified(arg_types=takes, ret_type=held)
    if method in {"set", "add", "append", "prepend"}:
        takes[1] = item
    return signature.copy_modified(arg_types=takes)


def _predicate_of(kind: Type, held: Type) -> Type:
    """Return the type of a predicate, or `None`, with values of the type of a key."""
    options = get_proper_type(kind)
    if not isinstance(options, UnionType):
        return kind
    parts = [get_proper_type(part) for part in options.items]
    return UnionType(
        [
            part.copy_modified(arg_types=[held]) if isinstance(part, CallableType) else part
            for part in parts
        ]
    )


def _in_place_of_any(kind: Type, held: Type) -> Type:
    """Return what a function may return: `held`, or an awaitable of it where one may be."""
    kind = get_proper_type(kind)
    if not isinstance(kind, UnionType):
        return held
    parts = [get_proper_type(part) for part in kind.items]
    return make_simplified_union(
        [part.copy_modified(args=[held]) if isinstance(part, Instance) else held for part in parts]
    )


def _with_argument(signature: CallableType, held: Type) -> CallableType:
    """Return a signature whose generic result is one of the type of a key: `Entry[int]`."""
    kind = get_proper_type(signature.ret_type)
    if isinstance(kind, TupleType):
        fallback = kind.partial_fallback.copy_modified(args=[held])
        items = [held, *kind.items[1:]]
        return signature.copy_modified(ret_type=kind.copy_modified(fallback=fallback, items=items))
    return signature
