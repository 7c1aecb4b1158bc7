# A class with a prefix may write any key; a channel of declared keys as a parameter may be any.
# === app/main.py
from graflow import Key, Keys, TaskExecutionContext


class Prefixed(Keys, prefix="p:"):
    count = Key(int)


def write(ctx: TaskExecutionContext) -> None:
    ctx.get_channel(Prefixed).set(Prefixed.count, 1)


def read(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("p:count")  # N: graflow: unknown keys are not judged: app/main.py:9 computes a key, perhaps "p:count" or "p:cuont"
    ctx.get_channel().get("p:cuont")
