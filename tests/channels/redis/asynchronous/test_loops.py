"""Event loops: one connection for all coroutines of a loop, which ends with it."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any
from weakref import ref

import pytest
import redis

from graflow.channels.backend import Add, Push
from graflow.channels.backend.by_calls import ThreadedBackend
from graflow.channels.redis.asynchronous.async_redis_backend import AsyncRedisBackend
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelUnavailableError
from tests.channels.redis.asynchronous.steps import on_loop, open_backend
from tests.paths import ROOT
from tests.patience import PATIENCE
from tests.servers import SERVERS, Cluster, Server, run_server
from tests.servers.server import wait_until


@pytest.fixture(params=SERVERS)
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that nobody else is connected to."""
    with run_server(request.param) as server:
        yield server


@pytest.fixture
def client(own_server: Server) -> Iterator[redis.Redis]:
    """A client of it."""
    with redis.Redis.from_url(own_server.url) as client:
        client.ping()
        yield client


def connections(client: redis.Redis) -> int:
    """Return how many connections others have."""
    return len(client.client_list()) - 1


def test_ten_thousand_calls_share_one_connection(own_server: Server, client: redis.Redis) -> None:
    """Each is answered, and with its own answer."""

    async def main() -> None:
        async with open_backend(url=own_server.url, timeout=60) as backend:
            sums = await asyncio.gather(*(backend.apply(Add("n", 1)) for _ in range(10_000)))
            assert sorted(map(int, sums)) == list(range(1, 10_001))
            await asyncio.gather(*(backend.put(f"{n}", b"%d" % n, None) for n in range(2_000)))
            found = await asyncio.gather(*(backend.get(f"{n}") for n in range(2_000)))
            assert found == [b"%d" % n for n in range(2_000)]
            async with open_backend("another", url=own_server.url, timeout=60) as other:
                await other.put("key", b"1", None)
                assert connections(client) == 1

    on_loop(main)
    wait_until("it is closed", lambda: connections(client) == 0)


def test_who_waits_does_not_take_the_connection(own_server: Server, client: redis.Redis) -> None:
    """News come on another one, so that operations go on, whoever waits for a key or an item."""

    async def main() -> None:
        async with (
            RedisChannel("c", url=own_server.url, timeout=60).aio as face,
            RedisChannel("c", url=own_server.url, timeout=60, cache=True).aio as cached,
        ):
            waiting = [
                asyncio.create_task(face.wait_for("key", None, PATIENCE)),
                asyncio.create_task(face.pop("queue", None, PATIENCE)),
                asyncio.create_task(anext(face.watch("watched", start=False))),
            ]
            while not face.backend.blocking.signals().is_live:
                await cached.get("cached")
            for number in range(20):
                assert await face.atomic_add("n") == number + 1
                await cached.get("cached")
            flags: Any = client.client_list()
            assert sorted("t" in each["flags"] for each in flags) == [False, False, True]
            assert not any("b" in each["flags"] for each in flags)
            for call in (face.set("key", 1), face.append("queue", 2), face.set("watched", 3)):
                await call
            key, item, change = await asyncio.gather(*waiting)
            assert (key, item, change.key) == (1, 2, "watched")

    on_loop(main)


def test_a_loop_that_was_busy_reads_before_it_gives_up(
    own_server: Server, client: redis.Redis
) -> None:
    """Replies that have come in the meantime count, however late it looks."""

    async def main() -> None:
        async with open_backend(url=own_server.url, timeout=0.4) as backend:
            await backend.apply(Add("n", 1))  # the server knows the script now
            for _ in range(3):
                asked = [asyncio.ensure_future(backend.apply(Add("n", 1))) for _ in range(50)]
                await asyncio.sleep(0)
                time.sleep(0.5)  # longer than an operation may take
                assert len(set(await asyncio.gather(*asked))) == 50
            before = connections(client)
            assert await backend.get("n") == b"151"
            assert connections(client) == before == 1

    on_loop(main)


