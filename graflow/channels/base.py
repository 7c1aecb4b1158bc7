"""`Channel`: what every backend does, over a few primitives on bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, ClassVar, NoReturn, Self

from graflow.channels import arguments
from graflow.channels.arguments import Seconds, check_key, milliseconds
from graflow.channels.backend import MISSING, NotAList, NotANumber, Primitives
from graflow.channels.codec.codec import Record, decode, encode, encode_item
from graflow.channels.contents.tracking import Comparison, Tracker
from graflow.channels.hidden_keys import shown_key, visible_keys
from graflow.channels.locks.lock import ChannelLock
from graflow.exceptions import ChannelError, ChannelKeyError, ChannelTypeError

__all__ = ["Channel"]


class Channel(Primitives):
    """A named key-value store that the tasks of a workflow share.

    Values are snapshots: changing an object after it was stored, or one that was read,
    changes nothing in the channel. Every operation is atomic, whichever threads, processes
    and machines share the channel.

    A backend derives from this class and writes the methods of `Primitives`.
    """

    def __init__(self, name: str = "default") -> None:
        """Open a handle on the channel called `name`.

        Args:
            name: Non-empty text. Channels of different names never see each other's keys.
        """
        self._name = arguments.check_name(name)

    @property
    def name(self) -> str:
        """The channel's name."""
        return self._name

    @property
    def shared(self) -> bool:
        """Whether the keys are outside this process, where other processes reach them.

        A checkpoint holds what is in a channel that is not shared, and such a channel can't be
        used by tasks in other processes. `True` unless a backend says otherwise.
        """
        return True

    def __repr__(self) -> str:
        """Show the kind of channel and its name."""
        return f"{type(self).__name__}({self._name!r})"

    def __enter__(self) -> Self:
        """Return the channel; leaving the block closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free what this handle opened (connections, a server); the stored data stays."""

    # Values

    def set(self, key: str, value: object, ttl: Seconds | None = None) -> None:
        """Store `value` under `key` in place of whatever was there.

        Args:
            key: Non-empty text.
            value: `None`, `bool`, `int`, `float`, `str`, `bytes`, `list`, `tuple`, `dict`,
                `set`, `frozenset`, `datetime`, `date`, `time`, `timedelta`, `Decimal` or
                `UUID`, nested in any way.
            ttl: Seconds until the key expires, > 0. `None`: it does not expire.

        Raises:
            ChannelTypeError: A part of the value is of another type; the message has its
                path and says what to do.
            ChannelValueError: The key, the ttl or a part of the value can't be taken.
        """
        if type(key) is not str or key < "\1" or not key.isascii():  # the usual key takes no call
            key = check_key(key)
        try:
            record = encode(value)
        except ChannelError as error:
            self._blame(error, key)
        self._write(key, record, None if ttl is None else milliseconds(ttl))

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value stored under `key`, or `default` when there is none.

        A key that was built by `append` and `prepend` holds a list. A stored `None` is a
        value: it comes back as `None` whatever the default.

        Raises:
            ChannelDataError: Something other than graflow wrote under the key.
        """
        key = check_key(key)
        record = self._read(key)
        if record is None:
            return default
        try:
            return decode(record)
        except ChannelError as error:
            self._blame(error, key)

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values of those `keys` that exist, as of one moment."""
        wanted = self._check_keys(keys)
        found: dict[str, Any] = {}
        for key, record in zip(wanted, self._read_many(wanted), strict=True):
            if record is not None:
                try:
                    found[shown_key(key)] = decode(record)
                except ChannelError as error:
                    self._blame(error, key)
        return found

    def set_many(self, mapping: Mapping[str, object], ttl: Seconds | None = None) -> None:
        """Store every value of `mapping` under its key, all of them or none.

        Args:
            mapping: Keys and values as `set` takes them.
            ttl: Seconds until the keys expire, > 0. `None`: they do not expire.

        Raises:
            ChannelTypeError, ChannelValueError: As `set`; nothing was stored.
        """
        self._set_records(mapping, ttl, encode)

    def update(self, key: str, fn: Callable[[Any], object], default: object = MISSING) -> Any:
        """Replace the value under `key` by what `fn` makes of it, and keep its TTL.

        `fn` may run several times: it starts over whenever someone wrote in between.

        Args:
            key: Non-empty text.
            fn: Gets the present value, returns the new one. If it raises, nothing changes.
            default: What `fn` gets when there is no value.

        Returns:
            The new value.

        Raises:
            ChannelKeyError: There is no value, and no default was given.
            ChannelTypeError, ChannelValueError: The new value can't be stored.
            ChannelConflictError: Others kept writing to the key, each time before `fn` was done,
                for as long as the channel's `timeout` (in memory 5 s); nothing changed. Updates
                come to an end beside other updates, as they wait for each other then.
        """
        key = check_key(key)

        def replace(record: Record | None) -> tuple[Record, Any]:
            if record is None and default is MISSING:
                raise self._no_value(key)
            new = fn(default if record is None else decode(record))
            return encode(new), new

        try:
            return self._replace(key, replace)
        except ChannelError as error:
            self._blame(error, key)

    def atomic_add(self, key: str, amount: int | float = 1) -> int | float:
        """Add `amount` to the number under `key`, and keep its TTL.

        A missing key counts as `0`. The sum of two ints is an int of any size; with a float
        it is the IEEE double that Python gives.

        Returns:
            The new number.

        Raises:
            ChannelTypeError: The amount or what the key holds is no `int` and no `float`
                (`bool` is neither).
            ChannelOverflowError: The sum is too large for a float; nothing changed.
            ChannelConflictError: As `update`, on backends that can't add in one step.
        """
        key = check_key(key)
        try:
            return self._add(key, arguments.check_number(amount))
        except NotANumber:
            raise ChannelTypeError(
                f"can't add to key {shown_key(key)!r} of channel {self._name!r}: it holds no "
                "number",
                channel=self._name,
                key=shown_key(key),
            ) from None
        except ChannelError as error:
            self._blame(error, key)

    # Lists

    def append(self, key: str, value: object, ttl: Seconds | None = None) -> int:
        """Add `value` at the end of the list under `key`, and create the list if there is none.

        Args:
            key: Non-empty text.
            value: As for `set`.
            ttl: Seconds until the whole list expires, > 0. `None` leaves the expiry as it is.

        Returns:
            The list's length with `value` in it.

        Raises:
            ChannelTypeError: The key holds something other than a list, or the value can't
                be stored; nothing changed.
        """
        return self._push_value(key, value, ttl, at_head=False)

    def prepend(self, key: str, value: object, ttl: Seconds | None = None) -> int:
        """Add `value` at the head of the list under `key`; in all else as `append`."""
        return self._push_value(key, value, ttl, at_head=True)

    def pop(self, key: str, default: Any = None) -> Any:
        """Remove and return the item at the head of the list under `key`.

        That is the oldest item of a list filled by `append`, the newest of one filled by
        `prepend`. The key is gone with its last item.

        Returns:
            The item, or `default` when there is no such key or its list is empty.

        Raises:
            ChannelTypeError: The key holds something other than a list.
        """
        key = check_key(key)
        item = self._pop_item(key)
        if item is None:
            return default
        try:
            return decode(item)
        except ChannelError as error:
            self._blame(error, key)

    # Keys

    def delete(self, key: str) -> bool:
        """Remove `key`; tell whether it was there."""
        return self._delete(check_key(key))

    def exists(self, key: str) -> bool:
        """Tell whether there is a value under `key`."""
        return self._exists(check_key(key))

    def __contains__(self, key: str, /) -> bool:
        """Tell whether there is a value under `key`, as `exists` does."""
        return self.exists(key)

    # A loop would be over keys that change meanwhile; those of one moment are `keys()`. Without
    # this, Python would go by the `__getitem__` of a backend that has one.
    __iter__: ClassVar[None] = None

    def keys(self) -> list[str]:
        """Return this channel's keys, in no particular order."""
        return visible_keys(self._keys())

    def clear(self) -> None:
        """Remove every key that is there now, and the results of runs; locks stay.

        Up to 10,000 keys go at once; beyond that they go in slices, so that a server is not
        blocked, and a key written meanwhile may stay.
        """
        self._clear()

    def ttl(self, key: str) -> float | None:
        """Return the seconds that `key` has left, or `None` where it does not expire.

        Raises:
            ChannelKeyError: There is no such key.
        """
        key = check_key(key)
        left = self._remaining(key)
        if left is MISSING:
            raise self._no_value(key)
        return None if left is None else left / 1000

    # Locks

    def lock(self, key: str, timeout: Seconds = 10.0, lease: Seconds = 30.0) -> ChannelLock:
        """Return a context manager that holds the lock called `key` while its body runs.

        One holder at a time, among all handles in all processes, in the order in which they
        asked. It is advisory: other operations do not look at it, and its name has nothing to
        do with the key of a value. It may be left in another thread than it was entered in.

        Args:
            key: Non-empty text.
            timeout: Seconds to wait for the lock, >= 0; 0 tries once.
            lease: Seconds after which the lock of a dead process is free, > 0. While its holder
                lives the lease is renewed, so the body may take longer. A lock that was entered
                and dropped is not renewed either: nobody could leave it.

        Raises:
            ChannelTimeoutError: On entry: the lock was not free within `timeout`.
            LockReentryError: On entry: this thread, or this asyncio task, holds it already.
            LockDeadlockError: On entry: another asyncio task of this thread holds it, which
                could not go on while this one waits.
            LockLostError: On exit: the lease could not be renewed, so someone else may have
                held the lock while the body ran; or it was taken by the process that this one
                was forked from.
            OutcomeUnknownError: It may have been taken, and is freed in the background then.
            RuntimeError: On entry: the system has no thread to give that could renew the lease.
        """
        return ChannelLock(self, check_key(key), timeout, lease)

    # For checkpoints

    def _track(self) -> Tracker:
        """Return what tells how this channel changes, which is not shared.

        A backend that knows what changed may override it; this looks at all keys each time.
        """
        return Comparison(self)

    # What the operations share

    def _server(self) -> str:
        """Return what tells the server that has the keys from others, without credentials.

        It is the same after the server was started anew; empty where there is no server.
        """
        return ""

    def _push_value(self, key: str, value: object, ttl: Seconds | None, *, at_head: bool) -> int:
        key = check_key(key)
        try:
            item = encode_item(value)
        except ChannelError as error:
            self._blame(error, key)
        return self._push_item(key, item, ttl, at_head=at_head)

    def _push_item(self, key: str, item: bytes, ttl: Seconds | None, *, at_head: bool) -> int:
        try:
            return self._push(key, item, None if ttl is None else milliseconds(ttl), at_head)
        except NotAList:
            raise self._no_list(key, "prepend" if at_head else "append") from None

    def _first_item(self, key: str) -> bytes | None:
        try:
            return self._first(key)
        except NotAList:
            raise self._no_list(key, "pop") from None

    def _pop_item(self, key: str) -> bytes | None:
        try:
            return self._pop(key)
        except NotAList:
            raise self._no_list(key, "pop") from None

    def _set_records(
        self,
        mapping: Mapping[str, Any],
        ttl: Seconds | None,
        dump: Callable[[Any], Record],
    ) -> None:
        self._check_mapping(mapping)
        lifetime = None if ttl is None else milliseconds(ttl)
        records: dict[str, Record] = {}
        for key, value in mapping.items():
            key = check_key(key)
            try:
                records[key] = dump(value)
            except ChannelError as error:
                self._blame(error, key)
        if records:
            self._write_many(records, lifetime)

    def _check_mapping(self, mapping: object) -> None:
        if not isinstance(mapping, Mapping):
            raise ChannelTypeError(
                f"set_many takes a mapping of keys to values, not {type(mapping).__name__}",
                channel=self._name,
            )

    def _check_keys(self, keys: Iterable[str]) -> list[str]:
        if isinstance(keys, str) or not isinstance(keys, Iterable):
            raise ChannelTypeError(
                f"get_many takes an iterable of keys, not {type(keys).__name__}",
                channel=self._name,
            )
        return list(dict.fromkeys(map(check_key, keys)))

    def _blame(self, error: ChannelError, key: str | None) -> NoReturn:
        """Raise `error` again with the channel and the key that it is about."""
        if error.channel is None:
            shown = None if key is None else shown_key(key)
            about = f"channel {self._name!r}" + ("" if key is None else f", key {shown!r}")
            error.args = (f"{about}: {error}",)
            error.channel, error.key = self._name, shown
        raise error

    def _no_value(self, key: str) -> ChannelKeyError:
        return ChannelKeyError(
            f"channel {self._name!r} holds nothing under key {shown_key(key)!r}",
            channel=self._name,
            key=shown_key(key),
        )

    def _no_list(self, key: str, operation: str) -> ChannelTypeError:
        return ChannelTypeError(
            f"can't {operation}: key {shown_key(key)!r} of channel {self._name!r} holds a value "
            "that is no list; delete the key first, or use another one",
            channel=self._name,
            key=shown_key(key),
        )
