"""Cancelled calls of an awaitable backend: each has happened once by then, or never will."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import redis

from graflow.channels.backend import Add, AsyncBackend, Push
from graflow.channels.redis.asynchronous.async_redis_backend import AsyncRedisBackend
from graflow.channels.redis.asynchronous.driver import carry_out_on_loop
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelError, OutcomeUnknownError
from graflow.testing import Fault
from tests.channels.redis.asynchronous.steps import on_loop, open_backend
from tests.patience import PATIENCE
from tests.proxy import run_proxy, url_of
from tests.servers import SERVERS, Server, run_server

ENOUGH = 3  # calls that nothing cancelled, after which a longer wait cancels nothing either


async def cancelled_after(turns: int, call: Coroutine[Any, Any, Any], *, times: int = 1) -> bool:
    """Cancel a call after so many turns of the loop, and tell whether it had ended before."""
    task = asyncio.create_task(call)
    for _ in range(turns):
        await asyncio.sleep(0)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    try:
        await task
    except asyncio.CancelledError:
        return False
    return True


async def try_each_turn(backend: AsyncBackend, count: Callable[[], int], *, times: int = 1) -> None:
    """Cancel an addition at each turn of the loop, and compare with what `count` finds.

    Args:
        backend: Where 1 is added to the key `n`.
        count: Reads the sum by a way of its own.
        times: How often each call is cancelled.
    """
    turns = uncancelled = found = 0
    while uncancelled < ENOUGH:
        had_ended = await cancelled_after(turns, backend.apply(Add("n", 1)), times=times)
        now = count()
        assert found <= now <= found + 1
        assert not had_ended or now == found + 1
        uncancelled += had_ended
        found, turns = now, turns + 1
        got = await backend.get("n")
        assert int(got or b"0") == found  # type: ignore[arg-type]
    assert count() == found


@pytest.fixture
def direct(redis_client: redis.Redis) -> RedisChannel:
    """The channel by another way."""
    return RedisChannel("c", redis_client)


@pytest.fixture
def count(direct: RedisChannel) -> Callable[[], int]:
    """A function that returns the sum at present."""

    def count() -> int:
        record = direct.backend.get("n")
        return int(record or b"0")  # type: ignore[arg-type]

    return count


@pytest.mark.parametrize("times", [1, 3])
def test_at_each_turn_of_the_loop(redis_url: str, count: Callable[[], int], times: int) -> None:
    """The sum is right when the call has raised, and stays so; the next call works."""

    async def main() -> None:
        async with open_backend(url=redis_url) as backend:
            await try_each_turn(backend, count, times=times)

    on_loop(main)


def test_at_each_turn_of_the_first_call(redis_url: str, count: Callable[[], int]) -> None:
    """Also of one that connects, looks at the server, and learns its time and the script."""

    async def main() -> None:
        turns = uncancelled = found = 0
        while uncancelled < ENOUGH:
            # Each has connections of its own, since no other handle has this timeout.
            async with open_backend(url=redis_url, timeout=20 + turns / 1000) as backend:
                had_ended = await cancelled_after(turns, backend.apply(Add("n", 1)))
                now = count()
                assert found <= now <= found + 1
                assert not had_ended or now == found + 1
                uncancelled += had_ended
                found, turns = now, turns + 1
        assert count() == found

    on_loop(main)


@pytest.mark.parametrize("fault", Fault)
def test_at_each_turn_while_replies_get_lost(
    server: Server, count: Callable[[], int], fault: Fault
) -> None:
    """A change whose reply is lost is sent again, and not left before it is answered."""
    with run_proxy(server, fault) as proxy:

        async def main() -> None:
            settings: dict[str, Any] = {"url": url_of(proxy), "timeout": 60, "socket_timeout": 0.1}
            async with open_backend(**settings) as backend:
                await backend.apply(Add("n", 0))
                found = 0
                for turns in range(0, 60, 3):
                    proxy.faults = 1
                    await cancelled_after(turns, backend.apply(Add("n", 1)))
                    proxy.faults = 0
                    now = count()
                    assert found <= now <= found + 1
                    found = now
                assert count() == found

        on_loop(main)
        assert proxy.lost


def test_a_lost_reply_is_awaited_by_a_cancelled_change(
    server: Server, direct: RedisChannel
) -> None:
    """Over several attempts, and however often it is cancelled meanwhile."""
    with run_proxy(server, Fault.STALL) as proxy:

        async def main() -> None:
            settings: dict[str, Any] = {"url": url_of(proxy), "timeout": 60, "socket_timeout": 0.1}
            async with open_backend(**settings) as backend:
                await backend.apply(Push("list", b"0"))
                proxy.faults = 2
                task = asyncio.create_task(backend.apply(Push("list", b"1")))
                async with asyncio.timeout(PATIENCE):
                    while not proxy.lost:
                        await asyncio.sleep(0)
                    while not task.done():
                        task.cancel()
                        await asyncio.sleep(0)
                assert task.cancelled()
                assert proxy.lost == 2

        on_loop(main)
        assert direct.backend.get("list") == [b"0", b"1"]


def test_a_read_that_is_cancelled_leaves_the_connection_to_others() -> None:
    """It raises at once, though the server says nothing; its reply goes to nobody else."""
    with run_server("valkey-9") as server:

        async def main() -> None:
            async with open_backend(url=server.url, timeout=60) as backend:
                for key in ("a", "b"):
                    await backend.put(key, b'"%b"' % key.encode(), None)
                before = await number_of(backend)
                server.freeze()
                try:
                    other = asyncio.create_task(backend.get("b"))
                    with pytest.raises(TimeoutError):
                        async with asyncio.timeout(0.05):
                            await backend.get("a")
                finally:
                    server.thaw()
                assert await other == b'"b"'
                assert await backend.get("a") == b'"a"'
                assert await number_of(backend) == before

        on_loop(main)


async def number_of(backend: AsyncRedisBackend) -> Any:
    """Return the number of the backend's connection on this loop."""
    return await carry_out_on_loop(backend._primitives.transport.read("CLIENT", "ID"), backend)


