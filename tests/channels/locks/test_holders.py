"""Holders of locks: whichever thread leaves one, and who has it next."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context

import pytest

from graflow.channels.base import Channel
from graflow.channels.locks.lock import HeldLock
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import (
    ChannelTimeoutError,
    ChannelTypeError,
    ChannelValueError,
    LockDeadlockError,
    LockLostError,
    LockReentryError,
)
from tests.programs import apart
from tests.servers import Server

WORKERS = 8
TURNS = 20  # of each worker, were they shared out evenly


@pytest.fixture
def threads() -> Iterator[list[ThreadPoolExecutor]]:
    """Two threads, to be told apart."""
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        yield [one, other]


def is_free(channel: Channel) -> bool:
    """Tell whether nobody has the lock, as seen by a thread that does not have it."""

    def attempt() -> bool:
        try:
            with channel.lock("key", timeout=0):
                return True
        except ChannelTimeoutError:
            return False

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(attempt).result()


@pytest.mark.needs_system
def test_it_may_be_left_in_another_thread(
    channel: Channel, threads: list[ThreadPoolExecutor]
) -> None:
    """As a framework does that runs a dependency with a `yield` in threads of a pool."""

    @contextmanager
    def dependency() -> Iterator[HeldLock]:
        with channel.lock("key") as lock:
            yield lock

    request = dependency()
    lock = threads[0].submit(request.__enter__).result()
    assert not is_free(channel)
    assert lock.fence > 0
    assert not lock.lost
    threads[1].submit(request.__exit__, None, None, None).result()
    assert is_free(channel)


@pytest.mark.needs_system
def test_a_thread_that_works_for_another_request_waits(
    channel: Channel, threads: list[ThreadPoolExecutor]
) -> None:
    """It took the lock for the first request, in the context of that one: this is no re-entry."""
    first, second = copy_context(), copy_context()
    lock = channel.lock("key", timeout=0.01)
    threads[0].submit(first.run, lock.__enter__).result()
    with pytest.raises(ChannelTimeoutError):
        threads[0].submit(second.run, channel.lock("key", timeout=0.01).__enter__).result()
    with pytest.raises(LockReentryError):
        threads[0].submit(first.run, channel.lock("key", timeout=0.01).__enter__).result()
    lock.__exit__(None, None, None)
    assert is_free(channel)


@pytest.mark.needs_system
def test_a_lock_that_many_enter_is_left_by_the_one_who_holds_it(
    channel: Channel, advance: Callable[[float], None], threads: list[ThreadPoolExecutor]
) -> None:
    """One thread lost it, another one has it now: each leaves its own."""
    lock = channel.lock("key", lease=60)
    loser = threads[0].submit(lock.__enter__).result()
    advance(100)
    holder = threads[1].submit(lock.__enter__).result()
    assert holder.fence > loser.fence
    with pytest.raises(LockLostError):
        threads[0].submit(lock.__exit__, None, None, None).result()
    assert not is_free(channel)
    threads[1].submit(lock.__exit__, None, None, None).result()
    assert is_free(channel)


def test_leaving_a_lock_twice_says_that_it_is_not_held(channel: Channel) -> None:
    """With an error of this library."""
    lock = channel.lock("key")
    held = lock.__enter__()
    held.__exit__(None, None, None)
    for leave in (held.__exit__, lock.__exit__):
        with pytest.raises(LockLostError, match="not held"):
            leave(None, None, None)


@pytest.mark.needs_system
def test_acquire_and_release(channel: Channel, threads: list[ThreadPoolExecutor]) -> None:
    """They do what a `with` does; any thread may release what another one acquired."""
    lock = channel.lock("key")
    held = lock.acquire()
    assert lock.fence == held.fence
    assert not is_free(channel)
    with pytest.raises(LockReentryError):
        lock.acquire(timeout=0)
    lock.release()
    assert is_free(channel)
    later = threads[0].submit(lock.acquire, timeout=0).result()
    assert later.fence > held.fence
    lock.release(later)
    assert is_free(channel)
    with lock.acquire(timeout=60) as block:
        assert not is_free(channel)
    assert is_free(channel)
    for leave in (lock.release, held.release, later.release, block.release):
        with pytest.raises(LockLostError, match="not held"):
            leave()


@pytest.mark.needs_system
def test_acquire_has_a_timeout_of_its_own(
    channel: Channel, threads: list[ThreadPoolExecutor]
) -> None:
    """It goes before that of the lock, and is checked like that one."""
    held = threads[0].submit(channel.lock("key").acquire).result()
    for timeout, told in ((0, "within 0 s"), (0.02, r"within 0\.02 s"), (None, r"within 0\.01 s")):
        with pytest.raises(ChannelTimeoutError, match=told):
            channel.lock("key", timeout=0.01).acquire(timeout)
    for bad, kind in ((-1, ChannelValueError), (True, ChannelTypeError)):
        with pytest.raises(kind, match="timeout"):
            channel.lock("key").acquire(bad)
    held.release()
    assert is_free(channel)


@pytest.mark.needs_system
def test_release_frees_what_it_is_given(
    channel: Channel, advance: Callable[[float], None], threads: list[ThreadPoolExecutor]
) -> None:
    """And refuses what is another lock's, or no lock at all; whoever lost it is told so."""
    lock, other = channel.lock("key", lease=60), channel.lock("key")
    lost = threads[0].submit(lock.acquire).result()
    advance(100)
    held = threads[1].submit(lock.acquire).result()
    with pytest.raises(ChannelValueError, match="not acquired here"):
        other.release(held)
    with pytest.raises(ChannelTypeError, match="not 3"):
        lock.release(3)  # type: ignore[arg-type]
    assert not is_free(channel)
    with pytest.raises(LockLostError, match="was lost"):
        lock.release(lost)
    assert not is_free(channel)
    lock.release(held)
    assert is_free(channel)


