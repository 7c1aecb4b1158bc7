# A literal is text; any text is not a literal.

from typing import Literal
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Literal["on", "off"]).set("a", "on")
    ctx.get_typed_channel(str).set("b", "x")  # E: Channel key "b" is used as "str" here, but as "Literal['on', 'off']" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Literal["on"]).set("c", "on")
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(str).get("a")
    ctx.get_typed_channel(Literal["on", "off"]).get("b")  # E: Channel key "b" is used as "Literal['on', 'off']" here, but as "str" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Literal["on", "off"]).get("c")
