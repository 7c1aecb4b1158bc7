"""Operations of channels whose keys, and the types of whose values, are listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, NoReturn, TypeVar

from graflow.channels.arguments import MISSING, Seconds, check_key, check_number
from graflow.channels.backend import Backend, Delete
from graflow.channels.commits.commit import Commit, Steps
from graflow.channels.hidden_keys import shown_key
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.listing import ListedKey, Listing
from graflow.channels.operation.operations import Way, lifetime_of
from graflow.channels.operation.plain_operations import PlainOperations
from graflow.channels.operation.told_errors import no_value
from graflow.channels.operation.typed_operations import TypedOperations
from graflow.channels.watching.changes import Selection
from graflow.exceptions import ChannelTypeError, ChannelValueError

__all__ = ["KeyedOperations", "checked_name"]

K = TypeVar("K")


def checked_name(key: object) -> str:
    """Check a key, and return it as users know it."""
    return shown_key(check_key(key))


class KeyedOperations(Generic[K]):
    """The operations of a channel that has listed keys only; `K` is what users write for a key."""

    def __init__(self, backend: Backend, listing: Listing[K]) -> None:
        """Take the channel's backend, and the keys."""
        self._backend, self._name = backend, backend.name
        self._listing = listing
        self._channel = PlainOperations(backend)

    # Values

    def set(
        self,
        key: K,
        value: Any,
        ttl: Seconds | None = None,
        *,
        if_etag: object = MISSING,
    ) -> Steps[None]:
        """Store a value; with an etag, in place of the one that it stands for."""
        listed = self.known(key, changes=True)
        lasts = _lasts(ttl, listed)
        return self._of(listed).set(listed.name, value, lasts, if_etag=if_etag)

    def add(self, key: K, value: Any, ttl: Seconds | None = None) -> Steps[bool]:
        """Store a value if the key has none, and tell whether it had none."""
        listed = self.known(key, changes=True)
        return self._of(listed).add(listed.name, value, _lasts(ttl, listed))

    def entry(self, key: K) -> Steps[Entry[Any]]:
        """Return a value with its etag and its TTL."""
        listed = self.known(key)
        return self._of(listed).entry(listed.name)

    def get(self, key: K, default: object = MISSING) -> Steps[Any]:
        """Return what a key holds, or a default that is not `MISSING`."""
        listed = self.known(key)
        return self._of(listed).get(listed.name, default)

    def update(self, key: K, fn: Callable[[Any], Any], default: object = MISSING) -> Steps[Any]:
        """Replace a value by what `fn` makes of it."""
        listed = self.known(key, changes=True)
        return self._of(listed).update(listed.name, fn, default, listed.ttl)

    def atomic_add(self, key: K, amount: object = 1) -> Steps[int | float]:
        """Add to a number, and return the sum."""
        listed = self.known(key, changes=True)
        if not listed.numbers:
            self._misuse(listed, "can't add: key {} is not a number in {}")
        if type(check_number(amount)) not in listed.numbers:
            self._misuse(listed, "can't add a float: key {} is an int in {}")
        return self._channel.atomic_add(listed.name, amount, listed.ttl)

    def get_all(self) -> Steps[Any]:
        """Return the values of all keys, read at one moment."""
        values: dict[str, Any] = yield from self._read(self._listing.names.values())
        for key, listed in self._listing.names.items():
            if listed.is_required and key not in values:
                raise no_value(self._name, check_key(key), "; get_many returns what there is")
        return values

    def set_all(self, values: Any, ttl: Seconds | None = None) -> Steps[None]:
        """Store every value at one moment; the required keys must be there."""
        given = dict(values)
        for key, listed in self._listing.names.items():
            if listed.is_required and key not in given:
                raise self._refusal(key, f"{self._listing.title} requires key {key!r}")
        return self._write(given, ttl)

    def get_many(self, keys: Iterable[K]) -> Steps[dict[str, Any]]:
        """Return the values of those keys that have one, read at one moment."""
        return self._read([self.known(key) for key in self._channel.check_iterable(keys)])

    def set_many(self, mapping: Mapping[K, Any], ttl: Seconds | None = None) -> Steps[None]:
        """Store all values at one moment."""
        self._channel.check_mapping(mapping)
        return self._write(mapping, ttl)

    # Lists

    def append(self, key: K, value: Any, ttl: Seconds | None = None) -> Steps[int]:
        """Add an item to the end of a list, and return the new length."""
        listed, operations = self._list(key, "append")
        return operations.append(listed.name, value, _lasts(ttl, listed))

    def prepend(self, key: K, value: Any, ttl: Seconds | None = None) -> Steps[int]:
        """Add an item to the head of a list, and return the new length."""
        listed, operations = self._list(key, "prepend")
        return operations.prepend(listed.name, value, _lasts(ttl, listed))

    def pop(self, key: K, default: object = None, timeout: Seconds | None = None) -> Steps[Any]:
        """Remove the first item of a list, and return it; one that does not fit stays."""
        listed, operations = self._list(key, "pop")
        return operations.pop(listed.name, default, timeout)

    # Waiting

    def wait_for(
        self,
        key: K,
        predicate: Callable[[Any], object] | None = None,
        timeout: Seconds | None = None,
    ) -> Steps[Any]:
        """Wait for a value of which a predicate is true, and return it."""
        listed = self.known(key)
        return self._of(listed).wait_for(listed.name, predicate, timeout)

    def selection(self, key: K | None, prefix: str | None) -> Selection:
        """Check the arguments of `watch`, and return the listed keys that they stand for."""
        name = None if key is None else self.known(key).name
        selected = self._channel.selection(name, prefix)
        listed = map(check_key, self._listing.names if name is None else (name,))
        return Selection(frozenset(filter(selected.has, listed)))

    # Keys

    def delete(self, key: K) -> Steps[bool]:
        """Remove a key, and tell whether it existed."""
        return self._channel.delete(self.known(key, changes=True).name)

    def exists(self, key: K) -> Steps[bool]:
        """Tell whether a key exists."""
        return self._channel.exists(self.known(key).name)

    def keys(self) -> Steps[list[str]]:
        """Return those of the listed keys that exist, in the order of the list."""
        return self._listing.present((yield from self._channel.keys()))

    def clear(self) -> Steps[None]:
        """Remove the listed keys at one moment, but those that can't be changed."""
        names = self._listing.names
        keys = [check_key(key) for key, listed in names.items() if not listed.is_read_only]
        if keys:
            yield Commit((), [Delete(key) for key in keys])

    def ttl(self, key: K) -> Steps[float | None]:
        """Return the seconds that a key has left; `None` if it never expires."""
        return self._channel.ttl(self.known(key).name)

    def touch(self, key: K, ttl: Seconds) -> Steps[bool]:
        """Let a key expire in so many seconds, and tell whether it exists."""
        return self._channel.touch(self.known(key, changes=True).name, ttl)

    def persist(self, key: K) -> Steps[bool]:
        """Let a key never expire, and tell whether it exists."""
        return self._channel.persist(self.known(key, changes=True).name)

    def check_lock(self, key: K) -> str:
        """Check the name of a lock, which has to be a listed key, and return it."""
        return check_key(self.known(key).name)

    # What they share

    def _read(self, wanted: Iterable[ListedKey]) -> Steps[dict[str, Any]]:
        loads = {check_key(listed.name): listed.schema.load for listed in wanted}
        return self._channel.read_many(list(loads), loads.__getitem__)

    def _write(self, values: Mapping[K, Any], ttl: Seconds | None) -> Steps[None]:
        lifetime_of(ttl)  # which is checked even if there is nothing to write
        by_name: dict[str, Any] = {}
        ways: dict[str, Way] = {}
        for key, value in values.items():
            listed = self.known(key, changes=True)
            by_name[listed.name] = value
            ways[check_key(listed.name)] = listed.schema.dump, lifetime_of(_lasts(ttl, listed))
        yield from self._channel.write_many(by_name, ways.__getitem__)

    def known(self, key: K, *, changes: bool = False) -> ListedKey:
        """Return what a list says of a key, which is to be changed or only read."""
        listed = self._listing.find(key)
        if listed is None:
            title, advice = self._listing.title, self._listing.advice(key)
            raise self._refusal(str(key), f"{title} has no key {key!r}{advice}")
        if changes and listed.is_read_only:
            self._misuse(listed, f"can't change key {{}}: {self._listing.why_read_only(key)}")
        return listed

    def default(self, key: str, default: object) -> Any:
        """Return the default, or raise if it is `MISSING`."""
        return self._channel.default(key, default)

    def _of(self, listed: ListedKey) -> TypedOperations:
        return TypedOperations(self._backend, listed.schema)

    def _list(self, key: K, operation: str) -> tuple[ListedKey, TypedOperations]:
        listed = self.known(key, changes=True)
        if listed.items is None:
            self._misuse(listed, f"can't {operation}: key {{}} is not a list in {{}}")
        return listed, TypedOperations(self._backend, listed.items)

    def _refusal(self, key: str, message: str) -> ChannelValueError:
        return ChannelValueError(f"channel {self._name!r}: {message}", channel=self._name, key=key)

    def _misuse(self, listed: ListedKey, message: str) -> NoReturn:
        key = shown_key(check_key(listed.name))
        raise ChannelTypeError(
            f"channel {self._name!r}: {message.format(repr(key), self._listing.title)}",
            channel=self._name,
            key=key,
        )


def _lasts(ttl: Seconds | None, listed: ListedKey) -> Seconds | None:
    return listed.ttl if ttl is None else ttl
