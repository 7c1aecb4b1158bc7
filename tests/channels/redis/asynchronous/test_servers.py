"""Awaitable backends on servers of all kinds, and in trouble."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.cluster import RedisCluster
from redis.crc import key_slot

from graflow.channels.backend import Add, AsyncBackend, Push
from graflow.channels.redis.asynchronous.async_redis_backend import AsyncRedisBackend
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import (
    ChannelPermissionError,
    ChannelServerError,
    ChannelUnavailableError,
    ChannelValueError,
    EvictionError,
    OutcomeUnknownError,
    RunSupersededError,
)
from tests.channels.fencing import FENCE, put_fence
from tests.channels.redis.asynchronous.steps import (
    CHANGES,
    LOCKS,
    READS,
    content,
    fill,
    on_loop,
    open_backend,
)
from tests.patience import PATIENCE
from tests.proxy import SlowProxy, run_proxy, url_of
from tests.servers import (
    SERVERS,
    Certificates,
    Cluster,
    Server,
    run_cluster,
    run_server,
    run_tls,
    run_watched,
)
from tests.servers.server import wait_until


@pytest.fixture(params=SERVERS)
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that a test may bring into trouble."""
    with run_server(request.param) as server:
        yield server


def take_every_step(channel: RedisChannel) -> None:
    """Take every step on a loop, each from the same state; leave the channel empty."""

    async def main() -> None:
        backend = channel.backend.asynchronous()
        assert isinstance(backend, AsyncRedisBackend)
        for step in (*READS, LOCKS, *CHANGES):
            await asyncio.to_thread(fill, channel)
            assert await step.call(backend) == step.answer, step.name
            assert await asyncio.to_thread(content, channel) == step.after, step.name
            await backend.clear(kept=True)
            assert await backend.keys() == []
            assert await backend.keys(kept=True) == []

    on_loop(main)


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "text"])
def test_both_protocols(redis_url: str, protocol: int, decode: bool) -> None:
    """RESP2 and RESP3, whatever the client does to the replies."""
    with (
        redis.Redis.from_url(redis_url, protocol=protocol, decode_responses=decode) as client,
        RedisChannel("c", client) as channel,
    ):
        take_every_step(channel)


def test_a_database_over_a_unix_socket(server: Server) -> None:
    """The same server without TCP, and not in its first database."""
    with RedisChannel("c", url=f"unix://{server.socket}?db=5") as channel:
        take_every_step(channel)
        channel.set("key", 1)
        with redis.Redis(unix_socket_path=str(server.socket), db=5) as client:
            assert client.exists("graflow:{c}:k:key")
            client.flushdb()


def test_tls(server: Server, tmp_path: Path) -> None:
    """Both sides show certificates, and large values go through."""
    certificates = Certificates(tmp_path)
    with run_tls(server, certificates) as port:
        url = f"rediss://127.0.0.1:{port}"
        trust = {"ssl_ca_certs": str(certificates.authority)}
        known: dict[str, Any] = {**trust, "ssl_certfile": str(certificates.client)}
        with RedisChannel("c", url=url, **known) as channel:
            take_every_step(channel)

        async def main() -> None:
            async with open_backend(url=url, timeout=60, **known) as backend:
                large = b'"' + b"x" * 5_000_000 + b'"'
                await backend.put("large", large, None)
                assert await backend.get("large") == large

        on_loop(main)


def test_tls_without_a_certificate(servers: Callable[[str], Server], tmp_path: Path) -> None:
    """The error says what is lacking."""
    with run_tls(servers("valkey-9"), Certificates(tmp_path)) as port:

        async def main() -> None:
            url = f"rediss://127.0.0.1:{port}"
            async with open_backend(url=url, timeout=8) as stranger:
                with pytest.raises(ChannelUnavailableError, match=r"(?i)certificate"):
                    await stranger.get("key")

        on_loop(main)


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_password(own_server: Server, protocol: int) -> None:
    """Of the default user; without it, or with a wrong one, the error says so and shows none."""
    with redis.Redis.from_url(own_server.url) as client:
        client.config_set("requirepass", "s3cret")
    url = own_server.url.replace("redis://", "redis://:s3cret@")
    with RedisChannel("c", url=url, protocol=protocol) as channel:
        take_every_step(channel)

    async def main() -> None:
        for wrong in (own_server.url, own_server.url.replace("redis://", "redis://:wr0ng@")):
            async with open_backend(url=wrong, protocol=protocol) as backend:
                with pytest.raises(ChannelUnavailableError, match="password") as caught:
                    await backend.put("key", b"1", None)
                assert "wr0ng" not in str(caught.value)

    on_loop(main)


