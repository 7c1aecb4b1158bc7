"""Declared values: what `set_many` stores under declared keys, compared with their types."""

from __future__ import annotations

from mypy.maptype import map_instance_to_supertype
from mypy.messages import format_type
from mypy.nodes import DictExpr, Expression
from mypy.plugin import CheckerPluginInterface, MethodSigContext
from mypy.subtypes import is_subtype
from mypy.types import AnyType, Instance, Type, get_proper_type

from graflow_mypy.hooks.owned_keys import KEYS
from graflow_mypy.hooks.reports import report_error
from graflow_mypy.messages import KEY_TYPE

__all__ = ["DECLARED_CHANNELS", "check_values"]

DECLARED_CHANNELS = {
    "graflow.channels.aio.async_keys_channel.AsyncKeysChannel",
    "graflow.channels.keys_channel.KeysChannel",
}
"""The classes of channels with declared keys."""


def check_values(ctx: MethodSigContext, off: frozenset[str]) -> None:
    """Report the values of a display that are not of the types of their keys.

    Args:
        ctx: A call of `set_many`.
        off: Codes that are not reported.
    """
    given = ctx.args[0][0] if ctx.args and ctx.args[0] else None
    if not isinstance(given, DictExpr) or KEY_TYPE in off:
        return
    for key, value in given.items:
        wanted = _type_of_key(key, ctx.api) if key is not None else None
        if wanted is not None:
            _check(value, wanted, ctx.api)


def _type_of_key(key: Expression, api: CheckerPluginInterface) -> Type | None:
    """Return the type of the values of a key; nothing where any may be meant."""
    found = get_proper_type(api.get_expression_type(key))
    if not isinstance(found, Instance):
        return None
    declared = next((each for each in found.type.mro if each.fullname in KEYS), None)
    if declared is None or not declared.type_vars:
        return None
    wanted = map_instance_to_supertype(found, declared).args[0]
    return None if isinstance(get_proper_type(wanted), AnyType) else wanted


def _check(value: Expression, wanted: Type, api: CheckerPluginInterface) -> None:
    found = api.get_expression_type(value, wanted)
    if not is_subtype(found, wanted):
        here, there = (format_type(each, api.options) for each in (found, wanted))
        message = f"A value of type {here} is stored under a key of type {there}"
        report_error(api, value, KEY_TYPE, message)
