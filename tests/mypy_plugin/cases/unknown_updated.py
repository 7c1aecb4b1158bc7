# An update without a default needs the key to be there.

from typing import Any

from graflow import TaskExecutionContext

def add(value: int) -> int:
    return value + 1
def make(ctx: TaskExecutionContext, more: dict[str, Any], several: list[Any]) -> None:
    ctx.get_typed_channel(int).update("default", add, default=0)
    ctx.get_typed_channel(int).update("third", add, 0)
    ctx.get_channel().update("spread", add, **more)
    ctx.get_channel().update("spread too", *several)
    ctx.get_channel().set("set", 1)  # E: Channel key "set" is used as "int" here, but as "str" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).update("cuont", add)  # E: Channel key "cuont" is updated but never written  [graflow-key-unknown]
    ctx.get_typed_channel(int).get("cuont")  # E: Channel key "cuont" is read but never written  [graflow-key-unknown]
    ctx.get_typed_channel(int).update("set", add)  # E: Channel key "set" is used as "int" here, but as "str" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(str).update("set", str.upper)  # E: Channel key "set" is used as "str" here, but as "int" in app.main.make  [graflow-key-type]
    ctx.get_channel().get("default")
    ctx.get_channel().get("third")
    ctx.get_channel().get("spread")
    ctx.get_channel().get("spread too")
