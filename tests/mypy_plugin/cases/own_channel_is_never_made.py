# A class of one's own that is only a type does not make another channel.

from graflow import Channel, TaskExecutionContext

class Store:
    pass
def fill(channel: Channel, store: Store) -> None:
    channel.set("k", 1)  # E: Channel key "k" is used as "int" here, but as "str" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    fill(ctx.get_channel(), Store())
    ctx.get_typed_channel(str).get("k")  # E: Channel key "k" is used as "str" here, but as "int" in app.main.fill  [graflow-key-type]
    ctx.get_typed_channel(str).set("k", "v")  # E: Channel key "k" is used as "str" here, but as "int" in app.main.fill  [graflow-key-type]
