# Every operation that needs the key to be there is looked at.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("a")  # E: Channel key "a" is read but never written  [graflow-key-unknown]
    ctx.get_typed_channel(User).get_list("b")  # E: Channel key "b" is read but never written  [graflow-key-unknown]
    ctx.get_channel().pop("c")  # E: Channel key "c" is read but never written  [graflow-key-unknown]
    ctx.get_channel().get_many(["d", "e"])  # E: Channel key "d" is read but never written  [graflow-key-unknown]  # E: Channel key "e" is read but never written  [graflow-key-unknown]
    ctx.get_channel().ttl("f")  # E: Channel key "f" is read but never written  [graflow-key-unknown]
    ctx.get_channel().exists("g")  # E: Channel key "g" is looked for but never written  [graflow-key-unknown]
    ctx.get_channel().delete("h")  # E: Channel key "h" is deleted but never written  [graflow-key-unknown]
