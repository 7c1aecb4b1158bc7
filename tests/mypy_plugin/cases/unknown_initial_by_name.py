# The dictionary that a run starts with may be made by a comprehension before, or by a function.

from graflow import TaskExecutionContext, workflow

NAMES = ("a", "b")
START = {name: 0 for name in NAMES}
def run() -> None:
    with workflow("w") as wf:
        wf.execute(initial_channel=START)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("a")
