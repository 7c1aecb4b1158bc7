# Declared keys have their types without the plugin, which must not be in the way.
# === app/state.py
from typing import TypedDict

from graflow import Key, KeyPattern, Keys


class User(TypedDict):
    name: str


class Pipeline(Keys):
    logs = Key(list[str])
    user = Key(User, ttl=3600)
    count = Key(int)
    by_id = KeyPattern("user:{id}", User)


# === app/main.py
from typing import assert_type

from app.state import Pipeline, User
from graflow import Channel, TaskExecutionContext, Transaction, task


@task
def fetch() -> int:
    return 42


def make(ctx: TaskExecutionContext) -> None:
    state = ctx.get_channel(Pipeline)
    state.set(Pipeline.user, {"name": "Ada"})
    state.append(Pipeline.logs, "made")
    state.append(Pipeline.logs, 3)  # E: Argument 2 to "append" of "KeysChannel" has incompatible type "int"; expected "str"  [arg-type]
    state.set(Pipeline.by_id(id=7), {"name": "Ada"})
    state.set_many({Pipeline.count: 3})  # E: Channel key "count" is used as "int" here, but as "User" in app.main.others  [graflow-key-type]
    assert_type(state.get(Pipeline.user), User)
    assert_type(state.get(fetch.result), int)
    ctx.get_channel(Pipeline).atomic_add(Pipeline.count)  # E: Channel key "count" is used as "int" here, but as "User" in app.main.others  [graflow-key-type]
    ctx.get_channel().transact(lambda tx: tx.of(Pipeline).get(Pipeline.logs))
    ctx.get_channel().transact(work)
    helper(ctx.get_channel(), ctx)


def work(tx: Transaction) -> None:
    state = tx.of(Pipeline)
    state.set(Pipeline.count, 3)  # E: Channel key "count" is used as "int" here, but as "User" in app.main.others  [graflow-key-type]
    assert_type(state.get(Pipeline.logs), list[str])


def helper(channel: Channel, ctx: TaskExecutionContext) -> None:
    channel.of(Pipeline).delete(Pipeline.count)
    for key in channel.of(Pipeline).keys(Pipeline.by_id):
        assert_type(ctx.get_channel(Pipeline).get(key), User)
    with channel.of(Pipeline).watch() as changes:
        for change in changes:
            print(change.key, change.etag)
    values = channel.of(Pipeline).get_many([Pipeline.user])
    assert_type(values.get(Pipeline.user), User | None)


def others(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("total", 1)
    ctx.get_channel().get("totl")  # E: Channel key "totl" is read but never written; did you mean "total"?  [graflow-key-unknown]
    ctx.get_channel().get("user:7")
    ctx.get_channel().get("logs")
    ctx.get_typed_channel(User).get("user")
    ctx.get_typed_channel(User).get("count")  # E: Channel key "count" is used as "User" here, but as "int" in app.main.make  [graflow-key-type]
