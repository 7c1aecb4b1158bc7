"""Channels of any make that stay in their process: a run takes them as it takes ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import pytest
from typing_extensions import override

from graflow import (
    Channel,
    KeyedChannel,
    MemoryChannel,
    RedisChannel,
    TypedChannel,
    read_checkpoint,
    task,
    workflow,
)
from graflow.channels.backend import (
    Answer,
    BackendInFront,
    Change,
    Check,
    Conflict,
    Held,
    Holds,
    Put,
    Record,
)
from graflow.channels.memory.memory_backend import MemoryBackend
from graflow.channels.memory.store import MemorySpace
from graflow.core.context import TaskExecutionContext
from graflow.core.workflow import Workflow
from graflow.exceptions import CheckpointMismatchError, WorkflowTypeError
from tests.core.checkpointed import Steps
from tests.core.travelling import processes
from tests.servers import Server
from tests.testing.dict_channel import DictChannel, Store


class Reversed(BackendInFront):
    """A backend that stores values in a way of its own, as one that encrypts them does."""

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        return [held and Held(turned(held.record), held.left) for held in self.inner.read(keys)]

    @override
    def get(self, key: str) -> Record | None:
        record = self.inner.get(key)
        return None if record is None else turned(record)

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        checks = [
            check._replace(record=check.record and turned(check.record))
            if isinstance(check, Holds)
            else check
            for check in checks
        ]
        return self.inner.commit(
            checks,
            [
                change._replace(record=turned(change.record)) if isinstance(change, Put) else change
                for change in changes
            ],
        )


def turned(record: Record) -> Record:
    """Return a value the other way round."""
    return record[::-1] if isinstance(record, bytes) else record


class Wrapped(DictChannel):
    """A channel in front of another one, which it says nothing of."""

    def __init__(self) -> None:
        self.inner = DictChannel("inner", Store())
        super().__init__("outer", self.inner.backend.store)


KINDS: dict[str, Callable[[], Channel]] = {
    "somebody's": lambda: DictChannel("dict", Store(time.monotonic)),
    "a wrapper": Wrapped,
    "another backend in front": lambda: Channel(Reversed(MemoryBackend("m", MemorySpace()))),
    "ours": MemoryChannel,
}


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Callable[[], Channel]:
    """A function that makes a new channel of a kind, which is empty."""
    return KINDS[request.param]


def test_a_run_goes_on_in_another_process(path: Path, make: Callable[[], Channel]) -> None:
    """Which is played here by another channel: all that was in the first is there."""
    steps = Steps(make())
    steps.fail(path, initial_channel={"text": "ü\n", "\0": 1, "empty": []})
    assert read_checkpoint(path).channel["kind"] == "memory"
    again = Steps(make())
    again.fails = False
    result, ctx = again.workflow.resume(path, ret_context=True)
    assert result == {"count": 3}
    assert again.ran == ["second", "third"]
    channel = ctx.get_channel()
    found = channel.get_many(["text", "\0", "empty", "list"])
    assert found == {"text": "ü\n", "\0": 1, "empty": [], "list": [{"deep": (1, 2)}]}
    assert ctx.get_result("third") == {"count": 3}


def test_what_tasks_change_is_saved_when_they_end(path: Path, make: Callable[[], Channel]) -> None:
    """Keys that came, changed and went, lists, and the time that keys have left."""
    fails = [True]

    @task(inject_context=True)
    def change(ctx: TaskExecutionContext) -> None:
        channel = ctx.get_channel()
        channel.append("list", "tail")
        channel.prepend("list", "head")
        channel.pop("queue")
        channel.delete("gone")
        channel.set("for an hour", 1, ttl=3600)
        channel.set("for a moment", 1, ttl=0.001)

    @task
    def stop() -> None:
        if fails.pop():
            raise ValueError("no")

    def graph() -> Workflow:
        with workflow("w", channel=make()) as wf:
            change >> stop
        return wf

    first, second = graph(), graph()
    given = {"list": [1], "queue": [1, 2], "gone": 1, "still": 1}
    with pytest.raises(Exception, match="'stop'"):
        first.execute(checkpoint=path, initial_channel=given)
    fails.append(False)
    _, ctx = second.resume(path, ret_context=True)
    channel = ctx.get_channel()
    expected = {"list": ["head", 1, "tail"], "queue": [2], "still": 1, "for an hour": 1}
    assert channel.get_many([*expected, "gone", "for a moment"]) == expected
    left = channel.ttl("for an hour")
    assert left is not None
    assert 3000 < left <= 3600
    assert channel.ttl("still") is None


def test_what_was_in_the_channel_before_is_replaced(
    path: Path, make: Callable[[], Channel]
) -> None:
    """But for the results of other runs."""
    Steps(make()).fail(path)
    channel = make()
    other = Steps(channel)
    other.fails = False
    _, ctx = other.workflow.execute(ret_context=True, initial_channel={"old": 1})
    other.workflow.resume(path)
    assert not channel.exists("old")
    assert channel.get("list") == [{"deep": (1, 2)}]
    assert ctx.get_result("third") == {"count": 3}


def test_tasks_in_other_processes_are_refused(make: Callable[[], Channel]) -> None:
    """Before anything runs, with what to do."""
    steps = Steps(make())
    with pytest.raises(WorkflowTypeError, match="RedisChannel"):
        steps.workflow.execute(executor=processes)
    assert steps.ran == []


def test_one_that_is_shared_does_not_fit_one_that_is_not(path: Path, server: Server) -> None:
    """The file of one says where its keys are, that of the other has them."""
    with RedisChannel("run", url=server.url) as channel:
        channel.clear()
        for before, after in ((channel, MemoryChannel()), (MemoryChannel(), channel)):
            Steps(before).fail(path)
            with pytest.raises(CheckpointMismatchError, match="kind"):
                Steps(after).workflow.resume(path)


class Order(TypedDict):
    """A schema."""

    item: str


def test_a_channel_with_a_schema_is_no_channel_of_a_workflow() -> None:
    """The error says what to give instead, also where a function returned it."""
    typed, keyed = TypedChannel(MemoryChannel(), Order), KeyedChannel(MemoryChannel(), Order)
    for wrong, advice in (
        (typed, r"TypedChannel; .*`channel`.*ctx\.get_typed_channel\("),
        (keyed, r"KeyedChannel; .*`channel`.*ctx\.get_keyed_channel\("),
    ):
        with pytest.raises(WorkflowTypeError, match=advice):
            workflow("w", channel=wrong)  # type: ignore[arg-type]
        with workflow("w", channel=lambda _, wrong=wrong: wrong) as wf:
            wf.add(task("one")(lambda: 1))
        with pytest.raises(WorkflowTypeError, match=advice):
            wf.execute()
