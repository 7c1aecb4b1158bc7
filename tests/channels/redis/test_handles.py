"""Handles: what they share, what they close, and how they come through a fork and a pickle."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypedDict

import pytest
import redis

from graflow.channels.keyed import KeyedChannel
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelTypeError, ChannelUnavailableError
from tests.channels.redis.every_operation import use_every_operation
from tests.paths import ROOT
from tests.servers import SERVERS, Cluster, Server, run_server
from tests.servers.server import wait_until

# Parent and children use handles that were connected before the fork, all at once. Each process
# asks the server for the number of its connection.
FORK = """
import os, sys
from graflow.channels.redis_channel import RedisChannel
from tests.channels.redis.asked import ask_server

channel = RedisChannel("c", url=sys.argv[1], cluster=len(sys.argv) > 2)
channel.append("list", "parent")
children = []
for child in range(3):
    children.append(os.fork())
    if not children[-1]:
        for number in range(50):
            channel.append("list", [child, number])
        with channel.lock("key"):
            channel.append("connections", ask_server(channel, "CLIENT", "ID"))
        channel.close()
        os._exit(0)
for number in range(50):
    channel.append("list", ["parent", number])
for child in children:
    assert os.waitpid(child, 0)[1] == 0
channel.append("connections", ask_server(channel, "CLIENT", "ID"))
"""


class Counts(TypedDict):
    """A schema."""

    count: int


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of each kind, to which nobody else has a connection."""
    with run_server(request.param) as server:
        yield server


def connections(client: redis.Redis) -> int:
    """Return how many connections the server has, without this client's."""
    info: Any = client.info("clients")
    return int(info["connected_clients"]) - 1


def wait_until_alone(client: redis.Redis) -> None:
    """Wait until the handles of other tests are gone."""
    gc.collect()
    wait_until("the server is alone", lambda: connections(client) == 0)


@pytest.mark.parametrize("by", ["url", "client"])
def test_a_hundred_handles_share_their_connections(
    redis_client: redis.Redis, redis_url: str, by: str
) -> None:
    """They use one where they come one after the other, and closing some leaves the rest."""
    wait_until_alone(redis_client)
    settings: dict[str, Any] = {"url": redis_url} if by == "url" else {"redis_client": redis_client}
    handles = [RedisChannel(f"channel {number}", **settings) for number in range(100)]
    for handle in handles:
        use_every_operation(handle)
    assert connections(redis_client) <= 2  # the renewal of a lock may have had one of its own
    for handle in handles[::2]:
        handle.close()
    for handle in handles[1::2]:
        assert handle.append("list", 1) == 1
    with pytest.raises(ChannelUnavailableError, match="closed"):
        handles[0].get("list")


@pytest.mark.parametrize("schema", [TypedChannel, KeyedChannel])
def test_a_schema_closes_the_channel_below_it(redis_url: str, schema: Any) -> None:
    """A `with`, or `close`, of a typed or keyed channel is that of the channel."""
    below = RedisChannel("c", url=redis_url)
    with schema(below, Counts) as channel:
        assert channel.lock("count").acquire().fence > 0
        assert channel.schema is Counts
    with pytest.raises(ChannelUnavailableError, match="closed"):
        below.keys()
    again = schema(RedisChannel("c", url=redis_url), Counts)
    again.close()
    with pytest.raises(ChannelUnavailableError, match="closed"):
        "count" in again  # noqa: B015


def test_a_with_closes_what_it_opened(redis_client: redis.Redis, redis_url: str) -> None:
    """The connections of the last handle go with it, and nobody else's."""
    wait_until_alone(redis_client)
    with RedisChannel("c", url=redis_url) as channel:
        channel.set("key", 1)
        assert connections(redis_client) == 1
    wait_until("they are closed", lambda: connections(redis_client) == 0)
    with RedisChannel("c", redis_client) as channel:
        assert channel.get("key") == 1
        assert connections(redis_client) == 1
    wait_until("they are closed", lambda: connections(redis_client) == 0)
    assert redis_client.ping()


def run_forks(*arguments: str) -> None:
    """Run `FORK`."""
    command = [sys.executable, "-c", FORK, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def check_forks(channel: RedisChannel) -> None:
    """Check what `FORK` left: all that each process wrote, each over its own connection."""
    stored = channel.get("list")
    assert stored[0] == "parent"
    for writer in (0, 1, 2, "parent"):
        numbers = [item[1] for item in stored[1:] if item[0] == writer]
        assert numbers == list(range(50))
    ids = channel.get("connections")
    assert len(ids) == len(set(ids)) == 4


def test_a_fork_connects_anew(redis_client: redis.Redis, redis_url: str) -> None:
    """No process reads the replies to another's commands."""
    run_forks(redis_url)
    check_forks(RedisChannel("c", redis_client))


def test_a_fork_connects_anew_to_a_cluster(clusters: Callable[[str], Cluster]) -> None:
    """The same for all nodes."""
    cluster = clusters("valkey-9")
    cluster.flush()
    run_forks(cluster.url, "cluster")
    with RedisChannel("c", url=cluster.url, cluster=True) as channel:
        check_forks(channel)


def test_settings_that_can_not_be_pickled_are_refused(server: Server) -> None:
    """Not left out: a copy without them might reach another server, or as another user."""
    channel = RedisChannel("c", url=server.url, redis_connect_func=lambda connection: None)
    with pytest.raises(ChannelTypeError, match="can't be pickled"):
        pickle.dumps(channel)


class Wrapper:
    """A client of which a channel knows nothing but how to send a command."""

    def __init__(self, client: redis.Redis) -> None:
        """Send through `client`."""
        self._client: Any = client

    def execute_command(self, *command: Any, **options: Any) -> Any:
        """Send a command."""
        return self._client.execute_command(*command, **options)


def test_an_unknown_client_is_used_as_it_is(redis_client: redis.Redis) -> None:
    """All operations go through it; its handle can't be pickled, since nothing is known of it."""
    channel = RedisChannel("c", Wrapper(redis_client))
    use_every_operation(channel)
    assert "Wrapper" in repr(channel)
    with pytest.raises(ChannelTypeError, match="Wrapper"):
        pickle.dumps(channel)


class CountingPool(redis.ConnectionPool):
    """A pool that does something of its own with each connection."""

    taken = 0

    def get_connection(self, *args: Any, **options: Any) -> Any:
        """Count how often one is asked for."""
        self.taken += 1
        return super().get_connection(*args, **options)


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "text"])
def test_a_client_with_a_pool_of_its_own_kind_is_used_as_it_is(
    redis_client: redis.Redis, redis_url: str, decode: bool
) -> None:
    """What that pool does can't be known from its settings, so it is not left out."""
    pool = CountingPool.from_url(redis_url, decode_responses=decode)
    with redis.Redis(connection_pool=pool) as client, RedisChannel("c", client) as channel:
        use_every_operation(channel)
        assert pool.taken > 10
        with pytest.raises(ChannelTypeError, match="pickled"):
            pickle.dumps(channel)
    pool.disconnect()
