# What a run starts with is written.

from graflow import TaskExecutionContext, workflow

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("number")
    ctx.get_channel().get("numbr")  # E: Channel key "numbr" is read but never written; did you mean "number"?  [graflow-key-unknown]
def run() -> None:
    with workflow("w") as wf:
        wf.execute(initial_channel={"number": 1})
