# Methods of the same names on other types are no writers.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, names: list[str], found: dict[str, int]) -> None:
    names.append("a")
    found.update({"a": 1})
    {1}.pop()
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("a")  # E: Channel key "a" is read but never written  [graflow-key-unknown]
