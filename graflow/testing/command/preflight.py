"""The preflight: what keeps a server from being tried at all."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import redis
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterDownError,
    InvalidResponse,
    NoPermissionError,
    RedisClusterException,
    ResponseError,
)

from graflow.channels.redis.connections.client_sender import ClientSender
from graflow.channels.redis.errors import evicting
from graflow.channels.redis.sending.eviction import policy_of
from graflow.channels.redis.sending.requests import carry_out
from graflow.channels.redis.sending.routes import DirectRoute
from graflow.testing.command.rights import missing_rights
from graflow.testing.servers import client_of, key_of
from graflow.testing.trials.trial import PREFIX

__all__ = [
    "BadTarget",
    "Server",
    "clock_fault",
    "examine",
    "mode_fault",
    "reaching",
    "role_fault",
    "version_fault",
]

_OLDEST = (6, 2)


class BadTarget(Exception):
    """Nothing can be tried, for the reason that the message gives."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that can be tried.

    Attributes:
        says: What matters to channels.
        is_cluster: Whether it is a node of a cluster.
    """

    says: str
    is_cluster: bool


def examine(url: str, name: str) -> Server:
    """Look at everything that channels and the suite need of a server.

    Args:
        url: Its URL.
        name: The server as errors call it, without a password.

    Raises:
        BadTarget: Something is missing, or is in the way.
    """
    with reaching(name), client_of(url) as client:
        with suppress(NoPermissionError):  # it has answered
            client.ping()
        about = _info(client, "server")
        _refuse(name, version_fault(about), mode_fault(about))
        is_cluster = _mode(about) == "cluster"
        if not is_cluster:
            return Server(_examine_node(client, name), is_cluster)
    with reaching(name), client_of(url, cluster=True) as cluster:
        says = [
            _examine_node(cluster.get_redis_connection(node), node.name, cluster)
            for node in cluster.get_primaries()
        ]
    return Server(f"It is a cluster. {says[0]}", is_cluster)


def version_fault(about: Mapping[str, Any]) -> str | None:
    """Return why a server is too old, from the section `server` of its INFO, if it is.

    Valkey gives there the version of Redis that it is compatible with.
    """
    version = str(about.get("redis_version", ""))
    numbers = tuple(map(int, re.findall(r"\d+", version)[:2]))
    if numbers and numbers < _OLDEST:
        return f"is Redis {version}, and graflow needs 6.2 or newer, or Valkey"
    return None


def mode_fault(about: Mapping[str, Any]) -> str | None:
    """Return why a server is none that stores data, from the section `server` of its INFO."""
    if _mode(about) == "sentinel":
        return "is a Sentinel: name the server that it watches"
    return None


def _mode(about: Mapping[str, Any]) -> object:
    return about.get("redis_mode", about.get("server_mode"))  # Valkey has the second


def role_fault(about: Mapping[str, Any]) -> str | None:
    """Return why a server takes no writes, from the section `replication` of its INFO."""
    if about.get("role") in {"slave", "replica"}:
        primary = f"{about.get('master_host')}:{about.get('master_port')}"
        return f"is a read-only replica: name its primary, {primary}"
    return None


def clock_fault(before: tuple[int, int], after: tuple[int, int]) -> str | None:
    """Return why the clock of a server can't be relied on, from two answers to TIME."""
    first, second = (seconds * 1_000_000 + micros for seconds, micros in (before, after))
    if second < first:
        return "has a clock that goes backwards"
    if second == first:
        return "has a clock that stands still"
    return None


def _examine_node(node: Any, name: str, cluster: Any = None) -> str:
    _refuse(name, role_fault(_info(node, "replication")))
    client = node if cluster is None else cluster
    lacks = dict.fromkeys(missing_rights(client, key_of(f"{PREFIX}probe", "probe")))
    if unknown := [each for each in lacks if each.isupper()]:
        raise BadTarget(
            f"the server {name} does not know {', '.join(unknown)}, which graflow needs"
        )
    if lacks:
        raise BadTarget(
            f"the user of {name} lacks what channels and this suite need: grant it with "
            f"ACL SETUSER {' '.join(lacks)}"
        )
    _refuse(name, clock_fault(node.time(), node.time()))
    policy = carry_out(policy_of(DirectRoute(ClientSender(node)), None, math.inf))
    if policy is None:
        return "This user may not read its maxmemory-policy."
    if not policy.is_safe:
        raise BadTarget(str(evicting(name, policy)))
    return f"It has {policy}."


def _info(client: Any, section: str) -> dict[str, Any]:
    """Return a section of INFO; empty if the user may not read it."""
    try:
        found: dict[str, Any] = client.info(section)
    except ResponseError:
        return {}
    return found


def _refuse(name: str, *faults: str | None) -> None:
    for fault in faults:
        if fault is not None:
            raise BadTarget(f"the server {name} {fault}")


@contextmanager
def reaching(name: str) -> Iterator[None]:
    """Translate the errors of a connection that can't be used."""
    try:
        yield
    except (redis.RedisError, OSError, RedisClusterException) as error:
        raise BadTarget(_unreachable(name, error)) from error


def _unreachable(name: str, error: BaseException) -> str:
    text = str(error)
    hint = "; if it does not speak TLS, its URL begins with redis://" if "rediss:" in name else ""
    match error:
        case AuthenticationError() if "HELLO" in text or "required" in text:
            return f"the server {name} wants a password: redis://user:password@host:port/db"
        case AuthenticationError() | AuthorizationError():
            return f"the server {name} does not accept the user or the password: {text}"
        case BusyLoadingError():
            return f"the server {name} is still loading its data; try again later"
        case RedisClusterException() | ClusterDownError():
            return f"the cluster of {name} is not in order: {text}"
        case InvalidResponse():
            return f"what answers at {name} is no server of the Redis protocol: {text}"
        case redis.TimeoutError():
            return f"the server {name} did not answer in time: {text}{hint}"
    return f"the server {name} can't be reached: {text}{hint}"
