"""`AsyncKeyedChannel`: a keyed channel on an event loop. Written by `tools/async_faces.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from typing_extensions import TypeForm

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.aio.async_handle import AsyncHandle
from graflow.channels.aio.async_lock import AsyncChannelLock
from graflow.channels.arguments import MISSING, Missing, Seconds
from graflow.channels.listed_keys import TypedDictKeys
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.keyed_operations import KeyedOperations
from graflow.channels.unfinished import even_unfinished
from graflow.channels.watching.watch import AsyncWatch

__all__ = ["AsyncKeyedChannel"]

S = TypeVar("S")


class AsyncKeyedChannel(AsyncHandle, Generic[S]):
    """A keyed channel on an event loop: the operations of `KeyedChannel`, to be awaited."""

    def __init__(self, channel: AsyncChannel, schema: TypeForm[S], *, strict: bool = True) -> None:
        """Put a `TypedDict` in front of a channel; see `KeyedChannel`."""
        self._channel = channel
        self.backend = channel.backend
        self._form = schema
        listing = TypedDictKeys(schema, strict=strict)
        self._name = listing.title
        self._operations = KeyedOperations(channel.backend.blocking, listing)

    @property
    def channel(self) -> AsyncChannel:
        """The channel that stores the values."""
        return self._channel

    @property
    def schema(self) -> TypeForm[S]:
        """The `TypedDict` that lists the keys."""
        return self._form

    @even_unfinished
    def __repr__(self) -> str:
        """Show the channel and the schema."""
        return f"{type(self).__name__}({self._channel!r}, {self._name})"

    def lock(self, key: str, timeout: Seconds = 10.0, lease: Seconds = 30.0) -> AsyncChannelLock:
        """Return an async context manager that holds the lock called `key` while its body runs.

        It is the lock of `Channel.lock`, which threads and other processes may hold as well. A
        task that waits for it lets others go on, those of its own thread included.

        Args:
            key: One of the schema's keys.
            timeout: Seconds to wait for the lock, >= 0; 0 tries once.
            lease: Seconds after which the lock of a dead process becomes free, > 0. While its
                holder lives the lease is renewed, so the body may take longer.

        Raises:
            ChannelTimeoutError: On entry: the lock did not become free within `timeout`.
            LockReentryError: On entry: this asyncio task already holds it.
            LockLostError: On exit: the lease could not be renewed, so someone else may have
                held the lock while the body ran.
            OutcomeUnknownError: The lock may have been taken; it is released in the background.
        """
        return AsyncChannelLock(self.backend, self._operations.check_lock(key), timeout, lease)

    def watch(
        self, key: str | None = None, *, prefix: str | None = None, start: bool = True
    ) -> AsyncWatch:
        """Return an asynchronous iterator over the changes of the channel; see `Channel.watch`.

            async with channel.aio.watch(prefix="order:") as changes:
                async for change in changes:
                    print(change.key, change.kind, change.etag)

        Args:
            key: The only key to watch, one of the schema's.
            prefix: What the keys to watch begin with.
            start: Whether the first changes are the keys that exist already. Otherwise they are
                known when the `async with` block is entered, or the first change is awaited.

        Raises:
            ChannelTypeError: Both a key and a prefix are given; or it is a transaction.
        """
        return AsyncWatch(self.backend, self._operations.selection(key, prefix), start=start)

    async def set(
        self,
        key: str,
        value: Any,
        ttl: Seconds | None = None,
        *,
        if_etag: str | Missing = MISSING,
    ) -> None:
        """Store `value` under `key`, replacing whatever was there; see `TypedChannel.set`."""
        await self._perform(self._operations.set(key, value, ttl, if_etag=if_etag))

    async def add(self, key: str, value: Any, ttl: Seconds | None = None) -> bool:
        """Store `value` under `key` unless it has a value; see `TypedChannel.add`."""
        return await self._perform(self._operations.add(key, value, ttl))

    async def entry(self, key: str) -> Entry[Any]:
        """Return the value under `key` with its etag and its TTL; see `TypedChannel.entry`."""
        return await self._perform(self._operations.entry(key))

    async def get(self, key: str, default: Any = MISSING) -> Any:
        """Return the value under `key`; for a list key, that is a list.

        Args:
            key: One of the schema's keys.
            default: Returned if there is no value; without it, a missing value is an error.

        Raises:
            ChannelKeyError: There is no value, and no default was given.
            ChannelValueError: The schema has no such key.
            ChannelValidationError: The value does not fit; it stays in the channel.
        """
        return await self._perform(self._operations.get(key, default))

    async def update(
        self, key: str, fn: Callable[[Any], Any | Awaitable[Any]], default: Any = MISSING
    ) -> Any:
        """Replace the value under `key` by the result of `fn`; see `TypedChannel.update`."""
        return await self._perform(self._operations.update(key, fn, default))

    async def get_all(self) -> S:
        """Return the values of all keys, read at a single point in time.

        Raises:
            ChannelKeyError: A required key has no value; `get_many` returns what there is.
            ChannelValidationError: A value does not fit; it stays in the channel.
        """
        values: S = await self._perform(self._operations.get_all())
        return values

    async def set_all(self, values: S, ttl: Seconds | None = None) -> None:
        """Store every value under its key: all of them, or none.

        Args:
            values: Must have every required key, and no key outside the schema.
            ttl: Seconds until the keys expire, > 0. `None`: they never expire.

        Raises:
            ChannelValueError: A required key is missing, or a key is not in the schema.
            ChannelTypeError: A key is `ReadOnly`.
            ChannelValidationError: A value does not fit; nothing was stored.
        """
        await self._perform(self._operations.set_all(values, ttl))

    async def get_many(self, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return what those of the `keys` hold that hold something, as of one moment.

        Args:
            keys: Some of the schema's.

        Raises:
            ChannelValueError: The schema does not have one of the keys.
            ChannelValidationError: A value does not fit; it stays in the channel.
        """
        return await self._perform(self._operations.get_many(keys))

    async def set_many(self, mapping: Mapping[str, Any], ttl: Seconds | None = None) -> None:
        """Store every value of `mapping` under its key: all of them, or none.

        Args:
            mapping: Some of the schema's keys, each with its value; none is required.
            ttl: Seconds until the keys expire, > 0. `None`: they never expire.

        Raises:
            ChannelValueError: The schema does not have one of the keys.
            ChannelTypeError: A key is `ReadOnly`.
            ChannelValidationError: A value does not fit; nothing was stored.
        """
        await self._perform(self._operations.set_many(mapping, ttl))

    async def append(self, key: str, value: Any, ttl: Seconds | None = None) -> int:
        """Add `value` to the end of the list under `key`; see `TypedChannel.append`."""
        return await self._perform(self._operations.append(key, value, ttl))

    async def prepend(self, key: str, value: Any, ttl: Seconds | None = None) -> int:
        """Add `value` to the head of the list under `key`; see `TypedChannel.prepend`."""
        return await self._perform(self._operations.prepend(key, value, ttl))

    async def pop(self, key: str, default: Any = None, timeout: Seconds | None = None) -> Any:
        """Remove and return the item at the head of the list under `key`; see `TypedChannel.pop`.

        With a `timeout` in seconds it waits for an item, and `math.inf` for as long as it takes.
        """
        return await self._perform(self._operations.pop(key, default, timeout))

    async def wait_for(
        self,
        key: str,
        predicate: Callable[[Any], object] | None = None,
        timeout: Seconds | None = None,
    ) -> Any:
        """Wait for a value of `key` of which `predicate` is true; see `TypedChannel.wait_for`."""
        return await self._perform(self._operations.wait_for(key, predicate, timeout))

    async def delete(self, key: str) -> bool:
        """Remove `key`; tell whether it existed."""
        return await self._perform(self._operations.delete(key))

    async def exists(self, key: str) -> bool:
        """Tell whether `key` has a value."""
        return await self._perform(self._operations.exists(key))

    async def keys(self) -> list[str]:
        """Return those of the schema's keys that have a value, in the schema's order."""
        return await self._perform(self._operations.keys())

    async def clear(self) -> None:
        """Remove the schema's keys at one moment, but those that are `ReadOnly`.

        What else is in the channel stays: keys of others, results of runs, locks.
        """
        await self._perform(self._operations.clear())

    async def ttl(self, key: str) -> float | None:
        """Return the seconds until `key` expires, or `None` if it never does.

        Raises:
            ChannelKeyError: The key has no value.
        """
        return await self._perform(self._operations.ttl(key))

    async def touch(self, key: str, ttl: Seconds) -> bool:
        """Let `key` expire in `ttl` seconds from now; see `Channel.touch`."""
        return await self._perform(self._operations.touch(key, ttl))

    async def persist(self, key: str) -> bool:
        """Let `key` never expire; tell whether it has a value."""
        return await self._perform(self._operations.persist(key))
