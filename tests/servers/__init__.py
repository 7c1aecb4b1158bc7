"""Real servers for the tests: one alone, with a replica, with Sentinels, in a cluster, over TLS."""

from __future__ import annotations

from tests.servers.cluster import Cluster, run_cluster
from tests.servers.sentinel import Watched, run_replica, run_watched
from tests.servers.server import SERVERS, USUAL, Server, run_server
from tests.servers.tls import Certificates, run_tls

__all__ = [
    "SERVERS",
    "USUAL",
    "Certificates",
    "Cluster",
    "Server",
    "Watched",
    "run_cluster",
    "run_replica",
    "run_server",
    "run_tls",
    "run_watched",
]
