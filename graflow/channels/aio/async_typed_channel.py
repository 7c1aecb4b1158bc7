"""`AsyncTypedChannel`: a typed channel on an event loop. Written by `tools/async_faces.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar, overload

from typing_extensions import TypeForm

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.aio.async_handle import AsyncHandle
from graflow.channels.aio.async_lock import AsyncChannelLock
from graflow.channels.arguments import MISSING, Missing, Seconds, check_key
from graflow.channels.hidden_keys import visible_keys
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.typed_operations import TypedOperations
from graflow.channels.schema import schema_of
from graflow.channels.unfinished import even_unfinished
from graflow.channels.watching.watch import AsyncWatch

__all__ = ["AsyncTypedChannel"]

T = TypeVar("T")
D = TypeVar("D")


class AsyncTypedChannel(AsyncHandle, Generic[T]):
    """A typed channel on an event loop: the operations of `TypedChannel`, to be awaited."""

    def __init__(self, channel: AsyncChannel, schema: TypeForm[T], *, strict: bool = True) -> None:
        """Put a schema in front of a channel; see `TypedChannel`."""
        self._channel = channel
        self.backend = channel.backend
        self._schema = schema_of(schema, strict=strict)
        self._operations = TypedOperations(channel.backend.blocking, self._schema)

    @property
    def channel(self) -> AsyncChannel:
        """The channel that stores the values."""
        return self._channel

    @property
    def schema(self) -> TypeForm[T]:
        """The type of the values."""
        return self._schema.form

    @even_unfinished
    def __repr__(self) -> str:
        """Show the channel and the schema."""
        return f"{type(self).__name__}({self._channel!r}, {self._schema.name})"

    def lock(self, key: str, timeout: Seconds = 10.0, lease: Seconds = 30.0) -> AsyncChannelLock:
        """Return an async context manager that holds the lock called `key` while its body runs.

        It is the lock of `Channel.lock`, which threads and other processes may hold as well. A
        task that waits for it lets others go on, those of its own thread included.

        Args:
            key: Non-empty text.
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
        return AsyncChannelLock(self.backend, check_key(key), timeout, lease)

    def watch(
        self, key: str | None = None, *, prefix: str | None = None, start: bool = True
    ) -> AsyncWatch:
        """Return an asynchronous iterator over the changes of the channel; see `Channel.watch`.

            async with channel.aio.watch(prefix="order:") as changes:
                async for change in changes:
                    print(change.key, change.kind, change.etag)

        Args:
            key: The only key to watch.
            prefix: What the keys to watch begin with.
            start: Whether the first changes are the keys that exist already. Otherwise they are
                known when the `async with` block is entered, or the first change is awaited.

        Raises:
            ChannelTypeError: Both a key and a prefix are given; or it is a transaction.
        """
        return AsyncWatch(self.backend, self._operations.selection(key, prefix), start=start)

    async def iter_keys(self, prefix: str = "") -> AsyncIterator[str]:
        """Yield the channel's keys as they are found; see `Channel.iter_keys`."""
        stored = self._operations.stored_prefix(prefix)
        async for some in self.backend.scan(stored):
            for key in visible_keys(some):
                yield key

    async def set(
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
        await self._perform(self._operations.set(key, value, ttl, if_etag=if_etag))

    @overload
    async def get(self, key: str) -> T: ...
    @overload
    async def get(self, key: str, default: D) -> T | D: ...

    async def get(self, key: str, default: Any = MISSING) -> Any:
        """Return the value stored under `key`.

        Args:
            key: Non-empty text.
            default: Returned if there is no value; without it, a missing value is an error.

        Raises:
            ChannelKeyError: There is no value, and no default was given.
            ChannelValidationError: The value does not fit; it stays in the channel.
            ChannelTypeError: The key holds a list of values; use `get_list`.
        """
        return await self._perform(self._operations.get(key, default))

    @overload
    async def get_list(self, key: str) -> list[T]: ...
    @overload
    async def get_list(self, key: str, default: D) -> list[T] | D: ...

    async def get_list(self, key: str, default: Any = MISSING) -> Any:
        """Return the list of values that `append` and `prepend` built under `key`.

        Args:
            key: Non-empty text.
            default: Returned if there is no list; without it, a missing list is an error.

        Raises:
            ChannelKeyError: There is no list, and no default was given.
            ChannelValidationError: An item does not fit; the list stays in the channel.
            ChannelTypeError: The key holds a single value; use `get`.
        """
        return await self._perform(self._operations.get_list(key, default))

    async def get_many(self, keys: Iterable[str]) -> dict[str, T]:
        """Return the values of those `keys` that exist, read at one point in time; see `get`."""
        return await self._perform(self._operations.get_many(keys))

    async def set_many(self, mapping: Mapping[str, T], ttl: Seconds | None = None) -> None:
        """Store every value of `mapping` under its key: all of them, or none.

        Args:
            mapping: Keys and values, as for `set`.
            ttl: Seconds until the keys expire, > 0. `None`: they never expire.

        Raises:
            ChannelValidationError: A value does not fit; nothing was stored.
        """
        await self._perform(self._operations.set_many(mapping, ttl))

    async def add(self, key: str, value: T, ttl: Seconds | None = None) -> bool:
        """Store `value` under `key` unless the key exists; tell whether it was stored.

        Raises:
            ChannelValidationError: The value does not fit; nothing changed.
        """
        return await self._perform(self._operations.add(key, value, ttl))

    async def entry(self, key: str) -> Entry[T]:
        """Return the value under `key` with its etag and its TTL, as of one moment.

        Raises:
            ChannelKeyError: There is no value.
            ChannelValidationError: The value does not fit; it stays in the channel.
            ChannelTypeError: The key holds a list of values.
        """
        return await self._perform(self._operations.entry(key))

    async def update(
        self, key: str, fn: Callable[[T], T | Awaitable[T]], default: T | Missing = MISSING
    ) -> T:
        """Replace the value under `key` by the one that `fn` returns for it, keeping its TTL.

        `fn` may be a coroutine function. It may run several times: it is called again
        whenever somebody wrote in between.

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
        new: T = await self._perform(self._operations.update(key, fn, default))
        return new

    async def append(self, key: str, value: T, ttl: Seconds | None = None) -> int:
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
        return await self._perform(self._operations.append(key, value, ttl))

    async def prepend(self, key: str, value: T, ttl: Seconds | None = None) -> int:
        """Add `value` to the head of the list under `key`; otherwise like `append`."""
        return await self._perform(self._operations.prepend(key, value, ttl))

    @overload
    async def pop(self, key: str, *, timeout: Seconds | None = None) -> T | None: ...
    @overload
    async def pop(self, key: str, default: D, timeout: Seconds | None = None) -> T | D: ...

    async def pop(self, key: str, default: Any = None, timeout: Seconds | None = None) -> Any:
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
        return await self._perform(self._operations.pop(key, default, timeout))

    async def wait_for(
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
        value: T = await self._perform(self._operations.wait_for(key, predicate, timeout))
        return value

    async def delete(self, key: str) -> bool:
        """Remove `key`; tell whether it existed."""
        return await self._perform(self._operations.delete(key))

    async def exists(self, key: str) -> bool:
        """Tell whether `key` exists, whatever it holds."""
        return await self._perform(self._operations.exists(key))

    async def keys(self) -> list[str]:
        """Return the channel's keys, whatever they hold, in no particular order."""
        return await self._perform(self._operations.keys())

    async def clear(self) -> None:
        """Remove every key of the channel, whatever it holds; locks stay."""
        await self._perform(self._operations.clear())

    async def ttl(self, key: str) -> float | None:
        """Return the seconds until `key` expires, or `None` if it never does.

        Raises:
            ChannelKeyError: There is no such key.
        """
        return await self._perform(self._operations.ttl(key))

    async def touch(self, key: str, ttl: Seconds) -> bool:
        """Let `key` expire in `ttl` seconds from now, whatever it holds; see `Channel.touch`."""
        return await self._perform(self._operations.touch(key, ttl))

    async def persist(self, key: str) -> bool:
        """Let `key` never expire, whatever it holds; tell whether it exists."""
        return await self._perform(self._operations.persist(key))
