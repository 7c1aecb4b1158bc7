# A read with a default is compared with what is written, like any other.

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).get("a", default=0)  # E: Channel key "a" is used as "int" here, but as "str" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(str).set("a", "text")  # E: Channel key "a" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