@pytest.mark.needs_system
def test_a_new_thread_is_not_taken_for_a_dead_one() -> None:
    """Though the system gives it the number of the dead one, who never left the lock."""
    channel = MemoryChannel("c")
    lock = channel.lock("key", timeout=0)
    numbers: list[int] = []
    found: list[BaseException] = []

    def enter() -> None:
        numbers.append(threading.get_ident())
        lock.__enter__()

    def look() -> None:
        numbers.append(threading.get_ident())
        for ask in (lambda: lock.fence, lock.__enter__):
            try:
                ask()
            except (LockLostError, LockReentryError, ChannelTimeoutError) as error:
                found.append(error)

    for body in (enter, *[look] * 100):
        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        if numbers.count(numbers[0]) > 1:
            break
    assert numbers.count(numbers[0]) > 1
    assert {type(error) for error in found} == {LockLostError, ChannelTimeoutError}


def test_two_tasks_of_one_thread(channel: Channel) -> None:
    """One that would stop the other by waiting gets an error at once; it may try and await."""

    async def hold(taken: asyncio.Event, done: asyncio.Event) -> None:
        with channel.lock("key"):
            with pytest.raises(LockReentryError):
                channel.lock("key", timeout=60).__enter__()
            taken.set()
            await done.wait()

    async def run() -> None:
        taken, done = asyncio.Event(), asyncio.Event()
        holder = asyncio.create_task(hold(taken, done))
        await taken.wait()
        with pytest.raises(LockDeadlockError, match="another asyncio task"):
            channel.lock("key", timeout=600).__enter__()
        with pytest.raises(ChannelTimeoutError):
            channel.lock("key", timeout=0).__enter__()
        done.set()
        await holder
        with channel.lock("key", timeout=0):
            pass

    asyncio.run(run())
    with channel.lock("key", timeout=0), pytest.raises(LockDeadlockError):
        asyncio.run(hold(asyncio.Event(), asyncio.Event()))


