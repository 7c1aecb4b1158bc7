"""Atomic tasks: what they write happens together with their result, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import redis

from graflow import (
    RedisChannel,
    RunObserver,
    TaskEvent,
    TaskExecutionContext,
    chain,
    parallel,
    task,
    workflow,
)
from graflow.channels.base import Channel
from graflow.exceptions import ChannelTypeError, TaskFailedError
from tests.proxy import run_proxy, url_of
from tests.servers import Server

Open = Callable[[str], Channel]


def test_a_task_that_fails_leaves_nothing(channel: Channel) -> None:
    """And its next attempt begins with what was there before."""
    channel.set("balance", 100)
    attempts: list[int] = []

    @task(inject_context=True, atomic=True, max_retries=1, retry_delay=0)
    def pay(ctx: TaskExecutionContext) -> int:
        money = ctx.get_channel()
        money.atomic_add("balance", -10)
        attempts.append(money.get("balance"))
        if len(attempts) == 1:
            raise LookupError("between the two")
        money.atomic_add("paid", 10)
        return int(money.get("balance"))

    with workflow("pays", channel=channel) as wf:
        chain(pay)
    assert wf.execute() == 90
    assert attempts == [90, 90]
    assert (channel.get("balance"), channel.get("paid")) == (90, 10)


def test_others_see_nothing_before_the_result(open_channel: Open) -> None:
    """And then all of it."""
    channel, other = open_channel("c"), open_channel("c")

    @task(inject_context=True, atomic=True)
    async def store(ctx: TaskExecutionContext) -> str:
        mine = ctx.get_channel()
        mine.set("a", 1)
        await asyncio.sleep(0)
        mine.append("list", "item")
        assert other.keys() == []
        assert mine.get("a") == 1
        ctx.get_typed_channel(int).set("typed", 5)
        return "done"

    with workflow("stores", channel=channel) as wf:
        chain(store)
    assert wf.execute() == "done"
    assert sorted(other.keys()) == ["a", "list", "store.__result__", "typed"]


def test_atomic_tasks_that_meet_lose_nothing(channel: Channel) -> None:
    """Whoever comes too late runs again, on what is there then."""

    @task(inject_context=True, atomic=True)
    def move(ctx: TaskExecutionContext, number: int) -> None:
        money = ctx.get_channel()
        a, b = money.get("a"), money.get("b")
        money.set("a", a - number)
        money.set("b", b + number)

    channel.set_many({"a": 1_000, "b": 0})
    with workflow("moves", channel=channel) as wf:
        parallel(*(move(task_id=f"move {number}", number=number) for number in range(16)))
    wf.execute(max_workers=8)
    assert channel.get_many(["a", "b"]) == {"a": 1_000 - 120, "b": 120}


def test_parameters_are_of_the_same_moment(open_channel: Open) -> None:
    """A task that was given a value that has changed runs again."""
    channel, other = open_channel("c"), open_channel("c")
    seen: list[int] = []

    @task(atomic=True)
    def double(number: int) -> int:
        seen.append(number)
        if len(seen) == 1:
            other.set("number", 21)
        return 2 * number

    channel.set("number", 1)
    with workflow("doubles", channel=channel) as wf:
        chain(double)
    assert wf.execute() == 42
    assert seen == [1, 21]


def test_what_is_not_atomic_is_refused(channel: Channel) -> None:
    """A lock, or a result that can't be stored."""

    @task(inject_context=True, atomic=True)
    def lock(ctx: TaskExecutionContext) -> None:
        ctx.get_channel().set("key", 1)
        with ctx.get_channel().lock("key"):
            pass

    @task(inject_context=True, atomic=True)
    def misfit(ctx: TaskExecutionContext) -> int:
        ctx.get_channel().set("key", 1)
        wrong: Any = "text"
        return wrong  # type: ignore[no-any-return]

    for each, error in ((lock, ChannelTypeError), (misfit, TypeError)):
        with workflow("refused", channel=channel) as wf:
            wf.add(each)
        with pytest.raises(TaskFailedError) as caught:
            wf.execute()
        assert isinstance(caught.value.__cause__, error)
        assert channel.keys() == []


