# A dictionary of keys may get more of them after its display.

from graflow import TaskExecutionContext, workflow

def run(ctx: TaskExecutionContext, verbose: bool) -> None:
    values: dict[str, object] = {"first": 1}
    if verbose:
        values["second"] = 2
    with workflow("w") as wf:
        wf.execute(initial_channel=values)
    others = {"third": 3}
    others["fourth"] = 4
    ctx.get_channel().set_many(others)
def use(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    channel.get_many(["first", "second", "third", "fourth"])
    channel.get("fifth")  # E: Channel key "fifth" is read but never written  [graflow-key-unknown]
