# A method that is handed on may write anything.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, keys: list[str]) -> None:
    list(map(ctx.get_channel().atomic_add, keys))
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("b")  # N: graflow: unknown keys are not judged: app/main.py:6 hands on a method that may write any key, perhaps "b"
