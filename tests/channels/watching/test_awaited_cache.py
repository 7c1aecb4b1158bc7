"""A cached channel on an event loop: the same cache, in front of the awaitable form."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest
import redis
from typing_extensions import override

from graflow.channels.backend import (
    Answer,
    AsyncBackend,
    AsyncBackendInFront,
    Conflict,
    Put,
)
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.redis.asynchronous.async_redis_backend import AsyncRedisBackend
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.typed import TypedChannel
from graflow.channels.watching.async_cached_backend import AsyncCachedBackend
from graflow.channels.watching.cached_backend import CachedBackend, cached
from graflow.channels.watching.read_cache import ReadCache
from graflow.exceptions import ChannelUnavailableError

TURNS = 12  # of the loop until an operation is cancelled, at most


def on_loop(url: str, main: Callable[[RedisChannel], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine with a channel that has a cache, of which every change is told."""

    async def run() -> None:
        with RedisChannel("test", url=url, cache=True) as channel:
            while not channel.backend.signals().is_live:
                await asyncio.sleep(0.005)
            await main(channel)

    asyncio.run(run())


def cache_of(channel: RedisChannel) -> ReadCache:
    """Return the cache of a channel."""
    backend: Any = channel.backend
    assert isinstance(backend, CachedBackend)
    return backend.cache


async def until_told(channel: RedisChannel) -> None:
    """Wait until the server has told of all that was done before."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hear(keys: Any) -> None:
        if "marker" in (keys or ()):
            loop.call_soon_threadsafe(told.set)

    subscription = channel.backend.signals().subscribe(hear)
    await channel.aio.set("marker", 1)
    await told.wait()
    subscription.close()


def test_it_is_in_front_of_the_native_form(redis_url: str) -> None:
    """No operation takes a thread; and behind a fence, it is the same."""

    async def main(channel: RedisChannel) -> None:
        form = channel.aio.backend
        assert isinstance(form, AsyncCachedBackend)
        assert isinstance(form.inner, AsyncRedisBackend)
        assert form.fresh.blocking is channel.backend.fresh

    on_loop(redis_url, main)


def test_an_unchanged_key_is_read_once(redis_url: str, redis_client: redis.Redis) -> None:
    """On a loop and in threads, which have one cache."""

    def reads() -> int:
        stats: Any = redis_client.info("commandstats")
        names = ("cmdstat_evalsha", "cmdstat_exists")
        return sum(stats[name]["calls"] for name in names if name in stats)

    async def main(channel: RedisChannel) -> None:
        face = channel.aio
        await face.set("list", [1])
        await face.append("items", 2)
        await until_told(channel)
        await face.get_many(["list", "items", "missing"])
        before = reads()
        for _ in range(3):
            (await face.get("items")).append(3)
            assert await face.get("list") == channel.get("list") == [1]
            assert await face.get_many(["items", "missing"]) == {"items": [2]}
            assert await TypedChannel(channel, list[int]).aio.get("list") == [1]
            assert await face.exists("list")
            assert not await face.exists("missing")
        assert reads() == before

    on_loop(redis_url, main)


def test_nothing_of_a_cancelled_change_stays(redis_url: str) -> None:
    """Wherever it is cancelled: what is read then is what the store holds, though nobody tells."""
    chance = random.Random(1)
    changes: list[Callable[[RedisChannel, int], Awaitable[object]]] = [
        lambda channel, number: channel.aio.set("key", number),
        lambda channel, number: channel.aio.set_many({"key": number, "other": number}),
        lambda channel, number: channel.aio.atomic_add("key"),
        lambda channel, number: channel.aio.update("key", lambda old: (old or 0) + 1, 0),
        lambda channel, number: channel.aio.delete("key"),
        lambda channel, number: channel.aio.clear(),
    ]

    async def main(channel: RedisChannel) -> None:
        cache_of(channel)._subscription.close()
        other = RedisChannel("test", url=redis_url)
        for number in range(len(changes) * TURNS):
            await asyncio.gather(channel.aio.get("key"), channel.aio.get("key"))
            change = changes[number % len(changes)](channel, number)
            tasks = [asyncio.ensure_future(change), asyncio.ensure_future(channel.aio.get("key"))]
            for _ in range(number // len(changes)):
                await asyncio.sleep(0)
            chance.shuffle(tasks)
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            assert not cache_of(channel)._begun
            assert await channel.aio.get("key") == other.get("key")
            assert channel.get("key") == other.get("key")

    on_loop(redis_url, main)


class Slow(AsyncBackendInFront):
    """A backend whose changes happen, even if they are cancelled, when they are let go."""

    def __init__(self, inner: AsyncBackend) -> None:
        """Stand in front of one that is never cancelled."""
        super().__init__(inner.backend, inner)
        self.begun, self.free = asyncio.Event(), asyncio.Event()

    async def _wait(self) -> bool:
        self.begun.set()
        try:
            await self.free.wait()
        except asyncio.CancelledError:
            await self.free.wait()
            return True
        return False

    @override
    async def commit(self, checks: Any, changes: Any) -> list[Answer] | Conflict:
        is_cancelled = await self._wait()
        answers = await self.inner.commit(checks, changes)
        if is_cancelled:
            raise asyncio.CancelledError
        return answers

    @override
    async def clear(self, *, kept: bool = False) -> None:
        is_cancelled = await self._wait()
        await self.inner.clear(kept=kept)
        if is_cancelled:
            raise asyncio.CancelledError


CHANGES: dict[str, Callable[[AsyncBackend], Coroutine[Any, Any, object]]] = {
    "put": lambda backend: backend.put("key", b"2", None),
    "apply": lambda backend: backend.apply(Put("key", b"2", None)),
    "commit": lambda backend: backend.commit((), [Put("key", b"2", None)]),
    "clear": lambda backend: backend.clear(),
}


@pytest.mark.parametrize("is_cancelled", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_what_was_read_before_a_change_is_forgotten(change: str, *, is_cancelled: bool) -> None:
    """Also what was read while the change was on its way, and if that was cancelled."""

    async def main() -> None:
        store = MemoryChannel("test").backend
        store.put("key", b"1", None)
        backend = cached(store, 10)
        slow = Slow(store.asynchronous())
        form = AsyncCachedBackend(backend, slow)
        backend.cache._subscription.close()  # nobody tells
        assert await form.get("key") == b"1"
        task = asyncio.create_task(CHANGES[change](form))
        await slow.begun.wait()
        assert backend.cache.look(["key"]) is None
        assert await form.get("key") == b"1"
        assert backend.cache.look(["key"]) == [b"1"]
        if is_cancelled:
            task.cancel()
            await asyncio.sleep(0)
        slow.free.set()
        await asyncio.wait([task])
        assert task.cancelled() == is_cancelled
        assert await form.get("key") == store.get("key") != b"1"

    asyncio.run(main())


def test_a_closed_handle_reads_nothing(redis_url: str) -> None:
    """Not from its cache either, of which nothing is left."""

    async def main(channel: RedisChannel) -> None:
        await channel.aio.set("key", 1)
        await until_told(channel)
        assert await channel.aio.get("key") == 1
        signals = channel.backend.signals()
        await channel.aio.close()
        with pytest.raises(ChannelUnavailableError):
            await channel.aio.get("key")
        assert not signals.has_listeners

    on_loop(redis_url, main)
