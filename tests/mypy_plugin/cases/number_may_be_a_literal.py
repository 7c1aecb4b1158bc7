# What is added to may be a number that a `Literal` has, and never a text.

from typing import Literal

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().atomic_add("k")
    ctx.get_typed_channel(Literal[1, 2]).get("k")
    ctx.get_channel().atomic_add("other")  # E: Channel key "other" is used as "number" here, but as "Literal['a']" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Literal["a"]).get("other")  # E: Channel key "other" is used as "Literal['a']" here, but as "number" in app.main.use  [graflow-key-type]
