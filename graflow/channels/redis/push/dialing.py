"""Connections for news: to a server, to the one that Sentinels name, or to nodes of a cluster."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Protocol

import redis
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import ClusterDownError, RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from graflow.channels.redis.endpoints.endpoint import (
    ClusterEndpoint,
    Endpoint,
    SentinelEndpoint,
    ServerEndpoint,
)

__all__ = ["Dialler", "Place", "dialler_for"]

Place = tuple[str, int]
"""Host and port of a node; `("", 0)` for whatever server there is."""

_ANYWHERE: Place = ("", 0)
_PATIENCE = 2.0  # seconds for each step of connecting
_OF_POOLS = frozenset(
    {"check_connection", "connection_class", "maint_notifications_config", "max_connections"}
)
_new_sentinel: Callable[..., Any] = Sentinel  # it has no annotations


class Dialler(Protocol):
    """Knows which server tells of which keys, and connects to it.

    Attributes:
        question: What a server is asked now and then, to see whether it is still there.
    """

    question: ClassVar[Sequence[str]]

    def place(self, key: bytes) -> Place:
        """Return the server that has a key.

        Raises:
            redis.RedisError, OSError: It can't be found at present.
        """

    def connect(self, place: Place) -> Any:
        """Return a connection of redis-py that speaks RESP3, connected.

        Raises:
            redis.RedisError, OSError: There is none.
        """

    def learn(self, answer: Any, place: Place) -> None:
        """Take the answer of a server to the question."""

    def doubt(self) -> None:
        """A server was lost, and others may have taken over from it."""


class ServerDialler:
    """Connects to the one server that there is."""

    question: ClassVar[Sequence[str]] = ("TIME",)

    def __init__(self, endpoint: ServerEndpoint) -> None:
        """Take its settings."""
        self._settings = endpoint.settings

    def place(self, key: bytes) -> Place:
        """Return a name for it."""
        return _ANYWHERE

    def connect(self, place: Place) -> Any:
        """Return a connection to it."""
        return _connected(self._settings)

    def learn(self, answer: Any, place: Place) -> None:
        """Learn nothing: it has answered."""

    def doubt(self) -> None:
        """Connect to the same one again."""


class SentinelDialler(ServerDialler):
    """Connects to the server that Sentinels name at the moment."""

    def __init__(self, endpoint: SentinelEndpoint) -> None:
        """Take the addresses of the Sentinels."""
        self._endpoint = endpoint

    def connect(self, place: Place) -> Any:
        """Ask for the server's address, and return a connection to it."""
        endpoint = self._endpoint
        sentinel = _new_sentinel(
            endpoint.sentinels,
            sentinel_kwargs=_in_time(endpoint.sentinel_settings),
            **endpoint.options,
        )
        try:
            if endpoint.is_primary:
                host, port = sentinel.discover_master(endpoint.service)
            else:
                replicas = sentinel.discover_slaves(endpoint.service)
                host, port = random.choice(replicas or [sentinel.discover_master(endpoint.service)])
        finally:
            for client in sentinel.sentinels:
                client.close()
        return _connected({**endpoint.settings, "host": host, "port": port})


class ClusterDialler:
    """Connects to the nodes of a cluster; it has a table of slots of its own."""

    question: ClassVar[Sequence[str]] = ("CLUSTER", "SLOTS")

    def __init__(self, endpoint: ClusterEndpoint) -> None:
        """Take the nodes that are known."""
        self._endpoint = endpoint
        self._known: Sequence[Place] = endpoint.nodes
        self._ranges: Sequence[tuple[int, int, Place]] = ()

    def place(self, key: bytes) -> Place:
        """Return the owner of the key's slot, if need be after a look at the table of a node."""
        slot = key_slot(key)
        if not self._ranges:
            self._refresh()
        for first, last, owner in self._ranges:
            if first <= slot <= last:
                return owner
        self._ranges = ()
        raise ClusterDownError("no node has the channel's slot")

    def connect(self, place: Place) -> Any:
        """Return a connection to a node."""
        host, port = place
        return _connected({**self._endpoint.settings, "host": host, "port": port})

    def learn(self, answer: Any, place: Place) -> None:
        """Take the table of slots that a node gives."""
        ranges, known = [], set()
        for first, last, *nodes in answer:
            places = [self._named((host or b"").decode(), port, place) for host, port, *_ in nodes]
            ranges.append((first, last, places[0]))
            known.update(places)
        if ranges:
            self._ranges, self._known = ranges, tuple(known)

    def doubt(self) -> None:
        """Ask for the table again."""
        self._ranges = ()

    def _named(self, host: str, port: int, asked: Place) -> Place:
        place = (host or asked[0], port)
        remap = self._endpoint.remap
        return place if remap is None else remap(place)

    def _refresh(self) -> None:
        failure: Exception | None = None
        for place in random.sample(self._known, len(self._known)):
            try:
                connection = self.connect(place)
                try:
                    connection.send_command(*self.question)
                    self.learn(connection.read_response(disable_decoding=True), place)
                finally:
                    _close(connection)
            except (RedisError, OSError) as error:
                failure = error
            else:
                return
        if failure is not None:
            raise failure


def dialler_for(endpoint: Endpoint) -> Dialler | None:
    """Return what connects to a server for news; `None` if that can't be known."""
    if isinstance(endpoint, ServerEndpoint):
        return ServerDialler(endpoint)
    if isinstance(endpoint, SentinelEndpoint):
        return SentinelDialler(endpoint)
    if isinstance(endpoint, ClusterEndpoint):
        return ClusterDialler(endpoint)
    return None


def _connected(settings: Mapping[str, Any]) -> Any:
    kind = settings.get("connection_class", redis.Connection)
    if kind.__module__ == "redis.sentinel":  # which would ask the Sentinels by itself
        secure = issubclass(kind, redis.SSLConnection)
        kind = redis.SSLConnection if secure else redis.Connection
    connection = kind(**_in_time(settings), protocol=3)
    try:
        connection.connect()
    except BaseException:
        _close(connection)
        raise
    return connection


def _in_time(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a connection that tries once, and does not wait for long."""
    kept = {name: value for name, value in settings.items() if name not in _OF_POOLS}
    kept.pop("protocol", None)
    for name in ("socket_timeout", "socket_connect_timeout"):
        kept[name] = min(kept.get(name) or _PATIENCE, _PATIENCE)
    kept["retry"] = Retry(NoBackoff(), 0)
    return kept


def _close(connection: Any) -> None:
    with suppress(RedisError, OSError):
        connection.disconnect()
