# Where reads with a default are reported, a computed key hides that nobody writes theirs.
# options: graflow-key-default = error

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext, key: str) -> None:
    channel = ctx.get_channel()
    channel.set(key, 1)
    channel.get("nobody", default=None)  # N: graflow: unknown keys are not judged: app/main.py:8 computes a key, perhaps "nobody"
