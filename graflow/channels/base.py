"""`Channel`: the operations of every backend, built on a few primitives on bytes."""

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

    Values are snapshots: changing an object after storing it, or after reading it, does not
    change the channel. Every operation is atomic, no matter how many threads, processes and
    machines share the channel.

    A backend derives from this class and implements the methods of `Primitives`.
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
        """Whether the keys live outside this process, where other processes can reach them.

        The contents of a channel that is not shared go into checkpoints, and tasks in other
        processes can't use such a channel. `True` unless a backend overrides it.
        """
        return True

    def __repr__(self) -> str:
        """Show the channel's class and name."""
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
        """Release what this handle opened (connections, a server); the stored data stays."""

    # Values

    def set(self, key: str, value: object, ttl: Seconds | None = None) -> None:
        """Store `value` under `key`, replacing whatever was there.

        Args:
            key: Non-empty text.
            value: `None`, `bool`, `int`, `float`, `str`, `bytes`, `list`, `tuple`, `dict`,
                `set`, `frozenset`, `datetime`, `date`, `time`, `timedelta`, `Decimal` or
                `UUID`, nested in any way.
            ttl: Seconds until the key expires, > 0. `None`: it never expires.

        Raises:
            ChannelTypeError: A part of the value is of another type; the message gives its
                path and says what to do.
            ChannelValueError: The key, the ttl or a part of the value is invalid.
        """
        if type(key) is not str or key < "\1" or not key.isascii():  # spares most keys the call
            key = check_key(key)
        try:
            record = encode(value)
        except ChannelError as error:
            self._blame(error, key)
        self._write(key, record, None if ttl is None else milliseconds(ttl))

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value stored under `key`, or `default` if there is none.

        A key built by `append` and `prepend` holds a list. A stored `None` is a value: it is
        returned whatever the default.

        Raises:
            ChannelDataError: The data under the key was not written by graflow.
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
        """Return the values of those `keys` that exist, read at a single point in time."""
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
        """Store every value of `mapping` under its key: all of them, or none.

        Args:
            mapping: Keys and values, as for `set`.
            ttl: Seconds until the keys expire, > 0. `None`: they never expire.

        Raises:
            ChannelTypeError, ChannelValueError: As for `set`; nothing was stored.
        """
        self._set_records(mapping, ttl, encode)

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
        """Add `amount` to the number under `key`, keeping its TTL.

        A missing key counts as `0`. The sum of two ints is an int of any size; if either is a
        float, it is the IEEE double that Python computes.

        Returns:
            The new number.

        Raises:
            ChannelTypeError: The amount, or what the key holds, is neither an `int` nor a
                `float` (a `bool` is not accepted).
            ChannelOverflowError: The sum is too large for a float; nothing changed.
            ChannelConflictError: As for `update`, on backends that can't add in one step.
        """
        key = check_key(key)
        try:
            return self._add(key, arguments.check_number(amount))
        except NotANumber:
            raise ChannelTypeError(
                f"can't add to key {shown_key(key)!r} of channel {self._name!r}: it does not "
                "hold a number",
                channel=self._name,
                key=shown_key(key),
            ) from None
        except ChannelError as error:
            self._blame(error, key)

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
        return self._push_value(key, value, ttl, at_head=False)

    def prepend(self, key: str, value: object, ttl: Seconds | None = None) -> int:
        """Add `value` to the head of the list under `key`; otherwise like `append`."""
        return self._push_value(key, value, ttl, at_head=True)

    def pop(self, key: str, default: Any = None) -> Any:
        """Remove and return the item at the head of the list under `key`.

        That is the oldest item of a list filled by `append`, or the newest of one filled by
        `prepend`. Removing the last item removes the key.

        Returns:
            The item, or `default` if there is no such key or its list is empty.

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
        """Remove `key`; tell whether it existed."""
        return self._delete(check_key(key))

    def exists(self, key: str) -> bool:
        """Tell whether `key` exists."""
        return self._exists(check_key(key))

    def __contains__(self, key: str, /) -> bool:
        """Tell whether there is a value under `key`, as `exists` does."""
        return self.exists(key)

    # A loop would be over keys that change meanwhile; those of one moment are `keys()`. Without
    # this, Python would go by the `__getitem__` of a backend that has one.
    __iter__: ClassVar[None] = None

    def keys(self) -> list[str]:
        """Return the channel's keys, in no particular order."""
        return visible_keys(self._keys())

    def clear(self) -> None:
        """Remove all keys, and the results of runs; locks stay.

        Up to 10,000 keys are removed atomically. More are removed in batches, lest they block
        the server, and a key written meanwhile may survive.
        """
        self._clear()

    def ttl(self, key: str) -> float | None:
        """Return the seconds until `key` expires, or `None` if it never does.

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

        The lock has one holder at a time, among all handles in all processes, and is granted in
        the order of asking. It is advisory: other operations ignore it, and its name is
        unrelated to the keys of values. It may be left in a different thread than it was
        entered in.

        Args:
            key: Non-empty text.
            timeout: Seconds to wait for the lock, >= 0; 0 tries once.
            lease: Seconds after which the lock of a dead process becomes free, > 0. While its
                holder lives the lease is renewed, so the body may take longer. Once an entered
                lock is garbage-collected nobody can release it, so renewal stops.

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
        return ChannelLock(self, check_key(key), timeout, lease)

    # For checkpoints

    def _track(self) -> Tracker:
        """Return a tracker of the changes in this channel, which is not shared.

        A backend that knows its changes may override this; here all keys are compared each time.
        """
        return Comparison(self)

    # What the operations share

    def _server(self) -> str:
        """Return a name that tells the server of the keys from others, without credentials.

        It survives a restart of the server, and is empty for a channel without one.
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
        """Raise `error` again, with the channel and the key added to it."""
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
            "that is not a list; delete the key first, or use another one",
            channel=self._name,
            key=shown_key(key),
        )
