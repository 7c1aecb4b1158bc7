"""`KeysChannel`: a channel with the keys that a class of `Keys` declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, overload

from typing_extensions import TypeVar

from graflow.channels.arguments import MISSING, Seconds, check_key, milliseconds
from graflow.channels.base import Channel
from graflow.channels.keys.key import Key
from graflow.channels.keys.key_pattern import KeyPattern
from graflow.channels.keys.keys import Keys
from graflow.channels.keys.keys_listing import KeysListing
from graflow.channels.keys.keys_operations import KeysOperations
from graflow.channels.keys.operands import Addable, Appendable, Readable, Settable, Updatable
from graflow.channels.keys.values import Values
from graflow.channels.locks.lock import ChannelLock
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.told_errors import blame
from graflow.channels.unfinished import even_unfinished
from graflow.channels.view import ChannelView
from graflow.channels.watching.watch import Watch
from graflow.exceptions import ChannelError

if TYPE_CHECKING:
    from graflow.channels.aio.async_keys_channel import AsyncKeysChannel

__all__ = ["KeysChannel"]

C_co = TypeVar("C_co", bound=Keys, covariant=True)
T = TypeVar("T")
D = TypeVar("D")
X = TypeVar("X")
P = ParamSpec("P")


class KeysChannel(ChannelView[Key[Any, C_co]], Generic[C_co]):
    """A channel with the keys that a class of `Keys` declares, and with the types of their values.

    `channel.of(Pipeline)` is one, and takes keys such as `Pipeline.user`. A key of another class is
    refused, and so is a value that does not fit its key's type, both by type checkers and when the
    program runs. What a task has returned can be read by `fetch.result`, too.

    `set`, `add`, `append`, `prepend`, `update` and `atomic_add` let a key with a TTL of its own
    expire that much later.
    """

    def __init__(
        self, channel: Channel, keys: type[C_co], *, strict: bool = True, results: str = ""
    ) -> None:
        """Put a class of keys in front of a channel; `channel.of(keys)` does it.

        Args:
            channel: The channel that stores the values.
            keys: The class that declares the keys.
            strict: `False` lets pydantic convert values to fit, such as `"1"` to `1`.
            results: What stored keys begin with under which a run keeps the results of its tasks;
                by default they are the latest ones in the channel.

        Raises:
            SchemaError: It is not a class of `Keys`, or the type of a key can't be a schema.
        """
        super().__init__(channel)
        self._aio: AsyncKeysChannel[C_co] | None = None
        self._keys, self._strict, self._results = keys, strict, results
        listing = KeysListing(keys, strict=strict, results=results)
        self._operations = KeysOperations(channel.backend, listing)

    @property
    def aio(self) -> AsyncKeysChannel[C_co]:
        """The channel on an event loop: the same operations, to be awaited."""
        if self._aio is None:
            from graflow.channels.aio.async_keys_channel import AsyncKeysChannel  # noqa: PLC0415

            options: Any = {"strict": self._strict, "results": self._results}
            self._aio = AsyncKeysChannel(self._channel.aio, self._keys, **options)
        return self._aio

    @property
    def schema(self) -> type[C_co]:
        """The class that declares the keys."""
        return self._keys

    @even_unfinished
    def __repr__(self) -> str:
        """Show the channel and the class."""
        return f"{type(self).__name__}({self._channel!r}, {self._keys.__name__})"

    def __reduce__(self) -> Any:
        """Pickle the handle and the class, if both can be pickled."""
        make = partial(type(self), strict=self._strict, results=self._results)
        return make, (self._channel, self._keys)

    # Values

    def set(self, key: Settable[P, C_co], *args: P.args, **kwargs: P.kwargs) -> None:
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
        put: Any = self._put
        put(key, *args, **kwargs)

    def _put(
        self, key: Key[Any], value: Any, ttl: Seconds | None = None, *, if_etag: Any = MISSING
    ) -> None:
        if if_etag is not MISSING:
            self._perform(self._operations.set(key, value, ttl, if_etag=if_etag))
            return
        listed = self._operations.known(key, changes=True)
        name = check_key(listed.name)
        lasts = listed.ttl if ttl is None else ttl
        try:
            record = listed.schema.dump(value)
        except ChannelError as error:
            blame(error, self.name, name)
        self.backend.put(name, record, None if lasts is None else milliseconds(lasts))

    def add(self, key: Addable[P, C_co], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Store a value unless the key has one: `add(key, value, ttl=None)`.

        Returns:
            Whether it was stored.

        Raises:
            ChannelValueError, ChannelValidationError: As for `set`; nothing changed.
        """
        return self._perform(self._operations.add(key, *args, **kwargs))

    def entry(self, key: Readable[T, C_co]) -> Entry[T]:
        """Return the value under `key` with its etag and its TTL; see `TypedChannel.entry`."""
        entry: Entry[T] = self._perform(self._operations.entry(key))
        return entry

    @overload
    def get(self, key: Readable[T, C_co]) -> T: ...
    @overload
    def get(self, key: Readable[T, C_co], default: D) -> T | D: ...
    def get(self, key: Readable[Any, C_co], default: Any = MISSING) -> Any:
        """Return the value under `key`; for a list key, that is a list.

        Args:
            key: One of the class's keys, or what a task has returned, such as `fetch.result`.
            default: Returned if there is no value; without it, a missing value is an error.

        Raises:
            ChannelKeyError: There is no value, and no default was given.
            ChannelValueError: The class has no such key.
            ChannelValidationError: The value does not fit; it stays in the channel.
        """
        listed = self._operations.known(key)
        name = check_key(listed.name)
        record = self.backend.get(name)
        if record is None:
            return self._operations.default(name, default)
        try:
            return listed.schema.load(record)
        except ChannelError as error:
            blame(error, self.name, name)

    def update(self, key: Updatable[P, T, C_co], *args: P.args, **kwargs: P.kwargs) -> T:
        """Replace a value: `update(key, fn, default=...)`; see `TypedChannel.update`.

        Args:
            key: One of the class's keys.
            args: A function of the value that returns the new one, and perhaps what it is given if
                there is no value.
            kwargs: The same by name.

        Returns:
            The new value.
        """
        new: T = self._perform(self._operations.update(key, *args, **kwargs))
        return new

    @overload
    def atomic_add(self, key: Key[int, C_co], amount: int = 1) -> int: ...
    @overload
    def atomic_add(self, key: Key[float, C_co], amount: float = 1) -> float: ...
    def atomic_add(self, key: Key[Any, C_co], amount: int | float = 1) -> int | float:
        """Add `amount` to the number under `key`; see `Channel.atomic_add`.

        Raises:
            ChannelTypeError: The key is not declared as `int` or `float`, or a float is to be
                added to an int; nothing changed.
        """
        return self._perform(self._operations.atomic_add(key, amount))

    def get_many(self, keys: Iterable[Key[Any, C_co]]) -> Values[C_co]:
        """Return what those of the `keys` hold that hold something, as of one moment.

            values = ch.get_many([Pipeline.user, Pipeline.logs])
            values[Pipeline.user]["name"], values.get(Pipeline.logs)

        Raises:
            ChannelValueError: The class does not have one of the keys.
            ChannelValidationError: A value does not fit; it stays in the channel.
        """
        return self._perform(self._operations.get_values(keys))

    def set_many(
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
        self._perform(self._operations.set_many(mapping, ttl))

    # Lists

    def append(self, key: Appendable[P, C_co], *args: P.args, **kwargs: P.kwargs) -> int:
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
        return self._perform(self._operations.append(key, *args, **kwargs))

    def prepend(self, key: Appendable[P, C_co], *args: P.args, **kwargs: P.kwargs) -> int:
        """Add an item to the head of a list: `prepend(key, value, ttl=None)`; see `append`."""
        return self._perform(self._operations.prepend(key, *args, **kwargs))

    @overload
    def pop(self, key: Key[list[X], C_co], *, timeout: Seconds | None = None) -> X | None: ...
    @overload
    def pop(self, key: Key[list[X], C_co], default: D, timeout: Seconds | None = None) -> X | D: ...
    def pop(self, key: Key[Any, C_co], default: Any = None, timeout: Seconds | None = None) -> Any:
        """Remove and return the item at the head of the list under `key`; see `TypedChannel.pop`.

        With a `timeout` in seconds it waits for an item, and `math.inf` for as long as it takes.
        """
        return self._perform(self._operations.pop(key, default, timeout))

    # Waiting

    def wait_for(
        self,
        key: Readable[T, C_co],
        predicate: Callable[[T], object] | None = None,
        timeout: Seconds | None = None,
    ) -> T:
        """Wait for a value of `key` of which `predicate` is true; see `TypedChannel.wait_for`."""
        value: T = self._perform(self._operations.wait_for(key, predicate, timeout))
        return value

    def watch(
        self, key: Key[Any, C_co] | KeyPattern[Any, C_co] | None = None, *, start: bool = True
    ) -> Watch:
        """Return an iterator over the changes of the class's keys; see `Channel.watch`.

        Args:
            key: The only key to watch, or the pattern of those to watch.
            start: Whether the first changes are the keys that have a value already.

        Raises:
            ChannelValueError, ChannelTypeError: The class has no such key, or no such pattern.
        """
        return Watch(self.backend, self._operations.watched(key), start=start)

    # Keys

    def delete(self, key: Key[Any, C_co]) -> bool:
        """Remove `key`; tell whether it existed."""
        return self._perform(self._operations.delete(key))

    def exists(self, key: Key[Any, C_co]) -> bool:
        """Tell whether `key` has a value."""
        return self._perform(self._operations.exists(key))

    @overload
    def keys(self) -> list[Key[Any]]: ...
    @overload
    def keys(self, pattern: KeyPattern[T, C_co]) -> list[Key[T]]: ...
    def keys(self, pattern: KeyPattern[Any, C_co] | None = None) -> list[Key[Any]]:
        """Return those of the class's keys that have a value, in the order of the class.

        Args:
            pattern: One of the class's; then only its keys are returned, sorted.
        """
        return self._perform(self._operations.present(pattern))

    def clear(self) -> None:
        """Remove the class's keys at one moment, with those that its patterns made.

        What else is in the channel stays: keys of others, results of runs, locks.
        """
        self._perform(self._operations.clear())

    def ttl(self, key: Key[Any, C_co]) -> float | None:
        """Return the seconds until `key` expires, or `None` if it never does.

        Raises:
            ChannelKeyError: The key has no value.
        """
        return self._perform(self._operations.ttl(key))

    def touch(self, key: Key[Any, C_co], ttl: Seconds) -> bool:
        """Let `key` expire in `ttl` seconds from now; see `Channel.touch`."""
        return self._perform(self._operations.touch(key, ttl))

    def persist(self, key: Key[Any, C_co]) -> bool:
        """Let `key` never expire; tell whether it has a value."""
        return self._perform(self._operations.persist(key))

    def lock(
        self, key: Key[Any, C_co], timeout: Seconds = 10.0, lease: Seconds = 30.0
    ) -> ChannelLock:
        """Return a context manager that holds the lock with the name of `key`; see `Channel.lock`.

        Raises:
            ChannelValueError: The class has no such key.
        """
        return ChannelLock(self.backend, self._operations.check_lock(key), timeout, lease)
