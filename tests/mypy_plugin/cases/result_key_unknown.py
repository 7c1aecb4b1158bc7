# The key of a result is read from a channel, too: one of a task that is nowhere is mistyped.

from graflow import TaskExecutionContext, task


@task
def numbers() -> list[int]:
    return [1]


@task("renamed")
def original() -> str:
    return "x"


def read(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("numbers.__result__")
    ctx.get_channel().get("numbers_2.__result__")
    ctx.get_channel().get("renamed.__result__")
    ctx.get_channel().get("number.__result__")  # E: Channel key "number.__result__" is read but never written; did you mean "numbers.__result__"?  [graflow-key-unknown]
    ctx.get_channel().get("original.__result__", 3)
    ctx.get_typed_channel(list[int]).get("numberz.__result__")  # E: Channel key "numberz.__result__" is read but never written; did you mean "numbers.__result__"?  [graflow-key-unknown]
    ctx.get_channel().set("own.__result__", 3)
    ctx.get_channel().get("own.__result__")
    ctx.get_channel().exists("numbre.__result__")  # E: Channel key "numbre.__result__" is looked for but never written; did you mean "numbers.__result__"?  [graflow-key-unknown]
