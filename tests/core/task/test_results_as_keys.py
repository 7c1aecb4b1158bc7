"""Results of tasks as keys: `fetch.result` on a channel with declared keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypedDict

import pytest

from graflow import Key, Keys, TaskExecutionContext, Transaction, task, workflow
from graflow.channels.base import Channel
from graflow.exceptions import (
    ChannelKeyError,
    ChannelTypeError,
    ChannelValidationError,
    SchemaError,
)


class State(Keys):
    """The keys of a run."""

    count = Key(int)
    seen = Key(list[str])


class Found(TypedDict):
    """What a task returns."""

    day: date


@task
def fetch() -> Found:
    """Return something typed."""
    return {"day": date(2026, 1, 2)}


@task
async def later(number: int = 1) -> int:
    """Return a number, from a coroutine."""
    return number


@task
def untyped():  # type: ignore[no-untyped-def]
    """Return something without saying what."""
    return {"day": date(2026, 1, 2)}


def test_results_are_read_by_the_task(channel: Channel) -> None:
    """With the types of the annotations, also those of coroutines; without one, as they are."""
    seen: list[Any] = []

    @task(inject_context=True)
    def show(ctx: TaskExecutionContext) -> None:
        state = ctx.get_channel(State)
        seen.extend([state.get(fetch.result), state.get(later.result), state.get(untyped.result)])
        seen.append(state.get_many([fetch.result])[fetch.result])
        state.set(State.count, 3)

    with workflow("results", channel=channel) as wf:
        fetch >> later >> untyped >> show
        _, ctx = wf.execute(ret_context=True)
    day = {"day": date(2026, 1, 2)}
    assert seen == [day, 1, day, day]
    assert ctx.get_channel(State).get(State.count) == 3
    assert ctx.get_channel(State).get(fetch.result) == day
    assert channel.of(State).get(fetch.result) == day


def test_each_task_has_a_result_of_its_own(channel: Channel) -> None:
    """That of `fetch(task_id="a")` is another key than that of `fetch`."""
    with workflow("results", channel=channel) as wf:
        one, other = later(2, task_id="one"), later(3, task_id="other")
        one >> other
        _, ctx = wf.execute(ret_context=True)
    state = ctx.get_channel(State)
    assert (state.get(one.result), state.get(other.result)) == (2, 3)
    assert one.result != other.result
    with pytest.raises(ChannelKeyError):
        state.get(later.result)
    assert str(one.result) == "one.__result__"


def test_a_run_reads_its_own_results(channel: Channel) -> None:
    """Those of later runs on the same channel are under the same visible key, and others."""
    contexts = []
    for number in (1, 2):
        with workflow("results", channel=channel) as wf:
            later(number, task_id="later") >> fetch
            contexts.append(wf.execute(ret_context=True)[1])
    found = [ctx.get_channel(State).get(later.result) for ctx in contexts]
    assert found == [ctx.get_result(later) for ctx in contexts]
    if channel.shared:
        assert found == [1, 2]
    assert channel.of(State).get(later.result) == 2


def test_a_result_is_only_read(channel: Channel) -> None:
    """And nothing that does not fit its annotation comes out."""
    state = channel.of(State)
    wrong: Any = {"day": "someday"}
    attempts: list[Callable[[], object]] = [
        lambda: state.set(fetch.result, wrong),  # type: ignore[graflow-key-shape]
        lambda: state.delete(fetch.result),
        lambda: state.touch(fetch.result, 3),
        lambda: state.set_many({fetch.result: wrong}),  # type: ignore[graflow-key-shape]
    ]
    for attempt in attempts:
        with pytest.raises(ChannelTypeError, match=r"can't change key .*: only its task does"):
            attempt()
    channel.set("fetch.__result__", wrong)
    with pytest.raises(ChannelValidationError):
        state.get(fetch.result)
    assert fetch.result in state
    assert state.keys() == []
    state.clear()
    assert channel.exists("fetch.__result__")


def test_in_an_atomic_task(channel: Channel) -> None:
    """The context's channel is that of its transaction."""

    @task(inject_context=True, atomic=True)
    def count(ctx: TaskExecutionContext) -> int:
        state = ctx.get_channel(State)
        state.append(State.seen, "x")
        return state.atomic_add(State.count, state.get(later.result))

    with workflow("results", channel=channel) as wf:
        later >> count
        _, ctx = wf.execute(ret_context=True)
    assert ctx.get_channel(State).get(State.seen) == ["x"]
    assert ctx.get_channel().transact(_double) == 2


def _double(tx: Transaction) -> int:
    return tx.of(State).update(State.count, lambda count: 2 * count)


def test_get_channel_takes_a_class_of_keys(channel: Channel) -> None:
    """And no other class."""
    ctx = TaskExecutionContext("test", channel)
    assert ctx.get_channel() is channel
    text: Any = "3"
    ctx.get_channel(State, strict=False).set(State.count, text)
    assert ctx.get_channel(State).get(State.count) == 3
    wrong: Any = Found
    with pytest.raises(SchemaError):
        ctx.get_channel(wrong)
