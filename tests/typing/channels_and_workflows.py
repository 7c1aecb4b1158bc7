"""Types that checkers infer, and what they refuse. Checked by mypy and pyright, never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=false, reportUnusedExpression=false

from typing import Any, TypedDict, assert_type

from graflow import (
    Channel,
    ChannelFactory,
    ExecutionContext,
    MemoryChannel,
    Task,
    TypedChannel,
    task,
    workflow,
)
from graflow.core.context import TaskExecutionContext


class User(TypedDict):
    """A schema."""

    name: str
    age: int


def typed_channels(ctx: TaskExecutionContext) -> None:
    """A schema gives the values their type."""
    users = ctx.get_typed_channel(User)
    assert_type(users, TypedChannel[User])
    assert_type(users.get("key"), User)
    assert_type(users.get("key", None), User | None)
    assert_type(users.get_list("key"), list[User])
    assert_type(users.pop("key"), User | None)
    assert_type(users.get_many(["key"]), dict[str, User])
    assert_type(users.append("key", {"name": "Zoë", "age": 30}), int)
    assert_type(TypedChannel(MemoryChannel(), list[int]), TypedChannel[list[int]])
    users.set("key", {"name": "Zoë"})  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]
    users.set("key", {"name": "Zoë", "age": "30"})  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]
    users.append("key", 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def channels_at_urls() -> None:
    """A URL gives a channel, whose keys are text."""
    channel = ChannelFactory.from_url("sqlite:///shop.db", "orders", create=False)
    assert_type(channel, Channel)
    assert_type(list(channel.iter_keys("order:")), list[str])
    assert_type(list(channel.names_beside()), list[str])
    ChannelFactory.from_url(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def keys_on_a_loop(channel: Channel) -> None:
    """On an event loop too."""
    assert_type([key async for key in channel.aio.iter_keys()], list[str])


@task
def calculate() -> int:
    """A task without parameters."""
    return 42


@task(inject_context=True)
def fetch(ctx: TaskExecutionContext, source: str) -> User:
    """A task with a context."""
    return {"name": source, "age": 1}


@task
async def later() -> str:
    """An async task."""
    return "late"


def tasks(ctx: TaskExecutionContext) -> None:
    """A task keeps the signature of its function."""
    assert_type(calculate, Task[[], int])
    assert_type(calculate.run(), int)
    assert_type(fetch.run(ctx, "api"), User)
    assert_type(ctx.get_result(calculate), int)
    assert_type(ctx.get_result(fetch), User)
    assert_type(ctx.get_result(later), str)
    assert_type(ctx.get_result("calculate"), Any)
    assert_type(ctx.get_result(calculate, None), int | None)
    fetch.run(ctx, 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    calculate >> 3  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]


def runs() -> None:
    """`ret_context` decides what `execute` returns."""
    with workflow("w") as wf:
        calculate >> later
        assert_type(wf.execute(), Any)
        result, ctx = wf.execute(ret_context=True)
        assert_type(ctx, ExecutionContext)
        assert_type(result, Any)