def test_a_user_without_a_right(redis_client: redis.Redis, server: Server) -> None:
    """The error says what is lacking, and what is allowed works."""
    redis_client.acl_setuser(
        "worker",
        True,
        passwords=["+p@ss/word"],
        keys=["graflow:*"],
        categories=["+@all"],
        commands=["-del", "-unlink", "-lrange"],
    )
    url = server.url.replace("redis://", "redis://worker:p%40ss%2Fword@")

    async def main() -> None:
        async with open_backend(url=url) as backend:
            assert await backend.apply(Push("list", b"1")) == 1
            with pytest.raises(ChannelPermissionError, match="lacks a right"):
                await backend.get("list")

    on_loop(main)
    redis_client.acl_deluser("worker")


def test_a_server_that_hangs(own_server: Server) -> None:
    """A write may have happened, a read says that the server is out of reach; then all is well."""

    async def main() -> None:
        async with open_backend(url=own_server.url, timeout=0.6) as backend:
            assert await backend.apply(Push("list", b"0")) == 1
            own_server.freeze()
            try:
                started = time.monotonic()
                with pytest.raises(OutcomeUnknownError):
                    await backend.apply(Push("list", b"1"))
                with pytest.raises(ChannelUnavailableError):
                    await backend.get("list")
                assert time.monotonic() - started < 8
            finally:
                own_server.thaw()
            async with asyncio.timeout(PATIENCE):
                while await backend.get("list") != [b"0", b"1"]:
                    await asyncio.sleep(0.01)
            assert await backend.apply(Push("list", b"2")) == 3

    on_loop(main)


def test_a_server_that_restarts(own_server: Server) -> None:
    """Operations wait for it, and it is looked at again."""

    async def main() -> None:
        async with open_backend(url=own_server.url, timeout=40) as backend:
            await backend.put("key", b"1", None)
            own_server.stop()
            starting = threading.Timer(0.2, own_server.start)
            starting.start()
            pushed = (backend.apply(Push("list", b"1")) for _ in range(50))
            assert sorted(await asyncio.gather(*pushed)) == list(range(1, 51))
            await asyncio.to_thread(starting.join)
            with redis.Redis.from_url(own_server.url) as client:
                evict(client)
                client.client_kill_filter(_type="normal", skipme=True)
            link: Any = backend._primitives.transport._route.link
            while link._pipeline.is_open:
                await asyncio.sleep(0)
            with pytest.raises(EvictionError):
                await backend.put("key", b"2", None)

    on_loop(main)


def evict(client: redis.Redis) -> None:
    """Let a server delete keys when its memory is full."""
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.config_set("maxmemory", "100mb")


def test_a_server_that_evicts_is_refused(own_server: Server) -> None:
    """Before anything is done; unless that is allowed."""
    with redis.Redis.from_url(own_server.url) as client:
        evict(client)

        async def main() -> None:
            async with open_backend(url=own_server.url) as backend:
                for call in (backend.put("key", b"1", None), backend.get("key"), backend.keys()):
                    with pytest.raises(EvictionError, match="allkeys-lru") as caught:
                        await call
                    assert caught.value.channel == "c"
                calls = (backend.get("key") for _ in range(100))
                found = await asyncio.gather(*calls, return_exceptions=True)
                assert {type(each) for each in found} == {EvictionError}
            assert client.dbsize() == 0
            async with open_backend(url=own_server.url, allow_eviction=True) as backend:
                await backend.put("key", b"1", None)

        on_loop(main)


def test_one_look_is_enough_for_all(own_server: Server) -> None:
    """That ask at the same time."""
    with redis.Redis.from_url(own_server.url) as client:

        async def main() -> None:
            async with open_backend(url=own_server.url, timeout=60) as backend:
                await asyncio.gather(*(backend.get("key") for _ in range(500)))

        on_loop(main)
        stats: Any = client.info("commandstats")
        assert stats["cmdstat_info"]["calls"] == 1 + 1  # that of the server's start


