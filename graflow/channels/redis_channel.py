"""`RedisChannel`: a channel on a server of the Redis protocol, shared by processes and machines.

The keys on the server, for a channel called `orders` (quoted as in a URL, so that a name may
hold any character and the braces make the channel one slot of a Redis Cluster):

    graflow:{orders}:k:<key>    a value as text, or a list
    graflow:{orders}:i          the index: the channel's keys by the time they expire
    graflow:{orders}:l:<key>    a lock that is held
    graflow:{orders}:f          the number of the latest lock, for a day
    graflow:{orders}:w:<key>    who waits for a lock, by the time they came
    graflow:{orders}:p:<key>    the same, by the time until which they keep their places
    graflow:{orders}:t:<slot>   what the last write with this slot was answered
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self
from urllib.parse import quote
from weakref import finalize

from graflow.channels.base import Channel
from graflow.channels.clients import endpoint_from, endpoint_of
from graflow.channels.codec import Record, decode
from graflow.channels.endpoints import Endpoint
from graflow.channels.primitives import MISSING, Missing, NotAList
from graflow.channels.rules import Seconds, milliseconds
from graflow.channels.scripts import Script, script
from graflow.channels.senders import Part
from graflow.channels.transport import ClosedTransport, Transport
from graflow.channels.updates import turn_name
from graflow.exceptions import ChannelError, ChannelTypeError, ChannelValueError

__all__ = ["RedisChannel"]

_MAX_TIMEOUT = 60.0  # seconds; the scripts remember a write for twice as long
_MAX_PARTS = 1_000_000  # of a command; servers refuse 1,048,577
_CLEAR_AT_ONCE = 10_000
_CLEAR_SLICE = 100

_READ, _READ_MANY = script("read"), script("read_many")
_SET, _WRITE, _WRITE_MANY = script("set"), script("write"), script("write_many")
_PUSH, _POP, _FIRST = script("push"), script("pop"), script("first")
_SWAP, _ADD = script("swap"), script("add")
_DELETE, _KEYS, _CLEAR = script("delete"), script("keys"), script("clear")
_ACQUIRE, _RENEW, _RELEASE = script("acquire"), script("renew"), script("release")
_LINE_UP = script("line_up")


class RedisChannel(Channel):
    """A channel on a Redis or Valkey server.

    An operation whose reply is lost is sent again until it is answered or `timeout` is over,
    and has its effect once all the same.
    """

    def __init__(
        self,
        name: str = "default",
        redis_client: Any = None,
        *,
        url: str | None = None,
        cluster: bool = False,
        timeout: Seconds = 5.0,
        **options: Any,
    ) -> None:
        """Open a handle on the channel called `name`; the server is reached when it is needed.

        Args:
            name: Non-empty text.
            redis_client: A client of redis-py, which says where the server is: a `Redis`, one
                that a `Sentinel` made, or a `RedisCluster`. The handle makes connections of
                its own with the same settings (server, database, user, TLS, protocol), and
                never changes, uses or closes the client. Only one whose pool is of a class of
                your own is used as it is.
            url: The server, as in `redis://localhost:6379/0`, `rediss://` (TLS) or `unix://`.
            cluster: Whether that server is a node of a Redis Cluster.
            timeout: Seconds that an operation may take, all attempts together; up to 60.
            options: Further arguments of `redis.Redis`: `host`, `port`, `db`, `password`, ...

        Raises:
            ChannelTypeError: An argument is of the wrong type, or redis-py does not know it.
            ChannelValueError: The name, the URL or the timeout can't be taken.
        """
        super().__init__(name)
        seconds = milliseconds(timeout, "timeout") / 1000
        if seconds > _MAX_TIMEOUT:
            raise ChannelValueError(f"timeout must be at most {_MAX_TIMEOUT:g} s, not {seconds:g}")
        if url is not None:
            options["url"] = url
        if redis_client is None:
            endpoint = endpoint_from(options, cluster=cluster)
        elif options or cluster:
            given = [*options, *["cluster"] * cluster]
            raise ChannelTypeError(
                f"redis_client brings its own settings, so {', '.join(given)} can't be given too"
            )
        else:
            endpoint = endpoint_of(redis_client)
        self._open(endpoint, seconds)

    @classmethod
    def embedded(
        cls,
        path: str | os.PathLike[str] | None = None,
        name: str = "default",
        *,
        timeout: Seconds = 5.0,
    ) -> Self:
        """Open a handle on a channel of a private server, started for this purpose.

        The server is a Valkey that no other machine and no other user can reach. Processes
        that name the same directory share it, and it stops with the last of them, whether its
        handles are closed, or the process ends or is killed. A pickled handle works in another
        process of this machine, but does not keep the server running there.

        Args:
            path: A directory for the data, which are there again next time. It is made if
                there is none. `None`: a server of one's own, that keeps nothing.
            name: The channel's name.
            timeout: As for any channel.

        Raises:
            ChannelValueError: The path is no directory, or one that holds something else.
            ChannelUnavailableError: The server is not installed (`graflow[embedded]`), or does
                not start.
        """
        # Not at the top: only Unix has what it needs.
        from graflow.channels.embedded import EmbeddedServer  # noqa: PLC0415

        server = EmbeddedServer.use(path)
        try:
            channel = cls(name, unix_socket_path=server.socket, timeout=timeout)
        except BaseException:
            server.release()
            raise
        channel._stop_server = finalize(channel, server.release)
        channel._place = f"embedded://{server.home}"
        return channel

    def _open(self, endpoint: Endpoint, timeout: float) -> None:
        self._endpoint, self._timeout = endpoint, timeout
        self._stop_server: Callable[[], object] | None = None
        self._place = endpoint.name
        base = f"graflow:{{{quote(self._name, safe='')}}}:".encode()
        self._values, self._slots, self._locks = base + b"k:", base + b"t:", base + b"l:"
        self._lines, self._places = base + b"w:", base + b"p:"
        self._index, self._fence = base + b"i", base + b"f"
        self._transport = Transport(endpoint.sender(base, timeout), endpoint.name, timeout)

    def __repr__(self) -> str:
        """Show the name and the server, without user and password."""
        return f"RedisChannel({self._name!r}, {self._transport.server})"

    def __getstate__(self) -> dict[str, Any]:
        """Describe the channel and its server, credentials included, for another process.

        Raises:
            ChannelTypeError: A setting of the client can't be pickled.
        """
        try:
            endpoint = pickle.dumps(self._endpoint)
        except Exception as error:
            raise ChannelTypeError(
                f"a channel on this client can't be pickled: {error}; make the channel from a "
                "URL, or from a client whose settings can be pickled",
                channel=self._name,
            ) from error
        return {"name": self._name, "timeout": self._timeout, "endpoint": endpoint}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._name = state["name"]
        self._open(pickle.loads(state["endpoint"]), state["timeout"])

    def close(self) -> None:
        """Give up the connections, unless other handles share them; the stored data stays.

        Other handles, and a client that was passed in, go on as before. This handle can't be
        used any more.
        """
        self._transport = ClosedTransport(self._transport.server)
        if self._stop_server is not None:
            self._stop_server()

    # Primitives

    def _read(self, key: str) -> Record | None:
        found: Record | None = self._run(_READ, key, (self._value(key),))
        return found

    def _read_many(self, keys: Sequence[str]) -> Sequence[Record | None]:
        if not keys:
            return []
        self._check_size(len(keys), f"{len(keys):,} keys")
        values = [self._value(key) for key in keys]
        found: list[Record | None] = self._run(_READ_MANY, None, values)
        return found

    def _write(self, key: str, record: Record, ttl: int | None) -> None:
        if ttl is None and isinstance(record, bytes):
            self._change(_SET, key, record)
            return
        parts = _parts(record)
        self._check_size(len(parts), f"{len(record):,} items")
        self._change(_WRITE, key, b"" if ttl is None else ttl, *parts)

    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        args: list[Part] = [b"" if ttl is None else ttl]
        for key, record in records.items():
            args += (key.encode(), *_parts(record))
        self._check_size(len(records) + len(args), f"{len(records):,} keys")
        keys = [self._index, *map(self._value, records)]
        self._run_once(_WRITE_MANY, None, keys, args)

    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        push = b"LPUSH" if at_head else b"RPUSH"
        length: int = self._change(_PUSH, key, item, b"" if ttl is None else ttl, push)
        if length < 0:
            raise NotAList
        return length

    def _pop(self, key: str) -> bytes | None:
        item: bytes | int | None = self._change(_POP, key)
        if isinstance(item, int):
            raise NotAList
        return item

    def _first(self, key: str) -> bytes | None:
        item: bytes | int | None = self._run(_FIRST, key, (self._value(key),))
        if isinstance(item, int):
            raise NotAList
        return item

    def _pop_if(self, key: str, item: bytes) -> bool:
        return isinstance(self._change(_POP, key, item), bytes)

    def _swap(self, key: str, old: Record | None, new: Record) -> bool:
        return self._swap_in_turn(key, old, new, "")

    def _swap_in_turn(self, key: str, old: Record | None, new: Record, owner: str) -> bool:
        before = (b"none",) if old is None else _parts(old)
        after = _parts(new)
        self._check_size(len(before) + len(after), "the old items and the new ones")
        keys = (self._value(key), self._index, self._locks + turn_name(key).encode())
        args = (key.encode(), owner, *before, *after)
        return bool(self._run_once(_SWAP, key, keys, args))

    def _add(self, key: str, amount: int | float) -> int | float:
        if isinstance(amount, float):
            total = self._change(_ADD, key, repr(amount).encode(), b"float")
        elif amount.bit_length() < 64:
            total = self._change(_ADD, key, amount, b"int")
        else:
            total = None
        if total is None:
            return super()._add(key, amount)
        number: int | float = decode(total)
        return number

    def _delete(self, key: str) -> bool:
        return bool(self._change(_DELETE, key))

    def _exists(self, key: str) -> bool:
        return bool(self._ask(key, "EXISTS", self._value(key)))

    def _keys(self) -> list[str]:
        keys: list[bytes] = self._run(_KEYS, None, (self._index,))
        return [key.decode() for key in keys]

    def _clear(self) -> None:
        at_once = _CLEAR_AT_ONCE
        while self._run_once(_CLEAR, None, (self._index,), (self._values, at_once, _CLEAR_SLICE)):
            at_once = _CLEAR_SLICE

    def _remaining(self, key: str) -> int | Missing | None:
        left: int = self._ask(key, "PTTL", self._value(key))
        return {-1: None, -2: MISSING}.get(left, left)

    def _acquire(self, key: str, owner: str, lease: int, least: int = 0) -> int | str:
        name = key.encode()
        keys = (self._locks + name, self._fence, self._lines + name, self._places + name)
        args = (owner, lease, least) if least else (owner, lease)
        answer: bytes = self._run_once(_ACQUIRE, key, keys, args)
        return answer[1:].decode() if answer.startswith(b" ") else int(answer)

    def _line_up(self, key: str, owner: str, patience: int) -> int:
        name = key.encode()
        keys = (self._lines + name, self._places + name)
        ahead: int = self._run(_LINE_UP, key, keys, (owner, patience), writes=True)
        return ahead

    def _renew(self, key: str, owner: str, lease: int) -> bool:
        keys = (self._locks + key.encode(),)
        return bool(self._run(_RENEW, key, keys, (owner, lease), writes=True))

    def _release(self, key: str, owner: str) -> bool:
        return bool(self._run_once(_RELEASE, key, (self._locks + key.encode(),), (owner,)))

    # What the primitives share

    def _server(self) -> str:
        return self._place

    def _value(self, key: str) -> bytes:
        return self._values + key.encode()

    def _ask(self, key: str, *command: Part) -> Any:
        try:
            return self._transport.read(*command)
        except ChannelError as error:
            self._blame(error, key)

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
            self._blame(error, key)

    def _run_once(
        self, script: Script, key: str | None, keys: Sequence[bytes], args: Sequence[Part]
    ) -> Any:
        try:
            return self._transport.run_once(script, keys, self._slots, args)
        except ChannelError as error:
            self._blame(error, key)

    def _change(self, script: Script, key: str, *args: Part) -> Any:
        """Run a script that changes one key, once."""
        name = key.encode()
        return self._run_once(script, key, (self._values + name, self._index), (name, *args))

    def _check_size(self, count: int, what: str) -> None:
        if count > _MAX_PARTS:
            raise ChannelValueError(
                f"a server takes commands of at most {_MAX_PARTS:,} parts, and {what} make "
                f"{count:,}; write or read them in several steps",
                channel=self._name,
            )


def _parts(record: Record) -> tuple[Part, ...]:
    """Return a record as the scripts take it: the word `value` or a count, and the bytes."""
    return (b"value", record) if isinstance(record, bytes) else (len(record), *record)
