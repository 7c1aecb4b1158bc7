# Two writers that agree in one direction are fine; two that agree in none are not.

from graflow import TaskExecutionContext

def one(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).set("a", 1)
    ctx.get_typed_channel(int).set("b", 1)  # E: Channel key "b" is used as "int" here, but as "str" in app.main.two  [graflow-key-type]
def two(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int | None).set("a", None)
    ctx.get_typed_channel(str).set("b", "")  # E: Channel key "b" is used as "str" here, but as "int" in app.main.one  [graflow-key-type]
