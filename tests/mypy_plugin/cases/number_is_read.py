# What `atomic_add` has made is read as a number, or as what a number fits.

from decimal import Decimal
from typing import Any

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, amount: float) -> None:
    ctx.get_channel().atomic_add("count", amount)  # E: Channel key "count" is used as "number" here, but as "str" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).get("count")
    ctx.get_typed_channel(float).get("count")
    ctx.get_typed_channel(Decimal).get("count")
    ctx.get_typed_channel(int | str).get("count")
    ctx.get_typed_channel(Any).get("count")
    ctx.get_typed_channel(str).get("count")  # E: Channel key "count" is used as "str" here, but as "number" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(bytes | None).get("count")  # E: Channel key "count" is used as "bytes | None" here, but as "number" in app.main.make  [graflow-key-type]
