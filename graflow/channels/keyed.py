"""`KeyedChannel`: a channel whose keys and their types are listed in a `TypedDict`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import (
    Any,
    Generic,
    NoReturn,
    NotRequired,
    Required,
    TypeVar,
    cast,
    get_args,
    get_origin,
)

from typing_extensions import ReadOnly, TypeForm, is_typeddict

from graflow.channels.arguments import MISSING, Missing, Seconds, check_key
from graflow.channels.base import Channel
from graflow.channels.codec.reprs import short_repr
from graflow.channels.hidden_keys import shown_key
from graflow.channels.locks.lock import ChannelLock
from graflow.channels.operation.operations import Entry
from graflow.channels.operation.told_errors import no_value
from graflow.channels.schema import fields_of, schema_of
from graflow.channels.typed import TypedChannel
from graflow.channels.view import ChannelView
from graflow.exceptions import ChannelTypeError, ChannelValueError, SchemaError

__all__ = ["KeyedChannel"]

S = TypeVar("S")

_MARKS = (Required, NotRequired, ReadOnly)


class KeyedChannel(ChannelView, Generic[S]):
    """A channel whose keys and their types are those of a `TypedDict`.

    A key that is not in the `TypedDict` is refused, and so is a value that does not fit its
    key's type. A key of type `list[X]` supports `append`, `prepend` and `pop` of `X`. A
    `ReadOnly` key can't be changed through this channel, but others may change it.

    To a type checker `get_all` and `set_all` have the type of the `TypedDict`. The types of the
    other methods depend on the keys; the mypy plugin `graflow_mypy` knows them.
    """

    def __init__(self, channel: Channel, schema: TypeForm[S], *, strict: bool = True) -> None:
        """Put a `TypedDict` in front of a channel.

        Args:
            channel: The channel that stores the values.
            schema: A `TypedDict` class, whose fields are the keys. Each field's type must be
                valid as the schema of a `TypedChannel`.
            strict: `False` lets pydantic convert values to fit, such as `"1"` to `1`.

        Raises:
            SchemaError: It is not a `TypedDict`, or the type of a key can't be a schema.
        """
        super().__init__(channel)
        kind: Any = get_origin(schema) or schema
        if not is_typeddict(kind):
            raise SchemaError(f"a keyed channel takes a TypedDict class, not {short_repr(schema)}")
        self._form = schema
        self._strict = strict
        self._keys = {
            _checked(name): _Key(channel, hint, strict, f"{kind.__name__}.{name}")
            for name, hint in fields_of(schema).items()
        }
        self._name = str(kind.__name__)
        self._required = [
            name
            for name, key in self._keys.items()
            if (name in kind.__required_keys__ if key.is_required is None else key.is_required)
        ]

    @property
    def schema(self) -> TypeForm[S]:
        """The `TypedDict` that lists the keys."""
        return self._form

    def __repr__(self) -> str:
        """Show the channel and the schema."""
        return f"{type(self).__name__}({self._channel!r}, {self._name})"

    def __reduce__(self) -> Any:
        """Pickle the handle and the type, if both can be pickled."""
        return partial(type(self), strict=self._strict), (self._channel, self._form)

    # Values

    def set(
        self,
        key: str,
        value: Any,
        ttl: Seconds | None = None,
        *,
        if_etag: str | Missing = MISSING,
    ) -> None:
        """Store `value` under `key`, replacing whatever was there; see `TypedChannel.set`."""
        self._writable(key).whole.set(key, value, ttl, if_etag=if_etag)

    def add(self, key: str, value: Any, ttl: Seconds | None = None) -> bool:
        """Store `value` under `key` unless it has a value; see `TypedChannel.add`."""
        return self._writable(key).whole.add(key, value, ttl)

    def entry(self, key: str) -> Entry[Any]:
        """Return the value under `key` with its etag and its TTL; see `TypedChannel.entry`."""
        return self._known(key).whole.entry(key)

    def get(self, key: str, default: Any = MISSING) -> Any:
        """Return the value under `key`; for a list key, that is a list.

        Args:
            key: One of the schema's keys.
            default: Returned if there is no value; without it, a missing value is an error.

        Raises:
            ChannelKeyError: There is no value, and no default was given.
            ChannelValueError: The schema has no such key.
            ChannelValidationError: The value does not fit; it stays in the channel.
        """
        return self._known(key).whole.get(key, default)

    def update(self, key: str, fn: Callable[[Any], Any], default: Any = MISSING) -> Any:
        """Replace the value under `key` by the result of `fn`; see `TypedChannel.update`."""
        return self._writable(key).whole.update(key, fn, default)

    def get_all(self) -> S:
        """Return the values of all keys, read at a single point in time.

        Raises:
            ChannelKeyError: A required key has no value.
            ChannelValidationError: A value does not fit; it stays in the channel.
        """
        values = self._read(list(self._keys))
        for key in self._required:
            if key not in values:
                raise no_value(self.name, check_key(key))
        return cast("S", values)

    def set_all(self, values: S, ttl: Seconds | None = None) -> None:
        """Store every value under its key: all of them, or none.

        Args:
            values: Must have every required key, and no key outside the schema.
            ttl: Seconds until the keys expire, > 0. `None`: they never expire.

        Raises:
            ChannelValueError: A required key is missing, or a key is not in the schema.
            ChannelTypeError: A key is `ReadOnly`.
            ChannelValidationError: A value does not fit; nothing was stored.
        """
        given = dict(cast("dict[str, Any]", values))
        missing = [key for key in self._required if key not in given]
        if missing:
            raise self._refusal(missing[0], f"{self._name} requires key {missing[0]!r}")
        self._write(given, ttl)

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return what those of the `keys` hold that hold something, as of one moment.

        Args:
            keys: Some of the schema's.

        Raises:
            ChannelValueError: The schema does not have one of the keys.
            ChannelValidationError: A value does not fit; it stays in the channel.
        """
        wanted = [shown_key(key) for key in self._operations.check_keys(keys)]
        for key in wanted:
            self._known(key)
        return self._read(wanted)

    def set_many(self, mapping: Mapping[str, Any], ttl: Seconds | None = None) -> None:
        """Store every value of `mapping` under its key: all of them, or none.

        Args:
            mapping: Some of the schema's keys, each with its value; none is required.
            ttl: Seconds until the keys expire, > 0. `None`: they never expire.

        Raises:
            ChannelValueError: The schema does not have one of the keys.
            ChannelTypeError: A key is `ReadOnly`.
            ChannelValidationError: A value does not fit; nothing was stored.
        """
        self._operations.check_mapping(mapping)
        self._write(mapping, ttl)

    # Lists

    def append(self, key: str, value: Any, ttl: Seconds | None = None) -> int:
        """Add `value` to the end of the list under `key`; see `TypedChannel.append`."""
        return self._items(key, "append").append(key, value, ttl)

    def prepend(self, key: str, value: Any, ttl: Seconds | None = None) -> int:
        """Add `value` to the head of the list under `key`; see `TypedChannel.prepend`."""
        return self._items(key, "prepend").prepend(key, value, ttl)

    def pop(self, key: str, default: Any = None) -> Any:
        """Remove and return the item at the head of the list under `key`, or `default`."""
        return self._items(key, "pop").pop(key, default)

    # Keys

    def delete(self, key: str) -> bool:
        """Remove `key`; tell whether it existed."""
        self._writable(key)
        return self._channel.delete(key)

    def exists(self, key: str) -> bool:
        """Tell whether `key` has a value."""
        self._known(key)
        return self._channel.exists(key)

    def keys(self) -> list[str]:
        """Return those of the schema's keys that have a value, in the schema's order."""
        present = set(self._channel.keys())
        return [key for key in self._keys if key in present]

    def clear(self) -> None:
        """Remove the schema's keys at one moment, but those that are `ReadOnly`.

        What else is in the channel stays: keys of others, results of runs, locks.
        """
        keys = [check_key(key) for key, known in self._keys.items() if not known.is_read_only]
        if keys:
            self._perform(self._operations.delete_many(keys))

    def ttl(self, key: str) -> float | None:
        """Return the seconds until `key` expires, or `None` if it never does.

        Raises:
            ChannelKeyError: The key has no value.
        """
        self._known(key)
        return self._channel.ttl(key)

    def touch(self, key: str, ttl: Seconds) -> bool:
        """Let `key` expire in `ttl` seconds from now; see `Channel.touch`."""
        self._writable(key)
        return self._channel.touch(key, ttl)

    def persist(self, key: str) -> bool:
        """Let `key` never expire; tell whether it has a value."""
        self._writable(key)
        return self._channel.persist(key)

    def lock(self, key: str, timeout: Seconds = 10.0, lease: Seconds = 30.0) -> ChannelLock:
        """Return a context manager that holds the lock `key`; see `Channel.lock`.

        A name with a typing error would exclude nobody, so it has to be one of the schema's
        keys; locks of other names are `channel.lock(...)`.

        Raises:
            ChannelValueError: The schema has no such key.
        """
        self._known(key)
        return self._channel.lock(key, timeout, lease)

    # What the operations share

    def _read(self, keys: Sequence[str]) -> dict[str, Any]:
        return self._perform(
            self._operations.get_many(
                keys, lambda key, record: self._keys[shown_key(key)].schema.load(record)
            )
        )

    def _write(self, values: Mapping[str, Any], ttl: Seconds | None) -> None:
        schemas = {check_key(key): self._writable(key).schema for key in values}
        self._perform(
            self._operations.set_many(values, ttl, lambda key, value: schemas[key].dump(value))
        )

    def _known(self, key: str) -> _Key:
        known = self._keys.get(_checked(key))
        if known is None:
            close = get_close_matches(key, self._keys, n=1)
            advice = f"; did you mean {close[0]!r}?" if close else ""
            raise self._refusal(key, f"{self._name} has no key {key!r}{advice}")
        return known

    def _writable(self, key: str) -> _Key:
        known = self._known(key)
        if known.is_read_only:
            self._misuse(key, f"can't change key {key!r}: it is ReadOnly in {self._name}")
        return known

    def _items(self, key: str, operation: str) -> TypedChannel[Any]:
        items = self._writable(key).items
        if items is None:
            self._misuse(key, f"can't {operation}: key {key!r} is not a list in {self._name}")
        return items

    def _refusal(self, key: str, message: str) -> ChannelValueError:
        return ChannelValueError(f"channel {self.name!r}: {message}", channel=self.name, key=key)

    def _misuse(self, key: str, message: str) -> NoReturn:
        raise ChannelTypeError(f"channel {self.name!r}: {message}", channel=self.name, key=key)


