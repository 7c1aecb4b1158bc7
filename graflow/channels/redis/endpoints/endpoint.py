"""The address of a channel's server, and its settings: comparable, hashable and picklable."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from weakref import WeakValueDictionary

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from graflow.channels.redis.connections.client_sender import ClientSender
from graflow.channels.redis.connections.deadlines import bounded
from graflow.channels.redis.connections.pool_sender import PoolSender, PrimarySender
from graflow.channels.redis.endpoints.passwords import Password, passwords_in
from graflow.channels.redis.refusals import refused_by_server
from graflow.channels.redis.sending.cluster import (
    ASKED_IN_TIME,
    Address,
    Cluster,
    ClusterRoute,
    NodesRoute,
)
from graflow.channels.redis.sending.requests import carry_out
from graflow.channels.redis.sending.routes import DirectRoute, Route
from graflow.channels.redis.sending.transport import Transport

__all__ = [
    "ClusterEndpoint",
    "Endpoint",
    "ForeignEndpoint",
    "SentinelEndpoint",
    "ServerEndpoint",
    "Settings",
    "identity",
    "in_time",
]

_ANY_NUMBER: Final = 2**31  # the default of older versions of redis-py; now it is 100

Settings = Mapping[str, Any]
"""Arguments of a redis-py connection, and `connection_class` and `max_connections` of its pool."""


class Endpoint(Protocol):
    """A server, or several that act as one."""

    @property
    def name(self) -> str:
        """Its address, without user and password."""

    @property
    def passwords(self) -> Sequence[Password]:
        """What no error may show."""

    def route(self, key: bytes, timeout: float) -> Route:
        """Return the way of the commands on `key`, and on all keys in the same slot.

        Its links block. Handles of one process on the same endpoint, with the same `timeout`, share
        their connections. No connection is made yet.
        """

    def routes(self, timeout: float) -> Sequence[Route]:
        """Return a way to each server that keeps keys; of a cluster, a node is asked for them."""


@dataclass(frozen=True)
class ServerEndpoint:
    """One server."""

    settings: Settings

    @property
    def name(self) -> str:
        """Its URL, without user and password."""
        settings = self.settings
        database = settings.get("db") or 0
        if "path" in settings:
            return f"unix://{settings['path']}?db={database}"
        address = f"{settings.get('host', 'localhost')}:{settings.get('port', 6379)}"
        return f"{_scheme(settings)}://{address}/{database}"

    @property
    def passwords(self) -> Sequence[Password]:
        """Those of the settings."""
        return passwords_in(self.settings)

    def route(self, key: bytes, timeout: float) -> Route:
        """Return the way to the server."""

        def make() -> PoolSender:
            return PoolSender(lambda: [_pool(self.settings, timeout)], refused_by_server)

        return DirectRoute(_shared(self, timeout, make))

    def routes(self, timeout: float) -> Sequence[Route]:
        """Return the way to the server."""
        return (self.route(b"", timeout),)


@dataclass(frozen=True)
class SentinelEndpoint:
    """The primary (or a replica) of a service, which Sentinels know."""

    settings: Settings
    service: str
    sentinels: Sequence[Address]
    sentinel_settings: Settings
    options: Settings
    is_primary: bool

    @property
    def name(self) -> str:
        """The Sentinels and the service."""
        return f"{_scheme(self.settings)}+sentinel://{_listed(self.sentinels)}/{self.service}"

    @property
    def passwords(self) -> Sequence[Password]:
        """Those of the server and of the Sentinels."""
        return (*passwords_in(self.settings), *passwords_in(self.sentinel_settings))

    def route(self, key: bytes, timeout: float) -> Route:
        """Return the way to whichever server the Sentinels name."""
        return DirectRoute(_shared(self, timeout, lambda: self._make(timeout)))

    def routes(self, timeout: float) -> Sequence[Route]:
        """Return the way to whichever server the Sentinels name."""
        return (self.route(b"", timeout),)

    def _make(self, timeout: float) -> PoolSender:
        kind = PrimarySender if self.is_primary else PoolSender
        return kind(lambda: self._pools(timeout))

    def _pools(self, timeout: float) -> list[Any]:
        """Return a pool of connections to the server, and those to the Sentinels."""
        # All can be asked in time, though none before the last answers.
        most = timeout / (min(len(self.sentinels), ASKED_IN_TIME) + 1)
        sentinel = _new_sentinel(
            self.sentinels,
            sentinel_kwargs=in_time(self.sentinel_settings, most),
            **self.options,
        )
        askers = [client.connection_pool for client in sentinel.sentinels]
        for asker in askers:
            asker.connection_class = bounded(asker.connection_class)
        pool = _new_sentinel_pool(
            self.service, sentinel, is_master=self.is_primary, **_pooled(self.settings, timeout)
        )
        return [pool, *askers]


@dataclass(frozen=True)
class ClusterEndpoint:
    """A Redis Cluster."""

    settings: Settings
    nodes: Sequence[Address]
    remap: Callable[[Address], Address] | None = None

    @property
    def name(self) -> str:
        """The nodes from which the others are found."""
        return f"{_scheme(self.settings)}+cluster://{_listed(self.nodes)}"

    @property
    def passwords(self) -> Sequence[Password]:
        """Those of the settings."""
        return passwords_in(self.settings)

    def route(self, key: bytes, timeout: float) -> Route:
        """Return the way to the node of the key."""
        cluster: Cluster = _shared(self, timeout, lambda: self._make(timeout))
        return ClusterRoute(cluster, key)

    def routes(self, timeout: float) -> Sequence[Route]:
        """Return the way to each primary of the cluster.

        Raises:
            ChannelError: No node tells which they are.
        """
        cluster: Cluster = _shared(self, timeout, lambda: self._make(timeout))
        to_any = NodesRoute(cluster)
        asking = Transport(
            to_any, self.name, timeout, passwords=self.passwords, allow_eviction=True
        )
        nodes = carry_out(asking.read("CLUSTER", "SLOTS"))
        return [DirectRoute(cluster.node(node)) for node in nodes]

    def _make(self, timeout: float) -> Cluster:
        def connect(address: Address) -> PoolSender:
            host, port = address
            settings = {**self.settings, "host": host, "port": port}
            return PoolSender(lambda: [_pool(settings, timeout)])

        return Cluster(self.nodes, connect, self.remap)


@dataclass(frozen=True)
class ForeignEndpoint:
    """A client of a kind that is not known here, used as it is."""

    client: Any

    @property
    def name(self) -> str:
        """The client's type."""
        return f"behind the {type(self.client).__name__}"

    @property
    def passwords(self) -> Sequence[Password]:
        """None that are known."""
        return ()

    def route(self, key: bytes, timeout: float) -> Route:
        """Return the way through the client."""
        return DirectRoute(ClientSender(self.client))

    def routes(self, timeout: float) -> Sequence[Route]:
        """Return the way through the client."""
        return (self.route(b"", timeout),)

    def __reduce__(self) -> Any:
        """Refuse to be pickled."""
        raise TypeError(f"the settings of a {type(self.client).__name__} are unknown")


