"""The rights that a channel needs: those that the tour grants, and not one less."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from redis.crc import key_slot

from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelPermissionError
from tests.channels.redis.asked import ask_server
from tests.channels.redis.every_operation import use_every_operation
from tests.paths import ROOT
from tests.servers import SERVERS, Cluster, Server

TOUR = (ROOT / "docs/tour.md").read_text()


def granted(text: str) -> list[str]:
    """Return the commands that a text allows with `+`."""
    return re.findall(r"\+[a-z|]+", text)


LINE = re.findall(r"^ACL SETUSER .*$", TOUR, re.MULTILINE)[0]
RIGHTS = granted(LINE)
CLUSTER_RIGHTS = granted(re.findall(r"in a cluster, add `(.*?)`", TOUR)[0])


def allow(client: Any, *rights: str) -> None:
    """Make the tour's user anew, with these rights instead."""
    client.execute_command("ACL", "DELUSER", "worker")
    client.execute_command(*LINE.split()[: -len(RIGHTS)], *rights)
    client.script_flush()


@pytest.fixture
def worker(server: Server, redis_client: redis.Redis) -> Iterator[RedisChannel]:
    """A channel of the tour's user."""
    url = server.url.replace("redis://", "redis://worker:secret@")
    with RedisChannel("c", url=url) as channel:
        yield channel
    redis_client.acl_deluser("worker")


def test_the_rights_of_the_tour_suffice(redis_client: redis.Redis, worker: RedisChannel) -> None:
    """For every operation, and for scripts that the server does not know yet."""
    allow(redis_client, *RIGHTS)
    use_every_operation(worker)


@pytest.mark.parametrize("right", RIGHTS)
def test_each_right_of_the_tour_is_needed(
    redis_client: redis.Redis, worker: RedisChannel, right: str
) -> None:
    """Without it an operation fails, and says so."""
    allow(redis_client, *(other for other in RIGHTS if other != right))
    with pytest.raises(ChannelPermissionError, match="lacks a right"):
        use_every_operation(worker)


def test_keys_of_others_are_out_of_reach(redis_client: redis.Redis, worker: RedisChannel) -> None:
    """The rights are for the keys of channels alone."""
    allow(redis_client, *RIGHTS)
    worker.set("key", 1)
    with pytest.raises(ChannelPermissionError):
        ask_server(worker, "GET", "somebody else's")


@pytest.mark.parametrize("kind", SERVERS)
def test_the_rights_of_the_tour_suffice_in_a_cluster(
    clusters: Callable[[str], Cluster], kind: str
) -> None:
    """Also while a slot moves, and not without those that are for a cluster."""
    cluster = clusters(kind)
    cluster.flush()
    source, target, _ = cluster.masters
    name = cluster.name_on(source)
    slot = key_slot(name.encode())
    url = cluster.url.replace("redis://", "redis://worker:secret@")
    try:
        for master in cluster.masters:
            allow(master.client, *RIGHTS, *CLUSTER_RIGHTS)
        with RedisChannel(name, url=url, cluster=True) as channel:
            use_every_operation(channel)
            cluster.begin_move(slot, source, target)
            assert channel.get("missing") is None
        for right in CLUSTER_RIGHTS:
            for master in cluster.masters:
                others = [other for other in CLUSTER_RIGHTS if other != right]
                allow(master.client, *RIGHTS, *others)
            with (
                RedisChannel(name, url=url, cluster=True) as channel,
                pytest.raises(ChannelPermissionError),
            ):
                channel.get("missing")
    finally:
        for master in cluster.masters:
            master.client.execute_command("ACL", "DELUSER", "worker")
            master.client.execute_command("CLUSTER", "SETSLOT", slot, "STABLE")
