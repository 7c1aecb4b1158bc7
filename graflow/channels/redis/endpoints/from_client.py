"""Settings read off a client of redis-py or valkey-py, for connecting to the same server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import redis
import redis.asyncio
from redis.cluster import RedisCluster
from redis.connection import BlockingConnectionPool, ConnectionPool
from redis.exceptions import RedisError
from redis.sentinel import SentinelConnectionPool

from graflow.channels.redis.endpoints.endpoint import (
    ClusterEndpoint,
    Endpoint,
    ForeignEndpoint,
    SentinelEndpoint,
    ServerEndpoint,
    Settings,
)
from graflow.channels.redis.endpoints.from_valkey import in_words_of_redis, is_of_valkey, refusal
from graflow.channels.redis.endpoints.passwords import concealed, passwords_in, scrub
from graflow.channels.redis.endpoints.urls import fault_of
from graflow.exceptions import ChannelTypeError, ChannelValueError

__all__ = ["endpoint_from", "endpoint_of"]

# What a pool makes for itself, what the channel decides (how to retry and to decode), and
# names that only tell the server about the client.
_NOT_TAKEN_OVER = frozenset(
    {
        "cache",
        "cache_config",
        "connection_pool",
        "decode_responses",
        "driver_info",
        "encoding",
        "encoding_errors",
        "event_dispatcher",
        "himport_registry",
        "legacy_responses",
        "maint_notifications_pool_handler",
        "oss_cluster_maint_notifications_handler",
        "orig_host_address",
        "orig_socket_connect_timeout",
        "orig_socket_timeout",
        "retry",
        "retry_on_error",
        "retry_on_timeout",
    }
)


def endpoint_from(options: Mapping[str, Any], *, cluster: bool) -> Endpoint:
    """Return the endpoint that arguments of `redis.Redis`, or its URL, describe.

    Args:
        options: The arguments, with `url` if there is one.
        cluster: Whether the server is a node of a Redis Cluster.

    Raises:
        ChannelTypeError: redis-py does not know an option.
        ChannelValueError: The URL is not one of a Redis server, or not one of a cluster.
    """
    options = concealed(options)
    _check_url(options)
    try:
        pool = _pool_made_from(options)
    except (TypeError, ValueError, RedisError) as error:
        scrub(error, passwords_in(options))
        kind = ChannelTypeError if isinstance(error, TypeError) else ChannelValueError
        raise kind(f"redis-py does not accept these options: {error}") from error
    settings = _settings(pool)
    if not cluster:
        return ServerEndpoint(settings)
    if "path" in settings or settings.get("db"):
        raise ChannelValueError(
            "a cluster is reached over TCP and has the database 0 alone: give the host and the "
            "port of one of its nodes"
        )
    node = settings.pop("host", "localhost"), settings.pop("port", 6379)
    return ClusterEndpoint(settings, (node,))


def _pool_made_from(options: Mapping[str, Any]) -> Any:
    make = redis.Redis.from_url if "url" in options else redis.Redis
    pool = make(**options).connection_pool
    pool.connection_class(**pool.connection_kwargs)  # refuses options that nobody knows
    return pool


def _check_url(options: Mapping[str, Any]) -> None:
    url = options.get("url", "")
    if not isinstance(url, str):
        raise ChannelTypeError(f"url must be a str, not a {type(url).__name__}")
    fault = fault_of(url)
    if fault is not None:
        raise ChannelValueError(f"the URL can't be taken: {fault}")


def endpoint_of(client: Any) -> Endpoint:
    """Return the endpoint of a synchronous client of redis-py or valkey-py, or what looks like one.

    Raises:
        ChannelTypeError: It is something else.
    """
    if _is_asynchronous(client):
        raise ChannelTypeError(
            "the client is an asyncio one, but a channel's operations are synchronous: pass a "
            "redis.Redis"
        )
    if not callable(getattr(client, "execute_command", None)):
        raise ChannelTypeError(
            f"redis_client must be a client of redis-py, such as redis.Redis(), not a "
            f"{type(client).__name__}"
        )
    if isinstance(client, RedisCluster) or is_of_valkey(client, "ValkeyCluster"):
        return _cluster(client)
    pool = getattr(client, "connection_pool", None)
    kind = type(pool)
    if kind is SentinelConnectionPool or _is_valkeys(kind, "SentinelConnectionPool"):
        return _sentinel(pool)
    if kind in (ConnectionPool, BlockingConnectionPool) or _is_valkeys(
        kind, "ConnectionPool", "BlockingConnectionPool"
    ):
        return ServerEndpoint(_settings(pool))
    if is_of_valkey(client):
        raise refusal(f"the pool class {kind.__name__}")
    return ForeignEndpoint(client)  # a pool of another class may do more than its settings say


def _is_asynchronous(client: object) -> bool:
    return isinstance(client, redis.asyncio.Redis | redis.asyncio.RedisCluster) or any(
        kind.__module__.startswith("valkey.asyncio.") for kind in type(client).__mro__
    )


def _is_valkeys(kind: type, *names: str) -> bool:
    return kind.__module__.partition(".")[0] == "valkey" and kind.__name__ in names


_USUAL_LIMIT: Final[int] = ConnectionPool().max_connections


def _settings(pool: Any) -> dict[str, Any]:
    limit = pool.max_connections
    settings = {
        **pool.connection_kwargs,
        "connection_class": pool.connection_class,
        "max_connections": None if limit == _USUAL_LIMIT else limit,  # nobody has asked for it
    }
    return _taken_over(settings, pool)


def _taken_over(settings: Mapping[str, Any], source: object) -> dict[str, Any]:
    """Return of a client's settings those that matter to a channel, as redis-py has them."""
    matter = {
        name: value
        for name, value in sorted(settings.items())
        if name not in _NOT_TAKEN_OVER and value is not None and type(value) is not object
    }
    return concealed(in_words_of_redis(matter) if is_of_valkey(source) else matter)


def _cluster(client: Any) -> ClusterEndpoint:
    nodes = client.get_nodes()
    if is_of_valkey(client):
        pool = client.get_valkey_connection(nodes[0]).connection_pool
    else:
        pool = client.get_redis_connection(nodes[0]).connection_pool
    settings = _settings(pool)
    for name in ("host", "port", "redis_connect_func"):
        settings.pop(name, None)
    if client.user_on_connect_func is not None:
        if is_of_valkey(client):
            raise refusal("its valkey_connect_func")
        settings["redis_connect_func"] = client.on_connect
    addresses = tuple(sorted((node.host, node.port) for node in nodes))
    return ClusterEndpoint(settings, addresses, client.nodes_manager.address_remap)


def _sentinel(pool: Any) -> SentinelEndpoint:
    manager = pool.sentinel_manager
    kept = [sentinel.connection_pool.connection_kwargs for sentinel in manager.sentinels]
    settings: Settings = _settings(pool)
    return SentinelEndpoint(
        settings={**settings, "check_connection": pool.check_connection},
        service=pool.service_name,
        sentinels=tuple(sorted((one["host"], one["port"]) for one in kept)),
        sentinel_settings=_taken_over(manager.sentinel_kwargs, manager),
        options={
            "min_other_sentinels": manager.min_other_sentinels,
            "force_master_ip": vars(manager).get("_force_master_ip"),
        },
        is_primary=pool.is_master,
    )