class _Key:
    """A key of the schema, and the channels of its values.

    Attributes:
        whole: The channel of the key's values.
        schema: What the values are checked against.
        items: The channel of its list items, or `None` if the key is not a list.
        is_read_only: Whether the key is `ReadOnly`.
        is_required: Whether it is `Required` or `NotRequired`; `None` if it is marked as neither.
            (If its annotations are text, the class itself does not know.)
    """

    def __init__(self, channel: Channel, hint: Any, strict: bool, path: str) -> None:
        self.is_read_only = False
        self.is_required: bool | None = None
        while (mark := get_origin(hint)) in _MARKS:
            self.is_read_only |= mark is ReadOnly
            if mark is not ReadOnly:
                self.is_required = mark is Required
            hint = get_args(hint)[0]
        item = (*get_args(hint), Any)[0] if list in (hint, get_origin(hint)) else None
        self.items: TypedChannel[Any] | None = None
        try:
            self.whole: TypedChannel[Any] = TypedChannel(channel, hint, strict=strict)
            self.schema = schema_of(hint, strict=strict)
            if item is not None:
                self.items = TypedChannel(channel, item, strict=strict)
        except SchemaError as error:
            raise SchemaError(f"key {path}: {error}") from error


def _checked(key: object) -> str:
    """Check a key, and return it as users know it."""
    return shown_key(check_key(key))
