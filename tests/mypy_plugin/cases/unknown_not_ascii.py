# Lines with other than ASCII text are found too.

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("ключ", 1); ctx.get_channel().get("ключи"); ctx.get_channel().get("é€😀")  # E: Channel key "é€😀" is read but never written  [graflow-key-unknown]  # E: Channel key "ключи" is read but never written; did you mean "ключ"?  [graflow-key-unknown]
