# A NewType is the type below.

from typing import NewType
from graflow import TaskExecutionContext

Id = NewType("Id", int)
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Id).set("a", Id(1))
    ctx.get_typed_channel(Id).set("b", Id(1))  # E: Channel key "b" is used as "Id" here, but as "str" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).get("a")
    ctx.get_typed_channel(str).get("b")  # E: Channel key "b" is used as "str" here, but as "Id" in app.main.make  [graflow-key-type]
