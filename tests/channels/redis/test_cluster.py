"""Channels on a Redis Cluster, while its slots move and its masters die."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Self

import pytest
import redis
from redis.cluster import RedisCluster
from redis.crc import key_slot

from graflow.channels.redis_channel import RedisChannel
from graflow.channels.transactions import Transaction
from graflow.exceptions import ChannelServerError, ChannelUnavailableError, ChannelValueError
from tests.channels.fencing import fenced, put_fence
from tests.servers import SERVERS, USUAL, Cluster, run_cluster
from tests.servers.cluster import ClusterNode
from tests.servers.server import wait_until


@pytest.fixture(params=SERVERS)
def cluster(request: pytest.FixtureRequest, clusters: Callable[[str], Cluster]) -> Cluster:
    """A cluster of each kind of server, empty at first; leave its slots where they are."""
    found = clusters(request.param)
    found.flush()
    return found


@pytest.fixture
def client(cluster: Cluster) -> Iterator[Any]:
    """A client of the cluster."""
    with RedisCluster.from_url(cluster.url) as client:
        yield client


class Move:
    """The slot of a channel on its way between the first two masters.

    Attributes:
        source: The master that has the slot.
        target: The other one.
        name: The channel's name.
        slot: Its slot.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._under_way = False
        self.source: ClusterNode = cluster.masters[0]
        self.target: ClusterNode = cluster.masters[1]
        self.name = cluster.name_on(self.source)
        self.slot = key_slot(self.name.encode())

    def begin(self) -> None:
        """From now on the source sends on what asks for keys that it lacks."""
        self._cluster.begin_move(self.slot, self.source, self.target)
        self._under_way = True

    def keys(self, *kinds: str) -> None:
        """Move the keys of these kinds (`k` for values, `i` for the index, ...), or all."""
        for key in self._cluster.keys_in(self.slot, self.source):
            if not kinds or key.partition("}:")[2][0] in kinds:
                self._cluster.move_keys(key, source=self.source, target=self.target)

    def end(self) -> None:
        """Give the slot to the target, which is the source of the next move."""
        self._cluster.end_move(self.slot, self.target)
        self._under_way = False
        self.source, self.target = self.target, self.source

    def restore(self) -> None:
        """Bring the slot back to where it was at first."""
        if not self._under_way and self.source is not self._cluster.masters[0]:
            self.begin()
        if self._under_way:
            self.keys()
            self.end()
        if self.source is not self._cluster.masters[0]:
            self.restore()


@pytest.fixture
def move(cluster: Cluster) -> Iterator[Move]:
    """A slot that a test may move; it is brought back afterwards."""
    move = Move(cluster)
    yield move
    move.restore()


def in_background(body: Callable[[], object]) -> tuple[threading.Thread, list[Any]]:
    """Start `body` in a thread, which adds what it returns or raises to the list."""
    ended: list[Any] = []

    def run() -> None:
        try:
            ended.append(body())
        except Exception as error:  # noqa: BLE001 (it is handed on)
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, ended


def test_channels_are_spread_over_the_nodes(cluster: Cluster, client: Any) -> None:
    """Each is on one node with all its keys, and every handle finds it."""
    for master in cluster.masters:
        name = cluster.name_on(master)
        with RedisChannel(name, url=cluster.url, cluster=True) as channel:
            channel.set_many({"a": 1, "b": [2]})
            with channel.lock("a"):
                channel.append("b", 3)
        assert {key.partition("}:")[0] for key in master.client.keys("*")} == {f"graflow:{{{name}"}
        with RedisChannel(name, client) as other:
            assert other.get_many(["a", "b"]) == {"a": 1, "b": [2, 3]}
            assert sorted(other.keys()) == ["a", "b"]


def test_the_clients_are_left_as_they_were(cluster: Cluster, client: Any) -> None:
    """Neither its connections nor what it knows of the cluster change."""
    before = client.get_nodes(), client.get_connection_kwargs().copy()
    with RedisChannel("c", client) as channel:
        channel.append("list", 1)
    assert (client.get_nodes(), client.get_connection_kwargs()) == before
    assert client.ping()


def test_a_slot_that_has_moved_is_followed(cluster: Cluster, move: Move) -> None:
    """A handle that thinks it elsewhere is told, and what was stored moved along."""
    with RedisChannel(move.name, url=cluster.url, cluster=True) as channel:
        channel.append("list", 1)
        move.begin()
        move.keys()
        move.end()
        assert channel.append("list", 2) == 2
        assert channel.get("list") == [1, 2]
        assert move.target.client.dbsize() == 0


def test_reads_go_on_while_a_slot_is_on_its_way(cluster: Cluster, move: Move) -> None:
    """Keys are found where they are, on the old node or on the new one."""
    with RedisChannel(move.name, url=cluster.url, cluster=True) as channel:
        channel.set_many({"a": 1, "b": 2})
        move.begin()
        assert (channel.get("a"), channel.get("b"), channel.get("c")) == (1, 2, None)
        first = f"graflow:{{{move.name}}}:k:a"
        cluster.move_keys(first, source=move.source, target=move.target)
        assert (channel.get("a"), channel.get("b"), channel.get("c")) == (1, 2, None)
        assert sorted(channel.keys()) == ["a", "b"]
        assert channel.exists("a")
        assert channel.ttl("a") is None
        move.keys()
        assert channel.get_many(["a", "b"]) == {"a": 1, "b": 2}


