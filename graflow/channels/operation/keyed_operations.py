"""Operations of channels whose keys, and the types of whose values, are listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple, NoReturn

from graflow.channels.arguments import MISSING, Seconds, check_key
from graflow.channels.backend import Backend, Delete
from graflow.channels.commits.commit import Commit, Steps
from graflow.channels.hidden_keys import shown_key
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.operations import Operations
from graflow.channels.operation.plain_operations import PlainOperations
from graflow.channels.operation.told_errors import no_value
from graflow.channels.operation.typed_operations import ListFormat, TypedOperations
from graflow.channels.watching.changes import Selection
from graflow.exceptions import ChannelTypeError, ChannelValueError

__all__ = ["KeyedOperations", "ListedKey", "checked_name"]


class ListedKey(NamedTuple):
    """A key of a list.

    Attributes:
        schema: What its values are checked against.
        items: What the items of its list are checked against; `None` if it holds no list.
        is_read_only: Whether it can't be changed.
        is_required: Whether it has to be there, when all keys are read or written.
    """

    schema: ListFormat
    items: ListFormat | None
    is_read_only: bool
    is_required: bool


def checked_name(key: object) -> str:
    """Check a key, and return it as users know it."""
    return shown_key(check_key(key))


class KeyedOperations:
    """The operations of a channel that has listed keys only, as users see them."""

    def __init__(self, backend: Backend, listed: Mapping[str, ListedKey], title: str) -> None:
        """Take what all operations share.

        Args:
            backend: The channel's backend.
            listed: The keys.
            title: What the list is called, for messages.
        """
        self._backend, self._name = backend, backend.name
        self._listed = listed
        self._title = title
        self._channel = PlainOperations(backend)

    # Values

    def set(
        self,
        key: str,
        value: Any,
        ttl: Seconds | None = None,
        *,
        if_etag: object = MISSING,
    ) -> Steps[None]:
        """Store a value; with an etag, in place of the one that it stands for."""
        return self._writable(key).set(key, value, ttl, if_etag=if_etag)

    def add(self, key: str, value: Any, ttl: Seconds | None = None) -> Steps[bool]:
        """Store a value if the key has none, and tell whether it had none."""
        return self._writable(key).add(key, value, ttl)

    def entry(self, key: str) -> Steps[Entry[Any]]:
        """Return a value with its etag and its TTL."""
        return self._readable(key).entry(key)

    def get(self, key: str, default: object = MISSING) -> Steps[Any]:
        """Return what a key holds, or a default that is not `MISSING`."""
        return self._readable(key).get(key, default)

    def update(self, key: str, fn: Callable[[Any], Any], default: object = MISSING) -> Steps[Any]:
        """Replace a value by what `fn` makes of it."""
        return self._writable(key).update(key, fn, default)

    def get_all(self) -> Steps[Any]:
        """Return the values of all keys, read at one moment."""
        values: dict[str, Any] = yield from self._read(list(self._listed))
        for key, listed in self._listed.items():
            if listed.is_required and key not in values:
                raise no_value(self._name, check_key(key), "; get_many returns what there is")
        return values

    def set_all(self, values: Any, ttl: Seconds | None = None) -> Steps[None]:
        """Store every value at one moment; the required keys must be there."""
        given = dict(values)
        for key, listed in self._listed.items():
            if listed.is_required and key not in given:
                raise self._refusal(key, f"{self._title} requires key {key!r}")
        return self._write(given, ttl)

    def get_many(self, keys: Iterable[str]) -> Steps[dict[str, Any]]:
        """Return the values of those keys that have one, read at one moment."""
        wanted = [shown_key(key) for key in self._channel.check_keys(keys)]
        for key in wanted:
            self.known(key)
        return self._read(wanted)

    def set_many(self, mapping: Mapping[str, Any], ttl: Seconds | None = None) -> Steps[None]:
        """Store all values at one moment."""
        self._channel.check_mapping(mapping)
        return self._write(mapping, ttl)

    # Lists

    def append(self, key: str, value: Any, ttl: Seconds | None = None) -> Steps[int]:
        """Add an item to the end of a list, and return the new length."""
        return self._list(key, "append").append(key, value, ttl)

    def prepend(self, key: str, value: Any, ttl: Seconds | None = None) -> Steps[int]:
        """Add an item to the head of a list, and return the new length."""
        return self._list(key, "prepend").prepend(key, value, ttl)

    def pop(self, key: str, default: object = None, timeout: Seconds | None = None) -> Steps[Any]:
        """Remove the first item of a list, and return it; one that does not fit stays."""
        return self._list(key, "pop").pop(key, default, timeout)

    # Waiting

    def wait_for(
        self,
        key: str,
        predicate: Callable[[Any], object] | None = None,
        timeout: Seconds | None = None,
    ) -> Steps[Any]:
        """Wait for a value of which a predicate is true, and return it."""
        return self._readable(key).wait_for(key, predicate, timeout)

    def selection(self, key: str | None, prefix: str | None) -> Selection:
        """Check the arguments of `watch`, and return the listed keys that they stand for."""
        if key is not None:
            self.known(key)
        selected = self._channel.selection(key, prefix)
        listed = map(check_key, self._listed)
        return Selection(frozenset(filter(selected.has, listed)))

    # Keys

    def delete(self, key: str) -> Steps[bool]:
        """Remove a key, and tell whether it existed."""
        return self._writable(key).delete(key)

    def exists(self, key: str) -> Steps[bool]:
        """Tell whether a key exists."""
        return self._readable(key).exists(key)

    def keys(self) -> Steps[list[str]]:
        """Return those of the listed keys that exist, in the order of the list."""
        present = set((yield from self._channel.keys()))
        return [key for key in self._listed if key in present]

    def clear(self) -> Steps[None]:
        """Remove the listed keys at one moment, but those that can't be changed."""
        keys = [check_key(key) for key, listed in self._listed.items() if not listed.is_read_only]
        if keys:
            yield Commit((), [Delete(key) for key in keys])

    def ttl(self, key: str) -> Steps[float | None]:
        """Return the seconds that a key has left; `None` if it never expires."""
        return self._readable(key).ttl(key)

    def touch(self, key: str, ttl: Seconds) -> Steps[bool]:
        """Let a key expire in so many seconds, and tell whether it exists."""
        return self._writable(key).touch(key, ttl)

    def persist(self, key: str) -> Steps[bool]:
        """Let a key never expire, and tell whether it exists."""
        return self._writable(key).persist(key)

    def check_lock(self, key: str) -> str:
        """Check the name of a lock, which has to be a listed key, and return it."""
        self.known(key)
        return check_key(key)

    # What they share

    def _read(self, keys: Sequence[str]) -> Steps[dict[str, Any]]:
        return self._channel.read_many(
            [check_key(key) for key in keys], lambda key: self._listed[shown_key(key)].schema.load
        )

    def _write(self, values: Mapping[str, Any], ttl: Seconds | None) -> Steps[None]:
        for key in values:
            self.known(key, changes=True)
        return self._channel.write_many(
            values, ttl, lambda key: self._listed[shown_key(key)].schema.dump
        )

    def known(self, key: str, *, changes: bool = False) -> ListedKey:
        """Return what a list says of a key, which is to be changed or only read."""
        listed = self._listed.get(key) if type(key) is str else None  # spares most keys a call
        if listed is None:
            listed = self._listed.get(checked_name(key))
        if listed is None:
            close = get_close_matches(key, self._listed, n=1)
            advice = f"; did you mean {close[0]!r}?" if close else ""
            raise self._refusal(key, f"{self._title} has no key {key!r}{advice}")
        if changes and listed.is_read_only:
            self._misuse(key, f"can't change key {key!r}: it is ReadOnly in {self._title}")
        return listed

    def default(self, key: str, default: object) -> Any:
        """Return the default, or raise if it is `MISSING`."""
        return self._channel.default(key, default)

    def _readable(self, key: str) -> Operations:
        return TypedOperations(self._backend, self.known(key).schema)

    def _writable(self, key: str) -> Operations:
        return TypedOperations(self._backend, self.known(key, changes=True).schema)

    def _list(self, key: str, operation: str) -> TypedOperations:
        items = self.known(key, changes=True).items
        if items is None:
            self._misuse(key, f"can't {operation}: key {key!r} is not a list in {self._title}")
        return TypedOperations(self._backend, items)

    def _refusal(self, key: str, message: str) -> ChannelValueError:
        return ChannelValueError(f"channel {self._name!r}: {message}", channel=self._name, key=key)

    def _misuse(self, key: str, message: str) -> NoReturn:
        raise ChannelTypeError(f"channel {self._name!r}: {message}", channel=self._name, key=key)
