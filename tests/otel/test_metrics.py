"""Metrics of runs, tasks and channels."""

from __future__ import annotations

import asyncio
import pickle
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest

from graflow import (
    ChannelTimeoutError,
    ChannelTypeError,
    Key,
    Keys,
    MemoryChannel,
    MemorySpace,
    RedisChannel,
    SQLiteChannel,
    TaskFailedError,
    Transaction,
    task,
    workflow,
)
from graflow.channels.base import Channel
from graflow.otel import instrument, uninstrument
from graflow.system.notices import Occurrence, notice
from tests.otel.conftest import Telemetry
from tests.paths import ROOT
from tests.proxy import run_proxy, url_of
from tests.servers import Server

OPERATIONS = "graflow.channel.operation.duration"


@pytest.fixture(params=["memory", "sqlite", "redis", "cached"])
def open_channel(
    request: pytest.FixtureRequest,
    telemetry: Telemetry,
    tmp_path: Path,
    servers: Callable[[str], Server],
) -> Iterator[Callable[[], Channel]]:
    """A function that opens a handle on one channel of each kind, measured."""
    space, opened = MemorySpace(), list[Channel]()

    def open_one() -> Channel:
        channel: Channel
        if request.param == "memory":
            channel = MemoryChannel("c", space=space)
        elif request.param == "sqlite":
            channel = SQLiteChannel("c", tmp_path / "c.db", durable=False)
        else:
            url = servers("valkey-9").url
            channel = RedisChannel("otel", url=url, cache=request.param == "cached")
        opened.append(channel)
        return channel

    open_one().clear()
    yield open_one
    for each in opened:
        each.close()


class Shared(Keys):
    """A declared key."""

    total = Key(int)


def test_each_face_of_a_channel_is_measured(
    open_channel: Callable[[], Channel], telemetry: Telemetry
) -> None:
    """Whatever stands in front of it, in threads and on an event loop, once for each call."""
    channel = open_channel()

    async def on_a_loop() -> None:
        await channel.aio.set("one", 1)
        await channel.aio.get("one")
        await channel.aio.append("list", 1)
        async with channel.aio.lock("lock"):
            pass
        await channel.aio.transact(lambda tx: tx.set("two", 2))

    def move(tx: Transaction) -> None:
        tx.set("one", tx.get("two", 0))

    before = telemetry.operations()
    channel.set("one", 1)
    channel.get("one")
    channel.append("list", 1)
    channel.of(Shared).set(Shared.total, 1)
    with channel.lock("lock"):
        pass
    channel.transact(move)
    asyncio.run(on_a_loop())
    after = telemetry.operations()
    counts = {name: after[name] - before.get(name, 0) for name in after}
    assert {name: counts[name] for name in ("put", "push", "acquire", "release", "commit")} == {
        "put": 3,
        "push": 2,
        "acquire": 2,
        "release": 2,
        "commit": 2,
    }
    assert counts["get"] + counts.get("read", 0) == 3


def test_measurements_say_which_system_and_never_what(
    open_channel: Callable[[], Channel], telemetry: Telemetry, servers: Callable[[str], Server]
) -> None:
    """Neither keys nor values nor names of channels or files are in the attributes."""
    open_channel().set("a key", "a value")
    system = {"MemoryChannel": "memory", "SQLiteChannel": "sqlite", "RedisChannel": "redis"}
    expected: dict[str, object] = {"db.system.name": system[type(open_channel()).__name__]}
    if expected["db.system.name"] == "redis":
        expected |= {"server.address": "127.0.0.1", "server.port": servers("valkey-9").port}
    found = [each for each, _ in telemetry.metrics()[OPERATIONS]]
    assert {**expected, "db.operation.name": "put"} in found
    assert {frozenset(each) for each in found} == {frozenset([*expected, "db.operation.name"])}


