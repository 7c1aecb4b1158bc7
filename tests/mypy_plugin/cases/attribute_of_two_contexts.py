# Methods may give an attribute the channel of several contexts.

from graflow import TaskExecutionContext

class Store:
    def __init__(self, ctx: TaskExecutionContext) -> None:
        self._numbers = ctx.get_typed_channel(int)
    def begin(self, context: TaskExecutionContext) -> None:
        self._numbers = context.get_typed_channel(int)
    def write(self) -> None:
        self._numbers.set("k", 1)  # E: Channel key "k" is used as "int" here, but as "str" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(str).get("k")  # E: Channel key "k" is used as "str" here, but as "int" in app.main.Store.write  [graflow-key-type]