def test_a_fence_that_was_passed(redis_client: redis.Redis) -> None:
    """A change that comes too late says so, and stores nothing."""
    channel = RedisChannel("c", redis_client)
    put_fence(channel)

    async def main() -> None:
        backend = channel.backend.fenced(FENCE).asynchronous()
        assert await backend.apply(Add("n", 1)) == b"1"
        channel.backend.put(FENCE.key, b"2", None)
        for call in (backend.apply(Add("n", 1)), backend.put("key", b"1", None), backend.clear()):
            with pytest.raises(RunSupersededError):
                await call
        assert await backend.get("n") == b"1"

    on_loop(main)


def test_scripts_that_the_server_forgets(redis_client: redis.Redis, redis_url: str) -> None:
    """They are sent anew, once for each that asks."""

    async def main() -> None:
        async with open_backend(url=redis_url) as backend:
            for number in range(3):
                calls = (backend.apply(Add("n", 1)) for _ in range(20))
                sums = sorted(map(int, await asyncio.gather(*calls)))
                assert sums == list(range(20 * number + 1, 20 * number + 21))
                redis_client.script_flush()

    on_loop(main)


def test_a_server_that_is_busy_with_a_script(own_server: Server) -> None:
    """An operation waits for its end, or says what the server does."""
    with redis.Redis.from_url(own_server.url) as client, own_server.block():

        async def main() -> None:
            async with (
                open_backend(url=own_server.url, timeout=1) as hasty,
                open_backend(url=own_server.url, timeout=30) as patient,
            ):
                with pytest.raises(ChannelServerError, match="busy with somebody's script"):
                    await hasty.get("key")
                threading.Timer(0.2, client.script_kill).start()
                assert await patient.apply(Push("list", b"1")) == 1

        on_loop(main)


@pytest.mark.parametrize("size", [(1 << 20) - 1, 2_000_000, 9_000_000])
def test_a_value_that_is_too_long_for_the_server(size: int) -> None:
    """It is refused for good, with its size, and those beside it are not."""
    with run_server("valkey-9", "--proto-max-bulk-len", str(1 << 20)) as server:

        async def main() -> None:
            async with open_backend(url=server.url, timeout=60) as backend:
                await backend.put("key", b"1", None)
                value = b'"' + b"x" * size + b'"'
                beside = asyncio.gather(*(backend.apply(Add("n", 1)) for _ in range(20)))
                with pytest.raises(ChannelValueError, match=f"{size + 2:,} bytes"):
                    await backend.put("key", value, None)
                assert sorted(map(int, await beside)) == list(range(1, 21))
                assert await backend.get("key") == b"1"

        on_loop(main)


@pytest.mark.parametrize("over", ["redis", "rediss"])
def test_a_value_that_trickles(servers: Callable[[str], Server], over: str, tmp_path: Path) -> None:
    """It is given up in time, and was not stored, as no server has the whole of it."""
    server = servers("valkey-9")
    with ExitStack() as stack, redis.Redis.from_url(server.url) as client:
        client.flushall()
        port, settings = server.port, {}
        if over == "rediss":
            certificates = Certificates(tmp_path)
            port = stack.enter_context(run_tls(server, certificates))
            settings["ssl_ca_certs"] = str(certificates.authority)
            settings["ssl_certfile"] = str(certificates.client)
        proxy = stack.enter_context(SlowProxy(("127.0.0.1", port)))

        async def main() -> None:
            url = f"{over}://127.0.0.1:{proxy.port}"
            async with open_backend(url=url, timeout=4, **settings) as backend:
                with pytest.raises(ChannelUnavailableError):
                    await backend.put("key", b'"' + b"x" * 20_000_000 + b'"', None)

        on_loop(main)
        assert client.dbsize() == 0


@pytest.mark.parametrize("kind", SERVERS)
def test_a_primary_that_a_sentinel_names(kind: str) -> None:
    """It is found; when it dies, its successor is, within the timeout."""
    with (
        run_watched(kind) as watched,
        watched.ask() as sentinel,
        sentinel.master_for(watched.service) as client,
        RedisChannel("c", client, timeout=30) as channel,
        redis.Redis.from_url(watched.primary.url) as primary,
    ):
        take_every_step(channel)

        async def main() -> None:
            backend = channel.backend.asynchronous()
            await asyncio.gather(*(backend.apply(Push("list", b"1")) for _ in range(20)))
            assert primary.wait(1, 10_000) == 1
            watched.primary.stop()
            more = (backend.apply(Push("list", b"1")) for _ in range(20))
            assert sorted(await asyncio.gather(*more)) == list(range(21, 41))
            await backend.close()

        on_loop(main)


