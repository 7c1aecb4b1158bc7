# What a function inside declares as `nonlocal` says nothing about other names.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    count = 0
    key = "first"
    def add() -> None:
        nonlocal count
        count += 1
        ctx.get_channel().set(key, count)
    add()
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["first", "second"])  # E: Channel key "second" is read but never written  [graflow-key-unknown]
