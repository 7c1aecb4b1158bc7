# Runs that are awaited, and those that are followed, begin with values too.

from graflow import TaskExecutionContext, Workflow

async def run(wf: Workflow) -> None:
    await wf.aexecute(initial_channel={"first": 1})
    async for event in wf.astream(initial_channel={"second": 2}):
        print(event)
    for event in wf.stream(initial_channel={"third": 3}):
        print(event)
def use(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    channel.get_many(["first", "second", "third"])
    channel.get("fifth")  # E: Channel key "fifth" is read but never written  [graflow-key-unknown]
