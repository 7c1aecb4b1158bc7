"""Where a channel's server is, and how to connect: settings that can be compared and pickled."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakValueDictionary, finalize

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from graflow.channels.cluster import Address, Cluster, ClusterSender
from graflow.channels.senders import ClientSender, PoolSender, PrimarySender, Sender

__all__ = [
    "ClusterEndpoint",
    "Endpoint",
    "ForeignEndpoint",
    "SentinelEndpoint",
    "ServerEndpoint",
    "Settings",
]

Settings = Mapping[str, Any]
"""Arguments of a redis-py connection, and `connection_class` and `max_connections` of its pool."""


class Endpoint(Protocol):
    """A server, or several that act as one."""

    @property
    def name(self) -> str:
        """Its address, without user and password."""

    def sender(self, key: bytes, timeout: float) -> Sender:
        """Return what sends the commands on `key`, and on all keys in the same slot.

        Handles of one process on the same endpoint, with the same `timeout`, share their
        connections. No connection is made yet.
        """


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

    def sender(self, key: bytes, timeout: float) -> Sender:
        """Return the sender to the server."""
        sender: Sender = _shared(self, timeout, lambda: PoolSender(_pool(self.settings, timeout)))
        return sender


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

    def sender(self, key: bytes, timeout: float) -> Sender:
        """Return the sender to whichever server the Sentinels name."""
        sender: Sender = _shared(self, timeout, lambda: self._make(timeout))
        return sender

    def _make(self, timeout: float) -> PoolSender:
        sentinel = _new_sentinel(
            self.sentinels,
            sentinel_kwargs=_bounded(self.sentinel_settings, timeout),
            **self.options,
        )
        pool = _new_sentinel_pool(
            self.service, sentinel, is_master=self.is_primary, **_bounded(self.settings, timeout)
        )
        sender = PrimarySender(pool) if self.is_primary else PoolSender(pool)
        for client in sentinel.sentinels:
            finalize(sender, client.connection_pool.disconnect).atexit = False
        return sender


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

    def sender(self, key: bytes, timeout: float) -> Sender:
        """Return the sender to the node of the key."""
        cluster: Cluster = _shared(self, timeout, lambda: self._make(timeout))
        return ClusterSender(cluster, key)

    def _make(self, timeout: float) -> Cluster:
        def connect(address: Address) -> PoolSender:
            host, port = address
            return PoolSender(_pool({**self.settings, "host": host, "port": port}, timeout))

        return Cluster(self.nodes, connect, self.remap)


@dataclass(frozen=True)
class ForeignEndpoint:
    """A client of a kind that is not known here, used as it is."""

    client: Any

    @property
    def name(self) -> str:
        """The client's type."""
        return f"behind the {type(self.client).__name__}"

    def sender(self, key: bytes, timeout: float) -> Sender:
        """Return the sender through the client."""
        return ClientSender(self.client)

    def __reduce__(self) -> Any:
        """Refuse to be pickled."""
        raise TypeError(f"nothing is known of a {type(self.client).__name__}'s settings")


# redis-py has no annotations for these.
_new_sentinel: Callable[..., Any] = Sentinel
_new_sentinel_pool: Callable[..., Any] = SentinelConnectionPool

_made: WeakValueDictionary[str, Any] = WeakValueDictionary()
_lock = threading.Lock()


def _shared(endpoint: Endpoint, timeout: float, make: Callable[[], Any]) -> Any:
    """Return what this process made for the endpoint; it lives as long as it has users."""
    name = f"{timeout} {endpoint!r}"
    with _lock:
        made = _made.get(name)
        if made is None:
            made = _made[name] = make()
        return made


def _pool(settings: Settings, timeout: float) -> redis.ConnectionPool:
    return redis.ConnectionPool(**_bounded(settings, timeout))


def _bounded(settings: Settings, timeout: float) -> dict[str, Any]:
    """Have connections try once, and give up in time for a second attempt."""
    bounded = {**settings, "retry": Retry(NoBackoff(), 0)}
    for name in ("socket_timeout", "socket_connect_timeout"):
        bounded[name] = min(settings.get(name) or timeout, timeout / 2)
    return bounded


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
