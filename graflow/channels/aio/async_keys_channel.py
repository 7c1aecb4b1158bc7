"""`AsyncKeysChannel`: a channel of declared keys on a loop. Written by `tools/async_faces.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, ParamSpec, overload

from typing_extensions import TypeVar

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.aio.async_handle import AsyncHandle
from graflow.channels.aio.async_lock import AsyncChannelLock
from graflow.channels.arguments import MISSING, Seconds
from graflow.channels.keys.key import Key
from graflow.channels.keys.key_pattern import KeyPattern
from graflow.channels.keys.keys import Keys
from graflow.channels.keys.keys_listing import KeysListing
from graflow.channels.keys.keys_operations import KeysOperations
from graflow.channels.keys.operands import (
    Addable,
    Appendable,
    Readable,
    Settable,
    UpdatableOnLoop,
)
from graflow.channels.keys.values import Values
from graflow.channels.operation.entry import Entry
from graflow.channels.unfinished import even_unfinished
from graflow.channels.watching.watch import AsyncWatch

__all__ = ["AsyncKeysChannel"]

C_co = TypeVar("C_co", bound=Keys, covariant=True)
T = TypeVar("T")
D = TypeVar("D")
X = TypeVar("X")
P = ParamSpec("P")


class AsyncKeysChannel(AsyncHandle, Generic[C_co]):
    """A channel of declared keys on an event loop: the operations of `KeysChannel`, to be awaited.

    `channel.aio.of(Pipeline)` is one.
    """

    def __init__(
        self, channel: AsyncChannel, keys: type[C_co], *, strict: bool = True, results: str = ""
    ) -> None:
        """Put a class of keys in front of a channel; see `KeysChannel`."""
        self._channel = channel
        self.backend = channel.backend
        self._keys = keys
        listing = KeysListing(keys, strict=strict, results=results)
        self._operations = KeysOperations(channel.backend.blocking, listing)

    @property
    def channel(self) -> AsyncChannel:
        """The channel that stores the values."""
        return self._channel

    @property
    def schema(self) -> type[C_co]:
        """The class that declares the keys."""
        return self._keys

    @even_unfinished
    def __repr__(self) -> str:
        """Show the channel and the class."""
        return f"{type(self).__name__}({self._channel!r}, {self._keys.__name__})"

    def lock(
        self, key: Key[Any, C_co], timeout: Seconds = 10.0, lease: Seconds = 30.0
    ) -> AsyncChannelLock:
        """Return an async context manager that holds the lock called `key` while its body runs.

        It is the lock of `Channel.lock`, which threads and other processes may hold as well. A
        task that waits for it lets others go on, those of its own thread included.

        Args:
            key: One of the class's keys.
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
        self, key: Key[Any, C_co] | KeyPattern[Any, C_co] | None = None, *, start: bool = True
    ) -> AsyncWatch:
        """Return an asynchronous iterator over the changes of the class's keys.

        See `AsyncChannel.watch`.

        Args:
            key: The only key to watch, or the pattern of those to watch.
            start: Whether the first changes are the keys that exist already.

        Raises:
            ChannelValueError, ChannelTypeError: The class has no such key, or no such pattern.
        """
        return AsyncWatch(self.backend, self._operations.watched(key), start=start)

    async def set(self, key: Settable[P, C_co], *args: P.args, **kwargs: P.kwargs) -> None:
        """Store a value: `set(key, value, ttl=None, *, if_etag=...)`; see `TypedChannel.set`.

        Args:
            key: One of the class's keys.
            args: The value, which must fit the type of the key, and the `ttl`: seconds until the
                key expires, > 0. `None`: the key's own.
            kwargs: The same by name, and `if_etag`: the `etag` of an `entry` that was read before;
                the value is stored only if the key still holds what it held then.

        Raises:
            ChannelValueError: The class has no such key.
            ChannelValidationError: The value does not fit; nothing changed.
            ChannelConflictError: The key does not hold what `if_etag` stands for; nothing changed.
        """
        await self._perform(self._operations.set(key, *args, **kwargs))

    async def add(self, key: Addable[P, C_co], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Store a value unless the key has one: `add(key, value, ttl=None)`.

        Returns:
            Whether it was stored.

        Raises:
            ChannelValueError, ChannelValidationError: As for `set`; nothing changed.
        """
        return await self._perform(self._operations.add(key, *args, **kwargs))

    async def entry(self, key: Readable[T, C_co]) -> Entry[T]:
        """Return the value under `key` with its etag and its TTL; see `TypedChannel.entry`."""
        entry: Entry[T] = await self._perform(self._operations.entry(key))
        return entry

    @overload
    async def get(self, key: Readable[T, C_co]) -> T: ...
    @overload
    async def get(self, key: Readable[T, C_co], default: D) -> T | D: ...

    async def get(self, key: Readable[Any, C_co], default: Any = MISSING) -> Any:
        """Return the value under `key`; for a list key, that is a list.

        Args:
            key: One of the class's keys, or what a task has returned, such as `fetch.result`.
            default: Returned if there is no value; without it, a missing value is an error.

        Raises:
            ChannelKeyError: There is no value, and no default was given.
            ChannelValueError: The class has no such key.
            ChannelValidationError: The value does not fit; it stays in the channel.
        """
        return await self._perform(self._operations.get(key, default))

    async def update(
        self, key: UpdatableOnLoop[P, T, C_co], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Replace a value: `update(key, fn, default=...)`; see `TypedChannel.update`.

        Args:
            key: One of the class's keys.
            args: A function of the value that returns the new one, and perhaps what it is given if
                there is no value.
            kwargs: The same by name.

        Returns:
            The new value.
        """
        new: T = await self._perform(self._operations.update(key, *args, **kwargs))
        return new

    @overload
    async def atomic_add(self, key: Key[int, C_co], amount: int = 1) -> int: ...
    @overload
    async def atomic_add(self, key: Key[float, C_co], amount: float = 1) -> float: ...

    async def atomic_add(self, key: Key[Any, C_co], amount: int | float = 1) -> int | float:
        """Add `amount` to the number under `key`; see `Channel.atomic_add`.

        Raises:
            ChannelTypeError: The key is not declared as `int` or `float`, or a float is to be
                added to an int; nothing changed.
        """
        return await self._perform(self._operations.atomic_add(key, amount))

    async def get_many(self, keys: Iterable[Key[Any, C_co]]) -> Values[C_co]:
        """Return what those of the `keys` hold that hold something, as of one moment.

            values = ch.get_many([Pipeline.user, Pipeline.logs])
            values[Pipeline.user]["name"], values.get(Pipeline.logs)

        Raises:
            ChannelValueError: The class does not have one of the keys.
            ChannelValidationError: A value does not fit; it stays in the channel.
        """
        return await self._perform(self._operations.get_values(keys))

    async def set_many(
        self, mapping: Mapping[Key[Any, C_co], object], ttl: Seconds | None = None
    ) -> None:
        """Store every value of `mapping` under its key: all of them, or none.

        Type checkers know the keys here, and the mypy plugin alone knows the types of their values;
        those are checked when the program runs.

        Args:
            mapping: Some of the class's keys, each with its value.
            ttl: Seconds until the keys expire, > 0. `None`: each key's own.

        Raises:
            ChannelValueError: The class does not have one of the keys.
            ChannelValidationError: A value does not fit; nothing was stored.
        """
        await self._perform(self._operations.set_many(mapping, ttl))

    async def append(self, key: Appendable[P, C_co], *args: P.args, **kwargs: P.kwargs) -> int:
        """Add an item to the end of a list: `append(key, value, ttl=None)`.

        Args:
            key: One of the class's keys, whose type is a list.
            args: The item, which must fit the type of the list, and the `ttl`: seconds until the
                whole list expires, > 0. `None`: the key's own, or what it is.
            kwargs: The same by name.

        Returns:
            The new length of the list.

        Raises:
            ChannelTypeError: The key's type is not a list, or it holds something else.
            ChannelValidationError: The item does not fit; nothing changed.
        """
        return await self._perform(self._operations.append(key, *args, **kwargs))

    async def prepend(self, key: Appendable[P, C_co], *args: P.args, **kwargs: P.kwargs) -> int:
        """Add an item to the head of a list: `prepend(key, value, ttl=None)`; see `append`."""
        return await self._perform(self._operations.prepend(key, *args, **kwargs))

    @overload
    async def pop(self, key: Key[list[X], C_co], *, timeout: Seconds | None = None) -> X | None: ...
    @overload
    async def pop(
        self, key: Key[list[X], C_co], default: D, timeout: Seconds | None = None
    ) -> X | D: ...

    async def pop(
        self, key: Key[Any, C_co], default: Any = None, timeout: Seconds | None = None
    ) -> Any:
        """Remove and return the item at the head of the list under `key`; see `TypedChannel.pop`.

        With a `timeout` in seconds it waits for an item, and `math.inf` for as long as it takes.
        """
        return await self._perform(self._operations.pop(key, default, timeout))

    async def wait_for(
        self,
        key: Readable[T, C_co],
        predicate: Callable[[T], object] | None = None,
        timeout: Seconds | None = None,
    ) -> T:
        """Wait for a value of `key` of which `predicate` is true; see `TypedChannel.wait_for`."""
        value: T = await self._perform(self._operations.wait_for(key, predicate, timeout))
        return value

    async def delete(self, key: Key[Any, C_co]) -> bool:
        """Remove `key`; tell whether it existed."""
        return await self._perform(self._operations.delete(key))

    async def exists(self, key: Key[Any, C_co]) -> bool:
        """Tell whether `key` has a value."""
        return await self._perform(self._operations.exists(key))

    @overload
    async def keys(self) -> list[Key[Any]]: ...
    @overload
    async def keys(self, pattern: KeyPattern[T, C_co]) -> list[Key[T]]: ...

    async def keys(self, pattern: KeyPattern[Any, C_co] | None = None) -> list[Key[Any]]:
        """Return those of the class's keys that have a value, in the order of the class.

        Args:
            pattern: One of the class's; then only its keys are returned, sorted.
        """
        return await self._perform(self._operations.present(pattern))

    async def clear(self) -> None:
        """Remove the class's keys at one moment, with those that its patterns made.

        What else is in the channel stays: keys of others, results of runs, locks.
        """
        await self._perform(self._operations.clear())

    async def ttl(self, key: Key[Any, C_co]) -> float | None:
        """Return the seconds until `key` expires, or `None` if it never does.

        Raises:
            ChannelKeyError: The key has no value.
        """
        return await self._perform(self._operations.ttl(key))

    async def touch(self, key: Key[Any, C_co], ttl: Seconds) -> bool:
        """Let `key` expire in `ttl` seconds from now; see `Channel.touch`."""
        return await self._perform(self._operations.touch(key, ttl))

    async def persist(self, key: Key[Any, C_co]) -> bool:
        """Let `key` never expire; tell whether it has a value."""
        return await self._perform(self._operations.persist(key))