def test_what_an_operation_raises_is_told(
    open_channel: Callable[[], Channel], telemetry: Telemetry
) -> None:
    """By the name of its class, without its text."""
    channel = open_channel()
    channel.set("text", "a")
    with pytest.raises(ChannelTypeError):
        channel.append("text", "b")
    told = [each.get("error.type") for each, _ in telemetry.metrics()[OPERATIONS]]
    assert "graflow.channels.commits.commit.NotAList" in told


def test_other_handles_that_come_of_one_are_measured(
    open_channel: Callable[[], Channel], telemetry: Telemetry
) -> None:
    """Those beside it, those that are sent somewhere, and those of a run."""
    channel = open_channel()
    others = [open_channel()]
    if channel.shared:
        others.append(pickle.loads(pickle.dumps(channel)))
        others.append(channel.beside("b"))
    for other in others:
        before = telemetry.operations().get("put", 0)
        other.set("key", 1)
        assert telemetry.operations()["put"] == before + 1
        other.close()


def test_a_handle_of_before_is_measured_where_it_is_sent(
    telemetry: Telemetry, tmp_path: Path
) -> None:
    """As it is made anew there."""
    uninstrument()
    with SQLiteChannel("c", tmp_path / "c.db", durable=False) as channel:
        instrument(tracer_provider=telemetry.tracers, meter_provider=telemetry.meters)
        channel.set("key", 1)
        assert "put" not in telemetry.operations()
        with pickle.loads(pickle.dumps(channel)) as other:
            other.set("key", 1)
        assert telemetry.operations()["put"] == 1


@pytest.mark.parametrize("kind", ["embedded", "temporary"])
def test_a_channel_that_owns_its_place_keeps_it(kind: str, telemetry: Telemetry) -> None:
    """Its server runs, or its file is there, as long as the handle is used."""
    opened = RedisChannel.embedded() if kind == "embedded" else SQLiteChannel.temporary()
    with opened as channel:
        channel.set("key", 1)
        with channel.beside("other") as other:
            other.set("key", 2)
        assert channel.get("key") == 1
    (attributes, _), *_ = telemetry.metrics()[OPERATIONS]
    assert attributes.keys() == {"db.system.name", "db.operation.name"}  # no path


def waits(telemetry: Telemetry) -> dict[str, int]:
    """Return how many waits were told, by what they were for."""
    found = telemetry.metrics().get("graflow.channel.wait.duration", [])
    return {attributes["graflow.wait.for"]: point.count for attributes, point in found}


def test_waits_are_told_if_there_were_any(
    open_channel: Callable[[], Channel], telemetry: Telemetry
) -> None:
    """For values, items and locks, in threads and on an event loop."""
    channel, other = open_channel(), open_channel()
    channel.set("there", 1)
    channel.append("items", 1)
    channel.wait_for("there", timeout=1)
    channel.pop("items", timeout=1)
    with channel.lock("free"):
        pass
    assert waits(telemetry) == {}

    def on_a_loop(wait: Coroutine[Any, Any, Any]) -> None:
        asyncio.run(wait)

    def lock(seconds: float) -> None:
        with other.lock("taken"):
            in_a_thread(lambda: channel.lock("taken", timeout=seconds).acquire())

    told = partial(wait_until_told, telemetry)
    told("value", lambda seconds: channel.wait_for("not there", timeout=seconds))
    told("value", lambda seconds: on_a_loop(channel.aio.wait_for("not there", timeout=seconds)))
    told("item", lambda seconds: channel.pop("no items", timeout=seconds))
    told("item", lambda seconds: on_a_loop(channel.aio.pop("no items", timeout=seconds)))
    told("lock", lock)
    assert waits(telemetry).keys() == {"value", "item", "lock"}


def wait_until_told(telemetry: Telemetry, what: str, wait: Callable[[float], object]) -> None:
    """Wait in vain, and longer each time, as a busy machine has no time left after a look."""
    seconds, before = 0.01, waits(telemetry).get(what, 0)
    while waits(telemetry).get(what, 0) == before:
        with suppress(ChannelTimeoutError):
            wait(seconds)
        seconds *= 2


