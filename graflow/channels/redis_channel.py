"""`RedisChannel`: a channel on a server of the Redis protocol, shared by processes and machines.

The keys on the server, for a channel called `orders` (quoted as in a URL, so that a name may
contain any character and the braces keep the channel in one slot of a Redis Cluster):

    graflow:{orders}:k:<key>    a value as text, or a list
    graflow:{orders}:i          the index: the channel's keys, sorted by expiry
    graflow:{orders}:l:<key>    a lock that is held
    graflow:{orders}:f          the latest fencing number, kept for a day
    graflow:{orders}:w:<key>    the queue for a lock, sorted by arrival
    graflow:{orders}:p:<key>    the same, sorted by the time at which their places lapse
    graflow:{orders}:t:<slot>   the answer to the last write that used this slot

A `<key>` that begins with a NUL is graflow's own: see `graflow.channels.hidden_keys`.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Never, Self
from urllib.parse import quote
from weakref import finalize

from graflow.channels.arguments import Seconds, milliseconds
from graflow.channels.backend import MISSING, Missing, NotAList
from graflow.channels.base import Channel
from graflow.channels.codec.codec import Record, decode
from graflow.channels.per_run import PerRun
from graflow.channels.redis.connections import Part
from graflow.channels.redis.endpoints.endpoint import Endpoint
from graflow.channels.redis.endpoints.from_client import endpoint_from, endpoint_of
from graflow.channels.redis.endpoints.passwords import concealed
from graflow.channels.redis.records import MAX_PARTS, expected, parts
from graflow.channels.redis.scripts import Script, script
from graflow.channels.redis.transport import ClosedTransport, Transport
from graflow.channels.updates import turn_name
from graflow.exceptions import (
    ChannelDataError,
    ChannelError,
    ChannelTypeError,
    ChannelUnavailableError,
    ChannelValueError,
)

__all__ = ["RedisChannel"]

_TIMEOUT = 5.0  # seconds, unless something else is said
_MAX_TIMEOUT = 60.0  # seconds; for so long, and a few more, a server remembers a write
_LONG = 1_000  # items; a longer list is read outside of a script
_MAX_READ = 5_000_000  # items of a list; reading them blocks a server for a second
_MAX_READ_TOGETHER = 1_000_000  # items of several lists
_CLEAR_AT_ONCE = 10_000
_CLEAR_SLICE = 100
_EXIST_AT_ONCE = 10_000

_READ, _READ_MANY = script("read"), script("read_many")
_SET, _WRITE, _WRITE_MANY = script("set"), script("write"), script("write_many")
_PUSH, _POP, _FIRST = script("push"), script("pop"), script("first")
_SWAP, _ADD = script("swap"), script("add")
_DELETE, _KEYS, _CLEAR = script("delete"), script("keys"), script("clear")
_EXIST_MANY = script("exist_many")
_ACQUIRE, _RENEW, _RELEASE = script("acquire"), script("renew"), script("release")
_LINE_UP = script("line_up")


class RedisChannel(Channel):
    """A channel on a Redis or Valkey server.

    An operation whose reply is lost is sent again until it is answered or `timeout` is over, and
    still takes effect only once.
    """

    # Defaults for a handle whose `__init__` failed, which a traceback may show.
    _name = ""
    _transport: Transport = ClosedTransport("not open")

    def __init__(
        self,
        name: str = "default",
        redis_client: Any = None,
        *,
        url: str | None = None,
        cluster: bool = False,
        timeout: Seconds = _TIMEOUT,
        allow_eviction: bool = False,
        **options: Any,
    ) -> None:
        """Open a handle on the channel called `name`; it connects when it is first used.

        Args:
            name: Non-empty text.
            redis_client: A client of redis-py or valkey-py that identifies the server: a `Redis`,
                one made by a `Sentinel`, or a `RedisCluster`. The handle opens its own connections
                with the same settings (server, database, user, TLS, protocol), and never changes,
                uses or closes the client. The exception is a client whose pool is of your own
                class: it is used directly, but not in a forked process.
            url: The server, as in `redis://localhost:6379/0`, `rediss://` (TLS) or `unix://`.
            cluster: Whether that server is a node of a Redis Cluster.
            timeout: Seconds that an operation may take on the server in total, all attempts
                included; at most 60.
            allow_eviction: Whether to accept a server that deletes keys on its own when its memory
                is full (any `maxmemory-policy` but `noeviction`). Stored data may then vanish,
                locks included. If the user may not read the policy, it is not checked.
            options: Further arguments of `redis.Redis`: `host`, `port`, `db`, `password`, ...

        Raises:
            ChannelTypeError: An argument is of the wrong type, or redis-py does not know it.
            ChannelValueError: The name, the URL or the timeout is invalid.
        """
        options, url = _unseen(options, url), None  # a traceback shows local variables
        redis_client = concealed({"url": redis_client})["url"]  # lest it is the URL, by mistake
        super().__init__(name)
        seconds = milliseconds(timeout, "timeout") / 1000
        if seconds > _MAX_TIMEOUT:
            raise ChannelValueError(f"timeout must be at most {_MAX_TIMEOUT:g} s, not {seconds:g}")
        if redis_client is None:
            endpoint = endpoint_from(options, cluster=cluster)
        elif options or cluster:
            given = [*options, *["cluster"] * cluster]
            raise ChannelTypeError(
                f"redis_client brings its own settings, so {', '.join(given)} can't be given too"
            )
        else:
            endpoint = endpoint_of(redis_client)
        self._open(endpoint, seconds, allow_eviction=allow_eviction)

    @classmethod
    def embedded(
        cls,
        *misplaced: Never,
        path: str | os.PathLike[str] | None = None,
        name: str = "default",
        timeout: Seconds = _TIMEOUT,
    ) -> Self:
        """Open a handle on a channel of a private server, which is started if necessary.

        All arguments are given by name, as elsewhere the first one is the name of a channel.

        The server is a Valkey that no other machine and no other user can reach. Processes that
        name the same directory share it. It stops with the last of them, whether that process
        closes its handles, ends or is killed. A handle that was pickled, or inherited by a fork,
        works in another process of this machine, but does not keep the server running. If the
        server or a program is killed, no acknowledged write is lost; a power failure may cost
        the last second.

        Args:
            misplaced: Nothing; whatever is here is refused.
            path: A directory that keeps the data for the next time. It is created if it does not
                exist, and nobody else may be able to write to it. `None`: a separate server that
                keeps nothing.
            name: The channel's name.
            timeout: As for any channel.

        Raises:
            ChannelTypeError: An argument was given by its position.
            ChannelValueError: The path is not a directory, or it contains something else, or
                others can write to it.
            ChannelUnavailableError: The server does not start, or it has not answered for a
                minute; a second one is never started beside it.
            ExtraMissingError: The server is not installed (`graflow[embedded]`).
        """
        if misplaced:
            named = ", ".join(map("{}={!r}".format, ("path", "name"), misplaced))
            raise ChannelTypeError(
                f"RedisChannel.embedded takes its arguments by name: write embedded({named})"
            )
        if os.name != "posix":
            raise ChannelUnavailableError("an embedded server needs a Unix system")
        # Not at the top: only Unix has what it needs.
        from graflow.channels.redis.embedded.server import EmbeddedServer  # noqa: PLC0415

        server = EmbeddedServer(path)
        try:
            channel = cls(name, unix_socket_path=server.socket, timeout=timeout)
        except BaseException:
            server.release()
            raise
        channel._stop_server = finalize(channel, server.release)
        channel._place = f"embedded://{server.home}"
        return channel

    @classmethod
    def per_run(
        cls,
        name: str,
        redis_client: Any = None,
        *,
        url: str | None = None,
        cluster: bool = False,
        timeout: Seconds | None = None,
        allow_eviction: bool = False,
        **options: Any,
    ) -> PerRun[Self]:
        """Return a function that gives each run its own channel, for `workflow(channel=...)`.

        A run's channel is called `<name>:<run id>`, with `:` and `%` in the name replaced by `%3A`
        and `%25`. Called with a run's id, the function opens the channel of that run, so
        `RedisChannel.per_run("orders", url=...)(ctx.run_id)` reads it afterwards.

        Args:
            name: Non-empty text.
            redis_client: As for any channel; or a `RedisChannel`, whose server and settings the
                channels then share. If that is an embedded server, they keep it running.
            url: As for any channel; the same goes for the other arguments.
            cluster: Whether that server is a node of a Redis Cluster.
            timeout: As for any channel, 5 s unless it is given.
            allow_eviction: Whether the server may delete keys on its own.
            options: Further arguments of `redis.Redis`.

        Raises:
            ChannelTypeError, ChannelValueError: As for any channel.
        """
        options, url = _unseen(options, url), None
        redis_client = concealed({"url": redis_client})["url"]
        if isinstance(redis_client, cls):
            if options or cluster or allow_eviction or timeout is not None:
                raise ChannelTypeError("the channel brings its own settings; give only a name")
            return PerRun(redis_client._beside(name))
        return PerRun(
            cls(
                name,
                redis_client,
                cluster=cluster,
                timeout=_TIMEOUT if timeout is None else timeout,
                allow_eviction=allow_eviction,
                **options,
            )
        )

    def _reopened(self) -> Self:
        return self._beside(self._name)

    def _beside(self, name: str) -> Self:
        """Return a handle on another channel of the same server, which it keeps running."""
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        Channel.__init__(other, name)
        other._open(self._endpoint, self._timeout, allow_eviction=self._allow_eviction)
        other._place, other._neighbour = self._place, self
        return other

    def _open(self, endpoint: Endpoint, timeout: float, *, allow_eviction: bool) -> None:
        self._endpoint, self._timeout = endpoint, timeout
        self._allow_eviction = allow_eviction
        self._stop_server: Callable[[], object] | None = None
        self._neighbour: RedisChannel | None = None  # whose server this is, if it started one
        self._place = endpoint.name
        base = f"graflow:{{{quote(self._name, safe='')}}}:".encode()
        self._values, self._slots, self._locks = base + b"k:", base + b"t:", base + b"l:"
        self._lines, self._places = base + b"w:", base + b"p:"
        self._index, self._fence = base + b"i", base + b"f"
        self._transport = Transport(
            endpoint.sender(base, timeout),
            endpoint.name,
            timeout,
            passwords=endpoint.passwords,
            allow_eviction=allow_eviction,
            channel=self._name,
        )

    def __repr__(self) -> str:
        """Show the name and the server, without user and password."""
        return f"RedisChannel({self._name!r}, {self._transport.server})"

    def __getstate__(self) -> dict[str, Any]:
        """Return the channel and its server, credentials included, for another process.

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
        return {
            "name": self._name,
            "timeout": self._timeout,
            "allow_eviction": self._allow_eviction,
            "endpoint": endpoint,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._name = state["name"]
        endpoint = pickle.loads(state["endpoint"])
        self._open(endpoint, state["timeout"], allow_eviction=state["allow_eviction"])

    def close(self) -> None:
        """Close the connections, unless other handles share them; the stored data stays.

        Other handles, and a client that was passed in, keep working. This handle can no longer be
        used.
        """
        self._transport = ClosedTransport(self._transport.server)
        if self._stop_server is not None:
            self._stop_server()

    # Primitives

    def _read(self, key: str) -> Record | None:
        while True:
            found: Record | int | None = self._run(_READ, key, (self._value(key),), (_LONG,))
            if not isinstance(found, int):
                return found
            if found > _MAX_READ:
                raise self._too_long(found, _MAX_READ, "take its items with pop", key)
            try:
                items: list[bytes] = self._ask(key, "LRANGE", self._value(key), 0, -1)
            except ChannelDataError:
                continue  # a single value has come in place of the list
            return items or None

    def _read_many(self, keys: Sequence[str]) -> Sequence[Record | None]:
        if not keys:
            return []
        self._check_size(len(keys), f"{len(keys):,} keys")
        values = [self._value(key) for key in keys]
        found: list[Record | None] | int
        found = self._run(_READ_MANY, None, values, (_MAX_READ_TOGETHER,))
        if isinstance(found, int):
            raise self._too_long(found, _MAX_READ_TOGETHER, "read one list at a time")
        return found

    def _write(self, key: str, record: Record, ttl: int | None) -> None:
        if ttl is None and isinstance(record, bytes):
            self._change(_SET, key, record)
            return
        stored = parts(record)
        self._check_size(len(stored), f"{len(record):,} items")
        self._change(_WRITE, key, b"" if ttl is None else ttl, *stored)

    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        args: list[Part] = [b"" if ttl is None else ttl]
        for key, record in records.items():
            args += (key.encode(), *parts(record))
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
        return bool(self._change(_POP, key, item) == 1)

    def _swap(self, key: str, old: Record | None, new: Record) -> bool:
        return self._swap_in_turn(key, old, new, "")

    def _swap_in_turn(self, key: str, old: Record | None, new: Record, owner: str) -> bool:
        after = parts(new)
        self._check_size(len(after), f"{len(new):,} items")
        before = expected(old, MAX_PARTS - len(after))
        keys = (self._value(key), self._index, self._locks + turn_name(key).encode())
        return bool(self._run_once(_SWAP, key, keys, (key.encode(), owner, *before, *after)))

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

    def _exist_many(self, keys: Sequence[str]) -> list[bool]:
        found: list[int] = []
        for first in range(0, len(keys), _EXIST_AT_ONCE):
            values = [self._value(key) for key in keys[first : first + _EXIST_AT_ONCE]]
            found += self._run(_EXIST_MANY, None, values)
        return list(map(bool, found))

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
        if count > MAX_PARTS:
            raise ChannelValueError(
                f"a server takes commands of at most {MAX_PARTS:,} parts, and {what} make "
                f"{count:,}; write or read them in several steps",
                channel=self._name,
            )

    def _too_long(
        self, count: int, most: int, advice: str, key: str | None = None
    ) -> ChannelValueError:
        found = "the lists have" if key is None else f"the list under {key!r} has"
        return ChannelValueError(
            f"{found} {count:,} items or more, and a channel reads {most:,} at one moment, lest "
            f"it block the server for long: {advice}, or keep shorter lists",
            channel=self._name,
            key=key,
        )


def _unseen(options: dict[str, Any], url: str | None) -> dict[str, Any]:
    """Return the options, the URL among them, with nothing in them that must not be seen."""
    return concealed(options if url is None else {**options, "url": url})