# redis-py has no annotations for these.
_new_sentinel: Callable[..., Any] = Sentinel
_new_sentinel_pool: Callable[..., Any] = SentinelConnectionPool

_made: WeakValueDictionary[tuple[object, ...], Any] = WeakValueDictionary()
_lock = threading.Lock()


def _shared(endpoint: Endpoint, timeout: float, make: Callable[[], Any]) -> Any:
    """Return what this process made for the endpoint; it lives as long as it has users."""
    name = identity(endpoint, timeout)
    with _lock:
        made = _made.get(name)
        if made is None:
            made = _made[name] = make()
        return made


def identity(endpoint: Endpoint, timeout: float) -> tuple[object, ...]:
    """Return what handles have in common that share their connections."""
    return timeout, repr(endpoint), *endpoint.passwords  # which the text does not show


def _pool(settings: Settings, timeout: float) -> redis.ConnectionPool:
    return redis.ConnectionPool(**_pooled(settings, timeout))


def _pooled(settings: Settings, timeout: float) -> dict[str, Any]:
    """Have connections give up in time for a second attempt, and as many as there are threads."""
    kind = settings.get("connection_class", redis.Connection)
    most = settings.get("max_connections") or _ANY_NUMBER
    timed = in_time(settings, timeout / 2)
    return {**timed, "connection_class": bounded(kind), "max_connections": most}


def in_time(settings: Settings, most: float) -> dict[str, Any]:
    """Have connections try once, and wait for so many seconds at most."""
    limited = {**settings, "retry": Retry(NoBackoff(), 0)}
    for name in ("socket_timeout", "socket_connect_timeout"):
        limited[name] = min(settings.get(name) or most, most)
    return limited


def _scheme(settings: Settings) -> str:
    over_tls = issubclass(settings.get("connection_class", object), redis.SSLConnection)
    return "rediss" if over_tls else "redis"


def _listed(addresses: Sequence[Address]) -> str:
    return ",".join(f"{host}:{port}" for host, port in addresses)


def _start_anew() -> None:
    """Leave the lock of a forked process's parent, which may hold it in another thread."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
