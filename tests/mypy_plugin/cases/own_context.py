# A class derived from the context is one, and so is what is unknown, where nobody else has such a method.

from typing import Any
from graflow import TaskExecutionContext

class Mine(TaskExecutionContext):
    pass
class Service:
    def __init__(self, ctx: TaskExecutionContext) -> None:
        self.ctx = ctx
    def run(self) -> None:
        self.ctx.get_channel().set("a", "text")  # E: Channel key "a" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
def use(ctx: Mine) -> None:
    ctx.get_channel().set("b", "text")  # E: Channel key "b" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(int).get("a")  # E: Channel key "a" is used as "int" here, but as "str" in app.main.Service.run  [graflow-key-type]
    ctx.get_typed_channel(int).get("b")  # E: Channel key "b" is used as "int" here, but as "str" in app.main.use  [graflow-key-type]