MOVED: dict[str, Any] = {"number": 0, "new": [1], "list": [2, 3], "last": None, "empty": [9]}


def move_between(tx: Transaction) -> int:
    """Change all keys: what was read, and what was not."""
    tx.append("new", tx.pop("list"))
    tx.append("list", 3)
    tx.pop("last")
    tx.append("empty", 9)
    return int(tx.atomic_add("number", -tx.get("number")))


CHANGES: dict[str, tuple[Callable[[RedisChannel], object], object, dict[str, Any]]] = {
    "append": (lambda channel: channel.append("list", 3), 3, {"list": [1, 2, 3]}),
    "append to a new list": (lambda channel: channel.append("new", 1), 1, {"new": [1]}),
    "append to an empty list": (lambda channel: channel.append("empty", 1), 1, {"empty": [1]}),
    "prepend": (lambda channel: channel.prepend("list", 0), 3, {"list": [0, 1, 2]}),
    "pop": (lambda channel: channel.pop("list"), 1, {"list": [2]}),
    "pop of the last": (lambda channel: channel.pop("last"), 1, {"last": None}),
    "atomic_add": (lambda channel: channel.atomic_add("number", 2), 3, {"number": 3}),
    "update": (lambda channel: channel.update("number", lambda n: n + 5), 6, {"number": 6}),
    "update of a list": (
        lambda channel: channel.update("list", lambda items: items[::-1]),
        [2, 1],
        {"list": [2, 1]},
    ),
    "set": (lambda channel: channel.set("number", "x"), None, {"number": "x"}),
    "set of a list": (lambda channel: channel.set("list", [5]), None, {"list": [5]}),
    "set_many": (
        lambda channel: channel.set_many({"number": [7], "list": 8}),
        None,
        {"number": [7], "list": 8},
    ),
    "delete": (lambda channel: channel.delete("number"), True, {"number": None}),
    "put a new key": (lambda channel: channel.add("new", 1), True, {"new": 1}),
    "persist": (lambda channel: channel.persist("number"), True, {}),
    "transact": (lambda channel: channel.transact(move_between), 0, MOVED),
    "transact, fenced": (lambda channel: fenced(channel).transact(move_between), 0, MOVED),
    "append, fenced": (lambda channel: fenced(channel).append("list", 3), 3, {"list": [1, 2, 3]}),
    "clear": (lambda channel: channel.clear(), None, {"number": None, "list": None}),
}


# Servers have agreed since Redis 3 on what a script meets while keys move. So all cases are tried
# on one, and on the others the one in which a script finds half of its keys.
ON_THE_WAY = [
    (kind, moved)
    for kind in SERVERS
    for moved in ("", "k", "t", "it", "kit")
    if kind == USUAL or moved == "k"
]


@pytest.mark.parametrize(("cluster", "moved"), ON_THE_WAY, indirect=["cluster"])
@pytest.mark.parametrize("change", CHANGES)
def test_changes_happen_once_while_a_slot_is_on_its_way(
    cluster: Cluster, move: Move, change: str, moved: str
) -> None:
    """Whichever of its keys have moved already, a change waits if need be, and is never halved."""
    call, answer, after = CHANGES[change]
    with RedisChannel(move.name, url=cluster.url, cluster=True, timeout=20) as channel:
        before = {"list": [1, 2], "last": [1], "empty": [], "number": 1}
        channel.set_many(before)
        put_fence(channel)
        channel.append("list", 0)
        channel.update("list", lambda items: items[:2])
        move.begin()
        move.keys(*moved or "-")
        expected = {} if change == "clear" else before
        expected = {k: v for k, v in {**expected, **after}.items() if v is not None}
        thread, ended = in_background(lambda: call(channel))
        thread.join(0.05)
        for key in ("list", "number"):
            assert channel.get(key) in (before[key], expected.get(key))
        move.keys()
        move.end()
        thread.join()
        assert ended == [answer]
        assert channel.get_many(channel.keys()) == expected


