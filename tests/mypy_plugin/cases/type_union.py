# A union is read where each of its parts fits, and not the other way round.

from typing import Optional, Union
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).set("a", 1)
    ctx.get_typed_channel(int | None).set("b", None)  # E: Channel key "b" is used as "int | None" here, but as "int" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Optional[int]).set("c", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int | None).get("a")
    ctx.get_typed_channel(int).get("b")  # E: Channel key "b" is used as "int" here, but as "int | None" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Union[None, int]).get("c")