def test_large_values_beside_small_ones(own_server: Server) -> None:
    """Ten megabytes and more in both directions, while others use the connection."""
    large = b'"' + b"x" * 15_000_000 + b'"'

    async def main() -> None:
        async with open_backend(url=own_server.url, timeout=60) as backend:
            await backend.put("n", b"0", None)

            async def count() -> None:
                for _ in range(100):
                    await backend.apply(Add("n", 1))

            async with asyncio.TaskGroup() as group:
                for number in range(3):
                    group.create_task(backend.put(f"large {number}", large, None))
                group.create_task(count())
            assert await backend.get("n") == b"100"
            found = await asyncio.gather(*(backend.get(f"large {each}") for each in range(3)))
            assert found == [large] * 3

    on_loop(main)


def test_two_loops_in_two_threads(own_server: Server, client: redis.Redis) -> None:
    """One handle works on both at once, over a connection of each."""
    together, alone = threading.Barrier(2), threading.Lock()
    with RedisChannel("c", url=own_server.url, timeout=60) as channel:
        backend = channel.backend.asynchronous()
        seen: list[int] = []

        async def main() -> None:
            await backend.apply(Add("n", 0))
            await asyncio.to_thread(together.wait)
            for _ in range(10):
                await asyncio.gather(*(backend.apply(Add("n", 1)) for _ in range(100)))
            await asyncio.to_thread(together.wait)
            with alone:
                seen.append(connections(client))
            await asyncio.to_thread(together.wait)

        threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [2, 2]
        assert channel.backend.get("n") == b"2000"
    gc.collect()


def test_one_loop_after_the_other(own_server: Server, client: redis.Redis) -> None:
    """A handle that lives longer than its loops has a connection of the latest."""
    with RedisChannel("c", url=own_server.url, timeout=60) as channel:
        backend = channel.backend.asynchronous()
        for number in range(1, 6):

            async def main(number: int = number) -> None:
                assert await backend.apply(Add("n", 1)) == b"%d" % number
                assert connections(client) == 1

            asyncio.run(main())
            wait_until("it is closed", lambda: connections(client) == 0)
        assert isinstance(backend, AsyncRedisBackend)
        assert len(backend._on) == 1
    gc.collect()


def test_the_connection_goes_with_the_last_handle(own_server: Server, client: redis.Redis) -> None:
    """Whether it is closed or forgotten, while the loop goes on."""

    async def main() -> None:
        one: Any = RedisChannel("one", url=own_server.url).backend.asynchronous()
        async with open_backend("other", url=own_server.url) as other:
            await asyncio.gather(one.apply(Add("n", 1)), other.apply(Add("n", 1)))
            assert connections(client) == 1
            del one
            gc.collect()
            await other.apply(Add("n", 1))
            assert connections(client) == 1
        wait_until("it is closed", lambda: connections(client) == 0)
        with pytest.raises(ChannelUnavailableError, match="this handle on the channel is closed"):
            await other.get("n")
        forgotten: Any = RedisChannel("one", url=own_server.url).backend.asynchronous()
        await forgotten.get("n")
        del forgotten
        gc.collect()
        while connections(client):
            await asyncio.sleep(0.01)

    on_loop(main)


def test_a_handle_that_is_closed_for_threads(own_server: Server) -> None:
    """It is closed for coroutines as well."""

    async def main() -> None:
        channel = RedisChannel("c", url=own_server.url)
        backend = channel.backend.asynchronous()
        await backend.put("key", b"1", None)
        channel.close()
        with pytest.raises(ChannelUnavailableError, match="this handle on the channel is closed"):
            await backend.get("key")

    on_loop(main)


# What a service does that is stopped: tasks that wait, and some that write as they end.
SERVICE = """
import asyncio, sys
from graflow.channels.backend import Add, Push
from graflow.channels.redis_channel import RedisChannel

backend = RedisChannel("c", url=sys.argv[1], cluster=len(sys.argv) > 2).backend.asynchronous()
sockets = RedisChannel("c", url=sys.argv[1], cluster=len(sys.argv) > 2, timeout=30)

async def work(number):
    try:
        while True:
            await backend.apply(Add("n", 1))
            if number % 2:
                await asyncio.sleep(0)
    finally:
        await backend.apply(Push("ended", b"%d" % number))

async def main():
    await backend.put("n", b"0", None)
    global tasks
    tasks = [asyncio.create_task(work(number)) for number in range(20)]
    await asyncio.sleep(0.2)
    late = sockets.backend.asynchronous()
    tasks.append(asyncio.create_task(late.apply(Add("n", 1))))
    await asyncio.sleep(0)

asyncio.run(main())
"""