class Writers:
    """Threads that append to one list, each its number and a count."""

    def __init__(self, channel: RedisChannel) -> None:
        self._channel = channel
        self._done = threading.Event()
        self._counts = [0] * 4
        self._started = [in_background(partial(self._write, one)) for one in range(4)]

    def _write(self, writer: int) -> None:
        while not self._done.is_set():
            self._channel.append("list", [writer, self._counts[writer]])
            self._counts[writer] += 1

    def wait_for(self, count: int) -> None:
        """Wait until they have appended so many more."""
        goal = sum(self._counts) + count
        wait_until("the writers go on", lambda: sum(self._counts) >= goal)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let them end, whatever came of the test."""
        self._done.set()
        for thread, _ended in self._started:
            thread.join()

    def check(self) -> None:
        """Check that the list holds what they appended, in their order."""
        assert all(ended == [None] for _, ended in self._started)
        stored: list[list[int]] = self._channel.get("list")
        for writer, count in enumerate(self._counts):
            assert [n for who, n in stored if who == writer] == list(range(count))


def test_appends_go_on_while_their_slot_moves_to_and_fro(cluster: Cluster, move: Move) -> None:
    """Four writers lose nothing and add nothing twice, and each keeps its order."""
    with RedisChannel(move.name, url=cluster.url, cluster=True, timeout=30) as channel:
        with Writers(channel) as writers:
            for _ in range(4):
                writers.wait_for(50)
                move.begin()
                move.keys("t")
                move.keys("k")
                move.keys()
                move.end()
            writers.wait_for(50)
        writers.check()


def test_appends_go_on_while_their_slot_moves_at_once(clusters: Callable[[str], Cluster]) -> None:
    """The same where the servers move whole slots by themselves, as Valkey 9 does."""
    cluster = clusters("valkey-9")
    cluster.flush()
    first, second, _ = cluster.masters
    name = cluster.name_on(first)
    slot = key_slot(name.encode())
    with RedisChannel(name, url=cluster.url, cluster=True, timeout=30) as channel:
        with Writers(channel) as writers:
            for source, target in ((first, second), (second, first)):
                writers.wait_for(50)
                cluster.move_slot(slot, source=source, target=target)
            writers.wait_for(50)
        writers.check()


def test_a_change_that_can_not_wait_any_longer_says_why(cluster: Cluster, move: Move) -> None:
    """A slot that stays on its way is an error in time, and nothing is changed."""
    with RedisChannel(move.name, url=cluster.url, cluster=True, timeout=0.5) as channel:
        channel.append("list", 1)
        move.begin()
        move.keys("k")
        started = time.monotonic()
        with pytest.raises(ChannelServerError, match="moving the channel"):
            channel.append("list", 2)
        assert time.monotonic() - started < 4  # by default it waits for 5 s
        assert channel.get("list") == [1]


def test_the_death_of_a_master_is_survived() -> None:
    """Its replica takes over within the timeout, and nothing acknowledged is lost."""
    with run_cluster("valkey-9", replica=True) as cluster:
        name = cluster.name_on(cluster.masters[0])
        with RedisChannel(name, url=cluster.url, cluster=True, timeout=30) as channel:
            for number in range(100):
                channel.append("list", number)
            assert cluster.masters[0].client.wait(1, 10_000) == 1
            cluster.masters[0].stop()
            assert channel.append("list", 100) == 101
            assert channel.get("list") == list(range(101))
            with channel.lock("lock"):
                pass


def test_a_master_that_hangs_is_survived() -> None:
    """Half of the time goes to it; what it was sent does not happen twice when it comes back."""
    with run_cluster("redis-8", replica=True) as cluster:
        first = cluster.masters[0]
        name = cluster.name_on(first)
        with RedisChannel(name, url=cluster.url, cluster=True, timeout=10) as channel:
            channel.append("list", 1)
            assert first.client.wait(1, 10_000) == 1
            first.freeze()
            assert channel.append("list", 2) == 2
            first.thaw()
            wait_until("it has become a replica", first.follows)
            assert channel.append("list", 3) == 3
            assert channel.get("list") == [1, 2, 3]


def test_a_cluster_that_is_down_is_an_error_in_time() -> None:
    """With a master gone for good: that it is unreachable, or that the cluster is down."""
    with run_cluster("redis-8") as cluster:
        name = cluster.name_on(cluster.masters[0])
        with RedisChannel(name, url=cluster.url, cluster=True, timeout=0.5) as channel:
            channel.set("key", 1)
            cluster.masters[0].stop()
            with pytest.raises(ChannelUnavailableError, match=r"redis\+cluster://127\.0\.0\.1"):
                channel.append("key", 2)
        other = cluster.name_on(cluster.masters[1])
        with RedisChannel(other, url=cluster.url, cluster=True, timeout=0.5) as channel:
            down = ""
            while not down:
                try:
                    channel.set("key", 1)
                except ChannelUnavailableError:
                    pass  # what is left of the cluster is busy
                except ChannelServerError as error:
                    down = str(error)
            assert "the cluster is down" in down


def test_what_can_not_be_a_cluster_is_refused(server: Any) -> None:
    """A database or a socket at once, a server alone when it is asked."""
    for url in ("redis://127.0.0.1:1/2", "unix:///tmp/server.sock"):
        with pytest.raises(ChannelValueError, match="cluster"):
            RedisChannel("c", url=url, cluster=True)
    with (
        RedisChannel("c", url=server.url, cluster=True) as channel,
        pytest.raises(ChannelServerError, match="cluster support disabled"),
    ):
        channel.get("key")
    with redis.Redis.from_url(server.url) as client, pytest.raises(TypeError, match="cluster"):
        RedisChannel("c", client, cluster=True)
