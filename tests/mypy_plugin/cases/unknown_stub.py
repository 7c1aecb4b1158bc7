# A stub says nothing of what its source writes, and nothing of its constants: the source does.

# === app/make.pyi
from graflow import TaskExecutionContext

KEY: str
def make(ctx: TaskExecutionContext) -> None: ...

# === app/make.py
from graflow import TaskExecutionContext

KEY = "made"
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("written", 1)

# === app/use.py
from app.make import KEY
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("written")
    ctx.get_channel().get("writen")  # E: Channel key "writen" is read but never written; did you mean "written"?  [graflow-key-unknown]
    ctx.get_channel().get(KEY)  # E: Channel key "made" is read but never written  [graflow-key-unknown]
