"""The harness of channels on a Redis or Valkey server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import redis

from graflow.channels.redis_channel import RedisChannel
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.proxy import LossyProxy
from graflow.testing.trials.trial import PREFIX

__all__ = ["BATCH", "advance", "has_written", "read_record", "server_harness"]

BATCH = 1_000
"""How many keys a server examines in one step of a search."""

_FEW = 10_000  # keys that can be searched at each step of time
_OURS = f"graflow:{{{PREFIX}*"
_PREAMBLE = """import os, redis
from graflow import RedisChannel
from graflow.testing import servers
url = os.environ['REDIS_URL']
open = lambda name: RedisChannel('conformance-' + name, url=url)
"""
_MOVES = """client = redis.Redis.from_url(url)
advance = lambda seconds: servers.advance(client, seconds, 'graflow:{conformance-*')"""
_WAITS = "from time import sleep as advance"

# Takes `ARGV[1]` ms from what a key has left, and from the expiries in an index.
_ADVANCE = """
local key = KEYS[1]
local left = redis.call('PTTL', key)
if left >= 0 then
    redis.call('PEXPIRE', key, left - ARGV[1])
end
if redis.call('TYPE', key).ok == 'zset' then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
        redis.call('ZINCRBY', key, -ARGV[1], member)
    end
end
"""


def advance(client: Any, seconds: float, pattern: str = "graflow:*") -> None:
    """Let time pass for channels on a server, whose clock can't be moved: bring expiries nearer.

    Args:
        client: A `redis.Redis` on the server.
        seconds: How much nearer.
        pattern: A pattern for the server's keys for which time is to pass.
    """
    for key in client.scan_iter(match=pattern, count=BATCH):
        client.eval(_ADVANCE, 1, key, str(round(seconds * 1000)))


def read_record(client: Any, channel: str, key: str) -> bytes | list[bytes] | None:
    """Read what is stored under a key of a channel, as any other program would.

    Args:
        client: A `redis.Redis` that does not decode.
        channel: The channel's name.
        key: The key.
    """
    where = f"graflow:{{{quote(channel, safe='')}}}:k:{key}"
    if client.type(where) == b"list":
        return cast("list[bytes]", client.lrange(where, 0, -1))
    return cast("bytes | None", client.get(where))


def has_written(request: bytes, reply: bytes) -> bool:
    """Tell for a `LossyProxy` whether a server was asked to write, and did so: a script ran."""
    return b"EVAL" in request and not reply.startswith(b"-")


@contextmanager
def server_harness(url: str) -> Iterator[Harness]:
    """Give the harness of a running server's database, and remove its channels at the end.

    A proxy loses replies, unless the connection is encrypted. Time passes by bringing expiries
    nearer. If the database has too many keys to search each time, or the user lacks the right to do
    so, the suite waits instead.
    """
    with ExitStack() as stack:
        client = stack.enter_context(redis.Redis.from_url(url, decode_responses=False))
        moves = _can_advance(client)
        address = _address(url)
        proxy = None
        if address is not None:
            proxy = stack.enter_context(LossyProxy(address, is_write=has_written))

        def open_channel(name: str) -> RedisChannel:
            if proxy is not None and proxy.is_due:
                return RedisChannel(name, url=_by_way_of(proxy.port, url))
            return RedisChannel(name, url=url)

        try:
            yield Harness(
                open=open_channel,
                cut_reply=proxy.cut_reply if proxy else None,
                advance=partial(advance, client, pattern=_OURS) if moves else None,
                read=partial(read_record, client),
                preamble=_PREAMBLE + (_MOVES if moves else _WAITS),
                capabilities=Capabilities(shared=True, durable=True, remote=True),
            )
        finally:
            for key in client.scan_iter(match=_OURS, count=BATCH):
                client.unlink(key)


def _address(url: str) -> tuple[str, int] | str | None:
    """Return where the server of a URL listens; `None` if the connection is encrypted."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return unquote(parts.path)
    return (parts.hostname or "localhost", parts.port or 6379) if parts.scheme == "redis" else None


def _by_way_of(port: int, url: str) -> str:
    """Return a URL in which a port of this machine replaces the server's address."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    path = "" if parts.scheme == "unix" else parts.path
    return urlunsplit(("redis", f"{user}{at}127.0.0.1:{port}", path, parts.query, ""))


def _can_advance(client: Any) -> bool:
    if client.dbsize() > _FEW:
        return False
    probe = f"graflow:{{{PREFIX}probe}}:i"
    client.zadd(probe, {"key": 0})
    try:
        advance(client, 1, probe)
    except redis.ResponseError:
        return False
    finally:
        client.delete(probe)
    return True
