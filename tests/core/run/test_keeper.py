"""Signs of life of many runs: few threads give them, and none waits for another."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

import pytest

from graflow import RedisChannel, chain, task, workflow
from graflow.channels.commits.commit import Expire
from graflow.core.registry import keeper as keeping
from graflow.core.registry import tenure
from graflow.core.registry.keeper import Keeper, keeper_of
from graflow.core.registry.run_records import alive_key
from tests.patience import PATIENCE
from tests.servers import run_server

AsyncRuns = list[asyncio.Task[Any]]


class Renewals:
    """Something that counts how often it is renewed, and can make whoever does so wait."""

    def __init__(self, period: float = 0.01) -> None:
        """Need to be renewed every `period` seconds."""
        self.period = period
        self.count = 0
        self.may_end = threading.Event()
        self.may_end.set()
        self.began = threading.Event()

    def renew(self) -> bool:
        """Count."""
        self.began.set()
        self.may_end.wait(PATIENCE)
        self.count += 1
        return True


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, and fail if it takes too long."""
    until = monotonic() + PATIENCE
    while not holds():
        assert monotonic() < until
        sleep(0.002)


def keeping_threads() -> int:
    """Return how many threads of keepers there are."""
    return sum(thread.name == "graflow-runs" for thread in threading.enumerate())


def test_a_renewal_that_hangs_holds_up_no_other() -> None:
    """Not even several of them."""
    keeper = Keeper()
    hanging, fine = [Renewals() for _ in range(5)], [Renewals() for _ in range(5)]
    for each in hanging:
        each.may_end.clear()
    numbers = [keeper.keep(each) for each in (*hanging, *fine)]
    try:
        for each in hanging:
            assert each.began.wait(PATIENCE)
        before = [each.count for each in fine]
        wait_until(
            lambda: all(each.count > old + 2 for each, old in zip(fine, before, strict=True))
        )
        assert [each.count for each in hanging] == [0] * 5
    finally:
        for each in hanging:
            each.may_end.set()
        for number in numbers:
            keeper.drop(number)


def test_renewals_that_hang_have_a_bounded_number_of_threads() -> None:
    """However many they are."""
    keeper, before = Keeper(), keeping_threads()
    hanging = [Renewals() for _ in range(keeping._MOST + 20)]
    for each in hanging:
        each.may_end.clear()
    numbers = [keeper.keep(each) for each in hanging]
    try:
        wait_until(lambda: sum(each.began.is_set() for each in hanging) == keeping._MOST)
        assert keeping_threads() - before <= keeping._MOST
    finally:
        for each in hanging:
            each.may_end.set()
        wait_until(lambda: all(each.count for each in hanging))
        for number in numbers:
            keeper.drop(number)


def test_what_was_dropped_is_renewed_no_more() -> None:
    """And a renewal that had begun is over."""
    keeper, one = Keeper(), Renewals()
    one.may_end.clear()
    number = keeper.keep(one)
    assert one.began.wait(PATIENCE)
    dropping = threading.Thread(target=keeper.drop, args=(number,))
    dropping.start()
    assert one.count == 0
    one.may_end.set()
    dropping.join()
    assert one.count == 1
    other = Renewals()
    another = keeper.keep(other)
    wait_until(lambda: other.count > 2)
    keeper.drop(another)
    assert one.count == 1


def test_what_is_renewed_often_does_not_wait_for_what_is_renewed_seldom() -> None:
    """The thread that waits for the one hears of the other."""
    keeper, often = Keeper(), Renewals()
    numbers = [keeper.keep(Renewals(period=1_000)), keeper.keep(often)]
    wait_until(lambda: often.count > 5)
    for number in numbers:
        keeper.drop(number)


def test_the_threads_end_when_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a moment; what comes later has another one."""
    monkeypatch.setattr(keeping, "_LINGER", 0.01)
    keeper = Keeper()
    for _ in range(2):
        one = Renewals()
        number = keeper.keep(one)
        wait_until(lambda one=one: one.count > 0)  # type: ignore[misc]
        keeper.drop(number)
        wait_until(lambda: keeper._threads == 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is nothing to fork")
def test_a_forked_process_keeps_nothing_of_its_parents() -> None:
    """It neither renews it, nor waits for a thread that it doesn't have."""
    keeper, one = keeper_of("test of forks"), Renewals()
    one.may_end.clear()
    number = keeper.keep(one)
    assert one.began.wait(PATIENCE)
    pid = os.fork()
    if not pid:
        keeper.drop(number)
        os._exit(0 if keeper._threads == 0 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    one.may_end.set()
    wait_until(lambda: one.count > 2)
    keeper.drop(number)


async def lasting(channel: RedisChannel, gate: asyncio.Event, count: int) -> AsyncRuns:
    """Start runs that last until the gate opens, and return them when all of them wait there."""
    waiting = 0

    @task
    async def wait() -> None:
        nonlocal waiting
        waiting += 1
        await gate.wait()

    with workflow("lasting", channel=channel) as wf:
        chain(wait)
    runs = [asyncio.create_task(wf.aexecute(run_id=f"run {each}")) for each in range(count)]
    while waiting < count:
        await asyncio.sleep(0.01)
    return runs


def signs_come(channel: RedisChannel, count: int) -> None:
    """Wait for a sign of life of each run."""
    keys = [alive_key(f"run {each}") for each in range(count)]
    hour = 3_600_000
    for key in keys:
        channel.backend.apply(Expire(key, hour))
    until = monotonic() + PATIENCE
    while any(
        held is None or (held.left or 0) > tenure.LEASE for held in channel.backend.read(keys)
    ):
        assert monotonic() < until
        sleep(0.01)


def test_many_runs_have_few_threads_and_are_heard_of(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a process on a server share them."""
    monkeypatch.setattr(tenure, "_SIGNS", 300)
    many, before = 50, set(threading.enumerate())

    async def run() -> None:
        gate = asyncio.Event()
        with RedisChannel("many", url=redis_url) as channel:
            runs = await lasting(channel, gate, many)
            of_runs = [
                each for each in threading.enumerate() if each.name.endswith(("-run", "-runs"))
            ]
            assert len(set(of_runs) - before) <= keeping._MOST
            await asyncio.to_thread(signs_come, channel, many)
            gate.set()
            await asyncio.gather(*runs)
            keys = [alive_key(f"run {each}") for each in range(many)]
            assert await asyncio.to_thread(channel.backend.read, keys) == [None] * many

    asyncio.run(run())


def test_a_frozen_server_holds_up_no_sign_of_life_on_another(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if more runs wait for it than a keeper has threads."""
    monkeypatch.setattr(tenure, "_SIGNS", 300)
    many = keeping._MOST + 4

    async def run() -> None:
        gate = asyncio.Event()
        with (
            run_server("valkey-9") as server,
            RedisChannel("frozen", url=server.url, timeout=60) as frozen,
            RedisChannel("fine", url=redis_url) as fine,
        ):
            runs = await lasting(frozen, gate, many) + await lasting(fine, gate, 3)
            server.freeze()
            try:
                await asyncio.to_thread(signs_come, fine, 3)
            finally:
                server.thaw()
            await asyncio.to_thread(signs_come, frozen, many)
            gate.set()
            await asyncio.gather(*runs)

    asyncio.run(run())
