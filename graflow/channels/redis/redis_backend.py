"""Backend of channels on a server of the Redis protocol.

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

import pickle
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote
from weakref import finalize

from typing_extensions import override

from graflow.channels.backend import Backend, Fence, Signals
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
from graflow.channels.operation.told_errors import blame
from graflow.channels.redis.commit_command import ChangeRefused, Swap, packed, swap_in, unpacked
from graflow.channels.redis.connections import Part
from graflow.channels.redis.endpoints.endpoint import Endpoint
from graflow.channels.redis.errors import FencedError
from graflow.channels.redis.push.pushes import pushes_of
from graflow.channels.redis.records import BESIDE, EMPTY_LIST, MAX_PARTS, parts
from graflow.channels.redis.scripts import Script, script
from graflow.channels.redis.sums import commit_sums
from graflow.channels.redis.transport import ClosedTransport, Transport
from graflow.exceptions import (
    ChannelDataError,
    ChannelError,
    ChannelTypeError,
    ChannelValueError,
)

if TYPE_CHECKING:
    from graflow.channels.redis.embedded.server import EmbeddedServer

__all__ = ["RedisBackend"]

_LONG = 1_000  # items; a longer list is read outside of a script
_MAX_READ = 5_000_000  # items of a list; reading them blocks a server for a second
_MAX_READ_TOGETHER = 1_000_000  # items of several lists
_CLEAR_AT_ONCE = 10_000
_CLEAR_SLICE = 100
_EXIST_AT_ONCE = 10_000

_READ, _READ_MANY, _HEAD = script("read"), script("read_many"), script("head")
_COMMIT, _SET, _PUSH, _POP = script("commit"), script("set"), script("push"), script("pop")
_ADD, _DELETE, _SWAP, _WRITE = script("add"), script("delete"), script("swap"), script("write")
_EXIST_MANY, _KEYS, _CLEAR = script("exist_many"), script("keys"), script("clear")
_DIGESTS = script("digests")
_ACQUIRE, _RENEW, _RELEASE = script("acquire"), script("renew"), script("release")
_LINE_UP = script("line_up")


class RedisBackend(Backend):
    """A channel's records on a Redis or Valkey server.

    Attributes:
        endpoint: The server, and how to connect to it.
        allow_eviction: Whether the server may delete keys on its own.
    """

    # Defaults for one whose `__init__` failed, which a traceback may show.
    name = ""
    _transport: Transport = ClosedTransport("not open")
    _signals: Signals | None = None

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        timeout: float,
        *,
        allow_eviction: bool,
        server: str = "",
        neighbour: Backend | None = None,
    ) -> None:
        """Keep the records of the channel called `name`.

        Args:
            name: Non-empty text.
            endpoint: The server, and how to connect to it.
            timeout: Seconds that an operation may take on the server in total.
            allow_eviction: Whether the server may delete keys on its own.
            server: The server's name, if its address is not its name.
            neighbour: A backend that keeps the server running.
        """
        super().__init__(name)
        self.endpoint, self.timeout = endpoint, timeout
        self.allow_eviction = allow_eviction
        self.server = server or endpoint.name
        self._neighbour = neighbour
        self._stop_server: Callable[[], object] | None = None
        self._fence: Fence | None = None
        self._open()

    def _open(self) -> None:
        base = f"graflow:{{{quote(self.name, safe='')}}}:".encode()
        self._values, self._slots, self._locks = base + b"k:", base + b"t:", base + b"l:"
        self._lines, self._places = base + b"w:", base + b"p:"
        self._index, self._kept_index, self._fences = base + b"i", base + b"b", base + b"f"
        self._fencing = self._fence and (self._value(self._fence.key), self._fence.record)
        self._transport = Transport(
            self.endpoint.sender(base, self.timeout),
            self.endpoint.name,
            self.timeout,
            passwords=self.endpoint.passwords,
            allow_eviction=self.allow_eviction,
            channel=self.name,
        )

    @property
    @override
    def address(self) -> str:
        return self._transport.server

    def __repr__(self) -> str:
        """Show the name and the server, without user and password."""
        return f"RedisBackend({self.name!r}, {self.address})"

    def __getstate__(self) -> dict[str, Any]:
        """Return the channel and its server, credentials included, for another process.

        Raises:
            ChannelTypeError: A setting of the client can't be pickled.
        """
        try:
            endpoint = pickle.dumps(self.endpoint)
        except Exception as error:
            raise ChannelTypeError(
                f"a channel on this client can't be pickled: {error}; make the channel from a "
                "URL, or from a client whose settings can be pickled",
                channel=self.name,
            ) from error
        return {
            "name": self.name,
            "timeout": self.timeout,
            "allow_eviction": self.allow_eviction,
            "fence": self._fence,
            "endpoint": endpoint,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        endpoint = pickle.loads(state["endpoint"])
        self.__init__(  # type: ignore[misc]
            state["name"], endpoint, state["timeout"], allow_eviction=state["allow_eviction"]
        )
        self._fence = state["fence"]
        self._open()

    def keep_running(self, server: EmbeddedServer) -> None:
        """Keep a server running until this is closed, or nobody has it any more."""
        self.server = f"embedded://{server.home}"
        self._stop_server = finalize(self, server.release)

    @override
    def beside(self, name: str) -> Self:
        """Return a backend of another channel on the same server, which it keeps running."""
        other = type(self)(
            name,
            self.endpoint,
            self.timeout,
            allow_eviction=self.allow_eviction,
            server=self.server,
            neighbour=self,
        )
        if name == self.name and self._fence is not None:
            other._fence = self._fence  # another handle is no way round it
            other._open()
        return other

    @override
    def reopened(self) -> Self:
        return self.beside(self.name)

    @override
    def fenced(self, fence: Fence) -> Self:
        other = self.beside(self.name)
        other._fence = fence
        other._open()
        return other

    @override
    def close(self) -> None:
        self._transport = ClosedTransport(self._transport.server)
        if self._stop_server is not None:
            self._stop_server()

    # Reads

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        if not keys:
            return []
        self._check_size(len(keys), f"{len(keys):,} keys")
        values = [self._value(key) for key in keys]
        found: list[Any] | int = self._run(_READ_MANY, None, values, (_MAX_READ_TOGETHER,))
        if isinstance(found, int):
            if len(keys) == 1:
                return [self._read_long(keys[0])]
            raise self._too_long(found, _MAX_READ_TOGETHER, "read one list at a time")
        pairs = zip(found[::2], found[1::2], strict=True)
        return [None if record is None else _held(record, left) for record, left in pairs]

    def _read_long(self, key: str) -> Held | None:
        record = self.get(key)
        left: int = self._ask(key, "PTTL", self._value(key))
        return None if record is None else _held(record, left)

    @override
    def get(self, key: str) -> Record | None:
        while True:
            found: Record | int | None = self._run(_READ, key, (self._value(key),), (_LONG,))
            if not isinstance(found, int):
                return [] if found == EMPTY_LIST else found
            if found > _MAX_READ:
                raise self._too_long(found, _MAX_READ, "take its items with pop", key)
            try:
                items: list[bytes] = self._ask(key, "LRANGE", self._value(key), 0, -1)
            except ChannelDataError:
                continue  # a single value has come in place of the list
            return items or None

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        items: list[bytes] | int = self._run(_HEAD, key, (self._value(key),), (count,))
        if isinstance(items, int):
            raise NotAList(key)
        return items

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        if len(keys) == 1:
            return [bool(self._ask(keys[0], "EXISTS", self._value(keys[0])))]
        found: list[int] = []
        for first in range(0, len(keys), _EXIST_AT_ONCE):
            values = [self._value(key) for key in keys[first : first + _EXIST_AT_ONCE]]
            found += self._run(_EXIST_MANY, None, values)
        return list(map(bool, found))

    @override
    def digests(self, keys: Sequence[str]) -> list[str | None]:
        found: list[bytes | None] = self._run(_DIGESTS, None, [self._value(key) for key in keys])
        return [None if digest is None else digest.decode() for digest in found]

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        index = self._kept_index if kept else self._index
        return [key.decode() for key in self._run(_KEYS, None, (index,))]

    # Changes

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        swap = swap_in(checks, changes)
        if swap is not None:
            return self._swap(swap)
        try:
            return self._commit(checks, changes)
        except ChangeRefused as refused:
            if refused.is_final:
                raise refused.signal(changes) from None
        return commit_sums(self, checks, changes)

    def _swap(self, swap: Swap) -> list[Answer] | Conflict:
        keys = (self._value(swap.key), self._index, self._locks + swap.turn.encode())
        args = (swap.key.encode(), swap.owner, swap.old, swap.new, b"keep" if swap.keeps else b"")
        done = self._run_once(_SWAP, swap.key, keys, args)
        return [None] if done else Conflict(swap.key)

    def _commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        command = packed(checks, changes)
        size = len(command.args) + len(command.keys)
        if size > MAX_PARTS:
            for change in changes:
                if isinstance(change, Put) and isinstance(change.record, list):
                    self._check_size(len(change.record) + 1, f"{len(change.record):,} items")
            self._check_size(size - BESIDE, f"{len(changes):,} changes")
        keys = [self._index, self._kept_index, *map(self._value, command.keys)]
        keys += [self._locks + lock.encode() for lock in command.locks]
        only = command.keys[0] if len(command.keys) == 1 else None
        reply: bytes = self._run_once(_COMMIT, only, keys, command.args)
        return unpacked(reply, checks, changes)

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        if ttl is None and isinstance(record, bytes):
            self._change(_SET, key, record)
        elif ttl == KEEP:
            super().put(key, record, ttl)
        else:
            stored = parts(record)
            self._check_size(len(stored), f"{len(record):,} items")
            self._change(_WRITE, key, b"" if ttl is None else ttl, *stored)

    @override
    def apply(self, change: Change) -> Any:
        match change:
            case Push(key, item, ttl, at_head):
                push = b"LPUSH" if at_head else b"RPUSH"
                length: int = self._change(_PUSH, key, item, b"" if ttl == KEEP else ttl, push)
                if length < 0:
                    raise NotAList(key)
                return length
            case Pop(key):
                popped: bytes | int | None = self._change(_POP, key)
                if isinstance(popped, int):
                    raise NotAList(key)
                return popped
            case Delete(key):
                return bool(self._change(_DELETE, key))
            case Add(key, amount):
                total = self._add(key, amount)
                return commit_sums(self, (), (change,))[0] if total is None else total
            case Put(key, record, ttl) if ttl != KEEP:
                return self.put(key, record, ttl)
            case _:
                return super().apply(change)

    def _add(self, key: str, amount: int | float) -> bytes | None:
        """Add in one step, or return `None` if that takes several."""
        if isinstance(amount, float):
            return self._change(_ADD, key, repr(amount).encode(), b"float")  # type: ignore[no-any-return]
        if amount.bit_length() < 64:
            return self._change(_ADD, key, amount, b"int")  # type: ignore[no-any-return]
        return None

    @override
    def clear(self, *, kept: bool = False) -> None:
        for index in (self._index, self._kept_index) if kept else (self._index,):
            at_once = _CLEAR_AT_ONCE
            while self._run_once(_CLEAR, None, (index,), (self._values, at_once, _CLEAR_SLICE)):
                at_once = _CLEAR_SLICE
        if kept:
            self._transport.write("UNLINK", self._fences)

    # Locks

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        name = lock.encode()
        keys = (self._locks + name, self._fences, self._lines + name, self._places + name)
        args = (owner, lease, least) if least else (owner, lease)
        answer: bytes = self._run_once(_ACQUIRE, lock, keys, args)
        return answer[1:].decode() if answer.startswith(b" ") else int(answer)

    @override
    def line_up(self, lock: str, owner: str, patience: int) -> int:
        name = lock.encode()
        keys = (self._lines + name, self._places + name)
        ahead: int = self._run(_LINE_UP, lock, keys, (owner, patience), writes=True)
        return ahead

    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        keys = (self._locks + lock.encode(),)
        return bool(self._run(_RENEW, lock, keys, (owner, lease), writes=True))

    @override
    def release(self, lock: str, owner: str) -> bool:
        # Not fenced: whoever is late may at least free what it holds.
        return bool(self._send_once(_RELEASE, lock, (self._locks + lock.encode(),), (owner,), None))

    # For those who wait

    @override
    def signals(self) -> Signals:
        if self._signals is None:
            self._signals = pushes_of(self.endpoint).signals(self._values)
        return self._signals

    # What they share

    def _value(self, key: str) -> bytes:
        return self._values + key.encode()

    def _ask(self, key: str, *command: Part) -> Any:
        try:
            return self._transport.read(*command)
        except ChannelError as error:
            blame(error, self.name, key)

    def _run(
        self,
        script: Script,
        key: str | None,
        keys: Sequence[bytes],
        args: Sequence[Part] = (),
        *,
        writes: bool = False,
    ) -> Any:
        try:
            return self._transport.run(script, keys, args, writes=writes)
        except ChannelError as error:
            blame(error, self.name, key)

    def _run_once(
        self, script: Script, key: str | None, keys: Sequence[bytes], args: Sequence[Part]
    ) -> Any:
        return self._send_once(script, key, keys, args, self._fencing)

    def _send_once(
        self,
        script: Script,
        key: str | None,
        keys: Sequence[bytes],
        args: Sequence[Part],
        fencing: tuple[bytes, bytes] | None,
    ) -> Any:
        try:
            return self._transport.run_once(script, keys, self._slots, args, fencing)
        except FencedError as error:
            assert self._fence is not None
            raise self._fence.passed() from error
        except ChannelError as error:
            blame(error, self.name, key)

    def _change(self, script: Script, key: str, *args: Part) -> Any:
        """Run a script that changes one key, once."""
        name = key.encode()
        index = self._kept_index if key.startswith(KEPT) else self._index
        return self._run_once(script, key, (self._values + name, index), (name, *args))

    def _check_size(self, count: int, what: str) -> None:
        if count > MAX_PARTS:
            raise ChannelValueError(
                f"a server takes commands of at most {MAX_PARTS:,} parts, and {what} would need "
                f"{count:,}; write or read them in several steps",
                channel=self.name,
            )

    def _too_long(
        self, count: int, most: int, advice: str, key: str | None = None
    ) -> ChannelValueError:
        found = "the lists have" if key is None else f"the list under {key!r} has"
        return ChannelValueError(
            f"{found} {count:,} items or more, and a channel reads {most:,} at one moment, lest "
            f"it block the server for long: {advice}, or keep shorter lists",
            channel=self.name,
            key=key,
        )


def _held(record: Record, left: int) -> Held:
    return Held([] if record == EMPTY_LIST else record, None if left == -1 else max(1, left))