def test_what_was_not_sent_is_withdrawn() -> None:
    """A change that waits for a connection raises at once, and never happens."""
    with run_server("valkey-9") as server, RedisChannel("c", url=server.url) as direct:

        async def main() -> None:
            async with open_backend(url=server.url, timeout=60) as backend:
                server.freeze()
                try:
                    started = time.monotonic()
                    with pytest.raises(TimeoutError):
                        async with asyncio.timeout(0.05):
                            await backend.apply(Add("n", 1))
                    assert (
                        time.monotonic() - started < 30
                    )  # half of the time, at least, if it stayed
                finally:
                    server.thaw()
                assert await backend.apply(Add("n", 10)) == b"10"

        on_loop(main)
        assert direct.backend.get("n") == b"10"


@pytest.mark.parametrize("kind", SERVERS)
def test_a_change_that_is_never_answered_is_awaited_for_its_time(kind: str) -> None:
    """Not for ever: a server that hangs leaves it open, as it does to those that wait."""
    with run_server(kind) as server:

        async def main() -> None:
            async with open_backend(url=server.url, timeout=1) as backend:
                await backend.apply(Add("n", 1))
                server.freeze()
                try:
                    waiting = asyncio.create_task(backend.apply(Add("n", 1)))
                    started = time.monotonic()
                    with pytest.raises(TimeoutError):
                        async with asyncio.timeout(0.05):
                            await backend.apply(Add("n", 1))
                    assert time.monotonic() - started > 0.4  # half of the timeout, at least
                    with pytest.raises(OutcomeUnknownError):
                        await waiting
                finally:
                    server.thaw()

        on_loop(main)


def test_neighbours_of_a_cancelled_call_go_on(redis_url: str, count: Callable[[], int]) -> None:
    """In a task group that one call fails, and beside calls that are cancelled at random turns."""

    async def main() -> None:
        async with open_backend(url=redis_url) as backend:
            await backend.apply(Add("n", 0))
            tasks = [asyncio.create_task(backend.apply(Add("n", 1))) for _ in range(300)]
            for number, task in enumerate(tasks):
                if number % 3 == 0:
                    task.cancel()
                if number % 20 == 0:
                    await asyncio.sleep(0)
            await asyncio.wait(tasks)
            assert all(task.cancelled() or task.exception() is None for task in tasks)
            done = sum(not task.cancelled() for task in tasks)
            assert done >= 200
            assert done <= count() <= 300
            with pytest.raises(ExceptionGroup):
                await one_fails(backend)
            after = count()
            assert int(await backend.apply(Add("n", 1))) == after + 1

    async def one_fails(backend: AsyncBackend) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(50):
                group.create_task(backend.apply(Add("n", 1)))
            group.create_task(fail())

    async def fail() -> None:
        raise ChannelError("no")

    on_loop(main)


def test_wait_for_gives_up_in_time_or_has_the_answer(
    redis_url: str, count: Callable[[], int]
) -> None:
    """Whichever comes first, the sum is right."""

    async def main() -> None:
        async with open_backend(url=redis_url) as backend:
            await backend.apply(Add("n", 0))
            found = 0
            for microseconds in range(0, 400, 10):
                try:
                    await asyncio.wait_for(backend.apply(Add("n", 1)), microseconds / 1e6)
                    answered = 1
                except TimeoutError:
                    answered = 0
                now = count()
                assert found + answered <= now <= found + 1
                found = now

    on_loop(main)


def test_cancelled_among_others_while_connections_break(
    server: Server, direct: RedisChannel, redis_client: redis.Redis
) -> None:
    """What a cancelled call had done when it raised is what it has done in the end."""
    found: dict[str, object] = {}

    async def main(url: str) -> None:
        async with open_backend(url=url, timeout=60, socket_timeout=1) as backend:
            await backend.apply(Add("n", 0))
            chance = random.Random(17)

            async def worker(number: int) -> None:
                for turn in range(15):
                    key = f"{number} {turn}"
                    call = backend.apply(Add(key, 1))
                    ended = await cancelled_after(chance.randrange(60), call)
                    found[key] = direct.backend.get(key)
                    assert found[key] == b"1" or not ended

            async def breaker() -> None:
                while True:
                    await asyncio.sleep(0.01)
                    redis_client.client_kill_filter(_type="normal", skipme=True)

            breaking = asyncio.create_task(breaker())
            await asyncio.gather(*(worker(number) for number in range(20)))
            breaking.cancel()

    with run_proxy(server) as proxy:
        on_loop(lambda: main(url_of(proxy)))
    assert {key: direct.backend.get(key) for key in found} == found
    assert set(found.values()) <= {None, b"1"}