@pytest.mark.parametrize("dev", [(), ("-X", "dev")], ids=["", "dev"])
def test_a_loop_that_ends_leaves_nothing_open(own_server: Server, dev: tuple[str, ...]) -> None:
    """No warning, and no task that was not awaited; what tasks write as they end is stored."""
    command = [sys.executable, *dev, "-W", "error", "-c", SERVICE, own_server.url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr
    assert "Warning" not in done.stderr
    assert "destroyed" not in done.stderr
    assert "never retrieved" not in done.stderr
    with RedisChannel("c", url=own_server.url) as channel:
        ended = channel.backend.get("ended")
        assert isinstance(ended, list)
        assert sorted(map(int, ended)) == list(range(20))


def test_a_loop_that_ends_leaves_nothing_open_in_a_cluster(clusters: Any, tmp_path: object) -> None:
    """The same, with a connection to a node that the loop has found."""
    cluster: Cluster = clusters("valkey-9")
    cluster.flush()
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", SERVICE, cluster.url, "cluster"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr
    assert "Warning" not in done.stderr
    assert "destroyed" not in done.stderr


FORK = """
import asyncio, os, sys
from graflow.channels.backend import Add, Push
from graflow.channels.redis_channel import RedisChannel

channel = RedisChannel("c", url=sys.argv[1], timeout=60)
backend = channel.backend.asynchronous()

async def in_child():
    for _ in range(50):
        await backend.apply(Add("n", 1))

async def main():
    await asyncio.gather(*(backend.apply(Add("n", 1)) for _ in range(50)))
    busy = [asyncio.create_task(backend.apply(Add("n", 1))) for _ in range(50)]
    await asyncio.sleep(0)
    child = os.fork()
    if not child:
        status = 1
        try:
            asyncio.run(in_child())
            channel.backend.apply(Push("children", b"1"))
            status = 0
        finally:
            os._exit(status)
    await asyncio.gather(*busy)
    for _ in range(50):
        await backend.apply(Add("n", 1))
    assert os.waitpid(child, 0)[1] == 0
    await backend.apply(Add("n", 1))

asyncio.run(main())
"""


def test_a_forked_child_has_a_connection_of_its_own(own_server: Server) -> None:
    """Forked in the middle of a loop, it runs another one; neither disturbs the other."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK, own_server.url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    with RedisChannel("c", url=own_server.url) as channel:
        assert channel.backend.get("n") == b"201"
        assert channel.backend.get("children") == [b"1"]


def test_what_no_asynchronous_client_has_is_called_in_threads(own_server: Server) -> None:
    """A client of one's own, and connections of a class of one's own."""

    class Own(redis.Connection):
        """A connection of a class of one's own."""

    class Client:
        """A client of one's own."""

        def __init__(self, client: redis.Redis) -> None:
            self.execute_command: Any = client.execute_command

    async def main(channel: RedisChannel) -> None:
        backend = channel.backend.asynchronous()
        assert isinstance(backend, ThreadedBackend)
        await backend.apply(Push("list", b"1"))

    with redis.Redis.from_url(own_server.url) as client:
        on_loop(lambda: main(RedisChannel("c", Client(client))))
        pool = redis.ConnectionPool.from_url(own_server.url, connection_class=Own)
        with redis.Redis(connection_pool=pool) as other:
            on_loop(lambda: main(RedisChannel("c", other)))
        pool.disconnect()
        assert RedisChannel("c", client).backend.get("list") == [b"1", b"1"]


def test_it_is_made_without_a_loop() -> None:
    """And used on none says so."""
    backend = RedisChannel("c", host="127.0.0.1", port=1).backend.asynchronous()
    assert repr(backend) == "AsyncRedisBackend('c')"
    with pytest.raises(RuntimeError, match="no running event loop"):
        backend.get("key").send(None)


def test_loops_that_have_ended_are_forgotten(own_server: Server) -> None:
    """With the handles that were used on them."""
    ended: list[ref[asyncio.AbstractEventLoop]] = []

    async def main() -> None:
        ended.append(ref(asyncio.get_running_loop()))
        async with open_backend(url=own_server.url) as backend:
            await backend.put("key", b"1", None)

    for _ in range(3):
        on_loop(main)
    assert [each() for each in ended] == [None] * 3
