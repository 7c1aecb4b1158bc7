# What an item of a container is, the type of the container says.

from graflow import Channel, TaskExecutionContext

def use(ctx: TaskExecutionContext, tables: dict[str, dict[str, str]], rows: list[set[str]]) -> None:
    tables["a"].update({ctx.task_id: "a"}, b="b")
    rows[0].update([ctx.task_id], {"b"})
    ctx.get_channel().get("key")  # E: Channel key "key" is read but never written  [graflow-key-unknown]
def fill(ctx: TaskExecutionContext, channels: list[Channel]) -> None:
    channels[0].set("item", 1)
    ctx.get_channel().get("item")
