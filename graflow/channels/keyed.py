"""`KeyedChannel`: a channel whose keys and their types are listed in a `TypedDict`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from typing_extensions import TypeForm

from graflow.channels.arguments import MISSING, Missing, Seconds, check_key, milliseconds
from graflow.channels.base import Channel
from graflow.channels.listed_keys import TypedDictKeys
from graflow.channels.locks.lock import ChannelLock
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.keyed_operations import KeyedOperations
from graflow.channels.operation.told_errors import blame
from graflow.channels.unfinished import even_unfinished
from graflow.channels.view import ChannelView
from graflow.channels.watching.watch import Watch
from graflow.exceptions import ChannelError

if TYPE_CHECKING:
    from graflow.channels.aio.async_keyed_channel import AsyncKeyedChannel

__all__ = ["KeyedChannel"]

S = TypeVar("S")


class KeyedChannel(ChannelView[str], Generic[S]):
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
        self._aio: AsyncKeyedChannel[S] | None = None
        self._form = schema
        self._strict = strict
        listing = TypedDictKeys(schema, strict=strict)
        self._name = listing.title
        self._operations = KeyedOperations(channel.backend, listing)

    @property
    def aio(self) -> AsyncKeyedChannel[S]:
        """The channel on an event loop: the same operations, to be awaited."""
        if self._aio is None:
            from graflow.channels.aio.async_keyed_channel import AsyncKeyedChannel  # noqa: PLC0415

            self._aio = AsyncKeyedChannel(self._channel.aio, self._form, strict=self._strict)
        return self._aio

    @property
    def schema(self) -> TypeForm[S]:
        """The `TypedDict` that lists the keys."""
        return self._form

    @even_unfinished
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
        if if_etag is not MISSING:
            self._perform(self._operations.set(key, value, ttl, if_etag=if_etag))
            return
        known, key = self._operations.known(key, changes=True), check_key(key)
        try:
            record = known.schema.dump(value)
        except ChannelError as error:
            blame(error, self.name, key)
        self.backend.put(key, record, None if ttl is None else milliseconds(ttl))

    def add(self, key: str, value: Any, ttl: Seconds | None = None) -> bool:
        """Store `value` under `key` unless it has a value; see `TypedChannel.add`."""
        return self._perform(self._operations.add(key, value, ttl))

    def entry(self, key: str) -> Entry[Any]:
        """Return the value under `key` with its etag and its TTL; see `TypedChannel.entry`."""
        return self._perform(self._operations.entry(key))

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
        known, key = self._operations.known(key), check_key(key)
        record = self.backend.get(key)
        if record is None:
            return self._operations.default(key, default)
        try:
            return known.schema.load(record)
        except ChannelError as error:
            blame(error, self.name, key)

    def update(self, key: str, fn: Callable[[Any], Any], default: Any = MISSING) -> Any:
        """Replace the value under `key` by the result of `fn`; see `TypedChannel.update`."""
        return self._perform(self._operations.update(key, fn, default))

    def get_all(self) -> S:
        """Return the values of all keys, read at a single point in time.

        Raises:
            ChannelKeyError: A required key has no value; `get_many` returns what there is.
            ChannelValidationError: A value does not fit; it stays in the channel.
        """
        values: S = self._perform(self._operations.get_all())
        return values

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
        self._perform(self._operations.set_all(values, ttl))

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return what those of the `keys` hold that hold something, as of one moment.

        Args:
            keys: Some of the schema's.

        Raises:
            ChannelValueError: The schema does not have one of the keys.
            ChannelValidationError: A value does not fit; it stays in the channel.
        """
        return self._perform(self._operations.get_many(keys))

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
        self._perform(self._operations.set_many(mapping, ttl))

    # Lists

    def append(self, key: str, value: Any, ttl: Seconds | None = None) -> int:
        """Add `value` to the end of the list under `key`; see `TypedChannel.append`."""
        return self._perform(self._operations.append(key, value, ttl))

    def prepend(self, key: str, value: Any, ttl: Seconds | None = None) -> int:
        """Add `value` to the head of the list under `key`; see `TypedChannel.prepend`."""
        return self._perform(self._operations.prepend(key, value, ttl))

    def pop(self, key: str, default: Any = None, timeout: Seconds | None = None) -> Any:
        """Remove and return the item at the head of the list under `key`; see `TypedChannel.pop`.

        With a `timeout` in seconds it waits for an item, and `math.inf` for as long as it takes.
        """
        return self._perform(self._operations.pop(key, default, timeout))

    # Waiting

    def wait_for(
        self,
        key: str,
        predicate: Callable[[Any], object] | None = None,
        timeout: Seconds | None = None,
    ) -> Any:
        """Wait for a value of `key` of which `predicate` is true; see `TypedChannel.wait_for`."""
        return self._perform(self._operations.wait_for(key, predicate, timeout))

    def watch(
        self, key: str | None = None, *, prefix: str | None = None, start: bool = True
    ) -> Watch:
        """Return an iterator over the changes of the schema's keys; see `Channel.watch`.

        Args:
            key: The only key to watch, one of the schema's.
            prefix: What the keys to watch begin with; by default all of the schema's are watched.
            start: Whether the first changes are the keys that have a value already.

        Raises:
            ChannelValueError: The schema has no such key.
        """
        return Watch(self.backend, self._operations.selection(key, prefix), start=start)

    # Keys

    def delete(self, key: str) -> bool:
        """Remove `key`; tell whether it existed."""
        return self._perform(self._operations.delete(key))

    def exists(self, key: str) -> bool:
        """Tell whether `key` has a value."""
        return self._perform(self._operations.exists(key))

    def keys(self) -> list[str]:
        """Return those of the schema's keys that have a value, in the schema's order."""
        return self._perform(self._operations.keys())

    def clear(self) -> None:
        """Remove the schema's keys at one moment, but those that are `ReadOnly`.

        What else is in the channel stays: keys of others, results of runs, locks.
        """
        self._perform(self._operations.clear())

    def ttl(self, key: str) -> float | None:
        """Return the seconds until `key` expires, or `None` if it never does.

        Raises:
            ChannelKeyError: The key has no value.
        """
        return self._perform(self._operations.ttl(key))

    def touch(self, key: str, ttl: Seconds) -> bool:
        """Let `key` expire in `ttl` seconds from now; see `Channel.touch`."""
        return self._perform(self._operations.touch(key, ttl))

    def persist(self, key: str) -> bool:
        """Let `key` never expire; tell whether it has a value."""
        return self._perform(self._operations.persist(key))

    def lock(self, key: str, timeout: Seconds = 10.0, lease: Seconds = 30.0) -> ChannelLock:
        """Return a context manager that holds the lock `key`; see `Channel.lock`.

        A name with a typing error would exclude nobody, so it has to be one of the schema's
        keys; locks of other names are `channel.lock(...)`.

        Raises:
            ChannelValueError: The schema has no such key.
        """
        return self._channel.lock(self._operations.check_lock(key), timeout, lease)
