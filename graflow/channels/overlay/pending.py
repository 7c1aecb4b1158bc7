"""Answers that are not known yet, as nobody has asked the server for them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

from graflow.exceptions import ChannelTypeError

__all__ = ["Pending", "known"]

_UNKNOWN: Final = object()

_ALONE: tuple[Callable[[Any], Any], ...] = (
    *(operator.abs, operator.index, operator.invert, operator.neg, operator.pos),
    *(bool, float, hash, int, repr, str, math.ceil, math.floor, math.trunc),
)
_WITH_ANOTHER: tuple[Callable[[Any, Any], Any], ...] = (
    *(operator.eq, operator.ne, operator.ge, operator.gt, operator.le, operator.lt),
)
_EITHER_WAY: tuple[Callable[[Any, Any], Any], ...] = (
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv),
    *(operator.mod, operator.pow, operator.lshift, operator.rshift),
    *(operator.and_, operator.or_, operator.xor, divmod),
)


class Pending:
    """A number, or a truth value, that is looked up when it is first used.

    In a transaction `append`, `atomic_add` and the like return one: as long as nobody looks at
    it, the change does not depend on what others write, so it is never in conflict. It can be
    compared, calculated with, formatted, stored, copied and pickled as what it stands for, and is
    that itself in what the transaction returns. Code that asks for the type needs `int(...)`,
    `float(...)` or `bool(...)` of it.
    """

    __slots__ = ("_find", "_value")

    def __init__(self, find: Callable[[], object]) -> None:
        """Have it settled by `find` when it is used."""
        self._find = find
        self._value: Any = _UNKNOWN

    def __stored__(self) -> Any:
        """Return what the codec stores in its place."""
        return self.look()

    def settle(self, value: Any) -> None:
        """Be known from now on."""
        self._value = value

    def call_off(self) -> None:
        """Stand for nothing, as its change does not happen; unless it is known already."""
        self._find = _find_nothing

    def look(self) -> Any:
        """Return what it stands for."""
        if self._value is _UNKNOWN:
            self._find()
        return self._value

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied, and pickled, as what it stands for."""
        return _itself, (self.look(),)

    def __format__(self, form: str, /) -> str:
        """Format what it stands for."""
        return format(self.look(), form)

    def __round__(self, digits: int | None = None, /) -> Any:
        """Round what it stands for."""
        return round(self.look(), digits)


def _itself(value: Any) -> Any:
    return value


def _find_nothing() -> None:
    raise ChannelTypeError(
        "this is the answer to a change that never happened: the transaction failed, or the part "
        "of it that made the change"
    )


def known(value: Any) -> Any:
    """Return a value, or what it stands for."""
    return value.look() if isinstance(value, Pending) else value


def _alone(function: Callable[[Any], Any]) -> Callable[[Pending], Any]:
    return lambda self: function(self.look())


def _with_another(function: Callable[[Any, Any], Any]) -> Callable[[Pending, Any], Any]:
    return lambda self, other: function(self.look(), known(other))


def _from_the_right(function: Callable[[Any, Any], Any]) -> Callable[[Pending, Any], Any]:
    return lambda self, other: function(other, self.look())


def _name(function: Callable[..., Any], before: str = "") -> str:
    return f"__{before}{function.__name__.strip('_')}__"


for _each in _ALONE:
    setattr(Pending, _name(_each), _alone(_each))
for _function in (*_WITH_ANOTHER, *_EITHER_WAY):
    setattr(Pending, _name(_function), _with_another(_function))
for _function in _EITHER_WAY:
    setattr(Pending, _name(_function, "r"), _from_the_right(_function))
