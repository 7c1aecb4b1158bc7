"""Updates of a key to which others write all the time: they end, one way or the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import pytest

from graflow.channels.backend import KEEP, Conflict, Holds, Put, Unlocked
from graflow.channels.base import Channel
from graflow.channels.operation.attempts import turn_name
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelConflictError, ChannelUnavailableError
from tests.programs import apart
from tests.servers import Server, run_server

Open = Callable[[str], Channel]
PROCESSES, UPDATES = 8, 125


@contextmanager
def adder(channel: Channel) -> Iterator[list[int]]:
    """Let a thread add 1 by updates, without a pause; give how often it did."""
    counts = [0]
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            channel.update("number", lambda number: number + 1)
            counts[0] += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield counts
    finally:
        done.set()
        thread.join()


@pytest.mark.needs_system
def test_a_slow_update_ends_beside_a_quick_one(open_channel: Open) -> None:
    """It asks for its turn, and the other one waits until it is over."""
    channel = open_channel("c")
    channel.set("number", 0)
    calls = 0

    def slow(number: int) -> int:
        nonlocal calls
        calls += 1
        time.sleep(0.03)
        return number + 1_000_000

    with adder(open_channel("c")) as counts:
        for _ in range(3):
            channel.update("number", slow)
    assert channel.get("number") == 3_000_000 + counts[0]
    assert calls < 100


def update_a_lot(channel: Channel) -> int:
    """Add 1 again and again; return how often."""
    for _ in range(UPDATES):
        channel.update("number", lambda number: number + 1)
    return UPDATES


@pytest.mark.needs_system
def test_all_who_update_one_key_end(servers: Callable[[str], Server]) -> None:
    """Eight processes that do nothing else."""
    with (
        RedisChannel("a hot key", url=servers("valkey-9").url) as channel,
        ProcessPoolExecutor(PROCESSES, mp_context=apart()) as pool,
    ):
        channel.set("number", 0)
        done = list(pool.map(update_a_lot, [channel] * PROCESSES))
        assert done == [UPDATES] * PROCESSES
        assert channel.get("number") == PROCESSES * UPDATES


@pytest.mark.parametrize("is_typed", [False, True])
def test_an_update_that_always_comes_too_late_gives_up(open_channel: Open, is_typed: bool) -> None:
    """Someone writes each time before the function is done, without asking for a turn."""
    channel, other = open_channel("c"), open_channel("c")
    channel.backend.timeout = 0.3
    channel.set("number", 0, ttl=600)
    calls = 0

    def overtaken(number: int) -> int:
        nonlocal calls
        calls += 1
        other.set("number", -calls, ttl=600)
        return number + 1_000_000

    update: Callable[..., object] = channel.update
    if is_typed:
        update = TypedChannel(channel, int).update
    with pytest.raises(ChannelConflictError, match="others kept writing") as caught:
        update("number", overtaken)
    assert isinstance(caught.value, TimeoutError)
    assert (caught.value.channel, caught.value.key) == (channel.name, "number")
    assert calls > 1
    assert channel.get("number") == -calls
    assert channel.ttl("number") is not None
    channel.update("number", lambda number: number * 2)  # it left no turn behind
    assert channel.get("number") == -2 * calls


def test_the_timeout_of_a_channel_bounds_its_updates(redis_url: str) -> None:
    """Not the function, which has begun in time."""
    begun: list[float] = []
    with RedisChannel("c", url=redis_url, timeout=0.5) as channel:

        def overtaken(number: int) -> int:
            begun.append(time.monotonic())
            channel.set("number", number + 1)
            return number

        with pytest.raises(ChannelConflictError, match=r"in at most 0\.5 s"):
            channel.update("number", overtaken, default=0)
        assert begun[-1] - begun[0] < 10


def swap(channel: Channel, key: str, old: bytes, new: bytes, owner: str = "") -> bool:
    """Replace a record as an update does; tell whether that went well."""
    checks = Holds(key, old), Unlocked(turn_name(key), owner)
    return not isinstance(channel.backend.commit(checks, (Put(key, new, KEEP),)), Conflict)


def test_a_turn_is_for_those_who_came_first(channel: Channel) -> None:
    """Others may read and write meanwhile, and no lock of a user has its name."""
    channel.set("key", 1)
    assert swap(channel, "key", b"1", b"2", "me")
    name = "\0turn key"
    with channel.lock(name, timeout=0):
        assert channel.update("key", lambda number: number + 1) == 3
        assert type(channel.backend.acquire(name, "me", 600_000)) is int
    assert not swap(channel, "key", b"3", b"4", "another")
    assert not swap(channel, "key", b"3", b"4")
    channel.set("another key", 1)
    assert swap(channel, "another key", b"1", b"2")
    assert swap(channel, "key", b"3", b"4", "me")
    channel.set("key", 9)
    channel.backend.release(name, "me")
    assert swap(channel, "key", b"9", b"10")


def test_who_died_in_its_turn_holds_up_the_others_for_a_moment(channel: Channel) -> None:
    """Not for their whole time."""
    channel.set("key", 1)
    channel.backend.acquire("\0turn key", "dead", 1_000)
    assert channel.backend.timeout >= 5
    if channel.backend.server:  # elsewhere the clock stands still
        assert channel.update("key", lambda number: number + 1) == 2


@pytest.mark.needs_system
def test_a_server_that_falls_silent_stops_an_update_as_anything_else() -> None:
    """It waits for its turn: that, what follows, and the turn's release take one timeout more."""
    with (
        run_server("valkey-9") as server,
        RedisChannel("c", url=server.url, timeout=3) as channel,
    ):
        channel.set("number", 0)
        assert channel.backend.acquire(turn_name("number"), "another", 60_000)
        frozen: list[float] = []

        def freeze() -> None:
            server.freeze()
            frozen.append(time.monotonic())

        timer = threading.Timer(1.0, freeze)
        timer.start()
        with pytest.raises(ChannelUnavailableError, match=f":{server.port}.*did not happen"):
            channel.update("number", lambda number: number + 1)
        assert time.monotonic() - frozen[0] < 2 * 3
        server.thaw()
        assert channel.get("number") == 0
