"""The harness of channels on a Redis or Valkey server, or on a cluster."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from os.path import commonprefix
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from graflow.channels.redis_channel import RedisChannel
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.proxy import LossyProxy
from graflow.testing.trials.trial import PREFIX

__all__ = [
    "BATCH",
    "PRESENCES",
    "advance",
    "client_of",
    "has_written",
    "key_of",
    "read_record",
    "server_harness",
]

BATCH = 1_000
"""How many keys a server examines in one step of a search."""

PRESENCES = "graflow:{conformance-runs}:"
"""What the keys begin with that say which runs are under way; the name of the run follows."""

_FEW = 10_000  # keys that can be searched at each step of time
_PATIENCE = 5.0  # seconds to wait for an answer
_PRESENCE = 60  # seconds after which a run that was killed counts as such
_PREAMBLE = """import os, uuid
from graflow import RedisChannel
from graflow.testing import servers
url = os.environ['REDIS_URL']
run = 'conformance-' + uuid.uuid4().hex[:8] + '-'  # channels that nothing else uses
open = lambda name: RedisChannel(run + name, url=url{cluster})
"""
_MOVES = """client = servers.client_of(url{cluster})
advance = lambda seconds: servers.advance(client, seconds, 'graflow:{{' + run + '*')"""
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


class _ClusterClient(redis.RedisCluster):
    """A client whose `close` closes the connections to the nodes as well."""

    def close(self) -> None:
        with suppress(AttributeError):  # it has failed before it knew any
            disconnect: Any = self.disconnect_connection_pools
            disconnect()
        super().close()


def client_of(url: str, *, cluster: bool = False) -> Any:
    """Return a client of a server that gives up after some seconds, and does not try again.

    Args:
        url: The URL of the server, or of a node.
        cluster: Whether it is a node of a cluster.
    """
    kind: Any = _ClusterClient if cluster else redis.Redis
    return kind.from_url(
        url,
        decode_responses=False,
        socket_timeout=_PATIENCE,
        socket_connect_timeout=_PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )


def key_of(channel: str, rest: str) -> str:
    """Return the key of a server under which a channel keeps something."""
    return f"graflow:{{{quote(channel, safe='')}}}:{rest}"


def advance(
    client: Any, seconds: float, pattern: str = "graflow:*", *, names: Sequence[str] | None = None
) -> None:
    """Let time pass for channels on a server, whose clock can't be moved: bring expiries nearer.

    Args:
        client: A client of the server, or of the cluster.
        seconds: How much nearer.
        pattern: A pattern for the server's keys for which time is to pass.
        names: The names of the channels for which it is to pass; by default all that fit.
    """
    named: tuple[bytes, ...] = (b"",)
    if names is not None:
        ours = [key_of(name, "") for name in names]
        pattern = f"{commonprefix(ours)}*"  # noqa: RUF071 - of characters
        named = tuple(each.encode() for each in ours)
    for key in client.scan_iter(match=pattern, count=BATCH):
        whole = key if isinstance(key, bytes) else key.encode()
        if whole.startswith(named):
            client.eval(_ADVANCE, 1, key, str(round(seconds * 1000)))


def read_record(client: Any, channel: str, key: str) -> bytes | list[bytes] | None:
    """Read what is stored under a key of a channel, as any other program would.

    Args:
        client: A `redis.Redis` that does not decode.
        channel: The channel's name.
        key: The key.
    """
    where = key_of(channel, f"k:{key}")
    if client.type(where) == b"list":
        return cast("list[bytes]", client.lrange(where, 0, -1))
    return cast("bytes | None", client.get(where))


def has_written(request: bytes, reply: bytes) -> bool:
    """Tell for a `LossyProxy` whether a server was asked to write, and did so: a script ran."""
    return b"EVAL" in request and not reply.startswith(b"-")


@contextmanager
def server_harness(url: str, *, cluster: bool = False) -> Iterator[Harness]:
    """Give the harness of a running server's database, and remove its channels at the end.

    A proxy loses replies, unless the connection is encrypted or leads to a cluster. Time passes by
    bringing expiries nearer. If the database has too many keys to search each time, or the user
    lacks the right to do so, the suite waits instead. Channels are left behind if the server can't
    be reached at the end.

    Args:
        url: The URL of the server, or of a node.
        cluster: Whether it is a node of a cluster.
    """
    with ExitStack() as stack:
        client = stack.enter_context(client_of(url, cluster=cluster))
        stack.enter_context(_presence(client))
        moves = _can_advance(client)
        address = None if cluster else _address(url)
        proxy = None
        if address is not None:
            proxy = stack.enter_context(LossyProxy(address, is_write=has_written))

        def open_channel(name: str) -> RedisChannel:
            if proxy is not None and proxy.is_due:
                return RedisChannel(name, url=_by_way_of(proxy.port, url))
            return RedisChannel(name, url=url, cluster=cluster)

        preamble = _PREAMBLE + (_MOVES if moves else _WAITS)
        try:
            yield Harness(
                open=open_channel,
                open_async=lambda name: open_channel(name).aio,
                cut_reply=proxy.cut_reply if proxy else None,
                advance=partial(advance, client) if moves else None,
                read=partial(read_record, client),
                preamble=preamble.format(cluster=", cluster=True" if cluster else ""),
                capabilities=Capabilities(shared=True, durable=True, remote=True),
            )
        finally:
            with suppress(redis.RedisError):
                for key in client.scan_iter(match=f"graflow:{{{PREFIX}*", count=BATCH):
                    client.unlink(key)


@contextmanager
def _presence(client: Any) -> Iterator[None]:
    """Let others see in the database that this run is under way, until it ends or is killed."""
    key = f"{PRESENCES}{PREFIX}"
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(_PRESENCE / 4):
            with suppress(redis.RedisError):
                client.set(key, "", ex=_PRESENCE)

    client.set(key, "", ex=_PRESENCE)
    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with suppress(redis.RedisError):
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
    probe = key_of(f"{PREFIX}probe", "i")
    try:
        if client.dbsize() > _FEW:
            return False
        client.zadd(probe, {"key": 0})
        advance(client, 1, probe)
    except redis.ResponseError:
        return False
    finally:
        client.unlink(probe)
    return True
