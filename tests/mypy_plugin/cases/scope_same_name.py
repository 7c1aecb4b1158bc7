# So are two whose packages have the same name.

# === services/billing/app/__init__.py

# === services/billing/app/main.py
from graflow import TaskExecutionContext, task

@task
def load() -> str:
    return ""
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("user", "text")
    ctx.get_channel().append("logs", 1)
    ctx.get_channel().set("there", 1)

# === app/main.py
from graflow import TaskExecutionContext, task

@task
def load() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).set("user", 1)
    ctx.get_channel().set("logs", "")
    ctx.get_channel().get_many(["there", "nowhere"])  # E: Channel key "nowhere" is read but never written  [graflow-key-unknown]
    reveal_type(ctx.get_result("load"))  # N: Revealed type is "int"
