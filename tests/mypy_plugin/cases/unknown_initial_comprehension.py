# A run may start with a dictionary that a comprehension makes.

from graflow import TaskExecutionContext, workflow

NAMES = ("a", "b")
def run() -> None:
    with workflow("w") as wf:
        wf.execute(initial_channel={name: 0 for name in NAMES})
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("a")
