# An ignore with the code is understood, and reported when it is not needed.

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("b")  # type: ignore[graflow-key-unknown]
    ctx.get_channel().set("c", 1)
    ctx.get_channel().get("c")  # type: ignore[graflow-key-unknown]  # E: Unused "type: ignore" comment  [unused-ignore]
