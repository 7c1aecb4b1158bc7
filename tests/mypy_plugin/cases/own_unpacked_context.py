# The context that a run of one's own returns is known where it is unpacked, too.

from graflow import TaskExecutionContext, task, workflow

@task
def load() -> int:
    return 1
def run() -> None:
    with workflow("w") as wf:
        _, context = wf.execute(ret_context=True)
        context.get_channel().get("key")  # E: Channel key "key" is read but never written  [graflow-key-unknown]
        reveal_type(context.get_result("load"))  # N: Revealed type is "int"
def unpack(ctx: TaskExecutionContext, pairs: list[tuple[str, str]]) -> None:
    for (one, two) in pairs:
        print(one, two)
    first, second = "first", "second"
    ctx.get_channel().set(first, second)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("first")
