"""Operations of channels, from arguments to results, with what a backend is asked in between.

Here is what untyped and typed channels share; they differ in how they write and read values. Each
operation has the name and the parameters that it has for users, on every face of a channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from graflow.channels.arguments import MISSING, Seconds, check_key, milliseconds
from graflow.channels.backend import (
    KEEP,
    Backend,
    Commit,
    Conflict,
    Delete,
    Expire,
    Held,
    Holds,
    NotAList,
    Push,
    Put,
    Unlocked,
)
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Steps
from graflow.channels.hidden_keys import shown_key, visible_keys
from graflow.channels.operation.attempts import Limits, insist, turn_name
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.formats import Format
from graflow.channels.operation.reads import CallFunction, Clear, Exist, Get, Keys, Read
from graflow.channels.operation.told_errors import blame, no_list, no_value
from graflow.exceptions import ChannelConflictError, ChannelError, ChannelTypeError

__all__ = ["Operations"]


class Operations:
    """The operations of one channel in one format, each as steps for `Backend.perform`."""

    __slots__ = ("_backend", "_format", "_name")

    def __init__(self, backend: Backend, form: Format) -> None:
        """Take what all operations share.

        Args:
            backend: It says what the channel is called, and how long an update keeps trying.
            form: How values are written and read.
        """
        self._backend = backend
        self._name = backend.name
        self._format = form

    # Values

    def set(
        self,
        key: str,
        value: object,
        ttl: Seconds | None = None,
        *,
        if_etag: object = MISSING,
    ) -> Steps[None]:
        """Store a value; with an etag, in place of the one that it stands for."""
        key = check_key(key)
        if if_etag is not MISSING and not isinstance(if_etag, str):
            raise ChannelTypeError(
                f"if_etag takes the etag of an entry, which is text, not {type(if_etag).__name__}",
                channel=self._name,
                key=shown_key(key),
            )
        put = Put(key, self._dump(key, value), _lifetime(ttl))
        if if_etag is MISSING:
            yield put
            return
        record: Record | None = yield Get(key)
        if record is None or _etag(record) != if_etag:
            raise self._has_changed(key)
        answers = yield Commit((Holds(key, record),), (put,))
        if isinstance(answers, Conflict):
            raise self._has_changed(key)

    def get(self, key: str, default: object = MISSING) -> Steps[Any]:
        """Return what a key holds, or a default that is not `MISSING`."""
        key = check_key(key)
        record = yield Get(key)
        return self.default(key, default) if record is None else self._load(key, record)

    def get_many(self, keys: Iterable[str]) -> Steps[dict[str, Any]]:
        """Return the values of those keys that exist, read at one moment."""
        return self.read_many(self.check_keys(keys), lambda key: self._format.load)

    def read_many(
        self, wanted: Sequence[str], load: Callable[[str], Callable[[Record], Any]]
    ) -> Steps[dict[str, Any]]:
        """Do as `get_many` does, with keys that are checked; `load` takes one of them."""
        found: list[Held | None] = yield Read(wanted)
        return {
            shown_key(key): self._load(key, held.record, load(key))
            for key, held in zip(wanted, found, strict=True)
            if held is not None
        }

    def set_many(self, mapping: Mapping[str, Any], ttl: Seconds | None = None) -> Steps[None]:
        """Store all values at one moment."""
        self.check_mapping(mapping)
        return self.write_many(mapping, ttl, lambda key: self._format.dump)

    def write_many(
        self,
        values: Mapping[str, Any],
        ttl: Seconds | None,
        dump: Callable[[str], Callable[[Any], Record]],
    ) -> Steps[None]:
        """Store all values at one moment; `dump` takes a key."""
        lifetime = _lifetime(ttl)
        changes = []
        for key, value in values.items():
            key = check_key(key)
            try:
                changes.append(Put(key, dump(key)(value), lifetime))
            except ChannelError as error:
                blame(error, self._name, key)
        if changes:
            yield Commit((), changes)

    def add(self, key: str, value: object, ttl: Seconds | None = None) -> Steps[bool]:
        """Store a value if the key does not exist, and tell whether it did not."""
        key = check_key(key)
        put = Put(key, self._dump(key, value), _lifetime(ttl))
        answers = yield Commit((Holds(key, None),), (put,))
        return not isinstance(answers, Conflict)

    def entry(self, key: str) -> Steps[Entry[Any]]:
        """Return a value with its etag and its TTL."""
        key = check_key(key)
        (held,) = yield Read((key,))
        if held is None:
            raise no_value(self._name, key)
        value = self._load(key, held.record)
        left = None if held.left is None else held.left / 1000
        return Entry(value, _etag(held.record), left)

    def update(self, key: str, fn: Callable[[Any], Any], default: object = MISSING) -> Steps[Any]:
        """Replace a value by what `fn` makes of it, unless others keep writing in between."""
        key = check_key(key)

        def attempt(owner: str) -> Steps[Any]:
            record: Record | None = yield Get(key)
            old = self.default(key, default) if record is None else self._load(key, record)
            new = yield CallFunction(fn, old)
            checks = Holds(key, record), Unlocked(turn_name(key), owner)
            answers = yield Commit(checks, (Put(key, self._dump(key, new), KEEP),))
            return answers if isinstance(answers, Conflict) else _Done(new)

        done: _Done = yield from insist(attempt, Limits(self._backend.timeout), self._name)
        return done.value

    # Lists

    def append(self, key: str, value: object, ttl: Seconds | None = None) -> Steps[int]:
        """Add an item to the end of a list, and return the new length."""
        return self._push(key, value, ttl, at_head=False)

    def prepend(self, key: str, value: object, ttl: Seconds | None = None) -> Steps[int]:
        """Add an item to the head of a list, and return the new length."""
        return self._push(key, value, ttl, at_head=True)

    def _push(self, key: str, value: object, ttl: Seconds | None, *, at_head: bool) -> Steps[int]:
        key = check_key(key)
        try:
            item = self._format.dump_item(value)
        except ChannelError as error:
            blame(error, self._name, key)
        lifetime = KEEP if ttl is None else milliseconds(ttl)
        try:
            length: int = yield Push(key, item, lifetime, at_head)
        except NotAList:
            raise no_list(self._name, key, "prepend" if at_head else "append") from None
        return length

    # Keys

    def delete(self, key: str) -> Steps[bool]:
        """Remove a key, and tell whether it existed."""
        existed: bool = yield Delete(check_key(key))
        return existed

    def exists(self, key: str) -> Steps[bool]:
        """Tell whether a key exists."""
        (exists,) = yield Exist((check_key(key),))
        return bool(exists)

    def keys(self) -> Steps[list[str]]:
        """Return the users' keys."""
        return visible_keys((yield Keys()))

    def clear(self) -> Steps[None]:
        """Remove all keys, but nothing that is kept about the channel."""
        yield Clear()

    def ttl(self, key: str) -> Steps[float | None]:
        """Return the seconds that a key has left; `None` if it never expires."""
        key = check_key(key)
        (held,) = yield Read((key,))
        if held is None:
            raise no_value(self._name, key)
        return None if held.left is None else held.left / 1000

    def touch(self, key: str, ttl: Seconds) -> Steps[bool]:
        """Let a key expire in so many seconds, and tell whether it exists."""
        exists: bool = yield Expire(check_key(key), milliseconds(ttl))
        return exists

    def persist(self, key: str) -> Steps[bool]:
        """Let a key never expire, and tell whether it exists."""
        exists: bool = yield Expire(check_key(key), None)
        return exists

    # What they share

    def default(self, key: str, default: object) -> Any:
        """Return the default, or raise if it is `MISSING`."""
        if default is MISSING:
            raise no_value(self._name, key)
        return default

    def check_keys(self, keys: object) -> list[str]:
        """Check the argument of `get_many`, and return each key once, as it is stored."""
        if isinstance(keys, str) or not isinstance(keys, Iterable):
            raise ChannelTypeError(
                f"get_many takes an iterable of keys, not {type(keys).__name__}",
                channel=self._name,
            )
        return list(dict.fromkeys(map(check_key, keys)))

    def check_mapping(self, mapping: object) -> None:
        """Check the argument of `set_many`."""
        if not isinstance(mapping, Mapping):
            raise ChannelTypeError(
                f"set_many takes a mapping of keys to values, not {type(mapping).__name__}",
                channel=self._name,
            )

    def _dump(self, key: str, value: object) -> Record:
        try:
            return self._format.dump(value)
        except ChannelError as error:
            blame(error, self._name, key)

    def _load(self, key: str, record: Record, load: Callable[[Record], Any] | None = None) -> Any:
        try:
            return (load or self._format.load)(record)
        except ChannelError as error:
            blame(error, self._name, key)

    def _has_changed(self, key: str) -> ChannelConflictError:
        return ChannelConflictError(
            f"key {shown_key(key)!r} of channel {self._name!r} holds something else than when its "
            "entry was read, or nothing; nothing changed. Read the entry again",
            channel=self._name,
            key=shown_key(key),
        )


class _Done(NamedTuple):
    """The new value of an update, which may be anything, even a `Conflict`."""

    value: Any


def _lifetime(ttl: Seconds | None) -> int | None:
    return None if ttl is None else milliseconds(ttl)


def _etag(record: Record) -> str:
    digest = blake2b(digest_size=16)
    parts = [b"value", record] if isinstance(record, bytes) else [b"list", *record]
    for part in parts:
        digest.update(b"%d:%b" % (len(part), part))
    return digest.hexdigest()
