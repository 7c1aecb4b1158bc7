# The items of containers are compared; list, tuple and set are all kept as lists.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(list[int]).set("a", [1])  # E: Channel key "a" is used as "list[int]" here, but as "list[str]" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(dict[str, int]).set("b", {})  # E: Channel key "b" is used as "dict[str, int]" here, but as "dict[str, str]" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(list[int]).set("c", [])
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(list[str]).get("a")  # E: Channel key "a" is used as "list[str]" here, but as "list[int]" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(dict[str, str]).get("b")  # E: Channel key "b" is used as "dict[str, str]" here, but as "dict[str, int]" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(set[int]).get("c")
