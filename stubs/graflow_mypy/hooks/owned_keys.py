"""Owned keys: the class that a declared key is taken from, which mypy would take from the context.

Of `state.get(Base.key)`, where `state` has the keys of a subclass of `Base`, mypy infers what the
descriptor returns from what `get` expects, before it looks at `Base`. It then refuses a key that
the subclass has, and passes one of a subclass where the base is meant.
"""

from __future__ import annotations

from mypy.expandtype import expand_type
from mypy.nodes import TempNode
from mypy.plugin import MethodSigContext
from mypy.types import CallableType, TypeType, TypeVarType, get_proper_type

__all__ = ["KEYS", "owned_signature"]

KEYS = {
    "graflow.channels.keys.key.Key",
    "graflow.channels.keys.key_pattern.KeyPattern",
}
"""The classes of declared keys."""


def owned_signature(ctx: MethodSigContext) -> CallableType:
    """Return the signature of a key's `__get__`, with the class that it is taken from in it."""
    signature = ctx.default_signature
    given = ctx.args[1][0] if len(ctx.args) > 1 and ctx.args[1] else None
    if not isinstance(given, TempNode):
        return signature
    owner, wanted = get_proper_type(given.type), get_proper_type(signature.arg_types[-1])
    if not isinstance(owner, TypeType) or not isinstance(wanted, TypeType):
        return signature
    variable = get_proper_type(wanted.item)
    if not isinstance(variable, TypeVarType):
        return signature
    known = expand_type(signature, {variable.id: owner.item})
    others = [each for each in signature.variables if each.id != variable.id]
    return known.copy_modified(variables=others)
