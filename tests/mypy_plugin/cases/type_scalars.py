# Numbers and texts are different; an int can be read as a float.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).set("a", 1)  # E: Channel key "a" is used as "int" here, but as "str" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(int).set("b", 1)
    ctx.get_typed_channel(float).set("c", 1.0)  # E: Channel key "c" is used as "float" here, but as "int" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(str).get("a")  # E: Channel key "a" is used as "str" here, but as "int" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(float).get("b")
    ctx.get_typed_channel(int).get("c")  # E: Channel key "c" is used as "int" here, but as "float" in app.main.make  [graflow-key-type]
