# A computed key that is appended to holds a list.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_typed_channel(int).append(key, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).get_list("counts")  # N: graflow: unknown keys are not judged: app/main.py:6 computes a key, perhaps "counts"
    ctx.get_typed_channel(list[int]).get("counts")
    ctx.get_typed_channel(int).get("count")  # E: Channel key "count" is read but never written  [graflow-key-unknown]
