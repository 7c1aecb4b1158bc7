"""Type hints of a task's parameters and result, checked against values in a channel."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, get_type_hints

from graflow.channels.base import Channel
from graflow.channels.codec.codec import Record, decode, encode
from graflow.channels.schema import Schema, differences, schema_of
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelError, ChannelValidationError, SchemaError

__all__ = ["Hint", "globals_of", "read_hint", "resolved"]


class Hint:
    """An annotation, as far as a channel can enforce it.

    Attributes:
        schema: The annotation; `None` if there is none, or if it allows anything.
        problem: Why the annotation can't be a schema; empty if it can.
    """

    def __init__(self, schema: Any = None, problem: str = "") -> None:
        self.schema = schema
        self.problem = problem
        self._made: Schema[Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the annotation, of which another process makes a schema of its own."""
        return Hint, (self.schema, self.problem)

    @property
    def _schema(self) -> Schema[Any]:
        """The schema of the annotation, once it is needed."""
        if self._made is None:
            self._made = schema_of(self.schema)
        return self._made

    def read(self, channel: Channel, key: str, default: object) -> Any:
        """Return what is under `key`, checked if there is a schema, or `default`.

        Raises:
            ChannelValidationError: The value does not fit the schema.
        """
        if self.schema is None:
            return channel.get(key, default)
        return TypedChannel(channel, self.schema).get(key, default)

    def load(self, record: Record) -> Any:
        """Return the value that `read` would return if `record` were stored.

        Raises:
            ChannelValidationError: The value does not fit the schema.
        """
        return decode(record) if self.schema is None else self._schema.load(record)

    def dump(self, value: object) -> Record:
        """Return what a channel stores for `value`, checked if there is a schema.

        Raises:
            ChannelError: The value does not fit, or can't be stored.
        """
        if self.schema is None:
            return encode(value)
        try:
            return self._schema.dump(value)
        except ChannelValidationError:
            if not self._comes_back_untyped(value):
                raise
            return encode(value)

    def _comes_back_untyped(self, value: object) -> bool:
        """Tell whether the untyped codec keeps a value that fits, but that plain JSON would lose.

        `dict[str, Any]` does not say that the dict contains a `datetime`, while the codec's record
        does.
        """
        try:
            back = self._schema.load(encode(value))
        except ChannelError:
            return False
        return not any(differences(value, back))


_ANYTHING = Hint()


def read_hint(
    annotation: object, function: Callable[..., Any], names: Mapping[str, object]
) -> Hint:
    """Return the hint for an annotation of `function`, even if it is or contains a string.

    Args:
        annotation: As `inspect.signature` returns it.
        function: The function, in whose globals names are looked up.
        names: Names looked up first: what was local where the function was defined.
    """
    try:
        schema = resolved(annotation, function, names)
    except Exception as error:  # noqa: BLE001 - an annotation may be any expression
        return Hint(problem=f"the annotation {annotation!r} can't be resolved: {error}")
    if schema is Any or schema is object:
        return _ANYTHING
    try:
        schema_of(schema)
    except SchemaError as error:
        return Hint(problem=str(error))
    return Hint(schema)


def resolved(annotation: object, function: Callable[..., Any], names: Mapping[str, object]) -> Any:
    """Return the type that an annotation is, if it is or contains a string; `Any` if it is missing.

    Args:
        annotation: As for `read_hint`, like the other arguments.
        function: The function.
        names: Names looked up first.

    Raises:
        Exception: A name means nothing, or the annotation is no type.
    """
    if annotation is inspect.Parameter.empty:
        return Any
    holder = SimpleNamespace(__annotations__={"it": annotation})
    return get_type_hints(holder, globals_of(function), dict(names), include_extras=True)["it"]


def globals_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the globals of a function, even if it is inside a wrapper, a partial or an object."""
    function = inspect.unwrap(function)
    while isinstance(function, functools.partial):
        function = inspect.unwrap(function.func)
    if not inspect.isroutine(function):
        function = type(function).__call__
    found: dict[str, Any] = getattr(function, "__globals__", {})
    return found
