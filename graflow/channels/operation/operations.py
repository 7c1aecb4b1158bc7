"""Operations of channels, from arguments to results, with what a backend is asked in between.

Here is what untyped and typed channels share; they differ in how they write and read values. Each
operation has the name and the parameters that it has for users, on every face of a channel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from inspect import isawaitable
from types import CoroutineType
from typing import Any, TypeAlias

from graflow.channels.arguments import (
    MISSING,
    Missing,
    Seconds,
    check_key,
    check_text,
    milliseconds,
    patience,
)
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
from graflow.channels.codec.digests import digest_of
from graflow.channels.commits.commit import Steps
from graflow.channels.hidden_keys import shown_key, stored_key, visible_keys
from graflow.channels.operation.attempts import Limits, insist, turn_name
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.formats import Format
from graflow.channels.operation.reads import CallFunction, Clear, Exist, Get, ListKeys, Read
from graflow.channels.operation.told_errors import blame, no_list, no_list_to_grow, no_value
from graflow.channels.operation.waiting_requests import Insist, Undivided
from graflow.channels.watching.changes import Selection
from graflow.channels.watching.looking import look_in_turn, look_until
from graflow.exceptions import (
    ChannelConflictError,
    ChannelError,
    ChannelTimeoutError,
    ChannelTypeError,
)
from graflow.system.logs import CHANNELS

__all__ = ["Operations", "Taken", "Way", "lifetime_of"]


Taken: TypeAlias = tuple[bytes, Any]
"""An item that was taken off a list: its bytes, and what they stand for."""

Way: TypeAlias = tuple[Callable[[Any], Record], int | None]
"""How a value is written: what makes a record of it, and the ms that it lasts, `None` for ever."""


class Operations(ABC):
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
        put = Put(key, self._dump(key, value), lifetime_of(ttl))
        if if_etag is MISSING:
            yield put
            return
        record: Record | None = yield Get(key, is_fresh=True)
        if record is None or digest_of(record) != if_etag:
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
        way = self._format.dump, lifetime_of(ttl)
        yield from self.write_many(mapping, lambda key: way)

    def write_many(self, values: Mapping[str, Any], way: Callable[[str], Way]) -> Steps[None]:
        """Store all values at one moment; `way` takes a key."""
        changes = []
        for key, value in values.items():
            key = check_key(key)
            dump, lifetime = way(key)
            try:
                changes.append(Put(key, dump(value), lifetime))
            except ChannelError as error:
                blame(error, self._name, key)
        if changes:
            yield Commit((), changes)

    def add(self, key: str, value: object, ttl: Seconds | None = None) -> Steps[bool]:
        """Store a value if the key does not exist, and tell whether it did not."""
        key = check_key(key)
        put = Put(key, self._dump(key, value), lifetime_of(ttl))
        answers = yield Commit((Holds(key, None),), (put,))
        return not isinstance(answers, Conflict)

    def entry(self, key: str) -> Steps[Entry[Any]]:
        """Return a value with its etag and its TTL."""
        key = check_key(key)
        (held,) = yield Read((key,), is_fresh=True)
        if held is None:
            raise no_value(self._name, key)
        value = self._load(key, held.record)
        left = None if held.left is None else held.left / 1000
        return Entry(value, digest_of(held.record), left)

    def update(
        self,
        key: str,
        fn: Callable[[Any], Any],
        default: object = MISSING,
        ttl: Seconds | None = None,
    ) -> Steps[Any]:
        """Replace a value by what `fn` makes of it, unless others keep writing in between.

        The key keeps its TTL, unless another one is given.
        """
        key = check_key(key)
        lifetime = KEEP if ttl is None else milliseconds(ttl)

        def attempt(owner: str) -> Steps[Any]:
            record: Record | None = yield Get(key, is_fresh=True)
            old = self.default(key, default) if record is None else self._load(key, record)
            new = yield CallFunction(fn, old)
            checks = Holds(key, record), Unlocked(turn_name(key), owner)
            answers = yield Commit(checks, (Put(key, self._dump(key, new), lifetime),))
            return answers if isinstance(answers, Conflict) else (new,)

        # In a tuple, as it may be anything, even a `Conflict`.
        (new,) = yield from insist(attempt, Limits(self._backend.timeout), self._name)
        return new

    # Lists

    def append(self, key: str, value: object, ttl: Seconds | None = None) -> Steps[int]:
        """Add an item to the end of a list, and return the new length."""
        return self._push(key, value, ttl, at_head=False)

    def prepend(self, key: str, value: object, ttl: Seconds | None = None) -> Steps[int]:
        """Add an item to the head of a list, and return the new length."""
        return self._push(key, value, ttl, at_head=True)

    def _push(self, key: str, value: object, ttl: Seconds | None, *, at_head: bool) -> Steps[int]:
        push = self.push(key, value, ttl, at_head)
        try:
            length: int = yield push
        except NotAList:
            raise no_list_to_grow(self._name, push) from None
        return length

    def push(self, key: str, value: object, ttl: Seconds | None, at_head: bool) -> Push:
        """Check the arguments of `append` and `prepend`, and return the change they stand for."""
        key = check_key(key)
        try:
            item = self._format.dump_item(value)
        except ChannelError as error:
            blame(error, self._name, key)
        return Push(key, item, KEEP if ttl is None else milliseconds(ttl), at_head)

    def pop(self, key: str, default: object = None, timeout: Seconds | None = None) -> Steps[Any]:
        """Remove the first item of a list, and return it, or the default."""
        key = check_key(key)
        seconds = 0.0 if timeout is None else patience(timeout)
        try:
            if seconds:
                look = partial(self._take_or_leave, key)
                at = self._backend.signals(), self._backend.server
                taken = yield from look_in_turn(*at, key, look, seconds)
            else:
                taken = yield from self._take_first(key)
        except NotAList:
            raise no_list(self._name, key, "pop") from None
        return taken[1] if isinstance(taken, tuple) else default

    @abstractmethod
    def _take_first(self, key: str) -> Steps[Taken | Missing]:
        """Remove the first item of a list, and return it, or `MISSING`."""

    def _take_or_leave(self, key: str) -> Steps[Taken | Missing]:
        """Do as `_take_first` does, unless whoever wants the item is cancelled meanwhile."""
        taken, cancelled = yield Undivided(partial(self._take_first, key))
        if cancelled is None:
            return taken  # type: ignore[no-any-return]
        if isinstance(taken, tuple):
            try:
                yield Insist(partial(self._put_back, key, taken[0]))
            except ChannelError as error:
                self._lost(key, error, cancelled)
                raise cancelled from error
        raise cancelled

    def _lost(self, key: str, error: ChannelError, cancelled: BaseException) -> None:
        """Tell of an item that was taken for nobody, and can't be put back."""
        what = "an item that was taken as the wait was cancelled may be lost"
        cancelled.add_note(f"{what}: putting it back failed ({error})")
        CHANNELS.warning(
            "From the list %r in channel %r %s: putting it back failed (%s)",
            shown_key(key),
            self._name,
            what,
            type(error).__name__,
            extra={"channel": self._name, "key": shown_key(key)},
        )

    def _put_back(self, key: str, item: bytes) -> Steps[None]:
        yield Push(key, item, at_head=True)

    # Waiting

    def wait_for(
        self,
        key: str,
        predicate: Callable[[Any], object] | None = None,
        timeout: Seconds | None = None,
    ) -> Steps[Any]:
        """Wait for a value of which a predicate is true, and return it."""
        key, seconds = check_key(key), patience(timeout)
        if predicate is not None and not callable(predicate):
            raise ChannelTypeError(
                f"a predicate must be a function, not {type(predicate).__name__}; how long to wait "
                "is said with `timeout=`",
                channel=self._name,
                key=shown_key(key),
            )

        def look() -> Steps[Any]:
            record: Record | None = yield Get(key, is_fresh=True)
            if record is None:
                return MISSING
            value = self._load(key, record)
            suits = True if predicate is None else (yield CallFunction(predicate, value))
            _check_answered(suits)
            return value if suits else MISSING

        if seconds:
            at = self._backend.signals(), self._backend.server
            value = yield from look_until(*at, key, look, seconds)
        else:
            value = yield from look()
        if value is MISSING:
            raise self._waited(key, seconds, predicate is None)
        return value

    def selection(self, key: str | None, prefix: str | None) -> Selection:
        """Check the arguments of `watch`, and return the keys that they stand for."""
        if key is None:
            if not isinstance(prefix, str | None):
                raise ChannelTypeError(f"a prefix must be a str, not {type(prefix).__name__}")
            return Selection(None, prefix or "")
        if prefix is not None:
            raise ChannelTypeError("watch takes a key or a prefix, not both", channel=self._name)
        return Selection(frozenset({check_key(key)}))

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
        return visible_keys((yield ListKeys()))

    def stored_prefix(self, prefix: str) -> str:
        """Check what users' keys may begin with, and return what the stored ones begin with."""
        return "" if prefix == "" else stored_key(check_text(prefix, "prefix"))

    def clear(self) -> Steps[None]:
        """Remove all keys, but nothing that is kept about the channel."""
        yield Clear()

    def ttl(self, key: str) -> Steps[float | None]:
        """Return the seconds that a key has left; `None` if it never expires."""
        key = check_key(key)
        (held,) = yield Read((key,), is_fresh=True)
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
        return list(dict.fromkeys(map(check_key, self.check_iterable(keys))))

    def check_iterable(self, keys: object) -> Iterable[Any]:
        """Check that the argument of `get_many` may have keys in it, and return it."""
        if isinstance(keys, str) or not isinstance(keys, Iterable):
            raise ChannelTypeError(
                f"get_many takes an iterable of keys, not {type(keys).__name__}",
                channel=self._name,
            )
        return keys

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

    def _waited(self, key: str, seconds: float, is_missing: bool) -> ChannelTimeoutError:
        what = "held nothing" if is_missing else "held nothing that the predicate is true of"
        return ChannelTimeoutError(
            f"key {shown_key(key)!r} of channel {self._name!r} {what} for {seconds:g} s",
            channel=self._name,
            key=shown_key(key),
        )

    def _has_changed(self, key: str) -> ChannelConflictError:
        return ChannelConflictError(
            f"key {shown_key(key)!r} of channel {self._name!r} holds something else than when its "
            "entry was read, or nothing; nothing changed. Read the entry again",
            channel=self._name,
            key=shown_key(key),
        )


def _check_answered(suits: object) -> None:
    """Check that a predicate has answered.

    Raises:
        ChannelTypeError: It is a coroutine function, and nobody is there to await it.
    """
    if isawaitable(suits):
        if isinstance(suits, CoroutineType):
            suits.close()
        raise ChannelTypeError("the predicate of wait_for must be a plain function")


def lifetime_of(ttl: Seconds | None) -> int | None:
    """Return the ms that a value lasts; `None` for ever."""
    return None if ttl is None else milliseconds(ttl)
