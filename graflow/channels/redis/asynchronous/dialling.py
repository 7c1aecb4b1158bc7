"""Dialling: connections made by `redis.asyncio` with the settings of an endpoint."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.sentinel
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError

from graflow.channels.redis.asynchronous.link import Dialled, LoopLink
from graflow.channels.redis.asynchronous.loops import made_on
from graflow.channels.redis.endpoints.endpoint import (
    ClusterEndpoint,
    Endpoint,
    SentinelEndpoint,
    ServerEndpoint,
    Settings,
    identity,
    in_time,
)
from graflow.channels.redis.refusals import refused, refused_by_primary, refused_by_server
from graflow.channels.redis.sending.cluster import ASKED_IN_TIME, Address, Cluster, ClusterRoute
from graflow.channels.redis.sending.routes import DirectRoute, Route

__all__ = ["can_dial", "route_on_loop"]

_KINDS: Final[Mapping[type, type]] = {
    redis.Connection: redis.asyncio.Connection,
    redis.SSLConnection: redis.asyncio.SSLConnection,
    redis.UnixDomainSocketConnection: redis.asyncio.UnixDomainSocketConnection,
    redis.sentinel.SentinelManagedConnection: redis.asyncio.sentinel.SentinelManagedConnection,
    redis.sentinel.SentinelManagedSSLConnection: (
        redis.asyncio.sentinel.SentinelManagedSSLConnection
    ),
}
# redis-py has no annotations for these.
_new_sentinel: Callable[..., Any] = redis.asyncio.sentinel.Sentinel
_new_sentinel_pool: Callable[..., Any] = redis.asyncio.sentinel.SentinelConnectionPool

_OF_POOLS: Final = frozenset({"check_connection", "connection_class", "max_connections"})
_NOT_TAKEN: Final = frozenset({"command_packer", "maint_notifications_config", "parser_class"})


def can_dial(endpoint: Endpoint) -> bool:
    """Tell whether `redis.asyncio` has all that an endpoint's connections have.

    It has not a client of one's own, a connection class of one's own, and a function that is to
    be called with each connection, as that would be called with one of another kind.
    """
    if not isinstance(endpoint, ServerEndpoint | SentinelEndpoint | ClusterEndpoint):
        return False
    settings = endpoint.settings
    kind = _KINDS.get(settings.get("connection_class", redis.Connection))
    if kind is None or settings.get("redis_connect_func") is not None:
        return False
    if isinstance(endpoint, SentinelEndpoint):
        return _knows(kind, settings) and _knows(redis.asyncio.Redis, endpoint.sentinel_settings)
    return _knows(kind, settings)


def _knows(kind: type, settings: Settings) -> bool:
    known = _parameters(kind) | _OF_POOLS | _NOT_TAKEN
    return all(name in known or not value for name, value in settings.items())


def route_on_loop(endpoint: Endpoint, key: bytes, timeout: float) -> Route:
    """Return the way of the commands on `key` from the running loop; see `Endpoint.route`.

    Its links belong to the loop. Handles that are used on it, on the same endpoint and with the
    same `timeout`, share their connection.
    """
    loop = asyncio.get_running_loop()
    name = identity(endpoint, timeout)
    match endpoint:
        case ServerEndpoint():
            server = _to_server(endpoint.settings, timeout)._replace(look_into=refused_by_server)
            return DirectRoute(made_on(loop, name, lambda: LoopLink(server)))
        case SentinelEndpoint():
            primary = _to_primary(endpoint, timeout)
            return DirectRoute(made_on(loop, name, lambda: LoopLink(primary)))
        case ClusterEndpoint():
            return ClusterRoute(made_on(loop, name, lambda: _cluster(endpoint, timeout)), key)
    raise AssertionError(endpoint)


def _cluster(endpoint: ClusterEndpoint, timeout: float) -> Cluster:
    def connect(address: Address) -> LoopLink:
        host, port = address
        return LoopLink(_to_server({**endpoint.settings, "host": host, "port": port}, timeout))

    return Cluster(endpoint.nodes, connect, endpoint.remap)


def _to_server(settings: Settings, timeout: float) -> Dialled:
    kind: Any = _KINDS[settings.get("connection_class", redis.Connection)]
    limited = _spoken(kind, settings, timeout / 2)

    async def dial() -> asyncio.StreamWriter:
        return await _shaken(kind(**limited))

    return Dialled(dial, refused, limited["socket_timeout"], timeout)


def _to_primary(endpoint: SentinelEndpoint, timeout: float) -> Dialled:
    """Return how to get to the primary (or a replica), which the Sentinels are asked for."""
    kind: Any = _KINDS[endpoint.settings["connection_class"]]
    limited = _spoken(kind, endpoint.settings, timeout / 2)
    # All can be asked in time, though none before the last answers.
    most = timeout / (min(len(endpoint.sentinels), ASKED_IN_TIME) + 1)
    asking = _spoken(redis.asyncio.Redis, endpoint.sentinel_settings, most)

    async def dial() -> asyncio.StreamWriter:
        sentinel = _new_sentinel(endpoint.sentinels, sentinel_kwargs=asking, **endpoint.options)
        pool = _new_sentinel_pool(
            endpoint.service,
            sentinel,
            is_master=endpoint.is_primary,
            check_connection=endpoint.settings.get("check_connection", False),
            connection_class=kind,
            **limited,
        )
        try:
            return await _shaken(pool.make_connection())
        finally:
            for client in sentinel.sentinels:
                await client.aclose()

    look_into = refused_by_primary if endpoint.is_primary else refused
    limit: float = limited["socket_timeout"]
    return Dialled(dial, look_into, limit, timeout, may_move=True)


async def _shaken(connection: Any) -> asyncio.StreamWriter:
    """Connect and shake hands, and take the stream from redis-py's connection."""
    try:
        await connection.connect()
        # redis-py gives its stream to nobody, and without one it can't read replies for many.
        reader, writer = connection._reader, connection._writer
        if reader is None or reader.at_eof():
            raise ConnectionError("Connection closed by server.")
    except BaseException:
        await connection.disconnect(nowait=True)
        raise
    connection._reader = connection._writer = None  # lest it says that nobody has closed it
    taken: asyncio.StreamWriter = writer
    return taken


def _spoken(kind: type, settings: Settings, most: float) -> dict[str, Any]:
    """Return the settings as the connections of `redis.asyncio` take them."""
    limited = {**in_time(settings, most), "retry": Retry(NoBackoff(), 0)}
    if limited.get("ssl_certfile") is not None:  # without a key, redis-py 6 leaves it out
        limited["ssl_keyfile"] = limited.get("ssl_keyfile") or limited["ssl_certfile"]
    known = _parameters(kind) - _NOT_TAKEN
    return {name: value for name, value in limited.items() if name in known}


@cache
def _parameters(kind: type) -> frozenset[str]:
    """Return the names of the arguments of a connection class and those below it."""
    inits = [vars(each)["__init__"] for each in kind.__mro__ if "__init__" in vars(each)]
    return frozenset(
        name for init in inits for name in inspect.signature(init).parameters if name != "self"
    )
