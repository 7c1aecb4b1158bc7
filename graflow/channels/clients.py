"""redis-py clients: made, shared by the handles of a process, and described for another one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from weakref import WeakValueDictionary

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.retry import Retry

from graflow.exceptions import ChannelTypeError, ChannelValueError

__all__ = ["Options", "check_client", "options_of", "server_name", "shared_client"]

Options = Mapping[str, Any]
"""How to make a client: arguments of `redis.Redis`, with `url` or `connection_class` if need be."""

_clients: WeakValueDictionary[str, redis.Redis] = WeakValueDictionary()
_lock = threading.Lock()


def shared_client(options: Options, timeout: float) -> redis.Redis:
    """Return the client of this process for these options; it lives as long as it has users.

    Args:
        options: How to make it.
        timeout: Seconds that an operation may take; one attempt is given up after half of it.

    Raises:
        ChannelTypeError: redis-py does not know an option.
        ChannelValueError: The URL is not one of a Redis server.
    """
    name = f"{timeout} {sorted(options.items())}"
    with _lock:
        client = _clients.get(name)
        if client is None:
            client = _clients[name] = _make_client(options, timeout)
        return client


def _make_client(options: Options, timeout: float) -> redis.Redis:
    settings = {
        "socket_timeout": timeout / 2,
        "socket_connect_timeout": timeout / 2,
        "retry": Retry(NoBackoff(), 0),
        **options,
    }
    try:
        if "connection_class" in settings:
            client = redis.Redis.from_pool(redis.ConnectionPool(**settings))
        elif "url" in settings:
            client = redis.Redis.from_url(**settings)
        else:
            client = redis.Redis(**settings)
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)  # refuses options that nobody knows
        return client
    except TypeError as error:
        raise ChannelTypeError(f"redis-py does not take these options: {error}") from error
    except ValueError as error:
        raise ChannelValueError(f"redis-py does not take these options: {error}") from error


def check_client(client: object) -> Any:
    """Return `client` if it is a synchronous client of redis-py or looks like one.

    Raises:
        ChannelTypeError: It is not.
    """
    if isinstance(client, redis.asyncio.Redis | redis.asyncio.RedisCluster):
        raise ChannelTypeError(
            "the client is an asyncio one, but a channel's operations are synchronous: pass a "
            "redis.Redis"
        )
    if not callable(getattr(client, "execute_command", None)):
        raise ChannelTypeError(
            f"redis_client must be a client of redis-py, such as redis.Redis(), not a "
            f"{type(client).__name__}"
        )
    return client


def options_of(client: Any) -> Options:
    """Return how to make a client of the same server, database, user and TLS settings.

    Raises:
        ChannelTypeError: The client is of a kind for which this is not known.
    """
    pool = getattr(client, "connection_pool", None)
    if not isinstance(pool, redis.ConnectionPool) or type(pool).__name__.startswith("Sentinel"):
        raise ChannelTypeError(
            f"a channel on a {type(client).__name__} of this kind can't be pickled; make the "
            "channel from a URL or from a redis.Redis"
        )
    settings = {
        name: value
        for name, value in pool.connection_kwargs.items()
        if isinstance(value, _PLAIN) and not name.startswith("orig_")
    }
    return {**settings, "connection_class": pool.connection_class}


_PLAIN = (bool, int, float, str, bytes, list, tuple, dict, PurePath, CredentialProvider)


def server_name(client: Any) -> str:
    """Return the address of the client's server, without user and password."""
    pool = getattr(client, "connection_pool", None)
    settings = getattr(pool, "connection_kwargs", None)
    if settings is None:
        return f"behind the {type(client).__name__}"
    database = settings.get("db") or 0
    if "path" in settings:
        return f"unix://{settings['path']}?db={database}"
    host, port = settings.get("host", "localhost"), settings.get("port", 6379)
    return f"redis://{host}:{port}/{database}"
