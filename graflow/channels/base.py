"""`Channel`: the operations that every channel has, whatever keeps its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from graflow.channels.arguments import MISSING, Missing, Seconds, check_key, milliseconds
from graflow.channels.backend import Backend
from graflow.channels.backend.fronts import fronted
from graflow.channels.codec.codec import decode, encode
from graflow.channels.handle import Handle
from graflow.channels.hidden_keys import visible_keys
from graflow.channels.locks.lock import ChannelLock
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.plain_operations import PlainOperations
from graflow.channels.operation.told_errors import blame
from graflow.channels.overlay.transacting import limits_of, transact
from graflow.channels.watching.watch import Watch
from graflow.exceptions import ChannelError, ChannelTypeError

if TYPE_CHECKING:
    from graflow.channels.aio.async_channel import AsyncChannel
    from graflow.channels.keys.keys import Keys
    from graflow.channels.keys_channel import KeysChannel
    from graflow.channels.transactions import Transaction

__all__ = ["Channel"]

C = TypeVar("C", bound="Keys")
R = TypeVar("R")


class Channel(Handle[str]):
    """A named key-value store that the tasks of a workflow share.

    Values are snapshots: changing an object after storing it, or after reading it, does not
    change the channel. Every operation is atomic, no matter how many threads, processes and
    machines share the channel.

    What a channel does is decided here; where it keeps its records is up to its `Backend`.

    Attributes:
        backend: Where the records are kept.
    """

    def __init__(self, backend: Backend) -> None:
        """Open a handle on the channel that a backend keeps.

        Args:
            backend: It has the channel's name.

        Raises:
            ChannelTypeError: It is not a backend.
        """
        if not isinstance(backend, Backend):
            raise ChannelTypeError(
                f"a {type(self).__name__} is made of a Backend, not of {type(backend).__name__}"
            )
        self._take(fronted(backend))

    def _take(self, backend: Backend) -> None:
        self.backend = backend
        self._aio: AsyncChannel | None = None
        self._operations = PlainOperations(backend)

    def on(self, backend: Backend) -> Self:
        """Return another handle of the same class, on a backend in place of this one's."""
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        other._take(backend)
        return other

    def names_beside(self) -> Iterator[str]:
        """Yield the names of all channels of the same server or file, this one's too, each once.

        Listed is what has keys, or keeps something of runs. On a server all of its keys are gone
        through, a thousand at a time, which takes a second for a few million of them.

        Raises:
            ChannelTypeError: The backend does not know other channels, as in memory.
        """
        return self.backend.names_beside()

    def beside(self, name: str) -> Self:
        """Return a handle on another channel of the same server, with the same settings.

        Raises:
            ChannelTypeError: The backend can't do that.
        """
        return self.on(self.backend.beside(name))

    def of(self, keys: type[C], *, strict: bool = True) -> KeysChannel[C]:
        """Return the channel with the keys that a class declares, and the types of their values.

        Args:
            keys: A class of `Keys`.
            strict: `False` lets pydantic convert values to fit, such as `"1"` to `1`.

        Raises:
            SchemaError: It is not a class of `Keys`, or the type of a key can't be a schema.
        """
        # Not at the top: it is made of a channel.
        from graflow.channels.keys_channel import KeysChannel  # noqa: PLC0415

        return KeysChannel(self, keys, strict=strict)

    @property
    def aio(self) -> AsyncChannel:
        """The channel on an event loop: the same operations, to be awaited."""
        if self._aio is None:
            # Not at the top: most programs have no event loop.
            from graflow.channels.aio.async_channel import AsyncChannel  # noqa: PLC0415

            self._aio = AsyncChannel(self.backend.asynchronous())
        return self._aio

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs."""
        return {**vars(self), "_aio": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        backend = fronted(self.backend)
        if backend is not self.backend:
            self._take(backend)

    @property
    def shared(self) -> bool:
        """Whether the keys live outside this process, where other processes can reach them.

        The contents of a channel that is not shared go into checkpoints, and tasks in other
        processes can't use such a channel.
        """
        return self.backend.shared

    def __repr__(self) -> str:
        """Show the channel's class, name and address, without user and password."""
        if self.is_unfinished:
            return f"{type(self).__name__}(not open)"
        address = self.backend.address
        return f"{type(self).__name__}({self.name!r}{f', {address}' if address else ''})"

    @property
    def is_unfinished(self) -> bool:
        """Whether `__init__` has not come to its end, or has failed, as a traceback may show."""
        return "backend" not in vars(self)

    def close(self) -> None:
        """Release what this handle opened (connections, a server); the stored data stays."""
        self.backend.close()

    # Values

    def set(
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
        if if_etag is not MISSING:
            self._perform(self._operations.set(key, value, ttl, if_etag=if_etag))
            return
        if type(key) is not str or key < "\1" or not key.isascii():  # spares most keys the call
            key = check_key(key)
        try:
            record = encode(value)
        except ChannelError as error:
            blame(error, self.name, key)
        self.backend.put(key, record, None if ttl is None else milliseconds(ttl))

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value stored under `key`, or `default` if there is none.

        A key built by `append` and `prepend` holds a list. A stored `None` is a value: it is
        returned whatever the default.

        Raises:
            ChannelDataError: The data under the key was not written by graflow.
        """
        if type(key) is not str or key < "\1" or not key.isascii():  # spares most keys the call
            key = check_key(key)
        record = self.backend.get(key)
        if record is None:
            return default
        try:
            return decode(record)
        except ChannelError as error:
            blame(error, self.name, key)

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values of those `keys` that exist, read at a single point in time."""
        return self._perform(self._operations.get_many(keys))

    def set_many(self, mapping: Mapping[str, object], ttl: Seconds | None = None) -> None:
        """Store every value of `mapping` under its key: all of them, or none.

        Args:
            mapping: Keys and values, as for `set`.
            ttl: Seconds until the keys expire, > 0. `None`: they never expire.

        Raises:
            ChannelTypeError, ChannelValueError: As for `set`; nothing was stored.
        """
        self._perform(self._operations.set_many(mapping, ttl))

    def add(self, key: str, value: object, ttl: Seconds | None = None) -> bool:
        """Store `value` under `key` unless the key exists; tell whether it was stored.

        Of several who add a key at once, one succeeds.

        Args:
            key: Non-empty text.
            value: As for `set`.
            ttl: Seconds until the key expires, > 0. `None`: it never expires.

        Raises:
            ChannelTypeError, ChannelValueError: As for `set`.
        """
        return self._perform(self._operations.add(key, value, ttl))

    def entry(self, key: str) -> Entry[Any]:
        """Return the value under `key` with its etag and its TTL, as of one moment.

        The etag is text that can leave the program, for example in a form that is sent out. When
        the form comes back, `set(..., if_etag=...)` stores the new value only if the old one is
        still there.

        Raises:
            ChannelKeyError: There is no value.
            ChannelDataError: The data under the key was not written by graflow.
        """
        return self._perform(self._operations.entry(key))

    def update(self, key: str, fn: Callable[[Any], object], default: object = MISSING) -> Any:
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
            ChannelTypeError, ChannelValueError: The new value can't be stored.
            ChannelConflictError: Others kept writing to the key, each time before `fn` was done,
                until the channel's `timeout` was over (5 s in memory); nothing changed.
                Concurrent updates alone do not cause this, since they take turns.
        """
        return self._perform(self._operations.update(key, fn, default))

    def transact(
        self,
        fn: Callable[[Transaction], R],
        *,
        attempts: int | None = None,
        timeout: Seconds | None = None,
    ) -> R:
        """Do several operations at one moment: all of them, or none.

        `fn(tx)` reads and writes through `tx`, which has all operations of a channel, and sees
        its own writes. When it returns, everything is committed at once, provided that nothing it
        has read was changed by others; else `fn` is called again, on what is there then. It
        should therefore do nothing but use `tx`. Operations on other channels, or on this one
        without `tx`, are not part of it. Writes alone (`set`, `append`, `atomic_add`) are never
        in conflict, nor is the TTL of a key that others change. Within it, `tx.transact(part)` is a
        part that leaves nothing if it raises.

            def pay(tx: Transaction) -> None:
                if tx.get("ann") < 70:
                    raise ValueError("not enough money")
                tx.atomic_add("ann", -70)
                tx.atomic_add("bob", 70)

            bank.transact(pay)

        Args:
            fn: A plain function that takes the transaction. If it raises, nothing changes.
            attempts: How often `fn` may be called, >= 1. `None`: as often as there is time.
            timeout: Seconds within which the last attempt may begin, > 0; by default the
                channel's `timeout` (5 s in memory).

        Returns:
            What `fn` returned.

        Raises:
            ChannelConflictError: Others kept changing what `fn` had read; nothing changed.
                Transactions and updates alone do not cause this, since they take turns.
            ChannelTypeError: A change does not fit what its key holds; nothing changed.
        """
        limits = limits_of(attempts, timeout, self.backend.timeout)
        begin = partial(_class_of_transactions(), self.backend)
        result: R = self._perform(transact(begin, fn, limits, self.name))
        return result

    def atomic_add(self, key: str, amount: int | float = 1) -> int | float:
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
        return self._perform(self._operations.atomic_add(key, amount))

    # Lists

    def append(self, key: str, value: object, ttl: Seconds | None = None) -> int:
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
        return self._push(self._operations, key, value, ttl, at_head=False)

    def prepend(self, key: str, value: object, ttl: Seconds | None = None) -> int:
        """Add `value` to the head of the list under `key`; otherwise like `append`."""
        return self._push(self._operations, key, value, ttl, at_head=True)

    def pop(self, key: str, default: Any = None, timeout: Seconds | None = None) -> Any:
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
        return self._perform(self._operations.pop(key, default, timeout))

    # Waiting

    def wait_for(
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
        return self._perform(self._operations.wait_for(key, predicate, timeout))

    def watch(
        self, key: str | None = None, *, prefix: str | None = None, start: bool = True
    ) -> Watch:
        """Return an iterator over the changes of the channel, which waits for the next one.

        It tells how keys differ from what it told before: what changes several times between two
        steps is told once, and a TTL alone is no change. Nothing is lost for good: after a broken
        connection it tells whatever is different. It never ends by itself; closing it, or leaving
        it as a `with` block, ends it.

            for change in channel.watch(prefix="order:"):
                print(change.key, change.kind, change.etag)

        Args:
            key: The only key to watch.
            prefix: What the keys to watch begin with; by default all keys of users are watched.
            start: Whether the first changes are the keys that exist already. Otherwise they are
                known, and what changes after this call is told.

        Raises:
            ChannelTypeError: Both a key and a prefix are given; or it is a transaction.
        """
        selection = self._operations.selection(key, prefix)
        return Watch(self.backend, selection, start=start)

    # Keys

    def delete(self, key: str) -> bool:
        """Remove `key`; tell whether it existed."""
        return self._perform(self._operations.delete(key))

    def exists(self, key: str) -> bool:
        """Tell whether `key` exists."""
        return self._perform(self._operations.exists(key))

    def keys(self) -> list[str]:
        """Return the channel's keys, in no particular order."""
        return self._perform(self._operations.keys())

    def iter_keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the channel's keys as they are found, in no particular order.

        It is for channels of very many keys: it begins at once, takes little memory, and never
        keeps a server busy for long. The keys are not those of one moment, as `keys()` are: one
        that is there all the time comes once, and one that comes or goes meanwhile may be there or
        not. (On a server, a channel that loses nearly all of more than 30,000 keys meanwhile may
        give some that stay twice.)

        Args:
            prefix: What the keys begin with.

        Raises:
            ChannelTypeError: The prefix is not text.
            ChannelUnavailableError: In the middle: another server has taken the place of the one
                that was asked, so that keys may be missing.
        """
        found = self.backend.scan(self._operations.stored_prefix(prefix))
        return (key for some in found for key in visible_keys(some))

    def clear(self) -> None:
        """Remove all keys, and the results of runs; locks, fences and the list of runs stay.

        Up to 10,000 keys are removed atomically. More are removed in batches, lest they block
        the server, and a key written meanwhile may survive.
        """
        self._perform(self._operations.clear())

    def destroy(self) -> None:
        """Remove the channel: all keys, and all that is kept about it, as if it had never been.

        It is for a channel that nobody uses any more: a run that is under way ends with
        `RunSupersededError` at its next write, and a lock that is held may be lost, or stay
        until it is released or its lease ends. On a server,
        answers to the last writes are kept for about two minutes more. The channel can be used
        anew.
        """
        self._perform(self._operations.destroy())

    def ttl(self, key: str) -> float | None:
        """Return the seconds until `key` expires, or `None` if it never does.

        Raises:
            ChannelKeyError: There is no such key.
        """
        return self._perform(self._operations.ttl(key))

    def touch(self, key: str, ttl: Seconds) -> bool:
        """Let `key` expire in `ttl` seconds from now; tell whether it exists.

        Args:
            key: Non-empty text.
            ttl: Seconds, > 0.
        """
        return self._perform(self._operations.touch(key, ttl))

    def persist(self, key: str) -> bool:
        """Let `key` never expire; tell whether it exists."""
        return self._perform(self._operations.persist(key))

    # Locks

    def lock(self, key: str, timeout: Seconds = 10.0, lease: Seconds = 30.0) -> ChannelLock:
        """Return a context manager that holds the lock called `key` while its body runs.

        The lock has one holder at a time, among all handles in all processes, and is granted in
        the order of asking. It is advisory: other operations ignore it, and its name is
        unrelated to the keys of values. It may be left in a different thread than it was
        entered in.

        Args:
            key: Non-empty text.
            timeout: Seconds to wait for the lock, >= 0; 0 tries once.
            lease: Seconds after which the lock of a dead process becomes free, > 0. While its
                holder lives the lease is renewed, so the body may take longer. Once an entered
                lock is garbage-collected nobody can release it, so renewal stops. Where Python has
                no threads, as in WebAssembly, nothing is renewed: the body must end in time.

        Raises:
            ChannelTimeoutError: On entry: the lock did not become free within `timeout`.
            LockReentryError: On entry: this thread, or this asyncio task, already holds it.
            LockDeadlockError: On entry: another asyncio task of this thread holds it, and
                could not go on while this one waits.
            LockLostError: On exit: the lease could not be renewed, so someone else may have
                held the lock while the body ran; or the lock belongs to the process that this
                one was forked from.
            OutcomeUnknownError: The lock may have been taken; it is released in the background.
            RuntimeError: On entry: the system can't start the thread that renews the lease.
        """
        return ChannelLock(self.backend, check_key(key), timeout, lease)


@cache
def _class_of_transactions() -> type[Transaction]:
    # Not at the top: a transaction is a channel.
    from graflow.channels.transactions import Transaction  # noqa: PLC0415

    return Transaction
