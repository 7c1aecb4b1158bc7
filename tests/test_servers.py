"""The ground that the other tests stand on: servers that come and go, and time that moves."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest
import redis

from graflow.channels.base import Channel
from tests.paths import ROOT
from tests.servers import Server, run_server

CRASH = """
import os, signal
from tests.servers import Server

server = Server("redis-6.2").start()
print(server.port, server.socket.parent, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def ping_until_it_fails(client: redis.Redis) -> None:
    """Wait for the end of a server."""
    while client.ping():
        pass


def test_each_kind_is_the_server_that_its_name_says(
    server: Server, redis_client: redis.Redis
) -> None:
    """The oldest Redis that is supported, a new one, and a new Valkey."""
    info = redis_client.info("server")
    name = "valkey" if "valkey_version" in info else "redis"
    assert f"{name}-{info[f'{name}_version']}".startswith(server.kind + ".")


def test_a_stopped_server_can_start_again_on_its_port() -> None:
    """As after a crash: same address, nothing left in it."""
    with run_server("redis-6.2") as server, redis.Redis.from_url(server.url) as client:
        client.set("key", "value")
        server.stop()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        server.start()
        assert client.get("key") is None


def test_a_server_that_can_not_start_says_why() -> None:
    """The error has what the server printed."""
    with pytest.raises(RuntimeError, match="99999999"), run_server("redis-8", "--port", "99999999"):
        pass


def test_a_server_ends_with_the_process_that_started_it() -> None:
    """Even one that is killed leaves no server behind."""
    killed = subprocess.run(
        [sys.executable, "-c", CRASH], cwd=ROOT, capture_output=True, text=True, check=False
    )
    port, folder = killed.stdout.split()
    with redis.Redis(port=int(port)) as client, pytest.raises(redis.ConnectionError):
        ping_until_it_fails(client)
    shutil.rmtree(folder)


def test_time_passes_without_waiting(channel: Channel, advance: Callable[[float], None]) -> None:
    """What had a minute left has half of it after 30 seconds, and is gone after 31 more."""
    channel.set("key", 1, ttl=60)
    channel.set("other", 2)
    advance(30)
    left = channel.ttl("key")
    assert left is not None
    assert 29 < left <= 30
    advance(31)
    assert not channel.exists("key")
    assert channel.keys() == ["other"]
