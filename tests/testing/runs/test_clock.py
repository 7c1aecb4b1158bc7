"""A clock that a test moves."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import graflow
from graflow import (
    MemoryChannel,
    MemorySpace,
    SQLiteChannel,
    TaskExecutionContext,
    WorkflowStateError,
    WorkflowTypeError,
    WorkflowValueError,
    chain,
    task,
    workflow,
)
from graflow.system.clock import followed
from graflow.testing import Clock, arun_workflow, crash_after, run_workflow
from tests.patience import PATIENCE

NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)


def test_it_stands_still_until_it_is_moved() -> None:
    """By seconds, or by a `timedelta`."""
    clock = Clock(NEW_YEAR)
    assert clock.now() == clock.now() == NEW_YEAR
    clock.advance(0.5)
    clock.advance(timedelta(hours=1))
    assert clock.now() == datetime(2030, 1, 1, 1, 0, 0, 500_000, tzinfo=UTC)
    assert repr(clock) == "<Clock at 2030-01-01 01:00:00.500000 UTC>"


def test_it_shows_utc() -> None:
    """Whatever the time zone of its start."""
    start = datetime(2030, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert Clock(start).now().utcoffset() == timedelta()
    assert Clock(start).now() == NEW_YEAR


def test_what_expires_in_memory_follows_it() -> None:
    """To the millisecond, also in channels that were there before."""
    before = MemoryChannel()
    before.set("key", 1, ttl=100)
    with Clock() as clock:
        during = MemoryChannel()
        during.set("key", 1, ttl=5)
        assert during.ttl("key") == 5.0
        clock.advance(4.999)
        assert (during.ttl("key"), during.exists("key")) == (0.001, True)
        clock.advance(0.001)
        assert not during.exists("key")
        clock.advance(50)
        left = before.ttl("key")
        assert left is not None
        assert 30 < left < 45.001
        during.set("key", 2, ttl=100)
    assert before.exists("key")
    left = during.ttl("key")
    assert left is not None
    assert 60 < left <= 100


@pytest.mark.needs_system
def test_what_expires_in_a_file_follows_it(tmp_path: Path) -> None:
    """In this process."""
    with Clock() as clock, SQLiteChannel("c", tmp_path / "c.db") as channel:
        channel.set("key", 1, ttl=5)
        clock.advance(4.9)
        assert channel.exists("key")
        clock.advance(0.1)
        assert not channel.exists("key")


def test_a_lease_in_memory_follows_it() -> None:
    """Whoever holds a lock too long loses it."""
    channel = MemoryChannel()
    with Clock() as clock:
        channel.backend.acquire("key", "me", 5_000)
        clock.advance(4)
        assert channel.backend.acquire("key", "another", 5_000) == "me"
        clock.advance(1)
        assert isinstance(channel.backend.acquire("key", "another", 5_000), int)


def test_a_space_with_a_clock_of_its_own_keeps_it() -> None:
    """That one is moved by hand."""
    channel = MemoryChannel(space=MemorySpace(clock=lambda: 0.0))
    channel.set("key", 1, ttl=1)
    with Clock() as clock:
        clock.advance(10)
        assert channel.exists("key")


def test_history_follows_it() -> None:
    """Also that in the channel."""
    clock, channel = Clock(NEW_YEAR), MemoryChannel()

    @task
    def takes_an_hour() -> None:
        clock.advance(3600)

    with workflow("w") as wf:
        chain(takes_an_hour)
    done = run_workflow(wf, clock=clock, channel=channel)
    assert done.history.tasks["takes_an_hour"].seconds == 3600
    (info,) = graflow.runs(channel)
    assert (info.begun, info.ended) == (NEW_YEAR, NEW_YEAR + timedelta(hours=1))


@pytest.mark.parametrize("way", ["execute", "stream"])
def test_pauses_of_any_run_follow_it(way: str) -> None:
    """Inside its block, however the workflow is run."""
    fails = [ConnectionError(), ConnectionError()]

    @task(max_retries=2, retry_delay=30)
    def flaky() -> int:
        if fails:
            raise fails.pop()
        return 1

    with workflow("w") as wf:
        chain(flaky)
    with Clock(NEW_YEAR) as clock:
        if way == "execute":
            assert wf.execute() == 1
        else:
            list(wf.stream())
        assert clock.now() == NEW_YEAR + timedelta(seconds=30 + 60)


@pytest.mark.needs_system
def test_another_thread_may_end_a_pause() -> None:
    """While other tasks keep the run busy."""
    failed, ended = threading.Event(), threading.Event()

    @task(max_retries=1, retry_delay=60)
    def flaky() -> None:
        if not failed.is_set():
            failed.set()
            raise ConnectionError
        ended.set()

    @task
    def busy() -> bool:
        return ended.wait(PATIENCE)

    with workflow("w") as wf:
        flaky | busy
    with Clock() as clock:

        def move() -> None:
            failed.wait(PATIENCE)
            while not ended.wait(0.01):  # the run may not have noted the failure yet
                clock.advance(60)

        mover = threading.Thread(target=move)
        mover.start()
        assert wf.execute()["busy"]
        mover.join()


def test_what_has_expired_does_not_come_back(tmp_path: Path) -> None:
    """When a run goes on from its checkpoint, an hour later."""

    @task(inject_context=True)
    def first(ctx: graflow.TaskExecutionContext) -> None:
        ctx.get_channel().set("short", 1, ttl=60)
        ctx.get_channel().set("long", 1, ttl=7200)

    @task(inject_context=True)
    def second(ctx: graflow.TaskExecutionContext) -> list[str]:
        return sorted({"short", "long"}.intersection(ctx.get_channel().keys()))

    with workflow("w") as wf:
        first >> second
    path = tmp_path / "run.json"
    with Clock() as clock:
        with crash_after(first):
            wf.run(checkpoint=path)
        clock.advance(3600)
        assert wf.run(checkpoint=path) == ["long"]


@pytest.mark.needs_system
def test_a_dead_run_is_known_after_its_lease(tmp_path: Path) -> None:
    """In a file."""
    with SQLiteChannel("c", tmp_path / "c.db") as channel:
        with workflow("w", channel=channel) as wf:
            task("a")(lambda: None) >> task("b")(lambda: None)
        with Clock() as clock:
            with crash_after("a"):
                wf.execute()
            assert [each.state for each in graflow.runs(channel)] == ["running"]
            clock.advance(31)
            assert [each.state for each in graflow.runs(channel)] == ["dead"]


class TestOneAtATime:
    """Clocks of a process."""

    def test_a_second_one_is_refused(self) -> None:
        """And the first one goes on."""
        with Clock() as clock:
            channel = MemoryChannel()
            channel.set("key", 1, ttl=5)
            with pytest.raises(WorkflowStateError, match="one at a time"), Clock():
                raise AssertionError
            clock.advance(5)
            assert not channel.exists("key")

    def test_it_may_be_followed_by_another(self) -> None:
        """Or be followed again, and shows then what it showed."""
        clock = Clock(NEW_YEAR)
        with clock:
            clock.advance(1)
        with Clock():
            pass
        with clock:
            assert clock.now() == NEW_YEAR + timedelta(seconds=1)

    def test_an_error_ends_it_too(self) -> None:
        """The clock of the system is back."""
        with pytest.raises(KeyError), Clock():
            raise KeyError
        with Clock():
            pass

    def test_a_run_may_have_the_one_that_is_followed(self) -> None:
        """And no other."""
        with workflow("w") as wf:
            chain(task("a")(lambda: 1))
        with Clock() as clock:
            assert run_workflow(wf, clock=clock).value == 1
            assert run_workflow(wf, retries=True).value == 1
            with pytest.raises(WorkflowStateError):
                run_workflow(wf, clock=Clock())
            with pytest.raises(WorkflowStateError), Clock():
                raise AssertionError


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        (-1, WorkflowValueError),
        (timedelta(seconds=-1), WorkflowValueError),
        (float("nan"), WorkflowValueError),
        (float("inf"), WorkflowValueError),
        (True, WorkflowTypeError),
        ("1", WorkflowTypeError),
    ],
)
def test_a_time_that_makes_no_sense_is_refused(seconds: Any, error: type[Exception]) -> None:
    """Time does not go back."""
    clock = Clock(NEW_YEAR)
    with pytest.raises(error, match="seconds"):
        clock.advance(seconds)
    assert clock.now() == NEW_YEAR


def test_a_start_that_makes_no_sense_is_refused() -> None:
    """Nobody knows where it is that time without a zone."""
    start: Any = "2030-01-01"
    with pytest.raises(WorkflowTypeError, match="datetime"):
        Clock(start)
    with pytest.raises(WorkflowValueError, match="time zone"):
        Clock(datetime(2030, 1, 1))


def test_it_ends_with_the_calendar() -> None:
    """It stays where it is rather than to show nothing from then on."""
    clock = Clock(NEW_YEAR)
    with pytest.raises(WorkflowValueError, match="beyond the year 9999"):
        clock.advance(timedelta.max)
    assert clock.now() == NEW_YEAR


def test_runs_at_the_same_time_share_it() -> None:
    """It is followed until the last of them is over."""
    clock, times = Clock(NEW_YEAR), list[datetime | None]()
    is_first_over = asyncio.Event()

    @task(inject_context=True)
    async def look(ctx: TaskExecutionContext, is_first: bool) -> None:
        if not is_first:
            await is_first_over.wait()
            assert followed() is clock

    async def run(is_first: bool) -> None:
        with workflow("w") as wf:
            look(is_first=is_first)
        done = await arun_workflow(wf, clock=clock)
        times.append(done.history.tasks["look"].ended)
        is_first_over.set()

    async def both() -> None:
        await asyncio.gather(run(True), run(False))

    asyncio.run(both())
    assert times == [NEW_YEAR, NEW_YEAR]
    assert followed() is None


@pytest.mark.needs_system
def test_channels_may_be_made_meanwhile() -> None:
    """Other threads make them while the clock is taken up and left; they go by the right one."""
    kept = [MemoryChannel() for _ in range(300)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor() as pool:
            making = pool.submit(lambda: [MemoryChannel() for _ in range(1_000)])
            while not making.done():
                with Clock():
                    pass
    finally:
        sys.setswitchinterval(before)
    backends: list[Any] = [each.backend for each in kept + making.result()]
    assert {each._store.clock for each in backends} == {time.monotonic}
