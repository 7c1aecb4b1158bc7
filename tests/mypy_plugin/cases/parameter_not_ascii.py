# Behind text that is not ASCII, mypy and the plugin count columns differently.
from graflow import TaskExecutionContext, chain, task, workflow


@task(inject_context=True)
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("zeile", 3)


@task
def laden(zeilen: int) -> int:
    return zeilen


with workflow("w") as wf:
    ["Zoë"], (make >> laden)  # E: Parameter "zeilen" of "laden" is not bound here, and channel key "zeilen" is never written; did you mean "zeile"?  [graflow-key-unknown]
    chain(make >> make(task_id="Zoë"), laden)  # E: Parameter "zeilen" of "laden" is not bound here, and channel key "zeilen" is never written; did you mean "zeile"?  [graflow-key-unknown]
    make >> laden(task_id="Zoë")  # E: Parameter "zeilen" of "laden" is not bound here, and channel key "zeilen" is never written; did you mean "zeile"?  [graflow-key-unknown]
