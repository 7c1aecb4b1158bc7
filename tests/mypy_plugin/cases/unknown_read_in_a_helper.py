# A helper that only reads from a channel it is given, in a file of its own.

# === app/helper.py
from graflow import Channel

def show(channel: Channel) -> None:
    print(channel.get("tpyo"))  # E: Channel key "tpyo" is read but never written; did you mean "typo"?  [graflow-key-unknown]

def other(count: int) -> int:
    return count + 1

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("typo", 1)
