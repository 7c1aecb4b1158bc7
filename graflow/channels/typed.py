"""`TypedChannel`: a channel whose values all fit one schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from typing_extensions import TypeForm

from graflow.channels.arguments import MISSING, Missing, Seconds, check_key, milliseconds
from graflow.channels.base import Channel
from graflow.channels.locks.lock import ChannelLock
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.told_errors import blame
from graflow.channels.operation.typed_operations import TypedOperations
from graflow.channels.schema import schema_of
from graflow.channels.unfinished import even_unfinished
from graflow.channels.view import ChannelView
from graflow.channels.watching.watch import Watch
from graflow.exceptions import ChannelError

if TYPE_CHECKING:
    from graflow.channels.aio.async_typed_channel import AsyncTypedChannel

__all__ = ["TypedChannel"]

T = TypeVar("T")
D = TypeVar("D")


class TypedChannel(ChannelView[str], Generic[T]):
    """A channel that accepts and returns values of one type, and raises for any other.

    Values are checked before they are written, and again when they are read, no matter who
    wrote them; data that does not fit stays where it is. An untyped channel reads the values of
    a typed one as plain data: a dict for an object, text for a date.
    """

    def __init__(self, channel: Channel, schema: TypeForm[T], *, strict: bool = True) -> None:
        """Put a schema in front of a channel.

        Args:
            channel: The channel that stores the values.
            schema: A `TypedDict`, a dataclass, a pydantic model or any other type that pydantic's
                `TypeAdapter` accepts and that survives a round trip through JSON. Its own
                pydantic config takes precedence over `strict`, and over the rule that unknown
                fields are refused.
            strict: `False` lets pydantic convert values to fit, such as `"1"` to `1`; the
                converted value is stored.

        Raises:
            SchemaError: The type can't be a schema; the message gives the path of the culprit.
        """
        super().__init__(channel)
        self._schema = schema_of(schema, strict=strict)
        self._aio: AsyncTypedChannel[T] | None = None
        self._operations = TypedOperations(channel.backend, self._schema)

    @property
    def aio(self) -> AsyncTypedChannel[T]:
        """The channel on an event loop: the same operations, to be awaited."""
        if self._aio is None:
            from graflow.channels.aio.async_typed_channel import AsyncTypedChannel  # noqa: PLC0415

            schema = self._schema
            self._aio = AsyncTypedChannel(self._channel.aio, schema.form, strict=schema.strict)
        return self._aio

    @property
    def schema(self) -> TypeForm[T]:
        """The type of the values."""
        return self._schema.form

    @even_unfinished
    def __repr__(self) -> str:
        """Show the channel and the schema."""
        return f"{type(self).__name__}({self._channel!r}, {self._schema.name})"

    def __reduce__(self) -> Any:
        """Pickle the handle and the type, if both can be pickled."""
        make = partial(type(self), strict=self._schema.strict)
        return make, (self._channel, self._schema.form)

    # Values

    def set(
        self,
        key: str,
        value: T,
        ttl: Seconds | None = None,
        *,
        if_etag: str | Missing = MISSING,
    ) -> None:
        """Store `value` under `key`, replacing whatever was there.

        Args:
            key: Non-empty text.
            value: Must fit the schema.
            ttl: Seconds until the key expires, > 0. `None`: it never expires.
            if_etag: The `etag` of an `entry` that was read before; the value is stored only if
                the key still holds what it held then.

        Raises:
            ChannelValidationError: The value does not fit; nothing changed.
            ChannelConflictError: The key does not hold what `if_etag` stands for; nothing changed.
        """
        if if_etag is not MISSING:
            self._perform(self._operations.set(key, value, ttl, if_etag=if_etag))
            return
        if type(key) is not str or key < "\1" or not key.isascii():  # spares most keys the call
            key = check_key(key)
        try:
            record = self._schema.dump(value)
        except ChannelError as error:
            blame(error, self.name, key)
        self.backend.put(key, record, None if ttl is None else milliseconds(ttl))

    @overload
    def get(self, key: str) -> T: ...
    @overload
    def get(self, key: str, default: D) -> T | D: ...
    def get(self, key: str, default: Any = MISSING) -> Any:
        """Return the value stored under `key`.

        Args:
            key: Non-empty text.
            default: Returned if there is no value; without it, a missing value is an error.

        Raises:
            ChannelKeyError: There is no value, and no default was given.
            ChannelValidationError: The value does not fit; it stays in the channel.
            ChannelTypeError: The key holds a list of values; use `get_list`.
        """
        if type(key) is not str or key < "\1" or not key.isascii():  # spares most keys the call
            key = check_key(key)
        record = self.backend.get(key)
        if record is None:
            return self._operations.default(key, default)
        try:
            return self._schema.load(record)
        except ChannelError as error:
            blame(error, self.name, key)

    @overload
    def get_list(self, key: str) -> list[T]: ...
    @overload
    def get_list(self, key: str, default: D) -> list[T] | D: ...
    def get_list(self, key: str, default: Any = MISSING) -> Any:
        """Return the list of values that `append` and `prepend` built under `key`.

        Args:
            key: Non-empty text.
            default: Returned if there is no list; without it, a missing list is an error.

        Raises:
            ChannelKeyError: There is no list, and no default was given.
            ChannelValidationError: An item does not fit; the list stays in the channel.
            ChannelTypeError: The key holds a single value; use `get`.
        """
        return self._perform(self._operations.get_list(key, default))

    def get_many(self, keys: Iterable[str]) -> dict[str, T]:
        """Return the values of those `keys` that exist, read at one point in time; see `get`."""
        return self._perform(self._operations.get_many(keys))

    def set_many(self, mapping: Mapping[str, T], ttl: Seconds | None = None) -> None:
        """Store every value of `mapping` under its key: all of them, or none.

        Args:
            mapping: Keys and values, as for `set`.
            ttl: Seconds until the keys expire, > 0. `None`: they never expire.

        Raises:
            ChannelValidationError: A value does not fit; nothing was stored.
        """
        self._perform(self._operations.set_many(mapping, ttl))

    def add(self, key: str, value: T, ttl: Seconds | None = None) -> bool:
        """Store `value` under `key` unless the key exists; tell whether it was stored.

        Raises:
            ChannelValidationError: The value does not fit; nothing changed.
        """
        return self._perform(self._operations.add(key, value, ttl))

    def entry(self, key: str) -> Entry[T]:
        """Return the value under `key` with its etag and its TTL, as of one moment.

        Raises:
            ChannelKeyError: There is no value.
            ChannelValidationError: The value does not fit; it stays in the channel.
            ChannelTypeError: The key holds a list of values.
        """
        return self._perform(self._operations.entry(key))

    def update(self, key: str, fn: Callable[[T], T], default: T | Missing = MISSING) -> T:
        """Replace the value under `key` by the one that `fn` returns for it, keeping its TTL.

        `fn` may run several times: it is called again whenever somebody wrote in between.

        Args:
            key: Non-empty text.
            fn: Takes the current value and returns the new one. If it raises, nothing changes.
            default: Passed to `fn` if there is no value.

        Returns:
            The new value.

        Raises:
            ChannelKeyError: There is no value, and no default was given.
            ChannelValidationError: The current value or the new one does not fit.
            ChannelConflictError: As for `Channel.update`.
        """
        new: T = self._perform(self._operations.update(key, fn, default))
        return new

    # Lists

    def append(self, key: str, value: T, ttl: Seconds | None = None) -> int:
        """Add `value` to the end of the list under `key`, creating the list if necessary.

        Args:
            key: Non-empty text.
            value: Must fit the schema.
            ttl: Seconds until the whole list expires, > 0. `None` leaves its expiry unchanged.

        Returns:
            The new length of the list.

        Raises:
            ChannelValidationError: The value does not fit; nothing changed.
            ChannelTypeError: The key holds something other than a list; nothing changed.
        """
        return self._push(self._operations, key, value, ttl, at_head=False)

    def prepend(self, key: str, value: T, ttl: Seconds | None = None) -> int:
        """Add `value` to the head of the list under `key`; otherwise like `append`."""
        return self._push(self._operations, key, value, ttl, at_head=True)

    @overload
    def pop(self, key: str, *, timeout: Seconds | None = None) -> T | None: ...
    @overload
    def pop(self, key: str, default: D, timeout: Seconds | None = None) -> T | D: ...
    def pop(self, key: str, default: Any = None, timeout: Seconds | None = None) -> Any:
        """Remove and return the item at the head of the list under `key`; see `Channel.pop`.

        Args:
            key: Non-empty text.
            default: Returned if there is no item.
            timeout: Seconds to wait for an item, >= 0; `math.inf` for as long as it takes.
                `None` doesn't wait.

        Returns:
            The item, or `default` if there is no such key or its list is empty, and no item came
            until the time was over.

        Raises:
            ChannelValidationError: The item does not fit; it stays at the head of the list.
            ChannelTypeError: The key holds something other than a list.
        """
        return self._perform(self._operations.pop(key, default, timeout))

    # Waiting

    def wait_for(
        self,
        key: str,
        predicate: Callable[[T], object] | None = None,
        timeout: Seconds | None = None,
    ) -> T:
        """Wait until `key` holds a value of which `predicate` is true, and return the value.

        Args:
            key: Non-empty text.
            predicate: Takes the value, and may be called often; if it raises, so does this.
                `None`: any value that fits will do.
            timeout: Seconds to wait, >= 0; 0 looks once. `None`: as long as it takes.

        Raises:
            ChannelTimeoutError: There was no such value until the time was over.
            ChannelValidationError: A value does not fit; it stays in the channel.
            ChannelTypeError: The key holds a list of values; or a transaction would have to wait.
        """
        value: T = self._perform(self._operations.wait_for(key, predicate, timeout))
        return value

    def watch(
        self, key: str | None = None, *, prefix: str | None = None, start: bool = True
    ) -> Watch:
        """Return an iterator over the changes of keys, whatever they hold; see `Channel.watch`."""
        selection = self._operations.selection(key, prefix)
        return Watch(self.backend, selection, start=start)

    # Keys and locks, as the channel has them

    def delete(self, key: str) -> bool:
        """Remove `key`; tell whether it existed."""
        return self._perform(self._operations.delete(key))

    def exists(self, key: str) -> bool:
        """Tell whether `key` exists, whatever it holds."""
        return self._perform(self._operations.exists(key))

    def keys(self) -> list[str]:
        """Return the channel's keys, whatever they hold, in no particular order."""
        return self._perform(self._operations.keys())

    def iter_keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the channel's keys, whatever they hold, as they are found.

        See `Channel.iter_keys`.
        """
        return self._channel.iter_keys(prefix)

    def clear(self) -> None:
        """Remove every key of the channel, whatever it holds; locks stay."""
        self._perform(self._operations.clear())

    def ttl(self, key: str) -> float | None:
        """Return the seconds until `key` expires, or `None` if it never does.

        Raises:
            ChannelKeyError: There is no such key.
        """
        return self._perform(self._operations.ttl(key))

    def touch(self, key: str, ttl: Seconds) -> bool:
        """Let `key` expire in `ttl` seconds from now, whatever it holds; see `Channel.touch`."""
        return self._perform(self._operations.touch(key, ttl))

    def persist(self, key: str) -> bool:
        """Let `key` never expire, whatever it holds; tell whether it exists."""
        return self._perform(self._operations.persist(key))

    def lock(self, key: str, timeout: Seconds = 10.0, lease: Seconds = 30.0) -> ChannelLock:
        """Return a context manager that holds the lock `key`; see `Channel.lock`."""
        return self._channel.lock(key, timeout, lease)
