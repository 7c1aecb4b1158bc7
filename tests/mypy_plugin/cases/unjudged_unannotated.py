# What may be a channel may write any key; an annotation tells.

from graflow import TaskExecutionContext

def make(given, key: str) -> None:  # type: ignore[no-untyped-def]
    given.set(key, 1)
def store(given: dict[str, int], key: str) -> None:
    given.setdefault(key, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("whatever")  # N: graflow: unknown keys are not judged: app/main.py:6 computes a key, perhaps "whatever"