def in_a_thread(call: Callable[[], object]) -> None:
    """Make a call in another thread, and raise what it raises."""
    raised = list[BaseException]()

    def caught() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - raised below
            raised.append(error)

    thread = threading.Thread(target=caught)
    thread.start()
    thread.join()
    for error in raised:
        raise error


def test_resends_are_counted(telemetry: Telemetry, servers: Callable[[str], Server]) -> None:
    """Once for each copy; the operation is measured once, as a whole."""
    with run_proxy(servers("valkey-9")) as proxy, RedisChannel("c", url=url_of(proxy)) as channel:
        channel.set("key", 0)
        proxy.cut_reply()
        channel.atomic_add("key", 1)
        assert channel.get("key") == 1
    ((attributes, count),) = telemetry.metrics()["graflow.channel.resends"]
    assert count == 1
    assert attributes == {
        "db.system.name": "redis",
        "server.address": "127.0.0.1",
        "server.port": proxy.port,
    }
    assert telemetry.operations()["add"] == 1


def test_lost_locks_are_counted(telemetry: Telemetry) -> None:
    """When their holder learns of it."""
    with MemoryChannel() as channel:
        held = channel.lock("key", lease=0.05).acquire()
        assert channel.backend.release("key", held._holding.owner)
        held._holding.renew()
        assert held.lost
    assert telemetry.metrics()["graflow.channel.lock.lost"] == [({"db.system.name": "memory"}, 1)]


def test_runs_and_tasks_are_counted_and_timed(telemetry: Telemetry) -> None:
    """By their workflow and their function, and how they ended, so that ids are of no matter."""
    begun: list[int] = []

    @task(max_retries=1, retry_delay=0)
    def fails() -> None:
        begun.append(metric("graflow.run.active"))
        begun.append(metric("graflow.task.active"))
        raise ValueError("no")

    def metric(name: str) -> int:
        ((_, value),) = telemetry.metrics()[name]
        return int(value)

    with workflow("w") as wf:
        fails(task_id="any")
    with pytest.raises(TaskFailedError):
        wf.execute()
    assert begun == [1, 1, 1, 1]
    assert metric("graflow.run.active") == metric("graflow.task.active") == 0
    function = fails.function.__qualname__
    of_task = {"graflow.workflow.name": "w", "code.function.name": f"{__name__}.{function}"}
    failed = {"graflow.outcome": "failed", "error.type": "ValueError"}
    found = telemetry.metrics()
    assert found["graflow.task.retries"] == [({**of_task, "error.type": "ValueError"}, 1)]
    ((attributes, point),) = found["graflow.task.duration"]
    assert (attributes, point.count) == ({**of_task, **failed}, 1)
    ((attributes, point),) = found["graflow.run.duration"]
    assert attributes["graflow.outcome"] == "failed"
    assert attributes["graflow.workflow.name"] == "w"


def test_the_page_lists_the_names_that_are_used(telemetry: Telemetry) -> None:
    """Those of attributes, events and metrics: all of them, and no others."""

    @task(max_retries=1, retry_delay=0)
    def fails() -> None:
        raise ValueError("no")

    with workflow("w") as wf:
        fails()
    with pytest.raises(TaskFailedError):
        wf.execute()
    MemoryChannel().get("key")
    for what in get_args(Occurrence):
        notice(what, "redis://localhost:6379/0")
    used = set(telemetry.metrics())
    for points in telemetry.metrics().values():
        used |= {name for attributes, _ in points for name in attributes}
    for span in telemetry.spans():
        used |= (span.attributes or {}).keys()
        for event in span.events:
            used |= {event.name, *(event.attributes or {})}
    page = (ROOT / "docs/telemetry.md").read_text()
    listed = set(re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE))
    of_exceptions = {name for name in used if name.partition(".")[0] == "exception"}
    assert listed == used - of_exceptions