def test_a_primary_that_has_become_a_replica_is_left() -> None:
    """Its refusal to write is no error: the Sentinel is asked again for the primary."""
    with (
        run_watched("redis-8") as watched,
        watched.ask() as sentinel,
        sentinel.master_for(watched.service) as client,
        RedisChannel("c", client, timeout=30) as channel,
        redis.Redis(port=watched.sentinel.port) as control,
    ):

        async def main() -> None:
            backend = channel.backend.asynchronous()
            await backend.apply(Push("list", b"1"))
            control.execute_command("SENTINEL", "FAILOVER", watched.service)
            wait_until("the primary has become a replica", watched.primary.follows)
            more = (backend.apply(Push("list", b"1")) for _ in range(20))
            assert sorted(await asyncio.gather(*more)) == list(range(2, 22))
            await backend.close()

        on_loop(main)


@pytest.mark.parametrize("kind", SERVERS)
def test_a_cluster(clusters: Callable[[str], Cluster], kind: str) -> None:
    """From the URL of a node, or on a client."""
    cluster = clusters(kind)
    cluster.flush()
    with RedisChannel("c", url=cluster.url, cluster=True) as channel:
        take_every_step(channel)
    with RedisCluster.from_url(cluster.url, decode_responses=True, protocol=3) as client:
        take_every_step(RedisChannel("c", client))


@pytest.mark.parametrize("kind", SERVERS)
def test_slots_that_move_under_load(clusters: Callable[[str], Cluster], kind: str) -> None:
    """Every change happens once, while the channel's slot goes to another node and back."""
    cluster = clusters(kind)
    cluster.flush()
    first = cluster.masters[0]
    name = cluster.name_on(first)
    with RedisChannel(name, url=cluster.url, cluster=True, timeout=60) as channel:

        async def main() -> int:
            backend = channel.backend.asynchronous()
            await backend.apply(Add("n", 0))
            moving = asyncio.create_task(asyncio.to_thread(move_to_and_fro, cluster, name))
            count = 0
            while not moving.done():
                await asyncio.gather(*(add_and_push(backend, count + each) for each in range(10)))
                count += 10
            await moving
            return count

        count = on_loop(main)
        assert channel.get("n") == count
        assert sorted(channel.get("list")) == list(range(count))


async def add_and_push(backend: AsyncBackend, number: int) -> None:
    """Change two keys."""
    await backend.apply(Add("n", 1))
    await backend.apply(Push("list", b"%d" % number))


def move_to_and_fro(cluster: Cluster, name: str) -> None:
    """Move the slot of a channel between the first two nodes, twice to and fro."""
    slot = key_slot(name.encode())
    here, there = cluster.masters[:2]
    for _ in range(4):
        cluster.begin_move(slot, here, there)
        while keys := cluster.keys_in(slot, here):
            cluster.move_keys(*keys[:2], source=here, target=there)
        cluster.end_move(slot, there)
        here, there = there, here


def test_the_death_of_a_master_is_survived() -> None:
    """Its replica takes over within the timeout, and nothing acknowledged is lost."""
    with run_cluster("valkey-9", replica=True) as cluster:
        first = cluster.masters[0]
        name = cluster.name_on(first)
        with RedisChannel(name, url=cluster.url, cluster=True, timeout=40) as channel:

            async def main() -> None:
                backend = channel.backend.asynchronous()
                await asyncio.gather(*(backend.apply(Push("list", b"1")) for _ in range(50)))
                assert first.client.wait(1, 10_000) == 1
                first.stop()
                more = (backend.apply(Push("list", b"1")) for _ in range(50))
                assert sorted(await asyncio.gather(*more)) == list(range(51, 101))
                await backend.close()

            on_loop(main)


def test_connections_that_are_killed_again_and_again(
    server: Server, redis_client: redis.Redis
) -> None:
    """Whatever was under way happens once."""
    with run_proxy(server) as proxy:

        async def main() -> None:
            async with open_backend(url=url_of(proxy), timeout=60) as backend:
                adding = [asyncio.create_task(add_many(backend)) for _ in range(10)]
                for _ in range(20):
                    await asyncio.sleep(0.005)
                    redis_client.client_kill_filter(_type="normal", skipme=True)
                await asyncio.gather(*adding)
                assert await backend.get("n") == b"1000"

        async def add_many(backend: AsyncBackend) -> None:
            for _ in range(100):
                await backend.apply(Add("n", 1))

        on_loop(main)
