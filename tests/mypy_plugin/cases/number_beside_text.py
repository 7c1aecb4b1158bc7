# `atomic_add` needs a number where it adds.

from typing import TypedDict

from graflow import TaskExecutionContext

class User(TypedDict):
    name: str

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(str).set("text", "")  # E: Channel key "text" is used as "str" here, but as "number" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(User).set("user", {"name": ""})  # E: Channel key "user" is used as "User" here, but as "number" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(int).set("count", 1)
    ctx.get_typed_channel(float).set("ratio", 1.0)
    ctx.get_typed_channel(int | None).set("perhaps", 1)
    ctx.get_typed_channel(bool).set("flag", True)  # E: Channel key "flag" is used as "bool" here, but as "number" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().atomic_add("text")  # E: Channel key "text" is used as "number" here, but as "str" in app.main.make  [graflow-key-type]
    ctx.get_channel().atomic_add("user")  # E: Channel key "user" is used as "number" here, but as "User" in app.main.make  [graflow-key-type]
    ctx.get_channel().atomic_add("count")
    ctx.get_channel().atomic_add("ratio", 0.5)
    ctx.get_channel().atomic_add("perhaps")
    ctx.get_channel().atomic_add("flag")  # E: Channel key "flag" is used as "number" here, but as "bool" in app.main.make  [graflow-key-type]