def test_a_task_that_is_done_is_not_done_again(channel: Channel, tmp_path: Path) -> None:
    """Even if its run has died before that was saved."""
    path, before = tmp_path / "run.json", tmp_path / "before.json"
    if not channel.shared:
        return  # a run that dies takes its channel along
    fails = [True]

    @task(inject_context=True, atomic=True)
    def pay(ctx: TaskExecutionContext) -> int:
        before.write_bytes(path.read_bytes())
        return int(ctx.get_channel().atomic_add("paid", 10))

    @task
    def fail(paid: int = 0) -> int:
        if fails:
            raise LookupError("as planned")
        return paid

    with workflow("pays", channel=channel) as wf:
        pay >> fail
    with pytest.raises(TaskFailedError):
        wf.execute(checkpoint=path)
    fails.clear()
    path.write_bytes(before.read_bytes())  # as if the process had died just then
    assert wf.resume(path) == 10
    assert channel.get("paid") == 10


def test_it_travels(redis_url: str) -> None:
    """The flag, and all that it means, to other processes."""
    with RedisChannel("travels", url=redis_url) as channel, workflow("w", channel=channel) as wf:
        parallel(*(pay_elsewhere(task_id=f"pay {number}") for number in range(4)))
        wf.execute(executor=lambda: ProcessPoolExecutor(2, get_context("spawn")))
        assert channel.get("paid") == 40
        assert channel.get("unpaid") is None


@task(inject_context=True, atomic=True)
def pay_elsewhere(ctx: TaskExecutionContext) -> int:
    """Read, and write what was read and more."""
    channel = ctx.get_channel()
    paid = channel.get("paid", 0)
    channel.set("paid", paid + 10)
    assert channel.get("paid") == paid + 10
    return int(paid)


@pytest.mark.parametrize("lost", [1, 2, 1_000])
def test_replies_that_get_lost_double_nothing(
    server: Server, redis_client: redis.Redis, lost: int
) -> None:
    """If none comes at all, the next attempt finds that the task is done, and does nothing."""
    calls: list[int] = []
    with (
        run_proxy(server) as proxy,
        RedisChannel("c", url=url_of(proxy), timeout=0.5) as channel,
    ):

        class Mender(RunObserver):
            """Ends the outage before the next attempt."""

            def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
                proxy.faults = 0

        @task(inject_context=True, atomic=True, max_retries=5, retry_delay=0)
        def pay(ctx: TaskExecutionContext) -> int:
            money = ctx.get_channel()
            left = money.get("balance", 100) - 10
            money.set("balance", left)
            money.append("payments", 10)
            calls.append(left)
            proxy.faults = lost
            return int(left)

        with workflow("pays", channel=channel) as wf:
            chain(pay)
        assert wf.execute(observers=[Mender()], keep=None) == 90
        assert proxy.lost
    assert calls == [90]
    direct = RedisChannel("c", redis_client)
    assert (direct.get("balance"), direct.get("payments")) == (90, [10])


def test_marks_go_with_the_run(open_channel: Open, advance: Callable[[float], None]) -> None:
    """A run that nothing is known of any more happens again under the same id, all of it."""
    channel = open_channel("c")

    @task(inject_context=True, atomic=True)
    def count(ctx: TaskExecutionContext) -> int:
        return int(ctx.get_channel().atomic_add("count"))

    with workflow("counts", channel=channel) as wf:
        chain(count)
    assert wf.execute(run_id="one", keep=0) == 1
    assert sorted(channel.backend.keys()) == ["count", "count.__result__"]
    assert wf.execute(run_id="one", keep=60) == 2
    assert wf.execute(run_id="one", keep=60) == 2
    advance(61)
    assert wf.execute(run_id="one", keep=60) == 3
