"""The primitives of channels on a server of the Redis protocol, without I/O.

The keys on the server, for a channel called `orders` (quoted as in a URL, so that a name may
contain any character and the braces keep the channel in one slot of a Redis Cluster):

    graflow:{orders}:k:<key>    a value as text, or a list
    graflow:{orders}:i          the index: the channel's keys, sorted by expiry
    graflow:{orders}:b          the index of what is kept about the channel
    graflow:{orders}:l:<key>    a lock that is held
    graflow:{orders}:f          the latest fencing number, kept for a day
    graflow:{orders}:w:<key>    the queue for a lock, sorted by arrival
    graflow:{orders}:p:<key>    the same, sorted by the time at which their places lapse
    graflow:{orders}:t:<slot>   the answer to the last write that used this slot

A `<key>` that begins with a NUL is graflow's own: see `graflow.channels.hidden_keys`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

from graflow.channels.backend import Extent, Fence
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import (
    KEEP,
    Add,
    Answer,
    Change,
    Check,
    Conflict,
    Delete,
    Held,
    NotAList,
    Pop,
    Push,
    Put,
)
from graflow.channels.hidden_keys import KEPT
from graflow.channels.redis.commit_command import ChangeRefused, Swap, packed, swap_in, unpacked
from graflow.channels.redis.records import (
    BESIDE,
    EMPTY_LIST,
    MAX_PARTS,
    check_size,
    extent,
    held,
    parts,
    too_long,
)
from graflow.channels.redis.scanning.key_scan import KeyScan
from graflow.channels.redis.scripts import Script, script
from graflow.channels.redis.sending.once import Guard
from graflow.channels.redis.sending.requests import Part, Perform, Sending, carry_out
from graflow.channels.redis.sending.transport import Transport
from graflow.channels.redis.sums import commit_sums
from graflow.exceptions import ChannelDataError

__all__ = ["Primitives", "base_of"]

_LONG = 1_000  # items; a longer list is read outside of a script
_MAX_READ = 5_000_000  # items of a list; reading them blocks a server for a second
_MAX_READ_TOGETHER = 1_000_000  # items of several lists
_CLEAR_AT_ONCE = 10_000
_CLEAR_SLICE = 100
_EXIST_AT_ONCE = 10_000
_MOST_LISTS = 10_000  # keys that are known to hold lists, as `GET` says of each but once
_LOOKED_AT = 100  # items of a list, by which all of them are measured

_READ, _READ_MANY, _HEAD = script("read"), script("read_many"), script("head")
_COMMIT, _SET, _PUSH, _POP = script("commit"), script("set"), script("push"), script("pop")
_ADD, _DELETE, _SWAP, _WRITE = script("add"), script("delete"), script("swap"), script("write")
_EXIST_MANY, _KEYS, _CLEAR = script("exist_many"), script("keys"), script("clear")
_DIGESTS, _MEASURE = script("digests"), script("measure")
_ACQUIRE, _RENEW, _RELEASE = script("acquire"), script("renew"), script("release")
_LINE_UP = script("line_up")


def base_of(channel: str) -> bytes:
    """Return what the keys of a channel begin with, and nothing else on a server."""
    return f"graflow:{{{quote(channel, safe='')}}}:".encode()


class Primitives:
    """What a `Backend` does, as steps that ask a server; each method means what that one means.

    Attributes:
        transport: Has the commands sent.
    """

    def __init__(
        self, channel: str, timeout: float, transport: Transport, fence: Fence | None
    ) -> None:
        """Ask for the records of a channel.

        Args:
            channel: Its name.
            timeout: Seconds for which sums that others come before are tried again.
            transport: Has the commands sent.
            fence: What must hold for every change.
        """
        self.transport = transport
        self._run, self._read = transport.run, transport.read
        self._channel, self._timeout = channel, timeout
        base = base_of(channel)
        self._values, self._slots, self._locks = base + b"k:", base + b"t:", base + b"l:"
        self._lines, self._places = base + b"w:", base + b"p:"
        self._index, self._kept_index, self._fences = base + b"i", base + b"b", base + b"f"
        self._lists: set[str] = set()
        self._guard = fence and Guard(self._value(fence.key), fence.record, fence.passed)

    # Reads

    def read(self, keys: Sequence[str]) -> Sending[list[Held | None]]:
        """Return what each key holds at one moment."""
        if not keys:
            return []
        check_size(self._channel, len(keys), f"{len(keys):,} keys")
        values = [self._value(key) for key in keys]
        found: list[Any] | int = yield from self._run(
            _READ_MANY, None, values, (b"%d" % _MAX_READ_TOGETHER,)
        )
        if isinstance(found, int):
            if len(keys) == 1:
                return [(yield from self._read_long(keys[0]))]
            raise too_long(self._channel, found, _MAX_READ_TOGETHER, "read one list at a time")
        pairs = zip(found[::2], found[1::2], strict=True)
        return [None if record is None else held(record, left) for record, left in pairs]

    def _read_long(self, key: str) -> Sending[Held | None]:
        record = yield from self.get(key)
        left: int = yield from self._read("PTTL", self._value(key), key=key)
        return None if record is None else held(record, left)

    def get(self, key: str) -> Sending[Record | None]:
        """Return the record of a key."""
        if key not in self._lists:
            try:
                text: bytes | None = yield from self._read("GET", self._value(key), key=key)
            except ChannelDataError:
                self._note_list(key)
            else:
                return [] if text == EMPTY_LIST else text
        return (yield from self._get_any(key))

    def get_here(self, key: str) -> Record | None:
        """Do as `get` does, and wait in this thread."""
        if key not in self._lists:
            try:
                text: bytes | None = self.transport.read_here(("GET", self._value(key)), key)
            except ChannelDataError:
                self._note_list(key)
            else:
                return [] if text == EMPTY_LIST else text
        return carry_out(self._get_any(key))

    def _note_list(self, key: str) -> None:
        if len(self._lists) >= _MOST_LISTS:
            self._lists.clear()
        self._lists.add(key)

    def _get_any(self, key: str) -> Sending[Record | None]:
        """Return the record of a key that held no text a moment ago."""
        while True:
            found: Record | int | None = yield from self._run(
                _READ, key, (self._value(key),), (b"%d" % _LONG,)
            )
            if not isinstance(found, int):
                if not isinstance(found, list):
                    self._lists.discard(key)
                return [] if found == EMPTY_LIST else found
            if found > _MAX_READ:
                raise too_long(self._channel, found, _MAX_READ, "take its items with pop", key)
            try:
                items: list[bytes] = yield from self._read(
                    "LRANGE", self._value(key), b"0", b"-1", key=key
                )
            except ChannelDataError:
                continue  # a single value has come in place of the list
            return items or None

    def head(self, key: str, count: int) -> Sending[list[bytes]]:
        """Return the first `count` items of a list."""
        args = (b"%d" % count,)
        items: list[bytes] | int = yield from self._run(_HEAD, key, (self._value(key),), args)
        if isinstance(items, int):
            raise NotAList(key)
        return items

    def exist(self, keys: Sequence[str]) -> Sending[list[bool]]:
        """Tell of each key whether it exists."""
        if len(keys) == 1:
            return [bool((yield from self._read("EXISTS", self._value(keys[0]), key=keys[0])))]
        found: list[int] = []
        for first in range(0, len(keys), _EXIST_AT_ONCE):
            values = [self._value(key) for key in keys[first : first + _EXIST_AT_ONCE]]
            found += yield from self._run(_EXIST_MANY, None, values)
        return list(map(bool, found))

    def digests(self, keys: Sequence[str]) -> Sending[list[str | None]]:
        """Return the digest of what each key holds."""
        values = [self._value(key) for key in keys]
        found: list[bytes | None] = yield from self._run(_DIGESTS, None, values)
        return [None if digest is None else digest.decode() for digest in found]

    def keys(self, *, kept: bool = False) -> Sending[list[str]]:
        """Return all live keys."""
        index = self._kept_index if kept else self._index
        found: list[bytes] = yield from self._run(_KEYS, None, (index,))
        return [key.decode() for key in found]

    def measure(self, keys: Sequence[str]) -> Sending[list[Extent | None]]:
        """Return how much each key holds."""
        if not keys:
            return []
        values = [self._value(key) for key in keys]
        found: list[int] = yield from self._run(_MEASURE, None, values, (b"%d" % _LOOKED_AT,))
        triples = zip(found[::3], found[1::3], found[2::3], strict=True)
        return [extent(*triple) for triple in triples]

    def scan(self, prefix: str, *, kept: bool) -> KeyScan:
        """Return the listing of the live keys that begin with a prefix, step by step."""
        index = self._kept_index if kept else self._index
        return KeyScan(self.transport, index, prefix)

    # Changes

    def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> Sending[list[Answer] | Conflict]:
        """Make all changes, if all checks hold."""
        swap = swap_in(checks, changes)
        if swap is not None:
            return (yield from self._swap(swap))
        try:
            return (yield from self._commit(checks, changes))
        except ChangeRefused as refused:
            if refused.is_final:
                raise refused.signal(changes) from None
        answers: list[Answer] | Conflict = yield self._sums(checks, changes)
        return answers

    def _swap(self, swap: Swap) -> Sending[list[Answer] | Conflict]:
        keys = (self._value(swap.key), self._index, self._locks + swap.turn.encode())
        args = (swap.key.encode(), swap.owner, swap.old, swap.new, b"keep" if swap.keeps else b"")
        done = yield from self._run_once(_SWAP, swap.key, keys, args)
        return [None] if done else Conflict(swap.key)

    def _commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> Sending[list[Answer] | Conflict]:
        command = packed(checks, changes)
        size = len(command.args) + len(command.keys)
        if size > MAX_PARTS:
            for change in changes:
                if isinstance(change, Put) and isinstance(change.record, list):
                    count = len(change.record)
                    check_size(self._channel, count + 1, f"{count:,} items")
            check_size(self._channel, size - BESIDE, f"{len(changes):,} changes")
        keys = [self._index, self._kept_index, *map(self._value, command.keys)]
        keys += [self._locks + lock.encode() for lock in command.locks]
        only = command.keys[0] if len(command.keys) == 1 else None
        reply: bytes = yield from self._run_once(_COMMIT, only, keys, command.args)
        return unpacked(reply, checks, changes)

    def put(self, key: str, record: Record, ttl: int | None) -> Sending[None]:
        """Let a key hold a record."""
        if ttl is None and isinstance(record, bytes):
            return self._change(_SET, key, record)
        if ttl == KEEP:
            return self._apply_as_commit(Put(key, record, ttl))
        stored = parts(record)
        check_size(self._channel, len(stored), f"{len(record):,} items")
        return self._change(_WRITE, key, b"" if ttl is None else b"%d" % ttl, *stored)

    def put_text_here(self, key: str, text: bytes) -> None:
        """Let a key hold a text without a TTL, and wait in this thread."""
        self.transport.run_once_here(*self._arguments(_SET, key, text))

    def push_here(self, push: Push) -> int:
        """Make a change of `push`, and wait in this thread."""
        return _length(push, self.transport.run_once_here(*self._push(push)))

    def _push(self, push: Push) -> _Arguments:
        lasts = b"" if push.ttl == KEEP else b"%d" % push.ttl
        end = b"LPUSH" if push.at_head else b"RPUSH"
        return self._arguments(_PUSH, push.key, push.item, lasts, end)

    def apply(self, change: Change) -> Sending[Any]:
        """Make one change, and return its answer."""
        match change:
            case Push():
                length: int = yield from self.transport.run_once(*self._push(change))
                return _length(change, length)
            case Pop(key):
                popped: bytes | int | None = yield from self._change(_POP, key)
                if isinstance(popped, int):
                    raise NotAList(key)
                return popped
            case Delete(key):
                return bool((yield from self._change(_DELETE, key)))
            case Add(key, amount):
                total = yield from self._add(key, amount)
                return total if total is not None else (yield self._sums((), (change,)))[0]
            case Put(key, record, ttl) if ttl != KEEP:
                return (yield from self.put(key, record, ttl))
            case _:
                return (yield from self._apply_as_commit(change))

    def _add(self, key: str, amount: int | float) -> Sending[bytes | None]:
        """Add in one step, or return `None` if that takes several."""
        if isinstance(amount, float):
            return (yield from self._change(_ADD, key, repr(amount).encode(), b"float"))  # type: ignore[no-any-return]
        if amount.bit_length() < 64:
            return (yield from self._change(_ADD, key, b"%d" % amount, b"int"))  # type: ignore[no-any-return]
        return None

    def clear(self, *, kept: bool = False) -> Sending[None]:
        """Remove all keys."""
        for index in (self._index, self._kept_index) if kept else (self._index,):
            at_once = _CLEAR_AT_ONCE
            while (yield from self._clear_some(index, at_once)):
                at_once = _CLEAR_SLICE
        if kept:
            yield from self.transport.write("UNLINK", self._fences)

    # Locks

    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> Sending[int | str]:
        """Take a lock."""
        name = lock.encode()
        keys = (self._locks + name, self._fences, self._lines + name, self._places + name)
        args = (owner, b"%d" % lease, *((b"%d" % least,) if least else ()))
        answer: bytes = yield from self._run_once(_ACQUIRE, lock, keys, args)
        return answer[1:].decode() if answer.startswith(b" ") else int(answer)

    def line_up(self, lock: str, owner: str, patience: int) -> Sending[int]:
        """Give `owner` a place in the queue for a lock."""
        name = lock.encode()
        keys = (self._lines + name, self._places + name)
        ahead: int = yield from self._run(
            _LINE_UP, lock, keys, (owner, b"%d" % patience), writes=True
        )
        return ahead

    def renew(self, lock: str, owner: str, lease: int) -> Sending[bool]:
        """Let a lock expire later if `owner` holds it."""
        keys = (self._locks + lock.encode(),)
        return bool((yield from self._run(_RENEW, lock, keys, (owner, b"%d" % lease), writes=True)))

    def release(self, lock: str, owner: str) -> Sending[bool]:
        """Release a lock if `owner` holds it."""
        # Not fenced: whoever is late may at least free what it holds.
        keys = (self._locks + lock.encode(),)
        return bool((yield from self._send_once(_RELEASE, lock, keys, (owner,), None)))

    # What they share

    def _value(self, key: str) -> bytes:
        return self._values + key.encode()

    def _run_once(
        self, script: Script, key: str | None, keys: Sequence[bytes], args: Sequence[Part]
    ) -> Sending[Any]:
        return self._send_once(script, key, keys, args, self._guard)

    def _send_once(
        self,
        script: Script,
        key: str | None,
        keys: Sequence[bytes],
        args: Sequence[Part],
        guard: Guard | None,
    ) -> Sending[Any]:
        return self.transport.run_once(script, key, keys, self._slots, args, guard)

    def _change(self, script: Script, key: str, *args: Part) -> Sending[Any]:
        """Run a script that changes one key, once."""
        return self.transport.run_once(*self._arguments(script, key, *args))

    def _arguments(self, script: Script, key: str, *args: Part) -> _Arguments:
        """Return what `run_once` takes for a script that changes one key."""
        name = key.encode()
        index = self._kept_index if key.startswith(KEPT) else self._index
        keys = self._values + name, index
        return script, key, keys, self._slots, (name, *args), self._guard

    def _clear_some(self, index: bytes, most: int) -> Sending[Any]:
        return self._run_once(
            _CLEAR, None, (index,), (self._values, b"%d" % most, b"%d" % _CLEAR_SLICE)
        )

    def _apply_as_commit(self, change: Change) -> Sending[Any]:
        answers = yield from self.commit((), (change,))
        assert not isinstance(answers, Conflict)
        return answers[0]

    def _sums(self, checks: Sequence[Check], changes: Sequence[Change]) -> Perform:
        return Perform(commit_sums(self._channel, self._timeout, checks, changes))


_Arguments: TypeAlias = tuple[
    Script, str | None, Sequence[bytes], bytes, Sequence[Part], Guard | None
]
"""What `Transport.run_once` takes."""


def _length(push: Push, length: int) -> int:
    """Return how long a list is after a push.

    Raises:
        NotAList: There is none.
    """
    if length < 0:
        raise NotAList(push.key)
    return length
