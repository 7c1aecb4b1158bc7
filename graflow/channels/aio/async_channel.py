"""`AsyncChannel`: a channel on an event loop. Written by `tools/async_faces.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from graflow.channels.aio.async_handle import AsyncHandle
from graflow.channels.aio.async_lock import AsyncChannelLock
from graflow.channels.arguments import MISSING, Missing, Seconds, check_key
from graflow.channels.backend import AsyncBackend
from graflow.channels.hidden_keys import visible_keys
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.plain_operations import PlainOperations
from graflow.channels.overlay.transacting import awaited, limits_of, transact
from graflow.channels.unfinished import even_unfinished
from graflow.channels.watching.watch import AsyncWatch

if TYPE_CHECKING:
    from graflow.channels.aio.async_keys_channel import AsyncKeysChannel
    from graflow.channels.aio.async_transaction import AsyncTransaction
    from graflow.channels.keys.keys import Keys

__all__ = ["AsyncChannel"]

C = TypeVar("C", bound="Keys")
R = TypeVar("R")


class AsyncChannel(AsyncHandle):
    """A channel on an event loop: the operations of `Channel`, to be awaited.

    `channel.aio` is one. It has the same keys, values and locks as `channel`, and as the handles
    of other threads and processes. An operation that is cancelled raises `CancelledError` once it
    is known what became of it: a change has happened by then, or never will. One channel serves
    any number of tasks, and the loops of several threads.
    """

    def __init__(self, backend: AsyncBackend) -> None:
        """Open a handle on the channel that a backend keeps; `channel.aio` does it."""
        self.backend = backend
        self._operations = PlainOperations(backend.blocking)

    @even_unfinished
    def __repr__(self) -> str:
        """Show the class, the name and the address, without user and password."""
        address = self.backend.blocking.address
        return f"{type(self).__name__}({self.name!r}{f', {address}' if address else ''})"

    def of(self, keys: type[C], *, strict: bool = True) -> AsyncKeysChannel[C]:
        """Return the channel with the keys that a class declares; see `Channel.of`."""
        # Not at the top: it is made of a channel.
        from graflow.channels.aio.async_keys_channel import AsyncKeysChannel  # noqa: PLC0415

        return AsyncKeysChannel(self, keys, strict=strict)

    async def transact(
        self,
        fn: Callable[[AsyncTransaction], Awaitable[R]],
        *,
        attempts: int | None = None,
        timeout: Seconds | None = None,
    ) -> R:
        """Do several operations at one moment: all of them, or none; see `Channel.transact`.

            async def pay(tx: AsyncTransaction) -> None:
                if await tx.get("ann") < 70:
                    raise ValueError("not enough money")
                await tx.atomic_add("ann", -70)
                await tx.atomic_add("bob", 70)

            await bank.aio.transact(pay)

        Args:
            fn: A coroutine function that takes the transaction. If it raises, nothing changes.
            attempts: How often `fn` may be called, >= 1. `None`: as often as there is time.
            timeout: Seconds within which the last attempt may begin, > 0; by default the
                channel's `timeout` (5 s in memory).

        Returns:
            What `fn` returned.

        Raises:
            ChannelConflictError: Others kept changing what `fn` had read; nothing changed.
                Transactions and updates alone do not cause this, since they take turns.
            ChannelTypeError: A change does not fit what its key holds, or `fn` is a plain
                function; nothing changed.
        """
        # Not at the top: a transaction is a channel.
        from graflow.channels.aio.async_transaction import AsyncTransaction  # noqa: PLC0415

        limits = limits_of(attempts, timeout, self.backend.timeout)
        begin = partial(AsyncTransaction, self.backend)
        result: R = await self._perform(transact(begin, awaited(fn), limits, self.name))
        return result

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
        value: object,
        ttl: Seconds | None = None,
        *,
        if_etag: str | Missing = MISSING,
    ) -> None:
        """Store `value` under `key`, replacing whatever was there.

        Args:
            key: Non-empty text.
            value: `None`, `bool`, `int`, `float`, `str`, `bytes`, `list`, `tuple`, `dict`,
                `set`, `frozenset`, `datetime`, `date`, `time`, `timedelta`, `Decimal` or
                `UUID`, nested in any way.
            ttl: Seconds until the key expires, > 0. `None`: it never expires.
            if_etag: The `etag` of an `entry` that was read before; the value is stored only if
                the key still holds what it held then.

        Raises:
            ChannelTypeError: A part of the value is of another type; the message gives its
                path and says what to do.
            ChannelValueError: The key, the ttl or a part of the value is invalid.
            ChannelConflictError: The key does not hold what `if_etag` stands for; nothing changed.
        """
        await self._perform(self._operations.set(key, value, ttl, if_etag=if_etag))

    async def get(self, key: str, default: Any = None) -> Any:
        """Return the value stored under `key`, or `default` if there is none.

        A key built by `append` and `prepend` holds a list. A stored `None` is a value: it is
        returned whatever the default.

        Raises:
            ChannelDataError: The data under the key was not written by graflow.
        """
        return await self._perform(self._operations.get(key, default))

    async def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values of those `keys` that exist, read at a single point in time."""
        return await self._perform(self._operations.get_many(keys))

    async def set_many(self, mapping: Mapping[str, object], ttl: Seconds | None = None) -> None:
        """Store every value of `mapping` under its key: all of them, or none.

        Args:
            mapping: Keys and values, as for `set`.
            ttl: Seconds until the keys expire, > 0. `None`: they never expire.

        Raises:
            ChannelTypeError, ChannelValueError: As for `set`; nothing was stored.
        """
        await self._perform(self._operations.set_many(mapping, ttl))

    async def add(self, key: str, value: object, ttl: Seconds | None = None) -> bool:
        """Store `value` under `key` unless the key exists; tell whether it was stored.

        Of several who add a key at once, one succeeds.

        Args:
            key: Non-empty text.
            value: As for `set`.
            ttl: Seconds until the key expires, > 0. `None`: it never expires.

        Raises:
            ChannelTypeError, ChannelValueError: As for `set`.
        """
        return await self._perform(self._operations.add(key, value, ttl))

    async def entry(self, key: str) -> Entry[Any]:
        """Return the value under `key` with its etag and its TTL, as of one moment.

        The etag is text that can leave the program, for example in a form that is sent out. When
        the form comes back, `set(..., if_etag=...)` stores the new value only if the old one is
        still there.

        Raises:
            ChannelKeyError: There is no value.
            ChannelDataError: The data under the key was not written by graflow.
        """
        return await self._perform(self._operations.entry(key))

    async def update(self, key: str, fn: Callable[[Any], object], default: object = MISSING) -> Any:
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
            ChannelTypeError, ChannelValueError: The new value can't be stored.
            ChannelConflictError: Others kept writing to the key, each time before `fn` was done,
                until the channel's `timeout` was over (5 s in memory); nothing changed.
                Concurrent updates alone do not cause this, since they take turns.
        """
        return await self._perform(self._operations.update(key, fn, default))

    async def atomic_add(self, key: str, amount: int | float = 1) -> int | float:
        """Add `amount` to the number under `key`, keeping its TTL.

        A missing key counts as `0`. The sum of two ints is an int of any size; if either is a
        float, it is the IEEE double that Python computes.

        Returns:
            The new number.

        Raises:
            ChannelTypeError: The amount, or what the key holds, is neither an `int` nor a
                `float` (a `bool` is not accepted).
            ChannelOverflowError: The sum is too large for a float; nothing changed.
        """
        return await self._perform(self._operations.atomic_add(key, amount))

    async def append(self, key: str, value: object, ttl: Seconds | None = None) -> int:
        """Add `value` to the end of the list under `key`, creating the list if necessary.

        Args:
            key: Non-empty text.
            value: As for `set`.
            ttl: Seconds until the whole list expires, > 0. `None` leaves its expiry unchanged.

        Returns:
            The new length of the list.

        Raises:
            ChannelTypeError: The key holds something other than a list, or the value can't
                be stored; nothing changed.
        """
        return await self._perform(self._operations.append(key, value, ttl))

    async def prepend(self, key: str, value: object, ttl: Seconds | None = None) -> int:
        """Add `value` to the head of the list under `key`; otherwise like `append`."""
        return await self._perform(self._operations.prepend(key, value, ttl))

    async def pop(self, key: str, default: Any = None, timeout: Seconds | None = None) -> Any:
        """Remove and return the item at the head of the list under `key`.

        That is the oldest item of a list filled by `append`, or the newest of one filled by
        `prepend`. Removing the last item removes the key.

        Of those of one process who wait for an item of a key, each gets one in the order in which
        they came. Of several processes, whichever asks first gets it.

        Args:
            key: Non-empty text.
            default: Returned if there is no item.
            timeout: Seconds to wait for an item, >= 0; `math.inf` for as long as it takes.
                `None` doesn't wait.

        Returns:
            The item, or `default` if there is no such key or its list is empty, and no item came
            until the time was over.

        Raises:
            ChannelTypeError: The key holds something other than a list; or a transaction would
                have to wait.
        """
        return await self._perform(self._operations.pop(key, default, timeout))

    async def wait_for(
        self,
        key: str,
        predicate: Callable[[Any], object] | None = None,
        timeout: Seconds | None = None,
    ) -> Any:
        """Wait until `key` holds a value of which `predicate` is true, and return the value.

        A value that is there for a moment only may be missed.

        Args:
            key: Non-empty text.
            predicate: Takes the value, and may be called often; if it raises, so does this.
                `None`: any value will do.
            timeout: Seconds to wait, >= 0; 0 looks once. `None`: as long as it takes.

        Raises:
            ChannelTimeoutError: There was no such value until the time was over.
            ChannelDataError: The data under the key was not written by graflow.
            ChannelTypeError: A transaction would have to wait.
        """
        return await self._perform(self._operations.wait_for(key, predicate, timeout))

    async def delete(self, key: str) -> bool:
        """Remove `key`; tell whether it existed."""
        return await self._perform(self._operations.delete(key))

    async def exists(self, key: str) -> bool:
        """Tell whether `key` exists."""
        return await self._perform(self._operations.exists(key))

    async def keys(self) -> list[str]:
        """Return the channel's keys, in no particular order."""
        return await self._perform(self._operations.keys())

    async def clear(self) -> None:
        """Remove all keys, and the results of runs; locks, fences and the list of runs stay.

        Up to 10,000 keys are removed atomically. More are removed in batches, lest they block
        the server, and a key written meanwhile may survive.
        """
        await self._perform(self._operations.clear())

    async def destroy(self) -> None:
        """Remove the channel: all keys, and all that is kept about it, as if it had never been.

        It is for a channel that nobody uses any more: a run that is under way ends with
        `RunSupersededError` at its next write, and a lock that is held may be lost, or stay
        until it is released or its lease ends. On a server,
        answers to the last writes are kept for about two minutes more. The channel can be used
        anew.
        """
        await self._perform(self._operations.destroy())

    async def ttl(self, key: str) -> float | None:
        """Return the seconds until `key` expires, or `None` if it never does.

        Raises:
            ChannelKeyError: There is no such key.
        """
        return await self._perform(self._operations.ttl(key))

    async def touch(self, key: str, ttl: Seconds) -> bool:
        """Let `key` expire in `ttl` seconds from now; tell whether it exists.

        Args:
            key: Non-empty text.
            ttl: Seconds, > 0.
        """
        return await self._perform(self._operations.touch(key, ttl))

    async def persist(self, key: str) -> bool:
        """Let `key` never expire; tell whether it exists."""
        return await self._perform(self._operations.persist(key))
