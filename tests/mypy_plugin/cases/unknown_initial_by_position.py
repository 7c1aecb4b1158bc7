# What a run starts with may be given by its position.

from graflow import TaskExecutionContext, task, workflow

@task
def first() -> None: ...
def run() -> None:
    with workflow("w") as wf:
        wf.execute(first, False, {"seed": 1})
        wf.execute("first", True, {"other": 1})
        list(wf.stream("first", {"streamed": 1}))
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["seed", "other", "streamed", "sead"])  # E: Channel key "sead" is read but never written; did you mean "seed"?  [graflow-key-unknown]
