# The face of a keyed channel on an event loop knows its keys, too.

from typing_extensions import NotRequired, TypedDict
from graflow import AsyncKeyedChannel, AsyncTransaction, TaskExecutionContext, task

class User(TypedDict):
    name: str


class State(TypedDict):
    logs: list[str]
    count: int
    user: NotRequired[User]


async def more(count: int) -> int:
    return count + 1


@task
async def use(ctx: TaskExecutionContext) -> None:
    state = ctx.get_keyed_channel(State).aio
    reveal_type(state)  # N: Revealed type is "graflow.channels.aio.async_keyed_channel.AsyncKeyedChannel[TypedDict(app.main.State, {'logs': list[str], 'count': int, 'user'?: TypedDict(app.main.User, {'name': str})})]"
    reveal_type(await state.get("logs"))  # N: Revealed type is "list[str]"
    reveal_type(await state.get("count", default=None))  # N: Revealed type is "int | None"
    reveal_type(await state.pop("logs"))  # N: Revealed type is "str | None"
    reveal_type(await state.pop("logs", 0))  # N: Revealed type is "str | int"
    reveal_type(await state.update("count", lambda count: count + 1, 0))  # N: Revealed type is "int"
    reveal_type(await state.update("count", more, 0))  # N: Revealed type is "int"
    reveal_type(await state.get_many(["count"]))  # N: Revealed type is "dict[str, int]"
    reveal_type((await state.entry("count")).value)  # N: Revealed type is "int"
    await state.set("count", "three")  # E: Argument 2 to "set" of "AsyncKeyedChannel" has incompatible type "str"; expected "int"  [arg-type]
    await state.get("coumt")  # E: "State" has no channel key "coumt"; did you mean "count"?  [graflow-key-unknown]
    await state.append("count", 1)  # E: Channel key "count" of "State" is not a list  [graflow-key-shape]
    async with state.lock("coumt"):  # E: "State" has no channel key "coumt"; did you mean "count"?  [graflow-key-unknown]
        pass


async def change(tx: AsyncTransaction) -> None:
    await tx.keyed(State).set("logs", [1])  # E: List item 0 has incompatible type "int"; expected "str"  [list-item]


async def make(state: AsyncKeyedChannel[State]) -> None:
    await state.set("count", 1)
    await state.append("logs", "one", ttl=60)
    await state.set("user", {"name": "Ada"})
