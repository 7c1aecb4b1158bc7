# A key that is known in part silences what it may match, and nothing else.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, name: str, number: int) -> None:
    channel = ctx.get_channel()
    channel.set(f"user:{name}", 1)
    channel.set("order:" + name, 1)
    channel.set("part:%d:end" % number, 1)
    channel.set("item:{}".format(name), 1)
def use(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    channel.get("user:ada")
    channel.get("order:7")
    channel.get("part:7:end")
    channel.get("item:7")
    channel.get("part:7")  # E: Channel key "part:7" is read but never written  [graflow-key-unknown]
    channel.get("usr:ada")  # E: Channel key "usr:ada" is read but never written  [graflow-key-unknown]
