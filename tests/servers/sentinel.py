"""Replicas, and a primary that a Sentinel watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis
import redis.sentinel

from tests.servers.server import Server, run_server, wait_until

__all__ = ["Watched", "run_replica", "run_watched"]

SERVICE = "main"
"""The name under which the Sentinel knows the primary."""


class SentinelServer(Server):
    """A Sentinel that watches a primary."""

    def __init__(self, kind: str, primary: Server) -> None:
        """Watch `primary`."""
        super().__init__(kind)
        self._primary = primary

    def _arguments(self) -> list[str]:
        settings = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {self._directory}",
            f"sentinel monitor {SERVICE} 127.0.0.1 {self._primary.port} 1",
            f"sentinel down-after-milliseconds {SERVICE} 500",
            f"sentinel failover-timeout {SERVICE} 2000",
        ]
        path = self._directory / "sentinel.conf"
        path.write_text("\n".join(settings))
        return [str(path), "--sentinel"]


@dataclass(frozen=True)
class Watched:
    """A primary, its replica, and the Sentinel that promotes the one when the other dies.

    Attributes:
        primary: The server that is the primary at first.
        replica: Its replica.
        sentinel: The Sentinel.
        service: The name under which it knows the primary.
    """

    primary: Server
    replica: Server
    sentinel: Server
    service: str = SERVICE

    @contextmanager
    def ask(self) -> Iterator[Any]:
        """Give redis-py's client of the Sentinel, and close it afterwards."""
        make: Any = redis.sentinel.Sentinel
        client = make([("127.0.0.1", self.sentinel.port)])
        yield client
        for one in client.sentinels:
            one.close()


@contextmanager
def run_replica(primary: Server, *options: str) -> Iterator[Server]:
    """Run a replica of `primary`, in sync, for the length of a `with` block."""
    follow = ["--replicaof", "127.0.0.1", str(primary.port)]
    with run_server(primary.kind, *follow, *options) as replica:
        wait_until("the replica is in sync", replica.follows)
        yield replica


@contextmanager
def run_watched(kind: str) -> Iterator[Watched]:
    """Run a primary, its replica and a Sentinel that knows both, for a `with` block."""
    quick = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"]
    with run_server(kind, *quick) as primary, run_replica(primary, *quick) as replica:
        sentinel = SentinelServer(kind, primary)
        try:
            sentinel.start()
            wait_until("the Sentinel knows the replica", lambda: _is_watched(sentinel))
            yield Watched(primary, replica, sentinel)
        finally:
            sentinel.remove()


def _is_watched(sentinel: Server) -> bool:
    with redis.Redis(port=sentinel.port, decode_responses=True, protocol=2) as client:
        replicas: Any = client.execute_command("SENTINEL", "REPLICAS", SERVICE)
        return any("slave" in str(one) and "disconnected" not in str(one) for one in replicas)