@pytest.mark.needs_system
def test_tasks_may_take_it_in_threads(channel: Channel) -> None:
    """There the wait blocks nobody; the lock is left wherever the task is."""
    inside: list[int] = []

    async def work(number: int) -> None:
        held = await asyncio.to_thread(channel.lock("key", timeout=60).acquire)
        inside.append(number)
        await asyncio.sleep(0)
        assert inside.pop() == number
        held.release()

    async def run() -> None:
        await asyncio.gather(*map(work, range(5)))

    asyncio.run(run())
    assert is_free(channel)


def test_who_came_first_has_it_first(channel: Channel) -> None:
    """A lock that is free is kept for the first in the line, for as long as that one asks."""
    long = 10_000_000
    assert type(channel.backend.acquire("key", "holder", long)) is int
    for ahead, name in enumerate(("first", "second", "third")):
        assert channel.backend.line_up("key", name, long) == ahead
    assert channel.backend.line_up("key", "first", long) == 0
    assert channel.backend.line_up("key", "second", 0) == 0  # it waits no longer
    assert channel.backend.line_up("key", "third", long) == 1
    assert channel.backend.release("key", "holder")
    for other in ("third", "holder", "somebody"):
        assert channel.backend.acquire("key", other, long) == "first"
    assert type(channel.backend.acquire("key", "first", long)) is int
    assert channel.backend.acquire("key", "third", long) == "first"
    assert channel.backend.line_up("key", "third", long) == 0
    assert channel.backend.release("key", "first")
    assert type(channel.backend.acquire("key", "third", long)) is int
    assert channel.backend.release("key", "third")
    assert type(channel.backend.acquire("key", "somebody", long)) is int
    assert channel.backend.acquire("key", "somebody", long, 2**52) == 2**52
    assert channel.backend.release("key", "somebody")
    assert channel.backend.acquire("key", "last", long) == 2**52 + 1


def test_a_place_is_given_up_when_nobody_asks(
    channel: Channel, advance: Callable[[float], None]
) -> None:
    """Its owner may be dead."""
    for name in ("dead", "alive"):
        channel.backend.line_up("key", name, 5_000)
    advance(4)
    assert channel.backend.acquire("key", "alive", 5_000) == "dead"
    assert channel.backend.line_up("key", "alive", 5_000) == 1
    advance(2)
    assert channel.backend.line_up("key", "alive", 5_000) == 0
    assert type(channel.backend.acquire("key", "alive", 5_000)) is int


def take_turns(channel: Channel, me: int) -> None:
    """Take the lock again and again, until all have had `TURNS` chances since all were there."""
    while True:
        with channel.lock("key", timeout=100):
            turns = channel.append("turns", me)
            last = channel.get("last")
            if last is None and len(set(channel.get("turns"))) == WORKERS:
                channel.set("last", turns + WORKERS * TURNS)
            if last is not None and turns > last:
                return


def check_turns(channel: Channel) -> None:
    """Assert that nobody had it more than twice as often as another one."""
    last = channel.get("last")
    counts = Counter(channel.get("turns")[last - WORKERS * TURNS : last])
    assert len(counts) == WORKERS
    assert max(counts.values()) <= 2 * min(counts.values()), counts


@pytest.mark.needs_system
def test_processes_share_it_evenly(servers: Callable[[str], Server]) -> None:
    """Eight of them, who all want it all the time."""
    with (
        RedisChannel("taken in turns", url=servers("valkey-9").url) as channel,
        ProcessPoolExecutor(WORKERS, mp_context=apart()) as pool,
    ):
        channel.clear()
        list(pool.map(take_turns, [channel] * WORKERS, range(WORKERS)))
        check_turns(channel)


@pytest.mark.needs_system
def test_threads_share_it_evenly() -> None:
    """Also in memory."""
    channel = MemoryChannel("c")
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(take_turns, [channel] * WORKERS, range(WORKERS)))
    check_turns(channel)
