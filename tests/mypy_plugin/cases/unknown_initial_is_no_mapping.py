# What is no mapping is refused there, and hides nothing.

from graflow import TaskExecutionContext, workflow

def run() -> None:
    with workflow("w") as wf:
        wf.execute(initial_channel=["a"])  # type: ignore[call-overload]
        wf.execute(initial_channel=("a", 1))  # type: ignore[call-overload]
        wf.execute(None, True, "a")  # type: ignore[call-overload]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("a")  # E: Channel key "a" is read but never written  [graflow-key-unknown]
