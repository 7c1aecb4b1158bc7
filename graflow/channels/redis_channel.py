"""`RedisChannel`: a channel on a server of the Redis protocol, shared by processes and machines.

The keys on the server, for a channel called `orders` (quoted as in a URL, so that a name may
hold any character and the braces make the channel one slot of a Redis Cluster):

    graflow:{orders}:k:<key>    a value as text, or a list
    graflow:{orders}:i          the index: the channel's keys by the time they expire
    graflow:{orders}:l:<key>    a lock that is held
    graflow:{orders}:f          the number of the latest lock
    graflow:{orders}:t:<slot>   what the last write of a slot was answered
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from graflow.channels import clients
from graflow.channels.base import Channel
from graflow.channels.codec import Record, decode
from graflow.channels.primitives import MISSING, Missing, NotAList
from graflow.channels.rules import Seconds, milliseconds
from graflow.channels.scripts import Script, script
from graflow.channels.transport import ClosedTransport, Part, Transport
from graflow.exceptions import ChannelError, ChannelTypeError, ChannelValueError

__all__ = ["RedisChannel"]

_MAX_TIMEOUT = 60.0  # seconds; the scripts remember a write for twice as long
_MAX_PARTS = 1_000_000  # of a command; servers refuse 1,048,577
_CLEAR_AT_ONCE = 10_000
_CLEAR_SLICE = 1_000

_READ, _READ_MANY = script("read"), script("read_many")
_WRITE, _WRITE_MANY = script("write"), script("write_many")
_PUSH, _POP, _FIRST = script("push"), script("pop"), script("first")
_SWAP, _ADD = script("swap"), script("add")
_DELETE, _KEYS, _CLEAR = script("delete"), script("keys"), script("clear")
_ACQUIRE, _RENEW, _RELEASE = script("acquire"), script("renew"), script("release")


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
        timeout: Seconds = 5.0,
        **options: Any,
    ) -> None:
        """Open a handle on the channel called `name`.

        Args:
            name: Non-empty text.
            redis_client: A client of redis-py. It is used as it is, whatever its
                `decode_responses`, and never changed or closed.
            url: The server, as in `redis://localhost:6379/0`, `rediss://` (TLS) or `unix://`.
            timeout: Seconds that an operation may take, all attempts together; up to 60. A
                client of yours has timeouts of its own for each attempt.
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
            client = clients.shared_client(options, seconds)
        elif options:
            raise ChannelTypeError(
                f"redis_client brings its own settings, so {', '.join(options)} can't be given too"
            )
        else:
            client = clients.check_client(redis_client)
        self._options = options if redis_client is None else None
        self._timeout = seconds
        self._use(client)

    def _use(self, client: Any) -> None:
        self._client = client
        self._transport = Transport(client, clients.server_name(client), self._timeout)
        base = f"graflow:{{{quote(self._name, safe='')}}}:".encode()
        self._values, self._slots, self._locks = base + b"k:", base + b"t:", base + b"l:"
        self._index, self._fence = base + b"i", base + b"f"

    def __repr__(self) -> str:
        """Show the name and the server, without user and password."""
        return f"RedisChannel({self._name!r}, {self._transport.server})"

    def __getstate__(self) -> dict[str, Any]:
        """Describe the channel and its server, credentials included, for another process.

        Raises:
            ChannelTypeError: The channel was made from a client that can't be described.
        """
        options = clients.options_of(self._client) if self._options is None else self._options
        return {"name": self._name, "timeout": self._timeout, "options": dict(options)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._name, self._timeout = state["name"], state["timeout"]
        self._options = state["options"]
        self._use(clients.shared_client(self._options, self._timeout))

    def close(self) -> None:
        """Give up the connection, if this handle opened it; the stored data stays.

        Other handles, and a client that was passed in, go on as before. The handle itself
        can't be used any more.
        """
        if self._options is not None:
            self._client = None
            self._transport = ClosedTransport(None, self._transport.server, self._timeout)

    # Primitives

    def _read(self, key: str) -> Record | None:
        found: Record | None = self._run(_READ, key, (self._value(key),))
        return found

    def _read_many(self, keys: Sequence[str]) -> Sequence[Record | None]:
        if not keys:
            return []
        self._check_size(len(keys), "keys")
        values = [self._value(key) for key in keys]
        found: list[Record | None] = self._run(_READ_MANY, None, values)
        return found

    def _write(self, key: str, record: Record, ttl: int | None) -> None:
        parts = _parts(record)
        self._check_size(len(parts), "items")
        self._run(
            _WRITE,
            key,
            (self._value(key), self._index),
            (key.encode(), b"" if ttl is None else ttl, *parts),
            writes=True,
        )

    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        args: list[Part] = [b"" if ttl is None else ttl]
        for key, record in records.items():
            args += (key.encode(), *_parts(record))
        self._check_size(len(records) + len(args), "keys and items")
        keys = [self._index, *map(self._value, records)]
        self._run(_WRITE_MANY, None, keys, args, writes=True)

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
        before = (b"none",) if old is None else _parts(old)
        after = _parts(new)
        self._check_size(len(before) + len(after), "items")
        return bool(self._change(_SWAP, key, *before, *after))

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
        args = (self._values, _CLEAR_AT_ONCE, _CLEAR_SLICE)
        while self._run(_CLEAR, None, (self._index,), args, writes=True):
            pass

    def _remaining(self, key: str) -> int | Missing | None:
        left: int = self._ask(key, "PTTL", self._value(key))
        return {-1: None, -2: MISSING}.get(left, left)

    def _acquire(self, key: str, owner: str, lease: int) -> int | str:
        keys = (self._locks + key.encode(), self._fence)
        answer: int | bytes = self._run(_ACQUIRE, key, keys, (owner, lease), writes=True)
        return answer if isinstance(answer, int) else answer.decode()

    def _renew(self, key: str, owner: str, lease: int) -> bool:
        keys = (self._locks + key.encode(),)
        return bool(self._run(_RENEW, key, keys, (owner, lease), writes=True))

    def _release(self, key: str, owner: str) -> bool:
        return bool(self._run_once(_RELEASE, key, (self._locks + key.encode(),), (owner,)))

    # What the primitives share

    def _server(self) -> str:
        return self._transport.server

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
        self, script: Script, key: str, keys: Sequence[bytes], args: Sequence[Part]
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
                f"a Redis server takes at most {_MAX_PARTS:,} {what} at once, not {count:,}; "
                "write them in several steps",
                channel=self._name,
            )


def _parts(record: Record) -> tuple[Part, ...]:
    """Return a record as the scripts take it: the word `value` or a count, and the bytes."""
    return (b"value", record) if isinstance(record, bytes) else (len(record), *record)
